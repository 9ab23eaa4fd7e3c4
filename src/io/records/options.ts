/** How record files are compressed: `TFRecordOptions` and the names of the ways. Compressing is `compression.ts`'s work. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';

/** The ways in which record files are compressed. */
export const TFRecordCompressionType = { NONE: 0, ZLIB: 1, GZIP: 2 } as const;

/** One of `TFRecordCompressionType`, by number or name; null and `''` for none. */
export type TFRecordCompression = 0 | 1 | 2 | 'NONE' | 'ZLIB' | 'GZIP' | '' | null;

/** What a function that reads or writes records takes. */
export type RecordOptions = TFRecordOptions | TFRecordCompression;

const names: readonly ('' | 'ZLIB' | 'GZIP')[] = ['', 'ZLIB', 'GZIP'];

export interface TFRecordOptionsInit {
  readonly compressionType?: TFRecordCompression | TFRecordOptions;
  readonly flushMode?: number | null;
  readonly inputBufferSize?: number | null;
  readonly outputBufferSize?: number | null;
  readonly windowBits?: number | null;
  /** From 0 (fast) to 9 (small). */
  readonly compressionLevel?: number | null;
  readonly compressionMethod?: number | null;
  /** From 1 to 9: memory for speed. */
  readonly memLevel?: number | null;
  readonly compressionStrategy?: number | null;
}

type OptionsRest = Rest<
  [
    compressionType: TFRecordCompression | TFRecordOptions,
    flushMode: number | null,
    inputBufferSize: number | null,
    outputBufferSize: number | null,
    windowBits: number | null,
    compressionLevel: number | null,
    compressionMethod: number | null,
    memLevel: number | null,
    compressionStrategy: number | null,
  ],
  TFRecordOptionsInit
>;

/**
 * How a record file is compressed: `'GZIP'`, `'ZLIB'` or not (`''`). The level and `memLevel` count for writers; the other
 * options of zlib are kept and have no effect. Throws `ValueError` for another type.
 *
 *     new tf.io.TFRecordOptions('GZIP', {compressionLevel: 9})
 */
export class TFRecordOptions {
  /** By name and by number which type is which. */
  static readonly compressionTypeMap: ReadonlyMap<number, string> = new Map(names.entries());

  readonly compressionType: TFRecordCompression | TFRecordOptions;
  readonly flushMode: number | null;
  readonly inputBufferSize: number | null;
  readonly outputBufferSize: number | null;
  readonly windowBits: number | null;
  readonly compressionLevel: number | null;
  readonly compressionMethod: number | null;
  readonly memLevel: number | null;
  readonly compressionStrategy: number | null;

  constructor(...rest: OptionsRest) {
    const init = bind<TFRecordOptionsInit>(
      [
        'compressionType',
        'flushMode',
        'inputBufferSize',
        'outputBufferSize',
        'windowBits',
        'compressionLevel',
        'compressionMethod',
        'memLevel',
        'compressionStrategy',
      ],
      rest,
    );
    this.compressionType = init.compressionType ?? null;
    this.flushMode = init.flushMode ?? null;
    this.inputBufferSize = init.inputBufferSize ?? null;
    this.outputBufferSize = init.outputBufferSize ?? null;
    this.windowBits = init.windowBits ?? null;
    this.compressionLevel = init.compressionLevel ?? null;
    this.compressionMethod = init.compressionMethod ?? null;
    this.memLevel = init.memLevel ?? null;
    this.compressionStrategy = init.compressionStrategy ?? null;
    TFRecordOptions.getCompressionTypeString(this.compressionType);
  }

  /** `'GZIP'`, `'ZLIB'` or `''`, from options, a number or a name. Throws `ValueError` for another value. */
  static getCompressionTypeString(options?: RecordOptions): '' | 'ZLIB' | 'GZIP' {
    if (options instanceof TFRecordOptions) return TFRecordOptions.getCompressionTypeString(options.compressionType);
    if (!options || options === 'NONE') return '';
    const name = typeof options === 'number' ? names[options] : names.find((known) => known === options);
    if (name === undefined) throw new ValueError(`Not a valid compression_type: "${options}"`);
    return name;
  }
}
