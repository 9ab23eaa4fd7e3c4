/**
 * Which family of host kernels has the kernel of an op, for `on-demand.ts`. Written by `npm run families`; not to be edited.
 */
// biome-ignore-all format: lists of ops are filled lines

/** What loads the family of each op. */
export function hostFamilies(): ReadonlyMap<string, () => Promise<unknown>> {
  const rows: readonly (readonly [load: () => Promise<unknown>, ops: string])[] = [
    [() => import('./accumulators.ts'), `AccumulatorApplyGradient AccumulatorNumAccumulated AccumulatorSetGlobalStep AccumulatorTakeGradient
      ConditionalAccumulator ResourceAccumulatorApplyGradient ResourceAccumulatorNumAccumulated
      ResourceAccumulatorSetGlobalStep ResourceAccumulatorTakeGradient ResourceConditionalAccumulator
      SparseAccumulatorApplyGradient SparseAccumulatorTakeGradient SparseConditionalAccumulator`],
    [() => import('./activations.ts'), `Elu EluGrad LeakyRelu LeakyReluGrad Relu Relu6 Relu6Grad ReluGrad Selu SeluGrad Softplus SoftplusGrad Softsign
      SoftsignGrad`],
    [() => import('./arg-reduce.ts'), `ArgMax ArgMin`],
    [() => import('./arithmetic.ts'), `AccumulateNV2 Add AddN AddV2 Atan2 ClipByValue Div DivNoNan FloorDiv FloorMod Maximum Minimum Mod Mul MulNoNan
      Pow RealDiv SquaredDifference Sub TruncateDiv TruncateMod Xdivy Xlog1py Xlogy`],
    [() => import('./bias.ts'), `BiasAdd BiasAddGrad BiasAddV1`],
    [() => import('./bitpack.ts'), `CompareAndBitpack`],
    [() => import('./bitwise.ts'), `BitwiseAnd BitwiseOr BitwiseXor Invert LeftShift PopulationCount RightShift`],
    [() => import('./block-rnn.ts'), `BlockLSTM BlockLSTMGrad BlockLSTMGradV2 BlockLSTMV2 GRUBlockCell GRUBlockCellGrad LSTMBlockCell
      LSTMBlockCellGrad`],
    [() => import('./cast.ts'), `Bitcast Cast`],
    [() => import('./comparison.ts'), `ApproximateEqual Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual`],
    [() => import('./complex-numbers.ts'), `Angle Complex ComplexAbs Conj Imag Real`],
    [() => import('./constants.ts'), `Const PlaceholderWithDefault`],
    [() => import('./control.ts'), `Assert NoOp Print PrintV2`],
    [() => import('./control-flow.ts'), `FakeParam`],
    [() => import('./convolution.ts'), `Conv2D Conv2DBackpropFilter Conv2DBackpropInput DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter
      DepthwiseConv2dNativeBackpropInput`],
    [() => import('./convolution3d.ts'), `Conv3D Conv3DBackpropFilterV2 Conv3DBackpropInputV2`],
    [() => import('./counting.ts'), `Bincount DenseBincount HistogramFixedWidth`],
    [() => import('./ctc.ts'), `CTCBeamSearchDecoder CTCGreedyDecoder CTCLoss CTCLossV2`],
    [() => import('./cumulative-logsumexp.ts'), `CumulativeLogsumexp`],
    [() => import('./datasets.ts'), `BatchDatasetV2 ConcatenateDataset RangeDataset RepeatDataset ShuffleDataset SkipDataset TakeDataset
      TensorDataset TensorSliceDataset ZipDataset`],
    [() => import('./datasets-files.ts'), `CacheDataset FixedLengthRecordDatasetV2 PaddedBatchDatasetV2 PrefetchDataset ShardDataset TFRecordDataset
      TFRecordDatasetV2 TextLineDataset`],
    [() => import('./datasets-functions.ts'), `FilterDataset FlatMapDataset GeneratorDataset InterleaveDataset LegacyParallelInterleaveDatasetV2 MapDataset
      ParallelInterleaveDatasetV4 ParallelMapDataset ParallelMapDatasetV2 ReduceDataset ScanDataset TakeWhileDataset`],
    [() => import('./decompositions.ts'), `Cholesky CholeskyGrad Lu MatrixSquareRoot SelfAdjointEigV2 Svd`],
    [() => import('./diagonals.ts'), `MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3
      MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3`],
    [() => import('./einsum.ts'), `Einsum`],
    [() => import('./fft.ts'), `FFT FFT2D FFT3D IFFT IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D RFFT RFFT2D RFFT3D`],
    [() => import('./filling.ts'), `Fill LinSpace OnesLike Range ZerosLike`],
    [() => import('./fractional-pooling.ts'), `FractionalAvgPool FractionalAvgPoolGrad FractionalMaxPool FractionalMaxPoolGrad`],
    [() => Promise.all([import('./fused.ts'), import('./activations.ts'), import('./bias.ts'), import('./convolution.ts'), import('./matmul.ts'), import('./unary-math.ts')]), `_FusedConv2D _FusedMatMul`],
    [() => import('./gather.ts'), `Gather GatherNd GatherV2 _CheckedIndices _NarrowIndices`],
    [() => import('./identity.ts'), `CheckNumerics EnsureShape GuaranteeConst Identity IdentityN PreventGradient Snapshot StopGradient`],
    [() => import('./image-boxes.ts'), `CropAndResize CropAndResizeGradBoxes CropAndResizeGradImage DrawBoundingBoxes DrawBoundingBoxesV2`],
    [() => import('./image-codecs.ts'), `DecodeBmp DecodeImage DecodeJpeg DecodePng EncodeJpeg EncodePng ExtractJpegShape`],
    [() => import('./image-color.ts'), `AdjustContrastv2 AdjustHue AdjustSaturation HSVToRGB RGBToHSV`],
    [() => import('./image-glimpses.ts'), `ExtractGlimpse ExtractGlimpseV2`],
    [() => import('./image-projection.ts'), `ImageProjectiveTransformV2 ImageProjectiveTransformV3`],
    [() => import('./image-resample.ts'), `ResizeArea ResizeBicubic ResizeBicubicGrad`],
    [() => import('./image-resize.ts'), `ResizeBilinear ResizeBilinearGrad ResizeNearestNeighbor ResizeNearestNeighborGrad`],
    [() => import('./iterators.ts'), `IteratorGetNext IteratorGetNextSync IteratorV2 MakeIterator OneShotIterator _OneShotIterator`],
    [() => import('./joining.ts'), `Concat ConcatOffset ConcatV2 Pack ParallelConcat Split SplitV Tile Unpack`],
    [() => import('./linalg.ts'), `Diag DiagPart Qr`],
    [() => import('./lookup.ts'), `HashTableV2 InitializeTableV2 LookupTableExportV2 LookupTableFindV2 LookupTableImportV2 LookupTableInsertV2
      LookupTableRemoveV2 LookupTableSizeV2 MutableHashTableOfTensorsV2 MutableHashTableV2`],
    [() => import('./lookup-files.ts'), `InitializeTableFromTextFileV2`],
    [() => import('./matmul.ts'), `BatchMatMul BatchMatMulV2 BatchMatMulV3 MatMul SparseMatMul`],
    [() => import('./non-max-suppression.ts'), `NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5
      NonMaxSuppressionWithOverlaps`],
    [() => import('./normalization.ts'), `FusedBatchNorm FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3 FusedBatchNormV2 FusedBatchNormV3
      LRN LRNGrad`],
    [() => import('./padding.ts'), `MirrorPad MirrorPadGrad Pad PadV2`],
    [() => import('./parse-example.ts'), `ParseExample ParseExampleV2 ParseSingleExample`],
    [() => import('./parse-sequence-example.ts'), `ParseSequenceExampleV2`],
    [() => import('./parsing.ts'), `DecodeCSV DecodePaddedRaw DecodeRaw ParseTensor SerializeTensor`],
    [() => import('./patches.ts'), `Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput ExtractImagePatches ExtractVolumePatches`],
    [() => import('./pooling.ts'), `AvgPool AvgPoolGrad MaxPool MaxPoolGrad MaxPoolGradGrad MaxPoolGradV2 MaxPoolGradWithArgmax MaxPoolV2
      MaxPoolWithArgmax`],
    [() => import('./pooling3d.ts'), `AvgPool3D AvgPool3DGrad MaxPool3D MaxPool3DGrad MaxPool3DGradGrad`],
    [() => import('./py-func.ts'), `PyFunc PyFuncStateless`],
    [() => import('./quantization.ts'), `FakeQuantWithMinMaxArgs FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsGradient
      FakeQuantWithMinMaxVarsPerChannel FakeQuantWithMinMaxVarsPerChannelGradient QuantizeAndDequantizeV2
      QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeAndDequantizeV4Grad`],
    [() => import('./quantize.ts'), `Bucketize Dequantize QuantizeV2`],
    [() => import('./queues.ts'), `FIFOQueueV2 PaddingFIFOQueueV2 PriorityQueueV2 QueueCloseV2 QueueDequeueManyV2 QueueDequeueUpToV2 QueueDequeueV2
      QueueEnqueueManyV2 QueueEnqueueV2 QueueIsClosedV2 QueueSizeV2 RandomShuffleQueueV2`],
    [() => import('./random.ts'), `Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal _RandomState
      _UniformOf`],
    [() => import('./random-candidates.ts'), `AllCandidateSampler ComputeAccidentalHits FixedUnigramCandidateSampler LearnedUnigramCandidateSampler
      LogUniformCandidateSampler ThreadUnsafeUnigramCandidateSampler UniformCandidateSampler`],
    [() => import('./random-gamma.ts'), `RandomGamma RandomGammaGrad RandomPoissonV2`],
    [() => import('./random-stateless.ts'), `StatelessMultinomial StatelessRandomGammaV2 StatelessRandomGammaV3 StatelessRandomGetAlg
      StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2
      StatelessRandomPoisson StatelessRandomUniform StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2
      StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessShuffle
      StatelessTruncatedNormal StatelessTruncatedNormalV2`],
    [() => import('./random-truncated.ts'), `ParameterizedTruncatedNormal`],
    [() => import('./readers.ts'), `FixedLengthRecordReaderV2 IdentityReaderV2 ReaderNumRecordsProducedV2 ReaderNumWorkUnitsCompletedV2
      ReaderReadUpToV2 ReaderReadV2 ReaderResetV2 ReaderRestoreStateV2 ReaderSerializeStateV2 TFRecordReaderV2
      TextLineReaderV2 WholeFileReaderV2`],
    [() => import('./reductions.ts'), `All Any Cumprod Cumsum EuclideanNorm Max Mean Min Prod Sum`],
    [() => import('./save-restore.ts'), `DisableCopyOnRead MergeV2Checkpoints Restore RestoreSlice RestoreV2 Save SaveSlices SaveV2 ShardedFilename
      ShardedFilespec`],
    [() => import('./scatter.ts'), `ScatterNd ScatterNdNonAliasingAdd TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
      TensorScatterUpdate`],
    [() => import('./search.ts'), `LowerBound NthElement UnravelIndex UpperBound`],
    [() => import('./segment.ts'), `SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum UnsortedSegmentMax UnsortedSegmentMin
      UnsortedSegmentProd UnsortedSegmentSum`],
    [() => import('./selection.ts'), `InTopK InTopKV2 OneHot Select SelectV2 TopK TopKV2 Where`],
    [() => import('./sets.ts'), `DenseToDenseSetOperation DenseToSparseSetOperation SetSize SparseToSparseSetOperation`],
    [() => import('./shaping.ts'), `BroadcastArgs BroadcastGradientArgs BroadcastTo ConjugateTranspose ExpandDims Rank Reshape Shape ShapeN Size
      Squeeze Transpose`],
    [() => import('./slicing.ts'), `Reverse ReverseSequence ReverseV2 Roll Slice StridedSlice StridedSliceGrad`],
    [() => import('./softmax.ts'), `L2Loss LogSoftmax Softmax SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits _CheckedLabels`],
    [() => import('./solvers.ts'), `LogMatrixDeterminant MatrixDeterminant MatrixInverse MatrixSolve MatrixSolveLs MatrixTriangularSolve`],
    [() => import('./spacing.ts'), `BatchToSpace BatchToSpaceND DepthToSpace SpaceToBatch SpaceToBatchND SpaceToDepth`],
    [() => import('./sparse-arithmetic.ts'), `SparseAdd SparseAddGrad SparseDenseCwiseAdd SparseDenseCwiseDiv SparseDenseCwiseMul SparseReduceMax
      SparseReduceMaxSparse SparseReduceSum SparseReduceSumSparse SparseSoftmax SparseSparseMaximum
      SparseSparseMinimum SparseTensorDenseAdd SparseTensorDenseMatMul`],
    [() => import('./sparse-layout.ts'), `SparseConcat SparseFillEmptyRows SparseFillEmptyRowsGrad SparseReorder SparseReshape SparseSlice SparseSliceGrad
      SparseSplit SparseToDense`],
    [() => import('./sparse-segments.ts'), `SparseSegmentMean SparseSegmentMeanGrad SparseSegmentMeanGradV2 SparseSegmentMeanWithNumSegments
      SparseSegmentSqrtN SparseSegmentSqrtNGrad SparseSegmentSqrtNGradV2 SparseSegmentSqrtNWithNumSegments
      SparseSegmentSum SparseSegmentSumGrad SparseSegmentSumGradV2 SparseSegmentSumWithNumSegments`],
    [() => import('./special-functions.ts'), `BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1
      Betainc Cross Dawsn Digamma Erfinv Expint FresnelCos FresnelSin Igamma IgammaGradA Igammac Lgamma Ndtri
      NextAfter Polygamma Spence Zeta`],
    [() => import('./stacks.ts'), `StackCloseV2 StackPopV2 StackPushV2 StackV2`],
    [() => import('./state.ts'), `_CountUpTo _RankOfValue`],
    [() => import('./stitch.ts'), `DynamicPartition DynamicStitch InvertPermutation ListDiff ParallelDynamicStitch Unique UniqueV2 UniqueWithCounts
      UniqueWithCountsV2 _PaddedUnique`],
    [() => import('./string-format.ts'), `StringFormat`],
    [() => import('./string-parts.ts'), `DecodeBase64 EncodeBase64 ReduceJoin StringJoin StringLower StringStrip StringToHashBucket
      StringToHashBucketStrong StringToNumber StringUpper Substr UnsortedSegmentJoin`],
    [() => import('./string-regex.ts'), `RegexFullMatch RegexReplace StaticRegexFullMatch StaticRegexReplace`],
    [() => import('./string-split.ts'), `EditDistance StringNGrams StringSplit StringSplitV2`],
    [() => import('./string-unicode.ts'), `UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode UnicodeScript UnicodeTranscode`],
    [() => import('./strings.ts'), `AsString StringLength StringToHashBucketFast`],
    [() => import('./summaries.ts'), `AudioSummary AudioSummaryV2 HistogramSummary ImageSummary MergeSummary ScalarSummary TensorSummary
      TensorSummaryV2`],
    [() => import('./tensor-array-v3.ts'), `TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3 TensorArrayGradWithShape
      TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3`],
    [() => import('./tridiagonal.ts'), `TridiagonalMatMul TridiagonalSolve`],
    [() => import('./unary-math.ts'), `Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Erfc Exp Expm1 Floor Inv InvGrad IsFinite IsInf IsNan Log
      Log1p Neg Reciprocal ReciprocalGrad Rint Round Rsqrt RsqrtGrad Sigmoid SigmoidGrad Sign Sin Sinh Sqrt SqrtGrad
      Square Tan Tanh TanhGrad`],
  ];
  return new Map(rows.flatMap(([load, ops]) => ops.split(/\s+/).map((op) => [op, load] as const)));
}
