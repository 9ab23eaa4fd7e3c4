/**
 * Datasets as values of a graph, and the iterators that the session owns. The classes for users are in `src/data`; how
 * elements are made is the runtime's business.
 */
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, type OpInit } from './opdef/define.ts';
import { none, scalar, withRank } from './opdef/shape-rules.ts';

const TYPES = 'output_types: list(type) >= 1';
const SHAPES = 'output_shapes: list(shape) >= 1';
const METADATA = 'metadata: string = ""';

/** A dataset, all of whose inputs are scalars. */
function scalarInputs(op: InferContext): Inferred {
  for (let i = 0; i < op.inputCount; i++) withRank(op.shape(i), 0);
  return [[]];
}

const datasets: readonly Pick<OpInit, 'name' | 'doc' | 'inputs' | 'attrs' | 'infer' | 'effect'>[] = [
  {
    name: 'RangeDataset',
    doc: 'The numbers from a start to before a stop.',
    inputs: ['start: int64', 'stop: int64', 'step: int64'],
    attrs: [TYPES, SHAPES, METADATA, 'replicate_on_split: bool = false'],
    infer: scalarInputs,
  },
  {
    name: 'TensorDataset',
    doc: 'One element: the components.',
    inputs: ['components: Toutput_types'],
    attrs: ['Toutput_types: list(type) >= 1', SHAPES, METADATA],
    infer: scalar,
  },
  {
    name: 'TensorSliceDataset',
    doc: 'An element for each row of the components.',
    inputs: ['components: Toutput_types'],
    attrs: [
      'Toutput_types: list(type) >= 1',
      SHAPES,
      'is_files: bool = false',
      METADATA,
      'replicate_on_split: bool = false',
    ],
    infer: scalar,
  },
  {
    name: 'RepeatDataset',
    doc: 'The elements several times; for ever where the count is negative.',
    inputs: ['input_dataset: variant', 'count: int64'],
    attrs: [TYPES, SHAPES, METADATA],
    infer: scalarInputs,
  },
  {
    name: 'BatchDatasetV2',
    doc: 'Elements stacked, so many at a time.',
    inputs: ['input_dataset: variant', 'batch_size: int64', 'drop_remainder: bool'],
    attrs: ['parallel_copy: bool = false', TYPES, SHAPES, METADATA],
    infer: scalarInputs,
  },
  {
    name: 'TakeDataset',
    doc: 'The first elements; all where the count is negative.',
    inputs: ['input_dataset: variant', 'count: int64'],
    attrs: [TYPES, SHAPES, METADATA],
    infer: scalarInputs,
  },
  {
    name: 'SkipDataset',
    doc: 'The elements without the first; none where the count is negative.',
    inputs: ['input_dataset: variant', 'count: int64'],
    attrs: [TYPES, SHAPES, METADATA],
    infer: scalarInputs,
  },
  {
    name: 'ZipDataset',
    doc: 'The elements of several datasets side by side, until the shortest ends.',
    inputs: ['input_datasets: N * variant'],
    attrs: [TYPES, SHAPES, 'N: int >= 1', METADATA],
    infer: scalar,
  },
  {
    name: 'ConcatenateDataset',
    doc: 'The elements of one dataset, then those of another.',
    inputs: ['input_dataset: variant', 'another_dataset: variant'],
    attrs: [TYPES, SHAPES, METADATA],
    infer: scalar,
  },
  {
    name: 'ShuffleDataset',
    doc: 'The elements in the order of draws from a buffer.',
    inputs: ['input_dataset: variant', 'buffer_size: int64', 'seed: int64', 'seed2: int64'],
    attrs: ['reshuffle_each_iteration: bool = true', TYPES, SHAPES, METADATA],
    // Each has an order of its own: two that look alike are not merged.
    effect: 'random',
    infer: scalarInputs,
  },
];

for (const dataset of datasets) {
  defineOp({ ...dataset, outputs: ['handle: variant'], grad: null, samples: [] });
}

// Iterators

defineOp({
  name: 'IteratorV2',
  doc: 'The handle of an iterator.',
  outputs: ['handle: resource'],
  attrs: ['shared_name: string', 'container: string', TYPES, SHAPES],
  effect: 'reads',
  infer: scalar,
  grad: () => [],
  samples: [],
});

defineOp({
  name: '_OneShotIterator',
  doc: 'The handle of an iterator that starts over the dataset where the session has none yet, and never again.',
  inputs: ['dataset: variant'],
  outputs: ['handle: resource'],
  attrs: [TYPES, SHAPES, 'container: string = ""', 'shared_name: string = ""'],
  effect: 'writes',
  infer: scalar,
  grad: null,
  samples: [],
});

defineOp({
  name: 'MakeIterator',
  doc: 'Starts an iterator over a dataset, anew where it had one.',
  inputs: ['dataset: variant', 'iterator: resource'],
  effect: 'writes',
  infer: none,
  grad: null,
  samples: [],
});

for (const name of ['IteratorGetNext', 'IteratorGetNextSync']) {
  defineOp({
    name,
    doc: 'The next element of an iterator; stops the run where there is none.',
    inputs: ['iterator: resource'],
    outputs: ['components: output_types'],
    attrs: [TYPES, SHAPES],
    effect: 'writes',
    infer: (op) => {
      withRank(op.shape(0), 0);
      return op.attr<readonly Shape[]>('output_shapes');
    },
    grad: null,
    samples: [],
  });
}

defineOp({
  name: 'IteratorToStringHandle',
  doc: 'A text that stands for an iterator.',
  inputs: ['resource_handle: resource'],
  outputs: ['string_handle: string'],
  effect: 'reads',
  infer: scalar,
  grad: null,
  samples: [],
});
