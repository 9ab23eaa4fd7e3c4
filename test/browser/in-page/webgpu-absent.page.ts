/** The backend where the program imports tfjs's package, in a browser without WebGPU. */
import { engine } from '@tensorflow/tfjs-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../../src/index.ts';

const test = suite('webgpu, absent');

Object.defineProperty(navigator, 'gpu', { value: undefined, configurable: true });
await import('@tensorflow/tfjs-backend-webgpu');

test('sessions run on webgl', async () => {
  assert.not(engine().backendNames().includes('webgpu'));
  using session = new tf.Session();
  await session.ready();
  assert.is(session.backend, 'webgl');
});

test.run();
