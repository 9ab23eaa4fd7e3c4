/** The namespace `tf.keras.callbacks`. */
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
export type { TextSink } from './text-sink.ts';
