/**
 * The functions of `tf.keras.backend` that are graph mathematics alone, under their public names. Those with a state
 * (sessions, phases, variables, uids) are in `state.ts`.
 */
export { elu, hardSigmoid, relu, sigmoid, softmax, softplus, softsign, tanh } from './activations.ts';
export {
  type ConvolutionOptions,
  conv1d,
  conv2d,
  conv2dTranspose,
  conv3d,
  depthwiseConv2d,
  type OutputShape,
  separableConv2d,
} from './convolution.ts';
export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  sparseCategoricalCrossentropy,
} from './cross-entropy.ts';
export {
  abs,
  cast,
  castToFloatx,
  clip,
  constant,
  cos,
  equal,
  exp,
  greater,
  greaterEqual,
  identity,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  notEqual,
  onesLike,
  pow,
  round,
  sign,
  sin,
  sqrt,
  square,
  stopGradient,
  zerosLike,
} from './elementwise.ts';
export { batchDot, biasAdd, dot, gradients } from './linear.ts';
export { localConv1d, localConv2d } from './local.ts';
export { foldl, foldr, mapFn } from './mapping.ts';
export {
  batchNormalization,
  inTopK,
  l2Normalize,
  type NormalizedBatch,
  normalizeBatchInTraining,
} from './normalization.ts';
export { countParams, dtype, intShape, isSparse, ndim } from './operands.ts';
export { type PoolOptions, pool2d, pool3d } from './pooling.ts';
export {
  dropout,
  randomBernoulli,
  randomBinomial,
  randomNormal,
  randomUniform,
  truncatedNormal,
} from './random.ts';
export {
  all,
  any,
  argmax,
  argmin,
  cumprod,
  cumsum,
  logsumexp,
  max,
  mean,
  min,
  prod,
  std,
  sum,
  variance as var,
} from './reductions.ts';
export { type RnnOptions, rnn, type States, type StepFunction, type Tensors } from './rnn.ts';
export {
  arange,
  batchFlatten,
  concatenate,
  expandDims,
  flatten,
  gather,
  oneHot,
  permuteDimensions,
  repeat,
  repeatElements,
  reshape,
  reverse,
  shape,
  squeeze,
  stack,
  tile,
  transpose,
} from './shaping.ts';
export {
  resizeImages,
  resizeVolumes,
  spatial2dPadding,
  spatial3dPadding,
  temporalPadding,
} from './spatial.ts';
export { ifElse as switch } from './switch.ts';
export { movingAverageUpdate, printTensor, update, updateAdd, updateSub } from './updates.ts';
