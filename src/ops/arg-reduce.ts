/**
 * `ArgMax` and `ArgMin`: where along an axis the greatest and least elements are.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DTypeLike, float32, int32, int64 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const TYPES =
  'T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64, qint8, quint8, qint32, qint16, quint16, bool}';

function infer(op: InferContext): Inferred {
  const shape = op.shape(0);
  const dimension = op.constant(1);
  if (shape === null) return [null];
  if (shape.length <= 1) {
    if (!dimension || shape.length === 0) return [[]];
  } else if (!dimension) {
    return [new Array<null>(shape.length - 1).fill(null)];
  }
  const axis = Number(dimension.data[0] as number | bigint);
  if (axis < -shape.length || axis >= shape.length) {
    throw new ShapeError(
      `Dimension (${axis}) must be in the range [${-shape.length}, ${shape.length}), where ${shape.length} is the number of dimensions in the input.`,
    );
  }
  const at = axis < 0 ? axis + shape.length : axis;
  return [shape.filter((_, i) => i !== at)];
}

for (const [name, doc, result, axes, outputs] of [
  [
    'ArgMax',
    'The index of the greatest element along an axis.',
    [2, 0],
    'int16, int32, int64',
    'int16, uint16, int32, int64',
  ],
  ['ArgMin', 'The index of the least element along an axis.', [0, 2], 'int32, int64', 'int32, int64'],
] as const) {
  defineOp({
    name,
    doc: `${doc} Of equal ones the first.`,
    inputs: ['input: T', 'dimension: Tidx'],
    outputs: ['output: output_type'],
    attrs: [TYPES, `Tidx: {${axes}} = int32`, `output_type: {${outputs}} = int64`],
    infer,
    grad: () => [null, null],
    samples: [
      {
        inputs: [sample(float32, [2, 3], [1, 2, 3, 6, 5, 4]), sample(int32, [], [1])],
        outputs: [sample(int64, [2], result)],
      },
    ],
  });
}

export interface ArgReduceOptions {
  readonly axis?: TensorLike | null;
  readonly name?: string | null;
  /** The old name of `axis`. */
  readonly dimension?: TensorLike | null;
  readonly outputType?: DTypeLike;
}

export type ArgReduceRest = Rest<
  [axis: TensorLike | null, name: string | null, dimension: TensorLike | null, outputType: DTypeLike],
  ArgReduceOptions
>;

function argReduce(type: string, input: TensorLike, rest: ArgReduceRest): Tensor {
  const { axis, name, dimension, outputType } = bind<ArgReduceOptions>(
    ['axis', 'name', 'dimension', 'outputType'],
    rest,
  );
  const given = renamed(['axis', 'dimension'], axis, dimension) ?? 0;
  const at = typeof given === 'number' ? toNdArray(given, int32) : given;
  return emitOne(type, [input, at], { output_type: asDType(outputType ?? int64) }, name);
}

/**
 * The index of the greatest element along `axis` (0 without one), the first of equal ones: int64, or `outputType`
 * (int32). The result lacks that axis. Throws `ValueError` for an axis out of range; an empty axis fails the run.
 *
 *     tf.argmax(logits, 1)                              // int64 [batch]
 *     tf.argmax(logits, {axis: 1, outputType: tf.int32})
 */
export function argmax(input: TensorLike, ...rest: ArgReduceRest): Tensor {
  return argReduce('ArgMax', input, rest);
}

/**
 * The index of the least element along `axis`. See `argmax`.
 *
 *     tf.argmin(distances, 1)
 */
export function argmin(input: TensorLike, ...rest: ArgReduceRest): Tensor {
  return argReduce('ArgMin', input, rest);
}
