/** The keyword arguments of datasets' methods. What the methods do is `dataset.ts`'s business. */
import type { Tensor } from '../graph/graph.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import type { DTypeLike } from '../util/dtype.ts';

export interface RangeDatasetOptions {
  /** The type of the numbers; int64 without it. */
  readonly outputType?: DTypeLike | null;
}

export interface BatchOptions {
  /** Whether a last batch with fewer elements is left out; false without it. */
  readonly dropRemainder?: TensorLike;
}

export interface ShuffleDatasetOptions {
  readonly seed?: number | Tensor | null;
  /** Whether each pass of a repeated dataset has an order of its own; true without it. */
  readonly reshuffleEachIteration?: boolean | null;
}

export interface MapOptions {
  /** How many calls TensorFlow makes at once; for graphs that are exported. */
  readonly numParallelCalls?: TensorLike | null;
  readonly deterministic?: boolean | null;
}

export interface InterleaveOptions extends MapOptions {
  readonly cycleLength?: TensorLike | null;
  readonly blockLength?: TensorLike | null;
}

export interface PaddedBatchOptions extends BatchOptions {
  readonly paddedShapes?: unknown;
  readonly paddingValues?: unknown;
}

export interface CacheOptions {
  readonly filename?: TensorLike;
}
export interface EnumerateOptions {
  readonly start?: TensorLike;
}
export interface RepeatOptions {
  readonly count?: TensorLike | null;
}
export interface SharedNameOption {
  readonly sharedName?: string | null;
}
