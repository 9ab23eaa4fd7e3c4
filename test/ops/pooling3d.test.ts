/**
 * Pooling over volumes: kernels against the pools over images that they come down to, on the host and on backends; formats,
 * arguments, errors. Values of TensorFlow are in `goldens.test.ts` and `nn-goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as nn from '../../src/nn.ts';
import * as tf from '../../src/ops/index.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { difference } from '../support/compare.ts';
import { decomposed } from '../support/decomposed.ts';
import { interpret, runOp } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

type Shape = readonly number[];
const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
/** Reproducible distinct values, most of them negative. */
function spread(shape: Shape, seed = 1): NdArray {
  const data = Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + 2.3 * i + 0.1 * i * i) - 0.8);
  return new NdArray(float32, shape, data);
}
const ints = (values: Shape) => new NdArray(int32, [values.length], Int32Array.from(values));
const TOLERANCE = { relative: 1e-5, absolute: 1e-6 };

interface Config {
  readonly volume: Shape;
  readonly ksize: Shape;
  readonly strides: Shape;
  readonly padding: 'SAME' | 'VALID';
}
const configs: Config[] = [];
for (const volume of [
  [2, 5, 4, 6, 3],
  [1, 3, 3, 3, 1],
]) {
  for (const ksize of [
    [2, 2, 2],
    [3, 1, 2],
    [1, 3, 3],
  ]) {
    for (const strides of [
      [1, 1, 1],
      [2, 2, 2],
      [2, 1, 3],
    ]) {
      for (const padding of ['SAME', 'VALID'] as const) configs.push({ volume, ksize, strides, padding });
    }
  }
}
const attrsOf = (c: Config) => ({ ksize: [1, ...c.ksize, 1], strides: [1, ...c.strides, 1], padding: c.padding });
const title = (c: Config) => `[${c.volume}], window ${c.ksize}, strides ${c.strides}, ${c.padding}`;

const uvu = suite('ops/pooling3d');
const test = leakChecked(uvu);

test('kernels give what their decompositions into pools over images give', () => {
  for (const c of configs) {
    const [x, attrs] = [spread(c.volume), attrsOf(c)];
    for (const type of ['MaxPool3D', 'AvgPool3D']) {
      const expected = runOp(type, [x], attrs)[0];
      assert.is(difference(decomposed(type, [x], attrs)[0], expected, TOLERANCE), null, `${type} ${title(c)}`);
    }
    const dy = spread(runOp('AvgPool3D', [x], attrs)[0].shape, 5);
    const inputs = [ints(x.shape), dy];
    const expected = runOp('AvgPool3DGrad', inputs, attrs)[0];
    assert.is(difference(decomposed('AvgPool3DGrad', inputs, attrs)[0], expected, TOLERANCE), null, title(c));
  }
});

test('NCDHW is NDHWC transposed', () => {
  const first = (x: NdArray) => runOp('Transpose', [x, ints([0, 4, 1, 2, 3])])[0];
  for (const c of configs) {
    const [x, attrs] = [spread(c.volume), attrsOf(c)];
    const moved = {
      padding: c.padding,
      data_format: 'NCDHW',
      ksize: [1, 1, ...c.ksize],
      strides: [1, 1, ...c.strides],
    };
    const y = runOp('MaxPool3D', [x], attrs)[0];
    const dy = spread(y.shape, 5);
    const cases: [string, NdArray[], NdArray[]][] = [
      ['MaxPool3D', [x], [first(x)]],
      ['AvgPool3D', [x], [first(x)]],
      ['AvgPool3DGrad', [ints(x.shape), dy], [ints(first(x).shape), first(dy)]],
      ['MaxPool3DGrad', [x, y, dy], [first(x), first(y), first(dy)]],
      ['MaxPool3DGradGrad', [x, y, x], [first(x), first(y), first(x)]],
    ];
    for (const [type, last, channelsFirst] of cases) {
      const expected = first(runOp(type, last, attrs)[0]);
      assert.is(difference(runOp(type, channelsFirst, moved)[0], expected, TOLERANCE), null, `${type} ${title(c)}`);
    }
  }
});

test('the gradient of max pooling over volumes of one plane is that over images', () => {
  for (const padding of ['SAME', 'VALID'] as const) {
    const x = spread([2, 5, 6, 3]);
    const planar = { ksize: [1, 3, 2, 1], strides: [1, 2, 2, 1], padding };
    const deep = { ksize: [1, 1, 3, 2, 1], strides: [1, 1, 2, 2, 1], padding };
    const lift = (a: NdArray) => new NdArray(float32, [a.shape[0], 1, ...a.shape.slice(1)], a.data);
    const y = runOp('MaxPool', [x], planar)[0];
    const dy = spread(y.shape, 3);
    const expected = lift(runOp('MaxPoolGrad', [x, y, dy], planar)[0]);
    assert.is(difference(runOp('MaxPool3DGrad', [lift(x), lift(y), lift(dy)], deep)[0], expected, TOLERANCE), null);
  }
});

for (const backend of ['wasm', 'cpu']) {
  test(`on ${backend}, pools, their gradients and second gradients are the host's`, async () => {
    for (const c of configs) {
      const graph = new Graph();
      const { fetches, feeds } = graph.asDefault(() => {
        const x = tf.placeholder(float32, c.volume);
        const fetches = [nn.maxPool3d, nn.avgPool3d].flatMap((pool) => {
          const y = pool(x, c.ksize, c.strides, c.padding);
          const weights = tf.constant(spread(y.shape as Shape, 7));
          const [g] = gradients(tf.multiply(weights, tf.square(y)), [x]) as Tensor[];
          return [y, g, ...(gradients(tf.square(g), [x]) as Tensor[])];
        });
        return { fetches, feeds: new Map([[x, spread(c.volume)]]) };
      });
      using session = new Session({ graph, config: { backend } });
      const found = (await session.run(fetches, { feedDict: feeds })) as NdArray[];
      interpret(graph.snapshot(), fetches, { feeds }).forEach((expected, i) => {
        assert.is(difference(found[i], expected, TOLERANCE), null, `output ${i} of ${title(c)}`);
      });
    }
  });
}

test('an empty batch, unknown sizes, pools of any number of axes', () => {
  const attrs = { ksize: [1, 2, 2, 2, 1], strides: [1, 2, 2, 2, 1], padding: 'SAME' };
  assert.equal(runOp('MaxPool3D', [spread([0, 5, 5, 5, 2])], attrs)[0].shape, [0, 3, 3, 3, 2]);
  new Graph().asDefault(() => {
    const x = tf.placeholder(float32, [null, 8, null, 7, 3]);
    assert.equal(nn.maxPool3d(x, 2, 2, 'VALID').shape, [null, 4, null, 3, 3]);
    assert.equal(nn.avgPool3d(tf.placeholder(float32), 2, 2, 'VALID').shape, [null, null, null, null, null]);
    const y = nn.pool(x, [2, 2, 2], 'AVG', 'SAME', { strides: [2, 1, 2] });
    assert.equal(y.shape, [null, 4, null, 4, 3]);
    assert.is(y.op.type, 'AvgPool3D');
    assert.throws(() => nn.pool(x, [1, 1, 1, 1], 'MAX', 'SAME'), /must be 1, 2, or 3/);
  });
});

test('what TensorFlow refuses in a run is refused, in its words', () => {
  const x = spread([1, 4, 4, 4, 1]);
  const window = { ksize: [1, 2, 2, 2, 1], strides: [1, 2, 2, 2, 1], padding: 'SAME' };
  const y = spread([1, 2, 2, 2, 1]);
  const wrong = spread([1, 3, 2, 2, 1]);
  const expected: readonly (readonly [() => unknown, string])[] = [
    [
      () => runOp('MaxPool3D', [x], { ...window, ksize: [1, 2, 0, 2, 1] }),
      'Sliding window ksize field must have non-negative dimensions',
    ],
    [
      () => runOp('MaxPool3D', [x], { ...window, ksize: [1, 2, 2, 2, 2] }),
      'Pooling is not yet supported on the depth dimension.',
    ],
    [
      () => runOp('AvgPool3D', [x], { ...window, ksize: [2, 2, 2, 2, 1] }),
      'Pooling is not yet supported on the batch dimension.',
    ],
    [() => runOp('MaxPool3DGrad', [x, y, wrong], window), 'Expected grad shape to be [1,2,2,2,1], but got [1,3,2,2,1]'],
    [
      () => runOp('MaxPool3DGrad', [x, wrong, y], window),
      'Expected orig_output shape to be [1,2,2,2,1], but got [1,3,2,2,1]',
    ],
  ];
  for (const [call, message] of expected) {
    assert.throws(call, (e: Error) => e.message.startsWith(message) || `${e.message}\nexpected ${message}`);
  }
});

uvu.run();
