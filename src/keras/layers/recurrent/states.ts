/**
 * The states that a stateful layer keeps from batch to batch: variables of the graph, which its updates write. When they are
 * read and written is the layers' business.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { zeros } from '../../../ops/filling.ts';
import { flatten } from '../../../ops/nest.ts';
import { toNdArray } from '../../../util/array-convert.ts';
import type { DType } from '../../../util/dtype.ts';
import { RuntimeError, ValueError } from '../../../util/errors.ts';
import { NdArray } from '../../../util/ndarray.ts';
import { type KnownShape, sameShape } from '../../../util/shape.ts';
import { Variable } from '../../../variables/variable.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { KerasContext } from '../../context.ts';
import type { StateNest } from '../../engine/nest.ts';
import { onUndo } from '../../engine/undo.ts';
import { assignValues, type WeightValue } from '../../engine/weights.ts';

/** A variable of Keras's for each tensor, which is its first value. */
export function stateVariables(initial: StateNest, context: KerasContext): readonly Variable[] {
  return flatten<Tensor>(initial as never).map((value) => {
    const variable = new Variable(value, { dtype: value.dtype });
    context.track(variable);
    onUndo(() => context.untrack(variable));
    return variable;
  });
}

/** Zeros of these shapes to begin with. */
export function zeroVariables(shapes: readonly KnownShape[], dtype: DType, context: KerasContext): readonly Variable[] {
  return stateVariables(
    shapes.map((shape) => zeros(shape, dtype)),
    context,
  );
}

/** Throws `RuntimeError` for a layer that keeps no states. */
export function requireStateful(stateful: boolean): void {
  if (!stateful) throw new RuntimeError('Layer must be stateful.');
}

interface Owner {
  readonly name: string;
  readonly context: KerasContext;
}

/** Gives the states values, zeros without any; all in one run. Throws `ValueError` where number or shapes differ. */
export async function assignStates(
  owner: Owner,
  variables: readonly Variable[],
  values: readonly WeightValue[] | null,
): Promise<void> {
  if (variables.length === 0) return;
  const given = values;
  if (given && given.length !== variables.length) {
    throw new ValueError(
      `Layer ${owner.name} expects ${variables.length} states, but it received ${given.length} state values. States received: ${given.join(', ')}`,
    );
  }
  const pairs = variables.map((variable, i) => {
    const shape = variable.shape as KnownShape;
    if (!given) return [variable, NdArray.zeros(variable.dtype, shape)] as const;
    const value = given[i] instanceof NdArray ? (given[i] as NdArray) : toNdArray(given[i] as never, variable.dtype);
    if (!sameShape(value.shape, shape)) {
      throw new ValueError(
        `State ${i} is incompatible with layer ${owner.name}: expected shape=${formatTuple(shape)} but found shape=${formatTuple(value.shape)}`,
      );
    }
    return [variable, value] as const;
  });
  const { name, context } = owner;
  await assignValues({ name, context, graph: variables[0].graph, variables }, pairs);
}
