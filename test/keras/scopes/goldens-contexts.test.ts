/**
 * The records of real TensorFlow on the three resets in other circumstances: inside of contexts, while a run waits, with a
 * session handed over, on a finalized graph, with models. As `goldens.test.ts` does it for the standard state.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InteractiveSession } from '../../../runtime/interactive-session.ts';
import { controlDependencies, device, getDefaultGraph, nameScope } from '../../../src/graph/default-graph.ts';
import { Graph } from '../../../src/graph/graph.ts';
import * as keras from '../../../src/keras/index.ts';
import { constant } from '../../../src/ops/index.ts';
import { variableScope } from '../../../src/variables/index.ts';
import { nextDense, restoreKeras } from '../../support/keras.ts';
import {
  comparable,
  endStandard,
  operate,
  recorded,
  type ScopeRecord,
  type Standard,
  scopeRecords,
  standardState,
} from '../../support/keras-goldens.ts';
import { leakChecked } from '../../support/leaks.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

const K = keras.backend;
const records = scopeRecords.filter((record) => record.key === undefined);

/** Opens the context; what it gives back leaves it. */
const inside: Readonly<Record<string, (s: Standard) => Disposable>> = {
  'with graph.as_default() of another graph': () => new Graph().asDefault(),
  'with graph.as_default() of the old graph': (s) => s.graph.asDefault(),
  'with session (user session)': (s) => s.session.enter(),
  'with session.as_default()': (s) => s.session.asDefault(),
  variable_scope: () => variableScope('vs'),
  name_scope: () => nameScope('ns'),
  device: () => device('/cpu:0'),
  control_dependencies: (s) => controlDependencies([s.c]),
  'InteractiveSession()': () => interactive(new InteractiveSession()),
  'InteractiveSession(graph=another)': () => interactive(new InteractiveSession({ graph: new Graph() })),
};

function interactive(session: InteractiveSession): Disposable {
  return { [Symbol.dispose]: () => void session.close() };
}

async function insideOf(s: Standard, open: (s: Standard) => Disposable, operation: string): Promise<unknown> {
  const scope = open(s);
  let result: unknown = await recorded(() => operate(operation, s));
  if (result === null) {
    const { op } = constant(1, { name: 'inside' });
    const made = [op.name, op.device, op.controlInputs.map(({ name }) => name)];
    result = { 'no error; a constant named inside, made before leaving': made };
  }
  scope[Symbol.dispose]();
  const after = {
    'default graph is the old one': getDefaultGraph() === s.graph,
    'next automatic layer': nextDense(keras),
    'Keras session closed': s.keras.closed,
    'user session closed': s.session.closed,
    'get_session() is the Keras session of before': K.getSession() === s.keras,
  };
  return { result, after };
}

/** A run that waits until something is put into its queue. */
async function waiting(s: Standard, where: 'session' | 'keras', operation: string): Promise<unknown> {
  let ended = false;
  const { empty, put } = s.resources;
  const run = recorded(() => s[where].run(empty)).finally(() => {
    ended = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  operate(operation, s);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const before = ended;
  if (!ended) await s[where].run(put);
  return { ended: before, enqueue: before ? 'run had already ended' : 'enqueued', run: await run };
}

async function handedOver(s: Standard, operation: string): Promise<unknown> {
  K.setSession(s.session);
  operate(operation, s);
  const { session, c } = s;
  return [session.closed, K.getSession() === session, comparable(await recorded(() => session.run(c)))];
}

async function finalized(s: Standard, operation: string): Promise<unknown> {
  getDefaultGraph().finalize();
  return [
    await recorded(() => operate(operation, s)),
    comparable(await recorded(() => constant(1, { name: 'n' }).name)),
  ];
}

/** A model whose one weight matrix is all `value`, and what it predicts for [1, 1]. */
function sequential(value: number) {
  const { Dense } = keras.layers;
  const kernelInitializer = new keras.initializers.Constant(value);
  const model = new keras.Sequential([new Dense(1, { kernelInitializer, useBias: false, inputShape: [2] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const predict = async () => comparable(await recorded(() => model.predict([[1, 1]], { verbose: 0 })));
  return { model, predict };
}

async function predicting(operation: string): Promise<unknown> {
  const { model, predict } = sequential(1);
  const before = await predict();
  const session = K.getSession();
  operate(operation, { session: session as Standard['session'] });
  const after = [await predict(), comparable(await recorded(() => model.getWeights()))];
  return [before, ...after, nextDense(keras)];
}

async function twoModels(operation: string): Promise<unknown> {
  const first = sequential(1);
  await first.predict();
  operate(operation, { session: K.getSession() as Standard['session'] });
  const second = sequential(5);
  return [await second.predict(), await first.predict()];
}

async function observed({ given, do: [operation] }: ScopeRecord): Promise<unknown> {
  if (given.startsWith('a compiled Sequential')) return predicting(operation);
  if (given.startsWith('as before, and then a second model')) return twoModels(operation);
  const s = await standardState();
  try {
    const open = inside[given.replace(/^standard state, inside /, '')];
    if (open) return await insideOf(s, open, operation);
    if (given.includes('blocking')) return await waiting(s, given.includes('Keras') ? 'keras' : 'session', operation);
    return given.includes('set_session') ? await handedOver(s, operation) : await finalized(s, operation);
  } finally {
    endStandard(s);
  }
}

const lost = (cause: string, name = 'sequential') => ({
  error: {
    class: 'FailedPreconditionError',
    message: `The weights of '${name}' are gone: the session that held them ${cause}. Build the model again, give it weights (setWeights, loadWeights), or keep models apart with createKeras()`,
  },
});
const cleared = lost('was closed by clearSession()');
const stale = lost('was closed when Keras moved to another graph (resetDefaultGraph() or an entered graph)');
const ended = lost('was closed with Session.close()');
const array = (...data: readonly number[]) => ({ dtype: 'float32', shape: [data.length, 1], data });

/** Where this project differs on purpose: the number of the record among the 50, why, and what it gives. */
const DELIBERATE: ReadonlyMap<number, readonly [reason: string, own: unknown]> = new Map<number, [string, unknown]>([
  [
    40,
    [
      'A session that is closed is replaced.',
      [true, false, { error: { class: 'RuntimeError', message: 'Attempted to use a closed Session' } }],
    ],
  ],
  [
    41,
    [
      'A session that was handed over stays open: it belongs to its maker.',
      [false, false, { dtype: 'float32', shape: [], data: [3] }],
    ],
  ],
  [45, ['The model still works, in its own open session.', [array(2), array(2), [{ ...array(1, 1) }], 'dense']]],
  [46, ['The error says which operation took the weights.', [array(2), ended, ended, 'dense_1']]],
  [47, ['The error says which operation took the weights.', [array(2), cleared, cleared, 'dense']]],
  [48, ['A model never answers with the weights of another of its name.', [array(10), stale]]],
  [49, ['A model never answers with the weights of another of its name.', [array(10), cleared]]],
]);

/** What JavaScript has not: threads. */
const NOT_YET = /second thread/;

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if ('error' in value) return comparable(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

records.forEach((record, i) => {
  if (NOT_YET.test(record.given)) return;
  const difference = DELIBERATE.get(i);
  const what = `${record.given}; ${record.do[0]}${difference ? ' (differs on purpose)' : ''}`;
  test(`record ${i}: ${what}`, async () => {
    const [value, expected] = [plain(await observed(record)), plain(record.expect)];
    if (!difference) return assert.equal(value, expected);
    assert.equal(value, difference[1], difference[0]);
    assert.not.equal(value, expected, 'the record agrees: it is not to be in DELIBERATE');
  });
});

suite('there are 50 records on contexts, of which three are about threads', () => {
  assert.equal([records.length, records.filter(({ given }) => NOT_YET.test(given)).length], [50, 3]);
});

suite.run();
