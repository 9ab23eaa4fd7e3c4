/**
 * The library's entry, free of anything that only Node has: `import * as tf from 'tfjs-graph'`. It names what is public and
 * wires the rooms together; nothing is implemented here.
 */
import './ops/index.ts';

// Sessions and the compiler.
export { type CompileOptions, compile } from '../runtime/compile.ts';
export { type ConfigInit, ConfigProto } from '../runtime/config.ts';
export { getDefaultSession } from '../runtime/default-session.ts';
export type { FeedDict } from '../runtime/feeds.ts';
export type { FetchResult, IndexedSlicesValue, SparseTensorValue } from '../runtime/fetches.ts';
export { InteractiveSession } from '../runtime/interactive-session.ts';
export { RunMetadata, RunOptions } from '../runtime/metadata.ts';
export { Session } from '../runtime/session.ts';
// Gradients, variables, training.
export { AggregationMethod } from './autodiff/aggregate.ts';
export { customGradient } from './autodiff/custom-gradient.ts';
export { type GradientsOptions, gradients, UnconnectedGradients } from './autodiff/gradients.ts';
export { hessians } from './autodiff/hessians.ts';
export { noGradient, notDifferentiable, RegisterGradient, registerGradient } from './autodiff/registry.ts';
// Graphs.
export * from './graph/default-graph.ts';
export { Graph, type GraphElementLike, Operation, Tensor } from './graph/graph.ts';
export { GraphKeys } from './graph/graph-keys.ts';
export { type AttrValue, Node } from './graph/node.ts';
export type { SliceSpec } from './graph/operators.ts';
export type { DeviceLike } from './graph/placement.ts';
export { diffSnapshots, GraphSnapshot, type SnapshotDiff } from './graph/snapshot.ts';
// Namespaces.
export * as initializers from './initializers.ts';
// Exports and pictures.
export { type ExportOptions, GraphDef } from './io/graph-def.ts';
export * as losses from './losses.ts';
export * as nn from './nn.ts';
export { convertToTensor } from './ops/emit.ts';
// Ops.
export * from './ops/index.ts';
export { defineOp, getOpDef, type OpDef, opDefs } from './ops/opdef/define.ts';
export { constantValue as getStaticValue } from './ops/static-value.ts';
export type { TensorConvertible, TensorLike } from './ops/tensor-like.ts';
export * as random from './random.ts';
export * as train from './train.ts';
export type { ArrayValue, ShapedData } from './util/array-convert.ts';
// Values: element types, shapes, arrays, errors.
export {
  asDType,
  asDType as asDtype,
  bfloat16,
  bool,
  complex64,
  complex128,
  DType,
  type DTypeLike,
  type DTypeName,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  qint8,
  qint16,
  qint32,
  quint8,
  quint16,
  resource,
  string,
  uint8,
  uint16,
  uint32,
  uint64,
  variant,
} from './util/dtype.ts';
export * as errors from './util/errors.ts';
export {
  AssertionError,
  InaccessibleTensorError,
  KeyError,
  LookupError,
  OperatorNotAllowedInGraphError,
  RuntimeError,
  TypeError,
  ValueError,
} from './util/errors.ts';
export { flags } from './util/flags.ts';
export { type Data, type Element, NdArray, type NestedArray } from './util/ndarray.ts';
export type { OpenScope } from './util/scope.ts';
export { type Dim, type KnownShape, type Shape, type ShapeLike, TensorShape } from './util/shape.ts';
export * from './variables/index.ts';
export * as viz from './viz/dot.ts';
