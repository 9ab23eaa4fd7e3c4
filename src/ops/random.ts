/**
 * Random draws: the ops, and the seeds that each one built gets. The streams themselves are `runtime/host/random.ts`'s,
 * bit for bit TensorFlow's.
 */

import { getDefaultGraph, seedRule } from '../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { type Dim, isFullyDefined, type KnownShape, TensorShape } from '../util/shape.ts';
import { convertToTensor, type EmitAttrs, emit, emitOne, graphOf, opScope } from './emit.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { unchanged, withRank } from './opdef/shape-rules.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from './tensor-like.ts';

const FLOATS = '{float16, bfloat16, float32, float64}';
const INTS = '{int32, int64}';
const SEEDS = ['seed: int = 0', 'seed2: int = 0'];

export function drawnShape(op: InferContext): Inferred {
  withRank(op.shape(0), 1);
  return [op.constantShape(0)];
}

const drawnSample = (attrs: Readonly<Record<string, number>> = {}) => ({
  inputs: [sample(int32, [2], [3, 2])],
  attrs: { dtype: float32, seed: 7, seed2: 9, ...attrs },
  outputs: [null],
  shapes: [[3, 2]],
});

for (const [name, doc] of [
  ['RandomUniform', 'Uniform draws from [0, 1).'],
  ['RandomStandardNormal', 'Draws from the normal distribution of mean 0 and deviation 1.'],
  ['TruncatedNormal', 'Normal draws, those farther than 2 from 0 drawn again.'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['shape: T'],
    outputs: ['output: dtype'],
    attrs: [...SEEDS, `dtype: ${FLOATS}`, `T: ${INTS}`],
    effect: 'random',
    infer: drawnShape,
    grad: () => [null],
    samples: [drawnSample()],
  });
}

defineOp({
  name: 'RandomUniformInt',
  doc: 'Uniform integers from [minval, maxval).',
  inputs: ['shape: T', 'minval: Tout', 'maxval: Tout'],
  outputs: ['output: Tout'],
  attrs: [...SEEDS, `Tout: ${INTS}`, `T: ${INTS}`],
  effect: 'random',
  infer: (op) => {
    withRank(op.shape(1), 0);
    withRank(op.shape(2), 0);
    return drawnShape(op);
  },
  grad: () => [null, null, null],
  samples: [
    {
      inputs: [sample(int32, [2], [2, 2]), sample(int32, [], [-3]), sample(int32, [], [9])],
      attrs: { seed: 7, seed2: 9 },
      outputs: [null],
      shapes: [[2, 2]],
    },
  ],
});

defineOp({
  name: 'RandomShuffle',
  doc: 'The rows of the value in random order.',
  inputs: ['value: T'],
  outputs: ['output: T'],
  attrs: [...SEEDS, 'T: type'],
  effect: 'random',
  infer: unchanged,
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [3, 2], [1, 2, 3, 4, 5, 6])],
      attrs: { seed: 1, seed2: 2 },
      outputs: [null],
      shapes: [[3, 2]],
    },
  ],
});

defineOp({
  name: 'Multinomial',
  doc: 'Draws class numbers, per row of unnormalised log-probabilities.',
  inputs: ['logits: T', 'num_samples: int32'],
  outputs: ['output: output_dtype'],
  attrs: [...SEEDS, 'T: realnumbertype', `output_dtype: ${INTS} = int64`],
  effect: 'random',
  infer: (op) => {
    const logits = withRank(op.shape(0), 2);
    withRank(op.shape(1), 0);
    const count = op.constant(1);
    return [[logits[0], count ? Number(count.at(0)) : null]];
  },
  grad: () => [null, null],
  samples: [
    {
      inputs: [sample(float32, [2, 2], [0, 1, 1, 0]), sample(int32, [], [3])],
      attrs: { seed: 1, seed2: 2, output_dtype: int64 },
      outputs: [null],
      shapes: [[2, 3]],
    },
  ],
});

defineOp({
  name: '_RandomState',
  doc: 'The state that an op of this name draws from next, as key and counter; so many blocks are taken from its stream.',
  inputs: [],
  outputs: ['state: int32'],
  attrs: [...SEEDS, 'op: string', 'blocks: int'],
  effect: 'random',
  infer: () => [[6]],
  grad: null,
  samples: [{ inputs: [], attrs: { seed: 7, seed2: 9, op: 'draw', blocks: 256 }, outputs: [null], shapes: [[6]] }],
});

defineOp({
  name: '_UniformOf',
  doc: 'Uniform draws from [0, 1), those that follow from the state of a generator.',
  inputs: ['state: int32'],
  outputs: ['output: float32'],
  attrs: ['shape: shape'],
  infer: (op) => [op.attr<readonly number[]>('shape')],
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [6], [1, 2, 3, 4, 5, 6])],
      attrs: { shape: [2, 3] },
      outputs: [null],
      shapes: [[2, 3]],
    },
  ],
});

// Seeds

/** The seed of ops that have one of their own in a graph that has none. */
const DEFAULT_GRAPH_SEED = 87654321;
const MAX_INT32 = 2 ** 31 - 1;

/**
 * Per graph, whom the seeds by count went to: an op, or null for a caller that builds its own. Ops that a failed build
 * took back lie at the end and no longer count.
 */
const counted = new WeakMap<Graph, (Operation | null)[]>();

function seedCount({ root: graph }: Graph): (Operation | null)[] {
  let list = counted.get(graph);
  if (!list) {
    list = [];
    counted.set(graph, list);
  }
  for (let last = list[list.length - 1]; last; last = list[list.length - 1]) {
    if (last.id < last.graph.size && last.graph.operation(last.id) === last) break;
    list.pop();
  }
  return list;
}

/** The seed attributes for an op seed as the graph stands, without counting. */
function seedsFor(graph: Graph, opSeed: number | null): readonly [number, number] | null {
  const truncate = (seed: number) => ((seed % MAX_INT32) + MAX_INT32) % MAX_INT32;
  if (graph.seed === null && opSeed === null) return null;
  const first = graph.seed === null ? DEFAULT_GRAPH_SEED : truncate(graph.seed);
  const second = truncate(opSeed ?? (seedRule(graph) === '1.15' ? graph.size : seedCount(graph).length));
  return first === 0 && second === 0 ? [0, MAX_INT32] : [first, second];
}

/**
 * The two seeds that a random op gets, from the graph's seed and its own, as TensorFlow derives them; nulls where
 * neither is set. Under a graph seed, an op without its own is numbered by how many such came before, by the rule of 1.15
 * by how many ops of any kind.
 *
 *     tf.setRandomSeed(42);
 *     tf.getSeed(null)   // [42, 0], the next time [42, 1]
 */
export function getSeed(opSeed: number | null = null): readonly [number, number] | readonly [null, null] {
  const graph = getDefaultGraph();
  const seeds = seedsFor(graph, opSeed);
  if (graph.seed !== null && opSeed === null) seedCount(graph).push(null);
  return seeds ?? [null, null];
}

/** Adds a random op with the seed attributes that `opSeed` gives it. For functions that build random ops. */
export function emitRandom(
  type: string,
  inputs: readonly TensorLike[],
  attrs: EmitAttrs,
  opSeed: number | null | undefined,
  name?: string | null,
): Tensor {
  const graph = graphOf(inputs);
  const [seed, seed2] = seedsFor(graph, opSeed ?? null) ?? [0, 0];
  const op = emit(type, inputs, { ...attrs, seed, seed2 }, name);
  if (graph.seed !== null && (opSeed ?? null) === null) seedCount(graph).push(op);
  return op.outputs[0];
}

// Functions

/** A shape as it is written where one is wanted: dimensions, a tensor, or dimensions with tensors among them. */
export type ShapeArgument = TensorLike | TensorShape | KnownShape;

/** The shape as an int32 vector named `shape`. */
export function shapeTensor(shape: ShapeArgument): Tensor {
  if (isSymbolic(shape)) return convertToTensor(shape, { name: 'shape' });
  if (shape instanceof TensorShape) return shapeTensor(shape.asList() as number[]);
  if (typeof shape === 'number') return shapeTensor([shape]);
  if (Array.isArray(shape) && shape.length === 0) {
    return convertToTensor({ data: new Int32Array(0), shape: [0] }, { name: 'shape' });
  }
  return convertToTensor(shape as TensorLike, { dtype: isIntTensorList(shape) ? null : int32, name: 'shape' });
}

function isIntTensorList(shape: unknown): boolean {
  return Array.isArray(shape) && shape.some((item) => isSymbolic(item));
}

export interface RandomUniformOptions {
  readonly minval?: TensorLike;
  readonly maxval?: TensorLike | null;
  readonly dtype?: DTypeLike;
  readonly seed?: number | null;
  readonly name?: string | null;
}

/**
 * Uniform draws from [minval, maxval), from [0, 1) without them; each run draws anew. For int32 and int64 `maxval` must
 * be given, else `ValueError`; float16, float32 and float64 are the other types.
 *
 *     tf.randomUniform([2, 3], -1, 1)
 *     tf.randomUniform([10], {maxval: 6, dtype: tf.int32, seed: 1})
 */
export function randomUniform(
  shape: ShapeArgument,
  ...rest: Rest<
    [minval: TensorLike, maxval: TensorLike | null, dtype: DTypeLike, seed: number | null, name: string | null],
    RandomUniformOptions
  >
): Tensor {
  const options = bind<RandomUniformOptions>(['minval', 'maxval', 'dtype', 'seed', 'name'], rest);
  const dtype = asDType(options.dtype ?? float32);
  const accepted = ['float16', 'bfloat16', 'float32', 'float64', 'int32', 'int64'];
  if (!accepted.includes(dtype.name)) {
    throw new ValueError(`Argument \`dtype\` got invalid value ${dtype}. Accepted dtypes are ${accepted.join(', ')}.`);
  }
  const minval = options.minval ?? 0;
  if (dtype.isInteger && (options.maxval ?? null) === null) {
    throw new ValueError(`Must specify maxval for integer dtype ${dtype}`);
  }
  const maxval = options.maxval ?? 1;
  return opScope(options.name, 'random_uniform', [shape, minval, maxval], (scope) => {
    const dims = shapeTensor(shape);
    // Of 1.15 come the ops that count for later seeds too: it scales all draws.
    const scales = seedRule(dims.graph) === '1.15';
    if (minval === 0 && maxval === 1 && !dtype.isInteger && !scales) {
      return emitRandom('RandomUniform', [dims], { dtype }, options.seed);
    }
    const low = convertToTensor(minval, { dtype, name: 'min' });
    const high = convertToTensor(maxval, { dtype, name: 'max' });
    if (dtype.isInteger) return emitRandom('RandomUniformInt', [dims, low, high], {}, options.seed, scope);
    const drawn = emitRandom('RandomUniform', [dims], { dtype }, options.seed);
    if (minval === 0 && !scales) return emitOne('Mul', [drawn, high], {}, scope);
    const scaled = emitOne('Mul', [drawn, emitOne('Sub', [high, low], {}, 'sub')], {}, 'mul');
    return emitOne('AddV2', [scaled, low], {}, scope);
  });
}

export interface RandomNormalOptions {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
  readonly dtype?: DTypeLike;
  readonly seed?: number | null;
  readonly name?: string | null;
}

type NormalArguments = Rest<
  [mean: TensorLike, stddev: TensorLike, dtype: DTypeLike, seed: number | null, name: string | null],
  RandomNormalOptions
>;

/**
 * Normal draws of the given mean (0) and standard deviation (1); each run draws anew.
 *
 *     tf.randomNormal([784, 128], 0, 0.1)
 *     tf.randomNormal([3], {stddev: 0.1, seed: 7})
 */
export function randomNormal(shape: ShapeArgument, ...rest: NormalArguments): Tensor {
  return normal('RandomStandardNormal', 'random_normal', shape, rest);
}

/**
 * Normal draws, those farther than two standard deviations from the mean drawn again.
 *
 *     tf.truncatedNormal([5, 5, 1, 32], {stddev: 0.1})
 */
export function truncatedNormal(shape: ShapeArgument, ...rest: NormalArguments): Tensor {
  return normal('TruncatedNormal', 'truncated_normal', shape, rest);
}

function normal(type: string, defaultName: string, shape: ShapeArgument, rest: NormalArguments): Tensor {
  const options = bind<RandomNormalOptions>(['mean', 'stddev', 'dtype', 'seed', 'name'], rest);
  const dtype = asDType(options.dtype ?? float32);
  const { mean = 0, stddev = 1 } = options;
  return opScope(options.name, defaultName, [shape, mean, stddev], (scope) => {
    const dims = shapeTensor(shape);
    const center = convertToTensor(mean, { dtype, name: 'mean' });
    const spread = convertToTensor(stddev, { dtype, name: 'stddev' });
    const drawn = emitRandom(type, [dims], { dtype }, options.seed);
    return emitOne('AddV2', [emitOne('Mul', [drawn, spread], {}, 'mul'), center], {}, scope);
  });
}

export interface SeedOptions {
  readonly seed?: number | null;
  readonly name?: string | null;
}

/**
 * The rows of `value` in random order, another one each run.
 *
 *     tf.randomShuffle([[1, 2], [3, 4], [5, 6]])
 */
export function randomShuffle(
  value: TensorLike,
  ...rest: Rest<[seed: number | null, name: string | null], SeedOptions>
): Tensor {
  const { seed, name } = bind<SeedOptions>(['seed', 'name'], rest);
  return emitRandom('RandomShuffle', [value], {}, seed, name);
}

/**
 * A window of `size` at a random place of `value`. The run fails with `InvalidArgumentError` where the value is smaller.
 *
 *     tf.randomCrop(image, [24, 24, 3])
 */
export function randomCrop(
  value: TensorLike,
  size: TensorLike,
  ...rest: Rest<[seed: number | null, name: string | null], SeedOptions>
): Tensor {
  const { seed, name } = bind<SeedOptions>(['seed', 'name'], rest);
  return opScope(name, 'random_crop', [value, size], (scope) => {
    const source = convertToTensor(value, { name: 'value' });
    const wanted = convertToTensor(size, { dtype: isSymbolic(size) ? null : int32, name: 'size' });
    const known = isFullyDefined(source.shape);
    const shape = known
      ? convertToTensor([...(source.shape as KnownShape)], { dtype: wanted.dtype, name: 'Shape' })
      : emitOne('Shape', [source], { out_type: wanted.dtype }, 'Shape');
    const fits = emitOne('All', [emitOne('GreaterEqual', [shape, wanted], {}, 'GreaterEqual'), [0]], {}, 'All');
    const message = 'Need value.shape >= size, got ';
    const check = emit('Assert', [fits, [convertToTensor(message, { name: 'Assert/Const' }), shape, wanted]], {
      summarize: 1000,
    });
    const checked = source.graph.controlDependencies([check], () =>
      emitOne('Identity', [shape], {}, 'control_dependency'),
    );
    const limit = emitOne('AddV2', [emitOne('Sub', [checked, wanted], {}, 'sub'), 1], {}, 'add');
    const rank: Dim = source.rank;
    const dims = rank === null ? emitOne('Shape', [checked], {}, 'Shape_1') : [rank];
    const drawn = randomUniform(dims, { maxval: wanted.dtype.max as number, dtype: wanted.dtype, seed });
    const offset = emitOne('FloorMod', [drawn, limit], {}, 'mod');
    const cropped = emitOne('Slice', [source, offset, wanted], {}, scope);
    return cropped;
  });
}

export interface MultinomialOptions extends SeedOptions {
  readonly outputDtype?: DTypeLike | null;
}

/**
 * Class numbers drawn per row of unnormalised log-probabilities `logits` [rows, classes], as int64 [rows, numSamples].
 *
 *     tf.multinomial([[Math.log(0.5), Math.log(0.5)]], 5)
 */
export function multinomial(
  logits: TensorLike,
  numSamples: TensorLike,
  ...rest: Rest<[seed: number | null, name: string | null, outputDtype: DTypeLike | null], MultinomialOptions>
): Tensor {
  const { seed, name, outputDtype } = bind<MultinomialOptions>(['seed', 'name', 'outputDtype'], rest);
  return draws('multinomial', logits, numSamples, outputDtype, seed, name);
}

export interface CategoricalOptions extends SeedOptions {
  readonly dtype?: DTypeLike | null;
}

/** `multinomial` under its later name, with TensorFlow's order of arguments for it. */
export function categorical(
  logits: TensorLike,
  numSamples: TensorLike,
  ...rest: Rest<[dtype: DTypeLike | null, seed: number | null, name: string | null], CategoricalOptions>
): Tensor {
  const { dtype, seed, name } = bind<CategoricalOptions>(['dtype', 'seed', 'name'], rest);
  return draws('categorical', logits, numSamples, dtype, seed, name);
}

function draws(
  defaultName: string,
  logits: TensorLike,
  numSamples: TensorLike,
  dtype: DTypeLike | null | undefined,
  seed: number | null | undefined,
  name: string | null | undefined,
): Tensor {
  return opScope(name, defaultName, [logits, numSamples], () => {
    const values = convertToTensor(logits, { name: 'logits' });
    return emitRandom('Multinomial', [values, numSamples], { output_dtype: asDType(dtype ?? int64) }, seed);
  });
}
