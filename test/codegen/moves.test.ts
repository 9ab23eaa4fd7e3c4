/**
 * Generated kernels that move elements to other places, and fill or add: gradients of slices and of mirrored paddings, rolls,
 * reversed sequences, patches, diagonals and bands.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { emitOne } from '../../src/ops/emit.ts';
import { seed, stream } from '../support/arbitraries.ts';
import { extent, family, floats, special } from '../support/codegen.ts';

const test = suite('codegen/moves');
const check = family(test);
const int = (min: number, max: number) => fc.integer({ min, max });
const shapes = (min: number, max: number) => fc.array(extent, { minLength: min, maxLength: max });
const ints = (values: readonly number[], shape: readonly number[] = [values.length]) =>
  new tf.NdArray(tf.int32, [...shape], Int32Array.from(values));

check('slices with steps, with the gradients', 50, fc.record({ shape: shapes(1, 3), special, seed }), (of) => {
  const random = stream(of.seed);
  const below = (n: number) => Math.floor(random() * n);
  const strides = of.shape.map(() => [1, 2, 3, -1, -2][below(5)]);
  const begin = of.shape.map((n) => below(n));
  const end = begin.map((b, i) => (strides[i] > 0 ? b + 1 + below(of.shape[i] - b) : b - 1 - below(b + 1)));
  // An end before the first element counts from behind: where it is meant, it is left out.
  const endMask = end.reduce((mask, e, i) => (e < 0 ? mask | (1 << i) : mask), 0);
  const shrinkAxisMask = of.shape.length > 1 ? below(2) : 0;
  return {
    inputs: [floats(of.shape, of.seed, of.special)],
    build: (x) =>
      tf.stridedSlice(
        x,
        begin,
        end.map((e) => Math.max(e, 0)),
        strides.map((s, i) => ((shrinkAxisMask >> i) & 1 ? 1 : s)),
        {
          endMask,
          shrinkAxisMask,
        },
      ),
    gradients: true,
    cpu: false,
  };
});

check(
  'mirrored paddings, with the gradients',
  50,
  fc.record({ shape: shapes(1, 4), mode: fc.constantFrom('REFLECT', 'SYMMETRIC'), special, seed }),
  (of) => {
    const random = stream(of.seed);
    const shape = of.shape.map((n) => Math.min(n, 12));
    const most = (n: number) => (of.mode === 'REFLECT' ? n - 1 : n);
    const pads = shape.map((n) => [0, 1].map(() => Math.floor(random() * (most(n) + 1) * (random() < 0.7 ? 1 : 0))));
    return {
      inputs: [floats(shape, of.seed, of.special)],
      build: (x) => [tf.pad(x, pads, of.mode), tf.pad(tf.greater(x, 0), pads, of.mode)],
      gradients: true,
      kernels: pads.flat().some((n) => n > 0) ? 1 : 0,
      cpu: false,
    };
  },
);

check(
  'paddings of a number, with the gradients',
  40,
  fc.record({ shape: shapes(1, 4), value: fc.constantFrom(0, 1.5, Number.NaN), special, seed }),
  (of) => {
    const random = stream(of.seed);
    const shape = of.shape.map((n) => Math.min(n, 12));
    const pads = shape.map(() => [0, 1].map(() => Math.floor(random() * 4 * (random() < 0.6 ? 1 : 0))));
    return {
      inputs: [floats(shape, of.seed, of.special)],
      build: (x) => [
        tf.pad(x, pads, 'CONSTANT', { constantValues: of.value }),
        tf.pad(tf.greater(x, 0), pads, { constantValues: of.value === 0 }),
        tf.pad(tf.cast(tf.round(tf.tanh(x)), tf.int32), pads, { constantValues: 3 }),
      ],
      gradients: true,
      kernels: 1,
      cpu: false,
    };
  },
);

check('tiles, with the gradients', 40, fc.record({ shape: shapes(1, 4), special, seed }), (of) => {
  const random = stream(of.seed);
  const shape = of.shape.map((n) => Math.min(n, 9));
  const times = shape.map(() => 1 + Math.floor(random() * 3));
  return {
    inputs: [floats(shape, of.seed, of.special)],
    build: (x) => [
      tf.tile(x, times),
      tf.tile(tf.greater(x, 0), times),
      tf.tile(tf.expandDims(tf.tanh(x), 0), [5, ...times]),
    ],
    gradients: true,
    cpu: false,
  };
});

check('tensors rolled along axes, with the gradients', 30, fc.record({ shape: shapes(1, 4), seed }), (of) => {
  const random = stream(of.seed);
  const axes = of.shape.flatMap((_, i) =>
    random() < 0.6 ? [i, ...(random() < 0.2 ? [i - of.shape.length] : [])] : [],
  );
  const shift = axes.map(() => Math.floor(random() * 21) - 10);
  return {
    inputs: [floats(of.shape, of.seed), ints(Array.from({ length: of.shape[0] }, (_, i) => i))],
    build: (x, n) => [tf.roll(x, shift, axes), tf.roll(n, 3, 0)],
    gradients: true,
    kernels: of.shape[0] > 1 ? 1 : 0,
    cpu: false,
  };
});

check(
  'sequences reversed as far as they go, with the gradients',
  40,
  fc.record({
    batch: extent,
    length: extent,
    rest: fc.array(int(1, 9), { maxLength: 2 }),
    isTimeFirst: fc.boolean(),
    type: fc.constantFrom(tf.int32, tf.int64),
    seed,
  }),
  (of) => {
    const random = stream(of.seed);
    const lengths = Array.from({ length: of.batch }, () => Math.floor(random() * (of.length + 1)));
    const data = of.type === tf.int64 ? BigInt64Array.from(lengths, BigInt) : Int32Array.from(lengths);
    const [batchAxis, seqAxis] = of.isTimeFirst ? [1, 0] : [0, 1];
    const sizes = of.isTimeFirst ? [of.length, of.batch] : [of.batch, of.length];
    return {
      inputs: [floats([...sizes, ...of.rest], of.seed), new tf.NdArray(of.type, [of.batch], data)],
      build: (x, lengths) => tf.reverseSequence(x, lengths, { seqAxis, batchAxis }),
      gradients: true,
      kernels: 2,
      cpu: false,
    };
  },
);

test('sequences that are said to be too long are refused', async () => {
  using _ = new tf.Graph().asDefault();
  using session = new tf.Session();
  const lengths = tf.placeholder(tf.int32, [2]);
  const y = tf.reverseSequence(tf.add(tf.placeholder(tf.float32, [2, 3], { name: 'x' }), 1), lengths, {
    seqAxis: 1,
    batchAxis: 0,
  });
  const run = (values: number[]) =>
    session.run(y, {
      feedDict: {
        'x:0': [
          [1, 2, 3],
          [4, 5, 6],
        ],
        [lengths.name]: values,
      },
    });
  assert.equal((await run([3, 0])).array(), [
    [4, 3, 2],
    [5, 6, 7],
  ]);
  for (const [values, text] of [
    [[4, 0], 'seq_lens(0) > input.dims(1)'],
    [[0, -1], 'seq_lens(1) < 0'],
  ] as const) {
    try {
      await run([...values]);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, text);
    }
  }
});

check(
  'patches of images and volumes, with the gradients',
  40,
  fc.record({
    batch: int(1, 3),
    sizes: fc.array(int(1, 9), { minLength: 2, maxLength: 3 }),
    channels: int(1, 6),
    padding: fc.constantFrom('SAME', 'VALID'),
    special,
    seed,
  }),
  (of) => {
    const random = stream(of.seed);
    const below = (n: number) => 1 + Math.floor(random() * n);
    const rank = of.sizes.length + 2;
    const rates = of.sizes.map(() => (rank === 4 ? below(2) : 1));
    const ksizes = of.sizes.map((n, i) => below(Math.min(4, Math.floor((n - 1) / rates[i]) + 1)));
    const attrs: Record<string, string | number[]> = {
      ksizes: [1, ...ksizes, 1],
      strides: [1, ...of.sizes.map(() => below(3)), 1],
      padding: of.padding,
    };
    if (rank === 4) attrs.rates = [1, ...rates, 1];
    return {
      inputs: [floats([of.batch, ...of.sizes, of.channels], of.seed, of.special)],
      build: (x) => emitOne(rank === 4 ? 'ExtractImagePatches' : 'ExtractVolumePatches', [x], attrs, 'patches'),
      gradients: true,
      cpu: false,
    };
  },
);

check(
  'diagonals and bands of matrices, with the gradients',
  40,
  fc.record({ batch: fc.array(int(1, 4), { maxLength: 2 }), height: extent, width: extent, special, seed }),
  (of) => {
    const random = stream(of.seed);
    const limit = (n: number) => Math.floor(random() * (n + 2)) - 1;
    return {
      inputs: [
        floats([...of.batch, of.height, of.width], of.seed, of.special),
        floats([...of.batch, of.width], of.seed + 1),
      ],
      build: (x, y) => [
        tf.linalg.bandPart(x, limit(of.height), limit(of.width)),
        tf.linalg.diagPart(x),
        tf.linalg.diag(y),
        emitOne('MatrixDiag', [y], {}, 'diag'),
        emitOne('MatrixDiagPart', [x], {}, 'part'),
      ],
      gradients: true,
      kernels: 3,
      cpu: false,
    };
  },
);

test.run();
