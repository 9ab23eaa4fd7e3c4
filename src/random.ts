/** The namespace `tf.random`. */
export { setRandomSeed } from './graph/default-graph.ts';
export {
  allCandidateSampler,
  fixedUnigramCandidateSampler,
  learnedUnigramCandidateSampler,
  logUniformCandidateSampler,
  uniformCandidateSampler,
} from './ops/candidate-samplers.ts';
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
export { randomGamma as gamma, randomPoisson as poisson } from './ops/random-gamma.ts';
export {
  type StatelessDrawOptions,
  type StatelessGammaOptions,
  type StatelessMultinomialOptions,
  type StatelessNormalOptions,
  type StatelessUniformOptions,
  statelessCategorical,
  statelessGamma,
  statelessMultinomial,
  statelessNormal,
  statelessPoisson,
  statelessTruncatedNormal,
  statelessUniform,
} from './ops/random-stateless.ts';
