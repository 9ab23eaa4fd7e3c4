/** Every file that TensorFlow wrote for exchange is read to the content that is stated beside it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { SavedModel } from '../../src/io/saved-model/message.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

type Items = readonly (readonly [name: string, op: string, inputs: readonly string[]])[];
interface Collection {
  readonly kind: string;
  readonly values: readonly (string | number | { readonly b64: string })[];
}
interface Info {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}
type Infos = Readonly<Record<string, Info>>;
interface Stated {
  readonly files: readonly string[];
  readonly prefix: string;
  readonly latest: string;
  readonly checkpoint_state_text: string;
  readonly note: string;
  readonly tensors: Readonly<Record<string, GoldenArray>>;
  readonly nodes: Items;
  readonly versions: { readonly producer: number; readonly min_consumer: number };
  readonly saver_def: Readonly<Record<string, string | number>>;
  readonly collections: Readonly<Record<string, Collection>>;
  readonly signatures: Readonly<Record<string, { method_name: string; inputs: Infos; outputs: Infos }>>;
  readonly meta_graphs: readonly (readonly string[])[];
  readonly example_on_frozen: { feeds: Record<string, GoldenArray>; outputs: Record<string, GoldenArray> };
  readonly events: readonly {
    what: string;
    tag?: string;
    devices?: string[];
    wall_time: number;
    step: number;
    meta_graph_def_bytes?: number;
    graph_nodes?: string[];
  }[];
}

const test = suite('io/interchange');
const checked = leakChecked(test);
const FOLDER = fileURLToPath(new URL('../goldens/interchange/', import.meta.url));
const stated = (name: string) => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Stated;
const bytesOf = (path: string) => new Uint8Array(readFileSync(join(FOLDER, path)));
const itemsOf = (def: tf.GraphDef | null) => def?.node.map(({ name, op, input }) => [name, op, [...input]]) ?? [];

for (const name of ['ckpt_v1', 'ckpt_v2', 'ckpt_sharded', 'ckpt_object']) {
  checked(`${name}: its tensors, and the state file of its folder`, async () => {
    const { prefix, latest, checkpoint_state_text: text, tensors, files } = stated(name);
    const reader = await tf.train.NewCheckpointReader(join(FOLDER, prefix));
    const names = [...reader.getVariableToShapeMap().keys()].filter((key) => key !== '_CHECKPOINTABLE_OBJECT_GRAPH');
    assert.equal(names.sort(), Object.keys(tensors).sort());
    for (const [key, golden] of Object.entries(tensors)) {
      const wanted = fromGolden(golden);
      const found = await reader.getTensor(key);
      assert.equal([found.dtype.name, found.shape], [wanted.dtype.name, wanted.shape], key);
      assert.is(difference(found, wanted), null, key);
    }
    assert.ok(files.every((file) => bytesOf(`${name}/${file}`).length > 0));
    if (!text) return;
    const state = await tf.train.getCheckpointState(join(FOLDER, name));
    const paths = [...text.matchAll(/^(\w+): "(.*)"$/gm)].map(([, field, path]) => [field, join(FOLDER, path)]);
    // Paths in the file are from the folder that the program ran in.
    const own = (path: string) => join(FOLDER, name, path.slice(path.lastIndexOf('/') + 1));
    assert.is(own(state?.modelCheckpointPath ?? ''), join(FOLDER, latest));
    assert.equal(
      [
        ['model_checkpoint_path', own(state?.modelCheckpointPath ?? '')],
        ...(state?.allModelCheckpointPaths ?? []).map((path) => ['all_model_checkpoint_paths', own(path)]),
      ],
      paths,
    );
  });
}

checked('graph: the frozen one computes what TensorFlow computed', async () => {
  const { feeds, outputs } = stated('graph').example_on_frozen;
  for (const def of [
    tf.GraphDef.fromBinary(bytesOf('graph/frozen.pb')),
    tf.GraphDef.fromText(new TextDecoder().decode(bytesOf('graph/frozen.pbtxt'))),
  ]) {
    const graph = new tf.Graph();
    graph.asDefault(() => tf.importGraphDef(def, { name: '' }));
    using sess = new tf.Session({ graph });
    const feedDict = new Map(Object.entries(feeds).map(([key, value]) => [key, fromGolden(value)]));
    for (const [key, value] of Object.entries(outputs)) {
      const found = (await sess.run(key, { feedDict })) as tf.NdArray;
      assert.is(difference(found, fromGolden(value), FORWARD), null, key);
    }
  }
});

test('meta: nodes, versions, saver and collections, from bytes and from text', () => {
  const { nodes, versions, saver_def: saver, collections } = stated('meta');
  const text = new TextDecoder().decode(bytesOf('meta/model.metatxt'));
  let savers = 0;
  for (const meta of [tf.MetaGraphDef.fromBinary(bytesOf('meta/model.ckpt-1.meta')), tf.MetaGraphDef.fromText(text)]) {
    assert.equal(itemsOf(meta.graphDef), nodes);
    assert.is(meta.graphDef?.versions.producer, versions.producer);
    assert.is(meta.graphDef?.versions.minConsumer, versions.min_consumer);
    sameCollections(meta, collections);
    const def = meta.saverDef;
    // What was written as text by itself has no saver.
    if (!def) continue;
    savers++;
    assert.equal(
      [
        def?.filenameTensorName,
        def?.saveTensorName,
        def?.restoreOpName,
        def?.maxToKeep,
        def?.keepCheckpointEveryNHours,
      ],
      [
        saver.filename_tensor_name,
        saver.save_tensor_name,
        saver.restore_op_name,
        saver.max_to_keep,
        saver.keep_checkpoint_every_n_hours,
      ],
    );
  }
  assert.is(savers, 1);
});

function sameCollections(meta: tf.MetaGraphDef, wanted: Stated['collections']): void {
  assert.equal([...meta.collectionDef.keys()].sort(), Object.keys(wanted).sort());
  for (const [key, { kind, values }] of Object.entries(wanted)) {
    const { nodeList, bytesList, int64List, floatList, anyList } = meta.collectionDef.get(key) ?? {};
    if (kind === 'node_list') assert.equal(nodeList?.value, values, key);
    else if (kind === 'int64_list') assert.equal(Array.from(int64List?.value ?? [], Number), values, key);
    else if (kind === 'float_list') assert.equal(Array.from(floatList?.value ?? []), values, key);
    else if (kind === 'any_list') assert.is(anyList?.value.length, values.length, key);
    else {
      const texts = values.map((value) =>
        typeof value === 'object' ? value.b64 : Buffer.from(`${value}`).toString('base64'),
      );
      assert.equal(
        bytesList?.value.map((bytes) => Buffer.from(bytes).toString('base64')),
        texts,
        key,
      );
    }
  }
}

checked('SavedModels: tags, nodes, collections, signatures and the tensors of their variables', async () => {
  for (const name of ['saved_model_simple', 'saved_model_assets']) {
    const { signatures, nodes, collections, tensors, meta_graphs: tags = [['serve']] } = stated(name);
    const model = SavedModel.fromString(bytesOf(`${name}/saved_model.pb`));
    assert.equal(
      model.metaGraphs.map(({ metaInfoDef }) => metaInfoDef?.tags),
      tags,
    );
    const [meta] = model.metaGraphs;
    assert.equal(itemsOf(meta.graphDef), nodes);
    sameCollections(meta, collections);
    assert.equal([...meta.signatureDef.keys()].sort(), Object.keys(signatures).sort());
    for (const [key, { method_name: method, inputs, outputs }] of Object.entries(signatures)) {
      const signature = meta.signatureDef.get(key);
      assert.is(signature?.methodName, method);
      for (const [found, wanted] of [
        [signature?.inputs, inputs],
        [signature?.outputs, outputs],
      ] as const) {
        const infos = [...(found ?? [])].map(([input, { name: tensor, elementType, shape }]) => [
          input,
          { name: tensor, dtype: elementType?.name, shape: shape?.map((size) => size ?? -1) },
        ]);
        assert.equal(Object.fromEntries(infos), wanted, key);
      }
    }
    const reader = await tf.train.NewCheckpointReader(join(FOLDER, name, 'variables/variables'));
    assert.equal([...reader.getVariableToShapeMap().keys()].sort(), Object.keys(tensors).sort());
    for (const [key, golden] of Object.entries(tensors)) {
      assert.is(difference(await reader.getTensor(key), fromGolden(golden)), null, key);
    }
  }
});

test('events: the meta graph and what the run told of its devices', async () => {
  const { events } = stated('events');
  let i = 0;
  for await (const event of tf.train.summaryIterator(join(FOLDER, 'events/events.out.tfevents.1700000000.golden'))) {
    const wanted = events[i++];
    assert.equal([event.wallTime, event.step], [wanted.wall_time, wanted.step]);
    if (wanted.meta_graph_def_bytes) {
      assert.is(event.metaGraphDef?.length, wanted.meta_graph_def_bytes);
      const meta = tf.MetaGraphDef.fromBinary(event.metaGraphDef as Uint8Array);
      // Its maps are in no order: those that are written here are sorted.
      assert.is(meta.toBinary().length, wanted.meta_graph_def_bytes);
      assert.equal(
        itemsOf(meta.graphDef).map(([node]) => node),
        events[1].graph_nodes,
      );
    }
    if (wanted.devices) {
      const run = tf.RunMetadata.fromString(event.taggedRunMetadata?.runMetadata as Uint8Array);
      assert.is(event.taggedRunMetadata?.tag, wanted.tag);
      assert.equal(
        run.stepStats?.devStats.map(({ device }) => device),
        wanted.devices,
      );
    }
  }
  assert.is(i, events.length);
});

test.run();
