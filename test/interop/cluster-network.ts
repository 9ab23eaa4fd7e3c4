/** The digits network for a worker of a cluster: variables on the parameter servers, all else on the worker. */
import * as tf from '../../src/index.ts';

/** Builds it on the default graph. */
export function digitsNetwork(cluster: tf.train.ClusterSpec, task: number) {
  const setter = tf.train.replicaDeviceSetter({ cluster, workerDevice: `/job:worker/task:${task}` });
  return tf.device(setter, () => {
    const globalStep = tf.train.getOrCreateGlobalStep();
    const x = tf.placeholder(tf.float32, [null, 64], { name: 'x' });
    const y = tf.placeholder(tf.int32, [null], { name: 'y' });
    const logits = tf.layers.dense(tf.layers.dense(x, 64, { activation: tf.nn.relu }), 10);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
    const right = tf.equal(tf.argmax(logits, 1, { outputType: tf.int32 }), y);
    const accuracy = tf.reduceMean(tf.cast(right, tf.float32), { name: 'accuracy' });
    const step = new tf.train.AdamOptimizer(3e-3).minimize(loss, { globalStep });
    return { x, y, loss, accuracy, step, globalStep };
  });
}
