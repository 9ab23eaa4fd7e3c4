/**
 * Host kernels of texts element by element: joins, case, parts, numbers, base64, hash buckets other than those of
 * FarmHash. Patterns, splits and encodings are in files of their own.
 */
import { int64 } from '../../src/util/dtype.ts';
import { OutOfRangeError } from '../../src/util/errors.ts';
import { allocate, encodeString, NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { indicesOf, invalid, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';
import { parseNumber } from './text-numbers.ts';
import { joinBytes, mapTexts, shown, startsCharacter, strip, textArray, textsOf } from './texts.ts';

defineHostKernels({
  StringJoin: (inputs, op) => {
    const separator = encodeString(op.attr<string>('separator'));
    const shape = inputs.find((input) => input.rank > 0)?.shape ?? [];
    for (const [i, input] of inputs.entries()) {
      if (input.rank > 0 && input.shape.join() !== shape.join()) {
        throw invalid(
          `Input shapes do not match: expected [${shape}] but got [${input.shape}] as the ${i + 1}-th input.`,
        );
      }
    }
    const texts = Array.from({ length: sizeOf(shape) }, (_, i) =>
      joinBytes(
        inputs.map((input) => textsOf(input)[input.rank > 0 ? i : 0]),
        separator,
      ),
    );
    return [textArray(shape, texts)];
  },
  StringLower: changeCase((text) => text.toLowerCase()),
  StringUpper: changeCase((text) => text.toUpperCase()),
  StringStrip: ([input]) => [mapTexts(input, strip)],
  Substr: ([input, pos, len], op) => {
    const shape = broadcastShapes(input.shape, pos.shape) as KnownShape | undefined;
    if (!shape) throw invalid(`Incompatible shapes: [${input.shape}] vs. [${pos.shape}]`);
    const part = op.attr<string>('unit') === 'BYTE' ? bytePart : characterPart;
    const [texts, starts, lengths] = [textsOf(input), indicesOf(pos), indicesOf(len)];
    const [from, at] = [positions(input.shape, shape), positions(pos.shape, shape)];
    return [
      textArray(
        shape,
        Array.from(from, (p, i) => part(texts[p], starts[at[i]], lengths[at[i]], i)),
      ),
    ];
  },
  StringToNumber: ([input], op) => {
    const dtype = op.outputDType(0);
    const out = allocate(dtype, input.size) as Float64Array;
    textsOf(input).forEach((bytes, i) => {
      const value = parseNumber(bytes, dtype);
      if (value === null) throw invalid(`StringToNumberOp could not correctly convert string: ${shown(bytes)}`);
      out[i] = value as number;
    });
    return [new NdArray(dtype, input.shape, out)];
  },
  ReduceJoin: reduceJoin,
  UnsortedSegmentJoin: ([input, ids, count], op) => {
    const segments = scalarOf(count);
    if (segments < 0) throw invalid('Number of segments cannot be negative');
    const run = sizeOf(input.shape.slice(ids.rank));
    const parts = Array.from({ length: segments * run }, (): Uint8Array[] => []);
    const texts = textsOf(input);
    const segmentOf = indicesOf(ids);
    for (let i = 0; i < ids.size; i++) {
      if (segmentOf[i] < 0 || segmentOf[i] >= segments) {
        throw invalid('segment_ids are not allowed to exceed num_segments or to have negative values.');
      }
      for (let k = 0; k < run; k++) parts[segmentOf[i] * run + k].push(texts[i * run + k]);
    }
    const separator = encodeString(op.attr<string>('separator'));
    const shape = [segments, ...input.shape.slice(ids.rank)];
    return [
      textArray(
        shape,
        parts.map((list) => joinBytes(list, separator)),
      ),
    ];
  },
  EncodeBase64: ([input], op) => {
    const pad = op.attr<boolean>('pad');
    return [mapTexts(input, (bytes) => encodeString(toBase64(bytes, pad)))];
  },
  DecodeBase64: ([input]) => [mapTexts(input, fromBase64)],
  StringToHashBucket: ([input], op) => hashed(input, op, hash64),
  StringToHashBucketStrong: ([input], op) => {
    const key = op.attr<readonly (number | bigint)[]>('key');
    if (key.length !== 2) throw invalid('Key must have 2 elements');
    const [k0, k1] = key.map((part) => BigInt.asUintN(64, BigInt(part)));
    return hashed(input, op, (bytes) => sipHash(bytes, k0, k1));
  },
});

/** Without an encoding only the letters of ASCII change. */
function changeCase(change: (text: string) => string): HostKernel {
  return ([input], op) => {
    const encoding = op.attr<string>('encoding');
    if (encoding !== '' && encoding !== 'utf-8') {
      throw invalid(`only utf-8 or '' (no encoding) is supported, received ${encoding}`);
    }
    if (encoding === 'utf-8') return [mapTexts(input, (bytes) => encodeString(change(shown(bytes))))];
    const byte = (code: number) => (code < 128 ? change(String.fromCharCode(code)).charCodeAt(0) : code);
    return [mapTexts(input, (bytes) => bytes.map(byte))];
  };
}

/** For each element of the broadcast shape the flat position in an array of the shape. */
function positions(shape: KnownShape, broadcast: KnownShape): Int32Array {
  const strides = stridesOf(shape);
  const missing = broadcast.length - shape.length;
  const outer = stridesOf(broadcast);
  return Int32Array.from({ length: sizeOf(broadcast) }, (_, i) => {
    let at = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const index = Math.floor(i / outer[axis + missing]) % broadcast[axis + missing];
      if (shape[axis] > 1) at += index * strides[axis];
    }
    return at;
  });
}

function bytePart(bytes: Uint8Array, pos: number, len: number, index: number): Uint8Array {
  const start = pos < 0 ? bytes.length + pos : pos;
  if (start < 0 || start > bytes.length) {
    throw invalid(`pos ${pos} out of range for string b'${shown(bytes)}' at index ${index}`);
  }
  // A negative length takes all, as the unsigned number that it becomes in C++.
  return bytes.subarray(start, len < 0 ? bytes.length : Math.min(start + len, bytes.length));
}

function characterPart(bytes: Uint8Array, pos: number, len: number, index: number): Uint8Array {
  const starts: number[] = [];
  for (let i = 0; i < bytes.length; i++) if (startsCharacter(bytes[i])) starts.push(i);
  const first = pos < 0 ? starts.length + pos : pos;
  if (first < 0 || first > starts.length) throw invalid(`pos ${pos} out of range for string at index ${index}`);
  const end = len < 0 ? starts.length : Math.min(first + len, starts.length);
  return bytes.subarray(starts[first] ?? bytes.length, starts[end] ?? bytes.length);
}

/** The axes join in the order given: the first of them changes fastest. */
function reduceJoin(inputs: readonly NdArray[], op: HostOp): readonly NdArray[] {
  const [input, indices] = inputs;
  const { rank, shape } = input;
  const given = Array.from(indicesOf(indices));
  const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
  axes.forEach((axis, i) => {
    if (axis < 0 || axis >= rank) {
      throw new OutOfRangeError(null, `Invalid reduction dimension ${given[i]} for input with ${rank} dimension(s)`);
    }
    // TensorFlow names the last of the equal ones.
    const same = axes.lastIndexOf(axis);
    if (same !== i) throw invalid(`Duplicate reduction dimension ${given[same]}`);
  });
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const strides = stridesOf(shape);
  const inner = offsets(shape, strides, [...axes].reverse());
  const outer = offsets(shape, strides, kept);
  const texts = textsOf(input);
  const separator = encodeString(op.attr<string>('separator'));
  const keepDims = op.attr<boolean>('keep_dims');
  const result = keepDims ? shape.map((d, axis) => (axes.includes(axis) ? 1 : d)) : kept.map((axis) => shape[axis]);
  const joined = outer.map((base) =>
    joinBytes(
      inner.map((offset) => texts[base + offset]),
      separator,
    ),
  );
  return [textArray(result, joined)];
}

/** The flat offsets of all index tuples over these axes, the last of which changes fastest. */
function offsets(shape: KnownShape, strides: readonly number[], axes: readonly number[]): number[] {
  let found = [0];
  for (const axis of axes) {
    found = found.flatMap((base) => Array.from({ length: shape[axis] }, (_, i) => base + i * strides[axis]));
  }
  return found;
}

// Base64 in the alphabet for addresses

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const DIGITS = new Map(Array.from(ALPHABET, (letter, i) => [letter.charCodeAt(0), i]));
const PAD = 61;

/** The bytes in base64 with `-` and `_`; with `=` at the end where padding is asked for. */
export function toBase64(bytes: Uint8Array, pad: boolean): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const rest = Math.min(bytes.length - i, 3);
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k <= rest; k++) text += ALPHABET[(word >> (18 - 6 * k)) & 63];
    if (pad) text += '='.repeat(3 - rest);
  }
  return text;
}

function fromBase64(text: Uint8Array): Uint8Array {
  const { length } = text;
  let end = length;
  // Padding is read only where it fills up a group of four.
  if (length % 4 === 0 && length > 0) while (end > length - 2 && text[end - 1] === PAD) end--;
  const bytes = new Uint8Array(Math.floor((end * 3) / 4));
  let word = 0;
  let at = 0;
  for (let i = 0; i < end; i++) {
    const digit = DIGITS.get(text[i]);
    if (digit === undefined) throw invalid('Invalid character found in base64.');
    word = ((word << 6) | digit) & 0xffffff;
    if (i % 4 > 0) bytes[at++] = (word >> (6 - 2 * (i % 4))) & 255;
  }
  if (end % 4 === 1) throw invalid('Base64 string length cannot be 1 modulo 4.');
  return bytes;
}

// Hashes

const MASK = (1n << 64n) - 1n;

function hashed(input: NdArray, op: HostOp, hash: (bytes: Uint8Array) => bigint): readonly NdArray[] {
  const buckets = BigInt(op.attr<number | bigint>('num_buckets'));
  return [
    new NdArray(
      int64,
      input.shape,
      BigInt64Array.from(textsOf(input), (bytes) => hash(bytes) % buckets),
    ),
  ];
}

/** MurmurHash64A with TensorFlow's seed. */
function hash64(bytes: Uint8Array): bigint {
  const M = 0xc6a4a7935bd1e995n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let h = 0xdecafcaffen ^ ((BigInt(bytes.length) * M) & MASK);
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    let k = (view.getBigUint64(at, true) * M) & MASK;
    k = ((k ^ (k >> 47n)) * M) & MASK;
    h = ((h ^ k) * M) & MASK;
  }
  if (at < bytes.length) {
    let tail = 0n;
    for (let i = bytes.length - 1; i >= at; i--) tail = (tail << 8n) | BigInt(bytes[i]);
    h = ((h ^ tail) * M) & MASK;
  }
  h = ((h ^ (h >> 47n)) * M) & MASK;
  return h ^ (h >> 47n);
}

const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;

/** SipHash-2-4. */
function sipHash(bytes: Uint8Array, k0: bigint, k1: bigint): bigint {
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const round = (): void => {
    v0 = (v0 + v1) & MASK;
    v1 = rotate(v1, 13n) ^ v0;
    v0 = rotate(v0, 32n);
    v2 = (v2 + v3) & MASK;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = (v0 + v3) & MASK;
    v3 = rotate(v3, 21n) ^ v0;
    v2 = (v2 + v1) & MASK;
    v1 = rotate(v1, 17n) ^ v2;
    v2 = rotate(v2, 32n);
  };
  const take = (word: bigint): void => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) take(view.getBigUint64(at, true));
  let last = BigInt(bytes.length & 255);
  for (let i = 6; i >= 0; i--) last = (last << 8n) | BigInt(bytes[at + i] ?? 0);
  take(last);
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}
