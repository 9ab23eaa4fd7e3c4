/**
 * Loading SavedModels: the graph with the wanted tags into the session's graph, the values of its variables into the
 * session, then its initializers. Nodes and collections are `meta-graph/import.ts`'s, values the saver's.
 */
import type { Evaluator } from '../../graph/evaluator.ts';
import { Graph, type Operation, type Tensor } from '../../graph/graph.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { KeyError, NotFoundError, RuntimeError, TypeError } from '../../util/errors.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { prependNameScope } from '../../variables/variable-def.ts';
import { type FolderSource, pathOfFolder } from '../file-sources.ts';
import { fileSystem, joinPath } from '../file-system.ts';
import type { InputMap } from '../import-graph.ts';
import { importWithElements } from '../meta-graph/import.ts';
import { AssetFileDef, type MetaGraphDef } from '../meta-graph/messages.ts';
import {
  ASSETS_DIRECTORY,
  ASSETS_KEY,
  INIT_OP_SIGNATURE_KEY,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
} from './constants.ts';
import { readSavedModel, type SavedModel, variablesPath } from './message.ts';
import { elementOfInfo } from './tensor-info.ts';

export interface LoadOptions {
  /** The scope that the graph comes into; the root without it. */
  readonly importScope?: string | null;
  /** Whether devices are left out. */
  readonly clearDevices?: boolean;
  /** What stands in for inputs, as in `tf.importGraphDef`. */
  readonly inputMap?: InputMap | null;
}

/**
 * Loads a model that `tf.savedModel` or TensorFlow has written: adds the graph whose tags are exactly these to the
 * session's graph, restores its variables, and runs its main operation with the paths of its assets. Resolves to the meta
 * graph, of which the signatures tell the names of inputs and outputs. Rejects with `NotFoundError` where the folder holds
 * no model, `RuntimeError` where no graph has these tags, `DataLossError` for damaged files, and as `tf.importGraphDef` and
 * `Saver.restore` do.
 *
 *     const meta = await tf.savedModel.loader.load(sess, [tf.savedModel.SERVING], '/models/digits');
 *     const { inputs, outputs } = meta.signatureDef.get('serving_default');
 *     await sess.run(outputs.get('y').name, {feedDict: new Map([[inputs.get('x').name, image]])});
 *
 * In a page the folder may be a `URL`, or the files of an `<input type="file" webkitdirectory>`.
 */
export async function load(
  sess: Evaluator,
  tags: Iterable<string>,
  exportDir: FolderSource,
  ...rest: Rest<[importScope: string | null], LoadOptions>
): Promise<MetaGraphDef> {
  const { importScope = null, clearDevices, inputMap } = bind<LoadOptions>(['importScope'], rest);
  const graph = sess?.graph;
  if (!(graph instanceof Graph) || typeof sess.run !== 'function') {
    throw new TypeError(`sess must be a \`tf.Session\` object. Given class: <class '${pythonTypeName(sess)}'>`);
  }
  const folder = pathOfFolder(exportDir);
  const meta = metaGraphWithTags(await readSavedModel(folder), tags);
  const { saver, scope } = graph.asDefault(() => importWithElements(meta, { clearDevices, inputMap, importScope }));
  if (saver) await saver.restore(sess, variablesPath(folder));
  const initOp = initOpOf(meta, graph, scope);
  if (initOp) await sess.run([initOp], { feedDict: assetPaths(meta, folder, scope) });
  return meta;
}

/** Whether the folder has the file of a model; what is in it is not looked at. */
export async function maybeSavedModelDirectory(exportDir: string): Promise<boolean> {
  const files = await fileSystem(exportDir);
  for (const name of [SAVED_MODEL_FILENAME_PBTXT, SAVED_MODEL_FILENAME_PB]) {
    if (await files.exists(joinPath(exportDir, name))) return true;
  }
  return false;
}

/** The graph whose tags are these. Throws `RuntimeError` where there is none. */
export function metaGraphWithTags({ metaGraphs }: SavedModel, tags: Iterable<string>): MetaGraphDef {
  const wanted = new Set(tags);
  const tagsOf = (meta: MetaGraphDef) => new Set(meta.metaInfoDef?.tags ?? []);
  const found = metaGraphs.find((meta) => {
    const own = tagsOf(meta);
    return own.size === wanted.size && [...wanted].every((tag) => own.has(tag));
  });
  if (found) return found;
  const list = (items: Iterable<string>) => Array.from(items, (tag) => `'${tag}'`).join(', ');
  const available = metaGraphs.map((meta) => (tagsOf(meta).size > 0 ? `{${list(tagsOf(meta))}}` : 'set()'));
  throw new RuntimeError(
    `MetaGraphDef associated with tags ${list(wanted)} could not be found in SavedModel, with available tags '[${available.join(', ')}]'. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: \`saved_model_cli\`.`,
  );
}

/** What a model runs after it is loaded: an element of the graph; null where there is none. */
export function initOpOf(meta: MetaGraphDef, graph: Graph, scope: string): Tensor | Operation | null {
  const info = meta.signatureDef.get(INIT_OP_SIGNATURE_KEY)?.outputs.get(INIT_OP_SIGNATURE_KEY);
  if (info) {
    try {
      return elementOfInfo(info, graph, scope);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      const key = INIT_OP_SIGNATURE_KEY;
      throw new NotFoundError(
        null,
        `The key "${key}" could not be found in the graph. Please make sure the SavedModel was created by the internal _SavedModelBuilder. If you are using the public API, please make sure the SignatureDef in the SavedModel does not contain the key "${key}".`,
      );
    }
  }
  for (const key of [MAIN_OP_KEY, LEGACY_INIT_OP_KEY]) {
    const names = meta.collectionDef.get(key)?.nodeList?.value;
    if (!names) continue;
    if (names.length !== 1) {
      const list = names.map((name) => `'${name}'`).join(', ');
      throw new RuntimeError(`Expected exactly one SavedModel init op. Found ${names.length}: [${list}].`);
    }
    return graph.asGraphElement(prependNameScope(names[0], scope));
  }
  return null;
}

/** By the tensors that take them, the paths of the model's files. */
export function assetPaths(meta: MetaGraphDef, exportDir: string, scope: string): Map<string, string> {
  const packed = meta.collectionDef.get(ASSETS_KEY)?.anyList?.value ?? [];
  const assets =
    meta.assetFileDef.length > 0 ? meta.assetFileDef : packed.map(({ value }) => AssetFileDef.fromString(value));
  const folder = joinPath(exportDir, ASSETS_DIRECTORY);
  return new Map(
    assets.map(({ tensorInfo, filename }) => [
      prependNameScope(tensorInfo?.name ?? '', scope),
      joinPath(folder, filename),
    ]),
  );
}
