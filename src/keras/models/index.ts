/** `tf.keras.models`: models, their configurations, and their files. */

import { inContext } from '../binding.ts';
import type { TensorNest } from '../engine/nest.ts';
import { type LoadSource, loadModelFrom, type SaveFileOptions, type SaveTarget, saveModelTo } from '../saving/files.ts';
import { type LoadModelOptions, loadModelFromHdf5In } from '../saving/model-hdf5.ts';
import { loadTfjsIn, type ShardLoader, type TfjsModelJson } from '../saving/tfjs.ts';
import { type CloneOptions, copyOf } from './clone.ts';
import type { Model } from './model.ts';
import { type FromConfigOptions, modelFromConfigIn, modelFromJsonIn } from './model-json.ts';

export type { LoadSource, SaveFileOptions, SaveTarget, SaveWeightsOptions } from '../saving/files.ts';
export { type LoadModelOptions, type SaveModelOptions, saveModelToHdf5 } from '../saving/model-hdf5.ts';
export { type ShardLoader, saveTfjs, type TfjsArtifacts, type TfjsModelJson, type TfjsWeight } from '../saving/tfjs.ts';
export { type LoadWeightsOptions, loadWeightsFromHdf5, saveWeightsToHdf5 } from '../saving/weights-hdf5.ts';
export type { CloneOptions } from './clone.ts';
export { Model } from './model.ts';
export type { FromConfigOptions } from './model-json.ts';
export { Sequential, type SequentialOptions } from './sequential.ts';

/** A model whose inputs and outputs are known only when it is there. */
type AnyModel = Model<TensorNest>;

/**
 * The model of what `toJson` gave, here or in Keras; with new weights. Throws `ValueError` for what is no such text, and
 * for classes that nobody knows.
 *
 *     const copy = tf.keras.models.modelFromJson(model.toJson(), {customObjects: {Scale}});
 */
export const modelFromJson = inContext(
  (context) =>
    (json: string, options: FromConfigOptions = {}): AnyModel =>
      modelFromJsonIn(context, json, options) as AnyModel,
);

/**
 * The model of a configuration, an object with `className` and `config`, or with Python's keys.
 *
 *     tf.keras.models.modelFromConfig(JSON.parse(text))
 */
export const modelFromConfig = inContext(
  (context) =>
    (config: object, options: FromConfigOptions = {}): AnyModel =>
      modelFromConfigIn(context, config, options) as AnyModel,
);

/**
 * The same model of new layers with weights of their own, in the context of the model. Throws `ValueError` for a model
 * that is given by its `call`.
 *
 *     const copy = tf.keras.models.cloneModel(model);
 *     await copy.setWeights(await model.getWeights());
 */
export function cloneModel<M extends AnyModel>(model: M, options: CloneOptions = {}): M {
  return copyOf(model, options) as M;
}

/**
 * Saves a model with its weights, what it was compiled with, and its optimizer's state: an HDF5 file for a path that ends
 * in `.h5`, `.hdf5` or `.keras` and for a function, which is given the bytes; else a folder of TensorFlow.js's
 * `model.json`. Paths are for Node.
 *
 *     await tf.keras.models.saveModel(model, 'model.h5');
 */
export function saveModel(model: AnyModel, target: SaveTarget, options: SaveFileOptions = {}): Promise<void> {
  return saveModelTo(model, target, options);
}

/**
 * A saved model: from a path (Node), bytes, or a function that gives bytes. HDF5 files, archives of Keras 3 and folders
 * with a `model.json` are known. Rejects with `ValueError` for anything else, with `NotFoundError` where nothing is.
 *
 *     const model = await tf.keras.models.loadModel('model.h5', {customObjects: {Scale}});
 */
export const loadModel = inContext(
  (context) =>
    async (source: LoadSource, options: LoadModelOptions = {}): Promise<AnyModel> =>
      (await loadModelFrom(context, source, options)) as AnyModel,
);

/**
 * The model of an HDF5 file's bytes, as `loadModel`.
 *
 *     const model = await tf.keras.models.loadModelFromHdf5(new Uint8Array(await response.arrayBuffer()));
 */
export const loadModelFromHdf5 = inContext(
  (context) =>
    async (bytes: Uint8Array, options: LoadModelOptions = {}): Promise<AnyModel> =>
      (await loadModelFromHdf5In(context, bytes, options)) as AnyModel,
);

/**
 * The model of TensorFlow.js's layers format. Weights are all bytes in one, or come from a function by the paths in
 * `model.json`.
 *
 *     const load = async (path) => (await fetch(new URL(path, base))).arrayBuffer();
 *     const model = await tf.keras.models.loadTfjs(modelJson, load);
 */
export const loadTfjs = inContext(
  (context) =>
    async (
      modelJson: TfjsModelJson,
      weightData: Uint8Array | ArrayBuffer | ShardLoader,
      options: LoadModelOptions = {},
    ): Promise<AnyModel> =>
      (await loadTfjsIn(context, modelJson, weightData, options)) as AnyModel,
);
