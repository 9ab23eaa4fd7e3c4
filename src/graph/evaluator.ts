/**
 * The hinge between the front end and the runtime: what can run a graph, the default-session stack, and how to make a
 * session. `Session` implements the interface and registers itself.
 */
import { RuntimeError, ValueError } from '../util/errors.ts';
import { DefaultStack } from './default-stack.ts';

/** Runs fetches of one graph. */
export interface Evaluator {
  readonly graph: object;
  /** True where it can run no more. */
  readonly closed?: boolean;
  /** @param fetches a fetch structure  @param options `{feedDict}` and the rest of `Session.run`'s options */
  run(fetches: unknown, options?: { readonly feedDict?: unknown }): Promise<unknown>;
}

declare global {
  /**
   * The runtime adds `session: Session`. Global, since modules get other names in the build, where an augmentation of one
   * would augment nothing.
   */
  interface TfjsGraphSessionTypes {}
}

/** The runtime's `Session` as a type, for rooms that may not import it; `Evaluator` where no runtime is in the program. */
export type AnySession = TfjsGraphSessionTypes extends { readonly session: infer S } ? S : Evaluator;

export const sessionStack = new DefaultStack<Evaluator>('Session');

type SessionFactory = (graph: object, config: unknown, target: string | null) => AnySession;
let factory: SessionFactory | null = null;

/** Called by the runtime when it is loaded. The configuration is what `Session` takes, or nothing. */
export function setSessionFactory(make: SessionFactory): void {
  factory = make;
}

/** A new session of the graph, on a server where a target is given. Throws `RuntimeError` where no runtime is loaded. */
export function makeSession(graph: object, config?: unknown, target: string | null = null): AnySession {
  if (!factory) {
    throw new RuntimeError(
      'No runtime is loaded that could make a session: import `tfjs-graph`, or `runtime/session.ts`.',
    );
  }
  return factory(graph, config, target);
}

/** Memory that backends kept for reuse. */
export interface PooledMemory {
  readonly buffers: number;
  readonly bytes: number;
}

let releaser: (() => PooledMemory) | null = null;

/** Called by the runtime when it is loaded: what gives back memory that nothing uses. */
export function setMemoryReleaser(release: () => PooledMemory): void {
  releaser = release;
}

/** Gives back memory that backends keep for reuse after sessions are closed, and tells how much that was. */
export function releaseMemory(): PooledMemory {
  return releaser?.() ?? { buffers: 0, bytes: 0 };
}

/** How messages speak of the two things that a default session runs. */
const WORDS = {
  tensor: { action: 'evaluate tensor', method: 'eval' },
  operation: { action: 'execute operation', method: 'run' },
} as const;

/** The session that `eval` and `run` use: the given one or the default one, which must be of this graph. */
export function evaluatorFor(graph: object, given: Evaluator | null | undefined, kind: keyof typeof WORDS): Evaluator {
  const { action, method } = WORDS[kind];
  const different = `the ${kind}'s graph is different from the session's graph.`;
  if (given) {
    if (given.graph !== graph) throw new ValueError(`Cannot use the given session to ${action}: ${different}`);
    return given;
  }
  const session = sessionStack.top;
  if (!session) {
    throw new ValueError(
      `Cannot ${action} using \`${method}()\`: No default session is registered. Use \`with sess.as_default()\` or pass an explicit session to \`${method}(session=sess)\``,
    );
  }
  if (session.graph !== graph) {
    throw new ValueError(
      `Cannot use the default session to ${action}: ${different} Pass an explicit session to \`${method}(session=sess)\`.`,
    );
  }
  return session;
}
