/**
 * `assert*`: checks of tensors that fail when the graph is built where the values are known by then, else in the run, and
 * the predicates that go with them. The op that fails is `Assert`, in `control.ts`.
 */
import { type Operation, Tensor } from '../graph/graph.ts';
import type { ArrayValue } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, int32 } from '../util/dtype.ts';
import { InvalidArgumentError, TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { formatShape } from '../util/shape.ts';
import { Assert, noOp, withDependencies } from './control.ts';
import { constantOp, convertToTensor, emitOne, opScope } from './emit.ts';
import { reduceAll } from './reductions.ts';
import { constantValue } from './static-value.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

export interface CheckOptions {
  /** What the message shows instead of the operands. */
  readonly data?: readonly TensorLike[] | null;
  /** How many elements of each tensor the message shows; 3 without it. */
  readonly summarize?: number | null;
  /** What the message starts with. */
  readonly message?: string | null;
  readonly name?: string | null;
}

type CheckRest = Rest<
  [data: readonly TensorLike[] | null, summarize: number | null, message: string | null, name: string | null],
  CheckOptions
>;
const POSITIONS = ['data', 'summarize', 'message', 'name'] as const;

interface Relation {
  /** The default op scope. */
  readonly scope: string;
  readonly symbol: string;
  readonly op: string;
  holds(x: never, y: never): boolean;
}

const EQUAL: Relation = { scope: 'assert_equal', symbol: '==', op: 'Equal', holds: (x, y) => x === y };
const NONE_EQUAL: Relation = { scope: 'assert_none_equal', symbol: '!=', op: 'NotEqual', holds: (x, y) => x !== y };
const LESS: Relation = { scope: 'assert_less', symbol: '<', op: 'Less', holds: (x, y) => x < y };
const LESS_EQUAL: Relation = { scope: 'assert_less_equal', symbol: '<=', op: 'LessEqual', holds: (x, y) => x <= y };
const GREATER: Relation = { scope: 'assert_greater', symbol: '>', op: 'Greater', holds: (x, y) => x > y };
const GREATER_EQUAL: Relation = {
  scope: 'assert_greater_equal',
  symbol: '>=',
  op: 'GreaterEqual',
  holds: (x, y) => x >= y,
};

/** An operation that fails where `x` and `y` differ in some element, after broadcasting. Errors as `assertLess`. */
export function assertEqual(x: TensorLike, y: TensorLike, ...rest: CheckRest): Operation {
  const options = bind<CheckOptions>(POSITIONS, rest);
  // TensorFlow opens the scope twice, so that a first check is called `assert_equal_1`.
  const same = opScope(options.name, EQUAL.scope, [x, y], () => (x === y && x instanceof Tensor ? noOp() : null));
  return same ?? compare(EQUAL, x, y, options);
}

/** An operation that fails where `x` and `y` are equal in some element, after broadcasting. Errors as `assertLess`. */
export function assertNoneEqual(x: TensorLike, y: TensorLike, ...rest: CheckRest): Operation {
  return compare(NONE_EQUAL, x, y, bind<CheckOptions>(POSITIONS, rest));
}

/**
 * An operation that fails with `InvalidArgumentError` where `x < y` does not hold in some element, after broadcasting.
 * Where both are known while the graph is built, the error is thrown then, and no op is added.
 *
 *     const check = tf.assertLess(labels, 10, {message: 'bad label'});
 *     g.controlDependencies([check], () => tf.identity(labels));
 */
export function assertLess(x: TensorLike, y: TensorLike, ...rest: CheckRest): Operation {
  return compare(LESS, x, y, bind<CheckOptions>(POSITIONS, rest));
}

/** An operation that fails where `x <= y` does not hold. Errors as `assertLess`. */
export function assertLessEqual(x: TensorLike, y: TensorLike, ...rest: CheckRest): Operation {
  return compare(LESS_EQUAL, x, y, bind<CheckOptions>(POSITIONS, rest));
}

/** An operation that fails where `x > y` does not hold. Errors as `assertLess`. */
export function assertGreater(x: TensorLike, y: TensorLike, ...rest: CheckRest): Operation {
  return compare(GREATER, x, y, bind<CheckOptions>(POSITIONS, rest));
}

/** An operation that fails where `x >= y` does not hold. Errors as `assertLess`. */
export function assertGreaterEqual(x: TensorLike, y: TensorLike, ...rest: CheckRest): Operation {
  return compare(GREATER_EQUAL, x, y, bind<CheckOptions>(POSITIONS, rest));
}

function compare(relation: Relation, left: TensorLike, right: TensorLike, options: Partial<CheckOptions>): Operation {
  return opScope(options.name, relation.scope, [left, right, options.data], () => {
    const [x, y] = operands(left, right);
    const shown = options.data ?? [
      `Condition x ${relation.symbol} y did not hold element-wise:`,
      `x (${x.name}) = `,
      x,
      `y (${y.name}) = `,
      y,
    ];
    const data = options.message == null ? shown : [options.message, ...shown];
    const condition = reduceAll(emitOne(relation.op, [x, y], {}, relation.op));
    checkNow(relation, x, y, data);
    return Assert(condition, data, { summarize: options.summarize });
  });
}

/** Both as tensors of one type: that of the symbolic one where the other is a plain value. */
function operands(left: TensorLike, right: TensorLike): [Tensor, Tensor] {
  const typed = isSymbolic(left) || !isSymbolic(right) ? null : convertToTensor(right, { name: 'y' });
  const x = convertToTensor(left, { dtype: typed?.dtype, name: 'x' });
  return [x, typed ?? convertToTensor(right, { dtype: isSymbolic(right) ? null : x.dtype, name: 'y' })];
}

/** Fails at once where both values are known. */
function checkNow(relation: Relation, x: Tensor, y: Tensor, data: readonly TensorLike[]): void {
  const [a, b] = [constantValue(x), constantValue(y)];
  if (!a || !b || holdsEverywhere(relation, a, b)) return;
  const lines = data.map((item) => {
    const known = item instanceof Tensor ? constantValue(item) : null;
    return String(known ?? item);
  });
  throw new InvalidArgumentError(null, lines.join('\n'));
}

/** Broadcasting against a scalar or the same shape; anything else is left to the run. */
function holdsEverywhere({ holds }: Relation, a: NdArray, b: NdArray): boolean {
  const size = Math.max(a.size, b.size);
  if (a.size === 0 || b.size === 0) return true;
  const fits = (array: NdArray) => array.size === 1 || array.size === size;
  if (!fits(a) || !fits(b) || (a.size > 1 && b.size > 1 && a.shape.join() !== b.shape.join())) return true;
  for (let i = 0; i < size; i++) {
    const [p, q] = [a.at(a.size === 1 ? 0 : i), b.at(b.size === 1 ? 0 : i)];
    if (!holds(comparable(p) as never, comparable(q) as never)) return false;
  }
  return true;
}

function comparable(value: ReturnType<NdArray['at']>): number | bigint | boolean | string {
  return typeof value === 'object' ? String(value) : value;
}

/** An operation that fails where an element of `x` is not positive. Errors as `assertLess`. */
export function assertPositive(x: TensorLike, ...rest: CheckRest): Operation {
  return sign('assert_positive', '> 0', (value, zero) => [zero, value], assertLess, x, rest);
}

/** An operation that fails where an element of `x` is not negative. Errors as `assertLess`. */
export function assertNegative(x: TensorLike, ...rest: CheckRest): Operation {
  return sign('assert_negative', '< 0', (value, zero) => [value, zero], assertLess, x, rest);
}

/** An operation that fails where an element of `x` is negative. Errors as `assertLess`. */
export function assertNonNegative(x: TensorLike, ...rest: CheckRest): Operation {
  return sign('assert_non_negative', '>= 0', (value, zero) => [zero, value], assertLessEqual, x, rest);
}

/** An operation that fails where an element of `x` is positive. Errors as `assertLess`. */
export function assertNonPositive(x: TensorLike, ...rest: CheckRest): Operation {
  return sign('assert_non_positive', '<= 0', (value, zero) => [value, zero], assertLessEqual, x, rest);
}

function sign(
  scope: string,
  condition: string,
  order: (x: Tensor, zero: Tensor) => [Tensor, Tensor],
  check: typeof assertLess,
  value: TensorLike,
  rest: CheckRest,
): Operation {
  const { data, summarize, message, name } = bind<CheckOptions>(POSITIONS, rest);
  return opScope(name, scope, [value, data], () => {
    const x = convertToTensor(value, { name: 'x' });
    const shown = data ?? [
      prefix(message),
      `Condition x ${condition} did not hold element-wise:`,
      `x (${x.name}) = `,
      x,
    ];
    const [a, b] = order(x, constantOp(NdArray.zeros(x.dtype, []), 'Const'));
    return check(a, b, { data: shown, summarize });
  });
}

function prefix(message: string | null | undefined): string {
  return message ? `${message}.  ` : '';
}

interface RankRule {
  readonly scope: string;
  /** `must have rank`. */
  readonly words: string;
  allows(actual: number, wanted: readonly number[]): boolean;
  /** How the wanted ranks are written in the static message. */
  shown(wanted: readonly number[]): string;
  readonly op: string;
}

const RANK: RankRule = {
  scope: 'assert_rank',
  words: 'must have rank',
  allows: (actual, [wanted]) => actual === wanted,
  shown: ([wanted]) => String(wanted),
  op: 'Equal',
};
const RANK_AT_LEAST: RankRule = {
  scope: 'assert_rank_at_least',
  words: 'must have rank at least',
  allows: (actual, [wanted]) => actual >= wanted,
  shown: ([wanted]) => String(wanted),
  op: 'GreaterEqual',
};
const RANK_IN: RankRule = {
  scope: 'assert_rank_in',
  words: 'must have rank in',
  allows: (actual, wanted) => wanted.includes(actual),
  shown: (wanted) => (wanted.length === 1 ? `(${wanted[0]},)` : `(${wanted.join(', ')})`),
  op: 'Equal',
};

/**
 * An operation that fails where `x` has another rank. Where the ranks are known while the graph is built, `ValueError` is
 * thrown then.
 *
 *     tf.assertRank(images, 4, {message: 'images'});
 */
export function assertRank(x: TensorLike, rank: TensorLike, ...rest: CheckRest): Operation {
  return checkRank(RANK, x, [rank], bind<CheckOptions>(POSITIONS, rest));
}

/** An operation that fails where `x` has a lower rank. Errors as `assertRank`. */
export function assertRankAtLeast(x: TensorLike, rank: TensorLike, ...rest: CheckRest): Operation {
  return checkRank(RANK_AT_LEAST, x, [rank], bind<CheckOptions>(POSITIONS, rest));
}

/** An operation that fails where the rank of `x` is none of `ranks`. Errors as `assertRank`. */
export function assertRankIn(x: TensorLike, ranks: readonly TensorLike[], ...rest: CheckRest): Operation {
  return checkRank(RANK_IN, x, ranks, bind<CheckOptions>(POSITIONS, rest));
}

function checkRank(
  rule: RankRule,
  value: TensorLike,
  wanted: readonly TensorLike[],
  { data, summarize, message, name }: Partial<CheckOptions>,
): Operation {
  return opScope(name, rule.scope, [value, wanted, data], () => {
    const x = convertToTensor(value, { name: 'x' });
    const ranks = wanted.map((rank) =>
      isSymbolic(rank) ? convertToTensor(rank) : convertToTensor(rank, { dtype: int32, name: 'rank' }),
    );
    const words = prefix(message);
    const known = ranks.map((rank) => constantValue(rank));
    for (const rank of ranks) assertType(rank, int32);
    if (known.some((rank) => rank !== null && rank.rank !== 0)) throw new ValueError('Rank must be a scalar.');
    if (x.rank !== null && known.every((rank) => rank !== null)) {
      const numbers = known.map((rank) => Number((rank as NdArray).item()));
      if (rule.allows(x.rank, numbers)) return noOp('static_checks_determined_all_ok');
      throw new ValueError(
        `${words}Tensor ${x.name} ${rule.words} ${rule.shown(numbers)}.  Received rank ${x.rank}, shape ${formatShape(x.shape)}`,
      );
    }
    const shape = emitOne('Shape', [x], { out_type: int32 }, 'Shape');
    const shown = data ?? [words, `Tensor ${x.name} ${rule.words}`, ...ranks, 'Received shape: ', shape];
    const actual = emitOne('Rank', [x], {}, 'Rank');
    let condition = ranks
      .map((rank) => emitOne(rule.op, [actual, rank], {}, rule.op))
      .reduce((a, b) => emitOne('LogicalOr', [a, b], {}, 'LogicalOr'));
    ranks.forEach((rank, i) => {
      if (known[i] !== null) return;
      const check = assertRank(rank, 0, { data: ['Rank must be a scalar. Received rank: ', rank] });
      condition = withDependencies([check], condition);
    });
    return Assert(condition, shown, { summarize });
  });
}

interface MessageOptions {
  readonly message?: string | null;
  readonly name?: string | null;
}

/** Throws `TypeError` where `x` is not of an integer type. */
export function assertInteger(
  x: TensorLike,
  ...rest: Rest<[message: string | null, name: string | null], MessageOptions>
): Operation {
  const { message, name } = bind<MessageOptions>(['message', 'name'], rest);
  return opScope(name, 'assert_integer', [x], () => {
    const tensor = convertToTensor(x, { name: 'x' });
    if (!tensor.dtype.isInteger) {
      throw new TypeError(
        `${prefix(message)}Expected "x" to be integer type.  Found: ${tensor.name} of dtype ${tensor.dtype}`,
      );
    }
    return noOp('statically_determined_was_integer');
  });
}

/** Throws `TypeError` where the tensor has another element type. */
export function assertType(
  tensor: TensorLike,
  dtype: DTypeLike,
  ...rest: Rest<[message: string | null, name: string | null], MessageOptions>
): Operation {
  const { message, name } = bind<MessageOptions>(['message', 'name'], rest);
  const wanted = asDType(dtype);
  return opScope(name, 'assert_type', [tensor], () => {
    const value = convertToTensor(tensor, { name: 'tensor' });
    if (value.dtype !== wanted) {
      throw new TypeError(
        `${prefix(message)}${value.name} must be of type tf.${wanted.name}; got tf.${value.dtype.name}`,
      );
    }
    return noOp('statically_determined_correct_type');
  });
}

/** The tensor itself. Throws `ValueError` where it is not known to be a scalar. */
export function assertScalar(
  tensor: TensorLike,
  ...rest: Rest<[name: string | null, message: string | null], MessageOptions>
): Tensor {
  const { message, name } = bind<MessageOptions>(['name', 'message'], rest);
  return opScope(name, 'assert_scalar', [tensor], (scope) => {
    const value = convertToTensor(tensor, { name: scope });
    if (value.rank !== 0) {
      throw new ValueError(
        `${prefix(message)}Expected scalar shape for ${value.name}, saw shape: ${formatShape(value.shape)}.`,
      );
    }
    return value;
  });
}

function isNumeric(dtype: DType): boolean {
  return dtype.isFloating || dtype.isInteger || dtype.isComplex || dtype.kind === 'quantized';
}

/** Whether the value is a tensor of numbers. */
export function isNumericTensor(value: unknown): value is Tensor {
  return value instanceof Tensor && isNumeric(value.dtype);
}

interface NameOption {
  readonly name?: string | null;
}

/**
 * Whether no element is less than the one before it, in row-major order: a bool scalar, true for fewer than two elements.
 * Throws `TypeError` for what is not numeric.
 */
export function isNonDecreasing(x: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  return monotonic('is_non_decreasing', 'LessEqual', x, bind<NameOption>(['name'], rest).name);
}

/** Whether every element is greater than the one before it; else as `isNonDecreasing`. */
export function isStrictlyIncreasing(x: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  return monotonic('is_strictly_increasing', 'Less', x, bind<NameOption>(['name'], rest).name);
}

function monotonic(scope: string, op: string, x: TensorLike, name: string | null | undefined): Tensor {
  return opScope(name, scope, [x], () => {
    const given = convertToTensor(x, { name: 'x' });
    if (!isNumeric(given.dtype)) throw new TypeError(`Expected x to be numeric, instead found: ${given}`);
    const flat = emitOne('Reshape', [given, [-1]], {}, 'Reshape');
    // An empty or one-element vector has no differences, and a reduction over none is true.
    const difference = emitOne('Sub', [part(flat, 1, 0), part(flat, 0, -1)], {}, 'sub');
    const zero = constantOp(NdArray.zeros(difference.dtype, []), 'Const');
    return reduceAll(emitOne(op, [zero, difference], {}, op));
  });
}

/** `x[begin:]`, or `x[:end]` where `end` is not 0. */
function part(x: Tensor, begin: number, end: number): Tensor {
  const index = (value: number): ArrayValue => ({ data: Int32Array.of(value), shape: [1] });
  const masks = { begin_mask: begin === 0 ? 1 : 0, end_mask: end === 0 ? 1 : 0 };
  return emitOne('StridedSlice', [x, index(begin), index(end), index(1)], masks, 'strided_slice');
}
