/** The fully connected recurrent cell, and its layer. Going over the steps is `rnn.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { matmul } from '../../../ops/matmul.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import type { StepResult } from '../../engine/nest.ts';
import type { ActivationIdentifier } from '../identifiers.ts';
import type { CellCallOptions } from './cell.ts';
import { dropped, type RecurrentOptions, UnitCell, type UnitOptions } from './unit-cell.ts';
import { UnitRNN, type UnitRNNOptions } from './unit-rnn.ts';

export interface SimpleRNNCellOptions extends LayerOptions, UnitOptions, RecurrentOptions {}
export interface SimpleRNNOptions extends UnitRNNOptions, UnitOptions, RecurrentOptions {}

const POSITIONS = ['units', 'activation', 'useBias'] as const;
type Positions = [units: number, activation: ActivationIdentifier, useBias: boolean];

/**
 * One step of `SimpleRNN`: `activation(x · kernel + bias + state · recurrentKernel)` is output and state. Throws `ValueError`
 * for a number of units that is not positive.
 *
 *     const [y, [h]] = new tf.keras.layers.SimpleRNNCell(8).apply(x, {states: [tf.zeros([batch, 8])]});
 */
export class SimpleRNNCell extends UnitCell {
  static override readonly className: string = 'SimpleRNNCell';
  protected readonly gates = 1;

  constructor(...rest: Rest<Positions, SimpleRNNCellOptions>) {
    super(bind<SimpleRNNCellOptions>(POSITIONS, rest));
  }

  get stateSize(): number {
    return this.units;
  }

  override call(inputs: Tensor, { states = [], training }: CellCallOptions): StepResult {
    const before = states[0] as Tensor;
    const masks = this.masks(inputs, before, training);
    const product = matmul(dropped(inputs, masks.inputs, 1)[0], this.kernel);
    const biased = this.bias ? biasAdd(product, this.bias) : product;
    const output = this.activation(biased.add(matmul(dropped(before, masks.state, 1)[0], this.recurrentKernel)));
    return [output, [output]];
  }
}

/**
 * The recurrent layer whose output is fed back: `[batch, time, features]` becomes the last output, `[batch, units]`, or all of
 * them, `[batch, time, units]`, with `returnSequences`.
 *
 *     const y = new tf.keras.layers.SimpleRNN(8, {returnSequences: true}).apply(x);
 */
export class SimpleRNN<S extends boolean = false> extends UnitRNN<S> {
  static override readonly className: string = 'SimpleRNN';

  constructor(...rest: Rest<Positions, SimpleRNNOptions & { readonly returnState?: S }>) {
    super(bind<SimpleRNNOptions>(POSITIONS, rest), SimpleRNNCell, 'simple_rnn_cell');
  }
}
