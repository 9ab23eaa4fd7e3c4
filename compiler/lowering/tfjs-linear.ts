/**
 * Lowering rows of reductions, matrix products, gather and selection. A row stands only where the tfjs kernel gives
 * TensorFlow's results, to rounding; the shared rows do so on every backend, the tables at the end hold what one backend
 * has beyond them or must have otherwise.
 *
 * Left to the host everywhere: `ArgMax` and `ArgMin`, which choose a NaN that comes first, scatters and segments, which do
 * not report bad indices, and `TopK` where it was not tried.
 */
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { isFullyDefined, type KnownShape, sameShape, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext, LoweringRule, LoweringTable } from './lowering.ts';

const FLOAT = [float32];
const FLOAT_INT = [float32, int32];

/** The kernel of wasm adds one by one in single precision: beyond this many elements that is not exact enough. */
const MAX_SUMMANDS = 256;

function intsOf(array: NdArray | null): number[] | null {
  return array && Array.from({ length: array.size }, (_, i) => Number(array.data[i] as number | bigint));
}

interface Reduced {
  /** The input's shape without axes of length 1, neighbours merged where they are all kept or all reduced. */
  readonly shape: KnownShape;
  /** The axes of it that are reduced. */
  readonly axes: readonly number[];
  /** How many elements come together in one. */
  readonly count: number;
}

function simplify(shape: KnownShape, given: readonly number[]): Reduced {
  const reduced = new Set(given.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const lengths: number[] = [];
  const axes: number[] = [];
  let last: boolean | null = null;
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const isReduced = reduced.has(axis);
    if (isReduced === last) {
      lengths[lengths.length - 1] *= length;
      return;
    }
    last = isReduced;
    if (isReduced) axes.push(lengths.length);
    lengths.push(length);
  });
  return { shape: lengths, axes, count: sizeOf(axes.map((axis) => lengths[axis])) };
}

function reduction(kernel: string, types: readonly DType[], limit = Infinity): LoweringRule {
  const attr = kernel === 'Max' ? 'reductionIndices' : 'axis';
  return (op) => {
    const [shape, out] = [op.shape(0), op.outputShape(0)];
    const given = intsOf(op.constant(1));
    if (!types.includes(op.dtype(0)) || !given || !isFullyDefined(shape) || !isFullyDefined(out)) return null;
    // An axis given twice is an error, which the host kernel raises.
    if (new Set(given.map((axis) => (axis < 0 ? axis + shape.length : axis))).size < given.length) return null;
    const { shape: simple, axes, count } = simplify(shape, given);
    if (axes.length === 0) return { kind: 'alias', input: 0, shape: out };
    if (count > limit) return null;
    return {
      kind: 'kernel',
      kernel,
      inputs: [0],
      names: ['x'],
      attrs: { [attr]: axes, keepDims: false },
      inputShapes: [simple],
      outputShapes: [out],
    };
  };
}

/** Products of matrices as a batch of one. */
function matMul(transposes: boolean): LoweringRule {
  return (op) => {
    const [a, b, out] = [op.shape(0), op.shape(1), op.outputShape(0)];
    const [transposeA, transposeB] = [op.attr<boolean>('transpose_a'), op.attr<boolean>('transpose_b')];
    if (op.dtype(0) !== float32 || (!transposes && (transposeA || transposeB))) return null;
    if (!isFullyDefined(a) || !isFullyDefined(b) || !isFullyDefined(out)) return null;
    return product([1, ...a], [1, ...b], out, { transposeA, transposeB });
  };
}

function batchMatMul(transposes: boolean): LoweringRule {
  return (op) => {
    const [a, b, out] = [op.shape(0), op.shape(1), op.outputShape(0)];
    const [transposeA, transposeB] = [op.attr<boolean>('adj_x'), op.attr<boolean>('adj_y')];
    const types = [op.dtype(0), op.dtype(1), op.outputDType(0)];
    if (types.some((type) => type !== float32) || (!transposes && (transposeA || transposeB))) return null;
    if (!isFullyDefined(a) || !isFullyDefined(b) || !isFullyDefined(out)) return null;
    const [batchA, batchB] = [a.slice(0, -2), b.slice(0, -2)];
    const [n, k] = a.slice(-2);
    const count = sizeOf(batchA);
    if (sizeOf(batchB) === 1 && !transposeA) {
      // One matrix on the right: the batch on the left is one tall matrix.
      return product([1, count * n, k], [1, ...b.slice(-2)], out, { transposeA, transposeB });
    }
    if (!sameShape(batchA, batchB)) return null;
    return product([count, n, k], [count, ...b.slice(-2)], out, { transposeA, transposeB });
  };
}

function product(
  a: KnownShape,
  b: KnownShape,
  out: KnownShape,
  attrs: Readonly<Record<string, unknown>>,
): ReturnType<LoweringRule> {
  const inputShapes = [a, b];
  return {
    kind: 'kernel',
    kernel: 'BatchMatMul',
    inputs: [0, 1],
    names: ['a', 'b'],
    attrs,
    inputShapes,
    outputShapes: [out],
  };
}

/** Whether no index can be out of range: constants, or checked on the way. */
function isChecked(op: LowerContext, limit: number): boolean {
  if (op.attr('_checked') === true) return true;
  return intsOf(op.constant(1))?.every((i) => i >= 0 && i < limit) ?? false;
}

const gather: LoweringRule = (op) => {
  const [shape, out] = [op.shape(0), op.outputShape(0)];
  const given = intsOf(op.constant(2))?.[0];
  if (op.dtype(0) !== float32 || op.dtype(1) !== int32 || given === undefined || !isFullyDefined(shape)) return null;
  if (!isFullyDefined(op.shape(1)) || !isFullyDefined(out)) return null;
  const axis = given < 0 ? given + shape.length : given;
  const batch = op.attr<number>('batch_dims');
  const batchDims = batch < 0 ? batch + (op.shape(1) as KnownShape).length : batch;
  if (!isChecked(op, shape[axis])) return null;
  // Kernels of batches read beyond them on wasm.
  if (batchDims !== 0) return null;
  return {
    kind: 'kernel',
    kernel: 'GatherV2',
    inputs: [0, 1],
    names: ['x', 'indices'],
    attrs: { axis, batchDims: 0 },
    outputShapes: [out],
  };
};

/** Three tensors of one shape; what is broadcast is decomposed. */
function select(types: readonly DType[]): LoweringRule {
  return (op) => {
    const out = op.outputShape(0);
    if (!types.includes(op.dtype(1)) || ![0, 1, 2].every((i) => sameShape(op.shape(i), out))) return null;
    return { kind: 'kernel', kernel: 'Select', inputs: [0, 1, 2], names: ['condition', 't', 'e'], attrs: {} };
  };
}

/** A last axis of known length, with values known now. */
function oneHot(types: readonly DType[]): LoweringRule {
  return (op) => {
    const [depth, on, off] = [1, 2, 3].map((i) => op.constant(i));
    const axis = op.attr<number>('axis');
    const dtype = op.outputDType(0);
    if (!types.includes(dtype) || op.dtype(0) !== int32 || !depth || !on || !off) return null;
    if (axis !== -1 && axis !== op.shape(0)?.length) return null;
    const [onValue, offValue] = [Number(on.data[0]), Number(off.data[0])];
    // The values pass through single precision.
    if ([onValue, offValue].some((v) => dtype === int32 && Math.abs(v) > 2 ** 24)) return null;
    return {
      kind: 'kernel',
      kernel: 'OneHot',
      inputs: [0],
      names: ['indices'],
      attrs: { depth: Number(depth.data[0]), onValue, offValue, dtype: dtype.name },
    };
  };
}

function scan(kernel: string): LoweringRule {
  return (op) => {
    const given = intsOf(op.constant(1))?.[0];
    const rank = op.shape(0)?.length;
    if (op.dtype(0) !== float32 || given === undefined || !rank) return null;
    const axis = given < 0 ? given + rank : given;
    const attrs = { axis, exclusive: op.attr<boolean>('exclusive'), reverse: op.attr<boolean>('reverse') };
    return { kind: 'kernel', kernel, inputs: [0], names: ['x'], attrs };
  };
}

const topK: LoweringRule = (op) => {
  const k = op.inputCount > 1 ? intsOf(op.constant(1))?.[0] : op.attr<number>('k');
  // Among floats a NaN would put the others out of order.
  if (op.dtype(0) !== int32 || op.outputDType(1) !== int32 || !k) return null;
  // Without `sorted` the order is free.
  return { kind: 'kernel', kernel: 'TopK', inputs: [0], names: ['x'], attrs: { k, sorted: true } };
};

export const linearRows: LoweringTable = {
  Sum: reduction('Sum', FLOAT),
  Mean: reduction('Mean', FLOAT),
  Prod: reduction('Prod', FLOAT),
  Max: reduction('Max', FLOAT),
  Min: reduction('Min', FLOAT),
  All: reduction('All', [bool]),
  Any: reduction('Any', [bool]),
  Cumsum: scan('Cumsum'),
  Cumprod: scan('Cumprod'),
  MatMul: matMul(true),
  BatchMatMul: batchMatMul(true),
  BatchMatMulV2: batchMatMul(true),
  BatchMatMulV3: batchMatMul(true),
  GatherV2: gather,
  Select: select(FLOAT),
  SelectV2: select(FLOAT),
  OneHot: oneHot(FLOAT_INT),
};

/** Exact 32-bit integers. */
const integers: LoweringTable = {
  Sum: reduction('Sum', FLOAT_INT),
  Max: reduction('Max', FLOAT_INT),
  Min: reduction('Min', FLOAT_INT),
  Select: select([float32, int32, bool]),
  SelectV2: select([float32, int32, bool]),
  TopK: topK,
  TopKV2: topK,
};

/** Integers to 2⁵³ on the way: sums wrap as they should, products would not. */
export const cpuLinearRows: LoweringTable = integers;

/** wasm: transposes are slow, sums lose digits, and `OneHot` takes its values for integers. */
export const wasmLinearRows: LoweringTable = {
  ...integers,
  Sum: (op) => reduction('Sum', FLOAT_INT, op.dtype(0) === float32 ? MAX_SUMMANDS : Infinity)(op),
  Mean: reduction('Mean', FLOAT, MAX_SUMMANDS),
  Prod: reduction('Prod', FLOAT_INT),
  MatMul: matMul(false),
  BatchMatMul: batchMatMul(false),
  BatchMatMulV2: batchMatMul(false),
  BatchMatMulV3: batchMatMul(false),
  OneHot: oneHot([int32]),
};

/** Values that a shader can be told: they are part of its text. */
const isFinite: (op: LowerContext) => boolean = (op) =>
  [2, 3].every((i) => Number.isFinite(Number(op.constant(i)?.data[0])));

/** webgl: integers live in float textures there and are left to the host. */
export const webglLinearRows: LoweringTable = {
  OneHot: (op) => (isFinite(op) ? oneHot(FLOAT_INT)(op) : null),
};
