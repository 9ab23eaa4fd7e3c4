/** `setRandomSeed`: one call that seeds everything random in a program. */
import { setRandomSeed as setGraphSeed } from '../../graph/default-graph.ts';
import { ValueError } from '../../util/errors.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { reseed } from './shuffle-source.ts';

/**
 * Seeds the streams that shuffle in JavaScript and the default graph, so that a program repeats itself. Ops that stand in
 * the graph already keep their seeds. Throws `ValueError` where the seed is no integer of 0 … 2³² - 1.
 *
 *     tf.keras.utils.setRandomSeed(1234)
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isInteger(seed)) {
    throw new ValueError(
      `Expected \`seed\` argument to be an integer. Received: seed=${seed} (of type <class '${pythonTypeName(seed)}'>)`,
    );
  }
  reseed(seed);
  setGraphSeed(seed);
}
