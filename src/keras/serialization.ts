/**
 * Objects to configurations and back: how layers, initializers, losses and the rest name themselves in a model's JSON,
 * and how a name or a configuration becomes an object again. Configurations have the camel-case keys of the constructors;
 * files have Python's, by `toPythonKeys` and `fromPythonKeys`.
 */
import { ValueError } from '../util/errors.ts';
import { type OpenScope, within } from '../util/scope.ts';

/** What an object was made from: names and values that JSON can hold. */
export type Config = Readonly<Record<string, unknown>>;

/** An object as its class's name and its configuration. */
export interface Serialized {
  readonly className: string;
  readonly config: Config;
}

/** What can say what it was made from. */
export interface Configurable {
  getConfig(): Config;
}

/** What makes objects of a kind from configurations: a class with a static `fromConfig`. */
export interface ConfigurableClass<T> {
  readonly name: string;
  fromConfig(config: Config): T;
}

/** A function or class that a name stands for. */
export type Named = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

// ---------------------------------------------------------------------------------------------------------------------
// Names

/**
 * The name of a class in configurations: its own static `className`, which a minifier leaves alone, else the name it was
 * declared under.
 */
export function classNameOf(constructor: { readonly name: string }): string {
  return Object.hasOwn(constructor, 'className')
    ? (constructor as unknown as { readonly className: string }).className
    : constructor.name;
}

/** `LeakyReLU` → `leaky_re_lu`, by Keras's rule. */
export function toSnakeCase(name: string): string {
  const snake = name
    .replace(/\W/g, '')
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
  return snake.startsWith('_') ? `private${snake}` : snake;
}

/** Keys whose underscore stands before a digit, which camel case does not keep. */
const NUMBERED: ReadonlyMap<string, string> = new Map([
  ['beta1', 'beta_1'],
  ['beta2', 'beta_2'],
]);

function pythonKey(key: string): string {
  return NUMBERED.get(key) ?? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
function ownKey(key: string): string {
  return key.replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A configuration with Python's keys, `use_bias` for `useBias`, at every depth; what the values are is left alone. */
export function toPythonKeys(value: unknown): unknown {
  return mapKeys(value, pythonKey);
}
/** The way back. */
export function fromPythonKeys(value: unknown): unknown {
  return mapKeys(value, ownKey);
}

function mapKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapKeys(item, rename));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), mapKeys(item, rename)]));
}

// ---------------------------------------------------------------------------------------------------------------------
// Custom objects

const customObjects = new Map<string, Named>();
let scoped: ReadonlyMap<string, Named>[] = [];

/** Names that users gave to functions and classes of their own. */
export type CustomObjects = Readonly<Record<string, Named>> | ReadonlyMap<string, Named>;

function asMap(objects: CustomObjects): ReadonlyMap<string, Named> {
  return objects instanceof Map ? objects : new Map(Object.entries(objects));
}

/**
 * The process's custom objects, live: what is set here, every `fromConfig` finds by name. No reset touches it.
 *
 *     tf.keras.utils.getCustomObjects().set('Scale', Scale);
 */
export function getCustomObjects(): Map<string, Named> {
  return customObjects;
}

/**
 * Adds custom objects for as long as the scope is open.
 *
 *     tf.keras.utils.customObjectScope({Scale}, () => tf.keras.models.modelFromJson(text));
 */
export function customObjectScope(objects: CustomObjects): OpenScope;
export function customObjectScope<R>(objects: CustomObjects, body: () => R): R;
export function customObjectScope<R>(objects: CustomObjects, body?: () => R): OpenScope | R {
  const open = (): OpenScope => {
    const added = asMap(objects);
    scoped = [...scoped, added];
    const close = () => {
      scoped = scoped.filter((item) => item !== added);
    };
    return { value: undefined, [Symbol.dispose]: close };
  };
  return body ? within(open, body) : open();
}

/** The class or function of that name: of the given ones, of open scopes, of the process, or of the module. */
export function findObject<T>(
  name: string,
  known: ReadonlyMap<string, T>,
  given?: CustomObjects | null,
): T | Named | undefined {
  if (given) {
    const found = asMap(given).get(name);
    if (found) return found;
  }
  for (let i = scoped.length - 1; i >= 0; i--) {
    const found = scoped[i].get(name);
    if (found) return found;
  }
  return customObjects.get(name) ?? known.get(name);
}

// ---------------------------------------------------------------------------------------------------------------------
// There and back

/** An object as a configuration. */
export function serializeObject(object: Configurable): Serialized {
  return { className: classNameOf(object.constructor), config: object.getConfig() };
}

export function isSerialized(value: unknown): value is Serialized {
  return typeof value === 'object' && value !== null && 'className' in value && 'config' in value;
}

export interface DeserializeOptions {
  readonly customObjects?: CustomObjects | null;
  /** What messages call the kind: `layer`, `loss function`. */
  readonly kind: string;
}

/** The object of a configuration. Throws `ValueError` for a class that nobody knows. */
export function deserializeObject<T>(
  { className, config }: Serialized,
  known: ReadonlyMap<string, ConfigurableClass<T>>,
  { customObjects: given, kind }: DeserializeOptions,
): T {
  const found = findObject<ConfigurableClass<T>>(className, known, given);
  if (!found) throw unknownObject(kind, className);
  const build = () => {
    if ('fromConfig' in found) return found.fromConfig(config);
    return new (found as unknown as new (config: Config) => T)(config);
  };
  return given ? customObjectScope(given, build) : build();
}

/** The error for a name that stands for nothing. */
export function unknownObject(kind: string, name: string): ValueError {
  return new ValueError(
    `Unknown ${kind}: '${name}'. Please ensure you are using a \`keras.utils.custom_object_scope\` and that this object is included in the scope. See https://www.tensorflow.org/guide/keras/save_and_serialize#registering_the_custom_object for details.`,
  );
}
