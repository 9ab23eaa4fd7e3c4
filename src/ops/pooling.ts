/**
 * Max and average pooling over images, with their gradients; `tf.nn.pool`, which also pools volumes. What pools those is
 * in `pooling3d.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { layoutOf, type Padding, padsOf, type Window } from '../util/window.ts';
import { checkPaddings, windowedDim } from './convolution.ts';
import { constantOp, convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { vector } from './indices.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { merge, withRank } from './opdef/shape-rules.ts';
import { channelsLast } from './pooling-layout.ts';
import { avgPool3d, maxPool3d } from './pooling3d.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';
import { everyAxis, type PaddingLike, paddingAttrs, type WindowSizes } from './window-arguments.ts';

const FLOATS = '{float16, bfloat16, float32, float64}';
const MAX_TYPES = '{float16, bfloat16, float32, float64, int32, int64, uint8, int16, int8, uint16, qint8}';
const WINDOW = ['ksize: list(int) >= 4', 'strides: list(int) >= 4'];
const SAME_OR_VALID = 'padding: {"SAME", "VALID"}';
const ANY_PADDING = ['padding: {"SAME", "VALID", "EXPLICIT"}', 'explicit_paddings: list(int) = []'];
const FORMAT = 'data_format: {"NHWC", "NCHW"} = "NHWC"';
const VECT_FORMAT = 'data_format: {"NHWC", "NCHW", "NCHW_VECT_C"} = "NHWC"';

/** @param checksDepth whether windows of one channel have to fit into the channels, as those of max pooling */
function pooled(given: Shape, window: Window, checksDepth = true): readonly Dim[] {
  const { ksize, strides, padding, explicit, dataFormat } = window;
  const input = withRank(given, 4);
  for (const [name, list] of [
    ['stride', strides],
    ['ksize', ksize],
  ] as const) {
    if (list.length !== 4) {
      throw new ShapeError(`Pooling requires the ${name} attribute to contain 4 values, but got: ${list.length}`);
    }
  }
  const { channel, spatial } = layoutOf(dataFormat);
  const out = new Array<Dim>(4);
  out[0] = input[0];
  for (const axis of spatial) {
    out[axis] = windowedDim(input[axis], ksize[axis], strides[axis], 1, padding, padsOf(explicit, axis));
  }
  const depth = input[channel];
  out[channel] =
    depth === null || (ksize[channel] === 1 && (depth > 0 || !checksDepth))
      ? depth
      : windowedDim(depth, ksize[channel], strides[channel], 1, padding, [0, 0]);
  return out;
}

function windowOf(op: InferContext, hasExplicit: boolean, hasFormat = true): Window {
  if (hasExplicit) checkPaddings((key) => op.attr(key), op.type);
  return {
    ksize: op.attr<readonly number[]>('ksize'),
    strides: op.attr<readonly number[]>('strides'),
    padding: op.attr<Padding & string>('padding'),
    explicit: hasExplicit ? op.attr<readonly number[]>('explicit_paddings') : [],
    dataFormat: hasFormat ? op.attr<string>('data_format') : 'NHWC',
  };
}

function attrsOf<V>(op: OpView<V>, names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, op.attr(name)]));
}

const BASIC = ['ksize', 'strides', 'padding', 'data_format'];
const TWO_BY_TWO = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'VALID' };
const IMAGE = sample(float32, [1, 2, 2, 1], [1, 4, 3, 2]);

defineOp({
  name: 'MaxPool',
  doc: 'The greatest element of each window.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: [`T: ${MAX_TYPES} = float32`, ...WINDOW, ...ANY_PADDING, VECT_FORMAT],
  infer: (op) => [pooled(op.shape(0), windowOf(op, true))],
  grad: (op, [dy], $) => [
    $.op('MaxPoolGrad', [op.inputs[0], op.outputs[0], dy], attrsOf(op, [...BASIC, 'explicit_paddings'])),
  ],
  decompose: (op, $) => channelsLast(op, [0], BASIC, $),
  samples: [
    { inputs: [IMAGE], attrs: TWO_BY_TWO, outputs: [sample(float32, [1, 1, 1, 1], [4])] },
    {
      inputs: [sample(float32, [1, 1, 3, 1], [-1, -2, -3])],
      attrs: { ksize: [1, 1, 2, 1], strides: [1, 1, 2, 1], padding: 'SAME' },
      outputs: [sample(float32, [1, 1, 2, 1], [-1, -3])],
    },
  ],
});

defineOp({
  name: 'MaxPoolV2',
  doc: 'The greatest element of each window; the window comes as tensors.',
  inputs: ['input: T', 'ksize: int32', 'strides: int32'],
  outputs: ['output: T'],
  attrs: [`T: ${MAX_TYPES} = float32`, SAME_OR_VALID, VECT_FORMAT],
  infer: (op) => {
    const [ksize, strides] = [op.constant(1), op.constant(2)];
    if (!ksize || !strides) return [withRank(op.shape(0), 4).map(() => null)];
    return [
      pooled(op.shape(0), {
        ksize: numbersOf(ksize),
        strides: numbersOf(strides),
        padding: op.attr<Padding & string>('padding'),
        explicit: [],
        dataFormat: op.attr('data_format'),
      }),
    ];
  },
  grad: (op, [dy], $) => {
    const [x, ksize, strides] = op.inputs;
    const attrs = attrsOf(op, ['padding', 'data_format']);
    return [$.op('MaxPoolGradV2', [x, op.outputs[0], dy, ksize, strides], attrs), null, null];
  },
  decompose: (op, $) => {
    const [ksize, strides] = [$.constantValue(op.inputs[1]), $.constantValue(op.inputs[2])];
    if (!ksize || !strides) return null;
    const attrs = { ...attrsOf(op, ['padding', 'data_format']), ksize: numbersOf(ksize), strides: numbersOf(strides) };
    return [$.op('MaxPool', [op.inputs[0]], attrs)];
  },
  samples: [
    {
      inputs: [IMAGE, sample(int32, [4], [1, 2, 2, 1]), sample(int32, [4], [1, 2, 2, 1])],
      attrs: { padding: 'VALID' },
      outputs: [sample(float32, [1, 1, 1, 1], [4])],
    },
  ],
});

function numbersOf(array: NdArray): number[] {
  return Array.from(array.data as Int32Array);
}

const REAL = 'float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64';
const likeFirst = (op: InferContext): Inferred => [withRank(op.shape(0), 4)];
const likeSecond = (op: InferContext): Inferred => [withRank(op.shape(1), 4)];

defineOp({
  name: 'MaxPoolGrad',
  doc: 'The gradient of max pooling: what flows to a window goes to the first of its greatest elements.',
  inputs: ['orig_input: T', 'orig_output: T', 'grad: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, ...ANY_PADDING, FORMAT, `T: {${REAL}} = float32`],
  infer: likeFirst,
  grad: (op, [dy], $) => {
    const [x, y] = op.inputs;
    return [
      $.zerosLike(x, 'zeros'),
      $.zerosLike(y, 'zeros_1'),
      $.op('MaxPoolGradGrad', [x, y, dy], attrsOf(op, BASIC)),
    ];
  },
  decompose: (op, $) => channelsLast(op, [0, 1, 2], BASIC, $),
  samples: [
    {
      inputs: [IMAGE, sample(float32, [1, 1, 1, 1], [4]), sample(float32, [1, 1, 1, 1], [5])],
      attrs: TWO_BY_TWO,
      outputs: [sample(float32, [1, 2, 2, 1], [0, 5, 0, 0])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'MaxPoolGradV2',
  doc: 'The gradient of `MaxPoolV2`.',
  inputs: ['orig_input: T', 'orig_output: T', 'grad: T', 'ksize: int32', 'strides: int32'],
  outputs: ['output: T'],
  attrs: [SAME_OR_VALID, FORMAT, `T: {${REAL}} = float32`],
  infer: likeFirst,
  grad: null,
  decompose: (op, $) => {
    const [x, y, dy, ...window] = op.inputs;
    const [ksize, strides] = window.map((sizes) => $.constantValue(sizes));
    if (!ksize || !strides) return null;
    const attrs = { ...attrsOf(op, ['padding', 'data_format']), ksize: numbersOf(ksize), strides: numbersOf(strides) };
    return [$.op('MaxPoolGrad', [x, y, dy], attrs)];
  },
  samples: [
    {
      inputs: [
        IMAGE,
        sample(float32, [1, 1, 1, 1], [4]),
        sample(float32, [1, 1, 1, 1], [5]),
        sample(int32, [4], [1, 2, 2, 1]),
        sample(int32, [4], [1, 2, 2, 1]),
      ],
      attrs: { padding: 'VALID' },
      outputs: [sample(float32, [1, 2, 2, 1], [0, 5, 0, 0])],
    },
  ],
});

defineOp({
  name: 'MaxPoolGradGrad',
  doc: 'The second gradient of max pooling: of each window the element where the first has its greatest.',
  inputs: ['orig_input: T', 'orig_output: T', 'grad: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, SAME_OR_VALID, FORMAT, `T: {${REAL}}`],
  infer: likeSecond,
  grad: (op, [dy], $) => {
    const [x, y] = op.inputs;
    return [$.zerosLike(x, 'zeros'), $.zerosLike(y, 'zeros_1'), $.op('MaxPoolGrad', [x, y, dy], attrsOf(op, BASIC))];
  },
  decompose: (op, $) => channelsLast(op, [0, 1, 2], BASIC, $),
  samples: [
    {
      inputs: [IMAGE, sample(float32, [1, 1, 1, 1], [4]), sample(float32, [1, 2, 2, 1], [5, 6, 7, 8])],
      attrs: TWO_BY_TWO,
      outputs: [sample(float32, [1, 1, 1, 1], [6])],
      differentiable: false,
    },
  ],
});

const ARGMAX_ATTRS = [SAME_OR_VALID, 'include_batch_in_index: bool = false'];

defineOp({
  name: 'MaxPoolWithArgmax',
  doc: 'The greatest element of each window, and its position in the flattened image.',
  inputs: ['input: T'],
  outputs: ['output: T', 'argmax: Targmax'],
  attrs: [...WINDOW, 'Targmax: {int32, int64} = int64', ...ARGMAX_ATTRS, `T: {${REAL}}`],
  infer: (op) => {
    const shape = pooled(op.shape(0), windowOf(op, false, false));
    return [shape, shape];
  },
  grad: (op, [dy], $) => {
    const names = ['ksize', 'strides', 'padding', 'include_batch_in_index'];
    return [$.op('MaxPoolGradWithArgmax', [op.inputs[0], dy, op.outputs[1]], attrsOf(op, names))];
  },
  samples: [
    {
      inputs: [IMAGE],
      attrs: TWO_BY_TWO,
      outputs: [sample(float32, [1, 1, 1, 1], [4]), sample(int64, [1, 1, 1, 1], [1])],
    },
  ],
});

defineOp({
  name: 'MaxPoolGradWithArgmax',
  doc: 'The gradient of max pooling from the positions of the greatest elements.',
  inputs: ['input: T', 'grad: T', 'argmax: Targmax'],
  outputs: ['output: T'],
  attrs: [...WINDOW, ...ARGMAX_ATTRS, 'Targmax: {int32, int64}', `T: {${REAL}}`],
  infer: likeFirst,
  grad: null,
  samples: [
    {
      inputs: [IMAGE, sample(float32, [1, 1, 1, 1], [5]), sample(int64, [1, 1, 1, 1], [1])],
      attrs: TWO_BY_TWO,
      outputs: [sample(float32, [1, 2, 2, 1], [0, 5, 0, 0])],
    },
  ],
});

defineOp({
  name: 'AvgPool',
  doc: 'The mean of each window; padding does not count.',
  inputs: ['value: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, SAME_OR_VALID, FORMAT, `T: ${FLOATS}`],
  infer: (op) => [pooled(op.shape(0), windowOf(op, false), false)],
  grad: (op, [dy], $) => [$.op('AvgPoolGrad', [$.shape(op.inputs[0]), dy], attrsOf(op, BASIC))],
  decompose: (op, $) => channelsLast(op, [0], BASIC, $),
  samples: [{ inputs: [IMAGE], attrs: TWO_BY_TWO, outputs: [sample(float32, [1, 1, 1, 1], [2.5])] }],
});

defineOp({
  name: 'AvgPoolGrad',
  doc: 'The gradient of average pooling: each window shares out what flows to it.',
  inputs: ['orig_input_shape: int32', 'grad: T'],
  outputs: ['output: T'],
  attrs: [...WINDOW, SAME_OR_VALID, FORMAT, `T: ${FLOATS}`],
  infer: (op) => [merge(op.constantShape(0), [null, null, null, null])],
  grad: (op, [dy], $) => [$.stopGradient(op.inputs[0]), $.op('AvgPool', [dy], attrsOf(op, BASIC))],
  decompose: (op, $) => channelsLast(op, [1], BASIC, $),
  samples: [
    {
      inputs: [sample(int32, [4], [1, 2, 2, 1]), sample(float32, [1, 1, 1, 1], [4])],
      attrs: TWO_BY_TWO,
      outputs: [sample(float32, [1, 2, 2, 1], [1, 1, 1, 1])],
    },
  ],
});

// Functions

export interface PoolOptions {
  /** `NHWC` (the default) or `NCHW`. */
  readonly dataFormat?: string | null;
  readonly name?: string | null;
}
type PoolRest = Rest<[dataFormat: string | null, name: string | null], PoolOptions>;

function sizesFor(ksize: WindowSizes, strides: WindowSizes, format: string) {
  const sizes = everyAxis(ksize, 2, format);
  if (sizes.includes(0)) throw new ValueError(`\`ksize\` cannot be zero. Received: ksize=[${sizes.join(', ')}]`);
  return { ksize: sizes, strides: everyAxis(strides, 2, format), data_format: format };
}

/**
 * The greatest element of each window of `value` [batch, height, width, channels]; `ksize` and `strides` are numbers for
 * the spatial axes or lists for all. Padding never wins. Throws `ValueError` where no window fits.
 *
 *     tf.nn.maxPool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
 */
export function maxPool(
  value: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: PaddingLike,
  ...rest: PoolRest
): Tensor {
  const { dataFormat, name } = bind<PoolOptions>(['dataFormat', 'name'], rest);
  const format = dataFormat ?? 'NHWC';
  return opScope(name, 'MaxPool', [value], (scope) => {
    const attrs = { ...sizesFor(ksize, strides, format), ...paddingAttrs(padding) };
    return emitOne('MaxPool', [convertToTensor(value, { preferredDtype: float32, name: 'input' })], attrs, scope);
  });
}

/**
 * The mean of each window of `value` [batch, height, width, channels]; elements of the padding do not count.
 *
 *     tf.nn.avgPool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
 */
export function avgPool(
  value: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: PaddingLike,
  ...rest: PoolRest
): Tensor {
  const { dataFormat, name } = bind<PoolOptions>(['dataFormat', 'name'], rest);
  const format = dataFormat ?? 'NHWC';
  return opScope(name, 'AvgPool', [value], (scope) => {
    const attrs = { ...sizesFor(ksize, strides, format), padding: padding as string };
    return emitOne('AvgPool', [convertToTensor(value, { preferredDtype: float32, name: 'value' })], attrs, scope);
  });
}

/** Pooling along one axis: an axis of length 1 is added before and taken away after. */
function pool1d(
  type: 'MaxPool' | 'AvgPool',
  value: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: string,
  format: string,
  scope: string,
): Tensor {
  const planar = format === 'NCW' || format === 'NCHW' ? 'NCHW' : 'NHWC';
  const axis = planar === 'NCHW' ? 2 : 1;
  const widened = (sizes: WindowSizes) => {
    const list = [...everyAxis(sizes, 1, planar)];
    list.splice(axis, 0, 1);
    return list;
  };
  const x = emitOne('ExpandDims', [convertToTensor(value, { preferredDtype: float32, name: 'input' }), axis]);
  const attrs = { ksize: widened(ksize), strides: widened(strides), padding, data_format: planar };
  return emitOne('Squeeze', [emitOne(type, [x], attrs, scope)], { squeeze_dims: [axis] });
}

/**
 * Max pooling of `input` [batch, width, channels].
 *
 *     tf.nn.maxPool1d(x, 2, 2, 'VALID')
 */
export function maxPool1d(
  input: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: string,
  ...rest: PoolRest
): Tensor {
  const { dataFormat, name } = bind<PoolOptions>(['dataFormat', 'name'], rest);
  return opScope(name, 'MaxPool1d', [input], (scope) =>
    pool1d('MaxPool', input, ksize, strides, padding, dataFormat ?? 'NWC', scope),
  );
}

/**
 * Average pooling of `input` [batch, width, channels].
 *
 *     tf.nn.avgPool1d(x, 2, 2, 'VALID')
 */
export function avgPool1d(
  input: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: string,
  ...rest: PoolRest
): Tensor {
  const { dataFormat, name } = bind<PoolOptions>(['dataFormat', 'name'], rest);
  return opScope(name, 'AvgPool1D', [input], (scope) =>
    pool1d('AvgPool', input, ksize, strides, padding, dataFormat ?? 'NWC', scope),
  );
}

export interface GeneralPoolOptions extends PoolOptions {
  /** Holes between the elements of a window; only 1. */
  readonly dilationRate?: WindowSizes | null;
  readonly strides?: WindowSizes | null;
}

/**
 * Pooling over one to three spatial axes: `windowShape` has an element for each, `poolingType` is `'MAX'` or `'AVG'`, strides
 * are 1 without being given. Throws `ValueError` for other types, for strides above the window, and for dilations.
 *
 *     tf.nn.pool(x, [2, 2], 'MAX', 'VALID', {strides: [2, 2]})
 */
export function pool(
  input: TensorLike,
  windowShape: readonly number[],
  poolingType: 'MAX' | 'AVG',
  padding: 'SAME' | 'VALID',
  ...rest: Rest<
    [dilationRate: WindowSizes | null, strides: WindowSizes | null, name: string | null, dataFormat: string | null],
    GeneralPoolOptions
  >
): Tensor {
  const { dilationRate, strides, name, dataFormat } = bind<GeneralPoolOptions>(
    ['dilationRate', 'strides', 'name', 'dataFormat'],
    rest,
  );
  return opScope(name, `${poolingType.toLowerCase()}_pool`, [input], (scope) => {
    const spatial = windowShape.length;
    if (poolingType !== 'MAX' && poolingType !== 'AVG') {
      throw new ValueError(`${spatial}-D ${poolingType} pooling is not supported.`);
    }
    if (spatial < 1 || spatial > 3) {
      throw new ValueError(
        `\`len(window_shape)\` must be 1, 2, or 3. Received: window_shape=[${windowShape}] of length ${spatial}`,
      );
    }
    const steps = listOf(strides, spatial);
    if (listOf(dilationRate, spatial).some((d) => d !== 1)) {
      throw new ValueError('Pooling with a dilation rate other than 1 is not supported.');
    }
    if (steps.some((s, i) => s > windowShape[i])) {
      throw new ValueError(
        '`strides` > `window_shape` not supported due to inconsistency between CPU and GPU implementations. ' +
          `Received: strides=[${steps}] and window_shape=[${windowShape}]`,
      );
    }
    // TensorFlow's graph has the rate as a constant, though nothing reads it.
    constantOp(vector(...windowShape.map(() => 1)), 'dilation_rate');
    if (spatial === 1) {
      const type = poolingType === 'MAX' ? 'MaxPool' : 'AvgPool';
      return pool1d(type, input, windowShape, steps, padding, dataFormat ?? 'NWC', scope);
    }
    if (spatial === 3) {
      const volume = poolingType === 'MAX' ? maxPool3d : avgPool3d;
      return volume(input, windowShape, steps, padding, { dataFormat, name: scope });
    }
    const planar = poolingType === 'MAX' ? maxPool : avgPool;
    return planar(input, windowShape, steps, padding, { dataFormat, name: scope });
  });
}

function listOf(sizes: WindowSizes | null | undefined, count: number): readonly number[] {
  if (Array.isArray(sizes)) return sizes as readonly number[];
  return new Array<number>(count).fill((sizes as number | null | undefined) ?? 1);
}

export interface ArgmaxPoolOptions {
  readonly dataFormat?: 'NHWC';
  /** The former name of `outputDtype`. */
  readonly Targmax?: DTypeLike | null;
  readonly name?: string | null;
  /** The type of the positions: int64, or int32. */
  readonly outputDtype?: DTypeLike | null;
  /** Positions count through the batch, not through each image. */
  readonly includeBatchInIndex?: boolean;
}

/**
 * Max pooling of `input` [batch, height, width, channels] that also tells where the greatest elements are: `output`, and
 * `argmax`, their flat positions `(y * width + x) * channels + channel` (int64) within each image.
 *
 *     const {output, argmax} = tf.nn.maxPoolWithArgmax(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME');
 */
export function maxPoolWithArgmax(
  input: TensorLike,
  ksize: WindowSizes,
  strides: WindowSizes,
  padding: 'SAME' | 'VALID',
  ...rest: Rest<
    [
      dataFormat: 'NHWC',
      Targmax: DTypeLike | null,
      name: string | null,
      outputDtype: DTypeLike | null,
      includeBatchInIndex: boolean,
    ],
    ArgmaxPoolOptions
  >
): { readonly output: Tensor; readonly argmax: Tensor } {
  const { dataFormat = 'NHWC', ...options } = bind<ArgmaxPoolOptions>(
    ['dataFormat', 'Targmax', 'name', 'outputDtype', 'includeBatchInIndex'],
    rest,
  );
  if (dataFormat !== 'NHWC') {
    throw new ValueError(
      `\`data_format\` values other  than 'NHWC' are not supported. Received: data_format=${dataFormat}`,
    );
  }
  const attrs = {
    ksize: everyAxis(ksize, 2, 'NHWC'),
    strides: everyAxis(strides, 2, 'NHWC'),
    padding,
    Targmax: asDType(renamed(['output_dtype', 'Targmax'], options.outputDtype, options.Targmax) ?? int64),
    include_batch_in_index: options.includeBatchInIndex ?? false,
  };
  const [output, argmax] = emit('MaxPoolWithArgmax', [input], attrs, options.name).outputs;
  return { output, argmax };
}
