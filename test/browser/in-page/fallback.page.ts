/** Machines without WebGL, in a page that has none: wasm takes its place, and where its files are not served either, cpu. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultBackendName, startBackend } from '../../../runtime/backends/index.ts';
import * as tf from '../../../src/index.ts';
import { failure } from '../../support/session.ts';

const test = suite('fallback');

async function backendOfSession(): Promise<string> {
  const x = tf.placeholder(tf.float32, [2]);
  using session = new tf.Session();
  assert.equal((await session.run(tf.multiply(x, 2), { feedDict: [[x, [1, 2]]] })).array(), [2, 4]);
  return session.backend;
}

test('wasm files that are not found, and what to do about it', async () => {
  setWasmPaths('/nowhere/');
  const error = await failure(() => startBackend('wasm'));
  assert.is(error.name, 'UnavailableError');
  assert.match(error.message, "The backend 'wasm' cannot be started here");
  assert.match(error.message, 'setWasmPaths');
});

test('without WebGL and wasm files sessions run on cpu', async () => {
  assert.is(await backendOfSession(), 'cpu');
  assert.is(defaultBackendName(), 'cpu');
});

test('a backend that is asked for is not replaced', async () => {
  const error = await failure(() => startBackend('webgl'));
  assert.is(error.name, 'UnavailableError');
  assert.match(error.message, 'no WebGL 2');
});

test.run();
