/**
 * What can run a graph, as far as tensors and operations need to know: the default-session stack. `Session`
 * implements the interface.
 */
import { ValueError } from '../util/errors.ts';
import { DefaultStack } from './default-stack.ts';

/** Runs fetches of one graph. */
export interface Evaluator {
  readonly graph: object;
  /** @param fetches a fetch structure  @param options `{feedDict}` and the rest of `Session.run`'s options */
  run(fetches: unknown, options?: { readonly feedDict?: unknown }): Promise<unknown>;
}

export const sessionStack = new DefaultStack<Evaluator>('Session');

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
