/**
 * Special functions: gamma, beta, zeta, Bessel and the inverses of the error function; the next float and the cross
 * product besides. Kernels are the host's; the error function itself is in `unary-math.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { multiply } from './arithmetic.ts';
import { binary, FLOATS, fromInput, type NameRest, nameOf, unary } from './elementwise.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import {
  defineOp,
  type GradFn,
  type InferContext,
  type Inferred,
  type OpInit,
  ShapeError,
  sample,
} from './opdef/define.ts';
import { broadcast, merge, unchanged, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { reduceSum } from './reductions.ts';
import type { TensorLike } from './tensor-like.ts';
import { negative } from './unary-math.ts';

type UnaryRow = readonly [name: string, doc: string, grad: GradFn, x: readonly number[], y: readonly number[]];

/** The slope of a function from its input and output; what it builds runs after `dy`. */
function slope(build: <V>(x: V, y: V, $: Vocabulary<V>) => V): GradFn {
  return (op, [dy], $) => [$.after([dy], () => $.mul(dy, build(op.inputs[0], op.outputs[0], $)))];
}

/** factor · dy · exp(y² / divisor): the slope of an inverse of the error function. */
function inverseSlope(factor: number, divisor: number): GradFn {
  return (op, [dy], $) => {
    const constant = $.scalarLike(factor, dy);
    return [
      $.after([dy], () => {
        const scaled = $.mul(dy, constant);
        const square = $.square(op.outputs[0]);
        return $.mul(scaled, $.exp(divisor === 1 ? square : $.div(square, divisor)));
      }),
    ];
  };
}

/** A slope that has no value of its own at 0. */
const besideZero = (value: number, build: <V>(x: V, y: V, $: Vocabulary<V>) => V): GradFn =>
  slope((x, y, $) => {
    const isZero = $.equal(x, 0);
    const constant = $.cast($.constant(value, float32, 'Cast/x'), $.dtypeOf(x));
    return $.where(isZero, constant, build(x, y, $));
  });

const X = [0.5, 1.5, 4];

const unaryRows: readonly UnaryRow[] = [
  [
    'Lgamma',
    'The logarithm of the absolute value of the gamma function.',
    fromInput((x, dy, $) => $.mul(dy, $.op('Digamma', [x]))),
    X,
    [0.572364943, -0.120782238, 1.79175947],
  ],
  [
    'Digamma',
    'The derivative of the logarithm of the gamma function.',
    fromInput((x, dy, $) => {
      const one = $.scalarLike(1, x);
      return $.mul(dy, $.op('Polygamma', [one, x]));
    }),
    X,
    [-1.96351003, 0.036489974, 1.25611767],
  ],
  [
    'Erfinv',
    'The inverse of the error function.',
    inverseSlope(Math.sqrt(Math.PI) / 2, 1),
    [-0.5, 0.25, 0.75],
    [-0.476936276, 0.225312055, 0.813419847],
  ],
  [
    'Ndtri',
    'The quantile of the standard normal distribution.',
    inverseSlope(Math.sqrt(2 * Math.PI), 2),
    [0.1, 0.5, 0.75],
    [-1.28155157, 0, 0.67448975],
  ],
  [
    'BesselI0',
    'The modified Bessel function of the first kind of order 0.',
    slope((x, _y, $) => $.op('BesselI1', [x])),
    X,
    [1.06348337, 1.64672319, 11.301922],
  ],
  [
    'BesselI0e',
    'The modified Bessel function of the first kind of order 0, times exp(-|x|).',
    slope((x, y, $) => $.sub($.op('BesselI1e', [x]), $.mul($.sign(x), y))),
    X,
    [0.645035271, 0.367433609, 0.207001921],
  ],
  [
    'BesselI1',
    'The modified Bessel function of the first kind of order 1.',
    besideZero(1, (x, y, $) => $.sub($.op('BesselI0', [x]), $.div(y, x))),
    X,
    [0.257894305, 0.981666429, 9.75946515],
  ],
  [
    'BesselI1e',
    'The modified Bessel function of the first kind of order 1, times exp(-|x|).',
    besideZero(0.5, (x, y, $) => {
      const i0e = $.op('BesselI0e', [x]);
      return $.sub(i0e, $.mul(y, $.add($.sign(x), $.reciprocal(x))));
    }),
    X,
    [0.156420803, 0.219039387, 0.178750839],
  ],
  [
    'BesselJ0',
    'The Bessel function of the first kind of order 0.',
    slope((x, _y, $) => $.neg($.op('BesselJ1', [x]))),
    X,
    [0.938469807, 0.511827672, -0.39714981],
  ],
  [
    'BesselJ1',
    'The Bessel function of the first kind of order 1.',
    besideZero(0.5, (x, y, $) => $.sub($.op('BesselJ0', [x]), $.div(y, x))),
    X,
    [0.242268458, 0.557936508, -0.066043328],
  ],
  [
    'BesselK0',
    'The modified Bessel function of the second kind of order 0.',
    slope((x, _y, $) => $.neg($.op('BesselK1', [x]))),
    X,
    [0.924419071, 0.213805563, 0.0111596761],
  ],
  [
    'BesselK0e',
    'The modified Bessel function of the second kind of order 0, times exp(x).',
    slope((x, y, $) => $.sub(y, $.op('BesselK1e', [x]))),
    X,
    [1.52410939, 0.958210053, 0.609297669],
  ],
  [
    'BesselK1',
    'The modified Bessel function of the second kind of order 1.',
    slope((x, y, $) => $.sub($.neg($.op('BesselK0', [x])), $.div(y, x))),
    X,
    [1.65644112, 0.2773878, 0.0124834989],
  ],
  [
    'BesselK1e',
    'The modified Bessel function of the second kind of order 1, times exp(x).',
    slope((x, y, $) => {
      const scaled = $.mul(y, $.sub(1, $.reciprocal(x)));
      return $.sub(scaled, $.op('BesselK0e', [x]));
    }),
    X,
    [2.73100971, 1.24316588, 0.681575945],
  ],
  [
    'BesselY0',
    'The Bessel function of the second kind of order 0.',
    slope((x, _y, $) => $.neg($.op('BesselY1', [x]))),
    X,
    [-0.444518734, 0.382448924, -0.0169407393],
  ],
  [
    'BesselY1',
    'The Bessel function of the second kind of order 1.',
    slope((x, y, $) => $.sub($.op('BesselY0', [x]), $.div(y, x))),
    X,
    [-1.47147239, -0.412308627, 0.397925711],
  ],
  [
    'Dawsn',
    "Dawson's integral: exp(-x²) times the integral of exp(t²) from 0 to x.",
    slope((x, y, $) => $.sub(1, $.mul($.mul(2, x), y))),
    X,
    [0.424436384, 0.428249071, 0.129348001],
  ],
  [
    'Expint',
    'The exponential integral Ei(x).',
    (op, [dy], $) => [$.after([dy], () => $.div($.mul(dy, $.exp(op.inputs[0])), op.inputs[0]))],
    X,
    [0.454219905, 3.30128545, 19.6308745],
  ],
  [
    'FresnelCos',
    'The integral of cos(πt²/2) from 0 to x.',
    slope((x, _y, $) => $.op('Cos', [$.mul(Math.PI / 2, $.square(x))])),
    X,
    [0.492344226, 0.445261176, 0.498426033],
  ],
  [
    'FresnelSin',
    'The integral of sin(πt²/2) from 0 to x.',
    slope((x, _y, $) => $.op('Sin', [$.mul(Math.PI / 2, $.square(x))])),
    X,
    [0.0647324329, 0.69750496, 0.420515754],
  ],
  [
    'Spence',
    'The dilogarithm of 1 - x.',
    slope((x, _y, $) => {
      const partial = $.div($.log(x), $.sub(1, x));
      const isOne = $.equal(x, 1);
      return $.where(isOne, $.neg($.onesLike(x)), partial);
    }),
    X,
    [0.582240526, -0.448414206, -1.93937542],
  ],
];

for (const [name, doc, grad, x, y] of unaryRows) {
  defineOp({
    name,
    doc,
    inputs: ['x: T'],
    outputs: ['y: T'],
    attrs: [`T: {${FLOATS}}`],
    infer: unchanged,
    grad,
    samples: [{ inputs: [sample(float32, [x.length], x)], outputs: [sample(float32, [y.length], y)] }],
  });
}

/** The gradients before broadcasting is undone; a null one is of an operand that has no gradient. */
type Slopes = <V>(a: V, x: V, dy: V, $: Vocabulary<V>) => readonly [V | null, V];

/** The gradient of a binary op with `BroadcastGradientArgs` built first, whatever the shapes are. */
const bySlopes =
  (build: Slopes): GradFn =>
  (op, [dy], $) => {
    const [a, x] = op.inputs;
    const [sa, sx] = [$.shape(a), $.shape(x)];
    const [ra, rx] = $.ops('BroadcastGradientArgs', [sa, sx]);
    return $.after([dy], () => {
      const [toA, toX] = build(a, x, dy, $);
      const first = toA === null ? null : $.reshape($.sum($.mul(toA, dy), ra), sa);
      return [first, $.reshape($.sum($.mul(toX, dy), rx), sx)];
    });
  };

const igammaGrad = bySlopes((a, x, _dy, $) => {
  const toA = $.op('IgammaGradA', [a, x]);
  const logarithm = $.add($.neg(x), $.mul($.sub(a, 1), $.log(x)));
  return [toA, $.exp($.sub(logarithm, $.op('Lgamma', [a])))];
});

const igammacGrad: GradFn = (op, dys, $) => {
  const both = igammaGrad(op, dys, $) as readonly (typeof op.inputs)[number][];
  return both.map((grad) => $.neg(grad));
};

interface BinaryRow {
  readonly name: string;
  readonly doc: string;
  readonly args: readonly [string, string];
  readonly types: string;
  readonly grad: GradFn | null;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly z: readonly number[];
  readonly more?: Partial<OpInit>;
}

const binaryRows: readonly BinaryRow[] = [
  {
    name: 'Igamma',
    doc: 'The lower regularized incomplete gamma function P(a, x).',
    args: ['a', 'x'],
    types: `T: {${FLOATS}}`,
    grad: igammaGrad,
    x: [0.5, 2, 3],
    y: [1, 1.5, 5],
    z: [0.842700793, 0.4421746, 0.875347981],
  },
  {
    name: 'Igammac',
    doc: 'The upper regularized incomplete gamma function Q(a, x).',
    args: ['a', 'x'],
    types: `T: {${FLOATS}}`,
    grad: igammacGrad,
    x: [0.5, 2, 3],
    y: [1, 1.5, 5],
    z: [0.157299207, 0.5578254, 0.124652019],
  },
  {
    name: 'IgammaGradA',
    doc: 'The derivative of P(a, x) along a.',
    args: ['a', 'x'],
    types: 'T: {float32, float64}',
    grad: null,
    x: [1, 2],
    y: [1, 1.5],
    z: [-0.431729, -0.313488633],
  },
  {
    name: 'Zeta',
    doc: 'The zeta function of Hurwitz: the sum of 1 / (q + n)ˣ over n from 0 on.',
    args: ['x', 'q'],
    types: 'T: {float32, float64}',
    grad: bySlopes((x, q, _dy, $) => {
      const minus = $.neg(x);
      return [null, $.mul(minus, $.op('Zeta', [$.add(x, 1), q]))];
    }),
    x: [2, 3, 1.5],
    y: [1, 2, 4],
    z: [1.64493407, 0.202056903, 1.06637274],
  },
  {
    name: 'Polygamma',
    doc: 'The a-th derivative of the digamma function.',
    args: ['a', 'x'],
    types: 'T: {float32, float64}',
    grad: bySlopes((n, x, _dy, $) => [null, $.op('Polygamma', [$.add(n, 1), x])]),
    x: [1, 2, 0],
    y: [1, 2, 4],
    z: [1.64493407, -0.404113806, 1.25611767],
  },
  {
    name: 'NextAfter',
    doc: 'The float next to x1 on the way to x2.',
    args: ['x1', 'x2'],
    types: 'T: {float64, float32} = float32',
    grad: bySlopes((x1, x2, _dy, $) => [$.onesLike(x1), $.zerosLike(x2)]),
    x: [1, 2, -3],
    y: [2, 1, 4],
    z: [1.00000012, 1.99999988, -2.99999976],
  },
];

for (const { name, doc, args, types, grad, x, y, z, more } of binaryRows) {
  defineOp({
    name,
    doc,
    inputs: args.map((arg) => `${arg}: T`),
    outputs: [name === 'NextAfter' ? 'output: T' : 'z: T'],
    attrs: [types],
    infer: broadcast,
    grad,
    samples: [
      {
        inputs: [sample(float32, [x.length], x), sample(float32, [y.length], y)],
        outputs: [sample(float32, [z.length], z)],
      },
    ],
    ...more,
  });
}

/** Scalars go with any shape; the others must have the same one. */
function inferBetainc(op: InferContext): Inferred {
  const shapes = [op.shape(0), op.shape(1), op.shape(2)];
  if (shapes.every((shape) => shape?.length === 0)) return [[]];
  const others = shapes.filter((shape) => shape !== null && shape.length > 0);
  if (others.length === 0) return [null];
  return [others.reduce((a, b) => merge(a, b))];
}

defineOp({
  name: 'Betainc',
  doc: 'The regularized incomplete beta function I(x; a, b).',
  inputs: ['a: T', 'b: T', 'x: T'],
  outputs: ['z: T'],
  attrs: ['T: {float32, float64}'],
  infer: inferBetainc,
  grad: (op, [dy], $) => {
    const [a, b, x] = op.inputs;
    const [sa, sx] = [$.shape(a), $.shape(x)];
    const rx = $.ops('BroadcastGradientArgs', [sa, sx])[1];
    const logs = $.add($.op('Lgamma', [a]), $.op('Lgamma', [b]));
    const logBeta = $.sub(logs, $.op('Lgamma', [$.add(a, b)]));
    const upper = $.op('Xlog1py', [$.sub(b, 1), $.neg(x)], {}, 'xlog1py');
    const lower = $.op('Xlogy', [$.sub(a, 1), x], {}, 'xlogy');
    const partial = $.exp($.sub($.add(upper, lower), logBeta));
    return [null, null, $.reshape($.sum($.mul(partial, dy), rx), sx)];
  },
  samples: [
    {
      inputs: [sample(float32, [2], [2, 0.5]), sample(float32, [2], [3, 0.5]), sample(float32, [2], [0.25, 0.5])],
      outputs: [sample(float32, [2], [0.26171875, 0.5])],
    },
  ],
});

function inferCross(op: InferContext): Inferred {
  const a = withRankAtLeast(op.shape(0), 1);
  const b = withRankAtLeast(op.shape(1), 1);
  if (a !== null && b !== null) {
    const last = a[a.length - 1];
    if (last !== null && last !== 3) throw new ShapeError(`Dimension must be 3 but is ${last}`);
  }
  return [merge(a, b)];
}

defineOp({
  name: 'Cross',
  doc: 'The cross products of vectors of three elements along the last axis.',
  inputs: ['a: T', 'b: T'],
  outputs: ['product: T'],
  attrs: ['T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64}'],
  infer: inferCross,
  grad: (op, [dy], $) => [$.op('Cross', [op.inputs[1], dy]), $.op('Cross', [dy, op.inputs[0]])],
  samples: [
    {
      inputs: [sample(float32, [1, 3], [1, 2, 3]), sample(float32, [1, 3], [4, -5, 6])],
      outputs: [sample(float32, [1, 3], [27, 6, -13])],
    },
  ],
});

// Public functions, of floats. Operands of two are broadcast against each other as in NumPy; element types that differ are a
// `TypeError`, shapes that do not fit a `ValueError`.

/** log |Γ(x)|; +∞ at 0 and the negative integers. `tf.lgamma([4])   // [1.7917595]` */
export function lgamma(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Lgamma', x, rest);
}
/** The derivative of log Γ; NaN at 0 and the negative integers. `tf.digamma([1])   // [-0.5772157]` */
export function digamma(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Digamma', x, rest);
}
/** The `a`-th derivative of `digamma`, for whole a from 0 on. `tf.polygamma([1], [1])   // [1.6449341]` */
export function polygamma(a: TensorLike, x: TensorLike, ...rest: NameRest): Tensor {
  return binary('Polygamma', a, x, rest);
}
/** The zeta function of Hurwitz, Σ 1 / (q + n)ˣ. `tf.zeta([2], [1])   // [1.6449341]` */
export function zeta(x: TensorLike, q: TensorLike, ...rest: NameRest): Tensor {
  return binary('Zeta', x, q, rest);
}
/** The lower regularized incomplete gamma function P(a, x). `tf.igamma([1], [2])   // [0.8646647]` */
export function igamma(a: TensorLike, x: TensorLike, ...rest: NameRest): Tensor {
  return binary('Igamma', a, x, rest);
}
/** The upper regularized incomplete gamma function, 1 - P(a, x). `tf.igammac([1], [2])   // [0.1353353]` */
export function igammac(a: TensorLike, x: TensorLike, ...rest: NameRest): Tensor {
  return binary('Igammac', a, x, rest);
}
/**
 * The regularized incomplete beta function I(x; a, b). Its arguments have one shape, or are scalars; there is a gradient
 * along x only. `tf.betainc([2], [3], [0.25])   // [0.2617188]`
 */
export function betainc(a: TensorLike, b: TensorLike, x: TensorLike, ...rest: NameRest): Tensor {
  return emitOne('Betainc', [a, b, x], {}, nameOf(rest));
}
/**
 * log |B(x)| of the vectors along the last axis: the sum of `lgamma` less `lgamma` of the sum.
 * `tf.lbeta([2, 3])   // -2.4849066`
 */
export function lbeta(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'lbeta', [x], (scope) => {
    const value = convertToTensor(x, { name: 'x' });
    const logarithms = reduceSum(lgamma(value), [-1]);
    return emitOne('Sub', [logarithms, lgamma(reduceSum(value, [-1]))], {}, scope);
  });
}
/** The inverse of `erf`; NaN outside [-1, 1]. `tf.math.erfinv([0.5])   // [0.4769363]` */
export function erfinv(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'erfinv', [x], () => emitOne('Erfinv', [x]));
}
/** The inverse of `erfc`; NaN outside [0, 2]. `tf.math.erfcinv([0.5])   // [0.4769363]` */
export function erfcinv(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'erfcinv', [x], () => {
    const value = convertToTensor(x, { name: 'start' });
    const quantile = ndtri(multiply(0.5, value, { name: 'mul' }));
    return multiply(negative(quantile), Math.SQRT1_2, { name: 'mul_1' });
  });
}
/** The quantile of the standard normal distribution; NaN outside [0, 1]. `tf.math.ndtri([0.75])   // [0.6744898]` */
export function ndtri(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'ndtri', [x], () => emitOne('Ndtri', [x]));
}
/** The float next to x1 on the way to x2, x2 itself where they are equal. `tf.math.nextafter([1], [2])   // [1.0000001]` */
export function nextafter(x1: TensorLike, x2: TensorLike, ...rest: NameRest): Tensor {
  return binary('NextAfter', x1, x2, rest);
}
/**
 * The cross products of the vectors along the last axis, which must have three elements; the shapes must be the same.
 * `tf.cross([1, 0, 0], [0, 1, 0])   // [0, 0, 1]`
 */
export function cross(a: TensorLike, b: TensorLike, ...rest: NameRest): Tensor {
  return binary('Cross', a, b, rest);
}

/** Builds the op of a Bessel function in the scope that TensorFlow's function opens. */
function bessel(order: string, x: TensorLike, rest: NameRest): Tensor {
  return opScope(nameOf(rest), `bessel_${order.toLowerCase()}`, [x], () => emitOne(`Bessel${order}`, [x]));
}
/** The modified Bessel function of the first kind I₀. `tf.math.besselI0([1])   // [1.2660659]` */
export function besselI0(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('I0', x, rest);
}
/** exp(-|x|) · I₀(x). `tf.math.besselI0e([1])   // [0.4657596]` */
export function besselI0e(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('I0e', x, rest);
}
/** The modified Bessel function of the first kind I₁. `tf.math.besselI1([1])   // [0.5651591]` */
export function besselI1(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('I1', x, rest);
}
/** exp(-|x|) · I₁(x). `tf.math.besselI1e([1])   // [0.2079104]` */
export function besselI1e(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('I1e', x, rest);
}
/** The Bessel function of the first kind J₀. `tf.math.special.besselJ0([1])   // [0.7651977]` */
export function besselJ0(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('J0', x, rest);
}
/** The Bessel function of the first kind J₁. `tf.math.special.besselJ1([1])   // [0.4400506]` */
export function besselJ1(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('J1', x, rest);
}
/** The modified Bessel function of the second kind K₀. `tf.math.special.besselK0([1])   // [0.4210244]` */
export function besselK0(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('K0', x, rest);
}
/** exp(x) · K₀(x). `tf.math.special.besselK0e([1])   // [1.1444631]` */
export function besselK0e(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('K0e', x, rest);
}
/** The modified Bessel function of the second kind K₁. `tf.math.special.besselK1([1])   // [0.6019072]` */
export function besselK1(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('K1', x, rest);
}
/** exp(x) · K₁(x). `tf.math.special.besselK1e([1])   // [1.6361535]` */
export function besselK1e(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('K1e', x, rest);
}
/** The Bessel function of the second kind Y₀. `tf.math.special.besselY0([1])   // [0.0882570]` */
export function besselY0(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('Y0', x, rest);
}
/** The Bessel function of the second kind Y₁. `tf.math.special.besselY1([1])   // [-0.7812128]` */
export function besselY1(x: TensorLike, ...rest: NameRest): Tensor {
  return bessel('Y1', x, rest);
}

/** Dawson's integral, exp(-x²) ∫ exp(t²) dt from 0 to x. `tf.math.special.dawsn([1])   // [0.5380795]` */
export function dawsn(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'dawsn', [x], () => emitOne('Dawsn', [x]));
}
/** The exponential integral Ei(x); NaN below 0. `tf.math.special.expint([1])   // [1.8951178]` */
export function expint(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'expint', [x], () => emitOne('Expint', [x]));
}
/** Fresnel's ∫ cos(πt²/2) dt from 0 to x. `tf.math.special.fresnelCos([1])   // [0.7798934]` */
export function fresnelCos(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'fresnel_cos', [x], () => emitOne('FresnelCos', [x]));
}
/** Fresnel's ∫ sin(πt²/2) dt from 0 to x. `tf.math.special.fresnelSin([1])   // [0.4382591]` */
export function fresnelSin(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'fresnel_sin', [x], () => emitOne('FresnelSin', [x]));
}
/** The dilogarithm of 1 - x; NaN below 0. `tf.math.special.spence([2])   // [-0.8224670]` */
export function spence(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'spence', [x], () => emitOne('Spence', [x]));
}
