/** Histograms over TensorFlow's default buckets as messages of type `HistogramProto`. Whose values they are is the callers' business. */
import { create } from '@bufbuild/protobuf';
import { encodeMessage } from '../../src/io/proto/codec.ts';
import { HistogramProtoSchema } from '../../src/io/proto/histogram_pb.ts';

/** Upper limits of the buckets: from 1e-12 each a tenth wider than the one before, the same below zero, zero itself. */
const LIMITS = makeLimits();

function makeLimits(): Float64Array {
  const above: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) above.push(limit);
  above.push(Number.MAX_VALUE);
  return Float64Array.from([...above.map((limit) => -limit).reverse(), 0, ...above]);
}

/** The first bucket whose limit is greater than the value. The last one's takes what is left. */
function bucketOf(value: number): number {
  let [low, high] = [0, LIMITS.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (LIMITS[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The histogram of finite values; runs of empty buckets become one. */
export function histogramMessage(values: ArrayLike<number | bigint>): Uint8Array {
  const counts = new Float64Array(LIMITS.length);
  let [min, max, sum, sumSquares] = [Number.MAX_VALUE, -Number.MAX_VALUE, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    counts[bucketOf(value)]++;
    if (min > value) min = value;
    if (max < value) max = value;
    sum += value;
    sumSquares += value * value;
  }
  const histogram = create(HistogramProtoSchema, { min, max, num: values.length, sum, sumSquares });
  for (let i = 0; i < counts.length; ) {
    const count = counts[i++];
    if (count === 0) while (i < counts.length && counts[i] === 0) i++;
    histogram.bucketLimit.push(LIMITS[i - 1]);
    histogram.bucket.push(count);
  }
  return encodeMessage(HistogramProtoSchema, histogram);
}
