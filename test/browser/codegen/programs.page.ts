/** Programs of WebGL against what their kernels mean, over shapes, layouts of textures and special numbers. Runs in a page. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runKernel } from '../../../compiler/codegen/javascript.ts';
import type { LoopKernel, Operand, Reduction, Stage } from '../../../compiler/codegen/kernel.ts';
import { type ElementType, type Op, Values } from '../../../compiler/codegen/values.ts';
import type { Backend, DeviceValue } from '../../../runtime/backends/backend.ts';
import { startBackend } from '../../../runtime/backends/index.ts';
import { bool, float32, int32 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import { options } from '../../support/arbitraries.ts';

type Elements = Float32Array | Int32Array | Uint8Array;

const test = suite('codegen/programs');
const DTYPES = { f32: float32, i32: int32, bool } as const;
const SPECIAL = [0, -0, 1, -1, 0.5, -2.5, 3.5, 3e38, -3e38, 88, -80, Infinity, -Infinity, Number.NaN];

/** What is used of tfjs's backend to make textures of every kind. */
interface Native {
  unpackTensor(value: DeviceValue): DeviceValue;
  packTensor(value: DeviceValue): DeviceValue;
  uploadToGPU(id: object): void;
  texData: { get(id: object): { isPacked: boolean } };
}

/** How an array is given: with the processor, or in a texture, of its own shape or of another one. */
type Form = 'host' | 'packed' | 'flat' | 'vector' | 'rows';
const form: fc.Arbitrary<Form> = fc.constantFrom('host', 'packed', 'packed', 'flat', 'vector', 'rows');

function numbers(count: number, type: ElementType, seed: number, special = 0.2): Elements {
  let state = seed | 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  if (type === 'bool') return Uint8Array.from({ length: count }, () => (next() < 0.5 ? 0 : 1));
  if (type === 'i32') return Int32Array.from({ length: count }, () => Math.floor((next() - 0.5) * 2000));
  return Float32Array.from({ length: count }, () =>
    next() < special ? SPECIAL[Math.floor(next() * SPECIAL.length)] : (next() - 0.5) * 8,
  );
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The array as a value of the backend in this form; the shape is one that fits its number of elements. */
function put(backend: Backend, data: Elements, type: ElementType, shape: readonly number[], as: Form): DeviceValue {
  const native = backend.native as Native;
  const size = data.length;
  const other = as === 'vector' ? [size] : as === 'rows' ? [size, 1] : shape;
  const value = backend.write(new NdArray(DTYPES[type], other, data));
  if (as === 'host') return value;
  native.texData.get(value.dataId).isPacked = true;
  native.uploadToGPU(value.dataId);
  if (as !== 'flat') return { ...value, shape: shape as number[] };
  const flat = native.unpackTensor(value);
  backend.dispose(value.dataId);
  return flat;
}

/** Runs the kernel on the device and checks each of its results. */
async function check(
  kernel: LoopKernel,
  inputs: readonly { readonly data: Elements; readonly shape: readonly number[]; readonly as: Form }[],
  shapes: readonly (readonly number[])[],
  near: (actual: number, expected: number) => boolean,
): Promise<void> {
  const backend = await startBackend('webgl');
  const before = backend.numBuffers();
  const expected = shapes.map((shape, k) => empty(kernel.outputs[k].type, sizeOf(shape)));
  runKernel(
    kernel,
    inputs.map(({ data }) => data),
    expected,
  );
  const results = shapes.map((shape, k) => ({ shape, dtype: DTYPES[kernel.outputs[k].type] }));
  const run = backend.generateOnValues?.(kernel, results);
  assert.ok(run, 'the backend takes programs');
  const values = inputs.map(({ data, shape, as }, k) => put(backend, data, kernel.inputs[k].type, shape, as));
  const made = run(values);
  made.forEach((value, k) => {
    const { data } = backend.readSync(value, results[k].dtype);
    assert.is(data.length, expected[k].length);
    for (let i = 0; i < expected[k].length; i++) {
      const [a, b] = [data[i] as number, expected[k][i]];
      assert.ok(near(a, b), `output ${k} [${shapes[k]}] element ${i}: ${a} for ${b}`);
    }
    checkPadding(backend, value);
  });
  for (const { dataId } of [...values, ...made]) backend.dispose(dataId);
  assert.is(backend.numBuffers(), before);
}

/** What lies beyond the rows and columns of a packed result must be 0: a product of matrices would take it in. */
function checkPadding(backend: Backend, { dataId, shape }: DeviceValue): void {
  const native = backend.native as {
    texData: { get(id: object): { texture: { texture: WebGLTexture } | null; texShape: [number, number] } };
    gpgpu: { downloadMatrixFromPackedTexture(texture: WebGLTexture, rows: number, columns: number): Float32Array };
  };
  const { texture, texShape } = native.texData.get(dataId);
  if (!texture) return;
  const texels = texShape.map((d) => Math.max(1, Math.ceil(d / 2)));
  const all = native.gpgpu.downloadMatrixFromPackedTexture(texture.texture, texels[0], texels[1]);
  const rank = shape.length;
  const [rows, columns] = [rank > 1 ? shape[rank - 2] : 1, rank > 0 ? shape[rank - 1] : 1];
  const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const count = (sizeOf(shape) / (rows * columns)) * down * across;
  for (let n = 0; n < count; n++) {
    const [r, c] = [2 * (Math.floor(n / across) % down), 2 * (n % across)];
    for (let h = 0; h < 4; h++) {
      const isInside = r + (h >> 1) < rows && c + (h & 1) < columns;
      assert.ok(isInside || all[4 * n + h] === 0, `beside the result [${shape}] lies ${all[4 * n + h]}`);
    }
  }
}

function empty(type: ElementType, size: number): Elements {
  return type === 'f32' ? new Float32Array(size) : type === 'i32' ? new Int32Array(size) : new Uint8Array(size);
}

const exact = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
/** Denormal numbers may be 0; what overflows may do so a little early. */
const within =
  (relative: number, absolute = 1e-37) =>
  (a: number, b: number): boolean =>
    exact(a, b) || Math.abs(a - b) <= relative * Math.abs(b) + absolute;

function dense(extents: readonly number[], has: (axis: number) => boolean = () => true): number[] {
  const strides: number[] = extents.map(() => 0);
  let size = 1;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    if (!has(axis)) continue;
    strides[axis] = size;
    size *= extents[axis];
  }
  return strides;
}

const OPS: readonly (readonly [op: Op, count: number, near: ReturnType<typeof within>])[] = [
  ['neg', 1, exact],
  ['abs', 1, exact],
  ['sqrt', 1, within(3e-7)],
  ['floor', 1, exact],
  ['ceil', 1, exact],
  ['nearest', 1, exact],
  ['exp', 1, within(1e-5)],
  ['log', 1, within(2e-6, 2e-7)],
  ['tanh', 1, within(2e-6, 1e-7)],
  ['sigmoid', 1, within(1e-5)],
  ['add', 2, exact],
  ['sub', 2, exact],
  ['mul', 2, within(0)],
  ['div', 2, within(3e-7)],
  ['min', 2, exact],
  ['max', 2, exact],
  ['lt', 2, exact],
  ['le', 2, exact],
  ['gt', 2, exact],
  ['ge', 2, exact],
  ['eq', 2, exact],
  ['ne', 2, exact],
];

function elementwise(size: number, type: ElementType, op: Op, count: number): LoopKernel {
  const $ = new Values();
  const args = Array.from({ length: count }, (_, i) => $.load(type, i));
  const value = $.op(op, ...args);
  const operand = (of: ElementType): Operand => ({ type: of, strides: [1], offset: 0 });
  return {
    kind: 'loops',
    axes: [{ extent: size, isReduced: false }],
    inputs: args.map(() => operand(type)),
    scalars: [],
    outputs: [operand($.type(value))],
    values: $.list,
    stages: [{ kind: 'store', output: 0, value }],
  };
}

for (const [op, count, near] of OPS) {
  test(`${op} of floats, special ones among them`, async () => {
    for (const shape of [[], [3], [40, 7], [3, 5, 6]]) {
      const kernel = elementwise(sizeOf(shape), 'f32', op, count);
      const inputs = Array.from({ length: count }, (_, i) => ({
        data: numbers(sizeOf(shape), 'f32', 17 * sizeOf(shape) + i, 0.3),
        shape,
        as: 'packed' as const,
      }));
      await check(kernel, inputs, [shape], near);
    }
  });
}

test('exp, log, tanh and sigmoid over their whole ranges', async () => {
  const shape = [200, 100];
  for (const [op, low, high, near] of [
    // What the language promises for exp grows with the argument.
    ['exp', -87, 88.7, within(1e-5)],
    ['exp', -8, 8, within(2e-6)],
    ['log', 1e-30, 1e-20, within(1e-6)],
    ['log', 0.4, 2.2, within(1e-6, 2e-7)],
    ['log', 1, 3e38, within(1e-6)],
    ['tanh', -11, 11, within(2e-6, 1e-7)],
    ['tanh', -0.01, 0.01, within(2e-6)],
    ['sigmoid', -80, 30, within(1e-5)],
  ] as const) {
    const data = Float32Array.from({ length: 20_000 }, (_, i) => low + ((high - low) * i) / 19_999);
    await check(elementwise(20_000, 'f32', op, 1), [{ data, shape, as: 'packed' }], [shape], near);
  }
});

test('integers and truth values', async () => {
  const shape = [4, 5];
  for (const op of ['add', 'sub', 'mul', 'min', 'max', 'lt', 'le', 'gt', 'ge', 'eq', 'ne'] as const) {
    const inputs = [3, 5].map((seed) => ({ data: numbers(20, 'i32', seed), shape, as: 'packed' as const }));
    await check(elementwise(20, 'i32', op, 2), inputs, [shape], exact);
  }
  for (const op of ['and', 'or', 'eq', 'ne'] as const) {
    const inputs = [3, 5].map((seed) => ({ data: numbers(20, 'bool', seed), shape, as: 'packed' as const }));
    await check(elementwise(20, 'bool', op, 2), inputs, [shape], exact);
  }
  for (const type of ['f32', 'i32', 'bool'] as const) {
    const $ = new Values();
    const value = $.op('select', $.load('bool', 0), $.load(type, 1), $.load(type, 2));
    const operand = (of: ElementType): Operand => ({ type: of, strides: [1], offset: 0 });
    const kernel: LoopKernel = {
      ...elementwise(20, type, 'eq', 1),
      inputs: [operand('bool'), operand(type), operand(type)],
      outputs: [operand(type)],
      values: $.list,
      stages: [{ kind: 'store', output: 0, value }],
    };
    const inputs = (['bool', type, type] as const).map((of, k) => ({
      data: numbers(20, of, 7 + k),
      shape,
      as: 'packed' as const,
    }));
    await check(kernel, inputs, [shape], exact);
  }
});

/** Lengths of axes; odd and even ones, so that texels are full and not. */
const extent = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: 6, max: 19 }) },
);
const extents = fc.array(extent, { minLength: 0, maxLength: 4 });

/** An input: which axes it goes along, in which order, backwards or not, with elements before the first. */
const arrangement = (rank: number) => {
  const flags = (weight: number) =>
    fc.array(fc.oneof({ weight, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }), {
      minLength: rank,
      maxLength: rank,
    });
  const plain = Array.from({ length: rank }, (_, i) => i);
  return fc.record({
    has: fc.oneof({ weight: 2, arbitrary: fc.constant(plain.map(() => true)) }, { weight: 2, arbitrary: flags(2) }),
    order: fc.oneof(
      { weight: 3, arbitrary: fc.constant(plain) },
      { weight: 1, arbitrary: fc.shuffledSubarray(plain, { minLength: rank, maxLength: rank }) },
    ),
    backwards: fc.oneof(
      { weight: 4, arbitrary: fc.constant(plain.map(() => false)) },
      { weight: 1, arbitrary: flags(1) },
    ),
    before: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
    ),
    as: form,
  });
};

type Arrangement = ReturnType<typeof arrangement> extends fc.Arbitrary<infer T> ? T : never;

/** The operand, the shape of its array, and how many elements that has. */
function arranged(of: readonly number[], { has, order, backwards, before }: Arrangement, type: ElementType) {
  const strides = of.map(() => 0);
  const shape: number[] = [];
  let size = 1;
  let offset = before;
  for (const axis of [...order].reverse()) {
    if (!has[axis]) continue;
    strides[axis] = backwards[axis] ? -size : size;
    if (backwards[axis]) offset += size * (of[axis] - 1);
    shape.unshift(of[axis]);
    size *= of[axis];
  }
  // With elements before the first it is a vector, of which this is a part.
  const whole = before > 0 ? [size + before] : shape;
  const operand: Operand = { type, strides, offset };
  return { operand, shape: whole, size: size + before };
}

test('broadcasts, parts and transposes of arrays, however they lie', async () => {
  await fc.assert(
    fc.asyncProperty(
      extents.chain((of) =>
        fc.record({
          of: fc.constant(of),
          layouts: fc.tuple(arrangement(of.length), arrangement(of.length), arrangement(of.length)),
          seed: fc.integer({ min: 1, max: 2 ** 30 }),
        }),
      ),
      async ({ of, layouts, seed }) => {
        const types = ['f32', 'f32', 'bool'] as const;
        const made = layouts.map((layout, k) => arranged(of, layout, types[k]));
        const $ = new Values();
        const [x, y] = [$.load('f32', 0), $.load('f32', 1)];
        const larger = $.op('max', x, $.op('mul', y, $.constant(0.25)));
        const chosen = $.op('select', $.load('bool', 2), larger, $.op('add', x, $.constant(1.5)));
        const kernel: LoopKernel = {
          kind: 'loops',
          axes: of.map((each) => ({ extent: each, isReduced: false })),
          inputs: made.map(({ operand }) => operand),
          scalars: [],
          // Two that go together, one of which is no float.
          outputs: [
            { type: 'f32', strides: dense(of), offset: 0 },
            { type: 'bool', strides: dense(of), offset: 0 },
          ],
          values: $.list,
          stages: [
            { kind: 'store', output: 0, value: chosen },
            { kind: 'store', output: 1, value: $.op('lt', larger, chosen) },
          ],
        };
        const inputs = made.map(({ shape, size }, k) => ({
          data: numbers(size, types[k], seed + k),
          shape,
          as: layouts[k].as,
        }));
        await check(kernel, inputs, [of, of], exact);
      },
    ),
    options(400),
  );
});

test('reductions along some axes, with results of both kinds', async () => {
  const reductions: readonly Reduction[] = ['sum', 'prod', 'max', 'min', 'greatest'];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }).chain((of) =>
        fc.record({
          of: fc.constant(of),
          layouts: fc.tuple(arrangement(of.length), arrangement(of.length)),
          reduced: fc.array(fc.boolean(), { minLength: of.length, maxLength: of.length }),
          reduction: fc.constantFrom(...reductions),
          seed: fc.integer({ min: 1, max: 2 ** 30 }),
        }),
      ),
      async ({ of, layouts, reduced, reduction, seed }) => {
        const made = layouts.map((layout) => arranged(of, layout, 'f32'));
        const isExtreme = reduction === 'max' || reduction === 'min' || reduction === 'greatest';
        const $ = new Values();
        const product = $.op('mul', $.load('f32', 0), $.load('f32', 1));
        const first = $.reduced('f32', 0);
        const stages: Stage[] = [
          { kind: 'reduce', reduction, value: product },
          // A second one, which takes the first.
          { kind: 'reduce', reduction: 'sum', value: $.op('sub', $.load('f32', 0), first) },
          { kind: 'store', output: 0, value: $.op('mul', first, $.constant(2)) },
          { kind: 'store', output: 1, value: $.op('sub', product, first) },
          { kind: 'store', output: 2, value: $.reduced('f32', 1) },
        ];
        const kept = dense(of, (axis) => !reduced[axis]);
        const shape = of.filter((_, axis) => !reduced[axis]);
        const kernel: LoopKernel = {
          kind: 'loops',
          axes: of.map((each, axis) => ({ extent: each, isReduced: reduced[axis] })),
          inputs: made.map(({ operand }) => operand),
          scalars: [],
          outputs: [
            { type: 'f32', strides: kept, offset: 0 },
            { type: 'f32', strides: dense(of), offset: 0 },
            { type: 'f32', strides: kept, offset: 0 },
          ],
          values: $.list,
          stages,
        };
        const inputs = made.map(({ shape: whole, size }, k) => ({
          data: numbers(size, 'f32', seed + k, isExtreme ? 0.1 : 0),
          shape: whole,
          as: layouts[k].as,
        }));
        const most = reduction === 'prod' ? 1e-2 : 2e-3;
        await check(kernel, inputs, [shape, of, shape], within(1e-5, most));
      },
    ),
    options(320),
  );
});

test('long reductions, in two steps where a number divides them', async () => {
  for (const [of, reduced, order] of [
    [
      [1300, 6],
      [true, false],
      [0, 1],
    ],
    [
      [1300, 6],
      [true, false],
      [1, 0],
    ],
    [[1200], [true], [0]],
    [
      [24, 3, 50, 7],
      [true, false, true, false],
      [0, 1, 2, 3],
    ],
    [
      [24, 3, 50, 7],
      [true, true, true, false],
      [3, 1, 0, 2],
    ],
    // A prime: in one step.
    [
      [1009, 2],
      [true, false],
      [0, 1],
    ],
  ] as const) {
    const plain = of.map(() => false);
    const x = arranged(
      of,
      { has: of.map(() => true), order: [...order], backwards: plain, before: 0, as: 'packed' },
      'f32',
    );
    const kept = of.filter((_, axis) => !reduced[axis]);
    const own = dense(of, (axis) => !reduced[axis]);
    const $ = new Values();
    const value = $.op('sub', $.op('abs', $.load('f32', 0)), $.constant(0.5));
    const sum = $.op('div', $.reduced('f32', 0), $.constant(7));
    const kernel: LoopKernel = {
      kind: 'loops',
      axes: of.map((extent, axis) => ({ extent, isReduced: reduced[axis] })),
      inputs: [x.operand, { type: 'f32', strides: own, offset: 0 }],
      scalars: [],
      outputs: [
        { type: 'f32', strides: own, offset: 0 },
        { type: 'f32', strides: own, offset: 0 },
        { type: 'f32', strides: dense(of), offset: 0 },
      ],
      values: $.list,
      stages: [
        { kind: 'reduce', reduction: 'sum', value },
        { kind: 'reduce', reduction: 'max', value: $.load('f32', 0) },
        { kind: 'store', output: 0, value: $.op('mul', sum, $.load('f32', 1)) },
        { kind: 'store', output: 1, value: $.reduced('f32', 1) },
        { kind: 'store', output: 2, value },
      ],
    };
    const inputs = [
      { data: numbers(sizeOf(of), 'f32', 3, 0), shape: x.shape, as: 'packed' as const },
      { data: numbers(sizeOf(kept), 'f32', 5, 0), shape: kept, as: 'flat' as const },
    ];
    await check(kernel, inputs, [kept, kept, of], within(1e-5, 1e-3));
  }
});

test.run();
