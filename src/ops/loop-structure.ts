/**
 * What flows through branches and loops: structures of tensors, of things that consist of tensors (sparse tensors, slices,
 * tensor arrays), and of operations. Which ops carry them is the business of `cond.ts` and `while-loop.ts`.
 */
import { Operation, type Tensor } from '../graph/graph.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { convertToTensor } from './emit.ts';
import { IndexedSlices } from './indexed-slices.ts';
import { flatten, pack } from './nest.ts';
import { SparseTensor } from './sparse-tensor.ts';
import type { TensorLike } from './tensor-like.ts';

/** A thing made of tensors, which can be made anew of others. */
export interface Composite {
  readonly components: readonly Tensor[];
  withComponents(components: readonly Tensor[]): Composite;
}

function isComposite(value: unknown): value is Composite {
  return typeof value === 'object' && value !== null && 'components' in value && 'withComponents' in value;
}

/** What a leaf of a structure consists of, and how to make one like it of other tensors. */
interface Leaf {
  readonly kind: string;
  readonly tensors: readonly Tensor[];
  remake(tensors: readonly Tensor[]): unknown;
}

/** A structure taken apart. */
export class Taken {
  /** The tensors of all leaves. */
  readonly tensors: readonly Tensor[];
  readonly leaves: readonly Leaf[];

  constructor(
    private readonly structure: unknown,
    leaves: readonly Leaf[],
  ) {
    this.leaves = leaves;
    this.tensors = leaves.flatMap((leaf) => leaf.tensors);
  }

  /** The structure, of other tensors. */
  put(tensors: readonly Tensor[]): unknown {
    let at = 0;
    const made = this.leaves.map((leaf) => {
      const own = tensors.slice(at, at + leaf.tensors.length);
      at += leaf.tensors.length;
      return leaf.remake(own);
    });
    return pack(this.structure, made);
  }

  /** Whether the other has the same nesting and the same kinds of leaves. */
  isLike(other: Taken): boolean {
    return this.shape === other.shape;
  }
  /** The nesting and kinds as text. */
  get shape(): string {
    const kinds = this.leaves.map(({ kind }) => kind);
    const shown = pack(this.structure, kinds);
    return JSON.stringify(shown, (_key, value) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    );
  }
  /** Whether the structure is a single leaf. */
  get isSingle(): boolean {
    return this.leaves.length === 1 && flatten(this.structure)[0] === this.structure;
  }
  /** Whether the structure is a list with one leaf in it. */
  get isListOfOne(): boolean {
    return Array.isArray(this.structure) && this.structure.length === 1 && !Array.isArray(this.structure[0]);
  }
}

/**
 * Takes a structure apart; values become constants of the current graph. Lists are structures, not arrays.
 *
 * @param ofOperation what stands for an operation; without it operations are refused
 */
export function take(structure: unknown, ofOperation?: (op: Operation) => Tensor): Taken {
  const leaves = flatten(structure).map((value): Leaf => {
    if (value === null || value === undefined) throw new ValueError('None values not supported.');
    if (value instanceof Operation) {
      if (!ofOperation) throw new TypeError(`Can't convert Operation '${value.name}' to Tensor`);
      return tensorLeaf(ofOperation(value));
    }
    if (value instanceof IndexedSlices) {
      const { values, indices, denseShape } = value;
      const tensors = denseShape ? [values, indices, denseShape] : [values, indices];
      return { kind: 'slices', tensors, remake: ([v, i, d]) => new IndexedSlices(v, i, d ?? null) };
    }
    if (value instanceof SparseTensor) {
      const tensors = [value.indices, value.values, value.denseShape];
      return { kind: 'sparse', tensors, remake: ([i, v, d]) => new SparseTensor(i, v, d) };
    }
    if (isComposite(value)) {
      return { kind: 'array', tensors: value.components, remake: (tensors) => value.withComponents(tensors) };
    }
    return tensorLeaf(convertToTensor(value as TensorLike));
  });
  return new Taken(structure, leaves);
}

function tensorLeaf(tensor: Tensor): Leaf {
  return { kind: 'tensor', tensors: [tensor], remake: ([made]) => made };
}

/** TensorFlow's words for structures that differ. */
export function differentStructures(first: Taken, second: Taken): ValueError {
  return new ValueError(
    `The two structures don't have the same nested structure.\n\nFirst structure: ${first.shape}\n\nSecond structure: ${second.shape}`,
  );
}
