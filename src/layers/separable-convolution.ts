/**
 * The separable convolutions, each channel by itself and then the channels together, and their functions.
 */
import type { Tensor } from '../graph/graph.ts';
import { InputSpec } from '../keras/engine/input-spec.ts';
import { type ShapeNest, singleShape } from '../keras/engine/nest.ts';
import type { ActivationIdentifier } from '../keras/layers/identifiers.ts';
import { biasAdd } from '../ops/bias.ts';
import { separableConv2d as separable2d } from '../ops/convolution-functions.ts';
import { expandDims, squeeze } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import type { Variable } from '../variables/variable.ts';
import { Convolution, type ConvolutionOptions } from './convolution.ts';
import {
  type ConstraintOption,
  callOnce,
  type FunctionOptions,
  type InitializerOption,
  type Layer,
  type RegularizerOption,
} from './layer.ts';
import { everyAxis, opFormat, type PaddingOption, type Sizes } from './window-options.ts';

export interface SeparableConvOptions extends ConvolutionOptions {
  /** How many channels each channel becomes before they are mixed; 1 without it. */
  readonly depthMultiplier?: number;
  /** Those of the variable scope without them. */
  readonly depthwiseInitializer?: InitializerOption;
  readonly pointwiseInitializer?: InitializerOption;
  readonly depthwiseRegularizer?: RegularizerOption;
  readonly pointwiseRegularizer?: RegularizerOption;
  readonly depthwiseConstraint?: ConstraintOption;
  readonly pointwiseConstraint?: ConstraintOption;
}
export type SeparableConvArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    dilationRate: Sizes,
    depthMultiplier: number,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  SeparableConvOptions
>;

const SEPARABLE = [
  'filters',
  'kernelSize',
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'depthMultiplier',
  'activation',
  'useBias',
] as const;

/** What the two share. */
abstract class SeparableConv extends Convolution {
  readonly depthMultiplier: number;
  readonly #options: SeparableConvOptions;
  depthwiseKernel!: Variable;
  pointwiseKernel!: Variable;

  constructor(rank: number, rest: readonly unknown[]) {
    const options = bind<SeparableConvOptions>(SEPARABLE, rest);
    super(rank, options);
    this.depthMultiplier = options.depthMultiplier ?? 1;
    this.#options = options;
  }

  override build(inputShape: ShapeNest): void {
    const channels = this.channelsOf(singleShape(inputShape));
    const options = this.#options;
    this.inputSpec = new InputSpec({ ndim: this.rank + 2, axes: new Map([[this.channelAxis, channels]]) });
    this.depthwiseKernel = this.addWeight('depthwise_kernel', {
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: options.depthwiseInitializer,
      regularizer: options.depthwiseRegularizer,
      constraint: options.depthwiseConstraint,
    });
    this.pointwiseKernel = this.addWeight('pointwise_kernel', {
      shape: [...this.kernelSize.map(() => 1), channels * this.depthMultiplier, this.filters],
      initializer: options.pointwiseInitializer,
      regularizer: options.pointwiseRegularizer,
      constraint: options.pointwiseConstraint,
    });
    this.addBias();
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const dataFormat = opFormat(this.dataFormat, 4);
    const biased = (y: Tensor) => (this.bias ? biasAdd(y, this.bias, { dataFormat }) : y);
    if (this.rank === 2) {
      const y = this.separable(inputs, this.depthwiseKernel, this.pointwiseKernel, this.strides, this.dilationRate);
      return this.activation(biased(y));
    }
    // A sequence is an image of one row.
    const axis = this.channelsFirst ? 2 : 1;
    const image = expandDims(this.causal(inputs), axis);
    const [depthwise, pointwise] = [this.depthwiseKernel, this.pointwiseKernel].map((kernel) => expandDims(kernel, 0));
    const [stride] = this.strides;
    const y = this.separable(image, depthwise, pointwise, [stride, stride], [1, ...this.dilationRate]);
    return this.activation(squeeze(biased(y), [axis]));
  }

  private separable(
    x: Tensor,
    depthwise: TensorLike,
    pointwise: TensorLike,
    strides: readonly number[],
    rate: readonly number[],
  ): Tensor {
    const dataFormat = opFormat(this.dataFormat, 4);
    const steps = everyAxis(strides, this.dataFormat);
    return separable2d(x, depthwise, pointwise, steps, this.opPadding, { rate, dataFormat });
  }
}

/**
 * The separable convolution of sequences, `[batch, steps, channels]` or with the channels first. Throws `ValueError` where
 * the number of channels is not known, and for strides beside dilation.
 *
 *     const y = new tf.layers.SeparableConv1D(16, 3, {depthMultiplier: 2}).apply(x);
 */
export class SeparableConv1D extends SeparableConv {
  static readonly className: string = 'SeparableConv1D';

  constructor(...rest: SeparableConvArguments) {
    super(1, rest);
  }
}

/**
 * The separable convolution of images; see `SeparableConv1D`.
 *
 *     const y = new tf.layers.SeparableConv2D(16, [3, 3], {padding: 'same'}).apply(images);
 */
export class SeparableConv2D extends SeparableConv {
  static readonly className: string = 'SeparableConv2D';

  constructor(...rest: SeparableConvArguments) {
    super(2, rest);
  }
}

export interface SeparableConvFunctionOptions extends SeparableConvOptions, FunctionOptions {
  readonly inputs?: TensorLike;
}
export type SeparableConvFunctionArguments = Rest<
  [
    inputs: TensorLike,
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    dilationRate: Sizes,
    depthMultiplier: number,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  SeparableConvFunctionOptions
>;

function separated(rest: SeparableConvFunctionArguments, make: (options: SeparableConvOptions) => Layer): Tensor {
  const { inputs, ...options } = bind<SeparableConvFunctionOptions>(['inputs', ...SEPARABLE], rest);
  return callOnce(inputs, options, make);
}

/**
 * `SeparableConv1D`, made and called at once.
 *
 *     tf.layers.separableConv1d(x, 16, 3, {depthMultiplier: 2})
 */
export function separableConv1d(...rest: SeparableConvFunctionArguments): Tensor {
  return separated(rest, (options) => new SeparableConv1D(options));
}

/**
 * `SeparableConv2D`, made and called at once.
 *
 *     tf.layers.separableConv2d(images, 16, [3, 3], {padding: 'same'})
 */
export function separableConv2d(...rest: SeparableConvFunctionArguments): Tensor {
  return separated(rest, (options) => new SeparableConv2D(options));
}
