/**
 * `tf.data.Iterator`: a position in a dataset that the session keeps. The datasets themselves are in `dataset.ts`.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { emit, emitOne } from '../ops/emit.ts';
import { bind, isOptions, type Rest } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, formatShape, isCompatible, type Shape, type ShapeLike, TensorShape } from '../util/shape.ts';
import { assertSameStructure, ComponentSpec, describe, flatten, pack, type Structure } from './structure.ts';

/** What an iterator can be started over. */
export interface DatasetLike {
  readonly variant: Tensor;
  readonly spec: Structure<ComponentSpec>;
}

export interface IteratorStructureOptions {
  /** The shapes of the components, in their structure; all unknown without it. */
  readonly outputShapes?: Structure<ShapeLike> | null;
  /** Iterators of one shared name are one in each session. */
  readonly sharedName?: string | null;
}

interface NameOption {
  readonly name?: string | null;
}

/**
 * A position in a dataset. Each session has its own: it starts with the run of the initializer, and is gone with the
 * session. Made by `tf.data.makeInitializableIterator`, by `tf.data.makeOneShotIterator`, or from a structure.
 *
 *     const iterator = tf.data.makeInitializableIterator(dataset);
 *     const [images, labels] = iterator.getNext();
 *     await sess.run(iterator.initializer);
 *     for (;;) await sess.run(trainStep);      // rejects with OutOfRangeError at the end
 *
 * A run that fails gives the elements that it took back.
 */
export class Iterator<E = Structure<Tensor>> {
  private readonly handle: Tensor;
  private readonly spec: Structure<ComponentSpec>;
  private readonly start: Operation | null;
  private readonly text: Tensor;

  /** For the functions that make iterators. */
  constructor(handle: Tensor, start: Operation | null, spec: Structure<ComponentSpec>) {
    this.handle = handle;
    this.start = start;
    this.spec = spec;
    this.text = emitOne('IteratorToStringHandle', [handle]);
  }

  /**
   * An iterator that `makeInitializer` starts over one dataset or another, all of this structure.
   *
   *     const iterator = tf.data.Iterator.fromStructure(tf.int64, []);
   *     const onTraining = iterator.makeInitializer(training);
   *     const onTest = iterator.makeInitializer(test);
   */
  static fromStructure<E = Structure<Tensor>>(
    outputTypes: Structure<DTypeLike>,
    ...rest: Rest<[outputShapes: Structure<ShapeLike> | null, sharedName: string | null], IteratorStructureOptions>
  ): Iterator<E> {
    const given = bind<IteratorStructureOptions>(['outputShapes', 'sharedName'], rest);
    const isNode = (value: unknown): value is readonly unknown[] => Array.isArray(value) || isOptions(value);
    const types = flatten<DTypeLike>(outputTypes, isNode).map(asDType);
    const shapes = given.outputShapes == null ? types.map(() => null) : shapesUpTo(outputTypes, given.outputShapes);
    const spec = pack(
      outputTypes,
      types.map((dtype, i) => new ComponentSpec(dtype, shapes[i])),
      isNode,
    );
    return getDefaultGraph().atomic(() => new Iterator<E>(iteratorHandle(spec, given.sharedName), null, spec));
  }

  /** The operation that starts the iterator anew. Throws `ValueError` for one that starts by itself or is made from a structure. */
  get initializer(): Operation {
    if (this.start) return this.start;
    throw new ValueError(
      'The iterator does not have an initializer. This means it was likely created using `tf.data.Dataset.make_one_shot_iterator()`. For an initializable iterator, use `tf.data.Dataset.make_initializable_iterator()` instead.',
    );
  }

  /** The types of the components, in the structure of an element. */
  get outputTypes(): Structure<DType> {
    return mapSpecs(this.spec, ({ dtype }) => dtype);
  }
  /** The shapes of the components, in the structure of an element. */
  get outputShapes(): Structure<TensorShape> {
    return mapSpecs(this.spec, ({ shape }) => new TensorShape(shape));
  }

  /**
   * The operation that starts the iterator over the dataset. Throws `TypeError` for a dataset of another structure, type or
   * shape.
   */
  makeInitializer(dataset: DatasetLike, ...rest: Rest<[name: string | null], NameOption>): Operation {
    const { name } = bind<NameOption>(['name'], rest);
    const graph = this.handle.graph;
    return graph.atomic(() =>
      graph.asDefault(() => {
        const scope = graph.nameScope(name || 'make_initializer', (inner) => {
          checkSpecs(this.spec, dataset.spec);
          return inner;
        });
        return graph.colocateWith(this.handle, false, () =>
          emit('MakeIterator', [dataset.variant, this.handle], {}, scope),
        );
      }),
    );
  }

  /**
   * The next element, in the structure of the dataset. Each run takes one, whatever it uses of it; each call of this method
   * takes one more. A run rejects with `OutOfRangeError` at the end, and with `FailedPreconditionError` where the session
   * has not started the iterator.
   */
  getNext(...rest: Rest<[name: string | null], NameOption>): E {
    const { name } = bind<NameOption>(['name'], rest);
    const op = this.handle.graph.colocateWith(this.handle, false, () =>
      emit('IteratorGetNext', [this.handle], flatSpec(this.spec), name),
    );
    return pack(this.spec, op.outputs) as E;
  }

  /** A text tensor that stands for the iterator in exported graphs. It cannot be computed here. */
  stringHandle(...rest: Rest<[name: string | null], NameOption>): Tensor {
    const { name } = bind<NameOption>(['name'], rest);
    return name ? emitOne('IteratorToStringHandle', [this.handle], {}, name) : this.text;
  }
}

/** The handle of an iterator that is not started. */
export function iteratorHandle(spec: Structure<ComponentSpec>, sharedName?: string | null): Tensor {
  return emitOne('IteratorV2', [], { container: '', shared_name: sharedName ?? '', ...flatSpec(spec) });
}

/** The attributes that every dataset and iterator op has. */
export function flatSpec(spec: Structure<ComponentSpec>): {
  readonly output_types: readonly DType[];
  readonly output_shapes: readonly Shape[];
} {
  const flat = flatten<ComponentSpec>(spec);
  return { output_types: flat.map(({ dtype }) => dtype), output_shapes: flat.map(({ shape }) => shape) };
}

export function mapSpecs<R>(spec: Structure<ComponentSpec>, change: (spec: ComponentSpec) => R): Structure<R> {
  return pack(spec, flatten<ComponentSpec>(spec).map(change));
}

/** The shapes where the structure of the types has its leaves; a shape is a list itself. */
export function shapesUpTo(types: unknown, shapes: unknown): Shape[] {
  if (Array.isArray(types)) {
    const list = shapes as readonly unknown[];
    return types.flatMap((item, i) => shapesUpTo(item, list[i]));
  }
  if (!isOptions(types)) return [asShape(shapes as ShapeLike)];
  const record = shapes as Readonly<Record<string, unknown>>;
  return Object.keys(types)
    .sort()
    .flatMap((key) => shapesUpTo(types[key], record[key]));
}

function checkSpecs(own: Structure<ComponentSpec>, other: Structure<ComponentSpec>): void {
  assertSameStructure(own, other);
  const [wanted, given] = [flatten<ComponentSpec>(own), flatten<ComponentSpec>(other)];
  if (wanted.some(({ dtype }, i) => dtype !== given[i].dtype)) {
    const [types, others] = [own, other].map((spec) =>
      describe(spec, ({ dtype }: ComponentSpec) => `tf.${dtype.name}`),
    );
    throw new TypeError(`Expected output types ${types} but got dataset with output types ${others}.`);
  }
  if (wanted.some(({ shape }, i) => !isCompatible(shape, given[i].shape))) {
    const print = ({ shape }: ComponentSpec) => `TensorShape(${shape === null ? 'None' : pythonList(shape)})`;
    const [shapes, others] = [own, other].map((spec) => describe(spec, print));
    throw new TypeError(
      `Expected output shapes compatible with ${shapes} but got dataset with output shapes ${others}.`,
    );
  }
}

function pythonList(shape: Shape): string {
  const text = formatShape(shape).replaceAll('?', 'None').replace(/,\)$/, ')');
  return `[${text.slice(1, -1)}]`;
}
