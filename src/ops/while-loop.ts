/**
 * `tf.whileLoop`: a loop in the graph. Condition and body become functions; the loop's variables are whatever structure the
 * user has, after a counter of rounds.
 */
import type { FuncGraph } from '../graph/func-graph.ts';
import type { Tensor } from '../graph/graph.ts';
import { bool, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, formatShape, isCompatible, type Shape, type ShapeLike, TensorShape } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { emitCall, finishBody, newBody } from './functions.ts';
import { identity } from './identity.ts';
import { differentStructures, type Taken, take } from './loop-structure.ts';
import { flatten } from './nest.ts';
import { bind, type Rest, type TensorConvertible, type TensorLike } from './tensor-like.ts';
import './control-flow.ts';

/** The variables of a loop as its functions see them: tensors in the place of values. */
export type LoopVars<V> = V extends Tensor | number | boolean | string
  ? Tensor
  : V extends readonly unknown[]
    ? { -readonly [K in keyof V]: LoopVars<V[K]> }
    : V extends TensorConvertible
      ? Tensor
      : V;

type ArgsOf<V> = V extends readonly unknown[]
  ? LoopVars<V> extends readonly unknown[]
    ? LoopVars<V>
    : never
  : [LoopVars<V>];

/** What a loop gives: of a list of one variable, that one. */
export type LoopResult<V> = V extends readonly [infer Only] ? LoopVars<Only> : LoopVars<V>;

export interface WhileLoopOptions {
  /** The static shapes that hold in every round, where they are not those at the start: a structure as that of the variables. */
  readonly shapeInvariants?: unknown;
  /** Accepted; rounds run one after the other. */
  readonly parallelIterations?: number;
  /** Accepted; whether a gradient is wanted is seen when it is asked for. */
  readonly backProp?: boolean;
  /** Accepted; there is one memory. */
  readonly swapMemory?: boolean;
  /** No more rounds than this: a number or an int32 scalar. */
  readonly maximumIterations?: TensorLike | null;
  readonly name?: string | null;
  /** Whether a list of one variable gives a list of one. */
  readonly returnSameStructure?: boolean;
}

/**
 * Calls `body` on the loop's variables, again and again, as long as `cond` of them is true; the variables in the end. The
 * variables are a list (or one by itself) of tensors, values, and lists and objects of these; `cond` and `body` get them as
 * arguments, `body` gives as many back, with the same types and with shapes that fit `shapeInvariants`. Both functions are
 * called once, to build. Tensors from outside may be used inside; effects inside take place in every round if the variables
 * need them (`tf.controlDependencies`). Rounds run one after the other. Throws `TypeError` for what are no functions,
 * `ValueError` for structures, types and shapes that change from round to round; the graph is then as before. Loops have
 * gradients, whose memory grows with the number of rounds as far as they need values of each.
 *
 *     const [i, sum] = tf.whileLoop((i, s) => i.less(10), (i, s) => [i.add(1), s.add(i)], [0, 0]);
 */
export function whileLoop<const V>(
  cond: (...vars: ArgsOf<V>) => Tensor | TensorConvertible | boolean,
  body: (...vars: ArgsOf<V>) => unknown,
  loopVars: V,
  ...rest: Rest<
    [
      shapeInvariants: unknown,
      parallelIterations: number,
      backProp: boolean,
      swapMemory: boolean,
      name: string | null,
      maximumIterations: TensorLike | null,
      returnSameStructure: boolean,
    ],
    WhileLoopOptions
  >
): LoopResult<V> {
  const options = bind<WhileLoopOptions>(POSITIONS, rest);
  if (typeof cond !== 'function') throw new TypeError("'cond' must be callable.");
  if (typeof body !== 'function') throw new TypeError("'body' must be callable.");
  const isList = Array.isArray(loopVars);
  if (loopVars === undefined || loopVars === null || (isList && loopVars.length === 0)) {
    throw new ValueError("'loop_vars' must be provided.");
  }
  const { parallelIterations = 10 } = options;
  if (!Number.isInteger(parallelIterations) || parallelIterations < 1) {
    throw new TypeError("'parallel_iterations' must be a positive integer.");
  }
  return opScope(options.name, 'while', [flatten(loopVars)], (scope) => {
    const given = take(loopVars);
    const shapes = invariants(given, options.shapeInvariants);
    const isLimited = options.maximumIterations !== undefined && options.maximumIterations !== null;
    const limit = limitOf(options.maximumIterations);
    const counter = convertToTensor(0, { dtype: int32, name: 'loop_counter' });
    const name = scope.slice(0, -1);
    const test = newBody(`${name}_cond`);
    const round = newBody(`${name}_body`);
    const inCond = enter(test, given, shapes);
    const condition = test.asDefault(() => {
      const answer = cond(...(argumentsFor(given, inCond.variables, isList) as ArgsOf<V>));
      return isLimited ? both(asCondition(answer), inCond.counter, inCond.limit) : asCondition(answer);
    });
    const inBody = enter(round, given, shapes);
    const [next, counted] = round.asDefault(() => {
      const answer = body(...(argumentsFor(given, inBody.variables, isList) as ArgsOf<V>));
      const structure =
        isList && !Array.isArray(answer) && (loopVars as readonly unknown[]).length === 1 ? [answer] : answer;
      const taken = take(structure);
      checkRound(given, shapes, taken);
      return [taken, emitOne('AddV2', [inBody.counter, 1], {}, 'add')];
    });
    const results = next.tensors.map((tensor) => round.capture(tensor));
    const captured = [...new Set([...test.captured, ...round.captured])];
    const inputs = [counter, limit, ...given.tensors, ...captured];
    const argsOf = (graph: FuncGraph, own: Entered) => [
      own.counter,
      own.limit,
      ...own.variables,
      ...captured.map((tensor) => graph.capture(tensor)),
    ];
    const condFn = finishBody(test, [condition], argsOf(test, inCond));
    const bodyArgs = argsOf(round, inBody);
    const bodyFn = finishBody(
      round,
      [counted, inBody.limit, ...results, ...bodyArgs.slice(2 + results.length)],
      bodyArgs,
    );
    const type = condFn.isStateful || bodyFn.isStateful ? 'While' : 'StatelessWhile';
    const outputShapes = inputs.map((input, i) => (i >= 2 && i < 2 + shapes.length ? shapes[i - 2] : input.shape));
    const attrs = {
      cond: condFn,
      body: bodyFn,
      output_shapes: outputShapes,
      parallel_iterations: parallelIterations,
      // The first output says how many rounds there were, which the gradient wants to know.
      _counted: true,
    };
    const call = emitCall(type, [inputs], attrs, [test, round], scope);
    const outputs = given.tensors.map((_, i) => identity(call.outputs[2 + i], { name: 'Identity' }));
    const result = given.put(outputs);
    const isOnly = isList && (result as readonly unknown[]).length === 1 && !options.returnSameStructure;
    return (isOnly ? (result as readonly unknown[])[0] : result) as LoopResult<V>;
  });
}

const POSITIONS = [
  'shapeInvariants',
  'parallelIterations',
  'backProp',
  'swapMemory',
  'name',
  'maximumIterations',
  'returnSameStructure',
] as const;

interface Entered {
  readonly counter: Tensor;
  readonly limit: Tensor;
  readonly variables: readonly Tensor[];
}

/** The arguments of a function of the loop. */
function enter(graph: FuncGraph, given: Taken, shapes: readonly Shape[]): Entered {
  const counter = graph.addInput({ dtype: int32, shape: [] }, 'loop_counter');
  const limit = graph.addInput({ dtype: int32, shape: [] }, 'maximum_iterations');
  const variables = given.tensors.map((tensor, i) =>
    graph.addInput({ dtype: tensor.dtype, shape: shapes[i], handle: tensor.spec.handle }, 'loop_var'),
  );
  return { counter, limit, variables };
}

function argumentsFor(given: Taken, variables: readonly Tensor[], isList: boolean): readonly unknown[] {
  const structure = given.put(variables);
  return isList ? (structure as readonly unknown[]) : [structure];
}

/** The number of rounds at most, -1 for no limit. */
function limitOf(maximum: TensorLike | null | undefined): Tensor {
  const limit = convertToTensor(maximum ?? -1, { dtype: int32, name: 'maximum_iterations' });
  if (limit.rank !== null && limit.rank !== 0) {
    throw new ValueError(`'maximum_iterations' must be a scalar. Received shape: ${formatShape(limit.shape)}`);
  }
  return limit;
}

function asCondition(answer: unknown): Tensor {
  const condition = convertToTensor(answer as TensorLike);
  if (condition.dtype !== bool) {
    throw new TypeError(
      `Input 'input' of 'LoopCond' Op has type ${condition.dtype.name} that does not match expected type of bool.`,
    );
  }
  if (condition.rank !== null && condition.rank !== 0) {
    throw new ValueError(`Shape must be rank 0 but is rank ${condition.rank}: the condition ${condition} of the loop.`);
  }
  return condition;
}

/** The condition, and that there are rounds left. */
function both(condition: Tensor, counter: Tensor, limit: Tensor): Tensor {
  return emitOne('LogicalAnd', [emitOne('Less', [counter, limit]), condition]);
}

/** The static shape of each variable in every round. */
function invariants(given: Taken, wanted: unknown): Shape[] {
  if (wanted === undefined || wanted === null) return given.tensors.map((tensor) => tensor.shape);
  const list = flattenShapes(wanted, given.leaves.length);
  if (list.length !== given.leaves.length) {
    throw new ValueError(
      `The two structures don't have the same nested structure.\n\nFirst structure: ${given.shape}\n\nSecond structure: shape_invariants of ${list.length} shapes`,
    );
  }
  return given.leaves.flatMap(({ kind, tensors }, i) => {
    const invariant = list[i];
    if (kind === 'sparse') return sparseShapes(tensors, invariant);
    if (kind !== 'tensor') return tensors.map(({ shape }, k) => (k === 0 && invariant !== undefined ? null : shape));
    const [tensor] = tensors;
    if (!fits(tensor.shape, invariant)) {
      throw new ValueError(
        `The shape invariant specified for ${tensor.name} is not compatible with the initial shape of the loop variable. It enters the loop with shape ${formatShape(tensor.shape)}, but the specified shape invariant is ${formatShape(invariant)}.`,
      );
    }
    return [invariant];
  });
}

/** Of a sparse tensor the invariant is its dense shape: how many values there are may change. */
function sparseShapes([, , denseShape]: readonly Tensor[], invariant: Shape): Shape[] {
  const rank = invariant?.length ?? null;
  const own = denseShape.shape?.[0] ?? null;
  if (rank !== null && own !== null && rank !== own) {
    throw new ValueError(
      `The shape invariant specified for ${denseShape.name} is not compatible with the initial shape of the loop variable. It enters the loop with shape (${own},), but the specified shape invariant is ${formatShape(invariant)}.`,
    );
  }
  return [[null, rank], [null], [rank]];
}

/** Shapes are lists themselves: with one variable, a shape may stand alone. */
function flattenShapes(wanted: unknown, count: number): Shape[] {
  const isShape = (value: unknown): boolean =>
    value === null ||
    value instanceof TensorShape ||
    (Array.isArray(value) && value.every((d) => d === null || typeof d === 'number'));
  if (
    count === 1 &&
    isShape(wanted) &&
    !(Array.isArray(wanted) && wanted.length === 1 && isShape(wanted[0]) && wanted[0] !== null)
  ) {
    return [asShape(wanted as ShapeLike)];
  }
  const found: Shape[] = [];
  const visit = (value: unknown): void => {
    if (isShape(value)) found.push(asShape(value as ShapeLike));
    else if (Array.isArray(value)) for (const item of value) visit(item);
    else {
      const object = value as Record<string, unknown>;
      for (const key of Object.keys(object).sort()) visit(object[key]);
    }
  };
  if (Array.isArray(wanted)) for (const item of wanted) visit(item);
  else visit(wanted);
  return found;
}

/** Whether every shape that `shape` may be is one of `wider`. */
function fits(shape: Shape, wider: Shape): boolean {
  if (wider === null) return true;
  if (shape === null || shape.length !== wider.length) return false;
  return wider.every((d, axis) => d === null || d === shape[axis]);
}

function checkRound(given: Taken, shapes: readonly Shape[], next: Taken): void {
  if (!given.isLike(next)) throw differentStructures(given, next);
  given.tensors.forEach((tensor, i) => {
    const after = next.tensors[i];
    if (after.dtype !== tensor.dtype) {
      throw new TypeError(
        `Loop var ${tensor.name} enters the loop with type ${tensor.dtype} but has type ${after.dtype} after 1 iteration. ${tensor.name} type should remain constant.`,
      );
    }
    if (fits(after.shape, shapes[i])) return;
    const isInvariant = !isSame(shapes[i], tensor.shape);
    throw new ValueError(
      isInvariant && !isCompatible(after.shape, shapes[i])
        ? `The shape invariant specified for ${tensor.name} is ${formatShape(shapes[i])}, but it has shape ${formatShape(after.shape)} after one iteration. Provide shape invariants using either the \`shape_invariants\` argument of tf.while_loop or set_shape() on the loop variables.`
        : `Input tensor '${tensor.name}' enters the loop with shape ${formatShape(tensor.shape)}, but has shape ${formatShape(after.shape)} after one iteration. To allow the shape to vary across iterations, use the \`shape_invariants\` argument of tf.while_loop to specify a less-specific shape.`,
    );
  });
}

function isSame(a: Shape, b: Shape): boolean {
  return formatShape(a) === formatShape(b);
}
