/** Kernels in parts, computed in any order, against the kernels as they are: the results have the same bits. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ContractionKernel,
  type Kernel,
  type LoopKernel,
  type Operand,
  type Reduction,
  roomsOf,
  type SequenceKernel,
  type Stage,
} from '../../../compiler/codegen/kernel.ts';
import { copyKernel, fillKernel } from '../../../compiler/codegen/sequence.ts';
import { bufferCount, type Phase, splitKernel } from '../../../compiler/codegen/split.ts';
import { type ElementType, Values } from '../../../compiler/codegen/values.ts';
import { assemble } from '../../../compiler/codegen/wasm/assembler.ts';
import { NO_FEATURES } from '../../../compiler/codegen/wasm/features.ts';
import { renderKernel, scratchOf } from '../../../compiler/codegen/wasm/render.ts';
import { sizedKernel } from '../../../compiler/codegen/wasm/sizes.ts';
import { denseStrides, spanOf } from '../../support/wasm-kernels.ts';

const test = suite('compiler/codegen/split');

/** The kernel, or its parts, on a memory of pseudo-random numbers; what is in all buffers afterwards. */
function run(kernel: Kernel, phases: readonly Phase[] | null, sizes: readonly number[], seed: number): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: 24 });
  const addresses: number[] = [];
  let end = 64;
  for (const size of sizes) {
    addresses.push(end);
    end += 8 * Math.ceil((4 * size) / 8) + 64;
  }
  const floats = new Float32Array(memory.buffer, 0, end / 4);
  let state = seed | 1;
  for (let i = 0; i < floats.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    floats[i] = state / 2 ** 31 - 1;
  }
  const execute = (part: Kernel, operands: readonly number[], room: number) => {
    const sized = sizedKernel(part);
    const module = new WebAssembly.Module(assemble(renderKernel(sized, 'kernel', NO_FEATURES)));
    const { exports } = new WebAssembly.Instance(module, { e: { m: memory } });
    (exports.kernel as (...args: number[]) => void)(...operands, ...sized.counts, room);
  };
  const { starts, bytes } = roomsOf(kernel);
  assert.ok(end + bytes + scratchOf(kernel) < memory.buffer.byteLength);
  if (!phases) execute(kernel, addresses, end);
  const all = [...addresses, ...starts.map((start) => end + start)];
  for (const phase of phases ?? []) {
    // Backwards: the order of the tasks is nobody's.
    for (const { kernel: part, operands, shifts } of [...phase].reverse()) {
      const places = operands.map((operand, i) => all[operand] + shifts[i]);
      execute(part, places, end + bytes);
    }
  }
  return new Uint8Array(memory.buffer.slice(0, end));
}

/** Compares, and says into how many tasks the kernel was divided. */
function check(kernel: Kernel, threads: number, sizes: readonly number[], seed = 1): number {
  assert.is(bufferCount(kernel), sizes.length);
  const phases = splitKernel(kernel, threads, 0);
  if (!phases) return 1;
  for (const { operands, shifts } of phases.flat()) assert.is(operands.length, shifts.length);
  assert.ok(Buffer.from(run(kernel, phases, sizes, seed)).equals(run(kernel, null, sizes, seed)));
  return Math.max(...phases.map((phase) => phase.length));
}

const threads = fc.integer({ min: 2, max: 5 });
const operand = (strides: number[], type: ElementType = 'f32'): Operand => ({ type, strides, offset: 0 });

test('products of any size, either side turned, with batches, a bias and an addend', () => {
  const size = fc.integer({ min: 1, max: 60 });
  let divided = 0;
  fc.assert(
    fc.property(
      fc.record({
        batch: fc.integer({ min: 1, max: 5 }),
        rows: size,
        columns: size,
        sums: size,
        turnLeft: fc.boolean(),
        turnRight: fc.boolean(),
        shareRight: fc.boolean(),
      }),
      threads,
      fc.nat(),
      ({ batch, rows, columns, sums, turnLeft, turnRight, shareRight }, count, seed) => {
        const $ = new Values();
        const sum = $.op('add', $.reduced('f32', 0), $.load('f32', 2));
        const strides = [rows * columns, columns, 1];
        const kernel: ContractionKernel = {
          kind: 'contraction',
          batch: [{ extent: batch, left: rows * sums, right: shareRight ? 0 : sums * columns }],
          rows: { extent: rows, left: turnLeft ? 1 : sums, right: 0 },
          columns: { extent: columns, left: 0, right: turnRight ? sums : 1 },
          sums: [{ extent: sums, left: turnLeft ? rows : 1, right: turnRight ? 1 : columns }],
          inputs: [operand([]), operand([]), operand([0, 0, 1]), operand(strides)],
          scalars: [],
          outputs: [operand(strides), operand(strides)],
          values: $.list,
          results: [$.op('max', sum, $.constant(0)), $.op('mul', sum, $.load('f32', 3))],
        };
        const of = batch * rows * columns;
        const right = (shareRight ? 1 : batch) * sums * columns;
        if (check(kernel, count, [batch * rows * sums, right, columns, of, of, of], seed) > 1) divided++;
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(divided > 100, `${divided} were divided`);
});

test('sums in parts, which lie in the result in between', () => {
  for (const [rows, columns] of [
    [3, 64],
    [64, 3],
    [40, 40],
  ]) {
    const $ = new Values();
    const sums = 2500;
    const kernel: ContractionKernel = {
      kind: 'contraction',
      batch: [],
      rows: { extent: rows, left: sums, right: 0 },
      columns: { extent: columns, left: 0, right: 1 },
      sums: [{ extent: sums, left: 1, right: columns }],
      inputs: [operand([]), operand([])],
      scalars: [],
      outputs: [operand([columns, 1])],
      values: $.list,
      results: [$.reduced('f32', 0)],
    };
    assert.ok(check(kernel, 2, [rows * sums, sums * columns, rows * columns]) > 1);
  }
});

test('loops over any axes, with broadcasts, reductions and truth values', () => {
  let divided = 0;
  fc.assert(
    fc.property(
      fc
        .array(fc.record({ extent: fc.integer({ min: 1, max: 12 }), isReduced: fc.boolean() }), {
          minLength: 1,
          maxLength: 4,
        })
        .chain((axes) =>
          fc.record({
            axes: fc.constant(axes),
            has: fc.array(fc.tuple(...axes.map(() => fc.boolean())), { minLength: 3, maxLength: 3 }),
            reduction: fc.constantFrom<Reduction>('sum', 'max', 'min'),
          }),
        ),
      threads,
      fc.nat(),
      ({ axes, has, reduction }, count, seed) => {
        const of = axes.map(({ extent }) => extent);
        const inputs = has.map((axis, k) =>
          operand(
            denseStrides(of, (i) => axis[i] as boolean),
            k === 2 ? 'bool' : 'f32',
          ),
        );
        const outputs = [
          operand(denseStrides(of, (axis) => !axes[axis].isReduced)),
          operand(denseStrides(of)),
          operand(denseStrides(of), 'bool'),
        ];
        const $ = new Values();
        const product = $.op('mul', $.load('f32', 0), $.load('f32', 1));
        const chosen = $.op('select', $.load('bool', 2), product, $.load('f32', 0));
        const result = $.reduced('f32', 0);
        const stages: Stage[] = [
          { kind: 'reduce', reduction, value: chosen },
          { kind: 'store', output: 0, value: result },
          { kind: 'store', output: 1, value: $.op('sub', chosen, result) },
          { kind: 'store', output: 2, value: $.op('lt', chosen, result) },
        ];
        const kernel: LoopKernel = { kind: 'loops', axes, inputs, scalars: [], outputs, values: $.list, stages };
        const sizes = [...inputs, ...outputs].map((each) => spanOf(each, of));
        if (check(kernel, count, sizes, seed) > 1) divided++;
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(divided > 80, `${divided} were divided`);
});

test('kernels one after the other, with rooms between them', () => {
  const [height, width, output] = [9, 11, 16];
  const padded = (height + 2) * (width + 2);
  const $ = new Values();
  const convolution: ContractionKernel = {
    kind: 'contraction',
    batch: [{ extent: height, left: width + 2, right: 0 }],
    rows: { extent: width, left: 1, right: 0 },
    columns: { extent: output, left: 0, right: 1 },
    sums: [
      { extent: 3, left: width + 2, right: 3 * output },
      { extent: 3, left: 1, right: output },
    ],
    inputs: [operand([]), operand([])],
    scalars: [],
    outputs: [operand([width * output, output, 1])],
    values: $.list,
    results: [$.reduced('f32', 0)],
  };
  const copy = copyKernel(
    [
      { extent: height, from: width, to: width + 2 },
      { extent: width, from: 1, to: 1 },
    ],
    0,
    width + 3,
  );
  const kernel: SequenceKernel = {
    kind: 'sequence',
    inputs: 2,
    outputs: 1,
    rooms: [5, padded],
    parts: [
      { kernel: fillKernel(padded, 0), operands: [4] },
      { kernel: copy, operands: [0, 4] },
      { kernel: convolution, operands: [4, 1, 2] },
    ],
  };
  assert.ok(check(kernel, 3, [height * width, 9 * output, height * width * output]) > 1);
});

test('what writes an element twice, or reads what another part writes, stays whole', () => {
  const $ = new Values();
  const value = $.load('f32', 0);
  const loops = (from: number[], to: number[], isReduced = false): LoopKernel => ({
    kind: 'loops',
    axes: [
      { extent: 500, isReduced },
      { extent: 600, isReduced },
    ],
    inputs: [operand(from)],
    scalars: [],
    outputs: [operand(to)],
    values: $.list,
    stages: [{ kind: 'store', output: 0, value }],
  });
  assert.ok(splitKernel(loops([600, 1], [600, 1]), 2));
  assert.is(splitKernel(loops([600, 1], [1, 1]), 2), null);
  assert.is(splitKernel(loops([600, 1], [0, 0]), 2), null);
  const sum: LoopKernel = {
    ...loops([600, 1], [0, 0], true),
    values: [$.list[0], { kind: 'reduced', type: 'f32', stage: 0 }],
    stages: [
      { kind: 'reduce', reduction: 'sum', value },
      { kind: 'store', output: 0, value: 1 },
    ],
  };
  assert.is(splitKernel(sum, 2), null);
  // In one buffer: where elements stay at their places, parts do not meet.
  const inPlace = (part: LoopKernel): SequenceKernel => ({
    kind: 'sequence',
    inputs: 0,
    outputs: 1,
    rooms: [],
    parts: [{ kernel: part, operands: [0, 0] }],
  });
  assert.ok(splitKernel(inPlace(loops([600, 1], [600, 1])), 2));
  assert.is(splitKernel(inPlace(loops([1, 500], [600, 1])), 2), null);
});

test('small kernels stay whole', () => {
  const of = (elements: number) => copyKernel([{ extent: elements, from: 1, to: 1 }], 0, 0);
  assert.is(splitKernel(of(10_000), 2), null);
  assert.is(splitKernel(of(1_000_000), 2)?.[0].length, 4);
});

test('a memory that threads share takes kernels that say so, and no others', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true });
  const link = (isShared: boolean) => {
    const functions = renderKernel(sizedKernel(fillKernel(3, 7)), 'kernel', NO_FEATURES);
    return new WebAssembly.Instance(new WebAssembly.Module(assemble(functions, isShared)), { e: { m: memory } });
  };
  assert.throws(() => link(false), /LinkError|shared/);
  (link(true).exports.kernel as (address: number) => void)(64);
  memory.grow(1);
  (link(true).exports.kernel as (address: number) => void)(65536);
  assert.equal([...new Float32Array(memory.buffer, 60, 5)], [0, 7, 7, 7, 0]);
  assert.equal([...new Float32Array(memory.buffer, 65536, 4)], [7, 7, 7, 0]);
});

test.run();
