/**
 * Learning rates that fall with the number of steps, as tensors. Optimizers take them like any other rate.
 */
import { Tensor } from '../graph/graph.ts';
import { constantOp, convertToTensor, emitOne, graphOf, opScope } from '../ops/emit.ts';
import { randomNormal } from '../ops/random.ts';
import { bind, isSymbolic, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { toNdArray } from '../util/array-convert.ts';
import { type DType, int32, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';

export interface DecayOptions {
  /** Rounds the fraction of steps down, so that the rate falls in steps. */
  readonly staircase?: boolean;
  readonly name?: string | null;
}
type DecayRest = Rest<[staircase: boolean, name: string | null], DecayOptions>;
const DECAY = ['staircase', 'name'] as const;

/**
 * `learningRate * decayRate ^ (globalStep / decaySteps)`. Throws `ValueError` without a global step.
 *
 *     const rate = tf.train.exponentialDecay(0.1, globalStep, 1000, 0.96, {staircase: true});
 */
export function exponentialDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  decayRate: TensorLike,
  ...rest: DecayRest
): Tensor {
  const { staircase, name } = bind<DecayOptions>(DECAY, rest);
  return decay('exponential_decay', name, 'ExponentialDecay', learningRate, globalStep, (d) => {
    const steps = d.steps(decaySteps);
    const rate = d.number(decayRate);
    const fraction = d.fraction(d.step(), steps, staircase);
    return d.op('Mul', d.rate, d.op('Pow', rate, fraction), d.scope);
  });
}

/** `learningRate * exp(-decayRate * globalStep / decaySteps)`. Throws `ValueError` without a global step. */
export function naturalExpDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  decayRate: TensorLike,
  ...rest: DecayRest
): Tensor {
  need(globalStep, 'natural_exp_decay');
  const graph = graphOf([learningRate, globalStep, decayRate]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const rate = emitOne('Exp', [emitOne('Neg', [decayRate])]);
      return exponentialDecay(learningRate, globalStep, decaySteps, rate, ...rest);
    }),
  );
}

/** `learningRate / (1 + decayRate * globalStep / decaySteps)`. Throws `ValueError` without a global step. */
export function inverseTimeDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  decayRate: TensorLike,
  ...rest: DecayRest
): Tensor {
  const { staircase, name } = bind<DecayOptions>(DECAY, rest);
  return decay('inverse_time_decay', name, 'InverseTimeDecay', learningRate, globalStep, (d) => {
    const steps = d.steps(decaySteps);
    const rate = d.number(decayRate);
    const fraction = d.fraction(d.step(), steps, staircase);
    const one = d.cast(constantOp(toNdArray(1, int32), 'Const'));
    const divisor = d.op('AddV2', one, d.op('Mul', rate, fraction), 'Add');
    return d.op('RealDiv', d.rate, divisor, d.scope);
  });
}

export interface PolynomialDecayOptions {
  /** What the rate falls to; 0.0001 without it. */
  readonly endLearningRate?: TensorLike;
  /** 1 without it: a straight line. */
  readonly power?: TensorLike;
  /** Starts again, over a multiple of `decaySteps`, when these are over; else the rate stays. */
  readonly cycle?: boolean;
  readonly name?: string | null;
}

/** From `learningRate` to `endLearningRate` in `decaySteps` by a power. Throws `ValueError` without a global step. */
export function polynomialDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  ...rest: Rest<
    [endLearningRate: TensorLike, power: TensorLike, cycle: boolean, name: string | null],
    PolynomialDecayOptions
  >
): Tensor {
  const options = bind<PolynomialDecayOptions>(['endLearningRate', 'power', 'cycle', 'name'], rest);
  return decay('polynomial_decay', options.name, 'PolynomialDecay', learningRate, globalStep, (d) => {
    const end = d.number(options.endLearningRate ?? 0.0001);
    const power = d.number(options.power ?? 1);
    let step = d.step();
    let steps = d.steps(decaySteps);
    if (options.cycle) {
      const first = d.op('Equal', step, 0);
      const rounds = emitOne('Ceil', [d.op('RealDiv', step, decaySteps, 'truediv')]);
      steps = d.op('Mul', steps, emitOne('SelectV2', [first, 1, rounds]));
    } else {
      step = d.op('Minimum', step, steps);
    }
    const fraction = d.op('RealDiv', step, steps, 'truediv');
    const range = d.op('Sub', d.rate, end, 'sub');
    const left = d.op('Pow', d.op('Sub', 1, fraction, 'sub'), power);
    return d.op('AddV2', d.op('Mul', range, left), end, d.scope);
  });
}

export interface CosineDecayOptions {
  /** The part of the rate that stays at the end; 0 without it. */
  readonly alpha?: TensorLike;
  readonly name?: string | null;
}

/** Half a cosine from `learningRate` down to `alpha * learningRate`. Throws `ValueError` without a global step. */
export function cosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  ...rest: Rest<[alpha: TensorLike, name: string | null], CosineDecayOptions>
): Tensor {
  const { alpha = 0, name } = bind<CosineDecayOptions>(['alpha', 'name'], rest);
  return decay('cosine decay', name, 'CosineDecay', learningRate, globalStep, (d) => {
    const steps = d.steps(decaySteps);
    const step = d.op('Minimum', d.step(), steps);
    const fraction = d.op('RealDiv', step, steps, 'truediv');
    const wave = d.op('Mul', 0.5, d.cosine(fraction), 'mul');
    const rest = typeof alpha === 'number' ? 1 - alpha : d.op('Sub', 1, alpha, 'sub');
    return d.op('Mul', d.rate, d.op('AddV2', d.op('Mul', rest, wave, 'mul'), alpha, 'add'));
  });
}

export interface CosineDecayRestartsOptions extends CosineDecayOptions {
  /** How much longer each period is than the one before; 2 without it. */
  readonly tMul?: TensorLike;
  /** How the rate at each restart relates to that of the one before; 1 without it. */
  readonly mMul?: TensorLike;
}

/** Cosine decay that starts again and again. Throws `ValueError` without a global step. */
export function cosineDecayRestarts(
  learningRate: TensorLike,
  globalStep: TensorLike,
  firstDecaySteps: TensorLike,
  ...rest: Rest<
    [tMul: TensorLike, mMul: TensorLike, alpha: TensorLike, name: string | null],
    CosineDecayRestartsOptions
  >
): Tensor {
  const options = bind<CosineDecayRestartsOptions>(['tMul', 'mMul', 'alpha', 'name'], rest);
  const { tMul = 2, mMul = 1, alpha = 0, name } = options;
  return decay('cosine decay restarts', name, 'SGDRDecay', learningRate, globalStep, (d) => {
    const first = d.steps(firstDecaySteps);
    const low = d.number(alpha);
    const t = d.number(tMul);
    const m = d.number(mMul);
    const completed = d.op('RealDiv', d.step(), first, 'truediv');
    const [restarts, fraction] = periods(d, completed, t, tMul);
    const factor = d.op('Mul', 0.5, d.op('Pow', m, restarts, 'pow'), 'mul');
    const wave = d.op('Mul', factor, d.cosine(fraction), 'mul');
    const decayed = d.op('AddV2', d.op('Mul', d.op('Sub', 1, low, 'sub'), wave, 'mul'), low, 'add');
    return d.op('Mul', d.rate, decayed, d.scope);
  });
}

/** How many periods are over, and how much of the present one. Both ways are computed where `tMul` is known in a run. */
function periods(d: Decay, completed: Tensor, t: Tensor, given: TensorLike): readonly [Tensor, Tensor] {
  const equal = (): [Tensor, Tensor] => {
    const whole = emitOne('Floor', [completed]);
    return [whole, d.op('Sub', completed, whole, 'sub')];
  };
  const growing = (): [Tensor, Tensor] => {
    const left = d.op('Sub', 1, d.op('Mul', completed, d.op('Sub', 1, t, 'sub'), 'mul'), 'sub');
    const whole = emitOne('Floor', [d.op('RealDiv', emitOne('Log', [left]), emitOne('Log', [t]), 'truediv')]);
    const power = d.op('Pow', t, whole, 'pow');
    const before = d.op('RealDiv', d.op('Sub', 1, power, 'sub'), d.op('Sub', 1, t, 'sub'), 'truediv');
    return [whole, d.op('RealDiv', d.op('Sub', completed, before, 'sub'), power, 'truediv')];
  };
  if (typeof given === 'number') return given === 1 ? equal() : growing();
  const same = d.op('Equal', t, 1);
  const [a, b] = [equal(), growing()];
  return [emitOne('SelectV2', [same, a[0], b[0]]), emitOne('SelectV2', [same, a[1], b[1]])];
}

export interface LinearCosineDecayOptions {
  /** How many cosines fit in; 0.5 without it. */
  readonly numPeriods?: TensorLike;
  readonly alpha?: TensorLike;
  /** 0.001 without it. */
  readonly beta?: TensorLike;
  readonly name?: string | null;
}

/**
 * `learningRate * ((alpha + linear) * cosine + beta)`, with a line from 1 to 0 and a cosine of `numPeriods` periods. Throws
 * `ValueError` without a global step.
 */
export function linearCosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  ...rest: Rest<
    [numPeriods: TensorLike, alpha: TensorLike, beta: TensorLike, name: string | null],
    LinearCosineDecayOptions
  >
): Tensor {
  const options = bind<LinearCosineDecayOptions>(['numPeriods', 'alpha', 'beta', 'name'], rest);
  const { numPeriods = 0.5, alpha = 0, beta = 0.001, name } = options;
  return decay('linear cosine decay', name, 'LinearCosineDecay', learningRate, globalStep, (d) => {
    const steps = d.steps(decaySteps);
    const [periods, a, b] = [d.number(numPeriods), d.number(alpha), d.number(beta)];
    const step = d.op('Minimum', d.step(), steps);
    const linear = d.op('RealDiv', d.op('Sub', steps, step, 'sub'), steps, 'truediv');
    return linearCosine(d, linear, step, steps, periods, a, b);
  });
}

function linearCosine(d: Decay, linear: Tensor, step: Tensor, steps: Tensor, periods: Tensor, a: Tensor, b: Tensor) {
  const completed = d.op('RealDiv', step, steps, 'truediv');
  const fraction = d.op('Mul', d.op('Mul', 2, periods, 'mul'), completed, 'mul');
  const wave = d.op('Mul', 0.5, d.cosine(fraction), 'mul');
  const decayed = d.op('AddV2', d.op('Mul', d.op('AddV2', a, linear, 'add'), wave, 'mul'), b, 'add');
  return d.op('Mul', d.rate, decayed, d.scope);
}

export interface NoisyLinearCosineDecayOptions extends LinearCosineDecayOptions {
  /** The variance of the noise at the start; 1 without it. */
  readonly initialVariance?: TensorLike;
  /** How fast it falls; 0.55 without it. */
  readonly varianceDecay?: TensorLike;
}

/** `linearCosineDecay` with noise on the line, less from step to step. Throws `ValueError` without a global step. */
export function noisyLinearCosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  ...rest: Rest<
    [
      initialVariance: TensorLike,
      varianceDecay: TensorLike,
      numPeriods: TensorLike,
      alpha: TensorLike,
      beta: TensorLike,
      name: string | null,
    ],
    NoisyLinearCosineDecayOptions
  >
): Tensor {
  const options = bind<NoisyLinearCosineDecayOptions>(
    ['initialVariance', 'varianceDecay', 'numPeriods', 'alpha', 'beta', 'name'],
    rest,
  );
  const { initialVariance = 1, varianceDecay = 0.55, numPeriods = 0.5, alpha = 0, beta = 0.001, name } = options;
  return decay('noisy linear cosine decay', name, 'NoisyLinearCosineDecay', learningRate, globalStep, (d) => {
    const steps = d.steps(decaySteps);
    const [start, fall] = [d.number(initialVariance), d.number(varianceDecay)];
    const [periods, a, b] = [d.number(numPeriods), d.number(alpha), d.number(beta)];
    const step = d.op('Minimum', d.step(), steps);
    const linear = d.op('RealDiv', d.op('Sub', steps, step, 'sub'), steps, 'truediv');
    const variance = d.op('RealDiv', start, d.op('Pow', d.op('AddV2', 1, step, 'add'), fall), 'truediv');
    const noise = randomNormal([], { stddev: emitOne('Sqrt', [variance]), dtype: d.rate.dtype });
    return linearCosine(d, d.op('AddV2', linear, noise, 'add'), step, steps, periods, a, b);
  });
}

/**
 * `values[i]` while x is at most `boundaries[i]` and above the one before, the last value above all. Boundaries must
 * increase. Throws `ValueError` where they are not of the type of x (int32 ones may go with an int64 x), where the values
 * differ in type, or where there is not one value more than boundaries.
 *
 *     tf.train.piecewiseConstant(globalStep, [100000, 110000], [1.0, 0.5, 0.1])
 */
export function piecewiseConstant(
  x: TensorLike,
  boundaries: readonly TensorLike[],
  values: readonly TensorLike[],
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ name: string | null }>(['name'], rest);
  if (boundaries.length !== values.length - 1) {
    throw new ValueError('The length of boundaries should be 1 less than the length of values');
  }
  return opScope(name, 'PiecewiseConstant', [x, boundaries, values], () => {
    const point = convertToTensor(x);
    const limits = boundaries.map((boundary) => limitOf(boundary, point.dtype));
    const choices = values.map((value) => convertToTensor(value));
    for (const { dtype } of choices) {
      if (dtype === choices[0].dtype) continue;
      throw new ValueError(`Values must have elements all with the same dtype (${choices[0].dtype} vs ${dtype}).`);
    }
    if (limits.length === 0) return choices[0];
    const above = emitOne('Greater', [point, emitOne('Pack', [limits], { axis: 0 }, 'boundaries')]);
    const passed = emitOne('Sum', [emitOne('Cast', [above], { DstT: int32 }), toNdArray([0], int32)]);
    return emitOne('GatherV2', [emitOne('Pack', [choices], { axis: 0 }, 'values'), passed, toNdArray(0, int32)]);
  });
}

/** TensorFlow's newer name of `piecewiseConstant`. */
export const piecewiseConstantDecay = piecewiseConstant;

function limitOf(boundary: TensorLike, dtype: DType): Tensor {
  const fraction = typeof boundary === 'number' && !Number.isInteger(boundary);
  const wanted = isSymbolic(boundary) || (fraction && dtype.isInteger) ? null : dtype;
  const limit = convertToTensor(boundary, { dtype: wanted });
  if (limit.dtype === dtype) return limit;
  if (limit.dtype === int32 && dtype === int64) return emitOne('Cast', [limit], { DstT: dtype });
  throw new ValueError(`Boundaries (${limit.dtype}) must have the same dtype as x (${dtype}).`);
}

function need(globalStep: TensorLike | null | undefined, what: string): void {
  if (globalStep === null || globalStep === undefined) throw new ValueError(`global_step is required for ${what}.`);
}

function decay(
  what: string,
  name: string | null | undefined,
  scopeName: string,
  learningRate: TensorLike,
  globalStep: TensorLike,
  body: (d: Decay) => Tensor,
): Tensor {
  need(globalStep, what);
  return opScope(name, scopeName, [learningRate, globalStep], (scope) => {
    const rate = convertToTensor(learningRate, { name: 'initial_learning_rate' });
    return body(new Decay(scope, rate, globalStep));
  });
}

/** What all decays are built with: everything is of the type of the rate. */
class Decay {
  constructor(
    readonly scope: string,
    readonly rate: Tensor,
    private readonly globalStep: TensorLike,
  ) {}

  /** A value in the type of the rate; whole numbers start as int32 where they count steps. */
  cast(value: TensorLike, start: DType = this.rate.dtype): Tensor {
    const { dtype } = this.rate;
    if (value instanceof Tensor && value.dtype === dtype) return value;
    return opScope(null, 'Cast', [value], (scope) => {
      const x = isSymbolic(value) ? convertToTensor(value) : convertToTensor(value, { dtype: start, name: 'x' });
      return x.dtype === dtype ? x : emitOne('Cast', [x], { DstT: dtype }, scope);
    });
  }
  number(value: TensorLike): Tensor {
    return this.cast(value);
  }
  steps(value: TensorLike): Tensor {
    return this.cast(value, typeof value === 'number' && Number.isInteger(value) ? int32 : this.rate.dtype);
  }
  step(): Tensor {
    return this.cast(this.globalStep);
  }
  fraction(step: Tensor, steps: Tensor, staircase: boolean | undefined): Tensor {
    const fraction = this.op('RealDiv', step, steps, 'truediv');
    return staircase ? emitOne('Floor', [fraction]) : fraction;
  }
  /** `1 + cos(pi * x)`. */
  cosine(x: Tensor): Tensor {
    const pi = constantOp(toNdArray(Math.PI, this.rate.dtype), 'Const');
    return this.op('AddV2', 1, emitOne('Cos', [this.op('Mul', pi, x, 'mul')]), 'add');
  }
  op(type: string, x: TensorLike, y: TensorLike, name = type): Tensor {
    return emitOne(type, [x, y], {}, name);
  }
}
