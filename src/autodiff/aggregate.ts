/**
 * Sums what flows to one output from several consumers: tensors by `AddN`, rows by concatenation.
 */
import type { Tensor } from '../graph/graph.ts';
import { emitOne } from '../ops/emit.ts';
import { IndexedSlices } from '../ops/indexed-slices.ts';
import { int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { tensorVocabulary as $ } from './graph-builder.ts';

/** How several gradients of one tensor are added up. */
export const AggregationMethod = Object.freeze({
  /** All at once, with `AddN`. */
  ADD_N: 0,
  /** The same as `ADD_N`. */
  DEFAULT: 0,
  /** Two at a time, so that each can be freed early. */
  EXPERIMENTAL_TREE: 1,
  /** The same as `EXPERIMENTAL_TREE`. */
  EXPERIMENTAL_ACCUMULATE_N: 2,
} as const);
export type AggregationMethod = (typeof AggregationMethod)[keyof typeof AggregationMethod];

/** Throws `ValueError` for what is no method. Null is the default one. */
export function checkAggregationMethod(method: number | null | undefined): AggregationMethod {
  if (method === null || method === undefined) return AggregationMethod.DEFAULT;
  if (method === 0 || method === 1 || method === 2) return method;
  throw new ValueError(`Invalid \`aggregation_method\` specified: ${method}. Accepted values are [0, 1, 2].`);
}

/** The sum of at least one gradient. `opName` is the op whose output they are for. */
export function aggregate(
  grads: readonly (Tensor | IndexedSlices)[],
  opName: string,
  method: AggregationMethod,
): Tensor | IndexedSlices {
  if (grads.length === 1) return grads[0];
  const tensors = grads.filter((g): g is Tensor => !(g instanceof IndexedSlices));
  if (tensors.length === grads.length) return sum(tensors, opName, method);
  if (tensors.length > 0) return emitOne('AddN', [grads], {}, 'AddN');
  return concatenate(grads as readonly IndexedSlices[]);
}

function sum(tensors: readonly Tensor[], opName: string, method: AggregationMethod): Tensor {
  if (method === AggregationMethod.ADD_N) return addPerDevice(tensors);
  return tensors[0].graph.nameScope(`${opName}_gradient_sum`, () => {
    let running = tensors[0];
    for (const tensor of tensors.slice(1)) running = $.addN([running, tensor]);
    return running;
  });
}

/** Adds what is on one device there, then the sums. */
function addPerDevice(tensors: readonly Tensor[]): Tensor {
  const byDevice = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const list = byDevice.get(tensor.device);
    if (list) list.push(tensor);
    else byDevice.set(tensor.device, [tensor]);
  }
  const sums = [...byDevice.keys()].sort().map((device) => {
    const list = byDevice.get(device) as Tensor[];
    return list.length === 1 ? list[0] : list[0].graph.colocateWith(list[0].op, true, () => $.addN(list));
  });
  return sums.length === 1 ? sums[0] : $.addN(sums);
}

function concatenate(slices: readonly IndexedSlices[]): IndexedSlices {
  const mixed = slices.some((s) => s.indices.dtype === int64) && slices.some((s) => s.indices.dtype === int32);
  const indices = slices.map((s) => (mixed ? $.cast(s.indices, int64) : s.indices));
  const values = $.concat(
    slices.map((s) => s.values),
    0,
  );
  return new IndexedSlices(values, $.concat(indices, 0), slices[0].denseShape);
}
