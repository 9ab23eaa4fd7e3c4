/** What can be fed, under which keys, and what is refused. */
import * as tfjs from '@tensorflow/tfjs-core';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readyBackend } from '../../runtime/backends/index.ts';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph } from '../../src/graph/graph.ts';
import { identity } from '../../src/ops/identity.ts';
import { add, constant, placeholder } from '../../src/ops/index.ts';
import { reshape } from '../../src/ops/shaping.ts';
import * as d from '../../src/util/dtype.ts';
import { allocate, encodeString, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

const SHAPES = [[32, 4, 128], [37], [2, 0, 6], [0, 0, 0]];

function filled(dtype: d.DType, shape: readonly number[]): NdArray {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    if (Array.isArray(data)) data[i] = encodeString(`s${i}`);
    else if (dtype.isBool) data[i] = i % 2;
    else if (dtype.isBigInt) data[i] = BigInt(i) * 12345678901n;
    else data[i] = (i * 7) % 100;
  }
  return new NdArray(dtype, shape, data);
}

for (const backend of ['wasm', 'cpu']) {
  const config = { backend };
  const types = [
    d.float16,
    d.float32,
    d.float64,
    d.int32,
    d.uint8,
    d.int16,
    d.int8,
    d.int64,
    d.bool,
    d.complex64,
    d.complex128,
  ];

  test(`case 33: fed arrays of 11 types come back unchanged (${backend})`, async () => {
    using sess = new Session({ config });
    for (const dtype of types) {
      for (const shape of SHAPES) {
        const x = placeholder(dtype, shape);
        const fed = filled(dtype, shape);
        const [direct, copied] = await sess.run([x, identity(x)], [[x, fed]]);
        for (const value of [direct, copied]) {
          assert.is(value.dtype, dtype);
          assert.equal(value.shape, shape);
          assert.equal(value.data, fed.data);
          assert.is.not(value.data, fed.data);
        }
      }
    }
  });

  test(`case 37: strings as constants, feeds and fetches (${backend})`, async () => {
    using sess = new Session({ config });
    for (const shape of SHAPES) {
      const value = filled(d.string, shape);
      const [c, x] = [constant(value), placeholder(d.string, shape)];
      const [fromConstant, direct, copied] = await sess.run([c, x, identity(x)], [[x, value]]);
      for (const result of [fromConstant, direct, copied]) {
        assert.equal(result.shape, shape);
        assert.equal(result.data, value.data);
      }
    }
  });

  test(`feeding and fetching tfjs tensors copies nothing (${backend})`, async () => {
    const device = readyBackend(backend);
    await tfjs.setBackend(backend);
    const fed = tfjs.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const x = placeholder(d.float32, [2, null]);
    using sess = new Session({ config });
    await sess.ready();
    const count = device?.numBuffers();
    const same = await sess.run(x, { feedDict: [[x, fed]], as: 'tensor' });
    assert.is(device?.numBuffers(), count);
    assert.equal(same.arraySync(), [
      [1, 2],
      [3, 4],
    ]);
    fed.dispose();
    assert.equal(same.shape, [2, 2]);
    same.dispose();
  });

  test(`a variable does not share memory with what was fed (${backend})`, async () => {
    using sess = new Session({ config });
    for (const dtype of [d.float32, d.int64]) {
      const x = placeholder(dtype, [2]);
      const v = new Variable(constant([1, 2], dtype));
      const assign = v.assign(identity(x));
      const fed = new NdArray(dtype, [2], dtype.isBigInt ? BigInt64Array.of(3n, 4n) : Float32Array.of(3, 4));
      await sess.run(assign, [[x, fed]]);
      if (dtype.isBigInt) (fed.data as BigInt64Array).fill(9n);
      else (fed.data as Float32Array).fill(9);
      assert.equal((await sess.run(v)).array(), [3, 4]);
    }
  });
}

test('case 29: a structure of tensors as one key', async () => {
  const [a, b, c] = [placeholder(d.float32, []), placeholder(d.float32, []), placeholder(d.float32, [2])];
  using sess = new Session();
  const [x, y, z] = await sess.run([a, b, c], {
    feedDict: [
      [
        [a, [b, c]],
        [1, [2, [3, 4]]],
      ],
    ],
  });
  assert.equal([x.item(), y.item(), z.array()], [1, 2, [3, 4]]);
  const error = await failure(() => sess.run(a, [[[a, b], [1]]]));
  assert.is(error.name, 'ValueError');
  assert.match(error.message, 'Could not flatten dictionary. Key had 2 elements, but value had 1 elements.');
});

test('case 21: a sparse placeholder of constant shape is fed without one', async () => {
  class SparsePlaceholder {
    readonly indices = placeholder(d.int64, [null, 2]);
    readonly values = placeholder(d.float32, [null]);
    readonly denseShape = constant([3, 4], d.int64);
  }
  const sp = new SparsePlaceholder();
  using sess = new Session();
  const value = await sess.run(sp, [[sp, [[[0, 1]], [5]]]]);
  assert.equal(value.indices.array(), [[0, 1]]);
  assert.equal(value.values.array(), [5]);
  assert.equal(value.denseShape?.array(), [3, 4]);
});

test('case 31: an empty graph cannot be run', async () => {
  using sess = new Session({ graph: new Graph() });
  for (const fetches of [[], {}, new Map()]) {
    const error = await failure(() => sess.run(fetches));
    assert.is(error.name, 'RuntimeError');
    assert.is(error.message, 'The Session graph is empty. Add operations to the graph before calling run().');
  }
});

test('case 35: an integer that the type cannot hold', async () => {
  const c = constant(1, d.int32);
  using sess = new Session();
  for (const value of [9223372036854775807n, 2 ** 31]) {
    const error = await failure(() => sess.run(c, [[c, value]]));
    assert.is(error.name, 'TypeError');
    assert.is(
      error.message,
      `Type of feed value ${value} with type <class 'int'> is not compatible with Tensor type <class 'numpy.int32'>. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).`,
    );
  }
  assert.is((await sess.run(c, [[c, 2 ** 31 - 1]])).item(), 2 ** 31 - 1);
});

test('case 39: texts are fed as UTF-8', async () => {
  const texts = ['\n\x01\x00', '\n\u3c0e\x00', '𝄞 ünï', ''];
  const x = placeholder(d.string, [null]);
  using sess = new Session();
  const result = await sess.run(identity(x), [[x, texts]]);
  assert.equal(result.data, texts.map(encodeString));
  assert.equal(result.array(), texts);
});

test('case 41: a key must be the name of a tensor', async () => {
  constant([2], { name: 'a' });
  using sess = new Session();
  const error = await failure(() => sess.run('a:0', { a: [2] }));
  assert.is(error.name, 'TypeError');
  assert.is(
    error.message,
    'Cannot interpret feed_dict key as Tensor: The name \'a\' refers to an Operation, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".',
  );
});

for (const backend of ['wasm', 'cpu']) {
  test(`case 43: a reshape whose fed shape does not fit (${backend})`, async () => {
    const x = constant([1, 2, 3, 4]);
    const shape = constant([2, 2], d.int32);
    const y = reshape(x, shape);
    using sess = new Session({ config: { backend } });
    assert.equal((await sess.run(y, [[shape, [4, 1]]])).shape, [4, 1]);
    const error = await failure(() => sess.run(y, [[shape, [3, 7]]]));
    assert.is(error.name, 'InvalidArgumentError');
    assert.is(error.detail, 'Input to reshape is a tensor with 4 values, but the requested shape has 21');
    assert.is(error.op, y.op);
  });
}

test('feeds as a map, as pairs, as an object by names; the last value for a tensor counts', async () => {
  const x = placeholder(d.float32, [], 'x');
  const v = new Variable(3, { name: 'v' });
  const y = add(x, v);
  using sess = new Session();
  await sess.run(v.initializer);
  assert.is((await sess.run(y, { feedDict: new Map([[x, 1]]) })).item(), 4);
  assert.is((await sess.run(y, new Map([[x, 1]]))).item(), 4);
  assert.is((await sess.run(y, [[x, 1]])).item(), 4);
  assert.is((await sess.run(y, { 'x:0': 1 })).item(), 4);
  assert.is((await sess.run(y, { feedDict: { 'x:0': 1 } })).item(), 4);
  assert.is((await sess.run(y, [[x, 1], ['x:0', 5]])).item(), 8); // biome-ignore format: one pair beside the other
  assert.is((await sess.run(x, [[x, 7]])).item(), 7);
});

test('values: numbers, nested and typed arrays, shaped data, NdArrays, booleans, tfjs tensors of other backends', async () => {
  const x = placeholder(d.float32, [null, 2], 'x');
  using sess = new Session();
  const expected = [
    [1, 2],
    [3, 4],
  ];
  await tfjs.setBackend('cpu');
  const foreign = tfjs.tensor2d(expected, [2, 2], 'float32');
  const integers = tfjs.tensor2d(expected, [2, 2], 'int32');
  const flat = Float32Array.of(1, 2, 3, 4);
  const values = [
    expected,
    [Float32Array.of(1, 2), [3, 4]],
    { data: flat, shape: [2, 2] },
    { data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] },
    new NdArray(d.float32, [2, 2], flat),
    new NdArray(d.int64, [2, 2], BigInt64Array.of(1n, 2n, 3n, 4n)),
    foreign,
    integers,
  ];
  for (const value of values) {
    assert.equal((await sess.run(x, { feedDict: [[x, value as NdArray]] })).array(), expected);
  }
  foreign.dispose();
  integers.dispose();
  const error = await failure(() => sess.run(x, [[x, foreign]]));
  assert.match(error.message, 'disposed');
  const flags = placeholder(d.bool, [2]);
  assert.equal((await sess.run(flags, [[flags, [true, false]]])).array(), [true, false]);
});

test('errors of feeds, in the order in which they are looked for', async () => {
  const x = placeholder(d.float32, [null, 2], 'x');
  const c = constant(1);
  const other = new Graph().asDefault(() => placeholder(d.float32, [], 'y'));
  using sess = new Session();
  const message = async (feedDict: unknown, fetches: unknown = c): Promise<string> => {
    const error = await failure(() => sess.run(fetches as string, feedDict as []));
    return `${error.name}: ${error.message}`;
  };
  assert.is(
    await message([[other, 1]]),
    'TypeError: Cannot interpret feed_dict key as Tensor: Tensor Tensor("y:0", shape=(), dtype=float32) is not an element of this graph.',
  );
  assert.is(
    await message({ nobody: 1 }),
    'TypeError: Cannot interpret feed_dict key as Tensor: The name \'nobody\' looks like an (invalid) Operation name, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".',
  );
  assert.match(await message([[x, c]]), 'TypeError: The value of a feed cannot be a tf.Tensor object. Acceptable');
  assert.is(
    await message([[x, [[1, 2, 3]]]]),
    `ValueError: Cannot feed value of shape (1, 3) for Tensor x:0, which has shape ${x.getShape()}`,
  );
  assert.match(await message([[x, [['a', 'b']]]]), 'TypeError');
  assert.match(await message([[x, [[1, 2], [3]]]]), 'ValueError');
  // Wrong feeds are found before wrong fetches.
  assert.match(await message([[x, [1]]], null), 'ValueError: Cannot feed value of shape (1,)');
  assert.match(await message(7), 'TypeError');
  assert.match(await message([x, 1]), 'TypeError');
  getDefaultGraph().preventFeeding(x);
  assert.is(await message([[x, [[1, 2]]]]), 'ValueError: Tensor x:0 may not be fed.');
});

test('case 5: a placeholder that is not fed', async () => {
  const x = placeholder(d.float32, [null, 2], 'x');
  const any = placeholder(d.float64, { name: 'any' });
  const scalar = placeholder(d.int32, [], 'scalar');
  using sess = new Session();
  const error = await failure(() => sess.run(add(x, 1)));
  assert.is(error.name, 'InvalidArgumentError');
  assert.is(error.detail, "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,2]");
  assert.is(error.op, x.op);
  assert.is(error.code, 3);
  assert.match(error.message, '[[{{node x}}]]');
  const unknown = await failure(() => sess.run(any));
  assert.is(unknown.detail, "You must feed a value for placeholder tensor 'any' with dtype double");
  const rank0 = await failure(() => sess.run(scalar));
  assert.is(rank0.detail, "You must feed a value for placeholder tensor 'scalar' with dtype int32");
});

suite.run();
