/**
 * What a layer demands of its inputs, checked before it is called, with Keras's messages.
 */
import type { Tensor } from '../../graph/graph.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { formatShape } from '../../util/shape.ts';

/** The demands on one input; what is left out does not matter. */
export interface Demands {
  readonly ndim?: number | null;
  readonly minNdim?: number | null;
  readonly maxNdim?: number | null;
  /** Dimensions by axis, which may count from the end. */
  readonly axes?: ReadonlyMap<number, number> | null;
  /** The whole shape, null where a dimension may be anything. */
  readonly shape?: readonly (number | null)[] | null;
}

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
 *     layer.inputSpec = new tf.keras.layers.InputSpec({minNdim: 2, axes: {[-1]: 3}});
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

/** Throws `ValueError` where an input does not fit. */
export function checkInputs(specs: Demands | readonly Demands[] | null, inputs: readonly Tensor[], name: string): void {
  if (!specs) return;
  const list = Array.isArray(specs) ? (specs as readonly Demands[]) : [specs as Demands];
  if (list.length !== inputs.length) {
    throw new ValueError(
      `Layer "${name}" expects ${list.length} input(s), but it received ${inputs.length} input tensors. Inputs received: [${inputs.join(', ')}]`,
    );
  }
  for (const [i, spec] of list.entries()) checkInput(spec, inputs[i], i, name);
}

function checkInput(spec: Demands, { shape }: Tensor, index: number, name: string): void {
  const where = `Input ${index} of layer "${name}" is incompatible with the layer:`;
  if (shape === null) {
    if (spec.ndim != null || spec.minNdim != null || spec.axes) {
      throw new ValueError(`${where} its rank is undefined, but the layer requires a defined rank.`);
    }
    return;
  }
  const full = formatShape(shape).replaceAll('?', 'None');
  const rank = shape.length;
  if (spec.ndim != null && rank !== spec.ndim) {
    throw new ValueError(`${where} expected ndim=${spec.ndim}, found ndim=${rank}. Full shape received: ${full}`);
  }
  if (spec.maxNdim != null && rank > spec.maxNdim) {
    throw new ValueError(`${where} expected max_ndim=${spec.maxNdim}, found ndim=${rank}`);
  }
  if (spec.minNdim != null && rank < spec.minNdim) {
    throw new ValueError(
      `${where} expected min_ndim=${spec.minNdim}, found ndim=${rank}. Full shape received: ${full}`,
    );
  }
  for (const [axis, size] of spec.axes ?? []) {
    const found = shape[axis < 0 ? rank + axis : axis];
    if (found !== null && found !== undefined && found !== size) {
      throw new ValueError(
        `${where} expected axis ${axis} of input shape to have value ${size}, but received input with shape ${full}`,
      );
    }
  }
  if (!spec.shape) return;
  const fits =
    spec.shape.length === rank && spec.shape.every((d, i) => d === null || shape[i] === null || d === shape[i]);
  if (!fits) {
    throw new ValueError(
      `${where} expected shape=${formatShape(spec.shape).replaceAll('?', 'None')}, found shape=${full}`,
    );
  }
}
