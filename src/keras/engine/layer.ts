/**
 * The base of all layers: names, weights, calls, masks, and the losses and updates that come with a call. What a layer
 * computes is each subclass's own; how calls become a model is `network.ts`'s.
 */
import type { Graph, Operation } from '../../graph/graph.ts';
import { Tensor } from '../../graph/graph.ts';
import { commonGraph } from '../../graph/graph-of.ts';
import { convertToTensor } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import { shape } from '../../ops/shaping.ts';
import { isConvertible, isOptions, type TensorLike } from '../../ops/tensor-like.ts';
import { toNdArray } from '../../util/array-convert.ts';
import { asDType, type DType, type DTypeLike } from '../../util/dtype.ts';
import { RuntimeError, TypeError, ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { formatShape, type KnownShape, sameShape } from '../../util/shape.ts';
import { Variable } from '../../variables/variable.ts';
import { CONTEXTUAL, contextOfClass } from '../binding.ts';
import { floatx } from '../config.ts';
import { get as getConstraint } from '../constraints.ts';
import type { KerasContext } from '../context.ts';
import { get as getInitializer } from '../initializers.ts';
import type { Regularizer } from '../regularizers.ts';
import { get as getRegularizer } from '../regularizers.ts';
import { type Config, classNameOf } from '../serialization.ts';
import { inCall, openCall, type Training } from './call-context.ts';
import { type Effect, effectsFor } from './effects.ts';
import { type CallRecord, callAt, historyOf, maskOf, masksOf, onlyCall, setHistory, setMask } from './history.ts';
import { checkInputs, type Demands } from './input-spec.ts';
import { flat, type MaskNest, type ShapeNest, type StepResult, shapesOf, type TensorNest } from './nest.ts';
import { completeHistory } from './op-history.ts';
import { append, atomically, onUndo } from './undo.ts';
import { readWeights, type WeightValue, writeWeights } from './weights.ts';

/** What every layer takes. */
export interface LayerOptions {
  /** Automatic without it: the class's name in snake case, and a number from the second on. */
  readonly name?: string | null;
  readonly trainable?: boolean;
  /** The type of the weights; that of the first input where it is a float, else `floatx()`. */
  readonly dtype?: DTypeLike | null;
  /** The shape of one example, for the first layer of a `Sequential`. */
  readonly inputShape?: readonly (number | null)[] | null;
  /** The same with the batch. */
  readonly batchInputShape?: readonly (number | null)[] | null;
  readonly batchSize?: number | null;
  /** Values for the weights, in their order. */
  readonly weights?: readonly WeightValue[] | null;
}

/** What a call may be given beside its inputs; layers add their own. */
export interface CallOptions {
  /** True for training, false for inference; the learning phase decides without it. */
  readonly training?: Training;
  /** Which steps count; that of the inputs without it. */
  readonly mask?: MaskNest;
  readonly [other: string]: unknown;
}

export interface WeightOptions {
  /** A scalar without it. */
  readonly shape?: readonly (number | null)[];
  readonly dtype?: DTypeLike | null;
  /** Glorot's uniform for floats, zeros for the rest. */
  readonly initializer?: unknown;
  readonly regularizer?: unknown;
  readonly constraint?: unknown;
  readonly trainable?: boolean;
}

/** What a layer keeps to itself. Not properties, so that a look at a layer's properties finds layers and variables only. */
class Internals {
  readonly trainableWeights: Variable[] = [];
  readonly nonTrainableWeights: Variable[] = [];
  /** Losses: of calls, and of weights, which are built when they are first asked for. */
  readonly losses: (Effect<Tensor> | (() => Tensor))[] = [];
  readonly weightLosses = new Map<() => Tensor, Tensor>();
  readonly updates: Effect<Operation>[] = [];
  readonly inboundNodes: CallRecord[] = [];
  readonly outboundNodes: CallRecord[] = [];
  built = false;
  trainable = true;
  dtype: DType | null = null;
  buildShape: ShapeNest | null = null;
  initialWeights: readonly WeightValue[] | null = null;
}

/**
 * A layer: called on tensors, it builds what it computes into their graph, and makes its weights the first time.
 * `Out` is what a call gives: a tensor, unless the layer says otherwise.
 *
 *     class Scale extends tf.keras.layers.Layer {
 *       build(inputShape) { this.scale = this.addWeight('scale', {shape: [inputShape.at(-1)], initializer: 'ones'}); }
 *       call(x) { return x.mul(this.scale); }
 *     }
 *     const y = new Scale().apply(x);
 */
export abstract class Layer<Out extends TensorNest | StepResult = Tensor> {
  static readonly [CONTEXTUAL] = true;

  readonly #own = new Internals();
  /** The Keras context that the layer belongs to. */
  readonly context!: KerasContext;
  readonly name: string;
  /** Whether it passes masks on. */
  supportsMasking = false;
  stateful = false;
  /** What it demands of its inputs. */
  inputSpec: Demands | readonly Demands[] | null = null;
  /** Given where the layer may be a model's first. */
  batchInputShape: readonly (number | null)[] | null = null;
  /** A penalty on what the layer gives; subclasses set it from their options. */
  activityRegularizer: Regularizer | null = null;

  constructor(options: LayerOptions = {}) {
    // Hidden from a look at the properties.
    Object.defineProperty(this, 'context', { value: contextOfClass(new.target) });
    const { name, trainable = true, dtype, inputShape, batchInputShape, batchSize, weights } = options;
    this.name = name ?? this.context.uniqueName(classNameOf(new.target));
    this.#own.trainable = trainable;
    this.#own.dtype = dtype === null || dtype === undefined ? null : asDType(dtype);
    this.#own.initialWeights = weights ?? null;
    if (batchInputShape) this.batchInputShape = [...batchInputShape];
    else if (inputShape) this.batchInputShape = [batchSize ?? null, ...inputShape];
  }

  // What subclasses say

  /** Makes the weights for inputs of this shape (the batch first). Called once, before the first `call`. */
  build(inputShape: ShapeNest): void {
    this.#own.buildShape = inputShape;
    this.#own.built = true;
  }
  /** Builds what the layer computes. */
  abstract call(inputs: TensorNest, options: CallOptions): Out;

  /** The shape that the layer gives for inputs of this shape. Throws `RuntimeError` unless the subclass says it. */
  computeOutputShape(inputShape: ShapeNest): ShapeNest {
    throw new RuntimeError(
      `We could not automatically infer the shape of the Layer's output for ${JSON.stringify(inputShape)}. Please implement the \`compute_output_shape\` method on your layer (${classNameOf(this.constructor)}).`,
    );
  }
  /** The mask of what the layer gives. Throws `TypeError` for a mask where the layer does not support masking. */
  computeMask(_inputs: TensorNest, mask: MaskNest = null): MaskNest {
    if (this.supportsMasking) return mask;
    const found = flat(mask).find((item) => item !== null);
    if (found) {
      throw new TypeError(`Layer ${this.name} does not support masking, but was passed an input_mask: ${found}`);
    }
    return null;
  }
  /** What the layer was made from, for `fromConfig`. Subclasses add their own options. */
  getConfig(): Config {
    return {
      name: this.name,
      trainable: this.#own.trainable,
      ...(this.batchInputShape ? { batchInputShape: this.batchInputShape } : {}),
      dtype: this.dtype.name,
    };
  }
  /** A layer from what `getConfig` gave; without weights. */
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(config as never);
  }

  // Calling

  /**
   * Calls the layer on tensors (Python's `layer(x)`): the result is built in the graph of the inputs, under a name scope
   * of the layer's name. Arrays become constants. Throws `ValueError` for inputs that do not fit; graph and layer are then
   * as before.
   */
  apply(inputs: TensorLike | readonly TensorLike[], options: CallOptions = {}): Out {
    const graph = commonGraph(flat(inputs as readonly unknown[])) ?? this.context.graph;
    return atomically(graph, () => this.callOn(graph, tensorsOf(inputs), options));
  }

  private callOn(graph: Graph, inputs: TensorNest, options: CallOptions): Out {
    const outer = openCall();
    const list = flat(inputs as Tensor | readonly Tensor[]);
    const given = options.mask === undefined ? masksOf(inputs) : options.mask;
    const training = options.training ?? outer?.training ?? null;
    // Calls inside of another layer's are that layer's own business, and no part of a model.
    const symbolic = outer === null && completeHistory(list);
    checkInputs(this.inputSpec, list, this.name);
    const scoped = graph.nameScope(this.name, () => {
      const made = inCall({ inputs, training }, () => {
        this.buildOnce(list, shapesOf(inputs));
        checkInputs(this.inputSpec, list, this.name);
        const outputs = this.call(inputs, { ...options, training, mask: given });
        if (outputs === null || outputs === undefined) {
          throw new ValueError(
            `A layer's \`call\` method should return a Tensor or a list of Tensors, not None (layer: ${this.name}).`,
          );
        }
        return this.distinct(outputs, list);
      });
      this.penalise(made as TensorNest, list);
      this.passMasks(inputs, made as TensorNest, given);
      return made;
    });
    if (symbolic) this.record(inputs, scoped as TensorNest, options);
    return scoped;
  }

  private buildOnce(list: readonly Tensor[], shapes: ShapeNest): void {
    if (this.#own.built) return;
    if (!this.#own.dtype) {
      const first = list[0]?.dtype;
      const chosen = first?.isFloating ? first : asDType(floatx());
      onUndo(() => {
        this.#own.dtype = null;
      });
      this.#own.dtype = chosen;
    }
    this.ensureBuilt(shapes);
  }
  /**
   * @internal Builds the layer in the current name scope, unless it is built: for layers around others. A failure takes back
   * what `build` set on the layer.
   */
  ensureBuilt(shapes: ShapeNest): void {
    if (this.#own.built) return;
    const before: Readonly<Record<string, unknown>> = { ...(this as object) };
    onUndo(() => {
      for (const key of Object.keys(this)) if (!(key in before)) Reflect.deleteProperty(this, key);
      Object.assign(this, before);
      this.#own.built = false;
      this.#own.buildShape = null;
    });
    this.build(shapes);
    this.#own.buildShape ??= shapes;
    this.#own.built = true;
  }

  /** A layer that gives back what it was given makes a tensor of its own of it. */
  private distinct(outputs: Out, inputs: readonly Tensor[]): Out {
    const own = (tensor: Tensor) =>
      inputs.includes(tensor) ? tensor.graph.nameScope(this.name, () => identity(tensor)) : tensor;
    return (Array.isArray(outputs) ? outputs.map(own) : own(outputs as Tensor)) as Out;
  }

  private penalise(outputs: TensorNest, inputs: readonly Tensor[]): void {
    const { activityRegularizer: regularizer } = this;
    if (!regularizer) return;
    const { graph } = flat(outputs as Tensor | readonly Tensor[])[0];
    graph.nameScope('ActivityRegularizer', () => {
      for (const output of flat(outputs as Tensor | readonly Tensor[])) {
        const size = convertToTensor(batchSize(output), { dtype: output.dtype });
        append(this.#own.losses, { item: regularizer.call(output).div(size), inputs });
      }
    });
  }

  private passMasks(inputs: TensorNest, outputs: TensorNest, mask: MaskNest): void {
    const list = flat(outputs as Tensor | readonly Tensor[]);
    if (list.every((tensor) => maskOf(tensor) !== null)) return;
    const masks = flat(this.computeMask(inputs, mask) as Tensor | null | readonly (Tensor | null)[]);
    for (const [i, tensor] of list.entries()) setMask(tensor, masks[i] ?? null);
  }

  private record(inputs: TensorNest, outputs: TensorNest, options: CallOptions): void {
    const [given, made] = [inputs, outputs].map((nest) => flat(nest as Tensor | readonly Tensor[]));
    const kept = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
    const inbound = given.map((tensor) => historyOf(tensor)).filter((history) => history !== null);
    this.addNode({
      layer: this,
      inbound,
      inputs,
      outputs,
      inputMasks: given.map(maskOf),
      outputMasks: made.map(maskOf),
      inputShapes: given.map((tensor) => tensor.shape ?? []),
      outputShapes: made.map((tensor) => tensor.shape ?? []),
      options: Object.fromEntries(kept),
    });
  }

  /** Notes a call, and for its tensors where they come from. */
  protected addNode(node: CallRecord): void {
    const nodeIndex = this.#own.inboundNodes.length;
    append(this.#own.inboundNodes, node);
    for (const { layer } of node.inbound) append((layer as Layer).#own.outboundNodes, node);
    flat(node.outputs as Tensor | readonly Tensor[]).forEach((tensor, tensorIndex) => {
      setHistory(tensor, { layer: this, nodeIndex, tensorIndex });
    });
  }

  // Weights

  /**
   * Makes a weight, to be called in `build`. The initializer, regularizer and constraint may be objects, functions or
   * Keras's names for them.
   *
   *     this.kernel = this.addWeight('kernel', {shape: [3, 4], initializer: 'glorotUniform', regularizer: 'l2'});
   */
  addWeight(name: string, options: WeightOptions = {}): Variable {
    const dtype = options.dtype ? asDType(options.dtype) : this.dtype;
    const shape = (options.shape ?? []).map((dim) => {
      if (dim === null || dim === undefined) {
        throw new ValueError(`The shape of weight '${name}' of layer ${this.name} must be fully known.`);
      }
      return dim;
    });
    const initializer = getInitializer(options.initializer ?? (dtype.isFloating ? 'glorot_uniform' : 'zeros'));
    const constraint = getConstraint(options.constraint);
    const regularizer = getRegularizer(options.regularizer);
    const trainable = options.trainable ?? true;
    const given = this.givenValue(name, shape);
    const variable = new Variable(() => given ?? initializer.call(shape, { dtype }), {
      name,
      dtype,
      trainable,
      constraint: constraint && ((value) => constraint.call(value)),
    });
    this.context.track(variable);
    onUndo(() => this.context.untrack(variable));
    append(trainable ? this.#own.trainableWeights : this.#own.nonTrainableWeights, variable);
    if (regularizer) this.regularize(variable, regularizer);
    return variable;
  }

  /** The value for the weight about to be made, of those that the option `weights` gave. */
  private givenValue(name: string, shape: KnownShape): NdArray | null {
    const { initialWeights, trainableWeights, nonTrainableWeights } = this.#own;
    if (!initialWeights) return null;
    const value = toNdArray(initialWeights[trainableWeights.length + nonTrainableWeights.length], this.dtype);
    if (!sameShape(value.shape, shape)) {
      throw new ValueError(
        `Layer ${this.name} weight shape ${formatShape(shape)} is not compatible with provided weight shape ${formatShape(value.shape)}. (weight ${name})`,
      );
    }
    return value;
  }

  private regularize(variable: Variable, regularizer: Regularizer): void {
    const { graph } = variable;
    append(this.#own.losses, () =>
      graph.asDefault(() =>
        graph.nameScope(null, () =>
          graph.nameScope(`${variable.op.name}/Regularizer`, () => regularizer.call(variable.value())),
        ),
      ),
    );
  }

  /** The layers among this one's properties, also in arrays: what it is made of. */
  protected get sublayers(): readonly Layer[] {
    const found = new Set<Layer>();
    for (const value of Object.values(this)) {
      for (const item of Array.isArray(value) ? value : [value]) if (item instanceof Layer) found.add(item as Layer);
    }
    return [...found];
  }
  private get ownTrainable(): readonly Variable[] {
    return this.ownWeights(true);
  }
  /** Weights made by `addWeight`, and variables that are properties of the layer. */
  private ownWeights(trainable: boolean): readonly Variable[] {
    const found = new Set(trainable ? this.#own.trainableWeights : this.#own.nonTrainableWeights);
    const others = trainable ? this.#own.nonTrainableWeights : this.#own.trainableWeights;
    for (const value of Object.values(this)) {
      for (const item of Array.isArray(value) ? value : [value]) {
        if (item instanceof Variable && item.trainable === trainable && !others.includes(item)) found.add(item);
      }
    }
    return [...found];
  }

  /** Whether training changes the weights; setting it counts for the layers inside too. Recompile a model after it. */
  get trainable(): boolean {
    return this.#own.trainable;
  }
  set trainable(value: boolean) {
    this.#own.trainable = value;
    for (const layer of this.sublayers) layer.trainable = value;
  }
  /** The weights that training changes; none of a layer that is not trainable. */
  get trainableWeights(): Variable[] {
    if (!this.#own.trainable) return [];
    return unique([...this.ownTrainable, ...this.sublayers.flatMap((layer) => layer.trainableWeights)]);
  }
  /** The rest of the weights, such as averages. */
  get nonTrainableWeights(): Variable[] {
    const own = this.#own.trainable ? this.ownWeights(false) : [...this.ownWeights(true), ...this.ownWeights(false)];
    const inner = this.#own.trainable
      ? this.sublayers.flatMap((layer) => layer.nonTrainableWeights)
      : this.sublayers.flatMap((layer) => layer.weights);
    return unique([...own, ...inner]);
  }
  /** All weights: first those that are trained, then the others. */
  get weights(): Variable[] {
    return unique([...this.trainableWeights, ...this.nonTrainableWeights]);
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
  /** The graph that the layer was built in; the current one before that. */
  get graph(): Graph {
    const { inboundNodes } = this.#own;
    const tensor = inboundNodes.length > 0 ? flat(inboundNodes[0].outputs as Tensor | readonly Tensor[])[0] : null;
    return this.weights[0]?.graph ?? tensor?.graph ?? this.context.graph;
  }

  /** The values of the weights in the session of Keras, in the order of `weights`. */
  getWeights(): Promise<NdArray[]> {
    return readWeights(this);
  }
  /**
   * Sets them. Throws `ValueError` where the number of values or a shape is another; nothing is changed then.
   *
   *     await layer.setWeights([kernel, bias]);
   */
  setWeights(values: readonly WeightValue[]): Promise<void> {
    return writeWeights(this, values);
  }
  /** The number of elements of all weights. Throws `ValueError` where the layer has none yet. */
  countParams(): number {
    if (!this.#own.built) {
      throw new ValueError(
        `You tried to call \`count_params\` on layer ${this.name}, but the layer isn't built. You can build it manually via: \`${this.name}.build(batch_input_shape)\`.`,
      );
    }
    return countElements(this.weights);
  }

  // Losses and updates

  /**
   * Adds a loss to what a model of this layer is trained for: tensors (in `call`), or functions that build one from
   * weights.
   */
  addLoss(
    losses: Tensor | (() => Tensor) | readonly (Tensor | (() => Tensor))[],
    options: { readonly inputs?: TensorNest | null } = {},
  ): void {
    for (const loss of flat(losses as Tensor | readonly Tensor[])) {
      if (typeof loss === 'function') append(this.#own.losses, loss as () => Tensor);
      else append(this.#own.losses, { item: loss, inputs: this.inputsOf(options.inputs) });
    }
  }
  /** Adds operations that each training step runs, such as those of averages. */
  addUpdate(
    updates:
      | Operation
      | Tensor
      | { readonly op: Operation }
      | readonly (Operation | Tensor | { readonly op: Operation })[],
    options: { readonly inputs?: TensorNest | null } = {},
  ): void {
    for (const update of flat(updates as Operation | readonly Operation[])) {
      const item = 'op' in update ? (update as unknown as { readonly op: Operation }).op : update;
      append(this.#own.updates, { item, inputs: this.inputsOf(options.inputs) });
    }
  }
  /** What an effect depends on: as said, else the inputs of the call that is going on. */
  private inputsOf(inputs: TensorNest | null | undefined): readonly Tensor[] | null {
    const nest = inputs === undefined ? openCall()?.inputs : inputs;
    return nest ? flat(nest as Tensor | readonly Tensor[]) : null;
  }

  /** @internal The losses with what they depend on; those of weights are built once. */
  lossEffects(): Effect<Tensor>[] {
    // Those of calls come first, as in Keras: sums of losses are in this order.
    const ofCalls = this.#own.losses.filter((loss) => typeof loss !== 'function');
    const ofWeights = this.#own.losses.filter((loss) => typeof loss === 'function');
    const own = [...ofCalls, ...ofWeights].map((loss) => {
      if (typeof loss !== 'function') return loss;
      const known = this.#own.weightLosses.get(loss);
      const item = known ?? loss();
      if (!known) this.#own.weightLosses.set(loss, item);
      return { item, inputs: null };
    });
    return [...own, ...this.sublayers.flatMap((layer) => layer.lossEffects())];
  }
  /** @internal */
  updateEffects(): Effect<Operation>[] {
    if (!this.#own.trainable && !this.stateful) return [];
    return [...this.#own.updates, ...this.sublayers.flatMap((layer) => layer.updateEffects())];
  }
  /** The losses that were added: penalties on weights and outputs, and those of `addLoss`. */
  get losses(): Tensor[] {
    return [...new Set(this.lossEffects().map(({ item }) => item))];
  }
  /** The operations that training steps run; none of a layer that is not trainable. */
  get updates(): Operation[] {
    return [...new Set(this.updateEffects().map(({ item }) => item))];
  }
  /** The losses that depend on these inputs; with null, those that depend on none. */
  getLossesFor(inputs: TensorNest | null): Tensor[] {
    return effectsFor(this.lossEffects(), inputs && flat(inputs as Tensor | readonly Tensor[]));
  }
  getUpdatesFor(inputs: TensorNest | null): Operation[] {
    return effectsFor(this.updateEffects(), inputs && flat(inputs as Tensor | readonly Tensor[]));
  }

  // Looking in

  get built(): boolean {
    return this.#own.built;
  }
  set built(value: boolean) {
    this.#own.built = value;
  }
  /** The shape that the layer was built for; null before. */
  get buildShape(): ShapeNest | null {
    return this.#own.buildShape;
  }
  /** @internal The type that was said, or that the first call settled; null before. */
  get settledDtype(): DType | null {
    return this.#own.dtype;
  }
  /** The type of the weights. */
  get dtype(): DType {
    return this.#own.dtype ?? asDType(floatx());
  }
  /** The calls of this layer on tensors of models. */
  get inboundNodes(): readonly CallRecord[] {
    return this.#own.inboundNodes;
  }
  /** The calls of other layers on what this one gave. */
  get outboundNodes(): readonly CallRecord[] {
    return this.#own.outboundNodes;
  }
  /** What the layer was called on. Throws where it was called never or more than once: use `getInputAt`. */
  get input(): Tensor | readonly Tensor[] {
    return onlyCall(this, 'input').inputs;
  }
  get output(): Out {
    return onlyCall(this, 'output').outputs as Out;
  }
  get inputMask(): MaskNest {
    const { inputMasks } = onlyCall(this, 'input mask');
    return inputMasks.length === 1 ? inputMasks[0] : inputMasks;
  }
  get outputMask(): MaskNest {
    const { outputMasks } = onlyCall(this, 'output mask');
    return outputMasks.length === 1 ? outputMasks[0] : outputMasks;
  }
  get inputShape(): ShapeNest {
    const { inputShapes } = onlyCall(this, 'input shape');
    return inputShapes.length === 1 ? inputShapes[0] : inputShapes;
  }
  get outputShape(): ShapeNest {
    const { outputShapes } = onlyCall(this, 'output shape');
    return outputShapes.length === 1 ? outputShapes[0] : outputShapes;
  }
  /** The inputs of the call with this index. */
  getInputAt(nodeIndex: number): TensorNest {
    return callAt(this, nodeIndex, 'input').inputs;
  }
  getOutputAt(nodeIndex: number): Out {
    return callAt(this, nodeIndex, 'output').outputs as Out;
  }
  getInputShapeAt(nodeIndex: number): ShapeNest {
    const { inputShapes } = callAt(this, nodeIndex, 'input shape');
    return inputShapes.length === 1 ? inputShapes[0] : inputShapes;
  }
  getOutputShapeAt(nodeIndex: number): ShapeNest {
    const { outputShapes } = callAt(this, nodeIndex, 'output shape');
    return outputShapes.length === 1 ? outputShapes[0] : outputShapes;
  }

  toString(): string {
    return `<${classNameOf(this.constructor)} '${this.name}'>`;
  }
}

function tensorsOf(inputs: TensorLike | readonly TensorLike[]): TensorNest {
  if (inputs instanceof Tensor) return inputs;
  // A list of tensors is several inputs; a list of numbers is one.
  if (Array.isArray(inputs) && inputs.some((item) => item instanceof Tensor || isConvertible(item))) {
    return inputs.map((item) => convertToTensor(item as TensorLike));
  }
  if (isOptions(inputs)) throw new TypeError('Inputs to a layer should be tensors.');
  return convertToTensor(inputs as TensorLike);
}

function batchSize(tensor: Tensor): TensorLike {
  return tensor.shape?.[0] ?? shape(tensor).slice(0).cast(tensor.dtype);
}

function unique(variables: readonly Variable[]): Variable[] {
  return [...new Set(variables)];
}

/** The number of elements of all variables. */
export function countElements(variables: readonly Variable[]): number {
  return variables.reduce((sum, { shape }) => sum + ((shape ?? []) as readonly number[]).reduce((a, b) => a * b, 1), 0);
}
