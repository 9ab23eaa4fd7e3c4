/**
 * The transposed convolutions, which enlarge sequences, images and volumes. The ops are TensorFlow's; what they share
 * with the other convolutions is in `conv.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { conv1dTranspose } from '../../../ops/convolution-functions.ts';
import { conv3dTranspose } from '../../../ops/convolution3d.ts';
import { vector } from '../../../ops/indices.ts';
import { stack } from '../../../ops/joining.ts';
import { shape as shapeIn } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { conv2dTranspose } from '../../backend/convolution.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { ImageDataFormat } from '../../config.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import { type Config, classNameOf } from '../../serialization.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import type { Conv, ConvOptions } from './conv.ts';
import { Conv1D, Conv2D, Conv3D } from './convolutions.ts';
import { enlargement, everyAxis, opFormat, type Sizes, sizesOf, type WindowPadding, withSpatial } from './geometry.ts';

/** What transposed convolutions take: the options of the others, and `outputPadding`. */
export interface ConvTransposeOptions extends ConvOptions {
  /**
   * How much longer the output is, of the lengths that would shrink to that of the input; less than the strides. As
   * long as the strides and the padding make it without it.
   */
  readonly outputPadding?: Sizes | null;
}

/** The arguments of the transposed convolutions, by position in Keras's order and by keyword. */
export type ConvTransposeArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: WindowPadding | null,
    outputPadding: Sizes | null,
    dataFormat: ImageDataFormat | null,
    dilationRate: Sizes,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  ConvTransposeOptions
>;

function optionsOf(rest: ConvTransposeArguments): ConvTransposeOptions {
  const names = [
    'filters',
    'kernelSize',
    'strides',
    'padding',
    'outputPadding',
    'dataFormat',
    'dilationRate',
    'activation',
    'useBias',
  ] as const;
  return bind<ConvTransposeOptions>(names, rest);
}

interface Transposed extends Conv {
  readonly outputPadding: readonly number[] | null;
}

function outputPaddingOf({ rank, strides }: Conv, given: Sizes | null | undefined): readonly number[] | null {
  if (given === null || given === undefined) return null;
  const padding = sizesOf(given, rank, 'output_padding', true);
  if (strides.some((stride, i) => padding[i] >= stride)) {
    throw new ValueError(
      `Strides must be greater than output padding. Received strides=${formatTuple(strides)}, output_padding=${formatTuple(padding)}.`,
    );
  }
  return padding;
}

function buildWeights(layer: Transposed, inputShape: ShapeNest): void {
  const shape = singleShape(inputShape);
  const ndim = layer.rank + 2;
  if (shape.length !== ndim) {
    throw new ValueError(`Inputs should have rank ${ndim}. Received input_shape=${formatTuple(shape)}.`);
  }
  const channels = layer.channelsOf(shape, ` to \`${classNameOf(layer.constructor)}\``);
  layer.inputSpec = { ndim, axes: new Map([[layer.channelAxis, channels]]) };
  layer.addKernel([...layer.kernelSize, layer.filters as number, channels]);
  layer.addBias();
  layer.endBuild(inputShape);
}

/** How the output's lengths follow from the input's, by spatial axis. */
function factors({ kernelSize, padding, strides, dilationRate, outputPadding }: Transposed) {
  return kernelSize.map((size, i) =>
    enlargement(size, padding, outputPadding?.[i] ?? null, strides[i], dilationRate[i]),
  );
}

function enlargedShape(layer: Transposed, inputShape: ShapeNest): LayerShape {
  const along = factors(layer);
  const length = (given: number | null, i: number) => (given === null ? null : given * along[i].scale + along[i].shift);
  return withSpatial(singleShape(inputShape), layer.dataFormat, length, layer.filters);
}

/** The lengths of the output; tensors where only the run tells. */
function lengthsOf(layer: Transposed, x: Tensor): readonly (number | Tensor)[] {
  const known = enlargedShape(layer, x.shape as LayerShape);
  if (!known.includes(null)) return known as readonly number[];
  const dims = shapeIn(x);
  const along = factors(layer);
  const first = layer.dataFormat === 'channels_first' ? 2 : 1;
  return known.map((length, axis) => {
    if (length !== null) return length;
    const given = dims.slice(axis);
    return axis === 0 ? given : given.mul(along[axis - first].scale).add(along[axis - first].shift);
  });
}

function packed(lengths: readonly (number | Tensor)[]): TensorLike {
  const known = lengths.every((length): length is number => typeof length === 'number');
  return known ? vector(...lengths) : stack(lengths as TensorLike[]);
}

/** The bias and the activation, after the shape that the op may not know. */
function finished(layer: Transposed, x: Tensor, output: Tensor): Tensor {
  output.setShape(enlargedShape(layer, x.shape as LayerShape));
  const { bias, rank, dataFormat } = layer;
  return layer.activation(bias ? biasAdd(output, bias, { dataFormat: opFormat(dataFormat, rank) }) : output);
}

/**
 * The transpose of `Conv1D`: `[batch, steps, channels]` becomes `[batch, longer, filters]`. Throws `ValueError` as
 * `Conv2D` does, and for an `outputPadding` that is not below the strides.
 *
 *     const y = new tf.keras.layers.Conv1DTranspose(8, 3, {strides: 2, padding: 'same'}).apply(x);   // twice as long
 */
export class Conv1DTranspose extends Conv1D {
  static override readonly className: string = 'Conv1DTranspose';
  readonly outputPadding: readonly number[] | null;

  constructor(...rest: ConvTransposeArguments) {
    const options = optionsOf(rest);
    super({ ...options, dataFormat: options.dataFormat ?? null });
    this.outputPadding = outputPaddingOf(this, options.outputPadding);
  }
  override build(inputShape: ShapeNest): void {
    buildWeights(this, inputShape);
  }
  override call(inputs: Tensor): Tensor {
    const output = conv1dTranspose(inputs, this.kernel, packed(lengthsOf(this, inputs)), this.strides, {
      padding: this.opPadding,
      dataFormat: opFormat(this.dataFormat, 1),
      dilations: this.dilationRate,
    });
    return finished(this, inputs, output);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return enlargedShape(this, inputShape);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), outputPadding: this.outputPadding };
  }
}

/**
 * The transpose of `Conv2D`: `[batch, rows, columns, channels]` becomes `[batch, moreRows, moreColumns, filters]`.
 * Throws `ValueError` as `Conv2D` does, for an `outputPadding` that is not below the strides, and for dilations that
 * differ.
 *
 *     const y = new tf.keras.layers.Conv2DTranspose(16, 3, {strides: 2, padding: 'same'}).apply(x);   // twice the size
 */
export class Conv2DTranspose extends Conv2D {
  static override readonly className: string = 'Conv2DTranspose';
  readonly outputPadding: readonly number[] | null;

  constructor(...rest: ConvTransposeArguments) {
    const options = optionsOf(rest);
    super(options);
    this.outputPadding = outputPaddingOf(this, options.outputPadding);
  }
  override build(inputShape: ShapeNest): void {
    buildWeights(this, inputShape);
  }
  override call(inputs: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this;
    const lengths = lengthsOf(this, inputs);
    const output = conv2dTranspose(inputs, this.kernel, lengths, strides, padding, dataFormat, dilationRate);
    return finished(this, inputs, output);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return enlargedShape(this, inputShape);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), outputPadding: this.outputPadding };
  }
}

/**
 * The transpose of `Conv3D`: volumes with longer axes and `filters` channels. Dilation is not taken into account.
 * Throws `ValueError` as `Conv2D` does, and for an `outputPadding` that is not below the strides.
 *
 *     const y = new tf.keras.layers.Conv3DTranspose(4, 3, {strides: 2, padding: 'same'}).apply(x);
 */
export class Conv3DTranspose extends Conv3D {
  static override readonly className: string = 'Conv3DTranspose';
  readonly outputPadding: readonly number[] | null;

  constructor(...rest: ConvTransposeArguments) {
    const options = optionsOf(rest);
    super({ ...options, dilationRate: 1 });
    this.outputPadding = outputPaddingOf(this, options.outputPadding);
  }
  override build(inputShape: ShapeNest): void {
    buildWeights(this, inputShape);
  }
  override call(inputs: Tensor): Tensor {
    const lengths = packed(lengthsOf(this, inputs));
    const output = conv3dTranspose(inputs, this.kernel, lengths, everyAxis(this.strides, this.dataFormat), {
      padding: this.opPadding,
      dataFormat: opFormat(this.dataFormat, 3),
    });
    return finished(this, inputs, output);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return enlargedShape(this, inputShape);
  }
  override getConfig(): Config {
    const { dilationRate: _, ...config } = super.getConfig();
    return { ...config, outputPadding: this.outputPadding };
  }
}

/** Another name of `Conv1DTranspose`. */
export const Convolution1DTranspose = Conv1DTranspose;
/** Another name of `Conv2DTranspose`. */
export const Convolution2DTranspose = Conv2DTranspose;
/** Another name of `Conv3DTranspose`. */
export const Convolution3DTranspose = Conv3DTranspose;
