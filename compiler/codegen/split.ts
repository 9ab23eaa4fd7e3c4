/**
 * Kernels divided into parts that may be computed at the same time, each an ordinary kernel on the same buffers further on.
 * Who computes them is the runtime's business, how they are rendered that of the renderers.
 *
 * Parts differ in what they write, never in the order in which anything is added up: the result has the same bits as that of
 * the whole.
 */
import {
  type ContractionAxis,
  type ContractionKernel,
  collapse,
  type Kernel,
  type LoopKernel,
  type Operand,
  type SimpleKernel,
} from './kernel.ts';
import type { ElementType, Op } from './values.ts';

/** One part of a kernel. */
export interface Task {
  readonly kernel: SimpleKernel;
  /** The buffers that it takes and gives: inputs of the whole, its outputs and its rooms, numbered in this order. */
  readonly operands: readonly number[];
  /** By operand, how many bytes further it begins. */
  readonly shifts: readonly number[];
}

/** What may be computed at the same time; all of it is to be done before the next. */
export type Phase = readonly Task[];

/** Microseconds that a kernel must take to be divided, and each of its parts where there are more than threads. */
const LEAST = 16;
const LEAST_PART = 12;
/** More parts than threads, so that a thread that is late leaves them to the others. */
const PARTS_PER_THREAD = 2;

// The model of costs, in nanoseconds on one core: products and sums at 20 a nanosecond, the rest element by element.
const PRODUCT = 0.05;
const COPIED = 0.3;
const ACCESS = 0.06;
const SIMPLE = 0.03;
const COSTS: Partial<Readonly<Record<Op, number>>> = {
  exp: 0.6,
  log: 0.8,
  tanh: 0.8,
  sigmoid: 0.8,
  sqrt: 0.3,
  div: 0.3,
};

const BYTES: Readonly<Record<ElementType, number>> = { f32: 4, i32: 4, bool: 1 };

/**
 * The kernel in phases, some of which have several tasks; null where none has, since the kernel cannot be divided or is too
 * small for that.
 *
 * @param threads how many tasks can be computed at the same time
 * @param least the microseconds that a kernel must take to be divided
 */
export function splitKernel(kernel: Kernel, threads: number, least = LEAST): Phase[] | null {
  const phases =
    kernel.kind === 'sequence'
      ? kernel.parts.map((part) => splitSimple(part.kernel, part.operands, threads, least))
      : [splitSimple(kernel, null, threads, least)];
  return phases.some((tasks) => tasks.length > 1) ? phases : null;
}

/** How many buffers the kernel takes and gives. */
export function bufferCount(kernel: Kernel): number {
  if (kernel.kind === 'sequence') return kernel.inputs + kernel.outputs;
  if (kernel.kind === 'rows') return 3;
  return kernel.inputs.length + writtenBy(kernel).reduce((count, buffer) => Math.max(count, buffer + 1), 0);
}

/** By output, the number of the buffer among those that are written. */
function writtenBy(kernel: LoopKernel | ContractionKernel): readonly number[] {
  return (kernel.kind === 'loops' && kernel.buffers) || kernel.outputs.map((_, k) => k);
}

function splitSimple(kernel: SimpleKernel, operands: readonly number[] | null, threads: number, least: number): Phase {
  const buffers = operands ?? Array.from({ length: bufferCount(kernel) }, (_, k) => k);
  const cuts = mayBeDivided(kernel, buffers) ? cutsOf(kernel) : null;
  const best = cuts && bestOf(cuts, threads, least);
  if (!best) return [{ kernel, operands: buffers, shifts: buffers.map(() => 0) }];
  const { cut, parts } = best;
  const made = new Map<number, SimpleKernel>();
  return Array.from({ length: parts }, (_, i) => {
    const from = startOf(cut, i, parts);
    const count = startOf(cut, i + 1, parts) - from;
    const part = made.get(count) ?? cut.take(count);
    made.set(count, part);
    return { kernel: part, operands: buffers, shifts: cut.steps.map((bytes) => from * bytes) };
  });
}

/** Whether it does not matter in which order places are computed: no two write the same element, or read what another writes. */
function mayBeDivided(kernel: SimpleKernel, buffers: readonly number[]): boolean {
  if (kernel.kind === 'rows' || kernel.scalars.length > 0) return false;
  const { inputs, outputs } = kernel;
  const axes = kernel.kind === 'loops' ? kernel.axes : [...kernel.batch, kernel.rows, kernel.columns];
  const extents = axes.map(({ extent }) => extent);
  const written = writtenBy(kernel);
  return outputs.every((output, k) => {
    if (!isApart(output.strides, extents)) return false;
    const buffer = buffers[inputs.length + written[k]];
    return inputs.every((input, j) => {
      if (buffers[j] !== buffer) return true;
      // The sides of a product are read at more than the place of the result.
      if (kernel.kind === 'contraction' && j < 2) return false;
      return input.offset === output.offset && String(input.strides) === String(output.strides);
    });
  });
}

/** Whether all places lie apart from each other, but for axes that an operand does not go along. */
function isApart(strides: readonly number[], extents: readonly number[]): boolean {
  const axes = extents.flatMap((extent, i) => (strides[i] && extent > 1 ? [[Math.abs(strides[i]), extent]] : []));
  let span = 0;
  for (const [stride, extent] of axes.sort(([a], [b]) => a - b)) {
    if (stride <= span) return false;
    span += stride * (extent - 1);
  }
  return true;
}

/** An axis along which a kernel may be cut. */
interface Cut {
  readonly extent: number;
  /** Parts are so many places long, or a multiple. */
  readonly unit: number;
  /** By buffer, bytes from one place to the next. */
  readonly steps: readonly number[];
  /** The kernel for so many places. */
  readonly take: (count: number) => SimpleKernel;
}

/** How many units there are; what is left over belongs to the last. */
function unitsOf({ extent, unit }: Cut): number {
  return Math.max(1, Math.floor(extent / unit));
}

/** Where one of so many parts begins. */
function startOf(cut: Cut, part: number, parts: number): number {
  return part === parts ? cut.extent : Math.floor((unitsOf(cut) * part) / parts) * cut.unit;
}

/** How many places the longest of so many parts has: the last has what is left over, or another the most units. */
function longestOf(cut: Cut, parts: number): number {
  return Math.max(cut.extent - startOf(cut, parts - 1, parts), Math.ceil(unitsOf(cut) / parts) * cut.unit);
}

interface Cuts {
  /** Nanoseconds that the whole takes. */
  readonly time: number;
  /** With the nanoseconds that each part more costs, since what it shares with others is read or copied once more. */
  readonly list: readonly (Cut & { readonly again: number })[];
}

/** Along which axis the kernel is cut, and into how many parts; null where that is not worth it. */
function bestOf({ time, list }: Cuts, threads: number, least: number): { cut: Cut; parts: number } | null {
  if (time < 1000 * least) return null;
  const fitting = Math.floor(time / (1000 * LEAST_PART));
  const wanted = Math.max(threads, Math.min(PARTS_PER_THREAD * threads, fitting));
  let best: { cut: Cut; parts: number } | null = null;
  let shortest = time;
  for (const cut of list) {
    const parts = Math.min(wanted, unitsOf(cut));
    if (parts < 2) continue;
    // So many parts follow each other on one thread.
    const spent = Math.ceil(parts / threads) * ((time * longestOf(cut, parts)) / cut.extent + cut.again);
    if (spent >= shortest) continue;
    shortest = spent;
    best = { cut, parts };
  }
  return best;
}

function cutsOf(kernel: SimpleKernel): Cuts | null {
  if (kernel.kind === 'rows') return null;
  return kernel.kind === 'loops' ? loopCuts(kernel) : contractionCuts(kernel);
}

/** By buffer, bytes along an axis; null where outputs in one buffer do not go on alike, or places are written again. */
function stepsOf(kernel: LoopKernel | ContractionKernel, axis: number): number[] | null {
  const bytes = ({ type, strides }: Operand) => BYTES[type] * (strides[axis] ?? 0);
  const written: number[] = [];
  for (const [k, buffer] of writtenBy(kernel).entries()) {
    const step = bytes(kernel.outputs[k]);
    if (step === 0 || (written[buffer] ?? step) !== step) return null;
    written[buffer] = step;
  }
  return [...kernel.inputs.map(bytes), ...written];
}

function loopCuts(whole: LoopKernel): Cuts {
  const kernel = collapse(whole);
  const { axes, values } = kernel;
  const places = axes.reduce((count, { extent }) => count * extent, 1);
  let each = ACCESS * kernel.outputs.length;
  for (const value of values) {
    if (value.kind === 'load') each += ACCESS;
    else if (value.kind === 'op') each += COSTS[value.op] ?? SIMPLE;
  }
  const numbered = new Set(values.flatMap((value) => (value.kind === 'index' ? [value.axis] : [])));
  const list = axes.flatMap(({ extent, isReduced }, axis) => {
    const steps = isReduced || numbered.has(axis) ? null : stepsOf(kernel, axis);
    if (!steps) return [];
    const take = (count: number): LoopKernel => ({
      ...kernel,
      axes: axes.map((other, i) => (i === axis ? { ...other, extent: count } : other)),
    });
    // The last axis goes in vectors, and one of a single place would no longer be the last.
    return [{ extent, unit: axis === axes.length - 1 ? 4 : 1, steps, take, again: 0 }];
  });
  return { time: places * each, list };
}

function contractionCuts(kernel: ContractionKernel): Cuts {
  const { batch, rows, columns, sums } = kernel;
  const size = (axes: readonly ContractionAxis[]) => axes.reduce((count, { extent }) => count * extent, 1);
  const depth = size(sums);
  const places = size(batch) * rows.extent * columns.extent;
  const all = [...batch, rows, columns];
  // Any multiple of four rows can be cut into tiles of four and five; fewer rows have one tile, of eight vectors of sums.
  const height = Math.min(4, rows.extent);
  const unitOf = (axis: number) => [height, 4 * Math.floor(8 / height)][axis - batch.length] ?? 1;
  const list = all.flatMap((cut, axis) => {
    const steps = stepsOf(kernel, axis);
    if (!steps) return [];
    steps[0] = 4 * cut.left;
    steps[1] = 4 * cut.right;
    const at = (i: number, count: number) => (i === axis ? { ...all[i], extent: count } : all[i]);
    const take = (count: number): ContractionKernel => ({
      ...kernel,
      batch: batch.map((_, i) => at(i, count)),
      rows: at(batch.length, count),
      columns: at(batch.length + 1, count),
    });
    // The operand that the axis does not go along is read by every part, and the right one may be copied.
    const shared = batch.filter((other) => other.right === 0 && other !== cut);
    const again =
      axis === batch.length + 1
        ? ACCESS * depth * rows.extent * size(batch)
        : cut.right === 0
          ? (COPIED * depth * columns.extent * size(batch)) / (size(shared) * (axis < batch.length ? cut.extent : 1))
          : 0;
    return [{ extent: cut.extent, unit: unitOf(axis), steps, take, again }];
  });
  return { time: places * (PRODUCT * depth + ACCESS), list };
}
