/**
 * The evaluator that the compiler folds constants with: host kernels outside of any run, so that nothing can be drawn
 * from a random stream or printed.
 */
import type { Attrs, AttrValue } from '../../src/graph/node.ts';
import type { DType } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { findHostKernel } from './index.ts';
import type { HostServices } from './registry.ts';

/** The op to compute. */
export interface Evaluable {
  readonly op: string;
  readonly name: string;
  readonly attrs: Attrs;
  readonly outputs: readonly { readonly dtype: DType }[];
}

class Unavailable extends Error {}

const nothing: HostServices = {
  stream: () => {
    throw new Unavailable();
  },
  print: () => {
    throw new Unavailable();
  },
  resources: () => {
    throw new Unavailable();
  },
  functions: () => {
    throw new Unavailable();
  },
  wait: () => {
    throw new Unavailable();
  },
};

/** The outputs; null where there is no kernel, or it needs a run. Throws what the op would throw in a run. */
export function evaluate(node: Evaluable, inputs: readonly NdArray[]): readonly NdArray[] | null {
  const kernel = findHostKernel(node.op);
  if (!kernel) return null;
  try {
    return kernel(inputs, {
      type: node.op,
      name: node.name,
      services: nothing,
      attr: <T extends AttrValue>(name: string) => node.attrs[name] as T,
      outputDType: (output) => node.outputs[output].dtype,
    });
  } catch (error) {
    if (error instanceof Unavailable) return null;
    throw error;
  }
}
