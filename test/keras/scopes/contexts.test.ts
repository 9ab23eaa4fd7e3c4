/**
 * Keras contexts side by side: those of `createKeras`, `tf.keras` and the standalone package; `resetAll`, which clears all;
 * the reports of the operations; and TensorFlow's own tests of backend state (cases 77, 79, 421, 423, 425, 435).
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigProto } from '../../../runtime/config.ts';
import { Session } from '../../../runtime/session.ts';
import { stateReport } from '../../../runtime/state-report.ts';
import { getDefaultGraph, nameScope, resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Graph, Tensor } from '../../../src/graph/graph.ts';
import { type Keras, standaloneKeras } from '../../../src/keras/create-keras.ts';
import * as integrated from '../../../src/keras/index.ts';
import * as entry from '../../../src/keras.ts';
import { add, constant, identity, multiply } from '../../../src/ops/index.ts';
import { resetAll } from '../../../src/resets.ts';
import { Variable } from '../../../src/variables/variable.ts';
import { configure, isolated, nextDense, outcome, refusal, restoreKeras, scene } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

const K = integrated.backend;

function sequential(keras: Pick<Keras, 'Sequential' | 'layers' | 'initializers'>, value: number) {
  const kernelInitializer = new keras.initializers.Constant(value);
  return new keras.Sequential([new keras.layers.Dense(1, { kernelInitializer, inputShape: [2] })]);
}

test('createKeras: two contexts build in graphs of their own, and the default graph stays empty', async () => {
  const [a, b] = [isolated(), isolated()];
  const graph = getDefaultGraph();
  const [first, second] = [sequential(a, 1), sequential(b, 5)];
  assert.equal(
    [first.name, second.name, first.layers[0].name, second.layers[0].name],
    ['sequential', 'sequential', 'dense', 'dense'],
  );
  assert.equal([first.graph === a.graph, second.graph === b.graph, a.graph === b.graph], [true, true, false]);
  assert.equal([await outcome(() => first.predict([[1, 1]])), await outcome(() => second.predict([[1, 1]]))], [2, 10]);
  assert.equal([getDefaultGraph() === graph, graph.size], [true, 0]);
  assert.is.not(a.backend.getSession(), b.backend.getSession());
});

test('createKeras: clearSession of one touches neither the other, nor tf.keras, nor the default graph', async () => {
  const s = await scene();
  const [a, b] = [isolated(), isolated()];
  const [first, second] = [sequential(a, 1), sequential(b, 5)];
  for (const model of [first, second]) await model.predict([[1, 1]]);
  const [oldGraph, session] = [a.graph, a.backend.getSession() as Session];
  const { size } = s.graph;
  a.backend.setLearningPhase(1);
  const report = a.backend.clearSession();
  assert.equal([report.graph.nodes, report.session?.variables], [oldGraph.size, 2]);
  assert.equal([getDefaultGraph() === s.graph, s.graph.size, session.closed], [true, size, true]);
  assert.equal([a.graph === oldGraph, a.graph.size, a.backend.learningPhase() instanceof Tensor], [false, 2, true]);
  await refusal(() => first.predict([[1, 1]]), 'FailedPreconditionError', 'was closed by clearSession()');
  assert.is(await outcome(() => second.predict([[1, 1]])), 10);
  assert.equal([nextDense(a), nextDense(b)], ['dense', 'dense_1']);
  for (const { keras, v, session: own } of [s.tf, s.standalone]) {
    assert.equal([await outcome(() => keras.backend.getValue(v)), own.closed], [40, false]);
  }
  s.session.close();
});

test('createKeras: clearSession is refused inside of its own graph alone', async () => {
  const a = isolated();
  const { graph } = a;
  a.backend.variable(1);
  const { size } = graph;
  {
    using _own = graph.asDefault();
    using _other = new Graph().asDefault();
    await refusal(() => a.backend.clearSession(), 'AssertionError', 'leave it first');
    assert.equal([a.graph === graph, graph.size], [true, size]);
  }
  new Graph().asDefault(() => a.backend.clearSession());
  assert.is.not(a.graph, graph);
});

test('createKeras: the default session counts only where it is on the graph of the context', async () => {
  const a = isolated();
  const v = a.backend.variable(3);
  using user = new Session();
  using own = new Session({ graph: a.graph });
  {
    using _ = user.asDefault();
    assert.is.not(a.backend.getSession(), user);
    assert.is(await outcome(() => a.backend.getValue(v)), 3);
  }
  using _ = own.asDefault();
  assert.is(a.backend.getSession(), own);
});

test('classes of other contexts are the same to instanceof, as far as they should be', () => {
  const a = isolated();
  const [mine, theirs] = [new integrated.layers.Dense(1), new a.layers.Dense(1)];
  assert.equal([mine instanceof integrated.layers.Dense, theirs instanceof integrated.layers.Dense], [true, true]);
  assert.equal([theirs instanceof a.layers.Layer, mine instanceof a.layers.Dense], [true, false]);
});

test('standalone Keras and tf.keras know nothing of each other', async () => {
  const S = standaloneKeras();
  assert.equal([nextDense(S), nextDense(integrated), nextDense(S)], ['dense_1', 'dense', 'dense_2']);
  const [v, w] = [S.backend.variable(1), K.variable(2)];
  S.backend.setLearningPhase(1);
  assert.instance(K.learningPhase(), Tensor);
  assert.equal([await outcome(() => S.backend.getValue(v)), await outcome(() => K.getValue(w))], [1, 2]);
  assert.is.not(S.backend.getSession(), K.getSession());
  // A variable of one is not silently begun anew in the session of the other.
  assert.match(String(await outcome(() => S.backend.getValue(w))), /^FailedPreconditionError/);
  using session = new Session();
  S.backend.setSession(session);
  assert.is.not(K.getSession(), session);
  S.backend.setSession(null);
});

test('the entry of the package `keras` is one standalone context', async () => {
  const { backend, layers, createKeras } = entry;
  backend.clearSession();
  assert.equal(
    [new layers.Dense(1).name, new layers.Dense(1).name, nextDense(integrated)],
    ['dense_1', 'dense_2', 'dense'],
  );
  const v = backend.variable(3);
  assert.is(await outcome(() => backend.getValue(v)), 3);
  K.clearSession();
  assert.is(await outcome(() => backend.getValue(v)), 3);
  assert.is(new layers.Dense(1) instanceof integrated.layers.Dense, true);
  assert.is(nextDense(createKeras()), 'dense');
});

test('resetAll closes every session, clears every context and leaves an empty default graph', async () => {
  const s = await scene();
  const a = isolated();
  const v = a.backend.variable(1);
  await a.backend.getValue(v);
  const other = new Session({ graph: new Graph() });
  K.setFloatx('float64');
  const sessions = [s.session, s.tf.session, s.standalone.session, a.backend.getSession() as Session, other];
  const reports = new Map(sessions.map((session) => [session, session.stateReport()]));
  const { size } = s.graph;
  const report = resetAll();
  assert.equal([...report.sessions].map(String).sort(), [...reports.values()].map(String).sort());
  assert.is(sum(report.sessions), sum(reports.values()));
  assert.is(report.graph.nodes, size);
  assert.ok(report.keras.length >= 3);
  assert.equal(
    sessions.map((session) => session.closed),
    [true, true, true, true, true],
  );
  assert.equal([stateReport().sessions.length, stateReport().totals.buffers], [0, 0]);
  assert.is.not(getDefaultGraph(), s.graph);
  assert.is(getDefaultGraph().size, 0);
  assert.equal([nextDense(integrated), nextDense(s.standalone.keras), nextDense(a)], ['dense', 'dense_1', 'dense']);
  assert.is(K.floatx(), 'float64');
  await refusal(() => K.getValue(s.tf.v), 'FailedPreconditionError', 'was closed by resetAll()');
  await refusal(() => a.backend.getValue(v), 'FailedPreconditionError', 'was closed by resetAll()');
});

function sum(
  reports: Iterable<{ readonly buffers: number; readonly variables: number; readonly bytes: number }>,
): string {
  let [buffers, variables, bytes] = [0, 0, 0];
  for (const report of reports) {
    buffers += report.buffers;
    variables += report.variables;
    bytes += report.bytes;
  }
  return `${buffers} buffers, ${variables} variables, ${bytes} bytes`;
}

test('resetAll is refused while a graph context is open, and changes nothing', async () => {
  const s = await scene();
  const { size } = s.graph;
  for (const open of [() => new Graph().asDefault(), () => s.graph.asDefault()]) {
    using _ = open();
    await refusal(resetAll, 'AssertionError', 'leave it first');
  }
  assert.equal([getDefaultGraph() === s.graph, s.graph.size], [true, size]);
  for (const { session } of [s, s.tf, s.standalone]) assert.is(session.closed, false);
  assert.is(await outcome(() => K.getValue(s.tf.v)), 40);
  s.session.close();
});

test('resetAll twice: the second finds nothing', () => {
  new Session();
  resetAll();
  const report = resetAll();
  assert.equal([report.sessions.length, report.graph.nodes], [0, 0]);
  for (const { session } of report.keras) assert.is(session, null);
});

test('reports: resetDefaultGraph tells what the old graph held', () => {
  constant(1);
  new Variable(2);
  const { size } = getDefaultGraph();
  // The variable is among the global and among the trainable ones.
  assert.equal(resetDefaultGraph(), { nodes: size, collections: 2 });
  assert.equal(resetDefaultGraph(), { nodes: 0, collections: 0 });
});

test('reports: close tells what the session held', async () => {
  const [v, w] = [new Variable([1, 2, 3]), new Variable(1)];
  const session = new Session();
  await session.run([v.initializer, w.initializer]);
  await session.run(add(v, w));
  const report = session.close();
  assert.equal(report, { variables: 2, plans: 2, buffers: report.buffers, bytes: 16 });
  assert.ok(report.buffers >= 2);
  assert.equal(session.close(), { variables: 0, plans: 0, buffers: 0, bytes: 0 });
});

test('reports: clearSession tells what it replaced, closed and forgot', async () => {
  K.clearSession();
  const models = [sequential(integrated, 1), sequential(integrated, 2)];
  for (const model of models) await model.predict([[1, 1]]);
  const own = (K.getSession() as Session).stateReport();
  const { size } = getDefaultGraph();
  const other = new Graph();
  other.asDefault(() => nextDense(integrated));
  assert.is(stateReport().keras.find(({ context }) => context === 'tf.keras')?.models, models.length);
  const report = K.clearSession();
  assert.equal([report.graph, other.size], [{ nodes: size, collections: 2 }, 0]);
  assert.equal([report.session, report.graphs, report.models], [own, 2, 2]);
  assert.equal([own.variables, own.bytes], [4, 24]);
  const again = K.clearSession({ freeMemory: false });
  assert.equal(again, {
    graph: { nodes: 2, collections: 0 },
    session: null,
    graphs: 1,
    models: 0,
    pooled: { buffers: 0, bytes: 0 },
  });
});

test('reports: a session that was handed over is not among what clearSession released', async () => {
  using session = new Session();
  K.setSession(session);
  await K.getValue(K.variable([1, 2]));
  assert.is(K.clearSession().session, null);
  assert.is(session.stateReport().variables, 1);
});

test('case 77: the session after clearSession keeps the configuration of the one that was handed over', () => {
  configure(integrated, null);
  using session = new Session({ config: new ConfigProto({ interOpParallelismThreads: 7, backend: 'cpu' }) });
  K.setSession(session);
  K.clearSession();
  const next = K.getSession() as Session;
  assert.is.not(next, session);
  assert.equal([next.config.interOpParallelismThreads, next.backend], [7, 'cpu']);
});

test('case 79: after clearSession names begin again, with a new learning phase', () => {
  const names = () => [0, 1].map(() => nextDense(integrated));
  const phase = K.learningPhase();
  assert.equal([names(), K.getUid('dense')], [['dense', 'dense_1'], 1]);
  K.clearSession();
  assert.equal([names(), K.getUid('dense')], [['dense', 'dense_1'], 1]);
  assert.is.not(K.learningPhase(), phase);
  assert.is((K.learningPhase() as Tensor).name, 'keras_learning_phase:0');
});

test('case 421: inTrainPhase by the learning phase that is fed', async () => {
  const [y1, y2] = [K.variable(1), K.variable(2)];
  const y = K.inTrainPhase(y1.value(), y2.value());
  const f = K.function([K.learningPhase() as Tensor], [y]);
  assert.equal([(await f([0]))[0].item(), (await f([1]))[0].item()], [2, 1]);
});

test('case 423: a function is fed tensors and variables, and null leaves the learning phase to its default', async () => {
  const x = K.placeholder([]);
  const z = K.placeholder([]);
  const phase = K.learningPhase() as Tensor;
  const outputs = [
    add(x, 1),
    K.inTrainPhase(
      () => add(z, 2),
      () => identity(z).sub(1),
    ),
  ];
  const f = K.function([x, z, phase], outputs);
  const values = async (given: number | null) => (await f([K.variable(10), 3, given])).map((value) => value.item());
  assert.equal(
    [await values(null), await values(1)],
    [
      [11, 2],
      [11, 5],
    ],
  );
});

test('case 425: the feeds of a function are read anew at each call', async () => {
  const [x, y] = [K.placeholder([]), K.placeholder([])];
  const feeds = new Map<Tensor, unknown>([[y, 3]]);
  const f = K.function([x], [add(x, 1), multiply(y, 10)], { feedDict: feeds });
  const values = async (given: number) => (await f([given])).map((value) => value.item());
  assert.equal(await values(19), [20, 30]);
  feeds.set(y, 4);
  assert.equal(await values(29), [30, 40]);
});

test('case 435: the learning phase has its name outside of the scope that is open', () => {
  nameScope('outer', () => {
    const phase = K.learningPhase() as Tensor;
    assert.is(phase.name, 'keras_learning_phase:0');
    assert.equal(phase.op.controlInputs, []);
  });
  integrated.backend.clearSession();
  assert.is((nameScope('outer', () => K.learningPhase()) as Tensor).name, 'keras_learning_phase:0');
});

suite.run();
