/**
 * What the benchmarks of training steps share: weights and inputs that are the same for everyone, one trainer for each
 * competitor, and the table of the instructions that take longest. Networks are the benchmarks' own.
 */
import { init, type Array as JaxArray, type JsTree, jit, numpy as np, valueAndGrad } from '@jax-js/jax';
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { duration, row } from './harness.ts';

const [RATE, BETA1, BETA2, EPSILON] = [1e-3, 0.9, 0.999, 1e-8];

export interface Data {
  readonly data: Float32Array;
  readonly shape: number[];
}

/** Pseudo-random numbers from -scale / 2 to scale / 2: a linear congruential generator, so that others can repeat it. */
export function uniform(shape: readonly number[], scale: number, seed: number): Data {
  let state = seed >>> 0;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
  return { data, shape: [...shape] };
}

export function full(shape: readonly number[], value: number): Data {
  return { data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value), shape: [...shape] };
}

/** Row `i` belongs to class `i` modulo the number of classes. */
export function oneHot(rows: number, classes: number): Data {
  const data = Float32Array.from({ length: rows * classes }, (_, i) =>
    Number(Math.floor(i / classes) % classes === i % classes),
  );
  return { data, shape: [rows, classes] };
}

/** The same numbers with their axes in another order. */
export function transposed({ data, shape }: Data, order: readonly number[]): Data {
  const to = order.map((axis) => shape[axis]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const out = new Float32Array(data.length);
  const index = to.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    out[i] = data[index.reduce((sum, at, axis) => sum + at * strides[order[axis]], 0)];
    for (let axis = to.length - 1; axis >= 0 && ++index[axis] === to[axis]; axis--) index[axis] = 0;
  }
  return { data: out, shape: to };
}

export type Weights = Readonly<Record<string, Data>>;
type Named<T> = Readonly<Record<string, T>>;

function mapped<T>(weights: Weights, make: (data: Data) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(weights).map(([name, data]) => [name, make(data)]));
}

/** Trains a network on one batch, again and again. */
export interface Trainer {
  /** Trains once and gives the loss before. */
  readonly step: () => number | Promise<number>;
  readonly close: () => void;
}

export interface GraphTrainer extends Trainer {
  /** A run whose metadata tells what each instruction took. */
  readonly trace: () => Promise<tf.RunMetadata>;
  /** Trains on another batch. */
  readonly stepOn: (...inputs: Data[]) => Promise<number>;
}

/** A session of this library; placeholders leave the batch open. */
export async function graphTrainer(
  weights: Weights,
  inputs: readonly Data[],
  lossOf: (weights: Named<tf.Variable>, ...inputs: tf.Tensor[]) => tf.Tensor,
  config: Pick<tf.ConfigInit, 'codegen' | 'backend'> = {},
): Promise<GraphTrainer> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'wasm', ...config } });
  const { places, loss, step, start } = graph.asDefault(() => {
    const places = inputs.map(({ shape }) => tf.placeholder(tf.float32, [null, ...shape.slice(1)]));
    const variables = mapped(weights, ({ data, shape }) => new tf.Variable({ data: data.slice(), shape }));
    const loss = lossOf(variables, ...places);
    const step = new tf.train.AdamOptimizer(RATE).minimize(loss);
    return { places, loss, step, start: tf.globalVariablesInitializer() };
  });
  await session.run(start);
  const train = session.makeCallable([step, loss], places);
  return {
    step: async () => Number((await train(...inputs))[1]),
    stepOn: async (...others) => Number((await train(...others))[1]),
    trace: async () => {
      const runMetadata = new tf.RunMetadata();
      const feedDict = places.map((place, i) => [place, inputs[i]] as [tf.Tensor, Data]);
      const options = new tf.RunOptions({ traceLevel: tf.RunOptions.FULL_TRACE });
      await session.run([step, loss], { feedDict, options, runMetadata });
      return runMetadata;
    },
    close: () => session.close(),
  };
}

/** TensorFlow.js eager, on one of its backends; wasm is the one in use outside a step. */
export async function eagerTrainer(
  backend: 'wasm' | 'cpu',
  weights: Weights,
  inputs: readonly Data[],
  lossOf: (weights: Named<tfjs.Variable>, ...inputs: tfjs.Tensor[]) => tfjs.Tensor,
): Promise<Trainer> {
  const on = async <T>(body: () => T): Promise<T> => {
    if (backend !== 'wasm') await tfjs.setBackend(backend);
    try {
      return body();
    } finally {
      if (backend !== 'wasm') await tfjs.setBackend('wasm');
    }
  };
  const { tensors, variables, optimizer } = await on(() => ({
    tensors: inputs.map(({ data, shape }) => tfjs.tensor(data, shape)),
    variables: mapped(weights, ({ data, shape }) => tfjs.variable(tfjs.tensor(data.slice(), shape))),
    optimizer: tfjs.train.adam(RATE, BETA1, BETA2, EPSILON),
  }));
  const step = (): number => {
    const cost = optimizer.minimize(() => lossOf(variables, ...tensors) as tfjs.Scalar, true) as tfjs.Scalar;
    const [value] = cost.dataSync();
    cost.dispose();
    return value;
  };
  return {
    step: backend === 'wasm' ? step : () => on(step),
    close: () => tfjs.dispose([tensors, Object.values(variables)]),
  };
}

type Tree = Record<string, JaxArray>;

/** jax-js on wasm, the whole step compiled. */
export async function jaxTrainer(
  weights: Weights,
  inputs: readonly Data[],
  lossOf: (weights: Tree, ...inputs: JaxArray[]) => JaxArray,
): Promise<Trainer> {
  await init('wasm');
  const names = Object.keys(weights);
  const gradient = valueAndGrad(lossOf as never) as unknown as (...args: unknown[]) => [JaxArray, Tree];
  const update = (p: Tree, m: Tree, v: Tree, rate: JaxArray, ...xs: JaxArray[]): JsTree<JaxArray> => {
    const refs = Object.fromEntries(names.map((name) => [name, p[name].ref]));
    const [loss, g] = gradient(refs, ...xs);
    const next = { p: {} as Tree, m: {} as Tree, v: {} as Tree };
    for (const name of names) {
      const m1 = m[name].mul(BETA1).add(g[name].ref.mul(1 - BETA1));
      const v1 = v[name].mul(BETA2).add(g[name].ref.mul(g[name]).mul(1 - BETA2));
      next.p[name] = p[name].sub(rate.ref.mul(m1.ref).div(np.sqrt(v1.ref).add(EPSILON)));
      next.m[name] = m1;
      next.v[name] = v1;
    }
    rate.dispose();
    return [loss, next.p, next.m, next.v] as unknown as JsTree<JaxArray>;
  };
  const compiled = jit(update as never) as unknown as (...args: unknown[]) => [JaxArray, Tree, Tree, Tree];
  let p = mapped(weights, ({ data, shape }) => np.array(data).reshape(shape));
  let m = mapped(weights, ({ shape }) => np.zeros(shape));
  let v = mapped(weights, ({ shape }) => np.zeros(shape));
  const arrays = inputs.map(({ data, shape }) => np.array(data).reshape(shape));
  let t = 0;
  return {
    step: () => {
      t++;
      const rate = np.array((RATE * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t));
      const [loss, ...next] = compiled(p, m, v, rate, ...arrays.map((array) => array.ref));
      [p, m, v] = next;
      return loss.dataSync()[0];
    },
    close: () => {},
  };
}

/** All train the same network: their losses must agree before their times may be compared. */
export async function agree(trainers: Named<Trainer>, steps = 5, tolerance = 1e-3): Promise<void> {
  const losses: [string, number][] = [];
  for (const [name, { step }] of Object.entries(trainers)) {
    let loss = 0;
    for (let i = 0; i < steps; i++) loss = await step();
    losses.push([name, loss]);
  }
  console.log(`  loss of step ${steps}: ${losses.map(([name, loss]) => `${name} ${loss.toFixed(5)}`).join('   ')}`);
  const [[, first]] = losses;
  if (losses.some(([, loss]) => !(Math.abs(loss - first) <= tolerance * Math.max(1, Math.abs(first))))) {
    throw new Error('The losses differ.');
  }
}

/** A trainer, or the reason why the peer is left out, which is printed. */
export async function attempt<T>(name: string, make: () => Promise<T>): Promise<T | null> {
  try {
    return await make();
  } catch (error) {
    console.log(
      `  ${name} is left out: ${String((error as Error).message)
        .split('\n')[0]
        .slice(0, 160)}`,
    );
    return null;
  }
}

const RUNS = 30;

/** With `--profile`: the kinds of instructions, and the instructions, that take longest: the mean of some traced runs. */
export async function profile(trace: () => Promise<tf.RunMetadata>, count = 10): Promise<void> {
  if (!process.argv.includes('--profile')) return;
  const [nodes, kinds] = [new Map<string, number>(), new Map<string, number>()];
  const add = (to: Map<string, number>, key: string, us: number) => to.set(key, (to.get(key) ?? 0) + us / RUNS);
  for (let run = 0; run < RUNS; run++) {
    const { stepStats } = await trace();
    for (const { nodeStats } of stepStats?.devStats ?? []) {
      for (const { timelineLabel, allEndRelMicros } of nodeStats) {
        add(nodes, timelineLabel, allEndRelMicros);
        add(kinds, /= ([^(]+)/.exec(timelineLabel)?.[1] ?? timelineLabel, allEndRelMicros);
      }
    }
  }
  const total = [...nodes.values()].reduce((a, b) => a + b, 0);
  row(`${nodes.size} instructions, traced`, duration(total));
  for (const times of [kinds, nodes]) {
    console.log(`    ${times === kinds ? 'by kind' : 'by instruction'}`);
    for (const [label, us] of [...times].sort(([, a], [, b]) => b - a).slice(0, count)) {
      const part = `${((us / total) * 100).toFixed(0)} %`;
      console.log(`    ${duration(us).padStart(10)}  ${part.padStart(5)}  ${label.slice(0, 130)}`);
    }
  }
}
