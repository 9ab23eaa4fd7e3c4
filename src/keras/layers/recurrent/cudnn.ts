/**
 * `CuDNNLSTM` and `CuDNNGRU`: the layers whose weights are laid out as cuDNN has them, computed as the plain cells are. Going
 * over the steps is `rnn.ts`'s.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { biasAdd } from '../../../ops/bias.ts';
import { emitOne } from '../../../ops/emit.ts';
import { split } from '../../../ops/joining.ts';
import { matmul } from '../../../ops/matmul.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { sigmoid, tanh } from '../../../ops/unary-math.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, type StepResult, singleShape, type TensorNest } from '../../engine/nest.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ObjectIdentifier } from '../identifiers.ts';
import { AbstractRNNCell, type CellCallOptions } from './cell.ts';
import { RNN, type RNNCallOptions, type RNNOptions, type RNNResult, type SequenceOptions } from './rnn.ts';
import { type RecurrentWeightOptions, RecurrentWeights, type UnitOptions, unitsOf } from './unit-cell.ts';

export interface CuDNNOptions extends SequenceOptions, UnitOptions, RecurrentWeightOptions {
  readonly activityRegularizer?: ObjectIdentifier | null;
}
export interface CuDNNLSTMOptions extends CuDNNOptions {
  /** Whether the bias of the gate that forgets begins at one; true without it. */
  readonly unitForgetBias?: boolean;
}

/** The weights with a bias for the inputs and one for the states, in a row. */
abstract class CuDNNCell extends AbstractRNNCell {
  readonly units: number;
  readonly settings: RecurrentWeights;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias!: Variable;

  constructor(
    protected readonly gates: number,
    options: LayerOptions & CuDNNOptions,
  ) {
    super(options);
    this.units = unitsOf(options.units);
    this.settings = new RecurrentWeights(options);
  }

  get outputSize(): number {
    return this.units;
  }
  protected biasOptions(): ReturnType<RecurrentWeights['bias']> {
    return this.settings.bias(null);
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const { units, gates, settings } = this;
    this.kernel = this.addWeight('kernel', { shape: [shape[shape.length - 1], gates * units], ...settings.kernel });
    this.recurrentKernel = this.addWeight('recurrent_kernel', { shape: [units, gates * units], ...settings.recurrent });
    this.bias = this.addWeight('bias', { shape: [2 * gates * units], ...this.biasOptions() });
    super.build(inputShape);
  }

  /** What goes into the gates: of the inputs, and of the states. */
  protected products(inputs: Tensor, before: Tensor): readonly [readonly Tensor[], readonly Tensor[]] {
    const [ofInputs, ofStates] = split(this.bias.value(), 2, 0);
    return [
      split(biasAdd(matmul(inputs, this.kernel), ofInputs), this.gates, 1),
      split(biasAdd(matmul(before, this.recurrentKernel), ofStates), this.gates, 1),
    ];
  }
}

class CuDNNLSTMCell extends CuDNNCell {
  readonly unitForgetBias: boolean;

  constructor(options: LayerOptions & CuDNNLSTMOptions) {
    super(4, options);
    this.unitForgetBias = options.unitForgetBias ?? true;
  }
  get stateSize(): readonly [number, number] {
    return [this.units, this.units];
  }
  protected override biasOptions() {
    const { units, unitForgetBias } = this;
    return this.settings.bias(unitForgetBias ? { units, before: 5, after: 2 } : null);
  }

  override call(inputs: Tensor, { states = [] }: CellCallOptions): StepResult {
    const [before, carried] = states as readonly Tensor[];
    const [xs, hs] = this.products(inputs, before);
    const [i, f, candidate, o] = xs.map((x, k) => x.add(hs[k]));
    const kept = sigmoid(i).mul(tanh(candidate));
    const carry = sigmoid(f).mul(carried).add(kept);
    const output = sigmoid(o).mul(tanh(carry));
    return [output, [output, carry]];
  }
}

class CuDNNGRUCell extends CuDNNCell {
  constructor(options: LayerOptions & CuDNNOptions) {
    super(3, options);
  }
  get stateSize(): number {
    return this.units;
  }

  override call(inputs: Tensor, { states = [] }: CellCallOptions): StepResult {
    const before = states[0] as Tensor;
    const [[xz, xr, xh], [hz, hr, hh]] = this.products(inputs, before);
    const update = sigmoid(xz.add(hz));
    const candidate = tanh(xh.add(sigmoid(xr.add(hr)).mul(hh)));
    const fresh = emitOne('Sub', [1, update], {}, 'sub').mul(candidate);
    const output = update.mul(before).add(fresh);
    return [output, [output]];
  }
}

/** The layer of one of the cells; it knows no masks, and its steps are those of a loop. */
abstract class CuDNNRNN<S extends boolean> extends RNN<S> {
  declare readonly cell: CuDNNCell;

  constructor(options: CuDNNOptions, Cell: new (options: never) => CuDNNCell) {
    const { inputShape: _, batchInputShape: __, batchSize: ___, weights: ____, ...ofCell } = options;
    super({ ...options, cell: new Cell({ ...ofCell, name: 'cell' } as never) } as RNNOptions & { returnState?: S });
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.supportsMasking = false;
    this.inputSpec = [{ ndim: 3 }];
  }

  get units(): number {
    return this.cell.units;
  }

  /** The weights are named after the layer alone. */
  protected override buildCell(stepShape: LayerShape): void {
    this.cell.ensureBuilt(stepShape);
  }

  override call(inputs: TensorNest, options: RNNCallOptions): RNNResult<S> {
    const { mask } = options;
    if (Array.isArray(mask) ? mask[0] : mask) throw new ValueError('Masking is not supported for CuDNN RNNs.');
    return super.call(inputs, { ...options, mask: null });
  }

  override getConfig(): Config {
    const { cell: _, unroll: __, ...config } = super.getConfig();
    const { settings } = this.cell;
    return {
      ...config,
      units: this.units,
      ...settings.initializersConfig(),
      ...this.forgetConfig(),
      ...settings.regularizersConfig(),
      activityRegularizer: regularizers.serialize(this.activityRegularizer),
      ...settings.constraintsConfig(),
    };
  }
  protected forgetConfig(): Config {
    return {};
  }
}

/**
 * The LSTM of cuDNN: that of `LSTM` with `sigmoid` for the gates, and a bias of `8 * units` with a half for the inputs and one
 * for the states. It runs on every backend. Throws `ValueError` for a mask.
 *
 *     const y = new tf.keras.layers.CuDNNLSTM(8).apply(x);
 */
export class CuDNNLSTM<S extends boolean = false> extends CuDNNRNN<S> {
  static override readonly className: string = 'CuDNNLSTM';

  constructor(...rest: Rest<[units: number], CuDNNLSTMOptions & { readonly returnState?: S }>) {
    super(bind<CuDNNLSTMOptions>(['units'], rest) as CuDNNLSTMOptions, CuDNNLSTMCell);
  }
  protected override forgetConfig(): Config {
    return { unitForgetBias: (this.cell as CuDNNLSTMCell).unitForgetBias };
  }
}

/**
 * The GRU of cuDNN: that of `GRU` with `resetAfter`, `sigmoid` for the gates, and a bias of `6 * units` in one row. It runs on
 * every backend. Throws `ValueError` for a mask.
 *
 *     const y = new tf.keras.layers.CuDNNGRU(8).apply(x);
 */
export class CuDNNGRU<S extends boolean = false> extends CuDNNRNN<S> {
  static override readonly className: string = 'CuDNNGRU';

  constructor(...rest: Rest<[units: number], CuDNNOptions & { readonly returnState?: S }>) {
    super(bind<CuDNNOptions>(['units'], rest) as CuDNNOptions, CuDNNGRUCell);
  }
}
