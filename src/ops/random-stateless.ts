/**
 * Random draws that a seed of two integers fixes: the same in each run, session and graph. Draws from streams of the
 * session are `random.ts`'s and `random-gamma.ts`'s.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DType, type DTypeLike, float32, int32, int64, uint32, uint64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, type SampleValue, sample } from './opdef/define.ts';
import { scalar, unchanged, withRank } from './opdef/shape-rules.ts';
import { drawnShape, type ShapeArgument, shapeTensor } from './random.ts';
import { gammaAlphaGrad, scaledGamma } from './random-gamma.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const FLOATS = '{float16, bfloat16, float32, float64}';
const NUMBERS = '{float16, float32, float64, int32, int64}';
const INTS = '{int32, int64}';
const WORDS = '{int32, int64, uint32, uint64}';

const seed = sample(int64, [2], [1n, 2n]);
const key = sample(uint64, [1], [10413732777507651514n]);
const counter = sample(uint64, [2], [0n, 17830669156045600267n]);
const philox = sample(int32, [], [1]);
const three = sample(int32, [1], [3]);
/** The ops of version 1 take the seed, those of version 2 the key and counter that follow from it. */
const sources = [
  { version: '', inputs: ['seed: Tseed'], values: [seed] },
  { version: 'V2', inputs: ['key: uint64', 'counter: uint64', 'alg: int32'], values: [key, counter, philox] },
] as const;

const none: GradFn = (op) => op.inputs.map(() => null);

interface Row {
  readonly name: string;
  readonly doc: string;
  /** Attributes by version, in TensorFlow's order. */
  readonly attrs: readonly [readonly string[], readonly string[]];
  readonly bounds?: boolean;
  readonly output: SampleValue;
}

const floatAttrs: Row['attrs'] = [
  [`dtype: ${FLOATS} = float32`, `T: ${INTS} = int32`, `Tseed: ${INTS} = int64`],
  [`dtype: ${FLOATS} = float32`, `Tshape: ${INTS} = int32`],
];

const rows: readonly Row[] = [
  {
    name: 'StatelessRandomUniform',
    doc: 'Uniform draws from [0, 1).',
    attrs: floatAttrs,
    output: sample(float32, [3], [0.8440604, 0.19204533, 0.9962232]),
  },
  {
    name: 'StatelessRandomNormal',
    doc: 'Draws from the normal distribution of mean 0 and deviation 1.',
    attrs: floatAttrs,
    output: sample(float32, [3], [0.5441101, 0.20738031, 0.07356432]),
  },
  {
    name: 'StatelessTruncatedNormal',
    doc: 'Normal draws, those farther than 2 from 0 drawn again.',
    attrs: floatAttrs,
    output: sample(float32, [3], [0.5441101, 0.20738031, 0.07356432]),
  },
  {
    name: 'StatelessRandomUniformInt',
    doc: 'Uniform integers from [minval, maxval).',
    attrs: [
      [`dtype: ${INTS}`, `T: ${INTS}`, `Tseed: ${INTS} = int64`],
      [`dtype: ${WORDS}`, `Tshape: ${INTS} = int32`],
    ],
    bounds: true,
    output: sample(int32, [3], [1, 2, 3]),
  },
  {
    name: 'StatelessRandomUniformFullInt',
    doc: 'Integers, all of the type equally likely.',
    attrs: [
      [`dtype: ${WORDS} = uint64`, `T: ${INTS} = int32`, `Tseed: ${WORDS} = int64`],
      [`dtype: ${WORDS} = uint64`, `Tshape: ${INTS} = int32`],
    ],
    output: sample(int32, [3], [1105988140, 1738052849, -335576002]),
  },
];

function checkedSource(op: InferContext, version: string): void {
  withRank(op.shape(1), 1);
  if (version === '') return;
  withRank(op.shape(2), 1);
  withRank(op.shape(3), 0);
}

for (const { name, doc, attrs, bounds, output } of rows) {
  sources.forEach(({ version, inputs, values }, i) => {
    defineOp({
      name: name + version,
      doc,
      inputs: [
        version === '' ? 'shape: T' : 'shape: Tshape',
        ...inputs,
        ...(bounds ? ['minval: dtype', 'maxval: dtype'] : []),
      ],
      outputs: ['output: dtype'],
      attrs: [...attrs[i]],
      infer: (op) => {
        checkedSource(op, version);
        const last = inputs.length;
        if (bounds) for (const k of [1, 2]) withRank(op.shape(last + k), 0);
        return drawnShape(op);
      },
      grad: none,
      samples: [
        {
          inputs: [three, ...values, ...(bounds ? [sample(int32, [], [-3]), sample(int32, [], [9])] : [])],
          attrs: { dtype: output.dtype },
          outputs: [output],
        },
      ],
    });
  });
}

defineOp({
  name: 'StatelessMultinomial',
  doc: 'Draws class numbers, per row of unnormalised log-probabilities.',
  inputs: ['logits: T', 'num_samples: int32', 'seed: Tseed'],
  outputs: ['output: output_dtype'],
  attrs: ['T: realnumbertype', `Tseed: ${INTS} = int64`, `output_dtype: ${INTS} = int64`],
  infer: (op) => {
    const logits = withRank(op.shape(0), 2);
    withRank(op.shape(1), 0);
    withRank(op.shape(2), 1);
    const count = op.constant(1);
    return [[logits[0], count ? Number(count.at(0)) : null]];
  },
  grad: none,
  samples: [
    {
      inputs: [sample(float32, [2, 3], [0, 1, 2, 5, 0, 0]), sample(int32, [], [4]), seed],
      attrs: { output_dtype: int64 },
      outputs: [sample(int64, [2, 4], [2n, 2n, 1n, 2n, 0n, 0n, 0n, 0n])],
    },
  ],
});

const gammaGrad =
  (alpha: number): GradFn =>
  (op, [dy], $) => {
    const extra = $.sub($.size(op.inputs[0]), $.rank(op.inputs[alpha]));
    const toAlpha = gammaAlphaGrad(op, op.inputs[alpha], extra, dy, $);
    return op.inputs.map((_, i) => (i === alpha ? toAlpha : null));
  };

const gammaDrawn = sample(float32, [3], [0.20284611, 0.91065305, 0.43185332]);

defineOp({
  name: 'StatelessRandomGammaV2',
  doc: 'Draws from gamma distributions, whose shape parameters run over the last dimensions.',
  inputs: ['shape: T', 'seed: Tseed', 'alpha: dtype'],
  outputs: ['output: dtype'],
  attrs: ['dtype: {float16, float32, float64}', `T: ${INTS}`, `Tseed: ${INTS} = int64`],
  infer: (op) => {
    checkedSource(op, '');
    return drawnShape(op);
  },
  grad: gammaGrad(2),
  samples: [{ inputs: [three, seed, sample(float32, [], [0.7])], outputs: [gammaDrawn], differentiable: false }],
});

defineOp({
  name: 'StatelessRandomGammaV3',
  doc: 'Draws from gamma distributions, whose shape parameters run over the last dimensions.',
  inputs: ['shape: shape_dtype', 'key: uint64', 'counter: uint64', 'alg: int32', 'alpha: dtype'],
  outputs: ['output: dtype'],
  attrs: ['dtype: {float16, float32, float64}', `shape_dtype: ${INTS} = int32`],
  infer: (op) => {
    checkedSource(op, 'V3');
    return drawnShape(op);
  },
  grad: gammaGrad(4),
  samples: [
    {
      inputs: [three, key, counter, philox, sample(float32, [], [0.7])],
      outputs: [gammaDrawn],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'StatelessRandomPoisson',
  doc: 'Draws from Poisson distributions, whose rates run over the last dimensions.',
  inputs: ['shape: T', 'seed: Tseed', 'lam: Rtype'],
  outputs: ['output: dtype'],
  attrs: [`Rtype: ${NUMBERS}`, `dtype: ${NUMBERS}`, `T: ${INTS}`, `Tseed: ${INTS} = int64`],
  infer: (op) => {
    checkedSource(op, '');
    return drawnShape(op);
  },
  grad: none,
  samples: [
    {
      inputs: [three, seed, sample(float32, [], [3])],
      attrs: { dtype: int32 },
      outputs: [sample(int32, [3], [5, 5, 4])],
    },
  ],
});

const sourceShapes = (op: InferContext): Inferred => {
  withRank(op.shape(0), 1);
  return [[1], [2], []];
};

defineOp({
  name: 'StatelessRandomGetKeyCounter',
  doc: 'The key and the counter that a seed stands for.',
  inputs: ['seed: Tseed'],
  outputs: ['key: uint64', 'counter: uint64'],
  attrs: [`Tseed: ${INTS} = int64`],
  infer: (op) => sourceShapes(op).slice(0, 2),
  grad: null,
  samples: [{ inputs: [seed], outputs: [key, counter] }],
});

defineOp({
  name: 'StatelessRandomGetKeyCounterAlg',
  doc: 'The key and the counter that a seed stands for, and the algorithm.',
  inputs: ['seed: Tseed'],
  outputs: ['key: uint64', 'counter: uint64', 'alg: int32'],
  attrs: [`Tseed: ${INTS} = int64`],
  infer: sourceShapes,
  grad: null,
  samples: [{ inputs: [seed], outputs: [key, counter, philox] }],
});

defineOp({
  name: 'StatelessRandomGetAlg',
  doc: 'The algorithm that this device draws by.',
  outputs: ['alg: int32'],
  effect: 'random',
  infer: scalar,
  grad: null,
  samples: [{ inputs: [], outputs: [philox] }],
});

defineOp({
  name: 'StatelessShuffle',
  doc: 'The rows of the value in random order.',
  inputs: ['value: T', 'key: uint64', 'counter: uint64', 'alg: int32'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: (op) => {
    checkedSource(op, 'V2');
    return unchanged(op);
  },
  grad: null,
  samples: [
    {
      inputs: [
        sample(int32, [7], [1, 2, 3, 4, 5, 6, 7]),
        sample(uint64, [1], [7n]),
        sample(uint64, [2], [1n, 2n]),
        philox,
      ],
      outputs: [sample(int32, [7], [4, 7, 5, 3, 6, 2, 1])],
    },
  ],
});

// Functions

/** What the ops of version 2 draw from: key, counter, and the algorithm, which the device chooses. */
function sourceOf(given: TensorLike): [key: Tensor, counter: Tensor, algorithm: number] {
  const [keyTensor, counterTensor] = emit('StatelessRandomGetKeyCounter', [given]).outputs;
  return [keyTensor, counterTensor, AUTO_SELECT];
}
const AUTO_SELECT = 3;

export interface StatelessUniformOptions {
  readonly minval?: TensorLike | null;
  readonly maxval?: TensorLike | null;
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}

/**
 * Uniform draws from [minval, maxval), from [0, 1) without them, that `seed` (two integers) fixes. For integers both
 * bounds must be given, or be null for all integers of the type (`uint32` and `uint64` only so); else `ValueError`.
 *
 *     tf.random.statelessUniform([2, 3], [1, 2])
 *     tf.random.statelessUniform([5], [1, 2], {minval: 0, maxval: 6, dtype: tf.int32})
 */
export function statelessUniform(
  shape: ShapeArgument,
  seed: TensorLike,
  ...rest: Rest<
    [minval: TensorLike | null, maxval: TensorLike | null, dtype: DTypeLike, name: string | null],
    StatelessUniformOptions
  >
): Tensor {
  const options = bind<StatelessUniformOptions>(['minval', 'maxval', 'dtype', 'name'], rest);
  const dtype = asDType(options.dtype ?? float32);
  const accepted = ['float16', 'bfloat16', 'float32', 'float64', 'int32', 'int64', 'uint32', 'uint64'];
  if (!accepted.includes(dtype.name)) {
    const text = accepted.map((name) => `tf.${name}`).join(', ');
    throw new ValueError(`Argument \`dtype\` got invalid value ${dtype}. Accepted dtypes are (${text}).`);
  }
  const minval = options.minval === undefined ? 0 : options.minval;
  const maxval = options.maxval ?? (dtype.isInteger ? null : 1);
  if (dtype.isInteger) checkBounds(dtype, minval, maxval);
  return opScope(options.name, 'stateless_random_uniform', [shape, seed, minval, maxval], (scope) => {
    const dims = shapeTensor(shape);
    if (dtype.isInteger && minval === null) {
      return emitOne('StatelessRandomUniformFullIntV2', [dims, ...sourceOf(seed)], { dtype }, scope);
    }
    const low = convertToTensor(minval as TensorLike, { dtype, name: 'min' });
    const high = convertToTensor(maxval as TensorLike, { dtype, name: 'max' });
    const source = sourceOf(seed);
    if (dtype.isInteger) return emitOne('StatelessRandomUniformIntV2', [dims, ...source, low, high], {}, scope);
    const drawn = emitOne('StatelessRandomUniformV2', [dims, ...source], { dtype });
    const scaled = emitOne('Mul', [drawn, emitOne('Sub', [high, low], {}, 'sub')], {}, 'mul');
    return emitOne('AddV2', [scaled, low], {}, scope);
  });
}

function checkBounds(dtype: DType, minval: TensorLike | null, maxval: TensorLike | null): void {
  if ((minval === null) !== (maxval === null)) {
    const text = (bound: TensorLike | null) => (bound === null ? 'None' : bound);
    throw new ValueError(
      `For integer \`dtype\` argument ${dtype}, argument \`minval\` and \`maxval\` must be both None or not None. Got \`minval\`=${text(minval)} and \`maxval\`=${text(maxval)}.`,
    );
  }
  if (minval !== null && (dtype === uint32 || dtype === uint64)) {
    throw new ValueError(
      `Argument \`dtype\` got invalid value ${dtype} when argument \`minval\` is not None. Please don't use unsigned integers in this case.`,
    );
  }
}

export interface StatelessNormalOptions {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}

type NormalArguments = Rest<
  [mean: TensorLike, stddev: TensorLike, dtype: DTypeLike, name: string | null],
  StatelessNormalOptions
>;

/**
 * Normal draws of the given mean (0) and standard deviation (1) that `seed` (two integers) fixes.
 *
 *     tf.random.statelessNormal([2, 3], [1, 2], {stddev: 0.1})
 */
export function statelessNormal(shape: ShapeArgument, seed: TensorLike, ...rest: NormalArguments): Tensor {
  return normal('StatelessRandomNormalV2', 'stateless_random_normal', shape, seed, rest);
}

/**
 * Normal draws that `seed` fixes, those farther than two standard deviations from the mean drawn again.
 *
 *     tf.random.statelessTruncatedNormal([5, 5], [1, 2], {stddev: 0.1})
 */
export function statelessTruncatedNormal(shape: ShapeArgument, seed: TensorLike, ...rest: NormalArguments): Tensor {
  return normal('StatelessTruncatedNormalV2', 'stateless_truncated_normal', shape, seed, rest);
}

function normal(
  type: string,
  defaultName: string,
  shape: ShapeArgument,
  seed: TensorLike,
  rest: NormalArguments,
): Tensor {
  const options = bind<StatelessNormalOptions>(['mean', 'stddev', 'dtype', 'name'], rest);
  const dtype = asDType(options.dtype ?? float32);
  const { mean = 0, stddev = 1 } = options;
  return opScope(options.name, defaultName, [shape, seed, mean, stddev], (scope) => {
    const dims = shapeTensor(shape);
    const center = convertToTensor(mean, { dtype, name: 'mean' });
    const spread = convertToTensor(stddev, { dtype, name: 'stddev' });
    const drawn = emitOne(type, [dims, ...sourceOf(seed)], { dtype });
    return emitOne('AddV2', [emitOne('Mul', [drawn, spread], {}, 'mul'), center], {}, scope);
  });
}

export interface StatelessGammaOptions {
  readonly beta?: TensorLike | null;
  readonly dtype?: DTypeLike;
  readonly name?: string | null;
}

/**
 * Gamma draws of shape parameter `alpha` and inverse scale `beta` (1) that `seed` fixes. `shape` is that of the result
 * and ends with the broadcast shape of the parameters. Draws have gradients along both.
 *
 *     tf.random.statelessGamma([10, 2], [1, 2], [0.5, 1.5])
 */
export function statelessGamma(
  shape: ShapeArgument,
  seed: TensorLike,
  alpha: TensorLike,
  ...rest: Rest<[beta: TensorLike | null, dtype: DTypeLike, name: string | null], StatelessGammaOptions>
): Tensor {
  const options = bind<StatelessGammaOptions>(['beta', 'dtype', 'name'], rest);
  const dtype = asDType(options.dtype ?? float32);
  const beta = options.beta ?? null;
  return opScope(options.name, 'stateless_random_gamma', [shape, seed, alpha, beta], () => {
    const dims = shapeTensor(shape);
    return scaledGamma(alpha, beta, dtype, (alphas) =>
      emitOne('StatelessRandomGammaV3', [dims, ...sourceOf(seed), alphas]),
    );
  });
}

export interface StatelessDrawOptions {
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * Poisson draws of rate `lam` that `seed` fixes, of type `dtype` (int32). `shape` is that of the result and ends with the
 * shape of `lam`.
 *
 *     tf.random.statelessPoisson([10, 2], [1, 2], [5, 15])
 */
export function statelessPoisson(
  shape: ShapeArgument,
  seed: TensorLike,
  lam: TensorLike,
  ...rest: Rest<[dtype: DTypeLike | null, name: string | null], StatelessDrawOptions>
): Tensor {
  const { dtype, name } = bind<StatelessDrawOptions>(['dtype', 'name'], rest);
  return opScope(name, 'stateless_random_poisson', [shape, seed, lam], () => {
    return emitOne('StatelessRandomPoisson', [shapeTensor(shape), seed, lam], { dtype: asDType(dtype ?? int32) });
  });
}

export interface StatelessMultinomialOptions {
  readonly outputDtype?: DTypeLike | null;
  readonly name?: string | null;
}

/**
 * Class numbers drawn per row of unnormalised log-probabilities [rows, classes] that `seed` fixes: int64 (or int32)
 * [rows, numSamples].
 *
 *     tf.random.statelessMultinomial([[Math.log(0.5), Math.log(0.5)]], 5, [1, 2])
 */
export function statelessMultinomial(
  logits: TensorLike,
  numSamples: TensorLike,
  seed: TensorLike,
  ...rest: Rest<[outputDtype: DTypeLike | null, name: string | null], StatelessMultinomialOptions>
): Tensor {
  const { outputDtype, name } = bind<StatelessMultinomialOptions>(['outputDtype', 'name'], rest);
  return classes('stateless_multinomial', logits, numSamples, seed, outputDtype, name);
}

/** `statelessMultinomial` under its later name, whose type argument is `dtype`. */
export function statelessCategorical(
  logits: TensorLike,
  numSamples: TensorLike,
  seed: TensorLike,
  ...rest: Rest<[dtype: DTypeLike | null, name: string | null], StatelessDrawOptions>
): Tensor {
  const { dtype, name } = bind<StatelessDrawOptions>(['dtype', 'name'], rest);
  return classes('stateless_categorical', logits, numSamples, seed, dtype, name);
}

function classes(
  defaultName: string,
  logits: TensorLike,
  numSamples: TensorLike,
  seed: TensorLike,
  dtype: DTypeLike | null | undefined,
  name: string | null | undefined,
): Tensor {
  const output = asDType(dtype ?? int64);
  if (output !== int32 && output !== int64) {
    throw new ValueError(`Argument \`dtype\` got invalid value ${output}. Accepted dtypes are (tf.int32, tf.int64).`);
  }
  return opScope(name, defaultName, [logits, seed], () => {
    const values = convertToTensor(logits, { name: 'logits' });
    return emitOne('StatelessMultinomial', [values, numSamples, seed], { output_dtype: output });
  });
}
