/**
 * `tf.data.TextLineDataset` and its like: datasets of what files hold. How files are read is the runtime's business.
 */
import type { Tensor } from '../graph/graph.ts';
import { convertToTensor, emitOne, graphOf } from '../ops/emit.ts';
import { reshape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { type DType, int64, string } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { isCompatible, TensorShape } from '../util/shape.ts';
import { Dataset } from './dataset.ts';
import { flatSpec } from './iterator.ts';
import { ComponentSpec, flatten } from './structure.ts';

/** Paths: a string tensor of any shape, strings, or a dataset of string scalars. */
export type FileNames = TensorLike | Dataset<Tensor>;

export interface FilesDatasetOptions {
  /** `''`, `'ZLIB'` or `'GZIP'`. */
  readonly compressionType?: TensorLike | null;
  /** Bytes to read at a time; taken for graphs that are exported. */
  readonly bufferSize?: TensorLike | null;
  /** From how many files at once elements come, one from each in turn; one file after the other without it. */
  readonly numParallelReads?: TensorLike | null;
}

const TEXT = new ComponentSpec(string, []);

/** A dataset of one op, for files by one name. */
class FileDataset extends Dataset<Tensor> {
  constructor(variant: Tensor) {
    super(variant, TEXT);
  }
}

function parameter(value: TensorLike | null | undefined, name: string, fallback: TensorLike, dtype: DType): Tensor {
  return convertToTensor(value ?? fallback, { dtype, name });
}

/** A dataset of the names, one by one. */
class NamesDataset extends Dataset<Tensor> {
  constructor(filenames: FileNames) {
    if (filenames instanceof Dataset) {
      const [{ dtype, shape }] = flatten<ComponentSpec>(filenames.spec);
      if (dtype !== string) {
        throw new TypeError(
          `The \`filenames\` argument must contain \`tf.string\` elements. Got a dataset of \`${dtype}\` elements.`,
        );
      }
      if (!isCompatible(shape, [])) {
        throw new TypeError(
          `The \`filenames\` argument must contain \`tf.string\` elements of shape [] (i.e. scalars). Got a dataset of element shape ${new TensorShape(shape)}.`,
        );
      }
      super(filenames.variant, TEXT);
      return;
    }
    const names = convertToTensor(filenames, { preferredDtype: string });
    if (names.dtype !== string) {
      throw new TypeError(
        `The \`filenames\` argument must contain \`tf.string\` elements. Got \`${names.dtype}\` elements.`,
      );
    }
    const flat = reshape(names, [-1], { name: 'flat_filenames' });
    const shapes = { output_shapes: flatSpec(TEXT).output_shapes };
    super(emitOne('TensorSliceDataset', [[flat]], { ...shapes, is_files: true }), TEXT);
  }
}

/** The elements of all files. */
function filesVariant(filenames: FileNames, parallel: TensorLike | null, read: (name: Tensor) => Tensor): Tensor {
  const graph = graphOf([filenames instanceof Dataset ? filenames.variant : filenames]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const names = new NamesDataset(filenames);
      const one = (name: Tensor) => new FileDataset(read(name));
      if (parallel === null) return names.flatMap(one).variant;
      return names.interleave(one, parallel, 1, { numParallelCalls: parallel }).variant;
    }),
  );
}

type FilesRest = Rest<
  [compressionType: TensorLike | null, bufferSize: TensorLike | null, numParallelReads: TensorLike | null],
  FilesDatasetOptions
>;
const FILES_ARGUMENTS = ['compressionType', 'bufferSize', 'numParallelReads'] as const;

/**
 * The lines of text files, without their ends. A run that comes to a file that is not there rejects with `NotFoundError`. Runs
 * that read wait: `runSync` refuses.
 *
 *     const lines = new tf.data.TextLineDataset(['a.txt', 'b.txt']).skip(1).map((line) => tf.strings.length(line));
 */
export class TextLineDataset extends Dataset<Tensor> {
  constructor(filenames: FileNames, ...rest: FilesRest) {
    const given = bind<FilesDatasetOptions>([...FILES_ARGUMENTS], rest);
    const read = (name: Tensor): Tensor =>
      emitOne('TextLineDataset', [
        name,
        parameter(given.compressionType, 'compression_type', '', string),
        parameter(given.bufferSize, 'buffer_size', 256 * 1024, int64),
      ]);
    super(filesVariant(filenames, given.numParallelReads ?? null, read), TEXT);
  }
}

/**
 * The records of TFRecord files, as strings. A run that comes to a file that is not there rejects with `NotFoundError`, one that
 * comes to a corrupt record with `DataLossError`. Runs that read wait: `runSync` refuses.
 *
 *     const examples = new tf.data.TFRecordDataset('train.tfrecord', 'GZIP').map((record) =>
 *       tf.io.parseSingleExample(record, {x: new tf.io.FixedLenFeature([], tf.float32)}));
 */
export class TFRecordDataset extends Dataset<Tensor> {
  constructor(filenames: FileNames, ...rest: FilesRest) {
    const given = bind<FilesDatasetOptions>([...FILES_ARGUMENTS], rest);
    const read = (name: Tensor): Tensor =>
      emitOne('TFRecordDataset', [
        name,
        parameter(given.compressionType, 'compression_type', '', string),
        parameter(given.bufferSize, 'buffer_size', -1, int64),
      ]);
    super(filesVariant(filenames, given.numParallelReads ?? null, read), TEXT);
  }
}

export interface FixedLengthRecordDatasetOptions extends FilesDatasetOptions {
  readonly recordBytes?: TensorLike;
  /** Bytes to leave out at the start of each file. */
  readonly headerBytes?: TensorLike | null;
  /** Bytes to leave out at the end of each file. */
  readonly footerBytes?: TensorLike | null;
}

/**
 * Pieces of files, as strings of `recordBytes` bytes. A run that comes to a file that is no whole number of them rejects with
 * `InvalidArgumentError`. Runs that read wait: `runSync` refuses.
 *
 *     const images = new tf.data.FixedLengthRecordDataset('images.bin', 28 * 28, {headerBytes: 16});
 */
export class FixedLengthRecordDataset extends Dataset<Tensor> {
  constructor(
    filenames: FileNames,
    ...rest: Rest<
      [
        recordBytes: TensorLike,
        headerBytes: TensorLike | null,
        footerBytes: TensorLike | null,
        bufferSize: TensorLike | null,
        compressionType: TensorLike | null,
        numParallelReads: TensorLike | null,
      ],
      FixedLengthRecordDatasetOptions
    >
  ) {
    const given = bind<FixedLengthRecordDatasetOptions>(
      ['recordBytes', 'headerBytes', 'footerBytes', 'bufferSize', 'compressionType', 'numParallelReads'],
      rest,
    );
    if (given.recordBytes === undefined) {
      throw new TypeError("FixedLengthRecordDataset() missing 1 required argument: 'record_bytes'");
    }
    const { recordBytes } = given;
    const read = (name: Tensor): Tensor =>
      emitOne('FixedLengthRecordDatasetV2', [
        name,
        parameter(given.headerBytes, 'header_bytes', 0, int64),
        parameter(recordBytes, 'record_bytes', 0, int64),
        parameter(given.footerBytes, 'footer_bytes', 0, int64),
        parameter(given.bufferSize, 'buffer_size', 256 * 1024, int64),
        parameter(given.compressionType, 'compression_type', '', string),
      ]);
    super(filesVariant(filenames, given.numParallelReads ?? null, read), TEXT);
  }
}
