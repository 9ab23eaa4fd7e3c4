/**
 * Data as `fit`, `evaluate` and `predict` are given them, brought to one form: an array per input or output, in the
 * order of the model. Cutting them into batches is here too, the order of batches is the loop's.
 */
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import type { DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import type { Shape } from '../../util/shape.ts';
import { rowCount, rowRange, takeRows } from '../utils/rows.ts';

/** An array in any form: nested numbers, a typed array with a shape, an `NdArray`. */
export type DataArray = ArrayValue | NdArray;

/** Data for the inputs or outputs of a model: one array, a list of them, or arrays by name. */
export type Data =
  | DataArray
  | readonly DataArray[]
  | ReadonlyMap<string, DataArray>
  | { readonly [name: string]: DataArray };

/** What a model takes at one place. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * The arrays in the order of the slots. Throws `ValueError`, in Keras's words, for a wrong number of arrays, an array of
 * another shape, or arrays of different lengths.
 *
 * @param kind what messages call the data: `input`, `target`
 */
export function standardize(data: Data, slots: readonly Slot[], kind: string): NdArray[] {
  const given = listOf(data, slots, kind);
  const arrays = given.map((value, i) => asArray(value, slots[i]));
  for (const [i, array] of arrays.entries()) checkShape(array, slots[i], kind);
  return arrays;
}

function listOf(data: Data, slots: readonly Slot[], kind: string): readonly DataArray[] {
  const named = namedData(data);
  if (named) {
    return slots.map(({ name }) => {
      const value = named.get(name);
      if (value !== undefined) return value;
      const keys = [...named.keys()].map((key) => `'${key}'`).join(', ');
      throw new ValueError(
        `No data provided for "${name}". Need data for each key in: [${slots.map((slot) => `'${slot.name}'`).join(', ')}]. Got: [${keys}]`,
      );
    });
  }
  // A list of numbers or of lists is one array; for several slots a list has an array for each.
  const several = slots.length > 1 || isListOfArrays(data);
  const list = several ? (data as readonly DataArray[]) : [data as DataArray];
  if (Array.isArray(list) && list.length === slots.length) return list;
  const count = Array.isArray(list) ? list.length : 1;
  throw new ValueError(
    `Error when checking model ${kind}: the list of Numpy arrays that you are passing to your model is not the size the model expected. Expected to see ${slots.length} array(s), for inputs [${slots.map((slot) => `'${slot.name}'`).join(', ')}] but instead got the following list of ${count} arrays.`,
  );
}

/** One item per name, of data given as one array, a list, or by name. A name without data gets null. */
export function dataFor(data: Data, names: readonly string[]): (DataArray | null)[] {
  const named = namedData(data);
  if (named) return names.map((name) => named.get(name) ?? null);
  if (names.length === 1 && !isListOfArrays(data)) return [data as DataArray];
  return names.map((_, i) => (data as readonly (DataArray | null)[])[i] ?? null);
}

/** The arrays as they are, where it is not known what they are for. Numbers become floats. */
export function looseArrays(data: Data): NdArray[] {
  const named = namedData(data);
  const list = named
    ? [...named.values()]
    : isListOfArrays(data)
      ? (data as readonly DataArray[])
      : [data as DataArray];
  return list.map((value) => (value instanceof NdArray ? value : toNdArray(value as ArrayValue)));
}

function namedData(data: Data): ReadonlyMap<string, DataArray> | null {
  if (data instanceof Map) return data;
  if (typeof data !== 'object' || data === null || Array.isArray(data) || ArrayBuffer.isView(data)) return null;
  if (data instanceof NdArray || ('data' in data && 'shape' in data)) return null;
  const prototype = Object.getPrototypeOf(data);
  if (prototype !== Object.prototype && prototype !== null) return null;
  return new Map(Object.entries(data as { readonly [name: string]: DataArray }));
}

function isListOfArrays(data: Data): boolean {
  return (
    Array.isArray(data) &&
    data.length > 0 &&
    data.every((item) => item instanceof NdArray || (typeof item === 'object' && item !== null && 'shape' in item))
  );
}

/** The array in the type that is fed. One dimension is taken as a column where the model has rows. */
function asArray(value: DataArray, { shape, dtype }: Slot): NdArray {
  const array = value instanceof NdArray && value.dtype === dtype ? value : toNdArray(value as ArrayValue, dtype);
  if (array.rank === 1 && shape !== null && shape.length !== 1)
    return new NdArray(array.dtype, [...array.shape, 1], array.data);
  return array;
}

function checkShape({ shape }: NdArray, slot: Slot, kind: string): void {
  if (slot.shape === null) return;
  const where = `Error when checking ${kind}: expected ${slot.name} to have`;
  if (shape.length !== slot.shape.length) {
    throw new ValueError(`${where} ${slot.shape.length} dimensions, but got array with shape ${pythonShape(shape)}`);
  }
  // The first dimension is that of the batch.
  const fits = slot.shape.every((dim, i) => i === 0 || dim === null || dim === shape[i]);
  if (!fits) {
    throw new ValueError(
      `${where} shape ${pythonShape(slot.shape.map((dim, i) => (i === 0 ? null : dim)))} but got array with shape ${pythonShape(shape)}`,
    );
  }
}

/** As Python prints a shape. */
export function pythonShape(shape: readonly (number | null)[]): string {
  const dims = shape.map((dim) => dim ?? 'None').join(', ');
  return shape.length === 1 ? `(${dims},)` : `(${dims})`;
}

/** The number of examples. Throws `ValueError` where the arrays do not agree. */
export function countExamples(
  groups: readonly (readonly [kind: string, arrays: readonly (NdArray | null)[]])[],
): number {
  let total: number | null = null;
  for (const [kind, arrays] of groups) {
    const sizes = new Set<number>();
    for (const array of arrays) if (array) sizes.add(rowCount(array));
    if (sizes.size > 1) {
      throw new ValueError(
        `All ${kind} arrays (x) should have the same number of samples. Got array shapes: [${arrays.map((array) => (array ? pythonShape(array.shape) : 'None')).join(', ')}]`,
      );
    }
    for (const size of sizes) {
      total ??= size;
      if (size !== total) {
        throw new ValueError(
          `Input arrays should have the same number of samples as target arrays. Found ${total} input samples and ${size} ${kind} samples.`,
        );
      }
    }
  }
  return total ?? 0;
}

/** The rows at the positions. A run of neighbours is a view, other rows are copied. */
export function batchOf(array: NdArray, order: Uint32Array | null, start: number, end: number): NdArray {
  return order ? takeRows(array, order.subarray(start, end)) : rowRange(array, start, end);
}
