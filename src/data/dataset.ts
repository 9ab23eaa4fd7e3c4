/**
 * `tf.data.Dataset`: recipes for elements, as tensors of a graph. Positions in them are `iterator.ts`'s; datasets for `fit`,
 * which need no graph, are in `tf.keras.utils`.
 */
import type { Tensor } from '../graph/graph.ts';
import { convertToTensor, emit, emitOne } from '../ops/emit.ts';
import { emitCall } from '../ops/functions.ts';
import { constantValue } from '../ops/static-value.ts';
import { bind, isOptions, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, bool, type DType, type DTypeLike, int64, string } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { type Dim, type ShapeLike, TensorShape } from '../util/shape.ts';
import type {
  BatchOptions,
  CacheOptions,
  EnumerateOptions,
  InterleaveOptions,
  MapOptions,
  PaddedBatchOptions,
  RangeDatasetOptions,
  RepeatOptions,
  SharedNameOption,
  ShuffleDatasetOptions,
} from './dataset-options.ts';
import { build, checkLengths, commonSpec, normalize, paddingOf, scalar, seeds } from './dataset-parts.ts';
import { argumentsOf, type DatasetFunction, datasetFunction, type ElementArguments, isDataset } from './functions.ts';
import { type FromGeneratorOptions, type Generated, generatorVariant, signatureOf } from './generator.ts';
import { flatSpec, Iterator, iteratorHandle, mapSpecs } from './iterator.ts';
import { reduced, scanned } from './reductions.ts';
import {
  ComponentSpec,
  type ComponentsLike,
  describe,
  type ElementOf,
  flatten,
  isStructure,
  pack,
  type Structure,
} from './structure.ts';

/** Datasets in any nesting of lists and objects. */
export type Datasets = Dataset<unknown> | readonly Datasets[] | { readonly [key: string]: Datasets };

/** The element that datasets side by side make. */
export type ZippedElement<D> = D extends Dataset<infer E> ? E : { -readonly [K in keyof D]: ZippedElement<D[K]> };

/**
 * A recipe for a sequence of elements, each a tensor or a structure of tensors. It is part of the graph: a session makes
 * elements from it where an iterator asks for them.
 *
 *     const dataset = tf.data.Dataset.fromTensorSlices([images, labels]).shuffle(1000, 7).repeat().batch(32);
 *     const iterator = tf.data.makeInitializableIterator(dataset);
 *     const [x, y] = iterator.getNext();
 *
 * A list that holds tensors, `NdArray`s or objects (`[images, labels]`) is a structure, as a tuple is in Python; a list of
 * numbers or of typed arrays is one tensor.
 */
export class Dataset<E = Structure<Tensor>> {
  /** The dataset as a tensor of type `variant`. */
  readonly variant: Tensor;
  /** The types and shapes of the components, in the structure of an element. */
  readonly spec: Structure<ComponentSpec>;
  /** Says to the types what an element is; there is no value. */
  declare readonly element: E;

  protected constructor(variant: Tensor, spec: Structure<ComponentSpec>) {
    this.variant = variant;
    this.spec = spec;
  }

  /**
   * The numbers from 0, or a start, to before a stop, `step` apart: `range(stop)`, `range(start, stop)`,
   * `range(start, stop, step)`. A run that starts an iterator with a step of 0 rejects with `InvalidArgumentError`.
   */
  static range(...args: readonly (TensorLike | RangeDatasetOptions)[]): Dataset<Tensor> {
    const last = args[args.length - 1];
    const { outputType } = isOptions(last) ? (last as RangeDatasetOptions) : { outputType: null };
    const numbers = (isOptions(last) ? args.slice(0, -1) : args) as readonly TensorLike[];
    if (numbers.length < 1 || numbers.length > 3) {
      throw new ValueError(
        `Invalid \`args\`. The length of \`args\` should be between 1 and 3 but was ${numbers.length}.`,
      );
    }
    const [start, stop, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
    const spec = new ComponentSpec(outputType == null ? int64 : asDType(outputType), []);
    return build(numbers, () => {
      const inputs = [scalar(start, 'start'), scalar(stop, 'stop'), scalar(step, 'step')];
      return new Dataset<Tensor>(emitOne('RangeDataset', inputs, flatSpec(spec)), spec);
    });
  }

  /** One element: the tensors as they are. */
  static fromTensors<const S extends ComponentsLike>(tensors: S): Dataset<ElementOf<S>> {
    return build([tensors], () => {
      const components = normalize(tensors);
      const spec = pack(
        tensors,
        components.map(({ dtype, shape }) => new ComponentSpec(dtype, shape)),
        isStructure,
      );
      const variant = emitOne('TensorDataset', [components], { output_shapes: flatSpec(spec).output_shapes });
      return new Dataset<ElementOf<S>>(variant, spec);
    });
  }

  /**
   * An element for each row: the tensors are cut along their first axis, which must be of one length. Throws `ValueError`
   * where it is known not to be, and for scalars.
   */
  static fromTensorSlices<const S extends ComponentsLike>(tensors: S): Dataset<ElementOf<S>> {
    return build([tensors], () => {
      const components = normalize(tensors);
      if (components.length === 0) throw new ValueError('Invalid `element`. `element` should not be empty.');
      if (components.some(({ rank }) => rank === 0)) {
        throw new ValueError('Unbatching a tensor is only supported for rank >= 1');
      }
      checkLengths(components.map(({ shape }) => shape?.[0] ?? null));
      const spec = pack(
        tensors,
        components.map(({ dtype, shape }) => new ComponentSpec(dtype, shape?.slice(1) ?? null)),
        isStructure,
      );
      const variant = emitOne('TensorSliceDataset', [components], { output_shapes: flatSpec(spec).output_shapes });
      return new Dataset<ElementOf<S>>(variant, spec);
    });
  }

  /**
   * Elements side by side, in the structure of the datasets, until the shortest ends: `zip([a, b])`, `zip({x: a, y: b})` or
   * `zip(a, b)`.
   */
  static zip<const D extends Datasets>(datasets: D): Dataset<ZippedElement<D>>;
  static zip<const D extends readonly [Datasets, Datasets, ...Datasets[]]>(...datasets: D): Dataset<ZippedElement<D>>;
  static zip(...args: readonly Datasets[]): Dataset<unknown> {
    const structure = (args.length === 1 ? args[0] : args) as Structure<Dataset>;
    const datasets = flatten<Dataset>(structure);
    for (const dataset of datasets) {
      if (dataset instanceof Dataset) continue;
      throw new TypeError(
        `Invalid input to \`zip\`. Inputs are expected to be (nested) structures of \`tf.data.Dataset\` objects but encountered object of type ${typeof dataset}.`,
      );
    }
    const spec = pack(
      structure,
      datasets.map((dataset) => dataset.spec),
    ) as Structure<ComponentSpec>;
    const variants = datasets.map(({ variant }) => variant);
    return build(variants, () => new Dataset<unknown>(emitOne('ZipDataset', [variants], flatSpec(spec)), spec));
  }

  /**
   * What a generator function gives, a value for each element, in the structure of `outputTypes`; the function may be
   * asynchronous. Each pass calls it anew, with the values of `args` as `NdArray`s. A generator that a pass leaves before its
   * end is ended with `return`. Throws `TypeError` without types; a run rejects with `InvalidArgumentError` for a value that
   * does not fit them. Runs wait for an asynchronous generator: `runSync` refuses. The dataset lives as long as the graph; a
   * graph that was read from a file has no generator.
   *
   *     const dataset = tf.data.Dataset.fromGenerator(function* () {
   *       for (let i = 0; i < 3; i++) yield [i, `number ${i}`];
   *     }, [tf.int32, tf.string], [[], []]);
   */
  static fromGenerator<E = Structure<Tensor>>(
    generator: (...args: never[]) => Generated,
    ...rest: Rest<
      [
        outputTypes: Structure<DTypeLike> | null,
        outputShapes: Structure<ShapeLike> | null,
        args: readonly TensorLike[] | null,
        outputSignature: FromGeneratorOptions['outputSignature'],
      ],
      FromGeneratorOptions
    >
  ): Dataset<E> {
    const given = bind<FromGeneratorOptions>(['outputTypes', 'outputShapes', 'args', 'outputSignature'], rest);
    if (typeof generator !== 'function') throw new TypeError('`generator` must be a Python callable.');
    const spec = signatureOf(given);
    return build([...(given.args ?? [])], () => {
      const args = (given.args ?? []).map((arg, i) => convertToTensor(arg, { name: `args_${i}` }));
      const dummy: Dataset<unknown> = Dataset.fromTensors(Int32Array.of(0)[0]);
      return dummy.flatMap((value) => new Dataset<E>(generatorVariant(value as Tensor, generator, spec, args), spec));
    });
  }

  /** The types of the components, in the structure of an element. */
  get outputTypes(): Structure<DType> {
    return mapSpecs(this.spec, ({ dtype }) => dtype);
  }
  /** The shapes of the components, in the structure of an element. */
  get outputShapes(): Structure<TensorShape> {
    return mapSpecs(this.spec, ({ shape }) => new TensorShape(shape));
  }

  /** The elements `count` times over; for ever without a count or with a negative one. */
  repeat(...rest: Rest<[count: TensorLike | null], RepeatOptions>): Dataset<E> {
    const { count } = bind<RepeatOptions>(['count'], rest);
    return this.derived('RepeatDataset', () => [scalar(count ?? -1, 'count')]);
  }

  /** The first `count` elements; all where it is negative. */
  take(count: TensorLike): Dataset<E> {
    return this.derived('TakeDataset', () => [scalar(count, 'count')]);
  }

  /** The elements without the first `count`; none where it is negative. */
  skip(count: TensorLike): Dataset<E> {
    return this.derived('SkipDataset', () => [scalar(count, 'count')]);
  }

  /**
   * Elements stacked along a new first axis, `batchSize` at a time; the last batch may hold fewer. The runs reject with
   * `InvalidArgumentError` where elements differ in shape.
   */
  batch(batchSize: TensorLike, ...rest: Rest<[dropRemainder: TensorLike], BatchOptions>): Dataset<E> {
    const { dropRemainder = false } = bind<BatchOptions>(['dropRemainder'], rest);
    return build([this.variant, batchSize, dropRemainder], () => {
      const size = scalar(batchSize, 'batch_size');
      const drop = convertToTensor(dropRemainder, { dtype: bool, name: 'drop_remainder' });
      const known = constantValue(drop)?.data[0] ? constantValue(size) : null;
      const rows: Dim = known ? Number(known.data[0]) : null;
      const spec = pack(
        this.spec,
        flatten<ComponentSpec>(this.spec).map(({ dtype, shape }) => {
          return new ComponentSpec(dtype, shape === null ? null : [rows, ...shape]);
        }),
      );
      return new Dataset<E>(emitOne('BatchDatasetV2', [this.variant, size, drop], flatSpec(spec)), spec);
    });
  }

  /**
   * The elements in a random order: each is drawn from a buffer of `bufferSize`, which the next one then joins. With a seed
   * (or that of the graph) it is the order that TensorFlow has.
   */
  shuffle(
    bufferSize: TensorLike,
    ...rest: Rest<[seed: number | Tensor | null, reshuffleEachIteration: boolean | null], ShuffleDatasetOptions>
  ): Dataset<E> {
    const given = bind<ShuffleDatasetOptions>(['seed', 'reshuffleEachIteration'], rest);
    const attrs = { reshuffle_each_iteration: given.reshuffleEachIteration ?? true };
    return this.derived(
      'ShuffleDataset',
      () => [scalar(bufferSize, 'buffer_size'), ...seeds(given.seed ?? null)],
      attrs,
    );
  }

  /** The elements, then those of another dataset of the same types. Throws `TypeError` where these differ. */
  concatenate(dataset: Dataset<E>): Dataset<E> {
    const spec = commonSpec(this.spec, dataset.spec);
    const inputs = [this.variant, dataset.variant];
    return build(inputs, () => new Dataset<E>(emitOne('ConcatenateDataset', inputs, flatSpec(spec)), spec));
  }

  /**
   * What a function gives for each element: it is called once, to build the ops, with tensors that stand for an element (the
   * parts of a list one by one), and returns a tensor or a structure of tensors. It may use tensors and variables from around
   * it: variables are read anew for each element. Seeded random ops start anew with each start of an iterator. With
   * `numParallelCalls` the graph says so; calls are made one after the other all the same. Throws `TypeError` for what is no
   * function, or gives what is no tensor.
   *
   *     const dataset = tf.data.Dataset.fromTensorSlices([x, y]).map((x, y) => ({x: x.div(255), y}));
   */
  map<const R extends ComponentsLike>(
    mapFunc: (...args: ElementArguments<E>) => R,
    ...rest: Rest<[numParallelCalls: TensorLike | null, deterministic: boolean | null], MapOptions>
  ): Dataset<ElementOf<R>> {
    const { numParallelCalls, deterministic } = bind<MapOptions>(['numParallelCalls', 'deterministic'], rest);
    return this.calling('Dataset.map', mapFunc, (called) => {
      const spec = called.spec ?? unsupported('Dataset.map', called.result);
      const inputs = [this.variant, [...called.captured]];
      const attrs = { f: called.fn, ...flatSpec(spec) };
      const variant =
        numParallelCalls == null
          ? emitCall('MapDataset', inputs, attrs, [called.body], 'MapDataset')
          : emitCall(
              'ParallelMapDatasetV2',
              [...inputs, scalar(numParallelCalls, 'num_parallel_calls')],
              { ...attrs, deterministic: named(deterministic) },
              [called.body],
              'ParallelMapDatasetV2',
            );
      return new Dataset<ElementOf<R>>(variant.output(0), spec);
    });
  }

  /**
   * The elements for which a function, called as by `map`, gives true: a bool scalar. Throws `ValueError` for another result.
   *
   *     tf.data.Dataset.range(10).filter((x) => x.mod(2n).equal(0n))
   */
  filter(predicate: (...args: ElementArguments<E>) => Tensor): Dataset<E> {
    return this.chosen('Dataset.filter', 'FilterDataset', predicate);
  }

  /** The elements before the first for which a function gives false. Errors as for `filter`. */
  takeWhile(predicate: (...args: ElementArguments<E>) => Tensor): Dataset<E> {
    return this.chosen('Dataset.take_while', 'TakeWhileDataset', predicate);
  }

  /**
   * The elements of the datasets that a function, called as by `map`, gives for each element, one dataset after the other.
   * Throws `TypeError` where it gives no dataset.
   *
   *     tf.data.Dataset.fromTensorSlices([[1, 2], [3, 4]]).flatMap((row) => tf.data.Dataset.fromTensorSlices(row))
   */
  flatMap<R>(mapFunc: (...args: ElementArguments<E>) => Dataset<R>): Dataset<R> {
    return this.calling('Dataset.flat_map', mapFunc, (called) => {
      const { spec } = givenDataset(called);
      const inputs = [this.variant, [...called.captured]];
      const attrs = { f: called.fn, ...flatSpec(spec) };
      return new Dataset<R>(emitCall('FlatMapDataset', inputs, attrs, [called.body], 'FlatMapDataset').output(0), spec);
    });
  }

  /**
   * As `flatMap`, with the elements of `cycleLength` datasets in turn, `blockLength` of each; a dataset that has ended leaves
   * its place to the next one. Without a cycle length there are four.
   *
   *     names.interleave((name) => new tf.data.TextLineDataset(name), 4, 16)
   */
  interleave<R>(
    mapFunc: (...args: ElementArguments<E>) => Dataset<R>,
    ...rest: Rest<
      [
        cycleLength: TensorLike | null,
        blockLength: TensorLike | null,
        numParallelCalls: TensorLike | null,
        deterministic: boolean | null,
      ],
      InterleaveOptions
    >
  ): Dataset<R> {
    const given = bind<InterleaveOptions>(['cycleLength', 'blockLength', 'numParallelCalls', 'deterministic'], rest);
    const { numParallelCalls = null } = given;
    return this.calling('Dataset.interleave', mapFunc, (called) => {
      const { spec } = givenDataset(called);
      const inputs = [
        this.variant,
        [...called.captured],
        scalar(given.cycleLength ?? -1, 'cycle_length'),
        scalar(given.blockLength ?? 1, 'block_length'),
      ];
      const attrs = { f: called.fn, ...flatSpec(spec) };
      const type = numParallelCalls === null ? 'InterleaveDataset' : 'ParallelInterleaveDatasetV4';
      const parallel = (): Tensor[] => [
        scalar(-1, 'buffer_output_elements'),
        scalar(-1, 'prefetch_input_elements'),
        scalar(numParallelCalls as TensorLike, 'num_parallel_calls'),
      ];
      const op = emitCall(
        type,
        numParallelCalls === null ? inputs : [...inputs, ...parallel()],
        numParallelCalls === null ? attrs : { ...attrs, deterministic: named(given.deterministic) },
        [called.body],
        type,
      );
      return new Dataset<R>(op.output(0), spec);
    });
  }

  /**
   * What is left of a state after all elements: a function takes the state and an element to the next state, which must have
   * the structure and types of the first one: `TypeError` if not.
   *
   *     const sum = tf.data.Dataset.range(5).reduce(0n, (sum, x) => sum.add(x));
   */
  reduce<const S extends ComponentsLike>(
    initialState: S,
    reduceFunc: (state: ElementOf<S>, element: E) => ComponentsLike,
  ): ElementOf<S> {
    return build([this.variant, initialState], () =>
      reduced(this.variant, this.spec, initialState, reduceFunc as (...args: never[]) => unknown),
    ) as ElementOf<S>;
  }

  /**
   * What a function makes of each element and a state: it gives a pair of the next state and an element. The state keeps its
   * structure and types: `TypeError` if not.
   *
   *     const sums = tf.data.Dataset.range(5).scan(0n, (sum, x) => [sum.add(x), sum.add(x)]);
   */
  scan<const S extends ComponentsLike, const R extends ComponentsLike>(
    initialState: S,
    scanFunc: (state: ElementOf<S>, element: E) => readonly [ComponentsLike, R],
  ): Dataset<ElementOf<R>> {
    return build([this.variant, initialState], () => {
      const func = scanFunc as (...args: never[]) => unknown;
      const { variant, spec } = scanned(this.variant, this.spec, initialState, func);
      return new Dataset<ElementOf<R>>(variant, spec);
    });
  }

  /** What a function gives for this dataset: a way to write one's own methods in a chain. */
  apply<R>(transformationFunc: (dataset: Dataset<E>) => R): R {
    return transformationFunc(this);
  }

  /** The elements as they are. TensorFlow makes so many beforehand; here each is made when it is asked for. */
  prefetch(bufferSize: TensorLike | null): Dataset<E> {
    const attrs = { legacy_autotune: bufferSize === null || bufferSize === -1 };
    const { graph } = this.variant;
    return build([this.variant], () => {
      const size = scalar(bufferSize ?? -1, 'buffer_size');
      const op = graph.colocateWith(this.variant, false, () =>
        emitOne('PrefetchDataset', [this.variant, size], { ...attrs, ...flatSpec(this.spec) }),
      );
      return new Dataset<E>(op, this.spec);
    });
  }

  /** Of each `numShards` elements that with the number `index`. Throws `ValueError` for an index that is no shard's. */
  shard(numShards: TensorLike, index: TensorLike): Dataset<E> {
    return this.derived('ShardDataset', () => [scalar(numShards, 'num_shards'), scalar(index, 'index')]);
  }

  /**
   * The elements, kept in memory by the first pass that comes to the end: later passes take those. With a file name a run
   * rejects with `UnimplementedError`.
   */
  cache(...rest: Rest<[filename: TensorLike], CacheOptions>): Dataset<E> {
    const { filename = '' } = bind<CacheOptions>(['filename'], rest);
    return this.derived('CacheDataset', () => [convertToTensor(filename, { dtype: string, name: 'filename' })]);
  }

  /** Pairs of a number, from `start` on, and an element. */
  enumerate(...rest: Rest<[start: TensorLike], EnumerateOptions>): Dataset<[index: Tensor, element: E]> {
    const { start = 0 } = bind<EnumerateOptions>(['start'], rest);
    const spec = new ComponentSpec(int64, []);
    return build([this.variant], () => {
      const bounds = [scalar(start, 'start'), scalar(2n ** 63n - 1n, 'stop'), scalar(1, 'step')];
      const numbers = emitOne('RangeDataset', bounds, { ...flatSpec(spec), replicate_on_split: true });
      const pairs = [new Dataset<Tensor>(numbers, spec), this] as const;
      return Dataset.zip(pairs) as unknown as Dataset<[index: Tensor, element: E]>;
    });
  }

  /**
   * As `batch`, for elements of different shapes, which are filled up: to `paddedShapes`, in the structure of an element, where
   * null stands for the largest size in the batch; without them, where sizes are not known. What with, `paddingValues` says:
   * one value, or one for each component; zeros and empty strings without it.
   *
   *     sequences.paddedBatch(32, [null])
   */
  paddedBatch(
    batchSize: TensorLike,
    ...rest: Rest<[paddedShapes: unknown, paddingValues: unknown, dropRemainder: TensorLike], PaddedBatchOptions>
  ): Dataset<E> {
    const given = bind<PaddedBatchOptions>(['paddedShapes', 'paddingValues', 'dropRemainder'], rest);
    return build([this.variant, batchSize], () => {
      const size = scalar(batchSize, 'batch_size');
      const { shapes, values, rows } = paddingOf(this.spec, given.paddedShapes, given.paddingValues);
      const drop = convertToTensor(given.dropRemainder ?? false, { dtype: bool, name: 'drop_remainder' });
      const known = constantValue(drop)?.data[0] ? constantValue(size) : null;
      const count: Dim = known ? Number(known.data[0]) : null;
      const spec = pack(
        this.spec,
        flatten<ComponentSpec>(this.spec).map(({ dtype }, i) => {
          const row = rows[i];
          return new ComponentSpec(dtype, row === null ? null : [count, ...row]);
        }),
      );
      const { output_shapes } = flatSpec(spec);
      const variant = emitOne('PaddedBatchDatasetV2', [this.variant, size, shapes, values, drop], { output_shapes });
      return new Dataset<E>(variant, spec);
    });
  }

  /** As `tf.data.makeInitializableIterator`. */
  makeInitializableIterator(...rest: Rest<[sharedName: string | null], SharedNameOption>): Iterator<E> {
    const { sharedName } = bind<SharedNameOption>(['sharedName'], rest);
    return makeInitializableIterator(this, sharedName ?? null);
  }

  /** As `tf.data.makeOneShotIterator`. */
  makeOneShotIterator(): Iterator<E> {
    return makeOneShotIterator(this);
  }

  /** All or nothing: a function of an element, and the dataset that is made with it. */
  private calling<R>(
    transformation: string,
    func: (...args: never[]) => unknown,
    make: (called: DatasetFunction) => R,
  ): R {
    return build([this.variant], () => make(datasetFunction(transformation, func, argumentsOf(this.spec))));
  }

  private chosen(transformation: string, type: string, predicate: (...args: never[]) => unknown): Dataset<E> {
    return this.calling(transformation, predicate, (called) => {
      const { spec } = called;
      if (!(spec instanceof ComponentSpec) || spec.dtype !== bool || (spec.shape !== null && spec.shape.length > 0)) {
        const shown = spec === null ? String(called.result) : describe(spec, String);
        throw new ValueError(
          `Invalid \`predicate\`. \`predicate\` must return a \`tf.bool\` scalar tensor, but its return type is ${shown}.`,
        );
      }
      const inputs = [this.variant, [...called.captured]];
      const attrs = { predicate: called.fn, ...flatSpec(this.spec) };
      return new Dataset<E>(emitCall(type, inputs, attrs, [called.body], type).output(0), this.spec);
    });
  }

  /** A dataset with the same structure, whose op takes this one and the inputs. */
  private derived(
    type: string,
    inputs: () => readonly Tensor[],
    attrs: Readonly<Record<string, boolean>> = {},
  ): Dataset<E> {
    return build([this.variant], () => {
      const variant = emitOne(type, [this.variant, ...inputs()], { ...attrs, ...flatSpec(this.spec) });
      return new Dataset<E>(variant, this.spec);
    });
  }

  toString(): string {
    return `<Dataset element_spec=${describe(this.spec, String)}>`;
  }
}

function unsupported(transformation: string, result: unknown): never {
  throw new TypeError(`Unsupported return value from function passed to ${transformation}(): ${String(result)}.`);
}

function givenDataset(called: DatasetFunction): { readonly spec: Structure<ComponentSpec> } {
  if (isDataset(called.result)) return called.result;
  const [first] = Array.isArray(called.result) ? ['tuple'] : [pythonTypeName(called.result)];
  throw new TypeError(`The \`map_func\` argument must return a \`Dataset\` object. Got <class '${first}'>.`);
}

/** As attributes hold a choice that may be left open. */
function named(choice: boolean | null | undefined): string {
  return choice == null ? 'default' : String(choice);
}

/**
 * An iterator that `iterator.initializer` starts, and starts anew; iterators of one shared name are one in each session.
 *
 *     const iterator = tf.data.makeInitializableIterator(tf.data.Dataset.range(3));
 *     const next = iterator.getNext();
 *     await sess.run(iterator.initializer);
 *     await sess.run(next)                          // 0n, then 1n, 2n, then OutOfRangeError
 */
export function makeInitializableIterator<E>(
  dataset: Dataset<E>,
  ...rest: Rest<[sharedName: string | null], SharedNameOption>
): Iterator<E> {
  const { sharedName } = bind<SharedNameOption>(['sharedName'], rest);
  const { graph } = dataset.variant;
  return build([dataset.variant], () =>
    graph.colocateWith(dataset.variant, false, () => {
      const handle = iteratorHandle(dataset.spec, sharedName);
      return new Iterator<E>(handle, emit('MakeIterator', [dataset.variant, handle]), dataset.spec);
    }),
  );
}

/**
 * An iterator that starts by itself, in each session once. The dataset must not depend on a placeholder: `ValueError`.
 * TensorFlow keeps the dataset of such an iterator in a function; here it is an input of an op of this library's own, so
 * that a graph with one cannot be loaded by TensorFlow.
 */
export function makeOneShotIterator<E>(dataset: Dataset<E>): Iterator<E> {
  refusePlaceholders(dataset.variant);
  return build([dataset.variant], () => {
    const handle = emitOne('_OneShotIterator', [dataset.variant], flatSpec(dataset.spec), 'OneShotIterator');
    return new Iterator<E>(handle, null, dataset.spec);
  });
}

function refusePlaceholders(variant: Tensor): void {
  const seen = new Set<number>();
  const stack = [variant.op];
  for (let op = stack.pop(); op; op = stack.pop()) {
    if (seen.has(op.id)) continue;
    seen.add(op.id);
    if (op.type === 'Placeholder' || op.type === 'PlaceholderV2') {
      throw new ValueError(`Cannot capture a placeholder (name:${op.name}, type:${op.type}) by value.`);
    }
    for (const input of op.inputs) stack.push(input.op);
  }
}

/** The types of the components of a dataset or an iterator, in the structure of an element. */
export function getOutputTypes(source: { readonly outputTypes: Structure<DType> }): Structure<DType> {
  return source.outputTypes;
}

/** The shapes of the components of a dataset or an iterator, in the structure of an element. */
export function getOutputShapes(source: { readonly outputShapes: Structure<TensorShape> }): Structure<TensorShape> {
  return source.outputShapes;
}
