/**
 * Saving and loading by path, by bytes or by a function: which format is meant, and where it is. The formats themselves are
 * `weights-hdf5.ts`'s, `model-hdf5.ts`'s, `tfjs.ts`'s and `keras-archive.ts`'s. Files are touched in Node only.
 */
import { AlreadyExistsError, NotFoundError, RuntimeError, ValueError } from '../../util/errors.ts';
import type { KerasContext } from '../context.ts';
import type { TensorNest } from '../engine/nest.ts';
import type { Network } from '../models/network.ts';
import { isHdf5 } from './hdf5.ts';
import { parseText } from './json-text.ts';
import { isArchive, loadArchiveIn, loadArchiveWeights } from './keras-archive.ts';
import {
  type LoadModelOptions,
  loadModelFromHdf5In,
  type SavableModel,
  type SaveModelOptions,
  saveModelToHdf5,
} from './model-hdf5.ts';
import { loadTfjsIn, saveTfjs, shardsOf, type TfjsModelJson } from './tfjs.ts';
import { type LoadWeightsOptions, loadWeightsFromHdf5, saveWeightsToHdf5 } from './weights-hdf5.ts';

/** Where bytes go: a path (in Node), or a function that takes them. */
export type SaveTarget = string | ((bytes: Uint8Array) => unknown);
/** Where bytes come from: a path (in Node), the bytes, or a function that gives them. */
export type LoadSource = string | Uint8Array | ArrayBuffer | (() => Bytes | Promise<Bytes>);
type Bytes = Uint8Array | ArrayBuffer;

export interface SaveFileOptions extends SaveModelOptions {
  /** Whether a file that is there is replaced; true without it. */
  readonly overwrite?: boolean;
}

export interface SaveWeightsOptions {
  /** Whether a file that is there is replaced; true without it. */
  readonly overwrite?: boolean;
}

type Files = typeof import('./files-node.ts');

const isNode =
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === 'string';

async function files(path: string): Promise<Files> {
  if (isNode) return import('./files-node.ts');
  throw new RuntimeError(
    `There is no file '${path}' outside of Node. Work with bytes: saveModelToHdf5, loadModelFromHdf5, saveWeightsToHdf5, loadWeightsFromHdf5, saveTfjs and loadTfjs of tf.keras.models.`,
  );
}

/** Whether a path is that of a single file, of HDF5. */
function isHdf5Path(path: string): boolean {
  return /\.(h5|hdf5|keras)$/i.test(path);
}

async function checkFree(disk: Files, path: string, overwrite: boolean): Promise<void> {
  if (overwrite || (await disk.kindOf(path)) === 'none') return;
  throw new AlreadyExistsError(null, `'${path}' exists already, and \`overwrite\` is false.`);
}

async function put(target: SaveTarget, bytes: Uint8Array, overwrite: boolean): Promise<void> {
  if (typeof target === 'function') {
    await target(bytes);
    return;
  }
  const disk = await files(target);
  await checkFree(disk, target, overwrite);
  await disk.write(target, bytes);
}

async function bytesFrom(source: LoadSource): Promise<Uint8Array> {
  if (typeof source === 'function') return asBytes(await source());
  if (typeof source !== 'string') return asBytes(source);
  const disk = await files(source);
  if ((await disk.kindOf(source)) !== 'file') throw new NotFoundError(null, `No file or directory found at ${source}`);
  return disk.read(source);
}

function asBytes(bytes: Bytes): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

// ---------------------------------------------------------------------------------------------------------------------
// Weights

export async function saveWeightsTo(
  model: Network<TensorNest>,
  target: SaveTarget,
  { overwrite = true }: SaveWeightsOptions = {},
): Promise<void> {
  await put(target, await saveWeightsToHdf5(model), overwrite);
}

export async function loadWeightsFrom(
  model: Network<TensorNest>,
  source: LoadSource,
  options: LoadWeightsOptions = {},
): Promise<void> {
  const bytes = await bytesFrom(source);
  await (isArchive(bytes) ? loadArchiveWeights(model, bytes) : loadWeightsFromHdf5(model, bytes, options));
}

// ---------------------------------------------------------------------------------------------------------------------
// Models

export async function saveModelTo(
  model: SavableModel,
  target: SaveTarget,
  options: SaveFileOptions = {},
): Promise<void> {
  const { overwrite = true } = options;
  if (typeof target === 'function' || isHdf5Path(target)) {
    await put(target, await saveModelToHdf5(model, options), overwrite);
    return;
  }
  const disk = await files(target);
  const path = target.endsWith('.json') ? target : disk.join(target, 'model.json');
  await checkFree(disk, path, overwrite);
  const artifacts = await saveTfjs(model, options);
  for (const [name, bytes] of shardsOf(artifacts)) await disk.write(disk.join(disk.dirname(path), name), bytes);
  await disk.write(path, JSON.stringify(artifacts.modelJson));
}

export async function loadModelFrom(
  context: KerasContext,
  source: LoadSource,
  options: LoadModelOptions = {},
): Promise<SavableModel> {
  if (typeof source === 'string' && !isHdf5Path(source)) {
    const disk = await files(source);
    const path = (await disk.kindOf(source)) === 'directory' ? disk.join(source, 'model.json') : source;
    if (path.endsWith('.json')) return loadJson(context, disk, path, options);
  }
  const bytes = await bytesFrom(source);
  if (isArchive(bytes)) return loadArchiveIn(context, bytes, options);
  if (isHdf5(bytes)) return loadModelFromHdf5In(context, bytes, options);
  throw new ValueError('The bytes are no saved model: neither HDF5 nor an archive of Keras 3.');
}

async function loadJson(
  context: KerasContext,
  disk: Files,
  path: string,
  options: LoadModelOptions,
): Promise<SavableModel> {
  if ((await disk.kindOf(path)) !== 'file') throw new NotFoundError(null, `No file or directory found at ${path}`);
  const json = parseText(new TextDecoder().decode(await disk.read(path))) as TfjsModelJson;
  return loadTfjsIn(context, json, (name) => disk.read(disk.join(disk.dirname(path), name)), options);
}
