/**
 * The functions of the Keras backend that move elements: reshaping, joining, repeating, indexing. Padding and images are
 * in `spatial.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { range } from '../../ops/filling.ts';
import * as gathering from '../../ops/gather.ts';
import { vector } from '../../ops/indices.ts';
import { concat, split, stack as stackAlong } from '../../ops/joining.ts';
import { oneHot as oneHotOf } from '../../ops/selection.ts';
import * as shaping from '../../ops/shaping.ts';
import { reverse as reverseAlong } from '../../ops/slicing.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { tile as tileBy } from '../../ops/tiling.ts';
import { asDType, type DTypeLike, int32 } from '../../util/dtype.ts';
import { AssertionError, ValueError } from '../../util/errors.ts';
import type { Dim } from '../../util/shape.ts';
import { build, operand } from './operands.ts';
import { prod } from './reductions.ts';

/** The shape in the run: an int32 vector. `intShape` is what is known before it. */
export function shape(x: TensorLike): Tensor {
  return shaping.shape(x);
}

/**
 * The same elements in another shape; -1 stands for what is left over.
 *
 *     K.reshape(x, [-1, 28, 28, 1])
 */
export function reshape(x: TensorLike, shape: TensorLike): Tensor {
  return shaping.reshape(x, shape);
}

/** The axes in another order: axis `i` of the result is axis `pattern[i]` of `x`. */
export function permuteDimensions(x: TensorLike, pattern: readonly number[] | Tensor): Tensor {
  return shaping.transpose(x, pattern);
}

/** All axes in reverse order. */
export function transpose(x: TensorLike): Tensor {
  return shaping.transpose(x);
}

/** A new axis of length 1 at `axis`, the last without it. */
export function expandDims(x: TensorLike, ...rest: Rest<[axis: number], { readonly axis?: number }>): Tensor {
  const { axis = -1 } = bind<{ axis: number }>(['axis'], rest);
  return shaping.expandDims(x, axis);
}

/** Takes away the axis `axis`, which must be of length 1. */
export function squeeze(
  x: TensorLike,
  ...rest: readonly [axis: number] | readonly [options: { readonly axis: number }]
): Tensor {
  const { axis } = bind<{ axis: number }>(['axis'], rest);
  return shaping.squeeze(x, axis === undefined ? null : [axis]);
}

/** All elements as a vector. */
export function flatten(x: TensorLike): Tensor {
  return shaping.reshape(x, [-1]);
}

/** All axes after the first as one: a matrix. */
export function batchFlatten(x: TensorLike): Tensor {
  return build([x], () => {
    const value = operand(x);
    const others = prod(shape(value).slice({ start: 1 }));
    return shaping.reshape(value, stackAlong([-1, others]));
  });
}

/**
 * The tensors one after the other along `axis`, the last without it.
 *
 *     K.concatenate([a, b], 1)
 */
export function concatenate(
  tensors: readonly TensorLike[],
  ...rest: Rest<[axis: number], { readonly axis?: number }>
): Tensor {
  const { axis = -1 } = bind<{ axis: number }>(['axis'], rest);
  return build(tensors, () => {
    const values = tensors.map(operand);
    const rank = values[0]?.shape?.length ?? 0;
    return concat(values, axis >= 0 ? axis : rank > 0 ? ((axis % rank) + rank) % rank : 0);
  });
}

/** The tensors, all of one shape, along a new axis: the first without `axis`. */
export function stack(x: readonly TensorLike[], ...rest: Rest<[axis: number], { readonly axis?: number }>): Tensor {
  const { axis = 0 } = bind<{ axis: number }>(['axis'], rest);
  return stackAlong(x, axis);
}

/**
 * Each element `rep` times in a row along `axis`, as NumPy's `repeat`.
 *
 *     K.repeatElements(x, 2, 1)   // [a, b] along axis 1 becomes [a, a, b, b]
 */
export function repeatElements(x: TensorLike, rep: number, axis: number | { readonly axis: number }): Tensor {
  const given = typeof axis === 'number' ? axis : axis.axis;
  return build([x], () => {
    const value = operand(x);
    const known = value.shape;
    if (known === null) throw new ValueError('as_list() is not defined on an unknown TensorShape.');
    const at = given < 0 ? given + known.length : given;
    const length = known[at];
    if (length === undefined) {
      throw new ValueError(`axis ${given} is out of range for a tensor of ${known.length} axes.`);
    }
    if (length !== null) {
      const slices = split(value, length, at);
      return concatenate(
        slices.flatMap((slice) => new Array<Tensor>(rep).fill(slice)),
        at,
      );
    }
    return repeatUnknown(value, known, rep, at);
  });
}

/** Copies along an axis of their own, which is then merged with the one before it. */
function repeatUnknown(value: Tensor, known: readonly Dim[], rep: number, at: number): Tensor {
  const copies = known.map(() => 1);
  copies.splice(at + 1, 0, rep);
  const tiled = tileBy(shaping.expandDims(value, at + 1), vector(...copies));
  const factors = known.map((_, i) => (i === at ? rep : 1));
  const merged = shaping.reshape(tiled, shape(value).mul(vector(...factors)));
  merged.setShape(known);
  return merged;
}

/**
 * A matrix `[batch, width]` `n` times: `[batch, n, width]`.
 *
 *     K.repeat(x, 3)
 */
export function repeat(x: TensorLike, n: number | TensorLike): Tensor {
  return build([x, n], () => {
    const value = operand(x);
    if (value.shape?.length !== 2) {
      throw new AssertionError(`repeat takes a matrix, not a tensor of shape ${value.getShape()}.`);
    }
    const widened = shaping.expandDims(value, 1);
    return tileBy(widened, typeof n === 'number' ? vector(1, n, 1) : stackAlong([1, n, 1]));
  });
}

interface ArangeOptions {
  readonly stop?: TensorLike | null;
  readonly step?: TensorLike;
  readonly dtype?: DTypeLike;
}

/**
 * The numbers from `start` up to but without `stop` in steps of `step`; with one number from 0 up to it. Whole numbers are
 * int32 unless `dtype` says otherwise.
 *
 *     K.arange(3)                            // [0, 1, 2]
 *     K.arange(0, 1, 0.25)                   // float32
 *     K.arange(2, 8, {dtype: 'float32'})
 */
export function arange(
  start: TensorLike,
  ...rest: Rest<[stop: TensorLike | null, step: TensorLike, dtype: DTypeLike], ArangeOptions>
): Tensor {
  const { stop = null, step = 1, dtype } = bind<ArangeOptions>(['stop', 'step', 'dtype'], rest);
  return build([start, stop, step], () => {
    const first = stop === null && typeof start === 'number' && start < 0 ? 0 : start;
    const numbers = range(first, { limit: stop, delta: step, name: 'arange' });
    const wanted = asDType(dtype ?? int32);
    return wanted === int32 ? numbers : cast(numbers, wanted);
  });
}

/** `x` repeated as a whole, `n[i]` times along axis `i`; a number stands for the one axis of a vector. */
export function tile(x: TensorLike, n: number | readonly number[] | Tensor): Tensor {
  if (typeof n === 'number') return tileBy(x, vector(n));
  return tileBy(x, Array.isArray(n) ? vector(...n) : (n as Tensor));
}

/** The elements in reverse order along the axes. */
export function reverse(
  x: TensorLike,
  axes: number | readonly number[] | { readonly axes: number | readonly number[] },
): Tensor {
  const along = typeof axes === 'object' && 'axes' in axes ? axes.axes : axes;
  return reverseAlong(x, typeof along === 'number' ? vector(along) : vector(...along));
}

/**
 * A new last axis of length `numClasses`: 1 at the index, 0 elsewhere.
 *
 *     K.oneHot([0, 2], 3)   // [[1, 0, 0], [0, 0, 1]]
 */
export function oneHot(indices: TensorLike, numClasses: TensorLike): Tensor {
  return oneHotOf(indices, numClasses, { axis: -1 });
}

/** The rows of `reference` (a tensor or variable) at `indices`. */
export function gather(reference: TensorLike, indices: TensorLike): Tensor {
  return gathering.gather(reference, indices);
}
