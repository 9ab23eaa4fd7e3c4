/** What the makers of kernels for single ops give: the kernel, what it takes of the op, and what must hold for it. */
import type { Kernel } from './kernel.ts';

/** A kernel, and which inputs of the op it takes and which outputs it gives; where they are not said, the first. */
export interface OpKernel {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs?: readonly number[];
  /** Where this does not hold in the run, the host computes the op. */
  readonly guard?: Guard;
}

/** What a kernel relies on, of the elements of an input of the op. */
export type Guard =
  /** Vectors of integers that are within these extents; negative ones where they go nowhere. */
  | {
      readonly kind: 'places';
      readonly input: number;
      readonly extents: readonly number[];
      readonly skipsNegative: boolean;
    }
  /** No NaN and no infinity. */
  | { readonly kind: 'finite'; readonly input: number };
