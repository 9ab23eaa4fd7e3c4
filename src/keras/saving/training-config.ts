/**
 * What a model was compiled with, as files of Keras have it: optimizer, losses and metrics, and the way back. Values of the
 * optimizer's variables are `model-hdf5.ts`'s.
 */
import type { AnySession } from '../../graph/evaluator.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { deserialize as deserializeLoss, serialize as serializeLoss } from '../losses/index.ts';
import { deserialize as deserializeMetric, serialize as serializeMetric } from '../metrics/index.ts';
import { deserialize as deserializeOptimizer, Optimizer } from '../optimizers/index.ts';
import { classNameOf, findObject, isSerialized, toPythonKeys, toSnakeCase } from '../serialization.ts';
import type { CompileOptions } from '../training/compiled.ts';
import { Float, readConfig, Verbatim, writeConfig } from './json-text.ts';

/** A compiled model. */
export interface CompiledModel {
  readonly compileOptions: CompileOptions | null;
  readonly optimizer: unknown;
}

/** The training configuration with the keys of files; null for a model without one of Keras's optimizers. */
export async function trainingConfig(model: CompiledModel, session: AnySession): Promise<Verbatim | null> {
  const { compileOptions: options } = model;
  if (!options || !(model.optimizer instanceof Optimizer)) return null;
  const { optimizer } = model;
  const live = await liveValues(optimizer, session);
  const entries = Object.entries(optimizer.getConfig(live));
  // Keras makes variables of the type that the number has: all are floats.
  const floats = entries.map(([key, value]) => [key, typeof value === 'number' ? new Float(value) : value]);
  const config = { className: classNameOf(optimizer.constructor), config: Object.fromEntries(floats) };
  return new Verbatim({
    loss: nested(options.loss ?? null, (item) => named(item, serializeLoss)),
    metrics: nested(options.metrics ?? [], (item) => named(item, serializeMetric)),
    loss_weights: nested(options.lossWeights ?? null, (item) => item),
    sample_weight_mode: null,
    weighted_metrics: nested(options.weightedMetrics ?? null, (item) => named(item, serializeMetric)),
    optimizer_config: toPythonKeys(config),
  });
}

/** Hyperparameters as they are in the session. */
async function liveValues(optimizer: Optimizer, session: AnySession): Promise<ReadonlyMap<string, number>> {
  const tensors = [...optimizer.hyperTensors()].filter(([, { graph }]) => graph === session.graph);
  const values = (await session.run(tensors.map(([, tensor]) => tensor) as never)) as NdArray[];
  return new Map(tensors.map(([name], i) => [name, Number(values[i].item())]));
}

/** What was given for one thing, for a list, or by output: names of outputs stay as they are. */
function nested(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => nested(item, leaf));
  if (value instanceof Map) return nested(Object.fromEntries(value), leaf);
  const plain = typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  if (!plain || isSerialized(value)) return leaf(value);
  return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, nested(item, leaf)]));
}

/** A loss or metric as text or configuration. */
function named(item: unknown, serialize: (item: unknown) => unknown): unknown {
  if (isSerialized(item)) return writeConfig(item);
  if (typeof item !== 'string') return writeConfig(serialize(item));
  // Names here are also known in camel case, to Keras they are not; a user's own stays what it is.
  return /^[a-z]+[A-Z]/.test(item) && !findObject(item, new Map()) ? toSnakeCase(item) : item;
}

/** What `compile` takes, from a training configuration. Throws `ValueError` for what nobody knows. */
export function compileOptionsFrom(config: Readonly<Record<string, unknown>>): CompileOptions {
  const optimizer = readConfig(config.optimizer_config ?? config.optimizer);
  const read = (value: unknown, revive: (item: never) => unknown): unknown =>
    nested(readLeaves(value), (item) => (isSerialized(item) ? revive(item as never) : item));
  return {
    optimizer: isSerialized(optimizer) ? deserializeOptimizer(optimizer) : optimizer,
    loss: read(config.loss, deserializeLoss),
    metrics: read(config.metrics, deserializeMetric) as CompileOptions['metrics'],
    lossWeights: (config.loss_weights ?? null) as CompileOptions['lossWeights'],
    weightedMetrics: read(config.weighted_metrics, deserializeMetric) as CompileOptions['weightedMetrics'],
  };
}

/** Configurations among the values with the keys of constructors; names of outputs are left alone. */
function readLeaves(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readLeaves);
  if (typeof value !== 'object' || value === null) return value;
  if ('class_name' in value || 'className' in value) return readConfig(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readLeaves(item)]));
}
