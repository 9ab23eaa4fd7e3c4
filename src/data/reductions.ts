/**
 * Functions of a state and an element: `Dataset.reduce` and `Dataset.scan`. Building functions is `functions.ts`'s business.
 */
import type { Tensor } from '../graph/graph.ts';
import { emitCall } from '../ops/functions.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { Shape } from '../util/shape.ts';
import { commonShape, normalize } from './dataset-parts.ts';
import { type DatasetFunction, datasetFunction } from './functions.ts';
import { flatSpec } from './iterator.ts';
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

interface Stateful {
  readonly called: DatasetFunction;
  /** The state, with shapes that hold after any number of calls. */
  readonly state: Structure<ComponentSpec>;
  readonly initial: readonly Tensor[];
}

/**
 * Builds the function until the shapes of the state that it takes are those that it gives: a size that changes is unknown.
 *
 * @param newState the state in what the function gives
 */
function statefulFunction(
  transformation: string,
  func: (...args: never[]) => unknown,
  element: Structure<ComponentSpec>,
  initialState: unknown,
  newState: (called: DatasetFunction) => Structure<ComponentSpec>,
): Stateful {
  const initial = normalize(initialState as ComponentsLike);
  let state = pack(
    initialState,
    initial.map(({ dtype, shape }) => new ComponentSpec(dtype, shape)),
    isStructure,
  ) as Structure<ComponentSpec>;
  for (;;) {
    const called = datasetFunction(transformation, func, [state, element]);
    const made = newState(called);
    const known = flatten<ComponentSpec>(state);
    checkState(state, made);
    const given = flatten<ComponentSpec>(made);
    const weaker = known.map(({ dtype, shape }, i) => new ComponentSpec(dtype, commonShape(shape, given[i].shape)));
    if (weaker.every(({ shape }, i) => sameText(shape, known[i].shape))) return { called, state, initial };
    state = pack(state, weaker);
  }
}

const sameText = (a: Shape, b: Shape): boolean => JSON.stringify(a) === JSON.stringify(b);

function checkState(state: Structure<ComponentSpec>, made: Structure<ComponentSpec>): void {
  const types = (spec: Structure<ComponentSpec>) => describe(spec, ({ dtype }: ComponentSpec) => String(dtype));
  try {
    assertSameStructure(state, made);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof ValueError)) throw error;
    throw new TypeError(
      `The element structure for the new state must match the initial state. Expected ${types(state)} but got ${types(made)}.`,
    );
  }
  if (types(state) === types(made)) return;
  throw new TypeError(
    `The element types for the new state must match the initial state. Expected ${types(state)} but got ${types(made)}.`,
  );
}

function withoutDataset({ spec, result }: DatasetFunction, transformation: string): Structure<ComponentSpec> {
  if (spec !== null) return spec;
  throw new TypeError(`Unsupported return value from function passed to ${transformation}(): ${String(result)}.`);
}

/** The state after all elements, in its structure. */
export function reduced(
  variant: Tensor,
  element: Structure<ComponentSpec>,
  initialState: unknown,
  func: (...args: never[]) => unknown,
): Structure<Tensor> {
  const { called, state, initial } = statefulFunction('Dataset.reduce', func, element, initialState, (made) =>
    withoutDataset(made, 'Dataset.reduce'),
  );
  const attrs = { f: called.fn, ...flatSpec(state) };
  const inputs = [variant, [...initial], [...called.captured]];
  const op = emitCall('ReduceDataset', inputs, attrs, [called.body], 'ReduceDataset');
  return pack(state, op.outputs);
}

/** The dataset of what the function gives beside the state. */
export function scanned(
  variant: Tensor,
  element: Structure<ComponentSpec>,
  initialState: unknown,
  func: (...args: never[]) => unknown,
): { readonly variant: Tensor; readonly spec: Structure<ComponentSpec> } {
  const pairOf = (made: DatasetFunction): readonly Structure<ComponentSpec>[] => {
    const spec = withoutDataset(made, 'Dataset.scan');
    if (Array.isArray(spec) && spec.length === 2) return spec as readonly Structure<ComponentSpec>[];
    throw new TypeError(
      `Invalid \`scan_func\`. \`scan_func\` should return a pair consisting of new state and the output value but its return type is ${describe(spec, String)}.`,
    );
  };
  const { called, initial } = statefulFunction('Dataset.scan', func, element, initialState, (made) => pairOf(made)[0]);
  const [, spec] = pairOf(called);
  const attrs = { f: called.fn, preserve_cardinality: true, ...flatSpec(spec) };
  const inputs = [variant, [...initial], [...called.captured]];
  const op = emitCall('ScanDataset', inputs, attrs, [called.body], 'ScanDataset');
  return { variant: op.output(0), spec };
}
