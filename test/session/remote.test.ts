/**
 * Sessions on a server, seen from the server: what they ask for, in what order, and what becomes of the answers. The server
 * is one of this process that computes nothing; real ones are asked in `test/interop/cluster.test.ts`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { suite as newSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLoopback } from '../../runtime/remote/target.ts';
import * as tf from '../../src/index.ts';
import { tensorToProto } from '../../src/io/graph-def-tensor.ts';
import { settledHeap } from '../support/heap.ts';
import { leakChecked } from '../support/leaks.ts';
import { feedsOf, MasterServer, namedTensors, Status } from '../support/master-server.ts';
import { failure } from '../support/session.ts';

const suite = newSuite('session/remote');
const test = leakChecked(suite);

const scalar = (value: number) => new tf.NdArray(tf.float32, [], Float32Array.of(value));

/** A server and a session on it; both are gone in the end. */
async function withServer(
  body: (server: MasterServer, session: tf.Session) => Promise<void>,
  config: tf.ConfigInit = {},
): Promise<void> {
  const server = await MasterServer.start();
  const session = new tf.Session({ target: server.target, config });
  try {
    await body(server, session);
  } finally {
    await session[Symbol.asyncDispose]();
    server.stop();
  }
}

/** Answers every fetch with the number. */
const answer =
  (value = 1) =>
  ({ fetch }: { readonly fetch: readonly string[] }) => ({
    tensor: namedTensors(Object.fromEntries(fetch.map((name) => [name, scalar(value)]))),
  });

test('the graph is sent when the session is made, and later only what came to it', async () => {
  await withServer(async (server, session) => {
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const y = tf.add(x, 1, { name: 'y' });
    server.on('RunStep', answer(3));
    assert.is((await session.run(y, [[x, [1, 2]]])).item(), 3);
    await session.run(y, [[x, [1, 2]]]);
    const z = tf.multiply(y, y, { name: 'z' });
    await session.run(z, [[x, [1, 2]]]);
    const [created] = server.asked('CreateSession');
    assert.equal(
      created.graphDef?.node.map(({ name }) => name),
      ['x', 'y/y', 'y'],
    );
    assert.is(created.target, server.target);
    const extended = server.asked('ExtendSession');
    assert.equal(
      extended.map(({ graphDef, currentGraphVersion: version }) => [graphDef?.node.map(({ name }) => name), version]),
      [[['z'], 0n]],
    );
    assert.equal(
      server.calls.map(({ method }) => method),
      ['CreateSession', 'RunStep', 'RunStep', 'ExtendSession', 'RunStep'],
    );
  });
});

test('functions keep their names from one extension to the next', async () => {
  await withServer(async (server, session) => {
    server.on('RunStep', answer());
    const p = tf.placeholder(tf.bool, [], { name: 'p' });
    const branch = (value: number) => tf.cond(p, () => tf.constant(value), () => tf.constant(0)); // biome-ignore format: short
    await session.run(branch(1), [[p, true]]);
    await session.run(branch(2), [[p, true]]);
    const requests = [...server.asked('CreateSession'), ...server.asked('ExtendSession')];
    const names = requests.flatMap(({ graphDef }) => graphDef?.library?.function.map((f) => f.signature?.name) ?? []);
    assert.is(names.length, 4);
    assert.is(new Set(names).size, 4);
  });
});

test('a step carries feeds, fetches and targets by name, and values of every kind arrive as they are', async () => {
  await withServer(async (server, session) => {
    const values = {
      floats: new tf.NdArray(tf.float32, [2], Float32Array.of(1.5, -2)),
      longs: new tf.NdArray(tf.int64, [2], BigInt64Array.of(-1n, 2n ** 40n)),
      halves: new tf.NdArray(tf.float16, [2], Float32Array.of(0.5, 65504)),
      truths: new tf.NdArray(tf.bool, [3], Uint8Array.of(1, 0, 1)),
      complex: new tf.NdArray(tf.complex64, [1], Float32Array.of(1, -1)),
      none: new tf.NdArray(tf.float32, [0, 3], new Float32Array(0)),
      texts: new tf.NdArray(tf.string, [2], [new TextEncoder().encode('é'), Uint8Array.of(255)]),
    };
    const feeds = Object.entries(values).map(
      ([name, value]) => [tf.placeholder(value.dtype, null, { name }), value] as const,
    );
    const given = tf.identityN(feeds.map(([key]) => key)) as tf.Tensor[];
    const op = tf.noOp('nothing');
    server.on('RunStep', (request) => {
      const found = [...feedsOf(request).values()];
      return { tensor: namedTensors(Object.fromEntries(request.fetch.map((name, i) => [name, found[i]]))) };
    });
    const [found, nothing] = await session.run([given, op], { feedDict: feeds });
    assert.is(nothing, null);
    Object.values(values).forEach((value, i) => {
      assert.is(found[i].dtype, value.dtype);
      assert.equal([...found[i].shape], [...value.shape]);
      assert.equal(Array.from(found[i].data as ArrayLike<unknown>), Array.from(value.data as ArrayLike<unknown>));
    });
    const [step] = server.asked('RunStep');
    assert.equal([step.fetch[0], step.fetch[1], step.target], ['IdentityN:0', 'IdentityN:1', ['nothing']]);
    assert.is(step.storeErrorsInResponseBody, true);
  });
});

test('what is fetched and fed is not asked for; a run of nothing asks nothing', async () => {
  await withServer(async (server, session) => {
    const x = tf.placeholder(tf.float32, [], { name: 'x' });
    const y = x.add(1);
    server.on('RunStep', answer(9));
    const [a, b] = await session.run([x, y], [[x, 4]]);
    assert.equal([a.item(), b.item()], [4, 9]);
    assert.equal(server.asked('RunStep')[0].fetch, [y.name]);
    assert.equal(await session.run([]), []);
    assert.is(server.asked('RunStep').length, 1);
  });
});

test('arrays that are fed may be written to after the call', async () => {
  await withServer(async (server, session) => {
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const y = x.add(1);
    server.on('RunStep', answer());
    const data = Float32Array.of(1, 2);
    const array = new tf.NdArray(tf.float32, [2], data);
    for (const before of [
      [1, 2],
      [3, 4],
    ]) {
      // biome-ignore format: pairs
      data.set(before);
      const running = session.run(y, [[x, array]]);
      data.fill(0);
      await running;
      const fed = feedsOf(server.asked('RunStep').at(-1) as never).get('x:0');
      assert.equal(Array.from(fed?.data as Float32Array), before);
    }
  });
});

test('errors have the class of their code, the text of the server and the operation that it names', async () => {
  await withServer(async (server, session) => {
    const x = tf.placeholder(tf.float32, [], { name: 'x' });
    const y = tf.add(x, 1, { name: 'y' });
    const text = 'From /job:worker/replica:0/task:0:\nIncompatible shapes\n\t [[{{node y}}]]';
    server.on('RunStep', () => ({ statusCode: 3, statusErrorMessage: text }));
    const found = await failure(() => session.run(y, [[x, 1]]));
    assert.ok(found instanceof tf.errors.InvalidArgumentError);
    assert.is(found.message, text);
    assert.is(found.op, y.op);
    assert.is(found.detail, 'Incompatible shapes');
    server.on('RunStep', () => {
      throw new Status(10, 'Session x is not found.');
    });
    const lost = await failure(() => session.run(y, [[x, 1]]));
    assert.ok(lost instanceof tf.errors.AbortedError);
    assert.is(lost.op, null);
    server.on('ExtendSession', () => {
      throw new Status(5, "Op type not registered 'Odd'\n\t [[{{node odd}}]]");
    });
    tf.constant(1, { name: 'more' });
    for (let i = 0; i < 2; i++) {
      const refused = await failure(() => session.run(y, [[x, 1]]));
      assert.is(refused.name, 'NotFoundError');
      assert.equal((refused.op as { name: string } | null)?.name, 'odd');
    }
    assert.equal(
      server.asked('ExtendSession').map(({ graphDef }) => graphDef?.node.map(({ name }) => name)),
      [['more'], ['more']],
      'what did not arrive is sent again',
    );
  });
});

test('runs that change something go on one at a time, those that read together, and those that may wait hold up none', async () => {
  await withServer(async (server, session) => {
    const v = new tf.Variable(1, { name: 'v' });
    const add = v.assignAdd(1, { name: 'add' }).op;
    const q = new tf.FIFOQueue(1, [tf.float32], { shapes: [[]], name: 'q' });
    const take = q.dequeue();
    const log: string[] = [];
    const release = new Map<string, () => void>();
    server.on('RunStep', async (request) => {
      const name = request.target[0] ?? request.fetch[0];
      log.push(`+${name}`);
      await new Promise<void>((resolve) => release.set(name, resolve));
      log.push(`-${name}`);
      return answer()(request);
    });
    const settled = async (...names: string[]) => {
      for (let i = 0; i < 500 && names.some((name) => !release.has(name)); i++)
        await new Promise((resolve) => setTimeout(resolve, 2));
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const read = v.value();
    const runs = [
      session.run(take),
      session.run(read),
      session.run(v.initialized),
      session.run(add),
      session.run(v.op),
    ];
    await settled('q_Dequeue:0', read.name, v.initialized.name);
    assert.equal(log, ['+q_Dequeue:0', `+${read.name}`, `+${v.initialized.name}`]);
    release.get(read.name)?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.not(release.has('add'), 'a write waits for all that read before it');
    release.get(v.initialized.name)?.();
    await settled('add');
    assert.not(release.has('v'), 'what comes after a write waits for it');
    release.get('add')?.();
    await settled('v');
    release.get('v')?.();
    release.get('q_Dequeue:0')?.();
    await Promise.all(runs);
  });
});

test('close cancels what is under way, on the server too, and lets it go of the session', async () => {
  await withServer(async (server, session) => {
    const x = tf.placeholder(tf.float32, []);
    const y = x.add(1);
    let seen: () => void = () => {};
    const cancelled = new Promise<void>((resolve) => {
      seen = resolve;
    });
    let begun: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    server.on('RunStep', async (_request, given) => {
      begun();
      await given.then(seen);
      return {};
    });
    const running = failure(() => session.run(y, [[x, 1]]));
    await started;
    session.close();
    assert.is((await running).name, 'CancelledError');
    await cancelled;
    await session[Symbol.asyncDispose]();
    assert.equal(
      server.asked('CloseSession').map(({ sessionHandle }) => sessionHandle),
      ['session'],
    );
    assert.is((await failure(() => session.run(y))).message, 'Attempted to use a closed Session.');
  });
});

test('a deadline ends the run and the work of the server, and is passed on', async () => {
  await withServer(
    async (server, session) => {
      const y = tf.constant(1).add(1);
      let cancelled = false;
      server.on('RunStep', async (_request, given) => {
        await given;
        cancelled = true;
        return {};
      });
      for (const options of [{}, { timeoutInMs: 40 }]) {
        const found = await failure(() => session.run(y, { options }));
        assert.is(found.name, 'DeadlineExceededError');
      }
      for (let i = 0; i < 500 && !cancelled; i++) await new Promise((resolve) => setTimeout(resolve, 2));
      assert.equal(
        server.asked('RunStep').map(({ options }) => options?.timeoutInMs),
        [60n, 40n],
      );
      assert.is(server.asked('CreateSession')[0].config?.operationTimeoutInMs, 60n);
    },
    { operationTimeoutInMs: 60 },
  );
});

test('callables are made once, run by their handles, and refuse after close', async () => {
  await withServer(async (server, session) => {
    const x = tf.placeholder(tf.float32, [], { name: 'x' });
    const y = tf.add(x, 1, { name: 'y' });
    server.on('MakeCallable', () => ({ handle: 7n }));
    server.on('RunCallable', ({ feed }) => ({ fetch: feed }));
    const call = session.makeCallable([y, x], [x]);
    assert.equal(
      (await call(3)).map((value) => value.item()),
      [3, 3],
    );
    await call(4);
    const [made] = server.asked('MakeCallable');
    assert.equal([made.options?.feed, made.options?.fetch], [['x:0'], ['y:0']]);
    assert.equal(
      server.asked('RunCallable').map(({ handle }) => handle),
      [7n, 7n],
    );
    session.close();
    assert.is((await failure(() => call(5))).message, 'Session has been closed.');
  });
});

test('a callable that nobody can call any more is released', async () => {
  await withServer(async (server, session) => {
    const c = tf.constant(1).add(1);
    server.on('MakeCallable', () => ({ handle: 8n }));
    server.on('RunCallable', () => ({ fetch: [tensorToProto(scalar(2))] }));
    assert.is((await session.makeCallable(c)()).item(), 2);
    for (let i = 0; i < 100 && server.asked('ReleaseCallable').length === 0; i++) await settledHeap();
    assert.equal(
      server.asked('ReleaseCallable').map(({ handle }) => handle),
      [8n],
    );
  });
});

test('a partial run is set up on the server, and its steps go by its handle', async () => {
  await withServer(async (server, session) => {
    const [a, b] = [tf.placeholder(tf.float32, [], { name: 'a' }), tf.placeholder(tf.float32, [], { name: 'b' })];
    const [r1, r2] = [tf.negative(a, { name: 'r1' }), tf.add(a, b, { name: 'r2' })];
    server.on('PartialRunSetup', () => ({ partialRunHandle: 'part' }));
    server.on('RunStep', answer(2));
    const handle = session.partialRunSetup([r1, r2], [a, b]);
    assert.is((await session.partialRun(handle, r1, [[a, 1]])).item(), 2);
    assert.is((await session.partialRun(handle, r2, [[b, 1]])).item(), 2);
    const [setup] = server.asked('PartialRunSetup');
    assert.equal([setup.feed, setup.fetch], [['a:0', 'b:0'], ['r1:0', 'r2:0']]); // biome-ignore format: one line
    assert.equal(
      server.asked('RunStep').map((step) => step.partialRunHandle),
      ['part', 'part'],
    );
    using other = new tf.Session();
    const foreign = other.partialRunSetup([r1], [a]);
    assert.match((await failure(() => session.partialRun(foreign, r1, [[a, 1]]))).message, /Must run 'setup'/);
  });
});

test('initialize asks which variables have values, and runs the initializers of the others', async () => {
  await withServer(async (server, session) => {
    const [v, w] = [new tf.Variable(1, { name: 'v' }), new tf.Variable(2, { name: 'w' })];
    const size = tf.getDefaultGraph().size;
    server.on('RunStep', ({ fetch }) => ({
      tensor: namedTensors(
        Object.fromEntries(fetch.map((name, i) => [name, new tf.NdArray(tf.bool, [], Uint8Array.of(i === 0 ? 1 : 0))])),
      ),
    }));
    assert.is(session.hasValue(v), false);
    await session.initialize([v, w]);
    assert.equal([session.hasValue(v), session.hasValue(w)], [true, true]);
    assert.equal(server.asked('RunStep').at(-1)?.target, ['w/Assign']);
    assert.is(tf.getDefaultGraph().size, size, 'the graph of the program is not added to');
    const probes = server.calls.flatMap(({ method, request }) =>
      method === 'CreateSession' || method === 'ExtendSession'
        ? ((request as { graphDef?: { node: { op: string; name: string; input: string[] }[] } }).graphDef?.node ?? [])
        : [],
    );
    assert.equal(
      probes.filter(({ name }) => name.startsWith('tfjs_graph_session/')).map(({ op, input }) => [op, input]),
      [['VarIsInitializedOp', ['v:0']], ['VarIsInitializedOp', ['w:0']]], // biome-ignore format: one line
    );
  });
});

test('the devices are those of the server, after ready', async () => {
  await withServer(async (server, session) => {
    server.on('ListDevices', () => ({
      localDevice: [{ name: '/job:worker/task:0', deviceType: 'CPU', memoryLimit: 256n, incarnation: 5n }],
      remoteDevice: [{ name: '/job:ps/task:0', deviceType: 'CPU' }],
    }));
    tf.constant(1);
    assert.throws(() => session.listDevices(), /await session.ready/);
    await session.ready();
    assert.equal(session.listDevices(), [
      { name: '/job:worker/task:0', deviceType: 'CPU', memoryLimitBytes: 256, incarnation: 5n },
      { name: '/job:ps/task:0', deviceType: 'CPU', memoryLimitBytes: 0, incarnation: 0n },
    ]);
    assert.is(session.backend, 'grpc');
  });
});

test('a trace comes with the run, and tensors of tfjs are made of the values', async () => {
  await withServer(async (server, session) => {
    const y = tf.constant(1, { name: 'y' }).add(1);
    server.on('RunStep', (request) => ({
      ...answer(5)(request),
      metadata: {
        stepStats: { devStats: [{ device: '/cpu', nodeStats: [{ nodeName: 'y', timelineLabel: 'y = Const()' }] }] },
      },
    }));
    const runMetadata = new tf.RunMetadata();
    const value = await session.run(y, { runMetadata, options: { traceLevel: 'FULL_TRACE' }, as: 'tensor' });
    assert.equal(Array.from(value.dataSync()), [5]);
    value.dispose();
    assert.is(runMetadata.stepStats?.devStats[0].nodeStats[0].nodeName, 'y');
    assert.is(server.asked('RunStep')[0].options?.traceLevel, 3);
  });
});

test('settings go to the server in its own terms', async () => {
  const config = {
    allowSoftPlacement: true,
    deviceFilters: ['/job:ps'],
    isolateSessionState: true,
    deviceCount: { CPU: 2 },
    graphOptions: { placePrunedGraph: true, optimizerOptions: { optLevel: 'L0' } },
    gpuOptions: { allowGrowth: true },
  };
  await withServer(async (server, session) => {
    tf.constant(1);
    await session.ready();
    const sent = server.asked('CreateSession')[0].config;
    assert.equal(
      [sent?.allowSoftPlacement, sent?.deviceFilters, sent?.isolateSessionState, sent?.deviceCount],
      [true, ['/job:ps'], true, { CPU: 2 }],
    );
    assert.equal(
      [
        sent?.graphOptions?.placePrunedGraph,
        sent?.graphOptions?.optimizerOptions?.optLevel,
        sent?.gpuOptions?.allowGrowth,
      ],
      [true, -1, true],
    );
  }, config);
  await withServer(
    async (_server, session) => {
      tf.constant(1);
      assert.match((await failure(() => session.ready())).message, /config.graphOptions/);
    },
    { graphOptions: { placePruned: true } },
  );
});

test('functions of the program are refused, and so is what cannot wait for a server', async () => {
  await withServer(async (_server, session) => {
    const y = tf.pyFunc((x: tf.NdArray) => x, [tf.constant(1)], tf.float32);
    const found = await failure(() => session.run(y));
    assert.is(found.name, 'UnimplementedError');
    assert.match(found.message, /calls a function of this program/);
    assert.throws(() => session.runSync(tf.constant(1)), /cannot wait for a server/);
    assert.is((await failure(() => session.explain(tf.constant(1)))).name, 'UnimplementedError');
  });
});

test('a session that is closed while it opens is closed on the server, too', async () => {
  const server = await MasterServer.start();
  const session = new tf.Session(server.target);
  const running = failure(() => session.run(tf.constant(1)));
  session.close();
  assert.is((await running).name, 'CancelledError');
  await session[Symbol.asyncDispose]();
  assert.is(server.asked('CloseSession').length, server.asked('CreateSession').length);
  const unused = new tf.Session(server.target);
  await unused[Symbol.asyncDispose]();
  assert.is(server.asked('CreateSession').length, server.asked('CloseSession').length);
  server.stop();
});

test('a server that is not there is an UnavailableError', async () => {
  const server = await MasterServer.start();
  const { target } = server;
  server.stop();
  const session = new tf.Session({ target, config: { operationTimeoutInMs: 300 } });
  const found = await failure(() => session.run(tf.constant(1)));
  assert.ok(['UnavailableError', 'DeadlineExceededError'].includes(found.name), found.name);
  session.close();
});

test('an address beyond this machine needs credentials, or leave to do without', () => {
  const target = 'grpc://10.0.0.7:2222';
  assert.throws(() => new tf.Session({ target }), /neither passwords nor encryption/);
  new tf.Session({ target, config: { allowInsecure: true } }).close();
  new tf.Session({ target, config: { channelCredentials: {} } }).close();
  assert.throws(() => new tf.Session('grpc://10.0.0.7'), /'grpc:\/\/host:port'/);
  assert.equal(
    ['localhost:1', '127.0.0.9:1', '[::1]:1', '127.0.0.1.evil.com:1', 'localhost.evil.com:1', '10.0.0.1:1'].map(
      isLoopback,
    ),
    [true, true, true, false, false, false],
  );
});

test('without its package, and in a browser, the first use says what to install', async () => {
  const program = `
    import * as tf from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const session = new tf.Session('grpc://localhost:1');
    await session.run(tf.constant(1)).catch((error) => console.log(error.name, error.message));
    session.close();`;
  const hooks = `export async function resolve(name, context, next) {
    if (name === '@grpc/grpc-js') throw Object.assign(new Error('no package'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const url = JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`);
  const register = `import { register } from 'node:module'; register(${url});`;
  const imports = [
    '--import',
    import.meta.resolve('tsx'),
    '--import',
    `data:text/javascript,${encodeURIComponent(register)}`,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...imports, '--input-type=module', '-e', program]);
  assert.match(
    stdout,
    /^RuntimeError Sessions on servers need gRPC, which is not installed: npm install @grpc\/grpc-js/,
  );
  const session = new tf.Session('grpc://localhost:1');
  const c = tf.constant(1);
  const { versions } = process;
  Object.defineProperty(process, 'versions', { value: {}, configurable: true });
  const running = failure(() => session.run(c));
  Object.defineProperty(process, 'versions', { value: versions, configurable: true });
  const found = await running;
  assert.is(found.name, 'RuntimeError');
  assert.match(found.message, /which browsers do not have: run the program in Node, after npm install @grpc\/grpc-js/);
  session.close();
});

test('Session.reset clears containers on the server, and leaves sessions of this process alone', async () => {
  await withServer(async (server, session) => {
    server.on('RunStep', answer());
    const c = tf.constant(1).add(1);
    await session.run(c);
    using local = new tf.Session();
    await local.run(c);
    await tf.Session.reset(server.target, ['a', 'b']);
    assert.equal(
      server.asked('Reset').map(({ container }) => container),
      [['a', 'b']],
    );
    await local.run(c);
    // A reset without a target is for sessions of this process: one on a server is not touched.
    await tf.Session.reset();
    assert.is(local.closed, true);
    assert.is(session.closed, false);
    await session.run(c);
    assert.match((await failure(() => tf.Session.reset('grpc://10.0.0.7:1'))).message, /neither/);
  });
});

test('resetDefaultGraph, close and stateReport: the session keeps its graph, and holds nothing here', async () => {
  await withServer(async (server, session) => {
    server.on('RunStep', answer(5));
    const c = tf.constant(1, { name: 'c' }).add(1);
    await session.run(c);
    tf.resetDefaultGraph();
    assert.is((await session.run(c)).item(), 5);
    const report = session.stateReport();
    assert.equal(report, { variables: 0, plans: 0, buffers: 0, bytes: 0 });
    assert.is(tf.stateReport().sessions.length, 1);
    assert.equal(session.close(), report);
    assert.is(tf.stateReport().sessions.length, 0);
    assert.is(session.graph, c.graph);
    session.close();
    await session[Symbol.asyncDispose]();
    assert.is(server.asked('CloseSession').length, 1);
  });
});

suite.run();
