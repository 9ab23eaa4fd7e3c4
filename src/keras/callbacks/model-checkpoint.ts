/** Saves a model while it is trained. How a file is written is the model's business. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { KeyError, ValueError } from '../../util/errors.ts';
import { pythonRepr } from '../../util/python-names.ts';
import { Callback, type CallbackModel, type Logs } from './callback.ts';
import { checkMode, growing, type MonitorMode } from './monitor.ts';
import { printLine, warn } from './output.ts';
import { type Field, fixed, formatTemplate } from './python-format.ts';

export interface ModelCheckpointOptions {
  /**
   * Where to save. May hold fields in Python's format for the epoch (from 1), the batch, losses and metrics:
   * `'weights.{epoch:02d}-{val_loss:.2f}.h5'`.
   */
  readonly filepath?: string;
  /** The metric to watch; `'val_loss'` without it. */
  readonly monitor?: string;
  /** 1 for saying what is saved. */
  readonly verbose?: number;
  /** Whether only what is better than before is saved. */
  readonly saveBestOnly?: boolean;
  /** Whether it calls `model.saveWeights` instead of `model.save`. */
  readonly saveWeightsOnly?: boolean;
  /** Whether less (`'min'`) or more (`'max'`) is better. `'auto'` tells by the name: more for `…acc…` and `fmeasure…`. */
  readonly mode?: MonitorMode;
  /** `'epoch'`, as without it, or after every so many batches. */
  readonly saveFreq?: 'epoch' | number;
  /** What the first value must be better than. */
  readonly initialValueThreshold?: number | null;
  /** With `saveFreq: 'epoch'`: every so many epochs. The former way to say it. */
  readonly period?: number;
}

/** Logs that Python counts: they are formatted as integers. */
const INTEGERS: ReadonlySet<string> = new Set(['batch', 'size']);

/**
 * Saves the model, or its weights, after epochs or batches.
 *
 *     new tf.keras.callbacks.ModelCheckpoint('best.{epoch:02d}.weights.h5', {saveWeightsOnly: true, saveBestOnly: true})
 */
export class ModelCheckpoint extends Callback {
  readonly filepath: string;
  readonly monitor: string;
  readonly verbose: number;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: 'epoch' | number;
  /** The best value so far. */
  best: number;
  private readonly more: boolean;
  private readonly period: number;
  private epoch = 0;
  private epochsSinceSave = 0;
  private batchesSinceSave = 0;
  private lastBatch = 0;

  constructor(
    filepath: string | ModelCheckpointOptions,
    ...rest: Rest<
      [
        monitor: string,
        verbose: number,
        saveBestOnly: boolean,
        saveWeightsOnly: boolean,
        mode: MonitorMode,
        saveFreq: 'epoch' | number,
      ],
      ModelCheckpointOptions
    >
  ) {
    super();
    const options = bind<ModelCheckpointOptions>(
      ['filepath', 'monitor', 'verbose', 'saveBestOnly', 'saveWeightsOnly', 'mode', 'saveFreq'],
      [filepath, ...rest],
    );
    if (typeof options.filepath !== 'string') throw new ValueError('ModelCheckpoint needs a `filepath` to save to.');
    this.filepath = options.filepath;
    this.monitor = options.monitor ?? 'val_loss';
    this.verbose = options.verbose ?? 0;
    this.saveBestOnly = options.saveBestOnly ?? false;
    this.saveWeightsOnly = options.saveWeightsOnly ?? false;
    this.saveFreq = options.saveFreq ?? 'epoch';
    this.period = options.period ?? 1;
    const mode = checkMode(
      options.mode ?? 'auto',
      (unknown) => `ModelCheckpoint mode ${unknown} is unknown, fallback to auto mode.`,
    );
    this.more = growing(mode, this.monitor.includes('acc') || this.monitor.startsWith('fmeasure'));
    this.best = options.initialValueThreshold ?? (this.more ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    if (this.saveFreq !== 'epoch' && !Number.isInteger(this.saveFreq)) {
      throw new ValueError(`Unrecognized save_freq: ${this.saveFreq}. Expected save_freq are "epoch" or integer`);
    }
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }
  override async onTrainBatchEnd(batch: number, logs: Logs = {}): Promise<void> {
    if (this.saveFreq === 'epoch') return;
    // Batches begin anew with each epoch.
    this.batchesSinceSave += batch <= this.lastBatch ? batch + 1 : batch - this.lastBatch;
    this.lastBatch = batch;
    if (this.batchesSinceSave < this.saveFreq) return;
    this.batchesSinceSave = 0;
    await this.save(this.epoch, batch, logs);
  }
  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.epochsSinceSave++;
    if (this.saveFreq === 'epoch' && this.epochsSinceSave >= this.period) await this.save(epoch, null, logs);
  }

  private async save(epoch: number, batch: number | null, logs: Logs): Promise<void> {
    this.epochsSinceSave = 0;
    const path = this.pathFor(epoch, batch, logs);
    if (this.saveBestOnly) {
      const current = logs[this.monitor];
      if (current === undefined) {
        warn(`Can save best model only with ${this.monitor} available, skipping.`);
        return;
      }
      const from = `from ${fixed(this.best, 5)}`;
      if (!(this.more ? current > this.best : current < this.best)) {
        this.say(epoch, `${this.monitor} did not improve ${from}`);
        return;
      }
      this.say(epoch, `${this.monitor} improved ${from} to ${fixed(current, 5)}, saving model to ${path}`);
      this.best = current;
    } else {
      this.say(epoch, `saving model to ${path}`);
    }
    const model = this.model as CallbackModel;
    await (this.saveWeightsOnly ? model.saveWeights(path) : model.save(path));
  }

  private say(epoch: number, text: string): void {
    if (this.verbose > 0) printLine(`\nEpoch ${epoch + 1}: ${text}`);
  }

  /** The template filled in. Throws `KeyError` where it names what the logs lack. */
  private pathFor(epoch: number, batch: number | null, logs: Logs): string {
    const fields = new Map<string, Field>([['epoch', { value: epoch + 1, kind: 'int' }]]);
    if (batch !== null) fields.set('batch', { value: batch + 1, kind: 'int' });
    // The logs of a batch bring its number, counted from 0, as they do in Keras's graph mode.
    for (const [name, value] of Object.entries(logs)) {
      fields.set(name, { value, kind: INTEGERS.has(name) ? 'int' : 'float' });
    }
    try {
      return formatTemplate(this.filepath, fields);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      const reason = error.message;
      throw new KeyError(`Failed to format this callback filepath: ${doubleQuoted(this.filepath)}. Reason: ${reason}`);
    }
  }
}

function doubleQuoted(text: string): string {
  return pythonRepr(text).replace(/^'|'$/g, '"');
}
