/**
 * Kernels that serve many sizes: what changes with the size of a batch is told in the call and not written into the code, so
 * that another size needs no other kernel, and finds code that the engine has optimised already. Rendering is done by the
 * files beside this one.
 *
 * Only outermost extents are taken out: the strides of no axis depend on them. Of an extent that is cut into fours the
 * remainder stays in the code.
 */
import {
  type ContractionKernel,
  collapse,
  type Kernel,
  type LoopKernel,
  roomsOf,
  type SequenceKernel,
} from '../kernel.ts';
import type { Value } from '../values.ts';
import { ENOUGH_ROWS, isLong, isTurned, LONG, leastOuter, outerSums } from './tiling.ts';

/** Which extent is told: that of the first axis of loops, or one of a contraction: its first batch axis, rows, first sum. */
export type Given = 'first' | 'batch' | 'rows' | 'sums';

/** A kernel for all sizes that it serves. */
export interface SizedKernel {
  /** The kernel at the least of them: what is decided by size is decided by this one's. */
  readonly kernel: Kernel;
  /** By part of a sequence, the extents that are told, in order; a kernel that is none is one part. */
  readonly given: readonly (readonly Given[])[];
  /**
   * What is told for the kernel that was asked for: its scalars, the extents; then where each room of a sequence but the first
   * begins, and the end.
   */
  readonly counts: readonly number[];
}

/** Smaller extents are written into the code: few other sizes would use it. */
const LEAST = 16;

export function sizedKernel(kernel: Kernel, least = LEAST): SizedKernel {
  if (kernel.kind === 'sequence') return sizedSequence(kernel, least);
  const { kernel: smallest, given, counts } = sizedPart(kernel, least);
  if (smallest.kind !== 'loops' || counts.length === 0) return { kernel: smallest, given: [given], counts };
  const { kernel: general, numbers } = withoutSizes(smallest, counts[0]);
  return { kernel: general, given: [given], counts: [...numbers, ...counts] };
}

/** Floats tell no larger counts apart. */
const EXACT = 2 ** 24;

/** The kernel with scalars for the constants that go by its size, such as what the sum of a mean is divided by. */
function withoutSizes(kernel: LoopKernel, extent: number): { kernel: LoopKernel; numbers: readonly number[] } {
  const goesBySize = (count: number) => count >= extent && count <= EXACT && count % extent === 0;
  const isSize = (value: Value): value is Value & { kind: 'constant' } =>
    value.kind === 'constant' &&
    value.type === 'f32' &&
    (goesBySize(value.value) || (goesBySize(Math.round(1 / value.value)) && isReciprocal(value.value)));
  const numbers = [...new Set(kernel.values.filter(isSize).map(({ value }) => value))];
  if (numbers.length === 0 || kernel.scalars.length > 0) return { kernel, numbers: [] };
  const values = kernel.values.map(
    (value): Value => (isSize(value) ? { kind: 'scalar', type: 'f32', scalar: numbers.indexOf(value.value) } : value),
  );
  return { kernel: { ...kernel, values, scalars: numbers.map(() => 'f32' as const) }, numbers };
}

function isReciprocal(value: number): boolean {
  return Math.fround(1 / Math.round(1 / value)) === value;
}

interface SizedPart<K> {
  readonly kernel: K;
  readonly given: readonly Given[];
  readonly counts: readonly number[];
}

function sizedSequence(kernel: SequenceKernel, least: number): SizedKernel {
  const parts = kernel.parts.map((part) => ({ ...part, ...sizedPart(part.kernel, least) }));
  return {
    kernel: {
      ...kernel,
      rooms: kernel.rooms.map(() => 0),
      parts: parts.map((part) => ({ kernel: part.kernel, operands: part.operands })),
    },
    given: parts.map(({ given }) => given),
    counts: [...parts.flatMap(({ counts }) => counts), ...roomEnds(kernel)],
  };
}

/** Where each room but the first begins, in bytes from there, and where the last ends. */
function roomEnds(kernel: SequenceKernel): number[] {
  const { starts, bytes } = roomsOf(kernel);
  return kernel.rooms.length > 0 ? [...starts.slice(1), bytes] : [];
}

function sizedPart<K extends SequenceKernel['parts'][number]['kernel']>(kernel: K, least: number) {
  switch (kernel.kind) {
    case 'loops':
      return sizedLoops(kernel, least);
    case 'contraction':
      return sizedContraction(kernel, least);
    case 'rows':
      return { kernel, given: [], counts: [] };
  }
}

function sizedLoops(kernel: LoopKernel, least: number): SizedPart<LoopKernel> {
  const collapsed = collapse(kernel);
  const [first, ...rest] = collapsed.axes;
  if (first === undefined || first.extent < least) return { kernel: collapsed, given: [], counts: [] };
  const extent = rest.length === 0 ? leastLike(first.extent, least) : least;
  return {
    kernel: { ...collapsed, axes: [{ ...first, extent }, ...rest] },
    given: ['first'],
    counts: [first.extent],
  };
}

function sizedContraction(kernel: ContractionKernel, least: number): SizedPart<ContractionKernel> {
  const given: Given[] = [];
  const counts: number[] = [];
  let { batch, rows, sums } = kernel;
  // Whether panels are worth it depends on how many rows take them.
  const leastOf = (extent: number) => Math.max(least, extent >= ENOUGH_ROWS ? ENOUGH_ROWS : 0);
  const [first, ...others] = batch;
  if (first !== undefined && first.extent >= least) {
    given.push('batch');
    counts.push(first.extent);
    batch = [{ ...first, extent: leastOf(first.extent) }, ...others];
  }
  if (rows.extent >= least) {
    given.push('rows');
    counts.push(rows.extent);
    rows = { ...rows, extent: leastLike(rows.extent, leastOf(rows.extent)) };
  }
  const [sum] = sums;
  if (sum.extent >= least && !isLong(kernel) && !isTurned(kernel)) {
    given.push('sums');
    counts.push(sum.extent);
    // As is whether the left operand is copied on how long a sum is, and the order of the loops on how long all are together.
    const extent = outerSums(kernel) > 0 ? leastOuter(kernel) : sum.extent >= LONG ? LONG : least;
    sums = [{ ...sum, extent }, ...sums.slice(1)];
  }
  const smallest = { ...kernel, batch, rows, sums };
  // With few rows the order of the loops would be another.
  if (outerSums(smallest) !== outerSums(kernel)) return { kernel, given: [], counts: [] };
  return { kernel: smallest, given, counts };
}

/** The least extent with the same remainder by four. */
function leastLike(extent: number, least: number): number {
  return least + ((((extent - least) % 4) + 4) % 4);
}
