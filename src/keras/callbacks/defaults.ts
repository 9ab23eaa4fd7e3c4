/** The callbacks that training adds by itself. */
import type { Callback } from './callback.ts';
import { ProgbarLogger, type TrainingSize, TrainingSizeLogger } from './progbar-logger.ts';

/** What a run adds to the callbacks that it was given. */
export interface DefaultsOptions extends TrainingSize {
  /** 0 for silence, 1 for a progress bar, 2 for a line per epoch. */
  readonly verbose: number;
}

/** The callbacks of a run in the order in which they are called: those given (with the history), then the progress bar. */
export function withDefaults(callbacks: readonly Callback[], { verbose, ...size }: DefaultsOptions): Callback[] {
  if (!verbose) return [...callbacks];
  return [new TrainingSizeLogger(size), ...callbacks, new ProgbarLogger({ output: size.output ?? null })];
}
