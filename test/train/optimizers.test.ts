/**
 * Optimizers, learning rates, averages: the cases of TensorFlow's own tests (named by their number), and errors. Clipping
 * (cases 395 and 397) is in `test/ops/clip.test.ts`.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { add } from '../../src/ops/arithmetic.ts';
import { constant } from '../../src/ops/constants.ts';
import { gather } from '../../src/ops/gather.ts';
import { IndexedSlices } from '../../src/ops/indexed-slices.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { reduceSum } from '../../src/ops/reductions.ts';
import { square } from '../../src/ops/unary-math.ts';
import * as train from '../../src/train.ts';
import { int32, int64 } from '../../src/util/dtype.ts';
import { TypeError, ValueError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import {
  getVariable,
  globalVariablesInitializer,
  Variable,
  variableScope,
  zerosInitializer,
} from '../../src/variables/index.ts';
import { interpret } from '../support/interpret.ts';

/** A session as small as it gets: variables that are kept from run to run. */
class Runner {
  private readonly variables = new Map<string, NdArray>();
  constructor(private readonly graph: Graph) {
    this.run(graph.asDefault(() => globalVariablesInitializer()));
  }
  run(...targets: Operation[]): void {
    interpret(this.graph.snapshot(), [], { targets, variables: this.variables });
  }
  value(of: Variable | Tensor | null): unknown {
    const tensor = of instanceof Variable ? (of.asGraphElement() as Tensor) : (of as Tensor);
    return interpret(this.graph.snapshot(), [tensor], { variables: this.variables })[0].array();
  }
}

function inGraph(name: string, body: (graph: Graph) => void): void {
  test(name, () => {
    const graph = new Graph();
    graph.asDefault(() => body(graph));
  });
}

function close(actual: unknown, expected: unknown, tolerance = 1e-5): void {
  const flat = (v: unknown): number[] => (Array.isArray(v) ? v.flatMap(flat) : [Number(v)]);
  const [a, e] = [flat(actual), flat(expected)];
  assert.is(a.length, e.length);
  a.forEach((x, i) => {
    assert.ok(Math.abs(x - e[i]) <= tolerance * Math.max(1, Math.abs(e[i])), `${x}, expected ${e[i]}`);
  });
}

/** The two variables and gradients of TensorFlow's optimizer tests. */
function pair(): { v0: Variable; v1: Variable; grads: (readonly [Tensor, Variable])[] } {
  const v0 = new Variable([1, 2]);
  const v1 = new Variable([3, 4]);
  return { v0, v1, grads: [[constant([0.1, 0.1]), v0] as const, [constant([0.01, 0.01]), v1] as const] };
}

inGraph('case 365: a learning rate that is a tensor, a function, a keyword', (graph) => {
  for (const rate of [constant(3), () => constant(3), 3]) {
    const { v0, v1, grads } = pair();
    const step = new train.GradientDescentOptimizer(rate).applyGradients(grads);
    const sess = new Runner(graph);
    sess.run(step);
    close(sess.value(v0), [1 - 0.3, 2 - 0.3]);
    close(sess.value(v1), [3 - 0.03, 4 - 0.03]);
  }
  const { v0, grads } = pair();
  const step = new train.GradientDescentOptimizer({ learningRate: 1, name: 'G' }).applyGradients(grads);
  assert.is(step.name, 'G');
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(v0), [0.9, 1.9]);
});

inGraph('case 367: slices change their rows only', (graph) => {
  const v = new Variable([[1], [2], [3]]);
  const rows = new IndexedSlices(constant([[0.1]]), constant([1], int32), constant([3, 1], int32));
  for (const make of [
    () => new train.GradientDescentOptimizer(3),
    () => new train.MomentumOptimizer(3, 0.9),
    () => new train.AdagradOptimizer(3),
    () => new train.AdadeltaOptimizer(3),
    () => new train.RMSPropOptimizer(3, { centered: true }),
    () => new train.FtrlOptimizer(3),
    () => new train.ProximalGradientDescentOptimizer(3),
    () => new train.ProximalAdagradOptimizer(3),
  ]) {
    const step = make().applyGradients([[rows, v]]);
    const sess = new Runner(graph);
    sess.run(step);
    const [[a], [b], [c]] = sess.value(v) as number[][];
    assert.equal([a, c], [1, 3]);
    assert.is.not(b, 2);
  }
});

inGraph('rows for one index are added up', (graph) => {
  const v = new Variable([[1], [2]]);
  const step = new train.MomentumOptimizer(1, 0).minimize(reduceSum(gather(v, [1, 1, 1])));
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(v), [[1], [-1]]);
});

inGraph('case 369: the gradient of the loss is given', (graph) => {
  const v0 = new Variable([1, 2]);
  const v1 = new Variable([3, 4]);
  const loss = add(v0.mul(5), v1.mul(3));
  const step = new train.GradientDescentOptimizer(3).minimize(loss, {
    varList: [v0, v1],
    gradLoss: constant([42, -42]),
  });
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(v0), [1 - 630, 2 + 630]);
  close(sess.value(v1), [3 - 378, 4 + 378]);
});

inGraph('case 371: no gradients', (graph) => {
  const v = new Variable(1, { name: 'v' });
  const loss = constant(2);
  const { size } = graph;
  const message = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      assert.instance(error, ValueError);
      assert.is(graph.size, size);
      return (error as Error).message;
    }
    return '';
  };
  const optimizer = new train.AdamOptimizer();
  assert.is(
    message(() => optimizer.minimize(loss, { varList: [v] })),
    `No gradients provided for any variable, check your graph for ops that do not support gradients, between variables ["<tf.Variable 'v:0' shape=() dtype=float32>"] and loss Tensor("Const:0", shape=(), dtype=float32).`,
  );
  assert.is(
    message(() => optimizer.applyGradients([[null, v]])),
    `No gradients provided for any variable: ["<tf.Variable 'v:0' shape=() dtype=float32>"].`,
  );
  assert.is(
    message(() => optimizer.applyGradients([])),
    'No variables provided.',
  );
  assert.is(
    message(() => optimizer.computeGradients(loss, [])),
    'No variables to optimize.',
  );
  assert.match(
    message(() => optimizer.computeGradients(loss, v, 17)),
    'gate_gradients must be one of',
  );
  assert.equal(optimizer.getSlotNames(), []);
});

inGraph('a loss of integers is refused', () => {
  new Variable(1);
  const loss = constant(1, int32);
  assert.throws(() => new train.AdamOptimizer().minimize(loss), /Invalid type tf.int32 for Const/);
});

inGraph('case 373: the collection of train ops', (graph) => {
  const v = new Variable(1);
  const step = new train.GradientDescentOptimizer(1).minimize(square(v));
  assert.equal(graph.getCollection(GraphKeys.TRAIN_OP), [step]);
});

inGraph('case 375: momentum', (graph) => {
  const { v0, v1, grads } = pair();
  const optimizer = new train.MomentumOptimizer(2, 0.9);
  const step = optimizer.applyGradients(grads);
  assert.equal(optimizer.getSlotNames(), ['momentum']);
  const slot = optimizer.getSlot(v0, 'momentum') as Variable;
  assert.is(slot.name, 'Variable/Momentum:0');
  assert.not(graph.getCollection(GraphKeys.TRAINABLE_VARIABLES).includes(slot));
  assert.is(optimizer.getSlot(v0, 'other'), null);
  assert.is(optimizer.variables().length, 2);
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(slot), [0.1, 0.1]);
  close(sess.value(v0), [0.8, 1.8]);
  close(sess.value(v1), [2.98, 3.98]);
  sess.run(step);
  close(sess.value(slot), [0.19, 0.19]);
  close(sess.value(v0), [0.42, 1.42]);
  close(sess.value(v1), [2.942, 3.942]);
});

inGraph('case 377: momentum with a small rate follows its recurrence', (graph) => {
  const v = new Variable([0, 0]);
  const g = new Variable([0.00096264342, 0.17914793], { trainable: false });
  const step = new train.MomentumOptimizer(0.1, 0.1).applyGradients([[g.value(), v]]);
  const next = g.assign([0.17075552, 0]);
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(v), [-9.6264346e-5, -0.017914793], 1e-8);
  sess.run(next.op);
  sess.run(step);
  close(sess.value(v), [-0.017181443, -0.017914793 * 1.1], 1e-8);
});

inGraph('case 379: Adam and its powers', (graph) => {
  const { v0, grads } = pair();
  const optimizer = new train.AdamOptimizer();
  const step = optimizer.applyGradients(grads);
  const [power1, power2] = optimizer.variables().filter((v) => v.name.includes('power'));
  const sess = new Runner(graph);
  let [m, v, w] = [0, 0, 1];
  for (let t = 1; t <= 3; t++) {
    close(sess.value(power1), 0.9 ** t);
    close(sess.value(power2), 0.999 ** t);
    sess.run(step);
    m = 0.9 * m + 0.1 * 0.1;
    v = 0.999 * v + 0.001 * 0.01;
    w -= (0.001 * Math.sqrt(1 - 0.999 ** t) * m) / ((1 - 0.9 ** t) * (Math.sqrt(v) + 1e-8));
    close((sess.value(v0) as number[])[0], w);
  }
});

inGraph('case 381: Adagrad', (graph) => {
  const { v0, v1, grads } = pair();
  const step = new train.AdagradOptimizer(3, { initialAccumulatorValue: 0.1 }).applyGradients(grads);
  const sess = new Runner(graph);
  for (let i = 0; i < 3; i++) sess.run(step);
  close(sess.value(v0), [-1.6026098728179932, -0.6026098728179932]);
  close(sess.value(v1), [2.715679168701172, 3.715679168701172]);
  assert.throws(() => new train.AdagradOptimizer(1, 0), /initial_accumulator_value must be positive: 0/);
});

inGraph('case 383: RMSProp', (graph) => {
  const { v0, grads } = pair();
  const optimizer = new train.RMSPropOptimizer(2, { decay: 0.9, momentum: 0, epsilon: 1 });
  const step = optimizer.applyGradients(grads);
  const sess = new Runner(graph);
  close(sess.value(optimizer.getSlot(v0, 'rms')), [1, 1]);
  sess.run(step);
  close(sess.value(optimizer.getSlot(v0, 'rms')), [0.901, 0.901]);
  close(sess.value(v0), [1 - 0.2 / Math.sqrt(1.901), 2 - 0.2 / Math.sqrt(1.901)]);
});

inGraph('Adagrad by dual averaging', (graph) => {
  const v = new Variable([0, 0]);
  const count = train.getOrCreateGlobalStep();
  const optimizer = new train.AdagradDAOptimizer(3, count, { initialGradientSquaredAccumulatorValue: 0.1 });
  const step = optimizer.applyGradients([[constant([0.1, 0.2]), v]], count);
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(v), [-0.904534, -1.603567]);
  assert.is(sess.value(count), 1);
});

inGraph('a constraint is applied after the step', (graph) => {
  const v = new Variable([1, 2], { constraint: (x) => x.maximum(0) });
  const step = new train.GradientDescentOptimizer(1).applyGradients([[constant([0.5, 5]), v]]);
  const sess = new Runner(graph);
  sess.run(step);
  close(sess.value(v), [0.5, 0]);
});

inGraph('gates', (graph) => {
  const v = new Variable([1, 2]);
  const loss = reduceSum(v.mul(v));
  const { GATE_NONE, GATE_GRAPH } = train.Optimizer;
  const optimizer = new train.GradientDescentOptimizer(1);
  optimizer.minimize(loss, { gateGradients: GATE_NONE });
  assert.not(graph.getOperations().some((op) => op.name.includes('tuple')));
  optimizer.minimize(loss, { gateGradients: GATE_GRAPH });
  assert.ok(graph.getOperations().some((op) => op.name === 'tuple/control_dependency'));
});

inGraph('a second optimizer of a kind has slots of its own; a failed build leaves none', (graph) => {
  const v = new Variable(1, { name: 'v' });
  const loss = square(v);
  const [a, b] = [new train.AdamOptimizer(), new train.AdamOptimizer()];
  a.minimize(loss);
  b.minimize(loss);
  const names = b.variables().map((variable) => variable.name);
  assert.equal(names, ['beta1_power_1:0', 'beta2_power_1:0', 'v/Adam_2:0', 'v/Adam_3:0']);
  const failing = new train.MomentumOptimizer(() => {
    throw new ValueError('no rate');
  }, 0.9);
  const { size } = graph;
  assert.throws(() => failing.minimize(loss), /no rate/);
  assert.is(graph.size, size);
  assert.equal(failing.variables(), []);
});

inGraph('case 385: exponential decay, continuous and in steps', (graph) => {
  const a = train.exponentialDecay(0.05, constant(5, int32), 10, 0.96);
  const b = train.exponentialDecay(0.1, constant(100, int32), 3, 0.96, { staircase: true });
  const sess = new Runner(graph);
  close(sess.value(a), 0.05 * 0.96 ** 0.5);
  close(sess.value(b), 0.1 * 0.96 ** 33);
  assert.throws(() => train.exponentialDecay(0.05, null as never, 10, 0.96), /global_step is required/);
});

inGraph('case 387: piecewise constants', (graph) => {
  const x = new Variable(0, { dtype: int64, trainable: false });
  assert.throws(() => train.piecewiseConstant(x, [-1.5, 2.5], [1, 2, 3]), /must have the same dtype as x/);
  assert.throws(() => train.piecewiseConstant(x, [1, 2], [1, 2, constant(3, int32)]), /same dtype/);
  assert.throws(() => train.piecewiseConstant(x, [1, 2], [1, 2]), /1 less than the length of values/);
  const steps = [-5, 1, 2, 3, 4, 5, 6].map((n) => constant(n, int64));
  const rates = steps.map((n) => train.piecewiseConstantDecay(n, [1, 4], [1, 0.1, 0.01]));
  const sess = new Runner(graph);
  close(
    rates.map((rate) => sess.value(rate)),
    [1, 1, 0.1, 0.1, 0.1, 0.01, 0.01],
  );
});

inGraph('case 389: the other schedules', (graph) => {
  const step = constant(3, int32);
  const restarts = (n: number, options: { tMul?: number; mMul?: number } = {}) =>
    train.cosineDecayRestarts(1, constant(n, int32), 10, options);
  const cos = (x: number) => 0.5 * (1 + Math.cos(Math.PI * x));
  const cases: [Tensor, number][] = [
    [train.naturalExpDecay(0.1, step, 10, 0.96), 0.1 * Math.exp(-0.96 * 0.3)],
    [train.naturalExpDecay(0.1, constant(13, int32), 10, 0.96, { staircase: true }), 0.1 * Math.exp(-0.96)],
    [train.inverseTimeDecay(0.1, step, 10, 0.96), 0.1 / (1 + 0.96 * 0.3)],
    [train.cosineDecay(1, step, 10), cos(0.3)],
    [train.cosineDecay(1, constant(30, int32), 10, { alpha: 0.1 }), 0.1],
    [restarts(13), cos(3 / 20)],
    [restarts(13, { tMul: 1 }), cos(0.3)],
    [restarts(13, { mMul: 0.5 }), 0.5 * cos(3 / 20)],
    [train.linearCosineDecay(1, step, 10, { alpha: 0.1, beta: 1e-4, numPeriods: 5 }), 0.8 * cos(3) + 1e-4],
    [train.polynomialDecay(1, step, 10, 0.1, 2), 0.9 * 0.7 ** 2 + 0.1],
  ];
  const sess = new Runner(graph);
  for (const [rate, expected] of cases) close(sess.value(rate), expected);
});

inGraph('case 391: moving averages', (graph) => {
  const v = new Variable([10, 11]);
  const plain = train.assignMovingAverage(v, constant([1, 2]), 0.25, { zeroDebias: false });
  const z = new Variable([0, 0]);
  const debiased = train.assignMovingAverage(z, constant([1, 2]), 0.25);
  const sess = new Runner(graph);
  sess.run(plain);
  close(sess.value(v), [3.25, 4.25]);
  sess.run(debiased);
  close(sess.value(z), [1, 2]);
});

inGraph('case 393: the names of averages', (graph) => {
  const v0 = new Variable(10, { name: 'v0' });
  const v1 = new Variable(30, { name: 'v1' });
  const v2 = new Variable(20, { name: 'v2', trainable: false });
  const sum = v0.add(v1);
  const ema = new train.ExponentialMovingAverage(0.25, { name: 'foo' });
  assert.is(ema.averageName(v0), 'v0/foo');
  assert.is(ema.average(v0), null);
  ema.apply([v0, v1, sum]);
  assert.equal(
    [v0, v1, sum].map((t) => ema.averageName(t)),
    ['v0/foo', 'v1/foo', 'add/foo'],
  );
  assert.equal(
    [v0, v1, sum].map((t) => ema.average(t)?.op.name),
    ['v0/foo', 'v1/foo', 'add/foo'],
  );
  const restore = ema.variablesToRestore();
  assert.is(restore.get('v0/foo'), v0);
  assert.is(restore.get('v1/foo'), v1);
  assert.is(restore.get('v2'), v2);
  assert.equal(graph.getCollection(GraphKeys.MOVING_AVERAGE_VARIABLES), [v0, v1]);
  assert.throws(() => ema.apply([new Variable(1, { dtype: int32 })]), /must be half, float, or double/);
});

inGraph('case 393: names inside variable scopes', () => {
  const v0 = variableScope('scope1', () => new Variable(10, { name: 'v0' }));
  const ema = new train.ExponentialMovingAverage(0.25, { name: 'foo' });
  variableScope('scope2', () => ema.apply([v0]));
  assert.is(ema.averageName(v0), 'scope2/scope1/v0/foo');
});

inGraph('the global step', (graph) => {
  assert.is(train.getGlobalStep(), null);
  const step = train.createGlobalStep();
  assert.is(step.name, 'global_step:0');
  assert.is(step.dtype, int64);
  assert.is(train.getGlobalStep(), step);
  assert.is(train.getOrCreateGlobalStep(), step);
  assert.equal(graph.getCollection(GraphKeys.GLOBAL_STEP), [step]);
  assert.throws(() => train.createGlobalStep(), /"global_step" already exists/);
  const refused = (value: unknown) =>
    assert.throws(
      () => train.assertGlobalStep(value),
      (e: Error) => e instanceof TypeError,
    );
  refused(constant(1));
  refused(constant([1], int32));
  refused('global_step');
});

test('a global step by its name', async () => {
  const graph = new Graph();
  const step = graph.asDefault(() => placeholder(int64, [], { name: 'global_step' }));
  assert.is(train.getGlobalStep(graph), step);
  const session = { graph, run: async () => ({ item: () => 5n }) };
  assert.is(await train.globalStep(session, step), 5);
});

inGraph('Ftrl with shrinkage', (graph) => {
  const v = getVariable('v', { shape: [2], initializer: zerosInitializer() });
  new train.FtrlOptimizer(0.1, { l2ShrinkageRegularizationStrength: 0.1 }).applyGradients([[constant([1, 2]), v]]);
  const op = graph.getOperationByName('Ftrl/update_v/ResourceApplyFtrlV2');
  assert.is(op.inputs.length, 9);
  const sess = new Runner(graph);
  sess.run(graph.getOperationByName('Ftrl'));
  assert.ok((sess.value(v) as number[]).every((x) => x < 0));
});

test.run();
