/**
 * Kernels that know a few axes only, under shapes of fewer: axes that belong together are merged. What cannot be merged is
 * left to others. Which kernels a target has is its table's business.
 */
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { isMarker, type KernelCall, type LowerContext, type LoweringRule, type LoweringTable } from './lowering.ts';

/** How many axes a kernel may have in an input or output. */
export interface Limits {
  /** Kernels whose elements each come of those at the same place, broadcast or not. */
  readonly elementwise: ReadonlySet<string>;
  /** Of those, how many axes. */
  readonly axes: number;
}

/** The table, with kernels called under fewer axes where there are too many. */
export function withFewAxes(table: LoweringTable, limits: Limits): LoweringTable {
  return Object.fromEntries(Object.entries(table).map(([op, row]) => [op, isMarker(row) ? row : limited(row, limits)]));
}

function limited(row: LoweringRule, limits: Limits): LoweringRule {
  return (op) => {
    const lowered = row(op);
    if (lowered?.kind !== 'kernel') return lowered;
    const out = lowered.outputShapes?.[0] ?? op.outputShape(0);
    const shapes = lowered.inputs.map((input, i) => lowered.inputShapes?.[i] ?? op.shape(input));
    const rank = Math.max(out?.length ?? 0, ...shapes.map((shape) => shape?.length ?? 0));
    // Results may be put under another shape at no cost: what the kernel sees is the inputs'.
    const seen = lowered.inputShapes ? Math.max(0, ...shapes.map((shape) => shape?.length ?? 0)) : rank;
    if (seen <= limits.axes) return lowered;
    if (!isFullyDefined(out) || !shapes.every((shape) => isFullyDefined(shape))) return null;
    return fewer(op, lowered, shapes as readonly KnownShape[], out, limits);
  };
}

function fewer(
  op: LowerContext,
  lowered: KernelCall,
  shapes: readonly KnownShape[],
  out: KnownShape,
  { elementwise, axes }: Limits,
): KernelCall | null {
  const { kernel, attrs } = lowered;
  if (elementwise.has(kernel)) {
    const merged = mergeBroadcast(shapes, out);
    return merged.length > 0 && merged[0].length > axes
      ? null
      : { ...lowered, inputShapes: merged, outputShapes: [out] };
  }
  switch (kernel) {
    case 'Fill':
      return { ...lowered, attrs: { ...attrs, shape: [sizeOf(out)] }, outputShapes: [out] };
    case 'Cumsum':
    case 'Cumprod': {
      const axis = attrs.axis as number;
      const [shape] = shapes;
      const three = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
      return { ...lowered, attrs: { ...attrs, axis: 1 }, inputShapes: [three], outputShapes: [out] };
    }
    case 'Softmax': {
      const last = out[out.length - 1];
      const rows = sizeOf(out) / last;
      return { ...lowered, attrs: { ...attrs, dim: 1 }, inputShapes: [[rows, last]], outputShapes: [out] };
    }
    case 'OneHot':
      return { ...lowered, inputShapes: [[sizeOf(op.shape(0) as KnownShape)]], outputShapes: [out] };
    case 'GatherV2':
      return lowered;
  }
  return null;
}

/** The shapes of operands, of one rank: neighbouring axes are one where each operand has both or neither. */
function mergeBroadcast(shapes: readonly KnownShape[], out: KnownShape): KnownShape[] {
  const full = shapes.map((shape) => [...new Array<number>(out.length - shape.length).fill(1), ...shape]);
  const merged: number[][] = full.map(() => []);
  let last = '';
  out.forEach((length, axis) => {
    if (length === 1) return;
    const pattern = full.map((shape) => (shape[axis] === 1 ? '1' : 'n')).join('');
    full.forEach((shape, i) => {
      if (pattern === last) merged[i][merged[i].length - 1] *= shape[axis];
      else merged[i].push(shape[axis]);
    });
    last = pattern;
  });
  return merged;
}
