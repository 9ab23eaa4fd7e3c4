/**
 * Padding and resizing of sequences, images and volumes in the Keras backend. Kernels of windows are in `convolution.ts`
 * and `pooling.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { emitOne, opScope } from '../../ops/emit.ts';
import { vector } from '../../ops/indices.ts';
import { pad } from '../../ops/padding.ts';
import { shape as shapeIn } from '../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { toNdArray } from '../../util/array-convert.ts';
import { int32 } from '../../util/dtype.ts';
import { AssertionError, ValueError } from '../../util/errors.ts';
import { channelsLast } from './images.ts';
import { build, layout, operand } from './operands.ts';
import { repeatElements } from './shaping.ts';

type Pair = readonly [before: number, after: number];

const NONE: Pair = [0, 0];
const ONE: Pair = [1, 1];

function padded(x: TensorLike, pairs: readonly Pair[]): Tensor {
  return pad(x, toNdArray(pairs, int32));
}

function check(padding: readonly Pair[], count: number): void {
  if (padding.length !== count || padding.some((pair) => pair.length !== 2)) {
    throw new AssertionError(`The padding must be ${count} pairs of numbers, got ${JSON.stringify(padding)}.`);
  }
}

/**
 * Zeros before and after the steps of sequences `[batch, steps, channels]`, one each without `padding`.
 *
 *     K.temporalPadding(x, [2, 0])
 */
export function temporalPadding(x: TensorLike, ...rest: Rest<[padding: Pair], { readonly padding?: Pair }>): Tensor {
  const { padding = ONE } = bind<{ padding: Pair }>(['padding'], rest);
  check([padding], 1);
  return padded(x, [NONE, padding, NONE]);
}

interface SpatialOptions<P> {
  readonly padding?: P;
  /** `'channels_last'`, `'channels_first'`, or null for the setting. */
  readonly dataFormat?: string | null;
}

function spatial(x: TensorLike, padding: readonly Pair[], dataFormat: string | null | undefined): Tensor {
  return padded(x, layout(dataFormat) === 'channels_first' ? [NONE, NONE, ...padding] : [NONE, ...padding, NONE]);
}

/**
 * Zeros around images, one on each side without `padding`: `[[top, bottom], [left, right]]`.
 *
 *     K.spatial2dPadding(x, [[1, 0], [2, 2]])
 */
export function spatial2dPadding(
  x: TensorLike,
  ...rest: Rest<[padding: readonly [Pair, Pair], dataFormat: string | null], SpatialOptions<readonly [Pair, Pair]>>
): Tensor {
  const { padding = [ONE, ONE], dataFormat } = bind<SpatialOptions<readonly Pair[]>>(['padding', 'dataFormat'], rest);
  check(padding, 2);
  return spatial(x, padding, dataFormat);
}

/** Zeros around volumes, one on each side without `padding`: a pair for each spatial axis. */
export function spatial3dPadding(
  x: TensorLike,
  ...rest: Rest<
    [padding: readonly [Pair, Pair, Pair], dataFormat: string | null],
    SpatialOptions<readonly [Pair, Pair, Pair]>
  >
): Tensor {
  const { padding = [ONE, ONE, ONE], dataFormat } = bind<SpatialOptions<readonly Pair[]>>(
    ['padding', 'dataFormat'],
    rest,
  );
  check(padding, 3);
  return spatial(x, padding, dataFormat);
}

const INTERPOLATIONS = ['area', 'bicubic', 'bilinear', 'gaussian', 'lanczos3', 'lanczos5', 'mitchellcubic', 'nearest'];
const RESIZE_OPS: Readonly<Record<string, string>> = { bilinear: 'ResizeBilinear', nearest: 'ResizeNearestNeighbor' };

/**
 * Images with each row `heightFactor` and each column `widthFactor` times as long, by the nearest element or by
 * `'bilinear'` interpolation. Throws `ValueError` for other layouts and interpolations.
 *
 *     K.resizeImages(x, 2, 2, 'channels_last')
 *     K.resizeImages(x, 2, 2, 'channels_last', 'bilinear')
 */
export function resizeImages(
  x: TensorLike,
  heightFactor: number,
  widthFactor: number,
  dataFormat: string,
  ...rest: Rest<[interpolation: string], { readonly interpolation?: string }>
): Tensor {
  const { interpolation = 'nearest' } = bind<{ interpolation: string }>(['interpolation'], rest);
  if (dataFormat !== 'channels_first' && dataFormat !== 'channels_last') {
    throw new ValueError(`Invalid \`data_format\` argument: ${dataFormat}`);
  }
  if (!INTERPOLATIONS.includes(interpolation)) {
    const list = INTERPOLATIONS.map((name) => `"${name}"`).join(', ');
    throw new ValueError(`\`interpolation\` argument should be one of: ${list}. Received: "${interpolation}".`);
  }
  const op = RESIZE_OPS[interpolation];
  if (op === undefined) throw new ValueError(`The interpolation "${interpolation}" is not available.`);
  return build([x], () =>
    channelsLast(operand(x), dataFormat, 4, (image) => {
      const [, rows, columns] = image.shape ?? [];
      const known = rows != null && columns != null;
      const size = known
        ? vector(rows * heightFactor, columns * widthFactor)
        : shapeIn(image).slice({ start: 1, stop: 3 }).mul(vector(heightFactor, widthFactor));
      return opScope(null, 'resize', [image], () => emitOne(op, [image, size], { half_pixel_centers: true }));
    }),
  );
}

/**
 * Volumes with each element repeated along the spatial axes.
 *
 *     K.resizeVolumes(x, 2, 2, 2, 'channels_last')
 */
export function resizeVolumes(
  x: TensorLike,
  depthFactor: number,
  heightFactor: number,
  widthFactor: number,
  dataFormat: string,
): Tensor {
  if (dataFormat !== 'channels_first' && dataFormat !== 'channels_last') {
    throw new ValueError(`Invalid data_format: ${dataFormat}`);
  }
  const first = dataFormat === 'channels_first' ? 2 : 1;
  return build([x], () => {
    const deep = repeatElements(x, depthFactor, first);
    return repeatElements(repeatElements(deep, heightFactor, first + 1), widthFactor, first + 2);
  });
}
