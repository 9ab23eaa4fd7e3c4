/** What `tf.graphUtil` makes of graph definitions, against TensorFlow (`goldens/graph-util.py`), and graphs into files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('io/graph-util');
const checked = leakChecked(test);

type Listed = readonly [name: string, op: string, inputs: readonly string[]];

interface Golden {
  readonly name: string;
  /** A binary GraphDef, in base64. */
  readonly graph: string;
  readonly init: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly sub_graph: readonly Listed[];
  readonly inference: readonly Listed[];
  readonly frozen: readonly Listed[];
  readonly without_first: readonly Listed[];
}

const goldens = JSON.parse(
  readFileSync(new URL('../goldens/graph-util.json', import.meta.url), 'utf8'),
) as readonly Golden[];

const defOf = ({ graph }: Golden) => tf.GraphDef.fromBinary(Buffer.from(graph, 'base64'));
const listed = (def: tf.GraphDef): Listed[] => def.node.map(({ name, op, input }) => [name, op, input]);
/** Nodes that are made on the way stand elsewhere here. */
const sorted = (list: readonly Listed[]) => [...list].sort(([a], [b]) => (a < b ? -1 : 1));
const feed = ({ x }: Golden) => ({ 'x:0': new tf.NdArray(tf.float32, [2, 3], Float32Array.from(x)) });

async function run(def: tf.GraphDef, golden: Golden, init: boolean): Promise<number[]> {
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(def, { name: '' }));
  using session = new tf.Session({ graph });
  if (init) await session.run(golden.init);
  return Array.from(((await session.run('y:0', feed(golden))) as tf.NdArray).data as Float32Array);
}

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  assert.is(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(
      Math.abs(value - expected[i]) <= 1e-6 * Math.max(1, Math.abs(expected[i])),
      `${value}, expected ${expected[i]}`,
    );
  });
}

for (const golden of goldens) {
  checked(`${golden.name}: the part that an output needs`, () => {
    assert.equal(listed(tf.graphUtil.extractSubGraph(defOf(golden), ['y'])), golden.sub_graph);
  });

  checked(`${golden.name}: without nodes of training`, () => {
    assert.equal(listed(tf.graphUtil.removeTrainingNodes(defOf(golden), ['y'])), golden.inference);
  });

  checked(`${golden.name}: imported it gives the same values, exported it is the same`, async () => {
    const def = defOf(golden);
    expectNear(await run(def, golden, true), golden.y);
    const graph = new tf.Graph();
    graph.asDefault(() => tf.importGraphDef(def, { name: '' }));
    const again = tf.GraphDef.of(graph);
    assert.equal(sorted(listed(again)), sorted(listed(def)));
    expectNear(await run(tf.GraphDef.fromBinary(again.toBinary()), golden, true), golden.y);
  });

  checked(`${golden.name}: frozen it is TensorFlow's, and gives the same values`, async () => {
    const def = defOf(golden);
    const graph = new tf.Graph();
    graph.asDefault(() => tf.importGraphDef(def, { name: '' }));
    using session = new tf.Session({ graph });
    await session.run(golden.init);
    const frozen = await tf.graphUtil.convertVariablesToConstants(session, def, ['y']);
    assert.equal(sorted(listed(frozen)), sorted(golden.frozen));
    expectNear(await run(frozen, golden, false), golden.y);
    const variable = golden.sub_graph.find(([, op]) => op.startsWith('Var'));
    const kept = await tf.graphUtil.convertVariablesToConstants(session, def, ['y'], {
      variableNamesBlacklist: [variable?.[0] ?? ''],
    });
    assert.equal(sorted(listed(kept)), sorted(golden.without_first));
  });
}

checked('a check of numbers on the way is passed by', () => {
  const x = tf.placeholder(tf.float32, [2], { name: 'x' });
  const check = tf.checkNumerics(x, 'bad', { name: 'check' });
  tf.add(check, tf.identity(x, { name: 'same' }), { name: 'sum' });
  const def = tf.graphUtil.removeTrainingNodes(tf.getDefaultGraph().asGraphDef() as tf.GraphDef);
  assert.equal(listed(def), [
    ['x', 'Placeholder', []],
    ['sum', 'AddV2', ['x', 'x']],
  ]);
});

checked('wrong arguments are refused', async () => {
  const def = tf.GraphDef.of(new tf.Graph());
  const { extractSubGraph } = tf.graphUtil;
  assert.throws(() => extractSubGraph(def, 'n1' as never), /dest_nodes must be an iterable of strings, but got type/);
  assert.throws(
    () => extractSubGraph({} as never, ['n1']),
    /graph_def must be a graph_pb2.GraphDef proto, but got type/,
  );
  assert.is((await failure(() => extractSubGraph(def, ['n1']))).message, 'n1 is not in graph');
});

checked('a definition from a version on has the nodes that came after it', () => {
  tf.constant(1, { name: 'a' });
  const graph = tf.getDefaultGraph();
  const { version } = graph;
  tf.constant(2, { name: 'b' });
  const names = (fromVersion?: number) => graph.asGraphDef({ fromVersion }).node.map(({ name }) => name);
  assert.equal(names(), ['a', 'b']);
  assert.equal(names(version), ['b']);
  assert.equal(names(graph.version), []);
});

checked('graphs are written into folders that are made for them', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'tfjs-graph-write-'));
  try {
    const a = tf.constant([1, 2], { name: 'a' });
    const folder = join(scratch, 'l1', 'l2');
    const text = await tf.train.writeGraph(a.graph, folder, 'graph.pbtxt');
    assert.is(text, join(folder, 'graph.pbtxt'));
    assert.is(readFileSync(text, 'utf8'), tf.GraphDef.of(a.graph).toText());
    const binary = await tf.io.writeGraph(tf.GraphDef.of(a.graph), folder, 'graph.pb', false);
    assert.equal(listed(tf.GraphDef.fromBinary(readFileSync(binary))), [['a', 'Const', []]]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test.run();
