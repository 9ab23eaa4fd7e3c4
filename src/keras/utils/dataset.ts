/**
 * `Dataset`: a lazy stream of elements that can be passed over again and again, with what is known of its length and
 * batches. It stands where Keras takes a `tf.data.Dataset`; reading files and training are left to others.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { row, rowCount, stackRows } from './rows.ts';
import { shuffleBuffers } from './shuffle-buffer.ts';
import { anySeed } from './shuffle-source.ts';

/** What a dataset of arrays yields: an array, or a list or an object of such. */
export type DatasetElement = NdArray | readonly DatasetElement[] | { readonly [key: string]: DatasetElement };

export interface DatasetInfo {
  /** The number of elements (of batches, where they are batches); null where it is not known. */
  readonly length?: number | null;
  /** How many samples an element holds, the last one perhaps fewer; null where elements are samples. */
  readonly batchSize?: number | null;
}

export interface ShuffleOptions {
  /** Made up anew without it. */
  readonly seed?: number | null;
  /** Whether each pass has an order of its own; true without it. */
  readonly reshuffleEachIteration?: boolean;
}

type Source<T> = Iterable<T> | AsyncIterable<T>;

/** One pass of a transformation: what comes out for each element that goes in, and at the end. */
interface Pass<A, B> {
  push(element: A): Iterable<B>;
  rest?(): Iterable<B>;
  /** Whether nothing more is wanted. */
  done?(): boolean;
}

/**
 * Elements in order, by `for … of`, or by `for await … of` where the source is asynchronous (which works for all).
 *
 *     const data = tf.keras.utils.Dataset.fromTensorSlices([x, y]).shuffle(1000, {seed: 1}).batch(32);
 *     for (const [images, labels] of data) …
 */
export class Dataset<T = DatasetElement> implements Iterable<T>, AsyncIterable<T> {
  readonly length: number | null;
  readonly batchSize: number | null;
  private readonly source: Source<T>;

  /** @param source anything that starts anew when it is iterated again: an array, another dataset */
  constructor(source: Source<T>, info: DatasetInfo = {}) {
    this.source = source;
    this.length = info.length ?? (Array.isArray(source) ? source.length : null);
    this.batchSize = info.batchSize ?? null;
  }

  /** The elements that a generator function yields; it is called for each pass. */
  static fromGenerator<T>(
    generator: () => Source<T>,
    info: DatasetInfo & { readonly async?: boolean } = {},
  ): Dataset<T> {
    const source: Source<T> = info.async
      ? { [Symbol.asyncIterator]: () => asyncIteratorOf(generator()) }
      : { [Symbol.iterator]: () => (generator() as Iterable<T>)[Symbol.iterator]() };
    return new Dataset<T>(source, info);
  }

  /**
   * The rows of an array; for a list or an object of arrays the lists or objects of their rows. Throws `ValueError` where
   * they differ in length.
   */
  static fromTensorSlices(value: NdArray): Dataset<NdArray>;
  static fromTensorSlices<const V extends readonly NdArray[]>(value: V): Dataset<{ -readonly [K in keyof V]: NdArray }>;
  static fromTensorSlices<V extends Readonly<Record<string, NdArray>>>(value: V): Dataset<{ [K in keyof V]: NdArray }>;
  static fromTensorSlices(value: DatasetElement): Dataset<DatasetElement>;
  static fromTensorSlices(value: DatasetElement): Dataset<DatasetElement> {
    const counts = leavesOf(value).map(rowCount);
    const length = counts[0] ?? 0;
    if (counts.some((count) => count !== length)) {
      throw new ValueError(`Dimensions ${length} and ${counts.find((count) => count !== length)} are not compatible`);
    }
    return Dataset.fromGenerator(
      function* () {
        for (let i = 0; i < length; i++) yield mapLeaves(value, (array) => row(array, i));
      },
      { length },
    );
  }

  /** Reads a whole source, asynchronous ones too, into memory. */
  static async collect<T>(source: Source<T>, info: DatasetInfo = {}): Promise<Dataset<T>> {
    const elements: T[] = [];
    for await (const element of source) elements.push(element);
    const { batchSize = source instanceof Dataset ? source.batchSize : null } = info;
    return new Dataset<T>(elements, { batchSize });
  }

  /** Whether it can be read by `for await` only. */
  get isAsync(): boolean {
    return isAsyncSource(this.source);
  }

  [Symbol.iterator](): Iterator<T> {
    const { source } = this;
    if (isAsyncSource(source)) {
      throw new TypeError('The dataset reads an asynchronous source: iterate over it with `for await`.');
    }
    return (source as Iterable<T>)[Symbol.iterator]();
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return asyncIteratorOf(this.source);
  }

  private through<B>(pass: () => Pass<T, B>, info: DatasetInfo): Dataset<B> {
    const { source } = this;
    if (!isAsyncSource(source)) {
      return Dataset.fromGenerator(() => passOver(source as Iterable<T>, pass()), info);
    }
    return Dataset.fromGenerator(() => passOverAsync(source, pass()), { ...info, async: true });
  }

  /** What the function makes of each element. */
  map<B>(change: (element: T) => B): Dataset<B> {
    return this.through(() => ({ push: (element) => [change(element)] }), this);
  }

  /** The first `count` elements. */
  take(count: number): Dataset<T> {
    const length = this.length === null ? null : Math.min(this.length, count);
    return this.through(
      () => {
        let left = count;
        return { push: (element) => (left-- > 0 ? [element] : []), done: () => left <= 0 };
      },
      { length, batchSize: this.batchSize },
    );
  }

  /** All elements but the first `count`. */
  skip(count: number): Dataset<T> {
    const length = this.length === null ? null : Math.max(this.length - count, 0);
    return this.through(
      () => {
        let left = count;
        return { push: (element) => (left-- > 0 ? [] : [element]) };
      },
      { length, batchSize: this.batchSize },
    );
  }

  /**
   * The elements in a random order: of the next `bufferSize` any may come first. The order is `tf.data`'s under the same
   * seed (and the default graph's seed, where it has one).
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    if (!(bufferSize >= 1)) throw new ValueError('`buffer_size` must be greater than zero.');
    const buffers = shuffleBuffers<T>(
      bufferSize,
      [getDefaultGraph().seed ?? 87654321, options.seed ?? anySeed()],
      options.reshuffleEachIteration ?? true,
    );
    return this.through(buffers, this);
  }

  /** Batches of `batchSize` elements, stacked; numbers become float32. */
  batch(
    batchSize: number,
    options: { readonly dropRemainder?: boolean } = {},
  ): Dataset<T extends number ? NdArray : T> {
    const { dropRemainder = false } = options;
    if (!(batchSize >= 1)) throw new ValueError('`batch_size` must be greater than zero.');
    const round = dropRemainder ? Math.floor : Math.ceil;
    const length = this.length === null ? null : round(this.length / batchSize);
    type Batch = T extends number ? NdArray : T;
    return this.through<Batch>(
      () => {
        let held: T[] = [];
        const flush = (): Batch[] => {
          const batch = held;
          held = [];
          return batch.length === 0 ? [] : [stackElements(batch as readonly DatasetElement[]) as Batch];
        };
        return {
          push: (element) => (held.push(element) === batchSize ? flush() : []),
          rest: () => (dropRemainder ? [] : flush()),
        };
      },
      { length, batchSize },
    );
  }

  /** The samples of the batches. */
  unbatch(): Dataset<T> {
    return this.through<T>(() => ({ push: samplesOf<T> }), {});
  }

  /** All elements, in an array. */
  toArray(): T[] {
    return [...this];
  }
}

function* samplesOf<T>(batch: T): Iterable<T> {
  const element = batch as DatasetElement;
  const length = Math.min(...leavesOf(element).map(rowCount));
  for (let i = 0; i < length; i++) yield mapLeaves(element, (array) => row(array, i)) as T;
}

function isAsyncSource<T>(source: Source<T>): source is AsyncIterable<T> {
  return source instanceof Dataset ? source.isAsync : !(Symbol.iterator in source);
}

function asyncIteratorOf<T>(source: Source<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in source && isAsyncSource(source)) return source[Symbol.asyncIterator]();
  return (async function* () {
    yield* source as Iterable<T>;
  })();
}

function* passOver<A, B>(source: Iterable<A>, pass: Pass<A, B>): Generator<B> {
  if (pass.done?.()) return;
  for (const element of source) {
    yield* pass.push(element);
    if (pass.done?.()) break;
  }
  if (pass.rest) yield* pass.rest();
}

async function* passOverAsync<A, B>(source: AsyncIterable<A>, pass: Pass<A, B>): AsyncGenerator<B> {
  if (pass.done?.()) return;
  for await (const element of source) {
    yield* pass.push(element);
    if (pass.done?.()) break;
  }
  if (pass.rest) yield* pass.rest();
}

/** The arrays of an element, in order. Elements nest by hand: a few levels at most. */
export function leavesOf(element: DatasetElement): NdArray[] {
  if (element instanceof NdArray) return [element];
  return Object.values(element).flatMap(leavesOf);
}

/** The same lists and objects with other arrays. */
export function mapLeaves(element: DatasetElement, change: (array: NdArray) => NdArray): DatasetElement {
  if (element instanceof NdArray) return change(element);
  if (isList(element)) return element.map((part) => mapLeaves(part, change));
  if (typeof element !== 'object' || element === null) return change(toNdArray(element as ArrayValue));
  return Object.fromEntries(Object.entries(element).map(([key, part]) => [key, mapLeaves(part, change)]));
}

function isList(element: DatasetElement): element is readonly DatasetElement[] {
  return Array.isArray(element);
}

/** The corresponding arrays of elements, stacked. */
export function stackElements(elements: readonly DatasetElement[]): DatasetElement {
  const leaves = elements.map((element) => leavesOf(mapLeaves(element, (array) => array)));
  let next = 0;
  return mapLeaves(elements[0], () => {
    const position = next++;
    return stackRows(leaves.map((arrays) => arrays[position]));
  });
}
