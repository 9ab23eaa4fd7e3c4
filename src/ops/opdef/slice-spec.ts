/**
 * What a strided slice selects: the masks and vectors of `StridedSlice` resolved against the shape of its input. Shape
 * rule, folding, host kernel and lowering share it.
 */
import type { Dim, Shape } from '../../util/shape.ts';
import { ShapeError } from './define.ts';

/** The operands of a strided slice; a vector is null where it is not known. `count` is the vectors' length. */
export interface SliceSpecOf {
  readonly count: number;
  readonly begin: readonly number[] | null;
  readonly end: readonly number[] | null;
  readonly strides: readonly number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
}

/** A selection, per axis of the input. Elements are null where they are not known before a run. */
export interface ResolvedSlice {
  readonly begin: readonly Dim[];
  readonly strides: readonly number[];
  /** The lengths of the selection, axes of one index included. */
  readonly lengths: readonly Dim[];
  /** The lengths with new axes in and dropped axes out: the shape of the result. */
  readonly shape: readonly Dim[];
}

/** The masks of a `StridedSlice` or `StridedSliceGrad`. */
export function sliceMasks(attr: (name: string) => unknown) {
  const mask = (name: string) => Number(attr(name));
  return {
    beginMask: mask('begin_mask'),
    endMask: mask('end_mask'),
    ellipsisMask: mask('ellipsis_mask'),
    newAxisMask: mask('new_axis_mask'),
    shrinkAxisMask: mask('shrink_axis_mask'),
  };
}

interface Part {
  begin: number | null;
  end: number | null;
  stride: number;
  beginMasked: boolean;
  endMasked: boolean;
  shrink: boolean;
}

const WHOLE: Part = { begin: 0, end: 0, stride: 1, beginMasked: true, endMasked: true, shrink: false };
const NEW_AXIS = -1;

/** Resolves the slice; null where not even the rank of the result follows. Throws `ShapeError` with TensorFlow's texts. */
export function resolveSlice(input: Shape, spec: SliceSpecOf): ResolvedSlice | null {
  if (input === null) return null;
  const { parts, layout } = spread(spec, input.length);
  const begin: Dim[] = [];
  const lengths: Dim[] = [];
  parts.forEach((part, i) => {
    const [b, length] = resolvePart(part, input[i], i);
    begin.push(b);
    lengths.push(length);
  });
  const shape = layout.filter((i) => i === NEW_AXIS || !parts[i].shrink).map((i) => (i === NEW_AXIS ? 1 : lengths[i]));
  return { begin, strides: parts.map((p) => p.stride), lengths, shape };
}

/** One part per input axis, and the order in which axes and new axes make up the result. */
function spread(spec: SliceSpecOf, rank: number): { parts: Part[]; layout: number[] } {
  const parts: Part[] = [];
  const layout: number[] = [];
  const bit = (mask: number, i: number) => ((mask >> i) & 1) === 1;
  const ellipsis = Array.from({ length: spec.count }, (_, i) => i).find((i) => bit(spec.ellipsisMask, i)) ?? spec.count;
  if (spec.ellipsisMask & (spec.ellipsisMask - 1)) throw new ShapeError('Multiple ellipses in slice spec not allowed');
  const taken = (i: number) => i !== ellipsis && !bit(spec.newAxisMask, i);
  const used = Array.from({ length: spec.count }, (_, i) => Number(taken(i))).reduce((a, b) => a + b, 0);
  const add = (part: Part) => {
    if (parts.length === rank) {
      throw new ShapeError(`Index out of range using input dim ${rank}; input has only ${rank} dims`);
    }
    layout.push(parts.length);
    parts.push(part);
  };
  for (let i = 0; i <= spec.count; i++) {
    if (i === ellipsis) for (let n = used; n < rank; n++) add(WHOLE);
    else if (i === spec.count) break;
    else if (bit(spec.newAxisMask, i)) layout.push(NEW_AXIS);
    else
      add({
        begin: spec.begin?.[i] ?? null,
        end: spec.end?.[i] ?? null,
        stride: spec.strides[i],
        beginMasked: bit(spec.beginMask, i),
        endMasked: bit(spec.endMask, i),
        shrink: bit(spec.shrinkAxisMask, i),
      });
  }
  return { parts, layout };
}

function resolvePart(part: Part, dim: Dim, axis: number): [begin: Dim, length: Dim] {
  const { stride, shrink } = part;
  if (stride === 0) throw new ShapeError(`strides[${axis}] must be non-zero`);
  if (shrink && stride < 0) throw new ShapeError('only stride 1 allowed on non-range indexing.');
  const whole = part.beginMasked && part.endMasked && !shrink;
  if (dim === null) return [whole && stride > 0 ? 0 : null, shrink ? 1 : null];
  if (shrink) return [part.begin === null ? null : indexOf(part.begin, dim, axis), 1];
  const low = stride > 0 ? 0 : -1;
  const high = stride > 0 ? dim : dim - 1;
  const clamp = (x: number) => Math.min(Math.max(x < 0 ? x + dim : x, low), high);
  const known = (x: number | null) => (x === null ? null : clamp(x));
  const begin = part.beginMasked ? (stride > 0 ? low : high) : known(part.begin);
  const end = part.endMasked ? (stride > 0 ? high : low) : known(part.end);
  if (begin === null || end === null) return [begin, null];
  return [begin, Math.max(0, Math.ceil((end - begin) / stride))];
}

function indexOf(index: number, dim: number, axis: number): number {
  const position = index < 0 ? index + dim : index;
  if (position < 0 || position >= dim)
    throw new ShapeError(`slice index ${position} of dimension ${axis} out of bounds.`);
  return position;
}
