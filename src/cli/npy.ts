/**
 * Arrays in NumPy's file format (`.npy`, versions 1 to 3), from and to bytes. Other forms of values, and files, are
 * `values.ts`'s business.
 */
import {
  bool,
  complex64,
  complex128,
  type DType,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  string,
  uint8,
  uint16,
  uint32,
  uint64,
} from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { halfBits, halfToNumber } from '../util/float-bits.ts';
import { allocate, type Data, encodeString, NdArray, type NumericData } from '../util/ndarray.ts';
import { sizeOf, stridesOf } from '../util/shape.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Headers end here, so that the data behind them is aligned. */
const ALIGNMENT = 64;

/** Types that are stored as their typed arrays are, in the words of the format. */
const CODES: ReadonlyMap<string, DType> = new Map([
  ['b1', bool],
  ['i1', int8],
  ['u1', uint8],
  ['i2', int16],
  ['u2', uint16],
  ['i4', int32],
  ['u4', uint32],
  ['i8', int64],
  ['u8', uint64],
  ['f2', float16],
  ['f4', float32],
  ['f8', float64],
  ['c8', complex64],
  ['c16', complex128],
]);

/** Whether the bytes begin as a `.npy` file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/**
 * The array of a `.npy` file: numbers and truth values of either byte order, and texts (`S`, `U`) as strings. Throws
 * `ValueError` for bytes that are no such file and for types that TensorFlow does not have.
 */
export function parseNpy(bytes: Uint8Array): NdArray {
  if (!isNpy(bytes)) throw new ValueError('not a .npy file: it does not begin with \\x93NUMPY');
  if (bytes.length < 12) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [major, at] = [bytes[6], bytes[6] === 1 ? 10 : 12];
  if (major < 1 || major > 3) throw new ValueError(`version ${major} of the .npy format is not known`);
  const start = at + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw cut();
  const { descr, fortranOrder, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(at, start)));
  const array = new NdArray(...elementsOf(descr, shape, bytes.subarray(start)));
  return fortranOrder && shape.length > 1 ? rowMajor(array) : array;
}

function cut(): ValueError {
  return new ValueError('the .npy file ends too early');
}

/** The header is a Python dictionary of three entries. */
function parseHeader(text: string): Header {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text);
  if (!shape || !order) throw new ValueError('the header of the .npy file cannot be read');
  if (!descr) throw new ValueError('the .npy file holds records, which are no tensor');
  const sizes = shape[1].match(/\d+/g) ?? [];
  return { descr: descr[1], fortranOrder: order[1] === 'True', shape: sizes.map(Number) };
}

function elementsOf(descr: string, shape: readonly number[], bytes: Uint8Array): [DType, readonly number[], Data] {
  const match = /^([<>|=]?)([a-zA-Z]\d+)$/.exec(descr);
  const count = sizeOf(shape);
  const need = (size: number) => {
    if (!Number.isSafeInteger(count) || bytes.length < count * size) throw cut();
  };
  const text = /^[<>|=]?([SU])(\d+)$/.exec(descr);
  if (text) {
    const width = Number(text[2]) * (text[1] === 'U' ? 4 : 1);
    need(width);
    const items = Array.from({ length: count }, (_, i) => bytes.subarray(i * width, (i + 1) * width));
    return [string, shape, items.map((item) => (text[1] === 'S' ? trimmed(item) : ucs4(item, descr[0] === '>')))];
  }
  const dtype = match && CODES.get(match[2]);
  if (!match || !dtype) throw new ValueError(`the .npy file holds elements of type '${descr}', which no tensor has`);
  need(dtype.size);
  // A copy in any case: `slice` of Node's buffers is none.
  const raw = new Uint8Array(bytes.subarray(0, count * dtype.size));
  if (match[1] === '>') swap(raw, dtype.isComplex ? dtype.size / 2 : dtype.size);
  if (dtype === float16) return [dtype, shape, Float32Array.from(new Uint16Array(raw.buffer), halfToNumber)];
  if (dtype === bool) return [dtype, shape, raw.map((byte) => (byte === 0 ? 0 : 1))];
  const storage = allocate(dtype, 0).constructor as new (buffer: ArrayBufferLike) => NumericData;
  return [dtype, shape, new storage(raw.buffer)];
}

function swap(raw: Uint8Array, size: number): void {
  for (let i = 0; i + size <= raw.length; i += size) raw.subarray(i, i + size).reverse();
}

/** Without the zeros that fill the fixed width. */
function trimmed(item: Uint8Array): Uint8Array {
  let end = item.length;
  while (end > 0 && item[end - 1] === 0) end--;
  return new Uint8Array(item.subarray(0, end));
}

function ucs4(item: Uint8Array, isBig: boolean): Uint8Array {
  const view = new DataView(item.buffer, item.byteOffset, item.byteLength);
  let text = '';
  for (let i = 0; i < item.length; i += 4) {
    const code = view.getUint32(i, !isBig);
    if (code > 0x10ffff) throw new ValueError('the .npy file holds text that is no Unicode');
    text += String.fromCodePoint(code);
  }
  return encodeString(text.replace(/\0+$/, ''));
}

/** The array of elements that lie in column-major order. */
function rowMajor({ dtype, shape, data }: NdArray): NdArray {
  const from = [...shape].reverse();
  const columns = stridesOf(from).reverse();
  const rows = stridesOf(shape);
  const ordered = allocate(dtype, sizeOf(shape)) as Float32Array;
  const parts = dtype.isComplex ? 2 : 1;
  for (let i = 0; i < sizeOf(shape); i++) {
    let source = 0;
    for (let axis = 0, rest = i; axis < shape.length; axis++) {
      source += Math.floor(rest / rows[axis]) * columns[axis];
      rest %= rows[axis];
    }
    for (let k = 0; k < parts; k++) ordered[parts * i + k] = data[parts * source + k] as number;
  }
  return new NdArray(dtype, shape, ordered);
}

/**
 * A `.npy` file (version 1, little endian). Strings become bytes of fixed width (`S`), which lose zeros at their ends.
 * Throws `ValueError` for types that NumPy does not have.
 */
export function formatNpy(array: NdArray): Uint8Array {
  const [descr, body] = bodyOf(array);
  const { shape } = array;
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length + body.length);
  bytes.set([...MAGIC, 1, 0, (length - 10) & 0xff, (length - 10) >> 8]);
  bytes.set(encodeString(`${dictionary.padEnd(length - 11)}\n`), 10);
  bytes.set(body, length);
  return bytes;
}

function bodyOf({ dtype, data }: NdArray): [string, Uint8Array] {
  if (dtype === string) {
    const items = data as Uint8Array[];
    const width = Math.max(1, ...items.map((item) => item.length));
    const body = new Uint8Array(width * items.length);
    items.forEach((item, i) => {
      body.set(item, i * width);
    });
    return [`|S${width}`, body];
  }
  const code = [...CODES].find(([, type]) => type === dtype)?.[0];
  if (!code) throw new ValueError(`NumPy has no type for ${dtype.name}: write it as .json`);
  const { buffer, byteOffset, byteLength } =
    dtype === float16 ? Uint16Array.from(data as Float32Array, halfBits) : (data as NumericData);
  return [`${dtype.size === 1 ? '|' : '<'}${code}`, new Uint8Array(buffer, byteOffset, byteLength)];
}
