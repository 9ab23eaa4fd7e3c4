/**
 * THE table of ops that are computed element by element: what each does with an element. Ops that only turn shapes, and
 * reductions, are in `loop-builder.ts`.
 */
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { ElementType, Op, ValueId, Values } from './values.ts';

/** The element types of buffers; undefined for types that only the host holds. */
export function elementType(dtype: DType): ElementType | undefined {
  return dtype === float32 ? 'f32' : dtype === int32 ? 'i32' : dtype === bool ? 'bool' : undefined;
}

/** What the op does with one element of each input; null where this instance of it is no such op. */
export type ElementRule = ($: Values, args: readonly ValueId[], op: LowerContext) => ValueId | null;

type Expression = ($: Expressions, ...args: ValueId[]) => ValueId;

/** Short names, so that formulas read as such. */
class Expressions {
  constructor(private readonly values: Values) {}
  readonly c = (value: number) => this.values.constant(value);
  readonly neg = this.of('neg');
  readonly abs = this.of('abs');
  readonly sqrt = this.of('sqrt');
  readonly exp = this.of('exp');
  readonly log = this.of('log');
  readonly tanh = this.of('tanh');
  readonly sigmoid = this.of('sigmoid');
  readonly add = this.of('add');
  readonly sub = this.of('sub');
  readonly mul = this.of('mul');
  readonly div = this.of('div');
  readonly min = this.of('min');
  readonly max = this.of('max');
  readonly lt = this.of('lt');
  readonly gt = this.of('gt');
  readonly eq = this.of('eq');
  readonly ne = this.of('ne');
  readonly and = this.of('and');
  readonly select = this.of('select');
  /** 0 of the type of the value. */
  readonly zero = (like: ValueId) => this.values.constant(0, this.values.type(like));

  private of(op: Op): (...args: ValueId[]) => ValueId {
    return (...args) => this.values.op(op, ...args);
  }
}

/** On floats. */
function floats(expression: Expression): ElementRule {
  return ($, args) => (args.every((arg) => $.type(arg) === 'f32') ? expression(new Expressions($), ...args) : null);
}
/** On floats: 0 where the gradient that comes in is 0, whatever it would be multiplied with. */
function gradient(expression: Expression): ElementRule {
  return floats(($, y, dy) => $.select($.eq(dy, $.c(0)), $.c(0), expression($, y, dy)));
}
/** On floats and integers. */
function numbers(expression: Expression): ElementRule {
  return ($, args) =>
    args.every((arg) => $.type(arg) === $.type(args[0]) && $.type(arg) !== 'bool')
      ? expression(new Expressions($), ...args)
      : null;
}
/** An op of processors on floats. */
const float =
  (op: Op): ElementRule =>
  ($, args) =>
    args.every((arg) => $.type(arg) === 'f32') ? $.op(op, ...args) : null;
/** An op of processors on floats and integers. */
const number =
  (op: Op): ElementRule =>
  ($, args) =>
    args.every((arg) => $.type(arg) === $.type(args[0]) && $.type(arg) !== 'bool') ? $.op(op, ...args) : null;
/** An op of processors on truth values. */
const logical =
  (op: Op): ElementRule =>
  ($, args) =>
    args.every((arg) => $.type(arg) === 'bool') ? $.op(op, ...args) : null;

/** Shapes that do not fit give a scalar where the op allows them, which is not known here. */
const equality =
  (name: 'eq' | 'ne'): ElementRule =>
  ($, args, op) =>
    op.attr('incompatible_shape_error') === false && String(op.shape(0)) !== String(op.shape(1))
      ? null
      : $.op(name, ...args);

const sum: ElementRule = ($, args) =>
  $.type(args[0]) === 'bool' ? null : args.slice(1).reduce((total, arg) => $.op('add', total, arg), args[0]);

const cast: ElementRule = ($, [x], op) => {
  const [from, to] = [$.type(x), elementType(op.outputDType(0))];
  if (from === to) return x;
  if (to === 'f32') return $.op('toFloat', x);
  if (to === 'i32' && from === 'bool') return $.op('toInt', x);
  if (to === 'i32') {
    // Floats that no integer holds are what x86 processors make of them, and so TensorFlow.
    const isHeld = $.op('lt', $.op('abs', x), $.constant(2 ** 31));
    return $.op('select', isHeld, $.op('toInt', x), $.constant(-(2 ** 31), 'i32'));
  }
  return to === 'bool' ? $.op('ne', x, $.constant(0, from)) : null;
};

/** A condition that stands for whole rows is another op. */
const select: ElementRule = ($, args, op) => {
  const [rank, condition] = [op.shape(1)?.length, op.shape(0)?.length];
  if (op.type === 'Select' && rank !== condition && condition !== 0) return null;
  return $.op('select', ...args);
};

/** Limits have the shape of the value, or are scalars. */
const clip: ElementRule = ($, args, op) => {
  const fits = [1, 2].every((i) => op.shape(i)?.length === 0 || String(op.shape(i)) === String(op.shape(0)));
  return fits ? numbers((e, x, low, high) => e.max(e.min(x, high), low))($, args, op) : null;
};

/** log(1 + x), without the loss of digits near 0: what rounding 1 + x took away is made good by a factor. */
const log1p: Expression = ($, x) => {
  const sum = $.add(x, $.c(1));
  const near = $.mul($.log(sum), $.div(x, $.sub(sum, $.c(1))));
  return $.select($.eq(sum, $.c(1)), x, $.select($.eq(sum, $.c(Infinity)), sum, near));
};

/** Beyond it on either side, one of the terms of log(1 + exp(x)) is nothing to the other. */
const SOFTPLUS = 13.942385;
const softplus: Expression = ($, x) => {
  const isSmall = $.lt(x, $.c(-SOFTPLUS));
  return $.select($.gt(x, $.c(SOFTPLUS)), x, $.select(isSmall, $.exp(x), log1p($, $.exp(x))));
};

/** exp(x) - 1, without the loss of digits near 0. */
const expm1: Expression = ($, x) => $.mul($.tanh($.mul(x, $.c(0.5))), $.add($.exp(x), $.c(1)));

const [SELU, SELU_BELOW] = [1.0507009873554805, 1.7580993408473768];

/** A ratio of polynomials of the square, with Eigen's coefficients (erf_float): within a few units of the last place. */
const erf: Expression = ($, x) => {
  const near = $.max($.min(x, $.c(4)), $.c(-4));
  const square = $.mul(near, near);
  const polynomial = (coefficients: readonly number[]) =>
    coefficients.slice(1).reduce((sum, c) => $.add($.mul(sum, square), $.c(c)), $.c(coefficients[0]));
  const odd = [
    -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
    -2.95459980854025e-3, -1.60960333262415e-2,
  ];
  const even = [
    -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2,
  ];
  const ratio = $.div($.mul(near, polynomial(odd)), polynomial(even));
  return $.max($.min(ratio, $.c(1)), $.c(-1));
};

/** 0 where the first argument is, whatever it would be multiplied with or divided by. */
const unlessZero = (expression: Expression): ElementRule =>
  floats(($, x, y) => $.select($.eq(x, $.c(0)), $.c(0), expression($, x, y)));

const alpha = (op: LowerContext) => op.attr<number>('alpha');

export const elementRules: ReadonlyMap<string, ElementRule> = new Map<string, ElementRule>(
  Object.entries({
    Identity: (_, [x]) => x,
    Neg: number('neg'),
    Abs: number('abs'),
    Sqrt: float('sqrt'),
    Rsqrt: floats(($, x) => $.div($.c(1), $.sqrt(x))),
    Square: numbers(($, x) => $.mul(x, x)),
    Reciprocal: floats(($, x) => $.div($.c(1), x)),
    Inv: floats(($, x) => $.div($.c(1), x)),
    Floor: float('floor'),
    Ceil: float('ceil'),
    Round: float('nearest'),
    Rint: float('nearest'),
    Exp: float('exp'),
    Log: float('log'),
    Log1p: floats(log1p),
    Softplus: floats(softplus),
    Tanh: float('tanh'),
    Sigmoid: float('sigmoid'),
    // A NaN has itself for a sign, and no zero has one.
    Sign: floats(($, x) =>
      $.select($.gt(x, $.c(0)), $.c(1), $.select($.lt(x, $.c(0)), $.c(-1), $.select($.eq(x, $.c(0)), $.c(0), x))),
    ),
    Relu: floats(($, x) => $.max(x, $.c(0))),
    Relu6: floats(($, x) => $.min($.max(x, $.c(0)), $.c(6))),
    Elu: floats(($, x) => $.select($.lt(x, $.c(0)), expm1($, x), x)),
    Selu: floats(($, x) => $.select($.lt(x, $.c(0)), $.mul($.c(SELU_BELOW), expm1($, x)), $.mul($.c(SELU), x))),
    Expm1: floats(expm1),
    Erf: floats(erf),
    LeakyRelu: ($, args, op) => floats((e, x) => e.select(e.gt(x, e.c(0)), x, e.mul(x, e.c(alpha(op)))))($, args, op),

    Add: number('add'),
    AddV2: number('add'),
    Sub: number('sub'),
    Mul: number('mul'),
    RealDiv: float('div'),
    Div: float('div'),
    Maximum: number('max'),
    Minimum: number('min'),
    SquaredDifference: numbers(($, x, y) => $.mul($.sub(x, y), $.sub(x, y))),
    DivNoNan: floats(($, x, y) => $.select($.eq(y, $.c(0)), $.c(0), $.div(x, y))),
    MulNoNan: floats(($, x, y) => $.select($.eq(y, $.c(0)), $.c(0), $.mul(x, y))),
    Xlogy: unlessZero(($, x, y) => $.mul(x, $.log(y))),
    Xlog1py: unlessZero(($, x, y) => $.mul(x, log1p($, y))),
    Xdivy: unlessZero(($, x, y) => $.div(x, y)),
    BiasAdd: ($, args, op) => (op.attr('data_format') === 'NHWC' ? number('add')($, args, op) : null),
    AddN: sum,
    AccumulateNV2: sum,
    ClipByValue: clip,

    Less: number('lt'),
    LessEqual: number('le'),
    Greater: number('gt'),
    GreaterEqual: number('ge'),
    Equal: equality('eq'),
    NotEqual: equality('ne'),
    LogicalAnd: logical('and'),
    LogicalOr: logical('or'),
    LogicalNot: logical('not'),
    IsNan: floats(($, x) => $.ne(x, x)),
    IsInf: floats(($, x) => $.eq($.abs(x), $.c(Infinity))),
    IsFinite: floats(($, x) => $.lt($.abs(x), $.c(Infinity))),
    Cast: cast,
    Select: select,
    SelectV2: select,
    ZerosLike: ($, [x]) => $.constant(0, $.type(x)),
    OnesLike: ($, [x]) => $.constant(1, $.type(x)),

    // Multiplied by 0 or 1, as TensorFlow does: what is not finite becomes NaN.
    ReluGrad: floats(($, dy, x) => $.mul(dy, $.select($.gt(x, $.c(0)), $.c(1), $.c(0)))),
    Relu6Grad: floats(($, dy, x) => $.mul(dy, $.select($.and($.gt(x, $.c(0)), $.lt(x, $.c(6))), $.c(1), $.c(0)))),
    LeakyReluGrad: ($, args, op) =>
      floats((e, dy, x) => e.select(e.gt(x, e.c(0)), dy, e.mul(dy, e.c(alpha(op)))))($, args, op),
    EluGrad: floats(($, dy, y) => $.select($.lt(y, $.c(0)), $.mul(dy, $.add(y, $.c(1))), dy)),
    SigmoidGrad: floats(($, y, dy) => $.mul($.mul(dy, y), $.sub($.c(1), y))),
    TanhGrad: floats(($, y, dy) => $.mul(dy, $.sub($.c(1), $.mul(y, y)))),
    SqrtGrad: gradient(($, y, dy) => $.div($.mul(dy, $.c(0.5)), y)),
    RsqrtGrad: gradient(($, y, dy) => $.mul($.mul($.mul($.c(-0.5), dy), y), $.mul(y, y))),
    ReciprocalGrad: gradient(($, y, dy) => $.neg($.mul(dy, $.mul(y, y)))),
    InvGrad: gradient(($, y, dy) => $.neg($.mul(dy, $.mul(y, y)))),
  } satisfies Record<string, ElementRule>),
);

/** Whether an op of this type computes each element of its result from one of each input. */
export function isElementOp(op: string): boolean {
  return elementRules.has(op);
}
