/** What training tells others, and whom it tells: the base class of callbacks. Calling them is the training loop's. */
import type { Graph } from '../../graph/graph.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { Variable } from '../../variables/variable.ts';
import type { KerasContext } from '../context.ts';

/** Losses and metrics by name, and what callbacks add: `lr`, `val_loss`. */
export type Logs = Record<string, number>;

/** What a callback may know of the run it belongs to. */
export interface CallbackParams {
  readonly verbose: number;
  readonly epochs: number;
  /** Steps of an epoch; null where the data do not say. */
  readonly steps: number | null;
  /** Examples of an epoch; null where they are not counted. */
  readonly samples: number | null;
  readonly batchSize: number | null;
  /** The names of losses and metrics, those of validation included. */
  readonly metrics: readonly string[];
}

/** What callbacks use of a model. */
export interface CallbackModel {
  readonly name: string;
  /** Set by a callback to end training after the batch. */
  stopTraining: boolean;
  readonly optimizer: unknown;
  readonly graph: Graph;
  readonly variables: readonly Variable[];
  /** Knows the session in which the model is trained. */
  readonly context: KerasContext;
  getWeights(): Promise<NdArray[]>;
  setWeights(values: readonly NdArray[]): Promise<void>;
  /** Writes the model to a file. */
  save(path: string): Promise<void>;
  saveWeights(path: string): Promise<void>;
}

/**
 * Told of what happens in `fit`, `evaluate` and `predict`. Override what is of interest; a method may return a promise,
 * which the loop waits for.
 *
 *     class Log extends tf.keras.callbacks.Callback {
 *       onEpochEnd(epoch, logs) { console.log(epoch, logs.loss); }
 *     }
 *     await model.fit(x, y, {callbacks: [new Log()]});
 */
export abstract class Callback {
  /** The model that is trained; null before the run begins. */
  model: CallbackModel | null = null;
  params: CallbackParams | null = null;

  setModel(model: CallbackModel): void {
    this.model = model;
  }
  setParams(params: CallbackParams): void {
    this.params = params;
  }

  onTrainBegin(_logs?: Logs): void | Promise<void> {}
  onTrainEnd(_logs?: Logs): void | Promise<void> {}
  /** @param epoch counts from zero */
  onEpochBegin(_epoch: number, _logs?: Logs): void | Promise<void> {}
  /** @param logs losses and metrics of the epoch, those of validation under `val_…` */
  onEpochEnd(_epoch: number, _logs?: Logs): void | Promise<void> {}
  onTrainBatchBegin(batch: number, logs?: Logs): void | Promise<void> {
    return this.onBatchBegin(batch, logs);
  }
  onTrainBatchEnd(batch: number, logs?: Logs): void | Promise<void> {
    return this.onBatchEnd(batch, logs);
  }
  onBatchBegin(_batch: number, _logs?: Logs): void | Promise<void> {}
  onBatchEnd(_batch: number, _logs?: Logs): void | Promise<void> {}
  onTestBegin(_logs?: Logs): void | Promise<void> {}
  onTestEnd(_logs?: Logs): void | Promise<void> {}
  onTestBatchBegin(_batch: number, _logs?: Logs): void | Promise<void> {}
  onTestBatchEnd(_batch: number, _logs?: Logs): void | Promise<void> {}
  onPredictBegin(_logs?: Logs): void | Promise<void> {}
  onPredictEnd(_logs?: Logs): void | Promise<void> {}
  onPredictBatchBegin(_batch: number, _logs?: Logs): void | Promise<void> {}
  onPredictBatchEnd(_batch: number, _logs?: Logs): void | Promise<void> {}
}
