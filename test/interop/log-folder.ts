/** A folder of events as a training program here writes it: for TensorFlow and TensorBoard to read. */
import * as tf from '../../src/index.ts';

export const STEPS = 3;

/** The numbers that are summed up, by step. */
export function valuesAt(step: number): number[] {
  return Array.from({ length: 24 }, (_, i) => Math.fround(Math.sin(i * 1.3 + step) * (i + 1)));
}

/** Writes summaries of all kinds for some steps, the graph, what a run told of itself, and logs. */
export async function writeLogFolder(logdir: string): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [24], { name: 'x' });
    const w = tf.getVariable('w', [24], { initializer: tf.onesInitializer() });
    const loss = tf.reduceSum(tf.multiply(x, w, { name: 'product' }), null, { name: 'loss' });
    tf.summary.scalar('metrics/loss', loss);
    tf.summary.scalar('grouped', loss, { family: 'fam' });
    tf.summary.histogram('values', x);
    tf.summary.image('picture', tf.reshape(x, [1, 4, 2, 3]), 2);
    tf.summary.audio('sound', tf.reshape(tf.tanh(x), [1, 24]), 100, { maxOutputs: 1 });
    tf.summary.text('notes', tf.constant(['**bold**', 'ü']));
    tf.summary.tensorSummary('raw', x, { displayName: 'Raw' });
    const step = new tf.train.GradientDescentOptimizer(0.01).minimize(loss);
    return { x, step, summaries: tf.summary.mergeAll() as tf.Tensor, init: tf.globalVariablesInitializer() };
  });
  const session = new tf.Session({ graph });
  const writer = new tf.summary.FileWriter(logdir, session.graph);
  try {
    await session.run(built.init);
    writer.addSessionLog(new tf.SessionLog({ status: tf.SessionLog.START }), 0);
    for (let i = 0; i < STEPS; i++) {
      const runMetadata = new tf.RunMetadata();
      const options = new tf.RunOptions({ traceLevel: tf.RunOptions.FULL_TRACE });
      const feedDict = [[built.x, valuesAt(i)]] as const;
      const [summary] = await session.run([built.summaries, built.step], { feedDict, options, runMetadata });
      writer.addSummary(summary, i);
      if (i === 1) writer.addRunMetadata(runMetadata, 'step1', i);
    }
    writer.addSummary(new tf.Summary({ value: [{ tag: 'manual', simpleValue: 1.5 }] }), 99);
  } finally {
    session.close();
    await writer.close();
  }
}
