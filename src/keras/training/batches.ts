/** Batches: of arrays, cut and shuffled, or of what an iterable gives. */
import type { NdArray } from '../../util/ndarray.ts';
import { shuffledIndices } from '../utils/shuffle-source.ts';
import { batchOf } from './data.ts';

/** One batch, in the order of the model's inputs and trained outputs. */
export interface Batch {
  readonly inputs: readonly NdArray[];
  readonly targets: readonly NdArray[];
  readonly weights: readonly (NdArray | null)[];
  /** What the batch counts for: its examples. */
  readonly size: number;
}

/** Where batches come from, an epoch at a time. */
export interface BatchSource {
  /** Batches of an epoch; null where only the end tells. */
  readonly steps: number | null;
  /** Examples of an epoch; null where they are not counted, but steps. */
  readonly samples: number | null;
  readonly batchSize: number | null;
  /** Whether another pass begins where one ends in the middle of counted steps. */
  readonly endless?: boolean;
  epoch(): Iterable<Batch> | AsyncIterable<Batch>;
}

/** Arrays for a whole run. */
export interface Arrays {
  readonly inputs: readonly NdArray[];
  readonly targets: readonly NdArray[];
  readonly weights: readonly (NdArray | null)[];
  readonly count: number;
}

/** Batches of arrays. `shuffle` draws a new order each epoch; `'batch'` shuffles whole batches only. */
export function arrayBatches(
  { inputs, targets, weights, count }: Arrays,
  batchSize: number,
  shuffle: boolean | 'batch' = false,
): BatchSource {
  const steps = Math.ceil(count / batchSize);
  return {
    steps,
    samples: count,
    batchSize,
    *epoch() {
      const order = shuffle === 'batch' ? batchOrder(count, batchSize) : shuffle ? shuffledIndices(count) : null;
      for (let step = 0; step < steps; step++) {
        const start = step * batchSize;
        const end = Math.min(start + batchSize, count);
        const cut = (array: NdArray) => batchOf(array, order, start, end);
        yield {
          inputs: inputs.map(cut),
          targets: targets.map(cut),
          weights: weights.map((weight) => weight && cut(weight)),
          size: end - start,
        };
      }
    },
  };
}

/** The whole of the arrays as one batch, again and again: what arrays give where steps are counted. */
export function repeated({ inputs, targets, weights }: Arrays): BatchSource {
  return {
    steps: null,
    samples: null,
    batchSize: null,
    *epoch() {
      while (true) yield { inputs, targets, weights, size: 1 };
    },
  };
}

/** Whole batches in a new order; what is left at the end stays there. */
function batchOrder(count: number, batchSize: number): Uint32Array {
  const full = Math.floor(count / batchSize);
  const order = new Uint32Array(count);
  shuffledIndices(full).forEach((batch, i) => {
    for (let j = 0; j < batchSize; j++) order[i * batchSize + j] = batch * batchSize + j;
  });
  for (let i = full * batchSize; i < count; i++) order[i] = i;
  return order;
}
