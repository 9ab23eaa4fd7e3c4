/** Puts a tensor, or a part of one, together from the slices in which it is stored. Reading them is for the formats. */
import { allocate, NdArray } from '../../util/ndarray.ts';
import { sizeOf } from '../../util/shape.ts';
import { insufficientSlices, type StoredTensor } from './source.ts';
import { copyCommon, intersect, resolveSlice, shapeOfSlice, type TensorSlice } from './tensor-slice.ts';

/**
 * The values of `wanted`. Throws `InvalidArgumentError` where the stored slices do not cover it. Slices do not overlap.
 * `verify` throws where the files cannot hold the slices: it is called before memory is taken for the whole.
 */
export async function assemble(
  name: string,
  { dtype, shape }: StoredTensor,
  stored: readonly TensorSlice[],
  wanted: TensorSlice,
  read: (stored: TensorSlice) => Promise<NdArray>,
  verify: (stored: readonly TensorSlice[]) => Promise<void>,
): Promise<NdArray> {
  const target = resolveSlice(wanted, shape);
  const outShape = shapeOfSlice(wanted, shape);
  const size = sizeOf(outShape);
  const parts: { readonly stored: TensorSlice; readonly slice: TensorSlice; readonly common: TensorSlice }[] = [];
  let covered = 0;
  for (const candidate of stored) {
    const slice = resolveSlice(candidate, shape);
    const common = intersect(slice, target);
    if (common === null) continue;
    covered += sizeOf(common.map(({ length }) => length));
    parts.push({ stored: candidate, slice, common });
  }
  if (covered !== size) throw insufficientSlices(name, wanted);
  await verify(parts.map((part) => part.stored));
  if (parts.length === 1 && sizeOf(parts[0].slice.map(({ length }) => length)) === size) {
    const whole = await read(parts[0].stored);
    return new NdArray(dtype, outShape, whole.data);
  }
  const data = allocate(dtype, size);
  for (const { stored: key, slice, common } of parts) {
    const part = await read(key);
    copyCommon(common, { slice, data: part.data }, { slice: target, data }, dtype.isComplex ? 2 : 1);
  }
  return new NdArray(dtype, outShape, data);
}
