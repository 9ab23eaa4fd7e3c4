/**
 * `choose`: where a flag is known before the run, a selection by it becomes the tensor that it selects, and a branching op
 * the body of the branch that it takes. What computes the other tensor of a selection is dead then; dropping it is `dce`'s job, and that of the plan's making.
 *
 * It is not left out where passes are: what a flag rules out must not draw random numbers, or a model that is evaluated
 * now and then would be trained on others. An error that only the other tensor would have raised is not raised.
 */
import { bool } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { isFullyDefined, sameShape } from '../../src/util/shape.ts';
import { effectOf } from '../ir/effects.ts';
import { branchesOf, importFunction, isBranch } from '../ir/functions.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import { computed } from './fold.ts';
import { inline, inlineModule } from './inline.ts';
import type { Evaluate, Pass, PassContext } from './pass.ts';
import { specialise } from './specialise.ts';

const SELECTIONS: ReadonlySet<string> = new Set(['Select', 'SelectV2']);

export const choose: Pass = {
  name: 'choose',
  doc: 'Takes what a known flag selects in the place of the selection, and the branch that it chooses in that of the op.',
  run(module: IrModule, context: PassContext): IrModule {
    let current = module;
    // A branch may have selections and branches in turn.
    for (;;) {
      const next = once(current, context);
      if (next === current) return next;
      current = inline.run(next, context);
    }
  },
};

function once(module: IrModule, context: PassContext): IrModule {
  if (!module.nodes.some((node) => SELECTIONS.has(node.op) || isBranch(node))) return module;
  const rewriter = new Rewriter(module);
  const flags = new Flags(rewriter, context.evaluate);
  const used = usedOutputs(module);
  for (const node of module.nodes) {
    const current = rewriter.resolved(node);
    const chosen = SELECTIONS.has(node.op) ? selected(rewriter, flags, current) : null;
    if (chosen) rewriter.replace(node, [chosen]);
    else if (!isBranch(node) || !takeBranch(rewriter, flags, current, used(node), context)) {
      rewriter.keep(current);
      flags.add(current);
    }
  }
  return rewriter.finish();
}

/** Which outputs of a branching op anybody takes. */
function usedOutputs({ nodes, fetches }: IrModule): (node: IrNode) => readonly number[] {
  const used = new Map(nodes.filter(isBranch).map(({ id }) => [id, new Set<number>()]));
  for (const { inputs } of nodes) for (const { node, index } of inputs) used.get(node)?.add(index);
  for (const { node, index } of fetches) used.get(node)?.add(index);
  return ({ id }) => [...(used.get(id) ?? [])].sort((a, b) => a - b);
}

/** Puts the chosen branch in the place of the op, as much of it as is needed, if it is known which one that is. */
function takeBranch(
  rewriter: Rewriter,
  flags: Flags,
  node: IrNode,
  used: readonly number[],
  context: PassContext,
): boolean {
  const branches = branchesOf(node);
  const flag = flags.get(node.inputs[0]);
  const index = node.attrs.branches === undefined ? null : rewriter.facts.constant(node.inputs[0]);
  if (flag === null && index === null) return false;
  const number = index === null ? (flag ? 0 : 1) : Number(index.data[0]);
  const fn = branches[number] ?? branches[branches.length - 1];
  const inputs = node.inputs.slice(1);
  const args = inputs.map((input) => ({ spec: rewriter.facts.spec(input) }));
  // An op that is run for its effects alone has all of them.
  const needed = used.length > 0 ? used : fn.outputs.map((_, i) => i);
  const called = importFunction(fn, needed, args, `${node.name}/${fn.func}`);
  const module = specialise.run(called.module, { ...context, feeds: called.feeds });
  const results = inlineModule(rewriter, node, module, inputs);
  // Nobody takes the others: any value stands for them.
  rewriter.replace(
    node,
    fn.outputs.map((_, i) => results[Math.max(0, needed.indexOf(i))]),
  );
  return true;
}

/** What the flag selects, if it alone has the shape of the result. */
function selected(rewriter: Rewriter, flags: Flags, node: IrNode): IrValue | null {
  if (effectOf(node) !== 'pure') return null;
  const flag = flags.get(node.inputs[0]);
  if (flag === null) return null;
  const chosen = node.inputs[flag ? 1 : 2];
  const { shape } = rewriter.facts.spec(chosen);
  const wanted = node.outputs[0].shape;
  if (shape === null || !sameShape(shape, wanted)) return null;
  // `Select` does not broadcast by a flag: dimensions that depend on data are the same ones.
  return node.op === 'Select' || isFullyDefined(shape) ? chosen : null;
}

/** The boolean scalars known before the run: constants, and what is computed of them (not, and, or, identity). */
class Flags {
  private readonly values: (NdArray | undefined)[] = [];

  constructor(
    private readonly rewriter: Rewriter,
    private readonly evaluate: Evaluate | null,
  ) {}

  get(value: IrValue): boolean | null {
    const found = this.array(value);
    return found?.dtype === bool && found.rank === 0 ? Boolean(found.data[0]) : null;
  }

  private array(value: IrValue): NdArray | null {
    return this.values[value.node] ?? this.rewriter.facts.constant(value);
  }

  add(node: IrNode): void {
    if (!this.evaluate || node.op === 'Const' || node.op === ARG || node.inputs.length === 0) return;
    const [output] = node.outputs;
    if (node.outputs.length !== 1 || output.dtype !== bool || output.shape?.length !== 0) return;
    if (effectOf(node) !== 'pure') return;
    const inputs: NdArray[] = [];
    for (const input of node.inputs) {
      const known = this.array(input);
      if (known?.rank !== 0) return;
      inputs.push(known);
    }
    this.values[node.id] = computed(node, inputs, this.evaluate)?.[0];
  }
}
