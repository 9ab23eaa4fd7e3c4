/** Event files and record files between here and real TensorFlow, both ways. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { writeLogFolder } from './log-folder.ts';
import { python, REASON, runPython } from './python.ts';

const folder = mkdtempSync(join(tmpdir(), 'interop-events-'));
const test = suite('interop/events');
test.after(() => rmSync(folder, { recursive: true }));
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);

async function writeRecords(path: string, options: '' | 'GZIP' | 'ZLIB'): Promise<void> {
  const writer = new tf.io.TFRecordWriter(path, options);
  for (let i = 0; i < 20; i++) {
    const feature = {
      id: { int64List: { value: [i, -(2n ** 63n), 2n ** 53n + 1n] } },
      name: { bytesList: { value: [`rec${i}`, 'ü', Uint8Array.of(0, 255)] } },
      x: { floatList: { value: Array.from({ length: i }, (_, k) => i * 0.1 + k) } },
    };
    writer.write(new tf.train.Example({ features: { feature } }).serializeToString());
  }
  writer.write('');
  await writer.close();
}

check(name('TensorFlow reads the events and records written here'), async () => {
  await writeLogFolder(join(folder, 'logs'));
  await writeRecords(join(folder, 'plain.tfrecord'), '');
  await writeRecords(join(folder, 'gzip.tfrecord'), 'GZIP');
  await writeRecords(join(folder, 'zlib.tfrecord'), 'ZLIB');
  const sequence = new tf.io.TFRecordWriter(join(folder, 'sequence.tfrecord'));
  const example = new tf.train.SequenceExample({
    context: { feature: { len: { int64List: { value: [2] } } } },
    featureLists: {
      featureList: { tok: { feature: [{ int64List: { value: [1] } }, { int64List: { value: [2, 3] } }] } },
    },
  });
  sequence.write(example.serializeToString());
  await sequence.close();
  assert.equal(runPython<string[]>('events.test.py', 'read', folder), []);
});

check(name('the events and records of TensorFlow are read here'), async () => {
  const { file, nodes } = runPython<{ file: string; nodes: string[] }>('events.test.py', 'write', folder);
  for (const [part, type] of [
    ['plain', ''],
    ['gzip', 'GZIP'],
    ['zlib', 'ZLIB'],
  ] as const) {
    let i = 0;
    for await (const record of tf.io.tfRecordIterator(join(folder, `py-${part}`), type)) {
      if (i === 50) {
        assert.is(record.length, 0);
      } else {
        const feature = tf.train.Example.fromString(record).features?.feature;
        assert.equal(feature?.get('x')?.floatList?.value, Array(i).fill(i * 0.5));
        assert.is(feature?.get('n')?.bytesList?.value[0].length, i * 1000);
        assert.equal(feature?.get('i')?.int64List?.value, [BigInt(-i), 2n ** 62n + BigInt(i)]);
      }
      i++;
    }
    assert.is(i, 51);
  }
  const events: tf.Event[] = [];
  for await (const event of tf.train.summaryIterator(file)) events.push(event);
  assert.equal(
    events.map((event) => event.whichOneof('what')),
    ['fileVersion', 'graphDef', 'metaGraphDef', 'summary', 'summary'],
  );
  const def = tf.GraphDef.fromBinary(events[1].graphDef as Uint8Array);
  assert.equal(
    def.node.map((node) => node.name).filter((each) => each.startsWith('h')),
    nodes,
  );
  assert.is(events[3].step, 5);
  assert.is(events[3].summary?.value[0].histo?.sum, 0);
  assert.equal(events[4].summary?.value[0].tensor?.array(), [[1, 2]]);
});

test.run();
