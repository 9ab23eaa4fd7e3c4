/** Checkpoints between here and real TensorFlow, both ways, and byte for byte. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { restoreTensors, saveTensors } from '../../src/io/checkpoint/transfer.ts';
import { fileSystem } from '../../src/io/file-system.ts';
import { python, REASON, runPython } from './python.ts';

const folder = mkdtempSync(join(tmpdir(), 'interop-checkpoint-'));
const test = suite('interop/checkpoint');
test.after(() => rmSync(folder, { recursive: true }));
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);

type Content = Record<string, { dtype: string; shape: number[]; data: unknown[] }>;

/** The elements as the script prints them. */
function plain({ dtype, data }: tf.NdArray): unknown[] {
  if (dtype === tf.string) return (data as Uint8Array[]).map((text) => Buffer.from(text).toString('hex'));
  const texts = Array.from(data as ArrayLike<number | bigint>, (value) => String(value));
  if (!dtype.isComplex) return texts;
  return texts.filter((_, i) => i % 2 === 0).map((re, i) => [re, texts[2 * i + 1]]);
}

/** Python's and JavaScript's texts of numbers differ in form only. */
function sameNumbers(got: unknown[], wanted: unknown[], where: string): void {
  const numbers = (list: unknown[]) =>
    list
      .flat()
      .map((text) =>
        /^-?[\d.]+(e[+-]?\d+)?$/.test(String(text)) && !/^-?\d+$/.test(String(text)) ? Number(text) : String(text),
      );
  const [a, b] = [numbers(got), numbers(wanted)];
  assert.is(a.length, b.length, where);
  a.forEach((value, i) => {
    if (Number(value) !== Number(b[i])) assert.is(value, b[i], `${where}[${i}]`);
  });
}

let written: Record<string, Content> | null = null;
function tensorflows(): Record<string, Content> {
  written ??= runPython<Record<string, Content>>('checkpoint.py', 'write', folder);
  return written;
}

check(name('what TensorFlow writes is read here, every element type, shards, slices and V1'), async () => {
  for (const [file, content] of Object.entries(tensorflows())) {
    const reader = await tf.train.NewCheckpointReader(join(folder, file));
    assert.equal([...reader.getVariableToShapeMap().keys()].sort(), Object.keys(content).sort(), file);
    for (const [key, { dtype, shape, data }] of Object.entries(content)) {
      const value = await reader.getTensor(key);
      assert.equal([value.dtype.name, value.shape], [dtype, shape], `${file} ${key}`);
      sameNumbers(plain(value), data, `${file} ${key}`);
    }
  }
});

check(name('what is read is written again as the same bytes, an index of many blocks too'), async () => {
  const files = await fileSystem();
  const out = join(folder, 'again');
  mkdirSync(out);
  for (const file of ['plain', 'many']) {
    tensorflows();
    const reader = await tf.train.NewCheckpointReader(join(folder, file));
    const parts = ['7 3 0,3:0,3', '7 3 3,2:0,3', '7 3 5,2:0,3'];
    const wanted = [...reader.getVariableToDtypeMap()].flatMap(([key, dtype]) =>
      (key === 'part' ? parts : ['']).map((slice) => ({ name: key, slice, dtype })),
    );
    const values = await restoreTensors(files, join(folder, file), wanted, () => false);
    const saved = wanted.map(({ name: key, slice }, i) => ({ name: key, slice, value: values[i] }));
    await saveTensors(files, join(out, file), saved, () => false);
    for (const end of ['.index', '.data-00000-of-00001']) {
      assert.ok(readFileSync(join(out, file + end)).equals(readFileSync(join(folder, file + end))), file + end);
    }
  }
});

check(name('what a saver writes here is read and restored by TensorFlow'), async () => {
  const paths: string[] = [];
  const values = new Map<string, Map<string, unknown[]>>();
  for (const sharded of [false, true]) {
    const graph = new tf.Graph();
    const { saver, init } = graph.asDefault(() => {
      tf.getVariable('dense/kernel', [13, 5]);
      tf.getVariable('dense/bias', [5], { initializer: tf.constantInitializer([0.1, -0, 1e-38, Infinity, 3]) });
      tf.getVariable('step', [], { dtype: tf.int64, initializer: tf.constantInitializer(7) });
      tf.getVariable('names', [2], { dtype: tf.string, initializer: tf.constantInitializer('ä"\0') });
      tf.getVariable('half', [3], { dtype: tf.float16, initializer: tf.constantInitializer([0.1, -2, 6e-8]) });
      tf.getVariable('flag', [2], { dtype: tf.bool, initializer: tf.constantInitializer(true) });
      tf.getVariable('none', [0, 2]);
      tf.getVariable('cut', [6, 3], { partitioner: tf.fixedSizePartitioner(4) });
      return { saver: new tf.train.Saver({ sharded }), init: tf.globalVariablesInitializer() };
    });
    const sess = new tf.Session({ graph });
    await sess.run(init);
    const path = await saver.save(sess, join(folder, `ours${sharded ? 'sharded' : ''}`), {
      globalStep: 3,
      writeMetaGraph: false,
    });
    paths.push(path as string);
    const read = new Map<string, unknown[]>();
    for (const key of ['dense/kernel', 'dense/bias', 'step', 'names', 'half', 'flag', 'none']) {
      read.set(key, plain((await sess.run(`${key}/Read/ReadVariableOp:0`)) as tf.NdArray));
    }
    const cut: unknown[] = [];
    for (let i = 0; i < 4; i++)
      cut.push(...plain((await sess.run(`cut/part_${i}/Read/ReadVariableOp:0`)) as tf.NdArray));
    values.set(path as string, read.set('cut', cut));
    sess.close();
  }
  const contents = runPython<Record<string, Content>>('checkpoint.py', 'read', ...paths);
  for (const path of paths) {
    const content = contents[path];
    const read = values.get(path) as Map<string, unknown[]>;
    assert.equal(Object.keys(content).sort(), [...read.keys()].sort());
    for (const [key, data] of read) sameNumbers(data, content[key].data, key);
    const restored = runPython<Record<string, unknown[]>>('checkpoint.py', 'restore', path);
    for (const [key, data] of read) if (key !== 'names') sameNumbers(data, restored[key], key);
  }
  assert.not(readdirSync(folder).some((file) => file.includes('temp')));
});

test.run();
