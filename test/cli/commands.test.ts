/** Every command, in this process, on files that TensorFlow wrote: what comes out is what TensorFlow says of them. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatNpy, parseNpy } from '../../src/cli/npy.ts';
import { GraphDef } from '../../src/io/graph-def.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { leakChecked } from '../support/leaks.ts';
import { cli, facts, golden, type Listed } from './support.ts';

const all = suite('cli/commands');
const test = leakChecked(all);
const folder = mkdtempSync(join(tmpdir(), 'tfjs-graph-cli-'));
const at = (name: string) => join(folder, name);
all.after(() => rmSync(folder, { recursive: true }));

const CONVNET = golden('cli/convnet.pb');
const LINEAR = golden('cli/linear/model.ckpt');
const SAVED = golden('cli/saved');
const EVENTS = golden('interchange/events/events.out.tfevents.1700000000.golden');
const X = '[[1,2,3],[0,0,1]]';

/** The output of a command that succeeds. */
async function ok(...args: string[]): Promise<string> {
  const { code, out, err } = await cli(args);
  assert.is(err, '');
  assert.is(code, 0);
  return out;
}

/** The only line of a command that fails. */
async function fails(code: number, ...args: string[]): Promise<string> {
  const outcome = await cli(args);
  assert.is(outcome.code, code, outcome.err || outcome.out);
  assert.is(outcome.out, '');
  assert.match(outcome.err, /^error: [^\n]+\n$/);
  return outcome.err.slice('error: '.length, -1);
}

const flat = (value: unknown) => [value].flat(Infinity) as number[];

function near({ dtype, shape, data }: Listed, expected: Listed): void {
  assert.is(dtype, expected.dtype);
  assert.equal(shape, expected.shape);
  flat(data).forEach((value, i) => {
    assert.ok(Math.abs(value - flat(expected.data)[i]) <= 1e-5, `element ${i}: ${value}`);
  });
}

function linearY(text: string, name: string): void {
  near(JSON.parse(text)[name], facts.linear.y);
}

// ---------------------------------------------------------------------------------------------------------------------
// inspect

test('inspect counts the ops that TensorFlow counts, and the operations of its profiler', async () => {
  const page = JSON.parse(await ok('inspect', CONVNET, '--json', '--feed', 'x:2,8,8,3'));
  assert.equal(page.ops, facts.convnet.ops);
  assert.is(page.flops.total, facts.convnet.flops);
  assert.equal(page.flops.byOp, facts.convnet.flops_by_op);
  assert.is(page.flops.isPartial, false);
  assert.equal(page.inputs, [{ name: 'x', op: 'Placeholder', dtype: 'float32', shape: [2, 8, 8, 3] }]);
  assert.equal(page.outputs, [
    { name: 'probs', op: 'Softmax', dtype: 'float32', shape: [2, 5] },
    { name: 'classes', op: 'ArgMax', dtype: 'int64', shape: [2] },
  ]);
  const open = JSON.parse(await ok('inspect', CONVNET, '--json'));
  assert.equal(open.outputs[0].shape, [null, 5]);
  assert.is(open.flops.isPartial, true);
});

test('inspect tells of the signatures and variables of SavedModels, and of no part of their savers', async () => {
  const page = JSON.parse(await ok('inspect', SAVED, '--json'));
  assert.is(page.kind, 'SavedModel');
  assert.equal(page.signatures.serving_default, {
    method: 'tensorflow/serving/predict',
    inputs: { features: { name: 'x:0', dtype: 'float32', shape: [null, 3] } },
    outputs: { scores: { name: 'y:0', dtype: 'float32', shape: [null, 2] } },
  });
  assert.equal(page.ops, facts.linear.ops);
  const named = (list: { name: string }[]) => list.map(({ name }) => name).sort();
  assert.equal(named(page.variables), ['b', 'w']);
  assert.is(page.parameters, 8);
  assert.equal(named(page.inputs), ['x']);
  assert.equal(named(page.outputs), ['y']);
  const meta = JSON.parse(await ok('inspect', `${LINEAR}.meta`, '--json'));
  assert.is(meta.kind, 'MetaGraphDef');
  assert.equal(named(meta.variables), ['b', 'w']);
});

test('inspect reads checkpoints by prefix, by index and by folder, event files and records', async () => {
  for (const path of [LINEAR, `${LINEAR}.index`, `${LINEAR}.data-00000-of-00001`]) {
    const { kind, tensors } = JSON.parse(await ok('inspect', path, '--json'));
    assert.is(kind, 'checkpoint');
    assert.equal(tensors, [
      { name: 'b', dtype: 'float32', shape: [2], parameters: 2 },
      { name: 'w', dtype: 'float32', shape: [3, 2], parameters: 6 },
    ]);
  }
  const expected = JSON.parse(readFileSync(golden('interchange/ckpt_v2.json'), 'utf8')).tensors as Record<
    string,
    Listed
  >;
  const { path, tensors } = JSON.parse(await ok('inspect', golden('interchange/ckpt_v2'), '--json'));
  assert.ok(path.endsWith('model.ckpt-200'), 'the latest');
  assert.equal(tensors.map(({ name }: { name: string }) => name).sort(), Object.keys(expected).sort());
  const old = JSON.parse(await ok('inspect', golden('interchange/ckpt_v1/model.ckpt'), '--json'));
  assert.is(old.kind, 'checkpoint');

  const { events } = JSON.parse(readFileSync(golden('interchange/events.json'), 'utf8'));
  const logged = JSON.parse(await ok('inspect', EVENTS, '--json'));
  assert.is(logged.events, events.length);
  const loss = logged.tags.find(({ tag }: { tag: string }) => tag === 'metrics/loss');
  assert.is(loss.kind, 'scalar');
  assert.match(await ok('inspect', golden('interchange/events')), /event file/);
  assert.match(await ok('inspect', golden('interchange/tfrecord/plain.tfrecord')), /TFRecord file/);
});

test('a page for people has lines of 80 columns, one for programs has tabs', async () => {
  const long = new GraphDef([
    {
      name: `scope/${'very_long_name_'.repeat(10)}/x`,
      op: 'Placeholder',
      input: [],
      device: '',
      attr: placeholderAttr(),
    },
  ]);
  writeFileSync(at('long.pb'), long.toBinary());
  for (const file of [at('long.pb'), CONVNET, SAVED, LINEAR, EVENTS]) {
    const { out } = await cli(['inspect', file], { isTTY: true });
    const [, ...lines] = out.split('\n');
    for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
  }
  assert.match(await ok('inspect', at('long.pb')), /\n {2}scope\/(very_long_name_){10}\/x\tfloat32\t\[2\]\n/);
  for (const name of ['inspect', 'run', 'export', 'convert', 'explain', 'bench', 'check']) {
    const { code, out } = await cli([name, '--help'], { isTTY: true });
    assert.is(code, 0);
    assert.match(out, /Examples:\n {2}tfjs-graph /);
  }
});

function placeholderAttr(): GraphDef['node'][number]['attr'] {
  return new Map([
    ['dtype', { type: float32 }],
    ['shape', { shape: { dim: [2] } }],
  ]);
}

test('a file is what its content is: graphs under any name, in every form', async () => {
  const def = GraphDef.fromBinary(readFileSync(CONVNET));
  writeFileSync(at('a.meta'), def.toText());
  writeFileSync(at('b.index'), JSON.stringify(def.toJson()));
  copyFileSync(CONVNET, at('c.pbtxt'));
  for (const name of ['a.meta', 'b.index', 'c.pbtxt']) {
    const page = JSON.parse(await ok('inspect', at(name), '--json'));
    assert.is(page.kind, 'GraphDef');
    assert.equal(page.ops, facts.convnet.ops, name);
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// run

test('run computes what TensorFlow computes, from .npy to .npy and JSON', async () => {
  const feed = `x=${golden('cli/convnet-x.npy')}`;
  const results = JSON.parse(await ok('run', CONVNET, '--feed', feed, '--fetch', 'probs', 'classes:0', '--json'));
  near(results.probs, facts.convnet.probs);
  near(results['classes:0'], facts.convnet.classes);
  assert.is(
    await ok('run', CONVNET, '--feed', feed, '--fetch', 'classes', '--out', at('classes.npy'), '--target', 'cpu'),
    '',
  );
  const classes = parseNpy(readFileSync(at('classes.npy')));
  near(classes.toJSON() as Listed, facts.convnet.classes);
  await ok('run', CONVNET, '--feed', feed, '--fetch', 'classes', '--fetch', 'probs', '--out', at('all.json'));
  near(JSON.parse(readFileSync(at('all.json'), 'utf8')).probs, facts.convnet.probs);
  assert.match(await ok('run', CONVNET, '--feed', feed, '--fetch', 'classes'), /^classes int64 \[2\]\n\[2 4\]\n$/);
});

test('run takes variables from checkpoints and SavedModels, by the names of their signatures', async () => {
  linearY(await ok('run', SAVED, '--feed', `features=${X}`, '--json'), 'scores');
  linearY(
    await ok('run', SAVED, '--signature', 'serving_default', '--feed', `features=${X}`, '--fetch', 'scores', '--json'),
    'scores',
  );
  linearY(await ok('run', SAVED, '--feed', `x:0=${X}`, '--fetch', 'y', '--json'), 'y');
  linearY(await ok('run', LINEAR, '--feed', `x=${X}`, '--fetch', 'y', '--json'), 'y');
  linearY(await ok('run', `${LINEAR}.meta`, '--checkpoint', LINEAR, '--feed', `x=${X}`, '--fetch', 'y', '--json'), 'y');
  // A graph alone has no saver: its variables are found by name.
  await ok('export', `${LINEAR}.meta`, '-o', at('linear.pb'));
  linearY(await ok('run', at('linear.pb'), '--checkpoint', LINEAR, '--feed', `x=${X}`, '--fetch', 'y', '--json'), 'y');
});

test('run initializes, takes values from JSON files, casts numbers as NumPy does', async () => {
  writeFileSync(at('x.json'), JSON.stringify({ dtype: 'float64', shape: [2, 3], data: [1, 2, 3, 0, 0, 1] }));
  const fresh = ['run', `${LINEAR}.meta`, '--init', 'w/Assign', 'b/Assign', 'step', '--fetch', 'y', '--json'];
  linearY(await ok(...fresh, '--feed', `x=${at('x.json')}`), 'y');
  writeFileSync(at('x.npy'), formatNpy(new NdArray(float32, [2, 3], Float32Array.of(1, 2, 3, 0, 0, 1))));
  linearY(await ok(...fresh, '--feed', `x=${at('x.npy')}`), 'y');
});

// ---------------------------------------------------------------------------------------------------------------------
// export, convert

test('export writes every format, and forms of the graph that read back to the same', async () => {
  const before = readFileSync(CONVNET);
  const { bytes } = await cli(['export', CONVNET, '--format', 'pb']);
  assert.equal(GraphDef.fromBinary(bytes).toText(), GraphDef.fromBinary(before).toText());
  const text = await ok('export', CONVNET, '-f', 'pbtxt');
  assert.is(text, GraphDef.fromBinary(before).toText());
  assert.is(GraphDef.fromJson(await ok('export', CONVNET, '-f', 'json')).toText(), text);
  const starts = { dot: /^digraph/, mermaid: /^flowchart/, graphml: /^<\?xml/, graphlib: /^\{/, cytoscape: /^[[{]/ };
  for (const [format, start] of Object.entries(starts)) assert.match(await ok('export', CONVNET, '-f', format), start);
  await ok('export', CONVNET, '-o', at('graph.html'), '--title', 'Net');
  assert.match(readFileSync(at('graph.html'), 'utf8'), /^<!doctype html>/i);
  await ok('export', `${LINEAR}.meta`, '-o', at('graph.svg'), '--collapse', '1', '--no-constants');
  assert.match(readFileSync(at('graph.svg'), 'utf8'), /<svg/);
  assert.match(await ok('export', EVENTS, '-f', 'dot'), /metrics/);
  const html = await ok('export', EVENTS, '-f', 'html', '--run', 'step1');
  assert.match(html, /"micros":\d/);
  assert.match(html, /"colorBy":"time"/);
  assert.match(
    await fails(2, 'export', EVENTS, '-f', 'html', '--run', 'nope'),
    /no traced run 'nope'; there is 'step1'/,
  );
  assert.match(await fails(2, 'export', CONVNET, '-f', 'html', '--run', 'x'), /--run is for event files/);
});

test('convert freezes to the graph that TensorFlow freezes to, with its results', async () => {
  await ok('convert', `${LINEAR}.meta`, '--checkpoint', LINEAR, '--fetch', 'y', '-o', at('frozen.pb'));
  await ok('convert', SAVED, '-o', at('saved.pbtxt'));
  for (const file of [at('frozen.pb'), at('saved.pbtxt')]) {
    const bytes = readFileSync(file);
    const def = file.endsWith('.pb') ? GraphDef.fromBinary(bytes) : GraphDef.fromText(bytes.toString());
    assert.equal(def.node.map(({ name, op }) => [name, op]).sort(), facts.linear.frozen);
    linearY(await ok('run', file, '--feed', `x=${X}`, '--json'), 'y');
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// explain, bench, check

test('explain shows the graph, the IR after each pass and the plan', async () => {
  for (const target of ['wasm', 'host']) {
    const text = await ok('explain', CONVNET, '--fetch', 'classes', '--feed', 'x:2,8,8,3', '--target', target);
    for (const title of ['graph', 'IR after import', 'IR after specialise', 'plan']) {
      assert.ok(text.includes(`## ${title}\n`), title);
    }
    assert.match(text, new RegExp(`^classes on ${target}\nfed: x:0 float32 \\[2,8,8,3\\]\n`));
  }
  assert.match(await ok('explain', CONVNET, '--fetch', 'probs'), /fed: x:0 float32 \[1,8,8,3\]/);
});

test('bench measures runs on random values', async () => {
  const args = ['bench', CONVNET, '--fetch', 'probs', '--feed', 'x:2,8,8,3', '--runs', '3', '--warmup', '1'];
  const figures = JSON.parse(await ok(...args, '--json'));
  assert.is(figures.runs, 3);
  assert.ok(figures.fastest > 0 && figures.fastest <= figures.median && figures.median <= figures.slowest);
  assert.match(await ok(...args), /median\t/);
});

test('check says that what runs will run, on each target', async () => {
  for (const target of ['wasm', 'cpu']) {
    for (const file of [CONVNET, `${LINEAR}.meta`, SAVED, golden('interchange/functions/while_simple_v2.pb')]) {
      const report = JSON.parse(await ok('check', file, '--target', target, '--json'));
      assert.equal(report.findings, [], file);
    }
  }
  const { kernels } = JSON.parse(await ok('check', CONVNET, '--feed', 'x:2,8,8,3', '--json'));
  assert.is(kernels.DepthwiseConv2dNative, 1);
});

test('check lists everything that will not run, and exits with 1', async () => {
  const text = `
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: 2 } } } } }
    node { name: "a" op: "Bogus" input: "x" }
    node { name: "b" op: "Relu" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
    node { name: "c" op: "Relu" input: "x" attr { key: "T" value { type: DT_STRING } } }
    node { name: "d" op: "Neg" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
    node { name: "e" op: "Other" input: "x" }`;
  writeFileSync(at('bad.pbtxt'), text);
  const { code, out } = await cli(['check', at('bad.pbtxt'), '--json']);
  assert.is(code, 1);
  const report = JSON.parse(out) as { unchecked: number; findings: { node: string; kind: string; reason: string }[] };
  assert.equal(
    report.findings.map(({ node, kind }) => [node, kind]),
    [
      ['a', 'op'],
      ['c', 'attribute'],
      ['e', 'op'],
    ],
  );
  assert.is(report.unchecked, 1, 'b needs a');
  const shown = await cli(['check', at('bad.pbtxt')], { isTTY: true });
  assert.is(shown.code, 1);
  assert.match(shown.out, /3 of 6 nodes will not run on wasm/);
  assert.match(shown.out, /a \(Bogus\): the op is not known here/);
  assert.match(await ok('check', at('bad.pbtxt'), '--fetch', 'd'), /all 2 nodes will run/);
});

test('check finds shapes that do not fit before a run does', async () => {
  const text = `
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: -1 } dim { size: -1 } } } } }
    node { name: "m" op: "MatMul" input: "x" input: "x" attr { key: "T" value { type: DT_FLOAT } } }`;
  writeFileSync(at('square.pbtxt'), text);
  await ok('check', at('square.pbtxt'));
  await ok('check', at('square.pbtxt'), '--feed', 'x:3,3');
  const { code, out } = await cli(['check', at('square.pbtxt'), '--feed', 'x:3,2']);
  assert.is(code, 1);
  assert.match(out, /m \(MatMul\): /);
});

// ---------------------------------------------------------------------------------------------------------------------
// Errors

test('what is wrong with a command line is told in one line, with exit code 2', async () => {
  const line = await fails(2, 'run', CONVNET, '--fetch', 'probs');
  assert.is(line, 'feed x (float32 [?,8,8,3]): --feed NAME=FILE');
  assert.match(
    await fails(2, 'run', CONVNET, '--feed', 'x=1'),
    /say what is wanted with --fetch NAME; .* probs, classes/,
  );
  assert.is(await fails(2, 'run', CONVNET, '--fetch', 'Probs'), "the graph has no 'Probs'; did you mean 'probs'?");
  assert.match(await fails(2, 'run', SAVED, '--signature', 'no'), /no signature 'no'; there is serving_default/);
  assert.match(await fails(2, 'inspect', SAVED, '--tags', 'train'), /tags 'train'; there is 'serve'/);
  assert.match(await fails(2, 'run', CONVNET, '--feed', 'x', '--fetch', 'probs'), /NAME=VALUE/);
  assert.match(await fails(2, 'convert', `${LINEAR}.meta`, '--fetch', 'y'), /--checkpoint PREFIX/);
  assert.match(await fails(2, 'export', CONVNET), /--format/);
  assert.match(await fails(2, 'export', CONVNET, '-f', 'gif'), /Allowed choices are/);
  assert.match(await fails(2, 'bench', CONVNET, '--runs', '0'), /above 0/);
  assert.match(await fails(2, 'inspect'), /missing required argument/);
  assert.match(await fails(2, 'inspect', CONVNET, '--nonsense'), /unknown option '--nonsense'/);
  assert.match((await cli(['inspct', CONVNET])).err, /unknown command 'inspct'/);
  assert.is((await cli(['inspct', CONVNET])).code, 2);
  const { code, err } = await cli(['export', CONVNET, '-f', 'pb'], { isTTY: true });
  assert.is(code, 2);
  assert.match(err, /pb is binary/);
});

test('what fails while it is carried out is told in one line, with exit code 1', async () => {
  assert.match(await fails(1, 'inspect', at('nothing.pb')), /NotFoundError: .*nothing\.pb; No such file/);
  writeFileSync(at('empty.pb'), '');
  assert.match(await fails(1, 'inspect', at('empty.pb')), /empty\.pb: the file is empty/);
  writeFileSync(at('words.pb'), 'some words');
  assert.match(await fails(1, 'inspect', at('words.pb')), /words\.pb: neither a graph/);
  mkdirSync(at('folder'));
  assert.match(await fails(1, 'inspect', at('folder')), /no saved_model\.pb, no checkpoint and no event file/);
  assert.match(
    await fails(1, 'run', LINEAR.replace(/model.*/, 'model.ckpt.index'), '--fetch', 'y', '--feed', 'x=oops'),
    /'oops' is neither a file nor JSON/,
  );
  assert.match(
    await fails(1, 'run', CONVNET, '--fetch', 'probs', '--feed', 'x=[1,2]'),
    /Cannot feed value of shape \(2,\) for Tensor x:0/,
  );
  assert.match(
    await fails(1, 'run', `${LINEAR}.meta`, '--fetch', 'y', '--feed', `x=${X}`),
    /FailedPreconditionError|uninitialized/,
  );
  assert.match(await fails(1, 'run', at('none'), '--fetch', 'y'), /No such file/);
  assert.match(
    await fails(1, 'run', EVENTS.replace(/events\/.*/, 'tfrecord/plain.tfrecord'), '--fetch', 'y'),
    /holds no graph/,
  );
  const wrong = golden('interchange/ckpt_v2/model.ckpt-100');
  await ok('export', `${LINEAR}.meta`, '-o', at('linear2.pb'));
  assert.match(
    await fails(1, 'run', at('linear2.pb'), '--checkpoint', wrong, '--fetch', 'y', '--feed', `x=${X}`),
    /none of the graph's variables/,
  );
  assert.match(await fails(1, 'export', CONVNET, '-o', at('no/such/folder.dot')), /No such file|such\/folder/);
});

test('--debug adds the stack', async () => {
  const { err, code } = await cli(['inspect', at('nothing.pb'), '--debug']);
  assert.is(code, 1);
  assert.match(err, /^error: .*\n.*NotFoundError[^\n]*\n {4}at /);
});

test('files cut off or changed anywhere give one line with their name', async () => {
  const files = [CONVNET, `${LINEAR}.meta`, `${LINEAR}.index`, join(SAVED, 'saved_model.pb'), EVENTS];
  for (const file of files) {
    const bytes = readFileSync(file);
    for (let k = 1; k <= 12; k++) {
      const cut = bytes.subarray(0, Math.floor((k * bytes.length) / 13));
      writeFileSync(at('cut.index'), cut);
      const { code, err } = await cli(['inspect', at('cut.index'), '--json']);
      // Where the last record or field of a file happens to end, what is left is whole.
      if (code === 0) continue;
      assert.is(code, 1);
      assert.match(err, /^error: [^\n]*cut[^\n]*\n$/, `${file} ${k}`);
      const changed = Uint8Array.from(bytes);
      changed[Math.floor((k * bytes.length) / 13)] ^= 0xff;
      writeFileSync(at('changed.index'), changed);
      const outcome = await cli(['inspect', at('changed.index'), '--json']);
      assert.match(outcome.err, /^$|^error: [^\n]*\n$/, `${file} ${k}`);
    }
  }
});

test('a link to a file is the file', async () => {
  symlinkSync(CONVNET, at('link'));
  assert.match(await ok('inspect', at('link')), /GraphDef/);
});

all.run();
