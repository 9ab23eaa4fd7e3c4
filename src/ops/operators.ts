/**
 * The methods of tensors and variables as ops, under the names that Python's operators give them. Importing this
 * installs them; the methods themselves are in `src/graph/operators.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import {
  type BinaryOperator,
  installOperators,
  type OperatorTable,
  type ReduceOperator,
  type SliceSpec,
  type UnaryOperator,
} from '../graph/operators.ts';
import { convertPair, truediv } from './arithmetic.ts';
import { cast } from './cast.ts';
import { logicalXor } from './comparison.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { matmul } from './matmul.ts';
import { reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from './reductions.ts';
import { reshape, transpose } from './shaping.ts';
import { stridedSliceOf } from './slicing.ts';
import { isConvertible, type TensorLike } from './tensor-like.ts';

/** The op of each operator, and the name that the operator gives it. */
const binaryOps: Readonly<
  Record<Exclude<BinaryOperator, 'div' | 'logicalXor'>, readonly [type: string, name: string]>
> = {
  add: ['AddV2', 'add'],
  sub: ['Sub', 'sub'],
  mul: ['Mul', 'mul'],
  floordiv: ['FloorDiv', 'floordiv'],
  mod: ['FloorMod', 'mod'],
  pow: ['Pow', 'pow'],
  less: ['Less', 'Less'],
  lessEqual: ['LessEqual', 'LessEqual'],
  greater: ['Greater', 'Greater'],
  greaterEqual: ['GreaterEqual', 'GreaterEqual'],
  equal: ['Equal', 'Equal'],
  notEqual: ['NotEqual', 'NotEqual'],
  logicalAnd: ['LogicalAnd', 'and'],
  logicalOr: ['LogicalOr', 'or'],
  maximum: ['Maximum', 'Maximum'],
  minimum: ['Minimum', 'Minimum'],
};

const unaryOps: Readonly<Record<UnaryOperator, string>> = {
  neg: 'Neg',
  abs: 'Abs',
  logicalNot: 'LogicalNot',
  square: 'Square',
  sqrt: 'Sqrt',
  exp: 'Exp',
  log: 'Log',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
};

const reductions: Readonly<Record<ReduceOperator, typeof reduceSum>> = {
  sum: reduceSum,
  mean: reduceMean,
  max: reduceMax,
  min: reduceMin,
  prod: reduceProd,
};

/** The left operand: a variable is read, before the scope of the op opens. */
function left(x: unknown): Tensor {
  return isConvertible(x) ? x.asTensor() : convertToTensor(x as TensorLike);
}

const operators: OperatorTable<Tensor> = {
  binary(op, x, y, name) {
    const a = left(x);
    const b = y as TensorLike;
    if (op === 'div') return truediv(a, b, name);
    if (op === 'logicalXor') return opScope(name, 'xor', [a, b], (scope) => logicalXor(a, b, scope));
    const [type, preset] = binaryOps[op];
    if (op !== 'add') return emitOne(type, [a, b], {}, name || preset);
    return opScope(name, preset, [a, b], (scope) => {
      const pair = convertPair(a, b);
      return emitOne(a.dtype.name === 'string' ? 'Add' : type, pair, {}, scope);
    });
  },
  unary: (op, x, name) => emitOne(unaryOps[op], [left(x)], {}, name),
  reduce: (op, x, axis, keepdims, name) => reductions[op](left(x), axis, keepdims, name ?? null),
  matmul: (x, y, name) => matmul(left(x), y as TensorLike, { name }),
  slice: (x, specs, name) => stridedSliceOf(left(x), specs as readonly SliceSpec<Tensor>[], name),
  reshape: (x, shape, name) => reshape(left(x), shape as TensorLike, name ?? null),
  transpose: (x, perm, name) => transpose(left(x), perm, name ?? null),
  cast: (x, dtype, name) => cast(left(x), dtype, name ?? null),
};

installOperators(operators as OperatorTable<unknown>);
