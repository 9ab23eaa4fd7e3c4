/** `splitDataset`: one dataset as two, for training and validation. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { formatShape } from '../../util/shape.ts';
import { Dataset } from './dataset.ts';
import { PythonRandom } from './mersenne-twister.ts';
import { row, rowCount } from './rows.ts';
import { streams } from './shuffle-source.ts';

export interface SplitDatasetOptions {
  /** A whole number of samples, or a share of them; what the right side leaves without it. */
  readonly leftSize?: number | null;
  /** The same of the right side. */
  readonly rightSize?: number | null;
  /** Whether the samples are shuffled first. */
  readonly shuffle?: boolean;
  /** Seeds that shuffle; made up without it. */
  readonly seed?: number | null;
}

/**
 * Two datasets of the first and the last samples of an array, of several arrays of one length, or of a dataset, whose
 * samples are read into memory; batches stay batches. A size of 1 or more is a number of samples. Throws `ValueError` for
 * sizes that do not fit and arrays of different lengths, `TypeError` for what is no dataset.
 *
 *     const [train, test] = tf.keras.utils.splitDataset([x, y], {leftSize: 0.8, shuffle: true, seed: 1});
 */
export function splitDataset(
  dataset: NdArray,
  ...rest: Rest<[number | null, number | null, boolean, number | null], SplitDatasetOptions>
): [left: Dataset<NdArray>, right: Dataset<NdArray>];
export function splitDataset<const V extends readonly NdArray[]>(
  dataset: V,
  ...rest: Rest<[number | null, number | null, boolean, number | null], SplitDatasetOptions>
): [left: Dataset<{ -readonly [K in keyof V]: NdArray }>, right: Dataset<{ -readonly [K in keyof V]: NdArray }>];
export function splitDataset<T>(
  dataset: Dataset<T>,
  ...rest: Rest<[number | null, number | null, boolean, number | null], SplitDatasetOptions>
): [left: Dataset<T>, right: Dataset<T>];
export function splitDataset(
  dataset: NdArray | readonly NdArray[] | Dataset<unknown>,
  ...rest: Rest<[number | null, number | null, boolean, number | null], SplitDatasetOptions>
): [left: Dataset<unknown>, right: Dataset<unknown>] {
  const options = bind<SplitDatasetOptions>(['leftSize', 'rightSize', 'shuffle', 'seed'], rest);
  const { leftSize = null, rightSize = null } = options;
  if (!(dataset instanceof NdArray || dataset instanceof Dataset || Array.isArray(dataset))) {
    throw new TypeError(`Unsupported dataset type: <class '${pythonTypeName(dataset)}'>`);
  }
  if (leftSize === null && rightSize === null) {
    throw new ValueError(
      'At least one of the `left_size` or `right_size` must be specified. Received: left_size=None and right_size=None',
    );
  }
  const samples = samplesOf(dataset);
  if (samples.length === 0) {
    throw new ValueError(
      'Received an empty Dataset. `dataset` must be a non-empty list/tuple of `numpy.ndarray` objects or `tf.data.Dataset` objects.',
    );
  }
  if (options.shuffle) new PythonRandom(options.seed ?? streams.python.randint(0, 1e6)).shuffle(samples);
  const [left, right] = splitSizes(leftSize, rightSize, samples.length);
  const batchSize = dataset instanceof Dataset ? dataset.batchSize : null;
  const part = (start: number, end: number): Dataset<unknown> => {
    const samplesOfPart = new Dataset(samples.slice(start, end));
    return batchSize === null ? samplesOfPart : samplesOfPart.batch(batchSize);
  };
  return [part(0, left), part(samples.length - right, samples.length)];
}

function samplesOf(dataset: NdArray | readonly NdArray[] | Dataset<unknown>): unknown[] {
  if (dataset instanceof Dataset) {
    if (dataset.isAsync) {
      throw new TypeError('The dataset reads an asynchronous source: split `await Dataset.collect(dataset)`.');
    }
    return (dataset.batchSize === null ? dataset : dataset.unbatch()).toArray();
  }
  if (dataset instanceof NdArray) return Array.from({ length: rowCount(dataset) }, (_, i) => row(dataset, i));
  const [first] = dataset;
  dataset.forEach((array, i) => {
    if (!(array instanceof NdArray)) {
      throw new ValueError(
        `Expected a list of \`numpy.ndarray\` objects,Received: <class '${pythonTypeName(array)}'> at index ${i}.`,
      );
    }
    if (rowCount(array) !== rowCount(first)) {
      throw new ValueError(
        `Received a list of NumPy arrays with different lengths.Mismatch found at index ${i}, Expected shape=${formatShape(first.shape)} Received shape=${formatShape(array.shape)}.Please provide a list of NumPy arrays of the same length.`,
      );
    }
  });
  return Array.from({ length: first ? rowCount(first) : 0 }, (_, i) => dataset.map((array) => row(array, i)));
}

/** The numbers of samples of the two sides. Whole numbers are counts, others shares. */
function splitSizes(leftSize: number | null, rightSize: number | null, total: number): [left: number, right: number] {
  checkTypes(leftSize, rightSize);
  if (leftSize === 0 && rightSize === 0) {
    throw new ValueError(
      'Both `left_size` and `right_size` are zero. At least one of the split sizes must be non-zero.',
    );
  }
  const outside = (size: number | null): boolean => size !== null && (size <= 0 || size >= (isShare(size) ? 1 : total));
  if (outside(leftSize)) {
    throw new ValueError(
      `\`left_size\` should be either a positive integer smaller than ${total}, or a float within the range \`[0, 1]\`. Received: left_size=${leftSize}`,
    );
  }
  if (outside(rightSize)) {
    throw new ValueError(
      `\`right_size\` should be either a positive integer and smaller than ${total} or a float within the range \`[0, 1]\`. Received: right_size=${rightSize}`,
    );
  }
  if (leftSize !== null && rightSize !== null && isShare(leftSize) && isShare(rightSize) && leftSize + rightSize > 1) {
    throw new ValueError(
      'The sum of `left_size` and `right_size` is greater than 1. It must be less than or equal to 1.',
    );
  }
  const count = (size: number): number => (isShare(size) ? roundHalfEven(size * total) : size);
  const left = leftSize === null ? total - count(rightSize as number) : count(leftSize);
  const right = rightSize === null ? total - left : count(rightSize);
  if (left + right > total) {
    throw new ValueError(
      `The sum of \`left_size\` and \`right_size\` should be smaller than the ${total}. Received: left_size + right_size = ${left + right}.0and total_length = ${total}`,
    );
  }
  const shown = (n: number, given: number | null): string => (given !== null && !isShare(given) ? `${n}.0` : `${n}`);
  for (const [size, side] of [
    [left, 'left'],
    [right, 'right'],
  ] as const) {
    if (size !== 0) continue;
    throw new ValueError(
      `With \`dataset\` of length=${total}, \`left_size\`=${shown(left, leftSize)} and \`right_size\`=${shown(right, rightSize)}.Resulting ${side} side dataset split will be empty. Adjust any of the aforementioned parameters`,
    );
  }
  return [left, right];
}

function checkTypes(leftSize: unknown, rightSize: unknown): void {
  const [badLeft, badRight] = [leftSize, rightSize].map((size) => size !== null && typeof size !== 'number');
  const [left, right] = [leftSize, rightSize].map((size) => `<class '${pythonTypeName(size)}'>`);
  if (badLeft && badRight) {
    throw new TypeError(
      `Invalid \`left_size\` and \`right_size\` Types. Expected: integer or float or None, Received: type(left_size)=${left} and type(right_size)=${right}`,
    );
  }
  if (badLeft) {
    throw new TypeError(
      `Invalid \`left_size\` Type. Expected: int or float or None, Received: type(left_size)=${left}.  `,
    );
  }
  if (badRight) {
    throw new TypeError(
      `Invalid \`right_size\` Type. Expected: int or float or None,Received: type(right_size)=${right}.`,
    );
  }
}

function isShare(size: number): boolean {
  return !Number.isInteger(size);
}

/** As Python rounds: halves to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
