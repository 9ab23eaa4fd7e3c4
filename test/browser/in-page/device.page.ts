/** Sessions on a GPU, in a page: what stays there, what is read back and how, what is given back, what is exact. */
import type * as tfjs from '@tensorflow/tfjs-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend, releasePooled, startBackend } from '../../../runtime/backends/index.ts';
import type { WebglNative } from '../../../runtime/backends/webgl-native.ts';
import * as tf from '../../../src/index.ts';
import { leakChecked } from '../../support/leaks.ts';

const page = suite('device');
const test = leakChecked(page);

const native = () => readyBackend('webgl')?.native as WebglNative;

/** Counts calls of the context's methods while the body runs. */
async function counted(names: readonly string[], body: () => Promise<unknown>): Promise<Record<string, number>> {
  const gl = native().gpgpu.gl as unknown as Record<string, (...args: unknown[]) => unknown>;
  const counts: Record<string, number> = {};
  for (const name of names) {
    const real = gl[name];
    counts[name] = 0;
    gl[name] = (...args) => {
      counts[name]++;
      return real.apply(gl, args);
    };
  }
  try {
    await body();
  } finally {
    for (const name of names) delete gl[name];
  }
  return counts;
}

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

test('WebGL is the backend where none is asked for', async () => {
  using session = new tf.Session();
  await session.ready();
  assert.is(session.backend, 'webgl');
});

test('between its kernels a run reads nothing back, and its fetches together', async () => {
  const { loss, step, hidden, feedDict } = network();
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  await session.run(step, { feedDict });
  const reads = ['readPixels', 'getBufferSubData'];
  assert.equal(await counted(reads, () => session.run(step, { feedDict })), {
    readPixels: 0,
    getBufferSubData: 0,
  });
  // One copy each, made by the GPU in its turn, and one wait for all of them.
  const counts = await counted(reads, () => session.run([step, loss, hidden, loss], { feedDict }));
  assert.equal(counts, { readPixels: 2, getBufferSubData: 1 });
});

test('a tensor of tfjs is fetched without being read, and fed without being written', async () => {
  const { hidden, feedDict } = network();
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  let fetched: tfjs.Tensor | undefined;
  const counts = await counted(['readPixels', 'getBufferSubData'], async () => {
    fetched = (await session.run(hidden, { feedDict, as: 'tensor' })) as tfjs.Tensor;
  });
  assert.equal(Object.values(counts), [0, 0]);
  const given = fetched as tfjs.Tensor;
  const [first, again] = [await session.run(hidden, { feedDict }), given.arraySync()];
  assert.equal(first.array(), again);
  const other = tf.multiply(tf.placeholder(tf.float32, [32, 31], { name: 'other' }), 2);
  const doubled = await session.run(other, { feedDict: [[tf.getDefaultGraph().getTensorByName('other:0'), given]] });
  assert.equal(
    doubled.array(),
    (again as number[][]).map((row) => row.map((value) => value * 2)),
  );
  given.dispose();
});

test('reading a variable leaves it on the GPU', async () => {
  const v = new tf.Variable(tf.zeros([40, 40]));
  const step = v.assignAdd(tf.ones([40, 40])).op;
  using session = new tf.Session();
  await session.run(v.initializer);
  await session.run(step);
  assert.is((await session.run(v)).at(0), 1);
  const uploads = await counted(['texSubImage2D', 'texImage2D', 'texStorage2D'], async () => {
    await session.run(step);
    await session.run(v);
    await session.run(step);
  });
  assert.is(uploads.texSubImage2D + uploads.texImage2D, 0);
  assert.is((await session.run(v)).at(5), 3);
});

test('a thousand steps take no textures and no buffers, and closing gives all of them back', async () => {
  await startBackend('webgl');
  releasePooled();
  const start = { buffers: native().numDataIds(), textures: textures() };
  const { loss, step, feedDict } = network();
  const session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const first = await session.run(loss, { feedDict });
  for (let i = 0; i < 40; i++) await session.run(i % 10 === 0 ? [step, loss] : step, { feedDict });
  const early = { buffers: native().numDataIds(), textures: textures() };
  for (let i = 0; i < 1000; i++) await session.run(i % 10 === 0 ? [step, loss] : step, { feedDict });
  assert.equal({ buffers: native().numDataIds(), textures: textures() }, early);
  const last = await session.run(loss, { feedDict });
  assert.ok(Number(last) < Number(first) / 10, `${first} → ${last}`);
  session.close();
  releasePooled();
  assert.equal({ buffers: native().numDataIds(), textures: textures() }, start);
});

/** Textures in use, and kept for use. */
function textures(): number {
  const { textureManager } = native() as unknown as {
    textureManager: { getNumUsedTextures(): number; getNumFreeTextures(): number };
  };
  return textureManager.getNumUsedTextures() + textureManager.getNumFreeTextures();
}

test('clearSession gives back what a model of Keras has on the GPU', async () => {
  await startBackend('webgl');
  releasePooled();
  const start = { buffers: native().numDataIds(), textures: textures() };
  const model = new tf.keras.models.Sequential([
    new tf.keras.layers.Dense(9, { inputShape: [7], activation: 'tanh' }),
    new tf.keras.layers.Dense(1),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(filled([64, 7], Math.sin), filled([64, 1], Math.cos), { epochs: 3, verbose: 0 });
  assert.ok(native().numDataIds() > start.buffers);
  tf.keras.backend.clearSession();
  assert.equal({ buffers: native().numDataIds(), textures: textures() }, start);
});

test('products of what lies in textures with gaps are right', async () => {
  // An odd inner length leaves half a texel over; functions that are not 0 at 0 fill it.
  for (const [m, k, n] of [
    [20, 15, 9],
    [1, 33, 1],
    [7, 129, 5],
  ]) {
    const a = tf.placeholder(tf.float32, [m, k]);
    const b = tf.placeholder(tf.float32, [k, n]);
    const c = tf.placeholder(tf.float32, [n, k]);
    const d = tf.placeholder(tf.float32, [k, m]);
    const log = (x: tf.Tensor) => tf.log(tf.abs(x));
    const bias = tf.cos(tf.placeholder(tf.float32, [n], { name: `bias${k}` }));
    const fetches = [
      tf.matmul(log(a), tf.cos(b)),
      tf.matmul(log(a), tf.cos(c), { transposeB: true }),
      tf.matmul(log(d), tf.cos(b), { transposeA: true }),
      tf.matmul(log(d), tf.cos(c), { transposeA: true, transposeB: true }),
      tf.nn.relu(tf.add(tf.matmul(log(a), tf.cos(b)), bias)),
    ];
    const feedDict = [a, b, c, d, tf.getDefaultGraph().getTensorByName(`bias${k}:0`)].map(
      (t, i): [tf.Tensor, tf.NdArray] => [t, filled(t.shape as number[], (j) => Math.sin(j * 1.3 + i) + 2)],
    );
    for (const codegen of [true, false]) await same(fetches, feedDict, codegen);
  }
});

test('convolutions of what lies in textures with gaps are right', async () => {
  const x = tf.placeholder(tf.float32, [2, 7, 9, 3]);
  const one = tf.placeholder(tf.float32, [1, 1, 3, 5]);
  const three = tf.placeholder(tf.float32, [3, 3, 3, 5]);
  const log = (t: tf.Tensor) => tf.log(tf.abs(t));
  const outputs = [one, three].map((filter) => tf.nn.conv2d(log(x), log(filter), [1, 1, 1, 1], 'SAME'));
  const grads = outputs.flatMap((y) => tf.gradients(tf.reduceSum(tf.square(y)), [x, y === outputs[0] ? one : three]));
  const feedDict = [x, one, three].map((t, i): [tf.Tensor, tf.NdArray] => [
    t,
    filled(t.shape as number[], (j) => Math.sin(j * 1.3 + i) + 2),
  ]);
  for (const codegen of [true, false]) await same([...outputs, ...(grads as tf.Tensor[])], feedDict, codegen);
});

/** The values are those of the cpu backend, to rounding. */
async function same(
  fetches: readonly tf.Tensor[],
  feedDict: readonly [tf.Tensor, tf.NdArray][],
  codegen: boolean,
): Promise<void> {
  using gpu = new tf.Session({ config: { codegen } });
  using cpu = new tf.Session({ config: { backend: 'cpu' } });
  const [found, expected] = [await gpu.run([...fetches], { feedDict }), await cpu.run([...fetches], { feedDict })];
  found.forEach((array, i) => {
    array.data.forEach((value, j) => {
      const wanted = Number(expected[i].data[j]);
      assert.ok(
        Math.abs(Number(value) - wanted) <= 1e-4 * Math.abs(wanted) + 1e-3,
        `fetch ${i}, element ${j}: ${value}, expected ${wanted}, codegen ${codegen}`,
      );
    });
  });
}

test('integers keep all their digits', async () => {
  // More than tfjs keeps on the host; 24 bits are what a float has.
  const big = new tf.NdArray(
    tf.int32,
    [300],
    Int32Array.from({ length: 300 }, (_, i) => 2 ** 30 + i),
  );
  const x = tf.placeholder(tf.int32, [300]);
  const v = new tf.Variable(big);
  const fetches = {
    joined: tf.concat([x, v], 0),
    turned: tf.transpose(tf.reshape(x, [20, 15])),
    tiled: tf.tile(x, [2]),
    part: tf.slice(x, [7], [280]),
    sum: tf.subtract(tf.reduceSum(x), tf.constant(300 * 2 ** 30, { dtype: tf.int32 })),
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
  assert.equal(Array.from((await session.run(v)).data as Int32Array), Array.from(big.data as Int32Array));
});

page.run();
