/** The program as a process: streams, exit codes, and readers that go away. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { golden } from './support.ts';

const test = suite('cli/process');
const PROGRAM = fileURLToPath(new URL('../../src/cli-node.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param closes whether the reader goes away at once */
function start(args: readonly string[], closes = false): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    if (closes) child.stdout.destroy();
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

test('results go to one stream, errors to the other, and the exit code tells', async () => {
  const [good, bad, gone] = await Promise.all([
    start(['run', golden('cli/saved'), '--feed', 'features=[[1,2,3],[0,0,1]]']),
    start(['inspect', 'no such file']),
    start(['export', golden('cli/convnet.pb'), '-f', 'html'], true),
  ]);
  assert.equal(good, { code: 0, out: 'scores float32 [2,2]\n[[29. 33.]\n [ 7.  6.]]\n', err: '' });
  assert.equal(bad, { code: 1, out: '', err: 'error: NotFoundError: no such file; No such file or directory\n' });
  assert.equal(gone, { code: 0, out: '', err: '' });
});

test.run();
