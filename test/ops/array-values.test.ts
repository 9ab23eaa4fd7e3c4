/**
 * What the array functions compute: the public functions against real TensorFlow, element types that only the host has,
 * and ops that a backend gets decomposed.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import * as tf from '../../src/ops/index.ts';
import { stridedSliceOf } from '../../src/ops/slicing.ts';
import { bool, complex64, float32, int32, int64, string } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { evaluate, interpret } from '../support/interpret.ts';

const test = suite('ops/array-values');

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly GoldenArray[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly GoldenArray[];
  readonly grads?: readonly { readonly grad: GoldenArray | null }[];
}

type Args = Record<string, never>;
const functions: Readonly<Record<string, (inputs: Tensor[], args: Args) => Tensor | Tensor[]>> = {
  'tf.meshgrid': (v, { indexing }) => tf.meshgrid(...v, { indexing }),
  'tf.stack': (v, { axis }) => tf.stack(v, axis),
  'tf.unstack': ([x], { axis }) => tf.unstack(x, { axis }),
  'tf.split': ([x], { n, axis }) => tf.split(x, n, axis),
  'tf.repeat': ([x], { r, axis }) => tf.repeat(x, r, axis),
  'tf.reverse_sequence': ([x, l], { seq_axis, batch_axis }) =>
    tf.reverseSequence(x, l, { seqAxis: seq_axis, batchAxis: batch_axis }),
  'tf.parallel_stack': (v) => tf.parallelStack(v),
  'tf.broadcast_dynamic_shape': ([a, b]) => tf.broadcastDynamicShape(a, b),
};

const text = readFileSync(new URL('../goldens/ops/api.json', import.meta.url), 'utf8');
for (const c of (JSON.parse(text) as { cases: ApiCase[] }).cases) {
  if (!Object.hasOwn(functions, c.api)) continue;
  test(`${c.id} ${c.api}`, () => {
    const graph = new Graph();
    graph.asDefault(() => {
      const values = c.inputs.map(fromGolden);
      const inputs = values.map((v) => tf.placeholder(v.dtype, v.shape));
      const feeds = new Map(inputs.map((t, i) => [t, values[i]]));
      const outputs = [functions[c.api](inputs, c.args)].flat();
      const found = interpret(graph.snapshot(), outputs, { feeds });
      found.forEach((value, i) => {
        assert.is(difference(value, fromGolden(c.outputs[i]), FORWARD), null);
      });
      if (!c.grads || !c.grad_weights) return;
      const gradYs = c.grad_weights.map((w) => constant(fromGolden(w)));
      const xs = inputs.filter((t) => t.dtype === float32);
      gradients(outputs, xs, { gradYs }).forEach((g, i) => {
        const golden = c.grads?.[i].grad;
        if (!golden || !g) {
          assert.is(g, golden ?? null);
          return;
        }
        const value = interpret(graph.snapshot(), [g as Tensor], { feeds })[0];
        assert.is(difference(value, fromGolden(golden), FORWARD), null);
      });
    });
  });
}

const run = (build: () => Tensor) => {
  const tensor = new Graph().asDefault(build);
  return evaluate(tensor).array();
};

test('every type moves: strings, 64-bit integers, complex numbers, bools', () => {
  const words = () => constant(['a', 'bc', '', 'd'], string);
  assert.equal(
    run(() => tf.transpose(tf.reshape(words(), [2, 2]))),
    [
      ['a', ''],
      ['bc', 'd'],
    ],
  );
  assert.equal(
    run(() => tf.reverse(words(), [0])),
    ['d', '', 'bc', 'a'],
  );
  assert.equal(
    run(() => tf.pad(tf.slice(words(), [1], [1]), [[1, 1]])),
    ['', 'bc', ''],
  );
  assert.equal(
    run(() => tf.tile(words(), [2])),
    ['a', 'bc', '', 'd', 'a', 'bc', '', 'd'],
  );
  assert.equal(
    run(() => tf.concat([[1n << 60n], [2n]], 0)),
    [1n << 60n, 2],
  );
  const z = () => constant({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3], dtype: complex64 });
  assert.equal(
    run(() => stridedSliceOf(z(), [{ step: -2 }])),
    [
      [5, 6],
      [1, 2],
    ],
  );
  assert.equal(
    run(() => tf.transpose(tf.reshape(z(), [1, 3]), null, null, true)),
    [[[1, -2]], [[3, -4]], [[5, -6]]],
  );
  assert.equal(
    run(() => tf.roll(constant([true, false, false], { dtype: bool }), 1, 0)),
    [false, true, false],
  );
  assert.equal(
    run(() => tf.zeros([2], string)),
    ['', ''],
  );
  assert.equal(
    run(() => tf.onesLike(constant([true, false]))),
    [true, true],
  );
});

test('empty arrays and scalars', () => {
  assert.equal(
    run(() => tf.concat([tf.zeros([0, 2]), tf.ones([1, 2])], 0)),
    [[1, 1]],
  );
  assert.equal(
    run(() => stridedSliceOf(tf.zeros([3, 2]), [{ start: 5 }])),
    [],
  );
  assert.equal(
    run(() => tf.transpose(tf.zeros([0, 2]))),
    [[], []],
  );
  assert.equal(
    run(() => tf.tile(constant([1]), [0])),
    [],
  );
  assert.equal(
    run(() => tf.pad(tf.zeros([0]), [[1, 0]], { constantValues: 3 })),
    [3],
  );
  assert.equal(
    run(() => tf.broadcastTo(4, [2])),
    [4, 4],
  );
  assert.equal(
    run(() => stridedSliceOf(constant(4), ['...'])),
    4,
  );
  assert.equal(
    run(() => stridedSliceOf(constant(4), [null])),
    [4],
  );
  assert.equal(
    run(() => tf.reverse(tf.zeros([0, 2]), [0])),
    [],
  );
});

test('ranges, identity matrices, repeats', () => {
  assert.equal(
    run(() => tf.range(3, 1, -0.5)),
    [3, 2.5, 2, 1.5],
  );
  assert.equal(
    run(() => tf.range(constant(1n << 55n), constant((1n << 55n) + 2n), constant(1n))),
    [1n << 55n, (1n << 55n) + 1n],
  );
  assert.equal(
    run(() => tf.eye(2)),
    [
      [1, 0],
      [0, 1],
    ],
  );
  assert.equal(
    run(() => tf.eye(1, 2, [2], int32)),
    [[[1, 0]], [[1, 0]]],
  );
  assert.equal(
    run(() => tf.eye(constant(2, int32), { dtype: bool })),
    [
      [true, false],
      [false, true],
    ],
  );
  assert.equal(
    run(() => tf.repeat([1, 2, 3], [1, 0, 3])),
    [1, 3, 3, 3],
  );
  assert.equal(
    run(() =>
      tf.repeat(
        [
          [1, 2],
          [3, 4],
        ],
        [2, 1],
        1,
      ),
    ),
    [
      [1, 1, 2],
      [3, 3, 4],
    ],
  );
  assert.equal(
    run(() => tf.repeat(5, 3)),
    [5, 5, 5],
  );
  assert.equal(
    run(() => tf.matrixTranspose(constant([[[1, 2]], [[3, 4]]]))),
    [
      [[1], [2]],
      [[3], [4]],
    ],
  );
});

const messages: [string, (x: Tensor, k: Tensor) => Tensor, number[], number[], string][] = [
  [
    'reshape',
    (x, k) => tf.reshape(x, k),
    [5],
    [2, 2],
    'Input to reshape is a tensor with 5 values, but the requested shape has 4',
  ],
  ['reshape with two -1', (x, k) => tf.reshape(x, k), [4], [-1, -1], 'Only one input size may be -1, not both 0 and 1'],
  ['slice', (x, k) => tf.slice(x, [1], k), [3], [3], 'Expected size[0] in [0, 2], but got 3'],
  ['transpose, repeated', (x, k) => tf.transpose(x, k), [2, 2], [0, 0], '1 is missing from {0,0}.'],
  ['transpose, out of range', (x, k) => tf.transpose(x, k), [2, 2], [0, 2], '2 is out of range [0 .. 2)'],
  ['broadcastTo', (x, k) => tf.broadcastTo(x, k), [2], [3], 'Incompatible shapes: [2] vs. [3]'],
  ['range', (_, k) => tf.range(0, 5, stridedSliceOf(k, [0])), [1], [0], 'Requires delta != 0: 0'],
  [
    'concat',
    (x, k) => tf.concat([x, tf.zeros(k)], 0),
    [2, 2],
    [2, 3],
    'ConcatOp : Dimension 1 in both shapes must be equal: shape[0] = [2,2] vs. shape[1] = [2,3]',
  ],
  [
    'stack',
    (x, k) => tf.stack([x, tf.zeros(k)]),
    [2],
    [3],
    'Shapes of all inputs must match: values[0].shape = [2] != values[1].shape = [3]',
  ],
  [
    'split',
    (x) => tf.split(x, 2)[0],
    [5],
    [0],
    'Number of ways to split should evenly divide the split dimension, but got split_dim 0 (size = 5) and num_split 2',
  ],
  ['checkNumerics', (x) => tf.checkNumerics(x.div(0), 'logs'), [2], [0], 'logs : Tensor had NaN values'],
];

for (const [name, build, shape, operand, message] of messages) {
  test(`a run's error, as TensorFlow words it: ${name}`, async () => {
    const graph = new Graph();
    const [x, k, y] = graph.asDefault(() => {
      const x = tf.placeholder(float32, null);
      const k = tf.placeholder(int32, [null]);
      return [x, k, build(x, k)];
    });
    for (const backend of ['wasm', 'cpu']) {
      using sess = new Session({ graph, config: { backend } });
      const feed = { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape };
      let caught: unknown;
      try {
        await sess.run(y, {
          feedDict: [
            [x, feed],
            [k, Int32Array.from(operand)],
          ],
        });
      } catch (error) {
        caught = error;
      }
      assert.ok(caught instanceof OpError, `${backend}: ${String(caught)}`);
      assert.is(caught.detail.split(' [[')[0].split('\n')[0], message);
    }
  });
}

test('decompositions agree with the host kernels', async () => {
  const graph = new Graph();
  const numbers = (...shape: number[]) =>
    constant({ data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i), shape });
  // Placeholders keep the constants from being folded away.
  const feeds: [Tensor, NdArray][] = [];
  const fed = (...shape: number[]) => {
    const t = tf.placeholder(float32, shape);
    feeds.push([t, evaluate(numbers(...shape))]);
    return t;
  };
  const fetches = graph.asDefault(() => {
    const x = fed(4, 5);
    const y = stridedSliceOf(x, [{ start: 1, stop: 3 }, 2]);
    return [
      tf.spaceToDepth(fed(2, 4, 6, 3), 2),
      tf.spaceToDepth(fed(2, 3, 4, 6), 2, null, 'NCHW'),
      tf.depthToSpace(fed(2, 2, 3, 12), 2),
      tf.depthToSpace(fed(2, 12, 2, 3), 2, null, 'NCHW'),
      tf.spaceToBatchNd(
        fed(2, 4, 5, 3),
        [2, 3],
        [
          [0, 0],
          [1, 0],
        ],
      ),
      tf.batchToSpaceNd(
        fed(12, 2, 3, 2),
        [2, 3],
        [
          [1, 0],
          [2, 1],
        ],
      ),
      tf.spaceToBatch(
        fed(1, 3, 4, 1),
        [
          [1, 0],
          [0, 0],
        ],
        2,
      ),
      gradients([y], [x])[0] as Tensor,
      ...tf.identityN([fed(2), fed(3)]),
    ];
  });
  const expected = interpret(graph.snapshot(), fetches, { feeds: new Map(feeds) });
  for (const backend of ['wasm', 'cpu']) {
    using sess = new Session({ graph, config: { backend } });
    const found = (await sess.run(fetches, { feedDict: feeds })) as NdArray[];
    found.forEach((value, i) => {
      assert.is(difference(value, expected[i], { relative: 0, absolute: 0 }), null, `${backend} ${fetches[i].name}`);
    });
  }
});

test('int64 shapes are as good as int32 ones', () => {
  assert.equal(
    run(() => tf.reshape(tf.range(4), constant([2n, 2n], int64))),
    [
      [0, 1],
      [2, 3],
    ],
  );
  assert.equal(
    run(() => tf.slice(tf.range(4), [1n], [2n])),
    [1, 2],
  );
});

test.run();
