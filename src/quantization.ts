/** The namespace `tf.quantization`. */
export {
  type FakeQuantArgsOptions,
  type FakeQuantOptions,
  fakeQuantWithMinMaxArgs,
  fakeQuantWithMinMaxArgsGradient,
  fakeQuantWithMinMaxVars,
  fakeQuantWithMinMaxVarsGradient,
  fakeQuantWithMinMaxVarsPerChannel,
  fakeQuantWithMinMaxVarsPerChannelGradient,
  type QuantizeAndDequantizeOptions,
  quantizeAndDequantize,
  quantizeAndDequantizeV2,
} from './ops/quantization.ts';
