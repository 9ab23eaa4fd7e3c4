/** Queues of the session: the names under `tf`. Runners and pipelines are under `tf.train`. */
export {
  type AccumulatorOptions,
  type AccumulatorRest,
  type ApplyGradOptions,
  type ApplySparseGradOptions,
  ConditionalAccumulator,
  ConditionalAccumulatorBase,
  type ReductionType,
  SparseConditionalAccumulator,
} from './accumulators.ts';
export { type CloseOptions, type Components, type Dequeued, QueueBase } from './queue-base.ts';
export {
  FIFOQueue,
  PaddingFIFOQueue,
  PriorityQueue,
  type QueueOptions,
  type QueueShapes,
  RandomShuffleQueue,
  type RandomShuffleQueueOptions,
} from './queues.ts';
