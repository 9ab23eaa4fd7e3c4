/** docs/ops.md against the registry: it says what `npm run ops` would write now, with one row for every op. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../src/ops/index.ts';
import { findOpDef, opDefs } from '../../src/ops/opdef/define.ts';

const test = suite('ops/table');

const page = readFileSync(new URL('../../docs/ops.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');

// The ops that the compiler makes for itself may be registered too, by what else runs in this process.
const inner = new Set(['_Arg', '_FusedMatMul', '_FusedConv2D']);
const registered = opDefs().flatMap(({ name }) => (inner.has(name) ? [] : [name]));

test('docs/ops.md is what npm run ops writes', async () => {
  const script = fileURLToPath(new URL('../../scripts/ops-table.ts', import.meta.url));
  // A process of its own: families show in the order in which files register their ops, once per process.
  const args = ['--import', import.meta.resolve('tsx'), script, '--print'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  const [written, wanted] = [page.split('\n'), stdout.split('\n')];
  const line = wanted.findIndex((text, i) => text !== written[i]);
  if (line >= 0) assert.is(written[line], wanted[line], `line ${line + 1}: run npm run ops`);
  assert.is(written.length, wanted.length, 'run npm run ops');
});

test('every op has one row, and there are at least 350', () => {
  const rows = Array.from(page.matchAll(/^\| (\w+) \|(?: [^|]+ \|){5}$/gm), ([, name]) => name);
  const ops = rows.filter((name) => !['op', 'backend', 'wasm', 'cpu', 'webgl'].includes(name));
  const listed = new Set(ops);
  assert.is(listed.size, ops.length, 'no row comes twice');
  assert.equal(
    ops.filter((name) => !findOpDef(name)),
    [],
  );
  assert.equal(
    registered.filter((name) => !listed.has(name)),
    [],
  );
  assert.ok(ops.length >= 350, `${ops.length} ops`);
});

test.run();
