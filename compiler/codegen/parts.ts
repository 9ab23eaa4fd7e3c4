/**
 * Ops that only move elements, as strides: each result is some of the elements of an input, in another order, and needs no
 * copy where a kernel reads them from where they lie. Ops that join inputs are written in place the same way.
 */
import { resolveSlice, sliceMasks } from '../../src/ops/opdef/slice-spec.ts';
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { isFullyDefined, type KnownShape } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';

/** Elements of a buffer: by dimension how far apart they lie, and where the first is. */
export interface View {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Strides of an array in row-major order. */
export function denseStrides(shape: KnownShape): number[] {
  const strides: number[] = [];
  let size = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = size;
    size *= shape[i];
  }
  return strides;
}

type Parts = (op: LowerContext) => readonly View[] | null;

/** By op type, the input whose elements the results are, and which. */
const rules: ReadonlyMap<string, { readonly input: number; readonly parts: Parts }> = new Map([
  ['Split', { input: 1, parts: (op: LowerContext) => split(op, 1, 0) }],
  ['SplitV', { input: 0, parts: (op: LowerContext) => split(op, 0, 2) }],
  ['Unpack', { input: 0, parts: unpack }],
  ['Slice', { input: 0, parts: slice }],
  ['StridedSlice', { input: 0, parts: stridedSlice }],
  ['Transpose', { input: 0, parts: transpose }],
  ['ReverseV2', { input: 0, parts: reverse }],
]);

export function isPartOp(op: string): boolean {
  return rules.has(op);
}
/** The input whose elements the results of such an op are. */
export function partSource(op: string): number {
  return rules.get(op)?.input ?? 0;
}
/** The results of such an op as views of that input; null where that is not known. */
export function partsOf(op: LowerContext): readonly View[] | null {
  return rules.get(op.type)?.parts(op) ?? null;
}

const ints = (op: LowerContext, input: number) => intsOf(op.constant(input));
const known = (shape: ReturnType<LowerContext['shape']>): KnownShape | null => (isFullyDefined(shape) ? shape : null);
const fromFront = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** The parts lie one after the other along the axis. */
function split(op: LowerContext, value: number, axisInput: number): View[] | null {
  const shape = known(op.shape(value));
  const axis = ints(op, axisInput)?.[0];
  if (!shape || axis === undefined) return null;
  const strides = denseStrides(shape);
  const at = fromFront(axis, shape.length);
  const views: View[] = [];
  let offset = 0;
  for (let k = 0; offset < shape[at]; k++) {
    const part = known(op.outputShape(k));
    if (!part || part[at] === 0) return null;
    views.push({ strides, offset: offset * strides[at] });
    offset += part[at];
  }
  return views;
}

function unpack(op: LowerContext): View[] | null {
  const shape = known(op.shape(0));
  if (!shape) return null;
  const strides = denseStrides(shape);
  const axis = fromFront(op.attr<number>('axis'), shape.length);
  const rest = strides.filter((_, i) => i !== axis);
  return Array.from({ length: shape[axis] }, (_, k) => ({ strides: rest, offset: k * strides[axis] }));
}

function slice(op: LowerContext): View[] | null {
  const begin = ints(op, 1);
  const [from, size] = [known(op.shape(0)), known(op.outputShape(0))];
  // What does not fit is an error of the run, and the whole is no copy.
  if (!begin || !from || !size || !begin.every((b, i) => b >= 0 && b + size[i] <= from[i])) return null;
  if (size.every((extent, i) => extent === from[i])) return null;
  const strides = denseStrides(from);
  return [{ strides, offset: begin.reduce((sum, b, i) => sum + b * strides[i], 0) }];
}

function stridedSlice(op: LowerContext): View[] | null {
  const [begin, end, steps] = [1, 2, 3].map((i) => ints(op, i));
  const from = known(op.shape(0));
  if (!begin || !end || !steps || !from) return null;
  const masks = sliceMasks((name) => op.attr(name));
  if (masks.ellipsisMask !== 0 || masks.newAxisMask !== 0) return null;
  const part = resolveSlice(from, { count: begin.length, begin, end, strides: steps, ...masks });
  if (!part || !isFullyDefined(part.lengths)) return null;
  const first = part.begin as readonly number[];
  const own = denseStrides(from);
  const { lengths } = part;
  if (lengths.every((length, i) => length === from[i] && part.strides[i] === 1)) return null;
  const isKept = (_: unknown, i: number) => ((masks.shrinkAxisMask >> i) & 1) === 0;
  return [
    {
      strides: own.map((stride, i) => stride * part.strides[i]).filter(isKept),
      offset: first.reduce((sum, b, i) => sum + b * own[i], 0),
    },
  ];
}

function transpose(op: LowerContext): View[] | null {
  const [shape, perm] = [known(op.shape(0)), ints(op, 1)];
  if (!shape || !perm || new Set(perm).size !== shape.length || perm.some((axis) => !(axis >= 0))) return null;
  const strides = denseStrides(shape);
  // Where nothing really moves it is no copy.
  const moved = perm.filter((axis) => shape[axis] > 1);
  if (moved.every((axis, i) => i === 0 || moved[i - 1] < axis)) return null;
  return [{ strides: perm.map((axis) => strides[axis]), offset: 0 }];
}

function reverse(op: LowerContext): View[] | null {
  const [shape, axes] = [known(op.shape(0)), ints(op, 1)];
  if (!shape || !axes) return null;
  const strides = denseStrides(shape);
  const turned = new Set(axes.map((axis) => fromFront(axis, shape.length)));
  return [
    {
      strides: strides.map((stride, i) => (turned.has(i) ? -stride : stride)),
      offset: [...turned].reduce((sum, axis) => sum + (shape[axis] - 1) * strides[axis], 0),
    },
  ];
}

/** An op that puts inputs side by side: which they are, and how each lies in the result. */
export interface Join {
  readonly inputs: readonly number[];
  readonly views: readonly View[];
}

export function isJoinOp(op: string): boolean {
  return op === 'ConcatV2' || op === 'Concat' || op === 'Pack';
}

/** How the inputs lie in the result; null where that is not known. */
export function joinOf(op: LowerContext): Join | null {
  const shape = known(op.outputShape(0));
  if (!shape) return null;
  const strides = denseStrides(shape);
  const all = Array.from({ length: op.inputCount }, (_, i) => i);
  if (op.type === 'Pack') {
    const axis = fromFront(op.attr<number>('axis'), shape.length);
    const rest = strides.filter((_, i) => i !== axis);
    return { inputs: all, views: all.map((k) => ({ strides: rest, offset: k * strides[axis] })) };
  }
  const axisInput = op.type === 'Concat' ? 0 : op.inputCount - 1;
  const axis = ints(op, axisInput)?.[0];
  if (axis === undefined) return null;
  const at = fromFront(axis, shape.length);
  const inputs = all.filter((input) => input !== axisInput);
  const views: View[] = [];
  let offset = 0;
  for (const input of inputs) {
    const part = known(op.shape(input));
    if (!part) return null;
    views.push({ strides, offset: offset * strides[at] });
    offset += part[at];
  }
  return offset === shape[at] ? { inputs, views } : null;
}
