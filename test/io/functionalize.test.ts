/** Dataflow control flow in functional form: graphs that TensorFlow wrote give its values, and are well formed. */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../src/v1.ts';
import { isV1ControlFlow } from '../../src/io/functionalize/items.ts';
import { functionalizeControlFlow } from '../../src/io/functionalize.ts';
import { GraphDef } from '../../src/io/graph-def.ts';
import type { AttrValueDef, FunctionDef, NodeDef } from '../../src/io/messages.ts';
import { bool, float32, int32 } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { FunctionalProgram, type Value } from '../support/evaluate-functional.ts';

const test = suite('io/functionalize');

interface Step {
  readonly fetches: readonly string[];
  readonly feeds: Readonly<Record<string, number | boolean>>;
  readonly outputs?: readonly (number | boolean)[];
  readonly error?: string;
}

const folder = new URL('../goldens/control-flow/', import.meta.url);
const table = JSON.parse(readFileSync(new URL('steps.json', folder), 'utf8')) as Record<
  string,
  { readonly init: string; readonly steps: readonly Step[] }
>;
const read = (name: string): GraphDef => GraphDef.fromBinary(readFileSync(new URL(`${name}.pb`, folder)));

/** Checks names and edges of all nodes, functions and results. */
function assertWellFormed(def: GraphDef): void {
  const functions = new Map(def.library.function.map((fn) => [fn.name, fn]));
  assert.is(functions.size, def.library.function.length, 'names of functions are unique');
  checkNodes(def.node, [], functions);
  for (const fn of def.library.function) {
    const names = checkNodes(
      fn.nodeDef,
      fn.inputArg.map(({ name }) => name),
      functions,
    );
    assert.equal(
      [...fn.ret.keys()],
      fn.outputArg.map(({ name }) => name),
    );
    for (const ret of fn.ret.values()) assert.ok(names.has(ret.split(':')[0]), `${fn.name} returns ${ret}`);
    for (const effect of fn.controlOutput) assert.ok(names.has(fn.controlRet.get(effect) as string));
  }
}

function checkNodes(
  nodes: readonly NodeDef[],
  args: readonly string[],
  functions: ReadonlyMap<string, FunctionDef>,
): Set<string> {
  const names = new Set([...args, ...nodes.map(({ name }) => name)]);
  assert.is(names.size, args.length + nodes.length, 'names of nodes are unique');
  for (const node of nodes) {
    assert.not(isV1ControlFlow(node.op), `${node.name} is a ${node.op}`);
    for (const input of node.input) {
      const name = input.replace(/^\^/, '').split(':')[0];
      assert.ok(names.has(name), `${node.name} reads ${input}`);
    }
    for (const value of node.attr.values()) {
      if ('func' in value) assert.ok(functions.has(value.func.name), `${node.name} calls ${value.func.name}`);
    }
    checkCall(node, functions);
  }
  return names;
}

/** Inputs and results of a functional node are those of its functions. */
function checkCall(node: NodeDef, functions: ReadonlyMap<string, FunctionDef>): void {
  const isIf = node.op.endsWith('If');
  if (!isIf && !node.op.endsWith('While')) return;
  const types = (key: string): string[] => {
    const value = node.attr.get(key);
    return value && 'list' in value ? value.list.map((item) => ('type' in item ? item.type.name : '?')) : [];
  };
  const data = node.input.filter((input) => !input.startsWith('^'));
  const tin = types(isIf ? 'Tin' : 'T');
  assert.is(data.length, tin.length + (isIf ? 1 : 0));
  for (const key of isIf ? ['then_branch', 'else_branch'] : ['cond', 'body']) {
    const value = node.attr.get(key) as { readonly func: { readonly name: string } };
    const fn = functions.get(value.func.name) as FunctionDef;
    assert.equal(
      fn.inputArg.map(({ type }) => type?.name),
      tin,
    );
    const tout = key === 'cond' ? ['bool'] : types(isIf ? 'Tout' : 'T');
    assert.equal(
      fn.outputArg.map(({ type }) => type?.name),
      tout,
    );
    assert.not(node.op.startsWith('Stateless') && fn.isStateful, `${node.name} calls ${fn.name}`);
  }
}

function assertClose(actual: Value, expected: number | boolean, message: string): void {
  const difference = Math.abs(Number(actual) - Number(expected));
  // Values of TensorFlow are of float32.
  assert.ok(difference <= 1e-6 + 1e-5 * Math.abs(Number(expected)), `${message}: ${actual} for ${expected}`);
}

for (const [name, { init, steps }] of Object.entries(table)) {
  test(`${name.replaceAll('_', ' ')}: TensorFlow's values`, () => {
    const def = functionalizeControlFlow(read(name));
    assertWellFormed(def);
    const program = new FunctionalProgram(def);
    program.run([init]);
    for (const [i, { fetches, feeds, outputs, error }] of steps.entries()) {
      if (outputs === undefined) {
        assert.throws(() => program.run(fetches, feeds), error);
        continue;
      }
      for (const [k, value] of program.run(fetches, feeds).entries()) {
        assertClose(value, outputs[k], `step ${i}, ${fetches[k]}`);
      }
    }
  });
}

test('every file of goldens is of the table', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.pb'));
  assert.equal(
    files.sort(),
    Object.keys(table)
      .map((name) => `${name}.pb`)
      .sort(),
  );
});

const type = (dtype: typeof float32): [string, AttrValueDef] => ['T', { type: dtype }];
const node = (name: string, op: string, input: readonly string[], ...attr: [string, AttrValueDef][]): NodeDef => ({
  name,
  op,
  input,
  device: '',
  attr: new Map(attr),
});
const placeholder = (name: string, dtype = float32): NodeDef =>
  node(name, 'Placeholder', [], ['dtype', { type: dtype }], ['shape', { shape: { dim: [] } }]);
const frame = (name: string): [string, AttrValueDef] => ['frame_name', { s: new TextEncoder().encode(name) }];

test('a graph without dataflow control flow comes back as it is', () => {
  const def = new GraphDef([placeholder('x'), node('y', 'Neg', ['x'], type(float32))]);
  assert.is(functionalizeControlFlow(def), def);
});

test('nodes outside keep names, inputs and attributes; what ends loops and branches becomes an identity', () => {
  const before = read('intermediate_read_later');
  const after = new Map(functionalizeControlFlow(before).node.map((each) => [each.name, each]));
  const x = before.node.find(({ name }) => name === 'x') as NodeDef;
  assert.equal(after.get('x'), x);
  const merge = after.get('cond/Merge') as NodeDef;
  assert.is(merge.op, 'Identity');
  assert.match(merge.input[0], /^cond/);
  assert.is(functionalizeControlFlow(read('loop_by_hand')).node.find(({ name }) => name === 'exit')?.op, 'Identity');
});

test('only functions with effects make a node stateful', () => {
  const ops = (name: string) => functionalizeControlFlow(read(name)).node.map(({ op }) => op);
  assert.ok(ops('two_predicates').includes('StatelessIf'));
  assert.not(ops('two_predicates').includes('If'));
  assert.ok(ops('group_in_a_branch').includes('If'));
  assert.ok(ops('loop_by_hand').includes('StatelessWhile'));
  assert.ok(ops('assignments_in_a_loop').includes('While'));
  // A variable read through a reference is state.
  assert.not(ops('references_assigned').includes('StatelessIf'));
});

test('an argument that was a reference to a variable says so', () => {
  const refs = (name: string) =>
    functionalizeControlFlow(read(name)).library.function.flatMap(({ argAttr }) =>
      [...argAttr.values()].filter((attrs) => attrs.has('_ref')),
    );
  assert.ok(refs('references_assigned').length > 0);
  assert.is(refs('two_predicates').length, 0);
});

test('places beside nodes that are gone are taken off', () => {
  const def = functionalizeControlFlow(read('two_predicates'));
  const names = new Set(def.node.map(({ name }) => name));
  for (const { attr } of def.node) {
    const places = attr.get('_class');
    if (!places || !('list' in places)) continue;
    for (const place of places.list) {
      assert.ok('s' in place && names.has(new TextDecoder().decode(place.s).replace('loc:@', '')));
    }
  }
});

test("inputs from different frames are refused in TensorFlow's words", () => {
  const enter = (name: string, input: string, of: string) => node(name, 'Enter', [input], type(float32), frame(of));
  const nodes = [placeholder('x'), enter('a', 'x', 'A'), enter('b', 'x', 'B'), node('c', 'AddV2', ['a', 'b'])];
  assert.throws(
    () => functionalizeControlFlow(new GraphDef(nodes)),
    (e: Error) =>
      e instanceof InvalidArgumentError &&
      // Written by TensorFlow 2.21, which names the two in the other order.
      e.message ===
        "{{node c}} has inputs from different frames. The input {{node b}} is in frame 'B'. The input {{node a}} is in frame 'A'.",
  );
});

test('a loop that is malformed is refused with the name of its frame', () => {
  const nodes = [placeholder('x'), node('a', 'Enter', ['x'], type(float32), frame('outer/loop'))];
  assert.throws(
    () => functionalizeControlFlow(new GraphDef(nodes)),
    (e: Error) => e instanceof InvalidArgumentError && e.message.includes("'outer/loop'"),
  );
});

test('a merge whose inputs come under unrelated predicates is refused by its name', () => {
  const nodes = [
    placeholder('x'),
    placeholder('p', bool),
    placeholder('q', bool),
    node('s', 'Switch', ['x', 'p'], type(float32)),
    node('t', 'Switch', ['x', 'q'], type(float32)),
    node('m', 'Merge', ['s', 't:1'], type(float32), ['N', { i: 2 }]),
  ];
  assert.throws(
    () => functionalizeControlFlow(new GraphDef(nodes)),
    (e: Error) => e instanceof UnimplementedError && e.message.includes("'m'"),
  );
});

test('an op of which nothing is known is refused by its name where its outputs enter a branch', () => {
  const nodes = [
    placeholder('p', bool),
    node('x', 'Unheard', []),
    node('s', 'Switch', ['x', 'p'], type(float32)),
    node('m', 'Merge', ['s', 's:1'], type(float32), ['N', { i: 2 }]),
  ];
  assert.throws(() => functionalizeControlFlow(new GraphDef(nodes)), /'Unheard'/);
});

/** A branch that squares or keeps, over and over: each works on what the one before gave. */
function chain(length: number): NodeDef[] {
  const nodes = [placeholder('x'), placeholder('p', bool)];
  for (let i = 0; i < length; i++) {
    const input = i === 0 ? 'x' : `m${i - 1}`;
    nodes.push(
      node(`s${i}`, 'Switch', [input, 'p'], type(float32)),
      node(`y${i}`, 'Neg', [`s${i}:1`], type(float32)),
      node(`m${i}`, 'Merge', [`s${i}`, `y${i}`], type(float32), ['N', { i: 2 }]),
    );
  }
  return nodes;
}

test('long chains of branches, and long branches, take no stack and time in proportion', () => {
  const many = functionalizeControlFlow(new GraphDef(chain(1000)));
  assert.is(many.node.filter(({ op }) => op === 'StatelessIf').length, 1000);
  const nodes = [placeholder('x'), placeholder('p', bool), node('s', 'Switch', ['x', 'p'], type(float32))];
  for (let i = 0; i < 30_000; i++) nodes.push(node(`y${i}`, 'Neg', [i === 0 ? 's:1' : `y${i - 1}`], type(float32)));
  nodes.push(node('m', 'Merge', ['s', 'y29999'], type(float32), ['N', { i: 2 }]));
  const long = functionalizeControlFlow(new GraphDef(nodes));
  assert.is(Math.max(...long.library.function.map(({ nodeDef }) => nodeDef.length)), 30_000);
});

test('deep nests of loops become nested functions', () => {
  const depth = 30;
  const nodes = [placeholder('x', int32), node('c', 'Const', [], ['dtype', { type: int32 }], ['value', three])];
  // Each loop runs three rounds of the loop within; the innermost adds one to a counter.
  for (let i = 0; i < depth; i++) nodes.push(...nestedLoop(i, depth));
  nodes.push(node('y', 'Identity', ['exit0'], type(int32)));
  const def = functionalizeControlFlow(new GraphDef(nodes));
  assertWellFormed(def);
  assert.is(def.library.function.length, 2 * depth);
  assert.is(def.node.filter(({ op }) => op === 'StatelessWhile').length, 1);
});

const three: AttrValueDef = { tensor: new NdArray(int32, [], Int32Array.of(3)) };

function nestedLoop(i: number, depth: number): NodeDef[] {
  const t = type(int32);
  const outside = i === 0 ? ['x', 'c'] : [`sw${i - 1}:1`, `c${i - 1}`];
  const result = i === depth - 1 ? `sw${i}:1` : `exit${i + 1}`;
  return [
    node(`en${i}`, 'Enter', [outside[0]], t, frame(`f${i}`)),
    node(`c${i}`, 'Enter', [outside[1]], t, frame(`f${i}`), ['is_constant', { b: true }]),
    node(`me${i}`, 'Merge', [`en${i}`, `ne${i}`], t, ['N', { i: 2 }]),
    node(`le${i}`, 'Less', [`me${i}`, `c${i}`], t),
    node(`lc${i}`, 'LoopCond', [`le${i}`]),
    node(`sw${i}`, 'Switch', [`me${i}`, `lc${i}`], t),
    node(`ad${i}`, 'AddV2', [result, `c${i}`], t),
    node(`ne${i}`, 'NextIteration', [`ad${i}`], t),
    node(`exit${i}`, 'Exit', [`sw${i}`], t),
  ];
}

test.run();
