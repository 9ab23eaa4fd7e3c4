/**
 * What every metric is made of: its scope, local variables, collections, and labels, predictions and weights made to fit.
 * What is counted is in the files beside this one.
 */
import type { Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { cast } from '../ops/cast.ts';
import { assertCompatible, removeSqueezableDimensions, squeezeLastIf } from '../ops/confusion-matrix.ts';
import { convertToTensor, emitOne, graphOf } from '../ops/emit.ts';
import { onesLike, zeros } from '../ops/filling.ts';
import { int, whenBroadcastable } from '../ops/losses-weights.ts';
import { expandDims, rank as rankOf, shape as shapeOf, squeeze } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { type DType, int32 } from '../util/dtype.ts';
import { isFullyDefined, type KnownShape } from '../util/shape.ts';
import { type AssignedVariable, Variable } from '../variables/variable.ts';
import { variableScope } from '../variables/variable-scope.ts';

/** A metric: its present value, and what adds a batch to it, whose value is that of the metric afterwards. */
export type Metric = readonly [value: Tensor, updateOp: Tensor];
/** A metric that is a variable: its update is the variable after it, to be run or read. */
export type VariableMetric = readonly [value: Tensor, updateOp: AssignedVariable];

export interface MetricCollections {
  /** Collections that the value is added to. */
  readonly metricsCollections?: string | readonly string[] | null;
  /** Collections that the update is added to. */
  readonly updatesCollections?: string | readonly string[] | null;
  /** The scope of ops and variables. */
  readonly name?: string | null;
}

export interface MetricOptions extends MetricCollections {
  /** What each element counts: a scalar, or a tensor of the values' rank with lengths equal or 1; 1 without it. */
  readonly weights?: TensorLike | null;
}

/** The trailing arguments of most metrics. */
export type MetricRest = Rest<
  [
    weights: TensorLike | null,
    metricsCollections: string | readonly string[] | null,
    updatesCollections: string | readonly string[] | null,
    name: string | null,
  ],
  MetricOptions
>;
export const TRAILING = ['weights', 'metricsCollections', 'updatesCollections', 'name'] as const;

export function metricOptions(rest: MetricRest): Partial<MetricOptions> {
  return bind<MetricOptions>(TRAILING, rest);
}

/** Builds on the graph of `inputs`: all of it or nothing. */
export function build<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(body));
}

/** `build`, in a variable scope of the metric's own. */
export function metricScope<R>(
  name: string | null | undefined,
  defaultName: string,
  inputs: readonly unknown[],
  body: () => R,
): R {
  return build(inputs, () => variableScope(name ?? null, { defaultName, values: inputs }, body));
}

/** A variable that starts at zero, is not trained and not saved. */
export function metricVariable(shape: KnownShape, dtype: DType, name: string): Variable {
  return new Variable(() => zeros(shape, dtype), {
    trainable: false,
    collections: [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
    name,
  });
}

/** The value, in the collections of values. */
export function collectValue(value: Tensor, options: MetricCollections): Tensor {
  const { metricsCollections: names } = options;
  if (names) value.graph.addToCollections(names, value);
  return value;
}

/** The update, in the collections of updates. */
export function collectUpdate<T extends Tensor | AssignedVariable>(update: T, options: MetricCollections): T {
  const { updatesCollections: names } = options;
  if (names) update.graph.addToCollections(names, update);
  return update;
}

/** Ops that come before the others of `body`. */
export function after<R>(dependencies: readonly (Tensor | Operation)[], body: () => R): R {
  return dependencies[0].graph.controlDependencies(dependencies, body);
}

/** Weights with one axis more or less than the values, brought to their rank; a scalar stays one. */
export function fitWeights(weights: TensorLike | null | undefined, values: Tensor): Tensor | null {
  if (weights === null || weights === undefined) return null;
  const w = convertToTensor(weights);
  if (w.rank === 0) return w;
  if (w.rank !== null && values.rank !== null) {
    if (w.rank - values.rank === 1) return squeeze(w, [-1]);
    if (values.rank - w.rank === 1) return expandDims(w, [-1]);
    return w;
  }
  return fitWeightsInRun(w, values);
}

/** `fitWeights` by the ranks in the run. TensorFlow builds conditionals here; the value is the same. */
function fitWeightsInRun(weights: Tensor, values: Tensor): Tensor {
  const rank = rankOf(weights);
  const difference = emitOne('Sub', [rank, rankOf(values)], {}, 'sub');
  const isMore = emitOne('Equal', [difference, int(1)]);
  const last = weights.shape === null ? null : weights.shape[weights.shape.length - 1];
  const squeezed = last === null || last === 1 ? squeezeLastIf(isMore, weights) : weights;
  const hasAxes = emitOne('NotEqual', [rank, int(0)]);
  return expandLastIf(emitOne('LogicalAnd', [hasAxes, emitOne('Equal', [difference, int(-1)])]), squeezed);
}

/** `x` with a last axis of length 1 more where the bool scalar is true in the run. */
export function expandLastIf(condition: Tensor, x: Tensor): Tensor {
  const added = emitOne('Reshape', [cast(condition, int32), [1]]);
  const ones = emitOne('Fill', [added, int(1)]);
  return emitOne('Reshape', [x, emitOne('ConcatV2', [[shapeOf(x), ones], int(0)])]);
}

export interface Fitted {
  readonly labels: Tensor;
  readonly predictions: Tensor;
  readonly weights: Tensor | null;
}

/** Labels and predictions of one rank, weights that fit them. Throws `ValueError` for shapes that differ otherwise. */
export function align(labels: TensorLike, predictions: TensorLike, weights: TensorLike | null | undefined): Fitted {
  const pair = removeSqueezableDimensions(labels, convertToTensor(predictions));
  assertCompatible(pair.predictions.shape, pair.labels.shape);
  return { ...pair, weights: fitWeights(weights, pair.predictions) };
}

/** The weights repeated to the shape of the values. Throws `ValueError`, or fails in the run, where they do not fit. */
export function broadcastWeights(weights: Tensor, values: Tensor): Tensor {
  const { graph } = values;
  return graph.nameScope('broadcast_weights', (scope) => {
    const [a, b] = [weights.shape, values.shape];
    const isSame = isFullyDefined(a) && isFullyDefined(b) && a.length === b.length && a.every((d, i) => d === b[i]);
    if (isSame) return weights;
    return whenBroadcastable(weights, values, () => emitOne('Mul', [weights, onesLike(values)], {}, scope));
  });
}

/** `total / max(count, 0)`, 0 where there is nothing to divide by. */
export function safeRatio(
  total: Variable | AssignedVariable,
  count: Variable | AssignedVariable,
  name: string | null,
): Tensor {
  const divisor = emitOne('Maximum', [count, 0]);
  return emitOne('DivNoNan', [total, divisor], {}, name ?? 'div_no_nan');
}
