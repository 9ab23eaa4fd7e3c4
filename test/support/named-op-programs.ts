/**
 * The programs of `test/goldens/programs/names-resource.json` that go through families of ops and their gradients. The
 * training programs are in `named-programs.ts`.
 */
import * as tf from '../../src/index.ts';
import type { Program } from './named-programs.ts';

const input = (name: string, shape?: readonly (number | null)[] | null, dtype: tf.DType = tf.float32): tf.Tensor =>
  tf.placeholder(dtype, shape ?? null, { name });
const ones = { initializer: tf.onesInitializer() };
const zeros = { initializer: tf.zerosInitializer() };

export const opPrograms: Readonly<Record<string, Program>> = {
  accuracy() {
    const logits = input('logits', [null, 4]);
    const y = input('labels', [null], tf.int64);
    const labels = tf.oneHot(y, 4);
    tf.oneHot(y, 4, { onValue: 0.9, offValue: 0.1, axis: 0 });
    const p = tf.argmax(logits, 1);
    tf.argmin(logits, { axis: 0 });
    tf.reduceMean(tf.cast(tf.equal(p, tf.argmax(labels, { axis: -1 })), tf.float32), { name: 'accuracy' });
    tf.nn.inTopK(logits, tf.cast(y, tf.int32), 2);
    const { values } = tf.nn.topK(logits, { k: 2 });
    const c = tf.nn.softmaxCrossEntropyWithLogits({ labels, logits });
    tf.toFloat(y);
    tf.toInt32(logits);
    tf.gradients([tf.reduceSum(values), c], [logits]);
  },
  where() {
    const c = input('c', [2, 3], tf.bool);
    const r = input('r', [2], tf.bool);
    const x = input('x', [2, 3]);
    const y = input('y', [3]);
    const u = input('u', [null, 3]);
    tf.where(c);
    const ys = [
      tf.where(c, x, x.mul(2)),
      tf.where(r, x, x.neg()),
      tf.whereV2(c, x, y),
      tf.whereV2(u.greater(0), u, 0),
      tf.whereV2(c, 1, x),
      tf.where(u.greater(1), u, tf.zerosLike(u)),
    ];
    tf.gradients(ys, [x, y, u]);
  },
  reductions() {
    const x = input('x', [2, 3, 4]);
    const u = input('u', [null, 4]);
    const n = input('n');
    const b = input('b', [2, 2], tf.bool);
    const ys = [
      tf.reduceSum(x, 1),
      tf.reduceSum(x, [0, 2], { keepdims: true }),
      tf.reduceSum(u, 0),
      tf.reduceSum(u, { axis: -1 }),
      tf.reduceMean(x, [1, 2]),
      tf.reduceMean(u, 0, { keepdims: true }),
      tf.reduceMean(u, 1),
      tf.reduceMax(x, -1),
      tf.reduceMin(u, 0),
      tf.reduceProd(x, [0, 1]),
      tf.reduceLogsumexp(x, 1),
      tf.reduceLogsumexp(u, { keepdims: true }),
      tf.reduceSum(n),
      tf.reduceMean(n),
      tf.reduceMax(n),
      tf.cumsum(x, 1),
      tf.cumprod(u, { exclusive: true }),
      tf.norm(x, { axis: 1 }),
      tf.math.reduceVariance(u, 0),
      tf.math.reduceStd(x),
    ];
    tf.reduceAll(b);
    tf.reduceAny(b, 1, { name: 'any' });
    tf.countNonzero(x, 1);
    tf.reduceSum(x, { reductionIndices: [1], keepDims: true });
    tf.gradients(ys, [x, u, n]);
  },
  convolutions() {
    const x = input('x', [2, 8, 8, 3]);
    const u = input('u', [null, 8, 8, 3]);
    const s = input('s', [null, 10, 3]);
    const k = tf.getVariable('k', [3, 3, 3, 4]);
    const d = tf.getVariable('d', [3, 3, 3, 2]);
    const p = tf.getVariable('p', [1, 1, 6, 5]);
    const k1 = tf.getVariable('k1', [3, 3, 4]);
    tf.nn.conv2dTranspose(tf.zeros([2, 4, 4, 4]), k, [2, 8, 8, 3], [1, 2, 2, 1]);
    const shape = () => tf.stack([tf.shape(u).slice(0).sub(2), 9, 9, 3]);
    tf.nn.conv2dTranspose(tf.zeros([2, 4, 4, 4]), k, shape(), 2, { padding: 'VALID' });
    tf.nn.depthwiseConv2d(x, d, [1, 1, 1, 1], 'SAME');
    tf.nn.separableConv2d(u, d, p, [1, 2, 2, 1], 'SAME');
    tf.nn.conv2d(u, k, 2, 'VALID', { name: 'c' });
    const padding = [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 0],
    ] as const;
    tf.nn.conv2d(x, k, [1, 1, 1, 1], padding);
    tf.nn.conv1d(s, k1, 2, 'SAME');
    tf.nn.convolution(u, k, 'VALID', { strides: [2, 2] });
  },
  nn_gradients() {
    const x = input('x', [2, 8, 8, 3]);
    const u = input('u', [null, 8, 8, 3]);
    const m = input('m', [null, 4]);
    const [d, k] = [tf.getVariable('d', [3, 3, 3, 2]), tf.getVariable('k', [3, 3, 3, 4])];
    const [b, scale, offset] = [tf.getVariable('b', [4]), tf.getVariable('sc', [3]), tf.getVariable('of', [3])];
    const [normalized] = tf.nn.fusedBatchNorm(u, scale, offset);
    const ys = [
      tf.nn.depthwiseConv2d(u, d, [1, 1, 1, 1], 'SAME'),
      tf.nn.conv2d(x, k, [1, 2, 2, 1], 'SAME'),
      tf.nn.conv2dTranspose(tf.nn.conv2d(u, k, [1, 1, 1, 1], 'SAME'), k, tf.shape(u), [1, 1, 1, 1]),
      tf.nn.avgPool(u, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'),
      tf.nn.maxPool(x, 2, 2, 'SAME'),
      normalized,
      tf.nn.lrn(x),
      tf.nn.softmax(m),
      tf.nn.logSoftmax(m),
      tf.nn.elu(m),
      tf.nn.selu(m),
      tf.nn.relu6(m),
      tf.nn.leakyRelu(m),
      tf.nn.softplus(m),
      tf.nn.softsign(m),
      m,
      tf.nn.biasAdd(m, b),
      tf.nn.l2Loss(m),
      tf.nn.xwPlusB(m, tf.ones([4, 4]), b),
      tf.nn.crelu(m),
      tf.nn.softmax(x, { axis: 1 }),
    ];
    tf.gradients(ys, [x, u, m, d, k, b, scale, offset] as tf.Tensor[]);
  },
  random_seeds() {
    tf.setRandomSeed(7);
    tf.randomUniform([2, 3]);
    tf.randomUniform([2], -1, 1, { seed: 3, name: 'u' });
    tf.randomUniform([2], 0, 10, { dtype: tf.int32 });
    tf.randomNormal([2], 1, 2);
    tf.truncatedNormal([2], { seed: 5 });
    const x = input('x', [null, 3]);
    tf.randomShuffle(x);
    tf.multinomial(x, 2);
    tf.random.categorical(x, 3, { seed: 1, name: 'cat' });
    tf.nn.dropout(x, { rate: 0.3 });
    tf.nn.dropout(x, { keepProb: 0.8, noiseShape: [1, 3], seed: 2 });
    tf.randomUniform(tf.shape(x));
    tf.randomUniform([], { maxval: 5, dtype: tf.int64 });
  },
  random_no_seed() {
    tf.randomNormal([2]);
    tf.randomNormal([2], { seed: 4 });
    tf.randomUniform([2], { seed: 0 });
    tf.getVariable('a', [3, 4]);
    tf.getVariable('b', [3, 4], { initializer: tf.truncatedNormalInitializer({ stddev: 0.1, seed: 9 }) });
    tf.getVariable('c', [3], { initializer: tf.randomUniformInitializer(-0.5, 0.5) });
    tf.getVariable('d', [3, 3], { initializer: tf.randomNormalInitializer({ seed: 1 }) });
    tf.getVariable('e', [3, 3, 2, 4], { initializer: tf.varianceScalingInitializer({ scale: 2, mode: 'fan_out' }) });
    tf.getVariable('f', [2], { initializer: tf.constantInitializer([1, 2]) });
    tf.getVariable('g', { initializer: tf.constant([1, 2, 3]) });
    tf.getVariable('h', [4, 4], { initializer: tf.orthogonalInitializer({ seed: 2 }) });
    tf.getVariable('i', [4, 4], { initializer: tf.glorotNormalInitializer() });
    tf.getVariable('j', [3], { dtype: tf.int32, ...zeros });
    new tf.Variable(tf.randomNormal([2, 2], { stddev: 0.3 }), { name: 'k' });
  },
  assigns() {
    const v = tf.getVariable('v', [3], zeros) as tf.Variable;
    const m = tf.getVariable('m', [3, 2], zeros) as tf.Variable;
    const a = tf.assign(v, [1, 2, 3]);
    tf.assignAdd(v, [1, 1, 1]);
    tf.assignSub(v, tf.ones([3]));
    v.assign(a.add(1), { readValue: false });
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const d = tf.scatterUpdate(m, [0, 1], rows);
    tf.scatterAdd(m, tf.constant([2], tf.int32), tf.ones([1, 2]), { name: 'sa' });
    tf.scatterSub(m, 0, [1, 1]);
    tf.controlDependencies([a, d.op], () => {
      v.readValue();
      tf.identity(v);
      v.add(1);
    });
    tf.isVariableInitialized(v);
    tf.variablesInitializer([m, v]);
    tf.gather(m, [0, 2]);
    tf.gatherNd(m, [[0, 1]]);
    tf.nn.embeddingLookup([m], [1]);
    tf.reduceSum(v);
    tf.reduceMean(m, 1);
    tf.matmul(m, m, { transposeB: true });
    v.mul(m.slice({}, 0));
    v.neg();
    tf.shape(v);
    tf.square(m);
    tf.concat([v, v], 0);
    tf.stack([v, v]);
    tf.cast(v, tf.int32);
  },
  control() {
    const [x, y] = [input('x', [2]), input('y', [2])];
    const a = tf.square(x);
    const b = a.add(y);
    const [c, d, e] = tf.controlDependencies([a], () => {
      const doubled = tf.multiply(b, 2, { name: 'c' });
      tf.constant(1);
      const inner = tf.controlDependencies([doubled], () => [tf.noOp(), tf.identity(y)] as const);
      tf.controlDependencies(null, () => tf.negative(x));
      return [doubled, ...inner] as const;
    });
    const g = tf.group(c, d, { name: 'g' });
    tf.group([a, [b]], e.op);
    const t = tf.tuple([a, null, b], { controlInputs: [g] });
    tf.group();
    const w = tf.identity(tf.stopGradient(a).mul(x));
    tf.Print(x, [x, a], 'm');
    tf.identityN([x, y]);
    tf.gradients(w.add(t[0] as tf.Tensor).add(t[2] as tf.Tensor), [x, y]);
  },
  scope_mix() {
    const [x, scope] = tf.nameScope('a', () => {
      const x = tf.constant([1, 2], { name: 'x' });
      const scope = tf.variableScope('v', (scope) => {
        const y = tf.getVariable('w', [2], ones).mul(x);
        tf.nameScope('b', () => {
          tf.add(y, 1);
          new tf.Variable([1], { name: 'q' });
        });
        return scope;
      });
      tf.variableScope(scope, { reuse: true }, () => tf.getVariable('w', [2]).add(x));
      tf.nameScope('b', () => tf.add(x, 2));
      return [x, scope] as const;
    });
    const name = tf.nameScope('a', (name) => {
      tf.subtract(x, 1);
      tf.identity(x, { name });
      return name;
    });
    tf.nameScope(name, () => tf.subtract(x, 1));
    tf.variableScope(scope, { auxiliaryNameScope: false }, () => {
      tf.getVariable('u', [1], ones);
      tf.negative(x);
    });
    tf.variableScope('v', { reuse: tf.AUTO_REUSE }, () => {
      tf.getVariable('w', [2]);
      tf.getVariable('n', [1], ones);
      tf.exp(x);
    });
    tf.variableScope(null, { defaultName: 'd', values: [x] }, () =>
      tf.variableScope('in', () => {
        tf.getVariable('w', [1], { ...zeros, trainable: false });
        tf.constant(1);
      }),
    );
    tf.nameScope(null, () => tf.log(x));
    tf.nameScope('n', () => {
      tf.sqrt(x);
      tf.sqrt(x, { name: 'sqrt' });
      tf.sqrt(x, { name: 'sqrt' });
    });
  },
  gradients_args() {
    const x = input('x', [2, 2]);
    const w = new tf.Variable(tf.ones([2, 2]), { name: 'w' });
    const c = input('c');
    const y = tf.matmul(x, w);
    const z = y.mul(y).add(x);
    tf.gradients([y, z], [x, w], { gradYs: [tf.ones([2, 2]), null] });
    tf.gradients(z, [x, y], { stopGradients: [y], name: 'partial' });
    const [g] = tf.gradients(tf.reduceSum(tf.exp(x.mul(c))), [x]);
    tf.gradients(g as tf.Tensor, [x, c], { name: 'second' });
    tf.gradients(z, [w], { aggregationMethod: tf.AggregationMethod.EXPERIMENTAL_ACCUMULATE_N });
    tf.gradients(z, [x, w], { gateGradients: true });
    tf.gradients(tf.reduceSum(x), [w, x], { unconnectedGradients: 'zero' });
  },
  unary_gradients() {
    const x = input('x', [null]);
    const functions = [
      ...[tf.abs, tf.negative, tf.sign, tf.square, tf.sqrt, tf.rsqrt, tf.exp, tf.expm1, tf.log, tf.log1p],
      ...[tf.reciprocal, tf.sin, tf.cos, tf.tan, tf.asin, tf.acos, tf.atan, tf.sinh, tf.cosh, tf.tanh],
      ...[tf.asinh, tf.acosh, tf.atanh, tf.sigmoid, tf.erf, tf.erfc, tf.round, tf.floor, tf.ceil, tf.nn.relu],
    ];
    const ys = functions.map((f) => f(x));
    tf.gradients(ys, [x]);
  },
  binary_gradients() {
    const [a, b, s] = [input('a', [2, 3]), input('b', [2, 3]), input('s', [])];
    const [u, n] = [input('u', [null, 3]), input('n')];
    const functions = [
      ...[tf.add, tf.subtract, tf.multiply, tf.truediv, tf.maximum, tf.minimum, tf.pow],
      ...[tf.squaredDifference, tf.divNoNan, tf.floormod],
    ];
    const pairs: [tf.TensorLike, tf.TensorLike][] = [
      [a, b],
      [a, s],
      [s, a],
      [u, a.slice(0)],
      [u, n],
      [u, 2],
      [3, u],
    ];
    const ys = pairs.flatMap(([x, y]) => functions.map((f) => f(x, y)));
    ys.push(tf.atan2(u, u), tf.floordiv(u, 2), u, tf.addN([a, b]), tf.addN([u, u, u]));
    tf.gradients(ys, [a, b, s, u, n]);
  },
  matmul_gradients() {
    const [a, b, u] = [input('a', [2, 3]), input('b', [3, 4]), input('u', [null, 3])];
    const [p, q, r] = [input('p', [5, 2, 3]), input('q', [5, 3, 2]), input('r', [null, null, 3])];
    const ys = [
      tf.matmul(a, b),
      tf.matmul(b, a, { transposeA: true, transposeB: true }),
      tf.matmul(a, u, { transposeB: true }),
      tf.matmul(u, u, { transposeA: true }),
      tf.matmul(p, q),
      tf.matmul(p, p, { transposeA: true }),
      tf.matmul(r, b),
      tf.matmul(p, b),
      tf.tensordot(p, b, 1),
      tf.tensordot(r, b, [[2], [0]]),
      tf.tensordot(a, b, [[1], [0]]),
    ];
    tf.gradients(ys, [a, b, u, p, q, r]);
  },
  array_gradients() {
    const [x, u, i] = [input('x', [4, 3]), input('u', [null, 3]), input('i', [null], tf.int32)];
    const all = {};
    const ys = [
      tf.gather(x, i),
      tf.gather(u, i),
      tf.gather(x, [0, 2], { axis: 1 }),
      tf.gatherNd(x, [
        [0, 1],
        [2, 2],
      ]),
      x.slice(1),
      x.slice(all, { step: 2 }),
      u.slice('...', null),
      x.slice({ start: 1, stop: 3 }, 1),
      tf.stridedSlice(u, [0, 0], [2, 3], [1, 1]),
      tf.slice(u, [0, 1], [-1, 2]),
      tf.reshape(u, [-1]),
      tf.transpose(x, [1, 0]),
      tf.expandDims(u, 1),
      tf.squeeze(tf.expandDims(u, 0), [0]),
      tf.tile(u, [2, 1]),
      tf.tile(x, [1, 3]),
      tf.concat([u, x], 0),
      tf.concat([x, x], -1),
      tf.stack([x, x], 1),
      tf.unstack(x, { axis: 1 })[1],
      tf.split(x, 2)[0],
      tf.split(x, [1, 3], 0)[1],
      tf.split(u, 3, 1)[2],
      tf.pad(u, [
        [1, 1],
        [0, 2],
      ]),
      tf.pad(
        x,
        [
          [1, 1],
          [1, 1],
        ],
        'REFLECT',
      ),
      tf.reverse(x, [0]),
      tf.broadcastTo(x, [2, 4, 3]),
      tf.reverseSequence(x, [1, 2, 3, 1], { seqAxis: 1, batchAxis: 0 }),
      tf.booleanMask(x, [true, false, true, true]),
      tf.segmentSum(x, [0, 0, 1, 1]),
      tf.segmentMean(u, i),
      tf.unsortedSegmentSum(u, i, 3),
      tf.dynamicStitch([[0, 2], [1]], [x.slice({ stop: 2 }), x.slice({ start: 2, stop: 3 })]),
      tf.dynamicPartition(x, [0, 1, 0, 1], 2)[0],
      tf.scatterNd([[1], [3]], x.slice({ stop: 2 }), [5, 3]),
      tf.diagPart(tf.matmul(x, x, { transposeB: true })),
      tf.cast(tf.cast(x, tf.float64), tf.float32),
      tf.identity(u),
      tf.fill([2, 2], x.slice(0, 0)),
      tf.zerosLike(u),
      tf.onesLike(x),
      tf.where(x.greater(0), x, x),
      tf.spaceToDepth(tf.reshape(x, [1, 2, 2, 3]), 2),
      x,
    ];
    tf.gradients(ys, [x, u]);
  },
  shapes() {
    const [x, u, n] = [input('x', [2, 3]), input('u', [null, 3]), input('n')];
    for (const t of [x, u, n]) {
      tf.shape(t);
      tf.size(t);
      tf.rank(t);
      tf.zerosLike(t);
      tf.onesLike(t);
      tf.shape(t, { outType: tf.int64 });
    }
    tf.zeros([2, 3]);
    tf.ones([2], tf.int32);
    tf.zeros([40, 40]);
    tf.fill([2], 1.5);
    tf.range(5);
    tf.range(1, 10, 2);
    tf.range(0, 1, 0.25);
    tf.zeros(tf.shape(u));
    tf.ones([tf.shape(u).slice(0), 2]);
    tf.fill(tf.shape(u).slice({ stop: 1 }), 0);
    tf.reshape(u, [-1, tf.shape(x).slice(0)]);
    tf.stack([1, u.slice(0, 0)]);
    tf.sequenceMask([1, 2], 3);
    tf.meshgrid([1, 2], [3, 4]);
    tf.transpose(n);
    tf.broadcastTo(u, tf.shape(u));
    u.add([1, 2, 3]);
    tf.multiply(2, u, { name: 'mul' });
    tf.subtract(1, u, { name: 'sub' });
    u.pow(2);
    u.div(2);
    u.floordiv(2);
    u.mod(2);
    u.neg();
    u.abs();
    u.greater(0);
    u.slice(0);
    u.slice({}, { start: 1 });
    u.slice('...', 0);
    tf.expandDims(n, 0);
    tf.convertToTensor([1, 2]);
    tf.convertToTensor([u.slice(0, 0), 1]);
    tf.tensordot(x, tf.transpose(x), 1);
  },
};
