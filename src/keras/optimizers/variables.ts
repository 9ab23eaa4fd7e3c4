/**
 * The variables of an optimizer, of which there are some on each graph: hyperparameters, step counter, slots. What steps are
 * built from them is `optimizer.ts`'s business.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { cast } from '../../ops/cast.ts';
import { constantOp } from '../../ops/emit.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { castTo } from '../../train/slots.ts';
import { type DType, float32, int64 } from '../../util/dtype.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { asShape, isFullyDefined, type KnownShape, type ShapeLike } from '../../util/shape.ts';
import { onesInitializer, zerosInitializer } from '../../variables/initializers.ts';
import { Variable } from '../../variables/variable.ts';
import { Hyperparameter, type HyperValue, pythonName } from './hyperparameters.ts';
import { OptimizerState } from './state.ts';

/** How a slot starts: by name, a function of shape and type, or a value. */
export type SlotInitializer =
  | 'zeros'
  | 'ones'
  | ((shape: KnownShape, options: { readonly dtype: DType }) => TensorLike)
  | TensorLike;

/** Where an optimizer is going to be used. */
interface Home {
  readonly graph: WeakRef<Graph>;
  readonly track: (variable: Variable) => void;
}

/** Gives a class properties for its hyperparameters, which behave as `learningRate` does. */
export function hyperProperties(prototype: OptimizerVariables, names: readonly string[]): void {
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      get(this: OptimizerVariables) {
        return this.hyper(name);
      },
      set(this: OptimizerVariables & { setHyper(name: string, value: HyperValue): void }, value: HyperValue) {
        this.setHyper(name, value);
      },
      configurable: true,
    });
  }
}

/** What an optimizer has: hyperparameters, and on each graph that it was used on variables. */
export abstract class OptimizerVariables {
  private readonly hypers = new Map<string, Hyperparameter>();
  private readonly states = new WeakMap<Graph, OptimizerState>();
  /** The graph that the last step was built on: dropping it drops its variables. */
  protected last: WeakRef<Graph> | null = null;
  private home: Home | null = null;

  constructor(
    /** The name scope of what is built. */
    readonly name: string,
  ) {}

  // Hyperparameters

  /**
   * The learning rate: its variable once a step was built or a model compiled, else what was given. Setting it to a number counts for steps
   * that are built later; once there is a variable, set that in a session (`RuntimeError`).
   */
  get learningRate(): HyperValue | Variable {
    return this.hyper('learningRate');
  }
  set learningRate(value: HyperValue) {
    this.setHyper('learningRate', value);
  }
  /** The former name of `learningRate`. */
  get lr(): HyperValue | Variable {
    return this.learningRate;
  }
  set lr(value: HyperValue) {
    this.learningRate = value;
  }

  /**
   * A hyperparameter by its name here, such as `'beta1'`: its variable once a step was built or a model compiled, else what
   * was given.
   */
  hyper(name: string): HyperValue | Variable {
    const hyper = this.hyperNamed(name);
    if (typeof hyper.value === 'number' && !this.present()?.hyper(hyper)) this.settle();
    return this.present()?.hyper(hyper) ?? hyper.value;
  }
  /**
   * @internal Says where steps will be built: there hyperparameters become variables when one is first asked for, as
   * Keras has it. `track` is told of them.
   */
  willTrain(graph: Graph, track: (variable: Variable) => void): void {
    this.home = { graph: new WeakRef(graph), track };
  }
  private settle(): void {
    const graph = this.home?.graph.deref();
    if (!graph || graph.finalized) return;
    const state = this.stateOf(graph);
    graph.asDefault(() => graph.controlDependencies(null, () => graph.nameScope(null, () => this.makeHypers(state))));
    this.last = new WeakRef(graph);
    for (const variable of state.hyperVariables()) this.home?.track(variable);
  }
  /** What was given, a number as its variable starts with it: rounded to float32. Later changes are in sessions only. */
  hyperValue(name: string): HyperValue {
    const hyper = this.hyperNamed(name);
    return typeof hyper.value === 'number' && this.present()?.hyper(hyper) ? Math.fround(hyper.value) : hyper.value;
  }
  /** The hyperparameters whose values are a session's to tell, by their names here. */
  hyperTensors(): ReadonlyMap<string, Variable | Tensor> {
    const found = new Map<string, Variable | Tensor>();
    for (const [name, hyper] of this.hypers) {
      const value = this.present()?.hyper(hyper) ?? hyper.value;
      if (isSymbolic(value)) found.set(name, value as Variable | Tensor);
    }
    return found;
  }
  /** Makes the step counter and the variables of the hyperparameters on the default graph, if it has none. */
  createHypers(): void {
    const graph = getDefaultGraph();
    const state = this.stateOf(graph);
    graph.atomic(() => {
      this.counter(state);
      this.makeHypers(state);
    });
    this.last = new WeakRef(graph);
  }
  private makeHypers(state: OptimizerState): void {
    const sorted = [...this.hypers.values()].sort((a, b) => (a.pythonName < b.pythonName ? -1 : 1));
    for (const hyper of sorted) {
      if (typeof hyper.value !== 'number' || state.hyper(hyper)) continue;
      const options = { name: hyper.pythonName, dtype: float32, trainable: false };
      state.setHyper(hyper, new Variable(hyper.value, options));
    }
  }
  /** Sets a hyperparameter by its name here. */
  protected setHyper(name: string, value: HyperValue): void {
    const former = this.hypers.get(name);
    if (former && typeof value === 'number' && this.present()?.hyper(former)) {
      throw new RuntimeError(
        `The hyperparameter '${pythonName(name)}' is a variable by now: set its value with tf.keras.backend.setValue(optimizer.${name}, ${value}).`,
      );
    }
    this.hypers.set(name, new Hyperparameter(name, value));
  }
  /** A hyperparameter inside a step that is being built, in the type. */
  protected getHyper(name: string, dtype: DType): Tensor | Variable {
    const hyper = this.hyperNamed(name);
    const given = this.stateOf(getDefaultGraph()).hyper(hyper) ?? hyper.value;
    const value = typeof given === 'function' ? given() : given;
    return isSymbolic(value) ? castTo(value as Tensor | Variable, dtype) : cast(value as TensorLike, dtype);
  }
  protected hyperNamed(name: string): Hyperparameter {
    const hyper = this.hypers.get(name);
    if (!hyper) throw new ValueError(`${this.name} has no hyperparameter '${name}'.`);
    return hyper;
  }

  // Variables

  /** The state on the default graph if there is any, else on the graph that the last step was built on. */
  protected present(): OptimizerState | null {
    const own = this.states.get(getDefaultGraph());
    if (own?.iterations) return own;
    const graph = this.last?.deref();
    return (graph && this.states.get(graph)) ?? null;
  }
  protected stateOf(graph: Graph): OptimizerState {
    let state = this.states.get(graph);
    if (!state) {
      state = new OptimizerState();
      this.states.set(graph, state);
    }
    return state;
  }
  protected counter(state: OptimizerState): Variable {
    if (!state.iterations) {
      const zero = () => constantOp(NdArray.zeros(int64, []), 'zeros');
      state.setIterations(new Variable(zero, { name: 'iter', trainable: false }));
    }
    return state.iterations as Variable;
  }

  /** The number of steps run, an int64 variable; null before a step is built. It can be given, before that. */
  get iterations(): Variable | null {
    return this.present()?.iterations ?? null;
  }
  set iterations(variable: Variable) {
    const state = this.stateOf(variable.graph);
    if (state.iterations) {
      throw new RuntimeError(
        `Cannot set \`iterations\` to a new Variable after the Optimizer weights have been created. Here it is attempting to set \`iterations\` to ${variable}.`,
      );
    }
    state.setIterations(variable);
    this.last = new WeakRef(variable.graph);
  }
  /**
   * The variables that make up what the optimizer has learnt, in the order in which Keras saves them: the step counter
   * and the slots. They are those of the default graph, or else of the graph that the last step was built on.
   */
  get weights(): Variable[] {
    return this.present()?.weights() ?? [];
  }
  /** The same as `weights`. */
  variables(): Variable[] {
    return this.weights;
  }
  /** Saved values as `weights` takes them: versions of Keras differ in what they save. */
  alignWeights<T>(values: readonly T[], _zero: T): readonly T[] {
    return values;
  }
  /** The names of the slots, in the order in which they were made. */
  getSlotNames(): string[] {
    return this.present()?.slotNames() ?? [];
  }
  /** The slot of a variable, such as its momentum. Throws `ValueError` where there is none. */
  getSlot(variable: Variable, slotName: string): Variable {
    const slot = this.states.get(variable.graph)?.slot(variable, slotName);
    if (!slot) throw new ValueError(`${this.name} has no slot '${slotName}' for ${variable}.`);
    return slot;
  }
  /** The slot of a variable, made if there is none: `<name scope>/<variable>/<slot>`, of the variable's shape and type. */
  addSlot(
    variable: Variable,
    slotName: string,
    ...rest: Rest<
      [initializer: SlotInitializer, shape: ShapeLike],
      { readonly initializer?: SlotInitializer; readonly shape?: ShapeLike }
    >
  ): Variable {
    const options = bind<{ initializer: SlotInitializer; shape: ShapeLike }>(['initializer', 'shape'], rest);
    const { graph, dtype } = variable;
    const state = this.stateOf(graph);
    const known = state.slot(variable, slotName);
    if (known) return known;
    const initial = initialValue(options.initializer ?? 'zeros', options.shape ?? variable.shape, dtype);
    const name = `${variable.op.name}/${slotName}`;
    const slot = graph.asDefault(() =>
      graph.colocateWith(variable.op, false, () => new Variable(initial, { name, dtype, trainable: false })),
    );
    state.setSlot(variable, slotName, slot);
    return slot;
  }
  /** A variable of this optimizer that belongs to no other one, on the default graph; made if there is none. */
  protected addWeight(name: string, shape: ShapeLike, dtype: DType, initializer: SlotInitializer = 'zeros'): Variable {
    const state = this.stateOf(getDefaultGraph());
    const known = state.weight(name);
    if (known) return known;
    const made = new Variable(initialValue(initializer, shape, dtype), { name, dtype, trainable: false });
    state.setWeight(name, made);
    return made;
  }
}

/** What a slot starts with, as `Variable` takes it. */
function initialValue(initializer: SlotInitializer, given: ShapeLike, dtype: DType): TensorLike | (() => TensorLike) {
  const make = initializer === 'zeros' ? zerosInitializer() : initializer === 'ones' ? onesInitializer() : initializer;
  if (typeof make !== 'function') return make as TensorLike;
  const shape = asShape(given);
  if (!isFullyDefined(shape)) throw new ValueError('A slot needs a fully known shape.');
  return () => make(shape, { dtype });
}
