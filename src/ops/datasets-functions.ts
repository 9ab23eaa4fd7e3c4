/**
 * Datasets that call functions for their elements, as values of a graph. Those without functions are in `datasets.ts`; how
 * elements are made is the runtime's business.
 */
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, type OpInit } from './opdef/define.ts';
import { scalar } from './opdef/shape-rules.ts';

const TYPES = 'output_types: list(type) >= 1';
const SHAPES = 'output_shapes: list(shape) >= 1';
const ARGUMENTS = 'Targuments: list(type) >= 0';
const METADATA = 'metadata: string = ""';
const DATASET = 'input_dataset: variant';
const OTHERS = 'other_arguments: Targuments';
const INTEROP = 'use_inter_op_parallelism: bool = true';

type Init = Pick<OpInit, 'name' | 'doc' | 'inputs' | 'attrs'> & { readonly effect?: OpInit['effect'] };

const datasets: readonly Init[] = [
  {
    name: 'MapDataset',
    doc: 'What a function gives for each element.',
    inputs: [DATASET, OTHERS],
    attrs: [
      'f: func',
      ARGUMENTS,
      TYPES,
      SHAPES,
      INTEROP,
      'preserve_cardinality: bool = false',
      'force_synchronous: bool = false',
      METADATA,
    ],
  },
  {
    name: 'ParallelMapDatasetV2',
    doc: 'As MapDataset; how many calls go on at once is not for this library.',
    inputs: [DATASET, OTHERS, 'num_parallel_calls: int64'],
    attrs: [
      'f: func',
      ARGUMENTS,
      TYPES,
      SHAPES,
      INTEROP,
      'deterministic: string = "default"',
      'preserve_cardinality: bool = false',
      'use_unbounded_threadpool: bool = false',
      METADATA,
    ],
  },
  {
    name: 'ParallelMapDataset',
    doc: 'As MapDataset; how many calls go on at once is not for this library.',
    inputs: [DATASET, OTHERS, 'num_parallel_calls: int32'],
    attrs: [
      'f: func',
      ARGUMENTS,
      TYPES,
      SHAPES,
      INTEROP,
      'sloppy: bool = false',
      'preserve_cardinality: bool = false',
      METADATA,
    ],
  },
  {
    name: 'FilterDataset',
    doc: 'The elements for which a function gives true.',
    inputs: [DATASET, OTHERS],
    attrs: ['predicate: func', ARGUMENTS, TYPES, SHAPES, METADATA],
  },
  {
    name: 'TakeWhileDataset',
    doc: 'The elements before the first for which a function gives false.',
    inputs: [DATASET, OTHERS],
    attrs: ['predicate: func', ARGUMENTS, TYPES, SHAPES, METADATA],
  },
  {
    name: 'FlatMapDataset',
    doc: 'The elements of the datasets that a function gives for each element, one dataset after the other.',
    inputs: [DATASET, OTHERS],
    attrs: ['f: func', ARGUMENTS, TYPES, SHAPES, METADATA],
  },
  {
    name: 'InterleaveDataset',
    doc: 'The elements of the datasets that a function gives for each element, some of each in turn.',
    inputs: [DATASET, OTHERS, 'cycle_length: int64', 'block_length: int64'],
    attrs: ['f: func', ARGUMENTS, TYPES, SHAPES, METADATA],
  },
  {
    name: 'ParallelInterleaveDatasetV4',
    doc: 'As InterleaveDataset; how many calls go on at once is not for this library.',
    inputs: [
      DATASET,
      OTHERS,
      'cycle_length: int64',
      'block_length: int64',
      'buffer_output_elements: int64',
      'prefetch_input_elements: int64',
      'num_parallel_calls: int64',
    ],
    attrs: ['f: func', 'deterministic: string = "default"', ARGUMENTS, TYPES, SHAPES, METADATA],
  },
  {
    name: 'LegacyParallelInterleaveDatasetV2',
    doc: 'As InterleaveDataset; how many calls go on at once is not for this library.',
    inputs: [
      DATASET,
      OTHERS,
      'cycle_length: int64',
      'block_length: int64',
      'buffer_output_elements: int64',
      'prefetch_input_elements: int64',
    ],
    attrs: ['f: func', 'deterministic: string = "default"', ARGUMENTS, TYPES, SHAPES, METADATA],
  },
  {
    name: 'ScanDataset',
    doc: 'What a function gives for each element and the state that the call before left.',
    inputs: [DATASET, 'initial_state: Tstate', OTHERS],
    attrs: [
      'f: func',
      'Tstate: list(type) >= 1',
      ARGUMENTS,
      TYPES,
      SHAPES,
      'preserve_cardinality: bool = false',
      'use_default_device: bool = true',
      METADATA,
    ],
  },
  {
    name: 'GeneratorDataset',
    doc: 'What a function gives, called again and again with what another one gave at the start.',
    inputs: [
      'init_func_other_args: Tinit_func_args',
      'next_func_other_args: Tnext_func_args',
      'finalize_func_other_args: Tfinalize_func_args',
    ],
    attrs: [
      'init_func: func',
      'next_func: func',
      'finalize_func: func',
      'Tinit_func_args: list(type) >= 0',
      'Tnext_func_args: list(type) >= 0',
      'Tfinalize_func_args: list(type) >= 0',
      TYPES,
      SHAPES,
      METADATA,
    ],
    effect: 'reads',
  },
];

for (const dataset of datasets) {
  defineOp({ ...dataset, outputs: ['handle: variant'], infer: scalar, grad: null, samples: [] });
}

const shapesSaid = (op: InferContext): Inferred => op.attr<readonly Shape[]>('output_shapes');

defineOp({
  name: 'ReduceDataset',
  doc: 'The state that a function leaves after all elements.',
  inputs: [DATASET, 'initial_state: Tstate', OTHERS],
  outputs: ['components: output_types'],
  attrs: ['f: func', 'Tstate: list(type) >= 1', ARGUMENTS, TYPES, SHAPES, INTEROP, METADATA],
  effect: 'writes',
  infer: shapesSaid,
  grad: null,
  samples: [],
});

defineOp({
  name: 'OneShotIterator',
  doc: 'The handle of an iterator that starts over what a function gives where the session has none yet, and never again.',
  outputs: ['handle: resource'],
  attrs: ['dataset_factory: func', TYPES, SHAPES, 'container: string = ""', 'shared_name: string = ""'],
  effect: 'writes',
  infer: scalar,
  grad: () => [],
  samples: [],
});
