/**
 * One-operand mathematics: the ops and their public functions. Activations of neural networks are in `activations.ts`,
 * the ops that some of the gradients are made of in `unary-grads.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { bool, float32, float64 } from '../util/dtype.ts';
import {
  COMPLEX,
  FLOATS,
  FLOATS_AND_COMPLEX,
  fromInput,
  fromOutput,
  type NameRest,
  nameOf,
  noGradient,
  SIGNED,
  unary,
} from './elementwise.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, type GradFn, type OpInit, sample } from './opdef/define.ts';
import { unchanged } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import type { TensorLike } from './tensor-like.ts';

/** Name, what it computes, element types, gradient, and a sample with what else there is to say. */
type Row = readonly [
  name: string,
  doc: string,
  types: string,
  grad: GradFn | null,
  x: readonly number[],
  y: readonly number[],
  more?: Partial<OpInit>,
];

const X = [-1.5, -0.5, 0.25, 2];
const POSITIVE = [0.25, 1, 3];
const UNIT = [-0.5, 0.25, 0.75];

/** 1 - x². */
const unitMinusSquare = <V>(x: V, dy: V, $: Vocabulary<V>): V => {
  const square = $.square(x);
  return $.sub($.scalarLike(1, dy), square, 'Sub');
};
const reciprocalGrad = fromGradOp('ReciprocalGrad', false);
const steps = { grad: noGradient };
const roots = 2 / Math.sqrt(Math.PI);

/** A gradient that is one op of the output and `dy`. */
function fromGradOp(type: string, controlled: boolean): GradFn {
  if (controlled) return fromOutput((y, dy, $) => $.op(type, [y, dy]));
  return (op, [dy], $) => [$.op(type, [op.outputs[0], dy])];
}

/** ± 2/√π · exp(-x²) · dy. */
function erfGrad(factor: number): GradFn {
  return (op, [dy], $) => {
    const constant = $.scalarLike(factor, dy);
    return [
      $.after([dy], () => {
        const scaled = $.mul(dy, constant);
        return $.mul(scaled, $.exp($.neg($.square(op.inputs[0]))));
      }),
    ];
  };
}

const rows: readonly Row[] = [
  ['Neg', '-x.', `${SIGNED}, ${COMPLEX}`, (_op, [dy], $) => [$.neg(dy)], X, [1.5, 0.5, -0.25, -2]],
  ['Abs', '|x|.', SIGNED, (op, [dy], $) => [$.mul(dy, $.sign(op.inputs[0]))], X, [1.5, 0.5, 0.25, 2]],
  [
    'Sign',
    '-1, 0 or 1; for complex numbers x / |x|.',
    `${SIGNED}, ${COMPLEX}`,
    (op, _dy, $) => [$.zerosLike(op.inputs[0])],
    X,
    [-1, -1, 1, 1],
    {
      decompose: (op, $) => {
        const [x] = op.inputs;
        const dtype = $.dtypeOf(x);
        if (!dtype.isFloating) return null;
        const steps = $.sub($.cast($.greater(x, 0), dtype), $.cast($.less(x, 0), dtype));
        return [$.where($.notEqual(x, x), x, steps)];
      },
    },
  ],
  [
    'Square',
    'x².',
    `${SIGNED}, uint8, uint16, uint32, uint64, ${COMPLEX}`,
    fromInput((x, dy, $) => {
      const two = $.scalarLike(2, x);
      return $.mul(dy, $.mul(x, two, 'Mul'), 'Mul');
    }),
    X,
    [2.25, 0.25, 0.0625, 4],
  ],
  ['Sqrt', 'The square root.', FLOATS_AND_COMPLEX, fromGradOp('SqrtGrad', false), POSITIVE, [0.5, 1, 1.73205081]],
  ['Rsqrt', '1 / √x.', FLOATS_AND_COMPLEX, fromGradOp('RsqrtGrad', false), POSITIVE, [2, 1, 0.577350269]],
  [
    'Exp',
    'e to the power of x.',
    FLOATS_AND_COMPLEX,
    fromOutput((y, dy, $) => $.mul(dy, y)),
    X,
    [0.22313016, 0.60653066, 1.28402542, 7.3890561],
  ],
  [
    'Expm1',
    'exp(x) - 1, accurate near 0.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.exp(x))),
    X,
    [-0.77686984, -0.39346934, 0.284025417, 6.3890561],
  ],
  [
    'Log',
    'The natural logarithm.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.reciprocal(x))),
    POSITIVE,
    [-1.38629436, 0, 1.09861229],
  ],
  [
    'Log1p',
    'log(1 + x), accurate near 0.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.reciprocal($.add(1, x)))),
    POSITIVE,
    [0.223143551, Math.LN2, 1.38629436],
  ],
  ['Reciprocal', '1 / x.', `${SIGNED}, ${COMPLEX}`, reciprocalGrad, X, [-0.666666667, -2, 4, 0.5]],
  ['Inv', '1 / x.', `${SIGNED}, ${COMPLEX}`, reciprocalGrad, X, [-0.666666667, -2, 4, 0.5]],
  [
    'Sin',
    'The sine.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.op('Cos', [x]))),
    X,
    [-0.997494987, -0.479425539, 0.247403959, 0.909297427],
  ],
  [
    'Cos',
    'The cosine.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul($.neg(dy), $.op('Sin', [x]))),
    X,
    [0.0707372017, 0.877582562, 0.968912422, -0.416146837],
  ],
  [
    'Tan',
    'The tangent.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul($.square($.reciprocal($.op('Cos', [x]))), dy)),
    X,
    [-14.1014199, -0.54630249, 0.255341921, -2.18503986],
  ],
  [
    'Asin',
    'The arc sine.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.reciprocal($.sqrt(unitMinusSquare(x, dy, $))))),
    UNIT,
    [-0.523598776, 0.252680255, 0.848062079],
  ],
  [
    'Acos',
    'The arc cosine.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => {
      const inverse = $.reciprocal($.sqrt(unitMinusSquare(x, dy, $)));
      return $.mul($.neg(dy), inverse);
    }),
    UNIT,
    [2.0943951, 1.31811607, 0.722734248],
  ],
  [
    'Atan',
    'The arc tangent.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => {
      const square = $.square(x);
      return $.mul(dy, $.reciprocal($.add($.scalarLike(1, dy), square, 'Add')));
    }),
    X,
    [-0.982793723, -0.463647609, 0.244978663, 1.10714872],
  ],
  [
    'Sinh',
    'The hyperbolic sine.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.op('Cosh', [x]))),
    X,
    [-2.12927946, -0.521095305, 0.252612317, 3.62686041],
  ],
  [
    'Cosh',
    'The hyperbolic cosine.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.op('Sinh', [x]))),
    X,
    [2.35240962, 1.12762597, 1.0314131, 3.76219569],
  ],
  [
    'Tanh',
    'The hyperbolic tangent.',
    FLOATS_AND_COMPLEX,
    fromGradOp('TanhGrad', true),
    X,
    [-0.905148254, -0.462117157, 0.244918662, 0.96402758],
  ],
  [
    'Asinh',
    'The inverse hyperbolic sine.',
    FLOATS_AND_COMPLEX,
    fromOutput((y, dy, $) => $.div(dy, $.op('Cosh', [y]))),
    X,
    [-1.19476322, -0.481211825, 0.247466462, 1.44363548],
  ],
  [
    'Acosh',
    'The inverse hyperbolic cosine.',
    FLOATS_AND_COMPLEX,
    fromOutput((y, dy, $) => $.div(dy, $.op('Sinh', [y]))),
    [1.25, 2, 3],
    [Math.LN2, 1.3169579, 1.76274717],
  ],
  [
    'Atanh',
    'The inverse hyperbolic tangent.',
    FLOATS_AND_COMPLEX,
    fromInput((x, dy, $) => $.mul(dy, $.reciprocal(unitMinusSquare(x, dy, $)))),
    UNIT,
    [-0.549306144, 0.255412812, 0.972955075],
  ],
  [
    'Sigmoid',
    '1 / (1 + exp(-x)).',
    FLOATS_AND_COMPLEX,
    fromGradOp('SigmoidGrad', true),
    X,
    [0.182425524, 0.377540669, 0.562176501, 0.880797078],
  ],
  ['Erf', 'The error function.', FLOATS, erfGrad(roots), X, [-0.966105146, -0.520499878, 0.27632639, 0.995322265]],
  ['Erfc', '1 - erf(x).', FLOATS, erfGrad(-roots), X, [1.96610515, 1.52049988, 0.72367361, 0.00467773498]],
  [
    'Round',
    'The nearest integer, ties to even.',
    `${SIGNED}, ${COMPLEX}`,
    null,
    [-2.5, -0.5, 1.5, 1.75],
    [-2, -0, 2, 2],
    steps,
  ],
  ['Rint', 'The nearest integer, ties to even.', FLOATS, null, [-2.5, -0.5, 1.5, 1.75], [-2, -0, 2, 2], steps],
  ['Floor', 'The greatest integer not above x.', FLOATS, null, X, [-2, -1, 0, 2], steps],
  ['Ceil', 'The least integer not below x.', FLOATS, null, X, [-1, -0, 1, 2], steps],
];

for (const [name, doc, types, grad, x, y, more] of rows) {
  defineOp({
    name,
    doc,
    inputs: ['x: T'],
    outputs: ['y: T'],
    attrs: [`T: {${types}}`],
    infer: unchanged,
    grad,
    samples: [
      {
        inputs: [sample(float32, [x.length], x)],
        outputs: [sample(float32, [y.length], y)],
        ...(more === steps ? { differentiable: false } : null),
      },
    ],
    ...more,
  });
}

const special = [Number.NaN, Infinity, -Infinity, 1];
for (const [name, doc, y] of [
  ['IsNan', 'Whether x is not a number.', [true, false, false, false]],
  ['IsInf', 'Whether x is infinite.', [false, true, true, false]],
  ['IsFinite', 'Whether x is finite.', [false, false, false, true]],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['x: T'],
    outputs: ['y: bool'],
    attrs: [`T: {${FLOATS}}`],
    infer: unchanged,
    grad: noGradient,
    samples: [{ inputs: [sample(float32, [4], special)], outputs: [sample(bool, [4], y)], differentiable: false }],
  });
}

// Public functions. Each takes a tensor of any shape and gives one of the same shape and element type; a type that the op
// does not take is a `TypeError`.

/** -x. `tf.negative([1, -2])   // [-1, 2]` */
export function negative(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Neg', x, rest);
}
/** |x|, for floats and signed integers; for complex numbers the modulus, of the real type. `tf.abs([-1, 2])   // [1, 2]` */
export function abs(x: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'Abs', [x], (scope) => {
    const value = convertToTensor(x, { name: 'x' });
    if (!value.dtype.isComplex) return emitOne('Abs', [value], {}, scope);
    return emitOne('ComplexAbs', [value], { Tout: value.dtype.size === 8 ? float32 : float64 }, scope);
  });
}
/** -1, 0 or 1; x / |x| for complex numbers. `tf.sign([-3, 0])   // [-1, 0]` */
export function sign(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Sign', x, rest);
}
/** x². `tf.square([3])   // [9]` */
export function square(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Square', x, rest);
}
/** The square root; NaN of negative numbers. `tf.sqrt([4])   // [2]` */
export function sqrt(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Sqrt', x, rest);
}
/** 1 / √x. `tf.rsqrt([4])   // [0.5]` */
export function rsqrt(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Rsqrt', x, rest);
}
/** e to the power of x. `tf.exp([0])   // [1]` */
export function exp(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Exp', x, rest);
}
/** exp(x) - 1, accurate near 0. `tf.expm1([0])   // [0]` */
export function expm1(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Expm1', x, rest);
}
/** The natural logarithm; -inf of 0, NaN of negative numbers. `tf.log([1])   // [0]` */
export function log(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Log', x, rest);
}
/** log(1 + x), accurate near 0. `tf.log1p([0])   // [0]` */
export function log1p(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Log1p', x, rest);
}
/** 1 / x. `tf.reciprocal([4])   // [0.25]` */
export function reciprocal(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Reciprocal', x, rest);
}
/** The sine, of radians. `tf.sin([0])   // [0]` */
export function sin(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Sin', x, rest);
}
/** The cosine, of radians. `tf.cos([0])   // [1]` */
export function cos(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Cos', x, rest);
}
/** The tangent, of radians. `tf.tan([0])   // [0]` */
export function tan(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Tan', x, rest);
}
/** The arc sine; NaN outside [-1, 1]. `tf.asin([0])   // [0]` */
export function asin(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Asin', x, rest);
}
/** The arc cosine; NaN outside [-1, 1]. `tf.acos([1])   // [0]` */
export function acos(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Acos', x, rest);
}
/** The arc tangent. `tf.atan([0])   // [0]` */
export function atan(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Atan', x, rest);
}
/** The hyperbolic sine. `tf.sinh([0])   // [0]` */
export function sinh(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Sinh', x, rest);
}
/** The hyperbolic cosine. `tf.cosh([0])   // [1]` */
export function cosh(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Cosh', x, rest);
}
/** The hyperbolic tangent. `tf.tanh([0])   // [0]` */
export function tanh(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Tanh', x, rest);
}
/** The inverse hyperbolic sine. `tf.asinh([0])   // [0]` */
export function asinh(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Asinh', x, rest);
}
/** The inverse hyperbolic cosine; NaN below 1. `tf.acosh([1])   // [0]` */
export function acosh(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Acosh', x, rest);
}
/** The inverse hyperbolic tangent; NaN outside [-1, 1]. `tf.atanh([0])   // [0]` */
export function atanh(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Atanh', x, rest);
}
/** 1 / (1 + exp(-x)), without overflow. `tf.sigmoid([0])   // [0.5]` */
export function sigmoid(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Sigmoid', x, rest);
}
/** The error function. `tf.erf([0])   // [0]` */
export function erf(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Erf', x, rest);
}
/** The complement of the error function, 1 - erf(x), accurate for large x. `tf.erfc([0])   // [1]` */
export function erfc(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Erfc', x, rest);
}
/** The nearest integer, ties to even; integers come back as they are. `tf.round([0.5, 1.5])   // [0, 2]` */
export function round(x: TensorLike, ...rest: NameRest): Tensor {
  const value = convertToTensor(x, { name: 'x' });
  return value.dtype.isInteger ? value : unary('Round', value, rest);
}
/** The nearest integer, ties to even, for floats. `tf.rint([-1.7])   // [-2]` */
export function rint(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Rint', x, rest);
}
/** The greatest integer not above x, as a float. `tf.floor([-0.5])   // [-1]` */
export function floor(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Floor', x, rest);
}
/** The least integer not below x, as a float. `tf.ceil([0.5])   // [1]` */
export function ceil(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Ceil', x, rest);
}
/** Whether x is not a number: bool. `tf.isNan([NaN])   // [true]` */
export function isNan(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('IsNan', x, rest);
}
/** Whether x is infinite: bool. `tf.isInf([-Infinity])   // [true]` */
export function isInf(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('IsInf', x, rest);
}
/** Whether x is neither infinite nor NaN: bool. `tf.isFinite([1])   // [true]` */
export function isFinite(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('IsFinite', x, rest);
}
