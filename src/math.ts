/** The namespace `tf.math`. Most of it is at the top level too. */
export { softplus, softsign } from './ops/activations.ts';
export { argmax, argmin } from './ops/arg-reduce.ts';
export {
  add,
  atan2,
  divide,
  divNoNan as divideNoNan,
  floordiv,
  floormod,
  maximum,
  minimum,
  mod,
  multiply,
  multiplyNoNan,
  pow,
  scalarMul,
  squaredDifference,
  subtract,
  truediv,
  xdivy,
  xlog1py,
  xlogy,
} from './ops/arithmetic.ts';
export { isNonDecreasing, isStrictlyIncreasing } from './ops/checks.ts';
export {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
} from './ops/comparison.ts';
export { angle, conj, imag, real } from './ops/complex-numbers.ts';
export { confusionMatrix } from './ops/confusion-matrix.ts';
export { bincount } from './ops/counting.ts';
export { cumulativeLogsumexp } from './ops/cumulative-logsumexp.ts';
export { l2Normalize, zeroFraction } from './ops/normalization-functions.ts';
export { polyval } from './ops/polyval.ts';
export {
  countNonzero,
  cumprod,
  cumsum,
  reduceAll,
  reduceAny,
  reduceEuclideanNorm,
  reduceLogsumexp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceStd,
  reduceSum,
  reduceVariance,
} from './ops/reductions.ts';
export {
  segmentMax,
  segmentMean,
  segmentMin,
  segmentProd,
  segmentSum,
  unsortedSegmentMax,
  unsortedSegmentMean,
  unsortedSegmentMin,
  unsortedSegmentProd,
  unsortedSegmentSqrtN,
  unsortedSegmentSum,
} from './ops/segment.ts';
export { inTopK, topK } from './ops/selection.ts';
export { logSoftmax, softmax } from './ops/softmax.ts';
export {
  besselI0,
  besselI0e,
  besselI1,
  besselI1e,
  betainc,
  digamma,
  erfcinv,
  erfinv,
  igamma,
  igammac,
  lbeta,
  lgamma,
  ndtri,
  nextafter,
  polygamma,
  zeta,
} from './ops/special-functions.ts';
export { invertPermutation } from './ops/stitch.ts';
export { accumulateN, addN } from './ops/sums.ts';
export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  erf,
  erfc,
  exp,
  expm1,
  floor,
  isFinite,
  isInf,
  isNan,
  log,
  log1p,
  negative,
  reciprocal,
  rint,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
} from './ops/unary-math.ts';
export * as special from './special.ts';
