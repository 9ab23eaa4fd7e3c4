/**
 * Host kernels of queues: they check elements, cut batches into elements and stack elements to batches. Order, capacity
 * and who waits for whom are `runtime/queues.ts`'s business.
 *
 * What a run has done to a queue stays done if the run fails later, as in TensorFlow: an element that cannot be used is
 * not served again.
 */
import { bool, type DType, int32, int64 } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import {
  formatShapeBrackets,
  isCompatible,
  type KnownShape,
  type Shape,
  sizeOf,
  stridesOf,
} from '../../src/util/shape.ts';
import { stackArrays, unstackArray, writeWindow } from '../../src/util/strided.ts';
import { FifoStore, PriorityStore, ShuffleStore, type Tuple } from '../queue-stores.ts';
import { type Attempt, operationCancelled, Queue, type QueueOptions } from '../queues.ts';
import { handleArray, handleOf } from './handles.ts';
import { integer } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

const KIND = 'tensorflow::QueueInterface';
const UNBOUNDED = 2 ** 31 - 1;

const maker = (type: string) => (_: readonly NdArray[], op: HostOp) => [queueHandle(type, op)];

defineHostKernels({
  FIFOQueueV2: maker('FIFOQueue'),
  PaddingFIFOQueueV2: maker('PaddingFIFOQueue'),
  RandomShuffleQueueV2: maker('RandomShuffleQueue'),
  PriorityQueueV2: maker('PriorityQueue'),

  QueueEnqueueV2: ([handle, ...components], op) => {
    const queue = queueOf(handle);
    checkTuple(queue, components);
    queue.options.shapes.forEach((shape, i) => {
      const { shape: given } = components[i];
      if (!isCompatible(shape, given)) throw shapeMismatch(i, shape, given);
    });
    return outcome(op, queue, queue.enqueue([components.map(copyOf)]), () => []);
  },
  QueueEnqueueManyV2: ([handle, ...components], op) => {
    const queue = queueOf(handle);
    checkTuple(queue, components);
    const rows = checkRows(queue, components);
    if (rows === 0) return [];
    const parts = components.map((component) => unstackArray(component, 0));
    const tuples = Array.from({ length: rows }, (_, row) => parts.map((part) => part[row]));
    return outcome(op, queue, queue.enqueue(tuples), () => []);
  },
  QueueDequeueV2: ([handle], op) => {
    const queue = queueOf(handle);
    checkTypes(queue, op);
    return outcome(op, queue, queue.dequeue(), ([element]) => element);
  },
  QueueDequeueManyV2: ([handle, n], op) => dequeueMany(queueOf(handle), integer(n), op, false),
  QueueDequeueUpToV2: ([handle, n], op) => dequeueMany(queueOf(handle), integer(n), op, true),

  QueueCloseV2: ([handle], op) => {
    const queue = queueOf(handle);
    return outcome(op, queue, queue.close(op.attr<boolean>('cancel_pending_enqueues')), () => []);
  },
  QueueIsClosedV2: ([handle]) => [new NdArray(bool, [], Uint8Array.of(queueOf(handle).isClosed ? 1 : 0))],
  QueueSizeV2: ([handle]) => [new NdArray(int32, [], Int32Array.of(queueOf(handle).size))],
});

function queueOf(handle: NdArray): Queue {
  return handleOf(handle, KIND).resource as Queue;
}

/** The outputs from the elements taken: at once, or when the attempt is over. */
function outcome(
  op: HostOp,
  queue: Queue,
  attempt: Attempt,
  outputs: (taken: readonly Tuple[]) => readonly NdArray[],
): readonly NdArray[] {
  const result = () => {
    if (attempt.error) throw attempt.error;
    return outputs(attempt.taken);
  };
  if (attempt.isOver) return result();
  op.services.wait({
    ready: () => attempt.over(),
    outputs: result,
    cancel: () => queue.cancel(attempt),
    cancelled: () => operationCancelled(attempt.action),
  });
  return [];
}

// Making queues

function queueHandle(type: string, op: HostOp): NdArray {
  const options = optionsOf(type, op);
  const { capacity, minAfterDequeue } = options;
  if (minAfterDequeue >= capacity) {
    throw new InvalidArgumentError(null, `min_after_dequeue ${minAfterDequeue} must be < capacity ${capacity}`);
  }
  const resources = op.services.resources();
  const container = op.attr<string>('container');
  const shared = op.attr<string>('shared_name');
  const name = shared || op.name;
  // A queue without a shared name is its node's own: nobody else's shared name can mean it.
  const resource = resources.lookupOrCreate(shared ? KIND : `${KIND} of a node`, container, name, () => {
    const numbers = resources.lookupOrCreate('numbers of queues', '', '', () => ({ next: 0 }));
    return new Queue(shared || `_${numbers.next++}_${op.name}`, options, storeOf(options));
  });
  if (shared) checkSame(resource, options, op);
  return handleArray({ container, name: resource.name, kind: KIND, resource });
}

function optionsOf(type: string, op: HostOp): QueueOptions {
  const types = op.attr<readonly DType[]>('component_types');
  const shapes = op.attr<readonly Shape[]>('shapes');
  const capacity = Number(op.attr<number | bigint>('capacity'));
  const ranked = type === 'PriorityQueue';
  const shuffled = type === 'RandomShuffleQueue';
  return {
    type,
    capacity: capacity < 0 ? UNBOUNDED : capacity,
    dtypes: ranked ? [int64, ...types] : types,
    shapes: ranked ? [[], ...shapes] : shapes,
    minAfterDequeue: shuffled ? Number(op.attr<number | bigint>('min_after_dequeue')) : 0,
    seeds: shuffled ? [op.attr<number | bigint>('seed'), op.attr<number | bigint>('seed2')] : [0, 0],
  };
}

function storeOf({ type, seeds }: QueueOptions): FifoStore | ShuffleStore | PriorityStore {
  if (type === 'RandomShuffleQueue') return new ShuffleStore(...seeds);
  return type === 'PriorityQueue' ? new PriorityStore() : new FifoStore();
}

/** A queue that is shared by name must be what its node asks for. */
function checkSame({ name, options: known }: Queue, wanted: QueueOptions, op: HostOp): void {
  const fail = (message: string): never => {
    throw new InvalidArgumentError(null, message);
  };
  const differ = (what: string, a: string | number, b: string | number, end = '') => {
    if (a !== b) fail(`Shared queue '${name}' has ${what} ${a} but requested ${what} was ${b}${end}`);
  };
  if (known.type !== wanted.type) fail(`Expected ${known.type}, found ${op.type}`);
  differ('capacity', known.capacity, wanted.capacity);
  differ('min_after_dequeue', known.minAfterDequeue, wanted.minAfterDequeue, '.');
  const [seeds, others] = [known, wanted].map((options) => `(${options.seeds.join(', ')})`);
  if (seeds !== others) fail(`Shared queue '${name}' has random seeds ${seeds} but requested seeds are ${others}.`);
  const types = typeNames(known.dtypes);
  if (types !== typeNames(wanted.dtypes)) {
    fail(
      `Shared queue '${name}' has component types ${types} but requested component types were ${typeNames(wanted.dtypes)}`,
    );
  }
  const isSame =
    known.shapes.length === wanted.shapes.length &&
    known.shapes.every((shape, i) => isCompatible(shape, wanted.shapes[i]));
  if (!isSame) {
    const [own, asked] = [known, wanted].map(({ shapes }) => `[${shapes.map(formatShapeBrackets).join(', ')}]`);
    fail(`Shared queue '${name}' has component shapes ${own} but requested component shapes were ${asked}`);
  }
}

const CPP_NAMES: Readonly<Record<string, string>> = { float32: 'float', float64: 'double', float16: 'half' };

function typeNames(dtypes: readonly DType[]): string {
  return dtypes.map(({ name }) => CPP_NAMES[name] ?? name).join(', ');
}

// Elements

function copyOf(array: NdArray): NdArray {
  return new NdArray(array.dtype, array.shape, array.data.slice());
}

function checkTuple({ options: { dtypes } }: Queue, components: readonly NdArray[]): void {
  const given = components.map(({ dtype }) => dtype);
  if (!sameTypes(given, dtypes))
    throw signatureMismatch(['resource', ...namesOf(given)], ['resource', ...namesOf(dtypes)]);
}

/** The number of rows of a batch. */
function checkRows({ options: { shapes } }: Queue, components: readonly NdArray[]): number {
  const flat = components.findIndex(({ rank }) => rank === 0);
  if (flat >= 0) {
    throw new InvalidArgumentError(null, `Component ${flat} of a batch of elements must have at least one dimension`);
  }
  const [rows] = components[0].shape;
  components.forEach(({ shape }, i) => {
    if (shapes.length > 0) {
      const wanted: Shape = [rows, ...(shapes[i] as readonly (number | null)[])];
      if (!isCompatible(wanted, shape)) throw shapeMismatch(i, wanted, shape);
    } else if (shape[0] !== rows) {
      throw new InvalidArgumentError(
        null,
        `All input tensors must have the same size in the 0th dimension. Component ${i} has ${shape[0]}, and should have ${rows}`,
      );
    }
  });
  return rows;
}

function checkTypes({ options: { dtypes } }: Queue, op: HostOp): void {
  const asked = op.attr<readonly DType[]>('component_types');
  if (sameTypes(asked, dtypes)) return;
  throw new InvalidArgumentError(
    null,
    `Signature mismatch, have: resource->${namesOf(asked)} expected: resource->${namesOf(dtypes)}`,
  );
}

function sameTypes(a: readonly DType[], b: readonly DType[]): boolean {
  return a.length === b.length && a.every((dtype, i) => dtype === b[i]);
}
function namesOf(dtypes: readonly DType[]): string[] {
  return dtypes.map(({ name }) => CPP_NAMES[name] ?? name);
}
function signatureMismatch(have: readonly string[], expected: readonly string[]): InvalidArgumentError {
  return new InvalidArgumentError(null, `Signature mismatch, have: ${have}-> expected: ${expected}->`);
}

function shapeMismatch(component: number, expected: Shape, given: KnownShape): InvalidArgumentError {
  return new InvalidArgumentError(
    null,
    `Shape mismatch in tuple component ${component}. Expected ${formatShapeBrackets(expected)}, got ${formatShapeBrackets(given)}`,
  );
}

function dequeueMany(queue: Queue, count: number, op: HostOp, allowsFewer: boolean): readonly NdArray[] {
  const { type, dtypes, shapes } = queue.options;
  if (count < 0) {
    throw new InvalidArgumentError(
      null,
      `${allowsFewer ? 'DequeueUpToOp' : 'DequeueManyOp'} requested ${count} < 0 elements`,
    );
  }
  checkTypes(queue, op);
  if (shapes.length === 0) {
    throw new InvalidArgumentError(
      null,
      `${type}'s DequeueMany and DequeueUpTo require the components to have specified shapes.`,
    );
  }
  const batch = (taken: readonly Tuple[]) => dtypes.map((dtype, i) => stacked(taken, i, dtype, shapes[i]));
  if (count === 0) return batch([]);
  return outcome(op, queue, queue.dequeueMany(count, allowsFewer), batch);
}

/** One component of several elements; where they differ in size, the smaller ones end in zeros. */
function stacked(elements: readonly Tuple[], component: number, dtype: DType, shape: Shape): NdArray {
  if (shape === null) throw new InternalError(null, 'A queue gives batches only of components of known rank.');
  const parts = elements.map((element) => element[component]);
  if (parts.length > 0 && !shape.includes(null)) return stackArrays(parts, 0);
  const size = shape.map((d, axis) => d ?? Math.max(0, ...parts.map((part) => part.shape[axis])));
  const whole = [parts.length, ...size];
  const out = new NdArray(dtype, whole, allocate(dtype, sizeOf(whole)));
  const strides = stridesOf(whole);
  parts.forEach((part, i) => {
    if (part.size > 0) writeWindow(out, strides.slice(1), i * strides[0], part);
  });
  return out;
}
