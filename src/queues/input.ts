/**
 * Input pipelines of queues: producers that repeat and shuffle what they are given, and batches. Who fills the queues is
 * in `queue-runner.ts`.
 */

import type { Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { convertToTensor, opScope } from '../ops/emit.ts';
import { Assert, gather, greater, identity, randomShuffle, range, shape, size } from '../ops/index.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { toNdArray } from '../util/array-convert.ts';
import { int32, int64, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { asShape, isFullyDefined, mergeShapes, type Shape, type ShapeLike } from '../util/shape.ts';
import { Variable } from '../variables/variable.ts';
import type { BatchOptions, Examples } from './batch-options.ts';
import { batched, fullness } from './batched.ts';

export type { BatchOptions, Examples } from './batch-options.ts';

import type { Dequeued, QueueBase } from './queue-base.ts';
import { addQueueRunner, QueueRunner } from './queue-runner.ts';
import { FIFOQueue, PaddingFIFOQueue, RandomShuffleQueue } from './queues.ts';

export interface ProducerOptions {
  /** How often all is produced; then comes `OutOfRangeError`. Without it there is no end. Counted by a local variable. */
  readonly numEpochs?: number | null;
  /** Whether the order is another each time; true without it. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** The capacity of the queue, 32 without it. */
  readonly capacity?: number;
  readonly sharedName?: string | null;
  readonly name?: string | null;
  /** What closes the queue when all is to stop. */
  readonly cancelOp?: Operation | null;
}

export interface InputProducerOptions extends ProducerOptions {
  /** The shape of a row, where that of the input does not say it. */
  readonly elementShape?: ShapeLike;
  /** The name of a summary of how full the queue is; there is none without it. */
  readonly summaryName?: string | null;
}

const PRODUCER = ['numEpochs', 'shuffle', 'seed', 'capacity', 'sharedName'] as const;

type ProducerRest = Rest<
  [
    numEpochs: number | null,
    shuffle: boolean,
    seed: number | null,
    capacity: number,
    sharedName: string | null,
    name: string | null,
    cancelOp: Operation | null,
  ],
  ProducerOptions
>;

function producerOptions(rest: ProducerRest): ProducerOptions {
  return bind<ProducerOptions>([...PRODUCER, 'name', 'cancelOp'], rest);
}

function summaryOf({ capacity = 32 }: ProducerOptions): string {
  return `fraction_of_${capacity}_full`;
}

/**
 * The tensor; after `numEpochs` runs it fails with `OutOfRangeError`. The count is a local variable. Throws `ValueError`
 * for a number that is not positive.
 */
export function limitEpochs(
  tensor: TensorLike,
  ...rest: Rest<
    [numEpochs: number | null, name: string | null],
    { readonly numEpochs?: number | null; readonly name?: string | null }
  >
): Tensor {
  const { numEpochs, name } = bind<{ numEpochs: number | null; name: string | null }>(['numEpochs', 'name'], rest);
  const value = convertToTensor(tensor);
  if (numEpochs == null) return value;
  if (numEpochs <= 0) throw new ValueError(`num_epochs must be > 0 not ${numEpochs}.`);
  return opScope(name, 'limit_epochs', [value], (scope) => {
    const zero = toNdArray(0, int64);
    const collections = [GraphKeys.LOCAL_VARIABLES];
    const epochs = new Variable(zero, { name: 'epochs', trainable: false, collections });
    const counter = epochs.countUpTo(numEpochs);
    return value.graph.controlDependencies([counter], () => identity(value, { name: scope }));
  });
}

/**
 * A queue of the rows of a tensor, filled by a queue runner. Throws `ValueError` where the shape of a row is not known.
 *
 *     const queue = tf.train.inputProducer([[1, 2], [3, 4]], {shuffle: false, numEpochs: 1});
 */
export function inputProducer(
  inputTensor: TensorLike,
  ...rest: Rest<
    [
      elementShape: ShapeLike,
      numEpochs: number | null,
      shuffle: boolean,
      seed: number | null,
      capacity: number,
      sharedName: string | null,
      summaryName: string | null,
      name: string | null,
      cancelOp: Operation | null,
    ],
    InputProducerOptions
  >
): QueueBase {
  const options = bind<InputProducerOptions>(['elementShape', ...PRODUCER, 'summaryName', 'name', 'cancelOp'], rest);
  const { numEpochs, shuffle = true, seed, capacity = 32, sharedName, summaryName, name, cancelOp } = options;
  return opScope(name, 'input_producer', [inputTensor], () => {
    let input = convertToTensor(inputTensor, { name: 'input_tensor' });
    const own: Shape = input.shape === null ? null : input.shape.slice(1);
    const element = mergeShapes(own, asShape(options.elementShape));
    if (!isFullyDefined(element)) {
      throw new ValueError(
        'Either `input_tensor` must have a fully defined shape or `element_shape` must be specified',
      );
    }
    if (shuffle) input = randomShuffle(input, { seed });
    input = limitEpochs(input, { numEpochs });
    const queue = new FIFOQueue(capacity, [input.dtype], [element], { sharedName, name });
    addQueueRunner(new QueueRunner(queue, [queue.enqueueMany([input])], { cancelOp }));
    if (summaryName != null) fullness(queue, capacity, { name: summaryName });
    return queue;
  });
}

/**
 * A queue of strings, such as names of files. Throws `ValueError` for an empty list; a run fails with
 * `InvalidArgumentError` for a tensor without elements.
 *
 *     const files = tf.train.stringInputProducer(['a.csv', 'b.csv'], {numEpochs: 1});
 */
export function stringInputProducer(stringTensor: TensorLike, ...rest: ProducerRest): QueueBase {
  const options = producerOptions(rest);
  const text = 'string_input_producer requires a non-null input tensor';
  if (stringTensor == null || (Array.isArray(stringTensor) && stringTensor.length === 0)) throw new ValueError(text);
  return opScope(options.name, 'input_producer', [stringTensor], (scope) => {
    const strings = convertToTensor(stringTensor, { dtype: string });
    const check = Assert(greater(size(strings), 0), [text]);
    const checked = strings.graph.controlDependencies([check], () => identity(strings));
    return inputProducer(checked, { ...options, elementShape: [], summaryName: summaryOf(options), name: scope });
  });
}

/**
 * A queue of the numbers from 0 up to `limit`, as int32.
 *
 *     const index = tf.train.rangeInputProducer(10, {shuffle: true, seed: 1}).dequeue();
 */
export function rangeInputProducer(limit: TensorLike, ...rest: ProducerRest): QueueBase {
  const options = producerOptions(rest);
  return opScope(options.name, 'input_producer', [limit], (scope) => {
    const numbers = range(convertToTensor(limit, { preferredDtype: int32 }));
    return inputProducer(numbers, { ...options, elementShape: [], summaryName: summaryOf(options), name: scope });
  });
}

/**
 * One row of each tensor at a time, the same of all. Throws `ValueError` for an empty list.
 *
 *     const [image, label] = tf.train.sliceInputProducer([images, labels]);
 */
export function sliceInputProducer(tensorList: readonly TensorLike[], ...rest: ProducerRest): Tensor[] {
  const options = producerOptions(rest);
  return opScope(options.name, 'input_producer', [...tensorList], () => {
    if (tensorList.length === 0) throw new ValueError('Expected at least one tensor in slice_input_producer().');
    const tensors = tensorList.map((value) => convertToTensor(value));
    const rows = gather(shape(tensors[0]), convertToTensor(0, { dtype: int32 }));
    const { name: _, ...others } = options;
    const index = rangeInputProducer(rows, others).dequeue() as Tensor;
    return tensors.map((tensor) => gather(tensor, index));
  });
}

export interface ShuffleBatchOptions extends Omit<BatchOptions, 'capacity' | 'dynamicPad'> {
  readonly seed?: number | null;
}

const LAST = ['allowSmallerFinalBatch', 'sharedName', 'name'] as const;

/**
 * Batches of examples, by a queue that a queue runner fills: of each tensor `batchSize` rows, in the structure of
 * `tensors`. Throws `ValueError` without tensors, and where the rank of one is not known.
 *
 *     const [images, labels] = tf.train.batch([image, label], 32);
 */
export function batch(
  tensors: Examples,
  batchSize: TensorLike,
  ...rest: Rest<
    [
      numThreads: number,
      capacity: number,
      enqueueMany: boolean,
      shapes: readonly ShapeLike[] | null,
      dynamicPad: boolean,
      allowSmallerFinalBatch: boolean,
      sharedName: string | null,
      name: string | null,
    ],
    BatchOptions
  >
): Dequeued {
  const order = ['numThreads', 'capacity', 'enqueueMany', 'shapes', 'dynamicPad', ...LAST] as const;
  const options = bind<BatchOptions>(order, rest);
  const { capacity = 32, dynamicPad = false, sharedName } = options;
  return batched(
    [tensors],
    batchSize,
    'batch',
    options,
    (types, shapes) =>
      dynamicPad
        ? new PaddingFIFOQueue(capacity, types, shapes, { sharedName })
        : new FIFOQueue(capacity, types, shapes, { sharedName }),
    (queue) => fullness(queue, capacity),
  );
}

/**
 * As `batch`, of examples in random order: those that come next are drawn from at least `minAfterDequeue` others. Throws
 * `ValueError` where the capacity is not larger than that.
 *
 *     const [images, labels] = tf.train.shuffleBatch([image, label], 32, 2000, 1000, {seed: 1});
 */
export function shuffleBatch(
  tensors: Examples,
  batchSize: TensorLike,
  capacity: number,
  minAfterDequeue: number,
  ...rest: Rest<
    [
      numThreads: number,
      seed: number | null,
      enqueueMany: boolean,
      shapes: readonly ShapeLike[] | null,
      allowSmallerFinalBatch: boolean,
      sharedName: string | null,
      name: string | null,
    ],
    ShuffleBatchOptions
  >
): Dequeued {
  const order = ['numThreads', 'seed', 'enqueueMany', 'shapes', ...LAST] as const;
  const options = bind<ShuffleBatchOptions>(order, rest);
  if (capacity <= minAfterDequeue) {
    throw new ValueError(`capacity ${capacity} must be bigger than min_after_dequeue ${minAfterDequeue}.`);
  }
  const { seed, sharedName } = options;
  return batched(
    [tensors],
    batchSize,
    'shuffle_batch',
    options,
    (types, shapes) => new RandomShuffleQueue(capacity, minAfterDequeue, types, shapes, { seed, sharedName }),
    (queue) => fullness(queue, capacity, { minAfterDequeue }),
  );
}
