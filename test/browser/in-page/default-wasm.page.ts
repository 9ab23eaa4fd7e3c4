/** The backend where the page has no WebGL, but the files of wasm are served. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultBackendName } from '../../../runtime/backends/index.ts';
import * as tf from '../../../src/index.ts';

const test = suite('default');

test('without WebGL sessions run on wasm', async () => {
  const x = tf.placeholder(tf.float32, [2]);
  using session = new tf.Session();
  assert.equal((await session.run(tf.multiply(x, 2), { feedDict: [[x, [1, 2]]] })).array(), [2, 4]);
  assert.is(session.backend, 'wasm');
  assert.is(defaultBackendName(), 'wasm');
});

test.run();
