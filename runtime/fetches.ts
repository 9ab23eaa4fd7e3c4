/**
 * Fetch structures: what `Session.run` is asked for, taken apart into tensors and operations and put together again with
 * their values. Computing the values is not its business.
 */
import { type Graph, type GraphElementLike, Operation, Tensor } from '../src/graph/graph.ts';
import type { Endpoint, NodeId } from '../src/graph/node.ts';
import { likeList } from '../src/ops/nest.ts';
import { InaccessibleTensorError, KeyError, TypeError, ValueError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import { pythonTypeName } from '../src/util/python-names.ts';

/** An object that stands for a tensor or operation, as variables do. */
export interface GraphElementSource {
  asGraphElement(): Tensor | Operation;
}

/** A value of several tensors: `IndexedSlices`, `SparseTensor`. */
export interface CompositeLike {
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly denseShape: Tensor | null;
}

/** The value of a fetched `SparseTensor`; also a tuple in TensorFlow's order. */
export class SparseTensorValue<V = NdArray> {
  constructor(
    readonly indices: V,
    readonly values: V,
    readonly denseShape: V,
  ) {}
  *[Symbol.iterator](): IterableIterator<V> {
    yield this.indices;
    yield this.values;
    yield this.denseShape;
  }
}

/** The value of fetched `IndexedSlices`; also a tuple in TensorFlow's order. */
export class IndexedSlicesValue<V = NdArray> {
  constructor(
    readonly values: V,
    readonly indices: V,
    readonly denseShape: V | null,
  ) {}
  *[Symbol.iterator](): IterableIterator<V | null> {
    yield this.values;
    yield this.indices;
    yield this.denseShape;
  }
}

/**
 * What a run answers for fetches of type `F`: the value for a tensor, null for an operation, either for a name; arrays,
 * tuples, objects and maps of these in kind.
 */
export type FetchResult<F, V = NdArray> = unknown extends F
  ? unknown
  : F extends Tensor
    ? V
    : F extends Operation
      ? null
      : F extends string
        ? V | null
        : F extends { asGraphElement(): infer E }
          ? // Variables always stand for a tensor.
            F extends { asTensor(): Tensor }
            ? V
            : FetchResult<E, V>
          : F extends CompositeLike
            ? SparseTensorValue<V> | IndexedSlicesValue<V>
            : F extends ReadonlyMap<infer K, infer E>
              ? Map<K, FetchResult<E, V>>
              : F extends readonly unknown[]
                ? { -readonly [K in keyof F]: FetchResult<F[K], V> }
                : F extends object
                  ? { -readonly [K in keyof F]: FetchResult<F[K], V> }
                  : never;

/** The shape of a fetch structure, with positions in the list of values at its leaves. */
type Layout = number | null | { readonly items: readonly Layout[]; readonly join: (values: unknown[]) => unknown };

/** A fetch structure, taken apart. */
export class FetchPlan {
  readonly endpoints: Endpoint[] = [];
  readonly targets: NodeId[] = [];
  private readonly layout: Layout;
  private readonly positions = new Map<string, number>();

  /** Throws TensorFlow's errors for what cannot be fetched. */
  constructor(
    private readonly graph: Graph,
    fetches: unknown,
  ) {
    this.layout = this.take(fetches);
  }

  /** The structure with the values in place, given in the order of `endpoints`. */
  assemble(values: readonly unknown[]): unknown {
    return assemble(this.layout, values);
  }

  private take(fetch: unknown): Layout {
    if (fetch instanceof Tensor || fetch instanceof Operation || typeof fetch === 'string') return this.leaf(fetch);
    if (fetch === null || fetch === undefined) {
      throw new TypeError('Argument `fetch` = None has invalid type "NoneType". Cannot be None');
    }
    if (Array.isArray(fetch)) {
      return { items: Array.from(fetch, (item) => this.take(item)), join: (values) => likeList(fetch, values) };
    }
    if (typeof fetch !== 'object' || isElementSource(fetch)) return this.leaf(fetch);
    if (fetch instanceof Map) {
      const keys = [...fetch.keys()];
      return {
        items: [...fetch.values()].map((item) => this.take(item)),
        join: (values) => new Map(keys.map((key, i) => [key, values[i]])),
      };
    }
    if (isPlain(fetch)) {
      const keys = Object.keys(fetch);
      return {
        items: Object.values(fetch).map((item) => this.take(item)),
        join: (values) => Object.fromEntries(keys.map((key, i) => [key, values[i]])),
      };
    }
    return isComposite(fetch) ? this.composite(fetch) : this.leaf(fetch);
  }

  private composite(fetch: CompositeLike): Layout {
    const parts = fetch.denseShape ? [fetch.indices, fetch.values, fetch.denseShape] : [fetch.indices, fetch.values];
    return {
      items: parts.map((part) => this.leaf(part)),
      join: isSparse(fetch)
        ? ([indices, values, shape]) => new SparseTensorValue(indices, values, shape)
        : ([indices, values, shape]) => new IndexedSlicesValue(values, indices, shape ?? null),
    };
  }

  private leaf(fetch: unknown): number | null {
    const element = this.element(fetch);
    const op = element instanceof Tensor ? element.op : element;
    if (!this.graph.isFetchable(element)) {
      throw new InaccessibleTensorError(
        `Operation ${op.name} has been marked as not fetchable. Typically this happens when it is defined in another function or code block. Use return values, explicit Python locals or TensorFlow collections to access it.`,
      );
    }
    if (element instanceof Operation) {
      if (!this.targets.includes(op.id)) this.targets.push(op.id);
      return null;
    }
    const key = `${op.id}:${element.index}`;
    let position = this.positions.get(key);
    if (position === undefined) {
      position = this.endpoints.push(element.endpoint) - 1;
      this.positions.set(key, position);
    }
    return position;
  }

  private element(fetch: unknown): Tensor | Operation {
    try {
      return this.graph.asGraphElement(fetch as GraphElementLike);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const shown = `Argument \`fetch\` = ${String(fetch)}`;
      if (error instanceof TypeError) {
        const type = pythonTypeName(fetch);
        throw new TypeError(`${shown} has invalid type "${type}" must be a string or Tensor. (${error.message})`);
      }
      // Python prints the text of a KeyError in quotes.
      const reason = error instanceof KeyError ? `"${error.message}"` : error.message;
      throw new ValueError(`${shown} cannot be interpreted as a Tensor. (${reason})`);
    }
  }
}

function assemble(layout: Layout, values: readonly unknown[]): unknown {
  if (layout === null) return null;
  if (typeof layout === 'number') return values[layout];
  return layout.join(layout.items.map((item) => assemble(item, values)));
}

function isElementSource(value: object): value is GraphElementSource {
  return typeof (value as GraphElementSource).asGraphElement === 'function';
}

export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isComposite(value: object): value is CompositeLike {
  const { values, indices } = value as CompositeLike;
  return values instanceof Tensor && indices instanceof Tensor && 'denseShape' in value;
}

/** Indices of a `SparseTensor` are a matrix, those of `IndexedSlices` a vector. */
function isSparse({ indices, denseShape }: CompositeLike): boolean {
  return denseShape !== null && indices.rank !== 1;
}
