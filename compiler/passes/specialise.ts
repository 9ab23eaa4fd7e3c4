/**
 * `specialise`: binds the shapes of the feeds, and the values of those that the plan is made for alone, and infers
 * everything anew, so that shapes are concrete wherever they do not depend on data.
 *
 * A fed value that is bound is a constant from here on: a plan for each value. Who asks for it has to bound the number;
 * sessions do so for boolean scalars, of which there are two (see `runtime/flags.ts`).
 */
import type { TensorSpec } from '../../src/graph/node.ts';
import { ShapeError } from '../../src/ops/opdef/define.ts';
import { float32 } from '../../src/util/dtype.ts';
import { type Shape, sameShape } from '../../src/util/shape.ts';
import { Facts, inferOutputs } from '../ir/context.ts';
import { INVALID, isInvalid } from '../ir/effects.ts';
import { isBranch, isLoop } from '../ir/functions.ts';
import type { Feed, VariableRef } from '../ir/import.ts';
import { sameElements, withElements } from '../ir/list-elements.ts';
import { ARG, type IrModule, type IrNode } from '../ir/module.ts';
import { calledOutputs, type ResultsOf } from './called-shapes.ts';
import { constant } from './fold.ts';
import type { Pass, PassContext } from './pass.ts';

export const specialise: Pass = {
  name: 'specialise',
  doc: 'Binds feed shapes and flags and infers all shapes from them.',
  run(module: IrModule, context: PassContext): IrModule {
    const { feeds } = context;
    const facts = new Facts();
    const fed = new Map(module.feeds.map((feed, i) => [feed.node, feeds[i]]));
    // Where a constant is fed, static shapes that follow from its value do not hold.
    const stale = new Set(module.feeds.filter((_, i) => feeds[i]?.overrides).map((feed) => feed.node));
    const failing = new Set<number>();
    let changed = false;
    const nodes = module.nodes.map((node) => {
      if (stale.size > 0 && node.inputs.some((input) => stale.has(input.node))) stale.add(node.id);
      const trusted = !stale.has(node.id);
      const next = node.op === ARG ? bind(node, fed.get(node.id)) : inferred(facts, node, trusted, context);
      if (next !== node) changed = true;
      if (isInvalid(next) && !isInvalid(node)) failing.add(next.id);
      facts.add(next);
      return next;
    });
    if (!changed) return module;
    const isOpen = (feed: Feed | undefined) => !feed?.value && !feed?.variable;
    const open = module.feeds.filter(({ node }) => isOpen(fed.get(node)));
    const next = { ...module, nodes, feeds: open.length < module.feeds.length ? open : module.feeds };
    if (failing.size === 0) return next;
    const must = new Set([...module.effects, ...failing]);
    return { ...next, effects: nodes.filter(({ id }) => must.has(id)).map(({ id }) => id) };
  },
};

function bind(node: IrNode, feed: Feed | undefined): IrNode {
  if (feed?.value) return constant(node, feed.value);
  const shape = feed?.shape ?? null;
  const [spec] = node.outputs;
  if (feed?.variable) return handle(node, feed.variable);
  if (feed?.elements) return { ...node, outputs: [{ ...spec, shape: shape ?? spec.shape, elements: feed.elements }] };
  return shape === null || sameShape(spec.shape, shape) ? node : { ...node, outputs: [{ ...spec, shape }] };
}

/** The handle of a variable in the place of the argument that stands for it. */
function handle(node: IrNode, { container, name }: VariableRef): IrNode {
  const { dtype, shape } = node.outputs[0].handle ?? { dtype: float32, shape: null };
  const attrs = { container, shared_name: name, debug_name: name, dtype, shape, allowed_devices: [] };
  return { ...node, op: 'VarHandleOp', attrs };
}

function inferred(facts: Facts, node: IrNode, trusted: boolean, context: PassContext): IrNode {
  if (isInvalid(node)) return node;
  try {
    const called = isLoop(node) || isBranch(node) ? calledOutputs(facts, node, bound(context)) : null;
    const found = called ?? withElements(facts, node, inferOutputs(facts, node));
    const outputs = found.map((spec, i) => refine(node.outputs[i], spec, trusted));
    return outputs.every((spec, i) => spec === node.outputs[i]) ? node : { ...node, outputs };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const outputs = node.outputs.map((spec) => ({ ...spec, shape: null }));
    return { ...node, outputs, attrs: { ...node.attrs, [INVALID]: error.message } };
  }
}

/** How the types of a function's results are found: its body is specialised in turn. */
function bound(context: PassContext): ResultsOf {
  return ({ module, feeds }) => {
    const { nodes, fetches } = specialise.run(module, { ...context, feeds });
    const byId = new Map(nodes.map((node) => [node.id, node]));
    return fetches.map(({ node, index }) => (byId.get(node) as IrNode).outputs[index]);
  };
}

/** What the rule says, and what the graph knows where the rule says less and the graph is to be trusted. */
function refine(old: TensorSpec, found: TensorSpec, trusted: boolean): TensorSpec {
  const shape = trusted ? combine(found.shape, old.shape) : found.shape;
  const sameHandle =
    old.handle === found.handle ||
    (old.handle?.dtype === found.handle?.dtype && sameShape(old.handle?.shape ?? null, found.handle?.shape ?? null));
  const isSame = sameHandle && sameShape(shape, old.shape) && sameElements(old.elements, found.elements);
  return isSame ? old : { ...found, shape };
}

function combine(found: Shape, old: Shape): Shape {
  if (found === null) return old;
  if (old === null || old.length !== found.length) return found;
  return found.map((d, i) => d ?? old[i]);
}
