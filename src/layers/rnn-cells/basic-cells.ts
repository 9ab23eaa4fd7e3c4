/**
 * The cells whose state is their output: `BasicRNNCell` and `GRUCell`. Scopes, weights and the states to start from are the
 * base's.
 */
import type { Tensor } from '../../graph/graph.ts';
import { type Activation, get as getActivation } from '../../keras/activations.ts';
import { InputSpec } from '../../keras/engine/input-spec.ts';
import type { ShapeNest } from '../../keras/engine/nest.ts';
import type { ActivationIdentifier } from '../../keras/layers/identifiers.ts';
import { biasAdd } from '../../ops/bias.ts';
import { emitOne } from '../../ops/emit.ts';
import { concat, split } from '../../ops/joining.ts';
import { matmul } from '../../ops/matmul.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { sigmoid, tanh } from '../../ops/unary-math.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { constantInitializer, zerosInitializer } from '../../variables/initializers.ts';
import type { Variable } from '../../variables/variable.ts';
import type { Reuse } from '../../variables/variable-store.ts';
import type { InitializerOption } from '../layer.ts';
import { type CellOptions, checkFloats, LayerRNNCell, type StepResult } from './cell.ts';

export interface BasicRNNCellOptions extends CellOptions {
  readonly numUnits?: number;
  /** `tf.tanh` without it. */
  readonly activation?: ActivationIdentifier;
}

/** The activation of a cell: tanh where none is given. */
export function activationOf(given: ActivationIdentifier | undefined): Activation {
  return given ? getActivation(given) : tanh;
}

/**
 * The simplest cell: `output = state = activation([input, state] · kernel + bias)`, `[batch, numUnits]`. Its weights are `kernel`
 * `[depth + numUnits, numUnits]` and `bias` `[numUnits]`, in a scope `basic_rnn_cell`. Throws `ValueError` for what is no float,
 * and for inputs that are no matrices or of unknown depth.
 *
 *     const cell = new tf.nn.rnnCell.BasicRNNCell(64);
 *     const [output, state] = cell.apply(x, cell.zeroState(32, tf.float32));
 */
export class BasicRNNCell extends LayerRNNCell<Tensor> {
  static override readonly className: string = 'BasicRNNCell';
  readonly #numUnits: number;
  readonly #activation: Activation;
  #kernel!: Variable;
  #bias!: Variable;

  constructor(
    ...rest: Rest<
      [numUnits: number, activation: ActivationIdentifier, reuse: Reuse, name: string | null, dtype: DTypeLike | null],
      BasicRNNCellOptions
    >
  ) {
    const options = bind<BasicRNNCellOptions>(['numUnits', 'activation', 'reuse', 'name', 'dtype'], rest);
    super(options);
    this.inputSpec = new InputSpec({ ndim: 2 });
    this.#numUnits = options.numUnits as number;
    this.#activation = activationOf(options.activation);
  }

  override get stateSize(): number {
    return this.#numUnits;
  }
  override get outputSize(): number {
    return this.#numUnits;
  }

  override build(inputShape: ShapeNest): void {
    const units = this.#numUnits;
    this.#kernel = this.addWeight('kernel', [this.depthOf(inputShape) + units, units]);
    this.#bias = this.addWeight('bias', { shape: [units], initializer: zerosInitializer(this.dtype) });
    super.build(inputShape);
  }

  override call(inputs: Tensor, state: Tensor): StepResult<Tensor, Tensor> {
    checkFloats(inputs, state);
    const output = this.#activation(biasAdd(matmul(concat([inputs, state], 1), this.#kernel), this.#bias));
    return [output, output];
  }
}

export interface GRUCellOptions extends CellOptions {
  readonly numUnits?: number;
  /** `tf.tanh` without it. */
  readonly activation?: ActivationIdentifier;
  /** That of the variable scope without it, which is Glorot's uniform unless it was set. */
  readonly kernelInitializer?: InitializerOption;
  /** Ones for the gates and zeros for the candidate without it. */
  readonly biasInitializer?: InitializerOption;
}

/**
 * The gated recurrent unit (Cho et al. 2014): of gates `r, u = sigmoid([input, state] · gates/kernel + gates/bias)` and a
 * candidate `c = activation([input, r state] · candidate/kernel + candidate/bias)`, `output = state = u state + (1 - u) c`,
 * `[batch, numUnits]`. Throws `ValueError` for what is no float, and for inputs that are no matrices or of unknown depth.
 *
 *     const cell = new tf.nn.rnnCell.GRUCell(64);
 *     const [outputs, state] = tf.nn.dynamicRnn(cell, x, {dtype: tf.float32});
 */
export class GRUCell extends LayerRNNCell<Tensor> {
  static override readonly className: string = 'GRUCell';
  readonly #numUnits: number;
  readonly #activation: Activation;
  readonly #options: GRUCellOptions;
  #gateKernel!: Variable;
  #gateBias!: Variable;
  #candidateKernel!: Variable;
  #candidateBias!: Variable;

  constructor(
    ...rest: Rest<
      [
        numUnits: number,
        activation: ActivationIdentifier,
        reuse: Reuse,
        kernelInitializer: InitializerOption,
        biasInitializer: InitializerOption,
        name: string | null,
        dtype: DTypeLike | null,
      ],
      GRUCellOptions
    >
  ) {
    const options = bind<GRUCellOptions>(
      ['numUnits', 'activation', 'reuse', 'kernelInitializer', 'biasInitializer', 'name', 'dtype'],
      rest,
    );
    super(options);
    this.inputSpec = new InputSpec({ ndim: 2 });
    this.#options = options;
    this.#numUnits = options.numUnits as number;
    this.#activation = activationOf(options.activation);
  }

  override get stateSize(): number {
    return this.#numUnits;
  }
  override get outputSize(): number {
    return this.#numUnits;
  }

  override build(inputShape: ShapeNest): void {
    const units = this.#numUnits;
    const rows = this.depthOf(inputShape) + units;
    const { dtype } = this;
    const { kernelInitializer, biasInitializer } = this.#options;
    this.#gateKernel = this.addWeight('gates/kernel', { shape: [rows, 2 * units], initializer: kernelInitializer });
    this.#gateBias = this.addWeight('gates/bias', {
      shape: [2 * units],
      initializer: biasInitializer ?? constantInitializer(1, { dtype }),
    });
    this.#candidateKernel = this.addWeight('candidate/kernel', {
      shape: [rows, units],
      initializer: kernelInitializer,
    });
    this.#candidateBias = this.addWeight('candidate/bias', {
      shape: [units],
      initializer: biasInitializer ?? zerosInitializer(dtype),
    });
    super.build(inputShape);
  }

  override call(inputs: Tensor, state: Tensor): StepResult<Tensor, Tensor> {
    checkFloats(inputs, state);
    const gates = sigmoid(biasAdd(matmul(concat([inputs, state], 1), this.#gateKernel), this.#gateBias));
    const [r, u] = split(gates, 2, 1);
    const kept = concat([inputs, r.mul(state)], 1);
    const candidate = this.#activation(biasAdd(matmul(kept, this.#candidateKernel), this.#candidateBias));
    const old = u.mul(state);
    const next = old.add(emitOne('Sub', [1, u], {}, 'sub').mul(candidate));
    return [next, next];
  }
}
