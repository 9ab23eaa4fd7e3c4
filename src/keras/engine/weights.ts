/** Reads and sets the values of weights, in the session where they live. */
import type { Graph } from '../../graph/graph.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { formatShape, sameShape } from '../../util/shape.ts';
import type { Variable } from '../../variables/variable.ts';
import type { KerasContext } from '../context.ts';

/** A value for a weight. */
export type WeightValue = ArrayValue | NdArray;

/** What has weights: a layer or model. */
export interface WeightOwner {
  readonly name: string;
  readonly graph: Graph;
  readonly weights: readonly Variable[];
  readonly variables: readonly Variable[];
  readonly context: KerasContext;
}

/** The values, in the order of `weights`. */
export async function readWeights(owner: WeightOwner): Promise<NdArray[]> {
  const { weights } = owner;
  if (weights.length === 0) return [];
  const session = await owner.context.sessionOf(owner);
  return (await session.run(weights)) as NdArray[];
}

/** Sets all weights, or none where a value does not fit. */
export async function writeWeights(owner: WeightOwner, values: readonly WeightValue[]): Promise<void> {
  const { weights } = owner;
  if (values.length !== weights.length) {
    throw new ValueError(
      `You called \`set_weights(weights)\` on layer "${owner.name}" with a weight list of length ${values.length}, but the layer was expecting ${weights.length} weights.`,
    );
  }
  const arrays = weights.map((variable, i) => {
    const value =
      values[i] instanceof NdArray ? (values[i] as NdArray) : toNdArray(values[i] as ArrayValue, variable.dtype);
    if (!sameShape(value.shape, variable.shape)) {
      throw new ValueError(
        `Layer ${owner.name} weight shape ${formatShape(variable.shape)} is not compatible with provided weight shape ${formatShape(value.shape)}.`,
      );
    }
    return [variable, value] as const;
  });
  await assignValues(owner, arrays);
}

/** Gives variables values in one run, without adding to the graph. */
export async function assignValues(
  owner: Pick<WeightOwner, 'name' | 'graph' | 'variables' | 'context'>,
  pairs: readonly (readonly [Variable, WeightValue])[],
): Promise<void> {
  if (pairs.length === 0) return;
  const session = await owner.context.sessionOf(owner, true);
  // Feeding the initial value of an initializer assigns it: all in one step, all or none.
  const feedDict = pairs.map(([variable, value]) => [variable.initializer.inputs[1], value] as const);
  await session.run(
    pairs.map(([variable]) => variable.initializer),
    { feedDict } as never,
  );
}
