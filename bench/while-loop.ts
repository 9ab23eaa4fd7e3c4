/**
 * What a round of a `whileLoop` costs beyond the kernels of its body: loops with short and long bodies, and
 * TensorFlow.js's eager loop, on wasm.
 */
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { duration, heading, race, row, type Timing } from './harness.ts';

const ROUNDS = 20_000;
/** Kernels in the long body, of a kind that is not fused with its like. */
const LONG = 16;

type Build = () => tf.Tensor;

/** A run of a graph of its own. */
async function prepared(build: Build): Promise<{ run: () => unknown; close: () => void }> {
  const graph = new tf.Graph();
  const fetch = graph.asDefault(build);
  const session = new tf.Session({ graph, config: { backend: 'wasm' } });
  await session.run(fetch);
  return { run: () => session.runSync(fetch), close: () => session.close() };
}

const int = (value: number) => tf.constant(value, tf.int32);
const vector = () => tf.constant([0.1, 0.2, 0.3, 0.4]);

/** `count` kernels, one after the other. */
function chain(x: tf.Tensor, count: number): tf.Tensor {
  let y = x;
  for (let i = 0; i < count; i++) y = tf.nn.softmax(y);
  return y;
}

const counter: Build = () =>
  tf.whileLoop(
    (i) => i.less(ROUNDS),
    (i) => i.add(1),
    [int(0)],
  );
const carrying =
  (kernels: number): Build =>
  () =>
    tf.whileLoop(
      (i) => i.less(ROUNDS),
      (i, x) => [i.add(1), chain(x, kernels)],
      [int(0), vector()],
    )[1];
const nested: Build = () =>
  tf.whileLoop(
    (i) => i.less(ROUNDS / 100),
    (i, n) => [
      i.add(1),
      tf.whileLoop(
        (j) => j.less(100),
        (j, m) => [j.add(1), m.add(1)],
        [int(0), n],
      )[1],
    ],
    [int(0), int(0)],
  )[1];

export async function benchWhileLoop(): Promise<void> {
  heading('A round of whileLoop, on wasm (target: at most 2 µs beyond the kernels of its body)');
  const competitors: Readonly<Record<string, { readonly build: Build; readonly rounds: number }>> = {
    'counter (less, add)': { build: counter, rounds: ROUNDS },
    'one kernel more': { build: carrying(1), rounds: ROUNDS },
    [`${LONG} kernels more`]: { build: carrying(LONG), rounds: ROUNDS },
    'loop in a loop, an inner round': { build: nested, rounds: ROUNDS },
  };
  const opened = new Map<string, { run: () => unknown; close: () => void }>();
  for (const [name, { build }] of Object.entries(competitors)) opened.set(name, await prepared(build));
  const eager = () => {
    const end = tfjs.scalar(200, 'int32');
    const one = tfjs.scalar(1, 'int32');
    let i = tfjs.scalar(0, 'int32');
    for (;;) {
      const test = tfjs.less(i, end);
      const [goesOn] = test.dataSync();
      test.dispose();
      if (!goesOn) break;
      const next = tfjs.add<tfjs.Scalar>(i, one);
      i.dispose();
      i = next;
    }
    tfjs.dispose([end, one, i]);
  };
  const runs = Object.fromEntries([...opened].map(([name, { run }]) => [name, run]));
  const timings = await race({ ...runs, 'tfjs eager counter': eager }, { warmup: 300, samples: 9 });
  const per = new Map<string, Timing>();
  row('', 'median', 'min', 'max');
  for (const [name, { median, min, max }] of timings) {
    const rounds = competitors[name]?.rounds ?? 200;
    const t = { median: median / rounds, min: min / rounds, max: max / rounds };
    per.set(name, t);
    row(name, duration(t.median), duration(t.min), duration(t.max));
  }
  const of = (name: string) => (per.get(name) as Timing).median;
  const kernel = (of(`${LONG} kernels more`) - of('one kernel more')) / (LONG - 1);
  row('a kernel in a body (slope)', duration(kernel));
  row('a round beyond its kernels (one more, less it)', duration(of('one kernel more') - kernel));
  row('tfjs eager / counter', `${(of('tfjs eager counter') / of('counter (less, add)')).toFixed(2)}×`);
  for (const { close } of opened.values()) close();
}
