/**
 * The order of the rooms: reads the imports of src, compiler and runtime, and holds them to the directions that the
 * layout promises. What the files do is left to the other tests.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { alg, Graph } from 'graphlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

interface SourceFile {
  /** From the repository's root, with forward slashes. */
  path: string;
  text: string;
  imports: string[];
}

const ROOT = new URL('../', import.meta.url);
const HOUSES = ['src', 'compiler', 'runtime'];
const LINE_LIMIT = 600;

/** Each may import itself and what stands before it. */
const ROOMS = [
  'src/util',
  'src/graph',
  'src/ops',
  'src/autodiff',
  'src/variables',
  'src/train',
  'src/queues',
  'src/metrics',
  'src/data',
  'src/keras',
  'src/layers',
  'src/io',
  'src/monitored',
  'src/viz',
  'compiler',
  'runtime',
  // A program on top of all: nothing imports it.
  'src/cli',
];

/** All that the compiler may know of the front end; a name that ends in a slash stands for the whole folder. */
const COMPILER_SEES = [
  'src/util/',
  'src/graph/node.ts',
  'src/graph/snapshot.ts',
  'src/graph/function.ts',
  'src/ops/opdef/',
];

const BUILTINS = new Set(builtinModules);

// ---------------------------------------------------------------------------------------------------------------------
// Reading

/**
 * The module names that a TypeScript text imports, types included. Statements count from the start of a line only,
 * which leaves out the examples in comments.
 */
function importsOf(text: string): string[] {
  const found: string[] = [];
  const statement = /^[ \t]*(?:import|export)\b[^'"`;=]*?[\s}*]from\s*['"]([^'"\n]+)['"]/gm;
  const bare = /^[ \t]*import\s*['"]([^'"\n]+)['"]/gm;
  const called = /^(?![ \t]*(?:\*|\/\/)).*?\b(?:import|require)\(\s*['"]([^'"\n]+)['"]/gm;
  for (const pattern of [statement, bare, called]) {
    for (const match of text.matchAll(pattern)) found.push(match[1]);
  }
  return [...new Set(found)];
}

function readSources(): SourceFile[] {
  const files: SourceFile[] = [];
  for (const house of HOUSES) {
    const folder = new URL(`${house}/`, ROOT);
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (!/\.[cm]?[jt]sx?$/.test(name)) continue;
      const path = `${house}/${name.replaceAll('\\', '/')}`;
      const text = readFileSync(new URL(path, ROOT), 'utf8');
      files.push({ path, text, imports: importsOf(text) });
    }
  }
  return files;
}

/** The repository paths that a file imports; packages and Node's own modules are left out. */
function targetsOf(file: SourceFile): string[] {
  return file.imports.filter((name) => name.startsWith('.')).map((name) => posix.join(posix.dirname(file.path), name));
}

function room(path: string): string | undefined {
  return ROOMS.find((name) => path.startsWith(`${name}/`));
}

/** A file such as src/index.ts, which gathers the rooms and belongs to none. */
function isEntry(path: string): boolean {
  return posix.dirname(path) === 'src';
}

// ---------------------------------------------------------------------------------------------------------------------
// Rules: each answers with one line for every breach, and with an empty list where the rule holds

function importCircles(files: SourceFile[]): string[] {
  const graph = new Graph({ directed: true });
  // The prefix keeps a path from being read as a property that every object has.
  for (const { path } of files) graph.setNode(`f:${path}`);
  for (const file of files) {
    for (const target of targetsOf(file)) {
      if (graph.hasNode(`f:${target}`)) graph.setEdge(`f:${file.path}`, `f:${target}`);
    }
  }
  return alg.findCycles(graph).map((tangle) => shortestCircle(graph, tangle));
}

/** One circle through the first file of a strongly connected set: the set itself can be most of the tree. */
function shortestCircle(graph: Graph, tangle: string[]): string {
  const members = new Set(tangle);
  const start = [...tangle].sort()[0];
  const cameFrom = new Map<string, string>();
  const queue = [start];
  while (!cameFrom.has(start)) {
    const node = queue.shift() as string;
    for (const next of graph.successors(node) ?? []) {
      if (!members.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  const circle = [start];
  do circle.unshift(cameFrom.get(circle[0]) as string);
  while (circle[0] !== start);
  return circle.map((key) => key.slice(2)).join(' -> ');
}

function strangers(files: SourceFile[]): string[] {
  return files.filter(({ path }) => !isEntry(path) && room(path) === undefined).map(({ path }) => path);
}

function upwardImports(files: SourceFile[]): string[] {
  return edges(files)
    .filter(([from]) => !isEntry(from))
    .filter(([from, to]) => {
      const target = room(to);
      return target === undefined || ROOMS.indexOf(target) > ROOMS.indexOf(room(from) ?? '');
    })
    .map(([from, to]) => `${from} imports ${to}`);
}

function compilerSeesTooMuch(files: SourceFile[]): string[] {
  return edges(files)
    .filter(([from, to]) => from.startsWith('compiler/') && !to.startsWith('compiler/'))
    .filter(([, to]) => !COMPILER_SEES.some((seen) => (seen.endsWith('/') ? to.startsWith(seen) : to === seen)))
    .map(([from, to]) => `${from} imports ${to}`);
}

function irSeesOtherRooms(files: SourceFile[]): string[] {
  return edges(files)
    .filter(([from, to]) => from.startsWith('compiler/ir/') && /^compiler\/(?!ir\/)/.test(to))
    .map(([from, to]) => `${from} imports ${to}`);
}

function longFiles(files: SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0) }))
    .filter(({ lines }) => lines > LINE_LIMIT)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

function nodeImports(files: SourceFile[]): string[] {
  return files
    .filter(({ path }) => path !== 'src/node.ts' && !path.endsWith('-node.ts'))
    .flatMap(({ path, imports }) =>
      imports.filter((name) => name.startsWith('node:') || BUILTINS.has(name)).map((name) => `${path} imports ${name}`),
    );
}

function selfImports(files: SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((name) => /^tfjs-graph(\/|$)/.test(name)).map((name) => `${path} imports ${name}`),
  );
}

function edges(files: SourceFile[]): [from: string, to: string][] {
  return files.flatMap((file) => targetsOf(file).map((to): [string, string] => [file.path, to]));
}

function none(breaches: string[]): void {
  if (breaches.length > 0) throw new Error(breaches.join('\n    '));
}

// ---------------------------------------------------------------------------------------------------------------------
// The tree holds to the rules

const sources = readSources();

test('src, compiler and runtime each hold source files', () => {
  none(HOUSES.filter((house) => !sources.some(({ path }) => path.startsWith(`${house}/`))));
});

test('imports form no circle', () => none(importCircles(sources)));

test('every file stands in a room of the layout, or directly in src', () => none(strangers(sources)));

test('a file imports only from its own room and the rooms before it', () => none(upwardImports(sources)));

test('the compiler sees of the front end only util, nodes, snapshots, functions and opdef', () =>
  none(compilerSeesTooMuch(sources)));

test('compiler/ir imports nothing else of the compiler', () => none(irSeesOtherRooms(sources)));

test(`no source file is longer than ${LINE_LIMIT} lines`, () => none(longFiles(sources)));

test('only src/node.ts, and files named -node.ts, import modules of Node', () => none(nodeImports(sources)));

test('no source file imports the package by its own name', () => none(selfImports(sources)));

// ---------------------------------------------------------------------------------------------------------------------
// The rules find what they are for

function planted(tree: Record<string, string>): SourceFile[] {
  return Object.entries(tree).map(([path, text]) => ({ path, text, imports: importsOf(text) }));
}

test('every form of import is read, and none out of a comment or a string', () => {
  const text = `
import a, { b } from './a.ts';
import type { C } from "./c.ts";
import {
  type D,
  e as default_,
} from './d.ts';
import * as f from './f.ts';
import './g.ts';
export * from './h.ts';
export { i } from './i.ts';
export type * from './j.ts';
const k = await import('./k.ts');
function l(x: import('./l.ts').L) {}
/**
 * import { no } from './no1.ts';
 * or import('./no2.ts')
 */
// import './no3.ts';
export const from = 'x', text = "import './no4.ts'";
export function m(text: string) { return Array.from('./no5.ts'); }
`;
  const read = importsOf(text).sort();
  const names = ['a', 'c', 'd', 'f', 'g', 'h', 'i', 'j', 'k', 'l'].map((name) => `./${name}.ts`);
  assert.equal(read, names);
});

test('a circle is reported with the files on it, and a file that imports itself is one', () => {
  const tree = planted({
    'src/ops/a.ts': `import './b.ts';`,
    'src/ops/b.ts': `import type { C } from '../graph/constructor.ts';`,
    'src/graph/constructor.ts': `export * from '../ops/a.ts';`,
    'src/graph/other.ts': `import './constructor.ts';`,
    'src/util/self.ts': `import './self.ts';`,
  });
  assert.equal(importCircles(tree).sort(), [
    'src/graph/constructor.ts -> src/ops/a.ts -> src/ops/b.ts -> src/graph/constructor.ts',
    'src/util/self.ts -> src/util/self.ts',
  ]);
});

test('an import against the order is reported, and one by an entry file is not', () => {
  const tree = planted({
    'src/index.ts': `export * from '../runtime/session.ts';`,
    'src/util/a.ts': `import '../graph/node.ts';`,
    'src/graph/b.ts': `import '../index.ts';`,
    'src/io/c.ts': `import '../train/saver.ts';`,
    'compiler/d.ts': `import '../runtime/session.ts';`,
    'runtime/e.ts': `import '../compiler/d.ts';`,
    'runtime/f.ts': `import '../test/run.ts';`,
  });
  assert.equal(upwardImports(tree), [
    'src/util/a.ts imports src/graph/node.ts',
    'src/graph/b.ts imports src/index.ts',
    'compiler/d.ts imports runtime/session.ts',
    'runtime/f.ts imports test/run.ts',
  ]);
});

test('a compiler file that looks past its window is reported', () => {
  const tree = planted({
    'compiler/ir/a.ts': `import '../../src/util/dtype.ts';
import '../../src/graph/node.ts';
import '../../src/graph/names.ts';
import '../../src/ops/opdef/registry.ts';
import '../../src/ops/math.ts';
import '../passes/fold.ts';
import './b.ts';`,
  });
  assert.equal(compilerSeesTooMuch(tree), [
    'compiler/ir/a.ts imports src/graph/names.ts',
    'compiler/ir/a.ts imports src/ops/math.ts',
  ]);
  assert.equal(irSeesOtherRooms(tree), ['compiler/ir/a.ts imports compiler/passes/fold.ts']);
});

test('an unknown room, a long file, a module of Node and the own name are reported', () => {
  const tree = planted({
    'src/attic/a.ts': '\n'.repeat(LINE_LIMIT),
    'src/util/b.ts': `${'\n'.repeat(LINE_LIMIT)}import 'fs/promises';`,
    'src/util/file-node.ts': `import { x } from 'node:fs';`,
    'src/node.ts': `import { x } from 'node:fs';`,
    'runtime/file-node.ts': `import { x } from 'node:fs';`,
    'runtime/c.ts': `import { x } from 'tfjs-graph/node';`,
  });
  assert.equal(strangers(tree), ['src/attic/a.ts']);
  assert.equal(longFiles(tree), [`src/util/b.ts has ${LINE_LIMIT + 1} lines`]);
  assert.equal(nodeImports(tree), ['src/util/b.ts imports fs/promises']);
  assert.equal(selfImports(tree), ['runtime/c.ts imports tfjs-graph/node']);
});

test.run();
