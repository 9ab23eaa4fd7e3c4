/**
 * The order in which `tf.data` shuffles: a buffer of bounded size, drawn from with the Philox generator under a pair of
 * seeds. `Dataset.shuffle` is its one user; the session's random ops have their own copy of Philox below the runtime.
 */

/** Philox4x32-10, one 32-bit word at a time. */
class PhiloxWords {
  private readonly key: readonly [number, number];
  private readonly counter: [number, number, number, number];
  private block: readonly number[] = [];
  private used = 0;

  constructor(seed: number, seed2: number) {
    this.key = halves(seed);
    this.counter = [0, 0, ...halves(seed2)];
  }

  next(): number {
    if (this.used === this.block.length) {
      this.block = this.rounds();
      this.used = 0;
      for (let i = 0; i < 4; i++) {
        this.counter[i] = (this.counter[i] + 1) >>> 0;
        if (this.counter[i] !== 0) break;
      }
    }
    return this.block[this.used++];
  }

  private rounds(): readonly number[] {
    let [x0, x1, x2, x3] = this.counter;
    let [k0, k1] = this.key;
    for (let round = 0; round < 10; round++) {
      const [highA, lowA] = product(0xd2511f53, x0);
      const [highB, lowB] = product(0xcd9e8d57, x2);
      [x0, x1, x2, x3] = [(highB ^ x1 ^ k0) >>> 0, lowB, (highA ^ x3 ^ k1) >>> 0, lowA];
      k0 = (k0 + 0x9e3779b9) >>> 0;
      k1 = (k1 + 0xbb67ae85) >>> 0;
    }
    return [x0, x1, x2, x3];
  }
}

function halves(seed: number): [low: number, high: number] {
  const bits = BigInt.asUintN(64, BigInt(seed));
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}

/** The 64-bit product of two 32-bit numbers; each step is exact in a double. */
function product(a: number, b: number): [high: number, low: number] {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65536);
  const middle2 = aLow * bHigh + (middle % 65536);
  const high = aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middle2 / 65536);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/** Holds up to `size` elements and gives a random one back for each that comes in. */
export interface ShuffleBuffer<T> {
  /** Takes an element; gives one back once the buffer is full. */
  push(element: T): T[];
  /** Gives the next of what is left; nothing when it is empty. */
  rest(): Iterable<T>;
}

/**
 * Makes a buffer for each pass over a dataset: each has seeds of its own, drawn from the given pair, or the same ones
 * where the order is not to change.
 */
export function shuffleBuffers<T>(
  size: number,
  seeds: readonly [seed: number, seed2: number],
  reshuffleEachIteration: boolean,
): () => ShuffleBuffer<T> {
  const parent = new PhiloxWords(...seeds);
  return () => {
    const random = reshuffleEachIteration ? new PhiloxWords(parent.next(), parent.next()) : new PhiloxWords(...seeds);
    const held: T[] = [];
    // The held elements are start … end - 1 of the stream, each at its number modulo `size`.
    let start = 0;
    let end = 0;
    const draw = (): T => {
      const index = (start + (random.next() % (end - start))) % size;
      const drawn = held[index];
      held[index] = held[start % size];
      start++;
      return drawn;
    };
    return {
      push(element) {
        held[end++ % size] = element;
        return end - start === size ? [draw()] : [];
      },
      *rest() {
        while (end > start) yield draw();
      },
    };
  };
}
