/**
 * Kernels on two threads beside one: large ops, and training steps. In a process of its own, since threads are a matter of how
 * the wasm backend starts. What the two compute has the same bits, which is tested elsewhere.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nn, numpy as np } from '@jax-js/jax';
import * as tfjs from '@tensorflow/tfjs';
import { TfjsBackend } from '../runtime/backends/tfjs.ts';
import * as tf from '../src/index.ts';
import { duration, heading, race, results, row } from './harness.ts';
import { lenet } from './lenet.ts';
import { mlp } from './native.ts';
import {
  agree,
  attempt,
  type Data,
  full,
  type GraphTrainer,
  jaxTrainer,
  oneHot,
  type Trainer,
  uniform,
} from './support.ts';
import { transformer } from './transformer.ts';

const THREADS = 2;
const IN_OWN_PROCESS = '--in-own-process';

export async function benchThreads(): Promise<void> {
  const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
  const program = [fileURLToPath(import.meta.url), IN_OWN_PROCESS, ...flags];
  const engine = flags.includes('--multiply-add') ? ['--experimental-wasm-relaxed-simd'] : [];
  const child = spawn(process.execPath, [...process.execArgv, ...engine, ...program], { stdio: 'inherit' });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`The benchmark of threads ended with ${code}.`);
}

type Config = Pick<tf.ConfigInit, 'backend'>;

/** An op, computed again and again on values that stay on the device. */
interface Op {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly build: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const IMAGE = [8, 56, 56, 64];
const FILTER = [3, 3, 64, 64];
const STEP = [1, 1, 1, 1];
const conv = (image: tf.Tensor, filter: tf.Tensor) => tf.nn.conv2d(image, filter, STEP, 'SAME');

const ops: readonly Op[] = [
  ...[64, 128, 256, 512, 1024].map((n) => ({
    name: `product of ${n}×${n} matrices`,
    shapes: [
      [n, n],
      [n, n],
    ],
    build: (a: tf.Tensor, b: tf.Tensor) => tf.matmul(a, b),
  })),
  {
    name: 'product of 32×784 and 784×128',
    shapes: [
      [32, 784],
      [784, 128],
    ],
    build: (a, b) => tf.matmul(a, b),
  },
  { name: '3×3 convolution of 8×56×56×64', shapes: [IMAGE, FILTER], build: conv },
  {
    name: 'its gradient by the filter',
    shapes: [IMAGE, FILTER, IMAGE],
    build: (x, f, dy) => tf.nn.conv2dBackpropFilter(x, FILTER, dy, STEP, 'SAME').add(f),
  },
  {
    name: 'its gradient by the image',
    shapes: [FILTER, IMAGE],
    build: (f, dy) => tf.nn.conv2dBackpropInput(IMAGE, f, dy, STEP, 'SAME'),
  },
  { name: 'softmax of 4,096×512', shapes: [[4096, 512]], build: (x) => tf.nn.softmax(x) },
];

/** The op on variables, its result kept in another one, so that a run moves nothing to or from the device. */
async function repeated({ shapes, build }: Op, config: Config): Promise<{ run: () => unknown; close: () => void }> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config });
  const [start, step] = graph.asDefault(() => {
    const inputs = shapes.map((shape, i) => new tf.Variable(uniform(shape, 1, i + 1)));
    const value = build(...inputs.map((input) => input.value()));
    const kept = new tf.Variable(tf.zeros(value.shape as number[]));
    return [tf.globalVariablesInitializer(), kept.assign(value).op];
  });
  await session.run(start);
  const run = session.makeCallable(step as tf.Operation, []);
  return { run: () => run(), close: () => session.close() };
}

/** Adam on one variable, with a gradient that stays as it is. */
async function adam(elements: number, config: Config): Promise<{ run: () => unknown; close: () => void }> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config });
  const [start, step] = graph.asDefault(() => {
    const [w, gradient] = [1, 2].map((seed) => new tf.Variable(uniform([elements], 1, seed)));
    const step = new tf.train.AdamOptimizer(1e-3).applyGradients([[gradient.value(), w]]);
    return [tf.globalVariablesInitializer(), step];
  });
  await session.run(start);
  const run = session.makeCallable(step as tf.Operation, []);
  return { run: () => run(), close: () => session.close() };
}

async function compare(
  name: string,
  make: (config: Config) => Promise<{ run: () => unknown; close: () => void }>,
  alone: Config,
): Promise<void> {
  const [one, many] = [await make(alone), await make({})];
  const timings = await race({ one: one.run, many: many.run }, { warmup: 300, samples: 15 });
  const [a, b] = [...timings.values()];
  const ratio = (x: number, y: number) => `${(x / y).toFixed(2)}×`;
  row(name, duration(a.median), duration(b.median), ratio(a.median, b.median), duration(b.min), ratio(a.min, b.min));
  one.close();
  many.close();
}

async function training(
  title: string,
  make: (config: Config) => Promise<GraphTrainer>,
  alone: Config,
  peer?: () => Promise<Trainer>,
): Promise<void> {
  heading(`${title}, a step with Adam, on wasm`);
  const trainers: Record<string, Trainer> = { [`${THREADS} threads`]: await make({}), '1 thread': await make(alone) };
  const other = peer && (await attempt('jax-js', peer));
  if (other) trainers['jax-js'] = other;
  await agree(trainers);
  const steps = Object.entries(trainers).map(([name, { step }]) => [name, step] as const);
  results(await race(Object.fromEntries(steps), { warmup: 700, samples: 15 }));
  for (const { close } of Object.values(trainers)) close();
}

const ROWS = 32;

function jaxMlp(): Promise<Trainer> {
  const weights = {
    w0: uniform([784, 128], 0.1, 1),
    b0: full([128], 0),
    w1: uniform([128, 10], 0.2, 2),
    b1: full([10], 0),
  };
  const inputs: Data[] = [uniform([ROWS, 784], 2, 3), oneHot(ROWS, 10)];
  return jaxTrainer(weights, inputs, (w, x, y) => {
    const hidden = nn.relu(np.matmul(x, w.w0).add(w.b0));
    const logits = np.matmul(hidden, w.w1).add(w.b1);
    return nn
      .logSoftmax(logits)
      .mul(y)
      .sum()
      .mul(-1 / ROWS);
  });
}

async function main(): Promise<void> {
  const threaded = new tf.Session({ graph: new tf.Graph(), config: { intraOpParallelismThreads: THREADS } });
  await threaded.ready();
  // Another adapter of the same backend has no threads.
  const alone: Config = { backend: new TfjsBackend('wasm', tfjs.findBackend('wasm')) };
  heading(`Kernels on ${THREADS} threads beside one`);
  row('', '1 thread', `${THREADS} threads`, 'ratio', 'min', 'ratio of min');
  for (const op of ops) await compare(op.name, (config) => repeated(op, config), alone);
  for (const elements of [100_352, 1_048_576]) {
    await compare(`Adam on ${elements.toLocaleString('en')} elements`, (config) => adam(elements, config), alone);
  }
  const sizes = { rows: ROWS, inputs: 784, width: 128, depth: 1 };
  await training(`Dense network 784-128-10, batch ${ROWS}`, (config) => mlp(sizes, config), alone, jaxMlp);
  const wide = { rows: 256, inputs: 784, width: 512, depth: 2 };
  await training('Dense network 784-512-512-10, batch 256', (config) => mlp(wide, config), alone);
  await training(`LeNet-like network, batch ${ROWS}`, (config) => lenet(ROWS, config), alone);
  await training('GPT-2 block, 64 tokens, batch 1', (config) => transformer(1, config), alone);
  await training('GPT-2 block, 64 tokens, batch 8', (config) => transformer(8, config), alone);
  threaded.close();
}

if (process.argv.includes(IN_OWN_PROCESS)) await main();
