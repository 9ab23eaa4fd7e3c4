/**
 * Ops that read or write rows at places which are only known in the run: gather, scatter, sums by segment. A place out of
 * bounds is an error in TensorFlow's words: the guard says what must hold, and the host computes where it does not.
 */

import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { int32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { elementType } from './elements.ts';
import type { RowsKernel } from './kernel.ts';
import type { Guard, OpKernel } from './op-kernel.ts';
import { copyKernel, fillKernel, Sequence } from './sequence.ts';

type Rule = (op: LowerContext) => OpKernel | null;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Gather', (op) => gather(op, 0)],
  ['GatherV2', gatherAlong],
  ['GatherNd', gatherNd],
  ['ScatterNd', (op) => scatter(op, 1, 0, null, 'add')],
  ['ScatterNdNonAliasingAdd', (op) => scatter(op, 2, 1, 0, 'add')],
  ['TensorScatterAdd', (op) => scatter(op, 2, 1, 0, 'add')],
  ['TensorScatterSub', (op) => scatter(op, 2, 1, 0, 'sub')],
  ['TensorScatterUpdate', (op) => scatter(op, 2, 1, 0, 'write')],
  ['UnsortedSegmentSum', segmentSum],
]);

/** The kernel for an op on rows; null for other ops, types, and shapes that are not known. */
export function rowsKernel(op: LowerContext): OpKernel | null {
  return rules.get(op.type)?.(op) ?? null;
}

/** The shape of an input, where its elements have 4 bytes and there are any. */
function plain(op: LowerContext, input: number): KnownShape | null {
  const shape = op.shape(input);
  const type = elementType(op.dtype(input));
  return isFullyDefined(shape) && sizeOf(shape) > 0 && (type === 'f32' || type === 'i32') ? shape : null;
}

function typeOf(op: LowerContext, input: number): 'f32' | 'i32' {
  return elementType(op.dtype(input)) === 'i32' ? 'i32' : 'f32';
}

/** The shape of indices that the backend holds. */
function indices(op: LowerContext, input: number): KnownShape | null {
  return op.dtype(input) === int32 ? plain(op, input) : null;
}

function gatherAlong(op: LowerContext): OpKernel | null {
  const axis = intsOf(op.constant(2))?.[0];
  const rank = op.shape(0)?.length;
  if (axis === undefined || rank === undefined || op.attr<number>('batch_dims') !== 0) return null;
  return gather(op, axis < 0 ? axis + rank : axis);
}

function gather(op: LowerContext, axis: number): OpKernel | null {
  const [table, at] = [plain(op, 0), indices(op, 1)];
  if (!table || !at || !(axis >= 0 && axis < table.length)) return null;
  const kernel: RowsKernel = {
    kind: 'rows',
    mode: 'read',
    type: typeOf(op, 0),
    tables: sizeOf(table.slice(0, axis)),
    count: sizeOf(at),
    extents: [table[axis]],
    skipsNegative: false,
    width: sizeOf(table.slice(axis + 1)),
  };
  return { kernel, inputs: [0, 1], guard: placesGuard(op, 1, kernel) };
}

function gatherNd(op: LowerContext): OpKernel | null {
  const [table, at] = [plain(op, 0), indices(op, 1)];
  const depth = at?.[at.length - 1] ?? 0;
  if (!table || !at || depth === 0 || depth > table.length) return null;
  const extents = table.slice(0, depth);
  const kernel: RowsKernel = {
    kind: 'rows',
    mode: 'read',
    type: typeOf(op, 0),
    tables: 1,
    count: sizeOf(at) / depth,
    extents,
    skipsNegative: false,
    width: sizeOf(table.slice(depth)),
  };
  return { kernel, inputs: [0, 1], guard: placesGuard(op, 1, kernel) };
}

/** @param base the input that is written over; null where it is zeros */
function scatter(
  op: LowerContext,
  rows: number,
  places: number,
  base: number | null,
  mode: RowsKernel['mode'],
): OpKernel | null {
  const [updates, at, table] = [plain(op, rows), indices(op, places), op.outputShape(0)];
  const depth = at?.[at.length - 1] ?? 0;
  if (!updates || !at || !isFullyDefined(table) || depth === 0 || depth > table.length) return null;
  const expected = [...at.slice(0, -1), ...table.slice(depth)];
  if (String(expected) !== String(updates) || (base !== null && !plain(op, base))) return null;
  const kernel: RowsKernel = {
    kind: 'rows',
    mode,
    type: typeOf(op, rows),
    tables: 1,
    count: sizeOf(at) / depth,
    extents: table.slice(0, depth),
    skipsNegative: op.attr('_skips_negative') === true,
    width: sizeOf(table.slice(depth)),
  };
  return onto(op, kernel, rows, places, base, table);
}

function segmentSum(op: LowerContext): OpKernel | null {
  const [data, at, table] = [plain(op, 0), indices(op, 1), op.outputShape(0)];
  if (!data || !at || !isFullyDefined(table) || sizeOf(table) === 0) return null;
  if (at.some((extent, i) => extent !== data[i])) return null;
  const kernel: RowsKernel = {
    kind: 'rows',
    mode: 'add',
    type: typeOf(op, 0),
    tables: 1,
    count: sizeOf(at),
    extents: [table[0]],
    skipsNegative: true,
    width: sizeOf(table.slice(1)),
  };
  return onto(op, kernel, 0, 1, null, table);
}

/** What must hold of the places; undefined where it does, since they are known now. */
export function placesGuard(
  op: LowerContext,
  input: number,
  { extents, skipsNegative }: Pick<RowsKernel, 'extents' | 'skipsNegative'>,
): Guard | undefined {
  const known = intsOf(op.constant(input));
  const isWithin = (place: number, i: number) => place < extents[i % extents.length] && (place >= 0 || skipsNegative);
  return known?.every(isWithin) ? undefined : { kind: 'places', input, extents, skipsNegative };
}

/** Rows written onto a copy of an input, or onto zeros. */
function onto(
  op: LowerContext,
  kernel: RowsKernel,
  rows: number,
  places: number,
  base: number | null,
  table: KnownShape,
): OpKernel {
  const inputs = base === null ? [rows, places] : [rows, places, base];
  const sequence = new Sequence(inputs.length, 1);
  const output = inputs.length;
  const size = sizeOf(table);
  if (base === null) sequence.add(fillKernel(size, 0), [output]);
  else sequence.add(copyKernel([{ extent: size, from: 1, to: 1 }], 0, 0), [2, output]);
  sequence.add(kernel, [0, 1, output]);
  return { kernel: sequence.finish(), inputs, guard: placesGuard(op, places, kernel) };
}
