/**
 * The description of a generated kernel: loops over axes, operands with a stride for each of them, and what is computed at
 * each place. It is data: every target renders the same description, and its text is the key by which kernels are kept.
 */
import type { ElementType, Value, ValueId } from './values.ts';

/** A buffer that the kernel reads or writes. */
export interface Operand {
  readonly type: ElementType;
  /** By axis of the kernel, how many elements further its next place lies; 0 where the axis changes nothing. */
  readonly strides: readonly number[];
  /** The element of the buffer at the first place. */
  readonly offset: number;
}

export interface Axis {
  readonly extent: number;
  /** Whether reductions go along it. */
  readonly isReduced: boolean;
}

/** `greatest` leaves out NaN, `max` and `min` keep it. */
export type Reduction = 'sum' | 'prod' | 'max' | 'min' | 'greatest' | 'any' | 'all';

/** What a reduction of nothing is. */
export function identityOf(reduction: Reduction, type: ElementType): number {
  switch (reduction) {
    case 'sum':
    case 'any':
      return 0;
    case 'prod':
    case 'all':
      return 1;
    case 'max':
    case 'greatest':
      return type === 'f32' ? -Infinity : -(2 ** 31);
    case 'min':
      return type === 'f32' ? Infinity : 2 ** 31 - 1;
  }
}

/** What is done with a value, in order. */
export type Stage =
  /** Reduces the value along the reduced axes. Later stages take the result. */
  | { readonly kind: 'reduce'; readonly reduction: Reduction; readonly value: ValueId }
  /** Writes the value: at every place, or where it is the same along the reduced axes, once for all of them. */
  | { readonly kind: 'store'; readonly output: number; readonly value: ValueId };

/** A nest of loops, the last axis inside. */
export interface LoopKernel {
  readonly kind: 'loops';
  readonly axes: readonly Axis[];
  readonly inputs: readonly Operand[];
  /** Numbers that it is called with, beside the buffers. */
  readonly scalars: readonly ElementType[];
  readonly outputs: readonly Operand[];
  /** By output, the number of the buffer it is written to; absent where each has its own. */
  readonly buffers?: readonly number[];
  readonly values: readonly Value[];
  readonly stages: readonly Stage[];
}

/** An axis of a contraction: how many elements further its next place lies in the left and right operand. */
export interface ContractionAxis {
  readonly extent: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Sums of products, out[batch, row, column] = Σ left[batch, row, sum] · right[batch, sum, column]: a product of matrices,
 * and with more than one axis of sums a convolution. Then what the values say is done to each sum, which is what stage 0
 * reduced to. Inputs 0 and 1 are left and right, without strides here; the strides of the other inputs and of the outputs
 * go along batch, rows and columns.
 */
export interface ContractionKernel {
  readonly kind: 'contraction';
  readonly batch: readonly ContractionAxis[];
  /** Changes nothing in the right operand. */
  readonly rows: ContractionAxis;
  /** Changes nothing in the left operand. */
  readonly columns: ContractionAxis;
  readonly sums: readonly ContractionAxis[];
  readonly inputs: readonly Operand[];
  readonly scalars: readonly ElementType[];
  readonly outputs: readonly Operand[];
  readonly values: readonly Value[];
  /** By output, what is written. */
  readonly results: readonly ValueId[];
}

/**
 * Rows moved to or from places that are only known in the run. Inputs are rows and the numbers of their places, a vector of
 * integers for each row: place p of extents e is row (p₀·e₁ + p₁)·e₂ + p₂ … of the table. `read` takes rows of the table,
 * its first input, for the output; the others write rows, the first input, to the table, which is the output and holds
 * something already.
 */
export interface RowsKernel {
  readonly kind: 'rows';
  readonly mode: 'read' | 'write' | 'add' | 'sub';
  readonly type: 'f32' | 'i32';
  /** Tables one after the other, for each of which the numbers are the same. */
  readonly tables: number;
  readonly count: number;
  /** How many places there are, by number of the vector. Every number must be within. */
  readonly extents: readonly number[];
  /** Whether rows with a negative number go nowhere. */
  readonly skipsNegative: boolean;
  /** Elements of a row. */
  readonly width: number;
}

export type SimpleKernel = LoopKernel | ContractionKernel | RowsKernel;

/** Kernels one after the other. */
export interface SequenceKernel {
  readonly kind: 'sequence';
  /** How many buffers it takes and gives. */
  readonly inputs: number;
  readonly outputs: number;
  /** Buffers of its own, by their number of elements of 4 bytes. */
  readonly rooms: readonly number[];
  /** What each works on, inputs and then outputs: the inputs of the sequence, its outputs and its rooms, numbered in this order. */
  readonly parts: readonly { readonly kernel: SimpleKernel; readonly operands: readonly number[] }[];
}

export type Kernel = SimpleKernel | SequenceKernel;

/** Where the rooms of a kernel begin in what is kept for them, in bytes, and how much that is. */
export function roomsOf(kernel: Kernel): { readonly starts: readonly number[]; readonly bytes: number } {
  const starts: number[] = [];
  let bytes = 0;
  for (const size of kernel.kind === 'sequence' ? kernel.rooms : []) {
    starts.push(bytes);
    bytes += 16 * Math.ceil(size / 4);
  }
  return { starts, bytes };
}

/** How many buffers the kernel reads. */
export function inputCount(kernel: Kernel): number {
  switch (kernel.kind) {
    case 'sequence':
      return kernel.inputs;
    case 'rows':
      return 2;
  }
  return kernel.inputs.length;
}

/** Equal for kernels that are the same. */
export function kernelKey(kernel: Kernel): string {
  return JSON.stringify(kernel, (_, value) =>
    isUnwritable(value) ? (Object.is(value, -0) ? '-0' : `${value}`) : value,
  );
}

/** Whether JSON would write another number. */
function isUnwritable(value: unknown): boolean {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
}

/**
 * The kernel with axes joined that all operands go along in one stride, and axes of one place left out: the fewer loops, the
 * longer the inner one. Axes whose places are numbered stay as they are.
 */
export function collapse(kernel: LoopKernel): LoopKernel {
  const operands = [...kernel.inputs, ...kernel.outputs];
  const numbered = new Set(kernel.values.flatMap((value) => (value.kind === 'index' ? [value.axis] : [])));
  const axes: { extent: number; isReduced: boolean; isNumbered: boolean }[] = [];
  const strides: number[][] = operands.map(() => []);
  /** By old axis, the new one. */
  const renamed: number[] = [];
  kernel.axes.forEach(({ extent, isReduced }, axis) => {
    const isNumbered = numbered.has(axis);
    if (extent === 1 && !isNumbered) return;
    const last = axes.length - 1;
    const joins =
      last >= 0 &&
      !isNumbered &&
      !axes[last].isNumbered &&
      axes[last].isReduced === isReduced &&
      operands.every((operand, k) => strides[k][last] === operand.strides[axis] * extent);
    if (joins) axes[last].extent *= extent;
    else axes.push({ extent, isReduced, isNumbered });
    renamed[axis] = axes.length - 1;
    operands.forEach((operand, k) => {
      strides[k][axes.length - 1] = operand.strides[axis];
    });
  });
  const under = (k: number): Operand => ({ ...operands[k], strides: strides[k] });
  return {
    ...kernel,
    axes: axes.map(({ extent, isReduced }) => ({ extent, isReduced })),
    inputs: kernel.inputs.map((_, k) => under(k)),
    outputs: kernel.outputs.map((_, k) => under(kernel.inputs.length + k)),
    values: kernel.values.map((value) => (value.kind === 'index' ? { ...value, axis: renamed[value.axis] } : value)),
  };
}
