/**
 * The last axes of two integer tensors compared as sets, for metrics at k. TensorFlow has set ops for this; here elements
 * are compared pair by pair, with the same counts. What is made of the counts is `at-k.ts`'s business.
 */
import type { Tensor } from '../graph/graph.ts';
import { cast } from '../ops/cast.ts';
import { assertEqual } from '../ops/checks.ts';
import { withDependencies } from '../ops/control.ts';
import { emitOne, opScope } from '../ops/emit.ts';
import { int, whenBroadcastable } from '../ops/losses-weights.ts';
import { reduceAny, reduceSum } from '../ops/reductions.ts';
import { expandDims, shape as shapeOf } from '../ops/shaping.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { float64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { isFullyDefined, shapeConflict } from '../util/shape.ts';

/**
 * The labels, to be compared with the predictions of the same examples. Throws `TypeError` for other types, `ValueError`
 * for other examples; what only the run knows is checked there, since elements would be broadcast.
 */
export function ofSameExamples(labels: Tensor, predictions: Tensor): Tensor {
  if (labels.dtype !== predictions.dtype) {
    throw new TypeError(`Types don't match, ${predictions.dtype} vs ${labels.dtype}.`);
  }
  const [a, b] = [predictions.shape?.slice(0, -1) ?? null, labels.shape?.slice(0, -1) ?? null];
  const conflict = shapeConflict(a, b);
  if (conflict) throw new ValueError(conflict);
  if (isFullyDefined(a) && isFullyDefined(b)) return labels;
  const examples = (x: Tensor) => shapeOf(x).slice({ stop: -1 });
  const message = 'labels and predictions must be of the same examples';
  return withDependencies([assertEqual(examples(predictions), examples(labels), { message })], labels);
}

/** Whether each element of the last axis of `a` is each of `b`: `[..., m, n]` of `[..., m]` and `[..., n]`. */
function pairwise(a: Tensor, b: Tensor): Tensor {
  return emitOne('Equal', [expandDims(a, -1), expandDims(b, -2)]);
}

/** Whether the element is among the last axis of `others`, by element of `x`. */
export function isAmong(x: Tensor, others: Tensor): Tensor {
  return reduceAny(pairwise(x, others), -1);
}

/** Whether the element is the first of its value, by element: sets hold a value once. */
function isFirst(x: Tensor): Tensor {
  const length = shapeOf(x).slice(-1);
  const places = emitOne('Range', [int(0), length, int(1)], {}, 'range');
  const isEarlier = emitOne('Less', [expandDims(places, 0), expandDims(places, 1)]);
  const seen = reduceAny(emitOne('LogicalAnd', [pairwise(x, x), isEarlier]), -1);
  return emitOne('LogicalNot', [seen]);
}

/** What of two sets is counted: the values of both, or of one alone. */
export type Kind = 'true_positives' | 'false_positives' | 'false_negatives';

/**
 * How many predictions are labels, or how many are in one of the two alone, by example: float64 `[...]`. Of a class only
 * that one is counted.
 */
export function countSets(
  kind: Kind,
  labels: Tensor,
  predictions: Tensor,
  classId: number | null,
  weights: TensorLike | null,
): Tensor {
  return opScope(null, kind, [predictions, labels, weights], () => {
    const found =
      classId === null ? countAll(kind, labels, predictions) : countClass(kind, labels, predictions, classId);
    const counts = cast(found, float64);
    if (weights === null) return counts;
    return whenBroadcastable(weights, counts, () => emitOne('Mul', [counts, cast(weights, float64)]));
  });
}

function countAll(kind: Kind, labels: Tensor, predictions: Tensor): Tensor {
  const [these, others] = kind === 'false_negatives' ? [labels, predictions] : [predictions, labels];
  const isShared = isAmong(these, others);
  const isMeant = kind === 'true_positives' ? isShared : emitOne('LogicalNot', [isShared]);
  return reduceSum(cast(emitOne('LogicalAnd', [isFirst(these), isMeant]), float64), -1);
}

function countClass(kind: Kind, labels: Tensor, predictions: Tensor, classId: number): Tensor {
  const has = (x: Tensor) => reduceAny(emitOne('Equal', [x, classId]), -1);
  const isLabel = has(labels);
  const isPredicted = has(predictions);
  const not = (x: Tensor) => emitOne('LogicalNot', [x]);
  return emitOne('LogicalAnd', [
    kind === 'false_negatives' ? not(isPredicted) : isPredicted,
    kind === 'false_positives' ? not(isLabel) : isLabel,
  ]);
}
