/**
 * The functions of `tf.nn` and `tf.losses` which the goldens name as an `api`: how each is called with a case's inputs and
 * arguments. All other functions are left to `api-functions.ts`.
 */
import * as tf from '../../src/index.ts';
import type { Build } from './api-functions.ts';

export const nnFunctions: Readonly<Record<string, Build>> = {
  'tf.nn.depthwise_conv2d(rate)': ([x, w], { rate, padding }) =>
    tf.nn.depthwiseConv2d(x, w, [1, 1, 1, 1], padding, { rate }),
  'tf.nn.separable_conv2d': ([x, d, p], { strides, padding }) => tf.nn.separableConv2d(x, d, p, strides, padding),
  'tf.nn.conv2d_transpose': ([x, w], { output_shape, strides, padding }) =>
    tf.nn.conv2dTranspose(x, w, Int32Array.from(output_shape), strides, padding),
  'tf.nn.conv1d': ([x, w], { stride, padding }) => tf.nn.conv1d(x, w, stride, padding),
  'tf.nn.atrous_conv2d': ([x, w], { rate, padding }) => tf.nn.atrousConv2d(x, w, rate, padding),
  'tf.nn.convolution': ([x, w], { padding, dilation_rate }) =>
    tf.nn.convolution(x, w, padding, { dilationRate: dilation_rate }),
  'tf.nn.conv3d': ([x, w], { strides, padding }) => tf.nn.conv3d(x, w, strides, padding),
  'tf.nn.conv3d_transpose': ([x, w], { output_shape, strides, padding }) =>
    tf.nn.conv3dTranspose(x, w, output_shape, strides, padding),
  'tf.nn.conv1d_transpose': ([x, w], { output_shape, strides, padding, dilations }) =>
    tf.nn.conv1dTranspose(x, w, output_shape, strides, { padding, dilations }),
  'tf.nn.conv_transpose': ([x, w], { output_shape, strides }) => tf.nn.convTranspose(x, w, output_shape, strides),
  'tf.nn.convolution(1-D)': ([x, w], { padding, dilation_rate }) =>
    tf.nn.convolution(x, w, padding, { dilationRate: dilation_rate }),
  'tf.nn.convolution(3-D)': ([x, w], { padding, strides, dilation_rate }) =>
    tf.nn.convolution(x, w, padding, { strides, dilationRate: dilation_rate }),
  'tf.nn.pool(3-D)': ([x], { window_shape, pooling_type, padding, strides }) =>
    tf.nn.pool(x, window_shape, pooling_type, padding, { strides }),
  'tf.nn.pool': ([x], { window_shape, pooling_type, padding, strides }) =>
    tf.nn.pool(x, window_shape, pooling_type, padding, { strides }),
  'tf.nn.max_pool1d': ([x], { ksize, strides, padding }) => tf.nn.maxPool1d(x, ksize, strides, padding),
  'tf.nn.fused_batch_norm': ([x, g, b], { epsilon, is_training }) =>
    tf.nn.fusedBatchNorm(x, g, b, { epsilon, isTraining: is_training }),
  'tf.nn.dropout': ([x], { rate }) => tf.nn.dropout(x, { rate }),
  'tf.nn.sigmoid_cross_entropy_with_logits': ([labels, logits]) =>
    tf.nn.sigmoidCrossEntropyWithLogits({ labels, logits }),
  'tf.nn.weighted_cross_entropy_with_logits': ([labels, logits], { pos_weight }) =>
    tf.nn.weightedCrossEntropyWithLogits({ labels, logits, posWeight: pos_weight }),
  'tf.nn.softmax_cross_entropy_with_logits_v2': ([labels, logits], { axis }) =>
    tf.nn.softmaxCrossEntropyWithLogitsV2({ labels, logits, axis }),
  'tf.nn.softmax(axis)': ([x], { axis }) => tf.nn.softmax(x, axis),
  'tf.nn.log_softmax(axis)': ([x], { axis }) => tf.nn.logSoftmax(x, { axis }),
  'tf.nn.l2_normalize': ([x], { axis }) => tf.nn.l2Normalize(x, axis),
  'tf.nn.moments': ([x], { axes, keepdims }) => tf.nn.moments(x, axes, { keepdims }),
  'tf.nn.weighted_moments': ([x, w], { axes }) => tf.nn.weightedMoments(x, axes, w),
  'tf.nn.normalize_moments': ([c, m, v]) => tf.nn.normalizeMoments(c, m, v, null),
  'tf.nn.batch_normalization': ([x, m, v, b, g], { eps }) => tf.nn.batchNormalization(x, m, v, b, g, eps),
  'tf.nn.zero_fraction': ([x]) => tf.nn.zeroFraction(x),
  'tf.nn.xw_plus_b': ([x, w, b]) => tf.nn.xwPlusB(x, w, b),
  'tf.nn.relu_layer': ([x, w, b]) => tf.nn.reluLayer(x, w, b),
  'tf.nn.bias_add': ([x, b]) => tf.nn.biasAdd(x, b),
  'tf.losses.mean_squared_error': ([l, p, weights], { reduction }) =>
    tf.losses.meanSquaredError(l, p, {
      weights: weights ?? 1,
      reduction: reduction ?? tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS,
    }),
  // The golden takes the sigmoid of its logits first.
  'tf.losses.log_loss': ([l, x]) => tf.losses.logLoss(l, tf.nn.sigmoid(x)),
  'tf.losses.huber_loss': ([l, p]) => tf.losses.huberLoss(l, p),
  'tf.losses.absolute_difference': ([l, p]) => tf.losses.absoluteDifference(l, p),
  'tf.losses.hinge_loss': ([l, p]) => tf.losses.hingeLoss(l, p),
  'tf.losses.sigmoid_cross_entropy': ([l, x], { label_smoothing }) =>
    tf.losses.sigmoidCrossEntropy(l, x, { labelSmoothing: label_smoothing }),
  'tf.losses.cosine_distance': ([l, p]) => tf.losses.cosineDistance(l, p, 1),
  'tf.losses.mean_pairwise_squared_error': ([l, p]) => tf.losses.meanPairwiseSquaredError(l, p),
  'tf.losses.softmax_cross_entropy': ([l, x], { label_smoothing }) =>
    tf.losses.softmaxCrossEntropy(l, x, { labelSmoothing: label_smoothing }),
  'tf.losses.sparse_softmax_cross_entropy': ([l, x]) => tf.losses.sparseSoftmaxCrossEntropy(l, x),
};
