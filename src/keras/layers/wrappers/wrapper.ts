/** The base of layers around another layer. */
import { ValueError } from '../../../util/errors.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import type { ShapeNest, TensorNest } from '../../engine/nest.ts';
import { type Config, isSerialized, type Serialized } from '../../serialization.ts';
import { deserializeLayer, serializeLayer } from '../lookup.ts';

export interface WrapperOptions extends LayerOptions {
  /** The layer inside, or its configuration. */
  readonly layer?: Layer<TensorNest> | Serialized;
}

/** A layer around another, whose weights and losses become its own. Subclasses say what happens in `call`. */
export abstract class Wrapper extends Layer {
  /** The layer inside. */
  readonly layer: Layer<TensorNest>;

  constructor(options: WrapperOptions) {
    super(options);
    const { layer } = options;
    const inner = isSerialized(layer) ? deserializeLayer(layer) : layer;
    if (!(inner instanceof Layer)) {
      throw new ValueError(
        `Layer ${String(inner)} supplied to wrapper is not a supported layer type. Please ensure wrapped layer is a valid TF-Keras layer.`,
      );
    }
    this.layer = inner;
  }

  /** Builds the layer inside for inputs of this shape, in the name scope of this one. */
  override build(inputShape: ShapeNest): void {
    this.layer.ensureBuilt(inputShape);
    super.build(inputShape);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), layer: serializeLayer(this.layer) };
  }
}
