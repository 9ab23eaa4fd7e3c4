/** The layer that gives what it is given. */
import type { Tensor } from '../../../graph/graph.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import type { ShapeNest } from '../../engine/nest.ts';

/** Gives its inputs unchanged: a place holder for another layer. */
export class Identity extends Layer {
  static readonly className: string = 'Identity';

  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  override call(inputs: Tensor): Tensor {
    return inputs;
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
}
