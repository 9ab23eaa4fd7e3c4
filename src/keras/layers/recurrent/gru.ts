/** The gated recurrent unit, and its layer. Going over the steps is `rnn.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { emitOne } from '../../../ops/emit.ts';
import { split, unstack } from '../../../ops/joining.ts';
import { matmul } from '../../../ops/matmul.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import type { StepResult } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import type { CellCallOptions } from './cell.ts';
import { dropped, GatedCell, type GatedOptions, type UnitOptions } from './unit-cell.ts';
import { UnitRNN, type UnitRNNOptions } from './unit-rnn.ts';

interface ResetAfter {
  /** Whether the state is reset behind its product, not before it; false without it. The bias has two rows then. */
  readonly resetAfter?: boolean;
}
export interface GRUCellOptions extends LayerOptions, UnitOptions, GatedOptions, ResetAfter {}
export interface GRUOptions extends UnitRNNOptions, UnitOptions, GatedOptions, ResetAfter {}

const POSITIONS = ['units', 'activation', 'recurrentActivation', 'useBias'] as const;
type Positions = [
  units: number,
  activation: ActivationIdentifier,
  recurrentActivation: ActivationIdentifier,
  useBias: boolean,
];

const GATES = 3;

/**
 * One step of `GRU`. Its output is its state; the gates stand in the weights as update, reset, candidate. Throws `ValueError`
 * for a number of units that is not positive.
 *
 *     const [y, [h]] = new tf.keras.layers.GRUCell(8, {resetAfter: true}).apply(x, {states: [h0]});
 */
export class GRUCell extends GatedCell {
  static override readonly className: string = 'GRUCell';
  readonly resetAfter: boolean;
  protected readonly gates = GATES;

  constructor(...rest: Rest<Positions, GRUCellOptions>) {
    const options = bind<GRUCellOptions>(POSITIONS, rest);
    super(options);
    this.resetAfter = options.resetAfter ?? false;
  }

  get stateSize(): number {
    return this.units;
  }
  protected override get biasShape(): readonly number[] {
    return this.resetAfter ? [2, GATES * this.units] : [GATES * this.units];
  }

  override call(inputs: Tensor, { states = [], training }: CellCallOptions): StepResult {
    const before = states[0] as Tensor;
    const masks = this.masks(inputs, before, training);
    const { update, candidate } =
      this.implementation === 1 ? this.byGate(inputs, before, masks) : this.atOnce(inputs, before, masks.inputs);
    const fresh = emitOne('Sub', [1, update], {}, 'sub').mul(this.activation(candidate));
    const output = update.mul(before).add(fresh);
    return [output, [output]];
  }

  /** The biases of inputs and of states. */
  private biases(): readonly [Tensor | null, Tensor | null] {
    if (!this.bias) return [null, null];
    const bias = this.bias.value();
    if (!this.resetAfter) return [bias, null];
    const [ofInputs, ofStates] = unstack(bias);
    return [ofInputs, ofStates];
  }

  /** By one product of inputs, and one of states where the candidate's is not of its own. */
  private atOnce(inputs: Tensor, before: Tensor, masks: readonly Tensor[] | null) {
    const { units, recurrentActivation: gate, resetAfter } = this;
    const [ofInputs, ofStates] = this.biases();
    const x = masks ? inputs.mul(masks[0]) : inputs;
    const product = matmul(x, this.kernel);
    const [xz, xr, xh] = split(ofInputs ? biasAdd(product, ofInputs) : product, GATES, -1);
    const whole = this.recurrentKernel.value();
    if (resetAfter) {
      const inner = matmul(before, whole);
      const [hz, hr, hh] = split(ofStates ? biasAdd(inner, ofStates) : inner, GATES, -1);
      return { update: gate(xz.add(hz)), candidate: xh.add(gate(xr.add(hr)).mul(hh)) };
    }
    const [gates, own] = split(whole, [2 * units, units], 1);
    const [hz, hr] = split(matmul(before, gates), 2, -1);
    const reset = gate(xr.add(hr));
    return { update: gate(xz.add(hz)), candidate: xh.add(matmul(reset.mul(before), own)) };
  }

  /** By products of each gate, which may drop its own. */
  private byGate(inputs: Tensor, before: Tensor, masks: ReturnType<GRUCell['masks']>) {
    const { recurrentActivation: gate, resetAfter } = this;
    const [ofInputs, ofStates] = this.biases().map((bias) => bias && split(bias, GATES, 0));
    const kernels = split(this.kernel.value(), GATES, 1);
    const recurrent = split(this.recurrentKernel.value(), GATES, 1);
    const states = dropped(before, masks.state, GATES);
    const xs = dropped(inputs, masks.inputs, GATES).map((x, k) => {
      const product = matmul(x, kernels[k]);
      return ofInputs ? biasAdd(product, ofInputs[k]) : product;
    });
    const inner = (k: number, state = states[k]) => {
      const product = matmul(state, recurrent[k]);
      return ofStates ? biasAdd(product, ofStates[k]) : product;
    };
    const update = gate(xs[0].add(inner(0)));
    const reset = gate(xs[1].add(inner(1)));
    const recalled = resetAfter ? reset.mul(inner(2)) : inner(2, reset.mul(states[2]));
    return { update, candidate: xs[2].add(recalled) };
  }

  override ownConfig(activity: Config = {}): Config {
    return { ...super.ownConfig(activity), resetAfter: this.resetAfter };
  }
}

/**
 * The layer of gated recurrent units (Cho et al. 2014): `[batch, time, features]` becomes the last output, `[batch, units]`, or
 * all of them with `returnSequences`. It is that of TensorFlow 1: `recurrentActivation` is `hard_sigmoid` and `resetAfter`
 * false unless said, where later ones have `sigmoid` and true.
 *
 *     const y = new tf.keras.layers.GRU(64, {resetAfter: true, recurrentActivation: 'sigmoid'}).apply(x);
 */
export class GRU<S extends boolean = false> extends UnitRNN<S> {
  static override readonly className: string = 'GRU';

  constructor(...rest: Rest<Positions, GRUOptions & { readonly returnState?: S }>) {
    super(bind<GRUOptions>(POSITIONS, rest), GRUCell, 'gru_cell');
  }
}
