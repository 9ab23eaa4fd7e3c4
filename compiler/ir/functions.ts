/**
 * Functions in the IR: the module of a function's body, and which ops call functions. Putting bodies in the place of calls
 * is the pass `inline`, making plans of them `plan/calls.ts`.
 */
import { GraphFunction } from '../../src/graph/function.ts';
import type { Attrs, AttrValue, TensorSpec } from '../../src/graph/node.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { type Feed, importGraph, type VariableRef } from './import.ts';
import type { IrModule } from './module.ts';

/** What is known of an argument when a function is compiled. */
export interface Argument {
  readonly spec: TensorSpec;
  /** Its value, where it is always the same. */
  readonly value?: NdArray | null;
  /** The variable that it is the handle of. */
  readonly variable?: VariableRef | null;
}

/** The module of a function, and what it is fed: its arguments, in their order. */
export interface FunctionModule {
  readonly module: IrModule;
  readonly feeds: readonly Feed[];
}

const CALLS: ReadonlySet<string> = new Set(['PartitionedCall', 'StatefulPartitionedCall']);
const LOOPS: ReadonlySet<string> = new Set(['StatelessWhile', 'While']);
const BRANCHES: ReadonlySet<string> = new Set(['StatelessIf', 'If', 'StatelessCase', 'Case']);

/** Whether the op calls its function once, whatever its arguments are. */
export function isCall({ op }: { readonly op: string }): boolean {
  return CALLS.has(op);
}
export function isLoop({ op }: { readonly op: string }): boolean {
  return LOOPS.has(op);
}
export function isBranch({ op }: { readonly op: string }): boolean {
  return BRANCHES.has(op);
}

/** Whether a kernel calls functions that the op has as attributes: it is to be given what they need. */
export function callsFromHost({ attrs }: { readonly attrs: Attrs }): boolean {
  for (const name in attrs) if (attrs[name] instanceof GraphFunction) return true;
  return false;
}

interface Caller {
  readonly op: string;
  readonly name: string;
  readonly attrs: Attrs;
}

/** The function in the attribute. Throws `InvalidArgumentError` where the graph has no body for it. */
export function functionOf(caller: Caller, attr: string): GraphFunction {
  return asFunction(caller, caller.attrs[attr]);
}

/** The functions of a branching op, by the number that chooses them: of an `If`, that for true comes first. */
export function branchesOf(caller: Caller): readonly GraphFunction[] {
  const { attrs } = caller;
  const list = attrs.branches === undefined ? [attrs.then_branch, attrs.else_branch] : attrs.branches;
  return (list as readonly AttrValue[]).map((value) => asFunction(caller, value));
}

function asFunction({ op, name }: Caller, value: AttrValue): GraphFunction {
  if (value instanceof GraphFunction) return value;
  const called = (value as { readonly func?: string } | null)?.func ?? String(value);
  throw new InvalidArgumentError({ name, type: op }, `Function ${called} is not defined.`);
}

/**
 * The module of a function's body.
 *
 * @param needed which results: the fetches of the module, in this order
 * @param path what the names of nodes begin with
 */
export function importFunction(
  fn: GraphFunction,
  needed: readonly number[],
  args: readonly Argument[],
  path: string,
): FunctionModule {
  const feeds = fn.inputs.map((node, i): Feed => {
    const { spec, value = null, variable = null } = args[i];
    return {
      endpoint: { node, index: 0 },
      dtype: spec.dtype,
      shape: spec.shape,
      elements: spec.elements,
      value,
      variable,
    };
  });
  const fetches = needed.map((output) => fn.outputs[output]);
  const module = importGraph(fn.body, { fetches, targets: fn.targets, feeds });
  return {
    module: { ...module, nodes: module.nodes.map((node) => ({ ...node, name: `${path}/${node.name}` })) },
    feeds,
  };
}
