/** The layers of Keras, as `tf.keras.layers` has them. Names and configurations are `registry.ts`'s. */
export { Input, InputLayer, type InputLayerOptions, type InputOptions } from '../engine/input-layer.ts';
export { InputSpec, type InputSpecOptions } from '../engine/input-spec.ts';
export { type CallOptions, Layer, type LayerOptions } from '../engine/layer.ts';
export type { StateNest, StepResult } from '../engine/nest.ts';
export * from './activation/advanced-activations.ts';
export {
  AdditiveAttention,
  type AdditiveAttentionOptions,
  Attention,
  type AttentionCallOptions,
  type AttentionOptions,
} from './attention/attention.ts';
export * from './attention/multi-head-attention.ts';
export type { ConvOptions } from './convolution/conv.ts';
export * from './convolution/convolutions.ts';
export {
  DepthwiseConv1D,
  DepthwiseConv2D,
  type DepthwiseConvArguments,
  type DepthwiseConvOptions,
} from './convolution/depthwise.ts';
export type { Sizes, WindowPadding } from './convolution/geometry.ts';
export {
  LocallyConnected1D,
  LocallyConnected2D,
  type LocallyConnectedArguments,
  type LocallyConnectedOptions,
} from './convolution/locally-connected.ts';
export {
  SeparableConv1D,
  SeparableConv2D,
  type SeparableConvArguments,
  type SeparableConvOptions,
  SeparableConvolution1D,
  SeparableConvolution2D,
} from './convolution/separable.ts';
export * from './convolution/transposes.ts';
export * from './core/activation.ts';
export * from './core/dense.ts';
export * from './core/einsum-dense.ts';
export * from './core/embedding.ts';
export * from './core/identity.ts';
export * from './core/lambda.ts';
export * from './core/masking.ts';
export type * from './identifiers.ts';
export * from './merging/concatenate.ts';
export * from './merging/merging.ts';
export * from './normalization/batch-normalization.ts';
export * from './normalization/layer-normalization.ts';
export {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalAvgPool3D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
  GlobalMaxPool3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  type GlobalPoolingArguments,
  type GlobalPoolingOptions,
} from './pooling/global-pooling.ts';
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  AvgPool1D,
  AvgPool2D,
  AvgPool3D,
  MaxPool1D,
  MaxPool2D,
  MaxPool3D,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  type PoolingArguments,
  type PoolingOptions,
} from './pooling/pooling.ts';
export * from './preprocessing/categories.ts';
export * from './preprocessing/numbers.ts';
export { Bidirectional, type BidirectionalOptions, type MergeMode } from './recurrent/bidirectional.ts';
export {
  AbstractRNNCell,
  type CellCallOptions,
  type InitialStateOptions,
  type RNNCell,
  type StateSize,
} from './recurrent/cell.ts';
export { ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, type ConvLSTMOptions } from './recurrent/conv-lstm.ts';
export { CuDNNGRU, CuDNNLSTM, type CuDNNLSTMOptions, type CuDNNOptions } from './recurrent/cudnn.ts';
export * from './recurrent/gru.ts';
export * from './recurrent/lstm.ts';
export { RNN, type RNNCallOptions, type RNNOptions } from './recurrent/rnn.ts';
export * from './recurrent/simple-rnn.ts';
export * from './recurrent/stacked-rnn-cells.ts';
export * from './regularization/activity-regularization.ts';
export * from './regularization/dropout.ts';
export * from './regularization/noise.ts';
export * from './reshaping/reshaping.ts';
export * from './resizing/cropping.ts';
export type { Margins } from './resizing/margins.ts';
export * from './resizing/up-sampling.ts';
export * from './resizing/zero-padding.ts';
export * from './wrappers/time-distributed.ts';
export { Wrapper, type WrapperOptions } from './wrappers/wrapper.ts';
