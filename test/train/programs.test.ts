/** Training programs, built op for op as real TensorFlow builds them, and run step for step with the same results. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';

import { xwPlusB } from '../../src/ops/bias.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { reduceMean, reduceSum } from '../../src/ops/reductions.ts';
import { square, tanh } from '../../src/ops/unary-math.ts';
import * as train from '../../src/train.ts';
import { float32 } from '../../src/util/dtype.ts';
import { globalVariablesInitializer } from '../../src/variables/collections.ts';
import { Variable } from '../../src/variables/variable.ts';
import { GRADIENT } from '../support/compare.ts';
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

test.run();
