/** Batches on a condition and from several sources: values, ends, names and errors as real TensorFlow has them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const queues = suite('queues/joins');
const test = leakChecked(queues);
const { train } = tf;

const tensorsOf = (dequeued: unknown): tf.Tensor[] =>
  dequeued instanceof tf.Tensor ? [dequeued] : (Object.values(dequeued as object) as tf.Tensor[]);

/** Runs until the pipeline ends: the values as text, static shapes, and the op that the end names. */
async function drain(dequeued: unknown) {
  const fetches = tensorsOf(dequeued);
  const values: string[] = [];
  const coord = new train.Coordinator();
  using sess = new tf.Session();
  await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
  const threads = train.startQueueRunners(sess, coord);
  let end: string | undefined;
  try {
    while (!coord.shouldStop()) values.push(String(await sess.run(fetches)));
  } catch (error) {
    if (!(error instanceof tf.errors.OutOfRangeError)) throw error;
    end = error.op?.name;
  }
  coord.requestStop();
  await coord.join(threads);
  return { values, end, shapes: fetches.map(({ shape }) => shape), threads: threads.map(({ name }) => name) };
}

const numbers = (limit: number) => train.rangeInputProducer(limit, 1, false).dequeue() as tf.Tensor;
const even = (x: tf.Tensor) => tf.equal(tf.floormod(x, 2), 0);
const integersIn = (values: readonly string[]) => (values.join(' ').match(/\d+/g) ?? []).map(Number);
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const opsBelow = (scope: string) =>
  tf
    .getDefaultGraph()
    .getOperations()
    .filter(({ name }) => name.startsWith(scope))
    .map(({ name, type }) => `${name} ${type}`);

test('maybeBatch keeps the examples that the condition holds for', async () => {
  const x = numbers(7);
  const { values, end, shapes } = await drain(train.maybeBatch([x, x.mul(2)], even(x), 2));
  assert.equal([values, end, shapes], [['[0 2],[0 4]', '[4 6],[ 8 12]'], 'batch', [[2], [2]]]);
});

test('maybeBatch, with a smaller last batch', async () => {
  const x = numbers(7);
  const { values, shapes } = await drain(train.maybeBatch([x, x.mul(2)], even(x), 3, { allowSmallerFinalBatch: true }));
  assert.equal(
    [values, shapes],
    [
      ['[0 2 4],[0 4 8]', '[6],[12]'],
      [[null], [null]],
    ],
  );
});

test('maybeBatch of many keeps rows', async () => {
  const x = numbers(4);
  const keep = tf.stack([even(x), tf.constant(true)]);
  const { values, shapes } = await drain(train.maybeBatch([tf.stack([x, x.add(10)])], keep, 3, { enqueueMany: true }));
  assert.equal([values, shapes], [['[ 0 10 11]', '[ 2 12 13]'], [[3]]]);
});

test('what is kept always is a plain batch, whose ops are those of TensorFlow', async () => {
  const { values, threads } = await drain(train.maybeBatch([numbers(4)], tf.constant(true), 2));
  assert.equal(values, ['[0 1]', '[2 3]']);
  assert.equal(threads.slice(2), [
    'QueueRunnerThread-batch/fifo_queue-batch/fifo_queue_enqueue',
    'QueueRunnerThread-batch/fifo_queue-close_on_stop',
  ]);
  assert.equal(opsBelow('batch'), [
    'batch/fifo_queue FIFOQueueV2',
    'batch/fifo_queue_enqueue QueueEnqueueV2',
    'batch/fifo_queue_Close QueueCloseV2',
    'batch/fifo_queue_Close_1 QueueCloseV2',
    'batch/fifo_queue_Size QueueSizeV2',
    'batch/Cast Cast',
    'batch/mul/y Const',
    'batch/mul Mul',
    'batch/fraction_of_32_full/tags Const',
    'batch/fraction_of_32_full ScalarSummary',
    'batch/n Const',
    'batch QueueDequeueManyV2',
  ]);
  assert.equal(
    tf.getCollection(tf.GraphKeys.SUMMARIES).map((summary) => (summary as tf.Tensor).op.name),
    ['input_producer/fraction_of_32_full', 'batch/fraction_of_32_full'],
  );
});

test('batchJoin takes from each source in its order', async () => {
  const [a, b] = [numbers(4), numbers(4).add(10)];
  const joined = train.batchJoin(
    [
      [a, tf.constant('a')],
      [b, tf.constant('b')],
    ],
    8,
  ) as tf.Tensor[];
  const { values, end, shapes, threads } = await drain(joined);
  assert.is(values.length, 1);
  const found = integersIn([values[0].split(',')[0]]);
  assert.equal(
    found.filter((n) => n < 10),
    [0, 1, 2, 3],
  );
  assert.equal(
    found.filter((n) => n >= 10),
    [10, 11, 12, 13],
  );
  assert.equal([end, shapes], ['batch_join', [[8], [8]]]);
  assert.equal(
    threads.filter((name) => name.includes('enqueue')),
    ['', '_1'].map((i) => `QueueRunnerThread-batch_join/fifo_queue-batch_join/fifo_queue_enqueue${i}`),
  );
});

test('batchJoin, with a smaller last batch, padded, by name, of many', async () => {
  const few = await drain(train.batchJoin([[numbers(3)], [numbers(3).add(10)]], 4, { allowSmallerFinalBatch: true }));
  assert.equal([sorted(integersIn(few.values)), few.shapes], [[0, 1, 2, 10, 11, 12], [[null]]]);
  const rows = () => [tf.range(numbers(3))];
  const padded = await drain(train.batchJoin([rows(), rows()], 6, { dynamicPad: true }));
  assert.equal([sorted(integersIn(padded.values)), padded.shapes], [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1], [[6, null]]]);
  const named = () => ({ b: tf.constant('x'), a: numbers(2) });
  const pairs = train.batchJoin([named(), named()], 4);
  assert.equal(Object.keys(pairs), ['a', 'b']);
  assert.equal((await drain(pairs)).values.length, 1);
  const many = [numbers(2), numbers(2)].map((x) => [tf.stack([x, x.add(1)])]);
  const { values } = await drain(train.batchJoin(many, 8, { enqueueMany: true }));
  assert.equal(sorted(integersIn(values)), [0, 0, 1, 1, 1, 1, 2, 2]);
});

test('maybeBatchJoin keeps what the condition holds for', async () => {
  const [a, b] = [numbers(6), numbers(6)];
  const whole = await drain(train.maybeBatchJoin([[a], [b]], tf.constant(true), 4));
  assert.equal([whole.values.length, sorted(integersIn(whole.values))], [3, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]]);
  const x = numbers(6);
  const { values } = await drain(train.maybeBatchJoin([[x], [x.add(10)]], even(x), 1));
  // Each number goes to one of the sources.
  assert.equal(sorted(integersIn(values).map((n) => n % 10)), [0, 2, 4]);
});

test('shuffleBatchJoin gives each example of all sources once', async () => {
  const joined = train.shuffleBatchJoin([[numbers(10)], [numbers(10).add(100)]], 5, 30, 10, { seed: 1 });
  const { values, end, shapes } = await drain(joined);
  const found = integersIn(values);
  const expected = [0, 100].flatMap((from) => Array.from({ length: 10 }, (_, i) => from + i));
  assert.equal([values.length, sorted(found), end, shapes], [4, expected, 'shuffle_batch_join', [[5]]]);
  assert.not.equal(found, sorted(found));
  assert.ok(opsBelow('shuffle_batch_join').includes('shuffle_batch_join/fraction_over_10_of_20_full ScalarSummary'));
});

test('maybeShuffleBatch and maybeShuffleBatchJoin keep what the condition holds for', async () => {
  const x = numbers(20);
  const { values, end } = await drain(train.maybeShuffleBatch([x], 5, 30, 4, even(x), { seed: 1 }));
  assert.equal(
    [values.length, sorted(integersIn(values)), end],
    [2, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], 'shuffle_batch'],
  );
  const [a, b] = [numbers(10), numbers(10)];
  const joined = train.maybeShuffleBatchJoin([[a], [b.add(100)]], 5, 30, 4, tf.constant(true), { seed: 1 });
  assert.is(new Set(integersIn((await drain(joined)).values)).size, 20);
});

const refused: Readonly<Record<string, readonly [() => unknown, string, string]>> = {
  'a vector that says for one example': [
    () => train.maybeBatch([numbers(4)], tf.constant([true]), 2),
    'ValueError',
    '`keep_input` cannot be a vector when `enqueue_many=False`.',
  ],
  'a condition of unknown rank': [
    () => train.maybeBatch([numbers(4)], tf.placeholder(tf.bool), 2),
    'ValueError',
    '`keep_input` dimensions must be known at graph construction.',
  ],
  'a matrix of conditions': [
    () => train.maybeBatch([numbers(4)], tf.constant([[true]]), 2, { enqueueMany: true }),
    'ValueError',
    '`keep_input` must be 0 or 1 dimensions.',
  ],
  'sources of different types': [
    () => train.batchJoin([[numbers(4)], [tf.constant('b')]], 8),
    'TypeError',
    'Expected types to be consistent: int32 vs. string.',
  ],
  'no source': [() => train.batchJoin([], 8), 'ValueError', 'Expected at least one set of tensors'],
  'examples of different shapes': [
    () => train.batchJoin([[tf.constant([1, 2])], [tf.constant([1, 2, 3])]], 8),
    'ValueError',
    'Shapes (2,) and (3,) are not compatible',
  ],
};
for (const [name, [build, type, message]] of Object.entries(refused)) {
  test(`${name}: refused`, async () => {
    const error = await failure(build);
    assert.equal([error.name, error.message], [type, message]);
  });
}

queues.run();
