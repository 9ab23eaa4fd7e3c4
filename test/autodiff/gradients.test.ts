/**
 * `tf.gradients` and its relatives: the cases of TensorFlow's own tests (named by their number), errors, finite
 * differences. Cases on conditionals, loops and functions (269, 271, 273 to 287) belong to control flow, and are not here.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AggregationMethod } from '../../src/autodiff/aggregate.ts';
import { customGradient } from '../../src/autodiff/custom-gradient.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { hessians } from '../../src/autodiff/hessians.ts';
import { noGradient, RegisterGradient, registerGradient } from '../../src/autodiff/registry.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { add, multiply } from '../../src/ops/arithmetic.ts';
import { constant } from '../../src/ops/constants.ts';
import { tuple } from '../../src/ops/control.ts';
import { convertToTensor, emitOne } from '../../src/ops/emit.ts';
import { gather } from '../../src/ops/gather.ts';
import { identity, stopGradient } from '../../src/ops/identity.ts';
import { IndexedSlices } from '../../src/ops/indexed-slices.ts';
import { split } from '../../src/ops/joining.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { reduceSum } from '../../src/ops/reductions.ts';
import { exp, floor, sin, square, tanh } from '../../src/ops/unary-math.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { complex64, float32, float64, int32 } from '../../src/util/dtype.ts';
import { KeyError, LookupError, TypeError, ValueError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { Variable } from '../../src/variables/index.ts';
import { evaluate, interpret } from '../support/interpret.ts';

/** Runs a test in a graph of its own. */
function inGraph(name: string, body: (graph: Graph) => void): void {
  test(name, () => {
    const graph = new Graph();
    graph.asDefault(() => body(graph));
  });
}

function values(tensors: readonly unknown[], feeds?: ReadonlyMap<Tensor, NdArray>): unknown[] {
  return tensors.map((t) => (t === null ? null : evaluate(t as Tensor, { feeds }).array()));
}

/** The error of a call that must fail and leave the graph as it was. */
function failure(graph: Graph, call: () => unknown): Error {
  const { size } = graph;
  const preview = graph.uniqueName('gradients', false);
  try {
    call();
  } catch (error) {
    assert.is(graph.size, size, 'ops are left behind');
    assert.is(graph.uniqueName('gradients', false), preview, 'a name is left behind');
    return error as Error;
  }
  throw new Error('The call was expected to fail.');
}

inGraph('case 253: an output that nothing depends on contributes zeros', () => {
  const w = constant(1, { shape: [2, 2] });
  const x = constant(1, { shape: [2, 2] });
  const product = matmul(x, w);
  const [, second] = split(product, 2, 0);
  const [dw] = gradients(reduceSum(second), w);
  assert.is((dw as Tensor).op.type, 'MatMul');
  assert.equal(values([dw]), [
    [
      [1, 1],
      [1, 1],
    ],
  ]);
});

inGraph('case 255: the ways of adding up agree', () => {
  for (const method of Object.values(AggregationMethod)) {
    const x = constant(1);
    const y = multiply(x, 2);
    let z: Tensor = add(y, y);
    for (let i = 0; i < 8; i++) z = add(z, y);
    assert.equal(values(gradients(z, [x, y], { aggregationMethod: method })), [20, 10]);
  }
});

inGraph('case 257: total and partial derivatives', () => {
  const x = constant(1);
  const y = x.mul(2);
  const z = x.add(y);
  assert.equal(values(gradients(z, [x, y])), [3, 1]);
  assert.equal(values(gradients(z, [x, y], { stopGradients: [x, y] })), [1, 1]);
});

inGraph('case 259: nothing flows through stopGradient', () => {
  const x = constant(1, { shape: [100, 32] });
  assert.equal(gradients(stopGradient(x), x), [null]);
});

inGraph('case 261: slices pass through identity unchanged', () => {
  const x = placeholder(float32);
  const y = identity(x);
  const dy = new IndexedSlices(placeholder(float32), placeholder(int32));
  const [dx] = gradients(y, x, { gradYs: dy }) as IndexedSlices[];
  assert.instance(dx, IndexedSlices);
  assert.is(dx.denseShape, null);
  const feeds = new Map([
    [dy.values, toNdArray([[1, 2]])],
    [dy.indices, toNdArray([4], int32)],
  ]);
  assert.equal(values([dx.values, dx.indices], feeds), [[[1, 2]], [4]]);
});

inGraph('case 263: the reads of a variable, however it is read', (graph) => {
  const init = constant(100);
  const v = new Variable(init);
  for (const read of [v.readValue(), graph.asGraphElement(v) as Tensor, v.value(), identity(v)]) {
    const [dv] = gradients(read, v);
    assert.ok(dv);
    assert.equal(values([dv]), [1]);
  }
});

inGraph('case 265: hessians of quadratic forms', () => {
  const matrix = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 10],
  ];
  const form = (x: Tensor) => reduceSum(multiply(x, matmul(constant(matrix), x)));
  const symmetric = matrix.map((row, i) => row.map((m, j) => m + matrix[j][i]));
  const x = placeholder(float32, [3, 1]);
  const z = placeholder(float32, [3, 1]);
  const feeds = new Map([
    [x, toNdArray([[1], [2], [3]])],
    [z, toNdArray([[3], [2], [1]])],
  ]);
  const [hx, hz] = hessians(form(x).add(form(z).mul(2)), [x, z]);
  assert.equal(hx.shape, [3, 1, 3, 1]);
  const flat = (t: Tensor) => evaluate(emitOne('Reshape', [t, [3, 3]]), { feeds }).array();
  assert.equal(flat(hx), symmetric);
  assert.equal(
    flat(hz),
    symmetric.map((row) => row.map((m) => 2 * m)),
  );
  const m = placeholder(float32, [2, 3]);
  const [h] = hessians(reduceSum(square(m)), m);
  assert.equal(h.shape, [2, 3, 2, 3]);
  const two = evaluate(h, {
    feeds: new Map([
      [
        m,
        toNdArray([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ],
    ]),
  });
  assert.equal(
    Array.from(two.data as Float32Array),
    Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 2 : 0)),
  );
});

inGraph('hessians of an x of unknown shape are refused', (graph) => {
  const x = placeholder(float32, [null]);
  const y = reduceSum(square(x));
  assert.match(failure(graph, () => hessians(y, x)).message, 'static shape');
});

inGraph('case 267: a custom gradient, applied twice', () => {
  const square3 = customGradient((x) => [x.mul(x), (dy: Tensor) => dy.mul(3)]);
  const x = constant(3);
  assert.equal(values(gradients(square3(square3(x)), x)), [9]);
});

inGraph('a custom gradient of several arguments and results', () => {
  const f = customGradient((x, y) => [[x.mul(y), x.add(y)], (a: Tensor, b: Tensor) => [a.mul(10), b.mul(100)]]);
  const [x, y] = [constant(2), constant(5)];
  const [product, sum] = f(x, y);
  assert.equal(values([product, sum]), [10, 7]);
  assert.equal(values(gradients([product, sum], [x, y])), [10, 100]);
});

inGraph('a custom gradient of a function that reads a variable', (graph) => {
  const v = new Variable(2, { name: 'v' });
  const x = constant(3);
  const refused = customGradient((a) => [a.mul(v), (dy: Tensor) => dy]);
  const error = failure(graph, () => refused(x));
  assert.instance(error, TypeError);
  assert.match(error.message, "grad_fn must accept keyword argument 'variables'");
  const f = customGradient((a) => [a.mul(v), (dy: Tensor, _: { variables: unknown }) => [[dy.mul(7)], [dy.mul(11)]]]);
  assert.equal(values(gradients(f(x), [x, v])), [7, 11]);
});

inGraph('registered gradients, by type and by override', (graph) => {
  registerGradient('test/Tripled', (_op, grad) => (grad as Tensor).mul(3));
  RegisterGradient('test/Pair')((op, grad) => [(grad as Tensor).mul(op.inputs[1]), null]);
  const x = constant(2);
  const y = graph.gradientOverrideMap({ Identity: 'test/Tripled', Mul: 'test/Pair' }, () => identity(x).mul(5));
  assert.is(y.op.getAttr('_gradient_op_type'), 'test/Pair');
  assert.equal(values(gradients(y, x)), [15]);
  assert.throws(
    () => registerGradient('test/Tripled', () => null),
    (e: Error) => e instanceof KeyError,
  );
  assert.throws(
    () => registerGradient('Mul', () => null),
    (e: Error) => e instanceof KeyError,
  );
  noGradient('test/Opaque');
  const z = graph.gradientOverrideMap({ Identity: 'test/Opaque' }, () => identity(x));
  assert.equal(gradients(z, x), [null]);
});

inGraph('an override that is not registered, an op without gradient: LookupError', (graph) => {
  const x = constant(2);
  const y = graph.gradientOverrideMap({ Identity: 'test/Missing' }, () => identity(x, 'copy'));
  const z = tanh(y);
  const error = failure(graph, () => gradients(z, x));
  assert.instance(error, LookupError);
  assert.match(
    error.message,
    "No gradient defined for operation'copy' (op type: Identity). In general every operation",
  );
});

inGraph('grad_ys: the wrong number and the wrong types', (graph) => {
  const x = placeholder(float32, [2]);
  const y = x.mul(2);
  const two = [constant(1), constant(2)];
  const count = failure(graph, () => gradients(y, x, { gradYs: two }));
  assert.instance(count, ValueError);
  assert.is(count.message, 'Length mismatch. Passed 2 grad_ys for 1 ys');
  const text = constant('no');
  assert.match(failure(graph, () => gradients(y, x, { gradYs: [text] })).message, 'must be real or integer');
  const c = placeholder(complex64, []);
  assert.match(failure(graph, () => gradients(c, c)).message, 'must set grad_ys');
  assert.match(failure(graph, () => gradients(y, x, { aggregationMethod: 7 })).message, 'Invalid `aggregation_method`');
});

inGraph('tensors of two graphs do not mix', (graph) => {
  const x = constant(1);
  const y = new Graph().asDefault(() => constant(1));
  assert.match(failure(graph, () => gradients(x, y)).message, 'must be from the same graph');
});

inGraph('unconnected gradients: null or zeros', () => {
  const x = placeholder(float32, [2]);
  const z = placeholder(float32, [3]);
  const v = new Variable([[1, 2]]);
  assert.equal(gradients(x.mul(2), [z, v]), [null, null]);
  const zeros = gradients(x.mul(2), [z, v], { unconnectedGradients: 'zero' });
  assert.equal(values(zeros), [[0, 0, 0], [[0, 0]]]);
});

inGraph('integers are constants; a step function has no gradient or a zero one', () => {
  const i = placeholder(int32, []);
  const x = placeholder(float32, []);
  assert.equal(gradients(emitOne('Cast', [i], { DstT: float32 }), i), [null]);
  assert.equal(gradients(floor(x), x), [null]);
});

inGraph('several ys, also one that is an x', () => {
  const x = constant(3);
  const y = x.mul(x);
  assert.equal(values(gradients([y, x], [x, y])), [7, 1]);
  assert.equal(values(gradients(x, x)), [1]);
  assert.equal(values(gradients([y, y], x)), [12]);
});

inGraph('rows of a gather, alone, added up, and beside a dense gradient', () => {
  const table = new Variable([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const [one] = gradients(reduceSum(gather(table, [0, 2])), table) as IndexedSlices[];
  assert.equal(values([one.indices, one.values]), [
    [0, 2],
    [
      [1, 1],
      [1, 1],
    ],
  ]);
  const [both] = gradients(
    add(reduceSum(gather(table, [0, 2])), reduceSum(gather(table, [2]).mul(10))),
    table,
  ) as IndexedSlices[];
  assert.instance(both, IndexedSlices);
  assert.equal(values([convertToTensor(both)]), [
    [
      [1, 1],
      [0, 0],
      [11, 11],
    ],
  ]);
  const [dense] = gradients(add(reduceSum(gather(table, [1])), reduceSum(square(table.value()))), table);
  assert.not.instance(dense, IndexedSlices);
  const variables = new Map([
    [
      table.op.name,
      toNdArray([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ],
  ]);
  assert.equal(evaluate(dense as Tensor, { variables }).array(), [
    [2, 4],
    [7, 9],
    [10, 12],
  ]);
});

inGraph('gates, names and placement', (graph) => {
  const x = placeholder(float32, [2], { name: 'x' });
  const y = placeholder(float32, [2], { name: 'y' });
  const z = emitOne('Mul', [x, y], {}, 'z');
  const [dx] = gradients(z, [x, y], { name: 'back', gateGradients: true });
  assert.is((dx as Tensor).name, 'back/z_grad/tuple/control_dependency:0');
  assert.equal((dx as Tensor).op.getAttr('_class'), ['loc:@back/z_grad/Mul']);
  const [again] = tuple([dx as Tensor]);
  assert.equal(again.op.getAttr('_class'), ['loc:@back/z_grad/Mul']);
  const placed = graph.device('/device:CPU:1', () => emitOne('Mul', [x, y], {}, 'placed'));
  const [near] = gradients(placed, [x], { colocateGradientsWithOps: true }) as Tensor[];
  assert.equal(near.op.getAttr('_class'), ['loc:@placed']);
});

inGraph('a long chain is differentiated without recursion', () => {
  const x = placeholder(float32, []);
  let y: Tensor = x;
  for (let i = 0; i < 20000; i++) y = emitOne('Neg', [y]);
  const [dx] = gradients(y, x);
  assert.equal(interpret(y.graph.snapshot(), [dx as Tensor], { feeds: new Map([[x, toNdArray(1)]]) })[0].item(), 1);
});

inGraph('against finite differences, first and second', () => {
  const x = placeholder(float64, [3]);
  const y = reduceSum(exp(sin(x)).mul(tanh(x)).add(square(x)));
  const first = gradients(y, x)[0] as Tensor;
  const weights = constant([1, -2, 0.5], float64);
  const second = gradients(reduceSum(first.mul(weights)), x)[0] as Tensor;
  const at = [0.3, -0.7, 1.1];
  const run = (t: Tensor, point: readonly number[]) =>
    evaluate(t, { feeds: new Map([[x, toNdArray(point, float64)]]) });
  const numeric = (t: Tensor, i: number) => {
    const shifted = (h: number) =>
      Number(
        run(
          t,
          at.map((v, k) => (k === i ? v + h : v)),
        ).item(),
      );
    return (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
  };
  const weighted = reduceSum(first.mul(weights));
  at.forEach((_, i) => {
    assert.ok(Math.abs(numeric(y, i) - Number(run(first, at).at(i))) < 1e-8);
    assert.ok(Math.abs(numeric(weighted, i) - Number(run(second, at).at(i))) < 1e-8);
  });
});

test.run();
