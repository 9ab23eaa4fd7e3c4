/** Sets the learning rate at the beginning of each epoch. Where the rate is kept is `learning-rate.ts`'s business. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import { Callback, type CallbackModel, type Logs } from './callback.ts';
import { readLearningRate, writeLearningRate } from './learning-rate.ts';
import { printLine } from './output.ts';
import { floatText } from './python-format.ts';

/** The rate for an epoch, which counts from 0; `lr` is the rate before it. */
export type RateFunction = (epoch: number, lr: number) => number;

export interface LearningRateSchedulerOptions {
  readonly schedule?: RateFunction;
  /** 1 for saying what is set. */
  readonly verbose?: number;
}

/**
 * Sets the learning rate by a function. The logs of the epoch get it as `lr`. `fit` throws `ValueError` where the function
 * gives no number, or the optimizer's rate is a schedule already.
 *
 *     new tf.keras.callbacks.LearningRateScheduler((epoch, lr) => (epoch < 10 ? lr : lr * 0.9))
 */
export class LearningRateScheduler extends Callback {
  readonly schedule: RateFunction;
  readonly verbose: number;

  constructor(
    schedule: RateFunction | LearningRateSchedulerOptions,
    ...rest: Rest<[verbose: number], LearningRateSchedulerOptions>
  ) {
    super();
    const options = bind<LearningRateSchedulerOptions>(['schedule', 'verbose'], [schedule, ...rest]);
    if (typeof options.schedule !== 'function') {
      throw new ValueError('LearningRateScheduler needs a `schedule`, a function of the epoch and the learning rate.');
    }
    this.schedule = options.schedule;
    this.verbose = options.verbose ?? 0;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const model = this.model as CallbackModel;
    const rate = this.schedule(epoch, await readLearningRate(model));
    if (typeof rate !== 'number') {
      throw new ValueError(`The output of the "schedule" function should be float. Got: ${String(rate)}`);
    }
    await writeLearningRate(model, rate);
    if (this.verbose > 0) {
      printLine(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${floatText(rate)}.`);
    }
  }

  override async onEpochEnd(_epoch: number, logs: Logs = {}): Promise<void> {
    logs.lr = await readLearningRate(this.model as CallbackModel);
  }
}
