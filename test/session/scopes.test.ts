/**
 * What `resetDefaultGraph` (A) and `Session.close` (B) reset, keep and refuse: the rows and probes of the matrix of the
 * three resets that do not need Keras, and cases 73 and 75. The other rows and columns, and cases 77 and 79, are about
 * Keras; row 16 is about queues, tables and iterators, which there are none of.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../runtime/backends/index.ts';
import { getDefaultSession } from '../../runtime/default-session.ts';
import { InteractiveSession } from '../../runtime/interactive-session.ts';
import { Session } from '../../runtime/session.ts';
import {
  controlDependencies,
  device,
  getDefaultGraph,
  initScope,
  nameScope,
  resetDefaultGraph,
  setRandomSeed,
} from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { add, constant } from '../../src/ops/index.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { randomUniform } from '../../src/ops/random.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

const NESTED =
  'Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting and create a new graph.';

/** The standard state: a seed, a constant, a variable set to 5 in the user's session, a stream drawn from once. */
async function standard() {
  setRandomSeed(7);
  const graph = getDefaultGraph();
  const c = constant(3, { name: 'c' });
  const v = new Variable(2, { name: 'v' });
  const drawn = randomUniform([], { seed: 1 });
  graph.addToCollection('my', c);
  const set = v.assign(5);
  const session = new Session();
  await session.run(v.initializer);
  await session.run(set.op);
  const first = String(await session.run(drawn));
  return { graph, c, v, drawn, first, session };
}

function refused(open: () => Disposable): void {
  const graph = getDefaultGraph();
  const scope = open();
  const inner = getDefaultGraph();
  try {
    assert.throws(resetDefaultGraph, (error: Error) => error.name === 'AssertionError' && error.message === NESTED);
    assert.is(getDefaultGraph(), inner);
  } finally {
    scope[Symbol.dispose]();
  }
  assert.is(getDefaultGraph(), graph);
}

test('row 1, A: refused while a graph context is open, and nothing is changed', () => {
  constant(1);
  refused(() => new Graph().asDefault());
  refused(() => new Session().enter());
  refused(() => {
    const session = new InteractiveSession({ graph: new Graph() });
    return { [Symbol.dispose]: () => void session.close() };
  });
});

test('row 1, B: close is allowed while a graph context is open', async () => {
  const { session, graph } = await standard();
  new Graph().asDefault(() => session.close());
  assert.is(getDefaultGraph(), graph);
});

test('row 2, A and B: allowed inside name scopes, devices, default sessions, a plain interactive session', () => {
  const openers: (() => Disposable)[] = [() => nameScope('s'), () => device('/cpu:0'), () => controlDependencies([])];
  for (const open of openers) {
    const old = getDefaultGraph();
    using _ = open();
    resetDefaultGraph();
    assert.is.not(getDefaultGraph(), old);
    new Session().close();
  }
  using session = new Session();
  session.asDefault(() => resetDefaultGraph());
  const interactive = new InteractiveSession();
  resetDefaultGraph();
  interactive.close();
});

test('row 3, A: a new, empty default graph', async () => {
  const { session, graph } = await standard();
  resetDefaultGraph();
  assert.is.not(getDefaultGraph(), graph);
  assert.is(getDefaultGraph().size, 0);
  session.close();
});

test('row 3, B: the default graph is kept', async () => {
  const { session, graph } = await standard();
  session.close();
  assert.is(getDefaultGraph(), graph);
});

test('row 4, A and B: the default-session stack is kept; an interactive session takes itself off', async () => {
  const { session } = await standard();
  const scope = session.asDefault();
  resetDefaultGraph();
  assert.is(getDefaultSession(), session);
  session.close();
  assert.is(getDefaultSession(), session);
  scope[Symbol.dispose]();
  const interactive = new InteractiveSession();
  resetDefaultGraph();
  assert.is(getDefaultSession(), interactive);
  interactive.close();
  assert.is(getDefaultSession(), null);
});

test('row 5, A: name counters start again; B: they go on', async () => {
  const { session, graph } = await standard();
  session.close();
  assert.is(constant(1, { name: 'c' }).name, 'c_1:0');
  resetDefaultGraph();
  assert.is(constant(1, { name: 'c' }).name, 'c:0');
  graph.asDefault(() => assert.is(constant(1, { name: 'c' }).name, 'c_2:0'));
});

test('row 6, A: collections are new; B: they are kept', async () => {
  const { session, graph, c } = await standard();
  session.close();
  assert.equal(getDefaultGraph().getCollection('my'), [c]);
  assert.is(getDefaultGraph().getCollection(GraphKeys.GLOBAL_VARIABLES).length, 1);
  resetDefaultGraph();
  assert.equal(getDefaultGraph().getCollection('my'), []);
  assert.equal(getDefaultGraph().getCollection(GraphKeys.GLOBAL_VARIABLES), []);
  assert.equal(graph.getCollection('my'), [c]);
});

test('row 7, A: the graph-level seed is lost; B: it is kept', async () => {
  const { session } = await standard();
  session.close();
  assert.is(getDefaultGraph().seed, 7);
  resetDefaultGraph();
  assert.is(getDefaultGraph().seed, null);
});

test('row 8, A: the new graph is open; B: a finalized graph stays so', async () => {
  const { session, graph } = await standard();
  graph.finalize();
  session.close();
  assert.throws(() => constant(1), 'Graph is finalized and cannot be modified.');
  resetDefaultGraph();
  assert.is(constant(1, { name: 'late' }).name, 'late:0');
});

test('rows 9 and 10, A and B: held tensors stay valid, and ops on them land in their graph', async () => {
  const { session, graph, c } = await standard();
  resetDefaultGraph();
  session.close();
  assert.is(c.graph, graph);
  assert.is(c.name, 'c:0');
  assert.is(add(c, 1).graph, graph);
  assert.is(getDefaultGraph().size, 0);
});

test('row 11, A: an op that mixes old and new tensors is refused', async () => {
  const { session, c } = await standard();
  resetDefaultGraph();
  const fresh = constant(1);
  assert.throws(
    () => add(c, fresh),
    (error: Error) => error.name === 'ValueError' && error.message.includes('must be from the same graph as'),
  );
  session.close();
});

test('row 12, A: open sessions still run; B: only the one that is closed closes', async () => {
  const { session, graph, c } = await standard();
  using other = new Session({ graph });
  resetDefaultGraph();
  assert.is((await session.run(c)).item(), 3);
  assert.is((await session.run('c:0'))?.item(), 3);
  session.close();
  assert.is((await failure(() => session.run(c))).message, 'Attempted to use a closed Session.');
  assert.is((await other.run(c)).item(), 3);
});

test('row 15, A: variable values are kept in their sessions; B: those of this session are lost', async () => {
  const { session, graph, v } = await standard();
  using other = new Session({ graph });
  await other.run(v.initializer);
  resetDefaultGraph();
  assert.is((await session.run(v)).item(), 5);
  session.close();
  assert.is((await other.run(v)).item(), 2);
  using fresh = new Session({ graph });
  assert.is((await failure(() => fresh.run(v))).name, 'FailedPreconditionError');
});

test('row 17, A: a run in flight finishes; B: it rejects with CancelledError', async () => {
  const v = new Variable([1, 2]);
  const session = new Session({ config: { backend: await slowBackend('wasm', 5) } });
  await session.run(v.initializer);
  const running = session.run(v);
  resetDefaultGraph();
  assert.equal((await running).array(), [1, 2]);
  const cancelled = failure(() => session.run(v));
  session.close();
  assert.is((await cancelled).name, 'CancelledError');
});

test('row 18, A: random streams go on; B: a new session starts them again', async () => {
  const { session, graph, drawn, first } = await standard();
  resetDefaultGraph();
  const second = String(await session.run(drawn));
  assert.is.not(second, first);
  session.close();
  using fresh = new Session({ graph });
  assert.is(String(await fresh.run(drawn)), first);
  assert.is(String(await fresh.run(drawn)), second);
});

test('row 22, A and B: what is initialised is known per session', async () => {
  const { session, graph, v } = await standard();
  const initialized = v.isInitialized();
  resetDefaultGraph();
  assert.is((await session.run(initialized)).item(), true);
  session.close();
  using fresh = new Session({ graph });
  assert.is((await fresh.run(initialized)).item(), false);
});

test('row 24, A: compiled plans are kept; B: they are dropped', async () => {
  const { session, c } = await standard();
  await session.run(c);
  const { plans } = session.stateReport();
  resetDefaultGraph();
  assert.is(session.stateReport().plans, plans);
  assert.is(session.close().plans, plans);
  assert.is(session.stateReport().plans, 0);
});

test('row 25, A and B: registered ops and backends are kept', async () => {
  const { session } = await standard();
  const def = getOpDef('Const');
  resetDefaultGraph();
  session.close();
  assert.is(getOpDef('Const'), def);
  assert.ok(readyBackend('wasm'));
});

test('row 26, A: device buffers are unchanged; B: all of the session are gone', async () => {
  const backend = readyBackend('wasm');
  const empty = backend?.numBuffers() ?? 0;
  const { session } = await standard();
  const full = backend?.numBuffers() ?? 0;
  assert.ok(full > empty);
  resetDefaultGraph();
  assert.is(backend?.numBuffers(), full);
  const report = session.close();
  assert.is(backend?.numBuffers(), empty);
  assert.is(report.buffers, full - empty);
});

test('row 28, A and B: 300 loops of building, running, closing and resetting keep memory constant', async () => {
  const backend = readyBackend('wasm');
  const count = backend?.numBuffers();
  for (let i = 0; i < 300; i++) {
    const v = new Variable(new Array<number>(100).fill(i));
    const y: Tensor = add(v, 1);
    const session = new Session();
    await session.run(v.initializer);
    assert.is((await session.run(y)).item(7), i + 1);
    session.close();
    resetDefaultGraph();
    assert.is(backend?.numBuffers(), count);
  }
});

const operations = {
  A: (_session: Session) => resetDefaultGraph(),
  B: (session: Session) => void session.close(),
};
for (const [one, first] of Object.entries(operations)) {
  for (const [two, second] of Object.entries(operations)) {
    test(`${one} then ${two}: the state after it`, async () => {
      const { session, graph, c, v } = await standard();
      first(session);
      second(session);
      const reset = one === 'A' || two === 'A';
      const closed = one === 'B' || two === 'B';
      assert.is(getDefaultGraph() === graph, !reset);
      assert.is(getDefaultGraph().size === 0, reset);
      if (closed) assert.is((await failure(() => session.run(c))).name, 'RuntimeError');
      else assert.is((await session.run(v)).item(), 5);
      session.close();
      using fresh = new Session({ graph });
      assert.is((await fresh.run(c)).item(), 3);
    });
  }
}

test('A and B after an error inside run', async () => {
  const { session, graph, v } = await standard();
  const bad = controlDependencies([v.assign(9).op], () => new Variable(0, { name: 'never' }).value());
  assert.is((await failure(() => session.run(bad))).name, 'FailedPreconditionError');
  resetDefaultGraph();
  assert.is((await session.run(v)).item(), 5);
  session.close();
  assert.is.not(getDefaultGraph(), graph);
});

test('case 73: init scope clears control dependencies while it is open', () => {
  const c = constant(1).op;
  controlDependencies([c], () => {
    const [inside] = initScope(() => [constant(2).op]);
    assert.equal(inside.controlInputs, []);
    assert.equal(
      constant(3).op.controlInputs.map((op) => op.name),
      [c.name],
    );
  });
});

test('case 75: init scope keeps the name scope', () => {
  nameScope('inner', () => {
    initScope(() => assert.is(getDefaultGraph().getNameScope(), 'inner'));
    assert.is(getDefaultGraph().getNameScope(), 'inner');
  });
  assert.is(getDefaultGraph().getNameScope(), '');
});

test('probe: eval of an old tensor in an old session, given explicitly', async () => {
  const { session, c } = await standard();
  resetDefaultGraph();
  assert.is(((await c.eval(null, session)) as NdArray).item(), 3);
  session.close();
});

suite.run();
