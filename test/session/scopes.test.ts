/**
 * What `resetDefaultGraph` (A) and `Session.close` (B) reset, keep and refuse: the cells of the matrix of the three
 * resets, one test each, and cases 73 and 75. Rows 13, 14, 16, 19 to 21, 23 and 27, the other columns, and cases 77 and 79
 * are in `test/keras/scopes`. Rows 10 and 11 have no cell B.
 * Orders of operations, runs in flight, probes and loops are in `scope-orders.test.ts`.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../runtime/backends/index.ts';
import { getDefaultSession } from '../../runtime/default-session.ts';
import { InteractiveSession } from '../../runtime/interactive-session.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { registerGradient } from '../../src/autodiff/registry.ts';
import {
  controlDependencies,
  device,
  getDefaultGraph,
  initScope,
  nameScope,
  resetDefaultGraph,
} from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { add, constant, identity } from '../../src/ops/index.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { getVariable, globalVariables, variableScope } from '../../src/variables/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { standard } from '../support/scopes.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

const NESTED =
  'Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting and create a new graph.';

/** What opens a graph context. */
const contexts: Readonly<Record<string, () => Disposable>> = {
  'Graph.asDefault': () => new Graph().asDefault(),
  'Session.enter': () => new Session().enter(),
  variableScope: () => variableScope('scope'),
  'InteractiveSession with a graph': () => {
    const session = new InteractiveSession({ graph: new Graph() });
    return { [Symbol.dispose]: () => void session.close() };
  },
};

/** What opens something, but no graph context. */
const others: Readonly<Record<string, () => Disposable>> = {
  nameScope: () => nameScope('s'),
  device: () => device('/cpu:0'),
  controlDependencies: () => controlDependencies([]),
  'Session.asDefault': () => {
    const session = new Session();
    const scope = session.asDefault();
    return {
      [Symbol.dispose]: () => {
        scope[Symbol.dispose]();
        session.close();
      },
    };
  },
  'plain InteractiveSession': () => {
    const session = new InteractiveSession();
    return { [Symbol.dispose]: () => void session.close() };
  },
};

for (const [what, open] of Object.entries(contexts)) {
  test(`row 1, A: refused while ${what} is open, and nothing is changed`, () => {
    const c = constant(1);
    const graph = getDefaultGraph();
    {
      using _ = open();
      const [inner, { size }] = [getDefaultGraph(), graph];
      assert.throws(resetDefaultGraph, (error: Error) => error.name === 'AssertionError' && error.message === NESTED);
      assert.is(getDefaultGraph(), inner);
      assert.is(graph.size, size);
    }
    assert.is(getDefaultGraph(), graph);
    assert.is(graph.getTensorByName(c.name), c);
  });

  test(`row 1, B: allowed while ${what} is open`, async () => {
    const { session, graph, c } = await standard();
    {
      using _ = open();
      const inner = getDefaultGraph();
      session.close();
      assert.is(getDefaultGraph(), inner);
    }
    assert.is(getDefaultGraph(), graph);
    assert.is((await failure(() => session.run(c))).name, 'RuntimeError');
  });
}

for (const [what, open] of Object.entries(others)) {
  test(`row 2, A: allowed inside ${what}`, () => {
    const old = getDefaultGraph();
    constant(1);
    using _ = open();
    resetDefaultGraph();
    assert.is.not(getDefaultGraph(), old);
    assert.is(getDefaultGraph().size, 0);
  });

  test(`row 2, B: allowed inside ${what}`, async () => {
    const { session, graph } = await standard();
    using _ = open();
    session.close();
    assert.is(getDefaultGraph(), graph);
  });
}

test('row 3, A: a new, empty default graph', async () => {
  const { session, graph } = await standard();
  resetDefaultGraph();
  assert.is.not(getDefaultGraph(), graph);
  assert.is(getDefaultGraph().size, 0);
  session.close();
});

test('row 3, B: the default graph is kept', async () => {
  const { session, graph } = await standard();
  const { size } = graph;
  session.close();
  assert.is(getDefaultGraph(), graph);
  assert.is(graph.size, size);
});

test('row 4, A: the default-session stack is kept', async () => {
  const { session } = await standard();
  session.asDefault(() => {
    resetDefaultGraph();
    assert.is(getDefaultSession(), session);
  });
  session.close();
  const interactive = new InteractiveSession();
  resetDefaultGraph();
  assert.is(getDefaultSession(), interactive);
  interactive.close();
});

test('row 4, B: the default-session stack is kept; an interactive session takes itself off', async () => {
  const { session } = await standard();
  session.asDefault(() => {
    session.close();
    assert.is(getDefaultSession(), session);
    const interactive = new InteractiveSession();
    assert.is(getDefaultSession(), interactive);
    interactive.close();
    assert.is(getDefaultSession(), session);
  });
  assert.is(getDefaultSession(), null);
});

test('row 5, A: name counters and name, device and control stacks are new', async () => {
  const { session, graph, c } = await standard();
  {
    using _scope = nameScope('scope');
    using _device = device('/cpu:0');
    using _controls = controlDependencies([c]);
    resetDefaultGraph();
    const fresh = constant(1, { name: 'c' });
    assert.equal([fresh.name, fresh.device, fresh.op.controlInputs], ['c:0', '', []]);
  }
  graph.asDefault(() => assert.is(constant(1, { name: 'c' }).name, 'c_1:0'));
  session.close();
});

test('row 5, B: name counters and stacks go on', async () => {
  const { session, c } = await standard();
  using _scope = nameScope('scope');
  using _device = device('/cpu:0');
  using _controls = controlDependencies([c]);
  session.close();
  const next = constant(1, { name: 'c' });
  assert.equal([next.name, next.device, next.op.controlInputs], ['scope/c:0', '/device:CPU:0', [c.op]]);
});

test('row 6, A: collections, the variable store and variable scopes are new', async () => {
  const { session, graph, c, v, w } = await standard();
  resetDefaultGraph();
  assert.equal(getDefaultGraph().getCollection('my'), []);
  assert.equal(globalVariables(), []);
  const again = variableScope('layer', () => getVariable('w', [5]));
  assert.is.not(again, w);
  assert.is(again.name, 'layer/w:0');
  assert.equal(graph.getCollection('my'), [c]);
  assert.equal(graph.getCollection(GraphKeys.GLOBAL_VARIABLES), [v, w]);
  session.close();
});

test('row 6, B: collections, the variable store and variable scopes are kept', async () => {
  const { session, c, v, w } = await standard();
  session.close();
  assert.equal(getDefaultGraph().getCollection('my'), [c]);
  assert.equal(globalVariables(), [v, w]);
  variableScope('layer', { reuse: true }, () => assert.is(getVariable('w', [2]), w));
});

test('row 7, A: the graph-level seed is lost', async () => {
  const { session, graph } = await standard();
  resetDefaultGraph();
  assert.is(getDefaultGraph().seed, null);
  assert.is(graph.seed, 7);
  session.close();
});

test('row 7, B: the graph-level seed is kept', async () => {
  const { session } = await standard();
  session.close();
  assert.is(getDefaultGraph().seed, 7);
});

test('row 8, A: the new graph is open', async () => {
  const { session, graph } = await standard();
  graph.finalize();
  resetDefaultGraph();
  assert.is(constant(1, { name: 'late' }).name, 'late:0');
  assert.is(graph.finalized, true);
  session.close();
});

test('row 8, B: a finalized graph stays so', async () => {
  const { session, graph } = await standard();
  graph.finalize();
  session.close();
  assert.throws(() => constant(1), 'Graph is finalized and cannot be modified.');
});

for (const operation of ['A', 'B'] as const) {
  test(`row 9, ${operation}: held tensors and ops stay valid, on their graph`, async () => {
    const { session, graph, c } = await standard();
    if (operation === 'A') resetDefaultGraph();
    else session.close();
    assert.equal([c.graph, c.name, c.op.graph], [graph, 'c:0', graph]);
    assert.is(graph.getTensorByName('c:0'), c);
    using fresh = new Session({ graph });
    assert.is((await fresh.run(c)).item(), 3);
    session.close();
  });
}

test('row 10, A: an op built on an old tensor lands in the old graph', async () => {
  const { session, graph, c } = await standard();
  resetDefaultGraph();
  const sum = add(c, 1);
  assert.is(sum.graph, graph);
  assert.is(getDefaultGraph().size, 0);
  assert.is((await session.run(sum)).item(), 4);
  session.close();
});

test('row 11, A: an op that mixes old and new tensors is refused', async () => {
  const { session, graph, c } = await standard();
  resetDefaultGraph();
  const fresh = constant(1);
  const sizes = [graph.size, getDefaultGraph().size];
  assert.throws(
    () => add(c, fresh),
    (error: Error) => error.name === 'ValueError' && error.message.includes('must be from the same graph as'),
  );
  assert.equal([graph.size, getDefaultGraph().size], sizes);
  session.close();
});

test('row 12, A: open sessions are kept and still run', async () => {
  const { session, c } = await standard();
  resetDefaultGraph();
  assert.is((await session.run(c)).item(), 3);
  assert.is((await session.run('c:0'))?.item(), 3);
  session.close();
});

test('row 12, B: only the one that is closed closes', async () => {
  const { session, graph, c } = await standard();
  using other = new Session({ graph });
  session.close();
  assert.is((await failure(() => session.run(c))).message, 'Attempted to use a closed Session.');
  assert.is((await other.run(c)).item(), 3);
});

test('row 15, A: variable values are kept in their sessions', async () => {
  const { session, v } = await standard();
  resetDefaultGraph();
  assert.is((await session.run(v)).item(), 5);
  session.close();
});

test('row 15, B: variable values of this session are lost, of others not', async () => {
  const { session, graph, v } = await standard();
  using other = new Session({ graph });
  await other.run(v.initializer);
  session.close();
  assert.is((await other.run(v)).item(), 2);
  using fresh = new Session({ graph });
  assert.is((await failure(() => fresh.run(v))).name, 'FailedPreconditionError');
});

test('row 17, A: a run in flight finishes', async () => {
  const { session, v } = await standard({ backend: await slowBackend('wasm', 5) });
  const running = session.run(v);
  resetDefaultGraph();
  assert.is((await running).item(), 5);
  session.close();
});

test('row 17, B: a run in flight rejects with CancelledError', async () => {
  const { session, graph, v } = await standard({ backend: await slowBackend('wasm', 5) });
  using other = new Session({ graph });
  await other.run(v.initializer);
  const cancelled = failure(() => session.run(v));
  const running = other.run(v);
  session.close();
  const error = await cancelled;
  assert.equal([error.name, error.message], ['CancelledError', 'Run call was cancelled']);
  assert.is((await running).item(), 2);
});

test('row 18, A: random streams go on in their session', async () => {
  const { session, graph, drawn, first } = await standard();
  using other = new Session({ graph });
  const expected = [String(await other.run(drawn)), String(await other.run(drawn))];
  resetDefaultGraph();
  assert.equal([first, String(await session.run(drawn))], expected);
  session.close();
});

test('row 18, B: random streams are lost; a new session starts them again', async () => {
  const { session, graph, drawn, first } = await standard();
  session.close();
  using fresh = new Session({ graph });
  assert.is(String(await fresh.run(drawn)), first);
});

test('row 22, A: what is initialised is kept per session', async () => {
  const { session, v } = await standard();
  const initialized = v.isInitialized();
  resetDefaultGraph();
  assert.is((await session.run(initialized)).item(), true);
  session.close();
});

test('row 22, B: what is initialised is gone with the session', async () => {
  const { session, graph, v } = await standard();
  const initialized = v.isInitialized();
  session.close();
  using fresh = new Session({ graph });
  assert.is((await fresh.run(initialized)).item(), false);
});

test('row 24, A: compiled plans are kept with their sessions', async () => {
  const { session, c } = await standard();
  await session.run(c);
  const { plans } = session.stateReport();
  assert.ok(plans > 0);
  resetDefaultGraph();
  assert.is(session.stateReport().plans, plans);
  await session.run(c);
  assert.is(session.stateReport().plans, plans);
  session.close();
});

test('row 24, B: compiled plans are dropped', async () => {
  const { session } = await standard();
  const { plans } = session.stateReport();
  assert.is(session.close().plans, plans);
  assert.is(session.stateReport().plans, 0);
});

for (const operation of ['A', 'B'] as const) {
  test(`row 25, ${operation}: op and gradient registries and registered backends are kept`, async () => {
    const name = `scopes/row25/${operation}`;
    registerGradient(name, (_op, grad) => (grad as Tensor).mul(3));
    const { session } = await standard();
    const [def, backend] = [getOpDef('Const'), readyBackend('wasm')];
    if (operation === 'A') resetDefaultGraph();
    else session.close();
    assert.is(getOpDef('Const'), def);
    assert.ok(backend);
    assert.is(readyBackend('wasm'), backend);
    const x = constant(2);
    const y = getDefaultGraph().gradientOverrideMap({ Identity: name }, () => identity(x));
    using fresh = new Session();
    assert.is((await fresh.run(gradients(y, x)[0] as Tensor)).item(), 3);
    session.close();
  });
}

test('row 26, A: device buffers are unchanged', async () => {
  const backend = readyBackend('wasm');
  const { session } = await standard();
  const count = backend?.numBuffers();
  resetDefaultGraph();
  assert.is(backend?.numBuffers(), count);
  session.close();
});

test('row 26, B: all device buffers of the session are gone, of others none', async () => {
  const backend = readyBackend('wasm');
  const empty = backend?.numBuffers() ?? 0;
  const { session, graph, v } = await standard();
  const own = (backend?.numBuffers() ?? 0) - empty;
  assert.ok(own > 0);
  using other = new Session({ graph });
  const w = variableScope('layer', { reuse: true }, () => getVariable('w', [2]));
  await other.run([v.initializer, w.initializer]);
  const others = (backend?.numBuffers() ?? 0) - empty - own;
  assert.ok(others > 0);
  assert.is(session.close().buffers, own);
  assert.is(backend?.numBuffers(), empty + others);
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

suite.run();
