/**
 * What the layers that pad and that crop share: how many rows, columns and so on before and after, and the lengths that
 * follow. The layers are in `zero-padding.ts` and `cropping.ts`.
 */
import { ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { LayerShape } from '../../engine/nest.ts';
import { sizesOf } from '../convolution/geometry.ts';

/** How many before, how many after. */
export type Margin = readonly [before: number, after: number];

/** One number for all sides, one for both sides of each axis, or one for each side. */
export type Margins = number | readonly (number | readonly number[])[];

const NTH = ['1st', '2nd', '3rd'];
const COUNT = ['no', 'one', 'two', '3'];

interface Words {
  /** The argument: `padding` or `cropping`. */
  readonly name: string;
  /** What the forms of a list are called in the error's message. */
  readonly forms: string;
}

/** The margins of each axis. Throws `ValueError`, in Keras's words, for what gives none. */
export function marginsOf(value: unknown, count: number, { name, forms }: Words): readonly Margin[] {
  if (typeof value === 'number') return Array.from({ length: count }, () => [value, value] as const);
  if (!Array.isArray(value)) {
    throw new ValueError(`\`${name}\` should be either an int, ${forms}. Received: ${value ?? 'None'}.`);
  }
  if (value.length !== count) {
    throw new ValueError(`\`${name}\` should have ${COUNT[count]} elements. Received: ${formatTuple(value)}.`);
  }
  return value.map((item, i) => sizesOf(item, 2, `${NTH[i]} entry of ${name}`, true) as Margin);
}

/** The shape with the margins added (`sign` 1) or taken away (-1), where `first` is the first axis that has them. */
export function withMargins(shape: LayerShape, margins: readonly Margin[], first: number, sign: 1 | -1): LayerShape {
  return shape.map((length, axis) => {
    const margin = margins[axis - first];
    return length === null || margin === undefined ? length : length + sign * (margin[0] + margin[1]);
  });
}
