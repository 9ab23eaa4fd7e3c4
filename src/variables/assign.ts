/**
 * Updates of variables as functions: `tf.assign` and its relatives. They call the methods of the variable.
 */
import type { Tensor } from '../graph/graph.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import type { AssignedVariable, SparseDelta, Variable } from './variable.ts';

/** A variable, as it is or after an update. */
export type VariableRef = Variable | AssignedVariable;

export interface UpdateOptions {
  readonly useLocking?: boolean | null;
  readonly name?: string | null;
}
export interface AssignFunctionOptions extends UpdateOptions {
  readonly validateShape?: boolean | null;
}
type UpdateArguments = Rest<[useLocking: boolean | null, name: string | null], UpdateOptions>;

function update(rest: readonly unknown[]): Partial<UpdateOptions> {
  return bind<UpdateOptions>(['useLocking', 'name'], rest);
}

/**
 * Gives the variable a new value; what comes back is the variable after it.
 *
 *     await sess.run(tf.assign(v, [1, 2]))
 */
export function assign(
  ref: VariableRef,
  value: TensorLike,
  ...rest: Rest<[validateShape: boolean | null, useLocking: boolean | null, name: string | null], AssignFunctionOptions>
): AssignedVariable {
  const { name } = bind<AssignFunctionOptions>(['validateShape', 'useLocking', 'name'], rest);
  return ref.assign(value, { name });
}

/** Adds to the variable; what comes back is the variable after it. */
export function assignAdd(ref: VariableRef, value: TensorLike, ...rest: UpdateArguments): AssignedVariable {
  return ref.assignAdd(value, { name: update(rest).name });
}

/** Subtracts from the variable; what comes back is the variable after it. */
export function assignSub(ref: VariableRef, value: TensorLike, ...rest: UpdateArguments): AssignedVariable {
  return ref.assignSub(value, { name: update(rest).name });
}

/**
 * The value of a scalar integer variable before it is raised by one. The run fails with `OutOfRangeError` where it is
 * not below `limit`; the variable then stays as it is.
 */
export function countUpTo(
  ref: VariableRef,
  limit: number,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  return ref.countUpTo(limit, bind<UpdateOptions>(['name'], rest).name);
}

type RowUpdate = (
  ref: VariableRef,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: UpdateArguments
) => AssignedVariable;

type RowMethod = (
  this: VariableRef,
  delta: SparseDelta,
  useLocking?: boolean,
  name?: string | null,
) => AssignedVariable;

function rows(method: (ref: VariableRef) => RowMethod): RowUpdate {
  return (ref, indices, values, ...rest) => method(ref).call(ref, { indices, values }, false, update(rest).name);
}

/** Replaces rows of the variable: `updates` has the shape of `indices` and of one row behind it, or is a scalar. */
export const scatterUpdate: RowUpdate = rows((ref) => ref.scatterUpdate);
/** Adds to rows of the variable. Updates of one row add up. */
export const scatterAdd: RowUpdate = rows((ref) => ref.scatterAdd);
/** Subtracts from rows of the variable. */
export const scatterSub: RowUpdate = rows((ref) => ref.scatterSub);
/** Multiplies rows of the variable. */
export const scatterMul: RowUpdate = rows((ref) => ref.scatterMul);
/** Divides rows of the variable. */
export const scatterDiv: RowUpdate = rows((ref) => ref.scatterDiv);
/** The smaller of rows of the variable and the updates. */
export const scatterMin: RowUpdate = rows((ref) => ref.scatterMin);
/** The larger of rows of the variable and the updates. */
export const scatterMax: RowUpdate = rows((ref) => ref.scatterMax);

/** Replaces slices of the variable at full or partial indices. */
export function scatterNdUpdate(
  ref: VariableRef,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: UpdateArguments
): AssignedVariable {
  return ref.scatterNdUpdate(indices, updates, update(rest).name);
}
/** Adds to slices of the variable at full or partial indices. */
export function scatterNdAdd(
  ref: VariableRef,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: UpdateArguments
): AssignedVariable {
  return ref.scatterNdAdd(indices, updates, update(rest).name);
}
/** Subtracts from slices of the variable at full or partial indices. */
export function scatterNdSub(
  ref: VariableRef,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: UpdateArguments
): AssignedVariable {
  return ref.scatterNdSub(indices, updates, update(rest).name);
}
