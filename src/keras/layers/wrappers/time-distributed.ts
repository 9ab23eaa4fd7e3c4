/** A layer applied to each step of a sequence. */
import type { Tensor } from '../../../graph/graph.ts';
import { reduceAny } from '../../../ops/reductions.ts';
import { reshape, shape as shapeIn } from '../../../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import type { CallOptions, Layer } from '../../engine/layer.ts';
import {
  flat,
  isShapeList,
  type LayerShape,
  type MaskNest,
  type ShapeNest,
  shapeList,
  type TensorNest,
} from '../../engine/nest.ts';
import type { Serialized } from '../../serialization.ts';
import { Wrapper, type WrapperOptions } from './wrapper.ts';

/**
 * Applies a layer to every step: `[batch, time, …]` is taken as so many examples `[batch * time, …]`. A mask is handed on to
 * the layer, step by step. Throws `ValueError` for inputs of fewer than three axes.
 *
 *     const y = new tf.keras.layers.TimeDistributed(new tf.keras.layers.Dense(8)).apply(x);
 */
export class TimeDistributed extends Wrapper {
  static readonly className: string = 'TimeDistributed';

  constructor(...rest: Rest<[layer: Layer<TensorNest> | Serialized], WrapperOptions>) {
    // A layer is no plain object: it is never taken for the options.
    const options = bind<WrapperOptions>(['layer'], rest);
    super(options);
    this.supportsMasking = true;
  }

  override build(inputShape: ShapeNest): void {
    const shapes = shapeList(inputShape);
    if (shapes.some((shape) => shape.length < 3)) {
      throw new ValueError(
        `\`TimeDistributed\` Layer should be passed an \`input_shape \` with at least 3 dimensions, received: ${shapes.map(formatTuple).join(', ')}`,
      );
    }
    const specs = shapes.map((shape) => ({ shape: [null, null, ...shape.slice(2)] }));
    this.inputSpec = isShapeList(inputShape) ? specs : specs[0];
    super.build(withoutSteps(inputShape));
  }

  override call(inputs: TensorNest, { training, mask }: CallOptions): Tensor {
    const { batch, steps } = sizesOf(inputs);
    const inner = mapped(inputs, merged);
    const innerMask = mask ? mapped(mask as TensorNest, merged) : undefined;
    const outputs = this.layer.apply(inner, { training, ...(innerMask ? { mask: innerMask } : {}) });
    return mapped(outputs, (y) => parted(y, batch ?? -1, steps)) as Tensor;
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    const [batch, steps] = shapeList(inputShape)[0];
    const inner = this.layer.computeOutputShape(withoutSteps(inputShape));
    const whole = shapeList(inner).map((shape) => [batch, steps, ...shape.slice(1)]);
    return isShapeList(inner) ? whole : whole[0];
  }

  override computeMask(inputs: TensorNest, mask: MaskNest = null): MaskNest {
    const given = flat(mask as Tensor | null | readonly (Tensor | null)[])[0] ?? null;
    const innerMask = given && merged(given);
    const found = this.layer.computeMask(mapped(inputs, merged), innerMask);
    const made = flat(found as Tensor | null | readonly (Tensor | null)[])[0] ?? null;
    if (made) {
      const { batch, steps } = sizesOf(inputs);
      return parted(made, batch ?? -1, steps);
    }
    // A step counts where anything of it does.
    let result = given;
    for (let axis = 2; given && axis < (given.shape ?? []).length; axis++) result = reduceAny(result as Tensor, -1);
    return result;
  }
}

function mapped(nest: TensorNest, fn: (x: Tensor) => Tensor): TensorNest {
  return Array.isArray(nest) ? (nest as readonly Tensor[]).map(fn) : fn(nest as Tensor);
}

function withoutSteps(inputShape: ShapeNest): ShapeNest {
  const shapes = shapeList(inputShape).map((shape): LayerShape => [shape[0], ...shape.slice(2)]);
  return isShapeList(inputShape) ? shapes : shapes[0];
}

/** The lengths of the first two axes: of the batch as far as it is known, of the steps in the run otherwise. */
function sizesOf(inputs: TensorNest): { readonly batch: number | null; readonly steps: TensorLike } {
  const [first] = flat(inputs as Tensor | readonly Tensor[]);
  const [batch = null, steps = null] = first.shape ?? [];
  return { batch, steps: steps ?? shapeIn(first).slice(1) };
}

/** The lengths from an axis on, those in the run where they are not known. */
function lengthsFrom(x: Tensor, axis: number): TensorLike[] {
  const lengths = (x.shape ?? []).slice(axis);
  if (lengths.every((length) => length !== null)) return lengths as number[];
  const inRun = shapeIn(x);
  return lengths.map((length, i) => length ?? inRun.slice(axis + i));
}

/** Batch and steps as one axis. */
function merged(x: Tensor): Tensor {
  return reshape(x, [-1, ...lengthsFrom(x, 2)] as TensorLike);
}

/** The first axis as batch and steps. */
function parted(y: Tensor, batch: number, steps: TensorLike): Tensor {
  return reshape(y, [batch, steps, ...lengthsFrom(y, 1)] as TensorLike);
}
