/**
 * The same programs in native TensorFlow's own Session, on one thread, in a process beside this one; samples of both take
 * turns. `TFJS_GRAPH_PYTHON` names the Python that has TensorFlow; the programs there are in `native.py`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as tf from '../src/index.ts';
import { duration, heading, row, time } from './harness.ts';
import { lenet } from './lenet.ts';
import { full, type GraphTrainer, graphTrainer, oneHot, profile, uniform } from './support.ts';

const ROWS = 32;
const ROUNDS = 9;

export interface MlpSizes {
  readonly rows: number;
  readonly inputs: number;
  readonly width: number;
  /** Hidden layers. */
  readonly depth: number;
}

/** A dense network with relu and ten classes. */
export function mlp({ rows, inputs, width, depth }: MlpSizes, config = {}): Promise<GraphTrainer> {
  const sizes = [inputs, ...Array.from({ length: depth }, () => width), 10];
  const weights = Object.fromEntries(
    sizes.slice(1).flatMap((outer, i) => {
      const scale = inputs === 784 && depth === 1 ? [0.1, 0.2][i] : Math.sqrt(24 / sizes[i]);
      return [[`w${i}`, uniform([sizes[i], outer], scale, i + 1)] as const, [`b${i}`, full([outer], 0)] as const];
    }),
  );
  const lossOf = (w: Record<string, tf.Variable>, x: tf.Tensor, y: tf.Tensor) => {
    let h = x;
    for (let i = 0; i <= depth; i++) {
      const sums = tf.nn.biasAdd(tf.matmul(h, w[`w${i}`]), w[`b${i}`]);
      h = i < depth ? tf.nn.relu(sums) : sums;
    }
    return tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits: h }));
  };
  return graphTrainer(weights, [uniform([rows, inputs], 2, depth + 2), oneHot(rows, 10)], lossOf, config);
}

const [STEPS, INPUTS, UNITS] = [28, 28, 64];

export const lstmWeights = {
  kernel: uniform([INPUTS + UNITS, 4 * UNITS], 0.3, 1),
  bias: full([4 * UNITS], 0),
  dense: uniform([UNITS, 10], 0.3, 2),
  out: full([10], 0),
};
export const lstmInputs = [uniform([ROWS, STEPS, INPUTS], 2, 3), oneHot(ROWS, 10)];

type State = readonly [c: tf.Tensor, h: tf.Tensor];

/** An LSTM around what repeats its step. */
function recurrent(
  last: (x: tf.Tensor, step: (input: tf.Tensor, state: State) => State, zero: State) => State,
): Promise<GraphTrainer> {
  return graphTrainer(lstmWeights, lstmInputs, (w, x, y) => {
    const step = (input: tf.Tensor, [c, h]: State): State => {
      const gates = tf.nn.biasAdd(tf.matmul(tf.concat([input, h], 1), w.kernel), w.bias);
      const [i, j, f, o] = tf.split(gates, 4, 1);
      const cell = c.mul(tf.sigmoid(f.add(1))).add(tf.sigmoid(i).mul(tf.tanh(j)));
      return [cell, tf.tanh(cell).mul(tf.sigmoid(o))];
    };
    const zero = tf.zeros([ROWS, UNITS]);
    const [, h] = last(x, step, [zero, zero]);
    const logits = tf.nn.biasAdd(tf.matmul(h, w.dense), w.out);
    return tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits }));
  });
}

/** Its steps written out. */
export const lstm = () =>
  recurrent((x, step, zero) => {
    let state = zero;
    for (const input of tf.unstack(x, { axis: 1, num: STEPS })) state = step(input, state);
    return state;
  });

/** Its steps in a loop of the graph. */
const lstmLoop = () =>
  recurrent((x, step, zero) => {
    const inputs = new tf.TensorArray(tf.float32, { size: STEPS }).unstack(tf.transpose(x, [1, 0, 2]));
    const [, c, h] = tf.whileLoop(
      (t) => t.less(STEPS),
      (t, c, h) => [t.add(1), ...step(inputs.read(t), [c, h])],
      [tf.constant(0, tf.int32), ...zero],
    );
    return [c, h];
  });

/** `run` of one scalar add, as the native program runs it. */
async function scalar(): Promise<GraphTrainer> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph });
  const { a, b, sum } = graph.asDefault(() => {
    const [a, b] = [tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])];
    return { a, b, sum: tf.add(a, b) };
  });
  const step = async () => {
    const value = await session.run(sum, {
      feedDict: [
        [a, 1],
        [b, 2],
      ],
    });
    return Number(value);
  };
  return {
    step,
    stepOn: step,
    trace: async () => new tf.RunMetadata(),
    close: () => session.close(),
  };
}

interface Reply {
  readonly loss?: number;
  readonly median?: number;
  readonly version?: string;
}

/** Asks the process line by line. */
function conversation(child: ChildProcess) {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const read = async (): Promise<Reply> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('Python ended; has it TensorFlow?');
    return JSON.parse(value);
  };
  return {
    read,
    ask: (line: string) => {
      child.stdin?.write(`${line}\n`);
      return read();
    },
  };
}

export async function benchNative(): Promise<void> {
  heading('Native TensorFlow, tf.compat.v1.Session on one thread (target: ahead of it everywhere)');
  const python = process.env.TFJS_GRAPH_PYTHON;
  if (!python) {
    console.log('  skipped: TFJS_GRAPH_PYTHON names no Python with TensorFlow');
    return;
  }
  const script = fileURLToPath(new URL('native.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const { read, ask } = conversation(child);
    const { version } = await read();
    console.log(`  TensorFlow ${version}`);
    row('', 'tfjs-graph', 'native', 'ratio', 'loss', 'native loss');
    const programs: Readonly<Record<string, () => Promise<GraphTrainer>>> = {
      mlp: () => mlp({ rows: ROWS, inputs: 784, width: 128, depth: 1 }),
      lenet: () => lenet(),
      lstm,
      'lstm-loop': lstmLoop,
      scalar,
    };
    for (const [name, make] of Object.entries(programs)) {
      const { step, trace, close } = await make();
      let loss = 0;
      for (let i = 0; i < 5; i++) loss = await step();
      const { loss: expected = Number.NaN } = await ask(`${name} 500`);
      if (!(Math.abs(loss - expected) < 1e-3)) throw new Error(`The losses differ: ${loss} and ${expected}.`);
      await time(step, { warmup: 1000 });
      const [ours, theirs]: number[][] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push((await time(step, { warmup: 20, samples: 7, batch: 20 })).median);
        theirs.push((await ask(`${name} 150`)).median as number);
      }
      const [us, them] = [ours, theirs].map((times) => times.sort((a, b) => a - b)[ROUNDS >> 1]);
      const ratio = `${(them / us).toFixed(2)}×`;
      row(`${name}, a run`, duration(us), duration(them), ratio, loss.toFixed(5), expected.toFixed(5));
      if (name !== 'scalar') await profile(trace);
      close();
    }
  } finally {
    child.stdin?.end();
    child.kill();
  }
}
