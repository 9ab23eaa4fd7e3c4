/**
 * The programs of `test/goldens/programs/names-resource.json`: each builds on the default graph what its `steps` say.
 * Those about families of ops are in `named-op-programs.ts`.
 */
import * as tf from '../../src/index.ts';

export type Program = () => void;

/** A dense layer in its own variable scope. */
export function dense(name: string, input: tf.Tensor, inputs: number, units: number): tf.Tensor {
  return tf.variableScope(name, () => {
    const kernel = tf.getVariable('kernel', [inputs, units]);
    const bias = tf.getVariable('bias', [units], { initializer: tf.zerosInitializer() });
    return tf.nn.biasAdd(tf.matmul(input, kernel), bias);
  });
}

export const trainingPrograms: Readonly<Record<string, Program>> = {
  linear() {
    const x = tf.placeholder(tf.float32, [null, 3], { name: 'x' });
    const W = new tf.Variable(tf.zeros([3, 2]), { name: 'W' });
    const b = new tf.Variable(tf.zeros([2]), { name: 'b' });
    const y = tf.matmul(x, W).add(b);
    const loss = tf.reduceMean(tf.square(y));
    new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
    tf.globalVariablesInitializer();
  },
  scopes() {
    tf.variableScope('v', () => {
      const w = tf.getVariable('w', [2], { initializer: tf.zerosInitializer() });
      tf.add(w, 1, { name: 'o' });
    });
    tf.variableScope('v', { reuse: true }, () => {
      const w = tf.getVariable('w', [2]);
      tf.add(w, 1, { name: 'o' });
    });
    tf.nameScope('n', () => {
      tf.getVariable('w2', [1], { initializer: tf.onesInitializer() });
      new tf.Variable(1, { name: 't' });
    });
  },
  adam() {
    const v = new tf.Variable(1, { name: 'v' });
    new tf.train.AdamOptimizer().minimize(tf.square(v));
  },
  default_names() {
    const inside = () => tf.getVariable('w', [1], { initializer: tf.zerosInitializer() });
    tf.variableScope(null, { defaultName: 'd' }, inside);
    tf.variableScope(null, { defaultName: 'd' }, inside);
    tf.variableScope('outer', () => tf.variableScope(null, { defaultName: 'd' }, inside));
    tf.variableScope(null, { defaultName: 'd' }, inside);
  },
  digits() {
    tf.setRandomSeed(42);
    const x = tf.placeholder(tf.float32, [null, 64], { name: 'x' });
    const y = tf.placeholder(tf.int32, [null], { name: 'y' });
    const logits = dense('output', tf.nn.relu(dense('hidden', x, 64, 128)), 128, 10);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }), { name: 'loss' });
    const predictions = tf.argmax(logits, 1, { outputType: tf.int32, name: 'predictions' });
    tf.reduceMean(tf.cast(tf.equal(predictions, y), tf.float32), { name: 'accuracy' });
    new tf.train.AdamOptimizer(2e-3).minimize(loss);
    tf.globalVariablesInitializer();
  },
  convnet() {
    const x = tf.placeholder(tf.float32, [null, 8, 8, 1], { name: 'x' });
    const y = tf.placeholder(tf.float32, [null, 10], { name: 'y' });
    const k = tf.getVariable('k', [3, 3, 1, 4]);
    const b = tf.getVariable('b', [4], { initializer: tf.zerosInitializer() });
    let h = tf.nn.relu(tf.nn.biasAdd(tf.nn.conv2d(x, k, { strides: [1, 1, 1, 1], padding: 'SAME' }), b));
    h = tf.nn.maxPool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME');
    h = tf.reshape(h, [-1, 4 * 4 * 4]);
    h = tf.nn.dropout(h, { rate: 0.5, seed: 1 });
    const w = tf.getVariable('w', [64, 10]);
    const loss = tf.reduceMean(tf.nn.softmaxCrossEntropyWithLogitsV2({ labels: y, logits: tf.matmul(h, w) }));
    const globalStep = tf.train.getOrCreateGlobalStep();
    new tf.train.MomentumOptimizer(0.1, 0.9, { useNesterov: true }).minimize(loss, { globalStep });
  },
  embedding() {
    const e = tf.getVariable('e', [5, 3]);
    const ids = tf.placeholder(tf.int32, [null], { name: 'ids' });
    const loss = tf.reduceSum(tf.square(tf.nn.embeddingLookup(e, ids)));
    new tf.train.AdagradOptimizer(0.1).minimize(loss);
    new tf.train.RMSPropOptimizer(0.1).minimize(tf.reduceSum(tf.gather(e, ids)));
  },
  gradients() {
    const a = tf.placeholder(tf.float32, [2, 3], { name: 'a' });
    const b = tf.placeholder(tf.float32, [3], { name: 'b' });
    const u = tf.placeholder(tf.float32, [null, 3], { name: 'u' });
    const y = tf.reduceSum(a.mul(b).sub(tf.exp(a).div(b)), { axis: 1 });
    const z = tf.concat([a, u], 0);
    const w = tf.transpose(z);
    const s = tf.split(a, 3, { axis: 1 });
    const t = tf.stack([b, b]);
    const q = tf.unstack(a);
    const m = tf.reduceMax(u, { axis: 0, keepdims: true });
    const n = tf.slice(a, [0, 1], [2, 2]);
    const st = u.slice({}, { start: 1 });
    const ex = tf.expandDims(b, 0);
    const sq = tf.squeeze(ex);
    const ti = tf.tile(ex, [2, 1]);
    const pd = tf.pad(a, [
      [1, 0],
      [0, 1],
    ]);
    const total = tf
      .reduceSum(y)
      .add(tf.reduceSum(w))
      .add(tf.reduceSum(s[1]))
      .add(tf.reduceMean(t))
      .add(tf.reduceSum(q[0]))
      .add(tf.reduceSum(m))
      .add(tf.reduceProd(n))
      .add(tf.reduceSum(st))
      .add(tf.reduceSum(sq))
      .add(tf.reduceSum(ti))
      .add(tf.reduceSum(pd))
      .add(tf.reduceSum(tf.pow(u, 2)))
      .add(tf.reduceSum(tf.maximum(a, b)))
      .add(tf.reduceSum(tf.where(a.greater(0), a, a.neg())));
    tf.gradients(total, [a, b, u]);
  },
  batch_norm() {
    const x = tf.placeholder(tf.float32, [null, 4], { name: 'x' });
    const ones = { initializer: tf.onesInitializer() };
    const zeros = { initializer: tf.zerosInitializer() };
    const gamma = tf.getVariable('gamma', [4], ones);
    const beta = tf.getVariable('beta', [4], zeros);
    const movingMean = tf.getVariable('moving_mean', [4], { ...zeros, trainable: false });
    const movingVariance = tf.getVariable('moving_variance', [4], { ...ones, trainable: false });
    const [mean, variance] = tf.nn.moments(x, [0]);
    const y = tf.nn.batchNormalization(x, mean, variance, beta, gamma, 1e-3);
    const updates = [
      tf.assign(movingMean, movingMean.mul(0.9).add(mean.mul(0.1))),
      tf.assignSub(movingVariance, movingVariance.sub(variance).mul(0.1)),
    ];
    const loss = tf.reduceMean(tf.square(y));
    tf.controlDependencies(updates, () => new tf.train.GradientDescentOptimizer(0.1).minimize(loss));
  },
  losses() {
    const x = tf.placeholder(tf.float32, [null, 3], { name: 'x' });
    const y = tf.placeholder(tf.float32, [null, 3], { name: 'y' });
    const l = tf.placeholder(tf.int32, [null], { name: 'l' });
    const z = dense('dense', x, 3, 3);
    const { SUM, MEAN, SUM_OVER_BATCH_SIZE } = tf.losses.Reduction;
    tf.losses.meanSquaredError(y, z);
    tf.losses.sparseSoftmaxCrossEntropy(l, z);
    tf.losses.sigmoidCrossEntropy(y, z, { weights: 2 });
    tf.losses.softmaxCrossEntropy(y, z, { labelSmoothing: 0.1 });
    tf.losses.absoluteDifference(y, z, { reduction: SUM });
    tf.losses.hingeLoss(y, z, { reduction: MEAN });
    tf.losses.logLoss(y, tf.sigmoid(z), { reduction: SUM_OVER_BATCH_SIZE });
    tf.losses.cosineDistance(y, tf.nn.l2Normalize(z, 1), { axis: 1 });
    new tf.train.GradientDescentOptimizer(0.1).minimize(tf.losses.getTotalLoss());
  },
  losses_weights() {
    const y = tf.placeholder(tf.float32, [4, 3], { name: 'y' });
    const z = tf.placeholder(tf.float32, [4, 3], { name: 'z' });
    const weights = tf.placeholder(tf.float32, [4, 1], { name: 'w' });
    tf.losses.huberLoss(y, z, { weights, delta: 0.5 });
    tf.losses.meanSquaredError(y, z, { weights, scope: 'mine' });
    tf.losses.computeWeightedLoss(tf.square(y.sub(z)), weights, { reduction: 'none', lossCollection: null });
    tf.losses.meanPairwiseSquaredError(y, z);
    tf.losses.getTotalLoss(false);
  },
  optimizers() {
    const globalStep = tf.train.getOrCreateGlobalStep();
    const rate = tf.train.exponentialDecay(0.1, globalStep, 100, 0.96, { staircase: true });
    const w = tf.getVariable('w', [2], { initializer: tf.onesInitializer() });
    const v = tf.getVariable('v', [], { initializer: tf.zerosInitializer() });
    const loss = tf.reduceSum(tf.square(w.sub(v)));
    new tf.train.RMSPropOptimizer(rate, { momentum: 0.9 }).minimize(loss, { globalStep });
    new tf.train.RMSPropOptimizer(rate, { centered: true, name: 'Centered' }).minimize(loss, { globalStep });
    new tf.train.AdagradOptimizer(rate).minimize(loss, { globalStep });
    new tf.train.AdadeltaOptimizer(rate).minimize(loss, { globalStep });
    new tf.train.FtrlOptimizer(rate, { l1RegularizationStrength: 0.1 }).minimize(loss, { globalStep });
    new tf.train.ProximalGradientDescentOptimizer(0.1).minimize(loss, { globalStep });
    new tf.train.ProximalAdagradOptimizer(0.1).minimize(loss, { globalStep });
    new tf.train.AdamOptimizer(rate).minimize(loss, { globalStep, varList: [w as tf.Variable] });
    new tf.train.MomentumOptimizer(rate, 0.9).minimize(loss, { globalStep });
    tf.globalVariablesInitializer();
  },
  decays() {
    const step = tf.train.getOrCreateGlobalStep();
    tf.train.exponentialDecay(0.1, step, 100, 0.96);
    tf.train.naturalExpDecay(0.1, step, 100, 0.5);
    tf.train.inverseTimeDecay(0.1, step, 100, 0.5, { staircase: true });
    tf.train.polynomialDecay(0.1, step, 100, 0.01, { power: 0.5 });
    tf.train.cosineDecay(0.1, step, 100, { alpha: 0.1 });
    tf.train.linearCosineDecay(0.1, step, 100);
  },
  clip() {
    const x = tf.placeholder(tf.float32, [null, 3], { name: 'x' });
    const hidden = tf.tanh(dense('b', x, 3, 4));
    const loss = tf.reduceMean(tf.square(dense('a', hidden, 4, 1)));
    const optimizer = new tf.train.GradientDescentOptimizer(tf.constant(0.5, { name: 'rate' }));
    const pairs = optimizer.computeGradients(loss);
    const [clipped] = tf.clipByGlobalNorm(
      pairs.map(([grad]) => grad),
      1,
    );
    optimizer.applyGradients(
      clipped.map((grad, i) => [grad, pairs[i][1]]),
      { globalStep: tf.train.createGlobalStep(), name: 'train' },
    );
    tf.clipByNorm(x, 2);
    tf.clipByValue(x, -1, 1);
    tf.globalNorm([x, loss]);
    tf.gradients([tf.clipByValue(x, -1, 1), tf.clipByNorm(x, 2)], [x]);
  },
  mlp_tanh() {
    const x = tf.placeholder(tf.float32, [null, 5], { name: 'x' });
    const labels = tf.placeholder(tf.float32, [null, 1], { name: 'y' });
    const first = tf.nn.tanh(dense('h1', x, 5, 8));
    const second = tf.nn.l2Normalize(tf.sigmoid(dense('h2', first, 8, 4)), 1);
    const logits = dense('out', second, 4, 1);
    const loss = tf.reduceMean(tf.nn.sigmoidCrossEntropyWithLogits({ labels, logits }));
    const weighted = tf.nn.weightedCrossEntropyWithLogits({ labels, logits, posWeight: 2 });
    new tf.train.AdamOptimizer().minimize(loss.add(tf.reduceSum(weighted)));
  },
  embedding_parts() {
    const a = tf.getVariable('a', [3, 2]) as tf.Variable;
    const b = tf.getVariable('b', [3, 2]);
    const ids = tf.placeholder(tf.int32, [null], { name: 'ids' });
    const id2 = tf.placeholder(tf.int64, [2, 2], { name: 'id2' });
    const e = tf.nn.embeddingLookup([a, b], ids);
    const f = tf.nn.embeddingLookup(a, id2);
    const g = tf.nn.embeddingLookup(a, ids);
    const loss = tf
      .reduceSum(e)
      .add(tf.reduceSum(tf.square(f)))
      .add(tf.reduceSum(g))
      .add(tf.reduceSum(a));
    new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
    new tf.train.AdamOptimizer().minimize(tf.reduceSum(f.mul(2)).add(tf.reduceSum(g)));
    new tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduceSum(tf.square(f)));
    new tf.train.FtrlOptimizer(0.1).minimize(tf.reduceSum(tf.square(g)));
    new tf.train.AdadeltaOptimizer(0.1).minimize(tf.reduceSum(tf.square(g)));
    const grads = tf.gradients(tf.reduceSum(f).add(tf.reduceSum(g)), [a]);
    tf.clipByGlobalNorm(grads, 1);
    tf.convertToTensor(grads[0] as unknown as tf.Tensor);
  },
  average() {
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const y = tf.square(x);
    const average = new tf.train.ExponentialMovingAverage(0.9);
    average.apply([y]);
    average.average(y);
  },
};
