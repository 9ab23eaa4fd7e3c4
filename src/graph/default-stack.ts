/**
 * A stack of defaults (graphs, sessions), synchronous and strictly nested. It knows nothing of what it holds.
 */
import { AssertionError } from '../util/errors.ts';
import type { OpenScope } from '../util/scope.ts';

export class DefaultStack<T extends object> {
  private readonly stack: { readonly item: T }[] = [];

  /** @param kind what the items are called in messages: `Graph`, `Session` */
  constructor(private readonly kind: string) {}

  get top(): T | null {
    return this.stack[this.stack.length - 1]?.item ?? null;
  }
  get depth(): number {
    return this.stack.length;
  }

  includes(item: T): boolean {
    return this.stack.some((entry) => entry.item === item);
  }

  /**
   * Makes `item` the default until the scope is disposed. Disposing out of order throws `AssertionError` with both
   * items' names and leaves the stack as it is; disposing twice does nothing.
   */
  push(item: T): OpenScope<T> {
    const entry = { item };
    this.stack.push(entry);
    return {
      value: item,
      [Symbol.dispose]: () => {
        const position = this.stack.indexOf(entry);
        if (position < 0) return;
        if (position !== this.stack.length - 1) {
          throw new AssertionError(
            `Nesting violated for default stack of ${this.kind} objects: ${describe(item)} was left before ${describe(this.top)}, which was entered after it.`,
          );
        }
        this.stack.pop();
      },
    };
  }

  /** Takes an item out wherever it is: for objects that install themselves and are closed in any order. */
  remove(item: T): void {
    const position = this.stack.findLastIndex((entry) => entry.item === item);
    if (position >= 0) this.stack.splice(position, 1);
  }
}

function describe(item: object | null): string {
  return String(item);
}
