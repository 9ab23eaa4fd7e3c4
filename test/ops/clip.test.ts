/** Clipping: cases 395 and 397 of section O, and what is refused. Values against real TensorFlow: `api-goldens.test.ts`. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

function close(value: tf.NdArray, expected: tf.NestedArray): void {
  const flat = (x: unknown): number[] => (Array.isArray(x) ? x.flatMap(flat) : [x as number]);
  const [a, e] = [flat(value.array()), flat(expected)];
  assert.is(a.length, e.length);
  for (const [i, x] of a.entries()) assert.ok(Math.abs(x - e[i]) <= 1e-5 * Math.max(1, Math.abs(e[i])), `${a}`);
}

const MATRIX = [[-3, 0, 0], [4, 0, 0]]; // biome-ignore format: a matrix

for (const backend of ['wasm', 'cpu']) {
  const config = { backend };

  test(`case 395: clipByNorm (${backend})`, async () => {
    const x = tf.constant(MATRIX);
    using sess = new tf.Session({ config });
    close(await sess.run(tf.clipByNorm(x, 4)), [[-2.4, 0, 0], [3.2, 0, 0]]); // biome-ignore format: a matrix
    close(await sess.run(tf.clipByNorm(x, 6)), MATRIX);
    // Per column, then per row.
    close(await sess.run(tf.clipByNorm(x, 4, [0])), [[-2.4, 0, 0], [3.2, 0, 0]]); // biome-ignore format: a matrix
    close(await sess.run(tf.clipByNorm(x, 3.5, { axes: [1] })), [[-3, 0, 0], [3.5, 0, 0]]); // biome-ignore format: a matrix
    // A norm of zero divides by nothing.
    close(await sess.run(tf.clipByNorm(tf.constant([0, 0]), 4)), [0, 0]);
    const rows = new tf.IndexedSlices(x, tf.constant([3, 7], tf.int32), tf.constant([9, 3], tf.int32));
    const clipped = tf.clipByNorm(rows, 4);
    assert.instance(clipped, tf.IndexedSlices);
    assert.is(clipped.indices, rows.indices);
    close(await sess.run(clipped.values), [[-2.4, 0, 0], [3.2, 0, 0]]); // biome-ignore format: a matrix
  });

  test(`case 397: clipByGlobalNorm (${backend})`, async () => {
    const x0 = tf.constant([-2, 0, 0, 4, 0, 0], { shape: [2, 3] });
    const x1 = tf.constant([1, -2]);
    using sess = new tf.Session({ config });
    const [[c0, none, c1], norm] = tf.clipByGlobalNorm([x0, null, x1], 4);
    assert.is(none, null);
    close(await sess.run(norm), 5);
    close(await sess.run(c0 as tf.Tensor), [[-1.6, 0, 0], [3.2, 0, 0]]); // biome-ignore format: a matrix
    close(await sess.run(c1 as tf.Tensor), [0.8, -1.6]);
    // Slices keep what says where they belong.
    const indices = tf.constant([3, 4], tf.int32);
    const shape = tf.constant([10, 3], tf.int32);
    const [[slices]] = tf.clipByGlobalNorm([new tf.IndexedSlices(x0, indices, shape), x1], 4);
    assert.instance(slices, tf.IndexedSlices);
    const found = slices as tf.IndexedSlices;
    assert.is(found.indices, indices);
    assert.is(found.denseShape, shape);
    close(await sess.run(found.values), [[-1.6, 0, 0], [3.2, 0, 0]]); // biome-ignore format: a matrix
    // The norm may be given; below the limit nothing changes.
    const [[same]] = tf.clipByGlobalNorm([x0], 6, { useNorm: tf.constant(5) });
    close(await sess.run(same as tf.Tensor), [[-2, 0, 0], [4, 0, 0]]); // biome-ignore format: a matrix
    // A norm that is not finite makes every value NaN, so that it is seen.
    const [[bad]] = tf.clipByGlobalNorm([tf.constant([1, Infinity])], 4);
    assert.ok(((await sess.run(bad as tf.Tensor)).array() as number[]).every(Number.isNaN));
  });
}

test('clipByGlobalNorm wants a list', async () => {
  const error = await failure(() => tf.clipByGlobalNorm(tf.constant([1]) as never, 4));
  assert.is(error.name, 'TypeError');
  assert.match(error.message, 'should be a sequence of tensors');
});

suite.run();
