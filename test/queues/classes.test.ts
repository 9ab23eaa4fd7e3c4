/** Making queues, and their ops as graph: names, shapes, refused arguments. Texts and names are of real TensorFlow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { constant, placeholder } from '../../src/ops/index.ts';
import { QueueBase } from '../../src/queues/queue-base.ts';
import { FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from '../../src/queues/queues.ts';
import { float32, int32, int64 } from '../../src/util/dtype.ts';
import { goldenLines, opLines, readProgram } from '../support/programs.ts';

const test = suite('queue classes');

function inGraph(body: (graph: Graph) => void): () => void {
  return () => {
    const graph = new Graph();
    graph.asDefault(() => body(graph));
  };
}

function throws(make: () => unknown, name: string, message: string): void {
  assert.throws(make, (error: Error) => {
    assert.is(`${error.name}: ${error.message}`, `${name}: ${message}`);
    return true;
  });
}

test(
  'the graphs of the queue programs are those of TensorFlow',
  inGraph((graph) => {
    const fifo = readProgram('queue_fifo');
    const q = new FIFOQueue(5, [float32, int32], [[2], []], { name: 'q' });
    const x = placeholder(float32, [2], 'x');
    const n = placeholder(int32, [], 'n');
    q.enqueue([x, n]);
    q.enqueueMany([constant(fifo.constant('Const')), constant([10, 11, 12], int32)]);
    q.dequeue();
    q.dequeueMany(2);
    q.dequeueUpTo(3);
    q.close();
    q.size();
    q.isClosed();
    assert.equal(opLines(graph), goldenLines(fifo));
    assert.is(q.queueRef.op.device, '/device:CPU:*');
  }),
);

test(
  'names, types and shapes of what comes out',
  inGraph((graph) => {
    const q = new FIFOQueue(3, [float32, int32], [[], [2]], { names: ['a', 'b'], name: 'nn' });
    const { a, b } = q.dequeueMany(2) as Record<string, Tensor>;
    assert.equal([a.name, a.shape, b.name, b.shape], ['nn_DequeueMany:0', [2], 'nn_DequeueMany:1', [2, 2]]);
    const some = q.dequeueUpTo(2) as Record<string, Tensor>;
    assert.equal(some.b.shape, [null, 2]);
    assert.is(q.enqueue({ b: [1, 2], a: 1 }).name, 'nn_enqueue');
    const open = q.dequeueMany(placeholder(int32, [])) as Record<string, Tensor>;
    assert.equal(open.b.shape, [null, 2]);
    const inner = graph.nameScope('scope', () => {
      const queue = new FIFOQueue(3, 'float32', { name: 'in' });
      return [queue.name, (queue.dequeue() as Tensor).name, queue.enqueue(1).name, queue.size({ name: 'zz' }).name];
    });
    assert.equal(inner, ['scope/in', 'scope/in_Dequeue:0', 'scope/in_enqueue', 'scope/zz:0']);
    assert.equal(
      [q.names, q.dtypes, q.shapes],
      [
        ['a', 'b'],
        [float32, int32],
        [[], [2]],
      ],
    );
    const ranked = new PriorityQueue(3, float32, [[]], { names: ['p', 'v'] });
    assert.equal([ranked.dtypes, ranked.shapes, ranked.name], [[int64, float32], [[], []], 'priority_queue']);
    assert.equal(new FIFOQueue(3, [float32], []).shapes, [[]]);
    assert.equal(new FIFOQueue(3, [float32], [3, 4]).shapes, [[3, 4]]);
    assert.equal(new FIFOQueue(3, [float32]).shapes, [null]);
  }),
);

test(
  'a queue chosen from a list',
  inGraph((graph) => {
    const first = new FIFOQueue(3, [float32], [[2]], { name: 'l1' });
    const second = new FIFOQueue(3, [float32], [[3]], { name: 'l2' });
    const q = QueueBase.fromList(constant(1, int32), [first, second]);
    assert.equal([q.name, q.shapes], ['GatherV2', [[null]]]);
    assert.is((q.dequeue() as Tensor).name, 'GatherV2_Dequeue:0');
    assert.equal(
      graph.getOperations().map(({ type }) => type),
      ['FIFOQueueV2', 'FIFOQueueV2', 'Const', 'Pack', 'Const', 'GatherV2', 'QueueDequeueV2'],
    );
    throws(() => QueueBase.fromList(0, []), 'TypeError', 'A list of queues expected');
    throws(() => QueueBase.fromList(0, [1] as never), 'TypeError', 'A list of queues expected');
    const other = new FIFOQueue(3, [int32]);
    throws(() => QueueBase.fromList(0, [first, other]), 'TypeError', 'Queues do not have matching component dtypes.');
    const named = new FIFOQueue(3, [float32], { names: 'a' });
    throws(() => QueueBase.fromList(0, [first, named]), 'TypeError', 'Queues do not have matching component names.');
  }),
);

test(
  'seeds of a shuffling queue',
  inGraph((graph) => {
    const seeds = (queue: RandomShuffleQueue) =>
      ['seed', 'seed2'].map((name) => Number(queue.queueRef.op.getAttr(name)));
    assert.equal(seeds(new RandomShuffleQueue(3, 1, float32)), [0, 0]);
    graph.seed = 7;
    assert.equal(seeds(new RandomShuffleQueue(3, 1, float32, { seed: 2 })), [7, 2]);
    assert.equal(seeds(new RandomShuffleQueue(3, 1, float32, { sharedName: 'foo' })), [7, 1723790289]);
  }),
);

test(
  'arguments that do not fit are refused',
  inGraph((graph) => {
    const names = 'List of names must have the same length as the list of dtypes, received len(names)=1,len(dtypes)=2';
    throws(() => new FIFOQueue(3, [float32, int32], { names: ['a'] }), 'ValueError', names);
    throws(
      () => new FIFOQueue(3, [float32], [[], []]),
      'ValueError',
      'Queue shapes must have the same length as dtypes, received len(shapes)=2, len(dtypes)=1',
    );
    const open = 'All shapes must be fully defined: [TensorShape([None])]';
    throws(() => new FIFOQueue(3, [float32], [[null]]), 'ValueError', open);
    throws(
      () => new FIFOQueue(3, []),
      'ValueError',
      "Attr 'component_types' of 'FIFOQueueV2' Op passed list of length 0 less than minimum 1.",
    );
    const list = "Shapes must be a TensorShape or a list or tuple of TensorShapes, got <class 'int'> instead.";
    throws(() => new FIFOQueue(3, float32, 2), 'TypeError', list);
    throws(() => new FIFOQueue('a' as never, float32), 'TypeError', "Expected int for argument 'capacity' not 'a'.");
    throws(
      () => new FIFOQueue(3, ['flort' as never]),
      'TypeError',
      "Expected DataType for argument 'component_types' not 'flort'.",
    );
    const partial = 'When providing partial shapes, a list of shapes must be provided.';
    throws(() => new PaddingFIFOQueue(3, [float32], null as never), 'ValueError', partial);
    throws(
      () => new PaddingFIFOQueue(3, [float32, int32], [[null]]),
      'ValueError',
      'Shapes must be provided for all components, but received 2 dtypes and 1 shapes.',
    );
    throws(
      () => new PriorityQueue(3, float32),
      'TypeError',
      "Expected list for 'shapes' argument to 'priority_queue_v2' Op, not None.",
    );
    throws(
      () => new PriorityQueue(3, [float32], [[]], { names: ['v'] }),
      'ValueError',
      'Queue names must have the same length as dtypes,received len(names)=1,len 2',
    );
    const before = graph.size;
    const q = new FIFOQueue(9, [float32, int32], [[2], []], { name: 'q' });
    throws(() => q.enqueue([1]), 'ValueError', 'Shapes () and (2,) are incompatible');
    throws(() => q.enqueue([[1, 2, 3], 1]), 'ValueError', 'Shapes (3,) and (2,) are incompatible');
    throws(() => q.enqueue({ a: 1 }), 'ValueError', 'Queue must have names to enqueue a dictionary');
    throws(() => q.enqueueMany([[[1, 2]], [1, 2]]), 'ValueError', 'Dimensions 1 and 2 are not compatible');
    throws(() => q.enqueueMany([1, 2]), 'ValueError', 'Shape () must have rank at least 1');
    throws(
      () => q.dequeueMany(-1),
      'ValueError',
      "Input 'n' must be >= 0, but is -1 for '{{node q_DequeueMany}} = QueueDequeueManyV2[component_types=[DT_FLOAT, DT_INT32], timeout_ms=-1](q, q_DequeueMany/n)' with input shapes: [], [] and with computed input tensors: input[1] = <-1>.",
    );
    assert.is(graph.size, before + 1);
    const named = new FIFOQueue(9, [float32], { names: ['a'] });
    throws(() => named.enqueue([1]), 'ValueError', 'You must enqueue a dictionary in a Queue with names');
    throws(
      () => named.enqueue({ a: 1, c: 2 }),
      'ValueError',
      "Keys in dictionary to enqueue do not match names of Queue.  Dictionary: ['a', 'c'],Queue: ['a']",
    );
  }),
);

test.run();
