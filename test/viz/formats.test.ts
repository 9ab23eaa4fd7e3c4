/**
 * Every format of `tf.viz.export`, read back by a program that knows it: Graphviz, an XML parser, graphlib, Cytoscape. The
 * page in a browser is `browser/page.test.ts`'s business.
 */
import { instance } from '@viz-js/viz';
import cytoscape from 'cytoscape';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { json, Graph as LibGraph } from 'graphlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import type { VizFormat } from '../../src/viz/formats/index.ts';
import { chain, deepDef, layered, NASTY, nastyDef, smallGraph } from './graphs.ts';

const test = suite('viz/formats');

const viz = await instance();
const graph = smallGraph();
const snapshot = graph.snapshot();
const TEXTS = ['dot', 'mermaid', 'graphml', 'graphlib', 'cytoscape'] as const;
const ALL = [...TEXTS, 'svg', 'html'] as const satisfies readonly VizFormat[];
/** What XML and JSON in UTF-8 can hold of it. */
const CLEAN = NASTY.replace('\u0001', '\ufffd').replace(/\ud800$/, '\ufffd');

interface Described {
  readonly objects: {
    readonly _gvid: number;
    readonly name: string;
    readonly label?: string;
    readonly nodes?: number[];
  }[];
  readonly edges?: { readonly tail: number; readonly head: number; readonly label?: string; readonly style?: string }[];
}

/** What Graphviz has read. */
function readDot(text: string): Described {
  return JSON.parse(viz.renderString(text, { format: 'dot_json' }));
}

function validXml(text: string): void {
  assert.is(XMLValidator.validate(text), true);
}

test('Graphviz reads every node, edge and scope of a graph', () => {
  const { objects, edges } = readDot(tf.viz.export(snapshot, { format: 'dot' }));
  const names = new Set(objects.map(({ name }) => name));
  for (const { id } of snapshot.nodes()) assert.ok(names.has(`n${id}`), `n${id}`);
  const dense = objects.find(({ label }) => label === 'dense');
  const kernel = snapshot.find('dense/kernel');
  const index = objects.find(({ name }) => name === `n${kernel?.id}`)?._gvid as number;
  assert.ok(dense?.nodes?.includes(index), 'dense/kernel lies in the cluster of dense');
  const inputs = [...snapshot.nodes()].reduce((sum, node) => sum + node.inputs.length + node.controls.length, 0);
  assert.ok((edges?.length ?? 0) > inputs, 'those of function bodies come on top');
  assert.ok(edges?.some(({ style }) => style === 'dashed'));
  assert.ok(edges?.some(({ label }) => label === 'float32[?,4]'));
  for (const body of ['cond', 'body'])
    assert.ok(objects.some(({ label }) => label?.startsWith('ƒ ') && label.includes(body)));
});

test('names that could break out of a format come back as they were', () => {
  const def = nastyDef();
  const wanted = ['a', 'b', '__proto__', 'constructor', 'hasOwnProperty', `${CLEAN}/${CLEAN}`];

  const lib = json.read(JSON.parse(tf.viz.export(def, { format: 'graphlib' }))) as LibGraph;
  const labels = lib.nodes().map((key) => lib.node(key) as { label: string; kind: string });
  assert.equal(
    labels
      .filter(({ kind }) => kind === 'node')
      .map(({ label }) => label)
      .sort(),
    [...wanted.slice(0, 5), `${NASTY}/${NASTY}`].sort(),
  );

  const xml = tf.viz.export(def, { format: 'graphml' });
  validXml(xml);
  const { graphml } = new XMLParser({
    ignoreAttributes: false,
    trimValues: false,
    htmlEntities: true,
    parseTagValue: false,
  }).parse(xml);
  const data: string[] = [];
  const stack: unknown[] = [graphml];
  while (stack.length > 0) {
    const item = stack.pop() as Record<string, unknown>;
    if (typeof item !== 'object' || item === null) continue;
    if (item['@_key'] === 'node_label') data.push(item['#text'] as string);
    stack.push(...Object.values(item));
  }
  for (const name of wanted) assert.ok(data.includes(name), JSON.stringify(name));

  const dot = readDot(tf.viz.export(def, { format: 'dot' }));
  // Graphviz gives labels as they were written; what it draws shows that they are read as meant.
  assert.is(dot.objects.filter(({ name }) => /^n\d+$/.test(name)).length, wanted.length);
  const drawn = viz.renderString(tf.viz.export(def, { format: 'dot' }), { format: 'svg' });
  assert.ok(!/<script/i.test(drawn));
  assert.ok(drawn.includes('&lt;script&gt;alert(1)'), 'the tag is text');
  assert.ok(drawn.includes('&amp;lt;'), 'an entity stays what was written');
  assert.ok(drawn.includes('漢字 😀'));
});

test('no format lets a name open a tag, end a string or start a line', async () => {
  const def = nastyDef();
  for (const format of ALL) {
    const text = await tf.viz.export(def, { format, title: NASTY });
    if (format !== 'graphlib' && format !== 'cytoscape' && format !== 'dot') {
      assert.ok(!text.includes('<script>alert'), format);
    }
    assert.ok(format === 'html' || !text.includes('\u0001'), format);
  }
});

test('the labels of Mermaid hold nothing that Mermaid reads', () => {
  const text = tf.viz.export(nastyDef(), { format: 'mermaid' });
  const label = /"(?:[\w .,:/()+=?*-]|<br\/>|#\d+;|[\u00A0-\u{10FFFF}])*"/u.source;
  const id = '[ns]\\d+';
  const shapes = [
    `\\[/${label}/\\]`,
    `\\[\\\\${label}\\\\\\]`,
    `\\(\\[${label}\\]\\)`,
    `\\[\\(${label}\\)\\]`,
    `\\[\\[${label}\\]\\]`,
    `\\{\\{${label}\\}\\}`,
    `\\[${label}\\]`,
  ];
  const line = new RegExp(
    `^(flowchart (TB|LR)|\\s*subgraph ${id}\\[${label}\\]|\\s*end|\\s*${id}(${shapes.join('|')}):::\\w+|\\s*${id} (-->\\|${label}\\||-\\.->) ${id}|\\s*classDef \\w+ [\\w:,#]+|\\s*style ${id} [\\w:,#]+|)$`,
    'u',
  );
  for (const each of text.split('\n')) assert.ok(line.test(each), each);
  assert.ok(text.includes('#60;script#62;'));
});

test('graphlib reads its JSON and writes the same again', () => {
  const parsed = JSON.parse(tf.viz.export(snapshot, { format: 'graphlib' }));
  const lib = json.read(parsed) as LibGraph;
  assert.instance(lib, LibGraph);
  assert.equal(JSON.parse(JSON.stringify(json.write(lib))), parsed);
  for (const { id, op } of snapshot.nodes()) assert.is((lib.node(`n${id}`) as { op: string }).op, op);
  const kernel = snapshot.find('dense/kernel')?.id;
  assert.is((lib.node(lib.parent(`n${kernel}`) as string) as { label: string }).label, 'dense');
});

test('Cytoscape takes its elements', () => {
  const { elements, style } = JSON.parse(tf.viz.export(snapshot, { format: 'cytoscape' }));
  const core = cytoscape({ headless: true, styleEnabled: true, elements, style });
  for (const { id, op } of snapshot.nodes()) assert.is(core.getElementById(`n${id}`).data('op'), op);
  assert.is(core.edges().length, elements.edges.length);
  assert.is(
    core
      .getElementById(`n${snapshot.find('dense/kernel')?.id}`)
      .parent()
      .data('label'),
    'dense',
  );
  core.destroy();
});

test('GraphML and SVG are well-formed, and an SVG has every node in it', async () => {
  validXml(tf.viz.export(graph, { format: 'graphml' }));
  for (const direction of ['TB', 'LR'] as const) {
    const svg = await tf.viz.export(graph, { format: 'svg', direction });
    validXml(svg);
    for (const { id, name } of snapshot.nodes()) {
      assert.ok(svg.includes(`data-key="n${id}"`), name);
      assert.ok(svg.includes(`<title>${name} = `), name);
    }
    assert.ok(!/NaN|undefined|Infinity/.test(svg));
  }
});

test('boxes of an SVG lie within their frames and beside each other', async () => {
  const svg = await tf.viz.export(layered(60, 6), { format: 'svg', maxNodes: 80 });
  const found = svg.matchAll(
    /<g class="(item|frame)[^>]*data-key="(\w+)"[^>]*translate\(([\d.-]+) ([\d.-]+)\)">(?:<title>[^<]*<\/title>)(?:<rect x="3"[^>]*>)?<rect width="([\d.]+)" height="([\d.]+)"/g,
  );
  const all = Array.from(found, ([, kind, key, ...numbers]) => {
    const [x, y, width, height] = numbers.map(Number);
    return { kind, key, x, y, right: x + width, bottom: y + height };
  });
  const items = all.filter(({ kind }) => kind === 'item');
  const frames = all.filter(({ kind }) => kind === 'frame');
  assert.ok(items.length >= 60 && frames.length >= 10, `${items.length} ${frames.length}`);
  const apart = (a: (typeof all)[0], b: (typeof all)[0]) =>
    a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y;
  const within = (a: (typeof all)[0], b: (typeof all)[0]) =>
    a.x >= b.x && a.right <= b.right && a.y >= b.y && a.bottom <= b.bottom;
  items.forEach((a, i) => {
    for (const b of items.slice(i + 1)) assert.ok(apart(a, b), `${a.key} and ${b.key}`);
    for (const frame of frames) assert.ok(apart(a, frame) || within(a, frame), `${a.key} and ${frame.key}`);
  });
});

test('modules and plans of the compiler are drawn, with the functions that they call', () => {
  const fetched = graph.getTensorByName('cond/Identity:0');
  const { plan, stages } = graph.asDefault(() => tf.compile(fetched, { feeds: [['x:0', [2, 4]]], target: 'wasm' }));
  const { module } = stages[0];
  const ir = json.read(JSON.parse(tf.viz.export(module, { format: 'graphlib' }))) as LibGraph;
  for (const [i, node] of module.nodes.entries()) assert.is((ir.node(`n${i}`) as { op: string }).op, node.op);
  const drawn = json.read(JSON.parse(tf.viz.export(plan, { format: 'graphlib' }))) as LibGraph;
  const values = drawn.nodes().map((key) => drawn.node(key) as { kind: string; op: string });
  assert.ok(values.filter(({ kind }) => kind === 'node').length >= plan.instructions.length);
  assert.ok(values.some(({ kind }) => kind === 'function'));
  assert.ok(values.some(({ op }) => op === 'fetch'));
});

test('a graph and its GraphDef have the same nodes and edges', () => {
  const read = (drawn: tf.Graph | tf.GraphDef) => JSON.parse(tf.viz.export(drawn, { format: 'graphlib' }));
  const own = read(graph);
  const def = read(tf.GraphDef.of(graph, { addShapes: true }));
  interface NodeJson {
    v: string;
    value: { kind: string; label: string; op: string };
  }
  const nodesOf = ({ nodes }: { nodes: NodeJson[] }) =>
    nodes
      .filter(({ value }) => value.op && value.op !== '_Arg' && value.op !== '_Retval')
      .slice(0, snapshot.size)
      .map(({ value }) => `${value.label} ${value.op}`)
      .sort();
  assert.equal(nodesOf(def), nodesOf(own));
  const main = ({ edges }: { edges: { v: string; w: string }[] }) =>
    edges
      .filter(({ v, w }) => Number(v.slice(1)) < snapshot.size && Number(w.slice(1)) < snapshot.size)
      .map(({ v, w }) => `${v} ${w}`)
      .sort();
  assert.equal(main(def), main(own));
});

test('collapsed scopes are one box each, and their edges one edge', () => {
  const read = (collapse: number | string[]) =>
    json.read(JSON.parse(tf.viz.export(graph, { format: 'graphlib', collapse }))) as LibGraph;
  for (const lib of [read(0), read(['dense', 'functions'])]) {
    const dense = lib.nodes().find((key) => (lib.node(key) as { label: string }).label === 'dense') as string;
    assert.equal(lib.children(dense), []);
    const into = (lib.inEdges(dense) ?? []).filter(({ v }) => v === `n${snapshot.find('x')?.id}`);
    assert.is(into.length, 1);
  }
  const deep = json.read(
    JSON.parse(tf.viz.export(layered(100), { format: 'graphlib', collapse: ['block_0/layer_1'] })),
  ) as LibGraph;
  const values = deep.nodes().map((key) => deep.node(key) as { scope?: string; open?: boolean });
  assert.is(values.find(({ scope }) => scope === 'block_0/layer_1')?.open, false);
  assert.is(values.find(({ scope }) => scope === 'block_0/layer_2')?.open, true);
});

test('showConstants leaves constants out, and the title is shown', async () => {
  for (const format of TEXTS) {
    const [all, some] = [true, false].map((showConstants) => tf.viz.export(graph, { format, showConstants }));
    assert.ok(all.includes('Const') && some.length < all.length, format);
  }
  assert.match(await tf.viz.export(graph, { format: 'svg', title: 'A <title>' }), /<title>A &lt;title&gt;<\/title>/);
});

test('what a run spent becomes colour', async () => {
  const stats = (nodeName: string, micros: number, bytes: number) => ({
    nodeName,
    allEndRelMicros: micros,
    output: [{ bytes }],
  });
  const nodeStats = [stats('dense/MatMul', 900, 64), stats('dense/Relu', 90, 4096), stats('nothing/of/it', 5, 5)];
  const runMetadata = { stepStats: { devStats: [{ nodeStats }] } };
  const { nodes } = JSON.parse(tf.viz.export(graph, { format: 'cytoscape', runMetadata })).elements;
  const colours = new Map<string, string>(
    nodes.map(({ data }: { data: { label: string; heat?: string } }) => [data.label, data.heat]),
  );
  assert.is(colours.get('dense/MatMul'), '#bd0f26', 'the deepest for what took longest');
  assert.ok(colours.get('dense/Relu') && colours.get('dense/Relu') !== '#bd0f26');
  assert.is(colours.get('x'), undefined);
  const memory = await tf.viz.export(graph, { format: 'svg', runMetadata, colorBy: 'memory' });
  assert.match(memory, new RegExp(`data-key="n${snapshot.find('dense/Relu')?.id}".*style="fill:#bd0f26"`));
  assert.ok(memory.includes('90 µs, 4 KiB'));
  const scope = JSON.parse(tf.viz.export(graph, { format: 'cytoscape', runMetadata, collapse: 0 })).elements.nodes;
  assert.is(scope.find(({ data }: { data: { label: string } }) => data.label === 'dense').data.micros, 990);
});

test('the line of user code is told in debug mode', async () => {
  const { debug } = tf.debugFlags;
  tf.debugFlags.debug = true;
  const drawn = new tf.Graph();
  drawn.asDefault(() => tf.placeholder(tf.float32, [], { name: 'here' }));
  tf.debugFlags.debug = debug;
  assert.match(await tf.viz.export(drawn, { format: 'svg' }), /formats\.test\.ts:\d+/);
  assert.match(tf.viz.export(drawn, { format: 'graphlib' }), /formats\.test\.ts:\d+/);
});

for (const [what, make] of [
  ['without scopes', () => chain(10_000)],
  ['in layers', () => layered(10_000)],
] as const) {
  test(`10,000 nodes ${what} are written in every format within seconds`, async () => {
    const large = make();
    for (const format of ALL) {
      const start = performance.now();
      const text = await tf.viz.export(large, { format });
      const seconds = (performance.now() - start) / 1000;
      assert.ok(seconds < 20, `${format}: ${seconds} s`);
      if (format === 'svg') {
        const boxes = text.match(/class="item/g)?.length ?? 0;
        assert.ok(boxes > 2 && boxes <= 300, `${boxes} boxes`);
      }
      if (format === 'graphlib') assert.ok(JSON.parse(text).nodes.length >= 10_000);
    }
  });
}

test('maxNodes bounds every format', async () => {
  const large = layered(2000);
  for (const format of [...TEXTS, 'svg'] as const) {
    const text = await tf.viz.export(large, { format, maxNodes: 30 });
    assert.ok(text.length < 120_000, `${format} has ${text.length} characters`);
  }
  const { nodes } = JSON.parse(tf.viz.export(large, { format: 'graphlib', maxNodes: 30 }));
  const boxes = nodes.filter(({ value }: { value: { open?: boolean } }) => value.open !== true);
  assert.ok(boxes.length <= 30 && boxes.length > 5, `${boxes.length} boxes`);
});

test('scopes 3,000 levels deep overflow no stack', async () => {
  const def = deepDef(3000);
  for (const format of ALL) assert.ok((await tf.viz.export(def, { format })).length > 0, format);
});

test('an empty graph is drawn', async () => {
  for (const format of ALL) assert.ok((await tf.viz.export(new tf.Graph(), { format })).length > 10, format);
});

test('what cannot be drawn, and formats that are none, are refused', () => {
  assert.throws(
    () => tf.viz.export(graph, { format: 'constructor' as 'dot' }),
    /Unknown format 'constructor'; formats are dot, mermaid, graphml, graphlib, cytoscape, svg, html/,
  );
  assert.throws(() => tf.viz.export(3 as never, { format: 'dot' }), /draws a Graph.*not int/);
  assert.throws(() => tf.viz.export(graph, { format: 'dot', maxNodes: 0 }), /maxNodes must be at least 1, got 0/);
});

test.run();
