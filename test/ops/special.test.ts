/**
 * Bitwise ops, special functions, complex numbers and Fourier transforms against real TensorFlow (`goldens/special.json`,
 * made by `special.py`): the ends of the domains, double precision, gradients through complex numbers. What the files of
 * `goldens/ops` hold is run by `goldens.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { difference, FORWARD, fromGolden, GRADIENT } from '../support/compare.ts';
import { checkForward, checkGradients, type Gradients } from '../support/goldens.ts';
import { interpret } from '../support/interpret.ts';
import { buildChain, chainGradients, special } from '../support/special.ts';

const byAutodiff: Gradients = (ys, xs, gradYs) => gradients([...ys], [...xs], { gradYs: [...gradYs] });

const test = suite('ops/special');

for (const c of special.cases.filter((one) => findOpDef(one.op as string))) {
  const title = `${c.id} ${c.op}${c.note ? ` (${c.note})` : ''}`;
  test(title, () => checkForward(c, undefined, FORWARD));
  if (c.grads) test(`${title}, gradients`, () => checkGradients(c, byAutodiff, undefined, GRADIENT));
}

/** The values of tensors of a graph, the placeholders fed. */
function run(fetches: readonly Tensor[], feeds: ReadonlyMap<Tensor, tf.NdArray> = new Map()): tf.NdArray[] {
  return interpret(fetches[0].graph.snapshot(), fetches, { feeds });
}

/** The shape of a placeholder. Cosine transforms want to know the length of their axis. */
function shapeOf({ shape }: tf.NdArray, chain: string, how: 'known' | 'unknown'): (number | null)[] {
  const open = how === 'known' ? 0 : chain.endsWith('dct') ? shape.length - 1 : shape.length;
  return shape.map((length, axis) => (axis < open ? null : length));
}

special.chains.forEach((chain, i) => {
  // Frames that are filled up want to know it too.
  for (const how of chain.args?.padEnd ? (['known'] as const) : (['known', 'unknown'] as const)) {
    const title = `chain ${i}, ${chain.name} of [${chain.inputs[0].shape}], shapes ${how}: values and gradients`;
    test(title, () => {
      new Graph().asDefault(() => {
        const arrays = chain.inputs.map(fromGolden);
        const xs = arrays.map((array) => tf.placeholder(array.dtype, shapeOf(array, chain.name, how)));
        const y = buildChain(chain, xs);
        const grads = chainGradients(chain, y, xs, tf.constant(fromGolden(chain.weights)));
        const values = run([y, ...grads], new Map(xs.map((x, k) => [x, arrays[k]])));
        [chain.y, ...chain.grads].forEach((expected, k) => {
          assert.is(difference(values[k], fromGolden(expected)), null, k === 0 ? 'values' : `gradient ${k - 1}`);
        });
      });
    });
  }
});

/** The value of one tensor built in a graph of its own, as nested arrays. */
function valueOf(build: () => Tensor): unknown {
  return new Graph().asDefault(() => run([build()])[0].array());
}

const near = (value: unknown, expected: readonly number[]) => {
  const numbers = [value].flat(9) as number[];
  assert.is(numbers.length, expected.length);
  numbers.forEach((x, i) => {
    assert.ok(Math.abs(x - expected[i]) < 1e-6 * (1 + Math.abs(expected[i])), `${numbers}`);
  });
};

test('the functions of tf.bitwise take lists, and broadcast', () => {
  const { bitwise } = tf;
  assert.equal(
    valueOf(() => bitwise.bitwiseAnd([5, 6], 3)),
    [1, 2],
  );
  assert.equal(
    valueOf(() => bitwise.bitwiseOr([5, 6], 3)),
    [7, 7],
  );
  assert.equal(
    valueOf(() => bitwise.bitwiseXor([5, 6], 3)),
    [6, 5],
  );
  assert.equal(
    valueOf(() => bitwise.invert([5, -1])),
    [-6, 0],
  );
  assert.equal(
    valueOf(() => bitwise.leftShift([5], 3)),
    [40],
  );
  assert.equal(
    valueOf(() => bitwise.rightShift([40, -8], 2)),
    [10, -2],
  );
});

test('the special functions have the values of their docstrings', () => {
  const cases: readonly [() => Tensor, readonly number[]][] = [
    [() => tf.lgamma([4]), [1.7917595]],
    [() => tf.digamma([1]), [-0.5772157]],
    [() => tf.polygamma([1], [1]), [1.6449341]],
    [() => tf.zeta([2], [1]), [1.6449341]],
    [() => tf.igamma([1], [2]), [0.8646647]],
    [() => tf.igammac([1], [2]), [0.1353353]],
    [() => tf.betainc([2], [3], [0.25]), [0.2617188]],
    [() => tf.lbeta([2, 3]), [-2.4849066]],
    [() => tf.math.erfinv([0.5]), [0.4769363]],
    [() => tf.math.erfcinv([0.5]), [0.4769363]],
    [() => tf.math.ndtri([0.75]), [0.6744898]],
    [() => tf.math.nextafter([1], [2]), [1.0000001]],
    [() => tf.cross([1, 0, 0], [0, 1, 0]), [0, 0, 1]],
    [() => tf.math.besselI0([1]), [1.2660659]],
    [() => tf.math.besselI0e([1]), [0.4657596]],
    [() => tf.math.besselI1([1]), [0.5651591]],
    [() => tf.math.besselI1e([1]), [0.2079104]],
    [() => tf.math.special.besselJ0([1]), [0.7651977]],
    [() => tf.math.special.besselJ1([1]), [0.4400506]],
    [() => tf.math.special.besselK0([1]), [0.4210244]],
    [() => tf.math.special.besselK0e([1]), [1.1444631]],
    [() => tf.math.special.besselK1([1]), [0.6019072]],
    [() => tf.math.special.besselK1e([1]), [1.6361535]],
    [() => tf.math.special.besselY0([1]), [0.088257]],
    [() => tf.math.special.besselY1([1]), [-0.7812128]],
    [() => tf.math.special.dawsn([1]), [0.5380795]],
    [() => tf.math.special.expint([1]), [1.8951178]],
    [() => tf.math.special.fresnelCos([1]), [0.7798934]],
    [() => tf.math.special.fresnelSin([1]), [0.4382591]],
    [() => tf.math.special.spence([2]), [-0.822467]],
  ];
  for (const [build, expected] of cases) near(valueOf(build), expected);
});

test('real numbers pass through the functions of complex ones', () => {
  new Graph().asDefault(() => {
    const x = tf.constant([-1.5, 2]);
    assert.is(tf.real(x), x);
    assert.is(tf.conj(x), x);
    near(run([tf.imag(x)])[0].array(), [0, 0]);
    near(run([tf.angle(x)])[0].array(), [Math.PI, 0]);
    assert.throws(() => tf.real(tf.constant([true])), /input must be a numeric tensor, but got tensor with dtype/);
    assert.throws(() => tf.conj(tf.constant('a')), /Expected numeric or variant tensor, got dtype/);
  });
});

test('parts of different types make no complex number', () => {
  new Graph().asDefault(() => {
    const wrong = () => tf.complex(tf.constant([1], tf.float32), tf.constant([1], tf.float64));
    assert.throws(
      wrong,
      (error: Error) =>
        error.name === 'TypeError' &&
        error.message.startsWith('The `real` and `imag` components have incorrect types: float32 float64.'),
    );
  });
});

test('a transform of real numbers is cut or padded to the length asked for', () => {
  const lengths = [3, 4, 5, 8];
  for (const length of lengths) {
    const there = valueOf(() => tf.signal.irfft(tf.signal.rfft([1, 2, 3, 4], [length]), [length]));
    near(
      there,
      Array.from({ length }, (_, i) => (i < 4 ? i + 1 : 0)),
    );
  }
  near(
    valueOf(() => tf.spectral.irfft(tf.spectral.rfft([1, 2, 3, 4]))),
    [1, 2, 3, 4],
  );
});

test('transforms of real numbers refuse other types', () => {
  new Graph().asDefault(() => {
    assert.throws(
      () => tf.signal.rfft(tf.constant([1, 2], tf.int32)),
      /^.*RFFT requires tf.float32 or tf.float64 inputs/,
    );
    assert.throws(() => tf.signal.irfft(tf.constant([1, 2])), /IRFFT requires tf.complex64 or tf.complex128 inputs/);
  });
});

test('transforms over three axes of real numbers have no gradient, as in TensorFlow', () => {
  new Graph().asDefault(() => {
    const x = tf.placeholder(tf.float32, [2, 2, 4]);
    assert.throws(
      () => gradients([tf.abs(tf.signal.rfft3d(x))], [x]),
      (error: Error) => error.name === 'LookupError' && error.message.includes('RFFT3D'),
    );
  });
});

test('shifts move the zero frequency to the middle and back', () => {
  assert.equal(
    valueOf(() => tf.signal.fftshift([0, 1, 2, -2, -1])),
    [-2, -1, 0, 1, 2],
  );
  assert.equal(
    valueOf(() => tf.signal.ifftshift([-2, -1, 0, 1, 2])),
    [0, 1, 2, -2, -1],
  );
  const square = [
    [0, 1, 2],
    [3, 4, 5],
  ];
  const both = [
    [5, 3, 4],
    [2, 0, 1],
  ];
  assert.equal(
    valueOf(() => tf.signal.fftshift(square)),
    both,
  );
  assert.equal(
    valueOf(() => tf.signal.ifftshift(both, [0, -1])),
    square,
  );
  assert.equal(
    valueOf(() => tf.signal.fftshift(square, 1)),
    [
      [2, 0, 1],
      [5, 3, 4],
    ],
  );
});

test.run();
