/** What is known of the elements of lists: shapes in the bodies of gradients of loops, and where nothing is to be known. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../compiler/compile.ts';
import { Facts } from '../../compiler/ir/context.ts';
import { commonElements, sameElements } from '../../compiler/ir/list-elements.ts';
import type { LoopStep } from '../../compiler/plan/plan.ts';
import { evaluate } from '../../runtime/host/evaluate.ts';
import * as tf from '../../src/index.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { fakeTarget } from './fake-target.ts';

const within = <R>(build: () => R): R => new tf.Graph().asDefault(build);
const int = (value: number) => tf.constant(value, tf.int32);

/** The module of the fetches after shapes were bound; no other pass has run. */
function specialised(fetches: readonly tf.Tensor[], feeds: readonly (readonly [tf.Tensor, readonly number[]])[] = []) {
  const { stages, plan } = compile(
    fetches[0].graph.snapshot(),
    {
      fetches: fetches.map(({ endpoint }) => endpoint),
      targets: [],
      feeds: feeds.map(([{ endpoint, dtype }, shape]) => ({ endpoint, dtype, shape: [...shape] })),
    },
    fakeTarget(),
    { evaluate, verify: true },
  );
  const { module } = stages.find(({ pass }) => pass === 'specialise') as (typeof stages)[number];
  return { module, plan };
}

/** The shape and the value that are known of each. */
function knownOf(tensors: readonly tf.Tensor[], feeds: readonly (readonly [tf.Tensor, readonly number[]])[] = []) {
  const { module } = specialised(tensors, feeds);
  const facts = new Facts(module.nodes);
  return module.fetches.map((fetch) => [facts.spec(fetch).shape, facts.constant(fetch)?.array() ?? null] as const);
}

const F = { element_dtype: tf.float32 };
const I = { element_dtype: tf.int32 };
type Of = { readonly element_dtype: tf.DType };
const any = () => tf.constant(-1, tf.int32);
const empty = (attrs: Of) => emitOne('EmptyTensorList', [any(), any()], { ...attrs, shape_type: tf.int32 });
const push = (list: tf.Tensor, item: tf.Tensor) =>
  emitOne('TensorListPushBack', [list, item], { element_dtype: item.dtype });
const pop = (list: tf.Tensor, attrs: Of) => emit('TensorListPopBack', [list, any()], attrs).outputs[1];
const get = (list: tf.Tensor) => emitOne('TensorListGetItem', [list, int(0), any()], F);
const rows = (x: tf.Tensor) => emitOne('TensorListFromTensor', [x, any()], { ...F, shape_type: tf.int32 });

test('what is taken has the shape of what was written', () => {
  within(() => {
    const x = tf.placeholder(tf.float32, [null, 2]);
    const y = tf.placeholder(tf.float32, [null, 2]);
    const once = push(empty(F), x);
    const reserved = emitOne('TensorListReserve', [any(), int(3)], { ...F, shape_type: tf.int32 });
    const set = (list: tf.Tensor, options = {}) =>
      emitOne('TensorListSetItem', [list, int(1), x], { ...F, ...options });
    const stacked = emitOne('TensorListStack', [set(reserved), any()], { ...F, num_elements: -1 });
    const known = knownOf(
      [
        pop(once, F),
        pop(push(once, y), F),
        pop(tf.zerosLike(once), F),
        get(rows(x)),
        get(set(reserved)),
        get(set(once)),
        get(set(once, { resize_if_index_out_of_bounds: true })),
        get(emitOne('TensorListResize', [once, int(4)], {})),
        stacked,
      ],
      [
        [x, [3, 2]],
        [y, [4, 2]],
      ],
    );
    assert.equal(
      known.map(([shape]) => shape),
      [[3, 2], [null, 2], [3, 2], [2], null, [3, 2], null, null, [null, 3, 2]],
    );
  });
});

test('what is taken has the value that was written each time, and only then', () => {
  within(() => {
    const x = tf.placeholder(tf.float32, [null, 2]);
    const y = tf.placeholder(tf.float32, [null, 2]);
    const shapes = push(push(empty(I), tf.shape(x)), tf.shape(x));
    const long = push(empty(I), tf.zeros([100], tf.int32));
    const known = knownOf(
      [pop(shapes, I), pop(push(shapes, tf.shape(y)), I), pop(tf.zerosLike(shapes), I), pop(long, I)],
      [
        [x, [3, 2]],
        [y, [4, 2]],
      ],
    );
    assert.equal(
      known.map(([, value]) => value),
      [[3, 2], null, null, null],
    );
  });
});

test('bodies of gradients know the shapes that the rounds left', () => {
  within(() => {
    const x = tf.placeholder(tf.float32, [null, 2]);
    const w = tf.placeholder(tf.float32, [2, 2]);
    const [, y] = tf.whileLoop(
      (i, _y) => i.less(3),
      (i, y) => [i.add(1), tf.tanh(tf.matmul(y, w)).add(x)],
      [int(0), x],
    );
    const [dw] = tf.gradients(y, w) as tf.Tensor[];
    const { plan } = specialised(
      [dw],
      [
        [x, [5, 2]],
        [w, [2, 2]],
      ],
    );
    const loops = plan.instructions.filter((step): step is LoopStep => step.kind === 'while');
    const kernels = loops.flatMap(({ body }) =>
      body.plan.instructions.flatMap((step) => ('kernel' in step ? [step.kernel as string] : [])),
    );
    assert.ok(kernels.length > 0);
    // Without the shapes each sum of a gradient would find out in the run along which axes.
    assert.not.ok(kernels.includes('BroadcastGradientArgs'), kernels.join());
  });
});

test('a shape that grows from round to round stays unknown, also in the gradient', async () => {
  const graph = new tf.Graph();
  const [y, dx] = graph.asDefault(() => {
    const x = tf.constant([1, 2]);
    const [, y] = tf.whileLoop(
      (i, _y) => i.less(3),
      (i, y) => [i.add(1), tf.concat([y, y.mul(y)], 0)],
      [int(0), x],
      { shapeInvariants: [[], [null]] },
    );
    return [y, ...tf.gradients(y, x)] as tf.Tensor[];
  });
  for (const backend of ['cpu', 'wasm']) {
    using session = new tf.Session({ graph, config: { backend } });
    const [values, slopes] = await session.run([y, dx]);
    // Each round doubles the list: x to the powers 1, 2 · 2, 4 · …
    const powers = [1, 2, 2, 4, 2, 4, 4, 8];
    const sum = (body: (p: number) => number) => powers.reduce((total, p) => total + body(p), 0);
    assert.equal(
      values.array(),
      powers.flatMap((p) => [1, 2 ** p]),
    );
    assert.equal(slopes.array(), [sum((p) => p), sum((p) => p * 2 ** (p - 1))]);
  }
});

const numbers = (...values: number[]) => new NdArray(tf.int32, [values.length], Int32Array.from(values));

test('of lists that are joined holds what holds of both', () => {
  const none = { shape: 'none', isWhole: true } as const;
  const value = numbers(2, 3);
  const pair = { shape: [2], isWhole: true, value };
  assert.equal(commonElements(none, pair), pair);
  assert.equal(commonElements(pair, { ...pair, value: numbers(2, 3) }), pair);
  assert.is(commonElements(pair, { ...pair, value: numbers(2, 4) })?.value, null);
  assert.equal(commonElements(pair, { shape: [3], isWhole: false }), { shape: [null], isWhole: false, value: null });
  assert.equal(commonElements(pair, { shape: [2, 2], isWhole: true })?.shape, null);
  assert.is(commonElements(pair, undefined), undefined);
  assert.not.ok(sameElements(none, { ...none, isWhole: false }));
  assert.not.ok(sameElements(none, pair));
});

test.run();
