/**
 * Training of recurrent networks against TensorFlow: the programs of `goldens/rnn.json`, built with our API and given the
 * values that TensorFlow's variables had; outputs, gradients, steps of optimizers.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Operation, Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import { difference, FORWARD, fromGolden, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { golden, type ProgramStep, tensorsOf } from './rnn-cases.ts';

const test = suite('programs with recurrent networks');
const check = leakChecked(test);
const { rnnCell: rc } = tf.nn;

/** What stands for the fetches of each step of the golden, and its targets. */
interface Program {
  readonly steps: readonly (readonly [fetches: readonly unknown[], targets: readonly Operation[]])[];
}

/** Mean squares of summed outputs, gradients, a step of gradient descent, and outputs again. */
function trained(outputs: Tensor, state: unknown, y: Tensor): Program {
  const loss = tf.reduceMean(tf.square(tf.reduceSum(outputs, [1, 2]).sub(y)));
  const variables = tf.trainableVariables();
  const gradients = tf.gradients(loss, variables);
  const step = new tf.train.GradientDescentOptimizer(0.05).minimize(loss) as Operation;
  return {
    steps: [
      [[outputs, loss, ...tensorsOf(state), ...gradients], []],
      [[loss], [step]],
      [[outputs], []],
      [variables, []],
    ],
  };
}

const inputs = (...shape: (number | null)[]) => tf.placeholder(tf.float32, shape, { name: 'x' });
const targets = () => tf.placeholder(tf.float32, [null], { name: 'y' });
const lengths = () => tf.placeholder(tf.int32, [null], { name: 'len' });

function staticTraining(cell: tf.nn.rnnCell.CellLike<never, Tensor>): Program {
  const [x, y] = [inputs(null, 3, 2), targets()];
  const [outputs, state] = tf.nn.staticRnn(cell, tf.unstack(x, { axis: 1 }), { dtype: tf.float32 });
  return trained(tf.stack(outputs, 1), state, y);
}

const programs: Readonly<Record<string, () => Program>> = {
  rnn_static_basic_resource: () => staticTraining(new rc.BasicRNNCell(3) as never),
  rnn_static_lstm: () => staticTraining(new rc.LSTMCell(3, { usePeepholes: true, numProj: 2, forgetBias: 1 }) as never),
  rnn_dynamic_lstm_v2: () => {
    const [x, y, sequenceLength] = [inputs(null, 4, 2), targets(), lengths()];
    const cell = new rc.BasicLSTMCell(2, { forgetBias: 1 });
    const [outputs, state] = tf.nn.dynamicRnn(cell, x, { sequenceLength, dtype: tf.float32 });
    return trained(outputs, state, y);
  },
  rnn_dynamic_gru_v2: () => {
    const [x, y] = [inputs(3, null, 2), targets()];
    const cell = new rc.MultiRNNCell([new rc.GRUCell(2), new rc.BasicRNNCell(2)] as never);
    const [outputs, state] = tf.nn.dynamicRnn(cell, x, { dtype: tf.float32, timeMajor: true });
    const loss = tf.reduceMean(tf.square(tf.reduceSum(outputs as Tensor, [0, 2]).sub(y)));
    const variables = tf.trainableVariables();
    const gradients = tf.gradients(loss, variables);
    return {
      steps: [
        [[outputs, loss, ...tensorsOf(state), ...gradients], []],
        [variables, []],
      ],
    };
  },
  rnn_bidirectional_resource: () => {
    const [x, sequenceLength] = [inputs(null, 3, 2), lengths()];
    const cells = [new rc.BasicLSTMCell(2), new rc.BasicLSTMCell(2)] as const;
    const [[fw, bw], states] = tf.nn.bidirectionalDynamicRnn(...cells, x, { sequenceLength, dtype: tf.float32 });
    const gradients = tf.gradients(tf.reduceSum(tf.concat([fw, bw], 2)), [...tf.trainableVariables(), x]);
    return { steps: [[[fw, bw, ...tensorsOf(states), ...gradients], []]] };
  },
  rnn_by_hand_v2_resource: () => {
    const x = inputs(3, 2, 2);
    const kernel = tf.getVariable('kernel', [4, 8]);
    const bias = tf.getVariable('bias', [8]);
    const [, h] = tf.whileLoop(
      (i) => i.less(3),
      (i, h, c) => {
        const z = tf.nn.biasAdd(tf.matmul(tf.concat([tf.gather(x, i), h], 1), kernel), bias);
        const [input, j, f, o] = tf.split(z, 4, 1);
        const next = c.mul(tf.sigmoid(f.add(1))).add(tf.sigmoid(input).mul(tf.tanh(j)));
        return [i.add(1), tf.tanh(next).mul(tf.sigmoid(o)), next];
      },
      [tf.constant(0, tf.int32), tf.zeros([2, 2]), tf.zeros([2, 2])],
    );
    const loss = tf.reduceSum(tf.square(h.sub(0.5)));
    const step = new tf.train.AdamOptimizer(0.05).minimize(loss) as Operation;
    const run = [[loss, h], [step]] as const;
    return { steps: [run, run, run, [tf.globalVariables(), []]] };
  },
};

/** The steps that run the network: those that initialize come before. */
function running(steps: readonly ProgramStep[]): readonly ProgramStep[] {
  return steps.filter(({ fetches }) => fetches.length > 0);
}

async function compare(name: string, backend: string): Promise<void> {
  const expected = golden.programs.find((program) => program.name === name);
  assert.ok(expected, name);
  const { steps } = programs[name]();
  const variables = tf.globalVariables();
  using session = new tf.Session({ config: { backend } });
  await session.run(tf.globalVariablesInitializer());
  for (const [i, variable] of variables.entries()) {
    const value = expected.fills[i] ?? expected.initial[`${expected.variables[i].replace(/:0$/, '')}/Assign`];
    if (value) await variable.load(fromGolden(value), session);
  }
  assert.equal(
    variables.map((variable) => variable.name),
    expected.variables,
  );
  for (const [i, { feeds, outputs }] of running(expected.steps).entries()) {
    const [fetches, operations] = steps[i];
    const feedDict = Object.fromEntries(Object.entries(feeds).map(([key, value]) => [key, fromGolden(value)]));
    const [values] = (await session.run([fetches, operations] as never, { feedDict })) as unknown as [tf.NdArray[]];
    assert.is(values.length, outputs.length, `${name}, step ${i}`);
    values.forEach((value, k) => {
      const found = difference(value, fromGolden(outputs[k]), i === 0 && k < 2 ? FORWARD : GRADIENT);
      assert.is(found, null, `${name}, step ${i}, output ${k} on ${backend}: ${found}`);
    });
  }
}

for (const name of Object.keys(programs)) {
  for (const backend of ['wasm', 'cpu']) check(`${name} on ${backend}`, () => compare(name, backend));
}

test.run();
