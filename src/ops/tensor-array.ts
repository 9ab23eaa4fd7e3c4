/**
 * `tf.TensorArray`: an array of tensors that loops read and write. Its value is a list of tensors (`tensor-lists.ts`); an
 * instance is that list at one point of the program.
 */
import { Tensor } from '../graph/graph.ts';
import { asDType, type DType, type DTypeLike, int32, int64, variant } from '../util/dtype.ts';
import { AssertionError, TypeError, UnimplementedError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { asShape, isCompatible, mergeShapes, type Shape, type ShapeLike, TensorShape } from '../util/shape.ts';
import { cast } from './cast.ts';
import { noOp } from './control.ts';
import { convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { identity } from './identity.ts';
import { constantValue } from './static-value.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import './tensor-lists.ts';

export interface TensorArrayOptions {
  /** How many elements there are: a number or an int32 scalar. Wanted where `flow` is not given. */
  readonly size?: TensorLike | null;
  /** Whether writing past the end makes the array longer. */
  readonly dynamicSize?: boolean | null;
  /** Accepted; elements are never cleared. */
  readonly clearAfterRead?: boolean | null;
  /** Accepted; arrays have no names of their own. */
  readonly tensorArrayName?: string | null;
  /** Nothing but null: arrays have no handles. */
  readonly handle?: null;
  /** The list of an array that there is already, in the place of `size` and `elementShape`. */
  readonly flow?: Tensor | null;
  /** Whether all elements have one shape, which is learnt from what is written. */
  readonly inferShape?: boolean;
  /** The shape of elements, as far as it is known. */
  readonly elementShape?: ShapeLike;
  /** Accepted; lists are where their elements are. */
  readonly colocateWithFirstWriteCall?: boolean;
  readonly name?: string | null;
}

interface Named {
  readonly name?: string | null;
}
type NameRest = Rest<[name: string | null], Named>;

/** What is known of the elements: the same for all instances that stand for one array. */
interface Known {
  shape: Shape;
}

const POSITIONS = [
  'size',
  'dynamicSize',
  'clearAfterRead',
  'tensorArrayName',
  'handle',
  'flow',
  'inferShape',
  'elementShape',
  'colocateWithFirstWriteCall',
  'name',
] as const;

/**
 * An array of tensors of one type, made for loops: it may be a variable of one, in any place of its structure. Arrays are
 * values: `write` and its like give a new array and leave the old one as it is, so that a program goes on with what they
 * give. Arrays are those of TensorFlow 2.21 with control flow v2: elements may be read any number of times whatever
 * `clearAfterRead` says (where TensorFlow 1 fails at the second time), elements that were not written are zeros if a shape is
 * known of them, and `handle` is null. Gradients flow through all of it.
 *
 * Throws `ValueError` where neither `size` nor `flow` is given, or both, or elements are written with a static shape that does
 * not fit. A run fails with `InvalidArgumentError` for places that there are not, elements of another type, and stacking of
 * elements that differ in shape.
 *
 *     const [, squares] = tf.whileLoop(
 *       (i) => i.less(5),
 *       (i, a) => [i.add(1), a.write(i, i.mul(i))],
 *       [tf.constant(0, tf.int32), new tf.TensorArray(tf.int32, {size: 5})],
 *     );
 *     await sess.run(squares.stack());  // [0, 1, 4, 9, 16]
 */
export class TensorArray {
  /** The type of elements. */
  readonly dtype: DType;
  /** Whether the array grows, as it was asked for; null where nothing was said. */
  readonly dynamicSize: boolean | null;
  /** The list, a variant scalar. */
  readonly flow: Tensor;
  private size_: TensorLike | null;
  private known: Known;
  private readonly inferShape: boolean;

  constructor(
    dtype: DTypeLike,
    ...rest: Rest<
      [
        size: TensorLike | null,
        dynamicSize: boolean | null,
        clearAfterRead: boolean | null,
        tensorArrayName: string | null,
        handle: null,
        flow: Tensor | null,
        inferShape: boolean,
        elementShape: ShapeLike,
        colocateWithFirstWriteCall: boolean,
        name: string | null,
      ],
      TensorArrayOptions
    >
  ) {
    const options = bind<TensorArrayOptions>(POSITIONS, rest);
    const { size = null, dynamicSize = null, handle = null, flow = null, inferShape = true, name } = options;
    if (handle !== null) throw new AssertionError('handle must be null: arrays are lists, which have none.');
    this.dtype = asDType(dtype);
    if (flow !== null && (!(flow instanceof Tensor) || flow.dtype !== variant)) {
      const type = flow instanceof Tensor ? `<dtype: '${flow.dtype.name}'>` : String(flow);
      throw new TypeError(`Expected \`flow\` to be a variant tensor, but received \`${type}\` instead.`);
    }
    if (flow === null && size === null) {
      throw new ValueError('Argument `size` must be provided if argument `flow` is not provided.');
    }
    if (flow !== null && size !== null) {
      throw new ValueError('Cannot provide both `flow` and `size` arguments at the same time.');
    }
    if (flow !== null && options.elementShape !== undefined && options.elementShape !== null) {
      throw new ValueError('Cannot provide both `flow` and `element_shape` arguments at the same time.');
    }
    const shape = asShape(options.elementShape ?? null);
    this.dynamicSize = dynamicSize;
    this.inferShape = inferShape;
    this.size_ = size;
    this.known = { shape };
    this.flow = opScope(name, 'TensorArrayV2', [size, flow], (scope) => {
      if (flow !== null) return flow;
      return emitOne(
        'TensorListReserve',
        [shapeInput(shape), size as TensorLike],
        { element_dtype: this.dtype },
        scope,
      );
    });
  }

  /** The static shape of elements, as far as it is known. */
  get elementShape(): TensorShape {
    return new TensorShape(this.known.shape);
  }
  /** Null: arrays have no handles. */
  get handle(): null {
    return null;
  }

  /** What the array is made of, for branches and loops. */
  get components(): readonly Tensor[] {
    return [this.flow];
  }
  /** The array with another list. */
  withComponents([flow]: readonly Tensor[]): TensorArray {
    const { dtype, dynamicSize, inferShape } = this;
    const array = new TensorArray(dtype, { flow, dynamicSize, inferShape });
    array.size_ = this.size_;
    array.known = this.known;
    return array;
  }

  /** The array, as a new tensor: what is done with it waits for what is being waited for. */
  identity(): TensorArray {
    return this.withComponents([identity(this.flow)]);
  }
  /** Not there: gradients of arrays are lists. Throws `UnimplementedError`. */
  grad(_source: string, ..._rest: readonly unknown[]): never {
    throw new UnimplementedError(null, 'Gradients of a TensorArray are taken by tf.gradients.');
  }

  /** The element at `index`, an int32 scalar. */
  read(index: TensorLike, ...rest: NameRest): Tensor {
    const { name } = bind<Named>(['name'], rest);
    return opScope(name, 'TensorArrayV2Read', [this.flow, index], () => {
      const inputs = [this.flow, index, shapeInput(this.known.shape)];
      return emitOne('TensorListGetItem', inputs, { element_dtype: this.dtype }, name ?? undefined);
    });
  }

  /** The array with `value` at `index`. `ValueError` for a shape that the elements cannot have. */
  write(index: TensorLike, value: TensorLike, ...rest: NameRest): TensorArray {
    const { name } = bind<Named>(['name'], rest);
    return opScope(name, 'TensorArrayV2Write', [this.flow, index, value], () => {
      const item = this.convert(value);
      this.learn(item.shape);
      const attrs = { element_dtype: item.dtype, resize_if_index_out_of_bounds: this.dynamicSize === true };
      return this.withComponents([emitOne('TensorListSetItem', [this.flow, index, item], attrs, name ?? undefined)]);
    });
  }

  /** All elements, stacked along a new first axis. */
  stack(...rest: NameRest): Tensor {
    const { name } = bind<Named>(['name'], rest);
    return opScope(name, 'TensorArrayV2Stack', [this.flow], () => {
      const attrs = { element_dtype: this.dtype, num_elements: this.staticSize() };
      return emitOne('TensorListStack', [this.flow, shapeInput(this.known.shape)], attrs);
    });
  }

  /** The elements at `indices`, an int32 vector, stacked along a new first axis. */
  gather(indices: TensorLike, ...rest: NameRest): Tensor {
    const { name } = bind<Named>(['name'], rest);
    return this.onGraph(() => {
      const inputs = [this.flow, indices, shapeInput(this.known.shape)];
      return emitOne('TensorListGather', inputs, { element_dtype: this.dtype }, name ?? undefined);
    });
  }

  /** All elements, joined along their first axis. They may differ in its length. */
  concat(...rest: NameRest): Tensor {
    const { name } = bind<Named>(['name'], rest);
    const { shape } = this.known;
    return this.onGraph(() => {
      const none = convertToTensor([], { dtype: int64 });
      const inputs = [this.flow, shapeInput(shape && [null, ...shape.slice(1)]), none];
      return emitOne('TensorListConcatV2', inputs, { element_dtype: this.dtype }, name ?? undefined);
    });
  }

  /** The array of the parts of `value` along its first axis. */
  unstack(value: TensorLike, ...rest: NameRest): TensorArray {
    const { name } = bind<Named>(['name'], rest);
    return opScope(name, 'TensorArrayUnstack', [this.flow, value], () => {
      const tensor = this.convert(value);
      const shape = restOf(tensor.shape);
      this.learn(shape);
      return this.withComponents([emitOne('TensorListFromTensor', [tensor, shapeInput(shape)])]);
    });
  }

  /** The array with the parts of `value` along its first axis at `indices`, an int32 vector. */
  scatter(indices: TensorLike, value: TensorLike, ...rest: NameRest): TensorArray {
    const { name } = bind<Named>(['name'], rest);
    return opScope(name, 'TensorArrayScatter', [this.flow, value, indices], () => {
      const tensor = this.convert(value);
      this.learn(restOf(tensor.shape));
      return this.withComponents([emitOne('TensorListScatterIntoExistingList', [this.flow, tensor, indices])]);
    });
  }

  /** The array of parts of `value`: `lengths`, a vector of integers, says how many rows each has. */
  split(value: TensorLike, lengths: TensorLike, ...rest: NameRest): TensorArray {
    const { name } = bind<Named>(['name'], rest);
    return opScope(name, 'TensorArraySplit', [this.flow, value, lengths], () => {
      const tensor = this.convert(value);
      const counts = cast(lengths, int64);
      const known = constantValue(counts);
      if (tensor.shape !== null && known !== null && known.rank > 0) {
        const [first, ...others] = Array.from(known.data as ArrayLike<number | bigint>, Number);
        if (others.every((count) => count === first)) this.learn([first, ...tensor.shape.slice(1)]);
      }
      const inputs = [tensor, shapeInput(this.known.shape), counts];
      return this.withComponents([emitOne('TensorListSplit', inputs, {}, name ?? undefined)]);
    });
  }

  /** How many elements there are, an int32 scalar. */
  size(...rest: NameRest): Tensor {
    const { name } = bind<Named>(['name'], rest);
    if (!this.dynamicSize && this.size_ !== null) {
      const size = this.size_;
      return this.onGraph(() => convertToTensor(size, { dtype: int32 }));
    }
    return emitOne('TensorListLength', [this.flow], {}, name ?? undefined);
  }

  /** An operation that does nothing: lists go when nobody needs them. */
  close(...rest: NameRest): ReturnType<typeof noOp> {
    const { name } = bind<Named>(['name'], rest);
    return this.onGraph(() => noOp({ name }));
  }

  toString(): string {
    return `<TensorArray of ${this.dtype.name} elements of shape ${this.elementShape}>`;
  }

  private onGraph<R>(build: () => R): R {
    const graph = graphOf([this.flow]);
    return graph.atomic(() => graph.asDefault(build));
  }

  /** The number that was said, as far as it is a constant; -1 for an unknown one. */
  private staticSize(): number {
    if (this.dynamicSize || this.size_ === null) return -1;
    if (typeof this.size_ === 'number') return this.size_;
    const size = this.size_ instanceof Tensor ? constantValue(this.size_) : null;
    return size ? Number(size.data[0]) : -1;
  }

  private convert(value: TensorLike): Tensor {
    return convertToTensor(value, { preferredDtype: this.dtype, name: 'value' });
  }

  private learn(shape: Shape): void {
    const { known } = this;
    if (!isCompatible(shape, known.shape)) {
      throw new ValueError(
        `Inconsistent shapes: saw ${new TensorShape(shape)} but expected ${new TensorShape(known.shape)} `,
      );
    }
    if (this.inferShape) known.shape = mergeShapes(known.shape, shape);
  }
}

const restOf = (shape: Shape): Shape => (shape === null ? null : shape.slice(1));

/** A shape as ops on lists take it: -1 for what is not known. That of scalars is a constant of its own, as in TensorFlow. */
function shapeInput(shape: Shape): TensorLike {
  if (shape === null) return new NdArray(int32, [], Int32Array.of(-1));
  const dims = new NdArray(
    int32,
    [shape.length],
    Int32Array.from(shape, (d) => d ?? -1),
  );
  return shape.length === 0 ? convertToTensor(dims) : dims;
}
