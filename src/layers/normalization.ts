/**
 * `BatchNormalization` of TensorFlow 1 and its function: the averages move by operations in `GraphKeys.UPDATE_OPS`, which
 * a program runs beside its training step. The formulas are the ops'.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Tensor } from '../graph/graph.ts';
import { formatTuple } from '../keras/backend/operands.ts';
import { smartCond, staticCondition } from '../keras/backend/switch.ts';
import type { Training } from '../keras/engine/call-context.ts';
import { InputSpec } from '../keras/engine/input-spec.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../keras/engine/nest.ts';
import { type Axes, axesOption, checkedAxes } from '../keras/layers/normalization/affine.ts';
import { cast } from '../ops/cast.ts';
import { constant } from '../ops/constants.ts';
import { convertToTensor, emitOne } from '../ops/emit.ts';
import { fusedBatchNorm, moments, batchNormalization as normalize } from '../ops/normalization-functions.ts';
import { reshape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { type DType, float16, float32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { KnownShape } from '../util/shape.ts';
import { onesInitializer, zerosInitializer } from '../variables/initializers.ts';
import type { Variable } from '../variables/variable.ts';
import type { TrainingOption } from './core.ts';
import {
  type CallOptions,
  type ConstraintOption,
  callOnce,
  type FunctionOptions,
  type InitializerOption,
  Layer,
  type LayerOptions,
  type RegularizerOption,
} from './layer.ts';

export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis of the features, or several that have statistics of their own; the last without it. */
  readonly axis?: Axes;
  /** How much of a moving average an update keeps; 0.99 without it. */
  readonly momentum?: number;
  /** Added to the variance, so that it is never 0; 0.001 without it. */
  readonly epsilon?: number;
  /** Whether `beta` is added. */
  readonly center?: boolean;
  /** Whether the result is multiplied by `gamma`. */
  readonly scale?: boolean;
  /** Zeros, ones, zeros and ones without them. */
  readonly betaInitializer?: InitializerOption;
  readonly gammaInitializer?: InitializerOption;
  readonly movingMeanInitializer?: InitializerOption;
  readonly movingVarianceInitializer?: InitializerOption;
  readonly betaRegularizer?: RegularizerOption;
  readonly gammaRegularizer?: RegularizerOption;
  readonly betaConstraint?: ConstraintOption;
  readonly gammaConstraint?: ConstraintOption;
  /** Whether to use the fused op where that is possible; true without it. */
  readonly fused?: boolean | null;
  /** Not supported: only false. */
  readonly renorm?: boolean;
  /** Not supported: only null. */
  readonly virtualBatchSize?: number | null;
  /** Not supported: only null. */
  readonly adjustment?: null;
}

const NORMALIZATION = ['axis', 'momentum', 'epsilon', 'center', 'scale'] as const;

/**
 * Normalizes each feature to mean 0 and variance 1, then scales and shifts it: with `training` by the statistics of the
 * batch, otherwise, which is the default, by their moving averages. The averages move where the layer's updates run, which
 * are in `GraphKeys.UPDATE_OPS`. Unlike Keras's, a layer that is not `trainable` still follows `training`. Throws
 * `ValueError` for a feature axis of unknown length.
 *
 *     const y = new tf.layers.BatchNormalization().apply(x, {training: true});
 *     const updates = tf.getCollection(tf.GraphKeys.UPDATE_OPS);
 *     const step = tf.controlDependencies(updates, () => optimizer.minimize(loss));
 */
export class BatchNormalization extends Layer {
  static readonly className: string = 'BatchNormalization';
  axis: Axes;
  readonly momentum: number;
  readonly epsilon: number;
  readonly #options: BatchNormalizationOptions;
  /** Whether the fused op is used: once the layer is built, for images and volumes with their channels first or last. */
  fused: boolean;
  gamma: Variable | null = null;
  beta: Variable | null = null;
  movingMean!: Variable;
  movingVariance!: Variable;

  constructor(
    ...rest: Rest<
      [axis: Axes, momentum: number, epsilon: number, center: boolean, scale: boolean],
      BatchNormalizationOptions
    >
  ) {
    const options = bind<BatchNormalizationOptions>(NORMALIZATION, rest);
    super(options);
    if (options.renorm) throw new ValueError('Batch renormalization (`renorm=True`) is not supported.');
    if (options.virtualBatchSize != null) throw new ValueError('`virtual_batch_size` is not supported.');
    if (options.adjustment != null) throw new ValueError('`adjustment` is not supported.');
    this.axis = axesOption(options.axis ?? -1);
    this.momentum = options.momentum ?? 0.99;
    this.epsilon = options.epsilon ?? 1e-3;
    this.fused = options.fused ?? true;
    this.#options = options;
  }

  /** Half-precision inputs have single-precision weights. */
  private get weightDType(): DType {
    return this.dtype === float16 ? float32 : this.dtype;
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const asked = typeof this.axis === 'number' ? [this.axis] : this.axis;
    const axes = checkedAxes(this.axis, given);
    const rank = given.length;
    const fits = asked.length === 1 && [-4, -3, -1, 1, 3, 4].includes(asked[0]) && this.dtype.name !== 'float64';
    this.axis = axes;
    this.fused = this.fused && (rank === 4 || rank === 5) && fits;
    if (this.fused && axes[0] !== 1 && axes[0] !== rank - 1) {
      if (rank === 4) {
        throw new ValueError(
          `Unsupported axis. The use of \`fused=True\` is only possible with \`axis=1\` or \`axis=3\` for 4D input tensors. Received: axis=${formatTuple(axes)}`,
        );
      }
      this.fused = false;
    }
    if (axes.some((axis) => given[axis] === null)) {
      throw new ValueError(
        `Input has undefined \`axis\` dimension. Received input with shape ${formatTuple(given)} and axis=${formatTuple(axes)}`,
      );
    }
    const lengths = axes.map((axis) => [axis, given[axis] as number] as const);
    this.inputSpec = new InputSpec({ ndim: rank, axes: new Map(lengths) });
    this.addWeights(
      axes.length === 1 ? [lengths[0][1]] : given.map((length, i) => (axes.includes(i) ? Number(length) : 1)),
    );
    super.build(inputShape);
  }

  private addWeights(shape: KnownShape): void {
    const options = this.#options;
    const dtype = this.weightDType;
    if (options.scale ?? true) {
      this.gamma = this.addWeight('gamma', {
        shape,
        dtype,
        initializer: options.gammaInitializer ?? onesInitializer(),
        regularizer: options.gammaRegularizer,
        constraint: options.gammaConstraint,
      });
    }
    if (options.center ?? true) {
      this.beta = this.addWeight('beta', {
        shape,
        dtype,
        initializer: options.betaInitializer ?? zerosInitializer(),
        regularizer: options.betaRegularizer,
        constraint: options.betaConstraint,
      });
    }
    const average = (name: string, initializer: InitializerOption) =>
      this.addWeight(name, { shape, dtype, initializer, trainable: false });
    this.movingMean = average('moving_mean', options.movingMeanInitializer ?? zerosInitializer());
    this.movingVariance = average('moving_variance', options.movingVarianceInitializer ?? onesInitializer());
  }

  override call(inputs: Tensor, { training = false }: CallOptions = {}): Tensor {
    const phase = training ?? false;
    const known = staticCondition(phase);
    return this.fused ? this.fusedCall(inputs, known ?? phase) : this.generalCall(inputs, known ?? phase);
  }

  private fusedCall(x: Tensor, phase: NonNullable<Training>): Tensor {
    const { epsilon, movingMean, movingVariance } = this;
    const shape = movingMean.shape as KnownShape;
    const spatial = 'DHW'.slice(5 - (x.shape ?? []).length);
    const dataFormat = (this.axis as readonly number[])[0] === 1 ? `NC${spatial}` : `N${spatial}C`;
    const filled = (value: number) => constant(value, { dtype: this.weightDType, shape });
    const beta = this.beta ?? filled(0);
    const gamma = this.gamma ?? filled(1);
    const run = (isTraining: boolean): Tensor[] =>
      fusedBatchNorm(x, gamma, beta, { mean: movingMean, variance: movingVariance, epsilon, dataFormat, isTraining });
    const [y, mean, variance] = chosen(phase, run);
    if (phase === false) return y;
    const kept = typeof phase === 'boolean' ? convertToTensor(this.momentum) : this.keptIf(phase);
    this.move(movingMean, mean, kept);
    this.move(movingVariance, variance, kept);
    return y;
  }

  private generalCall(inputs: Tensor, phase: NonNullable<Training>): Tensor {
    const x = inputs.dtype === float16 ? cast(inputs, float32) : inputs;
    const given = x.shape as LayerShape;
    const axes = this.axis as readonly number[];
    const others = given.map((_, i) => i).filter((i) => !axes.includes(i));
    const keepdims = axes.length > 1;
    // Statistics of a single feature axis are vectors: they fit as they are where it is the last.
    const fits = keepdims || axes[0] === given.length - 1;
    const target = given.map((length, i) => (axes.includes(i) ? (length as number) : 1));
    const broadcast = (v: TensorLike): TensorLike => (fits ? v : reshape(v, target));
    const { movingMean, movingVariance } = this;
    const scale = this.gamma && broadcast(this.gamma);
    const offset = this.beta && broadcast(this.beta);
    let [mean, variance]: TensorLike[] = [movingMean, movingVariance];
    if (phase !== false) {
      // The statistics of the batch are built in any case, outside of the choice, as TensorFlow does.
      const batch = moments(x, others, { keepdims });
      const [m, v] = chosen(phase, (isTraining) => (isTraining ? batch : [movingMean.value(), movingVariance.value()]));
      [mean, variance] = [m, v];
      const kept = phase === true ? this.momentum : this.keptIf(phase);
      this.move(movingMean, m, kept);
      this.move(movingVariance, v, kept);
    }
    const y = normalize(x, broadcast(mean), broadcast(variance), offset, scale, this.epsilon);
    const result = y.dtype === inputs.dtype ? y : cast(y, inputs.dtype);
    result.setShape(given);
    return result;
  }

  /** The momentum in training, and outside of it one that leaves averages as they are. */
  private keptIf(phase: Tensor): Tensor {
    return smartCond(
      phase,
      () => constant(this.momentum),
      () => constant(1),
    ) as Tensor;
  }

  private move(average: Variable, value: Tensor, kept: number | Tensor): void {
    getDefaultGraph().nameScope('AssignMovingAvg', () => {
      const share =
        typeof kept === 'number'
          ? constant(1 - kept, { dtype: average.dtype, name: 'decay' })
          : cast(emitOne('Sub', [1, kept], {}, 'sub'), average.dtype);
      const step = average.sub(cast(value, average.dtype)).mul(share);
      this.addUpdate(average.assignSub(step).op);
    });
  }
}

/** One of two lists: of a known phase just that one is built, otherwise the run chooses. */
function chosen(phase: NonNullable<Training>, build: (isTraining: boolean) => Tensor[]): Tensor[] {
  if (typeof phase === 'boolean') return build(phase);
  return smartCond(
    phase,
    () => build(true),
    () => build(false),
  ) as Tensor[];
}

export interface BatchNormalizationFunctionOptions extends BatchNormalizationOptions, FunctionOptions, TrainingOption {
  readonly inputs?: TensorLike;
  readonly name?: string | null;
}

/**
 * `BatchNormalization`, made and called at once. Run the updates with the training step.
 *
 *     const y = tf.layers.batchNormalization(x, {training: isTraining});
 *     const updates = tf.getCollection(tf.GraphKeys.UPDATE_OPS);
 *     const step = tf.controlDependencies(updates, () => optimizer.minimize(loss));
 */
export function batchNormalization(
  ...rest: Rest<
    [inputs: TensorLike, axis: Axes, momentum: number, epsilon: number, center: boolean, scale: boolean],
    BatchNormalizationFunctionOptions
  >
): Tensor {
  const { inputs, training, ...options } = bind<BatchNormalizationFunctionOptions>(['inputs', ...NORMALIZATION], rest);
  return callOnce(inputs, options, (all) => new BatchNormalization(all), { training });
}
