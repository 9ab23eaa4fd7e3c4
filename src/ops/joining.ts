/**
 * Joining tensors and taking them apart: concat, split, stack, unstack. Selecting ranges is the business of
 * `slicing.ts`, repeating that of `tiling.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { type Dim, formatShape, isFullyDefined, type Shape } from '../util/shape.ts';
import { concatArrays, splitArray, stackArrays, unstackArray } from '../util/strided.ts';
import { convertToTensor, emit, emitOne, graphOf, opScope } from './emit.ts';
import { concatOffsets } from './opdef/array-rules.ts';
import { defineOp, type InferContext, type OpView, ShapeError, sample } from './opdef/define.ts';
import { merge, normalizeAxis, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { intArray, intsOf, MAX_FOLDED } from './opdef/small-ints.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { expandDims } from './shaping.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

/** All of the arrays, where each is known and together they are small. */
function small(values: readonly (NdArray | null)[]): readonly NdArray[] | null {
  let total = 0;
  for (const value of values) total += value ? value.size : Number.POSITIVE_INFINITY;
  return total <= MAX_FOLDED ? (values as readonly NdArray[]) : null;
}

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

// Concat

defineOp({
  name: 'Concat',
  doc: 'The inputs one after the other along an axis. The axis comes first.',
  inputs: ['concat_dim: int32', 'values: N * T'],
  outputs: ['output: T'],
  attrs: ['N: int >= 2', 'T: type'],
  infer: (op) => [concatenated(op, 0, range(op.inputCount - 1, 1))],
  fold: (op) => foldConcat(op, 0, range(op.inputCount - 1, 1)),
  foldShape: (op) => joinShapes(op, range(op.inputCount - 1, 1)),
  grad: (op, [dy], $) => (dy === null ? op.inputs.map(() => null) : [null, ...concatGrad(op, dy, $, 0, 1)]),
  samples: [
    {
      inputs: [sample(int32, [], [1]), sample(float32, [2, 1], [1, 2]), sample(float32, [2, 2], [3, 4, 5, 6])],
      attrs: { N: 2 },
      outputs: [sample(float32, [2, 3], [1, 3, 4, 2, 5, 6])],
    },
  ],
});

defineOp({
  name: 'ConcatV2',
  doc: 'The inputs one after the other along an axis.',
  inputs: ['values: N * T', 'axis: Tidx'],
  outputs: ['output: T'],
  attrs: ['N: int >= 2', 'T: type', 'Tidx: {int32, int64} = int32'],
  infer: (op) => [concatenated(op, op.inputCount - 1, range(op.inputCount - 1))],
  fold: (op) => foldConcat(op, op.inputCount - 1, range(op.inputCount - 1)),
  foldShape: (op) => joinShapes(op, range(op.inputCount - 1)),
  grad: (op, [dy], $) => {
    if (dy === null) return op.inputs.map(() => null);
    return [...concatGrad(op, dy, $, op.inputs.length - 1, 0), null];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 1], [1, 2]), sample(float32, [2, 2], [3, 4, 5, 6]), sample(int32, [], [-1])],
      attrs: { N: 2 },
      outputs: [sample(float32, [2, 3], [1, 3, 4, 2, 5, 6])],
    },
  ],
});

function concatenated(op: InferContext, axisInput: number, values: readonly number[]): Shape {
  withRank(op.shape(axisInput), 0);
  const axis = intsOf(op.constant(axisInput))?.[0];
  if (axis === undefined) {
    const rank = values.map((i) => op.shape(i)?.length).find((n) => n !== undefined);
    return rank === undefined ? null : new Array<Dim>(rank).fill(null);
  }
  const least = axis < 0 ? -axis : axis + 1;
  let before: Shape = null;
  let after: Shape = null;
  let length: Dim = 0;
  // From the last to the first: the order in which messages name two inputs that do not fit.
  for (const i of [...values].reverse()) {
    const shape = withRankAtLeast(op.shape(i), least);
    if (shape === null) {
      length = null;
      continue;
    }
    const at = normalizeAxis(axis, shape.length);
    before = merge(shape.slice(0, at), before);
    after = merge(shape.slice(at + 1), after);
    length = length === null || shape[at] === null ? null : length + (shape[at] as number);
  }
  return before && after && [...before, length, ...after];
}

function foldConcat(op: InferContext, axisInput: number, inputs: readonly number[]): NdArray[] | null {
  const axis = intsOf(op.constant(axisInput))?.[0];
  const values = axis === undefined ? null : small(inputs.map((i) => op.constant(i)));
  return values && [concatArrays(values, normalizeAxis(axis as number, values[0].rank))];
}

/** A shape made of pieces, as far as they are known. */
function joinShapes(op: InferContext, inputs: readonly number[]): Shape {
  const dims: Dim[] = [];
  for (const i of inputs) {
    const piece = op.shape(i)?.length === 1 ? op.constantShape(i) : null;
    if (!piece) return null;
    dims.push(...piece);
  }
  return dims;
}

/** Slices of the gradient, as TensorFlow cuts it: by offsets, or by a split where there are many inputs. */
function concatGrad<V>(op: OpView<V>, dy: V, $: Vocabulary<V>, axisInput: number, first: number): V[] {
  const values = op.inputs.slice(first, first + op.inputs.length - 1);
  if (values.length === 1) return [dy];
  const axis = $.mod(op.inputs[axisInput], $.rank(values[0]));
  const sizes = inputShapes(values, $);
  if (sizes.length > 16) {
    const table = $.pack(sizes, 1);
    const begin = $.pack([axis, $.ints(0, 'Slice/begin/1')], 0, 'Slice/begin');
    const line = $.slice(table, begin, $.ints([1, -1], 'Slice/size'));
    return [...$.ops('SplitV', [dy, $.squeeze(line), axis], { num_split: sizes.length }, 'split')];
  }
  const offsets = $.ops('ConcatOffset', [axis, sizes]);
  return sizes.map((length, i) => $.slice(dy, offsets[i], length));
}

/** Constants where every shape is known, else one `ShapeN`. */
function inputShapes<V>(values: readonly V[], $: Vocabulary<V>): readonly V[] {
  const sizes: V[] = [];
  for (const value of values) {
    sizes.push($.shape(value));
    if (!isFullyDefined($.shapeOf(value))) return $.ops('ShapeN', [values]);
  }
  return sizes;
}

defineOp({
  name: 'ConcatOffset',
  doc: 'Where each input of a concatenation begins in its result.',
  inputs: ['concat_dim: int32', 'shape: N * shape_type'],
  outputs: ['offset: N * shape_type'],
  attrs: ['N: int >= 2', 'shape_type: {int32, int64} = int32'],
  infer: (op) => range(op.inputCount - 1, 1).map((i) => withRank(op.shape(i), 1)),
  fold: (op) => {
    const axis = intsOf(op.constant(0))?.[0];
    const shapes = range(op.inputCount - 1, 1).map((i) => intsOf(op.constant(i)));
    if (axis === undefined || !shapes.every((s) => s !== null)) return null;
    return concatOffsets(axis, shapes).map((offset, i) => intArray(op.outputDType(i), [offset.length], offset));
  },
  grad: (op) => op.inputs.map(() => null),
  samples: [
    {
      inputs: [sample(int32, [], [1]), sample(int32, [2], [2, 3]), sample(int32, [2], [2, 5])],
      attrs: { N: 2 },
      outputs: [sample(int32, [2], [0, 0]), sample(int32, [2], [0, 3])],
    },
  ],
});

// Split

defineOp({
  name: 'Split',
  doc: 'The input cut into parts of equal length along an axis.',
  inputs: ['split_dim: int32', 'value: T'],
  outputs: ['output: num_split * T'],
  attrs: ['num_split: int >= 1', 'T: type'],
  infer: (op) => {
    withRank(op.shape(0), 0);
    const count = Number(op.attr('num_split'));
    const axis = splitAxis(op, 0, 1);
    const shape = op.shape(1);
    if (shape === null) return new Array<Shape>(count).fill(null);
    if (axis === null) return new Array<Shape>(count).fill(shape.map(() => null));
    const length = shape[axis];
    if (length !== null && length % count !== 0) {
      throw new ShapeError(
        `Dimension size must be evenly divisible by ${count} but is ${length}\n\tNumber of ways to split should evenly divide the split dimension`,
      );
    }
    const part = shape.map((d, i) => (i === axis ? length && length / count : d));
    return new Array<Shape>(count).fill(part);
  },
  fold: (op) => {
    const axis = splitAxis(op, 0, 1);
    const values = axis === null ? null : small([op.constant(1)]);
    const count = Number(op.attr('num_split'));
    return (
      values && splitArray(values[0], new Array(count).fill(values[0].shape[axis as number] / count), axis as number)
    );
  },
  grad: (op, dy, $) => [null, joined(op.inputs[0], dy, $)],
  samples: [
    {
      inputs: [sample(int32, [], [0]), sample(float32, [4], [1, 2, 3, 4])],
      attrs: { num_split: 2 },
      outputs: [sample(float32, [2], [1, 2]), sample(float32, [2], [3, 4])],
    },
    {
      inputs: [sample(int32, [], [0]), sample(float32, [2], [1, 2])],
      attrs: { num_split: 1 },
      outputs: [sample(float32, [2], [1, 2])],
    },
  ],
});

function splitAxis(op: InferContext, axisInput: number, input: number): number | null {
  const axis = intsOf(op.constant(axisInput))?.[0];
  const rank = op.shape(input)?.length;
  if (axis === undefined || rank === undefined) return null;
  if (axis < -rank || axis >= rank) {
    throw new ShapeError(`Dimension size, given by scalar input ${axis} must be in range [-${rank}, ${rank})`);
  }
  return axis < 0 ? axis + rank : axis;
}

function joined<V>(axis: V, dy: readonly (V | null)[], $: Vocabulary<V>): V | null {
  // One part is the whole; ConcatV2 takes two or more.
  if (dy.length === 1) return dy[0];
  return dy.every((g) => g === null) ? null : $.concat(dy as readonly V[], axis);
}

defineOp({
  name: 'SplitV',
  doc: 'The input cut into parts of the given lengths along an axis; one length of -1 takes the rest.',
  inputs: ['value: T', 'size_splits: Tlen', 'split_dim: int32'],
  outputs: ['output: num_split * T'],
  attrs: ['num_split: int >= 1', 'T: type', 'Tlen: {int8, int32, int64} = int64'],
  infer: (op) => {
    const count = Number(op.attr('num_split'));
    const axis = splitAxis(op, 2, 0);
    const shape = op.shape(0);
    if (shape === null) return new Array<Shape>(count).fill(null);
    if (axis === null) return new Array<Shape>(count).fill(shape.map(() => null));
    const lengths = splitLengths(intsOf(op.constant(1)), shape[axis]);
    return range(count).map((k) => shape.map((d, i) => (i === axis ? (lengths?.[k] ?? null) : d)));
  },
  fold: (op) => {
    const axis = splitAxis(op, 2, 0);
    const values = axis === null ? null : small([op.constant(0)]);
    const lengths = values && splitLengths(intsOf(op.constant(1)), values[0].shape[axis as number]);
    return lengths?.every((n) => n !== null) ? splitArray((values as NdArray[])[0], lengths, axis as number) : null;
  },
  grad: (op, dy, $) => [joined(op.inputs[2], dy, $), null, null],
  samples: [
    {
      inputs: [sample(float32, [4], [1, 2, 3, 4]), sample(int32, [2], [1, -1]), sample(int32, [], [0])],
      attrs: { num_split: 2 },
      outputs: [sample(float32, [1], [1]), sample(float32, [3], [2, 3, 4])],
    },
  ],
});

/** The lengths of the parts; -1 takes what is left of `total`. Throws `ShapeError` where they do not add up to it. */
function splitLengths(sizes: readonly number[] | null, total: Dim): Dim[] | null {
  if (!sizes) return null;
  if (sizes.filter((n) => n === -1).length > 1) throw new ShapeError('size_splits can only have one -1');
  const bad = sizes.findIndex((n) => n < -1);
  if (bad >= 0) throw new ShapeError(`Split size at index ${bad} must be >= 0. Got: ${sizes[bad]}`);
  const given = sizes.reduce((sum, n) => (n < 0 ? sum : sum + n), 0);
  const open = sizes.includes(-1);
  if (total === null) return sizes.map((n) => (n < 0 ? null : n));
  if (open ? given > total : given !== total) {
    throw new ShapeError(
      open
        ? `Split size at index ${sizes.indexOf(-1)} must be >= 0. Got: ${total - given}`
        : `can't split axis of size ${total} into pieces of size [${sizes.join(',')}]`,
    );
  }
  return sizes.map((n) => (n < 0 ? total - given : n));
}

// Pack

defineOp({
  name: 'Pack',
  doc: 'Tensors of one shape along a new axis.',
  inputs: ['values: N * T'],
  outputs: ['output: T'],
  attrs: ['N: int >= 1', 'T: type', 'axis: int = 0'],
  infer: (op) => {
    let shape = op.shape(op.inputCount - 1);
    for (let i = op.inputCount - 2; i >= 0; i--) {
      try {
        shape = merge(op.shape(i), shape);
      } catch (error) {
        throw new ShapeError(`${(error as Error).message}\n\tFrom merging shape ${i} with other shapes.`);
      }
    }
    if (shape === null) return [null];
    const axis = packAxis(Number(op.attr('axis')), shape.length + 1);
    return [[...shape.slice(0, axis), op.inputCount, ...shape.slice(axis)]];
  },
  fold: (op) => {
    const values = small(range(op.inputCount).map((i) => op.constant(i)));
    return values && [stackArrays(values, packAxis(Number(op.attr('axis')), values[0].rank + 1))];
  },
  foldShape: (op) => {
    if (op.shape(0)?.length !== 0 || !op.dtype(0).isInteger) return null;
    return range(op.inputCount).map((i) => {
      const d = intsOf(op.constant(i))?.[0];
      return d === undefined || d < 0 ? null : d;
    });
  },
  grad: (op, [dy], $) => {
    if (dy === null) return op.inputs.map(() => null);
    const attrs = { num: op.inputs.length, axis: Number(op.attr('axis')) };
    return $.ops('Unpack', [dy], attrs, 'unstack');
  },
  samples: [
    {
      inputs: [sample(float32, [2], [1, 2]), sample(float32, [2], [3, 4])],
      attrs: { axis: 1 },
      outputs: [sample(float32, [2, 2], [1, 3, 2, 4])],
    },
  ],
});

function packAxis(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw new ShapeError(`Invalid axis: ${axis}; must be in [${-rank},${rank})`);
  return axis < 0 ? axis + rank : axis;
}

defineOp({
  name: 'Unpack',
  doc: 'The parts of the input along an axis, without that axis.',
  inputs: ['value: T'],
  outputs: ['output: num * T'],
  attrs: ['num: int >= 0', 'T: type', 'axis: int = 0'],
  infer: (op) => {
    const count = Number(op.attr('num'));
    const shape = op.shape(0);
    if (shape === null) return new Array<Shape>(count).fill(null);
    const axis = packAxis(Number(op.attr('axis')), shape.length);
    const length = shape[axis];
    if (length !== null && length !== count) throw new ShapeError(`Dimension must be ${count} but is ${length}`);
    return new Array<Shape>(count).fill(shape.filter((_, i) => i !== axis));
  },
  fold: (op) => {
    const values = small([op.constant(0)]);
    return values && unstackArray(values[0], packAxis(Number(op.attr('axis')), values[0].rank));
  },
  grad: (op, dy, $) => [dy.every((g) => g === null) ? null : $.pack(dy, Number(op.attr('axis')))],
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4])],
      attrs: { num: 2, axis: 1 },
      outputs: [sample(float32, [2], [1, 3]), sample(float32, [2], [2, 4])],
    },
  ],
});

defineOp({
  name: 'ParallelConcat',
  doc: 'Tensors whose first length is 1, one after the other along the first axis.',
  inputs: ['values: N * T'],
  outputs: ['output: T'],
  attrs: ['N: int >= 1', 'T: type', 'shape: shape'],
  infer: (op) => [op.attr<Shape>('shape')],
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [1, 2], [1, 2]), sample(float32, [1, 2], [3, 4])],
      attrs: { shape: [2, 2] },
      outputs: [sample(float32, [2, 2], [1, 2, 3, 4])],
      differentiable: false,
    },
  ],
});

// The functions

interface NameOption {
  readonly name?: string | null;
}

/**
 * Tensors of one type one after the other along `axis`; their other lengths must agree, else `ValueError`.
 *
 *     tf.concat([a, b], 0)
 */
export function concat(
  values: readonly TensorLike[] | Tensor,
  ...rest:
    | readonly [axis: TensorLike, ...Rest<[name: string | null], NameOption>]
    | readonly [options: NameOption & { readonly axis: TensorLike }]
): Tensor {
  const { axis = null, name } = bind<NameOption & { readonly axis: TensorLike | null }>(['axis', 'name'], rest);
  if (axis === null) throw new TypeError("concat() missing 1 required positional argument: 'axis'");
  const list = Array.isArray(values) ? (values as readonly TensorLike[]) : [values as Tensor];
  if (list.length !== 1) return emitOne('ConcatV2', [list, axis], {}, name ?? 'concat');
  return opScope(name, 'concat', list, () => {
    // A list stands here in programs that give the axis first, as TensorFlow once had it: its shape is what is wrong.
    const type = Array.isArray(axis) ? { preferredDtype: int32 } : { dtype: int32 };
    const dim = convertToTensor(axis, { ...type, name: 'concat_dim' });
    if (dim.shape && dim.shape.length !== 0) throw new ValueError(`Shape ${formatShape(dim.shape)} must have rank 0`);
    return emitOne('Identity', [list[0]], {}, name ?? 'concat');
  });
}

interface SplitOptions extends NameOption {
  readonly axis?: TensorLike;
  readonly num?: number | null;
}

/**
 * The value cut along `axis` into a number of equal parts, or into parts of the given lengths (one may be -1).
 * Throws `ValueError` where the parts do not fit.
 *
 *     tf.split(x, 3, 1)          // three parts
 *     tf.split(x, [2, 5], 1)     // parts of lengths 2 and 5
 */
export function split(
  value: TensorLike,
  numOrSizeSplits: number | TensorLike,
  ...rest: Rest<[axis: TensorLike, num: number | null, name: string | null], SplitOptions>
): Tensor[] {
  const { axis = 0, num, name } = bind<SplitOptions>(['axis', 'num', 'name'], rest);
  if (typeof numOrSizeSplits === 'number') {
    return [...emit('Split', [axis, value], { num_split: numOrSizeSplits }, name ?? 'split').outputs];
  }
  return onGraph([value, numOrSizeSplits, axis], () =>
    splitBySizes(value, numOrSizeSplits, axis, num ?? null, name ?? 'split'),
  );
}

function splitBySizes(value: TensorLike, lengths: TensorLike, axis: TensorLike, num: number | null, name: string) {
  const sizes = convertToTensor(lengths, { preferredDtype: int32 });
  if (sizes.shape?.length === 0) {
    throw new ValueError(
      `Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument provided: ${String(lengths)}`,
    );
  }
  const count = num ?? sizes.shape?.[0] ?? null;
  if (count === null) throw new ValueError(`Cannot infer argument \`num\` from shape ${sizes.getShape()}`);
  return [...emit('SplitV', [value, sizes, axis], { num_split: count }, name).outputs];
}

interface AxisOptions extends NameOption {
  readonly axis?: number;
}

/**
 * Tensors of one shape and type along a new axis. A list of plain numbers becomes a constant.
 *
 *     tf.stack([x, y])        // [2, …]
 *     tf.stack([x, y], -1)    // […, 2]
 */
export function stack(
  values: readonly TensorLike[],
  ...rest: Rest<[axis: number, name: string | null], AxisOptions>
): Tensor {
  const { axis = 0, name } = bind<AxisOptions>(['axis', 'name'], rest);
  const wished = name ?? 'stack';
  if (axis === 0) return convertToTensor(values as TensorLike, { name: wished });
  const [first] = values;
  const shape = isSymbolic(first) && 'shape' in first ? (first.shape as Shape) : null;
  const rank = shape === null ? null : shape.length + 1;
  if (rank !== null && (axis < -rank || axis >= rank)) {
    throw new ValueError(`Argument \`axis\` = ${axis} not in range [${-rank}, ${rank})`);
  }
  return emitOne('Pack', [values], { axis }, wished);
}

interface UnstackOptions extends AxisOptions {
  readonly num?: number | null;
}

/**
 * The parts of a tensor along `axis`, without that axis. Throws `ValueError` where their number is neither known from
 * the shape nor given.
 *
 *     const [x, y] = tf.unstack(points, 2, 1);
 */
export function unstack(
  value: TensorLike,
  ...rest: Rest<[num: number | null, axis: number, name: string | null], UnstackOptions>
): Tensor[] {
  const { num, axis = 0, name } = bind<UnstackOptions>(['num', 'axis', 'name'], rest);
  return onGraph([value], () => {
    const x = num == null ? convertToTensor(value) : value;
    return [...emit('Unpack', [x], { num: num ?? lengthOf(x as Tensor, axis), axis }, name ?? 'unstack').outputs];
  });
}

function lengthOf(x: Tensor, axis: number): number {
  const { shape } = x;
  const rank = shape?.length ?? 0;
  if (shape && (axis < -rank || axis >= rank)) {
    throw new ValueError(`Argument \`axis\` = ${axis} not in range [${-rank}, ${rank})`);
  }
  const length = shape?.at(axis) ?? null;
  if (length === null) throw new ValueError(`Cannot infer argument \`num\` from shape ${x.getShape()}`);
  return length;
}

/** Tensors of one known shape along a new first axis, as `stack`; without a gradient. */
export function parallelStack(values: readonly TensorLike[], ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return opScope(name, 'parallel_stack', [values], () => {
    const tensors = values.map((v) => convertToTensor(v));
    const { shape } = tensors[0];
    if (!isFullyDefined(shape))
      throw new ValueError(`The shape of the values must be known, got ${tensors[0].getShape()}`);
    const parts = tensors.map((t) => expandDims(t, 0));
    return emitOne('ParallelConcat', [parts], { shape: [values.length, ...shape] });
  });
}

/** Builds on the graph of the inputs, all or nothing, without a name scope. */
function onGraph<R>(inputs: readonly unknown[], body: () => R): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(body));
}
