/**
 * `IndexedSlices`: rows of a tensor of which the others are zero, such as the gradient of a gather. How gradients are
 * added up is the differentiator's business.
 */
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Shape } from '../util/shape.ts';
import { emitOne } from './emit.ts';
import { constantShape } from './static-value.ts';
import type { TensorConvertible } from './tensor-like.ts';

/**
 * The dense tensor whose row `indices[i]` is the sum of the `values[j]` with `indices[j]` the same, and zero elsewhere.
 *
 *     new tf.IndexedSlices(values, indices, tf.constant([10, 3], tf.int32))
 */
export class IndexedSlices implements TensorConvertible {
  constructor(
    /** The rows. */
    readonly values: Tensor,
    /** Which rows they are: an integer vector, as long as `values`. An index may occur more than once. */
    readonly indices: Tensor,
    /** The shape of the dense tensor; null where it is not known. */
    readonly denseShape: Tensor | null = null,
  ) {
    const parts = denseShape ? [indices, denseShape] : [indices];
    for (const part of parts) {
      if (part.graph === values.graph) continue;
      throw new ValueError(
        `${part} must be from the same graph as ${values} (graphs are ${part.graph} and ${values.graph}).`,
      );
    }
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
  /** The name of `values`. */
  get name(): string {
    return this.values.name;
  }
  /** The static shape of the dense tensor, as far as it is known. */
  get shape(): Shape {
    return this.denseShape ? constantShape(this.denseShape) : null;
  }

  /** The dense tensor. Throws `ValueError` without a dense shape, or where the type asked for is another. */
  asTensor(dtype?: DType | null, name?: string): Tensor {
    if (dtype && dtype !== this.dtype) {
      throw new ValueError(
        `Tensor conversion requested dtype ${dtype.name} for IndexedSlices with dtype ${this.dtype.name}`,
      );
    }
    if (!this.denseShape) {
      throw new ValueError(
        `Tensor conversion requested for IndexedSlices for IndexedSlices without dense_shape: ${this}`,
      );
    }
    const { graph, denseShape } = this;
    return graph.atomic(() =>
      graph.asDefault(() => {
        const rows = firstElement(denseShape);
        return emitOne('UnsortedSegmentSum', [this.values, this.indices, rows], {}, name);
      }),
    );
  }

  /** The same rows with their values negated. */
  neg(name?: string): IndexedSlices {
    return new IndexedSlices(emitOne('Neg', [this.values], {}, name), this.indices, this.denseShape);
  }

  toString(): string {
    const shape = this.denseShape ? `, dense_shape=${this.denseShape}` : '';
    return `IndexedSlices(indices=${this.indices}, values=${this.values}${shape})`;
  }
}

/** `vector[0]`. */
function firstElement(vector: Tensor): Tensor {
  return vector.slice(0);
}
