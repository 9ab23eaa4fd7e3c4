/**
 * The cells with a long memory: `BasicLSTMCell`, and `LSTMCell` with peepholes, projection and clipping. Scopes, weights and
 * the states to start from are the base's.
 */
import type { Tensor } from '../../graph/graph.ts';
import type { Activation } from '../../keras/activations.ts';
import { InputSpec } from '../../keras/engine/input-spec.ts';
import type { ShapeNest } from '../../keras/engine/nest.ts';
import type { ActivationIdentifier } from '../../keras/layers/identifiers.ts';
import { add, multiply } from '../../ops/arithmetic.ts';
import { biasAdd } from '../../ops/bias.ts';
import { clipByValue } from '../../ops/clip.ts';
import { constant } from '../../ops/constants.ts';
import { concat, split } from '../../ops/joining.ts';
import { matmul } from '../../ops/matmul.ts';
import { slice } from '../../ops/slicing.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { sigmoid } from '../../ops/unary-math.ts';
import { type DTypeLike, int32 } from '../../util/dtype.ts';
import { zerosInitializer } from '../../variables/initializers.ts';
import { fixedSizePartitioner } from '../../variables/partitioned.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Reuse } from '../../variables/variable-store.ts';
import type { InitializerOption } from '../layer.ts';
import { activationOf } from './basic-cells.ts';
import { type CellOptions, checkFloats, LayerRNNCell, type StepResult } from './cell.ts';
import { LSTMStateTuple } from './lstm-state.ts';

/** The state of an LSTM: a pair, or with `stateIsTuple` false one tensor of both. */
type LSTMState = LSTMStateTuple<Tensor> | Tensor;

export interface BasicLSTMCellOptions extends CellOptions {
  readonly numUnits?: number;
  /** What is added to the forget gate, so that training starts with remembering; 1 without it. */
  readonly forgetBias?: number;
  /** False: the state is one tensor `[batch, 2 numUnits]`. */
  readonly stateIsTuple?: boolean;
  /** `tf.tanh` without it. */
  readonly activation?: ActivationIdentifier;
}

/**
 * An LSTM (Zaremba et al. 2014). Of gates `i, j, f, o`, the parts of `[input, h] · kernel + bias`, it computes
 * `c = c sigmoid(f + forgetBias) + sigmoid(i) activation(j)` and its output `h = activation(c) sigmoid(o)`, all
 * `[batch, numUnits]`. Weights: `kernel` `[depth + numUnits, 4 numUnits]` and `bias`, in a scope `basic_lstm_cell`. Throws
 * `ValueError` for what is no float, and for inputs that are no matrices or of unknown depth.
 *
 *     const cell = new tf.nn.rnnCell.BasicLSTMCell(64);
 *     const [output, {c, h}] = cell.apply(x, cell.zeroState(32, tf.float32));
 */
export class BasicLSTMCell<S extends LSTMState = LSTMStateTuple<Tensor>> extends LayerRNNCell<S> {
  static override readonly className: string = 'BasicLSTMCell';
  readonly #numUnits: number;
  readonly #forgetBias: number;
  readonly #stateIsTuple: boolean;
  readonly #activation: Activation;
  #kernel!: Variable;
  #bias!: Variable;

  constructor(
    ...rest: Rest<
      [
        numUnits: number,
        forgetBias: number,
        stateIsTuple: boolean,
        activation: ActivationIdentifier,
        reuse: Reuse,
        name: string | null,
        dtype: DTypeLike | null,
      ],
      BasicLSTMCellOptions
    >
  ) {
    const options = bind<BasicLSTMCellOptions>(
      ['numUnits', 'forgetBias', 'stateIsTuple', 'activation', 'reuse', 'name', 'dtype'],
      rest,
    );
    super(options);
    this.inputSpec = new InputSpec({ ndim: 2 });
    this.#numUnits = options.numUnits as number;
    this.#forgetBias = options.forgetBias ?? 1;
    this.#stateIsTuple = options.stateIsTuple ?? true;
    this.#activation = activationOf(options.activation);
  }

  override get stateSize(): number | LSTMStateTuple<number> {
    const units = this.#numUnits;
    return this.#stateIsTuple ? new LSTMStateTuple(units, units) : 2 * units;
  }
  override get outputSize(): number {
    return this.#numUnits;
  }

  override build(inputShape: ShapeNest): void {
    const units = this.#numUnits;
    this.#kernel = this.addWeight('kernel', [this.depthOf(inputShape) + units, 4 * units]);
    this.#bias = this.addWeight('bias', { shape: [4 * units], initializer: zerosInitializer(this.dtype) });
    super.build(inputShape);
  }

  override call(inputs: Tensor, state: S): StepResult<Tensor, S> {
    checkFloats(inputs, state);
    const one = constant(1, { dtype: int32 });
    const [oldC, oldH] = this.#stateIsTuple ? (state as LSTMStateTuple<Tensor>) : split(state as Tensor, 2, one);
    const gates = biasAdd(matmul(concat([inputs, oldH], 1), this.#kernel), this.#bias);
    const [i, j, f, o] = split(gates, 4, one);
    const forgetBias = constant(this.#forgetBias, { dtype: f.dtype });
    const kept = multiply(oldC, sigmoid(add(f, forgetBias)));
    const c = add(kept, multiply(sigmoid(i), this.#activation(j)));
    const h = multiply(this.#activation(c), sigmoid(o));
    return [h, (this.#stateIsTuple ? new LSTMStateTuple(c, h) : concat([c, h], 1)) as S];
  }
}

export interface LSTMCellOptions extends CellOptions {
  readonly numUnits?: number;
  /** Whether the gates see `c` too, through the weights `w_f_diag`, `w_i_diag`, `w_o_diag`. */
  readonly usePeepholes?: boolean;
  /** `c` is clipped to ±this. */
  readonly cellClip?: number | null;
  /** Of all weights but the bias; that of the variable scope without it. */
  readonly initializer?: InitializerOption;
  /** The length to which the output is projected, by the weights `projection/kernel`. */
  readonly numProj?: number | null;
  /** The projected output is clipped to ±this. */
  readonly projClip?: number | null;
  /** Into how many variables the kernel is divided. */
  readonly numUnitShards?: number | null;
  /** Into how many variables the projection is divided. */
  readonly numProjShards?: number | null;
  /** What is added to the forget gate, so that training starts with remembering; 1 without it. */
  readonly forgetBias?: number;
  /** False: the state is one tensor `[batch, numUnits + outputSize]`. */
  readonly stateIsTuple?: boolean;
  /** `tf.tanh` without it. */
  readonly activation?: ActivationIdentifier;
}

/**
 * An LSTM (Sak et al. 2014) with optional peepholes, a projection of the output to `numProj`, and clipping. The state is
 * `c` `[batch, numUnits]` and `h` `[batch, numProj ?? numUnits]`, the latter also the output. Weights are in a scope
 * `lstm_cell`. Throws `ValueError` for what is no float, and for inputs that are no matrices or of unknown depth.
 *
 *     const cell = new tf.nn.rnnCell.LSTMCell(64, {usePeepholes: true, numProj: 32, cellClip: 10});
 *     const [outputs, {c, h}] = tf.nn.dynamicRnn(cell, x, {dtype: tf.float32});   // outputs [batch, time, 32]
 */
export class LSTMCell<S extends LSTMState = LSTMStateTuple<Tensor>> extends LayerRNNCell<S> {
  static override readonly className: string = 'LSTMCell';
  readonly #numUnits: number;
  readonly #stateIsTuple: boolean;
  readonly #activation: Activation;
  readonly #options: LSTMCellOptions;
  #kernel!: Variable;
  #bias!: Variable;
  #peepholes: { readonly f: Variable; readonly i: Variable; readonly o: Variable } | null = null;
  #projection: Variable | null = null;

  constructor(
    ...rest: Rest<
      [
        numUnits: number,
        usePeepholes: boolean,
        cellClip: number | null,
        initializer: InitializerOption,
        numProj: number | null,
        projClip: number | null,
        numUnitShards: number | null,
        numProjShards: number | null,
        forgetBias: number,
        stateIsTuple: boolean,
        activation: ActivationIdentifier,
        reuse: Reuse,
        name: string | null,
        dtype: DTypeLike | null,
      ],
      LSTMCellOptions
    >
  ) {
    const options = bind<LSTMCellOptions>(POSITIONS, rest);
    super(options);
    this.inputSpec = new InputSpec({ ndim: 2 });
    this.#options = options;
    this.#numUnits = options.numUnits as number;
    this.#stateIsTuple = options.stateIsTuple ?? true;
    this.#activation = activationOf(options.activation);
  }

  override get stateSize(): number | LSTMStateTuple<number> {
    const { outputSize } = this;
    return this.#stateIsTuple ? new LSTMStateTuple(this.#numUnits, outputSize) : this.#numUnits + outputSize;
  }
  override get outputSize(): number {
    return this.#options.numProj || this.#numUnits;
  }

  override build(inputShape: ShapeNest): void {
    const { initializer, numProj = null, numUnitShards = null, numProjShards = null, usePeepholes } = this.#options;
    const units = this.#numUnits;
    this.#kernel = this.addWeight('kernel', {
      shape: [this.depthOf(inputShape) + (numProj ?? units), 4 * units],
      initializer,
      partitioner: numUnitShards === null ? null : fixedSizePartitioner(numUnitShards),
    });
    this.#bias = this.addWeight('bias', { shape: [4 * units], initializer: zerosInitializer(this.dtype) });
    if (usePeepholes) {
      const [f, i, o] = ['f', 'i', 'o'].map((gate) =>
        this.addWeight(`w_${gate}_diag`, { shape: [units], initializer }),
      );
      this.#peepholes = { f, i, o };
    }
    if (numProj !== null) {
      this.#projection = this.addWeight('projection/kernel', {
        shape: [units, numProj],
        initializer,
        partitioner: numProjShards === null ? null : fixedSizePartitioner(numProjShards),
      });
    }
    super.build(inputShape);
  }

  override call(inputs: Tensor, state: S): StepResult<Tensor, S> {
    checkFloats(inputs, state);
    const { cellClip = null, projClip = null } = this.#options;
    const [oldC, oldH] = this.#partsOf(state);
    const gates = biasAdd(matmul(concat([inputs, oldH], 1), this.#kernel), this.#bias);
    const [i, j, f, o] = split(gates, 4, 1);
    const activation = this.#activation;
    const peepholes = this.#peepholes;
    const seen = (gate: Tensor, weights: Variable | undefined, c: Tensor): Tensor =>
      weights ? gate.add(weights.mul(c)) : gate;
    const biased = f.add(this.#options.forgetBias ?? 1);
    const kept = sigmoid(seen(biased, peepholes?.f, oldC)).mul(oldC);
    let c = kept.add(sigmoid(seen(i, peepholes?.i, oldC)).mul(activation(j)));
    if (cellClip !== null) c = clipByValue(c, -cellClip, cellClip);
    let h = sigmoid(seen(o, peepholes?.o, c)).mul(activation(c));
    if (this.#projection) {
      h = matmul(h, this.#projection);
      if (projClip !== null) h = clipByValue(h, -projClip, projClip);
    }
    return [h, (this.#stateIsTuple ? new LSTMStateTuple(c, h) : concat([c, h], 1)) as S];
  }

  #partsOf(state: S): readonly Tensor[] {
    if (this.#stateIsTuple) return state as LSTMStateTuple<Tensor>;
    const units = this.#numUnits;
    const width = this.#options.numProj ?? units;
    return [slice(state as Tensor, [0, 0], [-1, units]), slice(state as Tensor, [0, units], [-1, width])];
  }
}

const POSITIONS = [
  'numUnits',
  'usePeepholes',
  'cellClip',
  'initializer',
  'numProj',
  'projClip',
  'numUnitShards',
  'numProjShards',
  'forgetBias',
  'stateIsTuple',
  'activation',
  'reuse',
  'name',
  'dtype',
] as const;
