/** The layer that applies an activation function. The functions are in `activations.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import * as activations from '../../activations.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import type { ShapeNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier } from '../identifiers.ts';

export interface ActivationOptions extends LayerOptions {
  readonly activation?: ActivationIdentifier;
}

/**
 * An activation function as a layer.
 *
 *     new tf.keras.layers.Activation('relu')
 */
export class Activation extends Layer {
  static readonly className: string = 'Activation';
  readonly activation: activations.Activation;

  constructor(...rest: Rest<[activation: ActivationIdentifier], ActivationOptions>) {
    const options = bind<ActivationOptions>(['activation'], rest);
    super(options);
    this.supportsMasking = true;
    this.activation = activations.get(options.activation);
  }

  override call(inputs: Tensor): Tensor {
    return this.activation(inputs);
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), activation: activations.serialize(this.activation) };
  }
}
