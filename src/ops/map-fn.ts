/**
 * `tf.mapFn`, `tf.scan`, `tf.foldl`, `tf.foldr`: functions along the first axis of tensors, as loops over arrays of tensors. The
 * loop itself is `while-loop.ts`, the arrays `tensor-array.ts`.
 */
import { Tensor } from '../graph/graph.ts';
import { asDType, type DType, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { asShape, type Dim, type Shape, type ShapeLike } from '../util/shape.ts';
import { add } from './arithmetic.ts';
import { greater, greaterEqual, less } from './comparison.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { flatten, type IsNode, isPlainNode, keysOf, pack } from './nest.ts';
import { shape as shapeOf } from './shaping.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { TensorArray } from './tensor-array.ts';
import { bind, type Rest, type TensorConvertible, type TensorLike } from './tensor-like.ts';
import { whileLoop } from './while-loop.ts';

/** A structure with tensors in the place of values. */
export type Tensors<V> = V extends Tensor | number | bigint | boolean | string | NdArray | ArrayBufferView
  ? Tensor
  : V extends TensorConvertible
    ? Tensor
    : V extends readonly unknown[]
      ? { -readonly [K in keyof V]: Tensors<V[K]> }
      : V extends object
        ? { -readonly [K in keyof V]: Tensors<V[K]> }
        : Tensor;

interface LoopOptions {
  /** Accepted; elements are gone through one after the other. */
  readonly parallelIterations?: number | null;
  /** Accepted; whether a gradient is wanted is seen when it is asked for. */
  readonly backProp?: boolean;
  /** Accepted; there is one memory. */
  readonly swapMemory?: boolean;
  readonly name?: string | null;
}

export interface MapFnOptions extends LoopOptions {
  /** The types of what `fn` gives, in its structure, where these are not those of `elems`. */
  readonly dtype?: unknown;
  /** Whether the results of all elements have one shape. */
  readonly inferShape?: boolean;
  /** As `dtype`; in the place of a type there may be `{shape, dtype}`. */
  readonly fnOutputSignature?: unknown;
}

export interface ScanOptions<A> extends LoopOptions {
  /** What goes in beside the first element; without it, the first element is the first result. */
  readonly initializer?: A | null;
  /** Whether the results of all elements have one shape, that of the initializer. */
  readonly inferShape?: boolean;
  /** Whether to begin at the end. */
  readonly reverse?: boolean;
}

export interface FoldOptions<A> extends LoopOptions {
  /** What goes in beside the first element; without it, the first element itself. */
  readonly initializer?: A | null;
}

/** A tensor has a name too, so that TypeScript would take an initializer for options; what has a dtype is none. */
type NotTensor = { readonly dtype?: never };

interface Signature {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * Applies `fn` to each element of `elems` along the first axis, and stacks what it gives. `elems` is a tensor, or a list or
 * object of tensors of the same length in any nesting, which `fn` then gets in the same structure; it may give another
 * structure, whose types `dtype` says. `fn` is called once, to build; elements are gone through in order. Lists are structures:
 * a value to map over is a tensor or an `NdArray`. Throws `ValueError` for scalars, lengths that differ, and a result that is
 * not of the structure that was said. A result of another type than was said fails in the run, with `InvalidArgumentError`.
 *
 *     tf.mapFn((row) => tf.reduceSum(row), x)
 *     tf.mapFn(([a, b]) => [a.add(b), a.sub(b)], [x, y])
 *     tf.mapFn((s) => tf.strings.length(s), words, {dtype: tf.int32})
 */
export function mapFn<const E, const R = Tensors<E>>(
  fn: (elem: Tensors<E>) => R,
  elems: E,
  ...rest: Rest<
    [
      dtype: unknown,
      parallelIterations: number | null,
      backProp: boolean,
      swapMemory: boolean,
      inferShape: boolean,
      name: string | null,
      fnOutputSignature: unknown,
    ],
    MapFnOptions
  >
): Tensors<R> {
  const options = bind<MapFnOptions>(MAP_POSITIONS, rest);
  const { inferShape = true } = options;
  callable(fn);
  const parallelIterations = options.parallelIterations || 10;
  const given = flatten<unknown>(elems);
  if (given.length === 0) {
    throw new ValueError(
      `elems must be a Tensor or (possibly nested) sequence of Tensors. Got ${JSON.stringify(elems)}, which does not contain any Tensors.`,
    );
  }
  const wanted = options.fnOutputSignature ?? options.dtype ?? null;
  const results = wanted === null ? null : flatten<unknown>(wanted, isSignatureNode).map(signatureOf);
  return opScope(options.name, 'map', given, () => {
    const tensors = elements(given);
    const length = commonLength(tensors);
    const count = length || lengthOf(tensors[0]);
    const arrays = tensors.map((tensor) => arrayOf(tensor, count));
    const start = convertToTensor(0, { dtype: int32 });
    const outputs = (results ?? tensors.map(({ dtype }): Signature => ({ dtype, shape: null }))).map(
      ({ dtype, shape }) => new TensorArray(dtype, { size: count, inferShape, elementShape: shape }),
    );
    const body = (i: Tensor, written: readonly TensorArray[]) => {
      const elem = pack(
        elems,
        arrays.map((array) => array.read(i)),
      );
      const result = fn(elem as Tensors<E>) as unknown;
      sameStructure(wanted === null ? elems : wanted, result, wanted === null ? isPlainNode : isSignatureNode);
      const values = flatten<unknown>(result).map(notNull);
      return [add(i, 1), written.map((array, k) => array.write(i, values[k] as TensorLike))];
    };
    const [, filled] = whileLoop((i: Tensor) => less(i, count), body, [start, outputs], {
      parallelIterations,
      maximumIterations: count,
    }) as unknown as [Tensor, TensorArray[]];
    const stacked = filled.map((array) => stackedAs(array, length));
    return pack(
      wanted === null ? elems : wanted,
      stacked,
      wanted === null ? isPlainNode : isSignatureNode,
    ) as Tensors<R>;
  });
}

/**
 * Goes along the first axis of `elems` with `fn`, which gets what it gave for the element before and the element, and stacks
 * all that it gives. For the first element it gets `initializer`; without one, the first element is the first result as it is.
 * Structures and errors are as for `mapFn`; `fn` gives the structure and types of the initializer.
 *
 *     tf.scan((sum, x) => sum.add(x), tf.constant([1, 2, 3]))                        // [1, 3, 6]
 *     tf.scan((sum, x) => sum.add(x), tf.constant([1, 2, 3]), {reverse: true})       // [6, 5, 3]
 *     tf.scan(([a, b], _) => [b, a.add(b)], tf.zeros([6]), {initializer: [0, 1]})    // two of Fibonacci
 */
export function scan<const E, const A = E>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  options?: ScanOptions<A> & NotTensor,
): Tensors<A>;
export function scan<const E, const A = E>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  ...rest: Rest<
    [
      initializer: A | null,
      parallelIterations: number,
      backProp: boolean,
      swapMemory: boolean,
      inferShape: boolean,
      reverse: boolean,
      name: string | null,
    ],
    ScanOptions<A>
  >
): Tensors<A>;
export function scan<E, A>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  ...rest: readonly unknown[]
): Tensors<A> {
  const options = bind<ScanOptions<A>>(SCAN_POSITIONS, rest);
  const { initializer = null, inferShape = true, reverse = false, parallelIterations } = options;
  callable(fn);
  const given = flatten<unknown>(elems);
  const structure = initializer === null ? elems : initializer;
  return opScope(options.name, 'scan', given, () => {
    const tensors = elements(given);
    const count = tensors[0].shape?.[0] ?? lengthOf(tensors[0]);
    const arrays = tensors.map((tensor) => arrayOf(tensor, count, restOf(tensor.shape)));
    const first = () => (reverse ? minus(count, 1) : 0);
    const initial =
      initializer === null
        ? arrays.map((array) => array.read(first()))
        : flatten<unknown>(initializer).map((value) => convertToTensor(value as TensorLike));
    const empty = initial.map(
      ({ dtype, shape }) =>
        new TensorArray(dtype, { size: count, inferShape, elementShape: inferShape ? shape : null }),
    );
    const outputs = initializer === null ? empty.map((array, k) => array.write(first(), initial[k])) : empty;
    const done = initializer === null ? 1 : 0;
    const start = reverse ? minus(minus(count, 1), done) : done;
    const body = (i: Tensor, flat: readonly Tensor[], written: readonly TensorArray[]) => {
      const elem = pack(
        elems,
        arrays.map((array) => array.read(i)),
      );
      const result = fn(pack(structure, flat) as Tensors<A>, elem as Tensors<E>);
      sameStructure(structure, result);
      const values = flatten<unknown>(result).map((value) => notNull(value) as TensorLike);
      const next = written.map((array, k) => array.write(i, values[k]));
      return [reverse ? emitOne('Sub', [i, 1], {}, 'sub') : add(i, 1), values, next];
    };
    const [, , filled] = whileLoop(
      (i: Tensor) => (reverse ? greaterEqual(i, 0) : less(i, count)),
      body,
      [counterAt(start), initial, outputs],
      { parallelIterations, maximumIterations: count },
    ) as unknown as [Tensor, Tensor[], TensorArray[]];
    const stacked = filled.map((array) => array.stack());
    const length = commonLength(tensors);
    for (const tensor of stacked) tensor.setShape(withLength(tensor.shape, length));
    return pack(structure, stacked) as Tensors<A>;
  });
}

/**
 * Goes along the first axis of `elems` with `fn`, which gets what it gave for the element before and the element; what it gives
 * for the last one. For the first element it gets `initializer`; without one it begins with the first element in its place.
 * Structures and errors are as for `scan`.
 *
 *     tf.foldl((sum, x) => sum.add(x), tf.constant([1, 2, 3]))   // 6
 */
export function foldl<const E, const A = E>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  options?: FoldOptions<A> & NotTensor,
): Tensors<A>;
export function foldl<const E, const A = E>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  ...rest: Rest<FoldPositions<A>, FoldOptions<A>>
): Tensors<A>;
export function foldl<E, A>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  ...rest: readonly unknown[]
): Tensors<A> {
  return fold('foldl', fn, elems, bind<FoldOptions<A>>(FOLD_POSITIONS, rest));
}

/**
 * As `foldl`, from the last element to the first.
 *
 *     tf.foldr((rest, x) => rest.mul(2).add(x), tf.constant([1, 2, 3]))   // 17
 */
export function foldr<const E, const A = E>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  options?: FoldOptions<A> & NotTensor,
): Tensors<A>;
export function foldr<const E, const A = E>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  ...rest: Rest<FoldPositions<A>, FoldOptions<A>>
): Tensors<A>;
export function foldr<E, A>(
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  ...rest: readonly unknown[]
): Tensors<A> {
  return fold('foldr', fn, elems, bind<FoldOptions<A>>(FOLD_POSITIONS, rest));
}

function fold<E, A>(
  kind: 'foldl' | 'foldr',
  fn: (accumulated: Tensors<A>, elem: Tensors<E>) => unknown,
  elems: E,
  { initializer = null, parallelIterations, name }: FoldOptions<A>,
): Tensors<A> {
  callable(fn);
  const given = flatten<unknown>(elems);
  const fromEnd = kind === 'foldr';
  return opScope(name, kind, given, () => {
    const tensors = elements(given);
    const count = tensors[0].shape?.[0] || lengthOf(tensors[0]);
    const arrays = tensors.map((tensor) => arrayOf(tensor, count));
    const elementAt = (i: TensorLike) =>
      pack(
        elems,
        arrays.map((array) => array.read(i)),
      );
    let at: number | Tensor = fromEnd ? count : 0;
    let initial: unknown = null;
    if (initializer === null) {
      at = fromEnd ? minus(count, 1) : 0;
      initial = elementAt(at);
      if (!fromEnd) at = 1;
    }
    const start = fromEnd && typeof at === 'number' ? at : counterAt(at);
    if (initializer !== null) {
      const values = flatten<unknown>(initializer);
      initial = pack(
        initializer,
        values.map((value) => convertToTensor(notNull(value) as TensorLike)),
      );
    }
    const body = (i: Tensor, accumulated: unknown) => {
      const index = fromEnd ? emitOne('Sub', [i, 1], {}, 'sub') : i;
      const result = fn(accumulated as Tensors<A>, elementAt(index) as Tensors<E>);
      return [fromEnd ? index : add(i, 1), result];
    };
    const [, result] = whileLoop(
      (i: Tensor) => (fromEnd ? greater(i, 0) : less(i, count)),
      body as never,
      [typeof start === 'number' ? counterAt(start) : start, initial],
      { parallelIterations: parallelIterations ?? undefined, maximumIterations: count },
    ) as unknown as [Tensor, Tensors<A>];
    return result;
  });
}

const LOOP_POSITIONS = ['parallelIterations', 'backProp', 'swapMemory'] as const;
const MAP_POSITIONS = ['dtype', ...LOOP_POSITIONS, 'inferShape', 'name', 'fnOutputSignature'] as const;
const SCAN_POSITIONS = ['initializer', ...LOOP_POSITIONS, 'inferShape', 'reverse', 'name'] as const;
const FOLD_POSITIONS = ['initializer', ...LOOP_POSITIONS, 'name'] as const;
type FoldPositions<A> = [
  initializer: A | null,
  parallelIterations: number,
  backProp: boolean,
  swapMemory: boolean,
  name: string | null,
];

function callable(fn: unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(`${String(fn)} is not callable. Please provide a callable function.`);
  }
}

function notNull(value: unknown): unknown {
  if (value === null || value === undefined) throw new ValueError('None values not supported.');
  return value;
}

/** The tensors to go along. */
function elements(given: readonly unknown[]): readonly Tensor[] {
  const tensors = given.map((value) => {
    if (value instanceof SparseTensor) {
      throw new TypeError('Sparse tensors have no elements along an axis: make them dense first (tf.sparse.toDense).');
    }
    return convertToTensor(notNull(value) as TensorLike, { name: 'elem' });
  });
  if (tensors.length === 0 || tensors[0].rank === 0) {
    throw new ValueError('Elements in elems must be 1+ dimensional Tensors, not scalars');
  }
  return tensors;
}

/** The static length of the first axis of all of them; null for an unknown one. */
function commonLength(tensors: readonly Tensor[]): Dim {
  const lengths = tensors.map(({ shape }) => shape?.[0] ?? null);
  const [first] = lengths;
  const other = lengths.find((length) => length !== null && first !== null && length !== first);
  if (other !== undefined) throw new ValueError(`Dimensions ${first} and ${other} are not compatible`);
  return first;
}

/** The length of the first axis in the run. */
function lengthOf(tensor: Tensor): Tensor {
  return shapeOf(tensor).slice(0);
}

function arrayOf(tensor: Tensor, size: number | Tensor, elementShape: Shape = null): TensorArray {
  return new TensorArray(tensor.dtype, { size, elementShape }).unstack(tensor);
}

const restOf = (shape: Shape): Shape => (shape === null ? null : shape.slice(1));

function stackedAs(array: TensorArray, length: Dim): Tensor {
  const tensor = array.stack();
  tensor.setShape(withLength(tensor.shape, length));
  return tensor;
}

const withLength = (shape: Shape, length: Dim): Shape =>
  shape === null ? null : [length ?? shape[0], ...shape.slice(1)];

// Positions: numbers as long as they are known, else tensors.

const minus = (count: number | Tensor, one: number): number | Tensor =>
  typeof count === 'number' ? count - one : emitOne('Sub', [count, one], {}, 'sub');

/** A position as a variable of the loop. */
const counterAt = (at: number | Tensor): Tensor => (at instanceof Tensor ? at : convertToTensor(at, { dtype: int32 }));

// Structures

/** A shape with a type is a leaf of a signature. */
const isSpec = (value: unknown): value is { readonly dtype: unknown; readonly shape?: unknown } =>
  typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value;

const isSignatureNode: IsNode = (value): value is readonly unknown[] | Readonly<Record<string, unknown>> =>
  isPlainNode(value) && !isSpec(value);

function signatureOf(value: unknown): Signature {
  if (!isSpec(value)) return { dtype: asDType(value as DType), shape: null };
  return { dtype: asDType(value.dtype as DType), shape: asShape(value.shape as ShapeLike) };
}

function sameStructure(wanted: unknown, result: unknown, isNode: IsNode = isPlainNode): void {
  const [first, second] = [nesting(wanted, isNode), nesting(result, isPlainNode)];
  if (first === second) return;
  throw new ValueError(
    `The two structures don't have the same nested structure.\n\nFirst structure: ${first}\n\nSecond structure: ${second}`,
  );
}

/** The nesting as text, with a point for each leaf. */
function nesting(structure: unknown, isNode: IsNode): string {
  if (!isNode(structure)) return '.';
  const parts = keysOf(structure).map((key) => {
    const part = nesting((structure as Readonly<Record<string, unknown>>)[key], isNode);
    return Array.isArray(structure) ? part : `${JSON.stringify(key)}: ${part}`;
  });
  return Array.isArray(structure) ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}
