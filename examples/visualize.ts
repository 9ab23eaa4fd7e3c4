/**
 * Pictures of a graph: a page to walk around in, coloured by what a traced run spent, and the same graph for Graphviz, for
 * Markdown and as SVG. Run it with `npx tsx examples/visualize.ts`, then open `out/graph.html`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as tf from '../src/index.ts';

// The page shows the line that built a node where nodes remember it.
tf.debugFlags.debug = true;

const x = tf.placeholder(tf.float32, [null, 784], { name: 'x' });
const labels = tf.placeholder(tf.int32, [null], { name: 'labels' });
const hidden = tf.layers.dense(x, 64, { activation: tf.nn.relu, name: 'hidden' });
const logits = tf.layers.dense(hidden, 10, { name: 'logits' });
const loss = tf.losses.sparseSoftmaxCrossEntropy(labels, logits);
const step = tf.nameScope('train', () => new tf.train.AdamOptimizer(1e-3).minimize(loss));

using sess = new tf.Session();
await sess.run(tf.globalVariablesInitializer());
const runMetadata = new tf.RunMetadata();
await sess.run(step, {
  feedDict: [
    [x, tf.NdArray.zeros(tf.float32, [32, 784])],
    [labels, tf.NdArray.zeros(tf.int32, [32])],
  ],
  options: new tf.RunOptions({ traceLevel: tf.RunOptions.FULL_TRACE }),
  runMetadata,
});

const graph = tf.getDefaultGraph();
mkdirSync('out', { recursive: true });
writeFileSync('out/graph.html', await tf.viz.export(graph, { format: 'html', title: 'Two layers', runMetadata }));
writeFileSync('out/graph.svg', await tf.viz.export(graph, { format: 'svg', collapse: 1, showConstants: false }));
writeFileSync('out/graph.dot', tf.viz.export(graph, { format: 'dot' }));
writeFileSync('out/graph.mmd', tf.viz.export(graph, { format: 'mermaid', maxNodes: 30 }));

// What the compiler made of the loss can be looked at as well.
const feeds = [
  [x, [32, 784]],
  [labels, [32]],
] as const;
const { plan } = tf.compile(loss, { feeds });
writeFileSync('out/plan.svg', await tf.viz.export(plan, { format: 'svg', direction: 'LR' }));

console.log('wrote out/graph.html (open it in a browser), graph.svg, graph.dot, graph.mmd and plan.svg');
