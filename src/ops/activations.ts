/**
 * The activations of neural networks, with the ops of their gradients, and their public functions in `tf.nn`.
 * `sigmoid` and `tanh` are in `unary-math.ts`; softmax has a file of its own.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { type NameRest, unary } from './elementwise.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { type Cotangent, defineOp, type GradFn, type OpInit, type OpView, sample } from './opdef/define.ts';
import { merge, unchanged } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const REAL = 'float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64';
const FLOAT_LIST = 'float16, bfloat16, float32, float64';
const ALPHA = 'alpha: float = 0.2';

/** The attributes that a gradient op shares with its function. */
const alphaOf = <V>(op: OpView<V>): Record<string, number> =>
  op.type.startsWith('Leaky') ? { alpha: op.attr<number>('alpha') } : {};

/** The gradient that is one op of `dy` and the output or input. */
const through =
  (type: string, of: 'outputs' | 'inputs'): GradFn =>
  (op, [dy], $) => [$.op(type, [dy, op[of][0]], alphaOf(op))];

/** Of floats, in terms of the inputs. */
type Decompose = <V>($: Vocabulary<V>, inputs: readonly V[], op: OpView<V>) => V;

/** The rule of an op definition; integers are left to the host. */
const ofFloats = (decompose: Decompose | undefined): OpInit['decompose'] =>
  decompose && ((op, $) => ($.dtypeOf(op.inputs[0]).isFloating ? [decompose($, op.inputs, op)] : null));

interface Row {
  readonly name: string;
  readonly doc: string;
  readonly attrs: readonly string[];
  readonly grad: GradFn;
  readonly y: readonly number[];
  readonly decompose?: Decompose;
}

const X = [-1.5, -0.5, 0.25, 2];
const SELU_SCALE = 1.0507009873554805;
const SELU_SCALE_ALPHA = 1.7580993408473768;

const rows: readonly Row[] = [
  {
    name: 'Relu',
    doc: 'max(x, 0).',
    attrs: [`T: {${REAL}, qint8}`],
    grad: through('ReluGrad', 'outputs'),
    y: [0, 0, 0.25, 2],
  },
  {
    name: 'Relu6',
    doc: 'min(max(x, 0), 6).',
    attrs: [`T: {${REAL}}`],
    grad: through('Relu6Grad', 'outputs'),
    y: [0, 0, 0.25, 2],
    decompose: ($, [x]) => $.minimum($.maximum(x, 0), 6),
  },
  {
    name: 'Elu',
    doc: 'x, or exp(x) - 1 where x is negative.',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: through('EluGrad', 'outputs'),
    y: [-0.77686984, -0.39346934, 0.25, 2],
  },
  {
    name: 'Selu',
    doc: 'The scaled exponential linear unit.',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: through('SeluGrad', 'outputs'),
    y: [-1.36581435, -0.691758188, 0.262675247, 2.10140197],
  },
  {
    name: 'LeakyRelu',
    doc: 'x, or alpha · x where x is negative.',
    attrs: [ALPHA, `T: {${FLOAT_LIST}} = float32`],
    grad: through('LeakyReluGrad', 'inputs'),
    y: [-0.3, -0.1, 0.25, 2],
  },
  {
    name: 'Softplus',
    doc: 'log(1 + exp(x)).',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: (op, [dy], $) => [$.mul(dy, $.op('Sigmoid', [op.inputs[0]]))],
    y: [0.201413278, 0.474076984, 0.82593942, 2.12692801],
  },
  {
    name: 'Softsign',
    doc: 'x / (1 + |x|).',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: through('SoftsignGrad', 'inputs'),
    y: [-0.6, -0.333333333, 0.2, 0.666666667],
    decompose: ($, [x]) => $.div(x, $.add($.op('Abs', [x]), 1)),
  },
];

for (const { name, doc, attrs, grad, y, decompose } of rows) {
  defineOp({
    name,
    doc,
    inputs: ['features: T'],
    outputs: ['activations: T'],
    attrs,
    infer: unchanged,
    grad,
    decompose: ofFloats(decompose),
    samples: [{ inputs: [sample(float32, [4], X)], outputs: [sample(float32, [4], y)] }],
  });
}

/** The gradient op is linear in its first input; what flows to the second is given. */
const linearIn =
  (toSecond: <V>(op: OpView<V>, incoming: V, $: Vocabulary<V>) => Cotangent<V>): GradFn =>
  (op, [incoming], $) => {
    const toFirst = $.op(op.type, [incoming, op.inputs[1]], alphaOf(op));
    return [toFirst, toSecond(op, incoming, $)];
  };

/** The slope does not depend on x. */
const constantSlope = linearIn((op, _incoming, $) => $.zerosLike(op.inputs[1]));
/** The slope is that of the function's output, where it is negative. */
const exponentialSlope = linearIn((op, incoming, $) => {
  const [dy, y] = op.inputs;
  const negative = $.less(y, 0);
  const product = $.mul(incoming, dy);
  return $.op('Select', [negative, product, $.zerosLike(y)]);
});

interface GradRow {
  readonly name: string;
  readonly doc: string;
  readonly second: 'features' | 'outputs';
  readonly attrs: readonly string[];
  readonly grad: GradFn | null;
  readonly z: readonly number[];
  readonly decompose?: Decompose;
}

const gradRows: readonly GradRow[] = [
  {
    name: 'ReluGrad',
    doc: 'gradients, 0 where the feature is not positive.',
    second: 'features',
    attrs: [`T: {${REAL}}`],
    grad: constantSlope,
    z: [0, -3],
    decompose: ($, [dy, x]) => $.mul(dy, $.cast($.greater(x, 0), $.dtypeOf(dy))),
  },
  {
    name: 'Relu6Grad',
    doc: 'gradients, 0 where the feature is not between 0 and 6.',
    second: 'features',
    attrs: [`T: {${REAL}}`],
    grad: constantSlope,
    z: [0, -3],
    decompose: ($, [dy, x]) => $.mul(dy, $.cast($.logicalAnd($.greater(x, 0), $.less(x, 6)), $.dtypeOf(dy))),
  },
  {
    name: 'LeakyReluGrad',
    doc: 'gradients, times alpha where the feature is not positive.',
    second: 'features',
    attrs: [ALPHA, `T: {${FLOAT_LIST}} = float32`],
    grad: constantSlope,
    z: [0.2, -3],
    decompose: ($, [dy, x], op) => $.where($.greater(x, 0), dy, $.mul(dy, Math.fround(op.attr<number>('alpha')))),
  },
  {
    name: 'EluGrad',
    doc: 'gradients · (outputs + 1) where the output is negative.',
    second: 'outputs',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: exponentialSlope,
    z: [0.5, -3],
    decompose: ($, [dy, y]) => $.where($.less(y, 0), $.mul($.add(y, 1), dy), dy),
  },
  {
    name: 'SeluGrad',
    doc: 'The gradient of Selu from its output.',
    second: 'outputs',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: exponentialSlope,
    z: [1.25809934, -3.15210296],
    decompose: ($, [dy, y]) => $.where($.less(y, 0), $.mul(dy, $.add(y, SELU_SCALE_ALPHA)), $.mul(dy, SELU_SCALE)),
  },
  {
    name: 'SoftplusGrad',
    doc: 'gradients · sigmoid(features).',
    second: 'features',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: (op, [incoming], $) => {
      const [dy, x] = op.inputs;
      return $.after([incoming], () => {
        const toDy = $.op('SoftplusGrad', [incoming, x]);
        const product = $.mul(incoming, dy);
        const first = $.add($.exp($.neg(x)), 2);
        return [toDy, $.div(product, $.add(first, $.exp(x)))];
      });
    },
    z: [0.377540669, -2.64239123],
    decompose: ($, [dy, x]) => $.mul(dy, $.op('Sigmoid', [x])),
  },
  {
    name: 'SoftsignGrad',
    doc: 'gradients / (1 + |features|)².',
    second: 'features',
    attrs: [`T: {${FLOAT_LIST}}`],
    grad: null,
    z: [0.444444444, -0.333333333],
    decompose: ($, [dy, x]) => $.div(dy, $.square($.add($.op('Abs', [x]), 1))),
  },
];

for (const { name, doc, second, attrs, grad, z, decompose } of gradRows) {
  defineOp({
    name,
    doc,
    inputs: ['gradients: T', `${second}: T`],
    outputs: ['backprops: T'],
    attrs,
    infer: (op) => [merge(op.shape(0), op.shape(1))],
    grad,
    decompose: ofFloats(decompose),
    samples: [
      { inputs: [sample(float32, [2], [1, -3]), sample(float32, [2], [-0.5, 2])], outputs: [sample(float32, [2], z)] },
    ],
  });
}

// Public functions. Each takes a tensor of any shape and gives one of the same shape and element type; a type that the op
// does not take is a `TypeError`.

/** max(x, 0). `tf.nn.relu([-1, 2])   // [0, 2]` */
export function relu(features: TensorLike, ...rest: NameRest): Tensor {
  return unary('Relu', features, rest);
}
/** min(max(x, 0), 6). `tf.nn.relu6([-1, 8])   // [0, 6]` */
export function relu6(features: TensorLike, ...rest: NameRest): Tensor {
  return unary('Relu6', features, rest);
}
/** x, or exp(x) - 1 where x is negative. `tf.nn.elu([2])   // [2]` */
export function elu(features: TensorLike, ...rest: NameRest): Tensor {
  return unary('Elu', features, rest);
}
/** The scaled exponential linear unit, which keeps mean 0 and variance 1. `tf.nn.selu([0])   // [0]` */
export function selu(features: TensorLike, ...rest: NameRest): Tensor {
  return unary('Selu', features, rest);
}
/** log(1 + exp(x)). `tf.nn.softplus([0])   // [0.693…]` */
export function softplus(features: TensorLike, ...rest: NameRest): Tensor {
  return unary('Softplus', features, rest);
}
/** x / (1 + |x|). `tf.nn.softsign([1])   // [0.5]` */
export function softsign(features: TensorLike, ...rest: NameRest): Tensor {
  return unary('Softsign', features, rest);
}

export interface LeakyReluOptions {
  /** The slope for negative numbers. */
  readonly alpha?: number;
  readonly name?: string | null;
}

/** x, or `alpha` (0.2) times x where x is negative; integers become float32. `tf.nn.leakyRelu([-1, 2])   // [-0.2, 2]` */
export function leakyRelu(
  features: TensorLike,
  ...rest: Rest<[alpha: number, name: string | null], LeakyReluOptions>
): Tensor {
  const { alpha, name } = bind<LeakyReluOptions>(['alpha', 'name'], rest);
  return opScope(name, 'LeakyRelu', [features], (scope) => {
    const value = convertToTensor(features, { name: 'features' });
    const floats = value.dtype.isInteger ? emitOne('Cast', [value], { DstT: float32 }) : value;
    return emitOne('LeakyRelu', [floats], { alpha: alpha ?? 0.2 }, scope);
  });
}

export interface CreluOptions {
  /** The axis along which the two halves are joined; the last one without it. */
  readonly axis?: number;
  readonly name?: string | null;
}

/** relu of x and of -x, joined along `axis`. `tf.nn.crelu([[-1, 2]])   // [[0, 2, 1, 0]]` */
export function crelu(features: TensorLike, ...rest: Rest<[name: string | null, axis: number], CreluOptions>): Tensor {
  const { name, axis } = bind<CreluOptions>(['name', 'axis'], rest);
  return opScope(name, 'CRelu', [features], (scope) => {
    const value = convertToTensor(features, { name: 'features' });
    const negated = emitOne('Neg', [value]);
    return emitOne('Relu', [emitOne('ConcatV2', [[value, negated], axis ?? -1], { Tidx: int32 }, scope)]);
  });
}

export interface SwishOptions {
  readonly beta?: TensorLike;
  readonly name?: string | null;
}

/** x · sigmoid(beta · x), beta 1 if not given. `tf.nn.swish([0])   // [0]` */
export function swish(features: TensorLike, ...rest: Rest<[beta: TensorLike], SwishOptions>): Tensor {
  const { beta, name } = bind<SwishOptions>(['beta'], rest);
  return opScope(name, 'swish', [features], () => {
    const value = convertToTensor(features, { name: 'features' });
    const scaled =
      beta === undefined
        ? value
        : emitOne('Mul', [convertToTensor(beta, { dtype: value.dtype, name: 'beta' }), value], {}, 'mul');
    return emitOne('Mul', [value, emitOne('Sigmoid', [scaled])], {}, 'mul');
  });
}
