/**
 * Host kernels of the candidate samplers: which classes are drawn, and how often each was to be expected. A sampler that
 * learns keeps its counts in the session.
 */
import { float32, int32, int64 } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { PhiloxWords } from './philox.ts';
import { reserve, uniformDouble, uniformOf } from './random.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

/** Blocks set aside for each candidate, for rejections too. */
const BLOCKS_PER_CANDIDATE = 512;
const LOWEST = -3.4028234663852886e38;

interface Sampler {
  readonly range: number;
  draw(words: PhiloxWords): number;
  /** How likely a draw is, as a float32. */
  probability(value: number): number;
  /** Learns from the true classes. */
  update?(values: readonly number[], op: HostOp): void;
}

/** A word below n, each as likely: words that would favour small ones are passed over. */
function exactUniform(n: number, words: PhiloxWords): number {
  if (Number.isInteger(Math.log2(n))) return words.next() % n;
  const least = (0xffffffff % n) + 1;
  let word = words.next();
  while (word < least) word = words.next();
  return word % n;
}

/** The same of two words, the lower first. */
function exactUniform64(n: bigint, words: PhiloxWords): bigint {
  const next = () => {
    const low = BigInt(words.next());
    return low | (BigInt(words.next()) << 32n);
  };
  if ((n & (n - 1n)) === 0n) return next() & (n - 1n);
  const least = (0xffffffffffffffffn % n) + 1n;
  let drawn = next();
  while (drawn < least) drawn = next();
  return drawn % n;
}

function uniformSampler(range: number): Sampler {
  const chance = Math.fround(1 / range);
  return {
    range,
    draw: (words) => Number(exactUniform64(BigInt(range), words)),
    probability: () => chance,
  };
}

function logUniformSampler(range: number): Sampler {
  const logRange = Math.log1p(range);
  return {
    range,
    draw: (words) => {
      const first = words.next();
      return (Math.floor(Math.exp(uniformDouble(first, words.next()) * logRange)) - 1) % range;
    },
    probability: (value) => Math.fround(Math.log((value + 2) / (value + 1)) / logRange),
  };
}

/** Counts of classes in a tree of sums, so that a draw and an update take a step per level. */
class Counts {
  private readonly leaves: number;
  private readonly sums: Int32Array;

  constructor(readonly range: number) {
    this.leaves = 2 ** Math.ceil(Math.log2(range));
    this.sums = new Int32Array(2 * this.leaves);
    this.sums.fill(1, this.leaves, this.leaves + range);
    for (let i = this.leaves - 1; i >= 1; i--) this.sums[i] = this.sums[2 * i] + this.sums[2 * i + 1];
  }

  get total(): number {
    return this.sums[1];
  }

  of(value: number): number {
    return this.sums[this.leaves + value];
  }

  add(value: number, count: number): void {
    for (let i = this.leaves + value; i >= 1; i >>= 1) this.sums[i] += count;
  }

  at(position: number): number {
    let rest = position;
    let i = 1;
    while (i < this.leaves) {
      i *= 2;
      if (rest < this.sums[i]) continue;
      rest -= this.sums[i];
      i++;
    }
    return i - this.leaves;
  }
}

function learnedSampler(range: number, op: HostOp): Sampler {
  const make = () => new Counts(range);
  const counts = op.services.resources().lookupOrCreate('UnigramSampler', '', op.name, make);
  return {
    range,
    draw: (words) => counts.at(exactUniform(counts.total, words)),
    probability: (value) => Math.fround(counts.of(value) / counts.total),
    update: (values) => {
      const learned = values.slice(0, 2 ** 31 - 1 - counts.total);
      for (const value of learned) counts.add(value, 1);
      op.services.resources().onRollback(() => {
        for (const value of learned) counts.add(value, -1);
      });
    },
  };
}

/** Draws by weights: each of n equal parts goes to one class, or up to a place to one and from there to another. */
class Parts {
  private readonly shares: Float64Array;
  private readonly others: Int32Array;

  constructor(private readonly weights: readonly number[]) {
    const n = weights.length;
    const sum = weights.reduce((total, w) => total + w, 0);
    this.shares = Float64Array.from(weights, (w) => Math.fround(w * n) / sum);
    this.others = Int32Array.from(weights, (_, i) => i);
    const short: number[] = [];
    const long: number[] = [];
    this.shares.forEach((share, i) => void (share < 1 ? short : long).push(i));
    while (short.length > 0 && long.length > 0) {
      const poor = short.pop() as number;
      const rich = long.pop() as number;
      this.others[poor] = rich;
      this.shares[rich] -= 1 - this.shares[poor];
      (this.shares[rich] < 1 ? short : long).push(rich);
    }
    for (const i of [...short, ...long]) {
      this.shares[i] = 1;
      this.others[i] = i;
    }
  }

  draw(words: PhiloxWords): number {
    const place = uniformOf(float32, words.next());
    const part = exactUniform(this.weights.length, words);
    return place < Math.fround(this.shares[part]) ? part : this.others[part];
  }
}

/** Samplers by the list of unigrams that a node holds: they are the same each run. */
const fixedSamplers = new WeakMap<object, Sampler>();

function fixedSampler(op: HostOp): Sampler {
  const unigrams = op.attr<readonly number[]>('unigrams');
  const file = op.attr<string>('vocab_file');
  if (file === '' && unigrams.length === 0) {
    throw new InvalidArgumentError(null, 'Must provide either vocab_file or unigrams.');
  }
  if (file !== '' && unigrams.length > 0) {
    throw new InvalidArgumentError(null, 'Must only provide one of vocab_file and unigrams.');
  }
  if (file !== '') throw new UnimplementedError(null, 'A vocab_file is not read: pass its weights as unigrams.');
  const known = fixedSamplers.get(unigrams);
  if (known) return known;
  const range = Number(op.attr<number | bigint>('range_max'));
  const [shards, shard] = [Number(op.attr('num_shards')), Number(op.attr('shard'))];
  const reserved = Number(op.attr('num_reserved_ids'));
  const weights: number[] = [];
  for (let id = 0; id < reserved; id++) if (id % shards === shard) weights.push(0);
  let id = weights.length;
  let total = 0;
  for (const unigram of unigrams) {
    if (id++ % shards !== shard) continue;
    const weight = Math.fround(Math.fround(unigram) ** Math.fround(op.attr<number>('distortion')));
    total = Math.fround(total + weight);
    weights.push(weight);
  }
  if (weights.length !== range) {
    const text = `range is ${range} must be equal to weights size  ${weights.length}`;
    throw new InvalidArgumentError(null, text);
  }
  const parts = new Parts(weights);
  const made: Sampler = {
    range,
    draw: (words) => parts.draw(words),
    probability: (value) => Math.fround(weights[value] / total),
  };
  fixedSamplers.set(unigrams, made);
  return made;
}

/** How often a class of this probability was to be expected, from the number of draws that it took. */
function expectedCount(probability: number, count: number, tries: number): number {
  if (tries === count) return Math.fround(probability * count);
  return -Math.expm1(Math.fround(tries * Math.fround(Math.log1p(-probability))));
}

function trueClasses(input: NdArray, op: HostOp, sampler: { readonly range: number }): number[] {
  const columns = Number(op.attr('num_true'));
  if (input.rank !== 2) throw new InvalidArgumentError(null, 'true_classes must be a matrix');
  if (input.shape[1] !== columns) {
    const text = `true_classes must have num_true columns, expected: ${input.shape[1]} was: ${columns}`;
    throw new InvalidArgumentError(null, text);
  }
  if (op.attr<boolean>('unique') && Number(op.attr('num_sampled')) > sampler.range) {
    throw new InvalidArgumentError(null, "Sampler's range is too small.");
  }
  const values = Array.from(input.data as BigInt64Array, Number);
  const bad = values.find((value) => value < 0 || value >= sampler.range);
  if (bad !== undefined) {
    const text = `\`true_candidate\` out of range [0, ${sampler.range}), received ${bad}`;
    throw new InvalidArgumentError(null, text);
  }
  return values;
}

function results(input: NdArray, sampled: readonly number[], trueCounts: number[], counts: number[]): NdArray[] {
  return [
    new NdArray(int64, [sampled.length], BigInt64Array.from(sampled, BigInt)),
    new NdArray(float32, input.shape, Float32Array.from(trueCounts)),
    new NdArray(float32, [sampled.length], Float32Array.from(counts)),
  ];
}

const sampling =
  (make: (op: HostOp) => Sampler): HostKernel =>
  ([input], op) => {
    const sampler = make(op);
    const values = trueClasses(input, op, sampler);
    const count = Number(op.attr('num_sampled'));
    const words = new PhiloxWords(reserve(op, count * BLOCKS_PER_CANDIDATE));
    const sampled: number[] = [];
    const used = op.attr<boolean>('unique') ? new Set<number>() : null;
    let tries = 0;
    while (sampled.length < count) {
      tries++;
      const value = sampler.draw(words);
      if (used?.has(value)) continue;
      used?.add(value);
      sampled.push(value);
    }
    const expected = (value: number) => expectedCount(sampler.probability(value), count, tries);
    const outputs = results(input, sampled, values.map(expected), sampled.map(expected));
    sampler.update?.(values, op);
    return outputs;
  };

const ranged = (make: (range: number, op: HostOp) => Sampler): HostKernel =>
  sampling((op) => make(Number(op.attr<number | bigint>('range_max')), op));

/** Where a true class is among the candidates, for each row; the last place counts where a candidate repeats. */
function accidentalHits([trueInput, sampled]: readonly NdArray[], op: HostOp): NdArray[] {
  const columns = Number(op.attr('num_true'));
  if (trueInput.rank !== 2 || trueInput.shape[1] !== columns) {
    throw new InvalidArgumentError(null, 'true_candidates must be a batch_size * num_true matrix');
  }
  if (sampled.rank !== 1) {
    const text = 'sampled_candidates must be a vector, which is typically an output from CandidateSampler';
    throw new InvalidArgumentError(null, text);
  }
  const places = new Map<bigint, number>();
  (sampled.data as BigInt64Array).forEach((value, place) => void places.set(value, place));
  const rows: number[] = [];
  const hits: bigint[] = [];
  (trueInput.data as BigInt64Array).forEach((value, i) => {
    const place = places.get(value);
    if (place === undefined) return;
    rows.push(Math.floor(i / columns));
    hits.push(BigInt(place));
  });
  return [
    new NdArray(int32, [rows.length], Int32Array.from(rows)),
    new NdArray(int64, [hits.length], BigInt64Array.from(hits)),
    new NdArray(float32, [rows.length], new Float32Array(rows.length).fill(LOWEST)),
  ];
}

defineHostKernels({
  UniformCandidateSampler: ranged(uniformSampler),
  LogUniformCandidateSampler: ranged(logUniformSampler),
  LearnedUnigramCandidateSampler: ranged(learnedSampler),
  ThreadUnsafeUnigramCandidateSampler: ranged(learnedSampler),
  FixedUnigramCandidateSampler: sampling(fixedSampler),
  AllCandidateSampler: ([input], op) => {
    const count = Number(op.attr('num_sampled'));
    const values = trueClasses(input, op, { range: count });
    reserve(op, count * BLOCKS_PER_CANDIDATE);
    const all = Array.from({ length: count }, (_, i) => i);
    return results(
      input,
      all,
      values.map(() => 1),
      all.map(() => 1),
    );
  },
  ComputeAccidentalHits: accidentalHits,
});
