/** What `cluster` brings together, from text to text. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { verifyModule } from '../../compiler/ir/verify.ts';
import { makeTarget } from '../../compiler/lowering/target.ts';
import { cluster } from '../../compiler/passes/cluster.ts';
import '../../src/index.ts';

const test = suite('compiler/cluster');
const target = makeTarget('wasm', { hasKernel: () => true, hasHost: () => true, codegen: true });

/** The nodes in their new order, each with the number of its kernel. */
function clustered(text: string): string[] {
  const module = parseModule(text);
  const next = cluster.run(module, { target, feeds: [], evaluate: null });
  verifyModule(next, 'cluster');
  assert.is(new Set(next.nodes.map(({ id }) => id)).size, module.nodes.length, printModule(next));
  return next.nodes
    .filter(({ op }) => op !== '_Arg' && op !== 'Const')
    .map(({ op, attrs }) => (attrs._cluster === undefined ? op : `${op} ${attrs._cluster}`));
}

test('a chain is one kernel, a product between two chains keeps them apart', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4,4]
%1 = Neg(%0) : f32[4,4]
%2 = Exp(%1) : f32[4,4]
%3 = MatMul(%2, %0) : f32[4,4]
%4 = Tanh(%3) : f32[4,4]
%5 = Add(%4, %2) : f32[4,4]
fetch %5`),
    ['Neg 0', 'Exp 0', 'MatMul', 'Tanh 1', 'Add 1'],
  );
});

test('what takes the same input joins, and pulls in what it needs, once', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[8]
%1 = _Arg() {index=1} : f32[8]
%2 = Mul(%0, %1) : f32[8]
%3 = Square(%0) : f32[8]
%4 = Sqrt(%3) : f32[8]
%5 = Neg(%1) : f32[8]
%6 = Exp(%5) : f32[8]
%7 = Add(%4, %6) : f32[8]
%8 = Sub(%7, %2) : f32[8]
fetch %8`),
    ['Mul 0', 'Square 0', 'Neg 0', 'Sqrt 0', 'Exp 0', 'Add 0', 'Sub 0'],
  );
});

test('reductions over the same axes are one kernel, over others they are not', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4,6]
%1 = Const() {value=0} : i32[]
%2 = Const() {value=1} : i32[]
%3 = Exp(%0) : f32[4,6]
%4 = Sum(%3, %1) : f32[6]
%5 = Max(%3, %1) : f32[6]
%6 = Sum(%3, %2) : f32[4]
fetch %4, %5, %6`),
    ['Exp 0', 'Sum 0', 'Max 0', 'Sum 1'],
  );
});

test('no kernel is made for views alone, nor for a few scalars', () => {
  const module = parseModule(`
%0 = _Arg() {index=0} : f32[4]
%1 = _Arg() {index=1} : f32[]
%2 = Const() {value=[2, 2]} : i32[2]
%3 = Reshape(%0, %2) : f32[2,2]
%4 = Neg(%1) : f32[]
fetch %3, %4`);
  assert.is(cluster.run(module, { target, feeds: [], evaluate: null }), module);
});

test('a view at the end is left out, one in between is in', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4,1]
%1 = Const() {value=[4]} : i32[1]
%2 = Neg(%0) : f32[4,1]
%3 = Reshape(%2, %1) : f32[4]
%4 = Const() {value=[4, 1]} : i32[2]
%5 = Reshape(%3, %4) : f32[4,1]
%6 = Exp(%5) : f32[4,1]
%7 = Reshape(%6, %1) : f32[4]
fetch %7`),
    ['Neg 0', 'Reshape 0', 'Reshape 0', 'Exp 0', 'Reshape'],
  );
});

test('a variable is read before the kernel that needs it, but not before an assignment that comes first', () => {
  const handle = 'VarHandleOp() {shared_name="v", dtype=f32, shape=[3]} : res[]<f32[3]>';
  const [a, b] = [false, true].map((assigns) =>
    clustered(`
%0 = _Arg() {index=0} : f32[3]
%1 = ${handle}
%2 = Neg(%0) : f32[3]
${assigns ? '%6 = AssignVariableOp(%1, %0) : ()' : ''}
%3 = ReadVariableOp(%1) : f32[3]
%4 = Add(%2, %3) : f32[3]
fetch %4
${assigns ? 'run %6' : ''}`),
  );
  assert.equal(a, ['VarHandleOp', 'ReadVariableOp', 'Neg 0', 'Add 0']);
  assert.equal(b, ['VarHandleOp', 'Neg 0', 'AssignVariableOp', 'ReadVariableOp', 'Add 1']);
});

test('what comes before a kernel takes nothing that is computed in it', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[3]
%1 = _Arg() {index=1} : i32[]
%2 = _Arg() {index=2} : variant[]
%3 = Const() {value=1} : i32[]
%4 = Const() {value=[3]} : i32[1]
%5 = Neg(%0) : f32[3]
%6 = Add(%1, %3) : i32[]
%7 = TensorListGetItem(%2, %6, %4) {element_dtype=f32} : f32[3]
%8 = Add(%5, %7) : f32[3]
fetch %8`),
    ['Neg 0', 'Add', 'TensorListGetItem', 'Add 1'],
  );
});

test('a view that a kernel began with and does without keeps its place', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4]
%1 = Identity(%0) : f32[4]
%2 = Neg(%0) : f32[4]
fetch %1, %2`),
    ['Neg 0', 'Identity'],
  );
});

test('scalars that the host computes of what it has come before the kernel that takes them, in one of their own', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[8]
%1 = _Arg() {index=1} : f32[]
%2 = Square(%0) : f32[8]
%3 = Neg(%1) : f32[]
%4 = Exp(%3) : f32[]
%5 = Mul(%2, %4) : f32[8]
fetch %5`),
    ['Neg 0', 'Exp 0', 'Square 1', 'Mul 1'],
  );
});

test('scalars that a kernel has summed up stay in it', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[8]
%1 = Const() {value=0} : i32[]
%2 = Square(%0) : f32[8]
%3 = Sum(%2, %1) : f32[]
%4 = Exp(%3) : f32[]
%5 = Mul(%2, %4) : f32[8]
fetch %5`),
    ['Square 0', 'Sum 0', 'Exp 0', 'Mul 0'],
  );
});

test('what is brought before a kernel takes nothing of the kernel with it', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4,4]
%1 = _Arg() {index=1} : f32[]
%2 = _Arg() {index=2} : f32[8]
%3 = Const() {value=[0, 1]} : i32[2]
%4 = MatMul(%0, %0) : f32[4,4]
%5 = Sum(%4, %3) : f32[]
%6 = Square(%2) : f32[8]
%7 = Neg(%5) : f32[]
%8 = Mul(%6, %7) : f32[8]
%9 = Exp(%1) : f32[]
%10 = Mul(%9, %7) : f32[]
%11 = Mul(%8, %9) : f32[8]
fetch %10, %11`),
    ['MatMul', 'Sum 0', 'Exp', 'Square 1', 'Neg 1', 'Mul 1', 'Mul 1', 'Mul'],
  );
});

test.run();
