/**
 * Gathering at index vectors batch by batch: the indices get the coordinates of their batch in front. Without batches it
 * is the op `GatherNd` in `gather.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { cast } from './cast.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { fill, range } from './filling.ts';
import { asIndices, vector } from './indices.ts';
import { concat, stack, unstack } from './joining.ts';
import { reduceProd } from './reductions.ts';
import { rank, reshape, shape as shapeOf, transpose } from './shaping.ts';
import type { TensorLike } from './tensor-like.ts';
import { meshgrid, tile } from './tiling.ts';

/** As `gatherNd` with `batchDims` of at least 1. Throws `ValueError` where there are not as many axes. */
export function batchGatherNd(
  paramsLike: TensorLike,
  indicesLike: TensorLike,
  batchDims: number,
  name?: string | null,
): Tensor {
  return opScope(name, 'BatchGatherND', [paramsLike, indicesLike], () => {
    const indices = convertToTensor(asIndices(indicesLike), { name: 'indices' });
    const params = convertToTensor(paramsLike, { name: 'params' });
    if (batchDims < 0) throw new ValueError('tf.gather_nd does not allow negative batch_dims.');
    for (const [what, tensor] of [
      ['indices', indices],
      ['params', params],
    ] as const) {
      if (tensor.shape !== null && batchDims >= tensor.shape.length) {
        throw new ValueError(
          `Argument \`batch_dims\` = ${batchDims} must be less than rank(\`${what}\`) = ${tensor.shape.length}`,
        );
      }
    }
    const paramsShape = shapeOf(params);
    const indicesShape = shapeOf(indices);
    const batchShape = paramsShape.slice({ stop: batchDims });
    const batchSize = reduceProd(batchShape, [0]);
    const innerRank = rank(indices).sub(batchDims).sub(1);
    const innerShape = indicesShape.slice({ start: batchDims, stop: -1 });
    const axes = unstack(batchShape, batchDims).map((count) => cast(range(0, count, 1), indices.dtype));
    const grids = meshgrid(...axes, { indexing: 'ij' }).map((grid) => reshape(grid, vector(-1)));
    let grid = transpose(stack(grids));
    const gridShape = shapeOf(grid);
    const ones = fill(stack([innerRank]), convertToTensor(1, { dtype: int32 }));
    grid = reshape(grid, concat([gridShape.slice({ stop: 1 }), ones, gridShape.slice({ start: 1 })], 0));
    grid = tile(grid, concat([vector(1), innerShape, vector(1)], 0));
    const flatShape = concat([stack([batchSize]), indicesShape.slice({ start: batchDims })], 0);
    const places = concat([grid, reshape(indices, flatShape)], -1);
    const found = emitOne('GatherNd', [params, places]);
    return reshape(found, concat([batchShape, shapeOf(found).slice({ start: 1 })], 0));
  });
}
