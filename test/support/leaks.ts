/**
 * The leak check that stands around session tests: when a test ends, every backend holds as many buffers as before it,
 * the default stacks are empty, and no session is open.
 */
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend, startBackend } from '../../runtime/backends/index.ts';
import { liveSessions } from '../../runtime/live-sessions.ts';
import type { Session } from '../../runtime/session.ts';
import { resetDefaultGraph } from '../../src/graph/default-graph.ts';
import type { DefaultStack } from '../../src/graph/default-stack.ts';
import { sessionStack } from '../../src/graph/evaluator.ts';
import { graphStack } from '../../src/graph/graph.ts';

const BACKENDS = ['cpu', 'wasm'];

/** The number of live buffers of every backend that the tests use. */
export function bufferCounts(): Record<string, number> {
  return Object.fromEntries(BACKENDS.map((name) => [name, readyBackend(name)?.numBuffers() ?? 0]));
}

/** `test` with the check around each body, which starts with an empty default graph and all backends ready. */
export function leakChecked(suite: Test): (name: string, body: () => unknown) => void {
  return (name, body) => {
    suite(name, async () => {
      for (const backend of BACKENDS) await startBackend(backend);
      resetDefaultGraph();
      const before = bufferCounts();
      const open = new Set(liveSessions());
      try {
        await body();
        assert.is(sessionStack.depth, 0, 'a default session is left');
        assert.is(graphStack.depth, 0, 'a default graph is left');
        assert.is(liveSessions().length, open.size, 'a session is left open');
        assert.equal(bufferCounts(), before, 'buffers are left');
      } finally {
        for (const session of liveSessions()) if (!open.has(session)) (session as Session).close();
        empty(sessionStack);
        empty(graphStack);
      }
    });
  };
}

function empty<T extends object>(stack: DefaultStack<T>): void {
  while (stack.top) stack.remove(stack.top);
}
