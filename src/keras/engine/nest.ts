/** What layers take and give: a tensor or a list of tensors, and their shapes. */
import { Tensor } from '../../graph/graph.ts';
import type { Dim } from '../../util/shape.ts';

/** A tensor, or several. */
export type TensorNest = Tensor | readonly Tensor[];

/** The states of a recurrent cell: tensors, and lists of these. */
export type StateNest = readonly (Tensor | StateNest)[];
/** What one step of a recurrent cell gives: an output, and the states after it (one may stand alone). */
export type StepResult = readonly [output: TensorNest, states: StateNest | Tensor];

/** The dimensions of a tensor, the first that of the batch; null where one is not known. */
export type LayerShape = readonly Dim[];
/** The shape of a tensor, or those of several. */
export type ShapeNest = LayerShape | readonly LayerShape[];

/** A mask per tensor: true where a step counts; null where all do. */
export type MaskNest = Tensor | null | readonly (Tensor | null)[];

/** The tensors as a list. */
export function flat<T>(nest: T | readonly T[]): readonly T[] {
  return Array.isArray(nest) ? nest : [nest as T];
}

/** The list as a single item where there is just one. */
export function unwrap<T>(list: readonly T[]): T | readonly T[] {
  return list.length === 1 ? list[0] : list;
}

export function isShapeList(shape: ShapeNest): shape is readonly LayerShape[] {
  return shape.length > 0 && Array.isArray(shape[0]);
}

/** The one shape. For layers that take a single tensor. */
export function singleShape(shape: ShapeNest): LayerShape {
  return isShapeList(shape) ? shape[0] : shape;
}

/** The shapes as a list. */
export function shapeList(shape: ShapeNest): readonly LayerShape[] {
  return isShapeList(shape) ? shape : [shape];
}

/** The static shapes, in the same nesting. A tensor of unknown rank has no shape to speak of. */
export function shapesOf(nest: TensorNest): ShapeNest {
  return Array.isArray(nest) ? nest.map((x: Tensor) => x.shape ?? []) : ((nest as Tensor).shape ?? []);
}

export function isTensorNest(value: unknown): value is TensorNest {
  return (
    value instanceof Tensor || (Array.isArray(value) && value.length > 0 && value.every((x) => x instanceof Tensor))
  );
}
