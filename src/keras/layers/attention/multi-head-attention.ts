/** Attention in several heads. Its projections are `EinsumDense` layers; attention without them is `attention.ts`'s. */
import { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { greaterEqual, logicalAnd } from '../../../ops/comparison.ts';
import { einsum } from '../../../ops/einsum.ts';
import { convertToTensor } from '../../../ops/emit.ts';
import { range } from '../../../ops/filling.ts';
import { expandDims, shape as shapeIn } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { bool } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import * as constraints from '../../constraints.ts';
import { openCall } from '../../engine/call-context.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import { flat, type LayerShape, type MaskNest, type ShapeNest, shapeList, type TensorNest } from '../../engine/nest.ts';
import { completeHistory } from '../../engine/op-history.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import { Softmax } from '../activation/advanced-activations.ts';
import { EinsumDense } from '../core/einsum-dense.ts';
import type { KernelOptions } from '../identifiers.ts';
import { Dropout } from '../regularization/dropout.ts';

export interface MultiHeadAttentionCallOptions extends CallOptions {
  /** `[batch, queries, values]`: where it is false, a query does not see a value. */
  readonly attentionMask?: TensorLike | null;
  /** Whether the call gives the weights of the values too: `[result, weights]`. */
  readonly returnAttentionScores?: boolean;
  /** Whether a query sees no values behind its own place. */
  readonly useCausalMask?: boolean;
}

export interface MultiHeadAttentionOptions extends LayerOptions, Omit<KernelOptions, 'activation'> {
  readonly numHeads?: number;
  /** The features of a head's queries and keys. */
  readonly keyDim?: number;
  /** The features of a head's values; `keyDim` without it. */
  readonly valueDim?: number | null;
  /** The fraction of the weights that is dropped in training. */
  readonly dropout?: number;
  /** The features of the result; those of the queries without it. */
  readonly outputShape?: number | readonly number[] | null;
  /** The axes that are attended over; all between batch and features without it. */
  readonly attentionAxes?: number | readonly number[] | null;
  /** The seed of the dropout. */
  readonly seed?: number | null;
}

/**
 * Attention in several heads: of `[query, value]` or `[query, value, key]`, each `[batch, …, features]`. Queries, keys and
 * values are projected once per head; the means of the values weighted by `softmax(query · key / sqrt(keyDim))` are
 * projected back. Masks of the inputs and `attentionMask` hide values. Throws `ValueError` for other inputs.
 *
 *     const layer = new tf.keras.layers.MultiHeadAttention(2, 16);
 *     const [y, weights] = layer.apply([query, value], {useCausalMask: true, returnAttentionScores: true});
 */
export class MultiHeadAttention extends Layer<TensorNest> {
  static readonly className: string = 'MultiHeadAttention';
  readonly numHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly dropout: number;
  readonly useBias: boolean;
  readonly projectedShape: number | readonly number[] | null;
  readonly seed: number | null;
  /** Null before the layer is built, unless it was given. */
  attentionAxes: readonly number[] | null;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  // In the order of the weights.
  queryDense: EinsumDense | null = null;
  keyDense: EinsumDense | null = null;
  valueDense: EinsumDense | null = null;
  outputDense: EinsumDense | null = null;
  softmaxLayer: Softmax | null = null;
  dropoutLayer: Dropout | null = null;

  constructor(
    ...rest: Rest<
      [numHeads: number, keyDim: number, valueDim: number | null, dropout: number, useBias: boolean],
      MultiHeadAttentionOptions
    >
  ) {
    const options = bind<MultiHeadAttentionOptions>(['numHeads', 'keyDim', 'valueDim', 'dropout', 'useBias'], rest);
    super(options);
    const { numHeads, keyDim, attentionAxes = null } = options;
    for (const [name, value] of Object.entries({ num_heads: numHeads, key_dim: keyDim })) {
      if (typeof value === 'number' && value > 0) continue;
      throw new ValueError(
        `Received an invalid value for \`${name}\`, expected a positive integer. Received: ${name}=${value}`,
      );
    }
    this.numHeads = numHeads as number;
    this.keyDim = keyDim as number;
    this.valueDim = options.valueDim || this.keyDim;
    this.dropout = options.dropout ?? 0;
    this.useBias = options.useBias ?? true;
    this.projectedShape = options.outputShape ?? null;
    this.attentionAxes = attentionAxes === null ? null : [...flat(attentionAxes)];
    this.seed = options.seed ?? null;
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.supportsMasking = true;
  }

  /** Calls the layer; with `returnAttentionScores` the weights come too. */
  override apply(
    inputs: readonly TensorLike[],
    options: MultiHeadAttentionCallOptions & { readonly returnAttentionScores: true },
  ): readonly [result: Tensor, weights: Tensor];
  override apply(inputs: readonly TensorLike[], options?: MultiHeadAttentionCallOptions): Tensor;
  override apply(inputs: readonly TensorLike[], options: MultiHeadAttentionCallOptions = {}): TensorNest {
    checkInputs(inputs);
    const { attentionMask: seen, ...others } = options;
    // A mask that a model computes is an input like the others; the model's later calls then bring their own.
    const fromModel = seen instanceof Tensor && openCall() === null && completeHistory([seen]);
    if (!fromModel) return super.apply(inputs, options);
    const [query, value, key = value] = inputs as readonly TensorLike[];
    return super.apply([query, value, key, seen], others);
  }

  override build(inputShape: ShapeNest): void {
    const [query, value, key = value] = shapeList(inputShape);
    const heads = (name: string, from: LayerShape, features: number) =>
      this.projection(name, from.length - 1, 1, [this.numHeads, features]);
    const axes = this.attentionAxes ?? value.slice(1, -1).map((_, i) => i + 1);
    this.attentionAxes = axes;
    this.queryDense = heads('query', query, this.keyDim);
    this.keyDense = heads('key', key, this.keyDim);
    this.valueDense = heads('value', value, this.valueDim);
    const { dtype } = this;
    // The scores have the attended axes twice, at their end.
    const last = value.length + axes.length;
    this.softmaxLayer = new Softmax({ axis: axes.map((_, i) => last - axes.length + i), dtype });
    this.dropoutLayer = new Dropout({ rate: this.dropout, seed: this.seed, dtype });
    this.outputDense = this.projection('attention_output', query.length - 1, 2, this.outputLengths(query));
    super.build(inputShape);
  }

  private outputLengths(query: LayerShape): LayerShape {
    return this.projectedShape === null ? [query[query.length - 1]] : flat(this.projectedShape);
  }

  /** A layer that turns the last axes, `bound` many, into others, behind `free` many. */
  private projection(name: string, free: number, bound: number, made: LayerShape): EinsumDense {
    const [kept, summed, given] = [letters(0, free), letters(free, bound), letters(free + bound, made.length)];
    return new EinsumDense(`${kept}${summed},${summed}${given}->${kept}${given}`, {
      name,
      outputShape: [...new Array<null>(free - 1).fill(null), ...made],
      biasAxes: this.useBias ? given : null,
      kernelInitializer: this.kernelInitializer,
      biasInitializer: this.biasInitializer,
      kernelRegularizer: this.kernelRegularizer,
      biasRegularizer: this.biasRegularizer,
      activityRegularizer: this.activityRegularizer,
      kernelConstraint: this.kernelConstraint,
      biasConstraint: this.biasConstraint,
      dtype: this.dtype,
    });
  }

  override call(inputs: TensorNest, options: MultiHeadAttentionCallOptions): TensorNest {
    const { training, mask = null, returnAttentionScores = false } = options;
    const [query, value, key = value, given] = inputs as readonly Tensor[];
    const seen = this.seen(query, value, given ?? options.attentionMask ?? null, mask, options.useCausalMask ?? false);
    // Masks are dealt with here; the layers inside are to pass none on.
    const inner = { training, mask: null };
    const project = (layer: EinsumDense | null, x: Tensor) => (layer as EinsumDense).apply(x, inner);
    const [q, k, v] = [project(this.queryDense, query), project(this.keyDense, key), project(this.valueDense, value)];
    const { product, combination } = equations(q.shape?.length ?? 4, this.attentionAxes as readonly number[]);
    const scores = einsum(product, k, q.mul(1 / Math.sqrt(this.keyDim)));
    const weights = (this.softmaxLayer as Softmax).apply(scores, {
      ...inner,
      mask: seen && this.aligned(seen, scores),
    });
    const kept = (this.dropoutLayer as Dropout).apply(weights, inner);
    const result = project(this.outputDense, einsum(combination, kept, v));
    return returnAttentionScores ? [result, weights] : result;
  }

  /** What queries may see of values, of all masks: `[batch, queries, values]`, true where they may. */
  private seen(
    query: Tensor,
    value: Tensor,
    given: TensorLike | null,
    mask: MaskNest,
    isCausal: boolean,
  ): Tensor | null {
    const [queryMask = null, valueMask = null, keyMask = null] = flat(
      mask as Tensor | null | readonly (Tensor | null)[],
    );
    const known = [
      queryMask && expandDims(asBool(queryMask), 2),
      valueMask && expandDims(asBool(valueMask), 1),
      keyMask && keyMask !== valueMask ? expandDims(asBool(keyMask), 1) : null,
      isCausal ? causal(query, value) : null,
    ].filter((item) => item !== null);
    if (given === null) return known.length === 0 ? null : known.reduce((a, b) => logicalAnd(a, b));
    return known.length === 0 ? convertToTensor(given) : known.reduce((a, b) => logicalAnd(a, b), asBool(given));
  }

  /** The mask with axes of 1 for the heads, and for those that are not attended over. */
  private aligned(seen: Tensor, scores: Tensor): Tensor {
    const missing = (scores.shape?.length ?? 0) - (seen.shape?.length ?? 0);
    const axis = -2 * (this.attentionAxes as readonly number[]).length - 1;
    let result = seen;
    for (let i = 0; i < missing; i++) result = expandDims(result, axis);
    return result;
  }

  override computeMask(_inputs: TensorNest, mask: MaskNest = null): MaskNest {
    return flat(mask as Tensor | null | readonly (Tensor | null)[])[0] ?? null;
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [query, value, key = value] = shapeList(inputShape);
    const middle = (shape: LayerShape) => shape.slice(1, -1);
    if (String(middle(value)) !== String(middle(key))) {
      throw new ValueError(
        `All dimensions of \`value\` and \`key\`, except the last one, must be equal. Received ${formatTuple(value)} and ${formatTuple(key)}`,
      );
    }
    return [...query.slice(0, -1), ...this.outputLengths(query)];
  }

  override getConfig(): Config {
    const shapes = this.buildShape ? shapeList(this.buildShape) : [];
    const [queryShape = null, valueShape = null, keyShape = valueShape] = shapes;
    return {
      ...super.getConfig(),
      numHeads: this.numHeads,
      keyDim: this.keyDim,
      valueDim: this.valueDim,
      dropout: this.dropout,
      useBias: this.useBias,
      outputShape: this.projectedShape,
      attentionAxes: this.attentionAxes,
      kernelInitializer: initializers.serialize(this.kernelInitializer),
      biasInitializer: initializers.serialize(this.biasInitializer),
      kernelRegularizer: regularizers.serialize(this.kernelRegularizer),
      biasRegularizer: regularizers.serialize(this.biasRegularizer),
      activityRegularizer: regularizers.serialize(this.activityRegularizer),
      kernelConstraint: constraints.serialize(this.kernelConstraint),
      biasConstraint: constraints.serialize(this.biasConstraint),
      queryShape,
      keyShape,
      valueShape,
    };
  }
}

function checkInputs(inputs: readonly TensorLike[]): void {
  const received = Array.isArray(inputs) ? `Received length: ${inputs.length}` : `Received: ${inputs}`;
  if (Array.isArray(inputs) && inputs.length > 1) return;
  throw new ValueError(
    `MultiHeadAttention layer must be called on a list of inputs, namely [query, value] or [query, value, key]. ${received}.`,
  );
}

/** So many letters of the alphabet, from a place on. */
function letters(from: number, count: number): string {
  return 'abcdefghijklmnopqrstuvwxyz'.slice(from, from + count);
}

/** The equations of products and means, for projections of this rank: `[batch, …, heads, features]`. */
function equations(rank: number, axes: readonly number[]): { readonly product: string; readonly combination: string } {
  const target = [...letters(0, rank)];
  const attended = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  // Values have letters of their own along the attended axes.
  const own = [...letters(rank, attended.length)];
  const places = [...attended].sort((a, b) => a - b);
  const source = target.map((letter, i) => (attended.includes(i) ? own[places.indexOf(i)] : letter));
  const batch = target.filter((_, i) => i < rank - 1 && !attended.includes(i));
  const scores = [...batch, ...attended.map((i) => target[i]), ...attended.map((i) => source[i])].join('');
  const [from, to] = [source.join(''), target.join('')];
  return { product: `${from},${to}->${scores}`, combination: `${scores},${from}->${to}` };
}

function asBool(mask: TensorLike): Tensor {
  const given = convertToTensor(mask);
  return given.dtype === bool ? given : cast(given, bool);
}

/** `[1, queries, values]`: true up to the query's own place. */
function causal(query: Tensor, value: Tensor): Tensor {
  const places = (x: Tensor) => range(0, { limit: shapeIn(x).slice(1) });
  return expandDims(greaterEqual(expandDims(places(query), 1), expandDims(places(value), 0)), 0);
}
