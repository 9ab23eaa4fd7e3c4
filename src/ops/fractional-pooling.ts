/**
 * Fractional pooling: max and average over windows whose sizes vary, so that images shrink by ratios that are no integers;
 * the ops, their gradients, and the functions of `tf.nn`. How the windows are drawn is left to the host kernels.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int64 } from '../util/dtype.ts';
import type { Dim } from '../util/shape.ts';
import { emit } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRank } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const TYPES = 'T: {float32, float64, int32, int64}';
const OVERLAPPING = 'overlapping: bool = false';
const ATTRS = [
  'pooling_ratio: list(float) >= 4',
  'pseudo_random: bool = false',
  OVERLAPPING,
  'deterministic: bool = false',
  'seed: int = 0',
  'seed2: int = 0',
  TYPES,
];

function pooled(op: InferContext): Inferred {
  const input = withRank(op.shape(0), 4);
  const ratios = op.attr<readonly number[]>('pooling_ratio');
  if (ratios.length !== 4) throw new ShapeError('pooling_ratio field must specify 4 dimensions');
  const out = input.map((size, axis): Dim => {
    if (ratios[axis] < 1) throw new ShapeError(`pooling_ratio cannot be smaller than 1, got: ${ratios[axis]}`);
    return size === null ? null : Math.floor(Math.fround(size / Math.fround(ratios[axis])));
  });
  // One more than windows. TensorFlow's rule says as many, and is wrong.
  const bounds = (size: Dim) => [size === null ? null : size + 1];
  return [out, bounds(out[1]), bounds(out[2])];
}

const maxGradient: GradFn = (op, [dy], $) => {
  const [y, rows, columns] = op.outputs;
  return [$.op('FractionalMaxPoolGrad', [op.inputs[0], y, dy, rows, columns], { overlapping: op.attr('overlapping') })];
};

const averageGradient: GradFn = (op, [dy], $) => {
  const [, rows, columns] = op.outputs;
  const shape = $.shape(op.inputs[0], int64, 'FractionalAvgPoolGrad/orig_input_tensor_shape');
  return [$.op('FractionalAvgPoolGrad', [shape, dy, rows, columns], { overlapping: op.attr('overlapping') })];
};

const IMAGE = sample(float32, [1, 2, 4, 1], [1, 8, 3, 4, 5, 6, 7, 2]);
const BOUNDS = [sample(int64, [2], [0, 2]), sample(int64, [3], [0, 2, 4])];
// Sizes that the ratios divide leave nothing to chance.
const EVEN = { pooling_ratio: [1, 2, 2, 1] };

for (const [name, doc, grad, even] of [
  ['FractionalMaxPool', 'The greatest element', maxGradient, [8, 7]],
  ['FractionalAvgPool', 'The mean', averageGradient, [5, 4]],
] as const) {
  defineOp({
    name,
    doc: `${doc} of each window of drawn size, and the bounds of the windows.`,
    inputs: ['value: T'],
    outputs: ['output: T', 'row_pooling_sequence: int64', 'col_pooling_sequence: int64'],
    attrs: ATTRS,
    effect: 'random',
    infer: pooled,
    grad,
    samples: [{ inputs: [IMAGE], attrs: EVEN, outputs: [sample(float32, [1, 1, 2, 1], even), ...BOUNDS] }],
  });
}

defineOp({
  name: 'FractionalMaxPoolGrad',
  doc: 'The gradient of fractional max pooling: what flows to a window goes to the first of its greatest elements.',
  inputs: [
    'orig_input: T',
    'orig_output: T',
    'out_backprop: T',
    'row_pooling_sequence: int64',
    'col_pooling_sequence: int64',
  ],
  outputs: ['output: T'],
  attrs: [OVERLAPPING, TYPES],
  infer: (op) => [withRank(op.shape(0), 4)],
  grad: null,
  samples: [
    {
      inputs: [IMAGE, sample(float32, [1, 1, 2, 1], [8, 7]), sample(float32, [1, 1, 2, 1], [2, 3]), ...BOUNDS],
      outputs: [sample(float32, [1, 2, 4, 1], [0, 2, 0, 0, 0, 0, 3, 0])],
    },
  ],
});

defineOp({
  name: 'FractionalAvgPoolGrad',
  doc: 'The gradient of fractional average pooling: each window shares out what flows to it.',
  inputs: [
    'orig_input_tensor_shape: int64',
    'out_backprop: T',
    'row_pooling_sequence: int64',
    'col_pooling_sequence: int64',
  ],
  outputs: ['output: T'],
  attrs: [OVERLAPPING, TYPES],
  infer: (op) => [op.constantShape(0) ?? [null, null, null, null]],
  grad: null,
  samples: [
    {
      inputs: [sample(int64, [4], [1, 2, 4, 1]), sample(float32, [1, 1, 2, 1], [4, 8]), ...BOUNDS],
      outputs: [sample(float32, [1, 2, 4, 1], [1, 1, 2, 2, 1, 1, 2, 2])],
    },
  ],
});

export interface FractionalPoolOptions {
  /** Whether window sizes are spread by one random number, not shuffled. */
  readonly pseudoRandom?: boolean;
  /** Whether a window takes the first row and column of the next, too. */
  readonly overlapping?: boolean;
  /** Whether every run takes the same windows; seeds may be given only then. */
  readonly deterministic?: boolean;
  readonly seed?: number;
  readonly seed2?: number;
  readonly name?: string | null;
}

type FractionalRest = Rest<
  [
    pseudoRandom: boolean,
    overlapping: boolean,
    deterministic: boolean,
    seed: number,
    seed2: number,
    name: string | null,
  ],
  FractionalPoolOptions
>;

/** The pooled images, and where the windows begin along rows and columns. */
export type FractionalPooled = readonly [output: Tensor, rowPoolingSequence: Tensor, colPoolingSequence: Tensor];

function fractional(type: string, value: TensorLike, ratio: readonly number[], rest: FractionalRest): FractionalPooled {
  const { name, ...options } = bind<FractionalPoolOptions>(
    ['pseudoRandom', 'overlapping', 'deterministic', 'seed', 'seed2', 'name'],
    rest,
  );
  const attrs = {
    pooling_ratio: ratio,
    pseudo_random: options.pseudoRandom,
    overlapping: options.overlapping,
    deterministic: options.deterministic,
    seed: options.seed,
    seed2: options.seed2,
  };
  const [output, rows, columns] = emit(type, [value], attrs, name).outputs;
  return [output, rows, columns];
}

/**
 * The greatest element of each window of `value` [batch, height, width, channels], the windows drawn so that height and
 * width shrink by `poolingRatio` [1, rows, columns, 1], each at least 1: `[output, rowPoolingSequence,
 * colPoolingSequence]`, the last two the bounds of the windows (int64). Throws `ValueError` for smaller ratios; a run
 * fails with `UnimplementedError` where the first or last ratio is not 1, and with `InvalidArgumentError` for seeds
 * without `deterministic`.
 *
 *     const [y] = tf.nn.fractionalMaxPool(x, [1, 1.44, 1.73, 1], {deterministic: true, seed: 1, seed2: 2});
 */
export function fractionalMaxPool(
  value: TensorLike,
  poolingRatio: readonly number[],
  ...rest: FractionalRest
): FractionalPooled {
  return fractional('FractionalMaxPool', value, poolingRatio, rest);
}

/**
 * As `fractionalMaxPool`, with the mean of each window.
 *
 *     const [y] = tf.nn.fractionalAvgPool(x, [1, 1.44, 1.73, 1], true, true);
 */
export function fractionalAvgPool(
  value: TensorLike,
  poolingRatio: readonly number[],
  ...rest: FractionalRest
): FractionalPooled {
  return fractional('FractionalAvgPool', value, poolingRatio, rest);
}
