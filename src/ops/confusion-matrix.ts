/**
 * `tf.confusionMatrix`, and the squeezing of labels against predictions that metrics share with it. What metrics count is
 * `src/metrics`' business.
 */
import { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { formatShape, isCompatible, type Shape } from '../util/shape.ts';
import { cast } from './cast.ts';
import { assertLess, assertNonNegative } from './checks.ts';
import { withDependencies } from './control.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { onesLike } from './filling.ts';
import { stack } from './joining.ts';
import { int } from './losses-weights.ts';
import { reduceMax } from './reductions.ts';
import { rank as rankOf, shape as shapeOf, squeeze } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** Throws `ValueError` for shapes that cannot be one. */
export function assertCompatible(a: Shape, b: Shape): void {
  if (isCompatible(a, b)) return;
  throw new ValueError(`Shapes ${formatShape(a)} and ${formatShape(b)} are incompatible`);
}

/**
 * `x` without its last axis, which has length 1, where the bool scalar `condition` is true in the run. TensorFlow builds a
 * conditional here; the value is the same.
 */
export function squeezeLastIf(condition: Tensor, x: Tensor): Tensor {
  const kept = emitOne('Sub', [rankOf(x), cast(condition, int32)], {}, 'sub');
  const size = emitOne('Reshape', [kept, [1]]);
  return emitOne('Reshape', [x, emitOne('Slice', [shapeOf(x), [0], size])]);
}

function lastIsOne(shape: Shape): boolean {
  if (shape === null) return true;
  const last = shape[shape.length - 1];
  return last === null || last === 1;
}

/**
 * Labels and predictions, of which the one that has an axis more than the other loses its last, if that has length 1.
 * What else differs is left as it is.
 */
export function removeSqueezableDimensions(
  labels: TensorLike,
  predictions: TensorLike,
): { readonly labels: Tensor; readonly predictions: Tensor } {
  return opScope(null, 'remove_squeezable_dimensions', [labels, predictions], () => {
    const p = convertToTensor(predictions);
    const l = convertToTensor(labels);
    if (p.rank !== null && l.rank !== null) {
      const difference = p.rank - l.rank;
      return {
        labels: difference === -1 && lastIsOne(l.shape) ? squeeze(l, [-1]) : l,
        predictions: difference === 1 && lastIsOne(p.shape) ? squeeze(p, [-1]) : p,
      };
    }
    const difference = emitOne('Sub', [rankOf(p), rankOf(l)], {}, 'sub');
    const adjust = (x: Tensor, surplus: number) => {
      if (x.rank === 0 || !lastIsOne(x.shape)) return x;
      const surplusIs = emitOne('Equal', [int(surplus), difference]);
      return squeezeLastIf(surplusIs, x);
    };
    const squeezed = adjust(p, 1);
    return { labels: adjust(l, -1), predictions: squeezed };
  });
}

export interface ConfusionMatrixOptions {
  /** The number of classes; by default one more than the greatest label or prediction. */
  readonly numClasses?: TensorLike | null;
  /** The type of the counts; int32 without it. */
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
  /** What each pair counts, in the shape of the predictions; 1 without it. */
  readonly weights?: TensorLike | null;
}

/**
 * How often each label (rows) got each prediction (columns): `[classes, classes]` from vectors of class numbers. The run
 * fails with `InvalidArgumentError` for classes that are negative or not below `numClasses`. Throws `ValueError` for
 * shapes that do not fit.
 *
 *     tf.confusionMatrix([0, 1, 1], [0, 1, 0])    // [[1, 0], [1, 1]]
 */
export function confusionMatrix(
  labels: TensorLike,
  predictions: TensorLike,
  ...rest: Rest<
    [numClasses: TensorLike | null, dtype: DTypeLike, name: string | null, weights: TensorLike | null],
    ConfusionMatrixOptions
  >
): Tensor {
  const options = bind<ConfusionMatrixOptions>(['numClasses', 'dtype', 'name', 'weights'], rest);
  const { numClasses = null, name, weights = null } = options;
  const dtype = asDType(options.dtype ?? int32);
  return opScope(name, 'confusion_matrix', [predictions, labels, numClasses, weights], () => {
    const converted = [
      convertToTensor(labels, { name: 'labels' }),
      convertToTensor(predictions, { name: 'predictions' }),
    ];
    const pair = removeSqueezableDimensions(converted[0], converted[1]);
    let p = cast(pair.predictions, int64);
    let l = cast(pair.labels, int64);
    l = checked(l, assertNonNegative(l, { message: '`labels` contains negative values' }));
    p = checked(p, assertNonNegative(p, { message: '`predictions` contains negative values' }));
    const count = numClasses === null ? null : integer(numClasses);
    if (count !== null) {
      const limit = cast(count, int64);
      l = checked(l, assertLess(l, limit, { message: '`labels` out of bound' }));
      p = checked(p, assertLess(p, limit, { message: '`predictions` out of bound' }));
    }
    const classes = count ?? highest(p, l);
    let counted: Tensor | null = null;
    if (weights !== null) {
      const w = convertToTensor(weights, { name: 'weights' });
      assertCompatible(p.shape, w.shape);
      counted = cast(w, dtype);
    }
    const size = sizes(classes);
    const indices = stack([l, p], 1);
    const values = counted ?? onesLike(p, dtype);
    return emitOne('ScatterNd', [indices, values, cast(size, int64)], {}, 'ScatterNd');
  });
}

/** A number of classes as it came: a tensor, or an int32 value. */
function integer(value: TensorLike): Tensor | NdArray {
  if (value instanceof Tensor) return value;
  return typeof value === 'number' ? int(value) : convertToTensor(value);
}

function highest(predictions: Tensor, labels: Tensor): Tensor {
  return emitOne('Maximum', [reduceMax(predictions), reduceMax(labels)]).add(1);
}

/** `[n, n]`. */
function sizes(n: Tensor | NdArray): Tensor {
  if (n instanceof Tensor) return stack([n, n]);
  return convertToTensor([Number(n.item()), Number(n.item())], { dtype: int32, name: 'stack' });
}

function checked(value: Tensor, check: Parameters<typeof withDependencies>[0][number]): Tensor {
  return withDependencies([check], value);
}
