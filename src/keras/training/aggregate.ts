/** What the batches of an epoch or a prediction amount to. */
import { allocate, NdArray, type NumericData } from '../../util/ndarray.ts';
import { sizeOf } from '../../util/shape.ts';

/** The loss is the mean over examples; metrics gather by themselves, so that the last value counts. */
export class Totals {
  private loss = 0;
  private size = 0;
  private last: number[] = [];

  /** @param size what the batch counts: its examples, or 1 where steps are counted */
  add(results: readonly NdArray[], size: number): number[] {
    const values = results.map((value) => Number(value.item()));
    this.loss += values[0] * size;
    this.size += size;
    this.last = values;
    return values;
  }
  get empty(): boolean {
    return this.size === 0;
  }
  /** The values of the epoch; none where there was no batch. */
  get values(): number[] {
    if (this.size === 0) return [];
    return [this.loss / this.size, ...this.last.slice(1)];
  }
}

/** Batches put together along axis 0. */
export function concatenateRows(batches: readonly NdArray[]): NdArray {
  if (batches.length === 1) return batches[0];
  const [first] = batches;
  const rows = batches.reduce((sum, { shape }) => sum + shape[0], 0);
  const shape = [rows, ...first.shape.slice(1)];
  const data = allocate(first.dtype, sizeOf(shape));
  let offset = 0;
  for (const batch of batches) {
    if (Array.isArray(data)) for (let i = 0; i < batch.data.length; i++) data[offset + i] = batch.data[i] as Uint8Array;
    // Both are storage of one type; the casts only quiet the union.
    else (data as Float32Array).set(batch.data as Float32Array, offset);
    offset += batch.data.length;
  }
  return new NdArray(first.dtype, shape, data as NumericData);
}
