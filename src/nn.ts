/** The namespace `tf.nn`. */
export {
  type CreluOptions,
  crelu,
  elu,
  type LeakyReluOptions,
  leakyRelu,
  relu,
  relu6,
  type SwishOptions,
  selu,
  softplus,
  softsign,
  swish,
} from './ops/activations.ts';
export { type BiasAddOptions, biasAdd, reluLayer, xwPlusB } from './ops/bias.ts';
export {
  atrousConv2d,
  type Conv1dOptions,
  type Conv2dOptions,
  type Conv2dTransposeOptions,
  type ConvolutionOptions,
  conv1d,
  conv2d,
  conv2dTranspose,
  convolution,
  type DepthwiseOptions,
  depthwiseConv2d,
  type PaddingLike,
  separableConv2d,
  type WindowSizes,
} from './ops/convolution-functions.ts';
export {
  type LabelsAndLogits,
  type SoftmaxCrossEntropyArgs,
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogitsV2,
  sparseSoftmaxCrossEntropyWithLogits,
  type WeightedCrossEntropyArgs,
  weightedCrossEntropyWithLogits,
} from './ops/cross-entropy.ts';
export { type DropoutOptions, dropout } from './ops/dropout.ts';
export { type EmbeddingLookupOptions, embeddingLookup } from './ops/embedding.ts';
export { l2Loss } from './ops/losses-basic.ts';
export {
  batchNormalization,
  type FusedBatchNormOptions,
  fusedBatchNorm,
  type L2NormalizeOptions,
  type LrnOptions,
  l2Normalize,
  localResponseNormalization,
  localResponseNormalization as lrn,
  type MomentsOptions,
  moments,
  normalizeMoments,
  type WeightedMomentsOptions,
  weightedMoments,
  zeroFraction,
} from './ops/normalization-functions.ts';
export {
  type ArgmaxPoolOptions,
  avgPool,
  avgPool1d,
  type GeneralPoolOptions,
  maxPool,
  maxPool1d,
  maxPoolWithArgmax,
  type PoolOptions,
  pool,
} from './ops/pooling.ts';
export { inTopK, type TopKOptions, topK } from './ops/selection.ts';
export { logSoftmax, type SoftmaxOptions, softmax } from './ops/softmax.ts';
export { depthToSpace, spaceToBatch, spaceToDepth } from './ops/spacing.ts';
export { sigmoid, tanh } from './ops/unary-math.ts';
