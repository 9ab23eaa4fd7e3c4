/** TFRecord files: those of real TensorFlow are read, what is written is theirs byte for byte, damage is reported. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'records-'));
const test = suite('io/records');
test.after(() => rmSync(folder, { recursive: true }));

const goldens = new URL('../goldens/interchange/tfrecord/', import.meta.url);
const golden = (name: string) => new Uint8Array(readFileSync(new URL(name, goldens)));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Told {
  readonly records: readonly { readonly serialized_hex: string }[];
  readonly 'sequence.tfrecord': { readonly third_hex: string };
}
const told: Told = JSON.parse(readFileSync(new URL('../tfrecord.json', goldens), 'utf8'));
const serialized = told.records.map((record) => record.serialized_hex);

async function read(source: tf.io.ByteSource, options: tf.io.RecordOptions = null): Promise<string[]> {
  const records: string[] = [];
  for await (const record of tf.io.tfRecordIterator(source, options)) records.push(hex(record));
  return records;
}

/** What was read before the error, and its message. */
async function failure(source: tf.io.ByteSource, options: tf.io.RecordOptions = null) {
  const records: string[] = [];
  try {
    for await (const record of tf.io.tfRecordIterator(source, options)) records.push(Buffer.from(record).toString());
  } catch (error) {
    return { records, name: (error as Error).name, message: (error as Error).message };
  }
  return { records, name: '', message: '' };
}

const path = (name: string) => join(folder, name);
const text = (bytes: string) => new TextEncoder().encode(bytes);

for (const [name, type] of [
  ['plain.tfrecord', ''],
  ['gzip.tfrecord', 'GZIP'],
  ['zlib.tfrecord', 'ZLIB'],
] as const) {
  test(`${name} of TensorFlow is read, from a path, a URL, a Blob, a stream and bytes`, async () => {
    const url = new URL(name, goldens);
    const bytes = golden(name);
    const sources = [url.pathname, url, new Blob([bytes]), new Blob([bytes]).stream(), bytes, bytes.slice().buffer];
    for (const source of sources) assert.equal(await read(source, type), serialized);
  });
}

test('an empty record is a record', async () => {
  const records = await read(golden('sequence.tfrecord'));
  assert.is(records.length, 3);
  assert.is(records[1], '');
  assert.is(records[2], told['sequence.tfrecord'].third_hex);
});

test('a file that is not compressed has the bytes of TensorFlow', async () => {
  const writer = new tf.pythonIo.TFRecordWriter(path('plain'));
  for (const record of serialized) writer.write(Buffer.from(record, 'hex'));
  await writer.close();
  assert.is(hex(readFileSync(path('plain'))), hex(golden('plain.tfrecord')));
});

test('compressed files hold the same bytes, whatever the options', async () => {
  for (const type of ['GZIP', 'ZLIB'] as const) {
    for (const compressionLevel of [null, 0, 1, 9]) {
      const options = new tf.io.TFRecordOptions(type, { compressionLevel });
      const writer = new tf.io.TFRecordWriter(path('packed'), options);
      for (const record of serialized) await writer.write(Buffer.from(record, 'hex'));
      await writer.close();
      const expanded = (type === 'GZIP' ? gunzipSync : inflateSync)(readFileSync(path('packed')));
      assert.is(hex(expanded), hex(golden('plain.tfrecord')));
      assert.equal(await read(path('packed'), options), serialized);
    }
  }
});

test('what was flushed can be read before the end', async () => {
  for (const type of ['', 'GZIP', 'ZLIB'] as const) {
    const writer = new tf.io.TFRecordWriter(path('open'), type);
    writer.write('one');
    writer.write('zwei');
    await writer.flush();
    assert.equal(await read(path('open'), type), [hex(text('one')), hex(text('zwei'))]);
    writer.write('three');
    await writer.close();
    assert.is((await read(path('open'), type)).length, 3);
  }
});

test('many and great records come back', async () => {
  for (const type of ['', 'GZIP', 'ZLIB'] as const) {
    const writer = new tf.io.TFRecordWriter(path('many'), type);
    const records = Array.from({ length: 300 }, (_, i) => new Uint8Array(i * i * 4).fill(i));
    for (const record of records) writer.write(record);
    await writer.close();
    let i = 0;
    for await (const record of tf.io.tfRecordIterator(path('many'), type)) {
      assert.ok(Buffer.from(record).equals(records[i++]), `${type} ${i}`);
    }
    assert.is(i, 300);
  }
});

test('a closed writer refuses', async () => {
  const writer = new tf.io.TFRecordWriter(path('closed'));
  await writer.close();
  await writer.close();
  assert.is(readFileSync(path('closed')).length, 0);
  assert.throws(() => writer.write('x'), /^FailedPreconditionError: Writer is closed\.$|Writer is closed\./);
  assert.throws(() => writer.flush(), /Writer is closed\./);
});

test('files that cannot be reached', async () => {
  const missing = await failure(path('nothing'));
  assert.is(missing.name, 'NotFoundError');
  assert.is(missing.message, `${path('nothing')}; No such file or directory`);
  const writer = new tf.io.TFRecordWriter(path('no/folder'));
  // Nobody looks at this promise: the error comes again.
  writer.write('x');
  for (const action of [() => writer.flush(), () => writer.close()]) {
    const error = await action().catch((reason: Error) => reason);
    assert.instance(error, tf.errors.NotFoundError);
    assert.match((error as Error).message, /No such file or directory/);
  }
});

async function three(): Promise<Uint8Array> {
  const writer = new tf.io.TFRecordWriter(path('three'));
  for (const record of ['hello', '', 'world!']) writer.write(record);
  await writer.close();
  return new Uint8Array(readFileSync(path('three')));
}

test('damage is told with the words of TensorFlow, the file and the offset', async () => {
  const bytes = await three();
  const flipped = (at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const cut = "truncated record at 37' failed with Read less bytes than requested";
  // By the message what is read before it, and the damaged bytes: as real TensorFlow has it.
  const cases: [message: string, records: string[], bytes: Uint8Array][] = [
    [cut, ['hello', ''], bytes.slice(0, -1)],
    [cut, ['hello', ''], bytes.slice(0, 49)],
    [cut, ['hello', ''], bytes.slice(0, 55)],
    ['', ['hello', ''], bytes.slice(0, 41)],
    ['corrupted record at 12', [], flipped(13)],
    ['corrupted record at 0 (Is this even a TFRecord file?)', [], flipped(0)],
    ['corrupted record at 21', ['hello'], flipped(21)],
    ['corrupted record at 12', [], flipped(18)],
    ['', [], text('abc')],
    ['', [], text('')],
  ];
  for (const [message, records, damaged] of cases) {
    writeFileSync(path('damaged'), damaged);
    const found = await failure(path('damaged'));
    assert.equal(found.records, records);
    assert.is(found.message, message && `${message} in ${path('damaged')}`);
    if (message) assert.is(found.name, 'DataLossError');
    assert.is((await failure(damaged)).message, message);
  }
});

test('compressed files: cut ends, several in one, other files', async () => {
  const packed = new Uint8Array(gzipSync(await three()));
  const all = ['hello', '', 'world!'];
  assert.equal((await failure(packed.slice(0, -1), 'GZIP')).records, all);
  assert.equal((await failure(packed.slice(0, -9), 'GZIP')).records, all);
  assert.equal((await failure(new Uint8Array([...packed, ...packed]), 'GZIP')).records, [...all, ...all]);
  const cut = await failure(packed.slice(0, 20), 'GZIP');
  assert.match(cut.message, /^truncated record at 0' failed|^$/);
  for (const [bytes, type] of [
    [await three(), 'GZIP'],
    [packed, 'ZLIB'],
  ] as const) {
    const found = await failure(bytes, type);
    assert.is(found.name, 'DataLossError');
    assert.match(found.message, /^inflate\(\) failed with error -3: /);
  }
  assert.match((await failure(packed)).message, /^corrupted record at 0 \(Is this even a TFRecord file\?\)$/);
});

test('options are those of TensorFlow', () => {
  const { TFRecordCompressionType, TFRecordOptions } = tf.io;
  assert.equal(TFRecordCompressionType, { NONE: 0, ZLIB: 1, GZIP: 2 });
  assert.is(TFRecordOptions.getCompressionTypeString(TFRecordCompressionType.ZLIB), 'ZLIB');
  assert.is(TFRecordOptions.getCompressionTypeString(new TFRecordOptions({ compressionType: 'GZIP' })), 'GZIP');
  assert.is(TFRecordOptions.getCompressionTypeString(null), '');
  assert.throws(() => new TFRecordOptions('gzip' as 'GZIP'), /Not a valid compression_type: "gzip"/);
  assert.throws(() => tf.io.tfRecordIterator('x', 'zip' as 'GZIP'), /Not a valid compression_type: "zip"/);
});

test('a record that claims to be great costs nothing', async () => {
  const head = new Uint8Array(16);
  new DataView(head.buffer).setBigUint64(0, 2n ** 62n, true);
  const { crc32c, maskCrc } = await import('../../src/io/crc32c.ts');
  new DataView(head.buffer).setUint32(8, maskCrc(crc32c(head.subarray(0, 8))), true);
  assert.match((await failure(head)).message, /^truncated record at 0/);
});

test.run();
