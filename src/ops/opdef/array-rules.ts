/**
 * What array ops work out from shapes and numbers alone: shared by their shape rules, folding, host kernels and lowering.
 */
import { type DType, float32 } from '../../util/dtype.ts';
import { ShapeError } from './define.ts';

/** Per operand the axes of the result along which it was broadcast. */
export function broadcastReductions(a: readonly number[], b: readonly number[]): [number[], number[]] {
  const rank = Math.max(a.length, b.length);
  const result: [number[], number[]] = [[], []];
  // Of operands of the same shape nothing is summed, though axes of length 1 would count as broadcast.
  if (a.length === b.length && a.every((d, i) => d === b[i])) return result;
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === 1) result[0].push(i);
    if (y === 1) result[1].push(i);
  }
  return result;
}

/** The beginnings of arrays of these shapes, put one after the other along `axis`. */
export function concatOffsets(axis: number, shapes: readonly (readonly number[])[]): number[][] {
  let position = 0;
  const at = axis < 0 ? axis + shapes[0].length : axis;
  return shapes.map((shape) => {
    const offset = shape.map((_, i) => (i === at ? position : 0));
    position += shape[at];
    return offset;
  });
}

/** Per axis whether it is among `axes`. Throws `ShapeError` for an axis that does not exist or is named twice. */
export function reversedAxes(axes: readonly number[], rank: number): boolean[] {
  const reversed = new Array<boolean>(rank).fill(false);
  axes.forEach((axis, i) => {
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank) throw new ShapeError(`'axis'[${i}] = ${axis} is out of valid range [0, ${rank - 1}]`);
    if (reversed[at]) throw new ShapeError(`axis ${at} specified more than once.`);
    reversed[at] = true;
  });
  return reversed;
}

/** The number of elements of a range. Throws `ShapeError` where the step leads away from the limit. */
export function rangeLength(start: number, limit: number, delta: number, dtype: DType): number {
  if (delta === 0) throw new ShapeError('Requires delta != 0');
  if (delta > 0 && start > limit) throw new ShapeError(`Requires start <= limit when delta > 0: ${start}/${limit}`);
  if (delta < 0 && start < limit) throw new ShapeError(`Requires start >= limit when delta < 0: ${start}/${limit}`);
  const round = dtype === float32 ? Math.fround : (x: number) => x;
  return Math.ceil(Math.abs(round(round(limit - start) / delta)));
}
