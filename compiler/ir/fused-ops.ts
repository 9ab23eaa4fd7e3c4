/**
 * The fused ops that the compiler makes: a product or convolution, then a bias, an addition, an activation. Names and attributes
 * are those of TensorFlow's own. When they are made is `passes/fuse.ts`'s business, computing them the targets'.
 */
import {
  defineOp,
  findOpDef,
  type InferContext,
  type Inferred,
  ShapeError,
  sample,
} from '../../src/ops/opdef/define.ts';
import { mergeDim, withRank } from '../../src/ops/opdef/shape-rules.ts';
import { float32 } from '../../src/util/dtype.ts';

export const FUSED_MATMUL = '_FusedMatMul';
export const FUSED_CONV2D = '_FusedConv2D';

/** The activations that can be fused, by op type. */
export const FUSED_ACTIVATIONS: ReadonlySet<string> = new Set(['Relu', 'Relu6', 'Elu', 'Sigmoid', 'LeakyRelu']);

/** The inputs beside the product's own: the bias, which must fit the channels, and what is added, which must fit all. */
function withOthers(op: InferContext, shape: Inferred[number]): Inferred {
  const dims = shape as readonly (number | null)[] | null;
  let next = 2;
  for (const name of op.attr<readonly string[]>('fused_ops')) {
    if (name === 'BiasAdd') {
      const [length] = withRank(op.shape(next++), 1);
      if (dims) mergeDim(dims[dims.length - 1], length);
    } else if (name === 'Add') {
      const addend = op.shape(next++);
      if (!dims || !addend) continue;
      for (const [i, dim] of withRank(addend, dims.length).entries()) mergeDim(dims[i], dim);
    }
  }
  return [shape];
}

defineOp({
  name: FUSED_MATMUL,
  doc: 'The product of two matrices, with the ops of `fused_ops` done to it in turn.',
  inputs: ['a: T', 'b: T', 'args: num_args * T'],
  outputs: ['product: T'],
  attrs: [
    'transpose_a: bool = false',
    'transpose_b: bool = false',
    'T: {bfloat16, float16, float32, float64}',
    'num_args: int >= 0',
    'fused_ops: list(string) = []',
    'epsilon: float = 0.0001',
    'leakyrelu_alpha: float = 0.2',
  ],
  infer: (op) => {
    const a = withRank(op.shape(0), 2);
    const b = withRank(op.shape(1), 2);
    const [tA, tB] = [op.attr<boolean>('transpose_a') ? 1 : 0, op.attr<boolean>('transpose_b') ? 1 : 0];
    mergeDim(a[1 - tA], b[tB]);
    return withOthers(op, [a[tA], b[1 - tB]]);
  },
  grad: null,
  samples: [
    {
      inputs: [
        sample(float32, [2, 2], [1, 2, 3, 4]),
        sample(float32, [2, 2], [5, 6, 7, 8]),
        sample(float32, [2], [-20, 1]),
      ],
      attrs: { fused_ops: ['BiasAdd', 'Relu'] },
      outputs: [sample(float32, [2, 2], [0, 23, 23, 51])],
    },
  ],
});

defineOp({
  name: FUSED_CONV2D,
  doc: 'A convolution, with the ops of `fused_ops` done to it in turn.',
  inputs: ['input: T', 'filter: T', 'args: num_args * T'],
  outputs: ['output: T'],
  attrs: [
    'T: {float16, float32, float64}',
    'num_args: int >= 0',
    'strides: list(int)',
    'padding: {"SAME", "VALID", "EXPLICIT"}',
    'explicit_paddings: list(int) = []',
    'data_format: string = "NHWC"',
    'dilations: list(int) = [1, 1, 1, 1]',
    'use_cudnn_on_gpu: bool = true',
    'fused_ops: list(string) = []',
    'epsilon: float = 0.0001',
    'leakyrelu_alpha: float = 0.2',
  ],
  infer: (op) => {
    const conv = findOpDef('Conv2D');
    if (!conv) throw new ShapeError('Conv2D is not defined');
    return withOthers(op, conv.infer(op)[0]);
  },
  grad: null,
  samples: [
    {
      inputs: [
        sample(float32, [1, 2, 2, 1], [1, 2, 3, 4]),
        sample(float32, [1, 1, 1, 2], [1, -1]),
        sample(float32, [2], [0.5, 3]),
      ],
      attrs: { strides: [1, 1, 1, 1], padding: 'VALID', fused_ops: ['BiasAdd', 'Relu'] },
      outputs: [sample(float32, [1, 2, 2, 2], [1.5, 2, 2.5, 1, 3.5, 0, 4.5, 0])],
    },
  ],
});
