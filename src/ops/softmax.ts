/**
 * Softmax and log-softmax. Cross entropies, which fuse them with a loss, are in `cross-entropy.ts`.
 */
import { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32 } from '../util/dtype.ts';
import { InvalidArgumentError } from '../util/errors.ts';
import { numElements, type Shape } from '../util/shape.ts';
import { convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { range } from './filling.ts';
import { defineOp, sample } from './opdef/define.ts';
import { withRankAtLeast } from './opdef/shape-rules.ts';
import { rank as rankOf } from './shaping.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

/** Up to this many elements one host kernel is faster than the half a dozen backend kernels of a decomposition. */
const SMALL = 4096;

/** Whether a decomposition into rows of exponentials does not pay. */
export function isSmall(shape: Shape): boolean {
  return (numElements(shape) ?? Number.POSITIVE_INFINITY) <= SMALL;
}

const LAST = toNdArray(-1, int32);

defineOp({
  name: 'Softmax',
  doc: 'exp(logits) divided by its sum along the last axis.',
  inputs: ['logits: T'],
  outputs: ['softmax: T'],
  attrs: ['T: {float16, bfloat16, float32, float64}'],
  infer: (op) => [withRankAtLeast(op.shape(0), 1)],
  grad: (op, [dy], $) => {
    const y = op.outputs[0];
    const total = $.op('Sum', [$.mul(dy, y), LAST], { keep_dims: true });
    return [$.mul($.sub(dy, total), y)];
  },
  decompose: (op, $) => {
    const x = op.inputs[0];
    const e = $.exp($.sub(x, $.max(x, [-1], true)));
    return [$.div(e, $.sum(e, [-1], true))];
  },
  samples: [
    { inputs: [sample(float32, [2, 2], [3, 3, 0, 0])], outputs: [sample(float32, [2, 2], [0.5, 0.5, 0.5, 0.5])] },
    {
      inputs: [sample(float32, [3], [1, 2, 3])],
      outputs: [sample(float32, [3], [0.0900305733, 0.244728476, 0.665240943])],
    },
    { inputs: [sample(float32, [2], [1000, 0])], outputs: [sample(float32, [2], [1, 0])] },
  ],
});

defineOp({
  name: 'LogSoftmax',
  doc: 'The logarithm of the softmax along the last axis.',
  inputs: ['logits: T'],
  outputs: ['logsoftmax: T'],
  attrs: ['T: {float16, bfloat16, float32, float64}'],
  infer: (op) => [withRankAtLeast(op.shape(0), 1)],
  grad: (op, [dy], $) => {
    const softmax = $.exp(op.outputs[0]);
    const total = $.op('Sum', [dy, LAST], { keep_dims: true });
    return [$.sub(dy, $.mul(total, softmax))];
  },
  decompose: (op, $) => {
    const x = op.inputs[0];
    if (isSmall($.shapeOf(x))) return null;
    const shifted = $.sub(x, $.max(x, [-1], true));
    return [$.sub(shifted, $.log($.sum($.exp(shifted), [-1], true)))];
  },
  samples: [
    {
      inputs: [sample(float32, [3], [1, 2, 3])],
      outputs: [sample(float32, [3], [-2.40760596, -1.40760596, -0.407605964])],
    },
    { inputs: [sample(float32, [2], [1000, 0])], outputs: [sample(float32, [2], [0, -1000])] },
  ],
});

export interface SoftmaxOptions {
  readonly axis?: number | null;
  readonly name?: string | null;
  /** The older name of `axis`. */
  readonly dim?: number | null;
}

/**
 * exp(logits) / sum(exp(logits)) along `axis`, the last one by default; of the shape and type of `logits` (float, of
 * rank 1 or more). Throws `InvalidArgumentError` where the axis is out of range.
 *
 *     tf.nn.softmax([[1, 1], [0, 0]])          // [[0.5, 0.5], [0.5, 0.5]]
 *     tf.nn.softmax(x, 1)                      // x of rank 3: along its middle axis
 */
export function softmax(
  logits: TensorLike,
  ...rest: Rest<[axis: number | null, name: string | null, dim: number | null], SoftmaxOptions>
): Tensor {
  const { axis, name, dim } = bind<SoftmaxOptions>(['axis', 'name', 'dim'], rest);
  return alongAxis('Softmax', logits, renamed(['axis', 'dim'], axis, dim) ?? -1, name ?? null);
}

/**
 * log(softmax(logits)) along `axis`, the last one by default, computed without the overflow that the composition has.
 * As for `softmax` otherwise.
 *
 *     tf.nn.logSoftmax([1000, 0])              // [0, -1000]
 */
export function logSoftmax(
  logits: TensorLike,
  ...rest: Rest<[axis: number | null, name: string | null, dim: number | null], SoftmaxOptions>
): Tensor {
  const { axis, name, dim } = bind<SoftmaxOptions>(['axis', 'name', 'dim'], rest);
  return alongAxis('LogSoftmax', logits, renamed(['axis', 'dim'], axis, dim) ?? -1, name ?? null);
}

/** The axes in order, but for one that is exchanged with the last. */
function swappedWithLast(axis: number, rank: Tensor): Tensor {
  const last = emitOne('Sub', [rank, 1]);
  const pieces = [range(axis), [last], range(axis + 1, last), [axis]];
  // Lists become tensors where their place in the op gives them a name.
  return opScope(null, 'concat', pieces.flat(), (scope) => {
    const parts = pieces.map((piece, i) =>
      piece instanceof Tensor ? piece : convertToTensor(piece, { dtype: int32, name: `values_${i}` }),
    );
    return emitOne('ConcatV2', [parts, int32Scalar(0)], {}, scope);
  });
}

function int32Scalar(value: number): Tensor {
  return convertToTensor(value, { dtype: int32, name: 'axis' });
}

/** The op works on the last axis: another one is swapped with it before and after. */
function alongAxis(type: string, logits: TensorLike, axis: number, name: string | null): Tensor {
  const graph = graphOf([logits]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const x = convertToTensor(logits, { preferredDtype: float32 });
      const rank = x.shape?.length ?? null;
      if (axis === -1 || (rank !== null && axis === rank - 1)) return emitOne(type, [x], {}, name);
      if (rank !== null && (axis < -rank || axis >= rank)) {
        throw new InvalidArgumentError(
          null,
          `\`dim\` must be in the range [${-rank}, ${rank}) where ${rank} is the number of dimensions in the input. Received: dim=${axis}`,
        );
      }
      if (rank === null) {
        throw new InvalidArgumentError(
          null,
          `An input of unknown rank takes its last axis only. Received: dim=${axis}`,
        );
      }
      rankOf(x);
      const ranks = rankOf(x);
      const front = axis < 0 ? axis + rank : axis;
      const y = emitOne(type, [emitOne('Transpose', [x, swappedWithLast(front, ranks)], {}, 'transpose')]);
      return emitOne('Transpose', [y, swappedWithLast(front, ranks)], {}, name || 'transpose');
    }),
  );
}
