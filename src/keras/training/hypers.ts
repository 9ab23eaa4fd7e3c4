/** What `compile` tells the optimizer. Hyperparameters and their variables are the optimizer's own. */
import type { Graph } from '../../graph/graph.ts';
import type { KerasContext } from '../context.ts';
import type { AnyOptimizer } from '../optimizers/index.ts';

/** From now on the learning rate can be set in the session: `K.setValue(model.optimizer.learningRate, 0.01)`. */
export function prepareHypers(
  optimizer: AnyOptimizer,
  { graph, context }: { readonly graph: Graph; readonly context: KerasContext },
): void {
  if ('willTrain' in optimizer) optimizer.willTrain(graph, (variable) => context.track(variable));
}
