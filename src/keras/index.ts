/** The namespace `tf.keras`. What is exported here, other contexts get too (`create-keras.ts`). */
export * as activations from './activations.ts';
export * as backend from './backend/index.ts';
export * as callbacks from './callbacks/index.ts';
export * as constraints from './constraints.ts';
export { Input, type InputOptions } from './engine/input-layer.ts';
export type { CallOptions, LayerOptions, WeightOptions } from './engine/layer.ts';
export * as initializers from './initializers.ts';
export * as layers from './layers/index.ts';
export * as losses from './losses/index.ts';
export * as metrics from './metrics/index.ts';
export * as models from './models/index.ts';
export {
  type BatchOptions,
  type EvaluateOptions,
  type FitDatasetOptions,
  type FitOptions,
  Model,
  type PredictOptions,
} from './models/model.ts';
export { Sequential, type SequentialOptions } from './models/sequential.ts';
export * as optimizers from './optimizers/index.ts';
export * as preprocessing from './preprocessing/index.ts';
export * as regularizers from './regularizers.ts';
export type { CompileOptions } from './training/compiled.ts';
export * as utils from './utils/index.ts';
