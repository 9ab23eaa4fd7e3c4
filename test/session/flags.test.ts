/** Runs that are fed flags: a plan for each value, results as without, no random draws where a flag rules them out. */
import { tensor } from '@tensorflow/tfjs-core';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_FLAGS } from '../../runtime/flags.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { add, multiply, placeholder, placeholderWithDefault, randomUniform, reduceSum } from '../../src/ops/index.ts';
import { bool, float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

const valueOf = (result: unknown): unknown => (result as NdArray).array();
const X = [
  [1, 2, 3],
  [4, 5, 6],
];

/** A product with dropout behind it while `phase` is true, and a step of gradient descent. */
function model() {
  const x = placeholder(float32, [null, 3], { name: 'x' });
  const phase = placeholderWithDefault(false, [], { name: 'phase' });
  const w = new Variable([1, -2, 3], { name: 'w' });
  const h = multiply(x, w);
  const drawn = randomUniform(emitOne('Shape', [h]), { dtype: float32, seed: 7 });
  const kept = multiply(h, emitOne('Cast', [emitOne('GreaterEqual', [drawn, 0.5])], { DstT: float32 }));
  const y = emitOne('Select', [phase, multiply(kept, 2), h], {}, 'y');
  const loss = reduceSum(y);
  const [grad] = gradients(loss, [w]) as Tensor[];
  return { x, phase, w, y, step: w.assignSub(multiply(grad, 0.01)) };
}

for (const backend of ['cpu', 'wasm']) {
  test(`on ${backend}, training and evaluating in turn gives the same with passes on and off`, async () => {
    const { x, phase, w, y, step } = model();
    const outcomes: unknown[] = [];
    for (const passes of [true, false]) {
      using sess = new Session({ config: { backend, passes } });
      await sess.initialize([w]);
      const seen: unknown[] = [];
      for (const value of [true, false, null, false, true, true]) {
        const feeds: [Tensor, unknown][] =
          value === null
            ? [[x, X]]
            : [
                [x, X],
                [phase, value],
              ];
        if (value) await sess.run(step, feeds as never);
        seen.push(valueOf(await sess.run(y, feeds as never)));
      }
      seen.push(valueOf(await sess.run(w)));
      outcomes.push(seen);
    }
    assert.equal(outcomes[0], outcomes[1]);
  });
}

test('evaluating takes nothing from the random stream of training', async () => {
  const { x, phase, w, y } = model();
  const draws: unknown[] = [];
  for (const evaluations of [0, 3]) {
    using sess = new Session();
    await sess.initialize([w]);
    const train = () =>
      sess.run(y, [
        [x, X],
        [phase, true],
      ]);
    const first = await train();
    for (let i = 0; i < evaluations; i++)
      await sess.run(y, [
        [x, X],
        [phase, false],
      ]);
    draws.push([first, await train()].map(valueOf));
  }
  assert.equal(draws[0], draws[1]);
});

test('the plan for false has neither the draw nor the selection', async () => {
  const { x, phase, y } = model();
  using sess = new Session();
  const planOf = async (feedDict: readonly (readonly [Tensor, unknown])[]): Promise<string> =>
    (await sess.explain(y, { feedDict: feedDict as never })).split('## plan')[1];
  const off = await planOf([
    [x, X],
    [phase, false],
  ]);
  const on = await planOf([
    [x, X],
    [phase, true],
  ]);
  assert.match(on, 'RandomUniform');
  for (const text of [off, await planOf([[x, X]])]) {
    assert.not.match(text, 'RandomUniform');
    assert.not.match(text, 'GreaterEqual');
    assert.is(text.match(/= generated\.Mul\(/g)?.length, 1, text);
  }
  for (const text of [on, off]) assert.not.match(text, 'Select');
});

test('a plan for each value, and no more', async () => {
  const { x, phase, w, y } = model();
  using sess = new Session();
  await sess.initialize([w]);
  for (const value of [true, false, 1, 0, true, new NdArray(bool, [], Uint8Array.of(1))] as const) {
    await sess.run(y, [
      [x, X],
      [phase, value as boolean],
    ]);
  }
  assert.is(sess.stateReport().plans, 2);
});

test('an array that its owner writes to is another value then', async () => {
  const phase = placeholder(bool, [], { name: 'phase' });
  const y = emitOne('Select', [phase, [1, 2], [3, 4]]);
  using sess = new Session();
  const array = new NdArray(bool, [], Uint8Array.of(1));
  assert.equal(valueOf(await sess.run([y, phase], [[phase, array]]).then(([first]) => first)), [1, 2]);
  array.data[0] = 0;
  const [value, flag] = await sess.run([y, phase], [[phase, array]]);
  assert.equal(valueOf(value), [3, 4]);
  assert.is(valueOf(flag), false);
  // What is fetched of a constant is the caller's own.
  (flag as NdArray).data[0] = 1;
  assert.is(valueOf(await sess.run(phase, [[phase, array]])), false);
});

test('a tfjs tensor on the device is a feed like any other', async () => {
  const phase = placeholder(bool, [], { name: 'phase' });
  const y = emitOne('Select', [phase, [1, 2], [3, 4]]);
  using sess = new Session();
  for (const value of [true, false]) {
    const fed = tensor(value, [], 'bool');
    assert.equal(valueOf(await sess.run(y, [[phase, fed]])), value ? [1, 2] : [3, 4]);
    fed.dispose();
  }
});

test('a constant that is fed another value is taken at that value', async () => {
  const flag = emitOne('Const', [], { value: new NdArray(bool, [], Uint8Array.of(1)), dtype: bool });
  const y = emitOne('Select', [flag, [1, 2], [3, 4]]);
  using sess = new Session();
  assert.equal(valueOf(await sess.run(y)), [1, 2]);
  assert.equal(valueOf(await sess.run(y, [[flag, false]])), [3, 4]);
});

test('beyond the limit flags are fed: the number of plans is bounded', async () => {
  const flags = Array.from({ length: MAX_FLAGS + 2 }, (_, i) => placeholder(bool, [], { name: `f${i}` }));
  let y = placeholderWithDefault(0, [], { name: 'zero' });
  // Each flag adds its own power of two.
  flags.forEach((flag, i) => {
    y = add(y, emitOne('Select', [flag, 2 ** i, 0]));
  });
  using sess = new Session({ config: { planCacheSize: 1000 } });
  for (let bits = 0; bits < 2 ** flags.length; bits++) {
    const feeds = flags.map((flag, i): [Tensor, boolean] => [flag, Boolean(bits & (1 << i))]);
    assert.is(Number(valueOf(await sess.run(y, feeds))), bits);
  }
  assert.is(sess.stateReport().plans, 2 ** MAX_FLAGS);
});

test('numbers are truth values, 0 and 1 alone where they are one', async () => {
  const phase = placeholder(bool, [], { name: 'phase' });
  const many = placeholder(bool, [null], { name: 'many' });
  using sess = new Session();
  assert.is(valueOf(await sess.run(phase, [[phase, 1]])), true);
  assert.is(valueOf(await sess.run(phase, [[phase, 0]])), false);
  assert.is(valueOf(await sess.run(phase, [[phase, 0.5]])), true);
  assert.equal(valueOf(await sess.run(many, [[many, [0, 2, -1]]])), [false, true, true]);
  assert.equal(valueOf(await sess.run(many, [[many, Int32Array.of(0, 3)]])), [false, true]);
  assert.equal(valueOf(await sess.run(many, [[many, [true, false]]])), [true, false]);
  const error = await failure(() => sess.run(phase, [[phase, 2]]));
  assert.is(error.name, 'TypeError');
  assert.match(error.message, "Type of feed value 2 with type <class 'int'> is not compatible with Tensor type");
  assert.ok(await failure(() => sess.run(many, [[many, ['a']]])));
});

suite.run();
