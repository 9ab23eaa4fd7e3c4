/** The state of a reader as bytes: TensorFlow's message `ReaderBaseState`. Which readers have one is `readers.ts`'s business. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { shown } from './texts.ts';

export interface ReaderState {
  readonly workStarted: number;
  readonly workFinished: number;
  readonly numRecordsProduced: number;
  /** The name of the last file; without bytes where there was none. */
  readonly currentWork: Uint8Array;
}

export function readerState({ workStarted, workFinished, numRecordsProduced, currentWork }: ReaderState): Uint8Array {
  const writer = new BinaryWriter();
  [workStarted, workFinished, numRecordsProduced].forEach((value, i) => {
    if (value !== 0) writer.tag(i + 1, WireType.Varint).int64(value);
  });
  if (currentWork.length > 0) writer.tag(4, WireType.LengthDelimited).bytes(currentWork);
  return writer.finish();
}

/**
 * Throws `InvalidArgumentError` for what is no state.
 *
 * @param reader the kind and the name of the reader, for messages
 */
export function stateOfBytes(bytes: Uint8Array, reader: string): ReaderState {
  const numbers = [0, 0, 0];
  let currentWork = new Uint8Array(0);
  try {
    const input = new BinaryReader(bytes);
    while (input.pos < input.len) {
      const [field, type] = input.tag();
      if (field <= 3 && type === WireType.Varint) numbers[field - 1] = Number(input.int64());
      else if (field === 4 && type === WireType.LengthDelimited) currentWork = input.bytes().slice();
      else input.skip(type, field);
    }
  } catch {
    throw new InvalidArgumentError(null, `Could not parse state for ${reader}: ${shown(bytes)}`);
  }
  const [workStarted, workFinished, numRecordsProduced] = numbers;
  if (numbers.some((value) => value < 0)) {
    throw new InvalidArgumentError(null, `Unexpected negative value when restoring in ${reader}`);
  }
  if (workStarted > workFinished) {
    throw new InvalidArgumentError(null, `Inconsistent work started vs. finished when restoring in ${reader}`);
  }
  return { workStarted, workFinished, numRecordsProduced, currentWork };
}
