/** Joining tensors one behind the other, and the product of two. What merging layers share is in `merge.ts`. */
import type { Tensor } from '../../../graph/graph.ts';
import { onesLike } from '../../../ops/filling.ts';
import { l2Normalize } from '../../../ops/normalization-functions.ts';
import { reduceAll } from '../../../ops/reductions.ts';
import { expandDims } from '../../../ops/shaping.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { bool } from '../../../util/dtype.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import { batchDot } from '../../backend/linear.ts';
import { formatTuple } from '../../backend/operands.ts';
import { concatenate as join } from '../../backend/shaping.ts';
import { buildingIn, inContext } from '../../binding.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import { isShapeList, type LayerShape, type MaskNest, type ShapeNest, type TensorNest } from '../../engine/nest.ts';
import type { Config } from '../../serialization.ts';
import { Merge } from './merge.ts';

const listed = (shapes: readonly LayerShape[]): string => `[${shapes.map(formatTuple).join(', ')}]`;
const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which the inputs are joined; the last without it. */
  readonly axis?: number;
}

/**
 * The inputs one behind the other along `axis`. Throws `ValueError` where the other axes differ.
 *
 *     const y = new tf.keras.layers.Concatenate({axis: 1}).apply([a, b]);
 */
export class Concatenate extends Merge {
  static readonly className: string = 'Concatenate';
  readonly axis: number;

  constructor(...rest: Rest<[axis: number], ConcatenateOptions>) {
    const options = bind<ConcatenateOptions>(['axis'], rest);
    super(options);
    this.axis = options.axis ?? -1;
  }

  protected override listOf(inputShape: ShapeNest): readonly LayerShape[] {
    if (isShapeList(inputShape)) return inputShape;
    throw new ValueError(
      `A \`Concatenate\` layer should be called on a list of at least 1 input. Received: input_shape=${formatTuple(inputShape)}`,
    );
  }

  protected override checkShapes(shapes: readonly LayerShape[]): void {
    const others = shapes.map((shape) => shape.filter((_, i) => i !== positive(this.axis, shape.length)));
    const [first] = others;
    const fits = first.every((_, i) => new Set(others.map((shape) => shape[i]).filter((d) => d !== null)).size <= 1);
    if (fits && others.every(({ length }) => length === first.length)) return;
    throw new ValueError(
      `A \`Concatenate\` layer requires inputs with matching shapes except for the concatenation axis. Received: input_shape=${listed(shapes)}`,
    );
  }

  override call(inputs: TensorNest): Tensor {
    return this.merge(inputs as readonly Tensor[]);
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return join(inputs, this.axis);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    if (!isShapeList(inputShape)) {
      throw new ValueError(
        `A \`Concatenate\` layer should be called on a list of inputs. Received: input_shape=${formatTuple(inputShape)}`,
      );
    }
    const axis = positive(this.axis, inputShape[0].length);
    const lengths = inputShape.map((shape) => shape[axis]);
    const known = lengths.every((length): length is number => length !== null);
    const result = [...inputShape[0]];
    result[axis] = known ? lengths.reduce((a, b) => a + b, 0) : null;
    return result;
  }

  override computeMask(inputs: TensorNest, mask: MaskNest = null): MaskNest {
    const masks = this.masksFor(inputs, mask);
    if (!masks) return null;
    const full = (inputs as readonly Tensor[]).map((input, i) => {
      const own = masks[i];
      // An input without a mask counts everywhere: one column of ones, as wide as the others.
      if (own === null) return reduceAll(onesLike(input, { dtype: bool }), -1, true);
      return (own.shape?.length ?? 0) < (input.shape?.length ?? 0) ? expandDims(own, -1) : own;
    });
    return reduceAll(join(full, this.axis), -1);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}

export interface DotOptions extends LayerOptions {
  /** The axis to sum over: of both inputs, or one of each. */
  readonly axes?: number | readonly [number, number];
  /** Whether the inputs are scaled to length 1 along the axes first: the result is the cosine of the angle. */
  readonly normalize?: boolean;
}

/**
 * The product of the examples of two inputs. Throws `ValueError` unless there are two inputs whose axes have one length.
 *
 *     const cosine = new tf.keras.layers.Dot(1, {normalize: true}).apply([a, b]);
 */
export class Dot extends Merge {
  static readonly className: string = 'Dot';
  readonly axes: number | readonly [number, number];
  readonly normalize: boolean;

  constructor(...rest: Rest<[axes: number | readonly [number, number], normalize: boolean], DotOptions>) {
    const options = bind<DotOptions>(['axes', 'normalize'], rest);
    super(options);
    const { axes } = options;
    if (typeof axes !== 'number') {
      if (!Array.isArray(axes)) {
        throw new TypeError(
          `Invalid type for argument \`axes\`: it should be a list or an int. Received: axes=${axes ?? 'None'}`,
        );
      }
      if (axes.length !== 2) {
        throw new ValueError(
          `Invalid format for argument \`axes\`: it should contain two elements. Received: axes=${formatTuple(axes)}`,
        );
      }
      if (!axes.every(Number.isInteger)) {
        throw new ValueError(
          `Invalid format for argument \`axes\`: list elements should be integers. Received: axes=${formatTuple(axes)}`,
        );
      }
    }
    this.axes = axes as number | readonly [number, number];
    this.normalize = options.normalize ?? false;
  }

  /** The two axes, counted from the front. */
  private axesFor(ranks: readonly [number, number]): [number, number] {
    const [a, b] = typeof this.axes === 'number' ? [this.axes, this.axes] : this.axes;
    return [positive(a, ranks[0]), positive(b, ranks[1])];
  }

  protected override listOf(inputShape: ShapeNest): readonly LayerShape[] {
    if (isShapeList(inputShape) && inputShape.length === 2) return inputShape;
    const received = isShapeList(inputShape) ? listed(inputShape) : formatTuple(inputShape);
    throw new ValueError(`A \`Dot\` layer should be called on a list of 2 inputs. Received: input_shape=${received}`);
  }

  protected override checkShapes([left, right]: readonly LayerShape[]): void {
    const [a, b] = this.axesFor([left.length, right.length]);
    if (left[a] === right[b]) return;
    throw new ValueError(
      `Incompatible input shapes: axis values ${left[a] ?? 'None'} (at axis ${a}) != ${right[b] ?? 'None'} (at axis ${b}). Full input shapes: ${formatTuple(left)}, ${formatTuple(right)}`,
    );
  }

  override call(inputs: TensorNest): Tensor {
    return this.merge(inputs as readonly Tensor[]);
  }
  protected override merge([x, y]: readonly Tensor[]): Tensor {
    const axes = this.axesFor([x.shape?.length ?? 0, y.shape?.length ?? 0]);
    if (!this.normalize) return batchDot(x, y, axes);
    return batchDot(l2Normalize(x, { axis: axes[0] }), l2Normalize(y, { axis: axes[1] }), axes);
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [left, right] = this.listOf(inputShape);
    const [a, b] = this.axesFor([left.length, right.length]);
    const result = [...left.filter((_, i) => i !== a), ...right.filter((_, i) => i !== b).slice(1)];
    return result.length === 1 ? [...result, 1] : result;
  }
  override computeMask(_inputs: TensorNest, _mask: MaskNest = null): MaskNest {
    return null;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axes: this.axes, normalize: this.normalize };
  }
}

/** The inputs one behind the other, as a layer `Concatenate`. `tf.keras.layers.concatenate([a, b], {axis: 1})` */
export const concatenate = inContext(
  (context) =>
    (inputs: readonly Tensor[], ...rest: Rest<[axis: number], ConcatenateOptions>): Tensor =>
      buildingIn(context, () => new Concatenate(...rest).apply(inputs)),
);

/** The product of the examples of two inputs, as a layer `Dot`. `tf.keras.layers.dot([a, b], 1)` */
export const dot = inContext(
  (context) =>
    (
      inputs: readonly Tensor[],
      ...rest: Rest<[axes: number | readonly [number, number], normalize: boolean], DotOptions>
    ): Tensor =>
      buildingIn(context, () => new Dot(...rest).apply(inputs)),
);
