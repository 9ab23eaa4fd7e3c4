/** Iterators as property of sessions: who sees what, what a failed run gives back, what happens to fed arrays. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const { Dataset, makeInitializableIterator, makeOneShotIterator } = tf.data;

const test = suite('data/session');
const check = leakChecked(test);

check('each session has its own position, and a new one starts from nothing', async () => {
  const iterator = makeInitializableIterator(Dataset.range(5));
  const next = iterator.getNext();
  const first = new tf.Session();
  using second = new tf.Session();
  await first.run(iterator.initializer);
  await second.run(iterator.initializer);
  assert.equal([(await first.run(next)).item(), (await first.run(next)).item()], [0, 1]);
  assert.is((await second.run(next)).item(), 0);
  first.close();
  using third = new tf.Session();
  assert.is((await failure(() => third.run(next))).name, 'FailedPreconditionError');
});

check('a run that fails gives the elements back, in their order', async () => {
  const iterator = makeInitializableIterator(Dataset.range(5));
  const [a, b] = [iterator.getNext(), iterator.getNext()];
  const bad = tf.placeholder(tf.bool, []);
  const sum = tf.controlDependencies([a, b, tf.Assert(tf.logicalNot(bad), [bad])], () => tf.stack([a, b]));
  using sess = new tf.Session();
  await sess.run(iterator.initializer);
  await failure(() => sess.run(sum, [[bad, true]]));
  assert.equal((await sess.run(sum, [[bad, false]])).array(), [0, 1]);
  assert.equal((await sess.run(sum, [[bad, false]])).array(), [2, 3]);
  // One is left: the run that asks for two takes it, fails, and gives it back.
  assert.is((await failure(() => sess.run(sum, [[bad, false]]))).name, 'OutOfRangeError');
  assert.is((await sess.run(b)).item(), 4);
});

check('a run that fails after the initializer leaves the iterator where it was', async () => {
  const iterator = makeInitializableIterator(Dataset.range(5));
  const next = iterator.getNext();
  const fail = tf.controlDependencies([iterator.initializer], () => tf.Assert(tf.constant(false), [0]));
  using sess = new tf.Session();
  await sess.run(iterator.initializer);
  await sess.run(next);
  await failure(() => sess.run(fail));
  assert.is((await sess.run(next)).item(), 1);
});

check('an iterator keeps what it was fed, whatever becomes of the array', async () => {
  const x = tf.placeholder(tf.float32, [null]);
  const dataset = Dataset.fromTensorSlices(x).concatenate(Dataset.fromTensorSlices(x)).repeat(2);
  const iterator = makeInitializableIterator(dataset.batch(8));
  const next = iterator.getNext();
  const values = Float32Array.of(1, 2);
  using sess = new tf.Session();
  await sess.run(iterator.initializer, [[x, values]]);
  values.fill(9);
  assert.equal((await sess.run(next)).array(), [1, 2, 1, 2, 1, 2, 1, 2]);
});

check('training goes over the batches of an iterator until its end', async () => {
  const dataset = Dataset.fromTensorSlices([tf.constant([1, 2, 3, 4]), tf.constant([2, 4, 6, 8])])
    .repeat(50)
    .batch(2);
  const [x, y] = makeOneShotIterator(dataset).getNext();
  const w = new tf.Variable(0, { name: 'w' });
  const loss = tf.reduceMean(tf.square(tf.subtract(tf.multiply(w, x), y)));
  const step = new tf.train.GradientDescentOptimizer(0.02).minimize(loss);
  using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  let steps = 0;
  const error = await failure(async () => {
    for (; ; steps++) await sess.run(step);
  });
  assert.is(error.name, 'OutOfRangeError');
  assert.is(steps, 100);
  assert.ok(Math.abs(Number(await sess.run(w)) - 2) < 1e-3);
});

check('an iterator that starts by itself does so once in each session', async () => {
  const next = makeOneShotIterator(Dataset.range(2)).getNext();
  using first = new tf.Session();
  assert.is((await first.run(next)).item(), 0);
  assert.is((await first.run(next)).item(), 1);
  assert.is((await failure(() => first.run(next))).name, 'OutOfRangeError');
  assert.is((await failure(() => first.run(next))).name, 'OutOfRangeError');
  using second = new tf.Session();
  assert.is((await second.run(next)).item(), 0);
});

check('an iterator refuses datasets of other types and shapes, in the words of TensorFlow', async () => {
  const iterator = (types: readonly tf.DType[], shapes: readonly tf.Shape[]) =>
    emitOne('IteratorV2', [], { shared_name: '', container: '', output_types: types, output_shapes: shapes });
  const refusal = async (types: readonly tf.DType[], shapes: readonly tf.Shape[], values: tf.TensorLike) => {
    const make = emit('MakeIterator', [Dataset.fromTensors(values).variant, iterator(types, shapes)]);
    using sess = new tf.Session();
    const { name, message } = await failure(() => sess.run(make));
    return `${name}: ${message.split('\n')[0]}`;
  };
  const wrong = 'InvalidArgumentError: ';
  assert.is(
    await refusal([tf.int32], [[]], 1),
    `${wrong}Data type mismatch at component 0: expected int32 but got float.`,
  );
  assert.is(
    await refusal([tf.float32], [[2]], 1),
    `${wrong}Incompatible shapes at component 0: expected [2] but got [].`,
  );
  assert.is(
    await refusal([tf.float32, tf.float32], [[], []], 1),
    `${wrong}Number of components does not match: expected 2 types but got 1.`,
  );
  const table = new tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1, {
    name: 'table',
    checkpoint: false,
  });
  const next = emitOne('IteratorGetNext', [table.resourceHandle], { output_types: [tf.int32], output_shapes: [[]] });
  using sess = new tf.Session();
  const error = await failure(() => sess.run(next));
  assert.match(
    error.message,
    /^Trying to access a handle's resource using the wrong type\. The handle points to a resource \(name '_table'\) of type 'tensorflow::lookup::LookupInterface'/,
  );
});

check('a dataset is nothing to fetch', async () => {
  using sess = new tf.Session();
  const error = await failure(() => sess.run(Dataset.range(2).variant));
  assert.is(error.name, 'InternalError');
  assert.match(error.message, /^Tensorflow type 21 not convertible to numpy dtype\./);
});

check('without a seed each session shuffles in an order of its own', async () => {
  const next = makeOneShotIterator(Dataset.range(1000).shuffle(1000).batch(1000)).getNext();
  using first = new tf.Session();
  using second = new tf.Session();
  const [a, b] = [await first.run(next), await second.run(next)].map((value) => value.array() as number[]);
  assert.not.equal(a, b);
  const sorted = (list: number[]) => [...list].sort((x, y) => x - y);
  assert.equal(sorted(a), sorted(b));
});

check('what passes of the compiler do does not change what comes out', async () => {
  const dataset = Dataset.zip({ x: Dataset.range(10).shuffle(4, 7).repeat(2), y: Dataset.range(5, 50) })
    .skip(1)
    .batch(4);
  const iterator = makeInitializableIterator(dataset);
  const next = iterator.getNext();
  const read = async (passes?: readonly string[]) => {
    using sess = new tf.Session({ config: { passes } as never });
    await sess.run(iterator.initializer);
    const texts: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { x, y } = await sess.run(next);
      texts.push(`${x} ${y}`);
    }
    return texts;
  };
  assert.equal(await read([]), await read());
});

check('types and shapes are known, and elements have the structure of the dataset', () => {
  const dataset = Dataset.fromTensorSlices({ b: [1, 2], a: [[true], [false]] }).batch(2);
  assert.is(
    String(dataset),
    "<Dataset element_spec={'b': TensorSpec(shape=(None,), dtype=tf.float32, name=None), 'a': TensorSpec(shape=(None, 1), dtype=tf.bool, name=None)}>",
  );
  const { a, b } = makeInitializableIterator(dataset).getNext();
  assert.equal([a.shape, b.shape, a.dtype, b.dtype], [[null, 1], [null], tf.bool, tf.float32]);
  const shapes = tf.data.getOutputShapes(Dataset.range(5).batch(2, true)) as tf.TensorShape;
  assert.equal(shapes.asList(), [2]);
  assert.is(tf.data.getOutputTypes(Dataset.range(5)), tf.int64);
  const pair: tf.data.Dataset<[tf.Tensor, tf.Tensor]> = Dataset.zip([Dataset.range(1), Dataset.range(2)]);
  assert.is(makeInitializableIterator(pair).getNext().length, 2);
});

test.run();
