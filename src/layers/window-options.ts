/** Sizes, paddings and layouts of convolutions and pooling as the layers take them, with Keras's messages. */
import { imageDataFormat } from '../keras/config.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim } from '../util/shape.ts';

/** One number for all spatial axes, or one for each. */
export type Sizes = number | readonly number[];
export type DataFormat = 'channels_last' | 'channels_first';
export type PaddingOption = 'valid' | 'same' | (string & {});

/** A size for each of `count` spatial axes. Throws `ValueError` for other lengths, and for numbers below `least`. */
export function sizes(value: Sizes | undefined, count: number, name: string, least = 1): readonly number[] {
  const received = Array.isArray(value) ? `(${value.join(', ')})` : value;
  const message = `The \`${name}\` argument must be a tuple of ${count} integers. Received: ${received}`;
  const list = typeof value === 'number' ? new Array<number>(count).fill(value) : value;
  if (!Array.isArray(list) || list.length !== count) throw new ValueError(message);
  const wrong = new Set(list.filter((size: number) => size < least));
  if (wrong.size > 0) {
    throw new ValueError(
      `${message} including {${[...wrong].join(', ')}} that does not satisfy the requirement \`${least === 0 ? '>= 0' : '> 0'}\`.`,
    );
  }
  return list;
}

/** Throws `ValueError` for what is no padding. */
export function paddingName(padding: string): 'valid' | 'same' | 'causal' {
  const name = padding.toLowerCase();
  if (name === 'valid' || name === 'same' || name === 'causal') return name;
  throw new ValueError(
    `The \`padding\` argument must be a list/tuple or one of "valid", "same" (or "causal", only for \`Conv1D). Received: ${name}`,
  );
}

/** The layout; channels last without one, as in TensorFlow 1, and Keras's setting for null. */
export function layoutOf(dataFormat: string | null | undefined): DataFormat {
  const format = dataFormat === null ? imageDataFormat() : (dataFormat ?? 'channels_last').toLowerCase();
  if (format === 'channels_last' || format === 'channels_first') return format;
  throw new ValueError(
    `The \`data_format\` argument must be one of "channels_first", "channels_last". Received: ${dataFormat}`,
  );
}

/** The layout as ops call it: `NWC`, `NCHW`, … for inputs of this rank. */
export function opFormat(format: DataFormat, rank: number): string {
  const spatial = 'DHW'.slice(5 - rank);
  return format === 'channels_last' ? `N${spatial}C` : `NC${spatial}`;
}

/** A list for the spatial axes as one for all axes, 1 elsewhere. */
export function everyAxis(list: readonly number[], format: DataFormat): number[] {
  return format === 'channels_last' ? [1, ...list, 1] : [1, 1, ...list];
}

/** The length that a window gives; null where it is not known. */
export function slidLength(length: Dim, window: number, padding: string, stride: number, dilation = 1): Dim {
  if (length === null) return null;
  const covered = padding === 'valid' ? length - (window - 1) * dilation : length;
  return Math.floor((covered + stride - 1) / stride);
}
