/**
 * Host kernels of texts: lengths, numbers as text, and hash buckets by FarmHash's 64-bit fingerprint. Where buckets are
 * used is the business of vocabulary tables.
 */
import { int32, int64, string } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { encodeString, NdArray } from '../../src/util/ndarray.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

defineHostKernels({
  StringToHashBucketFast: ([input], op) => {
    const buckets = BigInt(op.attr<number | bigint>('num_buckets'));
    const texts = input.data as Uint8Array[];
    const out = BigInt64Array.from(texts, (bytes) => fingerprint64(bytes) % buckets);
    return [new NdArray(int64, input.shape, out)];
  },
  StringLength: ([input], op) => {
    const inCharacters = op.attr<string>('unit') === 'UTF8_CHAR';
    const lengths = Int32Array.from(input.data as Uint8Array[], (bytes) =>
      inCharacters ? bytes.filter(startsCharacter).length : bytes.length,
    );
    return [new NdArray(int32, input.shape, lengths)];
  },
  AsString: ([input], op) => {
    if (input.dtype === string) return [input];
    const format = formatOf(input, op);
    return [
      new NdArray(
        string,
        input.shape,
        Array.from({ length: input.size }, (_, i) => encodeString(format(i))),
      ),
    ];
  },
});

/** In UTF-8 the other bytes of a character have the bits 10 in front. */
const startsCharacter = (byte: number): boolean => (byte & 0xc0) !== 0x80;

// Numbers as text, as C prints them

function formatOf({ data, dtype }: NdArray, op: HostOp): (i: number) => string {
  const precision = op.attr<number>('precision');
  const width = op.attr<number>('width');
  const fill = op.attr<string>('fill');
  const [isScientific, isShortest] = [op.attr<boolean>('scientific'), op.attr<boolean>('shortest')];
  const isReal = dtype.isFloating || dtype.isComplex;
  if (fill.length > 1) {
    throw new InvalidArgumentError(null, `Fill argument must be a single character, but received: ${fill}`);
  }
  if (!isReal && (isScientific || isShortest || precision > -1)) {
    const what = isScientific || isShortest ? 'scientific and shortest format' : 'precision';
    throw new InvalidArgumentError(null, `${what} not supported for datatype ${dtype.name}`);
  }
  if (isScientific && isShortest) {
    throw new InvalidArgumentError(null, 'Cannot select both scientific and shortest notation');
  }
  const digits = precision > -1 ? precision : 6;
  const text = (value: number | bigint): string => {
    if (typeof value === 'bigint' || !isReal) return String(value);
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
    if (isScientific) return exponential(value, digits);
    return isShortest ? general(value, digits) : fixed(value, digits);
  };
  const padded = (value: number | bigint) => pad(text(value), width, fill);
  if (dtype.isBool) return (i) => (data[i] ? 'true' : 'false');
  if (dtype.isComplex) return (i) => `(${padded(data[2 * i] as number)},${padded(data[2 * i + 1] as number)})`;
  return (i) => padded(data[i] as number | bigint);
}

function pad(text: string, width: number, fill: string): string {
  const isNegative = text.startsWith('-');
  const signed = (fill === '+' || fill === ' ') && !isNegative ? fill + text : text;
  if (fill === '-') return signed.padEnd(width);
  if (fill !== '0' || !/\d/.test(text)) return signed.padStart(width);
  return isNegative ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0');
}

const sign = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '');

/** JavaScript rounds ties up, C to the even digit; `print` gives the size with so many places. */
function toEven(digits: number, print: (places: number) => string): string {
  const rounded = print(digits);
  const long = print(Math.min(digits + 30, 100));
  // What follows the last place that is kept, with that place before it.
  const [kept, rest] = [long.slice(0, rounded.length), long.slice(rounded.length)];
  const tail = digits === 0 ? rest.replace('.', '') : rest;
  const isTie = /^50*$/.test(tail) && kept.length === rounded.length;
  return isTie && /[02468]$/.test(kept) ? kept : rounded;
}

function fixed(value: number, digits: number): string {
  const size = Math.abs(value);
  // From here on `toFixed` writes an exponent; such numbers are whole.
  if (size < 1e21) return sign(value) + toEven(digits, (places) => size.toFixed(places));
  return sign(value) + BigInt(size).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
}

function exponential(value: number, digits: number): string {
  const size = Math.abs(value);
  const mantissa = toEven(digits, (places) => size.toExponential(places).split('e')[0]);
  const [, exponent] = size.toExponential(digits).split('e');
  const power = Number(exponent);
  return `${sign(value)}${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function general(value: number, digits: number): string {
  const significant = Math.max(digits, 1);
  const text = exponential(value, significant - 1);
  const [mantissa, exponent] = text.split('e');
  const power = Number(exponent);
  const trim = (number: string) => (number.includes('.') ? number.replace(/\.?0+$/, '') : number);
  if (power < -4 || power >= significant) return `${trim(mantissa)}e${exponent}`;
  return trim(fixed(value, significant - 1 - power));
}

// FarmHash (farmhashna::Hash64), whose values never change

const MASK = (1n << 64n) - 1n;
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

const wrap = (value: bigint): bigint => value & MASK;
const rotate = (value: bigint, by: bigint): bigint => ((value >> by) | (value << (64n - by))) & MASK;
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

function hash16(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shiftMix(wrap((u ^ v) * mul));
  return wrap(shiftMix(wrap((v ^ a) * mul)) * mul);
}

/** The 64-bit fingerprint of the bytes. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const at = (offset: number): bigint => view.getBigUint64(offset, true);
  const mul = wrap(K2 + BigInt(length) * 2n);
  if (length <= 16) return shortHash(bytes, view, mul);
  if (length <= 32) {
    const a = wrap(at(0) * K1);
    const b = at(8);
    const c = wrap(at(length - 8) * mul);
    const d = wrap(at(length - 16) * K2);
    const first = rotate(wrap(a + b), 43n) + rotate(c, 30n) + d;
    return hash16(wrap(first), wrap(a + rotate(wrap(b + K2), 18n) + c), mul);
  }
  if (length <= 64) {
    const a = wrap(at(0) * K2);
    const b = at(8);
    const c = wrap(at(length - 8) * mul);
    const d = wrap(at(length - 16) * K2);
    const y = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
    const z = hash16(y, wrap(a + rotate(wrap(b + K2), 18n) + c), mul);
    const e = wrap(at(16) * mul);
    const f = at(24);
    const g = wrap((y + at(length - 32)) * mul);
    const h = wrap((z + at(length - 24)) * mul);
    const first = rotate(wrap(e + f), 43n) + rotate(g, 30n) + h;
    return hash16(wrap(first), wrap(e + rotate(wrap(f + a), 18n) + g), mul);
  }
  return longHash(at, length);
}

function shortHash(bytes: Uint8Array, view: DataView, mul: bigint): bigint {
  const { length } = bytes;
  if (length >= 8) {
    const a = wrap(view.getBigUint64(0, true) + K2);
    const b = view.getBigUint64(length - 8, true);
    const c = wrap(rotate(b, 37n) * mul + a);
    const d = wrap((rotate(a, 25n) + b) * mul);
    return hash16(c, d, mul);
  }
  if (length >= 4) {
    const a = BigInt(view.getUint32(0, true));
    return hash16(wrap(BigInt(length) + (a << 3n)), BigInt(view.getUint32(length - 4, true)), mul);
  }
  if (length > 0) {
    const y = BigInt(bytes[0] + bytes[length >> 1] * 256);
    const z = BigInt(length + bytes[length - 1] * 4);
    return wrap(shiftMix(wrap(y * K2) ^ wrap(z * K0)) * K2);
  }
  return K2;
}

type Pair = readonly [bigint, bigint];

function weakHash(at: (offset: number) => bigint, offset: number, seedA: bigint, seedB: bigint): Pair {
  const z = at(offset + 24);
  const a = wrap(seedA + at(offset));
  const b = rotate(wrap(seedB + a + z), 21n);
  const sum = wrap(a + at(offset + 8) + at(offset + 16));
  return [wrap(sum + z), wrap(b + rotate(sum, 44n) + a)];
}

function longHash(at: (offset: number) => bigint, length: number): bigint {
  const SEED = 81n;
  let x = wrap(SEED * K2 + at(0));
  let y = wrap(SEED * K1 + 113n);
  let z = wrap(shiftMix(wrap(y * K2 + 113n)) * K2);
  let v: Pair = [0n, 0n];
  let w: Pair = [0n, 0n];
  const end = Math.floor((length - 1) / 64) * 64;
  const last = length - 64;
  // The last round takes the last 64 bytes, which may overlap with those before, with another factor.
  const round = (s: number, mul: bigint, weightX: bigint, weightY: bigint): void => {
    x = wrap(rotate(wrap(x + y + v[0] + at(s + 8)), 37n) * mul);
    y = wrap(rotate(wrap(y + v[1] + at(s + 48)), 42n) * mul);
    x ^= wrap(w[1] * weightX);
    y = wrap(y + v[0] * weightY + at(s + 40));
    z = wrap(rotate(wrap(z + w[0]), 33n) * mul);
    v = weakHash(at, s, wrap(v[1] * mul), wrap(x + w[0]));
    w = weakHash(at, s + 32, wrap(z + w[1]), wrap(y + at(s + 16)));
    [x, z] = [z, x];
  };
  for (let s = 0; s < end; s += 64) round(s, K1, 1n, 1n);
  const mul = wrap(K1 + ((z & 0xffn) << 1n));
  w = [wrap(w[0] + BigInt((length - 1) & 63)), w[1]];
  v = [wrap(v[0] + w[0]), v[1]];
  w = [wrap(w[0] + v[0]), w[1]];
  round(last, mul, 9n, 9n);
  return hash16(wrap(hash16(v[0], w[0], mul) + shiftMix(y) * K0 + z), wrap(hash16(v[1], w[1], mul) + x), mul);
}
