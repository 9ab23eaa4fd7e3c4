/**
 * The cases of `goldens/ops/errors.json`, which tell in words what was done to real TensorFlow: how each is built, by its
 * number, or why there is nothing to build. Judging the errors is left to `op-cases.ts`.
 */
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';

/** A placeholder of floats, of a known shape. */
const p = (...shape: number[]): tf.Tensor => tf.placeholder('float32', shape);
/** A value that is known in the run only: type and nothing else. */
const late = (value: tf.ArrayValue, dtype = 'float32'): tf.Tensor =>
  tf.placeholderWithDefault(tf.constant(value, dtype), null);
const float32 = 'float32';
const int32 = 'int32';

/** Makes what the failing call needs, and gives the call. */
type Building = () => () => unknown;

export const building: Readonly<Record<string, Building>> = {
  '0000': () => {
    const [x, y] = [p(2, 3), p(3, 3)];
    return () => tf.add(x, y);
  },
  '0001': () => {
    const [x, y] = [p(2, 3), p(2, 13)];
    return () => tf.matmul(x, y);
  },
  '0002': () => {
    const [x, y] = [p(2), p(2, 3)];
    return () => tf.matmul(x, y);
  },
  '0004': () => {
    const [x, y] = [p(2), tf.placeholder('float64', [2])];
    return () => tf.multiply(x, y);
  },
  '0005': () => {
    const parts = [p(2, 3), p(2, 4)];
    return () => tf.concat(parts, 0);
  },
  '0007': () => {
    const parts = [p(2, 3), p(2, 3)];
    return () => tf.concat(parts, 5);
  },
  '0008': () => {
    const x = p(2, 3);
    return () => tf.reshape(x, [7, 11]);
  },
  '0010': () => {
    const parts = [p(2), p(3)];
    return () => tf.stack(parts);
  },
  '0011': () => {
    const x = p(7, 3);
    return () => tf.split(x, 3);
  },
  '0012': () => {
    const x = p(2, 3);
    return () => tf.transpose(x, [0, 1, 2]);
  },
  '0014': () => {
    const x = p(2, 3);
    return () => tf.reduceSum(x, 2);
  },
  '0015': () => {
    const x = p(2, 3);
    return () => tf.argmax(x, 2);
  },
  '0016': () => {
    const x = p(2, 1);
    return () => tf.squeeze(x, [2]);
  },
  '0017': () => {
    const x = p(2, 3);
    return () => tf.squeeze(x, [0]);
  },
  '0018': () => {
    const x = p(2);
    return () => tf.expandDims(x, 2);
  },
  '0020': () => {
    const [x, w] = [p(2, 3, 4), p(1, 1, 4, 1)];
    return () => tf.nn.conv2d(x, w, [1, 1, 1, 1], 'SAME');
  },
  '0021': () => {
    const [x, w] = [p(1, 2, 3, 4), p(1, 1, 4, 1)];
    return () => tf.nn.conv2d(x, w, [1, 1, 1, 1], 'FULL' as 'SAME');
  },
  '0022': () => {
    const [x, w] = [p(1, 2, 3, 4), p(1, 1, 4, 1)];
    return () => tf.nn.conv2d(x, w, [1, 1, 1], 'SAME');
  },
  '0024': () => {
    const [x, b] = [p(2, 3), p(4)];
    return () => tf.nn.biasAdd(x, b);
  },
  '0025': () => {
    const [labels, logits] = [tf.placeholder(int32, [2, 3]), p(2, 3)];
    return () => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
  },
  '0026': () => {
    const [labels, logits] = [p(2), p(2, 3)];
    return () => tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits });
  },
  '0027': () => {
    const [labels, logits] = [p(2), p(12)];
    return () => tf.nn.sigmoidCrossEntropyWithLogits({ labels, logits });
  },
  '0029': () => () => tf.constant(null as never),
  '0031': () => () => tf.constant(1.5, int32),
  '0033': () => () => tf.constant([1, 2, 3], { shape: [2] }),
  '0035': () => {
    const c = tf.constant(1);
    return () => tf.convertToTensor(c, { dtype: tf.int32 });
  },
  '0039': () => {
    const x = tf.placeholder(float32, [null]);
    return () => [...(x as unknown as Iterable<unknown>)];
  },
  '0041': () => {
    // An op type that nobody registered a gradient for: added below the op registry, which does not know it.
    const x = p(4);
    const graph = tf.getDefaultGraph();
    const outputs = [{ dtype: x.dtype, shape: x.shape }];
    const [y] = graph.createOp({ type: 'Snapshot', inputs: [x], attrs: {}, outputs, name: 'Snapshot' }).outputs;
    const { values } = tf.nn.topK(y, 2);
    return () => tf.gradients(values, x);
  },
  '0043': () => {
    const x = p();
    const y = x.mul(2);
    const gradYs = [tf.constant(1), tf.constant(1)];
    return () => tf.gradients(y, x, { gradYs });
  },
  '0045': () => {
    const v = new tf.Variable(1);
    const loss = tf.constant(1);
    return () => new tf.train.GradientDescentOptimizer(1).minimize(loss, { varList: [v] });
  },
  '0049': () => {
    const x = tf.placeholder(float32);
    return () => new tf.Variable(x);
  },
  '0051': () => {
    const c = tf.constant(0.1);
    return () => tf.getVariable('u', [1], { initializer: c });
  },
  '0053': () => {
    const start = [tf.constant(0), p(2)] as const;
    const body = (i: tf.Tensor) => [tf.add(i, 1)] as unknown as [tf.Tensor, tf.Tensor];
    return () => tf.whileLoop((i: tf.Tensor) => tf.less(i, 3), body, [...start]);
  },
  '0055': () => {
    const flag = tf.constant(true);
    return () =>
      tf.cond(
        flag,
        () => tf.constant(1, float32),
        () => tf.constant(1, int32),
      );
  },
  '0057': () => () =>
    tf.cond(
      true as never,
      () => tf.constant(1),
      () => tf.constant(2),
    ),
  '0077': () => {
    const x = tf.constant(1);
    const graphDef = tf.GraphDef.fromText('node { name: "x" op: "NoOp" }');
    return () => tf.importGraphDef(graphDef, { inputMap: { 'zzz:0': x } });
  },
  '0062': () => {
    const x = p(2);
    return () => tf.oneHot(x, 3);
  },
  '0064': () => () => tf.constant(1, { name: 'a b' }),
  '0067': () => {
    const x = tf.placeholder(int32, [2]);
    return () => tf.nn.softmax(x);
  },
  '0069': () => {
    const [x, i] = [p(3), p(2)];
    return () => tf.gather(x, i);
  },
  '0071': () => {
    const x = p(2, 3);
    return () => tf.tile(x, [2]);
  },
  '0072': () => {
    const x = p(2, 3);
    return () => tf.pad(x, [[1, 1]]);
  },
  '0059': () => {
    const x = p(2, 3);
    return () => tf.linalg.einsum('ij,jk->ik', x);
  },
  '0060': () => {
    const [x, y] = [p(2, 3), p(4, 4)];
    return () => tf.linalg.einsum('ij,jk->ik', x, y);
  },
  '0073': () => {
    const x = p(2, 3);
    return () => x.setShape([2, 4]);
  },
  '0074': () => () => tf.placeholder('floaty' as 'float32'),
  '0079': () => () => tf.getDefaultGraph().getTensorByName('m:0'),
  '0081': () => {
    tf.constant(1, { name: 'm' });
    return () => tf.getDefaultGraph().getOperationByName('m:0');
  },
};

export interface Failing {
  /** What is run before the run that fails. */
  readonly first?: tf.Tensor | tf.Operation;
  readonly fetch: tf.Tensor | tf.Operation;
  readonly feedDict?: tf.FeedDict;
}

export const running: Readonly<Record<string, () => Failing>> = {
  '0032': () => ({ fetch: tf.constant(300, 'uint8') }),
  '0009': () => ({ fetch: tf.reshape(late([1, 2, 3]), [-1, -1]) }),
  '0013': () => ({ fetch: tf.transpose(late([[1, 2], [3, 4]]), [0, 0]) }), // biome-ignore format: a matrix
  '0019': () => ({ fetch: tf.slice(late([1, 2, 3]), [2], [2]) }),
  '0083': () => ({ fetch: tf.matmul(late([[1, 2, 3], [4, 5, 6]]), late([[1, 2, 3], [4, 5, 6]])) }), // biome-ignore format: matrices
  '0084': () => ({ fetch: tf.reshape(late([1, 2, 3, 4, 5]), [2, 2]) }),
  '0085': () => ({ fetch: tf.gather(late([1, 2, 3]), late([0, 3], int32)) }),
  '0086': () => ({ fetch: tf.concat([late([[1, 2], [3, 4]]), late([[1, 2, 3], [4, 5, 6]])], 0) }), // biome-ignore format: matrices
  '0087': () => ({ fetch: tf.stack([late([1, 2]), late([1, 2, 3])]) }),
  '0088': () => ({ fetch: tf.floordiv(late([1, 2], int32), late([1, 0], int32)) }),
  '0089': () => ({ fetch: tf.slice(late([1, 2]), [0], [3]) }),
  '0090': () => ({ fetch: tf.split(late([1, 2, 3, 4, 5]), 2)[0] }),
  '0091': () => ({ fetch: tf.checkNumerics(tf.log(late([-1, 1])), 'logs') }),
  '0093': () => ({ fetch: tf.assertEqual(late([1, 2], int32), late([1, 3], int32), { message: 'my message' }) }),
  '0094': () => ({ fetch: tf.assertPositive(late([1, -2], int32)) }),
  '0095': () => ({ fetch: tf.assertRank(late([1, 2]), 2) }),
  '0096': () => ({ fetch: tf.identity(tf.placeholder(float32, [2, null], { name: 'inp' })) }),
  '0098': () => {
    const v = tf.getVariable('rr', [], { initializer: tf.zerosInitializer() });
    return { fetch: emitOne('ReadVariableOp', [v.handle], { dtype: v.dtype }) };
  },
  '0099': () => ({
    fetch: tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: late([5], int32), logits: late([[1, 2]]) }),
  }),
  '0102': () => ({ fetch: new tf.TensorArray(float32, { size: 2, elementShape: [] }).read(0) }),
  '0106': () => {
    const queue = new tf.FIFOQueue(10, tf.float32);
    return { first: queue.close(), fetch: queue.dequeue() as tf.Tensor };
  },
  '0108': () => {
    const next = tf.data.makeOneShotIterator(tf.data.Dataset.fromTensors(1)).getNext() as tf.Tensor;
    return { first: next, fetch: next };
  },
  '0110': () => ({ fetch: tf.transpose(late([[1, 2], [3, 4]]), late([0, 2], int32)) }), // biome-ignore format: a matrix
  '0111': () => ({ fetch: tf.broadcastTo(late([1, 2]), late([3], int32)) }),
  '0116': () => ({ fetch: tf.range(0, 5, late(0, int32)) }),
  '0117': () => ({ fetch: tf.dynamicPartition(late([1, 2]), late([0, 5], int32), 2)[0] }),
  '0114': () => ({ fetch: tf.strings.toNumber(late('abc', 'string'), { name: 'StringToNumber' }) }),
  '0115': () => ({ fetch: tf.strings.regexReplace(late('abc', 'string'), '[', 'x') }),
  '0119': () => {
    const x = tf.placeholder(float32, [2]);
    return { fetch: tf.identity(x), feedDict: [[x, [[1, 2], [3, 4]]]] }; // biome-ignore format: a matrix
  },
};

const referenceVariables =
  'of reference variables, which come by import; AssignVariableOp and its kin have texts of their own';
const arrays = 'of arrays of the third kind, which come by import; arrays that are built are lists';
export const elsewhere: Readonly<Record<string, string>> = {
  '0037': 'JavaScript has no len(); a tensor has no property length',
  '0047': referenceVariables,
  '0048': referenceVariables,
  '0066': 'tf.linspace is the one op LinSpace, as in TensorFlow 1; TensorFlow 2.21 composes it of others',
  '0075': "TensorFlow's text names its binary and the machine",
  '0101': arrays,
  '0103': arrays,
  '0105': referenceVariables,
  '0112': 'not an error: NaN and unset memory in that build',
  '0121': 'a branch is a function here: the error names the conditional, not the op in the branch',
};

/**
 * The first sentence counts: TensorFlow goes on with advice on Eager mode and AutoGraph, of which there is none here, or
 * with structures as Python prints them.
 */
export const firstSentence = new Set(['0039', '0053']);
