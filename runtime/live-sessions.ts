/**
 * The sessions of the process, held weakly: for `Session.reset` and for reports on what is alive.
 */

/** What a session holds, in numbers. */
export interface SessionReport {
  /** Variables with a value. */
  readonly variables: number;
  readonly plans: number;
  /** Device buffers between runs: variables on the device and constants of plans. */
  readonly buffers: number;
  /** Bytes of the variables' values. */
  readonly bytes: number;
}

/** What the list knows of a session. */
export interface LiveSession {
  readonly graph: object;
  stateReport(): SessionReport;
  /** Its name, unique in the process. */
  toString(): string;
  /** Drops the values in these containers, and ends the session from outside. */
  reset(containers: readonly string[]): void;
}

const sessions = new Set<WeakRef<LiveSession>>();

/** Puts a session on the list; the result takes it off. */
export function registerSession(session: LiveSession): () => void {
  const reference = new WeakRef(session);
  sessions.add(reference);
  return () => sessions.delete(reference);
}

/** The open sessions of the process, in the order in which they were made. */
export function liveSessions(): LiveSession[] {
  const alive: LiveSession[] = [];
  for (const reference of sessions) {
    const session = reference.deref();
    if (session) alive.push(session);
    else sessions.delete(reference);
  }
  return alive;
}
