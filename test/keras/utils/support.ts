/** What the tests of Keras's utilities share: their golden files and how to compare with them. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { NdArray } from '../../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray, type Tolerance } from '../../support/compare.ts';

export type { GoldenArray };

export interface GoldenError {
  readonly class: string;
  readonly message: string;
}

/** A golden file of test/goldens/keras. `datasets.py` there made `datasets.json`. */
// biome-ignore lint/suspicious/noExplicitAny: each section has a form of its own, which its test knows
export function golden(file: 'utils' | 'keras3' | 'datasets'): any {
  return JSON.parse(readFileSync(new URL(`../../goldens/keras/${file}.json`, import.meta.url), 'utf8'));
}

/** Arguments of Python in camelCase. */
export function camelCased<T>(args: Readonly<Record<string, unknown>>): T {
  const camel = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [camel(key), value])) as T;
}

/** Asserts that arrays, in lists or alone, agree. */
export function assertSame(actual: unknown, expected: unknown, what: string, tolerance?: Tolerance): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${what}: a list`);
    assert.is((actual as unknown[]).length, expected.length, `${what}: length`);
    for (const [i, e] of expected.entries()) assertSame((actual as unknown[])[i], e, `${what}[${i}]`, tolerance);
    return;
  }
  assert.instance(actual, NdArray, what);
  const problem = difference(actual as NdArray, fromGolden(expected as GoldenArray), tolerance);
  assert.is(problem, null, `${what}: ${problem}`);
}

/** Asserts that the call throws the golden's error. Classes that JavaScript or this library lacks are ValueErrors. */
export function assertThrows(call: () => unknown, expected: GoldenError, what = ''): void {
  const name = ['IndexError', 'NotImplementedError'].includes(expected.class) ? 'ValueError' : expected.class;
  try {
    call();
  } catch (error) {
    assert.is((error as Error).message, expected.message, what);
    assert.is((error as Error).name, name, what);
    return;
  }
  assert.unreachable(`${what}: no error, expected ${expected.message}`);
}
