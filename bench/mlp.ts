/** A training step of a 784-128-10 network with Adam, batch 32, beside the peers on wasm. */
import { init, type Array as JaxArray, type JsTree, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, results } from './harness.ts';

const [ROWS, INPUTS, HIDDEN, OUTPUTS] = [32, 784, 128, 10];
const RATE = 1e-3;

/** The same pseudo-random numbers for everyone: a linear congruential generator. */
function numbers(count: number, scale: number): Float32Array {
  let state = 12345;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
}

const images = numbers(ROWS * INPUTS, 2);
const digits = Int32Array.from({ length: ROWS }, (_, i) => i % OUTPUTS);
const oneHot = Float32Array.from({ length: ROWS * OUTPUTS }, (_, i) =>
  Number(digits[Math.floor(i / OUTPUTS)] === i % OUTPUTS),
);
const w1 = numbers(INPUTS * HIDDEN, 0.1);
const w2 = numbers(HIDDEN * OUTPUTS, 0.2);

/** A step that trains once and returns the loss. */
type Step = () => number | Promise<number>;

async function ours(isOnBackend: boolean): Promise<{ step: Step; close: () => void }> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph });
  const { x, y, loss, step, start } = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, INPUTS]);
    const y = tf.placeholder(tf.float32, [null, OUTPUTS]);
    const kernels = [
      new tf.Variable({ data: w1, shape: [INPUTS, HIDDEN] }),
      new tf.Variable({ data: w2, shape: [HIDDEN, OUTPUTS] }),
    ];
    const biases = [new tf.Variable(tf.zeros([HIDDEN])), new tf.Variable(tf.zeros([OUTPUTS]))];
    const hidden = tf.nn.relu(tf.nn.biasAdd(tf.matmul(x, kernels[0]), biases[0]));
    const logits = tf.nn.biasAdd(tf.matmul(hidden, kernels[1]), biases[1]);
    const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits }));
    const step = new tf.train.AdamOptimizer(RATE).minimize(loss);
    return { x, y, loss, step, start: tf.globalVariablesInitializer() };
  });
  await session.run(start);
  const train = session.makeCallable([step, loss], [x, y]);
  const feeds = isOnBackend
    ? [tfjs.tensor2d(images, [ROWS, INPUTS]), tfjs.tensor2d(oneHot, [ROWS, OUTPUTS])]
    : [
        { data: images, shape: [ROWS, INPUTS] },
        { data: oneHot, shape: [ROWS, OUTPUTS] },
      ];
  return { step: async () => Number((await train(...feeds))[1]), close: () => session.close() };
}

function eager(): Step {
  const x = tfjs.tensor2d(images, [ROWS, INPUTS]);
  const y = tfjs.tensor2d(oneHot, [ROWS, OUTPUTS]);
  const kernels = [
    tfjs.variable(tfjs.tensor2d(w1.slice(), [INPUTS, HIDDEN])),
    tfjs.variable(tfjs.tensor2d(w2.slice(), [HIDDEN, OUTPUTS])),
  ];
  const biases = [tfjs.variable(tfjs.zeros([HIDDEN])), tfjs.variable(tfjs.zeros([OUTPUTS]))];
  const optimizer = tfjs.train.adam(RATE);
  const loss = (): tfjs.Scalar => {
    const hidden = tfjs.relu(tfjs.add(tfjs.matMul(x, kernels[0]), biases[0]));
    return tfjs.losses.softmaxCrossEntropy(y, tfjs.add(tfjs.matMul(hidden, kernels[1]), biases[1]));
  };
  return () => {
    const cost = optimizer.minimize(loss, true) as tfjs.Scalar;
    const [value] = cost.dataSync();
    cost.dispose();
    return value;
  };
}

function layers(): Step {
  const model = tfjs.sequential({
    layers: [
      tfjs.layers.dense({ units: HIDDEN, activation: 'relu', inputShape: [INPUTS] }),
      tfjs.layers.dense({ units: OUTPUTS, activation: 'softmax' }),
    ],
  });
  model.layers[0].setWeights([tfjs.tensor2d(w1.slice(), [INPUTS, HIDDEN]), tfjs.zeros([HIDDEN])]);
  model.layers[1].setWeights([tfjs.tensor2d(w2.slice(), [HIDDEN, OUTPUTS]), tfjs.zeros([OUTPUTS])]);
  model.compile({ optimizer: tfjs.train.adam(RATE), loss: 'categoricalCrossentropy' });
  const x = tfjs.tensor2d(images, [ROWS, INPUTS]);
  const y = tfjs.tensor2d(oneHot, [ROWS, OUTPUTS]);
  return async () => (await model.trainOnBatch(x, y)) as number;
}

type Params = { w1: JaxArray; b1: JaxArray; w2: JaxArray; b2: JaxArray };

async function jax(): Promise<Step> {
  await init('wasm');
  const lossOf = (p: Params, x: JaxArray, y: JaxArray): JaxArray => {
    const hidden = nn.relu(np.matmul(x, p.w1).add(p.b1));
    const logits = np.matmul(hidden, p.w2).add(p.b2);
    return nn
      .logSoftmax(logits)
      .mul(y)
      .sum()
      .mul(-1 / ROWS);
  };
  const keys = ['w1', 'b1', 'w2', 'b2'] as const;
  const update = (p: Params, m: Params, v: Params, rate: JaxArray, x: JaxArray, y: JaxArray): JsTree<JaxArray> => {
    const [loss, g] = valueAndGrad(lossOf)({ w1: p.w1.ref, b1: p.b1.ref, w2: p.w2.ref, b2: p.b2.ref }, x, y) as [
      JaxArray,
      Params,
    ];
    const next = { p: {} as Params, m: {} as Params, v: {} as Params };
    for (const key of keys) {
      const m1 = m[key].mul(0.9).add(g[key].ref.mul(0.1));
      const v1 = v[key].mul(0.999).add(g[key].ref.mul(g[key]).mul(0.001));
      next.p[key] = p[key].sub(rate.ref.mul(m1.ref).div(np.sqrt(v1.ref).add(1e-8)));
      next.m[key] = m1;
      next.v[key] = v1;
    }
    rate.dispose();
    return [loss, next.p, next.m, next.v] as unknown as JsTree<JaxArray>;
  };
  const compiled = jit(update as never) as unknown as (...args: unknown[]) => [JaxArray, Params, Params, Params];
  const zeros = (): Params => ({
    w1: np.zeros([INPUTS, HIDDEN]),
    b1: np.zeros([HIDDEN]),
    w2: np.zeros([HIDDEN, OUTPUTS]),
    b2: np.zeros([OUTPUTS]),
  });
  let p: Params = {
    ...zeros(),
    w1: np.array(w1).reshape([INPUTS, HIDDEN]),
    w2: np.array(w2).reshape([HIDDEN, OUTPUTS]),
  };
  let [m, v] = [zeros(), zeros()];
  const x = np.array(images).reshape([ROWS, INPUTS]);
  const y = np.array(oneHot).reshape([ROWS, OUTPUTS]);
  let t = 0;
  return () => {
    t++;
    const rate = (RATE * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    const [loss, ...next] = compiled(p, m, v, np.array(rate), x.ref, y.ref);
    [p, m, v] = next;
    return loss.dataSync()[0];
  };
}

export async function benchMlp(): Promise<void> {
  heading('MLP 784-128-10, batch 32, a step with Adam, on wasm (target: at most a third of tfjs eager)');
  const [resident, fed] = [await ours(true), await ours(false)];
  const steps: Record<string, Step> = {
    'tfjs-graph': resident.step,
    'tfjs-graph, arrays fed': fed.step,
    'tfjs eager': eager(),
    'tfjs-layers': layers(),
    'jax-js': await jax(),
  };
  // All train the same network: after five steps their losses must agree before their times may be compared.
  const losses: [string, number][] = [];
  for (const [name, run] of Object.entries(steps)) {
    let loss = 0;
    for (let i = 0; i < 5; i++) loss = await run();
    losses.push([name, loss]);
  }
  console.log(`  loss after 5 steps: ${losses.map(([name, loss]) => `${name} ${loss.toFixed(5)}`).join('   ')}`);
  if (losses.some(([, loss]) => Math.abs(loss - losses[0][1]) > 1e-3)) throw new Error('The losses differ.');
  results(await race(steps, { warmup: 1000 }));
  resident.close();
  fed.close();
}
