/**
 * All that is public, free of anything that only Node has: what `tf.compat.v1` is in Python. It names what there is and
 * wires the rooms together; nothing is implemented here.
 */

// Sessions and the compiler.

export { type CompileOptions, compile } from '../runtime/compile.ts';
export { type ConfigInit, ConfigProto } from '../runtime/config.ts';
export { getDefaultSession } from '../runtime/default-session.ts';
export type { FeedDict } from '../runtime/feeds.ts';
export { type FetchResult, type IndexedSlicesValue, SparseTensorValue } from '../runtime/fetches.ts';
export { InteractiveSession } from '../runtime/interactive-session.ts';
export { RunMetadata, RunOptions, type RunOptionsInit } from '../runtime/metadata.ts';
export { Session } from '../runtime/session.ts';
export type { Fetches, RunArguments, SessionInit } from '../runtime/session-arguments.ts';
export { type StateReport, stateReport } from '../runtime/state-report.ts';

// Graphs.

export {
  addToCollection,
  addToCollections,
  colocateWith,
  container,
  controlDependencies,
  device,
  getCollection,
  getCollectionRef,
  getDefaultGraph,
  initScope,
  nameScope,
  type RandomSeedOptions,
  resetDefaultGraph,
  setRandomSeed,
} from './graph/default-graph.ts';
export type { ExportedGraph, ExportOptions } from './graph/exporter.ts';
export { Graph, type GraphElementLike, Operation, Tensor } from './graph/graph.ts';
export { GraphKeys } from './graph/graph-keys.ts';
export { type AttrValue, Node } from './graph/node.ts';
export type { SliceSpec } from './graph/operators.ts';
export type { DeviceLike } from './graph/placement.ts';
export { diffSnapshots, GraphSnapshot, type SnapshotDiff } from './graph/snapshot.ts';
export { Event, LogMessage, SessionLog } from './io/events/event-messages.ts';
export { HistogramProto, Summary, SummaryMetadata } from './io/events/summary-messages.ts';
export { GraphDef } from './io/graph-def.ts';
export { type Imported, type ImportOptions, type InputMap, importGraphDef } from './io/import-graph.ts';
export type { OpList } from './io/import-versions.ts';
export { MetaGraphDef, type MetaGraphDefInit } from './io/meta-graph/messages.ts';
export {
  FixedLengthRecordReader,
  type FixedLengthRecordReaderOptions,
  IdentityReader,
  ReaderBase,
  TextLineReader,
  type TextLineReaderOptions,
  TFRecordReader,
  type TFRecordReaderOptions,
  WholeFileReader,
} from './io/readers.ts';

// Ops, and what it takes to define one.

export { type ConfusionMatrixOptions, confusionMatrix } from './ops/confusion-matrix.ts';
export * from './ops/index.ts';
export { defineOp, getOpDef, type OpDef, type OpInit, type OpView, opDefs } from './ops/opdef/define.ts';
export type { Vocabulary } from './ops/opdef/vocabulary.ts';
export type { TensorConvertible, TensorLike } from './ops/tensor-like.ts';

// Gradients and variables.

export { AggregationMethod } from './autodiff/aggregate.ts';
export { customGradient } from './autodiff/custom-gradient.ts';
export { type GradientsOptions, gradients, UnconnectedGradients } from './autodiff/gradients.ts';
export { hessians } from './autodiff/hessians.ts';
export { numpyFunction, type PyFuncOptions, pyFunc } from './autodiff/py-func.ts';
export {
  type Gradient,
  type GradientFunction,
  NoGradient,
  NotDifferentiable,
  noGradient,
  notDifferentiable,
  RegisterGradient,
  registerGradient,
} from './autodiff/registry.ts';
export { tablesInitializer } from './data/lookup-tables.ts';
export * from './queues/index.ts';
export * from './variables/index.ts';

// Keras contexts beside `tf.keras`, and the reset of everything.

export type { ClearReport } from './keras/context.ts';
export { createKeras, type IsolatedKeras, type Keras } from './keras/create-keras.ts';
export { type FullResetReport, resetAll } from './resets.ts';

// Values: element types, shapes, arrays, errors, switches.

export * from './dtypes.ts';
export type { ArrayValue, ShapedData } from './util/array-convert.ts';
export type { DTypeLike, DTypeName } from './util/dtype.ts';
export {
  AssertionError,
  InaccessibleTensorError,
  KeyError,
  LookupError,
  OpError,
  OperatorNotAllowedInGraphError,
  RuntimeError,
  TypeError,
  ValueError,
} from './util/errors.ts';
export { flags as debugFlags } from './util/flags.ts';
export { type Data, type Element, NdArray, type NestedArray } from './util/ndarray.ts';
export type { OpenScope } from './util/scope.ts';
export { type Dim, type KnownShape, type Shape, type ShapeLike, TensorShape } from './util/shape.ts';

// Namespaces.

export * as bitwise from './bitwise.ts';
export * as data from './data.ts';
export * as dtypes from './dtypes.ts';
export * as graphUtil from './graph-util.ts';
export * as image from './image.ts';
export * as initializers from './initializers.ts';
export * as io from './io.ts';
export * as keras from './keras/index.ts';
export * as layers from './layers.ts';
export * as linalg from './linalg.ts';
export * as lookup from './lookup.ts';
export * as losses from './losses.ts';
export * as math from './math.ts';
export * as metrics from './metrics.ts';
export * as nn from './nn.ts';
export * as pythonIo from './python-io.ts';
export * as quantization from './quantization.ts';
export * as random from './random.ts';
export * as savedModel from './saved-model.ts';
export * as sets from './sets.ts';
export * as signal from './signal.ts';
export * as sparse from './sparse.ts';
export * as spectral from './spectral.ts';
export * as strings from './strings.ts';
export * as summary from './summary.ts';
export * as train from './train.ts';
export * as errors from './util/errors.ts';
export * as viz from './viz.ts';
