/**
 * Generated kernels over the life of a session: among reads and writes of variables, with sizes that change from run to run or
 * follow from data, with room that grows, in loops and branches, in several sessions.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../runtime/backends/index.ts';
import * as tf from '../../src/index.ts';
import { options, seed, stream } from '../support/arbitraries.ts';
import { floats } from '../support/codegen.ts';
import { difference } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('codegen/sessions');
const check = leakChecked(test);

type Feeds = ReadonlyMap<tf.Tensor, tf.NdArray>;

function close(actual: tf.NdArray, expected: tf.NdArray, what: string): void {
  assert.is(difference(actual, expected, { relative: 5e-5, absolute: 5e-5 }), null, what);
}
function same(actual: readonly tf.NdArray[], expected: readonly tf.NdArray[]): void {
  for (const [i, value] of actual.entries()) close(value, expected[i], `fetch ${i}`);
}
function reference(fetches: readonly tf.Tensor[], feeds: Feeds): tf.NdArray[] {
  return interpret(tf.getDefaultGraph().snapshot(), fetches, { feeds });
}
async function agrees(fetches: readonly tf.Tensor[], feeds: Feeds): Promise<void> {
  using session = new tf.Session({ config: { backend: 'wasm' } });
  same(await session.run([...fetches], { feedDict: feeds }), reference(fetches, feeds));
}

check('batches of changing sizes in one session', async () => {
  const x = tf.placeholder(tf.float32, [null, 6, 5, 2]);
  const y = tf.nn.conv2d(x, tf.constant(floats([3, 2, 2, 7], 1)), { strides: [1, 2, 1, 1], padding: 'SAME' });
  const z = tf.nn.softmax(tf.matmul(tf.reshape(y, [-1, 21 * 5]), tf.constant(floats([105, 9], 2))));
  const fetches = [z, tf.reduceSum(z, 0), tf.nn.maxPool(tf.nn.relu(y), [1, 2, 2, 1], [1, 1, 1, 1], 'SAME')];
  using session = new tf.Session({ config: { backend: 'wasm' } });
  for (const batch of [3, 1, 7, 3, 40, 1, 2, 7]) {
    const feeds = new Map([[x, floats([batch, 6, 5, 2], batch)]]);
    same(await session.run(fetches, { feedDict: feeds }), reference(fetches, feeds));
  }
});

check('batches so large that kernels are told their size', async () => {
  const x = tf.placeholder(tf.float32, [null, 6, 5, 2]);
  const filter = tf.constant(floats([3, 2, 2, 7], 1));
  const dense = tf.constant(floats([105, 9], 2));
  const y = tf.nn.relu(tf.nn.conv2d(x, filter, { strides: [1, 2, 1, 1], padding: 'SAME' }));
  const logits = tf.matmul(tf.reshape(y, [-1, 105]), dense);
  const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: tf.nn.softmax(logits), logits }));
  const fetches = [
    logits,
    loss,
    tf.reduceMean(tf.square(y)),
    tf.reduceMax(x, [0, 1, 2]),
    tf.nn.maxPool(y, [1, 3, 3, 1], [1, 2, 2, 1], 'SAME'),
    ...(tf.gradients([loss, tf.reduceSum(tf.tanh(y))], [x, filter, dense]) as tf.Tensor[]),
  ];
  using session = new tf.Session({ config: { backend: 'wasm' } });
  for (const batch of [16, 17, 18, 19, 64, 67, 21, 16]) {
    const feeds = new Map([[x, floats([batch, 6, 5, 2], batch)]]);
    same(await session.run(fetches, { feedDict: feeds }), reference(fetches, feeds));
  }
});

check('tensors without elements', async () => {
  const x = tf.placeholder(tf.float32, [0, 3]);
  const image = tf.placeholder(tf.float32, [0, 4, 4, 2]);
  const fetches = [
    tf.nn.relu(tf.add(x, 1)),
    tf.matmul(x, tf.ones([3, 2])),
    tf.matmul(tf.transpose(x), tf.ones([0, 2])),
    tf.reduceSum(tf.square(x), 0),
    tf.reduceMax(tf.tanh(x), 0),
    tf.reduceMean(x),
    tf.reduceProd(x, 1),
    tf.nn.softmax(x),
    tf.nn.conv2d(image, tf.ones([2, 2, 2, 3]), { strides: [1, 1, 1, 1], padding: 'SAME' }),
    tf.greater(x, 0),
    tf.concat([x, tf.ones([2, 3])], 0),
  ];
  await agrees(
    fetches,
    new Map([
      [x, floats([0, 3], 1)],
      [image, floats([0, 4, 4, 2], 1)],
    ]),
  );
});

check('sizes that follow from data', async () => {
  const x = tf.placeholder(tf.float32, [9, 4]);
  const kept = tf.booleanMask(x, tf.greater(tf.reduceSum(x, 1), 0)) as tf.Tensor;
  const y = tf.tanh(tf.add(tf.multiply(kept, 2), 1));
  const count = tf.cast(tf.gather(tf.shape(kept), 0), tf.float32);
  const fetches = [y, tf.reduceSum(y, 0), tf.divide(tf.reduceSum(y), count), tf.matmul(y, tf.ones([4, 3]))];
  for (const from of [1, 2, 3]) await agrees(fetches, new Map([[x, floats([9, 4], from)]]));
});

check('a small convolution before and after one that needs more room than the heap has', async () => {
  const [small, large] = [tf.placeholder(tf.float32, [1, 5, 5, 2]), tf.placeholder(tf.float32, [24, 130, 130, 16])];
  const few = tf.nn.conv2d(small, tf.constant(floats([3, 3, 2, 3], 1)), { strides: [1, 1, 1, 1], padding: 'SAME' });
  const many = tf.nn.conv2d(large, tf.ones([2, 2, 16, 1]), {
    strides: [1, 43, 43, 1],
    padding: [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
  });
  const feeds = new Map([[small, floats([1, 5, 5, 2], 3)]]);
  const expected = reference([few], feeds);
  using session = new tf.Session({ config: { backend: 'wasm' } });
  const before = await session.run([few], { feedDict: feeds });
  const ones = new tf.NdArray(tf.float32, [24, 130, 130, 16], new Float32Array(24 * 130 * 130 * 16).fill(0.5));
  const sums = await session.run(many, { feedDict: [[large, ones]] });
  const after = await session.run([few], { feedDict: feeds });
  same(before, expected);
  same(after, expected);
  // A window in the middle holds 64 halves; the corner has a row and a column of padding.
  assert.equal(sums.shape, [24, 4, 4, 1]);
  assert.is(sums.data[0], 8);
  assert.is(sums.data[5], 32);
});

check('loops and branches of generated kernels, with the gradient', async () => {
  const x = tf.placeholder(tf.float32, [3, 5]);
  const w = tf.placeholder(tf.float32, [5, 5]);
  const [, last] = tf.whileLoop(
    (i: tf.Tensor) => tf.less(i, 4),
    (i: tf.Tensor, h: tf.Tensor) => [
      tf.add(i, 1),
      tf.cond(
        tf.equal(tf.floormod(i, 2), 0),
        () => tf.tanh(tf.add(tf.matmul(h, w), x)),
        () => tf.multiply(tf.sigmoid(h), tf.nn.softmax(x)),
      ) as tf.Tensor,
    ],
    [tf.constant(0, tf.int32), x] as const,
  ) as readonly tf.Tensor[];
  const gradients = tf.gradients([last], [x, w]) as tf.Tensor[];
  const feeds = new Map([
    [x, floats([3, 5], 1)],
    [w, floats([5, 5], 2)],
  ]);
  using cpu = new tf.Session({ config: { backend: 'cpu' } });
  using wasm = new tf.Session({ config: { backend: 'wasm' } });
  const fetches = [last, ...gradients];
  same(await wasm.run(fetches, { feedDict: feeds }), await cpu.run(fetches, { feedDict: feeds }));
});

check('sessions that share kernels do not share values', async () => {
  const v = new tf.Variable(floats([4, 3], 1));
  const step = v.assign(tf.tanh(tf.multiply(v, 1.5)));
  using one = new tf.Session({ config: { backend: 'wasm' } });
  using two = new tf.Session({ config: { backend: 'wasm' } });
  await one.run(v.initializer);
  await two.run(v.initializer);
  const start = await two.run(v.value());
  for (let i = 0; i < 3; i++) await one.run(step);
  assert.equal((await two.run(v.value())).array(), start.array());
  for (let i = 0; i < 3; i++) await two.run(step);
  assert.equal((await two.run(v.value())).array(), (await one.run(v.value())).array());
});

check('explain says which ops a generated kernel holds, and none with codegen off', async () => {
  const x = tf.placeholder(tf.float32, [4, 6]);
  const y = tf.nn.relu(tf.add(tf.matmul(x, tf.ones([6, 3])), 1));
  const z = tf.tanh(tf.multiply(tf.sigmoid(x), 2));
  for (const codegen of [true, false]) {
    using session = new tf.Session({ config: { backend: 'wasm', codegen } });
    const text = await session.explain([y, z], { feeds: [[x, [4, 6]]] });
    assert.is(/generated\..*MatMul/.test(text), codegen);
    assert.is(/generated\.Sigmoid\+Mul\+Tanh/.test(text), codegen);
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// Variables

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
          close(actual[i] as tf.NdArray, expected[i], `run ${run}, ${value.name}`);
        }
        program.variables.forEach((variable) => {
          const kept = state.get(variable.op.name) as tf.NdArray;
          close(session.runSync(variable.value()) as tf.NdArray, kept, `run ${run}, ${variable.name} after it`);
        });
      }
    }),
    options(60),
  );
});

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

check('a value that a variable had in between is not written over where it is fetched', async () => {
  const x = tf.placeholder(tf.float32, [3]);
  const v = new tf.Variable([1, 2, 3]);
  const first = tf.multiply(x, 2);
  const writes = [v.assign(first).op];
  const between = tf.controlDependencies([...writes], () => v.readValue());
  writes.push(v.assign(tf.multiply(x, 3)).op);
  writes.push(v.assign(tf.add(between, 1)).op);
  using session = new tf.Session({ config: { backend: 'wasm' } });
  await session.run(v.initializer);
  for (const by of [1, 10]) {
    const fed = [by, by, by];
    const [value] = await session.run([first, ...writes], { feedDict: [[x, fed]] });
    assert.equal((value as tf.NdArray).array(), [2 * by, 2 * by, 2 * by]);
    assert.equal((await session.run(v.value())).array(), [2 * by + 1, 2 * by + 1, 2 * by + 1]);
  }
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

test('no buffer is written over whose elements a kernel of tfjs keeps a copy of', async () => {
  const backend = await startBackend('wasm');
  const image = backend.write(new tf.NdArray(tf.float32, [1, 2, 2, 1], Float32Array.of(1, 2, 3, 4)));
  const filter = backend.write(new tf.NdArray(tf.float32, [1, 1, 1, 1], Float32Array.of(2)));
  assert.equal([backend.references?.(image.dataId), backend.references?.(filter.dataId)], [1, 1]);
  const attrs = { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC', dilations: [1, 1] };
  const inputs = { x: image, filter };
  const result = backend.kernel('Conv2D')?.({ inputs, attrs, backend: backend.native as object });
  assert.equal([backend.references?.(image.dataId), backend.references?.(filter.dataId)], [1, Infinity]);
  for (const { dataId } of [image, filter, result as typeof image]) backend.dispose(dataId);
});

check('a product added to a variable, whose value may be elsewhere too', async () => {
  const x = tf.placeholder(tf.float32, [5, 3]);
  const y = tf.placeholder(tf.float32, [3, 6]);
  const total = new tf.Variable(tf.zeros([5, 6]), { name: 'total' });
  const before = total.readValue();
  const grown = tf.controlDependencies([before], () => total.assignAdd(tf.matmul(x, y)));
  using session = new tf.Session({ config: { backend: 'wasm' } });
  await session.run(tf.globalVariablesInitializer());
  let sum = new tf.NdArray(tf.float32, [5, 6], new Float32Array(30));
  for (let i = 0; i < 4; i++) {
    const feeds = new Map([
      [x, floats([5, 3], i)],
      [y, floats([3, 6], i + 9)],
    ]);
    const [product] = reference([tf.matmul(x, y)], feeds);
    const [old, now] = (await session.run([before, grown], { feedDict: feeds })) as tf.NdArray[];
    close(old, sum, 'before');
    sum = new tf.NdArray(
      tf.float32,
      [5, 6],
      Float32Array.from(sum.data as Float32Array, (v, k) => v + Number(product.data[k])),
    );
    close(now, sum, 'after');
    // Nobody sees the value before: it may be written over.
    await session.run(grown, { feedDict: feeds });
    sum = new tf.NdArray(
      tf.float32,
      [5, 6],
      Float32Array.from(sum.data as Float32Array, (v, k) => v + Number(product.data[k])),
    );
  }
  close((await session.run(total)) as tf.NdArray, sum, 'at the end');
});

check('weights that every step of a written-out loop uses', async () => {
  const x = tf.placeholder(tf.float32, [4, 20, 3]);
  const w = tf.placeholder(tf.float32, [8, 5]);
  const bias = tf.placeholder(tf.float32, [5]);
  let h: tf.Tensor = tf.zeros([4, 5]);
  for (const input of tf.unstack(x, { axis: 1, num: 20 })) {
    h = tf.tanh(tf.nn.biasAdd(tf.matmul(tf.concat([input, h], 1), w), bias));
  }
  const loss = tf.reduceSum(tf.square(h));
  const fetches = [loss, ...(tf.gradients(loss, [w, bias, x]) as tf.Tensor[])];
  await agrees(
    fetches,
    new Map([
      [x, floats([4, 20, 3], 1)],
      [w, floats([8, 5], 2)],
      [bias, floats([5], 3)],
    ]),
  );
});

test.run();
