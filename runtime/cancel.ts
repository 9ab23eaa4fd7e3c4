/**
 * Stopping runs: a token that a run looks at, and waits with. Who cancels, and why, is the session's business.
 */
import { CancelledError, DeadlineExceededError, type OpError } from '../src/util/errors.ts';

export class CancelToken {
  /** The error that the run must end with; null while it may go on. */
  reason: OpError | null = null;
  private readonly listeners = new Set<(reason: OpError) => void>();

  /** Later calls change nothing. */
  cancel(reason: OpError): void {
    if (this.reason) return;
    this.reason = reason;
    for (const listener of this.listeners) listener(reason);
    this.listeners.clear();
  }

  /** Calls the listener with the reason, at once where there is one; the result takes it back. */
  listen(listener: (reason: OpError) => void): () => void {
    if (this.reason) listener(this.reason);
    else this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The promise's outcome, or a rejection with the reason as soon as the token is cancelled. */
  race<T>(promise: Promise<T>): Promise<T> {
    if (this.reason) {
      promise.catch(() => {});
      return Promise.reject(this.reason);
    }
    return new Promise((resolve, reject) => {
      this.listeners.add(reject);
      promise.then(resolve, reject).finally(() => this.listeners.delete(reject));
    });
  }
}

/** What runs of a session end with that is being closed. */
export function cancelledError(): CancelledError {
  return new CancelledError(null, 'Run call was cancelled');
}

/** What a run ends with that has taken longer than its timeout. */
export function deadlineError(): DeadlineExceededError {
  return new DeadlineExceededError(null, 'Timed out waiting for notification');
}
