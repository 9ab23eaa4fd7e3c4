/**
 * Datasets of what files hold, and datasets that are made of one other dataset in further ways, as values of a graph. The
 * classes for users are in `src/data`; how elements are made is the runtime's business.
 */
import { defineOp, type InferContext, type Inferred, type OpInit } from './opdef/define.ts';
import { scalar, withRank, withRankAtMost } from './opdef/shape-rules.ts';

const TYPES = 'output_types: list(type) >= 1';
const SHAPES = 'output_shapes: list(shape) >= 1';
const METADATA = 'metadata: string = ""';
const DATASET = 'input_dataset: variant';

/** A dataset of files: one name or a vector of names, and scalars. */
function files(op: InferContext): Inferred {
  withRankAtMost(op.shape(0), 1);
  for (let i = 1; i < op.inputCount; i++) withRank(op.shape(i), 0);
  return [[]];
}
/** A dataset all of whose inputs are scalars. */
function scalarInputs(op: InferContext): Inferred {
  for (let i = 0; i < op.inputCount; i++) withRank(op.shape(i), 0);
  return [[]];
}

const READER = ['filenames: string', 'compression_type: string', 'buffer_size: int64'];

const datasets: readonly Pick<OpInit, 'name' | 'doc' | 'inputs' | 'attrs' | 'infer' | 'effect'>[] = [
  {
    name: 'TextLineDataset',
    doc: 'The lines of text files.',
    inputs: READER,
    attrs: [METADATA],
    infer: files,
    effect: 'reads',
  },
  {
    name: 'TFRecordDataset',
    doc: 'The records of TFRecord files.',
    inputs: READER,
    attrs: [METADATA],
    infer: files,
    effect: 'reads',
  },
  {
    name: 'TFRecordDatasetV2',
    doc: 'The records of TFRecord files from places on that are stated for each.',
    inputs: [...READER, 'byte_offsets: int64'],
    attrs: [METADATA],
    infer: scalar,
    effect: 'reads',
  },
  {
    name: 'FixedLengthRecordDatasetV2',
    doc: 'Pieces of files that are all of one length.',
    inputs: [
      'filenames: string',
      'header_bytes: int64',
      'record_bytes: int64',
      'footer_bytes: int64',
      'buffer_size: int64',
      'compression_type: string',
    ],
    attrs: [METADATA],
    infer: files,
    effect: 'reads',
  },
  {
    name: 'PrefetchDataset',
    doc: 'The elements; that some are made beforehand is not for this library.',
    inputs: [DATASET, 'buffer_size: int64'],
    attrs: [
      TYPES,
      SHAPES,
      'slack_period: int = 0',
      'legacy_autotune: bool = true',
      'buffer_size_min: int = 0',
      METADATA,
    ],
    infer: scalarInputs,
  },
  {
    name: 'ShardDataset',
    doc: 'Every so-many-th element.',
    inputs: [DATASET, 'num_shards: int64', 'index: int64'],
    attrs: ['require_non_empty: bool = false', TYPES, SHAPES, METADATA],
    infer: scalarInputs,
  },
  {
    name: 'CacheDataset',
    doc: 'The elements, which are kept after the first pass over all of them.',
    inputs: [DATASET, 'filename: string'],
    attrs: [TYPES, SHAPES, METADATA],
    // Each keeps its own.
    effect: 'reads',
    infer: scalarInputs,
  },
  {
    name: 'PaddedBatchDatasetV2',
    doc: 'Elements filled up to one shape and stacked, so many at a time.',
    inputs: [
      DATASET,
      'batch_size: int64',
      'padded_shapes: N * int64',
      'padding_values: Toutput_types',
      'drop_remainder: bool',
    ],
    attrs: ['parallel_copy: bool = false', 'Toutput_types: list(type) >= 1', SHAPES, 'N: int >= 1', METADATA],
    infer: scalar,
  },
];

for (const dataset of datasets) {
  defineOp({ ...dataset, outputs: ['handle: variant'], grad: null, samples: [] });
}
