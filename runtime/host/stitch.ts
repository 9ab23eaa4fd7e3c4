/** Host kernels that merge and sort slices, invert permutations, and find distinct values. */
import { int32 } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { copyRun, formatPosition, indicesOf, integers, invalid, offsetsOf, widthOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const stitch: HostKernel = (inputs) => {
  const count = inputs.length / 2;
  let length = 0;
  for (let i = 0; i < count; i++) {
    const [indices, data] = [inputs[i], inputs[count + i]];
    if (indices.shape.some((d, axis) => d !== data.shape[axis])) {
      throw invalid(`data[${i}].shape = [${data.shape}] does not start with indices[${i}].shape = [${indices.shape}]`);
    }
    const at = indicesOf(indices);
    for (let k = 0; k < at.length; k++) {
      if (at[k] < 0) throw invalid(`indices[${k}] is out of range`);
      length = Math.max(length, at[k] + 1);
    }
  }
  const first = inputs[count];
  const tail = first.shape.slice(inputs[0].rank);
  const run = sizeOf(tail) * widthOf(first.dtype);
  const merged = allocate(first.dtype, length * sizeOf(tail));
  for (let i = 0; i < count; i++) {
    const at = indicesOf(inputs[i]);
    for (let k = 0; k < at.length; k++) copyRun(inputs[count + i].data, k * run, merged, at[k] * run, run);
  }
  return [new NdArray(first.dtype, [length, ...tail], merged)];
};

const partition: HostKernel = ([data, partitions], op) => {
  const count = op.attr<number>('num_partitions');
  if (partitions.shape.some((d, axis) => d !== data.shape[axis])) {
    throw invalid(
      `data.shape must start with partitions.shape, got data.shape = [${data.shape}], partitions.shape = [${partitions.shape}]`,
    );
  }
  const part = indicesOf(partitions);
  const lengths = new Int32Array(count);
  for (let i = 0; i < part.length; i++) {
    if (!(part[i] >= 0 && part[i] < count)) {
      const where = partitions.rank === 0 ? '' : `[${formatPosition(partitions.shape, i)}]`;
      throw invalid(`partitions${where} = ${part[i]} is not in [0, ${count})`);
    }
    lengths[part[i]]++;
  }
  const tail = data.shape.slice(partitions.rank);
  const run = sizeOf(tail) * widthOf(data.dtype);
  const outputs = Array.from(lengths, (length) => allocate(data.dtype, length * sizeOf(tail)));
  const next = new Int32Array(count);
  for (let i = 0; i < part.length; i++) copyRun(data.data, i * run, outputs[part[i]], next[part[i]]++ * run, run);
  return outputs.map((output, i) => new NdArray(data.dtype, [lengths[i], ...tail], output));
};

/** A key that is equal for equal elements: zeros of both signs are equal, NaN equals nothing. */
function keyOf(array: NdArray, at: number): unknown {
  const { data, dtype } = array;
  if (Array.isArray(data)) return String.fromCharCode(...data[at]);
  if (dtype.isComplex) return `${Number(data[2 * at]) + 0},${Number(data[2 * at + 1]) + 0}`;
  const value = data[at];
  return Number.isNaN(value) ? {} : value;
}

/** The distinct slices along an axis (all elements where the array is a vector). */
function unique(x: NdArray, axis: number): { y: NdArray; idx: Int32Array; counts: number[] } {
  const length = x.shape[axis];
  const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
  const within = offsetsOf(x.shape, others);
  const step = sizeOf(x.shape.slice(axis + 1));
  const idx = new Int32Array(length);
  const found = new Map<unknown, number>();
  const firsts: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < length; i++) {
    const key =
      within.length === 1
        ? keyOf(x, i * step)
        : Array.from(within, (at) => `${String(keyOf(x, at + i * step))}`).join('\u0000');
    let at = found.get(key);
    if (at === undefined) {
      at = firsts.length;
      found.set(key, at);
      firsts.push(i);
      counts.push(0);
    }
    counts[at]++;
    idx[i] = at;
  }
  const shape = x.shape.map((d, i) => (i === axis ? firsts.length : d));
  const out = allocate(x.dtype, sizeOf(shape));
  const run = step * widthOf(x.dtype);
  const outer = sizeOf(x.shape.slice(0, axis));
  for (let o = 0; o < outer; o++) {
    firsts.forEach((i, k) => {
      copyRun(x.data, (o * length + i) * run, out, (o * firsts.length + k) * run, run);
    });
  }
  return { y: new NdArray(x.dtype, shape, out), idx, counts };
}

const uniqueKernel: HostKernel = ([x, axisInput], op) => {
  const given = axisInput && axisInput.size > 0 ? indicesOf(axisInput)[0] : 0;
  if ((!axisInput || axisInput.size === 0) && x.rank !== 1) throw invalid('unique expects a 1D vector.');
  const axis = given < 0 ? given + x.rank : given;
  if (axis < 0 || axis >= x.rank) throw invalid(`axis has to be between [0, ${x.rank})`);
  const { y, idx, counts } = unique(x, axis);
  const type = op.outputDType(1);
  const outputs = [y, integers(type, [idx.length], idx)];
  return op.type.startsWith('UniqueWithCounts') ? [...outputs, integers(type, [counts.length], counts)] : outputs;
};

defineHostKernels({
  DynamicStitch: stitch,
  ParallelDynamicStitch: stitch,
  DynamicPartition: partition,
  InvertPermutation: ([x]) => {
    const values = indicesOf(x);
    const inverse = new Int32Array(values.length).fill(-1);
    for (let i = 0; i < values.length; i++) {
      const at = values[i];
      if (!(at >= 0 && at < values.length)) throw invalid(`${at} is not between 0 and ${values.length}`);
      if (inverse[at] !== -1) throw invalid(`${at} is duplicated in the input.`);
      inverse[at] = i;
    }
    return [integers(x.dtype, x.shape, inverse)];
  },
  _PaddedUnique: ([x]) => {
    const { y, idx } = unique(x, 0);
    const most = 2 ** 31 - 1;
    const places = new Int32Array(x.size).fill(-1);
    const distinct = indicesOf(y);
    for (let i = 0; i < distinct.length; i++) places[i] = distinct[i] < 0 || distinct[i] > most ? most : distinct[i];
    return [new NdArray(int32, [x.size], places), integers(int32, [idx.length], idx)];
  },
  Unique: uniqueKernel,
  UniqueV2: uniqueKernel,
  UniqueWithCounts: uniqueKernel,
  UniqueWithCountsV2: uniqueKernel,
  ListDiff: ([x, y], op) => {
    const without = new Set(Array.from({ length: y.size }, (_, i) => keyOf(y, i)));
    const kept: number[] = [];
    for (let i = 0; i < x.size; i++) if (!without.has(keyOf(x, i))) kept.push(i);
    const width = widthOf(x.dtype);
    const out = allocate(x.dtype, kept.length);
    kept.forEach((from, to) => {
      copyRun(x.data, from * width, out, to * width, width);
    });
    return [new NdArray(x.dtype, [kept.length], out), integers(op.outputDType(1), [kept.length], kept)];
  },
});
