/**
 * Convolutions in two steps: each channel by itself, then a mixing of channels point by point. The first alone is
 * `depthwise.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { separableConv2d } from '../../../ops/convolution-functions.ts';
import { emitOne } from '../../../ops/emit.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import type { Variable } from '../../../variables/variable.ts';
import type { ImageDataFormat } from '../../config.ts';
import * as constraints from '../../constraints.ts';
import { type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier, ObjectIdentifier } from '../identifiers.ts';
import { Conv, type ConvOptions } from './conv.ts';
import { everyAxis, opFormat, type Sizes, type WindowPadding } from './geometry.ts';

/** What separable convolutions take: the options of the others, and those of the two kernels. */
export interface SeparableConvOptions extends ConvOptions {
  /** How many kernels of its own each channel has; 1 without it. */
  readonly depthMultiplier?: number;
  /** Glorot's uniform without it. */
  readonly depthwiseInitializer?: ObjectIdentifier;
  /** Glorot's uniform without it. */
  readonly pointwiseInitializer?: ObjectIdentifier;
  readonly depthwiseRegularizer?: ObjectIdentifier | null;
  readonly pointwiseRegularizer?: ObjectIdentifier | null;
  readonly depthwiseConstraint?: ObjectIdentifier | null;
  readonly pointwiseConstraint?: ObjectIdentifier | null;
}

/** The arguments of the separable convolutions, by position in Keras's order and by keyword. */
export type SeparableConvArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: WindowPadding | null,
    dataFormat: ImageDataFormat | null,
    dilationRate: Sizes,
    depthMultiplier: number,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  SeparableConvOptions
>;

/** The base of the separable convolutions. */
export abstract class SeparableConv extends Conv {
  readonly depthMultiplier: number;
  readonly depthwiseInitializer: initializers.Initializer;
  readonly pointwiseInitializer: initializers.Initializer;
  readonly depthwiseRegularizer: regularizers.Regularizer | null;
  readonly pointwiseRegularizer: regularizers.Regularizer | null;
  readonly depthwiseConstraint: constraints.Constraint | null;
  readonly pointwiseConstraint: constraints.Constraint | null;
  depthwiseKernel!: Variable;
  pointwiseKernel!: Variable;

  constructor(rank: number, rest: SeparableConvArguments) {
    const names = [
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
    const options = bind<SeparableConvOptions>(names, rest);
    super(rank, options);
    this.depthMultiplier = options.depthMultiplier ?? 1;
    this.depthwiseInitializer = initializers.get(options.depthwiseInitializer ?? 'glorot_uniform');
    this.pointwiseInitializer = initializers.get(options.pointwiseInitializer ?? 'glorot_uniform');
    this.depthwiseRegularizer = regularizers.get(options.depthwiseRegularizer);
    this.pointwiseRegularizer = regularizers.get(options.pointwiseRegularizer);
    this.depthwiseConstraint = constraints.get(options.depthwiseConstraint);
    this.pointwiseConstraint = constraints.get(options.pointwiseConstraint);
  }

  override build(inputShape: ShapeNest): void {
    const channels = this.channelsOf(singleShape(inputShape));
    this.inputSpec = { ndim: this.rank + 2, axes: new Map([[this.channelAxis, channels]]) };
    this.depthwiseKernel = this.addWeight('depthwise_kernel', {
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: this.depthwiseInitializer,
      regularizer: this.depthwiseRegularizer,
      constraint: this.depthwiseConstraint,
    });
    this.pointwiseKernel = this.addWeight('pointwise_kernel', {
      shape: [...this.kernelSize.map(() => 1), this.depthMultiplier * channels, this.filters as number],
      initializer: this.pointwiseInitializer,
      regularizer: this.pointwiseRegularizer,
      constraint: this.pointwiseConstraint,
    });
    this.addBias();
    this.endBuild(inputShape);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      depthMultiplier: this.depthMultiplier,
      depthwiseInitializer: initializers.serialize(this.depthwiseInitializer),
      pointwiseInitializer: initializers.serialize(this.pointwiseInitializer),
      depthwiseRegularizer: regularizers.serialize(this.depthwiseRegularizer),
      pointwiseRegularizer: regularizers.serialize(this.pointwiseRegularizer),
      depthwiseConstraint: constraints.serialize(this.depthwiseConstraint),
      pointwiseConstraint: constraints.serialize(this.pointwiseConstraint),
    };
  }
}

/**
 * The separable convolution of sequences: `[batch, steps, channels]` becomes `[batch, newSteps, filters]`. Throws
 * `ValueError` as `Conv1D` does.
 *
 *     const y = new tf.keras.layers.SeparableConv1D(32, 3, {padding: 'causal'}).apply(x);
 */
export class SeparableConv1D extends SeparableConv {
  static readonly className: string = 'SeparableConv1D';

  constructor(...rest: SeparableConvArguments) {
    super(1, rest);
  }
  protected override get knowsCausal(): boolean {
    return true;
  }

  override call(inputs: Tensor): Tensor {
    const { dataFormat: format, strides, dilationRate } = this;
    const axis = format === 'channels_last' ? 1 : 2;
    const x = this.padding === 'causal' ? this.padCausally(inputs) : inputs;
    const images = emitOne('ExpandDims', [x, axis]);
    const depthwise = emitOne('ExpandDims', [this.depthwiseKernel, 0]);
    const pointwise = emitOne('ExpandDims', [this.pointwiseKernel, 0]);
    const dataFormat = opFormat(format, 2);
    // Both strides, as the op wants equal ones; there is one row in any case.
    const steps = everyAxis([strides[0], strides[0]], format);
    const rate = [1, dilationRate[0]];
    let output = separableConv2d(images, depthwise, pointwise, steps, this.opPadding, { rate, dataFormat });
    if (this.bias) output = biasAdd(output, this.bias, { dataFormat });
    return this.activation(emitOne('Squeeze', [output], { squeeze_dims: [axis] }));
  }
}

/**
 * The separable convolution of images: `[batch, rows, columns, channels]` becomes `[batch, newRows, newColumns,
 * filters]`. The strides must be equal. Throws `ValueError` as `Conv2D` does.
 *
 *     const y = new tf.keras.layers.SeparableConv2D(32, 3, {depthMultiplier: 2, activation: 'relu'}).apply(x);
 */
export class SeparableConv2D extends SeparableConv {
  static readonly className: string = 'SeparableConv2D';

  constructor(...rest: SeparableConvArguments) {
    super(2, rest);
  }

  override call(inputs: Tensor): Tensor {
    const { dataFormat: format, dilationRate: rate } = this;
    const dataFormat = opFormat(format, 2);
    const steps = everyAxis(this.strides, format);
    const { depthwiseKernel, pointwiseKernel } = this;
    const output = separableConv2d(inputs, depthwiseKernel, pointwiseKernel, steps, this.opPadding, {
      rate,
      dataFormat,
    });
    return this.activation(this.bias ? biasAdd(output, this.bias, { dataFormat }) : output);
  }
}

/** Another name of `SeparableConv1D`. */
export const SeparableConvolution1D = SeparableConv1D;
/** Another name of `SeparableConv2D`. */
export const SeparableConvolution2D = SeparableConv2D;
