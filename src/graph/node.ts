/**
 * The node of a graph: a frozen value. Names, scopes and handles are the graph's business; meaning is the op registry's.
 */
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { mergeShapes, type Shape, sameShape, shapeConflict } from '../util/shape.ts';

export type NodeId = number;

/** Output `index` of node `node`. */
export interface Endpoint {
  readonly node: NodeId;
  readonly index: number;
}

/** What is known of an output before a run. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: Shape;
  /** For a resource handle: the element type and shape of what it refers to. */
  readonly handle?: { readonly dtype: DType; readonly shape: Shape };
  /** For a list of tensors in a program that is compiled: what its elements are. Unknown without it. */
  readonly elements?: ListElements;
}

/** The shape that all elements have which are written, whether all are, and their value, where it is one and the same. */
export interface ListElements {
  readonly shape: Shape | 'none';
  readonly isWhole: boolean;
  readonly value?: NdArray | null;
}

/** The value of an attribute; which kinds an attribute takes is declared by its op. Shapes are arrays or null. */
export type AttrValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | DType
  | NdArray
  | readonly AttrValue[]
  | { readonly func: string };

/** Attributes under TensorFlow's names. Names come from op definitions, never from users. */
export type Attrs = Readonly<Record<string, AttrValue>>;

export interface NodeInit {
  readonly name: string;
  readonly op: string;
  /** Frozen endpoints: tensors share theirs with every node that takes them. */
  readonly inputs: readonly Endpoint[];
  readonly controls: readonly NodeId[];
  readonly attrs: Attrs;
  readonly outputs: readonly TensorSpec[];
  readonly device: string;
  /** The line of user code that built the node; kept in debug mode. */
  readonly site?: string;
}

/**
 * One operation of a graph, frozen with all that it holds. Every input and control id is smaller than `id`: id order is
 * a topological order. As a class instance it is opaque to immer.
 */
export class Node implements NodeInit {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Endpoint[];
  readonly controls: readonly NodeId[];
  readonly attrs: Attrs;
  readonly outputs: readonly TensorSpec[];
  readonly device: string;
  readonly site?: string;

  constructor(
    readonly id: NodeId,
    init: NodeInit,
  ) {
    this.name = init.name;
    this.op = init.op;
    this.inputs = Object.freeze(init.inputs);
    this.controls = Object.freeze(init.controls);
    this.attrs = Object.freeze(init.attrs);
    this.outputs = Object.freeze(init.outputs);
    this.device = init.device;
    if (init.site !== undefined) this.site = init.site;
    for (let i = 0; i < init.outputs.length; i++) Object.freeze(init.outputs[i]);
    Object.freeze(this);
  }

  /**
   * The node with what both say of the shape of an output: the same one, where that is nothing new. Throws `ValueError` where
   * they contradict each other.
   */
  withShape(index: number, shape: Shape): Node {
    const spec = this.outputs[index];
    const conflict = shapeConflict(spec.shape, shape);
    if (conflict) throw new ValueError(conflict);
    const merged = mergeShapes(spec.shape, shape);
    if (sameShape(merged, spec.shape)) return this;
    const outputs = this.outputs.map((output, i) => (i === index ? { ...output, shape: merged } : output));
    return new Node(this.id, { ...this, outputs });
  }
}
