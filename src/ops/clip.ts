/**
 * Clipping: to limits, and to norms, of one tensor or of several together.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { mergeShapes, type Shape, sameShape } from '../util/shape.ts';
import { maximum, minimum, multiply, truediv } from './arithmetic.ts';
import { cast } from './cast.ts';
import { greater } from './comparison.ts';
import { type NameRest, nameOf } from './elementwise.ts';
import { constantOp, convertToTensor, emitOne, opScope } from './emit.ts';
import { onesLike } from './filling.ts';
import { IndexedSlices } from './indexed-slices.ts';
import { defineOp, sample } from './opdef/define.ts';
import { unchanged } from './opdef/shape-rules.ts';
import { reduceSum } from './reductions.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { rsqrt, sqrt } from './unary-math.ts';

defineOp({
  name: 'ClipByValue',
  doc: 'The values moved to the nearer limit where they lie beyond it.',
  inputs: ['t: T', 'clip_value_min: T', 'clip_value_max: T'],
  outputs: ['output: T'],
  attrs: [
    'T: {float32, float64, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, float16, uint32, uint64}',
  ],
  infer: unchanged,
  grad: (op, [dy], $) => {
    const [x, low, high] = op.inputs;
    const [sx, sLow, sHigh] = [$.shape(x), $.shape(low), $.shape(high)];
    const zeros = $.fill($.shape(dy), $.scalarLike(0, dy, 'zeros/Const'), 'zeros');
    const below = $.less(x, low);
    const above = $.greater(x, high);
    const [, axesLow] = $.ops('BroadcastGradientArgs', [sx, sLow]);
    const [, axesHigh] = $.ops('BroadcastGradientArgs', [sx, sHigh]);
    const outside = $.op('LogicalOr', [below, above]);
    const toX = $.where(outside, zeros, dy);
    const toLow = $.where(below, dy, zeros);
    const toHigh = $.where(above, dy, zeros);
    return [toX, $.reshape($.sum(toLow, axesLow), sLow), $.reshape($.sum(toHigh, axesHigh), sHigh)];
  },
  // Other bounds than scalars and arrays like the input are an error, which the host kernel raises.
  decompose: (op, $) => {
    const [shape, low, high] = op.inputs.map((x) => $.shapeOf(x));
    const fits = (bound: Shape) => bound !== null && (bound.length === 0 || sameShape(bound, shape));
    return fits(low) && fits(high) ? [$.maximum($.minimum(op.inputs[0], op.inputs[2]), op.inputs[1])] : null;
  },
  samples: [
    {
      inputs: [sample(float32, [4], [-2, -0.5, 0.25, 3]), sample(float32, [], [-1]), sample(float32, [], [1])],
      outputs: [sample(float32, [4], [-1, -0.5, 0.25, 1])],
    },
  ],
});

/** What may be clipped: a tensor or rows of one. Of rows the values are clipped. */
export type Clippable = TensorLike | IndexedSlices;

const valuesOf = (t: Clippable, name: string): Tensor =>
  convertToTensor(t instanceof IndexedSlices ? t.values : t, { name });

/** The result in the form of what was clipped. */
const like = (t: Clippable | null, values: Tensor): Tensor | IndexedSlices =>
  t instanceof IndexedSlices ? new IndexedSlices(values, t.indices, t.denseShape) : values;

/**
 * The values moved to the nearer limit where they lie beyond it. The limits are broadcast, but not beyond the shape of
 * the tensor: that is a `ValueError`.
 *
 *     tf.clipByValue([-5, 0, 5], -1, 1)   // [-1, 0, 1]
 */
export function clipByValue(
  t: IndexedSlices,
  clipValueMin: TensorLike,
  clipValueMax: TensorLike,
  ...rest: NameRest
): IndexedSlices;
export function clipByValue(
  t: TensorLike,
  clipValueMin: TensorLike,
  clipValueMax: TensorLike,
  ...rest: NameRest
): Tensor;
export function clipByValue(
  t: Clippable,
  clipValueMin: TensorLike,
  clipValueMax: TensorLike,
  ...rest: NameRest
): Tensor | IndexedSlices {
  return opScope(nameOf(rest), 'clip_by_value', [t, clipValueMin, clipValueMax], (scope) => {
    const values = valuesOf(t, 't');
    const below = minimum(values, clipValueMax);
    mergeShapes(values.shape, below.shape);
    const clipped = maximum(below, clipValueMin, scope);
    mergeShapes(values.shape, clipped.shape);
    return like(t, clipped);
  });
}

export interface ClipByNormOptions {
  /** The axes over which the norm is taken; all without it. */
  readonly axes?: TensorLike | null;
  readonly name?: string | null;
}

/**
 * The tensor scaled down so that its L2 norm, over `axes`, is at most `clipNorm`; a smaller norm is left as it is.
 *
 *     tf.clipByNorm([3, 4], 1)   // [0.6, 0.8]
 */
export function clipByNorm(t: IndexedSlices, clipNorm: TensorLike, ...rest: ClipByNormRest): IndexedSlices;
export function clipByNorm(t: TensorLike, clipNorm: TensorLike, ...rest: ClipByNormRest): Tensor;
export function clipByNorm(t: Clippable, clipNorm: TensorLike, ...rest: ClipByNormRest): Tensor | IndexedSlices {
  const { axes, name } = bind<ClipByNormOptions>(['axes', 'name'], rest);
  return opScope(name, 'clip_by_norm', [t, clipNorm], (scope) => {
    const values = valuesOf(t, 't');
    const sum = reduceSum(multiply(values, values, 'mul'), axes ?? null, true);
    const isPositive = greater(sum, 0);
    // The root is only taken where it has a slope, so that the gradient at 0 is no NaN.
    const safe = emitOne('Select', [isPositive, sum, onesLike(sum)]);
    const norm = emitOne('Select', [isPositive, sqrt(safe), sum]);
    const scaled = multiply(values, clipNorm, 'mul');
    mergeShapes(values.shape, scaled.shape);
    const ratio = truediv(scaled, maximum(norm, clipNorm));
    return like(t, emitOne('Identity', [ratio], {}, scope));
  });
}
export type ClipByNormRest = Rest<[axes: TensorLike | null, name: string | null], ClipByNormOptions>;

/**
 * The tensor scaled down so that its L2 norm divided by the number of elements is at most `clipNorm`.
 *
 *     tf.clipByAverageNorm([3, 4], 1)   // [1.2, 1.6]
 */
export function clipByAverageNorm(t: TensorLike, clipNorm: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'clip_by_average_norm', [t, clipNorm], (scope) => {
    const values = convertToTensor(t, { name: 't' });
    const count = cast(emitOne('Size', [values]), float32);
    const inverse = rsqrt(reduceSum(multiply(values, values, 'mul'), null));
    const scaled = multiply(values, clipNorm, 'mul');
    const average = multiply(inverse, count, 'mul');
    const limit = truediv(constantOp(one(), 'Const'), clipNorm);
    return emitOne('Identity', [multiply(scaled, minimum(average, limit), 'mul')], {}, scope);
  });
}

function one(): NdArray {
  return new NdArray(float32, [], Float32Array.of(1));
}

/**
 * The L2 norm of several tensors taken together; nulls are left out. Throws `TypeError` for what is no list.
 *
 *     tf.globalNorm([[3], [4]])   // 5
 */
export function globalNorm(tList: readonly (Clippable | null)[], ...rest: NameRest): Tensor {
  checkList(tList);
  return opScope(nameOf(rest), 'global_norm', [tList.filter((t) => t !== null)], () => {
    const values = tList.map((t, i) => (t === null ? null : valuesOf(t, `t_${i}`)));
    const halves = values
      .filter((v) => v !== null)
      .map((v) => v.graph.colocateWith(v, false, () => emitOne('L2Loss', [v])));
    const half = reduceSum(emitOne('Pack', [halves], { axis: 0 }, 'stack'));
    const two = constantOp(toScalar(2, half), 'Const');
    return sqrt(multiply(half, two, 'mul'), 'global_norm');
  });
}

function toScalar(value: number, like: Tensor): NdArray {
  const array = NdArray.zeros(like.dtype, []);
  (array.data as Float32Array)[0] = value;
  return array;
}

function checkList(tList: unknown): asserts tList is readonly unknown[] {
  if (!Array.isArray(tList)) throw new TypeError('`t_list` should be a sequence of tensors. Received a single tensor.');
}

export interface ClipByGlobalNormOptions {
  /** The norm where it is known already; `globalNorm(tList)` without it. */
  readonly useNorm?: Tensor | null;
  readonly name?: string | null;
}

/** A clipped tensor for a tensor, slices for slices, null for null. */
export type Clipped = Tensor | IndexedSlices | null;

/**
 * All tensors scaled down by one factor so that their norm taken together is at most `clipNorm`; and that norm. Nulls
 * stay null. An infinite or NaN norm makes all values NaN. Throws `TypeError` for what is no list.
 *
 *     const [clipped, norm] = tf.clipByGlobalNorm(gradients, 5);
 */
export function clipByGlobalNorm(
  tList: readonly (Clippable | null)[],
  clipNorm: TensorLike,
  ...rest: Rest<[useNorm: Tensor | null, name: string | null], ClipByGlobalNormOptions>
): readonly [Clipped[], Tensor] {
  checkList(tList);
  const { useNorm, name } = bind<ClipByGlobalNormOptions>(['useNorm', 'name'], rest);
  const norm = useNorm ?? globalNorm(tList, name);
  const clipped = opScope(name, 'clip_by_global_norm', [tList.filter((t) => t !== null), norm], (scope) => {
    const inverse = truediv(1, norm);
    const limit = truediv(constantOp(toScalar(1, norm), 'Const'), clipNorm);
    const factor = multiply(clipNorm, minimum(inverse, limit), 'mul');
    // 0 where the norm is finite, else NaN.
    const scale = emitOne('AddV2', [factor, emitOne('Sub', [norm, norm], {}, 'sub')], {}, 'add');
    const values = tList.map((t, i) => (t === null ? null : valuesOf(t, `t_${i}`)));
    return values.map((value, i) => {
      if (value === null) return null;
      return value.graph.colocateWith(value, false, () =>
        like(tList[i], emitOne('Identity', [multiply(value, scale, 'mul')], {}, `${scope}_${i}`)),
      );
    });
  });
  return [clipped, norm];
}
