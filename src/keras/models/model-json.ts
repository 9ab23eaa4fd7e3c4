/**
 * Models as JSON text and back, and copies of models. What a configuration holds is `network-config.ts`'s business,
 * weights are `../saving`'s.
 */
import type { Tensor } from '../../graph/graph.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { buildingIn } from '../binding.ts';
import type { KerasContext } from '../context.ts';
import type { TensorNest } from '../engine/nest.ts';
import { deserializeLayer } from '../layers/registry.ts';
import { configText, parseText, readConfig } from '../saving/json-text.ts';
import { fromKeras3, isKeras3 } from '../saving/keras3-config.ts';
import { KERAS_VERSION } from '../saving/version.ts';
import { type Config, type CustomObjects, customObjectScope, isSerialized } from '../serialization.ts';
import { Network } from './network.ts';
import { serializeEntry } from './network-config.ts';

/** The model as JSON that Keras reads: its layers and their calls, without weights. */
export function modelToJson(model: Network<TensorNest>): string {
  return configText({ ...serializeEntry(model), kerasVersion: KERAS_VERSION, backend: 'tensorflow' });
}

export interface FromConfigOptions {
  /** Classes and functions of the user's, by name. */
  readonly customObjects?: CustomObjects | null;
}

/** The model of a configuration, with keys as here or as in files. */
export function modelFromConfigIn(
  context: KerasContext,
  config: unknown,
  { customObjects = null }: FromConfigOptions,
): Network<TensorNest> {
  if (Array.isArray(config)) {
    throw new TypeError(
      '`model_from_config` expects a dictionary, not a list. Did you mean to use `Sequential.fromConfig(config)`?',
    );
  }
  const read = readConfig(isKeras3(config) ? fromKeras3(config) : config);
  if (!isSerialized(read)) throw new ValueError('Improperly formatted model config.');
  const build = () => buildingIn(context, () => deserializeLayer(read, customObjects));
  const model = customObjects ? customObjectScope(customObjects, build) : build();
  if (model instanceof Network) return model;
  throw new ValueError(`The configuration is that of a layer (${read.className}), not of a model.`);
}

/** The model of what `toJson`, or Keras's `to_json`, gave. */
export function modelFromJsonIn(context: KerasContext, json: string, options: FromConfigOptions): Network<TensorNest> {
  return modelFromConfigIn(context, parseText(json), options);
}

/** The class of a model, as `fromConfig` makes its objects. */
export type ModelClass<M> = new (options: {
  readonly inputs?: readonly Tensor[];
  readonly outputs?: Tensor | readonly Tensor[];
  readonly name?: string | null;
  readonly trainable?: boolean;
}) => M;

/** Whether a configuration is that of tensors between layers, not of a subclass's own making. */
export function isFunctionalConfig(config: Config): boolean {
  return 'layers' in config && 'inputLayers' in config && 'outputLayers' in config;
}
