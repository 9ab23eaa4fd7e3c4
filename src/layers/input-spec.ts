/**
 * `InputSpec`: what a layer demands of an input, as a class. The checking is Keras's.
 */
import type { InputSpec as Demands } from '../keras/engine/input-spec.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike } from '../util/dtype.ts';

export interface InputSpecOptions {
  readonly dtype?: DTypeLike | null;
  /** The whole shape, null where a dimension may be anything. */
  readonly shape?: readonly (number | null)[] | null;
  readonly ndim?: number | null;
  readonly maxNdim?: number | null;
  readonly minNdim?: number | null;
  /** Dimensions by axis, which may count from the end. */
  readonly axes?: ReadonlyMap<number, number> | Readonly<Record<number, number>> | null;
}

type InputSpecArguments = Rest<
  [
    dtype: DTypeLike | null,
    shape: readonly (number | null)[] | null,
    ndim: number | null,
    maxNdim: number | null,
    minNdim: number | null,
    axes: ReadonlyMap<number, number> | null,
  ],
  InputSpecOptions
>;

/**
 * The type, shape, rank and dimensions that a layer wants of an input; what is left out does not matter.
 *
 *     layer.inputSpec = new tf.layers.InputSpec({minNdim: 2, axes: {[-1]: 3}});
 */
export class InputSpec implements Demands {
  readonly dtype: DType | null;
  readonly shape: readonly (number | null)[] | null;
  readonly ndim: number | null;
  readonly maxNdim: number | null;
  readonly minNdim: number | null;
  readonly axes: ReadonlyMap<number, number> | null;

  constructor(...rest: InputSpecArguments) {
    const options = bind<InputSpecOptions>(['dtype', 'shape', 'ndim', 'maxNdim', 'minNdim', 'axes'], rest);
    const { axes = null } = options;
    this.dtype = options.dtype == null ? null : asDType(options.dtype);
    this.shape = options.shape ?? null;
    this.ndim = this.shape?.length ?? options.ndim ?? null;
    this.maxNdim = options.maxNdim ?? null;
    this.minNdim = options.minNdim ?? null;
    const isMap = axes === null || axes instanceof Map;
    this.axes = isMap ? axes : new Map(Object.entries(axes).map(([axis, size]) => [Number(axis), size]));
  }
}
