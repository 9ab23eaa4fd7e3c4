/**
 * `LSTMStateTuple`: the two parts of the state of an LSTM, by place and by name. What they are computed from is the cells'
 * business.
 */
import { TypeError } from '../../util/errors.ts';

/**
 * The state of an LSTM: what it remembers, `c`, and what it gave last, `h`, both `[batch, units]`. It is a list of the two, so
 * that it goes wherever structures go: as a loop variable, as a fetch (whose value is such a pair of arrays).
 *
 *     const [c, h] = state;      // or state.c, state.h
 */
export class LSTMStateTuple<T = unknown> extends Array<T> {
  constructor(c: T, h: T) {
    super();
    this.push(c, h);
  }

  static override of<T>(...items: T[]): LSTMStateTuple<T> {
    return new LSTMStateTuple(items[0], items[1]);
  }
  /** `map` and its like give plain lists. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  get c(): T {
    return this[0];
  }
  get h(): T {
    return this[1];
  }
  /** The type of both parts. Throws `TypeError` where they differ. */
  get dtype(): T extends { readonly dtype: infer D } ? D : unknown {
    const [c, h] = this as unknown as readonly { readonly dtype: { readonly name: string } }[];
    if (c.dtype !== h.dtype) {
      throw new TypeError(
        `Inconsistent dtypes for internal state: <dtype: '${c.dtype.name}'> vs <dtype: '${h.dtype.name}'>`,
      );
    }
    return c.dtype as T extends { readonly dtype: infer D } ? D : unknown;
  }

  override toString(): string {
    return `LSTMStateTuple(c=${this.c}, h=${this.h})`;
  }
}
