/**
 * What `npm run build` made, used as a program uses the package: it runs on wasm and on cpu, both entries share one
 * default graph, and nothing in it asks for a module of Node when it is loaded.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as tf from 'tfjs-graph';
import * as node from 'tfjs-graph/node';

const dist = new URL('../dist/', import.meta.url);
const files = readdirSync(dist, { recursive: true }).filter((file) => String(file).endsWith('.js'));
for (const file of files) {
  const source = readFileSync(new URL(String(file), dist), 'utf8');
  assert.doesNotMatch(source, /^(import|export) [^;]*from ['"]node:|^import ['"]node:|\brequire\(/m, String(file));
}

const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
const y = tf.matmul(x, tf.ones([2, 3]));
assert.equal(node.getDefaultGraph(), tf.getDefaultGraph());
for (const backend of ['wasm', 'cpu']) {
  const session = new tf.Session({ config: { backend } });
  const value = await session.run(y, { feedDict: [[x, [[1, 2]]]] });
  assert.deepEqual(value.array(), [[3, 3, 3]]);
  session.close();
}
console.log(`built package: ${files.length} files, runs on wasm and cpu`);
