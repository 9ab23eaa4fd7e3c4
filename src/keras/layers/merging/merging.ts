/** The layers that join tensors element by element, and their functions. What they share is in `merge.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import * as arithmetic from '../../../ops/arithmetic.ts';
import { ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import { buildingIn, inContext } from '../../binding.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import type { LayerShape } from '../../engine/nest.ts';
import { Merge } from './merge.ts';

/**
 * The sum of the inputs.
 *
 *     const y = new tf.keras.layers.Add().apply([a, b]);
 */
export class Add extends Merge {
  static readonly className: string = 'Add';
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((sum, x) => sum.add(x));
  }
}

/**
 * The first input less the second. Throws `ValueError` unless there are two.
 *
 *     const y = new tf.keras.layers.Subtract().apply([a, b]);
 */
export class Subtract extends Merge {
  static readonly className: string = 'Subtract';
  protected override checkShapes(shapes: readonly LayerShape[]): void {
    super.checkShapes(shapes);
    if (shapes.length !== 2) {
      throw new ValueError(
        `A \`Subtract\` layer should be called on exactly 2 inputs. Received: input_shape=[${shapes.map(formatTuple).join(', ')}]`,
      );
    }
  }
  protected override merge([a, b]: readonly Tensor[]): Tensor {
    return a.sub(b);
  }
}

/**
 * The product of the inputs.
 *
 *     const y = new tf.keras.layers.Multiply().apply([a, b]);
 */
export class Multiply extends Merge {
  static readonly className: string = 'Multiply';
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((product, x) => product.mul(x));
  }
}

/**
 * The mean of the inputs.
 *
 *     const y = new tf.keras.layers.Average().apply([a, b]);
 */
export class Average extends Merge {
  static readonly className: string = 'Average';
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((sum, x) => sum.add(x)).div(inputs.length);
  }
}

/**
 * The greatest of the inputs, element by element.
 *
 *     const y = new tf.keras.layers.Maximum().apply([a, b]);
 */
export class Maximum extends Merge {
  static readonly className: string = 'Maximum';
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((most, x) => arithmetic.maximum(most, x));
  }
}

/**
 * The least of the inputs, element by element.
 *
 *     const y = new tf.keras.layers.Minimum().apply([a, b]);
 */
export class Minimum extends Merge {
  static readonly className: string = 'Minimum';
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((least, x) => arithmetic.minimum(least, x));
  }
}

const functionOf = (made: new (options: LayerOptions) => Merge) =>
  inContext((context) => (inputs: readonly Tensor[], options: LayerOptions = {}): Tensor => {
    return buildingIn(context, () => new made(options).apply(inputs));
  });

/** The sum of the inputs, as a layer `Add`. `tf.keras.layers.add([a, b])` */
export const add = functionOf(Add);
/** The first input less the second, as a layer `Subtract`. `tf.keras.layers.subtract([a, b])` */
export const subtract = functionOf(Subtract);
/** The product of the inputs, as a layer `Multiply`. `tf.keras.layers.multiply([a, b])` */
export const multiply = functionOf(Multiply);
/** The mean of the inputs, as a layer `Average`. `tf.keras.layers.average([a, b])` */
export const average = functionOf(Average);
/** The greatest of the inputs, as a layer `Maximum`. `tf.keras.layers.maximum([a, b])` */
export const maximum = functionOf(Maximum);
/** The least of the inputs, as a layer `Minimum`. `tf.keras.layers.minimum([a, b])` */
export const minimum = functionOf(Minimum);
