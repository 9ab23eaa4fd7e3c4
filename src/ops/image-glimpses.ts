/**
 * Glimpses: windows of one size cut from images around points; the ops, and the function of `tf.image`. How noise is
 * drawn is left to the host kernels.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const NOISE = ['uniform_noise: bool = true', 'noise: string = "uniform"'];

function glimpsed(op: InferContext): Inferred {
  const noise = op.attr<string>('noise');
  if (op.attr<boolean>('uniform_noise') && noise !== '' && noise !== 'uniform') {
    throw new ShapeError('The uniform_noise should not be True when noise is not uniform');
  }
  const [images, size, offsets] = [withRank(op.shape(0), 4), withRank(op.shape(1), 1), withRank(op.shape(2), 2)];
  const batch = mergeDim(images[0], offsets[0]);
  for (const length of [size[0], offsets[1]]) {
    if (length !== null && length !== 2) throw new ShapeError(`Dimension must be 2 but is ${length}`);
  }
  const [height, width] = op.constantShape(1) ?? [null, null];
  return [[batch, height, width, images[3]]];
}

/** Only the first version is declared to be without a gradient; asking the second for one is an error, as in TensorFlow. */
const none: GradFn = () => [null, null, null];

const IMAGE = sample(float32, [1, 2, 3, 1], [1, 2, 3, 4, 5, 6]);
const sampleOf = (offset: readonly number[], cut: readonly number[]) => ({
  inputs: [IMAGE, sample(int32, [2], [1, 2]), sample(float32, [1, 2], offset)],
  attrs: { uniform_noise: false, noise: 'zero', normalized: false, centered: false },
  outputs: [sample(float32, [1, 1, 2, 1], cut)],
});

for (const [name, doc, grad, samples] of [
  [
    'ExtractGlimpse',
    'A window of each image around a point, with noise where it reaches outside.',
    none,
    [sampleOf([1.5, 2], [5, 6]), sampleOf([0.5, 3], [3, 0])],
  ],
  [
    'ExtractGlimpseV2',
    'A window of each image; points without normalized coordinates are the upper left corners.',
    null,
    [sampleOf([1, 1], [5, 6]), sampleOf([0, 2], [3, 0])],
  ],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['input: float32', 'size: int32', 'offsets: float32'],
    outputs: ['glimpse: float32'],
    attrs: ['centered: bool = true', 'normalized: bool = true', ...NOISE],
    // TensorFlow takes it for pure, though the noise differs from run to run.
    effect: 'random',
    infer: glimpsed,
    grad,
    samples,
  });
}

export interface GlimpseOptions {
  /** Whether offsets count from the middle of the image; true without it. */
  readonly centered?: boolean;
  /** Whether offsets are parts of the image; true without it. Otherwise they are pixels. */
  readonly normalized?: boolean;
  /** Kept for its name: the noise is uniform either way. */
  readonly uniformNoise?: boolean;
  readonly name?: string | null;
}

/**
 * Of each image of `input` [batch, height, width, channels] (float32) the window of `size` [height, width] around the
 * point `offsets` [batch, 2], y before x: [batch, size[0], size[1], channels]. Coordinates from −1 to 1 span the image;
 * not centered, those from 0 to 1. What lies outside is noise between the least and the greatest element of the image,
 * other in every run. Has no gradient. Throws `ValueError` for shapes that do not fit.
 *
 *     tf.image.extractGlimpse(x, [8, 8], [[0, 0]])
 */
export function extractGlimpse(
  input: TensorLike,
  size: TensorLike,
  offsets: TensorLike,
  ...rest: Rest<[centered: boolean, normalized: boolean, uniformNoise: boolean, name: string | null], GlimpseOptions>
): Tensor {
  const { centered, normalized, uniformNoise, name } = bind<GlimpseOptions>(
    ['centered', 'normalized', 'uniformNoise', 'name'],
    rest,
  );
  return emitOne('ExtractGlimpse', [input, size, offsets], { centered, normalized, uniform_noise: uniformNoise }, name);
}
