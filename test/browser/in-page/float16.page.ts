/** A device whose textures hold 16-bit floats, in a page: tfjs is told to take those. */
import * as tfjs from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgl';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../runtime/backends/index.ts';
import * as tf from '../../../src/index.ts';
import { failure } from '../../support/session.ts';

const test = suite('float16');

test('WebGL is refused where its numbers would lose digits, and wasm takes its place', async () => {
  tfjs.env().set('WEBGL_FORCE_F16_TEXTURES', true);
  tfjs.env().set('WEBGL_RENDER_FLOAT32_ENABLED', false);
  const error = await failure(() => startBackend('webgl'));
  assert.is(error.name, 'UnavailableError');
  assert.match(error.message, "The backend 'webgl' cannot be started here: its textures do not hold 32-bit floats.");
  const asked = new tf.Session({ config: { backend: 'webgl' } });
  assert.is((await failure(() => asked.ready())).name, 'UnavailableError');
  asked.close();
  using session = new tf.Session();
  await session.ready();
  assert.is(session.backend, 'wasm');
});

test.run();
