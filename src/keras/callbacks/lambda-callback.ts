/** A callback of functions. When they are called is the training loop's. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { TypeError } from '../../util/errors.ts';
import { Callback } from './callback.ts';

type Hooks = {
  readonly [K in keyof Callback as K extends `on${string}` ? K : never]?: Callback[K] | null;
};

/** The functions by the moments at which they are called. */
export interface LambdaCallbackOptions extends Hooks {}

const POSITIONAL = [
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTrainBegin',
  'onTrainEnd',
] as const satisfies readonly (keyof Hooks)[];

/**
 * A callback made of functions. Throws `TypeError` for a moment that there is not.
 *
 *     new tf.keras.callbacks.LambdaCallback({onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss)})
 */
export class LambdaCallback extends Callback {
  constructor(
    ...given: Rest<
      [
        onEpochBegin: Hooks['onEpochBegin'],
        onEpochEnd: Hooks['onEpochEnd'],
        onBatchBegin: Hooks['onBatchBegin'],
        onBatchEnd: Hooks['onBatchEnd'],
        onTrainBegin: Hooks['onTrainBegin'],
        onTrainEnd: Hooks['onTrainEnd'],
      ],
      LambdaCallbackOptions
    >
  ) {
    super();
    for (const [name, hook] of Object.entries(bind<LambdaCallbackOptions>(POSITIONAL, given))) {
      if (!(name.startsWith('on') && name in Callback.prototype)) {
        throw new TypeError(`LambdaCallback got an unexpected keyword argument '${name}'`);
      }
      // Properties of its own: batches are reported to those only that listen.
      if (typeof hook === 'function') Object.assign(this, { [name]: hook });
    }
  }
}
