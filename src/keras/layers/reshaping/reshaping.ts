/** Layers that give the same elements in another shape or order: flatten, reshape, permute, repeat. */
import type { Tensor } from '../../../graph/graph.ts';
import { expandDims, reshape, shape, transpose } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import { pythonTypeName } from '../../../util/python-names.ts';
import { formatTuple } from '../../backend/operands.ts';
import { repeat } from '../../backend/shaping.ts';
import { checkDataFormat, type ImageDataFormat } from '../../config.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';

const product = (lengths: readonly number[]): number => lengths.reduce((a, b) => a * b, 1);
const allKnown = (lengths: LayerShape): lengths is readonly number[] => lengths.every((length) => length !== null);

export interface FlattenOptions extends LayerOptions {
  /** With `channels_first`, the channels are moved behind the others first. */
  readonly dataFormat?: ImageDataFormat | null;
}

/**
 * All axes after the batch as one.
 *
 *     new tf.keras.layers.Flatten({inputShape: [28, 28]})
 */
export class Flatten extends Layer {
  static readonly className: string = 'Flatten';
  readonly dataFormat: ImageDataFormat;

  constructor(...rest: Rest<[dataFormat: ImageDataFormat | null], FlattenOptions>) {
    const options = bind<FlattenOptions>(['dataFormat'], rest);
    super(options);
    this.dataFormat = checkDataFormat(options.dataFormat);
    this.inputSpec = { minNdim: 1 };
  }

  override call(inputs: Tensor): Tensor {
    const x = this.channelsLast(inputs);
    if (x.shape?.length === 1) return expandDims(x, 1);
    const [batch, ...rest] = x.shape ?? [null, null];
    if (allKnown(rest)) return reshape(x, [-1, product(rest)]);
    if (batch !== null) return reshape(x, [batch, -1]);
    return reshape(x, [shape(x).slice(0), -1] as TensorLike);
  }

  private channelsLast(inputs: Tensor): Tensor {
    const rank = inputs.shape?.length ?? 0;
    if (this.dataFormat === 'channels_last' || rank <= 1) return inputs;
    return transpose(inputs, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [batch = 1, ...rest] = singleShape(inputShape);
    return [batch, allKnown(rest) ? product(rest) : null];
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dataFormat: this.dataFormat };
  }
}

export interface ReshapeOptions extends LayerOptions {
  /** The shape of one example; -1 for the length that is left. */
  readonly targetShape?: readonly number[];
}

/**
 * Examples in another shape. Throws `ValueError` where the number of elements differs.
 *
 *     new tf.keras.layers.Reshape([3, -1])
 */
export class Reshape extends Layer {
  static readonly className: string = 'Reshape';
  readonly targetShape: readonly number[];

  constructor(...rest: Rest<[targetShape: readonly number[]], ReshapeOptions>) {
    const options = bind<ReshapeOptions>(['targetShape'], rest);
    super(options);
    this.targetShape = [...(options.targetShape ?? [])];
  }

  override call(inputs: Tensor): Tensor {
    const result = reshape(inputs, [shape(inputs).slice(0), ...this.targetShape] as TensorLike);
    if (inputs.shape) result.setShape(this.computeOutputShape(inputs.shape));
    return result;
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [batch, ...rest] = singleShape(inputShape);
    if (!allKnown(rest)) return [batch, ...this.targetShape.map((length) => (length === -1 ? null : length))];
    return [batch, ...this.completed(rest)];
  }

  /** The target with its -1 replaced. */
  private completed(given: readonly number[]): readonly number[] {
    const target = this.targetShape;
    if (target.filter((length) => length < 0).length > 1) {
      throw new ValueError(
        `There must be at most one unknown dimension in output_shape. Received: output_shape=[${target.join(', ')}].`,
      );
    }
    const size = product(given);
    const known = product(target.filter((length) => length >= 0));
    const open = target.some((length) => length < 0);
    if (open ? known === 0 || size % known !== 0 : size !== known) {
      throw new ValueError(
        `total size of new array must be unchanged, input_shape = [${given.join(', ')}], output_shape = [${target.join(', ')}]`,
      );
    }
    return target.map((length) => (length < 0 ? size / known : length));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), targetShape: this.targetShape };
  }
}

export interface PermuteOptions extends LayerOptions {
  /** The axes of an example, counted from 1, in their new order. */
  readonly dims?: readonly number[];
}

/**
 * The axes of examples in another order. Throws `ValueError` unless each axis comes once.
 *
 *     new tf.keras.layers.Permute([2, 1])
 */
export class Permute extends Layer {
  static readonly className: string = 'Permute';
  readonly dims: readonly number[];

  constructor(...rest: Rest<[dims: readonly number[]], PermuteOptions>) {
    const options = bind<PermuteOptions>(['dims'], rest);
    super(options);
    this.dims = [...(options.dims ?? [])];
    if ([...this.dims].sort((a, b) => a - b).some((dim, i) => dim !== i + 1)) {
      throw new ValueError(
        `Invalid permutation argument \`dims\` for Permute Layer. The set of indices in \`dims\` must be consecutive and start from 1. Received dims=${formatTuple(this.dims)}`,
      );
    }
    this.inputSpec = { ndim: this.dims.length + 1 };
  }

  override call(inputs: Tensor): Tensor {
    return transpose(inputs, [0, ...this.dims]);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const given = singleShape(inputShape);
    return [given[0], ...this.dims.map((dim) => given[dim])];
  }
  override getConfig(): Config {
    return { ...super.getConfig(), dims: this.dims };
  }
}

export interface RepeatVectorOptions extends LayerOptions {
  readonly n?: number;
}

/**
 * Each vector `n` times: `[batch, features]` becomes `[batch, n, features]`.
 *
 *     new tf.keras.layers.RepeatVector(3)
 */
export class RepeatVector extends Layer {
  static readonly className: string = 'RepeatVector';
  readonly n: number;

  constructor(...rest: Rest<[n: number], RepeatVectorOptions>) {
    const options = bind<RepeatVectorOptions>(['n'], rest);
    super(options);
    const { n } = options;
    if (typeof n !== 'number' || !Number.isInteger(n)) {
      throw new TypeError(`Expected an integer value for \`n\`, got <class '${pythonTypeName(n)}'>.`);
    }
    this.n = n;
    this.inputSpec = { ndim: 2 };
  }

  override call(inputs: Tensor): Tensor {
    return repeat(inputs, this.n);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [batch, features] = singleShape(inputShape);
    return [batch, this.n, features];
  }
  override getConfig(): Config {
    return { ...super.getConfig(), n: this.n };
  }
}
