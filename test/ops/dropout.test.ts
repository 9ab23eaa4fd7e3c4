/** Dropout: draws bit-equal to TensorFlow's, seeds, noise shapes, arguments. Names are in `nn-names.test.ts`. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { setRandomSeed } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as nn from '../../src/nn.ts';
import * as tf from '../../src/ops/index.ts';
import { float32, float64, int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { interpret } from '../support/interpret.ts';

interface RandomCase {
  readonly group: string;
  readonly op_seed: number;
  readonly args: { readonly rate: number };
  readonly runs: readonly (readonly { readonly data: number[]; readonly shape: number[] }[])[];
}
const { cases } = JSON.parse(readFileSync(new URL('../goldens/rng.json', import.meta.url), 'utf8')) as {
  cases: RandomCase[];
};

const test = suite('ops/dropout');

test('the draws are those of TensorFlow, run after run', () => {
  for (const c of cases.filter((item) => item.group === 'dropout')) {
    const graph = new Graph();
    const y = graph.asDefault(() => nn.dropout(tf.ones(c.runs[0][0].shape), { rate: c.args.rate, seed: c.op_seed }));
    const streams = new Map();
    for (const [expected] of c.runs) {
      const [found] = interpret(graph.snapshot(), [y], { streams });
      assert.equal(Array.from(found.data as Float32Array), expected.data);
    }
  }
});

test('what is kept is scaled, and the gradient passes there alone', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = tf.ones([50, 40]);
    const y = nn.dropout(x, 0.8, { seed: 3 });
    const [dx] = gradients(y, [x]) as Tensor[];
    const [a, b] = interpret(graph.snapshot(), [y, dx]);
    const data = a.data as Float32Array;
    const kept = data.filter((v) => v !== 0);
    assert.ok(kept.every((v) => v === Math.fround(1.25)));
    assert.ok(Math.abs(kept.length / data.length - 0.8) < 0.03, `${kept.length} kept`);
    assert.equal(Array.from(b.data as Float32Array), Array.from(data));
  });
});

test('a noise shape drops rows as a whole', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = tf.placeholder(float32, [null, 4]);
    const feed = new NdArray(float32, [6, 4], new Float32Array(24).fill(1));
    for (const noiseShape of [[null, 1], [6, 1], tf.constant([6, 1], int32), [tf.shape(x).slice(0), 1]]) {
      const y = nn.dropout(x, { rate: 0.5, noiseShape, seed: 1 });
      assert.is(y.shape?.[1], 4);
      const rows = interpret(graph.snapshot(), [y], { feeds: new Map([[x, feed]]) })[0].array() as number[][];
      for (const row of rows) assert.ok(row.every((v) => v === row[0]));
    }
  });
});

test('the rate may be a tensor, and keepProb one minus it', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = tf.ones([100], float64);
    const keep = tf.placeholderWithDefault(tf.constant(0.5, float64), []);
    const y = nn.dropout(x, keep, null, 7);
    const z = nn.dropout(x, { rate: tf.constant(0.5, float32), seed: 7 });
    const [a, b] = interpret(graph.snapshot(), [y, z]);
    assert.equal(y.dtype, float64);
    assert.equal(a.array(), b.array());
    assert.equal([...new Set(a.data as Float64Array)].sort(), [0, 2]);
  });
});

test('a rate of zero gives the input, but counts as a seed', () => {
  const seeds = (rate: number) => {
    const graph = new Graph();
    return graph.asDefault(() => {
      setRandomSeed(42);
      const x = tf.ones([2]);
      const y = nn.dropout(x, { rate });
      if (rate === 0) assert.is(y, x);
      return nn.dropout(x, { rate: 0.5 }).op.inputs[0].op.inputs[0].op.getAttr('seed2');
    });
  };
  assert.is(seeds(0), seeds(0.3));
});

test('arguments that do not fit are refused', () => {
  new Graph().asDefault(() => {
    const x = tf.placeholder(float32, [3]);
    assert.throws(() => nn.dropout(x), '`rate` must be provided. Received: rate=None');
    assert.throws(() => nn.dropout(x, 0.5, { rate: 0.5 }), /Cannot specify both/);
    for (const rate of [1, -0.1, Number.NaN]) {
      assert.throws(() => nn.dropout(x, { rate }), /must be a scalar tensor or a float in the range \[0, 1\)/);
    }
    assert.throws(
      () => nn.dropout(tf.constant([1], int32), { rate: 0.5 }),
      /^`x.dtype` must be a floating point tensor as `x` will be scaled/,
    );
    assert.throws(() => nn.dropout(x, { rate: tf.constant([0.5]) }), /must be a scalar or scalar tensor/);
  });
});

test.run();
