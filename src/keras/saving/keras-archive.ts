/** Files of Keras 3 (`.keras`): an archive of a configuration and of weights. They are read here, not written. */
import { ValueError } from '../../util/errors.ts';
import type { KerasContext } from '../context.ts';
import type { TensorNest } from '../engine/nest.ts';
import type { Network } from '../models/network.ts';
import { assignAll, checkBuilt } from './assignments.ts';
import { type Hdf5Group, readHdf5 } from './hdf5.ts';
import { parseText } from './json-text.ts';
import { keras3Assignments } from './keras3.ts';
import { type LoadModelOptions, restore, type SavableModel } from './model-hdf5.ts';

const [P, K] = [0x50, 0x4b];

export function isArchive(bytes: Uint8Array): boolean {
  return bytes[0] === P && bytes[1] === K && bytes[2] === 3 && bytes[3] === 4;
}

async function open(bytes: Uint8Array): Promise<{ readonly config: Json; readonly weights: Hdf5Group }> {
  const { unzipSync } = await import('fflate');
  const entries = unzipSync(bytes);
  const [config, weights] = [entries['config.json'], entries['model.weights.h5']];
  if (!config || !weights)
    throw new ValueError('The archive is no saved model: it lacks config.json or model.weights.h5.');
  return { config: parseText(new TextDecoder().decode(config)) as Json, weights: await readHdf5(weights) };
}

type Json = Readonly<Record<string, unknown>>;

/** The model of an archive. It is compiled as the saved one was; what the optimizer had learnt is not restored. */
export async function loadArchiveIn(
  context: KerasContext,
  bytes: Uint8Array,
  options: LoadModelOptions,
): Promise<SavableModel> {
  const { config, weights } = await open(bytes);
  return restore(context, config, trainingOf(config.compile_config), options, (model) => ({
    weights: keras3Assignments(weights, model),
    optimizer: () => null,
  }));
}

/** Sets the weights of a model from an archive. */
export async function loadArchiveWeights(model: Network<TensorNest>, bytes: Uint8Array): Promise<void> {
  checkBuilt(model);
  const { weights } = await open(bytes);
  await assignAll(model, keras3Assignments(weights, model));
}

/** Options of optimizers that only Keras 3 has, and the values with which they do nothing. */
const NEUTRAL: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['weight_decay', [null, 0]],
  ['use_ema', [false]],
  ['loss_scale_factor', [null]],
  ['gradient_accumulation_steps', [null]],
]);
const UNUSED = new Set(['ema_momentum', 'ema_overwrite_frequency', 'jit_compile', 'is_legacy_optimizer']);

/** A training configuration in the form of Keras 2. */
function trainingOf(given: unknown): Json | null {
  if (!isObject(given) || !given.optimizer) return null;
  const { optimizer, loss, metrics, loss_weights, weighted_metrics } = given;
  const rest = { loss, metrics, loss_weights, weighted_metrics };
  if (!isObject(optimizer)) return { optimizer_config: optimizer, ...rest };
  const { class_name, config } = optimizer as { readonly class_name?: string; readonly config?: Json };
  const kept = Object.entries(config ?? {}).filter(([key, value]) => {
    const neutral = NEUTRAL.get(key);
    if (neutral && !neutral.includes(value)) {
      throw new ValueError(
        `The optimizer of the saved model has ${key}=${String(value)}, which is not supported: load it with \`compile: false\`.`,
      );
    }
    return !neutral && !UNUSED.has(key) && value !== null;
  });
  const name = String(class_name).replace(/^.*>/, '');
  return { optimizer_config: { class_name: name, config: Object.fromEntries(kept) }, ...rest };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
