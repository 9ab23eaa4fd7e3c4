/**
 * A training that runs in Node and in a page, on the backend that each has where none is named, so that the two can be
 * compared. The comparison is `webgpu.test.ts`'s business.
 */
import { all, batch, generator, loadDigits } from '../../../examples/digits.ts';
import * as tf from '../../../src/index.ts';

export interface Outcome {
  readonly backend: string;
  readonly losses: readonly number[];
  /** All variables after the last step, by name. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly predictions: readonly number[];
}

/** Handwritten digits: a network with one hidden layer, Adam, batches of 32. */
export async function trainOnDigits(steps: number): Promise<Outcome> {
  tf.resetDefaultGraph();
  tf.setRandomSeed(7);
  const { train, test } = loadDigits();
  const x = tf.placeholder(tf.float32, [null, 64]);
  const y = tf.placeholder(tf.int32, [null]);
  const hidden = tf.layers.dense(x, 33, { activation: tf.nn.relu, name: 'hidden' });
  const logits = tf.layers.dense(hidden, 10, { name: 'logits' });
  const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
  const step = new tf.train.AdamOptimizer(0.01).minimize(loss);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const random = generator(3);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const given = batch(
      train,
      Int32Array.from({ length: 32 }, () => random() % train.labels.length),
    );
    const feedDict = [
      [x, given.x],
      [y, given.y],
    ] as const;
    losses.push(Number((await session.run([step, loss], { feedDict }))[1]));
  }
  const variables = tf.trainableVariables();
  const values = await session.run(variables);
  const labels = await session.run(tf.argmax(logits, 1, { outputType: tf.int32 }), { feedDict: [[x, all(test).x]] });
  return {
    backend: session.backend,
    losses,
    weights: Object.fromEntries(variables.map(({ name }, i) => [name, Array.from(values[i].data as Float32Array)])),
    predictions: Array.from(labels.data as Int32Array),
  };
}
