/**
 * Queues: handles of queues that the session keeps, and the ops that put elements in and take them out. The classes for
 * users are in `src/queues`; the queues themselves, and waiting, are the runtime's.
 */
import type { DType } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, ShapeError } from './opdef/define.ts';
import { none, scalar } from './opdef/shape-rules.ts';

const COMPONENTS = 'component_types: list(type) >= 1';
const CAPACITY = 'capacity: int = -1';
const PLACE = ['container: string = ""', 'shared_name: string = ""'];

// Every one of them acts on what other runs see: none is folded, merged or moved past another.
for (const [name, doc, attrs] of [
  ['FIFOQueueV2', 'The handle of a queue that gives elements in the order of their coming.', []],
  ['PaddingFIFOQueueV2', 'As `FIFOQueueV2`; elements of different sizes are padded when several are taken.', []],
  [
    'RandomShuffleQueueV2',
    'The handle of a queue that gives elements in random order.',
    ['min_after_dequeue: int = 0', 'seed: int = 0', 'seed2: int = 0'],
  ],
] as const) {
  defineOp({
    name,
    doc,
    outputs: ['handle: resource'],
    attrs: [COMPONENTS, 'shapes: list(shape) >= 0 = []', CAPACITY, ...attrs, ...PLACE],
    effect: 'io',
    infer: scalar,
    grad: () => [],
    samples: [],
  });
}

defineOp({
  name: 'PriorityQueueV2',
  doc: 'The handle of a queue that gives the element with the lowest priority first: an int64 before its components.',
  outputs: ['handle: resource'],
  attrs: ['component_types: list(type) >= 0 = []', 'shapes: list(shape) >= 0', CAPACITY, ...PLACE],
  effect: 'io',
  infer: scalar,
  grad: () => [],
  samples: [],
});

for (const [name, doc] of [
  ['QueueEnqueueV2', 'Puts an element into a queue; waits while it is full.'],
  ['QueueEnqueueManyV2', 'Puts the rows of the components into a queue one by one; waits while it is full.'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['handle: resource', 'components: Tcomponents'],
    attrs: ['Tcomponents: list(type) >= 1', 'timeout_ms: int = -1'],
    effect: 'io',
    infer: none,
    grad: null,
    samples: [],
  });
}

/** A queue says nothing of its shapes before the run: its class adds what it knows. */
function unknownComponents(op: InferContext): Inferred {
  return op.attr<readonly DType[]>('component_types').map((): Shape => null);
}

function severalComponents(op: InferContext): Inferred {
  const count = op.type === 'QueueDequeueManyV2' ? op.constant(1)?.item() : undefined;
  if (count !== undefined && Number(count) < 0) throw new ShapeError(`Input 'n' must be >= 0, but is ${count}`);
  return unknownComponents(op);
}

defineOp({
  name: 'QueueDequeueV2',
  doc: 'Takes an element from a queue; waits while there is none.',
  inputs: ['handle: resource'],
  outputs: ['components: component_types'],
  attrs: [COMPONENTS, 'timeout_ms: int = -1'],
  effect: 'io',
  infer: unknownComponents,
  grad: null,
  samples: [],
});

for (const [name, doc] of [
  ['QueueDequeueManyV2', 'Takes n elements from a queue, stacked; waits until there are as many.'],
  ['QueueDequeueUpToV2', 'Takes n elements from a queue, stacked; fewer where it is closed and holds no more.'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['handle: resource', 'n: int32'],
    outputs: ['components: component_types'],
    attrs: [COMPONENTS, 'timeout_ms: int = -1'],
    effect: 'io',
    infer: severalComponents,
    grad: null,
    samples: [],
  });
}

defineOp({
  name: 'QueueCloseV2',
  doc: 'Closes a queue: nothing can be put in any more; what it holds can be taken out.',
  inputs: ['handle: resource'],
  attrs: ['cancel_pending_enqueues: bool = false'],
  effect: 'io',
  infer: none,
  grad: null,
  samples: [],
});

defineOp({
  name: 'QueueIsClosedV2',
  doc: 'Whether a queue is closed.',
  inputs: ['handle: resource'],
  outputs: ['is_closed: bool'],
  effect: 'io',
  infer: scalar,
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'QueueSizeV2',
  doc: 'The number of elements in a queue.',
  inputs: ['handle: resource'],
  outputs: ['size: int32'],
  effect: 'io',
  infer: scalar,
  grad: () => [null],
  samples: [],
});
