/**
 * Readers: handles of readers that the session keeps, and the ops that read records of the files whose names a queue gives.
 * The classes for users are in `src/queues`; reading is the runtime's.
 */
import { defineOp } from './opdef/define.ts';
import { none, scalar } from './opdef/shape-rules.ts';

const PLACE = ['container: string = ""', 'shared_name: string = ""'];

// Every one of them acts on what other runs see: none is folded, merged or moved past another.
for (const [name, doc, before, after] of [
  ['WholeFileReaderV2', 'The handle of a reader of whole files, by their names.', [], []],
  ['IdentityReaderV2', 'The handle of a reader whose records are the texts of the queue themselves.', [], []],
  ['TextLineReaderV2', 'The handle of a reader of lines.', ['skip_header_lines: int = 0'], []],
  [
    'FixedLengthRecordReaderV2',
    'The handle of a reader of records of one length, between a head and a foot of the file.',
    ['header_bytes: int = 0', 'record_bytes: int', 'footer_bytes: int = 0', 'hop_bytes: int = 0'],
    ['encoding: string = ""'],
  ],
  ['TFRecordReaderV2', 'The handle of a reader of TFRecord files.', [], ['compression_type: string = ""']],
] as const) {
  defineOp({
    name,
    doc,
    outputs: ['reader_handle: resource'],
    attrs: [...before, ...PLACE, ...after],
    effect: 'io',
    infer: scalar,
    grad: () => [],
    samples: [],
  });
}

defineOp({
  name: 'ReaderReadV2',
  doc: 'The next record of a reader with its key; takes the name of the next file from the queue where it needs one.',
  inputs: ['reader_handle: resource', 'queue_handle: resource'],
  outputs: ['key: string', 'value: string'],
  effect: 'io',
  infer: () => [[], []],
  grad: null,
  samples: [],
});

defineOp({
  name: 'ReaderReadUpToV2',
  doc: 'As many records as are asked for, or fewer where the file ends before.',
  inputs: ['reader_handle: resource', 'queue_handle: resource', 'num_records: int64'],
  outputs: ['keys: string', 'values: string'],
  effect: 'io',
  infer: () => [[null], [null]],
  grad: null,
  samples: [],
});

for (const [name, output, doc] of [
  ['ReaderNumRecordsProducedV2', 'records_produced', 'How many records a reader has given.'],
  ['ReaderNumWorkUnitsCompletedV2', 'units_completed', 'How many files a reader has read to their ends.'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['reader_handle: resource'],
    outputs: [`${output}: int64`],
    effect: 'io',
    infer: scalar,
    grad: () => [null],
    samples: [],
  });
}

defineOp({
  name: 'ReaderSerializeStateV2',
  doc: 'The state of a reader, for `ReaderRestoreStateV2`.',
  inputs: ['reader_handle: resource'],
  outputs: ['state: string'],
  effect: 'io',
  infer: scalar,
  grad: () => [null],
  samples: [],
});

defineOp({
  name: 'ReaderRestoreStateV2',
  doc: 'Puts a reader into a state that it was in before.',
  inputs: ['reader_handle: resource', 'state: string'],
  effect: 'io',
  infer: none,
  grad: null,
  samples: [],
});

defineOp({
  name: 'ReaderResetV2',
  doc: 'Puts a reader into its first state.',
  inputs: ['reader_handle: resource'],
  effect: 'io',
  infer: none,
  grad: null,
  samples: [],
});
