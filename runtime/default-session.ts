/** The default session of the process; entering and leaving is `session.ts`'s business. */
import { sessionStack } from '../src/graph/evaluator.ts';
import type { Session } from './session.ts';

/** The innermost session entered with `asDefault` or `enter`, or an interactive one; null where there is none. */
export function getDefaultSession(): Session | null {
  return sessionStack.top as Session | null;
}
