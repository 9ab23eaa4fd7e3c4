/**
 * Sessions on a cluster of real TensorFlow servers on this machine, one parameter server and two workers: training by two
 * clients, losses of machines and clients, and what the resets do to what is on servers.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { all, loadDigits } from '../../examples/digits.ts';
import * as tf from '../../src/index.ts';
import { failure } from '../support/session.ts';
import { digitsNetwork } from './cluster-network.ts';
import { Cluster } from './cluster-servers.ts';
import { python, REASON } from './python.ts';

const test = suite('interop/cluster');
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);

let cluster: Cluster;
const clients = new Set<ChildProcess>();
test.before(async () => {
  if (python) cluster = await Cluster.start({ ps: 1, worker: 2 });
});
test.after(async () => {
  for (const client of clients) client.kill('SIGKILL');
  await cluster?.stop();
});
/** Every test begins with servers that hold nothing. */
test.before.each(async () => {
  tf.resetDefaultGraph();
  if (python)
    for (const worker of [0, 1]) await tf.Session.reset(cluster.target('worker', worker), ['ps', 'worker', '']);
});

/** A session of a worker, which sees only itself and the parameter server. */
function sessionOf(worker: number, graph = tf.getDefaultGraph(), config: tf.ConfigInit = {}): tf.Session {
  const deviceFilters = ['/job:ps', `/job:worker/task:${worker}`];
  return new tf.Session({ target: cluster.target('worker', worker), graph, config: { deviceFilters, ...config } });
}

/** The graph that one worker's client builds. */
function built<T>(worker: number, build: () => T): T & { readonly graph: tf.Graph } {
  const graph = new tf.Graph();
  const setter = tf.train.replicaDeviceSetter({ cluster: cluster.spec, workerDevice: `/job:worker/task:${worker}` });
  return { graph, ...graph.asDefault(() => tf.device(setter, build)) };
}

/** Another program that trains on a worker. */
function startClient(worker: number, lastStep: number) {
  const file = fileURLToPath(new URL('cluster-client.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), file, JSON.stringify(cluster.spec.asDict()), String(worker), String(lastStep)]; // biome-ignore format: one line
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  clients.add(child);
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, output }));
  const says = async (text: string): Promise<void> => {
    const end = performance.now() + 60_000;
    while (!output.includes(text)) {
      if (performance.now() > end || child.exitCode !== null)
        throw new Error(`The client never said '${text}':\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, ended, says };
}

const numbers = (values: readonly tf.NdArray[]) => values.map((value) => Number(value.item()));

check(name('the digits network, trained by two clients with its variables on the parameter server'), async () => {
  const graph = new tf.Graph();
  const { x, y, accuracy, globalStep } = graph.asDefault(() => digitsNetwork(cluster.spec, 0));
  const trainers = [startClient(0, 500), startClient(1, 500)];
  for (const { code, output } of await Promise.all(trainers.map(({ ended }) => ended))) assert.is(code, 0, output);
  await using session = sessionOf(0, graph);
  const images = all(loadDigits().test);
  const [share, steps] = numbers(await session.run([accuracy, globalStep], [[x, images.x], [y, images.y]])); // biome-ignore format: pairs
  assert.ok(share >= 0.95, `accuracy ${share}`);
  assert.ok(steps >= 500);
});

check(name('the example trains with a client per worker'), async () => {
  const file = fileURLToPath(new URL('../../examples/cluster.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), file, JSON.stringify(cluster.spec.asDict())];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [, share] = stdout.match(/test accuracy ([\d.]+)/) as RegExpMatchArray;
  assert.ok(Number(share) >= 0.95, stdout);
});

check(name('a killed client loses nothing: the other goes on, and the variables stay'), async () => {
  const graph = new tf.Graph();
  const { globalStep } = graph.asDefault(() => digitsNetwork(cluster.spec, 0));
  const chief = startClient(0, 400);
  const other = startClient(1, 100_000);
  await other.says('step');
  other.child.kill('SIGKILL');
  const { code, output } = await chief.ended;
  assert.is(code, 0, output);
  await using session = sessionOf(0, graph);
  assert.ok(numbers([await session.run(globalStep as tf.Variable)])[0] >= 400);
});

check(name('a killed worker is an UnavailableError, the other goes on, the worker joins again'), async () => {
  const [a, b] = [0, 1].map((worker) =>
    built(worker, () => {
      const v = new tf.Variable([1, 2], { name: 'v' });
      const add = v.assignAdd([1, 1]);
      const queue = tf.device(
        '/job:ps/task:0',
        () => new tf.FIFOQueue(2, [tf.float32], { shapes: [[]], sharedName: 'q' }),
      );
      return { v, add, take: queue.dequeue() as tf.Tensor, init: v.initializer };
    }),
  );
  await using first = sessionOf(0, a.graph);
  const second = sessionOf(1, b.graph);
  await first.run(a.init);
  assert.equal((await second.run(b.add)).array(), [2, 3]);
  const waiting = failure(() => second.run(b.take));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await cluster.kill('worker', 1);
  assert.ok((await waiting) instanceof tf.errors.UnavailableError);
  assert.ok((await failure(() => second.run(b.v))) instanceof tf.errors.UnavailableError);
  assert.equal((await first.run(a.add)).array(), [3, 4]);
  await cluster.begin('worker', 1);
  // The session of before the loss is not the new server's.
  const lost = await failure(() => second.run(b.v));
  assert.ok(lost instanceof tf.errors.AbortedError || lost instanceof tf.errors.UnavailableError);
  second.close();
  await using again = sessionOf(1, b.graph);
  assert.equal((await again.run(b.add)).array(), [4, 5]);
  assert.equal((await first.run(a.v)).array(), [4, 5]);
});

check(name('a monitored worker waits for the chief, and comes back by itself after its server was lost'), async () => {
  const [a, b] = [0, 1].map((worker) =>
    built(worker, () => {
      const v = new tf.Variable(1, { name: 'v', dtype: tf.float32 });
      return { add: v.assignAdd(1), v };
    }),
  );
  const monitored = (worker: number, graph: tf.Graph) =>
    graph.asDefault(() =>
      tf.train.MonitoredTrainingSession({
        master: cluster.target('worker', worker),
        isChief: worker === 0,
        config: { deviceFilters: ['/job:ps', `/job:worker/task:${worker}`] },
        recoveryWaitSecs: 0.1,
      }),
    );
  const worker = monitored(1, b.graph);
  let isReady = false;
  const ready = worker.ready().then(() => {
    isReady = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.is(isReady, false, 'nothing is initialized');
  const chief = monitored(0, a.graph);
  await chief.run(a.add);
  await ready;
  assert.equal(numbers([(await worker.run(b.add)) as tf.NdArray]), [3]);
  await cluster.kill('worker', 1);
  const again = worker.run(b.add);
  await cluster.begin('worker', 1);
  assert.equal(numbers([(await again) as tf.NdArray]), [4]);
  assert.equal(numbers([(await chief.run(a.v)) as tf.NdArray]), [4]);
  await worker.close();
  await chief.close();
});

check(name('replicas in step: two clients make one step together'), async () => {
  const parts = [0, 1].map((worker) =>
    built(worker, () => {
      const w = new tf.Variable(0, { name: 'w', dtype: tf.float32 });
      const x = tf.placeholder(tf.float32, []);
      const globalStep = tf.train.getOrCreateGlobalStep();
      const opt = new tf.train.SyncReplicasOptimizer(new tf.train.GradientDescentOptimizer(1), 2, {
        totalNumReplicas: 2,
      });
      const step = opt.minimize(w.mul(x), { globalStep });
      return { w, x, globalStep, step, hook: opt.makeSessionRunHook(worker === 0) };
    }),
  );
  const sessions = parts.map(({ graph, hook }, worker) =>
    graph.asDefault(() =>
      tf.train.MonitoredTrainingSession({
        master: cluster.target('worker', worker),
        isChief: worker === 0,
        hooks: [hook],
        config: { deviceFilters: ['/job:ps', `/job:worker/task:${worker}`] },
        recoveryWaitSecs: 0.1,
      }),
    ),
  );
  const state = async () => numbers((await sessions[0].run([parts[0].w, parts[0].globalStep])) as tf.NdArray[]);
  await Promise.all(sessions.map((session) => session.ready()));
  for (let i = 0; i < 100 && (await state())[1] < 5; i++) {
    await Promise.all(parts.map(({ step, x }, k) => sessions[k].run(step, { feedDict: [[x, 1 + 2 * k]] })));
  }
  const [value, steps] = await state();
  assert.ok(steps >= 5, `${steps} steps`);
  assert.is(value, -2 * steps, 'each step is the mean of the two gradients');
  await sessions[1].close();
  await sessions[0].close();
});

check(name('a feed and a fetch of 64 MB'), async () => {
  const x = tf.placeholder(tf.float32, [null]);
  const [sum, more] = [tf.reduceSum(x), x.add(1)];
  await using session = sessionOf(0);
  const data = new Float32Array(16 << 20).fill(0.5);
  const [total, values] = await session.run([sum, more], [[x, data]]);
  assert.is(total.item(), 8 << 20);
  assert.equal([values.shape, values.data[0], values.data[(16 << 20) - 1]], [[16 << 20], 1.5, 1.5]);
});

check(name('errors name their node, deadlines end runs on the server, close cancels'), async () => {
  const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
  const y = tf.matmul(x, tf.placeholder(tf.float32, [null, 2], { name: 'y' }), { name: 'product' });
  const queue = new tf.FIFOQueue(2, [tf.float32], { shapes: [[]] });
  const [take, put] = [queue.dequeue() as tf.Tensor, queue.enqueue(3)];
  const session = sessionOf(0);
  const wrong = await failure(() => session.run(y, [[x, [[1, 2]]], ['y:0', [[1, 2]]]])); // biome-ignore format: pairs
  assert.is(wrong.name, 'InvalidArgumentError');
  assert.is(wrong.op, y.op);
  assert.match(wrong.message, /Matrix size-incompatible/);
  const unfed = await failure(() => session.run(y, [['y:0', [[1, 2]]]]));
  assert.match(unfed.message, /You must feed a value for placeholder tensor 'x' with dtype float and shape \[\?,2\]/);
  assert.is((await failure(() => session.run(take, { options: { timeoutInMs: 200 } }))).name, 'DeadlineExceededError');
  await session.run(put);
  assert.is((await session.run(take)).item(), 3, 'the run that was given up takes nothing');
  const waiting = failure(() => session.run(take));
  await new Promise((resolve) => setTimeout(resolve, 100));
  session.close();
  assert.is((await waiting).name, 'CancelledError');
});

check(name('callables, partial runs, traces and later nodes go to the server'), async () => {
  const [a, b, c] = [0, 1, 2].map((i) => tf.placeholder(tf.float32, [], { name: `p${i}` }));
  const r1 = a.add(b);
  const r2 = r1.mul(c);
  await using session = sessionOf(1);
  const call = session.makeCallable([r2, a], [a, b, c]);
  assert.equal(numbers(await call(1, 2, 3)), [9, 1]);
  const handle = session.partialRunSetup([r1, r2], [a, b, c]);
  assert.equal(numbers([await session.partialRun(handle, r1, [[a, 1], [b, 2]])]), [3]); // biome-ignore format: pairs
  assert.equal(numbers([await session.partialRun(handle, r2, [[c, 17]])]), [51]);
  const later = r2.add(1);
  const runMetadata = new tf.RunMetadata();
  const feedDict = [[a, 1], [b, 2], [c, 3]] as const; // biome-ignore format: pairs
  assert.equal(
    numbers([await session.run(later, { feedDict, runMetadata, options: { traceLevel: 'FULL_TRACE' } })]),
    [10],
  );
  const traced = runMetadata.stepStats?.devStats.flatMap(({ nodeStats }) => nodeStats.map(({ nodeName }) => nodeName));
  assert.ok(traced?.includes(later.op.name));
  await session.ready();
  assert.equal(
    session
      .listDevices()
      .map((device) => device.name)
      .sort(),
    ['/job:ps/replica:0/task:0/device:CPU:0', '/job:worker/replica:0/task:1/device:CPU:0'],
  );
});

check(name('loops that are given gradients after they have run begin anew, and keep what variables hold'), async () => {
  const w = new tf.Variable(2, { name: 'w', dtype: tf.float32 });
  const loop = tf.whileLoop(
    (i: tf.Tensor) => tf.less(i, 3),
    (i: tf.Tensor, value: tf.Tensor) => [i.add(1), value.mul(w)],
    [tf.constant(0), tf.constant(1)],
  ) as tf.Tensor[];
  await using session = sessionOf(0);
  await session.run(w.initializer);
  await session.run(w.assign(3).op);
  assert.equal(numbers([await session.run(loop[1])]), [27]);
  const [gradient] = tf.gradients(loop[1], [w]);
  assert.equal(numbers([await session.run(gradient as tf.Tensor), await session.run(w)]), [27, 3]);
});

// ---------------------------------------------------------------------------------------------------------------------
// The column of sessions on servers in the matrix of docs/resets.md

/** A variable on the parameter server that is 5, and the session that made it so. */
async function standard(container = '') {
  const parts = built(0, () => {
    const make = () => new tf.Variable(2, { name: 'v', dtype: tf.float32 });
    const v = container ? tf.container(container, make) : make();
    return { v, set: v.assign(5), initialized: v.isInitialized() };
  });
  const session = sessionOf(0, parts.graph);
  await session.run(parts.v.initializer);
  await session.run(parts.set.op);
  return { ...parts, session };
}

check(name('rows 12, 15, 17, A: resetDefaultGraph keeps sessions, values, and runs in flight'), async () => {
  const { session, v } = await standard();
  const running = session.run(v);
  tf.resetDefaultGraph();
  assert.equal(numbers([await running, await session.run(v)]), [5, 5]);
  session.close();
});

check(name('rows 15, 22, B: close leaves the values on the servers, for the next session and for others'), async () => {
  const { session, graph, v, initialized } = await standard();
  const other = built(1, () => ({ v: new tf.Variable(2, { name: 'v', dtype: tf.float32 }) }));
  await using second = sessionOf(1, other.graph);
  session.close();
  assert.equal(numbers([await second.run(other.v)]), [5], 'shared by its name');
  await using fresh = sessionOf(0, graph);
  assert.equal([(await fresh.run(initialized)).item(), ...numbers([await fresh.run(v)])], [true, 5]);
});

check(name('row 18, B: random streams begin again with a new session'), async () => {
  const { graph, drawn } = built(0, () => ({ drawn: tf.randomUniform([3], { seed: 1 }) }));
  const draw = async () => {
    await using session = sessionOf(0, graph);
    return [String(await session.run(drawn)), String(await session.run(drawn))];
  };
  const [first, second] = await draw();
  assert.is.not(first, second);
  assert.equal(await draw(), [first, second]);
});

check(
  name('rows 15, 22, B: with isolateSessionState a session keeps its values to itself, and they go with it'),
  async () => {
    const parts = built(0, () => {
      const v = new tf.Variable(2, { name: 'v', dtype: tf.float32 });
      return { v, initialized: v.isInitialized() };
    });
    const own = sessionOf(0, parts.graph, { isolateSessionState: true });
    await own.run(parts.v.initializer);
    await using fresh = sessionOf(0, parts.graph, { isolateSessionState: true });
    assert.is((await own.run(parts.initialized)).item(), true);
    assert.is((await fresh.run(parts.initialized)).item(), false);
    own.close();
  },
);

check(name('Session.reset clears the containers that it names, and ends the sessions of that server'), async () => {
  const { session, graph, v } = await standard('experiment');
  const kept = built(0, () => ({ k: new tf.Variable(7, { name: 'k', dtype: tf.float32 }) }));
  await using other = sessionOf(1, kept.graph);
  const elsewhere = built(1, () => ({ k: new tf.Variable(7, { name: 'k', dtype: tf.float32 }) }));
  await using third = sessionOf(1, elsewhere.graph);
  await third.run(elsewhere.k.initializer);
  await tf.Session.reset(cluster.target('worker', 0), ['experiment']);
  assert.is(session.closed, false);
  assert.ok((await failure(() => session.run(v))) instanceof tf.errors.AbortedError);
  await using fresh = sessionOf(0, graph);
  const gone = await failure(() => fresh.run(v));
  assert.ok(gone instanceof tf.errors.FailedPreconditionError, String(gone));
  assert.equal(numbers([await third.run(elsewhere.k)]), [7], 'another container, and a session of another server');
  session.close();
  other.close();
});

check(name('a Keras model on a server: fit, predict, and clearSession leaves the session alone'), async () => {
  const { backend, layers, Sequential } = tf.keras;
  backend.clearSession();
  const session = sessionOf(0, tf.getDefaultGraph());
  backend.setSession(session);
  const model = new Sequential([new layers.Dense(1, { inputShape: [1], kernelInitializer: 'zeros' })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const xs = [[0], [1], [2], [3]];
  await model.fit(xs, xs.map(([v]) => [2 * v + 1]), { epochs: 200, verbose: 0 }); // biome-ignore format: one line
  const value = Number((await model.predict([[10]])).item());
  assert.ok(Math.abs(value - 21) < 2, `predicts ${value}`);
  backend.clearSession();
  assert.is(session.closed, false);
  session.close();
});

test.run();
