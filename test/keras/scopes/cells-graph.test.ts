/**
 * What the two `clearSession` (C: `tf.keras`, S: the standalone package) do to graphs and to the user's own sessions: rows
 * 1 to 12 of the matrix of the three resets, one test per cell. Keras's own state is in `cells-keras.test.ts`.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getDefaultSession } from '../../../runtime/default-session.ts';
import { InteractiveSession } from '../../../runtime/interactive-session.ts';
import { Session } from '../../../runtime/session.ts';
import { controlDependencies, device, getDefaultGraph, nameScope } from '../../../src/graph/default-graph.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { GraphKeys } from '../../../src/graph/graph-keys.ts';
import { add, constant } from '../../../src/ops/index.ts';
import { getVariable, globalVariables, variableScope } from '../../../src/variables/index.ts';
import { nextDense, parties, perform, refusal, restoreKeras, type Scene, scene } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';
import { failure } from '../../support/session.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

const CLEARS = ['C', 'S'] as const;

/** What opens a graph context. */
const contexts: Readonly<Record<string, (s: Scene) => Disposable>> = {
  'Graph.asDefault of another graph': () => new Graph().asDefault(),
  'Graph.asDefault of the default graph itself': ({ graph }) => graph.asDefault(),
  'a session (`using`)': () => new Session().enter(),
  variableScope: () => variableScope('scope'),
  'InteractiveSession with a graph': () => {
    const session = new InteractiveSession({ graph: new Graph() });
    return { [Symbol.dispose]: () => void session.close() };
  },
};

/** What opens something, but no graph context. */
const others: Readonly<Record<string, (s: Scene) => Disposable>> = {
  nameScope: () => nameScope('s'),
  device: () => device('/cpu:0'),
  controlDependencies: ({ c }) => controlDependencies([c]),
  'Session.asDefault': ({ session }) => session.asDefault(),
  'plain InteractiveSession': () => {
    const session = new InteractiveSession();
    return { [Symbol.dispose]: () => void session.close() };
  },
};

for (const X of CLEARS) {
  const cell = (row: number, what: string, body: (s: Scene) => unknown): void => {
    test(`row ${row}, ${X}: ${what}`, async () => {
      const state = await scene();
      await body(state);
      state.session.close();
    });
  };

  for (const [what, open] of Object.entries(contexts)) {
    cell(1, `refused while ${what} is open, and nothing is changed`, async (s) => {
      const { own, other } = parties(X, s);
      const size = s.graph.size;
      {
        using _ = open(s);
        const [inner, innerSize] = [getDefaultGraph(), getDefaultGraph().size];
        const error = await failure(() => perform(X, s));
        assert.is(error.name, 'AssertionError');
        assert.match(error.message, 'Do not use tf.reset_default_graph() to clear nested graphs.');
        assert.equal([getDefaultGraph() === inner, inner.size], [true, innerSize]);
      }
      assert.equal([getDefaultGraph() === s.graph, s.graph.size], [true, size]);
      for (const { keras, session, v } of [own, other]) {
        assert.is(session.closed, false);
        assert.is(keras.backend.getSession(), session);
        assert.is(keras.backend.learningPhase(), 1);
        assert.is((await keras.backend.getValue(v)).item(), 40);
      }
      assert.is(nextDense(own.keras), X === 'C' ? 'dense_2' : 'dense_3');
    });
  }

  for (const [what, open] of Object.entries(others)) {
    cell(2, `allowed inside ${what}`, (s) => {
      using _ = open(s);
      perform(X, s);
      assert.is.not(getDefaultGraph(), s.graph);
      assert.is(parties(X, s).own.session.closed, true);
      assert.is(nextDense(parties(X, s).own.keras), X === 'C' ? 'dense' : 'dense_1');
    });
  }

  cell(3, 'a new default graph with the learning phase in it', (s) => {
    const { size } = s.graph;
    perform(X, s);
    assert.is.not(getDefaultGraph(), s.graph);
    assert.equal(
      getDefaultGraph()
        .getOperations()
        .map(({ name, type }) => [name, type]),
      [
        ['keras_learning_phase/input', 'Const'],
        ['keras_learning_phase', 'PlaceholderWithDefault'],
      ],
    );
    assert.is(s.graph.size, size);
  });

  cell(4, 'the default-session stack is kept', (s) => {
    s.session.asDefault(() => {
      perform(X, s);
      assert.is(getDefaultSession(), s.session);
      const interactive = new InteractiveSession();
      perform(X, s);
      assert.is(getDefaultSession(), interactive);
      interactive.close();
    });
    assert.is(getDefaultSession(), null);
  });

  cell(5, 'op names, and name, device and control stacks are new', (s) => {
    using _scope = nameScope('scope');
    using _device = device('/cpu:0');
    using _controls = controlDependencies([s.c]);
    perform(X, s);
    const fresh = constant(1, { name: 'c' });
    assert.equal([fresh.name, fresh.device, fresh.op.controlInputs], ['c:0', '', []]);
    const phase = getDefaultGraph().getOperationByName('keras_learning_phase');
    assert.equal([phase.device, phase.controlInputs], ['', []]);
    s.graph.asDefault(() => assert.is(constant(1, { name: 'c' }).name, 'scope/c:0'));
  });

  cell(6, 'collections, the variable store and variable scopes are new', (s) => {
    perform(X, s);
    assert.equal([getDefaultGraph().getCollection('my'), globalVariables()], [[], []]);
    const again = variableScope('layer', () => getVariable('w', [5]));
    assert.is.not(again, s.w);
    assert.is(again.name, 'layer/w:0');
    assert.equal(s.graph.getCollection('my'), [s.c]);
    assert.equal(s.graph.getCollection(GraphKeys.GLOBAL_VARIABLES), [s.v, s.w, s.tf.v, s.standalone.v]);
  });

  cell(7, 'the graph-level seed is lost', (s) => {
    perform(X, s);
    assert.equal([getDefaultGraph().seed, s.graph.seed], [null, 7]);
  });

  cell(8, 'the new graph is open, also where the old one was finalized', (s) => {
    s.graph.finalize();
    perform(X, s);
    assert.is(constant(1, { name: 'late' }).name, 'late:0');
    assert.is(s.graph.finalized, true);
  });

  cell(9, 'held tensors and ops stay valid, on their graph', async (s) => {
    perform(X, s);
    assert.equal([s.c.graph === s.graph, s.c.name, s.c.op.graph === s.graph], [true, 'c:0', true]);
    assert.is(s.graph.getTensorByName('c:0'), s.c);
    using fresh = new Session({ graph: s.graph });
    assert.is((await fresh.run(s.c)).item(), 3);
  });

  cell(10, 'an op built on an old tensor lands in the old graph', async (s) => {
    perform(X, s);
    const { size } = getDefaultGraph();
    const sum = add(s.c, 1);
    const y = new (parties(X, s).own.keras.layers.Dense)(1).apply(add([[1]], s.c));
    assert.equal([sum.graph === s.graph, y.graph === s.graph, getDefaultGraph().size], [true, true, size]);
    assert.is((await s.session.run(sum)).item(), 4);
  });

  cell(11, 'an op that mixes old and new tensors is refused', async (s) => {
    perform(X, s);
    const fresh = constant(1);
    const sizes = [s.graph.size, getDefaultGraph().size];
    await refusal(() => add(s.c, fresh), 'ValueError', 'must be from the same graph as');
    const merge = new (parties(X, s).own.keras.layers.Add)();
    await refusal(() => merge.apply([s.c, fresh]), 'ValueError', 'must be from the same graph as');
    assert.equal([s.graph.size, getDefaultGraph().size], sizes);
  });

  cell(12, "the user's own sessions are kept and still run", async (s) => {
    using other = new Session({ graph: s.graph });
    perform(X, s);
    assert.is((await s.session.run('c:0'))?.item(), 3);
    assert.is((await other.run(s.c)).item(), 3);
    assert.is(s.session.closed, false);
  });
}

suite.run();
