/**
 * What users of Keras, TensorFlow and TensorFlow.js have complained of for years when they had to clear something, each as
 * a test that it cannot happen here.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../../runtime/backends/index.ts';
import { liveSessions } from '../../../runtime/live-sessions.ts';
import { Session } from '../../../runtime/session.ts';
import { stateReport } from '../../../runtime/state-report.ts';
import { getDefaultGraph, resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { createKeras, type Keras } from '../../../src/keras/create-keras.ts';
import * as integrated from '../../../src/keras/index.ts';
import { constant, identity, placeholder } from '../../../src/ops/index.ts';
import { float32 } from '../../../src/util/dtype.ts';
import { settledHeap } from '../../support/heap.ts';
import { configure, nextDense, outcome, refusal, restoreKeras } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

const K = integrated.backend;
const X = [
  [1, 1],
  [2, 1],
];
const Y = [[1], [2]];

type Library = Pick<Keras, 'Sequential' | 'backend' | 'initializers' | 'layers'>;

function build({ Sequential, initializers, layers }: Library, value = 1) {
  const kernelInitializer = new initializers.Constant(value);
  const model = new Sequential([
    new layers.Dense(4, { activation: 'relu', kernelInitializer, inputShape: [2] }),
    new layers.Dropout(0.5),
    new layers.Dense(1, { kernelInitializer }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  return model;
}

const buffers = () => readyBackend('wasm')?.numBuffers() ?? 0;

test('keras #2102: folds of a cross-validation do not pile up in memory', async () => {
  const sizes = new Set<string>();
  for (let fold = 0; fold < 10; fold++) {
    K.clearSession();
    await build(integrated).fit(X, Y, { epochs: 2, verbose: 0 });
    const session = K.getSession() as Session;
    const { variables, bytes, buffers: held } = session.stateReport();
    sizes.add(
      `${getDefaultGraph().size} nodes, ${variables} variables, ${bytes} bytes, ${held} and ${buffers()} buffers`,
    );
    assert.is(liveSessions().length, 1);
  }
  assert.is(sizes.size, 1, [...sizes].join('; '));
});

test('keras #6037: a learning phase keeps no graph alive, with clearSession and without', async () => {
  const graphs: WeakRef<Graph>[] = [];
  const phases = async (clear: boolean) => {
    for (let i = 0; i < 20; i++) {
      graphs.push(new WeakRef(getDefaultGraph()));
      K.learningPhase();
      K.setLearningPhase(1);
      if (clear) K.clearSession();
      else resetDefaultGraph();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  await phases(true);
  await phases(false);
  await settledHeap();
  assert.ok(graphs.filter((graph) => graph.deref()).length <= 2);
});

test('keras #8405: a session per model, and one model cleared without the other', async () => {
  // Each with a session of its own, on one graph.
  const [a, b] = [build(integrated, 1), build(integrated, 2)];
  using first = new Session();
  using second = new Session();
  const [x, y] = await Promise.all([
    within(first, () => a.predict([[1, 1]])),
    within(second, () => b.predict([[1, 1]])),
  ]);
  assert.equal([x, y], [8, 32]);
  first.close();
  assert.is(await outcome(() => b.predict([[1, 1]])), 32);
  await refusal(() => a.predict([[1, 1]]), 'FailedPreconditionError', 'was closed with Session.close()');
  // Or each with a Keras of its own.
  const [ka, kb] = [createKeras(), createKeras()];
  const [c, d] = [build(ka, 1), build(kb, 2)];
  assert.equal([await outcome(() => c.predict([[1, 1]])), await outcome(() => d.predict([[1, 1]]))], [8, 32]);
  ka.backend.clearSession();
  assert.is(await outcome(() => d.predict([[1, 1]])), 32);
});

/** Which session a call takes is decided as it is made: the scope need not last until it is done. */
function within(session: Session, call: () => Promise<unknown>): Promise<unknown> {
  const scope = session.asDefault();
  const value = outcome(call);
  scope[Symbol.dispose]();
  return value;
}

test('keras #9379: clearSession gives the memory of the device back, and says how much', async () => {
  const before = buffers();
  await build(integrated).fit(X, Y, { epochs: 1, verbose: 0 });
  const held = buffers() - before;
  assert.ok(held > 0);
  const report = K.clearSession();
  assert.equal([buffers(), report.session?.buffers], [before, held]);
  // What a session of the user's own holds goes with that session: the report says that it is not Keras's to free.
  const session = new Session({ config: { backend: 'wasm' } });
  K.setSession(session);
  await build(integrated).fit(X, Y, { epochs: 1, verbose: 0 });
  const own = session.stateReport().buffers;
  assert.is(K.clearSession().session, null);
  assert.is(buffers(), before + own);
  assert.is(session.close().buffers, own);
  assert.is(buffers(), before);
  configure(integrated, null);
});

test('keras #12652: clearSession resets the names of layers, inputs, models and weights', async () => {
  const names = () => {
    const input = new integrated.layers.InputLayer({ inputShape: [2] });
    const model = build(integrated);
    return [
      input.name,
      model.name,
      nextDense(integrated),
      ...model.layers.map(({ name }) => name),
      ...model.weights.map(({ name }) => name),
    ];
  };
  const first = names();
  assert.equal(first.slice(0, 3), ['input_1', 'sequential', 'dense_2']);
  assert.not.equal(names(), first);
  K.clearSession();
  assert.equal(names(), first);
});

test('keras #13836: getWeights in a loop adds nothing, and clearing leaves no session behind', async () => {
  const model = build(integrated);
  await model.setWeights(await model.getWeights());
  const session = K.getSession() as Session;
  const state = () => [model.graph.size, session.stateReport(), buffers()];
  const before = state();
  for (let i = 0; i < 1000; i++) await model.getWeights();
  for (let i = 0; i < 100; i++) await model.setWeights(await model.getWeights());
  assert.equal(state(), before);
  for (let i = 0; i < 20; i++) {
    await build(integrated).getWeights();
    K.clearSession();
    assert.is(liveSessions().length, 0);
  }
});

test('tensorflow #700: closing sessions frees them; what grows is the graph, and the report shows it', async () => {
  const nodes = [];
  for (let i = 0; i < 5; i++) {
    const session = new Session();
    const a = placeholder(float32, [], { name: 'a' });
    await session.run(identity(a), [[a, 3]]);
    session.close();
    const { totals } = stateReport();
    nodes.push(getDefaultGraph().size);
    assert.equal([totals.sessions, totals.plans, totals.buffers], [0, 0, 0]);
  }
  assert.equal(nodes, [2, 4, 6, 8, 10]);
  for (let i = 0; i < 5; i++) {
    const graph = new Graph();
    using _ = graph.asDefault();
    using session = new Session();
    const a = placeholder(float32, [], { name: 'a' });
    await session.run(identity(a), [[a, 3]]);
    assert.is(graph.size, 2);
  }
  assert.is(getDefaultGraph().size, 10);
});

test('tensorflow #10408: two models serve at once, and one of them is cleared and rebuilt', async () => {
  const [a, b] = [createKeras({ name: 'a' }), createKeras({ name: 'b' })];
  const served = build(b, 2);
  await served.predict([[1, 1]]);
  for (let i = 1; i <= 5; i++) {
    const replaced = build(a, i);
    const both = await Promise.all([replaced, served].map((model) => outcome(() => model.predict([[1, 1]]))));
    assert.equal(both, [8 * i * i, 32]);
    a.backend.clearSession();
    assert.is(await outcome(() => served.predict([[1, 1]])), 32);
  }
  const states = stateReport().keras.filter(({ context }) => ['a', 'b'].includes(context));
  assert.equal(
    states.map(({ context, session }) => [context, session === null]),
    [
      ['a', true],
      ['b', false],
    ],
  );
});

test('tensorflow #61791: fit in a loop with clearSession keeps memory constant', async () => {
  let heap = 0;
  const counts = new Set<string>();
  for (let i = 0; i < 60; i++) {
    if (i === 30) heap = await settledHeap();
    K.clearSession();
    await build(integrated).fit(X, Y, { epochs: 2, verbose: 0 });
    const { variables, plans, bytes } = (K.getSession() as Session).stateReport();
    counts.add(
      `${getDefaultGraph().size} nodes, ${variables} variables, ${plans} plans, ${bytes} bytes, ${buffers()} buffers`,
    );
  }
  const grown = (await settledHeap()) - heap;
  assert.is(counts.size, 1, [...counts].join('; '));
  // A model that stayed would take some hundred kilobytes.
  assert.ok(grown < 1.5e6, `the heap grew by ${grown} bytes`);
});

test('tfjs #533: a model can be let go of with all that it holds on the device', async () => {
  const before = buffers();
  const keras = createKeras();
  const model = build(keras);
  await model.fit(X, Y, { epochs: 1, verbose: 0 });
  assert.ok(buffers() > before);
  const report = keras.backend.clearSession();
  assert.ok((report.session?.buffers ?? 0) > 0);
  assert.is(buffers(), before);
  // It says so if it is used all the same.
  await refusal(() => model.predict([[1, 1]]), 'FailedPreconditionError', 'was closed by clearSession()');
});

test('tfjs #1146: freeing what one model left frees nothing of another that trains at the same time', async () => {
  const [loading, training] = [createKeras(), createKeras()];
  const learner = build(training);
  const history = learner.fit(X, Y, { epochs: 20, verbose: 0 });
  const weights = await build(integrated).getWeights();
  K.clearSession();
  for (let i = 0; i < 5; i++) {
    const loaded = build(loading);
    await loaded.setWeights(weights);
    assert.is(await outcome(() => loaded.predict([[1, 1]])), 8);
    loading.backend.clearSession();
  }
  const losses = (await history).history.loss as readonly number[];
  assert.is(losses.length, 20);
  assert.ok(losses.every(Number.isFinite));
  // The learner's weights are all that is left on the device.
  const report = (training.backend.getSession() as Session).stateReport();
  assert.ok(report.variables >= learner.weights.length);
  assert.is(stateReport().totals.buffers, report.buffers);
  assert.is(await outcome(() => K.getValue(constant(1))), 1);
});

suite.run();
