/** Readers on queues: records, keys, counts, states and errors as TensorFlow has them for the same files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

interface Failed {
  readonly error: string;
  readonly message?: string;
}
type Step = readonly [key: string, value: string, produced: number, completed: number] | Failed;
interface Case {
  readonly kind: Kind;
  readonly options: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
  readonly steps: readonly Step[];
}
type Kind = 'WholeFileReader' | 'TextLineReader' | 'FixedLengthRecordReader' | 'TFRecordReader' | 'IdentityReader';
interface State {
  readonly supports: boolean;
  readonly state: string | Failed;
  readonly restored?: number;
  readonly wrong?: Failed;
  readonly reset: readonly number[];
}
interface Golden {
  readonly files: Readonly<Record<string, string>>;
  readonly cases: Readonly<Record<string, Case>>;
  readonly up_to: Readonly<Record<Kind, readonly (readonly [readonly string[], readonly string[]] | Failed)[]>>;
  readonly states: Readonly<Record<Kind, State>>;
  readonly wrong_queues: Readonly<Record<string, Failed>>;
}

const test = suite('io/readers');
const checked = leakChecked(test);
const golden = JSON.parse(readFileSync(new URL('../goldens/readers.json', import.meta.url), 'utf8')) as Golden;
const folder = mkdtempSync(join(tmpdir(), 'readers-'));
for (const [name, hex] of Object.entries(golden.files)) writeFileSync(join(folder, name), Buffer.from(hex, 'hex'));
test.after(() => rmSync(folder, { recursive: true }));

const KINDS: Readonly<Record<Kind, new (options: never) => tf.ReaderBase>> = {
  WholeFileReader: tf.WholeFileReader,
  TextLineReader: tf.TextLineReader,
  FixedLengthRecordReader: tf.FixedLengthRecordReader,
  TFRecordReader: tf.TFRecordReader,
  IdentityReader: tf.IdentityReader,
};
const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const readerOf = (kind: Kind, options: Case['options'] = {}) =>
  new KINDS[kind](Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value])) as never);
/** Names of the golden's folder in this one, and texts of this folder as in the golden's. */
const here = (kind: Kind, names: readonly string[]) =>
  names.map((name) => (kind === 'IdentityReader' ? name : join(folder, name)));
const there = (text: string) => text.replaceAll(`${folder}/`, '');
const hex = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('hex');
const text = (bytes: unknown) => there(Buffer.from(bytes as Uint8Array).toString());

async function told<T>(body: () => Promise<T>): Promise<T | Failed> {
  try {
    return await body();
  } catch (error) {
    const { name, message } = error as Error;
    return name === 'OutOfRangeError' ? { error: name } : { error: name, message: there(message.split('\n')[0]) };
  }
}

for (const [name, { kind, options, names, steps }] of Object.entries(golden.cases)) {
  checked(`records, keys and counts: ${name}`, async () => {
    const queue = new tf.FIFOQueue(10, tf.string, [[]]);
    const reader = readerOf(kind, options);
    const record = reader.read(queue);
    const counts = [reader.numRecordsProduced(), reader.numWorkUnitsCompleted()];
    using sess = new tf.Session();
    await sess.run(queue.enqueueMany([here(kind, names)]));
    await sess.run(queue.close());
    for (const [i, step] of steps.entries()) {
      const found = await told(async () => {
        const [[key], [value]] = (await sess.run(record)).map(({ data }) => data);
        return [text(key), hex(value), ...(await sess.run(counts)).map(Number)];
      });
      assert.equal(found, step, `step ${i}`);
    }
  });
}

checked('several records at once are those of one file', async () => {
  const files = {
    TextLineReader: ['a.txt', 'b.txt', 'd.txt'],
    TFRecordReader: ['r.tfrecord'],
    IdentityReader: ['p', 'q', 'r'],
  };
  for (const [kind, names] of Object.entries(files) as [keyof typeof files, string[]][]) {
    const queue = new tf.FIFOQueue(10, tf.string, [[]]);
    const records = readerOf(kind).readUpTo(queue, 2);
    const none = readerOf(kind).readUpTo(queue, 0);
    assert.equal(
      records.map(({ shape }) => shape),
      [[null], [null]],
    );
    using sess = new tf.Session();
    await sess.run(queue.enqueueMany([here(kind, names)]));
    await sess.run(queue.close());
    assert.equal(
      (await sess.run(none)).map(({ shape }) => shape),
      [[0], [0]],
    );
    for (const step of golden.up_to[kind]) {
      const found = await told(async () => {
        const [keys, values] = await sess.run(records);
        return [Array.from(keys.data as ArrayLike<unknown>, text), Array.from(values.data as ArrayLike<unknown>, hex)];
      });
      assert.equal(found, step, kind);
    }
  }
});

for (const [kind, wanted] of Object.entries(golden.states) as [Kind, State][]) {
  checked(`the state is told, restored and reset: ${kind}`, async () => {
    const queue = new tf.FIFOQueue(10, tf.string, [[]]);
    const reader = readerOf(kind);
    const read = reader.read(queue);
    using sess = new tf.Session();
    const outer = process.cwd();
    process.chdir(folder);
    try {
      await sess.run(queue.enqueueMany([['d.txt', 'a.txt', 'd.txt']]));
      await sess.run(read);
      const state = await told(async () => hex((await sess.run(reader.serializeState())).data[0]));
      assert.equal([reader.supportsSerialize, state], [wanted.supports, wanted.state]);
      if (typeof state === 'string') {
        await sess.run(read);
        await sess.run(reader.restoreState(new Uint8Array(Buffer.from(state, 'hex'))));
        assert.is(Number(await sess.run(reader.numRecordsProduced())), wanted.restored);
        assert.equal(await told(() => sess.run(reader.restoreState('nonsense'))), wanted.wrong);
      }
      await sess.run(reader.reset());
      const counts = await sess.run([reader.numRecordsProduced(), reader.numWorkUnitsCompleted()]);
      assert.equal(counts.map(Number), wanted.reset);
    } finally {
      process.chdir(outer);
    }
  });
}

checked('queues of other things are refused', async () => {
  const queues = {
    int32: [new tf.FIFOQueue(3, tf.int32, [[]]), 1],
    two: [new tf.FIFOQueue(3, [tf.string, tf.string], [[], []]), ['a', 'b']],
    vector: [new tf.FIFOQueue(3, tf.string, [[2]]), [['a', 'b']]],
  } as const;
  for (const [name, [queue, vals]] of Object.entries(queues)) {
    const read = new tf.IdentityReader().read(queue);
    using sess = new tf.Session();
    await sess.run(queue.enqueue(vals as never));
    assert.equal(await told(() => sess.run(read)), golden.wrong_queues[name], name);
  }
});

checked('a run waits for the name of a file while others go on; one that is stopped takes nothing', async () => {
  const queue = new tf.FIFOQueue(3, tf.string, [[]]);
  const [key] = new tf.TextLineReader().read(queue);
  const put = queue.enqueue(join(folder, 'd.txt'));
  {
    using sess = new tf.Session();
    const reads = [sess.run(key), sess.run(key)];
    await sess.run(put);
    assert.equal(
      (await Promise.all(reads)).map(({ data }) => text(data[0])),
      ['d.txt:1', 'd.txt:2'],
    );
  }
  const sess = new tf.Session();
  const options = new tf.RunOptions({ timeoutInMs: 30 });
  assert.is((await failure(() => sess.run(key, { options }))).name, 'DeadlineExceededError');
  await sess.run(put);
  assert.is(text((await sess.run(key)).data[0]), 'd.txt:1');
  const waiting = failure(async () => {
    await sess.run(key);
    await sess.run(key);
  });
  await sess.run(queue.size());
  sess.close();
  assert.match((await waiting).name, /CancelledError|RuntimeError/);
});

checked('a pipeline of file names, a reader and parsed records gives batches', async () => {
  const names = tf.train.stringInputProducer([join(folder, 'd.txt')], { numEpochs: 2, shuffle: false });
  const [, line] = new tf.TextLineReader({ skipHeaderLines: 1 }).read(names);
  using sess = new tf.Session();
  await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
  const coord = new tf.train.Coordinator();
  const threads = tf.train.startQueueRunners(sess, coord);
  const found = [text((await sess.run(line)).data[0]), text((await sess.run(line)).data[0])];
  assert.equal(found, ['y', 'y']);
  assert.is((await failure(() => sess.run(line))).name, 'OutOfRangeError');
  coord.requestStop();
  await coord.join(threads);
});

test.run();
