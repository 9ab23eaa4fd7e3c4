/**
 * What TensorFlow did with its functional layers, as `goldens/layers.json` records it, and the numbers that it was given.
 */
import { readFileSync } from 'node:fs';
import type { Tensor } from '../../src/graph/graph.ts';
import { l1, l2 } from '../../src/keras/regularizers.ts';
import * as layers from '../../src/layers.ts';
import { reduceSum, square } from '../../src/ops/index.ts';

export interface LayerCase {
  readonly function: string;
  readonly shape: readonly number[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly variables: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly trainable: readonly string[];
  readonly ops: readonly (readonly [name: string, type: string])[];
  readonly output: string;
  readonly static: readonly (number | null)[];
  readonly losses: readonly string[];
  readonly updates: readonly string[];
  readonly value?: { readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly loss_values?: readonly number[];
  readonly gradients?: readonly (readonly number[])[];
  readonly after?: readonly (readonly number[])[];
}

export interface FailingCase {
  readonly function: string;
  readonly shape: readonly (number | null)[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly dtype: string;
  readonly error: readonly [type: string, message: string];
}

export interface Program {
  readonly result: unknown;
  readonly variables: readonly string[];
  readonly losses: readonly string[];
}

interface Golden {
  readonly cases: readonly LayerCase[];
  readonly programs: Readonly<Record<string, Program>>;
  readonly errors: Readonly<Record<string, FailingCase>>;
}

export const golden: Golden = JSON.parse(readFileSync(new URL('../goldens/layers.json', import.meta.url), 'utf8'));

const REGULARIZERS: Readonly<Record<string, unknown>> = {
  l1: l1(0.5),
  l2: l2(0.1),
  square: (weights: Tensor) => reduceSum(square(weights)),
};

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The options under their names here. */
export function optionsOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(options).map(([key, value]) => {
    return [camelCase(key), key.endsWith('_regularizer') ? REGULARIZERS[value as string] : value] as const;
  });
  return Object.fromEntries(entries);
}

/** Calls the function of this name in TensorFlow. */
export function callLayer(name: string, inputs: Tensor, options: Readonly<Record<string, unknown>>): Tensor {
  const fn = Reflect.get(layers, camelCase(name)) as (inputs: Tensor, options: object) => Tensor;
  return fn(inputs, optionsOf(options));
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const filled = (shape: readonly number[], value: (i: number) => number) => ({
  data: Float32Array.from({ length: size(shape) }, (_, i) => value(i)),
  shape: [...shape],
});

export const inputOf = (shape: readonly number[]) => filled(shape, (i) => (((i * 7 + 3) % 11) - 5) / 4);
export const weightOf = (shape: readonly number[], k: number, name: string) =>
  filled(shape, (i) => {
    const value = (((i * 5 + 2 * k + 1) % 13) - 6) / 8;
    return name.includes('variance') ? Math.abs(value) + 0.5 : value;
  });
/** The factors of the sum that gradients are taken of. */
export const factorOf = (shape: readonly number[]) => filled(shape, (i) => (((i * 3 + 1) % 7) - 3) / 2);
