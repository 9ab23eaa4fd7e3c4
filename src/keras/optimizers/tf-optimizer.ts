/** An optimizer of `tf.train` in the place of one of Keras's. Gradients, slots and steps are its own. */
import type { Gradient } from '../../autodiff/registry.ts';
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { constantOp } from '../../ops/emit.ts';
import type { GradientAndVariable, Optimizer as TrainOptimizer } from '../../train/optimizer.ts';
import { exists } from '../../train/slots.ts';
import { int64 } from '../../util/dtype.ts';
import { RuntimeError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { Variable } from '../../variables/variable.ts';
import type { Config } from '../serialization.ts';

/**
 * Wraps an optimizer of `tf.train` for a Keras model. It has a step counter, and neither a configuration nor weights to be
 * saved.
 *
 *     model.compile({optimizer: new tf.train.GradientDescentOptimizer(0.1), loss: 'mse'});
 */
export class TFOptimizer {
  static readonly className = 'TFOptimizer';
  private readonly counters = new WeakMap<Graph, Variable>();
  private last: WeakRef<Graph> | null = null;

  constructor(
    /** The wrapped optimizer. */
    readonly optimizer: TrainOptimizer,
    iterations?: Variable | null,
  ) {
    if (iterations) this.iterations = iterations;
  }

  /** The number of steps run: the variable of the default graph, else of the graph that the last step was built on. */
  get iterations(): Variable | null {
    const last = this.last?.deref();
    for (const graph of [getDefaultGraph(), last]) {
      const counter = graph && this.counters.get(graph);
      if (counter && exists(counter)) return counter;
    }
    return null;
  }
  set iterations(variable: Variable) {
    this.counters.set(variable.graph, variable);
    this.last = new WeakRef(variable.graph);
  }
  private counter(graph: Graph): Variable {
    const known = this.counters.get(graph);
    if (known && exists(known)) return known;
    const zero = () => constantOp(NdArray.zeros(int64, []), 'zeros');
    const build = () => new Variable(zero, { name: 'TFOptimizer/iterations', trainable: false });
    const made = graph.asDefault(() => graph.nameScope(null, build));
    this.iterations = made;
    return made;
  }

  /** The gradients of the loss with their variables, null where it does not depend on one. */
  getGrads(loss: Tensor, params: readonly Variable[]): [gradient: Gradient, variable: Variable][] {
    return this.optimizer.computeGradients(loss, params);
  }
  /** The ops that train `params`, to be run once per step; without any, the one that counts it. */
  getUpdates(loss: Tensor, params: Variable | readonly Variable[]): Operation[] {
    const { graph } = loss;
    const variables = Array.isArray(params) ? (params as readonly Variable[]) : [params as Variable];
    return graph.atomic(() => {
      const iterations = this.counter(graph);
      if (variables.length === 0) return [iterations.assignAdd(1, { readValue: false }).op];
      return [this.optimizer.applyGradients(this.getGrads(loss, variables), iterations)];
    });
  }
  /** The op that applies gradients and raises `iterations`. */
  applyGradients(gradsAndVars: Iterable<GradientAndVariable>): Operation {
    const pairs = [...gradsAndVars];
    const graph = pairs[0]?.[1].graph ?? getDefaultGraph();
    return graph.atomic(() => this.optimizer.applyGradients(pairs, this.counter(graph)));
  }

  /** Not there: throws `RuntimeError`. */
  get weights(): Variable[] {
    throw notThere('weights');
  }
  /** Not there: throws `RuntimeError`. */
  getConfig(): Config {
    throw notThere('configuration');
  }
}

function notThere(what: string): RuntimeError {
  return new RuntimeError(`An optimizer of tf.train has no ${what} in Keras: use one of tf.keras.optimizers.`);
}
