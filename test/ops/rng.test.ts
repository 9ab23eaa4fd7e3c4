/**
 * Every case of `goldens/rng.json` in sessions, on each backend: run after run, and again in a fresh session. What the ops
 * do beside their streams is `random.test.ts`'s and `random-draws.test.ts`'s business.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { Graph } from '../../src/graph/graph.ts';
import type * as tf from '../../src/index.ts';
import { expectClose, rngOutputs, type Stateless, toleranceOf } from '../runners/rng-outputs.ts';
import { leakChecked } from '../support/leaks.ts';
import { cases, checkNodes } from '../support/rng-cases.ts';

const test = suite('ops/rng');
const checked = leakChecked(test);

const groups = [...new Set(cases.map((c) => c.group))];

test('there are 296 cases', () => {
  assert.is(cases.length, 296);
});

for (const backend of ['cpu', 'wasm']) {
  for (const group of groups) {
    checked(`${group} on ${backend}: run after run, and again in a fresh session`, async () => {
      for (const c of cases.filter((other) => other.group === group)) {
        const graph = new Graph();
        const built = graph.asDefault(() => {
          graph.seed = c.graph_seed ?? null;
          return rngOutputs(c, c.op_seed ?? null);
        });
        assert.ok(built, `case ${c.id} is not built`);
        checkNodes(c, built[0]);
        const runs = c.runs ?? [0, 1].map(() => (c as Stateless).values);
        for (const count of [runs.length, 1]) {
          using sess = new Session({ graph, config: { backend } });
          for (let i = 0; i < count; i++) {
            const values = (await sess.run([...built])) as tf.NdArray[];
            assert.is(values.length, runs[i].length);
            values.forEach((value, k) => {
              expectClose(value, runs[i][k], toleranceOf(c), `case ${c.id}, run ${i}, output ${k}`);
            });
          }
        }
      }
    });
  }
}

test.run();
