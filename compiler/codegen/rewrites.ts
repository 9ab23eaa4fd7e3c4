/**
 * Ops in other words, for which there are generated kernels: indices of 64 bits as ones of 32, and ops that are broadcasts
 * and comparisons as these, so that they are fused with others. Applying the rules is `passes/decompose.ts`'s business.
 */
import type { OpView } from '../../src/ops/opdef/define.ts';
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import type { Vocabulary } from '../../src/ops/opdef/vocabulary.ts';
import { bool, type DType, float32, int32, int64 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { Facts } from '../ir/context.ts';
import type { IrValue } from '../ir/module.ts';

type View = OpView<IrValue>;
type Words = Vocabulary<IrValue>;
type Rule = (op: View, $: Words, facts: Facts) => readonly IrValue[] | null;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['ArgMax', narrowResult],
  ['ArgMin', narrowResult],
  ['Equal', compareNarrow],
  ['NotEqual', compareNarrow],
  ['OneHot', (op, $, facts) => narrowed(op, $, facts, [0], ['axis']) ?? oneHot(op, $)],
  ['SparseSoftmaxCrossEntropyWithLogits', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['Gather', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['GatherV2', (op, $, facts) => narrowed(op, $, facts, [1], ['batch_dims']) ?? gatherInBatches(op, $)],
  ['GatherNd', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['ScatterNd', (op, $, facts) => narrowed(op, $, facts, [0, 2], [])],
  ['ScatterNdNonAliasingAdd', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['TensorScatterAdd', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['TensorScatterSub', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['TensorScatterUpdate', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['UnsortedSegmentSum', (op, $, facts) => narrowed(op, $, facts, [1], [])],
  ['ReverseSequence', (op, $, facts) => narrowed(op, $, facts, [1], ['seq_dim', 'batch_dim'])],
  ['InTopK', (op, $, facts) => narrowed(op, $, facts, [1], ['k'])],
  ['InTopKV2', (op, $, facts) => narrowed(op, $, facts, [1, 2], [])],
  ['MaxPoolWithArgmax', narrowArgmax],
  ['MaxPoolGradWithArgmax', (op, $, facts) => narrowed(op, $, facts, [2], POOL)],
  ['Pow', power],
  ['RandomUniform', uniform],
  ['MatrixBandPart', band],
  ['Tile', broadcast],
]);

/** What says an op of this type in other words, or answers null where it is better as it is; undefined where nothing does. */
export function rewriteOf(type: string): Rule | undefined {
  return rules.get(type);
}

/** Types whose elements generated kernels take. */
const TYPES: ReadonlySet<DType> = new Set([float32, int32, bool]);

const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'ExpandDims', 'Squeeze']);

function isKnown($: Words, values: readonly IrValue[]): boolean {
  return values.every((value) => {
    const shape = $.shapeOf(value);
    return isFullyDefined(shape) && sizeOf(shape) > 0;
  });
}

/** The op with these of its inputs, indices of 64 bits, as ones of 32. No index beyond them is a place of anything. */
function narrowed(
  op: View,
  $: Words,
  facts: Facts,
  indices: readonly number[],
  names: readonly string[],
): readonly IrValue[] | null {
  const isOther = (x: IrValue, i: number) =>
    indices.includes(i) || TYPES.has($.dtypeOf(x)) || $.constantValue(x) !== null;
  if ($.dtypeOf(op.inputs[indices[0]]) !== int64 || !op.inputs.every(isOther)) return null;
  if (!op.outputs.every((y) => TYPES.has($.dtypeOf(y))) || !isKnown($, [...op.inputs, ...op.outputs])) return null;
  const inputs = op.inputs.map((x, i) => (indices.includes(i) ? narrow(x, $, facts) : x));
  return $.ops(op.type, inputs, Object.fromEntries(names.map((name) => [name, op.attr(name)])));
}

/** Under another shape they are narrowed as they were: once for all. */
function narrow(indices: IrValue, $: Words, facts: Facts): IrValue {
  let source = indices;
  for (;;) {
    const view = facts.node(source.node);
    if (!VIEWS.has(view.op) || !isKnown($, [view.inputs[0]])) break;
    [source] = view.inputs;
  }
  const { op, inputs } = facts.node(source.node);
  const isWidened = op === 'Cast' && $.dtypeOf(inputs[0]) === int32;
  if (isWidened) return $.reshape(inputs[0], $.shapeOf(indices) as KnownShape);
  const known = $.op('_NarrowIndices', [source]);
  return source === indices ? known : $.reshape(known, $.shapeOf(indices) as KnownShape);
}

/** Places as integers of 32 bits, which hold them all, and then as what was asked for. */
function narrowResult(op: View, $: Words): readonly IrValue[] | null {
  const [x, axis] = op.inputs;
  if ($.dtypeOf(op.outputs[0]) !== int64 || !TYPES.has($.dtypeOf(x)) || !isKnown($, [x, axis])) return null;
  return [$.cast($.op(op.type, [x, axis], { output_type: int32 }), int64)];
}

const POOL = ['ksize', 'strides', 'padding', 'include_batch_in_index'];

function narrowArgmax(op: View, $: Words): readonly IrValue[] | null {
  const [x] = op.inputs;
  if ($.dtypeOf(op.outputs[1]) !== int64 || $.dtypeOf(x) !== float32 || !isKnown($, [x])) return null;
  if (sizeOf($.shapeOf(x) as KnownShape) >= 2 ** 31) return null;
  const attrs = Object.fromEntries(POOL.map((name) => [name, op.attr(name)]));
  const [greatest, places] = $.ops(op.type, [x], { ...attrs, Targmax: int32 });
  return [greatest, $.cast(places, int64)];
}

/** What was made of integers of 32 bits is equal where these are. */
function compareNarrow(op: View, $: Words, facts: Facts): readonly IrValue[] | null {
  if (!op.inputs.every((x) => $.dtypeOf(x) === int64)) return null;
  const sources = op.inputs.map((x) => facts.node(x.node));
  if (!sources.every(({ op: type, inputs }) => type === 'Cast' && $.dtypeOf(inputs[0]) === int32)) return null;
  const inputs = sources.map((source) => source.inputs[0]);
  return [$.op(op.type, inputs, { incompatible_shape_error: op.attr('incompatible_shape_error') })];
}

/** One value where the index is the number of the place, and another elsewhere. */
function oneHot(op: View, $: Words): readonly IrValue[] | null {
  const [indices, depth, on, off] = op.inputs;
  const count = intsOf($.constantValue(depth))?.[0];
  const [shape, type] = [$.shapeOf(op.outputs[0]), $.dtypeOf(op.outputs[0])];
  if ($.dtypeOf(indices) !== int32 || !count || !TYPES.has(type) || !isKnown($, [indices]) || !isFullyDefined(shape)) {
    return null;
  }
  const at = op.attr<number>('axis') === -1 ? shape.length - 1 : op.attr<number>('axis');
  const numbers = new NdArray(
    int32,
    shape.map((_, axis) => (axis === at ? count : 1)),
    Int32Array.from({ length: count }, (_, i) => i),
  );
  const isPlace = $.op('Equal', [$.expandDims(indices, at), numbers]);
  return [$.where(isPlace, on, off)];
}

/** Rows of each table of a batch, as rows of all the tables one after the other. */
function gatherInBatches(op: View, $: Words): readonly IrValue[] | null {
  const [params, indices, axisInput] = op.inputs;
  const given = intsOf($.constantValue(axisInput))?.[0];
  if (given === undefined || !isKnown($, [params, indices]) || !isFullyDefined($.shapeOf(op.outputs[0]))) return null;
  if (!TYPES.has($.dtypeOf(params)) || $.dtypeOf(params) === bool || $.dtypeOf(indices) !== int32) return null;
  const [table, at] = [$.shapeOf(params), $.shapeOf(indices)] as KnownShape[];
  const batch = op.attr<number>('batch_dims');
  const [axis, dims] = [given < 0 ? given + table.length : given, batch < 0 ? batch + at.length : batch];
  if (dims === 0 || axis !== dims) return null;
  const [tables, length] = [sizeOf(table.slice(0, dims)), table[axis]];
  const starts = new NdArray(
    int32,
    [tables, 1],
    Int32Array.from({ length: tables }, (_, i) => i * length),
  );
  const checked = $.op('_CheckedIndices', [indices], { limit: length });
  const places = $.op('AddV2', [$.reshape(checked, [tables, sizeOf(at) / tables]), starts]);
  const rows = $.reshape(params, [tables * length, ...table.slice(axis + 1)]);
  const found = $.op('GatherV2', [rows, $.reshape(places, [sizeOf(at)]), $.ints(0)], { batch_dims: 0, _checked: true });
  return [$.reshape(found, $.shapeOf(op.outputs[0]) as KnownShape)];
}

/** Axes of one element repeated: a broadcast, which needs no copy where it is fused. */
function broadcast(op: View, $: Words): readonly IrValue[] | null {
  const [x, multiples] = op.inputs;
  const [shape, times] = [$.shapeOf(x), intsOf($.constantValue(multiples))];
  if (!TYPES.has($.dtypeOf(x)) || !times || !isKnown($, [x]) || !isFullyDefined(shape)) return null;
  if (times.length !== shape.length || times.some((count, i) => count < 1 || (count > 1 && shape[i] !== 1)))
    return null;
  return [
    $.broadcastTo(
      x,
      shape.map((extent, i) => extent * times[i]),
    ),
  ];
}

/** The third and fourth power as products. */
function power(op: View, $: Words): readonly IrValue[] | null {
  const [x, y] = op.inputs;
  const exponent = $.constantValue(y);
  const isOne = exponent?.rank === 0 && $.dtypeOf(x) === float32 && isKnown($, [x]);
  if (!isOne || (exponent.data[0] !== 3 && exponent.data[0] !== 4)) return null;
  const square = $.square(x);
  return [exponent.data[0] === 3 ? $.mul(square, x) : $.square(square)];
}

/** Fewer draws than this take the host less time than two steps of a plan. */
const DRAWS = 256;
/** Blocks of the generator that TensorFlow sets aside for each draw. */
const BLOCKS_PER_DRAW = 256;

/** The state, which the host keeps, and the draws, which follow from it. */
function uniform(op: View, $: Words): readonly IrValue[] | null {
  const shape = intsOf($.constantValue(op.inputs[0]));
  const count = sizeOf(shape ?? []);
  if (!shape || shape.some((extent) => extent < 0) || $.dtypeOf(op.outputs[0]) !== float32 || count < DRAWS)
    return null;
  const attrs = { seed: op.attr('seed'), seed2: op.attr('seed2'), op: op.name, blocks: count * BLOCKS_PER_DRAW };
  return [$.op('_UniformOf', [$.op('_RandomState', [], attrs)], { shape })];
}

/** Masks of more elements are not worth their memory. */
const MASK = 1 << 20;

/** The elements near the diagonal of matrices, where it is known how near. */
function band(op: View, $: Words): readonly IrValue[] | null {
  const [x, ...limits] = op.inputs;
  const shape = $.shapeOf(x);
  const [below, above] = limits.map((limit) => intsOf($.constantValue(limit))?.[0]);
  if (!TYPES.has($.dtypeOf(x)) || below === undefined || above === undefined || !isKnown($, [x])) return null;
  if (!isFullyDefined(shape) || shape.length < 2 || $.dtypeOf(x) === bool) return null;
  const [height, width] = shape.slice(-2);
  // What the host refuses, in TensorFlow's words.
  if (below > height || above > width || height * width > MASK) return null;
  const mask = new Uint8Array(height * width);
  for (let i = 0; i < height; i++) {
    const from = below < 0 ? 0 : Math.max(0, i - below);
    const to = above < 0 ? width : Math.min(width, i + above + 1);
    if (to > from) mask.fill(1, i * width + from, i * width + to);
  }
  const isInside = $.op('Const', [], { value: new NdArray(bool, [height, width], mask), dtype: bool }, 'mask');
  return [$.where(isInside, x, $.scalarLike(0, x))];
}
