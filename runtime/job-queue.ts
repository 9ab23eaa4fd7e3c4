/**
 * Runs jobs one at a time, in the order in which they were added; a job that has to wait lets the others pass. What a job does is its maker's business.
 */
import type { CancelToken } from './cancel.ts';

export class JobQueue {
  private busy = false;
  private held = true;
  private waiting: (() => void)[] = [];
  /** Jobs that let others pass and go on before any that has not begun. */
  private resuming: (() => void)[] = [];

  /** Whether a job added now starts at once. */
  get idle(): boolean {
    return !this.busy && !this.held && this.waiting.length === 0 && this.resuming.length === 0;
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

  /** Only for the job that runs: lets others run until the promise has settled and the job's next turn has come. */
  async pass(promise: Promise<void>): Promise<void> {
    this.busy = false;
    // Not at once: each job that passes would start the next one within itself.
    queueMicrotask(() => this.next());
    try {
      await promise;
    } finally {
      if (this.busy) await new Promise<void>((resolve) => this.resuming.push(resolve));
      this.busy = true;
    }
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
    if (this.busy || this.held) return;
    const resume = this.resuming.shift();
    if (!resume) {
      this.waiting.shift()?.();
      return;
    }
    this.busy = true;
    resume();
  }
}
