/** Static shapes: reading, merging, broadcasting, printing. Broadcasting is checked against its definition. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ValueError } from '../../src/util/errors.ts';
import {
  asShape,
  broadcastShapes,
  formatShape,
  formatShapeBrackets,
  isCompatible,
  isFullyDefined,
  mergeShapes,
  numElements,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
  TensorShape,
} from '../../src/util/shape.ts';

const test = suite('util/shape');

const dim = fc.constantFrom(0, 1, 2, 3);
const known = fc.array(dim, { maxLength: 4 });
const partial = fc.oneof(fc.constant(null), fc.array(fc.option(dim), { maxLength: 4 }));

/** Whether a known shape is one of those that a static shape stands for. */
const fits = (shape: Shape, of: readonly number[]) =>
  shape === null || (shape.length === of.length && shape.every((d, i) => d === null || d === of[i]));

test('what users write for a shape', () => {
  assert.is(asShape(null), null);
  assert.is(asShape(undefined), null);
  assert.equal(asShape(3), [3]);
  assert.equal(asShape([null, -1, undefined, 2]), [null, null, null, 2]);
  assert.equal(asShape(new TensorShape([2, null])), [2, null]);
  for (const bad of [[-2], [1.5], [Number.NaN]]) assert.throws(() => asShape(bad), /must be >= 0/);
});

test('elements and strides', () => {
  assert.is(numElements([2, 3]), 6);
  assert.is(numElements([]), 1);
  assert.is(numElements([2, null]), null);
  assert.is(numElements([null, 0]), 0);
  assert.is(numElements(null), null);
  assert.is(sizeOf([2, 0, 3]), 0);
  assert.equal(stridesOf([2, 3, 4]), [12, 4, 1]);
  assert.equal(stridesOf([]), []);
});

test('a merge knows what both know, and only that', () => {
  assert.equal(mergeShapes([null, 3], [2, null]), [2, 3]);
  assert.equal(mergeShapes(null, [2, null]), [2, null]);
  assert.throws(() => mergeShapes([2], [3]), 'Shapes (2,) and (3,) are not compatible');
  assert.throws(() => mergeShapes([2], [2, 3]), 'Shapes (2,) and (2, 3) must have the same rank');
  fc.assert(
    fc.property(partial, partial, known, (a, b, shape) => {
      if (!fits(a, shape) || !fits(b, shape)) return;
      assert.ok(isCompatible(a, b));
      const merged = mergeShapes(a, b);
      assert.ok(fits(merged, shape));
      assert.ok(sameShape(mergeShapes(merged, a), merged) && sameShape(mergeShapes(b, a), merged));
    }),
  );
});

test('broadcasting known shapes is NumPy’s rule', () => {
  fc.assert(
    fc.property(known, known, (a, b) => {
      const rank = Math.max(a.length, b.length);
      const pad = (s: readonly number[]) => [...new Array<number>(rank - s.length).fill(1), ...s];
      const [x, y] = [pad(a), pad(b)];
      const fit = x.every((d, i) => d === y[i] || d === 1 || y[i] === 1);
      const expected = x.map((d, i) => (d === 1 ? y[i] : d));
      const found = broadcastShapes(a, b);
      if (fit) assert.equal(found, expected);
      else assert.is(found, undefined);
    }),
  );
});

test('broadcasting static shapes covers every shape that they stand for', () => {
  fc.assert(
    fc.property(partial, partial, known, known, (a, b, x, y) => {
      if (!fits(a, x) || !fits(b, y)) return;
      const real = broadcastShapes(x, y);
      const found = broadcastShapes(a, b);
      if (real === undefined) return;
      assert.ok(found !== undefined && fits(found, real as number[]));
    }),
    { numRuns: 500 },
  );
});

test('texts of both styles', () => {
  assert.is(formatShape([null, 2]), '(?, 2)');
  assert.is(formatShape([3]), '(3,)');
  assert.is(formatShape([]), '()');
  assert.is(formatShape(null), '<unknown>');
  assert.is(formatShapeBrackets([null, 2]), '[?,2]');
  assert.is(formatShapeBrackets([]), '[]');
  assert.is(formatShapeBrackets(null), '<unknown>');
});

test('TensorShape', () => {
  const shape = new TensorShape([null, 784]);
  assert.equal(shape.asList(), [null, 784]);
  assert.is(shape.ndims, 2);
  assert.is(shape.numElements(), null);
  assert.is(shape.isFullyDefined(), false);
  assert.ok(shape.isCompatibleWith([32, 784]) && !shape.isCompatibleWith([32, 10]));
  assert.equal(shape.mergeWith([32, null]).asList(), [32, 784]);
  assert.equal(shape.concatenate([3]).asList(), [null, 784, 3]);
  assert.ok(shape.equals([null, 784]) && !shape.equals(null));
  assert.throws(
    () => shape.withRank(3),
    (error: unknown) => error instanceof ValueError,
  );
  assert.throws(() => new TensorShape(null).asList(), /not defined on an unknown TensorShape/);
  assert.ok(isFullyDefined(new TensorShape(5).dims));
  assert.is(String(shape), '(?, 784)');
});

test.run();
