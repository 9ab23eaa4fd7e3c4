/** Elements as the bytes that TensorFlow stores them in, both ways. No kernel is here. */
import type { DType } from '../../src/util/dtype.ts';
import { InternalError } from '../../src/util/errors.ts';
import { bfloat16Bits, bfloat16ToNumber, halfBits, halfToNumber } from '../../src/util/float-bits.ts';
import type { NumericData } from '../../src/util/ndarray.ts';

/** The bytes that an element takes. */
export function storedSize(dtype: DType): number {
  return dtype.size;
}

type Read = (view: DataView, at: number, isLittle: boolean) => number | bigint;

function readerOf(dtype: DType): { readonly size: number; readonly read: Read } {
  switch (dtype.name) {
    case 'float32':
    case 'complex64':
      return { size: 4, read: (view, at, little) => view.getFloat32(at, little) };
    case 'float64':
    case 'complex128':
      return { size: 8, read: (view, at, little) => view.getFloat64(at, little) };
    case 'float16':
      return { size: 2, read: (view, at, little) => halfToNumber(view.getUint16(at, little)) };
    case 'bfloat16':
      return { size: 2, read: (view, at, little) => bfloat16ToNumber(view.getUint16(at, little)) };
    case 'int64':
      return { size: 8, read: (view, at, little) => view.getBigInt64(at, little) };
    case 'uint64':
      return { size: 8, read: (view, at, little) => view.getBigUint64(at, little) };
    case 'int32':
    case 'qint32':
      return { size: 4, read: (view, at, little) => view.getInt32(at, little) };
    case 'uint32':
      return { size: 4, read: (view, at, little) => view.getUint32(at, little) };
    case 'int16':
    case 'qint16':
      return { size: 2, read: (view, at, little) => view.getInt16(at, little) };
    case 'uint16':
    case 'quint16':
      return { size: 2, read: (view, at, little) => view.getUint16(at, little) };
    case 'int8':
    case 'qint8':
      return { size: 1, read: (view, at) => view.getInt8(at) };
    case 'bool':
      return { size: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) };
    case 'uint8':
    case 'quint8':
      return { size: 1, read: (view, at) => view.getUint8(at) };
  }
  throw new InternalError(null, `Elements of type ${dtype.name} have no bytes.`);
}

/** Reads the elements that the bytes hold into storage, from an entry on. */
export function readElements(bytes: Uint8Array, dtype: DType, isLittle: boolean, out: NumericData, to: number): void {
  const { size, read } = readerOf(dtype);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; (i + 1) * size <= bytes.length; i++)
    (out as Float64Array)[to + i] = read(view, i * size, isLittle) as number;
}

/** The bytes of the elements, little-endian. */
export function writeElements(data: NumericData, dtype: DType): Uint8Array {
  if (dtype.name === 'float16' || dtype.name === 'bfloat16') {
    const bits = Uint16Array.from(data as Float32Array, dtype.name === 'float16' ? halfBits : bfloat16Bits);
    return new Uint8Array(bits.buffer);
  }
  // The storage has the layout of the type; machines that run this are little-endian.
  return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}
