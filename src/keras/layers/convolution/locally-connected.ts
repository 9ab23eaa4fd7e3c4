/**
 * Convolutions whose kernels differ from place to place, in the three implementations of Keras, which differ in what
 * the kernel's shape is. Those with one kernel for all places are in `convolutions.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { matmul } from '../../../ops/matmul.ts';
import { scatterNd } from '../../../ops/scatter.ts';
import { reshape, shape as shapeIn, transpose } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { toNdArray } from '../../../util/array-convert.ts';
import { int32 } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import { NdArray } from '../../../util/ndarray.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as activations from '../../activations.ts';
import { biasAdd } from '../../backend/linear.ts';
import { localConv1d, localConv2d } from '../../backend/local.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { ImageDataFormat } from '../../config.ts';
import * as constraints from '../../constraints.ts';
import { Layer } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import { type Config, classNameOf } from '../../serialization.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import { type ConvOptions, requireArgument } from './conv.ts';
import {
  dataFormatOf,
  outputLength,
  paddingOf,
  type Sizes,
  sizesOf,
  type WindowPadding,
  withSpatial,
} from './geometry.ts';

/** What locally connected layers take: the options of convolutions but dilation and groups, and `implementation`. */
export interface LocallyConnectedOptions extends Omit<ConvOptions, 'dilationRate' | 'groups'> {
  /**
   * 1 (without it): small kernels, one step of the graph for each place. 2: a full matrix of which most is masked. 3:
   * only the connected elements as a vector.
   */
  readonly implementation?: 1 | 2 | 3;
}

/** The arguments of the locally connected layers, by position in Keras's order and by keyword. */
export type LocallyConnectedArguments = Rest<
  [
    filters: number,
    kernelSize: Sizes,
    strides: Sizes,
    padding: WindowPadding | null,
    dataFormat: ImageDataFormat | null,
    activation: ActivationIdentifier,
    useBias: boolean,
  ],
  LocallyConnectedOptions
>;

const product = (lengths: readonly number[]): number => lengths.reduce((a, b) => a * b, 1);

/** Every index of an array of this shape, the last axis fastest. */
function indicesOf(shape: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const length of shape) all = all.flatMap((head) => Array.from({ length }, (_, i) => [...head, i]));
  return all;
}

/** The base of the locally connected layers. */
export abstract class LocallyConnected extends Layer {
  readonly rank: number;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: WindowPadding;
  readonly dataFormat: ImageDataFormat;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  readonly implementation: number;
  kernel!: Variable;
  bias: Variable | null = null;

  constructor(rank: number, rest: LocallyConnectedArguments) {
    const names = ['filters', 'kernelSize', 'strides', 'padding', 'dataFormat', 'activation', 'useBias'] as const;
    const options = bind<LocallyConnectedOptions>(names, rest);
    super(options);
    requireArgument(options.filters ?? undefined, this, 'filters');
    requireArgument(options.kernelSize, this, 'kernel_size');
    this.rank = rank;
    this.filters = options.filters as number;
    this.kernelSize = sizesOf(options.kernelSize, rank, 'kernel_size');
    this.strides = sizesOf(options.strides ?? 1, rank, 'strides', true);
    this.padding = paddingOf(options.padding);
    this.implementation = options.implementation ?? 1;
    if (this.padding !== 'valid' && this.implementation === 1) {
      throw new ValueError(
        `Invalid border mode for ${classNameOf(this.constructor)} (only "valid" is supported if implementation is 1): ${options.padding}`,
      );
    }
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.activation = activations.get(options.activation);
    this.useBias = options.useBias ?? true;
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.inputSpec = { ndim: rank + 2 };
  }

  private get first(): boolean {
    return this.dataFormat === 'channels_first';
  }
  /** The lengths of the spatial axes and the number of channels. */
  private parts(shape: LayerShape): { readonly spatial: LayerShape; readonly channels: number | null } {
    const [, ...others] = shape;
    if (this.first) return { spatial: others.slice(1), channels: others[0] };
    return { spatial: others.slice(0, -1), channels: others[others.length - 1] };
  }
  private placed(spatial: readonly number[], channels: number): readonly number[] {
    return this.first ? [channels, ...spatial] : [...spatial, channels];
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const { spatial, channels } = this.parts(shape);
    if (channels === null) {
      throw new ValueError(
        `Axis ${this.rank + 1} of input should be fully-defined. Found shape: ${formatTuple(shape)}`,
      );
    }
    if (spatial.includes(null)) {
      throw new ValueError(
        `The spatial dimensions of the inputs to  a ${classNameOf(this.constructor)} layer should be fully-defined, but layer received the inputs shape ${formatTuple(shape)}`,
      );
    }
    const lengths = this.parts(this.computeOutputShape(shape)).spatial as readonly number[];
    if (lengths.some((length) => length <= 0)) {
      throw new ValueError(
        `One of the dimensions in the output is <= 0 due to downsampling in ${this.name}. Consider increasing the input size. Received input shape ${formatTuple(shape)} which would produce output shape with a zero or negative value in a dimension.`,
      );
    }
    this.kernel = this.addWeight('kernel', {
      shape: this.kernelShape(spatial as readonly number[], lengths, channels),
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight('bias', {
        shape: [...lengths, this.filters],
        initializer: this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    this.inputSpec = { ndim: this.rank + 2, axes: new Map([[this.first ? 1 : -1, channels]]) };
    super.build(inputShape);
  }

  private kernelShape(spatial: readonly number[], lengths: readonly number[], channels: number): readonly number[] {
    const { implementation: kind, kernelSize, filters } = this;
    if (kind === 1) return [product(lengths), product(kernelSize) * channels, filters];
    if (kind === 2) return [...this.placed(spatial, channels), ...this.placed(lengths, filters)];
    if (kind === 3) return [this.connections(spatial, lengths, channels).length];
    throw new ValueError(`Unrecognized implementation mode: ${kind}.`);
  }

  /** The places of the input, along one axis, that a place of the output is connected to. */
  private window(place: number, length: number, axis: number): readonly number[] {
    const size = this.kernelSize[axis];
    const left = Math.trunc(size / 2);
    const center = place * this.strides[axis] + (this.padding === 'valid' ? left : 0);
    const start = Math.max(0, center - left);
    return Array.from({ length: Math.min(length, center + size - left) - start }, (_, i) => start + i);
  }
  /** All pairs of flat positions, in output and input, that are connected, in order. */
  private connections(spatial: readonly number[], lengths: readonly number[], channels: number): [number, number][] {
    const { filters } = this;
    const flat = (place: readonly number[], shape: readonly number[]) =>
      place.reduce((at, p, i) => at * shape[i] + p, 0);
    const [inputs, outputs] = [product(spatial), product(lengths)];
    const position = (at: number, channel: number, places: number, depth: number) =>
      this.first ? channel * places + at : at * depth + channel;
    const pairs: [number, number][] = [];
    for (const place of indicesOf(lengths)) {
      const windows = place.map((p, axis) => this.window(p, spatial[axis], axis));
      const to = flat(place, lengths);
      for (const offset of indicesOf(windows.map(({ length }) => length))) {
        const from = flat(
          offset.map((o, axis) => windows[axis][o]),
          spatial,
        );
        for (let channel = 0; channel < channels; channel++) {
          for (let filter = 0; filter < filters; filter++) {
            pairs.push([position(to, filter, outputs, filters), position(from, channel, inputs, channels)]);
          }
        }
      }
    }
    return pairs.sort(([a, b], [c, d]) => a - c || b - d);
  }

  override call(inputs: Tensor): Tensor {
    const shape = inputs.shape as LayerShape;
    const target = this.computeOutputShape(shape);
    const output = this.connected(inputs, this.parts(shape), target);
    output.setShape(target);
    return this.activation(this.bias ? biasAdd(output, this.bias, this.dataFormat) : output);
  }

  private connected(x: Tensor, { spatial, channels }: ReturnType<typeof this.parts>, target: LayerShape): Tensor {
    const lengths = this.parts(target).spatial as readonly number[];
    const { implementation: kind, kernel, kernelSize, strides, dataFormat } = this;
    if (kind === 1) {
      if (this.rank === 1) return localConv1d(x, kernel, kernelSize as [number], strides as [number], dataFormat);
      const pair = (list: readonly number[]) => list as readonly [number, number];
      return localConv2d(x, kernel, pair(kernelSize), pair(strides), pair(lengths), dataFormat);
    }
    const pairs = this.connections(spatial as readonly number[], lengths, channels as number);
    const size = [
      product(lengths) * this.filters,
      product(spatial as readonly number[]) * (channels as number),
    ] as const;
    const rows = reshape(x, [-1, size[1]]);
    const joined = kind === 2 ? this.byMask(rows, pairs, size) : this.byPairs(rows, pairs, size);
    const [batch, ...rest] = target;
    const first: TensorLike = batch ?? shapeIn(joined).slice(0);
    return reshape(joined, [first, ...rest] as TensorLike);
  }

  /** The whole matrix from all inputs to all outputs, zero where they are not connected. */
  private byMask(
    rows: Tensor,
    pairs: readonly [number, number][],
    [outputs, inputs]: readonly [number, number],
  ): Tensor {
    const mask = new Array<number>(inputs * outputs).fill(0);
    for (const [to, from] of pairs) mask[from * outputs + to] = 1;
    const matrix = reshape(this.kernel, [inputs, outputs]);
    const masked = matrix.mul(new NdArray(this.dtype, [inputs, outputs], toNdArray(mask, this.dtype).data));
    return matmul(rows, masked);
  }
  private byPairs(rows: Tensor, pairs: readonly [number, number][], size: readonly [number, number]): Tensor {
    const indices = new NdArray(int32, [pairs.length, 2], Int32Array.from(pairs.flat()));
    const matrix = scatterNd(indices, this.kernel, [...size]);
    return transpose(matmul(matrix, rows, { transposeB: true }));
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const { kernelSize, padding, strides, filters } = this;
    const length = (given: number | null, i: number) => outputLength(given, kernelSize[i], padding, strides[i]);
    return withSpatial(singleShape(inputShape), this.dataFormat, length, filters);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      kernelSize: this.kernelSize,
      strides: this.strides,
      padding: this.padding,
      dataFormat: this.dataFormat,
      activation: activations.serialize(this.activation),
      useBias: this.useBias,
      kernelInitializer: initializers.serialize(this.kernelInitializer),
      biasInitializer: initializers.serialize(this.biasInitializer),
      kernelRegularizer: regularizers.serialize(this.kernelRegularizer),
      biasRegularizer: regularizers.serialize(this.biasRegularizer),
      activityRegularizer: regularizers.serialize(this.activityRegularizer),
      kernelConstraint: constraints.serialize(this.kernelConstraint),
      biasConstraint: constraints.serialize(this.biasConstraint),
      implementation: this.implementation,
    };
  }
}

/**
 * A convolution of sequences with kernels of its own for each step: `[batch, steps, channels]`, with a known number
 * of steps, becomes `[batch, newSteps, filters]`. Throws `ValueError` for other paddings than `valid` unless
 * `implementation` is 2 or 3, and for inputs that are too short.
 *
 *     const y = new tf.keras.layers.LocallyConnected1D(8, 3).apply(x);
 */
export class LocallyConnected1D extends LocallyConnected {
  static readonly className: string = 'LocallyConnected1D';

  constructor(...rest: LocallyConnectedArguments) {
    super(1, rest);
  }
}

/**
 * A convolution of images with kernels of its own for each place: `[batch, rows, columns, channels]`, of known size,
 * becomes `[batch, newRows, newColumns, filters]`. Throws as `LocallyConnected1D` does.
 *
 *     const y = new tf.keras.layers.LocallyConnected2D(8, [3, 3], {activation: 'relu'}).apply(x);
 */
export class LocallyConnected2D extends LocallyConnected {
  static readonly className: string = 'LocallyConnected2D';

  constructor(...rest: LocallyConnectedArguments) {
    super(2, rest);
  }
}
