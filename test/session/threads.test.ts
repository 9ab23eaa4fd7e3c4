/** Kernels on several threads: what `intraOpParallelismThreads` does. The checks run in processes of their own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../runtime/backends/index.ts';
import { withSharedMemory } from '../../runtime/backends/wasm-shared-node.ts';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import type { Outcome } from '../support/threaded-sessions.ts';

const test = suite('session/threads');

const PROGRAM = fileURLToPath(new URL('../support/threaded-sessions.ts', import.meta.url));

/** Runs the program; what it sent, and how it ended. */
async function start<T>(...args: string[]): Promise<{ sent: T[]; code: number | null; output: string }> {
  const child = fork(PROGRAM, args, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const sent: T[] = [];
  let output = '';
  child.on('message', (message) => sent.push(message as T));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { sent, code, output };
}

const { sent, code, output } = await start<Outcome>();
for (const { name, error } of sent) {
  test(name, () => {
    if (error) throw new Error(error);
  });
}

test('all checks have been made, and nothing was printed', () => {
  assert.is(output, '');
  assert.is(code, 0);
  assert.ok(sent.length > 20);
});

test('a process ends though a session with threads is open', async () => {
  const left = await start<number>('--leave-open');
  assert.equal(left, { sent: [2], code: 0, output: '' });
});

leakChecked(test)('where the backend was started without, a warning says so, once', async () => {
  await startBackend('wasm');
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (line: string) => lines.push(line);
  try {
    for (let i = 0; i < 2; i++) {
      using session = new tf.Session({ config: { intraOpParallelismThreads: 2 } });
      assert.equal((await session.run(tf.constant([1, 2]))).array(), [1, 2]);
    }
  } finally {
    console.warn = warn;
  }
  assert.is(lines.length, 1);
  assert.match(lines[0], /^intraOpParallelismThreads is without effect: the wasm backend was started before/);
});

test('a module whose memory is its own and has a maximum is given a shared one; others are left alone', () => {
  const module = (...memory: number[]) =>
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, memory.length, ...memory, 7, 5, 1, 1, 0x6d, 2, 0);
  const memoryOf = (bytes: Uint8Array) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)).exports.m as WebAssembly.Memory;
  const shared = withSharedMemory(module(1, 1, 1, 3)) as Uint8Array;
  assert.instance(memoryOf(shared).buffer, SharedArrayBuffer);
  assert.instance(memoryOf(module(1, 1, 1, 3)).buffer, ArrayBuffer);
  assert.is(withSharedMemory(module(1, 0, 1)), null);
  assert.is(withSharedMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), null);
});

test.run();
