/**
 * Products of matrices as contractions, with what is fused to them. Element-wise ops are `elements.ts`'s business.
 */
import { float32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, type Shape, sizeOf } from '../../src/util/shape.ts';
import { FUSED_MATMUL } from '../ir/fused-ops.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { epilogue, plain } from './epilogue.ts';
import type { ContractionAxis, ContractionKernel, Operand } from './kernel.ts';
import { denseStrides, type View } from './parts.ts';
import { Values } from './values.ts';

const PRODUCTS: ReadonlySet<string> = new Set(['MatMul', 'BatchMatMul', 'BatchMatMulV2', FUSED_MATMUL]);

export function isProduct(type: string): boolean {
  return PRODUCTS.has(type);
}

/**
 * The kernel for a product of matrices, which takes the inputs of the op in their order; null for other ops and types.
 *
 * @param views how the two operands lie in the buffers that are read for them; null where they lie densely
 */
export function productKernel(op: LowerContext, views: readonly (View | null)[] = []): ContractionKernel | null {
  if (!PRODUCTS.has(op.type) || op.dtype(0) !== float32 || op.dtype(1) !== float32) return null;
  if (op.outputDType(0) !== float32) return null;
  const [a, b, out] = [op.shape(0), op.shape(1), op.outputShape(0)];
  if (!isPlain(a) || !isPlain(b) || !isPlain(out)) return null;
  const [turnA, turnB] = turned(op);
  const [from, by] = [a, b].map((shape, i) => views[i] ?? { strides: denseStrides(shape), offset: 0 });
  const left = matrix(a, from.strides, turnA);
  const right = matrix(b, by.strides, turnB);
  const batch = batchAxes(out, [a, from.strides], [b, by.strides]);
  if (left.columns !== right.rows) return null;
  const strides = denseStrides(out);
  const others: Operand[] = [];
  const $ = new Values();
  const value = epilogue(op, $, others, strides, right.columns);
  if (value === null) return null;
  return {
    kind: 'contraction',
    batch,
    rows: { extent: left.rows, left: left.byRow, right: 0 },
    columns: { extent: right.columns, left: 0, right: right.byColumn },
    sums: [{ extent: left.columns, left: left.byColumn, right: right.byRow }],
    inputs: [{ ...plain([]), offset: from.offset }, { ...plain([]), offset: by.offset }, ...others],
    scalars: [],
    outputs: [plain(strides)],
    values: $.list,
    results: [value],
  };
}

function isPlain(shape: Shape): shape is KnownShape {
  return isFullyDefined(shape) && shape.length >= 2 && sizeOf(shape) > 0;
}

/** Whether the operands are taken transposed. */
function turned(op: LowerContext): [boolean, boolean] {
  const names = op.type.startsWith('Batch') ? ['adj_x', 'adj_y'] : ['transpose_a', 'transpose_b'];
  return [op.attr<boolean>(names[0]), op.attr<boolean>(names[1])];
}

/** Rows, columns and their strides, as the product sees them. */
function matrix(shape: KnownShape, strides: readonly number[], isTurned: boolean) {
  const [height, width] = shape.slice(-2);
  const [down, along] = strides.slice(-2);
  return isTurned
    ? { rows: width, columns: height, byRow: along, byColumn: down }
    : { rows: height, columns: width, byRow: down, byColumn: along };
}

type Laid = readonly [shape: KnownShape, strides: readonly number[]];

/** The axes before the last two; an operand that has one element, or none, along an axis is the same all along. */
function batchAxes(out: KnownShape, left: Laid, right: Laid): ContractionAxis[] {
  const strideOf = ([shape, strides]: Laid, axis: number): number => {
    const own = axis - (out.length - shape.length);
    return own < 0 || shape[own] === 1 ? 0 : strides[own];
  };
  return out.slice(0, -2).map((extent, axis) => ({ extent, left: strideOf(left, axis), right: strideOf(right, axis) }));
}
