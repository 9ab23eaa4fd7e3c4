/**
 * The four operations, each alone and each after each (16 ordered pairs, each twice in a row among them), with Keras's
 * sessions beside the user's: the state after them, with runs in flight in all sessions, and after runs that failed.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../../runtime/session.ts';
import { controlDependencies, getDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Tensor } from '../../../src/graph/graph.ts';
import { Variable } from '../../../src/variables/variable.ts';
import {
  nextDense,
  OPERATIONS,
  type Operation,
  outcome,
  perform,
  restoreKeras,
  type Scene,
  scene,
  type Tenant,
} from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';
import { slowBackend } from '../../support/session.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

const orders: readonly (readonly Operation[])[] = [
  ...OPERATIONS.map((operation) => [operation]),
  ...OPERATIONS.flatMap((first) => OPERATIONS.map((second) => [first, second])),
];

const CLOSED = 'RuntimeError: Attempted to use a closed Session.';
const NOTHING = { variables: 0, plans: 0, buffers: 0, bytes: 0 };

/** The operations that replace the default graph, and how many learning phases lie in the last one. */
function replaced(order: readonly Operation[]): { graph: boolean; phases: number } {
  const last = order.filter((operation) => operation !== 'B').at(-1);
  return { graph: last !== undefined, phases: last === undefined || last === 'A' ? 0 : 1 };
}

/** The cells of the context that `operation` clears. */
async function checkTenant(s: Scene, tenant: Tenant, operation: 'C' | 'S', order: readonly Operation[]): Promise<void> {
  const { keras, session, v, y } = tenant;
  const K = keras.backend;
  const [cleared, { graph: moved }] = [order.includes(operation), replaced(order)];
  const zero = operation === 'C' ? 0 : 1;
  const name = (n: number) => (n + zero === 0 ? 'dense' : `dense_${n + zero}`);
  // Row 13: open until this Keras clears it, stale where the graph is another.
  assert.is(session.closed, cleared);
  if (cleared) {
    assert.equal(session.stateReport(), NOTHING);
    assert.is(await outcome(() => session.run(y)), CLOSED);
  } else assert.is(await outcome(() => session.run(y)), 41);
  // Rows 19 to 21, in the old graph and in the default one.
  assert.is(nextDense(keras), moved ? name(0) : name(2));
  assert.is(K.getUid('thing'), moved ? 1 : 2);
  assert.is(K.learningPhase() instanceof Tensor, moved);
  s.graph.asDefault(() => {
    if (!moved) return;
    assert.is(nextDense(keras), cleared ? name(0) : name(2));
    assert.is(K.getUid('thing'), cleared ? 1 : 2);
    assert.is(K.learningPhase() instanceof Tensor, cleared);
  });
  // Row 15: the value, until the session is replaced; then an error that says why, never another value.
  const lost = (cause: string) => `'${v.name}' are gone: the session that held them was closed ${cause}`;
  const value = String(await outcome(() => K.getValue(v)));
  if (cleared)
    assert.ok(value.startsWith('FailedPreconditionError') && value.includes(lost('by clearSession()')), value);
  else assert.is(value, '40');
  const next = K.getSession() as Session;
  assert.is(next === session, !moved);
  assert.is(next.graph, getDefaultGraph());
  if (!moved) return;
  assert.is(session.closed, true);
  const after = String(await outcome(() => K.getValue(v)));
  assert.ok(after.includes(lost(cleared ? 'by clearSession()' : 'when Keras moved to another graph')), after);
  // A namesake of the new graph starts from its own value.
  const namesake = K.variable(1, { name: v.name.replace(':0', '') });
  assert.equal([namesake.name, await outcome(() => K.getValue(namesake))], [v.name, 1]);
}

/** What must hold after these operations, whatever went before. Closes the user's session. */
async function check(s: Scene, order: readonly Operation[]): Promise<void> {
  const { session, graph, c, v } = s;
  const { graph: moved, phases } = replaced(order);
  assert.is(getDefaultGraph() === graph, !moved);
  if (moved) {
    assert.is(getDefaultGraph().size, 2 * phases);
    assert.is(getDefaultGraph().getCollection('my').length, 0);
  }
  assert.equal([getDefaultGraph().seed, graph.seed, session.graph === graph], [moved ? null : 7, 7, true]);
  assert.is(await outcome(() => session.run(v)), order.includes('B') ? CLOSED : 5);
  if (order.includes('B')) assert.equal(session.stateReport(), NOTHING);
  await checkTenant(s, s.tf, 'C', order);
  await checkTenant(s, s.standalone, 'S', order);
  session.close();
  using fresh = new Session({ graph });
  assert.is(await outcome(() => fresh.run(c)), 3);
  for (const variable of [v, s.tf.v, s.standalone.v]) {
    assert.match(String(await outcome(() => fresh.run(variable))), /^FailedPreconditionError/);
  }
}

/** A scene in which both contexts have counted one `thing`. */
async function begin(config: Parameters<typeof scene>[0] = null): Promise<Scene> {
  const s = await scene(config);
  for (const { keras } of [s.tf, s.standalone]) keras.backend.getUid('thing');
  return s;
}

for (const order of orders) {
  const what = order.join(' then ');

  test(`${what}: the state after it`, async () => {
    const s = await begin();
    for (const operation of order) perform(operation, s);
    await check(s, order);
  });

  test(`${what}, while runs are in flight in the sessions of the user and of Keras`, async () => {
    const s = await begin({ backend: await slowBackend('wasm', 3) });
    const runs = [s.session.run(s.v), s.tf.session.run(s.tf.y), s.standalone.session.run(s.standalone.y)];
    const outcomes = Promise.all(runs.map((run) => outcome(() => run)));
    for (const operation of order) perform(operation, s);
    const cancelled = 'CancelledError: Run call was cancelled';
    assert.equal(await outcomes, [
      order.includes('B') ? cancelled : 5,
      order.includes('C') ? cancelled : 41,
      order.includes('S') ? cancelled : 41,
    ]);
    await check(s, order);
  });

  test(`${what}, each while a run is in flight that began after the one before`, async () => {
    const s = await begin({ backend: await slowBackend('wasm', 3) });
    const places = { B: s.session, C: s.tf.session, S: s.standalone.session };
    const done: Operation[] = [];
    for (const operation of order) {
      const runs = Object.entries(places).map(async ([closes, session]) => {
        const before = done.includes(closes as Operation);
        const what = closes === 'B' ? s.v : closes === 'C' ? s.tf.y : s.standalone.y;
        const value = await outcome(() => session.run(what));
        if (before) assert.is(value, CLOSED);
        else if (closes === operation) assert.is(value, 'CancelledError: Run call was cancelled');
        else assert.is(value, closes === 'B' ? 5 : 41);
      });
      perform(operation, s);
      await Promise.all(runs);
      done.push(operation);
    }
    await check(s, order);
  });

  test(`${what}, each after runs that failed`, async () => {
    const s = await begin();
    for (const operation of order) {
      for (const { session, v } of [s, s.tf, s.standalone]) {
        if (session.closed) continue;
        const bad = s.graph.asDefault(() =>
          controlDependencies([v.assign(9).op], () => new Variable(0, { name: 'never' }).value()),
        );
        assert.match(String(await outcome(() => session.run(bad))), /^FailedPreconditionError/);
      }
      perform(operation, s);
    }
    await check(s, order);
  });
}

suite.run();
