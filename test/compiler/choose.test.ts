/** Flags known before the run: `specialise` binds them, `choose` takes what they select. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../compiler/compile.ts';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { choose } from '../../compiler/passes/choose.ts';
import { dce } from '../../compiler/passes/dce.ts';
import { specialise } from '../../compiler/passes/specialise.ts';
import { printPlan } from '../../compiler/plan/printer.ts';
import { Graph } from '../../src/graph/graph.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { placeholder, placeholderWithDefault } from '../../src/ops/placeholders.ts';
import { bool, float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import '../../src/ops/index.ts';
import { evaluate, fakeTarget } from './fake-target.ts';
import { bare, contextOf, expectPass, transform } from './text.ts';

const flag = (value: boolean) => new NdArray(bool, [], Uint8Array.of(value ? 1 : 0));

const DROPOUT = `%0 = _Arg() {index=0} : f32[2,3]
  %1 = _Arg() {index=1} : bool[]
  %2 = Shape(%0) : i32[2]
  %3 = RandomUniform(%2) {dtype=f32} : f32[2,3]
  %4 = Mul(%0, %3) : f32[2,3]
  %5 = Select(%1, %4, %0) : f32[2,3]
  %6 = Neg(%5) : f32[2,3]
  fetch %6`;

function withFlag(value: boolean): string {
  const { feeds } = contextOf(parseModule(DROPOUT));
  const fed = [feeds[0], { ...feeds[1], value: flag(value) }];
  return bare(printModule(transform(specialise, DROPOUT, { feeds: fed })));
}

test('a fed flag becomes a constant, and no feed of the module', () => {
  const text = withFlag(true);
  assert.match(text, '%1 = Const() {');
  assert.not.match(text, 'feed %1');
  assert.match(text, 'Select(%1, %4, %0)');
});

test('a known flag selects one tensor, and what made the other is dead', () => {
  const inference = transform(choose, withFlag(false));
  assert.is(bare(printModule(inference)).split('\n').at(-1), 'fetch %6');
  const left = dce.run(inference, contextOf(inference));
  assert.equal(
    left.nodes.map(({ op }) => op),
    ['_Arg', 'Neg'],
  );
  const training = transform(choose, withFlag(true));
  assert.equal(
    dce.run(training, contextOf(training)).nodes.map(({ op }) => op),
    ['_Arg', 'Shape', 'RandomUniform', 'Mul', 'Neg'],
  );
});

test('a flag computed of known ones counts', () => {
  expectPass(
    choose,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = _Arg() {index=1} : f32[2]
     %2 = Const() {value=true} : bool[]
     %3 = Identity(%2) : bool[]
     %4 = LogicalNot(%3) : bool[]
     %5 = SelectV2(%4, %0, %1) : f32[2]
     %6 = Select(%3, %5, %0) : f32[2]
     fetch %6`,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = _Arg() {index=1} : f32[2]
     %2 = Const() {value=true} : bool[]
     %3 = Identity(%2) : bool[]
     %4 = LogicalNot(%3) : bool[]
     fetch %1`,
  );
});

test('what is broadcast, not a scalar, or not known is left', () => {
  for (const selection of [
    // The shape of the result is not that of the chosen tensor.
    'SelectV2(%2, %1, %0) : f32[2,3]',
    // A vector of flags, though all are equal: the rule of algebra has that.
    'SelectV2(%3, %0, %0) : f32[2,3]',
    'Select(%4, %0, %0) : f32[2,3]',
    // What `SelectV2` selects may yet be broadcast where a dimension depends on data.
    'SelectV2(%2, %5, %6) : f32[?,3]',
  ]) {
    expectPass(
      choose,
      `%0 = _Arg() {index=0} : f32[2,3]
       %1 = _Arg() {index=1} : f32[3]
       %2 = Const() {value=true} : bool[]
       %3 = Const() {value=[true, true, true]} : bool[3]
       %4 = _Arg() {index=2} : bool[]
       %5 = _Arg() {index=3} : f32[?,3]
       %6 = _Arg() {index=4} : f32[?,3]
       %7 = ${selection}
       fetch %7`,
    );
  }
});

test('Select by a flag is chosen where dimensions depend on data', () => {
  const module = transform(
    choose,
    `%0 = _Arg() {index=0} : f32[?,3]
     %1 = _Arg() {index=1} : f32[?,3]
     %2 = Const() {value=false} : bool[]
     %3 = Select(%2, %0, %1) : f32[?,3]
     fetch %3`,
  );
  assert.equal(module.fetches, [{ node: 1, index: 0 }]);
});

test('effects on the side that is ruled out stay', () => {
  const module = transform(
    choose,
    `%0 = _Arg() {index=0} : f32[]
     %1 = Const() {value=false} : bool[]
     %2 = VarHandleOp() {shared_name="v", dtype=f32, shape=[]} : res[]<f32[]>
     %3 = AssignVariableOp(%2, %0) {dtype=f32} : ()
     %4 = ReadVariableOp(%2) {dtype=f32} : f32[]
     %5 = Select(%1, %4, %0) : f32[]
     fetch %5
     run %3`,
  );
  assert.equal(
    dce.run(module, contextOf(module)).nodes.map(({ op }) => op),
    ['_Arg', 'VarHandleOp', 'AssignVariableOp'],
  );
});

for (const passes of [true, false]) {
  test(`the plan has no random kernel for a flag that is false, with passes ${passes ? 'on' : 'off'}`, () => {
    const graph = new Graph();
    const { x, phase, y } = graph.asDefault(() => {
      const x = placeholder(float32, [null, 3], { name: 'x' });
      const phase = placeholderWithDefault(false, [], { name: 'phase' });
      const drawn = emitOne('RandomUniform', [emitOne('Shape', [x])], { dtype: float32 });
      return { x, phase, y: emitOne('Select', [phase, emitOne('Mul', [x, drawn]), x], {}, 'y') };
    });
    const feed = { endpoint: x.endpoint, dtype: float32, shape: [2, 3] };
    const plan = (value: boolean | null): string => {
      const known = value === null ? [] : [{ endpoint: phase.endpoint, dtype: bool, shape: [], value: flag(value) }];
      const request = { fetches: [y.endpoint], targets: [], feeds: [feed, ...known] };
      return printPlan(compile(graph.snapshot(), request, fakeTarget(), { passes, evaluate, verify: true }).plan);
    };
    assert.match(plan(true), 'RandomUniform');
    assert.not.match(plan(true), 'Select');
    // Not fed at all, it is its default.
    for (const text of [plan(false), plan(null)]) {
      assert.not.match(text, 'RandomUniform');
      assert.not.match(text, 'Select');
      assert.not.match(text, 'Mul');
    }
    // A flag whose value is not told is a feed like any other.
    const open = { endpoint: phase.endpoint, dtype: bool, shape: [] };
    const request = { fetches: [y.endpoint], targets: [], feeds: [feed, open] };
    const text = printPlan(compile(graph.snapshot(), request, fakeTarget(), { passes, evaluate }).plan);
    assert.match(text, 'RandomUniform');
    assert.match(text, 'Select');
  });
}

test.run();
