/**
 * The rules that every module keeps; a breach is an `InternalError` that names the pass. Fixing anything is nobody's
 * business: a broken module is a bug of the pass.
 */
import { findOpDef, ShapeError } from '../../src/ops/opdef/define.ts';
import { argDTypes, argLength } from '../../src/ops/opdef/resolve.ts';
import { InternalError } from '../../src/util/errors.ts';
import { isCompatible } from '../../src/util/shape.ts';
import { Facts, inferOutputs } from './context.ts';
import { effectOf, isInvalid, mustRun } from './effects.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from './module.ts';
import { printNode, printValue } from './printer.ts';
import { formatSpec } from './text.ts';

/** Throws `InternalError` with the first rule that the module breaks. */
export function verifyModule(module: IrModule, pass: string): void {
  const fail = (message: string, node?: IrNode): never => {
    const at = node ? `\n    ${printNode(node)}` : '';
    throw new InternalError(node ? { name: node.name, type: node.op } : null, `After pass '${pass}': ${message}${at}`);
  };
  const facts = new Facts();
  const seen = new Map<number, IrNode>();
  for (const node of module.nodes) {
    if (seen.has(node.id)) fail(`the id %${node.id} is used twice`, node);
    if (node.id >= module.nextId) fail(`the id %${node.id} is not below nextId ${module.nextId}`, node);
    if (node.origin.length === 0) fail('the node has no origin', node);
    for (const input of node.inputs) {
      const source = seen.get(input.node);
      if (!source) fail(`the input ${printValue(input)} is not defined before its use`, node);
      else if (!source.outputs[input.index]) fail(`the input ${printValue(input)} is no output of its node`, node);
    }
    const problem = checkTypes(node, facts) ?? checkShapes(node, facts);
    if (problem) fail(problem, node);
    seen.set(node.id, node);
    facts.add(node);
  }
  checkEnds(module, seen, fail);
}

function checkTypes(node: IrNode, facts: Facts): string | null {
  const def = findOpDef(node.op);
  if (!def) return `the op ${node.op} is not defined`;
  const missing = def.attrs.find((attr) => node.attrs[attr.name] === undefined);
  if (missing) return `the attribute ${missing.name} is missing`;
  const wanted = def.inputs.flatMap((arg) => (argLength(arg, node.attrs) > 0 ? argDTypes(arg, node.attrs) : []));
  if (wanted.length !== node.inputs.length) return `the op takes ${wanted.length} inputs, not ${node.inputs.length}`;
  for (let i = 0; i < wanted.length; i++) {
    const { dtype } = facts.spec(node.inputs[i]);
    if (dtype !== wanted[i]) return `input ${i} is ${dtype.shortName}, not ${wanted[i].shortName}`;
  }
  const given = def.outputs.flatMap((arg) => (argLength(arg, node.attrs) > 0 ? argDTypes(arg, node.attrs) : []));
  if (given.length !== node.outputs.length) return `the op has ${given.length} outputs, not ${node.outputs.length}`;
  const wrong = node.outputs.findIndex(({ dtype }, i) => dtype !== given[i]);
  return wrong < 0 ? null : `output ${wrong} is ${node.outputs[wrong].dtype.shortName}, not ${given[wrong].shortName}`;
}

function checkShapes(node: IrNode, facts: Facts): string | null {
  if (node.op === ARG || isInvalid(node)) return null;
  try {
    const inferred = inferOutputs(facts, node);
    const wrong = node.outputs.findIndex(({ shape }, i) => !isCompatible(shape, inferred[i].shape));
    return wrong < 0
      ? null
      : `output ${wrong} is ${formatSpec(node.outputs[wrong])}, but its rule says ${formatSpec(inferred[wrong])}`;
  } catch (error) {
    // The shapes of the graph are not yet bound to the feeds, or the pass that binds them is off.
    if (error instanceof ShapeError) return `the shape rule refuses the inputs: ${error.message}`;
    throw error;
  }
}

function checkEnds(module: IrModule, seen: ReadonlyMap<number, IrNode>, fail: (m: string, n?: IrNode) => void): void {
  const exists = ({ node, index }: IrValue) => seen.get(node)?.outputs[index] !== undefined;
  for (const { node } of module.feeds) {
    if (seen.get(node)?.op !== ARG) fail(`the feed %${node} is no ${ARG} node of the module`);
  }
  const fed = new Set(module.feeds.map(({ node }) => node));
  for (const fetch of module.fetches) if (!exists(fetch)) fail(`the fetch ${printValue(fetch)} does not exist`);
  const effects = new Set(module.effects);
  for (const id of effects) if (!seen.has(id)) fail(`the node %${id}, which must run, does not exist`);
  for (const node of module.nodes) {
    if (node.op === ARG && !fed.has(node.id)) fail('the node is fed nothing', node);
    if (mustRun(effectOf(node)) && !effects.has(node.id))
      fail('the node has an effect but is not among those run', node);
  }
}
