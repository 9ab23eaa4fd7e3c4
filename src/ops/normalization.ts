/**
 * Batch normalisation in one op, its gradients to the second order, and local response normalisation. The functions of
 * `tf.nn`, moments among them, are in `normalization-functions.ts`.
 */
import { float32 } from '../util/dtype.ts';
import { type Dim, isFullyDefined, type Shape } from '../util/shape.ts';
import { layoutOf } from '../util/window.ts';
import { type Cotangent, defineOp, type InferContext, type Inferred, type OpView, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const EPSILON = 'epsilon: float = 0.0001';
const FACTOR = 'exponential_avg_factor: float = 1';
const PLANAR = 'data_format: {"NHWC", "NCHW"} = "NHWC"';
const ANY_FORMAT = 'data_format: {"NHWC", "NCHW", "NDHWC", "NCDHW"} = "NHWC"';
const TRAINING = 'is_training: bool = true';
const HALVES = 'T: {float16, bfloat16, float32}';

/** The image's shape merged with the vectors of channels, and the number of channels. */
function image(op: InferContext, input: number, vectors: readonly number[]): { shape: readonly Dim[]; channels: Dim } {
  const format = op.attr<string>('data_format');
  const shape = withRank(op.shape(input), format.length);
  const { channel } = layoutOf(format, format.length);
  let channels = shape[channel];
  for (const i of vectors) channels = mergeDim(channels, withRank(op.shape(i), 1)[0]);
  return { shape: shape.map((d, i) => (i === channel ? channels : d)), channels };
}

function normalized(op: InferContext, extra: boolean): Inferred {
  const { shape, channels } = image(op, 0, op.attr('is_training') ? [1, 2] : [1, 2, 3, 4]);
  const vector: Shape = [channels];
  return extra ? [shape, vector, vector, vector, vector, null] : [shape, vector, vector, vector, vector];
}

function differentiated(op: InferContext): Inferred {
  image(op, 0, [2]);
  const { shape, channels } = image(op, 1, op.attr('is_training') ? [2] : [2, 3, 4]);
  return [shape, [channels], [channels], [0], [0]];
}

/** Sums, means and broadcasts by channel, for one image format. */
interface Channels<V> {
  readonly axes: readonly number[];
  /** The number of elements of a channel. */
  readonly count: number;
  mean(x: V): V;
  sum(x: V): V;
  /** A vector of channels under a shape that broadcasts against the image. */
  spread(vector: V): V;
  flat(sums: V): V;
}

/** @param kept whether `mean` and `sum` keep the image's rank, so that they broadcast as they are */
function channelsOf<V>(x: V, format: string, $: Vocabulary<V>): Channels<V> | null {
  const shape = $.shapeOf(x);
  if (!isFullyDefined(shape) || shape.includes(0)) return null;
  const { channel } = layoutOf(format, shape.length);
  const axes = shape.map((_, i) => i).filter((i) => i !== channel);
  const wide = shape.map((d, i) => (i === channel ? d : 1));
  return {
    axes,
    count: axes.reduce((n, i) => n * shape[i], 1),
    mean: (v) => $.mean(v, axes, true),
    sum: (v) => $.sum(v, axes, true),
    spread: (v) => $.reshape(v, wide),
    flat: (v) => $.reshape(v, [shape[channel]]),
  };
}

function decomposeForward<V>(op: OpView<V>, $: Vocabulary<V>, extra: boolean): readonly V[] | null {
  const [x, scale, offset, mean, variance] = op.inputs;
  if ($.dtypeOf(x) !== float32) return null;
  const c = channelsOf(x, op.attr('data_format'), $);
  if (!c) return null;
  const epsilon = op.attr<number>('epsilon');
  const rest = (a: V, b: V, m: V, v: V) => (extra ? [a, b, m, v, $.constant(0)] : [a, b, m, v]);
  if (!op.attr('is_training')) {
    const factor = $.mul($.rsqrt($.add(variance, epsilon)), scale);
    const y = $.add($.mul(x, c.spread(factor)), c.spread($.sub(offset, $.mul(mean, factor))));
    return [y, ...rest(mean, variance, mean, variance)];
  }
  const m = c.mean(x);
  const centered = $.sub(x, m);
  const v = c.mean($.square(centered));
  const factor = $.mul($.rsqrt($.add(v, epsilon)), c.spread(scale));
  const y = $.add($.mul(centered, factor), c.spread(offset));
  const unbiased = c.flat($.mul(v, c.count / Math.max(1, c.count - 1)));
  const f = op.attr<number>('exponential_avg_factor');
  const moved = (old: V, now: V) => (f === 1 ? now : $.add($.mul(old, 1 - f), $.mul(now, f)));
  return [y, ...rest(moved(mean, c.flat(m)), moved(variance, unbiased), c.flat(m), c.flat(v))];
}

/** The normalised image and 1 / sqrt(variance + epsilon), from the moments that the forward op kept. */
function standardized<V>(op: OpView<V>, c: Channels<V>, $: Vocabulary<V>): { r: V; hat: V } {
  const [, x, , mean, variance] = op.inputs;
  const r = c.spread($.rsqrt($.add(variance, op.attr<number>('epsilon'))));
  return { r, hat: $.mul($.sub(x, c.spread(mean)), r) };
}

/** Takes away what changes only the mean and the scale of the normalised image: a symmetric linear map. */
function project<V>(u: V, hat: V, c: Channels<V>, $: Vocabulary<V>): V {
  return $.sub($.sub(u, c.mean(u)), $.mul(hat, c.mean($.mul(u, hat))));
}

function decomposeGradient<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [g, x, scale] = op.inputs;
  if ($.dtypeOf(x) !== float32) return null;
  const c = channelsOf(x, op.attr('data_format'), $);
  if (!c) return null;
  const { r, hat } = standardized(op, c, $);
  const inner = op.attr('is_training') ? project(g, hat, c, $) : g;
  const dx = $.mul($.mul(c.spread(scale), r), inner);
  const none = $.constant([]);
  return [dx, c.flat(c.sum($.mul(g, hat))), c.flat(c.sum(g)), none, none];
}

function gradient<V>(op: OpView<V>, [dy]: readonly V[], $: Vocabulary<V>, type: string): readonly Cotangent<V>[] {
  const [x, scale] = op.inputs;
  const epsilon = op.attr<number>('epsilon');
  const format = op.attr<string>('data_format');
  const extra = op.outputs.length > 5 ? [op.outputs[5]] : [];
  if (op.attr('is_training')) {
    const attrs = { epsilon, data_format: format, is_training: true };
    const given = [dy, x, scale, op.outputs[3], op.outputs[4], ...extra];
    const [dx, dScale, dOffset] = $.ops(type, given, attrs);
    return [dx, dScale, dOffset, null, null];
  }
  const rank = format.length;
  const { channel, spatial } = layoutOf(format, rank);
  const first = channel === 1;
  const last = (v: V) => (first ? $.transpose(v, [0, ...spatial, 1]) : v);
  const attrs = { epsilon, data_format: rank === 4 ? 'NHWC' : 'NDHWC', is_training: false };
  const given = [last(x), last(dy)];
  const [dx, dScale, dOffset] = $.ops(type, [given[1], given[0], scale, op.inputs[3], op.inputs[4], ...extra], attrs);
  const back = [0, rank - 1, ...spatial.map((i) => i - 1)];
  return [first ? $.transpose(dx, back) : dx, dScale, dOffset, null, null];
}

/** The gradient of the gradient op, worked out on paper; `a`, `b`, `e` flow to dx, dScale and dOffset. */
function secondGradient<V>(op: OpView<V>, [a, b, e]: readonly V[], $: Vocabulary<V>): readonly Cotangent<V>[] {
  const [g, x, scale] = op.inputs;
  const none = new Array<null>(op.inputs.length - 3).fill(null);
  const format = op.attr<string>('data_format');
  const rank = format.length;
  const { channel } = layoutOf(format, rank);
  const shape = $.shape(x);
  const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== channel);
  const wide =
    axes.length === channel ? null : $.ints(Array.from({ length: rank }, (_, i) => (i === channel ? -1 : 1)));
  const c: Channels<V> = {
    axes,
    count: 0,
    mean: (v) => $.mean(v, axes, true),
    sum: (v) => $.sum(v, axes, true),
    spread: (v) => (wide === null ? v : $.reshape(v, wide)),
    flat: (v) => $.reshape(v, [-1]),
  };
  const { r, hat } = standardized(op, c, $);
  const s = c.spread(scale);
  const [wb, we] = [c.spread(b), c.spread(e)];
  const toOffset = $.add($.mul(wb, hat), $.broadcastTo(we, shape));
  if (!op.attr('is_training')) {
    const dg = $.add($.mul($.mul(s, r), a), toOffset);
    return [dg, $.mul($.mul(wb, g), r), c.flat(c.sum($.mul($.mul(a, g), r))), ...none];
  }
  const projected = project(g, hat, c, $);
  const dg = $.add($.mul($.mul(s, r), project(a, hat, c, $)), toOffset);
  const sr = $.mul(s, r);
  const cross = $.add($.mul(a, c.mean($.mul(g, hat))), $.mul(g, c.mean($.mul(a, hat))));
  const h = $.sub($.mul(wb, g), $.mul(sr, cross));
  const stretch = $.mul($.mul(hat, $.mul(sr, r)), c.mean($.mul(a, projected)));
  const dx = $.sub($.mul(r, project(h, hat, c, $)), stretch);
  return [dg, dx, c.flat(c.sum($.mul($.mul(a, projected), r))), ...none];
}

const NO_MOMENTS = [sample(float32, [0], []), sample(float32, [0], [])];
const TRAINING_SAMPLE = {
  inputs: [sample(float32, [1, 1, 2, 1], [1, 3]), sample(float32, [1], [2]), sample(float32, [1], [5]), ...NO_MOMENTS],
  attrs: { epsilon: 0 },
  outputs: [
    sample(float32, [1, 1, 2, 1], [3, 7]),
    sample(float32, [1], [2]),
    sample(float32, [1], [2]),
    sample(float32, [1], [2]),
    sample(float32, [1], [1]),
  ],
  differentiable: false,
};
const GRADIENT_SAMPLE = {
  inputs: [
    sample(float32, [1, 1, 2, 1], [1, 2]),
    sample(float32, [1, 1, 2, 1], [1, 3]),
    sample(float32, [1], [2]),
    sample(float32, [1], [2]),
    sample(float32, [1], [1]),
  ],
  attrs: { epsilon: 0 },
  outputs: [
    sample(float32, [1, 1, 2, 1], [0, 0]),
    sample(float32, [1], [1]),
    sample(float32, [1], [3]),
    sample(float32, [0], []),
    sample(float32, [0], []),
  ],
  differentiable: false,
};

defineOp({
  name: 'FusedBatchNorm',
  doc: 'The image normalised by the moments of each channel, scaled and shifted; and the moments.',
  inputs: ['x: T', 'scale: T', 'offset: T', 'mean: T', 'variance: T'],
  outputs: ['y: T', 'batch_mean: T', 'batch_variance: T', 'reserve_space_1: T', 'reserve_space_2: T'],
  attrs: ['T: {float32}', EPSILON, FACTOR, PLANAR, TRAINING],
  infer: (op) => normalized(op, false),
  grad: (op, dy, $) => gradient(op, dy, $, 'FusedBatchNormGrad'),
  decompose: (op, $) => decomposeForward(op, $, false),
  samples: [TRAINING_SAMPLE],
});

defineOp({
  name: 'FusedBatchNormV2',
  doc: '`FusedBatchNorm` with moments of a type of their own.',
  inputs: ['x: T', 'scale: U', 'offset: U', 'mean: U', 'variance: U'],
  outputs: ['y: T', 'batch_mean: U', 'batch_variance: U', 'reserve_space_1: U', 'reserve_space_2: U'],
  attrs: [HALVES, 'U: {float32}', EPSILON, FACTOR, PLANAR, TRAINING],
  infer: (op) => normalized(op, false),
  grad: (op, dy, $) => gradient(op, dy, $, 'FusedBatchNormGradV2'),
  decompose: (op, $) => decomposeForward(op, $, false),
  samples: [TRAINING_SAMPLE],
});

defineOp({
  name: 'FusedBatchNormV3',
  doc: '`FusedBatchNormV2` with one more output for the gradient.',
  inputs: ['x: T', 'scale: U', 'offset: U', 'mean: U', 'variance: U'],
  outputs: [
    'y: T',
    'batch_mean: U',
    'batch_variance: U',
    'reserve_space_1: U',
    'reserve_space_2: U',
    'reserve_space_3: U',
  ],
  attrs: [HALVES, 'U: {bfloat16, float32}', EPSILON, FACTOR, ANY_FORMAT, TRAINING],
  infer: (op) => normalized(op, true),
  grad: (op, dy, $) => gradient(op, dy, $, 'FusedBatchNormGradV3'),
  decompose: (op, $) => decomposeForward(op, $, true),
  samples: [{ ...TRAINING_SAMPLE, outputs: [...TRAINING_SAMPLE.outputs, sample(float32, [], [0])] }],
});

defineOp({
  name: 'FusedBatchNormGrad',
  doc: 'The gradient of `FusedBatchNorm`.',
  inputs: ['y_backprop: T', 'x: T', 'scale: T', 'reserve_space_1: T', 'reserve_space_2: T'],
  outputs: ['x_backprop: T', 'scale_backprop: T', 'offset_backprop: T', 'reserve_space_3: T', 'reserve_space_4: T'],
  attrs: ['T: {float32}', EPSILON, PLANAR, TRAINING],
  infer: differentiated,
  grad: secondGradient,
  decompose: decomposeGradient,
  samples: [GRADIENT_SAMPLE],
});

defineOp({
  name: 'FusedBatchNormGradV2',
  doc: 'The gradient of `FusedBatchNormV2`.',
  inputs: ['y_backprop: T', 'x: T', 'scale: float32', 'reserve_space_1: U', 'reserve_space_2: U'],
  outputs: ['x_backprop: T', 'scale_backprop: U', 'offset_backprop: U', 'reserve_space_3: U', 'reserve_space_4: U'],
  attrs: [HALVES, 'U: {float32}', EPSILON, PLANAR, TRAINING],
  infer: differentiated,
  grad: secondGradient,
  decompose: decomposeGradient,
  samples: [GRADIENT_SAMPLE],
});

defineOp({
  name: 'FusedBatchNormGradV3',
  doc: 'The gradient of `FusedBatchNormV3`.',
  inputs: ['y_backprop: T', 'x: T', 'scale: float32', 'reserve_space_1: U', 'reserve_space_2: U', 'reserve_space_3: U'],
  outputs: ['x_backprop: T', 'scale_backprop: U', 'offset_backprop: U', 'reserve_space_4: U', 'reserve_space_5: U'],
  attrs: [HALVES, 'U: {float32}', EPSILON, ANY_FORMAT, TRAINING],
  infer: differentiated,
  grad: secondGradient,
  decompose: decomposeGradient,
  samples: [{ ...GRADIENT_SAMPLE, inputs: [...GRADIENT_SAMPLE.inputs, sample(float32, [], [0])] }],
});

const LRN_ATTRS = [
  'depth_radius: int = 5',
  'bias: float = 1',
  'alpha: float = 1',
  'beta: float = 0.5',
  'T: {float16, bfloat16, float32} = float32',
];

defineOp({
  name: 'LRN',
  doc: 'Each element divided by (bias + alpha · the sum of squares of its neighbours in depth) to the power beta.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: LRN_ATTRS,
  infer: (op) => [withRank(op.shape(0), 4)],
  grad: (op, [dy], $) => {
    const attrs = Object.fromEntries(['depth_radius', 'bias', 'alpha', 'beta'].map((name) => [name, op.attr(name)]));
    return [$.op('LRNGrad', [dy, op.inputs[0], op.outputs[0]], attrs)];
  },
  samples: [
    {
      inputs: [sample(float32, [1, 1, 1, 2], [Math.sqrt(3), 0])],
      attrs: { depth_radius: 1 },
      outputs: [sample(float32, [1, 1, 1, 2], [Math.sqrt(3) / 2, 0])],
    },
  ],
});

defineOp({
  name: 'LRNGrad',
  doc: 'The gradient of `LRN`.',
  inputs: ['input_grads: T', 'input_image: T', 'output_image: T'],
  outputs: ['output: T'],
  attrs: LRN_ATTRS,
  infer: (op) => [withRank(op.shape(1), 4)],
  grad: null,
  samples: [
    {
      inputs: [
        sample(float32, [1, 1, 1, 3], [1, 2, -1]),
        sample(float32, [1, 1, 1, 3], [1, 2, 3]),
        sample(float32, [1, 1, 1, 3], [0.39079496, 0.4204482, 0.6619501]),
      ],
      attrs: { depth_radius: 1, bias: 1, alpha: 0.5, beta: 0.75 },
      outputs: [sample(float32, [1, 1, 1, 3], [0.22821914, 0.2276866, -0.25856715])],
    },
  ],
});
