/**
 * `InteractiveSession`: a session that makes itself the default when it is made. All else is `Session`'s.
 */
import { sessionStack } from '../src/graph/evaluator.ts';
import { type Graph, graphStack } from '../src/graph/graph.ts';
import type { ConfigInit, ConfigProto } from './config.ts';
import type { SessionReport } from './live-sessions.ts';
import { Session } from './session.ts';
import type { SessionInit } from './session-arguments.ts';

let active = 0;

/**
 * A session for consoles and notebooks: it is the default session from its making until `close`. A graph that it is
 * given is the default graph for that time.
 *
 *     const sess = new tf.InteractiveSession();
 *     await tf.constant(5).eval();
 *     sess.close();
 */
export class InteractiveSession extends Session {
  private readonly pushedGraph: boolean;
  private installed = true;

  constructor(init?: SessionInit);
  constructor(target?: string | null, graph?: Graph | null, config?: ConfigProto | ConfigInit | null);
  constructor(...args: [(SessionInit | string | null)?, (Graph | null)?, (ConfigProto | ConfigInit | null)?]) {
    super(...(args as [SessionInit]));
    if (active > 0) {
      console.warn(
        'An interactive session is already active. This can cause out-of-memory errors in some cases. You must explicitly call `InteractiveSession.close()` to release resources held by the other session(s).',
      );
    }
    active++;
    const [first, graph] = args;
    const given = graph ?? (typeof first === 'object' ? first?.graph : null);
    this.pushedGraph = given != null;
    if (this.pushedGraph) graphStack.push(this.graph);
    sessionStack.push(this);
  }

  /** Also takes the session and its graph off the default stacks, wherever they are on them. */
  override close(): SessionReport {
    const report = super.close();
    if (this.installed) {
      this.installed = false;
      active--;
      sessionStack.remove(this);
      if (this.pushedGraph) graphStack.remove(this.graph);
    }
    return report;
  }
}
