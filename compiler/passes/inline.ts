/**
 * `inline`: puts the bodies of called functions in the place of the calls, and takes what a loop or branch only hands on
 * from where it comes. Choosing the branch of a known condition is the pass `choose`.
 */
import type { GraphFunction } from '../../src/graph/function.ts';
import { branchesOf, functionOf, importFunction, isBranch, isCall, isLoop } from '../ir/functions.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass } from './pass.ts';

export const inline: Pass = {
  name: 'inline',
  doc: 'Puts the bodies of functions in the place of their calls.',
  run(module: IrModule): IrModule {
    let current = module;
    // A body may call in turn. Functions do not call themselves, so that this comes to an end.
    for (;;) {
      const next = once(current);
      if (next === current || !next.nodes.some(isCall)) return next;
      current = next;
    }
  },
};

function once(module: IrModule): IrModule {
  if (!module.nodes.some((node) => isCall(node) || isLoop(node) || isBranch(node))) return module;
  const rewriter = new Rewriter(module);
  for (const node of module.nodes) {
    const current = rewriter.resolved(node);
    if (isCall(node)) {
      rewriter.replace(node, inlineCall(rewriter, current, functionOf(current, 'f'), current.inputs));
      continue;
    }
    rewriter.keep(current);
    const handedOn = isLoop(node) ? throughLoop(current) : isBranch(node) ? throughBranches(current) : null;
    if (handedOn?.some((value) => value !== null)) rewriter.forward(node, handedOn);
  }
  return rewriter.finish();
}

/** Puts the body of a function here and answers with what stands for its results. */
function inlineCall(
  rewriter: Rewriter,
  caller: IrNode,
  fn: GraphFunction,
  args: readonly IrValue[],
): readonly IrValue[] {
  const results = fn.outputs.map((_, i) => i);
  const specs = fn.inputSpecs.map((spec) => ({ spec }));
  const { module } = importFunction(fn, results, specs, caller.name);
  return inlineModule(rewriter, caller, module, args);
}

/**
 * Puts the nodes of a function's module here, standing for the caller, and answers with what its fetches are.
 *
 * @param args what the feeds of the module are
 */
export function inlineModule(
  rewriter: Rewriter,
  caller: IrNode,
  module: IrModule,
  args: readonly IrValue[],
): readonly IrValue[] {
  const known = new Map<number, readonly IrValue[]>();
  module.feeds.forEach((feed, i) => {
    known.set(feed.node, [args[i]]);
  });
  const take = ({ node, index }: IrValue): IrValue => (known.get(node) as readonly IrValue[])[index];
  for (const node of module.nodes) {
    if (node.op === ARG) continue;
    const id = rewriter.newId();
    rewriter.put({ ...node, id, inputs: node.inputs.map(take), origin: caller.origin });
    known.set(
      node.id,
      node.outputs.map((_, index) => ({ node: id, index })),
    );
  }
  return module.fetches.map(take);
}

function throughLoop(node: IrNode): readonly (IrValue | null)[] {
  const body = functionOf(node, 'body');
  return node.outputs.map((_, i) => (body.passedThrough(i) === i ? node.inputs[i] : null));
}

/** What every branch gives of the same argument. */
function throughBranches(node: IrNode): readonly (IrValue | null)[] {
  const branches = branchesOf(node);
  return node.outputs.map((_, i) => {
    const [first, ...rest] = branches.map((fn) => fn.passedThrough(i));
    return first !== null && rest.every((position) => position === first) ? node.inputs[1 + first] : null;
  });
}
