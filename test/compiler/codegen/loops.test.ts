/** Rendered loops against what their descriptions mean. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runKernel } from '../../../compiler/codegen/javascript.ts';
import type { LoopKernel, Operand, Reduction, Stage } from '../../../compiler/codegen/kernel.ts';
import { type ElementType, type Op, Values } from '../../../compiler/codegen/values.ts';
import { denseStrides, type Elements, FEATURES, runWasm, spanOf } from '../../support/wasm-kernels.ts';

const test = suite('compiler/codegen/loops');

const SPECIAL = [0, -0, 1, -1, 0.5, -2.5, 3.5, 1e-40, -1e-40, 3e38, -3e38, 88.5, -90, Infinity, -Infinity, Number.NaN];

/** Numbers from a seed, some of them special. */
function numbers(count: number, type: ElementType, seed: number, special: boolean): Elements {
  let state = seed | 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  if (type === 'bool') return Uint8Array.from({ length: count }, () => (next() < 0.5 ? 0 : 1));
  if (type === 'i32') return Int32Array.from({ length: count }, () => Math.floor((next() - 0.5) * 2000));
  return Float32Array.from({ length: count }, () =>
    special && next() < 0.3 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : (next() - 0.5) * 8,
  );
}

/** Units in the last place between two floats; 0 for two NaN. */
function distance(a: number, b: number): number {
  if (Number.isNaN(a) && Number.isNaN(b)) return 0;
  if (a === b) return 0;
  const bits = new Int32Array(Float32Array.of(a, b).buffer);
  const ordered = Array.from(bits, (x) => (x < 0 ? -(x & 0x7fffffff) : x));
  return Number.isNaN(a) || Number.isNaN(b) ? Infinity : Math.abs(ordered[0] - ordered[1]);
}

/** Sigmoid gives 0 where its result would be denormal, as TensorFlow does. */
const DENORMAL = 2 ** -126;

function compare(actual: Elements, expected: Elements, ulps: number, absolute = 0): void {
  for (let i = 0; i < expected.length; i++) {
    const far = expected instanceof Float32Array ? distance(actual[i], expected[i]) : Math.abs(actual[i] - expected[i]);
    const isNear = far <= ulps || Math.abs(actual[i] - expected[i]) <= absolute;
    assert.ok(isNear, `element ${i}: ${actual[i]} for ${expected[i]}`);
  }
}

function check(
  kernel: LoopKernel,
  inputs: readonly Elements[],
  outputs: readonly Elements[],
  ulps: number,
  absolute = 0,
  scalars: readonly number[] = [],
) {
  const expected = outputs.map((output) => output.slice() as Elements);
  runKernel(kernel, inputs, expected, scalars);
  for (const features of FEATURES) {
    runWasm(kernel, inputs, outputs, scalars, features).forEach((output, i) => {
      compare(output, expected[i], ulps, absolute);
    });
  }
}

/** One value of one or two inputs of a vector. */
function elementwise(length: number, type: ElementType, op: Op, count: number): LoopKernel {
  const $ = new Values();
  const args = Array.from({ length: count }, (_, i) => $.load(type, i));
  const value = $.op(op, ...args);
  const operand = (of: ElementType): Operand => ({ type: of, strides: [1], offset: 0 });
  return {
    kind: 'loops',
    axes: [{ extent: length, isReduced: false }],
    inputs: args.map(() => operand(type)),
    scalars: [],
    outputs: [operand($.type(value))],
    values: $.list,
    stages: [{ kind: 'store', output: 0, value }],
  };
}

function resultOf(kernel: LoopKernel, length: number): Elements {
  const { type } = kernel.outputs[0];
  return type === 'f32' ? new Float32Array(length) : type === 'i32' ? new Int32Array(length) : new Uint8Array(length);
}

for (const [op, count, ulps] of [
  ['neg', 1, 0],
  ['abs', 1, 0],
  ['sqrt', 1, 0],
  ['floor', 1, 0],
  ['ceil', 1, 0],
  ['nearest', 1, 0],
  ['exp', 1, 2],
  ['log', 1, 2],
  ['tanh', 1, 8],
  ['sigmoid', 1, 4],
  ['add', 2, 0],
  ['sub', 2, 0],
  ['mul', 2, 0],
  ['div', 2, 0],
  ['min', 2, 0],
  ['max', 2, 0],
  ['lt', 2, 0],
  ['le', 2, 0],
  ['gt', 2, 0],
  ['ge', 2, 0],
  ['eq', 2, 0],
  ['ne', 2, 0],
] as const) {
  test(`${op} of floats, special ones among them`, () => {
    for (const length of [1, 3, 4, 7, 64, 1001]) {
      const kernel = elementwise(length, 'f32', op, count);
      const inputs = Array.from({ length: count }, (_, i) => numbers(length, 'f32', 17 * length + i, true));
      check(kernel, inputs, [resultOf(kernel, length)], ulps, op === 'tanh' ? 1e-7 : op === 'sigmoid' ? DENORMAL : 0);
    }
  });
}

test('exp, log, tanh and sigmoid over their whole ranges', () => {
  const length = 40_000;
  const range = (low: number, high: number) =>
    Float32Array.from({ length }, (_, i) => low + ((high - low) * i) / (length - 1));
  for (const [op, low, high, ulps] of [
    ['exp', -110, 92, 3],
    ['exp', -1, 1, 2],
    ['log', 1e-42, 1e-36, 2],
    ['log', 0.4, 2.2, 2],
    ['log', 0, 3e38, 2],
    ['tanh', -11, 11, 8],
    ['sigmoid', -100, 30, 4],
  ] as const) {
    const kernel = elementwise(length, 'f32', op, 1);
    const absolute = op === 'log' ? 1e-9 : op === 'sigmoid' ? DENORMAL : 1e-44;
    check(kernel, [range(low, high)], [new Float32Array(length)], ulps, absolute);
  }
});

test('exp, log, tanh and sigmoid give their limits, and what is exact, exactly', () => {
  const at = Float32Array.of(-Infinity, -200, -9, -0, 0, 9, 200, Infinity);
  for (const [op, expected] of [
    ['exp', [0, 0, null, 1, 1, null, Infinity, Infinity]],
    ['log', [null, null, null, -Infinity, -Infinity, null, null, Infinity]],
    ['tanh', [-1, -1, -1, -0, 0, 1, 1, 1]],
    ['sigmoid', [0, 0, null, 0.5, 0.5, null, 1, 1]],
  ] as const) {
    for (const features of FEATURES) {
      const [result] = runWasm(elementwise(8, 'f32', op, 1), [at], [new Float32Array(8)], [], features);
      expected.forEach((value, i) => {
        assert.ok(value === null || Object.is(result[i], value), `${op}(${at[i]}): ${result[i]} for ${value}`);
      });
    }
  }
});

test('integers wrap around, and truth values are bytes', () => {
  const ints = [Int32Array.of(2 ** 31 - 1, -(2 ** 31), 7, -7, 123456789), Int32Array.of(1, -1, -3, 3, 987654321)];
  for (const op of ['add', 'sub', 'mul', 'min', 'max', 'lt', 'ge', 'eq', 'ne'] as const) {
    const kernel = elementwise(5, 'i32', op, 2);
    check(kernel, ints, [resultOf(kernel, 5)], 0);
  }
  const bools = [numbers(11, 'bool', 3, false), numbers(11, 'bool', 5, false)];
  for (const op of ['and', 'or', 'eq', 'ne'] as const)
    check(elementwise(11, 'bool', op, 2), bools, [new Uint8Array(11)], 0);
  check(elementwise(11, 'bool', 'not', 1), [bools[0]], [new Uint8Array(11)], 0);
  const toFloat = elementwise(11, 'bool', 'toFloat', 1);
  check(toFloat, [bools[0]], [new Float32Array(11)], 0);
});

const extents = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 0, maxLength: 4 });

/** Operands of any layout, in any of the types, over random axes. */
const nests = extents.chain((of) =>
  fc.record({
    of: fc.constant(of),
    reduced: fc.tuple(...of.map(() => fc.boolean())),
    layouts: fc.array(
      fc.record({
        has: fc.tuple(...of.map(() => fc.boolean())),
        order: fc.shuffledSubarray(
          of.map((_, i) => i),
          { minLength: of.length },
        ),
        offset: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 3, maxLength: 3 },
    ),
    reduction: fc.constantFrom<Reduction>('sum', 'max', 'min'),
    seed: fc.nat(),
  }),
);

test('any extents, strides, broadcasts and reduced axes', () => {
  fc.assert(
    fc.property(nests, ({ of, reduced, layouts, reduction, seed }) => {
      const axes = of.map((extent, i) => ({ extent, isReduced: reduced[i] as boolean }));
      const operand = (type: ElementType, k: number): Operand => {
        const { has, order, offset } = layouts[k];
        const strides: number[] = of.map(() => 0);
        let size = 1;
        for (const axis of order) {
          if (!has[axis]) continue;
          strides[axis] = size;
          size *= of[axis];
        }
        return { type, strides, offset };
      };
      const inputs = [operand('f32', 0), operand('f32', 1), operand('bool', 2)];
      const outputs: Operand[] = [
        { type: 'f32', strides: denseStrides(of, (axis) => !reduced[axis]), offset: 0 },
        { type: 'f32', strides: denseStrides(of), offset: 0 },
      ];
      const $ = new Values();
      const product = $.op('mul', $.load('f32', 0), $.load('f32', 1));
      const chosen = $.op('select', $.load('bool', 2), product, $.op('add', $.load('f32', 0), $.scalar('f32', 0)));
      const result = $.reduced('f32', 0);
      const stages: Stage[] = [
        { kind: 'reduce', reduction, value: chosen },
        { kind: 'store', output: 0, value: $.op('mul', result, $.constant(2)) },
        { kind: 'store', output: 1, value: $.op('sub', chosen, result) },
      ];
      const kernel: LoopKernel = { kind: 'loops', axes, inputs, scalars: ['f32'], outputs, values: $.list, stages };
      const arrays = inputs.map((input, k) => numbers(spanOf(input, of), input.type, seed + k, false));
      const results = outputs.map((output) => new Float32Array(spanOf(output, of)));
      // A sum of so many products of numbers of this size, each addition of which rounds.
      const count = of.reduce((product, extent, axis) => (reduced[axis] ? product * extent : product), 1);
      check(kernel, arrays, results, 0, Math.max(1e-3, 64 * count * 2 ** -22), [0.75]);
    }),
    { numRuns: 300 },
  );
});

test('a long sum keeps its precision, along rows and across them', () => {
  const count = 1_000_003;
  const data = Float32Array.from({ length: count }, (_, i) => 1 + (i % 7) * 0.1);
  const exact = data.reduce((sum, x) => sum + x, 0);
  const $ = new Values();
  const value = $.load('f32', 0);
  const stages: Stage[] = [
    { kind: 'reduce', reduction: 'sum', value },
    { kind: 'store', output: 0, value: $.reduced('f32', 0) },
  ];
  const kernel = (axes: LoopKernel['axes'], input: number[], output: number[]): LoopKernel => ({
    kind: 'loops',
    axes,
    inputs: [{ type: 'f32', strides: input, offset: 0 }],
    scalars: [],
    outputs: [{ type: 'f32', strides: output, offset: 0 }],
    values: $.list,
    stages,
  });
  const [along] = runWasm(kernel([{ extent: count, isReduced: true }], [1], [0]), [data], [new Float32Array(1)]);
  assert.ok(Math.abs(along[0] / exact - 1) < 1e-6, `${along[0]} for ${exact}`);
  const rows = Math.floor(count / 5);
  const across = runWasm(
    kernel(
      [
        { extent: rows, isReduced: true },
        { extent: 5, isReduced: false },
      ],
      [5, 1],
      [0, 1],
    ),
    [data],
    [new Float32Array(5)],
  )[0];
  const columns = [0, 1, 2, 3, 4].map((j) =>
    Array.from({ length: rows }, (_, i) => data[5 * i + j]).reduce((a, b) => a + b, 0),
  );
  columns.forEach((column, j) => {
    assert.ok(Math.abs(across[j] / column - 1) < 1e-6, `${across[j]} for ${column}`);
  });
});

for (const count of [16, 17, 50, 77]) {
  test(`constants that go by the size, which are told in the call: a mean of ${count}, and what it gives each of them`, () => {
    const values = new Values();
    const load = values.load('f32', 0);
    const sum = values.reduced('f32', 0);
    const mean = values.op('div', sum, values.constant(count));
    const share = values.op('mul', values.op('sub', load, mean), values.constant(Math.fround(1 / (2 * count))));
    // 48 is no size of these, but a multiple of 16.
    const scaled = values.op('mul', share, values.constant(48));
    const kernel: LoopKernel = {
      kind: 'loops',
      axes: [{ extent: count, isReduced: true }],
      inputs: [{ type: 'f32', strides: [1], offset: 0 }],
      scalars: [],
      outputs: [
        { type: 'f32', strides: [0], offset: 0 },
        { type: 'f32', strides: [1], offset: 0 },
      ],
      values: values.list,
      stages: [
        { kind: 'reduce', reduction: 'sum', value: load },
        { kind: 'store', output: 0, value: mean },
        { kind: 'store', output: 1, value: scaled },
      ],
    };
    check(kernel, [numbers(count, 'f32', count, false)], [new Float32Array(1), new Float32Array(count)], 0, 1e-5);
  });
}

test.run();
