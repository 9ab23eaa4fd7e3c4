/**
 * Cross entropies between labels and logits, and the ops that compute them together with their gradient. Losses that
 * reduce and weight them are in `losses.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { bfloat16, float16, float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape, isCompatible, isFullyDefined, sameShape } from '../util/shape.ts';
import { cast } from './cast.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { type Cotangent, defineOp, type OpView, ShapeError, sample } from './opdef/define.ts';
import { broadcastPair, mergeDim, withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { rank as rankOf, shape as shapeOf } from './shaping.ts';
import { isSmall } from './softmax.ts';
import { isOptions, isSymbolic, renamed, type TensorLike } from './tensor-like.ts';

const FLOATS = 'T: {float16, bfloat16, float32, float64}';
const LAST = toNdArray(-1, int32);
const ZERO = toNdArray([0], int32);
const ONE = toNdArray([1], int32);

/** A vector times each row of a matrix: the loss's gradient times the rows of `mat`. */
function timesRows<V>(vec: V, mat: V, $: Vocabulary<V>): V {
  return $.mul($.op('ExpandDims', [vec, LAST]), mat);
}

/**
 * The gradient with respect to the logits. The second output is the gradient already; where it is differentiated itself
 * (a second derivative), the Jacobian of softmax adds its part.
 */
function logitsGradient<V>(op: OpView<V>, dy: readonly V[], $: Vocabulary<V>): V {
  const [dLoss, dBackprop] = dy;
  const grad = timesRows(dLoss, op.outputs[1], $);
  if (dBackprop === null || $.isZeros(dBackprop)) return grad;
  const softmax = $.op('Softmax', [op.inputs[0]]);
  const row = $.expandDims(dBackprop, 1);
  const column = $.expandDims(softmax, 2);
  const product = $.op('BatchMatMulV2', [row, column], {}, 'MatMul');
  const inner = $.squeeze(product, [1]);
  return $.add(grad, $.mul($.sub(dBackprop, inner), softmax));
}

/** max-shifted logits, their exponentials and the sums of these by row: what loss and gradient share. */
function shiftedRows<V>(logits: V, $: Vocabulary<V>): { shifted: V; exp: V; sum: V } {
  const shifted = $.sub(logits, $.max(logits, [1], true));
  const exp = $.exp(shifted);
  return { shifted, exp, sum: $.sum(exp, [1], true) };
}

defineOp({
  name: 'SoftmaxCrossEntropyWithLogits',
  doc: 'The cross entropy of each row with the softmax of the logits, and its gradient by them.',
  inputs: ['features: T', 'labels: T'],
  outputs: ['loss: T', 'backprop: T'],
  attrs: [FLOATS],
  infer: (op) => {
    const both = withRank(broadcastPair(op.shape(0), op.shape(1)), 2);
    return [[both[0]], both];
  },
  grad: (op, dy, $) => {
    const first = logitsGradient(op, dy, $);
    return [first, timesRows(dy[0], $.neg($.op('LogSoftmax', [op.inputs[0]])), $)];
  },
  decompose: (op, $) => {
    const [logits, labels] = op.inputs;
    if (isSmall($.shapeOf(logits))) return null;
    const { shifted, exp, sum } = shiftedRows(logits, $);
    const loss = $.sum($.mul(labels, $.sub($.log(sum), shifted)), [1]);
    return [loss, $.sub($.div(exp, sum), labels)];
  },
  samples: [
    {
      inputs: [sample(float32, [1, 2], [0, 0]), sample(float32, [1, 2], [1, 0])],
      outputs: [sample(float32, [1], [Math.LN2]), sample(float32, [1, 2], [-0.5, 0.5])],
      // As in TensorFlow, nothing flows from the second output to the labels.
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'SparseSoftmaxCrossEntropyWithLogits',
  doc: 'The cross entropy of a class index a row with the softmax of the logits, and its gradient by them.',
  inputs: ['features: T', 'labels: Tlabels'],
  outputs: ['loss: T', 'backprop: T'],
  attrs: [FLOATS, 'Tlabels: {int32, int64} = int64'],
  infer: (op) => {
    const [rows, classes] = withRank(op.shape(0), 2);
    const labels = op.shape(1);
    if (labels !== null && labels.length !== 1) {
      throw new ShapeError(`Shape must be rank 1 but is rank ${labels.length}`);
    }
    const batch = mergeDim(rows, labels?.[0] ?? null);
    return [[batch], [batch, classes]];
  },
  grad: (op, dy, $): readonly Cotangent<(typeof dy)[number]>[] => [logitsGradient(op, dy, $), null],
  // The labels are looked at on the host, where they come from; the logits stay on the device.
  decompose: (op, $) => {
    const [logits, labels] = op.inputs;
    const shape = $.shapeOf(logits);
    const targets = $.shapeOf(labels);
    const isKnown = isFullyDefined(shape) && isFullyDefined(targets);
    if ($.dtypeOf(logits) !== float32 || !isKnown || shape[0] !== targets[0] || shape.includes(0)) return null;
    const checked = $.op('_CheckedLabels', [labels], { classes: shape[1] });
    const [one, zero] = [toNdArray(1, float32), toNdArray(0, float32)];
    const target = $.op('OneHot', [checked, toNdArray(shape[1], int32), one, zero], { axis: -1 });
    // Chosen, not multiplied: a logit of −∞ counts for nothing where it is not the label's.
    const logs = $.op('LogSoftmax', [logits]);
    const own = $.op('SelectV2', [$.op('Greater', [target, zero]), logs, $.zerosLike(logs)]);
    return [$.neg($.sum(own, [1])), $.sub($.exp(logs), target)];
  },
  samples: [
    {
      inputs: [sample(float32, [1, 2], [0, 0]), sample(int32, [1], [1])],
      outputs: [sample(float32, [1], [Math.LN2]), sample(float32, [1, 2], [0.5, -0.5])],
    },
  ],
});

defineOp({
  name: '_CheckedLabels',
  doc: 'The class indices, all of them in [0, classes): else the run fails.',
  inputs: ['labels: T'],
  outputs: ['output: int32'],
  attrs: ['classes: int', 'T: {int32, int64}'],
  infer: (op) => [op.shape(0)],
  grad: null,
  samples: [{ inputs: [sample(int32, [2], [2, 0])], attrs: { classes: 3 }, outputs: [sample(int32, [2], [2, 0])] }],
});

/** Labels and logits, by name so that they are never swapped. */
export interface LabelsAndLogits {
  readonly labels: TensorLike;
  readonly logits: TensorLike;
  readonly name?: string | null;
}

export interface SoftmaxCrossEntropyArgs extends LabelsAndLogits {
  /** The axis of the classes; the last one without it. */
  readonly axis?: number | null;
  /** The older name of `axis`. */
  readonly dim?: number | null;
}

function checkGiven(what: string, args: { labels?: unknown; logits?: unknown }): void {
  if (args.labels !== undefined && args.labels !== null && args.logits !== undefined && args.logits !== null) return;
  throw new ValueError(
    `Both \`labels\` and \`logits\` must be provided for function ${what}. Received: labels=${show(args.labels)}, logits=${show(args.logits)}`,
  );
}

function show(value: unknown): string {
  return value === undefined || value === null ? 'None' : String(value);
}

/** Keywords in an object, as `labels` and `logits` are easily swapped. */
function keywordsOnly<A extends object>(what: string, args: readonly unknown[]): A {
  const [first] = args;
  if (isOptions(first)) return first as A;
  throw new ValueError(
    `Only call \`${what}\` with named arguments (labels=..., logits=..., ...). Received unnamed argument: ${show(first)}`,
  );
}

/**
 * The cross entropy between `labels` (rows of probabilities) and the softmax of `logits`, of the same shape and float
 * type: a value for each row, so of their shape without its last (or `axis`) dimension. No gradient flows to the labels;
 * `softmaxCrossEntropyWithLogitsV2` lets it flow. Arguments are named; unnamed ones throw `ValueError`.
 *
 *     tf.nn.softmaxCrossEntropyWithLogits({labels: [[1, 0]], logits: [[0, 0]]})    // [0.6931472]
 */
export function softmaxCrossEntropyWithLogits(args: SoftmaxCrossEntropyArgs): Tensor {
  const given = keywordsOnly<SoftmaxCrossEntropyArgs>('softmax_cross_entropy_with_logits', [args]);
  checkGiven('softmax_cross_entropy_with_logits', given);
  const { labels, logits, name } = given;
  return opScope(name, 'softmax_cross_entropy_with_logits_sg', [logits, labels], (scope) => {
    const fixed = emitOne('StopGradient', [labelTensor(labels, logits)], {}, 'labels_stop_gradient');
    return softmaxCrossEntropyWithLogitsV2({ ...given, labels: fixed, name: scope });
  });
}

function labelTensor(labels: TensorLike, logits: TensorLike): Tensor {
  const other = isSymbolic(logits) ? (logits as { dtype?: Tensor['dtype'] }).dtype : null;
  return convertToTensor(labels, { preferredDtype: other ?? float32, name: 'labels' });
}

/**
 * As `softmaxCrossEntropyWithLogits`, with gradients to both the logits and the labels.
 *
 *     const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({labels: y, logits}));
 */
export function softmaxCrossEntropyWithLogitsV2(args: SoftmaxCrossEntropyArgs): Tensor {
  const given = keywordsOnly<SoftmaxCrossEntropyArgs>('softmax_cross_entropy_with_logits_v2', [args]);
  checkGiven('softmax_cross_entropy_with_logits_v2', given);
  const axis = given.axis ?? given.dim ?? -1;
  return opScope(given.name, 'softmax_cross_entropy_with_logits', [given.logits, given.labels], (scope) => {
    const logits = convertToTensor(given.logits, { preferredDtype: float32, name: 'logits' });
    const narrow = logits.dtype === float16 || logits.dtype === bfloat16;
    const precise = narrow ? cast(logits, float32) : logits;
    const labels = cast(
      convertToTensor(given.labels, { preferredDtype: precise.dtype, name: 'labels' }),
      precise.dtype,
    );
    const inputRank = rankOf(precise);
    const rank = logits.shape?.length ?? null;
    if (axis !== -1 && (rank === null || axis < -rank || axis >= rank)) {
      throw new ValueError(`\`axis\` must be in the range [${-(rank ?? 0)}, ${rank ?? 0}). Received: axis=${axis}`);
    }
    const toEnd = (x: Tensor) => (axis === -1 || rank === null ? x : moveToEnd(x, axis < 0 ? axis + rank : axis, rank));
    const [x, y] = [toEnd(precise), toEnd(labels)];
    const inputShape = shapeOf(x);
    const flatX = asMatrix(x);
    const flatY = asMatrix(y);
    const loss = emitOne('SoftmaxCrossEntropyWithLogits', [flatX, flatY], {}, scope);
    const rowsRank = emitOne('Sub', [inputRank, 1]);
    const cost = emitOne('Reshape', [loss, emitOne('Slice', [inputShape, ZERO, [rowsRank]])]);
    if (logits.shape !== null)
      cost.setShape(logits.shape.filter((_, i) => i !== (axis < 0 ? axis + (rank ?? 0) : axis)));
    return narrow ? cast(cost, logits.dtype) : cost;
  });
}

function moveToEnd(x: Tensor, axis: number, rank: number): Tensor {
  const perm = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return emitOne('Transpose', [x, [...perm, axis]], {}, 'transpose');
}

/** All axes but the last flattened into one. */
function asMatrix(x: Tensor): Tensor {
  const rank = rankOf(x);
  const lastSize = emitOne('Slice', [shapeOf(x), [emitOne('Sub', [rank, 1])], ONE]);
  const target = emitOne('ConcatV2', [[[-1], lastSize], 0], {}, 'concat');
  const flat = emitOne('Reshape', [x, target]);
  if (x.shape !== null && isFullyDefined(x.shape.slice(0, -1))) {
    const outer = x.shape.slice(0, -1) as readonly number[];
    flat.setShape([outer.reduce((a, b) => a * b, 1), x.shape[x.shape.length - 1]]);
  }
  return flat;
}

/**
 * The cross entropy between class indices and the softmax of `logits` [..., classes]: `labels` [...] are int32 or int64,
 * each in [0, classes), and the result has their shape and the type of `logits`. A label out of range fails the run with
 * `InvalidArgumentError`; ranks or shapes that do not fit throw `ValueError`.
 *
 *     tf.nn.sparseSoftmaxCrossEntropyWithLogits({labels: [1], logits: [[0, 0]]})    // [0.6931472]
 */
export function sparseSoftmaxCrossEntropyWithLogits(args: LabelsAndLogits): Tensor;
export function sparseSoftmaxCrossEntropyWithLogits(
  labels: TensorLike,
  logits: TensorLike,
  name?: string | null,
): Tensor;
export function sparseSoftmaxCrossEntropyWithLogits(
  first: LabelsAndLogits | TensorLike,
  logits?: TensorLike,
  name?: string | null,
): Tensor {
  const args = (isOptions(first) ? first : { labels: first, logits, name }) as LabelsAndLogits;
  checkGiven('sparse_softmax_cross_entropy_with_logits', args);
  return opScope(args.name, 'SparseSoftmaxCrossEntropyWithLogits', [args.labels, args.logits], () =>
    sparse(args.labels, args.logits, args.name ?? null),
  );
}

function sparse(labelsGiven: TensorLike, logitsGiven: TensorLike, name: string | null): Tensor {
  const labels = convertToTensor(labelsGiven, { preferredDtype: int32 });
  const logits = convertToTensor(logitsGiven, { preferredDtype: float32 });
  const precise = logits.dtype === float16 ? cast(logits, float32) : logits;
  const labelsShape = shapeOf(labels);
  const [a, b] = [labels.shape, logits.shape];
  if (b !== null && b.length === 0) throw new ValueError(`\`logits\` cannot be a scalar. Received logits=${logits}\``);
  if (a !== null && b !== null && a.length !== b.length - 1) {
    throw new ValueError(
      `\`labels.shape.rank\` must equal \`logits.shape.rank - 1\`. Received: labels.shape=${formatShape(a)} of rank ${a.length} and logits.shape=${formatShape(b)} of rank ${b.length}`,
    );
  }
  const rows = b === null ? null : b.slice(0, -1);
  const known = isFullyDefined(a) && isFullyDefined(rows);
  if (known && !sameShape(a, rows)) {
    throw new ValueError(
      `\`labels.shape\` must equal \`logits.shape\` except for the last dimension. Received: labels.shape=${formatShape(a)} and logits.shape=${formatShape(b)}`,
    );
  }
  const entropy = (x: Tensor, y: Tensor) => emit('SparseSoftmaxCrossEntropyWithLogits', [x, y], {}, name).outputs[0];
  if (b !== null && b.length === 2) {
    const cost = entropy(precise, labels);
    return logits.dtype === float16 ? cast(cost, float16) : cost;
  }
  const classes = lastOf(shapeOf(logits), emitOne('Sub', [rankOf(logits), 1], {}, 'sub'));
  const matrix = emitOne('Reshape', [precise, [-1, classes]]);
  const flat = emitOne('Reshape', [labels, toNdArray([-1], int32)]);
  const cost = emitOne('Reshape', [entropy(matrix, flat), labelsShape]);
  if (a !== null) cost.setShape(a);
  return logits.dtype === float16 ? cast(cost, float16) : cost;
}

function lastOf(vector: Tensor, index: Tensor): Tensor {
  const stop = emitOne('AddV2', [index, 1], {}, 'add');
  return emitOne('StridedSlice', [vector, [index], [stop], ONE], { shrink_axis_mask: 1 }, 'strided_slice');
}

/**
 * The element-wise cross entropy between `labels` in [0, 1] and the sigmoid of `logits`, of the same float type and
 * shape: `max(x, 0) - x * z + log(1 + exp(-|x|))`. Throws `ValueError` where the shapes differ.
 *
 *     tf.nn.sigmoidCrossEntropyWithLogits({labels: [1], logits: [0]})    // [0.6931472]
 */
export function sigmoidCrossEntropyWithLogits(args: LabelsAndLogits): Tensor;
export function sigmoidCrossEntropyWithLogits(labels: TensorLike, logits: TensorLike, name?: string | null): Tensor;
export function sigmoidCrossEntropyWithLogits(
  first: LabelsAndLogits | TensorLike,
  second?: TensorLike,
  third?: string | null,
): Tensor {
  const args = (isOptions(first) ? first : { labels: first, logits: second, name: third }) as LabelsAndLogits;
  checkGiven('sigmoid_cross_entropy_with_logits', args);
  return opScope(args.name, 'logistic_loss', [args.logits, args.labels], (scope) => {
    const [logits, labels] = matched(args);
    const zeros = emitOne('ZerosLike', [logits], {}, 'zeros_like');
    const positive = emitOne('GreaterEqual', [logits, zeros]);
    const relu = emitOne('Select', [positive, logits, zeros]);
    const negAbs = emitOne('Select', [positive, emitOne('Neg', [logits]), logits]);
    const product = emitOne('Mul', [logits, labels], {}, 'mul');
    const linear = emitOne('Sub', [relu, product], {}, 'sub');
    return emitOne('AddV2', [linear, emitOne('Log1p', [emitOne('Exp', [negAbs])])], {}, scope);
  });
}

function matched({ labels, logits }: LabelsAndLogits): readonly [Tensor, Tensor] {
  const x = convertToTensor(logits, { preferredDtype: float32, name: 'logits' });
  const z = convertToTensor(labels, { preferredDtype: x.dtype, name: 'labels' });
  if (!isCompatible(z.shape, x.shape)) {
    throw new ValueError(
      `\`logits\` and \`labels\` must have the same shape, received (${formatShape(x.shape)} vs ${formatShape(z.shape)}).`,
    );
  }
  return [x, z];
}

export interface WeightedCrossEntropyArgs extends Omit<LabelsAndLogits, 'labels'> {
  readonly labels?: TensorLike;
  /** The former name of `labels`. */
  readonly targets?: TensorLike;
  /** What a positive example counts, a number or a tensor that broadcasts. */
  readonly posWeight: number | TensorLike;
}

/**
 * `sigmoidCrossEntropyWithLogits` with the positive examples weighted: `posWeight` above 1 favours recall, below 1
 * precision. Types, shapes and errors are the same.
 *
 *     tf.nn.weightedCrossEntropyWithLogits({labels: [1], logits: [0], posWeight: 2})    // [1.3862944]
 */
export function weightedCrossEntropyWithLogits(args: WeightedCrossEntropyArgs): Tensor;
export function weightedCrossEntropyWithLogits(
  labels: TensorLike,
  logits: TensorLike,
  posWeight: number | TensorLike,
  name?: string | null,
): Tensor;
export function weightedCrossEntropyWithLogits(
  first: WeightedCrossEntropyArgs | TensorLike,
  second?: TensorLike,
  third?: number | TensorLike,
  fourth?: string | null,
): Tensor {
  const { targets, ...given } = (
    isOptions(first) ? first : { labels: first, logits: second, posWeight: third, name: fourth }
  ) as WeightedCrossEntropyArgs;
  const { posWeight, name } = given;
  const args = { ...given, labels: renamed(['labels', 'targets'], given.labels, targets) } as LabelsAndLogits;
  checkGiven('weighted_cross_entropy_with_logits', args);
  return opScope(name, 'logistic_loss', [args.logits, args.labels, posWeight], (scope) => {
    const [logits, labels] = matched(args);
    const extra = typeof posWeight === 'number' ? posWeight - 1 : emitOne('Sub', [posWeight, 1], {}, 'sub');
    const weight = emitOne('AddV2', [1, emitOne('Mul', [extra, labels], {}, 'mul')], {}, 'add');
    const negative = emitOne('Mul', [emitOne('Sub', [1, labels], {}, 'sub'), logits], {}, 'mul');
    const log = emitOne('Log1p', [emitOne('Exp', [emitOne('Neg', [emitOne('Abs', [logits])])])]);
    const both = emitOne('AddV2', [log, emitOne('Relu', [emitOne('Neg', [logits])])], {}, 'add');
    return emitOne('AddV2', [negative, emitOne('Mul', [weight, both], {}, 'mul')], {}, scope);
  });
}
