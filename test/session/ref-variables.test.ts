/**
 * What reference variables do in a session: when they are read, what their outputs stand for, their errors. The expected
 * values and texts are those of real TensorFlow with `tf.disable_resource_variables()`.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { controlDependencies } from '../../src/graph/default-graph.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { stopGradient } from '../../src/ops/identity.ts';
import { add, constant, identity, multiply, placeholder, reshape } from '../../src/ops/index.ts';
import { type DType, float32, int32 } from '../../src/util/dtype.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

type Attrs = Readonly<Record<string, AttrValue>>;

/** As `tf.Variable` builds one: the variable, its initializer, the read that expressions take. */
function variable(name: string, value: number | number[], dtype: DType = float32, attrs: Attrs = {}) {
  const initial = constant(value, { dtype, name: `${name}/initial_value` });
  const ref = emitOne('VariableV2', [], { dtype, shape: initial.shape, ...attrs }, name);
  const init = emit('Assign', [ref, initial], {}, `${name}/Assign`);
  return { ref, init, read: identity(ref, { name: `${name}/read` }) };
}

const assignAdd = (ref: Tensor, value: number | number[], name: string) => emitOne('AssignAdd', [ref, value], {}, name);

function numbers(values: unknown): number[][] {
  return (values as { data: ArrayLike<number> }[]).map(({ data }) => Array.from(data));
}

for (const backend of ['wasm', 'cpu']) {
  const config = { backend };

  test(`an uninitialized variable is reported by whoever takes it (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const sum = assignAdd(v.ref, [1, 1], 'sum');
    const next = add(v.read, 1, { name: 'next' });
    using sess = new Session({ config });
    for (const [fetch, node] of [
      [v.read, 'v/read'],
      [sum, 'sum'],
      [next, 'v/read'],
      [multiply(v.ref, 2, { name: 'twice' }), 'twice'],
      [emitOne('ScatterAdd', [v.ref, constant([0], int32), [1]], {}, 'rows'), 'rows'],
      [emitOne('ApplyGradientDescent', [v.ref, 0.1, [1, 1]], {}, 'step'), 'step'],
      [v.ref, 'v'],
    ] as const) {
      const error = await failure(() => sess.run(fetch));
      assert.is(error.name, 'FailedPreconditionError');
      assert.ok(error.message.startsWith('Attempting to use uninitialized value v'), error.message);
      assert.is((error.op as { name: string }).name, node);
    }
    const isInitialized = emitOne('IsVariableInitialized', [v.ref]);
    assert.equal(numbers([await sess.run(isInitialized)]), [[0]]);
    await sess.run(v.init);
    assert.equal(numbers(await sess.run([isInitialized, v.ref, next])), [[1], [1, 2], [2, 3]]);
  });

  test(`what is fetched of a variable is its value after the run (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const first = assignAdd(v.ref, [1, 1], 'first');
    const second = assignAdd(v.ref, [10, 10], 'second');
    const chained = assignAdd(first, [100, 100], 'chained');
    using sess = new Session({ config });
    await sess.run(v.init);
    assert.equal(numbers(await sess.run([v.ref, v.read, first])), [
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    assert.equal(numbers(await sess.run([first, second])), [
      [13, 14],
      [13, 14],
    ]);
    assert.equal(numbers(await sess.run([first, chained])), [
      [114, 115],
      [114, 115],
    ]);
    assert.equal(await sess.run([v.ref.op, v.init]), [null, null]);
    assert.equal(numbers([await sess.run(v.ref)]), [[1, 2]]);
  });

  for (const [title, look, sees] of [
    ['an identity of the variable', (v: Tensor) => identity(v), true],
    ['an identity of an identity', (v: Tensor) => identity(identity(v)), true],
    ['the variable with its gradient stopped', (v: Tensor) => stopGradient(v), true],
    ['the variable after an update', (v: Tensor) => assignAdd(v, [0, 0], 'nothing'), true],
    ['an identity of an update', (v: Tensor) => identity(assignAdd(v, [0, 0], 'nothing')), true],
    ['a sum', (v: Tensor) => add(v, 0), false],
  ] as const) {
    test(`${title} ${sees ? 'sees' : 'does not see'} a later update (${backend})`, async () => {
      const v = variable('v', [1, 2]);
      const fed = placeholder(float32, [2]);
      const seen = look(v.ref);
      using sess = new Session({ config });
      for (const [update, after] of [
        [() => assignAdd(v.ref, [1, 1], 'update'), [2, 3]],
        [() => emitOne('Assign', [v.ref, fed]), [100, 200]],
      ] as const) {
        const updated = controlDependencies([seen], update);
        const later = controlDependencies([updated], () => [add(seen, 0), identity(seen)]);
        await sess.run(v.init);
        const feedDict = [[fed, [100, 200]]] as const;
        const expected = sees ? after : [1, 2];
        assert.equal(numbers(await sess.run([...later, seen], { feedDict })), [expected, expected, expected]);
      }
    });
  }

  test(`control dependencies order reads and writes (${backend})`, async () => {
    const v = variable('v', 1);
    const plus = assignAdd(v.ref, 1, 'plus');
    const times = controlDependencies([plus], () => emitOne('Assign', [v.ref, multiply(v.read, 10)]));
    const seen = controlDependencies([times], () => identity(add(v.read, 0)));
    const last = controlDependencies([seen], () => emit('AssignSub', [v.ref, 0.5]));
    using sess = new Session({ config });
    await sess.run(v.init);
    const run = async () => numbers([(await sess.run([seen, last]))[0]])[0];
    assert.equal(await run(), [20]);
    assert.equal(numbers([await sess.run(v.read)]), [[19.5]]);
    assert.equal(await run(), [205]);
  });

  test(`without optimizations the values are the same (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const before = multiply(v.read, 1);
    const updated = controlDependencies([before], () => assignAdd(v.ref, [1, 1], 'update'));
    const after = controlDependencies([updated], () => multiply(v.read, 1));
    for (const passes of [true, false]) {
      using sess = new Session({ config: { ...config, passes } });
      await sess.run(v.init);
      assert.equal(numbers(await sess.run([before, after, v.ref])), [
        [1, 2],
        [2, 3],
        [2, 3],
      ]);
    }
  });

  test(`a fed variable is read from the feed, and cannot be written to (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const sum = assignAdd(v.ref, [1, 1], 'sum');
    using sess = new Session({ config });
    await sess.run(v.init);
    assert.equal(numbers(await sess.run([v.ref, v.read], { feedDict: [[v.ref, [9, 9]]] })), [
      [9, 9],
      [9, 9],
    ]);
    assert.equal(numbers(await sess.run([v.read, sum], { feedDict: [[v.read, [9, 9]]] })), [
      [9, 9],
      [2, 3],
    ]);
    const error = await failure(() => sess.run(sum, { feedDict: [[v.ref, [9, 9]]] }));
    assert.is(error.name, 'InvalidArgumentError');
    const text = 'Input 0 of node sum was passed float from _arg_v_0_0:0 incompatible with expected float_ref.';
    assert.ok(error.message.startsWith(text), error.message);
    assert.equal(numbers([await sess.run(v.ref)]), [[2, 3]]);
  });

  test(`a value must have the shape of the variable (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const value = placeholder(float32, null, { name: 'value' });
    const assign = emitOne('Assign', [v.ref, value], {}, 'set');
    const twice = multiply(v.read, 2);
    const tripled = multiply(reshape(v.ref, [-1]), 3);
    using sess = new Session({ config });
    await sess.run(v.init);
    const given = (data: number[]) => ({ feedDict: [[value, data]] as const });
    const message = async (data: number[]) =>
      (await failure(() => sess.run(assign, given(data)))).message.split('\n')[0];
    const words = 'Assign requires shapes of both tensors to match.';
    assert.match(await message([1, 2, 3]), `${words} lhs shape= [2] rhs shape= [3]`);
    assert.equal(numbers(await sess.run([twice, tripled])), [
      [2, 4],
      [3, 6],
    ]);
    const free = emitOne('Assign', [v.ref, value], { validate_shape: false }, 'free');
    assert.is(free.shape, null);
    assert.equal(numbers([await sess.run(free, given([1, 2, 3]))]), [[1, 2, 3]]);
    // Plans made before the variable could have another shape do not hold any more.
    assert.equal(numbers(await sess.run([twice, tripled, v.ref])), [
      [2, 4, 6],
      [3, 6, 9],
      [1, 2, 3],
    ]);
    assert.match(await message([1, 2]), `${words} lhs shape= [3] rhs shape= [2]`);
    assert.equal(numbers([await sess.run(assign, given([4, 5, 6]))]), [[4, 5, 6]]);
    assert.throws(
      () => emit('Assign', [v.ref, [1, 2, 3]]),
      /^Dimension 0 in both shapes must be equal, but are 2 and 3\. Shapes are \[2\] and \[3\]\. for '\{\{node Assign\}\} = Assign\[T=DT_FLOAT, use_locking=true, validate_shape=true\]/,
    );
  });

  test(`a variable of unknown shape takes the shape of its values (${backend})`, async () => {
    const u = emitOne('VariableV2', [], { shape: null, dtype: float32 }, 'u');
    const value = placeholder(float32, null);
    const assign = emitOne('Assign', [u, value], { validate_shape: false });
    using sess = new Session({ config });
    const one = [[value, [[1, 2]]]] as const;
    assert.equal([...(await sess.run(assign, { feedDict: one })).shape], [1, 2]);
    assert.equal([...(await sess.run(add(u, u), { feedDict: [] })).shape], [1, 2]);
    const half = emitOne('VariableV2', [], { shape: [null, 2], dtype: float32 }, 'half');
    assert.match((await failure(() => sess.run(half))).message, 'Shape [?,2] is not fully defined');
    const old = emitOne('Variable', [], { shape: [], dtype: float32 }, 'old');
    assert.is(old.shape, null);
    const error = await failure(() => sess.run(emitOne('Assign', [old, [3]])));
    assert.match(error.message, 'lhs shape= [] rhs shape= [1]');
    assert.equal(numbers([await sess.run(emitOne('Assign', [old, 3]))]), [[3]]);
  });

  test(`references and resources of one name are different variables (${backend})`, async () => {
    const r = new Variable([1], { name: 'shared' });
    const shared = { shared_name: 'shared' };
    const one = variable('one', [5, 6], float32, shared);
    const other = variable('other', [0, 0], float32, shared);
    using sess = new Session({ config });
    await sess.run(r.initializer);
    assert.match((await failure(() => sess.run(other.read))).message, 'Attempting to use uninitialized value other');
    await sess.run(one.init);
    assert.equal(numbers(await sess.run([r, one.ref, other.read])), [[1], [5, 6], [5, 6]]);
    assert.equal(numbers(await sess.run([r, assignAdd(other.ref, [1, 1], 'sum'), one.ref])), [[1], [6, 7], [6, 7]]);
    using second = new Session({ config });
    assert.match((await failure(() => second.run(one.ref))).message, 'Attempting to use uninitialized value one');
  });

  test(`counting gives the value before, and stops at the limit (${backend})`, async () => {
    const c = variable('c', 0, int32);
    const count = emitOne('CountUpTo', [c.ref], { limit: 2 }, 'count');
    using sess = new Session({ config });
    await sess.run(c.init);
    assert.equal(numbers(await sess.run([count, c.ref])), [[0], [1]]);
    assert.equal(numbers(await sess.run([count, c.ref])), [[1], [2]]);
    const error = await failure(() => sess.run(count));
    assert.is(error.name, 'OutOfRangeError');
    assert.match(error.message, 'Reached limit of 2');
    assert.equal(numbers([await sess.run(c.ref)]), [[2]]);
  });

  test(`a temporary variable is there until it is destroyed (${backend})`, async () => {
    const ref = emitOne('TemporaryVariable', [], { shape: [2], dtype: float32, var_name: 'sum' });
    const filled = assignAdd(emitOne('Assign', [ref, [4, 5]]), [1, 1], 'add');
    const value = emitOne('DestroyTemporaryVariable', [filled], { var_name: 'sum' });
    const wrong = emitOne('DestroyTemporaryVariable', [filled], { var_name: 'other' });
    using sess = new Session({ config });
    for (let i = 0; i < 2; i++) assert.equal(numbers([await sess.run(value)]), [[5, 6]]);
    assert.is((await failure(() => sess.run(wrong))).name, 'NotFoundError');
  });

  test(`a run that fails leaves the variable as it was (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const shape = placeholder(int32, [1]);
    const sum = assignAdd(v.ref, [1, 1], 'sum');
    const fails = controlDependencies([sum], () => reshape(add(v.ref, 0), shape));
    using sess = new Session({ config });
    await sess.run(v.init);
    assert.is((await failure(() => sess.run(fails, { feedDict: [[shape, [3]]] }))).name, 'InvalidArgumentError');
    assert.equal(numbers([await sess.run(v.ref)]), [[1, 2]]);
    assert.equal(numbers([await sess.run(fails, { feedDict: [[shape, [2]]] })]), [[2, 3]]);
  });

  test(`gradients flow to the variable, to its read, and through neither update (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const y = multiply(v.ref, v.read);
    const [toRef, toRead] = gradients(y, [v.ref, v.read]) as Tensor[];
    const assigned = emitOne('Assign', [v.ref, [5, 6]]);
    for (const update of [assigned, assignAdd(v.ref, [1, 1], 'sum')]) {
      assert.equal(gradients(multiply(update, 2), [v.ref]), [null]);
    }
    const step = emitOne('ApplyGradientDescent', [v.ref, 0.5, toRef]);
    assert.throws(() => gradients(multiply(step, 2), [v.ref]), /No gradient defined for operation/);
    using sess = new Session({ config });
    await sess.run(v.init);
    assert.equal(numbers(await sess.run([toRef, toRead])), [
      [2, 4],
      [1, 2],
    ]);
    assert.equal(numbers([await sess.run(step)]), [[0, 0]]);
  });

  test(`a run in several steps reads anew in each (${backend})`, async () => {
    const v = variable('v', [1, 2]);
    const x = placeholder(float32, [2]);
    const sum = emitOne('AssignAdd', [v.ref, [1, 1]]);
    const product = multiply(v.ref, x);
    using sess = new Session({ config });
    await sess.run(v.init);
    const handle = sess.partialRunSetup([sum, product], [x]);
    assert.equal(numbers([await sess.partialRun(handle, sum)]), [[2, 3]]);
    const second = await sess.partialRun(handle, product, [[x, [10, 10]]]);
    assert.equal(numbers([second]), [[20, 30]]);
  });
}

test('what is no reference cannot be written to', async () => {
  const assign = emitOne('Assign', [constant(1), 2], {}, 'assign');
  using sess = new Session({ config: { backend: 'cpu' } });
  const error = await failure(() => sess.run(assign));
  assert.is(error.name, 'InvalidArgumentError');
  assert.match(error.message, 'incompatible with expected float_ref');
});

test('runs on a backend that has to be waited for are ordered alike', async () => {
  const v = variable('v', [1, 2]);
  const sum = assignAdd(v.ref, [1, 1], 'sum');
  const after = controlDependencies([sum], () => multiply(v.read, 1));
  using sess = new Session({ config: { backend: await slowBackend() } });
  await sess.run(v.init);
  const runs = await Promise.all([sess.run([sum, after]), sess.run([sum, after])]);
  assert.equal(runs.map(numbers), [
    [
      [2, 3],
      [2, 3],
    ],
    [
      [3, 4],
      [3, 4],
    ],
  ]);
});

suite.run();
