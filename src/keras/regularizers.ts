/**
 * Regularizers: penalties on weights or outputs that are added to a model's loss. Adding them up is the layers' and
 * models' business.
 */
import type { Tensor } from '../graph/graph.ts';
import * as arithmetic from '../ops/arithmetic.ts';
import { constant } from '../ops/constants.ts';
import { emitOne } from '../ops/emit.ts';
import { eye } from '../ops/filling.ts';
import { l2Loss } from '../ops/losses-basic.ts';
import { matmul } from '../ops/matmul.ts';
import { l2Normalize } from '../ops/normalization-functions.ts';
import { reduceSum } from '../ops/reductions.ts';
import { transpose } from '../ops/shaping.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { abs } from '../ops/unary-math.ts';
import { RuntimeError, ValueError } from '../util/errors.ts';
import { formatShape } from '../util/shape.ts';
import { build, operand } from './backend/operands.ts';
import { floatx } from './config.ts';
import { callable, type DeserializeArguments, defineKind, makerOf } from './objects.ts';
import type { Config, Serialized } from './serialization.ts';

/** A function that gives the penalty of a tensor. */
export type RegularizerFunction = (x: Tensor) => Tensor;

const RegularizerBase = callable<(x: TensorLike) => Tensor>('call');

/**
 * The base of regularizers. A subclass defines `call`, which gives the penalty as a scalar, and `getConfig` to be saved.
 * A regularizer can be called itself, and does for `tf.getVariable` too.
 *
 *     class Scale extends tf.keras.regularizers.Regularizer { call(x) { return x.abs().max(); } }
 */
export class Regularizer extends RegularizerBase {
  static readonly className: string = 'Regularizer';

  /** The penalty: 0, unless a subclass says otherwise. */
  override call(x: TensorLike): Tensor {
    return build([x], () => constant(0, { dtype: operand(x).dtype }));
  }
  /** The arguments of the constructor. Throws `RuntimeError` where the subclass does not tell them. */
  getConfig(): Config {
    throw new RuntimeError(`${this.constructor.name} does not implement getConfig()`);
  }
  static fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return new this(config as never);
  }
}

/** A factor in the float type, as Keras saves it. Throws `ValueError` for what is no finite number. */
function penalty(x: unknown): number {
  if (typeof x !== 'number') {
    throw new ValueError(`Value ${x} is not a valid regularization penalty number, expected an int or float value.`);
  }
  if (!Number.isFinite(x)) {
    const printed = Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
    throw new ValueError(
      `Value ${printed} is not a valid regularization penalty number, an infinite number or NaN are not valid values.`,
    );
  }
  return floatx() === 'float32' ? Math.fround(x) : x;
}

/** Python's `factor * x`, which names the op `mul`. */
const times = (factor: number, x: Tensor): Tensor => emitOne('Mul', [factor, x], {}, 'mul');
const absolutes = (factor: number, x: Tensor): Tensor => times(factor, reduceSum(abs(x)));
// Half the sum of squares is one op, and Keras's: hence the 2.
const squares = (factor: number, x: Tensor): Tensor => times(2 * factor, l2Loss(x));

export interface L1Options {
  readonly l1?: number | null;
}

/**
 * The penalty `l1 * sum(abs(x))`, with `l1` 0.01 if not given.
 *
 *     new tf.keras.regularizers.L1(0.001)
 */
export class L1 extends Regularizer {
  static override readonly className: string = 'L1';
  readonly l1: number;

  constructor(...rest: Rest<[l1: number | null], L1Options>) {
    super();
    this.l1 = penalty(bind<L1Options>(['l1'], rest).l1 ?? 0.01);
  }
  override call(x: TensorLike): Tensor {
    return build([x], () => absolutes(this.l1, operand(x)));
  }
  override getConfig(): Config {
    return { l1: this.l1 };
  }
}

export interface L2Options {
  readonly l2?: number | null;
}

/**
 * The penalty `l2 * sum(x ** 2)`, with `l2` 0.01 if not given.
 *
 *     new tf.keras.layers.Dense(10, {kernelRegularizer: new tf.keras.regularizers.L2(1e-4)})
 */
export class L2 extends Regularizer {
  static override readonly className: string = 'L2';
  readonly l2: number;

  constructor(...rest: Rest<[l2: number | null], L2Options>) {
    super();
    this.l2 = penalty(bind<L2Options>(['l2'], rest).l2 ?? 0.01);
  }
  override call(x: TensorLike): Tensor {
    return build([x], () => squares(this.l2, operand(x)));
  }
  override getConfig(): Config {
    return { l2: this.l2 };
  }
}

export interface L1L2Options extends L1Options, L2Options {}

/**
 * Both penalties; a factor that is not given is 0 (by the function `l1L2` and the name `'l1_l2'`, 0.01).
 *
 *     new tf.keras.regularizers.L1L2({l1: 0.01, l2: 0.1})
 */
export class L1L2 extends Regularizer {
  static override readonly className: string = 'L1L2';
  readonly l1: number;
  readonly l2: number;

  constructor(...rest: Rest<[l1: number | null, l2: number | null], L1L2Options>) {
    super();
    const { l1, l2 } = bind<L1L2Options>(['l1', 'l2'], rest);
    this.l1 = penalty(l1 ?? 0);
    this.l2 = penalty(l2 ?? 0);
  }
  override call(x: TensorLike): Tensor {
    return build([x], () => {
      const value = operand(x);
      let sum = constant(0, { dtype: value.dtype });
      if (this.l1) sum = sum.add(absolutes(this.l1, value));
      if (this.l2) sum = sum.add(squares(this.l2, value));
      return sum;
    });
  }
  override getConfig(): Config {
    return { l1: this.l1, l2: this.l2 };
  }
}

export interface OrthogonalRegularizerOptions {
  readonly factor?: number;
  /** Which vectors are to be orthogonal. */
  readonly mode?: 'rows' | 'columns';
}

/**
 * A penalty on rows (or columns) of a matrix that are not orthogonal: `factor` (0.01) times the mean size of the products
 * of each two of them, normalised. Throws `ValueError` for another rank than 2.
 *
 *     new tf.keras.regularizers.OrthogonalRegularizer({mode: 'columns'})
 */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className: string = 'OrthogonalRegularizer';
  readonly factor: number;
  readonly mode: 'rows' | 'columns';

  constructor(...rest: Rest<[factor: number, mode: 'rows' | 'columns'], OrthogonalRegularizerOptions>) {
    super();
    const { factor = 0.01, mode = 'rows' } = bind<OrthogonalRegularizerOptions>(['factor', 'mode'], rest);
    this.factor = penalty(factor);
    if (mode !== 'rows' && mode !== 'columns') {
      throw new ValueError(
        `Invalid value for argument \`mode\`. Expected one of {"rows", "columns"}. Received: mode=${mode}`,
      );
    }
    this.mode = mode;
  }
  override call(x: TensorLike): Tensor {
    return build([x], () => {
      const value = operand(x);
      if (value.shape?.length !== 2) {
        throw new ValueError(
          `Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape == ${formatShape(value.shape)}`,
        );
      }
      const byRow = this.mode === 'rows';
      const size = value.shape[byRow ? 0 : 1];
      if (size === null) {
        throw new ValueError(`The number of ${this.mode} must be known. Received: ${formatShape(value.shape)}`);
      }
      const unit = l2Normalize(value, byRow ? 1 : 0);
      const products = byRow ? matmul(unit, transpose(unit)) : matmul(transpose(unit), unit);
      const others = products.mul(arithmetic.subtract(1, eye(size, { dtype: value.dtype })));
      const pairs = (size * (size - 1)) / 2;
      return arithmetic.multiply(this.factor * 0.5, reduceSum(abs(others))).div(pairs);
    });
  }
  override getConfig(): Config {
    return { factor: this.factor, mode: this.mode };
  }
}

/** A regularizer `L1`. `tf.keras.regularizers.l1(0.01)` */
export const l1 = makerOf(L1);
/** A regularizer `L2`. `tf.keras.regularizers.l2(0.01)` */
export const l2 = makerOf(L2);
/** An `OrthogonalRegularizer`. `tf.keras.regularizers.orthogonalRegularizer({mode: 'columns'})` */
export const orthogonalRegularizer = makerOf(OrthogonalRegularizer);

/** A regularizer `L1L2` with factors of 0.01 where they are not given. `tf.keras.regularizers.l1L2({l1: 0.1})` */
export function l1L2(...rest: Rest<[l1: number | null, l2: number | null], L1L2Options>): L1L2 {
  const { l1 = 0.01, l2 = 0.01 } = bind<L1L2Options>(['l1', 'l2'], rest);
  return new L1L2({ l1, l2 });
}

class FunctionRegularizer extends Regularizer {
  constructor(private readonly fn: RegularizerFunction) {
    super();
  }
  override call(x: TensorLike): Tensor {
    return this.fn(operand(x));
  }
}

const kind = defineKind<Regularizer>({
  noun: 'regularizer',
  wrap: (fn) => new FunctionRegularizer(fn as unknown as RegularizerFunction),
  known: [
    ['L1', L1],
    ['L2', L2],
    ['L1L2', L1L2],
    ['OrthogonalRegularizer', OrthogonalRegularizer],
    ['l1', L1],
    ['l2', L2],
    ['orthogonal_regularizer', OrthogonalRegularizer],
  ],
});

/**
 * The regularizer of a name (`'l2'`), configuration or class; a function becomes one that calls it; null stays null.
 * Throws `ValueError` for anything else.
 */
export function get(identifier: NonNullable<unknown>): Regularizer;
export function get(identifier: unknown): Regularizer | null;
export function get(identifier: unknown): Regularizer | null {
  if (typeof identifier === 'string') return deserialize(identifier);
  return identifier === l1L2 ? l1L2() : kind.get(identifier);
}

/** The configuration of a regularizer, the name of a function, null for null. */
export function serialize(regularizer: unknown): Serialized | string | null {
  return kind.serialize(regularizer);
}

/** The regularizer of a configuration or name. Throws `ValueError` for one that is unknown. */
export function deserialize(config: Serialized | string, options?: DeserializeArguments): Regularizer {
  // The name stands for the function, whose factors are not the class's.
  if (config === 'l1_l2' || config === 'l1L2') return l1L2();
  return kind.deserialize(config, options);
}
