/**
 * The base of losses: calls the loss of examples, masks, weighs and reduces it. Which losses there are is said in
 * `classes.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { logicalAnd } from '../../ops/comparison.ts';
import { convertToTensor, opScope } from '../../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { float32 } from '../../util/dtype.ts';
import { RuntimeError } from '../../util/errors.ts';
import { operand } from '../backend/operands.ts';
import { maskOf } from '../engine/history.ts';
import { callable } from '../objects.ts';
import { type Config, classNameOf } from '../serialization.ts';
import { applyValidMask, computeWeightedLoss, fitLabels, type LossReduction, Reduction } from './weighting.ts';

export interface LossOptions {
  /** How the losses of examples become one; the mean over the batch without it. */
  readonly reduction?: LossReduction;
  readonly name?: string | null;
}

/** The trailing arguments of a loss's call. */
export type LossCallRest = Rest<[sampleWeight: TensorLike | null], { readonly sampleWeight?: TensorLike | null }>;

interface LossCall {
  (yTrue: TensorLike, yPred: TensorLike, ...rest: LossCallRest): Tensor;
  readonly name: string | null;
}
const LossBase = callable<LossCall>('apply');

/**
 * The base of losses. A subclass defines `call`, which gives a loss for each example; calling the loss itself (or `apply`)
 * weighs and reduces it.
 *
 *     class Cubes extends tf.keras.losses.Loss {
 *       call(yTrue, yPred) { return yPred.sub(yTrue).abs().pow(3).mean(-1); }
 *     }
 */
export class Loss extends LossBase {
  static readonly className: string = 'Loss';
  readonly reduction: LossReduction;
  override readonly name: string | null;

  constructor(...rest: Rest<[reduction: LossReduction, name: string | null], LossOptions>) {
    super();
    const { reduction = 'auto', name = null } = bind<LossOptions>(['reduction', 'name'], rest);
    Reduction.validate(reduction);
    this.reduction = reduction;
    this.name = name;
  }

  /** The loss of each example. */
  override call(_yTrue: Tensor, _yPred: Tensor): Tensor {
    throw new RuntimeError('Must be implemented in subclasses.');
  }

  /**
   * The loss of the batch: those of examples times `sampleWeight` (a number, or one for each), where a mask lets them
   * count, reduced. Throws `ValueError` for shapes that do not fit.
   *
   *     new tf.keras.losses.MeanSquaredError().apply(yTrue, yPred, {sampleWeight: [1, 2]})
   */
  override apply(yTrue: TensorLike, yPred: TensorLike, ...rest: LossCallRest): Tensor {
    const { sampleWeight = null } = bind<{ sampleWeight: TensorLike | null }>(['sampleWeight'], rest);
    return opScope(this.scopeName, 'loss', [yTrue, yPred, sampleWeight], () => {
      const predictions = operand(yPred);
      const losses = this.call(operand(yTrue), predictions);
      const [before, after] = [maskOf(predictions), maskOf(losses)];
      const mask = before && after ? logicalAnd(before, after) : (before ?? after);
      const reduction = this.reduction === 'auto' ? 'sum_over_batch_size' : this.reduction;
      const given = sampleWeight === null ? null : convertToTensor(sampleWeight, { preferredDtype: float32 });
      return computeWeightedLoss(losses, applyValidMask(losses, given, mask, reduction), reduction);
    });
  }

  private get scopeName(): string {
    const name = this.name ?? classNameOf(this.constructor);
    return name === '<lambda>' ? 'lambda' : name.replace(/^_+|_+$/g, '');
  }

  /** The arguments of the constructor. */
  getConfig(): Config {
    return { reduction: this.reduction, name: this.name };
  }
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    // Files name the function behind the loss, too; the class knows it.
    const { fn: _, ...options } = config;
    return new this(options as never);
  }
}

/** What a loss of `LossFunctionWrapper` calls: a loss for each example, with options. */
export type LossFunctionWith = (yTrue: Tensor, yPred: Tensor, options?: never) => Tensor;

/**
 * A loss of a function, with what the function's options are. Ranks of labels and predictions are made to fit before.
 *
 *     new LossFunctionWrapper(huber, {reduction: 'sum', name: 'huber_loss'}, {delta: 2})
 */
export class LossFunctionWrapper extends Loss {
  static override readonly className: string = 'LossFunctionWrapper';
  readonly fn: LossFunctionWith;
  readonly #options: Config;

  constructor(fn: LossFunctionWith, options: LossOptions = {}, fnOptions: Config = {}) {
    super(options);
    this.fn = fn;
    this.#options = fnOptions;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [labels, predictions] = fitLabels(yTrue, yPred);
    // A function of the user's may take two arguments and mean something else by a third.
    if (Object.keys(this.#options).length === 0) return this.fn(labels, predictions);
    return this.fn(labels, predictions, this.#options as never);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#options };
  }
}
