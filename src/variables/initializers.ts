/**
 * Initializers: what gives a variable its first value, from its shape. Each is made by a function, and can be called
 * itself. Which one a variable gets by default is `variable-store.ts`'s rule.
 */
import type { Tensor } from '../graph/graph.ts';
import { constant } from '../ops/constants.ts';
import { emitOne } from '../ops/emit.ts';
import { eye, ones, zeros } from '../ops/filling.ts';
import { diagPart, qr } from '../ops/linalg.ts';
import { randomNormal, randomUniform, truncatedNormal } from '../ops/random.ts';
import { matrixTranspose, reshape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import type { ArrayValue } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, float32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { asShape, formatShape, isFullyDefined, type KnownShape, type ShapeLike, sizeOf } from '../util/shape.ts';

/** The part of a variable that is made, where the variable is cut into several. */
export interface PartitionInfo {
  readonly fullShape: KnownShape;
  readonly varOffset: KnownShape;
}

export interface InitializerOptions {
  readonly dtype?: DTypeLike | null;
  readonly partitionInfo?: PartitionInfo | null;
}

/** Makes the initial value of a variable of this shape. */
export type InitializerFunction = (shape: KnownShape, options: InitializerOptions) => TensorLike;

/** A configured initializer: call it, or its `call`, with a shape. */
export interface Initializer {
  (shape: ShapeLike, options?: InitializerOptions): Tensor;
  call(shape: ShapeLike, options?: InitializerOptions): Tensor;
  /** The arguments it was made from, by their names here. */
  getConfig(): Readonly<Record<string, unknown>>;
}

/** What makes an initializer: call it (with or without `new`) with its arguments. */
export interface InitializerFactory<A extends readonly unknown[]> {
  (...args: A): Initializer;
  new (...args: A): Initializer;
  readonly initializerName: string;
  fromConfig(config: Readonly<Record<string, unknown>>): Initializer;
}

/** Whether the value is a factory that was not called: `getVariable` then calls it without arguments. */
export function isInitializerFactory(value: unknown): value is InitializerFactory<readonly []> {
  return typeof value === 'function' && 'initializerName' in value;
}

/** Whether the value is a configured initializer, which takes a shape (a plain function may take none). */
export function isInitializer(value: unknown): value is Initializer {
  return typeof value === 'function' && 'getConfig' in value;
}

/** How one kind of initializer works, with its arguments under their names. */
interface Kind<O extends object> {
  readonly name: string;
  /** The arguments in order, with their defaults. */
  readonly defaults: O;
  /** Whether it makes floating types only. */
  readonly floatOnly?: boolean;
  readonly build: (shape: KnownShape, dtype: DType, options: O, full: KnownShape, offset: KnownShape | null) => Tensor;
}

function define<O extends object, A extends readonly unknown[]>(kind: Kind<O>): InitializerFactory<A> {
  const names = Object.keys(kind.defaults) as (keyof O & string)[];
  const make = function make(...args: readonly unknown[]): Initializer {
    const given = bind<O>(names, args);
    const options = { ...kind.defaults };
    for (const name of names) if (given[name] !== undefined) options[name] = given[name] as O[typeof name];
    const config = options as Record<string, unknown>;
    if ('dtype' in options) config.dtype = asDType(config.dtype as DTypeLike);
    if (kind.floatOnly && !(config.dtype as DType).isFloating) {
      throw new ValueError(`Argument \`dtype\` expected to be numeric or boolean. Received ${config.dtype}.`);
    }
    const call = (shape: ShapeLike, more: InitializerOptions = {}): Tensor => {
      const dims = asShape(shape);
      if (!isFullyDefined(dims))
        throw new ValueError(`The shape of an initializer must be known, got ${formatShape(dims)}.`);
      const dtype = asDType(more.dtype ?? (config.dtype as DType | undefined) ?? float32);
      const part = more.partitionInfo;
      return kind.build(dims, dtype, options, part?.fullShape ?? dims, part?.varOffset ?? null);
    };
    const getConfig = () => ({ ...options, ...('dtype' in options ? { dtype: (config.dtype as DType).name } : {}) });
    return Object.assign((shape: ShapeLike, more?: InitializerOptions) => call(shape, more), { call, getConfig });
  };
  return Object.assign(make, {
    initializerName: kind.name,
    fromConfig: (config: Readonly<Record<string, unknown>>) => make(config),
  }) as unknown as InitializerFactory<A>;
}

export interface DTypeOption {
  readonly dtype?: DTypeLike;
}
export interface SeedAndDType extends DTypeOption {
  readonly seed?: number | null;
}

/**
 * Zeros.
 *
 *     tf.getVariable('b', [10], {initializer: tf.zerosInitializer()})
 */
export const zerosInitializer = define<{ dtype: DTypeLike }, Rest<[dtype: DTypeLike], DTypeOption>>({
  name: 'Zeros',
  defaults: { dtype: float32 },
  build: (shape, dtype) => zeros(shape, dtype),
});

/** Ones. */
export const onesInitializer = define<{ dtype: DTypeLike }, Rest<[dtype: DTypeLike], DTypeOption>>({
  name: 'Ones',
  defaults: { dtype: float32 },
  build: (shape, dtype) => ones(shape, dtype),
});

export interface ConstantInitializerOptions extends DTypeOption {
  readonly value?: ArrayValue;
  readonly verifyShape?: boolean;
}

/**
 * A constant: a scalar for every element, or a value with as many elements as the variable has. With `verifyShape` it
 * must have the variable's shape, else `TypeError`.
 *
 *     tf.constantInitializer([1, 2, 3, 4])([2, 2])
 */
export const constantInitializer = define<
  { value: ArrayValue; dtype: DTypeLike; verifyShape: boolean },
  Rest<[value: ArrayValue, dtype: DTypeLike, verifyShape: boolean], ConstantInitializerOptions>
>({
  name: 'Constant',
  defaults: { value: 0, dtype: float32, verifyShape: false },
  build: (shape, dtype, { value, verifyShape }) => {
    if (!verifyShape) return constant(value, { dtype, shape, name: 'Const' });
    const own = constant(value, { dtype });
    if (formatShape(own.shape) !== formatShape(shape)) {
      throw new TypeError(`Expected Tensor's shape: ${formatShape(shape)}, got ${formatShape(own.shape)}.`);
    }
    return own;
  },
});

export interface RandomUniformInitializerOptions extends SeedAndDType {
  readonly minval?: TensorLike;
  readonly maxval?: TensorLike | null;
}

/**
 * Uniform draws from [minval, maxval), [0, 1) without them.
 *
 *     tf.randomUniformInitializer(-0.05, 0.05, {seed: 1})
 */
export const randomUniformInitializer = define<
  { minval: TensorLike; maxval: TensorLike | null; seed: number | null; dtype: DTypeLike },
  Rest<
    [minval: TensorLike, maxval: TensorLike | null, seed: number | null, dtype: DTypeLike],
    RandomUniformInitializerOptions
  >
>({
  name: 'RandomUniform',
  defaults: { minval: 0, maxval: null, seed: null, dtype: float32 },
  build: (shape, dtype, { minval, maxval, seed }) => randomUniform(shape, { minval, maxval, dtype, seed }),
});

export interface RandomNormalInitializerOptions extends SeedAndDType {
  readonly mean?: TensorLike;
  readonly stddev?: TensorLike;
}
type NormalOptions = { mean: TensorLike; stddev: TensorLike; seed: number | null; dtype: DTypeLike };
type NormalArguments = Rest<
  [mean: TensorLike, stddev: TensorLike, seed: number | null, dtype: DTypeLike],
  RandomNormalInitializerOptions
>;
const NORMAL: NormalOptions = { mean: 0, stddev: 1, seed: null, dtype: float32 };

/** Normal draws of mean 0 and deviation 1 unless said otherwise. */
export const randomNormalInitializer = define<NormalOptions, NormalArguments>({
  name: 'RandomNormal',
  defaults: NORMAL,
  floatOnly: true,
  build: (shape, dtype, { mean, stddev, seed }) => randomNormal(shape, { mean, stddev, dtype, seed }),
});

/** Normal draws, those farther than two deviations from the mean drawn again. */
export const truncatedNormalInitializer = define<NormalOptions, NormalArguments>({
  name: 'TruncatedNormal',
  defaults: NORMAL,
  floatOnly: true,
  build: (shape, dtype, { mean, stddev, seed }) => truncatedNormal(shape, { mean, stddev, dtype, seed }),
});

export interface UniformUnitScalingOptions extends SeedAndDType {
  readonly factor?: number;
}

/** Uniform draws that keep the scale of inputs: the limit is factor · √(3 / product of all dimensions but the last). */
export const uniformUnitScalingInitializer = define<
  { factor: number; seed: number | null; dtype: DTypeLike },
  Rest<[factor: number, seed: number | null, dtype: DTypeLike], UniformUnitScalingOptions>
>({
  name: 'UniformUnitScaling',
  defaults: { factor: 1, seed: null, dtype: float32 },
  floatOnly: true,
  build: (shape, dtype, { factor, seed }, full) => {
    const limit = Math.sqrt(3 / Math.max(sizeOf(full.slice(0, -1)), 1)) * factor;
    return randomUniform(shape, { minval: -limit, maxval: limit, dtype, seed });
  },
});

export type VarianceScalingMode = 'fan_in' | 'fan_out' | 'fan_avg';
export type VarianceScalingDistribution = 'uniform' | 'normal' | 'truncated_normal' | 'untruncated_normal';
export interface VarianceScalingOptions extends SeedAndDType {
  readonly scale?: number;
  readonly mode?: VarianceScalingMode;
  readonly distribution?: VarianceScalingDistribution;
}
interface Scaling {
  scale: number;
  mode: VarianceScalingMode;
  distribution: VarianceScalingDistribution;
  seed: number | null;
  dtype: DTypeLike;
}

/** How many inputs and outputs a unit has, by the shape of its weights: dense, or a filter with its channels last. */
function fans(shape: KnownShape): readonly [number, number] {
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0], shape[0]];
  const field = sizeOf(shape.slice(0, -2));
  return [shape[shape.length - 2] * field, shape[shape.length - 1] * field];
}

/** The standard deviation of a normal distribution cut off at two deviations. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

function varianceScaled(
  shape: KnownShape,
  dtype: DType,
  { scale, mode, distribution, seed }: Scaling,
  full: KnownShape,
): Tensor {
  const [fanIn, fanOut] = fans(full);
  const fan = mode === 'fan_in' ? fanIn : mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, fan);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    return randomUniform(shape, { minval: -limit, maxval: limit, dtype, seed });
  }
  if (distribution === 'untruncated_normal') return randomNormal(shape, { stddev: Math.sqrt(variance), dtype, seed });
  return truncatedNormal(shape, { stddev: Math.sqrt(variance) / TRUNCATED_DEVIATION, dtype, seed });
}

function checkScaling({ scale, mode, distribution }: Scaling): void {
  if (!(scale > 0)) throw new ValueError(`Argument \`scale\` must be a positive float. Received: ${scale}`);
  if (!['fan_in', 'fan_out', 'fan_avg'].includes(mode)) {
    throw new ValueError(`Argument \`mode\` should be one of ('fan_in', 'fan_out', 'fan_avg'). Received: ${mode}`);
  }
  if (!['normal', 'uniform', 'truncated_normal', 'untruncated_normal'].includes(distribution)) {
    throw new ValueError(
      `Argument \`distribution\` should be one of ('normal', uniform', 'truncated_normal', 'untruncated_normal'). Received: ${distribution}`,
    );
  }
}

/**
 * Draws whose variance is scale / fan, where fan is the number of inputs, of outputs, or their mean.
 *
 *     tf.varianceScalingInitializer({scale: 2, mode: 'fan_in', distribution: 'truncated_normal'})
 */
export const varianceScalingInitializer = define<
  Scaling,
  Rest<
    [
      scale: number,
      mode: VarianceScalingMode,
      distribution: VarianceScalingDistribution,
      seed: number | null,
      dtype: DTypeLike,
    ],
    VarianceScalingOptions
  >
>({
  name: 'VarianceScaling',
  defaults: { scale: 1, mode: 'fan_in', distribution: 'truncated_normal', seed: null, dtype: float32 },
  floatOnly: true,
  build: (shape, dtype, options, full) => {
    checkScaling(options);
    return varianceScaled(shape, dtype, options, full);
  },
});

type SeedArguments = Rest<[seed: number | null, dtype: DTypeLike], SeedAndDType>;

/** A variance scaling with everything fixed but the seed and the type. */
function scaling(
  name: string,
  scale: number,
  mode: VarianceScalingMode,
  distribution: VarianceScalingDistribution,
): InitializerFactory<SeedArguments> {
  return define<{ seed: number | null; dtype: DTypeLike }, SeedArguments>({
    name,
    defaults: { seed: null, dtype: float32 },
    floatOnly: true,
    build: (shape, dtype, { seed }, full) =>
      varianceScaled(shape, dtype, { scale, mode, distribution, seed, dtype }, full),
  });
}

/** Uniform draws within ±√(6 / (inputs + outputs)): the default for floating types. */
export const glorotUniformInitializer = scaling('GlorotUniform', 1, 'fan_avg', 'uniform');
/** Truncated normal draws of variance 2 / (inputs + outputs). */
export const glorotNormalInitializer = scaling('GlorotNormal', 1, 'fan_avg', 'truncated_normal');
/** Truncated normal draws of variance 2 / inputs. */
export const heNormal = scaling('HeNormal', 2, 'fan_in', 'truncated_normal');
/** Uniform draws within ±√(6 / inputs). */
export const heUniform = scaling('HeUniform', 2, 'fan_in', 'uniform');
/** Truncated normal draws of variance 1 / inputs. */
export const lecunNormal = scaling('LecunNormal', 1, 'fan_in', 'truncated_normal');
/** Uniform draws within ±√(3 / inputs). */
export const lecunUniform = scaling('LecunUniform', 1, 'fan_in', 'uniform');

export interface GainOptions extends SeedAndDType {
  readonly gain?: number;
}

/**
 * An orthogonal matrix times `gain`; more than two dimensions are rows and the last one columns. Throws `ValueError` for
 * fewer than two.
 */
export const orthogonalInitializer = define<
  { gain: number; seed: number | null; dtype: DTypeLike },
  Rest<[gain: number, seed: number | null, dtype: DTypeLike], GainOptions>
>({
  name: 'Orthogonal',
  defaults: { gain: 1, seed: null, dtype: float32 },
  floatOnly: true,
  build: (shape, dtype, { gain, seed }) => {
    checkMatrix(shape, shape.length >= 2);
    const rows = sizeOf(shape.slice(0, -1));
    const columns = shape[shape.length - 1];
    const flat = [Math.max(rows, columns), Math.min(rows, columns)];
    const drawn = randomNormal(flat, { dtype, seed });
    const [q, r] = qr(drawn);
    // With a positive diagonal of R the decomposition is unique, and Q uniform among the orthogonal matrices.
    const signs = emitOne('Sign', [diagPart(r)]);
    const unique = emitOne('Mul', [q, signs], {}, 'mul');
    const oriented = rows < columns ? matrixTranspose(unique) : unique;
    return emitOne('Mul', [gain, reshape(oriented, shape)], {}, 'mul');
  },
});

/** The identity matrix times `gain`, for matrices only. */
export const identityInitializer = define<
  { gain: number; dtype: DTypeLike },
  Rest<[gain: number, dtype: DTypeLike], { readonly gain?: number; readonly dtype?: DTypeLike }>
>({
  name: 'Identity',
  defaults: { gain: 1, dtype: float32 },
  floatOnly: true,
  build: (shape, dtype, { gain }, full, offset) => {
    checkMatrix(full, full.length === 2);
    const matrix = eye(full[0], full[1], { dtype });
    const part = offset ? emitOne('Slice', [matrix, [...offset], [...shape]]) : matrix;
    return emitOne('Mul', [gain, part], {}, 'mul');
  },
});

function checkMatrix(shape: KnownShape, fits: boolean): void {
  if (fits) return;
  throw new ValueError(
    `The tensor to initialize must be at least two-dimensional. Received: shape=${formatShape(shape)}`,
  );
}
