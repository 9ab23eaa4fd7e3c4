/**
 * The functions of `tf.nn` and `tf.losses` against real TensorFlow: every API case of the goldens, value and gradients,
 * by the interpreter. Single ops are in `goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as losses from '../../src/losses.ts';
import * as nn from '../../src/nn.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly GoldenArray[];
  readonly grads?: readonly { readonly arg: string; readonly grad: GoldenArray | null }[];
}

type Build = (inputs: readonly Tensor[], args: Record<string, never>) => Tensor | readonly Tensor[];

const { sigmoidCrossEntropy, softmaxCrossEntropy } = losses;

const functions: Readonly<Record<string, Build>> = {
  'tf.nn.depthwise_conv2d(rate)': ([x, w], { rate, padding }) =>
    nn.depthwiseConv2d(x, w, [1, 1, 1, 1], padding, { rate }),
  'tf.nn.separable_conv2d': ([x, d, p], { strides, padding }) => nn.separableConv2d(x, d, p, strides, padding),
  'tf.nn.conv2d_transpose': ([x, w], { output_shape, strides, padding }) =>
    nn.conv2dTranspose(x, w, Int32Array.from(output_shape), strides, padding),
  'tf.nn.conv1d': ([x, w], { stride, padding }) => nn.conv1d(x, w, stride, padding),
  'tf.nn.atrous_conv2d': ([x, w], { rate, padding }) => nn.atrousConv2d(x, w, rate, padding),
  'tf.nn.convolution': ([x, w], { padding, dilation_rate }) =>
    nn.convolution(x, w, padding, { dilationRate: dilation_rate }),
  'tf.nn.conv3d': ([x, w], { strides, padding }) => nn.conv3d(x, w, strides, padding),
  'tf.nn.conv3d_transpose': ([x, w], { output_shape, strides, padding }) =>
    nn.conv3dTranspose(x, w, output_shape, strides, padding),
  'tf.nn.conv1d_transpose': ([x, w], { output_shape, strides, padding, dilations }) =>
    nn.conv1dTranspose(x, w, output_shape, strides, { padding, dilations }),
  'tf.nn.conv_transpose': ([x, w], { output_shape, strides }) => nn.convTranspose(x, w, output_shape, strides),
  'tf.nn.convolution(1-D)': ([x, w], { padding, dilation_rate }) =>
    nn.convolution(x, w, padding, { dilationRate: dilation_rate }),
  'tf.nn.convolution(3-D)': ([x, w], { padding, strides, dilation_rate }) =>
    nn.convolution(x, w, padding, { strides, dilationRate: dilation_rate }),
  'tf.nn.pool(3-D)': ([x], { window_shape, pooling_type, padding, strides }) =>
    nn.pool(x, window_shape, pooling_type, padding, { strides }),
  'tf.nn.pool': ([x], { window_shape, pooling_type, padding, strides }) =>
    nn.pool(x, window_shape, pooling_type, padding, { strides }),
  'tf.nn.max_pool1d': ([x], { ksize, strides, padding }) => nn.maxPool1d(x, ksize, strides, padding),
  'tf.nn.fused_batch_norm': ([x, g, b], { epsilon, is_training }) =>
    nn.fusedBatchNorm(x, g, b, { epsilon, isTraining: is_training }),
  'tf.nn.dropout': ([x], { rate }) => nn.dropout(x, { rate }),
  'tf.nn.sigmoid_cross_entropy_with_logits': ([labels, logits]) => nn.sigmoidCrossEntropyWithLogits({ labels, logits }),
  'tf.nn.weighted_cross_entropy_with_logits': ([labels, logits], { pos_weight }) =>
    nn.weightedCrossEntropyWithLogits({ labels, logits, posWeight: pos_weight }),
  'tf.nn.softmax_cross_entropy_with_logits_v2': ([labels, logits], { axis }) =>
    nn.softmaxCrossEntropyWithLogitsV2({ labels, logits, axis }),
  'tf.nn.softmax(axis)': ([x], { axis }) => nn.softmax(x, axis),
  'tf.nn.log_softmax(axis)': ([x], { axis }) => nn.logSoftmax(x, { axis }),
  'tf.nn.l2_normalize': ([x], { axis }) => nn.l2Normalize(x, axis),
  'tf.nn.moments': ([x], { axes, keepdims }) => nn.moments(x, axes, { keepdims }),
  'tf.nn.weighted_moments': ([x, w], { axes }) => nn.weightedMoments(x, axes, w),
  'tf.nn.normalize_moments': ([c, m, v]) => nn.normalizeMoments(c, m, v, null),
  'tf.nn.batch_normalization': ([x, m, v, b, g], { eps }) => nn.batchNormalization(x, m, v, b, g, eps),
  'tf.nn.zero_fraction': ([x]) => nn.zeroFraction(x),
  'tf.nn.xw_plus_b': ([x, w, b]) => nn.xwPlusB(x, w, b),
  'tf.nn.relu_layer': ([x, w, b]) => nn.reluLayer(x, w, b),
  'tf.nn.bias_add': ([x, b]) => nn.biasAdd(x, b),
  'tf.losses.mean_squared_error': ([l, p, weights], { reduction }) =>
    losses.meanSquaredError(l, p, {
      weights: weights ?? 1,
      reduction: reduction ?? losses.Reduction.SUM_BY_NONZERO_WEIGHTS,
    }),
  // The golden takes the sigmoid of its logits first.
  'tf.losses.log_loss': ([l, x]) => losses.logLoss(l, nn.sigmoid(x)),
  'tf.losses.huber_loss': ([l, p]) => losses.huberLoss(l, p),
  'tf.losses.absolute_difference': ([l, p]) => losses.absoluteDifference(l, p),
  'tf.losses.hinge_loss': ([l, p]) => losses.hingeLoss(l, p),
  'tf.losses.sigmoid_cross_entropy': ([l, x], { label_smoothing }) =>
    sigmoidCrossEntropy(l, x, { labelSmoothing: label_smoothing }),
  'tf.losses.cosine_distance': ([l, p]) => losses.cosineDistance(l, p, 1),
  'tf.losses.mean_pairwise_squared_error': ([l, p]) => losses.meanPairwiseSquaredError(l, p),
  'tf.losses.softmax_cross_entropy': ([l, x], { label_smoothing }) =>
    softmaxCrossEntropy(l, x, { labelSmoothing: label_smoothing }),
  'tf.losses.sparse_softmax_cross_entropy': ([l, x]) => losses.sparseSoftmaxCrossEntropy(l, x),
};

const cases = ['conv', 'norm', 'api', 'windows'].flatMap((group) => {
  const text = readFileSync(new URL(`../goldens/ops/${group}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: ApiCase[] }).cases.filter((c) => c.api !== undefined && functions[c.api]);
});

const test = suite('ops/nn-goldens');

for (const c of cases) {
  test(`${c.id} ${c.api}`, () => {
    const graph = new Graph();
    graph.asDefault(() => {
      const feeds = new Map<Tensor, NdArray>();
      const inputs = c.inputs.map((golden) => {
        const value = fromGolden(golden);
        const tensor = placeholder(value.dtype, value.shape);
        feeds.set(tensor, value);
        return tensor;
      });
      const built = functions[c.api](inputs, c.args as Record<string, never>);
      const outputs = (Array.isArray(built) ? built : [built]) as readonly Tensor[];
      const results = interpret(graph.snapshot(), outputs, { feeds });
      const problems = c.outputs.map((golden, i) => difference(results[i], fromGolden(golden), FORWARD));
      if (c.grads && c.grad_weights) {
        const gradYs = c.grad_weights.map((golden) => constant(fromGolden(golden)));
        const xs = inputs.filter((t) => t.dtype.isFloating);
        const found = gradients([...outputs.slice(0, gradYs.length)], xs, { gradYs });
        c.grads.forEach(({ arg, grad }, i) => {
          const gradient = found[i] as Tensor | null;
          if (grad === null || gradient === null) {
            if ((grad === null) !== (gradient === null))
              problems.push(`gradient of ${arg}: expected ${grad ? 'one' : 'none'}`);
            return;
          }
          const [value] = interpret(graph.snapshot(), [gradient], { feeds });
          const text = difference(value, fromGolden(grad), GRADIENT);
          if (text) problems.push(`gradient of ${arg}: ${text}`);
        });
      }
      const text = problems.filter((p) => p !== null).join('; ');
      if (text) throw new Error(text);
    });
  });
}

test.run();
