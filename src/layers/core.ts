/**
 * The layers `Dense`, `Dropout` and `Flatten`, and their functions. Scopes, weights and penalties are the base's.
 */
import type { Tensor } from '../graph/graph.ts';
import { type Activation, get as getActivation } from '../keras/activations.ts';
import { formatTuple } from '../keras/backend/operands.ts';
import { smartCond, staticCondition } from '../keras/backend/switch.ts';
import { InputSpec } from '../keras/engine/input-spec.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../keras/engine/nest.ts';
import type { ActivationIdentifier } from '../keras/layers/identifiers.ts';
import { NoiseSeed } from '../keras/layers/regularization/noise-seed.ts';
import { biasAdd } from '../ops/bias.ts';
import { constant } from '../ops/constants.ts';
import { dropout as drop } from '../ops/dropout.ts';
import { identity } from '../ops/identity.ts';
import { matmul, tensordot } from '../ops/matmul.ts';
import { expandDims, reshape, shape, transpose } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { zerosInitializer } from '../variables/initializers.ts';
import type { Variable } from '../variables/variable.ts';
import {
  type CallOptions,
  type ConstraintOption,
  callOnce,
  type FunctionOptions,
  type InitializerOption,
  Layer,
  type LayerOptions,
  type RegularizerOption,
} from './layer.ts';
import { type DataFormat, layoutOf } from './window-options.ts';

export interface DenseOptions extends LayerOptions {
  /** How many numbers each row becomes. */
  readonly units?: number;
  readonly activation?: ActivationIdentifier;
  readonly useBias?: boolean;
  /** That of the variable scope without it, which is Glorot's uniform unless it was set. */
  readonly kernelInitializer?: InitializerOption;
  /** Zeros without it. */
  readonly biasInitializer?: InitializerOption;
  readonly kernelRegularizer?: RegularizerOption;
  readonly biasRegularizer?: RegularizerOption;
  readonly kernelConstraint?: ConstraintOption;
  readonly biasConstraint?: ConstraintOption;
}

/**
 * `activation(x · kernel + bias)` over the last axis: `[…, n]` becomes `[…, units]`. Throws `ValueError` for inputs of fewer
 * than two axes, or where the length of the last is not known.
 *
 *     const layer = new tf.layers.Dense(10, {activation: tf.nn.relu});
 *     const [a, b] = [layer.apply(x), layer.apply(y)];    // with the same weights
 */
export class Dense extends Layer {
  static readonly className: string = 'Dense';
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly #options: DenseOptions;
  kernel!: Variable;
  bias: Variable | null = null;

  constructor(...rest: Rest<[units: number, activation: ActivationIdentifier, useBias: boolean], DenseOptions>) {
    const options = bind<DenseOptions>(['units', 'activation', 'useBias'], rest);
    super(options);
    const { units } = options;
    if (typeof units !== 'number' || !(units >= 0)) {
      throw new ValueError(
        `Received an invalid value for \`units\`, expected a positive integer. Received: units=${units}`,
      );
    }
    this.#options = options;
    this.units = Math.trunc(units);
    this.activation = getActivation(options.activation);
    this.useBias = options.useBias ?? true;
    this.inputSpec = new InputSpec({ minNdim: 2 });
  }

  override build(inputShape: ShapeNest): void {
    if (!this.dtype.isFloating) {
      throw new TypeError(
        `A Dense layer can only be built with a floating-point dtype. Received: dtype=${this.dtype.name}`,
      );
    }
    const given = singleShape(inputShape);
    const last = given[given.length - 1] ?? null;
    if (last === null) {
      throw new ValueError(
        `The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape received: ${formatTuple(given)}`,
      );
    }
    const options = this.#options;
    this.inputSpec = new InputSpec({ minNdim: 2, axes: new Map([[-1, last]]) });
    this.kernel = this.addWeight('kernel', {
      shape: [last, this.units],
      initializer: options.kernelInitializer,
      regularizer: options.kernelRegularizer,
      constraint: options.kernelConstraint,
    });
    this.bias = this.useBias
      ? this.addWeight('bias', {
          shape: [this.units],
          initializer: options.biasInitializer ?? zerosInitializer(),
          regularizer: options.biasRegularizer,
          constraint: options.biasConstraint,
        })
      : null;
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const product = this.product(inputs);
    return this.activation(this.bias ? biasAdd(product, this.bias) : product);
  }

  private product(x: Tensor): Tensor {
    if (x.shape === null || x.shape.length === 2) return matmul(x, this.kernel);
    const product = tensordot(x, this.kernel, [[x.shape.length - 1], [0]]);
    product.setShape([...x.shape.slice(0, -1), this.units]);
    return product;
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const given = singleShape(inputShape);
    if (given[given.length - 1] === null) {
      throw new ValueError(
        `The last dimension of the input shape of a Dense layer should be defined. Found None. Received: input_shape=${formatTuple(given)}`,
      );
    }
    return [...given.slice(0, -1), this.units];
  }
}

export interface DenseFunctionOptions extends DenseOptions, FunctionOptions {
  readonly inputs?: TensorLike;
}

/**
 * `Dense`, made and called at once.
 *
 *     const hidden = tf.layers.dense(x, 64, tf.nn.relu);
 *     const logits = tf.layers.dense({inputs: hidden, units: 10, name: 'logits'});
 *     const again = tf.layers.dense(other, 10, {name: 'logits', reuse: true});
 */
export function dense(
  ...rest: Rest<
    [inputs: TensorLike, units: number, activation: ActivationIdentifier, useBias: boolean],
    DenseFunctionOptions
  >
): Tensor {
  const given = bind<DenseFunctionOptions>(['inputs', 'units', 'activation', 'useBias'], rest);
  const { inputs, ...options } = given;
  return callOnce(inputs, options, (all) => new Dense(all));
}

export interface DropoutOptions extends LayerOptions {
  /** The fraction of the elements that is set to zero. */
  readonly rate?: number;
  /** The shape of what is drawn: 1 drops an axis as a whole, null is the input's length. */
  readonly noiseShape?: readonly (number | null)[] | TensorLike | null;
  readonly seed?: number | null;
}

/**
 * In training, sets a fraction `rate` of the elements to zero and divides the others by `1 - rate`; otherwise, which is the
 * default, nothing happens. Throws `ValueError` for a rate outside of 0 and 1.
 *
 *     const y = new tf.layers.Dropout(0.5, {seed: 1}).apply(x, {training: true});
 */
export class Dropout extends Layer {
  static readonly className: string = 'Dropout';
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | TensorLike | null;
  readonly #seeds: NoiseSeed;

  constructor(
    ...rest: Rest<
      [
        rate: number,
        noiseShape: readonly (number | null)[] | TensorLike | null,
        seed: number | null,
        name: string | null,
      ],
      DropoutOptions
    >
  ) {
    const options = bind<DropoutOptions>(['rate', 'noiseShape', 'seed', 'name'], rest);
    super(options);
    const { rate = 0.5 } = options;
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) {
      throw new ValueError(`Invalid value ${rate} received for \`rate\`, expected a value between 0 and 1.`);
    }
    this.rate = rate;
    this.noiseShape = options.noiseShape ?? null;
    this.#seeds = new NoiseSeed(options.seed);
  }

  override call(inputs: Tensor, { training = false }: CallOptions = {}): Tensor {
    const { rate } = this;
    if (rate === 0) return identity(inputs);
    const dropped = () => {
      // All is dropped; by the formula it would be divided by zero.
      if (rate === 1) return inputs.mul(0);
      return drop(inputs, { rate, noiseShape: this.noiseShape as TensorLike, seed: this.#seeds.next() });
    };
    const phase = training ?? false;
    const known = staticCondition(phase);
    if (known !== null) return known ? dropped() : identity(inputs);
    return smartCond(phase, dropped, () => identity(inputs)) as Tensor;
  }
}

/** Whether a function is for training: a boolean, or a scalar tensor that the run decides by. */
export interface TrainingOption {
  readonly training?: boolean | Tensor;
}

export interface DropoutFunctionOptions extends DropoutOptions, TrainingOption {
  readonly inputs?: TensorLike;
}

/**
 * `Dropout`, made and called at once. Without `training` it does nothing.
 *
 *     tf.layers.dropout(x, 0.4, {training: isTraining})
 */
export function dropout(
  ...rest: Rest<
    [
      inputs: TensorLike,
      rate: number,
      noiseShape: readonly (number | null)[] | TensorLike | null,
      seed: number | null,
      training: boolean | Tensor,
      name: string | null,
    ],
    DropoutFunctionOptions
  >
): Tensor {
  const { inputs, training, ...options } = bind<DropoutFunctionOptions>(
    ['inputs', 'rate', 'noiseShape', 'seed', 'training', 'name'],
    rest,
  );
  return callOnce(inputs, options, (all) => new Dropout({ ...all, _scope: null }), { training });
}

export interface FlattenOptions extends LayerOptions {
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

/**
 * Each example as a vector: `[batch, …]` becomes `[batch, elements]`, with the channels last whatever the layout was.
 *
 *     const y = new tf.layers.Flatten().apply(images);
 */
export class Flatten extends Layer {
  static readonly className: string = 'Flatten';
  readonly dataFormat: DataFormat;

  constructor(...rest: Rest<[dataFormat: string | null], FlattenOptions>) {
    const options = bind<FlattenOptions>(['dataFormat'], rest);
    super(options);
    this.dataFormat = layoutOf(options.dataFormat);
    this.inputSpec = new InputSpec({ minNdim: 1 });
  }

  override call(inputs: Tensor): Tensor {
    const rank = inputs.shape?.length ?? null;
    const first = this.dataFormat === 'channels_first' && rank !== null && rank > 1;
    const x = first ? transpose(inputs, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]) : inputs;
    if (x.shape?.length === 1) return expandDims(x, 1);
    const [batch, ...others] = x.shape ?? [null, null];
    const size = others.reduce((product, length) => (product === null || length === null ? null : product * length), 1);
    if (size !== null) return reshape(x, constant([-1, size], { dtype: int32 }));
    if (batch !== null) return reshape(x, [batch, -1]);
    return reshape(x, [shape(x).slice(0), -1] as TensorLike);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [batch, ...others] = singleShape(inputShape);
    const size = others.reduce((product, length) => (product === null || length === null ? null : product * length), 1);
    return [batch, size];
  }
}

export interface FlattenFunctionOptions extends FlattenOptions {
  readonly inputs?: TensorLike;
}

/**
 * `Flatten`, made and called at once.
 *
 *     tf.layers.flatten(images)
 */
export function flatten(
  ...rest: Rest<[inputs: TensorLike, name: string | null, dataFormat: string | null], FlattenFunctionOptions>
): Tensor {
  const { inputs, ...options } = bind<FlattenFunctionOptions>(['inputs', 'name', 'dataFormat'], rest);
  return callOnce(inputs, options, (all) => new Flatten({ ...all, _scope: null }));
}
