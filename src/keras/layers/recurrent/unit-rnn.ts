/** What the layers of one cell with so many units share: they make the cell, and answer for it. */
import type { Activation } from '../../activations.ts';
import type { Constraint } from '../../constraints.ts';
import type { TensorNest } from '../../engine/nest.ts';
import type { Initializer } from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ObjectIdentifier } from '../identifiers.ts';
import { RNN, type RNNOptions } from './rnn.ts';
import type { RecurrentOptions, UnitCell, UnitOptions } from './unit-cell.ts';

export interface UnitRNNOptions extends Omit<RNNOptions, 'cell'> {
  /** A penalty on the output. */
  readonly activityRegularizer?: ObjectIdentifier | null;
}

type AllOptions = UnitRNNOptions & UnitOptions & RecurrentOptions;

/** A layer of a cell of its own, whose options are the layer's. */
export abstract class UnitRNN<S extends boolean = false> extends RNN<S> {
  declare readonly cell: UnitCell;

  constructor(options: AllOptions, Cell: new (options: never) => UnitCell, name: string) {
    const { units, activation, useBias, dropout, recurrentDropout, dtype, trainable, ...others } = options;
    // The rest are what this kind of cell has beside them; a cell has no use for those of the layer.
    const { inputShape: _, batchInputShape: __, batchSize: ___, weights: ____, ...ofCell } = others;
    const own = { units, activation, useBias, dropout, recurrentDropout, dtype, trainable };
    super({ ...options, cell: new Cell({ ...ofCell, ...own, name } as never) } as RNNOptions & { returnState?: S });
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.inputSpec = [{ ndim: 3 }];
  }

  get units(): number {
    return this.cell.units;
  }
  get activation(): Activation {
    return this.cell.activation;
  }
  get useBias(): boolean {
    return this.cell.useBias;
  }
  get kernelInitializer(): Initializer {
    return this.cell.settings.kernelInitializer;
  }
  get recurrentInitializer(): Initializer {
    return this.cell.settings.recurrentInitializer;
  }
  get biasInitializer(): Initializer {
    return this.cell.settings.biasInitializer;
  }
  get kernelRegularizer(): regularizers.Regularizer | null {
    return this.cell.settings.kernelRegularizer;
  }
  get recurrentRegularizer(): regularizers.Regularizer | null {
    return this.cell.settings.recurrentRegularizer;
  }
  get biasRegularizer(): regularizers.Regularizer | null {
    return this.cell.settings.biasRegularizer;
  }
  get kernelConstraint(): Constraint | null {
    return this.cell.settings.kernelConstraint;
  }
  get recurrentConstraint(): Constraint | null {
    return this.cell.settings.recurrentConstraint;
  }
  get biasConstraint(): Constraint | null {
    return this.cell.settings.biasConstraint;
  }
  get dropout(): number {
    return this.cell.dropout;
  }
  get recurrentDropout(): number {
    return this.cell.recurrentDropout;
  }

  override getConfig(): Config {
    const { cell: _, ...config } = super.getConfig();
    const activity = { activityRegularizer: regularizers.serialize(this.activityRegularizer) };
    return { ...config, ...this.cell.ownConfig(activity) };
  }
}

export type { TensorNest };
