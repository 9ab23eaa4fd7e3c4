/** Functions of `tf.image` that measure: differences of neighbors, edges, how alike images are. */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape } from '../util/shape.ts';
import { squaredDifference } from './arithmetic.ts';
import { cast } from './cast.ts';
import { Assert, withDependencies } from './control.ts';
import { depthwiseConv2d } from './convolution-functions.ts';
import { constantOp, convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { zeros } from './filling.ts';
import { convertImageDtype } from './image-adjust.ts';
import { vector } from './indices.ts';
import { concat, stack, unstack } from './joining.ts';
import { pad } from './padding.ts';
import { reduceAll, reduceMean, reduceSum } from './reductions.ts';
import { reshape, shapeN, shape as shapeOf, size } from './shaping.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';
import { tile } from './tiling.ts';
import { abs, log, square } from './unary-math.ts';

interface Named {
  readonly name?: string | null;
}

/** Differences of neighbors along the axes of height and width. */
function differences(x: Tensor, rank: 3 | 4): readonly [rows: Tensor, columns: Tensor] {
  const [first, last] = [{ start: 1 }, { stop: -1 }];
  const outer = rank === 4 ? [{}] : [];
  return [
    x.slice(...outer, first).sub(x.slice(...outer, last)),
    x.slice(...outer, {}, first).sub(x.slice(...outer, {}, last)),
  ];
}

/**
 * The sum of the differences of neighbors of `images` [height, width, channels], a scalar; of a batch one for each. Throws
 * `ValueError` for other ranks.
 *
 *     tf.image.totalVariation(x)
 */
export function totalVariation(images: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return opScope(bind<Named>(['name'], rest).name, 'total_variation', [images], () => {
    const x = convertToTensor(images);
    const rank = x.shape?.length;
    if (rank !== 3 && rank !== 4) throw new ValueError("'images' must be either 3 or 4-dimensional.");
    const [rows, columns] = differences(x, rank);
    const axis = rank === 4 ? [1, 2, 3] : null;
    return reduceSum(abs(rows), axis).add(reduceSum(abs(columns), axis));
  });
}

/**
 * The differences of neighbors of `image` [batch, height, width, channels] along height and along width, of its shape, with
 * zeros in the last row or column. Throws `ValueError` for other ranks.
 *
 *     const [dy, dx] = tf.image.imageGradients(x);
 */
export function imageGradients(image: TensorLike): readonly [dy: Tensor, dx: Tensor] {
  const graph = graphOf([image]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const x = convertToTensor(image);
      if (x.shape?.length !== 4) {
        throw new ValueError(`image_gradients expects a 4D tensor [batch_size, h, w, d], not ${formatShape(x.shape)}.`);
      }
      const shape = shapeOf(x);
      const [batch, height, width, channels] = unstack(shape, 4);
      const one = constantOp(toNdArray(1, int32), 'Const');
      const [rows, columns] = differences(x, 4);
      const below = zeros(stack([batch, one, width, channels]), x.dtype);
      const beside = zeros(stack([batch, height, one, channels]), x.dtype);
      return [reshape(concat([rows, below], 1), shape), reshape(concat([columns, beside], 2), shape)];
    }),
  );
}

/** Sobel's filters of rows and of columns, [3, 3, 1, 2]. */
const SOBEL = [-1, -1, -2, 0, -1, 1, 0, -2, 0, 0, 0, 2, 1, -1, 2, 0, 1, 1];

/**
 * The edges of floats `image` [batch, height, width, channels] by Sobel's filters: [batch, height, width, channels, 2], along
 * height and along width.
 *
 *     tf.image.sobelEdges(x)
 */
export function sobelEdges(image: TensorLike): Tensor {
  const graph = graphOf([image]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const x = convertToTensor(image);
      const shape = shapeOf(x);
      const kernel = constantOp(toNdArray(SOBEL, x.dtype, [3, 3, 1, 2]), 'Const');
      const one = constantOp(toNdArray(1, int32), 'Const');
      const filters = tile(kernel, stack([one, one, shape.slice(-1), one]), { name: 'sobel_filters' });
      const paddings = toNdArray([0, 0, 1, 1, 1, 1, 0, 0], int32, [4, 2]);
      const padded = pad(x, paddings, 'REFLECT');
      const edges = depthwiseConv2d(padded, filters, [1, 1, 1, 1], 'VALID');
      const result = reshape(edges, concat([shape, vector(2)], 0));
      if (x.shape !== null) result.setShape([...x.shape, 2]);
      return result;
    }),
  );
}

/** Two images whose last three dimensions agree, and whose others broadcast; what only a run can tell fails it. */
function compatible(a: Tensor, b: Tensor) {
  const [x, y] = [a.shape, b.shape];
  if (x !== null && y !== null) {
    const fits = (i: number) => {
      const [d, e] = [x[x.length - i], y[y.length - i]];
      return d === null || e === null || d === e || (i > 3 && (d === 1 || e === 1));
    };
    for (let i = 1; i <= Math.min(x.length, y.length); i++) {
      if (fits(i)) continue;
      if (i <= 3)
        throw new ValueError(`Shapes ${formatShape(x.slice(-3))} and ${formatShape(y.slice(-3))} are incompatible`);
      throw new ValueError(`Two images are not compatible: ${formatShape(x)} and ${formatShape(y)}`);
    }
    for (const shape of [x, y]) {
      if (shape.length < 3) throw new ValueError(`Shape ${formatShape(shape)} must have rank at least 3`);
    }
  }
  const [first, second] = shapeN([a, b]);
  const last = { start: -3 };
  return [
    Assert(emitOne('GreaterEqual', [size(first), toNdArray(3, int32)]), [first, second], { summarize: 10 }),
    Assert(reduceAll(emitOne('Equal', [first.slice(last), second.slice(last)])), [first, second], { summarize: 10 }),
  ];
}

/**
 * The peak signal-to-noise ratio of images `a` and `b` [..., height, width, channels] in decibels, float32, one for each
 * image. `maxVal` is what their values can differ by at most.
 *
 *     tf.image.psnr(x, y, 255)
 */
export function psnr(
  a: TensorLike,
  b: TensorLike,
  maxVal: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return opScope(bind<Named>(['name'], rest).name, 'PSNR', [a, b], () => {
    const [first, second] = [convertToTensor(a), convertToTensor(b)];
    const greatest = convertImageDtype(cast(convertToTensor(maxVal), first.dtype), float32);
    const [x, y] = [convertImageDtype(first, float32), convertImageDtype(second, float32)];
    const error = reduceMean(squaredDifference(x, y), [-3, -2, -1]);
    const peak = log(greatest)
      .mul(20)
      .div(log(convertToTensor(10)));
    const ratio = emitOne('Sub', [peak, log(error).mul(Math.fround(10 / Math.log(10)))], {}, 'psnr');
    return withDependencies([compatible(x, y)], ratio);
  });
}

export interface SsimOptions {
  readonly filterSize?: number;
  readonly filterSigma?: number;
  readonly k1?: number;
  readonly k2?: number;
  /** Whether the result is the map of indices, not its mean. */
  readonly returnIndexMap?: boolean;
}

/** A Gaussian window of sum 1, [size · size]. */
function gaussian(size: number, sigma: number): Float32Array {
  const line = Array.from({ length: size }, (_, i) => -((i - (size - 1) / 2) ** 2) / (2 * sigma * sigma));
  const window = line.flatMap((a) => line.map((b) => Math.exp(a + b)));
  const sum = window.reduce((a, b) => a + b);
  return Float32Array.from(window, (value) => value / sum);
}

/**
 * The structural similarity of images `img1` and `img2` [..., height, width, channels], float32 in (-1, 1], one for each
 * image: the mean over a Gaussian window of `filterSize` (11) and `filterSigma` (1.5) that slides over them. `maxVal` is what
 * their values can differ by at most. Images smaller than the window fail the run.
 *
 *     tf.image.ssim(x, y, 255)
 */
export function ssim(
  img1: TensorLike,
  img2: TensorLike,
  maxVal: TensorLike,
  ...rest: Rest<[filterSize: number, filterSigma: number, k1: number, k2: number, returnIndexMap: boolean], SsimOptions>
): Tensor {
  const {
    filterSize = 11,
    filterSigma = 1.5,
    k1 = 0.01,
    k2 = 0.03,
    returnIndexMap = false,
  } = bind<SsimOptions>(['filterSize', 'filterSigma', 'k1', 'k2', 'returnIndexMap'], rest);
  return opScope(null, 'SSIM', [img1, img2], () => {
    const [a, b] = [convertToTensor(img1, { name: 'img1' }), convertToTensor(img2, { name: 'img2' })];
    const first = withDependencies([compatible(a, b)], a);
    const greatest = convertImageDtype(cast(convertToTensor(maxVal), a.dtype), float32);
    let x = convertImageDtype(first, float32);
    const y = convertImageDtype(b, float32);
    const planar = { start: -3, stop: -1 };
    const checks = shapeN([x, y]).map((shape) =>
      Assert(reduceAll(emitOne('GreaterEqual', [shape.slice(planar), toNdArray(filterSize, int32)])), [shape], {
        summarize: 8,
      }),
    );
    x = withDependencies([checks], x);
    const window = constantOp(
      toNdArray(gaussian(filterSize, filterSigma), float32, [filterSize, filterSize, 1, 1]),
      'kernel',
    );
    const one = constantOp(toNdArray(1, int32), 'Const');
    const kernel = tile(window, stack([one, one, shapeOf(x).slice(-1), one]));
    const blurred = (value: Tensor) => {
      const shape = shapeOf(value);
      const batch = reshape(value, concat([vector(-1), shape.slice({ start: -3 })], 0));
      const result = depthwiseConv2d(batch, kernel, [1, 1, 1, 1], 'VALID');
      return reshape(result, concat([shape.slice({ stop: -3 }), shapeOf(result).slice({ start: 1 })], 0));
    };
    const [c1, c2] = [k1, k2].map((k) => square(greatest.mul(k)));
    const [mean1, mean2] = [blurred(x), blurred(y)];
    const products = mean1.mul(mean2).mul(2);
    const squares = square(mean1).add(square(mean2));
    const luminance = products.add(c1).div(squares.add(c1));
    const covariance = blurred(x.mul(y)).mul(2);
    const variances = blurred(square(x).add(square(y)));
    const structure = covariance.sub(products).add(c2).div(variances.sub(squares).add(c2));
    const index = luminance.mul(structure);
    return reduceMean(returnIndexMap ? index : reduceMean(index, [-3, -2]), [-1]);
  });
}
