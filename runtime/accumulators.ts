/**
 * The accumulators of a session: how many gradients have come, and the runs that wait for them. What gradients are, and
 * how they are added up, is `host/accumulators.ts`'s business.
 */
import type { NdArray } from '../src/util/ndarray.ts';
import type { SessionResource } from './session-resources.ts';

/** How the gradients of an accumulator are added up; `T` is what a gradient is. */
export interface Summing<T> {
  /** Throws for a gradient that does not fit. */
  check(gradient: T): void;
  add(gradient: T): void;
  /** What was added up, as outputs; nothing is left then. */
  take(count: number): readonly NdArray[];
}

/** One op's wish to take the gradients. */
export class Take {
  outputs: readonly NdArray[] | null = null;
  private settle: (() => void) | null = null;

  constructor(readonly required: number) {}

  end(outputs: readonly NdArray[]): void {
    this.outputs = outputs;
    this.settle?.();
  }
  /** Settles when the gradients are there. Only one may wait. */
  over(): Promise<void> {
    return new Promise((resolve) => {
      if (this.outputs) resolve();
      else this.settle = resolve;
    });
  }
}

/** Takes are served in the order of their coming: who asks for many gradients is waited for by those who ask later. */
export class Accumulator<T> implements SessionResource {
  private count = 0;
  private step = 0n;
  private readonly takes: Take[] = [];

  constructor(
    /** What its gradients are, for messages. */
    readonly kind: string,
    private readonly sum: Summing<T>,
  ) {}

  get accumulated(): number {
    return this.count;
  }

  /** Adds the gradient of a step; one of a former step is dropped. */
  apply(gradient: T, step: bigint): void {
    this.sum.check(gradient);
    if (step < this.step) return;
    this.sum.add(gradient);
    this.count++;
    this.flush();
  }
  setStep(step: bigint): void {
    this.step = step;
  }
  take(required: number): Take {
    const take = new Take(required);
    this.takes.push(take);
    this.flush();
    return take;
  }
  /** Nobody wants the outcome any more. Gradients that were taken for it already are gone. */
  cancel(take: Take): void {
    const at = this.takes.indexOf(take);
    if (at >= 0) this.takes.splice(at, 1);
    this.flush();
  }

  private flush(): void {
    while (this.takes.length > 0 && this.count >= this.takes[0].required) {
      const take = this.takes.shift() as Take;
      take.end(this.sum.take(this.count));
      this.count = 0;
      this.step++;
    }
  }
}
