/**
 * Generated kernels among reads and writes of variables: random programs, run several times, against host kernels node by node in
 * the order of the graph. No kernel may take a value of a variable from before or after the write that it belongs to.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { options, seed, stream } from '../support/arbitraries.ts';
import { floats } from '../support/codegen.ts';
import { difference } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('codegen/order');
const check = leakChecked(test);

interface Program {
  readonly variables: readonly tf.Variable[];
  readonly writes: readonly tf.Operation[];
  readonly values: readonly tf.Tensor[];
  readonly x: tf.Tensor;
}

/** Reads, element-wise ops, sums, products and writes, some after others by control dependencies. */
function randomProgram(shape: readonly number[], count: number, from: number): Program {
  const random = stream(from);
  const int = (below: number) => Math.floor(random() * below);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)];
  const variables = [0, 1, 2].map((i) => new tf.Variable(floats(shape, from + i), { name: `v${i}` }));
  const x = tf.placeholder(tf.float32, shape);
  const values: tf.Tensor[] = [x];
  const writes: tf.Operation[] = [];
  const recent = () => (random() < 0.6 ? pick(values.slice(-4)) : pick(values));
  const ordered = (body: () => void) => {
    if (writes.length > 0 && random() < 0.4) tf.controlDependencies([pick(writes)], body);
    else body();
  };
  const width = shape[shape.length - 1];
  const steps: (() => void)[] = [
    () => values.push(pick(variables).readValue()),
    () => values.push(pick(variables).value()),
    () => values.push(tf.tanh(recent())),
    () => values.push(tf.sigmoid(tf.add(recent(), recent()))),
    () => values.push(tf.multiply(tf.sigmoid(recent()), recent())),
    () => values.push(tf.maximum(recent(), 0.25)),
    () => values.push(tf.subtract(recent(), tf.reduceMean(recent()))),
    () => values.push(tf.subtract(recent(), tf.reduceMean(recent(), 0, true))),
    () => values.push(tf.add(pick(variables), recent())),
    () => values.push(tf.identity(recent())),
    () => values.push(tf.reshape(tf.reshape(recent(), [-1]), shape)),
    () => values.push(tf.tanh(tf.matmul(recent(), tf.ones([width, width])))),
    () => writes.push(opOf(pick(variables).assign(tf.tanh(recent())))),
    () => writes.push(opOf(pick(variables).assign(recent()))),
    () => writes.push(opOf(pick(variables).assignAdd(tf.sigmoid(recent())))),
    () => writes.push(opOf(pick(variables).assignSub(tf.tanh(recent())))),
  ];
  for (let i = 0; i < count; i++) ordered(pick(steps));
  return { variables, writes, values, x };
}

function opOf(made: tf.Tensor | tf.Operation | { readonly op: tf.Operation }): tf.Operation {
  return 'op' in made ? (made.op as tf.Operation) : made;
}

check('random programs on variables give the values of the order they were built in', async () => {
  const programs = fc.record({
    shape: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 })),
    count: fc.integer({ min: 4, max: 40 }),
    few: fc.boolean(),
    seed,
  });
  await fc.assert(
    fc.asyncProperty(programs, async ({ shape, count, few, seed: from }) => {
      const graph = new tf.Graph();
      const { program, init, chosen } = graph.asDefault(() => {
        const program = randomProgram(shape, count, from);
        const random = stream(from + 1);
        const chosen = program.values.filter(() => !few || random() < 0.3);
        return { program, init: tf.globalVariablesInitializer(), chosen };
      });
      const state = new Map<string, tf.NdArray>();
      interpret(graph.snapshot(), [], { targets: [init], variables: state });
      using session = new tf.Session({ graph, config: { backend: 'wasm' } });
      await session.run(init);
      const fetches = [...chosen, ...program.writes];
      for (let run = 0; run < 3; run++) {
        const feeds = new Map([[program.x, floats(shape, from + 10 + run)]]);
        const expected = interpret(graph.snapshot(), chosen, { feeds, targets: program.writes, variables: state });
        const actual = session.runSync(fetches, { feedDict: feeds }) as unknown[];
        for (const [i, value] of chosen.entries()) {
          same(actual[i] as tf.NdArray, expected[i], `run ${run}, ${value.name}`);
        }
        program.variables.forEach((variable) => {
          const kept = state.get(variable.op.name) as tf.NdArray;
          same(session.runSync(variable.value()) as tf.NdArray, kept, `run ${run}, ${variable.name} after it`);
        });
      }
    }),
    options(60),
  );
});

function same(actual: tf.NdArray, expected: tf.NdArray, what: string): void {
  assert.is(difference(actual, expected, { relative: 5e-5, absolute: 5e-5 }), null, what);
}

check('a value that was fetched is not written over by later runs', async () => {
  const x = tf.placeholder(tf.float32, [3]);
  const v = new tf.Variable([1, 2, 3]);
  const y = tf.add(tf.multiply(v, x), 1);
  const step = v.assign(tf.tanh(y));
  using session = new tf.Session({ config: { backend: 'wasm' } });
  await session.run(v.initializer);
  const [first, before] = await session.run([y, v.value()], { feedDict: [[x, [1, 1, 1]]] });
  await session.run(step, { feedDict: [[x, [0, 0, 0]]] });
  await session.run(step, { feedDict: [[x, [5, 5, 5]]] });
  assert.equal(first.array(), [2, 3, 4]);
  assert.equal(before.array(), [1, 2, 3]);
});

check('what is fed is not written over, nor a constant', async () => {
  const x = tf.placeholder(tf.float32, [4]);
  const c = tf.constant([1, 2, 3, 4]);
  const y = tf.tanh(tf.add(tf.multiply(x, c), tf.square(c)));
  const fed = Float32Array.of(1, -1, 1, -1);
  using session = new tf.Session({ config: { backend: 'wasm' } });
  const runs = [];
  for (let i = 0; i < 3; i++) runs.push(await session.run([y, x, c], { feedDict: [[x, fed]] }));
  for (const [value, given, constant] of runs) {
    assert.equal(value.array(), runs[0][0].array());
    assert.equal(given.array(), [1, -1, 1, -1]);
    assert.equal(constant.array(), [1, 2, 3, 4]);
  }
  assert.equal([...fed], [1, -1, 1, -1]);
});

check('values before and after a write, in one run', async () => {
  const v = new tf.Variable([1, 2]);
  const before = tf.multiply(v.readValue(), 10);
  const write = v.assignAdd([1, 1]);
  const after = tf.controlDependencies([write], () => tf.multiply(v.readValue(), 10));
  const both = tf.add(before, after);
  using session = new tf.Session({ config: { backend: 'wasm' } });
  await session.run(v.initializer);
  const values = await session.run([before, after, both]);
  assert.equal(
    values.map((value) => value.array()),
    [
      [10, 20],
      [20, 30],
      [30, 50],
    ],
  );
});

check('a run that fails leaves the variables as they were, though kernels wrote to them', async () => {
  const v = new tf.Variable([1, 2]);
  const ok = tf.placeholder(tf.bool, []);
  const first = v.assign(tf.add(v, 1));
  const guard = tf.controlDependencies([first], () => tf.Assert(ok, ['no']));
  const second = tf.controlDependencies([guard as tf.Operation], () => v.assign(tf.multiply(v.readValue(), 10)));
  using session = new tf.Session({ config: { backend: 'wasm' } });
  await session.run(v.initializer);
  await session.run(second, { feedDict: [[ok, true]] });
  assert.equal((await session.run(v.value())).array(), [20, 30]);
  let failed = false;
  try {
    await session.run(second, { feedDict: [[ok, false]] });
  } catch {
    failed = true;
  }
  assert.ok(failed);
  assert.equal((await session.run(v.value())).array(), [20, 30]);
});

test.run();
