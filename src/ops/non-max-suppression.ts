/** Choosing boxes by score, without those that overlap a better one too much: the ops and the functions of `tf.image`. */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** Checks boxes and scores; the number of boxes chosen where results are padded to it. */
function chosen(op: InferContext, isPadded: boolean): readonly (number | null)[] {
  const [count, four] = withRank(op.shape(0), 2);
  mergeDim(count, withRank(op.shape(1), 1)[0]);
  if (four !== null && four !== 4) throw new ShapeError(`Dimension must be 4 but is ${four}`);
  for (let input = 2; input < op.inputCount; input++) withRank(op.shape(input), 0);
  const limit = isPadded ? op.constant(2) : null;
  return [limit === null ? null : Number(limit.data[0] as number)];
}

const plain = (op: InferContext): Inferred => [chosen(op, false)];

const boxes = sample(float32, [3, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 2, 1, 3]);
const scores = sample(float32, [3], [0.9, 0.8, 0.7]);
const two = sample(int32, [], [2]);
const half = sample(float32, [], [0.5]);
const zero = sample(float32, [], [0]);
const indices = sample(int32, [2], [0, 2]);
const TYPES = ['T: {float16, float32} = float32', 'T_threshold: {float16, float32} = float32'];
const PAD = 'pad_to_max_output_size: bool = false';
const DOC = 'The indices of boxes by falling score, without those that overlap a better one too much';
const INPUTS = ['boxes: T', 'scores: T', 'max_output_size: int32'];
const THRESHOLDS = ['iou_threshold: T_threshold', 'score_threshold: T_threshold'];

defineOp({
  name: 'NonMaxSuppression',
  doc: `${DOC}.`,
  inputs: ['boxes: float32', 'scores: float32', 'max_output_size: int32'],
  outputs: ['selected_indices: int32'],
  attrs: ['iou_threshold: float = 0.5'],
  infer: plain,
  grad: () => [null, null, null],
  samples: [{ inputs: [boxes, scores, two], outputs: [indices], differentiable: false }],
});

defineOp({
  name: 'NonMaxSuppressionV2',
  doc: `${DOC}; how much is an input.`,
  inputs: [...INPUTS, THRESHOLDS[0]],
  outputs: ['selected_indices: int32'],
  attrs: TYPES,
  infer: plain,
  grad: () => [null, null, null, null],
  samples: [{ inputs: [boxes, scores, two, half], outputs: [indices], differentiable: false }],
});

defineOp({
  name: 'NonMaxSuppressionV3',
  doc: `${DOC}, and only of scores above a limit.`,
  inputs: [...INPUTS, ...THRESHOLDS],
  outputs: ['selected_indices: int32'],
  attrs: TYPES,
  infer: plain,
  grad: null,
  samples: [{ inputs: [boxes, scores, two, half, zero], outputs: [indices] }],
});

defineOp({
  name: 'NonMaxSuppressionV4',
  doc: `${DOC}, and how many there are.`,
  inputs: [...INPUTS, ...THRESHOLDS],
  outputs: ['selected_indices: int32', 'valid_outputs: int32'],
  attrs: [...TYPES, PAD],
  infer: (op) => [chosen(op, op.attr('pad_to_max_output_size')), []],
  grad: null,
  samples: [{ inputs: [boxes, scores, two, half, zero], outputs: [indices, two] }],
});

defineOp({
  name: 'NonMaxSuppressionV5',
  doc: `${DOC}; their scores, lowered by overlaps; how many there are.`,
  inputs: [...INPUTS, 'iou_threshold: T', 'score_threshold: T', 'soft_nms_sigma: T'],
  outputs: ['selected_indices: int32', 'selected_scores: T', 'valid_outputs: int32'],
  attrs: [TYPES[0], PAD],
  infer: (op) => {
    const length = chosen(op, op.attr('pad_to_max_output_size'));
    return [length, length, []];
  },
  grad: null,
  samples: [
    {
      inputs: [boxes, scores, two, half, zero, zero],
      outputs: [indices, sample(float32, [2], [0.9, 0.7]), two],
    },
  ],
});

defineOp({
  name: 'NonMaxSuppressionWithOverlaps',
  doc: 'The indices by falling score, without those that overlap a better one too much; the overlaps are given.',
  inputs: [
    'overlaps: float32',
    'scores: float32',
    'max_output_size: int32',
    'overlap_threshold: float32',
    'score_threshold: float32',
  ],
  outputs: ['selected_indices: int32'],
  infer: (op) => {
    const [rows, columns] = withRank(op.shape(0), 2);
    mergeDim(mergeDim(rows, withRank(op.shape(1), 1)[0]), columns);
    for (let input = 2; input < 5; input++) withRank(op.shape(input), 0);
    return [[null]];
  },
  grad: () => [null, null, null, null, null],
  samples: [
    {
      inputs: [sample(float32, [3, 3], [1, 0.6, 0.2, 0.6, 1, 0.1, 0.2, 0.1, 1]), scores, two, half, zero],
      outputs: [indices],
      differentiable: false,
    },
  ],
});

// Functions

export interface NonMaxSuppressionOptions {
  /** How much of their union two boxes may have in common; 0.5. */
  readonly iouThreshold?: TensorLike;
  /** Only higher scores count; minus infinity. */
  readonly scoreThreshold?: TensorLike;
  readonly name?: string | null;
}

/**
 * The indices of `boxes` [n, 4] by falling `scores` [n], at most `maxOutputSize` of them, without those that have too much in
 * common with one chosen before. A box is given by two opposite corners, [y1, x1, y2, x2].
 *
 *     const kept = tf.gather(boxes, tf.image.nonMaxSuppression(boxes, scores, 10));
 */
export function nonMaxSuppression(
  boxes: TensorLike,
  scores: TensorLike,
  maxOutputSize: TensorLike,
  ...rest: Rest<[iouThreshold: TensorLike, scoreThreshold: TensorLike, name: string | null], NonMaxSuppressionOptions>
): Tensor {
  const {
    iouThreshold = 0.5,
    scoreThreshold = -Infinity,
    name,
  } = bind<NonMaxSuppressionOptions>(['iouThreshold', 'scoreThreshold', 'name'], rest);
  return opScope(name, 'non_max_suppression', [boxes, scores], () => {
    const overlap = convertToTensor(iouThreshold, { name: 'iou_threshold' });
    const least = convertToTensor(scoreThreshold, { name: 'score_threshold' });
    return emitOne('NonMaxSuppressionV3', [boxes, scores, asIndices(maxOutputSize), overlap, least]);
  });
}

export interface NonMaxSuppressionScoresOptions extends NonMaxSuppressionOptions {
  /** How much overlaps lower scores: the width of a Gaussian; 0 for not at all. */
  readonly softNmsSigma?: TensorLike;
}

/**
 * As `nonMaxSuppression`, with the scores of the boxes chosen; with `softNmsSigma` overlaps lower scores.
 *
 *     const [indices, scores] = tf.image.nonMaxSuppressionWithScores(boxes, given, 10, {softNmsSigma: 0.5});
 */
export function nonMaxSuppressionWithScores(
  boxes: TensorLike,
  scores: TensorLike,
  maxOutputSize: TensorLike,
  ...rest: Rest<
    [iouThreshold: TensorLike, scoreThreshold: TensorLike, softNmsSigma: TensorLike, name: string | null],
    NonMaxSuppressionScoresOptions
  >
): readonly [selectedIndices: Tensor, selectedScores: Tensor] {
  const {
    iouThreshold = 0.5,
    scoreThreshold = -Infinity,
    softNmsSigma = 0,
    name,
  } = bind<NonMaxSuppressionScoresOptions>(['iouThreshold', 'scoreThreshold', 'softNmsSigma', 'name'], rest);
  return opScope(name, 'non_max_suppression_with_scores', [boxes, scores], () => {
    const overlap = convertToTensor(iouThreshold, { name: 'iou_threshold' });
    const least = convertToTensor(scoreThreshold, { name: 'score_threshold' });
    const sigma = convertToTensor(softNmsSigma, { name: 'soft_nms_sigma' });
    const inputs = [boxes, scores, asIndices(maxOutputSize), overlap, least, sigma];
    const [selected, lowered] = emit('NonMaxSuppressionV5', inputs, { pad_to_max_output_size: false }).outputs;
    return [selected, lowered];
  });
}

export interface NonMaxSuppressionOverlapsOptions {
  readonly overlapThreshold?: TensorLike;
  readonly scoreThreshold?: TensorLike;
  readonly name?: string | null;
}

/** As `nonMaxSuppression`, with `overlaps` [n, n] of each pair given in place of boxes. */
export function nonMaxSuppressionOverlaps(
  overlaps: TensorLike,
  scores: TensorLike,
  maxOutputSize: TensorLike,
  ...rest: Rest<
    [overlapThreshold: TensorLike, scoreThreshold: TensorLike, name: string | null],
    NonMaxSuppressionOverlapsOptions
  >
): Tensor {
  const {
    overlapThreshold = 0.5,
    scoreThreshold = -Infinity,
    name,
  } = bind<NonMaxSuppressionOverlapsOptions>(['overlapThreshold', 'scoreThreshold', 'name'], rest);
  return opScope(name, 'non_max_suppression_overlaps', [overlaps, scores], () => {
    const limit = convertToTensor(overlapThreshold, { name: 'overlap_threshold' });
    const inputs = [overlaps, scores, asIndices(maxOutputSize), limit, scoreThreshold];
    return emitOne('NonMaxSuppressionWithOverlaps', inputs);
  });
}
