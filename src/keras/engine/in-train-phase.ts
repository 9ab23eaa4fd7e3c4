/** Choosing by whether a call is for training. What the learning phase is, the context says. */

import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Tensor } from '../../graph/graph.ts';
import type { TensorLike } from '../../ops/tensor-like.ts';
import { type Branch, ifElse, staticCondition } from '../backend/switch.ts';
import type { KerasContext } from '../context.ts';
import type { Training } from './call-context.ts';

/** Whether a call is for training: as said, else the learning phase of the graph that is built in. */
export function phaseOf(context: KerasContext, training: Training | 0 | 1 | undefined): boolean | 0 | 1 | Tensor {
  return training ?? context.learningPhase(getDefaultGraph());
}

/** The same before any run: true, false, or null where only the run decides. */
export function knownPhase(phase: boolean | 0 | 1 | Tensor): boolean | null {
  return staticCondition(phase);
}

/**
 * `inTraining` in training, else `inInference`; each a value or a function that builds it. Just one is built where it is
 * known beforehand. Otherwise the run chooses, and neither is a place for effects.
 *
 *     inTrainPhase(this.context, () => x.add(noise(x)), x, training)
 */
export function inTrainPhase(
  context: KerasContext,
  inTraining: Branch<TensorLike>,
  inInference: Branch<TensorLike>,
  training: Training | 0 | 1 | undefined = null,
): Tensor {
  return ifElse(phaseOf(context, training) as TensorLike, inTraining, inInference);
}
