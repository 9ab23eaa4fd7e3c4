/**
 * Cells of recurrent networks and the functions that run them against TensorFlow: names, ops, seeds, initial values, outputs,
 * states and gradients of every case of `goldens/rnn.json`. Errors are in `rnn-errors.test.ts`, training in
 * `rnn-programs.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, FORWARD, fromGolden, GRADIENT, type Tolerance } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { type BuiltCase, cells, golden, networks, step, tensorsOf, twice } from './rnn-cases.ts';

const test = suite('recurrent networks');
const check = leakChecked(test);

/** Reads of variables stand where the op that needs them is built; loops give what they carry, and nothing else. */
function comparable(ops: readonly (readonly [string, string])[]): string[] {
  return ops
    .filter(([name, type]) => type !== 'ReadVariableOp' && !/while\/Identity|Read\/Identity|cond\/Identity/.test(name))
    .filter(([name]) => !name.includes('maximum_iterations'))
    .map(([name, type]) => `${name} ${type}`)
    .sort();
}

interface Leeway {
  readonly withoutOps?: boolean;
  readonly withoutDraws?: boolean;
}

async function compare(title: string, expected: BuiltCase, body: () => unknown, leeway: Leeway = {}): Promise<void> {
  tf.resetDefaultGraph();
  tf.setRandomSeed(5);
  const graph = tf.getDefaultGraph();
  const result = tensorsOf(body());
  const ops = graph.getOperations().map(({ name, type }) => [name, type] as const);
  const variables = tf.globalVariables();
  assert.equal(
    variables.map(({ name }) => name),
    expected.variables,
    title,
  );
  assert.equal(
    result.map(({ shape }) => shape),
    expected.static,
    title,
  );
  if (!leeway.withoutOps) assert.equal(comparable(ops), comparable(expected.ops), title);
  const slopes = variables.length
    ? tf.gradients(tf.addN(result.filter(({ dtype }) => dtype === tf.float32).map((r) => tf.reduceSum(r))), variables)
    : [];
  for (const backend of ['wasm', 'cpu']) {
    using session = new tf.Session({ graph, config: { backend } });
    await session.run(tf.globalVariablesInitializer());
    const [values, weights, gradients] = (await session.run([
      result,
      variables,
      slopes.filter((g) => g !== null),
    ] as never)) as unknown as tf.NdArray[][];
    const agree = (what: string, own: tf.NdArray[], theirs: BuiltCase['values'], tolerance: Tolerance) =>
      own.forEach((value, i) => {
        const found = difference(value, fromGolden(theirs[i]), tolerance);
        assert.is(found, null, `${title}, ${what} ${i} on ${backend}: ${found}`);
      });
    agree('initial', weights, expected.initial, FORWARD);
    agree('value', values, expected.values, FORWARD);
    agree('gradient', gradients, expected.gradients, GRADIENT);
  }
}

for (const [name, make] of Object.entries(cells)) {
  check(`a step of: ${name}`, () => compare(name, golden.cells[name], () => step(make)));
}
for (const name of Object.keys(golden.twice)) {
  check(`two steps share the weights of: ${name}`, () => compare(name, golden.twice[name], () => twice(cells[name])));
}
for (const [name, body] of Object.entries(networks)) {
  check(`a network: ${name}`, () => compare(name, golden.networks[name], body));
}

test.run();
