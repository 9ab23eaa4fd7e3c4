/**
 * Programs with branches, loops and arrays of tensors, built as their Python source in the goldens builds them, against what
 * real TensorFlow gave for them: values and gradients.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('ops/while-loop-programs');
const checked = leakChecked(test);

interface Step {
  readonly targets: readonly string[];
  readonly feeds: Readonly<Record<string, GoldenArray>>;
  readonly outputs: readonly GoldenArray[];
}

/** What each step of the program fetches; those without outputs initialize. */
type Fetches = readonly tf.Tensor[];

const int = (value: number) => tf.constant(value, tf.int32);
const grad = (y: tf.Tensor | readonly tf.Tensor[], ...xs: tf.Tensor[]): tf.Tensor[] =>
  tf.gradients(y, xs).map((g) => {
    assert.ok(g, 'there is no gradient');
    return 'asTensor' in g ? g.asTensor() : g;
  });

const programs: Readonly<Record<string, () => Fetches | readonly Fetches[]>> = {
  map_fn_prog_v2: () => {
    const x = tf.placeholder(tf.float32, [3, 2], { name: 'x' });
    const w = tf.constant([-0.2549999952316284, 0.7329999804496765]);
    const y = tf.mapFn((r) => tf.reduceSum(r.square().mul(w)), x);
    const z = tf.mapFn((p) => [p[0].add(p[1]), p[0].mul(2)], [x, tf.reverse(x, [1])], {
      dtype: [tf.float32, tf.float32],
    });
    const q = tf.mapFn((r) => tf.cast(tf.argmax(r), tf.int32), x, { dtype: tf.int32 });
    return [y, z[0], z[1], q, ...grad(y, x, w), ...grad(z[0], x)];
  },
  tensor_array_v2: () => {
    const x = tf.placeholder(tf.float32, [4, 2], { name: 'x' });
    const n = 4;
    const ta = new tf.TensorArray(tf.float32, n, { clearAfterRead: false }).unstack(x);
    const [, o, acc] = tf.whileLoop(
      (i) => i.less(n),
      (i, o, a) => [i.add(1), o.write(i, a.mul(ta.read(i))), a.add(ta.read(i))],
      [int(0), new tf.TensorArray(tf.float32, n, { elementShape: [2] }), tf.ones([2])],
    );
    const y = o.stack();
    const [g] = grad(y, x);
    const s = new tf.TensorArray(tf.float32, 3, { elementShape: [2] }).write(0, x.slice(0)).write(2, x.slice(1).mul(2));
    const ga = new tf.TensorArray(tf.float32, n).unstack(x).gather([1, 0]);
    const sc = new tf.TensorArray(tf.float32, n).scatter([3, 2, 1, 0], x).stack();
    const sp = new tf.TensorArray(tf.float32, 2, { inferShape: false }).split(x, [1, n - 1]).concat();
    return [y, acc, g, s.size(), ga, sc, sp];
  },
  kmeans_v2: () => {
    const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
    const d = (c: tf.Tensor) => tf.reduceSum(tf.square(tf.expandDims(x, 1).sub(tf.expandDims(c, 0))), 2);
    const body = (i: tf.Tensor, c: tf.Tensor) => {
      const a = tf.argmin(d(c), 1, { outputType: tf.int32 });
      const counts = tf.unsortedSegmentSum(tf.onesLike(tf.slice(x, [0, 0], [-1, 1])), a, 3);
      const next = tf.unsortedSegmentSum(x, a, 3).div(tf.maximum(counts, 1));
      return [i.add(1), next, tf.reduceAny(tf.abs(next.sub(c)).greater(1e-5))];
    };
    const first = tf.reshape(tf.slice(x, [0, 0], [3, 2]), [3, 2]);
    const r = tf.whileLoop((i, _c, m) => tf.logicalAnd(m, i.less(10)), body, [int(0), first, tf.constant(true)]);
    return [...r, d(r[1])];
  },
  scan_fold_v2: () => {
    const x = tf.placeholder(tf.float32, [4], { name: 'x' });
    const s = tf.scan((a, e) => a.mul(0.5).add(e), x);
    const r = tf.scan((a, e) => a.mul(e), x, { initializer: tf.constant(1), reverse: true });
    const fl = tf.foldl((a, e) => a.mul(2).add(e), x);
    const fr = tf.foldr((a, e) => a.mul(2).add(e), x, { initializer: tf.constant(1) });
    const fib = tf.scan((a, _) => [a[1], a[0].add(a[1])], tf.zeros([4]), {
      initializer: [tf.constant(0), tf.constant(1)],
    });
    return [s, r, fl, fr, fib[0], ...grad(s, x), ...grad(r, x), ...grad(fl, x), ...grad(fr, x)];
  },
  while_grad_v2: () => {
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const w = tf.constant(
      [
        [-0.6869999766349792, -0.4099999964237213],
        [0.4359999895095825, 0.14900000393390656],
      ],
      { name: 'w' },
    );
    const n = tf.placeholder(tf.int32, [], { name: 'n' });
    const [, y] = tf.whileLoop(
      (i) => i.less(n),
      (i, a) => [i.add(1), tf.tanh(tf.squeeze(tf.matmul(w, tf.expandDims(a, 1)), 1)).add(x)],
      [int(0), x],
    );
    const [, z] = tf.whileLoop(
      (i) => i.less(3),
      (i, a) => [i.add(1), a.mul(x)],
      [int(0), tf.ones([2])],
    );
    return [y, z, ...grad(y, x, w), ...grad(z, x)];
  },
  while_nested_v2: () => {
    const n = tf.placeholder(tf.int32, [], { name: 'n' });
    const outer = (i: tf.Tensor, a: tf.Tensor) => {
      const inner = (j: tf.Tensor, b: tf.Tensor) => [
        j.add(1),
        tf.cond(
          tf.equal(tf.floormod(i.add(j), 2), 0),
          () => b.add(j),
          () => b.mul(2),
        ),
      ];
      return [i.add(1), tf.whileLoop((j) => j.less(i), inner, [int(0), a])[1]];
    };
    return tf.whileLoop((i) => i.less(n), outer, [int(0), int(1)]);
  },
  while_simple_v2: () => {
    const n = tf.placeholder(tf.int32, [], { name: 'n' });
    const [i, s] = tf.whileLoop(
      (i) => i.less(n),
      (i, s) => [i.add(1), s.add(i.mul(1))],
      [int(0), int(0)],
      { name: 'sum' },
    );
    const [, c] = tf.whileLoop(
      (k) => tf.notEqual(k, 1),
      (k, c) => [tf.where(tf.equal(tf.floormod(k, 2), 0), tf.floorDiv(k, 2), k.mul(3).add(1)), c.add(1)],
      [n, int(0)],
    );
    const m = tf.whileLoop(
      (a) => tf.reduceSum(a).less(100),
      (a) =>
        tf.matmul(a, [
          [1, 1],
          [1, 0],
        ]),
      [tf.eye(2)],
      { maximumIterations: 20 },
    );
    return [i, s, c, m];
  },
  cond_grad_v2: () => {
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const p = tf.placeholder(tf.bool, [], { name: 'p' });
    const w = tf.constant([2, 3]);
    const y = tf.cond(
      p,
      () => x.mul(w),
      () => tf.square(x),
      { name: 'c' },
    );
    return [y, ...grad(y, x, w)];
  },
  cond_assign_v2_resource: () => {
    const v = new tf.Variable(1, { name: 'v', useResource: true });
    const p = tf.placeholder(tf.float32, [], { name: 'p' });
    const r = tf.cond(
      p.greater(0),
      () =>
        tf.cond(
          p.greater(5),
          () => tf.assignAdd(v, 10),
          () => tf.assignAdd(v, 1),
        ),
      () => tf.identity(tf.assign(v, -1)),
    );
    const read = v.readValue();
    return [[], [r], [read], [r], [read], [r], [read], [r], [read]] as readonly Fetches[];
  },
  case_prog_v2: () => {
    const x = tf.placeholder(tf.float32, [], { name: 'x' });
    const y = tf.case(
      [
        [x.less(0), () => x.mul(2)],
        [x.greater(10), () => x.sub(10)],
      ],
      { default: () => x.neg(), exclusive: true },
    );
    const z = tf.case(
      [
        [x.less(5), () => int(1)],
        [x.less(3), () => int(2)],
      ],
      { default: () => int(3) },
    );
    return [y, z, ...grad(y, x)];
  },
  switch_case_prog_v2: () => {
    const i = tf.placeholder(tf.int32, [], { name: 'i' });
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const y = tf.switchCase(
      i,
      [
        [0, () => x],
        [1, () => x.mul(x)],
        [2, () => tf.reverse(x, [0])],
      ],
      { default: () => tf.zerosLike(x).sub(1) },
    );
    return [y, ...grad(y, x)];
  },
  while_grad_nested: () => {
    const x = tf.placeholder(tf.float32, [], { name: 'x' });
    const [, y] = tf.whileLoop(
      (i) => i.less(2),
      (i, a) => [
        i.add(1),
        tf.whileLoop(
          (j) => j.less(2),
          (j, c) => [j.add(1), c.mul(x).add(1)],
          [int(0), a],
        )[1],
      ],
      [int(0), x],
    );
    const [g] = grad(y, x);
    const [, z] = tf.whileLoop(
      (i) => i.less(3),
      (i, a) => [i.add(1), a.mul(x)],
      [int(0), x],
    );
    const [gz] = grad(z, x);
    return [y, g, z, gz, ...grad(gz, x)];
  },
};

for (const [name, build] of Object.entries(programs)) {
  const url = new URL(`../goldens/programs/${name}.json`, import.meta.url);
  const { steps } = JSON.parse(readFileSync(url, 'utf8')) as { steps: Step[] };
  for (const backend of ['cpu', 'wasm']) {
    checked(`${name}, on ${backend}`, async () => {
      const built = build();
      const isStepwise = Array.isArray(built[0]);
      using session = new tf.Session({ config: { backend } });
      await session.run(tf.globalVariablesInitializer());
      for (const [i, step] of steps.entries()) {
        if (step.targets.length > 0) continue;
        const fetches = (isStepwise ? built[i] : built) as Fetches;
        const feedDict = Object.entries(step.feeds).map(([key, value]) => [key, fromGolden(value)] as const);
        const values = (await session.run(fetches, { feedDict: new Map(feedDict as never) as never })) as NdArray[];
        values.forEach((value, k) => {
          const expected = fromGolden(step.outputs[k]);
          const tolerance = k < 2 ? FORWARD : GRADIENT;
          assert.is(difference(value, expected, tolerance), null, `step ${i}, output ${k}: ${value}`);
        });
      }
    });
  }
}

test.run();
