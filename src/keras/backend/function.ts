/** `K.function`: values in, values out, through the session of Keras. */
import { type Operation, Tensor } from '../../graph/graph.ts';
import { commonGraph } from '../../graph/graph-of.ts';
import { group } from '../../ops/control.ts';
import type { TensorLike } from '../../ops/tensor-like.ts';
import { isConvertible } from '../../ops/tensor-like.ts';
import { bool } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { Variable } from '../../variables/variable.ts';
import { inContext } from '../binding.ts';
import { append, atomically } from '../engine/undo.ts';

/** An operation that is run with each call, or a variable with its new value. */
export type Update = Operation | { readonly op: Operation } | readonly [Variable, TensorLike];

export interface FunctionOptions {
  readonly updates?: readonly Update[] | null;
  readonly name?: string | null;
  /** Further values to feed: read anew at every call. */
  readonly feedDict?: ReadonlyMap<Tensor | Variable, unknown> | null;
  /** Further things to run: their values are not returned. */
  readonly fetches?: readonly (Tensor | Operation)[] | null;
}

type Value = unknown;

/**
 * A function of values: feeds `inputs`, gives the values of `outputs` (a list for a list), and runs `updates` each time.
 * A value may be a tensor, which is evaluated first, or null, which leaves a placeholder to its default.
 *
 *     const f = tf.keras.backend.function([x], [y]);
 *     const [value] = await f([[[1, 2, 3]]]);
 */
const function_ = inContext((context) => {
  function make(
    inputs: readonly (Tensor | Variable)[],
    outputs: readonly (Tensor | Operation | Variable)[],
    options?: FunctionOptions,
  ): (values: readonly Value[]) => Promise<NdArray[]>;
  function make(
    inputs: readonly (Tensor | Variable)[],
    outputs: Tensor | Variable,
    options?: FunctionOptions,
  ): (values: readonly Value[]) => Promise<NdArray>;
  function make(
    inputs: readonly (Tensor | Variable)[],
    outputs: Tensor | Operation | Variable | readonly (Tensor | Operation | Variable)[],
    { updates, feedDict, fetches, name }: FunctionOptions = {},
  ): (values: readonly Value[]) => Promise<NdArray | NdArray[]> {
    if (!Array.isArray(inputs)) {
      throw new TypeError('`inputs` to a Keras backend function should be a list.');
    }
    const keys = inputs.map((input) => (input instanceof Variable ? (input.asGraphElement() as Tensor) : input));
    const list = Array.isArray(outputs) ? (outputs as readonly (Tensor | Operation | Variable)[]) : [outputs as Tensor];
    const after = updatesAfter(list, updates ?? []);
    const elements = [...list, ...(fetches ?? [])].map((item) =>
      item instanceof Variable ? item.asGraphElement() : item,
    );
    const owner = {
      name: name ?? 'function',
      graph: commonGraph([...keys, ...elements, ...after]) ?? context.graph,
      variables: context.variablesBehind([...elements, ...after]),
    };
    return async (values) => {
      if (!Array.isArray(values)) throw new TypeError('`inputs` should be a list or tuple.');
      if (values.length !== keys.length) {
        throw new ValueError(`The function takes ${keys.length} values, got ${values.length}.`);
      }
      const session = await context.sessionOf(owner);
      const feeds: [unknown, unknown][] = [];
      for (let i = 0; i < keys.length; i++) {
        let value: unknown = values[i];
        if (value === null || value === undefined) continue;
        if (value instanceof Tensor || isConvertible(value)) value = await session.run(value as Tensor);
        feeds.push([keys[i], keys[i].dtype === bool && typeof value === 'number' ? value !== 0 : value]);
      }
      for (const [key, value] of feedDict ?? []) {
        feeds.push([key instanceof Variable ? key.asGraphElement() : key, value]);
      }
      const [results] = (await session.run(
        [list, after, fetches ?? []] as never,
        { feedDict: feeds } as never,
      )) as unknown as [NdArray[]];
      return Array.isArray(outputs) ? results : results[0];
    };
  }
  return make;
});

/** The updates as one operation that comes after the first output, so that outputs are of before them. */
function updatesAfter(outputs: readonly (Tensor | Operation | Variable)[], updates: readonly Update[]): Operation[] {
  if (updates.length === 0) return [];
  const operations: Operation[] = [];
  const first = updates[0];
  const graph = isPair(first) ? first[0].graph : 'op' in first ? first.op.graph : first.graph;
  atomically(graph, () =>
    graph.controlDependencies(
      outputs.slice(0, 1).map((output) => (output instanceof Variable ? output.asGraphElement() : output)),
      () => {
        const made = updates.map((update) => {
          if (isPair(update)) return update[0].assign(update[1]).op;
          return 'op' in update ? update.op : update;
        });
        append(operations, group(...made));
      },
    ),
  );
  return operations;
}

function isPair(update: Update): update is readonly [Variable, TensorLike] {
  return Array.isArray(update);
}

export { function_ as function };
