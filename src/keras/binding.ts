/**
 * One library, several contexts: classes find their context on themselves, functions that need one are made by
 * `inContext`. `bindNamespace` gives the whole of `tf.keras` once more for another context.
 */
import { integrated, type KerasContext } from './context.ts';
import { classNameOf } from './serialization.ts';

const BIND = Symbol('bind');
const CONTEXT = Symbol('context');

interface Bindable {
  [BIND](context: KerasContext): unknown;
}

/**
 * A function of Keras that needs a context, as it is for `tf.keras`; `bindNamespace` makes it anew for other contexts.
 *
 *     export const getUid = inContext((context) => (prefix = '') => context.getUid(prefix));
 */
export function inContext<F>(make: (context: KerasContext) => F): F {
  return Object.assign(make(integrated) as F & object, { [BIND]: make });
}

/** The context in which Keras's own code makes objects at the moment. */
let ambient: KerasContext | null = null;

/** Runs `body` so that objects it makes of unbound classes belong to the context. */
export function buildingIn<R>(context: KerasContext, body: () => R): R {
  const outer = ambient;
  ambient = context;
  try {
    return body();
  } finally {
    ambient = outer;
  }
}

/** The context of a class: its own, or that of the class it extends; `tf.keras`'s without any. */
export function contextOfClass(constructor: object): KerasContext {
  return (constructor as { [CONTEXT]?: KerasContext })[CONTEXT] ?? ambient ?? integrated;
}

function contextOf(object: object): KerasContext | null {
  return (object as { readonly context?: KerasContext }).context ?? null;
}

/** Marks the base classes whose subclasses belong to a context. */
export const CONTEXTUAL: unique symbol = Symbol('contextual');

type Class = abstract new (...args: never[]) => object;

/** The class for another context: the same but for the context, also to `instanceof`. */
function bindClass(original: Class, context: KerasContext): Class {
  const Bound = class extends (original as unknown as new (...args: unknown[]) => object) {
    static get [CONTEXT](): KerasContext {
      return context;
    }
  };
  const isInstance = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(Bound, Symbol.hasInstance, {
    // A user's subclass asks about itself; the bound class about everything of its context.
    value(this: unknown, value: unknown): boolean {
      if (this !== Bound) return isInstance.call(this, value);
      return value instanceof original && contextOf(value) === context;
    },
  });
  Object.defineProperty(Bound, 'name', { value: original.name });
  Object.defineProperty(Bound, 'className', { value: classNameOf(original) });
  return Bound as unknown as Class;
}

/**
 * A namespace (a module, or an object of functions, classes and further namespaces) for another context. Each class is
 * bound once, under whatever names it is exported.
 */
export function bindNamespace<N extends object>(namespace: N, context: KerasContext): N {
  const bound = new Map<unknown, unknown>();
  return bind(namespace) as N;

  function bind(value: unknown): unknown {
    if (bound.has(value)) return bound.get(value);
    const result = make(value);
    bound.set(value, result);
    return result;
  }

  function make(value: unknown): unknown {
    if (typeof value === 'function') {
      if (BIND in value) return (value as unknown as Bindable)[BIND](context);
      return CONTEXTUAL in value ? bindClass(value as unknown as Class, context) : value;
    }
    if (!isNamespace(value)) return value;
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, bind(item)])));
  }
}

function isNamespace(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return (
    Object.prototype.toString.call(value) === '[object Module]' || Object.getPrototypeOf(value) === Object.prototype
  );
}
