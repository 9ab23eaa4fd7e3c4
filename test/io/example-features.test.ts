/** `tf.io.parseSequenceExample`, `parseSingleSequenceExample` and `SparseFeature`: what they build and give, as real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const plain = suite('io/example-features');
const test = leakChecked(plain);

const { FixedLenFeature, FixedLenSequenceFeature, VarLenFeature, SparseFeature } = tf.io;

const int64s = (...value: number[]) => ({ int64List: { value } });
const floats = (...value: number[]) => ({ floatList: { value } });

const one = new tf.train.SequenceExample({
  context: { feature: { len: int64s(2), f: floats(1.5, 2.5) } },
  featureLists: {
    featureList: {
      tok: { feature: [int64s(1), int64s(2, 3)] },
      d: { feature: [floats(1, 2), floats(3, 4), floats(5, 6)] },
    },
  },
}).serializeToString();
const two = new tf.train.SequenceExample({
  context: { feature: { len: int64s(3) } },
  featureLists: { featureList: { tok: { feature: [int64s(7, 8, 9)] }, d: { feature: [floats(9, 8)] } } },
}).serializeToString();

const texts = (...values: Uint8Array[]) => new tf.NdArray(tf.string, [values.length], values);
const text = (value: Uint8Array) => new tf.NdArray(tf.string, [], [value]);

const contextFeatures = { len: new FixedLenFeature([], tf.int64), f: new VarLenFeature(tf.float32) };
const sequenceFeatures = { tok: new VarLenFeature(tf.int64), d: new FixedLenSequenceFeature([2], tf.float32) };

async function run<T>(fetches: T): Promise<unknown> {
  const session = new tf.Session();
  try {
    return plainValues(await session.run(fetches as tf.Fetches));
  } finally {
    session.close();
  }
}

/** Arrays and sparse values as nested lists. */
function plainValues(value: unknown): unknown {
  if (value instanceof tf.NdArray) return value.array();
  if (Array.isArray(value)) return value.map(plainValues);
  const parts = Object.entries(value as object).map(([key, item]) => [key, plainValues(item)]);
  return Object.fromEntries(parts);
}

test('a batch of sequences: context, lists, lengths', async () => {
  const [context, lists, lengths] = tf.io.parseSequenceExample(texts(one, two), contextFeatures, sequenceFeatures);
  assert.equal(await run([context.len, lists.d, lengths.d]), [
    [2, 3],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [9, 8],
        [0, 0],
        [0, 0],
      ],
    ],
    [3, 1],
  ]);
  const { f } = context;
  assert.equal(await run([f.indices, f.values, f.denseShape]), [
    [
      [0, 0],
      [0, 1],
    ],
    [1.5, 2.5],
    [2, 2],
  ]);
  const { tok } = lists;
  assert.equal(await run([tok.indices, tok.values, tok.denseShape]), [
    [
      [0, 0, 0],
      [0, 1, 0],
      [0, 1, 1],
      [1, 0, 0],
      [1, 0, 1],
      [1, 0, 2],
    ],
    [1, 2, 3, 7, 8, 9],
    [2, 2, 3],
  ]);
  assert.equal(lists.d.shape, [2, null, 2]);
});

test('a single sequence has no axis for the batch', async () => {
  const [context, lists] = tf.parseSingleSequenceExample(text(one), { contextFeatures, sequenceFeatures });
  assert.equal(await run([context.len, lists.d, lists.tok.indices, lists.tok.denseShape]), [
    2,
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
    [2, 2],
  ]);
  const [, only] = tf.parseSingleSequenceExample(text(two), null, sequenceFeatures);
  assert.equal(await run(only.d), [[9, 8]]);
});

test('nodes have the names of TensorFlow', () => {
  tf.parseSingleSequenceExample(text(one), contextFeatures, sequenceFeatures);
  const names = tf
    .getDefaultGraph()
    .getOperations()
    .map(({ name }) => name);
  const inner = 'ParseSingleSequenceExample/ParseSequenceExample';
  assert.equal(names, [
    'ParseSingleSequenceExample/ParseSingleExample/serialized',
    `${inner}/Const`,
    `${inner}/ParseSequenceExampleV2/debug_name`,
    `${inner}/ParseSequenceExampleV2/context_sparse_keys`,
    `${inner}/ParseSequenceExampleV2/context_dense_keys`,
    `${inner}/ParseSequenceExampleV2/context_ragged_keys`,
    `${inner}/ParseSequenceExampleV2/feature_list_sparse_keys`,
    `${inner}/ParseSequenceExampleV2/feature_list_dense_keys`,
    `${inner}/ParseSequenceExampleV2/feature_list_ragged_keys`,
    `${inner}/ParseSequenceExampleV2/feature_list_dense_missing_assumed_empty`,
    `${inner}/ParseSequenceExampleV2`,
  ]);
});

test('a list that a message lacks fails the run, unless it may be missing', async () => {
  const bare = text(new tf.train.SequenceExample().serializeToString());
  const [, lists] = tf.parseSingleSequenceExample(bare, { sequenceFeatures });
  const session = new tf.Session();
  const error = await session.run(lists.d).catch((reason: Error) => reason);
  session.close();
  assert.instance(error, tf.errors.InvalidArgumentError);
  assert.match((error as Error).message, /^Name: <unknown>, Feature list 'd' is required but could not be found\./);
  const d = new FixedLenSequenceFeature([2], tf.float32, true);
  const [, empty] = tf.parseSingleSequenceExample(bare, { sequenceFeatures: { d } });
  assert.equal(await run(tf.shape(empty.d)), [0, 2]);
});

test('what is asked for is checked', () => {
  const list = new FixedLenSequenceFeature([], tf.int64);
  const fixed = new FixedLenFeature([], tf.int64);
  const batch = texts(one);
  assert.throws(
    () => tf.io.parseSequenceExample(batch),
    /Both `context_features` and `sequence_features` argument are None/,
  );
  assert.throws(() => tf.parseSingleSequenceExample(text(one)), /Both context_features and sequence_features are None/);
  assert.throws(
    () => tf.io.parseSequenceExample(batch, { contextFeatures: { x: list as never } }),
    "Unsupported FixedLenSequenceFeature FixedLenSequenceFeature(shape=[], dtype=tf.int64, allow_missing=False, default_value=None) for key 'x'",
  );
  assert.throws(
    () => tf.io.parseSequenceExample(batch, { sequenceFeatures: { x: fixed as never } }),
    "Unsupported FixedLenFeature FixedLenFeature(shape=[], dtype=tf.int64, default_value=None) for key 'x'",
  );
  const preset = new FixedLenSequenceFeature([2], tf.float32, true, 0);
  assert.throws(
    () => tf.io.parseSequenceExample(batch, { sequenceFeatures: { d: preset } }),
    'Value feature_list.dense_defaults[d] must be None',
  );
  assert.throws(() => tf.parseSingleSequenceExample(batch, { contextFeatures }), /Input serialized must be a scalar/);
});

const example = (feature: Record<string, tf.train.FeatureInit>) =>
  new tf.train.Example({ features: { feature } }).serializeToString();

test('a SparseFeature has its values at their indices, in order', async () => {
  const batch = texts(
    example({ val: floats(0.5, -1), ix: int64s(20, 3) }),
    example({ val: floats(0.25), ix: int64s(42) }),
  );
  const { sparse } = tf.parseExample(batch, { sparse: new SparseFeature('ix', 'val', tf.float32, 100) });
  assert.equal(await run([sparse.indices, sparse.values, sparse.denseShape]), [
    [
      [0, 3],
      [0, 20],
      [1, 42],
    ],
    [-1, 0.5, 0.25],
    [2, 100],
  ]);
  const single = tf.parseSingleExample(text(example({ val: floats(0.5, -1), ix: int64s(3, 20) })), {
    sparse: new SparseFeature('ix', 'val', tf.float32, 100),
  });
  assert.equal(await run([single.sparse.indices, single.sparse.denseShape]), [[[3], [20]], [100]]);
});

test('a SparseFeature of two axes; its parts are there if they are asked for', async () => {
  const batch = texts(
    example({ val: floats(0.5, -1), ix: int64s(3, 20), iy: int64s(1, 0) }),
    example({ val: floats(0), ix: int64s(2), iy: int64s(1) }),
  );
  const parsed = tf.parseExample(batch, {
    sparse: new SparseFeature(['ix', 'iy'], 'val', tf.float32, [100, 3]),
    val: new VarLenFeature(tf.float32),
  });
  assert.equal(Object.keys(parsed).sort(), ['sparse', 'val']);
  assert.equal(await run([parsed.sparse.indices, parsed.sparse.denseShape, parsed.val.denseShape]), [
    [
      [0, 3, 1],
      [0, 20, 0],
      [1, 2, 1],
    ],
    [2, 100, 3],
    [2, 2],
  ]);
});

test('SparseFeatures that do not fit are refused', () => {
  const batch = texts(example({}));
  const sparse = new SparseFeature('ix', 'val', tf.float32, 100);
  assert.throws(
    () => tf.parseExample(batch, { sparse, val: new VarLenFeature(tf.int64) }),
    "Conflicting type <dtype: 'float32'> vs <dtype: 'int64'> for feature val.",
  );
  assert.throws(
    () => tf.parseExample(batch, { sparse, val: new FixedLenFeature([], tf.int64) }),
    "Dense and sparse keys must not intersect; dense_keys: ['val'], sparse_keys: ['ix', 'val'], intersection: {'val'}",
  );
  assert.throws(
    () => tf.parseExample(batch, { sparse: new SparseFeature('', 'val', tf.float32, 100) }),
    "Missing index_key for SparseFeature SparseFeature(index_key='', value_key='val', dtype=tf.float32, size=100, already_sorted=False).",
  );
  assert.throws(
    () => tf.parseExample(batch, { sparse: new SparseFeature('ix', '', tf.float32, 100) }),
    /Missing value_key for SparseFeature/,
  );
});

plain.run();
