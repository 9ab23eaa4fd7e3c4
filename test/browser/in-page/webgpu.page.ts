/** Sessions on WebGPU, in a page that has registered it: what stays there, what is given back, what is exact, what fails. */
import * as tfjs from '@tensorflow/tfjs-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultBackendName, readyBackend, releasePooled, startBackend } from '../../../runtime/backends/index.ts';
import type { WebgpuNative } from '../../../runtime/backends/webgpu-native.ts';
import * as tf from '../../../src/index.ts';
import { leakChecked } from '../../support/leaks.ts';
import { failure } from '../../support/session.ts';

const page = suite('webgpu');
const test = leakChecked(page);

/** What the tests look at beyond what sessions use. */
interface Device {
  createShaderModule(options: { code: string }): unknown;
  destroy(): void;
}

const native = () => readyBackend('webgpu')?.native as WebgpuNative & { readonly device: Device };

const filled = (shape: readonly number[], f: (i: number) => number) =>
  new tf.NdArray(
    tf.float32,
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => f(i)),
  );

function network() {
  const x = tf.placeholder(tf.float32, [32, 49], { name: 'x' });
  const y = tf.placeholder(tf.int32, [32], { name: 'y' });
  const hidden = tf.layers.dense(x, 31, { activation: tf.nn.relu });
  const logits = tf.layers.dense(hidden, 10);
  const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
  const step = new tf.train.AdamOptimizer(0.01).minimize(loss);
  const labels = new tf.NdArray(
    tf.int32,
    [32],
    Int32Array.from({ length: 32 }, (_, i) => i % 10),
  );
  const feedDict: [tf.Tensor, tf.NdArray][] = [
    [x, filled([32, 49], (i) => Math.sin(i * 1.7) + Math.cos(i % 11))],
    [y, labels],
  ];
  return { x, loss, step, hidden, feedDict };
}

/** Counts calls of a method of the device, or of its queue, while the body runs. */
async function counted(object: object, name: string, body: () => Promise<unknown>): Promise<number> {
  const target = object as Record<string, (...args: unknown[]) => unknown>;
  const real = target[name];
  let count = 0;
  target[name] = (...args) => {
    count++;
    return real.apply(object, args);
  };
  try {
    await body();
  } finally {
    delete target[name];
  }
  return count;
}

test('WebGPU is the backend where none is asked for, and its kernels run on the device', async () => {
  const x = tf.placeholder(tf.float32, [40, 40]);
  using session = new tf.Session();
  await session.ready();
  assert.is(session.backend, 'webgpu');
  assert.is(defaultBackendName(), 'webgpu');
  const y = tf.matmul(tf.tanh(x), x);
  const runs = await counted(native(), 'runWebGPUProgram', async () => {
    const value = await session.run(y, { feedDict: [[x, filled([40, 40], (i) => (i % 41 === 0 ? 1 : 0))]] });
    assert.ok(Math.abs(Number(value.at(0)) - Math.tanh(1)) < 1e-6);
  });
  assert.is(runs, 2);
});

test('between its kernels a run reads nothing back', async () => {
  const { loss, step, hidden, feedDict } = network();
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const reads = (body: () => Promise<unknown>) => counted(native(), 'getBufferData', body);
  assert.is(await reads(() => session.run(step, { feedDict })), 0);
  assert.is(await reads(() => session.run([step, loss, hidden], { feedDict })), 2);
});

test('a tensor of tfjs is fetched without being read, and fed without being written', async () => {
  const { hidden, feedDict } = network();
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  let fetched: tfjs.Tensor | undefined;
  const reads = await counted(native(), 'getBufferData', async () => {
    fetched = (await session.run(hidden, { feedDict, as: 'tensor' })) as tfjs.Tensor;
  });
  assert.is(reads, 0);
  const given = fetched as tfjs.Tensor;
  const [first, again] = [await session.run(hidden, { feedDict }), await given.array()];
  assert.equal(first.array(), again);
  const other = tf.placeholder(tf.float32, [32, 31]);
  const doubled = await session.run(tf.multiply(other, 2), { feedDict: [[other, given]] });
  assert.equal(
    doubled.array(),
    (again as number[][]).map((row) => row.map((value) => value * 2)),
  );
  given.dispose();
});

test('runSync says that this backend has to be waited for', async () => {
  const x = tf.placeholder(tf.float32, [2]);
  using session = new tf.Session();
  await session.ready();
  const error = await failure(() => session.runSync(tf.exp(x), { feedDict: [[x, [1, 2]]] }));
  assert.is(error.name, 'RuntimeError');
  assert.is(error.message, "The backend 'webgpu' cannot be read synchronously: use run.");
});

/** Buffers of values, and the device's own, in use and kept for use. */
function buffers() {
  const { bufferManager } = native() as unknown as {
    bufferManager: { getNumUsedBuffers(): number; getNumFreeBuffers(): number };
  };
  return {
    values: native().numDataIds(),
    device: bufferManager.getNumUsedBuffers() + bufferManager.getNumFreeBuffers(),
  };
}

test('hundreds of steps take no buffers, and closing gives all of them back', async () => {
  await startBackend('webgpu');
  releasePooled();
  const start = buffers();
  const { loss, step, feedDict } = network();
  const session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const first = await session.run(loss, { feedDict });
  const train = async (steps: number) => {
    for (let i = 0; i < steps; i++) await session.run(i % 10 === 0 ? [step, loss] : step, { feedDict });
    await session.run(loss, { feedDict });
  };
  // tfjs submits fifteen programs together: how many buffers wait depends on where in a step that falls.
  await train(100);
  await train(100);
  const early = buffers();
  for (let i = 0; i < 2; i++) await train(100);
  assert.equal(buffers(), early);
  const last = await session.run(loss, { feedDict });
  assert.ok(Number(last) < Number(first) / 10, `${first} → ${last}`);
  session.close();
  releasePooled();
  assert.equal(buffers(), start);
});

test('clearSession gives back what a model of Keras has on the device', async () => {
  await startBackend('webgpu');
  releasePooled();
  const start = buffers();
  const model = new tf.keras.models.Sequential([
    new tf.keras.layers.Dense(9, { inputShape: [7], activation: 'tanh' }),
    new tf.keras.layers.Dense(1),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(filled([64, 7], Math.sin), filled([64, 1], Math.cos), { epochs: 3, verbose: 0 });
  assert.ok(native().numDataIds() > start.values);
  tf.keras.backend.clearSession();
  assert.equal(buffers(), start);
});

test('integers keep all their digits', async () => {
  // More than tfjs keeps on the host; 24 bits are what a float has.
  const big = new tf.NdArray(
    tf.int32,
    [1200],
    Int32Array.from({ length: 1200 }, (_, i) => 2 ** 30 + i),
  );
  const x = tf.placeholder(tf.int32, [1200]);
  const v = new tf.Variable(big);
  const fetches = {
    joined: tf.concat([x, v], 0),
    turned: tf.transpose(tf.reshape(x, [60, 20])),
    tiled: tf.tile(x, [2]),
    part: tf.slice(x, [7], [280]),
    greatest: tf.reduceMax(x),
    picked: tf.gather(x, [0, 299]),
    float: tf.reduceMax(tf.cast(v, tf.float32)),
    shape: tf.oneHot(tf.floormod(v, 10), 10),
    difference: tf.subtract(tf.add(v, 3), x),
  };
  using session = new tf.Session();
  using cpu = new tf.Session({ config: { backend: 'cpu' } });
  for (const each of [session, cpu]) await each.run(v.initializer);
  const feedDict: [tf.Tensor, tf.NdArray][] = [[x, big]];
  const [found, expected] = [await session.run(fetches, { feedDict }), await cpu.run(fetches, { feedDict })];
  for (const name of Object.keys(fetches) as (keyof typeof fetches)[])
    assert.equal(Array.from(found[name].data as Int32Array), Array.from(expected[name].data as Int32Array), name);
});

test('a sum of more arrays than a program can read', async () => {
  const xs = Array.from({ length: 25 }, (_, i) => tf.placeholder(tf.float32, [2000], { name: `x${i}` }));
  using session = new tf.Session();
  const feedDict = xs.map((x, i): [tf.Tensor, tf.NdArray] => [x, filled([2000], (j) => i + j)]);
  const sum = await session.run(tf.addN(xs), { feedDict });
  assert.equal(Array.from(sum.data as Float32Array).slice(0, 3), [300, 325, 350]);
});

test('truth values turned, counted and reduced along outer axes', async () => {
  const x = tf.placeholder(tf.float32, [3, 40, 20]);
  const truth = tf.greater(x, 0.5);
  const fetches = {
    turned: tf.transpose(truth, [2, 0, 1]),
    all: tf.reduceAll(truth, 1),
    any: tf.reduceAny(truth, [0, 1], { keepdims: true }),
    count: tf.reduceSum(tf.cast(truth, tf.float32), 1),
  };
  using session = new tf.Session();
  using cpu = new tf.Session({ config: { backend: 'cpu' } });
  const feedDict: [tf.Tensor, tf.NdArray][] = [[x, filled([3, 40, 20], (i) => ((i * 7919) % 101) / 60)]];
  const [found, expected] = [await session.run(fetches, { feedDict }), await cpu.run(fetches, { feedDict })];
  for (const name of Object.keys(fetches) as (keyof typeof fetches)[])
    assert.equal(found[name].array(), expected[name].array(), name);
});

test('more elements and rows than one side of a dispatch has workgroups', async () => {
  const long = tf.placeholder(tf.float32, [4_300_000]);
  const rows = tf.placeholder(tf.float32, [70_001, 3]);
  const fetches = {
    exp: tf.reduceMax(tf.exp(long)),
    running: tf.slice(tf.cumsum(long), [4_299_990], [10]),
    last: tf.slice(tf.nn.softmax(rows), [69_990, 0], [11, 3]),
    sums: tf.slice(tf.reduceSum(rows, 1), [69_990], [11]),
  };
  using session = new tf.Session();
  const feedDict: [tf.Tensor, tf.NdArray][] = [
    [long, filled([4_300_000], (i) => (i === 4_299_999 ? 1 : 0))],
    [rows, filled([70_001, 3], (i) => (i < 210_000 ? i % 2 : 4))],
  ];
  const { exp, running, last, sums } = await session.run(fetches, { feedDict });
  assert.ok(Math.abs(Number(exp) - Math.E) < 1e-5);
  assert.equal(running.array(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.ok(Math.abs(Number(last.at(32)) - 1 / 3) < 1e-6);
  const [low, high] = [1 / (2 + Math.E), Math.E / (2 + Math.E)];
  assert.ok(Math.abs(Number(last.at(0)) - low) < 1e-6 && Math.abs(Number(last.at(1)) - high) < 1e-6);
  assert.equal(sums.array(), [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 12]);
});

test('what the device refuses is an error of the run that reads', async () => {
  const x = tf.placeholder(tf.float32, [2000]);
  const y = tf.exp(x);
  const feedDict: [tf.Tensor, tf.NdArray][] = [[x, filled([2000], () => 0)]];
  using session = new tf.Session();
  await session.run(y, { feedDict });
  native().device.createShaderModule({ code: 'no program' });
  const error = await failure(() => session.run(y, { feedDict }));
  assert.is(error.name, 'InternalError');
  assert.match(error.message, 'The device refused a step');
  assert.is((await session.run(y, { feedDict })).at(1999), 1);
});

async function isLostError(call: () => unknown): Promise<void> {
  const error = await failure(call);
  assert.is(error.name, 'UnavailableError', error.message);
  assert.match(error.message, /device of the backend 'webgpu' was lost/);
}

page('a session whose device is lost says so, and a new one has another', async () => {
  tf.resetDefaultGraph();
  const v = new tf.Variable(filled([3000], Math.sin));
  const x = tf.placeholder(tf.float32, [3000]);
  const y = tf.reduceSum(tf.multiply(tf.exp(v), x));
  const step = v.assignAdd(x);
  const feedDict: [tf.Tensor, tf.NdArray][] = [[x, filled([3000], Math.sin)]];
  const session = new tf.Session();
  await session.run(v.initializer);
  const before = Number(await session.run(y, { feedDict }));
  native().device.destroy();
  await isLostError(() => session.run(y, { feedDict }));
  await isLostError(() => session.run(step.op, { feedDict }));
  session.close();

  using next = new tf.Session();
  await next.run(v.initializer);
  assert.is(next.backend, 'webgpu');
  assert.is(Number(await next.run(y, { feedDict })), before);
  await next.run(step.op, { feedDict });
  assert.is((await next.run(v)).at(1), Math.fround(2 * Number(filled([3000], Math.sin).at(1))));
  // tfjs goes on with the new one, too.
  assert.equal(await tfjs.add([1, 2], 1).array(), [2, 3]);
});

page('a device that is lost in the middle of a run', async () => {
  tf.resetDefaultGraph();
  const v = new tf.Variable(filled([3000], Math.sin));
  const lose = (x: tf.NdArray) => {
    native().device.destroy();
    return x;
  };
  const y = tf.exp(tf.reshape(tf.pyFunc(lose, [tf.exp(v)], tf.float32) as tf.Tensor, [3000]));
  using session = new tf.Session();
  await session.run(v.initializer);
  await isLostError(() => session.run(y));
  using next = new tf.Session();
  await next.run(v.initializer);
  assert.is((await next.run(tf.exp(v))).size, 3000);
});

page.run();
