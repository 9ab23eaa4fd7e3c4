/**
 * The base of Keras's optimizers: gradients of a loss, and the op that updates variables by them. The rule of an update is
 * each subclass's own; hyperparameters and slots are in `variables.ts`, reading and setting their values a session's.
 */
import { gradients } from '../../autodiff/gradients.ts';
import type { Gradient } from '../../autodiff/registry.ts';
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { groupAll, noOp } from '../../ops/control.ts';
import { emit, emitOne } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import { IndexedSlices } from '../../ops/indexed-slices.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { castTo } from '../../train/slots.ts';
import type { DType } from '../../util/dtype.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { kerasContexts } from '../context.ts';
import type { Config } from '../serialization.ts';
import { type GradientAndVariable, type GradientTransformer, transformGradients } from './clipping.ts';
import { type ConfigReader, checkOptions, type OptimizerOptions, revive } from './hyperparameters.ts';
import { LearningRateSchedule } from './schedules.ts';
import type { OptimizerState } from './state.ts';
import { OptimizerVariables } from './variables.ts';

/** Tensors that all updates of one step share, of the element type of the variables. */
export interface Coefficients {
  /** The learning rate of this step, decay included. */
  readonly lrT: Tensor;
}

export interface MinimizeOptions {
  /** The gradient of the loss, 1 without it. */
  readonly gradLoss?: TensorLike | null;
  readonly name?: string | null;
}

type OneOrMany<T> = T | readonly T[];

/** The types that variables may have to be trained. */
const TRAINABLE = ['float16', 'bfloat16', 'float32', 'float64', 'complex64', 'complex128'];

/**
 * Trains variables. A hyperparameter is a number, a tensor, a function that gives one when a step is built, or (the
 * learning rate) a schedule. A number becomes a variable of each graph that a step is built on, named as Keras names it,
 * so that it can be changed between runs:
 *
 *     const opt = new tf.keras.optimizers.SGD(0.1);
 *     const [step] = opt.getUpdates(loss, [w, b]);
 *     tf.keras.backend.setValue(opt.learningRate, 0.01);
 *
 * A subclass sets its hyperparameters in the constructor, makes its slots in `createSlots`, and says how a variable is
 * updated in `resourceApplyDense` and `resourceApplySparse`.
 */
export abstract class Optimizer<C extends Coefficients = Coefficients> extends OptimizerVariables {
  /** Gradients with a larger norm are scaled down to it, one by one. */
  readonly clipnorm: number | null;
  /** The same for the norm of all gradients taken together. */
  readonly globalClipnorm: number | null;
  /** Gradients are cut off at this value and its negative. */
  readonly clipvalue: number | null;
  readonly gradientTransformers: readonly GradientTransformer[];
  /** How fast the rate falls: `learningRate / (1 + decay * iterations)`. */
  protected readonly initialDecay: number;

  constructor(name: string, options: OptimizerOptions = {}) {
    checkOptions(options);
    super(options.name || name);
    this.initialDecay = options.decay ?? 0;
    this.clipnorm = options.clipnorm ?? null;
    this.globalClipnorm = options.globalClipnorm ?? null;
    this.clipvalue = options.clipvalue ?? null;
    this.gradientTransformers = options.gradientTransformers ?? [];
  }

  // Steps

  /**
   * The ops that train `params`, to be run once per step. Throws `ValueError` where the loss does not depend on one of
   * them; the graph and the optimizer are then as before.
   */
  getUpdates(loss: Tensor, params: OneOrMany<Variable>): Operation[] {
    const { graph } = loss;
    return graph.atomic(() => {
      const variables = asList(params);
      const found = this.getGradients(loss, variables);
      return [this.applyGradients(variables.map((variable, i) => [found[i], variable]))];
    });
  }
  /** The gradients of the loss, which must depend on all of `params` (`ValueError`). They are not clipped yet. */
  getGradients(loss: Tensor, params: OneOrMany<Variable>): (Tensor | IndexedSlices)[] {
    const variables = asList(params);
    const { graph } = loss;
    return graph.atomic(() => {
      const found = this.gradientsOf(loss, variables, null);
      return found.map((gradient, i) => {
        if (gradient !== null) return gradient;
        throw new ValueError(
          `Variable ${variables[i]} has \`None\` for gradient. Please make sure that all of your ops have a gradient defined (i.e. are differentiable). Common ops without gradient: K.argmax, K.round, K.eval.`,
        );
      });
    });
  }
  private gradientsOf(loss: Tensor, variables: readonly Variable[], gradLoss: TensorLike | null): Gradient[] {
    const { graph } = loss;
    const gradYs = gradLoss === null ? null : [gradLoss];
    return graph.asDefault(() =>
      graph.nameScope(`${this.name}/gradients`, () => gradients(loss, variables, { gradYs })),
    );
  }
  /**
   * The op that lowers the loss, a tensor or a function that builds one. Variables that it does not depend on are left
   * out; where that is all of them, `ValueError`.
   *
   *     await sess.run(new tf.keras.optimizers.Adam().minimize(loss, [w, b]));
   */
  minimize(
    loss: Tensor | (() => Tensor),
    varList: OneOrMany<Variable> | (() => OneOrMany<Variable>),
    ...rest: Rest<[gradLoss: TensorLike | null, name: string | null], MinimizeOptions>
  ): Operation {
    const { gradLoss, name } = bind<MinimizeOptions>(['gradLoss', 'name'], rest);
    const build = (): Operation => {
      const target = typeof loss === 'function' ? loss() : loss;
      const variables = asList(typeof varList === 'function' ? varList() : varList);
      const found = this.gradientsOf(target, variables, gradLoss ?? null);
      const pairs = variables.map((variable, i) => [found[i], variable] as const);
      return this.applyGradients(pairs, name ?? null);
    };
    const graph = typeof loss === 'function' ? getDefaultGraph() : loss.graph;
    return graph.atomic(build);
  }
  /**
   * The op that applies gradients, clipped, to their variables and raises `iterations`. Pairs without a gradient are left
   * out; where that is all of them, `ValueError`. The graph and the optimizer are then as before.
   */
  applyGradients(
    gradsAndVars: Iterable<GradientAndVariable>,
    ...rest: Rest<[name: string | null], { readonly name?: string | null }>
  ): Operation {
    const { name } = bind<{ name: string | null }>(['name'], rest);
    const given = [...gradsAndVars];
    const pairs = given.filter((pair): pair is readonly [Tensor | IndexedSlices, Variable] => pair[0] !== null);
    if (given.length > 0 && pairs.length === 0) {
      const names = given.map(([, variable]) => `'${variable.name}'`).join(', ');
      const provided = given.map(([, variable]) => `(None, ${variable})`).join(', ');
      throw new ValueError(
        `No gradients provided for any variable: ([${names}],). Provided \`grads_and_vars\` is (${provided}${given.length === 1 ? ',' : ''}).`,
      );
    }
    checkTypes(pairs.map(([, variable]) => variable));
    const graph = pairs[0]?.[1].graph ?? getDefaultGraph();
    const before = this.last;
    try {
      const step = graph.atomic(() => graph.asDefault(() => this.build(graph, pairs, name ?? null)));
      trackBeside(
        pairs.map(([, variable]) => variable),
        this.stateOf(graph),
      );
      return step;
    } catch (error) {
      this.last = before;
      throw error;
    }
  }
  private build(
    graph: Graph,
    pairs: readonly (readonly [Tensor | IndexedSlices, Variable])[],
    name: string | null,
  ): Operation {
    const variables = pairs.map(([, variable]) => variable);
    const state = this.stateOf(graph);
    state.prune();
    return graph.nameScope(this.name, () => {
      graph.controlDependencies(null, () => {
        this.createHypers();
        if (variables.length > 0) this.createSlots(variables);
      });
      if (variables.length === 0) return noOp();
      const shared = this.prepare(variables);
      const ready = transformGradients(pairs, this);
      return graph.nameScope(name || this.name, () => {
        const updates = ready.map(([gradient, variable]) =>
          graph.colocateWith(variable.op, false, () =>
            graph.nameScope(`update_${variable.op.name}`, () =>
              this.update(gradient, variable, shared.get(placeOf(variable)) as C),
            ),
          ),
        );
        const { op } = graph.controlDependencies([groupAll(updates)], () =>
          (state.iterations as Variable).assignAdd(1, { readValue: false }),
        );
        return op;
      });
    });
  }
  private update(gradient: Tensor | IndexedSlices, variable: Variable, coefficients: C): Operation {
    const { constraint, graph } = variable;
    if (gradient instanceof IndexedSlices) {
      if (constraint) {
        throw new RuntimeError(
          `Cannot use a constraint function on a sparse variable. Received: grad=${gradient}, var.constraint=${constraint.name || 'function'}.`,
        );
      }
      const { values, indices } = gradient;
      return this.resourceApplySparseDuplicateIndices(values, variable, indices, coefficients);
    }
    const updated = this.resourceApplyDense(gradient, variable, coefficients);
    if (!constraint) return updated;
    return graph.controlDependencies([updated], () => variable.assign(constraint(variable.value())).op);
  }

  // What subclasses say

  /** Makes the slots of the variables. */
  protected createSlots(_variables: readonly Variable[]): void {}
  /** The coefficients of each device and element type among the variables. */
  protected prepare(variables: readonly Variable[]): ReadonlyMap<string, C> {
    const graph = getDefaultGraph();
    const shared = new Map<string, C>();
    for (const variable of variables) {
      const place = placeOf(variable);
      if (shared.has(place)) continue;
      const build = () => this.prepareLocal(variable.dtype);
      shared.set(place, variable.device ? graph.device(variable.device, build) : build());
    }
    return shared;
  }
  /** The tensors that updates of variables of this type share; subclasses add theirs to those of the base. */
  protected prepareLocal(dtype: DType): C {
    const coefficients: Coefficients = { lrT: identity(this.decayedLr(dtype)) };
    return coefficients as C;
  }
  /** The op that updates a variable by its gradient. */
  protected abstract resourceApplyDense(gradient: Tensor, variable: Variable, coefficients: C): Operation;
  /** The op that updates rows of a variable; no index occurs twice. */
  protected abstract resourceApplySparse(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    coefficients: C,
  ): Operation;
  /** The same where several rows may be for one index: their sum counts. */
  protected resourceApplySparseDuplicateIndices(
    gradient: Tensor,
    variable: Variable,
    indices: Tensor,
    coefficients: C,
  ): Operation {
    const [unique, positions] = emit('Unique', [indices]).outputs;
    const count = emitOne('Shape', [unique]).slice(0);
    const summed = emitOne('UnsortedSegmentSum', [gradient, positions, count]);
    return this.resourceApplySparse(summed, variable, unique, coefficients);
  }

  // For subclasses

  /** The learning rate of the step, by schedule and decay. */
  protected decayedLr(dtype: DType): Tensor | Variable {
    const { value } = this.hyperNamed('learningRate');
    const iterations = () => castTo(this.counter(this.stateOf(getDefaultGraph())), dtype) as Tensor;
    const rate =
      value instanceof LearningRateSchedule
        ? cast(value.call(iterations()), dtype)
        : this.getHyper('learningRate', dtype);
    if (!(this.initialDecay > 0)) return rate;
    const step = iterations();
    const decay = cast(this.initialDecay, dtype);
    return rate.div(emitOne('AddV2', [1, decay.mul(step)], {}, 'add'));
  }
  /** The number of this step, counted from 1 (or `ahead` more than the steps before it), in the type. */
  protected stepNumber(dtype: DType, ahead = 1): Tensor {
    return castTo(this.counter(this.stateOf(getDefaultGraph())).add(ahead), dtype) as Tensor;
  }
  /** Adds rows to a slot or variable; what comes back is its value after that. */
  protected resourceScatterAdd(x: Variable, indices: Tensor, updates: Tensor): Tensor {
    const added = emit('ResourceScatterAdd', [x.handle, indices, updates]);
    return x.graph.controlDependencies([added], () => x.value());
  }
  /** Replaces rows of a slot or variable; what comes back is its value after that. */
  protected resourceScatterUpdate(x: Variable, indices: Tensor, updates: Tensor): Tensor {
    const updated = emit('ResourceScatterUpdate', [x.handle, indices, updates]);
    return x.graph.controlDependencies([updated], () => x.value());
  }

  // Configurations

  /**
   * What the optimizer was made from. Numbers that became variables are as these start; `live` tells what a session says
   * of the entries of `hyperTensors` instead, by name.
   */
  getConfig(_live?: ReadonlyMap<string, number>): Config {
    const { name, clipnorm, clipvalue, globalClipnorm } = this;
    return {
      name,
      ...(clipnorm === null ? {} : { clipnorm }),
      ...(clipvalue === null ? {} : { clipvalue }),
      ...(globalClipnorm === null ? {} : { globalClipnorm }),
    };
  }
  /** A hyperparameter as `getConfig` gives it. */
  protected serializeHyperparameter(name: string, live?: ReadonlyMap<string, number>): unknown {
    const reader: ConfigReader = { value: this.hyperValue(name), live: live?.get(name) };
    return this.hyperNamed(name).serialize(reader);
  }
  /** An optimizer from what `getConfig` gave. */
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(revive(config) as never);
  }
}

/** Has who looks after the trained variables look after the optimizer's own: they are initialised with them. */
function trackBeside(trained: readonly Variable[], state: OptimizerState): void {
  for (const context of kerasContexts()) {
    if (!trained.some(({ handle }) => context.variablesBehind([handle]).length > 0)) continue;
    for (const variable of [...state.weights(), ...state.hyperVariables()]) context.track(variable);
  }
}

/** A device and an element type: coefficients are shared by the variables of both. */
function placeOf(variable: Variable): string {
  return `${variable.device}|${variable.dtype.name}`;
}

function asList<T extends object>(items: OneOrMany<T>): readonly T[] {
  return Array.isArray(items) ? items : [items as T];
}

function checkTypes(variables: readonly Variable[]): void {
  for (const { dtype, name } of variables) {
    if (TRAINABLE.includes(dtype.name)) continue;
    const valid = TRAINABLE.map((type) => `tf.${type}`).join(', ');
    throw new ValueError(`Invalid type tf.${dtype.name} for ${name}, expected: [${valid}].`);
  }
}
