/**
 * What losses, regularizers, constraints and initializers have in common: their objects can be called as functions, and
 * the names, configurations and objects of one kind become each other. The classes are in files of their own.
 */

import { ValueError } from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';
import {
  type Configurable,
  type ConfigurableClass,
  type CustomObjects,
  customObjectScope,
  deserializeObject,
  findObject,
  getCustomObjects,
  isSerialized,
  type Named,
  type Serialized,
  serializeObject,
  toSnakeCase,
  unknownObject,
} from './serialization.ts';

// ---------------------------------------------------------------------------------------------------------------------
// Objects that are functions

/**
 * The base of classes whose objects can be called: a call is one of the method. `F` is the function's type.
 *
 *     class Scale extends callable<(x: Tensor) => Tensor>('call') { … }
 */
export function callable<F extends (...args: never[]) => unknown>(method: string): new () => F {
  function Callable(): object {
    const self = (...args: unknown[]): unknown =>
      (self as unknown as Record<string, (...args: unknown[]) => unknown>)[method](...args);
    // A function's own read-only `name` would stand in the way of the object's.
    Reflect.deleteProperty(self, 'name');
    Reflect.deleteProperty(self, 'length');
    return Object.setPrototypeOf(self, new.target.prototype);
  }
  return Callable as unknown as new () => F;
}

const makers = new WeakMap<object, new () => object>();

/** A function that makes objects of the class. Where it is given for an object, uncalled, it stands for the default one. */
export function makerOf<A extends readonly unknown[], T extends object>(
  made: new (...args: A) => T,
): (...args: A) => T {
  const make = (...args: A): T => new made(...args);
  makers.set(make, made as unknown as new () => object);
  return make;
}

// ---------------------------------------------------------------------------------------------------------------------
// Names and configurations

export interface DeserializeArguments {
  /** Classes and functions of the user's, by name. */
  readonly customObjects?: CustomObjects | null;
}

/** How the objects of one kind are found by name. */
export interface KindOptions {
  /** What the error for an unknown name calls the kind. */
  readonly noun: string;
  /** What the error for a value that is no identifier calls it. */
  readonly identifier?: string;
  /** Makes an object of a user's function, for kinds whose objects have methods. */
  readonly wrap?: (fn: Named) => object;
  /** Classes and functions by Keras's names. A function's first name is the one that it is saved under. */
  readonly known: readonly (readonly [name: string, item: Named | NamedClass])[];
}

type NamedClass = abstract new (...args: never[]) => unknown;

/** The functions `get`, `serialize` and `deserialize` of a kind. */
export interface Kind<T> {
  get(identifier: NonNullable<unknown>): T;
  get(identifier: unknown): T | null;
  serialize(object: unknown): Serialized | string | null;
  deserialize(config: Serialized | string, options?: DeserializeArguments): T;
}

function isClass<T>(value: unknown): value is ConfigurableClass<T> & (new () => T) {
  return typeof value === 'function' && 'fromConfig' in value;
}

/** The name as Keras writes it: `hardSigmoid` is `hard_sigmoid`. */
function snake(name: string): string {
  return /^[a-z]/.test(name) ? toSnakeCase(name) : name;
}

export function defineKind<T extends object>({ noun, identifier = noun, wrap, known }: KindOptions): Kind<T> {
  const wrappers = new WeakMap<object, T>();
  const wrapped = new WeakMap<object, Named>();
  const items = new Map<string, Named>(known as readonly (readonly [string, Named])[]);
  const classes = new Map([...items].filter(([, item]) => isClass(item))) as Map<string, unknown> as Map<
    string,
    ConfigurableClass<T>
  >;
  const names = new Map<unknown, string>();
  for (const [name, item] of items) if (!names.has(item)) names.set(item, name);

  /** An object of a class; a function is its own object, or gets one and keeps it. */
  function instance(value: Named): T {
    const made = isClass<T>(value) ? value : (makers.get(value) as (new () => T) | undefined);
    if (made) return new made();
    if (!wrap || isConfigurable(value)) return value as unknown as T;
    const wrapper = wrappers.get(value) ?? (wrap(value) as T);
    wrappers.set(value, wrapper);
    wrapped.set(wrapper, value);
    return wrapper;
  }

  function deserialize(config: Serialized | string, { customObjects }: DeserializeArguments = {}): T {
    if (typeof config !== 'string') {
      const { className } = config;
      const found = classes.has(className) ? className : snake(className);
      return deserializeObject({ ...config, className: found }, classes, { customObjects, kind: noun });
    }
    const found = findObject<Named>(config, items, customObjects) ?? items.get(snake(config));
    if (!found) throw unknownObject(noun, config);
    return customObjects ? customObjectScope(customObjects, () => instance(found)) : instance(found);
  }

  function get(value: NonNullable<unknown>): T;
  function get(value: unknown): T | null;
  function get(value: unknown): T | null {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || isSerialized(value)) return deserialize(value);
    if (typeof value === 'function') return instance(value as Named);
    throw new ValueError(`Could not interpret ${identifier} identifier: ${show(value)}`);
  }

  function serialize(object: unknown): Serialized | string | null {
    if (object === null || object === undefined) return null;
    const fn = wrapped.get(object as object);
    if (!fn && isConfigurable(object)) return serializeObject(object);
    const item = fn ?? object;
    if (typeof item !== 'function') throw new ValueError(`Cannot serialize ${show(item)}`);
    return names.get(item) ?? customName(item) ?? (item.name || '<lambda>');
  }

  return { get, serialize, deserialize };
}

function isConfigurable(value: unknown): value is Configurable {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'getConfig' in value;
}

/** The name under which the user has registered a function. */
function customName(item: unknown): string | null {
  for (const [name, value] of getCustomObjects()) if (value === item) return name;
  return null;
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? `<${pythonTypeName(value)}>` : String(value);
}
