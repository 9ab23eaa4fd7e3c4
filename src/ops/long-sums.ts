/**
 * Long sums as sums of short ones, for targets that add up naively. The reductions themselves are in `reductions.ts`.
 */
import { float32 } from '../util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../util/shape.ts';
import type { OpView } from './opdef/define.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

/** The longest run of numbers that targets with naive summation can be trusted with. */
const MAX_SUMMANDS = 256;

/** The reduced axes from the front, in order; null where they or the shape are not known. */
function knownAxes<V>(op: OpView<V>, $: Vocabulary<V>): { shape: KnownShape; axes: number[]; count: number } | null {
  const shape = $.shapeOf(op.inputs[0]);
  const indices = $.constantValue(op.inputs[1]);
  if ($.dtypeOf(op.inputs[0]) !== float32 || !isFullyDefined(shape) || !indices) return null;
  const given = Array.from({ length: indices.size }, (_, i) => Number(indices.data[i] as number | bigint));
  const axes = [...new Set(given.map((axis) => (axis < 0 ? axis + shape.length : axis)))].sort((a, b) => a - b);
  return { shape, axes, count: sizeOf(axes.map((axis) => shape[axis])) };
}

/** A long sum as a sum of short ones; null where its length has no divisor to split it by. */
export function splitSum<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const known = knownAxes(op, $);
  const out = $.shapeOf(op.outputs[0]);
  if (!known || !isFullyDefined(out) || known.count <= MAX_SUMMANDS) return null;
  const { shape, axes } = known;
  const last = axes[axes.length - 1];
  const first = axes.findIndex((axis, i) => axes.slice(i).every((a, k) => a === axis + k));
  if (first > 0) {
    // Axes that do not lie together are summed one group after the other.
    const inner = $.sum(op.inputs[0], axes.slice(first), true);
    return [$.reshape($.sum(inner, axes.slice(0, first), true), out)];
  }
  const [before, after] = [sizeOf(shape.slice(0, axes[0])), sizeOf(shape.slice(last + 1))];
  const { count } = known;
  let part = MAX_SUMMANDS;
  while (part > 1 && count % part !== 0) part--;
  if (part === 1) return null;
  const partial = $.sum($.reshape(op.inputs[0], [before, count / part, part, after]), [2]);
  return [$.reshape($.sum(partial, [1]), out)];
}

/** A long mean as a sum divided by the count. */
export function meanBySum<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const known = knownAxes(op, $);
  if (!known || known.count <= MAX_SUMMANDS) return null;
  const sum = $.sum(op.inputs[0], op.inputs[1], op.attr<boolean>('keep_dims'));
  return [$.div(sum, known.count)];
}
