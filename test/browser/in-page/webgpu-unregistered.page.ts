/** The backend where the browser has WebGPU, but the program has not registered it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../runtime/backends/index.ts';
import * as tf from '../../../src/index.ts';
import { failure } from '../../support/session.ts';

const test = suite('webgpu, not registered');

test('sessions run on webgl', async () => {
  using session = new tf.Session();
  await session.ready();
  assert.is(session.backend, 'webgl');
});

test('the name alone does not register it', async () => {
  const error = await failure(() => startBackend('webgpu'));
  assert.is(error.name, 'NotFoundError');
  assert.match(error.message, "No backend 'webgpu' is registered with TensorFlow.js");
});

test.run();
