/** The parts of convolutions against `goldens/convolution-parts.json`: the ops that they build, values in sessions, errors. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

interface Case {
  readonly function: string;
  readonly args: readonly (number | string | readonly number[] | { readonly waves: readonly number[] })[];
  readonly ops?: readonly (readonly [name: string, type: string])[];
  readonly output?: GoldenArray;
  readonly error?: string;
}

const all = suite('ops/convolution-parts');
const test = leakChecked(all);
const file = new URL('../goldens/convolution-parts.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };

function waves(shape: readonly number[]): tf.NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return new tf.NdArray(
    tf.float32,
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.3 + 1)),
  );
}

const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());

cases.forEach((c, i) => {
  test(`${i} ${c.function}${c.error ? ', refused' : ''}`, async () => {
    using graph = new tf.Graph().asDefault();
    const call = (tf.nn as unknown as Readonly<Record<string, (...args: unknown[]) => tf.Tensor>>)[camel(c.function)];
    const args = c.args.map((a) => (typeof a === 'object' && 'waves' in a ? waves(a.waves) : a));
    if (c.error !== undefined) {
      assert.throws(
        () => call(...args),
        (error: Error) => error instanceof tf.ValueError && error.message === c.error,
      );
      return;
    }
    const y = call(...args);
    assert.equal(
      y.graph.getOperations().map((op) => [op.name, op.type]),
      c.ops,
    );
    for (const backend of ['cpu', 'wasm']) {
      using session = new tf.Session({ config: { backend } });
      assert.is(difference(await session.run(y), fromGolden(c.output as GoldenArray)), null, backend);
    }
    assert.ok(graph);
  });
});

all.run();
