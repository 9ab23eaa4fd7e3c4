/**
 * `Coordinator`: tells loops that run side by side when to stop, waits for them, and hands on the first error. What the
 * loops do is their makers' business.
 */
import { bind, type Rest } from '../ops/tensor-like.ts';
import { OutOfRangeError, RuntimeError } from '../util/errors.ts';

/** A loop that runs beside others: TensorFlow's thread. */
export interface CoordinatedThread {
  readonly name: string;
  /** Whether it was started and has not ended. */
  readonly isAlive: boolean;
  /** Settles when it has ended; never rejects. */
  readonly done: Promise<void>;
}

type ErrorClass = abstract new (...args: never[]) => Error;

export interface CoordinatorOptions {
  /** Errors that mean a regular end: `OutOfRangeError` without it. */
  readonly cleanStopExceptionTypes?: readonly ErrorClass[] | null;
}

export interface JoinOptions {
  /** How long loops may take to end after the stop, in seconds; 120 without it. */
  readonly stopGracePeriodSecs?: number;
  /** Whether loops that take longer are left alone; else they are an error. */
  readonly ignoreLiveThreads?: boolean;
}

/**
 * Stops several loops together: each asks `shouldStop`, any may `requestStop`, and `join` waits for all.
 *
 *     const coord = new tf.train.Coordinator();
 *     const threads = tf.train.startQueueRunners(sess, coord);
 *     …
 *     coord.requestStop();
 *     await coord.join(threads);
 */
export class Coordinator {
  private readonly clean: readonly ErrorClass[];
  private readonly threads = new Set<CoordinatedThread>();
  private readonly waiters = new Set<() => void>();
  private stopped = false;
  private over = false;
  private error: unknown = null;

  constructor(...rest: Rest<[cleanStopExceptionTypes: readonly ErrorClass[] | null], CoordinatorOptions>) {
    const options = bind<CoordinatorOptions>(['cleanStopExceptionTypes'], rest);
    this.clean = options.cleanStopExceptionTypes ?? [OutOfRangeError];
  }

  /** Asks all to stop. The first error that is no regular end is what `join` rejects with; after `join` it is thrown here. */
  requestStop(error: unknown = null): void {
    const reported = this.clean.some((type) => error instanceof type) ? null : error;
    if (this.over && reported != null) throw reported;
    if (this.stopped) return;
    this.error = reported;
    this.stopped = true;
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }

  /** Makes the coordinator as new: loops may run again. */
  clearStop(): void {
    this.over = false;
    this.error = null;
    this.stopped = false;
  }

  /** Whether a stop was asked for. */
  shouldStop(): boolean {
    return this.stopped;
  }

  /** Runs the body; an error in it asks all to stop, and is not thrown. */
  async stopOnException(body: () => unknown): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.requestStop(error);
    }
  }

  /** Whether a stop was asked for, once it is or the time in seconds is over. */
  waitForStop(timeout: number | null = null): Promise<boolean> {
    if (this.stopped) return Promise.resolve(true);
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const waiter = (): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        resolve(this.stopped);
      };
      if (timeout !== null) timer = setTimeout(waiter, timeout * 1000);
      this.waiters.add(waiter);
    });
  }

  /** Adds a loop that `join` waits for. */
  registerThread(thread: CoordinatedThread): void {
    this.threads.add(thread);
  }

  /**
   * Waits until all loops have ended, or a stop was asked for and the time of grace is over. Rejects with the error that
   * was reported, and with `RuntimeError` where loops are left that must not be.
   */
  async join(
    threads: Iterable<CoordinatedThread> | null = null,
    { stopGracePeriodSecs = 120, ignoreLiveThreads = false }: JoinOptions = {},
  ): Promise<void> {
    const all = [...new Set([...this.threads, ...(threads ?? [])])];
    const ended = Promise.all(all.filter(({ isAlive }) => isAlive).map(({ done }) => done));
    const stopped = this.waitForStop();
    await Promise.race([ended, stopped]);
    if (all.some(({ isAlive }) => isAlive)) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const grace = new Promise((resolve) => {
        timer = setTimeout(resolve, stopGracePeriodSecs * 1000);
      });
      await Promise.race([ended, grace]);
      clearTimeout(timer);
    }
    const stragglers = all.filter(({ isAlive }) => isAlive).map(({ name }) => name);
    this.over = true;
    this.threads.clear();
    if (this.error !== null) throw this.error;
    if (stragglers.length > 0 && !ignoreLiveThreads) {
      throw new RuntimeError(`Coordinator stopped with threads still running: ${stragglers.join(' ')}`);
    }
  }

  /** Whether `join` is over. */
  get joined(): boolean {
    return this.over;
  }

  /** Throws the error that was reported, if there is one. */
  raiseRequestedException(): void {
    if (this.error !== null) throw this.error;
  }
}
