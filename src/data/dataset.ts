/**
 * `tf.data.Dataset`: recipes for elements, as tensors of a graph. Positions in them are `iterator.ts`'s; datasets for `fit`,
 * which need no graph, are in `tf.keras.utils`.
 */
import type { Tensor } from '../graph/graph.ts';
import { equal, logicalAnd } from '../ops/comparison.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from '../ops/emit.ts';
import { getSeed } from '../ops/random.ts';
import { whereV2 } from '../ops/selection.ts';
import { constantValue } from '../ops/static-value.ts';
import { bind, isOptions, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, bool, type DType, type DTypeLike, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { type Dim, type Shape, TensorShape } from '../util/shape.ts';
import { flatSpec, Iterator, iteratorHandle, mapSpecs } from './iterator.ts';
import {
  assertSameStructure,
  ComponentSpec,
  type ComponentsLike,
  describe,
  type ElementOf,
  flatten,
  isStructure,
  pack,
  type Structure,
} from './structure.ts';

export interface RangeDatasetOptions {
  /** The type of the numbers; int64 without it. */
  readonly outputType?: DTypeLike | null;
}

export interface BatchOptions {
  /** Whether a last batch with fewer elements is left out; false without it. */
  readonly dropRemainder?: TensorLike;
}

export interface ShuffleDatasetOptions {
  readonly seed?: number | Tensor | null;
  /** Whether each pass of a repeated dataset has an order of its own; true without it. */
  readonly reshuffleEachIteration?: boolean | null;
}

interface RepeatOptions {
  readonly count?: TensorLike | null;
}
interface SharedNameOption {
  readonly sharedName?: string | null;
}

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

  private constructor(variant: Tensor, spec: Structure<ComponentSpec>) {
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
    return this.apply('RepeatDataset', () => [scalar(count ?? -1, 'count')]);
  }

  /** The first `count` elements; all where it is negative. */
  take(count: TensorLike): Dataset<E> {
    return this.apply('TakeDataset', () => [scalar(count, 'count')]);
  }

  /** The elements without the first `count`; none where it is negative. */
  skip(count: TensorLike): Dataset<E> {
    return this.apply('SkipDataset', () => [scalar(count, 'count')]);
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
    return this.apply('ShuffleDataset', () => [scalar(bufferSize, 'buffer_size'), ...seeds(given.seed ?? null)], attrs);
  }

  /** The elements, then those of another dataset of the same types. Throws `TypeError` where these differ. */
  concatenate(dataset: Dataset<E>): Dataset<E> {
    const spec = commonSpec(this.spec, dataset.spec);
    const inputs = [this.variant, dataset.variant];
    return build(inputs, () => new Dataset<E>(emitOne('ConcatenateDataset', inputs, flatSpec(spec)), spec));
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

  /** A dataset with the same structure, whose op takes this one and the inputs. */
  private apply(
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

/** All or nothing, on the graph of the inputs. */
function build<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(
    inputs.flatMap((input) => (isStructure(input) ? flatten<unknown>(input, isStructure) : [input])),
  );
  return graph.atomic(() => graph.asDefault(body));
}

function scalar(value: TensorLike, name: string): Tensor {
  return convertToTensor(value, { dtype: int64, name });
}

/** The components as tensors, values under TensorFlow's names for them. */
function normalize(components: ComponentsLike): Tensor[] {
  const leaves = flatten<TensorLike>(components as Structure<TensorLike>, isStructure);
  return opScope('normalize_element', 'normalize_element', leaves, () =>
    leaves.map((leaf, i) => convertToTensor(leaf, { name: `component_${i}` })),
  );
}

function checkLengths(lengths: readonly Dim[]): void {
  const [first] = lengths;
  const other = lengths.find((length) => first !== null && length !== null && length !== first);
  if (other !== undefined) throw new ValueError(`Dimensions ${first} and ${other} are not compatible`);
}

/** The two seeds as tensors; two zeros, which ask for any order, only where no seed is set. */
function seeds(asked: number | Tensor | null): [seed: Tensor, seed2: Tensor] {
  // A tensor stands for the seed that was asked for, beside that of the graph.
  const isTensor = asked !== null && typeof asked !== 'number';
  const [own, own2] = getSeed(isTensor ? 0 : asked);
  if (own === null) return [scalar(0, 'seed'), scalar(0, 'seed2')];
  const seed = scalar(own, 'seed');
  const seed2 = opScope('seed2', 'seed2', [seed], (scope) => {
    const given = isTensor ? asked : scalar(own2, 'Const');
    const isUnset = logicalAnd(equal(seed, 0n), equal(given, 0n));
    return whereV2(isUnset, scalar(2 ** 31 - 1, 'Const'), given, { name: scope });
  });
  return [seed, seed2];
}

function commonSpec(a: Structure<ComponentSpec>, b: Structure<ComponentSpec>): Structure<ComponentSpec> {
  try {
    assertSameStructure(a, b);
    const others = flatten<ComponentSpec>(b);
    const common = flatten<ComponentSpec>(a).map(({ dtype, shape }, i) => {
      if (dtype !== others[i].dtype) throw new TypeError(`No common supertype of ${dtype} and ${others[i].dtype}.`);
      return new ComponentSpec(dtype, commonShape(shape, others[i].shape));
    });
    return pack(a, common);
  } catch {
    const [first, second] = [a, b].map((spec) => describe(spec, String));
    throw new TypeError(`Incompatible dataset elements:\n  ${first} vs.   ${second}`);
  }
}

/** What both shapes have in common. */
function commonShape(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((size, axis) => (size === b[axis] ? size : null));
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
