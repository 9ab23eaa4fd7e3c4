/**
 * Functions of the program as ops: their definitions, and which token means which function. `pyFunc` itself, with gradients,
 * is in `src/autodiff`; running them is the host kernel's business.
 */
import type { Graph, Operation } from '../graph/graph.ts';
import type { ArrayValue } from '../util/array-convert.ts';
import type { DType } from '../util/dtype.ts';
import type { NdArray } from '../util/ndarray.ts';
import { emit } from './emit.ts';
import { defineOp } from './opdef/define.ts';
import type { TensorLike } from './tensor-like.ts';

/** What a function of the program gives: a value, or a list of them where the op has a list of results. */
export type PyFuncResult = ArrayValue | readonly ArrayValue[] | null | undefined;

/** A function of arrays that is an op. */
export interface RegisteredFunction {
  readonly fn: (...inputs: NdArray[]) => PyFuncResult | Promise<PyFuncResult>;
  /** Whether it gives a list of results; else its one result by itself. */
  readonly givesList: boolean;
}

/** By token. The graphs that use a function keep it; with the last of them it goes. */
const functions = new Map<string, WeakRef<RegisteredFunction>>();
const used = new WeakMap<Graph, RegisteredFunction[]>();
const gone = new FinalizationRegistry<string>((token) => functions.delete(token));
let next = 0;

/** The function that a token means; undefined where there is none, or none any more. */
export function registeredFunction(token: string): RegisteredFunction | undefined {
  return functions.get(token)?.deref();
}

/** Makes the function known for as long as the graph lives; its token. */
export function registerFunction(graph: Graph, registered: RegisteredFunction): string {
  const token = `pyfunc_${next++}`;
  functions.set(token, new WeakRef(registered));
  gone.register(registered, token);
  const { root } = graph;
  const kept = used.get(root);
  if (kept) kept.push(registered);
  else used.set(root, [registered]);
  return token;
}

/** The op that calls the function with this token. */
export function emitPyFunc(
  token: string,
  inputs: readonly TensorLike[],
  types: readonly DType[],
  stateful: boolean,
  name?: string | null,
): Operation {
  return emit(stateful ? 'PyFunc' : 'PyFuncStateless', [inputs], { token, Tout: types }, name ?? undefined);
}

for (const [name, doc, effect] of [
  ['PyFunc', 'What a function of the program gives for the inputs.', 'io'],
  // Not pure: nobody but the run may call it, so that it is called as often as the program says.
  ['PyFuncStateless', 'What a function of the program without side effects gives for the inputs.', 'reads'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['input: Tin'],
    outputs: ['output: Tout'],
    attrs: ['token: string', 'Tin: list(type) >= 0', 'Tout: list(type) >= 0'],
    effect,
    infer: (op) => op.attr<readonly DType[]>('Tout').map(() => null),
    grad: (op) => op.inputs.map(() => null),
    samples: [],
  });
}
