/**
 * The public functions and operators against real TensorFlow: the cases of `api.json`, value and gradients, in sessions.
 * Those of `tf.nn` and `tf.losses` are in `nn-goldens.test.ts`; what does not exist yet is listed with the reason.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { reduceStd, reduceVariance } from '../../src/ops/reductions.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

interface GoldenSlices {
  readonly indexed_slices: Readonly<Record<'values' | 'indices' | 'dense_shape', GoldenArray>>;
}

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly (GoldenArray | null)[];
  readonly grads?: readonly { readonly arg: string; readonly grad: GoldenArray | GoldenSlices | null }[];
  readonly grad_error?: { readonly class: string; readonly message: string };
}

type Build = (inputs: readonly tf.Tensor[], args: Record<string, never>) => tf.Tensor | readonly tf.Tensor[];

const text = readFileSync(new URL('../goldens/ops/api.json', import.meta.url), 'utf8');
const { cases } = JSON.parse(text) as { cases: readonly ApiCase[] };

const functions: Readonly<Record<string, Build>> = {
  'tf.boolean_mask': ([x, m], { axis }) => tf.booleanMask(x, m, { axis }),
  'tf.sequence_mask': ([l], { maxlen, dtype }) => tf.sequenceMask(l, { maxlen, dtype }),
  'tf.reduce_logsumexp': ([x], { axis, keepdims }) => tf.reduceLogsumexp(x, { axis, keepdims }),
  'tf.reduce_variance': ([x], { axis }) => reduceVariance(x, { axis }),
  'tf.reduce_std': ([x], { axis }) => reduceStd(x, { axis }),
  'tf.count_nonzero': ([x], { axis }) => tf.countNonzero(x, { axis }),
  'tf.clip_by_norm': ([x], { n, axes }) => tf.clipByNorm(x, n, { axes }),
  'tf.clip_by_global_norm': (list, { n }) => {
    const [clipped, norm] = tf.clipByGlobalNorm([...list], n);
    return [...(clipped as tf.Tensor[]), norm];
  },
  'tf.clip_by_average_norm': ([x], { n }) => tf.clipByAverageNorm(x, n),
  'tf.global_norm': (list) => tf.globalNorm([...list]),
  'tf.meshgrid': ([a, b], { indexing }) => tf.meshgrid(a, b, { indexing }),
  'tf.stack': (list, { axis }) => tf.stack([...list], { axis }),
  'tf.unstack': ([x], { axis }) => tf.unstack(x, { axis }),
  'tf.split': ([x], { n, axis }) => tf.split(x, n, { axis }),
  'tf.gather(batch_dims)': ([p, i]) => tf.gather(p, i, { batchDims: 1 }),
  'tf.batch_gather': ([p, i]) => tf.batchGather(p, i),
  'tf.where_v2': ([c, x, y]) => tf.whereV2(c, x, y),
  'tf.one_hot': ([i], { depth, axis, dtype }) => tf.oneHot(i, depth, { axis, dtype }),
  'tf.repeat': ([x], { r, axis }) => tf.repeat(x, r, { axis }),
  'tf.unique': ([x]) => {
    const { y, idx } = tf.unique(x);
    return [y, idx];
  },
  'tf.argsort': ([x], { direction }) => tf.argsort(x, { direction }),
  'tf.sort': ([x], { axis, direction }) => tf.sort(x, { axis, direction }),
  'tf.reduce_mean(int)': ([x]) => tf.reduceMean(x),
  'tf.scalar_mul': ([x], { k }) => tf.scalarMul(k, x) as tf.Tensor,
  'tf.math.top_k': ([x], { k }) => {
    const { values, indices } = tf.nn.topK(x, k);
    return [values, indices];
  },
  'tf.nn.in_top_k': ([p, t], { k }) => tf.nn.inTopK(p, t, k),
  'tf.cumsum': ([x], { axis, exclusive, reverse }) => tf.cumsum(x, { axis, exclusive, reverse }),
  'tf.math.segment_max': ([x, i]) => tf.segmentMax(x, i),
  'tf.math.unsorted_segment_mean': ([x, i], { num_segments }) => tf.unsortedSegmentMean(x, i, num_segments),
  'tf.math.unsorted_segment_sqrt_n': ([x, i], { num_segments }) => tf.unsortedSegmentSqrtN(x, i, num_segments),
  'tf.reverse_sequence': ([x, l], { seq_axis, batch_axis }) =>
    tf.reverseSequence(x, l, { seqAxis: seq_axis, batchAxis: batch_axis }),
  'tf.parallel_stack': (list) => tf.parallelStack([...list]),
  'tf.broadcast_dynamic_shape': ([a, b]) => tf.broadcastDynamicShape(a, b),
  'tf.nn.embedding_lookup': ([p, i]) => tf.nn.embeddingLookup(p, i),
  'tf.nn.embedding_lookup(partitioned mod)': ([a, b, i]) => tf.nn.embeddingLookup([a, b], i),
  'tf.nn.embedding_lookup(partitioned div)': ([a, b, i]) =>
    tf.nn.embeddingLookup([a, b], i, { partitionStrategy: 'div' }),
  'tf.searchsorted': ([s, v], { side }) => tf.searchsorted(s, v, side),
  'tf.histogram_fixed_width_bins': ([x], { value_range, nbins }) => tf.histogramFixedWidthBins(x, value_range, nbins),
  'tf.bincount': ([x], args) => tf.bincount(x, args),
  'tf.squared_difference': ([a, b]) => tf.squaredDifference(a, b),
  'tf.bitcast': ([x]) => tf.bitcast(x, tf.int32),
  'tf.div_no_nan': ([a, b]) => tf.divNoNan(a, b),
  'operator //': ([a, b]) => a.floordiv(b),
  'operator %': ([a, b]) => a.mod(b),
  'operator / on ints': ([a, b]) => a.div(b),
  'tf.div on ints': ([a, b]) => tf.div(a, b),
  'operator **': ([a, b]) => a.pow(b),
  'operator @': ([a, b]) => a.matmul(b),
  'operator ~ & | ^': ([a, b]) => [a.logicalNot(), a.logicalAnd(b), a.logicalOr(b), a.logicalXor(b)],
  'abs neg': ([a]) => [a.abs(), a.neg()],
  // With the number on the left Python asks the tensor; here the functions do it.
  'operator 1-x, 2/x': ([a]) => [tf.subtract(1, a), tf.divide(2, a), a.mul(3), tf.add(1, a)],
  'python scalars take the tensor dtype': ([a]) => [a.add(1), tf.multiply(2, a)],
};

const nnGoldens = 'in nn-goldens.test.ts';
const notYet = 'the function is not built yet';
const strings = 'needs ops on strings';
const elsewhere: Readonly<Record<string, string>> = {
  'tf.nn.dropout': nnGoldens,
  'tf.nn.pool': nnGoldens,
  'tf.nn.max_pool1d': nnGoldens,
  'tf.nn.fused_batch_norm': nnGoldens,
  'tf.confusion_matrix': notYet,
  'tf.math.confusion_matrix(weights)': notYet,
  'tf.lbeta': 'needs the special functions',
  'tf.math.erfinv': 'needs the special functions',
  'tf.math.polyval([a, b, 1], x)': notYet,
  'tf.required_space_to_batch_paddings': notYet,
  'tf.strings.reduce_join': strings,
  'tf.strings.format': strings,
  'tf.strings.substr': strings,
  'tf.strings.split(v1)': strings,
  'tf.string_split': strings,
};

test('every case is built or has its reason', () => {
  const known = [...Object.keys(functions), ...Object.keys(elsewhere)];
  assert.is(new Set(known).size, known.length);
  assert.equal([...known].sort(), [...new Set(cases.map((c) => c.api))].sort());
});

/** The parts of a gradient, under the names of the golden. */
function parts(found: tf.Tensor | tf.IndexedSlices, golden: GoldenArray | GoldenSlices): [tf.Tensor, GoldenArray][] {
  if (!('indexed_slices' in golden)) return [[tf.convertToTensor(found), golden]];
  assert.instance(found, tf.IndexedSlices);
  const { values, indices, denseShape } = found as tf.IndexedSlices;
  const slices = golden.indexed_slices;
  return [
    [values, slices.values],
    [indices, slices.indices],
    [denseShape as tf.Tensor, slices.dense_shape],
  ];
}

for (const c of cases.filter(({ api }) => functions[api])) {
  test(`${c.id} ${c.api} ${JSON.stringify(c.args)}`, async () => {
    const feedDict: [tf.Tensor, tf.NdArray][] = c.inputs.map((golden) => {
      const value = fromGolden(golden);
      return [tf.placeholder(value.dtype, value.shape), value];
    });
    const inputs = feedDict.map(([tensor]) => tensor);
    const built = functions[c.api](inputs, c.args as Record<string, never>);
    const outputs = (Array.isArray(built) ? built : [built]) as readonly tf.Tensor[];
    assert.is(outputs.length, c.outputs.length);
    const expected = outputs.map((output, i): [tf.Tensor, GoldenArray] => [output, c.outputs[i]]);
    const floats = inputs.filter((t) => t.dtype.isFloating);
    const gradients = () => {
      const ys = outputs.filter((t) => t.dtype.isFloating);
      const weights = c.grad_weights?.filter((golden) => golden !== null);
      const gradYs = weights?.map((golden) => tf.constant(fromGolden(golden)));
      return tf.gradients(ys, floats, { gradYs });
    };
    if (c.grad_error) {
      const error = await failure(gradients);
      assert.is(error.name, c.grad_error.class);
      assert.ok(error.message.startsWith(c.grad_error.message), error.message);
    }
    const exact = expected.length;
    if (c.grads) {
      const found = gradients();
      const args = c.inputs.map(({ arg }) => arg);
      const names = inputs.flatMap((t, i) => (floats.includes(t) ? [args[i]] : []));
      for (const { arg, grad } of c.grads) {
        const gradient = found[names.indexOf(arg)];
        if (grad === null || gradient === null) assert.is(gradient, grad as null, `gradient of ${arg}`);
        else expected.push(...parts(gradient, grad));
      }
    }
    for (const backend of ['wasm', 'cpu']) {
      using sess = new tf.Session({ config: { backend } });
      const values = await sess.run(
        expected.map(([tensor]) => tensor),
        feedDict,
      );
      values.forEach((value, i) => {
        const problem = difference(value, fromGolden(expected[i][1]), i < exact ? FORWARD : GRADIENT);
        assert.is(problem, null, `${backend}, value ${i}`);
      });
    }
  });
}

suite.run();
