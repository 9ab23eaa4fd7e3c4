/** Variables that Keras looks after: made here, initialised when a session of Keras's first needs them. */
import type { Tensor } from '../../graph/graph.ts';
import { eye as eyeOp, ones as onesOp, zeros as zerosOp } from '../../ops/filling.ts';
import { randomNormal, randomUniform } from '../../ops/random.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { Variable } from '../../variables/variable.ts';
import type { InitialValue } from '../../variables/variable-ops.ts';
import { inContext } from '../binding.ts';
import { floatx } from '../config.ts';
import type { KerasContext } from '../context.ts';

export interface VariableOptions {
  /** The value's own type without it; `floatx()` for numbers. */
  readonly dtype?: DTypeLike | null;
  readonly name?: string | null;
  /** Maps a new value to an allowed one; applied by optimizers. */
  readonly constraint?: ((value: Tensor) => Tensor) | null;
}

function make(context: KerasContext, value: InitialValue, { dtype, name, constraint }: VariableOptions): Variable {
  return context.graph.asDefault(() => {
    const made = new Variable(value, { dtype: dtype ?? floatx(), name: name ?? null, constraint: constraint ?? null });
    context.track(made);
    return made;
  });
}

/**
 * A variable with this initial value, of type `floatx()` unless said.
 *
 *     const v = tf.keras.backend.variable([[1, 2], [3, 4]], {name: 'v'});
 *     (await tf.keras.backend.getValue(v)).array()       // [[1, 2], [3, 4]]
 */
export const variable = inContext(
  (context) =>
    (value: InitialValue, options: VariableOptions = {}): Variable =>
      make(context, value, options),
);

/** A variable of zeros. */
export const zeros = inContext(
  (context) =>
    (shape: readonly number[], options: VariableOptions = {}): Variable =>
      make(context, () => zerosOp(shape, options.dtype ?? floatx()), options),
);

/** A variable of ones. */
export const ones = inContext(
  (context) =>
    (shape: readonly number[], options: VariableOptions = {}): Variable =>
      make(context, () => onesOp(shape, options.dtype ?? floatx()), options),
);

/** A variable with an identity matrix of this size. */
export const eye = inContext(
  (context) =>
    (size: number, options: VariableOptions = {}): Variable =>
      make(context, () => eyeOp(size, { dtype: options.dtype ?? floatx() }), options),
);

export interface RandomVariableOptions extends VariableOptions {
  readonly seed?: number | null;
}

/** A variable that starts with samples of the uniform distribution between `low` and `high`. */
export const randomUniformVariable = inContext(
  (context) =>
    (shape: readonly number[], low: number, high: number, options: RandomVariableOptions = {}): Variable => {
      const { seed = null, dtype } = options;
      const value = () => randomUniform(shape, { minval: low, maxval: high, dtype: dtype ?? floatx(), seed });
      return make(context, value, options);
    },
);

/** A variable that starts with samples of the normal distribution. */
export const randomNormalVariable = inContext(
  (context) =>
    (shape: readonly number[], mean: number, scale: number, options: RandomVariableOptions = {}): Variable => {
      const { seed = null, dtype } = options;
      const value = () => randomNormal(shape, { mean, stddev: scale, dtype: dtype ?? floatx(), seed });
      return make(context, value, options);
    },
);
