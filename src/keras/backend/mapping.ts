/** Functions along the first axis of tensors, under Keras's names and with its arguments. The loops are `ops/map-fn.ts`'s. */
import * as maps from '../../ops/map-fn.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import type { DTypeLike } from '../../util/dtype.ts';

interface MapOptions {
  readonly name?: string | null;
  /** The type of what the function gives, where it is not that of the elements. */
  readonly dtype?: DTypeLike | null;
}
interface FoldOptions<A> {
  /** What goes in beside the first element; without it, an element itself. */
  readonly initializer?: A | null;
  readonly name?: string | null;
}
type FoldRest<A> = Rest<[initializer: A | null, name: string | null], FoldOptions<A>>;

/**
 * What `fn` gives for each element of `elems` along the first axis, stacked: `tf.mapFn`.
 *
 *     K.mapFn((row) => K.sum(row), x)
 */
export function mapFn<const E, const R = maps.Tensors<E>>(
  fn: (elem: maps.Tensors<E>) => R,
  elems: E,
  ...rest: Rest<[name: string | null, dtype: DTypeLike | null], MapOptions>
): maps.Tensors<R> {
  const { name, dtype } = bind<MapOptions>(['name', 'dtype'], rest);
  return maps.mapFn<E, R>(fn, elems, { name, dtype });
}

/**
 * What `fn` of the result so far and an element gives, from the first element to the last: `tf.foldl`.
 *
 *     K.foldl((sum, x) => sum.add(x), K.constant([1, 2, 3]))   // 6
 */
export function foldl<const E, const A = E>(
  fn: (accumulated: maps.Tensors<A>, elem: maps.Tensors<E>) => unknown,
  elems: E,
  ...rest: FoldRest<A>
): maps.Tensors<A> {
  const { initializer, name } = bind<FoldOptions<A>>(['initializer', 'name'], rest);
  return maps.foldl<E, A>(fn, elems, { initializer, name });
}

/** As `foldl`, from the last element to the first. */
export function foldr<const E, const A = E>(
  fn: (accumulated: maps.Tensors<A>, elem: maps.Tensors<E>) => unknown,
  elems: E,
  ...rest: FoldRest<A>
): maps.Tensors<A> {
  const { initializer, name } = bind<FoldOptions<A>>(['initializer', 'name'], rest);
  return maps.foldr<E, A>(fn, elems, { initializer, name });
}
