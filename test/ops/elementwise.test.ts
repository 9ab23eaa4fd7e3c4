/**
 * The element-wise families beyond TensorFlow's recorded op cases: public functions against its recorded results, names
 * of ops and gradients, the operators of tensors, decompositions, folding, element types that the records leave out.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { tensorVocabulary } from '../../src/autodiff/graph-builder.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { crelu, softplus, swish } from '../../src/ops/activations.ts';
import { constant } from '../../src/ops/constants.ts';
import { emitOne } from '../../src/ops/emit.ts';
import * as ops from '../../src/ops/index.ts';
import { type OpView, opDefs } from '../../src/ops/opdef/define.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { constantValue } from '../../src/ops/static-value.ts';
import * as d from '../../src/util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { evaluate, interpret, runOp } from '../support/interpret.ts';

const test = suite('ops/elementwise');

function array(
  dtype: d.DType,
  values: readonly (number | bigint)[],
  shape: readonly number[] = [values.length],
): NdArray {
  const data = allocate(dtype, values.length) as NumericData;
  values.forEach((v, i) => {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(v);
    else data[i] = Number(v);
  });
  return new NdArray(dtype, shape, data);
}

const inGraph = <R>(body: (graph: Graph) => R): R => new Graph().asDefault(body);
const run = (type: string, inputs: NdArray[], attrs = {}) => [...(runOp(type, inputs, attrs)[0].data as Int32Array)];
const nodes = (graph: Graph) =>
  graph.getOperations().map((op) => [op.name, op.type, op.inputs.map((t) => t.op.name)] as const);

// Public functions

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly GoldenArray[];
  readonly grads?: readonly { grad: GoldenArray | null }[];
}

const functions: Readonly<Record<string, (x: Tensor[], args: ApiCase['args']) => readonly (Tensor | ops.Clipped)[]>> = {
  'tf.clip_by_norm': ([x], { n }) => [ops.clipByNorm(x, n)],
  'tf.clip_by_average_norm': ([x], { n }) => [ops.clipByAverageNorm(x, n)],
  'tf.clip_by_global_norm': (xs, { n }) => ops.clipByGlobalNorm(xs, n).flat(),
  'tf.global_norm': (xs) => [ops.globalNorm(xs)],
  'tf.scalar_mul': ([x], { k }) => [ops.scalarMul(k, x)],
  'tf.squared_difference': ([a, b]) => [ops.squaredDifference(a, b)],
  'tf.bitcast': ([x]) => [ops.bitcast(x, d.int32)],
  'tf.div_no_nan': ([a, b]) => [ops.divNoNan(a, b)],
  'operator //': ([a, b]) => [a.floordiv(b)],
  'operator %': ([a, b]) => [a.mod(b)],
  'operator / on ints': ([a, b]) => [a.div(b)],
  'tf.div on ints': ([a, b]) => [ops.div(a, b)],
  'operator **': ([a, b]) => [a.pow(b)],
  'operator ~ & | ^': ([a, b]) => [a.logicalNot(), a.logicalAnd(b), a.logicalOr(b), a.logicalXor(b)],
  'abs neg': ([a]) => [a.abs(), a.neg()],
  'tf.saturate_cast': ([x], { dtype }) => [ops.saturateCast(x, dtype)],
  'tf.to_float': ([x]) => [ops.toFloat(x)],
  'tf.to_int32': ([x]) => [ops.toInt32(x)],
  'tf.to_int64': ([x]) => [ops.toInt64(x)],
  'tf.to_double': ([x]) => [ops.toDouble(x)],
  'tf.to_bfloat16': ([x]) => [ops.toBfloat16(x)],
  'tf.nn.crelu': ([x]) => [crelu(x)],
  'tf.nn.swish': ([x]) => [swish(x)],
};

for (const group of ['api', 'cast', 'norm']) {
  const text = readFileSync(new URL(`../goldens/ops/${group}.json`, import.meta.url), 'utf8');
  for (const c of (JSON.parse(text) as { cases: ApiCase[] }).cases) {
    const call = functions[c.api];
    if (!call) continue;
    test(`${c.id} ${c.api}`, () =>
      inGraph((graph) => {
        const feeds = new Map<Tensor, NdArray>();
        const inputs = c.inputs.map((input) => {
          const value = fromGolden(input);
          const tensor = placeholder(value.dtype, value.shape);
          feeds.set(tensor, value);
          return tensor;
        });
        const outputs = call(inputs, c.args) as Tensor[];
        const results = interpret(graph.snapshot(), outputs, { feeds });
        results.forEach((result, i) => {
          assert.is(difference(result, fromGolden(c.outputs[i]), FORWARD), null);
        });
        if (!c.grads || !c.grad_weights) return;
        const gradYs = c.grad_weights.map((w) => constant(fromGolden(w)));
        const found = gradients(outputs, inputs, { gradYs }) as Tensor[];
        const slopes = interpret(graph.snapshot(), found, { feeds });
        c.grads.forEach(({ grad }, i) => {
          if (grad) assert.is(difference(slopes[i], fromGolden(grad), GRADIENT), null, `gradient ${i}`);
        });
      }));
  }
}

// Names

interface NamesProgram {
  readonly id: number;
  readonly ops: readonly (readonly [string, string, readonly string[]])[];
}
const names = JSON.parse(readFileSync(new URL('../goldens/programs/names.json', import.meta.url), 'utf8')) as {
  programs: NamesProgram[];
};
const expectedNodes = (id: number) => names.programs.find((p) => p.id === id)?.ops;

test('names program 3: the operators of tensors', () =>
  inGraph((graph) => {
    const x = placeholder(d.float32, [], 'x');
    const sum = x.mul(2).add(1);
    sum.sub(ops.truediv(3, x)).neg();
    x.pow(2);
    x.greater(1);
    x.abs();
    const v = placeholder(d.float32, [3], 'v');
    v.slice(0);
    v.slice({ start: 1 });
    v.mod(2);
    v.floordiv(2);
    assert.equal(nodes(graph), expectedNodes(3));
  }));

test('names program 4: the gradient of a product of one shape', () =>
  inGraph((graph) => {
    const x = placeholder(d.float32, [2, 3], 'x');
    gradients(ops.reduceSum(ops.tanh(x).mul(x)), x);
    assert.equal(nodes(graph), expectedNodes(4));
  }));

test('integer division casts inside its own scope', () =>
  inGraph((graph) => {
    const x = placeholder(d.int32, [2], 'x');
    assert.is(x.div(2).dtype, d.float64);
    assert.equal(
      nodes(graph).map(([name, type]) => `${name} ${type}`),
      ['x Placeholder', 'truediv/y Const', 'truediv/Cast Cast', 'truediv/Cast_1 Cast', 'truediv RealDiv'],
    );
  }));

/** Names of the ops under a scope, as TensorFlow 2.21 builds them. */
function builtNames(
  build: (x: Tensor, y: Tensor) => unknown,
  scope: RegExp,
  shapes = [
    [2, 2],
    [2, 2],
  ],
): string[] {
  return inGraph((graph) => {
    build(placeholder(d.float32, shapes[0], 'x'), placeholder(d.float32, shapes[1], 'y'));
    return graph.getOperations().flatMap((op) => (scope.test(op.name) ? [op.name] : []));
  });
}

test('clipping builds the ops of TensorFlow', () => {
  const under = (scope: string, list: string) => list.split(' ').map((n) => (n === '.' ? scope : `${scope}/${n}`));
  assert.equal(
    builtNames((x) => ops.clipByValue(x, -0.1, 0.1), /^clip/),
    under('clip_by_value', 'Minimum/y Minimum y .'),
  );
  assert.equal(
    builtNames((x) => ops.clipByNorm(x, 0.5), /^clip/),
    under(
      'clip_by_norm',
      'mul Const Sum Greater/y Greater ones_like/Shape/shape_as_tensor ones_like/Const ones_like Select Sqrt Select_1 mul_1/y mul_1 Maximum/y Maximum truediv .',
    ),
  );
  assert.equal(
    builtNames((x, y) => ops.clipByGlobalNorm([x, y], 1), /^(clip|global)/),
    [
      ...under('global_norm', 'L2Loss L2Loss_1 stack Const Sum Const_1 mul global_norm'),
      ...under(
        'clip_by_global_norm',
        'truediv/x truediv Const truediv_1/y truediv_1 Minimum mul/x mul sub add mul_1 clip_by_global_norm/_0 mul_2 clip_by_global_norm/_1',
      ),
    ],
  );
});

test('gradients of binary ops build what TensorFlow builds for the same static shapes', () => {
  const gradNames = (build: (x: Tensor, y: Tensor) => Tensor, shapes: number[][], op: string) =>
    builtNames((x, y) => gradients(build(x, y), [x, y]), new RegExp(`^gradients/${op}_grad/`), shapes)
      .map((name) => name.slice(`gradients/${op}_grad/`.length))
      .filter((name) => !name.startsWith('tuple'))
      .join(' ');
  const same = [[3], [3]];
  const last = [
    [1, 3, 4],
    [1, 3, 1],
  ];
  const fraction = 'RealDiv Neg RealDiv_1 RealDiv_2 mul Shape Shape_1 Sum/reduction_indices Sum Reshape';
  assert.is(
    gradNames((x, y) => x.add(y), same, 'add'),
    '',
  );
  assert.is(
    gradNames((x, y) => x.sub(y), same, 'sub'),
    'Neg',
  );
  assert.is(
    gradNames((x, y) => x.add(y), last, 'add'),
    'Shape Shape_1 Sum/reduction_indices Sum Reshape',
  );
  assert.is(
    gradNames((x, y) => x.div(y), [[2, 3], []], 'truediv'),
    fraction,
  );
  assert.is(
    gradNames((x, y) => ops.squaredDifference(x, y), last, 'SquaredDifference'),
    'scalar Mul sub mul_1 Neg Shape Shape_1 Sum/reduction_indices Sum Reshape',
  );
  assert.is(
    gradNames((x, y) => x.pow(y), [[2, 2], []], 'pow'),
    'mul sub/y sub Pow mul_1 Greater/y Greater ones_like/Shape/shape_as_tensor ones_like/Const ones_like Select Log zeros_like Select_1 mul_2 mul_3 Shape Shape_1 Sum/reduction_indices Sum Reshape',
  );
  assert.is(
    gradNames((x) => ops.erf(x), same, 'Erf'),
    'Const mul Square Neg Exp mul_1',
  );
  assert.is(
    gradNames((x) => softplus(x), same, 'Softplus'),
    'Sigmoid mul',
  );
  assert.is(
    gradNames((x) => ops.log1p(x), same, 'Log1p'),
    'add/x add Reciprocal mul',
  );
});

test('an unknown dimension is broadcast at run time', () =>
  inGraph((graph) => {
    const x = placeholder(d.float32, [null, 3]);
    const y = placeholder(d.float32, [null, 3]);
    const [dx, dy] = gradients(x.mul(y), [x, y]) as Tensor[];
    assert.ok(graph.getOperations().some((op) => op.type === 'BroadcastGradientArgs'));
    const feeds = new Map([
      [x, array(d.float32, [1, 2, 3, 4, 5, 6], [2, 3])],
      [y, array(d.float32, [1, 10, 100], [1, 3])],
    ]);
    const [gx, gy] = interpret(graph.snapshot(), [dx, dy], { feeds });
    assert.equal([...(gx.data as Float32Array)], [1, 10, 100, 1, 10, 100]);
    assert.equal([...(gy.data as Float32Array)], [5, 7, 9]);
    assert.equal(gy.shape, [1, 3]);
  }));

// Decomposition and folding

test('decompositions compute what the host kernels compute', () => {
  const values = [-7.5, -2, -0.5, 0, 0.25, 1, 3, 6.5, 30];
  const a = array(d.float64, values);
  const b = array(d.float64, [...values].reverse());
  const families = /^(Sign|Relu6?|Softsign|.*Grad|Maximum|Minimum|DivNoNan|MulNoNan)$/;
  const compared: string[] = [];
  for (const def of opDefs()) {
    const isMine = families.test(def.name) && def.inputs.every((arg) => arg.typeAttr === 'T') && def.inputs.length <= 2;
    if (!def.decompose || !isMine || !def.attrs.every((attr) => attr.name === 'T' || attr.name === 'alpha')) continue;
    inGraph(() => {
      const inputs = [a, b].slice(0, def.inputs.length).map((value) => constant(value));
      const whole = emitOne(def.name, inputs);
      const view: OpView<Tensor> = {
        type: def.name,
        name: 'op',
        inputs,
        outputs: [whole],
        attr: <T>(name: string) => whole.op.getAttr(name) as T,
      };
      const [parts] = def.decompose?.(view, tensorVocabulary) ?? [];
      assert.ok(parts, def.name);
      assert.is(difference(evaluate(parts), evaluate(whole), FORWARD), null, def.name);
    });
    compared.push(def.name);
  }
  assert.ok(compared.length >= 16, compared.join());
});

test('the select form of Maximum keeps NaN on either side', () => {
  const x = array(d.float32, [Number.NaN, 1, 1, 2]);
  const y = array(d.float32, [1, Number.NaN, 2, 1]);
  assert.equal(run('Maximum', [x, y]), [Number.NaN, Number.NaN, 2, 2]);
  assert.equal(run('Minimum', [x, y]), [Number.NaN, Number.NaN, 1, 1]);
});

test('arithmetic on small integer constants is folded', () =>
  inGraph(() => {
    const x = constant([7, -7], d.int32);
    const value = (t: Tensor) => constantValue(t)?.array();
    assert.equal(value(x.add(1)), [8, -6]);
    assert.equal(value(x.floordiv(2)), [3, -4]);
    assert.equal(value(x.mod(4)), [3, 1]);
    assert.equal(value(x.mul(constant([[2], [3]], d.int32))), [
      [14, -14],
      [21, -21],
    ]);
    assert.equal(value(ops.cast(x, d.int64)), [7, -7]);
    assert.is(value(x.floordiv(0)), undefined);
    assert.is(value(constant(2 ** 30, d.int32).mul(4)), undefined);
  }));

// Element types

test('integers wrap at their width', () => {
  assert.equal(run('AddV2', [array(d.int8, [127]), array(d.int8, [1])]), [-128]);
  assert.equal(run('Mul', [array(d.uint32, [0xffffffff]), array(d.uint32, [0xffffffff])]), [1]);
  assert.equal(run('Mul', [array(d.int32, [2 ** 31 - 1]), array(d.int32, [2 ** 31 - 1])]), [1]);
  assert.equal(run('Sub', [array(d.uint8, [1]), array(d.uint8, [2])]), [255]);
  assert.equal(run('Mul', [array(d.int64, [2n ** 62n]), array(d.int64, [2])]), [-(2n ** 63n)]);
  assert.equal(run('Abs', [array(d.int32, [-(2 ** 31)])]), [-(2 ** 31)]);
  assert.equal(run('Pow', [array(d.int32, [3]), array(d.int32, [21])]), [Number(BigInt.asIntN(32, 3n ** 21n))]);
});

test('half floats are rounded after each op', () => {
  assert.equal(run('AddV2', [array(d.float16, [2048]), array(d.float16, [1])]), [2048]);
  assert.equal(run('AddV2', [array(d.bfloat16, [256]), array(d.bfloat16, [1])]), [256]);
  assert.equal(run('Mul', [array(d.float16, [65504]), array(d.float16, [2])]), [Infinity]);
});

test('64-bit integers become float32 in one rounding', () => {
  // Between two floats, a little above the midpoint: rounding to a double first would lose that little.
  const x = 2n ** 60n + 2n ** 36n + 1n;
  assert.equal(run('Cast', [array(d.int64, [x, -x])], { DstT: d.float32 }), [2 ** 60 + 2 ** 37, -(2 ** 60 + 2 ** 37)]);
});

test('float16 bits', () => {
  const values = [1, -2, 65504, 2 ** -24, 2 ** -14, Infinity, 0.333251953125];
  const bits = [0x3c00, 0xc000, 0x7bff, 1, 0x400, 0x7c00, 0x3555];
  assert.equal(run('Bitcast', [array(d.float16, values)], { type: d.uint16 }), bits);
  assert.equal(run('Bitcast', [array(d.uint16, bits)], { type: d.float16 }), values);
});

test('strings are joined and compared by bytes', () =>
  inGraph(() => {
    const x = constant(['a', 'bc']);
    assert.equal(evaluate(ops.add(x, '!')).array(), ['a!', 'bc!']);
    assert.equal(evaluate(x.equal('bc')).array(), [false, true]);
  }));

test('shapes that do not fit make unequal arrays where the attribute allows it', () =>
  inGraph(() => {
    const [x, y] = [constant([1, 2]), constant([1, 2, 3])];
    const equal = emitOne('Equal', [x, y], { incompatible_shape_error: false });
    const notEqual = emitOne('NotEqual', [x, y], { incompatible_shape_error: false });
    assert.equal(equal.shape, []);
    assert.equal(evaluate(equal).array(), false);
    assert.equal(evaluate(notEqual).array(), true);
  }));

test('slices: dense form, casts and clipping', () =>
  inGraph((graph) => {
    const values = constant([
      [3, 4],
      [0, 1],
      [1, 1],
    ]);
    const slices = new ops.IndexedSlices(values, constant([2, 0, 2], d.int32), constant([3, 2], d.int32));
    assert.equal(slices.shape, [3, 2]);
    assert.equal(evaluate(slices.asTensor()).array(), [
      [0, 1],
      [0, 0],
      [4, 5],
    ]);
    assert.ok(graph.getOperations().some((op) => op.name === 'UnsortedSegmentSum'));
    assert.is(ops.cast(slices, d.float64).dtype, d.float64);
    assert.equal(evaluate(ops.clipByValue(slices, 0, 2).values).array(), [
      [2, 2],
      [0, 1],
      [1, 1],
    ]);
    const [clipped, norm] = ops.clipByGlobalNorm([slices, null], 1);
    assert.ok(clipped[0] instanceof ops.IndexedSlices);
    assert.is(clipped[1], null);
    assert.ok(Math.abs(Number(evaluate(norm)) - Math.sqrt(28)) < 1e-5);
    const bare = new ops.IndexedSlices(values, constant([0, 1, 2], d.int32));
    assert.throws(() => bare.asTensor(), /without dense_shape/);
  }));

test('the run-time errors of shapes', () =>
  inGraph((graph) => {
    const x = placeholder(d.float32, [null]);
    const y = placeholder(d.float32, [null]);
    const feeds = new Map([
      [x, array(d.float32, [1, 2])],
      [y, array(d.float32, [1, 2, 3])],
    ]);
    const sums = [x.add(y), ops.addN([x, y])];
    const attempt = (i: number) => () => interpret(graph.snapshot(), [sums[i]], { feeds });
    assert.throws(attempt(0), /Incompatible shapes: \[2\] vs\. \[3\]/);
    assert.throws(attempt(1), /must have the same size and shape. {2}Input 0: \[2\] != input 1: \[3\]/);
  }));

test.run();
