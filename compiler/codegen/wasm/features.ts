/** What engines have beyond version 2 of WebAssembly, and how to find out. To ask the engine is the runtime's job. */
import { assemble, FunctionBuilder } from './assembler.ts';
import { V128 } from './opcodes.ts';

export interface Features {
  /**
   * Products can be added to a sum in one instruction, which rounds once where two instructions round twice. Used for sums
   * of products only: between ops of a program each keeps a rounding of its own, as in TensorFlow.
   */
  readonly multiplyAdd: boolean;
}

export const NO_FEATURES: Features = Object.freeze({ multiplyAdd: false });

/** A module that is valid in engines which have `multiplyAdd`. */
export function multiplyAddProbe(): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder('probe', []);
  const sum = f.local(V128);
  f.get(sum).get(sum).get(sum).op('f32x4.relaxed_madd').set(sum);
  return assemble([f]);
}
