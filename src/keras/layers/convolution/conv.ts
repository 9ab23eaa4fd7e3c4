/**
 * What all convolutional layers share: options, checks, weights, configuration, and the plain convolution. Transposed,
 * depthwise and separable ones are in files of their own.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { convolution } from '../../../ops/convolution-functions.ts';
import { concat } from '../../../ops/joining.ts';
import { pad } from '../../../ops/padding.ts';
import { reshape, shape as shapeIn } from '../../../ops/shaping.ts';
import { toNdArray } from '../../../util/array-convert.ts';
import { int32 } from '../../../util/dtype.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as activations from '../../activations.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { ImageDataFormat } from '../../config.ts';
import * as constraints from '../../constraints.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import { type Config, classNameOf } from '../../serialization.ts';
import type { KernelOptions } from '../identifiers.ts';
import {
  dataFormatOf,
  opFormat,
  outputLength,
  paddingOf,
  type Sizes,
  sizesOf,
  type WindowPadding,
} from './geometry.ts';

/** What all convolutional layers take. */
export interface ConvOptions extends LayerOptions, KernelOptions {
  /** How many channels the output has. */
  readonly filters?: number | null;
  /** The size of the kernel along each spatial axis, or one for all. */
  readonly kernelSize?: Sizes;
  /** The distance between windows; 1 without it. */
  readonly strides?: Sizes;
  /**
   * Whole windows only (`valid`, without it), zeros around so that strides alone shorten the output (`same`), or in
   * `Conv1D` and `SeparableConv1D` all zeros before the first step (`causal`).
   */
  readonly padding?: WindowPadding | null;
  /** Where the channels are; as the settings say without it. */
  readonly dataFormat?: ImageDataFormat | null;
  /** The distance between the elements of a window; 1 without it. Only where the strides are 1. */
  readonly dilationRate?: Sizes;
  /** In how many groups the channels are split, each of which has filters of its own. */
  readonly groups?: number | null;
}

/** Throws `TypeError` for an argument that must be there. */
export function requireArgument(value: unknown, layer: object, name: string): void {
  if (value !== undefined) return;
  throw new TypeError(`${classNameOf(layer.constructor)}.__init__() missing 1 required positional argument: '${name}'`);
}

/** The base of the convolutional layers. */
export abstract class Conv extends Layer {
  readonly rank: number;
  readonly filters: number | null;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: WindowPadding;
  readonly dataFormat: ImageDataFormat;
  readonly dilationRate: readonly number[];
  readonly groups: number;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  kernel!: Variable;
  bias: Variable | null = null;

  /** `filters` is null in layers that have no such option. */
  constructor(rank: number, options: ConvOptions) {
    super(options);
    const { filters, groups } = options;
    this.rank = rank;
    requireArgument(filters, this, 'filters');
    requireArgument(options.kernelSize, this, 'kernel_size');
    if (filters != null && !(filters > 0)) {
      throw new ValueError(
        `Invalid value for argument \`filters\`. Expected a strictly positive value. Received filters=${filters}.`,
      );
    }
    this.filters = filters == null ? null : Math.trunc(filters);
    this.groups = groups || 1;
    this.kernelSize = sizesOf(options.kernelSize, rank, 'kernel_size');
    this.strides = sizesOf(options.strides ?? 1, rank, 'strides', true);
    this.padding = paddingOf(options.padding);
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.dilationRate = sizesOf(options.dilationRate ?? 1, rank, 'dilation_rate');
    this.activation = activations.get(options.activation);
    this.useBias = options.useBias ?? true;
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.inputSpec = { minNdim: rank + 2 };
    this.checkOptions();
  }

  /** Whether the layer knows `causal` padding. */
  protected get knowsCausal(): boolean {
    return false;
  }

  private checkOptions(): void {
    const { filters, groups, strides, dilationRate } = this;
    if (filters !== null && filters % groups !== 0) {
      throw new ValueError(
        `The number of filters must be evenly divisible by the number of groups. Received: groups=${groups}, filters=${filters}`,
      );
    }
    if (strides.includes(0)) {
      throw new ValueError(`The argument \`strides\` cannot contains 0(s). Received: ${formatTuple(strides)}`);
    }
    if (this.padding === 'causal' && !this.knowsCausal) {
      throw new ValueError('Causal padding is only supported for `Conv1D`and `SeparableConv1D`.');
    }
    if (Math.max(...strides) > 1 && Math.max(...dilationRate) > 1) {
      throw new ValueError(
        `\`strides > 1\` not supported in conjunction with \`dilation_rate > 1\`. Received: strides=${formatTuple(strides)} and dilation_rate=${formatTuple(dilationRate)}`,
      );
    }
  }

  // Weights

  /** @internal Where the channels are, counted from the end. */
  get channelAxis(): number {
    return this.dataFormat === 'channels_first' ? -1 - this.rank : -1;
  }
  /**
   * @internal How many channels inputs of this shape have; `to` goes into the error's message where that is not
   * known.
   */
  channelsOf(shape: LayerShape, to = ''): number {
    const channels = shape[shape.length + this.channelAxis] ?? null;
    if (channels !== null) return channels;
    throw new ValueError(
      `The channel dimension of the inputs${to} should be defined. The input_shape received is ${formatTuple(shape)}, where axis ${this.channelAxis} (0-based) is the channel dimension, which found to be \`None\`.`,
    );
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const channels = this.channelsOf(shape);
    if (channels % this.groups !== 0) {
      throw new ValueError(
        `The number of input channels must be evenly divisible by the number of groups. Received groups=${this.groups}, but the input has ${channels} channels (full input shape is ${formatTuple(shape)}).`,
      );
    }
    this.computeOutputShape(shape);
    this.addKernel([...this.kernelSize, channels / this.groups, this.filters as number]);
    this.addBias();
    this.inputSpec = { minNdim: this.rank + 2, axes: new Map([[this.channelAxis, channels]]) };
    this.endBuild(inputShape);
  }
  /** @internal The base's part of `build`, for convolutions with other weights. */
  endBuild(inputShape: ShapeNest): void {
    super.build(inputShape);
  }

  /** @internal */
  addKernel(shape: readonly number[]): void {
    this.kernel = this.addWeight('kernel', {
      shape,
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
  }
  /** @internal Makes the bias, unless there is to be none. */
  addBias(channels = this.filters as number): void {
    if (!this.useBias) return;
    this.bias = this.addWeight('bias', {
      shape: [channels],
      initializer: this.biasInitializer,
      regularizer: this.biasRegularizer,
      constraint: this.biasConstraint,
    });
  }

  // Calls

  override call(inputs: Tensor): Tensor {
    const x = this.padding === 'causal' ? this.padCausally(inputs) : inputs;
    const output = overBatch(x, this.rank + 1, (images) => this.withBias(this.convolve(images)));
    if (inputs.shape) output.setShape(this.computeOutputShape(inputs.shape));
    return this.activation(output);
  }

  protected convolve(x: Tensor): Tensor {
    return convolution(x, this.kernel, this.opPadding, {
      strides: this.strides,
      dilationRate: this.dilationRate,
      dataFormat: opFormat(this.dataFormat, this.rank),
      name: classNameOf(this.constructor),
    });
  }
  /** The padding that is left to the op. */
  protected get opPadding(): 'VALID' | 'SAME' {
    return this.padding === 'same' ? 'SAME' : 'VALID';
  }

  protected withBias(x: Tensor): Tensor {
    if (!this.bias) return x;
    const first = this.dataFormat === 'channels_first';
    // TensorFlow's op adds no bias to sequences with the channels first, and Keras's graph has what is here.
    if (first && this.rank === 1) return x.add(reshape(this.bias, [1, this.filters as number, 1]));
    return biasAdd(x, this.bias, { dataFormat: opFormat(this.dataFormat, this.rank) });
  }

  /** Zeros before the first step, as many as the kernel looks back. */
  protected padCausally(x: Tensor): Tensor {
    const before = [this.dilationRate[0] * (this.kernelSize[0] - 1), 0];
    const outer = new Array<number[]>((x.shape?.length ?? 3) - 2).fill([0, 0]);
    const inner = this.dataFormat === 'channels_first' ? [[0, 0], before] : [before, [0, 0]];
    return pad(x, toNdArray([...outer, ...inner], int32));
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const shape = singleShape(inputShape);
    const outer = shape.length - this.rank - 1;
    const first = this.dataFormat === 'channels_first';
    const spatial = first ? shape.slice(outer + 1) : shape.slice(outer, -1);
    const lengths = spatial.map((length, i) =>
      outputLength(length, this.kernelSize[i], this.padding, this.strides[i], this.dilationRate[i]),
    );
    if (lengths.some((length) => length !== null && length < 0)) {
      throw new ValueError(
        `One of the dimensions in the output is <= 0 due to downsampling in ${this.name}. Consider increasing the input size. Received input shape [${shape.map((length) => length ?? 'None').join(', ')}] which would produce output shape with a zero or negative value in a dimension.`,
      );
    }
    const batch = shape.slice(0, outer);
    return first ? [...batch, this.filters, ...lengths] : [...batch, ...lengths, this.filters];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      kernelSize: this.kernelSize,
      strides: this.strides,
      padding: this.padding,
      dataFormat: this.dataFormat,
      dilationRate: this.dilationRate,
      groups: this.groups,
      activation: activations.serialize(this.activation),
      useBias: this.useBias,
      kernelInitializer: initializers.serialize(this.kernelInitializer),
      biasInitializer: initializers.serialize(this.biasInitializer),
      kernelRegularizer: regularizers.serialize(this.kernelRegularizer),
      biasRegularizer: regularizers.serialize(this.biasRegularizer),
      activityRegularizer: regularizers.serialize(this.activityRegularizer),
      kernelConstraint: constraints.serialize(this.kernelConstraint),
      biasConstraint: constraints.serialize(this.biasConstraint),
    };
  }
}

/** Runs `body` on the input with all axes before the last `inner` as one, and gives the result those axes again. */
function overBatch(x: Tensor, inner: number, body: (images: Tensor) => Tensor): Tensor {
  const { shape } = x;
  if (shape === null || shape.length <= inner + 1) return body(x);
  const outer = shape.length - inner;
  const dims = shapeIn(x);
  const images = reshape(x, concat([[-1], dims.slice({ start: outer })], 0));
  images.setShape([null, ...shape.slice(outer)]);
  const result = body(images);
  return reshape(result, concat([dims.slice({ stop: outer }), shapeIn(result).slice({ start: 1 })], 0));
}
