/**
 * Structures that cells take and give (inputs, outputs, states, and the sizes of these), and shapes made of a batch size and
 * a size. What a structure is says `ops/nest.ts`; which cells there are is no matter here.
 */
import { Tensor } from '../../graph/graph.ts';
import { constant } from '../../ops/constants.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { zeros } from '../../ops/filling.ts';
import { concat } from '../../ops/joining.ts';
import { flatten, isPlainNode, keysOf, likeList, pack, type Structure } from '../../ops/nest.ts';
import { expandDims } from '../../ops/shaping.ts';
import { constantValue } from '../../ops/static-value.ts';
import { isConvertible, isSymbolic, type TensorLike } from '../../ops/tensor-like.ts';
import { type DTypeLike, int32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { asShape, isFullyDefined, type Shape, type ShapeLike, TensorShape } from '../../util/shape.ts';

/** A tensor, or lists and objects of tensors. */
export type TensorStructure = Structure<Tensor>;
/** The size of a row: its length, or its shape. A list is a list of sizes. */
export type Size = number | TensorShape;
/** A size, or lists and objects of sizes. */
export type SizeStructure = Structure<Size>;

/** The structure with every leaf mapped. */
export function mapStructure<T, R>(fn: (leaf: T, index: number) => R, structure: Structure<T>): Structure<R> {
  return pack(structure, flatten(structure).map(fn));
}

/**
 * Maps what structures have in the places of the leaves of the first one; these count in the order of `flatten`.
 */
export function mapUpTo<R>(
  shallow: unknown,
  fn: (index: number, ...parts: readonly unknown[]) => R,
  ...structures: readonly unknown[]
): Structure<R> {
  let count = 0;
  const visit = (node: unknown, parts: readonly unknown[]): Structure<R> => {
    if (!isPlainNode(node)) return fn(count++, ...parts);
    const made = keysOf(node).map((key) => {
      const inner = parts.map((part) => (part as Record<string, unknown>)[key]);
      return [key, visit((node as Record<string, unknown>)[key], inner)] as const;
    });
    if (Array.isArray(node)) {
      return likeList(
        node,
        made.map(([, item]) => item),
      );
    }
    return Object.fromEntries(made);
  };
  return visit(shallow, structures);
}

/** The nesting as text, every leaf a dot. */
function outline(structure: unknown): string {
  const dots = pack(
    structure,
    flatten(structure).map(() => '.'),
  );
  return JSON.stringify(dots, (_key, value) =>
    isPlainNode(value) && !Array.isArray(value)
      ? Object.fromEntries(keysOf(value).map((key) => [key, (value as Record<string, unknown>)[key]]))
      : value,
  );
}

/** Throws `ValueError` where the second structure is nested otherwise than the first. */
export function assertSameStructure(first: unknown, second: unknown): void {
  const shapes = [outline(first), outline(second)];
  if (shapes[0] === shapes[1]) return;
  throw new ValueError(
    `The two structures don't have the same nested structure.\n\nFirst structure: ${shapes[0]}\n\nSecond structure: ${shapes[1]}`,
  );
}

/** Values become tensors: a list of tensors is a structure, a list of numbers one tensor. */
export function tensorsIn(structure: unknown): TensorStructure {
  if (structure instanceof Tensor) return structure;
  if (Array.isArray(structure) && structure.some(isSymbolicInside))
    return likeList(structure, structure.map(tensorsIn));
  if (isPlainNode(structure) && !Array.isArray(structure)) {
    return Object.fromEntries(Object.entries(structure).map(([key, item]) => [key, tensorsIn(item)]));
  }
  return convertToTensor(structure as TensorLike);
}

function isSymbolicInside(value: unknown): boolean {
  if (isSymbolic(value) || isConvertible(value)) return true;
  return isPlainNode(value) && (!Array.isArray(value) || value.some(isSymbolicInside));
}

interface Part {
  /** The part as a tensor; null where not all of it is known. */
  readonly tensor: Tensor | null;
  readonly known: Shape;
}

function partOf(size: TensorLike | ShapeLike, what: string): Part {
  if (size instanceof Tensor) {
    if (size.rank === 0) {
      const value = constantValue(size);
      return { tensor: expandDims(size, 0), known: [value === null ? null : Number(value.item())] };
    }
    if (size.rank !== 1) {
      throw new ValueError(`${what} tensor must be either a scalar or vector, but received tensor: ${size}`);
    }
    const value = constantValue(size);
    return { tensor: size, known: value === null ? null : Array.from(value.data as Int32Array) };
  }
  const known = asShape(size as ShapeLike);
  return { tensor: isFullyDefined(known) ? constant(known, { dtype: int32 }) : null, known };
}

function partsOf(prefix: TensorLike | null, suffix: Size | Tensor): readonly [Part, Part] {
  return [partOf(prefix, 'Prefix'), partOf(suffix, 'suffix')];
}

/** The shape of a batch of rows, as a tensor. */
export function batchShape(prefix: TensorLike | null, suffix: Size | Tensor): Tensor {
  const [head, tail] = partsOf(prefix, suffix);
  if (head.tensor === null || tail.tensor === null) {
    const shown = (size: unknown) => (size === null || size === undefined ? 'None' : String(size));
    throw new ValueError(
      `Prefix or suffix can't be None. Received prefix = ${shown(prefix)} and suffix = ${shown(suffix)}`,
    );
  }
  return concat([head.tensor, tail.tensor], 0);
}

/** The shape of a batch of rows, as far as it is known. */
export function staticBatchShape(prefix: TensorLike | ShapeLike, suffix: Size | Tensor): Shape {
  const [head, tail] = partsOf(prefix as TensorLike, suffix);
  return new TensorShape(head.known).concatenate(tail.known).dims;
}

/** Zeros for the state of every row. */
export function zeroStateTensors(stateSize: SizeStructure, batchSize: TensorLike | null, dtype: DTypeLike) {
  return mapStructure((size: Size) => {
    const zero = zeros(batchShape(batchSize, size), dtype);
    zero.setShape(staticBatchShape(batchSize as TensorLike, size));
    return zero;
  }, stateSize);
}

/** The sum of all sizes that are numbers. */
export function totalOf(sizes: readonly SizeStructure[]): number {
  return sizes.reduce<number>((sum, size) => sum + (size as number), 0);
}
