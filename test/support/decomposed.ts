/**
 * Ops through their decompositions, also where a host kernel would do: so that the two can be compared.
 */
import type { AttrValue, TensorSpec } from '../../src/graph/node.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { resolveSignature } from '../../src/ops/opdef/resolve.ts';
import { type Builder, type BuildInput, Vocabulary } from '../../src/ops/opdef/vocabulary.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { runOp } from './interpret.ts';

/** Computes at once, by host kernels. */
const builder: Builder<NdArray> = {
  op: (type, inputs, attrs) => runOp(type, inputs as readonly BuildInput<NdArray>[] as readonly NdArray[], attrs),
  constant: (value) => value,
  spec: (value): TensorSpec => ({ dtype: value.dtype, shape: value.shape }),
  constantValue: (value) => value,
  after: (_controls, body) => body(),
};

/** The op on arrays, by its decomposition. Throws where this instance of the op has none. */
export function decomposed(
  type: string,
  inputs: readonly NdArray[],
  given: Readonly<Record<string, AttrValue>> = {},
): readonly NdArray[] {
  const def = getOpDef(type);
  const { attrs } = resolveSignature(
    def,
    inputs.map((x) => [x.dtype]),
    given,
  );
  const view = {
    type,
    name: type,
    inputs,
    outputs: [],
    attr: <T extends AttrValue>(name: string) => attrs[name] as T,
  };
  const outputs = def.decompose?.(view, new Vocabulary(builder));
  if (!outputs) throw new Error(`${type} has no decomposition here.`);
  return outputs;
}
