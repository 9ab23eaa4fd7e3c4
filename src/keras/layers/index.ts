/** The layers of Keras, as `tf.keras.layers` has them. Names and configurations are `registry.ts`'s. */
export { Input, InputLayer, type InputLayerOptions, type InputOptions } from '../engine/input-layer.ts';
export { type CallOptions, Layer, type LayerOptions } from '../engine/layer.ts';
export * from './activation/advanced-activations.ts';
export {
  AdditiveAttention,
  type AdditiveAttentionOptions,
  Attention,
  type AttentionCallOptions,
  type AttentionOptions,
} from './attention/attention.ts';
export * from './core/activation.ts';
export * from './core/dense.ts';
export * from './core/embedding.ts';
export * from './core/identity.ts';
export * from './core/lambda.ts';
export * from './core/masking.ts';
export type * from './identifiers.ts';
export * from './merging/concatenate.ts';
export * from './merging/merging.ts';
export * from './normalization/batch-normalization.ts';
export * from './normalization/layer-normalization.ts';
export * from './regularization/activity-regularization.ts';
export * from './regularization/dropout.ts';
export * from './regularization/noise.ts';
export * from './reshaping/reshaping.ts';
export * from './wrappers/time-distributed.ts';
export { Wrapper, type WrapperOptions } from './wrappers/wrapper.ts';
