/**
 * `SparseTensor`: the indices and values of a tensor that is zero elsewhere, what may stand for one, and placeholders of
 * its kind. Computing with sparse tensors is the business of the `sparse-…` families.
 */
import { type AnySession, type Evaluator, evaluatorFor } from '../graph/evaluator.ts';
import { type Graph, type Operation, Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, float32, float64, int64 } from '../util/dtype.ts';
import { RuntimeError, TypeError, ValueError } from '../util/errors.ts';
import { asShape, type Dim, formatShape, mergeShapes, type Shape, type ShapeLike } from '../util/shape.ts';
import { convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { placeholder } from './placeholders.ts';
import { constantShape } from './static-value.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** A sparse tensor, or the value of one: an object with its three parts. */
export type SparseTensorLike =
  | SparseTensor
  | { readonly indices: TensorLike; readonly values: TensorLike; readonly denseShape: TensorLike };

/**
 * The tensor of shape `denseShape` that is `values[i]` at `indices[i]`, and zero (or empty) elsewhere. A run gives a
 * `SparseTensorValue`, and takes one, or a list of the three parts, as a feed. Most functions want the indices in
 * row-major order: `tf.sparse.reorder`. Throws `ValueError` where the parts do not fit each other.
 *
 *     new tf.SparseTensor([[0, 0], [1, 2]], [1, 2], [3, 4])
 */
export class SparseTensor {
  /** An int64 matrix, a row of indices for each value. */
  readonly indices: Tensor;
  /** The values, a vector. */
  readonly values: Tensor;
  /** The shape of the whole, an int64 vector. */
  readonly denseShape: Tensor;
  private staticShape: Shape;

  constructor(indices: TensorLike, values: TensorLike, denseShape: TensorLike) {
    const graph = graphOf([indices, values, denseShape]);
    [this.indices, this.values, this.denseShape] = graph.atomic(() =>
      graph.asDefault(() => {
        const parts = graph.nameScope('SparseTensor', () => [
          convertToTensor(indices, { name: 'indices', dtype: int64 }),
          convertToTensor(values, { name: 'values' }),
          convertToTensor(denseShape, { name: 'dense_shape', dtype: int64 }),
        ]);
        checkShapes(parts);
        return parts;
      }),
    );
    this.staticShape = constantShape(this.denseShape);
  }

  /** The sparse tensor of a `SparseTensorValue`. Throws `TypeError` for what is neither that nor a sparse tensor. */
  static fromValue(value: SparseTensorLike): SparseTensor {
    if (!isSparse(value)) {
      throw new TypeError(
        `Argument sparse_tensor_value=${String(value)} is neither a SparseTensor nor SparseTensorValue.`,
      );
    }
    return new SparseTensor(value.indices, value.values, value.denseShape);
  }

  get dtype(): DType {
    return this.values.dtype;
  }
  get graph(): Graph {
    return this.values.graph;
  }
  /** The operation of `values`. */
  get op(): Operation {
    return this.values.op;
  }
  /** The static shape of the whole, as far as it is known. */
  get shape(): Shape {
    return this.staticShape;
  }
  /** Adds what is known of the shape. Throws `ValueError` where it contradicts what was known. */
  setShape(shape: ShapeLike): void {
    this.staticShape = mergeShapes(this.staticShape, asShape(shape));
  }

  /** Other values at the same indices. */
  withValues(values: TensorLike): SparseTensor {
    return new SparseTensor(this.indices, values, this.denseShape);
  }
  /** Each element times that of a dense tensor at its place, which is broadcast to this shape. */
  mul(dense: TensorLike): SparseTensor {
    return this.cwise('mul', dense);
  }
  /** Each element over that of a dense tensor at its place. Integers become floats. */
  div(dense: TensorLike): SparseTensor {
    return this.cwise('truediv', dense);
  }

  private cwise(name: 'mul' | 'truediv', dense: TensorLike): SparseTensor {
    return opScope(null, name, [this.values, dense], (scope) => {
      let [x, y] = [this.values, convertToTensor(dense, { dtype: this.dtype, name: 'y' })];
      if (name === 'truediv' && x.dtype.isInteger) {
        const wide = /32|64/.test(x.dtype.name) ? float64 : float32;
        [x, y] = [x, y].map((part) => emitOne('Cast', [part], { DstT: wide }));
      }
      const type = name === 'mul' ? 'SparseDenseCwiseMul' : 'SparseDenseCwiseDiv';
      const values = emitOne(type, [this.indices, x, this.denseShape, y], {}, scope);
      return new SparseTensor(this.indices, values, this.denseShape);
    });
  }

  /** The value in `session`, or in the default one. Throws `ValueError` where there is none for this graph. */
  async eval(feedDict?: unknown, session?: Evaluator | AnySession | null): Promise<unknown> {
    return evaluatorFor(this.graph, session as Evaluator | null, 'tensor').run(this, { feedDict });
  }

  toString(): string {
    return `SparseTensor(indices=${this.indices}, values=${this.values}, dense_shape=${this.denseShape})`;
  }
}

function checkShapes([indices, values, denseShape]: readonly Tensor[]): void {
  const [rows, columns] = ranked(indices, 2);
  const [count] = ranked(values, 1);
  const [rank] = ranked(denseShape, 1);
  checkDims(rows, count);
  checkDims(columns, rank);
}

function ranked({ shape }: Tensor, rank: number): readonly Dim[] {
  if (shape === null) return new Array<Dim>(rank).fill(null);
  if (shape.length !== rank) throw new ValueError(`Shape ${formatShape(shape)} must have rank ${rank}`);
  return shape;
}

/** Throws `ValueError` where two dimensions that must agree are known to differ. */
export function checkDims(a: Dim, b: Dim): void {
  if (a !== null && b !== null && a !== b) throw new ValueError(`Dimensions ${a} and ${b} are not compatible`);
}

function isSparse(value: unknown): value is SparseTensorLike {
  if (value instanceof SparseTensor) return true;
  if (typeof value !== 'object' || value === null) return false;
  // `IndexedSlices` have the same parts, but stand for a tensor.
  return 'indices' in value && 'values' in value && 'denseShape' in value && !('asTensor' in value);
}

/** The sparse tensor that an argument is or stands for. Throws `TypeError` for anything else. */
export function asSparse(value: SparseTensorLike): SparseTensor {
  if (value instanceof SparseTensor) return value;
  if (!isSparse(value)) throw new TypeError('Input must be a SparseTensor.');
  return SparseTensor.fromValue(value);
}

export interface ConvertToSparseOptions {
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * The value as a tensor, or as a sparse tensor where it is one or the value of one. Throws `RuntimeError` for a sparse
 * tensor of another element type than `dtype`.
 *
 *     tf.convertToTensorOrSparseTensor([1, 2, 3])
 */
export function convertToTensorOrSparseTensor(
  value: TensorLike | SparseTensorLike,
  ...rest: Rest<[dtype: DTypeLike | null, name: string | null], ConvertToSparseOptions>
): Tensor | SparseTensor {
  const { dtype, name } = bind<ConvertToSparseOptions>(['dtype', 'name'], rest);
  const wanted = dtype ? asDType(dtype) : null;
  if (!isSparse(value)) return convertToTensor(value, { dtype: wanted, name });
  const sparse = asSparse(value);
  if (wanted && sparse.dtype !== wanted) {
    throw new RuntimeError(`Sparse dtype mismatch. Requested: ${wanted.name},  Actual: ${sparse.dtype.name}`);
  }
  return sparse;
}

export interface SparsePlaceholderOptions {
  readonly shape?: ShapeLike | Tensor;
  readonly name?: string | null;
}

/**
 * A sparse tensor whose parts each run must be fed. With a `shape` (a list in which null stands for any length, or an
 * int64 tensor) that of the whole need not be fed.
 *
 *     const x = tf.sparsePlaceholder(tf.float32, [null, 3]);
 *     await sess.run(y, {feedDict: [[x, new tf.SparseTensorValue([[0, 1]], [2], [5, 3])]]});
 */
export function sparsePlaceholder(
  dtype: DTypeLike,
  ...rest: Rest<[shape: ShapeLike | Tensor, name: string | null], SparsePlaceholderOptions>
): SparseTensor {
  const { shape = null, name } = bind<SparsePlaceholderOptions>(['shape', 'name'], rest);
  const named = (part: string) => (name ? `${name}/${part}` : null);
  const given = shape instanceof Tensor ? shape : null;
  const graph = graphOf(given ? [given] : []);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const dims = given ? constantShape(given) : asShape(shape as ShapeLike);
      let denseShape: Tensor;
      if (!given && dims === null) {
        denseShape = placeholder(int64, [null], named('shape'));
      } else {
        const lengths = toNdArray(
          (dims ?? []).map((d) => d ?? -1),
          int64,
          [dims?.length ?? 0],
        );
        const preset = given ?? convertToTensor(lengths, { name: named('shape_default') });
        denseShape = emitOne('PlaceholderWithDefault', [preset], { shape: preset.shape }, named('shape'));
      }
      const values = placeholder(dtype, [null], named('values'));
      const indices = placeholder(int64, [null, denseShape.shape?.[0] ?? null], named('indices'));
      const sparse = new SparseTensor(indices, values, denseShape);
      sparse.setShape(dims);
      return sparse;
    }),
  );
}
