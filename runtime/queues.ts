/**
 * The queues of a session: elements, and the attempts to put them in and take them out that wait for each other. What
 * the ops make of them is `host/queues.ts`'s business, how a run waits the executor's.
 */
import type { DType } from '../src/util/dtype.ts';
import { CancelledError, type OpError, OutOfRangeError } from '../src/util/errors.ts';
import type { Shape } from '../src/util/shape.ts';
import type { ElementStore, Tuple } from './queue-stores.ts';
import type { SessionResource } from './session-resources.ts';

/** What makes a queue what it is. */
export interface QueueOptions {
  /** TensorFlow's name for the kind: `FIFOQueue`. */
  readonly type: string;
  readonly capacity: number;
  readonly dtypes: readonly DType[];
  /** Of each component; none where they are not known. */
  readonly shapes: readonly Shape[];
  readonly minAfterDequeue: number;
  readonly seeds: readonly [number | bigint, number | bigint];
}

/** How far an attempt has come: nothing changed, something did, or it is over. */
type Progress = 'none' | 'some' | 'over';

/** One op's wish to change the queue. It is over at once, or when other attempts have made it possible. */
export class Attempt {
  /** What the op fails with, once it is over. */
  error: OpError | null = null;
  /** The elements taken so far. */
  taken: Tuple[] = [];
  isOver = false;
  private settle: (() => void) | null = null;

  constructor(
    readonly action: 'enqueue' | 'dequeue',
    /** How many elements are still to come or go. */
    public remaining: number,
    private readonly go: (attempt: Attempt) => Progress,
  ) {}

  advance(): Progress {
    const progress = this.go(this);
    if (progress === 'over') this.end();
    return progress;
  }
  fail(error: OpError): 'over' {
    this.error = error;
    return 'over';
  }
  end(): void {
    this.isOver = true;
    this.settle?.();
  }

  /** Settles when the attempt is over. Only one may wait. */
  over(): Promise<void> {
    return new Promise((resolve) => {
      if (this.isOver) resolve();
      else this.settle = resolve;
    });
  }
}

/** What an op fails with whose run is cancelled while it waits. */
export function operationCancelled(action: Attempt['action']): CancelledError {
  return new CancelledError(null, `${action === 'enqueue' ? 'Enqueue' : 'Dequeue'} operation was cancelled`);
}

/**
 * A queue. Attempts of one kind are served in the order of their coming: who asks for many elements gets them one by one
 * as they come, and those who ask later wait for him. A queue with priorities gives many only when it has them all, in
 * order.
 */
export class Queue implements SessionResource {
  private closed = false;
  private readonly enqueues: Attempt[] = [];
  private readonly dequeues: Attempt[] = [];

  constructor(
    /** As messages have it: the shared name, or a number and the name of the node. */
    readonly name: string,
    readonly options: QueueOptions,
    private readonly elements: ElementStore,
  ) {}

  get size(): number {
    return this.elements.size;
  }
  get isClosed(): boolean {
    return this.closed;
  }
  /** Attempts that wait. */
  get pending(): number {
    return this.enqueues.length + this.dequeues.length;
  }

  /** Puts the elements in, one by one. */
  enqueue(tuples: readonly Tuple[]): Attempt {
    const type = this.typeOfOne;
    return this.submit(
      new Attempt('enqueue', tuples.length, (attempt) => {
        if (this.closed) return attempt.fail(new CancelledError(null, `${type} '${this.name}' is closed.`));
        let progress: Progress = 'none';
        while (attempt.remaining > 0 && this.size < this.options.capacity) {
          this.elements.push(tuples[tuples.length - attempt.remaining]);
          attempt.remaining--;
          progress = 'some';
        }
        return attempt.remaining === 0 ? 'over' : progress;
      }),
    );
  }

  /** Takes one element out. */
  dequeue(): Attempt {
    return this.submit(
      new Attempt('dequeue', 1, (attempt) => {
        if (this.closed && this.size === 0) return attempt.fail(this.insufficient(this.typeOfOne, 1));
        if (this.available <= 0) return 'none';
        this.take(attempt);
        return 'over';
      }),
    );
  }

  /** Takes elements out until there are as many; up to as many where the queue is closed, if that is allowed. */
  dequeueMany(count: number, allowsFewer: boolean): Attempt {
    const allAtOnce = this.elements.allAtOnce;
    return this.submit(
      new Attempt('dequeue', count, (attempt) => {
        if (attempt.remaining === 0) return 'over';
        if (this.closed && this.size < attempt.remaining) {
          const error = this.insufficient(this.options.type, attempt.remaining);
          this.giveBack(attempt);
          if (!allowsFewer || this.size === 0) return attempt.fail(error);
          attempt.remaining = this.size;
        }
        if (allAtOnce && this.size < attempt.remaining) return 'none';
        let progress: Progress = 'none';
        while (attempt.remaining > 0 && this.available > 0) {
          this.take(attempt);
          progress = 'some';
        }
        return attempt.remaining === 0 ? 'over' : progress;
      }),
    );
  }

  /**
   * Closes the queue, after the attempts to put something in that wait already; or at once, with an error for those.
   */
  close(cancelPending: boolean): Attempt {
    const attempt = new Attempt('enqueue', 0, (own) => {
      if (this.closed) return own.fail(new CancelledError(null, `Queue '${this.name}' is already closed.`));
      this.closed = true;
      return 'over';
    });
    if (!cancelPending) return this.submit(attempt);
    this.closed = true;
    for (const waiting of this.enqueues.splice(0)) {
      waiting.fail(operationCancelled('enqueue'));
      waiting.end();
    }
    attempt.end();
    this.flush();
    return attempt;
  }

  /** Nobody wants the outcome any more. What was taken goes back; what was put in stays. */
  cancel(attempt: Attempt): void {
    const list = this.listOf(attempt);
    const at = list.indexOf(attempt);
    if (at >= 0) list.splice(at, 1);
    this.giveBack(attempt);
    this.flush();
  }

  private submit(attempt: Attempt): Attempt {
    this.listOf(attempt).push(attempt);
    this.flush();
    return attempt;
  }
  private listOf({ action }: Attempt): Attempt[] {
    return action === 'enqueue' ? this.enqueues : this.dequeues;
  }

  /** Serves attempts until none can come further. */
  private flush(): void {
    let changed = true;
    while (changed) {
      changed = serve(this.enqueues);
      changed = serve(this.dequeues) || changed;
    }
  }

  /** How many elements may be taken now. */
  private get available(): number {
    return this.closed ? this.size : this.size - this.options.minAfterDequeue;
  }
  private take(attempt: Attempt): void {
    attempt.taken.push(this.elements.pop());
    attempt.remaining--;
  }
  private giveBack(attempt: Attempt): void {
    const { taken } = attempt;
    attempt.remaining += taken.length;
    attempt.taken = [];
    if (taken.length > 0) this.elements.restore(taken);
  }

  /** TensorFlow's ops for single elements take a padding queue for the plain one that it is made from. */
  private get typeOfOne(): string {
    const { type } = this.options;
    return type === 'PaddingFIFOQueue' ? 'FIFOQueue' : type;
  }
  private insufficient(type: string, requested: number): OutOfRangeError {
    return new OutOfRangeError(
      null,
      `${type} '${this.name}' is closed and has insufficient elements (requested ${requested}, current size ${this.size})`,
    );
  }
}

/** Serves attempts in their order until one has to wait; whether anything changed. */
function serve(attempts: Attempt[]): boolean {
  let changed = false;
  while (attempts.length > 0) {
    const progress = attempts[0].advance();
    if (progress !== 'none') changed = true;
    if (progress !== 'over') break;
    attempts.shift();
  }
  return changed;
}
