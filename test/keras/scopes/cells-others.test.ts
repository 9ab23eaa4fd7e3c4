/**
 * What `resetDefaultGraph` (A) and `Session.close` (B) do to the state of Keras: the cells of rows 13, 14, 16, 19 to 23 and 27
 * of the matrix of the three resets that `test/session/scopes.test.ts` leaves out.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../../runtime/session.ts';
import { getDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Tensor } from '../../../src/graph/graph.ts';
import { getCustomObjects } from '../../../src/keras/serialization.ts';
import { isolated, nextDense, outcome, perform, restoreKeras, type Scene, scene } from '../../support/keras.ts';
import { resources, resourcesIn, useResources } from '../../support/keras-resources.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

function cell(row: number, X: 'A' | 'B', what: string, body: (s: Scene) => unknown): void {
  test(`row ${row}, ${X}: ${what}`, async () => {
    const state = await scene();
    await body(state);
    state.session.close();
  });
}

cell(13, 'A', 'the session of Keras is kept, stale, and replaced and closed at the next getSession', async (s) => {
  perform('A', s);
  for (const { keras, session, y, v } of [s.tf, s.standalone]) {
    assert.is(session.closed, false);
    assert.is((await session.run(y)).item(), 41);
    assert.is((await keras.backend.getValue(v)).item(), 40);
    const next = keras.backend.getSession();
    assert.is.not(next, session);
    assert.is(next.graph, getDefaultGraph());
    assert.is(session.closed, true);
  }
});

cell(13, 'B', 'the session of Keras is closed if it is this one, else kept', async (s) => {
  perform('B', s);
  for (const { keras, session, y, v } of [s.tf, s.standalone]) {
    assert.is(keras.backend.getSession(), session);
    assert.is((await session.run(y)).item(), 41);
    session.close();
    const next = keras.backend.getSession();
    assert.is.not(next, session);
    assert.equal([next.closed, next.graph === s.graph], [false, true]);
    assert.match(String(await outcome(() => keras.backend.getValue(v))), /FailedPreconditionError.*Session\.close\(\)/);
  }
});

cell(14, 'A', 'a session that was handed over is kept, also when Keras makes another', async (s) => {
  const K = s.tf.keras.backend;
  K.setSession(s.session);
  perform('A', s);
  assert.is(s.session.closed, false);
  assert.is.not(K.getSession(), s.session);
  assert.is((await s.session.run(s.v)).item(), 5);
});

cell(14, 'B', 'a session that was handed over is closed if it is this one', (s) => {
  const K = s.tf.keras.backend;
  using other = new Session({ graph: s.graph });
  K.setSession(other);
  perform('B', s);
  assert.equal([other.closed, K.getSession() === other], [false, true]);
  K.setSession(s.session);
  assert.is(other.closed, false);
  const next = K.getSession();
  assert.is.not(next, s.session);
  assert.equal([next.closed, next.graph === s.graph], [false, true]);
});

cell(16, 'A', 'queues, tables and iterators are kept', async (s) => {
  const held = resources(s.graph);
  for (const { session } of [s, s.tf]) await useResources(held, session);
  perform('A', s);
  for (const { session } of [s, s.tf]) assert.equal(await resourcesIn(held, session), [1, [1, -1], 10]);
});

cell(16, 'B', "this session's queues, tables and iterators are lost", async (s) => {
  const held = resources(s.graph);
  for (const { session } of [s, s.tf]) await useResources(held, session);
  perform('B', s);
  assert.equal(await resourcesIn(held, s.tf.session), [1, [1, -1], 10]);
  assert.equal(await resourcesIn(held, s.session), ['RuntimeError', 'RuntimeError', 'RuntimeError']);
  using fresh = new Session({ graph: s.graph });
  assert.equal(await resourcesIn(held, fresh), [0, 'FailedPreconditionError', 'FailedPreconditionError']);
});

cell(19, 'A', "automatic layer names begin again; the old graph's counters are kept", (s) => {
  perform('A', s);
  assert.equal([nextDense(s.tf.keras), nextDense(s.standalone.keras)], ['dense', 'dense_1']);
  s.graph.asDefault(() => {
    assert.equal([nextDense(s.tf.keras), nextDense(s.standalone.keras)], ['dense_2', 'dense_3']);
  });
  assert.equal([nextDense(s.tf.keras), nextDense(s.standalone.keras)], ['dense_1', 'dense_2']);
});

cell(19, 'B', 'automatic layer names go on', (s) => {
  perform('B', s);
  s.tf.session.close();
  assert.equal([nextDense(s.tf.keras), nextDense(s.standalone.keras)], ['dense_2', 'dense_3']);
});

cell(20, 'A', "getUid counts anew; the old graph's counters are kept", (s) => {
  const K = s.tf.keras.backend;
  assert.equal([K.getUid('thing'), K.getUid('thing')], [1, 2]);
  perform('A', s);
  assert.is(K.getUid('thing'), 1);
  s.graph.asDefault(() => assert.is(K.getUid('thing'), 3));
  assert.is(K.getUid('thing'), 2);
});

cell(20, 'B', 'getUid goes on', (s) => {
  const K = s.tf.keras.backend;
  K.getUid('thing');
  perform('B', s);
  assert.is(K.getUid('thing'), 2);
});

cell(21, 'A', 'the learning phase is a new placeholder; the old graph keeps its value', (s) => {
  perform('A', s);
  for (const { keras } of [s.tf, s.standalone]) {
    assert.instance(keras.backend.learningPhase(), Tensor);
    s.graph.asDefault(() => assert.is(keras.backend.learningPhase(), 1));
  }
});

cell(21, 'B', 'the learning phase is kept', (s) => {
  perform('B', s);
  s.tf.session.close();
  assert.equal([s.tf.keras.backend.learningPhase(), s.standalone.keras.backend.learningPhase()], [1, 1]);
});

cell(22, 'A', 'what was initialised is kept per session', async (s) => {
  perform('A', s);
  assert.equal([s.session.hasValue(s.v), s.tf.session.hasValue(s.tf.v)], [true, true]);
  assert.is(s.session.hasValue(s.tf.v), false);
  // In a session that is handed over the variable starts from its initial value, whatever another session holds.
  using other = new Session({ graph: s.graph });
  using _ = other.asDefault();
  assert.is((await s.tf.keras.backend.getValue(s.tf.v)).item(), 4);
  assert.is((await s.tf.session.run(s.tf.v)).item(), 40);
});

cell(22, 'B', 'what was initialised is gone with the session', async (s) => {
  s.tf.session.close();
  perform('B', s);
  const next = s.tf.keras.backend.getSession() as Session;
  assert.equal([next.hasValue(s.tf.v), s.tf.session.hasValue(s.tf.v)], [false, false]);
  assert.is(s.standalone.session.hasValue(s.standalone.v), true);
});

for (const X of ['A', 'B'] as const) {
  cell(23, X, 'floatx, epsilon, imageDataFormat, custom objects and manual initialisation are kept', (s) => {
    const K = s.tf.keras.backend;
    const Custom = () => null;
    getCustomObjects().set('Custom', Custom);
    try {
      K.setFloatx('float64');
      K.setEpsilon(1e-3);
      K.setImageDataFormat('channels_first');
      K.manualVariableInitialization(true);
      perform(X, s);
      assert.equal([K.floatx(), K.epsilon(), K.imageDataFormat()], ['float64', 1e-3, 'channels_first']);
      assert.is(getCustomObjects().get('Custom'), Custom);
      const v = K.variable(1);
      assert.is((K.getSession() as Session).hasValue(v), false);
    } finally {
      getCustomObjects().delete('Custom');
    }
  });

  cell(27, X, 'contexts of `createKeras` are kept', async (s) => {
    const apart = isolated();
    const K = apart.backend;
    const [v, name, graph, session] = [K.variable(7), nextDense(apart), apart.graph, K.getSession()];
    K.setLearningPhase(1);
    perform(X, s);
    assert.equal([apart.graph === graph, session.closed, K.getSession() === session], [true, false, true]);
    assert.equal([await outcome(() => K.getValue(v)), name, nextDense(apart)], [7, 'dense', 'dense_1']);
    assert.is(K.learningPhase(), 1);
  });
}

suite.run();
