/** The namespace `tf.train`: optimizers, learning rates, averages, the global step, input pipelines of queues. */
export {
  type AssignmentMap,
  type AssignmentTarget,
  initFromCheckpoint,
} from './io/checkpoint/init-from-checkpoint.ts';
export {
  type CheckpointStateOptions,
  checkpointExists,
  generateCheckpointStateProto,
  getCheckpointMtimes,
  getCheckpointState,
  latestCheckpoint,
  type RemoveCheckpointOptions,
  removeCheckpoint,
  type UpdateCheckpointStateOptions,
  updateCheckpointState,
} from './io/checkpoint/management.ts';
export {
  type CheckpointReader,
  listVariables,
  loadCheckpoint,
  loadVariable,
  NewCheckpointReader,
} from './io/checkpoint/reader.ts';
export type { SaveableLike, VarList } from './io/checkpoint/saveables.ts';
export { Saver } from './io/checkpoint/saver.ts';
export { SaverDef, type SaverDefInit } from './io/checkpoint/saver-def.ts';
export type { SaveOptions, SaverOptions } from './io/checkpoint/saver-options.ts';
export { summaryIterator } from './io/events/summary-iterator.ts';
export { Example, type ExampleInit, SequenceExample, type SequenceExampleInit } from './io/example.ts';
export {
  BytesList,
  type BytesListInit,
  Feature,
  type FeatureInit,
  FeatureList,
  type FeatureListInit,
  FeatureLists,
  type FeatureListsInit,
  Features,
  type FeaturesInit,
  FloatList,
  type FloatListInit,
  Int64List,
  type Int64ListInit,
} from './io/example-features.ts';
export { type ExportMetaGraphOptions, exportMetaGraph } from './io/meta-graph/export.ts';
export {
  type CopyScopedMetaGraphOptions,
  copyScopedMetaGraph,
  type ImportMetaGraphOptions,
  importMetaGraph,
} from './io/meta-graph/import.ts';
export { type WriteGraphOptions, writeGraph } from './io/write-graph.ts';
export {
  type HookedSession,
  type HookFeeds,
  type HookRunOptions,
  SessionRunArgs,
  SessionRunContext,
  SessionRunHook,
  SessionRunValues,
} from './monitored/hooks.ts';
export {
  MonitoredSession,
  type MonitoredSessionOptions,
  SingularMonitoredSession,
  type SingularMonitoredSessionOptions,
  type StepContext,
} from './monitored/monitored-session.ts';
export {
  MonitoredTrainingSession,
  type MonitoredTrainingSessionOptions,
} from './monitored/monitored-training-session.ts';
export type { MonitoredRunOptions } from './monitored/run-hooks.ts';
export {
  CheckpointSaverHook,
  type CheckpointSaverHookOptions,
  CheckpointSaverListener,
  StepCounterHook,
  type StepCounterHookOptions,
  SummarySaverHook,
  type SummarySaverHookOptions,
} from './monitored/saving-hooks.ts';
export { Scaffold, type ScaffoldOptions } from './monitored/scaffold.ts';
export {
  ChiefSessionCreator,
  type ChiefSessionCreatorOptions,
  SessionCreator,
  WorkerSessionCreator,
  type WorkerSessionCreatorOptions,
} from './monitored/session-creators.ts';
export {
  type PrepareOptions,
  type RestoreOptions,
  SessionManager,
  type SessionManagerOptions,
} from './monitored/session-manager.ts';
export {
  FeedFnHook,
  FinalOpsHook,
  GlobalStepWaiterHook,
  type LoggedTensors,
  LoggingTensorHook,
  type LoggingTensorHookOptions,
  NanLossDuringTrainingError,
  NanTensorHook,
  StopAtStepHook,
  type StopAtStepHookOptions,
} from './monitored/step-hooks.ts';
export { SyncReplicasOptimizer, type SyncReplicasOptions } from './monitored/sync-replicas.ts';
export { SecondOrStepTimer, type SecondOrStepTimerOptions } from './monitored/timer.ts';
export {
  type CoordinatedThread,
  Coordinator,
  type CoordinatorOptions,
  type JoinOptions,
} from './queues/coordinator.ts';
export {
  type BatchOptions,
  batch,
  type InputProducerOptions,
  inputProducer,
  limitEpochs,
  type ProducerOptions,
  rangeInputProducer,
  type ShuffleBatchOptions,
  shuffleBatch,
  sliceInputProducer,
  stringInputProducer,
} from './queues/input.ts';
export {
  type BatchJoinOptions,
  batchJoin,
  maybeBatch,
  maybeBatchJoin,
  maybeShuffleBatch,
  maybeShuffleBatchJoin,
  type ShuffleBatchJoinOptions,
  shuffleBatchJoin,
} from './queues/joins.ts';
export {
  addQueueRunner,
  QueueRunner,
  type QueueRunnerOptions,
  type StartQueueRunnersOptions,
  startQueueRunners,
} from './queues/queue-runner.ts';
export { AdadeltaOptimizer, type AdadeltaOptions } from './train/adadelta.ts';
export {
  AdagradDAOptimizer,
  type AdagradDAOptions,
  AdagradOptimizer,
  type AdagradOptions,
  ProximalAdagradOptimizer,
  type ProximalAdagradOptions,
} from './train/adagrad.ts';
export { AdamOptimizer, type AdamOptions } from './train/adam.ts';
export { ClusterDef, type ClusterInit, ClusterSpec, JobDef, type JobTasks, Server } from './train/cluster-spec.ts';
export { type PlacedOp, type ReplicaDeviceSetterOptions, replicaDeviceSetter } from './train/device-setter.ts';
export { FtrlOptimizer, type FtrlOptions } from './train/ftrl.ts';
export {
  assertGlobalStep,
  createGlobalStep,
  getGlobalStep,
  getOrCreateGlobalStep,
  globalStep,
} from './train/global-step.ts';
export {
  GradientDescentOptimizer,
  type GradientDescentOptions,
  ProximalGradientDescentOptimizer,
  type ProximalGradientDescentOptions,
} from './train/gradient-descent.ts';
export {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  linearCosineDecay,
  naturalExpDecay,
  noisyLinearCosineDecay,
  piecewiseConstant,
  piecewiseConstantDecay,
  polynomialDecay,
} from './train/learning-rate-decay.ts';
export { MomentumOptimizer, type MomentumOptions } from './train/momentum.ts';
export {
  assignMovingAverage,
  ExponentialMovingAverage,
  type ExponentialMovingAverageOptions,
} from './train/moving-average.ts';
export {
  type ApplyGradientsOptions,
  type ComputeGradientsOptions,
  type GradientAndVariable,
  type Hyperparameter,
  type MinimizeOptions,
  Optimizer,
} from './train/optimizer.ts';
export { RMSPropOptimizer, type RMSPropOptions } from './train/rmsprop.ts';
