/**
 * `resetDefaultGraph` (A) and `Session.close` (B) one after the other in every order, with a run in flight and after a
 * run that failed; what comes after `close`; the probes that tell the operations apart; memory over 1,000 loops (row 28).
 * The cells of the matrix are in `scopes.test.ts`; the probes of layers and learning phases are about Keras.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../runtime/backends/index.ts';
import { Session } from '../../runtime/session.ts';
import { controlDependencies, getDefaultGraph, resetDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { add, constant } from '../../src/ops/index.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { settledHeap } from '../support/heap.ts';
import { leakChecked } from '../support/leaks.ts';
import { operations, type StandardState, standard } from '../support/scopes.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

type Operation = keyof typeof operations;
const orders: readonly (readonly Operation[])[] = [['A'], ['B'], ['A', 'A'], ['A', 'B'], ['B', 'A'], ['B', 'B']];

/** What must hold after these operations, whatever went before. Closes the session. */
async function check(state: StandardState, order: readonly Operation[]): Promise<void> {
  const { session, graph, c, v } = state;
  const [reset, closed] = [order.includes('A'), order.includes('B')];
  assert.is(getDefaultGraph() === graph, !reset);
  assert.is(getDefaultGraph().size === 0, reset);
  assert.is(getDefaultGraph().seed, reset ? null : 7);
  assert.is(session.graph, graph);
  if (closed) {
    assert.is((await failure(() => session.run(c))).message, 'Attempted to use a closed Session.');
    assert.equal(session.stateReport(), { variables: 0, plans: 0, buffers: 0, bytes: 0 });
  } else assert.is((await session.run(v)).item(), 5);
  session.close();
  using fresh = new Session({ graph });
  assert.is((await fresh.run(c)).item(), 3);
  assert.is((await failure(() => fresh.run(v))).name, 'FailedPreconditionError');
}

for (const order of orders) {
  const what = order.join(' then ');

  test(`${what}: the state after it`, async () => {
    const state = await standard();
    for (const operation of order) operations[operation](state.session);
    await check(state, order);
  });

  test(`${what}, while a run is in flight`, async () => {
    const state = await standard({ backend: await slowBackend('wasm', 5) });
    const { session, v } = state;
    const outcome = session.run(v).then(
      (value) => String(value.item()),
      (error: Error) => error.name,
    );
    for (const operation of order) operations[operation](session);
    assert.is(await outcome, order.includes('B') ? 'CancelledError' : '5');
    await check(state, order);
  });

  test(`${what}, after a run that failed`, async () => {
    const state = await standard();
    const { session, v } = state;
    const bad = controlDependencies([v.assign(9).op], () => new Variable(0, { name: 'never' }).value());
    assert.is((await failure(() => session.run(bad))).name, 'FailedPreconditionError');
    for (const operation of order) operations[operation](session);
    await check(state, order);
  });
}

test('after close: run, callables, the graph, a second close, entering again', async () => {
  const { session, graph, c } = await standard();
  const callable = session.makeCallable(c);
  const handle = session.partialRunSetup([c]);
  session.close();
  const closed = 'RuntimeError: Attempted to use a closed Session.';
  const outcome = async (call: () => unknown) => {
    const { name, message } = await failure(call);
    return `${name}: ${message}`;
  };
  assert.is(await outcome(() => session.run(c)), closed);
  assert.is(await outcome(() => session.run([])), closed);
  assert.is(await outcome(() => session.partialRun(handle, c)), closed);
  assert.is(await outcome(() => callable()), 'CancelledError: Session has been closed.');
  assert.is(session.graph, graph);
  assert.equal(session.close(), { variables: 0, plans: 0, buffers: 0, bytes: 0 });
  {
    using _ = session.enter();
    assert.is(await outcome(() => c.eval()), closed);
  }
});

test('Session.reset ends all sessions with CancelledError', async () => {
  const { session, graph, c } = await standard();
  const other = new Session({ graph: new Graph() });
  Session.reset('', ['a container nobody has']);
  for (const one of [session, other]) {
    const error = await failure(() => one.run([]));
    assert.equal([error.name, error.message], ['CancelledError', 'Session has been closed.']);
    one.close();
    assert.is((await failure(() => one.run([]))).name, 'RuntimeError');
  }
  using fresh = new Session({ graph });
  assert.is((await fresh.run(c)).item(), 3);
});

/** The probes of the table, and what A and B answer. */
const probes: Readonly<Record<string, readonly [ask: (state: StandardState) => unknown, a: unknown, b: unknown]>> = {
  'is the default graph the old one?': [({ graph }) => getDefaultGraph() === graph, false, true],
  'does the old session still run the old tensor?': [
    async ({ session, c }) => ((await c.eval(null, session)) as NdArray).item(),
    3,
    'RuntimeError',
  ],
  'does a new session on the old graph see the old value?': [
    ({ graph, v }) => {
      using fresh = new Session({ graph });
      return fresh.run(v).then((value) => value.item());
    },
    'FailedPreconditionError',
    'FailedPreconditionError',
  ],
  'how many ops are in the new default graph?': [
    ({ graph }) => (getDefaultGraph() === graph ? 'none is new' : getDefaultGraph().size),
    0,
    'none is new',
  ],
};

for (const [question, [ask, ...answers]] of Object.entries(probes)) {
  (['A', 'B'] as const).forEach((operation, i) => {
    test(`probe, ${operation}: ${question}`, async () => {
      const state = await standard();
      operations[operation](state.session);
      const answer = await Promise.resolve()
        .then(() => ask(state))
        .catch((error: Error) => error.name);
      assert.is(answer, answers[i]);
      state.session.close();
    });
  });
}

test('probe, A: inside `using` a session it throws', () => {
  const session = new Session();
  using _ = session.enter();
  assert.throws(resetDefaultGraph, (error: Error) => error.name === 'AssertionError');
});

test('probe, B: inside `using` a session it is fine', () => {
  const session = new Session();
  using _ = session.enter();
  session.close();
});

/** Builds a small program and runs it once in a session of its own. */
async function program(i: number): Promise<Session> {
  const v = new Variable(new Array<number>(100).fill(i));
  const y: Tensor = add(v, 1);
  const session = new Session();
  await session.run(v.initializer);
  assert.is((await session.run(y)).item(7), i + 1);
  return session;
}

/** Runs `body` 1,000 times: the buffer count never changes, and the heap stays flat after the first hundreds. */
async function loop(body: (i: number) => Promise<void>): Promise<void> {
  const backend = readyBackend('wasm');
  const count = backend?.numBuffers();
  let before = 0;
  for (let i = 0; i < 1000; i++) {
    if (i === 300) before = await settledHeap();
    await body(i);
    assert.is(backend?.numBuffers(), count);
  }
  const grown = (await settledHeap()) - before;
  assert.ok(grown < 1e6, `the heap grew by ${grown} bytes`);
}

test('row 28, A: 1,000 loops keep memory constant, as the sessions are closed', () =>
  loop(async (i) => {
    const session = await program(i);
    resetDefaultGraph();
    session.close();
  }));

test('row 28, B: 1,000 loops keep memory constant, as the graphs are dropped', () =>
  loop(async (i) => {
    const graph = new Graph();
    const scope = graph.asDefault();
    const v = new Variable(new Array<number>(100).fill(i));
    const session = new Session();
    scope[Symbol.dispose]();
    await session.run(v.initializer);
    assert.is((await session.run(v)).item(7), i);
    session.close();
  }));

test('row 28, A and B: a session of one graph that is opened and closed 1,000 times', async () => {
  const c = constant(1);
  await loop(async () => {
    const session = new Session();
    await session.run(c);
    session.close();
  });
});

suite.run();
