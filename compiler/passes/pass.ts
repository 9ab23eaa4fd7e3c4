/**
 * What a pass is: a pure function from module to module. The list of passes is `pipeline.ts`, running them `driver.ts`.
 */
import type { Attrs, AttrValue } from '../../src/graph/node.ts';
import type { DType } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Feed } from '../ir/import.ts';
import type { IrModule } from '../ir/module.ts';
import type { Target } from '../lowering/lowering.ts';

/** An op whose inputs are all known, for the evaluator. */
export interface Evaluable {
  readonly op: string;
  readonly name: string;
  readonly attrs: Attrs;
  readonly outputs: readonly { readonly dtype: DType }[];
  attr<T extends AttrValue = AttrValue>(name: string): T;
}

/** Computes a pure op on known inputs; null where it cannot. It throws what the op would throw in a run. */
export type Evaluate = (op: Evaluable, inputs: readonly NdArray[]) => readonly NdArray[] | null;

export interface PassContext {
  readonly target: Target;
  /** What the run is fed, in the order of `module.feeds`. */
  readonly feeds: readonly Feed[];
  readonly evaluate: Evaluate | null;
}

export interface Pass {
  readonly name: string;
  /** One sentence: what it does. */
  readonly doc: string;
  /** Answers with the very module that it was given where nothing changed. It never changes a module. */
  run(module: IrModule, context: PassContext): IrModule;
}
