/**
 * Row 28 of the matrix for C and S: memory over 1,000 loops of building, running and clearing (the quick suite makes half of
 * them); and the two examples of the Keras manual on `clearSession`.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../../runtime/backends/index.ts';
import { stateReport } from '../../../runtime/state-report.ts';
import { createKeras, type Keras, standaloneKeras } from '../../../src/keras/create-keras.ts';
import * as integrated from '../../../src/keras/index.ts';
import { settledHeap } from '../../support/heap.ts';
import { nextDense, outcome, restoreKeras } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

type Library = Pick<Keras, 'Sequential' | 'backend' | 'initializers' | 'layers'>;

/** The part of the rounds to make; `FC_RUNS=1` makes all. */
const PART = Number(process.env.FC_RUNS ?? 0.5);

/**
 * Runs `body` again and again: the buffer count never changes, and the heap stays flat in the last 400 rounds (200 of half as
 * many), after those in which code is compiled. The smallest of the graphs takes some ten kilobytes: 200 of them would be seen.
 */
async function loop(body: (i: number) => unknown, rounds = 1000): Promise<void> {
  const backend = readyBackend('wasm');
  const buffers = backend?.numBuffers();
  const [count, last] = [rounds, 400].map((all) => Math.ceil(PART * all));
  let before = 0;
  for (let i = 0; i < count; i++) {
    if (i === count - last) before = await settledHeap();
    await body(i);
    assert.is(backend?.numBuffers(), buffers);
  }
  const grown = (await settledHeap()) - before;
  assert.ok(grown < 1e6, `the heap grew by ${grown} bytes`);
}

/** A model that multiplies by `i`, run once. */
async function program({ Sequential, initializers, layers }: Library, i: number): Promise<void> {
  const kernelInitializer = new initializers.Constant(i);
  const model = new Sequential([new layers.Dense(1, { kernelInitializer, inputShape: [2] })]);
  assert.equal([model.name, model.layers[0].name.replace('_1', '')], [model.name, 'dense']);
  assert.is(await outcome(() => model.predict([[1, 1]])), 2 * i);
}

for (const [X, keras] of [
  ['C', integrated],
  ['S', standaloneKeras()],
] as const) {
  test(`row 28, ${X}: 1,000 loops of building, predicting and clearing keep memory constant`, () =>
    loop(async (i) => {
      await program(keras, i);
      const report = keras.backend.clearSession({ freeMemory: i % 2 === 0 });
      assert.equal([report.session?.variables, report.models], [2, 1]);
    }));
}

test('row 28, a context of createKeras: 600 loops keep memory constant', () => {
  const keras = createKeras();
  return loop(async (i) => {
    await program(keras, i);
    keras.backend.clearSession();
  }, 600);
});

test('row 28, contexts of createKeras that are made and cleared 1,000 times', () => {
  return loop((i) => {
    if (i % 10 > 0) return;
    const keras = createKeras();
    return program(keras, i).then(() => keras.backend.clearSession());
  });
});

/** The manual's model: ten layers in a row. */
function tenLayers({ Sequential, layers }: Library) {
  const list = Array.from({ length: 10 }, (_, i) => new layers.Dense(10, i === 0 ? { inputShape: [10] } : {}));
  return new Sequential(list);
}

test("the manual's first example: 100 models without clearSession make the state grow", async () => {
  const x = [new Array<number>(10).fill(1)];
  const counts: [number, number, number, boolean][] = [];
  integrated.backend.clearSession();
  for (let i = 0; i < 100; i++) {
    const model = tenLayers(integrated);
    assert.is(model.layers[0].name, i === 0 ? 'dense' : `dense_${10 * i}`);
    if (i % 25 !== 24) continue;
    await model.predict(x);
    const { totals, keras } = stateReport();
    counts.push([totals.nodes, totals.variables, totals.bytes, keras[0].session !== null]);
  }
  const [nodes, variables, bytes] = [0, 1, 2].map((column) => counts.map((row) => row[column] as number));
  assert.equal(variables, [500, 1000, 1500, 2000]);
  assert.equal(
    bytes,
    variables.map((count) => (count / 2) * 4 * (100 + 10)),
  );
  for (let i = 1; i < nodes.length; i++) assert.ok(nodes[i] > nodes[i - 1] + 25 * 100, `${nodes}`);
});

test("the manual's first example with clearSession: constant over 1,000 models", async () => {
  const x = [new Array<number>(10).fill(1)];
  const { Session } = await import('../../../runtime/session.ts');
  const sizes = new Set<string>();
  await loop(async (i) => {
    integrated.backend.clearSession();
    const model = tenLayers(integrated);
    assert.is(model.layers[0].name, 'dense');
    if (i % 50 === 0) {
      await model.predict(x);
      const session = integrated.backend.getSession() as InstanceType<typeof Session>;
      const { variables, bytes } = session.stateReport();
      sizes.add(`${session.graph.size} nodes, ${variables} variables, ${bytes} bytes`);
      session.close();
    }
  });
  assert.is(sizes.size, 1, [...sizes].join('; '));
});

test("the manual's second example: the eleventh layer is dense_10, and dense after clearSession", () => {
  const names = Array.from({ length: 10 }, () => nextDense(integrated));
  assert.equal([names[0], names[9]], ['dense', 'dense_9']);
  assert.is(nextDense(integrated), 'dense_10');
  integrated.backend.clearSession();
  assert.is(nextDense(integrated), 'dense');
});

suite.run();
