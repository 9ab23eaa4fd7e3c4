/**
 * The errors of models whose weights are not where they would have to be: each says which operation took them, or where
 * they are. When they are thrown is decided in `context.ts`.
 */
import { FailedPreconditionError } from '../util/errors.ts';

/** Why sessions are gone, where it was not `Session.close`. */
const causes = new WeakMap<object, string>();

/** Notes why a session is about to be closed: `was closed by …`. */
export function noteCause(session: object, cause: string): void {
  causes.set(session, cause);
}

/** The session that held the weights is closed. */
export function goneError(name: string, session: object): FailedPreconditionError {
  return new FailedPreconditionError(
    null,
    `The weights of '${name}' are gone: the session that held them ${causes.get(session) ?? 'was closed with Session.close()'}. Build the model again, give it weights (setWeights, loadWeights), or keep models apart with createKeras().`,
  );
}

/** The weights are in an open session, but another one is to be used. */
export function elsewhereError(name: string): FailedPreconditionError {
  return new FailedPreconditionError(
    null,
    `The weights of '${name}' are in another session. Leave the session that is entered, enter that one (asDefault), or give the model weights here (setWeights, loadWeights).`,
  );
}

/** The graph is not the current one, and there is no session for it. */
export function strayError(name: string): FailedPreconditionError {
  return new FailedPreconditionError(
    null,
    `'${name}' was built on a graph that is not current any more (clearSession() or resetDefaultGraph() replaced it), and no session was ever given its weights. Enter the graph (\`using _ = graph.asDefault()\`) or a session on it.`,
  );
}
