/** Ops of this library's own in exported graphs: they are written as ops that TensorFlow knows. */
import { suite as newSuite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const suite = newSuite('io/export-own-ops');
const test = leakChecked(suite);

test('a one-shot iterator holds a function that makes its dataset', async () => {
  const dataset = tf.data.Dataset.range(5)
    .map((x) => x.mul(2))
    .batch(2);
  const next = tf.data.makeOneShotIterator(dataset).getNext() as tf.Tensor;
  const written = tf.GraphDef.of(tf.getDefaultGraph());
  const iterator = written.node.find(({ op }) => op === 'OneShotIterator');
  assert.equal(iterator?.input, []);
  const factory = iterator?.attr.get('dataset_factory') as { func: { name: string } };
  const body = written.library.function.find(({ name }) => name === factory.func.name);
  assert.equal(
    body?.nodeDef.map(({ op }) => op).filter((op) => op.endsWith('Dataset') || op.endsWith('DatasetV2')),
    ['RangeDataset', 'MapDataset', 'BatchDatasetV2'],
  );
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromBinary(written.toBinary()), { name: '' }));
  using session = new tf.Session({ graph });
  const values = [];
  for (let i = 0; i < 3; i++)
    values.push(Array.from(((await session.run(next.name)) as tf.NdArray).data as ArrayLike<bigint>, Number));
  assert.equal(values, [[0, 2], [4, 6], [8]]);
});

test('no node of an exported graph is of an op that only this library knows', () => {
  tf.data.makeOneShotIterator(tf.data.Dataset.range(1)).getNext();
  new tf.Variable(1);
  tf.assertVariablesInitialized();
  const { node, library } = tf.GraphDef.of(tf.getDefaultGraph());
  const ops = [...node, ...library.function.flatMap(({ nodeDef }) => nodeDef)].map(({ op }) => op);
  assert.equal(
    ops.filter((op) => op.startsWith('_')),
    [],
  );
  assert.ok(ops.includes('Rank'));
});

suite.run();
