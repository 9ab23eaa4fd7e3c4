/** Host kernels of softmax, log-softmax, the cross entropies and the L2 loss. Sums are kept in double precision. */
import { int32 } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { broadcastShapes, type KnownShape } from '../../src/util/shape.ts';
import { indicesOf, invalid, rounded } from './elements.ts';
import { defineHostKernels } from './registry.ts';

type Floats = Float32Array | Float64Array;

/** Visits each run of elements along the last axis, with the greatest of them. */
function eachRow(x: NdArray, visit: (from: number, to: number, max: number) => void): void {
  const data = x.data as Floats;
  const width = x.shape[x.rank - 1];
  for (let from = 0; width > 0 && from < data.length; from += width) {
    let max = Number.NEGATIVE_INFINITY;
    for (let i = from; i < from + width; i++) {
      // A NaN must come through, so it also wins.
      if (!(data[i] <= max)) max = data[i];
    }
    visit(from, from + width, max);
  }
}

/** The indices, all of them of classes; throws where one is not. */
function checkedLabels(targets: NdArray, classes: number): ArrayLike<number> {
  const labels = indicesOf(targets);
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] >= 0 && labels[i] < classes) continue;
    throw invalid(
      `Received a label value of ${labels[i]} which is outside the valid range of [0, ${classes}).  Label values: ${Array.from(labels).join(' ')}`,
    );
  }
  return labels;
}

/** The row's exponentials into `out`, and their sum. */
function exponentials(data: Floats, out: Floats, from: number, to: number, max: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    const e = Math.exp(data[i] - max);
    out[i] = e;
    sum += e;
  }
  return sum;
}

function sumOfExp(data: Floats, from: number, to: number, max: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(data[i] - max);
  return sum;
}

/** A matrix of this shape, or a broadcast of it; TensorFlow lets rows and columns of one be repeated. */
function broadcastMatrix(x: NdArray, shape: KnownShape): NdArray {
  const [rows, columns] = shape;
  if (x.shape[0] === rows && x.shape[1] === columns) return x;
  const out = allocate(x.dtype, rows * columns) as Floats;
  const data = x.data as Floats;
  for (let i = 0; i < rows; i++) {
    const row = x.shape[0] === 1 ? 0 : i * x.shape[1];
    for (let j = 0; j < columns; j++) out[i * columns + j] = data[row + (x.shape[1] === 1 ? 0 : j)];
  }
  return new NdArray(x.dtype, shape, out);
}

defineHostKernels({
  Softmax: ([x]) => {
    const out = allocate(x.dtype, x.size) as Floats;
    eachRow(x, (from, to, max) => {
      const sum = exponentials(x.data as Floats, out, from, to, max);
      for (let i = from; i < to; i++) out[i] /= sum;
    });
    return [rounded(x.dtype, x.shape, out)];
  },

  LogSoftmax: ([x]) => {
    const out = allocate(x.dtype, x.size) as Floats;
    const data = x.data as Floats;
    eachRow(x, (from, to, max) => {
      const log = Math.log(sumOfExp(data, from, to, max));
      for (let i = from; i < to; i++) out[i] = data[i] - max - log;
    });
    return [rounded(x.dtype, x.shape, out)];
  },

  SoftmaxCrossEntropyWithLogits: ([features, targets]) => {
    const shape = broadcastShapes(features.shape, targets.shape) as KnownShape | undefined;
    if (shape?.length !== 2) {
      throw invalid(
        `logits and labels must be broadcastable: logits_size=[${features.shape}] labels_size=[${targets.shape}]`,
      );
    }
    const x = broadcastMatrix(features, shape);
    const labels = broadcastMatrix(targets, shape).data as Floats;
    const loss = allocate(x.dtype, shape[0]) as Floats;
    const backprop = allocate(x.dtype, x.size) as Floats;
    const data = x.data as Floats;
    eachRow(x, (from, to, max) => {
      const sum = exponentials(data, backprop, from, to, max);
      const log = Math.log(sum);
      let total = 0;
      for (let i = from; i < to; i++) {
        total += labels[i] * (log - (data[i] - max));
        backprop[i] = backprop[i] / sum - labels[i];
      }
      loss[from / shape[1]] = total;
    });
    return [rounded(x.dtype, [shape[0]], loss), rounded(x.dtype, shape, backprop)];
  },

  SparseSoftmaxCrossEntropyWithLogits: ([x, targets]) => {
    const [rows, classes] = x.shape;
    if (targets.rank !== 1 || targets.size !== rows) {
      throw invalid(
        `logits and labels must have the same first dimension, got logits shape [${x.shape}] and labels shape [${targets.shape}]`,
      );
    }
    if (classes === 0) throw invalid(`Must have at least one class, but got logits shape [${x.shape}]`);
    const labels = checkedLabels(targets, classes);
    const loss = allocate(x.dtype, rows) as Floats;
    const backprop = allocate(x.dtype, x.size) as Floats;
    const data = x.data as Floats;
    eachRow(x, (from, to, max) => {
      const row = from / classes;
      const target = from + labels[row];
      const sum = exponentials(data, backprop, from, to, max);
      for (let i = from; i < to; i++) backprop[i] /= sum;
      backprop[target] -= 1;
      loss[row] = Math.log(sum) - (data[target] - max);
    });
    return [rounded(x.dtype, [rows], loss), rounded(x.dtype, x.shape, backprop)];
  },

  _CheckedLabels: ([targets], op) => {
    const labels = checkedLabels(targets, op.attr<number>('classes'));
    return [new NdArray(int32, targets.shape, Int32Array.from(labels))];
  },

  L2Loss: ([x]) => {
    const data = x.data as Floats;
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
    const out = allocate(x.dtype, 1) as Floats;
    out[0] = sum / 2;
    return [rounded(x.dtype, [], out)];
  },
});
