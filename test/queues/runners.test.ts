/** Queue runners, coordinators and input pipelines: values, ends and names as real TensorFlow has them; stops and errors. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { Tensor } from '../../src/graph/graph.ts';
import { add, constant, multiply, placeholder, range, stack } from '../../src/ops/index.ts';
import { type CoordinatedThread, Coordinator } from '../../src/queues/coordinator.ts';
import {
  batch,
  inputProducer,
  rangeInputProducer,
  shuffleBatch,
  sliceInputProducer,
  stringInputProducer,
} from '../../src/queues/input.ts';
import type { Dequeued } from '../../src/queues/queue-base.ts';
import { QueueRunner, startQueueRunners } from '../../src/queues/queue-runner.ts';
import { FIFOQueue } from '../../src/queues/queues.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import {
  CancelledError,
  InvalidArgumentError,
  type OpError,
  OutOfRangeError,
  RuntimeError,
} from '../../src/util/errors.ts';
import { globalVariables, localVariables } from '../../src/variables/index.ts';
import { leakChecked } from '../support/leaks.ts';
import '../support/session.ts';

const test = leakChecked(suite);

const tensorsOf = (dequeued: Dequeued): Tensor[] => {
  if (dequeued instanceof Tensor) return [dequeued];
  return Array.isArray(dequeued) ? dequeued : Object.values(dequeued);
};

/** Runs until the pipeline ends: the values as text, and how it ended. */
async function drain(dequeued: Dequeued): Promise<{ values: string[]; end: string; threads: string[] }> {
  const fetches = tensorsOf(dequeued);
  const values: string[] = [];
  const coord = new Coordinator();
  using sess = new Session();
  await sess.initialize([...globalVariables(), ...localVariables()]);
  const threads = startQueueRunners(sess, coord);
  let end = '';
  try {
    while (!coord.shouldStop()) values.push(String(await sess.run(fetches)));
  } catch (error) {
    if (!(error instanceof OutOfRangeError)) throw error;
    end = `${error.detail.replace(/'_\d+_/, "'_N_")} | ${error.op?.name}`;
  }
  coord.requestStop();
  await coord.join(threads);
  assert.ok(threads.every(({ isAlive }) => !isAlive));
  return { values, end, threads: threads.map(({ name }) => name) };
}

const insufficient = (queue: string, requested: number, op: string): string =>
  `${queue} is closed and has insufficient elements (requested ${requested}, current size 0) | ${op}`;

test('strings in order, for two epochs', async () => {
  const queue = stringInputProducer(['a', 'b', 'c'], 2, false);
  const { values, end, threads } = await drain(queue.dequeue());
  assert.equal(
    values,
    ['a', 'b', 'c', 'a', 'b', 'c'].map((text) => `b'${text}'`),
  );
  assert.is(end, insufficient("FIFOQueue '_N_input_producer'", 1, 'input_producer_Dequeue'));
  assert.equal(threads, [
    'QueueRunnerThread-input_producer-input_producer/input_producer_EnqueueMany',
    'QueueRunnerThread-input_producer-close_on_stop',
  ]);
});

test('shuffled as TensorFlow does under the same seed, each epoch anew', async () => {
  const strings = await drain(stringInputProducer(['a', 'b', 'c', 'd', 'e'], { numEpochs: 2, seed: 1 }).dequeue());
  assert.is(strings.values.join('').replace(/b'(.)'/g, '$1'), 'ceadbcdaeb');
});

test('numbers, shuffled', async () => {
  const { values } = await drain(rangeInputProducer(6, { numEpochs: 2, seed: 3 }).dequeue());
  assert.is(values.join(), '5,4,2,0,3,1,1,3,4,5,2,0');
});

test('slices of several tensors belong together', async () => {
  const rows = constant(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    int32,
  );
  const { values, end } = await drain(sliceInputProducer([rows, constant([1, 2, 3])], 1, false));
  assert.equal(values, ['[1 2],1.0', '[3 4],2.0', '[5 6],3.0']);
  const op = 'input_producer/input_producer_Dequeue';
  assert.is(end, insufficient("FIFOQueue '_N_input_producer/input_producer'", 1, op));
});

const numbers = (limit: number): Tensor => rangeInputProducer(limit, 1, false).dequeue() as Tensor;

test('batches; the last ones are left, or smaller', async () => {
  const x = numbers(7);
  const whole = await drain(batch([x, multiply(x, 2)], 3));
  assert.equal(whole.values, ['[0 1 2],[0 2 4]', '[3 4 5],[ 6  8 10]']);
  assert.is(whole.end, insufficient("FIFOQueue '_N_batch/fifo_queue'", 2, 'batch'));
  assert.equal(whole.threads.slice(2), [
    'QueueRunnerThread-batch/fifo_queue-batch/fifo_queue_enqueue',
    'QueueRunnerThread-batch/fifo_queue-close_on_stop',
  ]);
});

test('a smaller last batch', async () => {
  const x = numbers(7);
  const { values, end } = await drain(batch([x, multiply(x, 2)], 3, { allowSmallerFinalBatch: true }));
  assert.equal(values, ['[0 1 2],[0 2 4]', '[3 4 5],[ 6  8 10]', '[6],[12]']);
  assert.is(end, insufficient("FIFOQueue '_N_batch/fifo_queue'", 3, 'batch'));
});

test('padded batches, and batches of batches, by name', async () => {
  const padded = await drain(batch([range(numbers(4))], 2, { dynamicPad: true }));
  assert.equal(padded.values, ['[[0]\n [0]]', '[[0 1 0]\n [0 1 2]]']);
});

test('batches of batches, by name', async () => {
  const x = numbers(4);
  const pairs = batch({ pair: stack([x, add(x, 10)]) }, 3, { enqueueMany: true, allowSmallerFinalBatch: true });
  assert.equal(Object.keys(pairs), ['pair']);
  assert.equal((await drain(pairs)).values, ['[ 0 10  1]', '[11  2 12]', '[ 3 13]']);
});

test('shuffled batches hold every example once', async () => {
  const { values } = await drain(shuffleBatch([numbers(40)], 8, 30, 10, { seed: 1 }));
  const found = values.join(' ').match(/\d+/g)?.map(Number) ?? [];
  assert.equal(
    [...found].sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, i) => i),
  );
  assert.not.equal(
    found,
    [...found].sort((a, b) => a - b),
  );
});

test('an endless producer stops when asked; what waits is cancelled', async () => {
  const queue = inputProducer(
    [
      [1, 2],
      [3, 4],
    ],
    { shuffle: false },
  );
  using sess = new Session();
  const coord = new Coordinator();
  const threads = startQueueRunners(sess, coord);
  for (let i = 0; i < 10; i++) await sess.run(queue.dequeue() as Tensor);
  assert.equal(startQueueRunners(sess, coord), []);
  assert.is(await coord.waitForStop(0.01), false);
  coord.requestStop();
  await coord.join(threads);
  assert.ok(coord.joined);
  assert.is((await sess.run(queue.isClosed())).item(), true);
});

test('closing the session ends runners', async () => {
  const queue = inputProducer([1, 2], { shuffle: false });
  const sess = new Session();
  const coord = new Coordinator();
  const threads = startQueueRunners(sess, coord);
  await sess.run(queue.dequeue() as Tensor);
  // Until the queue is full, and the runner waits.
  await new Promise((resolve) => setTimeout(resolve, 20));
  sess.close();
  try {
    await coord.join(threads);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, CancelledError);
    assert.is((error as OpError).detail, 'Enqueue operation was cancelled');
  }
  assert.ok(threads.every(({ isAlive }) => !isAlive));
});

test('the first error of a loop is what join rejects with; without a coordinator the runner keeps it', async () => {
  const queue = new FIFOQueue(5, [float32], [[2]]);
  const bad = queue.enqueue([placeholder(float32)]);
  const runner = new QueueRunner(queue, [bad]);
  using sess = new Session();
  const coord = new Coordinator();
  runner.createThreads(sess, { coord, start: true });
  try {
    await coord.join();
    assert.unreachable();
  } catch (error) {
    assert.instance(error, InvalidArgumentError);
    assert.throws(
      () => coord.raiseRequestedException(),
      (thrown: unknown) => thrown === error,
    );
  }
  coord.clearStop();
  assert.not(coord.shouldStop());
  const alone = new QueueRunner(queue, [bad]);
  const [thread] = alone.createThreads(sess, { start: true });
  await thread.done;
  assert.instance(alone.exceptionsRaised[0], InvalidArgumentError);
});

test('join waits no longer than the time of grace', async () => {
  const coord = new Coordinator();
  let end = (): void => {};
  const thread: CoordinatedThread = {
    name: 'slow',
    isAlive: true,
    done: new Promise((resolve) => {
      end = resolve;
    }),
  };
  coord.registerThread(thread);
  await coord.stopOnException(() => {
    throw new OutOfRangeError(null, 'the regular end');
  });
  assert.ok(coord.shouldStop());
  try {
    await coord.join(null, { stopGracePeriodSecs: 0.01 });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, RuntimeError);
    assert.is((error as Error).message, 'Coordinator stopped with threads still running: slow');
  }
  assert.throws(() => coord.requestStop(new RuntimeError('late')), /late/);
  await coord.join([thread], { stopGracePeriodSecs: 0.01, ignoreLiveThreads: true });
  end();
});

test('arguments that do not fit are refused', () => {
  const queue = new FIFOQueue(5, [float32], [[]]);
  const refused: [() => unknown, string][] = [
    [() => new QueueRunner(queue, []), 'Must provide queue and enqueue_ops.'],
    [
      () => new QueueRunner(queue, [queue.enqueue(1)], { queueClosedExceptionTypes: [] }),
      'queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: ',
    ],
    [
      () => startQueueRunners(),
      'Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an explicit session to tf.start_queue_runners(sess=sess)',
    ],
    [() => stringInputProducer([]), 'string_input_producer requires a non-null input tensor'],
    [() => rangeInputProducer(3, 0), 'num_epochs must be > 0 not 0.'],
    [() => shuffleBatch([1], 2, 3, 3), 'capacity 3 must be bigger than min_after_dequeue 3.'],
    [() => batch([], 2), 'Expected at least one tensor in batch().'],
    [
      () => inputProducer(placeholder(float32, [null, null])),
      'Either `input_tensor` must have a fully defined shape or `element_shape` must be specified',
    ],
  ];
  for (const [call, message] of refused) {
    assert.throws(call, (error: Error) => {
      assert.is(error.message, message);
      return true;
    });
  }
});

suite.run();
