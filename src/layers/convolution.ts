/**
 * The convolutions along one, two and three axes, and their functions. Transposed and separable ones have files of their
 * own; what a convolution computes is the ops' business.
 */
import type { Tensor } from '../graph/graph.ts';
import { type Activation, get as getActivation } from '../keras/activations.ts';
import { formatTuple } from '../keras/backend/operands.ts';
import { InputSpec } from '../keras/engine/input-spec.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../keras/engine/nest.ts';
import type { ActivationIdentifier } from '../keras/layers/identifiers.ts';
import { biasAdd } from '../ops/bias.ts';
import { convolution, conv1d as correlate1d } from '../ops/convolution-functions.ts';
import { pad } from '../ops/padding.ts';
import { reshape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { ValueError } from '../util/errors.ts';
import { zerosInitializer } from '../variables/initializers.ts';
import type { Variable } from '../variables/variable.ts';
import {
  type ConstraintOption,
  callOnce,
  type FunctionOptions,
  type InitializerOption,
  Layer,
  type LayerOptions,
  type RegularizerOption,
} from './layer.ts';
import {
  type DataFormat,
  layoutOf,
  opFormat,
  type PaddingOption,
  paddingName,
  type Sizes,
  sizes,
  slidLength,
} from './window-options.ts';

/** What all convolutions take. */
export interface ConvolutionOptions extends LayerOptions {
  /** The number of channels of the result. */
  readonly filters?: number;
  readonly kernelSize?: Sizes;
  /** 1 without it. */
  readonly strides?: Sizes;
  /** `valid` without it. */
  readonly padding?: PaddingOption;
  /** `channels_last` without it. */
  readonly dataFormat?: DataFormat | (string & {}) | null;
  /** 1 without it; where it is more, the strides must be 1. */
  readonly dilationRate?: Sizes;
  readonly activation?: ActivationIdentifier;
  readonly useBias?: boolean;
  /** Zeros without it. */
  readonly biasInitializer?: InitializerOption;
  readonly biasRegularizer?: RegularizerOption;
  readonly biasConstraint?: ConstraintOption;
}

/** What convolutions with one kernel take. */
export interface ConvOptions extends ConvolutionOptions {
  /** That of the variable scope without it, which is Glorot's uniform unless it was set. */
  readonly kernelInitializer?: InitializerOption;
  readonly kernelRegularizer?: RegularizerOption;
  readonly kernelConstraint?: ConstraintOption;
}

export type ConvArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    dilationRate: Sizes,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  ConvOptions
>;

const CONV = [
  'filters',
  'kernelSize',
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'activation',
  'useBias',
] as const;

/** What all convolutions share: the window, the bias, the activation. */
export abstract class Convolution extends Layer {
  readonly rank: number;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: string;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly #options: ConvolutionOptions;
  bias: Variable | null = null;

  constructor(rank: number, options: ConvolutionOptions) {
    super(options);
    this.rank = rank;
    const { filters } = options;
    if (typeof filters !== 'number' || !(filters >= 1)) {
      throw new ValueError(
        `Invalid value for argument \`filters\`. Expected a strictly positive value. Received filters=${filters}.`,
      );
    }
    this.filters = Math.trunc(filters);
    this.kernelSize = sizes(options.kernelSize, rank, 'kernel_size');
    this.strides = sizes(options.strides ?? 1, rank, 'strides', 0);
    this.padding = paddingName(options.padding ?? 'valid');
    this.dataFormat = layoutOf(options.dataFormat);
    this.dilationRate = sizes(options.dilationRate ?? 1, rank, 'dilation_rate');
    this.activation = getActivation(options.activation);
    this.useBias = options.useBias ?? true;
    this.#options = options;
    this.inputSpec = new InputSpec({ minNdim: rank + 2 });
    if (this.strides.includes(0)) {
      throw new ValueError(`The argument \`strides\` cannot contains 0(s). Received: ${formatTuple(this.strides)}`);
    }
    if (this.padding === 'causal' && rank !== 1) {
      throw new ValueError('Causal padding is only supported for `Conv1D`and `SeparableConv1D`.');
    }
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1) {
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=${formatTuple(this.strides)} and dilation_rate=${formatTuple(this.dilationRate)}`,
      );
    }
  }

  protected get channelsFirst(): boolean {
    return this.dataFormat === 'channels_first';
  }
  /** Counted from the end. */
  protected get channelAxis(): number {
    return this.channelsFirst ? -1 - this.rank : -1;
  }
  /** The padding as ops call it; what is causal was padded before. */
  protected get opPadding(): 'SAME' | 'VALID' {
    return this.padding === 'same' ? 'SAME' : 'VALID';
  }

  /** The number of channels of the inputs. Throws `ValueError` where it is not known. */
  protected channelsOf(shape: LayerShape): number {
    const axis = this.channelAxis;
    const channels = shape[shape.length + axis];
    if (typeof channels === 'number') return channels;
    throw new ValueError(
      `The channel dimension of the inputs should be defined. The input_shape received is ${formatTuple(shape)}, where axis ${axis} (0-based) is the channel dimension, which found to be \`None\`.`,
    );
  }

  protected addBias(): void {
    const { biasInitializer, biasRegularizer, biasConstraint } = this.#options;
    if (!this.useBias) return;
    this.bias = this.addWeight('bias', {
      shape: [this.filters],
      initializer: biasInitializer ?? zerosInitializer(),
      regularizer: biasRegularizer,
      constraint: biasConstraint,
    });
  }

  /** With zeros before the first step, so that a step sees none after it. */
  protected causal(x: Tensor): Tensor {
    if (this.padding !== 'causal') return x;
    const before = [this.dilationRate[0] * (this.kernelSize[0] - 1), 0];
    return pad(x, this.channelsFirst ? [[0, 0], [0, 0], before] : [[0, 0], before, [0, 0]]);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const given = singleShape(inputShape);
    const batch = given.slice(0, given.length - this.rank - 1);
    const inside = this.channelsFirst ? given.slice(-this.rank) : given.slice(-this.rank - 1, -1);
    const lengths = inside.map((length, i) =>
      slidLength(length, this.kernelSize[i], this.padding, this.strides[i], this.dilationRate[i]),
    );
    if (lengths.some((length) => length !== null && length <= 0)) {
      throw new ValueError(
        `One of the dimensions in the output is <= 0 due to downsampling in ${this.name}. Consider increasing the input size. Received input shape [${given.map((length) => length ?? 'None').join(', ')}] which would produce output shape with a zero or negative value in a dimension.`,
      );
    }
    return this.channelsFirst ? [...batch, this.filters, ...lengths] : [...batch, ...lengths, this.filters];
  }
}

/** A convolution with one kernel. */
export abstract class Conv extends Convolution {
  readonly #options: ConvOptions;
  kernel!: Variable;

  constructor(rank: number, rest: readonly unknown[], names: readonly (keyof ConvOptions)[] = CONV) {
    const options = bind<ConvOptions>(names, rest);
    super(rank, options);
    this.#options = options;
  }

  /** Makes the weights. */
  protected addKernel(shape: readonly number[]): void {
    const { kernelInitializer, kernelRegularizer, kernelConstraint } = this.#options;
    this.kernel = this.addWeight('kernel', {
      shape,
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    this.addBias();
  }

  override build(inputShape: ShapeNest): void {
    const given = singleShape(inputShape);
    const channels = this.channelsOf(given);
    this.computeOutputShape(given);
    this.addKernel([...this.kernelSize, channels, this.filters]);
    this.inputSpec = new InputSpec({ minNdim: this.rank + 2, axes: new Map([[this.channelAxis, channels]]) });
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const convolved = this.convolve(this.causal(inputs));
    const y = this.bias ? this.biased(convolved, this.bias) : convolved;
    if (inputs.shape) y.setShape(this.computeOutputShape(inputs.shape));
    return this.activation(y);
  }

  private convolve(x: Tensor): Tensor {
    const { strides, dilationRate, opPadding, kernel } = this;
    const name = `Conv${this.rank}D`;
    const dataFormat = opFormat(this.dataFormat, this.rank + 2);
    if (this.rank === 1)
      return correlate1d(x, kernel, strides, opPadding, { dilations: dilationRate, dataFormat, name });
    return convolution(x, kernel, opPadding, { strides, dilationRate, dataFormat, name });
  }

  private biased(x: Tensor, bias: Variable): Tensor {
    if (this.rank === 1 && this.channelsFirst) return x.add(reshape(bias, [1, this.filters, 1]));
    return biasAdd(x, bias, { dataFormat: opFormat(this.dataFormat, this.rank + 2) });
  }
}

/**
 * The convolution of sequences, `[batch, steps, channels]` or with the channels first. With padding `causal` a step sees
 * none after it. Throws `ValueError` where the number of channels is not known, and for strides beside dilation.
 *
 *     const y = new tf.layers.Conv1D(16, 3, {padding: 'same', activation: tf.nn.relu}).apply(x);
 */
export class Conv1D extends Conv {
  static readonly className: string = 'Conv1D';

  constructor(...rest: ConvArguments) {
    super(1, rest);
  }
}

/**
 * The convolution of images, `[batch, height, width, channels]` or with the channels first; see `Conv1D`.
 *
 *     const y = new tf.layers.Conv2D(32, [5, 5], {padding: 'same', activation: tf.nn.relu}).apply(images);
 */
export class Conv2D extends Conv {
  static readonly className: string = 'Conv2D';

  constructor(...rest: ConvArguments) {
    super(2, rest);
  }
}

/**
 * The convolution of volumes, `[batch, depth, height, width, channels]` or with the channels first; see `Conv1D`.
 *
 *     const y = new tf.layers.Conv3D(8, 3).apply(volumes);
 */
export class Conv3D extends Conv {
  static readonly className: string = 'Conv3D';

  constructor(...rest: ConvArguments) {
    super(3, rest);
  }
}

export interface ConvFunctionOptions extends ConvOptions, FunctionOptions {
  readonly inputs?: TensorLike;
}
export type ConvFunctionArguments = Rest<
  [
    inputs: TensorLike,
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: PaddingOption,
    dataFormat: string | null,
    dilationRate: Sizes,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  ConvFunctionOptions
>;

function convolved(rest: ConvFunctionArguments, make: (options: ConvOptions) => Layer): Tensor {
  const { inputs, ...options } = bind<ConvFunctionOptions>(['inputs', ...CONV], rest);
  return callOnce(inputs, options, make);
}

/**
 * `Conv1D`, made and called at once.
 *
 *     tf.layers.conv1d(x, 16, 3, {padding: 'same'})
 */
export function conv1d(...rest: ConvFunctionArguments): Tensor {
  return convolved(rest, (options) => new Conv1D(options));
}

/**
 * `Conv2D`, made and called at once.
 *
 *     tf.layers.conv2d(images, 32, [5, 5], {padding: 'same', activation: tf.nn.relu})
 *     tf.layers.conv2d({inputs: images, filters: 32, kernelSize: 5, name: 'conv', reuse: tf.AUTO_REUSE})
 */
export function conv2d(...rest: ConvFunctionArguments): Tensor {
  return convolved(rest, (options) => new Conv2D(options));
}

/**
 * `Conv3D`, made and called at once.
 *
 *     tf.layers.conv3d(volumes, 8, 3)
 */
export function conv3d(...rest: ConvFunctionArguments): Tensor {
  return convolved(rest, (options) => new Conv3D(options));
}
