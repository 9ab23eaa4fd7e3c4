/** Attention of queries over values: by products, and by sums. */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { greaterEqual, logicalAnd, logicalNot } from '../../../ops/comparison.ts';
import { dropout } from '../../../ops/dropout.ts';
import { range } from '../../../ops/filling.ts';
import { identity } from '../../../ops/identity.ts';
import { matmul } from '../../../ops/matmul.ts';
import { reduceSum } from '../../../ops/reductions.ts';
import { expandDims, shape as shapeIn } from '../../../ops/shaping.ts';
import { softmax } from '../../../ops/softmax.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { tanh } from '../../../ops/unary-math.ts';
import { float16 } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import type { Training } from '../../engine/call-context.ts';
import { inTrainPhase } from '../../engine/in-train-phase.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type MaskNest, type ShapeNest, shapeList, type TensorNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { NoiseSeed } from '../regularization/noise-seed.ts';

export interface AttentionCallOptions extends CallOptions {
  /** Whether the call gives the weights of the values too: `[result, weights]`. */
  readonly returnAttentionScores?: boolean;
  /** Whether a query sees no values behind its own place. */
  readonly useCausalMask?: boolean;
}

interface DenseAttentionOptions extends LayerOptions {
  /** The fraction of the weights that is dropped in training. */
  readonly dropout?: number;
  readonly seed?: number | null;
}

/** What both kinds share: the weights are a softmax of scores, which the kinds compute. */
abstract class DenseAttention extends Layer<TensorNest> {
  readonly dropout: number;
  readonly #seeds: NoiseSeed;

  constructor(options: DenseAttentionOptions) {
    super(options);
    this.dropout = options.dropout ?? 0;
    this.#seeds = new NoiseSeed(options.seed);
    this.supportsMasking = true;
  }

  /** Calls the layer; with `returnAttentionScores` the weights come too. */
  override apply(
    inputs: readonly TensorLike[],
    options: AttentionCallOptions & { readonly returnAttentionScores: true },
  ): readonly [result: Tensor, weights: Tensor];
  override apply(inputs: readonly TensorLike[], options?: AttentionCallOptions): Tensor;
  override apply(inputs: readonly TensorLike[], options: AttentionCallOptions = {}): TensorNest {
    return super.apply(inputs, options);
  }

  /** `[batch, queries, values]` of queries and keys. */
  protected abstract scores(query: Tensor, key: Tensor): Tensor;

  override call(inputs: TensorNest, options: AttentionCallOptions): TensorNest {
    const { mask = null, training, returnAttentionScores = false, useCausalMask = false } = options;
    const [queryMask, valueMask] = this.check(inputs, mask);
    const [query, value, key = value] = inputs as readonly Tensor[];
    const scores = this.scores(query, key);
    const seen = merged(valueMask && expandDims(valueMask, -2), useCausalMask ? causal(scores) : null);
    const weights = this.dropped(softmax(seen ? hidden(scores, seen) : scores), training);
    const attended = matmul(weights, value);
    const result = queryMask ? attended.mul(cast(expandDims(queryMask, -1), attended.dtype)) : attended;
    return returnAttentionScores ? [result, weights] : result;
  }

  private dropped(weights: Tensor, training: Training | undefined): Tensor {
    if (this.dropout === 0) return weights;
    const drop = () => dropout(weights, { rate: this.dropout, seed: this.#seeds.next() });
    return inTrainPhase(this.context, drop, () => identity(weights), training);
  }

  /** The masks of queries and values. Throws `ValueError` for other than two or three inputs, or masks that do not fit. */
  private check(inputs: TensorNest, mask: MaskNest): readonly (Tensor | null)[] {
    const { className } = this.constructor as unknown as { readonly className: string };
    if (!Array.isArray(inputs)) {
      throw new ValueError(
        `${className} layer must be called on a list of inputs, namely [query, value] or [query, value, key]. Received: ${inputs}.`,
      );
    }
    if (inputs.length < 2 || inputs.length > 3) {
      throw new ValueError(
        `${className} layer accepts inputs list of length 2 or 3, namely [query, value] or [query, value, key]. Received length: ${inputs.length}.`,
      );
    }
    if (mask === null) return [null, null];
    if (!Array.isArray(mask)) {
      throw new ValueError(
        `${className} layer mask must be a list, namely [query_mask, value_mask]. Received: ${mask}.`,
      );
    }
    if (mask.length < 2 || mask.length > inputs.length) {
      throw new ValueError(
        `${className} layer mask must be a list of length 2, namely [query_mask, value_mask]. Received length: ${mask.length}.`,
      );
    }
    return mask;
  }

  override computeMask(inputs: TensorNest, mask: MaskNest = null): MaskNest {
    return this.check(inputs, mask)[0];
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return shapeList(inputShape)[0];
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dropout: this.dropout };
  }
}

function merged(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a && b ? logicalAnd(a, b) : (a ?? b);
}

/** Scores so low that they have no weight where the mask is false. */
function hidden(scores: Tensor, seen: Tensor): Tensor {
  const far = scores.dtype === float16 ? 65504 : 1e9;
  return scores.sub(cast(logicalNot(seen), scores.dtype).mul(far));
}

/** `[queries, values]`: true up to the query's own place. */
function causal(scores: Tensor): Tensor {
  const lengths = shapeIn(scores);
  const places = (axis: number) => range(0, { limit: lengths.slice(axis) });
  return expandDims(greaterEqual(expandDims(places(-2), 1), expandDims(places(-1), 0)), 0);
}

export interface AttentionOptions extends DenseAttentionOptions {
  /** Whether the scores are multiplied by a weight that is trained. */
  readonly useScale?: boolean;
  /** `dot` for products of queries and keys, `concat` for the sum of the tanh of their sums. */
  readonly scoreMode?: 'dot' | 'concat';
}

/**
 * Attention by products: of `[query, value]` or `[query, value, key]`, each `[batch, steps, features]`, the means of the
 * values weighted by `softmax(query · key)`. A mask of the values hides steps.
 *
 *     const y = new tf.keras.layers.Attention().apply([query, value]);
 */
export class Attention extends DenseAttention {
  static readonly className: string = 'Attention';
  readonly useScale: boolean;
  readonly scoreMode: 'dot' | 'concat';
  scale: Variable | null = null;
  concatScoreWeight: Variable | null = null;

  constructor(...rest: Rest<[useScale: boolean, scoreMode: 'dot' | 'concat'], AttentionOptions>) {
    const options = bind<AttentionOptions>(['useScale', 'scoreMode'], rest);
    super(options);
    this.useScale = options.useScale ?? false;
    this.scoreMode = options.scoreMode ?? 'dot';
    if (this.scoreMode !== 'dot' && this.scoreMode !== 'concat') {
      throw new ValueError(`Received: score_mode=${this.scoreMode}. Acceptable values are: ["dot", "concat"]`);
    }
  }

  override build(inputShape: ShapeNest): void {
    const scalar = (name: string) => this.addWeight(name, { shape: [], initializer: 'ones' });
    this.scale = this.useScale ? scalar('scale') : null;
    this.concatScoreWeight = this.scoreMode === 'concat' ? scalar('concat_score_weight') : null;
    super.build(inputShape);
  }

  protected scores(query: Tensor, key: Tensor): Tensor {
    if (!this.concatScoreWeight) {
      const products = matmul(query, key, { transposeB: true });
      return this.scale ? products.mul(this.scale) : products;
    }
    const sums = expandDims(query, -2).add(expandDims(key, -3));
    return reduceSum(tanh(this.scale ? sums.mul(this.scale) : sums), -1).mul(this.concatScoreWeight);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), useScale: this.useScale, scoreMode: this.scoreMode };
  }
}

export interface AdditiveAttentionOptions extends DenseAttentionOptions {
  /** Whether the features are weighted by weights that are trained. */
  readonly useScale?: boolean;
}

/**
 * Attention by sums: the scores are `sum(scale * tanh(query + key))`. Inputs as for `Attention`.
 *
 *     const y = new tf.keras.layers.AdditiveAttention().apply([query, value]);
 */
export class AdditiveAttention extends DenseAttention {
  static readonly className: string = 'AdditiveAttention';
  readonly useScale: boolean;
  scale: Variable | null = null;

  constructor(...rest: Rest<[useScale: boolean], AdditiveAttentionOptions>) {
    const options = bind<AdditiveAttentionOptions>(['useScale'], rest);
    super(options);
    this.useScale = options.useScale ?? true;
  }

  override build(inputShape: ShapeNest): void {
    const value = shapeList(inputShape)[1];
    this.scale = this.useScale
      ? this.addWeight('scale', { shape: [value[value.length - 1]], initializer: 'glorot_uniform' })
      : null;
    super.build(inputShape);
  }

  protected scores(query: Tensor, key: Tensor): Tensor {
    const bent = tanh(expandDims(query, -2).add(expandDims(key, -3)));
    return reduceSum(this.scale ? bent.mul(this.scale) : bent, -1);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), useScale: this.useScale };
  }
}
