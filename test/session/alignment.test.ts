/** Where buffers of the wasm backend lie. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../runtime/backends/index.ts';
import * as tf from '../../src/index.ts';

const test = suite('session/alignment');

test('large buffers begin with a line of the cache, whoever makes them', async () => {
  const backend = await startBackend('wasm');
  // Only backends that take generated kernels tell addresses.
  assert.ok(backend.generate);
  const sizes = [300, 1000, 4097, 100_352];
  const values = sizes.flatMap((size) => [
    backend.allocate?.([size], tf.float32),
    backend.write(new tf.NdArray(tf.float32, [size], new Float32Array(size))),
  ]) as NonNullable<ReturnType<NonNullable<typeof backend.allocate>>>[];
  for (const { dataId } of values) assert.is((backend.addressOf?.(dataId) as number) % 64, 0);
  for (const { dataId } of values) backend.dispose(dataId);
});

test('what is given back is used again', async () => {
  const backend = await startBackend('wasm');
  const { memory } = (backend.native as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm;
  const make = () => backend.allocate?.([250_000], tf.float32) as { dataId: object };
  backend.dispose(make().dataId);
  const before = memory.buffer.byteLength;
  for (let i = 0; i < 2000; i++) backend.dispose(make().dataId);
  assert.is(memory.buffer.byteLength, before);
});

test.run();
