/**
 * `L2Loss`: half the sum of squares.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { defineOp, sample } from './opdef/define.ts';
import { scalar } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

defineOp({
  name: 'L2Loss',
  doc: 'Half the sum of the squares of all elements.',
  inputs: ['t: T'],
  outputs: ['output: T'],
  attrs: ['T: {float16, bfloat16, float32, float64}'],
  infer: scalar,
  grad: (op, [dy], $) => [$.mul(op.inputs[0], dy)],
  decompose: (op, $) => {
    const rank = $.shapeOf(op.inputs[0])?.length;
    if (rank === undefined) return null;
    const axes = Array.from({ length: rank }, (_, i) => i);
    return [$.mul($.sum($.square(op.inputs[0]), axes), 0.5)];
  },
  samples: [{ inputs: [sample(float32, [3], [1, 2, 3])], outputs: [sample(float32, [], [7])] }],
});

/**
 * `sum(t ** 2) / 2`, a scalar, of a float tensor of any shape: the usual penalty on weights.
 *
 *     const loss = crossEntropy.add(tf.nn.l2Loss(w).mul(1e-4));
 */
export function l2Loss(t: TensorLike, ...rest: Rest<[name: string | null], { readonly name?: string | null }>): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  return emitOne('L2Loss', [t], {}, name);
}
