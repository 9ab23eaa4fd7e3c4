/** The choice between training and inference. */
import type { Tensor } from '../../graph/graph.ts';
import { inContext } from '../binding.ts';
import { inTrainPhase as choose } from '../engine/in-train-phase.ts';

/** A tensor, or what builds one: only the branch that is needed is built where the phase is known. */
export type PhaseBranch = Tensor | (() => Tensor);

/**
 * `x` in training, `alt` otherwise: tensors, or functions that give one. The learning phase decides unless `training` does.
 *
 *     K.inTrainPhase(() => tf.nn.dropout(x, {rate: 0.5}), x)
 */
export const inTrainPhase = inContext(
  (context) =>
    (x: PhaseBranch, alt: PhaseBranch, training: Tensor | boolean | 0 | 1 | null = null): Tensor =>
      choose(context, x, alt, asTraining(training)),
);

/** `x` in inference, `alt` in training. */
export const inTestPhase = inContext(
  (context) =>
    (x: PhaseBranch, alt: PhaseBranch, training: Tensor | boolean | 0 | 1 | null = null): Tensor =>
      choose(context, alt, x, asTraining(training)),
);

function asTraining(training: Tensor | boolean | 0 | 1 | null): Tensor | boolean | null {
  return typeof training === 'number' ? training === 1 : training;
}
