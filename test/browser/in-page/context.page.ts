/** Losing the WebGL context, in a page of its own: the extension does what a driver does that is started anew. */
import * as tfjs from '@tensorflow/tfjs-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../../runtime/backends/index.ts';
import type { WebglNative } from '../../../runtime/backends/webgl-native.ts';
import * as tf from '../../../src/index.ts';
import { failure } from '../../support/session.ts';

const test = suite('context');

const context = () => (readyBackend('webgl') as { native: unknown } as { native: WebglNative }).native.gpgpu.gl;
const turns = () => new Promise((resolve) => setTimeout(resolve, 50));

async function isLostError(call: () => unknown): Promise<void> {
  const error = await failure(call);
  assert.is(error.name, 'UnavailableError');
  assert.match(error.message, /WebGL context was lost/);
}

for (const [when, wait] of [
  ['at once', async () => {}],
  ['later', turns],
] as const) {
  for (const restored of [false, true]) {
    test(`a session whose context is lost says so ${when}${restored ? ', also when it is restored' : ''}`, async () => {
      tf.resetDefaultGraph();
      const v = new tf.Variable(filled(300));
      const x = tf.placeholder(tf.float32, [300]);
      const y = tf.reduceSum(tf.multiply(tf.exp(v), x));
      const step = v.assignAdd(x);
      const session = new tf.Session();
      await session.run(v.initializer);
      const feedDict: [tf.Tensor, tf.NdArray][] = [[x, filled(300)]];
      const before = Number(await session.run(y, { feedDict }));
      assert.is(session.backend, 'webgl');

      const lose = context().getExtension('WEBGL_lose_context') as WEBGL_lose_context;
      lose.loseContext();
      await wait();
      if (restored) {
        await turns();
        lose.restoreContext();
        await turns();
      }
      await isLostError(() => session.run(y, { feedDict }));
      await isLostError(() => session.run(step.op, { feedDict }));
      await isLostError(() => session.runSync(y, { feedDict }));
      session.close();

      using next = new tf.Session();
      await next.run(v.initializer);
      assert.is(next.backend, 'webgl');
      assert.is(Number(await next.run(y, { feedDict })), before);
      await next.run(step.op, { feedDict });
      assert.is((await next.run(v)).at(1), 2 * Number(filled(300).at(1)));
      // tfjs goes on with the new one, too.
      assert.equal(tfjs.add([1, 2], 1).arraySync(), [2, 3]);
    });
  }
}

test('a context that is lost in the middle of a run', async () => {
  tf.resetDefaultGraph();
  const v = new tf.Variable(filled(300));
  const lose = (x: tf.NdArray) => {
    (context().getExtension('WEBGL_lose_context') as WEBGL_lose_context).loseContext();
    return x;
  };
  const y = tf.exp(tf.reshape(tf.pyFunc(lose, [tf.exp(v)], tf.float32) as tf.Tensor, [300]));
  using session = new tf.Session();
  await session.run(v.initializer);
  await isLostError(() => session.run(y));
  using next = new tf.Session();
  await next.run(v.initializer);
  assert.is((await next.run(tf.exp(v))).size, 300);
});

function filled(length: number): tf.NdArray {
  return new tf.NdArray(
    tf.float32,
    [length],
    Float32Array.from({ length }, (_, i) => Math.sin(i)),
  );
}

test.run();
