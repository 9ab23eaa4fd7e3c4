/** From graph to plan: lowering, slots and frees, effects, errors; and the same values with passes off and on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompileOptions, compile } from '../../compiler/compile.ts';
import { explain } from '../../compiler/explain.ts';
import type { Request } from '../../compiler/ir/import.ts';
import type { Target } from '../../compiler/lowering/lowering.ts';
import { HOST, makeTarget } from '../../compiler/lowering/target.ts';
import type { ExecutionPlan } from '../../compiler/plan/plan.ts';
import { printPlan } from '../../compiler/plan/printer.ts';
import { verifyPlan } from '../../compiler/plan/verify.ts';
import { hasHostKernel } from '../../runtime/host/registry.ts';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError, NotFoundError, UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { interpret } from '../support/interpret.ts';
import { evaluate, fakeTarget, feedKey, runPlan } from './fake-target.ts';

/** Reproducible numbers between -1 and 1. */
function numbers(shape: readonly number[], seed = 1): NdArray {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin((i + 1) * 12.9898 * seed));
  return new NdArray(float32, shape, data);
}

interface Program {
  readonly fetches: readonly Tensor[];
  readonly targets?: readonly Operation[];
  readonly feeds?: ReadonlyMap<Tensor, NdArray>;
  readonly variables?: ReadonlyMap<string, NdArray>;
}

function requestOf({ fetches, targets = [], feeds = new Map() }: Program): Request {
  return {
    fetches: fetches.map((t) => t.endpoint),
    targets: targets.map((op) => op.id),
    feeds: [...feeds].map(([t, value]) => ({ endpoint: t.endpoint, dtype: value.dtype, shape: value.shape })),
  };
}

function planOf(
  graph: Graph,
  program: Program,
  target: Target = fakeTarget(),
  options: CompileOptions = {},
): ExecutionPlan {
  return compile(graph.snapshot(), requestOf(program), target, { verify: true, evaluate, ...options }).plan;
}

function execute(plan: ExecutionPlan, program: Program) {
  const feeds = new Map([...(program.feeds ?? [])].map(([t, value]) => [feedKey(t.endpoint), value]));
  const variables = new Map(program.variables);
  return { ...runPlan(plan, feeds, variables), variables };
}

/** Runs a program with passes off and on, on several targets; every run agrees with the interpreter. */
function agree(build: () => Program): void {
  const graph = new Graph();
  const program = graph.asDefault(build);
  const expected = new Map(program.variables);
  const { fetches, targets, feeds } = program;
  const values = interpret(graph.snapshot(), fetches, { targets, feeds, variables: expected });
  const host = makeTarget(HOST, { hasKernel: () => false, hasHost: hasHostKernel });
  const some = fakeTarget({ lacks: ['MatMul', 'BiasAdd', 'Softmax', 'Sub', '_FusedMatMul'], dtypes: [float32] });
  for (const target of [fakeTarget(), host, some]) {
    for (const passes of [false, true]) {
      const run = execute(planOf(graph, program, target, { passes }), program);
      for (const [i, value] of run.fetches.entries()) near(value, values[i], `${target.name}, passes ${passes}: ${i}`);
      for (const [name, value] of expected) near(run.variables.get(name) as NdArray, value, `variable ${name}`);
    }
  }
}

function near(actual: NdArray, expected: NdArray, what: string): void {
  assert.is(actual.dtype, expected.dtype, what);
  assert.equal([...actual.shape], [...expected.shape], what);
  for (let i = 0; i < expected.size; i++) {
    const [a, b] = [Number(actual.at(i)), Number(expected.at(i))];
    assert.ok(Object.is(a, b) || Math.abs(a - b) <= 1e-5 * (1 + Math.abs(b)), `${what}: ${a} instead of ${b} at ${i}`);
  }
}

test('a dense layer agrees with passes off and on', () => {
  agree(() => {
    const x = placeholder(float32, [null, 3], 'x');
    const product = emitOne('MatMul', [x, constant(numbers([4, 3], 2))], { transpose_b: true });
    const y = emitOne('Relu', [emitOne('BiasAdd', [product, constant(numbers([4], 3))])]);
    const z = emitOne('Sub', [emitOne('Mul', [y, 1]), emitOne('Neg', [y])]);
    return { fetches: [z, y], feeds: new Map([[x, numbers([5, 3])]]) };
  });
});

test('shape computations agree, with data-dependent shapes among them', () => {
  agree(() => {
    const x = placeholder(float32, [null, null], 'x');
    const n = placeholder(int32, [], 'n');
    const shape = emitOne('Shape', [x]);
    const rows = emitOne('GatherV2', [shape, zero(), zero()]);
    const flat = emitOne('Reshape', [x, emitOne('Pack', [[1, emitOne('Mul', [rows, n])]], {})]);
    const tiled = emitOne('Tile', [flat, emitOne('Pack', [[n, 1]], {})]);
    const feeds = new Map([
      [x, numbers([2, 3])],
      [n, new NdArray(int32, [], Int32Array.of(3))],
    ]);
    return { fetches: [tiled, shape, emitOne('Size', [tiled])], feeds };
  });
});

/** An int32 zero. */
const zero = () => constant(0, int32);

const handle = (name: string, shape: number[]) =>
  emitOne('VarHandleOp', [], { dtype: float32, shape, shared_name: name }, name);
const read = (v: Tensor, name = 'read') => emitOne('ReadVariableOp', [v], { dtype: float32 }, name);

test('reads stay on their side of writes', () => {
  agree(() => {
    const v = handle('v', [2]);
    const before = read(v);
    const step = emit('AssignAddVariableOp', [v, constant([1, 2])], { dtype: float32 }, 'step');
    const after = before.graph.controlDependencies([step], () => read(v));
    const twice = emit('AssignVariableOp', [v, emitOne('Mul', [after, 2])], { dtype: float32 }, 'twice');
    const last = before.graph.controlDependencies([twice], () => read(v));
    return { fetches: [before, after, last], variables: new Map([['v', numbers([2])]]) };
  });
});

test('an optimizer step agrees', () => {
  agree(() => {
    const [w, m, v] = ['w', 'm', 'v'].map((name) => handle(name, [3, 2]));
    const x = placeholder(float32, [null, 3], 'x');
    const gradient = emitOne('MatMul', [x, emitOne('MatMul', [x, read(w)])], { transpose_a: true });
    const step = emit(
      'ResourceApplyAdam',
      [
        w,
        m,
        v,
        constant(0.9),
        constant(0.999),
        constant(0.1),
        constant(0.9),
        constant(0.999),
        constant(1e-7),
        gradient,
      ],
      { T: float32 },
      'adam',
    );
    const variables = new Map(['w', 'm', 'v'].map((name, i) => [name, numbers([3, 2], i + 2)]));
    variables.set('v', new NdArray(float32, [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)));
    return { fetches: [], targets: [step], feeds: new Map([[x, numbers([4, 3])]]), variables };
  });
});

test('every slot is written once and freed once, at its last use', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const x = placeholder(float32, [2], 'x');
    const a = emitOne('Exp', [x], {}, 'a');
    const b = emitOne('Sin', [a], {}, 'b');
    const top = emit('TopKV2', [emitOne('AddV2', [a, b]), 1], {}, 'top');
    return { fetches: [top.outputs[0], x, top.outputs[0]], feeds: new Map([[x, numbers([2])]]) };
  });
  const plan = planOf(graph, program);
  assert.equal(plan.fetches[0], plan.fetches[2]);
  const text = printPlan(plan).replace(/ +# .*$/gm, '');
  assert.match(text, /s2 = Exp\(s1\) : f32\[2\]\n/);
  assert.match(text, /s3 = Sin\(s2\) : f32\[2\]\n/);
  assert.match(text, /s4 = AddV2\(s2, s3\) : f32\[2\] {4}free s2 s3\n/);
  assert.match(text, /free s6 s4\nfetch s5, s1, s5$/);
  assert.equal(execute(plan, program).calls, ['Exp', 'Sin', 'AddV2', 'TopKV2']);
});

test('what is known at compile time leaves no step and no slot', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const x = placeholder(float32, [null], 'x');
    const unused = placeholder(float32, [], 'unused');
    const y = emitOne('Reshape', [
      x,
      emitOne('Pack', [[1, emitOne('GatherV2', [emitOne('Shape', [x]), zero(), zero()])]], {}),
    ]);
    const feeds = new Map([
      [x, numbers([4])],
      [unused, numbers([])],
    ]);
    return { fetches: [y], feeds };
  });
  for (const passes of [false, true]) {
    const plan = planOf(graph, program, makeTarget('cpu', { hasKernel: () => true, hasHost: hasHostKernel }), {
      passes,
    });
    assert.equal(plan.feeds.length, 1);
    assert.equal(plan.constants.length, 0);
    assert.equal(
      plan.instructions.map(({ kind }) => kind),
      ['alias'],
    );
    assert.is(plan.slots.length, 2);
  }
});

test('handles vanish; effects stay, in the order of creation', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const v = emitOne('Identity', [handle('v', [])]);
    const w = handle('w', []);
    const operations = [
      emit('AssignVariableOp', [w, constant(1)], { dtype: float32 }),
      emit('AssignVariableOp', [v, constant(2)], { dtype: float32 }),
      emit('DestroyResourceOp', [w], {}),
      emit('NoOp', [], {}),
    ];
    return { fetches: [emitOne('VarIsInitializedOp', [v])], targets: operations };
  });
  const plan = planOf(graph, program);
  assert.equal(
    plan.instructions.map((step) => [step.kind, 'resource' in step ? step.resource.name : '']),
    [
      ['assign', 'w'],
      ['assign', 'v'],
      ['destroy', 'w'],
      ['initialized', 'v'],
    ],
  );
});

test('types without buffers and ops without kernels run on the host', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const x = placeholder('float64', [2], 'x');
    return {
      fetches: [emitOne('Exp', [x]), emitOne('Exp', [emitOne('Cast', [x], { DstT: float32 })])],
      feeds: new Map([[x, numbers([2]) as NdArray]]),
    };
  });
  const feed = { endpoint: program.fetches[0].op.inputs[0].endpoint, dtype: program.fetches[0].dtype, shape: [2] };
  const target = makeTarget('wasm', { hasKernel: () => true, hasHost: hasHostKernel });
  const { plan } = compile(graph.snapshot(), { ...requestOf(program), feeds: [feed] }, target);
  assert.equal(
    plan.instructions.map((step) => step.kind),
    ['host', 'host', 'kernel'],
  );
});

test('an op that nobody can compute is named, with its node and the target', () => {
  const graph = new Graph();
  const y = graph.asDefault(() => emitOne('Exp', [placeholder(float32, [2], 'x')], {}, 'y'));
  const target = fakeTarget({ lacks: ['Exp'], hasHost: () => false });
  const feeds = [{ endpoint: y.op.inputs[0].endpoint, dtype: float32, shape: [2] }];
  assert.throws(
    () => compile(graph.snapshot(), { fetches: [y.endpoint], targets: [], feeds }, target),
    (error: UnimplementedError) =>
      error instanceof UnimplementedError &&
      error.op?.name === 'y' &&
      error.op?.type === 'Exp' &&
      /'Exp'.*'y'.*'fake'/.test(error.message),
  );
});

test('shapes that do not fit fail in the run, in the words of the kernel', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const [a, b] = ['a', 'b'].map((name) => placeholder(float32, [null, null], name));
    const feeds = new Map([
      [a, numbers([2, 3])],
      [b, numbers([4, 5])],
    ]);
    return { fetches: [emitOne('Relu', [emitOne('MatMul', [a, b], {}, 'y')])], feeds };
  });
  const plan = planOf(graph, program);
  assert.is(plan.instructions[0].kind, 'host');
  assert.throws(
    () => execute(plan, program),
    (error: Error) => error instanceof InvalidArgumentError,
  );
});

test('an op type that nobody defined is reported', () => {
  const graph = new Graph();
  const y = graph.asDefault(() => emitOne('Identity', [constant(1)]));
  const snapshot = graph.snapshot();
  const strange = { ...snapshot.node(1), op: 'Strange' };
  const fake = Object.create(snapshot, { node: { value: (id: number) => (id === 1 ? strange : snapshot.node(id)) } });
  assert.throws(
    () => compile(fake, { fetches: [y.endpoint], targets: [], feeds: [] }, fakeTarget()),
    (error: Error) => error instanceof NotFoundError && /Strange/.test(error.message),
  );
});

test('the checker of plans finds what is broken', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const x = placeholder(float32, [2], 'x');
    return { fetches: [emitOne('Sin', [emitOne('Exp', [x])])], feeds: new Map([[x, numbers([2])]]) };
  });
  const plan = planOf(graph, program);
  const [exp, sin] = plan.instructions;
  const breaks = (instructions: ExecutionPlan['instructions'], message: RegExp) =>
    assert.throws(
      () => verifyPlan({ ...plan, instructions }),
      (error: Error) => error instanceof InternalError && message.test(error.message),
    );
  breaks([{ ...exp, frees: [] }, sin], /s0 is never freed/);
  breaks([exp, { ...sin, frees: [0, 1] }], /s0 is freed twice/);
  breaks([exp, { ...sin, frees: [1, 2] }], /s2 is fetched or constant, and freed/);
  breaks([exp, exp, sin], /s0 is read after it was freed|s1 is written twice/);
  breaks([sin, exp], /s1 is read before it is written/);
  breaks([exp], /s2 is never written/);
});

test('compiling is linear: 10,000 nodes in one second, and long chains without recursion', () => {
  const build = (count: number) => {
    const graph = new Graph();
    const fetch = graph.asDefault(() => {
      let y = placeholder(float32, [2], 'x');
      for (let i = 0; i < count; i++) y = emitOne(['Sin', 'Exp', 'Tanh', 'Cos'][i % 4], [y]);
      return y;
    });
    const feeds = [{ endpoint: { node: 0, index: 0 }, dtype: float32, shape: [2] }];
    const start = performance.now();
    const { plan } = compile(graph.snapshot(), { fetches: [fetch.endpoint], targets: [], feeds }, fakeTarget());
    assert.is(plan.instructions.length, count);
    return performance.now() - start;
  };
  build(1000);
  const small = Math.min(build(2500), build(2500));
  const large = Math.min(build(20000), build(20000));
  // Eight times the nodes; what is quadratic would take 64 times as long.
  assert.ok(large < 24 * small, `${large.toFixed(0)} ms against ${small.toFixed(0)} ms`);
});

test('explain prints the graph, what the passes changed, and the plan', () => {
  const graph = new Graph();
  const program = graph.asDefault((): Program => {
    const x = placeholder(float32, [null, 2], 'x');
    return { fetches: [emitOne('Neg', [emitOne('Neg', [x])], {}, 'y')], feeds: new Map([[x, numbers([3, 2])]]) };
  });
  const request = requestOf(program);
  const text = explain(graph.snapshot(), request, compile(graph.snapshot(), request, fakeTarget()));
  const titles = text.split('\n').filter((line) => line.startsWith('## '));
  assert.equal(
    titles,
    ['graph', 'import', 'specialise', 'algebra', 'dce', 'plan'].map(
      (t) => `## ${['graph', 'plan'].includes(t) ? '' : 'IR after '}${t}`,
    ),
  );
});

test.run();
