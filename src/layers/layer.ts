/**
 * The base of TensorFlow 1's layers: its weights come from `getVariable` in a variable scope of the layer's own, so that
 * names, sharing and defaults are those of scopes. What a layer computes is each subclass's own.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { commonGraph } from '../graph/graph-of.ts';
import { get as getConstraint } from '../keras/constraints.ts';
import { integrated } from '../keras/context.ts';
import type { Training } from '../keras/engine/call-context.ts';
import type { InputSpec, InputSpecOptions } from '../keras/engine/input-spec.ts';
import { checkInputs } from '../keras/engine/input-spec.ts';
import { flat, type ShapeNest, shapesOf, type TensorNest } from '../keras/engine/nest.ts';
import { append, atomically, onUndo } from '../keras/engine/undo.ts';
import { get as getInitializer } from '../keras/initializers.ts';
import * as regularizers from '../keras/regularizers.ts';
import { classNameOf, toSnakeCase } from '../keras/serialization.ts';
import { cast } from '../ops/cast.ts';
import { convertToTensor } from '../ops/emit.ts';
import { shape as shapeIn } from '../ops/shaping.ts';
import { bind, isConvertible, isSymbolic, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { asDType, type DType, type DTypeLike, float32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import type { KnownShape, ShapeLike } from '../util/shape.ts';
import { isInitializer, isInitializerFactory } from '../variables/initializers.ts';
import { PartitionedVariable, type Partitioner } from '../variables/partitioned.ts';
import type { VariableScope } from '../variables/scope-object.ts';
import { Variable } from '../variables/variable.ts';
import { getVariable, variableScope } from '../variables/variable-scope.ts';
import type { InitializerLike, Reuse } from '../variables/variable-store.ts';

/** An initializer of `tf.…Initializer`, one of Keras, its name, or a function of the shape; null for the scope's. */
export type InitializerOption = InitializerLike | string | { call(...args: never[]): unknown } | null;
/** A function of the weights that gives a term of the loss or null, one of Keras's regularizers, or its name. */
export type RegularizerOption =
  | ((weights: Tensor) => Tensor | null)
  | string
  | { call(...args: never[]): unknown }
  | null;
/** A function from the value of a weight to the allowed one, one of Keras's constraints, or its name. */
export type ConstraintOption = ((weights: Tensor) => Tensor) | string | { call(...args: never[]): unknown } | null;

/** What every layer takes. */
export interface LayerOptions {
  readonly trainable?: boolean;
  /** The name of the layer's scope, made unique; that of the class in snake case without it. */
  readonly name?: string | null;
  /** The type of the weights; that of the first input without it. */
  readonly dtype?: DTypeLike | null;
  /** A penalty on what the layer gives; it goes to `GraphKeys.REGULARIZATION_LOSSES`, divided by the batch size. */
  readonly activityRegularizer?: RegularizerOption;
  /** The variable scope itself, which is not made unique: layers of one scope share their weights, if they may. */
  readonly _scope?: string | VariableScope | null;
  /** True: the weights must exist; AUTO_REUSE: make them if need be. */
  readonly _reuse?: Reuse;
}

/** What a call may be given beside its inputs. */
export interface CallOptions {
  readonly training?: Training;
  /** The variable scope, for the first call of a layer without one. */
  readonly scope?: string | VariableScope | null;
  readonly [other: string]: unknown;
}

export interface WeightOptions {
  readonly shape?: ShapeLike;
  readonly dtype?: DTypeLike | null;
  readonly initializer?: InitializerOption;
  readonly regularizer?: RegularizerOption;
  readonly trainable?: boolean | null;
  readonly constraint?: ConstraintOption;
  readonly useResource?: boolean | null;
  readonly partitioner?: Partitioner | null;
}
type WeightArguments = Rest<
  [shape: ShapeLike, dtype: DTypeLike | null, initializer: InitializerOption, regularizer: RegularizerOption],
  WeightOptions
>;

/** What gives a term of the loss, or none. */
export interface Penalty {
  call(x: TensorLike): Tensor | null;
}

/** A call of a layer on its inputs, and the shapes that its weights are made for. */
export interface Invocation<R> {
  readonly inputs: readonly Tensor[];
  readonly shapes: ShapeNest;
  call(): R;
  outputsOf(result: R): readonly Tensor[];
}

/** What a layer keeps to itself. */
class Internals {
  scope: VariableScope | null = null;
  /** The scope as the current call opened it; it says where ops go. */
  open: VariableScope | null = null;
  dtype: DType | null = null;
  readonly trainableWeights: Variable[] = [];
  readonly nonTrainableWeights: Variable[] = [];
  readonly losses: Tensor[] = [];
  readonly updates: Operation[] = [];
  /** How many of the updates are in the graph's collection already. */
  collected = 0;
}

/** What layers have in common, whatever their calls take and give: scope, weights, losses, updates. */
export abstract class BaseLayer {
  readonly #own = new Internals();
  readonly #reuse: Reuse;
  readonly #baseName: string;
  readonly name: string;
  trainable: boolean;
  /** Whether updates count although the layer is not trainable. */
  stateful = false;
  built = false;
  /** What it demands of its inputs. */
  inputSpec: InputSpec | readonly InputSpec[] | InputSpecOptions | null = null;
  activityRegularizer: Penalty | null;

  constructor(options: LayerOptions = {}) {
    const { name, dtype, _scope: scope } = options;
    const className = toSnakeCase(classNameOf(new.target));
    this.name = name || uniqueName(className);
    this.#baseName = name || className;
    this.#reuse = options._reuse ?? null;
    this.trainable = options.trainable ?? true;
    this.#own.dtype = dtype == null ? null : asDType(dtype);
    this.activityRegularizer = penaltyOf(options.activityRegularizer);
    if (scope) this.#own.scope = variableScope(scope, (captured) => captured);
  }

  /** Makes the weights for inputs of this shape. Called once, before the first `call`. */
  build(_inputShape: ShapeNest): void {
    this.built = true;
  }

  /** A call, whatever it takes and gives, in the layer's scope: what is to be built, and how to call it. */
  protected invoke<R>(scope: string | VariableScope | null, prepare: () => Invocation<R>): R {
    const own = this.enter(scope);
    const reuse = this.built || this.#reuse;
    return variableScope(own, { reuse, auxiliaryNameScope: false }, (open) => {
      this.#own.open = open;
      return this.callIn(open, prepare());
    });
  }

  /**
   * The layer's scope, which is chosen the first time: the given one, or one of the layer's name. It stays the layer's where
   * the call fails.
   */
  private enter(given: string | VariableScope | null): VariableScope {
    const own = this.#own;
    if (own.scope) return own.scope;
    const capture = (captured: VariableScope) => captured;
    own.scope = this.#reuse
      ? variableScope(given ?? this.#baseName, capture)
      : variableScope(given, { defaultName: this.#baseName }, capture);
    return own.scope;
  }

  private callIn<R>(scope: VariableScope, { inputs, shapes, call, outputsOf }: Invocation<R>): R {
    this.check(inputs);
    const outputs = getDefaultGraph().nameScope(scope.originalNameScope, () => {
      this.buildOnce(inputs, shapes);
      this.check(inputs);
      const made = call();
      if (made === null || made === undefined) {
        throw new ValueError(
          `A layer's \`call\` method should return a Tensor or a list of Tensors, not None (layer: ${this.name}).`,
        );
      }
      this.penalise(outputsOf(made));
      return made;
    });
    this.collectUpdates();
    return outputs;
  }

  private check(inputs: readonly Tensor[]): void {
    checkInputs(this.inputSpec as InputSpec | readonly InputSpec[] | null, inputs, this.name);
    flat(this.inputSpec as InputSpec | readonly InputSpec[] | null).forEach((spec, i) => {
      const wanted = spec?.dtype ? asDType(spec.dtype) : null;
      if (wanted === null || wanted === inputs[i].dtype) return;
      throw new ValueError(
        `Input ${i} of layer "${this.name}" is incompatible with the layer: expected dtype=${wanted.name}, found dtype=${inputs[i].dtype.name}`,
      );
    });
  }

  private buildOnce(list: readonly Tensor[], shapes: ShapeNest): void {
    if (this.built) return;
    const before = { ...this } as Readonly<Record<string, unknown>>;
    const { dtype } = this.#own;
    onUndo(() => {
      for (const key of Object.keys(this)) if (!(key in before)) Reflect.deleteProperty(this, key);
      Object.assign(this, before);
      this.#own.dtype = dtype;
    });
    this.#own.dtype ??= list[0]?.dtype ?? null;
    this.build(shapes);
    this.built = true;
  }

  private penalise(outputs: readonly Tensor[]): void {
    const { activityRegularizer: regularizer } = this;
    if (!regularizer) return;
    getDefaultGraph().nameScope('ActivityRegularizer', () => {
      for (const output of outputs) {
        const loss = regularizer.call(output);
        if (loss) this.addLoss(loss.div(cast(shapeIn(output).slice(0), loss.dtype)));
      }
    });
  }

  private collectUpdates(): void {
    const own = this.#own;
    if (!this.trainable && !this.stateful) return;
    const graph = getDefaultGraph();
    const { collected } = own;
    onUndo(() => {
      own.collected = collected;
    });
    for (const update of own.updates.slice(collected)) graph.addToCollection(GraphKeys.UPDATE_OPS, update);
    own.collected = own.updates.length;
  }

  // Weights, losses, updates

  /**
   * A weight of the layer: made in its variable scope, or found there where the scope reuses. What is left out is the
   * scope's: its initializer, its regularizer. The regularizer given here counts for weights that are made, not for those
   * that are found.
   *
   *     this.kernel = this.addWeight('kernel', [3, 4], {initializer: tf.zerosInitializer()});
   */
  addWeight(name: string, ...rest: WeightArguments): Variable {
    const options = bind<WeightOptions>(['shape', 'dtype', 'initializer', 'regularizer'], rest);
    const trainable = (options.trainable ?? true) && this.trainable;
    const constraint = getConstraint(options.constraint);
    const regularizer = penaltyOf(options.regularizer);
    const graph = getDefaultGraph();
    const { size } = graph;
    const reuse = this.built || this.#reuse;
    return variableScope(this.enter(null), { reuse, auxiliaryNameScope: false }, (scope) =>
      graph.nameScope(scope.originalNameScope, () => {
        const variable = getVariable(name, {
          shape: options.shape,
          dtype: options.dtype ?? this.dtype,
          initializer: initializerOf(options.initializer ?? null) ?? scope.initializer,
          trainable,
          constraint: constraint && ((value) => constraint.call(value)),
          partitioner: options.partitioner,
          useResource: options.useResource,
        });
        for (const part of partsOf(variable)) {
          this.keep(part);
          if (regularizer && part.op.id >= size) this.regularize(name, part, regularizer);
        }
        return variable;
      }),
    );
  }
  /** The former name of `addWeight`. */
  addVariable(name: string, ...rest: WeightArguments): Variable {
    return this.addWeight(name, ...rest);
  }

  /** Notes a weight of the layer. */
  protected keep(variable: Variable): void {
    const { trainableWeights, nonTrainableWeights } = this.#own;
    append(variable.trainable ? trainableWeights : nonTrainableWeights, variable);
    integrated.track(variable);
    onUndo(() => integrated.untrack(variable));
  }

  private regularize(name: string, variable: Variable, regularizer: Penalty): void {
    getDefaultGraph().nameScope(`${name}/Regularizer`, () => {
      const loss = regularizer.call(variable);
      if (loss) this.addLoss(loss);
    });
  }

  /** Adds losses; they go to `GraphKeys.REGULARIZATION_LOSSES` too. */
  addLoss(losses: Tensor | readonly Tensor[]): void {
    for (const loss of flat(losses)) {
      append(this.#own.losses, loss);
      loss.graph.addToCollection(GraphKeys.REGULARIZATION_LOSSES, loss);
    }
  }
  /** Adds operations that training steps should run; after the call they are in `GraphKeys.UPDATE_OPS` too. */
  addUpdate(updates: Operation | readonly Operation[]): void {
    append(this.#own.updates, ...flat(updates));
  }

  /** The losses that were added: penalties on weights and outputs, and those of `addLoss`. */
  get losses(): Tensor[] {
    return [...this.#own.losses];
  }
  /** The operations that were added; none of a layer that is not trainable. */
  get updates(): Operation[] {
    return this.trainable || this.stateful ? [...this.#own.updates] : [];
  }
  /** The weights that training changes; none of a layer that is not trainable. */
  get trainableWeights(): Variable[] {
    return this.trainable ? [...this.#own.trainableWeights] : [];
  }
  get nonTrainableWeights(): Variable[] {
    const { trainableWeights, nonTrainableWeights } = this.#own;
    return this.trainable ? [...nonTrainableWeights] : [...trainableWeights, ...nonTrainableWeights];
  }
  /** All weights: first those that are trained, then the others. */
  get weights(): Variable[] {
    return [...this.trainableWeights, ...this.nonTrainableWeights];
  }
  get trainableVariables(): Variable[] {
    return this.trainableWeights;
  }
  get nonTrainableVariables(): Variable[] {
    return this.nonTrainableWeights;
  }
  get variables(): Variable[] {
    return this.weights;
  }
  /** The number of elements of all weights. Throws `ValueError` where the layer has none yet. */
  countParams(): number {
    if (!this.built) {
      throw new ValueError(
        `You tried to call \`count_params\` on layer ${this.name}, but the layer isn't built. You can build it manually via: \`${this.name}.build(batch_input_shape)\`.`,
      );
    }
    return this.weights.reduce((sum, { shape }) => sum + (shape as KnownShape).reduce((a, b) => a * b, 1), 0);
  }

  /** The type of the weights. */
  get dtype(): DType {
    return this.#own.dtype ?? float32;
  }
  /** The name of the layer's variable scope. Throws `ValueError` before the first call. */
  get scopeName(): string {
    const { scope } = this.#own;
    if (scope) return scope.name;
    throw new ValueError(
      `No name available for layer scope because the layer "${this.name}" has not been used yet. The scope name  is determined the first time the layer instance is called. You must therefore call the layer before querying \`scope_name\`.`,
    );
  }
}

/**
 * A layer of TensorFlow 1. Its first call fixes its variable scope and makes its weights there; later calls share them.
 * Subclasses say what it computes (`call`), and what weights it needs (`build`).
 *
 *     class Scale extends tf.layers.Layer {
 *       build(inputShape) { this.scale = this.addWeight('scale', [inputShape.at(-1)]); super.build(inputShape); }
 *       call(x) { return x.mul(this.scale); }
 *     }
 *     const y = new Scale({name: 'scale'}).apply(x);     // the variable is scale/scale
 */
export class Layer extends BaseLayer {
  /** Builds what the layer computes; without a word of the subclass, nothing. */
  call(inputs: TensorNest, _options: CallOptions = {}): TensorNest {
    return inputs;
  }
  /** The shape that the layer gives for inputs of this shape. */
  computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }

  /**
   * Calls the layer on tensors (Python's `layer(x)`); arrays become constants. Ops go to the name scope of the layer's
   * first call. Throws `ValueError` for inputs that do not fit, and for weights that exist or do not, as `_reuse` and the
   * scopes around ask; graph and layer are then as before.
   */
  apply(inputs: TensorLike | readonly TensorLike[], options: CallOptions = {}): Tensor {
    const graph = commonGraph(flat(inputs as readonly unknown[])) ?? getDefaultGraph();
    return atomically(graph, () => {
      const { scope, ...others } = options;
      return this.invoke(scope ?? null, () => {
        const tensors = tensorsOf(inputs);
        return {
          inputs: flat(tensors),
          shapes: shapesOf(tensors),
          call: () => this.call(tensors, others),
          outputsOf: (made) => flat(made as Tensor | readonly Tensor[]),
        };
      }) as Tensor;
    });
  }
}

/** Layer objects share Keras's counters, but count from 1: `dense_1`, `dense_2`. Only variable scopes start plain. */
function uniqueName(base: string): string {
  const zeroBased = integrated.uniqueName(base);
  const count = zeroBased === base ? 0 : Number(zeroBased.slice(base.length + 1));
  return `${base}_${count + 1}`;
}

function tensorsOf(inputs: TensorLike | readonly TensorLike[]): TensorNest {
  // A list of tensors is several inputs; a list of numbers is one.
  if (Array.isArray(inputs) && inputs.some((item) => isSymbolic(item) || isConvertible(item))) {
    return inputs.map((item) => convertToTensor(item as TensorLike));
  }
  return convertToTensor(inputs as TensorLike);
}

/** The initializer as `getVariable` takes it: its own kinds as they are, Keras's as functions. */
function initializerOf(given: InitializerOption): InitializerLike | null {
  if (given === null || isInitializer(given) || isInitializerFactory(given)) return given as InitializerLike | null;
  const initializer = getInitializer(given);
  return (shape, options) => initializer.call(shape, { dtype: options?.dtype });
}

/** A plain function gets the variable itself, as TensorFlow hands it on; the rest is Keras's to read. */
function penaltyOf(given: RegularizerOption | undefined): Penalty | null {
  const isOwn = typeof given === 'function' && !Object.values<unknown>(regularizers).includes(given);
  if (!isOwn || given.prototype instanceof regularizers.Regularizer) return regularizers.get(given);
  return { call: (x) => (given as (weights: TensorLike) => Tensor | null)(x) };
}

/** The variables that were made: one, or the parts. A custom getter may give something else, which is not the layer's. */
export function partsOf(variable: unknown): readonly Variable[] {
  if (variable instanceof PartitionedVariable) return variable.variables;
  return variable instanceof Variable ? [variable] : [];
}

/** What functions take beside the options of their layer. */
export interface FunctionOptions {
  readonly name?: string | null;
  /** True: the weights of an earlier layer of this name; AUTO_REUSE: make them if need be. */
  readonly reuse?: Reuse;
}

/**
 * A layer made and called at once, in the graph of the inputs. The name is that of the variable scope, so that `reuse`
 * finds what another call made. A failure leaves the graph as it was.
 */
export function callOnce<O extends FunctionOptions>(
  inputs: TensorLike | undefined,
  options: O,
  make: (options: O & LayerOptions) => Layer,
  callOptions: CallOptions = {},
): Tensor {
  if (inputs === undefined) throw new TypeError("missing 1 required positional argument: 'inputs'");
  const graph = commonGraph(flat(inputs as unknown as readonly unknown[])) ?? getDefaultGraph();
  return atomically(graph, () => {
    const { name = null, reuse = null } = options;
    return make({ ...options, _scope: name, _reuse: reuse }).apply(inputs, callOptions);
  });
}
