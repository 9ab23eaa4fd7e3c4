/** The passes that know the target: decompose, fuse, schedule; and the pipeline around them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { verifyModule } from '../../compiler/ir/verify.ts';
import { HOST, makeTarget } from '../../compiler/lowering/target.ts';
import { accumulate } from '../../compiler/passes/accumulate.ts';
import { decompose } from '../../compiler/passes/decompose.ts';
import { runPasses, stages } from '../../compiler/passes/driver.ts';
import { fuse } from '../../compiler/passes/fuse.ts';
import { narrow } from '../../compiler/passes/narrow.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import { pipeline } from '../../compiler/passes/pipeline.ts';
import { schedule } from '../../compiler/passes/schedule.ts';
import { turn } from '../../compiler/passes/turn.ts';
import { float32 } from '../../src/util/dtype.ts';
import { InternalError, ValueError } from '../../src/util/errors.ts';
import { flags } from '../../src/util/flags.ts';
import { fakeTarget } from './fake-target.ts';
import { bare, contextOf, expectPass, transform } from './text.ts';

const transposed = `%0 = _Arg() {index=0} : f32[3,2]
  %1 = _Arg() {index=1} : f32[3,4]
  %2 = MatMul(%0, %1) {transpose_a} : f32[2,4] # y
  fetch %2`;

test('decompose rewrites what the target has no kernel for', () => {
  const module = transform(decompose, transposed);
  assert.is(
    bare(printModule(module)),
    bare(`feed %0 = @0:0
      feed %1 = @1:0
      %0 = _Arg() {index=0} : f32[3,2]
      %1 = _Arg() {index=1} : f32[3,4]
      %3 = Const() {value=[1, 0]} : i32[2]
      %4 = Transpose(%0, %3) : f32[2,3]
      %5 = MatMul(%4, %1) : f32[2,4]
      fetch %5`),
  );
  for (const { id, origin, name } of module.nodes.filter((node) => node.id > 2)) {
    assert.equal(origin, [2], `%${id}`);
    assert.match(name, /^y\//);
  }
});

test('decompose leaves what has a kernel, and what lives on the host anyhow', () => {
  expectPass(
    decompose,
    `%0 = _Arg() {index=0} : f32[2,2]
     %1 = MatMul(%0, %0) : f32[2,2]
     fetch %1`,
  );
  expectPass(decompose, transposed, undefined, { target: fakeTarget({ dtypes: [] }) });
  expectPass(decompose, transposed, undefined, {
    target: makeTarget(HOST, { hasKernel: () => false, hasHost: () => true }),
  });
});

test('updates of variables come down to reading and assigning, in their place', () => {
  const module = transform(
    decompose,
    `%0 = VarHandleOp() {shared_name="v", dtype=f32, shape=[2]} : res[]<f32[2]> # v
     %1 = _Arg() {index=0} : f32[2]
     %2 = ReadVariableOp(%0) : f32[2]
     %3 = AssignAddVariableOp(%0, %1) : () # step
     %4 = ReadVariableOp(%0) : f32[2]
     fetch %2, %4`,
  );
  const ops = module.nodes.map(({ op }) => op);
  assert.equal(ops, [
    'VarHandleOp',
    '_Arg',
    'ReadVariableOp',
    'ReadVariableOp',
    'AddV2',
    'AssignVariableOp',
    'ReadVariableOp',
  ]);
  assert.equal(module.effects, [module.nodes[5].id]);
});

const dense = (activation: string) => `%0 = _Arg() {index=0} : f32[2,3]
  %1 = _Arg() {index=1} : f32[3,4]
  %2 = _Arg() {index=2} : f32[4]
  %3 = MatMul(%0, %1) : f32[2,4] # dense/MatMul
  %4 = BiasAdd(%3, %2) : f32[2,4] # dense/BiasAdd
  %5 = ${activation}(%4) : f32[2,4] # dense/act`;

test('fuse joins a product with bias and activation', () => {
  const inputs = dense('Relu').split('\n').slice(0, 3).join('\n');
  for (const [activation, attrs] of [
    ['Relu', 'num_args=1, '],
    ['Relu6', ''],
    ['Elu', ''],
    ['Sigmoid', ''],
  ]) {
    assert.ok(attrs !== undefined);
    expectPass(
      fuse,
      `${dense(activation)}\nfetch %5`,
      `${inputs}\n%5 = _FusedMatMul(%0, %1, %2) {fused_ops=["BiasAdd", "${activation}"]} : f32[2,4]\nfetch %5`,
    );
  }
  const module = transform(fuse, `${dense('Relu')}\nfetch %5`);
  assert.equal(module.nodes[3].origin, [5, 4, 3]);
  assert.is(module.nodes[3].name, 'dense/act');
});

test('fuse takes an addition of a vector for a bias, on either side, and a bias alone', () => {
  for (const add of ['AddV2(%3, %2)', 'AddV2(%2, %3)', 'Add(%3, %2)']) {
    const text = dense('Relu').replace('BiasAdd(%3, %2)', add);
    const module = transform(fuse, `${text}\nfetch %5`);
    assert.equal(module.nodes[3].attrs.fused_ops, ['BiasAdd', 'Relu']);
  }
  const bias = transform(fuse, `${dense('Tanh')}\nfetch %5`);
  assert.equal(bias.nodes[3].attrs.fused_ops, ['BiasAdd']);
  assert.is(bias.nodes[4].op, 'Tanh');
});

test('fuse joins convolutions', () => {
  const module = transform(
    fuse,
    `%0 = _Arg() {index=0} : f32[1,4,4,2]
     %1 = _Arg() {index=1} : f32[3,3,2,5]
     %2 = _Arg() {index=2} : f32[5]
     %3 = Conv2D(%0, %1) {strides=[1, 1, 1, 1], padding="SAME"} : f32[1,4,4,5]
     %4 = BiasAdd(%3, %2) : f32[1,4,4,5]
     %5 = LeakyRelu(%4) {alpha=0.3} : f32[1,4,4,5]
     fetch %5`,
  );
  const fused = module.nodes[3];
  assert.is(fused.op, '_FusedConv2D');
  assert.equal(fused.attrs.fused_ops, ['BiasAdd', 'LeakyRelu']);
  assert.is(fused.attrs.leakyrelu_alpha, 0.3);
  assert.is(fused.attrs.padding, 'SAME');
});

test('fuse leaves values that somebody else takes', () => {
  expectPass(fuse, `${dense('Relu')}\nfetch %5, %4, %3`);
  expectPass(fuse, `${dense('Relu')}\n%6 = Neg(%3) : f32[2,4]\nfetch %5, %6`);
  expectPass(fuse, `${dense('Relu')}\nfetch %5\nrun %3`);
  // The bias may be fused though the activation may not.
  const module = transform(fuse, `${dense('Relu')}\nfetch %5, %4`);
  assert.equal(module.nodes.at(-2)?.attrs.fused_ops, ['BiasAdd']);
});

test('fuse leaves transposed products, what is no bias, and targets without the kernel', () => {
  const square = dense('Relu')
    .replace('f32[2,3]', 'f32[3,2]')
    .replace('MatMul(%0, %1)', 'MatMul(%0, %1) {transpose_a}');
  expectPass(fuse, `${square}\nfetch %5`);
  const wide = dense('Relu')
    .replace('%2 = _Arg() {index=2} : f32[4]', '%2 = _Arg() {index=2} : f32[2,4]')
    .replace('BiasAdd', 'AddV2');
  expectPass(fuse, `${wide}\nfetch %5`);
  const scalar = dense('Tanh')
    .replace('%2 = _Arg() {index=2} : f32[4]', '%2 = _Arg() {index=2} : f32[1]')
    .replace('BiasAdd', 'AddV2');
  expectPass(fuse, `${scalar}\nfetch %5`);
  expectPass(fuse, `${dense('Relu')}\nfetch %5`, undefined, { target: fakeTarget({ lacks: ['_FusedMatMul'] }) });
});

test('on wasm, fuse leaves Relu, which would lose NaN', () => {
  const wasm = makeTarget('wasm', { hasKernel: () => true, hasHost: () => true });
  const ops = (text: string) =>
    transform(fuse, `${text}\nfetch %5`, { target: wasm })
      .nodes.slice(3)
      .map(({ op }) => op);
  assert.equal(ops(dense('Relu')), ['_FusedMatMul', 'Relu']);
  assert.equal(ops(dense('Elu')), ['_FusedMatMul']);
});

test('turn packs the smaller operand of a product with a variable that the run assigns', () => {
  const packing = { target: { ...fakeTarget(), packsRightOperand: true } };
  const program = (rows: number, assign = true) => `%0 = _Arg() {index=0} : f32[${rows},256]
    %1 = VarHandleOp() {shared_name="w", dtype=f32, shape=[256, 128]} : res[]<f32[256,128]>
    %2 = ReadVariableOp(%1) : f32[256,128]
    %3 = MatMul(%0, %2) : f32[${rows},128]
    ${assign ? '%4 = Neg(%2) : f32[256,128]\n%5 = AssignVariableOp(%1, %4) : ()\nrun %5' : ''}
    fetch %3`;
  const ops = (module: { nodes: readonly { op: string }[] }) =>
    module.nodes.map(({ op }) => op).filter((op) => op === 'MatMul' || op === 'Transpose');
  const turned = transform(turn, program(8), packing);
  assert.equal(ops(turned), ['Transpose', 'Transpose', 'MatMul', 'Transpose']);
  const product = turned.nodes.find(({ op }) => op === 'MatMul');
  assert.equal(product?.outputs[0].shape, [128, 8]);
  assert.equal(product?.origin, [3]);
  // The left operand is not much smaller; the variable keeps its value and stays packed; nothing packs at all.
  assert.equal(ops(transform(turn, program(64), packing)), ['MatMul']);
  assert.equal(ops(transform(turn, program(8, false), packing)), ['MatMul']);
  assert.equal(ops(transform(turn, program(8))), ['MatMul']);
});

test('schedule moves a value to where it is needed if that costs nothing', () => {
  // %1 holds %0, which is fetched; %3 holds %1, which then ends at %3 and not before.
  expectPass(
    schedule,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = Neg(%0) : f32[2]
     %2 = Abs(%0) : f32[2]
     %3 = Sqrt(%2) : f32[2]
     %4 = Exp(%3) : f32[2]
     %5 = AddV2(%4, %1) : f32[2]
     fetch %5, %0`,
    `%0 = _Arg() {index=0} : f32[2]
     %2 = Abs(%0) : f32[2]
     %3 = Sqrt(%2) : f32[2]
     %4 = Exp(%3) : f32[2]
     %1 = Neg(%0) : f32[2]
     %5 = AddV2(%4, %1) : f32[2]
     fetch %5, %0`,
  );
  // What goes to the same place keeps its order, users after inputs.
  expectPass(
    schedule,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = Neg(%0) : f32[2]
     %2 = AddV2(%1, %0) : f32[2]
     %3 = Exp(%0) : f32[2]
     %4 = Exp(%3) : f32[2]
     %5 = AddN(%4, %2, %1) : f32[2]
     fetch %5, %0`,
    `%0 = _Arg() {index=0} : f32[2]
     %3 = Exp(%0) : f32[2]
     %4 = Exp(%3) : f32[2]
     %1 = Neg(%0) : f32[2]
     %2 = AddV2(%1, %0) : f32[2]
     %5 = AddN(%4, %2, %1) : f32[2]
     fetch %5, %0`,
  );
});

test('schedule does not lengthen the life of inputs, nor move effects and reads', () => {
  expectPass(
    schedule,
    `%0 = _Arg() {index=0} : f32[2]
     %1 = Neg(%0) : f32[2]
     %2 = RandomUniform(%6) {dtype=f32} : f32[2]
     %3 = Exp(%2) : f32[2]
     %5 = AddV2(%3, %1) : f32[2]
     fetch %5`.replace('%1 = Neg', '%6 = Const() {value=[2]} : i32[1]\n     %1 = Neg'),
  );
  expectPass(
    schedule,
    `%0 = VarHandleOp() {shared_name="v", dtype=f32, shape=[2]} : res[]<f32[2]> # v
     %1 = Const() {value=[1, 2]} : f32[2]
     %2 = ReadVariableOp(%0) : f32[2]
     %3 = AssignVariableOp(%0, %1) : ()
     %4 = ReadVariableOp(%0) : f32[2]
     %5 = AddV2(%4, %2) : f32[2]
     fetch %5`,
  );
});

test('stages of the pipeline are named once each, and say what they do', () => {
  const names = pipeline.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  for (const { name, pass } of pipeline) {
    assert.match(name, new RegExp(`^${pass.name}\\d?$`));
    assert.match(pass.doc, /\.$/);
  }
});

const nothing = (name: string): Pass => ({ name, doc: 'Nothing.', run: (module) => module });

test('passes can be left out and put in', () => {
  const names = (options: Parameters<typeof stages>[0]) => stages(options).map(({ name }) => name);
  assert.equal(names({ passes: false }), ['inline', 'specialise', 'choose', 'decompose']);
  assert.not.ok(names({ passes: ['fold'] }).some((name) => name.startsWith('fold')));
  assert.ok(names({ passes: ['fold2'] }).includes('fold'));
  const mine = nothing('mine');
  const at = (list: string[], name: string) => list[list.indexOf('mine') + (name === 'after' ? -1 : 1)];
  assert.is(at(names({ userPasses: [{ after: 'cse', pass: mine }] }), 'after'), 'cse');
  assert.is(at(names({ userPasses: [{ before: 'cse', pass: mine }] }), 'before'), 'cse');
  const off = names({ passes: false, userPasses: [{ after: 'cse', pass: mine }] });
  assert.equal(off, ['inline', 'specialise', 'choose', 'mine', 'decompose']);
  const other = nothing('other');
  const two = names({
    userPasses: [
      { after: 'fuse', pass: mine },
      { after: 'fuse', pass: other },
    ],
  });
  assert.equal(two.slice(two.indexOf('fuse')), ['fuse', 'mine', 'other', 'schedule', 'cluster']);
  assert.throws(
    () => names({ userPasses: [{ after: 'nope', pass: mine }] }),
    (e: Error) => e instanceof ValueError,
  );
  assert.throws(() => names({ passes: ['nope'] }), /There is no pass named 'nope'/);
});

test('the driver verifies, skips, prints and reports', () => {
  const module = parseModule(`${dense('Relu')}\nfetch %5`);
  const context = contextOf(module);
  const breaking: Pass = {
    name: 'breaking',
    doc: 'Breaks.',
    run: (m) => ({ ...m, fetches: [{ node: 99, index: 0 }] }),
  };
  assert.throws(
    () =>
      runPasses(module, context, {
        verify: true,
        passes: false,
        userPasses: [{ after: 'specialise', pass: breaking }],
      }),
    (error: Error) => error instanceof InternalError && /After pass 'breaking'/.test(error.message),
  );
  const seen: string[] = [];
  const lines: string[] = [];
  const { skip, dump } = flags;
  const { error: write } = console;
  try {
    flags.skip = ['algebra'];
    flags.dump = 'changed';
    console.error = (line: string) => lines.push(line);
    const results = runPasses(module, context, { onPass: ({ pass }) => seen.push(pass) });
    assert.equal(
      results.filter(({ changed }) => changed).map(({ pass }) => pass),
      ['fuse'],
    );
    assert.is(results.at(-1)?.module, results.at(-2)?.module);
    assert.ok(results.every(({ ms }) => ms >= 0));
  } finally {
    flags.skip = skip;
    flags.dump = dump;
    console.error = write;
  }
  assert.not.ok(seen.some((name) => name.startsWith('algebra')));
  assert.equal(seen.at(-1), 'cluster');
  assert.is(lines.length, 1);
  assert.match(lines[0], /^# fuse\n[\s\S]*_FusedMatMul/);
});

test('a pass changes nothing in the module that it is given', () => {
  const module = parseModule(`${dense('Relu')}\n%6 = Identity(%5) : f32[2,4]\nfetch %6`);
  const before = printModule(module, { origins: true });
  runPasses(module, contextOf(module), { verify: true });
  assert.is(printModule(module, { origins: true }), before);
  verifyModule(module, 'nothing');
  assert.is(module.nodes[0].outputs[0].dtype, float32);
});

const generating = { target: { ...fakeTarget(), generates: true } };

test('narrow computes of a product only what is taken', () => {
  expectPass(
    narrow,
    `%0 = _Arg() {index=0} : f32[3,2]
     %1 = _Arg() {index=1} : f32[4,2]
     %2 = Const() {value=[1, 2]} : i32[2]
     %3 = Const() {value=[2, 2]} : i32[2]
     %4 = MatMul(%0, %1) {transpose_b} : f32[3,4]
     %5 = Slice(%4, %2, %3) : f32[2,2]
     fetch %5`,
    `%0 = _Arg() {index=0} : f32[3,2]
     %1 = _Arg() {index=1} : f32[4,2]
     %2 = Const() {value=[1, 2]} : i32[2]
     %3 = Const() {value=[2, 2]} : i32[2]
     %6 = Const() {value=[1, 0]} : i32[2]
     %7 = Const() {value=[2, 2]} : i32[2]
     %8 = Slice(%0, %6, %7) : f32[2,2]
     %9 = Const() {value=[2, 0]} : i32[2]
     %10 = Const() {value=[2, 2]} : i32[2]
     %11 = Slice(%1, %9, %10) : f32[2,2]
     %12 = MatMul(%8, %11) {transpose_b} : f32[2,2]
     fetch %12`,
    generating,
  );
});

test('narrow leaves a product that others take, and a slice that runs over the end', () => {
  const product = `%0 = _Arg() {index=0} : f32[3,2]
     %1 = _Arg() {index=1} : f32[2,4]
     %2 = Const() {value=[0, 2]} : i32[2]
     %3 = Const() {value=[3, 2]} : i32[2]
     %4 = MatMul(%0, %1) : f32[3,4]
     %5 = Slice(%4, %2, %3) : f32[3,2]
     fetch %5`;
  expectPass(narrow, product);
  expectPass(narrow, `${product}, %4`, undefined, generating);
  expectPass(narrow, product.replace('value=[0, 2]', 'value=[0, 3]'), undefined, generating);
});

test('accumulate adds products one by one, each where it is computed', () => {
  expectPass(
    accumulate,
    `%0 = _Arg() {index=0} : f32[2,2]
     %1 = MatMul(%0, %0) : f32[2,2]
     %2 = Neg(%0) : f32[2,2]
     %3 = MatMul(%2, %0) : f32[2,2]
     %4 = Neg(%2) : f32[2,2]
     %5 = AddN(%4, %3, %1) : f32[2,2]
     fetch %5`,
    `%0 = _Arg() {index=0} : f32[2,2]
     %1 = MatMul(%0, %0) : f32[2,2]
     %2 = Neg(%0) : f32[2,2]
     %3 = MatMul(%2, %0) : f32[2,2]
     %6 = AddV2(%1, %3) : f32[2,2]
     %4 = Neg(%2) : f32[2,2]
     %7 = AddV2(%6, %4) : f32[2,2]
     fetch %7`,
    generating,
  );
});

test('accumulate forms long sums in parts', () => {
  const terms = Array.from({ length: 30 }, (_, i) => `%${i}`);
  const args = terms.map((id, i) => `${id} = _Arg() {index=${i}} : f32[2]`).join('\n');
  const module = transform(accumulate, `${args}\n%30 = AddN(${terms.join(', ')}) : f32[2]\nfetch %30`, generating);
  assert.equal(
    module.nodes.filter(({ op }) => op !== '_Arg').map(({ op, inputs }) => [op, inputs.length]),
    [
      ['AddN', 12],
      ['AddN', 12],
      ['AddN', 8],
    ],
  );
});

test.run();
