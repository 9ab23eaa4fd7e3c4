/** The namespace `tf.nn`. */
export {
  type BidirectionalOptions,
  bidirectionalDynamicRnn,
  type DynamicRnnOptions,
  dynamicRnn,
} from './layers/rnn/dynamic.ts';
export { type LoopFunction, type RawRnnOptions, rawRnn } from './layers/rnn/raw.ts';
export {
  type StateNames,
  type StateSaver,
  type StateSavingOptions,
  type StaticBidirectionalOptions,
  type StaticRnnOptions,
  staticBidirectionalRnn,
  staticRnn,
  staticStateSavingRnn,
} from './layers/rnn/static.ts';
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
  allCandidateSampler,
  type Candidates,
  computeAccidentalHits,
  type FixedUnigramOptions,
  fixedUnigramCandidateSampler,
  learnedUnigramCandidateSampler,
  logUniformCandidateSampler,
  type SamplerOptions,
  uniformCandidateSampler,
} from './ops/candidate-samplers.ts';
export {
  atrousConv2d,
  type Conv1dOptions,
  type Conv1dTransposeOptions,
  type Conv2dOptions,
  type Conv2dTransposeOptions,
  type ConvolutionOptions,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  convolution,
  convTranspose,
  type DepthwiseOptions,
  depthwiseConv2d,
  separableConv2d,
} from './ops/convolution-functions.ts';
export {
  atrousConv2dTranspose,
  type Conv2dBackpropInputOptions,
  type ConvolutionPartOptions,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  type DepthwisePartOptions,
  depthwiseConv2dNative,
  depthwiseConv2dNativeBackpropFilter,
  depthwiseConv2dNativeBackpropFilter as depthwiseConv2dBackpropFilter,
  depthwiseConv2dNativeBackpropInput,
  depthwiseConv2dNativeBackpropInput as depthwiseConv2dBackpropInput,
} from './ops/convolution-parts.ts';
export {
  type Conv3dOptions,
  type Conv3dTransposeOptions,
  conv3d,
  conv3dBackpropFilterV2 as conv3dBackpropFilter,
  conv3dBackpropFilterV2,
  conv3dTranspose,
} from './ops/convolution3d.ts';
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
export {
  type CtcBeamSearchOptions,
  type CtcGreedyOptions,
  type CtcLossOptions,
  type CtcLossV2Options,
  ctcBeamSearchDecoder,
  ctcBeamSearchDecoderV2,
  ctcGreedyDecoder,
  ctcLoss,
  ctcLossV2,
  type Decoded,
} from './ops/ctc.ts';
export { type DropoutOptions, dropout } from './ops/dropout.ts';
export { type EmbeddingLookupOptions, embeddingLookup } from './ops/embedding.ts';
export {
  type EmbeddingLookupSparseOptions,
  embeddingLookupSparse,
  type SafeEmbeddingLookupSparseOptions,
  safeEmbeddingLookupSparse,
} from './ops/embedding-sparse.ts';
export {
  type FractionalPooled,
  type FractionalPoolOptions,
  fractionalAvgPool,
  fractionalMaxPool,
} from './ops/fractional-pooling.ts';
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
export { type Dilation2dOptions, dilation2d, erosion2d } from './ops/patches.ts';
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
export { avgPool3d, maxPool3d, type Pool3dOptions } from './ops/pooling3d.ts';
export {
  type NceLossOptions,
  nceLoss,
  type SampledSoftmaxLossOptions,
  sampledSoftmaxLoss,
} from './ops/sampled-losses.ts';
export { inTopK, type TopKOptions, topK } from './ops/selection.ts';
export { logSoftmax, type SoftmaxOptions, softmax } from './ops/softmax.ts';
export { depthToSpace, spaceToBatch, spaceToDepth } from './ops/spacing.ts';
export { sigmoid, tanh } from './ops/unary-math.ts';
export type { PaddingLike, WindowSizes } from './ops/window-arguments.ts';
export * as rnnCell from './rnn-cell.ts';
