/**
 * Running logarithms of sums of exponentials along an axis. Running sums and products are in `reductions.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, sample } from './opdef/define.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { inferScan, type ScanOptions, type ScanRest } from './reductions.ts';
import { bind, type TensorLike } from './tensor-like.ts';

/** The logarithm where it counts, else the least number of the type. */
function logWhere<V>($: Vocabulary<V>, condition: V, x: V): V {
  const lowest = Number($.dtypeOf(x).min);
  return $.where(condition, $.log(x), $.scalarLike(lowest, x));
}

defineOp({
  name: 'CumulativeLogsumexp',
  doc: 'Running logarithms of sums of exponentials along an axis.',
  inputs: ['x: T', 'axis: Tidx'],
  outputs: ['out: T'],
  attrs: [
    'exclusive: bool = false',
    'reverse: bool = false',
    'T: {bfloat16, float16, float32, float64}',
    'Tidx: {int32, int64} = int32',
  ],
  infer: inferScan,
  grad: (op, [dy], $) => {
    const [x, axis] = op.inputs;
    const attrs = { exclusive: op.attr<boolean>('exclusive'), reverse: !op.attr<boolean>('reverse') };
    // Positive and negative parts apart, in logarithms: so that nothing overflows.
    const positive = logWhere($, $.greater(dy, 0), dy);
    const negative = logWhere($, $.less(dy, 0), $.neg(dy));
    const part = (logs: typeof x) =>
      $.exp($.add($.op('CumulativeLogsumexp', [$.sub(logs, op.outputs[0]), axis], attrs), x));
    const [above, below] = [part(positive), part(negative)];
    return [$.sub(above, below), null];
  },
  samples: [
    {
      inputs: [sample(float32, [3], [0, 0, 0]), sample(int32, [], [0])],
      outputs: [sample(float32, [3], [0, Math.LN2, Math.log(3)])],
    },
  ],
});

/**
 * Running logarithms of the sums of exponentials of `x` along `axis`, computed so that nothing overflows: `exclusive` leaves
 * an element out of its own sum (the first is then minus infinity), `reverse` starts at the end.
 *
 *     tf.math.cumulativeLogsumexp([0, 0, 0])   // [0, 0.693, 1.099]
 */
export function cumulativeLogsumexp(x: TensorLike, ...rest: ScanRest): Tensor {
  const {
    axis = 0,
    exclusive = false,
    reverse = false,
    name,
  } = bind<ScanOptions>(['axis', 'exclusive', 'reverse', 'name'], rest);
  return opScope(name, 'CumulativeLogsumexp', [x], (scope) => {
    const input = convertToTensor(x, { name: 'x' });
    return emitOne('CumulativeLogsumexp', [input, asIndices(axis)], { exclusive, reverse }, scope);
  });
}
