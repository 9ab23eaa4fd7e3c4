/**
 * Convolutions: every combination of stride, dilation, padding and format against plain loops; decompositions and backends
 * against host kernels; arguments and errors. Values of TensorFlow are in `goldens.test.ts` and `nn-goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import * as nn from '../../src/nn.ts';
import { emit } from '../../src/ops/emit.ts';
import * as tf from '../../src/ops/index.ts';
import { float32, float64, int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { type Padding, windowAxis } from '../../src/util/window.ts';
import { difference } from '../support/compare.ts';
import { decomposed } from '../support/decomposed.ts';
import { interpret, runOp } from '../support/interpret.ts';

type Shape = readonly number[];
type Attrs = Readonly<Record<string, AttrValue>>;

const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
/** Reproducible values between -1 and 1. */
function spread(shape: Shape, seed = 1): NdArray {
  return new NdArray(
    float32,
    shape,
    Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + 2.3 * i + 0.1 * i * i)),
  );
}
const ints = (values: Shape) => new NdArray(int32, [values.length], Int32Array.from(values));

interface Config {
  readonly image: Shape;
  readonly filter: Shape;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: Padding;
  readonly explicit: Shape;
}

const configs: Config[] = [];
for (const [image, filter] of [
  [
    [2, 5, 6, 2],
    [3, 2, 2, 3],
  ],
  [
    [1, 7, 5, 1],
    [2, 3, 1, 2],
  ],
  [
    [2, 4, 4, 3],
    [1, 1, 3, 2],
  ],
] as const) {
  for (const strides of [
    [1, 1],
    [2, 2],
    [1, 3],
    [3, 2],
  ] as const) {
    for (const dilations of [
      [1, 1],
      [2, 1],
      [2, 2],
    ] as const) {
      for (const [padding, explicit] of [
        ['SAME', []],
        ['VALID', []],
        ['EXPLICIT', [0, 0, 2, 1, 0, 3, 0, 0]],
      ] as const) {
        configs.push({ image, filter, strides, dilations, padding, explicit });
      }
    }
  }
}

function attrsOf(c: Config): Attrs {
  return {
    strides: [1, ...c.strides, 1],
    dilations: [1, ...c.dilations, 1],
    padding: c.padding,
    explicit_paddings: c.explicit,
  };
}

const title = (c: Config) =>
  `[${c.image}] * [${c.filter}], strides ${c.strides}, dilations ${c.dilations}, ${c.padding}`;

const axesOf = (c: Config) =>
  [0, 1].map((k) =>
    windowAxis(c.image[k + 1], c.filter[k], c.strides[k], c.dilations[k], c.padding, [
      c.explicit[2 * k + 2] ?? 0,
      c.explicit[2 * k + 3] ?? 0,
    ]),
  );

/** The convolution by its definition, in float64. */
function direct(x: NdArray, w: NdArray, c: Config): NdArray {
  const [n, h, width, depth] = c.image;
  const [kh, kw, , outDepth] = c.filter;
  const [rows, columns] = axesOf(c);
  const shape = [n, rows.out, columns.out, outDepth];
  const y = new Float32Array(size(shape));
  const [a, b] = [x.data as Float32Array, w.data as Float32Array];
  let at = 0;
  for (let i = 0; i < n; i++)
    for (let r = 0; r < rows.out; r++)
      for (let q = 0; q < columns.out; q++)
        for (let o = 0; o < outDepth; o++) {
          let sum = 0;
          for (let k = 0; k < kh; k++)
            for (let l = 0; l < kw; l++)
              for (let d = 0; d < depth; d++) {
                const row = r * c.strides[0] + k * c.dilations[0] - rows.before;
                const column = q * c.strides[1] + l * c.dilations[1] - columns.before;
                if (row < 0 || row >= h || column < 0 || column >= width) continue;
                sum += a[((i * h + row) * width + column) * depth + d] * b[((k * kw + l) * depth + d) * outDepth + o];
              }
          y[at++] = sum;
        }
  return new NdArray(float32, shape, y);
}

const TOLERANCE = { relative: 1e-4, absolute: 1e-5 };
const test = suite('ops/convolution');
const usable = configs.filter((c) => axesOf(c).every((axis) => axis.out > 0));

test('the forward kernel is the definition', () => {
  for (const c of usable) {
    const [x, w] = [spread(c.image), spread(c.filter, 4)];
    assert.is(difference(runOp('Conv2D', [x, w], attrsOf(c))[0], direct(x, w, c), TOLERANCE), null, title(c));
  }
});

/** Sum of a * b. */
function inner(a: NdArray, b: NdArray): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  return x.reduce((sum, v, i) => sum + v * y[i], 0);
}

test('the gradient kernels are the adjoints of the forward one, plain and depthwise', () => {
  for (const c of usable) {
    for (const [op, inputs] of [
      ['Conv2D', c.filter],
      ['DepthwiseConv2dNative', [c.filter[0], c.filter[1], c.image[3], 2]],
    ] as const) {
      const [x, w] = [spread(c.image), spread(inputs, 4)];
      const attrs = attrsOf(c);
      const y = runOp(op, [x, w], attrs)[0];
      const dy = spread(y.shape, 7);
      const dx = runOp(`${op}BackpropInput`, [ints(x.shape), w, dy], attrs)[0];
      const dw = runOp(`${op}BackpropFilter`, [x, ints(w.shape), dy], attrs)[0];
      const expected = inner(y, dy);
      // Both are linear, so <conv(x, w), dy> = <x, dx> = <w, dw>.
      assert.ok(Math.abs(inner(x, dx) - expected) < 1e-3, `${op} ${title(c)}: ${inner(x, dx)}, ${expected}`);
      assert.ok(Math.abs(inner(w, dw) - expected) < 1e-3, `${op} ${title(c)}: ${inner(w, dw)}, ${expected}`);
    }
  }
});

test('the decompositions of the gradients give what the host kernels give', () => {
  for (const c of usable) {
    const [x, w] = [spread(c.image), spread(c.filter, 4)];
    const attrs = attrsOf(c);
    const dy = spread(runOp('Conv2D', [x, w], attrs)[0].shape, 7);
    for (const [type, inputs] of [
      ['Conv2DBackpropInput', [ints(x.shape), w, dy]],
      ['Conv2DBackpropFilter', [x, ints(w.shape), dy]],
    ] as const) {
      const expected = runOp(type, [...inputs], attrs)[0];
      assert.is(difference(decomposed(type, inputs, attrs)[0], expected, TOLERANCE), null, `${type} ${title(c)}`);
    }
  }
});

test('NCHW is NHWC transposed, in kernels and decompositions', () => {
  const swap = (x: NdArray, perm: Shape) => runOp('Transpose', [x, ints(perm)])[0];
  const first = (x: NdArray) => swap(x, [0, 3, 1, 2]);
  for (const c of usable.filter((_, i) => i % 5 === 0)) {
    const [x, w] = [spread(c.image), spread(c.filter, 4)];
    const attrs = attrsOf(c);
    const nchw = {
      ...attrs,
      data_format: 'NCHW',
      strides: [1, 1, ...c.strides],
      dilations: [1, 1, ...c.dilations],
      explicit_paddings: c.explicit.length > 0 ? [0, 0, 0, 0, ...c.explicit.slice(2, 6)] : [],
    };
    const y = runOp('Conv2D', [x, w], attrs)[0];
    const dy = spread(y.shape, 7);
    const cases: [string, NdArray[], NdArray[], boolean][] = [
      ['Conv2D', [x, w], [first(x), w], true],
      ['Conv2DBackpropInput', [ints(x.shape), w, dy], [ints(first(x).shape), w, first(dy)], true],
      ['Conv2DBackpropFilter', [x, ints(w.shape), dy], [first(x), ints(w.shape), first(dy)], false],
    ];
    for (const [type, plain, moved, isImage] of cases) {
      const found = runOp(type, plain, attrs)[0];
      const expected = isImage ? first(found) : found;
      assert.is(difference(runOp(type, moved, nchw)[0], expected, TOLERANCE), null, `${type} ${title(c)}`);
      assert.is(
        difference(decomposed(type, moved, nchw)[0], expected, TOLERANCE),
        null,
        `decomposed ${type} ${title(c)}`,
      );
    }
  }
});

for (const backend of ['wasm', 'cpu']) {
  test(`on ${backend}, convolutions and their gradients are the host's`, async () => {
    for (const c of usable.filter((_, i) => i % 2 === 0)) {
      const graph = new Graph();
      const [x, w] = [spread(c.image), spread(c.filter, 4)];
      const attrs = attrsOf(c);
      const { fetches, feeds } = graph.asDefault(() => {
        const [a, b] = [tf.placeholder(float32, c.image), tf.placeholder(float32, c.filter)];
        const y = emit('Conv2D', [a, b], attrs).outputs[0];
        const weights = tf.constant(spread(y.shape as Shape, 7));
        const grads = gradients(y, [a, b], { gradYs: [weights] }) as Tensor[];
        return {
          fetches: [y, ...grads],
          feeds: new Map([
            [a, x],
            [b, w],
          ]),
        };
      });
      using session = new Session({ graph, config: { backend } });
      const found = (await session.run(fetches, { feedDict: feeds })) as NdArray[];
      interpret(graph.snapshot(), fetches, { feeds }).forEach((expected, i) => {
        assert.is(difference(found[i], expected, TOLERANCE), null, `output ${i} of ${title(c)}`);
      });
    }
  });
}

for (const backend of ['wasm', 'cpu']) {
  test(`on ${backend}, depthwise convolutions and their gradients are the host's`, async () => {
    for (const c of usable) {
      const graph = new Graph();
      const filter = [c.filter[0], c.filter[1], c.image[3], 2];
      const { fetches, feeds } = graph.asDefault(() => {
        const [a, b] = [tf.placeholder(float32, c.image), tf.placeholder(float32, filter)];
        const y = emit('DepthwiseConv2dNative', [a, b], attrsOf(c)).outputs[0];
        const grads = gradients(y, [a, b], { gradYs: [tf.constant(spread(y.shape as Shape, 7))] }) as Tensor[];
        const feeds = new Map([
          [a, spread(c.image)],
          [b, spread(filter, 4)],
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

test('groups, an empty batch, float64 and int32', () => {
  const image = spread([1, 3, 3, 4]);
  const filter = spread([2, 2, 2, 6], 3);
  const attrs = { strides: [1, 1, 1, 1], padding: 'VALID' };
  const whole = runOp('Conv2D', [image, filter], attrs)[0];
  // Each half of the channels with its half of the filter's outputs.
  const part = (x: NdArray, from: number, to: number) =>
    runOp('Slice', [x, ints([0, 0, 0, from]), ints([...x.shape.slice(0, 3), to - from])])[0];
  const halves = [0, 1].map(
    (g) => runOp('Conv2D', [part(image, 2 * g, 2 * g + 2), part(filter, 3 * g, 3 * g + 3)], attrs)[0],
  );
  const joined = runOp('ConcatV2', [halves, new NdArray(int32, [], Int32Array.of(3))])[0];
  assert.is(difference(whole, joined, TOLERANCE), null);
  assert.equal(runOp('Conv2D', [spread([0, 3, 3, 4]), filter], attrs)[0].shape, [0, 2, 2, 6]);
  const one = (dtype: typeof float64) => tf.constant([[[[2]]]], dtype);
  const graph = new Graph();
  graph.asDefault(() => {
    assert.is(nn.conv2d(one(float64), one(float64), 1, 'SAME').dtype, float64);
    assert.is(nn.conv2d(one(int32), one(int32), 1, 'SAME').dtype, int32);
  });
});

test('unknown sizes and what follows from them', () => {
  new Graph().asDefault(() => {
    const w = tf.placeholder(float32, [3, 3, 1, 8]);
    assert.equal(nn.conv2d(tf.placeholder(float32, [null, 28, null, 1]), w, [1, 2, 2, 1], 'SAME').shape, [
      null,
      14,
      null,
      8,
    ]);
    assert.equal(nn.conv2d(tf.placeholder(float32), w, 1, 'VALID').shape, [null, null, null, 8]);
    assert.equal(nn.conv2d(tf.placeholder(float32, [2, 5, 5, 1]), tf.placeholder(float32), 1, 'VALID').shape, [
      2,
      null,
      null,
      null,
    ]);
    const pads = [
      [0, 0],
      [1, 2],
      [0, 3],
      [0, 0],
    ] as const;
    assert.equal(
      nn.conv2d(tf.placeholder(float32, [1, 5, 5, 1]), w, { strides: 1, padding: pads }).shape,
      [1, 6, 6, 8],
    );
  });
});

test('arguments that do not fit are refused, and nothing is built', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = tf.placeholder(float32, [1, 4, 4, 3]);
    const w = tf.placeholder(float32, [2, 2, 3, 1]);
    const refused = (body: () => unknown, expected: RegExp) => {
      const before = graph.size;
      assert.throws(body, expected);
      assert.is(graph.size, before);
    };
    refused(
      () => nn.conv2d(x, w, 1, 'FULL'),
      /^Attr 'padding' of 'Conv2D' Op passed string 'FULL' not in: "SAME", "VALID", "EXPLICIT"/,
    );
    refused(() => nn.conv2d(x, w, 1, 'EXPLICIT'), /'EXPLICIT' is not a valid value for `padding`/);
    refused(() => nn.conv2d(x, w, 1), /padding/);
    refused(() => nn.conv2d(x, w, [1, 1, 1], 'SAME'), /requires the stride attribute to contain 4 values, but got: 3/);
    refused(() => nn.conv2d(x, w, 0, 'SAME'), /Stride must be > 0/);
    refused(
      () =>
        nn.conv2d(x, w, 1, [
          [0, 0],
          [1, 1],
        ]),
      /it must be of size 4/,
    );
    refused(
      () =>
        nn.conv2d(x, w, 1, [
          [0, 0],
          [1, 1],
          [1, 1],
          [1, 0],
        ]),
      /batch or depth dimensions/,
    );
    refused(() => nn.separableConv2d(x, w, w, 1, 'SAME'), /pointwise filter/);
    refused(() => nn.atrousConv2d(x, w, 0, 'SAME'), /must be positive/);
    refused(() => nn.convolution(x, w, 'SAME', [2, 2], [2, 2]), /not supported in conjunction/);
  });
});

test('the second derivative of a convolution agrees with differences', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = tf.placeholder(float64, [1, 4, 4, 1]);
    const w = tf.placeholder(float64, [2, 2, 1, 2]);
    const y = tf.reduceSum(tf.square(nn.conv2d(x, w, 1, 'SAME')));
    const [g] = gradients(y, [w]) as Tensor[];
    const objective = tf.reduceSum(tf.square(g));
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

test.run();
