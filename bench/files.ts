/** Files: a checkpoint of 100 MB written and restored, beside plain writing and reading; a graph of 20,000 nodes imported. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '../src/index.ts';
import { heading, row } from './harness.ts';

const VARIABLES = 25;
const MEGABYTES = 4;
const RUNS = 5;
const NODES = 20_000;

interface Taken {
  readonly seconds: number;
  /** Bytes that the process grew by, at most, while it ran. */
  readonly peak: number;
}

/** The median of some runs, the first of which is left out. */
async function taken(body: () => unknown): Promise<Taken> {
  const times: number[] = [];
  let peak = 0;
  for (let run = 0; run <= RUNS; run++) {
    const before = process.memoryUsage().rss;
    const look = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }, 2);
    const start = performance.now();
    await body();
    if (run > 0) times.push((performance.now() - start) / 1000);
    peak = Math.max(peak, process.memoryUsage().rss - before);
    clearInterval(look);
  }
  return { seconds: times.sort((a, b) => a - b)[times.length >> 1], peak };
}

async function checkpoints(folder: string): Promise<void> {
  const graph = new tf.Graph();
  const { saver, init } = graph.asDefault(() => {
    for (let i = 0; i < VARIABLES; i++) {
      tf.getVariable(`v${i}`, [MEGABYTES, 250_000], { initializer: tf.randomUniformInitializer() });
    }
    return { saver: new tf.train.Saver(), init: tf.globalVariablesInitializer() };
  });
  using sess = new tf.Session({ graph });
  using other = new tf.Session({ graph });
  await sess.run(init);
  const megabytes = VARIABLES * MEGABYTES;
  const bytes = new Uint8Array(megabytes * 1e6).fill(7);
  const path = join(folder, 'model');
  const plain = join(folder, 'plain');

  heading(`A checkpoint of ${megabytes} MB, ${VARIABLES} variables (target: at least 150 MB/s)`);
  row('', 'MB/s', 'seconds', 'growth, MB');
  const report = async (name: string, body: () => unknown) => {
    const { seconds, peak } = await taken(body);
    row(name, (megabytes / seconds).toFixed(0), seconds.toFixed(3), (peak / 1e6).toFixed(0));
  };
  await report('saver.save', () => saver.save(sess, path, { writeMetaGraph: false }));
  await report('saver.restore', () => saver.restore(other, path));
  await report('one plain write', () => writeFileSync(plain, bytes));
  await report('one plain read', () => readFileSync(plain));
}

async function graphs(): Promise<void> {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    let x: tf.Tensor = tf.placeholder(tf.float32, [32, 10], { name: 'x' });
    for (let layer = 0; graph.size < NODES; layer++) {
      x = tf.nameScope(`layer_${layer}`, () => {
        const w = tf.constant(layer, { dtype: tf.float32, name: 'w' });
        return tf.nn.relu(tf.add(tf.multiply(x, w), tf.negative(x)));
      });
    }
  });
  const bytes = (graph.asGraphDef() as tf.GraphDef).toBinary();
  heading(
    `A GraphDef of ${graph.size.toLocaleString('en')} nodes, ${(bytes.length / 1e6).toFixed(1)} MB (target: at most 1 s)`,
  );
  let def = tf.GraphDef.fromBinary(bytes);
  const read = await taken(() => {
    def = tf.GraphDef.fromBinary(bytes);
  });
  const imported = await taken(() => new tf.Graph().asDefault(() => tf.importGraphDef(def, { name: '' })));
  const written = await taken(() => (graph.asGraphDef() as tf.GraphDef).toBinary());
  row('', 'milliseconds', 'µs a node');
  const line = (name: string, { seconds }: { readonly seconds: number }) =>
    row(name, (seconds * 1000).toFixed(0), ((seconds * 1e6) / graph.size).toFixed(1));
  line('GraphDef.fromBinary', read);
  line('importGraphDef', imported);
  line('both', { seconds: read.seconds + imported.seconds });
  line('asGraphDef, toBinary', written);
}

export async function benchFiles(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-files-'));
  try {
    await checkpoints(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
  await graphs();
}
