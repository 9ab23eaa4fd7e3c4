/**
 * Convolutions in the Keras backend whose kernels differ from place to place. Those that share one are in
 * `convolution.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { reshape, transpose } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import { batchDot } from './linear.ts';
import { build, intShape, layout, operand } from './operands.ts';
import { concatenate } from './shaping.ts';

type FormatRest = Rest<[dataFormat: string | null], { readonly dataFormat?: string | null }>;

/** Every index of an array of this shape, the last axis fastest. */
function positions(shape: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const length of shape) {
    all = all.flatMap((head) => Array.from({ length }, (_, i) => [...head, i]));
  }
  return all;
}

function localConv(
  inputs: TensorLike,
  kernel: TensorLike,
  kernelSize: readonly number[],
  strides: readonly number[],
  outputShape: readonly number[],
  rest: FormatRest,
): Tensor {
  const { dataFormat } = bind<{ dataFormat: string | null }>(['dataFormat'], rest);
  const first = layout(dataFormat) === 'channels_first';
  return build([inputs, kernel], () => {
    const [x, w] = [operand(inputs), operand(kernel)];
    const [, features, channels] = intShape(w) as number[];
    const patches = positions(outputShape).map((position) => {
      const windows = position.map((at, d) => ({ start: at * strides[d], stop: at * strides[d] + kernelSize[d] }));
      const patch = first ? x.slice({}, {}, ...windows) : x.slice({}, ...windows, {});
      return reshape(patch, [1, -1, features]);
    });
    const products = batchDot(concatenate(patches, 0), w);
    const output = reshape(products, [...outputShape, -1, channels]);
    const rank = outputShape.length;
    const spatial = outputShape.map((_, i) => i);
    return transpose(output, first ? [rank, rank + 1, ...spatial] : [rank, ...spatial, rank + 1]);
  });
}

/**
 * A convolution of sequences with a kernel for each output step: `[steps, width * channels, filters]`.
 *
 *     K.localConv1d(x, kernel, [3], [1])
 */
export function localConv1d(
  inputs: TensorLike,
  kernel: TensorLike,
  kernelSize: readonly [number],
  strides: readonly [number],
  ...rest: FormatRest
): Tensor {
  const steps = intShape(kernel)?.[0] ?? null;
  if (steps === null) throw new ValueError('The kernel must have a known number of steps.');
  return localConv(inputs, kernel, kernelSize, strides, [steps], rest);
}

/**
 * A convolution of images with a kernel for each place: `[rows * columns, height * width * channels, filters]`, where
 * `outputShape` is `[rows, columns]`.
 *
 *     K.localConv2d(x, kernel, [3, 3], [1, 1], [26, 26])
 */
export function localConv2d(
  inputs: TensorLike,
  kernel: TensorLike,
  kernelSize: readonly [number, number],
  strides: readonly [number, number],
  outputShape: readonly [number, number],
  ...rest: FormatRest
): Tensor {
  return localConv(inputs, kernel, kernelSize, strides, outputShape, rest);
}
