/**
 * `Facts`: what is known at compile time of the values of a module (specs, constant values, partially known shapes),
 * and the view of an IR node that the rules of op definitions take. Nodes are added in order, so that no rule recurses.
 */
import type { AttrValue, TensorSpec } from '../../src/graph/node.ts';
import { findOpDef, type InferContext, ShapeError } from '../../src/ops/opdef/define.ts';
import type { DType } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Dim, Shape } from '../../src/util/shape.ts';
import { isInvalid } from './effects.ts';
import { takenValues } from './list-elements.ts';
import type { IrNode, IrValue } from './module.ts';

type Values = readonly (NdArray | null)[];

export class Facts {
  private readonly nodes: (IrNode | undefined)[] = [];
  private readonly values: (Values | undefined)[] = [];
  private readonly shapes: (Shape | undefined)[] = [];

  constructor(nodes: Iterable<IrNode> = []) {
    for (const node of nodes) this.add(node);
  }

  /** Takes in a node whose inputs were added before. */
  add(node: IrNode): void {
    if (this.nodes[node.id] === node) return;
    this.nodes[node.id] = node;
    const values = this.derive(node);
    if (values) {
      this.values[node.id] = values;
      return;
    }
    const rule = findOpDef(node.op)?.foldShape;
    const shape = rule && !isInvalid(node) && guarded(rule, new NodeContext(this, node));
    if (shape) this.shapes[node.id] = shape;
  }

  /** What the op's rule knows of the outputs of a node, which need not have been added. */
  derive(node: IrNode): Values | null {
    if (node.op === 'TensorListPopBack') return takenValues(this.spec(node.inputs[0]).elements);
    const rule = findOpDef(node.op)?.fold;
    return rule && !isInvalid(node) ? guarded(rule, new NodeContext(this, node)) : null;
  }

  node(id: number): IrNode {
    return this.nodes[id] as IrNode;
  }
  spec(value: IrValue): TensorSpec {
    return this.node(value.node).outputs[value.index];
  }
  /** The value where it is known before any run. */
  constant(value: IrValue): NdArray | null {
    return this.values[value.node]?.[value.index] ?? null;
  }
  /** An integer vector read as a shape, as far as it is known. */
  constantShape(value: IrValue): Shape {
    const known = this.constant(value);
    if (known) return asDims(known);
    const partial = this.shapes[value.node];
    if (partial) return partial;
    const shape = this.spec(value).shape;
    const length = shape?.length === 1 ? shape[0] : null;
    return length === null ? null : new Array<Dim>(length).fill(null);
  }
}

/** Rules refuse values that will fail in the run: nothing is known then, and the run reports it. */
function guarded<T>(rule: (op: InferContext) => T | null, op: InferContext): T | null {
  try {
    return rule(op);
  } catch (error) {
    if (error instanceof ShapeError || error instanceof OpError) return null;
    throw error;
  }
}

function asDims(value: NdArray): Shape {
  if (value.rank !== 1) return null;
  return Array.from({ length: value.size }, (_, i) => {
    const d = Number(value.at(i));
    return d < 0 ? null : d;
  });
}

/** An IR node as the rules of op definitions see it. */
export class NodeContext implements InferContext {
  constructor(
    protected readonly facts: Facts,
    protected readonly node: Pick<IrNode, 'op' | 'inputs' | 'attrs' | 'outputs' | 'name'>,
  ) {}
  get type(): string {
    return this.node.op;
  }
  get name(): string {
    return this.node.name;
  }
  get inputCount(): number {
    return this.node.inputs.length;
  }
  shape(input: number): Shape {
    return this.facts.spec(this.node.inputs[input]).shape;
  }
  dtype(input: number): DType {
    return this.facts.spec(this.node.inputs[input]).dtype;
  }
  attr<T extends AttrValue = AttrValue>(name: string): T {
    return this.node.attrs[name] as T;
  }
  constant(input: number): NdArray | null {
    return this.facts.constant(this.node.inputs[input]);
  }
  constantShape(input: number): Shape {
    return this.facts.constantShape(this.node.inputs[input]);
  }
  handle(input: number): TensorSpec['handle'] {
    return this.facts.spec(this.node.inputs[input]).handle;
  }
  outputDType(output: number): DType {
    return this.node.outputs[output].dtype;
  }
  outputShape(output: number): Shape {
    return this.node.outputs[output].shape;
  }
}

/**
 * The outputs that the op's shape rule gives for these inputs. Throws `ShapeError` where it refuses them. `_Arg` and ops
 * that nobody defined keep what they have.
 */
export function inferOutputs(
  facts: Facts,
  node: Pick<IrNode, 'op' | 'inputs' | 'attrs' | 'outputs' | 'name'>,
): readonly TensorSpec[] {
  const def = findOpDef(node.op);
  if (!def) return node.outputs;
  const found = def.infer(new NodeContext(facts, node));
  return node.outputs.map((old, i) => {
    const item = found[i];
    const isShape = item === null || item === undefined || Array.isArray(item);
    const shape = (isShape ? (item ?? null) : (item as { shape: Shape }).shape) as Shape;
    const handle = isShape ? undefined : (item as { handle: TensorSpec['handle'] }).handle;
    return handle || old.handle
      ? { dtype: old.dtype, shape, handle: handle ?? old.handle }
      : { dtype: old.dtype, shape };
  });
}
