/**
 * Adding a vector to the channels: `BiasAdd` and its gradient, and the dense layers of `tf.nn` built on it.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, sample } from './opdef/define.ts';
import { mergeDim, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const FORMAT = 'data_format: {"NHWC", "NCHW"} = "NHWC"';

function biased(value: Shape, bias: Shape, dataFormat: string): Shape {
  const [length] = withRank(bias, 1);
  const known = withRankAtLeast(value, dataFormat === 'NCHW' ? 3 : 2);
  if (known === null) return null;
  const axis = dataFormat === 'NCHW' ? 1 : known.length - 1;
  return known.map((d, i) => (i === axis ? mergeDim(d, length) : d));
}

/** The bias under a shape that broadcasts against a value of this rank. */
function asChannels<V>(bias: V, rank: number, dataFormat: string, $: Vocabulary<V>): V {
  if (dataFormat !== 'NCHW') return bias;
  return $.reshape(bias, [1, -1, ...new Array<number>(rank - 2).fill(1)]);
}

defineOp({
  name: 'BiasAdd',
  doc: 'The value with a vector added along its channel axis: the last, or the second for NCHW.',
  inputs: ['value: T', 'bias: T'],
  outputs: ['output: T'],
  attrs: ['T: numbertype', FORMAT],
  infer: (op) => [biased(op.shape(0), op.shape(1), op.attr('data_format'))],
  grad: (op, [dy], $) => [dy, $.op('BiasAddGrad', [dy], { data_format: op.attr('data_format') })],
  decompose: (op, $) => {
    const [value, bias] = op.inputs;
    const rank = $.shapeOf(value)?.length;
    return rank === undefined ? null : [$.add(value, asChannels(bias, rank, op.attr('data_format'), $))];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(float32, [2], [10, 20])],
      outputs: [sample(float32, [2, 2], [11, 22, 13, 24])],
    },
    {
      inputs: [sample(float32, [1, 2, 2], [1, 2, 3, 4]), sample(float32, [2], [10, 20])],
      attrs: { data_format: 'NCHW' },
      outputs: [sample(float32, [1, 2, 2], [11, 12, 23, 24])],
    },
  ],
});

defineOp({
  name: 'BiasAddV1',
  doc: 'The value with a vector added along its last axis.',
  inputs: ['value: T', 'bias: T'],
  outputs: ['output: T'],
  attrs: ['T: numbertype'],
  infer: (op) => [biased(op.shape(0), op.shape(1), 'NHWC')],
  grad: (_op, [dy], $) => {
    const axes = $.range($.ints(0, 'range/start'), $.sub($.rank(dy), 1), $.ints(1, 'range/delta'));
    return [dy, $.sum(dy, axes)];
  },
  decompose: (op, $) => [$.add(op.inputs[0], op.inputs[1])],
  samples: [
    {
      inputs: [sample(float32, [1, 2], [1, 2]), sample(float32, [2], [10, 20])],
      outputs: [sample(float32, [1, 2], [11, 22])],
    },
  ],
});

defineOp({
  name: 'BiasAddGrad',
  doc: 'The sum over all axes but that of the channels.',
  inputs: ['out_backprop: T'],
  outputs: ['output: T'],
  attrs: ['T: numbertype', FORMAT],
  infer: (op) => {
    const nchw = op.attr('data_format') === 'NCHW';
    const shape = withRankAtLeast(op.shape(0), nchw ? 3 : 2);
    return [[shape === null ? null : shape[nchw ? 1 : shape.length - 1]]];
  },
  grad: (op, [dy], $) => {
    const shape = $.shape(op.inputs[0]);
    const biasShape = $.shape(dy);
    const nchw = op.attr('data_format') === 'NCHW';
    const part = (begin: number | null, end: number | null) =>
      $.op(
        'StridedSlice',
        [shape, vector([begin ?? 0]), vector([end ?? 0]), vector([1])],
        { begin_mask: begin === null ? 1 : 0, end_mask: end === null ? 1 : 0 },
        'strided_slice',
      );
    const head = () => part(null, nchw ? 1 : -1);
    const tail = () => (nchw ? [part(2, null)] : []);
    const one = (x: ReturnType<typeof head>) => $.onesLike(x);
    const expanded = $.concat([one(head()), biasShape, ...tail().map(one)], 0);
    const tiles = $.concat([head(), $.ints([1], 'concat_1/values_1'), ...tail()], 0);
    return [$.tile($.reshape(dy, expanded), tiles)];
  },
  decompose: (op, $) => {
    const rank = $.shapeOf(op.inputs[0])?.length;
    if (rank === undefined) return null;
    const channel = op.attr('data_format') === 'NCHW' ? 1 : rank - 1;
    const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== channel);
    return [$.sum(op.inputs[0], axes)];
  },
  samples: [
    { inputs: [sample(float32, [2, 2], [1, 2, 3, 4])], outputs: [sample(float32, [2], [4, 6])] },
    {
      inputs: [sample(float32, [1, 2, 2], [1, 2, 3, 4])],
      attrs: { data_format: 'NCHW' },
      outputs: [sample(float32, [2], [3, 7])],
    },
  ],
});

function vector(values: readonly number[]): NdArray {
  return new NdArray(int32, [values.length], Int32Array.from(values));
}

export interface BiasAddOptions {
  /** `NHWC` (channels last, the default) or `NCHW`; `N…C` and `NC…` for other ranks. */
  readonly dataFormat?: string | null;
  readonly name?: string | null;
}

/**
 * `value` (of rank 2 or more) plus `bias` (a vector as long as the channel axis of `value`). Throws `ValueError` where
 * the lengths differ.
 *
 *     tf.nn.biasAdd([[1, 2], [3, 4]], [10, 20])    // [[11, 22], [13, 24]]
 */
export function biasAdd(
  value: TensorLike,
  bias: TensorLike,
  ...rest: Rest<[dataFormat: string | null, name: string | null], BiasAddOptions>
): Tensor {
  const { dataFormat, name } = bind<BiasAddOptions>(['dataFormat', 'name'], rest);
  return opScope(name, 'BiasAdd', [value, bias], (scope) => {
    const format = planarFormat(dataFormat ?? null);
    const x = convertToTensor(value, { preferredDtype: float32, name: 'input' });
    const b = convertToTensor(bias, { dtype: x.dtype, name: 'bias' });
    return emitOne('BiasAdd', [x, b], { data_format: format }, scope);
  });
}

function planarFormat(dataFormat: string | null): string | undefined {
  if (dataFormat === null) return undefined;
  if (dataFormat.startsWith('NC')) return 'NCHW';
  if (dataFormat.startsWith('N') && dataFormat.endsWith('C')) return 'NHWC';
  throw new ValueError(`\`data_format\` must be of the form \`N...C\` or \`NC...\`. Received: ${dataFormat}`);
}

interface NameOption {
  readonly name?: string | null;
}

/**
 * `matmul(x, weights) + biases`, for matrices `x` [batch, in] and `weights` [in, out] and a vector `biases` [out].
 *
 *     tf.nn.xwPlusB(x, w, b, 'logits')
 */
export function xwPlusB(
  x: TensorLike,
  weights: TensorLike,
  biases: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return opScope(name, 'xw_plus_b', [x, weights, biases], (scope) => dense(x, weights, biases, scope));
}

/**
 * `relu(matmul(x, weights) + biases)`.
 *
 *     tf.nn.reluLayer(x, w, b)
 */
export function reluLayer(
  x: TensorLike,
  weights: TensorLike,
  biases: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return opScope(name, 'relu_layer', [x, weights, biases], (scope) =>
    emitOne('Relu', [dense(x, weights, biases, null)], {}, scope),
  );
}

function dense(x: TensorLike, weights: TensorLike, biases: TensorLike, name: string | null): Tensor {
  const a = convertToTensor(x, { preferredDtype: float32, name: 'x' });
  const w = convertToTensor(weights, { dtype: a.dtype, name: 'weights' });
  const b = convertToTensor(biases, { dtype: a.dtype, name: 'biases' });
  return biasAdd(emitOne('MatMul', [a, w]), b, { name });
}
