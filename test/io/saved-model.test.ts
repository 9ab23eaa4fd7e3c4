/** SavedModels: those of TensorFlow loaded and run, those written here loaded again, signatures, tags, assets, errors. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { SavedModel } from '../../src/io/saved-model/message.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('io/saved-model');
const checked = leakChecked(test);
const folder = mkdtempSync(join(tmpdir(), 'saved-model-'));
test.after(() => rmSync(folder, { recursive: true }));

const GOLDENS = fileURLToPath(new URL('../goldens/interchange/', import.meta.url));
const { Builder, loader } = tf.savedModel;

interface Example {
  readonly signature: string;
  readonly inputs: Readonly<Record<string, GoldenArray>>;
  readonly outputs: Readonly<Record<string, GoldenArray>>;
}
interface Golden {
  readonly example?: Example;
  readonly examples?: readonly Example[];
  readonly meta_graphs?: readonly (readonly string[])[];
}
const goldenOf = (name: string) => JSON.parse(readFileSync(join(GOLDENS, `${name}.json`), 'utf8')) as Golden;

async function check(sess: tf.Session, meta: tf.MetaGraphDef, example: Example, scope = ''): Promise<void> {
  const signature = meta.signatureDef.get(example.signature);
  const feedDict = new Map(
    Object.entries(example.inputs).map(([key, value]) => [
      `${scope}${signature?.inputs.get(key)?.name}`,
      fromGolden(value),
    ]),
  );
  for (const [key, value] of Object.entries(example.outputs)) {
    const info = signature?.outputs.get(key);
    assert.is(info?.elementType?.name, value.dtype, key);
    const got = (await sess.run(`${scope}${info?.name}`, { feedDict })) as tf.NdArray;
    assert.is(difference(got, fromGolden(value), FORWARD), null, key);
  }
}

async function refused(call: () => unknown): Promise<string> {
  const { name, message } = await failure(call);
  return `${name}: ${message}`;
}

/** A session with a variable v = [1, 2] and y = x·v. */
async function small(sess: tf.Session) {
  const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
  const v = tf.getVariable('v', [2], { initializer: tf.constantInitializer([1, 2]) });
  const y = x.mul(v);
  await sess.run(v.initializer);
  return { x, v, y };
}

let count = 0;
const fresh = () => join(folder, `model${count++}`);

// Models of TensorFlow's

checked('a model of TensorFlow is loaded, restored and run by its signature', async () => {
  const example = goldenOf('saved_model_simple').example as Example;
  for (const importScope of [null, 'inner']) {
    using sess = new tf.Session({ graph: new tf.Graph() });
    const meta = await loader.load(sess, ['serve'], join(GOLDENS, 'saved_model_simple'), { importScope });
    assert.is(meta.signatureDef.get('serving_default')?.methodName, tf.savedModel.PREDICT_METHOD_NAME);
    assert.ok(tf.savedModel.isValidSignature(meta.signatureDef.get('serving_default') ?? null));
    assert.equal(meta.signatureDef.get('serving_default')?.inputs.get('x')?.shape, [null, 3]);
    await check(sess, meta, example, importScope ? 'inner/' : '');
  }
});

checked('a model with assets fills its tables from them, for each of its tags', async () => {
  if (!tf.opDefs().some(({ name }) => name === 'InitializeTableFromTextFileV2')) return;
  const { examples = [], meta_graphs: tags = [] } = goldenOf('saved_model_assets');
  const moved = fresh();
  cpSync(join(GOLDENS, 'saved_model_assets'), moved, { recursive: true });
  using sess = new tf.Session();
  const meta = await tf.savedModel.load(sess, tags[0], moved);
  for (const example of examples) await check(sess, meta, example);
  assert.equal(
    tags.map((own) => own.length),
    [2, 1],
  );
});

for (const [name, keys] of [
  ['module', { y: 'y', y_negative: 'y' }],
  ['keras', { y: null }],
] as const) {
  checked(`a model of TensorFlow 2 is loaded and run: ${name}`, async () => {
    const file = join(GOLDENS, 'saved_model_v2.json');
    const golden = JSON.parse(readFileSync(file, 'utf8'))[name] as Record<string, number[][]>;
    using sess = new tf.Session();
    const meta = await loader.load(sess, new Set(['serve']), join(GOLDENS, `saved_model_${name}`));
    const { inputs, outputs } = meta.signatureDef.get('serving_default') as NonNullable<
      ReturnType<typeof meta.signatureDef.get>
    >;
    const [input] = inputs.values();
    for (const [key, output] of Object.entries(keys)) {
      const x = key === 'y' ? golden.x : golden.x.map((row) => row.map((value) => -value));
      const info = output ? outputs.get(output) : [...outputs.values()][0];
      const got = (await sess.run(info?.name as string, { feedDict: { [input.name as string]: x } })) as tf.NdArray;
      const expected = golden[key];
      const wanted = { dtype: 'float32', shape: [expected.length, expected[0].length], data: expected.flat() };
      assert.is(difference(got, fromGolden(wanted as GoldenArray), FORWARD), null, key);
    }
  });
}

test('its file is written again as the same bytes, and as text that stands for the same', () => {
  for (const name of ['saved_model_simple', 'saved_model_assets']) {
    const bytes = new Uint8Array(readFileSync(join(GOLDENS, name, 'saved_model.pb')));
    const model = SavedModel.fromString(bytes);
    assert.equal(model.serializeToString(), bytes);
    assert.equal(SavedModel.fromText(model.toText()).serializeToString(), bytes);
  }
});

// Models written here

checked('a model is written, as bytes and as text, and loaded into another graph', async () => {
  for (const asText of [false, true]) {
    const exportDir = fresh();
    {
      const graph = new tf.Graph();
      using sess = new tf.Session({ graph });
      using _ = graph.asDefault();
      const { x, y } = await small(sess);
      const builder = new Builder(exportDir);
      const signature = tf.savedModel.predictSignatureDef({ x }, { y });
      await builder.addMetaGraphAndVariables(sess, ['a', 'b'], { signatureDefMap: { go: signature } });
      const path = await builder.save(asText);
      assert.is(path, join(exportDir, asText ? 'saved_model.pbtxt' : 'saved_model.pb'));
    }
    assert.ok(await loader.maybeSavedModelDirectory(exportDir));
    const graph = new tf.Graph();
    using sess = new tf.Session({ graph });
    const meta = await loader.load(sess, ['b', 'a'], exportDir);
    assert.equal(meta.metaInfoDef?.tags, ['a', 'b']);
    // The graph is the session's own, whatever the default one is.
    assert.is(tf.getDefaultGraph().size, 0);
    const { inputs, outputs } = meta.signatureDef.get('go') as NonNullable<ReturnType<typeof meta.signatureDef.get>>;
    const y = tf.savedModel.getTensorFromTensorInfo(outputs.get('y') as never, graph) as tf.Tensor;
    const feedDict = new Map([[inputs.get('x')?.name as string, [[3, 4]]]]);
    assert.equal([...(((await sess.run(y, { feedDict })) as tf.NdArray).data as Float32Array)], [3, 8]);
    const [v] = graph.getCollection('variables') as tf.Variable[];
    assert.equal([...(((await sess.run(v)) as tf.NdArray).data as Float32Array)], [1, 2]);
  }
});

checked('several graphs share the variables; only the exact tags find one', async () => {
  const exportDir = fresh();
  const builder = new Builder(exportDir);
  using sess = new tf.Session();
  await small(sess);
  await builder.addMetaGraphAndVariables(sess, ['foo']);
  await builder.addMetaGraph(['foo', 'bar']);
  const v = tf.globalVariables()[0];
  tf.identity(v.value(), { name: 'extra' });
  await builder.addMetaGraph([], { stripDefaultAttrs: true, clearDevices: true });
  await builder.save();
  for (const [tags, has] of [
    [['foo'], false],
    [['bar', 'foo'], false],
    [[], true],
  ] as const) {
    using again = new tf.Session({ graph: new tf.Graph() });
    await loader.load(again, tags, exportDir);
    assert.is(again.graph.hasOperation('extra'), has);
  }
  using other = new tf.Session({ graph: new tf.Graph() });
  assert.is(
    await refused(() => loader.load(other, ['bar'], exportDir)),
    "RuntimeError: MetaGraphDef associated with tags 'bar' could not be found in SavedModel, with available tags '[{'foo'}, {'foo', 'bar'}, set()]'. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`.",
  );
  assert.is(other.graph.size, 0);
});

checked('files that a model needs are copied, and numbered where names are the same; the main op runs', async () => {
  const texts = ['first', 'second'].map((text) => {
    const place = join(fresh(), 'vocab.txt');
    mkdirSync(join(place, '..'), { recursive: true });
    writeFileSync(place, text);
    return place;
  });
  const exportDir = fresh();
  {
    using sess = new tf.Session();
    const paths = texts.map((text, i) => tf.constant(text, { name: `path${i}` }));
    const same = tf.constant(texts[0], { name: 'same' });
    const seen = paths.map(
      (path, i) =>
        tf
          .getVariable(`seen${i}`, [], {
            dtype: tf.string,
            initializer: tf.constantInitializer(''),
            collections: [tf.GraphKeys.LOCAL_VARIABLES],
          })
          .assign(path.add(':')).op,
    );
    const mainOp = tf.group(...seen);
    const builder = new Builder(exportDir);
    await builder.addMetaGraphAndVariables(sess, ['serve'], { assetsCollection: [...paths, same], mainOp });
    await builder.save();
    assert.match(
      await refused(() => builder.addMetaGraph(['more'], { mainOp })),
      /^ValueError: Graph already contains one or more main ops under the collection saved_model_main_op\.$/,
    );
  }
  assert.equal(readdirSync(join(exportDir, 'assets')), ['vocab.txt', 'vocab.txt_1']);
  assert.is(readFileSync(join(exportDir, 'assets/vocab.txt_1'), 'utf8'), 'second');
  using sess = new tf.Session({ graph: new tf.Graph() });
  await loader.load(sess, ['serve'], exportDir, 'deep');
  const [a, b] = sess.graph.getCollection('local_variables') as tf.Variable[];
  const read = async (v: tf.Variable) => ((await sess.run(v)) as tf.NdArray).item();
  assert.equal([await read(a), await read(b)], [`${exportDir}/assets/vocab.txt:`, `${exportDir}/assets/vocab.txt_1:`]);
});

checked('simpleSave writes a model for serving', async () => {
  const exportDir = fresh();
  using sess = new tf.Session();
  const { x, y } = await small(sess);
  await tf.savedModel.simpleSave(sess, exportDir, { x }, { y });
  using again = new tf.Session({ graph: new tf.Graph() });
  const meta = await loader.load(again, [tf.savedModel.SERVING], exportDir);
  const signature = meta.signatureDef.get(tf.savedModel.DEFAULT_SERVING_SIGNATURE_DEF_KEY);
  assert.equal([signature?.inputs.get('x')?.name, signature?.outputs.get('y')?.name], [x.name, y.name]);
  assert.match(
    await refused(() => tf.savedModel.simpleSave(sess, exportDir, { x }, { y })),
    /^AssertionError: Export directory .* already exists, and isn't empty\. Please choose a different export directory/,
  );
  const updater = new tf.savedModel.signatureDefUtils.MethodNameUpdater(exportDir);
  await updater.replaceMethodName('serving_default', 'new/name', 'serve');
  const target = fresh();
  await updater.save(target);
  const changed = SavedModel.fromString(new Uint8Array(readFileSync(join(target, 'saved_model.pb'))));
  assert.is(changed.metaGraphs[0].signatureDef.get('serving_default')?.methodName, 'new/name');
  assert.match(await refused(() => updater.replaceMethodName('nope', 'm')), /^ValueError: .*with key: 'nope'/);
  assert.match(
    await refused(() => updater.replaceMethodName('a', 'm', ['x'])),
    /^ValueError: .*tags \['x'\] could not/,
  );
});

checked('tensors are named with type and shape, sparse ones by their parts', () => {
  const x = tf.placeholder(tf.int64, [null, 3], { name: 'x' });
  const info = tf.savedModel.buildTensorInfo(x);
  assert.equal([info.name, info.elementType, info.shape], ['x:0', tf.int64, [null, 3]]);
  assert.is(tf.savedModel.getTensorFromTensorInfo(info), x);
  assert.is(tf.savedModel.buildTensorInfo(tf.placeholder(tf.float32)).shape, null);
  const sparse = tf.sparsePlaceholder(tf.float32, { name: 'sp' });
  const parts = tf.savedModel.utils.buildTensorInfo(sparse);
  assert.equal(
    [parts.name, parts.cooSparse?.valuesTensorName, parts.cooSparse?.indicesTensorName, parts.dtype],
    [null, sparse.values.name, sparse.indices.name, tf.float32.asDatatypeEnum],
  );
  const again = tf.savedModel.getTensorFromTensorInfo(parts) as tf.SparseTensor;
  assert.is(again.values, sparse.values);
});

checked('signatures are checked as TensorFlow checks them', async () => {
  const s = tf.savedModel;
  const text = tf.placeholder(tf.string, [null]);
  const number = tf.placeholder(tf.float32, [null]);
  assert.ok(s.isValidSignature(s.regressionSignatureDef(text, number)));
  assert.ok(s.isValidSignature(s.classificationSignatureDef(text, text, number)));
  assert.ok(s.isValidSignature(s.classificationSignatureDef(text, null, number)));
  assert.not(s.isValidSignature(null));
  assert.not(s.isValidSignature(s.buildSignatureDef({ methodName: s.PREDICT_METHOD_NAME })));
  const wrong = s.buildSignatureDef(
    { inputs: s.buildTensorInfo(number) },
    { outputs: s.buildTensorInfo(number) },
    s.REGRESS_METHOD_NAME,
  );
  assert.not(s.isValidSignature(wrong));
  const texts = [
    await refused(() => s.regressionSignatureDef(number, number)),
    await refused(() => s.regressionSignatureDef(text, text)),
    await refused(() => s.classificationSignatureDef(text, null, null)),
    await refused(() => s.classificationSignatureDef(text, number, null)),
    await refused(() => s.classificationSignatureDef(null as never, text, null)),
    await refused(() => s.predictSignatureDef({}, { number })),
    await refused(() => s.predictSignatureDef({ number }, {})),
  ];
  assert.equal(texts, [
    'ValueError: Regression input tensors must be of type string. Found tensors with type 1.',
    'ValueError: Regression output tensors must be of type float. Found tensors with type 7.',
    'ValueError: Classification `classes` and `scores` cannot both be None.',
    'ValueError: Classification classes must be of type string Tensor. Found tensors of type 1.`',
    'ValueError: Classification `examples` cannot be None.',
    'ValueError: Prediction `inputs` cannot be None or empty.',
    'ValueError: Prediction `outputs` cannot be None or empty.',
  ]);
});

checked('calls in the wrong order and incomplete signatures are refused', async () => {
  using sess = new tf.Session();
  const { x } = await small(sess);
  const exportDir = fresh();
  const builder = new Builder(exportDir);
  const { size } = sess.graph;
  assert.is(
    await refused(() => builder.addMetaGraph(['a'])),
    'AssertionError: Graph state including variables and assets has not been saved yet. Please invoke `add_meta_graph_and_variables()` first.',
  );
  const info = tf.savedModel.buildTensorInfo(x);
  const nameless = tf.savedModel.buildTensorInfo(x);
  nameless.name = null;
  const add = (map: object, options = {}) =>
    builder.addMetaGraphAndVariables(sess, ['a'], { signatureDefMap: map as never, ...options });
  const one = (input: unknown) => tf.savedModel.buildSignatureDef({ inputs: { x: input as never } });
  assert.match(
    await refused(() => add({ s: one(nameless) })),
    /^AssertionError: Invalid `tensor_info`[\s\S]*'encoding' fields/,
  );
  const untyped = tf.savedModel.buildTensorInfo(x);
  untyped.dtype = 0;
  assert.match(
    await refused(() => add({ s: one(untyped) })),
    /^AssertionError: Invalid [\s\S]* the dtype field set\.$/,
  );
  assert.match(
    await refused(() => add({ __saved_model_init_op: one(info) })),
    /^KeyError: SignatureDef map key "__saved_model_init_op" is reserved for initialization\. Please use a different key\.$/,
  );
  assert.match(await refused(() => add({}, { mainOp: x })), /^TypeError: Expected .* to be an Operation but got type/);
  assert.match(await refused(() => add({}, { assetsCollection: [x] })), /^TypeError: Asset path tensor .* constant/);
  const number = tf.constant(1);
  assert.match(await refused(() => add({}, { assetsCollection: [number] })), /^TypeError: .* must be of dtype string/);
  const many = tf.constant(['a', 'b']);
  assert.match(await refused(() => add({}, { assetsCollection: [many] })), /^TypeError: .* must be a scalar\.$/);
  assert.is(sess.graph.size, size + 2);
  await add({});
  assert.is(
    await refused(() => add({})),
    'AssertionError: Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` instead.',
  );
});

checked('folders without a model, and files that are none, are refused', async () => {
  using sess = new tf.Session();
  const empty = fresh();
  assert.not(await loader.maybeSavedModelDirectory(empty));
  assert.match(
    await refused(() => loader.load(sess, ['serve'], empty)),
    /^NotFoundError: SavedModel file does not exist at: .*\/\{saved_model\.pbtxt\|saved_model\.pb\}$/,
  );
  mkdirSync(empty);
  writeFileSync(join(empty, 'saved_model.pbtxt'), 'no: model');
  assert.match(await refused(() => loader.load(sess, ['serve'], empty)), /^DataLossError: Cannot parse file .*pbtxt/);
  writeFileSync(join(empty, 'saved_model.pb'), 'no model');
  assert.match(await refused(() => loader.load(sess, ['serve'], empty)), /^DataLossError: Cannot parse file .*\.pb: /);
  const bare = fresh();
  cpSync(join(GOLDENS, 'saved_model_simple'), bare, { recursive: true });
  rmSync(join(bare, 'variables'), { recursive: true });
  assert.match(
    await refused(() => loader.load(sess, ['serve'], bare)),
    /^ValueError: The passed save_path is not a valid checkpoint: /,
  );
  assert.ok(existsSync(bare));
});

test.run();
