/**
 * Graphs of all kinds that are written here: real TensorFlow takes them, with the same types and with shapes that agree, and
 * writes the same bytes. Graphs with loops and branches are `control-flow.test.ts`'s.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { opDefs } from '../../src/ops/opdef/define.ts';
import { isCompatible } from '../../src/util/shape.ts';
import { opPrograms } from '../support/named-op-programs.ts';
import { trainingPrograms } from '../support/named-programs.ts';
import { buildSample } from '../support/samples.ts';
import { python, REASON, runPython } from './python.ts';

const folder = mkdtempSync(join(tmpdir(), 'interop-graph-def-'));
const test = suite('interop/graph-def');
test.after(() => rmSync(folder, { recursive: true }));
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);

interface Found {
  readonly error?: string;
  readonly types: Readonly<Record<string, string>>;
  readonly shapes: Readonly<Record<string, readonly number[] | null>>;
  readonly canonical: boolean;
}

/** What differs where TensorFlow reads the graphs, by their labels. */
function differences(graphs: ReadonlyMap<string, tf.Graph>): string[] {
  const labels = [...graphs.keys()];
  const files = labels.map((_, i) => join(folder, `${i}.pb`));
  labels.forEach((label, i) => {
    writeFileSync(files[i], tf.GraphDef.of(graphs.get(label) as tf.Graph).toBinary());
  });
  const list = join(folder, 'list.json');
  writeFileSync(list, JSON.stringify(files));
  return runPython<Found[]>('graph-def.py', list).flatMap((found, i) =>
    compare(graphs.get(labels[i]) as tf.Graph, found).map((text) => `${labels[i]}: ${text}`),
  );
}

/** The shapes that TensorFlow tells of their further outputs are one less than those of what it computes. */
const ONE_SHORT: ReadonlySet<string> = new Set(['FractionalMaxPool', 'FractionalAvgPool']);

function compare(graph: tf.Graph, { error, types, shapes, canonical }: Found): string[] {
  if (error) return [error];
  const problems = canonical ? [] : ['TensorFlow writes other bytes'];
  for (const { name: key, dtype, shape, op, index } of graph.getOperations().flatMap((op) => op.outputs)) {
    const theirs = shapes[key]?.map((d) => (d < 0 ? null : d)) ?? null;
    if (types[key] !== dtype.name) problems.push(`${key} is of type ${types[key]}, not ${dtype.name}`);
    if (index > 0 && ONE_SHORT.has(op.type)) continue;
    if (!isCompatible(shape, theirs)) problems.push(`${key} has shape [${theirs}], not [${shape}]`);
  }
  return problems;
}

/** Ops that frozen graphs still hold, and that TensorFlow no longer takes from today's producers, or at all. */
const DROPPED: ReadonlySet<string> = new Set(['TopK', 'AudioSummary', 'CompareAndBitpack']);

const built = (build: () => unknown): tf.Graph => {
  const graph = new tf.Graph();
  graph.asDefault(build);
  return graph;
};

check(name('every sample of every op is taken, with the same types and shapes'), () => {
  const graphs = new Map<string, tf.Graph>();
  for (const def of opDefs()) {
    // Names that begin so are of the compiler's own ops, which no file holds.
    if (def.name.startsWith('_') || DROPPED.has(def.name)) continue;
    def.samples.forEach((sample, i) => {
      graphs.set(`${def.name} ${i}`, buildSample(def, sample, 'constants').graph);
    });
  }
  assert.ok(graphs.size > 500);
  assert.equal(differences(graphs), []);
});

check(name('programs that train, and those that go through families of ops, are taken'), () => {
  const programs = Object.entries({ ...trainingPrograms, ...opPrograms });
  assert.equal(differences(new Map(programs.map(([label, build]) => [label, built(build)]))), []);
});

check(name('networks of layers and of Keras, with what trains them, are taken'), () => {
  const graphs = new Map<string, tf.Graph>();
  const layers = () => {
    const x = tf.placeholder(tf.float32, [null, 8, 8, 1], { name: 'x' });
    const y = tf.placeholder(tf.int32, [null], { name: 'y' });
    const training = tf.placeholderWithDefault(false, [], { name: 'training' });
    let h = tf.layers.conv2d(x, 4, 3, { padding: 'same', activation: tf.nn.relu });
    h = tf.layers.maxPooling2d(tf.layers.batchNormalization(h, { training }), 2, 2);
    h = tf.layers.dropout(tf.layers.flatten(h), { rate: 0.5, training });
    const logits = tf.layers.dense(h, 3);
    const loss = tf.losses.sparseSoftmaxCrossEntropy(y, logits);
    new tf.train.AdamOptimizer(0.01).minimize(loss, { globalStep: tf.train.getOrCreateGlobalStep() });
    tf.summary.scalar('loss', loss);
    tf.summary.mergeAll();
    new tf.train.Saver();
    tf.globalVariablesInitializer();
  };
  graphs.set('layers', built(layers));
  const keras = () => {
    const { layers: kinds, models } = tf.keras;
    const model = new models.Sequential([
      new kinds.Conv2D(4, 3, { inputShape: [8, 8, 1], activation: 'relu' }),
      new kinds.BatchNormalization(),
      new kinds.GlobalAveragePooling2D(),
      new kinds.Dropout(0.3),
      new kinds.Dense(3, { activation: 'softmax' }),
    ]);
    model.compile({ optimizer: 'adam', loss: 'categorical_crossentropy', metrics: ['accuracy'] });
  };
  graphs.set('keras', built(keras));
  assert.equal(differences(graphs), []);
});

test.run();
