/**
 * MetaGraphs and SavedModels between here and real TensorFlow, both ways: loaded, restored, run, trained further and compared.
 * The list of ops that goes with a graph is compared op by op.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { strippedOpList } from '../../src/io/meta-graph/op-list.ts';
import { sortedBytes } from '../support/op-def-message.ts';
import { python, REASON, runPython } from './python.ts';

const folder = mkdtempSync(join(tmpdir(), 'interop-models-'));
const test = suite('interop/models');
test.after(() => rmSync(folder, { recursive: true }));
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);
test.before.each(() => {
  tf.resetDefaultGraph();
});

type Values = Readonly<Record<string, readonly (number | string)[]>>;

const X = [
  [1, 2],
  [3, 4],
  [-1, 0.5],
];
const WORDS = ['two', 'zero', 'other', ''];

function near(got: Values, wanted: Values, where: string): void {
  assert.equal(Object.keys(got).sort(), Object.keys(wanted).sort(), where);
  for (const [key, values] of Object.entries(wanted)) {
    assert.is(got[key].length, values.length, `${where} ${key}`);
    values.forEach((value, i) => {
      const mine = got[key][i];
      const close = typeof value === 'number' && Math.abs(Number(mine) - value) <= 1e-5 * Math.max(1, Math.abs(value));
      assert.ok(close || mine === value, `${where} ${key}[${i}]: ${mine}, expected ${value}`);
    });
  }
}

const plain = ({ data, dtype }: tf.NdArray) =>
  Array.from(data as ArrayLike<unknown>, (value) =>
    dtype === tf.string ? new TextDecoder().decode(value as Uint8Array) : Number(value),
  );

async function computed(sess: tf.Session, keys: readonly string[]): Promise<Values> {
  const values: Record<string, (number | string)[]> = {};
  for (const key of keys) {
    values[key] = plain((await sess.run(`${key}:0`, { feedDict: [['x:0', X]] as never })) as tf.NdArray);
  }
  return values;
}

/** What the graph computes, before and after some steps of its training. */
async function trained(sess: tf.Session): Promise<[Values, Values]> {
  const keys = ['y', 'loss', 'total'];
  const first = await computed(sess, keys);
  for (let i = 0; i < 3; i++) await sess.run('train', { feedDict: [['x:0', X]] as never });
  return [first, await computed(sess, keys)];
}

function network() {
  const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
  const [w, b] = tf.variableScope('dense', () => [
    tf.getVariable('kernel', [2, 3], { initializer: tf.constantInitializer([-0.5, 0.25, 1, -1.5, 0.75, 0.1]) }),
    tf.getVariable('bias', [3], { initializer: tf.constantInitializer([0.1, -0.2, 0.3]) }),
  ]);
  const y = tf.tanh(tf.add(tf.matmul(x, w), b), { name: 'y' });
  const loss = tf.reduceSum(tf.square(y), null, { name: 'loss' });
  const [, sum] = [
    tf.whileLoop(
      (i) => tf.less(i, 3),
      (i, s) => [tf.add(i, 1), tf.add(s, tf.reduceSum(y))],
      [tf.constant(0, { dtype: tf.int32 }), tf.constant(0, { dtype: tf.float32 })],
    ),
  ].flat() as tf.Tensor[];
  const total = tf.identity(sum, { name: 'total' });
  // It puts itself into the collection `train_op`.
  new tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, {
    globalStep: tf.train.getOrCreateGlobalStep(),
    name: 'train',
  });
  return { x, y, total };
}

// From TensorFlow

type Written = Readonly<Record<'resource' | 'reference', readonly [Values, Values]>> &
  Readonly<Record<'saved' | 'saved-text', Values>>;
let written: Written | null = null;
function tensorflows(): Written {
  written ??= runPython<Written>('models.py', 'write', folder);
  return written;
}

check(name('meta graphs of TensorFlow are imported, restored, run and trained further'), async () => {
  const wanted = tensorflows();
  for (const kind of ['resource', 'reference'] as const) {
    for (const end of ['.meta', '.metatxt']) {
      const graph = new tf.Graph();
      using _ = graph.asDefault();
      const saver = await tf.train.importMetaGraph(join(folder, kind + end));
      using sess = new tf.Session({ graph });
      await saver?.restore(sess, join(folder, kind));
      const [before, after] = await trained(sess);
      near(before, wanted[kind][0], `${kind}${end} before`);
      near(after, wanted[kind][1], `${kind}${end} after`);
    }
  }
});

check(name('models of TensorFlow with tables, assets and several signatures are loaded and run'), async () => {
  const wanted = tensorflows();
  for (const kind of ['saved', 'saved-text'] as const) {
    using sess = new tf.Session({ graph: new tf.Graph() });
    const meta = await tf.savedModel.load(sess, ['serve'], join(folder, kind));
    const found: Record<string, (number | string)[]> = {};
    for (const [key, signature] of meta.signatureDef) {
      const feedDict = new Map(
        [...signature.inputs].map(([input, info]) => [info.name as string, input === 'x' ? X : WORDS]),
      );
      for (const [output, info] of signature.outputs) {
        assert.ok(key === 'ids' || key === 'serving_default', key);
        found[output] = plain((await sess.run(info.name as string, { feedDict: feedDict as never })) as tf.NdArray);
      }
    }
    near(found, wanted[kind], kind);
  }
});

// To TensorFlow

interface Imported {
  readonly variables: readonly (readonly [string, boolean, readonly number[]])[];
  readonly train_op: readonly string[];
  readonly numbers: readonly number[];
  readonly step: number;
  readonly computed: readonly [Values, Values];
  readonly canonical: boolean;
}

check(
  name('meta graphs and models that are written here are loaded, run and trained further by TensorFlow'),
  async () => {
    let ours: readonly Values[] = [];
    {
      const graph = new tf.Graph();
      using _ = graph.asDefault();
      network();
      for (const item of [123, -4]) tf.addToCollection('numbers', item);
      const saver = new tf.train.Saver();
      const init = tf.globalVariablesInitializer();
      using sess = new tf.Session({ graph });
      await sess.run(init);
      await sess.run('train', { feedDict: [['x:0', X]] as never });
      await saver.save(sess, join(folder, 'ours'), 7);
      await saver.exportMetaGraph(join(folder, 'ours.metatxt'), { asText: true });
      ours = await trained(sess);
    }
    const vocabulary = join(folder, 'ours-words.txt');
    writeFileSync(vocabulary, 'zero\none\ntwo\n');
    let served: Values = {};
    for (const asText of [false, true]) {
      const graph = new tf.Graph();
      using _ = graph.asDefault();
      const { x, y, total } = network();
      const table = new tf.lookup.StaticVocabularyTable(
        new tf.lookup.TextFileInitializer(
          vocabulary,
          tf.string,
          tf.lookup.TextFileIndex.WHOLE_LINE,
          tf.int64,
          tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        2,
      );
      const words = tf.placeholder(tf.string, [null], { name: 'words' });
      const ids = table.lookup(words) as tf.Tensor;
      const init = tf.globalVariablesInitializer();
      const mainOp = tf.tablesInitializer();
      using sess = new tf.Session({ graph });
      await sess.run([init, mainOp]);
      const builder = new tf.savedModel.Builder(join(folder, `ours-saved${asText ? '-text' : ''}`));
      await builder.addMetaGraphAndVariables(sess, ['serve'], {
        signatureDefMap: {
          serving_default: tf.savedModel.predictSignatureDef({ x }, { y, total }),
          ids: tf.savedModel.predictSignatureDef({ words }, { ids }),
        },
        assetsCollection: tf.getCollection(tf.GraphKeys.ASSET_FILEPATHS) as tf.Tensor[],
        mainOp,
      });
      await builder.save(asText);
      served = {
        ...(await computed(sess, ['y', 'total'])),
        ids: plain((await sess.run(ids, { feedDict: [[words, WORDS]] })) as tf.NdArray),
      };
    }
    // The file that the tables were made from is not needed where the model is.
    rmSync(vocabulary);
    const { meta, saved } = runPython<{ meta: Imported[]; saved: Values[] }>('models.py', 'read', folder);
    for (const imported of meta) {
      assert.equal(
        imported.variables.map(([variable, trainable]) => [variable, trainable]),
        [
          ['dense/kernel:0', true],
          ['dense/bias:0', true],
          ['global_step:0', false],
          ['dense/kernel/Momentum:0', false],
          ['dense/bias/Momentum:0', false],
        ],
      );
      assert.equal([imported.train_op, imported.numbers, imported.step], [['train'], [123, -4], 1]);
      assert.ok(imported.canonical, 'TensorFlow writes the same bytes');
      ours.forEach((values, i) => {
        near(imported.computed[i], values, `step ${i}`);
      });
    }
    for (const values of saved) near(values, served, 'served');
  },
);

check(name('the definitions of all ops that are listed with a graph are those of TensorFlow'), () => {
  const names = tf
    .opDefs()
    .map((op) => op.name)
    .filter((op) => !op.startsWith('_'));
  const file = join(folder, 'ops.json');
  writeFileSync(file, JSON.stringify(names));
  const theirs = runPython<Record<string, string>>('models.py', 'ops', file);
  const list = strippedOpList(
    new tf.GraphDef(names.map((op) => ({ name: op, op, input: [], device: '', attr: new Map() }) as never)),
  );
  const wrong = list.op.flatMap((op) => {
    const wanted = theirs[op.name];
    return wanted === undefined || sortedBytes(op) === wanted ? [] : [op.name];
  });
  assert.ok(list.op.length > 600, String(list.op.length));
  // Its default, a tensor, is written element by element there; here as bytes, which stand for the same.
  assert.equal(wrong, ['ImageSummary']);
});

test.run();
