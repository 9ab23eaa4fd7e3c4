/**
 * `tf.customGradient`: a function of tensors that brings its own derivative. The backward pass finds the derivative
 * attached to the `IdentityN` that ends the function.
 */
import type { Graph, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { convertToTensor, emit, emitOne, graphOf } from '../ops/emit.ts';
import type { TensorConvertible, TensorLike } from '../ops/tensor-like.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { attachGradient, type Gradient } from './registry.ts';

/** A variable that the function reads without taking it as an argument. */
export type UsedVariable = TensorConvertible & { readonly handle: Tensor; readonly name: string };

/**
 * The derivative: from a gradient per result to one per argument. Where the function reads variables, it takes
 * `{variables}` after the gradients, and returns the pair of the arguments' and the variables' gradients.
 */
export type CustomDerivative = (
  ...grads: never[]
) => Gradient | readonly Gradient[] | readonly [readonly Gradient[], readonly Gradient[]];

/** The result of a function with a derivative of its own: what it computes, and the derivative. */
export type WithDerivative<R extends Tensor | readonly Tensor[]> = readonly [result: R, derivative: CustomDerivative];

let nextName = 1;

/**
 * Gives a function of tensors its own derivative. `f` returns its result (a tensor or a list) and the derivative; the
 * function that comes back takes what `f` takes and returns the result. Throws `TypeError` where `f` reads variables and
 * its derivative has no parameter for them.
 *
 *     const log1pexp = tf.customGradient((x) => {
 *       const e = tf.exp(x);
 *       return [tf.log(e.add(1)), (dy) => dy.mul(tf.sub(1, tf.div(1, e.add(1))))];
 *     });
 *     const y = log1pexp(x);
 */
export function customGradient<R extends Tensor | readonly Tensor[]>(
  f: (...args: Tensor[]) => WithDerivative<R>,
): (...args: TensorLike[]) => R {
  return (...args) => {
    const graph = graphOf(args);
    return graph.atomic(() => graph.asDefault(() => call(graph, f, args)));
  };
}

function call<R extends Tensor | readonly Tensor[]>(
  graph: Graph,
  f: (...args: Tensor[]) => WithDerivative<R>,
  args: readonly TensorLike[],
): R {
  const inputs = args.map((arg) => convertToTensor(arg));
  const [result, derivative] = f(...inputs);
  const results = (Array.isArray(result) ? result : [result]) as readonly Tensor[];
  const variables = variablesBetween(graph, inputs, results);
  if (variables.length > 0 && derivative.length <= results.length) {
    const names = variables.map((v) => v.name).join(', ');
    throw new TypeError(
      `@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: [${names}]`,
    );
  }
  const name = `CustomGradient-${nextName++}`;
  const all = [...results, ...inputs, ...variables.map((v) => v.handle)];
  const end = emit('IdentityN', [all], { _gradient_op_type: name });
  attachGradient(end, (_op, ...grads) => {
    const dy = grads.slice(0, results.length);
    const call = derivative as (...grads: unknown[]) => unknown;
    const found = variables.length > 0 ? call(...dy, { variables }) : call(...dy);
    const [given, forVariables] = variables.length > 0 ? (found as readonly unknown[]) : [found, []];
    return [
      ...results.map(() => null),
      ...checked(given, inputs.length),
      ...ofVariables(forVariables, variables.length),
    ];
  });
  const outputs = end.outputs.slice(0, results.length);
  return (Array.isArray(result) ? outputs : outputs[0]) as unknown as R;
}

function checked(found: unknown, count: number): Gradient[] {
  const list = (Array.isArray(found) ? found : [found]) as Gradient[];
  if (list.length !== count) {
    throw new ValueError(
      `custom_gradient function expected to return ${count} gradients, but returned ${list.length} instead.`,
    );
  }
  return list;
}

function ofVariables(found: unknown, count: number): Gradient[] {
  const list = (Array.isArray(found) ? found : [found]) as Gradient[];
  if (list.length !== count) {
    throw new ValueError('Must return gradient for each variable from @custom_gradient grad_fn.');
  }
  return list;
}

/** The variables read between the inputs and the results, by name. */
function variablesBetween(graph: Graph, inputs: readonly Tensor[], results: readonly Tensor[]): UsedVariable[] {
  const stop = new Set(inputs);
  const seen = new Set<number>();
  const handles = new Map<number, Tensor>();
  // TensorFlow starts its walk at copies of the results; they are built here so that later names agree.
  const stack = results.map((tensor) => emitOne('Identity', [tensor]));
  while (stack.length > 0) {
    const tensor = stack.pop() as Tensor;
    if (seen.has(tensor.op.id)) continue;
    seen.add(tensor.op.id);
    if (tensor.op.type === 'VarHandleOp') handles.set(tensor.op.id, tensor);
    for (const input of tensor.op.inputs) if (input.dtype.isTrainable && !stop.has(input)) stack.push(input);
  }
  if (handles.size === 0) return [];
  const known = new Map<number, UsedVariable>();
  for (const key of [GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES]) {
    for (const item of graph.getCollection(key) as UsedVariable[]) {
      if (item?.handle?.op) known.set(item.handle.op.id, item);
    }
  }
  const found = [...handles].map(([id, handle]) => known.get(id) ?? standIn(handle));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A variable that is in no collection: its handle alone. */
function standIn(handle: Tensor): UsedVariable {
  const dtype = handle.spec.handle?.dtype;
  return {
    handle,
    name: handle.name,
    asTensor: (_dtype, name) => emitOne('ReadVariableOp', [handle], { dtype }, name ?? 'ReadVariableOp'),
  };
}
