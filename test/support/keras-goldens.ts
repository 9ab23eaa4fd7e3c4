/**
 * The records of `test/goldens/scopes.json` as this project observes them: the standard state, the three operations, and a
 * function for each text of `observe`. Which records are to agree is said by `goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { getDefaultSession } from '../../runtime/default-session.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { registerGradient } from '../../src/autodiff/registry.ts';
import { getDefaultGraph, resetDefaultGraph, setRandomSeed } from '../../src/graph/default-graph.ts';
import { type Graph, Tensor } from '../../src/graph/graph.ts';
import * as keras from '../../src/keras/index.ts';
import { getCustomObjects } from '../../src/keras/serialization.ts';
import { add, constant, identity, multiply, placeholder } from '../../src/ops/index.ts';
import { randomUniform } from '../../src/ops/random.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { getVariable, globalVariables, variableScope, zerosInitializer } from '../../src/variables/index.ts';
import { Variable } from '../../src/variables/variable.ts';
import { nextDense } from './keras.ts';
import { type Resources, resources, useResources } from './keras-resources.ts';

export interface ScopeRecord {
  readonly area: string;
  readonly given: string;
  readonly do: readonly string[];
  /** The operations in their order, such as `AC`; none of the records on contexts has it. */
  readonly key?: string;
  readonly observe: string;
  readonly expect: unknown;
}

const file = new URL('../goldens/scopes.json', import.meta.url);
export const scopeRecords = (JSON.parse(readFileSync(file, 'utf8')) as { cases: ScopeRecord[] }).cases;

const K = keras.backend;

/** The standard state of the records. */
export interface Standard {
  readonly graph: Graph;
  readonly c: Tensor;
  readonly v: Variable;
  readonly r: Variable;
  readonly drawn: Tensor;
  /** What the stream gives from its start. */
  readonly stream: readonly number[];
  readonly ph: Tensor;
  readonly twice: Tensor;
  readonly resources: Resources;
  readonly session: Session;
  readonly other: Session;
  readonly kv: Variable;
  readonly keras: Session;
}

const STREAM = [0.46037483, 0.5189736, 0.74075186].map(Math.fround);
const Custom = () => null;

registerGradient('scopes/goldens', (_op, grad) => multiply(grad as Tensor, 6));

export async function standardState(): Promise<Standard> {
  setRandomSeed(7);
  const graph = getDefaultGraph();
  for (const name of ['dense', 'dense_1']) if (nextDense(keras) !== name) throw new Error(`no ${name}`);
  keras.Input({ shape: [2] });
  const c = constant(3, { name: 'c' });
  const v = new Variable(2, { name: 'v', dtype: float32 });
  const r = new Variable(6, { name: 'r', dtype: float32 });
  const w = variableScope('sc', () => getVariable('w', [1], { initializer: zerosInitializer() }));
  const drawn = randomUniform([], { seed: 1 });
  for (const item of ['x', 2]) graph.addToCollection('my', item);
  const ph = placeholder(float32, [], { name: 'ph' });
  const twice = ph.mul(2);
  const held = resources(graph);
  const set = v.assign(5);
  const session = new Session();
  await session.run([v.initializer, r.initializer, w.initializer]);
  await session.run(set.op);
  await session.run(drawn);
  await useResources(held, session);
  const other = new Session();
  await other.run(v.initializer);
  const kv = K.variable(4, { name: 'kv' });
  const state = { graph, c, v, r, drawn, stream: STREAM, ph, twice, resources: held, session, other, kv };
  await K.getValue(kv);
  const own = K.getSession() as Session;
  K.setLearningPhase(1);
  K.setFloatx('float64');
  K.setEpsilon(1e-3);
  K.setImageDataFormat('channels_first');
  getCustomObjects().set('Custom', Custom);
  return { ...state, keras: own };
}

/** Closes what `standardState` opened and forgets what it set; `restoreKeras` does the rest. */
export function endStandard({ session, other }: Standard): void {
  session.close();
  other.close();
  getCustomObjects().delete('Custom');
}

/** A, B and C of the records. */
export function operate(operation: string, { session }: Pick<Standard, 'session'>): void {
  if (operation === 'A' || operation === 'resetDefaultGraph') resetDefaultGraph();
  else if (operation === 'B' || operation.startsWith('Session.close')) session.close();
  else K.clearSession();
}

/** A value as the records write it: arrays with type and shape, errors with class and message. */
export async function recorded(observe: () => unknown): Promise<unknown> {
  try {
    return written(await observe());
  } catch (error) {
    const { name, message } = error as Error;
    return { error: { class: name, message } };
  }
}

function plainNumber(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function written(value: unknown): unknown {
  if (value instanceof NdArray)
    return {
      dtype: value.dtype.name,
      shape: value.shape,
      data: Array.from(value.data as Iterable<unknown>, plainNumber),
    };
  if (value instanceof Tensor) return { tensor: value.name, op: value.op.type };
  if (Array.isArray(value)) return value.map(written);
  return value ?? null;
}

/** What messages say of Python's objects and of the runtime's insides. */
const DETAILS = [
  /\n\t \[\[\{\{node .*$/s,
  / Originally defined at:$/,
  / Debug info: .*$/s,
  / \(graphs are .*\)/,
  /\.$/,
];

/** A record's value without details of errors, status codes and nodes. */
export function comparable(value: unknown): unknown {
  const error = (value as { readonly error?: { readonly class: string; readonly message: string } } | null)?.error;
  if (!error) return value;
  const message = DETAILS.reduce((text, detail) => text.replace(detail, ''), error.message);
  return { error: { class: error.class, message } };
}

/** Whether the stream of the session is where it began (0), or one number later (1). */
async function position({ drawn, stream }: Standard, session: Session): Promise<number> {
  return stream.indexOf((await session.run(drawn)).item() as number);
}

function newSession<R>(graph: Graph, body: (session: Session) => Promise<R>): Promise<R> {
  const session = new Session({ graph });
  return body(session).finally(() => session.close());
}

const isNew = (s: Standard) => getDefaultGraph() !== s.graph;

/** What each text of `observe` asks, for records with a key. */
export const observations: Readonly<Record<string, (s: Standard) => unknown>> = {
  'is the default graph the old one': (s) => !isNew(s),
  'number of operations in the default graph': (s) => (isNew(s) ? getDefaultGraph().size : 'old graph'),
  'operation names of the default graph, if it is a new one': (s) =>
    isNew(s)
      ? getDefaultGraph()
          .getOperations()
          .map((op) => op.name)
      : 'old graph',
  'is the new default graph open to new operations': () => constant(1, { name: 'late' }).name,
  'default session': () => getDefaultSession(),
  'name of the next constant made with the name already used once': () => constant(1, { name: 'c' }).op.name,
  'name of the next constant of that name in the old graph, re-entered': (s) =>
    s.graph.asDefault(() => constant(1, { name: 'c' }).op.name),
  'collection my of the default graph': () => getDefaultGraph().getCollection('my'),
  'collection my of the old graph': (s) => s.graph.getCollection('my'),
  'names of the global variables of the default graph': () => globalVariables().map((v) => (v as Variable).name),
  'get_variable sc/w again without reuse': () => variableScope('sc', () => getVariable('w', [1]).name),
  'get_variable sc/w again with reuse=True': () =>
    variableScope('sc', { reuse: true }, () => getVariable('w', [1]).name),
  'graph-level seed of the default graph': () => getDefaultGraph().seed,
  'the user session runs the old constant': (s) => s.session.run(s.c),
  'the user session reads the old ref variable': (s) => s.session.run(s.v),
  'the user session reads the old resource variable': (s) => s.session.run(s.r),
  'the user session runs by name': (s) => s.session.run('c:0'),
  'the user session feeds an old placeholder': (s) => s.session.run(s.twice, [[s.ph, 4]]),
  'the user session dequeues the element put in before': (s) => s.session.run(s.resources.dequeue),
  'the user session looks up its table': (s) => s.session.run(s.resources.lookup),
  'a dataset iterator in the user session gives its second element': (s) => s.session.run(s.resources.next),
  'the same iterator in a new session on the old graph': (s) =>
    newSession(s.graph, (fresh) => fresh.run(s.resources.next)),
  'another session on the same graph reads the variable it initialised': (s) => s.other.run(s.v),
  'a new session on the old graph reads the old variable': (s) => newSession(s.graph, (fresh) => fresh.run(s.v)),
  'session.graph is the old graph': (s) => s.session.graph === s.graph,
  'second close of the user session': (s) => {
    s.session.close();
    s.session.close();
    return null;
  },
  'user session runs an empty fetch list': (s) => s.session.run([]),
  'new session on the default graph runs an empty fetch list': () =>
    newSession(getDefaultGraph(), (fresh) => fresh.run([])),
  'user session runs a constant made now in the default graph': (s) => s.session.run(constant(1)),
  'a new session on the default graph runs the old constant': (s) =>
    newSession(getDefaultGraph(), (fresh) => fresh.run(s.c)),
  'a new session on the default graph is fed at the old placeholder': (s) => {
    const one = isNew(s) ? constant(1) : s.ph;
    return newSession(getDefaultGraph(), (fresh) => fresh.run(one, [[s.ph, 1]]));
  },
  'tensor.eval() with no default session': (s) => s.c.eval(),
  'tensor.eval(session=user session)': (s) => s.c.eval(undefined, s.session),
  'with user session entered: default session is it and default graph is the old graph': (s) => {
    using _ = s.session.enter();
    return [getDefaultSession() === s.session, getDefaultGraph() === s.graph];
  },
  'op-seeded stream in the user session: 0 = restarted, 1 = continues': (s) => position(s, s.session),
  'op-seeded stream in a new session on the old graph: 0 = restarted': (s) =>
    newSession(s.graph, (fresh) => position(s, fresh)),
  'graph of an op built now from an old tensor is the old graph': (s) => add(s.c, 1).graph === s.graph,
  'add of an old tensor and a tensor made now': (s) => {
    add(s.c, constant(1));
    return true;
  },
  'get_session() is the Keras session of before': (s) => K.getSession() === s.keras,
  'that Keras session is closed': (s) => s.keras.closed,
  'graph of get_session() is the default graph': () => K.getSession().graph === getDefaultGraph(),
  'get_value of the Keras variable made before': (s) => K.getValue(s.kv),
  'name of the next automatic layer': () => nextDense(keras),
  'name of the next automatic layer in the old graph, re-entered': (s) => s.graph.asDefault(() => nextDense(keras)),
  'name of the next Input': () => keras.Input({ shape: [2] }).op.name,
  "get_uid('input')": () => K.getUid('input'),
  'learning_phase() in the default graph': () => K.learningPhase(),
  'learning_phase() in the old graph, re-entered': (s) => s.graph.asDefault(() => K.learningPhase()),
  'floatx, epsilon, image_data_format': () => [K.floatx(), K.epsilon(), K.imageDataFormat()],
  'custom objects still registered': () => getCustomObjects().get('Custom') === Custom,
  'gradient registry still works in the default graph': () => {
    const x = constant(2);
    const y = getDefaultGraph().gradientOverrideMap({ Identity: 'scopes/goldens' }, () => identity(x));
    return newSession(getDefaultGraph(), (fresh) => fresh.run(gradients(y, x)[0] as Tensor));
  },
  'manual_variable_initialization flag (was set to True)': () => {
    const v = K.variable(1);
    return !(K.getSession() as Session).hasValue(v);
  },
  'per-variable initialised flag of the Keras variable': (s) => s.keras.hasValue(s.kv),
  'get_value of the old Keras variable after manual_variable_initialization(False) and set_session(a new session on the old graph): the flag is stale':
    (s) => {
      K.manualVariableInitialization(false);
      return newSession(s.graph, (fresh) => {
        K.setSession(fresh);
        return K.getValue(s.kv).finally(() => K.setSession(null));
      });
    },
  'reset_uids alone, then the next automatic layer and the next constant of the used name': () => {
    K.resetUids();
    return [nextDense(keras), constant(1, { name: 'c' }).op.name];
  },
};

/** The observations before which manual initialisation is switched on. */
export const MANUAL = /manual_variable_initialization|initialised flag|reset_uids/;

export function switchManual(): void {
  K.manualVariableInitialization(true);
}
