/**
 * Host kernels of the activations of neural networks and of their gradients.
 */
import { binaryKernel, mapBinary, mapUnary, unaryKernel } from './elementwise.ts';
import { defineHostKernels } from './registry.ts';

const SELU_SCALE = 1.0507009873554805;
const SELU_SCALE_ALPHA = 1.7580993408473768;

/** log(1 + exp(x)) without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

defineHostKernels({
  // max and min keep NaN.
  Relu: unaryKernel({ number: (x) => Math.max(x, 0), bigint: (x) => (x > 0n ? x : 0n) }),
  Relu6: unaryKernel({
    number: (x) => Math.min(Math.max(x, 0), 6),
    bigint: (x) => (x < 0n ? 0n : x > 6n ? 6n : x),
  }),
  Elu: unaryKernel({ number: (x) => (x < 0 ? Math.expm1(x) : x) }),
  Selu: unaryKernel({ number: (x) => (x < 0 ? SELU_SCALE_ALPHA * Math.expm1(x) : SELU_SCALE * x) }),
  LeakyRelu: ([x], op) => {
    const alpha = Math.fround(op.attr<number>('alpha'));
    return [mapUnary(x, x.dtype, (value: number) => (value > 0 ? value : alpha * value))];
  },
  Softplus: unaryKernel({ number: softplus }),
  Softsign: unaryKernel({ number: (x) => x / (1 + Math.abs(x)) }),

  // A product with 0 or 1, so that an infinite gradient of a dead unit is NaN, as in TensorFlow.
  ReluGrad: binaryKernel({ number: (dy, x) => dy * (x > 0 ? 1 : 0), bigint: (dy, x) => (x > 0n ? dy : 0n) }),
  Relu6Grad: binaryKernel({
    number: (dy, x) => dy * (x > 0 && x < 6 ? 1 : 0),
    bigint: (dy, x) => (x > 0n && x < 6n ? dy : 0n),
  }),
  EluGrad: binaryKernel({ number: (dy, y) => (y < 0 ? dy * (y + 1) : dy) }),
  SeluGrad: binaryKernel({ number: (dy, y) => (y < 0 ? dy * (y + SELU_SCALE_ALPHA) : dy * SELU_SCALE) }),
  LeakyReluGrad: ([dy, x], op) => {
    const alpha = Math.fround(op.attr<number>('alpha'));
    return [mapBinary(dy, x, x.dtype, (g: number, value: number) => (value > 0 ? g : alpha * g))];
  },
  SoftplusGrad: binaryKernel({ number: (dy, x) => dy / (Math.exp(-x) + 1) }),
  SoftsignGrad: binaryKernel({ number: (dy, x) => dy / (1 + Math.abs(x)) ** 2 }),
});
