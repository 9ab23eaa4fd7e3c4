/** Ends training when the loss is no number any more. Ending it is the training loop's. */
import { Callback, type CallbackModel, type Logs } from './callback.ts';
import { printLine } from './output.ts';

/**
 * Ends training after a batch whose loss is NaN or infinite.
 *
 *     await model.fit(x, y, {callbacks: [new tf.keras.callbacks.TerminateOnNaN()]});
 */
export class TerminateOnNaN extends Callback {
  override onBatchEnd(batch: number, logs: Logs = {}): void {
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss)) return;
    printLine(`Batch ${batch}: Invalid loss, terminating training`);
    (this.model as CallbackModel).stopTraining = true;
  }
}
