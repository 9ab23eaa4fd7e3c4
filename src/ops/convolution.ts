/**
 * The ops of two-dimensional convolution: forward, their gradients, depthwise, and how they reduce to one another where
 * a backend lacks one. The functions of `tf.nn` are in `convolution-functions.ts`.
 */
import { float32, int32 } from '../util/dtype.ts';
import { type Dim, isFullyDefined, type Shape, sameShape } from '../util/shape.ts';
import { layoutOf, type Padding, padsOf, type WindowAxis, windowAxis } from '../util/window.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const FLOATS = 'T: {float16, bfloat16, float32, float64}';
const FLOATS_AND_INT = 'T: {float16, bfloat16, float32, float64, int32}';
const CUDNN = 'use_cudnn_on_gpu: bool = true';
const WINDOW = [
  'padding: {"SAME", "VALID", "EXPLICIT"}',
  'explicit_paddings: list(int) = []',
  'data_format: {"NHWC", "NCHW"} = "NHWC"',
  'dilations: list(int) = [1, 1, 1, 1]',
];

type Attr = <T extends string | readonly number[]>(name: string) => T;

/** One output dimension of a window, with TensorFlow's complaint where it does not fit. */
export function windowedDim(
  size: Dim,
  window: Dim,
  stride: number,
  dilation: number,
  padding: Padding,
  pads: readonly [number, number],
): Dim {
  if (stride <= 0) throw new ShapeError(`Stride must be > 0, but got ${stride}`);
  if (dilation < 1) throw new ShapeError(`Dilation rate must be >= 1, but got ${dilation}`);
  if (size === null) return null;
  if (padding === 'SAME') return Math.ceil(size / stride);
  if (window === null) return null;
  const span = (window - 1) * dilation + 1;
  const padded = size + pads[0] + pads[1];
  if (padded < span) throw new ShapeError(`Negative dimension size caused by subtracting ${span} from ${padded}`);
  return Math.floor((padded - span) / stride) + 1;
}

/** `explicit_paddings` must go with EXPLICIT padding, spare batch and channels, and not be negative. */
export function checkPaddings(attr: Attr, type: string): void {
  const padding = attr<string>('padding');
  const explicit = attr<readonly number[]>('explicit_paddings');
  if (padding !== 'EXPLICIT') {
    if (explicit.length > 0) {
      throw new ShapeError(
        `explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT. ${type} has padding ${padding}`,
      );
    }
    return;
  }
  if (explicit.length !== 8) {
    throw new ShapeError(`explicit_paddings attribute must contain 8 values, but got: ${explicit.length}`);
  }
  if (explicit.some((p) => p < 0)) {
    throw new ShapeError(`All elements of explicit_paddings must be nonnegative, but got [${explicit.join(', ')}]`);
  }
  const { channel } = layoutOf(attr('data_format'));
  if ([0, channel].some((axis) => padsOf(explicit, axis).some((p) => p !== 0))) {
    throw new ShapeError('Nonzero explicit padding in the batch or depth dimensions is not supported');
  }
}

function convolved(op: InferContext, depthwise: boolean): Inferred {
  const input = withRank(op.shape(0), 4);
  const filter = withRank(op.shape(1), 4);
  const format = op.attr<string>('data_format');
  const strides = op.attr<readonly number[]>('strides');
  const dilations = op.attr<readonly number[]>('dilations');
  const name = depthwise ? 'DepthwiseConv2D' : 'Conv2D';
  if (dilations.length !== 4) {
    throw new ShapeError(`${name} requires the dilation attribute to contain 4 values, but got: ${dilations.length}`);
  }
  if (strides.length !== 4) {
    const where = depthwise ? name : `${name} on data format ${format}`;
    throw new ShapeError(`${where} requires the stride attribute to contain 4 values, but got: ${strides.length}`);
  }
  const attr: Attr = (key) => op.attr(key);
  checkPaddings(attr, op.type);
  const { channel, spatial } = layoutOf(format);
  const depth = input[channel];
  let outDepth: Dim;
  if (depthwise) {
    mergeDim(depth, filter[2]);
    const [channels, multiplier] = [depth ?? filter[2], filter[3]];
    outDepth = channels === null || multiplier === null ? null : channels * multiplier;
  } else {
    outDepth = filter[3];
    checkGroups(depth, filter[2], outDepth);
  }
  const explicit = op.attr<readonly number[]>('explicit_paddings');
  const out = new Array<Dim>(4);
  out[0] = input[0];
  out[channel] = outDepth;
  spatial.forEach((axis, k) => {
    out[axis] = windowedDim(
      input[axis],
      filter[k],
      strides[axis],
      dilations[axis],
      op.attr<Padding & string>('padding'),
      padsOf(explicit, axis),
    );
  });
  return [out];
}

/** Channels in and out must be multiples of the groups that the filter's own channels make. */
export function checkGroups(depth: Dim, filterDepth: Dim, outDepth: Dim): void {
  if (depth === null || filterDepth === null) return;
  if (filterDepth === 0) throw new ShapeError('Depth of filter must not be 0');
  if (depth % filterDepth !== 0) {
    throw new ShapeError(`Depth of input (${depth}) is not a multiple of input depth of filter (${filterDepth})`);
  }
  const groups = depth / filterDepth;
  if (outDepth !== null && groups > 0 && outDepth % groups !== 0) {
    throw new ShapeError(`Depth of output (${outDepth}) is not a multiple of the number of groups (${groups})`);
  }
}

/** The shape that an input holds as a vector. */
function shapeFrom(op: InferContext, input: number): Inferred {
  const shape = op.constantShape(input);
  return [shape === null ? [null, null, null, null] : withRank(shape, 4)];
}

/** `input_sizes` may hold height and width alone. */
function inputShapeFrom(op: InferContext): Inferred {
  const sizes = op.constantShape(0);
  if (sizes?.length !== 2) return shapeFrom(op, 0);
  const filter = withRank(op.shape(1), 4);
  const [batch] = withRank(op.shape(2), 4);
  return [op.attr('data_format') === 'NCHW' ? [batch, filter[2], ...sizes] : [batch, ...sizes, filter[2]]];
}

/** The attributes that a convolution and its gradients share. */
function shared<V>(op: OpView<V>, cudnn: boolean) {
  const names = ['strides', 'padding', 'explicit_paddings', 'data_format', 'dilations'];
  if (cudnn) names.push('use_cudnn_on_gpu');
  return Object.fromEntries(names.map((name) => [name, op.attr(name)]));
}

const identitySample = {
  inputs: [sample(float32, [1, 2, 2, 1], [1, 2, 3, 4]), sample(float32, [1, 1, 1, 1], [2])],
  attrs: { strides: [1, 1, 1, 1], padding: 'VALID' },
  outputs: [sample(float32, [1, 2, 2, 1], [2, 4, 6, 8])],
};

defineOp({
  name: 'Conv2D',
  doc: 'The correlation of an image with a filter [height, width, depth in, depth out].',
  inputs: ['input: T', 'filter: T'],
  outputs: ['output: T'],
  attrs: [FLOATS_AND_INT, 'strides: list(int)', CUDNN, ...WINDOW],
  infer: (op) => convolved(op, false),
  grad: (op, [dy], $) => {
    const [x, w] = op.inputs;
    const attrs = shared(op, true);
    const [xShape, wShape] = $.ops('ShapeN', [[x, w]]);
    return [$.op('Conv2DBackpropInput', [xShape, w, dy], attrs), $.op('Conv2DBackpropFilter', [x, wShape, dy], attrs)];
  },
  decompose: (op, $) => channelsLast(op, [0], $),
  samples: [
    identitySample,
    {
      inputs: [sample(float32, [1, 1, 3, 1], [1, 2, 3]), sample(float32, [1, 2, 1, 1], [1, 10])],
      attrs: { strides: [1, 1, 1, 1], padding: 'SAME' },
      outputs: [sample(float32, [1, 1, 3, 1], [21, 32, 3])],
    },
  ],
});

defineOp({
  name: 'Conv2DBackpropInput',
  doc: 'The gradient of a convolution by its image.',
  inputs: ['input_sizes: int32', 'filter: T', 'out_backprop: T'],
  outputs: ['output: T'],
  attrs: [FLOATS_AND_INT, 'strides: list(int)', CUDNN, ...WINDOW],
  infer: inputShapeFrom,
  grad: (op, [g], $) => {
    const [, w, dy] = op.inputs;
    const attrs = shared(op, true);
    return [null, $.op('Conv2DBackpropFilter', [g, $.shape(w), dy], attrs), $.op('Conv2D', [g, w], attrs)];
  },
  decompose: (op, $) => channelsLast(op, [2], $) ?? byFlippedFilter(op, $),
  samples: [
    {
      inputs: [
        sample(int32, [4], [1, 1, 3, 1]),
        sample(float32, [1, 2, 1, 1], [1, 10]),
        sample(float32, [1, 1, 2, 1], [1, 2]),
      ],
      attrs: { strides: [1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 3, 1], [1, 12, 20])],
    },
  ],
});

defineOp({
  name: 'Conv2DBackpropFilter',
  doc: 'The gradient of a convolution by its filter.',
  inputs: ['input: T', 'filter_sizes: int32', 'out_backprop: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, 'strides: list(int)', CUDNN, ...WINDOW],
  infer: (op) => shapeFrom(op, 1),
  grad: (op, [g], $) => {
    const [x, , dy] = op.inputs;
    const attrs = shared(op, true);
    return [$.op('Conv2DBackpropInput', [$.shape(x), g, dy], attrs), null, $.op('Conv2D', [x, g], attrs)];
  },
  decompose: (op, $) => channelsLast(op, [0, 2], $) ?? byExchange(op, $),
  samples: [
    {
      inputs: [
        sample(float32, [1, 1, 3, 1], [1, 2, 3]),
        sample(int32, [4], [1, 2, 1, 1]),
        sample(float32, [1, 1, 2, 1], [1, 10]),
      ],
      attrs: { strides: [1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 2, 1, 1], [21, 32])],
    },
  ],
});

defineOp({
  name: 'DepthwiseConv2dNative',
  doc: 'Each channel of an image correlated with filters of its own [height, width, depth, multiplier].',
  inputs: ['input: T', 'filter: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, 'strides: list(int)', ...WINDOW],
  infer: (op) => convolved(op, true),
  grad: (op, [dy], $) => {
    const [x, w] = op.inputs;
    const attrs = shared(op, false);
    return [
      $.op('DepthwiseConv2dNativeBackpropInput', [$.shape(x), w, dy], attrs),
      $.op('DepthwiseConv2dNativeBackpropFilter', [x, $.shape(w, int32, 'Shape_1'), dy], attrs),
    ];
  },
  decompose: (op, $) => channelsLast(op, [0], $),
  samples: [
    {
      inputs: [sample(float32, [1, 1, 2, 2], [1, 2, 3, 4]), sample(float32, [1, 1, 2, 1], [1, 10])],
      attrs: { strides: [1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 2, 2], [1, 20, 3, 40])],
    },
  ],
});

defineOp({
  name: 'DepthwiseConv2dNativeBackpropInput',
  doc: 'The gradient of a depthwise convolution by its image.',
  inputs: ['input_sizes: int32', 'filter: T', 'out_backprop: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, 'strides: list(int)', ...WINDOW],
  infer: (op) => shapeFrom(op, 0),
  grad: (op, [g], $) => {
    const [, w, dy] = op.inputs;
    const attrs = shared(op, false);
    return [
      null,
      $.op('DepthwiseConv2dNativeBackpropFilter', [g, $.shape(w), dy], attrs),
      $.op('DepthwiseConv2dNative', [g, w], attrs),
    ];
  },
  decompose: (op, $) => channelsLast(op, [2], $),
  samples: [
    {
      inputs: [
        sample(int32, [4], [1, 1, 2, 2]),
        sample(float32, [1, 1, 2, 1], [1, 10]),
        sample(float32, [1, 1, 2, 2], [1, 2, 3, 4]),
      ],
      attrs: { strides: [1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 2, 2], [1, 20, 3, 40])],
    },
  ],
});

defineOp({
  name: 'DepthwiseConv2dNativeBackpropFilter',
  doc: 'The gradient of a depthwise convolution by its filter.',
  inputs: ['input: T', 'filter_sizes: int32', 'out_backprop: T'],
  outputs: ['output: T'],
  attrs: [FLOATS, 'strides: list(int)', ...WINDOW],
  infer: (op) => shapeFrom(op, 1),
  grad: (op, [g], $) => {
    const [x, , dy] = op.inputs;
    const attrs = shared(op, false);
    return [
      $.op('DepthwiseConv2dNativeBackpropInput', [$.shape(x), g, dy], attrs),
      null,
      $.op('DepthwiseConv2dNative', [x, g], attrs),
    ];
  },
  decompose: (op, $) => channelsLast(op, [0, 2], $),
  samples: [
    {
      inputs: [
        sample(float32, [1, 1, 2, 2], [1, 2, 3, 4]),
        sample(int32, [4], [1, 1, 2, 1]),
        sample(float32, [1, 1, 2, 2], [1, 2, 3, 4]),
      ],
      attrs: { strides: [1, 1, 1, 1], padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 2, 1], [10, 20])],
    },
  ],
});

// Decompositions: a convolution in terms of another one, for backends that lack it or compute it slowly.

/** The window of a channels-last convolution whose sizes are all known. */
interface Known {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
}

function known<V>(op: OpView<V>, input: Shape, filter: Shape): Known | null {
  if (!isFullyDefined(input) || !isFullyDefined(filter) || op.attr('data_format') !== 'NHWC') return null;
  if (input[3] !== filter[2] || input.includes(0) || filter.includes(0)) return null;
  const strides = op.attr<readonly number[]>('strides');
  const dilations = op.attr<readonly number[]>('dilations');
  const explicit = op.attr<readonly number[]>('explicit_paddings');
  const axis = (k: number) =>
    windowAxis(
      input[k],
      filter[k - 1],
      strides[k],
      dilations[k],
      op.attr<Padding & string>('padding'),
      padsOf(explicit, k),
    );
  return { rows: axis(1), columns: axis(2) };
}

/** Whether the gradient is of the size that the convolution has; what is not is the host's to refuse. */
function fits(gradient: Shape, { rows, columns }: Known, batch: number, depth: number): boolean {
  return sameShape(gradient, [batch, rows.out, columns.out, depth]);
}

/** The NHWC form of an NCHW op: images are transposed on the way in and out. */
function channelsLast<V>(op: OpView<V>, images: readonly number[], $: Vocabulary<V>): readonly V[] | null {
  if (op.attr('data_format') !== 'NCHW') return null;
  const moved = <T>(v: readonly T[]) => [v[0], v[2], v[3], v[1]];
  const explicit = op.attr<readonly number[]>('explicit_paddings');
  const pairs = explicit.length === 8 ? moved([0, 1, 2, 3]).flatMap((axis) => padsOf(explicit, axis)) : [];
  const attrs = {
    ...shared(op, op.type.startsWith('Conv2D')),
    data_format: 'NHWC',
    strides: moved(op.attr<readonly number[]>('strides')),
    dilations: moved(op.attr<readonly number[]>('dilations')),
    explicit_paddings: pairs,
  };
  const inputs = op.inputs.map((x, i) => (images.includes(i) ? $.transpose(x, [0, 2, 3, 1]) : x));
  if (op.type.endsWith('BackpropInput')) inputs[0] = $.gather(inputs[0], $.ints([0, 2, 3, 1]));
  const y = $.op(op.type, inputs, attrs);
  return [op.type.endsWith('BackpropFilter') ? y : $.transpose(y, [0, 3, 1, 2])];
}

const PLAIN = { padding: 'EXPLICIT', data_format: 'NHWC' } as const;

/** The rows and columns of an image without what negative padding cuts off. */
function crop<V>(x: V, rows: readonly [number, number], columns: readonly [number, number], $: Vocabulary<V>): V {
  const cut = [rows, columns].map(([before, after]) => [Math.max(0, -before), Math.max(0, -after)]);
  if (cut.flat().every((n) => n === 0)) return x;
  const [n, h, w, c] = $.shapeOf(x) as readonly number[];
  const size = [n, h - cut[0][0] - cut[0][1], w - cut[1][0] - cut[1][1], c];
  return $.slice(x, [0, cut[0][0], cut[1][0], 0], size);
}

/** @param rows,columns padding before and after; negative padding crops */
function padded(rows: readonly [number, number], columns: readonly [number, number]): readonly number[] {
  return [0, 0, ...rows.map((p) => Math.max(0, p)), ...columns.map((p) => Math.max(0, p)), 0, 0];
}

/**
 * The filter's gradient is a convolution of the image by the output's gradient, with channels in the place of the batch,
 * and strides and dilations exchanged.
 */
function byExchange<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [x, sizes, dy] = op.inputs;
  const filter = $.constantValue(sizes);
  if (!filter || $.dtypeOf(x) !== float32 || !isFullyDefined($.shapeOf(dy))) return null;
  const [image4, filter4] = [$.shapeOf(x), Array.from(filter.data as Int32Array)];
  const geometry = known(op, image4, filter4);
  if (!geometry || !fits($.shapeOf(dy), geometry, image4?.[0] as number, filter4[3])) return null;
  const pads = (a: WindowAxis): readonly [number, number] => [
    a.before,
    (a.window - 1) * a.dilation + (a.out - 1) * a.stride + 1 - a.size - a.before,
  ];
  const [rows, columns] = [pads(geometry.rows), pads(geometry.columns)];
  const image = $.transpose(crop(x, rows, columns, $), [3, 1, 2, 0]);
  const kernel = $.transpose(dy, [1, 2, 0, 3]);
  const gradient = $.op('Conv2D', [image, kernel], {
    ...PLAIN,
    strides: [1, geometry.rows.dilation, geometry.columns.dilation, 1],
    dilations: [1, geometry.rows.stride, geometry.columns.stride, 1],
    explicit_paddings: padded(rows, columns),
  });
  return [$.transpose(gradient, [1, 2, 0, 3])];
}

/** Zeros between the rows and columns of an image, so that it has `rows` and `columns` times its length. */
function spread<V>(x: V, rows: number, columns: number, $: Vocabulary<V>): V {
  if (rows === 1 && columns === 1) return x;
  const [n, h, w, c] = $.shapeOf(x) as readonly number[];
  const paddings = [0, 0, 0, 0, 0, rows - 1, 0, 0, 0, columns - 1, 0, 0];
  const gaps = $.op('Pad', [$.reshape(x, [n, h, 1, w, 1, c]), $.reshape($.ints(paddings), [6, 2])]);
  return $.reshape(gaps, [n, h * rows, w * columns, c]);
}

/**
 * The image's gradient is a convolution by the filter turned around, of the output's gradient with zeros in between
 * where the strides skipped elements.
 */
function byFlippedFilter<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const [sizes, w, dy] = op.inputs;
  const input = $.constantValue(sizes);
  if (input?.size !== 4 || $.dtypeOf(w) !== float32 || !isFullyDefined($.shapeOf(dy))) return null;
  const [image4, filter4] = [Array.from(input.data as Int32Array), $.shapeOf(w)];
  const geometry = known(op, image4, filter4);
  if (!geometry || !fits($.shapeOf(dy), geometry, image4[0], filter4?.[3] as number)) return null;
  const pads = (a: WindowAxis): readonly [number, number] => {
    return [(a.window - 1) * a.dilation - a.before, a.size - a.out * a.stride + a.before];
  };
  const [rows, columns] = [pads(geometry.rows), pads(geometry.columns)];
  const turned = $.transpose($.op('ReverseV2', [w, $.ints([0, 1])]), [0, 1, 3, 2]);
  const flow = spread(dy, geometry.rows.stride, geometry.columns.stride, $);
  const gradient = $.op('Conv2D', [crop(flow, rows, columns, $), turned], {
    ...PLAIN,
    strides: [1, 1, 1, 1],
    dilations: [1, geometry.rows.dilation, geometry.columns.dilation, 1],
    explicit_paddings: padded(rows, columns),
  });
  return [gradient];
}
