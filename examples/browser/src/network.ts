/** The network of the page as a graph: what it computes, what it learns by. Sessions are `lab.ts`'s. */
import * as tf from 'tfjs-graph';

export type Kind = 'dense' | 'convolution';

export interface Network {
  readonly kind: Kind;
  readonly graph: tf.Graph;
  readonly images: tf.Tensor;
  readonly labels: tf.Tensor;
  readonly probabilities: tf.Tensor;
  readonly loss: tf.Tensor;
  readonly accuracy: tf.Tensor;
  readonly step: tf.Operation;
  readonly init: tf.Operation;
  readonly variables: readonly tf.Variable[];
}

const HIDDEN: Readonly<Record<Kind, (images: tf.Tensor) => tf.Tensor>> = {
  dense: (images) => tf.layers.dense(images, 96, { activation: tf.nn.relu, name: 'hidden' }),
  convolution: (images) => {
    const picture = tf.reshape(images, [-1, 8, 8, 1], { name: 'picture' });
    const edges = tf.layers.conv2d(picture, 12, 3, { padding: 'same', activation: tf.nn.relu, name: 'edges' });
    const half = tf.layers.maxPooling2d(edges, 2, 2, { name: 'half' });
    const parts = tf.layers.conv2d(half, 24, 3, { padding: 'same', activation: tf.nn.relu, name: 'parts' });
    return tf.reshape(parts, [-1, 4 * 4 * 24], { name: 'flat' });
  },
};

/** Adds a network to the default graph. Throws where one is there already: its variables have the same names. */
export function buildNetwork(kind: Kind): Network {
  const images = tf.placeholder(tf.float32, [null, 64], { name: 'images' });
  const labels = tf.placeholder(tf.int32, [null], { name: 'labels' });
  const logits = tf.layers.dense(HIDDEN[kind](images), 10, { name: 'logits' });
  const probabilities = tf.nn.softmax(logits, { name: 'probabilities' });
  const each = tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
  const loss = tf.reduceMean(each, { name: 'loss' });
  const right = tf.equal(tf.argmax(logits, 1, { outputType: tf.int32 }), labels);
  const accuracy = tf.reduceMean(tf.cast(right, tf.float32), { name: 'accuracy' });
  const step = new tf.train.AdamOptimizer(0.004).minimize(loss, { name: 'step' }) as tf.Operation;
  const init = tf.globalVariablesInitializer();
  const variables = tf.globalVariables() as tf.Variable[];
  return { kind, graph: tf.getDefaultGraph(), images, labels, probabilities, loss, accuracy, step, init, variables };
}
