/**
 * Whole programs, node by node: names, types, inputs and control inputs are those that TensorFlow 2.21 gave for the same
 * program with resource variables (`test/goldens/programs/names-resource.json`).
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const test = suite('graph/names-resource');

interface Program {
  readonly name: string;
  readonly steps: string;
  readonly variables: readonly string[];
  readonly collections: Readonly<Record<string, number>>;
  readonly ops: readonly (readonly [name: string, type: string, inputs: readonly string[]])[];
}

const file = new URL('../goldens/programs/names-resource.json', import.meta.url);
const { programs } = JSON.parse(readFileSync(file, 'utf8')) as { programs: Program[] };

function opList(graph: tf.Graph): string[] {
  return graph.getOperations().map((op) => {
    const inputs = op.inputs.map((t) => (t.index === 0 ? t.op.name : t.name));
    return line(op.name, op.type, [...inputs, ...op.controlInputs.map((c) => `^${c.name}`)]);
  });
}

/** The order of control inputs is not specified; that of data inputs is. */
function line(name: string, type: string, inputs: readonly string[]): string {
  const data = inputs.filter((input) => !input.startsWith('^'));
  const controls = inputs.filter((input) => input.startsWith('^')).sort();
  return `${name} = ${type}(${[...data, ...controls].join(', ')})`;
}

const builders: Readonly<Record<string, () => void>> = {
  linear() {
    const x = tf.placeholder(tf.float32, [null, 3], { name: 'x' });
    const W = new tf.Variable(tf.zeros([3, 2]), { name: 'W' });
    const b = new tf.Variable(tf.zeros([2]), { name: 'b' });
    const y = tf.matmul(x, W).add(b);
    const loss = tf.reduceMean(tf.square(y));
    new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
    tf.globalVariablesInitializer();
  },
  scopes() {
    tf.variableScope('v', () => {
      const w = tf.getVariable('w', [2], { initializer: tf.zerosInitializer() });
      tf.add(w, 1, { name: 'o' });
    });
    tf.variableScope('v', { reuse: true }, () => {
      const w = tf.getVariable('w', [2]);
      tf.add(w, 1, { name: 'o' });
    });
    tf.nameScope('n', () => {
      tf.getVariable('w2', [1], { initializer: tf.onesInitializer() });
      new tf.Variable(1, { name: 't' });
    });
  },
  adam() {
    const v = new tf.Variable(1, { name: 'v' });
    new tf.train.AdamOptimizer().minimize(tf.square(v));
  },
  default_names() {
    const inside = () => tf.getVariable('w', [1], { initializer: tf.zerosInitializer() });
    tf.variableScope(null, { defaultName: 'd' }, inside);
    tf.variableScope(null, { defaultName: 'd' }, inside);
    tf.variableScope('outer', () => tf.variableScope(null, { defaultName: 'd' }, inside));
    tf.variableScope(null, { defaultName: 'd' }, inside);
  },
  digits() {
    tf.setRandomSeed(42);
    const x = tf.placeholder(tf.float32, [null, 64], { name: 'x' });
    const y = tf.placeholder(tf.int32, [null], { name: 'y' });
    const dense = (name: string, input: tf.Tensor, inputs: number, units: number) =>
      tf.variableScope(name, () => {
        const kernel = tf.getVariable('kernel', [inputs, units]);
        const bias = tf.getVariable('bias', [units], { initializer: tf.zerosInitializer() });
        return tf.nn.biasAdd(tf.matmul(input, kernel), bias);
      });
    const logits = dense('output', tf.nn.relu(dense('hidden', x, 64, 128)), 128, 10);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }), { name: 'loss' });
    const predictions = tf.argmax(logits, 1, { outputType: tf.int32, name: 'predictions' });
    tf.reduceMean(tf.cast(tf.equal(predictions, y), tf.float32), { name: 'accuracy' });
    new tf.train.AdamOptimizer(2e-3).minimize(loss);
    tf.globalVariablesInitializer();
  },
  convnet() {
    const x = tf.placeholder(tf.float32, [null, 8, 8, 1], { name: 'x' });
    const y = tf.placeholder(tf.float32, [null, 10], { name: 'y' });
    const k = tf.getVariable('k', [3, 3, 1, 4]);
    const b = tf.getVariable('b', [4], { initializer: tf.zerosInitializer() });
    let h = tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(x, k, { strides: [1, 1, 1, 1], padding: 'SAME' }), b));
    h = tf.nn.maxPool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME');
    h = tf.reshape(h, [-1, 4 * 4 * 4]);
    h = tf.nn.dropout(h, { rate: 0.5, seed: 1 });
    const w = tf.getVariable('w', [64, 10]);
    const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits: tf.matmul(h, w) }));
    const globalStep = tf.train.getOrCreateGlobalStep();
    new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true }).minimize(loss, { globalStep });
  },
  embedding() {
    const e = tf.getVariable('e', [5, 3]);
    const ids = tf.placeholder(tf.int32, [null], { name: 'ids' });
    const loss = tf.reduceSum(tf.square(tf.nn.embeddingLookup(e, ids)));
    new tf.train.AdagradOptimizer(0.1).minimize(loss);
    new tf.train.RMSPropOptimizer(0.1).minimize(tf.reduceSum(tf.gather(e, ids)));
  },
  gradients() {
    const a = tf.placeholder(tf.float32, [2, 3], { name: 'a' });
    const b = tf.placeholder(tf.float32, [3], { name: 'b' });
    const u = tf.placeholder(tf.float32, [null, 3], { name: 'u' });
    const y = tf.reduceSum(a.mul(b).sub(tf.exp(a).div(b)), { axis: 1 });
    const z = tf.concat([a, u], 0);
    const w = tf.transpose(z);
    const s = tf.split(a, 3, { axis: 1 });
    const t = tf.stack([b, b]);
    const q = tf.unstack(a);
    const m = tf.reduceMax(u, { axis: 0, keepdims: true });
    const n = tf.slice(a, [0, 1], [2, 2]);
    const st = u.slice({}, { start: 1 });
    const ex = tf.expandDims(b, 0);
    const sq = tf.squeeze(ex);
    const ti = tf.tile(ex, [2, 1]);
    const pd = tf.pad(a, [
      [1, 0],
      [0, 1],
    ]);
    const total = tf
      .reduceSum(y)
      .add(tf.reduceSum(w))
      .add(tf.reduceSum(s[1]))
      .add(tf.reduceMean(t))
      .add(tf.reduceSum(q[0]))
      .add(tf.reduceSum(m))
      .add(tf.reduceProd(n))
      .add(tf.reduceSum(st))
      .add(tf.reduceSum(sq))
      .add(tf.reduceSum(ti))
      .add(tf.reduceSum(pd))
      .add(tf.reduceSum(tf.pow(u, 2)))
      .add(tf.reduceSum(tf.maximum(a, b)))
      .add(tf.reduceSum(tf.where(a.greater(0), a, a.neg())));
    tf.gradients(total, [a, b, u]);
  },
};

for (const program of programs) {
  test(`${program.name}: every node is TensorFlow's`, () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      builders[program.name]();
      assert.equal(
        tf.globalVariables().map((v) => (v as { name: string }).name),
        program.variables,
      );
    });
    assert.is(opList(graph).join('\n'), program.ops.map(([name, type, inputs]) => line(name, type, inputs)).join('\n'));
    for (const [key, count] of Object.entries(program.collections)) {
      if (!key.startsWith('(')) assert.is(graph.getCollection(key).length, count, key);
    }
  });
}

test.run();
