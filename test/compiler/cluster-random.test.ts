/** What `cluster` must keep of any program: random modules, all nodes, their order, reads on their side of writes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { generateLoop } from '../../compiler/codegen/generate.ts';
import { Facts } from '../../compiler/ir/context.ts';
import type { IrNode } from '../../compiler/ir/module.ts';
import { parseModule } from '../../compiler/ir/parser.ts';
import { verifyModule } from '../../compiler/ir/verify.ts';
import { makeTarget } from '../../compiler/lowering/target.ts';
import { cluster } from '../../compiler/passes/cluster.ts';
import '../../src/index.ts';

const test = suite('compiler/cluster-random');
const target = makeTarget('wasm', { hasKernel: () => true, hasHost: () => true, codegen: true });

const MATRIX = 'f32[4,3]';
const GIVEN = [
  '_Arg() {index=0} : f32[4,3]',
  '_Arg() {index=1} : f32[3]',
  '_Arg() {index=2} : f32[4,1]',
  '_Arg() {index=3} : variant[]',
  '_Arg() {index=4} : i32[]',
  'Const() {value=[4, 3]} : i32[2]',
  'Const() {value=[12]} : i32[1]',
  'Const() {value=1} : i32[]',
  'Const() {value=0} : i32[]',
  'VarHandleOp() {shared_name="v", dtype=f32, shape=[4, 3]} : res[]<f32[4,3]>',
  '_Arg() {index=5} : f32[]',
  '_Arg() {index=6} : f32[12]',
];
/** An op, with the types in braces for values of these types, and what it gives; null for nothing. */
const OPS: readonly (readonly [text: string, type: string | null])[] = [
  ['Neg({f32[4,3]})', MATRIX],
  ['Add({f32[4,3]}, {f32[4,3]})', MATRIX],
  ['Mul({f32[4,3]}, {f32[3]})', MATRIX],
  ['Sub({f32[4,3]}, {f32[4,1]})', MATRIX],
  ['Mul({f32[4,3]}, {f32[]})', MATRIX],
  ['Identity({f32[4,3]})', MATRIX],
  ['Softmax({f32[4,3]})', MATRIX],
  ['Reshape({f32[4,3]}, %6)', 'f32[12]'],
  ['Reshape({f32[12]}, %5)', MATRIX],
  ['Exp({f32[12]})', 'f32[12]'],
  ['Exp({f32[3]})', 'f32[3]'],
  ['Sqrt({f32[]})', 'f32[]'],
  ['Sum({f32[4,3]}, %8)', 'f32[3]'],
  ['Max({f32[4,3]}, %7) {keep_dims}', 'f32[4,1]'],
  ['TensorListGetItem(%3, {i32[]}, %5) {element_dtype=f32}', MATRIX],
  ['Add({i32[]}, %7)', 'i32[]'],
  ['ReadVariableOp(%9)', MATRIX],
  ['AssignVariableOp(%9, {f32[4,3]})', null],
];

/** Vectors, what they add up to, and scalars of the host. */
const OPS_ON_SCALARS: typeof OPS = [
  ['Sqrt({f32[]})', 'f32[]'],
  ['Mul({f32[]}, {f32[]})', 'f32[]'],
  ['Sum({f32[12]}, %8)', 'f32[]'],
  ['Add({f32[12]}, {f32[]})', 'f32[12]'],
  ['Mul({f32[12]}, {f32[12]})', 'f32[12]'],
  // No kernel computes it together with others.
  ['Cumsum({f32[12]}, %8)', 'f32[12]'],
];

/** A program of a number, always the same. */
function program(seed: number, ops: typeof OPS): string {
  let state = seed * 7919 + 1;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const values = new Map([
    [MATRIX, [0]],
    ['f32[3]', [1]],
    ['f32[4,1]', [2]],
    ['i32[]', [4]],
    ['f32[]', [10]],
    ['f32[12]', [11]],
  ]);
  const pick = (type: string): string => {
    const of = values.get(type) as number[];
    return `%${of[below(of.length)]}`;
  };
  const lines = GIVEN.map((text, id) => `%${id} = ${text}`);
  const [fetched, written] = [['%0'], [] as string[]];
  for (let left = 4 + below(22); left > 0; left--) {
    const id = lines.length;
    const [text, type] = ops[below(ops.length)];
    lines.push(`%${id} = ${text.replace(/\{([fi]32\[.*?\])\}/g, (_, of) => pick(of))} : ${type ?? '()'}`);
    if (type === null) written.push(`%${id}`);
    else values.get(type)?.push(id);
    if (type !== null && below(3) === 0) fetched.push(`%${id}`);
  }
  const ends = written.length > 0 ? [`run ${written.join(', ')}`] : [];
  return [...lines, `fetch ${fetched.join(', ')}`, ...ends].join('\n');
}

/** By read, the write that it comes after. */
function readsOf(nodes: readonly IrNode[]): string {
  let write = -1;
  const found: [number, number][] = [];
  for (const { id, op } of nodes) {
    if (op === 'AssignVariableOp') write = id;
    if (op === 'ReadVariableOp') found.push([id, write]);
  }
  return String(found.sort(([a], [b]) => a - b));
}

test('no node is lost or doubled, none comes before what it takes, and kernels are in one piece', () => {
  let [kernels, apart] = [0, 0];
  for (let seed = 0; seed < 2000; seed++) {
    const module = parseModule(program(seed, seed < 1500 ? OPS : OPS_ON_SCALARS));
    const next = cluster.run(module, { target, feeds: [], evaluate: null });
    verifyModule(next, `cluster, program ${seed}`);
    assert.is(next.nodes.length, module.nodes.length, `program ${seed}`);
    assert.is(new Set(next.nodes.map(({ id }) => id)).size, module.nodes.length, `program ${seed}`);
    assert.is(readsOf(next.nodes), readsOf(module.nodes), `program ${seed}`);
    const facts = new Facts(next.nodes);
    const groups = new Map<unknown, IrNode[]>();
    next.nodes.forEach((node, i) => {
      const { _cluster: number } = node.attrs;
      if (number === undefined) return;
      const group = groups.get(number);
      if (!group) groups.set(number, [node]);
      else {
        assert.is(next.nodes[i - 1].attrs._cluster, number, `program ${seed}: a kernel in two pieces`);
        group.push(node);
      }
    });
    for (const group of groups.values()) {
      kernels++;
      if (!generateLoop(facts, group, [{ node: group[group.length - 1].id, index: 0 }])) apart++;
    }
  }
  // Without the views that were tried and left out, a kernel may not go together; its nodes get kernels of their own.
  assert.ok(kernels > 3000 && apart < kernels / 1000, `${apart} of ${kernels}`);
});

test.run();
