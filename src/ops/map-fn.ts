/**
 * `tf.mapFn`, `tf.scan`, `tf.foldl`, `tf.foldr`: functions along the first axis of tensors, as loops over arrays of tensors. The
 * loop itself is `while-loop.ts`.
 */
import type { Graph, Tensor } from '../graph/graph.ts';
import { asDType, type DType, type DTypeLike } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, type Dim, type Shape, type ShapeLike } from '../util/shape.ts';
import { convertToTensor, opScope } from './emit.ts';
import { add, subtract } from './arithmetic.ts';
import { greaterEqual, less } from './comparison.ts';
import { flatten, isPlainNode, pack, type Structure } from './nest.ts';
