/**
 * `RNN`: a cell over the steps of sequences, with masks, given states, and states kept from batch to batch. The loop is
 * `backend/rnn.ts`'s, the cells are in the files by kind.
 */
import { getDefaultGraph } from '../../../graph/default-graph.ts';
import { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { greater } from '../../../ops/comparison.ts';
import { cond } from '../../../ops/cond.ts';
import { convertToTensor } from '../../../ops/emit.ts';
import { flatten, isPlainNode, pack } from '../../../ops/nest.ts';
import { countNonzero } from '../../../ops/reductions.ts';
import { shape as shapeIn } from '../../../ops/shaping.ts';
import { addN } from '../../../ops/sums.ts';
import { bind, isConvertible, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { int64 } from '../../../util/dtype.ts';
import { AssertionError, TypeError, ValueError } from '../../../util/errors.ts';
import { TensorShape } from '../../../util/shape.ts';
import { assign } from '../../../variables/assign.ts';
import type { Variable } from '../../../variables/variable.ts';
import { rnn, type Tensors } from '../../backend/rnn.ts';
import { openCall } from '../../engine/call-context.ts';
import { historyOf } from '../../engine/history.ts';
import type { Demands } from '../../engine/input-spec.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import {
  flat,
  type LayerShape,
  type MaskNest,
  type ShapeNest,
  type StateNest,
  type StepResult,
  singleShape,
  type TensorNest,
} from '../../engine/nest.ts';
import { completeHistory } from '../../engine/op-history.ts';
import { onUndo } from '../../engine/undo.ts';
import type { WeightValue } from '../../engine/weights.ts';
import { type Config, isSerialized, type Serialized } from '../../serialization.ts';
import { deserializeLayer } from '../lookup.ts';
import {
  checkCell,
  dimsOf,
  flatSizes,
  initialStates,
  outputSizeOf,
  type RNNCell,
  runCell,
  withSettledType,
} from './cell.ts';
import { StackedRNNCells } from './stacked-rnn-cells.ts';
import { assignStates, requireStateful, stateVariables } from './states.ts';
import type { UnitCell } from './unit-cell.ts';

/** What all recurrent layers take. */
export interface SequenceOptions extends LayerOptions {
  /** Whether all outputs are given, `[batch, time, …]`, or the last one. */
  readonly returnSequences?: boolean;
  /** Whether the states in the end are given too, behind the output. */
  readonly returnState?: boolean;
  /** From the last step to the first; outputs are in that order. */
  readonly goBackwards?: boolean;
  /** Whether a batch begins with the states in which the one before ended; the size of batches must be known. */
  readonly stateful?: boolean;
  /** Whether inputs and outputs are `[time, batch, …]`. */
  readonly timeMajor?: boolean;
}

export interface RNNOptions extends SequenceOptions {
  /** A cell, several on top of each other, or a configuration. */
  readonly cell?: RNNCell | readonly RNNCell[] | Serialized;
  /** Whether steps are built one by one, in the place of a loop; their number must be known. */
  readonly unroll?: boolean;
  /** Whether the output of a masked step is zeros, instead of that of the step before. */
  readonly zeroOutputForMask?: boolean;
  /** How many of the inputs are constants: what a configuration says of a layer that was called with some. */
  readonly numConstants?: number;
}

/** What recurrent layers are called with beside the inputs. */
export interface RNNCallOptions extends CallOptions {
  /** The states to begin with, one by one or as the cell has them; zeros without them. */
  readonly initialState?: TensorLike | StateNest | readonly TensorLike[] | null;
  /** Tensors that the cell is given in each step. */
  readonly constants?: TensorLike | readonly TensorLike[] | null;
}

/** What a recurrent layer gives: with `returnState` a list. */
export type RNNResult<S extends boolean> = S extends true ? Tensor[] : Tensor;

type RNNRest<S extends boolean> = Rest<
  [
    cell: RNNCell | readonly RNNCell[] | Serialized,
    returnSequences: boolean,
    returnState: S,
    goBackwards: boolean,
    stateful: boolean,
    unroll: boolean,
    timeMajor: boolean,
  ],
  RNNOptions & { readonly returnState?: S }
>;

const POSITIONS = ['cell', 'returnSequences', 'returnState', 'goBackwards', 'stateful', 'unroll', 'timeMajor'] as const;

const NO_BATCH = `If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: 
- If using a Sequential model, specify the batch size by passing a \`batch_input_shape\` argument to your first layer.
- If using the functional API, specify the batch size by passing a \`batch_shape\` argument to your Input layer.`;

const NO_STEPS = `Cannot unroll a RNN if the time dimension is undefined. 
- If using a Sequential model, specify the time dimension by passing an \`input_shape\` or \`batch_input_shape\` argument to your first layer. If your first layer is an Embedding, you can also use the \`input_length\` argument.
- If using the functional API, specify the time dimension by passing a \`shape\` or \`batch_shape\` argument to your Input layer.`;

/**
 * A cell over the steps of `[batch, time, …]`. It gives the last output, all of them with `returnSequences`, and behind them
 * the states with `returnState`. Where a step is masked, output and states are those of the step before. States to begin with
 * are given to the call, as `initialState` or behind the inputs in a list. Throws `ValueError` for what is no cell, states that
 * do not fit it, and a stateful layer of unknown batch size.
 *
 *     const cells = [new tf.keras.layers.LSTMCell(8), new tf.keras.layers.GRUCell(4)];
 *     const y = new tf.keras.layers.RNN(cells, {returnSequences: true}).apply(x);
 *     const z = new tf.keras.layers.LSTM(8).apply(x, {initialState: [h, c]});
 */
export class RNN<S extends boolean = false> extends Layer<RNNResult<S>> {
  static readonly className: string = 'RNN';
  readonly cell: RNNCell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly unroll: boolean;
  readonly timeMajor: boolean;
  zeroOutputForMask: boolean;
  #numConstants: number;
  /** Not a property: a look at the layer's properties would take the variables for weights. */
  #states: readonly Variable[] | null = null;

  constructor(...rest: RNNRest<S>) {
    const options = bind<RNNOptions>(POSITIONS, rest);
    super(options);
    this.cell = cellOf(options.cell);
    this.returnSequences = options.returnSequences ?? false;
    this.returnState = options.returnState ?? false;
    this.goBackwards = options.goBackwards ?? false;
    this.stateful = options.stateful ?? false;
    this.unroll = options.unroll ?? false;
    this.timeMajor = options.timeMajor ?? false;
    this.zeroOutputForMask = options.zeroOutputForMask ?? false;
    this.#numConstants = options.numConstants ?? 0;
    this.supportsMasking = true;
  }

  /** The states that a stateful layer keeps, one by one; null where it keeps none, or is not built. */
  get states(): readonly Variable[] | null {
    return this.#states;
  }
  /** @internal For layers around this one. */
  set numConstants(count: number) {
    this.#numConstants = count;
  }

  // Calling

  /** Calls the layer; states and constants of a model become inputs of the call. */
  override apply(inputs: TensorLike | readonly TensorLike[], options: RNNCallOptions = {}): RNNResult<S> {
    const given = separate(inputs, options, this.#numConstants);
    const { initialState, constants, ...others } = options;
    const states = given.initialState === null ? [] : flatten<TensorLike>(given.initialState as never, isStructure);
    const added = [...states, ...(given.constants ?? [])];
    if (added.length === 0) return super.apply(given.inputs, others);
    const before = this.#numConstants;
    onUndo(() => {
      this.#numConstants = before;
    });
    this.#numConstants = given.constants?.length ?? 0;
    if (!areOfModel(added, given)) return super.apply(given.inputs, { ...others, ...given });
    return withSpecs(this, added.length, () => super.apply([given.inputs, ...added], others));
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const [batchAxis, timeAxis] = this.timeMajor ? [1, 0] : [0, 1];
    const wanted = shape.map((d, axis) => (axis === timeAxis || (axis === batchAxis && !this.stateful) ? null : d));
    this.inputSpec = [{ shape: wanted }, ...specList(this.inputSpec).slice(1)];
    this.buildCell(this.timeMajor ? shape.slice(1) : [shape[0], ...shape.slice(2)]);
    if (this.stateful) this.makeStates(shape);
    super.build(inputShape);
  }

  /** Builds the cell, in the name scope of its own. */
  protected buildCell(stepShape: LayerShape): void {
    const { cell } = this;
    if (cell instanceof Layer) getDefaultGraph().nameScope(cell.name, () => cell.ensureBuilt(stepShape));
  }

  private makeStates(inputShape: LayerShape): void {
    onUndo(() => {
      this.#states = null;
    });
    this.#states = this.keptStates(inputShape);
  }
  /** The variables that keep the states. */
  protected keptStates(inputShape: LayerShape): readonly Variable[] {
    const batchSize = inputShape[this.timeMajor ? 1 : 0];
    if (!batchSize) throw new ValueError(NO_BATCH);
    return stateVariables(initialStates(this.cell, { inputs: null, batchSize, dtype: this.dtype }), this.context);
  }

  override call(inputs: TensorNest, options: RNNCallOptions): RNNResult<S> {
    const given = separate(inputs, options, this.#numConstants);
    const x = given.inputs as Tensor;
    this.resetMasks();
    const initial = this.startOf(x, given.initialState);
    const mask = flat(options.mask as Tensor | null | readonly (Tensor | null)[])[0] ?? null;
    if (this.unroll && (x.shape?.[this.timeMajor ? 0 : 1] ?? null) === null) throw new ValueError(NO_STEPS);
    const [last, outputs, after] = this.overSteps(x, initial, mask, given.constants, options);
    const states = flatten<Tensor>(after as never);
    if (this.stateful) this.keep(states);
    const results = flatten<Tensor>((this.returnSequences ? outputs : last) as never);
    const all = this.returnState ? [...results, ...states] : results;
    return (all.length === 1 && !this.returnState ? all[0] : all) as RNNResult<S>;
  }

  private overSteps(
    x: Tensor,
    initial: StateNest,
    mask: Tensor | null,
    constants: readonly TensorLike[] | null,
    { training }: CallOptions,
  ) {
    const count = constants?.length ?? 0;
    const step = (input: Tensor, states: Tensor[]) => {
      const own = states.slice(0, states.length - count);
      const fixed = count > 0 ? { constants: states.slice(states.length - count) } : {};
      const [output, next] = runCell(this.cell, input, { states: own, training, ...fixed }) as StepResult;
      return [output as Tensors, (isPlainNode(next) ? next : [next]) as StateNest] as const;
    };
    return rnn(step, x, initial, {
      constants,
      goBackwards: this.goBackwards,
      mask,
      unroll: this.unroll,
      timeMajor: this.timeMajor,
      zeroOutputForMask: this.zeroOutputForMask,
      returnAllOutputs: this.returnSequences,
    });
  }

  /** Has the cells drop anew in this call. */
  private resetMasks(): void {
    const { cell } = this;
    for (const one of cell instanceof StackedRNNCells ? cell.cells : [cell]) {
      if ('resetMasks' in one) (one as unknown as Pick<UnitCell, 'resetMasks'>).resetMasks();
    }
  }

  /** The states of the first step, as the cell has them. */
  private startOf(x: Tensor, given: Given['initialState']): StateNest {
    const values =
      given === null ? null : flatten<TensorLike>(given as never, isStructure).map((v) => convertToTensor(v));
    const structure = structureOf(this.cell);
    if (values) this.checkStates(values);
    if (this.#states) return pack<Tensor>(structure, this.kept(this.#states, values)) as StateNest;
    if (values) return pack<Tensor>(structure, values) as StateNest;
    return this.getInitialState(x);
  }

  /** Throws `ValueError` for states that the cell does not have. */
  protected checkStates(values: readonly Tensor[]): void {
    const sizes = flatSizes(this.cell.stateSize).map(dimsOf);
    const agrees = ({ shape }: Tensor, i: number) => {
      if (shape === null) return true;
      const own = shape.slice(1);
      return (
        own.length === sizes[i].length && own.every((d, k) => d === null || sizes[i][k] === null || d === sizes[i][k])
      );
    };
    if (values.length === sizes.length && values.every(agrees)) return;
    const specs = values.map(
      ({ shape }) => `InputSpec(shape=${new TensorShape(shape)}, ndim=${shape?.length ?? 'None'})`,
    );
    const flat = sizes.map((dims) => (dims.length === 1 ? dims[0] : new TensorShape(dims)));
    const shown = flat.length === 1 ? flat[0] : `[${flat.join(', ')}]`;
    throw new ValueError(
      `An \`initial_state\` was passed that is not compatible with \`cell.state_size\`. Received \`state_spec\`=[${specs.join(', ')}]; however \`cell.state_size\` is ${shown}`,
    );
  }

  /** What is kept, unless it is zeros still and other states are given. */
  private kept(states: readonly Variable[], given: readonly Tensor[] | null): readonly Tensor[] {
    const own = () => states.map((state) => state.value());
    const chosen = given
      ? (cond(
          greater(
            addN(states.map((state) => countNonzero(state, { dtype: int64 }))),
            convertToTensor(0n, { dtype: int64 }),
          ),
          own,
          () => [...given],
          { strict: true },
        ) as readonly Tensor[])
      : own();
    return chosen.map((state) => (state.dtype === this.dtype ? state : cast(state, this.dtype)));
  }

  private keep(states: readonly Tensor[]): void {
    const variables = this.#states as readonly Variable[];
    this.addUpdate(
      variables.map((variable, i) => {
        const { dtype } = variable;
        return assign(variable, states[i].dtype === dtype ? states[i] : cast(states[i], dtype));
      }),
    );
  }

  /** The states for inputs, where none are given: the cell's, zeros in most cases. */
  getInitialState(inputs: Tensor): StateNest {
    const axis = this.timeMajor ? 1 : 0;
    const batchSize = inputs.shape?.[axis] ?? shapeIn(inputs).slice(axis);
    return initialStates(this.cell, { inputs: null, batchSize, dtype: inputs.dtype });
  }

  /**
   * Sets what a stateful layer keeps, all in one run: to zeros, or to values, one for each state. Throws `RuntimeError` for a
   * layer that keeps nothing, `ValueError` for values that do not fit.
   *
   *     await lstm.resetStates();
   */
  async resetStates(states: readonly WeightValue[] | null = null): Promise<void> {
    requireStateful(this.stateful);
    if (!this.#states) throw new ValueError(NO_BATCH);
    await assignStates(this, this.#states, states);
  }

  // Shapes, masks, configuration

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    const shape = singleShape(inputShape);
    const [batch, steps] = this.timeMajor ? [shape[1], shape[0]] : [shape[0], shape[1]];
    const before = !this.returnSequences ? [batch] : this.timeMajor ? [steps, batch] : [batch, steps];
    const outputs = flatSizes(outputSizeOf(this.cell)).map((size): LayerShape => [...before, ...dimsOf(size)]);
    const states = flatSizes(this.cell.stateSize).map((size): LayerShape => [batch, ...dimsOf(size)]);
    if (this.returnState) return [...outputs, ...states];
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  override computeMask(_inputs: TensorNest, mask: MaskNest = null): MaskNest {
    const first = flat(mask as Tensor | null | readonly (Tensor | null)[])[0] ?? null;
    const own = this.returnSequences ? first : null;
    return this.returnState ? [own, ...flatSizes(this.cell.stateSize).map(() => null)] : own;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      returnSequences: this.returnSequences,
      returnState: this.returnState,
      goBackwards: this.goBackwards,
      stateful: this.stateful,
      unroll: this.unroll,
      timeMajor: this.timeMajor,
      ...(this.#numConstants > 0 ? { numConstants: this.#numConstants } : {}),
      ...(this.zeroOutputForMask ? { zeroOutputForMask: true } : {}),
      cell: serializeCell(this.cell),
    };
  }
}

/** A cell as its class's name and configuration. Throws `TypeError` for one that is no layer. */
export function serializeCell(cell: RNNCell): Serialized {
  if (cell instanceof Layer) return withSettledType(cell as unknown as Layer);
  throw new TypeError('A cell that is not a layer has no configuration.');
}

function cellOf(given: RNNOptions['cell']): RNNCell {
  if (Array.isArray(given)) return new StackedRNNCells(given as readonly RNNCell[]);
  const cell = isSerialized(given) ? (deserializeLayer(given) as unknown as RNNCell) : given;
  return checkCell(cell, {
    call: 'Argument `cell` should have a `call` method. The RNN was passed: cell=',
    stateSize:
      'The RNN cell should have a `state_size` attribute (tuple of integers, one integer per RNN state). Received: cell=',
  });
}

/** The nesting of the states: a list, also of one. */
function structureOf({ stateSize }: RNNCell): unknown {
  return isPlainNode(stateSize) ? stateSize : [stateSize];
}

// ---------------------------------------------------------------------------------------------------------------------
// The arguments of a call

/** The parts of a call's inputs. */
export interface Given {
  readonly inputs: TensorLike;
  readonly initialState: NonNullable<RNNCallOptions['initialState']> | null;
  readonly constants: readonly TensorLike[] | null;
}

/** Lists are structures where they hold tensors: others are values. */
const isStructure = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.some((item) => item instanceof Tensor || isConvertible(item) || isStructure(item));

/** Sequences, states and constants, which may stand in one list. */
export function separate(
  inputs: TensorLike | TensorNest | readonly TensorLike[],
  { initialState = null, constants = null }: RNNCallOptions,
  numConstants: number,
): Given {
  const asList = <T>(value: T | readonly T[]) => (isStructure(value) ? (value as readonly T[]) : [value as T]);
  if (!isStructure(inputs)) {
    return {
      inputs: inputs as TensorLike,
      initialState: initialState === null ? null : (asList(initialState as TensorLike) as Given['initialState']),
      constants: constants === null ? null : asList<TensorLike>(constants as TensorLike),
    };
  }
  if (initialState !== null || constants !== null) {
    throw new AssertionError('States and constants are given in the list of inputs, or as arguments of their own.');
  }
  const list = inputs as unknown as readonly TensorLike[];
  const end = list.length - numConstants;
  return {
    inputs: list[0],
    initialState: end > 1 ? (list.slice(1, end) as Given['initialState']) : null,
    constants: numConstants > 0 ? list.slice(end) : null,
  };
}

/**
 * Whether states and constants come from a model, and so are inputs of the call. Throws `ValueError` where some do and some do
 * not.
 */
export function areOfModel(added: readonly TensorLike[], { initialState, constants }: Given): boolean {
  if (openCall() !== null) return false;
  const tensors = added.filter((item): item is Tensor => item instanceof Tensor);
  for (const tensor of tensors) completeHistory([tensor]);
  const known = tensors.filter((tensor) => historyOf(tensor) !== null).length;
  if (known > 0 && known < added.length) {
    throw new ValueError(
      `The initial state or constants of an RNN layer cannot be specified via a mix of TF-Keras tensors and non-Keras tensors (a "Keras tensor" is a tensor that was returned by a TF-Keras layer  or by \`Input\` during Functional model construction). Received: initial_state=${initialState}, constants=${constants}`,
    );
  }
  return known > 0;
}

const specList = (spec: Demands | readonly Demands[] | null): readonly Demands[] =>
  spec === null ? [] : Array.isArray(spec) ? (spec as readonly Demands[]) : [spec as Demands];

/** Calls a layer with so many more inputs than its own. */
export function withSpecs<R>(layer: { inputSpec: Layer['inputSpec'] }, more: number, body: () => R): R {
  const [own = {}] = specList(layer.inputSpec);
  const restore = (spec: Layer['inputSpec']) => {
    layer.inputSpec = spec;
  };
  const before = layer.inputSpec;
  layer.inputSpec = [own, ...new Array<Demands>(more).fill({})];
  try {
    const result = body();
    restore(specList(layer.inputSpec).slice(0, 1));
    return result;
  } catch (error) {
    restore(before);
    throw error;
  }
}
