/** Snapshots: frozen, shared, and equal to the graph at their moment. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import { Node } from '../../src/graph/node.ts';
import { diffSnapshots, SEGMENT } from '../../src/graph/snapshot.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';

const test = suite('graph/snapshot');

function grow(graph: Graph, count: number): void {
  graph.asDefault(() => {
    for (let i = 0; i < count; i++) constant(i);
  });
}

/** Everything reachable through own properties of plain objects, arrays and nodes is frozen. */
function unfrozen(root: unknown): unknown[] {
  const found: unknown[] = [];
  const seen = new Set<unknown>();
  const stack = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const isPlain = Array.isArray(value) || value instanceof Node || Object.getPrototypeOf(value) === Object.prototype;
    if (isPlain && !Object.isFrozen(value)) found.push(value);
    if (isPlain) stack.push(...Object.values(value));
  }
  return found;
}

test('the same object comes back until something is added', () => {
  const g = new Graph();
  const empty = g.snapshot();
  assert.is(g.snapshot(), empty);
  grow(g, 1);
  const one = g.snapshot();
  assert.is.not(one, empty);
  assert.is(g.snapshot(), one);
  g.addToCollection('key', 1);
  assert.is.not(g.snapshot(), one);
  const two = g.snapshot();
  g.seed = 7;
  assert.is.not(g.snapshot(), two);
  assert.is(g.snapshot().seed, 7);
});

test('a snapshot is deeply frozen', () => {
  const g = new Graph();
  grow(g, 600);
  g.addToCollection('key', 'value');
  const s = g.snapshot();
  assert.equal(unfrozen(s.segments), []);
  assert.ok(Object.isFrozen(s));
  assert.throws(() => (s.segments as unknown[]).push(1));
  assert.throws(() => (s.collections as Map<string, unknown>).set('a', []));
  assert.throws(() => (s.collections.get('key') as unknown[]).push(1));
  assert.throws(() => {
    (s.node(0) as { name: string }).name = 'other';
  });
});

test('segments are shared between snapshots, except the last', () => {
  const g = new Graph();
  grow(g, 3 * SEGMENT + 10);
  const before = g.snapshot();
  grow(g, 1);
  const after = g.snapshot();
  for (let s = 0; s < 3; s++) assert.is(after.segments[s], before.segments[s]);
  assert.is.not(after.segments[3], before.segments[3]);
  assert.is(before.size, 3 * SEGMENT + 10);
  assert.is(after.node(5), before.node(5));
});

test('an old snapshot does not see later nodes', () => {
  const g = new Graph();
  grow(g, 1);
  const before = g.snapshot();
  g.asDefault(() => constant(1, { name: 'late' }));
  assert.is(before.find('late'), undefined);
  assert.is(g.snapshot().find('late')?.name, 'late');
  assert.equal([...before.nodes()].length, 1);
});

test('a refined shape is a new node; the old snapshot keeps the old one', () => {
  const g = new Graph();
  const x = g.asDefault(() => placeholder('float32', [null, 2], { name: 'x' }));
  const before = g.snapshot();
  x.setShape([3, null]);
  assert.equal(x.shape, [3, 2]);
  assert.equal(before.node(0).outputs[0].shape, [null, 2]);
  assert.equal(g.snapshot().node(0).outputs[0].shape, [3, 2]);
  assert.equal(
    diffSnapshots(before, g.snapshot()).refined.map((n) => n.name),
    ['x'],
  );
});

test('a diff names added nodes and changed collections', () => {
  const g = new Graph();
  grow(g, SEGMENT - 1);
  g.addToCollection('same', 1);
  const before = g.snapshot();
  g.asDefault(() => {
    constant(1, { name: 'a' });
    constant(1, { name: 'b' });
  });
  g.addToCollection('new', 1);
  const diff = diffSnapshots(before, g.snapshot());
  assert.equal(g.diff(before), diff);
  assert.equal(g.diff(before, before), { added: [], refined: [], collections: [] });
  assert.equal(
    diff.added.map((n) => n.name),
    ['a', 'b'],
  );
  assert.equal(diff.collections, ['new']);
  assert.throws(() => diffSnapshots(new Graph().snapshot(), before), /different graphs/);
});

test('every input and control id is smaller than the node’s own', () => {
  const g = new Graph();
  g.asDefault(() => {
    const x = placeholder('float32', [2], { name: 'x' });
    g.controlDependencies([x], () => constant([1, 2]));
  });
  for (const node of g.snapshot().nodes()) {
    for (const input of node.inputs) assert.ok(input.node < node.id);
    for (const control of node.controls) assert.ok(control < node.id);
  }
});

test('a failed build leaves nodes, names, collections and snapshots as they were', () => {
  const g = new Graph();
  grow(g, 3);
  g.addToCollection('kept', 1);
  const before = g.snapshot();
  assert.throws(
    () =>
      g.atomic(() => {
        grow(g, 300);
        g.addToCollection('kept', 2);
        g.addToCollection('gone', 2);
        throw new Error('fails');
      }),
    /fails/,
  );
  assert.is(g.size, 3);
  assert.equal(g.getCollection('kept'), [1]);
  assert.equal(g.getAllCollectionKeys(), ['kept']);
  assert.is(g.uniqueName('Const', false), 'Const_3');
  assert.equal(diffSnapshots(before, g.snapshot()), { added: [], refined: [], collections: [] });
});

test('a snapshot taken inside a build that fails keeps its nodes and is no prefix of what follows', () => {
  const g = new Graph();
  let inside = g.snapshot();
  assert.throws(() =>
    g.atomic(() => {
      g.asDefault(() => constant(1, { name: 'lost' }));
      inside = g.snapshot();
      throw new Error('fails');
    }),
  );
  g.asDefault(() => constant(2, { name: 'kept' }));
  assert.is(inside.find('lost')?.name, 'lost');
  assert.is(inside.find('kept'), undefined);
  assert.is.not(g.snapshot().epoch, inside.epoch);
  assert.is(g.snapshot().node(0).name, 'kept');
});

test.run();
