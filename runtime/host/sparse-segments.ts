/** Host kernels of reductions over segments of picked rows, and of their gradients. */
import { allocate, type NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { arithmeticOf, indicesOf, integers, invalid, rounded, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

type Kind = 'Sum' | 'Mean' | 'SqrtN';

/** What the sum of `count` rows is divided by. */
function divisor(kind: Kind, count: number): number {
  if (kind === 'Sum' || count === 0) return 1;
  return kind === 'Mean' ? count : Math.sqrt(count);
}

function checkOrder(ids: ArrayLike<number>): void {
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < (i === 0 ? 0 : ids[i - 1])) {
      throw invalid(i === 0 ? 'segment ids must be >= 0' : 'segment ids are not increasing');
    }
  }
}

function checkLengths(indices: NdArray, segmentIds: NdArray): void {
  if (indices.rank !== 1) throw invalid('indices should be a vector.');
  if (segmentIds.rank !== 1) throw invalid('segment_ids should be a vector.');
  if (indices.size !== segmentIds.size) throw invalid('segment_ids and indices should have same size.');
}

const forward =
  (kind: Kind): HostKernel =>
  ([data, indices, segmentIds, count]) => {
    checkLengths(indices, segmentIds);
    const [at, ids] = [indicesOf(indices), indicesOf(segmentIds)];
    checkOrder(ids);
    const given = count ? scalarOf(count) : null;
    if (given !== null && given < 0) throw invalid('Cannot specify a negative value for num_segments');
    const rows = given ?? (ids.length === 0 ? 0 : ids[ids.length - 1] + 1);
    const { dtype } = data;
    const tail = data.shape.slice(1);
    const run = sizeOf(tail);
    const source = data.data as NumericData;
    const { add } = arithmeticOf(dtype);
    const wide = dtype.isFloating ? new Float64Array(rows * run) : allocate(dtype, rows * run);
    const totals = wide as Float64Array;
    if (dtype.isBigInt) (totals as unknown as BigInt64Array).fill(0n);
    const counts = new Int32Array(Math.max(rows, 0));
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] >= rows) throw invalid('segment ids must be < num_segments');
      if (!(at[i] >= 0 && at[i] < data.shape[0])) {
        throw invalid(`Bad: indices[${i}] == ${at[i]} out of range [0, ${data.shape[0]})`);
      }
      counts[ids[i]]++;
      const [from, to] = [at[i] * run, ids[i] * run];
      for (let k = 0; k < run; k++) totals[to + k] = add(totals[to + k] as never, source[from + k] as never) as number;
    }
    if (kind !== 'Sum') {
      for (let k = 0; k < totals.length; k++) totals[k] /= divisor(kind, counts[Math.floor(k / run)]);
    }
    const out = allocate(dtype, totals.length) as Float64Array;
    out.set(totals);
    return [rounded(dtype, [rows, ...tail], out)];
  };

/** The gradient's rows, added at the places that `placeOf` gives for the indices. */
function backward(
  kind: Kind,
  [grad, indices, segmentIds]: readonly NdArray[],
  rows: number,
  placeOf: (index: number) => number,
): NdArray {
  const [at, ids] = [indicesOf(indices), indicesOf(segmentIds)];
  const [segments, ...tail] = grad.shape;
  const run = sizeOf(tail);
  const counts = new Int32Array(segments);
  for (let i = 0; i < ids.length; i++) {
    if (!(ids[i] >= 0 && ids[i] < segments)) throw invalid(`Segment id ${ids[i]} out of range [0, ${segments}).`);
    counts[ids[i]]++;
  }
  const totals = new Float64Array(rows * run);
  const source = grad.data as Float64Array;
  for (let i = 0; i < ids.length; i++) {
    const by = divisor(kind, counts[ids[i]]);
    const [from, to] = [ids[i] * run, placeOf(at[i]) * run];
    for (let k = 0; k < run; k++) totals[to + k] += source[from + k] / by;
  }
  const out = allocate(grad.dtype, totals.length) as Float64Array;
  out.set(totals);
  return rounded(grad.dtype, [rows, ...tail], out);
}

function checkIndices(indices: NdArray, limit: number): void {
  const at = indicesOf(indices);
  for (let i = 0; i < at.length; i++) {
    if (!(at[i] >= 0 && at[i] < limit)) throw invalid(`Index ${at[i]} out of range [0, ${limit}).`);
  }
}

const dense =
  (kind: Kind): HostKernel =>
  (inputs) => {
    const rows = scalarOf(inputs[3]);
    checkLengths(inputs[1], inputs[2]);
    checkIndices(inputs[1], rows);
    return [backward(kind, inputs, rows, (index) => index)];
  };

const sparse =
  (kind: Kind): HostKernel =>
  (inputs) => {
    const [, indices] = inputs;
    checkLengths(indices, inputs[2]);
    checkIndices(indices, scalarOf(inputs[3]));
    const places = Float64Array.from(new Set(Array.from(indicesOf(indices)))).sort();
    const placeOf = new Map(Array.from(places, (index, place) => [index, place]));
    const values = backward(kind, inputs, places.length, (index) => placeOf.get(index) as number);
    return [values, integers(indices.dtype, [places.length], places)];
  };

for (const kind of ['Sum', 'Mean', 'SqrtN'] as const) {
  defineHostKernels({
    [`SparseSegment${kind}`]: forward(kind),
    [`SparseSegment${kind}WithNumSegments`]: forward(kind),
    [`SparseSegment${kind}Grad`]: dense(kind),
    [`SparseSegment${kind}GradV2`]: sparse(kind),
  });
}
