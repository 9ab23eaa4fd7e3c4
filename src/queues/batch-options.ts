/** What the functions that make batches of examples are given. */
import type { TensorLike } from '../ops/tensor-like.ts';
import type { ShapeLike } from '../util/shape.ts';

export interface BatchOptions {
  /** How many loops enqueue; 1 without it. */
  readonly numThreads?: number;
  /** The capacity of the queue, 32 without it. */
  readonly capacity?: number;
  /** Whether the tensors are batches of examples themselves. */
  readonly enqueueMany?: boolean;
  /** The shapes of an example, where the tensors do not say them. */
  readonly shapes?: readonly ShapeLike[] | null;
  /** Whether examples may differ in unknown dimensions, and are padded. */
  readonly dynamicPad?: boolean;
  /** Whether the last batch may be smaller when the examples end. */
  readonly allowSmallerFinalBatch?: boolean;
  readonly sharedName?: string | null;
  readonly name?: string | null;
}

export type Examples = readonly TensorLike[] | Readonly<Record<string, TensorLike>>;
