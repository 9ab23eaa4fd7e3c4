/**
 * Updates of variables in the Keras backend, and printing. Values outside of graphs (`getValue`, `setValue`) are the
 * business of the state.
 */
import type { Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { Print } from '../../ops/control.ts';
import { emitOne } from '../../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { assign, assignAdd, assignSub, type VariableRef } from '../../variables/assign.ts';
import type { AssignedVariable } from '../../variables/variable.ts';
import { build, operand } from './operands.ts';

/**
 * Gives the variable a new value; what comes back is the variable after it.
 *
 *     await sess.run(K.update(v, K.zerosLike(v)))
 */
export function update(x: VariableRef, newX: TensorLike): AssignedVariable {
  return assign(x, newX);
}

/** Adds to the variable; what comes back is the variable after it. */
export function updateAdd(x: VariableRef, increment: TensorLike): AssignedVariable {
  return assignAdd(x, increment);
}

/** Subtracts from the variable; what comes back is the variable after it. */
export function updateSub(x: VariableRef, decrement: TensorLike): AssignedVariable {
  return assignSub(x, decrement);
}

/**
 * `x * momentum + value * (1 - momentum)` as the new value of the variable `x`.
 *
 *     K.movingAverageUpdate(mean, batchMean, 0.99)
 */
export function movingAverageUpdate(x: VariableRef, value: TensorLike, momentum: TensorLike): AssignedVariable {
  return build([x, value, momentum], () => {
    const kept = cast(momentum, x.dtype);
    const wanted = cast(value, x.dtype);
    const distance = emitOne('Sub', [x, wanted], {}, 'sub');
    return assignSub(x, distance.mul(emitOne('Sub', [1, kept], {}, 'sub')));
  });
}

interface PrintOptions {
  readonly message?: string;
  /** How many elements are shown; 3 without it. */
  readonly summarize?: number;
}

/**
 * The tensor unchanged; each run that computes it prints the message and the first elements, as `tf.Print` does.
 *
 *     x = K.printTensor(x, 'x is: ');
 */
export function printTensor(x: TensorLike, ...rest: Rest<[message: string, summarize: number], PrintOptions>): Tensor {
  const { message = '', summarize = 3 } = bind<PrintOptions>(['message', 'summarize'], rest);
  return build([x], () => {
    const value = operand(x);
    return Print(value, [value], { message, summarize });
  });
}
