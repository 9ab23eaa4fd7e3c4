/**
 * Values rounded to what few bits can tell, as floats: fake quantization for training, quantizing and dequantizing at
 * once. The ops, their gradients and the functions on them.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Shape } from '../util/shape.ts';
import { convertToTensor, emit, emitOne } from './emit.ts';
import { defineOp, type InferContext, type Inferred, type OpView, ShapeError, sample } from './opdef/define.ts';
import { merge, unchanged, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const LIMITS = ['min: float = -6', 'max: float = 6'];
const BITS = ['num_bits: int = 8', 'narrow_range: bool = false'];
const bitsOf = <V>(op: OpView<V>) => ({
  num_bits: op.attr<number>('num_bits'),
  narrow_range: op.attr<boolean>('narrow_range'),
});

const values = sample(float32, [3], [-7, 0.51, 2]);
const dys = sample(float32, [3], [1, 2, 3]);
const low = sample(float32, [], [-1]);
const high = sample(float32, [], [1]);

defineOp({
  name: 'FakeQuantWithMinMaxArgs',
  doc: 'Floats rounded to what some bits can tell between two limits.',
  inputs: ['inputs: float32'],
  outputs: ['outputs: float32'],
  attrs: [...LIMITS, ...BITS],
  infer: unchanged,
  grad: (op, [dy], $) => {
    const limits = { min: op.attr<number>('min'), max: op.attr<number>('max') };
    return [$.op('FakeQuantWithMinMaxArgsGradient', [dy, op.inputs[0]], { ...limits, ...bitsOf(op) })];
  },
  samples: [
    {
      inputs: [values],
      attrs: { min: 0, max: 3, num_bits: 2 },
      outputs: [sample(float32, [3], [0, 1, 2])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'FakeQuantWithMinMaxArgsGradient',
  doc: 'The gradient of fake quantization between two limits: what lies between them passes.',
  inputs: ['gradients: float32', 'inputs: float32'],
  outputs: ['backprops: float32'],
  attrs: [...LIMITS, ...BITS],
  infer: (op) => [merge(op.shape(0), op.shape(1))],
  grad: () => [null, null],
  samples: [
    {
      inputs: [dys, values],
      attrs: { min: 0, max: 1.5 },
      outputs: [sample(float32, [3], [0, 2, 0])],
      differentiable: false,
    },
  ],
});

/** The limits are scalars, or one for each of the last axis. */
function limitsOf(op: InferContext, inputs: Shape, first: number, perChannel: boolean): Shape {
  if (!perChannel) {
    withRank(op.shape(first), 0);
    withRank(op.shape(first + 1), 0);
    return [];
  }
  const shape = withRankAtLeast(inputs, 1);
  const last: Shape = shape === null ? [null] : [shape[shape.length - 1]];
  return merge(merge(last, withRank(op.shape(first), 1)), withRank(op.shape(first + 1), 1));
}

for (const [suffix, perChannel] of [
  ['', false],
  ['PerChannel', true],
] as const) {
  const name = `FakeQuantWithMinMaxVars${suffix}`;
  const limit = (x: number) => (perChannel ? sample(float32, [3], [x, x, x]) : sample(float32, [], [x]));
  defineOp({
    name,
    doc: `Floats rounded to what some bits can tell between two limits${perChannel ? ' for each of the last axis' : ''}.`,
    inputs: ['inputs: float32', 'min: float32', 'max: float32'],
    outputs: ['outputs: float32'],
    attrs: BITS,
    infer: (op) => {
      limitsOf(op, op.shape(0), 1, perChannel);
      return [op.shape(0)];
    },
    grad: (op, [dy], $) => $.ops(`${name}Gradient`, [dy, ...op.inputs], bitsOf(op)),
    samples: [
      {
        inputs: [values, limit(0), limit(3)],
        attrs: { num_bits: 2 },
        outputs: [sample(float32, [3], [0, 1, 2])],
        differentiable: false,
      },
    ],
  });
  defineOp({
    name: `${name}Gradient`,
    doc: 'The gradients of fake quantization: what lies between the limits passes, the rest goes to the limits.',
    inputs: ['gradients: float32', 'inputs: float32', 'min: float32', 'max: float32'],
    outputs: ['backprops_wrt_input: float32', 'backprop_wrt_min: float32', 'backprop_wrt_max: float32'],
    attrs: BITS,
    infer: (op): Inferred => {
      const inputs = merge(op.shape(0), op.shape(1));
      const limits = limitsOf(op, inputs, 2, perChannel);
      return [inputs, limits, limits];
    },
    grad: () => [null, null, null, null],
    samples: [
      {
        inputs: [dys, values, limit(0), limit(1.5)],
        outputs: [
          sample(float32, [3], [0, 2, 0]),
          perChannel ? sample(float32, [3], [1, 0, 0]) : sample(float32, [], [1]),
          perChannel ? sample(float32, [3], [0, 0, 3]) : sample(float32, [], [3]),
        ],
        differentiable: false,
      },
    ],
  });
}

const FLOATS = 'T: {bfloat16, float16, float32, float64}';
const ROUNDING = 'round_mode: {"HALF_TO_EVEN", "HALF_UP"} = "HALF_TO_EVEN"';

function inferQuantized(op: InferContext): Inferred {
  const axis = op.attr<number>('axis');
  if (axis < -1) throw new ShapeError(`axis should be at least -1, got ${axis}`);
  const input = withRankAtLeast(op.shape(0), axis + 1);
  const limits: Shape = axis === -1 ? [] : [input === null ? null : input[axis]];
  merge(withRank(op.shape(1), limits.length), limits);
  merge(withRank(op.shape(2), limits.length), limits);
  return [input];
}

const quarters = sample(float32, [3], [-0.3, 0.4, 0.6]);
const coarse = { num_bits: 3, range_given: true };

for (const version of ['V2', 'V4'] as const) {
  defineOp({
    name: `QuantizeAndDequantize${version}`,
    doc: 'Floats rounded to multiples of a step that some bits can count.',
    inputs: ['input: T', 'input_min: T', 'input_max: T'],
    outputs: ['output: T'],
    attrs: [
      'signed_input: bool = true',
      'num_bits: int = 8',
      'range_given: bool = false',
      FLOATS,
      ROUNDING,
      'narrow_range: bool = false',
      'axis: int = -1',
    ],
    infer: inferQuantized,
    grad:
      version === 'V2'
        ? (_, [dy]) => [dy, null, null]
        : (op, [dy], $) => $.ops('QuantizeAndDequantizeV4Grad', [dy, ...op.inputs], { axis: op.attr<number>('axis') }),
    samples: [
      {
        inputs: [quarters, low, high],
        attrs: coarse,
        outputs: [sample(float32, [3], [-1 / 3, 1 / 3, 2 / 3])],
        differentiable: false,
      },
    ],
  });
}

defineOp({
  name: 'QuantizeAndDequantizeV3',
  doc: 'Floats rounded to multiples of a step that some bits can count; how many bits is an input.',
  inputs: ['input: T', 'input_min: T', 'input_max: T', 'num_bits: int32'],
  outputs: ['output: T'],
  attrs: [
    'signed_input: bool = true',
    'range_given: bool = true',
    FLOATS,
    'narrow_range: bool = false',
    'axis: int = -1',
  ],
  infer: (op) => {
    withRank(op.shape(3), 0);
    return inferQuantized(op);
  },
  grad: (_, [dy]) => [dy, null, null, null],
  samples: [
    {
      inputs: [quarters, low, high, sample(int32, [], [3])],
      outputs: [sample(float32, [3], [-1 / 3, 1 / 3, 2 / 3])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'QuantizeAndDequantizeV4Grad',
  doc: 'The gradients of QuantizeAndDequantizeV4: what lies between the limits passes.',
  inputs: ['gradients: T', 'input: T', 'input_min: T', 'input_max: T'],
  outputs: ['input_backprop: T', 'input_min_backprop: T', 'input_max_backprop: T'],
  attrs: [FLOATS, 'axis: int = -1'],
  infer: (op) => [merge(op.shape(0), op.shape(1)), op.shape(2), op.shape(3)],
  grad: null,
  samples: [
    {
      inputs: [dys, values, low, high],
      outputs: [sample(float32, [3], [0, 2, 0]), sample(float32, [], [0]), sample(float32, [], [0])],
    },
  ],
});

// Functions

export interface FakeQuantOptions {
  /** How many bits tell the values, 2 to 16; 8. */
  readonly numBits?: number;
  /** Whether the lowest of the codes is left out. */
  readonly narrowRange?: boolean;
  readonly name?: string | null;
}

export interface FakeQuantArgsOptions extends FakeQuantOptions {
  readonly min?: number;
  readonly max?: number;
}

type ArgsRest = Rest<
  [min: number, max: number, numBits: number, narrowRange: boolean, name: string | null],
  FakeQuantArgsOptions
>;
type VarsRest = Rest<[numBits: number, narrowRange: boolean, name: string | null], FakeQuantOptions>;

function args(rest: ArgsRest) {
  const { min, max, numBits, narrowRange, name } = bind<FakeQuantArgsOptions>(
    ['min', 'max', 'numBits', 'narrowRange', 'name'],
    rest,
  );
  return { attrs: { min, max, num_bits: numBits, narrow_range: narrowRange }, name };
}

function vars(rest: VarsRest) {
  const { numBits, narrowRange, name } = bind<FakeQuantOptions>(['numBits', 'narrowRange', 'name'], rest);
  return { attrs: { num_bits: numBits, narrow_range: narrowRange }, name };
}

/**
 * `inputs` limited to `min` (-6) to `max` (6) and rounded to what `numBits` (8) can tell, as float32 of the same shape; the
 * limits are moved so that zero is told exactly. The gradient passes between the limits. Limits in the wrong order fail the
 * run.
 *
 *     tf.quantization.fakeQuantWithMinMaxArgs(x, {min: -1, max: 1})
 */
export function fakeQuantWithMinMaxArgs(inputs: TensorLike, ...rest: ArgsRest): Tensor {
  const { attrs, name } = args(rest);
  return emitOne('FakeQuantWithMinMaxArgs', [inputs], attrs, name);
}

/** The gradient of `fakeQuantWithMinMaxArgs`. */
export function fakeQuantWithMinMaxArgsGradient(gradients: TensorLike, inputs: TensorLike, ...rest: ArgsRest): Tensor {
  const { attrs, name } = args(rest);
  return emitOne('FakeQuantWithMinMaxArgsGradient', [gradients, inputs], attrs, name);
}

/**
 * As `fakeQuantWithMinMaxArgs`, between limits that are scalar tensors: what lies outside has its gradient go to the limit.
 *
 *     tf.quantization.fakeQuantWithMinMaxVars(x, low, high)
 */
export function fakeQuantWithMinMaxVars(
  inputs: TensorLike,
  min: TensorLike,
  max: TensorLike,
  ...rest: VarsRest
): Tensor {
  const { attrs, name } = vars(rest);
  return emitOne('FakeQuantWithMinMaxVars', [inputs, min, max], attrs, name);
}

/** The gradients of `fakeQuantWithMinMaxVars`, with respect to the inputs and both limits. */
export function fakeQuantWithMinMaxVarsGradient(
  gradients: TensorLike,
  inputs: TensorLike,
  min: TensorLike,
  max: TensorLike,
  ...rest: VarsRest
): readonly Tensor[] {
  const { attrs, name } = vars(rest);
  return emit('FakeQuantWithMinMaxVarsGradient', [gradients, inputs, min, max], attrs, name).outputs;
}

/** As `fakeQuantWithMinMaxVars`, with limits for each of the last axis of `inputs`. */
export function fakeQuantWithMinMaxVarsPerChannel(
  inputs: TensorLike,
  min: TensorLike,
  max: TensorLike,
  ...rest: VarsRest
): Tensor {
  const { attrs, name } = vars(rest);
  return emitOne('FakeQuantWithMinMaxVarsPerChannel', [inputs, min, max], attrs, name);
}

/** The gradients of `fakeQuantWithMinMaxVarsPerChannel`, with respect to the inputs and both limits. */
export function fakeQuantWithMinMaxVarsPerChannelGradient(
  gradients: TensorLike,
  inputs: TensorLike,
  min: TensorLike,
  max: TensorLike,
  ...rest: VarsRest
): readonly Tensor[] {
  const { attrs, name } = vars(rest);
  return emit('FakeQuantWithMinMaxVarsPerChannelGradient', [gradients, inputs, min, max], attrs, name).outputs;
}

export interface QuantizeAndDequantizeOptions {
  readonly signedInput?: boolean;
  readonly numBits?: number;
  /** Whether the limits count; without it those of the input do. */
  readonly rangeGiven?: boolean;
  readonly roundMode?: 'HALF_TO_EVEN' | 'HALF_UP';
  readonly name?: string | null;
  /** Whether the lowest of the signed codes is left out. */
  readonly narrowRange?: boolean;
  /** The axis along which each slice has limits of its own. */
  readonly axis?: number | null;
}
type QuantizeRest = Rest<
  [
    signedInput: boolean,
    numBits: number,
    rangeGiven: boolean,
    roundMode: 'HALF_TO_EVEN' | 'HALF_UP',
    name: string | null,
    narrowRange: boolean,
    axis: number | null,
  ],
  QuantizeAndDequantizeOptions
>;

function quantized(
  type: string,
  input: TensorLike,
  inputMin: TensorLike,
  inputMax: TensorLike,
  rest: QuantizeRest,
): Tensor {
  const given = bind<QuantizeAndDequantizeOptions>(
    ['signedInput', 'numBits', 'rangeGiven', 'roundMode', 'name', 'narrowRange', 'axis'],
    rest,
  );
  let axis = given.axis ?? -1;
  if (given.axis != null && axis < 0) {
    const rank = convertToTensor(input).shape?.length;
    if (rank === undefined) throw new ValueError('input should have known rank to use negative axis.');
    axis = ((axis % rank) + rank) % rank;
  }
  const attrs = {
    signed_input: given.signedInput,
    num_bits: given.numBits,
    range_given: given.rangeGiven,
    round_mode: given.roundMode,
    narrow_range: given.narrowRange,
    axis,
  };
  return emitOne(type, [input, inputMin, inputMax], attrs, given.name);
}

/**
 * Floats `input` rounded to multiples of a step, so that `numBits` (8) can count them between `inputMin` and `inputMax` (with
 * `rangeGiven`, else between the least and the greatest of them). The gradient passes as it is. Limits in the wrong order
 * fail the run.
 *
 *     tf.quantization.quantizeAndDequantize(x, -1, 1, {rangeGiven: true})
 */
export function quantizeAndDequantize(
  input: TensorLike,
  inputMin: TensorLike,
  inputMax: TensorLike,
  ...rest: QuantizeRest
): Tensor {
  return quantized('QuantizeAndDequantizeV2', input, inputMin, inputMax, rest);
}

/** As `quantizeAndDequantize`, with a gradient that passes between the limits only. */
export function quantizeAndDequantizeV2(
  input: TensorLike,
  inputMin: TensorLike,
  inputMax: TensorLike,
  ...rest: QuantizeRest
): Tensor {
  return quantized('QuantizeAndDequantizeV4', input, inputMin, inputMax, rest);
}
