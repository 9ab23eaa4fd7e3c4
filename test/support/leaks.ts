/**
 * The leak check that stands around session tests: when a test ends, every backend holds as many buffers as before it,
 * the default stacks are empty, and no session is open.
 */
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend, startBackend } from '../../runtime/backends/index.ts';
import { liveSessions } from '../../runtime/live-sessions.ts';
import { resetDefaultGraph } from '../../src/graph/default-graph.ts';
import { sessionStack } from '../../src/graph/evaluator.ts';
import { graphStack } from '../../src/graph/graph.ts';

const BACKENDS = ['cpu', 'wasm'];

/** The number of live buffers of every backend that the tests use. */
export function bufferCounts(): Record<string, number> {
  return Object.fromEntries(BACKENDS.map((name) => [name, readyBackend(name)?.numBuffers() ?? 0]));
}

/** Puts the check around each test of the file, and starts each with an empty default graph. */
export function checkLeaks<T>(test: Test<T>): void {
  let before: Record<string, number> = {};
  let open = 0;
  test.before(async () => {
    for (const name of BACKENDS) await startBackend(name);
  });
  test.before.each(() => {
    resetDefaultGraph();
    before = bufferCounts();
    open = liveSessions().length;
  });
  test.after.each(() => {
    assert.is(sessionStack.depth, 0, 'a default session is left');
    assert.is(graphStack.depth, 0, 'a default graph is left');
    assert.is(liveSessions().length, open, 'a session is left open');
    assert.equal(bufferCounts(), before, 'buffers are left');
  });
}
