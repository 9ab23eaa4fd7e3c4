/**
 * Initializers under Keras's names, with Keras's defaults and configurations: the first values of weights, by shape. The
 * values themselves are made by `src/variables/initializers.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import * as arithmetic from '../ops/arithmetic.ts';
import { emitOne, convertToTensor as toTensor } from '../ops/emit.ts';
import { diagPart, qr } from '../ops/linalg.ts';
import { matrixTranspose, reshape } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { sign } from '../ops/unary-math.ts';
import type { ArrayValue } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, type DTypeName, float32 } from '../util/dtype.ts';
import { RuntimeError, ValueError } from '../util/errors.ts';
import { asShape, formatShape, isFullyDefined, type KnownShape, type ShapeLike, sizeOf } from '../util/shape.ts';
import * as functional from '../variables/initializers.ts';
import { build } from './backend/operands.ts';
import { callable, type DeserializeArguments, defineKind, makerOf } from './objects.ts';
import type { Config, Serialized } from './serialization.ts';

export type InitializerCallOptions = functional.InitializerOptions;

/** A function that gives the first value of a weight, of the shape asked for. */
export type InitializerFunction = (shape: KnownShape, options: InitializerCallOptions) => TensorLike;

const InitializerBase = callable<(shape: ShapeLike, options?: InitializerCallOptions) => Tensor>('call');

/**
 * The base of initializers. A subclass defines `call`, and `getConfig` where its constructor takes arguments. An
 * initializer can be called itself, and does for `tf.getVariable` too.
 *
 *     class Sevens extends tf.keras.initializers.Initializer {
 *       call(shape, {dtype} = {}) { return tf.fill(shape, 7).cast(dtype ?? 'float32'); }
 *     }
 */
export class Initializer extends InitializerBase {
  static readonly className: string = 'Initializer';

  /** A value of the shape, which must be known; float32 where no type is given. */
  override call(_shape: ShapeLike, _options?: InitializerCallOptions): Tensor {
    throw new RuntimeError('Initializer subclasses must implement the `call()` method.');
  }
  /** The arguments of the constructor. */
  getConfig(): Config {
    return {};
  }
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(config as never);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Seeds

const WORD = 0xffffffffn;

/**
 * The stream that Keras draws from for a seed, as the seeds of a random op: one block of Philox, of the seed under a key of
 * TensorFlow's. Keras's op takes the seed itself and has no state; the first run of this one gives the same numbers.
 */
function streamOf(seed: number): { readonly seed: bigint; readonly seed2: bigint } {
  const start = BigInt.asUintN(64, BigInt(Math.trunc(seed)));
  let [a, b, c, d] = [start & WORD, start >> 32n, 0n, 0n];
  let [left, right] = [0x3ec8f720n, 0x02461e29n];
  for (let round = 0; round < 10; round++) {
    const [x, y] = [a * 0xd2511f53n, c * 0xcd9e8d57n];
    [a, b, c, d] = [(y >> 32n) ^ b ^ left, y & WORD, (x >> 32n) ^ d ^ right, x & WORD];
    left = (left + 0x9e3779b9n) & WORD;
    right = (right + 0xbb67ae85n) & WORD;
  }
  return { seed: BigInt.asIntN(64, (b << 32n) | a), seed2: BigInt.asIntN(64, (d << 32n) | c) };
}

type Distribution = 'RandomUniform' | 'RandomStandardNormal' | 'TruncatedNormal';

/** Seeded draws, times `factor`, plus `offset`: tensors of the element type, as rounding has it. */
type Draw = (distribution: Distribution, shape: KnownShape, factor: Tensor | number, offset?: number) => Tensor;

function drawsOf(seed: number, dtype: DType): Draw {
  return (distribution, shape, factor, offset = 0) => {
    const drawn = emitOne(distribution, [Int32Array.from(shape)], { dtype, ...streamOf(seed) });
    return drawn.mul(factor).add(offset);
  };
}

function uniformBetween(draw: Draw, shape: KnownShape, low: number, high: number, dtype: DType): Tensor {
  const range = arithmetic.subtract(toTensor(high, { dtype }), toTensor(low, { dtype }));
  return draw('RandomUniform', shape, range, low);
}

interface Scaling {
  readonly scale: number;
  readonly mode: functional.VarianceScalingMode;
  readonly distribution: functional.VarianceScalingDistribution;
}

/** The standard deviation of a normal distribution cut off at two deviations. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

function scaled({ scale, mode, distribution }: Scaling): Seeded {
  return (draw, shape, dtype) => {
    const field = sizeOf(shape.slice(0, -2));
    const last = shape.at(-1) ?? 1;
    const [inputs, outputs] = [(shape.at(-2) ?? last) * field, last * field];
    const fan = mode === 'fan_in' ? inputs : mode === 'fan_out' ? outputs : (inputs + outputs) / 2;
    const deviation = Math.sqrt(scale / Math.max(1, fan));
    if (distribution === 'uniform') {
      const limit = Math.sqrt((3 * scale) / Math.max(1, fan));
      return uniformBetween(draw, shape, -limit, limit, dtype);
    }
    if (distribution === 'untruncated_normal') return draw('RandomStandardNormal', shape, deviation);
    return draw('TruncatedNormal', shape, deviation / TRUNCATED_DEVIATION);
  };
}

function orthogonalOf(gain: number): Seeded {
  return (draw, shape) => {
    if (shape.length < 2) {
      throw new ValueError(
        `The tensor to initialize must be at least two-dimensional. Received: shape=${formatShape(shape)} of rank ${shape.length}.`,
      );
    }
    const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];
    const [q, r] = qr(draw('RandomStandardNormal', [Math.max(rows, columns), Math.min(rows, columns)], 1));
    const unique = q.mul(sign(diagPart(r)));
    const oriented = rows < columns ? matrixTranspose(unique) : unique;
    return arithmetic.multiply(gain, reshape(oriented, Int32Array.from(shape)));
  };
}

/** The value of a shape from seeded draws. */
type Seeded = (draw: Draw, shape: KnownShape, dtype: DType) => Tensor;

/**
 * An initializer of Keras's own: a functional one, and the arguments that are saved. With a seed, the value is made from
 * Keras's stream by `seeded`, whatever the seed of the graph.
 */
class Standard extends Initializer {
  readonly #values: functional.Initializer;
  readonly #config: Config;
  readonly #seeded: Seeded | null;

  constructor(values: functional.Initializer, config: Config, seeded: Seeded | null = null) {
    super();
    this.#values = values;
    this.#config = config;
    this.#seeded = seeded;
  }
  override call(shape: ShapeLike, options: InitializerCallOptions = {}): Tensor {
    const { seed, dtype: own } = this.#config as { readonly seed?: number | null; readonly dtype?: DTypeName };
    const dtype = asDType(options.dtype ?? own ?? float32);
    const dims = asShape(shape);
    const isPlain = isFullyDefined(dims) && dtype.isFloating && !options.partitionInfo;
    // The rest, and what is no shape for the initializer, is left to the functional one.
    if (!this.#seeded || seed === null || seed === undefined || !isPlain) {
      return this.#values(shape, options);
    }
    const seeded = this.#seeded;
    return build([], () => seeded(drawsOf(seed, dtype), dims, dtype));
  }
  override getConfig(): Config {
    return this.#config;
  }
}

function nameOf(dtype: DTypeLike = float32): DTypeName {
  return asDType(dtype).name;
}

// ---------------------------------------------------------------------------------------------------------------------
// Constants

export interface DTypeOption {
  readonly dtype?: DTypeLike;
}

/** Zeros. `new tf.keras.initializers.Zeros()` */
export class Zeros extends Standard {
  static override readonly className: string = 'Zeros';

  constructor(...rest: Rest<[dtype: DTypeLike], DTypeOption>) {
    const dtype = nameOf(bind<DTypeOption>(['dtype'], rest).dtype);
    super(functional.zerosInitializer(dtype), { dtype });
  }
}

/** Ones. `new tf.keras.initializers.Ones()` */
export class Ones extends Standard {
  static override readonly className: string = 'Ones';

  constructor(...rest: Rest<[dtype: DTypeLike], DTypeOption>) {
    const dtype = nameOf(bind<DTypeOption>(['dtype'], rest).dtype);
    super(functional.onesInitializer(dtype), { dtype });
  }
}

export interface ConstantOptions extends DTypeOption {
  readonly value?: ArrayValue;
  /** Whether the value must have the weight's shape. */
  readonly verifyShape?: boolean;
}

/**
 * A number for every element (0), or a value with as many elements as the weight.
 *
 *     new tf.keras.initializers.Constant(0.5)
 */
export class Constant extends Standard {
  static override readonly className: string = 'Constant';

  constructor(...rest: Rest<[value: ArrayValue, dtype: DTypeLike, verifyShape: boolean], ConstantOptions>) {
    const { value = 0, dtype, verifyShape = false } = bind<ConstantOptions>(['value', 'dtype', 'verifyShape'], rest);
    const config = { value, dtype: nameOf(dtype) };
    super(functional.constantInitializer({ ...config, verifyShape }), config);
  }
}

export interface IdentityOptions extends DTypeOption {
  readonly gain?: number;
}

/** The identity matrix times `gain`, for matrices only. `new tf.keras.initializers.Identity()` */
export class Identity extends Standard {
  static override readonly className: string = 'Identity';

  constructor(...rest: Rest<[gain: number, dtype: DTypeLike], IdentityOptions>) {
    const { gain = 1, dtype } = bind<IdentityOptions>(['gain', 'dtype'], rest);
    const config = { gain, dtype: nameOf(dtype) };
    super(functional.identityInitializer(config), config);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Draws

export interface SeedOption {
  /** Makes the draws repeatable; together with the graph's seed. */
  readonly seed?: number | null;
}
export interface SeedAndDType extends SeedOption, DTypeOption {}

export interface RandomUniformOptions extends SeedAndDType {
  readonly minval?: number;
  readonly maxval?: number;
}

/** Uniform draws from -0.05 to 0.05, or from `minval` to `maxval`. `new tf.keras.initializers.RandomUniform({seed: 1})` */
export class RandomUniform extends Standard {
  static override readonly className: string = 'RandomUniform';

  constructor(
    ...rest: Rest<[minval: number, maxval: number, seed: number | null, dtype: DTypeLike], RandomUniformOptions>
  ) {
    const {
      minval = -0.05,
      maxval = 0.05,
      seed = null,
      dtype,
    } = bind<RandomUniformOptions>(['minval', 'maxval', 'seed', 'dtype'], rest);
    const config = { minval, maxval, seed, dtype: nameOf(dtype) };
    super(functional.randomUniformInitializer(config), config, (draw, shape, type) =>
      uniformBetween(draw, shape, minval, maxval, type),
    );
  }
}

export interface RandomNormalOptions extends SeedAndDType {
  readonly mean?: number;
  readonly stddev?: number;
}
type NormalRest = Rest<[mean: number, stddev: number, seed: number | null, dtype: DTypeLike], RandomNormalOptions>;

function normalConfig(rest: readonly unknown[]) {
  const names = ['mean', 'stddev', 'seed', 'dtype'] as const;
  const { mean = 0, stddev = 0.05, seed = null, dtype } = bind<RandomNormalOptions>(names, rest);
  return { mean, stddev, seed, dtype: nameOf(dtype) };
}

/** Normal draws of mean 0 and deviation 0.05, unless said otherwise. `new tf.keras.initializers.RandomNormal(0, 0.1)` */
export class RandomNormal extends Standard {
  static override readonly className: string = 'RandomNormal';

  constructor(...rest: NormalRest) {
    const config = normalConfig(rest);
    super(functional.randomNormalInitializer(config), config, (draw, shape) =>
      draw('RandomStandardNormal', shape, config.stddev, config.mean),
    );
  }
}

/** As `RandomNormal`, but draws farther than two deviations from the mean are drawn again. */
export class TruncatedNormal extends Standard {
  static override readonly className: string = 'TruncatedNormal';

  constructor(...rest: NormalRest) {
    const config = normalConfig(rest);
    super(functional.truncatedNormalInitializer(config), config, (draw, shape) =>
      draw('TruncatedNormal', shape, config.stddev, config.mean),
    );
  }
}

export interface VarianceScalingOptions extends SeedAndDType {
  readonly scale?: number;
  readonly mode?: functional.VarianceScalingMode;
  readonly distribution?: functional.VarianceScalingDistribution;
}

/**
 * Draws whose variance is `scale` divided by the number of inputs, of outputs, or their mean (`mode`).
 *
 *     new tf.keras.initializers.VarianceScaling({scale: 2, mode: 'fan_out', distribution: 'uniform'})
 */
export class VarianceScaling extends Standard {
  static override readonly className: string = 'VarianceScaling';

  constructor(
    ...rest: Rest<
      [
        scale: number,
        mode: functional.VarianceScalingMode,
        distribution: functional.VarianceScalingDistribution,
        seed: number | null,
        dtype: DTypeLike,
      ],
      VarianceScalingOptions
    >
  ) {
    const {
      scale = 1,
      mode = 'fan_in',
      distribution = 'truncated_normal',
      seed = null,
      dtype,
    } = bind<VarianceScalingOptions>(['scale', 'mode', 'distribution', 'seed', 'dtype'], rest);
    const config = { scale, mode, distribution, seed, dtype: nameOf(dtype) };
    checkScaling(config);
    super(functional.varianceScalingInitializer(config), config, scaled(config));
  }
}

function checkScaling({ scale, mode, distribution }: Scaling): void {
  if (!(scale > 0)) throw new ValueError(`\`scale\` must be positive float. Received: scale=${scale}.`);
  if (!['fan_in', 'fan_out', 'fan_avg'].includes(mode)) {
    throw new ValueError(`Invalid \`mode\` argument: ${mode}. Please use one of the {'fan_out', 'fan_in', 'fan_avg'}.`);
  }
  if (!['normal', 'uniform', 'truncated_normal', 'untruncated_normal'].includes(distribution)) {
    throw new ValueError(
      `Invalid \`distribution\` argument: ${distribution}.Allowed distributions: {'uniform', 'truncated_normal', 'untruncated_normal'}.`,
    );
  }
}

const GLOROT_NORMAL: Scaling = { scale: 1, mode: 'fan_avg', distribution: 'truncated_normal' };
const GLOROT_UNIFORM: Scaling = { scale: 1, mode: 'fan_avg', distribution: 'uniform' };
const HE_NORMAL: Scaling = { scale: 2, mode: 'fan_in', distribution: 'truncated_normal' };
const HE_UNIFORM: Scaling = { scale: 2, mode: 'fan_in', distribution: 'uniform' };
const LECUN_NORMAL: Scaling = { scale: 1, mode: 'fan_in', distribution: 'truncated_normal' };
const LECUN_UNIFORM: Scaling = { scale: 1, mode: 'fan_in', distribution: 'uniform' };

type SeedAndDTypeRest = Rest<[seed: number | null, dtype: DTypeLike], SeedAndDType>;

function seedConfig(rest: readonly unknown[]) {
  const { seed = null, dtype } = bind<SeedAndDType>(['seed', 'dtype'], rest);
  return { seed, dtype: nameOf(dtype) };
}

/** Truncated normal draws of variance 2 / (inputs + outputs). `new tf.keras.initializers.GlorotNormal({seed: 1})` */
export class GlorotNormal extends Standard {
  static override readonly className: string = 'GlorotNormal';

  constructor(...rest: SeedAndDTypeRest) {
    const config = seedConfig(rest);
    super(functional.glorotNormalInitializer(config), config, scaled(GLOROT_NORMAL));
  }
}

/** Uniform draws within ±√(6 / (inputs + outputs)), the default of most layers' kernels. */
export class GlorotUniform extends Standard {
  static override readonly className: string = 'GlorotUniform';

  constructor(...rest: SeedAndDTypeRest) {
    const config = seedConfig(rest);
    super(functional.glorotUniformInitializer(config), config, scaled(GLOROT_UNIFORM));
  }
}

type SeedRest = Rest<[seed: number | null], SeedOption>;

function seedOnly(rest: readonly unknown[]) {
  return { seed: bind<SeedOption>(['seed'], rest).seed ?? null };
}

/** Truncated normal draws of variance 2 / inputs. `new tf.keras.initializers.HeNormal({seed: 1})` */
export class HeNormal extends Standard {
  static override readonly className: string = 'HeNormal';

  constructor(...rest: SeedRest) {
    const config = seedOnly(rest);
    super(functional.heNormal(config), config, scaled(HE_NORMAL));
  }
}

/** Uniform draws within ±√(6 / inputs). */
export class HeUniform extends Standard {
  static override readonly className: string = 'HeUniform';

  constructor(...rest: SeedRest) {
    const config = seedOnly(rest);
    super(functional.heUniform(config), config, scaled(HE_UNIFORM));
  }
}

/** Truncated normal draws of variance 1 / inputs. */
export class LecunNormal extends Standard {
  static override readonly className: string = 'LecunNormal';

  constructor(...rest: SeedRest) {
    const config = seedOnly(rest);
    super(functional.lecunNormal(config), config, scaled(LECUN_NORMAL));
  }
}

/** Uniform draws within ±√(3 / inputs). */
export class LecunUniform extends Standard {
  static override readonly className: string = 'LecunUniform';

  constructor(...rest: SeedRest) {
    const config = seedOnly(rest);
    super(functional.lecunUniform(config), config, scaled(LECUN_UNIFORM));
  }
}

export interface OrthogonalOptions extends SeedAndDType {
  readonly gain?: number;
}

/**
 * An orthogonal matrix times `gain`; of more than two dimensions the last one is columns. Throws `ValueError` for fewer.
 *
 *     new tf.keras.initializers.Orthogonal({gain: 1.4, seed: 1})
 */
export class Orthogonal extends Standard {
  static override readonly className: string = 'Orthogonal';

  constructor(...rest: Rest<[gain: number, seed: number | null, dtype: DTypeLike], OrthogonalOptions>) {
    const { gain = 1, seed = null, dtype } = bind<OrthogonalOptions>(['gain', 'seed', 'dtype'], rest);
    const config = { gain, seed, dtype: nameOf(dtype) };
    super(functional.orthogonalInitializer(config), config, orthogonalOf(gain));
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Names

/** The function that makes initializers of a class; uncalled, it will do for `tf.getVariable` and layers. */
function factory<A extends readonly unknown[], T extends Initializer>(
  made: { new (...args: A): T } & { readonly className: string },
): ((...args: A) => T) & { readonly initializerName: string } {
  return Object.assign(makerOf(made), { initializerName: made.className });
}

/** An initializer `Zeros`. `tf.keras.initializers.zeros()` */
export const zeros = factory(Zeros);
/** An initializer `Ones`. `tf.keras.initializers.ones()` */
export const ones = factory(Ones);
/** An initializer `Constant`. `tf.keras.initializers.constant(0.5)` */
export const constant = factory(Constant);
/** An initializer `Identity`. `tf.keras.initializers.identity({gain: 2})` */
export const identity = factory(Identity);
/** An initializer `RandomUniform`. `tf.keras.initializers.randomUniform(-1, 1)` */
export const randomUniform = factory(RandomUniform);
/** Another name of `randomUniform`. */
export const uniform = randomUniform;
/** An initializer `RandomNormal`. `tf.keras.initializers.randomNormal({stddev: 0.1})` */
export const randomNormal = factory(RandomNormal);
/** Another name of `randomNormal`. */
export const normal = randomNormal;
/** An initializer `TruncatedNormal`. `tf.keras.initializers.truncatedNormal({stddev: 0.1})` */
export const truncatedNormal = factory(TruncatedNormal);
/** An initializer `VarianceScaling`. `tf.keras.initializers.varianceScaling({scale: 2})` */
export const varianceScaling = factory(VarianceScaling);
/** An initializer `GlorotNormal`. `tf.keras.initializers.glorotNormal({seed: 1})` */
export const glorotNormal = factory(GlorotNormal);
/** An initializer `GlorotUniform`. `tf.keras.initializers.glorotUniform({seed: 1})` */
export const glorotUniform = factory(GlorotUniform);
/** An initializer `HeNormal`. `tf.keras.initializers.heNormal({seed: 1})` */
export const heNormal = factory(HeNormal);
/** An initializer `HeUniform`. `tf.keras.initializers.heUniform({seed: 1})` */
export const heUniform = factory(HeUniform);
/** An initializer `LecunNormal`. `tf.keras.initializers.lecunNormal({seed: 1})` */
export const lecunNormal = factory(LecunNormal);
/** An initializer `LecunUniform`. `tf.keras.initializers.lecunUniform({seed: 1})` */
export const lecunUniform = factory(LecunUniform);
/** An initializer `Orthogonal`. `tf.keras.initializers.orthogonal({gain: 2})` */
export const orthogonal = factory(Orthogonal);

class FunctionInitializer extends Initializer {
  constructor(private readonly fn: InitializerFunction) {
    super();
  }
  override call(shape: ShapeLike, options: InitializerCallOptions = {}): Tensor {
    const dtype = options.dtype ? asDType(options.dtype) : null;
    const value = this.fn(asShape(shape) as KnownShape, options);
    return toTensor(value, dtype ? { preferredDtype: dtype } : {});
  }
}

const classes = {
  zeros: Zeros,
  ones: Ones,
  constant: Constant,
  identity: Identity,
  random_uniform: RandomUniform,
  random_normal: RandomNormal,
  truncated_normal: TruncatedNormal,
  variance_scaling: VarianceScaling,
  glorot_normal: GlorotNormal,
  glorot_uniform: GlorotUniform,
  he_normal: HeNormal,
  he_uniform: HeUniform,
  lecun_normal: LecunNormal,
  lecun_uniform: LecunUniform,
  orthogonal: Orthogonal,
};

const kind = defineKind<Initializer>({
  noun: 'initializer',
  wrap: (fn) => new FunctionInitializer(fn as unknown as InitializerFunction),
  known: [
    // Files of TensorFlow 2 programs may have the names with V2.
    ...Object.entries(classes).flatMap(
      ([name, item]) =>
        [
          [item.className, item],
          [name, item],
          [`${item.className}V2`, item],
          [`${name}V2`, item],
        ] as const,
    ),
    ['zero', Zeros],
    ['one', Ones],
    ['uniform', RandomUniform],
    ['normal', RandomNormal],
  ],
});

/**
 * The initializer of a name (`'glorot_uniform'` or `'glorotUniform'`), configuration or class; a function
 * `(shape, {dtype}) => value` becomes one that calls it; those of `tf.…Initializer` are given back; null stays null.
 * Throws `ValueError` for anything else.
 */
export function get(identifier: NonNullable<unknown>): Initializer;
export function get(identifier: unknown): Initializer | null;
export function get(identifier: unknown): Initializer | null {
  return kind.get(functional.isInitializerFactory(identifier) ? identifier() : identifier);
}

/** The configuration of an initializer, the name of a function, null for null. */
export function serialize(initializer: unknown): Serialized | string | null {
  return kind.serialize(initializer);
}

/** The initializer of a configuration or name. Throws `ValueError` for one that is unknown. */
export function deserialize(config: Serialized | string, options?: DeserializeArguments): Initializer {
  return kind.deserialize(config, options);
}
