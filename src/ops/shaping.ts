/**
 * Shapes as tensors, and tensors under other shapes: reshape, transpose, broadcast. Cutting and joining tensors is the
 * business of `slicing.ts` and `joining.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import {
  asShape,
  broadcastShapes,
  type Dim,
  formatShape,
  formatShapeBrackets,
  isFullyDefined,
  numElements,
  type Shape,
  type ShapeLike,
  TensorShape,
} from '../util/shape.ts';
import { constantOp, convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { broadcastReductions } from './opdef/array-rules.ts';
import { defineOp, type InferContext, type OpInit, type OpView, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank, withRankAtMost } from './opdef/shape-rules.ts';
import { intArray, intsOf } from './opdef/small-ints.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, renamed, type TensorLike } from './tensor-like.ts';

const grid = sample(float32, [2, 3], [1, 2, 3, 4, 5, 6]);

/** A shape as an integer vector; null where a dimension is not known. */
function shapeVector(shape: Shape, dtype: DType) {
  return isFullyDefined(shape) ? intArray(dtype, [shape.length], shape) : null;
}

/** The gradient of an op that only changes the shape. */
function reshapeToInput<V>(op: OpView<V>, dy: V | null, $: Vocabulary<V>): V | null {
  return dy === null ? null : $.reshape(dy, $.shape(op.inputs[0]));
}

defineOp({
  name: 'Shape',
  doc: 'The shape of the input.',
  inputs: ['input: T'],
  outputs: ['output: out_type'],
  attrs: ['T: type', 'out_type: {int32, int64} = int32'],
  infer: (op) => [[op.shape(0)?.length ?? null]],
  fold: (op) => [shapeVector(op.shape(0), op.outputDType(0))],
  foldShape: (op) => op.shape(0),
  grad: () => [null],
  samples: [{ inputs: [grid], outputs: [sample(int32, [2], [2, 3])] }],
});

defineOp({
  name: 'ShapeN',
  doc: 'The shapes of the inputs.',
  inputs: ['input: N * T'],
  outputs: ['output: N * out_type'],
  attrs: ['N: int >= 1', 'T: type', 'out_type: {int32, int64} = int32'],
  infer: (op) => Array.from({ length: op.inputCount }, (_, i) => [op.shape(i)?.length ?? null]),
  fold: (op) => Array.from({ length: op.inputCount }, (_, i) => shapeVector(op.shape(i), op.outputDType(i))),
  grad: (op) => op.inputs.map(() => null),
  samples: [
    { inputs: [grid, sample(float32, [1], [1])], outputs: [sample(int32, [2], [2, 3]), sample(int32, [1], [1])] },
  ],
});

defineOp({
  name: 'Size',
  doc: 'The number of elements of the input.',
  inputs: ['input: T'],
  outputs: ['output: out_type'],
  attrs: ['T: type', 'out_type: {int32, int64} = int32'],
  infer: () => [[]],
  fold: (op) => {
    const count = numElements(op.shape(0));
    return count === null ? null : [intArray(op.outputDType(0), [], [count])];
  },
  grad: () => [null],
  samples: [{ inputs: [grid], outputs: [sample(int32, [], [6])] }],
});

defineOp({
  name: 'Rank',
  doc: 'The number of axes of the input.',
  inputs: ['input: T'],
  outputs: ['output: int32'],
  attrs: ['T: type'],
  infer: () => [[]],
  fold: (op) => {
    const shape = op.shape(0);
    return shape && [intArray(int32, [], [shape.length])];
  },
  grad: () => [null],
  samples: [{ inputs: [grid], outputs: [sample(int32, [], [2])] }],
});

defineOp({
  name: 'Reshape',
  doc: 'The elements of the input under another shape; one length of -1 is worked out.',
  inputs: ['tensor: T', 'shape: Tshape'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tshape: {int32, int64} = int32'],
  infer: (op) => {
    withRankAtMost(op.shape(1), 1);
    const bad = intsOf(op.constant(1))?.find((d) => d < -1);
    if (bad !== undefined) throw new ShapeError(`Invalid value in tensor used for shape: ${bad}`);
    return [reshaped(op.shape(0), op.constantShape(1))];
  },
  fold: (op) => {
    const value = op.constant(0);
    const shape = intsOf(op.constant(1)) && reshaped(op.shape(0), op.constantShape(1));
    return value && isFullyDefined(shape) && numElements(shape) === value.size ? [value.reshape(shape)] : null;
  },
  foldShape: (op) => {
    // A vector that stays one, whatever is known of it.
    const shape = op.constantShape(1);
    return op.shape(0)?.length === 1 && shape?.length === 1 ? op.constantShape(0) : null;
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null];
    const shape = $.shapeOf(op.inputs[0]);
    if (shape && shape.filter((d) => d === null).length === 1) {
      const dims = shape.map((d) => d ?? -1);
      return [$.reshape(dy, $.ints(dims, 'Reshape/shape')), null];
    }
    return [reshapeToInput(op, dy, $), null];
  },
  samples: [
    {
      inputs: [grid, sample(int32, [2], [-1, 2])],
      outputs: [sample(float32, [3, 2], [1, 2, 3, 4, 5, 6])],
    },
    { inputs: [sample(float32, [0, 3], []), sample(int32, [2], [3, 0])], outputs: [sample(float32, [3, 0], [])] },
  ],
});

/** The static shape of a reshape: an unknown length follows from the other ones. */
function reshaped(from: Shape, to: Shape): Shape {
  if (to === null || from === null) return to;
  const product = (dims: readonly Dim[]) => dims.reduce<number>((n, d) => n * (d ?? 1), 1);
  const [have, want] = [product(from), product(to)];
  const unknownFrom = from.filter((d) => d === null).length;
  const open = to.indexOf(null);
  if (open !== to.lastIndexOf(null)) return to;
  if (unknownFrom === 0 && open < 0) {
    if (have === want) return to;
    throw new ShapeError(
      `Cannot reshape a tensor with ${have} elements to shape ${formatShapeBrackets(to)} (${want} elements)`,
    );
  }
  if (unknownFrom === 0 && want > 0) {
    divides(want, have);
    return to.map((d) => d ?? have / want);
  }
  if (unknownFrom === 1 && open < 0 && have > 0) divides(have, want);
  return to;
}

function divides(divisor: number, value: number): void {
  if (value % divisor !== 0) {
    throw new ShapeError(`Dimension size must be evenly divisible by ${divisor} but is ${value}`);
  }
}

defineOp({
  name: 'ExpandDims',
  doc: 'The input with an axis of length 1 added.',
  inputs: ['input: T', 'dim: Tdim'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tdim: {int32, int64} = int32'],
  infer: (op) => [expanded(op)],
  fold: (op) => {
    const value = op.constant(0);
    const shape = op.constant(1) && expanded(op);
    return value && isFullyDefined(shape) ? [value.reshape(shape)] : null;
  },
  grad: (op, [dy], $) => [reshapeToInput(op, dy, $), null],
  samples: [{ inputs: [grid, sample(int32, [], [-1])], outputs: [sample(float32, [2, 3, 1], [1, 2, 3, 4, 5, 6])] }],
});

function expanded(op: InferContext): Shape {
  const shape = op.shape(0);
  const count = numElements(op.shape(1));
  if (count !== null && count !== 1) throw new ShapeError("'dim' input must be a tensor with a single value");
  const axis = intsOf(op.constant(1))?.[0];
  if (shape === null || axis === undefined) return null;
  const rank = shape.length;
  if (axis < -rank - 1 || axis > rank) throw new ShapeError(`dim ${axis} not in the interval [${-rank - 1}, ${rank}].`);
  const at = axis < 0 ? axis + rank + 1 : axis;
  return [...shape.slice(0, at), 1, ...shape.slice(at)];
}

defineOp({
  name: 'Squeeze',
  doc: 'The input without its axes of length 1, or without those named.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: type', 'squeeze_dims: list(int) >= 0 = []'],
  infer: (op) => [squeezed(op)],
  fold: (op) => {
    const value = op.constant(0);
    const shape = squeezed(op);
    return value && isFullyDefined(shape) ? [value.reshape(shape)] : null;
  },
  grad: (op, [dy], $) => [reshapeToInput(op, dy, $)],
  samples: [
    { inputs: [sample(float32, [1, 2, 1], [1, 2])], outputs: [sample(float32, [2], [1, 2])] },
    {
      inputs: [sample(float32, [1, 2, 1], [1, 2])],
      attrs: { squeeze_dims: [-1] },
      outputs: [sample(float32, [1, 2], [1, 2])],
    },
  ],
});

function squeezed(op: InferContext): Shape {
  const shape = op.shape(0);
  const dims = op.attr<readonly number[]>('squeeze_dims').map(Number);
  if (shape === null) return null;
  const rank = shape.length;
  dims.forEach((d, i) => {
    if (d < -rank || d >= rank) throw new ShapeError(`squeeze_dims[${i}] not in [${-rank},${rank}).`);
  });
  if (dims.length === 0) return shape.includes(null) ? null : shape.filter((d) => d !== 1);
  const gone = new Set(dims.map((d) => (d < 0 ? d + rank : d)));
  for (const i of [...gone].sort((a, b) => a - b)) {
    const d = shape[i];
    if (d !== null && d !== 1) {
      throw new ShapeError(`Can not squeeze dim[${i}], expected a dimension of 1, got ${d}`);
    }
  }
  return shape.filter((_, i) => !gone.has(i));
}

/** `Transpose` and `ConjugateTranspose`. */
function transposition(name: string, doc: string): OpInit {
  return {
    name,
    doc,
    inputs: ['x: T', 'perm: Tperm'],
    outputs: ['y: T'],
    attrs: ['T: type', 'Tperm: {int32, int64} = int32'],
    infer: (op) => [transposed(op)],
    grad: (op, [dy], $) => {
      if (dy === null) return [null, null];
      const inverse = $.op('InvertPermutation', [op.inputs[1]]);
      return [$.op(name, [dy, inverse], {}, 'transpose'), null];
    },
    samples: [{ inputs: [grid, sample(int32, [2], [1, 0])], outputs: [sample(float32, [3, 2], [1, 4, 2, 5, 3, 6])] }],
  };
}

defineOp(transposition('Transpose', 'The input with its axes in another order.'));
defineOp(transposition('ConjugateTranspose', 'The complex conjugate of the input with its axes in another order.'));

function transposed(op: InferContext): Shape {
  const shape = op.shape(0);
  const count = withRank(op.shape(1), 1)[0];
  const perm = intsOf(op.constant(1));
  if (shape !== null && count !== null && count !== shape.length) {
    throw new ShapeError(`Dimension must be ${shape.length} but is ${count}`);
  }
  const rank = shape?.length ?? count;
  if (rank === null) return null;
  if (!perm || shape === null) return new Array<Dim>(rank).fill(null);
  // A permutation with an axis that does not exist fails in the run.
  return perm.map((p) => shape[p < 0 ? p + rank : p] ?? null);
}

defineOp({
  name: 'BroadcastTo',
  doc: 'The input broadcast to a shape.',
  inputs: ['input: T', 'shape: Tidx'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tidx: {int32, int64} = int32'],
  infer: (op) => {
    withRank(op.shape(1), 1);
    const shape = op.constantShape(1);
    const from = op.shape(0);
    if (shape === null || from === null) return [shape];
    withRankAtMost(from, shape.length);
    const lead = shape.length - from.length;
    return [shape.map((d, i) => (i < lead || (from[i - lead] ?? 1) <= 1 ? d : mergeDim(from[i - lead], d)))];
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null];
    const [x, target] = op.inputs;
    const shape = $.shape(x);
    const known = intsOf($.constantValue(target));
    const [, axes] = $.ops('BroadcastGradientArgs', [known ? $.ints(known) : target, shape]);
    return [$.reshape($.sum(dy, axes, true), shape), null];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 1], [1, 2]), sample(int32, [3], [2, 2, 2])],
      outputs: [sample(float32, [2, 2, 2], [1, 1, 2, 2, 1, 1, 2, 2])],
    },
  ],
});

defineOp({
  name: 'BroadcastArgs',
  doc: 'The shape that two shapes broadcast to.',
  inputs: ['s0: T', 's1: T'],
  outputs: ['r0: T'],
  attrs: ['T: {int32, int64} = int32'],
  infer: (op) => {
    const [x] = withRank(op.shape(0), 1);
    const [y] = withRank(op.shape(1), 1);
    return [[x === null || y === null ? null : Math.max(x, y)]];
  },
  fold: (op) => {
    const [a, b] = [intsOf(op.constant(0)), intsOf(op.constant(1))];
    const shape = a && b && broadcastShapes(a, b);
    return shape && isFullyDefined(shape) ? [intArray(op.outputDType(0), [shape.length], shape)] : null;
  },
  foldShape: (op) => broadcastShapes(op.constantShape(0), op.constantShape(1)) ?? null,
  grad: () => [null, null],
  samples: [{ inputs: [sample(int32, [2], [2, 1]), sample(int32, [1], [3])], outputs: [sample(int32, [2], [2, 3])] }],
});

defineOp({
  name: 'BroadcastGradientArgs',
  doc: 'The axes over which the gradient of a broadcast operation is summed, per operand, from the operands’ shapes.',
  inputs: ['s0: T', 's1: T'],
  outputs: ['r0: T', 'r1: T'],
  attrs: ['T: {int32, int64} = int32'],
  infer: (op) => {
    withRank(op.shape(0), 1);
    withRank(op.shape(1), 1);
    return [[null], [null]];
  },
  fold: (op) => {
    const [a, b] = [intsOf(op.constant(0)), intsOf(op.constant(1))];
    if (!a || !b || !broadcastShapes(a, b)) return null;
    return broadcastReductions(a, b).map((axes) => intArray(op.outputDType(0), [axes.length], axes));
  },
  grad: () => [null, null],
  samples: [
    {
      inputs: [sample(int32, [2], [2, 1]), sample(int32, [2], [1, 3])],
      outputs: [sample(int32, [1], [1]), sample(int32, [1], [0])],
    },
  ],
});

interface NameOption {
  readonly name?: string | null;
}
interface OutTypeOptions extends NameOption {
  readonly outType?: DTypeLike;
}

/** A constant where the static shape tells, else the op. */
function staticOr(
  type: 'Shape' | 'Size' | 'Rank',
  input: TensorLike,
  name: string | null | undefined,
  outType: DTypeLike | undefined,
  known: (shape: Shape) => number | readonly number[] | null,
): Tensor {
  const dtype = asDType(outType ?? int32);
  return opScope(name, type, [input], (scope) => {
    const x = convertToTensor(input);
    const value = known(x.shape);
    if (value !== null) {
      return constantOp(toNdArray(value as number, dtype, typeof value === 'number' ? [] : [value.length]), scope);
    }
    return emitOne(type, [x], type === 'Rank' ? {} : { out_type: dtype }, scope);
  });
}

/**
 * The shape of the input as an integer vector: a constant where it is fully known, else what it is in the run.
 *
 *     tf.shape(x)            // [batch 784]
 *     tf.shape(x).slice(0)   // its first length
 */
export function shape(
  input: TensorLike,
  ...rest: Rest<[name: string | null, outType: DTypeLike], OutTypeOptions>
): Tensor {
  const { name, outType } = bind<OutTypeOptions>(['name', 'outType'], rest);
  return staticOr('Shape', input, name, outType, (s) => (isFullyDefined(s) ? s : null));
}

/** The shapes of tensors of one type. */
export function shapeN(
  input: readonly TensorLike[],
  ...rest: Rest<[outType: DTypeLike, name: string | null], OutTypeOptions>
): Tensor[] {
  const { outType, name } = bind<OutTypeOptions>(['outType', 'name'], rest);
  return [...emit('ShapeN', [input], { out_type: asDType(outType ?? int32) }, name).outputs];
}

/** The number of elements, as a scalar. */
export function size(
  input: TensorLike,
  ...rest: Rest<[name: string | null, outType: DTypeLike], OutTypeOptions>
): Tensor {
  const { name, outType } = bind<OutTypeOptions>(['name', 'outType'], rest);
  return staticOr('Size', input, name, outType, numElements);
}

/** The number of axes, as an int32 scalar. */
export function rank(input: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return staticOr('Rank', input, name, int32, (s) => s?.length ?? null);
}

/**
 * The elements under another shape of the same size, in row-major order. One length may be -1. Lengths may be tensors.
 * Throws `ValueError` where the sizes are known to differ.
 *
 *     tf.reshape(x, [-1, 784])
 *     tf.reshape(x, [tf.shape(x).slice(0), 28, 28])
 */
export function reshape(
  tensor: TensorLike,
  shape: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('Reshape', [tensor, shape], {}, name);
}

export interface ExpandDimsOptions extends NameOption {
  readonly axis?: TensorLike | null;
  /** The former name of `axis`. */
  readonly dim?: TensorLike | null;
}

/**
 * The input with an axis of length 1 at `axis`, counted from the end if negative. Throws `ValueError` without an axis.
 *
 *     tf.expandDims(vector, 0)     // [n] → [1, n]
 */
export function expandDims(
  input: TensorLike,
  ...rest: Rest<[axis: TensorLike, name: string | null, dim: TensorLike | null], ExpandDimsOptions>
): Tensor {
  const given = bind<ExpandDimsOptions>(['axis', 'name', 'dim'], rest);
  const axis = renamed(['axis', 'dim'], given.axis, given.dim);
  if (axis === null) throw new ValueError('Must specify an axis argument to tf.expand_dims()');
  return emitOne('ExpandDims', [input, axis], {}, given.name);
}

export interface SqueezeOptions extends NameOption {
  readonly axis?: number | readonly number[] | null;
  /** The former name of `axis`. */
  readonly squeezeDims?: number | readonly number[] | null;
}

/**
 * The input without its axes of length 1, or without those named. Throws `ValueError` where a named axis is longer.
 *
 *     tf.squeeze(x, [1])    // [n, 1, 1] → [n, 1]
 */
export function squeeze(
  input: TensorLike,
  ...rest: Rest<
    [axis: number | readonly number[] | null, name: string | null, squeezeDims: number | readonly number[] | null],
    SqueezeOptions
  >
): Tensor {
  const { name, ...given } = bind<SqueezeOptions>(['axis', 'name', 'squeezeDims'], rest);
  const axis = renamed(['axis', 'squeeze_dims'], given.axis, given.squeezeDims);
  const dims = axis === null ? [] : typeof axis === 'number' ? [axis] : axis;
  return emitOne('Squeeze', [input], { squeeze_dims: dims }, name);
}

interface TransposeOptions extends NameOption {
  readonly perm?: TensorLike | null;
  readonly conjugate?: boolean;
}

/**
 * The input with its axes in the order of `perm`; reversed where it is left out. `conjugate` also conjugates complex
 * elements.
 *
 *     tf.transpose(x)               // [a, b, c] → [c, b, a]
 *     tf.transpose(x, [0, 2, 1])    // [a, b, c] → [a, c, b]
 */
export function transpose(
  a: TensorLike,
  ...rest: Rest<[perm: TensorLike | null, name: string | null, conjugate: boolean], TransposeOptions>
): Tensor {
  const { perm, name, conjugate } = bind<TransposeOptions>(['perm', 'name', 'conjugate'], rest);
  return opScope(name, 'transpose', [a, perm], (scope) => {
    const x = convertToTensor(a, { name: 'a' });
    const type = conjugate && x.dtype.isComplex ? 'ConjugateTranspose' : 'Transpose';
    if (perm != null) return emitOne(type, [x, perm], {}, scope);
    if (x.shape) return emitOne(type, [x, x.shape.map((_, i) => i).reverse()], {}, scope);
    const last = emitOne('Sub', [emitOne('Rank', [x]), 1], {}, 'sub');
    return emitOne(type, [x, emitOne('Range', [last, -1, -1])], {}, scope);
  });
}

/**
 * The input with its last two axes exchanged. Throws `ValueError` for rank 0 and 1.
 *
 *     tf.matrixTranspose(batch)    // [n, a, b] → [n, b, a]
 */
export function matrixTranspose(
  a: TensorLike,
  ...rest: Rest<[name: string | null, conjugate: boolean], NameOption & { readonly conjugate?: boolean }>
): Tensor {
  const { name, conjugate } = bind<NameOption & { conjugate: boolean }>(['name', 'conjugate'], rest);
  return opScope(name, 'matrix_transpose', [a], () => {
    const x = convertToTensor(a, { name: 'a' });
    if (x.shape) {
      const axes = x.shape.map((_, i) => i);
      if (axes.length < 2) {
        throw new ValueError(
          `Argument \`a\` should be a (batch) matrix with rank >= 2.  Received \`a\` = ${x} with shape: ${formatShape(x.shape)}`,
        );
      }
      const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
      return transpose(x, perm, null, conjugate ?? false);
    }
    const count = emitOne('Rank', [x]);
    const head = emitOne('Range', [0, emitOne('Sub', [count, 2], {}, 'sub'), 1], {}, 'range');
    const tail = emitOne('Pack', [[emitOne('Sub', [count, 1], {}, 'sub'), emitOne('Sub', [count, 2], {}, 'sub')]], {});
    return transpose(x, emitOne('ConcatV2', [[head, tail], 0], {}, 'concat'), null, conjugate ?? false);
  });
}

/**
 * The input broadcast to a shape, by NumPy's rules.
 *
 *     tf.broadcastTo([1, 2, 3], [3, 3])
 */
export function broadcastTo(
  input: TensorLike,
  shape: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('BroadcastTo', [input, shape], {}, name);
}

/** The static shape that two static shapes broadcast to. Throws `ValueError` where they do not. */
export function broadcastStaticShape(shapeX: ShapeLike, shapeY: ShapeLike): TensorShape {
  const [x, y] = [asShape(shapeX), asShape(shapeY)];
  const found = broadcastShapes(x, y);
  if (found === undefined) {
    throw new ValueError(`Incompatible shapes for broadcasting: ${formatShape(x)} and ${formatShape(y)}`);
  }
  return new TensorShape(found);
}

/** The shape, as an integer vector, that two shapes broadcast to in the run. */
export function broadcastDynamicShape(shapeX: TensorLike, shapeY: TensorLike): Tensor {
  return emitOne('BroadcastArgs', [shapeX, shapeY]);
}
