/**
 * `SavedModelBuilder`: writes a model's folder, its graphs with signatures and assets, and once the variables. How graphs
 * become messages is `meta-graph/export.ts`'s, how values become files the saver's.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Evaluator } from '../../graph/evaluator.ts';
import { Graph, Operation, type Tensor } from '../../graph/graph.ts';
import { GraphKeys } from '../../graph/graph-keys.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { AssertionError, KeyError, TypeError, ValueError } from '../../util/errors.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import type { Variable } from '../../variables/variable.ts';
import { Saver } from '../checkpoint/saver.ts';
import { fileSystem, joinPath } from '../file-system.ts';
import { protoOf } from '../message-class.ts';
import type { SignatureDef, TensorInfo } from '../meta-graph/messages.ts';
import { TensorInfoSchema } from '../proto/meta_graph_pb.ts';
import { formatText } from '../text-format.ts';
import { assetItem, assetsOf, copyAssets } from './assets.ts';
import {
  ASSETS_KEY,
  DEFAULT_SERVING_SIGNATURE_DEF_KEY,
  INIT_OP_SIGNATURE_KEY,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  SAVED_MODEL_SCHEMA_VERSION,
  SERVING,
  TRAIN_OP_SIGNATURE_KEY,
  VARIABLES_DIRECTORY,
} from './constants.ts';
import { SavedModel, variablesPath, writeSavedModel } from './message.ts';
import { entriesOf, predictSignatureDef, type SignatureTensors } from './signatures.ts';

export type SignatureDefMap = Readonly<Record<string, SignatureDef>> | ReadonlyMap<string, SignatureDef>;

export interface AddMetaGraphOptions {
  /** By name what the graph computes for others. */
  readonly signatureDefMap?: SignatureDefMap | null;
  /** Constants that are the paths of files which the graph needs. They are copied into the model's folder. */
  readonly assetsCollection?: readonly Tensor[] | null;
  /** The former name of `mainOp`. */
  readonly legacyInitOp?: Operation | null;
  /** Whether devices are left out. */
  readonly clearDevices?: boolean;
  /** The operation that is run after the model is loaded. */
  readonly mainOp?: Operation | null;
  /** Whether attributes with their default values are left out. */
  readonly stripDefaultAttrs?: boolean;
  /** What saves and restores the variables; one of all variables without it. */
  readonly saver?: Saver | null;
}
type AddRest = Rest<
  [
    signatureDefMap: SignatureDefMap | null,
    assetsCollection: readonly Tensor[] | null,
    legacyInitOp: Operation | null,
    clearDevices: boolean,
    mainOp: Operation | null,
    stripDefaultAttrs: boolean,
    saver: Saver | null,
  ],
  AddMetaGraphOptions
>;
const POSITIONS = [
  'signatureDefMap',
  'assetsCollection',
  'legacyInitOp',
  'clearDevices',
  'mainOp',
  'stripDefaultAttrs',
  'saver',
] as const;

/**
 * Writes a SavedModel: first a graph with the variables of a session, then further graphs, which share these, then the
 * file. The folder must be new or empty, else the first of these calls rejects with `AssertionError`.
 *
 *     const builder = new tf.savedModel.Builder('/models/digits/1');
 *     await builder.addMetaGraphAndVariables(sess, [tf.savedModel.SERVING], {
 *       signatureDefMap: {serving_default: tf.savedModel.predictSignatureDef({x}, {y})},
 *     });
 *     await builder.save();
 */
export class SavedModelBuilder {
  private readonly model = new SavedModel({ savedModelSchemaVersion: SAVED_MODEL_SCHEMA_VERSION });
  private readonly copied = new Set<string>();
  private hasVariables = false;
  private isReady = false;

  constructor(private readonly exportDir: string) {
    if (typeof exportDir !== 'string') throw new TypeError(`Expected a path, got ${pythonTypeName(exportDir)}`);
  }

  /**
   * Adds the session's graph under these tags and writes the values of its variables. To be called once, and first. Rejects
   * with `AssertionError` otherwise, and for signatures that are not complete, `KeyError` for a reserved signature name,
   * `TypeError` or `ValueError` for wrong assets or operations, and as `Saver.save` does.
   */
  async addMetaGraphAndVariables(sess: Evaluator, tags: Iterable<string>, ...rest: AddRest): Promise<void> {
    const options = bind<AddMetaGraphOptions>([...POSITIONS], rest);
    if (this.hasVariables) {
      throw new AssertionError(
        'Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` instead.',
      );
    }
    const { graph } = sess;
    if (!(graph instanceof Graph)) {
      throw new TypeError(`sess must be a \`tf.Session\` object. Given class: <class '${pythonTypeName(sess)}'>`);
    }
    await this.add(graph, tags, options, async (saver) => {
      await (await fileSystem()).mkdirs(joinPath(this.exportDir, VARIABLES_DIRECTORY));
      await saver.save(sess, variablesPath(this.exportDir), { writeMetaGraph: false, writeState: false });
    });
    this.hasVariables = true;
  }

  /**
   * Adds the default graph under these tags; its variables are those that were saved. Rejects with `AssertionError` where
   * none were, else as `addMetaGraphAndVariables` does.
   */
  async addMetaGraph(tags: Iterable<string>, ...rest: AddRest): Promise<void> {
    const options = bind<AddMetaGraphOptions>([...POSITIONS], rest);
    if (!this.hasVariables) {
      throw new AssertionError(
        'Graph state including variables and assets has not been saved yet. Please invoke `add_meta_graph_and_variables()` first.',
      );
    }
    await this.add(getDefaultGraph(), tags, options, async () => {});
  }

  private async add(
    graph: Graph,
    tags: Iterable<string>,
    options: AddMetaGraphOptions,
    save: (saver: Saver) => Promise<void>,
  ): Promise<void> {
    const { clearDevices = false, stripDefaultAttrs = false } = options;
    const signatures = entriesOf(options.signatureDefMap ?? {});
    checkSignatures(signatures);
    const mainOp = options.mainOp ?? options.legacyInitOp ?? null;
    checkMainOp(graph, mainOp);
    await this.prepareFolder();
    const files = await fileSystem();
    const assets = await assetsOf(files, options.assetsCollection ?? []);
    await copyAssets(files, this.exportDir, assets, this.copied);
    const saver = graph.atomic(() => {
      for (const asset of assets) graph.addToCollection(ASSETS_KEY, assetItem(asset));
      if (mainOp) graph.addToCollection(MAIN_OP_KEY, mainOp);
      return options.saver ?? graph.asDefault(() => new Saver(saveables(graph), { sharded: true, allowEmpty: true }));
    });
    await save(saver);
    const meta = graph.asDefault(() => saver.exportMetaGraph(null, { clearDevices, stripDefaultAttrs }));
    meta.metaInfoDef?.tags.push(...tags);
    for (const [key, signature] of signatures) meta.signatureDef.set(key, signature);
    this.model.metaGraphs.push(meta);
  }

  private async prepareFolder(): Promise<void> {
    if (this.isReady) return;
    const files = await fileSystem();
    if ((await files.exists(this.exportDir)) && (await files.list(this.exportDir)).length > 0) {
      throw new AssertionError(
        `Export directory ${this.exportDir} already exists, and isn't empty. Please choose a different export directory, or delete all the contents of the specified directory.`,
      );
    }
    await files.mkdirs(this.exportDir);
    this.isReady = true;
  }

  /** Writes the graphs into the folder's file, as text or as bytes, and gives its path. */
  async save(...rest: Rest<[asText: boolean], { readonly asText?: boolean }>): Promise<string> {
    const { asText = false } = bind<{ asText: boolean }>(['asText'], rest);
    await this.prepareFolder();
    return writeSavedModel(this.exportDir, this.model, asText);
  }
}

function saveables(graph: Graph): Variable[] {
  const keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS];
  return keys.flatMap((key) => graph.getCollection(key)) as Variable[];
}

function checkMainOp(graph: Graph, mainOp: unknown): void {
  if (mainOp === null) return;
  if (!(mainOp instanceof Operation)) {
    throw new TypeError(
      `Expected ${String(mainOp)} to be an Operation but got type <class '${pythonTypeName(mainOp)}'> instead.`,
    );
  }
  for (const key of [MAIN_OP_KEY, LEGACY_INIT_OP_KEY]) {
    if (graph.getCollection(key).length > 0) {
      throw new ValueError(`Graph already contains one or more main ops under the collection ${key}.`);
    }
  }
}

function checkSignatures(signatures: readonly (readonly [string, SignatureDef])[]): void {
  for (const [, { inputs, outputs }] of signatures) {
    for (const info of [...inputs.values(), ...outputs.values()]) checkInfo(info);
  }
  const names = new Set(signatures.map(([key]) => key));
  if (names.has(INIT_OP_SIGNATURE_KEY)) {
    throw new KeyError(
      `SignatureDef map key "${INIT_OP_SIGNATURE_KEY}" is reserved for initialization. Please use a different key.`,
    );
  }
  if (names.has(TRAIN_OP_SIGNATURE_KEY)) {
    throw new KeyError(
      `SignatureDef map key "${TRAIN_OP_SIGNATURE_KEY}" is reserved for the train op. Please use a different key.`,
    );
  }
}

function checkInfo(info: TensorInfo): void {
  const all = 'All TensorInfo protos used in the SignatureDefs must have';
  if (!info) throw new AssertionError(`${all} the name and dtype fields set.`);
  const invalid = () => `Invalid \`tensor_info\`: ${formatText(TensorInfoSchema, protoOf(info) as never)}.`;
  if (info.whichOneof('encoding') === null) {
    throw new AssertionError(`${invalid()} ${all} one of the 'encoding' fields (e.g., name or coo_sparse) set.`);
  }
  if (info.dtype === 0 && !info.compositeTensor) {
    throw new AssertionError(`${invalid()} ${all} the dtype field set.`);
  }
}

/**
 * Writes a model of one graph for serving: inputs and outputs by name, with the variables of the session and the files in
 * the collection `GraphKeys.ASSET_FILEPATHS`. Rejects as `SavedModelBuilder` does.
 *
 *     await tf.savedModel.simpleSave(sess, '/models/digits/1', {x}, {y});
 */
export async function simpleSave(
  session: Evaluator,
  exportDir: string,
  inputs: SignatureTensors,
  outputs: SignatureTensors,
  ...rest: Rest<[legacyInitOp: Operation | null], { readonly legacyInitOp?: Operation | null }>
): Promise<void> {
  const { legacyInitOp = null } = bind<{ legacyInitOp: Operation | null }>(['legacyInitOp'], rest);
  const builder = new SavedModelBuilder(exportDir);
  await builder.addMetaGraphAndVariables(session, [SERVING], {
    signatureDefMap: { [DEFAULT_SERVING_SIGNATURE_DEF_KEY]: predictSignatureDef(inputs, outputs) },
    assetsCollection: (session.graph as Graph).getCollection(GraphKeys.ASSET_FILEPATHS) as Tensor[],
    mainOp: legacyInitOp,
    clearDevices: true,
  });
  await builder.save();
}
