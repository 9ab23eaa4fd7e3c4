/** A look at tensors of Keras: their values, and where they come from. */
import { nameScope } from '../../graph/default-graph.ts';
import { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { Variable } from '../../variables/variable.ts';
import { inContext } from '../binding.ts';
import { historyOf } from '../engine/history.ts';

/**
 * The value of a tensor or variable in the session of Keras.
 *
 *     const v = tf.keras.backend.variable([1, 2]);
 *     String(await tf.keras.backend.eval(v.mul(2)))      // '[2. 4.]'
 */
const evaluate = inContext((context) => async (x: Tensor | Variable): Promise<NdArray> => {
  const session = context.getSession([x]);
  return (await session.run(x)) as NdArray;
});

/**
 * Whether the tensor was made by a layer or by `Input`, so that a model can be made of it. Throws `ValueError` for what is
 * no tensor.
 */
export function isKerasTensor(x: unknown): boolean {
  if (x instanceof Variable) return false;
  if (!(x instanceof Tensor)) {
    throw new ValueError(
      `Unexpectedly found an instance of type \`${typeof x}\`. Expected a symbolic tensor instance.`,
    );
  }
  return historyOf(x) !== null;
}

export { evaluate as eval, nameScope };
