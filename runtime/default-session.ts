/** The default session of the process; what can be the default is `src/graph/evaluator.ts`'s to say. */
import { type Evaluator, sessionStack } from '../src/graph/evaluator.ts';

/** The innermost session entered with `asDefault` or `enter`, or an interactive one; null where there is none. */
export function getDefaultSession(): Evaluator | null {
  return sessionStack.top;
}
