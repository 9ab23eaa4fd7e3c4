/**
 * Functions of the program as functions of datasets: their bodies with the structures that elements have. What datasets do with
 * them is in `dataset.ts`.
 */
import type { FuncGraph } from '../graph/func-graph.ts';
import type { GraphFunction } from '../graph/function.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { convertToTensor } from '../ops/emit.ts';
import { isStateful, newBody } from '../ops/functions.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { TypeError } from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { ComponentSpec, flatten, isStructure, pack, type Structure } from './structure.ts';

/** What a function of an element is called with: the parts of a list one by one, anything else as it is. */
export type ElementArguments<E> = E extends readonly unknown[] ? [...E] : [E];

/** A function whose body is built. */
export interface DatasetFunction {
  readonly fn: GraphFunction;
  readonly body: FuncGraph;
  /** What it takes beside its arguments. */
  readonly captured: readonly Tensor[];
  /** The types and shapes of what it gives; null where it gave a dataset. */
  readonly spec: Structure<ComponentSpec> | null;
  /** What the function of the program gave. */
  readonly result: unknown;
}

/** What stands for a dataset where a function gives one. */
interface GivesDataset {
  readonly variant: Tensor;
  readonly spec: Structure<ComponentSpec>;
}

export function isDataset(value: unknown): value is GivesDataset {
  return typeof value === 'object' && value !== null && 'variant' in value && 'spec' in value;
}

/**
 * Builds the body.
 *
 * @param transformation who asks, for errors and names: `Dataset.map`
 * @param args what is known of each argument
 */
export function datasetFunction(
  transformation: string,
  func: (...args: never[]) => unknown,
  args: readonly Structure<ComponentSpec>[],
): DatasetFunction {
  if (typeof func !== 'function') throw new TypeError(`${pythonTypeName(func)} object is not callable`);
  const body = newBody(transformation.replace('.', '_'));
  return body.asDefault(() => {
    let count = 0;
    const given = args.map((spec) =>
      pack(
        spec,
        flatten<ComponentSpec>(spec).map(({ dtype, shape }) => body.addInput({ dtype, shape }, `args_${count++}`)),
      ),
    );
    const result = func(...(given as never[]));
    const isOne = isDataset(result);
    const tensors = isOne ? [result.variant] : tensorsOf(result, transformation);
    // A copy of the handle of a dataset would be no tensor that anything else could be told of.
    const outputs = tensors.map((tensor) => body.capture(tensor));
    const targets = body
      .getOperations()
      .filter(({ type }) => ['writes', 'io'].includes(findOpDef(type)?.effect ?? 'io')) as Operation[];
    const fn = body.finish(outputs, {
      targets,
      isStateful: isStateful(
        body,
        outputs.map(({ endpoint }) => endpoint),
        targets.map(({ id }) => id),
      ),
    });
    const spec = isOne
      ? null
      : pack(
          result,
          tensors.map(({ dtype, shape }) => new ComponentSpec(dtype, shape)),
          isStructure,
        );
    return { fn, body, captured: body.captured, spec, result };
  });
}

/** The arguments that a function of one element has. */
export function argumentsOf(spec: Structure<ComponentSpec>): readonly Structure<ComponentSpec>[] {
  return Array.isArray(spec) ? (spec as readonly Structure<ComponentSpec>[]) : [spec];
}

function tensorsOf(result: unknown, transformation: string): Tensor[] {
  return flatten<unknown>(result as Structure<unknown>, isStructure).map((value) => {
    if (value === null || value === undefined || isDataset(value)) {
      const shown = value === null || value === undefined ? 'None' : String(value);
      throw new TypeError(`Unsupported return value from function passed to ${transformation}(): ${shown}.`);
    }
    return convertToTensor(value as TensorLike);
  });
}
