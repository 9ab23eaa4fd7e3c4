/**
 * `tf.layers`: the layers of TensorFlow 1, whose weights live in variable scopes. It only names what is public.
 */

export { InputSpec, type InputSpecOptions } from './keras/engine/input-spec.ts';
export {
  Conv1D,
  Conv2D,
  Conv3D,
  type ConvFunctionOptions,
  type ConvOptions,
  conv1d,
  conv2d,
  conv3d,
} from './layers/convolution.ts';
export {
  Conv2DTranspose,
  Conv3DTranspose,
  type ConvTransposeFunctionOptions,
  type ConvTransposeOptions,
  conv2dTranspose,
  conv3dTranspose,
} from './layers/convolution-transpose.ts';
export {
  Dense,
  type DenseFunctionOptions,
  type DenseOptions,
  Dropout,
  type DropoutFunctionOptions,
  type DropoutOptions,
  dense,
  dropout,
  Flatten,
  type FlattenFunctionOptions,
  type FlattenOptions,
  flatten,
} from './layers/core.ts';
export {
  type CallOptions,
  type ConstraintOption,
  type InitializerOption,
  Layer,
  type LayerOptions,
  type RegularizerOption,
  type WeightOptions,
} from './layers/layer.ts';
export {
  BatchNormalization,
  type BatchNormalizationFunctionOptions,
  type BatchNormalizationOptions,
  batchNormalization,
} from './layers/normalization.ts';
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  type PoolingFunctionOptions,
  type PoolingOptions,
} from './layers/pooling.ts';
export {
  SeparableConv1D,
  SeparableConv2D,
  type SeparableConvFunctionOptions,
  type SeparableConvOptions,
  separableConv1d,
  separableConv2d,
} from './layers/separable-convolution.ts';
