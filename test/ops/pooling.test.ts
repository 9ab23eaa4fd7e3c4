/**
 * Pooling: every combination of window, stride, padding and format against plain loops, on the host and on backends;
 * arguments and errors. Values of TensorFlow are in `goldens.test.ts` and `nn-goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as nn from '../../src/nn.ts';
import { emit } from '../../src/ops/emit.ts';
import * as tf from '../../src/ops/index.ts';
import { float32, int32, int64 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { windowAxis } from '../../src/util/window.ts';
import { difference } from '../support/compare.ts';
import { interpret, runOp } from '../support/interpret.ts';

type Shape = readonly number[];
const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
/** Reproducible distinct values, most of them negative. */
function spread(shape: Shape, seed = 1): NdArray {
  const data = Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + 2.3 * i + 0.1 * i * i) - 0.8);
  return new NdArray(float32, shape, data);
}
const ints = (values: Shape) => new NdArray(int32, [values.length], Int32Array.from(values));

interface Config {
  readonly image: Shape;
  readonly ksize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: 'SAME' | 'VALID';
}
const configs: Config[] = [];
for (const image of [
  [2, 5, 6, 3],
  [1, 4, 4, 1],
]) {
  for (const ksize of [
    [2, 2],
    [3, 2],
    [1, 1],
    [3, 3],
  ] as const) {
    for (const strides of [
      [1, 1],
      [2, 2],
      [2, 3],
    ] as const) {
      for (const padding of ['SAME', 'VALID'] as const) configs.push({ image, ksize, strides, padding });
    }
  }
}
const attrsOf = (c: Config) => ({ ksize: [1, ...c.ksize, 1], strides: [1, ...c.strides, 1], padding: c.padding });
const title = (c: Config) => `[${c.image}], window ${c.ksize}, strides ${c.strides}, ${c.padding}`;

/** Calls `visit` with the positions in each window, and that of its output. */
function windows(c: Config, visit: (positions: number[], out: number) => void): Shape {
  const [n, h, w, depth] = c.image;
  const [rows, columns] = [0, 1].map((k) => windowAxis(c.image[k + 1], c.ksize[k], c.strides[k], 1, c.padding));
  let out = 0;
  for (let i = 0; i < n; i++)
    for (let r = 0; r < rows.out; r++)
      for (let q = 0; q < columns.out; q++)
        for (let d = 0; d < depth; d++) {
          const positions: number[] = [];
          for (let k = 0; k < c.ksize[0]; k++)
            for (let l = 0; l < c.ksize[1]; l++) {
              const row = r * c.strides[0] + k - rows.before;
              const column = q * c.strides[1] + l - columns.before;
              if (row >= 0 && row < h && column >= 0 && column < w)
                positions.push(((i * h + row) * w + column) * depth + d);
            }
          visit(positions, out++);
        }
  return [n, rows.out, columns.out, depth];
}

/** Results and gradients by the definition. */
function direct(c: Config, x: NdArray, weight: (i: number) => number) {
  const data = x.data as Float32Array;
  const [max, mean]: [number[], number[]] = [[], []];
  const [dMax, dMean] = [new Float32Array(data.length), new Float32Array(data.length)];
  const where: number[] = [];
  const shape = windows(c, (positions, out) => {
    const values = positions.map((p) => data[p]);
    const best = positions[values.indexOf(Math.max(...values))];
    max.push(data[best]);
    where.push(best);
    mean.push(values.reduce((a, b) => a + b, 0) / values.length);
    dMax[best] += weight(out);
    for (const p of positions) dMean[p] += weight(out) / positions.length;
  });
  const array = (values: ArrayLike<number>, s: Shape) => new NdArray(float32, s, Float32Array.from(values));
  return {
    shape,
    where,
    max: array(max, shape),
    mean: array(mean, shape),
    dMax: array(dMax, c.image),
    dMean: array(dMean, c.image),
  };
}

const TOLERANCE = { relative: 1e-5, absolute: 1e-5 };
const weight = (i: number) => Math.cos(i);
const test = suite('ops/pooling');

test('kernels and their gradients are the definition', () => {
  for (const c of configs) {
    const x = spread(c.image);
    const expected = direct(c, x, weight);
    const dy = new NdArray(
      float32,
      expected.shape,
      Float32Array.from({ length: size(expected.shape) }, (_, i) => weight(i)),
    );
    const attrs = attrsOf(c);
    const check = (found: NdArray, wanted: NdArray) => assert.is(difference(found, wanted, TOLERANCE), null, title(c));
    check(runOp('MaxPool', [x], attrs)[0], expected.max);
    check(runOp('AvgPool', [x], attrs)[0], expected.mean);
    check(runOp('MaxPoolGrad', [x, expected.max, dy], attrs)[0], expected.dMax);
    check(runOp('AvgPoolGrad', [ints(c.image), dy], attrs)[0], expected.dMean);
    const [output, argmax] = runOp('MaxPoolWithArgmax', [x], { ...attrs, include_batch_in_index: true });
    check(output, expected.max);
    assert.equal(Array.from(argmax.data as BigInt64Array, Number), expected.where);
    check(
      runOp('MaxPoolGradWithArgmax', [x, dy, argmax], { ...attrs, include_batch_in_index: true })[0],
      expected.dMax,
    );
    const picked = expected.where.map((p) => (x.data as Float32Array)[p]);
    assert.equal(Array.from(runOp('MaxPoolGradGrad', [x, expected.max, x], attrs)[0].data as Float32Array), picked);
  }
});

test('NCHW is NHWC transposed', () => {
  const first = (x: NdArray) => runOp('Transpose', [x, ints([0, 3, 1, 2])])[0];
  for (const c of configs) {
    const x = spread(c.image);
    const attrs = { ksize: [1, 1, ...c.ksize], strides: [1, 1, ...c.strides], padding: c.padding, data_format: 'NCHW' };
    for (const type of ['MaxPool', 'AvgPool']) {
      const expected = first(runOp(type, [x], attrsOf(c))[0]);
      assert.is(difference(runOp(type, [first(x)], attrs)[0], expected, TOLERANCE), null, `${type} ${title(c)}`);
    }
  }
});

for (const backend of ['wasm', 'cpu']) {
  test(`on ${backend}, pools and their gradients are the host's`, async () => {
    for (const c of configs) {
      const graph = new Graph();
      const x = spread(c.image);
      const { fetches, feeds } = graph.asDefault(() => {
        const input = tf.placeholder(float32, c.image);
        const ys = ['MaxPool', 'AvgPool'].map((type) => emit(type, [input], attrsOf(c)).outputs[0]);
        const grads = ys.map((y) => {
          const weights = tf.constant(spread(y.shape as Shape, 7));
          return gradients(y, [input], { gradYs: [weights] })[0] as Tensor;
        });
        return { fetches: [...ys, ...grads], feeds: new Map([[input, x]]) };
      });
      using session = new Session({ graph, config: { backend } });
      const found = (await session.run(fetches, { feedDict: feeds })) as NdArray[];
      interpret(graph.snapshot(), fetches, { feeds }).forEach((expected, i) => {
        assert.is(difference(found[i], expected, TOLERANCE), null, `output ${i} of ${title(c)}`);
      });
    }
  });
}

test('integers, and the shapes of the functions', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = tf.constant(new NdArray(int64, [1, 2, 2, 1], BigInt64Array.of(1n, 2n ** 60n, -3n, 4n)));
    const y = nn.maxPool(x, 2, 2, 'VALID');
    assert.is(interpret(graph.snapshot(), [y])[0].item(), 2n ** 60n);
    const image = tf.placeholder(float32, [null, 28, null, 8]);
    assert.equal(nn.maxPool(image, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME').shape, [null, 14, null, 8]);
    assert.equal(nn.avgPool(image, 3, 2, 'VALID').shape, [null, 13, null, 8]);
    assert.equal(nn.maxPool1d(tf.placeholder(float32, [2, 9, 3]), 2, 2, 'VALID').shape, [2, 4, 3]);
    assert.equal(nn.avgPool1d(tf.placeholder(float32, [2, 3, 9]), 2, 2, 'VALID', 'NCW').shape, [2, 3, 4]);
    assert.equal(nn.pool(tf.placeholder(float32, [2, 9, 3]), [3], 'AVG', 'SAME').shape, [2, 9, 3]);
    const { output, argmax } = nn.maxPoolWithArgmax(image, 2, 2, 'VALID', { outputDtype: int32 });
    assert.equal([output.shape, argmax.dtype], [[null, 14, null, 8], int32]);
  });
});

test('arguments that do not fit are refused', () => {
  new Graph().asDefault(() => {
    const x = tf.placeholder(float32, [1, 4, 4, 1]);
    assert.throws(() => nn.maxPool(x, 0, 1, 'SAME'), /`ksize` cannot be zero/);
    assert.throws(() => nn.maxPool(x, 5, 1, 'VALID'), /Negative dimension size caused by subtracting 5 from 4/);
    assert.throws(() => nn.avgPool(x, 2, 2, 'EXPLICIT'), /passed string 'EXPLICIT' not in: "SAME", "VALID"/);
    assert.throws(
      () => nn.pool(x, [2, 2], 'MAX', 'VALID', { strides: [3, 3] }),
      /`strides` > `window_shape` not supported/,
    );
    assert.throws(() => nn.pool(x, [2, 2], 'SUM' as 'MAX', 'VALID'), /2-D SUM pooling is not supported/);
    assert.throws(
      () => nn.maxPool(tf.placeholder(float32, [4, 4]), 2, 2, 'VALID'),
      /Shape must be rank 4 but is rank 2/,
    );
  });
});

test.run();
