/**
 * The base of metrics: values gathered over many batches in variables of their own. What is gathered is each subclass's
 * business; when metrics start anew is said by `fit` and `evaluate`.
 */
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { commonGraph } from '../../graph/graph-of.ts';
import { identity } from '../../ops/identity.ts';
import { isOptions, type TensorLike } from '../../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { Variable } from '../../variables/variable.ts';
import { CONTEXTUAL, contextOfClass } from '../binding.ts';
import { floatx } from '../config.ts';
import type { KerasContext } from '../context.ts';
import { atomically, onUndo } from '../engine/undo.ts';
import { get as getInitializer } from '../initializers.ts';
import { type Config, classNameOf } from '../serialization.ts';

export interface MetricOptions {
  /** Automatic without it, as a layer's. */
  readonly name?: string | null;
  /** The type of the variables and of the result; `floatx()` without it. */
  readonly dtype?: DTypeLike | null;
}

export interface MetricCallOptions {
  /** What each value counts for; all alike without it. It is broadcast. */
  readonly sampleWeight?: TensorLike | null;
}

/**
 * Gathers values over batches. Its variables are made in the graph of the first values; calling it builds an update and
 * the result after it.
 *
 *     class Seen extends tf.keras.metrics.Metric {
 *       build() { this.count = this.addWeight('count'); }
 *       updateState(values) { return this.count.assignAdd(tf.toFloat(tf.size(values))).op; }
 *       result() { return this.count.value(); }
 *     }
 *     const seen = new Seen().apply(batch);          // runs the update, gives the result
 */
export abstract class Metric {
  static readonly [CONTEXTUAL] = true;

  readonly context!: KerasContext;
  readonly name: string;
  readonly dtype: DType;
  readonly #variables: Variable[] = [];
  #graph: Graph | null = null;

  constructor({ name, dtype }: MetricOptions = {}) {
    // Hidden from a look at the properties.
    Object.defineProperty(this, 'context', { value: contextOfClass(new.target) });
    this.name = name ?? this.context.uniqueName(classNameOf(new.target));
    this.dtype = asDType(dtype ?? floatx());
  }

  // What subclasses say

  /** Makes the variables, with `addWeight`. Called once, before the first update or result. */
  build(): void {}
  /** The operation that takes more values in. Its arguments are those of `apply`. */
  abstract updateState(...args: never): Operation;
  /** What the values so far amount to. */
  abstract result(): Tensor;
  getConfig(): Config {
    return { name: this.name, dtype: this.dtype.name };
  }
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(config as never);
  }

  // For users

  /** Builds the update and gives the result after it (Python's `metric(…)`). */
  apply(...args: Parameters<this['updateState']>): Tensor {
    const graph = this.graphFor(args);
    return atomically(graph, () => {
      const update = this.update(...args);
      return graph.controlDependencies([update], () => identity(this.result()));
    });
  }
  /** `updateState`, with the variables made before. */
  update(...args: Parameters<this['updateState']>): Operation {
    return this.within(this.graphFor(args), () => this.updateState(...(args as never)));
  }
  /** `result`, with the variables made before. */
  value(): Tensor {
    return this.within(this.#graph ?? this.context.graph, () => this.result());
  }

  private graphFor(args: readonly unknown[]): Graph {
    const values = args.flatMap((item) => (isOptions(item) ? Object.values(item) : [item]));
    return commonGraph(values) ?? this.context.graph;
  }

  /** Makes the variables if there are none yet, and builds in their graph. Throws `ValueError` for another graph. */
  private within<R>(graph: Graph, body: () => R): R {
    if (this.#graph && this.#graph !== graph) {
      throw new ValueError(`Metric ${this.name} has its variables in another graph (${this.#graph}, not ${graph}).`);
    }
    return atomically(graph, () => {
      if (!this.#graph) {
        onUndo(() => {
          this.#graph = null;
          this.#variables.length = 0;
        });
        this.#graph = graph;
        this.build();
      }
      return graph.nameScope(this.name, body);
    });
  }

  /** Makes a variable; zeros without an initializer. It is not trained. */
  protected addWeight(
    name: string,
    options: { readonly shape?: readonly number[]; readonly initializer?: unknown; readonly dtype?: DTypeLike } = {},
  ): Variable {
    const { shape = [], initializer = 'zeros' } = options;
    const dtype = asDType(options.dtype ?? this.dtype);
    const start = getInitializer(initializer as NonNullable<unknown>);
    const variable = new Variable(() => start.call(shape, { dtype }), {
      name,
      dtype,
      trainable: false,
      collections: [],
    });
    this.context.track(variable);
    onUndo(() => this.context.untrack(variable));
    this.#variables.push(variable);
    return variable;
  }

  /** The variables; none before the first update. */
  get variables(): readonly Variable[] {
    return this.#variables;
  }
  get weights(): readonly Variable[] {
    return this.#variables;
  }
  /** The graph of the variables; null before the first update. */
  get graph(): Graph | null {
    return this.#graph;
  }

  /** Starts anew: the variables have their initial values again, in the session of Keras. */
  async resetState(): Promise<void> {
    if (this.#variables.length === 0) return;
    const session = await this.context.sessionOf(
      { name: this.name, graph: this.#graph as Graph, variables: this.#variables },
      true,
    );
    await session.run(this.#variables.map((variable) => variable.initializer));
  }
  /** The older name of `resetState`; `fit` and `evaluate` go by it. */
  resetStates(): Promise<void> {
    return this.resetState();
  }

  toString(): string {
    return `<${classNameOf(this.constructor)} '${this.name}'>`;
  }
}
