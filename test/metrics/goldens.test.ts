/**
 * Every function of `tf.metrics` against TensorFlow: graphs, values over three batches on both backends, errors. Names of
 * several metrics in one graph are in `scopes.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';
import { build, camelCase, checkGraph, checkRuns, golden, type MetricCase } from './golden.ts';

const test = suite('metrics');
const checked = leakChecked(test);

/** What is known while the graph is built here, where TensorFlow's set ops hide the shape until the run. */
const EARLIER = new Set(['recall_at_k weights']);

function inGraph<R>(body: (graph: tf.Graph) => R): R {
  const graph = new tf.Graph();
  return graph.asDefault(() => body(graph));
}

async function checkBuildError(c: MetricCase): Promise<void> {
  const { class: type, message } = c.build_error as NonNullable<MetricCase['build_error']>;
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const error = await failure(() => build(c));
  assert.is(error.constructor, Reflect.get(tf, type));
  // From the node on, and from the printed tensor on, the wording follows the ops that are built. An unknown length is
  // written as TensorFlow 1 does.
  const known = message.split(/ for '\{\{node|values\.shape=/)[0].replace('None', '?');
  assert.ok(error.message.startsWith(known), `${error.message}, expected ${known}`);
  // Nothing but the placeholders is left.
  assert.is(graph.getOperations().length, Object.keys(c.feeds).length);
  assert.equal(tf.localVariables(), []);
}

for (const c of golden.cases) {
  if (c.build_error) {
    test(`${c.id} is refused`, () => checkBuildError(c));
    continue;
  }
  if (EARLIER.has(c.id)) {
    test(`${c.id} is refused early`, async () => {
      const error = await failure(() => inGraph(() => build(c)));
      assert.is(error.constructor, tf.ValueError);
      assert.ok(error.message.startsWith((c.steps[0].error as { message: string }).message));
    });
    continue;
  }
  test(`${c.id}: graph`, () => {
    inGraph((graph) => checkGraph(c, graph, build(c).metric));
  });
  for (const backend of ['wasm', 'cpu']) {
    checked(`${c.id} on ${backend}`, async () => {
      const graph = new tf.Graph();
      using _ = graph.asDefault();
      await checkRuns(c, build(c), backend);
    });
  }
}

test('every function has a case', () => {
  const covered = new Set(golden.cases.map((c) => camelCase(c.function.replace('metrics.', ''))));
  assert.equal(
    Object.keys(tf.metrics).filter((name) => !covered.has(name)),
    [],
  );
});

test.run();
