/**
 * Three-dimensional convolutions: kernels and decompositions over strides, dilations, paddings and formats, on the host and
 * on backends; groups, arguments, errors. Values of TensorFlow are in `goldens.test.ts` and `nn-goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import * as nn from '../../src/nn.ts';
import * as tf from '../../src/ops/index.ts';
import { float32, float64, int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { type Padding, windowAxis } from '../../src/util/window.ts';
import { difference } from '../support/compare.ts';
import { decomposed } from '../support/decomposed.ts';
import { interpret, runOp } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

type Shape = readonly number[];
type Attrs = Readonly<Record<string, AttrValue>>;

const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
/** Reproducible values between -1 and 1. */
function spread(shape: Shape, seed = 1): NdArray {
  const data = Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + 2.3 * i + 0.1 * i * i));
  return new NdArray(float32, shape, data);
}
const ints = (values: Shape) => new NdArray(int32, [values.length], Int32Array.from(values));

interface Config {
  readonly volume: Shape;
  readonly filter: Shape;
  readonly strides: Shape;
  readonly dilations: Shape;
  readonly padding: Padding;
}

const shapes: readonly (readonly [volume: Shape, filter: Shape])[] = [
  [
    [2, 5, 4, 6, 2],
    [3, 2, 2, 2, 5],
  ],
  [
    [1, 6, 5, 3, 1],
    [2, 1, 3, 1, 2],
  ],
  [
    [2, 3, 3, 3, 3],
    [1, 1, 1, 3, 4],
  ],
];
const steps: readonly (readonly [strides: Shape, dilations: Shape])[] = [
  [
    [1, 1, 1],
    [1, 1, 1],
  ],
  [
    [2, 2, 2],
    [1, 1, 1],
  ],
  [
    [3, 1, 2],
    [1, 1, 1],
  ],
  [
    [1, 1, 1],
    [2, 1, 2],
  ],
  [
    [2, 3, 1],
    [2, 2, 1],
  ],
];
const paddings: readonly Padding[] = ['SAME', 'VALID'];
const configs: Config[] = shapes.flatMap(([volume, filter]) =>
  steps.flatMap(([strides, dilations]) => paddings.map((padding) => ({ volume, filter, strides, dilations, padding }))),
);

const axesOf = (c: Config) =>
  [0, 1, 2].map((k) => windowAxis(c.volume[k + 1], c.filter[k], c.strides[k], c.dilations[k], c.padding));
const usable = configs.filter((c) => axesOf(c).every((axis) => axis.out > 0));
const attrsOf = (c: Config): Attrs => ({
  strides: [1, ...c.strides, 1],
  dilations: [1, ...c.dilations, 1],
  padding: c.padding,
});
const title = (c: Config) =>
  `[${c.volume}] * [${c.filter}], strides ${c.strides}, dilations ${c.dilations}, ${c.padding}`;

/** The convolution by its definition, in float64. */
function direct(x: NdArray, w: NdArray, c: Config): NdArray {
  const axes = axesOf(c);
  const [n, , , , channels] = c.volume;
  const shape = [n, ...axes.map((axis) => axis.out), c.filter[4]];
  const y = new Float32Array(size(shape));
  const [a, b] = [x.data as Float32Array, w.data as Float32Array];
  y.forEach((_, at) => {
    const index: number[] = [];
    for (let k = 4, left = at; k >= 0; left = Math.floor(left / shape[k]), k--) index[k] = left % shape[k];
    let sum = 0;
    for (let tap = 0; tap < c.filter[0] * c.filter[1] * c.filter[2]; tap++) {
      const taps = [
        Math.floor(tap / (c.filter[1] * c.filter[2])),
        Math.floor(tap / c.filter[2]) % c.filter[1],
        tap % c.filter[2],
      ];
      const place = taps.map((t, k) => index[k + 1] * axes[k].stride + t * axes[k].dilation - axes[k].before);
      if (place.some((p, k) => p < 0 || p >= axes[k].size)) continue;
      const from = ((index[0] * axes[0].size + place[0]) * axes[1].size + place[1]) * axes[2].size + place[2];
      for (let d = 0; d < channels; d++) {
        sum += a[from * channels + d] * b[(tap * channels + d) * c.filter[4] + index[4]];
      }
    }
    y[at] = sum;
  });
  return new NdArray(float32, shape, y);
}

const TOLERANCE = { relative: 1e-4, absolute: 1e-5 };
const uvu = suite('ops/convolution3d');
const test = leakChecked(uvu);

test('the forward kernel is the definition', () => {
  assert.ok(usable.length >= 20, `${usable.length} cases`);
  for (const c of usable) {
    const [x, w] = [spread(c.volume), spread(c.filter, 4)];
    assert.is(difference(runOp('Conv3D', [x, w], attrsOf(c))[0], direct(x, w, c), TOLERANCE), null, title(c));
  }
});

/** Sum of a * b. */
function inner(a: NdArray, b: NdArray): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  return x.reduce((sum, v, i) => sum + v * y[i], 0);
}

test('the gradient kernels are the adjoints of the forward one', () => {
  for (const c of usable) {
    const [x, w, attrs] = [spread(c.volume), spread(c.filter, 4), attrsOf(c)];
    const y = runOp('Conv3D', [x, w], attrs)[0];
    const dy = spread(y.shape, 7);
    const dx = runOp('Conv3DBackpropInputV2', [ints(x.shape), w, dy], attrs)[0];
    const dw = runOp('Conv3DBackpropFilterV2', [x, ints(w.shape), dy], attrs)[0];
    const expected = inner(y, dy);
    // Both are linear, so <conv(x, w), dy> = <x, dx> = <w, dw>.
    assert.ok(Math.abs(inner(x, dx) - expected) < 1e-3, `${title(c)}: ${inner(x, dx)}, ${expected}`);
    assert.ok(Math.abs(inner(w, dw) - expected) < 1e-3, `${title(c)}: ${inner(w, dw)}, ${expected}`);
  }
});

test('decompositions give what the host kernels give, and NCDHW is NDHWC transposed', () => {
  const first = (x: NdArray) => runOp('Transpose', [x, ints([0, 4, 1, 2, 3])])[0];
  for (const c of usable) {
    const [x, w, attrs] = [spread(c.volume), spread(c.filter, 4), attrsOf(c)];
    const moved = {
      ...attrs,
      data_format: 'NCDHW',
      strides: [1, 1, ...c.strides],
      dilations: [1, 1, ...c.dilations],
    };
    const dy = spread(runOp('Conv3D', [x, w], attrs)[0].shape, 7);
    const cases: [string, NdArray[], NdArray[], boolean][] = [
      ['Conv3D', [x, w], [first(x), w], true],
      ['Conv3DBackpropInputV2', [ints(x.shape), w, dy], [ints(first(x).shape), w, first(dy)], true],
      ['Conv3DBackpropFilterV2', [x, ints(w.shape), dy], [first(x), ints(w.shape), first(dy)], false],
    ];
    for (const [type, last, channelsFirst, isVolume] of cases) {
      const expected = runOp(type, last, attrs)[0];
      const turned = isVolume ? first(expected) : expected;
      assert.is(difference(decomposed(type, last, attrs)[0], expected, TOLERANCE), null, `${type} ${title(c)}`);
      assert.is(difference(runOp(type, channelsFirst, moved)[0], turned, TOLERANCE), null, `NCDHW ${type} ${title(c)}`);
      const rewritten = decomposed(type, channelsFirst, moved)[0];
      assert.is(difference(rewritten, turned, TOLERANCE), null, `decomposed NCDHW ${type} ${title(c)}`);
    }
  }
});

for (const backend of ['wasm', 'cpu']) {
  test(`on ${backend}, convolutions and their gradients are the host's`, async () => {
    for (const c of usable) {
      const graph = new Graph();
      const { fetches, feeds } = graph.asDefault(() => {
        const [a, b] = [tf.placeholder(float32, c.volume), tf.placeholder(float32, c.filter)];
        const y = nn.conv3d(a, b, c.strides, c.padding, { dilations: c.dilations });
        const grads = gradients(y, [a, b], { gradYs: [tf.constant(spread(y.shape as Shape, 7))] }) as Tensor[];
        const feeds = new Map([
          [a, spread(c.volume)],
          [b, spread(c.filter, 4)],
        ]);
        return { fetches: [y, ...grads], feeds };
      });
      using session = new Session({ graph, config: { backend } });
      const found = (await session.run(fetches, { feedDict: feeds })) as NdArray[];
      interpret(graph.snapshot(), fetches, { feeds }).forEach((expected, i) => {
        assert.is(difference(found[i], expected, TOLERANCE), null, `output ${i} of ${title(c)}`);
      });
    }
  });
}

test('the second derivative agrees with differences', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const [x, w] = [tf.placeholder(float64, [1, 3, 2, 3, 1]), tf.placeholder(float64, [2, 2, 1, 1, 2])];
    const [g] = gradients(tf.reduceSum(tf.square(nn.conv3d(x, w, 1, 'SAME'))), [w]) as Tensor[];
    const [h] = gradients(tf.reduceSum(tf.square(nn.conv3d(x, w, 1, 'SAME'))), [x]) as Tensor[];
    const objective = tf.add(tf.reduceSum(tf.square(g)), tf.reduceSum(tf.square(h)));
    const found = gradients(objective, [x, w]) as Tensor[];
    const points = [x, w].map((t, k) =>
      Float64Array.from({ length: size(t.shape as Shape) }, (_, i) => Math.sin(k + i)),
    );
    const run = (at: readonly Float64Array[], t: Tensor) => {
      const feeds = new Map([x, w].map((p, k) => [p, new NdArray(float64, p.shape as Shape, at[k])]));
      return interpret(graph.snapshot(), [t], { feeds })[0];
    };
    found.forEach((gradient, k) => {
      const analytic = run(points, gradient).data as Float64Array;
      for (let i = 0; i < analytic.length; i++) {
        const moved = (by: number) =>
          run(
            points.map((p, m) => (m === k ? p.map((v, j) => (j === i ? v + by : v)) : p)),
            objective,
          ).item() as number;
        const numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(Math.abs(analytic[i] - numeric) < 1e-4 * (1 + Math.abs(numeric)), `${analytic[i]}, ${numeric}`);
      }
    });
  });
});

test('groups, forward and backward, and an empty batch', () => {
  const [x, w] = [spread([1, 3, 2, 3, 4]), spread([2, 1, 2, 2, 6], 3)];
  const attrs = { strides: [1, 1, 1, 1, 1], padding: 'VALID' };
  const whole = runOp('Conv3D', [x, w], attrs)[0];
  const part = (a: NdArray, from: number, to: number) =>
    runOp('Slice', [a, ints([0, 0, 0, 0, from]), ints([...a.shape.slice(0, 4), to - from])])[0];
  const axis = (k: number) => new NdArray(int32, [], Int32Array.of(k));
  const dy = spread(whole.shape, 5);
  const halves = [0, 1].map((g) => {
    const [a, b, d] = [part(x, 2 * g, 2 * g + 2), part(w, 3 * g, 3 * g + 3), part(dy, 3 * g, 3 * g + 3)];
    return [
      runOp('Conv3D', [a, b], attrs)[0],
      runOp('Conv3DBackpropInputV2', [ints(a.shape), b, d], attrs)[0],
      runOp('Conv3DBackpropFilterV2', [a, ints(b.shape), d], attrs)[0],
    ];
  });
  const found = [
    whole,
    runOp('Conv3DBackpropInputV2', [ints(x.shape), w, dy], attrs)[0],
    runOp('Conv3DBackpropFilterV2', [x, ints(w.shape), dy], attrs)[0],
  ];
  found.forEach((array, i) => {
    const joined = runOp('ConcatV2', [[halves[0][i], halves[1][i]], axis(4)])[0];
    assert.is(difference(array, joined, TOLERANCE), null, `output ${i}`);
  });
  assert.equal(runOp('Conv3D', [spread([0, 3, 2, 3, 4]), w], attrs)[0].shape, [0, 2, 2, 2, 6]);
});

test('unknown sizes and what follows from them', () => {
  new Graph().asDefault(() => {
    const w = tf.placeholder(float32, [3, 3, 3, 1, 8]);
    const x = tf.placeholder(float32, [null, 8, null, 7, 1]);
    assert.equal(nn.conv3d(x, w, 2, 'SAME').shape, [null, 4, null, 4, 8]);
    assert.equal(nn.conv3d(x, w, { strides: 1, padding: 'VALID', dilations: [2, 1, 3] }).shape, [null, 4, null, 1, 8]);
    assert.equal(nn.conv3d(tf.placeholder(float32), w, 1, 'VALID').shape, [null, null, null, null, 8]);
    const y = tf.placeholder(float32, [2, 4, 4, 4, 8]);
    assert.equal(nn.conv3dTranspose(y, w, [2, 8, 8, 8, 1], 2).shape, [2, 8, 8, 8, 1]);
    assert.equal(nn.conv3dBackpropFilterV2(x, [3, 3, 3, 1, 8], y, 2, 'SAME').shape, [3, 3, 3, 1, 8]);
  });
});

test('gradients of the wrong size are refused in a run, in the words of TensorFlow', () => {
  const [w, attrs] = [spread([2, 2, 2, 1, 1]), { strides: [1, 1, 1, 1, 1], padding: 'SAME' }];
  const input = (dy: Shape, sizes: Shape = [1, 3, 3, 3, 1]) =>
    runOp('Conv3DBackpropInputV2', [ints(sizes), w, spread(dy)], attrs);
  const kernel = 'Conv3DBackpropInputOp';
  const expected: readonly (readonly [() => unknown, string])[] = [
    [
      () => input([1, 2, 3, 3, 1]),
      `${kernel}: Size of out_backprop doesn't match computed: actual = 2, computed = 3 spatial_dim: 1 input: 3 filter: 2 output: 2 stride: 1 dilation: 1`,
    ],
    [
      () => input([1, 3, 3, 3, 1], [2, 3, 3, 3, 1]),
      `${kernel}: input and out_backprop must have the same batch size. Input batch: 2, outbackprop batch: 1, batch_dim: 0`,
    ],
    [
      () => input([1, 3, 3, 3, 2]),
      'out_backprop and filter_sizes must have the same number of channels. Got 2 for out_backprop and 1 for filter_sizes',
    ],
    [() => input([1, 3, 3, 3]), 'out_backprop tensor must have 5 dimensions'],
    [
      () => runOp('Conv3D', [spread([1, 3, 3, 3, 1]), w], { ...attrs, strides: [2, 1, 1, 1, 1] }),
      'Current implementation does not yet support strides in the batch and depth dimensions.',
    ],
  ];
  for (const [call, message] of expected) {
    assert.throws(call, (e: Error) => e.message.startsWith(message) || `${e.message}\nexpected ${message}`);
  }
});

test('arguments that do not fit are refused, and nothing is built', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const [x, w] = [tf.placeholder(float32, [1, 4, 4, 4, 3]), tf.placeholder(float32, [2, 2, 2, 3, 1])];
    const refused = (body: () => unknown, expected: RegExp) => {
      const before = graph.size;
      assert.throws(body, expected);
      assert.is(graph.size, before);
    };
    refused(() => nn.conv3d(x, w, 1), /missing required argument 'padding'/);
    refused(() => nn.conv3d(x, null, 1, 'SAME'), /missing required argument 'filter'/);
    refused(() => nn.conv3d(x, w, { filters: w, strides: 1, padding: 'SAME' }), /Cannot specify both/);
    refused(() => nn.conv3d(x, w, [1, 1], 'SAME'), /less than minimum 5/);
    refused(() => nn.conv3d(x, w, 1, 'EXPLICIT'), /not in: "SAME", "VALID"/);
    refused(() => nn.convolution(x, w, 'SAME', [2, 2, 2], [2, 2, 2]), /not supported in conjunction/);
    refused(() => nn.convTranspose(x, w, [1, 2], 1), /`output_shape` must be of length 3, 4 or 5/);
  });
});

uvu.run();
