/**
 * Host kernels of datasets of files, and of those that are made of one other dataset in further ways. Reading and expanding
 * files is `src/io`'s business.
 */
import { fileSystem } from '../../src/io/file-system.ts';
import { type Compression, expand } from '../../src/io/records/compression.ts';
import { readRecords } from '../../src/io/records/framing.ts';
import { chunksOf } from '../../src/io/records/sources.ts';
import type { DType } from '../../src/util/dtype.ts';
import { string } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { paddedStack } from './dataset-padding.ts';
import { Components, Dataset, type Elements, type Pass, settled } from './dataset-pass.ts';
import { some } from './dataset-sources.ts';
import { datasetOf, numberIn } from './dataset-specs.ts';
import { joined, linesOf } from './file-records.ts';
import { variantArray, variantOf } from './handles.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { shown, textArray, textsOf } from './texts.ts';

type Reader = (path: string, compression: Compression, index: number) => AsyncIterable<Uint8Array>;

/** A dataset of texts: what the reader gives of one file after the other. */
function filesDataset(names: NdArray, compression: NdArray, read: Reader): NdArray {
  if (names.rank > 1) throw new InvalidArgumentError(null, '`filenames` must be a scalar or a vector.');
  const paths = textsOf(names).map(shown);
  const how = shown(textsOf(compression)[0]);
  if (how !== '' && how !== 'ZLIB' && how !== 'GZIP') {
    throw new InvalidArgumentError(null, 'Unsupported compression_type.');
  }
  return variantArray(new Dataset([string], [[]], (pass) => texts(paths, how, read, pass)));
}

function texts(paths: readonly string[], compression: Compression, read: Reader, pass: Pass): Elements {
  let file = 0;
  let pieces: AsyncIterator<Uint8Array> | null = null;
  let closed = (): void => {};
  return {
    *next() {
      while (file < paths.length) {
        if (!pieces) {
          const source: AsyncIterator<Uint8Array> = read(paths[file], compression, file)[Symbol.asyncIterator]();
          pieces = source;
          closed = pass.onClose(() => source.return?.().catch(() => {}));
        }
        let isFinished = true;
        try {
          const { done, value } = yield* settled(pieces.next());
          isFinished = Boolean(done);
          if (!done) return [textArray([], [value])];
        } finally {
          // After an error as at the end: the next file comes.
          if (isFinished) {
            closed();
            pieces = null;
            file++;
          }
        }
      }
      return null;
    },
  };
}

/** Records of one length between a head and a foot. */
function fixedRecords(header: number, record: number, footer: number): Reader {
  return async function* (path, compression) {
    if (compression === '') await checkLength(path, header, record, footer);
    let held = new Uint8Array(0);
    let toSkip = header;
    for await (const chunk of expand(chunksOf(path), compression, path)) {
      const bytes = joined([held, chunk]);
      let at = Math.min(toSkip, bytes.length);
      toSkip -= at;
      for (; toSkip === 0 && bytes.length - at >= record + footer; at += record) yield bytes.slice(at, at + record);
      held = bytes.slice(at);
    }
  };
}

async function checkLength(path: string, header: number, record: number, footer: number): Promise<void> {
  const file = await (await fileSystem(path)).open(path);
  const { size } = file;
  await file.close();
  const body = size - header - footer;
  if (body >= 0 && body % record === 0) return;
  throw new InvalidArgumentError(
    null,
    `Excluding the header (${header} bytes) and footer (${footer} bytes), input file "${path}" has body length ${body} bytes, which is not an exact multiple of the record length (${record} bytes).`,
  );
}

function records(offsets: NdArray | null): Reader {
  return (path, compression, index) => {
    const offset = offsets ? Number(offsets.data[index]) : 0;
    return readRecords(after(expand(chunksOf(path), compression, path), offset), path);
  };
}

async function* after(chunks: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = offset;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}

function sharded(input: Dataset, count: number, index: number, mustHaveAll: boolean, pass: Pass): Elements {
  const source = input.iterate(pass);
  let isFirst = true;
  return {
    *next() {
      const group = yield* some(source, count);
      if (mustHaveAll && isFirst && group.length < count) {
        throw new InvalidArgumentError(
          null,
          `Could not find a dataset element for shard ${index}: the dataset has ${group.length} elements.`,
        );
      }
      isFirst = false;
      return group[index] ?? null;
    },
  };
}

/** Passes give what the first pass that came to the end has kept. */
function cached(input: Dataset): (pass: Pass) => Elements {
  let kept: (readonly NdArray[])[] | null = null;
  return (pass) => {
    const known = kept;
    const source = known ? null : input.iterate(pass);
    const own: (readonly NdArray[])[] = [];
    let i = 0;
    return {
      *next() {
        if (!source) return (known as (readonly NdArray[])[])[i++] ?? null;
        const element = yield* source.next();
        if (element) own.push(element);
        else kept ??= own;
        return element;
      },
    };
  };
}

const unary = (variant: NdArray): Dataset => variantOf(variant, Dataset);

defineHostKernels({
  TextLineDataset: ([names, compression]) => [filesDataset(names, compression, linesOf)],
  TFRecordDataset: ([names, compression]) => [filesDataset(names, compression, records(null))],
  TFRecordDatasetV2: ([names, compression, , offsets]) => [
    filesDataset(names, compression, records(offsets.size > 0 ? offsets : null)),
  ],
  FixedLengthRecordDatasetV2: ([names, header, record, footer, , compression]) => {
    const [head, length, foot] = [header, record, footer].map(numberIn);
    if (head < 0) throw new InvalidArgumentError(null, '`header_bytes` must be >= 0');
    if (length <= 0) throw new InvalidArgumentError(null, '`record_bytes` must be > 0');
    if (foot < 0) throw new InvalidArgumentError(null, '`footer_bytes` must be >= 0');
    return [filesDataset(names, compression, fixedRecords(head, length, foot))];
  },

  PrefetchDataset: ([variant, size], op) => {
    const input = unary(variant);
    if (numberIn(size) < -1) {
      throw new InvalidArgumentError(null, 'buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning');
    }
    return [datasetOf(op, [input], (pass) => input.iterate(pass))];
  },
  ShardDataset: ([variant, numShards, index], op) => {
    const input = unary(variant);
    const [count, own] = [numShards, index].map(numberIn);
    if (count <= 0) {
      throw new InvalidArgumentError(
        null,
        `Number of shards must be greater than zero (currently num_shards = ${count}).`,
      );
    }
    if (own < 0 || own >= count) {
      throw new InvalidArgumentError(null, `Index must be between 0 and ${count - 1} (currently index = ${own}).`);
    }
    const mustHaveAll = op.attr<boolean>('require_non_empty');
    return [datasetOf(op, [input], (pass) => sharded(input, count, own, mustHaveAll, pass))];
  },
  CacheDataset: ([variant, filename], op) => {
    const input = unary(variant);
    if (textsOf(filename)[0].length > 0) throw new UnimplementedError(null, 'Datasets are cached in memory alone.');
    return [datasetOf(op, [input], cached(input))];
  },
  PaddedBatchDatasetV2: (inputs, op) => paddedBatch(inputs, op),
});

function paddedBatch(inputs: readonly NdArray[], op: HostOp): readonly NdArray[] {
  const input = unary(inputs[0]);
  const size = numberIn(inputs[1]);
  if (size <= 0) throw new InvalidArgumentError(null, 'Batch size must be greater than zero.');
  const count = op.attr<readonly DType[]>('Toutput_types').length;
  const wanted = inputs.slice(2, 2 + count).map(({ data }) => Array.from(data as BigInt64Array, Number));
  const values = new Components(inputs.slice(2 + count, 2 + 2 * count));
  const drops = inputs[2 + 2 * count].data[0] !== 0;
  const elements = (pass: Pass): Elements => {
    const source = input.iterate(pass);
    return {
      *next() {
        const group = yield* some(source, size);
        if (group.length === 0 || (drops && group.length < size)) return null;
        return group[0].map((_, component) =>
          paddedStack(
            group.map((element) => element[component]),
            wanted[component],
            values.arrays[component],
          ),
        );
      },
    };
  };
  return [
    datasetOf(op, [input], elements, () => {
      input.own();
      values.own();
    }),
  ];
}
