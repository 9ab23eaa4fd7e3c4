/**
 * Batches of examples that are kept on a condition, or that come from several sources at once. Those of all examples of one
 * source are in `input.ts`.
 */
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { ValueError } from '../util/errors.ts';
import type { ShapeLike } from '../util/shape.ts';
import { batched, fullness, type Sources } from './batched.ts';
import type { BatchOptions, Examples, ShuffleBatchOptions } from './input.ts';
import type { Dequeued } from './queue-base.ts';
import { FIFOQueue, PaddingFIFOQueue, RandomShuffleQueue } from './queues.ts';

const BATCH = [
  'capacity',
  'enqueueMany',
  'shapes',
  'dynamicPad',
  'allowSmallerFinalBatch',
  'sharedName',
  'name',
] as const;
const SHUFFLE = ['seed', 'enqueueMany', 'shapes', 'allowSmallerFinalBatch', 'sharedName', 'name'] as const;

/** As for `batch`; each source has one loop. */
export type BatchJoinOptions = Omit<BatchOptions, 'numThreads'>;
/** As for `shuffleBatch`; each source has one loop. */
export type ShuffleBatchJoinOptions = Omit<ShuffleBatchOptions, 'numThreads'>;

type BatchJoinRest = Rest<
  [
    capacity: number,
    enqueueMany: boolean,
    shapes: readonly ShapeLike[] | null,
    dynamicPad: boolean,
    allowSmallerFinalBatch: boolean,
    sharedName: string | null,
    name: string | null,
  ],
  BatchJoinOptions
>;
type BatchRest = Rest<
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
>;
type ShuffleJoinRest = Rest<
  [
    seed: number | null,
    enqueueMany: boolean,
    shapes: readonly ShapeLike[] | null,
    allowSmallerFinalBatch: boolean,
    sharedName: string | null,
    name: string | null,
  ],
  ShuffleBatchJoinOptions
>;
type ShuffleRest = Rest<
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
>;

function inOrder(
  sources: readonly Examples[],
  batchSize: TensorLike,
  fallback: string,
  options: BatchOptions,
  how: Sources,
): Dequeued {
  const { capacity = 32, dynamicPad = false, sharedName } = options;
  const Queue = dynamicPad ? PaddingFIFOQueue : FIFOQueue;
  return batched(
    sources,
    batchSize,
    fallback,
    options,
    (types, shapes) => new Queue(capacity, types, shapes, { sharedName }),
    (queue) => fullness(queue, capacity),
    how,
  );
}

function shuffled(
  sources: readonly Examples[],
  batchSize: TensorLike,
  [capacity, minAfterDequeue]: readonly [number, number],
  fallback: string,
  options: ShuffleBatchOptions,
  how: Sources,
): Dequeued {
  if (capacity <= minAfterDequeue) {
    throw new ValueError(`capacity ${capacity} must be bigger than min_after_dequeue ${minAfterDequeue}.`);
  }
  const { seed, sharedName } = options;
  return batched(
    sources,
    batchSize,
    fallback,
    options,
    (types, shapes) => new RandomShuffleQueue(capacity, minAfterDequeue, types, shapes, { seed, sharedName }),
    (queue) => fullness(queue, capacity, { minAfterDequeue }),
    how,
  );
}

/**
 * As `batch`, of the examples that `keepInput` says: a bool scalar for all tensors of a run, or, with `enqueueMany`, a vector
 * with one for each row. Throws `ValueError` for a `keepInput` of another rank.
 *
 *     const [x, y] = tf.train.maybeBatch([image, label], tf.less(label, 5), 32);
 */
export function maybeBatch(
  tensors: Examples,
  keepInput: TensorLike,
  batchSize: TensorLike,
  ...rest: BatchRest
): Dequeued {
  const options = bind<BatchOptions>(['numThreads', ...BATCH], rest);
  return inOrder([tensors], batchSize, 'batch', options, { keep: keepInput });
}

/**
 * As `batch`, from several sources, each with a loop of its own: lists of tensors, the same types in each. Throws `TypeError`
 * where the types differ, `ValueError` without sources.
 *
 *     const [x, y] = tf.train.batchJoin([[imageA, labelA], [imageB, labelB]], 32);
 */
export function batchJoin(tensorsList: readonly Examples[], batchSize: TensorLike, ...rest: BatchJoinRest): Dequeued {
  return inOrder(tensorsList, batchSize, 'batch_join', bind<BatchJoinOptions>([...BATCH], rest), { isJoin: true });
}

/** As `batchJoin`, of the examples that `keepInput` says, as for `maybeBatch`. */
export function maybeBatchJoin(
  tensorsList: readonly Examples[],
  keepInput: TensorLike,
  batchSize: TensorLike,
  ...rest: BatchJoinRest
): Dequeued {
  const options = bind<BatchJoinOptions>([...BATCH], rest);
  return inOrder(tensorsList, batchSize, 'batch_join', options, { keep: keepInput, isJoin: true });
}

/** As `shuffleBatch`, of the examples that `keepInput` says, as for `maybeBatch`. */
export function maybeShuffleBatch(
  tensors: Examples,
  batchSize: TensorLike,
  capacity: number,
  minAfterDequeue: number,
  keepInput: TensorLike,
  ...rest: ShuffleRest
): Dequeued {
  const options = bind<ShuffleBatchOptions>(['numThreads', ...SHUFFLE], rest);
  const sizes = [capacity, minAfterDequeue] as const;
  return shuffled([tensors], batchSize, sizes, 'shuffle_batch', options, { keep: keepInput });
}

/** As `shuffleBatch`, from several sources, as for `batchJoin`. */
export function shuffleBatchJoin(
  tensorsList: readonly Examples[],
  batchSize: TensorLike,
  capacity: number,
  minAfterDequeue: number,
  ...rest: ShuffleJoinRest
): Dequeued {
  const options = bind<ShuffleBatchJoinOptions>([...SHUFFLE], rest);
  const sizes = [capacity, minAfterDequeue] as const;
  return shuffled(tensorsList, batchSize, sizes, 'shuffle_batch_join', options, { isJoin: true });
}

/** As `shuffleBatchJoin`, of the examples that `keepInput` says, as for `maybeBatch`. */
export function maybeShuffleBatchJoin(
  tensorsList: readonly Examples[],
  batchSize: TensorLike,
  capacity: number,
  minAfterDequeue: number,
  keepInput: TensorLike,
  ...rest: ShuffleJoinRest
): Dequeued {
  const options = bind<ShuffleBatchJoinOptions>([...SHUFFLE], rest);
  const how = { keep: keepInput, isJoin: true };
  return shuffled(tensorsList, batchSize, [capacity, minAfterDequeue], 'shuffle_batch_join', options, how);
}
