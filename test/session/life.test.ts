/** Opening, entering and closing sessions; default sessions and default graphs. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigProto } from '../../runtime/config.ts';
import { getDefaultSession } from '../../runtime/default-session.ts';
import { InteractiveSession } from '../../runtime/interactive-session.ts';
import { Session } from '../../runtime/session.ts';
import { controlDependencies, getDefaultGraph, resetDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph } from '../../src/graph/graph.ts';
import { add, constant, placeholder } from '../../src/ops/index.ts';
import { int32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure, slowBackend } from '../support/session.ts';

const test = leakChecked(suite);

/** The warnings that are printed while `body` runs. */
function warnings(body: () => void): string[] {
  const seen: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => seen.push(text);
  try {
    body();
  } finally {
    console.warn = warn;
  }
  return seen;
}

test('case 47: arguments of the wrong type', () => {
  const messageOf = (make: () => Session): string => {
    try {
      make();
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return '';
  };
  const any = 37 as never;
  assert.is(
    messageOf(() => new Session(any)),
    "TypeError: target must be a string, but got <class 'int'>.",
  );
  assert.is(
    messageOf(() => new Session({ config: any })),
    "TypeError: config must be a tf.ConfigProto, but got <class 'int'>",
  );
  assert.is(
    messageOf(() => new Session({ graph: any })),
    "TypeError: graph must be a tf.Graph, but got <class 'int'>",
  );
  assert.match(
    messageOf(() => new Session('', any)),
    'graph must be a tf.Graph',
  );
  assert.match(
    messageOf(() => new Session(new ConfigProto() as never)),
    'Did you do "Session(config)" instead of',
  );
});

test('case 51: a session cannot be used after its block', async () => {
  const c = constant(37);
  let kept: Session;
  {
    using sess = new Session();
    kept = sess;
    assert.is((await sess.run(c)).item(), 37);
  }
  for (const call of [() => kept.run(c), () => kept.run([]), () => kept.runSync(c), () => kept.ready()]) {
    const error = await failure(call);
    assert.is(error.name, 'RuntimeError');
    assert.is(error.message, 'Attempted to use a closed Session.');
  }
  assert.is(kept.graph, c.graph);
});

test('case 53: a session that is not entered is not the default one', async () => {
  const c = constant(37);
  using sess = new Session();
  const error = await failure(() => c.eval());
  assert.is(error.name, 'ValueError');
  assert.is(
    error.message,
    'Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` or pass an explicit session to `eval(session=sess)`',
  );
  assert.is((await sess.run(c)).item(), 37);
});

test('case 55: a second interactive session warns once, none when the first was closed', async () => {
  const open: InteractiveSession[] = [];
  assert.equal(
    warnings(() => open.push(new InteractiveSession())),
    [],
  );
  const seen = warnings(() => open.push(new InteractiveSession()));
  assert.is(seen.length, 1);
  assert.match(seen[0], 'An interactive session is already active.');
  assert.is(getDefaultSession(), open[1]);
  open[0].close();
  open[1].close();
  open[1].close();
  assert.is(getDefaultSession(), null);
  assert.equal(
    warnings(() => new InteractiveSession().close()),
    [],
  );
});

test('an interactive session is the default one, and its graph if it was given one', async () => {
  const c = constant(5);
  const plain = new InteractiveSession();
  assert.is(((await c.eval()) as NdArray).item(), 5);
  assert.is(getDefaultGraph(), c.graph);
  plain.close();
  const graph = new Graph();
  for (const make of [() => new InteractiveSession({ graph }), () => new InteractiveSession('', graph)]) {
    const sess = make();
    assert.is(getDefaultGraph(), graph);
    sess.close();
    assert.is(getDefaultGraph(), c.graph);
  }
});

test('case 57: sessions that are left out of order', () => {
  using s1 = new Session();
  using s2 = new Session();
  const first = s1.asDefault();
  const second = s2.asDefault();
  assert.throws(
    () => first[Symbol.dispose](),
    (error: Error) =>
      error.name === 'AssertionError' && error.message.startsWith('Nesting violated for default stack of'),
  );
  assert.is(getDefaultSession(), s2);
  second[Symbol.dispose]();
  first[Symbol.dispose]();
});

test('case 59: asDefault can be entered again and again, and never closes', async () => {
  const c = constant(37);
  using sess = new Session();
  for (let i = 0; i < 2; i++) {
    using _ = sess.asDefault();
    assert.is(getDefaultSession(), sess);
    assert.is(((await c.eval()) as NdArray).item(), 37);
  }
  assert.is((await sess.run(c)).item(), 37);
  assert.is(
    sess.asDefault((session) => session),
    sess,
  );
  sess.close();
  // A closed session may be the default one.
  using _ = sess.asDefault();
  assert.is((await failure(() => c.eval())).name, 'RuntimeError');
});

test('case 61: a session that runs nothing', () => {
  using _ = new Session().enter();
});

test('case 63: operations run in the default session, which must be of their graph', async () => {
  const op = constant(1).op;
  const error = await failure(() => op.run());
  assert.is(
    error.message,
    'Cannot execute operation using `run()`: No default session is registered. Use `with sess.as_default()` or pass an explicit session to `run(session=sess)`',
  );
  using other = new Session({ graph: new Graph() });
  using scope = other.asDefault();
  assert.match((await failure(() => op.run())).message, "the operation's graph is different from the session's graph");
  assert.match((await failure(() => op.outputs[0].eval())).message, "the tensor's graph is different from");
  scope[Symbol.dispose]();
  using sess = new Session();
  assert.is(await op.run(null, sess), undefined);
});

test('case 65: only entering a graph makes it the default one', () => {
  const original = getDefaultGraph();
  const [g0, g1] = [new Graph(), new Graph()];
  assert.is(getDefaultGraph(), original);
  g0.asDefault(() => {
    assert.is(getDefaultGraph(), g0);
    g1.asDefault(() => assert.is(getDefaultGraph(), g1));
    assert.is(getDefaultGraph(), g0);
  });
  assert.is(getDefaultGraph(), original);
});

test('case 67: no reset inside a graph context', () => {
  new Graph().asDefault((graph) => {
    assert.throws(resetDefaultGraph, (error: Error) => {
      return (
        error.name === 'AssertionError' && error.message.startsWith('Do not use tf.reset_default_graph() to clear')
      );
    });
    assert.is(getDefaultGraph(), graph);
  });
});

test('case 69: a session takes the default graph, and leaves it alone', async () => {
  const a = constant(1);
  using sess = new Session();
  for (let i = 0; i < 2; i++) {
    assert.is(sess.graph, getDefaultGraph());
    assert.is(a.graph, getDefaultGraph());
    await sess.run(a);
  }
});

test('case 71: an op that failed leaves the graph as it was, and runnable', async () => {
  const size = getDefaultGraph().size;
  assert.throws(() => add([1, 2], [1, 2, 3]));
  assert.is(getDefaultGraph().size, size);
  using sess = new Session();
  assert.is((await sess.run(constant(3))).item(), 3);
});

test('entering makes graph and session the defaults and closes in the end', async () => {
  const graph = new Graph();
  const sess = new Session({ graph });
  {
    using scope = sess.enter();
    assert.is(scope.value, sess);
    assert.is(getDefaultGraph(), graph);
    assert.is(getDefaultSession(), sess);
    assert.is(((await constant(4).eval()) as NdArray).item(), 4);
    assert.throws(() => sess.enter(), 'Session context managers are not re-entrant. Use `Session.as_default()`');
  }
  assert.is.not(getDefaultGraph(), graph);
  assert.is((await failure(() => sess.run([]))).message, 'Attempted to use a closed Session.');
  // Entering a closed session is allowed; its run fails.
  using again = sess.enter();
  const error = await failure(() => again.value.run(graph.getOperations()[0]));
  assert.is(error.name, 'RuntimeError');
});

test('the callback form of enter closes, also after an error', () => {
  const graph = new Graph();
  const sess = new Session({ graph });
  assert.throws(
    () =>
      sess.enter(() => {
        throw new Error('inside');
      }),
    'inside',
  );
  assert.is(getDefaultSession(), null);
  assert.throws(() => sess.listDevices(), 'Attempted to use a closed Session.');
});

test('after close: a callable is cancelled, a second close does nothing, the graph stays readable', async () => {
  const c = constant(1);
  const v = new Variable([1, 2, 3]);
  const sess = new Session();
  await sess.run(v.initializer);
  await sess.run(v);
  const callable = sess.makeCallable(c);
  assert.is((await callable()).item(), 1);
  const report = sess.close();
  assert.equal([report.variables, report.bytes, report.plans], [1, 12, 3]);
  assert.ok(report.buffers >= 1);
  assert.equal(sess.close(), { variables: 0, plans: 0, buffers: 0, bytes: 0 });
  const error = await failure(() => callable());
  assert.is(error.name, 'CancelledError');
  assert.is(error.message, 'Session has been closed.');
  assert.is(sess.graph.getOperations()[0], c.op);
});

test('two sessions on one graph keep their own values', async () => {
  const v = new Variable(1);
  const step = v.assignAdd(1);
  using s1 = new Session();
  using s2 = new Session();
  await s1.run(v.initializer);
  await s1.run(step.op);
  await s2.run(v.initializer);
  assert.is((await s1.run(v)).item(), 2);
  assert.is((await s2.run(v)).item(), 1);
  using s3 = new Session();
  const error = await failure(() => s3.run(v));
  assert.is(error.name, 'FailedPreconditionError');
  assert.is(
    error.detail,
    'Could not find variable Variable. This could mean that the variable has been deleted. In TF1, it can also mean the variable is uninitialized. Debug info: container=localhost, status error message=Container localhost does not exist. (Could not find resource: localhost/Variable)',
  );
});

test('Session.reset ends every session of the process', async () => {
  const v = new Variable(1);
  const [s1, s2] = [new Session(), new Session({ graph: new Graph() })];
  await s1.run(v.initializer);
  Session.reset('');
  for (const sess of [s1, s2]) {
    const error = await failure(() => sess.run([]));
    assert.is(error.name, 'CancelledError');
    assert.is(error.message, 'Session has been closed.');
    sess.close();
  }
});

for (const how of ['while the backend starts', 'in the middle']) {
  test(`a run in flight is cancelled by close (${how})`, async () => {
    const x = placeholder(int32, [2], 'x');
    const v = new Variable(constant([1, 2], int32));
    const backend = await slowBackend('wasm', 5);
    const sess = new Session({ config: { backend } });
    if (how === 'in the middle') {
      await sess.run(v.initializer);
      await sess.run(v);
    }
    const runs = [sess.run(v.assign(x), [[x, [3, 4]]]), sess.run(v)];
    const outcomes = Promise.allSettled(runs);
    sess.close();
    for (const outcome of await outcomes) {
      assert.is(outcome.status, 'rejected');
      const { reason } = outcome as PromiseRejectedResult;
      assert.is(reason.name, 'CancelledError');
      assert.is(reason.message, 'Run call was cancelled');
    }
  });
}

test('control dependencies run before what depends on them', async () => {
  const v = new Variable(1);
  const read = controlDependencies([v.assign(7).op], () => v.readValue());
  using sess = new Session();
  assert.is((await sess.run(read)).item(), 7);
});

suite.run();
