/** The namespace `tf.sparse`. */
export {
  fromDense,
  type SparseConcatOptions,
  type SparseExpandDimsOptions,
  type SparseSplitOptions,
  type SparseToDenseOptions,
  type SparseTransposeOptions,
  sparseConcat as concat,
  sparseExpandDims as expandDims,
  sparseFillEmptyRows as fillEmptyRows,
  sparseMask as mask,
  sparseReorder as reorder,
  sparseResetShape as resetShape,
  sparseReshape as reshape,
  sparseRetain as retain,
  sparseSlice as slice,
  sparseSplit as split,
  sparseTensorToDense as toDense,
  sparseTranspose as transpose,
} from './ops/sparse-functions.ts';
export {
  type SparseAddOptions,
  type SparseDenseMatmulOptions,
  type SparseEyeOptions,
  type SparseMergeOptions,
  type SparseReduceOptions,
  sparseAdd as add,
  sparseEye as eye,
  sparseMaximum as maximum,
  sparseMerge as merge,
  sparseMinimum as minimum,
  sparseReduceMax as reduceMax,
  sparseReduceMaxSparse as reduceMaxSparse,
  sparseReduceSum as reduceSum,
  sparseReduceSumSparse as reduceSumSparse,
  sparseSoftmax as softmax,
  sparseTensorDenseMatmul as matmul,
  sparseTensorDenseMatmul as sparseDenseMatmul,
  sparseToIndicator as toIndicator,
} from './ops/sparse-math.ts';
export {
  sparseSegmentMean as segmentMean,
  sparseSegmentSqrtN as segmentSqrtN,
  sparseSegmentSum as segmentSum,
} from './ops/sparse-segments.ts';
export { SparseTensor, sparsePlaceholder as placeholder } from './ops/sparse-tensor.ts';
export { SparseConditionalAccumulator } from './queues/accumulators.ts';
