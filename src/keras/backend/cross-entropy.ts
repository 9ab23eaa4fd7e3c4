/**
 * The cross-entropies of the Keras backend: for each example, or element, of targets and outputs. Outputs that come from a
 * softmax or sigmoid are traced back to their logits, which are exact where probabilities have run into 0 or 1. Losses
 * with their smoothing, weights and means are in `losses/`.
 */
import type { Tensor } from '../../graph/graph.ts';
import * as arithmetic from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { clipByValue } from '../../ops/clip.ts';
import { notEqual } from '../../ops/comparison.ts';
import {
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
} from '../../ops/cross-entropy.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { booleanMask } from '../../ops/gather.ts';
import { vector } from '../../ops/indices.ts';
import { reduceSum } from '../../ops/reductions.ts';
import { scatterNd } from '../../ops/scatter.ts';
import { where } from '../../ops/selection.ts';
import { reshape, shape as shapeTensor, transpose } from '../../ops/shaping.ts';
import { softmax } from '../../ops/softmax.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { log, sigmoid } from '../../ops/unary-math.ts';
import { int64 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { formatShape, isCompatible, isFullyDefined } from '../../util/shape.ts';
import { epsilon } from '../config.ts';
import { setMask } from '../engine/history.ts';
import { logitsOf } from './logits.ts';
import { build, operand, scalarLike } from './operands.ts';

/** Scores instead of probabilities: what to take, and whether they are logits. */
interface Scores {
  readonly output: Tensor;
  readonly fromLogits: boolean;
}

/** The logits that the output was made of by `activation`; the output itself where there are none. */
function scoresOf(output: Tensor, fromLogits: boolean, activation: 'Softmax' | 'Sigmoid'): Scores {
  const logits = logitsOf(output) ?? (output.op.type === activation ? output.op.inputs[0] : null);
  return logits ? { output: logits, fromLogits: true } : { output, fromLogits };
}

/** Probabilities kept so far from 0 and 1 that their logarithms are finite. */
function clipped(probabilities: Tensor): Tensor {
  return clipByValue(probabilities, epsilon(), arithmetic.subtract(1, scalarLike(epsilon(), probabilities)));
}

function normalized(probabilities: Tensor, axis: number): Tensor {
  return probabilities.div(reduceSum(probabilities, axis, true));
}

/** Target and output as tensors on one graph; `body` is built whole or not at all. */
function paired(target: TensorLike, output: TensorLike, body: (target: Tensor, output: Tensor) => Tensor): Tensor {
  return build([target, output], () => {
    const scores = operand(output);
    return body(convertToTensor(target, { preferredDtype: scores.dtype }), scores);
  });
}

function checkShapes(target: Tensor, output: Tensor): void {
  if (isCompatible(target.shape, output.shape)) return;
  throw new ValueError(`Shapes ${formatShape(target.shape)} and ${formatShape(output.shape)} are incompatible`);
}

interface LogitsOption {
  /** Whether `output` has logits instead of probabilities. */
  readonly fromLogits?: boolean;
}
interface AxisOption extends LogitsOption {
  /** The axis of classes; the last without it. */
  readonly axis?: number;
}

/**
 * The cross-entropy of rows of probabilities `target` with `output`, of the same shape and float type; the result lacks
 * the axis of classes. Throws `ValueError` for shapes that cannot be the same.
 *
 *     K.categoricalCrossentropy([[0, 1]], [[0.2, 0.8]])   // [0.223]
 */
export function categoricalCrossentropy(
  target: TensorLike,
  output: TensorLike,
  ...rest: Rest<[fromLogits: boolean, axis: number], AxisOption>
): Tensor {
  const { fromLogits = false, axis = -1 } = bind<AxisOption>(['fromLogits', 'axis'], rest);
  return paired(target, output, (labels, given) => {
    checkShapes(labels, given);
    const scores = scoresOf(given, fromLogits, 'Softmax');
    if (scores.fromLogits) return softmaxCrossEntropyWithLogitsV2({ labels, logits: scores.output, axis });
    const probabilities = clipped(normalized(scores.output, axis));
    return reduceSum(labels.mul(log(probabilities)), axis).neg();
  });
}

interface CategoricalFocalOptions extends AxisOption {
  readonly alpha?: TensorLike;
  readonly gamma?: TensorLike;
}

/**
 * `categoricalCrossentropy` with what is already well classified counting less: each term times `alpha * (1 - p) ** gamma`.
 * `alpha` is a number or a weight for each class.
 */
export function categoricalFocalCrossentropy(
  target: TensorLike,
  output: TensorLike,
  ...rest: Rest<[alpha: TensorLike, gamma: TensorLike, fromLogits: boolean, axis: number], CategoricalFocalOptions>
): Tensor {
  const {
    alpha = 0.25,
    gamma = 2,
    fromLogits = false,
    axis = -1,
  } = bind<CategoricalFocalOptions>(['alpha', 'gamma', 'fromLogits', 'axis'], rest);
  return paired(target, output, (labels, given) => {
    checkShapes(labels, given);
    const scores = scoresOf(given, fromLogits, 'Softmax');
    const raw = scores.fromLogits ? softmax(scores.output, axis) : scores.output;
    const probabilities = clipped(normalized(raw, axis));
    const entropy = labels.neg().mul(log(probabilities));
    const modulation = arithmetic.pow(arithmetic.subtract(1, probabilities), gamma);
    return reduceSum(arithmetic.multiply(modulation.mul(alpha as Tensor), entropy), axis);
  });
}

interface SparseOptions extends AxisOption {
  /** A class whose examples do not count: their result is 0, and masked. */
  readonly ignoreClass?: number | null;
}

/**
 * The cross-entropy of class indices `target` with `output`, which has one axis more: that of classes. A target with an
 * axis of length 1 in its place will do. Throws `ValueError` for an axis other than the last of an unknown rank.
 *
 *     K.sparseCategoricalCrossentropy([1], [[0.2, 0.8]])   // [0.223]
 */
export function sparseCategoricalCrossentropy(
  target: TensorLike,
  output: TensorLike,
  ...rest: Rest<[fromLogits: boolean, axis: number, ignoreClass: number | null], SparseOptions>
): Tensor {
  const {
    fromLogits = false,
    axis = -1,
    ignoreClass = null,
  } = bind<SparseOptions>(['fromLogits', 'axis', 'ignoreClass'], rest);
  return paired(target, output, (given, predicted) => {
    let labels = cast(given, int64);
    const scores = scoresOf(predicted, fromLogits, 'Softmax');
    let logits = scores.fromLogits ? scores.output : log(clipped(scores.output));
    const rank = logits.shape?.length ?? null;
    if (rank === null && axis !== -1) {
      throw new ValueError(
        `Cannot compute sparse categorical crossentropy with \`axis=${axis}\` on an output tensor with unknown rank`,
      );
    }
    if (rank !== null) logits = withLast(logits, ((axis % rank) + rank) % rank, rank);
    const sizes = shapeTensor(logits);
    const known = logits.shape;
    const isFlat = labels.shape !== null && rank !== null && labels.shape.length !== rank - 1;
    if (isFlat) {
      labels = reshape(labels, vector(-1));
      logits = reshape(logits, [-1, sizes.slice(-1)]);
    }
    const counts = ignoreClass === null ? null : notEqual(labels, cast(ignoreClass, labels.dtype));
    if (counts) {
      labels = booleanMask(labels, counts);
      logits = booleanMask(logits, counts);
    }
    const result = sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
    const rows = () => sizes.slice({ stop: -1 });
    if (counts) {
      const shape = cast(rows(), int64);
      const mask = reshape(counts, shape);
      const spread = scatterNd(where(mask), result, shape);
      if (known && isFullyDefined(known)) spread.setShape(known.slice(0, -1));
      setMask(spread, mask);
      return spread;
    }
    return isFlat && rank >= 3 ? reshape(result, rows()) : result;
  });
}

/** The axis moved to the end. */
function withLast(x: Tensor, axis: number, rank: number): Tensor {
  if (axis === rank - 1) return x;
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return transpose(x, [...others, axis]);
}

/**
 * The cross-entropy of each element of `target` with that of `output`: independent probabilities, of one shape and type.
 *
 *     K.binaryCrossentropy([1, 0], [0.8, 0.2])   // [0.223, 0.223]
 */
export function binaryCrossentropy(
  target: TensorLike,
  output: TensorLike,
  ...rest: Rest<[fromLogits: boolean], LogitsOption>
): Tensor {
  const { fromLogits = false } = bind<LogitsOption>(['fromLogits'], rest);
  return paired(target, output, (labels, given) => {
    const scores = scoresOf(given, fromLogits, 'Sigmoid');
    if (scores.fromLogits) return sigmoidCrossEntropyWithLogits({ labels, logits: scores.output });
    const p = clipped(scores.output);
    const positive = labels.mul(log(p.add(epsilon())));
    const rest = arithmetic.subtract(1, labels).mul(log(arithmetic.subtract(1, p).add(epsilon())));
    return positive.add(rest).neg();
  });
}

interface BinaryFocalOptions extends LogitsOption {
  /** Whether positive examples count `alpha` and negative ones `1 - alpha`. */
  readonly applyClassBalancing?: boolean;
  readonly alpha?: number;
  readonly gamma?: number;
}

/** `binaryCrossentropy` times `(1 - p) ** gamma`, where p is the probability given to what is true. */
export function binaryFocalCrossentropy(
  target: TensorLike,
  output: TensorLike,
  ...rest: Rest<[applyClassBalancing: boolean, alpha: number, gamma: number, fromLogits: boolean], BinaryFocalOptions>
): Tensor {
  const {
    applyClassBalancing = false,
    alpha = 0.25,
    gamma = 2,
    fromLogits = false,
  } = bind<BinaryFocalOptions>(['applyClassBalancing', 'alpha', 'gamma', 'fromLogits'], rest);
  return paired(target, output, (labels, given) => {
    const p = fromLogits ? sigmoid(given) : given;
    const other = () => arithmetic.subtract(1, labels);
    const right = labels.mul(p).add(other().mul(arithmetic.subtract(1, p)));
    const factor = arithmetic.pow(arithmetic.subtract(1, right), gamma);
    const focal = factor.mul(binaryCrossentropy(labels, given, { fromLogits }));
    if (!applyClassBalancing) return focal;
    return labels
      .mul(alpha)
      .add(other().mul(1 - alpha))
      .mul(focal);
  });
}
