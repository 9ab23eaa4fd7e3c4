/** What `fit` gives back: losses and metrics by epoch. */
import { Callback, type Logs } from './callback.ts';

/**
 * Gathers the logs of epochs. `fit` adds one by itself and gives it back.
 *
 *     const { history } = await model.fit(x, y, {epochs: 5});
 *     history.loss                                             // [0.9, 0.5, …]
 */
export class History extends Callback {
  /** The epochs gathered, counted from zero. */
  epoch: number[] = [];
  /** Values by name, an element per epoch. */
  history: Record<string, number[]> = {};

  override onTrainBegin(): void {
    this.epoch = [];
  }
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}
