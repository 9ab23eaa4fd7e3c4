/** Checkpoints are read to what TensorFlow wrote, and written byte for byte as it writes them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BundleWriter } from '../../src/io/checkpoint/bundle-writer.ts';
import { utf8 } from '../../src/io/checkpoint/bytes.ts';
import { NewCheckpointReader } from '../../src/io/checkpoint/reader.ts';
import { uncompress } from '../../src/io/checkpoint/snappy.ts';
import { TableReader } from '../../src/io/checkpoint/table-reader.ts';
import { TableWriter } from '../../src/io/checkpoint/table-writer.ts';
import { parseShapeAndSlice } from '../../src/io/checkpoint/tensor-slice.ts';
import { restoreTensors, saveTensors } from '../../src/io/checkpoint/transfer.ts';
import { crc32c, maskCrc, unmaskCrc } from '../../src/io/crc32c.ts';
import { fileSystem, MemoryFileSystem, readFile } from '../../src/io/file-system.ts';
import { asDType, float32, int16, int32, string } from '../../src/util/dtype.ts';
import { decodeString, NdArray } from '../../src/util/ndarray.ts';

const test = suite('checkpoints');

const FOLDER = fileURLToPath(new URL('../goldens/interchange/', import.meta.url));

interface Golden {
  readonly prefix: string;
  readonly tensors: Record<string, { dtype: string; shape: number[]; data: unknown[] }>;
}

function golden(name: string): Golden {
  return JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8'));
}

/** The elements as the goldens write them. */
function elements({ dtype, data }: NdArray): unknown[] {
  return Array.from(data as ArrayLike<unknown>, (value) => {
    if (value instanceof Uint8Array) return decodeString(value);
    if (dtype.isBool) return value === 1;
    if (typeof value === 'bigint') return String(value);
    return Number.isFinite(value) ? value : String(value);
  });
}

/** Equal; of decimal fractions as many digits as the goldens have. */
function same(got: unknown[], { dtype, data }: { dtype: string; data: unknown[] }, name: string): void {
  assert.is(got.length, data.length, name);
  got.forEach((value, i) => {
    const wanted = dtype === 'int64' ? String(data[i]) : data[i];
    const isClose = typeof wanted === 'number' && Math.abs((value as number) - wanted) <= 1e-6 * Math.abs(wanted);
    if (!isClose) assert.is(value, wanted, `${name}[${i}]`);
  });
}

for (const name of ['ckpt_v2', 'ckpt_sharded', 'ckpt_v1', 'ckpt_object']) {
  test(`${name} is read to its stated content`, async () => {
    const { prefix, tensors } = golden(name);
    const reader = await NewCheckpointReader(FOLDER + prefix);
    const names = [...reader.getVariableToShapeMap().keys()].filter((key) => key !== '_CHECKPOINTABLE_OBJECT_GRAPH');
    assert.equal(names.sort(), Object.keys(tensors).sort());
    for (const [key, wanted] of Object.entries(tensors)) {
      assert.ok(reader.hasTensor(key));
      assert.is(reader.getVariableToDtypeMap().get(key), asDType(wanted.dtype));
      const value = await reader.getTensor(key);
      assert.equal([value.dtype.name, value.shape], [wanted.dtype, wanted.shape], key);
      same(elements(value), wanted, key);
    }
    assert.not(reader.hasTensor('parted/part_0'));
    assert.not(reader.hasTensor(''));
  });
}

/** The slices of the partitioned variables of the goldens. */
const PARTS: Record<string, string[]> = {
  parted: ['5 2 0,3:0,2', '5 2 3,2:0,2'],
  parted_cols: ['2 4 0,2:0,2', '2 4 0,2:2,2'],
};

for (const name of ['ckpt_v2', 'ckpt_sharded']) {
  test(`what is read from ${name} is written as the same bytes`, async () => {
    const prefix = FOLDER + golden(name).prefix;
    const reader = await NewCheckpointReader(prefix);
    const wanted = [...reader.getVariableToDtypeMap()].flatMap(([key, dtype]) =>
      (PARTS[key] ?? ['']).map((slice) => ({ name: key, slice, dtype })),
    );
    const values = await restoreTensors(await fileSystem(), prefix, wanted, () => false);
    const files = new MemoryFileSystem();
    const saved = wanted.map(({ name: key, slice }, i) => ({ name: key, slice, value: values[i] }));
    await saveTensors(files, 'm', saved, () => false);
    for (const end of ['.index', '.data-00000-of-00001']) {
      assert.is(hex(await readFile(files, `m${end}`)), hex(readFileSync(prefix + end)), end);
    }
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

test('keys of slices have the bytes of TensorFlow for numbers of every length and for bytes that are escaped', async () => {
  const starts = [
    0,
    1,
    63,
    64,
    127,
    128,
    8191,
    8192,
    2 ** 20 - 1,
    2 ** 20,
    2 ** 27,
    2 ** 34,
    2 ** 41,
    2 ** 48,
    2 ** 52,
  ];
  const saved = starts.map((start, i) => ({
    name: 'big',
    slice: `4503599627370497 1 ${start},1:0,1`,
    value: new NdArray(int32, [1, 1], Int32Array.of(i)),
  }));
  for (const name of ['a\0b', 'wörld/é', 'big/other', 'zero']) {
    const value = new NdArray(
      int16,
      [2, 70],
      Int16Array.from({ length: 140 }, (_, i) => i),
    );
    saved.push({ name, slice: '3 70 1,2:0,70', value });
  }
  const files = new MemoryFileSystem();
  await saveTensors(files, 's', saved, () => false);
  for (const end of ['.index', '.data-00000-of-00001']) {
    assert.is(hex(await readFile(files, `s${end}`)), hex(readFileSync(`${FOLDER}ckpt_slices/s${end}`)), end);
  }
  const dtype = int32;
  const wanted = starts.map((start) => ({ name: 'big', slice: `4503599627370497 1 ${start},1:-`, dtype }));
  const values = await restoreTensors(await fileSystem(), `${FOLDER}ckpt_slices/s`, wanted, () => false);
  assert.equal(
    values.map((value) => value.data[0]),
    starts.map((_, i) => i),
  );
});

test('any part of a tensor is put together from whatever slices it is stored in', async () => {
  const files = new MemoryFileSystem();
  const shape = [4, 3, 5];
  const all = Float32Array.from({ length: 60 }, (_, i) => i);
  const cut = ([a, n]: number[], [b, m]: number[], [c, k]: number[]) => {
    const out: number[] = [];
    for (let i = a; i < a + n; i++)
      for (let j = b; j < b + m; j++) for (let l = c; l < c + k; l++) out.push(all[(i * 3 + j) * 5 + l]);
    return out;
  };
  const writer = new BundleWriter(files, 'm');
  const stored = [
    [
      [0, 2],
      [0, 3],
      [0, 5],
    ],
    [
      [2, 2],
      [0, 1],
      [0, 5],
    ],
    [
      [2, 2],
      [1, 2],
      [0, 4],
    ],
    [
      [2, 2],
      [1, 2],
      [4, 1],
    ],
  ];
  for (const [x, y, z] of stored) {
    const text = `4 3 5 ${x.join()}:${y.join()}:${z.join()}`;
    const { slice, sliceShape } = parseShapeAndSlice(text);
    await writer.addSlice('t', shape, slice, new NdArray(float32, sliceShape, Float32Array.from(cut(x, y, z))));
  }
  await writer.finish();
  const ask = async (slice: string) =>
    (await restoreTensors(files, 'm', [{ name: 't', slice, dtype: float32 }], () => false))[0];
  assert.equal([...((await ask('')).data as Float32Array)], [...all]);
  for (const [x, y, z] of [
    [
      [1, 2],
      [0, 3],
      [0, 5],
    ],
    [
      [0, 4],
      [1, 1],
      [3, 2],
    ],
    [
      [3, 1],
      [2, 1],
      [2, 3],
    ],
    [
      [2, 2],
      [0, 1],
      [0, 5],
    ],
  ]) {
    const part = await ask(`4 3 5 ${x.join()}:${y.join()}:${z.join()}`);
    assert.equal([part.shape, [...(part.data as Float32Array)]], [[x[1], y[1], z[1]], cut(x, y, z)]);
  }
});

test('a table of many blocks gives every entry back, in order and by key', async () => {
  const files = new MemoryFileSystem();
  const file = await files.write('t');
  const table = new TableWriter((bytes) => file.write(bytes));
  const keys = Array.from({ length: 5000 }, (_, i) => `layer/${String(i * 7).padStart(6, '0')}/kernel`);
  for (const key of keys) await table.add(utf8(key), utf8(`${key}!`.repeat(20)));
  await table.finish();
  const opened = await files.open('t');
  const reader = await TableReader.open('t', opened);
  const seen: string[] = [];
  for await (const { key } of reader.entries(opened)) seen.push(Buffer.from(key).toString());
  assert.equal(seen, keys);
  for (const key of [keys[0], keys[2600], keys[4999]]) {
    assert.is(Buffer.from((await reader.get(opened, utf8(key))) ?? []).toString(), `${key}!`.repeat(20));
  }
  for (const key of ['', 'layer/000003/kernel', 'z']) assert.is(await reader.get(opened, utf8(key)), null);
});

test('snappy: literals, copies of every form and copies that overlap', () => {
  const text = (bytes: number[]) => Buffer.from(uncompress(Uint8Array.from(bytes))).toString();
  assert.is(text([5, 4 << 2, 104, 101, 108, 108, 111]), 'hello');
  assert.is(text([12, 2 << 2, 97, 98, 99, ((9 - 4) << 2) | 1, 3]), 'abcabcabcabc');
  assert.is(text([6, 0, 120, (4 << 2) | 2, 1, 0]), 'xxxxxx');
  assert.is(text([4, 1 << 2, 97, 98, (1 << 2) | 3, 2, 0, 0, 0]), 'abab');
  assert.is(text([70, 60 << 2, 69, ...new Array(70).fill(65)]), 'A'.repeat(70));
  for (const bytes of [
    [5, 4 << 2, 104],
    [3, 0, 97, 1, 9],
    [9, 0, 97],
    [1, 1 << 2, 97, 98],
    [255, 255, 255, 255, 15, 0],
    [4, 63 << 2, 251, 255, 255, 255],
  ]) {
    assert.throws(
      () => uncompress(Uint8Array.from(bytes)),
      (error: Error) => error.name === 'FormatError',
    );
  }
});

test('crc32c has the values of RFC 3720, in pieces and at every alignment', () => {
  assert.is(crc32c(utf8('123456789')), 0xe3069283);
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.is(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 31);
  for (let cut = 0; cut < 40; cut++) {
    assert.is(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes));
  }
  for (const crc of [0, 1, 0xffffffff, 0x12345678]) assert.is(unmaskCrc(maskCrc(crc)), crc);
});

test('texts of any length and bytes survive', async () => {
  const files = new MemoryFileSystem();
  const texts = [new Uint8Array(0), Uint8Array.of(255, 0, 1), new Uint8Array(5_000_000).fill(7), utf8('ä'.repeat(300))];
  await saveTensors(files, 't', [{ name: 'x', slice: '', value: new NdArray(string, [4], texts) }], () => false);
  const [value] = await restoreTensors(files, 't', [{ name: 'x', slice: '', dtype: string }], () => false);
  assert.equal((value.data as Uint8Array[]).map(hex), texts.map(hex));
});

test.run();
