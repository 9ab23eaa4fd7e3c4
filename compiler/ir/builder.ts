/**
 * `IrBuilder`: adds nodes to a module that is being rewritten, with signature, shapes and facts. It is what
 * decompositions and rewrites build through; where the nodes go is the `Rewriter`'s business.
 */
import type { Attrs, AttrValue, NodeId, TensorSpec } from '../../src/graph/node.ts';
import { getOpDef, type OpDef } from '../../src/ops/opdef/define.ts';
import { type Resolved, resolveByTypes, resolveSignature } from '../../src/ops/opdef/resolve.ts';
import type { Builder, BuildInput } from '../../src/ops/opdef/vocabulary.ts';
import type { DType } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { type Facts, inferOutputs } from './context.ts';
import type { IrNode, IrValue } from './module.ts';

/** What new nodes stand for: the graph nodes, and the name that theirs starts with. */
export interface Provenance {
  readonly origin: readonly NodeId[];
  readonly name: string;
}

/** Where a builder gets ids and puts nodes. */
export interface NodeSink {
  readonly facts: Facts;
  newId(): number;
  /** Takes a finished node; answers with what stands for its outputs. */
  put(node: IrNode): void;
}

export class IrBuilder implements Builder<IrValue> {
  private provenance: Provenance = { origin: [], name: '' };

  constructor(private readonly sink: NodeSink) {}

  /** Everything built from now on stands for these. */
  at(provenance: Provenance): this {
    this.provenance = provenance;
    return this;
  }

  op(
    type: string,
    inputs: readonly BuildInput<IrValue>[],
    attrs: Readonly<Record<string, AttrValue>>,
    name: string,
  ): readonly IrValue[] {
    const def = getOpDef(type);
    const lists = inputs.map((input, i): readonly IrValue[] => {
      if (input instanceof NdArray) return [this.constant(input, `${name}/${def.inputs[i]?.name ?? 'Const'}`)];
      return Array.isArray(input) ? (input as readonly IrValue[]) : [input as IrValue];
    });
    const { attrs: resolved, outputDTypes } = this.resolve(def, inputs, lists, attrs);
    const unknown = this.node(type, lists.flat(), resolved, name, ofUnknownShape(outputDTypes));
    const node: IrNode = { ...unknown, outputs: inferOutputs(this.sink.facts, unknown) };
    this.sink.put(node);
    return node.outputs.map((_, index) => ({ node: node.id, index }));
  }

  private resolve(
    def: OpDef,
    inputs: readonly BuildInput<IrValue>[],
    lists: readonly (readonly IrValue[])[],
    attrs: Readonly<Record<string, AttrValue>>,
  ): Resolved {
    const dtypeOf = (value: IrValue) => this.sink.facts.spec(value).dtype;
    const isPlain = Object.keys(attrs).length === 0 && !inputs.some((input) => Array.isArray(input));
    return isPlain
      ? resolveByTypes(
          def,
          lists.map(([value]) => dtypeOf(value)),
        )
      : resolveSignature(
          def,
          lists.map((list) => list.map(dtypeOf)),
          attrs,
        );
  }

  private node(
    op: string,
    inputs: readonly IrValue[],
    attrs: Attrs,
    name: string,
    outputs: readonly TensorSpec[],
  ): IrNode {
    const { origin, name: scope } = this.provenance;
    return {
      id: this.sink.newId(),
      op,
      inputs,
      attrs,
      outputs,
      origin,
      name: scope === '' ? name : `${scope}/${name}`,
    };
  }

  constant(value: NdArray, name: string): IrValue {
    const { dtype, shape } = value;
    const node = this.node('Const', [], { value, dtype }, name, [{ dtype, shape }]);
    this.sink.put(node);
    return { node: node.id, index: 0 };
  }

  spec(value: IrValue): TensorSpec {
    return this.sink.facts.spec(value);
  }

  constantValue(value: IrValue): NdArray | null {
    return this.sink.facts.constant(value);
  }

  /** Run order is the order of building, so that nothing has to be said. */
  after<R>(_controls: readonly IrValue[], body: () => R): R {
    return body();
  }
}

function ofUnknownShape(dtypes: readonly DType[]): TensorSpec[] {
  return dtypes.map((dtype) => ({ dtype, shape: null }));
}
