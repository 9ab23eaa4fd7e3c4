/** Host kernels of batch normalisation, its gradient and local response normalisation. Sums are in double precision. */
import type { DType } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { layoutOf } from '../../src/util/window.ts';
import { rounded } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

type Floats = Float32Array | Float64Array;

/** Elements of an image by channel: `outer` runs of `channels` times `inner` elements. */
interface Channels {
  readonly channels: number;
  readonly inner: number;
  readonly outer: number;
  readonly count: number;
}

function channelsOf(x: NdArray, op: HostOp): Channels {
  const { channel } = layoutOf(op.attr('data_format'), x.rank);
  const channels = x.shape[channel];
  const inner = sizeOf(x.shape.slice(channel + 1));
  const outer = sizeOf(x.shape.slice(0, channel));
  return { channels, inner, outer, count: inner * outer };
}

/** Calls `visit` with each element's position and channel. */
function each({ channels, inner, outer }: Channels, visit: (i: number, c: number) => void): void {
  let i = 0;
  for (let n = 0; n < outer; n++) {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < inner; k++) visit(i++, c);
    }
  }
}

function arrayOf(dtype: DType, shape: readonly number[], values: ArrayLike<number>): NdArray {
  const data = allocate(dtype, values.length) as Floats;
  data.set(values);
  return rounded(dtype, shape, data);
}

const forward: HostKernel = ([x, scale, offset, mean, variance], op) => {
  const g = channelsOf(x, op);
  const data = x.data as Floats;
  const epsilon = op.attr<number>('epsilon');
  const [s, b] = [scale.data as Floats, offset.data as Floats];
  const training = op.attr<boolean>('is_training');
  const m = Float64Array.from(training ? new Float64Array(g.channels) : (mean.data as Floats));
  const v = Float64Array.from(training ? new Float64Array(g.channels) : (variance.data as Floats));
  if (training && g.count > 0) {
    each(g, (i, c) => {
      m[c] += data[i];
    });
    for (let c = 0; c < g.channels; c++) m[c] /= g.count;
    each(g, (i, c) => {
      v[c] += (data[i] - m[c]) ** 2;
    });
    for (let c = 0; c < g.channels; c++) v[c] /= g.count;
  } else if (training) {
    // Of no elements.
    m.fill(Number.NaN);
    v.fill(Number.NaN);
  }
  const y = new Float64Array(x.size);
  const factor = v.map((value, c) => s[c] / Math.sqrt(value + epsilon));
  each(g, (i, c) => {
    y[i] = (data[i] - m[c]) * factor[c] + b[c];
  });
  const vector = (values: ArrayLike<number>, output: number) => arrayOf(op.outputDType(output), [g.channels], values);
  const outputs = [arrayOf(x.dtype, x.shape, y)];
  if (training) {
    const f = op.attr<number>('exponential_avg_factor');
    const moved = (old: NdArray, now: Float64Array) =>
      f === 1 ? now : now.map((value, c) => (1 - f) * ((old.data as Floats)[c] ?? 0) + f * value);
    const unbiased = v.map((value) => (value * g.count) / Math.max(1, g.count - 1));
    outputs.push(vector(moved(mean, m), 1), vector(moved(variance, unbiased), 2), vector(m, 3), vector(v, 4));
  } else {
    outputs.push(vector(m, 1), vector(v, 2), vector(m, 3), vector(v, 4));
  }
  if (op.type === 'FusedBatchNormV3') outputs.push(NdArray.zeros(op.outputDType(5), []));
  return outputs;
};

const backward: HostKernel = ([dy, x, scale, mean, variance], op) => {
  const g = channelsOf(x, op);
  const [data, flow] = [x.data as Floats, dy.data as Floats];
  const m = mean.data as Floats;
  const epsilon = op.attr<number>('epsilon');
  const r = Float64Array.from(variance.data as Floats, (value) => 1 / Math.sqrt(value + epsilon));
  const dScale = new Float64Array(g.channels);
  const dOffset = new Float64Array(g.channels);
  each(g, (i, c) => {
    dScale[c] += flow[i] * (data[i] - m[c]) * r[c];
    dOffset[c] += flow[i];
  });
  const dx = new Float64Array(x.size);
  const s = scale.data as Floats;
  const training = op.attr<boolean>('is_training');
  each(g, (i, c) => {
    const drift = training ? (dOffset[c] + (data[i] - m[c]) * r[c] * dScale[c]) / g.count : 0;
    dx[i] = s[c] * r[c] * (flow[i] - drift);
  });
  return [
    arrayOf(x.dtype, x.shape, dx),
    arrayOf(op.outputDType(1), [g.channels], dScale),
    arrayOf(op.outputDType(2), [g.channels], dOffset),
    NdArray.zeros(op.outputDType(3), [0]),
    NdArray.zeros(op.outputDType(4), [0]),
  ];
};

/** bias + alpha · the sum of squares around each element of a row. */
function norms(x: Floats, from: number, depth: number, op: HostOp): Float64Array {
  const radius = op.attr<number>('depth_radius');
  const [bias, alpha] = [op.attr<number>('bias'), op.attr<number>('alpha')];
  return Float64Array.from({ length: depth }, (_, k) => {
    let sum = 0;
    for (let j = Math.max(0, k - radius); j < Math.min(depth, k + radius + 1); j++) sum += x[from + j] ** 2;
    return bias + alpha * sum;
  });
}

defineHostKernels({
  FusedBatchNorm: forward,
  FusedBatchNormV2: forward,
  FusedBatchNormV3: forward,
  FusedBatchNormGrad: backward,
  FusedBatchNormGradV2: backward,
  FusedBatchNormGradV3: backward,

  LRN: ([x], op) => {
    const depth = x.shape[3];
    const beta = op.attr<number>('beta');
    const data = x.data as Floats;
    const y = new Float64Array(x.size);
    for (let from = 0; from < x.size; from += depth) {
      const norm = norms(data, from, depth, op);
      for (let k = 0; k < depth; k++) y[from + k] = data[from + k] * norm[k] ** -beta;
    }
    return [arrayOf(x.dtype, x.shape, y)];
  },

  LRNGrad: ([dy, x, y], op) => {
    const depth = x.shape[3];
    const radius = op.attr<number>('depth_radius');
    const [alpha, beta] = [op.attr<number>('alpha'), op.attr<number>('beta')];
    const [flow, data, out] = [dy.data as Floats, x.data as Floats, y.data as Floats];
    const dx = new Float64Array(x.size);
    for (let from = 0; from < x.size; from += depth) {
      const norm = norms(data, from, depth, op);
      for (let k = 0; k < depth; k++) {
        dx[from + k] += flow[from + k] * norm[k] ** -beta;
        const shared = (-2 * alpha * beta * flow[from + k] * out[from + k]) / norm[k];
        for (let j = Math.max(0, k - radius); j < Math.min(depth, k + radius + 1); j++) {
          dx[from + j] += shared * data[from + j];
        }
      }
    }
    return [arrayOf(x.dtype, x.shape, dx)];
  },
});
