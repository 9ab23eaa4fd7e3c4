/** The text of modules, both ways; the rules that every module keeps; what is taken from a graph. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importGraph, prune, type Request } from '../../compiler/ir/import.ts';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { verifyModule } from '../../compiler/ir/verify.ts';
import { Graph } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { placeholder, placeholderWithDefault } from '../../src/ops/placeholders.ts';
import { float32, float64, int32, int64, string } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import '../../src/ops/index.ts';
import { bare } from './text.ts';

const SAMPLE = `
feed %0 = @4:1
%0 = _Arg() {index=0} : f32[?,2]                         # x @4
%1 = Const() {value=[[1.5, -0], [0.1, Infinity]]} : f32[2,2]  # w @5
%2 = MatMul(%0, %1) {transpose_b} : f32[?,2]             # dense/MatMul @6
%3 = Relu(%2) : f32[?,2]                                 # dense/Relu @8,7
%4 = TopKV2(%3, %5) : (f32[?,1], i32[?,1])               # top @9
fetch %4, %4:1, %3
run %3
`;

test('text is read back to the same text, with and without origins', () => {
  const text = SAMPLE.replace('%4 = TopKV2(%3, %5)', '%5 = Const() {value=1} : i32[] # k @1\n%4 = IdentityN(%3, %5)')
    .replace('(f32[?,1], i32[?,1])', '(f32[?,2], i32[])')
    .replace(/# top @9/, '# top @9');
  const module = parseModule(text);
  verifyModule(module, 'the text');
  for (const origins of [false, true]) {
    const printed = printModule(module, { origins });
    assert.is(printModule(parseModule(printed), { origins }), printed);
  }
  assert.equal(parseModule(printModule(module, { origins: true })), module);
  assert.equal(module.nodes[3].origin, [8, 7]);
  assert.equal(module.feeds, [{ node: 0, endpoint: { node: 4, index: 1 } }]);
  assert.equal(module.effects, [3]);
});

test('a line is as the design says', () => {
  const lines = printModule(
    parseModule(`%1 = _Arg() {index=0} : f32[?,4]
      %2 = _Arg() {index=1} : f32[10,4]
      %3 = MatMul(%1, %2) {transpose_b} : f32[?,10] # dense/MatMul`),
  ).split('\n');
  assert.is(lines[4], '%3 = MatMul(%1, %2) {transpose_b} : f32[?,10]            # dense/MatMul');
});

test('every kind of element and attribute survives the text', () => {
  const text = bare(`
%0 = Const() {value=[-9223372036854775808, 7]} : i64[2]
%1 = Const() {value=["a\\"b", "é", ""]} : str[3]
%2 = Const() {value=[true, false]} : bool[2]
%3 = Const() {value=[[1, -2], [0.5, Infinity]]} : c64[2]
%4 = Const() {value=[]} : f32[0]
%5 = Const() {value=[1e-7, 3.4028235e+38, -0.3333333333333333]} : f64[3]
%6 = Const() {value=[1e-7, 3.4028235e+38, -0.33333334, 1.1754944e-38]} : f32[4]
%7 = VarHandleOp() {shared_name="v", dtype=f32, shape=[?, 2]} : res[]<f32[?,2]>
%8 = Sum(%6, %9) {keep_dims} : f32[1]
%10 = NoOp() : ()`);
  const whole = text.replace('%8', '%9 = Const() {value=[0]} : i32[1]\n%8');
  const module = parseModule(whole);
  verifyModule(module, 'the text');
  assert.is(bare(printModule(module)), whole);
  assert.equal(parseModule(printModule(module, { origins: true })), module);
});

test('long arrays are summarised, and have to be given to be read', () => {
  const value = new NdArray(
    float32,
    [20],
    Float32Array.from({ length: 20 }, (_, i) => i),
  );
  const text = '%0 = Const() {value=#20:00000000} : f32[20]';
  assert.throws(() => parseModule(text), /not in the text/);
  const module = parseModule(text, { constants: new Map([[0, value]]) });
  assert.is(module.nodes[0].attrs.value, value);
  assert.match(printModule(module), /value=#20:[0-9a-f]{8}\}/);
});

test('bad text is reported with its line', () => {
  const fails = (text: string, message: RegExp) => assert.throws(() => parseModule(text), message);
  fails('%0 = Nope() : f32[]', /Line 1: The op Nope is not defined/);
  fails('\n%0 = Const( : f32[]', /Line 2: Expected '%' at column/);
  fails('%0 = Relu(%9) : f32[]', /%9:0 is not defined/);
  fails('%0 = Const() {value=1} : f31[]', /'f31' is no type/);
  fails('%0 = Const() {value=1} : f32[] rest', /Expected the end of the line/);
});

test('the verifier names the pass and what it broke', () => {
  const base = parseModule(`%0 = _Arg() {index=0} : f32[2]
    %1 = Relu(%0) : f32[2]
    fetch %1`);
  const [arg, relu] = base.nodes;
  const fails = (module: Partial<typeof base>, message: RegExp) =>
    assert.throws(
      () => verifyModule({ ...base, ...module }, 'thepass'),
      (error: Error) =>
        error instanceof InternalError && /After pass 'thepass'/.test(error.message) && message.test(error.message),
    );
  verifyModule(base, 'thepass');
  fails({ nodes: [arg, arg, relu] }, /%0 is used twice/);
  fails({ nodes: [relu, arg] }, /%0 is not defined before its use/);
  fails({ nodes: [arg, { ...relu, origin: [] }] }, /no origin/);
  fails({ nodes: [arg, { ...relu, inputs: [{ node: 0, index: 1 }] }] }, /%0:1 is no output/);
  fails(
    { nodes: [arg, { ...relu, outputs: [{ dtype: float32, shape: [3] }] }] },
    /f32\[3\], but its rule says f32\[2\]/,
  );
  fails({ nodes: [arg, { ...relu, outputs: [{ dtype: int32, shape: [2] }] }] }, /output 0 is i32, not f32/);
  fails({ nodes: [arg, { ...relu, inputs: [] }] }, /takes 1 inputs, not 0/);
  fails({ nodes: [arg, { ...relu, op: 'Nope' }] }, /Nope is not defined/);
  fails({ nextId: 1 }, /not below nextId/);
  fails({ fetches: [{ node: 7, index: 0 }] }, /fetch %7 does not exist/);
  fails({ effects: [7] }, /%7, which must run, does not exist/);
  fails({ feeds: [] }, /is fed nothing/);
});

function request(fields: Partial<Request>): Request {
  return { fetches: [], targets: [], feeds: [], ...fields };
}

test('import takes the closure over inputs and controls, cut at feeds', () => {
  const g = new Graph();
  g.asDefault(() => {
    const x = placeholder(float32, [null, 2], 'x');
    const a = emitOne('Neg', [x], {}, 'a');
    const unused = emitOne('Exp', [a], {}, 'unused');
    const b = emitOne('Abs', [a], {}, 'b');
    const init = g.controlDependencies([unused], () => emit('NoOp', [], {}, 'init'));
    const y = g.controlDependencies([init], () => emitOne('Sqrt', [b], {}, 'y'));
    const snapshot = g.snapshot();
    const names = (r: Request) => prune(snapshot, r).map((id) => snapshot.node(id).name);
    const feedA = { endpoint: a.endpoint, dtype: float32, shape: [3, 2] };
    assert.equal(names(request({ fetches: [b.endpoint] })), ['x', 'a', 'b']);
    assert.equal(names(request({ fetches: [b.endpoint], feeds: [feedA] })), ['b']);
    assert.equal(names(request({ fetches: [y.endpoint], feeds: [feedA] })), ['unused', 'b', 'init', 'y']);
    assert.equal(names(request({ fetches: [y.endpoint], feeds: [feedA], done: new Set([init.id]) })), ['b', 'y']);
    const module = importGraph(snapshot, request({ fetches: [y.endpoint, a.endpoint], feeds: [feedA] }));
    verifyModule(module, 'import');
    assert.is(
      bare(printModule(module)),
      bare(`feed %0 = @1:0
        %0 = _Arg() {index=0} : f32[?,2]
        %1 = Exp(%0) : f32[?,2]
        %2 = Abs(%0) : f32[?,2]
        %3 = NoOp() : ()
        %4 = Sqrt(%2) : f32[?,2]
        fetch %4, %0`),
    );
  });
});

test('a placeholder that is needed must be fed', () => {
  const g = new Graph();
  g.asDefault(() => {
    const texts: [ReturnType<typeof placeholder>, string][] = [
      [placeholder(float32, [null, 2], 'x'), `'x' with dtype float and shape [?,2]`],
      [placeholder(float64, [], 's'), `'s' with dtype double`],
      [placeholder(int64, null, 'u'), `'u' with dtype int64`],
      [placeholder(string, [3], 't'), `'t' with dtype string and shape [3]`],
    ];
    for (const [tensor, text] of texts) {
      const fetch = emitOne('Identity', [tensor]).endpoint;
      assert.throws(
        () => importGraph(g.snapshot(), request({ fetches: [fetch] })),
        (error: InvalidArgumentError) =>
          error instanceof InvalidArgumentError &&
          error.op?.name === tensor.op.name &&
          error.op?.type === 'Placeholder' &&
          error.message === `You must feed a value for placeholder tensor ${text}`,
      );
    }
    // Waiting for a fed placeholder is waiting for the feed.
    const x = texts[0][0];
    const after = g.controlDependencies([x], () => constant(1));
    const feeds = [{ endpoint: x.endpoint, dtype: float32, shape: [1, 2] }];
    assert.is(importGraph(g.snapshot(), request({ fetches: [after.endpoint], feeds })).nodes.length, 2);
  });
});

test('attributes of placement do not come along', () => {
  const g = new Graph();
  g.asDefault(() => {
    const y = emitOne('Neg', [constant(1)], { _class: ['loc:@Const'] });
    const module = importGraph(g.snapshot(), request({ fetches: [y.endpoint] }));
    assert.equal(module.nodes[1].attrs, { T: float32 });
  });
});

test('a default that is not fed is handed on with its own shape', () => {
  const g = new Graph();
  g.asDefault(() => {
    const d = placeholderWithDefault([1, 2], [null], { name: 'd' });
    const module = importGraph(g.snapshot(), request({ fetches: [d.endpoint] }));
    assert.is(module.nodes[1].op, 'Identity');
  });
});

test.run();
