/** Programs of real TensorFlow on reference variables, loaded from their graph files and run step by step. */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

interface Step {
  readonly kind: string;
  readonly session: number;
  readonly fetches: readonly string[];
  readonly targets: readonly string[];
  readonly feeds: Readonly<Record<string, GoldenArray>>;
  readonly outputs?: readonly (GoldenArray | null)[];
  readonly error?: { readonly class: string; readonly message: string; readonly node?: string };
}

const folder = new URL('../goldens/programs/', import.meta.url);
const optimizers = [
  'adadelta',
  'adagrad',
  'adam',
  'ftrl',
  'momentum',
  'nesterov',
  'proximal_adagrad',
  'proximal_sgd',
  'rmsprop',
  'rmsprop_centered',
  'sgd',
];
const names = [
  ...['control_order', 'embedding', 'feeding', 'mandelbrot', 'random_init', 'two_optimizers', 'two_sessions'].map(
    (name) => `${name}_ref`,
  ),
  ...optimizers.map((name) => `train_${name}_ref`),
  'state_ops',
  'train_adagrad_da',
];

const test = leakChecked(suite);

async function runProgram(name: string, backend: string): Promise<void> {
  const graphDef = tf.GraphDef.fromBinary(readFileSync(new URL(`${name}.pb`, folder)));
  const { steps } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as { steps: Step[] };
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(graphDef, { name: '' }));
  const sessions = new Map<number, tf.Session>();
  for (const [i, { kind, session, fetches, targets, feeds, outputs, error }] of steps.entries()) {
    const sess = sessions.get(session) ?? new tf.Session({ graph, config: { backend } });
    sessions.set(session, sess);
    if (kind === 'close') sess.close();
    if (kind !== 'run') continue;
    const feedDict = Object.entries(feeds).map(([key, value]) => [key, fromGolden(value)] as const);
    const run = () => sess.run([...fetches, ...targets], { feedDict });
    if (error) {
      const found = await failure(run);
      assert.is(found.name, error.class, `step ${i}`);
      assert.ok(found.message.startsWith(error.message), `step ${i}: ${found.message}`);
      if (error.node) assert.is((found.op as { name: string }).name, error.node);
      continue;
    }
    const values = await run();
    for (const [k, expected] of (outputs ?? []).entries()) {
      if (!expected) continue;
      const problem = difference(values[k] as tf.NdArray, fromGolden(expected), GRADIENT);
      assert.is(problem, null, `step ${i}, ${fetches[k]}`);
    }
  }
  for (const sess of sessions.values()) sess.close();
}

for (const name of names) {
  for (const backend of ['wasm', 'cpu']) test(`${name} (${backend})`, () => runProgram(name, backend));
}

suite.run();
