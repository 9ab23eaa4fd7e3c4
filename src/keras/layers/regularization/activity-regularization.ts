/** The layer that adds a penalty on what it is given. */
import type { Tensor } from '../../../graph/graph.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import type { ShapeNest } from '../../engine/nest.ts';
import { L1L2 } from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';

export interface ActivityRegularizationOptions extends LayerOptions {
  readonly l1?: number;
  readonly l2?: number;
}

/**
 * Gives its inputs unchanged, and adds `l1 * sum(abs(x)) + l2 * sum(x ** 2)` per example to the loss.
 *
 *     new tf.keras.layers.ActivityRegularization({l2: 0.01})
 */
export class ActivityRegularization extends Layer {
  static readonly className: string = 'ActivityRegularization';
  readonly l1: number;
  readonly l2: number;

  constructor(...rest: Rest<[l1: number, l2: number], ActivityRegularizationOptions>) {
    const options = bind<ActivityRegularizationOptions>(['l1', 'l2'], rest);
    super(options);
    this.supportsMasking = true;
    this.l1 = options.l1 ?? 0;
    this.l2 = options.l2 ?? 0;
    this.activityRegularizer = new L1L2({ l1: this.l1, l2: this.l2 });
  }

  override call(inputs: Tensor): Tensor {
    return inputs;
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), l1: this.l1, l2: this.l2 };
  }
}
