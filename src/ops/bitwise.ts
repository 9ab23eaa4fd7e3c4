/**
 * Arithmetic on the bits of integers: the ops and the functions of `tf.bitwise`. Kernels are the host's.
 */
import type { Tensor } from '../graph/graph.ts';
import { int32, uint8 } from '../util/dtype.ts';
import { binary, foldIntegers, type NameRest, noGradient, unary } from './elementwise.ts';
import { convertToTensor } from './emit.ts';
import { defineOp, type OpInit, sample } from './opdef/define.ts';
import { broadcast, unchanged } from './opdef/shape-rules.ts';
import type { TensorLike } from './tensor-like.ts';

const T = ['T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}'];

type Row = readonly [name: string, doc: string, z: readonly number[], more?: Partial<OpInit>];

const rows: readonly Row[] = [
  [
    'BitwiseAnd',
    'The bits that are set in x and in y.',
    [1, 0, 4],
    { commutative: true, fold: foldIntegers((x, y) => x & y) },
  ],
  [
    'BitwiseOr',
    'The bits that are set in x or in y.',
    [7, 3, -2],
    { commutative: true, fold: foldIntegers((x, y) => x | y) },
  ],
  [
    'BitwiseXor',
    'The bits that differ between x and y.',
    [6, 3, -6],
    { commutative: true, fold: foldIntegers((x, y) => x ^ y) },
  ],
  ['LeftShift', 'x with its bits moved y places up.', [40, 4, -256]],
  ['RightShift', 'x with its bits moved y places down; the sign stays.', [0, 1, -1]],
];

for (const [name, doc, z, more] of rows) {
  defineOp({
    name,
    doc,
    inputs: ['x: T', 'y: T'],
    outputs: ['z: T'],
    attrs: T,
    infer: broadcast,
    grad: noGradient,
    samples: [
      { inputs: [sample(int32, [3], [5, 2, -4]), sample(int32, [3], [3, 1, 6])], outputs: [sample(int32, [3], z)] },
    ],
    ...more,
  });
}

defineOp({
  name: 'Invert',
  doc: 'x with every bit turned over.',
  inputs: ['x: T'],
  outputs: ['y: T'],
  attrs: T,
  infer: unchanged,
  grad: noGradient,
  samples: [{ inputs: [sample(int32, [3], [5, 0, -4])], outputs: [sample(int32, [3], [-6, -1, 3])] }],
});

defineOp({
  name: 'PopulationCount',
  doc: 'How many bits of x are set.',
  inputs: ['x: T'],
  outputs: ['y: uint8'],
  attrs: T,
  infer: unchanged,
  grad: noGradient,
  samples: [{ inputs: [sample(int32, [3], [5, 0, -4])], outputs: [sample(uint8, [3], [2, 0, 30])] }],
});

/** Whether the value has no element type of its own. */
function isPlain(value: TensorLike): boolean {
  if (Array.isArray(value)) return value.every((item) => isPlain(item as TensorLike));
  return typeof value === 'number';
}

function pair(type: string, x: TensorLike, y: TensorLike, rest: NameRest): Tensor {
  if (!isPlain(x) || !isPlain(y)) return binary(type, x, y, rest);
  return binary(type, convertToTensor(x, { dtype: int32, name: 'x' }), y, rest);
}

// Public functions. Operands are integers of one type, broadcast against each other as in NumPy; the result has their type.
// Plain numbers take the type of the other operand, int32 where both are plain. Other types are a `TypeError`, shapes that do
// not fit a `ValueError`.

/** The bits that are set in x and in y. `tf.bitwise.bitwiseAnd([5, 6], 3)   // [1, 2]` */
export function bitwiseAnd(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return pair('BitwiseAnd', x, y, rest);
}
/** The bits that are set in x or in y. `tf.bitwise.bitwiseOr([5, 6], 3)   // [7, 7]` */
export function bitwiseOr(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return pair('BitwiseOr', x, y, rest);
}
/** The bits that differ between x and y. `tf.bitwise.bitwiseXor([5, 6], 3)   // [6, 5]` */
export function bitwiseXor(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return pair('BitwiseXor', x, y, rest);
}
/** x with every bit turned over. `tf.bitwise.invert([5, -1])   // [-6, 0]` */
export function invert(x: TensorLike, ...rest: NameRest): Tensor {
  return unary('Invert', isPlain(x) ? convertToTensor(x, { dtype: int32, name: 'x' }) : x, rest);
}
/**
 * x with its bits moved y places up. A y below 0 counts as 0, one beyond the bits of the type as the last place.
 * `tf.bitwise.leftShift([5], 3)   // [40]`
 */
export function leftShift(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return pair('LeftShift', x, y, rest);
}
/**
 * x with its bits moved y places down; negative numbers stay negative. y is limited as for `leftShift`.
 * `tf.bitwise.rightShift([40, -8], 2)   // [10, -2]`
 */
export function rightShift(x: TensorLike, y: TensorLike, ...rest: NameRest): Tensor {
  return pair('RightShift', x, y, rest);
}
