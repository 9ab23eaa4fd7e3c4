/** Batch normalization with its moving averages. The formulas are `ops/normalization*.ts`'s. */

import { getDefaultGraph } from '../../../graph/default-graph.ts';
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { constant } from '../../../ops/constants.ts';
import { batchNormalization, fusedBatchNorm, moments, weightedMoments } from '../../../ops/normalization-functions.ts';
import { expandDims, reshape } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { type DType, float16, float32 } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import type { KnownShape } from '../../../util/shape.ts';
import { assignSub } from '../../../variables/assign.ts';
import type { Variable } from '../../../variables/variable.ts';
import { formatTuple } from '../../backend/operands.ts';
import { ifElse } from '../../backend/switch.ts';
import { knownPhase, phaseOf } from '../../engine/in-train-phase.ts';
import type { CallOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import type { Config } from '../../serialization.ts';
import type { ObjectIdentifier } from '../identifiers.ts';
import { AffineLayer, type AffineOptions, type Axes, axesOption, checkedAxes } from './affine.ts';

export interface BatchNormalizationOptions extends AffineOptions {
  /** The axis of the features (or several), which have statistics of their own; the last without it. */
  readonly axis?: Axes;
  /** How much of a moving average an update keeps; 0.99 without it. */
  readonly momentum?: number;
  /** Zeros without it. */
  readonly movingMeanInitializer?: ObjectIdentifier;
  /** Ones without it. */
  readonly movingVarianceInitializer?: ObjectIdentifier;
  /** Whether to use the fused op; without it, wherever that is possible. */
  readonly fused?: boolean | null;
  /** Not supported: only false. */
  readonly renorm?: boolean;
  /** Not supported: only null. */
  readonly virtualBatchSize?: number | null;
}

type Phase = ReturnType<typeof phaseOf>;

/**
 * Normalizes each feature to mean 0 and variance 1, then scales and shifts it: in training by the statistics of the batch,
 * in inference by their moving averages. The averages move by the layer's `updates`, which `fit` runs. A layer that is not
 * `trainable` is in inference always. Throws `ValueError` for a feature axis of unknown length.
 *
 *     const y = new tf.keras.layers.BatchNormalization().apply(x, {training: true});
 */
export class BatchNormalization extends AffineLayer {
  static readonly className: string = 'BatchNormalization';
  axis: Axes;
  readonly momentum: number;
  readonly movingMeanInitializer: initializers.Initializer;
  readonly movingVarianceInitializer: initializers.Initializer;
  /** Null until the layer is built, unless it was given. */
  fused: boolean | null;
  movingMean!: Variable;
  movingVariance!: Variable;

  constructor(
    ...rest: Rest<
      [axis: Axes, momentum: number, epsilon: number, center: boolean, scale: boolean],
      BatchNormalizationOptions
    >
  ) {
    const options = bind<BatchNormalizationOptions>(['axis', 'momentum', 'epsilon', 'center', 'scale'], rest);
    super(options);
    if (options.renorm) throw new ValueError('Batch renormalization (`renorm=True`) is not supported.');
    if (options.virtualBatchSize != null) throw new ValueError('`virtual_batch_size` is not supported.');
    this.axis = axesOption(options.axis ?? -1);
    this.momentum = options.momentum ?? 0.99;
    this.movingMeanInitializer = initializers.get(options.movingMeanInitializer ?? 'zeros');
    this.movingVarianceInitializer = initializers.get(options.movingVarianceInitializer ?? 'ones');
    const obstacle = this.fusedObstacle();
    if (options.fused && obstacle) throw new ValueError(obstacle);
    this.fused = options.fused ?? (obstacle ? false : null);
  }

  /** Why the fused op cannot be used, whatever the inputs; null where it can. */
  private fusedObstacle(): string | null {
    const axes = typeof this.axis === 'number' ? [this.axis] : this.axis;
    if (axes.length > 1 || ![-4, -3, -1, 1, 3, 4].includes(axes[0])) {
      return `Passing \`fused=True\` is only supported when axis is 1 or 3 for input rank = 4 or 1 or 4 for input rank = 5. Got axis [${axes.join(', ')}]`;
    }
    const { name } = this.dtype;
    if (name === 'float64') {
      return `Passing \`fused=True\` is only supported when the compute dtype is float16, bfloat16, or float32. Got dtype: ${name}`;
    }
    return null;
  }

  /** Half-precision inputs have single-precision weights. */
  private get weightDType(): DType {
    return this.dtype === float16 ? float32 : this.dtype;
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const axes = checkedAxes(this.axis, given);
    this.axis = axes;
    this.chooseFused(given, axes);
    if (axes.some((axis) => given[axis] === null)) {
      throw new ValueError(
        `Input has undefined \`axis\` dimension. Received input with shape ${formatTuple(given)} and axis=${formatTuple(axes)}`,
      );
    }
    const lengths = axes.map((axis) => [axis, given[axis] as number] as const);
    this.inputSpec = { ndim: given.length, axes: new Map(lengths) };
    const shape = axes.length === 1 ? [lengths[0][1]] : given.map((length, i) => (axes.includes(i) ? length : 1));
    const dtype = this.weightDType;
    this.addAffineWeights(shape, dtype);
    const average = (name: string, initializer: initializers.Initializer) =>
      this.addWeight(name, { shape, dtype, initializer, trainable: false });
    this.movingMean = average('moving_mean', this.movingMeanInitializer);
    this.movingVariance = average('moving_variance', this.movingVarianceInitializer);
    super.build(inputShape);
  }

  private chooseFused(given: LayerShape, axes: readonly number[]): void {
    const rank = given.length;
    if (this.fused && rank !== 4 && rank !== 5) {
      throw new ValueError(
        `Batch normalization layers with \`fused=True\` only support 4D or 5D input tensors. Received tensor with shape: ${formatTuple(given)}`,
      );
    }
    this.fused ??= (rank === 4 || rank === 5) && this.weightDType === float32;
    if (!this.fused || axes[0] === 1 || axes[0] === rank - 1) return;
    if (rank === 5) {
      this.fused = false;
      return;
    }
    throw new ValueError(
      `Unsupported axis. The use of \`fused=True\` is only possible with \`axis=1\` or \`axis=3\` for 4D input tensors. Received: axis=${formatTuple(axes)}`,
    );
  }

  override call(inputs: Tensor, { training, mask = null }: CallOptions): Tensor {
    const x = inputs.dtype === this.dtype ? inputs : cast(inputs, this.dtype);
    const phase = this.trainable ? phaseOf(this.context, training) : false;
    return this.fused ? this.fusedCall(x, phase) : this.generalCall(x, phase, mask as Tensor | null);
  }

  private fusedCall(x: Tensor, phase: Phase): Tensor {
    const { epsilon, movingMean, movingVariance } = this;
    const first = (this.axis as readonly number[])[0] === 1;
    const formats = x.shape?.length === 4 ? ['NHWC', 'NCHW'] : ['NDHWC', 'NCDHW'];
    const dataFormat = formats[first ? 1 : 0];
    const shape = movingMean.shape as KnownShape;
    const filled = (value: number) => constant(value, { dtype: this.weightDType, shape });
    const normalize = (isTraining: boolean): Tensor[] => {
      const gamma = this.gamma ?? filled(1);
      const beta = this.beta ?? filled(0);
      if (isTraining) return fusedBatchNorm(x, gamma, beta, { epsilon, dataFormat, isTraining });
      const [mean, variance] = [movingMean.value(), movingVariance.value()];
      const [y] = fusedBatchNorm(x, gamma, beta, { mean, variance, epsilon, dataFormat, isTraining });
      return [y, mean, variance];
    };
    const [y, mean, variance] = ifElse(
      phase as TensorLike,
      () => normalize(true),
      () => normalize(false),
    ) as unknown as Tensor[];
    this.addAverages(mean, variance, phase);
    return y;
  }

  private generalCall(inputs: Tensor, phase: Phase, mask: Tensor | null): Tensor {
    const x = inputs.dtype === float16 ? cast(inputs, float32) : inputs;
    const given = x.shape as LayerShape;
    const axes = this.axis as readonly number[];
    const others = given.map((_, i) => i).filter((i) => !axes.includes(i));
    const keepdims = axes.length > 1;
    // Statistics of a single feature axis are vectors: they fit as they are where it is the last.
    const fits = keepdims || axes[0] === given.length - 1;
    const target = given.map((length, i) => (axes.includes(i) ? (length as number) : 1));
    const broadcast = (v: Tensor): Tensor => (fits ? v : reshape(v, target));
    const statistics = (isTraining: boolean): readonly Tensor[] => {
      if (!isTraining) return [this.movingMean.value(), this.movingVariance.value()];
      const values = cast(x, this.weightDType);
      if (!mask) return moments(values, others, { keepdims });
      // Steps that are masked do not count.
      return weightedMoments(values, others, expandDims(cast(mask, values.dtype), -1), { keepdims });
    };
    const known = knownPhase(phase);
    const [mean, variance] =
      known === null
        ? (ifElse(
            phase as TensorLike,
            () => statistics(true) as Tensor[],
            () => statistics(false) as Tensor[],
          ) as unknown as Tensor[])
        : statistics(known);
    this.addAverages(mean, variance, phase);
    const ready = (v: Tensor): Tensor => cast(broadcast(v), x.dtype);
    const y = batchNormalization(
      x,
      ready(mean),
      ready(variance),
      this.beta && ready(this.beta.value()),
      this.gamma && ready(this.gamma.value()),
      this.epsilon,
    );
    const result = y.dtype === inputs.dtype ? y : cast(y, inputs.dtype);
    result.setShape(given);
    return result;
  }

  /** Moves the averages, unless the layer is in inference. */
  private addAverages(mean: Tensor, variance: Tensor, phase: Phase): void {
    const known = knownPhase(phase);
    if (known === false) return;
    const kept = known ? this.momentum : ifElse(phase as TensorLike, this.momentum, 1);
    const move = (average: Variable, value: Tensor): void => {
      getDefaultGraph().nameScope('AssignMovingAvg', () => {
        const decay = typeof kept === 'number' ? constant(1 - kept, { dtype: average.dtype }) : kept.neg().add(1);
        const step = average.sub(cast(value, average.dtype)).mul(cast(decay, average.dtype));
        this.addUpdate(assignSub(average, step));
      });
    };
    move(this.movingMean, mean);
    move(this.movingVariance, variance);
  }

  override getConfig(): Config {
    const { head, initializers: affine, rest } = this.affineConfig();
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      ...head,
      ...affine,
      movingMeanInitializer: initializers.serialize(this.movingMeanInitializer),
      movingVarianceInitializer: initializers.serialize(this.movingVarianceInitializer),
      ...rest,
    };
  }
}
