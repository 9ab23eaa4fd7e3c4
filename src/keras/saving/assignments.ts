/** Values for the weights of a model: checked first, then set all at once. Which value is whose, the file formats say. */
import { toNdArray } from '../../util/array-convert.ts';
import type { DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { type Shape, sameShape } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import { assignValues, type WeightOwner } from '../engine/weights.ts';

/** A weight and its new value, which fits. */
export type Assignment = readonly [variable: Variable, value: NdArray];

/** The pair. Throws `ValueError` for a value of another shape, which belongs to `what`. */
export function fitting(variable: Variable, value: NdArray, what: string): Assignment {
  if (!sameShape(variable.shape, value.shape)) {
    throw new ValueError(
      `Shape mismatch in ${what} for weight ${variable.name}. Weight expects shape ${pythonTuple(variable.shape)}. Received saved weight with shape ${pythonTuple(value.shape)}`,
    );
  }
  return [variable, converted(value, variable.dtype)];
}

/** The value in another type: floats are rounded to it. */
function converted(value: NdArray, dtype: DType): NdArray {
  if (value.dtype === dtype) return value;
  if (!value.dtype.isFloating || !dtype.isFloating) return toNdArray(value, dtype);
  return toNdArray({ data: Array.from(value.data as Float32Array), shape: value.shape }, dtype);
}

/** A shape as Python prints it. */
export function pythonTuple(shape: Shape): string {
  if (shape === null) return 'None';
  const items = shape.map((size) => size ?? 'None');
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

/** Throws `ValueError` for a model that does not know its weights yet. */
export function checkBuilt({ name, built, weights }: WeightOwner & { readonly built: boolean }): void {
  if (built || weights.length > 0) return;
  throw new ValueError(
    `Weights for model '${name}' have not yet been created. Weights are created when the model is first called on inputs or \`build()\` is called with an input shape.`,
  );
}

/** Sets the weights in one run. */
export async function assignAll(owner: WeightOwner, assignments: readonly Assignment[]): Promise<void> {
  if (assignments.length === 0) return;
  // Layers may share a weight: the last value counts.
  const given = new Map(assignments);
  // Weights that are not among them keep their values, which must not be lost.
  if (owner.weights.some((variable) => !given.has(variable))) await owner.context.sessionOf(owner);
  await assignValues(owner, [...given]);
}

/** The values of variables, in one run. */
export async function valuesOf(owner: WeightOwner, variables: readonly Variable[]): Promise<Map<Variable, NdArray>> {
  if (variables.length === 0) return new Map();
  const session = await owner.context.sessionOf(owner);
  const values = (await session.run([...variables] as never)) as NdArray[];
  return new Map(variables.map((variable, i) => [variable, values[i]]));
}
