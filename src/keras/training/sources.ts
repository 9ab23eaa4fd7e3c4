/** From what users give (arrays, iterables of batches) to batches in the order of a model's inputs and outputs. */
import type { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { rowRange } from '../utils/rows.ts';
import { streams } from '../utils/shuffle-source.ts';
import { type Arrays, arrayBatches, type Batch, type BatchSource, repeated } from './batches.ts';
import type { Compiled } from './compiled.ts';
import { countExamples, type Data, type DataArray, type Slot, standardize } from './data.ts';
import { type ClassWeights, exampleWeights } from './weights.ts';

/** What says how many examples are taken at once, and what they count. */
export interface DataOptions {
  /** 32 without it. */
  readonly batchSize?: number | null;
  /** What each example counts: an array, or one per output. */
  readonly sampleWeight?: Data | null;
  /** What the examples of a class count, by its number; where there are several outputs, one each. */
  readonly classWeight?: ClassWeights | null;
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
  const weights = exampleWeights(sampleWeight, classWeight, names, targets);
  const count = countExamples({ inputs, targets, weights });
  for (const [i, endpoint] of endpoints.entries()) endpoint.checkTarget(targets[i]);
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

/**
 * Arrays as batches; where steps are counted, each is all of the data, as Keras has it. Throws `ValueError` where there
 * is nothing.
 */
export function batchesOf(
  arrays: Arrays,
  batchSize: number,
  steps: number | null,
  shuffle: boolean | 'batch' = false,
): BatchSource {
  if (arrays.count === 0) throw new ValueError('Empty training data.');
  return steps === null ? arrayBatches(arrays, batchSize, shuffle) : repeated(arrays);
}

/** Arrays as one batch. */
export function oneBatch({ inputs, targets, weights, count }: Arrays): Batch {
  return { inputs, targets, weights, size: count };
}

export interface DatasetSourceOptions {
  readonly classWeight?: ClassWeights | null;
  /** Whether each pass over a `Sequence` has an order of its own. */
  readonly shuffle?: boolean;
}

/** What is used of a `Sequence`. */
interface Numbered {
  readonly length: number;
  getItem(index: number): unknown;
  onEpochEnd(): void;
}

/** The batches of an iterable, checked one by one. A `Sequence` is told when an epoch is over. */
export function datasetSource(
  model: DataModel,
  compiled: Compiled | null,
  dataset: Dataset,
  { classWeight = null, shuffle = false }: DatasetSourceOptions = {},
): BatchSource {
  const batch = (item: unknown): Batch => {
    const [x, y, sampleWeight] = partsOf(item, compiled !== null, model);
    return oneBatch(arraySource(model, compiled, x, y, { sampleWeight, classWeight }));
  };
  const length = (dataset as { readonly length?: unknown }).length;
  const sequence = isNumbered(dataset) ? dataset : null;
  return {
    steps: typeof length === 'number' ? length : null,
    samples: null,
    batchSize: null,
    endless: sequence !== null,
    async *epoch() {
      if (!sequence) {
        for await (const item of kept(dataset)) yield batch(item);
        return;
      }
      const order = Uint32Array.from({ length: sequence.length }, (_, i) => i);
      if (shuffle) streams.python.shuffle(order);
      for (const i of order) yield batch(await sequence.getItem(i));
      sequence.onEpochEnd();
    },
  };
}

function openIterator(dataset: Dataset): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in dataset ? dataset[Symbol.asyncIterator]() : dataset[Symbol.iterator]();
}

/**
 * The inputs of the first batch, and the dataset to be used from then on: an iterator's has that batch put back. Throws
 * `ValueError` where there is none.
 */
export async function peek(dataset: Dataset): Promise<readonly [inputs: Data, dataset: Dataset]> {
  const iterator = openIterator(dataset);
  const first = await iterator.next();
  if (first.done) {
    throw new ValueError('The dataset is empty: a model that is not built yet cannot learn its input shape from it.');
  }
  const item = await first.value;
  const inputs = (Array.isArray(item) ? item[0] : ((item as { xs?: unknown }).xs ?? item)) as Data;
  if ((iterator as unknown) !== dataset) {
    await iterator.return?.();
    return [inputs, dataset];
  }
  let pending = true;
  const resumed: AsyncIterableIterator<unknown> = {
    async next() {
      if (!pending) return iterator.next();
      pending = false;
      return { done: false, value: item };
    },
    [Symbol.asyncIterator]: () => resumed,
  };
  return [inputs, resumed];
}

/** The items of an iterable. An iterator stays open: as in Python, a generator goes on where it was left. */
async function* kept(dataset: Dataset): AsyncGenerator<unknown> {
  const iterator = openIterator(dataset);
  // What ends or throws is closed already.
  let open = false;
  try {
    for (;;) {
      open = false;
      const next = await iterator.next();
      if (next.done) return;
      open = true;
      yield await next.value;
    }
  } finally {
    if (open && (iterator as unknown) !== dataset) await iterator.return?.();
  }
}

function isNumbered(dataset: Dataset): dataset is Dataset & Numbered {
  return 'getItem' in dataset && 'onEpochEnd' in dataset;
}

function partsOf(
  item: unknown,
  targets: boolean,
  { inputs }: DataModel,
): [x: Data, y: Data | null, sampleWeight: Data | null] {
  if (typeof item === 'object' && item !== null && 'xs' in item) {
    const { xs, ys, sampleWeight } = item as { xs: Data; ys?: Data; sampleWeight?: Data };
    return [xs, ys ?? null, sampleWeight ?? null];
  }
  // Nested numbers of as many levels as the input has axes are the input.
  const alone = !targets && inputs.length === 1 && levelsOf(item) === inputs[0].shape?.length;
  if (Array.isArray(item) && item.length > 0 && !alone && (targets || typeof item[0] === 'object')) {
    if (item.length <= 3 && (!targets || item.length > 1)) return [item[0], item[1] ?? null, item[2] ?? null];
    throw notParts(`a list of ${item.length}`);
  }
  if (targets) throw notParts(String(item));
  return [item as Data, null, null];
}

/** How deep numbers are nested; null for anything but numbers. */
function levelsOf(item: unknown): number | null {
  let levels = 0;
  let inner = item;
  for (; Array.isArray(inner); inner = inner[0]) levels++;
  return typeof inner === 'number' ? levels : null;
}

function notParts(found: string): ValueError {
  return new ValueError(
    `Output of generator should be a tuple of 1 or 2 or 3 elements: (input,) or (input, target) or (input, target, sample_weights). Received ${found}`,
  );
}

export type { DataArray, NdArray };
