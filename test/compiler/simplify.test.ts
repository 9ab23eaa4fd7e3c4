/** The passes that simplify a module without knowing the target: specialise, fold, algebra, cse, dce. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { IrModule } from '../../compiler/ir/module.ts';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { algebra, rules } from '../../compiler/passes/algebra.ts';
import { cse } from '../../compiler/passes/cse.ts';
import { dce } from '../../compiler/passes/dce.ts';
import { FOLD_LIMIT, fold } from '../../compiler/passes/fold.ts';
import { specialise } from '../../compiler/passes/specialise.ts';
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { bare, contextOf, expectPass, transform } from './text.ts';

function bound(text: string, ...shapes: number[][]): IrModule {
  const module = parseModule(text);
  const { feeds } = contextOf(module);
  return transform(specialise, text, { feeds: feeds.map((feed, i) => ({ ...feed, shape: shapes[i] })) });
}

test('specialise binds feeds and makes every shape concrete, through shape computations too', () => {
  const module = bound(
    `%0 = _Arg() {index=0} : f32[?,4]
     %1 = Shape(%0) : i32[2]
     %2 = Const() {value=0} : i32[]
     %3 = Const() {value=-1} : i32[]
     %4 = GatherV2(%1, %2, %2) : i32[]
     %5 = Pack(%4, %3) {axis=0} : i32[2]
     %6 = Reshape(%0, %5) : f32[?,?]
     %7 = Neg(%6) : f32[?,?]
     fetch %7`,
    [3, 4],
  );
  const shapes = module.nodes.map(({ outputs }) => outputs[0].shape);
  assert.equal(shapes.slice(-2), [
    [3, 4],
    [3, 4],
  ]);
});

test('specialise keeps what the graph knows and the rule does not', () => {
  const text = `%0 = _Arg() {index=0} : f32[?]
    %1 = _Arg() {index=1} : i32[1]
    %2 = Reshape(%0, %1) : f32[7]
    fetch %2`;
  assert.equal(bound(text, [7], [1]).nodes[2].outputs[0].shape, [7]);
});

test('a node whose rule refuses the fed shapes is left to fail in the run', () => {
  const module = bound(
    `%0 = _Arg() {index=0} : f32[?,?]
     %1 = _Arg() {index=1} : f32[?,?]
     %2 = MatMul(%0, %1) : f32[?,?]
     %3 = Relu(%2) : f32[?,?]
     fetch %3`,
    [2, 3],
    [4, 5],
  );
  assert.match(String(module.nodes[2].attrs._invalid), /Dimensions must be equal, but are 3 and 4/);
  assert.equal(module.effects, [2]);
  assert.equal(module.nodes[3].outputs[0].shape, [null, null]);
  for (const pass of [fold, algebra, cse, dce]) assert.is(pass.run(module, contextOf(module)), module);
});

test('fold computes shapes by rule and values by the evaluator', () => {
  expectPass(
    fold,
    `%0 = _Arg() {index=0} : f32[3,4]
     %1 = Shape(%0) : i32[2]
     %2 = Const() {value=[1, 2]} : i32[2]
     %3 = Mul(%1, %2) : i32[2]
     fetch %3, %0`,
    `%0 = _Arg() {index=0} : f32[3,4]
     %1 = Const() {value=[3, 4]} : i32[2]
     %2 = Const() {value=[1, 2]} : i32[2]
     %3 = Const() {value=[3, 8]} : i32[2]
     fetch %3, %0`,
  );
  expectPass(
    fold,
    `%0 = Const() {value=[1, -2]} : f32[2]
     %1 = Relu(%0) : f32[2]
     fetch %1`,
    `%0 = Const() {value=[1, -2]} : f32[2]
     %1 = Const() {value=[1, 0]} : f32[2]
     fetch %1`,
  );
});

test('fold replaces all outputs of an op at once', () => {
  const module = transform(
    fold,
    `%0 = Const() {value=[3, 4]} : i32[2]
     %1 = Const() {value=[4]} : i32[1]
     %2 = BroadcastGradientArgs(%0, %1) : (i32[0], i32[1])
     fetch %2, %2:1`,
  );
  const text = bare(printModule(module));
  assert.match(text, /%3 = Const\(\) \{value=\[\]\} : i32\[0\]\n%4 = Const\(\) \{value=\[0\]\} : i32\[1\]/);
  assert.match(text, /fetch %3, %4$/);
});

test('fold leaves random ops, fed values, what is too large, and what fails', () => {
  expectPass(
    fold,
    `%0 = Const() {value=[2]} : i32[1]
     %1 = RandomUniform(%0) {dtype=f32} : f32[2]
     fetch %1`,
  );
  const side = Math.sqrt(FOLD_LIMIT / 4) + 1;
  expectPass(
    fold,
    `%0 = Const() {value=[${side}, ${side}]} : i32[2]
     %1 = Const() {value=0.5} : f32[]
     %2 = Fill(%0, %1) : f32[${side},${side}]
     fetch %2`,
  );
  expectPass(
    fold,
    `%0 = Const() {value=[1, 2]} : i32[2]
     %1 = Const() {value=[1, 0]} : i32[2]
     %2 = FloorDiv(%0, %1) : i32[2]
     fetch %2`,
  );
  // Without an evaluator only the rules of definitions fold.
  const relu = `%0 = Const() {value=[1]} : f32[1]
     %1 = Relu(%0) : f32[1]
     fetch %1`;
  expectPass(fold, relu, undefined, { evaluate: null });
});

/** Rewrites of ops on `%0` (f32[2,3]), `%1` (f32[3]), `%2` (i32[2,3]) and `%3` (bool[2]): the last line is fetched. */
function expectAlgebra(before: string, after?: string): void {
  const head = `%0 = _Arg() {index=0} : f32[2,3]
    %1 = _Arg() {index=1} : f32[3]
    %2 = _Arg() {index=2} : i32[2,3]
    %3 = _Arg() {index=3} : bool[2]`;
  const module = transform(dceAfter(algebra), `${head}\n${before}`);
  const live = bare(printModule(module)).replace(/%\d+ = _Arg.*\n|feed .*\n/g, '');
  const wanted = parseModule(`${head}\n${after ?? before}`);
  const kept = bare(printModule(dce.run(wanted, contextOf(wanted)))).replace(/%\d+ = _Arg.*\n|feed .*\n/g, '');
  assert.is(renumber(live), renumber(kept));
}

function dceAfter(pass: typeof algebra): typeof algebra {
  return { ...pass, run: (module, context) => dce.run(pass.run(module, context), context) };
}

/** Ids of new nodes depend on how many a rewrite tried: counted anew in the order of appearance. */
function renumber(text: string): string {
  const ids = new Map<string, string>();
  return text.replace(/%(\d+)/g, (_, id: string) => {
    if (Number(id) < 4) return `%${id}`;
    const known = ids.get(id) ?? `%n${ids.size}`;
    ids.set(id, known);
    return known;
  });
}

const scalar = (value: string | number, type = 'f32') => `%4 = Const() {value=${value}} : ${type}[]`;

test('algebra drops what is neutral', () => {
  const neutral: [constant: string, op: string][] = [
    [scalar('-0'), 'AddV2(%0, %4) : f32[2,3]'],
    [scalar('-0'), 'AddV2(%4, %0) : f32[2,3]'],
    [scalar(0), 'Sub(%0, %4) : f32[2,3]'],
    [scalar(1), 'Mul(%4, %0) : f32[2,3]'],
    [scalar(1), 'RealDiv(%0, %4) : f32[2,3]'],
    [scalar(1), 'Pow(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[1, 1, 1]} : f32[3]', 'Mul(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[]} : i32[0]', 'Sum(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[2, 3]} : i32[2]', 'Reshape(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[1, 1]} : i32[2]', 'Tile(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[2, 3]} : i32[2]', 'BroadcastTo(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[0, 0]} : i32[2]\n%6 = Const() {value=[2, 3]} : i32[2]', 'Slice(%0, %4, %6) : f32[2,3]'],
    ['%4 = Const() {value=[0, 1]} : i32[2]', 'Transpose(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[[0, 0], [0, 0]]} : i32[2,2]', 'Pad(%0, %4) : f32[2,3]'],
    ['', 'Identity(%0) : f32[2,3]'],
    ['', 'StopGradient(%0) : f32[2,3]'],
    ['', 'AddN(%0) : f32[2,3]'],
    ['', 'Maximum(%0, %0) : f32[2,3]'],
    ['%4 = Neg(%0) : f32[2,3]', 'Neg(%4) : f32[2,3]'],
  ];
  for (const [constant, op] of neutral) expectAlgebra(`${constant}\n%5 = ${op}\nfetch %5`, 'fetch %0');
  for (const op of ['AddV2(%2, %4)', 'Sub(%2, %4)'])
    expectAlgebra(`${scalar(0, 'i32')}\n%5 = ${op} : i32[2,3]\nfetch %5`, 'fetch %2');
  expectAlgebra(`${scalar('true', 'bool')}\n%5 = LogicalAnd(%4, %3) : bool[2]\nfetch %5`, 'fetch %3');
});

test('algebra keeps what only looks neutral', () => {
  const kept: [constant: string, op: string][] = [
    // -0 + 0 is 0, and -0 - -0 is 0.
    [scalar(0), 'AddV2(%0, %4) : f32[2,3]'],
    [scalar('-0'), 'Sub(%0, %4) : f32[2,3]'],
    // NaN * 0 is NaN, and inf - inf as well.
    [scalar(0), 'Mul(%0, %4) : f32[2,3]'],
    ['', 'Sub(%0, %0) : f32[2,3]'],
    // 1 / x is not x, and 0 - x is not x.
    [scalar(1), 'RealDiv(%4, %0) : f32[2,3]'],
    [scalar(0), 'Sub(%4, %0) : f32[2,3]'],
    // The constant makes the result larger.
    ['%4 = Const() {value=[[1, 1, 1], [1, 1, 1]]} : f32[2,3]', 'Mul(%1, %4) : f32[2,3]'],
    // The square root of -0 is -0, but its power is 0.
    [scalar(0.5), 'Pow(%0, %4) : f32[2,3]'],
    ['%4 = Const() {value=[1, 0]} : i32[2]', 'Transpose(%0, %4) : f32[3,2]'],
    // It goes beyond the input, and fails.
    ['%4 = Const() {value=[1, 0]} : i32[2]\n%6 = Const() {value=[2, 3]} : i32[2]', 'Slice(%0, %4, %6) : f32[2,3]'],
    // No permutations of two axes: they fail.
    ['%4 = Const() {value=[0, 2]} : i32[2]', 'Transpose(%0, %4) : f32[?,?]'],
    ['%4 = Const() {value=[0, 0]} : i32[2]\n%6 = Transpose(%0, %4) : f32[?,?]', 'Transpose(%6, %4) : f32[?,?]'],
  ];
  for (const [constant, op] of kept) expectAlgebra(`${constant}\n%5 = ${op}\nfetch %5`);
  // A sum of one element begins with 0: -0 becomes 0.
  expectAlgebra(`%4 = Const() {value=[2, 3, 1]} : i32[3]
    %5 = Reshape(%0, %4) : f32[2,3,1]
    %6 = Const() {value=2} : i32[]
    %7 = Sum(%5, %6) : f32[2,3]
    fetch %7`);
});

test('algebra makes things cheaper', () => {
  const cheaper: [string, string][] = [
    [`${scalar(2)}\n%5 = Pow(%0, %4) : f32[2,3]`, '%5 = Square(%0) : f32[2,3]'],
    [`${scalar(-1)}\n%5 = Mul(%0, %4) : f32[2,3]`, '%5 = Neg(%0) : f32[2,3]'],
    [`${scalar(8)}\n%5 = RealDiv(%0, %4) : f32[2,3]`, `${scalar(0.125)}\n%5 = Mul(%0, %4) : f32[2,3]`],
    ['%5 = Mul(%0, %0) : f32[2,3]', '%5 = Square(%0) : f32[2,3]'],
    ['%5 = AddN(%0, %0) : f32[2,3]', '%5 = AddV2(%0, %0) : f32[2,3]'],
    ['%4 = Neg(%1) : f32[3]\n%5 = AddV2(%0, %4) : f32[2,3]', '%5 = Sub(%0, %1) : f32[2,3]'],
    ['%4 = Neg(%1) : f32[3]\n%5 = AddV2(%4, %0) : f32[2,3]', '%5 = Sub(%0, %1) : f32[2,3]'],
    ['%4 = Neg(%1) : f32[3]\n%5 = Sub(%0, %4) : f32[2,3]', '%5 = AddV2(%0, %1) : f32[2,3]'],
    ['%4 = Neg(%0) : f32[2,3]\n%5 = Square(%4) : f32[2,3]', '%5 = Square(%0) : f32[2,3]'],
    ['%4 = Relu(%0) : f32[2,3]\n%5 = Relu(%4) : f32[2,3]', '%5 = Relu(%0) : f32[2,3]'],
    [`${scalar(0, 'i32')}\n%5 = Mul(%2, %4) : i32[2,3]`, '%5 = ZerosLike(%2) : i32[2,3]'],
    ['%4 = Cast(%3) : i32[2]\n%5 = Cast(%4) : f32[2]', '%5 = Cast(%3) : f32[2]'],
  ];
  for (const [before, after] of cheaper) expectAlgebra(`${before}\nfetch %5`, `${after}\nfetch %5`);
  // An int32 does not fit a float32.
  expectAlgebra('%4 = Cast(%2) : f32[2,3]\n%5 = Cast(%4) : i32[2,3]\nfetch %5');
});

test('algebra joins changes of shape and of order', () => {
  expectAlgebra(
    `%4 = Const() {value=[6]} : i32[1]
     %5 = Reshape(%0, %4) : f32[6]
     %6 = Const() {value=0} : i32[]
     %7 = ExpandDims(%5, %6) : f32[1,6]
     fetch %7`,
    `%4 = Const() {value=[1, 6]} : i32[2]
     %5 = Reshape(%0, %4) : f32[1,6]
     fetch %5`,
  );
  expectAlgebra(
    `%4 = Const() {value=[1, 0]} : i32[2]
     %5 = Transpose(%0, %4) : f32[3,2]
     %6 = Transpose(%5, %4) : f32[2,3]
     fetch %6`,
    'fetch %0',
  );
  expectAlgebra(
    `%4 = Const() {value=[2, 1, 3]} : i32[3]
     %5 = Reshape(%0, %4) : f32[2,1,3]
     %6 = Const() {value=[1, 0, 2]} : i32[3]
     %7 = Transpose(%5, %6) : f32[1,2,3]
     fetch %7`,
    `%4 = Const() {value=[1, 2, 3]} : i32[3]
     %5 = Reshape(%0, %4) : f32[1,2,3]
     fetch %5`,
  );
});

test('an op that must run and is replaced hands its duty on', () => {
  const module = transform(
    algebra,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = Relu(%0) : f32[2]
     %2 = Identity(%1) : f32[2]
     run %2`,
  );
  assert.equal(module.effects, [1]);
});

test('every rule is of ops that exist', () => {
  for (const { ops } of rules) for (const op of ops) assert.ok(findOpDef(op), op);
});

test('cse merges equal ops, whatever the order of commuting operands', () => {
  expectPass(
    cse,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = _Arg() {index=1} : f32[2]
     %2 = AddV2(%0, %1) : f32[2]
     %3 = AddV2(%1, %0) : f32[2]
     %4 = Sub(%0, %1) : f32[2]
     %5 = Sub(%1, %0) : f32[2]
     %6 = Const() {value=1} : f32[]
     %7 = Const() {value=1} : f32[]
     %8 = Const() {value=1} : i32[]
     %9 = Mul(%2, %6) : f32[2]
     %10 = Mul(%3, %7) : f32[2]
     fetch %4, %5, %9, %10`,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = _Arg() {index=1} : f32[2]
     %2 = AddV2(%0, %1) : f32[2]
     %4 = Sub(%0, %1) : f32[2]
     %5 = Sub(%1, %0) : f32[2]
     %6 = Const() {value=1} : f32[]
     %8 = Const() {value=1} : i32[]
     %9 = Mul(%2, %6) : f32[2]
     fetch %4, %5, %9, %9`,
  );
});

test('cse tells apart zeros, attributes and random draws', () => {
  expectPass(
    cse,
    `%0 = _Arg() {index=0} : f32[2,2]
     %1 = Const() {value=0} : f32[]
     %2 = Const() {value=-0} : f32[]
     %3 = MatMul(%0, %0) : f32[2,2]
     %4 = MatMul(%0, %0) {transpose_b} : f32[2,2]
     %5 = Const() {value=[2]} : i32[1]
     %6 = RandomUniform(%5) {dtype=f32, seed=1, seed2=2} : f32[2]
     %7 = RandomUniform(%5) {dtype=f32, seed=1, seed2=2} : f32[2]
     fetch %1, %2, %3, %4, %6, %7`,
  );
});

const handles = `%0 = VarHandleOp() {shared_name="v", dtype=f32, shape=[2]} : res[]<f32[2]> # v
     %1 = VarHandleOp() {shared_name="v", debug_name="v_1", dtype=f32, shape=[2]} : res[]<f32[2]> # v_1
     %2 = VarHandleOp() {shared_name="w", dtype=f32, shape=[2]} : res[]<f32[2]> # w
     %3 = Const() {value=[1, 2]} : f32[2]`;

test('cse merges reads of a variable between which nobody wrote to it', () => {
  const module = transform(
    cse,
    `${handles}
     %4 = ReadVariableOp(%0) : f32[2]
     %5 = AssignVariableOp(%2, %3) : ()
     %6 = ReadVariableOp(%1) : f32[2]
     %7 = AssignVariableOp(%1, %3) : ()
     %8 = ReadVariableOp(%0) : f32[2]
     %9 = ReadVariableOp(%1) : f32[2]
     fetch %4, %6, %8, %9`,
  );
  assert.match(bare(printModule(module)), /fetch %4, %4, %8, %8$/m);
  assert.equal(module.nodes.find(({ id }) => id === 4)?.origin, [4, 6]);
});

test('cse does not merge variables that go by the names of their nodes', () => {
  expectPass(
    cse,
    `%0 = VarHandleOp() {dtype=f32, shape=[2], debug_name="a"} : res[]<f32[2]> # a
     %1 = VarHandleOp() {dtype=f32, shape=[2]} : res[]<f32[2]> # b
     %2 = ReadVariableOp(%0) : f32[2]
     %3 = ReadVariableOp(%1) : f32[2]
     fetch %2, %3`,
  );
});

test('constants merge by their elements, large ones only if they are the same array', () => {
  for (const [size, merged] of [
    [100, 1],
    [20000, 2],
  ]) {
    const text = `%0 = Const() {value=#${size}:0} : f32[${size}]
      %1 = Const() {value=#${size}:0} : f32[${size}]
      fetch %0, %1`;
    const array = () => new NdArray(float32, [size], new Float32Array(size));
    const shared = array();
    const count = (constants: [number, NdArray][]) => {
      const module = parseModule(text, { constants: new Map(constants) });
      return cse.run(module, contextOf(module)).nodes.length;
    };
    const [a, b] = [array(), array()];
    assert.is(
      count([
        [0, a],
        [1, b],
      ]),
      merged,
    );
    assert.is(
      count([
        [0, shared],
        [1, shared],
      ]),
      1,
    );
  }
});

test('dce keeps what fetches and effects need, and drops feeds that nothing takes', () => {
  expectPass(
    dce,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = _Arg() {index=1} : f32[2]
     %2 = Relu(%0) : f32[2]
     %3 = Exp(%1) : f32[2]
     %4 = Log(%2) : f32[2]
     %5 = Neg(%0) : f32[2]
     fetch %2
     run %5`,
    `%0 = _Arg() {index=0} : f32[2]
     %2 = Relu(%0) : f32[2]
     %5 = Neg(%0) : f32[2]
     fetch %2
     run %5`,
  );
});

test.run();
