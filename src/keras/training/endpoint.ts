/** One output of a model in training: its target, its loss, its sample weights. */
import type { Tensor } from '../../graph/graph.ts';
import { placeholder } from '../../ops/placeholders.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { floatx } from '../config.ts';
import { onUndo } from '../engine/undo.ts';
import { get as getLoss, type Loss, type LossFunction, serialize } from '../losses/index.ts';
import { LossFunctionWrapper } from '../losses/loss.ts';
import { applyMask, applyValidMask, computeWeightedLoss } from '../losses/weighting.ts';
import { classNameOf, toSnakeCase } from '../serialization.ts';
import type { Slot } from './data.ts';
import { pythonShape } from './data.ts';

export class Endpoint {
  /** Made with the first loss that needs them. */
  private targetTensor: Tensor | null = null;
  private weightTensor: Tensor | null = null;

  constructor(
    readonly name: string,
    readonly output: Tensor,
    /** The mask that the layers gave the output. */
    private readonly mask: Tensor | null,
    /** Null where the output is not trained. */
    readonly loss: Loss | null,
    readonly lossWeight: number,
  ) {}

  /** The placeholder of the labels. */
  get target(): Tensor {
    if (this.targetTensor) return this.targetTensor;
    onUndo(() => {
      this.targetTensor = null;
    });
    this.targetTensor = this.scoped(() =>
      placeholder(this.output.dtype, this.output.shape?.map(() => null) ?? null, `${this.name}_target`),
    );
    return this.targetTensor;
  }
  /** The placeholder of the weights of examples. */
  get sampleWeight(): Tensor {
    if (this.weightTensor) return this.weightTensor;
    onUndo(() => {
      this.weightTensor = null;
    });
    this.weightTensor = this.scoped(() => placeholder(floatx(), null, `${this.name}_sample_weights`));
    return this.weightTensor;
  }
  private scoped(build: () => Tensor): Tensor {
    const { graph } = this.output;
    return graph.asDefault(() => graph.controlDependencies(null, () => graph.nameScope(null, build)));
  }

  /** What data for the target must look like. */
  get targetSlot(): Slot {
    const { dtype } = this.output;
    // A label is a class's number: it may stand without an axis of its own.
    const addsAxis = this.loss !== null && lossName(this.loss) === 'sparse_categorical_crossentropy';
    return { name: this.name, shape: this.output.shape?.map(() => null) ?? null, dtype, addsAxis };
  }

  /** The loss of a batch, not yet times `lossWeight`. */
  lossTensor(weighted: boolean): Tensor {
    const { output, loss } = this;
    if (!loss) throw new ValueError(`Output ${this.name} has no loss.`);
    const losses = loss.call(this.target, output);
    const reduction = loss.reduction === 'auto' ? 'sum_over_batch_size' : loss.reduction;
    const weights = applyValidMask(losses, weighted ? this.sampleWeight : null, this.mask, reduction);
    const reduced = computeWeightedLoss(losses, weights, reduction);
    if (reduced.rank === null || reduced.rank === 0) return reduced;
    throw new ValueError(
      `The loss of output ${this.name} has the reduction 'none', so that it is one value per example: training needs a single one. Use the reduction 'sum' or 'sum_over_batch_size'.`,
    );
  }

  /** The weights that metrics of this output get: of examples, and of steps that count. */
  metricWeights(weighted: boolean): Tensor | null {
    return applyMask(this.output, weighted ? this.sampleWeight : null, this.mask);
  }

  /** Throws `ValueError` for labels that the loss cannot mean. */
  checkTarget({ shape }: NdArray): void {
    const { loss } = this;
    const kind = loss ? lossName(loss) : '';
    const dims = this.output.shape;
    if (!dims) return;
    if (kind === 'categorical_crossentropy' && shape.at(-1) === 1) {
      throw new ValueError(
        `You are passing a target array of shape ${pythonShape(shape)} while using as loss \`categorical_crossentropy\`. \`categorical_crossentropy\` expects targets to be binary matrices (1s and 0s) of shape (samples, classes). If your targets are integer classes, you can convert them to the expected format via:\n\`\`\`\nfrom keras.utils import to_categorical\ny_binary = to_categorical(y_int)\n\`\`\`\n\nAlternatively, you can use the loss function \`sparse_categorical_crossentropy\` instead, which does expect integer targets.`,
      );
    }
    if (kind !== 'mean_squared_error' && kind !== 'binary_crossentropy' && kind !== 'categorical_crossentropy') return;
    const fits = dims.length === shape.length && dims.every((dim, i) => i === 0 || dim === null || dim === shape[i]);
    if (fits) return;
    throw new ValueError(
      `A target array with shape ${pythonShape(shape)} was passed for an output of shape ${pythonShape([null, ...dims.slice(1)])} while using as loss \`${kind}\`. This loss expects targets to have the same shape as the output.`,
    );
  }
}

/** What a loss is called in messages and scopes: `mean_squared_error`. */
function lossName(loss: Loss): string {
  return loss.name ?? toSnakeCase(classNameOf(loss.constructor));
}

/** A loss by name, function, object or configuration; null for none. */
export function asLoss(identifier: unknown): Loss | null {
  if (identifier === null || identifier === undefined) return null;
  const found = getLoss(identifier as NonNullable<unknown>);
  if (isLoss(found)) return found;
  const reduction = 'sum_over_batch_size';
  // Keras's own functions by Keras's names: those that they were declared under are not left by minifiers.
  const known = serialize(found) as string;
  const name = toSnakeCase(known.includes('>') ? found.name : found.name && known) || 'loss';
  return new LossFunctionWrapper(found as never, { reduction, name });
}

function isLoss(loss: Loss | LossFunction): loss is Loss {
  return 'reduction' in loss;
}
