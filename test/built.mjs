/**
 * What `npm run build` made, used as a program uses the package: it trains on wasm and on cpu, all entries share one
 * default graph, and what the entries for browsers load asks for no module of Node.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as tf from 'tfjs-graph';
import * as core from 'tfjs-graph/core';
import * as keras from 'tfjs-graph/keras';
import * as node from 'tfjs-graph/node';

/** The files that an entry loads at once: what it imports statically, and so on. */
function loadedBy(entry) {
  const seen = new Set();
  const stack = [new URL(`../dist/${entry}`, import.meta.url).href];
  while (stack.length > 0) {
    const file = stack.pop();
    if (seen.has(file)) continue;
    seen.add(file);
    const source = readFileSync(new URL(file), 'utf8');
    assert.doesNotMatch(source, /^(import|export) [^;]*from ['"]node:|^import ['"]node:|\brequire\(/m, file);
    for (const [, name] of source.matchAll(/^(?:import|export) (?:[^;'"]*from )?['"](\.[^'"]+)['"]/gm)) {
      const target = new URL(name, file);
      assert.ok(existsSync(target), `${file} imports ${name}`);
      stack.push(target.href);
    }
  }
  return seen;
}
const files = new Set([...loadedBy('index.js'), ...loadedBy('core.js'), ...loadedBy('keras.js')]);
assert.ok(files.size > 300, `${files.size} files`);

assert.deepEqual(
  Object.keys(core),
  Object.keys(tf).filter((name) => name !== 'compat'),
);
const all = new Map(Object.entries(tf));
for (const [name, value] of Object.entries(core)) assert.equal(value, all.get(name), name);

const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
const w = new tf.Variable(tf.ones([2, 3]), { name: 'w' });
const y = tf.matmul(x, w);
const step = new tf.train.GradientDescentOptimizer(1).minimize(tf.reduceSum(y));
assert.equal(node.getDefaultGraph(), tf.getDefaultGraph());
for (const backend of ['wasm', 'cpu']) {
  const session = new tf.Session({ config: { backend } });
  await session.run(tf.globalVariablesInitializer());
  const feedDict = [[x, [[1, 2]]]];
  assert.deepEqual((await session.run(y, { feedDict })).array(), [[3, 3, 3]]);
  await session.run(step, { feedDict });
  assert.deepEqual((await session.run(y, { feedDict })).array(), [[-2, -2, -2]]);
  session.close();
}

for (const [{ Sequential, layers, backend }, name] of [
  [tf.keras, 'dense'],
  [keras, 'dense_1'],
]) {
  const model = new Sequential([new layers.Dense(1, { inputShape: [2], kernelInitializer: 'ones' })]);
  assert.equal(model.layers[0].name, name);
  assert.deepEqual((await model.predict([[1, 2]])).array(), [[3]]);
  const bytes = await tf.keras.models.saveWeightsToHdf5(model);
  assert.ok(bytes.length > 1000);
  backend.clearSession();
}
assert.equal(typeof node.keras.utils.imageDatasetFromDirectory, 'function');
// What pictures are made with is loaded when they are made: it has to be in the package, too.
const page = await tf.viz.export(tf.getDefaultGraph(), { format: 'html' });
assert.ok(page.includes('<script type="application/json"') && page.includes('@dagrejs/dagre'));
assert.match(await tf.viz.export(tf.getDefaultGraph(), { format: 'svg', collapse: 0 }), /^<svg /);

// What stands in for a file in bundles for browsers has to have its names.
const { browser, exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
for (const [file, other] of Object.entries(browser)) {
  const [names, given] = await Promise.all([file, other].map((name) => import(new URL(`../${name}`, import.meta.url))));
  assert.deepEqual(Object.keys(given), Object.keys(names), other);
}
for (const entry of Object.values(exports)) {
  for (const file of typeof entry === 'string' ? [entry] : Object.values(entry)) {
    assert.ok(existsSync(new URL(`../${file}`, import.meta.url)), file);
  }
}

console.log(`built package: ${files.size} files, trains on wasm and cpu`);
