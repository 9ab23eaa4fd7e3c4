/** The densely connected layer. Its activation, initializers and penalties are their modules' own. */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { cast } from '../../../ops/cast.ts';
import { matmul, tensordot } from '../../../ops/matmul.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as activations from '../../activations.ts';
import { formatTuple } from '../../backend/operands.ts';
import * as constraints from '../../constraints.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier, KernelOptions } from '../identifiers.ts';

export interface DenseOptions extends LayerOptions, KernelOptions {
  /** How many numbers each row becomes. */
  readonly units?: number;
}

/**
 * `activation(x · kernel + bias)` over the last axis: `[…, n]` becomes `[…, units]`. Throws `ValueError` for inputs of fewer
 * than two axes, or where the length of the last is not known.
 *
 *     const y = new tf.keras.layers.Dense(10, {activation: 'relu'}).apply(x);
 */
export class Dense extends Layer {
  static readonly className: string = 'Dense';
  readonly units: number;
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

  constructor(...rest: Rest<[units: number, activation: ActivationIdentifier, useBias: boolean], DenseOptions>) {
    const options = bind<DenseOptions>(['units', 'activation', 'useBias'], rest);
    super(options);
    const { units } = options;
    if (typeof units !== 'number' || !(units >= 0)) {
      throw new ValueError(
        `Received an invalid value for \`units\`, expected a positive integer. Received: units=${units}`,
      );
    }
    this.units = Math.trunc(units);
    this.activation = activations.get(options.activation);
    this.useBias = options.useBias ?? true;
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.inputSpec = { minNdim: 2 };
    this.supportsMasking = true;
  }

  override build(inputShape: ShapeNest): void {
    if (!this.dtype.isFloating) {
      throw new TypeError(
        `A Dense layer can only be built with a floating-point dtype. Received: dtype=${this.dtype.name}`,
      );
    }
    const shape = singleShape(inputShape);
    const last = shape[shape.length - 1] ?? null;
    if (last === null) {
      throw new ValueError(
        `The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape received: ${formatTuple(shape)}`,
      );
    }
    this.inputSpec = { minNdim: 2, axes: new Map([[-1, last]]) };
    this.kernel = this.addWeight('kernel', {
      shape: [last, this.units],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.bias = this.useBias
      ? this.addWeight('bias', {
          shape: [this.units],
          initializer: this.biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        })
      : null;
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const x = inputs.dtype === this.dtype ? inputs : cast(inputs, this.dtype);
    const product = this.product(x);
    return this.activation(this.bias ? biasAdd(product, this.bias) : product);
  }

  private product(x: Tensor): Tensor {
    const { shape } = x;
    if (shape === null || shape.length === 2) return matmul(x, this.kernel);
    const product = tensordot(x, this.kernel, [[shape.length - 1], [0]]);
    product.setShape([...shape.slice(0, -1), this.units]);
    return product;
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const shape = singleShape(inputShape);
    if (shape.length < 2) throw new ValueError(`Shape ${formatTuple(shape)} must have rank at least 2`);
    if (shape[shape.length - 1] === null) {
      throw new ValueError(
        `The last dimension of the input shape of a Dense layer should be defined. Found None. Received: input_shape=${formatTuple(shape)}`,
      );
    }
    return [...shape.slice(0, -1), this.units];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      units: this.units,
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
