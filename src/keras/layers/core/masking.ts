/** The layer that masks steps by their values. How masks travel is the engine's business. */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { notEqual } from '../../../ops/comparison.ts';
import { reduceAny } from '../../../ops/reductions.ts';
import { squeeze } from '../../../ops/shaping.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { setMask } from '../../engine/history.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import type { MaskNest, ShapeNest, TensorNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';

export interface MaskingOptions extends LayerOptions {
  /** 0 without it. */
  readonly maskValue?: number;
}

/**
 * Masks the steps of `[batch, time, …, features]` whose features all have `maskValue`, and sets them to zero. Layers after it
 * skip these steps.
 *
 *     new tf.keras.layers.Masking({maskValue: -1, inputShape: [10, 3]})
 */
export class Masking extends Layer {
  static readonly className: string = 'Masking';
  readonly maskValue: number;

  constructor(...rest: Rest<[maskValue: number], MaskingOptions>) {
    const options = bind<MaskingOptions>(['maskValue'], rest);
    super(options);
    this.supportsMasking = true;
    this.maskValue = options.maskValue ?? 0;
  }

  override call(inputs: Tensor): Tensor {
    const counts = reduceAny(notEqual(inputs, this.maskValue), -1, true);
    const outputs = inputs.mul(cast(counts, inputs.dtype));
    setMask(outputs, squeeze(counts, [-1]));
    return outputs;
  }
  override computeMask(inputs: TensorNest, _mask: MaskNest = null): MaskNest {
    return reduceAny(notEqual(inputs as Tensor, this.maskValue), -1);
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), maskValue: this.maskValue };
  }
}
