/**
 * Data as `fit`, `evaluate` and `predict` are given them, brought to one form: an array per input or output, in the
 * order of the model. Cutting them into batches is here too, the order of batches is the loop's.
 */
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { asDType, type DType } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { NdArray, type NumericData } from '../../util/ndarray.ts';
import type { Shape } from '../../util/shape.ts';
import { rowCount, rowRange, takeRows } from '../utils/rows.ts';

/** What is used of a tensor of TensorFlow.js, of whatever copy of it. */
interface TfjsLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  dataSync(): ArrayLike<number>;
}

/** An array in any form: nested numbers, a typed array with a shape, an `NdArray`, a tensor of TensorFlow.js. */
export type DataArray = ArrayValue | NdArray | TfjsLike;

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
  /** Whether the last axis may be left out: that of a single label. */
  readonly addsAxis?: boolean;
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
      throw new ValueError(
        `No data provided for "${name}". Need data for each key in: [${quoted(slots.map((slot) => slot.name))}]`,
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

/**
 * One item per output, of weights given as one, a list, or by name. An output without weights gets null. Throws
 * `ValueError` for a wrong number of items or an unknown name, `TypeError` for one item where there are several outputs.
 *
 * @param kind what messages call the weights: `sample_weight`, `class_weight`
 */
export function perOutput<T>(
  given: T | readonly (T | null)[] | ReadonlyMap<string, T>,
  outputs: readonly string[],
  kind: string,
  isOne: (given: unknown) => boolean,
): (T | null)[] {
  const one = isOne(given);
  if (one && outputs.length === 1) return [given as T];
  if (given instanceof Map) {
    checkKeys(kind, given, outputs);
    return outputs.map((name) => (given as ReadonlyMap<string, T>).get(name) ?? null);
  }
  if (one || !Array.isArray(given)) {
    throw new TypeError(
      `The model has multiple outputs, so \`${kind}\` should be either a list or a dict. Provided \`${kind}\` type not understood: ${String(given)}`,
    );
  }
  if (given.length === outputs.length) return given.map((item) => item ?? null);
  throw new ValueError(
    `Provided \`${kind}\` was a list of ${given.length} elements, but the model has ${outputs.length} outputs. You should provide one \`${kind}\`array per model output.`,
  );
}

/** Throws `ValueError` for a key that no output has. */
export function checkKeys(kind: string, given: ReadonlyMap<unknown, unknown>, outputs: readonly string[]): void {
  const unknown = [...given.keys()].filter((key) => !outputs.includes(key as string));
  if (unknown.length === 0) return;
  throw new ValueError(
    `Unknown entries in ${kind} dictionary: [${quoted(unknown)}]. Only expected following keys: [${quoted(outputs)}]`,
  );
}

function quoted(names: readonly unknown[]): string {
  return names.map((name) => (typeof name === 'string' ? `'${name}'` : String(name))).join(', ');
}

/** The arrays as they are, where it is not known what they are for. Numbers become floats. */
export function looseArrays(data: Data): NdArray[] {
  const named = namedData(data);
  const list = named
    ? [...named.values()]
    : isListOfArrays(data)
      ? (data as readonly DataArray[])
      : [data as DataArray];
  return list.map((value) => asNdArray(value)).map((array) => (array.rank === 1 ? column(array) : array));
}

/** With an axis of length 1 at the end. */
function column({ dtype, shape, data }: NdArray): NdArray {
  return new NdArray(dtype, [...shape, 1], data);
}

/** The value as an array; numbers become floats where no type is given. */
export function asNdArray(value: DataArray, dtype?: DType): NdArray {
  if (value instanceof NdArray && (!dtype || value.dtype === dtype)) return value;
  return toNdArray(isTfjs(value) ? fromTfjs(value) : (value as ArrayValue), dtype);
}

function isTfjs(value: unknown): value is TfjsLike {
  return typeof value === 'object' && value !== null && 'dataSync' in value;
}

function fromTfjs(tensor: TfjsLike): NdArray {
  return new NdArray(asDType(tensor.dtype), tensor.shape, tensor.dataSync() as NumericData);
}

/** Data by name; null for data in another form. */
export function namedData(data: Data): ReadonlyMap<string, DataArray> | null {
  if (data instanceof Map) return data;
  if (typeof data !== 'object' || data === null || Array.isArray(data) || ArrayBuffer.isView(data)) return null;
  if (data instanceof NdArray || isTfjs(data) || ('data' in data && 'shape' in data)) return null;
  const prototype = Object.getPrototypeOf(data);
  if (prototype !== Object.prototype && prototype !== null) return null;
  return new Map(Object.entries(data as { readonly [name: string]: DataArray }));
}

export function isListOfArrays(data: unknown): boolean {
  return (
    Array.isArray(data) &&
    data.length > 0 &&
    data.every((item) => item instanceof NdArray || (typeof item === 'object' && item !== null && 'shape' in item))
  );
}

/** The array in the type that is fed. One dimension is taken as a column where the model has rows. */
function asArray(value: DataArray, { shape, dtype, addsAxis = false }: Slot): NdArray {
  const array = asNdArray(value, dtype);
  if (array.rank === 1 && shape?.length !== 1) return column(array);
  return addsAxis && array.rank + 1 === shape?.length ? column(array) : array;
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
      `${where} shape ${pythonShape(slot.shape.slice(1))} but got array with shape ${pythonShape(shape.slice(1))}`,
    );
  }
}

/** As Python prints a shape. */
export function pythonShape(shape: readonly (number | null)[]): string {
  const dims = shape.map((dim) => dim ?? 'None').join(', ');
  return shape.length === 1 ? `(${dims},)` : `(${dims})`;
}

/** The number of examples. Throws `ValueError` where the arrays do not agree. */
export function countExamples({
  inputs,
  targets,
  weights,
}: {
  readonly inputs: readonly NdArray[];
  readonly targets: readonly NdArray[];
  readonly weights: readonly (NdArray | null)[];
}): number {
  const [ofInputs, ofTargets, ofWeights] = [
    countIn('input arrays (x)', inputs),
    countIn('target arrays (y)', targets),
    countIn('sample_weight arrays', weights),
  ];
  if (ofInputs !== null && ofTargets !== null && ofInputs !== ofTargets) {
    throw new ValueError(
      `Input arrays should have the same number of samples as target arrays. Found ${ofInputs} input samples and ${ofTargets} target samples.`,
    );
  }
  if (ofTargets !== null && ofWeights !== null && ofTargets !== ofWeights) {
    throw new ValueError(
      `Sample_weight arrays should have the same number of samples as target arrays. Got ${ofTargets} input samples and ${ofWeights} target samples.`,
    );
  }
  return ofInputs ?? ofTargets ?? 0;
}

function countIn(what: string, arrays: readonly (NdArray | null)[]): number | null {
  const present = arrays.filter((array) => array !== null);
  const sizes = new Set(present.map(rowCount));
  if (sizes.size > 1) {
    const shapes = present.map(({ shape }) => pythonShape(shape)).join(', ');
    throw new ValueError(`All ${what} should have the same number of samples. Got array shapes: [${shapes}]`);
  }
  return present.length > 0 ? rowCount(present[0]) : null;
}

/** The rows at the positions. A run of neighbours is a view, other rows are copied. */
export function batchOf(array: NdArray, order: Uint32Array | null, start: number, end: number): NdArray {
  return order ? takeRows(array, order.subarray(start, end)) : rowRange(array, start, end);
}
