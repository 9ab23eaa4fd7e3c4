/**
 * Products of tensors in the Keras backend, biases, and gradients. Convolutions are in `convolution.ts`.
 */
import { type Differentiable, gradients as gradientsOf } from '../../autodiff/gradients.ts';
import type { Gradient } from '../../autodiff/registry.ts';
import type { Tensor } from '../../graph/graph.ts';
import * as bias from '../../ops/bias.ts';
import { concat, stack } from '../../ops/joining.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape, shape as shapeIn, squeeze, transpose } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import type { Dim, Shape } from '../../util/shape.ts';
import { build, formatTuple, layout, operand } from './operands.ts';

/** The length of each axis: a number where it is known, else a scalar of the run. */
function lengths(x: Tensor, shape: readonly Dim[]): TensorLike[] {
  if (shape.every((d) => d !== null)) return shape as number[];
  const inRun = shapeIn(x);
  return shape.map((d, i) => d ?? inRun.slice(i));
}

/**
 * The sum over the last axis of `x` and the last but one of `y`, for tensors of any rank: `[..., k]` and `[..., k, n]` give
 * `[..., ..., n]`.
 *
 *     K.dot(x, w)                       // a matrix product
 *     K.dot(batchOfRows, w)             // [batch, time, in] by [in, out]
 */
export function dot(x: TensorLike, y: TensorLike): Tensor {
  return build([x, y], () => {
    const [a, b] = [operand(x), operand(y)];
    const [left, right] = [a.shape, b.shape];
    if (left === null || right === null || (left.length <= 2 && right.length <= 2)) return matmul(a, b);
    const [rows, columns] = [lengths(a, left), lengths(b, right)];
    const inner = right.length - 2;
    const order = [inner, ...right.map((_, i) => i).filter((i) => i !== inner)];
    const flatRows = reshape(a, [-1, rows[rows.length - 1]]);
    const flatColumns = reshape(transpose(b, order), [columns[inner], -1]);
    return reshape(matmul(flatRows, flatColumns), [
      ...rows.slice(0, -1),
      ...columns.slice(0, inner),
      columns[columns.length - 1],
    ]);
  });
}

type BatchDotAxes = number | readonly [number, number] | null;

/** The two axes to sum over, counted from the front. */
function summedAxes(left: readonly Dim[], right: readonly Dim[], axes: BatchDotAxes): [number, number] {
  const [n, m] = [left.length, right.length];
  const shapes = `${formatTuple(left)} and ${formatTuple(right)}`;
  if (n < 2 || m < 2) {
    throw new ValueError(`Cannot do batch_dot on inputs with rank < 2. Received inputs with shapes ${shapes}.`);
  }
  if (left[0] !== null && right[0] !== null && left[0] !== right[0]) {
    throw new ValueError(
      `Cannot do batch_dot on inputs with different batch sizes. Received inputs with shapes ${shapes}.`,
    );
  }
  const given = typeof axes === 'number' ? [axes, axes] : (axes ?? [n - 1, m === 2 ? m - 1 : m - 2]);
  if (given.some((axis) => Array.isArray(axis))) {
    throw new ValueError(
      `Multiple target dimensions are not supported. Expected: None, int, (int, int), Provided: ${formatTuple(given)}`,
    );
  }
  const a = given[0] < 0 ? given[0] + n : given[0];
  const b = given[1] < 0 ? given[1] + m : given[1];
  if (a === 0 || b === 0) {
    throw new ValueError(
      'Cannot perform batch_dot over axis 0. If your inputs are not batched, add a dummy batch dimension to your inputs using K.expand_dims(x, 0)',
    );
  }
  const [p, q] = [left[a], right[b]];
  if (p !== null && q !== null && p !== q) {
    throw new ValueError(
      `Cannot do batch_dot on inputs with shapes ${shapes} with axes=[${a}, ${b}]. x.shape[${a}] != y.shape[${b}] (${p} != ${q}).`,
    );
  }
  return [a, b];
}

function moved(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const order = Array.from({ length: (x.shape as readonly Dim[]).length }, (_, i) => i).filter((i) => i !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}

/**
 * The product of each example of `x` with the same one of `y`: the sum over one axis of each, the last of `x` and the last
 * but one of `y` (the last of a matrix) without `axes`. Throws `ValueError` where batches or lengths differ.
 *
 *     K.batchDot(x, y)              // [batch, i, k] by [batch, k, j]: [batch, i, j]
 *     K.batchDot(x, y, [1, 1])
 *     K.batchDot(x, y, {axes: 2})
 */
export function batchDot(
  x: TensorLike,
  y: TensorLike,
  ...rest: Rest<[axes: BatchDotAxes], { readonly axes?: BatchDotAxes }>
): Tensor {
  const { axes = null } = bind<{ axes: BatchDotAxes }>(['axes'], rest);
  return build([x, y], () => {
    let [a, b] = [operand(x), operand(y)];
    const [left, right] = [rankedShape(a.shape), rankedShape(b.shape)];
    let [p, q] = summedAxes(left, right, axes);
    // A matrix is taken as a batch of one row, or of one column.
    if (left.length === 2) {
      a = expandDims(a, 1);
      p = 2;
    }
    if (right.length === 2) {
      b = expandDims(b, 2);
      q = 1;
    }
    a = moved(a, p, Math.max(left.length, 3) - 1);
    b = moved(b, q, 1);
    let middle: Tensor | null = null;
    if (left.length > 3) {
      const inRun = shapeIn(a);
      middle = inRun.slice({ start: 1, stop: -1 });
      a = reshape(a, stack([inRun.slice(0), -1, inRun.slice(-1)]));
    }
    let trailing: Tensor | null = null;
    if (right.length > 3) {
      const inRun = shapeIn(b);
      trailing = inRun.slice({ start: 2 });
      b = reshape(b, stack([inRun.slice(0), inRun.slice(1), -1]));
    }
    const result = unsquashed(matmul(a, b), middle, trailing);
    if (left.length === 2) return squeeze(result, 1);
    return right.length === 2 ? squeeze(result, -1) : result;
  });
}

function rankedShape(shape: Shape): readonly Dim[] {
  if (shape === null) throw new ValueError('Cannot do batch_dot on inputs with unknown rank.');
  return shape;
}

function unsquashed(result: Tensor, middle: Tensor | null, trailing: Tensor | null): Tensor {
  if (!middle && !trailing) return result;
  let dims = shapeIn(result);
  if (middle) dims = concat([dims.slice({ stop: 1 }), middle, dims.slice({ start: -1 })], 0);
  if (trailing) dims = concat([dims.slice({ stop: -1 }), trailing], 0);
  return reshape(result, dims);
}

/**
 * `x` plus a bias: a vector by channel, or a bias of every element of an example. Throws `ValueError` for other ranks.
 *
 *     K.biasAdd(x, b)
 *     K.biasAdd(image, b, 'channels_first')
 */
export function biasAdd(
  x: TensorLike,
  b: TensorLike,
  ...rest: Rest<[dataFormat: string | null], { readonly dataFormat?: string | null }>
): Tensor {
  const { dataFormat } = bind<{ dataFormat: string | null }>(['dataFormat'], rest);
  const format = layout(dataFormat);
  return build([x, b], () => {
    const [value, offset] = [operand(x), operand(b)];
    const rank = value.shape?.length ?? 0;
    const dims = offset.shape;
    if (dims === null || (dims.length !== 1 && dims.length !== rank - 1)) {
      throw new ValueError(
        `Unexpected bias dimensions ${dims?.length ?? 'None'}, expect to be 1 or ${rank - 1} dimensions`,
      );
    }
    const first = format === 'channels_first';
    if (dims.length === 1) return bias.biasAdd(value, offset, { dataFormat: first ? 'NCHW' : 'NHWC' });
    const known = dims as readonly number[];
    const channels = known[known.length - 1];
    return value.add(reshape(offset, first ? [1, channels, ...known.slice(0, -1)] : [1, ...known]));
  });
}

/**
 * The gradients of `loss` with respect to each of the variables or tensors; null where it does not depend on one.
 *
 *     const [dw] = K.gradients(loss, [w]);
 */
export function gradients(
  loss: Differentiable | readonly Differentiable[],
  variables: Differentiable | readonly Differentiable[],
): Gradient[] {
  return gradientsOf(loss, variables, { colocateGradientsWithOps: true });
}
