/**
 * The Philox4x32-10 generator, bit for bit as TensorFlow runs it: blocks of four 32-bit words from a key and a counter.
 * What the words become (floats, integers, normals) is `random.ts`'s business; who owns a stream is the session's.
 */
import type { RandomStream } from './registry.ts';

/** The state that a draw starts from, as `RandomStream.reserve` gives it. */
export type PhiloxState = ReturnType<RandomStream['reserve']>;

const MULTIPLIER_A_LOW = 0x1f53;
const MULTIPLIER_A_HIGH = 0xd251;
const MULTIPLIER_A = 0xd2511f53 | 0;
const MULTIPLIER_B_LOW = 0x8d57;
const MULTIPLIER_B_HIGH = 0xcd9e;
const MULTIPLIER_B = 0xcd9e8d57 | 0;
const WEYL_A = 0x9e3779b9 | 0;
const WEYL_B = 0xbb67ae85 | 0;
const ROUNDS = 10;

/**
 * Fills `out` with the words of `out.length / 4` consecutive blocks, the first of them `skip` blocks after `state`.
 * Products of 16-bit halves keep every step in 32-bit integers.
 */
export function philoxBlocks(state: PhiloxState, skip: number, out: Uint32Array): void {
  const key0 = state.key[0] | 0;
  const key1 = state.key[1] | 0;
  let [c0, c1, c2, c3] = skipBlocks(state.counter, skip).map((word) => word | 0);
  for (let at = 0; at + 3 < out.length; at += 4) {
    let x0 = c0;
    let x1 = c1;
    let x2 = c2;
    let x3 = c3;
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < ROUNDS; round++) {
      const a0 = x0 & 0xffff;
      const a1 = x0 >>> 16;
      const at1 = (Math.imul(a1, MULTIPLIER_A_LOW) + (Math.imul(a0, MULTIPLIER_A_LOW) >>> 16)) | 0;
      const at2 = (Math.imul(a0, MULTIPLIER_A_HIGH) + (at1 & 0xffff)) | 0;
      const highA = (Math.imul(a1, MULTIPLIER_A_HIGH) + (at1 >>> 16) + (at2 >>> 16)) | 0;
      const b0 = x2 & 0xffff;
      const b1 = x2 >>> 16;
      const bt1 = (Math.imul(b1, MULTIPLIER_B_LOW) + (Math.imul(b0, MULTIPLIER_B_LOW) >>> 16)) | 0;
      const bt2 = (Math.imul(b0, MULTIPLIER_B_HIGH) + (bt1 & 0xffff)) | 0;
      const highB = (Math.imul(b1, MULTIPLIER_B_HIGH) + (bt1 >>> 16) + (bt2 >>> 16)) | 0;
      const lowA = Math.imul(x0, MULTIPLIER_A);
      const lowB = Math.imul(x2, MULTIPLIER_B);
      x0 = highB ^ x1 ^ k0;
      x1 = lowB;
      x2 = highA ^ x3 ^ k1;
      x3 = lowA;
      k0 = (k0 + WEYL_A) | 0;
      k1 = (k1 + WEYL_B) | 0;
    }
    out[at] = x0;
    out[at + 1] = x1;
    out[at + 2] = x2;
    out[at + 3] = x3;
    c0 = (c0 + 1) | 0;
    if (c0 === 0) {
      c1 = (c1 + 1) | 0;
      if (c1 === 0) {
        c2 = (c2 + 1) | 0;
        if (c2 === 0) c3 = (c3 + 1) | 0;
      }
    }
  }
}

/** A 128-bit counter `count` blocks on. */
function skipBlocks(counter: PhiloxState['counter'], count: number): [number, number, number, number] {
  const words: [number, number, number, number] = [...counter];
  let carry = count;
  for (let i = 0; i < 4 && carry > 0; i++) {
    const sum = (words[i] >>> 0) + (carry % 0x100000000);
    words[i] = sum % 0x100000000;
    carry = Math.floor(carry / 0x100000000) + (sum >= 0x100000000 ? 1 : 0);
  }
  return words;
}

/** Words taken one after the other: for draws that use a number of them known only as they go. */
export class PhiloxWords {
  private readonly buffer = new Uint32Array(4);
  private used = 4;
  private block = 0;

  constructor(private readonly state: PhiloxState) {}

  next(): number {
    if (this.used === 4) {
      philoxBlocks(this.state, this.block++, this.buffer);
      this.used = 0;
    }
    return this.buffer[this.used++];
  }
}
