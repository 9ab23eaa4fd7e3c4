/** `tf.train.Saver` and the functions around it: the graph, saving and restoring in sessions, files and errors. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { MemoryFileSystem, setFileSystem } from '../../src/io/file-system.ts';
import type { PartitionedVariable } from '../../src/variables/partitioned.ts';
import { leakChecked } from '../support/leaks.ts';

const suiteOf = suite('savers');
const test = leakChecked(suiteOf);
const folder = mkdtempSync(join(tmpdir(), 'savers-'));
suiteOf.after(() => rmSync(folder, { recursive: true }));

const GOLDENS = fileURLToPath(new URL('../goldens/', import.meta.url));
const QUIET = { writeMetaGraph: false };

/** Rejects with a class and a text. */
async function fails(action: () => unknown, name: string, text: string | RegExp): Promise<void> {
  let error: Error | null = null;
  try {
    await action();
  } catch (thrown) {
    error = thrown as Error;
  }
  assert.is(error?.name, name, String(error));
  assert.match((error as Error).message, text);
}

function named(name: string, shape: number[], value: number) {
  return tf.getVariable(name, shape, { initializer: tf.constantInitializer(value) });
}

/** A graph with two variables and a partitioned one. */
function three() {
  named('b', [2], 3);
  named('a', [2, 3], 2);
  const partitioner = tf.fixedSizePartitioner(2);
  return tf.getVariable('p', [5, 2], {
    partitioner,
    initializer: tf.onesInitializer(),
  }) as unknown as PartitionedVariable;
}

function inGraph<T>(body: () => T): { graph: tf.Graph; made: T; sess: tf.Session } {
  const graph = new tf.Graph();
  const made = graph.asDefault(body);
  return { graph, made, sess: new tf.Session({ graph }) };
}

const text = async (sess: tf.Session, fetch: unknown) => String(await sess.run(fetch as never)).replace(/\s+/g, ' ');

const golden = JSON.parse(readFileSync(`${GOLDENS}saver_graphs.json`, 'utf8')) as Record<
  string,
  { nodes: [string, string, string[], string][]; names: string[] }
>;

for (const [title, options] of [
  ['plain', {}],
  ['reshape', { reshape: true }],
  ['sharded', { sharded: true }],
] as const) {
  test(`the ops of a saver are TensorFlow's: ${title}`, () => {
    const graph = new tf.Graph();
    const saver = graph.asDefault(() => {
      three();
      return new tf.train.Saver(options);
    });
    const { node } = graph.asGraphDef() as unknown as {
      node: { name: string; op: string; input: string[]; device: string }[];
    };
    const nodes = node.filter(({ name }) => name.startsWith('save'));
    assert.equal(
      nodes.map(({ name, op, input, device }) => [name, op, [...input], device]),
      golden[title].nodes,
    );
    const def = saver.asSaverDef() as tf.train.SaverDef;
    assert.equal([def.filenameTensorName, def.saveTensorName, def.restoreOpName], golden[title].names);
    assert.equal(
      [def.maxToKeep, def.keepCheckpointEveryNHours, def.version, def.sharded],
      [5, 10000, 2, title === 'sharded'],
    );
  });

  test(`values come back in another session, parts of partitioned variables too: ${title}`, async () => {
    const prefix = join(folder, title, 'm');
    mkdirSync(join(folder, title));
    const first = inGraph(() => {
      const parts = three();
      return { parts, init: tf.globalVariablesInitializer(), saver: new tf.train.Saver(options) };
    });
    await first.sess.run(first.made.init);
    const grown = Float32Array.from({ length: 6 }, (_, i) => i / 3);
    await first.made.parts.variables[0].load({ data: grown, shape: [3, 2] }, first.sess);
    const path = await first.made.saver.save(first.sess, prefix, { globalStep: 7, ...QUIET });
    assert.is(path, `${prefix}-7`);
    assert.equal(readdirSync(join(folder, title)), ['checkpoint', 'm-7.data-00000-of-00001', 'm-7.index']);
    const second = inGraph(() => ({ parts: three(), saver: new tf.train.Saver() }));
    await second.made.saver.restore(second.sess, await tf.train.latestCheckpoint(join(folder, title)));
    for (const fetch of [
      'a/Read/ReadVariableOp:0',
      'p/part_0/Read/ReadVariableOp:0',
      'p/part_1/Read/ReadVariableOp:0',
    ]) {
      assert.is(await text(second.sess, fetch), await text(first.sess, fetch));
    }
    // The parts of one program are the whole of another, and the other way round.
    const whole = inGraph(() => ({ p: tf.getVariable('p', [5, 2]), saver: new tf.train.Saver() }));
    await whole.made.saver.restore(whole.sess, path);
    const joined = ((await whole.sess.run(whole.made.p)) as tf.NdArray).data as Float32Array;
    assert.equal([...joined], [...grown, 1, 1, 1, 1]);
    const cut = inGraph(() => {
      const p = tf.getVariable('p', [5, 2], { partitioner: () => [1, 2] });
      return { p: p as unknown as PartitionedVariable, saver: new tf.train.Saver() };
    });
    await cut.made.saver.restore(cut.sess, path);
    const column = ((await cut.sess.run(cut.made.p.variables[1])) as tf.NdArray).data as Float32Array;
    assert.equal(
      [...column],
      [...joined].filter((_, i) => i % 2 === 1),
    );
    for (const { sess } of [first, second, whole, cut]) sess.close();
  });
}

test('checkpoints of TensorFlow are restored into variables, V2 and V1, those of every element type', async () => {
  const file = JSON.parse(readFileSync(`${GOLDENS}interchange/ckpt_v2.json`, 'utf8'));
  const { sess, made } = inGraph(() => ({
    w: tf.getVariable('weights/w', [3, 4]),
    step: tf.getVariable('i64', [2], { dtype: tf.int64 }),
    texts: tf.getVariable('text', [3], { dtype: tf.string, initializer: tf.constantInitializer('') }),
    half: tf.getVariable('half', [2], { dtype: tf.float16 }),
    saver: new tf.train.Saver(),
    only: new tf.train.Saver({ 'weights/w': tf.getVariable('again', [3, 4]) }),
  }));
  await made.saver.restore(sess, `${GOLDENS}interchange/ckpt_v2/model.ckpt-200`);
  assert.is(await text(sess, made.texts), "[b'hello' b'w\\xc3\\xb6rld' b'']");
  assert.is(await text(sess, made.step), '[9007199254740993 -5]');
  assert.is(await text(sess, made.half), '[ 1.5 -2.25]');
  await made.only.restore(sess, `${GOLDENS}interchange/ckpt_v1/model.ckpt`);
  const again = ((await sess.run('again/Read/ReadVariableOp:0')) as tf.NdArray).data as Float32Array;
  assert.equal([...again], [...Float32Array.from(file.tensors['weights/w'].data)]);
  sess.close();
});

test('a checkpoint of objects is restored by the names of the variables in it', async () => {
  const prefix = `${GOLDENS}interchange/ckpt_object/obj-1`;
  const { sess, made } = inGraph(() => ({
    v: tf.getVariable('a', [2]),
    step: tf.getVariable('Variable', [], { dtype: tf.int64, initializer: tf.zerosInitializer() }),
    saver: new tf.train.Saver(),
    other: new tf.train.Saver({ nothing: tf.getVariable('beta', [2]) }),
  }));
  for (let i = 0; i < 2; i++) {
    const size = sess.graph.size;
    await made.saver.restore(sess, prefix);
    if (i > 0) assert.is(sess.graph.size, size);
    assert.equal([...((await sess.run(made.v)) as tf.NdArray).data] as number[], [1.955, 0.993].map(Math.fround));
    assert.is(Number(await sess.run(made.step)), 3);
  }
  const names = (await tf.train.listVariables(prefix)).map(([name]) => name);
  assert.ok(names.includes('alpha/.ATTRIBUTES/VARIABLE_VALUE'));
  await fails(
    () => made.other.restore(sess, prefix),
    'NotFoundError',
    'Existing variables not in the checkpoint: nothing',
  );
  sess.close();
});

test('a part by a map of names, a reshape, and what was not asked for stays', async () => {
  const { sess, made } = inGraph(() => {
    const w = tf.getVariable('w', [4], { initializer: tf.constantInitializer([1, 2, 3, 4]) });
    const kept = named('kept', [], 5);
    return {
      w,
      kept,
      init: tf.globalVariablesInitializer(),
      saver: new tf.train.Saver(new Map([['kernel', w]])),
      square: tf.getVariable('square', [2, 2]),
    };
  });
  await sess.run(made.init);
  const path = await made.saver.save(sess, join(folder, 'subset'), QUIET);
  assert.equal(await tf.train.listVariables(path as string), [['kernel', [4]]]);
  const { reshaper, strict } = sess.graph.asDefault(() => ({
    reshaper: new tf.train.Saver({ kernel: made.square }, { reshape: true }),
    strict: new tf.train.Saver({ kernel: made.square }),
  }));
  await fails(
    () => strict.restore(sess, path),
    'InvalidArgumentError',
    'Restoring from checkpoint failed. This is most likely due to a mismatch',
  );
  await reshaper.restore(sess, path);
  assert.is(await text(sess, made.square), '[[1. 2.] [3. 4.]]');
  assert.is(await text(sess, made.kept), '5.0');
  assert.is(String(await tf.train.loadVariable(path as string, 'kernel:0')), '[1. 2. 3. 4.]');
  sess.close();
});

test('maxToKeep, the state file, recoverLastCheckpoints and keepCheckpointEveryNHours', async () => {
  const { sess, made } = inGraph(() => ({ v: named('v', [], 1), init: tf.globalVariablesInitializer() }));
  await sess.run(made.init);
  const saver = (options: tf.train.SaverOptions) => sess.graph.asDefault(() => new tf.train.Saver(options));
  const home = join(folder, 'keep');
  const two = saver({ maxToKeep: 2 });
  for (let step = 0; step < 4; step++) await two.save(sess, `${home}/m`, { globalStep: step, ...QUIET });
  assert.equal(two.lastCheckpoints, [`${home}/m-2`, `${home}/m-3`]);
  assert.equal(
    readdirSync(home).filter((name) => name.endsWith('.index')),
    ['m-2.index', 'm-3.index'],
  );
  assert.is(
    readFileSync(`${home}/checkpoint`, 'utf8'),
    `model_checkpoint_path: "${home}/m-3"\nall_model_checkpoint_paths: "${home}/m-2"\nall_model_checkpoint_paths: "${home}/m-3"\n`,
  );
  const again = saver({ maxToKeep: 2 });
  await again.recoverLastCheckpoints([
    `${home}/m-1`,
    ...((await tf.train.getCheckpointState(home))?.allModelCheckpointPaths ?? []),
  ]);
  assert.equal(again.lastCheckpoints, two.lastCheckpoints);
  for (const maxToKeep of [0, null]) {
    const all = saver({ maxToKeep });
    for (const name of ['x', 'y']) await all.save(sess, `${home}/${name}`, QUIET);
    assert.equal(all.lastCheckpoints, []);
    assert.ok((await tf.train.checkpointExists(`${home}/x`)) && (await tf.train.checkpointExists(`${home}/y`)));
  }
  const clock = Date.now;
  try {
    let hours = 0;
    Date.now = () => clock() + hours * 3_600_000;
    const hourly = saver({ maxToKeep: 1, keepCheckpointEveryNHours: 2 });
    for (let step = 0; step < 6; step++) {
      hours = step + 0.5;
      await hourly.save(sess, `${home}/h`, { globalStep: step, ...QUIET });
    }
  } finally {
    Date.now = clock;
  }
  const kept = readdirSync(home).filter((name) => /^h-\d\.index$/.test(name));
  assert.equal(kept, ['h-2.index', 'h-4.index', 'h-5.index']);
  await tf.train.removeCheckpoint(`${home}/h-5`);
  assert.not(await tf.train.checkpointExists(`${home}/h-5`));
  assert.equal((await tf.train.getCheckpointMtimes([`${home}/h-5`, `${home}/h-2`])).length, 1);
  const padded = saver({ padStepNumber: true });
  const step = sess.graph.asDefault(() => tf.constant(5));
  assert.is(await padded.save(sess, `${home}/pad`, step, QUIET), `${home}/pad-00000005`);
  assert.is(await padded.save(sess, `${home}/none`, { writeState: false, ...QUIET }), `${home}/none`);
  assert.is(await tf.train.latestCheckpoint(home), `${home}/pad-00000005`);
  sess.close();
});

test('relative paths: of the program, and of the state file', async () => {
  const files = new MemoryFileSystem();
  setFileSystem(files);
  try {
    const { sess, made } = inGraph(() => ({
      v: named('v', [], 1),
      saver: new tf.train.Saver(),
      relative: new tf.train.Saver({ saveRelativePaths: true }),
    }));
    await sess.run(made.v.initializer);
    for (let step = 0; step < 3; step++) await made.saver.save(sess, 'logs/m', { globalStep: step, ...QUIET });
    assert.is(await tf.train.latestCheckpoint('logs'), 'logs/m-2');
    assert.equal((await tf.train.getCheckpointState('logs'))?.allModelCheckpointPaths, [
      'logs/m-0',
      'logs/m-1',
      'logs/m-2',
    ]);
    await made.relative.save(sess, '/abs/m', QUIET);
    assert.is(
      new TextDecoder().decode(await files.readRange('/abs/checkpoint', 0, 99)),
      'model_checkpoint_path: "m"\nall_model_checkpoint_paths: "m"\n',
    );
    assert.is(await tf.train.latestCheckpoint('/abs'), '/abs/m');
    assert.is(await made.saver.save(sess, 'plain', QUIET), 'plain');
    assert.equal([await tf.train.latestCheckpoint('.'), await tf.train.latestCheckpoint('')], ['./plain', 'plain']);
    sess.close();
  } finally {
    setFileSystem(null);
  }
});

test('state messages: paths relative to a relative folder, timestamps', async () => {
  const state = tf.train.generateCheckpointStateProto('a/b', 'a/b/m', ['a/b/x', 'q'], [1.5, 2, 3]);
  assert.is(state.modelCheckpointPath, 'm');
  assert.equal(state.allModelCheckpointPaths, ['x', '../../q', 'm']);
  assert.equal(state.allModelCheckpointTimestamps, [1.5, 2, 3]);
  const absolute = tf.train.generateCheckpointStateProto('/a/b', '/a/b/m', { lastPreservedTimestamp: 3.5 });
  assert.equal([absolute.modelCheckpointPath, absolute.lastPreservedTimestamp], ['/a/b/m', 3.5]);
  await fails(
    () => tf.train.generateCheckpointStateProto('a/b', 'a/b/m', ['a/b/m'], [1.5, 2]),
    'ValueError',
    "Checkpoint timestamps, if provided, must match checkpoint paths (got paths ['a/b/m'] and timestamps [1.5, 2])",
  );
  await fails(
    () => tf.train.updateCheckpointState('/d', '/d/checkpoint'),
    'RuntimeError',
    "Save path '/d/checkpoint' conflicts with path used for checkpoint state.  Please use a different save path.",
  );
  const home = join(folder, 'state');
  mkdirSync(home);
  assert.is(await tf.train.latestCheckpoint(home), null);
  await fails(
    () => tf.train.listVariables(home),
    'ValueError',
    "Couldn't find 'checkpoint' file or checkpoints in given directory",
  );
  writeFileSync(join(home, 'checkpoint'), '');
  await fails(() => tf.train.getCheckpointState(home), 'ValueError', `Invalid checkpoint state loaded from ${home}`);
  const warn = console.warn;
  console.warn = () => {};
  try {
    writeFileSync(join(home, 'checkpoint'), 'bla bla { ');
    assert.is(await tf.train.getCheckpointState(home), null);
    writeFileSync(join(home, 'checkpoint'), 'model_checkpoint_path: "gone"');
    assert.is((await tf.train.getCheckpointState(home))?.modelCheckpointPath, join(home, 'gone'));
    assert.is(await tf.train.latestCheckpoint(home), null);
  } finally {
    console.warn = warn;
  }
});

test('what cannot be saved or restored is refused in the words of TensorFlow', async () => {
  const { sess, graph, made } = inGraph(() => ({
    v: named('v0', [2], 1),
    c: tf.constant(1),
    saver: new tf.train.Saver(),
  }));
  const { v, c, saver } = made;
  const make =
    (varList: tf.train.VarList, options: tf.train.SaverOptions = {}) =>
    () =>
      graph.asDefault(() => new tf.train.Saver(varList, options));
  const size = graph.size;
  await fails(make({ v0: v, v0too: v }), 'ValueError', 'The same saveable will be restored with two names: v0too');
  await fails(make([v, v]), 'ValueError', 'At least two variables have the same name: v0');
  await fails(make([c] as never), 'TypeError', 'Variable to save is not a Variable: ');
  await fails(
    make({ x: c } as never),
    'TypeError',
    'names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: ',
  );
  await fails(make('x' as never), 'TypeError', 'Variables to save should be passed in a dict or a list. Got x');
  await fails(
    make([v], { deferBuild: true }),
    'ValueError',
    'If `var_list` is provided then build cannot be deferred. Either set defer_build=False or var_list=None.',
  );
  await fails(make([]), 'ValueError', 'No variables to save');
  assert.is(graph.size, size);
  const deferred = graph.asDefault(() => new tf.train.Saver({ deferBuild: true }));
  await fails(
    () => deferred.save(sess, join(folder, 'd')),
    'RuntimeError',
    '`build()` should be called before save if defer_build==True',
  );
  await fails(() => saver.restore(sess, null), 'ValueError', "Can't load save_path when it is None.");
  await fails(
    () => saver.restore(sess, 'invalid path'),
    'ValueError',
    'The passed save_path is not a valid checkpoint: invalid path',
  );
  await fails(() => saver.save(3 as never, join(folder, 'u')), 'TypeError', "'sess' must be a Session; 3");
  await fails(
    () => saver.save(sess, join(folder, 'checkpoint')),
    'ValueError',
    "'latest_filename' collides with 'save_path': 'checkpoint' and '",
  );
  await fails(
    () => saver.save(sess, join(folder, 'u'), { latestFilename: 'a/b' }),
    'ValueError',
    "'latest_filename' must not contain path components",
  );
  await fails(() => saver.save(sess, join(folder, 'u'), QUIET), 'FailedPreconditionError', 'v0');
  await sess.run(v.initializer);
  await fails(
    () => saver.save(sess, join(folder, 'n1', 'n2', 'u'), QUIET),
    'ValueError',
    `Parent directory of ${join(folder, 'n1', 'n2', 'u')} doesn't exist, can't save.`,
  );
  const path = await saver.save(sess, join(folder, 'u'), QUIET);
  const other = graph.asDefault(() => new tf.train.Saver({ b: v }));
  await fails(
    () => other.restore(sess, path),
    'NotFoundError',
    'Restoring from checkpoint failed. This is most likely due to a Variable name or other graph key that is missing from the checkpoint. Please ensure that you have not altered the graph expected based on the checkpoint. Original error:\n\n',
  );
  await fails(() => other.restore(sess, path), 'NotFoundError', 'Key b not found in checkpoint');
  const ints = graph.asDefault(() => new tf.train.Saver({ v0: tf.getVariable('i', [2], { dtype: tf.int32 }) }));
  await fails(
    () => ints.restore(sess, path),
    'InvalidArgumentError',
    'tensor_name = v0; expected dtype int32 does not equal original dtype float',
  );
  await fails(
    () => tf.train.NewCheckpointReader(join(folder, 'none')),
    'NotFoundError',
    `Unsuccessful TensorSliceReader constructor: Failed to find any matching files for ${join(folder, 'none')}`,
  );
  sess.close();
  const empty = inGraph(() => new tf.train.Saver({ allowEmpty: true }));
  assert.is(await empty.made.save(empty.sess, join(folder, 'ee'), QUIET), null);
  await empty.made.restore(empty.sess, join(folder, 'ee'));
  await fails(() => empty.graph.asDefault(() => new tf.train.Saver()), 'ValueError', 'No variables to save');
  empty.sess.close();
});

test('a saver is made again from its definition, and knows a name scope', async () => {
  const { sess, graph, made } = inGraph(() => ({
    v: named('v', [2], 4),
    saver: new tf.train.Saver({ filename: 'somewhere' }),
  }));
  await sess.run(made.v.initializer);
  const def = tf.train.SaverDef.fromString((made.saver.asSaverDef() as tf.train.SaverDef).serializeToString());
  assert.is(String((await sess.run(def.filenameTensorName)) as tf.NdArray), "b'somewhere'");
  const again = graph.asDefault(() => new tf.train.Saver({ saverDef: def }));
  const path = await again.save(sess, join(folder, 'def'), QUIET);
  await made.v.load([0, 0], sess);
  await again.restore(sess, path);
  assert.is(await text(sess, made.v), '[4. 4.]');
  const scoped = tf.train.Saver.fromProto(def, 'tower');
  assert.is(scoped.saverDef?.restoreOpName, 'tower/save/restore_all');
  assert.is(scoped.toProto('tower')?.restoreOpName, 'save/restore_all');
  assert.is(scoped.toProto('other'), null);
  await fails(
    () => new tf.train.Saver({ saverDef: new tf.train.SaverDef() }),
    'ValueError',
    'saver_def must specify the save_tensor_name',
  );
  sess.close();
});

test('initFromCheckpoint: by name, by scope, by variable, by parts, and at initialization only', async () => {
  const source = inGraph(() => {
    named('old/x', [2], 1);
    named('old/deep/y', [], 2);
    tf.getVariable('root', [4, 2], { initializer: tf.constantInitializer([1, 2, 3, 4, 5, 6, 7, 8]) });
    return { init: tf.globalVariablesInitializer(), saver: new tf.train.Saver() };
  });
  await source.sess.run(source.made.init);
  const path = (await source.made.saver.save(source.sess, join(folder, 'init'), QUIET)) as string;
  source.sess.close();
  const load = async (map: tf.train.AssignmentMap, make: () => void) => {
    const graph = new tf.Graph();
    graph.asDefault(make);
    using _ = graph.asDefault();
    await tf.train.initFromCheckpoint(path, map);
    const init = tf.globalVariablesInitializer();
    const sess = new tf.Session({ graph });
    await sess.run(init);
    return sess;
  };
  const scoped = await load({ 'old/': 'new/' }, () => {
    for (const [name, shape, value] of [
      ['new/x', [2], 0],
      ['new/deep/y', [], 0],
      ['free', [], 9],
    ] as const) {
      named(name, [...shape], value);
    }
  });
  assert.is(await text(scoped, 'new/x/Read/ReadVariableOp:0'), '[1. 1.]');
  assert.is(await text(scoped, 'new/deep/y/Read/ReadVariableOp:0'), '2.0');
  assert.is(await text(scoped, 'free/Read/ReadVariableOp:0'), '9.0');
  const parted = await load([['root', 'cut']], () =>
    tf.getVariable('cut', [4, 2], { partitioner: tf.fixedSizePartitioner(2) }),
  );
  assert.is(await text(parted, 'cut/part_1/Read/ReadVariableOp:0'), '[[5. 6.] [7. 8.]]');
  const named_ = await load({ '/': 'only/' }, () => named('only/root', [4, 2], 0));
  assert.is(await text(named_, 'only/root/Read/ReadVariableOp:0'), '[[1. 2.] [3. 4.] [5. 6.] [7. 8.]]');
  for (const sess of [scoped, parted, named_]) sess.close();
  await fails(() => load({ missing: 'v' }, () => named('v', [], 0)), 'ValueError', 'Tensor missing is not found in');
  await fails(
    () => load({ root: 'v' }, () => named('v', [3], 0)),
    'ValueError',
    "Shape of variable v:0 ((3,)) doesn't match with shape of tensor root ([4, 2]) from checkpoint reader.",
  );
  await fails(
    () => load({ root: 'nowhere/v' }, () => named('v', [3], 0)),
    'ValueError',
    "Assignment map with scope only name nowhere should map to scope only root. Should be 'scope/': 'other_scope/'.",
  );
});

test('an op that a graph of V1 holds for reading is run, one for writing says that it cannot be', async () => {
  const { Restore, Save } = await import('../../src/ops/emit.ts').then(({ emit, emitOne }) => ({
    Restore: () =>
      emitOne('RestoreSlice', [`${GOLDENS}interchange/ckpt_v1/model.ckpt`, 'parted', '5 2 1,3:-'], { dt: tf.float32 }),
    Save: () => emit('SaveSlices', [join(folder, 'v1'), ['a'], [''], [tf.constant(1)]]),
  }));
  const { sess, made } = inGraph(() => ({ slice: Restore(), save: Save() }));
  assert.equal(made.slice.shape, [3, 2]);
  assert.equal(
    [...((await sess.run(made.slice)).data as Float32Array)],
    [1.506, 1.578, -1.66, -1.844, -1.321, 1.513].map(Math.fround),
  );
  await fails(() => sess.run(made.save), 'UnimplementedError', 'Checkpoints of format V1 are read, not written');
  sess.close();
});

suiteOf.run();
