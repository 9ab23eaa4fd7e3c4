/**
 * `QueueBase`: what programs do with a queue of the session, as ops. Making queues is done by the classes in `queues.ts`;
 * their elements, and the runs that wait for them, are the runtime's.
 */
import type { Operation, Tensor } from '../graph/graph.ts';
import type { NameOption } from '../ops/control.ts';
import { convertToTensor, emit, emitOne, opScope } from '../ops/emit.ts';
import { gather } from '../ops/gather.ts';
import { stack } from '../ops/joining.ts';
import { constantValue } from '../ops/static-value.ts';
import { bind, isOptions, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, type Dim, formatShape, isCompatible, type Shape, type ShapeLike } from '../util/shape.ts';

/** What is put in: a value, a list of components, or components by their names. */
export type Components = TensorLike | readonly TensorLike[] | Readonly<Record<string, TensorLike>>;
/** What is taken out: the tensor of the only component, the list of them, or a record where they have names. */
export type Dequeued = Tensor | Tensor[] | Record<string, Tensor>;

export interface CloseOptions extends NameOption {
  /** Whether runs that wait to put something in fail with `CancelledError`; else the queue closes after them. */
  readonly cancelPendingEnqueues?: boolean;
}

/**
 * A queue that sessions keep: a run puts elements in, another takes them out. An element has one or more components. A run
 * that finds the queue full or empty waits, and other runs of the session go on meanwhile. Each session has a queue of its
 * own; queues of one graph with the same `sharedName` are one.
 *
 *     const q = new tf.FIFOQueue(10, [tf.float32], [[2]]);
 *     const batch = sess.run(q.dequeueMany(2));          // waits
 *     await sess.run(q.enqueue([[1, 2]]));
 *     await sess.run(q.enqueue([[3, 4]]));
 *     await batch;                                        // [[1, 2], [3, 4]]
 */
export class QueueBase {
  /** The types of the components. */
  readonly dtypes: readonly DType[];
  /** The shapes of the components, null where they are not known. */
  readonly shapes: readonly Shape[];
  /** The names of the components, null where they have none. */
  readonly names: readonly string[] | null;
  /** The handle of the queue. */
  readonly queueRef: Tensor;

  /**
   * A queue by its handle. Throws `ValueError` where shapes or names are not as many as types.
   *
   * @param shapes null where none is known
   */
  constructor(
    dtypes: readonly DTypeLike[],
    shapes: readonly ShapeLike[] | null,
    names: readonly string[] | null,
    queueRef: Tensor,
  ) {
    const count = dtypes.length;
    if (shapes && shapes.length !== count) {
      throw new ValueError(
        `Queue shapes must have the same length as dtypes, received len(shapes)=${shapes.length}, len(dtypes)=${count}`,
      );
    }
    if (names && names.length !== count) {
      throw new ValueError(
        `Queue names must have the same length as dtypes,received len(names)=${names.length},len ${count}`,
      );
    }
    this.dtypes = dtypes.map(asDType);
    this.shapes = shapes ? shapes.map(asShape) : dtypes.map(() => null);
    this.names = names;
    this.queueRef = queueRef;
  }

  /**
   * The queue of the list that `index` chooses in a run. Throws `TypeError` for what is no list of queues, and where their
   * types or names differ. Of the shapes is known what they have in common.
   *
   *     const q = tf.QueueBase.fromList(tf.cond(…), [first, second]);
   */
  static fromList(index: TensorLike, queues: readonly QueueBase[]): QueueBase {
    if (!Array.isArray(queues) || queues.length === 0 || !queues.every((queue) => queue instanceof QueueBase)) {
      throw new TypeError('A list of queues expected');
    }
    const [first] = queues as readonly QueueBase[];
    const all = (same: (queue: QueueBase) => boolean) => (queues as readonly QueueBase[]).every(same);
    if (!all(({ dtypes }) => sameItems(dtypes, first.dtypes))) {
      throw new TypeError('Queues do not have matching component dtypes.');
    }
    if (!all(({ names }) => names === first.names || sameItems(names ?? [], first.names ?? []))) {
      throw new TypeError('Queues do not have matching component names.');
    }
    const shapes = first.shapes.map((shape, i) => queues.map((queue) => queue.shapes[i]).reduce(common, shape));
    const chosen = convertToTensor(index, { preferredDtype: int32, name: 'index' });
    const references = queues.map(({ queueRef }) => queueRef);
    return new QueueBase(first.dtypes, shapes, first.names, gather(stack(references), chosen));
  }

  /** The name of the op that makes the handle. */
  get name(): string {
    return this.queueRef.op.name;
  }
  private nameOf(suffix: string): string {
    return `${this.name.slice(this.name.lastIndexOf('/') + 1)}_${suffix}`;
  }

  /**
   * Puts an element in; the run waits while the queue is full. It fails with `CancelledError` where the queue is closed,
   * and with `InvalidArgumentError` for a shape that is not the queue's.
   *
   * @param vals a value per component, by name where the components have names; throws `ValueError` where they do not fit
   */
  enqueue(vals: Components, ...rest: Rest<[name: string | null], NameOption>): Operation {
    const { name } = bind<NameOption>(['name'], rest);
    return opScope(name, this.nameOf('enqueue'), [this.queueRef, ...valuesOf(vals)], (scope) => {
      const tensors = this.tensorsOf(vals);
      this.shapes.forEach((shape, i) => {
        if (tensors[i]) checkCompatible(tensors[i].shape, shape);
      });
      return emit('QueueEnqueueV2', [this.queueRef, tensors], {}, scope);
    });
  }

  /** Puts the rows of the values in, one by one; the run waits whenever the queue is full. Errors are as of `enqueue`. */
  enqueueMany(vals: Components, ...rest: Rest<[name: string | null], NameOption>): Operation {
    const { name } = bind<NameOption>(['name'], rest);
    return opScope(name, this.nameOf('EnqueueMany'), [this.queueRef, ...valuesOf(vals)], (scope) => {
      const tensors = this.tensorsOf(vals);
      let rows: Dim = null;
      this.shapes.forEach((shape, i) => {
        if (!tensors[i]) return;
        const [own, element] = splitRows(tensors[i].shape);
        if (rows !== null && own !== null && rows !== own) {
          throw new ValueError(`Dimensions ${rows} and ${own} are not compatible`);
        }
        rows ??= own;
        checkCompatible(element, shape);
      });
      return emit('QueueEnqueueManyV2', [this.queueRef, tensors], {}, scope);
    });
  }

  /**
   * Takes an element out; the run waits while the queue is empty, and fails with `OutOfRangeError` where it is closed too.
   */
  dequeue(...rest: Rest<[name: string | null], NameOption>): Dequeued {
    const { name } = bind<NameOption>(['name'], rest);
    const op = emit('QueueDequeueV2', [this.queueRef], this.types, name ?? this.nameOf('Dequeue'));
    return this.result(op, (shape) => shape);
  }

  /**
   * Takes `n` elements out, stacked; the run waits until there are as many, and fails with `OutOfRangeError` where the
   * queue is closed and holds fewer. All shapes must be known, else it fails with `InvalidArgumentError`.
   */
  dequeueMany(n: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Dequeued {
    const { name } = bind<NameOption>(['name'], rest);
    const op = emit('QueueDequeueManyV2', [this.queueRef, n], this.types, name ?? this.nameOf('DequeueMany'));
    const count = constantValue(op.inputs[1])?.item();
    return this.result(op, (shape) => shape && [count === undefined ? null : Number(count), ...shape]);
  }

  /** As `dequeueMany`; of a queue that is closed and holds fewer elements, but at least one, it takes those. */
  dequeueUpTo(n: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Dequeued {
    const { name } = bind<NameOption>(['name'], rest);
    const op = emit('QueueDequeueUpToV2', [this.queueRef, n], this.types, name ?? this.nameOf('DequeueUpTo'));
    return this.result(op, (shape) => shape && [null, ...shape]);
  }

  /**
   * Closes the queue: nothing can be put in any more, what it holds can be taken out. Runs that wait for more elements
   * than there will be fail with `OutOfRangeError`.
   *
   *     await sess.run(q.close({cancelPendingEnqueues: true}));
   */
  close(...rest: Rest<[cancelPendingEnqueues: boolean, name: string | null], CloseOptions>): Operation {
    const options = bind<CloseOptions>(['cancelPendingEnqueues', 'name'], rest);
    const attrs = { cancel_pending_enqueues: options.cancelPendingEnqueues ?? false };
    return emit('QueueCloseV2', [this.queueRef], attrs, options.name ?? this.nameOf('Close'));
  }

  /** Whether the queue is closed. */
  isClosed(...rest: Rest<[name: string | null], NameOption>): Tensor {
    const { name } = bind<NameOption>(['name'], rest);
    return emitOne('QueueIsClosedV2', [this.queueRef], {}, name ?? this.nameOf('Is_Closed'));
  }

  /** The number of elements in the queue, an int32 scalar. */
  size(...rest: Rest<[name: string | null], NameOption>): Tensor {
    const { name } = bind<NameOption>(['name'], rest);
    return emitOne('QueueSizeV2', [this.queueRef], {}, name ?? this.nameOf('Size'));
  }

  private get types(): { readonly component_types: readonly DType[] } {
    return { component_types: this.dtypes };
  }

  /** The components in order; what is given beyond them is left out, as in TensorFlow. */
  private tensorsOf(vals: Components): Tensor[] {
    return this.inOrder(vals)
      .slice(0, this.dtypes.length)
      .map((value, i) => convertToTensor(value, { dtype: this.dtypes[i], name: `component_${i}` }));
  }
  private inOrder(vals: Components): readonly TensorLike[] {
    const { names } = this;
    if (!isOptions(vals)) {
      if (names) throw new ValueError('You must enqueue a dictionary in a Queue with names');
      return valuesOf(vals);
    }
    if (!names) throw new ValueError('Queue must have names to enqueue a dictionary');
    const given = Object.keys(vals).sort();
    const wanted = [...names].sort();
    if (!sameItems(given, wanted)) {
      const list = (items: readonly string[]) => `[${items.map((item) => `'${item}'`).join(', ')}]`;
      throw new ValueError(
        `Keys in dictionary to enqueue do not match names of Queue.  Dictionary: ${list(given)},Queue: ${list(wanted)}`,
      );
    }
    return names.map((key) => (vals as Readonly<Record<string, TensorLike>>)[key]);
  }

  private result(op: Operation, shapeOf: (shape: Shape) => Shape): Dequeued {
    op.outputs.forEach((output, i) => {
      const shape = shapeOf(this.shapes[i]);
      if (shape) output.setShape(shape);
    });
    const tensors = [...op.outputs];
    if (this.names) return Object.fromEntries(this.names.map((key, i) => [key, tensors[i]]));
    return tensors.length === 1 ? tensors[0] : tensors;
  }
}

function valuesOf(vals: Components): readonly TensorLike[] {
  if (Array.isArray(vals)) return vals;
  return isOptions(vals) ? (Object.values(vals) as TensorLike[]) : [vals as TensorLike];
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function common(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((d, i) => (d === b[i] ? d : null));
}

function checkCompatible(given: Shape, expected: Shape): void {
  if (!isCompatible(given, expected)) {
    throw new ValueError(`Shapes ${formatShape(given)} and ${formatShape(expected)} are incompatible`);
  }
}

/** The number of rows, and the shape of each. */
function splitRows(shape: Shape): [Dim, Shape] {
  if (shape === null) return [null, null];
  if (shape.length === 0) throw new ValueError(`Shape ${formatShape(shape)} must have rank at least 1`);
  return [shape[0], shape.slice(1)];
}
