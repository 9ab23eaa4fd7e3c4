/**
 * The variables of a graph by collection, and operations on many of them: initialize, ask which are not.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { constant } from '../ops/constants.ts';
import { type Dependencies, groupAll, noOp } from '../ops/control.ts';
import { emitOne, opScope } from '../ops/emit.ts';
import { booleanMask } from '../ops/gather.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { string } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import { PartitionedVariable } from './partitioned.ts';
import type { Variable } from './variable.ts';

/** `scope`: a regular expression that names must match at their start. */
type ScopeRest = Rest<[scope: string | null], { readonly scope?: string | null }>;

function inCollection(key: string, rest: ScopeRest): Variable[] {
  const { scope = null } = bind<{ scope: string | null }>(['scope'], rest);
  return getDefaultGraph().getCollection(key, scope) as Variable[];
}

/**
 * The variables that all parts of a program share, in the order of their making. `scope` is a regular expression that
 * names must match at their start.
 */
export function globalVariables(...rest: ScopeRest): Variable[] {
  return inCollection(GraphKeys.GLOBAL_VARIABLES, rest);
}
/** The old name of `globalVariables`. */
export function allVariables(): Variable[] {
  return globalVariables();
}
/** The variables that are not saved: counters, metrics. */
export function localVariables(...rest: ScopeRest): Variable[] {
  return inCollection(GraphKeys.LOCAL_VARIABLES, rest);
}
/** The variables of models. */
export function modelVariables(...rest: ScopeRest): Variable[] {
  return inCollection(GraphKeys.MODEL_VARIABLES, rest);
}
/** The variables that optimizers train. */
export function trainableVariables(...rest: ScopeRest): Variable[] {
  return inCollection(GraphKeys.TRAINABLE_VARIABLES, rest);
}
/** The variables of which moving averages are kept. */
export function movingAverageVariables(...rest: ScopeRest): Variable[] {
  return inCollection(GraphKeys.MOVING_AVERAGE_VARIABLES, rest);
}

interface NameOption {
  readonly name?: string | null;
}

/** What has an initializer. */
interface Initializable {
  readonly initializer: Operation;
}

/**
 * An operation that initializes these variables.
 *
 *     await sess.run(tf.variablesInitializer([w, b]))
 */
export function variablesInitializer(
  varList: readonly Initializable[],
  ...rest: Rest<[name: string | null], NameOption>
): Operation {
  const { name = 'init' } = bind<NameOption>(['name'], rest);
  if (varList.length === 0) return noOp(name);
  return groupAll(
    varList.map((v): Dependencies => v.initializer),
    name,
  );
}
/** The old name of `variablesInitializer`. */
export function initializeVariables(
  varList: readonly Initializable[],
  ...rest: Rest<[name: string | null], NameOption>
): Operation {
  return variablesInitializer(varList, ...rest);
}
/**
 * An operation that initializes all global variables that are there when it is built.
 *
 *     await sess.run(tf.globalVariablesInitializer())
 */
export function globalVariablesInitializer(): Operation {
  return variablesInitializer(globalVariables());
}
/** The old name of `globalVariablesInitializer`. */
export function initializeAllVariables(): Operation {
  return globalVariablesInitializer();
}
/** An operation that initializes all local variables. */
export function localVariablesInitializer(): Operation {
  return variablesInitializer(localVariables());
}
/** The old name of `localVariablesInitializer`. */
export function initializeLocalVariables(): Operation {
  return localVariablesInitializer();
}

/** Whether the session has a value for the variable: a bool scalar. */
export function isVariableInitialized(
  variable: { isInitialized(name?: string | null): Tensor },
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return variable.isInitialized(name);
}

/**
 * The names of the variables (all global and local ones, without a list) that have no value in the session, as a string
 * vector.
 *
 *     await sess.run(tf.reportUninitializedVariables())
 */
export function reportUninitializedVariables(
  varList: readonly Variable[] | null = null,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  const variables = varList ?? [...globalVariables(), ...localVariables()];
  return opScope(name, 'report_uninitialized_variables', [], () => {
    if (variables.length === 0) return constant(NdArray.zeros(string, [0]));
    const initialized = variables.map((v) => v.isInitialized());
    return getDefaultGraph().device('/cpu:0', () => {
      const mask = emitOne('LogicalNot', [emitOne('Pack', [initialized], { axis: 0 }, 'stack')]);
      const names = constant(variables.map((v) => v.op.name));
      return booleanMask(names, mask);
    });
  });
}

/**
 * The ranks of the variables (all global and local ones, without a list): running it fails with
 * `FailedPreconditionError` where one of them has no value. Null without variables.
 */
export function assertVariablesInitialized(varList: readonly TensorLike[] | null = null): Tensor | null {
  const variables: readonly TensorLike[] = varList ?? [...globalVariables(), ...localVariables()];
  if (variables.length === 0) return null;
  const ranks = variables.map((v) => emitOne('_RankOfValue', [v], {}, 'Rank'));
  return ranks.length === 1 ? ranks[0] : emitOne('Pack', [ranks], { axis: 0 }, 'stack');
}

/** The parts of partitioned variables, and other variables as they are. */
export function flattenVariables(list: readonly (Variable | PartitionedVariable)[]): Variable[] {
  return list.flatMap((v) => (v instanceof PartitionedVariable ? [...v.variables] : [v]));
}
