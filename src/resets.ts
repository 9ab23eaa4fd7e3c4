/** What is alive in the process, and the reset of all of it: a composition of the resets of graph, sessions and Keras. */
import { liveSessions, type SessionReport } from '../runtime/live-sessions.ts';
import type { Session } from '../runtime/session.ts';
import { type ResetReport, resetDefaultGraph } from './graph/default-graph.ts';
import { graphStack } from './graph/graph.ts';
import { type ClearReport, kerasContexts } from './keras/context.ts';
import { noteCause } from './keras/lost-weights.ts';
import { AssertionError } from './util/errors.ts';

/** What `resetAll` released. */
export interface FullResetReport {
  /** What the sessions held, in the order in which they were made. */
  readonly sessions: readonly SessionReport[];
  /** What each Keras context released: `tf.keras` first. */
  readonly keras: readonly ClearReport[];
  readonly graph: ResetReport;
}

/**
 * Closes every open session, clears every Keras context and replaces the default graph by an empty one: a fresh start, as
 * a new process would give. None of `resetDefaultGraph`, `Session.close` and `clearSession` does that alone. Throws
 * `AssertionError`, with nothing changed, while a graph context is open.
 */
export function resetAll(): FullResetReport {
  if (graphStack.depth > 0) {
    throw new AssertionError('Do not use resetAll() inside of a graph context: leave it first.');
  }
  const graph = resetDefaultGraph();
  const sessions = liveSessions().map((session) => {
    noteCause(session, 'was closed by resetAll()');
    return (session as Session).close();
  });
  const keras = kerasContexts().map((context) => context.clear());
  // The clears left a learning phase in the new default graph.
  resetDefaultGraph();
  return Object.freeze({ sessions, keras, graph });
}
