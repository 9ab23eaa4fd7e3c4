/**
 * The pooling of the Keras backend, over images and volumes in either layout. The ops are TensorFlow's.
 */
import type { Tensor } from '../../graph/graph.ts';
import { emitOne } from '../../ops/emit.ts';
import { avgPool, maxPool } from '../../ops/pooling.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import { channelsLast, paddingOf, type Sizes, sizesOf } from './images.ts';
import { build, layout, operand } from './operands.ts';

export interface PoolOptions {
  /** 1 without it, not the size of the window. */
  readonly strides?: Sizes;
  readonly padding?: 'valid' | 'same' | (string & {});
  /** `'channels_last'`, `'channels_first'`, or null for the setting. */
  readonly dataFormat?: string | null;
  readonly poolMode?: 'max' | 'avg' | (string & {});
}
type PoolRest = Rest<[strides: Sizes, padding: string, dataFormat: string | null, poolMode: string], PoolOptions>;

function windowOf(poolSize: Sizes, rest: PoolRest, spatial: number) {
  const given = bind<PoolOptions>(['strides', 'padding', 'dataFormat', 'poolMode'], rest);
  const format = layout(given.dataFormat);
  const size = [1, ...sizesOf(poolSize, spatial, 'pool_size'), 1];
  const strides = [1, ...sizesOf(given.strides ?? 1, spatial, 'strides'), 1];
  const padding = paddingOf(given.padding ?? 'valid');
  const mode = given.poolMode ?? 'max';
  if (mode !== 'max' && mode !== 'avg') throw new ValueError(`Invalid pooling mode: ${mode}`);
  return { format, size, strides, padding, max: mode === 'max' };
}

/**
 * The greatest element, or with `poolMode: 'avg'` the mean, of each window of images `[batch, height, width, channels]`.
 * Throws `ValueError` for sizes that are not two, for other paddings and modes.
 *
 *     K.pool2d(x, [2, 2], [2, 2])
 *     K.pool2d(x, 3, {padding: 'same', poolMode: 'avg'})
 */
export function pool2d(x: TensorLike, poolSize: Sizes, ...rest: PoolRest): Tensor {
  const { format, size, strides, padding, max } = windowOf(poolSize, rest, 2);
  return build([x], () =>
    channelsLast(operand(x), format, 4, (image) =>
      max ? maxPool(image, size, strides, padding) : avgPool(image, size, strides, padding),
    ),
  );
}

/** `pool2d` of volumes `[batch, depth, height, width, channels]`. */
export function pool3d(x: TensorLike, poolSize: Sizes, ...rest: PoolRest): Tensor {
  const { format, size, strides, padding, max } = windowOf(poolSize, rest, 3);
  return build([x], () =>
    channelsLast(operand(x), format, 5, (volume) =>
      emitOne(max ? 'MaxPool3D' : 'AvgPool3D', [volume], { ksize: size, strides, padding, data_format: 'NDHWC' }),
    ),
  );
}
