/**
 * Sessions on several threads, in a process of their own: how the wasm backend starts decides for all of a process. Sends what
 * came out of each check to the parent, which is a test file.
 *
 * `--leave-open` only runs something and leaves the session open: the process has to end all the same.
 */
import { MessagePort, type Worker } from 'node:worker_threads';
import { findBackend } from '@tensorflow/tfjs-core';
import * as assert from 'uvu/assert';
import { startBackend } from '../../runtime/backends/index.ts';
import { TfjsBackend } from '../../runtime/backends/tfjs.ts';
import { CONTROL } from '../../runtime/backends/wasm-thread-code-node.ts';
import * as tf from '../../src/index.ts';

export interface Outcome {
  readonly name: string;
  readonly error: string | null;
}

const checks: [name: string, body: () => Promise<void>][] = [];
const check = (name: string, body: () => Promise<void>) => checks.push([name, body]);
const THREADS = { intraOpParallelismThreads: 3 };

const workers: { readonly worker: Worker; readonly exit: Promise<unknown> }[] = [];
process.on('worker', (worker) => workers.push({ worker, exit: new Promise((done) => worker.once('exit', done)) }));
/** What has happened is told by then. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

/** The numbers that threads share, and how many tasks they have done of the last kernel; set by the first kernel in parts. */
let control: Int32Array | null = null;
const { store } = Atomics;
Atomics.store = ((array: Int32Array, index: number, value: number) => {
  if (index === CONTROL.WORK && array.length > CONTROL.ROOMS) control = array;
  return store(array, index, value);
}) as typeof Atomics.store;

function numbers(...shape: number[]): { data: Float32Array; shape: number[] } {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + size)), shape };
}

type Build = (inputs: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];

const conv = (image: tf.Tensor, filter: tf.Tensor, stride: number, padding: 'SAME' | 'VALID') =>
  tf.nn.conv2d(image, filter, [1, stride, stride, 1], padding);
const gradients = (y: tf.Tensor, xs: tf.Tensor[]) => tf.gradients(tf.reduceSum(tf.square(y)), xs) as tf.Tensor[];

const programs: readonly [name: string, shapes: number[][], build: Build][] = [
  [
    'a product',
    [
      [150, 131],
      [131, 97],
    ],
    ([a, b]) => tf.matmul(a, b),
  ],
  [
    'a product of both sides transposed',
    [
      [131, 150],
      [97, 131],
    ],
    ([a, b]) => tf.matmul(a, b, true, true),
  ],
  [
    'a narrow product',
    [
      [1000, 300],
      [300, 3],
    ],
    ([a, b]) => tf.matmul(a, b),
  ],
  [
    'a row times a matrix',
    [
      [1, 900],
      [900, 700],
    ],
    ([a, b]) => tf.matmul(a, b),
  ],
  [
    'a long sum',
    [
      [40, 5000],
      [5000, 33],
    ],
    ([a, b]) => tf.matmul(a, b),
  ],
  [
    'batches',
    [
      [7, 60, 50],
      [7, 50, 70],
    ],
    ([a, b]) => tf.matmul(a, b),
  ],
  [
    'batches with one right side',
    [
      [7, 60, 50],
      [1, 50, 70],
    ],
    ([a, b]) => tf.matmul(a, b),
  ],
  ['bias and relu', [[200, 150], [150, 90], [90]], ([a, b, c]) => tf.nn.relu(tf.nn.biasAdd(tf.matmul(a, b), c))],
  ['softmax', [[777, 300]], ([x]) => tf.nn.softmax(x)],
  ['element by element', [[333, 501]], ([x]) => tf.multiply(tf.tanh(x), tf.greater(x, 0.5).cast(tf.float32))],
  ['sums along either axis', [[700, 501]], ([x]) => [tf.reduceSum(x, 0), tf.reduceSum(x, 1), tf.reduceMax(x, 0)]],
  ['a transpose', [[501, 700]], ([x]) => tf.add(tf.transpose(x), 1)],
  [
    'a convolution',
    [
      [3, 29, 31, 7],
      [3, 3, 7, 19],
    ],
    ([x, f]) => conv(x, f, 1, 'SAME'),
  ],
  [
    'a convolution in steps',
    [
      [5, 40, 40, 6],
      [5, 3, 6, 21],
    ],
    ([x, f]) => conv(x, f, 2, 'VALID'),
  ],
  [
    'the gradients of a convolution',
    [
      [3, 29, 31, 7],
      [3, 3, 7, 19],
    ],
    ([x, f]) => gradients(conv(x, f, 1, 'SAME'), [x, f]),
  ],
  [
    'the gradients of one in steps',
    [
      [5, 40, 40, 6],
      [5, 3, 6, 21],
    ],
    ([x, f]) => gradients(conv(x, f, 2, 'SAME'), [x, f]),
  ],
  ['a pool and its gradient', [[4, 40, 40, 16]], ([x]) => gradients(tf.nn.maxPool(x, 2, 2, 'VALID'), [x])],
  [
    'a normalisation',
    [[900, 257]],
    ([x]) => {
      const [mean, variance] = tf.nn.moments(x, [0]);
      return tf.multiply(tf.subtract(x, mean), tf.rsqrt(tf.add(variance, 1e-3)));
    },
  ],
];

async function results(build: Build, shapes: number[][], config: tf.ConfigInit): Promise<tf.NdArray[]> {
  const graph = new tf.Graph();
  using session = new tf.Session({ graph, config });
  const inputs = graph.asDefault(() => shapes.map((shape) => tf.placeholder(tf.float32, shape)));
  const fetches = [graph.asDefault(() => build(inputs))].flat() as tf.Tensor[];
  const feeds = inputs.map((input, i) => [input, numbers(...shapes[i])] as const);
  return await session.run(fetches, { feedDict: feeds });
}

/** The bytes of arrays, to be compared. */
const bytesOf = (arrays: readonly tf.NdArray[]) =>
  arrays.map(({ data }) => Buffer.from((data as Float32Array).buffer as ArrayBuffer).toString('base64')).join();

/** The same backend, computing on one thread. */
const alone = () => new TfjsBackend('wasm', findBackend('wasm'));

for (const [name, shapes, build] of programs) {
  check(`${name}: the same bits`, async () => {
    const whole = bytesOf(await results(build, shapes, { backend: alone() }));
    control = null;
    for (let i = 0; i < 2; i++) assert.ok(bytesOf(await results(build, shapes, THREADS)) === whole, 'other bits');
    assert.ok(control, 'nothing was divided');
  });
}

/** A network with a convolution and two dense layers, trained with Adam; the losses. */
async function train(config: tf.ConfigInit, seen: (loss: number) => void): Promise<void> {
  const graph = new tf.Graph();
  using session = new tf.Session({ graph, config });
  const [x, loss, step] = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, 20, 20, 3]);
    const variable = (...shape: number[]) => new tf.Variable(tf.multiply(tf.constant(numbers(...shape)), 0.1));
    const image = tf.nn.relu(conv(x, variable(3, 3, 3, 16).value(), 1, 'SAME'));
    const hidden = tf.nn.relu(tf.matmul(tf.reshape(image, [-1, 6400]), variable(6400, 100).value()));
    const loss = tf.reduceMean(tf.square(tf.matmul(hidden, variable(100, 7).value())));
    return [x, loss, new tf.train.AdamOptimizer(1e-3).minimize(loss)] as const;
  });
  await session.run(graph.asDefault(() => tf.globalVariablesInitializer()));
  for (let i = 0; i < 4; i++) {
    const [value] = await session.run([loss, step], { feedDict: [[x, numbers(16 + (i % 2), 20, 20, 3)]] });
    seen((value as tf.NdArray).data[0] as number);
  }
}

check('training with Adam gives the same losses, in several sessions at a time', async () => {
  const whole: number[] = [];
  await train({ backend: alone() }, (loss) => whole.push(loss));
  assert.ok(new Set(whole).size === 4 && whole.every(Number.isFinite), String(whole));
  const losses: number[][] = [[], [], []];
  await Promise.all(losses.map((list) => train(THREADS, (loss) => list.push(loss))));
  for (const list of losses) assert.equal(list, whole);
});

check('memory that grows between runs and within them', async () => {
  const build: Build = ([a, b]) => tf.matmul(tf.add(tf.matmul(a, b), 1), b);
  for (const size of [100, 500, 1300]) {
    const shapes = [
      [size, size],
      [size, size],
    ];
    const divided = bytesOf(await results(build, shapes, THREADS));
    assert.ok(bytesOf(await results(build, shapes, { backend: alone() })) === divided);
  }
});

check('threads take tasks, and sessions that did not ask for any have them, too', async () => {
  using _session = new tf.Session({ graph: new tf.Graph(), config: THREADS });
  await _session.ready();
  control = null;
  const [[, shapes, build]] = programs;
  for (let i = 0; i < 500; i++) {
    await results(build, shapes, {});
    if ((control as Int32Array | null)?.[CONTROL.DONE]) return;
  }
  throw new Error('No thread has taken a task.');
});

check('a run fails where a thread does, and changes nothing', async () => {
  const graph = new tf.Graph();
  using session = new tf.Session({ graph, config: THREADS });
  const [x, assign, w] = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, 300]);
    const w = new tf.Variable(tf.zeros([300, 300]));
    return [x, w.assign(tf.matmul(x, x, true)), w] as const;
  });
  await session.run(graph.asDefault(() => tf.globalVariablesInitializer()));
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message) {
    // Far outside of the memory.
    const lost = message.tasks?.map((task: { shifts: number[] }) => ({
      ...task,
      shifts: task.shifts.map(() => 2 ** 31),
    }));
    postMessage.call(this, lost ? { ...message, tasks: lost } : message);
  };
  let error: unknown = null;
  try {
    for (let i = 0; i < 500 && !error; i++) {
      await session.run(graph.asDefault(() => tf.zerosLike(w.value())));
      error = await session.run(assign, { feedDict: [[x, numbers(400, 300)]] }).then(
        () => session.run(w.initializer).then(() => null),
        (reason) => reason,
      );
    }
  } finally {
    MessagePort.prototype.postMessage = postMessage;
  }
  assert.instance(error, tf.errors.InternalError);
  assert.match((error as Error).message, /^A kernel failed in a thread: .*memory access out of bounds/);
  const kept = (await session.run(w.value())) as tf.NdArray;
  assert.ok(kept.data.every((value) => value === 0));
  // Other kernels are computed as before.
  await session.run(assign, { feedDict: [[x, numbers(500, 300)]] });
  const written = (await session.run(w.value())) as tf.NdArray;
  const [expected] = await results(([a]) => tf.matmul(a, a, true), [[500, 300]], { backend: alone() });
  assert.ok(bytesOf([written]) === bytesOf([expected]));
});

check('threads end with the last session that asked for them', async () => {
  const ends = () =>
    Promise.all(
      workers.splice(0).map(({ worker, exit }) => {
        // The process is to wait for them here.
        worker.ref();
        return exit;
      }),
    );
  await turn();
  workers.length = 0;
  const [first, second] = [1, 2].map(() => new tf.Session({ graph: new tf.Graph(), config: THREADS }));
  await Promise.all([first.ready(), second.ready()]);
  await turn();
  assert.is(workers.length, 2);
  let ended = false;
  const all = ends().then(() => {
    ended = true;
  });
  first.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.not.ok(ended);
  second.close();
  await all;
  // A session that is closed before it has begun leaves none behind.
  const third = new tf.Session({ graph: new tf.Graph(), config: THREADS });
  const ready = third.ready().catch(() => {});
  third.close();
  await ready;
  await turn();
  await ends();
});

async function main(): Promise<void> {
  if (process.argv.includes('--leave-open')) {
    const graph = new tf.Graph();
    const session = new tf.Session({ graph, config: THREADS });
    await session.run(graph.asDefault(() => tf.matmul(tf.randomUniform([300, 300]), tf.randomUniform([300, 300]))));
    await turn();
    process.send?.(workers.length);
    process.disconnect?.();
    return;
  }
  const backend = await startBackend('wasm', true);
  for (const [name, body] of checks) {
    let error: string | null = null;
    const before = backend.numBuffers();
    try {
      await body();
      assert.is(backend.numBuffers(), before, 'buffers are left');
    } catch (thrown) {
      error = (thrown as Error)?.stack ?? String(thrown);
    }
    process.send?.({ name, error } satisfies Outcome);
  }
  process.disconnect?.();
}

await main();
