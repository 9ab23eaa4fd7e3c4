/**
 * The geometry of sliding windows, which convolutions and pools share: output sizes and padding along one axis, and
 * where the axes of an image lie in a data format. Numbers only; ops, kernels and lowering build on it.
 */

export type Padding = 'SAME' | 'VALID' | 'EXPLICIT';

/** A window over an image as the attributes of an op give it, one number an axis. */
export interface Window {
  readonly ksize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly explicit: readonly number[];
  readonly dataFormat: string;
}

/** A window sliding along one axis. */
export interface WindowAxis {
  readonly size: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  /** How often the window fits; negative or zero where it does not. */
  readonly out: number;
}

/** A window from one dilated tap to the last. */
export function extent(window: number, dilation: number): number {
  return (window - 1) * dilation + 1;
}

/** @param pads before and after; only EXPLICIT padding reads them */
export function windowAxis(
  size: number,
  window: number,
  stride: number,
  dilation: number,
  padding: Padding,
  pads: readonly [number, number] = [0, 0],
): WindowAxis {
  const span = extent(window, dilation);
  let [before, after] = padding === 'EXPLICIT' ? pads : [0, 0];
  let out: number;
  if (padding === 'SAME') {
    out = Math.ceil(size / stride);
    const total = Math.max(0, (out - 1) * stride + span - size);
    before = Math.floor(total / 2);
    after = total - before;
  } else {
    out = Math.floor((size + before + after - span) / stride) + 1;
  }
  return { size, window, stride, dilation, before, after, out };
}

/** Where batch, channel and the first spatial axis lie. */
export interface Layout {
  readonly channel: number;
  /** The axes between, in order. */
  readonly spatial: readonly number[];
}

/** The layout of `NHWC`, `NCHW`, `NDHWC`, … for arrays of this rank. */
export function layoutOf(dataFormat: string, rank = 4): Layout {
  const channelFirst = dataFormat.startsWith('NC');
  return {
    channel: channelFirst ? 1 : rank - 1,
    spatial: Array.from({ length: rank - 2 }, (_, i) => i + (channelFirst ? 2 : 1)),
  };
}

/** The pads before and after an axis, from the flat `explicit_paddings` attribute. */
export function padsOf(explicit: readonly number[], axis: number): readonly [number, number] {
  return [explicit[2 * axis] ?? 0, explicit[2 * axis + 1] ?? 0];
}
