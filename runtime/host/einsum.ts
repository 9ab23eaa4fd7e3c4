/** Host kernel of `Einsum`: sums over the labels of an equation. Floats accumulate in double precision; integers wrap. */
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf, stridesOf } from '../../src/util/shape.ts';
import { arithmeticOf, brackets, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const ELLIPSIS = '...';

/** An operand with a label per axis; those of an ellipsis are numbered from the right: `.1` is the last. */
interface Operand {
  readonly array: NdArray;
  readonly labels: readonly string[];
}

function split(subscripts: string): readonly [head: string, tail: string, broadcasts: boolean] {
  const at = subscripts.indexOf(ELLIPSIS);
  return at < 0 ? [subscripts, '', false] : [subscripts.slice(0, at), subscripts.slice(at + 3), true];
}

function batchLabels(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `.${count - i}`);
}

function operandOf(array: NdArray, subscripts: string, input: number): Operand {
  const [head, tail, broadcasts] = split(subscripts);
  const least = head.length + tail.length;
  if (broadcasts ? array.rank < least : array.rank !== least) {
    const wanted = broadcasts ? `rank at least ${least}` : `rank ${least}`;
    throw invalid(`Expected input ${input} to have ${wanted} but got: ${array.rank}`);
  }
  return { array, labels: [...head, ...batchLabels(array.rank - least), ...tail] };
}

/** The length of each label. An ellipsis is broadcast; other lengths must agree. */
function lengthsOf(operands: readonly Operand[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { array, labels } of operands) {
    labels.forEach((label, axis) => {
      const [before, dim] = [lengths.get(label), array.shape[axis]];
      if (before === undefined || (label.startsWith('.') && before === 1)) lengths.set(label, dim);
      else if (before !== dim && !(label.startsWith('.') && dim === 1)) {
        if (label.startsWith('.')) {
          throw invalid(
            `Invalid broadcasting dimensions: ${operands.map((o) => brackets(o.array.shape)).join(' vs. ')}`,
          );
        }
        throw invalid(
          `Expected dimension ${before} at axis ${axis} of the input shaped ${brackets(array.shape)} but got dimension ${dim}`,
        );
      }
    });
  }
  return lengths;
}

/** The positions of all values of some labels, in an array whose axes have labels. */
function positions(
  labels: readonly string[],
  lengths: ReadonlyMap<string, number>,
  own: readonly string[],
  shape: KnownShape,
): Int32Array {
  const strides = stridesOf(shape);
  let offsets = new Int32Array(1);
  for (const label of labels) {
    // A label that stands twice runs along a diagonal; an axis of 1 is broadcast.
    const step = own.reduce((sum, l, axis) => (l === label && shape[axis] !== 1 ? sum + strides[axis] : sum), 0);
    const count = lengths.get(label) as number;
    const next = new Int32Array(offsets.length * count);
    let k = 0;
    for (const offset of offsets) for (let j = 0; j < count; j++) next[k++] = offset + j * step;
    offsets = next;
  }
  return offsets;
}

/** Where the operands of one sum lie: `outer` is a position per result, `inner` one per term, for each operand. */
interface Terms {
  readonly data: Data;
  readonly outer: Int32Array;
  readonly inner: Int32Array;
}

function sumReal(terms: readonly Terms[], places: Int32Array, out: NdArray): void {
  const { dtype } = out;
  const [a, b] = terms;
  const [x, y] = [a.data as Float64Array, b?.data as Float64Array | undefined];
  const target = out.data as Float64Array;
  if (dtype.isFloating) {
    for (let i = 0; i < places.length; i++) {
      let total = 0;
      for (let k = 0; k < a.inner.length; k++) {
        const left = x[a.outer[i] + a.inner[k]];
        total += y === undefined ? left : left * y[b.outer[i] + b.inner[k]];
      }
      target[places[i]] = total;
    }
    return;
  }
  const { zero, add, mul } = arithmeticOf(dtype);
  for (let i = 0; i < places.length; i++) {
    let total = zero;
    for (let k = 0; k < a.inner.length; k++) {
      const left = x[a.outer[i] + a.inner[k]] as never;
      const term = y === undefined ? left : mul(left, y[b.outer[i] + b.inner[k]] as never);
      total = add(total as never, term as never);
    }
    target[places[i]] = total as never;
  }
}

function sumComplex(terms: readonly Terms[], places: Int32Array, out: NdArray): void {
  const [a, b] = terms;
  const [x, y] = [a.data as Float64Array, b?.data as Float64Array | undefined];
  const target = out.data as Float64Array;
  for (let i = 0; i < places.length; i++) {
    let [re, im] = [0, 0];
    for (let k = 0; k < a.inner.length; k++) {
      const p = 2 * (a.outer[i] + a.inner[k]);
      const q = y === undefined ? 0 : 2 * (b.outer[i] + b.inner[k]);
      const [c, d] = y === undefined ? [1, 0] : [y[q], y[q + 1]];
      re += x[p] * c - x[p + 1] * d;
      im += x[p] * d + x[p + 1] * c;
    }
    [target[2 * places[i]], target[2 * places[i] + 1]] = [re, im];
  }
}

/** The sum of products of the operands over the labels that the output lacks. */
function contract(
  operands: readonly Operand[],
  output: readonly string[],
  lengths: ReadonlyMap<string, number>,
): NdArray {
  const { dtype } = operands[0].array;
  const shape = output.map((label) => lengths.get(label) as number);
  const kept = [...new Set(output)];
  const summed = [...new Set(operands.flatMap(({ labels }) => labels))].filter((label) => !kept.includes(label));
  const terms = operands.map(({ array, labels }) => ({
    data: array.data,
    outer: positions(kept, lengths, labels, array.shape),
    inner: positions(summed, lengths, labels, array.shape),
  }));
  const out = new NdArray(dtype, shape, allocate(dtype, sizeOf(shape)));
  const places = positions(kept, lengths, output, shape);
  (dtype.isComplex ? sumComplex : sumReal)(terms, places, out);
  return out;
}

const einsum: HostKernel = (inputs, op) => {
  const [left, output] = op.attr<string>('equation').split('->');
  const operands = left.split(',').map((subscripts, i) => operandOf(inputs[i], subscripts, i));
  const lengths = lengthsOf(operands);
  const rank = [...lengths.keys()].filter((label) => label.startsWith('.')).length;
  const [head, tail, broadcasts] = split(output);
  if (rank > 0 && !broadcasts) {
    throw invalid(
      `Output contains ${rank} broadcasting dimension(s) but no ellipsis (...) was found in the output subscripts.`,
    );
  }
  const wanted = [...head, ...batchLabels(rank), ...tail];
  // What only one operand has is summed first: the product then has fewer terms.
  const reduced = operands.map((operand, i) => {
    const others = new Set([...wanted, ...operands.flatMap(({ labels }, k) => (k === i ? [] : labels))]);
    if (operands.length === 1 || operand.labels.every((label) => others.has(label))) return operand;
    const labels = [...new Set(operand.labels)].filter((label) => others.has(label));
    const own = lengthsOf([operand]);
    return { array: contract([operand], labels, own), labels };
  });
  const { dtype, shape, data } = contract(reduced, wanted, lengths);
  return [rounded(dtype, shape, data)];
};

defineHostKernels({ Einsum: einsum });
