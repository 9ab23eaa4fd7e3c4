/**
 * `SparseTensor`: the indices and values of a tensor that is zero elsewhere, as ops that split and parse give it. Computing
 * with sparse tensors is the business of other families.
 */
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { type DType, int64 } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { convertToTensor, graphOf } from './emit.ts';
import { constantShape } from './static-value.ts';
import type { TensorLike } from './tensor-like.ts';

/**
 * The tensor of shape `denseShape` that is `values[i]` at `indices[i]`, and zero (or empty) elsewhere. A run gives a
 * `SparseTensorValue`.
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

  constructor(indices: TensorLike, values: TensorLike, denseShape: TensorLike) {
    const graph = graphOf([indices, values, denseShape]);
    [this.indices, this.values, this.denseShape] = graph.atomic(() =>
      graph.asDefault(() =>
        graph.nameScope('SparseTensor', () => [
          convertToTensor(indices, { name: 'indices', dtype: int64 }),
          convertToTensor(values, { name: 'values' }),
          convertToTensor(denseShape, { name: 'dense_shape', dtype: int64 }),
        ]),
      ),
    );
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
    return constantShape(this.denseShape);
  }

  toString(): string {
    return `SparseTensor(indices=${this.indices}, values=${this.values}, dense_shape=${this.denseShape})`;
  }
}
