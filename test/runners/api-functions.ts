/**
 * The functions of `tf` which the goldens name as an `api`: how each is called with a case's inputs and arguments. Those of
 * `tf.nn` and `tf.losses` are left to `nn-functions.ts`, running and comparing to `op-cases.ts`.
 */
import * as tf from '../../src/index.ts';
import { nnFunctions } from './nn-functions.ts';

type Built = tf.Tensor | tf.SparseTensor;
/** Calls the function: the inputs are tensors, in order; arguments are under Python's names. */
export type Build = (inputs: readonly tf.Tensor[], args: Record<string, never>) => Built | readonly Built[];

const longs = (values: readonly number[]) => tf.constant(BigInt64Array.from(values, BigInt));
const sparse = (values: tf.Tensor, args: Record<string, never>) =>
  new tf.SparseTensor(args.indices, values, args.dense_shape);

const subscripts: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  'x[1:]': (x) => tf.stridedSlice(x, [1], [0], { endMask: 1 }),
  'x[..., 0]': (x) => tf.stridedSlice(x, [0, 0], [0, 1], { ellipsisMask: 1, shrinkAxisMask: 2 }),
  'x[:, tf.newaxis, ::-1]': (x) =>
    tf.stridedSlice(x, [0, 0, 0], [0, 0, 0], [1, 1, -1], { beginMask: 5, endMask: 5, newAxisMask: 2 }),
  'x[-1]': (x) => tf.stridedSlice(x, [-1], [0], { shrinkAxisMask: 1 }),
  'x[0, 1:3]': (x) => tf.stridedSlice(x, [0, 1], [1, 3], { shrinkAxisMask: 1 }),
};

export const functions: Readonly<Record<string, Build>> = {
  ...nnFunctions,
  'tf.math.polyval([a, b, 1], x)': ([x, a, b]) => tf.math.polyval([a, b, 1], x),
  'tf.required_space_to_batch_paddings': ([x], { block_shape }) => tf.requiredSpaceToBatchPaddings(x, block_shape),
  'tf.linalg.expm': ([x]) => tf.linalg.expm(x),
  'tf.linalg.matvec': ([a, b], { transpose_a }) => tf.linalg.matvec(a, b, { transposeA: transpose_a }),
  'tf.linalg.matrix_rank': ([a]) => tf.linalg.matrixRank(a),
  'tf.boolean_mask': ([x, m], { axis }) => tf.booleanMask(x, m, { axis }),
  'tf.sequence_mask': ([l], { maxlen, dtype }) => tf.sequenceMask(l, { maxlen, dtype }),
  'tf.reduce_logsumexp': ([x], { axis, keepdims }) => tf.reduceLogsumexp(x, { axis, keepdims }),
  'tf.reduce_variance': ([x], { axis }) => tf.math.reduceVariance(x, { axis }),
  'tf.reduce_std': ([x], { axis }) => tf.math.reduceStd(x, { axis }),
  'tf.count_nonzero': ([x], { axis }) => tf.countNonzero(x, { axis }),
  'tf.clip_by_norm': ([x], { n, axes }) => tf.clipByNorm(x, n, { axes }),
  'tf.clip_by_global_norm': (list, { n }) => {
    const [clipped, norm] = tf.clipByGlobalNorm([...list], n);
    return [...(clipped as tf.Tensor[]), norm];
  },
  'tf.clip_by_average_norm': ([x], { n }) => tf.clipByAverageNorm(x, n),
  'tf.global_norm': (list) => tf.globalNorm([...list]),
  'tf.meshgrid': ([a, b], { indexing }) => tf.meshgrid(a, b, { indexing }),
  'tf.stack': (list, { axis }) => tf.stack([...list], { axis }),
  'tf.unstack': ([x], { axis }) => tf.unstack(x, { axis }),
  'tf.split': ([x], { n, axis }) => tf.split(x, n, { axis }),
  'tf.gather(batch_dims)': ([p, i]) => tf.gather(p, i, { batchDims: 1 }),
  'tf.batch_gather': ([p, i]) => tf.batchGather(p, i),
  'tf.where_v2': ([c, x, y]) => tf.whereV2(c, x, y),
  'tf.one_hot': ([i], { depth, axis, dtype }) => tf.oneHot(i, depth, { axis, dtype }),
  'tf.repeat': ([x], { r, axis }) => tf.repeat(x, r, { axis }),
  'tf.unique': ([x]) => {
    const { y, idx } = tf.unique(x);
    return [y, idx];
  },
  'tf.argsort': ([x], { direction }) => tf.argsort(x, { direction }),
  'tf.sort': ([x], { axis, direction }) => tf.sort(x, { axis, direction }),
  'tf.reduce_mean(int)': ([x]) => tf.reduceMean(x),
  'tf.scalar_mul': ([x], { k }) => tf.scalarMul(k, x) as tf.Tensor,
  'tf.math.top_k': ([x], { k }) => {
    const { values, indices } = tf.nn.topK(x, k);
    return [values, indices];
  },
  'tf.nn.in_top_k': ([p, t], { k }) => tf.nn.inTopK(p, t, k),
  'tf.cumsum': ([x], { axis, exclusive, reverse }) => tf.cumsum(x, { axis, exclusive, reverse }),
  'tf.math.segment_max': ([x, i]) => tf.segmentMax(x, i),
  'tf.math.unsorted_segment_mean': ([x, i], { num_segments }) => tf.unsortedSegmentMean(x, i, num_segments),
  'tf.math.unsorted_segment_sqrt_n': ([x, i], { num_segments }) => tf.unsortedSegmentSqrtN(x, i, num_segments),
  'tf.reverse_sequence': ([x, l], { seq_axis, batch_axis }) =>
    tf.reverseSequence(x, l, { seqAxis: seq_axis, batchAxis: batch_axis }),
  'tf.parallel_stack': (list) => tf.parallelStack([...list]),
  'tf.broadcast_dynamic_shape': ([a, b]) => tf.broadcastDynamicShape(a, b),
  'tf.nn.embedding_lookup': ([p, i]) => tf.nn.embeddingLookup(p, i),
  'tf.nn.embedding_lookup(partitioned mod)': ([a, b, i]) => tf.nn.embeddingLookup([a, b], i),
  'tf.nn.embedding_lookup(partitioned div)': ([a, b, i]) =>
    tf.nn.embeddingLookup([a, b], i, { partitionStrategy: 'div' }),
  'tf.searchsorted': ([s, v], { side }) => tf.searchsorted(s, v, side),
  'tf.histogram_fixed_width_bins': ([x], { value_range, nbins }) => tf.histogramFixedWidthBins(x, value_range, nbins),
  'tf.bincount': ([x], args) => tf.bincount(x, args),
  'tf.squared_difference': ([a, b]) => tf.squaredDifference(a, b),
  'tf.bitcast': ([x]) => tf.bitcast(x, tf.int32),
  'tf.div_no_nan': ([a, b]) => tf.divNoNan(a, b),
  'operator //': ([a, b]) => a.floordiv(b),
  'operator %': ([a, b]) => a.mod(b),
  'operator / on ints': ([a, b]) => a.div(b),
  'tf.div on ints': ([a, b]) => tf.div(a, b),
  'operator **': ([a, b]) => a.pow(b),
  'operator @': ([a, b]) => a.matmul(b),
  'operator ~ & | ^': ([a, b]) => [a.logicalNot(), a.logicalAnd(b), a.logicalOr(b), a.logicalXor(b)],
  'abs neg': ([a]) => [a.abs(), a.neg()],
  // With the number on the left Python asks the tensor; here the functions do it.
  'operator 1-x, 2/x': ([a]) => [tf.subtract(1, a), tf.divide(2, a), a.mul(3), tf.add(1, a)],
  'python scalars take the tensor dtype': ([a]) => [a.add(1), tf.multiply(2, a)],
  'tf.image.adjust_brightness': ([x], { delta }) => tf.image.adjustBrightness(x, delta),
  'tf.image.adjust_contrast': ([x], { factor }) => tf.image.adjustContrast(x, factor),
  'tf.image.adjust_gamma': ([x], { gamma, gain }) => tf.image.adjustGamma(x, gamma, gain),
  'tf.image.adjust_hue': ([x], { delta }) => tf.image.adjustHue(x, delta),
  'tf.image.adjust_saturation': ([x], { f }) => tf.image.adjustSaturation(x, f),
  'tf.image.rgb_to_grayscale': ([x]) => tf.image.rgbToGrayscale(x),
  'tf.image.grayscale_to_rgb': ([x]) => tf.image.grayscaleToRgb(x),
  'tf.image.per_image_standardization': ([x]) => tf.image.perImageStandardization(x),
  'tf.image.flip_left_right': ([x]) => tf.image.flipLeftRight(x),
  'tf.image.flip_up_down': ([x]) => tf.image.flipUpDown(x),
  'tf.image.transpose_image': ([x]) => tf.image.transposeImage(x),
  'tf.image.rot90': ([x], { k }) => tf.image.rot90(x, k),
  'tf.image.central_crop': ([x], { f }) => tf.image.centralCrop(x, f),
  'tf.image.crop_to_bounding_box': ([x], { o }) => tf.image.cropToBoundingBox(x, o[0], o[1], o[2], o[3]),
  'tf.image.pad_to_bounding_box': ([x], { o }) => tf.image.padToBoundingBox(x, o[0], o[1], o[2], o[3]),
  'tf.image.resize_image_with_crop_or_pad': ([x], { o }) => tf.image.resizeImageWithCropOrPad(x, o[0], o[1]),
  'tf.image.total_variation': ([x]) => tf.image.totalVariation(x),
  'tf.image.rgb_to_yiq': ([x]) => tf.image.rgbToYiq(x),
  'tf.image.rgb_to_yuv': ([x]) => tf.image.rgbToYuv(x),
  'tf.image.yuv_to_rgb': ([x]) => tf.image.yuvToRgb(x),
  'tf.image.resize_images': ([x], { size, method, align_corners, preserve_aspect_ratio }) =>
    tf.image.resizeImages(x, size, {
      method,
      alignCorners: align_corners,
      preserveAspectRatio: preserve_aspect_ratio,
    }),
  'tf.image.image_gradients': ([x]) => tf.image.imageGradients(x),
  'tf.image.sobel_edges': ([x]) => tf.image.sobelEdges(x),
  'tf.image.psnr': ([a, b]) => tf.image.psnr(a, b, 1),
  'tf.image.ssim': ([a, b]) => tf.image.ssim(a, b, 1, { filterSize: 3 }),
  'tf.image.convert_image_dtype': ([x], { d, saturate }) => tf.image.convertImageDtype(x, d, { saturate }),
  'tf.trace': ([x]) => tf.trace(x),
  'tf.linalg.slogdet': ([x]) => tf.linalg.slogdet(x),
  'tf.linalg.cholesky_solve': ([c, r]) => tf.linalg.choleskySolve(c, r),
  'tf.linalg.logdet': ([x]) => tf.linalg.logdet(x),
  'tf.linalg.lstsq': ([a, b]) => tf.linalg.lstsq(a, b),
  'tf.linalg.pinv': ([a]) => tf.linalg.pinv(a),
  'tf.linalg.adjoint': ([x]) => tf.linalg.adjoint(x),
  'tf.linalg.set_diag': ([x, d]) => tf.linalg.setDiag(x, d),
  'tf.linalg.tridiagonal_matmul': ([d, r]) => tf.linalg.tridiagonalMatmul(d, r),
  'tf.sparse.to_dense': ([v], a) => tf.sparse.toDense(sparse(v, a)),
  'tf.sparse.from_dense': ([x]) => tf.sparse.fromDense(x),
  'tf.sparse_tensor_dense_matmul': ([v, b], a) => tf.sparseTensorDenseMatmul(sparse(v, a), b),
  'tf.sparse.transpose': ([v], a) => tf.sparse.transpose(sparse(v, a), a.perm),
  'tf.nn.embedding_lookup_sparse': ([p], a) =>
    tf.nn.embeddingLookupSparse(p, new tf.SparseTensor(a.indices, longs(a.ids), a.dense_shape), null, {
      combiner: a.combiner,
    }),
  'tf.sparse_retain': ([v], a) => {
    const { indices, values } = tf.sparseRetain(sparse(v, a), a.keep);
    return [indices, values];
  },
  'tf.confusion_matrix': ([l, p], { num_classes }) => tf.confusionMatrix(l, p, { numClasses: num_classes }),
  'tf.math.confusion_matrix(weights)': ([labels, p, weights]) =>
    tf.math.confusionMatrix(labels, p, { weights, dtype: tf.float32 }),
  'tf.lbeta': ([x]) => tf.lbeta(x),
  'tf.math.erfinv': ([x]) => tf.math.erfinv(x),
  'tf.strings.reduce_join': ([x], { axis, separator }) => tf.strings.reduceJoin(x, { axis, separator }),
  'tf.strings.format': ([x], { template }) => tf.strings.format(template, x),
  'tf.strings.substr': ([x], { pos, len }) => tf.strings.substr(x, pos, len),
  'tf.strings.split(v1)': ([x], { sep }) => tf.strings.split(x, { sep }) as tf.SparseTensor,
  'tf.string_split': ([x]) => tf.stringSplit(x),
  'tf.saturate_cast': ([x], { dtype }) => tf.saturateCast(x, dtype),
  'tf.to_float': ([x]) => tf.toFloat(x),
  'tf.to_int32': ([x]) => tf.toInt32(x),
  'tf.to_int64': ([x]) => tf.toInt64(x),
  'tf.to_double': ([x]) => tf.toDouble(x),
  'tf.to_bfloat16': ([x]) => tf.toBfloat16(x),
  'abs(rfft)': ([x]) => tf.abs(tf.signal.rfft(x)),
  'real(ifft(fft))': ([x]) => tf.math.real(tf.signal.ifft(tf.signal.fft(tf.cast(x, tf.complex64)))),
  'tf.signal.dct': ([x], { type, norm }) => tf.signal.dct(x, { type, norm }),
  'tf.signal.stft': ([x], { n, h }) => tf.abs(tf.signal.stft(x, n, h)),
  // The goldens multiply windows and identities by their input, so that there is a gradient.
  'tf.signal.hann_window': ([x], { n }) => tf.signal.hannWindow(n).mul(x),
  'tf.signal.frame': ([x], { n, h }) => tf.signal.frame(x, n, h),
  'tf.norm': ([x], { ord, axis }) => tf.norm(x, { ord: (ord as string) === 'inf' ? Infinity : ord, axis }),
  'tf.tensordot': ([a, b], { axes }) => tf.tensordot(a, b, axes),
  'tf.eye': ([x], { n, m }) => tf.eye(n, { numColumns: m }).mul(x),
  'tf.linalg.cross': ([a, b]) => tf.linalg.cross(a, b),
  'tf.linalg.l2_normalize': ([x]) => tf.linalg.l2Normalize(x, 0),
  'tf.linalg.band_part': ([x]) => tf.linalg.bandPart(x, 1, 0),
  'tf.nn.crelu': ([x]) => tf.nn.crelu(x),
  'tf.nn.swish': ([x]) => tf.nn.swish(x),
  'Tensor.__getitem__': ([x], { expr }) => subscripts[expr](x),
  'tf.parse_example': ([serialized], args) => {
    if (!('m_default' in args))
      return Object.values(tf.parseExample(serialized, { zz: new tf.FixedLenFeature([2], tf.float32) })) as tf.Tensor[];
    const { a, m, b } = tf.parseExample(serialized, {
      a: new tf.FixedLenFeature([2], tf.float32),
      m: new tf.FixedLenFeature([1], tf.int64, tf.constant(args.m_default, tf.int64)),
      b: new tf.FixedLenFeature([], tf.string),
    });
    return [a, m, b] as tf.Tensor[];
  },
};
