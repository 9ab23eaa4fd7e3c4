/** The composed functions of reductions, products, gather, selection and segments, on TensorFlow's cases of its API. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, Tensor } from '../../src/graph/graph.ts';
import * as linalg from '../../src/linalg.ts';
import { embeddingLookup } from '../../src/ops/embedding.ts';
import * as tf from '../../src/ops/index.ts';
import { reduceStd, reduceVariance } from '../../src/ops/reductions.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly (GoldenArray | null)[];
  readonly grads?: readonly {
    readonly arg: string;
    readonly grad: (GoldenArray & { indexed_slices?: unknown }) | null;
  }[];
}

type Build = (inputs: Tensor[], args: Readonly<Record<string, never>>) => unknown;

const functions: Readonly<Record<string, Build>> = {
  'tf.boolean_mask': ([x, m], { axis }) => tf.booleanMask(x, m, { axis }),
  'tf.sequence_mask': ([l], { maxlen, dtype }) => tf.sequenceMask(l, { maxlen, dtype }),
  'tf.reduce_logsumexp': ([x], { axis, keepdims }) => tf.reduceLogsumexp(x, { axis, keepdims }),
  'tf.reduce_variance': ([x], { axis }) => reduceVariance(x, { axis }),
  'tf.reduce_std': ([x], { axis }) => reduceStd(x, { axis }),
  'tf.count_nonzero': ([x], { axis }) => tf.countNonzero(x, { axis }),
  'tf.gather(batch_dims)': ([p, i]) => tf.gather(p, i, { batchDims: 1 }),
  'tf.batch_gather': ([p, i]) => tf.batchGather(p, i),
  'tf.where_v2': ([c, x, y]) => tf.whereV2(c, x, y),
  'tf.one_hot': ([i], { depth, axis, dtype }) => tf.oneHot(i, depth, { axis, dtype }),
  'tf.unique': ([x]) => Object.values(tf.unique(x)),
  'tf.math.unsorted_segment_mean': ([x, i], { num_segments }) => tf.unsortedSegmentMean(x, i, num_segments),
  'tf.math.unsorted_segment_sqrt_n': ([x, i], { num_segments }) => tf.unsortedSegmentSqrtN(x, i, num_segments),
  'tf.nn.embedding_lookup': ([p, i]) => embeddingLookup(p, i),
  'tf.nn.embedding_lookup(partitioned mod)': ([a, b, i]) => embeddingLookup([a, b], i),
  'tf.nn.embedding_lookup(partitioned div)': ([a, b, i]) => embeddingLookup([a, b], i, { partitionStrategy: 'div' }),
  'operator @': ([a, b]) => tf.matmul(a, b),
  'tf.trace': ([x]) => tf.trace(x),
  'tf.linalg.matvec': ([a, b], { transpose_a }) => linalg.matvec(a, b, { transposeA: transpose_a }),
  'tf.linalg.matrix_rank': ([a]) => linalg.matrixRank(a),
  'tf.linalg.slogdet': ([x]) => linalg.slogdet(x),
  'tf.linalg.cholesky_solve': ([c, r]) => linalg.choleskySolve(c, r),
  'tf.linalg.logdet': ([x]) => linalg.logdet(x),
  'tf.linalg.lstsq': ([a, b]) => linalg.lstsq(a, b),
  'tf.linalg.pinv': ([a]) => linalg.pinv(a),
  'tf.linalg.adjoint': ([x]) => linalg.adjoint(x),
  'tf.linalg.set_diag': ([x, d]) => linalg.setDiag(x, d),
  'tf.linalg.tridiagonal_matmul': ([d, r]) => linalg.tridiagonalMatmul(d, r),
};

const test = suite('ops/linear-api');
const cases = ['api', 'linalg'].flatMap((group) => {
  const text = readFileSync(new URL(`../goldens/ops/${group}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: ApiCase[] }).cases;
});

for (const c of cases) {
  if (!Object.hasOwn(functions, c.api)) continue;
  test(`${c.id} ${c.api}`, () => {
    const graph = new Graph();
    graph.asDefault(() => {
      const values = c.inputs.map(fromGolden);
      const inputs = values.map((value) => tf.placeholder(value.dtype, value.shape));
      const feeds = new Map(inputs.map((x, k) => [x, values[k]]));
      const built = functions[c.api](inputs, c.args as Readonly<Record<string, never>>);
      const outputs = (built instanceof Tensor ? [built] : built) as Tensor[];
      const found = interpret(graph.snapshot(), outputs, { feeds });
      c.outputs.forEach((golden, k) => {
        assert.is(difference(found[k], fromGolden(golden), c.id.startsWith('linalg') ? GRADIENT : FORWARD), null);
      });
      if (!c.grads || !c.grad_weights) return;
      const floats = outputs.filter((y) => y.dtype.isFloating);
      const gradYs = c.grad_weights.flatMap((weight) => (weight ? [tf.constant(fromGolden(weight))] : []));
      const xs = inputs.filter((x) => x.dtype.isFloating);
      const slopes = gradients(floats, xs, { gradYs }).map((g) => (g && 'asTensor' in g ? g.asTensor() : g));
      slopes.forEach((slope, k) => {
        const golden = c.grads?.[k]?.grad ?? null;
        if (golden === null || golden.indexed_slices || slope === null) return;
        const [value] = interpret(graph.snapshot(), [slope as Tensor], { feeds });
        assert.is(difference(value, fromGolden(golden), GRADIENT), null);
      });
    });
  });
}

test.run();
