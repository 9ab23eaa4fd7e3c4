/** Which sizes one kernel serves. That it computes the right thing at each of them is tested with the kernels. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContractionKernel, LoopKernel, SequenceKernel } from '../../../compiler/codegen/kernel.ts';
import { sizedKernel } from '../../../compiler/codegen/wasm/sizes.ts';

const test = suite('compiler/codegen/sizes');

/** A bias added to rows. */
function loops(rows: number, columns: number): LoopKernel {
  return {
    kind: 'loops',
    axes: [
      { extent: rows, isReduced: false },
      { extent: columns, isReduced: false },
    ],
    inputs: [
      { type: 'f32', strides: [columns, 1], offset: 0 },
      { type: 'f32', strides: [0, 1], offset: 0 },
    ],
    scalars: [],
    outputs: [{ type: 'f32', strides: [columns, 1], offset: 0 }],
    values: [
      { kind: 'load', type: 'f32', input: 0 },
      { kind: 'load', type: 'f32', input: 1 },
      { kind: 'op', type: 'f32', op: 'add', args: [0, 1] },
    ],
    stages: [{ kind: 'store', output: 0, value: 2 }],
  };
}

/** One element after the other. */
function flat(size: number): LoopKernel {
  const kernel = loops(1, size);
  return { ...kernel, inputs: kernel.inputs.map((input) => ({ ...input, strides: [0, 1] })) };
}

function product(rows: number, depth: number, columns: number): ContractionKernel {
  return {
    kind: 'contraction',
    batch: [],
    rows: { extent: rows, left: depth, right: 0 },
    columns: { extent: columns, left: 0, right: 1 },
    sums: [{ extent: depth, left: 1, right: columns }],
    inputs: [
      { type: 'f32', strides: [], offset: 0 },
      { type: 'f32', strides: [], offset: 0 },
    ],
    scalars: [],
    outputs: [{ type: 'f32', strides: [columns, 1], offset: 0 }],
    values: [{ kind: 'reduced', type: 'f32', stage: 0 }],
    results: [0],
  };
}

const kernelsOf = (kernels: Parameters<typeof sizedKernel>[0][]) =>
  kernels.map((kernel) => {
    const { counts, ...code } = sizedKernel(kernel);
    return JSON.stringify(code);
  });

test('rows of any number take one kernel, which is told the number', () => {
  const [a, b, c] = kernelsOf([loops(16, 10), loops(133, 10), loops(16, 11)]);
  assert.is(a, b);
  assert.is.not(a, c);
  assert.equal(sizedKernel(loops(133, 10)).counts, [133]);
});

test('elements in a row take one kernel for each remainder by four', () => {
  const texts = kernelsOf([20, 21, 22, 23, 1024, 4097, 1006, 99].map(flat));
  assert.is(new Set(texts).size, 4);
  assert.equal(texts.slice(0, 4), texts.slice(4));
});

/** Rows divided by one number and multiplied by another. */
function divided(rows: number, first: number, second: number): LoopKernel {
  const kernel = loops(rows, 10);
  return {
    ...kernel,
    values: [
      { kind: 'load', type: 'f32', input: 0 },
      { kind: 'constant', type: 'f32', value: first },
      { kind: 'op', type: 'f32', op: 'div', args: [0, 1] },
      { kind: 'constant', type: 'f32', value: second },
      { kind: 'op', type: 'f32', op: 'mul', args: [2, 3] },
    ],
    stages: [{ kind: 'store', output: 0, value: 4 }],
  };
}

test('constants that go by the number of rows are told like the number', () => {
  const [a, b, c] = kernelsOf([divided(20, 40, 7), divided(33, 66, 7), divided(33, 66, 8)]);
  assert.is(a, b);
  assert.is.not(a, c);
  assert.equal(sizedKernel(divided(33, 66, 7)).counts, [66, 33]);
  const thirtieth = Math.fround(1 / 30);
  assert.equal(sizedKernel(divided(30, 7, thirtieth)).counts, [thirtieth, 30]);
  assert.equal(sizedKernel(divided(30, -3.4028234663852886e38, Infinity)).counts, [30]);
});

test('what is small is part of the code', () => {
  const [a, b] = kernelsOf([loops(5, 10), loops(6, 10)]);
  assert.is.not(a, b);
  assert.equal(sizedKernel(loops(5, 10)).counts, []);
});

test('a product is told its rows and how many products a sum has', () => {
  const wide = (rows: number, depth: number) => {
    const kernel = product(rows, depth, 8);
    // Operands of one width, so that nothing else differs.
    return { ...kernel, rows: { ...kernel.rows, left: 1000 } };
  };
  const [a, b, c] = kernelsOf([wide(32, 100), wide(48, 211), wide(33, 100)]);
  assert.is(a, b);
  assert.is.not(a, c);
  assert.equal(sizedKernel(wide(48, 211)).counts, [48, 211]);
});

test('sums along one axis that are formed in parts keep their length', () => {
  assert.equal(sizedKernel(product(32, 5000, 8)).counts, [32]);
});

test('a sequence is told what its parts are told, and where its rooms lie', () => {
  const sequence = (rows: number): SequenceKernel => ({
    kind: 'sequence',
    inputs: 2,
    outputs: 1,
    rooms: [rows * 10, 3],
    parts: [
      { kernel: loops(rows, 10), operands: [0, 1, 3] },
      { kernel: flat(rows * 40), operands: [3, 4, 2] },
    ],
  });
  assert.is(...(kernelsOf([sequence(20), sequence(50)]) as [string, string]));
  assert.equal(sizedKernel(sequence(20)).counts, [20, 800, 800, 816]);
});

test.run();
