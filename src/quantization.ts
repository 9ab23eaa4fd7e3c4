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
export { type DequantizeOptions, dequantize, type QuantizeOptions, quantize } from './ops/quantize.ts';
