/**
 * Which gradient an operation has: one registered by the user under its type or under the name that
 * `gradientOverrideMap` gave it, one attached to the very operation (`customGradient`), else its definition's.
 */
import type { Operation, Tensor } from '../graph/graph.ts';
import type { IndexedSlices } from '../ops/indexed-slices.ts';
import { findOpDef, type GradFn } from '../ops/opdef/define.ts';
import { KeyError, LookupError } from '../util/errors.ts';

/** A gradient as users see it: a tensor, some rows of one, or none. */
export type Gradient = Tensor | IndexedSlices | null;

/**
 * A gradient function of the user: from the operation and a gradient per output to a gradient per input (a list, or the
 * only one by itself). It builds ops on the graph of the operation.
 */
export type GradientFunction = (op: Operation, ...grads: Gradient[]) => Gradient | readonly Gradient[];

/**
 * The gradient of an op that calls functions: it looks into them, and may have the operation give more outputs. Outputs that
 * nothing differentiates have null.
 */
export type StructuralGradient = (op: Operation, grads: readonly Gradient[]) => readonly Gradient[];

/** What differentiates an operation; `none` where its outputs count as constants. */
export type Differentiator =
  | { readonly kind: 'none' }
  | { readonly kind: 'user'; readonly fn: GradientFunction }
  | { readonly kind: 'structural'; readonly fn: StructuralGradient }
  | { readonly kind: 'defined'; readonly fn: GradFn; readonly takesSlices: boolean };

const NONE: Differentiator = Object.freeze({ kind: 'none' });

/** By op type or override name; null: not differentiable, with no error. */
const registered = new Map<string, GradientFunction | null>();
const structural = new Map<string, StructuralGradient>();

/** Registers the gradient of an op type that calls functions. */
export function registerStructuralGradient(opType: string, fn: StructuralGradient): void {
  structural.set(opType, fn);
}
export function hasStructuralGradient(opType: string): boolean {
  return structural.has(opType);
}

/** Gradients of single operations, gone with their graph. */
const attached = new WeakMap<Operation, GradientFunction>();

/**
 * Registers the gradient of an op type, or of a name used with `gradientOverrideMap`. Throws `KeyError` where there is
 * one already.
 *
 *     tf.registerGradient('Halved', (op, grad) => grad.mul(0.5));
 *     g.gradientOverrideMap({Identity: 'Halved'}, () => tf.identity(x));
 */
export function registerGradient(opType: string, fn: GradientFunction): void {
  register(opType, fn);
}

/**
 * `registerGradient` in the form of TensorFlow's decorator.
 *
 *     tf.RegisterGradient('Halved')((op, grad) => grad.mul(0.5));
 */
export function RegisterGradient(opType: string): <F extends GradientFunction>(fn: F) => F {
  return (fn) => {
    register(opType, fn);
    return fn;
  };
}

/** Declares that ops of this type have no gradient: their outputs count as constants. `KeyError` as above. */
export function notDifferentiable(opType: string): void {
  register(opType, null);
}

/** Another name of `notDifferentiable`. */
export const noGradient = notDifferentiable;
/** Another name of `notDifferentiable`, as TensorFlow writes it. */
export const NotDifferentiable = notDifferentiable;
/** Another name of `notDifferentiable`, as TensorFlow writes it. */
export const NoGradient = notDifferentiable;

function register(opType: string, fn: GradientFunction | null): void {
  if (registered.has(opType) || findOpDef(opType)?.grad) {
    throw new KeyError(`Registering two gradient with name '${opType}'!`);
  }
  registered.set(opType, fn);
}

/** Gives one operation a gradient of its own. */
export function attachGradient(op: Operation, fn: GradientFunction): void {
  attached.set(op, fn);
}

/** The gradient of the operation. Throws `LookupError` where none is known. */
export function differentiatorOf(op: Operation): Differentiator {
  const { node } = op;
  if (node.inputs.length === 0) return NONE;
  const own = attached.get(op);
  if (own) return { kind: 'user', fn: own };
  const override = node.attrs._gradient_op_type;
  const type = typeof override === 'string' ? override : node.op;
  const fn = registered.get(type);
  if (fn !== undefined) return fn ? { kind: 'user', fn } : NONE;
  const ofFunctions = structural.get(type);
  if (ofFunctions) return { kind: 'structural', fn: ofFunctions };
  const def = findOpDef(type);
  if (!def?.grad) throw noGradientDefined(op);
  return { kind: 'defined', fn: def.grad, takesSlices: def.gradTakesSlices ?? false };
}

function noGradientDefined(op: Operation): LookupError {
  return new LookupError(
    `No gradient defined for operation'${op.name}' (op type: ${op.type}). In general every operation must have an associated \`@tf.RegisterGradient\` for correct autodiff, which this op is lacking. If you want to pretend this operation is a constant in your program, you may insert \`tf.stop_gradient\`. This can be useful to silence the error in cases where you know gradients are not needed, e.g. the forward pass of tf.custom_gradient. Please see more details in https://www.tensorflow.org/api_docs/python/tf/custom_gradient.`,
  );
}
