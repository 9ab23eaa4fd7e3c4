/** The namespace `tf.initializers`. */

export {
  globalVariablesInitializer as globalVariables,
  localVariablesInitializer as localVariables,
  variablesInitializer as variables,
} from './variables/collections.ts';
export {
  constantInitializer as constant,
  glorotNormalInitializer as glorotNormal,
  glorotUniformInitializer as glorotUniform,
  heNormal,
  heUniform,
  identityInitializer as identity,
  lecunNormal,
  lecunUniform,
  onesInitializer as ones,
  orthogonalInitializer as orthogonal,
  randomNormalInitializer as randomNormal,
  randomUniformInitializer as randomUniform,
  truncatedNormalInitializer as truncatedNormal,
  uniformUnitScalingInitializer as uniformUnitScaling,
  varianceScalingInitializer as varianceScaling,
  zerosInitializer as zeros,
} from './variables/initializers.ts';
