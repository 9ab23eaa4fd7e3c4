/** Convolutional LSTMs over sequences of rows, images and volumes. The cell is in `conv-lstm-cell.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import { zeros, zerosLike } from '../../../ops/filling.ts';
import { reduceSum } from '../../../ops/reductions.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import { isFullyDefined, type KnownShape } from '../../../util/shape.ts';
import type { Variable } from '../../../variables/variable.ts';
import { type LayerShape, type ShapeNest, type StateNest, singleShape } from '../../engine/nest.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { Sizes } from '../convolution/geometry.ts';
import type { ObjectIdentifier } from '../identifiers.ts';
import { ConvLSTMCell, type ConvRecurrentOptions } from './conv-lstm-cell.ts';
import { RNN, type RNNOptions, type SequenceOptions } from './rnn.ts';
import { zeroVariables } from './states.ts';

export interface ConvLSTMOptions extends Omit<SequenceOptions, 'timeMajor'>, ConvRecurrentOptions {
  /** A penalty on the output. */
  readonly activityRegularizer?: ObjectIdentifier | null;
}

const POSITIONS = ['filters', 'kernelSize'] as const;
type ConvRest<S extends boolean> = Rest<
  [filters: number, kernelSize: Sizes],
  ConvLSTMOptions & { readonly returnState?: S }
>;

const NO_BATCH = `If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input tensors: 
- If using a Sequential model, specify the batch size by passing a \`batch_input_shape\` argument to your first layer.
- If using the functional API, specify the time dimension by passing a \`batch_shape\` argument to your Input layer.
The same thing goes for the number of rows and columns.`;

/** The layer of the cell over so many spatial axes. */
abstract class ConvLSTM<S extends boolean> extends RNN<S> {
  declare readonly cell: ConvLSTMCell;

  constructor(rank: number, options: Partial<ConvLSTMOptions>) {
    if ((options as RNNOptions).unroll) {
      throw new TypeError('Unrolling is not possible with convolutional RNNs. Received: unroll=True');
    }
    const { inputShape: _, batchInputShape: __, batchSize: ___, weights: ____, ...ofCell } = options;
    const cell = new ConvLSTMCell(rank, { ...ofCell, name: 'conv_lstm_cell' });
    super({ ...options, cell } as RNNOptions & { returnState?: S });
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.inputSpec = [{ ndim: rank + 3 }];
  }

  /** The weights are named after the layer alone. */
  protected override buildCell(stepShape: LayerShape): void {
    this.cell.ensureBuilt(stepShape);
  }
  override build(inputShape: ShapeNest): void {
    super.build(inputShape);
    const [batch, , ...others] = singleShape(inputShape);
    this.inputSpec = [{ shape: [this.stateful ? batch : null, null, ...others] }];
  }

  protected override keptStates([batch, , ...others]: LayerShape): readonly Variable[] {
    const shape = this.cell.shapeOfOutput([batch, ...others]);
    if (!isFullyDefined(shape)) throw new ValueError(NO_BATCH);
    return zeroVariables([shape, shape] as KnownShape[], this.dtype, this.context);
  }

  /** What the convolution makes of zeros: zeros of the shape of the output. */
  override getInitialState(inputs: Tensor): StateNest {
    const { cell } = this;
    const [batch = null, , ...others] = inputs.shape ?? [];
    const shape = cell.shapeOfOutput([batch, ...others]);
    if (isFullyDefined(shape)) return [zeros(shape, inputs.dtype), zeros(shape, inputs.dtype)];
    const kernel = [...(cell.kernel.shape as KnownShape).slice(0, -1), cell.filters];
    const state = cell.ofInputs(reduceSum(zerosLike(inputs), 1), zeros(kernel, inputs.dtype), null);
    return [state, state];
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    const [batch, steps, ...others] = singleShape(inputShape);
    const [, ...made] = this.cell.shapeOfOutput([batch, ...others]);
    const output: LayerShape = this.returnSequences ? [batch, steps, ...made] : [batch, ...made];
    return this.returnState ? [output, [batch, ...made], [batch, ...made]] : output;
  }

  override getConfig(): Config {
    const { cell: _, ...config } = super.getConfig();
    const activity = { activityRegularizer: regularizers.serialize(this.activityRegularizer) };
    return { ...config, ...this.cell.ownConfig(activity) };
  }
}

/**
 * An LSTM over sequences `[batch, time, steps, channels]`, whose products are convolutions. As with `LSTM`, `returnSequences`
 * gives all outputs and `returnState` the states. Throws `TypeError` for `unroll`.
 *
 *     const y = new tf.keras.layers.ConvLSTM1D(8, 3, {padding: 'same'}).apply(x);
 */
export class ConvLSTM1D<S extends boolean = false> extends ConvLSTM<S> {
  static override readonly className: string = 'ConvLSTM1D';

  constructor(...rest: ConvRest<S>) {
    super(1, bind<ConvLSTMOptions>(POSITIONS, rest));
  }
}

/**
 * An LSTM over sequences of images, `[batch, time, rows, columns, channels]`; see `ConvLSTM1D`.
 *
 *     const y = new tf.keras.layers.ConvLSTM2D(8, [3, 3], {padding: 'same', returnSequences: true}).apply(x);
 */
export class ConvLSTM2D<S extends boolean = false> extends ConvLSTM<S> {
  static override readonly className: string = 'ConvLSTM2D';

  constructor(...rest: ConvRest<S>) {
    super(2, bind<ConvLSTMOptions>(POSITIONS, rest));
  }
}

/** An LSTM over sequences of volumes, `[batch, time, depth, rows, columns, channels]`; see `ConvLSTM1D`. */
export class ConvLSTM3D<S extends boolean = false> extends ConvLSTM<S> {
  static override readonly className: string = 'ConvLSTM3D';

  constructor(...rest: ConvRest<S>) {
    super(3, bind<ConvLSTMOptions>(POSITIONS, rest));
  }
}
