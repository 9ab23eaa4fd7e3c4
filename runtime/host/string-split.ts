/** Host kernels that split texts into parts, join neighbours to n-grams, and compare sequences by edit distance. */
import { float32, int64, string } from '../../src/util/dtype.ts';
import { encodeString, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf, stridesOf } from '../../src/util/shape.ts';
import { indicesOf, integers, invalid } from './elements.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { isSpace, joinBytes, textArray, textsOf } from './texts.ts';

type Bytes = Uint8Array;

defineHostKernels({
  StringSplit: ([input, delimiter], op) => {
    const delimiters = new Set(textsOf(delimiter)[0]);
    const skipsEmpty = op.attr<boolean>('skip_empty');
    return rows(textsOf(input).map((bytes) => splitAtAny(bytes, delimiters, skipsEmpty)));
  },
  StringSplitV2: ([input, separator], op) => {
    const [by] = textsOf(separator);
    const limit = op.attr<number>('maxsplit');
    return rows(
      textsOf(input).map((bytes) => {
        if (limit === 0) return [bytes];
        return by.length === 0 ? splitAtSpace(bytes, limit) : splitAt(bytes, by, limit);
      }),
    );
  },
  StringNGrams: ([data, splits], op) => nGrams(data, splits, op),
  EditDistance: editDistance,
});

/** Lists of texts as a sparse matrix: indices, values, shape. */
function rows(lists: readonly (readonly Bytes[])[]): readonly NdArray[] {
  const values = lists.flat();
  const indices = new BigInt64Array(2 * values.length);
  let at = 0;
  let longest = 0;
  lists.forEach((list, row) => {
    longest = Math.max(longest, list.length);
    for (let i = 0; i < list.length; i++) {
      indices[at++] = BigInt(row);
      indices[at++] = BigInt(i);
    }
  });
  return [
    new NdArray(int64, [values.length, 2], indices),
    textArray([values.length], values),
    integers(int64, [2], [lists.length, longest]),
  ];
}

/** At each byte that is a delimiter; without delimiters into bytes. An empty text has no parts. */
function splitAtAny(bytes: Bytes, delimiters: ReadonlySet<number>, skipsEmpty: boolean): Bytes[] {
  if (delimiters.size === 0) return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  if (bytes.length === 0) return [];
  const parts: Bytes[] = [];
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && !delimiters.has(bytes[i])) continue;
    if (i > start || !skipsEmpty) parts.push(bytes.subarray(start, i));
    start = i + 1;
  }
  return parts;
}

/** The rest after the last split that is allowed stays whole, empty or not. */
function splitAtSpace(bytes: Bytes, limit: number): Bytes[] {
  const parts: Bytes[] = [];
  let at = 0;
  const skip = (spaces: boolean) => {
    while (at < bytes.length && isSpace(bytes[at]) === spaces) at++;
  };
  skip(true);
  while (at < bytes.length) {
    const start = at;
    skip(false);
    parts.push(bytes.subarray(start, at));
    skip(true);
    if (limit > 0 && parts.length === limit) {
      parts.push(bytes.subarray(at));
      break;
    }
  }
  return parts;
}

function splitAt(bytes: Bytes, separator: Bytes, limit: number): Bytes[] {
  const parts: Bytes[] = [];
  let start = 0;
  for (let i = 0; i + separator.length <= bytes.length; ) {
    if (!separator.every((byte, k) => bytes[i + k] === byte)) {
      i++;
      continue;
    }
    parts.push(bytes.subarray(start, i));
    i += separator.length;
    start = i;
    if (limit > 0 && parts.length === limit) break;
  }
  parts.push(bytes.subarray(start));
  return parts;
}

function nGrams(data: NdArray, splits: NdArray, op: HostOp): readonly NdArray[] {
  const texts = textsOf(data);
  const ends = indicesOf(splits);
  checkSplits(ends, texts.length);
  const widths = op.attr<readonly number[]>('ngram_widths');
  const padWidth = op.attr<number>('pad_width');
  const keepsShort = op.attr<boolean>('preserve_short_sequences');
  const separator = encodeString(op.attr<string>('separator'));
  const [left, right] = [encodeString(op.attr<string>('left_pad')), encodeString(op.attr<string>('right_pad'))];
  const padded = (row: readonly Bytes[], pad: number) => [
    ...Array.from({ length: pad }, () => left),
    ...row,
    ...Array.from({ length: pad }, () => right),
  ];
  const found: Bytes[] = [];
  const foundEnds = [0];
  for (let i = 1; i < ends.length; i++) {
    const row = texts.slice(ends[i - 1], ends[i]);
    const before = found.length;
    for (const width of widths) {
      const sequence = padded(row, Math.min(padWidth < 0 ? width - 1 : padWidth, width - 1));
      for (let k = 0; k + width <= sequence.length; k++) {
        found.push(joinBytes(sequence.slice(k, k + width), separator));
      }
    }
    if (keepsShort && found.length === before && row.length > 0) {
      found.push(joinBytes(padded(row, Math.max(padWidth, 0)), separator));
    }
    foundEnds.push(found.length);
  }
  const counts = ends.length === 0 ? [] : foundEnds;
  return [textArray([found.length], found), integers(splits.dtype, [counts.length], counts)];
}

function checkSplits(ends: ArrayLike<number>, size: number): void {
  if (ends.length === 0) return;
  if (ends[0] !== 0) throw invalid(`First split value must be 0, got ${ends[0]}`);
  for (let i = 1; i < ends.length; i++) {
    if (ends[i] < ends[i - 1] || ends[i] > size) {
      throw invalid(`Invalid split value ${ends[i]}, must be in [${ends[i - 1]}, ${size}]`);
    }
  }
  const last = ends[ends.length - 1];
  if (last !== size) throw invalid(`Last split value must be data size. Expected ${size}, got ${last}`);
}

/** The sequences of a sparse tensor, the last axis, by the flat position of the others in `strides`. */
function sequences(indices: NdArray, values: NdArray, strides: readonly number[]): Map<number, unknown[]> {
  const rank = indices.shape[1];
  const at = indicesOf(indices);
  const keys =
    values.dtype === string ? textsOf(values).map((bytes) => bytes.join()) : Array.from(values.data as Float64Array);
  const found = new Map<number, unknown[]>();
  keys.forEach((key, i) => {
    let group = 0;
    for (let axis = 0; axis < rank - 1; axis++) group += at[i * rank + axis] * strides[axis];
    const list = found.get(group);
    if (list) list.push(key);
    else found.set(group, [key]);
  });
  return found;
}

function editDistance(inputs: readonly NdArray[], op: HostOp): readonly NdArray[] {
  const [hypIndices, hypValues, hypShape, truthIndices, truthValues, truthShape] = inputs;
  const [h, t] = [indicesOf(hypShape), indicesOf(truthShape)];
  if (h.length !== t.length) {
    throw invalid(
      `Expected truth and hypothesis to have matching ranks, but their shapes are: [${t.length}] and [${h.length}]`,
    );
  }
  const shape = Array.from(h).slice(0, -1);
  shape.forEach((d, axis) => {
    shape[axis] = Math.max(d, t[axis]);
  });
  const strides = stridesOf(shape);
  const hypotheses = sequences(hypIndices, hypValues, strides);
  const truths = sequences(truthIndices, truthValues, strides);
  const out = new Float32Array(sizeOf(shape));
  const isNormalized = op.attr<boolean>('normalize');
  for (const group of new Set([...hypotheses.keys(), ...truths.keys()])) {
    const [hypothesis, truth] = [hypotheses.get(group) ?? [], truths.get(group) ?? []];
    const distance = levenshtein(truth, hypothesis);
    out[group] = isNormalized ? distance / truth.length : distance;
  }
  return [new NdArray(float32, shape, out)];
}

function levenshtein(a: readonly unknown[], b: readonly unknown[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  a.forEach((x, i) => {
    const next = [i + 1];
    b.forEach((y, k) => {
      next.push(Math.min(row[k] + (x === y ? 0 : 1), row[k + 1] + 1, next[k] + 1));
    });
    row = next;
  });
  return row[b.length];
}
