/** Layers that turn numbers into categories, and categories into vectors of numbers. */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { greaterEqual, logicalAnd } from '../../../ops/comparison.ts';
import { constant } from '../../../ops/constants.ts';
import { Assert, withDependencies } from '../../../ops/control.ts';
import { reduceMax, reduceMin, reduceSum } from '../../../ops/reductions.ts';
import { oneHot } from '../../../ops/selection.ts';
import { expandDims, squeeze } from '../../../ops/shaping.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { floatx } from '../../config.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';

/** `one_hot`: a vector for each category; `multi_hot`: which categories an example has; `count`: how often. */
export type CategoryMode = 'one_hot' | 'multi_hot' | 'count';

export interface CategoryEncodingOptions extends LayerOptions {
  /** How many categories there are. */
  readonly numTokens?: number;
  /** `multi_hot` without it. */
  readonly outputMode?: CategoryMode;
  /** Not supported: only false. */
  readonly sparse?: boolean;
}

export interface CategoryEncodingCallOptions extends CallOptions {
  /** What each category counts, in mode `count`. */
  readonly countWeights?: Tensor | null;
}

const MODES: readonly CategoryMode[] = ['count', 'one_hot', 'multi_hot'];

function checkMode(mode: string, layer: string, modes: readonly string[]): void {
  if (modes.includes(mode)) return;
  throw new ValueError(
    `Unkown value for \`output_mode\` argument of layer ${layer}. Allowed values are: (${modes.map((item) => `'${item}'`).join(', ')}). Received: ${mode}`,
  );
}

/**
 * Categories as vectors of `numTokens` numbers. A run fails with `InvalidArgumentError` for categories out of range.
 *
 *     new tf.keras.layers.CategoryEncoding(4, 'one_hot')
 */
export class CategoryEncoding extends Layer {
  static readonly className: string = 'CategoryEncoding';
  readonly numTokens: number;
  readonly outputMode: CategoryMode;

  constructor(...rest: Rest<[numTokens: number, outputMode: CategoryMode], CategoryEncodingOptions>) {
    const options = bind<CategoryEncodingOptions>(['numTokens', 'outputMode'], rest);
    super({ ...options, dtype: options.dtype ?? floatx() });
    const { numTokens, outputMode = 'multi_hot', sparse = false } = options;
    checkMode(outputMode, 'CategoryEncoding', MODES);
    if (typeof numTokens !== 'number') {
      throw new ValueError(
        'num_tokens must be set to use this layer. If the number of tokens is not known beforehand, use the IntegerLookup layer instead.',
      );
    }
    if (numTokens < 1) throw new ValueError(`\`num_tokens\` must be >= 1. Received: num_tokens=${numTokens}.`);
    if (sparse) throw new ValueError('Sparse outputs are not supported.');
    this.numTokens = numTokens;
    this.outputMode = outputMode;
  }

  override call(inputs: Tensor, { countWeights = null }: CategoryEncodingCallOptions): Tensor {
    if (countWeights && this.outputMode !== 'count') {
      throw new ValueError(
        `\`count_weights\` is not used when \`output_mode\` is not \`'count'\`. Received \`count_weights=${countWeights}\`.`,
      );
    }
    const least = greaterEqual(reduceMin(inputs), constant(0, { dtype: inputs.dtype }));
    const most = constant(this.numTokens, { dtype: inputs.dtype }).greater(reduceMax(inputs));
    const message = `Input values must be in the range 0 <= values < num_tokens with num_tokens=${this.numTokens}`;
    const checked = withDependencies([Assert(logicalAnd(most, least), [message])], inputs);
    return encoded(checked, this.outputMode, this.numTokens, this.dtype.name, countWeights);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return encodedShape(singleShape(inputShape), this.outputMode, this.numTokens);
  }
  override getConfig(): Config {
    const { numTokens, outputMode } = this;
    return { ...super.getConfig(), numTokens, outputMode, sparse: false };
  }
}

function encodedShape(shape: LayerShape, mode: CategoryMode, depth: number): LayerShape {
  const single = shape.length === 0 || mode !== 'one_hot' || shape[shape.length - 1] === 1;
  return single ? [...shape.slice(0, -1), depth] : [...shape, depth];
}

function encoded(x: Tensor, mode: CategoryMode, depth: number, dtype: string, weights: Tensor | null): Tensor {
  const shape = x.shape ?? [];
  const places = shape.length === 0 ? expandDims(x, 0) : x;
  const rank = encodedShape(shape, mode, depth).length;
  if (rank > 2) {
    throw new ValueError(
      `When output_mode is not \`'int'\`, maximum supported output rank is 2. Received output_mode ${mode} and input shape (${shape.map((d) => d ?? 'None').join(', ')}), which would result in output rank ${rank}.`,
    );
  }
  const vectors = oneHot(places, depth, { dtype: dtype as 'float32' });
  if (mode === 'one_hot')
    return shape[shape.length - 1] === 1 ? squeeze(vectors, [-2]) : rank > 1 ? vectors : squeeze(vectors, [0]);
  if (mode === 'multi_hot') return reduceMax(vectors, -2);
  return reduceSum(weights ? vectors.mul(expandDims(cast(weights, vectors.dtype), -1)) : vectors, -2);
}

export interface DiscretizationOptions extends LayerOptions {
  /** Where bins end, in rising order. They must be given: finding them from data is not supported. */
  readonly binBoundaries?: readonly number[] | null;
  /** `int` (the number of the bin) without it. */
  readonly outputMode?: 'int' | CategoryMode;
}

/**
 * The number of the bin that each number falls in: how many boundaries are not above it. Throws `ValueError` without
 * boundaries.
 *
 *     new tf.keras.layers.Discretization([-0.5, 0, 0.5])
 */
export class Discretization extends Layer {
  static readonly className: string = 'Discretization';
  readonly binBoundaries: readonly number[];
  readonly outputMode: 'int' | CategoryMode;

  constructor(...rest: Rest<[binBoundaries: readonly number[] | null], DiscretizationOptions>) {
    const options = bind<DiscretizationOptions>(['binBoundaries'], rest);
    const { outputMode = 'int', binBoundaries } = options;
    const whole = outputMode === 'int';
    const given = options.dtype ?? null;
    // Float types were ignored for whole outputs, and still are.
    super({
      ...options,
      dtype: whole && (given === null || /float/.test(String(given))) ? 'int64' : (given ?? floatx()),
    });
    checkMode(outputMode, 'Discretization', ['int', 'one_hot', 'multi_hot', 'count']);
    if (!binBoundaries) throw new ValueError('`bin_boundaries` must be given to Discretization.');
    this.binBoundaries = [...binBoundaries];
    this.outputMode = outputMode;
  }

  override call(inputs: Tensor): Tensor {
    const x = inputs.dtype.isFloating ? inputs : cast(inputs, 'float32');
    const bounds = constant([...this.binBoundaries], { dtype: x.dtype });
    const bins = reduceSum(cast(greaterEqual(expandDims(x, -1), bounds), 'int32'), -1);
    if (this.outputMode === 'int') return cast(bins, this.dtype);
    return encoded(bins, this.outputMode, this.binBoundaries.length + 1, this.dtype.name, null);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const shape = singleShape(inputShape);
    return this.outputMode === 'int' ? shape : encodedShape(shape, this.outputMode, this.binBoundaries.length + 1);
  }
  override getConfig(): Config {
    const { binBoundaries, outputMode } = this;
    return { ...super.getConfig(), binBoundaries, numBins: null, epsilon: 0.01, outputMode, sparse: false };
  }
}
