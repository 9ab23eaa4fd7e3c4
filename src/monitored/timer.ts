/** When a hook is due: every so many seconds or steps. What it does then is its own business. */
import { bind, type Rest } from '../ops/tensor-like.ts';
import { ValueError } from '../util/errors.ts';

export interface SecondOrStepTimerOptions {
  readonly everySecs?: number | null;
  readonly everySteps?: number | null;
}

/**
 * Due at the first step that it is asked about, and then once in so many seconds or steps. Throws `ValueError` unless it is
 * given one of the two.
 *
 *     const timer = new tf.train.SecondOrStepTimer({everySteps: 100});
 *     if (timer.shouldTriggerForStep(step)) timer.updateLastTriggeredStep(step);
 */
export class SecondOrStepTimer {
  private readonly everySecs: number | null;
  private readonly everySteps: number | null;
  private step: number | null = null;
  private time = 0;

  constructor(...rest: Rest<[everySecs: number | null, everySteps: number | null], SecondOrStepTimerOptions>) {
    const { everySecs = null, everySteps = null } = bind<SecondOrStepTimerOptions>(['everySecs', 'everySteps'], rest);
    if (everySecs === null && everySteps === null) {
      throw new ValueError('Either every_secs or every_steps should be provided.');
    }
    if (everySecs !== null && everySteps !== null) {
      throw new ValueError('Can not provide both every_secs and every_steps.');
    }
    this.everySecs = everySecs;
    this.everySteps = everySteps;
  }

  /** Forgets when it was due. */
  reset(): void {
    this.step = null;
  }

  /** Whether it is due at the step. */
  shouldTriggerForStep(step: number): boolean {
    if (this.step === null) return true;
    if (this.step === step) return false;
    if (this.everySecs !== null && performance.now() >= this.time + this.everySecs * 1000) return true;
    return this.everySteps !== null && step >= this.step + this.everySteps;
  }

  /** Says that it was due; the seconds and steps since the time before, null the first time. */
  updateLastTriggeredStep(step: number): readonly [elapsedSecs: number | null, elapsedSteps: number | null] {
    const now = performance.now();
    const elapsed: readonly [number | null, number | null] =
      this.step === null ? [null, null] : [(now - this.time) / 1000, step - this.step];
    this.step = step;
    this.time = now;
    return elapsed;
  }

  /** The step at which it was last due; null before. */
  lastTriggeredStep(): number | null {
    return this.step;
  }
}
