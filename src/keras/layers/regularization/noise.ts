/** Layers that add or multiply by noise in training, and alpha dropout. */
import type { Tensor } from '../../../graph/graph.ts';
import { subtract } from '../../../ops/arithmetic.ts';
import { cast } from '../../../ops/cast.ts';
import { greaterEqual } from '../../../ops/comparison.ts';
import { randomNormal, randomUniform } from '../../../ops/random.ts';
import { shape } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { floatx } from '../../config.ts';
import { inTrainPhase } from '../../engine/in-train-phase.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import type { ShapeNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { NoiseSeed } from './noise-seed.ts';

export interface GaussianNoiseOptions extends LayerOptions {
  /** The standard deviation of the noise. */
  readonly stddev?: number;
  readonly seed?: number | null;
}

/**
 * In training, adds normal noise of mean 0.
 *
 *     new tf.keras.layers.GaussianNoise(0.1)
 */
export class GaussianNoise extends Layer {
  static readonly className: string = 'GaussianNoise';
  readonly stddev: number;
  readonly seed: number | null;
  readonly #seeds: NoiseSeed;

  constructor(...rest: Rest<[stddev: number, seed: number | null], GaussianNoiseOptions>) {
    const options = bind<GaussianNoiseOptions>(['stddev', 'seed'], rest);
    super(options);
    this.supportsMasking = true;
    this.stddev = options.stddev ?? 0;
    this.seed = options.seed ?? null;
    this.#seeds = new NoiseSeed(this.seed);
  }

  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    const noised = () => {
      const { stddev } = this;
      const noise = randomNormal(shape(inputs), { stddev, dtype: inputs.dtype, seed: this.#seeds.next() });
      return inputs.add(noise);
    };
    return inTrainPhase(this.context, noised, inputs, training);
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), stddev: this.stddev, seed: this.seed };
  }
}

export interface GaussianDropoutOptions extends LayerOptions {
  /** As for dropout: the standard deviation is `sqrt(rate / (1 - rate))`. */
  readonly rate?: number;
  readonly seed?: number | null;
}

/**
 * In training, multiplies by normal noise of mean 1.
 *
 *     new tf.keras.layers.GaussianDropout(0.3)
 */
export class GaussianDropout extends Layer {
  static readonly className: string = 'GaussianDropout';
  readonly rate: number;
  readonly seed: number | null;
  readonly #seeds: NoiseSeed;

  constructor(...rest: Rest<[rate: number, seed: number | null], GaussianDropoutOptions>) {
    const options = bind<GaussianDropoutOptions>(['rate', 'seed'], rest);
    super(options);
    this.supportsMasking = true;
    this.rate = options.rate ?? 0;
    this.seed = options.seed ?? null;
    this.#seeds = new NoiseSeed(this.seed);
  }

  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    const { rate } = this;
    if (!(rate > 0 && rate < 1)) return inputs;
    const noised = () => {
      const stddev = Math.sqrt(rate / (1 - rate));
      const { dtype } = inputs;
      return inputs.mul(randomNormal(shape(inputs), { mean: 1, stddev, dtype, seed: this.#seeds.next() }));
    };
    return inTrainPhase(this.context, noised, inputs, training);
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed };
  }
}

export interface AlphaDropoutOptions extends GaussianDropoutOptions {
  /** The shape of what is drawn: 1 drops an axis as a whole. */
  readonly noiseShape?: readonly number[] | null;
}

const ALPHA = 1.6732632423543772;
const SCALE = 1.0507009873554805;

/**
 * Dropout that keeps mean and variance, for networks of `selu`: in training, elements are set to selu's least value and the
 * result is scaled and shifted.
 *
 *     new tf.keras.layers.AlphaDropout(0.2)
 */
export class AlphaDropout extends Layer {
  static readonly className: string = 'AlphaDropout';
  readonly rate: number;
  readonly noiseShape: readonly number[] | null;
  readonly seed: number | null;
  readonly #seeds: NoiseSeed;

  constructor(
    ...rest: Rest<[rate: number, noiseShape: readonly number[] | null, seed: number | null], AlphaDropoutOptions>
  ) {
    const options = bind<AlphaDropoutOptions>(['rate', 'noiseShape', 'seed'], rest);
    super(options);
    this.supportsMasking = true;
    this.rate = options.rate ?? 0;
    this.noiseShape = options.noiseShape ?? null;
    this.seed = options.seed ?? null;
    this.#seeds = new NoiseSeed(this.seed);
  }

  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    const { rate } = this;
    if (!(rate > 0 && rate < 1)) return inputs;
    const dropped = () => {
      const size = this.noiseShape ?? shape(inputs);
      const drawn = randomUniform(size as TensorLike, { dtype: floatx(), seed: this.#seeds.next() });
      const kept = cast(greaterEqual(drawn, rate), inputs.dtype);
      const least = -ALPHA * SCALE;
      const a = ((1 - rate) * (1 + rate * least ** 2)) ** -0.5;
      const b = -a * least * rate;
      return inputs.mul(kept).add(subtract(1, kept).mul(least)).mul(a).add(b);
    };
    return inTrainPhase(this.context, dropped, inputs, training);
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed };
  }
}
