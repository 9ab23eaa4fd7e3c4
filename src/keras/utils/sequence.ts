/**
 * `Sequence`, batches by number, and the `TimeseriesGenerator` built on it. What `fit` does with one is left to the
 * models; lazy streams are `dataset.ts`'s.
 */
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { row, rowCount, stackRows, takeRows } from './rows.ts';
import { streams } from './shuffle-source.ts';

/**
 * Batches that are asked for by number: the base class of data that does not fit in memory or is made on the way. A
 * subclass gives `length` and `getItem`.
 *
 *     class Squares extends tf.keras.utils.Sequence {
 *       get length() { return 10; }
 *       getItem(i) { return [x.slice(i), y.slice(i)]; }
 *     }
 *     await model.fitDataset(new Squares(), {epochs: 3});
 */
export abstract class Sequence<T = unknown> implements Iterable<T> {
  /** The number of batches. */
  abstract get length(): number;
  /** Batch `index`, or a promise of it. */
  abstract getItem(index: number): T;
  /** Called after each epoch of training, to reorder the data for instance. */
  onEpochEnd(): void {}

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.getItem(i);
  }
}

export interface TimeseriesGeneratorOptions {
  /** Every how many steps of the history one is taken; 1 without it. */
  readonly samplingRate?: number;
  /** How many steps lie between two samples; 1 without it. */
  readonly stride?: number;
  /** The first step that is used; 0 without it. */
  readonly startIndex?: number;
  /** The last step that is used; the data's last where it is null. */
  readonly endIndex?: number | null;
  /** Whether samples are drawn at random, with repetition. */
  readonly shuffle?: boolean;
  /** Whether the steps of a sample run backwards. */
  readonly reverse?: boolean;
  /** 128 without it. */
  readonly batchSize?: number;
}

/**
 * Pairs of the last `length` steps and the present target, in batches: `[samples, targets]` of shapes
 * `[batch, length / samplingRate, …]` and `[batch, …]`. Throws `ValueError` where data and targets differ in length or no
 * sample is left.
 *
 *     const [x, y] = new tf.keras.preprocessing.sequence.TimeseriesGenerator(series, series, 10, {batchSize: 2}).getItem(0)
 */
export class TimeseriesGenerator extends Sequence<[samples: NdArray, targets: NdArray]> {
  readonly data: NdArray;
  readonly targets: NdArray;
  readonly samplingRate: number;
  readonly stride: number;
  /** The first step that is a target. */
  readonly startIndex: number;
  readonly endIndex: number;
  readonly shuffle: boolean;
  readonly reverse: boolean;
  readonly batchSize: number;

  constructor(
    data: ArrayValue,
    targets: ArrayValue,
    /** How many steps a sample looks back. */
    readonly historyLength: number,
    options: TimeseriesGeneratorOptions = {},
  ) {
    super();
    this.data = toNdArray(data);
    this.targets = toNdArray(targets);
    const [steps, targetSteps] = [rowCount(this.data), rowCount(this.targets)];
    if (steps !== targetSteps) {
      throw new ValueError(
        `Data and targets have to be of same length. Data length is ${steps} while target length is ${targetSteps}`,
      );
    }
    this.samplingRate = options.samplingRate ?? 1;
    this.stride = options.stride ?? 1;
    this.startIndex = (options.startIndex ?? 0) + historyLength;
    this.endIndex = options.endIndex ?? steps - 1;
    this.shuffle = options.shuffle ?? false;
    this.reverse = options.reverse ?? false;
    this.batchSize = options.batchSize ?? 128;
    if (this.startIndex > this.endIndex) {
      throw new ValueError(
        `\`start_index+length=${this.startIndex} > end_index=${this.endIndex}\` is disallowed, as no part of the sequence would be left to be used as current step.`,
      );
    }
  }

  get length(): number {
    const span = this.batchSize * this.stride;
    return Math.floor((this.endIndex - this.startIndex + span) / span);
  }

  getItem(index: number): [samples: NdArray, targets: NdArray] {
    const rows = this.shuffle ? this.randomRows() : this.rowsInOrder(index);
    const samples = rows.map((last) => {
      const steps: number[] = [];
      for (let i = last - this.historyLength; i < last; i += this.samplingRate) steps.push(i);
      return takeRows(this.data, this.reverse ? steps.reverse() : steps);
    });
    return [stackRows(samples), stackRows(rows.map((i) => row(this.targets, i)))];
  }

  private randomRows(): number[] {
    return Array.from({ length: this.batchSize }, () => streams.numpy.randint(this.startIndex, this.endIndex + 1));
  }

  private rowsInOrder(index: number): number[] {
    const first = this.startIndex + this.batchSize * this.stride * index;
    const end = Math.min(first + this.batchSize * this.stride, this.endIndex + 1);
    const rows: number[] = [];
    for (let i = first; i < end; i += this.stride) rows.push(i);
    return rows;
  }

  /** The arguments, with Keras's names; data and targets as JSON texts. `start_index` counts the history, as Keras's does. */
  getConfig(): Record<string, unknown> {
    return {
      data: JSON.stringify(this.data.array()),
      targets: JSON.stringify(this.targets.array()),
      length: this.historyLength,
      sampling_rate: this.samplingRate,
      stride: this.stride,
      start_index: this.startIndex,
      end_index: this.endIndex,
      shuffle: this.shuffle,
      reverse: this.reverse,
      batch_size: this.batchSize,
    };
  }

  toJson(): string {
    return JSON.stringify({ class_name: 'TimeseriesGenerator', config: this.getConfig() });
  }
}
