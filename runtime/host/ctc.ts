/**
 * Host kernels of connectionist temporal classification: the loss by forward and backward variables, the decoders. They
 * compute with logarithms.
 */
import { int64 } from '../../src/util/dtype.ts';
import { FailedPreconditionError, InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { BeamSearch, logSum } from './ctc-beam-search.ts';
import { brackets, invalid } from './elements.ts';
import { integers } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { checkOrder, rowsOf } from './sparse-rows.ts';

type Floats = Float32Array | Float64Array;

interface LossFlags {
  readonly collapse: boolean;
  readonly merge: boolean;
  readonly ignoreLonger: boolean;
}

/** The labels of a sequence with a blank before, between and after them; null where the sequence is to be passed over. */
function withBlanks(
  labels: readonly number[],
  batch: number,
  classes: number,
  length: number,
  flags: LossFlags,
): number[] | null {
  if (labels.length === 0) throw invalid(`Labels length is zero in batch ${batch}`);
  const kept: number[] = [];
  let ended = false;
  labels.forEach((label, i) => {
    if (flags.collapse && i > 0 && label === labels[i - 1]) return;
    if (label < 0) throw invalid(`All labels must be nonnegative integers, batch: ${batch} labels: ${labels}`);
    if (label >= classes - 1) {
      ended = true;
      return;
    }
    if (ended) {
      throw invalid(
        `Saw a non-null label (index >= num_classes - 1) following a null label, batch: ${batch} num_classes: ${classes} labels: ${labels} labels seen so far: ${kept}`,
      );
    }
    kept.push(label);
  });
  if (kept.length > length) {
    if (flags.ignoreLonger) return null;
    // TensorFlow runs the batch and its advice into one text.
    throw invalid(
      `Not enough time for target transition sequence (required: ${kept.length}, available: ${length})${batch}You can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs`,
    );
  }
  return [classes - 1, ...kept.flatMap((label) => [label, classes - 1])];
}

/** The places of the labels that a path can have reached at step t and still end in time. */
const reachable = (count: number, steps: number, t: number): readonly [from: number, to: number] => [
  Math.max(0, count - 2 * (steps - t)),
  Math.min(count, 2 * (t + 1)),
];

/** One sequence: probabilities [steps, classes] as logarithms, and the labels with blanks. */
interface Sequence {
  readonly steps: number;
  readonly classes: number;
  readonly log: Float64Array;
  readonly path: readonly number[];
  readonly merge: boolean;
}

/** How a path may go to a place from two places before it: past a blank, unless that has to keep equal labels apart. */
function skips({ path, classes, merge }: Sequence, place: number): boolean {
  return path[place] !== classes - 1 && !(merge && path[place] === path[place - 2]);
}

/** How a path may stay at a place. */
function stays({ path, classes, merge }: Sequence, place: number): boolean {
  return merge || path[place] === classes - 1;
}

function forwardVariables(sequence: Sequence): Float64Array {
  const { steps, classes, log, path } = sequence;
  const count = path.length;
  const alpha = new Float64Array(steps * count).fill(-Infinity);
  alpha[0] = log[path[0]];
  if (count > 1) alpha[1] = log[path[1]];
  for (let t = 1; t < steps; t++) {
    const before = (t - 1) * count;
    const [from, to] = reachable(count, steps, t);
    for (let u = from; u < to; u++) {
      let sum = stays(sequence, u) ? alpha[before + u] : -Infinity;
      if (u > 0) sum = logSum(sum, alpha[before + u - 1]);
      if (u > 1 && skips(sequence, u)) sum = logSum(sum, alpha[before + u - 2]);
      alpha[t * count + u] = log[t * classes + path[u]] + sum;
    }
  }
  return alpha;
}

function backwardVariables(sequence: Sequence): Float64Array {
  const { steps, classes, log, path } = sequence;
  const count = path.length;
  const beta = new Float64Array(steps * count).fill(-Infinity);
  beta.fill(0, steps * count - Math.min(2, count));
  for (let t = steps - 2; t >= 0; t--) {
    const after = (t + 1) * count;
    const [from, to] = reachable(count, steps, t);
    const value = (u: number) => beta[after + u] + log[(t + 1) * classes + path[u]];
    for (let u = from; u < to; u++) {
      let sum = stays(sequence, u) ? value(u) : -Infinity;
      if (u + 1 < count) sum = logSum(sum, value(u + 1));
      if (u + 2 < count && skips(sequence, u + 2)) sum = logSum(sum, value(u + 2));
      beta[t * count + u] = sum;
    }
  }
  return beta;
}

interface LossOperands {
  readonly inputs: NdArray;
  readonly indices: NdArray;
  readonly values: NdArray;
  readonly lengths: NdArray;
}

function checkLoss({ inputs, indices, values, lengths }: LossOperands): void {
  const fail = (message: string): never => {
    throw invalid(message);
  };
  if (inputs.rank !== 3) fail('inputs is not a 3-Tensor');
  if (indices.rank !== 2) fail('labels_indices is not a matrix');
  if (indices.shape[1] <= 1) fail(`labels_indices second dimension must be >= 1. Received ${indices.shape[1]}`);
  if (values.rank !== 1) fail('labels_values is not a vector');
  if (lengths.rank !== 1) fail('sequence_length is not a vector');
  const [time, batch] = inputs.shape;
  if (time === 0) fail('Max time or first dimension of input cannot be 0.');
  if (lengths.size !== batch) {
    fail(`len(sequence_length) != batch_size.  len(sequence_length):  ${lengths.size} batch_size: ${batch}`);
  }
  if (indices.shape[0] !== values.shape[0]) {
    fail(
      `labels_indices and labels_values must contain the same number of rows, but saw shapes: ${brackets(indices.shape)} vs. ${brackets(values.shape)}`,
    );
  }
}

/** The labels of each sequence. */
function labelsOf({ inputs, indices, values }: LossOperands): number[][] {
  const batch = inputs.shape[1];
  const rows = rowsOf(indices);
  try {
    let longest = 0;
    for (let i = 0; i < rows.count; i++) longest = Math.max(longest, rows.at[i * rows.rank + 1] + 1);
    checkOrder(rows, [batch, longest]);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw invalid(`label SparseTensor is not valid: ${error.detail}`);
  }
  const labels: number[][] = Array.from({ length: batch }, () => []);
  integers(values).forEach((label, i) => {
    labels[rows.at[i * rows.rank]].push(label);
  });
  return labels;
}

/** Softmax of the logits of one sequence: probabilities and their logarithms, [steps, classes]. */
function softmax(logits: Floats, batch: number, b: number, steps: number, classes: number) {
  const log = new Float64Array(steps * classes);
  for (let t = 0; t < steps; t++) {
    const at = (t * batch + b) * classes;
    let max = -Infinity;
    for (let k = 0; k < classes; k++) max = Math.max(max, logits[at + k]);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(logits[at + k] - max);
    for (let k = 0; k < classes; k++) log[t * classes + k] = logits[at + k] - max - Math.log(sum);
  }
  return log;
}

/** The loss and, at its places in `gradient`, how it changes with the logits: probabilities less those given the labels. */
function sequenceLoss(sequence: Sequence, write: (t: number, label: number, value: number) => void): number {
  const { steps, classes, log, path } = sequence;
  const count = path.length;
  const alpha = forwardVariables(sequence);
  const beta = backwardVariables(sequence);
  let total = -Infinity;
  for (let u = 0; u < count; u++) total = logSum(total, alpha[u] + beta[u]);
  const sums = new Float64Array(classes);
  for (let t = 0; t < steps; t++) {
    sums.fill(-Infinity);
    for (let u = 0; u < count; u++) {
      sums[path[u]] = logSum(sums[path[u]], alpha[t * count + u] + beta[t * count + u]);
    }
    for (let label = 0; label < classes; label++) {
      const given = total === -Infinity ? 0 : Math.exp(sums[label] - total);
      write(t, label, Math.exp(log[t * classes + label]) - given);
    }
  }
  return -total;
}

function ctcLoss([inputs, indices, values, lengths]: readonly NdArray[], op: HostOp): NdArray[] {
  const operands = { inputs, indices, values, lengths };
  checkLoss(operands);
  const [time, batch, classes] = inputs.shape;
  const steps = integers(lengths);
  const late = steps.findIndex((length) => length > time);
  const labels = labelsOf(operands);
  if (late >= 0) throw invalid(`sequence_length(${late}) <= ${time}`);
  const flags: LossFlags = {
    collapse: op.attr('preprocess_collapse_repeated'),
    merge: op.attr('ctc_merge_repeated'),
    ignoreLonger: op.attr('ignore_longer_outputs_than_inputs'),
  };
  // The blank of the second version is the first class: classes are counted from it.
  const first = op.type === 'CTCLossV2' ? 1 : 0;
  const loss = allocate(inputs.dtype, batch) as Floats;
  const gradient = allocate(inputs.dtype, inputs.size) as Floats;
  const logits = inputs.data as Floats;
  const paths = labels.map((list, b) =>
    withBlanks(
      list.map((label) => (label === 0 && first === 1 ? classes - 1 : label - first)),
      b,
      classes,
      steps[b],
      flags,
    ),
  );
  for (let b = 0; b < batch; b++) {
    const path = paths[b];
    if (path === null || steps[b] === 0) continue;
    const own = (label: number) => (label + first) % classes;
    const plain = softmax(logits, batch, b, steps[b], classes);
    const log = first === 0 ? plain : plain.map((_, i) => plain[i - (i % classes) + own(i % classes)]);
    const sequence = { steps: steps[b], classes, log, path, merge: flags.merge };
    loss[b] = sequenceLoss(sequence, (t, label, value) => {
      gradient[(t * batch + b) * classes + own(label)] = value;
    });
  }
  return [new NdArray(inputs.dtype, [batch], loss), new NdArray(inputs.dtype, inputs.shape, gradient)];
}

// Decoders

function checkDecoder(inputs: NdArray, lengths: NdArray): number[] {
  if (inputs.rank !== 3) throw invalid('inputs is not a 3-Tensor');
  if (lengths.rank !== 1) throw invalid('sequence_length is not a vector');
  const [time, batch] = inputs.shape;
  if (lengths.size !== batch) {
    throw new FailedPreconditionError(
      null,
      `len(sequence_length) != batch_size.  len(sequence_length):  ${lengths.size} batch_size: ${batch}`,
    );
  }
  const steps = integers(lengths);
  const late = steps.findIndex((length) => length > time);
  if (late >= 0) throw new FailedPreconditionError(null, `sequence_length(${late}) <= ${time}`);
  return steps;
}

/** Sequences of labels as a sparse matrix: indices, values, shape. */
function sparse(sequences: readonly (readonly number[])[]): [NdArray, NdArray, NdArray] {
  const indices: bigint[] = [];
  const values: bigint[] = [];
  let longest = 0;
  sequences.forEach((sequence, b) => {
    longest = Math.max(longest, sequence.length);
    sequence.forEach((label, k) => {
      indices.push(BigInt(b), BigInt(k));
      values.push(BigInt(label));
    });
  });
  return [
    new NdArray(int64, [values.length, 2], BigInt64Array.from(indices)),
    new NdArray(int64, [values.length], BigInt64Array.from(values)),
    new NdArray(int64, [2], BigInt64Array.of(BigInt(sequences.length), BigInt(longest))),
  ];
}

function greedy([inputs, lengths]: readonly NdArray[], op: HostOp): NdArray[] {
  const steps = checkDecoder(inputs, lengths);
  const [, batch, classes] = inputs.shape;
  const asked = Number(op.attr<number | bigint>('blank_index'));
  if (asked < -classes || asked >= classes) {
    throw invalid(`blank_index expected to be between ${-classes} and ${classes - 1} but was ${asked}`);
  }
  const blank = asked < 0 ? asked + classes : asked;
  const merge = op.attr<boolean>('merge_repeated');
  const logits = inputs.data as Floats;
  const sums = allocate(inputs.dtype, batch) as Floats;
  const decoded = steps.map((count, b) => {
    const labels: number[] = [];
    let before = -1;
    for (let t = 0; t < count; t++) {
      const at = (t * batch + b) * classes;
      let best = 0;
      for (let k = 1; k < classes; k++) if (logits[at + k] > logits[at + best]) best = k;
      sums[b] -= logits[at + best];
      if (best !== blank && !(merge && best === before)) labels.push(best);
      before = best;
    }
    return labels;
  });
  return [...sparse(decoded), new NdArray(inputs.dtype, [batch, 1], sums)];
}

function beamSearch([inputs, lengths]: readonly NdArray[], op: HostOp): NdArray[] {
  const steps = checkDecoder(inputs, lengths);
  const [, batch, classes] = inputs.shape;
  const width = Number(op.attr<number | bigint>('beam_width'));
  const paths = Number(op.attr<number | bigint>('top_paths'));
  const merge = op.attr<boolean>('merge_repeated');
  const logits = inputs.data as Floats;
  const probabilities = allocate(inputs.dtype, batch * paths) as Floats;
  const decoded: number[][][] = Array.from({ length: paths }, () => []);
  for (let b = 0; b < batch; b++) {
    const search = new BeamSearch(classes, width);
    for (let t = 0; t < steps[b]; t++) {
      const at = (t * batch + b) * classes;
      search.step(logits.subarray(at, at + classes));
    }
    search.best(paths, merge).forEach(({ labels, probability }, k) => {
      decoded[k].push(labels);
      probabilities[b * paths + k] = probability;
    });
  }
  const parts = decoded.map(sparse);
  return [
    ...[0, 1, 2].flatMap((part) => parts.map((triple) => triple[part])),
    new NdArray(inputs.dtype, [batch, paths], probabilities),
  ];
}

defineHostKernels({
  CTCLoss: ctcLoss,
  CTCLossV2: ctcLoss,
  CTCGreedyDecoder: greedy,
  CTCBeamSearchDecoder: beamSearch,
});
