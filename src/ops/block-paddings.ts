/** The paddings that cutting space into blocks asks for. No op is defined here; cutting is in `spacing.ts`. */
import type { Tensor } from '../graph/graph.ts';
import { int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { formatShape, isFullyDefined } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { zeros } from './filling.ts';
import { vector } from './indices.ts';
import { stack } from './joining.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

export interface BlockPaddingOptions {
  /** The least paddings, int32 [n, 2]; none without it. */
  readonly basePaddings?: TensorLike | null;
  readonly name?: string | null;
}

/**
 * The paddings, int32 [n, 2], that make the sizes `inputShape` multiples of `blockShape`, both int32 [n]: what is added at
 * the end is as little as can be. Also the crops that undo them. Throws `ValueError` where the number of sizes is not known.
 *
 *     const [paddings, crops] = tf.requiredSpaceToBatchPaddings([5, 4], [2, 3]);  // [[0, 1], [0, 2]] twice
 */
export function requiredSpaceToBatchPaddings(
  inputShape: TensorLike,
  blockShape: TensorLike,
  ...rest: Rest<[basePaddings: TensorLike | null, name: string | null], BlockPaddingOptions>
): readonly [paddings: Tensor, crops: Tensor] {
  const { basePaddings = null, name } = bind<BlockPaddingOptions>(['basePaddings', 'name'], rest);
  return opScope(name, 'required_space_to_batch_paddings', [inputShape, blockShape, basePaddings], () => {
    const sizes = convertToTensor(inputShape, { dtype: int32, name: 'input_shape' });
    const blocks = convertToTensor(blockShape, { dtype: int32, name: 'block_shape' });
    if (!isFullyDefined(blocks.shape)) throw new ValueError(`Shape ${formatShape(blocks.shape)} is not fully defined`);
    if (blocks.shape.length !== 1) throw new ValueError(`Shape ${formatShape(blocks.shape)} must have rank 1`);
    const [count] = blocks.shape;
    if (count === 0) return [zeros([0, 2], int32), zeros([0, 2], int32)];
    const base =
      basePaddings === null
        ? zeros([count, 2], int32)
        : convertToTensor(basePaddings, { dtype: int32, name: 'base_paddings' });
    const column = (k: number) =>
      emitOne('StridedSlice', [base, vector(0, k), vector(0, k + 1), vector(1, 1)], {
        begin_mask: 1,
        end_mask: 1,
        shrink_axis_mask: 2,
      });
    const [start, end] = [column(0), column(1)];
    const whole = emitOne('AddV2', [emitOne('AddV2', [sizes, start]), end]);
    const over = emitOne('FloorMod', [whole, blocks]);
    const more = emitOne('FloorMod', [emitOne('Sub', [blocks, over]), blocks]);
    const paddings = stack([start, emitOne('AddV2', [end, more])], 1, { name: 'paddings' });
    const none = emitOne('ZerosLike', [more]);
    return [paddings, stack([none, more], 1, { name: 'crops' })];
  });
}
