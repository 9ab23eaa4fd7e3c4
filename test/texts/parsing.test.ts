/** Parsing functions against what TensorFlow gives; the ops are in the goldens. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('texts/parsing');
const check = leakChecked(test);

interface ApiCase {
  readonly id: string;
  readonly inputs: readonly GoldenArray[];
  readonly outputs: readonly GoldenArray[];
  readonly run_error?: { readonly message: string };
}

const golden: { readonly cases: readonly ApiCase[] } = JSON.parse(
  readFileSync(new URL('../goldens/ops/parse.json', import.meta.url), 'utf8'),
);

function goldenCase(id: string): ApiCase {
  const found = golden.cases.find((c) => c.id === id);
  if (!found) throw new Error(`There is no case ${id}.`);
  return found;
}

function names(): string[] {
  return tf
    .getDefaultGraph()
    .getOperations()
    .map((op) => op.name);
}

check('examples become dense tensors, with defaults for what is missing', async () => {
  const { inputs, outputs } = goldenCase('parse/0010');
  const { a, m, b } = tf.parseExample(fromGolden(inputs[0]), {
    a: new tf.FixedLenFeature([2], tf.float32),
    m: new tf.FixedLenFeature([1], tf.int64, tf.constant([7], tf.int64)),
    b: new tf.FixedLenFeature([], tf.string),
  });
  using sess = new tf.Session();
  const values = await sess.run([a, m, b]);
  values.forEach((value, i) => {
    const expected = outputs.map(fromGolden).find(({ dtype }) => dtype === value.dtype);
    assert.is(expected ? difference(value, expected) : 'missing', null, `output ${i}`);
  });
});

check('a feature that is required and missing fails the run', async () => {
  const { inputs, run_error: expected } = goldenCase('parse/0011');
  const { zz } = tf.parseExample(fromGolden(inputs[0]), { zz: new tf.FixedLenFeature([2], tf.float32) });
  using sess = new tf.Session();
  const error = await failure(() => sess.run(zz));
  assert.ok(error.message.includes(expected?.message.split(' for ')[0] as string), error.message);
});

check('features of varying length are sparse, or dense and filled up', async () => {
  const empty = tf.constant(['', '']);
  const parsed = tf.parseExample(empty, {
    v: new tf.VarLenFeature(tf.int64),
    's q': new tf.FixedLenSequenceFeature([], tf.int64, true, 7),
    a: new tf.FixedLenFeature([2], tf.float32, [1, 2]),
  });
  for (const name of ['key_a', 'padding_s_q', 'ParseExampleV2/names', 'ParseExampleV2/sparse_keys', 'ParseExampleV2']) {
    assert.ok(names().includes(`ParseExample/${name}`), name);
  }
  using sess = new tf.Session();
  const value = await sess.run(parsed);
  assert.equal(value.v.denseShape?.array(), [2, 0]);
  assert.equal(value['s q'].shape, [2, 0]);
  assert.equal(value.a.array(), [
    [1, 2],
    [1, 2],
  ]);
});

check('one example gives tensors without an axis for it', async () => {
  const { a } = tf.parseSingleExample('', { a: new tf.FixedLenFeature([], tf.string, 'd') });
  assert.is(a.op.name, 'ParseSingleExample/ParseExample/ParseExampleV2');
  using sess = new tf.Session();
  assert.is((await sess.run(a)).item(), 'd');
});

check('features that cannot be are refused, and nothing is built', () => {
  const texts = tf.constant(['']);
  const before = names();
  const refused = (features: object, message: RegExp) =>
    assert.throws(() => tf.parseExample(texts, features as tf.ParseFeatures), message);
  refused({}, /Argument `features` cannot be None or falsy. Got \{\}/);
  refused(
    { a: new tf.FixedLenFeature([null], tf.float32) },
    /First dimension of shape for feature a unknown. Consider using FixedLenSequenceFeature. Received feature=FixedLenFeature\(shape=\[None\], dtype=tf.float32, default_value=None\)./,
  );
  refused(
    { a: new tf.FixedLenSequenceFeature([], tf.int64) },
    /Unsupported: FixedLenSequenceFeature requires allow_missing to be True./,
  );
  refused({ a: 3 }, /Unsupported int 3 for key 'a'/);
  assert.throws(
    () => tf.parseSingleExample(texts, { a: new tf.VarLenFeature(tf.int64) }),
    /Input serialized must be a scalar/,
  );
  assert.equal(names(), before);
});

check('lines of CSV become columns', async () => {
  const columns = tf.decodeCsv(['1,x', ',"y,z"'], [tf.constant([7], tf.int32), ['']]);
  using sess = new tf.Session();
  const [numbers, texts] = await sess.run(columns);
  assert.equal(numbers.array(), [1, 7]);
  assert.equal(texts.array(), ['x', 'y,z']);
  assert.throws(
    () => tf.decodeCsv(['1'], [[0], [0]], { selectCols: [1, 0] }),
    /select_cols is not strictly increasing/,
  );
  assert.throws(() => tf.decodeCsv(['1'], [[0]], { selectCols: [-1] }), /select_cols contains negative values/);
  assert.throws(
    () => tf.decodeCsv(['1'], [[0]], { selectCols: [0, 1] }),
    /Length of select_cols and record_defaults do not match/,
  );
});

check('tensors are written and read back', async () => {
  using sess = new tf.Session();
  for (const dtype of [tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.int8, tf.uint16, tf.int64, tf.uint64]) {
    const x = tf.cast(tf.constant([[1, 2, 3]]), dtype);
    const back = tf.parseTensor(tf.serializeTensor(x), dtype);
    const [wanted, found] = await sess.run([x, back]);
    assert.is(difference(found, wanted), null, dtype.name);
  }
  const pair = await sess.run(tf.parseTensor(tf.serializeTensor(tf.constant(['a', ''])), tf.string));
  assert.equal(pair.array(), ['a', '']);
  assert.equal((await sess.run(tf.decodeRaw(['ab'], tf.uint8))).array(), [[97, 98]]);
});

test.run();
