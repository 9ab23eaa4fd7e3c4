/** The namespace `tf.keras.backend`, known as `K`. */
export {
  epsilon,
  floatx,
  imageDataFormat,
  setEpsilon,
  setFloatx,
  setImageDataFormat,
} from '../config.ts';
export * from './function.ts';
export * from './inspection.ts';
export * from './math.ts';
export { inTestPhase, inTrainPhase } from './phase.ts';
export * from './state.ts';
export * from './variables.ts';
