/** Layers by the names of their classes: configurations to layers and back. Which layers there are, `registry.ts` says. */
import { Layer } from '../engine/layer.ts';
import type { TensorNest } from '../engine/nest.ts';
import {
  type ConfigurableClass,
  type CustomObjects,
  classNameOf,
  deserializeObject,
  type Serialized,
  serializeObject,
} from '../serialization.ts';

type LayerClass = ConfigurableClass<Layer<TensorNest>>;

const known = new Map<string, LayerClass>();

/** The classes that configurations name without a word from the user. */
export const knownLayers: ReadonlyMap<string, LayerClass> = known;

/** Makes the layer classes of a namespace known. */
export function registerLayers(namespace: object): void {
  for (const value of Object.values(namespace)) {
    if (typeof value === 'function' && value.prototype instanceof Layer) {
      const layer = value as unknown as LayerClass;
      known.set(classNameOf(layer), layer);
    }
  }
}

/**
 * The layer of a configuration. Throws `ValueError` for a class that is unknown; `customObjects` may know more.
 *
 *     tf.keras.layers.deserialize({className: 'Dense', config: {units: 3}})
 */
export function deserializeLayer(serialized: Serialized, customObjects?: CustomObjects | null): Layer<TensorNest> {
  return deserializeObject(serialized, known, { customObjects, kind: 'layer' });
}

/**
 * The configuration of a layer: its class's name and what it was made from; not its weights.
 *
 *     tf.keras.layers.serialize(layer)
 */
export function serializeLayer(layer: Layer<TensorNest>): Serialized {
  return serializeObject(layer);
}
