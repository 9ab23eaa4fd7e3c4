/**
 * What datasets are built of: components as tensors, seeds, what two structures have in common. The class is in `dataset.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { equal, logicalAnd } from '../ops/comparison.ts';
import { convertToTensor, graphOf, opScope } from '../ops/emit.ts';
import { isPlainNode } from '../ops/nest.ts';
import { getSeed } from '../ops/random.ts';
import { whereV2 } from '../ops/selection.ts';
import { constantShape } from '../ops/static-value.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { int64, string } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, type Dim, type Shape, type ShapeLike, TensorShape } from '../util/shape.ts';
import {
  assertSameStructure,
  ComponentSpec,
  type ComponentsLike,
  describe,
  flatten,
  isStructure,
  pack,
  type Structure,
} from './structure.ts';

/** All or nothing, on the graph of the inputs. */
export function build<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(
    inputs.flatMap((input) => (isStructure(input) ? flatten<unknown>(input, isStructure) : [input])),
  );
  return graph.atomic(() => graph.asDefault(body));
}

export function scalar(value: TensorLike, name: string): Tensor {
  return convertToTensor(value, { dtype: int64, name });
}

/** The components as tensors, values under TensorFlow's names for them. */
export function normalize(components: ComponentsLike): Tensor[] {
  const leaves = flatten<TensorLike>(components as Structure<TensorLike>, isStructure);
  return opScope('normalize_element', 'normalize_element', leaves, () =>
    leaves.map((leaf, i) => convertToTensor(leaf, { name: `component_${i}` })),
  );
}

export function checkLengths(lengths: readonly Dim[]): void {
  const [first] = lengths;
  const other = lengths.find((length) => first !== null && length !== null && length !== first);
  if (other !== undefined) throw new ValueError(`Dimensions ${first} and ${other} are not compatible`);
}

/** The two seeds as tensors; two zeros, which ask for any order, only where no seed is set. */
export function seeds(asked: number | Tensor | null): [seed: Tensor, seed2: Tensor] {
  // A tensor stands for the seed that was asked for, beside that of the graph.
  const isTensor = asked !== null && typeof asked !== 'number';
  const [own, own2] = getSeed(isTensor ? 0 : asked);
  if (own === null) return [scalar(0, 'seed'), scalar(0, 'seed2')];
  const seed = scalar(own, 'seed');
  const seed2 = opScope('seed2', 'seed2', [seed], (scope) => {
    const given = isTensor ? asked : scalar(own2, 'Const');
    const isUnset = logicalAnd(equal(seed, 0n), equal(given, 0n));
    return whereV2(isUnset, scalar(2 ** 31 - 1, 'Const'), given, { name: scope });
  });
  return [seed, seed2];
}

export function commonSpec(a: Structure<ComponentSpec>, b: Structure<ComponentSpec>): Structure<ComponentSpec> {
  try {
    assertSameStructure(a, b);
    const others = flatten<ComponentSpec>(b);
    const common = flatten<ComponentSpec>(a).map(({ dtype, shape }, i) => {
      if (dtype !== others[i].dtype) throw new TypeError(`No common supertype of ${dtype} and ${others[i].dtype}.`);
      return new ComponentSpec(dtype, commonShape(shape, others[i].shape));
    });
    return pack(a, common);
  } catch {
    const [first, second] = [a, b].map((spec) => describe(spec, String));
    throw new TypeError(`Incompatible dataset elements:\n  ${first} vs.   ${second}`);
  }
}

/** What both shapes have in common. */
export function commonShape(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((size, axis) => (size === b[axis] ? size : null));
}

/** The shapes to fill elements up to, and what with. */
export function paddingOf(
  spec: Structure<ComponentSpec>,
  paddedShapes: unknown,
  paddingValues: unknown,
): { readonly shapes: Tensor[]; readonly values: Tensor[]; readonly rows: Shape[] } {
  const components = flatten<ComponentSpec>(spec);
  const given = paddedShapes ?? null;
  const wanted: unknown[] =
    given === null
      ? components.map(({ shape }, i) => {
          if (shape !== null) return shape;
          throw new ValueError(`You must provide \`padded_shapes\` argument because component ${i} has unknown rank.`);
        })
      : upTo(spec, given);
  const rows: Shape[] = [];
  const shapes = wanted.map((shape, i) => {
    const tensor = sizesOf(shape);
    const row = constantShape(tensor);
    const { shape: own } = components[i];
    if (!canBePadded(row, own)) {
      throw new ValueError(
        `The padded shape ${new TensorShape(row)} is not compatible with the shape ${new TensorShape(own)} of the corresponding input component.`,
      );
    }
    rows.push(row);
    return tensor;
  });
  const fillings = paddingValues === null || paddingValues === undefined ? [] : upTo(spec, paddingValues);
  const values = components.map(({ dtype }, i) => {
    const filling = (fillings.length === 1 ? fillings[0] : fillings[i]) as TensorLike | null | undefined;
    return convertToTensor(filling ?? (dtype === string ? '' : 0), { dtype, name: 'padding_value' });
  });
  return { shapes, values, rows };
}

function sizesOf(shape: unknown): Tensor {
  try {
    const sizes = asShape(shape as ShapeLike) ?? [];
    return convertToTensor(
      BigInt64Array.from(sizes, (size) => BigInt(size ?? -1)),
      { dtype: int64 },
    );
  } catch {
    return convertToTensor(shape as TensorLike, { preferredDtype: int64 });
  }
}

function canBePadded(row: Shape, own: Shape): boolean {
  if (row === null || own === null) return true;
  return (
    row.length === own.length && row.every((size, i) => size === null || own[i] === null || size >= Number(own[i]))
  );
}

/** The values where the structure of the spec has its leaves. */
function upTo(spec: unknown, value: unknown): unknown[] {
  if (!isPlainNode(spec)) return [value];
  if (!isPlainNode(value)) return [value];
  const parts = spec as Readonly<Record<string, unknown>>;
  return Object.keys(parts)
    .sort()
    .flatMap((key) => upTo(parts[key], (value as Readonly<Record<string, unknown>>)[key]));
}
