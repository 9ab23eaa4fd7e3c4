/** Generated programs in sessions: how many there are, for which sizes, and what is left of them. Runs in a page. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../runtime/backends/index.ts';
import * as tf from '../../../src/index.ts';
import { floats } from '../../support/codegen.ts';
import { leakChecked } from '../../support/leaks.ts';

const all = suite('codegen/sessions on webgl');
const test = leakChecked(all);

/** The texts of the programs that are compiled meanwhile: generated ones, which call their samplers `X0`, and tfjs's. */
async function compiled(body: () => Promise<void>): Promise<{ generated: string[]; others: string[] }> {
  const { prototype } = WebGL2RenderingContext;
  const { shaderSource } = prototype;
  const texts: string[] = [];
  prototype.shaderSource = function (shader, text) {
    texts.push(text);
    shaderSource.call(this, shader, text);
  };
  try {
    await body();
  } finally {
    prototype.shaderSource = shaderSource;
  }
  const isGenerated = (text: string) => /uniform sampler2D X0;/.test(text);
  return { generated: texts.filter(isGenerated), others: texts.filter((text) => !isGenerated(text)) };
}

/** How many programs a step starts. */
async function started(body: () => Promise<unknown>): Promise<number> {
  const { prototype } = WebGL2RenderingContext;
  const { drawArrays, drawElements } = prototype;
  let count = 0;
  prototype.drawArrays = function (...args) {
    count++;
    drawArrays.apply(this, args);
  };
  prototype.drawElements = function (...args) {
    count++;
    drawElements.apply(this, args);
  };
  try {
    await body();
  } finally {
    Object.assign(prototype, { drawArrays, drawElements });
  }
  return count;
}

/** A chain on a batch of rows with a bias, and its mean. */
function chain(config: { codegen?: boolean } = {}) {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { ...config, backend: 'webgl' } });
  return graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, 40]);
    const bias = tf.placeholder(tf.float32, [40]);
    const y = tf.multiply(tf.sigmoid(tf.add(tf.multiply(x, 0.37), bias)), tf.tanh(x));
    return { session, x, bias, y, rows: tf.reduceMean(y, 1) };
  });
}

test('programs are compiled once for all batches of an even number of rows', async () => {
  const { session, x, bias, y, rows } = chain();
  const run = async (batch: number): Promise<void> => {
    const feedDict: [tf.Tensor, tf.NdArray][] = [
      [x, floats([batch, 40], batch)],
      [bias, floats([40], 3)],
    ];
    await session.run([y, rows], { feedDict });
  };
  const first = await compiled(() => run(32));
  assert.is(first.generated.length, 2);
  assert.equal((await compiled(() => run(64))).generated, []);
  assert.equal((await compiled(() => run(10))).generated, []);
  session.close();
});

test('without code generation there are none, and results are the same', async () => {
  const feeds = [floats([12, 40], 5), floats([40], 6)];
  const [on, off] = [chain(), chain({ codegen: false })];
  const results: tf.NdArray[] = [];
  for (const { session, x, bias, y } of [on, off]) {
    const feedDict: [tf.Tensor, tf.NdArray][] = [
      [x, feeds[0]],
      [bias, feeds[1]],
    ];
    results.push((await session.run(y, { feedDict })) as tf.NdArray);
    const text = await session.explain(y, { feedDict });
    assert.is(/= generated\.Mul\+Add/.test(text), session === on.session, text);
    session.close();
  }
  const [a, b] = results.map(({ data }) => data as Float32Array);
  a.forEach((value, i) => {
    assert.ok(Math.abs(value - b[i]) <= 1e-5, `${value} for ${b[i]}`);
  });
});

test('an update of Adam is one program for a variable', async () => {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'webgl' } });
  const { step, init } = graph.asDefault(() => {
    const w = new tf.Variable(floats([30, 20], 1));
    const step = new tf.train.AdamOptimizer(0.1).applyGradients([[tf.constant(floats([30, 20], 2)), w]]);
    return { step, init: tf.globalVariablesInitializer() };
  });
  await session.run(init);
  for (let i = 0; i < 3; i++) await session.run(step);
  assert.is(await started(() => session.run(step)), 1);
  session.close();
});

test('buffers and textures are as many after many steps as after a few', async () => {
  const backend = await startBackend('webgl');
  const native = backend.native as { textureManager: { getNumUsedTextures(): number; getNumFreeTextures(): number } };
  const counts = () => [
    backend.numBuffers(),
    native.textureManager.getNumUsedTextures(),
    native.textureManager.getNumFreeTextures(),
  ];
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'webgl' } });
  const { step, loss, init } = graph.asDefault(() => {
    const w = new tf.Variable(floats([33, 7], 1));
    const loss = tf.reduceMean(tf.square(tf.tanh(tf.matmul(tf.constant(floats([700, 33], 2)), w))));
    return { loss, step: new tf.train.AdamOptimizer(0.1).minimize(loss), init: tf.globalVariablesInitializer() };
  });
  await session.run(init);
  for (let i = 0; i < 5; i++) await session.run([step, loss]);
  const before = counts();
  for (let i = 0; i < 200; i++) await session.run([step, loss]);
  assert.equal(counts(), before);
  session.close();
});

all.run();
