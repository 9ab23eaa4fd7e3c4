/** Layers that bring numbers into range: rescaling, and normalizing by a mean and variance that are known beforehand. */
import type { Tensor } from '../../../graph/graph.ts';
import { maximum } from '../../../ops/arithmetic.ts';
import { cast } from '../../../ops/cast.ts';
import { constant } from '../../../ops/constants.ts';
import { reshape } from '../../../ops/shaping.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { sqrt } from '../../../ops/unary-math.ts';
import { type ArrayValue, toNdArray } from '../../../util/array-convert.ts';
import { int64 } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import { allocate, NdArray } from '../../../util/ndarray.ts';
import type { KnownShape } from '../../../util/shape.ts';
import type { Variable } from '../../../variables/variable.ts';
import { formatTuple } from '../../backend/operands.ts';
import { epsilon } from '../../config.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import { atomically } from '../../engine/undo.ts';
import { assignValues } from '../../engine/weights.ts';
import type { Config } from '../../serialization.ts';

export interface RescalingOptions extends LayerOptions {
  readonly scale?: number;
  /** 0 without it. */
  readonly offset?: number;
}

/**
 * `x * scale + offset`, in training and inference. Whole numbers become floats.
 *
 *     new tf.keras.layers.Rescaling(1 / 255)
 */
export class Rescaling extends Layer {
  static readonly className: string = 'Rescaling';
  readonly scale: number;
  readonly offset: number;

  constructor(...rest: Rest<[scale: number, offset: number], RescalingOptions>) {
    const options = bind<RescalingOptions>(['scale', 'offset'], rest);
    super(options);
    if (typeof options.scale !== 'number') throw new ValueError('`scale` must be given to Rescaling.');
    this.scale = options.scale;
    this.offset = options.offset ?? 0;
  }

  override call(inputs: Tensor): Tensor {
    return cast(inputs, this.dtype).mul(this.scale).add(this.offset);
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}

export interface NormalizationOptions extends LayerOptions {
  /** The axes whose places have a mean and variance of their own; null for one mean of all. The last without it. */
  readonly axis?: number | readonly number[] | null;
  /** Given together with `variance`, or found by `adapt`. */
  readonly mean?: ArrayValue | null;
  readonly variance?: ArrayValue | null;
  /** Whether the layer undoes a normalization. */
  readonly invert?: boolean;
}

/**
 * `(x - mean) / sqrt(variance)`, by values that are given, or found by `adapt` once the layer is built. Throws `ValueError`
 * where just one of both is given.
 *
 *     const layer = new tf.keras.layers.Normalization({mean: 5, variance: 4});
 */
export class Normalization extends Layer {
  static readonly className: string = 'Normalization';
  readonly axis: readonly number[];
  readonly mean: ArrayValue | null;
  readonly variance: ArrayValue | null;
  readonly invert: boolean;
  adaptMean: Variable | null = null;
  adaptVariance: Variable | null = null;
  count: Variable | null = null;

  constructor(
    ...rest: Rest<
      [axis: number | readonly number[] | null, mean: ArrayValue | null, variance: ArrayValue | null, invert: boolean],
      NormalizationOptions
    >
  ) {
    const options = bind<NormalizationOptions>(['axis', 'mean', 'variance', 'invert'], rest);
    super(options);
    const { axis = -1, mean = null, variance = null } = options;
    if ((mean === null) !== (variance === null)) {
      throw new ValueError(
        `When setting values directly, both \`mean\` and \`variance\` must be set. Got mean: ${mean ?? 'None'} and variance: ${variance ?? 'None'}`,
      );
    }
    this.axis = axis === null ? [] : typeof axis === 'number' ? [axis] : [...axis];
    this.mean = mean;
    this.variance = variance;
    this.invert = options.invert ?? false;
  }

  /** The axes that have statistics of their own, counted from the front. */
  private keptAxes(shape: LayerShape): readonly number[] {
    const rank = shape.length;
    if (this.axis.some((axis) => axis < -rank || axis >= rank)) {
      throw new ValueError(
        `All \`axis\` values must be in the range [-ndim, ndim). Found ndim: \`${rank}\`, axis: ${formatTuple(this.axis)}`,
      );
    }
    const kept = this.axis.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
    for (const axis of kept) {
      if (shape[axis] !== null) continue;
      throw new ValueError(
        `All \`axis\` values to be kept must have known shape. Got axis: ${formatTuple(this.axis)}, input shape: [${shape.map((d) => d ?? 'None').join(', ')}], with unknown axis at index: ${axis}`,
      );
    }
    return kept;
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const shape = this.keptAxes(given).map((axis) => given[axis]);
    if (this.mean === null) {
      const weight = (name: string, initializer: string) =>
        this.addWeight(name, { shape, initializer, trainable: false });
      this.adaptMean = weight('mean', 'zeros');
      this.adaptVariance = weight('variance', 'ones');
      this.count = this.addWeight('count', { shape: [], dtype: int64, initializer: 'zeros', trainable: false });
    }
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const x = cast(inputs, this.dtype);
    const given = x.shape as LayerShape;
    const kept = this.keptAxes(given);
    const target = given.map((length, i) => (kept.includes(i) ? (length as number) : 1));
    const ready = (value: ArrayValue | null, weight: Variable | null): Tensor => {
      if (weight) return reshape(weight, target);
      const known = constant(value as ArrayValue, { dtype: this.dtype });
      return known.shape?.length === kept.length ? reshape(known, target) : known;
    };
    const mean = ready(this.mean, this.adaptMean);
    const deviation = maximum(sqrt(ready(this.variance, this.adaptVariance)), epsilon());
    return this.invert ? mean.add(x.mul(deviation)) : x.sub(mean).div(deviation);
  }

  /**
   * Finds mean and variance of the data, and sets the layer's weights to them; an unbuilt layer is built for it. Throws
   * `ValueError` where they were given.
   *
   *     await layer.adapt(trainingImages);
   */
  async adapt(data: ArrayValue | NdArray): Promise<void> {
    if (this.mean !== null) {
      throw new ValueError(
        `Cannot \`adapt\` a Normalization layer that is initialized with static \`mean\` and \`variance\`, you passed mean ${this.mean} and variance ${this.variance}.`,
      );
    }
    const array = data instanceof NdArray ? data : toNdArray(data);
    const shape = [null, ...array.shape.slice(1)];
    if (!this.built) {
      const { graph } = this.context;
      atomically(graph, () => graph.nameScope(this.name, () => this.ensureBuilt(shape)));
    }
    const { mean, variance, count } = statistics(array, this.keptAxes(shape));
    const [adaptMean, adaptVariance] = [this.adaptMean as Variable, this.adaptVariance as Variable];
    const valueFor = (weight: Variable, numbers: Float64Array): NdArray => {
      const values = allocate(weight.dtype, numbers.length) as Float64Array;
      values.set(numbers);
      return new NdArray(weight.dtype, weight.shape as KnownShape, values);
    };
    await assignValues(this, [
      [adaptMean, valueFor(adaptMean, mean)],
      [adaptVariance, valueFor(adaptVariance, variance)],
      [this.count as Variable, new NdArray(int64, [], BigInt64Array.of(BigInt(count)))],
    ]);
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    const { axis, invert, mean, variance } = this;
    return { ...super.getConfig(), axis, invert, mean, variance };
  }
}

/** Mean and variance of each place along the kept axes, and of how many numbers. */
function statistics(
  { shape, data }: NdArray,
  kept: readonly number[],
): { readonly mean: Float64Array; readonly variance: Float64Array; readonly count: number } {
  const places = kept.reduce((size, axis) => size * shape[axis], 1);
  const count = data.length / places;
  const placeOf = (index: number): number => {
    let [rest, place, factor] = [index, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (kept.includes(axis)) {
        place += (rest % shape[axis]) * factor;
        factor *= shape[axis];
      }
      rest = Math.floor(rest / shape[axis]);
    }
    return place;
  };
  const mean = new Float64Array(places);
  const variance = new Float64Array(places);
  for (let i = 0; i < data.length; i++) mean[placeOf(i)] += Number(data[i]) / count;
  for (let i = 0; i < data.length; i++) variance[placeOf(i)] += (Number(data[i]) - mean[placeOf(i)]) ** 2 / count;
  return { mean, variance, count };
}
