/**
 * Hyperparameters of optimizers as values: what they are given as, how options are checked, how configurations write them.
 * Their variables are the optimizer's.
 */
import type { Tensor } from '../../graph/graph.ts';
import { emitOne } from '../../ops/emit.ts';
import { bind, isOptions, isSymbolic, type TensorLike } from '../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { epsilon } from '../config.ts';
import { type Config, isSerialized, toPythonKeys } from '../serialization.ts';
import type { GradientTransformer } from './clipping.ts';
import { deserialize, LearningRateSchedule, serialize } from './schedules.ts';

/** A number, tensor or variable, a function that gives one when a step is built, or a schedule. */
export type HyperValue = TensorLike | (() => TensorLike) | LearningRateSchedule;

export interface OptimizerOptions {
  /** The name scope of what is built; the class's name without it. */
  readonly name?: string | null;
  readonly clipnorm?: number | null;
  readonly clipvalue?: number | null;
  readonly globalClipnorm?: number | null;
  /** How fast the rate falls: `learningRate / (1 + decay * iterations)`. */
  readonly decay?: number;
  /** The former name of `learningRate`. */
  readonly lr?: HyperValue;
  /** Functions that change the gradients of a step, with their variables, before they are applied. */
  readonly gradientTransformers?: readonly GradientTransformer[];
}

const COMMON = ['name', 'clipnorm', 'clipvalue', 'globalClipnorm', 'decay', 'lr', 'gradientTransformers'];
const COUNTS = ['clipnorm', 'clipvalue', 'lr', 'decay', 'globalClipnorm'] as const;

/** `beta1` → `beta_1`, `learningRate` → `learning_rate`. */
export function pythonName(name: string): string {
  return Object.keys(toPythonKeys({ [name]: 0 }) as object)[0];
}

/** The arguments of a constructor by name. Throws `TypeError` for a keyword that is not known. */
export function readOptions<O extends OptimizerOptions>(
  names: readonly (keyof O & string)[],
  given: readonly unknown[],
  more: readonly string[] = [],
): Partial<O> {
  const last = given[given.length - 1];
  for (const key of isOptions(last) ? Object.keys(last) : []) {
    if ([...COMMON, ...more].includes(key) || (names as readonly string[]).includes(key)) continue;
    const allowed = [...COUNTS, ...more].map((name) => `'${pythonName(name)}'`).join(', ');
    throw new TypeError(
      `Unexpected keyword argument passed to optimizer: ${pythonName(key)}. Allowed kwargs are {${allowed}}.`,
    );
  }
  return bind<O>(names, given);
}

/** Throws `ValueError` for negative numbers, and for options that exclude each other. */
export function checkOptions(options: OptimizerOptions): void {
  for (const key of COUNTS) {
    const value = options[key];
    if (typeof value === 'number' && value < 0) {
      throw new ValueError(`Expected ${pythonName(key)} >= 0, received: ${value}`);
    }
  }
  const { clipnorm, globalClipnorm, clipvalue, gradientTransformers } = options;
  if (typeof clipnorm === 'number' && typeof globalClipnorm === 'number') {
    throw new ValueError(
      `Cannot accept both \`clipnorm\` and \`global_clipnorm\`. Received: \`clipnorm\`=${clipnorm}, \`global_clipnorm\`=${globalClipnorm}.`,
    );
  }
  if (!gradientTransformers || gradientTransformers.length === 0) return;
  for (const [name, value] of Object.entries({ clipnorm, global_clipnorm: globalClipnorm, clipvalue })) {
    if (typeof value !== 'number') continue;
    throw new ValueError(
      `\`${name}\` cannot be set when \`gradient_transformers\` is set. Instead, use the \`gradient_transformers\` to specify clipping and other transformations. Received: val=${value}, gradient_transformers=[${gradientTransformers.map((fn) => fn.name || 'function').join(', ')}].`,
    );
  }
}

/** Whether momentum is used at all. Throws `ValueError` for a number that is not between 0 and 1. */
export function usesMomentum(momentum: HyperValue): boolean {
  if (typeof momentum === 'number' && (momentum < 0 || momentum > 1)) {
    throw new ValueError(
      `\`momentum\` must be between [0, 1]. Received: momentum=${momentum} (of type <class 'float'>).`,
    );
  }
  return typeof momentum !== 'number' || momentum > 0;
}

/** The number that keeps divisions away from zero: Keras's setting where it is null or 0. */
export function epsilonOf(given: number | null | undefined): number {
  return given === undefined ? 1e-7 : given || epsilon();
}

/** `1 - x`. */
export function oneMinus(x: Tensor): Tensor {
  return emitOne('Sub', [1, x], {}, 'sub');
}

/** Saved values with a step counter: the first version of Keras saved none. */
export function withIterations<T>(length: number, values: readonly T[], zero: T): readonly T[] {
  return length === values.length + 1 ? [zero, ...values] : values;
}

/** What a configuration is written from. */
export interface ConfigReader {
  readonly value: HyperValue;
  /** What a session says. */
  readonly live: number | undefined;
}

/** A hyperparameter as it was set; one that is set anew is another object. */
export class Hyperparameter {
  readonly pythonName: string;
  constructor(
    name: string,
    readonly value: HyperValue,
  ) {
    this.pythonName = pythonName(name);
  }

  /** The value for a configuration. Throws `ValueError` for a tensor that no session was asked for. */
  serialize({ value, live }: ConfigReader): unknown {
    if (live !== undefined) return live;
    if (value instanceof LearningRateSchedule) return serialize(value);
    const found = typeof value === 'function' ? value() : value;
    if (!isSymbolic(found)) return found;
    throw new ValueError(`The hyperparameter '${this.pythonName}' is a tensor: only a session knows its value.`);
  }
}

/** A configuration as a constructor takes it: the schedule made again, `lr` under its present name. */
export function revive(config: Config): Config {
  const { lr, ...rest } = config;
  const learningRate = lr ?? config.learningRate;
  if (learningRate === undefined) return rest;
  return { ...rest, learningRate: isSerialized(learningRate) ? deserialize(learningRate) : learningRate };
}
