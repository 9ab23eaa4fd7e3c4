/** Rendered sums of products against the plain triple loop. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContractionAxis, ContractionKernel } from '../../../compiler/codegen/kernel.ts';
import { Values } from '../../../compiler/codegen/values.ts';
import { NO_FEATURES } from '../../../compiler/codegen/wasm/features.ts';
import { sizedKernel } from '../../../compiler/codegen/wasm/sizes.ts';
import { outerSums } from '../../../compiler/codegen/wasm/tiling.ts';
import { FEATURES, runWasm } from '../../support/wasm-kernels.ts';

const test = suite('compiler/codegen/contraction');

function numbers(count: number, seed: number): Float32Array {
  let state = seed | 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

interface Product {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly sums: number;
  readonly turnLeft: boolean;
  readonly turnRight: boolean;
  readonly shareRight: boolean;
}

/** Products of matrices, of any side turned, then a bias and relu. */
function product({ batch, rows, columns, sums, turnLeft, turnRight, shareRight }: Product): ContractionKernel {
  const $ = new Values();
  const sum = $.reduced('f32', 0);
  const biased = $.op('add', sum, $.load('f32', 2));
  const value = $.op('max', biased, $.constant(0));
  const operand = (strides: number[]) => ({ type: 'f32', strides, offset: 0 }) as const;
  return {
    kind: 'contraction',
    batch: [{ extent: batch, left: rows * sums, right: shareRight ? 0 : sums * columns }],
    rows: { extent: rows, left: turnLeft ? 1 : sums, right: 0 },
    columns: { extent: columns, left: 0, right: turnRight ? sums : 1 },
    sums: [{ extent: sums, left: turnLeft ? rows : 1, right: turnRight ? 1 : columns }],
    inputs: [operand([]), operand([]), operand([0, 0, 1])],
    scalars: [],
    outputs: [operand([rows * columns, columns, 1]), operand([rows * columns, columns, 1])],
    values: $.list,
    results: [value, biased],
  };
}

/** What the description means, one sum after the other. */
function meaning(kernel: ContractionKernel, left: Float32Array, right: Float32Array, bias: Float32Array): Float32Array {
  const [{ extent: batch, left: ab, right: bb }] = kernel.batch;
  const { rows, columns, sums } = kernel;
  const out = new Float32Array(batch * rows.extent * columns.extent);
  const places = (axes: readonly ContractionAxis[]): [a: number, b: number][] =>
    axes.reduce<[number, number][]>(
      (before, axis) =>
        before.flatMap(([a, b]) =>
          Array.from({ length: axis.extent }, (_, i): [number, number] => [a + i * axis.left, b + i * axis.right]),
        ),
      [[0, 0]],
    );
  const terms = places(sums);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < rows.extent; i++) {
      for (let j = 0; j < columns.extent; j++) {
        let sum = bias[j];
        for (const [a, b] of terms) sum += left[n * ab + i * rows.left + a] * right[n * bb + j * columns.right + b];
        out[at++] = sum;
      }
    }
  }
  return out;
}

function check(kernel: ContractionKernel, left: Float32Array, right: Float32Array, seed: number): void {
  const bias = numbers(kernel.columns.extent, seed);
  const expected = meaning(kernel, left, right, bias);
  for (const features of FEATURES) {
    const outputs = [expected.map(() => 0), expected.map(() => 0)];
    const [relu, biased] = runWasm(kernel, [left, right, bias], outputs, [], features);
    expected.forEach((value, i) => {
      assert.ok(Math.abs(biased[i] - value) < 1e-4, `sum ${i}: ${biased[i]} for ${value}`);
      assert.ok(Math.abs(relu[i] - Math.max(0, value)) < 1e-4, `result ${i}: ${relu[i]} for ${Math.max(0, value)}`);
    });
  }
}

const size = fc.integer({ min: 1, max: 40 });

test('products of matrices of any size, either side turned, with a bias and an activation', () => {
  fc.assert(
    fc.property(
      fc.record({
        batch: fc.integer({ min: 1, max: 3 }),
        rows: size,
        columns: size,
        sums: size,
        turnLeft: fc.boolean(),
        turnRight: fc.boolean(),
        shareRight: fc.boolean(),
      }),
      fc.nat(),
      (of, seed) => {
        const kernel = product(of);
        const left = numbers(of.batch * of.rows * of.sums, seed + 1);
        check(kernel, left, numbers((of.shareRight ? 1 : of.batch) * of.sums * of.columns, seed + 2), seed);
      },
    ),
    { numRuns: 200 },
  );
});

for (const [rows, columns, sums] of [
  [5, 9, 600],
  [40, 130, 1030],
  [1, 256, 784],
  [33, 3, 513],
] as const) {
  test(`long sums are formed in parts: ${rows} x ${columns}, ${sums} deep`, () => {
    for (const turnRight of [false, true]) {
      const kernel = product({ batch: 1, rows, columns, sums, turnLeft: false, turnRight, shareRight: false });
      check(kernel, numbers(rows * sums, 3), numbers(sums * columns, 5), 7);
    }
  });
}

test('kernels are rendered with and without the instruction that adds a product to a sum', () => {
  assert.equal(
    FEATURES.map(({ multiplyAdd }) => multiplyAdd),
    [false, true],
  );
});

test('sums over several axes: a convolution', () => {
  fc.assert(
    fc.property(
      fc.record({
        height: fc.integer({ min: 1, max: 3 }),
        width: fc.integer({ min: 1, max: 3 }),
        input: fc.integer({ min: 1, max: 5 }),
        output: fc.integer({ min: 1, max: 17 }),
        extent: fc.integer({ min: 4, max: 9 }),
        stride: fc.integer({ min: 1, max: 2 }),
        dilation: fc.integer({ min: 1, max: 2 }),
        backwards: fc.boolean(),
      }),
      fc.nat(),
      ({ height, width, input, output, extent, stride, dilation, backwards }, seed) => {
        const reach = (window: number) => Math.floor((extent - (window - 1) * dilation - 1) / stride) + 1;
        const [down, across] = [reach(height), reach(width)];
        fc.pre(down > 0 && across > 0);
        const plain = product({
          batch: 1,
          rows: 1,
          columns: output,
          sums: 1,
          turnLeft: false,
          turnRight: false,
          shareRight: true,
        });
        const size = height * width * input * output;
        // Backwards: the filter from its end, as in the gradient of a convolution.
        const sign = backwards ? -1 : 1;
        const kernel: ContractionKernel = {
          ...plain,
          batch: [{ extent: down, left: stride * extent * input, right: 0 }],
          rows: { extent: across, left: stride * input, right: 0 },
          sums: [
            { extent: height, left: dilation * extent * input, right: sign * width * input * output },
            { extent: width, left: dilation * input, right: sign * input * output },
            { extent: input, left: 1, right: sign * output },
          ],
          inputs: [plain.inputs[0], { ...plain.inputs[1], offset: backwards ? size - output : 0 }, plain.inputs[2]],
          outputs: plain.outputs.map((operand) => ({ ...operand, strides: [across * output, output, 1] })),
        };
        const [image, filter] = [numbers(extent * extent * input, seed + 1), numbers(size, seed + 2)];
        if (!backwards) {
          check(kernel, image, filter, seed);
          return;
        }
        const forwards: ContractionKernel = {
          ...kernel,
          sums: kernel.sums.map((axis) => ({ ...axis, right: -axis.right })),
        };
        const turned = new Float32Array(size);
        for (let k = 0; k < size / output; k++) {
          turned.set(filter.subarray(k * output, (k + 1) * output), size - (k + 1) * output);
        }
        const bias = numbers(output, seed);
        const expected = meaning(forwards, image, turned, bias);
        const [, biased] = runWasm(kernel, [image, filter, bias], [expected.map(() => 0), expected.map(() => 0)]);
        expected.forEach((value, i) => {
          assert.ok(Math.abs(biased[i] - value) < 1e-4, `sum ${i}: ${biased[i]} for ${value}`);
        });
      },
    ),
    { numRuns: 200 },
  );
});

/** What the tiles add to the gradient of a filter of four rows by two columns. */
function filterGradient(images: number) {
  const [height, width, input, output] = [30, 41, 21, 37];
  const row = (width + 1) * input;
  const operand = (strides: number[]) => ({ type: 'f32', strides, offset: 0 }) as const;
  const kernel: ContractionKernel = {
    kind: 'contraction',
    batch: [{ extent: 4, left: row, right: 0 }],
    rows: { extent: 2 * input, left: 1, right: 0 },
    columns: { extent: output, left: 0, right: 1 },
    sums: [
      { extent: images, left: (height + 3) * row, right: height * width * output },
      { extent: height, left: row, right: width * output },
      { extent: width, left: input, right: output },
    ],
    inputs: [operand([]), operand([])],
    scalars: [],
    outputs: [operand([2 * input * output, output, 1])],
    values: [{ kind: 'reduced', type: 'f32', stage: 0 }],
    results: [0],
  };
  return { kernel, left: images * (height + 3) * row, right: images * height * width * output };
}

for (const images of [4, 7]) {
  test(`sums over several axes that are too long for the cache: the gradient of a filter, ${images} images`, () => {
    const of = filterGradient(images);
    assert.is(outerSums(of.kernel), 2);
    const [left, right] = [numbers(of.left, 1), numbers(of.right, 2)];
    const expected = meaning(of.kernel, left, right, new Float32Array(37));
    // Up to 8,610 products of numbers between -1 and 1, with sums of about 30 on the way: roundings of 30 * 2^-24 add up to
    // sqrt(8610) times that, 1.7e-4. What was in the output before is no part of them.
    const before = new Float32Array(expected.length).fill(NaN);
    // Extents that are told in the call, and those that are part of the code.
    for (const least of [4, 100]) {
      const [sums] = runWasm(of.kernel, [left, right], [before], [], NO_FEATURES, least);
      expected.forEach((sum, i) => {
        assert.ok(Math.abs(sums[i] - sum) < 6e-4, `sum ${i}: ${sums[i]} for ${sum}`);
      });
    }
  });
}

test('one kernel goes through any number of images, in the order that is right for all of them', () => {
  const [few, many] = [4, 7].map((images) => sizedKernel(filterGradient(images).kernel, 4));
  assert.equal(few.counts, [4, 42, 4]);
  assert.equal(many.counts, [4, 42, 7]);
  assert.equal(few.kernel, many.kernel);
  assert.is(outerSums(few.kernel as ContractionKernel), 2);
});

test('where the least sizes would be gone through in another order, the code is for one size alone', () => {
  const { kernel } = filterGradient(4);
  const narrow = { ...kernel, batch: [{ ...kernel.batch[0], extent: 3 }] };
  assert.is(outerSums(narrow), 2);
  assert.equal(sizedKernel(narrow, 4), { kernel: narrow, given: [[]], counts: [] });
});

test.run();
