/**
 * Keras's own state under the two `clearSession` (C: `tf.keras`, S: the standalone package): rows 13 to 27 of the matrix
 * of the three resets, one test per cell. Row 28 is in `loops.test.ts`; what A and B do to this state in `cells-others.test.ts`.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../../runtime/backends/index.ts';
import { Session } from '../../../runtime/session.ts';
import { gradients } from '../../../src/autodiff/gradients.ts';
import { registerGradient } from '../../../src/autodiff/registry.ts';
import { getDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Tensor } from '../../../src/graph/graph.ts';
import { getCustomObjects } from '../../../src/keras/serialization.ts';
import { constant, identity } from '../../../src/ops/index.ts';
import { getOpDef } from '../../../src/ops/opdef/define.ts';
import { randomUniform } from '../../../src/ops/random.ts';
import {
  isolated,
  nextDense,
  outcome,
  parties,
  perform,
  restoreKeras,
  type Scene,
  scene,
} from '../../support/keras.ts';
import { resources, resourcesIn, useResources } from '../../support/keras-resources.ts';
import { leakChecked } from '../../support/leaks.ts';
import { slowBackend } from '../../support/session.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

for (const X of ['C', 'S'] as const) {
  const cell = (row: number, what: string, body: (s: Scene) => unknown): void => {
    test(`row ${row}, ${X}: ${what}`, async () => {
      const state = await scene();
      await body(state);
      state.session.close();
    });
  };
  const first = X === 'C' ? 'dense' : 'dense_1';

  cell(13, 'the session that this Keras made is closed, that of the other Keras is not', async (s) => {
    const { own, other } = parties(X, s);
    perform(X, s);
    assert.equal([own.session.closed, other.session.closed, s.session.closed], [true, false, false]);
    assert.is((await other.session.run(other.y)).item(), 41);
    assert.is(await outcome(() => own.session.run(own.y)), 'RuntimeError: Attempted to use a closed Session.');
    const next = own.keras.backend.getSession();
    assert.is.not(next, own.session);
    assert.is(next.graph, getDefaultGraph());
  });

  cell(14, 'a session that was handed over is let go of, but stays open', async (s) => {
    const { own } = parties(X, s);
    own.keras.backend.setSession(s.session);
    assert.is(own.session.closed, true, 'the one before is closed as it is replaced');
    perform(X, s);
    assert.is(s.session.closed, false);
    assert.is((await s.session.run(s.v)).item(), 5);
    assert.is.not(own.keras.backend.getSession(), s.session);
  });

  cell(15, "values of variables are lost in this Keras's session only", async (s) => {
    const { own, other } = parties(X, s);
    perform(X, s);
    assert.equal(own.session.stateReport(), { variables: 0, plans: 0, buffers: 0, bytes: 0 });
    assert.is((await other.session.run(other.v)).item(), 40);
    assert.is((await s.session.run(s.v)).item(), 5);
    using fresh = new Session({ graph: s.graph });
    assert.match(String(await outcome(() => fresh.run(own.v))), /^FailedPreconditionError/);
  });

  cell(16, "queues, tables and iterators are lost with this Keras's session only", async (s) => {
    const { own, other } = parties(X, s);
    const held = resources(s.graph);
    for (const { session } of [own, other, s]) await useResources(held, session);
    perform(X, s);
    for (const { session } of [other, s]) assert.equal(await resourcesIn(held, session), [1, [1, -1], 10]);
    assert.equal(await resourcesIn(held, own.session), ['RuntimeError', 'RuntimeError', 'RuntimeError']);
    const fresh = s.graph.asDefault(() => own.keras.backend.getSession()) as Session;
    assert.equal(await resourcesIn(held, fresh), [0, 'FailedPreconditionError', 'FailedPreconditionError']);
  });

  test(`row 17, ${X}: a run in this Keras's session rejects, runs in other sessions finish`, async () => {
    const s = await scene({ backend: await slowBackend('wasm', 5) });
    const { own, other } = parties(X, s);
    const runs = [own.session.run(own.y), other.session.run(other.y), s.session.run(s.v)].map((run) =>
      outcome(() => run),
    );
    perform(X, s);
    assert.equal(await Promise.all(runs), ['CancelledError: Run call was cancelled', 41, 5]);
    s.session.close();
  });

  cell(18, 'random streams begin again with the new session; that of the user goes on', async (s) => {
    const { own, other } = parties(X, s);
    const K = own.keras.backend;
    const draw = () => randomUniform([], { seed: 1 });
    const old = s.graph.asDefault(draw);
    const stream = [await outcome(() => own.session.run(old)), await outcome(() => own.session.run(old))];
    const before = await outcome(() => other.session.run(old));
    assert.is(before, stream[0]);
    perform(X, s);
    // In the old graph, which has a seed, and in one without.
    const again = s.graph.asDefault(() => K.getSession([old]));
    assert.is(await outcome(() => again.run(old)), stream[0]);
    assert.is(await outcome(() => other.session.run(old)), stream[1]);
    const fresh = draw();
    const numbers = [await outcome(() => K.getSession().run(fresh)), await outcome(() => K.getSession().run(fresh))];
    perform(X, s);
    using _ = fresh.graph.asDefault();
    for (const number of numbers) assert.is(await outcome(() => K.getSession().run(fresh)), number);
  });

  cell(19, 'automatic layer names begin again in all graphs of this Keras, and of this Keras only', (s) => {
    const { own, other } = parties(X, s);
    assert.equal(
      [s.tf.names, s.standalone.names],
      [
        ['dense', 'dense_1'],
        ['dense_1', 'dense_2'],
      ],
    );
    perform(X, s);
    assert.is(nextDense(own.keras), first);
    s.graph.asDefault(() => {
      assert.is(nextDense(own.keras), first);
      assert.is(nextDense(other.keras), X === 'C' ? 'dense_3' : 'dense_2');
    });
    // A new graph has counters of its own.
    assert.is(nextDense(other.keras), X === 'C' ? 'dense_1' : 'dense');
  });

  cell(20, 'getUid counts anew, for this Keras only', (s) => {
    const { own, other } = parties(X, s);
    for (const { keras } of [own, other]) for (const uid of [1, 2]) assert.is(keras.backend.getUid('thing'), uid);
    perform(X, s);
    assert.is(own.keras.backend.getUid('thing'), 1);
    s.graph.asDefault(() => {
      assert.is(own.keras.backend.getUid('thing'), 1);
      assert.is(other.keras.backend.getUid('thing'), 3);
    });
  });

  cell(21, 'the learning phase is a new placeholder in all graphs, for this Keras only', (s) => {
    const { own, other } = parties(X, s);
    perform(X, s);
    const phase = own.keras.backend.learningPhase();
    assert.instance(phase, Tensor);
    assert.equal(
      [(phase as Tensor).name, (phase as Tensor).graph === getDefaultGraph()],
      ['keras_learning_phase:0', true],
    );
    s.graph.asDefault(() => {
      const old = own.keras.backend.learningPhase() as Tensor;
      assert.equal(
        [old.name, old.op.type, old.graph === s.graph],
        ['keras_learning_phase:0', 'PlaceholderWithDefault', true],
      );
      assert.is(other.keras.backend.learningPhase(), 1);
    });
  });

  cell(22, "what was initialised is forgotten with this Keras's session", async (s) => {
    const { own, other } = parties(X, s);
    perform(X, s);
    s.graph.asDefault(() => {
      const fresh = own.keras.backend.getSession() as Session;
      assert.is.not(fresh, own.session);
      assert.is(fresh.hasValue(own.v), false);
    });
    assert.is(other.session.hasValue(other.v), true);
    assert.is(s.session.hasValue(s.v), true);
    // A variable of the new graph starts from its initial value in the new session.
    const v = own.keras.backend.variable(4, { name: own.v.name.replace(':0', '') });
    assert.equal([v.name, await outcome(() => own.keras.backend.getValue(v))], [own.v.name, 4]);
  });

  cell(23, 'floatx, epsilon, imageDataFormat, custom objects and manual initialisation are kept', (s) => {
    const { own, other } = parties(X, s);
    const K = own.keras.backend;
    const Custom = () => null;
    getCustomObjects().set('Custom', Custom);
    try {
      K.setFloatx('float64');
      K.setEpsilon(1e-3);
      K.setImageDataFormat('channels_first');
      K.manualVariableInitialization(true);
      perform(X, s);
      assert.equal([K.floatx(), K.epsilon(), K.imageDataFormat()], ['float64', 1e-3, 'channels_first']);
      assert.is(other.keras.backend.floatx(), 'float64');
      assert.is(getCustomObjects().get('Custom'), Custom);
      const v = K.variable(1);
      assert.is((K.getSession() as Session).hasValue(v), false);
      assert.is(v.dtype.name, 'float64');
    } finally {
      getCustomObjects().delete('Custom');
      K.manualVariableInitialization(false);
    }
  });

  cell(24, "compiled plans of this Keras's session are dropped, others are kept", async (s) => {
    const { own, other } = parties(X, s);
    for (const { session, y } of [own, other]) await session.run(y);
    await s.session.run(s.c);
    const plans = [other.session, s.session].map((session) => session.stateReport().plans);
    assert.ok(own.session.stateReport().plans > 0 && plans.every((count) => count > 0));
    const report = own.keras.backend.clearSession();
    assert.ok((report.session?.plans ?? 0) > 0);
    assert.is(own.session.stateReport().plans, 0);
    assert.equal(
      [other.session, s.session].map((session) => session.stateReport().plans),
      plans,
    );
  });

  cell(25, 'op and gradient registries and registered backends are kept', async (s) => {
    const name = `scopes/keras/row25/${X}`;
    registerGradient(name, (_op, grad) => (grad as Tensor).mul(3));
    const [def, backend] = [getOpDef('Const'), readyBackend('wasm')];
    perform(X, s);
    assert.equal([getOpDef('Const') === def, readyBackend('wasm') === backend], [true, true]);
    const x = constant(2);
    const y = getDefaultGraph().gradientOverrideMap({ Identity: name }, () => identity(x));
    using fresh = new Session();
    assert.is((await fresh.run(gradients(y, x)[0] as Tensor)).item(), 3);
  });

  cell(26, "all device buffers of this Keras's session are gone, of others none", async (s) => {
    const { own, other } = parties(X, s);
    const backend = readyBackend('wasm');
    // Scalars that are assigned from the host have no buffers.
    for (const { keras } of [own, other]) await keras.backend.getValue(keras.backend.variable([1, 2]));
    const reports = [own, other].map(({ session }) => session.stateReport().buffers);
    assert.ok(reports.every((buffers) => buffers > 0));
    const before = backend?.numBuffers() ?? 0;
    const report = own.keras.backend.clearSession({ freeMemory: false });
    assert.is(report.session?.buffers, reports[0]);
    assert.is(backend?.numBuffers(), before - reports[0]);
    assert.equal(
      [own, other].map(({ session }) => session.stateReport().buffers),
      [0, reports[1]],
    );
  });

  cell(27, 'contexts of `createKeras` are kept', async (s) => {
    const apart = isolated();
    const K = apart.backend;
    const [v, name, graph] = [K.variable(7), nextDense(apart), apart.graph];
    K.setLearningPhase(1);
    const session = K.getSession();
    perform(X, s);
    assert.equal([apart.graph === graph, session.closed, K.getSession() === session], [true, false, true]);
    assert.equal([await outcome(() => K.getValue(v)), name, nextDense(apart)], [7, 'dense', 'dense_1']);
    assert.is(K.learningPhase(), 1);
  });
}

suite.run();
