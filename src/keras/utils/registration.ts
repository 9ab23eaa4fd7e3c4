/**
 * Objects of the user's by name: registering them for all configurations, and single objects to configurations and back.
 * Where names are looked up is `../serialization.ts`'s.
 */
import { TypeError, ValueError } from '../../util/errors.ts';
import {
  type ConfigurableClass,
  type CustomObjects,
  classNameOf,
  deserializeObject,
  findObject,
  getCustomObjects,
  isSerialized,
  type Named,
  type Serialized,
  unknownObject,
} from '../serialization.ts';

const registered = new WeakMap<object, string>();

export interface RegisterOptions {
  /** The first part of the name; `'Custom'` without it. */
  readonly package?: string;
  /** The second part; the name of the class or function without it. */
  readonly name?: string | null;
}

/**
 * Registers a class or function under `package>name`, which saved models have for it from then on; so they can be loaded
 * without `customObjects`. Throws `ValueError` for a class without `getConfig`, and for a name or object that is registered
 * already. It gives the class back.
 *
 *     tf.keras.utils.registerKerasSerializable(Scale, {package: 'my'});
 */
export function registerKerasSerializable<T extends Named>(object: T, options: RegisterOptions = {}): T {
  const { package: first = 'Custom', name } = options;
  const full = `${first}>${name ?? classNameOf(object)}`;
  const isClass = /^class\b/.test(Function.prototype.toString.call(object));
  if (isClass && typeof (object.prototype as { getConfig?: unknown } | undefined)?.getConfig !== 'function') {
    throw new ValueError('Cannot register a class that does not have a get_config() method.');
  }
  const known = getCustomObjects().get(full);
  if (known) throw new ValueError(`${full} has already been registered to ${known.name}`);
  const before = registered.get(object);
  if (before) throw new ValueError(`${object.name} has already been registered to ${before}`);
  getCustomObjects().set(full, object);
  registered.set(object, full);
  return object;
}

/**
 * The name under which a class or function is registered; its own name for any other.
 *
 *     tf.keras.utils.getRegisteredName(Scale)   // 'my>Scale'
 */
export function getRegisteredName(object: Named): string {
  return registered.get(object) ?? classNameOf(object);
}

/** The class or function of a name, from `customObjects`, open scopes, or all that is registered; null for none. */
export function getRegisteredObject(name: string, customObjects?: CustomObjects | null): Named | null {
  return findObject<Named>(name, new Map(), customObjects) ?? null;
}

/**
 * An object as its class's name and its configuration, a function as its name; null for null. Throws `ValueError` for
 * what has neither.
 *
 *     tf.keras.utils.serializeKerasObject(new tf.keras.layers.Dense(3))   // {className: 'Dense', config: {…}}
 */
export function serializeKerasObject(instance: unknown): Serialized | string | null {
  if (instance === null || instance === undefined) return null;
  const { getConfig } = instance as { getConfig?: () => Serialized['config'] };
  if (typeof getConfig === 'function') {
    const constructor = (instance as object).constructor as Named;
    return { className: getRegisteredName(constructor), config: getConfig.call(instance) };
  }
  if (typeof instance === 'function' && instance.name) return getRegisteredName(instance as Named);
  throw new ValueError(
    `Cannot serialize ${String(instance)} because it doesn't implement \`get_config()\` and has no name.`,
  );
}

export interface DeserializeObjectOptions {
  /** Classes and functions by name, beside those that are registered. */
  readonly moduleObjects?: CustomObjects | null;
  readonly customObjects?: CustomObjects | null;
  /** What errors call the object. */
  readonly printableModuleName?: string;
}

/**
 * The object of what `serializeKerasObject` gave: a class's object of its configuration; of a name the function, or an
 * object of the class. Throws `ValueError` for a name that nobody knows.
 */
export function deserializeKerasObject(identifier: unknown, options: DeserializeObjectOptions = {}): unknown {
  const { moduleObjects, customObjects, printableModuleName: kind = 'object' } = options;
  if (identifier === null || identifier === undefined) return null;
  const known = moduleObjects instanceof Map ? moduleObjects : new Map(Object.entries(moduleObjects ?? {}));
  if (isSerialized(identifier)) {
    return deserializeObject(identifier, known as ReadonlyMap<string, ConfigurableClass<unknown>>, {
      customObjects,
      kind,
    });
  }
  if (typeof identifier === 'string') {
    const found = findObject<Named>(identifier, known, customObjects);
    if (!found) throw unknownObject(kind, identifier);
    return 'fromConfig' in found ? new (found as unknown as new () => unknown)() : found;
  }
  if (typeof identifier === 'function') return identifier;
  throw new TypeError(`Could not interpret serialized ${kind}: ${String(identifier)}`);
}
