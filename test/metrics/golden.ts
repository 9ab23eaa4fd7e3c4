/**
 * Runs the cases of `test/goldens/metrics.json`: each builds a metric on placeholders and feeds it three batches. Which
 * cases there are, and on what backends they run, is left to the tests.
 */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { failure } from '../support/session.ts';

interface GoldenError {
  readonly class: string;
  readonly message: string;
}

export interface MetricCase {
  readonly id: string;
  readonly function: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly feeds: Readonly<
    Record<
      string,
      { readonly dtype: tf.DTypeLike; readonly shape: number[] | null; readonly steps: readonly GoldenArray[] }
    >
  >;
  readonly build_error?: GoldenError;
  readonly value: string;
  readonly update: string;
  readonly dtype: string;
  readonly static_shapes: readonly (readonly (number | null)[] | null)[];
  readonly variables: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  readonly collections?: Readonly<Record<string, readonly string[]>>;
  readonly nodes?: readonly string[];
  readonly initial: GoldenArray;
  readonly steps: readonly {
    readonly error?: GoldenError;
    readonly update: GoldenArray;
    readonly value: GoldenArray;
    readonly variables: readonly GoldenArray[];
  }[];
}

export interface ConfusionCase {
  readonly id: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly build_error?: GoldenError;
  readonly name: string;
  readonly static_shape: readonly number[];
  readonly nodes: readonly string[];
  readonly result: GoldenArray;
}

export const golden: {
  readonly cases: readonly MetricCase[];
  readonly confusion_matrix: readonly ConfusionCase[];
  readonly twice: { readonly names: readonly (readonly string[])[]; readonly variables: readonly string[] };
} = JSON.parse(readFileSync(new URL('../goldens/metrics.json', import.meta.url), 'utf8'));

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

type Built = readonly [value: tf.Tensor, updateOp: tf.Tensor | tf.AssignedVariable];

/** Calls the case's function: positional arguments, then an options object where it has keyword arguments. */
export function call(
  c: { readonly args: readonly unknown[]; readonly kwargs: Readonly<Record<string, unknown>> },
  f: (...args: unknown[]) => unknown,
  value: (argument: unknown) => unknown,
): unknown {
  const options = Object.entries(c.kwargs).map(([name, argument]) => [camelCase(name), value(argument)]);
  return f(...c.args.map(value), ...(options.length > 0 ? [Object.fromEntries(options)] : []));
}

export function build(c: MetricCase): { readonly placeholders: Map<string, tf.Tensor>; readonly metric: Built } {
  const placeholders = new Map(
    Object.entries(c.feeds).map(([name, feed]) => [name, tf.placeholder(feed.dtype, feed.shape, { name })]),
  );
  const value = (argument: unknown) => {
    const name = (argument as { readonly feed?: string } | null)?.feed;
    return name === undefined ? argument : placeholders.get(name);
  };
  const f = Reflect.get(tf.metrics, camelCase(c.function.replace('metrics.', '')));
  return { placeholders, metric: call(c, f, value) as Built };
}

/** The ops of the graph as goldens write them. */
export function nodesOf(graph: tf.Graph): string[] {
  return graph
    .getOperations()
    .filter((op) => !op.name.includes('/assert_') && !op.name.startsWith('assert_'))
    .map((op) => `${op.name} ${op.type}`);
}

export function same(actual: unknown, expected: GoldenArray, what: string): void {
  const wrong = difference(actual as tf.NdArray, fromGolden(expected));
  assert.is(wrong, null, `${what}: ${wrong}`);
}

/** Names, shapes, collections and ops as in TensorFlow. */
export function checkGraph(c: MetricCase, graph: tf.Graph, [value, update]: Built): void {
  assert.is(value.op.name, c.value);
  assert.is(update.op.name, c.update);
  assert.is(value.dtype.name, c.dtype);
  [value, update].forEach((t, i) => {
    const expected = c.static_shapes[i];
    // What is computed here without set ops and conditionals may be known better.
    if (expected !== null) assert.equal(t.shape, expected);
  });
  const variables = tf.getCollection(tf.GraphKeys.LOCAL_VARIABLES) as tf.Variable[];
  assert.equal(tf.getCollection(tf.GraphKeys.METRIC_VARIABLES), variables);
  assert.equal(tf.globalVariables(), []);
  assert.equal(tf.trainableVariables(), []);
  assert.equal(
    variables.map((v) => ({ name: v.name, dtype: v.dtype.name, shape: v.shape })),
    c.variables,
  );
  for (const [key, items] of Object.entries(c.collections ?? {})) {
    assert.equal(
      tf.getCollection(key).map((item) => (item as tf.Tensor).op.name),
      items,
    );
  }
  if (c.nodes) assert.equal(nodesOf(graph).sort(), [...c.nodes].sort());
}

/** Three batches in a session, compared with what TensorFlow gave. */
export async function checkRuns(c: MetricCase, built: ReturnType<typeof build>, backend: string): Promise<void> {
  const [value, update] = built.metric;
  const variables = tf.localVariables();
  const initializer = tf.localVariablesInitializer();
  using sess = new tf.Session({ config: new tf.ConfigProto({ backend }) });
  const unset = await failure(() => sess.run(value));
  assert.is(unset.constructor, tf.errors.FailedPreconditionError);
  await sess.run(initializer);
  same(await sess.run(value), c.initial, 'initial value');
  for (const [i, step] of c.steps.entries()) {
    const feedDict = new Map(
      Object.entries(c.feeds).map(([name, feed]) => [
        built.placeholders.get(name) as tf.Tensor,
        fromGolden(feed.steps[i]),
      ]),
    );
    if (step.error) {
      const error = await failure(() => sess.run(update, { feedDict }));
      assert.is(error.constructor.name, step.error.class);
      // Scatters word the rest, after the place of the index, in their own way.
      assert.ok(error.message.includes(step.error.message.split(' = ')[0]), error.message);
      continue;
    }
    same(await sess.run(update, { feedDict }), step.update, `update ${i}`);
    same(await sess.run(value), step.value, `value ${i}`);
    const values = await sess.run(variables);
    for (const [k, v] of values.entries()) same(v, step.variables[k], `variable ${variables[k].name} ${i}`);
  }
  await sess.run(initializer);
  same(await sess.run(value), c.initial, 'value after the initializer');
}
