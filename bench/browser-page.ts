/**
 * What `bench/browser.ts` runs in a page: this library on WebGL beside TensorFlow.js eager, on the same device and with the
 * same textures. Every time ends when the device has done its work.
 */
import * as tfjs from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-backend-webgl';
import * as tf from '../src/index.ts';
import { duration, heading, race, row, type Timing } from './harness.ts';

const [ROWS, RATE] = [32, 1e-3];
type Step = () => unknown;

interface Contender {
  readonly step: Step;
  readonly close: () => void;
}

// ---------------------------------------------------------------------------------------------------------------------
// The device

/** Programs started since the page was loaded. */
let draws = 0;

function countDraws(): void {
  const prototype = WebGL2RenderingContext.prototype;
  for (const name of ['drawElements', 'drawArrays'] as const) {
    const draw = prototype[name] as (...args: number[]) => void;
    prototype[name] = function (this: WebGL2RenderingContext, ...args: number[]) {
      draws++;
      draw.apply(this, args);
    };
  }
}

interface Native {
  readonly gpgpu: { readonly gl: WebGL2RenderingContext };
  readonly texData: { get(id: object): { readonly texture: { readonly texture: WebGLTexture } } };
}

let target: WebGLFramebuffer | null = null;
const texel = new Float32Array(4);

/** Waits until the tensor has been computed. */
function finish(tensor: tfjs.Tensor): void {
  const { gpgpu, texData } = tfjs.backend() as unknown as Native;
  const { gl } = gpgpu;
  target ??= gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, target);
  const { texture } = texData.get(tensor.dataId).texture;
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, texel);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, null, 0);
}

async function drawsOf(step: Step): Promise<number> {
  for (let i = 0; i < 3; i++) await step();
  const before = draws;
  for (let i = 0; i < 10; i++) await step();
  return (draws - before) / 10;
}

async function compare(contenders: Readonly<Record<string, Contender>>): Promise<void> {
  const counts = new Map<string, number>();
  for (const [name, { step }] of Object.entries(contenders)) counts.set(name, await drawsOf(step));
  const timings = await race(Object.fromEntries(Object.entries(contenders).map(([name, { step }]) => [name, step])), {
    warmup: 300,
    batch: 100,
  });
  const [first] = timings.values();
  row('', 'median', 'min', 'max', 'ratio', 'programs');
  for (const [name, t] of timings as Map<string, Timing>) {
    const ratio = `${(t.median / first.median).toFixed(2)}×`;
    row(name, duration(t.median), duration(t.min), duration(t.max), ratio, String(counts.get(name)));
  }
  for (const { close } of Object.values(contenders)) close();
}

// ---------------------------------------------------------------------------------------------------------------------
// What is computed

interface Data {
  readonly data: Float32Array;
  readonly shape: number[];
}

/** Pseudo-random numbers from -scale / 2 to scale / 2. */
function uniform(shape: number[], scale: number, seed: number): Data {
  let state = seed;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
  return { data, shape };
}
function zeros(shape: number[]): Data {
  return uniform(shape, 0, 1);
}
function oneHot(): Data {
  return {
    data: Float32Array.from({ length: ROWS * 10 }, (_, i) => Number(Math.floor(i / 10) % 10 === i % 10)),
    shape: [ROWS, 10],
  };
}

/** Runs of a session that are given tfjs tensors and give one. */
function runner(codegen: boolean, build: (xs: tf.Tensor[]) => tf.Tensor, inputs: readonly tfjs.Tensor[]): Contender {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'webgl', codegen } });
  const { xs, y } = graph.asDefault(() => {
    const xs = inputs.map(({ shape }) => tf.placeholder(tf.float32, shape));
    return { xs, y: build(xs) };
  });
  const feedDict = xs.map((x, i) => [x, inputs[i]] as [tf.Tensor, tfjs.Tensor]);
  const step = async (): Promise<void> => {
    const result = (await session.run(y, { feedDict, as: 'tensor' })) as unknown as tfjs.Tensor;
    finish(result);
    result.dispose();
  };
  return { step, close: () => session.close() };
}

function eager(compute: () => tfjs.Tensor): Contender {
  const step = (): void => {
    const result = tfjs.tidy(compute);
    finish(result);
    result.dispose();
  };
  return { step, close: () => {} };
}

async function benchChain(size: number): Promise<void> {
  heading(`Gelu of ${size} elements, nine ops (target: fused at least 3 times as fast)`);
  const x = tfjs.tensor(uniform([size / 128, 128], 4, 1).data, [size / 128, 128]);
  const build = ([x]: tf.Tensor[]): tf.Tensor => {
    const cube = tf.multiply(tf.multiply(x, x), x);
    const inner = tf.multiply(tf.add(x, tf.multiply(cube, 0.044715)), 0.7978845608);
    return tf.multiply(tf.multiply(x, 0.5), tf.add(tf.tanh(inner), 1));
  };
  const chain = (): tfjs.Tensor => {
    const cube = tfjs.mul(tfjs.mul(x, x), x);
    const inner = tfjs.mul(tfjs.add(x, tfjs.mul(cube, 0.044715)), 0.7978845608);
    return tfjs.mul(tfjs.mul(x, 0.5), tfjs.add(tfjs.tanh(inner), 1));
  };
  await compare({
    'tfjs-graph': runner(true, build, [x]),
    'tfjs-graph, codegen: false': runner(false, build, [x]),
    'tfjs eager': eager(chain),
  });
  x.dispose();
}

async function benchAdam(size: number): Promise<void> {
  heading(`Adam on a variable of ${size} elements`);
  const shape = [size / 128, 128];
  const gradient = tfjs.tensor(uniform(shape, 4, 1).data, shape);
  const start = uniform(shape, 1, 2);
  const ours = async (codegen: boolean): Promise<Contender> => {
    const graph = new tf.Graph();
    const session = new tf.Session({ graph, config: { backend: 'webgl', codegen } });
    const { g, v, step, init } = graph.asDefault(() => {
      const g = tf.placeholder(tf.float32, shape);
      const v = new tf.Variable(start);
      const step = new tf.train.AdamOptimizer(RATE).applyGradients([[g, v]]);
      return { g, v, step, init: tf.globalVariablesInitializer() };
    });
    await session.run(init);
    const feedDict: [tf.Tensor, tfjs.Tensor][] = [[g, gradient]];
    const train = async (): Promise<void> => {
      await session.run(step, { feedDict });
      const value = (await session.run(v, { as: 'tensor' })) as unknown as tfjs.Tensor;
      finish(value);
      value.dispose();
    };
    return { step: train, close: () => session.close() };
  };
  const variable = tfjs.variable(tfjs.tensor(start.data.slice(), shape), true, 'adam');
  const optimizer = tfjs.train.adam(RATE);
  const train = (): void => {
    optimizer.applyGradients([{ name: 'adam', tensor: gradient }]);
    finish(variable);
  };
  await compare({
    'tfjs-graph': await ours(true),
    'tfjs-graph, codegen: false': await ours(false),
    'tfjs eager': { step: train, close: () => tfjs.dispose(variable) },
  });
  gradient.dispose();
}

// ---------------------------------------------------------------------------------------------------------------------
// Networks

interface Network {
  readonly weights: Readonly<Record<string, Data>>;
  readonly inputs: readonly [Data, Data];
  readonly loss: (w: Readonly<Record<string, tf.Variable>>, x: tf.Tensor, y: tf.Tensor) => tf.Tensor;
  readonly eager: (w: Readonly<Record<string, tfjs.Tensor>>, x: tfjs.Tensor, y: tfjs.Tensor) => tfjs.Tensor;
}

const mlp: Network = {
  weights: {
    w1: uniform([784, 128], 0.1, 1),
    b1: zeros([128]),
    w2: uniform([128, 10], 0.2, 2),
    b2: zeros([10]),
  },
  inputs: [uniform([ROWS, 784], 2, 3), oneHot()],
  loss: (w, x, labels) => {
    const hidden = tf.nn.relu(tf.nn.biasAdd(tf.matmul(x, w.w1), w.b1));
    const logits = tf.nn.biasAdd(tf.matmul(hidden, w.w2), w.b2);
    return tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits }));
  },
  eager: (w, x, y) => {
    const hidden = tfjs.relu(tfjs.add(tfjs.matMul(x, w.w1), w.b1));
    return tfjs.losses.softmaxCrossEntropy(y, tfjs.add(tfjs.matMul(hidden, w.w2), w.b2));
  },
};

const LEFT = 5 * 5 * 16;
const POOL = [1, 2, 2, 1];
const lenet: Network = {
  weights: {
    f1: uniform([3, 3, 1, 8], 0.8, 1),
    b1: zeros([8]),
    f2: uniform([3, 3, 8, 16], 0.4, 2),
    b2: zeros([16]),
    dense: uniform([LEFT, 10], 0.2, 3),
    bias: zeros([10]),
  },
  inputs: [uniform([ROWS, 28, 28, 1], 2, 4), oneHot()],
  loss: (w, x, labels) => {
    const conv = (input: tf.Tensor, filter: tf.Variable, bias: tf.Variable) =>
      tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(input, filter, [1, 1, 1, 1], 'VALID'), bias));
    const first = tf.nn.maxPool(conv(x, w.f1, w.b1), POOL, POOL, 'VALID');
    const second = tf.nn.maxPool(conv(first, w.f2, w.b2), POOL, POOL, 'VALID');
    const logits = tf.nn.biasAdd(tf.matmul(tf.reshape(second, [-1, LEFT]), w.dense), w.bias);
    return tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits }));
  },
  eager: (w, x, y) => {
    const conv = (input: tfjs.Tensor, filter: tfjs.Tensor, bias: tfjs.Tensor): tfjs.Tensor4D =>
      tfjs.relu(tfjs.add(tfjs.conv2d(input as tfjs.Tensor4D, filter as tfjs.Tensor4D, 1, 'valid'), bias));
    const first = tfjs.maxPool(conv(x, w.f1, w.b1), 2, 2, 'valid');
    const second = tfjs.maxPool(conv(first, w.f2, w.b2), 2, 2, 'valid');
    const logits = tfjs.add(tfjs.matMul(tfjs.reshape(second, [-1, LEFT]), w.dense), w.bias);
    return tfjs.losses.softmaxCrossEntropy(y, logits);
  },
};

async function ourTrainer({ weights, inputs, loss: lossOf }: Network, codegen: boolean) {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'webgl', codegen } });
  const { places, loss, step, init } = graph.asDefault(() => {
    const places = inputs.map(({ shape }) => tf.placeholder(tf.float32, [null, ...shape.slice(1)]));
    const variables = Object.fromEntries(
      Object.entries(weights).map(([name, { data, shape }]) => [name, new tf.Variable({ data: data.slice(), shape })]),
    );
    const loss = lossOf(variables, places[0], places[1]);
    const step = new tf.train.AdamOptimizer(RATE).minimize(loss);
    return { places, loss, step, init: tf.globalVariablesInitializer() };
  });
  await session.run(init);
  const tensors = inputs.map(({ data, shape }) => tfjs.tensor(data, shape));
  const feedDict = places.map((place, i) => [place, tensors[i]] as [tf.Tensor, tfjs.Tensor]);
  return {
    step: async (): Promise<number> => Number((await session.run([step, loss], { feedDict }))[1]),
    explain: () => session.explain([step, loss], { feedDict }),
    close: () => {
      session.close();
      tfjs.dispose(tensors);
    },
  };
}

function eagerTrainer({ weights, inputs, eager: lossOf }: Network) {
  const [x, y] = inputs.map(({ data, shape }) => tfjs.tensor(data, shape));
  const variables = Object.fromEntries(
    Object.entries(weights).map(([name, { data, shape }]) => [name, tfjs.variable(tfjs.tensor(data.slice(), shape))]),
  );
  const optimizer = tfjs.train.adam(RATE, 0.9, 0.999, 1e-8);
  const step = (): number => {
    const cost = optimizer.minimize(() => lossOf(variables, x, y) as tfjs.Scalar, true) as tfjs.Scalar;
    const [value] = cost.dataSync();
    cost.dispose();
    return value;
  };
  return { step, close: () => tfjs.dispose([x, y, variables]) };
}

async function benchNetwork(title: string, network: Network): Promise<void> {
  heading(`${title}, batch ${ROWS}, a step with Adam`);
  const generated = await ourTrainer(network, true);
  if (process.argv.includes('--explain')) console.log(await generated.explain());
  const contenders = {
    'tfjs-graph': generated,
    'tfjs-graph, codegen: false': await ourTrainer(network, false),
    'tfjs eager': eagerTrainer(network),
  };
  // All train the same network: their losses must agree before their times may be compared.
  const losses: number[] = [];
  for (const { step } of Object.values(contenders)) {
    let loss = 0;
    for (let i = 0; i < 5; i++) loss = await step();
    losses.push(loss);
  }
  console.log(`  loss of step 5: ${losses.map((loss) => loss.toFixed(5)).join('   ')}`);
  if (losses.some((loss) => !(Math.abs(loss - losses[0]) <= 1e-3))) throw new Error('The losses differ.');
  await compare(contenders);
}

async function run(): Promise<void> {
  countDraws();
  await tfjs.setBackend('webgl');
  await tfjs.ready();
  const { gl } = (tfjs.backend() as unknown as Native).gpgpu;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  console.log(
    `WebGL ${tfjs.env().get('WEBGL_VERSION')}: ${info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : '?'}`,
  );
  for (const size of [100_352, 1_048_576]) await benchChain(size);
  for (const size of [100_352, 1_048_576]) await benchAdam(size);
  await benchNetwork('MLP 784-128-10', mlp);
  await benchNetwork('LeNet-like network', lenet);
}

(globalThis as unknown as { bench: () => Promise<void> }).bench = run;
