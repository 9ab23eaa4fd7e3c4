/**
 * How the Keras backend hands images and volumes to ops that take channels last, and what its windows are called. The ops
 * are in `convolution.ts`, `pooling.ts` and `spatial.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { transpose } from '../../ops/shaping.ts';
import { ValueError } from '../../util/errors.ts';
import type { ImageDataFormat } from '../config.ts';

/** Runs `body` on the image with its channels last, and brings the result back to the layout. */
export function channelsLast(
  x: Tensor,
  format: ImageDataFormat,
  rank: number,
  body: (image: Tensor) => Tensor,
): Tensor {
  if (format === 'channels_last') return body(x);
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  const result = body(transpose(x, [0, ...spatial, 1]));
  return transpose(result, [0, rank - 1, ...spatial.map((axis) => axis - 1)]);
}

/** Throws `ValueError` for a padding that is neither `same` nor `valid`. */
export function paddingOf(padding: string): 'SAME' | 'VALID' {
  if (padding === 'same') return 'SAME';
  if (padding === 'valid') return 'VALID';
  throw new ValueError(`Invalid padding: ${padding}`);
}

/** One number for all spatial axes, or one for each. */
export type Sizes = number | readonly number[];

/** A size for each spatial axis. Throws `ValueError` for lists of another length. */
export function sizesOf(sizes: Sizes, count: number, name: string): readonly number[] {
  const list = typeof sizes === 'number' ? new Array<number>(count).fill(sizes) : sizes;
  if (list.length !== count) throw new ValueError(`\`${name}\` must be a tuple of ${count} integers.`);
  return list;
}
