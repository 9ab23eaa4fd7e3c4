/**
 * Random tensors of the Keras backend, and dropout. Without a seed each call gets one of its own, as Keras draws it from
 * NumPy's generator.
 */
import type { Tensor } from '../../graph/graph.ts';
import { dropout as dropoutOf } from '../../ops/dropout.ts';
import { ones, zeros } from '../../ops/filling.ts';
import * as random from '../../ops/random.ts';
import { whereV2 } from '../../ops/selection.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import type { ShapeLike } from '../../util/shape.ts';
import { floatx } from '../config.ts';
import { build, operand } from './operands.ts';

let uniform: () => number = Math.random;

/**
 * Where seeds come from: a function that gives numbers in [0, 1), `Math.random` for null. `setRandomSeed` of the utilities
 * makes the seeds repeat with it.
 */
export function setSeedSource(source: (() => number) | null): void {
  uniform = source ?? Math.random;
}

/** The seed given, or a fresh one below ten million. */
export function drawSeed(seed: number | null | undefined = null): number {
  return seed ?? Math.floor(uniform() * 10e6);
}

interface NormalOptions {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
  readonly dtype?: DTypeLike | null;
  readonly seed?: number | null;
}
type NormalRest = Rest<
  [mean: TensorLike, stddev: TensorLike, dtype: DTypeLike | null, seed: number | null],
  NormalOptions
>;

function normal(by: typeof random.randomNormal, shape: random.ShapeArgument, rest: NormalRest): Tensor {
  const { mean = 0, stddev = 1, dtype, seed } = bind<NormalOptions>(['mean', 'stddev', 'dtype', 'seed'], rest);
  return by(shape, { mean, stddev, dtype: dtype ?? floatx(), seed: drawSeed(seed) });
}

/**
 * Normal draws of mean 0 and standard deviation 1 unless given.
 *
 *     K.randomNormal([2, 3], 0, 0.1)
 *     K.randomNormal([2, 3], {seed: 7})
 */
export function randomNormal(shape: random.ShapeArgument, ...rest: NormalRest): Tensor {
  return normal(random.randomNormal, shape, rest);
}

/** Normal draws, those farther than two standard deviations from the mean drawn again. See `randomNormal`. */
export function truncatedNormal(shape: random.ShapeArgument, ...rest: NormalRest): Tensor {
  return normal(random.truncatedNormal, shape, rest);
}

interface UniformOptions {
  readonly minval?: TensorLike;
  readonly maxval?: TensorLike;
  readonly dtype?: DTypeLike | null;
  readonly seed?: number | null;
}

/**
 * Uniform draws from [minval, maxval), from [0, 1) without them.
 *
 *     K.randomUniform([2, 3], -1, 1)
 */
export function randomUniform(
  shape: random.ShapeArgument,
  ...rest: Rest<[minval: TensorLike, maxval: TensorLike, dtype: DTypeLike | null, seed: number | null], UniformOptions>
): Tensor {
  const { minval = 0, maxval = 1, dtype, seed } = bind<UniformOptions>(['minval', 'maxval', 'dtype', 'seed'], rest);
  return random.randomUniform(shape, { minval, maxval, dtype: dtype ?? floatx(), seed: drawSeed(seed) });
}

interface BernoulliOptions {
  readonly p?: TensorLike;
  readonly dtype?: DTypeLike | null;
  readonly seed?: number | null;
}
type BernoulliRest = Rest<[p: TensorLike, dtype: DTypeLike | null, seed: number | null], BernoulliOptions>;

/**
 * Ones with probability `p`, else zeros.
 *
 *     K.randomBernoulli([10], 0.3)
 */
export function randomBernoulli(shape: random.ShapeArgument, ...rest: BernoulliRest): Tensor {
  const { p = 0, dtype, seed } = bind<BernoulliOptions>(['p', 'dtype', 'seed'], rest);
  const type = dtype ?? floatx();
  return build([shape, p], () => {
    const drawn = random.randomUniform(shape, { dtype: type, seed: drawSeed(seed) });
    const size = shape as TensorLike;
    return whereV2(drawn.lessEqual(p as Tensor), ones(size, { dtype: type }), zeros(size, { dtype: type }));
  });
}

/** The former name of `randomBernoulli`. */
export function randomBinomial(shape: random.ShapeArgument, ...rest: BernoulliRest): Tensor {
  return randomBernoulli(shape, ...rest);
}

interface DropoutOptions {
  readonly noiseShape?: ShapeLike | TensorLike;
  readonly seed?: number | null;
}

/**
 * Sets elements to zero with probability `level` and divides the others by `1 - level`. `noiseShape` is the shape of the
 * draws: a length of 1 drops an axis as a whole, null takes that of `x`.
 *
 *     K.dropout(x, 0.5)
 *     K.dropout(x, 0.2, {noiseShape: [null, 1]})
 */
export function dropout(
  x: TensorLike,
  level: number | TensorLike,
  ...rest: Rest<[noiseShape: ShapeLike | TensorLike, seed: number | null], DropoutOptions>
): Tensor {
  const { noiseShape, seed } = bind<DropoutOptions>(['noiseShape', 'seed'], rest);
  return dropoutOf(operand(x), { rate: level, noiseShape, seed: drawSeed(seed) });
}
