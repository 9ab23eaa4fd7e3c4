/** Reads event files. Their frames are `records`' work. */
import { DataLossError } from '../../util/errors.ts';
import { tfRecordIterator } from '../records/record-files.ts';
import { type ByteSource, nameOfSource } from '../records/sources.ts';
import { Event } from './event-messages.ts';

/**
 * The events of an event file, to be read with `for await`. The file is a path, a `URL`, a `File` or `Blob`, a stream or
 * bytes. Rejects with `NotFoundError` for a file that is not there, with `DataLossError` for one that is damaged.
 *
 *     for await (const event of tf.train.summaryIterator(path)) {
 *       for (const {tag, simpleValue} of event.summary?.value ?? []) console.log(event.step, tag, simpleValue);
 *     }
 */
export async function* summaryIterator(path: ByteSource): AsyncGenerator<Event, void, undefined> {
  let number = 0;
  for await (const record of tfRecordIterator(path)) {
    let event: Event;
    try {
      event = Event.fromString(record);
    } catch (error) {
      const name = nameOfSource(path);
      const where = `record ${number}${name === '' ? '' : ` of ${name}`}`;
      throw new DataLossError(null, `${(error as Error).message} (${where})`);
    }
    number++;
    yield event;
  }
}
