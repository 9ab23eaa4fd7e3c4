/** CSVLogger: the text that Python's `csv` and Keras write for the same logs, into files and other sinks. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CSVLogger } from '../../../src/keras/callbacks/index.ts';
import { ValueError } from '../../../src/util/errors.ts';
import { goldens, logsOf } from './support.ts';

const test = suite('CSVLogger');
const folder = mkdtempSync(join(tmpdir(), 'csv-'));
test.after(() => rmSync(folder, { recursive: true }));

type GoldenLogs = Readonly<Record<string, number | string>>;

async function write(callback: CSVLogger, epochs: readonly GoldenLogs[]): Promise<void> {
  await callback.onTrainBegin();
  for (const [epoch, logs] of epochs.entries()) await callback.onEpochEnd(epoch, logsOf(logs));
  await callback.onTrainEnd();
}

interface Case {
  readonly options: { readonly separator?: string; readonly append?: boolean };
  readonly logs: readonly GoldenLogs[];
  readonly before: string | null;
  readonly runs: number;
  readonly text: string;
}

for (const [i, golden] of goldens<Case[]>('csvLogger').entries()) {
  test(`the file is that of Keras: case ${i}, ${JSON.stringify(golden.options)}`, async () => {
    const path = join(folder, `${i}.csv`);
    if (golden.before !== null) writeFileSync(path, golden.before);
    const callback = new CSVLogger(path, golden.options);
    for (let run = 0; run < golden.runs; run++) await write(callback, golden.logs);
    assert.is(readFileSync(path, 'utf8'), golden.text);
  });
}

test('the file of a whole fit, with the learning rate, is that of Keras', async () => {
  const { csv } = goldens<{ csv: { history: Record<string, number[]>; text: string } }>('fit');
  const names = Object.keys(csv.history);
  const epochs = csv.history.loss.map((_, i) => Object.fromEntries(names.map((name) => [name, csv.history[name][i]])));
  const path = join(folder, 'fit.csv');
  await write(new CSVLogger(path), epochs);
  assert.is(readFileSync(path, 'utf8'), csv.text);
});

test('rows are in the file when the epoch is over', async () => {
  const path = join(folder, 'flushed.csv');
  const callback = new CSVLogger({ filename: path, separator: ';' });
  await callback.onTrainBegin();
  assert.ok(existsSync(path));
  await callback.onEpochEnd(0, { loss: 0.5 });
  assert.is(readFileSync(path, 'utf8'), 'epoch;loss;val_loss\r\n0;0.5;NA\r\n');
  await callback.onTrainEnd();
});

test('text goes to what has a write method, which is waited for and closed', async () => {
  const events: string[] = [];
  const sink = {
    async write(text: string) {
      await Promise.resolve();
      events.push(text);
    },
    close: () => void events.push('closed'),
  };
  const callback = new CSVLogger(sink, ';');
  await write(callback, [{ loss: 1, val_loss: 2 }]);
  await write(callback, [{ loss: 3, val_loss: 4 }]);
  const header = 'epoch;loss;val_loss\r\n';
  assert.equal(events, [`${header}0;1.0;2.0\r\n`, 'closed', `${header}0;3.0;4.0\r\n`, 'closed']);
  const lines: string[] = [];
  const appending = new CSVLogger({ write: (text) => void lines.push(text) }, { append: true });
  await write(appending, [{ loss: 1, val_loss: 2 }]);
  await write(appending, [{ loss: 3, val_loss: 4 }]);
  assert.is(lines.join(''), 'epoch,loss,val_loss\r\n0,1.0,2.0\r\n0,3.0,4.0\r\n');
});

test('a separator of more than one character is refused, and a missing file name', () => {
  assert.throws(
    () => new CSVLogger('x', '::'),
    (error: Error) => error instanceof ValueError && /1-character string/.test(error.message),
  );
  assert.throws(
    () => new CSVLogger({}),
    (error: Error) => error instanceof ValueError && /filename/.test(error.message),
  );
});

test.run();
