/** Damaged checkpoints: clean errors that name the file, whatever the bytes are, and writes that break off. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BundleReader } from '../../src/io/checkpoint/bundle-reader.ts';
import { openCheckpoint } from '../../src/io/checkpoint/reader.ts';
import { withFiles } from '../../src/io/checkpoint/source.ts';
import { restoreTensors, saveTensors } from '../../src/io/checkpoint/transfer.ts';
import { crc32c, maskCrc } from '../../src/io/crc32c.ts';
import { type FileSystem, fileSystem, MemoryFileSystem } from '../../src/io/file-system.ts';
import { float32, string } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';

const test = suite('damaged checkpoints');
const FOLDER = fileURLToPath(new URL('../goldens/interchange/', import.meta.url));

async function put(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.write(path);
  await file.write(bytes);
  await file.close();
}

/** Opens a checkpoint and reads everything in it. */
async function readAll(files: FileSystem, prefix: string): Promise<void> {
  const source = await openCheckpoint(files, prefix);
  await withFiles(files, async (open) => {
    for (const name of source.tensors.keys()) await source.read(open, name);
  });
}

async function failure(files: FileSystem, prefix: string): Promise<OpError> {
  try {
    await readAll(files, prefix);
  } catch (error) {
    assert.instance(error, OpError, String((error as Error).stack));
    return error as OpError;
  }
  throw new Error('Nothing was thrown.');
}

const KEEP = 'model.ckpt-100';
const index = new Uint8Array(readFileSync(`${FOLDER}ckpt_v2/${KEEP}.index`));
const data = new Uint8Array(readFileSync(`${FOLDER}ckpt_v2/${KEEP}.data-00000-of-00001`));

async function bundle(indexBytes: Uint8Array, dataBytes: Uint8Array | null): Promise<MemoryFileSystem> {
  const files = new MemoryFileSystem();
  await put(files, 'm.index', indexBytes);
  if (dataBytes) await put(files, 'm.data-00000-of-00001', dataBytes);
  return files;
}

function flipped(bytes: Uint8Array, at: number, mask = 1): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= mask;
  return copy;
}

test('what is wrong is told as TensorFlow tells it, with file and offset', async () => {
  const cases: [MemoryFileSystem, string, RegExp][] = [
    [
      await bundle(index.subarray(0, 40), data),
      'DataLossError',
      /^file is too short to be an sstable \(file m\.index, offset 40\)$/,
    ],
    [
      await bundle(index.subarray(0, 100), data),
      'DataLossError',
      /^not an sstable \(bad magic number\) \(file m\.index, offset 92\)$/,
    ],
    [
      await bundle(flipped(index, 10), data),
      'DataLossError',
      /^Unable to read file \(m\.index\)\. Perhaps the file is corrupt or was produced by a newer version of TensorFlow with format changes \(failed to seek to header entry\): block checksum mismatch \(file m\.index, offset 0\)$/,
    ],
    [
      await bundle(flipped(index, index.length - 60), data),
      'DataLossError',
      /^block checksum mismatch \(file m\.index, offset \d+\)$/,
    ],
    [
      await bundle(index, flipped(data, 3)),
      'DataLossError',
      /^TensorBundle at m shard 0 \(\d+ bytes\): Checksum does not match: stored \d+ vs\. calculated on the restored bytes \d+ \(file m\.data-00000-of-00001, offset \d+\)$/,
    ],
    [
      await bundle(index, data.subarray(0, 100)),
      'DataLossError',
      /^Read less bytes than requested \(file m\.data-00000-of-00001, offset \d+\)$/,
    ],
    [await bundle(index, null), 'NotFoundError', /^m\.data-00000-of-00001; No such file or directory$/],
  ];
  for (const [files, name, message] of cases) {
    const error = await failure(files, 'm');
    assert.is(error.name, name, error.message);
    assert.match(error.message, message);
  }
  const files = new MemoryFileSystem();
  await put(files, 'table', new Uint8Array(200).fill(120));
  assert.match(
    (await failure(files, 'table')).message,
    /^Unable to open table file table: DATA_LOSS: not an sstable \(bad magic number\) .*: perhaps your file is in a different file format and you need to use a different restore operator\?$/,
  );
});

test('a length checksum of texts, a big-endian header and slices that do not cover are told', async () => {
  const files = new MemoryFileSystem();
  const texts = new NdArray(string, [2], [Uint8Array.of(120), Uint8Array.of(121, 121)]);
  await saveTensors(files, 't', [{ name: 't', slice: '', value: texts }], () => false);
  const bytes = await files.readRange('t.data-00000-of-00001', 0, 100);
  for (const at of [0, 1, 2, 5]) {
    await put(files, 't.data-00000-of-00001', flipped(bytes, at));
    const { name, message } = await failure(files, 't');
    assert.is(name, 'DataLossError');
    assert.match(message, /^The length checksum does not match: expected \d+ but actual is \d+ \(file t/);
  }
  const part = new NdArray(float32, [1, 2], Float32Array.of(1, 2));
  await saveTensors(files, 's', [{ name: 's', slice: '4 2 0,1:0,2', value: part }], () => false);
  const message = 'Does not have sufficient slices for partitioned tensor s to restore in slice_spec: ';
  assert.is((await failure(files, 's')).message, `${message}-:-`);
  await restoreTensors(files, 's', [{ name: 's', slice: '4 2 1,2:-', dtype: float32 }], () => false).then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, `${message}1,2:-`),
  );
  const big = index.slice();
  // The header's second field: a byte more would move everything, so the version's place is taken.
  const header = big.indexOf(0x1a, 3);
  big.set([0x10, 0x01, 0x10, 0x01], header);
  const swapped = await bundle(resummed(big), data);
  assert.match((await failure(swapped, 'm')).message, /^Reading a bundle with different endianness from the reader/);
});

/** A file of one data block with the block's checksum made to fit again. */
function resummed(file: Uint8Array): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  const block = blockLength(file);
  view.setUint32(block + 1, maskCrc(crc32c(copy.subarray(0, block + 1))), true);
  return copy;
}

/** Where the first block ends: the block of the meta index, which is empty, follows its trailer. */
function blockLength(file: Uint8Array): number {
  const footer = file.length - 48;
  let at = footer;
  let [offset, scale] = [0, 1];
  for (let more = true; more; at++, scale *= 128) {
    offset += (file[at] & 127) * scale;
    more = file[at] > 127;
  }
  return offset - 5;
}

/** Files that break after so many changes, as if the machine had stopped there. */
function breaking(files: FileSystem, changes: number): FileSystem {
  let left = changes;
  const step = async <T>(action: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) throw new Error('The machine has stopped.');
    return action();
  };
  return {
    ...bound(files),
    rename: (from, to) => step(() => files.rename(from, to)),
    // After the stop nothing is cleared away either.
    remove: (path) => step(() => files.remove(path)),
    write: async (path, options) => {
      const file = await step(() => files.write(path, options));
      return { ...file, write: (bytes) => step(() => file.write(bytes)) };
    },
  };
}
function bound(files: FileSystem): FileSystem {
  return {
    exists: (path) => files.exists(path),
    size: (path) => files.size(path),
    modified: (path) => files.modified(path),
    open: (path) => files.open(path),
    readRange: (path, offset, length) => files.readRange(path, offset, length),
    write: (path, options) => files.write(path, options),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    list: (folder) => files.list(folder),
    mkdirs: (folder) => files.mkdirs(folder),
  };
}

test('a write that stops after any step leaves the checkpoints that are there, and its own place is whole or old', async () => {
  const filled = (value: number) => [
    { name: 'w', slice: '', value: new NdArray(float32, [300_000], new Float32Array(300_000).fill(value)) },
  ];
  let mixed = 0;
  for (let steps = 0; ; steps++) {
    const files = new MemoryFileSystem();
    await saveTensors(files, 'other', filled(0), () => false);
    await saveTensors(files, 'm', filled(1), () => false);
    const done = await saveTensors(breaking(files, steps), 'm', filled(2), () => false).then(
      () => true,
      () => false,
    );
    const first = async (prefix: string) =>
      (await restoreTensors(files, prefix, [{ name: 'w', slice: '', dtype: float32 }], () => false))[0].data[0];
    assert.is(await first('other'), 0);
    const now = await first('m').catch((error: Error) => error.name);
    if (done) {
      assert.is(now, 2);
      break;
    }
    // Two files cannot be moved at once: between the two moves the old index meets the new data, and says so.
    if (now === 'DataLossError') mixed++;
    else assert.is(now, 1);
  }
  assert.is(mixed, 1);
});

test('a process that is killed while it writes leaves the previous checkpoint whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'killed-'));
  try {
    const script = fileURLToPath(new URL('../support/endless-saver.ts', import.meta.url));
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let saved = -1;
      const exit = new Promise((resolve) => child.on('exit', resolve));
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          for (const line of String(chunk).trim().split('\n')) saved = Number(line);
          if (saved >= 2) resolve();
        });
      });
      await new Promise((resolve) => setTimeout(resolve, 5 + 17 * round));
      child.kill('SIGKILL');
      await exit;
      const files = await fileSystem();
      for (const step of [saved - 1, saved]) {
        const [value] = await restoreTensors(
          files,
          join(folder, `m-${step}`),
          [{ name: 'w', slice: '', dtype: float32 }],
          () => false,
        );
        assert.ok((value.data as Float32Array).every((number) => number === step));
      }
      for (const name of readdirSync(folder)) {
        if (!name.endsWith('.index')) continue;
        const prefix = join(folder, name.slice(0, -'.index'.length));
        assert.ok((await BundleReader.open(files, prefix)).tensors.has('w'));
        await readAll(files, prefix);
      }
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
