/**
 * The commands that run folders of goldens and of graphs, as child processes on small planted folders: what they print and
 * write, and how they end. The cases of the real folders are the business of the tests that run them one by one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../src/index.ts';

const test = suite('runners');
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'tfjs-graph-goldens-'));

const float = (...data: number[]) => ({ dtype: 'float32', shape: [data.length], data });
const unary = (id: string, op: string, output: number) => ({
  id,
  op,
  attrs: { T: { type: 'float32' } },
  inputs: [{ arg: 'x', ...float(2) }],
  static_shapes: [[1]],
  outputs: [float(output)],
});

function goldens(name: string, cases: readonly object[], known: readonly object[] = []) {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'ops'), { recursive: true });
  writeFileSync(join(folder, 'ops', 'planted.json'), JSON.stringify({ cases }));
  const [knownFile, out] = [join(folder, 'known.json'), join(folder, 'out.json')];
  writeFileSync(knownFile, JSON.stringify(known));
  const args = ['--import', 'tsx', 'test/runners/goldens.ts', folder, `--known=${knownFile}`, `--out=${out}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.ok(stdout.endsWith(' skipped\n'), stdout + stderr);
  return { status, stdout, written: JSON.parse(readFileSync(out, 'utf8')) };
}

const passing = unary('planted/0000', 'Square', 4);
const failing = unary('planted/0001', 'Square', 5);
const unknown = unary('planted/0002', 'NoSuchOp', 5);

test('goldens: one case passes, one fails, one names an unknown op', () => {
  const { status, stdout, written } = goldens('plain', [passing, failing, unknown]);
  assert.is(status, 1);
  assert.match(stdout, /^ops\/planted +1 +1 +1$/m);
  assert.match(stdout, /\n1 passed, 1 failed, 1 skipped\n$/);
  assert.equal(written.totals, { passed: 1, failed: 1, skipped: 1 });
  const [failed, skipped] = written.differences;
  assert.is(`${failed.group} ${failed.case} ${failed.status}`, 'ops/planted planted/0001 failed');
  assert.match(failed.reason, /output 0: element 0: 4, expected 5/);
  assert.is(skipped.reason, 'the op NoSuchOp is not registered');
});

test('goldens: a known difference is no failure of the command, and a stale one is reported', () => {
  const known = (id: string) => ({ group: 'ops/planted', case: id, reason: 'planted' });
  const { status, stdout, written } = goldens(
    'known',
    [passing, failing],
    [known('planted/0000'), known('planted/0001'), known('planted/9999')],
  );
  assert.is(status, 0);
  assert.match(stdout, 'failed (known: planted): ops/planted planted/0001');
  assert.match(stdout, 'stale known difference: ops/planted planted/0000 does not fail');
  assert.match(stdout, /\n1 passed, 1 failed, 0 skipped\n$/);
  assert.equal(written.stale, [known('planted/0000')]);
});

/** A folder of graphs: by path the op that is run on [2], and the output that is expected. */
function conformance(name: string, graphs: Readonly<Record<string, readonly [op: string, output: number]>>) {
  const folder = join(scratch, name);
  for (const [path, [op, output]] of Object.entries(graphs)) {
    mkdirSync(join(folder, path), { recursive: true });
    const attr = new Map([['T', { type: tf.float32 }]]);
    const input = {
      name: 'x',
      op: 'Placeholder',
      input: [],
      device: '',
      attr: new Map([['dtype', { type: tf.float32 }]]),
    };
    const def = new tf.GraphDef([input, { name: 'y', op, input: ['x'], device: '', attr }]);
    writeFileSync(join(folder, path, 'graph.pb'), def.toBinary());
    const value = (tensor: string, ...values: number[]) => ({ name: tensor, dtype: 'float32', shape: [1], values });
    const golden = { inputs: [value('x:0', 2)], outputs: [value('y:0', output)], decimals: 8 };
    writeFileSync(join(folder, path, 'golden.json'), JSON.stringify(golden));
  }
  const out = join(scratch, `${name}.json`);
  const args = ['--import', 'tsx', 'test/runners/conformance.ts', folder, '--backend=cpu', '--json', out];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.ok(stdout.endsWith(' skipped\n'), stdout + stderr);
  return { status, stdout, written: JSON.parse(readFileSync(out, 'utf8')) };
}

test('conformance: graphs are counted by the first part of their path', () => {
  const { status, stdout, written } = conformance('graphs', {
    'square/one': ['Square', 4],
    'square/two': ['Square', 5],
    other: ['NoSuchOp', 4],
  });
  assert.is(status, 1);
  assert.match(stdout, /^square +1 +1 +0$/m);
  assert.match(stdout, /^other +0 +1 +0$/m);
  assert.match(stdout, /\n1 passed, 2 failed, 0 skipped\n$/);
  const reasons = written.differences.map((each: { reason: string }) => each.reason);
  assert.match(reasons[0], /^Op type not registered 'NoSuchOp'/);
  assert.is(reasons[1], 'y:0: element 0: 4, expected 5');
});

test('conformance: a folder whose graphs all pass', () => {
  assert.is(conformance('passing', { 'square/one': ['Square', 4], relu: ['Relu', 2] }).status, 0);
});

test('goldens: a program is taken step by step', () => {
  const folder = join(scratch, 'steps');
  mkdirSync(join(folder, 'programs'), { recursive: true });
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const v = tf.getVariable('v', [1], { initializer: tf.onesInitializer() });
    tf.assignAdd(v, [1], { name: 'add' });
  });
  writeFileSync(join(folder, 'programs', 'count.pb'), tf.GraphDef.of(graph).toBinary());
  const step = { kind: 'run', session: 0, targets: [], feeds: {} };
  const steps = [
    {
      ...step,
      fetches: ['v/Read/ReadVariableOp:0'],
      error: { class: 'FailedPreconditionError', message: '', code: 9 },
    },
    { ...step, fetches: [], targets: ['v/Assign'], outputs: [] },
    { ...step, fetches: [], targets: ['add'], outputs: [] },
    { ...step, fetches: ['v/Read/ReadVariableOp:0'], outputs: [float(3)] },
  ];
  writeFileSync(join(folder, 'programs', 'count.json'), JSON.stringify({ steps }));
  const out = join(scratch, 'steps.json');
  const args = ['--import', 'tsx', 'test/runners/goldens.ts', folder, `--out=${out}`];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.match(stdout, 'failed: programs count: step 3: Error: v/Read/ReadVariableOp:0: element 0: 2, expected 3');
});

test.after(() => void rmSync(scratch, { recursive: true }));
test.run();
