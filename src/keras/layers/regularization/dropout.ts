/** Dropout, of elements and of whole feature maps. The drawing is `ops/dropout.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { dropout } from '../../../ops/dropout.ts';
import { identity } from '../../../ops/identity.ts';
import { shape } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { type ImageDataFormat, imageDataFormat } from '../../config.ts';
import { inTrainPhase, knownPhase, phaseOf } from '../../engine/in-train-phase.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import type { ShapeNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { NoiseSeed } from './noise-seed.ts';

export interface DropoutOptions extends LayerOptions {
  /** The fraction of the elements that is set to zero. */
  readonly rate?: number;
  /** The shape of what is drawn: 1 drops an axis as a whole, null is the input's length. */
  readonly noiseShape?: readonly (number | null)[] | null;
  readonly seed?: number | null;
}

/**
 * In training, sets a fraction `rate` of the elements to zero and divides the others by `1 - rate`; in inference, nothing
 * happens. Throws `ValueError` for a rate outside of 0 and 1.
 *
 *     const y = new tf.keras.layers.Dropout(0.5, {seed: 1}).apply(x, {training: true});
 */
export class Dropout extends Layer {
  static readonly className: string = 'Dropout';
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | null;
  readonly seed: number | null;
  readonly #seeds: NoiseSeed;

  constructor(
    ...rest: Rest<[rate: number, noiseShape: readonly (number | null)[] | null, seed: number | null], DropoutOptions>
  ) {
    const options = bind<DropoutOptions>(['rate', 'noiseShape', 'seed'], rest);
    super(options);
    const { rate } = options;
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) {
      throw new ValueError(`Invalid value ${rate} received for \`rate\`, expected a value between 0 and 1.`);
    }
    this.rate = rate;
    this.noiseShape = options.noiseShape ?? null;
    this.seed = options.seed ?? null;
    this.#seeds = new NoiseSeed(this.seed);
    this.supportsMasking = true;
  }

  /** The shape of what is drawn; null for that of the inputs. */
  protected noiseShapeFor(inputs: Tensor): readonly TensorLike[] | null {
    if (this.noiseShape === null) return null;
    const lengths = shape(inputs);
    return this.noiseShape.map((length, i) => length ?? lengths.slice(i));
  }

  override call(inputs: Tensor, { training }: CallOptions): Tensor {
    const { rate } = this;
    if (rate === 0) return identity(inputs);
    const dropped = () => {
      const noiseShape = this.noiseShapeFor(inputs) as TensorLike | null;
      // All is dropped; by the formula it would be divided by zero.
      if (rate === 1) return inputs.mul(0);
      return dropout(inputs, { rate, noiseShape, seed: this.#seeds.next() });
    };
    const phase = phaseOf(this.context, training);
    // A tensor of the layer's own, which a choice in the run gives anyway.
    return inTrainPhase(this.context, dropped, knownPhase(phase) === null ? inputs : () => identity(inputs), phase);
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, noiseShape: this.noiseShape, seed: this.seed };
  }
}

export interface SpatialDropoutOptions extends DropoutOptions {
  readonly dataFormat?: ImageDataFormat | null;
}

/** Dropout of whole feature maps of so many spatial axes. */
abstract class SpatialDropout extends Dropout {
  readonly #channelsFirst: boolean;

  constructor(spatialAxes: number, { noiseShape: _, ...options }: SpatialDropoutOptions) {
    super(options);
    this.#channelsFirst = options.dataFormat === 'channels_first';
    this.inputSpec = { ndim: spatialAxes + 2 };
  }

  protected override noiseShapeFor(inputs: Tensor): readonly TensorLike[] {
    const lengths = shape(inputs);
    const rank = (inputs.shape ?? []).length;
    const channels = this.#channelsFirst ? 1 : rank - 1;
    return Array.from({ length: rank }, (_, i) => (i === 0 || i === channels ? lengths.slice(i) : 1));
  }
}

function checkedFormat(dataFormat: ImageDataFormat | null | undefined): ImageDataFormat {
  const format = dataFormat ?? imageDataFormat();
  if (format !== 'channels_last' && format !== 'channels_first') {
    throw new ValueError(
      `\`data_format\` must be "channels_last" or "channels_first". Received: data_format=${format}.`,
    );
  }
  return format;
}

/**
 * Dropout of whole channels of `[batch, steps, channels]`.
 *
 *     new tf.keras.layers.SpatialDropout1D(0.5)
 */
export class SpatialDropout1D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout1D';

  constructor(...rest: Rest<[rate: number], DropoutOptions>) {
    super(1, { ...bind<DropoutOptions>(['rate'], rest), dataFormat: 'channels_last' } as SpatialDropoutOptions);
  }
}

/**
 * Dropout of whole channels of images.
 *
 *     new tf.keras.layers.SpatialDropout2D(0.5, {dataFormat: 'channels_first'})
 */
export class SpatialDropout2D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout2D';
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: Rest<[rate: number, dataFormat: ImageDataFormat | null], SpatialDropoutOptions>) {
    const options = bind<SpatialDropoutOptions>(['rate', 'dataFormat'], rest);
    const dataFormat = checkedFormat(options.dataFormat);
    super(2, { ...options, dataFormat });
    this.dataFormat = dataFormat;
  }
}

/**
 * Dropout of whole channels of volumes.
 *
 *     new tf.keras.layers.SpatialDropout3D(0.5)
 */
export class SpatialDropout3D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout3D';
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: Rest<[rate: number, dataFormat: ImageDataFormat | null], SpatialDropoutOptions>) {
    const options = bind<SpatialDropoutOptions>(['rate', 'dataFormat'], rest);
    const dataFormat = checkedFormat(options.dataFormat);
    super(3, { ...options, dataFormat });
    this.dataFormat = dataFormat;
  }
}
