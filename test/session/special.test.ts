/**
 * Gradients through complex numbers and Fourier transforms, by sessions on wasm and cpu, against real TensorFlow. Ops one by
 * one are run by `goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, FORWARD, fromGolden } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { buildChain, chainGradients, special } from '../support/special.ts';

for (const backend of ['wasm', 'cpu']) {
  const tests = suite(`session/special/${backend}`);
  const test = leakChecked(tests);
  special.chains.forEach((chain, i) => {
    for (const dtype of [tf.float32, tf.float64]) {
      test(`chain ${i}, ${chain.name} of ${dtype.name}`, async () => {
        const graph = new tf.Graph();
        const arrays = chain.inputs.map((array) => fromGolden({ ...array, dtype: dtype.name }));
        const [xs, y, grads] = graph.asDefault(() => {
          const inputs = arrays.map((array) => tf.placeholder(array.dtype, array.shape));
          const output = buildChain(chain, inputs);
          const weights = tf.constant(fromGolden({ ...chain.weights, dtype: dtype.name }));
          return [inputs, output, chainGradients(chain, output, inputs, weights)];
        });
        const session = new tf.Session({ graph, config: { backend } });
        try {
          const feedDict = new Map(xs.map((x, k) => [x, arrays[k]]));
          const values = (await session.run([y, ...grads], { feedDict })) as tf.NdArray[];
          [chain.y, ...chain.grads].forEach((expected, k) => {
            const wanted = fromGolden({ ...expected, dtype: dtype.name });
            assert.is(difference(values[k], wanted, { ...FORWARD, absolute: 1e-5 }), null, `value ${k}`);
          });
        } finally {
          session.close();
        }
      });
    }
  });
  tests.run();
}
