/**
 * Runs jobs one at a time, in the order in which they were added. What a job does is its maker's business.
 */
import type { CancelToken } from './cancel.ts';

export class JobQueue {
  private busy = false;
  private held = true;
  private waiting: (() => void)[] = [];

  /** Whether a job added now starts at once. */
  get idle(): boolean {
    return !this.busy && !this.held && this.waiting.length === 0;
  }

  /** Lets jobs start; before this they only gather. */
  open(): void {
    this.held = false;
    this.next();
  }

  /**
   * The job's outcome. A job that can start does so before the call returns. One that waits is dropped when its token is
   * cancelled.
   */
  add<T>(job: () => T | Promise<T>, token: CancelToken): Promise<T> {
    if (this.idle) return this.start(job);
    return token.race(
      new Promise<T>((resolve, reject) => {
        this.waiting.push(() => {
          if (token.reason) this.next();
          else this.start(job).then(resolve, reject);
        });
      }),
    );
  }

  private start<T>(job: () => T | Promise<T>): Promise<T> {
    this.busy = true;
    let outcome: T | Promise<T>;
    try {
      outcome = job();
    } catch (error) {
      this.done();
      return Promise.reject(error);
    }
    if (outcome instanceof Promise) return outcome.finally(() => this.done());
    this.done();
    return Promise.resolve(outcome);
  }

  private done(): void {
    this.busy = false;
    this.next();
  }
  private next(): void {
    if (!this.busy && !this.held) this.waiting.shift()?.();
  }
}
