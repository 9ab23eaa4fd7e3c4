/**
 * The generator MT19937 with the two ways of seeding it and of drawing from it that Python programs know: NumPy's legacy
 * `RandomState` and the module `random`. Which stream is whose is `shuffle-source.ts`'s business.
 */
import { ValueError } from '../../util/errors.ts';

const SIZE = 624;
const SHIFT = 397;

/** Anything whose elements can be put in another order. */
export interface Shufflable<T = unknown> {
  readonly length: number;
  [index: number]: T;
}

class MersenneTwister {
  private readonly state = new Uint32Array(SIZE);
  private position = SIZE;

  protected seedWord(seed: number): void {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const previous = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = Math.imul(1812433253, previous) + i;
    }
    this.position = SIZE;
  }

  protected seedWords(key: readonly number[]): void {
    this.seedWord(19650218);
    const { state } = this;
    let i = 1;
    let j = 0;
    const wrap = (): void => {
      if (++i < SIZE) return;
      state[0] = state[SIZE - 1];
      i = 1;
    };
    const previous = (): number => state[i - 1] ^ (state[i - 1] >>> 30);
    for (let k = Math.max(SIZE, key.length); k > 0; k--) {
      state[i] = (state[i] ^ Math.imul(previous(), 1664525)) + key[j] + j;
      wrap();
      j = (j + 1) % key.length;
    }
    for (let k = SIZE - 1; k > 0; k--) {
      state[i] = (state[i] ^ Math.imul(previous(), 1566083941)) - i;
      wrap();
    }
    state[0] = 0x80000000;
  }

  /** Seeds from the platform's own randomness. */
  protected seedAnew(): void {
    this.seedWords(Array.from({ length: 8 }, () => Math.floor(Math.random() * 2 ** 32)));
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }

  /** The next 32 bits. */
  uint32(): number {
    if (this.position === SIZE) this.twist();
    let y = this.state[this.position++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A double of [0, 1) with 53 random bits. */
  random(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }
}

/** Exchanges elements from the last to the second, each with one at or before it that `below` picks. */
function exchange(list: Shufflable, upTo: (last: number) => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = upTo(i);
    const kept = list[i];
    list[i] = list[j];
    list[j] = kept;
  }
}

/**
 * NumPy's `RandomState(seed)`, for the draws that Keras makes: the same seed gives the same order.
 *
 *     new NumpyRandom(1).permutation(6) // Uint32Array [2, 1, 4, 0, 3, 5]
 */
export class NumpyRandom extends MersenneTwister {
  /** @param seed an integer of 0 … 2³² - 1; null seeds from the platform's randomness */
  constructor(seed: number | null = null) {
    super();
    this.seed(seed);
  }

  seed(seed: number | null): void {
    if (seed === null) this.seedAnew();
    else if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new ValueError('Seed must be between 0 and 2**32 - 1');
    } else this.seedWord(seed);
  }

  /** A uniform integer of 0 … `max`. */
  private interval(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** Puts the elements in another order, in place. */
  shuffle(list: Shufflable): void {
    exchange(list, (last) => this.interval(last));
  }

  /** The numbers 0 … n - 1 in another order. */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    this.shuffle(order);
    return order;
  }

  /** A uniform integer of `low` … `high` - 1. */
  randint(low: number, high: number): number {
    return low + this.interval(high - 1 - low);
  }
}

/** Python's `random.Random(seed)`, for the draws that Keras makes. */
export class PythonRandom extends MersenneTwister {
  /** @param seed an integer; null seeds from the platform's randomness */
  constructor(seed: number | null = null) {
    super();
    this.seed(seed);
  }

  seed(seed: number | null): void {
    if (seed === null) {
      this.seedAnew();
      return;
    }
    const words: number[] = [];
    let rest = Math.abs(Math.trunc(seed));
    do {
      words.push(rest % 2 ** 32);
      rest = Math.floor(rest / 2 ** 32);
    } while (rest > 0);
    this.seedWords(words);
  }

  private below(n: number): number {
    const bits = 32 - Math.clz32(n);
    for (;;) {
      const value = this.uint32() >>> (32 - bits);
      if (value < n) return value;
    }
  }

  /** Puts the elements in another order, in place. */
  shuffle(list: Shufflable): void {
    exchange(list, (last) => this.below(last + 1));
  }

  /** A uniform integer of `low` … `high`, both included. */
  randint(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
}
