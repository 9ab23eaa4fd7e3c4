/** The cell with a long short-term memory, and its layer. Going over the steps is `rnn.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { split } from '../../../ops/joining.ts';
import { matmul } from '../../../ops/matmul.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import type { StepResult } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import type { CellCallOptions } from './cell.ts';
import { dropped, GatedCell, type GatedOptions, type UnitOptions } from './unit-cell.ts';
import { UnitRNN, type UnitRNNOptions } from './unit-rnn.ts';

interface ForgetBias {
  /** Whether the bias of the gate that forgets begins at one; true without it. */
  readonly unitForgetBias?: boolean;
}
export interface LSTMCellOptions extends LayerOptions, UnitOptions, GatedOptions, ForgetBias {}
export interface LSTMOptions extends UnitRNNOptions, UnitOptions, GatedOptions, ForgetBias {}

const POSITIONS = ['units', 'activation', 'recurrentActivation', 'useBias'] as const;
type Positions = [
  units: number,
  activation: ActivationIdentifier,
  recurrentActivation: ActivationIdentifier,
  useBias: boolean,
];

const GATES = 4;

/**
 * One step of `LSTM`. The states are what was given last and what is remembered, `[h, c]`; the gates stand in the weights as
 * input, forget, cell, output. Throws `ValueError` for a number of units that is not positive.
 *
 *     const [y, [h, c]] = new tf.keras.layers.LSTMCell(8).apply(x, {states: [h0, c0]});
 */
export class LSTMCell extends GatedCell {
  static override readonly className: string = 'LSTMCell';
  readonly unitForgetBias: boolean;
  protected readonly gates = GATES;

  constructor(...rest: Rest<Positions, LSTMCellOptions>) {
    const options = bind<LSTMCellOptions>(POSITIONS, rest);
    super(options);
    this.unitForgetBias = options.unitForgetBias ?? true;
  }

  get stateSize(): readonly [number, number] {
    return [this.units, this.units];
  }
  protected override biasOptions() {
    const { units, unitForgetBias } = this;
    return this.settings.bias(unitForgetBias ? { units, before: 1, after: 2 } : null);
  }

  override call(inputs: Tensor, { states = [], training }: CellCallOptions): StepResult {
    const [before, carried] = states as readonly Tensor[];
    const masks = this.masks(inputs, before, training);
    const [i, f, candidate, o] =
      this.implementation === 1 ? this.byGate(inputs, before, masks) : this.atOnce(inputs, before, masks.inputs);
    const { activation, recurrentActivation: gate } = this;
    const kept = gate(i).mul(activation(candidate));
    const carry = gate(f).mul(carried).add(kept);
    const output = gate(o).mul(activation(carry));
    return [output, [output, carry]];
  }

  /** What goes into the gates, by one product of inputs and one of states. */
  private atOnce(inputs: Tensor, before: Tensor, masks: readonly Tensor[] | null): readonly Tensor[] {
    const x = masks ? inputs.mul(masks[0]) : inputs;
    const sum = matmul(x, this.kernel).add(matmul(before, this.recurrentKernel));
    return split(this.bias ? biasAdd(sum, this.bias) : sum, GATES, 1);
  }

  /** The same by products of each gate, which may drop its own. */
  private byGate(inputs: Tensor, before: Tensor, masks: ReturnType<LSTMCell['masks']>): readonly Tensor[] {
    const kernels = split(this.kernel.value(), GATES, 1);
    const recurrent = split(this.recurrentKernel.value(), GATES, 1);
    const biases = this.bias && split(this.bias.value(), GATES, 0);
    const xs = dropped(inputs, masks.inputs, GATES);
    const states = dropped(before, masks.state, GATES);
    return kernels.map((kernel, k) => {
      const product = matmul(xs[k], kernel);
      return (biases ? biasAdd(product, biases[k]) : product).add(matmul(states[k], recurrent[k]));
    });
  }

  override ownConfig(activity: Config = {}): Config {
    const config = super.ownConfig(activity);
    // Behind the initializers, as Keras has it.
    const entries = Object.entries(config);
    const at = entries.findIndex(([key]) => key === 'biasInitializer') + 1;
    return Object.fromEntries([...entries.slice(0, at), ['unitForgetBias', this.unitForgetBias], ...entries.slice(at)]);
  }
}

/**
 * The layer with a long short-term memory (Hochreiter and Schmidhuber 1997): `[batch, time, features]` becomes the last
 * output, `[batch, units]`, or all of them with `returnSequences`; with `returnState` the states `h` and `c` come behind. It
 * is that of TensorFlow 1: `recurrentActivation` is `hard_sigmoid` unless said, where later ones have `sigmoid`.
 *
 *     const y = new tf.keras.layers.LSTM(64, {recurrentActivation: 'sigmoid', implementation: 2}).apply(x);
 */
export class LSTM<S extends boolean = false> extends UnitRNN<S> {
  static override readonly className: string = 'LSTM';

  constructor(...rest: Rest<Positions, LSTMOptions & { readonly returnState?: S }>) {
    super(bind<LSTMOptions>(POSITIONS, rest), LSTMCell, 'lstm_cell');
  }
}
