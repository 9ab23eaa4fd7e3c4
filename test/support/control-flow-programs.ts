/**
 * Programs with loops, branches and calls, as they are written to files: each builds a graph and says what is fetched, with
 * which feeds. Who writes, reads and compares them is left to the tests.
 */
import * as tf from '../../src/index.ts';

export interface Program {
  /** The default graph's tensors to fetch together in every run. */
  readonly fetches: readonly tf.Tensor[];
  /** Feeds of each run, by names of placeholders. */
  readonly runs: readonly Readonly<Record<string, number | readonly number[]>>[];
}

const int = (value: number) => tf.constant(value, tf.int32);
const scalar = (name: string) => tf.placeholder(tf.float32, [], { name });
const flag = (name: string) => tf.placeholder(tf.bool, [], { name });

function grad(y: tf.Tensor | readonly tf.Tensor[], ...xs: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.gradients(y, xs).map((found) => {
    if (!found) throw new Error('there is no gradient');
    return 'asTensor' in found ? found.asTensor() : found;
  });
}

const power = (x: tf.Tensor, n: tf.Tensor | number) =>
  tf.whileLoop(
    (i) => i.less(n),
    (i, y) => [i.add(1), y.mul(tf.sin(x)).add(x)],
    [int(0), x],
  )[1];

/** By name, in the order in which they are tried. */
export const controlFlowPrograms: Readonly<Record<string, () => Program>> = {
  loop() {
    const n = tf.placeholder(tf.int32, [], { name: 'n' });
    const [i, s] = tf.whileLoop(
      (i) => i.less(n),
      (i, s) => [i.add(1), s.add(i)],
      [int(0), int(0)],
    );
    return { fetches: [i, s], runs: [{ n: 0 }, { n: 1 }, { n: 10 }] };
  },
  limited_loop() {
    const x = scalar('x');
    const y = tf.whileLoop(
      (y) => y.less(1000),
      (y) => y.mul(2),
      [x],
      { maximumIterations: 3 },
    );
    return { fetches: [y], runs: [{ x: 1 }, { x: 600 }] };
  },
  unchanged_variables() {
    const x = scalar('x');
    const ones = tf.whileLoop(
      (_i, _x) => tf.constant(false),
      (i, x) => [i, x],
      [int(3), x],
    );
    return { fetches: ones, runs: [{ x: 5 }] };
  },
  constants_as_results() {
    const x = scalar('x');
    const [, a, b] = tf.whileLoop(
      (i, _a, _b) => i.less(3),
      (i, a, _b) => [i.add(1), x, a],
      [int(0), tf.constant(1), tf.constant(2)],
    );
    return { fetches: [a, b], runs: [{ x: 5 }] };
  },
  growing_shapes() {
    const x = tf.placeholder(tf.float32, [1, 2], { name: 'x' });
    const [, y] = tf.whileLoop(
      (i) => i.less(3),
      (i, y) => [i.add(1), tf.concat([y, x], 0)],
      [int(0), x],
      { shapeInvariants: [[], [null, 2]] },
    );
    return { fetches: [y, ...grad(y, x)], runs: [{ x: [1, 2] }] };
  },
  loop_differentiated() {
    const x = scalar('x');
    const n = tf.placeholder(tf.int32, [], { name: 'n' });
    const y = power(x, n);
    return { fetches: [y, ...grad(y, x)], runs: [0, 1, 5].map((n) => ({ x: 0.4, n })) };
  },
  loop_differentiated_twice() {
    const x = scalar('x');
    const y = power(x, 4);
    const [dy] = grad(y, x);
    return { fetches: [y, dy, ...grad(dy, x)], runs: [{ x: 0.4 }, { x: -1.1 }] };
  },
  nested_loops_differentiated() {
    const x = scalar('x');
    const [, y] = tf.whileLoop(
      (i) => i.less(3),
      (i, y) => [
        i.add(1),
        tf.whileLoop(
          (j) => j.less(i.add(2)),
          (j, z) => [j.add(1), tf.tanh(z.mul(x)).add(y)],
          [int(0), y],
        )[1],
      ],
      [int(0), x],
    );
    return { fetches: [y, ...grad(y, x)], runs: [{ x: 0.3 }, { x: 1.2 }] };
  },
  branches() {
    const x = scalar('x');
    const p = flag('p');
    const y = tf.cond(
      p,
      () => x.mul(tf.sin(x)),
      () => tf.constant(3),
    );
    const pair = tf.cond(
      p,
      () => [x, int(1)],
      () => [x.neg(), int(2)],
    );
    return { fetches: [y, ...pair, ...grad(y, x)], runs: [1, 0].map((p) => ({ x: 0.7, p })) };
  },
  nested_branches_differentiated() {
    const x = scalar('x');
    const [p, q] = [flag('p'), flag('q')];
    const y = tf.cond(
      p,
      () =>
        tf.cond(
          q,
          () => tf.exp(x).mul(x),
          () => tf.sin(x),
        ),
      () => tf.tanh(x),
    );
    const [dy] = grad(y, x);
    const runs = [0, 1].flatMap((p) => [0, 1].map((q) => ({ x: 0.7, p, q })));
    return { fetches: [y, dy, ...grad(dy.mul(dy), x)], runs };
  },
  branch_in_a_loop() {
    const x = scalar('x');
    const [, y] = tf.whileLoop(
      (i) => i.less(6),
      (i, y) => [
        i.add(1),
        tf.cond(
          tf.equal(tf.floormod(i, 2), 0),
          () => y.mul(x),
          () => tf.sin(y),
        ),
      ],
      [int(0), x],
    );
    return { fetches: [y, ...grad(y, x)], runs: [{ x: 1.3 }] };
  },
  loop_in_a_branch() {
    const x = scalar('x');
    const p = flag('p');
    const y = tf.cond(
      p,
      () => power(x, 3),
      () => x.square(),
    );
    return { fetches: [y, ...grad(y, x)], runs: [1, 0].map((p) => ({ x: 0.9, p })) };
  },
  loop_in_a_branch_in_a_loop() {
    const x = scalar('x');
    const [, y] = tf.whileLoop(
      (i) => i.less(3),
      (i, y) => [
        i.add(1),
        tf.cond(
          i.greater(0),
          () => power(y, i),
          () => y.add(0.5),
        ),
      ],
      [int(0), x],
    );
    return { fetches: [y, ...grad(y, x)], runs: [{ x: 0.2 }] };
  },
  switch_case() {
    const i = tf.placeholder(tf.int32, [], { name: 'i' });
    const x = scalar('x');
    const y = tf.switchCase(i, [() => x.add(1), () => x.mul(x), () => tf.exp(x)]);
    return { fetches: [y, ...grad(y, x)], runs: [0, 1, 2, 7, -1].map((i) => ({ i, x: 0.5 })) };
  },
  case_of_predicates() {
    const x = scalar('x');
    const y = tf.case(
      [
        [x.less(0), () => x.neg()],
        [x.less(1), () => tf.constant(0.5)],
      ],
      { default: () => x.square() },
    );
    return { fetches: [y], runs: [{ x: -2 }, { x: 0.1 }, { x: 3 }] };
  },
  tensor_array() {
    const x = tf.placeholder(tf.float32, [4, 2], { name: 'x' });
    const ta = new tf.TensorArray(tf.float32, 4).unstack(x);
    const [, out] = tf.whileLoop(
      (i) => i.less(4),
      (i, out) => [i.add(1), out.write(i, tf.square(ta.read(i)))],
      [int(0), new tf.TensorArray(tf.float32, 4, { elementShape: [2] })],
    );
    const y = out.stack();
    return { fetches: [y, ...grad(y, x)], runs: [{ x: [1, 2, 3, 4, 5, 6, 7, 8] }] };
  },
  map_scan_fold() {
    const x = tf.placeholder(tf.float32, [3], { name: 'x' });
    const y = tf.mapFn((e) => tf.sin(e).mul(x), x);
    const z = tf.scan((a, e) => a.mul(e).add(1), x);
    const w = tf.foldl((a, e) => a.mul(2).add(e), x);
    return { fetches: [y, z, w, ...grad(y, x), ...grad(z, x), ...grad(w, x)], runs: [{ x: [0.5, -1, 2] }] };
  },
  variables_in_bodies() {
    const v = new tf.Variable(2, { name: 'v' });
    const p = flag('p');
    const [, y] = tf.whileLoop(
      (i) => i.less(3),
      (i, y) => tf.controlDependencies([tf.assignAdd(v, 1).op], () => [i.add(1), y.mul(v.readValue())]),
      [int(0), tf.constant(1)],
    );
    const after = tf.controlDependencies([y.op], () =>
      tf.cond(
        p,
        () => tf.identity(tf.assign(v, 10)),
        () => v.readValue().neg(),
      ),
    );
    const last = tf.controlDependencies([after.op], () => v.readValue());
    return { fetches: [y, after, last], runs: [{ p: 0 }, { p: 1 }, { p: 0 }] };
  },
  trained_in_a_loop() {
    const w = new tf.Variable([1, 2], { name: 'w' });
    const x = tf.placeholder(tf.float32, [2], { name: 'x' });
    const [, y] = tf.whileLoop(
      (i) => i.less(3),
      (i, y) => [i.add(1), tf.tanh(y.mul(w)).add(x)],
      [int(0), x],
    );
    const loss = tf.reduceSum(tf.square(y));
    const step = new tf.train.GradientDescentOptimizer(0.1).minimize(loss) as tf.Operation;
    const after = tf.controlDependencies([step], () => w.readValue());
    return { fetches: [after], runs: [{ x: [0.1, 0.2] }, { x: [0.3, 0.4] }] };
  },
  effects_without_results() {
    const v = new tf.Variable(0, { name: 'v' });
    const p = flag('p');
    const done = tf.cond(
      p,
      () => tf.group(tf.assign(v, 1)),
      () => tf.group(tf.assign(v, 2)),
    ) as tf.Tensor;
    const read = tf.controlDependencies([done.op], () => v.readValue());
    return { fetches: [read], runs: [{ p: 1 }, { p: 0 }] };
  },
  controls_around() {
    const v = new tf.Variable(0, { name: 'v' });
    const y = tf.controlDependencies([tf.assign(v, 4).op], () =>
      tf.whileLoop(
        (i, _y) => i.less(2),
        (i, y) => [i.add(1), y.add(v.readValue())],
        [int(0), tf.constant(0)],
      ),
    )[1];
    const z = tf.controlDependencies([tf.assign(v, y).op], () =>
      tf.cond(
        y.greater(0),
        () => v.readValue(),
        () => tf.constant(-1),
      ),
    );
    return { fetches: [y, z], runs: [{}] };
  },
  dynamic_rnn() {
    const x = tf.placeholder(tf.float32, [2, 3, 2], { name: 'x' });
    tf.setRandomSeed(1);
    const cell = new tf.nn.rnnCell.LSTMCell(2, { initializer: tf.constantInitializer(0.3) });
    const [outputs, state] = tf.nn.dynamicRnn(cell, x, { dtype: tf.float32, sequenceLength: [3, 2] });
    const loss = tf.reduceSum(tf.square(outputs));
    const weights = tf.trainableVariables().map((variable) => variable.asTensor());
    return {
      fetches: [outputs, state.c, state.h, ...grad(loss, x, ...weights)],
      runs: [{ x: Array.from({ length: 12 }, (_, i) => Math.sin(i)) }],
    };
  },
};
