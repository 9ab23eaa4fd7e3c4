/**
 * Padding: with zeros, with a value, or with the mirror image of what is inside.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { emitOne } from './emit.ts';
import { defineOp, type GradFn, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { withRank } from './opdef/shape-rules.ts';
import { intsOf } from './opdef/small-ints.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

/** The shape with the paddings added, or taken away where `sign` is -1. */
function padded(op: InferContext, sign: 1 | -1): Shape {
  const [count, pair] = withRank(op.shape(1), 2);
  if (pair !== null && pair !== 2) throw new ShapeError(`Dimension must be 2 but is ${pair}`);
  const shape = count === null ? op.shape(0) : withRank(op.shape(0), count);
  if (shape === null) return null;
  const paddings = intsOf(op.constant(1));
  if (!paddings) return shape.map(() => null);
  return shape.map((d, i): Dim => {
    const [before, after] = [paddings[2 * i], paddings[2 * i + 1]];
    if (before < 0 || after < 0) throw new ShapeError(`Paddings must be non-negative: ${before} ${after}`);
    return d === null ? null : d + sign * (before + after);
  });
}

/** Cuts the padding off the gradient again. */
const padGrad: GradFn = (op, [dy], $) => {
  const rest = op.inputs.slice(1).map(() => null);
  if (dy === null) return [null, ...rest];
  const [x, paddings] = op.inputs;
  const size = $.pack([$.rank(x), $.ints(1, 'stack/1')]);
  const column = $.slice(paddings, $.constant([0, 0], int32, 'Slice/begin'), size);
  const begin = $.reshape(column, $.ints([-1], 'Reshape/shape'));
  return [$.slice(dy, begin, $.shape(x, $.dtypeOf(begin))), ...rest];
};

defineOp({
  name: 'Pad',
  doc: 'The input with zeros around it.',
  inputs: ['input: T', 'paddings: Tpaddings'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tpaddings: {int32, int64} = int32'],
  infer: (op) => [padded(op, 1)],
  grad: padGrad,
  samples: [
    {
      inputs: [sample(float32, [2], [1, 2]), sample(int32, [1, 2], [1, 2])],
      outputs: [sample(float32, [5], [0, 1, 2, 0, 0])],
    },
  ],
});

defineOp({
  name: 'PadV2',
  doc: 'The input with a value around it.',
  inputs: ['input: T', 'paddings: Tpaddings', 'constant_values: T'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tpaddings: {int32, int64} = int32'],
  infer: (op) => [padded(op, 1)],
  grad: padGrad,
  samples: [
    {
      inputs: [sample(float32, [2], [1, 2]), sample(int32, [1, 2], [1, 0]), sample(float32, [], [9])],
      outputs: [sample(float32, [3], [9, 1, 2])],
      // TensorFlow gives no gradient to the padding value.
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'MirrorPad',
  doc: 'The input with its mirror image around it, without the border (REFLECT) or with it (SYMMETRIC).',
  inputs: ['input: T', 'paddings: Tpaddings'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tpaddings: {int32, int64} = int32', 'mode: {"REFLECT", "SYMMETRIC"}'],
  infer: (op) => [padded(op, 1)],
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null];
    return [$.op('MirrorPadGrad', [dy, op.inputs[1]], { mode: op.attr('mode') }), null];
  },
  samples: [
    {
      inputs: [sample(float32, [3], [1, 2, 3]), sample(int32, [1, 2], [2, 1])],
      attrs: { mode: 'REFLECT' },
      outputs: [sample(float32, [6], [3, 2, 1, 2, 3, 2])],
    },
    {
      inputs: [sample(float32, [3], [1, 2, 3]), sample(int32, [1, 2], [2, 1])],
      attrs: { mode: 'SYMMETRIC' },
      outputs: [sample(float32, [6], [2, 1, 1, 2, 3, 3])],
    },
  ],
});

defineOp({
  name: 'MirrorPadGrad',
  doc: 'The gradient of `MirrorPad`: the padding folded back onto what it mirrors.',
  inputs: ['input: T', 'paddings: Tpaddings'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tpaddings: {int32, int64} = int32', 'mode: {"REFLECT", "SYMMETRIC"}'],
  infer: (op) => [padded(op, -1)],
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null];
    return [$.op('MirrorPad', [dy, op.inputs[1]], { mode: op.attr('mode') }), null];
  },
  samples: [
    {
      inputs: [sample(float32, [4], [1, 2, 3, 4]), sample(int32, [1, 2], [1, 0])],
      attrs: { mode: 'SYMMETRIC' },
      outputs: [sample(float32, [3], [3, 3, 4])],
    },
  ],
});

export interface PadOptions {
  readonly mode?: string;
  readonly name?: string | null;
  readonly constantValues?: TensorLike;
}

/**
 * The tensor with padding around it: `paddings[axis]` is how much goes before and after. `mode` is `'CONSTANT'` (with
 * `constantValues`, 0 if left out), `'REFLECT'` or `'SYMMETRIC'`, else `ValueError`.
 *
 *     tf.pad(x, [[1, 1], [2, 2]])
 *     tf.pad(x, [[0, 0], [1, 0]], {constantValues: -1})
 *     tf.pad(x, [[1, 1]], 'REFLECT')
 */
export function pad(
  tensor: TensorLike,
  paddings: TensorLike,
  ...rest: Rest<[mode: string, name: string | null, constantValues: TensorLike], PadOptions>
): Tensor {
  const { mode = 'CONSTANT', name, constantValues = 0 } = bind<PadOptions>(['mode', 'name', 'constantValues'], rest);
  const kind = mode.toUpperCase();
  if (kind === 'REFLECT' || kind === 'SYMMETRIC') return emitOne('MirrorPad', [tensor, paddings], { mode: kind }, name);
  if (kind !== 'CONSTANT') {
    throw new ValueError(
      `Value of argument \`mode\` expected to be one of "CONSTANT", "REFLECT", or "SYMMETRIC". Received \`mode\` = ${mode}`,
    );
  }
  if (!isSymbolic(constantValues) && constantValues === 0) return emitOne('Pad', [tensor, paddings], {}, name);
  return emitOne('PadV2', [tensor, paddings, constantValues], {}, name);
}
