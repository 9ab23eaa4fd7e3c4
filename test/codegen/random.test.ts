/** Generated draws: the same numbers as those of the host, run by run, whichever of the two draws them. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { family } from '../support/codegen.ts';
import { leakChecked } from '../support/leaks.ts';

const suited = suite('codegen/random');
const check = family(suited);
const test = leakChecked(suited);

const word = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(-1, -2, -5, 0, 1));

check(
  'draws from any state, with carries in the counter',
  60,
  fc.record({
    state: fc.array(word, { minLength: 6, maxLength: 6 }),
    shape: fc.oneof(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom([1], [3], [4], [1023], [4096]),
    ),
  }),
  (of) => ({
    inputs: [new tf.NdArray(tf.int32, [6], Int32Array.from(of.state))],
    build: (state) => emitOne('_UniformOf', [state], { shape: of.shape }, 'draws'),
    tolerance: 0,
    cpu: false,
  }),
);

test('a session with generated kernels draws what one without draws, few numbers or many', async () => {
  using _ = new tf.Graph().asDefault();
  const x = tf.placeholder(tf.float32, [null, null]);
  const draws = tf.randomUniform(tf.shape(x), -1, 1, { seed: 7 });
  const rate = tf.placeholder(tf.float32, []);
  const kept = tf.nn.dropout(tf.ones([40, 33]), { rate, seed: 3 });
  const sessions = [new tf.Session(), new tf.Session({ config: { codegen: false } })];
  for (const [rows, columns] of [
    [20, 30],
    [2, 3],
    [1, 257],
    [16, 16],
    [3, 1],
    [20, 30],
  ]) {
    const feedDict = [[x, tf.NdArray.zeros(tf.float32, [rows, columns])] as const, [rate, 0.25] as const];
    const [a, b] = await Promise.all(sessions.map((session) => session.run([draws, kept], { feedDict })));
    assert.equal(a[0].array(), b[0].array());
    assert.equal(a[1].array(), b[1].array());
  }
  for (const session of sessions) session.close();
});

test('draws differ from run to run and begin anew in a new session', async () => {
  using _ = new tf.Graph().asDefault();
  const draws = tf.randomUniform([300], { seed: 11 });
  const firsts: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    using session = new tf.Session();
    const [first, second] = [await session.run(draws), await session.run(draws)];
    assert.not.equal(first.array(), second.array());
    firsts.push(first.array());
  }
  assert.equal(firsts[0], firsts[1]);
});

suited.run();
