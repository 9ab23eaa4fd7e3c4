/**
 * The gradient of branches and calls: a branching op on the same condition, whose branches are the gradients of the first
 * one's. Values inside a branch that its gradient needs become further outputs of the first op.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type FuncGraph, funcGraphOf } from '../graph/func-graph.ts';
import type { GraphFunction } from '../graph/function.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import type { Attrs, AttrValue } from '../graph/node.ts';
import { emit } from '../ops/emit.ts';
import { finishBody } from '../ops/functions.ts';
import type { DType } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { backward } from './backward.ts';
import { dense, differentiableArguments, GradientBody, Recomputable, zerosFor } from './function-gradients.ts';
import { tensorVocabulary as $ } from './graph-builder.ts';
import { type Gradient, registerStructuralGradient } from './registry.ts';

/** How an op names its functions, and how many inputs come before the arguments. */
interface CallKind {
  readonly stateless: string;
  readonly stateful: string;
  readonly leading: number;
  functions(attrs: Attrs): readonly GraphFunction[];
  attrs(functions: readonly GraphFunction[]): Readonly<Record<string, AttrValue>>;
}

const fn = (value: AttrValue | undefined) => value as unknown as GraphFunction;
const value = (func: GraphFunction) => func as unknown as AttrValue;

const KINDS: readonly CallKind[] = [
  {
    stateless: 'StatelessIf',
    stateful: 'If',
    leading: 1,
    functions: (attrs) => [fn(attrs.then_branch), fn(attrs.else_branch)],
    attrs: ([first, second]) => ({ then_branch: value(first), else_branch: value(second) }),
  },
  {
    stateless: 'StatelessCase',
    stateful: 'Case',
    leading: 1,
    functions: (attrs) => attrs.branches as unknown as readonly GraphFunction[],
    attrs: (branches) => ({ branches: branches.map(value) }),
  },
  {
    stateless: 'PartitionedCall',
    stateful: 'StatefulPartitionedCall',
    leading: 0,
    functions: (attrs) => [fn(attrs.f)],
    attrs: ([f]) => ({ f: value(f) }),
  },
];

for (const kind of KINDS) {
  const gradient = (op: Operation, grads: readonly Gradient[]) => callGradient(kind, op, grads);
  registerStructuralGradient(kind.stateless, gradient);
  registerStructuralGradient(kind.stateful, gradient);
}

function callGradient(kind: CallKind, op: Operation, grads: readonly Gradient[]): readonly Gradient[] {
  const call = new ForwardCall(kind, op);
  const given = grads.map((grad, i) => ({ i, grad: dense(grad) })).filter(({ grad }) => grad !== null);
  const args = op.inputs.slice(kind.leading);
  const wanted = new Set<number>();
  for (const { inputs, outputs, body } of call.branches) {
    const ys = given.map(({ i }) => outputs[i]);
    for (const i of differentiableArguments(body, inputs, ys)) if (args[i].dtype.isTrainable) wanted.add(i);
  }
  const none = op.inputs.map(() => null);
  if (wanted.size === 0) return none;
  const list = [...wanted].sort((a, b) => a - b);
  const outer = getDefaultGraph();
  const built = call.branches.map((branch, b) => {
    const body = new GradientBody(`${op.name}_branch${b}`, outer, branch.body, (tensor, own) =>
      call.supply(b, tensor, own),
    );
    const results = body.asDefault(() => {
      const dys = given.map(({ grad }) => body.capture(grad as Tensor));
      const ys = given.map(({ i }) => branch.outputs[i]);
      const xs = list.map((i) => branch.inputs[i]);
      const found = backward(branch.body, ys, xs, dys);
      return found.map((grad, k) => body.capture(dense(grad) ?? zerosFor(body.capture(args[list[k]]))));
    });
    return { body, results };
  });
  const captured = [...new Set(built.flatMap(({ body }) => body.captured))];
  const functions = built.map(({ body, results }) =>
    finishBody(
      body,
      results,
      captured.map((tensor) => body.capture(tensor)),
    ),
  );
  const type = functions.some(({ isStateful }) => isStateful) ? kind.stateful : kind.stateless;
  const types = built[0].results.map(({ dtype }) => dtype);
  const leading = op.inputs.slice(0, kind.leading);
  const made = emit(type, [...leading, captured], { ...kind.attrs(functions), Tout: types }, type);
  return op.inputs.map((_, i) => {
    const k = list.indexOf(i - kind.leading);
    return k < 0 ? null : $.identity(made.outputs[k]);
  });
}

interface ForwardBranch {
  readonly body: FuncGraph;
  readonly inputs: readonly Tensor[];
  readonly outputs: Tensor[];
  readonly recomputable: Recomputable;
}

/** The op that is differentiated, which can be made to give more. */
class ForwardCall {
  readonly branches: readonly ForwardBranch[];
  private readonly kept = new Map<Tensor, number>();

  constructor(
    private readonly kind: CallKind,
    private readonly op: Operation,
  ) {
    this.branches = kind.functions(op.node.attrs).map((func) => {
      const body = funcGraphOf(func);
      const inputs = func.inputs.map((id) => body.operation(id).output(0));
      const outputs = func.outputs.map(({ node, index }) => body.operation(node).output(index));
      // Only shapes and the like are worth computing twice.
      return { body, inputs, outputs, recomputable: new Recomputable(body, () => true, false) };
    });
  }

  /** What stands in the gradient of a branch for a tensor of the branch. */
  supply(b: number, tensor: Tensor, own: GradientBody): Tensor {
    const { inputs, recomputable } = this.branches[b];
    const argument = inputs.indexOf(tensor);
    if (argument >= 0) return own.capture(this.op.inputs[this.kind.leading + argument]);
    if (recomputable.has(tensor)) return own.again(tensor.op).output(tensor.index);
    return own.capture(this.keep(b, tensor));
  }

  /** An output of the op that is the tensor, where the branch is taken. */
  private keep(b: number, tensor: Tensor): Tensor {
    const known = this.kept.get(tensor) ?? this.branches[b].outputs.indexOf(tensor);
    if (known >= 0) return this.op.outputs[known];
    const position = this.op.node.outputs.length;
    this.kept.set(tensor, position);
    this.branches.forEach(({ body, outputs }, i) => {
      outputs.push(i === b ? tensor : body.extend(() => dummy(tensor)));
    });
    const { op, kind } = this;
    const { attrs, outputs } = op.node;
    const old = kind.functions(attrs);
    const functions = this.branches.map((branch, i) =>
      branch.body.finish(branch.outputs, { isStateful: old[i].isStateful, inputs: branch.inputs }),
    );
    const shapes = attrs.output_shapes as readonly Shape[] | undefined;
    const more = {
      ...attrs,
      ...kind.attrs(functions),
      Tout: [...(attrs.Tout as readonly DType[]), tensor.dtype],
      ...(shapes && shapes.length > 0 ? { output_shapes: [...shapes, tensor.shape] } : {}),
    };
    op.graph.extendOp(op, more, [...outputs, tensor.spec]);
    return op.outputs[position];
  }
}

/** What a branch gives that has no such value. */
function dummy(tensor: Tensor): Tensor {
  return emit('FakeParam', [], { dtype: tensor.dtype, shape: tensor.shape }).output(0);
}
