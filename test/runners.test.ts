/**
 * The command that runs a folder of goldens, as a child process on small planted folders: what it prints and writes, and how
 * it ends. The cases of the real folder are the business of the tests that run them one by one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

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

test.after(() => void rmSync(scratch, { recursive: true }));
test.run();
