/** Training programs, built op for op as real TensorFlow builds them, and run step for step with the same results. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import { relu } from '../../src/ops/activations.ts';
import { biasAdd, xwPlusB } from '../../src/ops/bias.ts';
import { clipByGlobalNorm, clipByNorm, clipByValue } from '../../src/ops/clip.ts';
import { group } from '../../src/ops/control.ts';
import { conv2d } from '../../src/ops/convolution-functions.ts';
import { sparseSoftmaxCrossEntropyWithLogits } from '../../src/ops/cross-entropy.ts';
import { embeddingLookup } from '../../src/ops/embedding.ts';
import { convertToTensor, emitOne } from '../../src/ops/emit.ts';
import { zeros } from '../../src/ops/filling.ts';
import { gather } from '../../src/ops/gather.ts';
import { identity } from '../../src/ops/identity.ts';
import { IndexedSlices } from '../../src/ops/indexed-slices.ts';
import { l2Loss } from '../../src/ops/losses-basic.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { maxPool } from '../../src/ops/pooling.ts';
import { reduceMean, reduceSum } from '../../src/ops/reductions.ts';
import { reshape } from '../../src/ops/shaping.ts';
import { square, tanh } from '../../src/ops/unary-math.ts';
import * as train from '../../src/train.ts';
import { float32, int32, int64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { globalVariablesInitializer, Variable } from '../../src/variables/index.ts';
import { difference, fromGolden, GRADIENT } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { goldenLines, opLines, type Program, readProgram, runSteps } from '../support/programs.ts';

type Tensor = ReturnType<typeof tanh>;

/** A perceptron of the programs: weights from the program's own constants. */
function mlp(program: Program, x: Tensor, layers: number): Tensor {
  let hidden = x;
  for (let k = 0; k < layers; k++) {
    const w = new Variable(program.constant(`w${k}/Initializer/initial_value`), { name: `w${k}` });
    const b = new Variable(program.constant(`b${k}/Initializer/initial_value`), { name: `b${k}` });
    hidden = xwPlusB(hidden, w, b);
    if (k < layers - 1) hidden = tanh(hidden);
  }
  return hidden;
}

function regression(program: Program, optimizer: train.Optimizer): Graph {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = placeholder(float32, [null, 3], 'x');
    const y = placeholder(float32, [null, 1], 'y');
    const loss = reduceMean(square(mlp(program, x, 2).sub(y)), { name: 'loss' });
    const step = train.getOrCreateGlobalStep();
    optimizer.minimize(loss, { globalStep: step, name: 'train' });
    globalVariablesInitializer();
  });
  return graph;
}

const OPTIMIZERS: Readonly<Record<string, () => train.Optimizer>> = {
  train_sgd_resource: () => new train.GradientDescentOptimizer(0.1),
  train_momentum_resource: () => new train.MomentumOptimizer(0.1, 0.9),
  train_nesterov_resource: () => new train.MomentumOptimizer(0.1, 0.9, { useNesterov: true }),
  train_adam_resource: () => new train.AdamOptimizer(0.01, { beta1: 0.9, epsilon: 1e-8 }),
  train_rmsprop_resource: () => new train.RMSPropOptimizer(0.01, { decay: 0.9, momentum: 0 }),
  train_rmsprop_centered_resource: () =>
    new train.RMSPropOptimizer(0.01, { decay: 0.9, momentum: 0.3, centered: true }),
  train_adagrad_resource: () => new train.AdagradOptimizer(0.1, { initialAccumulatorValue: 0.1 }),
  train_adadelta_resource: () => new train.AdadeltaOptimizer(1, { rho: 0.95, epsilon: 1e-6 }),
  train_ftrl_resource: () =>
    new train.FtrlOptimizer(0.1, {
      l1RegularizationStrength: 0.001,
      l2RegularizationStrength: 0.01,
      learningRatePower: -0.5,
    }),
  train_proximal_sgd_resource: () =>
    new train.ProximalGradientDescentOptimizer(0.1, { l1RegularizationStrength: 0.01, l2RegularizationStrength: 0.1 }),
  train_proximal_adagrad_resource: () =>
    new train.ProximalAdagradOptimizer(0.1, { l1RegularizationStrength: 0.01, l2RegularizationStrength: 0 }),
};

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  const program = readProgram(name);
  test(`${name}: the ops`, () => {
    assert.equal(opLines(regression(program, make())), goldenLines(program));
  });
  test(`${name}: the steps`, () => {
    assert.equal(runSteps(program, regression(program, make()), GRADIENT), []);
  });
}

test('train_decayed_resource: a learning rate that falls', () => {
  const program = readProgram('train_decayed_resource');
  const graph = new Graph();
  graph.asDefault(() => {
    const step = train.getOrCreateGlobalStep();
    const rate = train.exponentialDecay(0.5, step, 2, 0.5, { staircase: true });
    const w = new Variable(program.constant('w/Initializer/initial_value'), { name: 'w' });
    const loss = reduceSum(square(w.sub([3, 1])));
    new train.GradientDescentOptimizer(rate).minimize(loss, step);
    globalVariablesInitializer();
  });
  assert.equal(opLines(graph), goldenLines(program));
  assert.equal(runSteps(program, graph, GRADIENT), []);
});

test('clip_resource: clipped gradients, three ways', () => {
  const program = readProgram('clip_resource');
  const graph = new Graph();
  graph.asDefault(() => {
    const x = placeholder(float32, [null, 3], 'x');
    const loss = reduceSum(square(mlp(program, x, 2))).mul(10);
    const optimizer = new train.GradientDescentOptimizer(0.01);
    const pairs = optimizer.computeGradients(loss);
    const variables = pairs.map(([, v]) => v);
    const [clipped] = clipByGlobalNorm(
      pairs.map(([g]) => g),
      1,
    );
    optimizer.applyGradients(variables.map((v, i) => [clipped[i], v] as const));
    optimizer.applyGradients(
      pairs.map(([g, v]) => [clipByValue(g as Tensor, -0.1, 0.1), v] as const),
      { name: 'by_value' },
    );
    optimizer.applyGradients(
      pairs.map(([g, v]) => [clipByNorm(g as Tensor, 0.5), v] as const),
      { name: 'by_norm' },
    );
    globalVariablesInitializer();
  });
  assert.equal(opLines(graph), goldenLines(program));
  assert.equal(runSteps(program, graph, GRADIENT), []);
});

test('embedding_resource: sparse gradients, seven optimizers', () => {
  const program = readProgram('embedding_resource');
  const graph = new Graph();
  graph.asDefault(() => {
    const ids = placeholder(int32, [null], 'ids');
    const table = (name: string) => new Variable(program.constant(`${name}/Initializer/initial_value`), { name });
    const optimizers = [
      new train.GradientDescentOptimizer(0.5),
      new train.AdagradOptimizer(0.5),
      new train.MomentumOptimizer(0.1, 0.9),
      new train.AdamOptimizer(0.1),
      new train.RMSPropOptimizer(0.1),
      new train.FtrlOptimizer(0.1),
      new train.AdadeltaOptimizer(0.5),
    ];
    optimizers.forEach((optimizer, k) => {
      const rows = embeddingLookup(table(`emb${k}`), ids);
      optimizer.minimize(reduceSum(square(rows.sub(1))));
    });
    const tab = table('tab');
    const [sparse] = gradients(reduceSum(square(gather(tab, ids))), tab);
    const [dense] = gradients(reduceSum(square(gather(tab, ids))).add(reduceSum(tab)), tab);
    assert.instance(sparse, IndexedSlices);
    convertToTensor(sparse as IndexedSlices);
    assert.not.instance(dense, IndexedSlices);
    globalVariablesInitializer();
  });
  const kept = (name: string) =>
    /^(emb\d|Grad|Adagrad|Momentum|Adam|RMSProp|Ftrl|Adadelta|beta)|AddN|_grad\/(tuple|Reshape)/.test(name);
  assert.equal(opLines(graph, kept), goldenLines(program, kept));
  assert.equal(runSteps(program, graph, GRADIENT), []);
});

test('ema_resource: averages of variables and of a tensor', () => {
  const program = readProgram('ema_resource');
  const graph = new Graph();
  const names = graph.asDefault(() => {
    const v = new Variable(1, { name: 'v' });
    const u = new Variable([1, 2], { name: 'u' });
    const k = new Variable(0, { name: 'k', dtype: int32, trainable: false });
    const first = new train.ExponentialMovingAverage(0.9);
    const second = new train.ExponentialMovingAverage(0.99, { numUpdates: k, name: 'ema2' });
    first.apply([v, u]);
    second.apply([v]);
    const t = u.mul(2);
    const third = new train.ExponentialMovingAverage(0.8, { zeroDebias: true, name: 'ema3' });
    third.apply([t]);
    group(v.assignAdd(1), u.assign(u.mul(1.5)), k.assignAdd(1));
    for (const average of [first.average(v), first.average(u), second.average(v), third.average(t)]) {
      identity(average as Variable);
    }
    globalVariablesInitializer();
    return [first.averageName(v), second.averageName(v)];
  });
  assert.equal(names, ['v/ExponentialMovingAverage', 'v/ema2']);
  // TensorFlow starts an average at the variable's present value where it has one, which takes control flow.
  const kept = (name: string) => !/^(cond(_\d)?\/|VarIsInitializedOp)/.test(name);
  const unconditional = (lines: string[]) =>
    lines.map((line) =>
      line
        .replace(
          '(v/ExponentialMovingAverage, cond/Merge)',
          '(v/ExponentialMovingAverage, v/Initializer/initial_value)',
        )
        .replace(
          '(u/ExponentialMovingAverage, cond_1/Merge)',
          '(u/ExponentialMovingAverage, u/Initializer/initial_value)',
        )
        .replace('(v/ema2, cond_2/Merge)', '(v/ema2, v/Initializer/initial_value)'),
    );
  assert.equal(opLines(graph, kept), unconditional(goldenLines(program, kept)));
  assert.equal(runSteps(program, graph, GRADIENT), []);
});

test('lr_decays: every schedule, step by step', () => {
  const program = readProgram('lr_decays');
  const graph = new Graph();
  const variables = new Map<string, NdArray>();
  graph.asDefault(() => {
    const steps = train.getOrCreateGlobalStep();
    const rates = [
      train.exponentialDecay(0.1, steps, 3, 0.5),
      train.exponentialDecay(0.1, steps, 3, 0.5, { staircase: true }),
      train.piecewiseConstant(steps, [2, 5], [1, 0.5, 0.1]),
      train.polynomialDecay(0.1, steps, 5, 0.01, 1),
      train.polynomialDecay(0.1, steps, 3, { endLearningRate: 0.01, cycle: true }),
      train.naturalExpDecay(0.1, steps, 3, 0.5),
      train.inverseTimeDecay(0.1, steps, 2, 0.5, { staircase: false }),
      train.cosineDecay(0.1, steps, 5, { alpha: 0 }),
      train.cosineDecayRestarts(0.1, steps, 2),
      train.linearCosineDecay(0.1, steps, 6),
    ];
    // What TensorFlow builds with control flow is left out, and so are reads: the program has a reference variable.
    const kept = (name: string) =>
      !/^(global_step|PiecewiseConstant|SGDRDecay|Const|Cast|inc|init)/.test(name) && !name.endsWith('ReadVariableOp');
    const reads = (lines: string[]) =>
      lines.map((line) => line.replace(/\((Cast_\d\/)?[^(]*global_step\/read\)|\([^(]*ReadVariableOp\)/, '(step)'));
    assert.equal(reads(opLines(graph, kept)), reads(goldenLines(program, kept)));
    const init = globalVariablesInitializer();
    const more = steps.assignAdd(1).op;
    interpret(graph.snapshot(), [], { targets: [init], variables });
    for (const step of program.steps) {
      if (step.targets.length > 0 && step.fetches.length === 0 && step.targets[0] === 'inc') {
        interpret(graph.snapshot(), [], { targets: [more], variables });
      }
      if (step.fetches.length <= 1) continue;
      const values = interpret(graph.snapshot(), rates, { variables });
      values.forEach((value, i) => {
        const expected = fromGolden((step.outputs as never[])[i + 1]);
        assert.is(difference(value, expected, GRADIENT), null, step.fetches[i + 1]);
      });
    }
  });
});

test('train_convnet_resource: a small convolutional network with momentum', () => {
  const program = readProgram('train_convnet_resource');
  const graph = new Graph();
  graph.asDefault(() => {
    const image = placeholder(float32, [null, 8, 8, 1], 'image');
    const label = placeholder(int64, [null], 'label');
    const weights = (name: string) => new Variable(program.constant(`${name}/Initializer/initial_value`), { name });
    const kernel = weights('conv/kernel');
    const bias = new Variable(zeros([2]), { name: 'conv/bias' });
    const features = relu(biasAdd(conv2d(image, kernel, [1, 1, 1, 1], 'SAME'), bias));
    const pooled = maxPool(features, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID');
    const flat = reshape(pooled, [-1, 32]);
    const w = weights('fc/w');
    const b = new Variable(zeros([3]), { name: 'fc/b' });
    const logits = xwPlusB(flat, w, b, 'logits');
    const entropy = sparseSoftmaxCrossEntropyWithLogits({ labels: label, logits });
    const penalty = emitOne('Mul', [0.01, l2Loss(kernel)], {}, 'mul');
    const loss = reduceMean(entropy).add(penalty);
    new train.MomentumOptimizer(0.1, 0.9).minimize(loss);
    globalVariablesInitializer();
  });
  const kept = (name: string) => /^(gradients|Momentum)\//.test(name);
  assert.equal(opLines(graph, kept), goldenLines(program, kept));
});

test.run();
