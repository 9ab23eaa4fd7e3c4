/**
 * The ops of three-dimensional convolution, their gradients, how they reduce to two-dimensional ones, and the functions
 * of `tf.nn` on them. Functions that serve every number of dimensions are in `convolution-functions.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { type Dim, isFullyDefined, type KnownShape, type Shape, sameShape } from '../util/shape.ts';
import { layoutOf, type Padding, type WindowAxis, windowAxis } from '../util/window.ts';
import { checkGroups, windowedDim } from './convolution.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';
import { everyAxis, type WindowSizes } from './window-arguments.ts';

const FLOATS = 'T: {float16, bfloat16, float32, float64}';
const WINDOW = [
  'strides: list(int) >= 5',
  'padding: {"SAME", "VALID"}',
  'data_format: {"NDHWC", "NCDHW"} = "NDHWC"',
  'dilations: list(int) = [1, 1, 1, 1, 1]',
];

function convolved(op: InferContext): Inferred {
  const input = withRank(op.shape(0), 5);
  const filter = withRank(op.shape(1), 5);
  const strides = op.attr<readonly number[]>('strides');
  const dilations = op.attr<readonly number[]>('dilations');
  for (const [name, list] of [
    ['dilation', dilations],
    ['stride', strides],
  ] as const) {
    if (list.length === 5) continue;
    throw new ShapeError(`Conv3D requires the ${name} attribute to contain 5 values, but got: ${list.length}`);
  }
  const { channel, spatial } = layoutOf(op.attr('data_format'), 5);
  checkGroups(input[channel], filter[3], filter[4]);
  const out = new Array<Dim>(5);
  out[0] = input[0];
  out[channel] = filter[4];
  spatial.forEach((axis, k) => {
    const padding = op.attr<Padding & string>('padding');
    out[axis] = windowedDim(input[axis], filter[k], strides[axis], dilations[axis], padding, [0, 0]);
  });
  return [out];
}

/** The shape that an input holds as a vector. */
const shapeFrom =
  (input: number) =>
  (op: InferContext): Inferred => [withRank(op.constantShape(input), 5)];

/** The attributes that a convolution and its gradients share. */
function shared<V>(op: OpView<V>) {
  return Object.fromEntries(['strides', 'padding', 'data_format', 'dilations'].map((name) => [name, op.attr(name)]));
}

const PLAIN = { strides: [1, 1, 1, 1, 1], padding: 'VALID' };

defineOp({
  name: 'Conv3D',
  doc: 'The correlation of a volume with a filter [depth, height, width, channels in, channels out].',
  inputs: ['input: T', 'filter: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, ...WINDOW],
  infer: convolved,
  grad: (op, [dy], $) => {
    const [x, w] = op.inputs;
    const attrs = shared(op);
    const [xShape, wShape] = $.ops('ShapeN', [[x, w]]);
    return [
      $.op('Conv3DBackpropInputV2', [xShape, w, dy], attrs),
      $.op('Conv3DBackpropFilterV2', [x, wShape, dy], attrs),
    ];
  },
  decompose: (op, $) => channelsLast(op, [0], $) ?? byPlanes(op, $),
  samples: [
    {
      inputs: [sample(float32, [1, 2, 1, 2, 1], [1, 2, 3, 4]), sample(float32, [2, 1, 1, 1, 1], [1, 10])],
      attrs: PLAIN,
      outputs: [sample(float32, [1, 1, 1, 2, 1], [31, 42])],
    },
    {
      inputs: [sample(float32, [1, 1, 1, 3, 1], [1, 2, 3]), sample(float32, [1, 1, 2, 1, 1], [1, 10])],
      attrs: { strides: [1, 1, 1, 1, 1], padding: 'SAME' },
      outputs: [sample(float32, [1, 1, 1, 3, 1], [21, 32, 3])],
    },
  ],
});

defineOp({
  name: 'Conv3DBackpropInputV2',
  doc: 'The gradient of a three-dimensional convolution by its volume.',
  inputs: ['input_sizes: Tshape', 'filter: T', 'out_backprop: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, ...WINDOW, 'Tshape: {int32, int64} = int32'],
  infer: shapeFrom(0),
  grad: (op, [g], $) => {
    const [, w, dy] = op.inputs;
    const attrs = shared(op);
    return [null, $.op('Conv3DBackpropFilterV2', [g, $.shape(w), dy], attrs), $.op('Conv3D', [g, w], attrs)];
  },
  decompose: (op, $) => channelsLast(op, [2], $) ?? inputByPlanes(op, $),
  samples: [
    {
      inputs: [
        sample(int32, [5], [1, 3, 1, 1, 1]),
        sample(float32, [2, 1, 1, 1, 1], [1, 10]),
        sample(float32, [1, 2, 1, 1, 1], [1, 2]),
      ],
      attrs: PLAIN,
      outputs: [sample(float32, [1, 3, 1, 1, 1], [1, 12, 20])],
    },
  ],
});

defineOp({
  name: 'Conv3DBackpropFilterV2',
  doc: 'The gradient of a three-dimensional convolution by its filter.',
  inputs: ['input: T', 'filter_sizes: int32', 'out_backprop: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, ...WINDOW],
  infer: shapeFrom(1),
  grad: (op, [g], $) => {
    const [x, , dy] = op.inputs;
    const attrs = shared(op);
    return [$.op('Conv3DBackpropInputV2', [$.shape(x), g, dy], attrs), null, $.op('Conv3D', [x, g], attrs)];
  },
  decompose: (op, $) => channelsLast(op, [0, 2], $) ?? filterByPlanes(op, $),
  samples: [
    {
      inputs: [
        sample(float32, [1, 3, 1, 1, 1], [1, 2, 3]),
        sample(int32, [5], [2, 1, 1, 1, 1]),
        sample(float32, [1, 2, 1, 1, 1], [1, 10]),
      ],
      attrs: PLAIN,
      outputs: [sample(float32, [2, 1, 1, 1, 1], [21, 32])],
    },
  ],
});

// Decompositions: a convolution is the sum of two-dimensional ones, one for each tap in depth, over a batch of planes.

/** The NDHWC form of an NCDHW op: volumes are transposed on the way in and out. */
function channelsLast<V>(op: OpView<V>, volumes: readonly number[], $: Vocabulary<V>): readonly V[] | null {
  if (op.attr('data_format') !== 'NCDHW') return null;
  const moved = (v: readonly number[]) => [v[0], v[2], v[3], v[4], v[1]];
  const attrs = {
    ...shared(op),
    data_format: 'NDHWC',
    strides: moved(op.attr<readonly number[]>('strides')),
    dilations: moved(op.attr<readonly number[]>('dilations')),
  };
  const inputs = op.inputs.map((x, i) => (volumes.includes(i) ? $.transpose(x, [0, 2, 3, 4, 1]) : x));
  if (op.type === 'Conv3DBackpropInputV2') inputs[0] = $.gather(inputs[0], $.ints([0, 2, 3, 4, 1]));
  const y = $.op(op.type, inputs, attrs);
  return [op.type === 'Conv3DBackpropFilterV2' ? y : $.transpose(y, [0, 4, 1, 2, 3])];
}

/** A channels-last convolution without groups whose sizes are all known. */
interface Known {
  readonly volume: KnownShape;
  readonly filter: KnownShape;
  readonly depth: WindowAxis;
  readonly output: KnownShape;
  /** The attributes of the convolution of the planes. */
  readonly planar: Readonly<Record<string, string | readonly number[]>>;
}

function known<V>(op: OpView<V>, volume: Shape, filter: Shape): Known | null {
  if (!isFullyDefined(volume) || !isFullyDefined(filter) || volume[4] !== filter[3]) return null;
  if (volume.includes(0) || filter.includes(0)) return null;
  const [strides, dilations] = [op.attr<readonly number[]>('strides'), op.attr<readonly number[]>('dilations')];
  // What only the host refuses, and in whose words, is left to it.
  if ([0, 4].some((axis) => strides[axis] !== 1 || dilations[axis] !== 1)) return null;
  const padding = op.attr<Padding & string>('padding');
  const axes = [1, 2, 3].map((k) => windowAxis(volume[k], filter[k - 1], strides[k], dilations[k], padding));
  if (axes.some((axis) => axis.out <= 0)) return null;
  const planar = {
    padding,
    data_format: 'NHWC',
    strides: [1, strides[2], strides[3], 1],
    dilations: [1, dilations[2], dilations[3], 1],
  };
  return { volume, filter, depth: axes[0], output: [volume[0], ...axes.map((axis) => axis.out), filter[4]], planar };
}

/** Volumes as [batch, depth, plane]: backends cut arrays of up to four axes, and are slow with more. */
const asRows = ([n, d, h, w, c]: KnownShape): KnownShape => [n, d, h * w * c];

/** For each tap in depth, the planes that it meets as a batch of images: [batch · depth out, height, width, channels]. */
function planesOfTaps<V>(x: V, { volume, depth }: Known, $: Vocabulary<V>): readonly V[] {
  const [n, size, row] = asRows(volume);
  const { before, stride, dilation, out } = depth;
  // Whole strides for every tap: what is cut can then be regrouped by strides.
  const length = Math.max(before + size, (depth.window - 1) * dilation + out * stride);
  const pads = $.reshape($.ints([0, 0, before, length - before - size, 0, 0]), [3, 2]);
  const rows = $.reshape(x, [n, size, row]);
  const padded = length === size ? rows : $.op('Pad', [rows, pads]);
  return Array.from({ length: depth.window }, (_, k) => {
    let part = padded;
    if (length > out * stride) part = $.slice(padded, [0, k * dilation, 0], [n, out * stride, row]);
    if (stride > 1) part = $.slice($.reshape(part, [n, out, stride, row]), [0, 0, 0, 0], [n, out, 1, row]);
    return $.reshape(part, [n * out, ...volume.slice(2)]);
  });
}

/** The filters of two dimensions that a filter of three is made of, one for each tap in depth. */
function filtersOfTaps<V>(w: V, { filter }: Known, $: Vocabulary<V>): readonly V[] {
  const [taps, ...planar] = filter;
  const size = planar.reduce((a, b) => a * b, 1);
  const rows = $.reshape(w, [taps, size]);
  return Array.from({ length: taps }, (_, k) => $.reshape($.slice(rows, [k, 0], [1, size]), planar));
}

function total<V>(terms: readonly V[], $: Vocabulary<V>): V {
  return terms.length === 1 ? terms[0] : $.addN(terms);
}

function byPlanes<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [x, w] = op.inputs;
  const k = known(op, $.shapeOf(x), $.shapeOf(w));
  if (!k || $.dtypeOf(x) !== float32) return null;
  const filters = filtersOfTaps(w, k, $);
  const terms = planesOfTaps(x, k, $).map((images, tap) => $.op('Conv2D', [images, filters[tap]], k.planar));
  return [$.reshape(total(terms, $), k.output)];
}

/** The output's gradient as a batch of images. */
function flowOf<V>(dy: V, { output: [n, d, ...image] }: Known, $: Vocabulary<V>): V {
  return $.reshape(dy, [n * d, ...image]);
}

function filterByPlanes<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [x, sizes, dy] = op.inputs;
  const filter = $.constantValue(sizes);
  if (filter?.size !== 5 || $.dtypeOf(x) !== float32) return null;
  const k = known(op, $.shapeOf(x), Array.from(filter.data as Int32Array));
  if (!k || !sameShape($.shapeOf(dy), k.output)) return null;
  const flow = flowOf(dy, k, $);
  const size = k.filter.slice(1).reduce((a, b) => a * b, 1);
  const parts = planesOfTaps(x, k, $).map((images) => {
    const gradient = $.op('Conv2DBackpropFilter', [images, $.ints(k.filter.slice(1)), flow], k.planar);
    return $.reshape(gradient, [1, size]);
  });
  return [$.reshape(parts.length === 1 ? parts[0] : $.concat(parts, 0), k.filter)];
}

/** Each tap's share of the gradient goes back to the planes that it met, and the shares are added. */
function inputByPlanes<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [sizes, w, dy] = op.inputs;
  const input = $.constantValue(sizes);
  if (input?.size !== 5 || $.dtypeOf(w) !== float32) return null;
  const k = known(op, Array.from(input.data as ArrayLike<number | bigint>, Number), $.shapeOf(w));
  if (!k || !sameShape($.shapeOf(dy), k.output)) return null;
  const [n, size, row] = asRows(k.volume);
  const { before, stride, dilation, out, window } = k.depth;
  const images = $.ints([n * out, ...k.volume.slice(2)]);
  const flow = flowOf(dy, k, $);
  // As `planesOfTaps` pads: what lies beyond the volume is cut off in the end.
  const length = Math.max(before + size, (window - 1) * dilation + out * stride);
  const shares = filtersOfTaps(w, k, $).map((filter, tap) => {
    let share = $.reshape($.op('Conv2DBackpropInput', [images, filter, flow], k.planar), [n, out, row]);
    if (stride > 1) {
      const gaps = $.reshape($.ints([0, 0, 0, 0, 0, (stride - 1) * row]), [3, 2]);
      share = $.reshape($.op('Pad', [share, gaps]), [n, out * stride, row]);
    }
    const after = length - tap * dilation - out * stride;
    const pads = $.reshape($.ints([0, 0, tap * dilation, after, 0, 0]), [3, 2]);
    return length === out * stride ? share : $.op('Pad', [share, pads]);
  });
  const sum = total(shares, $);
  return [$.reshape(length === size ? sum : $.slice(sum, [0, before, 0], [n, size, row]), k.volume)];
}

// Functions

export interface Conv3dOptions {
  readonly strides?: WindowSizes | null;
  readonly padding?: 'SAME' | 'VALID' | (string & {}) | null;
  /** `NDHWC` (the default) or `NCDHW`. */
  readonly dataFormat?: string | null;
  readonly dilations?: WindowSizes | null;
  readonly name?: string | null;
}

function attrsOf({ strides, padding, dataFormat, dilations }: Conv3dOptions, of: string) {
  if (padding === null || padding === undefined) throw new TypeError(`${of} missing required argument 'padding'`);
  const format = dataFormat ?? 'NDHWC';
  return {
    strides: everyAxis(strides, 3, format),
    padding,
    data_format: format,
    dilations: everyAxis(dilations, 3, format),
  };
}

/**
 * The three-dimensional convolution (in truth correlation) of `input` [batch, depth, height, width, channels] with
 * `filter` [depth, height, width, channels, outChannels], both of one float type. `padding` is SAME or VALID. Throws
 * `ValueError` where ranks or channels do not fit or no window fits.
 *
 *     tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], 'SAME')
 *     tf.nn.conv3d(x, w, {strides: 2, padding: 'VALID'})
 */
export function conv3d(
  input: TensorLike,
  filter: TensorLike | null,
  ...rest: Rest<
    [
      strides: WindowSizes | null,
      padding: string | null,
      dataFormat: string | null,
      dilations: WindowSizes | null,
      name: string | null,
    ],
    Conv3dOptions & {
      /** Another name of `filter`. */
      readonly filters?: TensorLike | null;
    }
  >
): Tensor {
  const { filters, ...options } = bind<Conv3dOptions & { filters?: TensorLike | null }>(
    ['strides', 'padding', 'dataFormat', 'dilations', 'name'],
    rest,
  );
  const w = renamed(['filters', 'filter'], filters, filter);
  if (w === null) throw new TypeError("conv3d missing required argument 'filter'");
  return emitOne('Conv3D', [input, w], attrsOf(options, 'conv3d'), options.name);
}

export interface Conv3dTransposeOptions {
  readonly padding?: 'SAME' | 'VALID' | (string & {}) | null;
  readonly dataFormat?: string | null;
  readonly name?: string | null;
  readonly dilations?: WindowSizes | null;
}

/**
 * The transpose (gradient) of `conv3d`: `value` [batch, depth, height, width, channels], `filter` [depth, height, width,
 * outChannels, channels], and `outputShape` the shape of the result, a list or an integer vector.
 *
 *     tf.nn.conv3dTranspose(x, w, [batch, 8, 8, 8, 16], [1, 2, 2, 2, 1], 'SAME')
 */
export function conv3dTranspose(
  value: TensorLike,
  filter: TensorLike,
  outputShape: TensorLike,
  strides: WindowSizes,
  ...rest: Rest<[padding: string | null, dataFormat: string | null, name: string | null], Conv3dTransposeOptions>
): Tensor {
  const { name, ...options } = bind<Conv3dTransposeOptions>(['padding', 'dataFormat', 'name'], rest);
  const attrs = attrsOf({ ...options, padding: options.padding ?? 'SAME', strides }, 'conv3d_transpose');
  return opScope(name, 'conv3d_transpose', [value, filter, outputShape], (scope) => {
    const dy = isSymbolic(filter) ? value : convertToTensor(value, { preferredDtype: float32, name: 'out_backprop' });
    return emitOne('Conv3DBackpropInputV2', [asIndices(outputShape), filter, dy], attrs, scope);
  });
}

/**
 * The gradient of `conv3d` by its filter, whose shape is `filterSizes`: `input` is the volume, `outBackprop` what flows to
 * the result.
 *
 *     tf.nn.conv3dBackpropFilterV2(x, [3, 3, 3, 1, 8], dy, [1, 1, 1, 1, 1], 'SAME')
 */
export function conv3dBackpropFilterV2(
  input: TensorLike,
  filterSizes: TensorLike,
  outBackprop: TensorLike,
  strides: WindowSizes,
  padding: string,
  ...rest: Rest<
    [dataFormat: string | null, dilations: WindowSizes | null, name: string | null],
    Pick<Conv3dOptions, 'dataFormat' | 'dilations' | 'name'>
  >
): Tensor {
  const { name, ...options } = bind<Conv3dOptions>(['dataFormat', 'dilations', 'name'], rest);
  const attrs = attrsOf({ ...options, strides, padding }, 'conv3d_backprop_filter_v2');
  return emitOne('Conv3DBackpropFilterV2', [input, filterSizes, outBackprop], attrs, name);
}
