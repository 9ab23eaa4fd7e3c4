/**
 * Lowering rows of the array families: shapes, slices, joins, paddings, fills. The shared rows hold on every backend;
 * the small tables at the end hold what one backend must have otherwise.
 *
 * A row stands where the tfjs kernel gives TensorFlow's results. Operands that the kernels take as attributes must be
 * known when the program is compiled. Left to the host everywhere: `Range`, `Roll`, `ReverseSequence`, gradients of
 * mirrored paddings. Shapes as tensors are folded, not computed.
 */
import { resolveSlice, sliceMasks } from '../../src/ops/opdef/slice-spec.ts';
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import { isCompatible, isFullyDefined, type KnownShape, type Shape, sizeOf } from '../../src/util/shape.ts';
import {
  type KernelCall,
  type LowerContext,
  type Lowered,
  type LoweringRule,
  type LoweringTable,
  XNN_AXES,
} from './lowering.ts';

/** The buffer of an input under the shape of the output. */
const alias =
  (input = 0): LoweringRule =>
  (op) => {
    const shape = op.outputShape(0);
    return isFullyDefined(shape) ? { kind: 'alias', input, shape } : null;
  };

/** The input, whatever its shape. */
const same: LoweringRule = () => ({ kind: 'alias', input: 0, shape: null });

interface Call {
  readonly inputs?: readonly number[];
  readonly names?: readonly string[] | null;
  readonly inputShapes?: readonly (KnownShape | null)[];
  readonly outputShapes?: readonly (KnownShape | null)[];
}

function call(kernel: string, attrs: Readonly<Record<string, unknown>>, more: Call = {}): KernelCall {
  return { kind: 'kernel', kernel, inputs: [0], names: ['x'], attrs, ...more };
}

/** The integers of an operand, where they are known. */
const ints = (op: LowerContext, input: number) => intsOf(op.constant(input));

/** The shape of an input, where all of it is known. */
function known(shape: Shape): KnownShape | null {
  return isFullyDefined(shape) ? shape : null;
}

const fromFront = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** A part without steps; the whole is no copy. */
function slice(from: KnownShape, begin: readonly number[], size: KnownShape, shape: KnownShape): Lowered {
  if (size.every((d, i) => d === from[i])) return { kind: 'alias', input: 0, shape };
  return call('Slice', { begin: [...begin], size: [...size] }, { outputShapes: [shape] });
}

function lowerSlice(op: LowerContext): Lowered | null {
  const begin = ints(op, 1);
  const [from, size] = [known(op.shape(0)), known(op.outputShape(0))];
  if (!begin || !from || !size) return null;
  // A part that does not fit is an error of the run, in the host kernel's words.
  if (!begin.every((b, i) => b >= 0 && b + size[i] <= from[i])) return null;
  return slice(from, begin, size, size);
}

function lowerStridedSlice(op: LowerContext): Lowered | null {
  const [begin, end, strides] = [1, 2, 3].map((i) => ints(op, i));
  const from = known(op.shape(0));
  if (!begin || !end || !strides || !from) return null;
  const spec = { count: begin.length, begin, end, strides, ...sliceMasks((name) => op.attr(name)) };
  const part = resolveSlice(from, spec);
  const shape = part && known(part.shape);
  if (!part || !shape) return null;
  const [first, lengths] = [part.begin as readonly number[], part.lengths as KnownShape];
  const steps = part.strides.map((s, i) => (lengths[i] === 1 ? 1 : s));
  if (steps.every((s) => s === 1)) return slice(from, first, lengths, shape);
  const last = first.map((b, i) => b + lengths[i] * steps[i]);
  // An end before the first element cannot be written as a number: it is masked.
  const endMask = last.reduce((mask, e, i) => (e < 0 ? mask | (1 << i) : mask), 0);
  const attrs = {
    begin: [...first],
    end: last.map((e) => Math.max(e, 0)),
    strides: steps,
    beginMask: 0,
    endMask,
    ellipsisMask: 0,
    newAxisMask: 0,
    shrinkAxisMask: 0,
  };
  return call('StridedSlice', attrs, { outputShapes: [shape] });
}

/** Axes of length 1 dropped and axes that stay together merged: what the kernel really has to move. */
export function mergedTranspose(shape: KnownShape, perm: readonly number[]): { shape: number[]; perm: number[] } {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  const real = shape.map((_, i) => i).filter((axis) => shape[axis] !== 1);
  const groups: number[][] = [];
  moved.forEach((axis, i) => {
    const previous = i > 0 ? real.indexOf(moved[i - 1]) : -2;
    if (real.indexOf(axis) === previous + 1) groups[groups.length - 1].push(axis);
    else groups.push([axis]);
  });
  const inOrder = [...groups].sort((a, b) => a[0] - b[0]);
  return {
    shape: inOrder.map((group) => group.reduce((n, axis) => n * shape[axis], 1)),
    perm: groups.map((group) => inOrder.indexOf(group)),
  };
}

function lowerTranspose(op: LowerContext): Lowered | null {
  const [from, shape, perm] = [known(op.shape(0)), known(op.outputShape(0)), ints(op, 1)];
  if (!from || !shape || !perm || new Set(perm).size !== from.length) return null;
  if (perm.some((axis) => axis < 0)) return null;
  const merged = mergedTranspose(from, perm);
  if (merged.perm.length <= 1) return { kind: 'alias', input: 0, shape };
  return call('Transpose', { perm: merged.perm }, { inputShapes: [merged.shape], outputShapes: [shape] });
}

/** The inputs from `first` on, as many as there are, along the axis that input `axisInput` names. */
function lowerConcat(op: LowerContext, axisInput: number, first: number): Lowered | null {
  const axis = ints(op, axisInput)?.[0];
  const inputs = Array.from({ length: op.inputCount - 1 }, (_, i) => i + first);
  const shapes = inputs.map((i) => known(op.shape(i)));
  if (axis === undefined || !shapes.every((s) => s !== null)) return null;
  // Rows by columns: the kernels know nothing of more axes.
  const at = fromFront(axis, shapes[0].length);
  const flat = shapes.map((s): KnownShape => [sizeOf(s.slice(0, at)), sizeOf(s.slice(at))]);
  return call(
    'Concat',
    { axis: 1 },
    { inputs, names: null, inputShapes: flat, outputShapes: [known(op.outputShape(0))] },
  );
}

function lowerPack(op: LowerContext): Lowered | null {
  const shape = known(op.outputShape(0));
  const inputs = Array.from({ length: op.inputCount }, (_, i) => i);
  // An output shape may be known from one input alone: then the run has to see whether the others fit.
  if (!shape || !inputs.every((i) => isFullyDefined(op.shape(i)))) return null;
  if (op.inputCount === 1) return { kind: 'alias', input: 0, shape };
  const axis = fromFront(Number(op.attr('axis')), shape.length);
  const flat: KnownShape = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const inputShapes = inputs.map(() => flat);
  return call('Concat', { axis: 1 }, { inputs, names: null, inputShapes, outputShapes: [shape] });
}

/** Parts of these lengths along an axis of the value, as rows by columns; each is kept under its own shape. */
function cut(
  op: LowerContext,
  input: number,
  axis: number,
  lengths: readonly number[],
  outputs: readonly (KnownShape | null)[],
): Lowered | null {
  const from = known(op.shape(input));
  if (!from || !outputs.every((s) => s !== null)) return null;
  if (lengths.length === 1) return { kind: 'alias', input, shape: outputs[0] };
  const columns = sizeOf(from.slice(axis + 1));
  const rows = sizeOf(from.slice(0, axis));
  const sizes = lengths.map((n) => n * columns);
  const attrs = { numOrSizeSplits: sizes, axis: 1 };
  return call('SplitV', attrs, {
    inputs: [input],
    inputShapes: [[rows, from[axis] * columns]],
    outputShapes: outputs,
  });
}

function lowerSplit(op: LowerContext, value: number, axisInput: number): Lowered | null {
  const rank = op.shape(value)?.length;
  const axis = ints(op, axisInput)?.[0];
  if (rank === undefined || axis === undefined) return null;
  const outputs = Array.from({ length: Number(op.attr('num_split')) }, (_, i) => known(op.outputShape(i)));
  const at = fromFront(axis, rank);
  return cut(
    op,
    value,
    at,
    outputs.map((s) => s?.[at] ?? 0),
    outputs,
  );
}

function lowerUnpack(op: LowerContext): Lowered | null {
  const rank = op.shape(0)?.length;
  const count = Number(op.attr('num'));
  if (rank === undefined || count === 0) return null;
  const outputs = Array.from({ length: count }, (_, i) => known(op.outputShape(i)));
  return cut(op, 0, fromFront(Number(op.attr('axis')), rank), new Array<number>(count).fill(1), outputs);
}

/** The input under `from`, repeated. */
function tile(input: number, from: KnownShape, reps: readonly number[], shape: KnownShape): Lowered {
  if (reps.every((n) => n === 1)) return { kind: 'alias', input, shape };
  // An axis that is not repeated goes with the repeated one before it, and ones are nothing: few axes are left.
  const axes: { length: number; times: number }[] = [];
  from.forEach((length, i) => {
    const times = reps[i];
    const before = axes[axes.length - 1];
    if (before && times === 1) before.length *= length;
    else if (before && before.length === 1) {
      before.times *= times;
      before.length = length;
    } else axes.push({ length, times });
  });
  return call(
    'Tile',
    { reps: axes.map((a) => a.times) },
    { inputs: [input], inputShapes: [axes.map((a) => a.length)], outputShapes: [shape] },
  );
}

function lowerTile(op: LowerContext): Lowered | null {
  const [from, shape, reps] = [known(op.shape(0)), known(op.outputShape(0)), ints(op, 1)];
  return from && shape && reps ? tile(0, from, reps, shape) : null;
}

function lowerBroadcastTo(op: LowerContext): Lowered | null {
  const [from, shape] = [known(op.shape(0)), ints(op, 1)];
  if (!from || !shape) return null;
  const full = [...new Array<number>(shape.length - from.length).fill(1), ...from];
  if (!full.every((d, i) => d === 1 || d === shape[i])) return null;
  const reps = shape.map((d, i) => (full[i] === d ? 1 : d));
  return tile(0, full, reps, shape);
}

/** A constant fill, which takes no input. */
function fill(op: LowerContext, value: number): Lowered | null {
  const shape = known(op.outputShape(0));
  const dtype = op.outputDType(0).name;
  return shape && call('Fill', { shape: [...shape], value, dtype }, { inputs: [], names: [] });
}

function lowerFill(op: LowerContext): Lowered | null {
  const value = op.constant(1)?.at(0);
  if (typeof value === 'number' || typeof value === 'boolean') return fill(op, Number(value));
  const shape = known(op.outputShape(0));
  return shape && tile(1, [1], [sizeOf(shape)], shape);
}

function lowerPad(op: LowerContext): Lowered | null {
  const [from, shape, paddings] = [known(op.shape(0)), known(op.outputShape(0)), ints(op, 1)];
  const value = op.inputCount > 2 ? op.constant(2)?.at(0) : 0;
  if (!from || !shape || !paddings || (typeof value !== 'number' && typeof value !== 'boolean')) return null;
  if (paddings.every((n) => n === 0)) return { kind: 'alias', input: 0, shape };
  const pairs: [number, number][] = [];
  const merged: number[] = [];
  // What is not padded goes with the axis before it.
  from.forEach((length, i) => {
    const pair: [number, number] = [paddings[2 * i], paddings[2 * i + 1]];
    const before = merged.length - 1;
    if (before >= 0 && pair[0] === 0 && pair[1] === 0) {
      merged[before] *= length;
      pairs[before] = [pairs[before][0] * length, pairs[before][1] * length];
    } else {
      merged.push(length);
      pairs.push(pair);
    }
  });
  const attrs = { paddings: pairs, constantValue: Number(value) };
  return call('PadV2', attrs, { inputShapes: [merged], outputShapes: [shape] });
}

function lowerMirrorPad(op: LowerContext): Lowered | null {
  const [from, paddings] = [known(op.shape(0)), ints(op, 1)];
  if (!from || from.length === 0 || !paddings || !known(op.outputShape(0))) return null;
  const mode = op.attr<string>('mode').toLowerCase();
  const room = mode === 'reflect' ? 1 : 0;
  if (paddings.some((n, i) => n > from[i >> 1] - room)) return null;
  return call('MirrorPad', { paddings: from.map((_, i) => [paddings[2 * i], paddings[2 * i + 1]]), mode });
}

function reverse(op: LowerContext, axes: readonly number[]): Lowered | null {
  const from = known(op.shape(0));
  if (!from) return null;
  const dims = axes.filter((axis) => from[axis] !== 1);
  if (dims.length === 0) return { kind: 'alias', input: 0, shape: from };
  // Axes that keep their direction are merged: kernels stop at rank 4.
  const merged: { length: number; turned: boolean }[] = [];
  from.forEach((length, i) => {
    const turned = dims.includes(i);
    const before = merged[merged.length - 1];
    if (before && !before.turned && !turned) before.length *= length;
    else if (length !== 1) merged.push({ length, turned });
  });
  const turnedAxes = merged.flatMap(({ turned }, i) => (turned ? [i] : []));
  return call('Reverse', { dims: turnedAxes }, { inputShapes: [merged.map((m) => m.length)], outputShapes: [from] });
}

export const arrayRows: LoweringTable = {
  Identity: same,
  StopGradient: same,
  Snapshot: same,
  PreventGradient: same,
  GuaranteeConst: same,
  EnsureShape: (op) => {
    const shape = known(op.shape(0));
    return shape && isCompatible(shape, op.attr<Shape>('shape')) ? { kind: 'alias', input: 0, shape } : null;
  },
  Reshape: (op) => {
    // A shape that was worked out from the input's does not tell what the operand will ask for.
    const shape = op.constant(1) ? known(op.outputShape(0)) : null;
    return shape ? { kind: 'alias', input: 0, shape } : { kind: 'alias', input: 0, shape: null, shapeInput: 1 };
  },
  ExpandDims: alias(),
  Squeeze: (op) => (isFullyDefined(op.shape(0)) ? alias()(op) : null),

  Slice: lowerSlice,
  StridedSlice: lowerStridedSlice,
  Transpose: lowerTranspose,
  ConcatV2: (op) => lowerConcat(op, op.inputCount - 1, 0),
  Concat: (op) => lowerConcat(op, 0, 1),
  Pack: lowerPack,
  Split: (op) => lowerSplit(op, 1, 0),
  SplitV: (op) => lowerSplit(op, 0, 2),
  Unpack: lowerUnpack,

  Tile: lowerTile,
  BroadcastTo: lowerBroadcastTo,
  Fill: lowerFill,
  ZerosLike: (op) => fill(op, 0),
  OnesLike: (op) => fill(op, 1),
  Pad: lowerPad,
  PadV2: lowerPad,
  MirrorPad: lowerMirrorPad,
  Reverse: (op) => {
    const dims = ints(op, 1);
    return (
      dims &&
      reverse(
        op,
        dims.flatMap((turned, axis) => (turned ? [axis] : [])),
      )
    );
  },
  ReverseV2: (op) => {
    const axes = ints(op, 1);
    const rank = op.shape(0)?.length;
    return axes && rank !== undefined
      ? reverse(
          op,
          axes.map((axis) => fromFront(axis, rank)),
        )
      : null;
  },
};

/** The row, where the kernel it chooses passes the test. */
function where(row: LoweringRule, test: (lowered: KernelCall, op: LowerContext) => boolean): LoweringRule {
  return (op) => {
    const lowered = row(op);
    return lowered?.kind === 'kernel' && !test(lowered, op) ? null : lowered;
  };
}

const rankOf = (lowered: KernelCall, op: LowerContext) =>
  (lowered.inputShapes?.[0] ?? op.shape(lowered.inputs[0] ?? 0))?.length ?? 0;

/**
 * wasm: some kernels know no types and move 4 bytes an element, or call what they make float32; XNNPACK pads.
 */
export const wasmArrayRows: LoweringTable = {
  Pad: where(lowerPad, (lowered, op) => rankOf(lowered, op) <= XNN_AXES),
  PadV2: where(lowerPad, (lowered, op) => rankOf(lowered, op) <= XNN_AXES),
  StridedSlice: where(lowerStridedSlice, (lowered, op) => lowered.kernel === 'Slice' || op.dtype(0) === float32),
  Reverse: where(arrayRows.Reverse, (_, op) => op.dtype(0) === float32 || op.dtype(0) === int32),
  ReverseV2: where(arrayRows.ReverseV2, (_, op) => op.dtype(0) === float32 || op.dtype(0) === int32),
};

/** webgl: shaders are written for a few axes, and read coordinates of at most so many. */
export const webglArrayRows: LoweringTable = {
  Transpose: where(lowerTranspose, (lowered, op) => rankOf(lowered, op) <= 6),
  Slice: where(lowerSlice, (lowered, op) => rankOf(lowered, op) <= 6),
  StridedSlice: where(lowerStridedSlice, (lowered, op) => rankOf(lowered, op) <= (lowered.kernel === 'Slice' ? 6 : 4)),
  Tile: where(lowerTile, (lowered, op) => rankOf(lowered, op) <= 5),
  BroadcastTo: where(lowerBroadcastTo, (lowered, op) => rankOf(lowered, op) <= 5),
  Pad: where(lowerPad, (lowered, op) => rankOf(lowered, op) <= 4),
  PadV2: where(lowerPad, (lowered, op) => rankOf(lowered, op) <= 4),
  MirrorPad: where(lowerMirrorPad, (lowered, op) => rankOf(lowered, op) <= 4),
  Reverse: where(arrayRows.Reverse, (lowered, op) => rankOf(lowered, op) <= 4),
  ReverseV2: where(arrayRows.ReverseV2, (lowered, op) => rankOf(lowered, op) <= 4),
};

/** cpu: every type and rank. */
export const cpuArrayRows: LoweringTable = {};
