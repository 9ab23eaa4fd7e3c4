/** Scalars that are computed in JavaScript: which are, that they are what they are without code generation and on wasm. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scalarFunction } from '../../../compiler/codegen/javascript.ts';
import type { LoopKernel } from '../../../compiler/codegen/kernel.ts';
import { type ElementType, type Op, type ValueId, Values } from '../../../compiler/codegen/values.ts';
import * as tf from '../../../src/index.ts';
import { options } from '../../support/arbitraries.ts';
import { leakChecked } from '../../support/leaks.ts';
import { FEATURES, runWasm } from '../../support/wasm-kernels.ts';

const suiteOfScalars = suite('compiler/codegen/scalars');
const test = leakChecked(suiteOfScalars);

/** The lines of a plan that compute. */
async function plan(session: tf.Session, fetches: tf.Tensor | tf.Tensor[], feedDict: [tf.Tensor, unknown][]) {
  const text = String(await session.explain(fetches, { feedDict } as never));
  return text.slice(text.lastIndexOf('## plan')).split('\n');
}

/** What a program gives with code generation and without, and its plan with it. */
async function both(build: () => { fetches: tf.Tensor[]; feedDict: [tf.Tensor, unknown][] }) {
  const results: unknown[] = [];
  let lines: string[] = [];
  for (const codegen of [true, false]) {
    const graph = new tf.Graph();
    const { program, start } = graph.asDefault(() => ({ program: build(), start: tf.globalVariablesInitializer() }));
    const session = new tf.Session({ graph, config: { backend: 'wasm', codegen } });
    await session.run(start);
    const { fetches, feedDict } = program;
    results.push(await session.run(fetches, { feedDict } as never));
    if (codegen) lines = await plan(session, fetches, feedDict);
    session.close();
  }
  return { results, lines };
}

test('a few scalars that are fed are one step of JavaScript', async () => {
  const { results, lines } = await both(() => {
    const [x, n, on] = [tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, []), tf.placeholder(tf.bool, [])];
    const y = tf.exp(tf.add(tf.multiply(x, 0.5), tf.cast(tf.add(n, 2), tf.float32)));
    const z = tf.where(tf.logicalAnd(on, tf.less(x, y)), y, x);
    return {
      fetches: [z, tf.multiply(n, 1 << 30), tf.logicalNot(on)],
      feedDict: [
        [x, 1.5],
        [n, 3],
        [on, true],
      ],
    };
  });
  assert.equal(results[0], results[1]);
  const computing = lines.filter((line) => / = (host|generated|scalars)\./.test(line));
  assert.is(computing.filter((line) => line.includes(' = scalars.')).length, computing.length, lines.join('\n'));
});

test('elements of arrays are taken out and put together', async () => {
  const { results, lines } = await both(() => {
    const sizes = tf.placeholder(tf.int32, [3]);
    const [rows, columns, depth] = tf.unstack(sizes);
    const [least, most] = [tf.minimum(rows, columns), tf.add(rows, tf.multiply(columns, depth))];
    return {
      fetches: [tf.stack([most, least, tf.subtract(least, most)]), tf.expandDims(least, 0), tf.concat([[1], [2]], 0)],
      feedDict: [[sizes, [5, 7, 3]]],
    };
  });
  const [whole, row] = results[0] as tf.NdArray[];
  assert.equal([...whole.shape, ...whole.data], [3, 26, 5, -21]);
  assert.equal([...row.shape, ...row.data], [1, 5]);
  assert.equal(results[0], results[1]);
  assert.ok(
    lines.some((line) => line.includes(' = scalars.')),
    lines.join('\n'),
  );
});

test('scalars of variables are read for a few ops, and computed where they are for more', async () => {
  const chain = (count: number) => () => {
    const v = new tf.Variable(2);
    let y: tf.Tensor = v.readValue();
    for (let i = 0; i < count; i++) y = i % 2 === 0 ? tf.multiply(y, 0.75) : tf.add(y, 0.5);
    return { fetches: [y], feedDict: [] };
  };
  for (const [count, kind] of [
    [4, 'scalars'],
    [12, 'generated'],
  ] as const) {
    const { results, lines } = await both(chain(count));
    assert.equal(results[0], results[1]);
    assert.ok(
      lines.some((line) => line.includes(` = ${kind}.`)),
      lines.join('\n'),
    );
  }
});

test('long chains stay on the backend', async () => {
  const { results, lines } = await both(() => {
    const x = tf.placeholder(tf.float32, []);
    let y: tf.Tensor = x;
    for (let i = 0; i < 400; i++) y = tf.add(y, 1);
    return { fetches: [y], feedDict: [[x, 1]] };
  });
  for (const [value] of results as tf.NdArray[][]) assert.is(value.data[0], 401);
  assert.ok(
    lines.some((line) => line.includes(' = generated.')),
    lines.join('\n'),
  );
});

test('a loop counts, with more than one scalar in a round', async () => {
  const { results } = await both(() => {
    const [, sum, rate] = tf.whileLoop(
      (i, sum) => tf.logicalAnd(tf.less(i, 50), tf.less(sum, 1e6)),
      (i, sum, rate) => [tf.add(i, 1), tf.add(sum, tf.multiply(rate, tf.cast(i, tf.float32))), tf.multiply(rate, 1.25)],
      [tf.constant(0, tf.int32), tf.constant(0), tf.constant(0.5)],
    );
    return { fetches: [sum, rate], feedDict: [] };
  });
  assert.equal(results[0], results[1]);
});

const FLOATS: readonly (readonly [Op, number])[] = [
  ['neg', 1],
  ['abs', 1],
  ['sqrt', 1],
  ['floor', 1],
  ['nearest', 1],
  ['add', 2],
  ['sub', 2],
  ['mul', 2],
  ['div', 2],
  ['min', 2],
  ['max', 2],
];
const INTEGERS: readonly (readonly [Op, number])[] = [
  ['neg', 1],
  ['abs', 1],
  ['add', 2],
  ['sub', 2],
  ['mul', 2],
  ['min', 2],
  ['max', 2],
  ['xor', 2],
];
const COMPARISONS: readonly Op[] = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'];

/** A kernel of scalars by random numbers: of two floats and two integers, one of each type in the end. */
function kernelOf(choices: readonly number[]): LoopKernel {
  const $ = new Values();
  const known: Record<ElementType, ValueId[]> = {
    f32: [$.load('f32', 0), $.load('f32', 1), $.constant(0.5)],
    i32: [$.load('i32', 2), $.load('i32', 3), $.constant(3, 'i32')],
    bool: [],
  };
  let at = 0;
  const next = (below: number) => choices[at++ % choices.length] % below;
  const pick = (type: ElementType) => known[type][next(known[type].length)];
  known.bool.push($.op('lt', pick('f32'), pick('f32')));
  for (let i = 0; i < 12; i++) {
    const way = next(6);
    if (way < 2) {
      const [op, count] = FLOATS[next(FLOATS.length)];
      known.f32.push($.op(op, ...Array.from({ length: count }, () => pick('f32'))));
    } else if (way < 4) {
      const [op, count] = INTEGERS[next(INTEGERS.length)];
      known.i32.push($.op(op, ...Array.from({ length: count }, () => pick('i32'))));
    } else if (way === 4) {
      const type = next(2) === 0 ? 'f32' : 'i32';
      known.bool.push($.op(COMPARISONS[next(COMPARISONS.length)], pick(type), pick(type)));
    } else {
      const type = next(2) === 0 ? 'f32' : 'i32';
      known[type].push($.op('select', pick('bool'), pick(type), pick(type)));
      known.f32.push($.op('toFloat', pick('i32')));
    }
  }
  const types: readonly ElementType[] = ['f32', 'i32', 'bool'];
  const operand = (type: ElementType) => ({ type, strides: [], offset: 0 });
  return {
    kind: 'loops',
    axes: [],
    inputs: (['f32', 'f32', 'i32', 'i32'] as const).map(operand),
    scalars: [],
    outputs: types.map(operand),
    values: $.list,
    stages: types.map((type, output) => ({ kind: 'store', output, value: known[type].at(-1) as ValueId })),
  };
}

test('JavaScript computes what wasm does, to the last bit where no op is rounded twice', () => {
  const float = fc.oneof(fc.float(), fc.constantFrom(0, -0, 1, 0.5, 2.5, Number.NaN, Infinity, -Infinity));
  const integer = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 40, maxLength: 80 }), float, float, integer, integer, (...all) => {
      const [choices, ...inputs] = all;
      const kernel = kernelOf(choices);
      const made: number[] = [];
      (scalarFunction(kernel) as NonNullable<ReturnType<typeof scalarFunction>>)(inputs, made);
      const buffers = inputs.map((x, i) => (i < 2 ? Float32Array.of(x) : Int32Array.of(x)));
      const room = [new Float32Array(1), new Int32Array(1), new Uint8Array(1)];
      for (const features of FEATURES) {
        const expected = runWasm(kernel, buffers, room, [], features).map(([x]) => x);
        assert.equal(made, expected, JSON.stringify(kernel.values));
      }
    }),
    options(500, 0.2),
  );
});

test('a kernel that goes along an axis, or reduces, is no function of scalars', () => {
  const kernel = kernelOf([1]);
  assert.is(scalarFunction({ ...kernel, axes: [{ extent: 2, isReduced: false }] }), null);
  const reduce = { kind: 'reduce', reduction: 'sum', value: 0 } as const;
  assert.is(scalarFunction({ ...kernel, stages: [reduce, ...kernel.stages] }), null);
});

suiteOfScalars.run();
