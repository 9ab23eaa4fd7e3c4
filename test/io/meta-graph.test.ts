/** Meta graphs: files of TensorFlow's read, run and written again, collections, savers, parts of graphs, and the errors. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import type { AssignedVariable } from '../../src/variables/variable.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('io/meta-graph');
const checked = leakChecked(test);
const folder = mkdtempSync(join(tmpdir(), 'meta-graph-'));
test.after(() => rmSync(folder, { recursive: true }));

const GOLDENS = fileURLToPath(new URL('../goldens/interchange/', import.meta.url));
const prefix = join(GOLDENS, 'meta/model.ckpt-1');
const bytes = new Uint8Array(readFileSync(`${prefix}.meta`));

interface Golden {
  readonly meta_info_def: { readonly tensorflow_version: string; readonly stripped_op_list: readonly string[] };
  readonly collections: Readonly<
    Record<string, { readonly kind: string; readonly values: readonly unknown[]; readonly decoded?: readonly object[] }>
  >;
  readonly example: {
    readonly feeds: Readonly<Record<string, GoldenArray>>;
    readonly outputs: Readonly<Record<string, GoldenArray>>;
  };
  readonly tensors: Readonly<Record<string, GoldenArray>>;
}
const golden = JSON.parse(readFileSync(join(GOLDENS, 'meta.json'), 'utf8')) as Golden;

async function refused(call: () => unknown): Promise<string> {
  const graph = tf.getDefaultGraph();
  const before = [graph.size, graph.getAllCollectionKeys().join()];
  const { name, message } = await failure(call);
  assert.equal([graph.size, graph.getAllCollectionKeys().join()], before, 'something is left in the graph');
  return `${name}: ${message}`;
}

/** What is warned of meanwhile. */
async function warnings(body: () => unknown): Promise<string[]> {
  const texts: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => void texts.push(text);
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return texts;
}

async function sameAs(sess: tf.Session, expected: Readonly<Record<string, GoldenArray>>, feeds = {}): Promise<void> {
  const feedDict = new Map(Object.entries(feeds).map(([key, value]) => [key, fromGolden(value as GoldenArray)]));
  for (const [key, value] of Object.entries(expected)) {
    const got = (await sess.run(key.includes(':') ? key : `${key}:0`, { feedDict })) as tf.NdArray;
    assert.is(difference(got, fromGolden(value), FORWARD), null, key);
  }
}

// Files of TensorFlow's

test('a file is read and written again as the same bytes, and as the text that TensorFlow writes', () => {
  const meta = tf.MetaGraphDef.fromBinary(bytes);
  assert.equal(meta.toBinary(), bytes);
  const text = readFileSync(join(GOLDENS, 'meta/model.metatxt'), 'utf8');
  assert.is(tf.MetaGraphDef.fromText(text).toText(), text);
  assert.is(tf.MetaGraphDef.fromJson(meta.toJson()).toText(), meta.toText());
  assert.is(meta.metaInfoDef?.tensorflowVersion, golden.meta_info_def.tensorflow_version);
  assert.equal(
    meta.metaInfoDef?.strippedOpList?.op.map(({ name }) => name),
    golden.meta_info_def.stripped_op_list,
  );
  assert.is(meta.saverDef?.restoreOpName, 'save/restore_all');
  for (const [key, { values }] of Object.entries(golden.collections)) {
    const collection = meta.collectionDef.get(key);
    const list = collection?.nodeList ?? collection?.int64List ?? collection?.floatList ?? collection?.bytesList;
    assert.is(list?.value.length, values.length, key);
    if (collection?.nodeList) assert.equal(collection.nodeList.value, values, key);
  }
});

checked('its graph runs with the values of its checkpoint, and trains on', async () => {
  const saver = await tf.train.importMetaGraph(`${prefix}.meta`);
  using sess = new tf.Session();
  await saver?.restore(sess, prefix);
  await sameAs(sess, golden.tensors);
  await sameAs(sess, golden.example.outputs, golden.example.feeds);
  const [train] = tf.getCollection('train_op') as tf.Operation[];
  const [step] = tf.getCollection('global_step') as tf.Variable[];
  const inputs = train.graph.getOperations().filter(({ type }) => type === 'Placeholder');
  const feedDict = new Map(inputs.map((op) => [op.outputs[0], tf.NdArray.zeros(tf.float32, [3, 2])]));
  await sess.run(train, { feedDict });
  assert.is(((await sess.run(step)) as tf.NdArray).item(), 2);
});

checked('its collections come back: variables, nodes, numbers and texts', () => {
  tf.train.importMetaGraph(bytes);
  assert.equal(
    tf.globalVariables().map((v) => [v.name, v.trainable, v.dtype.name]),
    [
      ['w:0', true, 'float32'],
      ['global_step:0', false, 'int64'],
      ['w/Momentum:0', false, 'float32'],
    ],
  );
  assert.is(tf.trainableVariables()[0], tf.globalVariables()[0]);
  assert.equal(tf.getCollection('my_ints'), golden.collections.my_ints.values);
  assert.equal(tf.getCollection('my_floats'), golden.collections.my_floats.values);
  assert.equal(tf.getCollection('my_strings'), golden.collections.my_strings.values);
  for (const key of ['my_tensors', 'my_ops', 'losses', 'summaries', 'train_op']) {
    const names = (tf.getCollection(key) as tf.Tensor[]).map(({ name }) => name);
    assert.equal(names, golden.collections[key].values, key);
  }
  // Branches and loops have become operations of their own.
  assert.equal([tf.getCollection('cond_context'), tf.getCollection('while_context')], [[], []]);
});

checked('reference variables of a file are variables: read, assigned to, differentiated', async () => {
  const saver = tf.train.importMetaGraph(bytes);
  const [w, step] = tf.globalVariables();
  const [gradient] = tf.gradients(tf.reduceSum(w.value().mul(w.value())), [w]) as tf.Tensor[];
  const value = w.initializedValue();
  using sess = new tf.Session();
  const given = fromGolden(golden.tensors.w);
  const plain = async (fetch: tf.Tensor | tf.Variable | AssignedVariable) =>
    ((await sess.run(fetch as tf.Tensor)) as tf.NdArray).toJSON();
  const initial = await plain(w.initialValue);
  assert.equal(await plain(value), initial);
  await saver?.restore(sess, prefix);
  assert.equal(await plain(value), given.toJSON());
  const twice = (await sess.run(gradient)) as tf.NdArray;
  assert.equal(
    [...(twice.data as Float32Array)],
    [...(given.data as Float32Array)].map((x) => 2 * x),
  );
  const assigned = await plain(step.assignAdd(5n));
  assert.equal(assigned, await plain(step));
  assert.is(((await sess.run(step)) as tf.NdArray).item(), 6);
  const row = tf.gatherNd(w, [[1]]);
  assert.equal(await plain(w.sparseRead([1])), await plain(row));
  await sess.run(w.scatterAdd({ indices: [0], values: [[1, 1]] }) as unknown as tf.Tensor);
  const [a, b] = ((await sess.run(w)) as tf.NdArray).data as Float32Array;
  assert.equal(
    [a, b],
    [...(given.data as Float32Array)].slice(0, 2).map((x) => Math.fround(x + 1)),
  );
});

checked('under a scope all names have it, and the saver restores the variables there', async () => {
  tf.constant(1, { name: 'twin' });
  const saver = tf.train.importMetaGraph(bytes, { importScope: 'twin' });
  assert.equal(
    tf.globalVariables().map(({ name }) => name),
    ['twin_1/w:0', 'twin_1/global_step:0', 'twin_1/w/Momentum:0'],
  );
  assert.is(saver?.saverDef?.filenameTensorName, 'twin_1/save/Const:0');
  using sess = new tf.Session();
  await saver?.restore(sess, prefix);
  const scoped = Object.entries(golden.tensors).map(([key, value]) => [`twin_1/${key}`, value]);
  await sameAs(sess, Object.fromEntries(scoped));
});

// What is written here

checked('collections go out and come back; mixed types are left out with a warning', async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const v = tf.getVariable('v', [2], { initializer: tf.constantInitializer(3) });
    tf.getVariable('kept', [], { trainable: false });
    const y = tf.identity(v.value().mul(2), { name: 'y' });
    tf.addToCollection('nodes', y);
    tf.addToCollection('ops', y.op);
    for (const item of [123, 4567n, -1]) tf.addToCollection('ints', item);
    for (const item of [3.5, 1]) tf.addToCollection('floats', item);
    for (const item of ['hé', '']) tf.addToCollection('texts', item);
    tf.addToCollection('bytes', new Uint8Array([255, 0]));
    for (const item of ['a', 1]) tf.addToCollection('mixed', item);
    tf.addToCollection('objects', { some: 'thing' });
  });
  let meta = new tf.MetaGraphDef();
  const texts = await warnings(() => {
    meta = tf.train.exportMetaGraph({ graph });
  });
  assert.equal(
    texts.map((text) => text.split('.')[0]),
    ['Issue encountered when serializing mixed', 'Issue encountered when serializing objects'],
  );
  assert.equal([...meta.collectionDef.keys()].sort(), [
    'bytes',
    'floats',
    'ints',
    'nodes',
    'ops',
    'texts',
    'trainable_variables',
    'variables',
  ]);
  const saver = tf.train.importMetaGraph(tf.MetaGraphDef.fromBinary(meta.toBinary()));
  assert.equal(tf.getCollection('ints'), [123, 4567, -1]);
  assert.equal(tf.getCollection('floats'), [3.5, 1]);
  assert.equal(tf.getCollection('texts'), ['hé', '']);
  assert.equal(tf.getCollection('bytes'), [new Uint8Array([255, 0])]);
  const [y] = tf.getCollection('nodes') as tf.Tensor[];
  assert.is(y, tf.getDefaultGraph().getTensorByName('y:0'));
  assert.is(tf.getCollection('ops')[0], y.op);
  assert.equal(
    tf.globalVariables().map((v) => [v.name, v.trainable, v.shape]),
    [
      ['v:0', true, [2]],
      ['kept:0', false, []],
    ],
  );
  assert.instance(saver, tf.train.Saver);
  using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  assert.equal([...(((await sess.run(y)) as tf.NdArray).data as Float32Array)], [6, 6]);
});

checked('a definition of a variable names its ops, and makes the variable again', async () => {
  const graph = new tf.Graph();
  const def = graph.asDefault(() => new tf.Variable(3, { name: 'v', dtype: tf.float32 }).toProto());
  assert.equal(def, {
    variableName: 'v:0',
    initialValueName: 'v/Initializer/initial_value:0',
    initializerName: 'v/Assign',
    snapshotName: 'v/Read/ReadVariableOp:0',
    saveSliceInfoDef: null,
    isResource: true,
    trainable: true,
    synchronization: 0,
    aggregation: 0,
  });
  tf.importGraphDef(tf.GraphDef.of(graph), { name: '' });
  if (!def) throw new Error('There is no definition.');
  const v = tf.Variable.fromProto(def);
  const value = v.initializedValue();
  using sess = new tf.Session();
  assert.is(((await sess.run(value)) as tf.NdArray).item(), 3);
  await sess.run(v.assign(1).op);
  assert.is(((await sess.run(value)) as tf.NdArray).item(), 1);
  const legacy = tf.Variable.fromProto({ ...def, initialValueName: '' });
  assert.equal(legacy.toProto(), { ...def, initialValueName: '' });
  assert.is((await failure(() => legacy.initializedValue())).name, 'ValueError');
  assert.match(await refused(() => tf.Variable.fromProto({ ...def, variableName: 'u:0' })), /^KeyError: .*'u:0'/);
});

checked('the list of ops is sorted and unique, as that of TensorFlow without descriptions', () => {
  const theirs = new Map(
    tf.MetaGraphDef.fromBinary(bytes).metaInfoDef?.strippedOpList?.op.map((op) => [op.name, op]) ?? [],
  );
  tf.importGraphDef(new tf.GraphDef(tf.MetaGraphDef.fromBinary(bytes).graphDef?.node ?? []), { name: '' });
  const list = tf.train.exportMetaGraph().metaInfoDef?.strippedOpList?.op ?? [];
  const names = list.map(({ name }) => name);
  assert.equal(names, [...new Set(names)].sort());
  let compared = 0;
  const sorted = <T extends { name: string }>(items: readonly T[]) =>
    [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const op of list) {
    const other = theirs.get(op.name);
    if (!other) continue;
    compared++;
    const plain = ({ attr, ...rest }: typeof op) => ({
      ...rest,
      attr: sorted(attr).map((a) => ({
        ...a,
        allowedValues: [...((a.allowedValues?.value.value as { type?: number[] } | undefined)?.type ?? [])].sort(),
      })),
    });
    assert.equal(plain(op), plain(other), op.name);
  }
  assert.ok(compared > 20, String(compared));
});

checked('default attributes are stripped, and come back with the import', () => {
  const a = tf.placeholder(tf.float32, [2, 2], { name: 'a' });
  tf.matmul(a, a, { name: 'c', transposeB: true });
  const meta = tf.train.exportMetaGraph({ stripDefaultAttrs: true });
  const attrs = (def: tf.GraphDef | null) => [...(def?.node.find(({ name }) => name === 'c')?.attr.keys() ?? [])];
  assert.equal(attrs(meta.graphDef), ['T', '_output_shapes', 'transpose_b']);
  assert.ok(meta.metaInfoDef?.strippedDefaultAttrs);
  assert.ok(!tf.train.exportMetaGraph().metaInfoDef?.strippedDefaultAttrs);
  tf.train.importMetaGraph(meta, { importScope: 'again' });
  assert.is(tf.getDefaultGraph().getOperationByName('again/c').getAttr('transpose_a'), false);
});

checked('devices and other savers are left out on demand', () => {
  const v = tf.device('/gpu:0', () => tf.getVariable('v', []));
  const first = new tf.train.Saver([v]);
  new tf.train.Saver([v]);
  tf.addToCollection('savers', first);
  const meta = first.exportMetaGraph(null, { clearDevices: true, clearExtraneousSavers: true });
  const nodes = meta.graphDef?.node ?? [];
  assert.ok(nodes.every(({ device }) => device === ''));
  assert.ok(nodes.some(({ name }) => name.startsWith('save/')));
  assert.not(nodes.some(({ name }) => name.startsWith('save_1/')));
  const other = new tf.Graph();
  other.asDefault(() => {
    tf.train.importMetaGraph(meta);
    const [saver] = tf.getCollection('savers') as tf.train.Saver[];
    assert.equal(saver.asSaverDef(), first.asSaverDef());
  });
  assert.match(nodes.map(({ op }) => op).join(), /SaveV2/);
  assert.ok(first.exportMetaGraph().graphDef?.node.some(({ name }) => name.startsWith('save_1/')));
});

checked('queue runners come back and run', async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const item = tf.train.rangeInputProducer(3, { shuffle: false, numEpochs: null }).dequeue() as tf.Tensor;
    tf.identity(item, { name: 'item' });
  });
  const meta = tf.train.exportMetaGraph({ graph, collectionList: ['queue_runners'] });
  tf.train.importMetaGraph(meta.toBinary(), { importScope: 'pipe' });
  const [runner] = tf.getCollection('queue_runners') as tf.train.QueueRunner[];
  assert.match(runner.name, /^pipe\//);
  using sess = new tf.Session();
  const coord = new tf.train.Coordinator();
  const threads = tf.train.startQueueRunners(sess, coord);
  const items: unknown[] = [];
  for (let i = 0; i < 4; i++) items.push(((await sess.run('pipe/item:0')) as tf.NdArray).item());
  assert.equal(items, [0, 1, 2, 0]);
  coord.requestStop();
  await coord.join(threads);
});

// Parts of graphs

checked('the part of one scope is copied into another; the same scope is refused', async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const x = tf.constant([[1, 2]], { name: 'x' });
    tf.nameScope('hidden1', () => {
      const w = new tf.Variable([[1], [3]], { name: 'w', dtype: tf.float32 });
      tf.matmul(x, w, { name: 'y' });
    });
  });
  const meta = tf.train.exportMetaGraph({ graph, exportScope: 'hidden1' });
  const names = meta.graphDef?.node.map(({ name }) => name) ?? [];
  assert.ok(names.includes('w') && names.includes('y') && !names.includes('x'));
  const unbound = meta.collectionDef.get('unbound_inputs')?.bytesList?.value.map((b) => new TextDecoder().decode(b));
  assert.equal(unbound, ['$unbound_inputs_x']);
  assert.is(
    await refused(() => tf.train.importMetaGraph(meta, { importScope: 'b' })),
    'ValueError: Graph contains unbound inputs: $unbound_inputs_x. Must provide these inputs through input_map.',
  );
  const inputMap = { $unbound_inputs_x: tf.constant([[10, 20]], { dtype: tf.float32 }) };
  tf.train.importMetaGraph(meta, { importScope: 'b', inputMap });
  using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  assert.is(((await sess.run('b/y:0')) as tf.NdArray).item(), 70);
  assert.equal(
    tf.globalVariables().map(({ name }) => name),
    ['b/w:0'],
  );
  const copies = tf.train.copyScopedMetaGraph('b', 'c', { fromGraph: withoutInputs(), toGraph: new tf.Graph() });
  assert.equal([...copies.keys()], ['w:0']);
  assert.match(
    await refused(() => tf.train.copyScopedMetaGraph('hidden1', 'hidden1')),
    /^ValueError: 'from_scope' and 'to_scope' need to be different when performing copy in the same graph/,
  );
});

function withoutInputs(): tf.Graph {
  const graph = new tf.Graph();
  graph.asDefault(() => tf.nameScope('b', () => void new tf.Variable(1, { name: 'w' })));
  return graph;
}

// Files and errors

checked('binary and text files are written and read; a saver writes one beside its values', async () => {
  const v = tf.getVariable('v', [], { initializer: tf.constantInitializer(4) });
  const saver = new tf.train.Saver();
  const text = join(folder, 'deep/er/model.metatxt');
  const meta = await saver.exportMetaGraph(text, { asText: true });
  assert.is(readFileSync(text, 'utf8'), meta.toText());
  using sess = new tf.Session();
  await sess.run(v.initializer);
  const path = await saver.save(sess, join(folder, 'model'), 7);
  assert.ok(existsSync(`${path}.meta`));
  for (const file of [text, `${path}.meta`]) {
    const again = new tf.Graph().asDefault(() => ({ saver: tf.train.importMetaGraph(file) }));
    assert.instance(await again.saver, tf.train.Saver);
  }
  const other = new tf.Graph();
  const imported = other.asDefault(() => ({ saver: tf.train.importMetaGraph(`${path}.meta`) }));
  const again = await imported.saver;
  using second = new tf.Session({ graph: other });
  await again?.restore(second, path);
  assert.is(((await second.run('v/Read/ReadVariableOp:0')) as tf.NdArray).item(), 4);
  const quiet = await saver.save(sess, join(folder, 'quiet'), { writeMetaGraph: false });
  assert.not(existsSync(`${quiet}.meta`));
});

checked('files that are none, or not there, and wrong arguments are refused', async () => {
  const none = join(folder, 'none.meta');
  writeFileSync(none, 'hello there');
  assert.match(await refused(() => tf.train.importMetaGraph(none)), /^DataLossError: Cannot parse file .*none\.meta: /);
  assert.match(
    await refused(() => tf.train.importMetaGraph(join(folder, 'missing'))),
    /^NotFoundError: File does not exist\. Received: .*missing\.$/,
  );
  assert.match(await refused(() => tf.train.importMetaGraph(7 as never)), /^TypeError/);
  assert.match(
    await refused(() => tf.train.exportMetaGraph({ saverDef: {} as never })),
    /^TypeError: saver_def must be of type SaverDef\. Received type: /,
  );
  assert.match(
    await refused(() => tf.train.exportMetaGraph({ graphDef: 'x' as never })),
    /^TypeError: graph_def must be of type GraphDef\. Received type: /,
  );
  const broken = tf.MetaGraphDef.fromBinary(bytes);
  broken.collectionDef.get('my_tensors')?.nodeList?.value.push('nothing:0');
  assert.match(await refused(() => tf.train.importMetaGraph(broken)), /^KeyError: The name 'nothing:0'/);
});

test.run();
