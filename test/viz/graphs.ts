/** Graphs to draw: a small one that has everything, and large ones. */
import * as tf from '../../src/index.ts';

/** Texts that mean something to one format or another. */
export const NASTY =
  '"quoted" \\N back\\slash\n<script>alert(1)</script> &lt; `#` %%{x}%% --> ]] é 漢字 😀 \u0001 \ud800';

/** Scopes, constants, variables, control dependencies, a loop and a branch. */
export function smallGraph(): tf.Graph {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [null, 4], { name: 'x' });
    const y = tf.variableScope('dense', () => {
      const w = tf.getVariable('kernel', [4, 3], { initializer: tf.onesInitializer() });
      return tf.nn.relu(tf.matmul(x, w));
    });
    const [sum] = tf.nameScope('loop', () => {
      const start = tf.constant(0, { dtype: tf.int32 });
      return [
        tf.whileLoop(
          (i) => tf.less(i, 3),
          (i) => [tf.add(i, 1)],
          [start],
        ),
      ].flat();
    }) as tf.Tensor[];
    const picked = tf.cond(
      tf.equal(sum, 3),
      () => tf.reduceSum(y),
      () => tf.constant(0),
    );
    tf.controlDependencies([picked], () => tf.noOp({ name: 'constructor' }));
  });
  return graph;
}

/** A graph whose names and attributes are made to break out of quotes. Only a file can hold such names. */
export function nastyDef(): tf.GraphDef {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const a = tf.constant(NASTY, { name: 'a' });
    tf.identity(a, { name: 'b' });
  });
  const def = graph.asGraphDef() as tf.GraphDef;
  const [a, b] = def.node;
  const names = ['__proto__', 'constructor', 'hasOwnProperty', `${NASTY}/${NASTY}`];
  const more = names.map((name, i) => ({ ...b, name, input: [i === 0 ? 'a' : names[i - 1], '^a'] }));
  return new tf.GraphDef([a, b, ...more]);
}

/** `count` nodes in a row without scopes. */
export function chain(count: number): tf.Graph {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    let x: tf.Tensor = tf.placeholder(tf.float32, [2], { name: 'x' });
    for (let i = 1; i < count; i++) x = i % 2 === 0 ? tf.negative(x) : tf.abs(x);
  });
  return graph;
}

/** About `count` nodes in blocks of 16 layers that are scopes, each node fed by two of the layer before. */
export function layered(count: number, width = 20): tf.Graph {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    let row: tf.Tensor[] = [tf.placeholder(tf.float32, [2], { name: 'x' })];
    const layer = (name: string) =>
      tf.nameScope(name, () =>
        Array.from({ length: width }, (_, i) => tf.add(row[i % row.length], row[(i + 1) % row.length])),
      );
    const layers = Math.ceil(count / width);
    for (let first = 0; first < layers; first += 16) {
      tf.nameScope(`block_${first / 16}`, () => {
        for (let i = first; i < Math.min(layers, first + 16); i++) row = layer(`layer_${i - first}`);
      });
    }
  });
  return graph;
}

/** One node in scopes `depth` levels deep, fed by one outside. */
export function deepDef(depth: number): tf.GraphDef {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    tf.identity(tf.constant(1, { name: 'a' }), { name: 'b' });
  });
  const [a, b] = (graph.asGraphDef() as tf.GraphDef).node;
  return new tf.GraphDef([a, { ...b, name: `${'s/'.repeat(depth)}b` }]);
}
