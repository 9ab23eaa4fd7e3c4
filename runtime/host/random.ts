/**
 * Host kernels of the random ops: TensorFlow's CPU streams, bit for bit. Seeds are chosen where the op is built; the
 * generator itself is in `philox.ts`; what builds on these draws is in the `random-` files beside this one.
 */

import { roundBfloat16, roundFloat16 } from '../../src/util/array-convert.ts';
import { type DType, float16, float32, float64, int32, int64 } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { logFloat32, logFloat64, sinCosFloat32, sinCosFloat64 } from './libm.ts';
import { type PhiloxState, PhiloxWords, philoxBlocks } from './philox.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

/** Blocks that TensorFlow sets aside for each element, used or not: the next run of the op starts after them. */
export const BLOCKS_PER_ELEMENT = 256;
/** Words generated at a time. */
const CHUNK = 4096;

export function reserve(op: HostOp, count: number): PhiloxState {
  return op.services.stream(op.attr<number | bigint>('seed'), op.attr<number | bigint>('seed2')).reserve(count);
}

export function shapeOf(value: NdArray): KnownShape {
  const dims = Array.from({ length: value.size }, (_, i) => Number(value.at(i)));
  if (value.rank > 1) {
    throw new InvalidArgumentError(
      null,
      `shape must be a vector of {int32,int64}, got shape ${formatShapeBrackets(value.shape)}`,
    );
  }
  const bad = dims.findIndex((d) => d < 0);
  if (bad >= 0) throw new InvalidArgumentError(null, `Dimension ${dims[bad]} must be >= 0`);
  return dims;
}

/** Calls `consume` with the words of the elements from `start` on, `wordsEach` per element, in chunks of whole blocks. */
export function eachChunk(
  state: PhiloxState,
  count: number,
  wordsEach: number,
  consume: (words: Uint32Array, start: number, end: number) => void,
): void {
  const perChunk = CHUNK / wordsEach;
  const words = new Uint32Array(Math.min(CHUNK, Math.ceil((count * wordsEach) / 4) * 4));
  for (let start = 0; start < count; start += perChunk) {
    philoxBlocks(state, (start * wordsEach) / 4, words);
    consume(words, start, Math.min(start + perChunk, count));
  }
}

const scratch = new DataView(new ArrayBuffer(8));

/** A float64 in [0, 1) from two words: 20 bits of the first and the second are its mantissa. */
export function uniformDouble(high: number, low: number): number {
  scratch.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  scratch.setUint32(4, low);
  return scratch.getFloat64(0) - 1;
}

/** A float32 in [0, 1): the lower 23 bits are its mantissa, so dividing is exact. */
function uniformFloat(word: number): number {
  return (word & 0x7fffff) / 0x800000;
}

export function fillUniform(dtype: DType, state: PhiloxState, data: Data): void {
  if (dtype === float64) {
    const out = data as Float64Array;
    eachChunk(state, out.length, 2, (words, start, end) => {
      for (let i = start, w = 0; i < end; i++, w += 2) out[i] = uniformDouble(words[w], words[w + 1]);
    });
    return;
  }
  const out = data as Float32Array;
  const bits = mantissaBits(dtype);
  const mask = 2 ** bits - 1;
  const scale = 2 ** -bits;
  eachChunk(state, out.length, 1, (words, start, end) => {
    for (let i = start, w = 0; i < end; i++, w++) out[i] = (words[w] & mask) * scale;
  });
}

function mantissaBits(dtype: DType): number {
  return dtype === float32 ? 23 : dtype === float16 ? 10 : 7;
}

/** A draw in [0, 1) of a type narrower than float64. */
export function uniformOf(dtype: DType, word: number): number {
  const bits = mantissaBits(dtype);
  return (word & (2 ** bits - 1)) * 2 ** -bits;
}

/** The smallest uniform draw that a logarithm is taken of. */
const SMALLEST = 1e-7;
const SMALLEST_FLOAT = Math.fround(SMALLEST);

export const pair = new Float64Array(2);

/** Two float32 normals from two words, into `pair`. */
export function boxMullerFloat(x0: number, x1: number): void {
  const u1 = Math.max(uniformFloat(x0), SMALLEST_FLOAT);
  const angle = Math.fround(2 * Math.PI * uniformFloat(x1));
  const radius = Math.fround(Math.sqrt(Math.fround(-2 * logFloat32(u1))));
  sinCosFloat32(angle, pair);
  pair[0] = Math.fround(pair[0] * radius);
  pair[1] = Math.fround(pair[1] * radius);
}

/** Two float64 normals from four words, into `pair`. */
export function boxMullerDouble(x0: number, x1: number, x2: number, x3: number): void {
  const u1 = Math.max(uniformDouble(x0, x1), SMALLEST);
  const angle = 2 * Math.PI * uniformDouble(x2, x3);
  const radius = Math.sqrt(-2 * logFloat64(u1));
  sinCosFloat64(angle, pair);
  pair[0] *= radius;
  pair[1] *= radius;
}

export function fillNormal(dtype: DType, state: PhiloxState, data: Data): void {
  const out = data as Float32Array | Float64Array;
  const double = dtype === float64;
  const round = rounding(dtype);
  eachChunk(state, out.length, double ? 2 : 1, (words, start, end) => {
    for (let i = start, w = 0; i < end; i += 2) {
      if (double) boxMullerDouble(words[w], words[w + 1], words[w + 2], words[w + 3]);
      else boxMullerFloat(words[w], words[w + 1]);
      w += double ? 4 : 2;
      out[i] = round(pair[0]);
      if (i + 1 < end) out[i + 1] = round(pair[1]);
    }
  });
}

export function rounding(dtype: DType): (x: number) => number {
  if (dtype === float32 || dtype === float64) return (x) => x;
  return dtype === float16 ? roundFloat16 : roundBfloat16;
}

/** Normals farther out than this are drawn again. */
const TRUNCATE_AT = 2;

/** Each group of outputs has blocks of its own, so that what one group rejects moves no other. */
export function fillTruncated(dtype: DType, state: PhiloxState, data: Data): void {
  const out = data as Float32Array | Float64Array;
  const double = dtype === float64;
  const round = rounding(dtype);
  const group = double ? 2 : 4;
  const blocksPerGroup = (group * BLOCKS_PER_ELEMENT) / 4;
  const words = new Uint32Array(8);
  for (let start = 0; start < out.length; start += group) {
    const end = Math.min(start + group, out.length);
    let block = (start / group) * blocksPerGroup;
    let used = words.length;
    let filled = start;
    while (filled < start + group) {
      if (used === words.length) {
        philoxBlocks(state, block, words);
        block += words.length / 4;
        used = 0;
      }
      if (double) boxMullerDouble(words[used], words[used + 1], words[used + 2], words[used + 3]);
      else boxMullerFloat(words[used], words[used + 1]);
      used += double ? 4 : 2;
      for (let k = 0; k < 2; k++) {
        if (Math.abs(pair[k]) >= TRUNCATE_AT || filled >= end) continue;
        out[filled++] = round(pair[k]);
      }
      if (filled >= end) break;
    }
  }
}

type Fill = (dtype: DType, state: PhiloxState, data: Data) => void;

function filled(fill: Fill): (inputs: readonly NdArray[], op: HostOp) => NdArray[] {
  return ([shapeInput], op) => {
    const shape = shapeOf(shapeInput);
    const dtype = op.attr<DType>('dtype');
    const count = sizeOf(shape);
    const data = allocate(dtype, count);
    if (count > 0) fill(dtype, reserve(op, count * BLOCKS_PER_ELEMENT), data);
    return [new NdArray(dtype, shape, data)];
  };
}

function uniformInt(inputs: readonly NdArray[], op: HostOp): NdArray[] {
  const [shapeInput, low, high] = inputs;
  if (low.rank !== 0) {
    throw new InvalidArgumentError(null, `minval must be 0-D, got shape ${formatShapeBrackets(low.shape)}`);
  }
  if (high.rank !== 0) {
    throw new InvalidArgumentError(null, `maxval must be 0-D, got shape ${formatShapeBrackets(high.shape)}`);
  }
  const shape = shapeOf(shapeInput);
  const dtype = op.attr<DType>('Tout');
  const count = sizeOf(shape);
  const data = allocate(dtype, count);
  if (count === 0) return [new NdArray(dtype, shape, data)];
  if (low.data[0] >= high.data[0]) {
    throw new InvalidArgumentError(null, `Need minval < maxval, got ${low.data[0]} >= ${high.data[0]}`);
  }
  const state = reserve(op, count * BLOCKS_PER_ELEMENT);
  if (dtype === int32) fillInt32(state, low.data[0] as number, high.data[0] as number, data as Int32Array);
  else if (dtype === int64) fillInt64(state, low.data[0] as bigint, high.data[0] as bigint, data as BigInt64Array);
  else throw new InternalError(null, `RandomUniformInt of ${dtype.name}`);
  return [new NdArray(dtype, shape, data)];
}

export function fillInt32(state: PhiloxState, low: number, high: number, out: Int32Array): void {
  const range = high - low;
  eachChunk(state, out.length, 1, (words, start, end) => {
    for (let i = start, w = 0; i < end; i++, w++) out[i] = low + (words[w] % range);
  });
}

export function fillInt64(state: PhiloxState, low: bigint, high: bigint, out: BigInt64Array): void {
  const range = high - low;
  eachChunk(state, out.length, 2, (words, start, end) => {
    for (let i = start, w = 0; i < end; i++, w += 2) {
      out[i] = low + ((BigInt(words[w]) | (BigInt(words[w + 1]) << 32n)) % range);
    }
  });
}

/** Rows in an order by Fisher and Yates, one word a swap. */
function shuffle([value]: readonly NdArray[], op: HostOp): NdArray[] {
  const rows = value.shape[0] ?? 1;
  if (value.size <= 1 || rows <= 1) return [value];
  return [shuffled(value, reserve(op, Math.ceil((rows - 1) / 4)))];
}

export function shuffled(value: NdArray, state: PhiloxState): NdArray {
  const [rows] = value.shape;
  const words = new PhiloxWords(state);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  for (let i = 0; i < rows - 1; i++) {
    const j = i + (words.next() % (rows - i));
    const row = order[i];
    order[i] = order[j];
    order[j] = row;
  }
  return takeRows(value, order);
}

function takeRows(value: NdArray, order: Int32Array): NdArray {
  const data = allocate(value.dtype, value.size);
  const width = data.length / order.length;
  const from = value.data as Float32Array;
  const to = data as Float32Array;
  for (let row = 0; row < order.length; row++) {
    const source = order[row] * width;
    for (let k = 0; k < width; k++) to[row * width + k] = from[source + k];
  }
  return new NdArray(value.dtype, value.shape, data);
}

/** Class numbers by inverting each row's cumulative distribution; the rows draw from one sequence of words. */
export function drawClasses(
  logits: NdArray,
  samples: NdArray,
  op: HostOp,
  start: (blocks: number) => PhiloxState,
): NdArray[] {
  const [rows, classes] = logits.shape;
  const count = Number(samples.at(0));
  if (count < 0) throw new InvalidArgumentError(null, `num_samples should be nonnegative, got ${count}`);
  if (classes <= 0) throw new InvalidArgumentError(null, `num_classes should be positive, got ${classes}`);
  const dtype = op.attr<DType>('output_dtype');
  const data = allocate(dtype, rows * count);
  if (data.length === 0) return [new NdArray(dtype, [rows, count], data)];
  const words = new PhiloxWords(start(rows * Math.ceil(count / 4) * 8 * BLOCKS_PER_ELEMENT));
  const cumulative = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    const total = cumulate(logits, row, cumulative);
    for (let k = 0; k < count; k++) {
      const target = uniformDouble(words.next(), words.next()) * total;
      let found = 0;
      while (found < classes && cumulative[found] <= target) found++;
      if (dtype === int64) (data as BigInt64Array)[row * count + k] = BigInt(found);
      else (data as Int32Array)[row * count + k] = found;
    }
  }
  return [new NdArray(dtype, [rows, count], data)];
}

/** The running sums of exp(logit - maximum) of a row; what is not finite counts as impossible. Returns the last sum. */
function cumulate(logits: NdArray, row: number, out: Float64Array): number {
  const at = (k: number) => Number(logits.data[row * out.length + k]);
  let max = -Infinity;
  for (let k = 0; k < out.length; k++) if (Number.isFinite(at(k))) max = Math.max(max, at(k));
  let total = 0;
  for (let k = 0; k < out.length; k++) {
    if (Number.isFinite(at(k))) total += Math.exp(at(k) - max);
    out[k] = total;
  }
  return total;
}

defineHostKernels({
  _RandomState: (_, op) => {
    const [seed, seed2] = [op.attr<number | bigint>('seed'), op.attr<number | bigint>('seed2')];
    const { key, counter } = op.services.stream(seed, seed2, op.attr<string>('op')).reserve(op.attr<number>('blocks'));
    return [
      new NdArray(
        int32,
        [6],
        Int32Array.from([...key, ...counter], (word) => word | 0),
      ),
    ];
  },
  _UniformOf: ([state], op) => {
    const words = Array.from(state.data as Int32Array, (word) => word >>> 0);
    const shape = op.attr<KnownShape>('shape');
    const data = new Float32Array(sizeOf(shape));
    const [key0, key1, c0, c1, c2, c3] = words;
    fillUniform(float32, { key: [key0, key1], counter: [c0, c1, c2, c3] }, data);
    return [new NdArray(float32, shape, data)];
  },
  RandomUniform: filled(fillUniform),
  RandomStandardNormal: filled(fillNormal),
  TruncatedNormal: filled(fillTruncated),
  RandomUniformInt: uniformInt,
  RandomShuffle: shuffle,
  Multinomial: ([logits, samples], op) => drawClasses(logits, samples, op, (blocks) => reserve(op, blocks)),
});
