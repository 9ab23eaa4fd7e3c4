/** Reference variables leave a module when it is made: what they become, and which static shapes hold then. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../compiler/compile.ts';
import { importGraph } from '../../compiler/ir/import.ts';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { reshapedVariables, resolveReferences } from '../../compiler/ir/references.ts';
import { verifyModule } from '../../compiler/ir/verify.ts';
import { cse } from '../../compiler/passes/cse.ts';
import { printPlan } from '../../compiler/plan/printer.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { add, constant, identity, multiply, placeholder } from '../../src/ops/index.ts';
import { float32 } from '../../src/util/dtype.ts';
import { evaluate, fakeTarget } from './fake-target.ts';
import { bare, contextOf } from './text.ts';

/** The module for what `build` gives, on a graph with a variable `v`; placeholders are fed as `[2]`. */
function moduleOf(build: (v: Tensor) => readonly Tensor[]) {
  const graph = new Graph();
  const fetches = graph.asDefault(() => build(emitOne('VariableV2', [], { shape: [2], dtype: float32 }, 'v')));
  const feeds = graph
    .getOperations()
    .filter(({ type }) => type === 'Placeholder')
    .map((op) => ({ endpoint: op.output(0).endpoint, dtype: float32, shape: [2] }));
  const request = { fetches: fetches.map(({ endpoint }) => endpoint), targets: [], feeds };
  const module = importGraph(graph.snapshot(), request);
  verifyModule(module, 'import');
  return { graph, request, module };
}

/** The text without the attributes of handles, which all say the same. */
const text = (module: Parameters<typeof printModule>[0]) =>
  bare(printModule(module)).replace(/ \{debug_name.*?\}/g, '');

const HANDLE = '%0 = VarHandleOp() : res[]<f32[2]>';

test('a value is read right before whoever takes it, a fetch at the end', () => {
  const { module } = moduleOf((v) => {
    const read = identity(v);
    const before = multiply(read, 2);
    const sum = emitOne('AssignAdd', [v, [1, 1]]);
    return [before, multiply(sum, read), sum];
  });
  assert.is(
    text(module),
    `${HANDLE}
%7 = ReadVariableOp(%0) : f32[2]
%1 = Identity(%7) : f32[2]
%2 = Const() {value=2} : f32[]
%8 = ReadVariableOp(%0) : f32[2]
%3 = Mul(%8, %2) : f32[2]
%4 = Const() {value=[1, 1]} : f32[2]
%5 = AssignAddVariableOp(%0, %4) : ()
%9 = ReadVariableOp(%0) : f32[2]
%6 = Mul(%9, %9) : f32[2]
%10 = ReadVariableOp(%0) : f32[2]
fetch %3, %6, %10
run %5`,
  );
  const after = bare(printModule(cse.run(module, contextOf(module))));
  assert.is(after.match(/ReadVariableOp/g)?.length, 2, 'the reads on each side of the update are one each');
});

test('every op on references becomes its form on handles', () => {
  const { module } = moduleOf((v) => {
    const rows = constant({ data: Int32Array.of(0), shape: [1] });
    const set = emitOne('Assign', [v, [1, 2]]);
    const open = emitOne('Assign', [set, placeholder(float32, null)]);
    const scattered = emitOne('ScatterSub', [open, rows, [1]]);
    return [
      emitOne('ApplyMomentum', [scattered, v, 0.1, [1, 1], 0.9], { use_nesterov: true }),
      emitOne('IsVariableInitialized', [v]),
    ];
  });
  const ops = module.nodes.filter(({ op }) => op !== 'Const').map(({ op }) => op);
  assert.equal(ops, [
    '_Arg',
    'VarHandleOp',
    'AssignVariableOp',
    '_AssignReference',
    'ResourceScatterSub',
    'ResourceApplyMomentum',
    'VarIsInitializedOp',
    'ReadVariableOp',
  ]);
});

test('an assignment that may reshape a variable takes all shapes that follow from it out', () => {
  const build = (free: boolean) => (v: Tensor) => {
    const value = placeholder(float32, null);
    const updated = emitOne('AssignSub', [v, [1, 1]]);
    if (free) emitOne('Assign', [updated, value], { validate_shape: false });
    emitOne('Assign', [v, [1, 2]], { validate_shape: false });
    return [add(multiply(v, 2), 1)];
  };
  const fixed = moduleOf(build(false));
  assert.match(text(fixed.module), /AddV2\(.*\) : f32\[2\]/);
  assert.is(reshapedVariables(fixed.graph.snapshot()).size, 0);
  const free = moduleOf(build(true));
  assert.match(text(free.module), /AddV2\(.*\) : f32\[\*\]/);
  assert.equal([...reshapedVariables(free.graph.snapshot())], [0]);
  assert.is(reshapedVariables(free.graph.snapshot()), reshapedVariables(free.graph.snapshot()));
});

test('a module without references stays the same object', () => {
  const module = parseModule(`%0 = _Arg() {index=0} : f32[2]
    %1 = Identity(%0) : f32[2]
    fetch %1`);
  assert.is(
    resolveReferences(module, () => false),
    module,
  );
});

test('what nobody takes is not read, and the plan keeps to its rules', () => {
  const { graph, request } = moduleOf((v) => {
    identity(v);
    return [emitOne('Assign', [v, placeholder(float32, [2])])];
  });
  const { plan } = compile(graph.snapshot(), { ...request, fetches: [], targets: [3] }, fakeTarget(), {
    evaluate,
    verify: true,
  });
  assert.equal(
    plan.instructions.map(({ kind }) => kind),
    ['assign'],
  );
  assert.match(printPlan(plan), 'assign v (s0)');
});

test('references through control flow that was left in a graph are refused', () => {
  assert.throws(
    () => moduleOf((v) => [emitOne('RefSwitch', [v, constant(true)])]),
    (error: Error) =>
      error.name === 'UnimplementedError' && error.message.startsWith("References through op 'RefSwitch'"),
  );
});

test.run();
