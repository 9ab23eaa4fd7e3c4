/**
 * Dropout, as TensorFlow composes it: scale, draw, select.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { asShape, type Dim, type ShapeLike } from '../util/shape.ts';
import { cast } from './cast.ts';
import { constant } from './constants.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { getSeed, randomUniform, type ShapeArgument } from './random.ts';
import { shape as shapeOf } from './shaping.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

export interface DropoutOptions {
  /** The fraction of elements kept; `rate` is one minus it. */
  readonly keepProb?: number | TensorLike | null;
  /** The shape of the draws, which broadcast: a length of 1 drops an axis as a whole, null takes that of `x`. */
  readonly noiseShape?: ShapeLike | TensorLike;
  readonly seed?: number | null;
  readonly name?: string | null;
  /** The fraction of elements set to zero, a number in [0, 1) or a scalar tensor. */
  readonly rate?: number | TensorLike | null;
}

/**
 * Sets elements of the float tensor `x` to zero with probability `rate` and divides the others by `1 - rate`, so that the
 * expected sum stays. Each run draws anew; `seed` fixes the sequence of draws. Throws `ValueError` without a rate, for a
 * rate outside [0, 1), and for integers.
 *
 *     tf.nn.dropout(x, 0.8)               // keeps 80 %
 *     tf.nn.dropout(x, {rate: 0.2})       // the same
 *     tf.nn.dropout(x, {rate: 0.5, noiseShape: [null, 1]})   // whole rows
 */
export function dropout(
  x: TensorLike,
  ...rest: Rest<
    [
      keepProb: number | TensorLike | null,
      noiseShape: ShapeLike | TensorLike,
      seed: number | null,
      name: string | null,
      rate: number | TensorLike | null,
    ],
    DropoutOptions
  >
): Tensor {
  const { keepProb, noiseShape, seed, name, rate } = bind<DropoutOptions>(
    ['keepProb', 'noiseShape', 'seed', 'name', 'rate'],
    rest,
  );
  return withRate(keepProb ?? null, rate ?? null, (fraction) =>
    opScope(name, 'dropout', [x, fraction], () => {
      if (typeof fraction === 'number' && !(fraction >= 0 && fraction < 1)) {
        throw new ValueError(
          `\`rate\` must be a scalar tensor or a float in the range [0, 1). Received: rate=${fraction}`,
        );
      }
      const input = convertToTensor(x, { preferredDtype: float32, name: 'x' });
      if (!input.dtype.isFloating) {
        throw new ValueError(
          `\`x.dtype\` must be a floating point tensor as \`x\` will be scaled. Received: x_dtype=${input.dtype}`,
        );
      }
      if (fraction === 0) {
        // TensorFlow takes a seed here too, so that the seeds of later ops do not depend on the rate.
        getSeed(seed ?? null);
        return input;
      }
      return drop(input, fraction, noiseShape, seed ?? null);
    }),
  );
}

/** Hands on the rate, computed from the kept fraction where that is given; what it takes to do so is built outside. */
function withRate(
  keepProb: number | TensorLike | null,
  rate: number | TensorLike | null,
  body: (rate: number | TensorLike) => Tensor,
): Tensor {
  if (keepProb !== null && rate !== null) throw new ValueError("Cannot specify both 'keep_prob' and 'rate'.");
  if (keepProb === null && rate === null) throw new ValueError('`rate` must be provided. Received: rate=None');
  if (keepProb === null) return body(rate as number | TensorLike);
  if (typeof keepProb === 'number') return body(1 - keepProb);
  return body(emitOne('Sub', [1, keepProb], {}, 'sub'));
}

function drop(x: Tensor, rate: number | TensorLike, noiseShape: ShapeLike | TensorLike, seed: number | null): Tensor {
  let scaled: Tensor;
  let threshold: TensorLike = rate as TensorLike;
  if (typeof rate === 'number') {
    scaled = emitOne('Mul', [x, constant(1 / (1 - rate), x.dtype)]);
  } else {
    const given = convertToTensor(rate, { preferredDtype: x.dtype, name: 'rate' });
    if (given.shape !== null && given.shape.length !== 0) {
      throw new ValueError(`\`rate\` must be a scalar or scalar tensor. Received: rate=${given}`);
    }
    threshold = cast(given, x.dtype, 'rate');
    scaled = emitOne('RealDiv', [x, emitOne('Sub', [constant(1, x.dtype), threshold])]);
  }
  const drawn = randomUniform(noise(x, noiseShape), { dtype: x.dtype, seed });
  const kept = emitOne('GreaterEqual', [drawn, threshold]);
  const result = emitOne('SelectV2', [kept, scaled, constant(0, x.dtype)]);
  result.setShape(x.shape);
  return result;
}

function noise(x: Tensor, given: ShapeLike | TensorLike): ShapeArgument {
  if (given === null || given === undefined) return shapeOf(x);
  const items: unknown = given;
  if (isSymbolic(items) || (Array.isArray(items) && items.some((item) => isSymbolic(item)))) {
    return given as TensorLike;
  }
  const dims = asShape(given as ShapeLike) as readonly Dim[];
  if (x.shape?.length !== dims.length) return given as ShapeArgument;
  const known = dims.map((d, i) => d ?? (x.shape as readonly Dim[])[i]);
  if (known.every((d): d is number => d !== null)) return known;
  // What is unknown of both is taken from the input in the run.
  const inRun = shapeOf(x);
  return known.map((d, i) => d ?? emitOne('GatherV2', [inRun, toNdArray(i, int32), toNdArray(0, int32)])) as TensorLike;
}
