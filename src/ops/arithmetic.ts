/**
 * Arithmetic of two operands with broadcasting. Comparisons are in `comparison.ts`, sums of more tensors in `sums.ts`, the
 * operators of tensors in `operators.ts`.
 */
import { Tensor } from '../graph/graph.ts';
import { type DType, float32, float64, int32, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { isFullyDefined, type Shape, sameShape } from '../util/shape.ts';
import {
  binary,
  COMPLEX,
  conj,
  FLOATS,
  FLOATS_AND_COMPLEX,
  foldIntegers,
  fromOperands,
  type NameRest,
  nameOf,
  noGradient,
} from './elementwise.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { IndexedSlices } from './indexed-slices.ts';
import { defineOp, type GradFn, type OpInit, sample } from './opdef/define.ts';
import { broadcast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import type { TensorLike } from './tensor-like.ts';

const INTEGERS = 'uint8, int8, uint16, int16, int32, uint32, uint64, int64';
const DIVISIBLE = `${FLOATS}, ${INTEGERS}, ${COMPLEX}`;
const COMPARABLE = `${FLOATS}, int8, uint8, int16, uint16, int32, uint32, int64, uint64`;

interface Row {
  readonly name: string;
  readonly doc: string;
  readonly types: string;
  readonly grad: GradFn | null;
  /** Operands and result of the sample. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly z: readonly number[];
  readonly fold?: OpInit['fold'];
  readonly commutative?: boolean;
  /** Operand names where they are not x and y. */
  readonly args?: readonly [string, string];
  readonly differentiable?: false;
  readonly decompose?: OpInit['decompose'];
}

const addGrad = fromOperands((_op, dy) => [dy, dy], true);

const mulGrad: GradFn = (op, [dy], $) => {
  const [x, y] = op.inputs;
  const { dtype, shape } = $.specOf(dy);
  // With nothing broadcast TensorFlow writes both products with dy first.
  const shapes: Shape[] = [$.shapeOf(x), $.shapeOf(y), shape];
  const even =
    (dtype === float32 || dtype === int32) && isFullyDefined(shape) && shapes.every((s) => sameShape(s, shape));
  if (even) return [$.mul(dy, y, 'Mul'), $.mul(dy, x, 'Mul')];
  return $.unbroadcast(
    x,
    y,
    () => $.mul(dy, conj(y, $), 'Mul'),
    () => $.mul(conj(x, $), dy, 'Mul'),
  );
};

/** [dy / y, dy · (-x / y / y)], by the division that the op is made of. */
const quotientGrad = (type: string, name: string): GradFn =>
  fromOperands((op, dy, $) => {
    const [x, y] = [conj(op.inputs[0], $), conj(op.inputs[1], $)];
    const divide = (a: typeof x, b: typeof x) => $.op(type, [a, b], {}, name);
    const toX = divide(dy, y);
    const slope = divide(divide($.neg(x), y), y);
    return [toX, $.mul(dy, slope)];
  });

const powGrad = fromOperands((op, dy, $) => {
  const [x, y, z] = [conj(op.inputs[0], $), conj(op.inputs[1], $), conj(op.outputs[0], $)];
  const scaled = $.mul(dy, y);
  const toX = $.mul(scaled, $.pow(x, $.sub(y, 1), 'Pow'));
  // The logarithm is only taken where it is real, so that no NaN gets in.
  const safe = $.dtypeOf(x).isComplex ? $.notEqual(x, 0) : $.greater(x, 0);
  const select = (a: typeof x, b: typeof x) => $.op('Select', [safe, a, b]);
  const logarithm = $.log(select(x, $.onesLike(x)));
  const slope = select(logarithm, $.zerosLike(x));
  return [toX, $.mul($.mul(dy, z), slope)];
});

/** dy goes to the operand that was chosen; of equal ones to the first. */
const choiceGrad = (selector: 'GreaterEqual' | 'LessEqual'): GradFn =>
  fromOperands((op, dy, $) => {
    const zeros = $.zerosLike(dy);
    const first = $.op(selector, [...op.inputs]);
    return [$.where(first, dy, zeros), $.where(first, zeros, dy)];
  });

/** x · f(y), 0 where x is 0: the slopes are f(y) where x is not 0, and `slopeY`. */
const zeroSafeGrad =
  (type: 'Xlogy' | 'Xlog1py' | 'Xdivy', slopeY: <V>(x: V, y: V, $: Vocabulary<V>) => V): GradFn =>
  (op, [dy], $) => {
    const [x, y] = op.inputs;
    const [sx, sy] = [$.shape(x), $.shape(y)];
    const [rx, ry] = $.ops('BroadcastGradientArgs', [sx, sy]);
    return $.after([dy], () => {
      const notZero = $.cast($.notEqual(x, $.scalarLike(0, x, 'Cast/x')), $.dtypeOf(x), 'Cast_1');
      const slopeX = $.op(type, [notZero, y]);
      const bySlope = slopeY(x, y, $);
      const toX = $.reshape($.sum($.mul(slopeX, dy), rx), sx);
      return [toX, $.reshape($.sum($.mul(bySlope, dy), ry), sy)];
    });
  };

type Decompose = NonNullable<OpInit['decompose']>;

/** A select between operands of one shape, for targets whose kernel treats NaN or 0 otherwise. */
const select =
  (build: <V>(x: V, y: V, $: Vocabulary<V>) => V): Decompose =>
  (op, $) => {
    const [x, y] = op.inputs;
    if (!$.dtypeOf(x).isFloating || !sameShape($.shapeOf(x), $.shapeOf(y))) return null;
    return [build(x, y, $)];
  };
/** x where it is chosen or NaN, else y, be it NaN or not. */
const choose = (selector: 'GreaterEqual' | 'LessEqual') =>
  select((x, y, $) => $.where($.op('LogicalOr', [$.op(selector, [x, y]), $.notEqual(x, x)]), x, y));

const floorFold = foldIntegers((x, y) => {
  if (y === 0n) return null;
  const quotient = x / y;
  return x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient;
});
const truncateFold = foldIntegers((x, y) => (y === 0n ? null : x / y));
const modFold = foldIntegers((x, y) => {
  if (y === 0n) return null;
  const rest = x % y;
  return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
});
const addFold = foldIntegers((x, y) => x + y);

const rows: readonly Row[] = [
  {
    name: 'Add',
    doc: 'x + y; strings are joined.',
    types: `${FLOATS}, uint8, int8, int16, int32, int64, ${COMPLEX}, string`,
    grad: addGrad,
    fold: (op) => (op.dtype(0) === string ? [null] : addFold(op)),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [1.5, 0, 1],
  },
  {
    name: 'AddV2',
    doc: 'x + y.',
    types: `${FLOATS}, uint8, uint16, uint32, uint64, int8, int16, int32, int64, ${COMPLEX}`,
    grad: addGrad,
    fold: addFold,
    commutative: true,
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [1.5, 0, 1],
  },
  {
    name: 'Sub',
    doc: 'x - y.',
    types: `${FLOATS}, uint8, int8, uint16, int16, int32, int64, ${COMPLEX}, uint32, uint64`,
    grad: fromOperands((_op, dy, $) => [dy, $.neg(dy)], true),
    fold: foldIntegers((x, y) => x - y),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [0.5, 4, -7],
  },
  {
    name: 'Mul',
    doc: 'x · y.',
    types: `${FLOATS}, uint8, int8, uint16, int16, int32, uint32, uint64, int64, ${COMPLEX}`,
    grad: mulGrad,
    fold: foldIntegers((x, y) => x * y),
    commutative: true,
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [0.5, -4, -12],
  },
  {
    name: 'Div',
    doc: 'x / y; integers are rounded toward zero.',
    types: DIVISIBLE,
    grad: quotientGrad('RealDiv', 'truediv'),
    fold: truncateFold,
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [2, -1, -0.75],
  },
  {
    name: 'RealDiv',
    doc: 'x / y of floats.',
    types: DIVISIBLE,
    grad: quotientGrad('RealDiv', 'RealDiv'),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [2, -1, -0.75],
  },
  {
    name: 'FloorDiv',
    doc: 'x / y, rounded down.',
    types: DIVISIBLE,
    grad: noGradient,
    fold: floorFold,
    x: [7, -7, 7],
    y: [2, 2, -2],
    z: [3, -4, -4],
    differentiable: false,
  },
  {
    name: 'TruncateDiv',
    doc: 'x / y, rounded toward zero.',
    types: DIVISIBLE,
    grad: noGradient,
    fold: truncateFold,
    x: [7, -7, 7],
    y: [2, 2, -2],
    z: [3, -3, -3],
    differentiable: false,
  },
  {
    name: 'FloorMod',
    doc: 'The remainder of the division rounded down: it has the sign of y.',
    types: 'int8, int16, int32, int64, uint8, uint16, uint32, uint64, bfloat16, float16, float32, float64',
    grad: fromOperands((op, dy, $) => {
      const quotient = $.floordiv(op.inputs[0], op.inputs[1], 'FloorDiv');
      return [dy, $.mul(dy, $.neg(quotient))];
    }),
    fold: modFold,
    x: [7.5, -7.5, 7.5],
    y: [2, 2, -2],
    z: [1.5, 0.5, -0.5],
  },
  {
    name: 'TruncateMod',
    doc: 'The remainder of the division rounded toward zero: it has the sign of x.',
    types: `int32, int64, ${FLOATS}`,
    grad: null,
    x: [7.5, -7.5, 7.5],
    y: [2, 2, -2],
    z: [1.5, -1.5, 1.5],
    differentiable: false,
  },
  {
    name: 'Mod',
    doc: 'The remainder of the division rounded toward zero: it has the sign of x.',
    types: 'int32, int64, float16, float16, bfloat16, float32, float64',
    grad: null,
    x: [7.5, -7.5, 7.5],
    y: [2, 2, -2],
    z: [1.5, -1.5, 1.5],
    differentiable: false,
  },
  {
    name: 'Pow',
    doc: 'x to the power of y.',
    types: `bfloat16, float32, float16, float64, int8, int16, int32, int64, ${COMPLEX}`,
    grad: powGrad,
    x: [1.5, 4, 0.5],
    y: [2, 0.5, -1.5],
    z: [2.25, 2, 2.82842712],
  },
  {
    name: 'Maximum',
    doc: 'The greater of x and y; NaN where one is NaN.',
    types: COMPARABLE,
    grad: choiceGrad('GreaterEqual'),
    fold: foldIntegers((x, y) => (x > y ? x : y)),
    decompose: choose('GreaterEqual'),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [1, 2, 4],
  },
  {
    name: 'Minimum',
    doc: 'The smaller of x and y; NaN where one is NaN.',
    types: COMPARABLE,
    grad: choiceGrad('LessEqual'),
    fold: foldIntegers((x, y) => (x < y ? x : y)),
    decompose: choose('LessEqual'),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [0.5, -2, -3],
  },
  {
    name: 'SquaredDifference',
    doc: '(x - y)².',
    types: `${FLOATS}, int32, int64, ${COMPLEX}`,
    grad: fromOperands((op, dy, $) => {
      const toX = $.after([dy], () => {
        const twice = $.mul($.scalarLike(2, dy, 'scalar'), dy, 'Mul');
        return $.mul(twice, $.sub(op.inputs[0], op.inputs[1]));
      });
      return [toX, $.neg(toX)];
    }, true),
    commutative: true,
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [0.25, 16, 49],
  },
  {
    name: 'DivNoNan',
    doc: 'x / y, 0 where y is 0.',
    types: `float16, float32, bfloat16, float64, ${COMPLEX}`,
    grad: quotientGrad('DivNoNan', 'div_no_nan'),
    decompose: select((x, y, $) => $.where($.equal(y, 0), $.zerosLike(x), $.div(x, y))),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [2, -1, -0.75],
  },
  {
    name: 'MulNoNan',
    doc: 'x · y, 0 where y is 0 whatever x is.',
    types: FLOATS_AND_COMPLEX,
    grad: fromOperands((op, dy, $) => {
      const toX = $.op('MulNoNan', [dy, op.inputs[1]]);
      return [toX, $.op('MulNoNan', [op.inputs[0], dy])];
    }, true),
    decompose: select((x, y, $) => $.where($.equal(y, 0), $.zerosLike(x), $.mul(x, y))),
    x: [1, 2, -3],
    y: [0.5, -2, 4],
    z: [0.5, -4, -12],
  },
  {
    name: 'Xlogy',
    doc: 'x · log(y), 0 where x is 0.',
    types: `float16, bfloat16, float32, float64, ${COMPLEX}`,
    grad: zeroSafeGrad('Xlogy', (x, y, $) => $.op('Xdivy', [x, y])),
    x: [2, -1],
    y: [3, 0.5],
    z: [2.19722458, Math.LN2],
  },
  {
    name: 'Xlog1py',
    doc: 'x · log(1 + y), 0 where x is 0.',
    types: `float16, bfloat16, float32, float64, ${COMPLEX}`,
    grad: zeroSafeGrad('Xlog1py', (x, y, $) => $.op('Xdivy', [x, $.add(y, 1)])),
    x: [2, -1],
    y: [3, 0.5],
    z: [2.77258872, -0.405465108],
  },
  {
    name: 'Xdivy',
    doc: 'x / y, 0 where x is 0.',
    types: `float16, bfloat16, float32, float64, ${COMPLEX}`,
    grad: zeroSafeGrad('Xdivy', (x, y, $) => {
      const minus = $.neg(x);
      return $.op('Xdivy', [minus, $.pow(y, 2)]);
    }),
    x: [2, -1],
    y: [3, 0.5],
    z: [0.666666667, -2],
  },
  {
    name: 'Atan2',
    doc: 'The angle of the point (x, y).',
    types: FLOATS,
    args: ['y', 'x'],
    grad: (op, [dy], $) =>
      $.after([dy], () => {
        const [y, x] = op.inputs;
        const ratio = $.div(dy, $.add($.square(x), $.square(y)));
        const [toY, toX] = [$.mul(x, ratio), $.mul($.neg(y), ratio)];
        return $.unbroadcast(
          y,
          x,
          () => toY,
          () => toX,
        );
      }),
    x: [1, -1],
    y: [2, -0.5],
    z: [0.463647609, -2.03444394],
  },
];

for (const { name, doc, types, grad, x, y, z, fold, commutative, args, differentiable, decompose } of rows) {
  const [first, second] = args ?? ['x', 'y'];
  defineOp({
    name,
    doc,
    inputs: [`${first}: T`, `${second}: T`],
    outputs: ['z: T'],
    attrs: [`T: {${types}}`],
    infer: broadcast,
    grad,
    fold,
    commutative,
    decompose,
    samples: [
      {
        inputs: [sample(float32, [x.length], x), sample(float32, [y.length], y)],
        outputs: [sample(float32, [z.length], z)],
        differentiable,
      },
    ],
  });
}

// Public functions. The operands are broadcast against each other as in NumPy; shapes that do not fit are a `ValueError`,
// element types that differ a `TypeError`. A plain number takes the element type of the other operand.

/** x + y; strings are joined. `tf.add([1, 2], 10)   // [11, 12]` */
export function add(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  const name = nameOf(rest);
  if (x instanceof Tensor && y instanceof Tensor && x.dtype !== string)
    return emitOne('AddV2', [x, y], {}, name || 'Add');
  return opScope(name, 'Add', [x, y], (scope) => {
    const [a, b] = convertPair(x, y);
    return emitOne(a.dtype === string ? 'Add' : 'AddV2', [a, b], {}, scope);
  });
}
/** x - y. `tf.subtract([3, 2], 1)   // [2, 1]` */
export function subtract(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Sub', x, y, rest);
}
/** x · y. `tf.multiply([1, 2], 3)   // [3, 6]` */
export function multiply(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Mul', x, y, rest);
}
/** The product of a number and a tensor. `tf.scalarMul(2, [1, 2])   // [2, 4]` */
export function scalarMul(scalar: TensorLike, x: Tensor | IndexedSlices, ...rest: NameRest): Tensor | IndexedSlices {
  const factor = convertToTensor(scalar, { dtype: x.dtype, name: 'scalar' });
  if (factor.shape !== null && factor.shape.length > 0) {
    throw new ValueError(`The input scalar must be a 0-D value. Received shape ${factor.getShape()}.`);
  }
  if (!(x instanceof IndexedSlices)) return binary('Mul', factor, x, rest);
  return new IndexedSlices(binary('Mul', factor, x.values, rest), x.indices, x.denseShape);
}

/** Both operands as tensors named x and y; a plain value takes the element type of the tensor beside it. */
export function convertPair(x: TensorLike, y: TensorLike): readonly [Tensor, Tensor] {
  const wanted = dtypeOf(x) ? undefined : dtypeOf(y);
  const a = convertToTensor(x, { dtype: wanted, name: 'x' });
  const b = dtypeOf(y) ? convertToTensor(y, { name: 'y' }) : convertToTensor(y, { dtype: a.dtype, name: 'y' });
  return [a, b];
}

/** The element type of a tensor, of what stands for one, or of an array that carries its own. */
function dtypeOf(value: TensorLike): DType | undefined {
  return typeof value === 'object' && value !== null ? (value as { dtype?: DType }).dtype : undefined;
}

const DIVISION: ReadonlyMap<string, DType> = new Map([
  ['uint8', float32],
  ['int8', float32],
  ['uint16', float32],
  ['int16', float32],
  ['int32', float64],
  ['uint32', float64],
  ['int64', float64],
  ['uint64', float64],
]);

/**
 * x / y as Python divides: integers are cast first, those of up to 16 bits to float32, wider ones to float64.
 * `tf.truediv(tf.constant([7, 1], tf.int32), 2)   // [3.5, 0.5], float64`
 */
export function truediv(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'truediv', [x, y], (scope) => {
    const [a, b] = convertPair(x, y);
    const dtype = DIVISION.get(a.dtype.name);
    if (!dtype || a.dtype !== b.dtype) return emitOne('RealDiv', [a, b], {}, scope);
    const [p, q] = [emitOne('Cast', [a], { DstT: dtype }), emitOne('Cast', [b], { DstT: dtype })];
    return emitOne('RealDiv', [p, q], {}, scope);
  });
}
/** x / y as Python divides: `truediv`. */
export function divide(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return truediv(x, y, ...rest);
}
/** x / y as Python 2 divided: integers are rounded down. `tf.div(tf.constant(7, tf.int32), 2)   // 3` */
export function div(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'div', [x, y], (scope) => {
    const [a, b] = convertPair(x, y);
    const type = a.dtype.isFloating || a.dtype.isComplex ? 'RealDiv' : 'FloorDiv';
    return emitOne(type, [a, b], {}, scope);
  });
}
/** x / y of floats. `tf.realdiv([1], 4)   // [0.25]` */
export function realdiv(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('RealDiv', x, y, rest);
}
/** x / y rounded down. `tf.floordiv(tf.constant([-7], tf.int32), 2)   // [-4]` */
export function floordiv(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('FloorDiv', x, y, rest, 'floordiv');
}
/** x / y rounded down: `floordiv` under its other default name. */
export function floorDiv(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('FloorDiv', x, y, rest);
}
/** x / y rounded toward zero. `tf.truncatediv(tf.constant([-7], tf.int32), 2)   // [-3]` */
export function truncatediv(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('TruncateDiv', x, y, rest);
}
/** The remainder with the sign of y, as Python's `%`. `tf.floormod([-7], 3)   // [2]` */
export function floormod(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('FloorMod', x, y, rest);
}
/** The remainder with the sign of y: `floormod`. */
export function mod(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('FloorMod', x, y, rest);
}
/** The remainder with the sign of x, as C's. `tf.truncatemod([-7], 3)   // [-1]` */
export function truncatemod(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('TruncateMod', x, y, rest);
}
/** x to the power of y. An integer to a negative power is an `InvalidArgumentError`. `tf.pow([2], 3)   // [8]` */
export function pow(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Pow', x, y, rest);
}
/** The greater of x and y, NaN where one is NaN. `tf.maximum([1, 5], 3)   // [3, 5]` */
export function maximum(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Maximum', x, y, rest);
}
/** The smaller of x and y, NaN where one is NaN. `tf.minimum([1, 5], 3)   // [1, 3]` */
export function minimum(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Minimum', x, y, rest);
}
/** (x - y)². `tf.squaredDifference([1], 4)   // [9]` */
export function squaredDifference(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('SquaredDifference', x, y, rest);
}
/** x / y, 0 where y is 0. `tf.divNoNan([1, 1], [0, 2])   // [0, 0.5]` */
export function divNoNan(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('DivNoNan', x, y, rest, 'div_no_nan');
}
/** x · y, 0 where y is 0 even if x is infinite or NaN. `tf.math.multiplyNoNan([NaN], 0)   // [0]` */
export function multiplyNoNan(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('MulNoNan', x, y, rest, 'multiply_no_nan');
}
/** x · log(y), 0 where x is 0. `tf.math.xlogy([0], 0)   // [0]` */
export function xlogy(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'xlogy', [x, y], () => binary('Xlogy', x, y, []));
}
/** x · log(1 + y), 0 where x is 0. `tf.math.xlog1py([0], -1)   // [0]` */
export function xlog1py(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'xlog1py', [x, y], () => binary('Xlog1py', x, y, []));
}
/** x / y, 0 where x is 0. `tf.math.xdivy([0], 0)   // [0]` */
export function xdivy(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return opScope(nameOf(rest), 'xdivy', [x, y], () => binary('Xdivy', x, y, []));
}
/** The angle of the point (x, y), in (-π, π]. `tf.atan2([1], 1)   // [π / 4]` */
export function atan2(y: TensorLike, x: TensorLike, ...rest: NameRest): Tensor {
  return binary('Atan2', y, x, rest);
}
