/**
 * The depthwise convolutions: each channel has kernels of its own. Followed by a mixing of channels: `separable.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd as addBias } from '../../../ops/bias.ts';
import { depthwiseConv2d } from '../../../ops/convolution-functions.ts';
import { emitOne } from '../../../ops/emit.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import { depthwiseConv2d as depthwiseOfImages } from '../../backend/convolution.ts';
import { biasAdd } from '../../backend/linear.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { ImageDataFormat } from '../../config.ts';
import * as constraints from '../../constraints.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier, ObjectIdentifier } from '../identifiers.ts';
import { Conv, type ConvOptions } from './conv.ts';
import { everyAxis, opFormat, outputLength, type Sizes, type WindowPadding, withSpatial } from './geometry.ts';

/** What the depthwise convolutions take: the options of the others but `filters`, and those of the kernels. */
export interface DepthwiseConvOptions
  extends Omit<ConvOptions, 'filters' | 'kernelInitializer' | 'kernelRegularizer' | 'kernelConstraint'> {
  /** How many kernels each channel has; 1 without it. */
  readonly depthMultiplier?: number;
  /** Glorot's uniform without it. */
  readonly depthwiseInitializer?: ObjectIdentifier;
  readonly depthwiseRegularizer?: ObjectIdentifier | null;
  readonly depthwiseConstraint?: ObjectIdentifier | null;
}

/** The arguments of the depthwise convolutions, by position in Keras's order and by keyword. */
export type DepthwiseConvArguments = Rest<
  [
    kernelSize: Sizes,
    strides: Sizes,
    padding: WindowPadding | null,
    depthMultiplier: number,
    dataFormat: ImageDataFormat | null,
    dilationRate: Sizes,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  DepthwiseConvOptions
>;

/** The base of the depthwise convolutions. */
export abstract class DepthwiseConv extends Conv {
  readonly depthMultiplier: number;
  readonly depthwiseInitializer: initializers.Initializer;
  readonly depthwiseRegularizer: regularizers.Regularizer | null;
  readonly depthwiseConstraint: constraints.Constraint | null;
  depthwiseKernel!: Variable;

  constructor(rank: number, rest: DepthwiseConvArguments) {
    const names = [
      'kernelSize',
      'strides',
      'padding',
      'depthMultiplier',
      'dataFormat',
      'dilationRate',
      'activation',
      'useBias',
    ] as const;
    const options = bind<DepthwiseConvOptions>(names, rest);
    super(rank, { ...options, filters: null });
    this.depthMultiplier = options.depthMultiplier ?? 1;
    this.depthwiseInitializer = initializers.get(options.depthwiseInitializer ?? 'glorot_uniform');
    this.depthwiseRegularizer = regularizers.get(options.depthwiseRegularizer);
    this.depthwiseConstraint = constraints.get(options.depthwiseConstraint);
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    if (shape.length !== this.rank + 2) {
      throw new ValueError(
        `Inputs to \`DepthwiseConv\` should have rank ${this.rank + 2}. Received input_shape=${formatTuple(shape)}.`,
      );
    }
    const channels = this.channelsOf(shape, ' to `DepthwiseConv`');
    this.depthwiseKernel = this.addWeight('depthwise_kernel', {
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: this.depthwiseInitializer,
      regularizer: this.depthwiseRegularizer,
      constraint: this.depthwiseConstraint,
    });
    this.addBias(channels * this.depthMultiplier);
    this.inputSpec = { minNdim: this.rank + 2, axes: new Map([[this.channelAxis, channels]]) };
    this.endBuild(inputShape);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const shape = singleShape(inputShape);
    const channels = shape[shape.length + this.channelAxis] ?? null;
    const { kernelSize, padding, strides, dilationRate, dataFormat } = this;
    return withSpatial(
      shape,
      dataFormat,
      (length, i) => outputLength(length, kernelSize[i], padding, strides[i], dilationRate[i]),
      channels && channels * this.depthMultiplier,
    );
  }

  override getConfig(): Config {
    const {
      filters: _filters,
      kernelInitializer: _initializer,
      kernelRegularizer: _regularizer,
      kernelConstraint: _constraint,
      ...config
    } = super.getConfig();
    return {
      ...config,
      depthMultiplier: this.depthMultiplier,
      depthwiseInitializer: initializers.serialize(this.depthwiseInitializer),
      depthwiseRegularizer: regularizers.serialize(this.depthwiseRegularizer),
      depthwiseConstraint: constraints.serialize(this.depthwiseConstraint),
    };
  }
}

/**
 * The convolution of each channel of sequences by itself: `[batch, steps, channels]` becomes
 * `[batch, newSteps, channels * depthMultiplier]`. Throws `ValueError` as `Conv1D` does.
 *
 *     const y = new tf.keras.layers.DepthwiseConv1D(3, {padding: 'same'}).apply(x);
 */
export class DepthwiseConv1D extends DepthwiseConv {
  static readonly className: string = 'DepthwiseConv1D';

  constructor(...rest: DepthwiseConvArguments) {
    super(1, rest);
  }

  override call(inputs: Tensor): Tensor {
    const { dataFormat: format, strides, dilationRate } = this;
    const axis = format === 'channels_last' ? 1 : 2;
    const images = emitOne('ExpandDims', [inputs, axis]);
    const kernel = emitOne('ExpandDims', [this.depthwiseKernel, 0]);
    const dataFormat = opFormat(format, 2);
    // Both strides, as the op wants equal ones; there is one row in any case.
    const steps = everyAxis([strides[0], strides[0]], format);
    const rate = [1, dilationRate[0]];
    let output = depthwiseConv2d(images, kernel, steps, this.opPadding, { rate, dataFormat });
    if (this.bias) output = addBias(output, this.bias, { dataFormat });
    return this.activation(emitOne('Squeeze', [output], { squeeze_dims: [axis] }));
  }
}

/**
 * The convolution of each channel of images by itself: `[batch, rows, columns, channels]` becomes `[batch, newRows,
 * newColumns, channels * depthMultiplier]`. The strides must be equal. Throws `ValueError` as `Conv2D` does.
 *
 *     const y = new tf.keras.layers.DepthwiseConv2D(3, {depthMultiplier: 2}).apply(x);
 */
export class DepthwiseConv2D extends DepthwiseConv {
  static readonly className: string = 'DepthwiseConv2D';

  constructor(...rest: DepthwiseConvArguments) {
    super(2, rest);
  }

  override call(inputs: Tensor): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this;
    const output = depthwiseOfImages(inputs, this.depthwiseKernel, strides, padding, dataFormat, dilationRate);
    return this.activation(this.bias ? biasAdd(output, this.bias, dataFormat) : output);
  }
}
