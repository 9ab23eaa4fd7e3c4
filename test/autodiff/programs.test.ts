/** Programs of gradients, built op for op as real TensorFlow builds them, and run with the same results. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customGradient } from '../../src/autodiff/custom-gradient.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { hessians } from '../../src/autodiff/hessians.ts';
import type { Gradient } from '../../src/autodiff/registry.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { clipByValue } from '../../src/ops/clip.ts';
import { constant } from '../../src/ops/constants.ts';
import { zeros } from '../../src/ops/filling.ts';
import { stopGradient } from '../../src/ops/identity.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { reduceMean, reduceSum } from '../../src/ops/reductions.ts';
import { exp, sigmoid, sin, sqrt, square, tanh } from '../../src/ops/unary-math.ts';
import * as train from '../../src/train.ts';
import { float32 } from '../../src/util/dtype.ts';
import { globalVariablesInitializer, Variable } from '../../src/variables/index.ts';
import { difference, fromGolden, GRADIENT } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { goldenLines, opLines, readProgram } from '../support/programs.ts';

interface NamedProgram {
  readonly ops: readonly (readonly [name: string, type: string, inputs: readonly string[]])[];
}
const named = (
  JSON.parse(readFileSync(new URL('../goldens/programs/names.json', import.meta.url), 'utf8')) as {
    programs: NamedProgram[];
  }
).programs;

/** The ops of `names.json`, whose control inputs are in the order in which they were added. */
function inOrder(graph: Graph): (readonly [string, string, readonly string[]])[] {
  return graph.getOperations().map((op) => {
    const inputs = op.inputs.map((t) => (t.index === 0 ? t.op.name : t.name));
    return [op.name, op.type, [...inputs, ...op.controlInputs.map((c) => `^${c.name}`)]] as const;
  });
}

test('names.json 4: gradients of tanh(x) * x', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = placeholder(float32, [2, 3], 'x');
    gradients(reduceSum(tanh(x).mul(x)), x);
  });
  assert.equal(inOrder(graph), named[4].ops);
});

test('names.json 9: momentum on a resource variable that is read twice', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const v = new Variable([1, 2], { name: 'v' });
    new train.MomentumOptimizer(0.1, 0.9).minimize(reduceSum(v.mul(v)));
  });
  assert.equal(inOrder(graph), named[9].ops);
});

/** The ops from the first gradient on, with the names of resource variables' ops in the place of those of references. */
function asResources(program: NamedProgram): (readonly [string, string, readonly string[]])[] {
  const rename = (name: string) => name.replace(/ApplyGradientDescent/g, 'ResourceApplyGradientDescent');
  const from = program.ops.findIndex(([name]) => name === 'gradients/Shape');
  return program.ops
    .slice(from)
    .map(([name, type, inputs]) => [rename(name), rename(type), inputs.map(rename)] as const);
}

test('names.json 0: gradient descent on a linear model, with resource variables', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = placeholder(float32, [null, 3], 'x');
    const w = new Variable(zeros([3, 2]), { name: 'W' });
    const b = new Variable(zeros([2]), { name: 'b' });
    const loss = reduceMean(square(matmul(x, w).add(b)));
    new train.GradientDescentOptimizer(0.1).minimize(loss);
    globalVariablesInitializer();
  });
  const read = (name: string) =>
    name.replace('W/read', 'MatMul/ReadVariableOp').replace('b/read', 'add/ReadVariableOp');
  const expected = asResources(named[0]).map(([name, type, inputs]) => [name, type, inputs.map(read)] as const);
  const built = inOrder(graph);
  assert.equal(built.slice(built.findIndex(([name]) => name === 'gradients/Shape')), expected);
});

test('names.json 8: Adam on a scalar, with resource variables: names of the step', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const v = new Variable(1, { name: 'v' });
    new train.AdamOptimizer().minimize(square(v));
  });
  const names = new Set(graph.getOperations().map((op) => op.name));
  for (const [name, type] of named[8].ops) {
    if (name.startsWith('save') || ['Identity', 'Assign', 'VariableV2'].includes(type)) continue;
    const wanted = name
      .replace('ApplyAdam', 'ResourceApplyAdam')
      .replace('/initial_value', '/Initializer/initial_value');
    assert.ok(names.has(wanted), wanted);
  }
  const variables = [...(graph.getCollection('variables') as Variable[])].map((v) => v.name);
  assert.equal(variables, ['v:0', 'beta1_power:0', 'beta2_power:0', 'v/Adam:0', 'v/Adam_1:0']);
});

test('custom: a gradient of its own, stop_gradient, grad_ys, unconnected and stopped gradients', () => {
  const program = readProgram('custom');
  const graph = new Graph();
  const fetches: Gradient[] = [];
  graph.asDefault(() => {
    const clipExp = customGradient((x) => {
      const e = exp(x);
      return [e, (dy: Tensor) => clipByValue(dy.mul(e), -1, 1)];
    });
    const x = placeholder(float32, [3], 'x');
    const z = placeholder(float32, [3], 'z');
    const a = clipExp(x);
    const s = x.mul(stopGradient(x));
    const m = x.mul(x);
    const n = m.mul(x);
    fetches.push(a, s, ...gradients(a, x), ...gradients(s, x));
    fetches.push(...gradients(s, x, { gradYs: [constant([1, 2, 3])] }));
    fetches.push(...gradients(s, [x, z], { unconnectedGradients: 'zero' }));
    fetches.push(...gradients(n, [x, m], { stopGradients: [m] }), ...gradients([a, n], [x, m]));
  });
  assert.equal(opLines(graph), goldenLines(program));
  const [step] = program.steps;
  const feeds = new Map(
    Object.entries(step.feeds).map(([name, value]) => [graph.getTensorByName(name), fromGolden(value)] as const),
  );
  const outputs = interpret(graph.snapshot(), fetches as Tensor[], { feeds });
  outputs.forEach((output, i) => {
    assert.is(difference(output, fromGolden(step.outputs?.[i] as never), GRADIENT), null, step.fetches[i]);
  });
});

test('second: second and third derivatives', () => {
  const program = readProgram('second');
  const graph = new Graph();
  let fetches: Tensor[] = [];
  graph.asDefault(() => {
    const x = placeholder(float32, [3], 'x');
    const y = reduceSum(sin(x).mul(x).mul(x));
    const g = gradients(y, x)[0] as Tensor;
    const h = gradients(g, x)[0] as Tensor;
    const matrix = graph.nameScope('own', () => hessians(y, x)[0]);
    graph.uniqueName('gradients_2');
    const t = gradients(h, x)[0] as Tensor;
    fetches = [y, g, h, matrix, t];
  });
  const kept = (name: string) =>
    !name.startsWith('own/') && (/^(x|Sin|mul|mul_1|Const|Sum)$/.test(name) || /^gradients(_[13])?\//.test(name));
  assert.equal(opLines(graph, kept), goldenLines(program, kept));
  const step = program.steps.find(({ fetches: names }) => names.length === 5) as (typeof program.steps)[number];
  const feeds = new Map(
    Object.entries(step.feeds).map(([name, value]) => [graph.getTensorByName(name), fromGolden(value)] as const),
  );
  interpret(graph.snapshot(), fetches, { feeds }).forEach((output, i) => {
    assert.is(difference(output, fromGolden(step.outputs?.[i] as never), GRADIENT), null, step.fetches[i]);
  });
});

test('second: a penalty on the gradient is trained', () => {
  const program = readProgram('second');
  const graph = new Graph();
  const variables = new Map();
  const [init, penalty, step, w] = graph.asDefault(() => {
    const variable = new Variable(program.constant('w/initial_value'), { name: 'w' });
    const input = placeholder(float32, [null, 3], 'i');
    const output = sigmoid(matmul(input, variable));
    const slope = gradients(output, input)[0] as Tensor;
    const loss = reduceMean(square(sqrt(reduceSum(square(slope), 1)).sub(1)));
    const train0 = new train.GradientDescentOptimizer(0.5).minimize(loss);
    return [globalVariablesInitializer(), loss, train0, variable] as const;
  });
  interpret(graph.snapshot(), [], { targets: [init], variables });
  const steps = program.steps.filter(({ feeds }) => 'i:0' in feeds);
  assert.is(steps.length, 2);
  for (const { feeds, outputs } of steps) {
    const given = new Map([[graph.getTensorByName('i:0'), fromGolden(feeds['i:0'])]]);
    const [loss] = interpret(graph.snapshot(), [penalty], { feeds: given, targets: [step], variables });
    assert.is(difference(loss, fromGolden(outputs?.[0] as never), GRADIENT), null);
  }
  const last = program.steps[program.steps.length - 1].outputs ?? [];
  assert.is(difference(variables.get(w.op.name), fromGolden(last[0]), GRADIENT), null);
});

test.run();
