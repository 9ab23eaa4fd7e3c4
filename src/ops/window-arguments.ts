/**
 * How convolutions and pools take paddings and sizes from users. The geometry itself is in `util/window.ts`.
 */
import { TypeError, ValueError } from '../util/errors.ts';

/** `'SAME'`, `'VALID'`, or the padding of each axis as [before, after]. */
export type PaddingLike = 'SAME' | 'VALID' | (string & {}) | readonly (readonly [number, number])[];
/** One number for all spatial axes, one for each, or one for every axis of the data format. */
export type WindowSizes = number | readonly number[];

/** The attributes `padding` and `explicit_paddings` of a padding as users write it. */
export function paddingAttrs(
  padding: PaddingLike,
  rank = 4,
): { padding: string; explicit_paddings: readonly number[] } {
  if (typeof padding === 'string') {
    if (padding === 'EXPLICIT') {
      throw new ValueError(
        "'EXPLICIT' is not a valid value for `padding`. To use explicit padding, `padding` must be a list.",
      );
    }
    return { padding, explicit_paddings: [] };
  }
  if (!Array.isArray(padding)) throw new TypeError('The padding must be a string or a list of [before, after] pairs.');
  const pairs = padding as readonly unknown[];
  pairs.forEach((pair, i) => {
    if (Array.isArray(pair) && pair.length === 2) return;
    const found = Array.isArray(pair) ? `size ${pair.length}` : `type ${typeof pair}`;
    throw new ValueError(
      `When \`padding\` is a list, each element of \`padding\` must be a list/tuple of size 2. Received: padding=${JSON.stringify(padding)} with element at index ${i} of ${found}`,
    );
  });
  if (pairs.length !== rank) {
    throw new ValueError(
      `When padding is a list, it must be of size ${rank}. Received: padding=${JSON.stringify(padding)} of size ${pairs.length}`,
    );
  }
  return { padding: 'EXPLICIT', explicit_paddings: (pairs as readonly number[][]).flat() };
}

/** A size for every axis of the data format. Lists of other lengths are left for the op to refuse. */
export function everyAxis(
  value: WindowSizes | null | undefined,
  spatial: number,
  dataFormat: string,
): readonly number[] {
  const list = value === null || value === undefined ? [1] : typeof value === 'number' ? [value] : value;
  let inner: readonly number[];
  if (list.length === 1) inner = new Array<number>(spatial).fill(list[0]);
  else if (list.length === spatial) inner = list;
  else return list;
  return dataFormat.startsWith('NC') ? [1, 1, ...inner] : [1, ...inner, 1];
}
