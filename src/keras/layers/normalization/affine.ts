/** What normalizing layers share: the weights `gamma` and `beta` that scale and shift what is normalized. */
import type { DType } from '../../../util/dtype.ts';
import { TypeError, ValueError } from '../../../util/errors.ts';
import { pythonTypeName } from '../../../util/python-names.ts';
import type { Dim } from '../../../util/shape.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as constraints from '../../constraints.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import type { LayerShape, ShapeNest } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ObjectIdentifier } from '../identifiers.ts';

export interface AffineOptions extends LayerOptions {
  /** Added to the variance, so that it is never 0; 0.001 without it. */
  readonly epsilon?: number;
  /** Whether `beta` is added. */
  readonly center?: boolean;
  /** Whether the result is multiplied by `gamma`. */
  readonly scale?: boolean;
  /** Zeros without it. */
  readonly betaInitializer?: ObjectIdentifier;
  /** Ones without it. */
  readonly gammaInitializer?: ObjectIdentifier;
  readonly betaRegularizer?: ObjectIdentifier | null;
  readonly gammaRegularizer?: ObjectIdentifier | null;
  readonly betaConstraint?: ObjectIdentifier | null;
  readonly gammaConstraint?: ObjectIdentifier | null;
}

export abstract class AffineLayer extends Layer {
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly betaInitializer: initializers.Initializer;
  readonly gammaInitializer: initializers.Initializer;
  readonly betaRegularizer: regularizers.Regularizer | null;
  readonly gammaRegularizer: regularizers.Regularizer | null;
  readonly betaConstraint: constraints.Constraint | null;
  readonly gammaConstraint: constraints.Constraint | null;
  gamma: Variable | null = null;
  beta: Variable | null = null;

  constructor(options: AffineOptions) {
    super(options);
    this.epsilon = options.epsilon ?? 1e-3;
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
    this.betaInitializer = initializers.get(options.betaInitializer ?? 'zeros');
    this.gammaInitializer = initializers.get(options.gammaInitializer ?? 'ones');
    this.betaRegularizer = regularizers.get(options.betaRegularizer);
    this.gammaRegularizer = regularizers.get(options.gammaRegularizer);
    this.betaConstraint = constraints.get(options.betaConstraint);
    this.gammaConstraint = constraints.get(options.gammaConstraint);
    this.supportsMasking = true;
  }

  /** Makes the weights; to be called in `build`. */
  protected addAffineWeights(shape: readonly Dim[], dtype: DType = this.dtype): void {
    this.gamma = this.scale
      ? this.addWeight('gamma', {
          shape,
          dtype,
          initializer: this.gammaInitializer,
          regularizer: this.gammaRegularizer,
          constraint: this.gammaConstraint,
        })
      : null;
    this.beta = this.center
      ? this.addWeight('beta', {
          shape,
          dtype,
          initializer: this.betaInitializer,
          regularizer: this.betaRegularizer,
          constraint: this.betaConstraint,
        })
      : null;
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }

  /** The part of the configuration that is about the weights. */
  protected affineConfig(): { readonly head: Config; readonly initializers: Config; readonly rest: Config } {
    return {
      head: { epsilon: this.epsilon, center: this.center, scale: this.scale },
      initializers: {
        betaInitializer: initializers.serialize(this.betaInitializer),
        gammaInitializer: initializers.serialize(this.gammaInitializer),
      },
      rest: {
        betaRegularizer: regularizers.serialize(this.betaRegularizer),
        gammaRegularizer: regularizers.serialize(this.gammaRegularizer),
        betaConstraint: constraints.serialize(this.betaConstraint),
        gammaConstraint: constraints.serialize(this.gammaConstraint),
      },
    };
  }
}

/** An axis, or several. */
export type Axes = number | readonly number[];

/** The option `axis`. Throws `TypeError` for what is no axis. */
export function axesOption(axis: unknown): Axes {
  const whole = (value: unknown) => typeof value === 'number' && Number.isInteger(value);
  if (whole(axis) || (Array.isArray(axis) && axis.every(whole))) return axis as Axes;
  throw new TypeError(
    `Expected an int or a list/tuple of ints for the argument 'axis', but received: ${Array.isArray(axis) ? JSON.stringify(axis) : (axis ?? pythonTypeName(axis))}`,
  );
}

/** The axes counted from the front. Throws `ValueError` for an axis that the shape does not have, or one twice. */
export function checkedAxes(axis: Axes, shape: LayerShape): readonly number[] {
  const rank = shape.length;
  if (rank === 0) throw new ValueError('Input has undefined rank.');
  const axes = (typeof axis === 'number' ? [axis] : axis).map((item) => (item < 0 ? item + rank : item));
  if (axes.some((item) => item < 0 || item >= rank)) {
    throw new ValueError(
      `Invalid value for \`axis\` argument. Expected 0 <= axis < inputs.rank (with inputs.rank=${rank}). Received: axis=(${axes.join(', ')}${axes.length === 1 ? ',' : ''})`,
    );
  }
  if (new Set(axes).size !== axes.length) throw new ValueError(`Duplicate axis: (${axes.join(', ')})`);
  return axes;
}
