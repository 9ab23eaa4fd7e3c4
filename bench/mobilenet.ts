/**
 * MobileNet v1 of width 0.25 on one image of 128×128, its batch norms not folded beforehand, beside TensorFlow.js as a layers
 * model and as a GraphModel on wasm, and onnxruntime-web. The network as an ONNX file is written in `mobilenet-onnx.ts`.
 *
 * onnxruntime-web is no dependency: it weighs 139 MB and brings an install script. It is used where Node finds it:
 * `npm install --prefix out/ort onnxruntime-web && NODE_PATH=out/ort/node_modules npm run bench -- mobilenet`.
 */
import { createRequire } from 'node:module';
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { heading, race, results } from './harness.ts';
import { onnxMobilenet } from './mobilenet-onnx.ts';
import { attempt, type Data, profile, uniform } from './support.ts';

export const SIZE = 128;
const CLASSES = 1000;
const EPSILON = 1e-3;

export interface Convolution {
  readonly name: string;
  readonly isDepthwise: boolean;
  readonly stride: 1 | 2;
  readonly outputs: number;
  /** [height, width, inputs, outputs], [height, width, outputs, 1] where it is depthwise. */
  readonly filter: Data;
  readonly scale: Data;
  readonly offset: Data;
  readonly mean: Data;
  readonly variance: Data;
}

export interface Mobilenet {
  readonly image: Data;
  readonly convolutions: readonly Convolution[];
  readonly dense: Data;
  readonly bias: Data;
  readonly epsilon: number;
}

/** Outputs and stride of the pairs of a depthwise and a pointwise convolution. */
const PAIRS: readonly (readonly [number, 1 | 2])[] = [
  [16, 1],
  [32, 2],
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  ...Array.from({ length: 5 }, () => [128, 1] as const),
  [256, 2],
  [256, 1],
];

function network(): Mobilenet {
  const convolutions: Convolution[] = [];
  let seed = 10;
  const add = (isDepthwise: boolean, size: number, inputs: number, outputs: number, stride: 1 | 2) => {
    const name = `conv${convolutions.length}`;
    const spread = (low: number, high: number): Data => {
      const { data, shape } = uniform([outputs], high - low, seed++);
      return { data: data.map((v) => v + (low + high) / 2), shape };
    };
    const scale = Math.sqrt(24 / (size * size * (isDepthwise ? 1 : inputs)));
    const filter = uniform(isDepthwise ? [size, size, outputs, 1] : [size, size, inputs, outputs], scale, seed++);
    convolutions.push({
      ...{ name, isDepthwise, stride, outputs, filter },
      ...{ scale: spread(0.5, 1.5), offset: spread(-0.2, 0.2), mean: spread(-0.2, 0.2), variance: spread(0.5, 1.5) },
    });
    return outputs;
  };
  let channels = add(false, 3, 3, 8, 2);
  for (const [outputs, stride] of PAIRS) {
    add(true, 3, channels, channels, stride);
    channels = add(false, 1, channels, outputs, 1);
  }
  return {
    image: uniform([1, SIZE, SIZE, 3], 2, 1),
    convolutions,
    dense: uniform([channels, CLASSES], 0.2, 2),
    bias: uniform([CLASSES], 0.2, 3),
    epsilon: EPSILON,
  };
}

type Run = () => Float32Array | Promise<Float32Array>;

interface Built {
  readonly graph: tf.Graph;
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

function build({ convolutions, dense, bias }: Mobilenet): Built {
  const graph = new tf.Graph();
  return graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [1, SIZE, SIZE, 3], { name: 'image' });
    let h: tf.Tensor = x;
    for (const { name, isDepthwise, stride, filter, scale, offset, mean, variance } of convolutions) {
      const weights = tf.constant(filter, { name: `${name}/filter` });
      const strides = [1, stride, stride, 1];
      const conv = isDepthwise
        ? tf.nn.depthwiseConv2dNative(h, weights, strides, 'SAME')
        : tf.nn.conv2d(h, weights, strides, 'SAME');
      const parts = [scale, offset, mean, variance].map((data) => tf.constant(data));
      const [normal] = tf.nn.fusedBatchNorm(conv, parts[0], parts[1], {
        mean: parts[2],
        variance: parts[3],
        epsilon: EPSILON,
        isTraining: false,
      });
      h = tf.nn.relu6(normal);
    }
    const logits = tf.nn.biasAdd(tf.matmul(tf.reduceMean(h, [1, 2]), tf.constant(dense)), tf.constant(bias));
    return { graph, x, y: tf.nn.softmax(logits, { name: 'probabilities' }) };
  });
}

function layers({ image, convolutions, dense, bias, epsilon }: Mobilenet): Run {
  const tensor = ({ data, shape }: Data) => tfjs.tensor(data, shape);
  const model = tfjs.sequential();
  const weights: tfjs.Tensor[] = [];
  convolutions.forEach(({ isDepthwise, stride, outputs, filter, scale, offset, mean, variance }, i) => {
    const inputShape = i === 0 ? { inputShape: [SIZE, SIZE, 3] } : {};
    const common = { kernelSize: filter.shape[0], strides: stride, padding: 'same' as const, useBias: false };
    model.add(
      isDepthwise
        ? tfjs.layers.depthwiseConv2d(common)
        : tfjs.layers.conv2d({ ...common, ...inputShape, filters: outputs }),
    );
    model.add(tfjs.layers.batchNormalization({ epsilon }));
    model.add(tfjs.layers.reLU({ maxValue: 6 }));
    weights.push(tensor(filter), tensor(scale), tensor(offset), tensor(mean), tensor(variance));
  });
  model.add(tfjs.layers.globalAveragePooling2d({}));
  model.add(tfjs.layers.dense({ units: CLASSES, activation: 'softmax' }));
  // Statistics follow all trainable weights.
  const trainable = weights.filter((_, i) => i % 5 < 3);
  const statistics = weights.filter((_, i) => i % 5 >= 3);
  model.setWeights([...trainable, tensor(dense), tensor(bias), ...statistics]);
  const x = tensor(image);
  return () => tfjs.tidy(() => (model.predict(x) as tfjs.Tensor).dataSync().slice() as Float32Array);
}

interface JsonNode {
  readonly name: string;
  readonly op: string;
  readonly attr?: Record<string, unknown>;
}

/** The graph in the form of TensorFlow.js's converter: constants stand beside the nodes. */
async function graphModel({ graph }: Built, { image }: Mobilenet): Promise<Run> {
  const def = tf.GraphDef.of(graph);
  const weightSpecs: tfjs.io.WeightsManifestEntry[] = [];
  const values: Uint8Array[] = [];
  const node = (def.toJson() as unknown as { node: JsonNode[] }).node.map((json, i) => {
    if (json.op !== 'Const') return json;
    const { tensor: value } = def.node[i].attr.get('value') as unknown as { tensor: tf.NdArray };
    const { data } = value as { data: Float32Array | Int32Array };
    weightSpecs.push({ name: json.name, shape: [...value.shape], dtype: value.dtype.name as 'float32' | 'int32' });
    values.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return json;
  });
  const model = await tfjs.loadGraphModel(
    tfjs.io.fromMemory({
      modelTopology: { node, versions: { producer: 1 } },
      weightSpecs,
      weightData: await new Blob(values as BlobPart[]).arrayBuffer(),
      format: 'graph-model',
    }),
  );
  const x = tfjs.tensor(image.data, image.shape);
  return () => tfjs.tidy(() => (model.predict(x) as tfjs.Tensor).dataSync().slice() as Float32Array);
}

/** onnxruntime-web on one thread, as all others are. */
async function onnx(net: Mobilenet): Promise<Run> {
  const ort = createRequire(import.meta.url)('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(onnxMobilenet(net), { executionProviders: ['wasm'] });
  const [n, h, w, c] = net.image.shape;
  const pixels = net.image.data;
  // ONNX has the channels first.
  const turned = pixels.map((_, i) => pixels[(i % (h * w)) * c + Math.floor(i / (h * w))]);
  const feeds = { image: new ort.Tensor('float32', turned, [n, c, h, w]) };
  return async () => (await session.run(feeds)).probabilities.data;
}

async function ours(built: Built, { image }: Mobilenet) {
  const { graph, x, y } = built;
  const session = new tf.Session({ graph, config: { backend: 'wasm' } });
  const predict = session.makeCallable(y, [x]);
  const trace = async () => {
    const runMetadata = new tf.RunMetadata();
    await session.run(y, { feedDict: [[x, image]], options: new tf.RunOptions({ traceLevel: 3 }), runMetadata });
    return runMetadata;
  };
  return { run: async () => (await predict(image)).data as Float32Array, trace, close: () => session.close() };
}

export async function benchMobilenet(): Promise<void> {
  heading(`MobileNet v1 0.25 on ${SIZE}×${SIZE}, batch 1 (target: at most 1.3 ms, ahead of onnxruntime-web)`);
  const net = network();
  const built = build(net);
  const { run, trace, close } = await ours(built, net);
  const runs: Record<string, Run> = { 'tfjs-graph': run };
  const peers: Record<string, () => Promise<Run>> = {
    'tfjs-layers': async () => layers(net),
    'tfjs GraphModel': () => graphModel(built, net),
    'onnxruntime-web': () => onnx(net),
  };
  for (const [name, make] of Object.entries(peers)) {
    const peer = await attempt(name, make);
    if (peer) runs[name] = peer;
  }
  const expected = await run();
  const at = expected.indexOf(Math.max(...expected));
  for (const [name, other] of Object.entries(runs)) {
    const values = await other();
    const most = values.reduce((d, v, i) => Math.max(d, Math.abs(v - expected[i])), 0);
    console.log(`  ${name}: class ${at} ${values[at].toFixed(6)}, differs by ${most.toExponential(1)}`);
    if (!(most < 1e-4)) throw new Error(`${name} computes something else.`);
  }
  results(await race(runs, { warmup: 1000 }));
  await profile(trace);
  close();
}
