/**
 * Sums and means over batches: of values, of tensors element by element, and of what a function says of labels and
 * predictions. Which functions there are is said in `functions.ts`.
 */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { broadcastWeights } from '../../metrics/frame.ts';
import { divNoNan } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/cast.ts';
import { onesLike } from '../../ops/filling.ts';
import { identity } from '../../ops/identity.ts';
import { reduceMean, reduceSum } from '../../ops/reductions.ts';
import { size } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { formatShape, type KnownShape, type Shape } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import { maskOf } from '../engine/history.ts';
import { onUndo } from '../engine/undo.ts';
import { applyMask, fitLabels, fitWeights } from '../losses/weighting.ts';
import { type Config, classNameOf } from '../serialization.ts';
import { functionKind, isKnownFunction } from './function-names.ts';
import type { WrappedFunction } from './functions.ts';
import { Metric, type MetricCallOptions, type MetricOptions } from './metric.ts';

/** The trailing argument of a metric's update: `sampleWeight`. */
export type WeightRest = Rest<[sampleWeight: TensorLike | null], MetricCallOptions>;
/** Name and type, which trail the arguments of metrics. */
export type MetricRest = Rest<[name: string | null, dtype: DTypeLike | null], MetricOptions>;

export function sampleWeightOf(rest: WeightRest): TensorLike | null {
  return bind<MetricCallOptions>(['sampleWeight'], rest).sampleWeight ?? null;
}

/** Whether what is known of the shapes lets weights be repeated to the values' shape. */
function mayBroadcast(weights: Shape, values: Shape): boolean {
  if (weights === null || values === null || weights.length === 0) return true;
  if (weights.length !== values.length) return false;
  return weights.every((d, i) => d === null || d === 1 || values[i] === null || d === values[i]);
}

/** Values and weights of one shape. Where weights have axes too few, values are made one over the others by `reduce`. */
function weigh(
  values: Tensor,
  given: TensorLike,
  reduce: typeof reduceSum,
): readonly [values: Tensor, weights: Tensor] {
  const weights = fitWeights(values, cast(given, values.dtype));
  if (mayBroadcast(weights.shape, values.shape)) return [values, broadcastWeights(weights, values)];
  const [rank, kept] = [values.rank as number, weights.rank as number];
  if (kept >= rank) return [values, weights];
  const axes = Array.from({ length: rank - kept }, (_, i) => kept + i);
  return [reduce(values, axes), weights];
}

/** Throws `TypeError` where a required argument was not given. */
export function requireArgument(className: string, name: string, value: unknown): void {
  if (value !== undefined) return;
  throw new TypeError(`${className}.__init__() missing 1 required positional argument: '${name}'`);
}

/** The base of metrics of a sum, and of a count that it is divided by. */
export abstract class Reduction extends Metric {
  protected total!: Variable;
  protected count: Variable | null = null;

  constructor(
    private readonly reduction: 'sum' | 'weighted_mean',
    options: MetricOptions,
  ) {
    super(options);
  }
  override build(): void {
    this.total = this.addWeight('total');
    this.count = this.reduction === 'sum' ? null : this.addWeight('count');
  }

  /** Takes values in, each as often as its weight says. */
  protected gather(given: TensorLike, sampleWeight: TensorLike | null): Operation {
    let values = cast(given, this.dtype);
    let weights: Tensor | null = null;
    if (sampleWeight !== null) {
      [values, weights] = weigh(values, sampleWeight, this.count ? reduceMean : reduceSum);
      values = values.mul(weights);
    }
    const update = this.total.assignAdd(reduceSum(values), { readValue: false }).op;
    const { count } = this;
    if (!count) return update;
    return update.graph.controlDependencies([update], () => {
      const added = weights ? reduceSum(weights) : cast(size(values), this.dtype);
      return count.assignAdd(added, { readValue: false }).op;
    });
  }
  override result(): Tensor {
    return this.count ? divNoNan(this.total, this.count) : identity(this.total);
  }
}

/** Name and type, with the name that the metric has by default. */
export function named(defaultName: string, rest: MetricRest): Pick<MetricOptions, 'name' | 'dtype'> {
  const { name = defaultName, dtype } = bind<MetricOptions>(['name', 'dtype'], rest);
  return { name, dtype };
}

/**
 * The mean of all values, weighted where there are weights. Variables: `total`, `count`.
 *
 *     new tf.keras.metrics.Mean().apply([1, 3, 5, 7], {sampleWeight: [1, 1, 0, 0]})   // 2
 */
export class Mean extends Reduction {
  static readonly className: string = 'Mean';

  constructor(...rest: MetricRest) {
    super('weighted_mean', named('mean', rest));
  }
  override updateState(values: TensorLike, ...rest: WeightRest): Operation {
    return this.gather(values, sampleWeightOf(rest));
  }
}

/**
 * The sum of all values, weighted where there are weights. Variable: `total`.
 *
 *     new tf.keras.metrics.Sum().apply([1, 3, 5, 7])   // 16
 */
export class Sum extends Reduction {
  static readonly className: string = 'Sum';

  constructor(...rest: MetricRest) {
    super('sum', named('sum', rest));
  }
  override updateState(values: TensorLike, ...rest: WeightRest): Operation {
    return this.gather(values, sampleWeightOf(rest));
  }
}

export interface MeanMetricWrapperOptions extends MetricOptions {
  readonly fn?: WrappedFunction | string;
  /** What else there is, the function gets. */
  readonly [option: string]: unknown;
}

/**
 * The mean of what a function says of labels and predictions, by example. Options beside `name` and `dtype` go to the
 * function.
 *
 *     new tf.keras.metrics.MeanMetricWrapper(tf.keras.metrics.binaryAccuracy, {name: 'strict', threshold: 0.9})
 */
export class MeanMetricWrapper extends Reduction {
  static readonly className: string = 'MeanMetricWrapper';
  readonly fn: WrappedFunction;
  readonly #options: Config;

  constructor(
    ...args: Rest<[fn: WrappedFunction, name: string | null, dtype: DTypeLike | null], MeanMetricWrapperOptions>
  ) {
    const { fn, name, dtype, ...options } = bind<MeanMetricWrapperOptions>(['fn', 'name', 'dtype'], args);
    requireArgument('MeanMetricWrapper', 'fn', fn);
    super('weighted_mean', { name, dtype });
    this.fn = typeof fn === 'string' ? functionKind.get(fn) : (fn as WrappedFunction);
    this.#options = options;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, ...rest: WeightRest): Operation {
    const [labels, predictions] = fitLabels(cast(yTrue, this.dtype), cast(yPred, this.dtype));
    const options = this.#options;
    // A function of the user's may take two arguments and mean something else by a third.
    const further = (Object.keys(options).length === 0 ? [] : [options]) as [never];
    const matches = this.fn(labels, predictions, ...further);
    const given = sampleWeightOf(rest);
    const mask = maskOf(matches);
    const weights = given === null || mask === null ? given : cast(given, this.dtype);
    return this.gather(matches, mask ? applyMask(matches, weights as Tensor | null, mask) : given);
  }
  /** Also the function, where no subclass knows it: by its name if Keras has it. */
  override getConfig(): Config {
    const config = { ...super.getConfig(), ...this.#options };
    if (classNameOf(this.constructor) !== 'MeanMetricWrapper') return config;
    return { ...config, fn: isKnownFunction(this.fn) ? functionKind.serialize(this.fn) : this.fn };
  }
}

export interface MeanTensorOptions extends MetricOptions {
  /** The shape of the values; that of the first ones without it. */
  readonly shape?: KnownShape | null;
}

/**
 * The mean of tensors, element by element. Variables of their shape: `total`, `count`. Throws `ValueError` for values of
 * another shape than the first ones, and for a result before there are any.
 *
 *     new tf.keras.metrics.MeanTensor().apply([0, 1, 2, 3])   // [0, 1, 2, 3]
 */
export class MeanTensor extends Metric {
  static readonly className: string = 'MeanTensor';
  readonly #given: KnownShape | null;
  #state: { readonly total: Variable; readonly count: Variable; readonly shape: Shape } | null = null;

  constructor(
    ...rest: Rest<[name: string | null, dtype: DTypeLike | null, shape: KnownShape | null], MeanTensorOptions>
  ) {
    const { name = 'mean_tensor', dtype, shape = null } = bind<MeanTensorOptions>(['name', 'dtype', 'shape'], rest);
    super({ name, dtype });
    this.#given = shape;
  }
  get total(): Variable | null {
    return this.#state?.total ?? null;
  }
  get count(): Variable | null {
    return this.#state?.count ?? null;
  }
  override build(): void {
    if (this.#given) this.make(this.#given);
  }
  private make(shape: KnownShape) {
    onUndo(() => {
      this.#state = null;
    });
    this.#state = { total: this.addWeight('total', { shape }), count: this.addWeight('count', { shape }), shape };
    return this.#state;
  }

  override updateState(given: TensorLike, ...rest: WeightRest): Operation {
    let values = cast(given, this.dtype);
    // The variables have the names that they would have had before.
    const state = this.#state ?? values.graph.nameScope(null, () => this.make(values.shape as KnownShape));
    if (formatShape(values.shape) !== formatShape(state.shape)) {
      throw new ValueError(
        `MeanTensor input values must always have the same shape. Expected shape (set during the first call): ${formatShape(state.shape)}. Got: ${formatShape(values.shape)}.`,
      );
    }
    let counts = onesLike(values);
    const sampleWeight = sampleWeightOf(rest);
    if (sampleWeight !== null) {
      const [fitted, weights] = weigh(values, sampleWeight, reduceMean);
      counts = counts.mul(weights);
      values = fitted.mul(weights);
    }
    const update = state.total.assignAdd(values, { readValue: false }).op;
    return update.graph.controlDependencies([update], () => state.count.assignAdd(counts, { readValue: false }).op);
  }
  override result(): Tensor {
    if (!this.#state) {
      throw new ValueError(
        'MeanTensor does not have any value yet. Please call the MeanTensor instance or use `.update_state(value)` before retrieving the result.',
      );
    }
    return divNoNan(this.#state.total, this.#state.count);
  }
}
