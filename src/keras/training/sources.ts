/** From what users give (arrays, iterables of batches) to batches in the order of a model's inputs and outputs. */
import type { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { rowRange } from '../utils/rows.ts';
import { type Arrays, arrayBatches, type Batch, type BatchSource } from './batches.ts';
import type { Compiled } from './compiled.ts';
import { countExamples, type Data, type DataArray, dataFor, type Slot, standardize } from './data.ts';
import { type ClassWeight, sampleWeights } from './weights.ts';

/** What says how many examples are taken at once, and what they count. */
export interface DataOptions {
  /** 32 without it. */
  readonly batchSize?: number | null;
  /** What each example counts: an array, or one per output. */
  readonly sampleWeight?: Data | null;
  readonly classWeight?: ClassWeight | null;
}

/** Batches as a list `[x, y]` or `[x, y, sampleWeight]`, or an object `{xs, ys}`. */
export type Dataset = Iterable<unknown> | AsyncIterable<unknown>;

/** What data have to fit. */
interface DataModel {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly inputNames: readonly string[];
}

function inputSlots({ inputs, inputNames }: DataModel): Slot[] {
  return inputs.map(({ shape, dtype }, i) => ({ name: inputNames[i], shape, dtype }));
}

/** Arrays for a whole run. Without `compiled` there are no targets. */
export function arraySource(
  model: DataModel,
  compiled: Compiled | null,
  x: Data,
  y: Data | null,
  { sampleWeight = null, classWeight = null }: DataOptions,
): Arrays {
  const inputs = standardize(x, inputSlots(model), 'input');
  const endpoints = compiled?.trainedEndpoints ?? [];
  if (endpoints.length > 0 && (y === null || y === undefined)) {
    throw new ValueError(`No target data were given for ${model.name}, which has a loss.`);
  }
  const targets =
    endpoints.length === 0
      ? []
      : standardize(
          y as Data,
          endpoints.map(({ targetSlot }) => targetSlot),
          'target',
        );
  const names = endpoints.map(({ name }) => name);
  const weightData = sampleWeight === null ? null : dataFor(sampleWeight, names);
  const weights = targets.map((target, i) => sampleWeights(weightData?.[i] ?? null, classWeight, target));
  for (const [i, endpoint] of endpoints.entries()) endpoint.checkTarget(targets[i]);
  const count = countExamples([
    ['input', inputs],
    ['target', targets],
    ['sample weight', weights],
  ]);
  return { inputs, targets, weights, count };
}

/** Cuts the last part off: what stays, and what is cut. Throws `ValueError` where one of them would be empty. */
export function splitOff(arrays: Arrays, part: number): [kept: Arrays, split: Arrays] {
  if (!(part > 0 && part < 1)) {
    throw new ValueError(`\`validation_split\` must be between 0 and 1, received: ${part}`);
  }
  const at = Math.trunc(arrays.count * (1 - part));
  if (at === 0 || at === arrays.count) {
    throw new ValueError(
      `Training data contains ${arrays.count} samples, which is not sufficient to split it into a validation and training set as specified by \`validation_split=${part}\`. Either provide more data, or a different value for the \`validation_split\` argument.`,
    );
  }
  const cut = (start: number, end: number): Arrays => ({
    inputs: arrays.inputs.map((array) => rowRange(array, start, end)),
    targets: arrays.targets.map((array) => rowRange(array, start, end)),
    weights: arrays.weights.map((array) => array && rowRange(array, start, end)),
    count: end - start,
  });
  return [cut(0, at), cut(at, arrays.count)];
}

/** Arrays as batches: many, or a single one. */
export const oneBatch = {
  batches: arrayBatches,
  of: ({ inputs, targets, weights, count }: Arrays): Batch => ({ inputs, targets, weights, size: count }),
} as const;

/** The batches of an iterable, checked one by one. A `Sequence` is told when an epoch is over. */
export function datasetSource(
  model: DataModel,
  compiled: Compiled | null,
  dataset: Dataset,
  classWeight: ClassWeight | null,
): BatchSource {
  const { length } = dataset as { readonly length?: unknown };
  const batch = (item: unknown): Batch => {
    const [x, y, sampleWeight] = partsOf(item, compiled !== null);
    const arrays = arraySource(model, compiled, x, y, { sampleWeight, classWeight });
    return oneBatch.of(arrays);
  };
  return {
    steps: typeof length === 'number' ? length : null,
    samples: null,
    batchSize: null,
    async *epoch() {
      for await (const item of dataset as AsyncIterable<unknown>) yield batch(await item);
      (dataset as { onEpochEnd?: () => void }).onEpochEnd?.();
    },
  };
}

function partsOf(item: unknown, targets: boolean): [x: Data, y: Data | null, sampleWeight: Data | null] {
  if (typeof item === 'object' && item !== null && 'xs' in item) {
    const { xs, ys, sampleWeight } = item as { xs: Data; ys?: Data; sampleWeight?: Data };
    return [xs, ys ?? null, sampleWeight ?? null];
  }
  if (Array.isArray(item) && item.length > 0 && (targets || typeof item[0] === 'object')) {
    if (targets && (item.length < 2 || item.length > 3)) {
      throw new ValueError(
        `Output of generator should be a tuple \`(x, y, sample_weight)\` or \`(x, y)\`. Found: a list of ${item.length}.`,
      );
    }
    if (targets || item.length > 1) return [item[0], item[1] ?? null, item[2] ?? null];
    return [item[0], null, null];
  }
  if (targets) {
    throw new ValueError(
      `Output of generator should be a tuple \`(x, y, sample_weight)\` or \`(x, y)\`. Found: ${String(item)}`,
    );
  }
  return [item as Data, null, null];
}

export type { DataArray, NdArray };
