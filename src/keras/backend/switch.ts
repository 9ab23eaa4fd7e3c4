/**
 * Choosing between two values by a condition: `K.switch` (here `ifElse`) and `smartCond`. What the learning phase is, and so
 * `inTrainPhase`, is the business of the state.
 */
import { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { cond } from '../../ops/cond.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import { concat } from '../../ops/joining.ts';
import { whereV2 } from '../../ops/selection.ts';
import { reshape, shape as shapeIn } from '../../ops/shaping.ts';
import { constantValue } from '../../ops/static-value.ts';
import { isSymbolic, type TensorConvertible, type TensorLike } from '../../ops/tensor-like.ts';
import { bool } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { build, dtypeOf, operand, shapeOf } from './operands.ts';

type Symbolic = Tensor | TensorConvertible;
/** A value, or a function that builds it. */
export type Branch<T> = T | (() => T);

const valueOf = <T>(branch: Branch<T>): T => (typeof branch === 'function' ? (branch as () => T)() : branch);

/** The value of a condition that is known before any run; null for one that is not. */
export function staticCondition(condition: unknown): boolean | null {
  if (typeof condition === 'boolean') return condition;
  if (condition === 0 || condition === 1) return condition === 1;
  if (!(condition instanceof Tensor)) return null;
  const value = constantValue(condition);
  return value !== null && value.rank === 0 ? Number(value.data[0]) !== 0 : null;
}

/**
 * One of two values. Where the condition is a scalar, the first if it is true (not zero), else the second; lists of
 * tensors are chosen between one by one. Where it has axes, each element of the condition chooses an element, or all
 * elements that stand behind it. Each branch may be a function that builds the value.
 *
 * Of a condition that is known before the run, one branch is built. Of another scalar both are, and a run computes the one
 * that is chosen; of one with axes a run computes both, and gradients pass zeros to what was not chosen.
 *
 *     K.switch(isTraining, () => noisy(x), x)
 *     K.switch(K.greater(x, 0), x, K.zerosLike(x))
 */
export function ifElse(
  condition: TensorLike,
  thenExpression: Branch<readonly Symbolic[]>,
  elseExpression: Branch<readonly Symbolic[]>,
): Tensor[];
export function ifElse(
  condition: TensorLike,
  thenExpression: Branch<TensorLike>,
  elseExpression: Branch<TensorLike>,
): Tensor;
export function ifElse(
  condition: TensorLike,
  thenExpression: Branch<TensorLike>,
  elseExpression: Branch<TensorLike>,
): Tensor | Tensor[] {
  return build([condition, thenExpression, elseExpression], () => {
    const known = staticCondition(condition);
    if (known !== null) {
      const chosen = valueOf(known ? thenExpression : elseExpression);
      return isTensorList(chosen) ? chosen.map(operand) : operand(chosen);
    }
    const truth = dtypeOf(condition) === bool ? convertToTensor(condition) : cast(condition, bool);
    if ((shapeOf(truth)?.length ?? 0) > 0) {
      return byElement(truth, valueOf(thenExpression), valueOf(elseExpression));
    }
    return choose(truth, thenExpression, elseExpression, null);
  });
}

function isTensorList(value: unknown): value is readonly Symbolic[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isSymbolic(item));
}

/** `tf.cond`, of values and functions alike; a plain value takes the type of a tensor in the other branch. */
function choose(
  condition: Tensor,
  thenBranch: Branch<TensorLike>,
  elseBranch: Branch<TensorLike>,
  name: string | null,
): Tensor | Tensor[] {
  const [a, b] = [branchOf(thenBranch, elseBranch), branchOf(elseBranch, thenBranch)];
  return cond<TensorLike>(condition, a, b, { name, strict: true }) as Tensor | Tensor[];
}

function branchOf(branch: Branch<TensorLike>, other: Branch<TensorLike>): () => TensorLike {
  return () => {
    const value = valueOf(branch);
    if (isTensorList(value)) return value.map((item) => identity(item)) as unknown as TensorLike;
    if (isSymbolic(value)) return identity(value);
    return typeof other !== 'function' && isSymbolic(other)
      ? convertToTensor(value, { preferredDtype: dtypeOf(other) })
      : operand(value);
  };
}

/** The two as tensors of one type: a plain value takes the type of a tensor beside it. */
function pair(a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  const symbolic = isSymbolic(a) ? a : isSymbolic(b) ? b : null;
  const preferredDtype = symbolic ? dtypeOf(symbolic) : null;
  const convert = (x: TensorLike) => (preferredDtype ? convertToTensor(x, { preferredDtype }) : operand(x));
  return [convert(a), convert(b)];
}

function byElement(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  const [first, second] = pair(a, b);
  const rank = (condition.shape as readonly unknown[]).length;
  const wanted = first.shape?.length ?? rank;
  if (rank > wanted) {
    throw new ValueError(
      `Rank of \`condition\` should be less than or equal to rank of \`then_expression\` and \`else_expression\`. ndim(condition)=${rank}, ndim(then_expression)=${wanted}`,
    );
  }
  if (rank < 2 || rank === wanted) return whereV2(condition, first, second);
  const { shape } = condition;
  const ones = new Array<number>(wanted - rank).fill(1);
  const padded = shape?.every((d) => d !== null)
    ? ([...shape, ...ones] as number[])
    : concat([shapeIn(condition), convertToTensor({ data: Int32Array.from(ones), shape: [ones.length] })], 0);
  return whereV2(reshape(condition, padded), first, second);
}

/**
 * What `trueFn` returns if the predicate is true, else what `falseFn` returns. Of a boolean, of 0 and 1 and of a constant
 * only that function is called; otherwise both are, and a run computes what one of them built.
 *
 *     smartCond(training, () => tf.nn.dropout(x, {rate: 0.5}), () => tf.identity(x))
 */
export function smartCond<T extends TensorLike | readonly Symbolic[]>(
  pred: TensorLike,
  trueFn: () => T,
  falseFn: () => T,
  name: string | null = null,
): T | Tensor | Tensor[] {
  if (typeof trueFn !== 'function') throw new TypeError('`true_fn` must be callable.');
  if (typeof falseFn !== 'function') throw new TypeError('`false_fn` must be callable.');
  const known = staticCondition(pred);
  if (known !== null) return known ? trueFn() : falseFn();
  return build([pred], () => {
    const truth = dtypeOf(pred) === bool ? convertToTensor(pred) : cast(pred, bool);
    return choose(truth, trueFn as () => TensorLike, falseFn as () => TensorLike, name);
  });
}
