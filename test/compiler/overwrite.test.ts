/** Which results are written over what they replace: variables in place where no later step can fail, and nowhere else. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../compiler/compile.ts';
import { makeTarget } from '../../compiler/lowering/target.ts';
import type { ExecutionPlan } from '../../compiler/plan/plan.ts';
import { printPlan } from '../../compiler/plan/printer.ts';
import { evaluate } from '../../runtime/host/evaluate.ts';
import { hasHostKernel } from '../../runtime/host/index.ts';
import * as tf from '../../src/index.ts';

const test = suite('compiler/overwrite');

const SHAPE = [64, 10];

/** The plan of a step that trains one variable, on a machine that has every kernel. */
function planOf(stepOf: (loss: tf.Tensor, w: tf.Variable) => tf.Operation): ExecutionPlan {
  const graph = new tf.Graph();
  const { x, loss, step } = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [32, SHAPE[0]]);
    const w = new tf.Variable(tf.zeros(SHAPE));
    const loss = tf.reduceMean(tf.squaredDifference(tf.matmul(x, w), 1));
    return { x, loss, step: stepOf(loss, w) };
  });
  const request = {
    fetches: [loss.endpoint],
    targets: [step.node.id],
    feeds: [{ endpoint: x.endpoint, dtype: tf.float32, shape: [32, SHAPE[0]] }],
  };
  const target = makeTarget('wasm', { hasKernel: () => true, hasHost: hasHostKernel, codegen: true });
  return compile(graph.snapshot(), request, target, { evaluate, verify: true }).plan;
}

/** How many results of the variable's shape take its buffer over, or that of a slot beside it. */
function updatesIn(plan: ExecutionPlan): number {
  return plan.instructions.reduce((count, step) => {
    const all = step.kind === 'generated' ? (step.overwrites ?? []) : [];
    const own = all.filter(({ isUpdate, output }) => {
      return isUpdate && String(plan.slots[step.outputs[output]].shape) === String(SHAPE);
    });
    return count + own.length;
  }, 0);
}

for (const [name, slots, make] of [
  ['GradientDescent', 1, () => new tf.train.GradientDescentOptimizer(0.1)],
  ['ProximalGradientDescent', 1, () => new tf.train.ProximalGradientDescentOptimizer(0.1, 0.01, 0.01)],
  ['Momentum', 2, () => new tf.train.MomentumOptimizer(0.1, 0.9)],
  ['Nesterov', 2, () => new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true })],
  ['Adagrad', 2, () => new tf.train.AdagradOptimizer(0.1)],
  ['ProximalAdagrad', 2, () => new tf.train.ProximalAdagradOptimizer(0.1)],
  // The next value does not come from the one before.
  ['AdagradDA', 2, () => new tf.train.AdagradDAOptimizer(0.1, tf.train.getOrCreateGlobalStep())],
  ['Adadelta', 3, () => new tf.train.AdadeltaOptimizer(0.1)],
  // The host multiplies its two powers afterwards, which cannot fail.
  ['Adam', 3, () => new tf.train.AdamOptimizer(0.1)],
  ['RMSProp', 3, () => new tf.train.RMSPropOptimizer(0.1)],
  ['centred RMSProp', 4, () => new tf.train.RMSPropOptimizer(0.1, { centered: true })],
  ['Ftrl', 3, () => new tf.train.FtrlOptimizer(0.1)],
] as const) {
  test(`${name} updates a variable and its slots in place`, () => {
    const plan = planOf((loss) => make().minimize(loss));
    assert.is(updatesIn(plan), slots, printPlan(plan));
  });
}

test('so it does where the number of the step is counted, an int64 on the host', () => {
  const plan = planOf((loss) => {
    const globalStep = tf.train.getOrCreateGlobalStep();
    return new tf.train.AdamOptimizer(0.1).minimize(loss, { globalStep }) as tf.Operation;
  });
  assert.ok(plan.instructions.some((step) => step.kind === 'host' && plan.slots[step.outputs[0]].dtype === tf.int64));
  assert.is(updatesIn(plan), 3, printPlan(plan));
});

test('nothing is written over before a step that can fail', () => {
  const plan = planOf((loss, w) => {
    const step = new tf.train.AdamOptimizer(0.1).minimize(loss) as tf.Operation;
    return w.graph.controlDependencies([step], () => tf.group(tf.checkNumerics(w.readValue(), 'not finite')));
  });
  assert.is(updatesIn(plan), 0, printPlan(plan));
});

test('by how much Adam updates is computed once, on the host; its kernels give nothing but new values', () => {
  const plan = planOf((loss) => new tf.train.AdamOptimizer(0.1).minimize(loss));
  assert.is(plan.instructions.filter(({ kind }) => kind === 'scalars').length, 1, printPlan(plan));
  const updates = plan.instructions.filter((step) => step.kind === 'generated' && step.overwrites?.length === 3);
  assert.is(updates.length, 1, printPlan(plan));
  assert.is(updates[0].outputs.length, 3);
});

test.run();
