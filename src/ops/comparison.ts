/**
 * Comparisons and logic: the ops and their public functions. The methods of tensors are in `operators.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { bool, float32 } from '../util/dtype.ts';
import { broadcastShapes } from '../util/shape.ts';
import { binary, type NameRest, nameOf, noGradient, unary } from './elementwise.ts';
import { emitOne } from './emit.ts';
import { defineOp, type OpInit, sample } from './opdef/define.ts';
import { broadcast, merge, unchanged } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const REAL = 'float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64';
const NUMBERS =
  'float32, float64, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, float16, uint32, uint64';

/** Shapes that do not fit make unequal arrays where the attribute says that they are no error. */
const equalityShape: OpInit['infer'] = (op) => {
  if (op.attr('incompatible_shape_error') === false && broadcastShapes(op.shape(0), op.shape(1)) === undefined) {
    return [[]];
  }
  return broadcast(op);
};

const ORDERED = [`T: {${REAL}}`];
const ANY = ['T: type', 'incompatible_shape_error: bool = true'];

type Row = readonly [
  name: string,
  doc: string,
  attrs: readonly string[],
  z: readonly boolean[],
  more?: Partial<OpInit>,
];

const rows: readonly Row[] = [
  ['Equal', 'x = y.', ANY, [false, true, false], { infer: equalityShape, commutative: true }],
  ['NotEqual', 'x ≠ y.', ANY, [true, false, true], { infer: equalityShape, commutative: true }],
  ['Less', 'x < y.', ORDERED, [true, false, false]],
  ['LessEqual', 'x ≤ y.', ORDERED, [true, true, false]],
  ['Greater', 'x > y.', ORDERED, [false, false, true]],
  ['GreaterEqual', 'x ≥ y.', ORDERED, [false, true, true]],
  [
    'ApproximateEqual',
    '|x - y| < tolerance.',
    [`T: {${NUMBERS}}`, 'tolerance: float = 1e-05'],
    [false, true, false],
    { infer: (op) => [merge(op.shape(0), op.shape(1))], commutative: true },
  ],
];

for (const [name, doc, attrs, z, more] of rows) {
  defineOp({
    name,
    doc,
    inputs: ['x: T', 'y: T'],
    outputs: ['z: bool'],
    attrs,
    infer: broadcast,
    grad: noGradient,
    samples: [
      {
        inputs: [sample(float32, [3], [1, 2, 3]), sample(float32, [3], [2, 2, -1])],
        outputs: [sample(bool, [3], z)],
        differentiable: false,
      },
    ],
    ...more,
  });
}

const P = [true, true, false, false];
const Q = [true, false, true, false];

for (const [name, doc, z] of [
  ['LogicalAnd', 'x and y.', [true, false, false, false]],
  ['LogicalOr', 'x or y.', [true, true, true, false]],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['x: bool', 'y: bool'],
    outputs: ['z: bool'],
    infer: broadcast,
    grad: noGradient,
    commutative: true,
    samples: [{ inputs: [sample(bool, [4], P), sample(bool, [4], Q)], outputs: [sample(bool, [4], z)] }],
  });
}

defineOp({
  name: 'LogicalNot',
  doc: 'not x.',
  inputs: ['x: bool'],
  outputs: ['y: bool'],
  infer: unchanged,
  grad: noGradient,
  samples: [{ inputs: [sample(bool, [4], P)], outputs: [sample(bool, [4], [false, false, true, true])] }],
});

// Public functions. The operands are broadcast against each other as in NumPy, the result is bool; shapes that do not fit
// are a `ValueError`, element types that differ a `TypeError`. A plain number takes the element type of the other operand.

/** x = y; NaN equals nothing. `tf.equal([1, 2], 2)   // [false, true]` */
export function equal(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Equal', x, y, rest);
}
/** x ≠ y. `tf.notEqual([1, 2], 2)   // [true, false]` */
export function notEqual(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('NotEqual', x, y, rest);
}
/** x < y. `tf.less([1, 2], 2)   // [true, false]` */
export function less(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Less', x, y, rest);
}
/** x ≤ y. `tf.lessEqual([1, 2], 1)   // [true, false]` */
export function lessEqual(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('LessEqual', x, y, rest);
}
/** x > y. `tf.greater([1, 2], 1)   // [false, true]` */
export function greater(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('Greater', x, y, rest);
}
/** x ≥ y. `tf.greaterEqual([1, 2], 2)   // [false, true]` */
export function greaterEqual(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('GreaterEqual', x, y, rest);
}

export interface ApproximateEqualOptions {
  readonly tolerance?: number;
  readonly name?: string | null;
}

/** |x - y| < `tolerance`, 1e-5 if not given; the shapes must be the same. `approximateEqual([1], [1.000001])   // [true]` */
export function approximateEqual(
  x: TensorLike,
  y: TensorLike,
  ...rest: Rest<[tolerance: number, name: string | null], ApproximateEqualOptions>
): Tensor {
  const { tolerance, name } = bind<ApproximateEqualOptions>(['tolerance', 'name'], rest);
  return emitOne('ApproximateEqual', [x, y], { tolerance }, name);
}

/** x and y, of bools. `tf.logicalAnd([true, false], true)   // [true, false]` */
export function logicalAnd(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('LogicalAnd', x, y, rest);
}
/** x or y, of bools. `tf.logicalOr([true, false], false)   // [true, false]` */
export function logicalOr(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return binary('LogicalOr', x, y, rest);
}
/** not x, of bools. `tf.logicalNot([true])   // [false]` */
export function logicalNot(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('LogicalNot', x, rest);
}
/** Either x or y, of bools: `(x or y) and not (x and y)`. `tf.logicalXor([true, false], true)   // [false, true]` */
export function logicalXor(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  const either = logicalOr(x, y);
  const notBoth = logicalNot(logicalAnd(x, y));
  return logicalAnd(either, notBoth, nameOf(rest) || 'LogicalXor');
}
