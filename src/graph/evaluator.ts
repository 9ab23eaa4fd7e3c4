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

/** The session that `eval` and `run` use: the given one or the default one, which must be of this graph. */
export function evaluatorFor(
  graph: object,
  given: Evaluator | null | undefined,
  what: string,
  method: string,
  whose: string,
): Evaluator {
  const thing = what.split(' ')[1];
  if (given) {
    if (given.graph !== graph) {
      throw new ValueError(`Cannot use the given session to ${what}: ${whose} is different from the session's graph.`);
    }
    return given;
  }
  const session = sessionStack.top;
  if (!session) {
    throw new ValueError(
      `Cannot ${what} using \`${method}()\`: No default session is registered. Use \`with sess.as_default()\` or pass an explicit session to \`${method}(session=sess)\``,
    );
  }
  if (session.graph !== graph) {
    throw new ValueError(
      `Cannot use the default session to ${what}: the ${thing}'s graph is different from the session's graph. Pass an explicit session to \`${method}(session=sess)\`.`,
    );
  }
  return session;
}
