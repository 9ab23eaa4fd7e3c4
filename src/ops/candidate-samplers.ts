/**
 * Candidate samplers: ops that draw a few of many classes, and say how often each was to be expected. What losses do with
 * candidates is in `sampled-losses.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32, int64 } from '../util/dtype.ts';
import { defineOp, type InferContext, type Inferred, type Sample, sample } from './opdef/define.ts';
import { withRank } from './opdef/shape-rules.ts';
import { emitRandom } from './random.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const SEEDS = ['seed: int = 0', 'seed2: int = 0'];
const COUNTS = ['num_true: int >= 1', 'num_sampled: int >= 1', 'unique: bool'];

function sampledShapes(op: InferContext): Inferred {
  const [batch] = withRank(op.shape(0), 2);
  const sampled = [Number(op.attr<number | bigint>('num_sampled'))];
  return [sampled, [batch, Number(op.attr<number | bigint>('num_true'))], sampled];
}

const classes = sample(int64, [2, 1], [1n, 3n]);

function expected(sampled: readonly number[], trueCounts: readonly number[], counts: readonly number[]): Sample {
  return {
    inputs: [classes],
    attrs: { num_true: 1, num_sampled: sampled.length, unique: true, seed: 87654321, seed2: 7 },
    outputs: [
      sample(int64, [sampled.length], sampled.map(BigInt)),
      sample(float32, [2, 1], trueCounts),
      sample(float32, [counts.length], counts),
    ],
  };
}

const uniformChances = new Array<number>(4).fill(0.40951002);
const samplers: readonly [name: string, doc: string, sample: Sample | null][] = [
  [
    'UniformCandidateSampler',
    'Classes, each as likely, and how often they were to be expected.',
    expected([9, 8, 4, 6], uniformChances.slice(0, 2), uniformChances),
  ],
  [
    'LogUniformCandidateSampler',
    'Classes, small ones more likely, and how often they were to be expected.',
    expected([7, 0, 2, 6], [0.67636836, 0.37223235], [0.19647737, 1.1562593, 0.47989097, 0.22274767]),
  ],
  // Samplers that learn need a session.
  ['LearnedUnigramCandidateSampler', 'Classes by how often they were true so far, and their expected counts.', null],
  [
    'ThreadUnsafeUnigramCandidateSampler',
    'Classes by how often they were true so far, and their expected counts.',
    null,
  ],
];

for (const [name, doc, one] of samplers) {
  defineOp({
    name,
    doc,
    inputs: ['true_classes: int64'],
    outputs: ['sampled_candidates: int64', 'true_expected_count: float32', 'sampled_expected_count: float32'],
    attrs: [...COUNTS, 'range_max: int >= 1', ...SEEDS],
    effect: 'random',
    infer: sampledShapes,
    grad: null,
    samples: one ? [{ ...one, attrs: { ...one.attrs, range_max: 10 } }] : [],
  });
}

defineOp({
  name: 'FixedUnigramCandidateSampler',
  doc: 'Classes by weights that are given, and how often they were to be expected.',
  inputs: ['true_classes: int64'],
  outputs: ['sampled_candidates: int64', 'true_expected_count: float32', 'sampled_expected_count: float32'],
  attrs: [
    ...COUNTS,
    'range_max: int >= 1',
    'vocab_file: string = ""',
    'distortion: float = 1',
    'num_reserved_ids: int = 0',
    'num_shards: int >= 1 = 1',
    'shard: int >= 0 = 0',
    'unigrams: list(float) = []',
    ...SEEDS,
  ],
  effect: 'random',
  infer: sampledShapes,
  grad: null,
  samples: [
    {
      inputs: [sample(int64, [1, 1], [1n])],
      attrs: {
        num_true: 1,
        num_sampled: 3,
        unique: false,
        range_max: 5,
        unigrams: [1, 2, 3, 4, 5],
        seed: 87654321,
        seed2: 7,
      },
      outputs: [sample(int64, [3], [2n, 4n, 3n]), sample(float32, [1, 1], [0.4]), sample(float32, [3], [0.6, 1, 0.8])],
    },
  ],
});

defineOp({
  name: 'AllCandidateSampler',
  doc: 'All classes, each to be expected once.',
  inputs: ['true_classes: int64'],
  outputs: ['sampled_candidates: int64', 'true_expected_count: float32', 'sampled_expected_count: float32'],
  attrs: [...COUNTS, ...SEEDS],
  effect: 'random',
  infer: sampledShapes,
  grad: null,
  samples: [expected([0, 1, 2, 3], [1, 1], [1, 1, 1, 1])],
});

defineOp({
  name: 'ComputeAccidentalHits',
  doc: 'Which sampled candidates are true classes: rows, places among the candidates, and weights that rule them out.',
  inputs: ['true_classes: int64', 'sampled_candidates: int64'],
  outputs: ['indices: int32', 'ids: int64', 'weights: float32'],
  attrs: ['num_true: int', ...SEEDS],
  infer: (op) => {
    withRank(op.shape(0), 2);
    withRank(op.shape(1), 1);
    return [[null], [null], [null]];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(int64, [2, 2], [1n, 2n, 3n, 1n]), sample(int64, [4], [5n, 1n, 3n, 1n])],
      attrs: { num_true: 2 },
      outputs: [
        sample(int32, [3], [0, 1, 1]),
        sample(int64, [3], [3n, 2n, 3n]),
        sample(float32, [3], new Array<number>(3).fill(-3.4028234663852886e38)),
      ],
    },
  ],
});

// Functions

/** What a candidate sampler gives: the classes, and how often the true and the sampled ones were to be expected. */
export type Candidates = readonly [sampled: Tensor, trueExpectedCount: Tensor, sampledExpectedCount: Tensor];

export interface SamplerOptions {
  readonly seed?: number | null;
  readonly name?: string | null;
}

type SamplerArguments = Rest<[seed: number | null, name: string | null], SamplerOptions>;

function candidates(
  type: string,
  trueClasses: TensorLike,
  attrs: Readonly<Record<string, number | boolean | string | readonly number[]>>,
  { seed, name }: SamplerOptions,
): Candidates {
  const [sampled, trueCounts, counts] = emitRandom(type, [trueClasses], attrs, seed, name).op.outputs;
  return [sampled, trueCounts, counts];
}

function rangedCandidates(
  type: string,
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  rest: SamplerArguments,
): Candidates {
  const attrs = { num_true: numTrue, num_sampled: numSampled, unique, range_max: rangeMax };
  return candidates(type, trueClasses, attrs, bind<SamplerOptions>(['seed', 'name'], rest));
}

/**
 * `numSampled` of the classes below `rangeMax`, each as likely, with `unique` all different; also how often the true
 * classes (int64 [rows, numTrue]) and the sampled ones were to be expected.
 *
 *     const [sampled, trueCount, sampledCount] = tf.nn.uniformCandidateSampler(labels, 1, 64, true, 10000);
 */
export function uniformCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  ...rest: SamplerArguments
): Candidates {
  return rangedCandidates('UniformCandidateSampler', trueClasses, numTrue, numSampled, unique, rangeMax, rest);
}

/**
 * As `uniformCandidateSampler`, but small classes are more likely, by Zipf's law: for classes that are sorted by falling
 * frequency.
 *
 *     tf.nn.logUniformCandidateSampler(labels, 1, 64, true, 10000)
 */
export function logUniformCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  ...rest: SamplerArguments
): Candidates {
  return rangedCandidates('LogUniformCandidateSampler', trueClasses, numTrue, numSampled, unique, rangeMax, rest);
}

/**
 * As `uniformCandidateSampler`, but classes that were true in earlier runs of the session are more likely: each run
 * counts its true classes.
 *
 *     tf.nn.learnedUnigramCandidateSampler(labels, 1, 64, true, 10000)
 */
export function learnedUnigramCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  ...rest: SamplerArguments
): Candidates {
  return rangedCandidates('LearnedUnigramCandidateSampler', trueClasses, numTrue, numSampled, unique, rangeMax, rest);
}

export interface FixedUnigramOptions extends SamplerOptions {
  /** Not read: a run fails with `UnimplementedError`. */
  readonly vocabFile?: string;
  /** The power that weights are raised to. */
  readonly distortion?: number;
  /** How many classes before those of `unigrams` are never drawn. */
  readonly numReservedIds?: number;
  readonly numShards?: number;
  readonly shard?: number;
  /** The weights of the classes. */
  readonly unigrams?: readonly number[];
}

/**
 * As `uniformCandidateSampler`, but classes are as likely as `unigrams` say. With `numShards` only every such class
 * counts, `shard` the first of them. A run without `unigrams` fails with `InvalidArgumentError`.
 *
 *     tf.nn.fixedUnigramCandidateSampler(labels, 1, 2, false, 4, {unigrams: [10, 5, 1, 1]})
 */
export function fixedUnigramCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  ...rest: Rest<
    [
      vocabFile: string,
      distortion: number,
      numReservedIds: number,
      numShards: number,
      shard: number,
      unigrams: readonly number[],
      seed: number | null,
      name: string | null,
    ],
    FixedUnigramOptions
  >
): Candidates {
  const names = [
    'vocabFile',
    'distortion',
    'numReservedIds',
    'numShards',
    'shard',
    'unigrams',
    'seed',
    'name',
  ] as const;
  const options = bind<FixedUnigramOptions>(names, rest);
  const attrs = {
    num_true: numTrue,
    num_sampled: numSampled,
    unique,
    range_max: rangeMax,
    vocab_file: options.vocabFile ?? '',
    distortion: options.distortion ?? 1,
    num_reserved_ids: options.numReservedIds ?? 0,
    num_shards: options.numShards ?? 1,
    shard: options.shard ?? 0,
    unigrams: options.unigrams ?? [],
  };
  return candidates('FixedUnigramCandidateSampler', trueClasses, attrs, options);
}

/**
 * All `numSampled` classes, each to be expected once: turns a sampled loss into the full one.
 *
 *     tf.nn.allCandidateSampler(labels, 1, 10, true)
 */
export function allCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  ...rest: SamplerArguments
): Candidates {
  const attrs = { num_true: numTrue, num_sampled: numSampled, unique };
  return candidates('AllCandidateSampler', trueClasses, attrs, bind<SamplerOptions>(['seed', 'name'], rest));
}

/**
 * Where sampled candidates are true classes of a row: rows, places among the candidates, and weights (the lowest float32)
 * that rule them out when added to their logits.
 *
 *     const [rows, places, weights] = tf.nn.computeAccidentalHits(labels, sampled, 1);
 */
export function computeAccidentalHits(
  trueClasses: TensorLike,
  sampledCandidates: TensorLike,
  numTrue: number,
  ...rest: SamplerArguments
): readonly [indices: Tensor, ids: Tensor, weights: Tensor] {
  const { seed, name } = bind<SamplerOptions>(['seed', 'name'], rest);
  const inputs = [trueClasses, sampledCandidates];
  const [rows, places, weights] = emitRandom('ComputeAccidentalHits', inputs, { num_true: numTrue }, seed, name).op
    .outputs;
  return [rows, places, weights];
}
