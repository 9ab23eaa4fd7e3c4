/** Monitored sessions: what their hooks are called with, how they end, and how they come back after a loss. */
import { suite as newSuite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const suite = newSuite('monitored/monitored-session');
const test = leakChecked(suite);
const { train } = tf;

/** Steps down the parabola `(w - 1)²` from 5: after n steps w is `1 + 4 · 0.8ⁿ`. */
function parabola() {
  const w = new tf.Variable(5, { name: 'w', dtype: tf.float32 });
  const loss = tf.square(w.sub(1));
  const globalStep = train.getOrCreateGlobalStep();
  const optimizer = new train.GradientDescentOptimizer(0.1);
  return { w, loss, globalStep, optimizer, minimize: () => optimizer.minimize(loss, { globalStep }) };
}
const after = (steps: number): number => 1 + 4 * 0.8 ** steps;

class Log extends train.SessionRunHook {
  readonly calls: string[] = [];
  constructor(private readonly fetches: unknown = null) {
    super();
  }
  override begin(): void {
    this.calls.push(`begin ${tf.getDefaultGraph().finalized}`);
  }
  override afterCreateSession(session: { readonly graph: object }): void {
    this.calls.push(`created ${(session.graph as tf.Graph).finalized}`);
  }
  override beforeRun(): tf.train.SessionRunArgs {
    this.calls.push('before');
    return new train.SessionRunArgs(this.fetches);
  }
  override afterRun(_context: tf.train.SessionRunContext, { results }: tf.train.SessionRunValues): void {
    this.calls.push(`after ${results === null ? null : Number((results as tf.NdArray).item()).toFixed(2)}`);
  }
  override end(): void {
    this.calls.push('end');
  }
}

test('it initializes the model, calls the hooks around each run and stops at the step', async () => {
  const { w, loss, minimize } = parabola();
  const step = minimize();
  const log = new Log(loss);
  const final = new train.FinalOpsHook(w);
  const sess = train.MonitoredTrainingSession({ hooks: [log, new train.StopAtStepHook({ lastStep: 3 }), final] });
  let runs = 0;
  await sess.enter(async () => {
    for (; !sess.shouldStop(); runs++) await sess.run(step);
  });
  assert.is(runs, 3);
  const each = [16, 10.24, 6.55].flatMap((value) => ['before', `after ${value.toFixed(2)}`]);
  assert.equal(log.calls, ['begin false', 'created true', ...each, 'end']);
  assert.ok(Math.abs(Number((final.finalOpsValues as tf.NdArray).item()) - after(3)) < 1e-5);
  assert.is(tf.getDefaultGraph().finalized, false, 'the graph is open again');
  assert.is((await failure(() => sess.run(step))).message, 'Run called even after should_stop requested.');
  assert.is((await failure(() => sess.close())).message, 'Session is already closed.');
});

test('feeds of hooks and of the program come together, and a tensor that both feed is refused', async () => {
  const x = tf.placeholder(tf.float32, []);
  const y = tf.placeholder(tf.float32, []);
  const sum = x.add(y);
  const feeding = new train.FeedFnHook(() => new Map([[x, 1]]));
  const sess = new train.MonitoredSession({ hooks: [feeding] });
  assert.is(((await sess.run(sum, { feedDict: [[y, 2]] })) as tf.NdArray).item(), 3);
  const found = await failure(() => sess.run(sum, { feedDict: [[x, 1], [y, 2]] })); // biome-ignore format: one line
  assert.match(found.message, /^Same tensor is fed by a SessionRunHook and user\. Conflict/);
  await sess.close();
});

test('the end of the input ends `enter` without an error, other errors leave the hooks without their end', async () => {
  const values = tf.data.Dataset.range(3);
  const next = tf.data.makeOneShotIterator(values).getNext() as tf.Tensor;
  const bad = tf.placeholder(tf.float32, []).add(1);
  const log = new Log();
  const sess = new train.MonitoredSession({ hooks: [log] });
  const seen: number[] = [];
  await sess.enter(async () => {
    while (!sess.shouldStop()) seen.push(Number(((await sess.run(next)) as tf.NdArray).item()));
  });
  assert.equal(seen, [0, 1, 2]);
  assert.is(log.calls.at(-1), 'end');
  const other = new Log();
  const failing = new train.MonitoredSession({ hooks: [other] });
  const found = await failure(() => failing.enter(async () => void (await failing.run(bad))));
  assert.is(found.name, 'InvalidArgumentError');
  assert.equal(other.calls, ['begin false', 'created true', 'before']);
});

test('a loss makes a new session and the run again; a singular session passes it on', async () => {
  const c = tf.constant(7);
  let losses = 2;
  class Losing extends train.SessionRunHook {
    created = 0;
    override afterCreateSession(): void {
      this.created++;
    }
    override beforeRun(): null {
      if (losses-- > 0) throw new tf.errors.AbortedError(null, 'Session is not found.');
      return null;
    }
  }
  const hook = new Losing();
  const sess = new train.MonitoredSession({ hooks: [hook] });
  assert.is(((await sess.run(c)) as tf.NdArray).item(), 7);
  assert.is(hook.created, 3);
  await sess.close();
  losses = 1;
  const single = new train.SingularMonitoredSession({ hooks: [new Losing()] });
  assert.is(single.rawSession(), null);
  assert.is((await failure(() => single.run(c))).name, 'AbortedError');
  assert.is(await single.rawSession()?.run(c).then(String), '7.0');
  await single.close();
});

test('step functions run with hooks and without, and may ask for the end', async () => {
  const x = tf.placeholder(tf.float32, []);
  const y = x.add(4);
  const log = new Log();
  const sess = new train.MonitoredSession({ hooks: [log] });
  const value = await sess.runStepFn(async (context) => {
    await context.session.run(y, [[x, 1]]);
    return context.runWithHooks(y, { feedDict: [[x, 2]] });
  });
  assert.is((value as tf.NdArray).item(), 6);
  assert.is(log.calls.filter((call) => call === 'before').length, 1);
  assert.is(await sess.runStepFn(async (context) => context.requestStop()), null);
  assert.is(sess.shouldStop(), true);
  await sess.close();
});

test('checkpoints and summaries are written, and the next session goes on from them', async () => {
  const before = tf.io.setFileSystem(new tf.io.MemoryFileSystem());
  const log = console.log;
  console.log = () => {};
  try {
    for (const lastStep of [4, 6]) {
      tf.resetDefaultGraph();
      const { w, loss, minimize } = parabola();
      const step = minimize();
      tf.summary.scalar('loss', loss);
      const final = new train.FinalOpsHook(w);
      const hooks = [new train.StopAtStepHook({ lastStep }), final];
      const options = { saveCheckpointSteps: 2, saveSummariesSteps: 1, logStepCountSteps: 2 };
      const sess = train.MonitoredTrainingSession({ checkpointDir: '/logs', hooks, ...options });
      await sess.enter(async () => {
        while (!sess.shouldStop()) await sess.run(step);
      });
      assert.is(await train.latestCheckpoint('/logs'), `/logs/model.ckpt-${lastStep}`);
      assert.ok(Math.abs(Number((final.finalOpsValues as tf.NdArray).item()) - after(lastStep)) < 1e-5);
    }
  } finally {
    console.log = log;
    await tf.summary.FileWriterCache.clear();
    tf.io.setFileSystem(before);
  }
});

test('a worker waits until the model is ready, and gives up in time', async () => {
  const { w, minimize } = parabola();
  minimize();
  const creator = new train.WorkerSessionCreator({ maxWaitSecs: 0.1, recoveryWaitSecs: 0.04 });
  const found = await failure(() => new train.MonitoredSession(creator).ready());
  assert.is(found.name, 'DeadlineExceededError');
  assert.match(found.message, /^Session was not ready after waiting/);
  tf.getDefaultGraph().unfinalize();
  const manager = new train.SessionManager({ readyOp: tf.reportUninitializedVariables() });
  const unready = await failure(() => manager.prepareSession('', { initOp: w.initializer }));
  assert.match(
    unready.message,
    /^Init operations did not make model ready\. {2}Init op: w\/Assign, init fn: None, local_init_op: None, error: Variables not initialized: global_step$/,
  );
  assert.match((await failure(() => manager.prepareSession(''))).message, /^Model is not initialized and no init_op/);
});

test('hooks are told what is wrong with their arguments in the words of TensorFlow', () => {
  const throws = (make: () => unknown, text: string) => assert.throws(make, (error: Error) => error.message === text);
  throws(() => new train.StopAtStepHook(), 'One of num_steps or last_step must be specified.');
  throws(() => new train.StopAtStepHook(1, 2), 'Only one of num_steps or last_step can be specified.');
  throws(() => new train.SecondOrStepTimer(), 'Either every_secs or every_steps should be provided.');
  throws(() => new train.SecondOrStepTimer(1, 2), 'Can not provide both every_secs and every_steps.');
  throws(() => new train.LoggingTensorHook([], { everyNIter: 0 }), 'invalid every_n_iter=0.');
  throws(() => new train.SummarySaverHook({ saveSteps: 1 }), 'Exactly one of scaffold or summary_op must be provided.');
  throws(
    () => new train.SessionManager({ readyForLocalInitOp: tf.constant(['a']) }),
    'If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op [Tensor("Const:0", shape=(1,), dtype=string)]',
  );
});

test('a loss that is no number ends the training, with an error or without', async () => {
  const nan = tf.constant(Number.NaN);
  const failing = new train.MonitoredSession({ hooks: [new train.NanTensorHook(nan)] });
  const found = await failure(() => failing.run(nan));
  assert.is(found.message, 'NaN loss during training.');
  assert.ok(found instanceof train.NanLossDuringTrainingError);
  await failing.close();
  const warn = console.warn;
  console.warn = () => {};
  const stopping = new train.MonitoredSession({ hooks: [new train.NanTensorHook(nan, { failOnNanLoss: false })] });
  await stopping.run(nan);
  console.warn = warn;
  assert.is(stopping.shouldStop(), true);
  await stopping.close();
});

test('replicas in step: the mean of the gradients of two is applied as one step', async () => {
  const w = new tf.Variable(0, { name: 'w', dtype: tf.float32 });
  const x = tf.placeholder(tf.float32, []);
  const globalStep = train.getOrCreateGlobalStep();
  const opt = new train.SyncReplicasOptimizer(new train.GradientDescentOptimizer(1), 2, { totalNumReplicas: 2 });
  // The gradient is x.
  const step = opt.minimize(w.mul(x), { globalStep });
  const sess = new train.MonitoredSession({ hooks: [opt.makeSessionRunHook(true)] });
  const state = async () => ((await sess.run([w, globalStep])) as tf.NdArray[]).map((value) => Number(value.item()));
  // The tokens that are there from the start let a second pair be computed before the first is applied: it is dropped.
  for (let i = 0; i < 50 && (await state())[1] < 3; i++) {
    await Promise.all([sess.run(step, { feedDict: [[x, 1]] }), sess.run(step, { feedDict: [[x, 3]] })]);
  }
  const [value, steps] = await state();
  assert.ok(steps >= 3);
  assert.is(value, -2 * steps);
  await sess.close();
  assert.throws(
    () => new train.SyncReplicasOptimizer(new train.GradientDescentOptimizer(1), 2).getChiefQueueRunner(),
    'Should be called after apply_gradients().',
  );
});

suite.run();
