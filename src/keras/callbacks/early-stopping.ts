/** Ends training when a metric gets no better. Ending it is the training loop's. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { Callback, type CallbackModel, type Logs } from './callback.ts';
import { checkMode, growing, type MonitorMode } from './monitor.ts';
import { printLine, warn } from './output.ts';

export interface EarlyStoppingOptions {
  /** The metric to watch; `'val_loss'` without it. */
  readonly monitor?: string;
  /** What counts as better is better by more than this; 0 without it. */
  readonly minDelta?: number;
  /** Epochs that may pass without getting better; 0 without it. */
  readonly patience?: number;
  /** 1 for saying when training was stopped. */
  readonly verbose?: number;
  /** Whether less (`'min'`) or more (`'max'`) is better. `'auto'` tells by the name: more for `…acc`, `…accuracy`, `…auc`. */
  readonly mode?: MonitorMode;
  /** What has to be reached, for `patience` to begin anew. */
  readonly baseline?: number | null;
  /** Whether the model gets back the weights of its best epoch. */
  readonly restoreBestWeights?: boolean;
  /** The first epoch that counts, from 0. */
  readonly startFromEpoch?: number;
}

/**
 * Ends training when the metric has not become better for some epochs.
 *
 *     const callback = new tf.keras.callbacks.EarlyStopping({monitor: 'val_loss', patience: 3, restoreBestWeights: true});
 *     await model.fit(x, y, {epochs: 100, validationSplit: 0.1, callbacks: [callback]});
 */
export class EarlyStopping extends Callback {
  readonly monitor: string;
  readonly minDelta: number;
  readonly patience: number;
  readonly verbose: number;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  /** The best value so far. */
  best: number;
  /** The epoch of the best value, from 0. */
  bestEpoch = 0;
  /** The epoch that training ended with; 0 where it was not stopped. */
  stoppedEpoch = 0;
  /** Epochs since it got better. */
  wait = 0;
  /** The weights of the best epoch, if they are kept. */
  bestWeights: NdArray[] | null = null;
  private readonly more: boolean;

  constructor(
    ...given: Rest<
      [
        monitor: string,
        minDelta: number,
        patience: number,
        verbose: number,
        mode: MonitorMode,
        baseline: number | null,
        restoreBestWeights: boolean,
        startFromEpoch: number,
      ],
      EarlyStoppingOptions
    >
  ) {
    super();
    const options = bind<EarlyStoppingOptions>(
      ['monitor', 'minDelta', 'patience', 'verbose', 'mode', 'baseline', 'restoreBestWeights', 'startFromEpoch'],
      given,
    );
    this.monitor = options.monitor ?? 'val_loss';
    this.minDelta = Math.abs(options.minDelta ?? 0);
    this.patience = options.patience ?? 0;
    this.verbose = options.verbose ?? 0;
    this.baseline = options.baseline ?? null;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = options.startFromEpoch ?? 0;
    const mode = checkMode(
      options.mode ?? 'auto',
      (unknown) => `EarlyStopping mode ${unknown} is unknown, fallback to auto mode.`,
    );
    this.more = growing(mode, /(acc|accuracy|auc)$/.test(this.monitor));
    this.best = this.worst;
  }

  private get worst(): number {
    return this.more ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = this.worst;
    this.bestWeights = null;
    this.bestEpoch = 0;
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const current = this.monitorValue(logs);
    if (current === null || epoch < this.startFromEpoch) return;
    const model = this.model as CallbackModel;
    // Where it never gets better, the weights of the first epoch are the best ones.
    if (this.restoreBestWeights && this.bestWeights === null) {
      this.bestWeights = await model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait++;
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.bestWeights = await model.getWeights();
      if (this.baseline === null || this.isBetter(current, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      model.stopTraining = true;
    }
  }

  override async onTrainEnd(): Promise<void> {
    if (this.stoppedEpoch > 0 && this.verbose > 0) printLine(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (!this.restoreBestWeights || this.bestWeights === null) return;
    if (this.verbose > 0) {
      printLine(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    }
    await (this.model as CallbackModel).setWeights(this.bestWeights);
  }

  private monitorValue(logs: Logs): number | null {
    const value = logs[this.monitor];
    if (value !== undefined) return value;
    warn(
      `Early stopping conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(',')}`,
    );
    return null;
  }

  private isBetter(value: number, than: number): boolean {
    return this.more ? value - this.minDelta > than : value + this.minDelta < than;
  }
}
