/** Lowers the learning rate when a metric gets no better. Where the rate is kept is `learning-rate.ts`'s business. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import { Callback, type CallbackModel, type Logs } from './callback.ts';
import { readLearningRate, writeLearningRate } from './learning-rate.ts';
import { checkMode, growing, type MonitorMode } from './monitor.ts';
import { printLine, warn } from './output.ts';
import { floatText } from './python-format.ts';

export interface ReduceLROnPlateauOptions {
  /** The metric to watch; `'val_loss'` without it. */
  readonly monitor?: string;
  /** What the rate is multiplied with, less than 1; 0.1 without it. */
  readonly factor?: number;
  /** Epochs that may pass without getting better; 10 without it. */
  readonly patience?: number;
  /** 1 for saying what is set. */
  readonly verbose?: number;
  /** Whether less (`'min'`) or more (`'max'`) is better. `'auto'` tells by the name: more where it contains `acc`. */
  readonly mode?: MonitorMode;
  /** What counts as better is better by more than this; 0.0001 without it. */
  readonly minDelta?: number;
  /** Epochs after a change that do not count; 0 without it. */
  readonly cooldown?: number;
  /** The rate never gets lower; 0 without it. */
  readonly minLr?: number;
}

/**
 * Lowers the learning rate when the metric has not become better for some epochs. The logs of the epoch get the rate as
 * `lr`. Throws `ValueError` for a factor that does not lower it.
 *
 *     new tf.keras.callbacks.ReduceLROnPlateau({monitor: 'val_loss', factor: 0.2, patience: 5, minLr: 0.001})
 */
export class ReduceLROnPlateau extends Callback {
  readonly monitor: string;
  readonly factor: number;
  readonly patience: number;
  readonly verbose: number;
  readonly minDelta: number;
  readonly cooldown: number;
  readonly minLr: number;
  /** The best value so far. */
  best: number;
  /** Epochs since it got better. */
  wait = 0;
  /** Epochs that do not count yet. */
  cooldownCounter = 0;
  private readonly more: boolean;

  constructor(
    ...given: Rest<
      [
        monitor: string,
        factor: number,
        patience: number,
        verbose: number,
        mode: MonitorMode,
        minDelta: number,
        cooldown: number,
        minLr: number,
      ],
      ReduceLROnPlateauOptions
    >
  ) {
    super();
    const options = bind<ReduceLROnPlateauOptions>(
      ['monitor', 'factor', 'patience', 'verbose', 'mode', 'minDelta', 'cooldown', 'minLr'],
      given,
    );
    this.monitor = options.monitor ?? 'val_loss';
    this.factor = options.factor ?? 0.1;
    if (this.factor >= 1) {
      throw new ValueError(`ReduceLROnPlateau does not support a factor >= 1.0. Got ${floatText(this.factor)}`);
    }
    this.patience = options.patience ?? 10;
    this.verbose = options.verbose ?? 0;
    this.minDelta = options.minDelta ?? 1e-4;
    this.cooldown = options.cooldown ?? 0;
    this.minLr = options.minLr ?? 0;
    const mode = checkMode(
      options.mode ?? 'auto',
      (unknown) => `Learning rate reduction mode ${unknown} is unknown, fallback to auto mode.`,
    );
    this.more = growing(mode, this.monitor.includes('acc'));
    this.best = this.worst;
  }

  private get worst(): number {
    return this.more ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  override onTrainBegin(): void {
    this.best = this.worst;
    this.cooldownCounter = 0;
    this.wait = 0;
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const model = this.model as CallbackModel;
    logs.lr = await readLearningRate(model);
    const current = logs[this.monitor];
    if (current === undefined) {
      warn(
        `Learning rate reduction is conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(',')}`,
      );
      return;
    }
    if (this.inCooldown()) {
      this.cooldownCounter--;
      this.wait = 0;
    }
    if (this.isBetter(current)) {
      this.best = current;
      this.wait = 0;
    } else if (!this.inCooldown()) {
      this.wait++;
      if (this.wait >= this.patience) await this.reduce(model, epoch);
    }
  }

  /** Whether epochs do not count yet. */
  inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  private isBetter(value: number): boolean {
    return this.more ? value > this.best + this.minDelta : value < this.best - this.minDelta;
  }

  private async reduce(model: CallbackModel, epoch: number): Promise<void> {
    const rate = await readLearningRate(model);
    if (!(rate > Math.fround(this.minLr))) return;
    // The rate is a float32, and so is the product.
    const lower = Math.max(Math.fround(rate * Math.fround(this.factor)), this.minLr);
    await writeLearningRate(model, lower);
    if (this.verbose > 0) {
      printLine(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${floatText(lower)}.`);
    }
    this.cooldownCounter = this.cooldown;
    this.wait = 0;
  }
}
