/** The convolutional layers of sequences, images and volumes. What they share is in `conv.ts`. */
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import type { ImageDataFormat } from '../../config.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import { Conv, type ConvOptions } from './conv.ts';
import type { Sizes, WindowPadding } from './geometry.ts';

/** The arguments of the convolutional layers, by position in Keras's order and by keyword. */
export type ConvArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: WindowPadding | null,
    dataFormat: ImageDataFormat | null,
    dilationRate: Sizes,
    groups: number | null,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  ConvOptions
>;

function optionsOf(rest: ConvArguments): ConvOptions {
  return bind<ConvOptions>(
    ['filters', 'kernelSize', 'strides', 'padding', 'dataFormat', 'dilationRate', 'groups', 'activation', 'useBias'],
    rest,
  );
}

/**
 * The convolution of sequences: `[batch, steps, channels]` becomes `[batch, newSteps, filters]`. With the padding
 * `causal` no output depends on later steps. Channels are last unless `dataFormat` says otherwise, whatever the
 * settings are. Throws `ValueError` for sizes that are not positive, strides together with dilation, filters that
 * groups do not divide, and inputs that are too short.
 *
 *     const y = new tf.keras.layers.Conv1D(32, 3, {padding: 'causal', dilationRate: 2}).apply(x);
 */
export class Conv1D extends Conv {
  static readonly className: string = 'Conv1D';

  constructor(...rest: ConvArguments) {
    const options = optionsOf(rest);
    super(1, options.dataFormat === undefined ? { ...options, dataFormat: 'channels_last' } : options);
  }
  protected override get knowsCausal(): boolean {
    return true;
  }
}

/**
 * The convolution of images: `[batch, rows, columns, channels]` becomes `[batch, newRows, newColumns, filters]`.
 * Further axes before the rows count as batch. Throws `ValueError` for sizes that are not positive, strides together
 * with dilation, filters that groups do not divide, and inputs that are too small.
 *
 *     const y = new tf.keras.layers.Conv2D(32, 3, {activation: 'relu'}).apply(x);
 *     const z = new tf.keras.layers.Conv2D({filters: 64, kernelSize: [3, 3], strides: 2, padding: 'same'}).apply(y);
 */
export class Conv2D extends Conv {
  static readonly className: string = 'Conv2D';

  constructor(...rest: ConvArguments) {
    super(2, optionsOf(rest));
  }
}

/**
 * The convolution of volumes: `[batch, depth, rows, columns, channels]` becomes that with other lengths and `filters`
 * channels. Throws as `Conv2D` does.
 *
 *     const y = new tf.keras.layers.Conv3D(8, [3, 3, 3], {padding: 'same'}).apply(x);
 */
export class Conv3D extends Conv {
  static readonly className: string = 'Conv3D';

  constructor(...rest: ConvArguments) {
    super(3, optionsOf(rest));
  }
}

/** Another name of `Conv1D`. */
export const Convolution1D = Conv1D;
/** Another name of `Conv2D`. */
export const Convolution2D = Conv2D;
/** Another name of `Conv3D`. */
export const Convolution3D = Conv3D;
