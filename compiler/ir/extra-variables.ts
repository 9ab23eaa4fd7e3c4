/**
 * The variables that a loop was given for its gradient, beside its inputs: in the IR they are inputs like others, an empty
 * list or a counter. What they are for is the differentiator's business.
 */
import type { Attrs } from '../../src/graph/node.ts';
import { asDType, int32, variant } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import type { IrNode, IrValue } from './module.ts';

/** The nodes to put before the loop, and the values that it takes after its inputs. */
export interface ExtraVariables {
  readonly nodes: readonly IrNode[];
  readonly values: readonly IrValue[];
}

const NONE: ExtraVariables = { nodes: [], values: [] };

/** @param firstId the id of the first node to be made; the others' follow */
export function extraVariables(loop: Pick<IrNode, 'origin' | 'name'>, attrs: Attrs, firstId: number): ExtraVariables {
  const kinds = attrs._extra as readonly string[] | undefined;
  if (kinds === undefined) return NONE;
  const nodes: IrNode[] = [];
  const put = (op: string, inputs: readonly IrValue[], own: Attrs, dtype: typeof int32): IrValue => {
    const id = firstId + nodes.length;
    nodes.push({ id, op, inputs, attrs: own, outputs: [{ dtype, shape: [] }], origin: loop.origin, name: loop.name });
    return { node: id, index: 0 };
  };
  const integer = (value: number): IrValue =>
    put('Const', [], { value: new NdArray(int32, [], Int32Array.of(value)), dtype: int32 }, int32);
  const values = kinds.map((kind) => {
    if (kind === 'counter') return integer(0);
    const any = integer(-1);
    return put('EmptyTensorList', [any, any], { element_dtype: asDType(kind), shape_type: int32 }, variant);
  });
  return { nodes, values };
}
