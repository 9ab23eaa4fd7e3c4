/**
 * Handles of variables as values: what a plan gives to kernels that call functions which use the variables. Handles of other
 * things are the runtime's.
 */
import { resource } from '../../src/util/dtype.ts';
import { type Data, NdArray } from '../../src/util/ndarray.ts';
import type { VariableRef } from './import.ts';

/** The kind of thing that a variable is, by TensorFlow's name for its type. */
const VARIABLE = 'tensorflow::Var';

/** An array with the handle: `{container, name, kind, resource}`, as handles of other things are. */
export function variableHandle({ container, name }: VariableRef): NdArray {
  const handle = { container, name, kind: VARIABLE, resource: {} };
  return new NdArray(resource, [], [handle] as unknown as Data);
}

/** The variable that the array is the handle of; null for other values. */
export function variableOfHandle({ dtype, data }: NdArray): VariableRef | null {
  if (dtype !== resource) return null;
  const [handle] = data as unknown as { readonly container: string; readonly name: string; readonly kind: string }[];
  return handle.kind === VARIABLE ? { container: handle.container, name: handle.name } : null;
}
