/**
 * Counting: how often each integer occurs, how many values fall into each of some bins of the same width.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import { cast } from './cast.ts';
import { clipByValue } from './clip.ts';
import { greater } from './comparison.ts';
import { Assert, withDependencies } from './control.ts';
import { constantOp, convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { withRank, withRankAtMost } from './opdef/shape-rules.ts';
import { reduceMax } from './reductions.ts';
import { reshape, shape as shapeOf, size as sizeOf } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { floor } from './unary-math.ts';

/** A number of bins that is known before any run. */
function knownCount(op: InferContext, input: number): number | null {
  withRank(op.shape(input), 0);
  const value = op.constant(input);
  return value === null ? null : Number(value.data[0] as number | bigint);
}

function bins(op: InferContext): number | null {
  const count = knownCount(op, 1);
  if (count !== null && count < 0) throw new ShapeError(`size (${count}) must be non-negative`);
  return count;
}

const numbers = sample(int32, [4], [1, 3, 1, 0]);
const four = sample(int32, [], [4]);

defineOp({
  name: 'Bincount',
  doc: 'How often each integer occurs, or the sums of their weights.',
  inputs: ['arr: int32', 'size: int32', 'weights: T'],
  outputs: ['bins: T'],
  attrs: ['T: {int32, int64, float32, float64}'],
  infer: (op) => [[bins(op)]],
  grad: null,
  samples: [{ inputs: [numbers, four, sample(float32, [0], [])], outputs: [sample(float32, [4], [1, 2, 0, 1])] }],
});

defineOp({
  name: 'DenseBincount',
  doc: 'How often each integer occurs in a vector or in each row, whether it does, or the sums of their weights.',
  inputs: ['input: Tidx', 'size: Tidx', 'weights: T'],
  outputs: ['output: T'],
  attrs: ['Tidx: {int32, int64}', 'T: {int32, int64, float32, float64}', 'binary_output: bool = false'],
  infer: (op) => {
    const input = withRankAtMost(op.shape(0), 2);
    const count = bins(op);
    if (input === null) return [null];
    return [input.length === 2 ? [input[0], count] : [count]];
  },
  grad: null,
  samples: [
    {
      inputs: [numbers, four, sample(float32, [4], [1, 2, 4, 8])],
      outputs: [sample(float32, [4], [8, 5, 0, 2])],
    },
    {
      inputs: [sample(int32, [2, 2], [1, 1, 0, 9]), sample(int32, [], [2]), sample(float32, [0], [])],
      attrs: { binary_output: true },
      outputs: [sample(float32, [2, 2], [0, 1, 1, 0])],
    },
  ],
});

defineOp({
  name: 'HistogramFixedWidth',
  doc: 'How many values fall into each of some bins of the same width; those outside count in the outer bins.',
  inputs: ['values: T', 'value_range: T', 'nbins: int32'],
  outputs: ['out: dtype'],
  attrs: ['T: {int32, int64, float32, float64}', 'dtype: {int32, int64} = int32'],
  infer: (op) => {
    const [length] = withRank(op.shape(1), 1);
    if (length !== null && length !== 2) throw new ShapeError(`Dimension must be 2 but is ${length}`);
    const count = knownCount(op, 2);
    if (count !== null && count <= 0) throw new ShapeError(`Requires nbins > 0: ${count}`);
    return [[count]];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [4], [0, 5, 5.1, -1]), sample(float32, [2], [0, 5]), four],
      outputs: [sample(int32, [4], [2, 0, 0, 2])],
    },
  ],
});

// Functions

export interface BincountOptions {
  /** What an occurrence counts, of the shape of `arr`; the result is then of its type. */
  readonly weights?: TensorLike | null;
  readonly minlength?: TensorLike | null;
  readonly maxlength?: TensorLike | null;
  readonly dtype?: DTypeLike;
}

/**
 * How often each of 0, 1, 2, … occurs in the non-negative integers `arr`, as a vector one longer than the greatest of them,
 * but at least `minlength` and at most `maxlength` long; greater ones then do not count. With `weights` their sums. A
 * negative integer fails the run.
 *
 *     tf.bincount([1, 3, 1])                   // [0, 2, 0, 1]
 */
export function bincount(
  arr: TensorLike,
  ...rest: Rest<
    [weights: TensorLike | null, minlength: TensorLike | null, maxlength: TensorLike | null, dtype: DTypeLike],
    BincountOptions
  >
): Tensor {
  const { weights, minlength, maxlength, dtype } = bind<BincountOptions>(
    ['weights', 'minlength', 'maxlength', 'dtype'],
    rest,
  );
  return opScope(null, 'bincount', [arr, weights], () => {
    let x = convertToTensor(asIndices(arr), { name: 'arr' });
    let weight = weights == null ? null : convertToTensor(weights, { name: 'weights' });
    if (!x.dtype.isInteger) x = cast(x, int32);
    const limit = (value: TensorLike, name: string) => convertToTensor(value, { name, dtype: x.dtype });
    const isFilled = cast(greater(sizeOf(x), asIndices(0)), x.dtype);
    let length = isFilled.mul(reduceMax(x).add(1));
    if (minlength != null) length = emitOne('Maximum', [limit(minlength, 'minlength'), length]);
    if (maxlength != null) length = emitOne('Minimum', [limit(maxlength, 'maxlength'), length]);
    if (weight) weight = reshape(weight, [-1]);
    x = reshape(x, [-1]);
    weight ??= constantOp(NdArray.zeros(asDType(dtype ?? int32), [0]), 'Const');
    return emitOne('DenseBincount', [x, length, weight], { binary_output: false });
  });
}

export interface HistogramOptions {
  readonly nbins?: TensorLike;
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}
type HistogramRest = Rest<[nbins: TensorLike, dtype: DTypeLike, name: string | null], HistogramOptions>;

/**
 * How many of `values` fall into each of `nbins` (100) bins of the same width between `valueRange[0]` and `valueRange[1]`;
 * values outside count in the first and the last. int32, or `dtype` int64. A range without width fails the run.
 *
 *     tf.histogramFixedWidth([-1, 0, 1.5, 2, 5, 15], [0, 5], 5)    // [2, 1, 1, 0, 2]
 */
export function histogramFixedWidth(values: TensorLike, valueRange: TensorLike, ...rest: HistogramRest): Tensor {
  const { nbins = 100, dtype, name } = bind<HistogramOptions>(['nbins', 'dtype', 'name'], rest);
  return opScope(name, 'histogram_fixed_width', [values, valueRange, nbins], (scope) =>
    emitOne('HistogramFixedWidth', [values, valueRange, asIndices(nbins)], { dtype: asDType(dtype ?? int32) }, scope),
  );
}

/**
 * The bin of each of `values`, int32 of their shape: the bins of `histogramFixedWidth`. `nbins` that are not positive fail
 * the run.
 *
 *     tf.histogramFixedWidthBins([-1, 0, 1.5, 2, 5, 15], [0, 5], 5)    // [0, 0, 1, 2, 4, 4]
 */
export function histogramFixedWidthBins(values: TensorLike, valueRange: TensorLike, ...rest: HistogramRest): Tensor {
  const { nbins = 100, name } = bind<HistogramOptions>(['nbins', 'dtype', 'name'], rest);
  return opScope(name, 'histogram_fixed_width_bins', [values, valueRange, nbins], () => {
    const x = convertToTensor(values, { name: 'values' });
    const shape = shapeOf(x);
    const flat = reshape(x, [-1]);
    const range = convertToTensor(valueRange, { name: 'value_range', preferredDtype: x.dtype });
    const given = convertToTensor(asIndices(nbins), { dtype: int32, name: 'nbins' });
    const check = Assert(greater(given, asIndices(0)), [`nbins ${given} must > 0`]);
    const count = cast(withDependencies([check], given), x.dtype);
    const width = range.slice(1).sub(range.slice(0));
    const scaled = emitOne('RealDiv', [flat.sub(range.slice(0)), width], {}, 'scaled_values');
    const place = floor(count.mul(scaled), { name: 'indices' });
    return reshape(cast(clipByValue(place, 0, count.sub(1)), int32), shape);
  });
}
