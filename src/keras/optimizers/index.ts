/**
 * `tf.keras.optimizers`: the classes by name, and the ways from names and configurations to optimizers and back.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { Optimizer as TrainOptimizer } from '../../train/optimizer.ts';
import { ValueError } from '../../util/errors.ts';
import {
  type ConfigurableClass,
  type CustomObjects,
  deserializeObject,
  isSerialized,
  type Serialized,
  serializeObject,
} from '../serialization.ts';
import { Adadelta } from './adadelta.ts';
import { Adagrad } from './adagrad.ts';
import { Adam } from './adam.ts';
import { Adamax } from './adamax.ts';
import { Ftrl } from './ftrl.ts';
import { Nadam } from './nadam.ts';
import { Optimizer } from './optimizer.ts';
import { RMSprop } from './rmsprop.ts';
import { SGD } from './sgd.ts';
import { TFOptimizer } from './tf-optimizer.ts';

export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions } from './adam.ts';
export { Adamax, type AdamaxOptions } from './adamax.ts';
export type { GradientAndVariable, GradientPair, GradientTransformer } from './clipping.ts';
export { Ftrl, type FtrlOptions } from './ftrl.ts';
export type { HyperValue, OptimizerOptions } from './hyperparameters.ts';
export { Nadam, type NadamOptions } from './nadam.ts';
export { type Coefficients, type MinimizeOptions, Optimizer } from './optimizer.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export * as schedules from './schedules.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export { TFOptimizer } from './tf-optimizer.ts';
export type { SlotInitializer } from './variables.ts';

/** What a model can be compiled with. */
export type AnyOptimizer = Optimizer | TFOptimizer;

const CLASSES: ReadonlyMap<string, ConfigurableClass<Optimizer>> = new Map(
  [Adadelta, Adagrad, Adam, Adamax, Ftrl, Nadam, RMSprop, SGD].map((type) => [
    type.className.toLowerCase(),
    type as unknown as ConfigurableClass<Optimizer>,
  ]),
);

/**
 * Keras's classes under the name that later versions give to them.
 *
 *     new tf.keras.optimizers.legacy.Adam(0.001)
 */
export const legacy = Object.freeze({ Adadelta, Adagrad, Adam, Adamax, Ftrl, Nadam, Optimizer, RMSprop, SGD });

/** An optimizer as its class's name and its configuration. */
export function serialize(optimizer: Optimizer): Serialized {
  return serializeObject(optimizer);
}

/** The optimizer of a configuration; upper and lower case are one. Throws `ValueError` for a class that nobody knows. */
export function deserialize(
  config: Serialized,
  ...rest: Rest<[customObjects: CustomObjects | null], { readonly customObjects?: CustomObjects | null }>
): Optimizer {
  const { customObjects } = bind<{ customObjects: CustomObjects | null }>(['customObjects'], rest);
  const lower = config.className.toLowerCase();
  const className = CLASSES.has(lower) ? lower : config.className;
  return deserializeObject({ className, config: config.config }, CLASSES, { customObjects, kind: 'optimizer' });
}

/**
 * An optimizer from its name, its configuration, or itself; one of `tf.train` comes back wrapped. Throws `ValueError` for
 * anything else.
 *
 *     tf.keras.optimizers.get('adam')
 */
export function get(identifier: string | Serialized | Optimizer): Optimizer;
export function get(identifier: TFOptimizer | TrainOptimizer): TFOptimizer;
export function get(identifier: string | Serialized | AnyOptimizer | TrainOptimizer): AnyOptimizer;
export function get(identifier: string | Serialized | AnyOptimizer | TrainOptimizer): AnyOptimizer {
  if (identifier instanceof Optimizer || identifier instanceof TFOptimizer) return identifier;
  if (identifier instanceof TrainOptimizer) return new TFOptimizer(identifier);
  if (typeof identifier === 'string') return deserialize({ className: identifier, config: {} });
  if (isSerialized(identifier)) return deserialize(identifier);
  throw new ValueError(`Could not interpret optimizer identifier: ${String(identifier)}`);
}
