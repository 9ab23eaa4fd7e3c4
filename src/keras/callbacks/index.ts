/** `tf.keras.callbacks`: the classes, and those that training adds by itself. */
import type { Callback } from './callback.ts';
import { ProgbarLogger, type TrainingSize, TrainingSizeLogger } from './progbar-logger.ts';

export { Callback, type CallbackModel, type CallbackParams, type Logs } from './callback.ts';
export { CallbackList, type CallbackMode } from './callback-list.ts';
export { CSVLogger, type CSVLoggerOptions } from './csv-logger.ts';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.ts';
export { History } from './history.ts';
export { LambdaCallback, type LambdaCallbackOptions } from './lambda-callback.ts';
export {
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
  type RateFunction,
} from './learning-rate-scheduler.ts';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.ts';
export type { MonitorMode } from './monitor.ts';
export { ProgbarLogger, type ProgbarLoggerOptions } from './progbar-logger.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.ts';
export { TerminateOnNaN } from './terminate-on-nan.ts';
export type { TextSink } from './text-file.ts';

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
