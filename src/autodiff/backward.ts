/**
 * One walk backwards through a graph: from the gradients of some tensors to those of others. What users call is
 * `gradients.ts`; what the gradient of one op is, its definition or the registry says.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type Graph, type Operation, Tensor } from '../graph/graph.ts';
import { commonGraph } from '../graph/graph-of.ts';
import type { NodeId } from '../graph/node.ts';
import { tuple } from '../ops/control.ts';
import { convertToTensor } from '../ops/emit.ts';
import { IndexedSlices } from '../ops/indexed-slices.ts';
import type { Cotangent, GradFn } from '../ops/opdef/define.ts';
import { isConvertible, type TensorLike } from '../ops/tensor-like.ts';
import { bool, type DType, resource, variant } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { type AggregationMethod, aggregate, checkAggregationMethod } from './aggregate.ts';
import { tensorVocabulary as $, OperationView } from './graph-builder.ts';
import { type Differentiator, differentiatorOf, type Gradient, type GradientFunction } from './registry.ts';

/**
 * The gradients of ys with respect to xs, which are all of one graph, given the gradients of the ys: built in the default
 * graph, which may be another one that captures what it takes of the first. For the gradients of functions.
 */
export function backward(
  source: Graph,
  ys: readonly Tensor[],
  xs: readonly Tensor[],
  given: readonly Tensor[],
): Gradient[] {
  const graph = getDefaultGraph();
  return graph.nameScope('gradients', () => {
    const method = checkAggregationMethod(null);
    const pass = new BackwardPass(source, ys, xs, [], { method, colocate: false, gate: false });
    return pass.run(seeds(graph, ys, given, false));
  });
}

/** The gradients that start the pass: ones, or copies of the given ones under the names of this call. */
export function seeds(
  graph: Graph,
  ys: readonly Tensor[],
  given: readonly (TensorLike | IndexedSlices | null)[],
  colocate: boolean,
): (Tensor | IndexedSlices)[] {
  const converted = given.map((grad, i) => {
    if (grad === null || grad instanceof IndexedSlices) return grad;
    return isConvertible(grad) || grad instanceof Tensor
      ? convertToTensor(grad)
      : convertToTensor(grad, { preferredDtype: ys[i].dtype, name: `grad_y_${i}` });
  });
  return ys.map((y, i) => {
    const grad = converted[i];
    return placed(graph, y.op, colocate, () => {
      if (grad === null) return ones(graph, y, `grad_ys_${i}`);
      checkSeed(y, grad);
      if (!(grad instanceof IndexedSlices)) return $.identity(grad, `grad_ys_${i}`);
      const indices = $.identity(grad.indices, `grad_ys_${i}_indices`);
      const values = $.identity(grad.values, `grad_ys_${i}_values`);
      const shape = grad.denseShape && $.identity(grad.denseShape, `grad_ys_${i}_shape`);
      return new IndexedSlices(values, indices, shape);
    });
  });
}

function checkSeed(y: Tensor, grad: Tensor | IndexedSlices): void {
  const kind = (dtype: DType) => (dtype.isFloating || dtype.isInteger ? 'real' : dtype.isComplex ? 'complex' : 'other');
  const expected = kind(y.dtype);
  if (y.dtype === variant || y.dtype === resource) return;
  if (expected === 'other') {
    throw new TypeError(`Tensor ${y} with type ${y.dtype.name} must be numeric to obtain a default gradient`);
  }
  if (kind(grad.dtype) === expected) return;
  if (expected === 'real') {
    throw new TypeError(
      `Gradient type ${grad.dtype.name} generated for real or integer-valued tensor ${y} with type ${y.dtype.name} must be real or integer`,
    );
  }
  throw new TypeError(
    `Gradient type ${grad.dtype.name} generated for complex-valued tensor ${y} with type ${y.dtype.name} must be real`,
  );
}

function ones(graph: Graph, y: Tensor, name: string): Tensor {
  if (y.dtype.isComplex) {
    throw new TypeError(`Gradients of complex tensors (${y}) must set grad_ys (y.dtype = ${y.dtype})`);
  }
  const shape = $.shape(y);
  return graph.nameScope(name, (scope) => $.fill(shape, $.constant(y.dtype === bool ? true : 1, y.dtype), scope));
}

function placed<R>(graph: Graph, op: Operation, colocate: boolean, body: () => R): R {
  return colocate ? graph.colocateWith(op, false, body) : body();
}

export interface PassOptions {
  readonly method: AggregationMethod;
  readonly colocate: boolean;
  readonly gate: boolean;
}

/** What has flowed to the outputs of one op: lists while it is collected, then their sums. */
type Collected = (readonly (Tensor | IndexedSlices)[] | Tensor | IndexedSlices | null)[];

/**
 * One walk from the ys back to the xs. An op is visited when every op between it and the ys that takes one of its outputs
 * has been; ops that become ready together are visited in the order in which they became so.
 */
export class BackwardPass {
  private readonly collected = new Map<NodeId, Collected>();
  /** Between the ys and the xs, per op: consumers not visited yet. */
  private readonly pending: Int32Array;
  private readonly reached: Uint8Array;
  private readonly stops = new Set<NodeId>();

  /** @param graph the graph that is walked; what is built goes to the default graph */
  constructor(
    private readonly graph: Graph,
    private readonly ys: readonly Tensor[],
    private readonly xs: readonly Tensor[],
    stops: readonly Tensor[],
    private readonly options: PassOptions,
  ) {
    this.reached = this.markReached();
    this.pending = this.countPending();
    for (const { op } of xs) {
      if (op.node.inputs.every((e) => this.pending[e.node] <= 0)) this.stops.add(op.id);
    }
    for (const { op } of stops) this.stops.add(op.id);
  }

  /** Marks what the xs can influence. Ids are in topological order, so one sweep will do. */
  private markReached(): Uint8Array {
    const { graph } = this;
    const reached = new Uint8Array(graph.size);
    let first = graph.size;
    for (const x of this.xs) {
      reached[x.op.id] = 1;
      first = Math.min(first, x.op.id);
    }
    const last = this.ys.reduce((max, y) => Math.max(max, y.op.id), -1);
    for (let id = first + 1; id <= last; id++) {
      if (reached[id]) continue;
      for (const { node, index } of graph.node(id).inputs) {
        if (reached[node] && graph.node(node).outputs[index].dtype.isTrainable) {
          reached[id] = 1;
          break;
        }
      }
    }
    return reached;
  }

  /** Counts, for every op between, its uses by ops between; -1 stands for an op that is not between. */
  private countPending(): Int32Array {
    const { graph, reached } = this;
    const pending = new Int32Array(graph.size).fill(-1);
    const stack = this.ys.map((y) => y.op.id);
    while (stack.length > 0) {
      const id = stack.pop() as NodeId;
      if (!reached[id] || pending[id] >= 0) continue;
      pending[id] = 0;
      for (const { node } of graph.node(id).inputs) if (reached[node]) stack.push(node);
    }
    for (let id = 0; id < pending.length; id++) {
      if (pending[id] < 0) continue;
      for (const { node } of graph.node(id).inputs) if (pending[node] >= 0) pending[node]++;
    }
    return pending;
  }

  run(seeds: readonly (Tensor | IndexedSlices)[]): Gradient[] {
    this.ys.forEach((y, i) => {
      this.collect(y, seeds[i]);
    });
    const queue: NodeId[] = [];
    for (const id of new Set(this.ys.map((y) => y.op.id))) if (this.pending[id] === 0) queue.push(id);
    for (let next = 0; next < queue.length; next++) {
      const op = this.graph.operation(queue[next]);
      placed(getDefaultGraph(), op, this.options.colocate, () => this.visit(op));
      for (const { node } of op.node.inputs) {
        if (this.pending[node] > 0 && --this.pending[node] === 0) queue.push(node);
      }
    }
    return this.xs.map((x) => {
      const found = this.collected.get(x.op.id)?.[x.index] ?? null;
      return Array.isArray(found) ? null : (found as Gradient);
    });
  }

  private collect(tensor: Tensor, grad: Tensor | IndexedSlices): void {
    const { id } = tensor.op;
    let lists = this.collected.get(id);
    if (!lists) {
      lists = tensor.op.node.outputs.map(() => []);
      this.collected.set(id, lists);
    }
    (lists[tensor.index] as (Tensor | IndexedSlices)[]).push(grad);
  }

  private visit(op: Operation): void {
    const lists = this.collected.get(op.id);
    if (!lists) return;
    lists.forEach((list, i) => {
      const grads = list as readonly (Tensor | IndexedSlices)[];
      lists[i] = grads.length === 0 ? null : aggregate(grads, op.name, this.options.method);
    });
    const grads = lists as (Tensor | IndexedSlices | null)[];
    if (grads.every((grad) => grad === null) || this.stops.has(op.id)) return;
    const differentiator = differentiatorOf(op);
    if (differentiator.kind === 'none') return;
    if (differentiator.kind === 'structural') {
      const inputs = getDefaultGraph().nameScope(`${op.name}_grad`, () => differentiator.fn(op, grads));
      this.propagate(op, inputs);
      return;
    }
    this.fillZeros(op, grads);
    const inputs = getDefaultGraph().nameScope(`${op.name}_grad`, () => this.differentiate(op, differentiator, grads));
    this.propagate(op, inputs);
  }

  /** Outputs that nothing depends on get zeros where gradients flow through their type. */
  private fillZeros(op: Operation, grads: (Tensor | IndexedSlices | null)[]): void {
    grads.forEach((grad, i) => {
      const output = op.outputs[i];
      if (grad !== null || !output.dtype.isTrainable || output.dtype.kind === 'handle') return;
      // In the gradient of a function a value of the function is kept for it: none is where a shape will do.
      const isOwn = output.graph === getDefaultGraph();
      grads[i] = isOwn ? $.op('ZerosLike', [output], {}, 'zeros_like') : $.zerosLike(output);
    });
  }

  private differentiate(
    op: Operation,
    differentiator: Extract<Differentiator, { kind: 'user' | 'defined' }>,
    grads: readonly (Tensor | IndexedSlices | null)[],
  ): readonly Gradient[] {
    const found =
      differentiator.kind === 'user'
        ? callUser(op, differentiator.fn, grads)
        : callDefined(op, differentiator.fn, differentiator.takesSlices, grads);
    if (found.length !== op.node.inputs.length) {
      throw new ValueError(
        `Num gradients ${found.length} generated for op ${op} do not match num inputs ${op.node.inputs.length}`,
      );
    }
    if (!this.options.gate || found.filter((grad) => grad !== null).length < 2) return found;
    const target = getDefaultGraph();
    return target.device(null, () => {
      using _ = target.colocateWith(null, true);
      return tuple(found);
    });
  }

  private propagate(op: Operation, grads: readonly Gradient[]): void {
    const { inputs } = op;
    grads.forEach((grad, i) => {
      if (grad === null) return;
      const input = inputs[i];
      if (grad instanceof Tensor && input.dtype !== resource) refine(op, i, input, grad);
      this.collect(input, grad);
    });
  }
}

/** The gradient has the shape of what it is the gradient of. */
function refine(op: Operation, i: number, input: Tensor, grad: Tensor): void {
  try {
    grad.setShape(input.shape);
  } catch {
    throw new ValueError(
      `Incompatible shapes between op input and calculated input gradient. Forward operation: ${op.name}. Input index: ${i}. Original input shape: ${input.getShape()}. Calculated input gradient shape: ${grad.getShape()}`,
    );
  }
}

function callUser(
  op: Operation,
  fn: GradientFunction,
  grads: readonly (Tensor | IndexedSlices | null)[],
): readonly Gradient[] {
  const found = fn(op, ...grads);
  const list = (Array.isArray(found) ? found : [found]) as readonly (Gradient | undefined)[];
  return list.map((grad) => grad ?? null);
}

function callDefined(
  op: Operation,
  fn: GradFn,
  takesSlices: boolean,
  grads: readonly (Tensor | IndexedSlices | null)[],
): readonly Gradient[] {
  const dy = grads.map((grad) => (grad instanceof IndexedSlices && !takesSlices ? convertToTensor(grad) : grad));
  return fn(new OperationView(op), dy as readonly Tensor[], $).map(asGradient);
}

function asGradient(cotangent: Cotangent<Tensor> | undefined): Gradient {
  if (cotangent === null || cotangent === undefined) return null;
  if (cotangent instanceof Tensor || cotangent instanceof IndexedSlices) return cotangent;
  // In the gradient of a function, indices and shape may be tensors of the function itself.
  const { values, indices, denseShape } = cotangent;
  const graph = commonGraph([values, indices, denseShape]) as Graph;
  const here = (tensor: Tensor) => (tensor.graph === graph ? tensor : graph.capture(tensor));
  return new IndexedSlices(here(values), here(indices), denseShape ? here(denseShape) : denseShape);
}
