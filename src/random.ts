/** The namespace `tf.random`. */
export { setRandomSeed } from './graph/default-graph.ts';
export {
  type CategoricalOptions,
  categorical,
  getSeed,
  multinomial,
  randomNormal as normal,
  randomShuffle as shuffle,
  randomUniform as uniform,
  truncatedNormal,
} from './ops/random.ts';
