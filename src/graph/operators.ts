/**
 * The chainable methods of tensors and variables. Building ops is the next room's work: `src/ops` installs the table
 * that the methods call, so that this room need not know it.
 */
import type { ArrayValue } from '../util/array-convert.ts';
import type { DTypeLike } from '../util/dtype.ts';
import { InternalError } from '../util/errors.ts';

/** One part of a slice: an index, a range with open ends, or null for a new axis. */
export type SliceSpec<T> =
  | number
  | T
  | null
  | '...'
  | { readonly start?: number | T | null; readonly stop?: number | T | null; readonly step?: number | null };

/** The functions behind the methods; `T` is the tensor type, `Source` what the methods are called on. */
export interface OperatorTable<T> {
  binary(op: BinaryOperator, x: unknown, y: unknown, name?: string): T;
  unary(op: UnaryOperator, x: unknown, name?: string): T;
  reduce(op: ReduceOperator, x: unknown, axis: number | readonly number[] | null, keepdims: boolean, name?: string): T;
  matmul(x: unknown, y: unknown, name?: string): T;
  slice(x: unknown, specs: readonly SliceSpec<T>[], name?: string): T;
  reshape(x: unknown, shape: unknown, name?: string): T;
  transpose(x: unknown, perm: readonly number[] | null, name?: string): T;
  cast(x: unknown, dtype: DTypeLike, name?: string): T;
}

export type BinaryOperator =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'floordiv'
  | 'mod'
  | 'pow'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual'
  | 'equal'
  | 'notEqual'
  | 'logicalAnd'
  | 'logicalOr'
  | 'logicalXor'
  | 'maximum'
  | 'minimum';
export type UnaryOperator =
  | 'neg'
  | 'abs'
  | 'logicalNot'
  | 'square'
  | 'sqrt'
  | 'exp'
  | 'log'
  | 'tanh'
  | 'sigmoid'
  | 'relu';
export type ReduceOperator = 'sum' | 'mean' | 'max' | 'min' | 'prod';

let table: OperatorTable<unknown> | null = null;

/** Called once, by `src/ops`. */
export function installOperators(operators: OperatorTable<unknown>): void {
  table = operators;
}

function operators<T>(): OperatorTable<T> {
  if (!table)
    throw new InternalError(null, 'The operators are not installed: import the library through its entry point.');
  return table as OperatorTable<T>;
}

/**
 * What Python writes with operators, as methods: `x.mul(2).add(1)` for `x * 2 + 1`. The right side may be a number, an
 * array or a tensor; it takes the element type of the left. Each takes the op's name as its last argument.
 */
export abstract class Chainable<T> {
  add(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('add', this, y, name);
  }
  sub(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('sub', this, y, name);
  }
  mul(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('mul', this, y, name);
  }
  /** True division: integers give floats, as Python's `/`. */
  div(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('div', this, y, name);
  }
  /** Python's `//`: rounds toward negative infinity. */
  floordiv(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('floordiv', this, y, name);
  }
  /** Python's `%`: the result has the sign of the divisor. */
  mod(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('mod', this, y, name);
  }
  pow(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('pow', this, y, name);
  }
  maximum(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('maximum', this, y, name);
  }
  minimum(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('minimum', this, y, name);
  }
  less(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('less', this, y, name);
  }
  lessEqual(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('lessEqual', this, y, name);
  }
  greater(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('greater', this, y, name);
  }
  greaterEqual(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('greaterEqual', this, y, name);
  }
  equal(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('equal', this, y, name);
  }
  notEqual(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('notEqual', this, y, name);
  }
  logicalAnd(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('logicalAnd', this, y, name);
  }
  logicalOr(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('logicalOr', this, y, name);
  }
  logicalXor(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().binary('logicalXor', this, y, name);
  }
  logicalNot(name?: string): T {
    return operators<T>().unary('logicalNot', this, name);
  }
  neg(name?: string): T {
    return operators<T>().unary('neg', this, name);
  }
  abs(name?: string): T {
    return operators<T>().unary('abs', this, name);
  }
  square(name?: string): T {
    return operators<T>().unary('square', this, name);
  }
  sqrt(name?: string): T {
    return operators<T>().unary('sqrt', this, name);
  }
  exp(name?: string): T {
    return operators<T>().unary('exp', this, name);
  }
  log(name?: string): T {
    return operators<T>().unary('log', this, name);
  }
  tanh(name?: string): T {
    return operators<T>().unary('tanh', this, name);
  }
  sigmoid(name?: string): T {
    return operators<T>().unary('sigmoid', this, name);
  }
  relu(name?: string): T {
    return operators<T>().unary('relu', this, name);
  }
  sum(axis: number | readonly number[] | null = null, keepdims = false, name?: string): T {
    return operators<T>().reduce('sum', this, axis, keepdims, name);
  }
  mean(axis: number | readonly number[] | null = null, keepdims = false, name?: string): T {
    return operators<T>().reduce('mean', this, axis, keepdims, name);
  }
  max(axis: number | readonly number[] | null = null, keepdims = false, name?: string): T {
    return operators<T>().reduce('max', this, axis, keepdims, name);
  }
  min(axis: number | readonly number[] | null = null, keepdims = false, name?: string): T {
    return operators<T>().reduce('min', this, axis, keepdims, name);
  }
  prod(axis: number | readonly number[] | null = null, keepdims = false, name?: string): T {
    return operators<T>().reduce('prod', this, axis, keepdims, name);
  }
  matmul(y: T | Chainable<T> | ArrayValue, name?: string): T {
    return operators<T>().matmul(this, y, name);
  }
  /**
   * Python's `x[…]`: an index drops its axis, `{start, stop, step}` keeps a range, `null` adds an axis, `'...'` stands
   * for the axes in between.
   *
   *     x.slice(0)                       // x[0]
   *     x.slice({start: 1}, {stop: -1})  // x[1:, :-1]
   */
  slice(...specs: SliceSpec<T>[]): T {
    return operators<T>().slice(this, specs);
  }
  reshape(shape: readonly number[] | T, name?: string): T {
    return operators<T>().reshape(this, shape, name);
  }
  transpose(perm: readonly number[] | null = null, name?: string): T {
    return operators<T>().transpose(this, perm, name);
  }
  cast(dtype: DTypeLike, name?: string): T {
    return operators<T>().cast(this, dtype, name);
  }
}
