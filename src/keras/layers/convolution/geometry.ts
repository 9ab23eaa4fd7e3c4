/**
 * The arguments and lengths of layers that work on windows: sizes, paddings, layouts, and how long outputs are. What
 * the layers compute is in the files by kind.
 */
import { AssertionError, ValueError } from '../../../util/errors.ts';
import { pythonTypeName } from '../../../util/python-names.ts';
import type { Dim } from '../../../util/shape.ts';
import { formatTuple } from '../../backend/operands.ts';
import { type ImageDataFormat, imageDataFormat } from '../../config.ts';
import type { LayerShape } from '../../engine/nest.ts';

/** One number for all spatial axes, or one for each. */
export type Sizes = number | readonly number[];

/** How windows meet the edges: whole ones only, or zeros around; `causal` puts all zeros before the first step. */
export type WindowPadding = 'valid' | 'same' | 'causal';

/** A list as Python prints a tuple, anything else as it is. */
const shown = (value: unknown): string => (Array.isArray(value) ? formatTuple(value) : `${value ?? 'None'}`);

/**
 * `count` whole numbers: those of the list, or the one for all. Throws `ValueError`, with the argument's name as
 * Python has it, for other lengths, and for numbers below 1 (below 0 with `allowZero`).
 */
export function sizesOf(value: unknown, count: number, name: string, allowZero = false): readonly number[] {
  const message = `The \`${name}\` argument must be a tuple of ${count} integers. Received: ${shown(value)}`;
  const list = typeof value === 'number' ? new Array<unknown>(count).fill(value) : value;
  if (!Array.isArray(list) || list.length !== count) throw new ValueError(message);
  const odd = list.find((item) => typeof item !== 'number' || !Number.isFinite(item));
  if (odd !== undefined) {
    throw new ValueError(`${message}including element ${odd} of type <class '${pythonTypeName(odd)}'>`);
  }
  const refused = new Set((list as readonly number[]).filter((item) => (allowZero ? item < 0 : item <= 0)));
  if (refused.size > 0) {
    const wanted = allowZero ? '>= 0' : '> 0';
    throw new ValueError(
      `${message} including {${[...refused].join(', ')}} that does not satisfy the requirement \`${wanted}\`.`,
    );
  }
  return list as readonly number[];
}

/** The padding in lower case; `valid` without any. Throws `ValueError` for what is none. */
export function paddingOf(value: string | null | undefined): WindowPadding {
  const padding = (value ?? 'valid').toLowerCase();
  if (padding !== 'valid' && padding !== 'same' && padding !== 'causal') {
    throw new ValueError(
      `The \`padding\` argument must be a list/tuple or one of "valid", "same" (or "causal", only for \`Conv1D). Received: ${padding}`,
    );
  }
  return padding;
}

/** The layout in lower case, that of the settings where it is null. Throws `ValueError` for what is none. */
export function dataFormatOf(value: string | null | undefined): ImageDataFormat {
  const format = (value ?? imageDataFormat()).toLowerCase();
  if (format !== 'channels_first' && format !== 'channels_last') {
    throw new ValueError(
      `The \`data_format\` argument must be one of "channels_first", "channels_last". Received: ${value}`,
    );
  }
  return format;
}

const LAST = ['NWC', 'NHWC', 'NDHWC'];
const FIRST = ['NCW', 'NCHW', 'NCDHW'];

/** The layout as ops write it. */
export function opFormat(format: ImageDataFormat, spatial: number): string {
  return (format === 'channels_first' ? FIRST : LAST)[spatial - 1];
}

/** Sizes of the spatial axes as sizes of all. */
export function everyAxis(sizes: readonly number[], format: ImageDataFormat): readonly number[] {
  return format === 'channels_first' ? [1, 1, ...sizes] : [1, ...sizes, 1];
}

/** The number of windows along an axis. */
export function outputLength(length: Dim, window: number, padding: WindowPadding, stride: number, dilation = 1): Dim {
  if (length === null) return null;
  const places = padding === 'valid' ? length - (window + (window - 1) * (dilation - 1)) + 1 : length;
  return Math.floor((places + stride - 1) / stride);
}

/** How long the output of a transposed convolution is, as `scale * length + shift`. */
export function enlargement(
  window: number,
  padding: WindowPadding,
  outputPadding: number | null,
  stride: number,
  dilation: number,
): { readonly scale: number; readonly shift: number } {
  if (padding === 'causal') throw new AssertionError('A transposed convolution has no causal padding.');
  const size = window + (window - 1) * (dilation - 1);
  if (outputPadding === null) return { scale: stride, shift: padding === 'valid' ? Math.max(size - stride, 0) : 0 };
  const pad = padding === 'same' ? Math.floor(size / 2) : 0;
  return { scale: stride, shift: size - 2 * pad + outputPadding - stride };
}

/** The shape with other lengths of its spatial axes, and another number of channels where one is given. */
export function withSpatial(
  shape: LayerShape,
  format: ImageDataFormat,
  lengths: (length: Dim, axis: number) => Dim,
  channels?: Dim,
): LayerShape {
  const [batch, ...others] = shape;
  if (format === 'channels_first') {
    const [depth, ...spatial] = others;
    return [batch, channels === undefined ? depth : channels, ...spatial.map(lengths)];
  }
  const spatial = others.slice(0, -1);
  return [batch, ...spatial.map(lengths), channels === undefined ? others[others.length - 1] : channels];
}
