/**
 * The ops that programs call at the top level, `tf.…`, by family; importing this registers every op. Those that TensorFlow
 * has in a namespace only are exported there: `nn.ts`, `math.ts`. Families are listed in `all.ts`.
 */
import './all.ts';

export { type ArgReduceOptions, type ArgReduceRest, argmax, argmin } from './arg-reduce.ts';
export {
  add,
  atan2,
  div,
  divide,
  divNoNan,
  floorDiv,
  floordiv,
  floormod,
  maximum,
  minimum,
  mod,
  multiply,
  pow,
  realdiv,
  scalarMul,
  squaredDifference,
  subtract,
  truediv,
  truncatediv,
  truncatemod,
} from './arithmetic.ts';
export { type BlockPaddingOptions, requiredSpaceToBatchPaddings } from './block-paddings.ts';
export {
  bitcast,
  cast,
  saturateCast,
  toBfloat16,
  toComplex64,
  toComplex128,
  toDouble,
  toFloat,
  toInt32,
  toInt64,
} from './cast.ts';
export {
  assertEqual,
  assertGreater,
  assertGreaterEqual,
  assertInteger,
  assertLess,
  assertLessEqual,
  assertNegative,
  assertNoneEqual,
  assertNonNegative,
  assertNonPositive,
  assertPositive,
  assertRank,
  assertRankAtLeast,
  assertRankIn,
  assertScalar,
  assertType,
  type CheckOptions,
  isNonDecreasing,
  isNumericTensor,
  isStrictlyIncreasing,
} from './checks.ts';
export {
  type ClipByGlobalNormOptions,
  type ClipByNormOptions,
  type ClipByNormRest,
  type Clippable,
  type Clipped,
  clipByAverageNorm,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  globalNorm,
} from './clip.ts';
export {
  type ApproximateEqualOptions,
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
} from './comparison.ts';
export { angle, complex, conj, imag, real } from './complex-numbers.ts';
export {
  type BranchResult,
  type CaseOptions,
  type CondOptions,
  case_ as case,
  cond,
  type PredFnPair,
  type SwitchCaseOptions,
  switchCase,
} from './cond.ts';
export { type ConstantOptions, constant } from './constants.ts';
export {
  Assert,
  type AssertOptions,
  type Dependencies,
  type Dependency,
  group,
  noOp,
  Print,
  type PrintOptions,
  type TupleOptions,
  tuple,
} from './control.ts';
export {
  type ConvertToTensorOptions,
  convertToTensor,
  getStaticValue,
  isTensor,
  type PartialValue,
} from './conversion.ts';
export {
  type BincountOptions,
  bincount,
  type HistogramOptions,
  histogramFixedWidth,
  histogramFixedWidthBins,
} from './counting.ts';
export { cholesky, type SvdOptions, selfAdjointEig, selfAdjointEigvals, svd } from './decompositions.ts';
export {
  type DiagonalAlign,
  type DiagonalIndex,
  type MatrixDiagOptions,
  type MatrixDiagPartOptions,
  type MatrixSetDiagOptions,
  matrixBandPart,
  matrixDiag,
  matrixDiagPart,
  matrixSetDiag,
  trace,
} from './diagonals.ts';
export { type EinsumOptions, einsum } from './einsum.ts';
export { fft, fft2d, fft3d, ifft, ifft2d, ifft3d } from './fft.ts';
export {
  type EyeOptions,
  eye,
  type FillingOptions,
  fill,
  linspace,
  linspace as linSpace,
  ones,
  onesLike,
  type RangeOptions,
  range,
  zeros,
  zerosLike,
} from './filling.ts';
export {
  type BooleanMaskOptions,
  batchGather,
  booleanMask,
  type GatherNdOptions,
  type GatherOptions,
  gather,
  gatherNd,
} from './gather.ts';
export {
  checkNumerics,
  ensureShape,
  guaranteeConst,
  identity,
  identityN,
  stopGradient,
  verifyTensorAllFinite,
} from './identity.ts';
export { IndexedSlices } from './indexed-slices.ts';
export { concat, parallelStack, split, stack, unstack } from './joining.ts';
export { diag, diagPart, type QrOptions, qr } from './linalg.ts';
export {
  type FoldOptions,
  foldl,
  foldr,
  type MapFnOptions,
  mapFn,
  type ScanOptions as ScanFnOptions,
  scan,
  type Tensors,
} from './map-fn.ts';
export { type MatmulOptions, matmul, type NormOptions, norm, type TensordotOptions, tensordot } from './matmul.ts';
export { type PadOptions, pad } from './padding.ts';
export {
  FixedLenFeature,
  FixedLenSequenceFeature,
  type Parsed,
  type ParsedFeature,
  type ParseExampleOptions,
  type ParseFeatures,
  parseExample,
  parseSingleExample,
  SparseFeature,
  VarLenFeature,
} from './parse-example.ts';
export {
  type ContextFeatures,
  type ParseSequenceOptions,
  type ParseSingleSequenceOptions,
  parseSingleSequenceExample,
  type SequenceFeatures,
  type SequenceLengths,
} from './parse-sequence-example.ts';
export {
  type DecodeCsvOptions,
  type DecodeRawOptions,
  decodeCsv,
  decodeRaw,
  parseTensor,
  serializeTensor,
} from './parsing.ts';
export { type ExtractImagePatchesOptions, extractImagePatches, extractVolumePatches } from './patches.ts';
export { type PlaceholderOptions, placeholder, placeholderWithDefault } from './placeholders.ts';
export {
  fakeQuantWithMinMaxArgs,
  fakeQuantWithMinMaxArgsGradient,
  fakeQuantWithMinMaxVars,
  fakeQuantWithMinMaxVarsGradient,
  fakeQuantWithMinMaxVarsPerChannel,
  fakeQuantWithMinMaxVarsPerChannelGradient,
} from './quantization.ts';
export { type DequantizeOptions, dequantize, type QuantizeOptions, quantize } from './quantize.ts';
export {
  getSeed,
  type MultinomialOptions,
  multinomial,
  type RandomNormalOptions,
  type RandomUniformOptions,
  randomCrop,
  randomNormal,
  randomShuffle,
  randomUniform,
  type SeedOptions,
  type ShapeArgument,
  truncatedNormal,
} from './random.ts';
export { type GammaOptions, type PoissonOptions, randomGamma, randomPoisson } from './random-gamma.ts';

export {
  type AxisLike,
  type CountNonzeroOptions,
  countNonzero,
  cumprod,
  cumsum,
  type ReduceOptions,
  type ReduceRest,
  reduceAll,
  reduceAny,
  reduceLogsumexp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  type ScanOptions,
  type ScanRest,
} from './reductions.ts';
export {
  scatterNd,
  tensorScatterNdAdd,
  tensorScatterNdAdd as tensorScatterAdd,
  tensorScatterNdMax,
  tensorScatterNdMin,
  tensorScatterNdSub,
  tensorScatterNdSub as tensorScatterSub,
  tensorScatterNdUpdate,
  tensorScatterNdUpdate as tensorScatterUpdate,
} from './scatter.ts';
export { type SearchsortedOptions, searchsorted, unravelIndex } from './search.ts';
export {
  type SegmentOptions,
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
} from './segment.ts';
export {
  argsort,
  type OneHotOptions,
  oneHot,
  type SequenceMaskOptions,
  type SortOptions,
  sequenceMask,
  sort,
  type WhereOptions,
  where,
  whereV2,
} from './selection.ts';
export {
  broadcastDynamicShape,
  broadcastStaticShape,
  broadcastTo,
  type ExpandDimsOptions,
  expandDims,
  matrixTranspose,
  rank,
  reshape,
  type SqueezeOptions,
  shape,
  shapeN,
  size,
  squeeze,
  transpose,
} from './shaping.ts';
export {
  type ReverseSequenceOptions,
  reverse,
  reverse as reverseV2,
  reverseSequence,
  roll,
  type StridedSliceOptions,
  slice,
  stridedSlice,
} from './slicing.ts';
export {
  type AdjointOptions,
  choleskySolve,
  type MatrixSolveLsOptions,
  type MatrixTriangularSolveOptions,
  matrixDeterminant,
  matrixInverse,
  matrixSolve,
  matrixSolveLs,
  matrixSquareRoot,
  matrixTriangularSolve,
} from './solvers.ts';
export { batchToSpace, batchToSpaceNd, depthToSpace, spaceToBatch, spaceToBatchNd, spaceToDepth } from './spacing.ts';
export {
  type SparseConcatOptions,
  type SparseSplitOptions,
  type SparseToDenseOptions,
  type SparseTransposeOptions,
  sparseConcat,
  sparseFillEmptyRows,
  sparseMask,
  sparseReorder,
  sparseResetShape,
  sparseReshape,
  sparseRetain,
  sparseSlice,
  sparseSplit,
  sparseTensorToDense,
  sparseToDense,
  sparseTranspose,
} from './sparse-functions.ts';
export {
  type SparseAddOptions,
  type SparseDenseMatmulOptions,
  type SparseMergeOptions,
  type SparseReduceOptions,
  sparseAdd,
  sparseMaximum,
  sparseMerge,
  sparseMinimum,
  sparseReduceMax,
  sparseReduceMaxSparse,
  sparseReduceSum,
  sparseReduceSumSparse,
  sparseSoftmax,
  sparseTensorDenseMatmul,
  sparseToIndicator,
} from './sparse-math.ts';
export { type SparseMatmulOptions, sparseMatmul } from './sparse-matmul.ts';
export {
  type SparseSegmentOptions,
  sparseSegmentMean,
  sparseSegmentSqrtN,
  sparseSegmentSum,
} from './sparse-segments.ts';
export {
  type ConvertToSparseOptions,
  convertToTensorOrSparseTensor,
  type SparsePlaceholderOptions,
  SparseTensor,
  type SparseTensorLike,
  sparsePlaceholder,
} from './sparse-tensor.ts';
export { betainc, cross, digamma, igamma, igammac, lbeta, lgamma, polygamma, zeta } from './special-functions.ts';
export {
  dynamicPartition,
  dynamicStitch,
  invertPermutation,
  setdiff1d,
  type UniqueOptions,
  unique,
  uniqueWithCounts,
} from './stitch.ts';
export { type PrintV2Options, print, type StringFormatOptions } from './string-format.ts';
export {
  type AsStringOptions,
  asString,
  decodeBase64,
  type EncodeBase64Options,
  encodeBase64,
  type ReduceJoinOptions,
  reduceJoin,
  type StringCaseOptions,
  type StringJoinOptions,
  type StringLengthOptions,
  type StringToNumberOptions,
  stringJoin,
  stringStrip,
  stringToHashBucket,
  stringToHashBucketFast,
  stringToHashBucketStrong,
  stringToNumber,
  substr,
  type TextUnit,
} from './string-parts.ts';
export { type RegexReplaceOptions, regexReplace } from './string-regex.ts';
export {
  type EditDistanceOptions,
  editDistance,
  type NgramsOptions,
  type StringSplitOptions,
  type StringSplitV1Options,
  stringSplit,
} from './string-split.ts';
export type { UnicodeDecodeOptions, UnicodeEncodeOptions, UnicodeEncoding, UnicodeErrors } from './string-unicode.ts';
export { accumulateN, addN } from './sums.ts';
export { TensorArray, type TensorArrayOptions } from './tensor-array.ts';
export { meshgrid, repeat, tile } from './tiling.ts';
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
} from './unary-math.ts';
export { type VectorizedMapOptions, vectorizedMap } from './vectorized-map.ts';
export { type LoopResult, type LoopVars, type WhileLoopOptions, whileLoop } from './while-loop.ts';
