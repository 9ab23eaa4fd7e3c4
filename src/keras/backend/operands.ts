/**
 * What is known of the operands of backend functions before a run: shape, rank, type, layout. It builds reads and constants
 * at most; the functions are in the files by topic.
 */
import type { Tensor } from '../../graph/graph.ts';
import { constant as constantTensor } from '../../ops/constants.ts';
import { convertToTensor, graphOf } from '../../ops/emit.ts';
import { isSymbolic, type TensorLike } from '../../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { asDType, type DType, type DTypeName } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { type Dim, numElements, type Shape } from '../../util/shape.ts';
import { floatx, type ImageDataFormat, imageDataFormat } from '../config.ts';

/** Runs `body` on the graph of the inputs, all or nothing. */
export function build<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(body));
}

/** The operand as a tensor: a variable is read, an array becomes a constant of the float type. */
export function operand(x: TensorLike): Tensor {
  return convertToTensor(x, { preferredDtype: asDType(floatx()) });
}

/** A constant of the type of `x`. */
export function scalarLike(value: number, x: Tensor): Tensor {
  return constantTensor(value, { dtype: x.dtype });
}

export function shapeOf(x: TensorLike): Shape {
  if (isSymbolic(x)) {
    const { shape } = x as { readonly shape?: Shape };
    return shape === undefined ? convertToTensor(x).shape : shape;
  }
  if (Array.isArray(x) && x.some((item) => isSymbolic(item))) return convertToTensor(x).shape;
  return x instanceof NdArray ? x.shape : toNdArray(x as ArrayValue).shape;
}

export function dtypeOf(x: TensorLike): DType {
  if (isSymbolic(x)) return (x as { readonly dtype?: DType }).dtype ?? convertToTensor(x).dtype;
  if (Array.isArray(x) && x.some((item) => isSymbolic(item))) return convertToTensor(x).dtype;
  return toNdArray(x as ArrayValue).dtype;
}

/** The layout, or the setting where it is null. Throws `ValueError` for what is no layout. */
export function layout(dataFormat: string | null | undefined): ImageDataFormat {
  const format = dataFormat ?? imageDataFormat();
  if (format !== 'channels_first' && format !== 'channels_last') {
    throw new ValueError(`Unknown data_format: ${format}`);
  }
  return format;
}

/** As Python prints a shape that is a tuple: `(None, 3)`. */
export function formatTuple(shape: readonly (Dim | unknown)[]): string {
  const items = shape.map((d) => (Array.isArray(d) ? formatTuple(d) : d === null ? 'None' : String(d)));
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

/**
 * The static shape, null for a dimension that is not known; null where not even the rank is.
 *
 *     K.intShape(K.placeholder({shape: [null, 3]}))   // [null, 3]
 */
export function intShape(x: TensorLike): Dim[] | null {
  const shape = shapeOf(x);
  return shape === null ? null : [...shape];
}

/** The number of axes; null where it is not known. */
export function ndim(x: TensorLike): number | null {
  return shapeOf(x)?.length ?? null;
}

/**
 * The name of the element type.
 *
 *     K.dtype(K.constant([1, 2]))   // 'float32'
 */
export function dtype(x: TensorLike): DTypeName {
  return dtypeOf(x).name;
}

/** The number of elements. Throws `ValueError` where the static shape does not tell. */
export function countParams(x: TensorLike): number {
  const shape = shapeOf(x);
  const count = numElements(shape);
  if (count === null) {
    throw new ValueError(
      `The number of elements is not known of shape ${shape === null ? '<unknown>' : formatTuple(shape)}.`,
    );
  }
  return count;
}

/** Whether the value is a sparse tensor, by its parts `indices`, `values` and `denseShape`. Tensors and variables are not. */
export function isSparse(tensor: unknown): boolean {
  if (typeof tensor !== 'object' || tensor === null || isSymbolic(tensor)) return false;
  return 'indices' in tensor && 'values' in tensor && 'denseShape' in tensor && tensor.denseShape != null;
}
