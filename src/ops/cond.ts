/**
 * Branching for users: `tf.cond`, `tf.case`, `tf.switchCase`. Branches become functions; only the one that is chosen runs.
 */
import type { FuncGraph } from '../graph/func-graph.ts';
import type { GraphFunction } from '../graph/function.ts';
import { type Operation, Tensor } from '../graph/graph.ts';
import { bool, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { cast } from './cast.ts';
import { Assert } from './control.ts';
import { convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { emitCall, finishBody, newBody } from './functions.ts';
import { identity } from './identity.ts';
import { differentStructures, type Taken, take } from './loop-structure.ts';
import { bind, isConvertible, type Rest, type TensorConvertible } from './tensor-like.ts';
import './control-flow.ts';

/** What a branch gives: `R` with tensors in the place of values and operations. */
export type BranchResult<R> = R extends readonly [infer Only]
  ? BranchResult<Only>
  : R extends Tensor | Operation | number | boolean | string
    ? Tensor
    : R extends readonly unknown[]
      ? { -readonly [K in keyof R]: BranchResult<R[K]> }
      : R extends TensorConvertible
        ? Tensor
        : R;

export interface CondOptions<R> {
  readonly trueFn?: () => R;
  readonly falseFn?: () => R;
  /** Whether a list of one stays a list. */
  readonly strict?: boolean;
  readonly name?: string | null;
  readonly fn1?: () => R;
  readonly fn2?: () => R;
}

/**
 * What `trueFn` builds where `pred`, a bool scalar, is true, else what `falseFn` builds: a tensor, or a structure of tensors,
 * the same of both and with the same types. Only the chosen branch runs, and of it only what its results need; what is built
 * outside and used inside runs in any case. An operation as a result stands for true. A list of one result is the result,
 * unless `strict`. Throws `TypeError` for a `pred` that is no bool tensor and for branches that are no functions,
 * `ValueError` for branches whose results differ in structure or type; the graph is then as before.
 *
 *     const y = tf.cond(x.less(0), () => x.neg(), () => tf.sqrt(x));
 *     const [a, b] = tf.cond(flag, () => [x, y], () => [y, x]);
 */
export function cond<R>(
  pred: Tensor | TensorConvertible,
  ...rest: Rest<[trueFn: () => R, falseFn: () => R, strict: boolean, name: string | null], CondOptions<R>>
): BranchResult<R> {
  const options = bind<CondOptions<R>>(['trueFn', 'falseFn', 'strict', 'name'], rest);
  const { strict = false, name } = options;
  const trueFn = options.trueFn ?? options.fn1;
  const falseFn = options.falseFn ?? options.fn2;
  if (typeof trueFn !== 'function') throw new TypeError("'true_fn' must be callable.");
  if (typeof falseFn !== 'function') throw new TypeError("'false_fn' must be callable.");
  if (typeof pred === 'boolean') throw new TypeError("'pred' must not be a Python bool.");
  return opScope(name, 'cond', [pred], (scope) => {
    const condition = asCondition(pred);
    const branches = [
      buildBranch(`${scope.slice(0, -1)}_true`, trueFn, "'true_fn'"),
      buildBranch(`${scope.slice(0, -1)}_false`, falseFn, "'false_fn'"),
    ];
    if (!branches[0].taken.isLike(branches[1].taken)) throw differentStructures(branches[0].taken, branches[1].taken);
    branches[0].taken.tensors.forEach((tensor, i) => {
      const other = branches[1].taken.tensors[i];
      if (tensor.dtype === other.dtype) return;
      throw new ValueError(
        `Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received ${tensor.dtype.name} from 'true_fn' and ${other.dtype.name} from 'false_fn'.`,
      );
    });
    const [inputs, [thenBranch, elseBranch]] = finishBranches(branches);
    const type = thenBranch.isStateful || elseBranch.isStateful ? 'If' : 'StatelessIf';
    const attrs = { then_branch: thenBranch, else_branch: elseBranch, Tout: typesOf(branches[0].taken) };
    const call = emitCall(
      type,
      [condition, inputs],
      attrs,
      branches.map(({ body }) => body),
      scope,
    );
    return resultOf(branches[0].taken, call, strict) as BranchResult<R>;
  });
}

function asCondition(pred: unknown): Tensor {
  const condition = isConvertible(pred) ? pred.asTensor() : pred;
  if (!(condition instanceof Tensor)) throw new TypeError(`pred must be a Tensor, got: ${String(pred)}`);
  if (condition.dtype !== bool) {
    throw new TypeError(
      `Input 'pred' of 'Switch' Op has type ${condition.dtype.name} that does not match expected type of bool.`,
    );
  }
  if (condition.rank !== null && condition.rank !== 0) {
    throw new ValueError(`Shape must be rank 0 but is rank ${condition.rank}: the condition ${condition} of cond.`);
  }
  return condition;
}

interface BuiltBranch {
  readonly body: FuncGraph;
  readonly taken: Taken;
}

function buildBranch(name: string, fn: () => unknown, what: string): BuiltBranch {
  const body = newBody(name);
  const taken = body.asDefault(() => {
    const result = fn();
    if (result === null || result === undefined) throw new ValueError(`${what} must have a return value.`);
    // An operation stands for true: a constant that waits for it.
    return take(result, (op) => {
      return body.controlDependencies([op], () => identity(convertToTensor(true, { dtype: bool })));
    });
  });
  return { body, taken };
}

/** The functions, which take what any of them captured, and that. */
function finishBranches(branches: readonly BuiltBranch[]): [Tensor[], GraphFunction[]] {
  // Results may be tensors from outside: they are captured as well.
  const results = branches.map(({ body, taken }) => taken.tensors.map((tensor) => body.capture(tensor)));
  const captured = [...new Set(branches.flatMap(({ body }) => body.captured))];
  const functions = branches.map(({ body }, b) =>
    finishBody(
      body,
      results[b],
      captured.map((tensor) => body.capture(tensor)),
    ),
  );
  return [captured, functions];
}

const typesOf = (taken: Taken) => taken.tensors.map((tensor) => tensor.dtype);

function resultOf(taken: Taken, call: Operation, strict: boolean): unknown {
  const outputs = taken.tensors.map((_, i) => identity(call.outputs[i], { name: 'Identity' }));
  const result = taken.put(outputs);
  return !strict && taken.isListOfOne ? (result as unknown[])[0] : result;
}

export type PredFnPair<R> = readonly [pred: Tensor | TensorConvertible, fn: () => R];

export interface CaseOptions<R> {
  /** Built where no condition holds; without it, none holding is an error of the run. */
  readonly default?: (() => R) | null;
  /** Whether more than one condition holding is an error of the run. */
  readonly exclusive?: boolean;
  readonly strict?: boolean;
  readonly name?: string | null;
}

/**
 * What the first function builds whose condition holds; the default's, where none does. Without a default a run in which
 * none holds fails with `InvalidArgumentError`, as does one in which several hold if they are `exclusive`. Errors as for
 * `cond`.
 *
 *     tf.case([[x.less(0), () => x.neg()], [x.less(10), () => x]], {default: () => tf.constant(10)})
 */
export function case_<R>(
  predFnPairs: readonly PredFnPair<R>[] | ReadonlyMap<Tensor, () => R>,
  ...rest: Rest<[default_: (() => R) | null, exclusive: boolean, strict: boolean, name: string | null], CaseOptions<R>>
): BranchResult<R> {
  const options = bind<CaseOptions<R>>(['default', 'exclusive', 'strict', 'name'], rest);
  const pairs = checkPairs(predFnPairs);
  const fallback = options.default ?? null;
  if (fallback !== null && typeof fallback !== 'function') throw new TypeError("'default' must be callable.");
  const preds = pairs.map(([pred]) => (isConvertible(pred) ? pred.asTensor() : pred));
  return opScope(options.name, 'case', preds, () => {
    const strict = options.strict ?? false;
    const checks = options.exclusive ? [atMostOne(preds)] : [];
    let build: () => unknown = fallback ?? (() => undefined);
    let next = pairs.length - 1;
    if (!fallback) {
      const [pred, fn] = pairs[next--];
      // The last one is taken where no other is: it must hold then.
      build = () => {
        const message = 'Input error: None of conditions evaluated as True:';
        const check = Assert(pred, [convertToTensor(message), stackOf(preds)]);
        return graphOf([pred]).controlDependencies([check], () => guarded(fn()));
      };
      if (next < 0)
        build = (
          (last) => () =>
            cond(pred, fn as () => unknown, last, { strict })
        )(build);
    }
    for (; next >= 0; next--) {
      const [pred, fn] = pairs[next];
      const otherwise = build;
      build = () => cond(pred, fn as () => unknown, otherwise, { strict: true });
    }
    const result = graphOf(preds).controlDependencies(checks, build) as unknown;
    return (!strict && Array.isArray(result) && result.length === 1 ? result[0] : result) as BranchResult<R>;
  });
}

/** Fresh copies of what a function gave, which wait for what is being waited for. */
function guarded(result: unknown): unknown {
  const taken = take(result, (op) => graphOf([op]).controlDependencies([op], () => convertToTensor(true)));
  return taken.put(taken.tensors.map((tensor) => identity(tensor)));
}

function checkPairs<R>(
  pairs: readonly PredFnPair<R>[] | ReadonlyMap<Tensor, () => R>,
): readonly (readonly [Tensor, () => R])[] {
  const list = pairs instanceof Map ? [...pairs] : (pairs as readonly PredFnPair<R>[]);
  if (!Array.isArray(list)) throw new TypeError("'pred_fn_pairs' must be a list, tuple, or dict.");
  if (list.length === 0) throw new ValueError("'pred_fn_pairs' must not be empty.");
  for (const pair of list) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(`Each entry in 'pred_fn_pairs' must be a 2-tuple. Received ${String(pair)}.`);
    }
    const [pred, fn] = pair;
    const tensor = isConvertible(pred) ? pred.asTensor() : pred;
    if (!(tensor instanceof Tensor)) throw new TypeError(`pred must be a Tensor, got: ${String(pred)}`);
    if (tensor.dtype !== bool) throw new TypeError(`pred must be of type bool, got: ${tensor.dtype.name}`);
    if (typeof fn !== 'function') throw new TypeError(`fn for pred ${tensor.name} must be callable.`);
  }
  return list.map(([pred, fn]) => [isConvertible(pred) ? pred.asTensor() : (pred as Tensor), fn]);
}

const stackOf = (preds: readonly Tensor[]): Tensor => emitOne('Pack', [preds], { axis: 0 }, 'preds_c');

function atMostOne(preds: readonly Tensor[]): Operation {
  const counted = emitOne('Sum', [cast(stackOf(preds), int32), 0], { keep_dims: false }, 'num_true_conds');
  const fits = emitOne('LessEqual', [counted, 1], {}, 'at_most_one_true_cond');
  const names = preds.map((pred) => pred.name).join(', ');
  const message = `Input error: exclusive=True: more than 1 conditions (${names}) evaluated as True:`;
  return Assert(fits, [convertToTensor(message), stackOf(preds)]);
}

export interface SwitchCaseOptions<R> {
  /** Built for a number that no function has; the one with the greatest number, without it. */
  readonly default?: (() => R) | null;
  readonly name?: string | null;
}

/**
 * What the function with the number `branchIndex` builds: the functions are a list, or pairs of number and function. Only the
 * chosen one runs. Errors as for `cond`.
 *
 *     tf.switchCase(op, [() => x.add(y), () => x.sub(y), () => x.mul(y)])
 */
export function switchCase<R>(
  branchIndex: Tensor | TensorConvertible,
  branchFns: readonly (() => R)[] | readonly (readonly [number, () => R])[] | ReadonlyMap<number, () => R>,
  ...rest: Rest<[default_: (() => R) | null, name: string | null], SwitchCaseOptions<R>>
): BranchResult<R> {
  const options = bind<SwitchCaseOptions<R>>(['default', 'name'], rest);
  const index = isConvertible(branchIndex) ? branchIndex.asTensor() : branchIndex;
  if (!(index instanceof Tensor)) throw new TypeError(`'branch_index' must be a Tensor, got ${typeof branchIndex}`);
  if (!index.dtype.isInteger) {
    throw new TypeError(`'branch_index' must be an integer Tensor, got ${index.dtype}`);
  }
  const fns = numbered(branchFns);
  if (options.default) fns.push(options.default);
  else if (fns.length > 0) fns.push(fns[fns.length - 1]);
  return opScope(options.name, 'switch_case', [index], (scope) => {
    const list = options.default ? fns : fns.slice(0, -1);
    const branches = list.map((fn, i) => buildBranch(`${scope.slice(0, -1)}_branch${i}`, fn, `branch ${i}`));
    for (const { taken } of branches) {
      if (!taken.isLike(branches[0].taken)) throw differentStructures(branches[0].taken, taken);
      taken.tensors.forEach((tensor, i) => {
        const first = branches[0].taken.tensors[i];
        if (tensor.dtype === first.dtype) return;
        throw new TypeError(
          `branches must have the same type(s) of results: ${first.dtype.name} and ${tensor.dtype.name} differ.`,
        );
      });
    }
    const [inputs, functions] = finishBranches(branches);
    const type = functions.some((fn) => fn.isStateful) ? 'Case' : 'StatelessCase';
    const attrs = { branches: functions, Tout: typesOf(branches[0].taken) };
    const call = emitCall(
      type,
      [cast(index, int32), inputs],
      attrs,
      branches.map(({ body }) => body),
      scope,
    );
    return resultOf(branches[0].taken, call, false) as BranchResult<R>;
  });
}

function numbered<R>(
  branches: readonly (() => R)[] | readonly (readonly [number, () => R])[] | ReadonlyMap<number, () => R>,
): (() => R)[] {
  const list: readonly unknown[] = branches instanceof Map ? [...branches] : (branches as readonly unknown[]);
  if (!Array.isArray(list)) {
    throw new TypeError(
      "'branch_fns' must be a dictionary or a list of callables or pairs of a number and a callable.",
    );
  }
  if (list.length === 0) throw new ValueError("'branch_fns' must not be empty.");
  const pairs = list.map((item, i): [number, () => R] =>
    Array.isArray(item) ? [item[0], item[1]] : [i, item as () => R],
  );
  for (const [key, fn] of pairs) {
    if (!Number.isInteger(key)) throw new TypeError(`key must be a Python \`int\`, got ${typeof key}`);
    if (typeof fn !== 'function') throw new TypeError(`fn for key ${key} must be callable.`);
  }
  pairs.sort(([a], [b]) => a - b);
  if (pairs.some(([key], i) => key !== i)) {
    throw new ValueError(
      `branch indices must form contiguous range of [0 to ${pairs.length}) but found {${pairs.map(([key]) => key).join(', ')}}`,
    );
  }
  return pairs.map(([, fn]) => fn);
}
