/** The learning rate of the model that is trained: reading it and setting it between steps. When, is the callbacks'. */
import { isSymbolic } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { Variable } from '../../variables/variable.ts';
import type { CallbackModel } from './callback.ts';

interface WithRate {
  learningRate: unknown;
}

/** The rate as the optimizer has it for the model's graph: a number before a step is built, a variable after that. */
function rateOf(model: CallbackModel): { readonly optimizer: WithRate; readonly rate: unknown } {
  const optimizer = model.optimizer as WithRate | null;
  if (typeof optimizer !== 'object' || optimizer === null || !('learningRate' in optimizer)) {
    throw new ValueError('Optimizer must have a "lr" attribute.');
  }
  return { optimizer, rate: model.graph.asDefault(() => optimizer.learningRate) };
}

/**
 * The learning rate in the session where the model is trained. Throws `ValueError` for an optimizer that has none, and for
 * a schedule, which has no single value.
 */
export async function readLearningRate(model: CallbackModel): Promise<number> {
  const { rate } = rateOf(model);
  if (typeof rate === 'number') return rate;
  if (!isSymbolic(rate)) throw noNumber('read');
  const session = await model.context.sessionOf(model);
  return Number(((await session.run(rate as Variable)) as NdArray).item());
}

/**
 * Sets the learning rate for the steps that follow. Throws `ValueError` where it is no number and no variable, but a
 * schedule or a tensor, and for an optimizer that has none.
 */
export async function writeLearningRate(model: CallbackModel, value: number): Promise<void> {
  const { optimizer, rate } = rateOf(model);
  if (typeof rate === 'number') {
    optimizer.learningRate = value;
    return;
  }
  if (!(rate instanceof Variable)) throw noNumber('set');
  const session = await model.context.sessionOf(model);
  const { initializer } = rate;
  // As with weights: feeding the initial value of an initializer assigns it, and adds nothing to the graph.
  await session.run(initializer, { feedDict: [[initializer.inputs[1], value]] } as never);
}

function noNumber(what: string): ValueError {
  return new ValueError(
    `The learning rate cannot be ${what} by a callback: the optimizer was not given a number, but a schedule, a function or a tensor.`,
  );
}
