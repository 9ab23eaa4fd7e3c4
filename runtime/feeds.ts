/**
 * Feed dictionaries: what users hand to `Session.run` as values of tensors, checked and converted. Nothing is computed.
 */
import { engine, Tensor as TfjsTensor } from '@tensorflow/tfjs-core';
import { type Graph, type GraphElementLike, type Operation, Tensor } from '../src/graph/graph.ts';
import type { Endpoint } from '../src/graph/node.ts';
import { constantValue } from '../src/ops/static-value.ts';
import { type ArrayValue, toNdArray } from '../src/util/array-convert.ts';
import { asDType, bool, type DType, string } from '../src/util/dtype.ts';
import { TypeError, ValueError } from '../src/util/errors.ts';
import { type Data, NdArray } from '../src/util/ndarray.ts';
import { pythonTypeName } from '../src/util/python-names.ts';
import { formatShape, isCompatible, type KnownShape } from '../src/util/shape.ts';
import { type Backend, deviceTypes } from './backends/backend.ts';
import { type CompositeLike, isComposite, isPlain, type SparseTensorValue } from './fetches.ts';
import { copyOf, type FeedValue } from './run.ts';

interface FeedList extends ReadonlyArray<FeedInput> {}
/** A value to feed: anything that makes an array, a tfjs tensor, or a nesting of them where the key is one. */
export type FeedInput =
  | ArrayValue
  | TfjsTensor
  | FeedList
  | SparseTensorValue<ArrayValue>
  | Readonly<Record<string, ArrayValue>>;

/** What can be fed: a tensor, its name, a variable, or a nested array of these. */
export type FeedKey = Tensor | string | { asGraphElement(): Tensor | Operation } | CompositeLike | readonly FeedKey[];

/** Feeds as a map, as pairs, or as an object keyed by tensor names. */
export type FeedDict =
  | ReadonlyMap<FeedKey, FeedInput>
  | readonly (readonly [FeedKey, FeedInput])[]
  | Readonly<Record<string, FeedInput>>;

/** A checked feed. A device value is a reference of its own, to be given back with `releaseFeeds`. */
export interface Feed extends FeedValue {
  readonly endpoint: Endpoint;
  readonly dtype: DType;
  readonly shape: KnownShape;
}

const NONE: readonly Feed[] = [];

/**
 * The feeds in the order given; where a tensor is fed twice the last value counts. tfjs tensors on `backend` are not
 * copied. Throws TensorFlow's errors, and then holds no references.
 */
export function parseFeeds(graph: Graph, feedDict: unknown, backend: Backend | null): readonly Feed[] {
  if (feedDict === undefined || feedDict === null) return NONE;
  const feeds = new Map<string, Feed>();
  try {
    for (const [key, value] of entriesOf(feedDict)) {
      for (const [leaf, fed] of flatten(key, value)) {
        const feed = parseFeed(graph, leaf, fed, backend);
        const id = `${feed.endpoint.node}:${feed.endpoint.index}`;
        const previous = feeds.get(id);
        if (previous) releaseFeeds([previous], backend);
        feeds.set(id, feed);
      }
    }
  } catch (error) {
    releaseFeeds([...feeds.values()], backend);
    throw error;
  }
  return [...feeds.values()];
}

/** Gives the references to device buffers back. */
export function releaseFeeds(feeds: readonly Feed[], backend: Backend | null): void {
  for (const { device } of feeds) if (device) backend?.dispose(device.dataId);
}

/** The feeds with arrays of their own, for a run that has to wait: the user may write to his meanwhile. */
export function detachFeeds(feeds: readonly Feed[]): Feed[] {
  return feeds.map((feed) => (feed.host ? { ...feed, host: copyOf(feed.host) } : feed));
}

function entriesOf(feedDict: unknown): Iterable<readonly [unknown, unknown]> {
  if (feedDict instanceof Map) return feedDict;
  if (Array.isArray(feedDict)) {
    for (const pair of feedDict) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw new TypeError('A feed_dict given as an array must hold pairs of a tensor and its value.');
      }
    }
    return feedDict;
  }
  if (typeof feedDict === 'object' && isPlain(feedDict as object)) return Object.entries(feedDict as object);
  throw new TypeError(`A feed_dict must be a Map, an array of pairs or an object, not ${pythonTypeName(feedDict)}.`);
}

/** Pairs of single tensors and values out of a key that is a structure. */
function* flatten(key: unknown, value: unknown): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(key)) {
    const length = Array.isArray(value) ? value.length : 1;
    if (!Array.isArray(value) || length !== key.length) {
      throw new ValueError(
        `Could not flatten dictionary. Key had ${key.length} elements, but value had ${length} elements.`,
      );
    }
    for (let i = 0; i < key.length; i++) yield* flatten(key[i], value[i]);
  } else if (typeof key === 'object' && key !== null && !(key instanceof Tensor) && isComposite(key)) {
    yield* flattenComposite(key, value);
  } else {
    yield [key, value];
  }
}

function* flattenComposite(key: CompositeLike, value: unknown): Iterable<readonly [unknown, unknown]> {
  // In the order of the tuples: (indices, values, shape) where the indices are a matrix, else (values, indices, shape).
  const names =
    key.indices.rank === 1
      ? (['values', 'indices', 'denseShape'] as const)
      : (['indices', 'values', 'denseShape'] as const);
  const parts = Array.isArray(value) ? value : names.map((name) => (value as Record<string, unknown>)[name]);
  for (let i = 0; i < names.length; i++) {
    const tensor = key[names[i]];
    const part = parts[i];
    if (part === undefined || part === null || tensor === null) continue;
    // A shape that is a constant of the graph is not fed: it is there already.
    if (names[i] === 'denseShape' && constantValue(tensor)) continue;
    yield [tensor, part];
  }
}

function parseFeed(graph: Graph, key: unknown, value: unknown, backend: Backend | null): Feed {
  const tensor = feedTensor(graph, key);
  if (value instanceof Tensor) {
    throw new TypeError(
      `The value of a feed cannot be a tf.Tensor object. Acceptable feed values include numbers, strings, booleans, nested arrays of them, typed arrays, NdArrays and tfjs tensors. For reference, the tensor object was ${value} which was passed to the argument \`feed_dict\` with key ${String(key)}.`,
    );
  }
  checkRange(value, tensor.dtype);
  const fed = convert(value, tensor.dtype, backend);
  const shape = (fed.device ?? (fed.host as NdArray)).shape as KnownShape;
  const problem = !isCompatible(tensor.shape, shape)
    ? `Cannot feed value of shape ${formatShape(shape)} for Tensor ${tensor.name}, which has shape ${formatShape(tensor.shape)}`
    : graph.isFeedable(tensor)
      ? null
      : `Tensor ${tensor.name} may not be fed.`;
  if (problem) {
    if (fed.device) backend?.dispose(fed.device.dataId);
    throw new ValueError(problem);
  }
  return { endpoint: tensor.endpoint, dtype: tensor.dtype, shape, device: fed.device, host: fed.host };
}

/** The tensor that a key of a feed names. Throws `TypeError` where it names none of this graph. */
export function feedTensor(graph: Graph, key: unknown): Tensor {
  try {
    return graph.asGraphElement(key as GraphElementLike, true, false) as Tensor;
  } catch (error) {
    throw new TypeError(`Cannot interpret feed_dict key as Tensor: ${(error as Error).message}`);
  }
}

function checkRange(value: unknown, dtype: DType): void {
  if (!dtype.isInteger && dtype !== bool) return;
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return;
  const [min, max] = dtype === bool ? [0, 1] : [dtype.min, dtype.max];
  if (value >= min && value <= max) return;
  throw new TypeError(
    `Type of feed value ${value} with type <class 'int'> is not compatible with Tensor type <class 'numpy.${dtype.name}'>. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).`,
  );
}

function convert(value: unknown, dtype: DType, backend: Backend | null): FeedValue {
  if (value instanceof NdArray && value.dtype === dtype) return { device: null, host: value };
  if (!isTfjsTensor(value)) return { device: null, host: toHost(value as ArrayValue, dtype) };
  if (value.isDisposed) throw new ValueError('A tfjs tensor that was disposed cannot be fed.');
  const own = asDType(value.dtype);
  if (own === dtype && deviceTypes.has(dtype) && backend?.owns(value.dataId)) {
    backend.incRef(value.dataId);
    return { device: { dataId: value.dataId, shape: value.shape, dtype: value.dtype }, host: null };
  }
  // Through the engine, since `dataSync` decodes strings.
  const data = own === string ? engine().readSync(value.dataId) : value.dataSync();
  const array = new NdArray(own, value.shape, data as Data);
  return { device: null, host: dtype === bool ? truthOf(array) : toNdArray(array, dtype) };
}

function toHost(value: ArrayValue, dtype: DType): NdArray {
  // As NumPy has it, a number is a truth value: `[[learningPhase, 1]]`.
  if (dtype === bool && value !== true && value !== false) return truthOf(toNdArray(value));
  return toNdArray(value, dtype, null, 'throw');
}

/** Numbers as truth values: all but zero are true. Throws for what is neither numbers nor truth values. */
function truthOf(array: NdArray): NdArray {
  if (!array.dtype.isInteger && !array.dtype.isFloating) return toNdArray(array, bool);
  return new NdArray(
    bool,
    array.shape,
    Uint8Array.from(array.data as ArrayLike<number>, (v) => (Number(v) === 0 ? 0 : 1)),
  );
}

/** Also tensors of another copy of tfjs-core: those are copied. */
function isTfjsTensor(value: unknown): value is TfjsTensor {
  if (value instanceof TfjsTensor) return true;
  return typeof value === 'object' && value !== null && 'dataId' in value && 'dataSync' in value;
}
