/** The backend where the program has registered WebGPU, and the browser has no adapter. */
import { engine } from '@tensorflow/tfjs-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../runtime/backends/index.ts';
import * as tf from '../../../src/index.ts';
import { failure } from '../../support/session.ts';

const test = suite('webgpu, no adapter');

const gpu = { requestAdapter: async () => null };
Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
await import('@tensorflow/tfjs-backend-webgpu');

test('sessions run on webgl', async () => {
  assert.ok(engine().backendNames().includes('webgpu'));
  const x = tf.placeholder(tf.float32, [2]);
  using session = new tf.Session();
  assert.equal((await session.run(tf.multiply(x, 2), { feedDict: [[x, [1, 2]]] })).array(), [2, 4]);
  assert.is(session.backend, 'webgl');
});

test('a backend that is asked for is not replaced', async () => {
  for (const value of [gpu, undefined]) {
    Object.defineProperty(navigator, 'gpu', { value, configurable: true });
    const error = await failure(() => startBackend('webgpu'));
    assert.is(error.name, 'UnavailableError');
    assert.is(error.message, "The backend 'webgpu' cannot be started here: the browser gives no adapter.");
  }
});

test.run();
