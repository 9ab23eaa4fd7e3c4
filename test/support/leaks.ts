/**
 * The leak check that stands around session tests: when a test ends, every backend holds as many buffers as before it,
 * the default stacks are empty, and no session is open. The sessions that Keras made are closed for it.
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
import { kerasContexts } from '../../src/keras/context.ts';

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
        closeKeras();
        assert.is(liveSessions().length, open.size, 'a session is left open');
        assert.equal(bufferCounts(), before, 'buffers are left');
      } finally {
        empty(sessionStack);
        empty(graphStack);
        closeKeras();
        for (const session of liveSessions()) if (!open.has(session)) (session as Session).close();
      }
    });
  };
}

/** Keras keeps its sessions until they are cleared: that is no leak. A session that it was given stays open. */
function closeKeras(): void {
  for (const context of kerasContexts()) context.clear({ freeMemory: false });
  // Without the learning phases that the clears leave in it.
  resetDefaultGraph();
}

function empty<T extends object>(stack: DefaultStack<T>): void {
  while (stack.top) stack.remove(stack.top);
}
