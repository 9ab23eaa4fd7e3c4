/**
 * Functional layers against TensorFlow: names, collections, values, gradients and updates of every case of
 * `goldens/layers.json`. Sharing and failures are in `sharing.test.ts` and `errors.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { GraphKeys } from '../../src/graph/graph-keys.ts';
import { constant, placeholder, reduceSum } from '../../src/ops/index.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { assign, globalVariables, trainableVariables, type Variable } from '../../src/variables/index.ts';
import { difference, FORWARD, GRADIENT, type Tolerance } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { callLayer, factorOf, golden, inputOf, type LayerCase, weightOf } from './golden.ts';

const test = suite('tf.layers values');
const check = leakChecked(test);

function titleOf(c: LayerCase): string {
  return `${c.function} of [${c.shape}] ${JSON.stringify(c.options)}`;
}

interface Built {
  readonly graph: Graph;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly variables: readonly Variable[];
}

function build(c: LayerCase): Built {
  const graph = new Graph();
  return graph.asDefault(() => {
    const x = placeholder(float32, [null, ...c.shape.slice(1)], { name: 'x' });
    const y = callLayer(c.function, x, c.options);
    return { graph, x, y, variables: globalVariables() };
  });
}

const named = (items: readonly unknown[]): string[] => items.map((item) => (item as { readonly name: string }).name);

/**
 * Names with what is known to differ taken out: reads of variables stand where the op that needs them is built;
 * convolutions say their dilation instead of rearranging the input; and TensorFlow leaves a slice behind that nothing
 * reads.
 */
function comparable(c: LayerCase, ops: readonly (readonly [string, string])[]): string[] {
  const dilated = 'dilation_rate' in c.options;
  return ops
    .filter(([, type]) => type !== 'ReadVariableOp')
    .filter(([name]) => !dilated || !/Conv[12]D\/(?!ExpandDims|Squeeze)/.test(name))
    .filter(([name]) => c.function !== 'conv2d_transpose' || !name.includes('strided_slice_1'))
    .map(([name, type]) => `${name} ${type}`)
    .sort();
}

test('names, shapes and collections are as in TensorFlow', () => {
  for (const c of golden.cases) {
    const { graph, y, variables } = build(c);
    const title = titleOf(c);
    graph.asDefault(() => {
      assert.equal(
        variables.map(({ name, shape }) => [name, shape]),
        c.variables,
        title,
      );
      assert.equal(named(trainableVariables()), c.trainable, title);
      assert.equal(named(graph.getCollection(GraphKeys.REGULARIZATION_LOSSES)), c.losses, title);
      assert.equal(named(graph.getCollection(GraphKeys.UPDATE_OPS)), c.updates, title);
      assert.is(y.name, c.output.replace('/BatchToSpaceND', ''), title);
      assert.equal(y.shape, c.static, title);
    });
  }
});

test('ops are those of TensorFlow', () => {
  for (const c of golden.cases) {
    const own = build(c).graph.getOperations();
    const ours = own
      .filter(({ name }) => !name.includes('/Initializer/'))
      .map(({ name, type }) => [name, type] as const);
    assert.equal(comparable(c, ours), comparable(c, c.ops), titleOf(c));
  }
});

function agree(actual: NdArray, data: readonly number[], tolerance: Tolerance, what: string): void {
  const expected = new NdArray(float32, actual.shape, Float32Array.from(data));
  assert.is(actual.data.length, data.length, what);
  assert.is(difference(actual, expected, tolerance), null, what);
}

for (const backend of ['cpu', 'wasm']) {
  check(`values, gradients and updates are TensorFlow's (${backend})`, async () => {
    for (const c of golden.cases) {
      if (!c.value) continue;
      const title = titleOf(c);
      const { graph, x, y, variables } = build(c);
      const inside = graph.asDefault(() => ({
        assigns: variables.map((v, k) => assign(v, constant(weightOf(v.shape as number[], k, v.name)))),
        slopes: gradients(reduceSum(y.mul(constant(factorOf(c.value?.shape ?? [])))), [x, ...trainableVariables()]),
        losses: graph.getCollection(GraphKeys.REGULARIZATION_LOSSES) as Tensor[],
        updates: graph.getCollection(GraphKeys.UPDATE_OPS),
      }));
      const session = new Session({ graph, config: { backend } });
      try {
        const feed = { feedDict: [[x, inputOf(c.shape)]] } as never;
        await session.run(inside.assigns);
        const value = (await session.run(y, feed)) as unknown as NdArray;
        assert.equal(value.shape, c.value.shape, title);
        agree(value, c.value.data, FORWARD, title);
        const losses = (await session.run(inside.losses, feed)) as unknown as NdArray[];
        for (const [i, loss] of losses.entries())
          agree(loss, [(c.loss_values as number[])[i]], FORWARD, `${title}: loss ${i}`);
        const slopes = (await session.run(inside.slopes as Tensor[], feed)) as unknown as NdArray[];
        for (const [i, slope] of slopes.entries())
          agree(slope, (c.gradients ?? [])[i], GRADIENT, `${title}: gradient ${i}`);
        if (!c.after) continue;
        await session.run(inside.updates as never, feed);
        const after = (await session.run([...variables])) as NdArray[];
        for (const [i, v] of after.entries())
          agree(v, (c.after ?? [])[i], FORWARD, `${title}: ${variables[i].name} after updates`);
      } finally {
        session.close();
      }
    }
  });
}

test.run();
