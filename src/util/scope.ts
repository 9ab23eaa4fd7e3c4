/**
 * The two forms of a scope: `using s = open()` and a callback. What a scope opens and closes is its caller's business.
 */
import { TypeError } from './errors.ts';

/** A scope that is open until it is disposed. `value` is what the scope stands for: a name, a session. */
export interface OpenScope<T = void> extends Disposable {
  readonly value: T;
}

/**
 * Runs `body` inside the scope that `open` opens, or returns the open scope where there is no body. A body that returns
 * a promise is refused: the stacks are synchronous, and the scope would be closed before the body's end.
 */
export function within<T>(open: () => OpenScope<T>): OpenScope<T>;
export function within<T, R>(open: () => OpenScope<T>, body: (value: T) => R): R;
export function within<T, R>(open: () => OpenScope<T>, body?: (value: T) => R): OpenScope<T> | R;
export function within<T, R>(open: () => OpenScope<T>, body?: (value: T) => R): OpenScope<T> | R {
  const scope = open();
  if (!body) return scope;
  try {
    const result = body(scope.value);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new TypeError(
        'The body of a scope must be synchronous; it returned a promise. Use the `using` form instead.',
      );
    }
    return result;
  } finally {
    scope[Symbol.dispose]();
  }
}

/** A scope without a value, by what closes it. */
export function scopeOf(close: () => void): OpenScope {
  return { value: undefined, [Symbol.dispose]: close };
}
