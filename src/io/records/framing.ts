/**
 * The frame of records: length, checksum of the length, data, checksum of the data. Where the bytes come from and whether
 * they were compressed is for others.
 */
import { DataLossError } from '../../util/errors.ts';
import { crc32c, maskCrc } from '../crc32c.ts';

const HEADER = 12;
const FOOTER = 4;

/** A record in its frame. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEADER + data.length + FOOTER);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskCrc(crc32c(framed.subarray(0, 8))), true);
  framed.set(data, HEADER);
  view.setUint32(HEADER + data.length, maskCrc(crc32c(data)), true);
  return framed;
}

/** Bytes that came in pieces, to be taken in others. */
class Pieces {
  private pieces: Uint8Array[] = [];
  length = 0;

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.length += piece.length;
  }

  /** The first `count` bytes, of which there must be as many. They share memory with the pieces. */
  take(count: number): Uint8Array {
    if (count > 0 && this.pieces[0].length < count) this.join(count);
    const [first] = this.pieces;
    if (count === 0) return new Uint8Array(0);
    this.length -= count;
    if (first.length === count) this.pieces.shift();
    else this.pieces[0] = first.subarray(count);
    return first.subarray(0, count);
  }

  /** Makes the first piece at least so long. */
  private join(count: number): void {
    let [total, used] = [0, 0];
    while (total < count) total += this.pieces[used++].length;
    const joined = new Uint8Array(total);
    let at = 0;
    for (const piece of this.pieces.splice(0, used)) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.pieces.unshift(joined);
  }
}

/**
 * The records in a sequence of bytes that comes in pieces. It ends where less than a header is left, as TensorFlow's reader
 * does. Throws `DataLossError` for a checksum that does not fit, and for a record that is cut off, with its offset in the
 * bytes and `where`, the name of the file. A false length costs no memory beyond the bytes that are there.
 */
export async function* readRecords(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  where = '',
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = toIterator(pieces);
  const held = new Pieces();
  const ending = where === '' ? '' : ` in ${where}`;
  let offset = 0;
  let isAtEnd = false;
  const fill = async (count: number): Promise<boolean> => {
    while (held.length < count && !isAtEnd) {
      const next = await source.next();
      if (next.done) isAtEnd = true;
      else held.add(next.value);
    }
    return held.length >= count;
  };
  try {
    while (await fill(HEADER)) {
      const header = held.take(HEADER).slice();
      const view = new DataView(header.buffer);
      if (maskCrc(crc32c(header.subarray(0, 8))) !== view.getUint32(8, true)) {
        const hint = offset === 0 ? ' (Is this even a TFRecord file?)' : '';
        throw new DataLossError(null, `corrupted record at ${offset}${hint}${ending}`);
      }
      const length = Number(view.getBigUint64(0, true));
      if (!(await fill(length + FOOTER))) {
        throw new DataLossError(
          null,
          `truncated record at ${offset}' failed with Read less bytes than requested${ending}`,
        );
      }
      const data = held.take(length).slice();
      const footer = held.take(FOOTER);
      const stored = new DataView(footer.buffer, footer.byteOffset, FOOTER).getUint32(0, true);
      if (maskCrc(crc32c(data)) !== stored) {
        throw new DataLossError(null, `corrupted record at ${offset + HEADER}${ending}`);
      }
      offset += HEADER + length + FOOTER;
      yield data;
    }
  } finally {
    await source.return?.();
  }
}

function toIterator<T>(values: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
}
