/** `tf.vectorizedMap`: a function along the first axis whose results may be of any structure. The loop is `mapFn`'s. */
import type { Tensor } from '../graph/graph.ts';
import type { DType } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { convertToTensor, graphOf, opScope } from './emit.ts';
import { newBody } from './functions.ts';
import { mapFn, type Tensors } from './map-fn.ts';
import { flatten, isPlainNode, pack } from './nest.ts';
import { placeholder } from './placeholders.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

export interface VectorizedMapOptions {
  /** Accepted; there is a loop in any case. */
  readonly fallbackToWhileLoop?: boolean;
  /** Accepted. */
  readonly warn?: boolean;
}

/**
 * Applies `fn` to each element of `elems` along the first axis, and stacks what it gives, in its structure and with its types,
 * which need not be said. A tensor whose length is 1 goes with all elements of the others. Elements are gone through in a loop:
 * results and shapes are those of TensorFlow, which computes all elements at once. `fn` is called twice, to see the types and to
 * build the loop: it may not make variables. Throws `ValueError` for scalars and lengths that differ.
 *
 *     tf.vectorizedMap((row) => tf.reduceSum(row.square()), x)               // [rows]
 *     tf.vectorizedMap(([a, w]) => tf.matmul(a, w), [batches, oneKernel])    // the kernel is `[1, …]`
 */
export function vectorizedMap<const E, const R>(
  fn: (elem: Tensors<E>) => R,
  elems: E,
  ...rest: Rest<[fallbackToWhileLoop: boolean, warn: boolean], VectorizedMapOptions>
): Tensors<R> {
  bind<VectorizedMapOptions>(['fallbackToWhileLoop', 'warn'], rest);
  if (typeof fn !== 'function') throw new TypeError(`${String(fn)} is not callable.`);
  const given = flatten<TensorLike>(elems as never);
  if (given.length === 0) {
    throw new ValueError('elems must be a Tensor or (possibly nested) sequence of Tensors. Got none.');
  }
  return graphOf(given).asDefault(() =>
    opScope(null, 'vectorized_map', given, () => {
      const tensors = given.map((value) => convertToTensor(value));
      for (const { shape } of tensors) {
        if (shape?.length === 0) {
          throw new ValueError('Elements in elems must be 1+ dimensional Tensors, not scalars');
        }
      }
      const isOne = tensors.map(({ shape }) => shape?.[0] === 1);
      const isAlone = isOne.every((one) => one);
      const along = tensors.filter((_, k) => isAlone || !isOne[k]);
      // What goes with all elements is taken once, outside of the loop.
      const fixed = tensors.map((tensor, k) => (!isAlone && isOne[k] ? tensor.slice(0) : null));
      const call = (rows: readonly Tensor[]): unknown => {
        let next = 0;
        const elem = fixed.map((one) => one ?? rows[next++]);
        return fn(pack(elems, elem) as Tensors<E>);
      };
      const body = newBody('vectorized_map');
      const dtype = body.asDefault(() => {
        const rows = along.map((tensor) => placeholder(tensor.dtype, tensor.shape?.slice(1) ?? null));
        const result = call(rows);
        const dtypes = flatten<TensorLike>(result as never).map((value): DType => convertToTensor(value).dtype);
        return isPlainNode(result) ? pack(result, dtypes) : dtypes[0];
      });
      return mapFn(call as never, along as never, { dtype, name: 'loop' }) as Tensors<R>;
    }),
  );
}
