/**
 * The transposed convolutions of images and volumes, with which decoders enlarge them, and their functions.
 */
import type { Tensor } from '../graph/graph.ts';
import { formatTuple } from '../keras/backend/operands.ts';
import { InputSpec } from '../keras/engine/input-spec.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../keras/engine/nest.ts';
import type { ActivationIdentifier } from '../keras/layers/identifiers.ts';
import { biasAdd } from '../ops/bias.ts';
import { conv2dTranspose as transposed2d } from '../ops/convolution-functions.ts';
import { conv3dTranspose as transposed3d } from '../ops/convolution3d.ts';
import { stack } from '../ops/joining.ts';
import { shape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim } from '../util/shape.ts';
import { Conv, type ConvOptions } from './convolution.ts';
import { callOnce, type FunctionOptions, type Layer } from './layer.ts';
import { everyAxis, opFormat, type PaddingOption, type Sizes } from './window-options.ts';

export type ConvTransposeOptions = Omit<ConvOptions, 'dilationRate'>;
export type ConvTransposeArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  ConvTransposeOptions
>;

const TRANSPOSE = ['filters', 'kernelSize', 'strides', 'padding', 'dataFormat', 'activation', 'useBias'] as const;

/** What the two share. */
abstract class ConvTranspose extends Conv {
  constructor(rank: number, rest: readonly unknown[]) {
    super(rank, rest, TRANSPOSE);
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const rank = this.rank + 2;
    if (given.length !== rank) {
      throw new ValueError(`Inputs should have rank ${rank}. Received input_shape=${formatTuple(given)}.`);
    }
    const channels = this.channelsOf(given);
    this.inputSpec = new InputSpec({ ndim: rank, axes: new Map([[this.channelAxis, channels]]) });
    this.addKernel([...this.kernelSize, this.filters, channels]);
    this.built = true;
  }

  private lengthOf(length: number, i: number): number {
    const [window, stride] = [this.kernelSize[i], this.strides[i]];
    return length * stride + (this.padding === 'valid' ? Math.max(window - stride, 0) : 0);
  }

  override call(inputs: Tensor): Tensor {
    const { strides, dataFormat, opPadding: padding } = this;
    const format = opFormat(dataFormat, this.rank + 2);
    const steps = everyAxis(strides, dataFormat);
    const outputShape = this.runShape(inputs);
    const y =
      this.rank === 2
        ? transposed2d(inputs, this.kernel, outputShape, steps, { padding, dataFormat: format })
        : transposed3d(inputs, this.kernel, outputShape, steps, { padding, dataFormat: format });
    if (inputs.shape) y.setShape(this.computeOutputShape(inputs.shape));
    return this.activation(this.bias ? biasAdd(y, this.bias, { dataFormat: format }) : y);
  }

  /** The shape of the result as a tensor: what is not known of the input is taken in the run. */
  private runShape(inputs: Tensor): Tensor {
    const given = shape(inputs);
    const batch = given.slice(0);
    const start = this.channelsFirst ? 2 : 1;
    // TensorFlow takes the lengths of volumes in the run, even where they are known.
    const known = this.rank === 2 ? inputs.shape : null;
    const inside = this.kernelSize.map((_, i) => known?.[start + i] ?? given.slice(start + i));
    const lengths = inside.map((length, i) => {
      if (typeof length === 'number') return this.lengthOf(length, i);
      const enlarged = length.mul(this.strides[i]);
      return this.padding === 'valid' ? enlarged.add(Math.max(this.kernelSize[i] - this.strides[i], 0)) : enlarged;
    });
    const items = this.channelsFirst ? [batch, this.filters, ...lengths] : [batch, ...lengths, this.filters];
    return stack(items as TensorLike[]);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const given = singleShape(inputShape);
    const start = this.channelsFirst ? 2 : 1;
    const lengths: Dim[] = this.kernelSize.map((_, i) => {
      const length = given[start + i];
      return length === null ? null : this.lengthOf(length, i);
    });
    return this.channelsFirst ? [given[0], this.filters, ...lengths] : [given[0], ...lengths, this.filters];
  }
}

/**
 * The transpose of `Conv2D`: `[batch, height, width, channels]` becomes as large as what a convolution with these options
 * would make it from. Throws `ValueError` for inputs of another rank.
 *
 *     const y = new tf.layers.Conv2DTranspose(16, 3, {strides: 2, padding: 'same'}).apply(images);
 */
export class Conv2DTranspose extends ConvTranspose {
  static readonly className: string = 'Conv2DTranspose';

  constructor(...rest: ConvTransposeArguments) {
    super(2, rest);
  }
}

/**
 * The transpose of `Conv3D`; see `Conv2DTranspose`.
 *
 *     const y = new tf.layers.Conv3DTranspose(4, 3, {strides: 2, padding: 'same'}).apply(volumes);
 */
export class Conv3DTranspose extends ConvTranspose {
  static readonly className: string = 'Conv3DTranspose';

  constructor(...rest: ConvTransposeArguments) {
    super(3, rest);
  }
}

export interface ConvTransposeFunctionOptions extends ConvTransposeOptions, FunctionOptions {
  readonly inputs?: TensorLike;
  readonly name?: string | null;
}
export type ConvTransposeFunctionArguments = Rest<
  [
    inputs: TensorLike,
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  ConvTransposeFunctionOptions
>;

function enlarged(rest: ConvTransposeFunctionArguments, make: (options: ConvTransposeOptions) => Layer): Tensor {
  const { inputs, ...options } = bind<ConvTransposeFunctionOptions>(['inputs', ...TRANSPOSE], rest);
  return callOnce(inputs, options, make);
}

/**
 * `Conv2DTranspose`, made and called at once.
 *
 *     tf.layers.conv2dTranspose(images, 16, 3, 2, 'same')
 */
export function conv2dTranspose(...rest: ConvTransposeFunctionArguments): Tensor {
  return enlarged(rest, (options) => new Conv2DTranspose(options));
}

/**
 * `Conv3DTranspose`, made and called at once.
 *
 *     tf.layers.conv3dTranspose(volumes, 4, 3, 2, 'same')
 */
export function conv3dTranspose(...rest: ConvTransposeFunctionArguments): Tensor {
  return enlarged(rest, (options) => new Conv3DTranspose(options));
}
