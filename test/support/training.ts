/** Reading the calls and results of `training.json`. What they are compared with is the tests' business. */
import * as assert from 'uvu/assert';
import { fromGolden, type GoldenArray, GRADIENT } from './compare.ts';

/** `val_loss` stays, `batch_size` becomes `batchSize`. */
export function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** An argument: arrays, maps by name, lists of these, anything else as it is. */
export function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf);
  if (typeof value !== 'object' || value === null) return value;
  if ('array' in value) return fromGolden(value.array as GoldenArray);
  if ('map' in value) return new Map((value.map as [unknown, unknown][]).map(([key, item]) => [key, valueOf(item)]));
  return value;
}

/** Keyword arguments as options. */
export function options(kw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kw).map(([key, value]) => [camel(key), valueOf(value)]));
}

export function agreeNumbers(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.is(actual.length, expected.length, `${what}: ${actual}, expected ${expected}`);
  actual.forEach((value, i) => {
    const wanted = expected[i];
    const limit = GRADIENT.absolute + GRADIENT.relative * Math.abs(wanted);
    const same = value === wanted || (Number.isNaN(value) && Number.isNaN(wanted)) || Math.abs(value - wanted) <= limit;
    assert.ok(same, `${what} ${i}: ${value}, expected ${wanted}`);
  });
}

/** A history: its names in their order, and the values. */
export function agreeLogs(
  actual: Readonly<Record<string, readonly number[]>>,
  expected: readonly (readonly [name: string, values: readonly number[]])[],
  what: string,
): void {
  assert.equal(
    Object.keys(actual),
    expected.map(([name]) => name),
    what,
  );
  for (const [name, values] of expected) agreeNumbers(actual[name], values, `${what} ${name}`);
}
