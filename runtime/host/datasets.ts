/**
 * Host kernels of datasets and of the iterators that a session owns. How elements are made is `dataset-sources.ts`'s
 * business.
 */
import type { DType } from '../../src/util/dtype.ts';
import { FailedPreconditionError, InvalidArgumentError, OutOfRangeError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type Shape, shapeConflict } from '../../src/util/shape.ts';
import {
  batched,
  Components,
  concatenated,
  Dataset,
  type DatasetElement,
  type Elements,
  rangeElements,
  repeated,
  shuffled,
  skipped,
  taken,
  zipped,
} from './dataset-sources.ts';
import { handleArray, handleOf, typeName, variantArray, variantOf } from './handles.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

const ITERATOR = 'tensorflow::data::IteratorResource';

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
    return [datasetOf(op, [], components.once, components.own)];
  },
  TensorSliceDataset: (inputs, op) => {
    if (inputs.some((input) => input.rank === 0)) {
      throw new InvalidArgumentError(null, 'All components must be at least 1-dimensional');
    }
    if (inputs.some((input) => input.shape[0] !== inputs[0].shape[0])) {
      throw new InvalidArgumentError(null, 'All components must have the same size in the 0th dimension');
    }
    const components = new Components([...inputs]);
    return [datasetOf(op, [], components.rows, components.own)];
  },
  RepeatDataset: ([variant, count], op) => {
    const input = variantOf(variant, Dataset);
    return [datasetOf(op, [input], () => repeated(input, numberIn(count)))];
  },
  TakeDataset: ([variant, count], op) => {
    const input = variantOf(variant, Dataset);
    return [datasetOf(op, [input], () => taken(input, numberIn(count)))];
  },
  SkipDataset: ([variant, count], op) => {
    const input = variantOf(variant, Dataset);
    return [datasetOf(op, [input], () => skipped(input, numberIn(count)))];
  },
  BatchDatasetV2: ([variant, size, dropRemainder], op) => {
    const input = variantOf(variant, Dataset);
    const count = numberIn(size);
    if (count <= 0) throw new InvalidArgumentError(null, 'Batch size must be greater than zero.');
    return [datasetOf(op, [input], () => batched(input, count, dropRemainder.data[0] !== 0))];
  },
  ZipDataset: (variants, op) => {
    const inputs = variants.map((variant) => variantOf(variant, Dataset));
    return [datasetOf(op, inputs, () => zipped(inputs))];
  },
  ConcatenateDataset: (variants, op) => {
    const [first, second] = variants.map((variant) => variantOf(variant, Dataset));
    const conflict = conflictOf(first.types, second.types);
    if (conflict) throw new InvalidArgumentError(null, conflict);
    return [datasetOf(op, [first, second], () => concatenated(first, second))];
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

  IteratorV2: (_, op) => [iteratorHandle(op)[0]],
  _OneShotIterator: ([variant], op) => {
    const [handle, state] = iteratorHandle(op);
    if (!state.elements) start(state, variantOf(variant, Dataset), op);
    return [handle];
  },
  MakeIterator: ([variant, handle], op) => {
    const state = stateOf(handle);
    const dataset = variantOf(variant, Dataset);
    checkComponents(state, dataset);
    start(state, dataset, op);
    return [];
  },
  IteratorGetNext: nextElement,
  IteratorGetNextSync: nextElement,
});

function datasetOf(
  op: HostOp,
  inputs: readonly Dataset[],
  iterate: () => Elements,
  own: () => void = () => {
    for (const input of inputs) input.own();
  },
): NdArray {
  const types = op.attr<readonly DType[] | null>('output_types') ?? op.attr<readonly DType[]>('Toutput_types');
  return variantArray(new Dataset(types, op.attr<readonly Shape[]>('output_shapes'), iterate, own));
}

function numberIn(array: NdArray): number {
  return Number(array.data[0]);
}

/** Two zeros ask for an order that is not known beforehand. */
function seedsOf(seed: number, seed2: number): readonly [number, number] {
  if (seed !== 0 || seed2 !== 0) return [seed, seed2];
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  return [a, b];
}

// Iterators

/** An iterator of a session: where its pass over a dataset stands. */
class IteratorState {
  /** Null: not started. */
  elements: Elements | null = null;
  /** What runs that failed have given back, the next one last. */
  givenBack: DatasetElement[] = [];

  constructor(
    readonly types: readonly DType[],
    readonly shapes: readonly Shape[],
  ) {}
}

function iteratorHandle(op: HostOp): [handle: NdArray, state: IteratorState] {
  const container = op.attr<string>('container');
  // Without a shared name the iterator is the node's own.
  const name = op.attr<string>('shared_name') || `_${op.name}`;
  const asked = new IteratorState(op.attr('output_types'), op.attr('output_shapes'));
  const state = op.services.resources().lookupOrCreate(ITERATOR, container, name, () => asked);
  checkComponents(asked, state);
  return [handleArray({ container: container || 'localhost', name, kind: ITERATOR, resource: state }), state];
}

function stateOf(handle: NdArray): IteratorState {
  return handleOf(handle, ITERATOR).resource as IteratorState;
}

function start(state: IteratorState, dataset: Dataset, op: HostOp): void {
  const { elements, givenBack } = state;
  dataset.own();
  state.elements = dataset.iterate();
  state.givenBack = [];
  op.services.resources().onRollback(() => {
    state.elements = elements;
    state.givenBack = givenBack;
  });
}

function nextElement([handle]: readonly NdArray[], op: HostOp): DatasetElement {
  const state = stateOf(handle);
  if (!state.elements) {
    throw new FailedPreconditionError(
      null,
      'GetNext() failed because the iterator has not been initialized. Ensure that you have run the initializer operation for this iterator before getting the next element.',
    );
  }
  checkComponents({ types: op.attr('output_types'), shapes: op.attr('output_shapes') }, state);
  const element = state.givenBack.pop() ?? state.elements.next();
  if (!element) throw new OutOfRangeError(null, 'End of sequence');
  op.services.resources().onRollback(() => state.givenBack.push(element));
  return element;
}

interface ElementSpec {
  readonly types: readonly DType[];
  readonly shapes: readonly Shape[];
}

function checkComponents(wanted: ElementSpec, given: ElementSpec): void {
  const conflict = conflictOf(wanted.types, given.types) ?? shapesConflict(wanted.shapes, given.shapes);
  if (conflict) throw new InvalidArgumentError(null, conflict);
}

function conflictOf(wanted: readonly DType[], given: readonly DType[]): string | null {
  if (wanted.length !== given.length) {
    return `Number of components does not match: expected ${wanted.length} types but got ${given.length}.`;
  }
  const at = wanted.findIndex((dtype, i) => dtype !== given[i]);
  return at < 0
    ? null
    : `Data type mismatch at component ${at}: expected ${typeName(wanted[at])} but got ${typeName(given[at])}.`;
}

function shapesConflict(wanted: readonly Shape[], given: readonly Shape[]): string | null {
  const at = wanted.findIndex((shape, i) => shapeConflict(shape, given[i]));
  if (at < 0) return null;
  const [expected, got] = [wanted[at], given[at]].map(formatShapeBrackets);
  return `Incompatible shapes at component ${at}: expected ${expected} but got ${got}.`;
}
