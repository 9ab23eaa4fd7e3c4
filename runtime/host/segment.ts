/** Host kernels of segment reductions: of sorted segments, and of unsorted ones with a number of segments. */
import type { DType } from '../../src/util/dtype.ts';
import { allocate, type Data, type NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { arithmeticOf, brackets, formatPosition, indicesOf, invalid, rounded, scalarOf, widthOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

type Kind = 'Sum' | 'Mean' | 'Prod' | 'Min' | 'Max';

interface Fold {
  readonly start: number | bigint;
  step(a: never, b: never): number | bigint;
}

function foldOf(kind: Kind, dtype: DType): Fold {
  const { zero, one, lowest, highest, add, mul } = arithmeticOf(dtype);
  switch (kind) {
    case 'Prod':
      return { start: one, step: mul };
    case 'Min':
      return { start: highest, step: (a: number, b: number) => (b < a ? b : a) };
    case 'Max':
      return { start: lowest, step: (a: number, b: number) => (b > a ? b : a) };
    default:
      return { start: zero, step: add };
  }
}

/** Sums (or the like) of rows by segment, in double precision for floats; complex sums and products too. */
function accumulate(
  kind: Kind,
  data: NdArray,
  ids: ArrayLike<number>,
  segments: number,
  run: number,
): { totals: NumericData; counts: Int32Array } {
  const { dtype } = data;
  const width = widthOf(dtype);
  const entries = run * width;
  const length = segments * entries;
  const source = data.data as NumericData;
  const totals = (dtype.isBigInt ? allocate(dtype, length) : new Float64Array(length)) as NumericData;
  const counts = new Int32Array(segments);
  if (dtype.isComplex) {
    complexAccumulate(kind, source as Float64Array, ids, totals as Float64Array, counts, entries);
    return { totals, counts };
  }
  const { start, step } = foldOf(kind, dtype);
  (totals as Float64Array).fill(start as number);
  for (let i = 0; i < ids.length; i++) {
    const segment = ids[i];
    if (segment < 0) continue;
    counts[segment]++;
    for (let k = 0; k < entries; k++) {
      const to = segment * entries + k;
      totals[to] = step(totals[to] as never, source[i * entries + k] as never);
    }
  }
  return { totals, counts };
}

function complexAccumulate(
  kind: Kind,
  source: Float64Array,
  ids: ArrayLike<number>,
  totals: Float64Array,
  counts: Int32Array,
  entries: number,
): void {
  if (kind === 'Prod') for (let k = 0; k < totals.length; k += 2) totals[k] = 1;
  for (let i = 0; i < ids.length; i++) {
    const segment = ids[i];
    if (segment < 0) continue;
    counts[segment]++;
    for (let k = 0; k < entries; k += 2) {
      const to = segment * entries + k;
      const [re, im] = [source[i * entries + k], source[i * entries + k + 1]];
      if (kind === 'Prod') {
        [totals[to], totals[to + 1]] = [totals[to] * re - totals[to + 1] * im, totals[to] * im + totals[to + 1] * re];
      } else {
        totals[to] += re;
        totals[to + 1] += im;
      }
    }
  }
}

const sorted =
  (kind: Kind): HostKernel =>
  ([data, segmentIds]) => {
    if (segmentIds.rank !== 1) throw invalid('segment_ids should be a vector.');
    if (data.rank === 0 || data.shape[0] !== segmentIds.size) {
      throw invalid(`segment_ids should be the same size as dimension 0 of input.`);
    }
    const ids = indicesOf(segmentIds);
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] < (i === 0 ? 0 : ids[i - 1])) {
        if (i > 0) throw invalid('segment ids are not increasing');
        const last = ids[ids.length - 1];
        if (last < 0) throw invalid('segment ids must be >= 0');
        throw invalid(
          `Segment id ${ids[0]} out of range [0, ${last + 1}), possibly because 'segment_ids' input is not sorted.`,
        );
      }
    }
    const segments = ids.length === 0 ? 0 : ids[ids.length - 1] + 1;
    const tail = data.shape.slice(1);
    const { dtype } = data;
    const entries = sizeOf(tail) * widthOf(dtype);
    const { totals, counts } = accumulate(kind, data, ids, segments, sizeOf(tail));
    const { zero, one, div } = dtype.isComplex ? { zero: 0, one: 1, div: divide } : arithmeticOf(dtype);
    const empty = kind === 'Prod' ? one : zero;
    for (let segment = 0; segment < segments; segment++) {
      const count = dtype.isBigInt ? BigInt(counts[segment]) : counts[segment];
      for (let k = segment * entries; k < (segment + 1) * entries; k++) {
        if (counts[segment] === 0) totals[k] = dtype.isComplex && k % 2 === 1 ? 0 : empty;
        else if (kind === 'Mean') totals[k] = div(totals[k] as never, count as never);
      }
    }
    return [stored(dtype, [segments, ...tail], totals)];
  };

function divide(a: number, b: number): number {
  return a / b;
}

const unsorted =
  (kind: Kind): HostKernel =>
  ([data, segmentIds, count]) => {
    if (segmentIds.shape.some((d, axis) => d !== data.shape[axis])) {
      throw invalid(
        `data.shape = ${brackets(data.shape)} does not start with segment_ids.shape = ${brackets(segmentIds.shape)}`,
      );
    }
    const segments = scalarOf(count);
    if (segments < 0) throw invalid('Input num_segments must be non-negative but received a negative value.');
    const ids = indicesOf(segmentIds);
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] >= segments) {
        const where = segmentIds.rank === 0 ? '' : `[${formatPosition(segmentIds.shape, i)}]`;
        throw invalid(`segment_ids${where} = ${ids[i]} is out of range [0, ${segments})`);
      }
    }
    const tail = data.shape.slice(segmentIds.rank);
    const { dtype } = data;
    const { totals, counts } = accumulate(kind, data, ids, segments, sizeOf(tail));
    if (dtype.isFloating && (kind === 'Max' || kind === 'Min')) {
      // Without elements the extremum is the farthest finite number.
      const limit = kind === 'Max' ? dtype.min : dtype.max;
      const entries = sizeOf(tail);
      counts.forEach((n, segment) => {
        if (n === 0) (totals as Float64Array).fill(Number(limit), segment * entries, (segment + 1) * entries);
      });
    }
    return [stored(dtype, [segments, ...tail], totals)];
  };

function stored(dtype: DType, shape: readonly number[], totals: NumericData): NdArray {
  if (dtype.isBigInt) return rounded(dtype, shape, totals as Data);
  const out = allocate(dtype, sizeOf(shape));
  (out as Float32Array).set(totals as Float64Array);
  return rounded(dtype, shape, out);
}

defineHostKernels({
  SegmentSum: sorted('Sum'),
  SegmentMean: sorted('Mean'),
  SegmentProd: sorted('Prod'),
  SegmentMin: sorted('Min'),
  SegmentMax: sorted('Max'),
  UnsortedSegmentSum: unsorted('Sum'),
  UnsortedSegmentProd: unsorted('Prod'),
  UnsortedSegmentMin: unsorted('Min'),
  UnsortedSegmentMax: unsorted('Max'),
});
