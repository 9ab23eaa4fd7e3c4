/**
 * Host kernels of datasets made of values and of other datasets. How elements are made is `dataset-sources.ts`'s business;
 * iterators are in `iterators.ts`, datasets with functions in `datasets-functions.ts`.
 */
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { Components, Dataset } from './dataset-pass.ts';
import {
  batched,
  concatenated,
  once,
  rangeElements,
  repeated,
  rows,
  shuffled,
  skipped,
  taken,
  zipped,
} from './dataset-sources.ts';
import { conflictOf, datasetOf, numberIn } from './dataset-specs.ts';
import { variantOf } from './handles.ts';
import { defineHostKernels } from './registry.ts';

/** The buffer size that stands for "as many as there are". */
const UNKNOWN_CARDINALITY = -2;

defineHostKernels({
  RangeDataset: (inputs, op) => {
    const [start, stop, step] = inputs.map((input) => BigInt(input.data[0] as bigint));
    if (step === 0n) throw new InvalidArgumentError(null, 'step must be a non-zero integer.');
    const [dtype] = op.attr<readonly DType[]>('output_types');
    return [datasetOf(op, [], rangeElements(start, stop, step, dtype))];
  },
  TensorDataset: (inputs, op) => {
    const components = new Components([...inputs]);
    return [datasetOf(op, [], () => once(components), components.own)];
  },
  TensorSliceDataset: (inputs, op) => {
    if (inputs.some((input) => input.rank === 0)) {
      throw new InvalidArgumentError(null, 'All components must be at least 1-dimensional');
    }
    if (inputs.some((input) => input.shape[0] !== inputs[0].shape[0])) {
      throw new InvalidArgumentError(null, 'All components must have the same size in the 0th dimension');
    }
    const components = new Components([...inputs]);
    return [datasetOf(op, [], () => rows(components), components.own)];
  },
  RepeatDataset: ([variant, count], op) => {
    const input = variantOf(variant, Dataset);
    return [datasetOf(op, [input], (pass) => repeated(input, numberIn(count), pass))];
  },
  TakeDataset: ([variant, count], op) => {
    const input = variantOf(variant, Dataset);
    return [datasetOf(op, [input], (pass) => taken(input, numberIn(count), pass))];
  },
  SkipDataset: ([variant, count], op) => {
    const input = variantOf(variant, Dataset);
    return [datasetOf(op, [input], (pass) => skipped(input, numberIn(count), pass))];
  },
  BatchDatasetV2: ([variant, size, dropRemainder], op) => {
    const input = variantOf(variant, Dataset);
    const count = numberIn(size);
    if (count <= 0) throw new InvalidArgumentError(null, 'Batch size must be greater than zero.');
    return [datasetOf(op, [input], (pass) => batched(input, count, dropRemainder.data[0] !== 0, pass))];
  },
  ZipDataset: (variants, op) => {
    const inputs = variants.map((variant) => variantOf(variant, Dataset));
    return [datasetOf(op, inputs, (pass) => zipped(inputs, pass))];
  },
  ConcatenateDataset: (variants, op) => {
    const [first, second] = variants.map((variant) => variantOf(variant, Dataset));
    const conflict = conflictOf(first.types, second.types);
    if (conflict) throw new InvalidArgumentError(null, conflict);
    return [datasetOf(op, [first, second], (pass) => concatenated(first, second, pass))];
  },
  ShuffleDataset: ([variant, bufferSize, seed, seed2], op) => {
    const input = variantOf(variant, Dataset);
    const size = numberIn(bufferSize);
    if (size < 1 && size !== UNKNOWN_CARDINALITY) {
      throw new InvalidArgumentError(null, 'buffer_size must be greater than zero or UNKNOWN_CARDINALITY');
    }
    const limit = size === UNKNOWN_CARDINALITY ? Number.MAX_SAFE_INTEGER : size;
    const seeds = seedsOf(numberIn(seed), numberIn(seed2));
    return [datasetOf(op, [input], shuffled(input, limit, seeds, op.attr('reshuffle_each_iteration')))];
  },
});

/** Two zeros ask for an order that is not known beforehand. */
function seedsOf(seed: number, seed2: number): readonly [number, number] {
  if (seed !== 0 || seed2 !== 0) return [seed, seed2];
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  return [a, b];
}
