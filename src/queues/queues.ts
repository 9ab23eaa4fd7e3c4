/**
 * The kinds of queues: first in first out, padded, shuffled, by priority. What is done with them is in `queue-base.ts`.
 */
import { getDefaultGraph, initScope } from '../graph/default-graph.ts';
import { emitOne } from '../ops/emit.ts';
import { getSeed } from '../ops/random.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { md5 } from '../util/md5.ts';
import { pythonRepr, pythonTypeName } from '../util/python-names.ts';
import { asShape, isFullyDefined, type Shape, type ShapeLike, TensorShape } from '../util/shape.ts';
import { QueueBase } from './queue-base.ts';

/** A shape per component; a single shape stands for the only component. */
export type QueueShapes = ShapeLike | readonly ShapeLike[];

export interface QueueOptions {
  readonly shapes?: QueueShapes | null;
  /** Names of the components: elements are put in and taken out as objects. */
  readonly names?: string | readonly string[] | null;
  /** Queues of one session with this name are one. */
  readonly sharedName?: string | null;
  readonly name?: string | null;
}

export interface RandomShuffleQueueOptions extends QueueOptions {
  readonly seed?: number | null;
}

type QueueRest = Rest<
  [
    shapes: QueueShapes | null,
    names: string | readonly string[] | null,
    sharedName: string | null,
    name: string | null,
  ],
  QueueOptions
>;

const ORDER = ['shapes', 'names', 'sharedName', 'name'] as const;

/**
 * A queue that gives elements in the order in which they came. A negative capacity is no limit. Throws `ValueError` for
 * shapes that are not fully known, or not as many as types.
 *
 *     const q = new tf.FIFOQueue(100, [tf.string, tf.int32], {shapes: [[], []], names: ['text', 'label']});
 */
export class FIFOQueue extends QueueBase {
  constructor(capacity: number, dtypes: DTypeLike | readonly DTypeLike[], ...rest: QueueRest) {
    const options = bind<QueueOptions>(ORDER, rest);
    const types = typeList(dtypes);
    const shapes = shapeList(options.shapes);
    const names = nameList(options.names, types);
    const make = () => reference('FIFOQueueV2', types, shapes, capacity, {}, options, 'fifo_queue');
    super(
      types,
      shapes,
      names,
      initScope(() => getDefaultGraph().device('/device:CPU:*', make)),
    );
  }
}

/**
 * A `FIFOQueue` whose elements may differ in the sizes that its shapes leave open (null). `dequeueMany` and `dequeueUpTo`
 * pad them with zeros to the largest of the batch. Throws `ValueError` without a list of shapes, one per type.
 *
 *     const q = new tf.PaddingFIFOQueue(10, [tf.int32], [[null]]);
 */
export class PaddingFIFOQueue extends QueueBase {
  constructor(
    capacity: number,
    dtypes: DTypeLike | readonly DTypeLike[],
    shapes: readonly ShapeLike[],
    ...rest: Rest<
      [names: string | readonly string[] | null, sharedName: string | null, name: string | null],
      Omit<QueueOptions, 'shapes'>
    >
  ) {
    const options = bind<QueueOptions>(['names', 'sharedName', 'name'], rest);
    const types = typeList(dtypes);
    const known = partialShapes(shapes);
    const names = nameList(options.names, types);
    if (types.length !== known.length) {
      throw new ValueError(
        `Shapes must be provided for all components, but received ${types.length} dtypes and ${known.length} shapes.`,
      );
    }
    const make = () => reference('PaddingFIFOQueueV2', types, known, capacity, {}, options, 'padding_fifo_queue');
    super(types, known, names, make());
  }
}

/**
 * A queue that gives elements in random order. Until it is closed, `minAfterDequeue` elements stay in it: the more, the
 * better they are mixed. Under the same seeds the order is TensorFlow's.
 *
 *     const q = new tf.RandomShuffleQueue(1000, 500, [tf.float32], [[784]], {seed: 1});
 */
export class RandomShuffleQueue extends QueueBase {
  constructor(
    capacity: number,
    minAfterDequeue: number,
    dtypes: DTypeLike | readonly DTypeLike[],
    ...rest: Rest<
      [
        shapes: QueueShapes | null,
        names: string | readonly string[] | null,
        seed: number | null,
        sharedName: string | null,
        name: string | null,
      ],
      RandomShuffleQueueOptions
    >
  ) {
    const order = ['shapes', 'names', 'seed', 'sharedName', 'name'] as const;
    const options = bind<RandomShuffleQueueOptions>(order, rest);
    const types = typeList(dtypes);
    const shapes = shapeList(options.shapes);
    const names = nameList(options.names, types);
    const attrs = { min_after_dequeue: minAfterDequeue, ...seedsOf(options) };
    const make = () =>
      reference('RandomShuffleQueueV2', types, shapes, capacity, attrs, options, 'random_shuffle_queue');
    super(types, shapes, names, make());
  }
}

/**
 * A queue that gives the element with the lowest priority first; of several with one priority, that which came first. The
 * priority is an int64 scalar before the components of `types`, and comes out with them.
 *
 *     const q = new tf.PriorityQueue(10, [tf.string], [[]]);
 *     await sess.run(q.enqueue([5, 'later']));
 */
export class PriorityQueue extends QueueBase {
  constructor(capacity: number, types: DTypeLike | readonly DTypeLike[], ...rest: QueueRest) {
    const options = bind<QueueOptions>(ORDER, rest);
    const own = typeList(types);
    const shapes = shapeList(options.shapes);
    if (!shapes) throw new TypeError("Expected list for 'shapes' argument to 'priority_queue_v2' Op, not None.");
    const make = () => reference('PriorityQueueV2', own, shapes, capacity, {}, options, 'priority_queue');
    const { names } = options;
    super([int64, ...own], [[], ...shapes], typeof names === 'string' ? [names] : (names ?? null), make());
  }
}

function reference(
  type: string,
  dtypes: readonly DType[],
  shapes: readonly Shape[] | null,
  capacity: number,
  attrs: Readonly<Record<string, number>>,
  { sharedName, name }: QueueOptions,
  fallback: string,
) {
  if (dtypes.length === 0 && type !== 'PriorityQueueV2') {
    throw new ValueError(`Attr 'component_types' of '${type}' Op passed list of length 0 less than minimum 1.`);
  }
  const all = {
    component_types: dtypes,
    shapes: shapes ?? [],
    capacity: whole('capacity', capacity),
    shared_name: sharedName ?? '',
    ...attrs,
  };
  return emitOne(type, [], all, name ?? fallback);
}

function whole(argument: string, value: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`Expected int for argument '${argument}' not ${pythonRepr(value)}.`);
  }
  return Math.trunc(value);
}

/** A queue that is shared gets a seed from its name, so that all that share it have the same. */
function seedsOf({ seed, sharedName }: RandomShuffleQueueOptions): { seed: number; seed2: number } {
  const [first, second] = getSeed(seed ?? null);
  if (first === null || second === null) return { seed: 0, seed2: 0 };
  const isNamed = seed == null && sharedName != null;
  return { seed: first, seed2: isNamed ? Number(md5(`${first}${sharedName}`) >> 96n) & 0x7fffffff : second };
}

// Arguments

function typeList(dtypes: DTypeLike | readonly DTypeLike[]): DType[] {
  const list = (Array.isArray(dtypes) ? dtypes : [dtypes]) as readonly DTypeLike[];
  return list.map((dtype) => {
    try {
      return asDType(dtype);
    } catch {
      throw new TypeError(`Expected DataType for argument 'component_types' not ${pythonRepr(dtype)}.`);
    }
  });
}

const isSize = (value: unknown): boolean => value == null || typeof value === 'number';

/** The shapes, all known; null where none are given. A list of numbers is the shape of the only component. */
function shapeList(given: QueueShapes | null | undefined): Shape[] | null {
  if (given == null) return null;
  if (!(given instanceof TensorShape) && !Array.isArray(given)) {
    throw new TypeError(
      `Shapes must be a TensorShape or a list or tuple of TensorShapes, got <class '${pythonTypeName(given)}'> instead.`,
    );
  }
  const list = Array.isArray(given) && !given.every(isSize) ? given : [given];
  const shapes = (list as readonly ShapeLike[]).map(asShape);
  if (!shapes.every(isFullyDefined)) {
    throw new ValueError(`All shapes must be fully defined: [${shapes.map(representation).join(', ')}]`);
  }
  return shapes;
}

function partialShapes(given: readonly ShapeLike[]): Shape[] {
  if (!Array.isArray(given) || given.length === 0 || given.some(isSize)) {
    throw new ValueError('When providing partial shapes, a list of shapes must be provided.');
  }
  const shapes = (given as readonly ShapeLike[]).map(asShape);
  if (shapes.includes(null)) {
    throw new ValueError(`All shapes must have a defined rank: [${shapes.map(representation).join(', ')}]`);
  }
  return shapes;
}

function representation(shape: Shape): string {
  return `TensorShape(${shape === null ? 'None' : `[${shape.map((d) => d ?? 'None').join(', ')}]`})`;
}

function nameList(given: string | readonly string[] | null | undefined, dtypes: readonly DType[]): string[] | null {
  if (given == null) return null;
  const names = typeof given === 'string' ? [given] : [...given];
  if (names.length !== dtypes.length) {
    throw new ValueError(
      `List of names must have the same length as the list of dtypes, received len(names)=${names.length},len(dtypes)=${dtypes.length}`,
    );
  }
  return names;
}
