/**
 * What the gradients of calls, branches and loops share: the body of a gradient, which is built beside the body of the
 * function that it is the gradient of and takes values of it. How these get there, the kinds of calls decide.
 */
import { FuncGraph } from '../graph/func-graph.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { constantOp, emit } from '../ops/emit.ts';
import { functionName } from '../ops/functions.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import { constantValue } from '../ops/static-value.ts';
import { float32, resource, variant } from '../util/dtype.ts';
import { isFullyDefined, numElements } from '../util/shape.ts';
import { tensorVocabulary as $ } from './graph-builder.ts';
import type { Gradient } from './registry.ts';

/** Ops that ask for no more than a shape: the function itself tells it, so that the tensor need not be kept. */
const ASKS_SHAPE: ReadonlySet<string> = new Set([
  'Shape',
  'ShapeN',
  'Size',
  'Rank',
  'TensorListLength',
  'TensorListElementShape',
]);

/** Constants of at most so many elements are made anew in the gradient. */
const SMALL = 1 << 10;

/** The body of a gradient. Values of the function that it takes are found by `supply`. */
export class GradientBody extends FuncGraph {
  private readonly known = new Map<Tensor, Tensor>();

  constructor(
    name: string,
    outer: Graph,
    readonly source: FuncGraph,
    /** What stands in this graph for a tensor of the source that cannot be computed from what is here already. */
    private readonly supply: (tensor: Tensor, body: GradientBody) => Tensor,
  ) {
    super(functionName(`${name}_grad`, outer), outer);
  }

  override isInside(graph: Graph): boolean {
    return graph === this.source || super.isInside(graph);
  }
  override placeFor(type: string, inputs: readonly Tensor[]): Graph {
    return ASKS_SHAPE.has(type) && inputs.every(({ graph }) => graph === this.source) ? this.source : this;
  }

  override capture(tensor: Tensor): Tensor {
    if (tensor.graph !== this.source) return super.capture(tensor);
    const known = this.known.get(tensor);
    if (known) return known;
    const made = this.nameScope(null, () => this.controlDependencies(null, () => this.derive(tensor)));
    this.known.set(tensor, made);
    return made;
  }
  /** Says what stands for a tensor of the source. */
  bind(tensor: Tensor, standIn: Tensor): void {
    this.known.set(tensor, standIn);
  }

  private derive(tensor: Tensor): Tensor {
    // What stands for a constant outside stays an argument: somebody may differentiate with respect to it.
    const isFixed = tensor.op.type === 'Const' || !tensor.dtype.isTrainable;
    const value = isFixed ? constantValue(tensor) : null;
    if (value !== null && value.size <= SMALL) return this.asDefault(() => constantOp(value, tensor.op.name));
    return this.supply(tensor, this);
  }

  /** The op once more, in this graph, on what stands here for its inputs. */
  again(op: Operation): Operation {
    const inputs = op.inputs.map((input) => this.capture(input));
    const def = findOpDef(op.type);
    let at = 0;
    const grouped = (def?.inputs ?? []).map((arg) => {
      const attr = arg.typeListAttr ?? arg.numberAttr;
      if (attr === null) return inputs[at++];
      const value = op.node.attrs[attr];
      const length = Array.isArray(value) ? value.length : (value as number);
      at += length;
      return inputs.slice(at - length, at);
    });
    return this.asDefault(() => emit(op.type, grouped, op.node.attrs));
  }
}

/**
 * The tensors of a function that are the same, or cheap to compute again, wherever its gradient is computed: those that
 * follow by pure ops from arguments of which `isFree` says so.
 */
export class Recomputable {
  private readonly answers = new Map<number, boolean>();

  constructor(
    private readonly graph: Graph,
    private readonly isFree: (input: Tensor) => boolean,
    /** Whether values of any size are computed again, or only scalars. */
    private readonly anySize: boolean,
  ) {}

  has(tensor: Tensor): boolean {
    const stack = [tensor.op.id];
    while (stack.length > 0) {
      const id = stack[stack.length - 1];
      if (this.answers.has(id)) {
        stack.pop();
        continue;
      }
      const op = this.graph.operation(id);
      const direct = this.direct(op);
      if (direct !== null) {
        this.answers.set(id, direct);
        stack.pop();
        continue;
      }
      const open = op.node.inputs.filter(({ node }) => !this.answers.has(node));
      if (open.length > 0) for (const { node } of open) stack.push(node);
      else {
        this.answers.set(
          id,
          op.node.inputs.every(({ node }) => this.answers.get(node)),
        );
        stack.pop();
      }
    }
    return this.answers.get(tensor.op.id) as boolean;
  }

  /** The answer where the inputs do not matter; else null. */
  private direct(op: Operation): boolean | null {
    if (op.type === 'Placeholder') return this.isFree(op.output(0));
    if (op.type === 'Const') return true;
    if (findOpDef(op.type)?.effect !== 'pure' || op.node.inputs.length === 0) return false;
    if (op.node.outputs.some(({ dtype }) => dtype.kind === 'handle')) return false;
    if (op.node.controls.length > 0) return false;
    return this.anySize || op.node.outputs.every(({ shape }) => numElements(shape) === 1) ? null : false;
  }
}

/** The arguments, by position, that the results with these positions depend on by values that gradients flow through. */
export function differentiableArguments(
  graph: Graph,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): Set<number> {
  const position = new Map(inputs.map((input, i) => [input.op.id, i]));
  const found = new Set<number>();
  const seen = new Set<number>();
  const stack = outputs.filter(({ dtype }) => dtype.isTrainable).map(({ op }) => op.id);
  while (stack.length > 0) {
    const id = stack.pop() as number;
    if (seen.has(id)) continue;
    seen.add(id);
    const i = position.get(id);
    if (i !== undefined) found.add(i);
    for (const { node, index } of graph.node(id).inputs) {
      if (graph.node(node).outputs[index].dtype.isTrainable) stack.push(node);
    }
  }
  return found;
}

/** Zeros for what no gradient flows to: like the tensor; for a variable's handle like its value. */
export function zerosFor(tensor: Tensor): Tensor {
  if (tensor.dtype === variant) return $.op('ZerosLike', [tensor], {}, 'zeros_like');
  if (tensor.dtype !== resource) return $.zerosLike(tensor);
  const { dtype, shape } = tensor.spec.handle ?? { dtype: float32, shape: null };
  const dims = isFullyDefined(shape) ? $.ints([...shape]) : $.op('VariableShape', [tensor]);
  return $.fill(dims, $.constant(0, dtype), 'zeros');
}

/** The gradient as one tensor. */
export function dense(gradient: Gradient): Tensor | null {
  if (gradient === null) return null;
  return 'asTensor' in gradient ? gradient.asTensor() : gradient;
}
