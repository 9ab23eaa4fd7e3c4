/**
 * Draws from the gamma, the Poisson and the bounded normal distribution: the ops and their functions. Draws that a seed
 * tensor fixes are in `random-stateless.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import type { AttrValue } from '../graph/node.ts';
import { asDType, type DType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, type InferContext, type Inferred, type OpView, sample } from './opdef/define.ts';
import { broadcast, withRank, withRankAtMost } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { drawnShape, emitRandom, type ShapeArgument, shapeTensor } from './random.ts';
import { broadcastDynamicShape, broadcastTo, shape as shapeOp } from './shaping.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

const FLOATS = '{float16, float32, float64}';
const NUMBERS = '{float16, float32, float64, int32, int64}';
const INTS = '{int32, int64}';
const SEEDS = ['seed: int = 0', 'seed2: int = 0'];

/** The drawn shape, then that of the parameters. */
function shapeThenParameters(op: InferContext): Inferred {
  const [shape] = drawnShape(op);
  const parameters = op.shape(1);
  return [Array.isArray(shape) && parameters ? [...shape, ...parameters] : null];
}

/** The gradient of gamma draws along alpha, whose dimensions come after `extra` others in the draws. */
export function gammaAlphaGrad<V>(op: OpView<V>, alpha: V, extra: V, dy: V, $: Vocabulary<V>): V {
  return $.after([dy], () => {
    const ones = $.fill($.reshape(extra, [1]), $.ints(1));
    const aligned = $.reshape(alpha, $.concat([ones, $.shape(alpha)], 0));
    const slope = $.op('RandomGammaGrad', [aligned, op.outputs[0]]);
    return $.sum($.mul(dy, slope), $.range($.ints(0), extra, $.ints(1)));
  });
}

defineOp({
  name: 'RandomGamma',
  doc: 'Draws from gamma distributions: of each shape parameter as many as the shape has elements.',
  inputs: ['shape: S', 'alpha: T'],
  outputs: ['output: T'],
  attrs: [...SEEDS, `S: ${INTS}`, `T: ${FLOATS}`],
  effect: 'random',
  infer: shapeThenParameters,
  grad: (op, [dy], $) => [null, gammaAlphaGrad(op, op.inputs[1], $.size(op.inputs[0]), dy, $)],
  samples: [
    {
      inputs: [sample(int32, [1], [2]), sample(float32, [2], [0.5, 3])],
      attrs: { seed: 7, seed2: 9 },
      outputs: [null],
      shapes: [[2, 2]],
      // The gradient is that of the distribution, not of the way that a draw is made.
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'RandomGammaGrad',
  doc: 'The derivative of a gamma draw along the shape parameter.',
  inputs: ['alpha: T', 'sample: T'],
  outputs: ['output: T'],
  attrs: ['T: {float32, float64}'],
  infer: broadcast,
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [3], [0.3, 1, 2.5]), sample(float32, [1], [0.5])],
      outputs: [sample(float32, [3], [1.9920855, 0.80697906, 0.42684254])],
    },
  ],
});

defineOp({
  name: 'RandomPoissonV2',
  doc: 'Draws from Poisson distributions: of each rate as many as the shape has elements.',
  inputs: ['shape: S', 'rate: R'],
  outputs: ['output: dtype'],
  attrs: [...SEEDS, `S: ${INTS}`, `R: ${NUMBERS} = float64`, `dtype: ${NUMBERS} = int64`],
  effect: 'random',
  infer: shapeThenParameters,
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [1], [3]), sample(float32, [2], [2, 30])],
      attrs: { seed: 3, seed2: 4, dtype: int32 },
      outputs: [sample(int32, [3, 2], [3, 35, 1, 28, 2, 31])],
    },
  ],
});

defineOp({
  name: 'ParameterizedTruncatedNormal',
  doc: 'Normal draws between bounds; mean, deviation and bounds are one for all or one for each row.',
  inputs: ['shape: T', 'means: dtype', 'stdevs: dtype', 'minvals: dtype', 'maxvals: dtype'],
  outputs: ['output: dtype'],
  attrs: [...SEEDS, 'dtype: {float16, bfloat16, float32, float64}', `T: ${INTS}`],
  effect: 'random',
  infer: (op) => {
    for (let i = 1; i <= 4; i++) withRankAtMost(op.shape(i), 1);
    withRank(op.shape(0), 1);
    return drawnShape(op);
  },
  grad: () => [null, null, null, null, null],
  samples: [
    {
      inputs: [
        sample(int32, [1], [4]),
        sample(float32, [], [0]),
        sample(float32, [], [1]),
        sample(float32, [], [-1]),
        sample(float32, [], [2]),
      ],
      attrs: { seed: 1, seed2: 2 },
      outputs: [sample(float32, [4], [0.8397046, 1.2358364, 0.3037427, 1.2963251])],
    },
  ],
});

// Functions

/** The smallest normal number of a type, which draws are raised to. */
const TINY: Readonly<Record<string, number>> = { float16: 2 ** -14, float32: 2 ** -126, float64: 2 ** -1022 };

export interface GammaOptions {
  /** The inverse scale; it broadcasts with alpha. */
  readonly beta?: TensorLike | null;
  readonly dtype?: DTypeLike;
  readonly seed?: number | null;
  readonly name?: string | null;
}

/** Gamma draws of scale 1 by `draw`, scaled down by beta and kept above zero. */
export function scaledGamma(
  alpha: TensorLike,
  beta: TensorLike | null,
  dtype: DType,
  draw: (alpha: Tensor) => Tensor,
): Tensor {
  const alphas = convertToTensor(alpha, { dtype, name: 'alpha' });
  const betas = convertToTensor(beta ?? 1, { dtype, name: 'beta' });
  const shapes = [alphas, betas].map((t, i) => shapeOp(t, { name: `Shape_${i + 1}` }));
  const drawn = draw(broadcastTo(alphas, broadcastDynamicShape(shapes[0], shapes[1])));
  const scaled = emitOne('RealDiv', [drawn, betas], {}, 'truediv');
  return emitOne('Maximum', [TINY[dtype.name], scaled], {}, 'Maximum');
}

/**
 * Draws from gamma distributions of shape parameter `alpha` and inverse scale `beta` (1), each run anew. The result has
 * `shape`, then the broadcast shape of the parameters. Draws have gradients along both.
 *
 *     tf.randomGamma([10], [0.5, 1.5])            // [10, 2]
 *     tf.randomGamma([3], 2, {beta: 4, seed: 1})
 */
export function randomGamma(
  shape: ShapeArgument,
  alpha: TensorLike,
  ...rest: Rest<[beta: TensorLike | null, dtype: DTypeLike, seed: number | null, name: string | null], GammaOptions>
): Tensor {
  const options = bind<GammaOptions>(['beta', 'dtype', 'seed', 'name'], rest);
  const dtype = asDType(options.dtype ?? float32);
  const beta = options.beta ?? null;
  return opScope(options.name, 'random_gamma', [shape, alpha, beta], () => {
    const dims = intShape(shape);
    return scaledGamma(alpha, beta, dtype, (alphas) => emitRandom('RandomGamma', [dims, alphas], {}, options.seed));
  });
}

/** The shape as a tensor; a tensor of int64 stays one. */
function intShape(shape: ShapeArgument): Tensor {
  return isSymbolic(shape) ? convertToTensor(shape, { dtype: int32, name: 'shape' }) : shapeTensor(shape);
}

export interface PoissonOptions {
  readonly dtype?: DTypeLike;
  readonly seed?: number | null;
  readonly name?: string | null;
}

/**
 * Draws from Poisson distributions of rate `lam`, each run anew, of type `dtype` (float32): `shape`, then the shape of
 * `lam`. A rate that is not finite fails the run.
 *
 *     tf.randomPoisson([0.5, 1.5], [10])   // [10, 2]
 */
export function randomPoisson(
  lam: TensorLike,
  shape: ShapeArgument,
  ...rest: Rest<[dtype: DTypeLike, seed: number | null, name: string | null], PoissonOptions>
): Tensor {
  const { dtype, seed, name } = bind<PoissonOptions>(['dtype', 'seed', 'name'], rest);
  return opScope(name, 'random_poisson', [lam, shape], () => {
    const attrs: Record<string, AttrValue> = { dtype: asDType(dtype ?? float32) };
    const dims = intShape(shape);
    const rate = convertToTensor(lam, { name: 'RandomPoissonV2/rate' });
    return emitRandom('RandomPoissonV2', [dims, rate], attrs, seed);
  });
}
