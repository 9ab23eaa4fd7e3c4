/**
 * `toCategorical` and `normalize`: NumPy-side preparation of labels and features. Neither touches the graph; `tf.oneHot`
 * and `tf.nn.l2Normalize` are the symbolic relatives.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { asDType, type DTypeLike, float64 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { sizeOf } from '../../util/shape.ts';
import { astype } from './rows.ts';

export interface ToCategoricalOptions {
  /** The largest class plus one where it is null. */
  readonly numClasses?: number | null;
  /** float32 without it. */
  readonly dtype?: DTypeLike;
}

/**
 * One row of zeros with a one for each class number: shape `y.shape + [numClasses]`, where a last dimension of 1 is
 * dropped first. Fractions are cut off; a negative class counts from the end. Throws `ValueError` for a class that is
 * not below `numClasses`, and for no classes at all without `numClasses`.
 *
 *     tf.keras.utils.toCategorical([0, 2, 1])       // [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
 *     tf.keras.utils.toCategorical(labels, 10)
 */
export function toCategorical(
  y: ArrayValue,
  ...rest: Rest<[numClasses: number | null, dtype: DTypeLike], ToCategoricalOptions>
): NdArray {
  const options = bind<ToCategoricalOptions>(['numClasses', 'dtype'], rest);
  const classes = toNdArray(y);
  let { shape } = classes;
  if (shape.length > 1 && shape[shape.length - 1] === 1) shape = shape.slice(0, -1);
  const numbers = Array.from(classes.data as ArrayLike<number | bigint>, (value) => Math.trunc(Number(value)));
  if (!options.numClasses && numbers.length === 0) {
    throw new ValueError('zero-size array to reduction operation maximum which has no identity');
  }
  const count = options.numClasses || numbers.reduce((a, b) => Math.max(a, b)) + 1;
  const result = NdArray.zeros(asDType(options.dtype ?? 'float32'), [...shape, count]);
  const one = result.dtype.isBigInt ? 1n : 1;
  numbers.forEach((value, i) => {
    const column = value < 0 ? value + count : value;
    if (!(column >= 0 && column < count)) {
      throw new ValueError(`index ${value} is out of bounds for axis 1 with size ${count}`);
    }
    result.data[i * count + column] = one as number;
  });
  return result;
}

export interface NormalizeOptions {
  /** The axis whose vectors get length 1; the last without it. */
  readonly axis?: number;
  /** The order of the norm, `Infinity` and `-Infinity` included; 2 without it. */
  readonly order?: number;
}

/**
 * The array divided by the norms of its vectors along an axis; vectors of norm 0 stay. Integers give float64. An array of
 * rank 1 gives shape `[1, n]`, as in Keras. Throws `ValueError` for a scalar and for an axis that is not there.
 *
 *     tf.keras.utils.normalize([[3, 4], [1, 0]])               // [[0.6, 0.8], [1, 0]]
 *     tf.keras.utils.normalize(x, {axis: 0, order: 1})
 */
export function normalize(x: ArrayValue, ...rest: Rest<[axis: number, order: number], NormalizeOptions>): NdArray {
  const { axis = -1, order = 2 } = bind<NormalizeOptions>(['axis', 'order'], rest);
  const given = toNdArray(x);
  const array = given.dtype.isFloating ? given : astype(given, float64);
  const { shape } = array;
  const at = axis < 0 ? axis + shape.length : axis;
  if (!(at >= 0 && at < shape.length)) {
    throw new ValueError(`axis ${axis} is out of bounds for array of dimension ${shape.length}`);
  }
  const length = shape[at];
  const inner = sizeOf(shape.slice(at + 1));
  const source = array.data as Float32Array;
  const result = NdArray.zeros(array.dtype, shape.length === 1 ? [1, length] : shape);
  const target = result.data as Float32Array;
  const norm = normOf(order);
  const vector = new Float64Array(length);
  for (let start = 0; start < source.length; start += length * inner) {
    for (let i = start; i < start + inner; i++) {
      for (let k = 0; k < length; k++) vector[k] = Math.abs(source[i + k * inner]);
      const divisor = norm(vector) || 1;
      for (let k = 0; k < length; k++) target[i + k * inner] = source[i + k * inner] / divisor;
    }
  }
  return result;
}

/** The norm of a vector of magnitudes. */
function normOf(order: number): (v: Float64Array) => number {
  if (order === Infinity) return (v) => v.reduce((a, b) => Math.max(a, b), 0);
  if (order === -Infinity) return (v) => v.reduce((a, b) => Math.min(a, b), Infinity);
  if (order === 0) return (v) => v.reduce((count, b) => count + (b === 0 ? 0 : 1), 0);
  if (order === 1) return (v) => v.reduce((a, b) => a + b, 0);
  if (order === 2) return (v) => Math.sqrt(v.reduce((a, b) => a + b * b, 0));
  return (v) => v.reduce((a, b) => a + b ** order, 0) ** (1 / order);
}
