/**
 * Products of square matrices, plain and transposed, in GFLOP/s, beside XNNPACK in TensorFlow.js's wasm backend and jax-js.
 * Each competitor computes a chain of products, so that a product is measured and not what a call of it costs.
 */
import { init, type Array as JaxArray, jit, numpy as np } from '@jax-js/jax';
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, row } from './harness.ts';
import { attempt, type Data, uniform } from './support.ts';

interface Form {
  readonly title: string;
  readonly target: string;
  /** The weights stand left, so that the right side is another matrix each time and XNNPACK packs it anew. */
  readonly fresh?: boolean;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** The largest size: tfjs needs seconds for a product of larger matrices. */
  readonly largest: number;
}

const SIZES = [32, 64, 128, 256, 512, 1024];
const FORMS: readonly Form[] = [
  { title: 'x·W, weights packed once', target: '1.3× XNNPACK from 64', largest: 1024 },
  { title: 'W·x, the right side new each time', target: '1.3× XNNPACK from 64', fresh: true, largest: 1024 },
  { title: 'xᵀ·W', target: '10× tfjs', transposeA: true, largest: 512 },
  { title: 'x·Wᵀ', target: '10× tfjs', transposeB: true, largest: 512 },
  { title: 'xᵀ·Wᵀ', target: '10× tfjs', transposeA: true, transposeB: true, largest: 256 },
];

type Product = () => Float32Array | Promise<Float32Array>;

function ours(x: Data, w: Data, form: Form, count: number): { run: Product; close: () => void } {
  const { transposeA, transposeB } = form;
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, config: { backend: 'wasm' } });
  const { place, end, weights } = graph.asDefault(() => {
    const place = tf.placeholder(tf.float32, x.shape);
    const weights = new tf.Variable(w);
    let end: tf.Tensor = place;
    for (let i = 0; i < count; i++) {
      end = form.fresh ? tf.matmul(weights, end) : tf.matmul(end, weights, { transposeA, transposeB });
    }
    return { place, end, weights };
  });
  const call = session.makeCallable(end, [place]);
  let isReady = false;
  const run = async () => {
    if (!isReady) await session.run(weights.initializer as tf.Operation);
    isReady = true;
    return (await call(x)).data as Float32Array;
  };
  return { run, close: () => session.close() };
}

/** The kernel itself, without what the eager engine adds. */
function xnnpack(x: Data, w: Data, form: Form, count: number): { run: Product; close: () => void } {
  const [n] = x.shape;
  const backend = tfjs.backend();
  const { kernelFunc } = tfjs.getKernel('BatchMatMul', 'wasm') as tfjs.KernelConfig;
  const start = tfjs.tensor3d(x.data, [1, n, n]);
  const weights = tfjs.tensor3d(w.data, [1, n, n]);
  const attrs = { transposeA: form.transposeA ?? false, transposeB: form.transposeB ?? false };
  const run = () => {
    let y: tfjs.TensorInfo = start;
    for (let i = 0; i < count; i++) {
      const inputs = form.fresh ? { a: weights, b: y } : { a: y, b: weights };
      const next = kernelFunc({ inputs, backend, attrs }) as tfjs.TensorInfo;
      if (i > 0) backend.disposeData(y.dataId);
      y = next;
    }
    const data = (backend.readSync(y.dataId) as Float32Array).slice();
    backend.disposeData(y.dataId);
    return data;
  };
  return { run, close: () => tfjs.dispose([start, weights]) };
}

function jax(x: Data, w: Data, form: Form, count: number): { run: Product; close: () => void } {
  const chain = jit(((start: JaxArray, weights: JaxArray) => {
    let y = start;
    for (let i = 0; i < count; i++) {
      const left = form.fresh ? weights.ref : form.transposeA ? np.transpose(y) : y;
      const right = form.fresh ? y : form.transposeB ? np.transpose(weights.ref) : weights.ref;
      y = np.matmul(left, right);
    }
    weights.dispose();
    return y;
  }) as never) as unknown as (x: JaxArray, w: JaxArray) => JaxArray;
  const start = np.array(x.data).reshape(x.shape);
  const weights = np.array(w.data).reshape(w.shape);
  return { run: () => chain(start.ref, weights.ref).dataSync() as Float32Array, close: () => {} };
}

/** The largest difference, as a part of the largest number. */
function difference(a: Float32Array, b: Float32Array): number {
  let [most, size] = [0, 1e-30];
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (!(d <= most)) most = d;
    size = Math.max(size, Math.abs(b[i]));
  }
  return most / size;
}

async function measure(form: Form, n: number): Promise<void> {
  const count = Math.min(64, Math.max(1, Math.round(2 ** 25 / n ** 3)));
  const [x, w] = [uniform([n, n], 2, 1), uniform([n, n], Math.sqrt(12 / n), 2)];
  const competitors = { ours: ours(x, w, form, count), tfjs: xnnpack(x, w, form, count) };
  const peer = await attempt('jax-js', async () => jax(x, w, form, count));
  const all = Object.entries(peer ? { ...competitors, 'jax-js': peer } : competitors);
  const expected = await competitors.tfjs.run();
  for (const [name, { run }] of all) {
    if (!(difference(await run(), expected) < 1e-3)) throw new Error(`${name} computes something else.`);
  }
  const isLong = n >= 512;
  const timings = await race(Object.fromEntries(all.map(([name, { run }]) => [name, run])), {
    warmup: isLong ? 50 : 200,
    batch: isLong ? 1 : 10,
    samples: 7,
  });
  const rate = (name: string) => (2 * n ** 3 * count) / ((timings.get(name)?.median ?? Number.NaN) * 1000);
  const [us, them, other] = [rate('ours'), rate('tfjs'), rate('jax-js')];
  const cells = [us.toFixed(1), them.toFixed(1), other.toFixed(1), `${(us / them).toFixed(2)}×`];
  row(`${n}³, ${count} products`, ...cells, `${(us / other).toFixed(2)}×`);
  for (const [, { close }] of all) close();
}

export async function benchMatmul(): Promise<void> {
  await init('wasm');
  for (const form of FORMS) {
    heading(`Products ${form.title}, GFLOP/s (target: ${form.target}; at least 40 GFLOP/s)`);
    row('', 'tfjs-graph', 'tfjs kernel', 'jax-js', 'to tfjs', 'to jax-js');
    for (const n of SIZES.filter((size) => size <= form.largest)) await measure(form, n);
  }
}
