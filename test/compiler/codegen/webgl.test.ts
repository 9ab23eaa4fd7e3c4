/**
 * What comes to programs on a webgl target, as text and plans, and that the text of a program says nothing of sizes. What
 * programs compute is tested in a browser.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LoopKernel, Operand } from '../../../compiler/codegen/kernel.ts';
import { Values } from '../../../compiler/codegen/values.ts';
import { flatLayout, packedLayout } from '../../../compiler/codegen/webgl/layout.ts';
import { partOf } from '../../../compiler/codegen/webgl/part.ts';
import { renderProgram, type Source } from '../../../compiler/codegen/webgl/render.ts';
import { splitReduction } from '../../../compiler/codegen/webgl/split.ts';
import { compile } from '../../../compiler/compile.ts';
import { parseModule } from '../../../compiler/ir/parser.ts';
import { printModule } from '../../../compiler/ir/printer.ts';
import { verifyModule } from '../../../compiler/ir/verify.ts';
import { makeTarget } from '../../../compiler/lowering/target.ts';
import { cluster } from '../../../compiler/passes/cluster.ts';
import type { ExecutionPlan } from '../../../compiler/plan/plan.ts';
import { printPlan } from '../../../compiler/plan/printer.ts';
import { evaluate } from '../../../runtime/host/evaluate.ts';
import { hasHostKernel } from '../../../runtime/host/index.ts';
import * as tf from '../../../src/index.ts';

const test = suite('compiler/codegen/webgl');
const machine = { hasKernel: () => true, hasHost: hasHostKernel };
const target = makeTarget('webgl', { ...machine, codegen: true });

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

test('chains are programs; joins, and parts alone, stay with the backend', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4,6]
%1 = _Arg() {index=1} : f32[6]
%2 = Const() {value=1} : i32[]
%3 = Const() {value=[1, 0]} : i32[2]
%4 = Mul(%0, %1) : f32[4,6]
%5 = Exp(%4) : f32[4,6]
%6 = ConcatV2(%4, %5, %2) : f32[4,12]
%7 = Transpose(%0, %3) : f32[6,4]
fetch %6, %7`),
    ['Mul 0', 'Exp 0', 'ConcatV2', 'Transpose'],
  );
});

test('a transpose in the middle of a chain is read in the program', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : f32[4,6]
%1 = _Arg() {index=1} : f32[6,4]
%2 = Const() {value=[1, 0]} : i32[2]
%3 = Transpose(%0, %2) : f32[6,4]
%4 = Mul(%3, %1) : f32[6,4]
fetch %4`),
    ['Transpose 0', 'Mul 0'],
  );
});

test('integers are not computed in programs, but cast', () => {
  assert.equal(
    clustered(`
%0 = _Arg() {index=0} : i32[4]
%1 = AddV2(%0, %0) : i32[4]
%2 = Less(%0, %1) : bool[4]
%3 = Cast(%0) {SrcT=i32, DstT=f32} : f32[4]
%4 = Neg(%3) : f32[4]
fetch %1, %2, %4`),
    ['AddV2', 'Less', 'Cast 0', 'Neg 0'],
  );
});

const rows = (columns: number, after: string) => `
%0 = _Arg() {index=0} : f32[4,${columns}]
%1 = Const() {value=1} : i32[]
%2 = Exp(%0) : f32[4,${columns}]
%3 = Sum(%2, %1) {keep_dims=true} : f32[4,1]
%4 = Sqrt(%3) : f32[4,1]
${after}`;

test('reductions are programs where they are short enough', () => {
  const whole = (columns: number) => rows(columns, `%5 = RealDiv(%2, %4) : f32[4,${columns}]\nfetch %5`);
  assert.equal(clustered(whole(64)), ['Exp 0', 'Sum 0', 'Sqrt 0', 'RealDiv 0']);
  // The sum once more for each element of a row would take too long.
  assert.equal(clustered(whole(65)), ['Exp 0', 'Sum 0', 'Sqrt 0', 'RealDiv 1']);
  assert.equal(clustered(rows(512, 'fetch %4')), ['Exp 0', 'Sum 0', 'Sqrt 0']);
  // In two steps, where a number divides it: 521 is a prime.
  assert.equal(clustered(rows(513, 'fetch %4')), ['Exp 0', 'Sum 0', 'Sqrt 0']);
  assert.equal(clustered(rows(521, 'fetch %4')), ['Exp 0', 'Sum', 'Sqrt 1']);
});

/** The plan of a step of Adam on a small network. */
function planOf(codegen: boolean): ExecutionPlan {
  const graph = new tf.Graph();
  const { x, loss, step } = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [32, 8]);
    const w = new tf.Variable(tf.zeros([8, 10]));
    const loss = tf.reduceMean(tf.square(tf.tanh(tf.matmul(x, w))));
    return { x, loss, step: new tf.train.AdamOptimizer(0.1).minimize(loss) };
  });
  const request = {
    fetches: [loss.endpoint],
    targets: [step.node.id],
    feeds: [{ endpoint: x.endpoint, dtype: tf.float32, shape: [32, 8] }],
  };
  const made = makeTarget('webgl', { ...machine, codegen });
  return compile(graph.snapshot(), request, made, { evaluate, verify: true }).plan;
}

test('a plan has generated steps without memory of its own; without code generation it has none', () => {
  const plan = planOf(true);
  const generated = plan.instructions.filter((step) => step.kind === 'generated');
  assert.ok(generated.length >= 2, printPlan(plan));
  assert.is(plan.arena, undefined);
  assert.ok(generated.every(({ overwrites, seals }) => overwrites === undefined && seals === undefined));
  // The whole update of the variable: its next value and those of both moments.
  const update = generated.find(
    ({ outputs }) => outputs.filter((s) => String(plan.slots[s].shape) === '8,10').length === 3,
  );
  assert.ok(update, printPlan(plan));
  assert.match(printPlan(plan), /= generated\..*\n.*= BatchMatMul/s);
  assert.not.ok(planOf(false).instructions.some(({ kind }) => kind === 'generated'));
});

// ---------------------------------------------------------------------------------------------------------------------
// The text of programs

/** mean over rows of (x · c + b), for a matrix x and a row b; and the chain itself. */
function kernel(height: number, width: number, factor: number): LoopKernel {
  const $ = new Values();
  const chain = $.op('add', $.op('mul', $.load('f32', 0), $.constant(factor)), $.load('f32', 1));
  const operand = (strides: number[]): Operand => ({ type: 'f32', strides, offset: 0 });
  return {
    kind: 'loops',
    axes: [
      { extent: height, isReduced: false },
      { extent: width, isReduced: true },
    ],
    inputs: [operand([width, 1]), operand([0, 1])],
    scalars: [],
    outputs: [operand([width, 1]), operand([1, 0])],
    values: $.list,
    stages: [
      { kind: 'reduce', reduction: 'sum', value: chain },
      { kind: 'store', output: 0, value: chain },
      { kind: 'store', output: 1, value: $.op('div', $.reduced('f32', 0), $.constant(width)) },
    ],
  };
}

const matrix = (height: number, width: number) =>
  packedLayout([height, width], Math.ceil(width / 2), Math.ceil(height / 2));

test('the text of a program says nothing of sizes and constants', () => {
  const programs = [
    [32, 128, 0.3],
    [64, 30, 0.7],
  ].map(([height, width, factor]) => {
    const whole = kernel(height, width, factor);
    const sources = [matrix(height, width), matrix(1, width)];
    const targets = [matrix(height, width), matrix(1, height)];
    return targets.map((layout, output) => {
      const part = partOf(whole, [output]);
      return renderProgram(
        part.kernel,
        part.inputs.map((input) => sources[input]),
        layout,
      );
    });
  });
  const [first, second] = programs;
  first.forEach(({ source }, k) => {
    assert.is(source, second[k].source);
    assert.is(source.match(/\b(32|64|128|30|0\.3)\b/), null, source);
  });
  assert.not.equal(first[1].integers, second[1].integers);
  assert.equal([first[0].floats[0], second[0].floats[0]], [0.3, 0.7].map(Math.fround));
});

test('a part is what its outputs need', () => {
  const whole = kernel(32, 128, 0.3);
  const chain = partOf(whole, [0]).kernel;
  assert.equal(
    chain.stages.map(({ kind }) => kind),
    ['store'],
  );
  assert.ok(chain.axes.every(({ isReduced }) => !isReduced));
  assert.equal(
    partOf(whole, [1]).kernel.stages.map(({ kind }) => kind),
    ['reduce', 'store'],
  );
});

test('long reductions come in two steps', () => {
  const long = partOf(kernel(3, 3872, 0.3), [1]).kernel;
  const split = splitReduction(long);
  assert.ok(split);
  const counts = [split.first, split.second].map(({ axes }) =>
    axes.reduce((product, { extent, isReduced }) => product * (isReduced ? extent : 1), 1),
  );
  assert.is(counts[0] * counts[1], 3872);
  assert.ok(Math.max(...counts) <= 100);
  assert.equal([split.rows, split.columns], [counts[1], 3]);
  assert.is(splitReduction(partOf(kernel(3, 128, 0.3), [1]).kernel), null);
  assert.is(splitReduction(partOf(kernel(3, 521, 0.3), [1]).kernel), null);
});

test('whole texels are read where they lie as they are written, single elements elsewhere', () => {
  const part = partOf(kernel(32, 128, 0.3), [0]);
  const source = (x: Source, b: Source) => renderProgram(part.kernel, [x, b], matrix(32, 128)).source;
  const fetches = (text: string) => text.match(/texelFetch/g)?.length;
  assert.is(fetches(source(matrix(32, 128), matrix(1, 128))), 2);
  assert.is(fetches(source(matrix(32, 128), 'number')), 1);
  assert.is(fetches(source(flatLayout(128, 32, 0), matrix(1, 128))), 5);
  // The same elements as other rows.
  assert.is(fetches(source(matrix(128, 32), matrix(1, 128))), 5);
});

test('shapes that lie alike are told to', () => {
  const layout = (shape: number[]) => packedLayout(shape, 8, 8);
  assert.equal(layout([3, 4, 5]), layout([12, 5]));
  assert.equal(layout([4, 1, 6]), layout([24]));
  assert.not.equal(layout([4, 1, 5]), layout([20]));
  assert.not.equal(layout([4, 3, 5]), layout([12, 5]));
  assert.equal(layout([]), layout([1, 1]));
});

test.run();
