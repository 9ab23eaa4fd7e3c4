/** A queue, a table and an iterator as the records on the three resets have them, built of their ops. */
import type { Session } from '../../runtime/session.ts';
import type { Graph, Operation, Tensor } from '../../src/graph/graph.ts';
import { emit } from '../../src/ops/emit.ts';
import { constant } from '../../src/ops/index.ts';
import { float32, int32, int64, string } from '../../src/util/dtype.ts';
import { outcome } from './keras.ts';

export interface Resources {
  readonly enqueue: Operation;
  readonly dequeue: Tensor;
  readonly size: Tensor;
  /** Fills the table with a → 1. */
  readonly fill: Operation;
  /** What the table has for a and b: -1 for what it lacks. */
  readonly lookup: Tensor;
  /** Starts the iterator over 0, 10, … 40. */
  readonly start: Operation;
  readonly next: Tensor;
  /** A queue that nobody put anything into, and what puts 2 into it. */
  readonly empty: Tensor;
  readonly put: Operation;
}

function queue(name: string, value: number) {
  const [handle] = emit('FIFOQueueV2', [], { component_types: [float32], shapes: [[]], capacity: 5 }, name).outputs;
  const put = emit('QueueEnqueueV2', [handle, [constant(value)]], {}, `${name}_enqueue`);
  const [take] = emit('QueueDequeueV2', [handle], { component_types: [float32] }, `${name}_Dequeue`).outputs;
  return { handle, put, take };
}

export function resources(graph: Graph): Resources {
  return graph.asDefault(() => {
    const [q, empty] = [queue('q', 1.5), queue('empty', 2)];
    const [table] = emit('HashTableV2', [], { key_dtype: string, value_dtype: int32 }, 'table').outputs;
    const keys = constant(['a', 'b'], { dtype: string });
    const spec = { output_types: [int64], output_shapes: [[]] };
    const [iterator] = emit('IteratorV2', [], { ...spec, shared_name: '', container: '' }, 'iterator').outputs;
    const range = [0, 50, 10].map((value) => constant(value, { dtype: int64 }));
    const [dataset] = emit('RangeDataset', range, spec).outputs;
    return {
      enqueue: q.put,
      dequeue: q.take,
      size: emit('QueueSizeV2', [q.handle]).outputs[0],
      fill: emit('InitializeTableV2', [table, constant(['a'], { dtype: string }), constant([1], { dtype: int32 })]),
      lookup: emit('LookupTableFindV2', [table, keys, constant(-1, { dtype: int32 })]).outputs[0],
      start: emit('MakeIterator', [dataset, iterator]),
      next: emit('IteratorGetNext', [iterator], spec).outputs[0],
      empty: empty.take,
      put: empty.put,
    };
  });
}

/** Puts an element into the queue, fills the table, and takes the first element of the iterator. */
export async function useResources({ enqueue, fill, start, next }: Resources, session: Session): Promise<void> {
  await session.run([enqueue, fill, start]);
  await session.run(next);
}

/** What the session has of them: elements in the queue, the table's answers, the next element; or why it has not. */
export async function resourcesIn({ size, lookup, next }: Resources, session: Session): Promise<unknown[]> {
  const table = () => session.run(lookup).then((value) => [...value.data]);
  const found: unknown[] = [];
  for (const ask of [() => session.run(size), table, () => session.run(next)]) {
    const value = await outcome(ask);
    found.push(typeof value === 'string' ? /^\w+/.exec(value)?.[0] : value);
  }
  return found;
}
