/** Shows how training goes, batch by batch or epoch by epoch. How a line looks is `progbar.ts`'s business. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import { Callback, type CallbackParams, type Logs } from './callback.ts';
import { type TextOutput, textOutput } from './output.ts';
import { Progbar } from './progbar.ts';

export interface ProgbarLoggerOptions {
  /** Whether it counts `'samples'` or `'steps'`; without it, samples where the run knows how many there are. */
  readonly countMode?: 'samples' | 'steps' | null;
  /** Names of values that are shown as they are; the metrics of the model are so in any case, but for its loss. */
  readonly statefulMetrics?: Iterable<string> | null;
  /** Where it prints; standard output without it. */
  readonly output?: TextOutput | null;
  /** Seconds that have passed, of any beginning. */
  readonly clock?: () => number;
}

/** What a batch's logs hold beside losses and metrics. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['batch', 'size', 'num_steps']);

/**
 * Prints a progress bar with losses and metrics. `fit` adds one by itself: with `verbose: 1` for a bar per epoch, with
 * `verbose: 2` for a line. Where the output is no terminal, a bar is printed once, at the end of the epoch.
 *
 *     Epoch 1/5
 *     60000/60000 [==============================] - 3s 51us/sample - loss: 0.2952 - accuracy: 0.9145
 */
export class ProgbarLogger extends Callback {
  private readonly options: ProgbarLoggerOptions;
  private bar: Progbar | null = null;
  private seen = 0;
  private target: number | null = null;
  private usesSteps = false;
  private stateful: readonly string[] = [];
  private inFit = false;

  constructor(
    ...given: Rest<
      [countMode: 'samples' | 'steps' | null, statefulMetrics: Iterable<string> | null],
      ProgbarLoggerOptions
    >
  ) {
    super();
    this.options = bind<ProgbarLoggerOptions>(['countMode', 'statefulMetrics'], given);
    const { countMode = null } = this.options;
    if (countMode !== null && countMode !== 'samples' && countMode !== 'steps') {
      throw new ValueError(`Unknown \`count_mode\`: ${countMode}. Expected values are ["samples", "steps"]`);
    }
  }

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    const { countMode, statefulMetrics } = this.options;
    this.usesSteps = countMode ? countMode === 'steps' : params.samples === null;
    // Null is found out by the first epoch.
    this.target = this.usesSteps ? params.steps : params.samples;
    this.stateful = [...(statefulMetrics ?? []), ...params.metrics.slice(1)];
  }

  override onTrainBegin(): void {
    this.inFit = true;
  }
  override onTrainEnd(): void {
    this.inFit = false;
  }
  override onEpochBegin(epoch: number): void {
    this.reset();
    const { verbose, epochs } = this.params as CallbackParams;
    if (verbose && epochs > 1) this.output.write(`Epoch ${epoch + 1}/${epochs}\n`);
  }
  override onTrainBatchEnd(batch: number, logs: Logs = {}): void {
    this.step(batch, logs);
  }
  override onEpochEnd(_epoch: number, logs: Logs = {}): void {
    this.finish(logs);
  }
  // Inside of `fit` validation is silent.
  override onTestBegin(): void {
    if (!this.inFit) this.reset();
  }
  override onTestBatchEnd(batch: number, logs: Logs = {}): void {
    if (!this.inFit) this.step(batch, logs);
  }
  override onTestEnd(logs: Logs = {}): void {
    if (!this.inFit) this.finish(logs);
  }
  override onPredictBegin(): void {
    this.reset();
  }
  override onPredictBatchEnd(batch: number, logs: Logs = {}): void {
    this.step(batch, { size: logs.size ?? 0 });
  }
  override onPredictEnd(): void {
    this.finish({});
  }

  private get output(): TextOutput {
    return this.options.output ?? textOutput();
  }

  private reset(): void {
    const { output } = this;
    this.seen = 0;
    this.bar = new Progbar({
      target: this.target,
      verbose: this.params?.verbose ?? 1,
      statefulMetrics: this.stateful,
      unitName: this.usesSteps ? 'step' : 'sample',
      // Lines that cannot be written over would follow each other without end.
      interval: output.dynamic ? 0.05 : Number.POSITIVE_INFINITY,
      output,
      ...(this.options.clock ? { clock: this.options.clock } : {}),
    });
  }

  private step(batch: number, logs: Logs): void {
    this.seen = this.usesSteps ? batch + 1 : this.seen + (logs.size ?? 0);
    if (this.params?.verbose !== 1) return;
    const shown = Object.entries(logs).filter(([name]) => !NOT_SHOWN.has(name));
    this.bar?.update(this.seen, shown, false);
  }

  private finish(logs: Logs): void {
    if (!this.bar) return;
    this.target ??= this.seen;
    this.bar.target = this.target;
    this.bar.update(this.target, Object.entries(logs), true);
  }
}

export interface TrainingSize {
  /** Examples for validation; null where there are none, or they are not counted. */
  readonly validationSamples?: number | null;
  /** Steps of validation, for data that are counted in steps. */
  readonly validationSteps?: number | null;
  readonly output?: TextOutput | null;
}

/** Says how much data `fit` was given: `Train on 60000 samples, validate on 10000 samples`. */
export class TrainingSizeLogger extends Callback {
  constructor(private readonly size: TrainingSize) {
    super();
  }

  override onTrainBegin(): void {
    const { samples, steps } = this.params as CallbackParams;
    const { validationSamples, validationSteps, output } = this.size;
    const unit = samples === null ? 'steps' : 'samples';
    const count = samples ?? steps;
    if (count === null) return;
    const validation = samples === null ? validationSteps : validationSamples;
    const more = validation ? `, validate on ${validation} ${unit}` : '';
    (output ?? textOutput()).write(`Train on ${count} ${unit}${more}\n`);
  }
}
