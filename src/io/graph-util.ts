/**
 * `tf.graphUtil`: graph definitions cut down, cleaned of what only training needs, and frozen. They are changed as
 * messages; no graph is built.
 */
import type { Evaluator } from '../graph/evaluator.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { AssertionError, TypeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { frozenNodes } from './freeze.ts';
import { GraphDef } from './graph-def.ts';
import { textOf } from './import-attrs.ts';
import type { NodeDef } from './messages.ts';

/**
 * The part of a graph definition that the named nodes need, in its order: their inputs, control inputs and what they are
 * colocated with. Throws `TypeError` for names that are no list, `AssertionError` for a node that is not there.
 *
 *     tf.graphUtil.extractSubGraph(graph.asGraphDef(), ['softmax'])
 */
export function extractSubGraph(graphDef: GraphDef, destNodes: readonly string[]): GraphDef {
  if (!(graphDef instanceof GraphDef)) {
    throw new TypeError(`graph_def must be a graph_pb2.GraphDef proto, but got type ${pythonTypeName(graphDef)}.`);
  }
  if (typeof destNodes === 'string') {
    throw new TypeError(`dest_nodes must be an iterable of strings, but got type ${pythonTypeName(destNodes)}.`);
  }
  const nodes = new Map(graphDef.node.map((node) => [node.name, node]));
  for (const name of destNodes) if (!nodes.has(name)) throw new AssertionError(`${name} is not in graph`);
  const kept = new Set<string>();
  const stack = [...destNodes];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    const node = nodes.get(name);
    if (node) stack.push(...node.input.map(nodeName), ...colocated(node));
  }
  return new GraphDef(
    graphDef.node.filter((node) => kept.has(node.name)),
    graphDef.library,
    graphDef.versions,
  );
}

/** `'^a'` and `'a:1'` are of node `a`. */
function nodeName(input: string): string {
  if (input.startsWith('^')) return input.slice(1);
  const colon = input.indexOf(':');
  return colon < 0 ? input : input.slice(0, colon);
}

function colocated(node: NodeDef): string[] {
  const classes = node.attr.get('_class');
  if (!classes || !('list' in classes)) return [];
  return classes.list.flatMap((item) => ('s' in item ? textOf(item.s).replace(/^loc:@/, '') : []));
}

/**
 * The graph definition without nodes that only training needs: `CheckNumerics` nodes, and the `Identity` and `StopGradient`
 * nodes that no control edge begins or ends at. What took them takes their inputs.
 *
 *     tf.graphUtil.removeTrainingNodes(def, ['softmax'])   // keeps the node `softmax` in any case
 */
export function removeTrainingNodes(inputGraph: GraphDef, protectedNodes: readonly string[] | null = null): GraphDef {
  const guarded = new Set(protectedNodes ?? []);
  const checks = new Map<string, string>();
  for (const node of inputGraph.node) {
    if (node.op === 'CheckNumerics' && !guarded.has(node.name)) checks.set(node.name, node.input[0]);
  }
  const unchecked = inputGraph.node.filter((node) => !checks.has(node.name)).map((node) => rewired(node, checks));
  const bound = new Set<string>();
  for (const node of unchecked) {
    const controls = node.input.filter((input) => input.startsWith('^'));
    for (const control of controls) bound.add(control.slice(1));
    if (controls.length > 0) bound.add(node.name);
    for (const name of colocated(node)) bound.add(name);
  }
  const spliced = new Map<string, string>();
  for (const node of unchecked) {
    const isPlain = node.op === 'Identity' || node.op === 'StopGradient';
    if (isPlain && !guarded.has(node.name) && !bound.has(node.name)) spliced.set(node.name, node.input[0]);
  }
  const nodes = unchecked.filter((node) => !spliced.has(node.name)).map((node) => rewired(node, spliced));
  return new GraphDef(nodes, inputGraph.library, inputGraph.versions);
}

/** The node with the inputs of removed nodes in their place; waiting for one of them is no longer needed. */
function rewired(node: NodeDef, removed: ReadonlyMap<string, string>): NodeDef {
  if (!node.input.some((input) => removed.has(nodeName(input)))) return node;
  const input = node.input.flatMap((text) => {
    if (text.startsWith('^')) return removed.has(text.slice(1)) ? [] : [text];
    let source = text;
    for (let next = removed.get(nodeName(source)); next !== undefined; next = removed.get(nodeName(source)))
      source = next;
    return [source];
  });
  return { ...node, input };
}

export interface ConvertVariablesOptions {
  /** Names of the variables to convert: all, without it. */
  readonly variableNamesWhitelist?: readonly string[] | null;
  /** Names of variables that stay variables. */
  readonly variableNamesBlacklist?: readonly string[] | null;
}

/**
 * The part of a graph definition that the outputs need, with its variables made constants of the values that they have in
 * the session: what runs on its own wherever the graph is imported. Resource and reference variables are converted, in
 * functions too.
 *
 *     const frozen = await tf.graphUtil.convertVariablesToConstants(sess, sess.graph.asGraphDef(), ['softmax']);
 */
export async function convertVariablesToConstants(
  sess: Evaluator,
  inputGraphDef: GraphDef,
  outputNodeNames: readonly string[],
  ...rest: Rest<
    [variableNamesWhitelist: readonly string[] | null, variableNamesBlacklist: readonly string[] | null],
    ConvertVariablesOptions
  >
): Promise<GraphDef> {
  const options = bind<ConvertVariablesOptions>(['variableNamesWhitelist', 'variableNamesBlacklist'], rest);
  const def = extractSubGraph(inputGraphDef, outputNodeNames);
  const [wanted, unwanted] = [options.variableNamesWhitelist, options.variableNamesBlacklist];
  const variables = def.node.filter(
    ({ op, name }) =>
      ['Variable', 'VariableV2', 'VarHandleOp'].includes(op) &&
      (wanted?.includes(name) ?? true) &&
      !(unwanted?.includes(name) ?? false),
  );
  if (variables.length === 0) return def;
  const readOf = readsOf(inputGraphDef);
  const fetches = variables.map(({ op, name }) => (op === 'VarHandleOp' ? readOf(name) : `${name}:0`));
  const values = (await sess.run(fetches)) as NdArray[];
  return frozenNodes(def, new Map(variables.map(({ name }, i) => [name, values[i]])));
}

/** Finds by the name of a variable the name of a tensor that reads it: the one made with it, else any. */
function readsOf(def: GraphDef): (variable: string) => string {
  const reads = new Map<string, string>();
  for (const node of def.node) {
    if (node.op !== 'ReadVariableOp') continue;
    const variable = nodeName(node.input[0]);
    if (!reads.has(variable) || node.name === `${variable}/Read/ReadVariableOp`) reads.set(variable, `${node.name}:0`);
  }
  return (variable) => {
    const read = reads.get(variable);
    if (read === undefined) throw new ValueError(`No operation of the graph reads the variable '${variable}'.`);
    return read;
  };
}
