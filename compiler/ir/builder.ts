/**
 * `IrBuilder`: adds nodes to a module that is being rewritten, with signature, shapes and facts. It is what
 * decompositions and rewrites build through; where the nodes go is the `Rewriter`'s business.
 */
import type { AttrValue, NodeId, TensorSpec } from '../../src/graph/node.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { resolveSignature } from '../../src/ops/opdef/resolve.ts';
import type { Builder, BuildInput } from '../../src/ops/opdef/vocabulary.ts';
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
    const dtypes = lists.map((list) => list.map((value) => this.sink.facts.spec(value).dtype));
    const { attrs: resolved, outputDTypes } = resolveSignature(def, dtypes, attrs);
    const { origin } = this.provenance;
    const unknown: IrNode = {
      id: this.sink.newId(),
      op: type,
      inputs: lists.flat(),
      attrs: resolved,
      outputs: outputDTypes.map((dtype) => ({ dtype, shape: null })),
      origin,
      name: this.provenance.name === '' ? name : `${this.provenance.name}/${name}`,
    };
    const node: IrNode = { ...unknown, outputs: inferOutputs(this.sink.facts, unknown) };
    this.sink.put(node);
    return node.outputs.map((_, index) => ({ node: node.id, index }));
  }

  constant(value: NdArray, name: string): IrValue {
    return this.op('Const', [], { value, dtype: value.dtype }, name)[0];
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
