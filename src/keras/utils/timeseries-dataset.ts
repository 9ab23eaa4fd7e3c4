/** `timeseriesDatasetFromArray`: windows that slide over a series. `TimeseriesGenerator` is the older relative. */
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { Dataset } from './dataset.ts';
import { row, rowCount, rowRange, takeRows } from './rows.ts';
import { anySeed, seeded } from './shuffle-source.ts';

export interface TimeseriesDatasetOptions {
  /** How many steps lie between the starts of two windows; 1 without it. */
  readonly sequenceStride?: number;
  /** How many steps lie between two steps of a window; 1 without it. */
  readonly samplingRate?: number;
  /** 128 without it; null yields windows one by one. */
  readonly batchSize?: number | null;
  readonly shuffle?: boolean;
  /** Seeds the order; made up without it. */
  readonly seed?: number | null;
  /** The first step that is used. */
  readonly startIndex?: number | null;
  /** The step after the last that is used; it must be less than the data's length. */
  readonly endIndex?: number | null;
}

/**
 * Batches of windows of `sequenceLength` steps: shape `[batch, sequenceLength, …]`, with `targets` the pair of them and
 * the targets at the first steps of the windows. The order under a seed is Keras's. Throws `ValueError` for strides and
 * indices that do not fit the data.
 *
 *     const data = tf.keras.utils.timeseriesDatasetFromArray(x, x.slice(10), 10);
 *     for (const [windows, next] of data) …
 */
export function timeseriesDatasetFromArray(
  data: ArrayValue,
  targets: null,
  sequenceLength: number,
  options?: TimeseriesDatasetOptions,
): Dataset<NdArray>;
export function timeseriesDatasetFromArray(
  data: ArrayValue,
  targets: ArrayValue,
  sequenceLength: number,
  options?: TimeseriesDatasetOptions,
): Dataset<[windows: NdArray, targets: NdArray]>;
export function timeseriesDatasetFromArray(
  data: ArrayValue,
  targets: ArrayValue | null,
  sequenceLength: number,
  options: TimeseriesDatasetOptions = {},
): Dataset<NdArray> | Dataset<[NdArray, NdArray]> {
  const { sequenceStride = 1, samplingRate = 1, batchSize = 128, shuffle = false } = options;
  const series = toNdArray(data);
  const steps = rowCount(series);
  checkArguments(steps, options.startIndex ?? null, options.endIndex ?? null, samplingRate, sequenceStride);
  const start = options.startIndex ?? 0;
  const end = options.endIndex ?? steps;
  const goals = targets === null ? null : toNdArray(targets);

  let count = end - start - (sequenceLength - 1) * samplingRate;
  if (goals) count = Math.min(count, rowCount(goals));
  const positions: number[] = [];
  for (let i = 0; i < count; i += sequenceStride) positions.push(i);
  const seed = shuffle ? (options.seed ?? anySeed()) : null;
  if (seed !== null) seeded(seed).shuffle(positions);

  const used = rowRange(series, start, end);
  const window = (position: number): NdArray => {
    const indices = Array.from({ length: sequenceLength }, (_, k) => position + k * samplingRate);
    return takeRows(used, indices);
  };
  const order = new Dataset(positions);
  if (!goals) return finished(order.map(window), batchSize, seed);
  const usedGoals = rowRange(goals, start, end);
  return finished(
    order.map((position): [NdArray, NdArray] => [window(position), row(usedGoals, position)]),
    batchSize,
    seed,
  );
}

/** Shuffled once more, within a buffer and anew for each pass, and batched. */
function finished<T extends NdArray | [NdArray, NdArray]>(
  samples: Dataset<T>,
  batchSize: number | null,
  seed: number | null,
): Dataset<T> {
  const shuffled = seed === null ? samples : samples.shuffle(batchSize === null ? 1024 : batchSize * 8, { seed });
  return batchSize === null ? shuffled : (shuffled.batch(batchSize) as unknown as Dataset<T>);
}

function checkArguments(
  steps: number,
  startIndex: number | null,
  endIndex: number | null,
  samplingRate: number,
  sequenceStride: number,
): void {
  const fail = (problem: string, received: string): never => {
    throw new ValueError(`${problem} Received: ${received}`);
  };
  if (startIndex) {
    if (startIndex < 0) fail('`start_index` must be 0 or greater.', `start_index=${startIndex}`);
    if (startIndex >= steps) {
      fail(
        '`start_index` must be lower than the length of the data.',
        `start_index=${startIndex}, for data of length ${steps}`,
      );
    }
  }
  if (endIndex) {
    if (startIndex && endIndex <= startIndex) {
      fail('`end_index` must be higher than `start_index`.', `start_index=${startIndex}, and end_index=${endIndex} `);
    }
    if (endIndex >= steps) {
      fail(
        '`end_index` must be lower than the length of the data.',
        `end_index=${endIndex}, for data of length ${steps}`,
      );
    }
    if (endIndex <= 0) fail('`end_index` must be higher than 0.', `end_index=${endIndex}`);
  }
  for (const [name, value] of [
    ['sampling_rate', samplingRate],
    ['sequence_stride', sequenceStride],
  ] as const) {
    if (value <= 0) fail(`\`${name}\` must be higher than 0.`, `${name}=${value}`);
    if (value >= steps) {
      fail(`\`${name}\` must be lower than the length of the data.`, `${name}=${value}, for data of length ${steps}`);
    }
  }
}
