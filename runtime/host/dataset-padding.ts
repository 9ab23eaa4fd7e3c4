/** Stacks arrays of different shapes by filling them up. Which arrays belong together is the callers' business. */
import { DataLossError, InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';

/**
 * The arrays, each in a row of its own, with `filling` behind what they have.
 *
 * @param wanted the sizes of a row; negative: that of the largest array
 */
export function paddedStack(arrays: readonly NdArray[], wanted: readonly number[], filling: NdArray): NdArray {
  const [{ dtype }] = arrays;
  for (const { shape } of arrays) {
    if (shape.length === wanted.length) continue;
    throw new InvalidArgumentError(
      null,
      `All elements in a batch must have the same rank as the padded shape for component0: expected rank ${wanted.length} but got element with rank ${shape.length}`,
    );
  }
  const row = wanted.map((size, axis) => (size >= 0 ? size : Math.max(...arrays.map(({ shape }) => shape[axis]))));
  for (const { shape } of arrays) {
    if (shape.every((size, axis) => size <= row[axis])) continue;
    throw new DataLossError(null, 'Attempted to pad to a smaller size than the input element.');
  }
  const parts = dtype.isComplex ? 2 : 1;
  const width = sizeOf(row) * parts;
  const data = allocate(dtype, arrays.length * sizeOf(row));
  for (let i = 0; i < data.length; i++) data[i] = filling.data[i % parts];
  arrays.forEach((array, i) => {
    const { shape } = array;
    const last = shape.length > 0 ? shape[shape.length - 1] : 1;
    const lines = sizeOf(shape) === 0 ? 0 : sizeOf(shape) / last;
    for (let line = 0; line < lines; line++) {
      let to = 0;
      let stride = shape.length > 0 ? row[row.length - 1] : 1;
      for (let axis = shape.length - 2, rest = line; axis >= 0; axis--) {
        to += (rest % shape[axis]) * stride;
        rest = Math.floor(rest / shape[axis]);
        stride *= row[axis];
      }
      for (let k = 0; k < last * parts; k++) data[i * width + to * parts + k] = array.data[line * last * parts + k];
    }
  });
  return new NdArray(dtype, [arrays.length, ...row], data);
}
