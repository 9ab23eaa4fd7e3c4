/**
 * Selecting parts of tensors by position, and running axes backwards or around: slices, strided slices, reversals, rolls.
 * Selecting by index tensors is in `gather.ts`.
 */

import { Tensor } from '../graph/graph.ts';
import type { SliceSpec } from '../graph/operators.ts';
import { bool, type DType, float32, int32, int64 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { type Dim, isFullyDefined, type Shape, sizeOf } from '../util/shape.ts';
import { sliceArray } from '../util/strided.ts';
import { constantOp, convertToTensor, emitOne, graphOf, opScope } from './emit.ts';
import { reversedAxes } from './opdef/array-rules.ts';
import { defineOp, type InferContext, ShapeError, sample } from './opdef/define.ts';
import { merge, mergeDim, withRank } from './opdef/shape-rules.ts';
import { type ResolvedSlice, resolveSlice, sliceMasks } from './opdef/slice-spec.ts';
import { intArray, intsOf, MAX_FOLDED } from './opdef/small-ints.ts';
import { bind, isSymbolic, type Rest, renamed, type TensorLike } from './tensor-like.ts';

// Slice

defineOp({
  name: 'Slice',
  doc: 'The part of the input that begins at `begin` and has the lengths `size`; -1 goes to the end.',
  inputs: ['input: T', 'begin: Index', 'size: Index'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Index: {int32, int64}'],
  infer: (op) => [sliced(op)],
  fold: (op) => {
    const value = op.constant(0);
    const begin = intsOf(op.constant(1));
    const shape = value && begin && intsOf(op.constant(2)) ? sliced(op) : null;
    if (!value || !begin || !isFullyDefined(shape) || sizeOf(shape) > MAX_FOLDED) return null;
    const fits = begin.every((b, i) => b >= 0 && shape[i] >= 0 && b + shape[i] <= value.shape[i]);
    return fits ? [sliceArray(value, begin, shape)] : null;
  },
  foldShape: (op) => {
    const begin = intsOf(op.constant(1));
    const size = intsOf(op.constant(2));
    const vector = op.shape(0)?.length === 1 ? op.constantShape(0) : null;
    if (!vector || begin?.length !== 1 || size?.length !== 1 || begin[0] < 0) return null;
    return vector.slice(begin[0], size[0] < 0 ? undefined : begin[0] + size[0]);
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null, null];
    const [x, begin] = op.inputs;
    const index = $.dtypeOf(begin);
    const rank = $.rank(x);
    const size = $.shape(op.outputs[0], index);
    const column = $.pack([rank, $.ints(1, 'stack/1')]);
    const before = $.reshape(begin, column);
    const total = $.shape(x, index, 'Shape_1');
    const after = $.reshape($.sub($.sub(total, size), begin), column);
    const paddings = $.concat([before, after], $.ints(1, 'concat/axis'));
    return [$.op('Pad', [dy, paddings]), null, null];
  },
  samples: [
    {
      inputs: [sample(float32, [4], [1, 2, 3, 4]), sample(int32, [1], [1]), sample(int32, [1], [2])],
      outputs: [sample(float32, [2], [2, 3])],
    },
  ],
});

function sliced(op: InferContext): Shape {
  const count = mergeDim(withRank(op.shape(1), 1)[0], withRank(op.shape(2), 1)[0]);
  const begin = intsOf(op.constant(1));
  const size = intsOf(op.constant(2));
  const partial = size ?? op.constantShape(2);
  const rank = count ?? op.shape(0)?.length ?? null;
  if (rank === null) return null;
  const shape = withRank(op.shape(0), rank);
  return shape.map((d, i) => {
    const length = partial?.[i] ?? null;
    if (length !== null && length >= 0) return length;
    if (length !== null && length < -1) throw new ShapeError(`Invalid value in tensor used for shape: ${length}`);
    if (length === null || !begin || d === null) return null;
    if (d < begin[i]) {
      throw new ShapeError(`Negative dimension size caused by subtracting ${begin[i]} from ${d}`);
    }
    return d - begin[i];
  });
}

// StridedSlice

const MASKS = [
  'begin_mask: int = 0',
  'end_mask: int = 0',
  'ellipsis_mask: int = 0',
  'new_axis_mask: int = 0',
  'shrink_axis_mask: int = 0',
];
const MASK_NAMES = MASKS.map((mask) => mask.split(':')[0]);

const masksOf = (attr: (name: string) => unknown) =>
  Object.fromEntries(MASK_NAMES.map((name) => [name, Number(attr(name))]));

/** Resolves the slice of `shape` whose vectors are the three inputs from `first` on. */
function resolved(op: InferContext, shape: Shape, first: number): ResolvedSlice | null {
  let count: Dim = null;
  for (let i = first; i < first + 3; i++) count = mergeDim(count, withRank(op.shape(i), 1)[0]);
  const strides = intsOf(op.constant(first + 2));
  if (count === null || !strides) return null;
  const begin = intsOf(op.constant(first));
  const end = intsOf(op.constant(first + 1));
  return resolveSlice(shape, { count, begin, end, strides, ...sliceMasks((name) => op.attr(name)) });
}

defineOp({
  name: 'StridedSlice',
  doc: 'What Python’s extended slicing selects of the input.',
  inputs: ['input: T', 'begin: Index', 'end: Index', 'strides: Index'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Index: {int16, int32, int64}', ...MASKS],
  infer: (op) => [resolved(op, op.shape(0), 1)?.shape ?? null],
  fold: (op) => {
    const vector = op.shape(0)?.length === 1;
    const value = op.constant(0);
    if (!value && !(vector && op.dtype(0).isInteger)) return null;
    const part = resolved(op, op.shape(0), 1);
    if (!part || !isFullyDefined(part.lengths) || !isFullyDefined(part.shape) || part.begin.includes(null)) return null;
    if (sizeOf(part.shape) > MAX_FOLDED) return null;
    const begin = part.begin as readonly number[];
    if (value) return [sliceArray(value, begin, part.lengths, part.strides).reshape(part.shape)];
    // Of a partly known vector the elements that are known.
    const dims = op.constantShape(0);
    const taken = Array.from({ length: part.lengths[0] }, (_, k) => dims?.[begin[0] + k * part.strides[0]] ?? null);
    return taken.includes(null) ? null : [intArray(op.dtype(0), part.shape, taken as number[])];
  },
  foldShape: (op) => {
    const dims = op.shape(0)?.length === 1 ? op.constantShape(0) : null;
    const part = resolved(op, op.shape(0), 1);
    if (!dims || part?.shape.length !== 1 || part.begin[0] === null || part.lengths[0] === null) return null;
    const first = part.begin[0];
    return Array.from({ length: part.lengths[0] }, (_, k) => dims[first + k * part.strides[0]] ?? null);
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null, null, null];
    const [x, ...vectors] = op.inputs;
    const index = $.dtypeOf(vectors[0]);
    const shape = $.shape(x, index);
    const named = ['shape', 'begin', 'end', 'strides'];
    const operands = [shape, ...vectors].map((v, i) => {
      const value = $.constantValue(v);
      return value ? $.constant(value, index, `StridedSliceGrad/${named[i]}`) : v;
    });
    const dx = $.op(
      'StridedSliceGrad',
      [...operands, dy],
      masksOf((name) => op.attr(name)),
    );
    return [dx, null, null, null];
  },
  samples: [
    {
      inputs: [
        sample(float32, [5], [1, 2, 3, 4, 5]),
        sample(int32, [1], [0]),
        sample(int32, [1], [0]),
        sample(int32, [1], [-2]),
      ],
      attrs: { begin_mask: 1, end_mask: 1 },
      outputs: [sample(float32, [3], [5, 3, 1])],
    },
    {
      inputs: [
        sample(float32, [2, 2], [1, 2, 3, 4]),
        sample(int32, [2], [1, 0]),
        sample(int32, [2], [2, 0]),
        sample(int32, [2], [1, 1]),
      ],
      attrs: { shrink_axis_mask: 1, end_mask: 2 },
      outputs: [sample(float32, [2], [3, 4])],
    },
  ],
});

defineOp({
  name: 'StridedSliceGrad',
  doc: 'Zeros of a shape, with `dy` in the place that a strided slice would select.',
  inputs: ['shape: Index', 'begin: Index', 'end: Index', 'strides: Index', 'dy: T'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Index: {int32, int64}', ...MASKS],
  infer: (op) => [op.constantShape(0)],
  grad: (op, [dy], $) => {
    if (dy === null) return op.inputs.map(() => null);
    const [, begin, end, strides] = op.inputs;
    const taken = $.op(
      'StridedSlice',
      [dy, begin, end, strides],
      masksOf((name) => op.attr(name)),
    );
    return [null, null, null, null, taken];
  },
  decompose: (op, $) => {
    const [shape, begin, end, strides] = op.inputs.slice(0, 4).map((v) => intsOf($.constantValue(v)));
    if (!shape || !begin || !end || !strides) return null;
    const spec = { count: begin.length, begin, end, strides, ...sliceMasks((name) => op.attr(name)) };
    const part = resolveSlice(shape, spec);
    if (!part || !isFullyDefined(part.lengths)) return null;
    const { begin: first, lengths } = part;
    if (!part.strides.every((s, i) => s === 1 || lengths[i] === 1)) return null;
    const paddings = lengths.flatMap((length, i) => {
      const before = first[i] as number;
      return [before, shape[i] - before - length];
    });
    const table = $.constant({ data: Int32Array.from(paddings), shape: [shape.length, 2] }, int32, 'paddings');
    return [$.op('Pad', [$.reshape(op.inputs[4], lengths), table])];
  },
  samples: [
    {
      inputs: [
        sample(int32, [1], [4]),
        sample(int32, [1], [1]),
        sample(int32, [1], [4]),
        sample(int32, [1], [2]),
        sample(float32, [2], [1, 2]),
      ],
      outputs: [sample(float32, [4], [0, 1, 0, 2])],
    },
  ],
});

// Reversals

const REVERSIBLE =
  'uint8, int8, uint16, int16, uint32, int32, uint64, int64, bool, bfloat16, float16, float32, float64, complex64, complex128, string';

defineOp({
  name: 'Reverse',
  doc: 'The input with the axes that `dims` marks running backwards.',
  inputs: ['tensor: T', 'dims: bool'],
  outputs: ['output: T'],
  attrs: [`T: {${REVERSIBLE}}`],
  infer: (op) => {
    const [count] = withRank(op.shape(1), 1);
    if (count !== null && count > 8)
      throw new ShapeError('reverse does not work on tensors with more than 8 dimensions');
    const shape = op.shape(0);
    if (count === null) return [shape];
    return [withRank(shape, count)];
  },
  grad: (op, [dy], $) => [dy === null ? null : $.op('Reverse', [dy, op.inputs[1]]), null],
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(bool, [2], [true, false])],
      outputs: [sample(float32, [2, 2], [3, 4, 1, 2])],
    },
  ],
});

defineOp({
  name: 'ReverseV2',
  doc: 'The input with the axes of a list running backwards.',
  inputs: ['tensor: T', 'axis: Tidx'],
  outputs: ['output: T'],
  attrs: [
    'Tidx: {int32, int64} = int32',
    'T: {uint8, int8, uint16, int16, int32, uint32, int64, uint64, bool, bfloat16, float16, float32, float64, complex64, complex128, string}',
  ],
  infer: (op) => {
    withRank(op.shape(1), 1);
    const shape = op.shape(0);
    const axes = intsOf(op.constant(1));
    if (shape && axes) reversedAxes(axes, shape.length);
    return [shape];
  },
  grad: (op, [dy], $) => [dy === null ? null : $.op('ReverseV2', [dy, op.inputs[1]]), null],
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(int32, [1], [-1])],
      outputs: [sample(float32, [2, 2], [2, 1, 4, 3])],
    },
  ],
});

defineOp({
  name: 'ReverseSequence',
  doc: 'The input with the first elements along an axis reversed, as many as `seq_lengths` says for each batch.',
  inputs: ['input: T', 'seq_lengths: Tlen'],
  outputs: ['output: T'],
  attrs: ['seq_dim: int', 'batch_dim: int = 0', 'T: type', 'Tlen: {int32, int64} = int64'],
  infer: (op) => {
    const [count] = withRank(op.shape(1), 1);
    const shape = op.shape(0);
    if (shape === null) return [null];
    const [batch, seq] = [Number(op.attr('batch_dim')), Number(op.attr('seq_dim'))];
    const rank = shape.length;
    if (batch >= rank) throw new ShapeError(`batch_dim must be < input rank: ${batch} vs. ${rank}`);
    if (seq >= rank) throw new ShapeError(`seq_dim must be < input rank: ${seq} vs. ${rank}`);
    const at = batch < 0 ? batch + rank : batch;
    return [shape.map((d, i) => (i === at ? mergeDim(d, count) : d))];
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null];
    const attrs = { seq_dim: op.attr('seq_dim'), batch_dim: op.attr('batch_dim') };
    return [$.op('ReverseSequence', [dy, op.inputs[1]], attrs), null];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(int64, [2], [2, 1])],
      attrs: { seq_dim: 1 },
      outputs: [sample(float32, [2, 2], [2, 1, 3, 4])],
    },
  ],
});

defineOp({
  name: 'Roll',
  doc: 'The input shifted along axes; what falls off one end comes in at the other.',
  inputs: ['input: T', 'shift: Tshift', 'axis: Taxis'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tshift: {int32, int64}', 'Taxis: {int32, int64}'],
  infer: (op) => {
    if (op.shape(0)?.length === 0) throw new ShapeError('Shape must be at least rank 1 but is rank 0');
    merge(op.shape(1), op.shape(2));
    return [op.shape(0)];
  },
  grad: (op, [dy], $) => {
    if (dy === null) return [null, null, null];
    return [$.op('Roll', [dy, $.neg(op.inputs[1]), op.inputs[2]]), null, null];
  },
  samples: [
    {
      inputs: [sample(float32, [4], [1, 2, 3, 4]), sample(int32, [], [1]), sample(int32, [], [0])],
      outputs: [sample(float32, [4], [4, 1, 2, 3])],
    },
  ],
});

// The functions

interface NameOption {
  readonly name?: string | null;
}

/** The type of index operands: that of a tensor among them, else int32. */
function indexType(values: readonly unknown[]): DType {
  const stack = [...values];
  while (stack.length > 0) {
    const item = stack.pop();
    if (isSymbolic(item)) return (item as { dtype?: DType }).dtype ?? int32;
    if (typeof item === 'bigint') return int64;
    if (Array.isArray(item)) for (const inner of item) stack.push(inner);
  }
  return int32;
}

/**
 * The part of a tensor that begins at `begin` and has the lengths `size`; -1 goes to the end of its axis.
 * A run whose tensor is too small fails with `InvalidArgumentError`.
 *
 *     tf.slice(x, [0, 1], [-1, 2])    // x[:, 1:3]
 */
export function slice(
  input: TensorLike,
  begin: TensorLike,
  size: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('Slice', [input, begin, size], { Index: indexType([begin, size]) }, name);
}

export interface StridedSliceOptions extends NameOption {
  readonly strides?: TensorLike | null;
  readonly beginMask?: number;
  readonly endMask?: number;
  readonly ellipsisMask?: number;
  readonly newAxisMask?: number;
  readonly shrinkAxisMask?: number;
}

/**
 * Python's extended slicing with the vectors and bit masks of the op; `x.slice(…)` is the readable form.
 * Throws `ValueError` for a stride of 0 or a single index out of range.
 *
 *     tf.stridedSlice(x, [0], [0], [2], {endMask: 1})    // x[0::2]
 */
export function stridedSlice(
  input: TensorLike,
  begin: TensorLike,
  end: TensorLike,
  ...rest: Rest<
    [
      strides: TensorLike | null,
      beginMask: number,
      endMask: number,
      ellipsisMask: number,
      newAxisMask: number,
      shrinkAxisMask: number,
      name: string | null,
    ],
    StridedSliceOptions
  >
): Tensor {
  const o = bind<StridedSliceOptions>(
    ['strides', 'beginMask', 'endMask', 'ellipsisMask', 'newAxisMask', 'shrinkAxisMask', 'name'],
    rest,
  );
  const attrs = {
    Index: indexType([begin, end, o.strides]),
    begin_mask: o.beginMask ?? 0,
    end_mask: o.endMask ?? 0,
    ellipsis_mask: o.ellipsisMask ?? 0,
    new_axis_mask: o.newAxisMask ?? 0,
    shrink_axis_mask: o.shrinkAxisMask ?? 0,
  };
  if (o.strides != null) return stridedSliceBy(input, begin, end, o.strides, attrs, o.name);
  if (isSymbolic(begin)) {
    const from = convertToTensor(begin);
    return stridedSliceBy(input, from, end, emitOne('OnesLike', [from], {}, 'ones_like'), attrs, o.name);
  }
  const steps = new Array<number>(Array.isArray(begin) ? begin.length : 1).fill(1);
  return stridedSliceBy(input, begin, end, steps, attrs, o.name);
}

/** The op under the names of its arguments; slices that operators build have their own. */
function stridedSliceBy(
  input: TensorLike,
  begin: TensorLike,
  end: TensorLike,
  strides: TensorLike,
  attrs: Readonly<Record<string, DType | number>>,
  name: string | null | undefined,
): Tensor {
  return opScope(name, 'StridedSlice', [input, begin, end, strides], (scope) => {
    const vectors = [begin, end, strides].map((value, i) =>
      convertToTensor(value, {
        dtype: isSymbolic(value) ? null : (attrs.Index as DType),
        name: ['begin', 'end', 'strides'][i],
      }),
    );
    return emitOne('StridedSlice', [convertToTensor(input, { name: 'input' }), ...vectors], attrs, scope);
  });
}

/**
 * What Python's `x[…]` builds, with its names: an index drops its axis, `{start, stop, step}` keeps a range, `null` adds
 * an axis, `'...'` stands for the axes in between. Throws `TypeError` for anything else.
 */
export function stridedSliceOf(x: Tensor, specs: readonly SliceSpec<Tensor>[], name?: string | null): Tensor {
  const vectors: [(number | Tensor)[], (number | Tensor)[], number[]] = [[], [], []];
  const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 };
  const push = (b: number | Tensor, e: number | Tensor, s: number) => {
    vectors[0].push(b);
    vectors[1].push(e);
    vectors[2].push(s);
  };
  const graph = graphOf([x, specs]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      specs.forEach((spec, i) => {
        const bit = 1 << i;
        if (spec === null) {
          masks.new_axis_mask |= bit;
          push(0, 0, 1);
        } else if (spec === '...') {
          masks.ellipsis_mask |= bit;
          push(0, 0, 1);
        } else if (typeof spec === 'number' || spec instanceof Tensor) {
          masks.shrink_axis_mask |= bit;
          push(checked(spec), typeof spec === 'number' ? spec + 1 : emitOne('AddV2', [spec, 1], {}, 'add'), 1);
        } else if (typeof spec === 'object' && !isSymbolic(spec) && !Array.isArray(spec)) {
          if (spec.start == null) masks.begin_mask |= bit;
          if (spec.stop == null) masks.end_mask |= bit;
          push(checked(spec.start ?? 0), checked(spec.stop ?? 0), checked(spec.step ?? 1) as number);
        } else {
          throw badIndex(spec);
        }
      });
      return opScope(name, 'strided_slice', [x], (scope) => {
        const packed = packIndices(vectors);
        return emitOne('StridedSlice', [x, ...packed], masks, scope);
      });
    }),
  );
}

function checked(index: number | Tensor): number | Tensor {
  const fine = index instanceof Tensor ? index.dtype.isInteger : Number.isInteger(index);
  if (!fine) throw badIndex(index);
  return index;
}

function badIndex(index: unknown): Error {
  return new TypeError(
    `Only integers, slices (\`:\`), ellipsis (\`...\`), tf.newaxis (\`None\`) and scalar tf.int32/tf.int64 tensors are valid indices, got ${String(index)}`,
  );
}

/** `stack`, `stack_1`, `stack_2`; without any index three times one empty constant. */
function packIndices(vectors: readonly (readonly (number | Tensor)[])[]): Tensor[] {
  const dtype = indexType(vectors);
  if (dtype !== int32 && dtype !== int64) throw badIndex(dtype);
  if (vectors[0].length === 0) {
    const empty = constantOp(intArray(int32, [0], []) as never, 'Const');
    return [empty, empty, empty];
  }
  return vectors.map((list) => convertToTensor([...list], { dtype, name: 'stack' }));
}

/**
 * The tensor with the given axes running backwards.
 *
 *     tf.reverse([[1, 2], [3, 4]], [1])    // [[2 1], [4 3]]
 */
export function reverse(
  tensor: TensorLike,
  axis: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('ReverseV2', [tensor, axis], {}, name);
}

export interface ReverseSequenceOptions extends NameOption {
  readonly seqAxis?: number | null;
  readonly batchAxis?: number | null;
  /** The former names. */
  readonly seqDim?: number | null;
  readonly batchDim?: number | null;
}

/**
 * The input with, for each batch, its first `seqLengths[batch]` elements along `seqAxis` reversed: for recurrent nets
 * that read padded sequences backwards. Throws `ValueError` without `seqAxis`.
 *
 *     tf.reverseSequence(x, lengths, {seqAxis: 1, batchAxis: 0})
 */
export function reverseSequence(
  input: TensorLike,
  seqLengths: TensorLike,
  ...rest: Rest<[seqAxis: number | null, batchAxis: number | null, name: string | null], ReverseSequenceOptions>
): Tensor {
  const { name, ...given } = bind<ReverseSequenceOptions>(['seqAxis', 'batchAxis', 'name'], rest);
  const seqAxis = renamed(['seq_axis', 'seq_dim'], given.seqAxis, given.seqDim);
  const batchAxis = renamed(['batch_axis', 'batch_dim'], given.batchAxis, given.batchDim);
  if (seqAxis === null) throw new ValueError('seq_dim must be specified.');
  return emitOne('ReverseSequence', [input, seqLengths], { seq_dim: seqAxis, batch_dim: batchAxis ?? 0 }, name);
}

/**
 * The elements shifted along axes, around the ends.
 *
 *     tf.roll([1, 2, 3, 4], 1, 0)    // 4 1 2 3
 */
export function roll(
  input: TensorLike,
  shift: TensorLike,
  axis: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('Roll', [input, shift, axis], { Tshift: indexType([shift]), Taxis: indexType([axis]) }, name);
}
