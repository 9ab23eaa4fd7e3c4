/** Calls callbacks in order. What they do, and when the loop calls, is not said here. */
import { Callback, type CallbackModel, type CallbackParams, type Logs } from './callback.ts';

export type CallbackMode = 'train' | 'test' | 'predict';

/** The hooks that a batch has. */
const BATCH_HOOKS = {
  train: { begin: ['onTrainBatchBegin', 'onBatchBegin'], end: ['onTrainBatchEnd', 'onBatchEnd'] },
  test: { begin: ['onTestBatchBegin'], end: ['onTestBatchEnd'] },
  predict: { begin: ['onPredictBatchBegin'], end: ['onPredictBatchEnd'] },
} as const;

const RUN_HOOKS = {
  train: { begin: 'onTrainBegin', end: 'onTrainEnd' },
  test: { begin: 'onTestBegin', end: 'onTestEnd' },
  predict: { begin: 'onPredictBegin', end: 'onPredictEnd' },
} as const;

type Moment = 'begin' | 'end';

/**
 * The callbacks of a run, told of everything in their order: for loops of one's own.
 *
 *     const list = new tf.keras.callbacks.CallbackList([new Log()], model, params);
 *     await list.epochBegin(0);
 */
export class CallbackList {
  private readonly batchListeners = new Map<string, readonly Callback[]>();

  constructor(
    private readonly callbacks: readonly Callback[],
    model: CallbackModel,
    params: CallbackParams,
  ) {
    for (const callback of callbacks) {
      callback.setParams(params);
      callback.setModel(model);
    }
  }

  /** The run begins or ends. */
  async run(mode: CallbackMode, moment: Moment, logs: Logs = {}): Promise<void> {
    const hook = RUN_HOOKS[mode][moment];
    for (const callback of this.callbacks) await callback[hook](logs);
  }

  async epochBegin(epoch: number, logs: Logs = {}): Promise<void> {
    for (const callback of this.callbacks) await callback.onEpochBegin(epoch, logs);
  }
  async epochEnd(epoch: number, logs: Logs): Promise<void> {
    for (const callback of this.callbacks) await callback.onEpochEnd(epoch, logs);
  }

  /** Whether anybody listens to the batches: if not, nothing has to be made for them. */
  listens(mode: CallbackMode, moment: Moment): boolean {
    return this.listeners(mode, moment).length > 0;
  }
  async batch(mode: CallbackMode, moment: Moment, batch: number, logs: Logs): Promise<void> {
    const hook = BATCH_HOOKS[mode][moment][0];
    for (const callback of this.listeners(mode, moment)) await callback[hook](batch, logs);
  }

  private listeners(mode: CallbackMode, moment: Moment): readonly Callback[] {
    const key = `${mode} ${moment}`;
    let found = this.batchListeners.get(key);
    if (!found) {
      const hooks = BATCH_HOOKS[mode][moment];
      found = this.callbacks.filter((callback) => hooks.some((hook) => callback[hook] !== Callback.prototype[hook]));
      this.batchListeners.set(key, found);
    }
    return found;
  }
}
