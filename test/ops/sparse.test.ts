/**
 * Sparse tensors and sets against real TensorFlow (`goldens/sparse.json`): edges and messages of the ops, the public
 * functions, feeds and fetches, gradients. More values of single ops are in `goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emit } from '../../src/ops/emit.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

interface OpCase {
  readonly op: string;
  readonly attrs: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray | readonly GoldenArray[])[];
  readonly outputs?: readonly GoldenArray[];
  readonly error?: { readonly class: string; readonly message: string };
}

interface FunctionCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[] | null)[];
  readonly outputs: readonly GoldenArray[];
}

const text = readFileSync(new URL('../goldens/sparse.json', import.meta.url), 'utf8');
const golden = JSON.parse(text) as { ops: readonly OpCase[]; functions: readonly FunctionCase[] };

golden.ops.forEach((c, i) => {
  test(`op ${i}: ${c.op} ${JSON.stringify(c.attrs)}${c.error ? ' fails' : ''}`, () => {
    const graph = new tf.Graph();
    const feeds = new Map<tf.Tensor, tf.NdArray>();
    const feed = (array: GoldenArray): tf.Tensor => {
      const value = fromGolden(array);
      const tensor = tf.placeholder(value.dtype, null);
      feeds.set(tensor, value);
      return tensor;
    };
    const { outputs } = graph.asDefault(() =>
      emit(
        c.op,
        c.inputs.map((input) => (Array.isArray(input) ? input.map(feed) : feed(input as GoldenArray))),
        c.attrs,
      ),
    );
    const run = () => interpret(graph.snapshot(), outputs, { feeds });
    if (c.error) {
      const { class: name, message } = c.error;
      assert.throws(run, (error: tf.OpError) => {
        assert.is(error.name, name);
        assert.is((error.detail ?? error.message).trim(), message.trim());
        return true;
      });
      return;
    }
    const values = run();
    c.outputs?.forEach((expected, k) => {
      assert.is(difference(values[k], fromGolden(expected), FORWARD), null, `output ${k}`);
    });
  });
});

type Built = tf.Tensor | tf.SparseTensor | tf.IndexedSlices;

const ints = (values: number[] | number[][]) => tf.constant(values, tf.int32);
const longs = (values: number[] | number[][]) => tf.constant(values, tf.int64);
const ids = () =>
  new tf.SparseTensor(
    [
      [0, 1],
      [1, 0],
      [2, 3],
    ],
    longs([1, 2, 3]),
    [3, 4],
  );
const one = (shape: number[] = [3, 4]) => new tf.SparseTensor([[0, 0]], [5], shape);
const table = () =>
  tf.constant([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
  ]);
const look = () =>
  new tf.SparseTensor(
    [
      [0, 0],
      [0, 1],
      [1, 0],
    ],
    longs([1, 3, 1]),
    [2, 2],
  );
const weights = () =>
  new tf.SparseTensor(
    [
      [0, 0],
      [0, 1],
      [1, 0],
    ],
    [1, 2, 0.5],
    [2, 2],
  );
const places = [
  [0, 0, 0],
  [0, 0, 1],
  [1, 1, 0],
];
const holes = () => new tf.SparseTensor(places, longs([1, -3, 2]), [2, 2, 2]);
const tall = () =>
  tf.constant([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
  ]);

const functions: Readonly<Record<string, (x: tf.SparseTensor) => Built | readonly Built[]>> = {
  'toDense default': (x) => tf.sparse.toDense(x, -1),
  fromDense: () =>
    tf.sparse.fromDense([
      [0, 1],
      [2, 0],
    ]),
  add: (x) => tf.sparse.add(x, x),
  'add dense': (x) => tf.sparse.add(tf.ones([3, 4]), x),
  concat: (x) => tf.sparse.concat(-1, [x, x]),
  'concat expanded': (x) => tf.sparse.concat(0, [x, one([1, 6])], { expandNonconcatDim: true }),
  'concat expanded at the end': (x) => tf.sparse.concat(-1, [x, one([6, 1])], { expandNonconcatDim: true }),
  reorder: () =>
    tf.sparse.reorder(
      new tf.SparseTensor(
        [
          [2, 3],
          [1, 0],
          [0, 1],
        ],
        [1, 2, 3],
        [3, 4],
      ),
    ),
  reshape: (x) => tf.sparse.reshape(x, [2, -1]),
  split: (x) => tf.sparse.split({ spInput: x, numSplit: 3, axis: 1 }),
  slice: (x) => tf.sparse.slice(x, [1, 0], [2, 9]),
  reduceSum: (x) => tf.sparse.reduceSum(x),
  'reduceSum 1': (x) => tf.sparse.reduceSum(x, 1, { keepdims: true }),
  reduceMax: (x) => tf.sparse.reduceMax(x, [0]),
  reduceSumSparse: (x) => tf.sparse.reduceSumSparse(x, -1),
  reduceMaxSparse: (x) => tf.sparse.reduceMaxSparse(x, 0),
  softmax: (x) => tf.sparse.softmax(x),
  maximum: (x) => tf.sparse.maximum(x, one()),
  minimum: (x) => tf.sparse.minimum(x, one()),
  fillEmptyRows: () => tf.sparse.fillEmptyRows(new tf.SparseTensor([[1, 1]], [5], [3, 4]), 8),
  retain: (x) => tf.sparse.retain(x, [true, false, true]),
  resetShape: (x) => tf.sparse.resetShape(x),
  'resetShape given': (x) => tf.sparse.resetShape(x, [5, 6]),
  transpose: (x) => tf.sparse.transpose(x),
  'transpose 0 1': (x) => tf.sparse.transpose(x, [0, 1]),
  matmul: (x) => tf.sparse.matmul(x, tall()),
  'matmul from the left': (x) =>
    tf.sparse.matmul(
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      x,
    ),
  'matmul adjoint from the left': (x) =>
    tf.sparse.matmul(
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      x,
      { adjointA: true },
    ),
  toIndicator: () => tf.sparse.toIndicator(ids(), 5),
  merge: (x) => tf.sparse.merge(ids(), x, 5),
  'merge two': (x) => tf.sparse.merge([ids(), ids()], x, [5, 7]),
  mask: () =>
    tf.sparse.mask(
      new tf.IndexedSlices(
        tf.constant([
          [1, 2],
          [3, 4],
        ]),
        ints([5, 7]),
      ),
      [5],
    ),
  expandDims: (x) => tf.sparse.expandDims(x),
  'expandDims 0': (x) => tf.sparse.expandDims(x, 0),
  'expandDims -2': (x) => tf.sparse.expandDims(x, -2),
  eye: () => tf.sparse.eye(2, 3),
  sparseToDense: () => tf.sparseToDense([[0], [2]], [3], [1, 2]),
  mul: (x) => x.mul([1, 2, 3, 4]),
  div: (x) => x.div(2),
  'div integers': () => ids().div(2),
  'sets.size': () => tf.sets.size(ids()),
  'sets.union': () => tf.sets.union(ints([[1, 2]]), ints([[3, 2]])),
  'sets.difference flipped': () => tf.sets.difference(ids(), longs([[1], [9], [3]])),
  'sets.difference of b': () => tf.sets.difference(ids(), longs([[1], [9], [3]]), { aminusb: false }),
  'sets.intersection': () => tf.sets.intersection(ids(), ids()),
  'embedding mean': () => tf.nn.embeddingLookupSparse(table(), look(), null),
  'embedding sum': () => tf.nn.embeddingLookupSparse(table(), look(), null, { combiner: 'sum' }),
  'embedding sqrtn': () => tf.nn.embeddingLookupSparse(table(), look(), null, { combiner: 'sqrtn' }),
  'embedding weighted mean': () => tf.nn.embeddingLookupSparse(table(), look(), weights(), { combiner: 'mean' }),
  'embedding weighted sum': () => tf.nn.embeddingLookupSparse(table(), look(), weights(), { combiner: 'sum' }),
  'embedding weighted sqrtn': () => tf.nn.embeddingLookupSparse(table(), look(), weights(), { combiner: 'sqrtn' }),
  'embedding parts': () => {
    const parts = [
      tf.constant([
        [0, 1],
        [4, 5],
      ]),
      tf.constant([
        [2, 3],
        [6, 7],
      ]),
    ];
    return tf.nn.embeddingLookupSparse(parts, look(), null);
  },
  'embedding clipped': () => tf.nn.embeddingLookupSparse(table(), look(), null, { maxNorm: 2 }),
  'embedding safe': () => tf.nn.safeEmbeddingLookupSparse([table()], holes()),
  'embedding safe default': () => tf.nn.safeEmbeddingLookupSparse([table()], holes(), { defaultId: 3 }),
  'embedding safe weighted': () => {
    const some = holes();
    return tf.nn.safeEmbeddingLookupSparse([table()], some, some.withValues([2, 1, 0]), 'sum');
  },
};

test('every function of the golden file is tried', () => {
  assert.equal(
    golden.functions.map((c) => c.name),
    Object.keys(functions).sort((a, b) => order(a) - order(b)),
  );
});

const order = (name: string) => golden.functions.findIndex((c) => c.name === name);

for (const c of golden.functions) {
  test(`${c.name}: values and static shapes are TensorFlow's`, async () => {
    const x = new tf.SparseTensor(
      [
        [0, 1],
        [1, 0],
        [2, 3],
      ],
      [1, 2, 3],
      [3, 4],
    );
    const built = functions[c.name](x);
    const all = (Array.isArray(built) ? built : [built]) as readonly Built[];
    const parts = all.flatMap((found) => {
      if (found instanceof tf.SparseTensor) return [found.indices, found.values, found.denseShape];
      return found instanceof tf.IndexedSlices ? [found.indices, found.values] : [found];
    });
    const shapes = all.filter((found) => !(found instanceof tf.IndexedSlices)).map((found) => found.shape);
    // More may be known here than TensorFlow knows.
    shapes.forEach((shape, k) => {
      const expected = c.shapes[k];
      if (expected === null) return;
      const found = shape?.map((d, axis) => (expected[axis] === -1 ? -1 : d)) ?? null;
      assert.equal(found, expected, `static shape ${k}`);
    });
    using sess = new tf.Session({ config: { backend: 'wasm' } });
    const values = await sess.run(parts);
    assert.is(values.length, c.outputs.length);
    values.forEach((value, k) => {
      assert.is(difference(value, fromGolden(c.outputs[k]), FORWARD), null, `output ${k}`);
    });
  });
}

interface GoldenSlices {
  readonly indexed_slices: Readonly<Record<'values' | 'indices' | 'dense_shape', GoldenArray>>;
}

interface ApiCase {
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights: readonly (GoldenArray | null)[];
  readonly grads: readonly { readonly arg: string; readonly grad: GoldenArray | GoldenSlices }[];
}

const apis: Readonly<Record<string, (inputs: readonly tf.Tensor[], args: Record<string, never>) => Built>> = {
  'tf.sparse.to_dense': ([v], a) => tf.sparse.toDense(new tf.SparseTensor(a.indices, v, a.dense_shape)),
  'tf.sparse.from_dense': ([x]) => tf.sparse.fromDense(x),
  'tf.sparse_tensor_dense_matmul': ([v, b], a) =>
    tf.sparseTensorDenseMatmul(new tf.SparseTensor(a.indices, v, a.dense_shape), b),
  'tf.sparse.transpose': ([v], a) => tf.sparse.transpose(new tf.SparseTensor(a.indices, v, a.dense_shape), a.perm),
  'tf.nn.embedding_lookup_sparse': ([p], a) =>
    tf.nn.embeddingLookupSparse(p, new tf.SparseTensor(a.indices, longs(a.ids), a.dense_shape), null, {
      combiner: a.combiner,
    }),
  'tf.sparse_retain': ([v], a) => tf.sparseRetain(new tf.SparseTensor(a.indices, v, a.dense_shape), a.keep),
};

const sparseGoldens = readFileSync(new URL('../goldens/ops/sparse.json', import.meta.url), 'utf8');
const apiCases = (JSON.parse(sparseGoldens) as { cases: readonly ApiCase[] }).cases.filter((c) => c.api);

for (const c of apiCases) {
  test(`${c.api}: values and gradients are TensorFlow's`, async () => {
    const feeds = c.inputs.map((input): [tf.Tensor, tf.NdArray] => {
      const value = fromGolden(input);
      return [tf.placeholder(value.dtype, value.shape), value];
    });
    const xs = feeds.map(([x]) => x);
    const built = apis[c.api](xs, c.args);
    const parts = built instanceof tf.Tensor ? [built] : [built.indices, built.values, built.denseShape as tf.Tensor];
    const weight = tf.constant(fromGolden(c.grad_weights.find((w) => w !== null) as GoldenArray));
    const found = tf.gradients([built instanceof tf.Tensor ? built : built.values], xs, { gradYs: [weight] });
    const expected = c.outputs.map((output, i): [tf.Tensor, GoldenArray] => [parts[i], output]);
    c.grads.forEach(({ grad }, i) => {
      const gradient = found[i] as tf.Tensor | tf.IndexedSlices;
      if ('indexed_slices' in grad) {
        assert.instance(gradient, tf.IndexedSlices);
        const { values, indices } = gradient as tf.IndexedSlices;
        expected.push([values, grad.indexed_slices.values], [indices, grad.indexed_slices.indices]);
      } else {
        expected.push([gradient as tf.Tensor, grad]);
      }
    });
    using sess = new tf.Session({ config: { backend: 'wasm' } });
    const values = await sess.run(
      expected.map(([tensor]) => tensor),
      feeds,
    );
    values.forEach((value, i) => {
      assert.is(difference(value, fromGolden(expected[i][1]), FORWARD), null, `value ${i}`);
    });
  });
}

test('a sparse placeholder is fed and fetched as a SparseTensorValue', async () => {
  const x = tf.sparsePlaceholder(tf.float32, [null, 3], 'x');
  assert.equal(x.shape, [null, 3]);
  assert.equal(
    [x.indices, x.values, x.denseShape].map((part) => part.name),
    ['x/indices:0', 'x/values:0', 'x/shape:0'],
  );
  const dense = tf.sparse.toDense(x);
  using sess = new tf.Session();
  const value = new tf.SparseTensorValue([[0, 1]], [2], [2, 3]);
  const [found, back] = await sess.run([dense, x], [[x, value]]);
  assert.equal((found as tf.NdArray).array(), [
    [0, 2, 0],
    [0, 0, 0],
  ]);
  assert.instance(back, tf.SparseTensorValue);
  assert.equal((back as tf.SparseTensorValue).denseShape.array(), [2, 3]);
  // A list of the parts does as well; a value that was fetched can be fed again.
  assert.equal((await sess.run(dense, [[x, [[[1, 2]], [7], [2, 3]]]])).array(), [
    [0, 0, 0],
    [0, 0, 7],
  ]);
  assert.equal((await sess.run(dense, [[x, back as tf.SparseTensorValue]])).array(), [
    [0, 2, 0],
    [0, 0, 0],
  ]);
});

test('a placeholder without a shape is fed one', async () => {
  const x = tf.sparsePlaceholder(tf.float32);
  assert.is(x.shape, null);
  using sess = new tf.Session();
  const value = new tf.SparseTensorValue([[1]], [2], [3]);
  assert.equal((await sess.run(tf.sparse.toDense(x), [[x, value]])).array(), [0, 2, 0]);
});

test('wrong arguments are refused in the words of TensorFlow, and leave the graph as it was', async () => {
  const x = new tf.SparseTensor(
    [
      [0, 1],
      [1, 0],
      [2, 3],
    ],
    [1, 2, 3],
    [3, 4],
  );
  const graph = tf.getDefaultGraph();
  const before = graph.snapshot().size;
  const cases: [() => unknown, string, string][] = [
    [() => new tf.SparseTensor([[1, 2]], [1, 2], [3, 3]), 'ValueError', 'Dimensions 1 and 2 are not compatible'],
    [() => new tf.SparseTensor([1, 2], [1, 2], [3, 3]), 'ValueError', 'Shape (2,) must have rank 2'],
    [() => new tf.SparseTensor([[1, 2]], [1], [3]), 'ValueError', 'Dimensions 2 and 1 are not compatible'],
    [() => new tf.SparseTensor([[1, 2]], [[1]], [3, 3]), 'ValueError', 'Shape (1, 1) must have rank 1'],
    [
      () => tf.sparse.reshape(x, [5, 5]),
      'ValueError',
      'Cannot reshape a tensor with 12 elements to shape [5, 5] (25 elements).',
    ],
    [
      () => tf.sparse.add(tf.ones([2]), tf.ones([2])),
      'TypeError',
      'At least one input should be SparseTensor; do you mean to use tf.add()?',
    ],
    [() => tf.sparse.toDense(3 as never), 'TypeError', 'Input must be a SparseTensor.'],
    [() => tf.sparse.concat(0, x as never), 'TypeError', 'Inputs must be a list or tuple.'],
    [() => tf.sparse.resetShape(x, [1]), 'ValueError', 'Dimensions 1 and 2 are not compatible'],
    [() => tf.sparse.retain(x, [true]), 'ValueError', 'Dimensions 3 and 1 are not compatible'],
    [() => tf.sparse.split({ spInput: x, numSplit: 2 }), 'ValueError', 'axis is required'],
    [() => tf.sets.union(ids(), ints([[1], [1], [1]])), 'TypeError', "Types don't match, "],
    [() => tf.sets.union(x, ints([[1]])), 'TypeError', "'a' has invalid dtype"],
    [() => tf.sets.size([1]), 'TypeError', 'Expected `SparseTensor`, got Tensor("a'],
  ];
  for (const [call, name, message] of cases) {
    const error = await failure(call);
    assert.is(error.name, name, message);
    assert.ok(error.message.startsWith(message), error.message);
  }
  // Constants that the calls were given stay; of what failed nothing does.
  const added = graph.getOperations().slice(before);
  assert.equal(
    added.filter((op) => op.type !== 'Const' && op.type !== 'Fill').map((op) => op.name),
    [],
  );
});

test('complex elements are multiplied and divided, which TensorFlow has no kernels for', async () => {
  const values = tf.constant(new tf.NdArray(tf.complex64, [1], Float32Array.of(0, 1)));
  const factor = tf.constant(new tf.NdArray(tf.complex64, [], Float32Array.of(1, 2)));
  const x = new tf.SparseTensor([[0, 1]], values, [3, 4]);
  using sess = new tf.Session();
  const [product, quotient] = await sess.run([x.mul(factor).values, x.mul(factor).div(factor).values]);
  assert.equal([...(product.data as Float32Array)], [-2, 1]);
  assert.equal([...(quotient.data as Float32Array)], [0, 1]);
});

test('gradients reach tables, values and dense operands', async () => {
  const w = tf.constant([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ]);
  const v = tf.constant([1, 2, 3]);
  const x = new tf.SparseTensor(
    [
      [0, 1],
      [1, 0],
      [2, 3],
    ],
    v,
    [3, 4],
  );
  const y = tf.reduceSum(tf.sparse.matmul(x, w));
  const [dv, dw] = tf.gradients(y, [v, w]);
  const [rows] = tf.gradients(tf.nn.embeddingLookupSparse(w, look(), null, { combiner: 'sum' }), [w]);
  assert.instance(rows, tf.IndexedSlices);
  using sess = new tf.Session();
  const [a, b, c] = await sess.run([dv as tf.Tensor, dw as tf.Tensor, tf.convertToTensor(rows as tf.IndexedSlices)]);
  assert.equal(a.array(), [7, 3, 15]);
  assert.equal(b.array(), [
    [2, 2],
    [1, 1],
    [0, 0],
    [3, 3],
  ]);
  assert.equal(c.array(), [
    [0, 0],
    [2, 2],
    [0, 0],
    [1, 1],
  ]);
});

suite.run();
