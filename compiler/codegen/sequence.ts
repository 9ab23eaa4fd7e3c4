/** Puts kernels one after the other, with rooms between them for what one leaves to the next. */
import type { Axis, Kernel, LoopKernel, SequenceKernel, SimpleKernel } from './kernel.ts';
import { type ElementType, Values } from './values.ts';

export class Sequence {
  private readonly rooms: number[] = [];
  private readonly parts: SequenceKernel['parts'][number][] = [];

  /** @param inputs how many buffers the whole takes, numbered from 0; the outputs have the numbers after them */
  constructor(
    private readonly inputs: number,
    private readonly outputs: number,
  ) {}

  /** A room of so many elements; the number under which kernels get it. */
  room(elements: number): number {
    return this.inputs + this.outputs + this.rooms.push(elements) - 1;
  }
  /** @param operands the buffers that the kernel takes and gives */
  add(kernel: SimpleKernel, operands: readonly number[]): void {
    this.parts.push({ kernel, operands });
  }
  /** The whole; the kernel itself where it is one on the buffers as they come. */
  finish(): Kernel {
    const [only] = this.parts;
    const isPlain = this.parts.length === 1 && only.operands.every((operand, i) => operand === i);
    if (isPlain && only.operands.length === this.inputs + this.outputs) return only.kernel;
    return { kind: 'sequence', inputs: this.inputs, outputs: this.outputs, rooms: this.rooms, parts: this.parts };
  }
}

/** Writes a number into so many elements. */
export function fillKernel(elements: number, value: number): LoopKernel {
  const $ = new Values();
  return {
    kind: 'loops',
    axes: [{ extent: elements, isReduced: false }],
    inputs: [],
    scalars: [],
    outputs: [{ type: 'f32', strides: [1], offset: 0 }],
    stages: [{ kind: 'store', output: 0, value: $.constant(value) }],
    values: $.list,
  };
}

/** Where an axis of a copy begins in both buffers, in steps of so many elements. */
export interface CopyAxis {
  readonly extent: number;
  readonly from: number;
  readonly to: number;
}

/** Copies elements. */
export function copyKernel(
  axes: readonly CopyAxis[],
  fromOffset: number,
  toOffset: number,
  type: ElementType = 'f32',
): LoopKernel {
  const $ = new Values();
  const value = $.load(type, 0);
  return {
    kind: 'loops',
    axes: axes.map(({ extent }): Axis => ({ extent, isReduced: false })),
    inputs: [{ type, strides: axes.map(({ from }) => from), offset: fromOffset }],
    scalars: [],
    outputs: [{ type, strides: axes.map(({ to }) => to), offset: toOffset }],
    stages: [{ kind: 'store', output: 0, value }],
    values: $.list,
  };
}
