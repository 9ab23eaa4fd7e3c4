/** `stateReport`: graphs, sessions and Keras contexts in numbers, and as a table. Memory that backends keep for reuse. */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { releaseTextures } from '../../runtime/backends/webgl-pool.ts';
import { Session } from '../../runtime/session.ts';
import { StateReport, stateReport } from '../../runtime/state-report.ts';
import { makeSession, releaseMemory } from '../../src/graph/evaluator.ts';
import { Graph } from '../../src/graph/graph.ts';
import { registerStateSource } from '../../src/graph/live-graphs.ts';
import { constant, matmul, placeholder, tanh } from '../../src/ops/index.ts';
import { float32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/variable.ts';
import { settledHeap } from '../support/heap.ts';
import { leakChecked } from '../support/leaks.ts';
import '../support/session.ts';

const test = leakChecked(suite);

const rowOf = (graph: Graph) => stateReport().graphs.find((row) => row.graph === String(graph));

test('counts nodes per graph, as they come and go', () => {
  const graph = new Graph();
  assert.is(rowOf(graph)?.nodes, 0);
  graph.asDefault(() => constant(1));
  assert.is(rowOf(graph)?.nodes, 1);
  assert.throws(() =>
    graph.atomic(() => {
      graph.asDefault(() => constant(2));
      assert.is(rowOf(graph)?.nodes, 2);
      throw new Error('failed');
    }),
  );
  assert.is(rowOf(graph)?.nodes, 1);
});

test('counts what sessions hold, per session, per graph and in total', async () => {
  const graph = new Graph();
  const [a, b] = graph.asDefault(() => [new Variable([1, 2, 3], { name: 'a' }), new Variable([1, 2], { name: 'b' })]);
  const before = stateReport().totals;
  const first = new Session({ graph });
  using second = new Session({ graph });
  await first.initialize([a, b]);
  await second.initialize([a]);
  await second.run(a);
  const report = stateReport();
  const rows = report.sessions.filter((row) => row.graph === String(graph));
  assert.equal(rows, [
    { session: String(first), graph: String(graph), variables: 2, plans: 0, buffers: 2, bytes: 20 },
    { session: String(second), graph: String(graph), variables: 1, plans: 1, buffers: 1, bytes: 12 },
  ]);
  assert.equal(rowOf(graph), {
    graph: String(graph),
    nodes: graph.size,
    sessions: 2,
    variables: 3,
    plans: 1,
    buffers: 3,
    bytes: 32,
  });
  assert.is(report.totals.sessions, before.sessions + 2);
  assert.is(report.totals.bytes, before.bytes + 32);
  assert.is(report.totals.graphs, report.graphs.length);
  first.close();
  assert.equal([rowOf(graph)?.sessions, rowOf(graph)?.bytes], [1, 12]);
});

test('is frozen data', () => {
  const report = stateReport();
  assert.ok(Object.isFrozen(report) && Object.isFrozen(report.graphs) && Object.isFrozen(report.totals));
  assert.equal(Object.keys(JSON.parse(JSON.stringify(report))), ['totals', 'graphs', 'sessions', 'keras']);
});

test('prints as a table', () => {
  const held = { variables: 2, plans: 1, buffers: 3, bytes: 1024 };
  const report = new StateReport(
    [
      { name: '<Graph 1>', nodes: 12 },
      { name: '<Graph 2>', nodes: 0 },
    ],
    [{ session: '<tf.Session 1>', graph: '<Graph 1>', ...held }],
    [{ context: 'tf.keras', graphs: 1, models: 2, session: '<tf.Session 1>' }],
  );
  assert.is(
    String(report),
    [
      '                  nodes  sessions  variables  plans  buffers  bytes',
      '<Graph 1>            12         1          2      1        3   1024',
      '  <tf.Session 1>                           2      1        3   1024',
      '<Graph 2>             0         0          0      0        0      0',
      'total: 2 graphs      12         1          2      1        3   1024',
      'tf.keras: 1 graph, 2 models, session <tf.Session 1>',
    ].join('\n'),
  );
});

test('what Keras contexts hold comes from those who know it', () => {
  const state = { context: 'test', graphs: 0, models: 0, session: null };
  const before = stateReport().keras.length;
  const unregister = registerStateSource(() => [state]);
  assert.equal(stateReport().keras.at(-1), state);
  assert.match(String(stateReport()), 'test: 0 graphs, 0 models, session none');
  unregister();
  assert.is(stateReport().keras.length, before);
});

test('graphs that nobody holds are not reported, nor kept by the report', async () => {
  await settledHeap();
  const before = stateReport().graphs.length;
  for (let i = 0; i < 50; i++) new Graph().asDefault(() => constant(i));
  assert.is(stateReport().graphs.length, before + 50);
  await settledHeap();
  assert.ok(stateReport().graphs.length <= before);
});

test('the front end makes sessions through the runtime', () => {
  const graph = new Graph();
  using session: Session = makeSession(graph, { backend: 'cpu' });
  assert.instance(session, Session);
  assert.is(session.graph, graph);
  assert.is(session.backend, 'cpu');
});

test('memory that kernels keep for the next run is given back, and taken again', async () => {
  const graph = new Graph();
  const [x, y] = graph.asDefault(() => {
    const x = placeholder(float32, [64, 64]);
    return [x, matmul(tanh(matmul(x, x)), x)];
  });
  using session = new Session({ graph });
  const run = async () =>
    (
      (await session.run(y, {
        feedDict: [[x, { data: new Float32Array(4096).fill(0.1), shape: [64, 64] }]],
      })) as NdArray
    ).at(0);
  const first = await run();
  const { buffers, bytes } = releaseMemory();
  assert.is(buffers, 0);
  // What lies between the products.
  assert.ok(bytes >= 4 * 64 * 64, `${bytes} bytes`);
  assert.equal(releaseMemory(), { buffers: 0, bytes: 0 });
  assert.is(await run(), first);
});

test('textures that no buffer uses are deleted, others stay', () => {
  const deleted: unknown[] = [];
  const native = {
    gpgpu: { deleteMatrixTexture: (texture: unknown) => deleted.push(texture) },
    textureManager: {
      freeTextures: { a: [{ texture: 1 }, { texture: 2 }], b: [], c: [{ texture: 3 }] } as Record<
        string,
        { texture: unknown }[]
      > | null,
      usedTextures: { a: [{ texture: 4 }] },
      numFreeTextures: 3,
      numUsedTextures: 1,
      _numBytesAllocated: 100,
      _numBytesFree: 75,
    },
  };
  assert.equal(releaseTextures(native), { buffers: 3, bytes: 75 });
  assert.equal(deleted, [1, 2, 3]);
  const { usedTextures, numFreeTextures, _numBytesAllocated } = native.textureManager;
  assert.equal([usedTextures.a.length, numFreeTextures, _numBytesAllocated], [1, 0, 25]);
  assert.equal(releaseTextures(native), { buffers: 0, bytes: 0 });
  native.textureManager.freeTextures = null;
  assert.equal(releaseTextures(native), { buffers: 0, bytes: 0 });
  assert.equal(releaseTextures({}), { buffers: 0, bytes: 0 });
});

suite.run();
