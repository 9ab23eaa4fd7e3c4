/**
 * Batches by a queue that is filled with examples: what `tf.train.batch` and its relatives have in common. Their arguments are
 * the business of `input.ts` and `joins.ts`.
 */
import type { FuncGraph } from '../graph/func-graph.ts';
import { type Operation, Tensor } from '../graph/graph.ts';
import { convertToTensor, graphOf, opScope } from '../ops/emit.ts';
import { emitCall, newBody } from '../ops/functions.ts';
import { cast, dynamicPartition, maximum, noOp } from '../ops/index.ts';
import { constantValue } from '../ops/static-value.ts';
import { scalarSummary } from '../ops/summaries.ts';
import { isOptions, type TensorLike } from '../ops/tensor-like.ts';
import { type DType, float32, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, mergeShapes, type Shape } from '../util/shape.ts';
import type { BatchOptions, Examples } from './batch-options.ts';
import type { Dequeued, QueueBase } from './queue-base.ts';
import { addQueueRunner, QueueRunner } from './queue-runner.ts';

/** How examples come: `keep` says which, `isJoin` that each source has a loop of its own. */
export interface Sources {
  /** True for all. */
  readonly keep?: TensorLike;
  readonly isJoin?: boolean;
}

/**
 * Batches of what the sources give, in the structure of the first one.
 *
 * @param sources the tensors of each
 * @param make makes the queue
 * @param summarize adds the summary of how full it is
 */
export function batched(
  sources: readonly Examples[],
  batchSize: TensorLike,
  fallback: string,
  { numThreads = 1, enqueueMany = false, shapes, allowSmallerFinalBatch = false, name }: BatchOptions,
  make: (types: readonly DType[], shapes: readonly Shape[]) => QueueBase,
  summarize: (queue: QueueBase) => void,
  { keep = true, isJoin = false }: Sources = {},
): Dequeued {
  if (sources.length === 0) throw new ValueError('Expected at least one set of tensors');
  const [first] = sources;
  const keys = isOptions(first) ? Object.keys(first).sort() : null;
  const values = sources.map((source) => valuesOf(source, keys));
  const everything = [...values.flat(), keep];
  return graphOf(everything).asDefault(() =>
    opScope(name, fallback, everything, (scope) => {
      if (values[0].length === 0) throw new ValueError('Expected at least one tensor in batch().');
      const lists = values.map((list) => list.map((value) => convertToTensor(value)));
      const choice = keep === true ? null : checkKeep(convertToTensor(keep), enqueueMany);
      const queue = make(typesOf(lists), shapes ? shapes.map(asShape) : shapesOf(lists, enqueueMany));
      const enqueues = lists.map((list) => enqueueOp(queue, list, choice, enqueueMany));
      const loops = isJoin ? enqueues : new Array<Operation>(numThreads).fill(enqueues[0]);
      addQueueRunner(new QueueRunner(queue, loops));
      summarize(queue);
      const named = { name: scope };
      const taken = allowSmallerFinalBatch ? queue.dequeueUpTo(batchSize, named) : queue.dequeueMany(batchSize, named);
      if (!keys) return taken;
      const parts = taken instanceof Tensor ? [taken] : (taken as Tensor[]);
      return Object.fromEntries(keys.map((key, i) => [key, parts[i]]));
    }),
  );
}

function valuesOf(source: Examples, keys: readonly string[] | null): readonly TensorLike[] {
  if (!keys) return source as readonly TensorLike[];
  return keys.map((key) => (source as Readonly<Record<string, TensorLike>>)[key]);
}

function checkKeep(keep: Tensor, enqueueMany: boolean): Tensor {
  if (keep.rank === null) throw new ValueError('`keep_input` dimensions must be known at graph construction.');
  if (!enqueueMany && keep.rank === 1) {
    throw new ValueError('`keep_input` cannot be a vector when `enqueue_many=False`.');
  }
  if (keep.rank > 1) throw new ValueError('`keep_input` must be 0 or 1 dimensions.');
  return keep;
}

function typesOf(lists: readonly (readonly Tensor[])[]): readonly DType[] {
  const [types, ...others] = lists.map((list) => list.map(({ dtype }) => dtype));
  const shown = (list: readonly DType[]) => list.map((dtype) => dtype.name).join(', ');
  for (const other of others) {
    if (shown(other) === shown(types)) continue;
    throw new TypeError(`Expected types to be consistent: ${shown(types)} vs. ${shown(other)}.`);
  }
  return types;
}

/** The shapes of an example, by what all sources say of them. */
function shapesOf(lists: readonly (readonly Tensor[])[], isBatch: boolean): readonly Shape[] {
  return lists[0].map((_, i) => {
    const [shape, ...others] = lists.map((list) => elementShape(list[i], isBatch));
    for (const other of others) mergeShapes(shape, other);
    return shape;
  });
}

function elementShape(tensor: Tensor, isBatch: boolean): Shape {
  if (tensor.shape === null) throw new ValueError(`Cannot infer Tensor's rank: ${tensor}`);
  return isBatch ? tensor.shape.slice(1) : tensor.shape;
}

function enqueueOp(queue: QueueBase, list: readonly Tensor[], keep: Tensor | null, isBatch: boolean): Operation {
  const enqueue = (tensors: readonly Tensor[]): Operation =>
    isBatch ? queue.enqueueMany([...tensors]) : queue.enqueue([...tensors]);
  if (!keep) return enqueue(list);
  if (keep.rank === 1) {
    const which = cast(keep, int32);
    return enqueue(list.map((tensor) => dynamicPartition(tensor, which, 2)[1]));
  }
  const known = constantValue(keep);
  if (known) return known.data[0] ? enqueue(list) : noOp();
  return enqueueIf(keep, () => enqueue(list));
}

/** The enqueue as a branch that runs whole, whoever needs what of it: it gives nothing. */
function enqueueIf(keep: Tensor, enqueue: () => Operation): Operation {
  const [yes, no] = [newBody('cond_true'), newBody('cond_false')];
  const op = yes.asDefault(enqueue);
  const { captured } = yes;
  const inputsOf = (body: FuncGraph): Tensor[] => captured.map((tensor) => body.capture(tensor));
  const attrs = {
    then_branch: yes.finish([], { isStateful: true, targets: [op], inputs: inputsOf(yes) }),
    else_branch: no.finish([], { isStateful: true, inputs: inputsOf(no) }),
    Tout: [],
  };
  return emitCall('If', [keep, [...captured]], attrs, [yes, no], 'cond');
}

interface Fullness {
  /** How many elements stay in the queue for shuffling, which do not count. */
  readonly minAfterDequeue?: number;
  readonly name?: string;
}

/** Adds the summary of how full the queue is, as a part of what it can hold. */
export function fullness(queue: QueueBase, capacity: number, { minAfterDequeue, name }: Fullness = {}): void {
  if (minAfterDequeue === undefined) {
    scalarSummary(name ?? `fraction_of_${capacity}_full`, cast(queue.size(), float32).mul(1 / capacity));
    return;
  }
  const room = capacity - minAfterDequeue;
  const part = cast(maximum(0, queue.size().sub(minAfterDequeue)), float32).mul(1 / room);
  scalarSummary(name ?? `fraction_over_${minAfterDequeue}_of_${room}_full`, part);
}
