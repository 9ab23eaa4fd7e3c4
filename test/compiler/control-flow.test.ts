/** Branches and loops in the compiler: what becomes of bodies, what is left out, and what is taken out of loops. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../compiler/compile.ts';
import { importGraph, type Request } from '../../compiler/ir/import.ts';
import type { Instruction, LoopStep } from '../../compiler/plan/plan.ts';
import { printPlan } from '../../compiler/plan/printer.ts';
import { evaluate } from '../../runtime/host/evaluate.ts';
import * as tf from '../../src/index.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { fakeTarget, feedKey, runPlan } from './fake-target.ts';

type T = tf.Tensor;
const f = (value: number) => tf.constant(value, { dtype: tf.float32 });
const i = (value: number) => tf.constant(value, { dtype: tf.int32 });
const scalar = (value: number) => new NdArray(tf.float32, [], Float32Array.of(value));

/** The plan of fetches, on a target that has every kernel and no lists. */
function planOf(fetches: readonly T[], feeds: readonly T[] = [], passes: boolean | readonly string[] = true) {
  const { graph } = fetches[0];
  const request: Request = {
    fetches: fetches.map((t) => t.endpoint),
    targets: [],
    feeds: feeds.map((t) => ({ endpoint: t.endpoint, dtype: t.dtype, shape: t.shape as number[] })),
  };
  return compile(graph.snapshot(), request, fakeTarget(), { passes, evaluate, verify: true }).plan;
}

function run(
  fetches: readonly T[],
  feeds: readonly (readonly [T, NdArray])[] = [],
  variables = new Map<string, NdArray>(),
) {
  const results = [true, false].map((passes) => {
    const plan = planOf(
      fetches,
      feeds.map(([t]) => t),
      passes,
    );
    const given = new Map(feeds.map(([t, value]) => [feedKey(t.endpoint), value]));
    return runPlan(plan, given, new Map(variables)).fetches.map((value) => value.array());
  });
  assert.equal(results[0], results[1], 'with passes and without');
  return results[0];
}

const within = <R>(build: () => R): R => new tf.Graph().asDefault(build);
const stepsOf = (plan: { readonly instructions: readonly Instruction[] }, kind: string) =>
  plan.instructions.filter((step) => step.kind === kind);
const kernels = (plan: { readonly instructions: readonly Instruction[] }) =>
  plan.instructions.map((step) => (step.kind === 'kernel' || step.kind === 'host' ? step.kernel : step.kind));

test('a branch runs the function that its condition chooses', () => {
  within(() => {
    const [p, x] = [tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [])];
    const y = tf.cond(
      p,
      () => x.add(1),
      () => x.mul(10),
    );
    const flag = (value: boolean) => new NdArray(tf.bool, [], Uint8Array.of(value ? 1 : 0));
    assert.equal(
      run(
        [y],
        [
          [p, flag(true)],
          [x, scalar(3)],
        ],
      ),
      [4],
    );
    assert.equal(
      run(
        [y],
        [
          [p, flag(false)],
          [x, scalar(3)],
        ],
      ),
      [30],
    );
    const [step] = stepsOf(planOf([y], [p, x]), 'branch');
    assert.equal(step.kind === 'branch' && step.branches.map(({ plan }) => kernels(plan)), [['AddV2'], ['Mul']]);
  });
});

test('of a known condition only the chosen branch is in the plan', () => {
  within(() => {
    const x = tf.placeholder(tf.float32, []);
    const y = tf.cond(
      tf.logicalNot(tf.constant(false)),
      () =>
        tf.cond(
          tf.constant(true),
          () => x.add(1),
          () => x.sub(1),
        ),
      () => x.mul(10),
    );
    assert.equal(kernels(planOf([y], [x])), ['AddV2']);
    assert.equal(run([y], [[x, scalar(3)]]), [4]);
  });
});

test('a branch computes no result that nobody takes', () => {
  within(() => {
    const [p, x] = [tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [])];
    const [, second] = tf.cond(
      p,
      () => [tf.exp(x), tf.sin(x)] as const,
      () => [tf.log(x), tf.cos(x)] as const,
    );
    const [step] = stepsOf(planOf([second], [p, x]), 'branch');
    assert.equal(step.kind === 'branch' && step.branches.map(({ plan }) => kernels(plan)), [['Sin'], ['Cos']]);
  });
});

test('a loop counts, and its plan has no variable that nobody needs', () => {
  within(() => {
    const [, sum] = tf.whileLoop(
      (n, _s, _unused) => n.less(10),
      (n, s, unused) => [n.add(1), s.add(n), tf.exp(unused)],
      [i(0), i(0), f(1)],
    );
    assert.equal(run([sum]), [45]);
    const [loop] = stepsOf(planOf([sum]), 'while') as LoopStep[];
    assert.is(loop.inputs.length, 2);
    assert.equal(kernels(loop.body.plan), ['AddV2', 'AddV2']);
  });
});

test('what is the same in every round is computed once, and only if there is a round', () => {
  within(() => {
    const [x, w] = [tf.placeholder(tf.float32, [1, 2]), tf.placeholder(tf.float32, [2, 2])];
    const [, y] = tf.whileLoop(
      (n, _y) => n.less(tf.cast(tf.reduceSum(w), tf.int32)),
      (n, h) => [n.add(1), tf.matmul(h, tf.exp(tf.transpose(w)))],
      [i(0), x],
    );
    const plan = planOf([y], [x, w]);
    const [loop] = stepsOf(plan, 'while') as LoopStep[];
    assert.equal(kernels((loop.condPrologue as NonNullable<typeof loop.condPrologue>).plan), ['Sum', 'Cast']);
    assert.equal(kernels(loop.cond.plan), ['Less']);
    assert.equal(kernels((loop.bodyPrologue as NonNullable<typeof loop.bodyPrologue>).plan), ['Transpose', 'Exp']);
    assert.equal(kernels(loop.body.plan).sort(), ['AddV2', 'MatMul']);
    const values = (...list: number[]) =>
      new NdArray(tf.float32, list.length === 2 ? [1, 2] : [2, 2], Float32Array.from(list));
    assert.equal(
      run(
        [y],
        [
          [x, values(1, 2)],
          [w, values(0, 0, 0, 0)],
        ],
      ),
      [[[1, 2]]],
    );
    // Two rounds of (a, b) -> (a + b, a + b e²), from (1, 2).
    const e = Math.E ** 2;
    const [first, second] = [3, 1 + 2 * e];
    const found = (
      run(
        [y],
        [
          [x, values(1, 2)],
          [w, values(0, 0, 0, 2)],
        ],
      )[0] as number[][]
    )[0];
    assert.ok(Math.abs(found[0] - (first + second)) < 1e-4, String(found));
    assert.ok(Math.abs(found[1] - (first + second * e)) < 1e-3, String(found));
  });
});

test('a variable is read once where the loop does not write it, and each time where it does', () => {
  within(() => {
    const v = new tf.Variable(2, { dtype: tf.float32 });
    const read = tf.whileLoop(
      (n, _x) => n.less(3),
      (n, x) => [n.add(1), x.mul(v)],
      [i(0), f(1)],
    )[1];
    const [quiet] = stepsOf(planOf([read]), 'while') as LoopStep[];
    assert.equal(quiet.bodyPrologue && kernels(quiet.bodyPrologue.plan), ['read']);
    const doubled = tf.whileLoop(
      (n, _x) => n.less(3),
      (n, x) => {
        const next = v.assign(v.mul(2)) as unknown as { readonly op: tf.Operation };
        return tf.controlDependencies([next.op], () => [n.add(1), x.add(v)]);
      },
      [i(0), f(0)],
    )[1];
    const [busy] = stepsOf(planOf([doubled]), 'while') as LoopStep[];
    assert.is(busy.bodyPrologue, null);
    const variables = new Map([['Variable', scalar(2)]]);
    assert.equal(run([read], [], variables), [8]);
    assert.equal(run([doubled], [], variables), [4 + 8 + 16]);
  });
});

test('shapes of loop variables follow from what they enter with, as far as every round leaves them so', () => {
  within(() => {
    const x = tf.placeholder(tf.float32, [null, 3]);
    const [, same, grown] = tf.whileLoop(
      (n, _a, _b) => n.less(2),
      (n, a, b) => [n.add(1), tf.nn.relu(a), tf.concat([b, b], 0)],
      [i(0), x, x],
      { shapeInvariants: [[], [null, 3], [null, 3]] },
    );
    const { graph } = same;
    const request = {
      fetches: [same.endpoint, grown.endpoint],
      targets: [],
      feeds: [{ endpoint: x.endpoint, dtype: x.dtype, shape: [5, 3] }],
    };
    const { plan } = compile(graph.snapshot(), request, fakeTarget(), { evaluate, verify: true });
    assert.equal(
      plan.fetches.map((slot) => plan.slots[slot].shape),
      [
        [5, 3],
        [null, 3],
      ],
    );
    const [loop] = stepsOf(plan, 'while') as LoopStep[];
    assert.ok(
      loop.body.plan.slots.some(({ shape }) => shape?.[0] === 5),
      'the body knows the batch',
    );
  });
});

test('loops in loops and branches in loops compute what they say', () => {
  within(() => {
    const total = tf.whileLoop(
      (n, _s) => n.less(4),
      (n, s) => {
        const inner = tf.whileLoop(
          (k, _t) => k.less(n),
          (k, t) => [k.add(1), t.add(1)],
          [i(0), i(0)],
        )[1];
        return [
          n.add(1),
          tf.cond(
            tf.equal(tf.mod(n, 2), 0),
            () => s.add(inner),
            () => s.sub(inner),
          ),
        ];
      },
      [i(0), i(100)],
    )[1];
    assert.equal(run([total]), [100 + 0 - 1 + 2 - 3]);
  });
});

test('calls of functions are put in their place, whatever they call', () => {
  within(() => {
    const x = tf.placeholder(tf.float32, []);
    const y = tf.switchCase(i(1), [
      () => x,
      () =>
        tf.cond(
          tf.constant(true),
          () => x.add(1),
          () => x,
        ),
      () => x.mul(2),
    ]);
    assert.equal(kernels(planOf([y], [x])), ['AddV2']);
  });
});

test('the plan of a loop prints the plans of its functions below it', () => {
  within(() => {
    const [n] = tf.whileLoop(
      (k, _x) => k.less(3),
      (k, x) => [k.add(1), x],
      [i(0), i(7)],
      { name: 'count' },
    );
    const text = printPlan(planOf([n]));
    assert.match(text, /s\d = while \(s\d\) : i32\[\]/);
    assert.match(text, /\n {4}while\(0\)\n {8}s0 = const 3/);
    assert.match(text, /\n {4}do\(0\)\n/);
    assert.match(text, /# count\/count_body_\d+\/add/);
  });
});

test('a function without a body is an error that names it', () => {
  within(() => {
    const p = tf.placeholder(tf.bool, []);
    const y = tf.cond(
      p,
      () => f(1),
      () => f(2),
    );
    const { graph } = y;
    const snapshot = graph.snapshot();
    const node = [...snapshot.nodes()].find(({ op }) => op === 'StatelessIf') as { id: number };
    graph.extendOp(
      graph.operation(node.id),
      { ...graph.node(node.id).attrs, then_branch: { func: 'nowhere' } },
      graph.node(node.id).outputs,
    );
    assert.throws(() => planOf([y], [p]), /Function nowhere is not defined/);
    assert.ok(
      importGraph(snapshot, {
        fetches: [y.endpoint],
        targets: [],
        feeds: [{ endpoint: p.endpoint, dtype: p.dtype, shape: [] }],
      }),
    );
  });
});

test.run();
