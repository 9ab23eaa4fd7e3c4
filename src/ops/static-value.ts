/**
 * What is known of tensors before any run: constant values and partially known shape vectors, found by the `fold` and
 * `foldShape` rules of op definitions. Results are kept per node, so that chains are walked once.
 */
import { FuncGraph } from '../graph/func-graph.ts';
import type { Graph, Tensor } from '../graph/graph.ts';
import type { AttrValue, Endpoint, Node, NodeId } from '../graph/node.ts';
import type { NdArray } from '../util/ndarray.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { findOpDef, type InferContext } from './opdef/define.ts';

type Values = readonly (NdArray | null)[];
const NOTHING: Values = [];

const values = new WeakMap<Node, Values>();

/**
 * The value of the tensor, where it follows from constants and static shapes; else null. As `tf.get_static_value`.
 */
export function constantValue(tensor: Tensor): NdArray | null {
  return valueOf(tensor.graph, tensor.endpoint);
}

function valueOf(graph: Graph, { node, index }: Endpoint): NdArray | null {
  // Explicit stack: a chain of foldable ops may be as long as the graph.
  const stack = [node];
  while (stack.length > 0) {
    const current = graph.node(stack[stack.length - 1]);
    if (values.has(current)) {
      stack.pop();
      continue;
    }
    const def = findOpDef(current.op);
    const missing = def?.fold ? current.inputs.filter((e) => !values.has(graph.node(e.node))) : [];
    if (missing.length > 0) {
      for (const input of missing) stack.push(input.node);
      continue;
    }
    values.set(current, captured(graph, current.id) ?? def?.fold?.(new NodeContext(graph, current)) ?? NOTHING);
    stack.pop();
  }
  return values.get(graph.node(node))?.[index] ?? null;
}

/** The value of an argument that stands for a tensor of a graph around; null for another node. */
function captured(graph: Graph, id: NodeId): Values | null {
  const source = graph instanceof FuncGraph ? graph.sourceOf(id) : undefined;
  const value = source && constantValue(source);
  return value ? [value] : null;
}

/** The tensor's value read as a shape, as far as it is known: the elements of an integer vector, `-1` as unknown. */
export function constantShape(tensor: Tensor): Shape {
  return shapeOf(tensor.graph, tensor.endpoint, tensor.shape);
}

const shapes = new WeakMap<Node, { readonly shape: Shape }>();

function shapeOf(graph: Graph, endpoint: Endpoint, known: Shape): Shape {
  const value = valueOf(graph, endpoint);
  if (value) return asDims(value);
  const found = foldedShape(graph, endpoint);
  if (found) return found;
  const length = known?.length === 1 ? known[0] : null;
  return length === null ? null : new Array<Dim>(length).fill(null);
}

/** What the `foldShape` rules tell; the integers that a rule may ask for are looked at before it. */
function foldedShape(graph: Graph, endpoint: Endpoint): Shape {
  const top = graph.node(endpoint.node);
  // Explicit stack, as above.
  const stack = [endpoint.node];
  while (stack.length > 0) {
    const node = graph.node(stack[stack.length - 1]);
    const rule = shapes.has(node) ? undefined : findOpDef(node.op)?.foldShape;
    if (!rule) {
      if (!shapes.has(node)) shapes.set(node, { shape: null });
      stack.pop();
      continue;
    }
    const missing = node.inputs.filter((e) => {
      const input = graph.node(e.node);
      return input.outputs[e.index].dtype.isInteger && !shapes.has(input) && findOpDef(input.op)?.foldShape;
    });
    if (missing.length > 0) {
      for (const input of missing) stack.push(input.node);
      continue;
    }
    shapes.set(node, { shape: rule(new NodeContext(graph, node)) });
    stack.pop();
  }
  return shapes.get(top)?.shape ?? null;
}

/** The elements of an integer vector as dimensions. */
export function asDims(value: NdArray): Shape {
  if (value.rank !== 1) return null;
  return Array.from({ length: value.size }, (_, i) => {
    const d = Number(value.at(i));
    return d < 0 ? null : d;
  });
}

/** A built node as a shape rule sees it. */
class NodeContext implements InferContext {
  readonly type: string;
  readonly inputCount: number;

  constructor(
    private readonly graph: Graph,
    private readonly node: Node,
  ) {
    this.type = node.op;
    this.inputCount = node.inputs.length;
  }
  private spec(input: number) {
    const { node, index } = this.node.inputs[input];
    return this.graph.node(node).outputs[index];
  }
  shape(input: number) {
    return this.spec(input).shape;
  }
  dtype(input: number) {
    return this.spec(input).dtype;
  }
  attr<T extends AttrValue = AttrValue>(name: string): T {
    return this.node.attrs[name] as T;
  }
  constant(input: number) {
    return valueOf(this.graph, this.node.inputs[input]);
  }
  constantShape(input: number) {
    return shapeOf(this.graph, this.node.inputs[input], this.shape(input));
  }
  handle(input: number) {
    return this.spec(input).handle;
  }
  outputDType(output: number) {
    return this.node.outputs[output].dtype;
  }
}
