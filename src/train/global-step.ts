/**
 * The global step: the variable of a graph that counts training steps. Optimizers raise it where it is passed to them.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Evaluator } from '../graph/evaluator.ts';
import { type Graph, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { int64 } from '../util/dtype.ts';
import { KeyError, TypeError, ValueError } from '../util/errors.ts';
import { getVariable } from '../variables/index.ts';
import { zerosInitializer } from '../variables/initializers.ts';
import { Variable } from '../variables/variable.ts';

/**
 * The global step of the graph: the only item of the collection `GLOBAL_STEP`, else the tensor `global_step:0`, else null.
 * Throws `TypeError` where that is not an integer scalar.
 */
export function getGlobalStep(graph: Graph = getDefaultGraph()): Variable | Tensor | null {
  const items = graph.getCollection(GraphKeys.GLOBAL_STEP) as (Variable | Tensor)[];
  if (items.length > 1) return null;
  const found = items[0] ?? byName(graph);
  if (found) assertGlobalStep(found);
  return found;
}

function byName(graph: Graph): Tensor | null {
  try {
    return graph.getTensorByName('global_step:0');
  } catch (error) {
    if (error instanceof KeyError) return null;
    throw error;
  }
}

/**
 * Makes the global step of the graph: an int64 variable called `global_step`, 0 at first. Throws `ValueError` where there
 * is one.
 */
export function createGlobalStep(graph: Graph = getDefaultGraph()): Variable {
  if (getGlobalStep(graph) !== null) throw new ValueError('"global_step" already exists.');
  return graph.asDefault(() =>
    graph.nameScope(null, () =>
      getVariable(GraphKeys.GLOBAL_STEP, {
        shape: [],
        dtype: int64,
        initializer: zerosInitializer(),
        trainable: false,
        collections: [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
      }),
    ),
  );
}

/**
 * The global step of the graph, made where there is none.
 *
 *     const step = opt.minimize(loss, tf.train.getOrCreateGlobalStep());
 */
export function getOrCreateGlobalStep(graph: Graph = getDefaultGraph()): Variable {
  return (getGlobalStep(graph) ?? createGlobalStep(graph)) as Variable;
}

/** Throws `TypeError` for what is no integer scalar variable or tensor. */
export function assertGlobalStep(globalStepTensor: unknown): void {
  if (!(globalStepTensor instanceof Variable || globalStepTensor instanceof Tensor)) {
    throw new TypeError(`Existing "global_step" must be a Variable or Tensor: ${String(globalStepTensor)}.`);
  }
  const { dtype, shape } = globalStepTensor;
  if (!dtype.isInteger) throw new TypeError(`Existing "global_step" does not have integer type: ${dtype}`);
  if (shape !== null && shape.length !== 0) {
    throw new TypeError(`Existing "global_step" is not scalar: ${globalStepTensor.getShape()}`);
  }
}

/**
 * The number of steps so far, in a session.
 *
 *     await tf.train.globalStep(sess, step)    // 1000
 */
export async function globalStep(sess: Evaluator, globalStepTensor: Variable | Tensor): Promise<number> {
  return Number(((await sess.run(globalStepTensor)) as { item(): number | bigint }).item());
}
