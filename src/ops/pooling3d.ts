/**
 * Max and average pooling over volumes, with their gradients, how they reduce to pooling over images, and the functions of
 * `tf.nn` on them. `tf.nn.pool` is in `pooling.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { type Dim, isFullyDefined, type KnownShape, type Shape, sameShape } from '../util/shape.ts';
import { layoutOf, type Padding, windowAxis } from '../util/window.ts';
import { windowedDim } from './convolution.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { merge, withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { channelsLast } from './pooling-layout.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { everyAxis, type WindowSizes } from './window-arguments.ts';

const REAL = '{float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}';
const FLOATS = '{float16, bfloat16, float32, float64}';
const MAX_FLOATS = '{float16, bfloat16, float32}';
const WINDOW = [
  'ksize: list(int) >= 5',
  'strides: list(int) >= 5',
  'padding: {"SAME", "VALID"}',
  'data_format: {"NDHWC", "NCDHW"} = "NDHWC"',
];

function pooled(op: InferContext): readonly Dim[] {
  const input = withRank(op.shape(0), 5);
  const [ksize, strides] = [op.attr<readonly number[]>('ksize'), op.attr<readonly number[]>('strides')];
  if (strides.length !== 5) {
    throw new ShapeError(`Pool3D ops require the stride attribute to contain 5 values, but got: ${strides.length}`);
  }
  if (ksize.length !== 5) {
    throw new ShapeError(`Pool3D requires the ksize attribute to contain 5 values, but got: ${ksize.length}`);
  }
  const out = [...input];
  for (const axis of layoutOf(op.attr('data_format'), 5).spatial) {
    out[axis] = windowedDim(input[axis], ksize[axis], strides[axis], 1, op.attr<Padding & string>('padding'), [0, 0]);
  }
  return out;
}

const likeFirst = (op: InferContext): Inferred => [withRank(op.shape(0), 5)];

const NAMES = ['ksize', 'strides', 'padding', 'data_format'];

function attrsOf<V>(op: OpView<V>) {
  return Object.fromEntries(NAMES.map((name) => [name, op.attr(name)]));
}

const TWO_CUBED = { ksize: [1, 2, 2, 2, 1], strides: [1, 2, 2, 2, 1], padding: 'VALID' };
const VOLUME = sample(float32, [1, 2, 2, 2, 1], [1, 4, 3, 2, 8, 6, 7, 5]);
const ONE = (value: number) => sample(float32, [1, 1, 1, 1, 1], [value]);

defineOp({
  name: 'MaxPool3D',
  doc: 'The greatest element of each window of a volume.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, `T: ${MAX_FLOATS}`],
  infer: (op) => [pooled(op)],
  grad: (op, [dy], $) => [$.op('MaxPool3DGrad', [op.inputs[0], op.outputs[0], dy], attrsOf(op))],
  decompose: (op, $) => channelsLast(op, [0], NAMES, $) ?? byImages(op, 'MaxPool', $),
  samples: [
    { inputs: [VOLUME], attrs: TWO_CUBED, outputs: [ONE(8)] },
    {
      inputs: [sample(float32, [1, 3, 1, 1, 1], [-1, -2, -3])],
      attrs: { ksize: [1, 2, 1, 1, 1], strides: [1, 2, 1, 1, 1], padding: 'SAME' },
      outputs: [sample(float32, [1, 2, 1, 1, 1], [-1, -3])],
    },
  ],
});

defineOp({
  name: 'MaxPool3DGrad',
  doc: 'The gradient of max pooling over volumes: what flows to a window goes to all elements that equal its greatest.',
  inputs: ['orig_input: TInput', 'orig_output: TInput', 'grad: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, `T: ${MAX_FLOATS} = float32`, `TInput: ${MAX_FLOATS} = float32`],
  infer: likeFirst,
  grad: (op, [dy], $) => {
    const [x, y] = op.inputs;
    return [$.zerosLike(x), $.zerosLike(y), $.op('MaxPool3DGradGrad', [x, y, dy], attrsOf(op))];
  },
  decompose: (op, $) => channelsLast(op, [0, 1, 2], NAMES, $),
  samples: [
    {
      inputs: [VOLUME, ONE(8), ONE(5)],
      attrs: TWO_CUBED,
      outputs: [sample(float32, [1, 2, 2, 2, 1], [0, 0, 0, 0, 5, 0, 0, 0])],
      differentiable: false,
    },
    {
      inputs: [sample(float32, [1, 2, 1, 1, 1], [3, 3]), ONE(3), ONE(5)],
      attrs: { ...TWO_CUBED, ksize: [1, 2, 1, 1, 1] },
      outputs: [sample(float32, [1, 2, 1, 1, 1], [5, 5])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'MaxPool3DGradGrad',
  doc: 'The second gradient of max pooling over volumes: of each window the element where the first has its greatest.',
  inputs: ['orig_input: T', 'orig_output: T', 'grad: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, `T: ${REAL}`],
  infer: (op) => {
    merge(op.shape(0), op.shape(2));
    return [merge(op.shape(1), pooled(op))];
  },
  grad: (op, [dy], $) => {
    const [x, y] = op.inputs;
    return [$.zerosLike(x), $.zerosLike(y), $.op('MaxPool3DGrad', [x, y, dy], attrsOf(op))];
  },
  decompose: (op, $) => channelsLast(op, [0, 1, 2], NAMES, $),
  samples: [
    {
      inputs: [VOLUME, ONE(8), sample(float32, [1, 2, 2, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8])],
      attrs: TWO_CUBED,
      outputs: [ONE(5)],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'AvgPool3D',
  doc: 'The mean of each window of a volume; padding does not count.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, `T: ${FLOATS}`],
  infer: (op) => [pooled(op)],
  grad: (op, [dy], $) => [$.op('AvgPool3DGrad', [$.shape(op.inputs[0]), dy], attrsOf(op))],
  decompose: (op, $) => channelsLast(op, [0], NAMES, $) ?? byImages(op, 'AvgPool', $),
  samples: [{ inputs: [VOLUME], attrs: TWO_CUBED, outputs: [ONE(4.5)] }],
});

defineOp({
  name: 'AvgPool3DGrad',
  doc: 'The gradient of average pooling over volumes: each window shares out what flows to it.',
  inputs: ['orig_input_shape: int32', 'grad: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, `T: ${FLOATS}`],
  infer: (op) => [withRank(op.constantShape(0), 5)],
  grad: (op, [dy], $) => [$.stopGradient(op.inputs[0]), $.op('AvgPool3D', [dy], attrsOf(op))],
  decompose: (op, $) => channelsLast(op, [1], NAMES, $) ?? gradientByImages(op, $),
  samples: [
    {
      inputs: [sample(int32, [5], [1, 2, 2, 2, 1]), ONE(4)],
      attrs: TWO_CUBED,
      outputs: [sample(float32, [1, 2, 2, 2, 1], new Array<number>(8).fill(0.5))],
    },
  ],
});

// Decompositions: a window over a volume is one over its planes, then one along depth, over planes laid out as lines.

interface Steps {
  readonly volume: KnownShape;
  /** The shape after the pool over planes. */
  readonly middle: KnownShape;
  readonly output: KnownShape;
  /** The attributes of the pools over planes and along depth. */
  readonly planes: Readonly<Record<string, string | readonly number[]>>;
  readonly depth: Readonly<Record<string, string | readonly number[]>>;
}

function stepsOf<V>(op: OpView<V>, volume: Shape): Steps | null {
  if (!isFullyDefined(volume) || volume.includes(0) || op.attr('data_format') !== 'NDHWC') return null;
  const [ksize, strides] = [op.attr<readonly number[]>('ksize'), op.attr<readonly number[]>('strides')];
  // What only the host refuses, and in whose words, is left to it.
  if ([0, 4].some((axis) => ksize[axis] !== 1 || strides[axis] !== 1) || ksize.some((k) => k <= 0)) return null;
  const padding = op.attr<Padding & string>('padding');
  const [d, h, w] = [1, 2, 3].map((k) => windowAxis(volume[k], ksize[k], strides[k], 1, padding).out);
  if (Math.min(d, h, w) <= 0) return null;
  const window = (list: readonly number[], axes: readonly number[]) => [1, list[axes[0]], list[axes[1]] ?? 1, 1];
  const attrs = (...axes: number[]) => ({
    padding,
    data_format: 'NHWC',
    ksize: window(ksize, axes),
    strides: window(strides, axes),
  });
  const [n, size, , , channels] = volume;
  return {
    volume,
    middle: [n, size, h, w, channels],
    output: [n, d, h, w, channels],
    planes: attrs(2, 3),
    depth: attrs(1),
  };
}

/** Volumes as a batch of their planes. */
const asPlanes = ([n, d, h, w, c]: KnownShape): KnownShape => [n * d, h, w, c];
/** Volumes as images with depth down and a plane's positions across. */
const asLines = ([n, d, h, w, c]: KnownShape): KnownShape => [n, d, h * w, c];

function byImages<V>(op: OpView<V>, type: 'MaxPool' | 'AvgPool', $: Vocabulary<V>): readonly V[] | null {
  const [x] = op.inputs;
  const steps = $.dtypeOf(x) === float32 ? stepsOf(op, $.shapeOf(x)) : null;
  if (!steps) return null;
  const over = $.op(type, [$.reshape(x, asPlanes(steps.volume))], steps.planes);
  return [$.reshape($.op(type, [$.reshape(over, asLines(steps.middle))], steps.depth), steps.output)];
}

function gradientByImages<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [sizes, dy] = op.inputs;
  const shape = $.constantValue(sizes);
  if (shape?.size !== 5 || $.dtypeOf(dy) !== float32) return null;
  const steps = stepsOf(op, Array.from(shape.data as Int32Array));
  if (!steps || !sameShape($.shapeOf(dy), steps.output)) return null;
  const lines = [$.ints(asLines(steps.middle)), $.reshape(dy, asLines(steps.output))];
  const middle = $.reshape($.op('AvgPoolGrad', lines, steps.depth), asPlanes(steps.middle));
  return [$.reshape($.op('AvgPoolGrad', [$.ints(asPlanes(steps.volume)), middle], steps.planes), steps.volume)];
}

// Functions

export interface Pool3dOptions {
  /** `NDHWC` (the default) or `NCDHW`. */
  readonly dataFormat?: string | null;
  readonly name?: string | null;
}
type Pool3dRest = Rest<[dataFormat: string | null, name: string | null], Pool3dOptions>;

function pool3d(
  type: 'MaxPool3D' | 'AvgPool3D',
  input: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: string,
  rest: Pool3dRest,
): Tensor {
  const { dataFormat, name } = bind<Pool3dOptions>(['dataFormat', 'name'], rest);
  const format = dataFormat ?? 'NDHWC';
  return opScope(name, type, [input], (scope) => {
    const x = convertToTensor(input, { preferredDtype: float32, name: 'input' });
    const attrs = { ksize: everyAxis(ksize, 3, format), strides: everyAxis(strides, 3, format), padding };
    return emitOne(type, [x], { ...attrs, data_format: format }, scope);
  });
}

/**
 * The greatest element of each window of `input` [batch, depth, height, width, channels]; `ksize` and `strides` are numbers
 * for the spatial axes or lists for all. Padding never wins. Throws `ValueError` where no window fits.
 *
 *     tf.nn.maxPool3d(x, 2, 2, 'SAME')
 */
export function maxPool3d(
  input: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: string,
  ...rest: Pool3dRest
): Tensor {
  return pool3d('MaxPool3D', input, ksize, strides, padding, rest);
}

/**
 * The mean of each window of `input` [batch, depth, height, width, channels]; elements of the padding do not count.
 *
 *     tf.nn.avgPool3d(x, [1, 2, 2, 2, 1], [1, 2, 2, 2, 1], 'VALID')
 */
export function avgPool3d(
  input: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: string,
  ...rest: Pool3dRest
): Tensor {
  return pool3d('AvgPool3D', input, ksize, strides, padding, rest);
}
