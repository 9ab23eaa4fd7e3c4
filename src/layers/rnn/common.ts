/**
 * What the functions that run cells have in common: the scope they build in, types and sizes, and one step of sequences that
 * have ended or not. How the steps follow each other is theirs.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import { Tensor } from '../../graph/graph.ts';
import { cond } from '../../ops/cond.ts';
import { flatten, isPlainNode, pack } from '../../ops/nest.ts';
import { where } from '../../ops/selection.ts';
import { TensorArray } from '../../ops/tensor-array.ts';
import type { DType, DTypeLike } from '../../util/dtype.ts';
import { asDType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { VariableScope } from '../../variables/scope-object.ts';
import { variableScope } from '../../variables/variable-scope.ts';
import type { CellScope, StepResult } from '../rnn-cells/cell.ts';
import { assertSameStructure, type TensorStructure } from '../rnn-cells/structure.ts';

/** The variable scope of a network. Weights that it makes are read once a run, unless a loop is around the network. */
export function inRnnScope<R>(scope: CellScope | undefined, preset: string, body: (scope: VariableScope) => R): R {
  return variableScope(scope || preset, (open) => {
    const graph = getDefaultGraph();
    if (graph.root === graph && open.cachingDevice === null) open.setCachingDevice(() => '');
    return body(open);
  });
}

/** The type of outputs: the given one, or that of all tensors of the state. Throws `ValueError` where these differ. */
export function stateDType(explicit: DTypeLike | null, state: unknown): DType {
  if (explicit !== null) return asDType(explicit);
  const dtypes = flatten<Tensor>(state as Tensor).map(({ dtype }) => dtype);
  if (dtypes.length === 0) throw new ValueError(`Unable to infer dtype from argument state=${String(state)}.`);
  if (dtypes.some((dtype) => dtype !== dtypes[0])) {
    const names = dtypes.map(({ name }) => `tf.${name}`);
    throw new ValueError(
      `Argument state=${String(state)} has tensors of different inferred dtypes. Unable to infer a single representative dtype. Dtypes received: [${names.join(', ')}]`,
    );
  }
  return dtypes[0];
}

/** A step of sequences that may have ended. */
export interface Step<S, O> {
  readonly sequenceLength: Tensor;
  /** Whether each sequence has ended. */
  readonly isOver: Tensor;
  /** What the rows of sequences that have ended give. */
  readonly zeroOutput: O;
  readonly state: S;
  callCell(): StepResult<O, S>;
}

/** The step where sequences go on, zeros and the former state where they have ended. */
export function stepThrough<S extends TensorStructure, O extends TensorStructure>(step: Step<S, O>): StepResult<O, S> {
  return packed(step, copyThrough(step, called(step)));
}

/** The same, but for nothing where all sequences have ended, and without asking where none has. */
export function stepOrSkip<S extends TensorStructure, O extends TensorStructure>(
  step: Step<S, O>,
  conditions: { readonly allOver: Tensor; noneOver(): Tensor },
): StepResult<O, S> {
  const before = [...flatten<Tensor>(step.zeroOutput), ...flatten<Tensor>(step.state)];
  const some = (): Tensor[] => {
    const made = called(step);
    return listOf(
      cond(conditions.noneOver(), {
        trueFn: () => made,
        falseFn: () => copyThrough(step, made),
      }),
    );
  };
  return packed(step, listOf(cond(conditions.allOver, { trueFn: () => before, falseFn: some })));
}

/** A branch that gives a list of one gives that one. */
function listOf(result: unknown): Tensor[] {
  return Array.isArray(result) ? result : [result as Tensor];
}

function called<S extends TensorStructure, O extends TensorStructure>({
  zeroOutput,
  state,
  callCell,
}: Step<S, O>): Tensor[] {
  const [output, next] = callCell();
  assertSameStructure(zeroOutput, output);
  assertSameStructure(state, next);
  return [...flatten<Tensor>(output), ...flatten<Tensor>(next)];
}

function copyThrough<S extends TensorStructure, O extends TensorStructure>(
  { zeroOutput, state, isOver }: Step<S, O>,
  made: readonly Tensor[],
): Tensor[] {
  const before = [...flatten<Tensor>(zeroOutput), ...flatten<Tensor>(state)];
  return before.map((old, i) => copyWhere(isOver, old, made[i]));
}

/** The old value where the condition holds, row by row. Arrays and scalars have no rows. */
export function copyWhere<T>(condition: Tensor, old: T, made: T): T {
  if (old instanceof TensorArray || !(made instanceof Tensor)) return made;
  if (old instanceof Tensor && old.rank === 0) return made;
  return getDefaultGraph().colocateWith(made, false, () => where(condition, old as Tensor, made)) as T;
}

function packed<S extends TensorStructure, O extends TensorStructure>(
  { zeroOutput, state }: Step<S, O>,
  made: readonly Tensor[],
): StepResult<O, S> {
  const before = [...flatten<Tensor>(zeroOutput), ...flatten<Tensor>(state)];
  before.forEach((old, i) => {
    if (old instanceof Tensor) made[i].setShape(old.shape);
  });
  const count = flatten(zeroOutput).length;
  return [pack(zeroOutput, made.slice(0, count)) as O, pack(state, made.slice(count)) as S];
}

/** The type of errors where a list is wanted. */
export function isNested(value: unknown): value is readonly unknown[] {
  return isPlainNode(value);
}
