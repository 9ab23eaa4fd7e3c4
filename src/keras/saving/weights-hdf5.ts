/**
 * Weights in HDF5 files, laid out as Keras 2.15 does it: a group per layer, its weights under their names. Keras 3's layout
 * is `keras3.ts`'s, whole models `model-hdf5.ts`'s.
 */
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { sameShape } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Layer } from '../engine/layer.ts';
import type { TensorNest } from '../engine/nest.ts';
import type { Network } from '../models/network.ts';
import { type Assignment, assignAll, checkBuilt, fitting, pythonTuple, valuesOf } from './assignments.ts';
import { Hdf5Group, readHdf5, writeHdf5 } from './hdf5.ts';
import { isKeras3Weights, keras3Assignments } from './keras3.ts';
import { KERAS_VERSION } from './version.ts';

type AnyModel = Network<TensorNest>;

export interface LoadWeightsOptions {
  /** Whether layers are found by their names, not by their order. */
  readonly byName?: boolean;
  /** With `byName`: whether weights that do not fit are left as they are. */
  readonly skipMismatch?: boolean;
}

// ---------------------------------------------------------------------------------------------------------------------
// Saving

/**
 * The weights of the model as the bytes of a file that Keras reads.
 *
 *     const bytes = await tf.keras.models.saveWeightsToHdf5(model);
 */
export async function saveWeightsToHdf5(model: AnyModel): Promise<Uint8Array> {
  checkBuilt(model);
  const root = new Hdf5Group();
  writeWeights(root, model, await valuesOf(model, model.weights));
  return writeHdf5(root);
}

/** Writes the weights of the model into a group. */
export function writeWeights(root: Hdf5Group, model: AnyModel, values: ReadonlyMap<Variable, NdArray>): void {
  root.attributes.set(
    'layer_names',
    model.layers.map(({ name }) => name),
  );
  root.attributes.set('backend', 'tensorflow');
  root.attributes.set('keras_version', KERAS_VERSION);
  for (const layer of model.layers) writeVariables(root.groupAt(layer.name), savedWeights(layer), values);
  writeVariables(root.groupAt('top_level_model_weights'), topLevelWeights(model), values);
}

/** Writes variables into a group, in their order. */
export function writeVariables(
  group: Hdf5Group,
  variables: readonly Variable[],
  values: ReadonlyMap<Variable, NdArray>,
): void {
  group.attributes.set(
    'weight_names',
    variables.map(({ name }) => name),
  );
  for (const variable of variables) group.setArray(variable.name, values.get(variable) as NdArray);
}

/** The weights of a layer in the order of files. */
function savedWeights(layer: Layer<TensorNest>): readonly Variable[] {
  return [...new Set([...layer.trainableWeights, ...layer.nonTrainableWeights])];
}

/** The weights that a model has itself, outside of its layers. */
function topLevelWeights(model: AnyModel): readonly Variable[] {
  const inner = new Set(model.layers.flatMap((layer) => layer.weights));
  return model.weights.filter((variable) => !inner.has(variable));
}

// ---------------------------------------------------------------------------------------------------------------------
// Loading

/**
 * Sets the weights of the model from the bytes of a file, all or none. Rejects with `ValueError` where layers, weights or
 * shapes do not fit.
 *
 *     await tf.keras.models.loadWeightsFromHdf5(model, bytes, {byName: true});
 */
export async function loadWeightsFromHdf5(
  model: AnyModel,
  bytes: Uint8Array,
  options: LoadWeightsOptions = {},
): Promise<void> {
  const root = await readHdf5(bytes);
  await assignAll(model, weightsFor(root, model, options));
}

/** What to assign from a file of weights or of a model. */
export function weightsFor(root: Hdf5Group, model: AnyModel, options: LoadWeightsOptions): Assignment[] {
  const { byName = false, skipMismatch = false } = options;
  checkBuilt(model);
  if (skipMismatch && !byName) {
    throw new ValueError(
      'When calling model.load_weights, skip_mismatch can only be set to True when by_name is True.',
    );
  }
  const inner = root.findGroup('model_weights');
  const group = !namesIn(root, 'layer_names') && inner ? inner : root;
  if (!namesIn(group, 'layer_names')) {
    if (isKeras3Weights(group)) return keras3Assignments(group, model);
    throw new ValueError('The file holds no weights of a Keras model: it has no attribute `layer_names`.');
  }
  return byName ? byLayerName(group, model, skipMismatch) : inOrder(group, model);
}

/** A list of names among the attributes, also one in several parts; null where there is none. */
export function namesIn(group: Hdf5Group, name: string): string[] | null {
  const whole = group.attributes.get(name);
  if (whole !== undefined) return Array.isArray(whole) ? whole.map(String) : [];
  const found: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.attributes.get(`${name}${i}`);
    if (part === undefined) return i === 0 ? null : found;
    found.push(...(part as readonly string[]));
  }
}

/** The arrays of a group, in the order of its names. */
export function arraysIn(group: Hdf5Group): NdArray[] {
  return (namesIn(group, 'weight_names') ?? []).map((name) => {
    const found = group.findArray(name);
    if (found) return found;
    throw new ValueError(`The file names a weight '${name}' that it does not hold.`);
  });
}

function groupOf(root: Hdf5Group, name: string): Hdf5Group {
  const found = root.findGroup(name);
  if (found) return found;
  throw new ValueError(`The file names a layer '${name}' that it does not hold.`);
}

function inOrder(root: Hdf5Group, model: AnyModel): Assignment[] {
  const layers = model.layers.filter((layer) => layer.weights.length > 0);
  const groups = (namesIn(root, 'layer_names') as string[])
    .map((name) => ({ name, group: groupOf(root, name) }))
    .filter(({ group }) => (namesIn(group, 'weight_names') ?? []).length > 0);
  if (groups.length !== layers.length) {
    throw new ValueError(
      `Layer count mismatch when loading weights from file. Model expected ${layers.length} layers, found ${groups.length} saved layers.`,
    );
  }
  const assignments = groups.flatMap(({ name, group }, k) => {
    const layer = layers[k];
    const [variables, values] = [savedWeights(layer), arraysIn(group)];
    if (values.length !== variables.length) {
      throw new ValueError(
        `Weight count mismatch for layer #${k} (named ${layer.name} in the current model, ${name} in the save file). Layer expects ${variables.length} weight(s). Received ${values.length} saved weight(s)`,
      );
    }
    return variables.map((variable, i) => fitting(variable, values[i], `layer #${k} (named ${layer.name})`));
  });
  return [...assignments, ...topLevel(root, model, false)];
}

function topLevel(root: Hdf5Group, model: AnyModel, skipMismatch: boolean): Assignment[] {
  const group = root.findGroup('top_level_model_weights');
  if (!group) return [];
  const [variables, values] = [topLevelWeights(model), arraysIn(group)];
  if (values.length !== variables.length) {
    if (skipMismatch) return [];
    throw new ValueError(
      `Weight count mismatch for top-level weights when loading weights from file. Model expects ${variables.length} top-level weight(s). Received ${values.length} saved top-level weight(s)`,
    );
  }
  return variables.flatMap((variable, i) =>
    skipMismatch && !sameShape(variable.shape, values[i].shape)
      ? []
      : [fitting(variable, values[i], 'top-level weights')],
  );
}

function byLayerName(root: Hdf5Group, model: AnyModel, skipMismatch: boolean): Assignment[] {
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const assignments = (namesIn(root, 'layer_names') as string[]).flatMap((name, k) => {
    const layer = layers.get(name);
    if (!layer) return [];
    const [variables, values] = [savedWeights(layer), arraysIn(groupOf(root, name))];
    if (values.length !== variables.length) {
      if (skipMismatch) return [];
      throw new ValueError(
        `Weight count mismatch for layer #${k} (named ${name}). Layer expects ${variables.length} weight(s). Received ${values.length} saved weight(s)`,
      );
    }
    return variables.flatMap((variable, i) => {
      if (sameShape(variable.shape, values[i].shape)) return [fitting(variable, values[i], name)];
      if (skipMismatch) return [];
      throw new ValueError(
        `Shape mismatch in layer #${k} (named ${name}) for weight ${variable.name}. Weight expects shape ${pythonTuple(variable.shape)}. Received saved weight with shape ${pythonTuple(values[i].shape)}`,
      );
    });
  });
  return [...assignments, ...topLevel(root, model, skipMismatch)];
}
