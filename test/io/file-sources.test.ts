/** Files as a page has them: TensorFlow's own files by URL, as `File` and as `Blob`, and what is said of those not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('io/file-sources');
const checked = leakChecked(test);

const GOLDENS = fileURLToPath(new URL('../goldens/interchange/', import.meta.url));
const golden = (name: string) => JSON.parse(readFileSync(join(GOLDENS, `${name}.json`), 'utf8'));

const server = createServer(({ url = '/' }, response) => {
  try {
    response.end(readFileSync(join(GOLDENS, decodeURIComponent(url))));
  } catch {
    response.writeHead(url === '/broken' ? 500 : 404).end();
  }
});
let origin = '';
test.before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => {
  server.close();
});

/** The files of a folder, as a page is given them: with the folder's name in their paths, or by their names alone. */
function filesIn(folder: string, withPaths: boolean): File[] {
  const names = readdirSync(join(GOLDENS, folder), { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return names.map(({ name, parentPath }) => {
    const file = new File([new Uint8Array(readFileSync(join(parentPath, name)))], name);
    const path = join(parentPath, name).slice(GOLDENS.length).replaceAll('\\', '/');
    if (withPaths) Object.defineProperty(file, 'webkitRelativePath', { value: path });
    return file;
  });
}

interface Example {
  readonly signature: string;
  readonly inputs: Readonly<Record<string, GoldenArray>>;
  readonly outputs: Readonly<Record<string, GoldenArray>>;
}

async function checkModel(source: URL | File[]): Promise<void> {
  const example: Example = golden('saved_model_simple').example;
  using sess = new tf.Session({ graph: new tf.Graph() });
  const meta = await tf.savedModel.load(sess, ['serve'], source);
  const signature = meta.signatureDef.get(example.signature);
  const feedDict = new Map(
    Object.entries(example.inputs).map(([key, value]) => [
      signature?.inputs.get(key)?.name as string,
      fromGolden(value),
    ]),
  );
  for (const [key, value] of Object.entries(example.outputs)) {
    const got = (await sess.run(signature?.outputs.get(key)?.name as string, { feedDict })) as tf.NdArray;
    assert.is(difference(got, fromGolden(value), FORWARD), null, key);
  }
}

checked('a SavedModel of TensorFlow is loaded from a URL', () => checkModel(new URL(`${origin}/saved_model_simple`)));
checked('a SavedModel of TensorFlow is loaded from the files of its folder', () =>
  checkModel(filesIn('saved_model_simple', true)),
);

const isOfFirst = ({ name }: File) => name.startsWith('model.ckpt-100');
for (const [what, source] of [
  ['a URL', () => new URL(`${origin}/ckpt_v2/model.ckpt-100`)],
  ['files', () => filesIn('ckpt_v2', false).filter(isOfFirst)],
] as const) {
  test(`a checkpoint of TensorFlow is read from ${what}`, async () => {
    const reader = await tf.train.NewCheckpointReader(source());
    const tensors: Readonly<Record<string, GoldenArray>> = golden('ckpt_v2').tensors;
    const names = Object.keys(tensors).filter((name) => reader.hasTensor(name));
    assert.ok(names.length > 5);
    for (const name of names) {
      assert.is(difference(await reader.getTensor(name), fromGolden(tensors[name]), FORWARD), null, name);
    }
  });
}

checked('a saver restores from files that a page was given', async () => {
  const memory = new tf.io.MemoryFileSystem();
  const before = tf.io.setFileSystem(memory);
  const v = new tf.Variable([1, 2, 3], { name: 'v' });
  using sess = new tf.Session();
  await sess.run(v.initializer);
  const saver = new tf.train.Saver();
  const path = (await saver.save(sess, 'model')) as string;
  const files: File[] = [];
  for (const name of await memory.list('')) {
    if (name.startsWith(path)) files.push(new File([new Uint8Array(await memory.readRange(name, 0, 1e6))], name));
  }
  tf.io.setFileSystem(before);
  await sess.run(v.assign([7, 8, 9]));
  await saver.restore(sess, files);
  assert.equal((await sess.run(v)).array(), [1, 2, 3]);
});

test('a graph is read from a path, a URL, a File and a Blob, as bytes and as text', async () => {
  const binary = join(GOLDENS, 'graph', 'graph.pb');
  const bytes = new Uint8Array(readFileSync(binary));
  const text = (await tf.io.readGraph(binary)).toText();
  assert.ok(text.includes('node {'));
  const sources = [
    new URL(`${origin}/graph/graph.pb`),
    new File([bytes], 'graph.pb'),
    new Blob([bytes]),
    new Blob([text]),
  ];
  for (const source of sources) assert.is((await tf.io.readGraph(source)).toText(), text);
});

test('a meta graph is imported from a URL and from a File', async () => {
  const name = readdirSync(join(GOLDENS, 'ckpt_sharded')).find((each) => each.endsWith('.meta')) as string;
  const bytes = new Uint8Array(readFileSync(join(GOLDENS, 'ckpt_sharded', name)));
  const nodes = async (source: URL | File | string) => {
    const graph = new tf.Graph();
    using _ = graph.asDefault();
    const saver = await tf.train.importMetaGraph(source);
    assert.instance(saver, tf.train.Saver);
    return graph.getOperations().map((op) => op.name);
  };
  const wanted = await nodes(join(GOLDENS, 'ckpt_sharded', name));
  assert.ok(wanted.length > 5);
  assert.equal(await nodes(new URL(`${origin}/ckpt_sharded/${name}`)), wanted);
  assert.equal(await nodes(new File([bytes], name)), wanted);
});

test('what is not there, or is no file, is said', async () => {
  const none = await failure(() => tf.io.readGraph(new URL(`${origin}/none.pb`)));
  assert.is(none.name, 'NotFoundError');
  assert.match(none.message, '/none.pb; No such file or directory');
  assert.is((await failure(() => tf.io.readGraph(new URL(`${origin}/broken`)))).name, 'UnavailableError');
  assert.is((await failure(() => tf.io.readGraph(new Blob(['\0 no graph'])))).name, 'DataLossError');
  assert.is((await failure(() => tf.io.readGraph(5 as never))).name, 'TypeError');
  const two = await failure(() => tf.train.NewCheckpointReader([new File(['a'], 'a'), new File(['b'], 'b')]));
  assert.match(two.message, "one of which ends in '.index', but got: a, b");
});

test.run();
