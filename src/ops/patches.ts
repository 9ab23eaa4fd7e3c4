/**
 * Patches of images and volumes as channels, and gray-scale morphology: the ops, their gradients and the functions on
 * them. Convolutions and pools are in files of their own.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim } from '../util/shape.ts';
import type { Padding } from '../util/window.ts';
import { windowedDim } from './convolution.ts';
import { emitOne, opScope } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import { reverse } from './slicing.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';
import { negative } from './unary-math.ts';

const REAL = 'T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}';
const PADDING = 'padding: {"SAME", "VALID"}';
const IMAGE_TYPES =
  'T: {bfloat16, float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128, bool}';

/** An attribute with a number for each axis. */
function perAxis(op: InferContext, name: string, rank: number): readonly number[] {
  const values = op.attr<readonly number[]>(name);
  if (values.length !== rank) {
    throw new ShapeError(
      `${op.type} requires the ${name} attribute to contain ${rank} values, but got: ${values.length}`,
    );
  }
  return values;
}

/** The windows' taps become channels: `[batch, …spatial, channels · taps]`. */
const inferPatches =
  (rank: number) =>
  (op: InferContext): Inferred => {
    const input = withRank(op.shape(0), rank);
    const ksizes = perAxis(op, 'ksizes', rank);
    const strides = perAxis(op, 'strides', rank);
    const rates = rank === 4 ? perAxis(op, 'rates', rank) : ksizes.map(() => 1);
    const padding = op.attr<Padding>('padding');
    const out: Dim[] = [input[0]];
    let taps = 1;
    for (let axis = 1; axis < rank - 1; axis++) {
      out.push(windowedDim(input[axis], ksizes[axis], strides[axis], rates[axis], padding, [0, 0]));
      taps *= ksizes[axis];
    }
    const channels = input[rank - 1];
    return [[...out, channels === null ? null : channels * taps]];
  };

/** Sums what each pixel was copied to: patches of pixel numbers say where that is. */
const patchesGrad: GradFn = (op, [dy], $) => {
  const [x] = op.inputs;
  const ksizes = op.attr<readonly number[]>('ksizes');
  const rank = ksizes.length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  const sizes = (v: typeof x) => $.ops('Unpack', [$.shapeOp(v)], { num: rank, axis: 0 }, 'unstack');
  const [from, to] = [sizes(x), sizes(op.outputs[0])];
  const [batch, channels] = [from[0], from[rank - 1]];
  const pixels = spatial.map((axis) => from[axis]).reduce((a, b) => $.mul(a, b));
  const one = $.ints(1);
  const numbers = $.range(one, $.add(pixels, one), one);
  const numbered = $.reshape(numbers, $.pack([one, ...spatial.map((axis) => from[axis]), one]));
  const attrs: Record<string, readonly number[] | string> = {
    ksizes,
    strides: op.attr<readonly number[]>('strides'),
    padding: op.attr<string>('padding'),
  };
  if (rank === 4) attrs.rates = op.attr<readonly number[]>('rates');
  // Padding has the number 0, so that it becomes a negative segment, which is left out.
  const segments = $.sub($.reshape($.op(op.type, [numbered], attrs), [-1]), one);
  const taps = spatial.map((axis) => $.ints(ksizes[axis]));
  const parts = $.reshape(dy, $.pack([batch, ...spatial.map((axis) => to[axis]), ...taps, channels]));
  const inner = Array.from({ length: 2 * spatial.length }, (_, i) => i + 1);
  const rows = $.transpose(parts, [...inner, 0, inner.length + 1]);
  const flat = $.reshape(rows, $.pack([$.ints(-1), $.mul(batch, channels)]));
  const sums = $.op('UnsortedSegmentSum', [flat, segments, pixels]);
  const image = $.reshape(sums, $.pack([...spatial.map((axis) => from[axis]), batch, channels]));
  return [$.transpose(image, [rank - 2, ...spatial.map((axis) => axis - 1), rank - 1])];
};

const square = sample(float32, [1, 2, 3, 1], [1, 2, 3, 4, 5, 6]);

defineOp({
  name: 'ExtractImagePatches',
  doc: 'The patches under a window sliding over images, as channels.',
  inputs: ['images: T'],
  outputs: ['patches: T'],
  attrs: ['ksizes: list(int) >= 4', 'strides: list(int) >= 4', 'rates: list(int) >= 4', IMAGE_TYPES, PADDING],
  infer: inferPatches(4),
  grad: patchesGrad,
  samples: [
    {
      inputs: [square],
      attrs: { ksizes: [1, 2, 2, 1], strides: [1, 1, 1, 1], rates: [1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 2, 4], [1, 2, 4, 5, 2, 3, 5, 6])],
    },
    {
      inputs: [square],
      attrs: { ksizes: [1, 2, 1, 1], strides: [1, 1, 2, 1], rates: [1, 1, 1, 1], padding: 'SAME' },
      outputs: [sample(float32, [1, 2, 2, 2], [1, 4, 3, 6, 4, 0, 6, 0])],
    },
  ],
});

defineOp({
  name: 'ExtractVolumePatches',
  doc: 'The patches under a window sliding over volumes, as channels.',
  inputs: ['input: T'],
  outputs: ['patches: T'],
  attrs: ['ksizes: list(int) >= 5', 'strides: list(int) >= 5', REAL, PADDING],
  infer: inferPatches(5),
  grad: patchesGrad,
  samples: [
    {
      inputs: [sample(float32, [1, 2, 1, 3, 1], [1, 2, 3, 4, 5, 6])],
      attrs: { ksizes: [1, 2, 1, 2, 1], strides: [1, 1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 1, 2, 4], [1, 2, 4, 5, 2, 3, 5, 6])],
    },
  ],
});

const DILATION = [REAL, 'strides: list(int) >= 4', 'rates: list(int) >= 4', PADDING];
const once = { strides: [1, 1, 1, 1], rates: [1, 1, 1, 1], padding: 'VALID' };
const kernel = sample(float32, [1, 2, 1], [0, 1.5]);

defineOp({
  name: 'Dilation2D',
  doc: 'The greatest sum of a window of images and a filter, channel by channel: gray-scale dilation.',
  inputs: ['input: T', 'filter: T'],
  outputs: ['output: T'],
  attrs: DILATION,
  infer: (op) => {
    const input = withRank(op.shape(0), 4);
    const filter = withRank(op.shape(1), 3);
    const [strides, rates] = [perAxis(op, 'strides', 4), perAxis(op, 'rates', 4)];
    const channels = mergeDim(input[3], filter[2]);
    const along = (axis: number) =>
      windowedDim(input[axis], filter[axis - 1], strides[axis], rates[axis], op.attr<Padding>('padding'), [0, 0]);
    return [[input[0], along(1), along(2), channels]];
  },
  grad: (op, [dy], $) => {
    const [input, filter] = op.inputs;
    const attrs = {
      strides: op.attr<readonly number[]>('strides'),
      rates: op.attr<readonly number[]>('rates'),
      padding: op.attr<string>('padding'),
    };
    return [
      $.op('Dilation2DBackpropInput', [input, filter, dy], attrs),
      $.op('Dilation2DBackpropFilter', [input, filter, dy], attrs),
    ];
  },
  samples: [{ inputs: [square, kernel], attrs: once, outputs: [sample(float32, [1, 2, 2, 1], [3.5, 4.5, 6.5, 7.5])] }],
});

const dys = sample(float32, [1, 2, 2, 1], [1, 2, 3, 4]);

defineOp({
  name: 'Dilation2DBackpropInput',
  doc: 'The gradient of gray-scale dilation with respect to the images.',
  inputs: ['input: T', 'filter: T', 'out_backprop: T'],
  outputs: ['in_backprop: T'],
  attrs: DILATION,
  infer: (op) => [op.shape(0)],
  grad: null,
  samples: [
    { inputs: [square, kernel, dys], attrs: once, outputs: [sample(float32, [1, 2, 3, 1], [0, 1, 2, 0, 3, 4])] },
  ],
});

defineOp({
  name: 'Dilation2DBackpropFilter',
  doc: 'The gradient of gray-scale dilation with respect to the filter.',
  inputs: ['input: T', 'filter: T', 'out_backprop: T'],
  outputs: ['filter_backprop: T'],
  attrs: DILATION,
  infer: (op) => [op.shape(1)],
  grad: null,
  samples: [{ inputs: [square, kernel, dys], attrs: once, outputs: [sample(float32, [1, 2, 1], [0, 10])] }],
});

// Functions

interface Named {
  readonly name?: string | null;
}

export interface ExtractImagePatchesOptions extends Named {
  readonly ksizes?: readonly number[] | null;
  readonly strides?: readonly number[];
  readonly rates?: readonly number[];
  readonly padding?: string;
  /** The other name of `ksizes`. */
  readonly sizes?: readonly number[] | null;
}

/**
 * The patches of `images` [batch, height, width, channels] under a window, as channels: the result is
 * [batch, rows, columns, window height · window width · channels]. `ksizes`, `strides` and `rates` (how far the taps are
 * apart) are of the form [1, height, width, 1], `padding` is 'SAME' or 'VALID'. Throws `ValueError` for others.
 *
 *     tf.image.extractImagePatches(x, [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], 'SAME')
 */
export function extractImagePatches(
  images: TensorLike,
  ...rest: Rest<
    [
      ksizes: readonly number[] | null,
      strides: readonly number[],
      rates: readonly number[],
      padding: string,
      name: string | null,
      sizes: readonly number[] | null,
    ],
    ExtractImagePatchesOptions
  >
): Tensor {
  const { ksizes, strides, rates, padding, name, sizes } = bind<ExtractImagePatchesOptions>(
    ['ksizes', 'strides', 'rates', 'padding', 'name', 'sizes'],
    rest,
  );
  const attrs = { ksizes: renamed(['sizes', 'ksizes'], sizes, ksizes) ?? undefined, strides, rates, padding };
  return emitOne('ExtractImagePatches', [images], attrs, name);
}

/** The patches of `images` under a window, as channels. See `extractImagePatches`. */
export function extractPatches(
  images: TensorLike,
  sizes: readonly number[],
  strides: readonly number[],
  rates: readonly number[],
  padding: string,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return emitOne('ExtractImagePatches', [images], { ksizes: sizes, strides, rates, padding }, name);
}

/**
 * The patches of volumes `input` [batch, depth, height, width, channels] under a window, as channels. `ksizes` and `strides`
 * are of the form [1, depth, height, width, 1], `padding` is 'SAME' or 'VALID'.
 *
 *     tf.extractVolumePatches(x, [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], 'VALID')
 */
export function extractVolumePatches(
  input: TensorLike,
  ksizes: readonly number[],
  strides: readonly number[],
  padding: string,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return emitOne('ExtractVolumePatches', [input], { ksizes, strides, padding }, name);
}

export interface Dilation2dOptions extends Named {
  readonly filter?: TensorLike | null;
  readonly strides?: readonly number[];
  readonly rates?: readonly number[] | null;
  readonly padding?: string;
  /** The other name of `filter`. */
  readonly filters?: TensorLike | null;
  /** The other name of `rates`. */
  readonly dilations?: readonly number[] | null;
}

/**
 * Gray-scale dilation of `input` [batch, height, width, channels] by `filter` [height, width, channels]: at each place the
 * greatest sum of window and filter. `strides` and `rates` are of the form [1, height, width, 1].
 *
 *     tf.nn.dilation2d(x, tf.zeros([3, 3, 1]), [1, 1, 1, 1], [1, 1, 1, 1], 'SAME')
 */
export function dilation2d(
  input: TensorLike,
  ...rest: Rest<
    [
      filter: TensorLike | null,
      strides: readonly number[],
      rates: readonly number[] | null,
      padding: string,
      name: string | null,
      filters: TensorLike | null,
      dilations: readonly number[] | null,
    ],
    Dilation2dOptions
  >
): Tensor {
  const { filter, strides, rates, padding, name, filters, dilations } = bind<Dilation2dOptions>(
    ['filter', 'strides', 'rates', 'padding', 'name', 'filters', 'dilations'],
    rest,
  );
  const window = renamed(['filters', 'filter'], filters, filter);
  if (window === null) throw new ValueError("Argument 'filters' is required.");
  const steps = renamed(['dilations', 'rates'], dilations, rates) ?? undefined;
  return emitOne('Dilation2D', [input, window], { strides, rates: steps, padding }, name);
}

/**
 * Gray-scale erosion of `value` [batch, height, width, channels] by `kernel` [height, width, channels]: at each place the
 * least difference of window and kernel. See `dilation2d`.
 */
export function erosion2d(
  value: TensorLike,
  kernel: TensorLike,
  strides: readonly number[],
  rates: readonly number[],
  padding: string,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  return opScope(name, 'erosion2d', [value, kernel], (scope) => {
    const inputs = [negative(value), reverse(kernel, [0, 1])];
    return negative(emitOne('Dilation2D', inputs, { strides, rates, padding }, scope));
  });
}
