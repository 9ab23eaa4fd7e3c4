/**
 * What loops start with that were given variables for their gradients, as nodes of a file. What these variables are for is
 * the differentiator's business.
 */
import type { Node } from '../graph/node.ts';
import { asDType, int32, variant } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import type { Place, Ref, Writer } from './lower-control-flow/writer.ts';

const scalar = (value: number): NdArray => new NdArray(int32, [], Int32Array.of(value));

/** Writes a constant. */
export function writeScalar(writer: Writer, place: Place, name: string, value: number): Ref {
  const attrs = { dtype: int32, value: scalar(value) };
  return writer.add(place, { op: 'Const', name, attrs, outputs: [{ dtype: int32, shape: [] }] })[0];
}

/** Writes the nodes that make the first values of a loop's variables beside its inputs: counters and empty lists. */
export function initialValues(writer: Writer, place: Place, loop: Pick<Node, 'attrs'>): Ref[] {
  const kinds = (loop.attrs._extra as readonly string[] | undefined) ?? [];
  let any: Ref | null = null;
  return kinds.map((kind) => {
    if (kind === 'counter') return writeScalar(writer, place, 'rounds', 0);
    any ??= writeScalar(writer, place, 'accumulator/any', -1);
    const attrs = { element_dtype: asDType(kind), shape_type: int32 };
    const outputs = [{ dtype: variant, shape: [] }];
    return writer.add(place, { op: 'EmptyTensorList', name: 'accumulator', inputs: [any, any], attrs, outputs })[0];
  });
}
