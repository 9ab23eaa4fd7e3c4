/**
 * What a layer demands of its inputs, checked before it is called, with Keras's messages.
 */
import type { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import { formatShape } from '../../util/shape.ts';

/** The demands on one input; what is left out does not matter. */
export interface InputSpec {
  readonly ndim?: number | null;
  readonly minNdim?: number | null;
  readonly maxNdim?: number | null;
  /** Dimensions by axis, which may count from the end. */
  readonly axes?: ReadonlyMap<number, number> | null;
  /** The whole shape, null where a dimension may be anything. */
  readonly shape?: readonly (number | null)[] | null;
}

/** Throws `ValueError` where an input does not fit. */
export function checkInputs(
  specs: InputSpec | readonly InputSpec[] | null,
  inputs: readonly Tensor[],
  name: string,
): void {
  if (!specs) return;
  const list = Array.isArray(specs) ? (specs as readonly InputSpec[]) : [specs as InputSpec];
  if (list.length !== inputs.length) {
    throw new ValueError(
      `Layer "${name}" expects ${list.length} input(s), but it received ${inputs.length} input tensors. Inputs received: [${inputs.join(', ')}]`,
    );
  }
  for (const [i, spec] of list.entries()) checkInput(spec, inputs[i], i, name);
}

function checkInput(spec: InputSpec, { shape }: Tensor, index: number, name: string): void {
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
