/** Variables, their scopes, initializers and collections: what the entry point exports of this room. */
export {
  type AssignFunctionOptions,
  assign,
  assignAdd,
  assignSub,
  countUpTo,
  scatterAdd,
  scatterDiv,
  scatterMax,
  scatterMin,
  scatterMul,
  scatterNdAdd,
  scatterNdSub,
  scatterNdUpdate,
  scatterSub,
  scatterUpdate,
  type UpdateOptions,
  type VariableRef,
} from './assign.ts';
export {
  allVariables,
  assertVariablesInitialized,
  globalVariables,
  globalVariablesInitializer,
  initializeAllVariables,
  initializeLocalVariables,
  initializeVariables,
  isVariableInitialized,
  localVariables,
  localVariablesInitializer,
  modelVariables,
  movingAverageVariables,
  reportUninitializedVariables,
  trainableVariables,
  variablesInitializer,
} from './collections.ts';
export {
  constantInitializer,
  glorotNormalInitializer,
  glorotUniformInitializer,
  type Initializer,
  type InitializerFactory,
  type InitializerFunction,
  type InitializerOptions,
  onesInitializer,
  orthogonalInitializer,
  type PartitionInfo,
  randomNormalInitializer,
  randomUniformInitializer,
  truncatedNormalInitializer,
  uniformUnitScalingInitializer,
  varianceScalingInitializer,
  zerosInitializer,
} from './initializers.ts';
export {
  fixedSizePartitioner,
  minMaxVariablePartitioner,
  PartitionedVariable,
  type Partitioner,
  variableAxisSizePartitioner,
} from './partitioned.ts';
export { type GetVariableOptions, VariableScope } from './scope-object.ts';
export { type AssignedVariable, type SparseDelta, Variable } from './variable.ts';
export type { InitialValue, VariableOptions } from './variable-ops.ts';
export {
  getLocalVariable,
  getVariable,
  getVariableScope,
  noRegularizer,
  type VariableScopeOptions,
  variableOpScope,
  variableScope,
} from './variable-scope.ts';
export {
  AUTO_REUSE,
  type CustomGetter,
  type Getter,
  type GetterResult,
  type InitializerLike,
  type Regularizer,
  type Reuse,
  type VariableRequest,
} from './variable-store.ts';
