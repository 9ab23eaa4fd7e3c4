/**
 * Whole models in HDF5 files, laid out as Keras 2.15 does it: configuration, weights, what the model was compiled with, and
 * what its optimizer has learnt. Weights alone are `weights-hdf5.ts`'s.
 */

import { float32 } from '../../util/dtype.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { buildingIn } from '../binding.ts';
import type { KerasContext } from '../context.ts';
import type { TensorNest } from '../engine/nest.ts';
import { atomically } from '../engine/undo.ts';
import { modelFromConfigIn } from '../models/model-json.ts';
import type { Network } from '../models/network.ts';
import { serializeEntry } from '../models/network-config.ts';
import { Optimizer } from '../optimizers/index.ts';
import { type CustomObjects, customObjectScope } from '../serialization.ts';
import type { Compiled, CompileOptions } from '../training/compiled.ts';
import { type Assignment, assignAll, checkBuilt, fitting, valuesOf } from './assignments.ts';
import { Hdf5Group, readHdf5, writeHdf5 } from './hdf5.ts';
import { configText, parseText } from './json-text.ts';
import { compileOptionsFrom, trainingConfig } from './training-config.ts';
import { KERAS_VERSION } from './version.ts';
import { arraysIn, weightsFor, writeVariables, writeWeights } from './weights-hdf5.ts';

/** A model that can be saved with all it has: `Model` is one. */
export interface SavableModel extends Network<TensorNest> {
  readonly isCompiled: boolean;
  readonly compileOptions: CompileOptions | null;
  readonly compiled: Compiled;
  readonly optimizer: unknown;
  compile(options: CompileOptions): void;
}

export interface SaveModelOptions {
  /** Whether what the model was compiled with, and the optimizer's state, are saved too; true without it. */
  readonly includeOptimizer?: boolean;
}

export interface LoadModelOptions {
  /** Classes and functions of the user's, by name. */
  readonly customObjects?: CustomObjects | null;
  /** Whether the model is compiled as the saved one was; true without it. */
  readonly compile?: boolean;
}

/**
 * The model as the bytes of a file that Keras reads. Rejects with `ValueError` for what has no configuration.
 *
 *     const bytes = await tf.keras.models.saveModelToHdf5(model);
 */
export async function saveModelToHdf5(
  model: SavableModel,
  { includeOptimizer = true }: SaveModelOptions = {},
): Promise<Uint8Array> {
  const entry = entryOf(model);
  checkBuilt(model);
  const session = await model.context.sessionOf(model);
  const training = includeOptimizer && model.isCompiled ? await trainingConfig(model, session) : null;
  const optimizer = training ? optimizerVariables(model) : [];
  const values = await valuesOf(model, [...model.weights, ...optimizer]);
  const root = new Hdf5Group();
  root.attributes.set('keras_version', KERAS_VERSION);
  root.attributes.set('backend', 'tensorflow');
  root.attributes.set('model_config', configText(entry));
  if (training) root.attributes.set('training_config', configText(training));
  writeWeights(root.groupAt('model_weights'), model, values);
  if (optimizer.length > 0) writeVariables(root.groupAt('optimizer_weights'), optimizer, values);
  return writeHdf5(root);
}

function entryOf(model: SavableModel): unknown {
  try {
    return serializeEntry(model);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    throw new RuntimeError(
      `Saving the model requires the model to be a Functional model or a Sequential model. It does not work for subclassed models, because such models are defined via the body of a method, which isn't safely serializable. Consider \`saveWeights\`. (${error.message})`,
    );
  }
}

/** What the optimizer has learnt, in the order of files; nothing before the first step of training. */
function optimizerVariables({ optimizer, graph }: SavableModel) {
  if (!(optimizer instanceof Optimizer)) return [];
  return graph.asDefault(() => optimizer.weights).filter((variable) => variable.graph === graph);
}

/**
 * The model of a file, with its weights; compiled, and its optimizer as it was. Rejects with `ValueError` for what is no
 * such file.
 */
export async function loadModelFromHdf5In(
  context: KerasContext,
  bytes: Uint8Array,
  options: LoadModelOptions = {},
): Promise<SavableModel> {
  const root = await readHdf5(bytes);
  const config = root.text('model_config');
  if (config === null) throw new ValueError('No model config found in the file.');
  const training = root.text('training_config');
  return restore(context, parseText(config), training && parseText(training), options, (model) => ({
    weights: weightsFor(root, model, {}),
    optimizer: () => {
      const group = root.findGroup('optimizer_weights');
      return group ? arraysIn(group) : null;
    },
  }));
}

/** The values of a saved model. */
interface SavedValues {
  readonly weights: readonly Assignment[];
  optimizer(): readonly NdArray[] | null;
}

/** Makes a model, compiles it, and gives it its values; what was built is taken back where that fails. */
export async function restore(
  context: KerasContext,
  config: unknown,
  training: unknown,
  { customObjects = null, compile = true }: LoadModelOptions,
  valuesFor: (model: SavableModel) => SavedValues,
): Promise<SavableModel> {
  const build = () =>
    atomically(context.graph, () => {
      const model = modelFromConfigIn(context, config, { customObjects }) as SavableModel;
      const values = valuesFor(model);
      if (compile && isObject(training)) model.compile(buildingIn(context, () => compileOptionsFrom(training)));
      const state = model.isCompiled ? optimizerAssignments(model, values.optimizer() ?? []) : [];
      return { model, assignments: [...values.weights, ...state] };
    });
  const { model, assignments } = customObjects ? customObjectScope(customObjects, build) : build();
  await assignAll(model, assignments);
  return model;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Builds the step of training, so that the optimizer has its variables. Nothing where the state does not fit, as Keras. */
function optimizerAssignments(model: SavableModel, saved: readonly NdArray[]): Assignment[] {
  if (saved.length === 0) return [];
  model.compiled.prepare('train');
  const { optimizer } = model;
  if (!(optimizer instanceof Optimizer)) return [];
  const variables = optimizerVariables(model);
  const values = optimizer.alignWeights(saved, NdArray.zeros(float32, []));
  if (values.length !== variables.length) return [];
  return variables.map((variable, i) => fitting(variable, values[i], `the state of ${optimizer.name}`));
}
