/** The operation that a model runs once it is loaded: all initializers. Where it is kept is `builder.ts`'s business. */
import { tablesInitializer } from '../../data/lookup-tables.ts';
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Operation } from '../../graph/graph.ts';
import { groupAll } from '../../ops/control.ts';
import { globalVariablesInitializer, localVariablesInitializer } from '../../variables/collections.ts';

/**
 * An operation that initializes all variables and tables of the graph, to be saved as the main operation of a model whose
 * variables are not restored.
 */
export function mainOp(): Operation {
  return groupAll([globalVariablesInitializer(), localVariablesInitializer(), tablesInitializer()], null);
}

/** The same, and after it the operation of that name. Throws `KeyError` where the graph does not have it. */
export function mainOpWithRestore(restoreOpName: string): Operation {
  const graph = getDefaultGraph();
  const restore = graph.getOperationByName(restoreOpName);
  return graph.controlDependencies([mainOp()], () => groupAll([restore], null));
}
