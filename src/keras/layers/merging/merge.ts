/** The base of layers that join several tensors element by element: shapes, broadcasting and masks. */
import type { Tensor } from '../../../graph/graph.ts';
import { concat, stack } from '../../../ops/joining.ts';
import { reduceAll, reduceProd } from '../../../ops/reductions.ts';
import { expandDims, reshape, shape as shapeIn, transpose } from '../../../ops/shaping.ts';
import type { TensorLike } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import { formatTuple } from '../../backend/operands.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import {
  isShapeList,
  type LayerShape,
  type MaskNest,
  type ShapeNest,
  shapeList,
  type TensorNest,
} from '../../engine/nest.ts';

export abstract class Merge extends Layer {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }

  /** What the tensors, made broadcastable, become. */
  protected abstract merge(inputs: readonly Tensor[]): Tensor;

  /** Checks the shapes; merging layers have no weights. */
  override build(inputShape: ShapeNest): void {
    this.checkShapes(this.listOf(inputShape));
    super.build(inputShape);
  }

  protected listOf(inputShape: ShapeNest): readonly LayerShape[] {
    if (isShapeList(inputShape)) return inputShape;
    throw new ValueError(
      `A merge layer should be called on a list of inputs. Received: input_shape=${formatTuple(inputShape)} (not a list of shapes)`,
    );
  }

  protected checkShapes(shapes: readonly LayerShape[]): void {
    const batches = new Set(shapes.map((shape) => shape[0] ?? null));
    batches.delete(null);
    if (batches.size > 1) {
      throw new ValueError(
        `Cannot merge tensors with different batch sizes. Got tensors with shapes [${shapes.map(formatTuple).join(', ')}]`,
      );
    }
    shapes.map((shape): LayerShape => shape.slice(1)).reduce(broadcastShape);
  }

  override call(inputs: TensorNest): Tensor {
    if (!Array.isArray(inputs)) {
      throw new ValueError(
        `A merge layer should be called on a list of inputs. Received: inputs=${inputs} (not a list of tensors)`,
      );
    }
    const list = inputs as readonly Tensor[];
    const ranks = list.map((x) => x.shape?.length ?? null);
    if (ranks.every((rank): rank is number => rank !== null)) {
      const most = Math.max(...ranks);
      return this.merge(list.map((x, i) => widened(x, most - ranks[i])));
    }
    return batchFirst(this.merge(list.map(batchLast)));
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const shapes = shapeList(inputShape);
    const rest = shapes.map((shape): LayerShape => shape.slice(1)).reduce(broadcastShape);
    const batches = new Set(shapes.map((shape) => shape[0]).filter((size) => size !== null));
    return [batches.size === 1 ? [...batches][0] : null, ...rest];
  }

  /** A step counts where it counts in every input. */
  override computeMask(inputs: TensorNest, mask: MaskNest = null): MaskNest {
    const masks = this.masksFor(inputs, mask)?.filter((item) => item !== null);
    if (!masks) return null;
    return reduceAll(
      concat(
        masks.map((item) => expandDims(item, 0)),
        0,
      ),
      0,
    );
  }

  /** The masks as a list; null where there are none. Throws `ValueError` where they do not fit the inputs. */
  protected masksFor(inputs: TensorNest, mask: MaskNest): readonly (Tensor | null)[] | null {
    if (mask === null) return null;
    if (!Array.isArray(mask)) throw new ValueError(`\`mask\` should be a list. Received: mask=${mask}`);
    if (!Array.isArray(inputs)) throw new ValueError(`\`inputs\` should be a list. Received: inputs=${inputs}`);
    if (mask.length !== inputs.length) {
      throw new ValueError(
        `The lists \`inputs\` and \`mask\` should have the same length. Received: inputs=${inputs} of length ${inputs.length}, and mask=${mask} of length ${mask.length}`,
      );
    }
    return mask.some((item) => item !== null) ? mask : null;
  }
}

/** The shape of an element-wise op on both; the longer one's front axes are kept. */
function broadcastShape(a: LayerShape, b: LayerShape): LayerShape {
  if (a.length < b.length) return broadcastShape(b, a);
  const front = a.length - b.length;
  const back = b.map((length, i) => {
    const other = a[front + i];
    if (other === null || length === null) return null;
    if (other !== 1 && length !== 1 && other !== length) {
      throw new ValueError(`Inputs have incompatible shapes. Received shapes ${formatTuple(a)} and ${formatTuple(b)}`);
    }
    return other === 1 ? length : other;
  });
  return [...a.slice(0, front), ...back];
}

/** So many axes of length 1 behind the batch. */
function widened(x: Tensor, count: number): Tensor {
  let result = x;
  for (let i = 0; i < count; i++) result = expandDims(result, 1);
  return result;
}

// Where a rank is unknown: the batch as the last axis lets the others be broadcast.

function batchLast(x: Tensor): Tensor {
  if (x.shape !== null) {
    const { length } = x.shape;
    return length > 1 ? transpose(x, [...Array.from({ length: length - 1 }, (_, i) => i + 1), 0]) : x;
  }
  const lengths = shapeIn(x);
  const batch = lengths.slice(0);
  const rest = lengths.slice({ start: 1 });
  const matrix = reshape(x, stack([batch, reduceProd(rest)]));
  return reshape(transpose(matrix, [1, 0]), concat([rest, expandDims(batch, 0)], 0));
}

function batchFirst(y: Tensor): Tensor {
  if (y.shape !== null) {
    const { length } = y.shape;
    return length > 1 ? transpose(y, [length - 1, ...Array.from({ length: length - 1 }, (_, i) => i)]) : y;
  }
  const lengths = shapeIn(y);
  const batch = lengths.slice(-1);
  const rest = lengths.slice({ stop: -1 });
  const matrix = reshape(y, [-1, batch] as TensorLike);
  return reshape(transpose(matrix, [1, 0]), concat([expandDims(batch, 0), rest], 0));
}
