/** The cell of convolutional LSTMs: products are convolutions. Going over the steps is `conv-lstm.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { split } from '../../../ops/joining.ts';
import { ValueError } from '../../../util/errors.ts';
import { TensorShape } from '../../../util/shape.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as activations from '../../activations.ts';
import { conv1d, conv2d, conv3d } from '../../backend/convolution.ts';
import { biasAdd } from '../../backend/linear.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { ImageDataFormat } from '../../config.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, type StepResult, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import {
  dataFormatOf,
  outputLength,
  paddingOf,
  type Sizes,
  sizesOf,
  type WindowPadding,
  withSpatial,
} from '../convolution/geometry.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import { AbstractRNNCell, type CellCallOptions, type StateSize } from './cell.ts';
import { DropoutMasks, rateOf } from './dropout-masks.ts';
import { dropped, type RecurrentOptions, RecurrentWeights } from './unit-cell.ts';

/** What convolutional LSTMs take. */
export interface ConvRecurrentOptions extends RecurrentOptions {
  /** How many channels the output and the states have. */
  readonly filters?: number;
  /** The size of the kernel along each spatial axis, or one for all. */
  readonly kernelSize?: Sizes;
  /** The distance between windows of the inputs; 1 without it. Those of the states have always 1. */
  readonly strides?: Sizes;
  /** How windows of the inputs meet the edges; `valid` without it. Those of the states have always zeros around. */
  readonly padding?: WindowPadding | null;
  /** Where the channels are; as the settings say without it. */
  readonly dataFormat?: ImageDataFormat | null;
  /** The distance between the elements of a window of the inputs; 1 without it. */
  readonly dilationRate?: Sizes;
  /** Of the gates; `hard_sigmoid` without it. */
  readonly recurrentActivation?: ActivationIdentifier;
  /** Whether the bias of the gate that forgets begins at one; true without it. */
  readonly unitForgetBias?: boolean;
}

const GATES = 4;
const CONVOLUTIONS = [conv1d, conv2d, conv3d] as const;

/** One step of a convolutional LSTM over so many spatial axes; the states are `[h, c]`, as the output. */
export class ConvLSTMCell extends AbstractRNNCell {
  static override readonly className: string = 'ConvLSTMCell';
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: WindowPadding;
  readonly dataFormat: ImageDataFormat;
  readonly dilationRate: readonly number[];
  readonly activation: activations.Activation;
  readonly recurrentActivation: activations.Activation;
  readonly useBias: boolean;
  readonly unitForgetBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly settings: RecurrentWeights;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | null = null;
  readonly #inputMasks: DropoutMasks;
  readonly #stateMasks: DropoutMasks;

  constructor(
    readonly rank: number,
    options: LayerOptions & ConvRecurrentOptions,
  ) {
    super(options);
    this.filters = options.filters as number;
    this.kernelSize = sizesOf(options.kernelSize, rank, 'kernel_size');
    this.strides = sizesOf(options.strides ?? 1, rank, 'strides', true);
    this.padding = paddingOf(options.padding);
    this.dataFormat = dataFormatOf(options.dataFormat);
    this.dilationRate = sizesOf(options.dilationRate ?? 1, rank, 'dilation_rate');
    this.activation = activations.get(options.activation === undefined ? 'tanh' : options.activation);
    const { recurrentActivation } = options;
    this.recurrentActivation = activations.get(
      recurrentActivation === undefined ? 'hard_sigmoid' : recurrentActivation,
    );
    this.useBias = options.useBias ?? true;
    this.unitForgetBias = options.unitForgetBias ?? true;
    this.settings = new RecurrentWeights(options);
    this.dropout = rateOf(options.dropout);
    this.recurrentDropout = rateOf(options.recurrentDropout);
    // Keras drops nothing where all was to be dropped.
    const applied = (rate: number) => (rate === 1 ? 0 : rate);
    this.#inputMasks = new DropoutMasks(applied(this.dropout), this.context);
    this.#stateMasks = new DropoutMasks(applied(this.recurrentDropout), this.context);
  }

  /** One state of one step, without the batch. */
  get stateSize(): readonly StateSize[] {
    const free = new Array<null>(this.rank).fill(null);
    const dims = this.dataFormat === 'channels_first' ? [this.filters, ...free] : [...free, this.filters];
    return [new TensorShape(dims), new TensorShape(dims)];
  }
  get outputSize(): StateSize {
    return this.stateSize[0];
  }

  /** The shape of output and states for inputs of this shape, `[batch, …]`. */
  shapeOfOutput(shape: LayerShape): LayerShape {
    const { kernelSize, strides, padding, dilationRate, dataFormat } = this;
    const length = (d: number | null, axis: number) =>
      outputLength(d, kernelSize[axis], padding, strides[axis], dilationRate[axis]);
    return withSpatial(shape, dataFormat, length, this.filters);
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const channels = shape[this.dataFormat === 'channels_first' ? 1 : shape.length - 1] ?? null;
    if (channels === null) {
      throw new ValueError(
        `The channel dimension of the inputs (last axis) should be defined. Found None. Full input shape received: input_shape=${formatTuple(shape)}`,
      );
    }
    const { filters, kernelSize, settings } = this;
    const wide = GATES * filters;
    this.kernel = this.addWeight('kernel', { shape: [...kernelSize, channels, wide], ...settings.kernel });
    const recurrent = [...kernelSize, filters, wide];
    this.recurrentKernel = this.addWeight('recurrent_kernel', { shape: recurrent, ...settings.recurrent });
    const ones = this.unitForgetBias ? { units: filters, before: 1, after: 2 } : null;
    this.bias = this.useBias ? this.addWeight('bias', { shape: [wide], ...settings.bias(ones) }) : null;
    super.build(inputShape);
  }

  override call(inputs: Tensor, { states = [], training = null }: CellCallOptions): StepResult {
    const [before, carried] = states as readonly Tensor[];
    const xs = dropped(inputs, this.#inputMasks.get(inputs, training, GATES), GATES);
    const hs = dropped(before, this.#stateMasks.get(before, training, GATES), GATES);
    const axis = this.rank + 1;
    const kernels = split(this.kernel.value(), GATES, axis);
    const recurrent = split(this.recurrentKernel.value(), GATES, axis);
    const biases = this.bias && split(this.bias.value(), GATES, 0);
    const [i, f, candidate, o] = kernels.map((kernel, k) =>
      this.ofInputs(xs[k], kernel, biases?.[k] ?? null).add(this.ofStates(hs[k], recurrent[k])),
    );
    const { activation, recurrentActivation: gate } = this;
    const kept = gate(i).mul(activation(candidate));
    const carry = gate(f).mul(carried).add(kept);
    const output = gate(o).mul(activation(carry));
    return [output, [output, carry]];
  }

  /** @internal The convolution of inputs. */
  ofInputs(x: Tensor, kernel: Tensor, bias: Tensor | null): Tensor {
    const { strides, padding, dataFormat, dilationRate } = this;
    const result = CONVOLUTIONS[this.rank - 1](x, kernel, { strides, padding, dataFormat, dilationRate });
    return bias ? biasAdd(result, bias, { dataFormat }) : result;
  }
  private ofStates(x: Tensor, kernel: Tensor): Tensor {
    return CONVOLUTIONS[this.rank - 1](x, kernel, { padding: 'same', dataFormat: this.dataFormat });
  }

  /** @internal Has the next call drop anew. */
  resetMasks(): void {
    this.#inputMasks.reset();
    this.#stateMasks.reset();
  }

  override getConfig(): Config {
    return { ...super.getConfig(), ...this.ownConfig() };
  }
  /** @internal What the cell adds to a layer's configuration. */
  ownConfig(activity: Config = {}): Config {
    const { settings } = this;
    return {
      filters: this.filters,
      kernelSize: this.kernelSize,
      strides: this.strides,
      padding: this.padding,
      dataFormat: this.dataFormat,
      dilationRate: this.dilationRate,
      activation: activations.serialize(this.activation),
      recurrentActivation: activations.serialize(this.recurrentActivation),
      useBias: this.useBias,
      ...settings.initializersConfig(),
      unitForgetBias: this.unitForgetBias,
      ...settings.regularizersConfig(),
      ...activity,
      ...settings.constraintsConfig(),
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
    };
  }
}
