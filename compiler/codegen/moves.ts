/**
 * Ops that move elements and fill, add or choose as well, so that their results are no views: gradients of slices,
 * rolls, reversed sequences, patches, diagonals. What is a view alone is in `parts.ts`, paddings are in `paddings.ts`.
 */
import { resolveSlice, sliceMasks } from '../../src/ops/opdef/slice-spec.ts';
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { int32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, type Shape, sizeOf } from '../../src/util/shape.ts';
import { type Padding, windowAxis } from '../../src/util/window.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { elementType } from './elements.ts';
import type { LoopKernel } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { denseStrides } from './parts.ts';
import { placesGuard } from './rows.ts';
import { type CopyAxis, copyKernel, fillKernel, Sequence } from './sequence.ts';
import { Values } from './values.ts';
import { imageOf, padded } from './windows.ts';

type Rule = (op: LowerContext) => OpKernel | null;

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['StridedSliceGrad', sliceGradient],
  ['Roll', roll],
  ['ReverseSequence', reverseSequence],
  ['ExtractImagePatches', patches],
  ['ExtractVolumePatches', patches],
  ['MatrixDiagPart', diagonalPart],
  ['MatrixDiagPartV2', diagonalPart],
  ['MatrixDiagPartV3', diagonalPart],
  ['MatrixDiag', diagonal],
  ['MatrixDiagV2', diagonal],
  ['MatrixDiagV3', diagonal],
]);

/** The kernel for an op that moves elements and more; null for other ops and types, and for unknown shapes. */
export function mixedMovingKernel(op: LowerContext): OpKernel | null {
  return rules.get(op.type)?.(op) ?? null;
}

const known = (shape: Shape): KnownShape | null => (isFullyDefined(shape) && sizeOf(shape) > 0 ? shape : null);
const ints = (op: LowerContext, input: number) => intsOf(op.constant(input));

/** The type of elements of 4 bytes. */
function wideType(op: LowerContext, input: number): 'f32' | 'i32' | null {
  const type = elementType(op.dtype(input));
  return type === 'f32' || type === 'i32' ? type : null;
}

/** Zeros, with a tensor at every so many places of them. */
function onZeros(
  op: LowerContext,
  input: number,
  shape: KnownShape,
  axes: readonly CopyAxis[],
  offset: number,
): OpKernel | null {
  const type = wideType(op, input);
  if (!type) return null;
  const sequence = new Sequence(1, 1);
  sequence.add(fillKernel(sizeOf(shape), 0), [1]);
  sequence.add(copyKernel(axes, 0, offset, type), [0, 1]);
  return { kernel: sequence.finish(), inputs: [input] };
}

function sliceGradient(op: LowerContext): OpKernel | null {
  const [shape, begin, end, strides] = [0, 1, 2, 3].map((input) => ints(op, input));
  const dy = known(op.shape(4));
  if (!shape || !begin || !end || !strides || !dy) return null;
  const part = resolveSlice(shape, {
    count: begin.length,
    begin,
    end,
    strides,
    ...sliceMasks((name) => op.attr(name)),
  });
  if (!part || !isFullyDefined(part.lengths) || String(part.shape) !== String(dy)) return null;
  const { lengths } = part;
  const [from, to] = [denseStrides(lengths), denseStrides(shape)];
  const axes = lengths.map((extent, i) => ({ extent, from: from[i], to: to[i] * part.strides[i] }));
  const offset = (part.begin as readonly number[]).reduce((sum, first, i) => sum + first * to[i], 0);
  return onZeros(op, 4, shape, axes, offset);
}

// ---------------------------------------------------------------------------------------------------------------------
// Rolls and sequences

/** So many parts that go their own ways are copied, at most. */
const PARTS = 16;

function roll(op: LowerContext): OpKernel | null {
  const [shape, shifts, axes, type] = [known(op.shape(0)), ints(op, 1), ints(op, 2), wideType(op, 0)];
  if (!shape || !type || !shifts || axes?.length !== shifts.length) return null;
  const by = shape.map(() => 0);
  for (const [k, given] of axes.entries()) {
    const axis = given < 0 ? given + shape.length : given;
    if (!(axis >= 0 && axis < shape.length)) return null;
    by[axis] = (((by[axis] + shifts[k]) % shape[axis]) + shape[axis]) % shape[axis];
  }
  const strides = denseStrides(shape);
  /** By part, where it begins in both, and its lengths. */
  let parts: { readonly from: number; readonly to: number; readonly lengths: readonly number[] }[] = [
    { from: 0, to: 0, lengths: [] },
  ];
  shape.forEach((extent, axis) => {
    const pieces = [
      { from: 0, to: by[axis], length: extent - by[axis] },
      { from: extent - by[axis], to: 0, length: by[axis] },
    ].filter(({ length }) => length > 0);
    parts = parts.flatMap((part) =>
      pieces.map(({ from, to, length }) => ({
        from: part.from + from * strides[axis],
        to: part.to + to * strides[axis],
        lengths: [...part.lengths, length],
      })),
    );
  });
  if (parts.length > PARTS) return null;
  const sequence = new Sequence(1, 1);
  for (const { from, to, lengths } of parts) {
    const copies = lengths.map((extent, i) => ({ extent, from: strides[i], to: strides[i] }));
    sequence.add(copyKernel(copies, from, to, type), [0, 1]);
  }
  return { kernel: sequence.finish(), inputs: [0] };
}

/** Beyond it, the number of a row is no float. */
const ROWS = 2 ** 24;

/** Of the first two axes, one is the batch and one goes along sequences: rows are read at places that a loop works out. */
function reverseSequence(op: LowerContext): OpKernel | null {
  const [shape, lengths, type] = [known(op.shape(0)), known(op.shape(1)), wideType(op, 0)];
  if (!shape || !lengths || !type || op.dtype(1) !== int32) return null;
  const [batch, along] = [Number(op.attr('batch_dim')), Number(op.attr('seq_dim'))];
  const count = sizeOf(shape.slice(0, 2));
  if (batch + along !== 1 || batch * along !== 0 || count > ROWS || lengths[0] !== shape[batch]) return null;
  const $ = new Values();
  const place = $.index(along);
  const length = $.op('toFloat', $.load('i32', 0));
  const last = $.op('sub', length, $.constant(1));
  const source = $.op('select', $.op('lt', place, length), $.op('sub', last, place), place);
  const own = $.index(batch);
  const [outer, inner] = along === 0 ? [source, own] : [own, source];
  const number = $.op('add', $.op('mul', outer, $.constant(shape[1])), inner);
  const numbers: LoopKernel = {
    kind: 'loops',
    axes: shape.slice(0, 2).map((extent) => ({ extent, isReduced: false })),
    inputs: [{ type: 'i32', strides: [1 - batch, batch], offset: 0 }],
    scalars: [],
    outputs: [{ type: 'i32', strides: [shape[1], 1], offset: 0 }],
    values: $.list,
    stages: [{ kind: 'store', output: 0, value: $.op('toInt', number) }],
  };
  const sequence = new Sequence(2, 1);
  const places = sequence.room(count);
  sequence.add(numbers, [1, places]);
  const width = sizeOf(shape.slice(2));
  const extents = [count];
  const moved = { kind: 'rows', mode: 'read', type, tables: 1, count, extents, skipsNegative: false, width } as const;
  sequence.add(moved, [0, places, 2]);
  const bounds = { extents: [shape[along] + 1], skipsNegative: false };
  return { kernel: sequence.finish(), inputs: [0, 1], guard: placesGuard(op, 1, bounds) };
}

// ---------------------------------------------------------------------------------------------------------------------
// Patches and diagonals

/** The places of each window side by side, channels inside. */
function patches(op: LowerContext): OpKernel | null {
  const [shape, result] = [known(op.shape(0)), known(op.outputShape(0))];
  if (!shape || !result || wideType(op, 0) !== 'f32') return null;
  const [ksizes, strides] = [op.attr<readonly number[]>('ksizes'), op.attr<readonly number[]>('strides')];
  const rates = shape.length === 4 ? op.attr<readonly number[]>('rates') : ksizes.map(() => 1);
  const padding = op.attr<Padding & string>('padding');
  const windows = shape
    .slice(1, -1)
    .map((size, i) => windowAxis(size, ksizes[i + 1], strides[i + 1], rates[i + 1], padding));
  if (windows.some(({ out }, i) => out !== result[i + 1])) return null;
  const sequence = new Sequence(1, 1);
  const image = padded(sequence, imageOf(0, shape), windows);
  const extents = [
    image.batch,
    ...windows.map(({ out }) => out),
    ...windows.map(({ window }) => window),
    image.channels,
  ];
  const from = [
    image.batchStride,
    ...windows.map(({ stride }, i) => stride * image.strides[i]),
    ...windows.map(({ dilation }, i) => dilation * image.strides[i]),
    1,
  ];
  const to = denseStrides(extents);
  const axes = extents.map((extent, i) => ({ extent, from: from[i], to: to[i] }));
  sequence.add(copyKernel(axes, 0, 0), [image.buffer, 1]);
  return { kernel: sequence.finish(), inputs: [0] };
}

/** Whether an op on diagonals is about the main one. */
function isMain(op: LowerContext): boolean {
  return !isNewer(op) || (ints(op, 1)?.every((k) => k === 0) ?? false);
}

/** Whether the op takes the number of the diagonal, and what fills the rest. */
function isNewer({ type }: LowerContext): boolean {
  return type.endsWith('V2') || type.endsWith('V3');
}

function diagonalPart(op: LowerContext): OpKernel | null {
  const [shape, type] = [known(op.shape(0)), wideType(op, 0)];
  if (!shape || !type || shape.length < 2 || !isMain(op)) return null;
  const [height, width] = shape.slice(-2);
  const length = Math.min(height, width);
  const axes = [
    { extent: sizeOf(shape.slice(0, -2)), from: height * width, to: length },
    { extent: length, from: width + 1, to: 1 },
  ];
  return { kernel: copyKernel(axes, 0, 0, type), inputs: [0] };
}

function diagonal(op: LowerContext): OpKernel | null {
  const [shape, result] = [known(op.shape(0)), known(op.outputShape(0))];
  if (!shape || !result || !isMain(op)) return null;
  // What fills the rest.
  if (isNewer(op) && Number(op.constant(4)?.data[0] ?? Number.NaN) !== 0) return null;
  const [height, width] = result.slice(-2);
  const length = shape[shape.length - 1];
  if (result.length !== shape.length + 1 || Math.min(height, width) !== length) return null;
  const axes = [
    { extent: sizeOf(shape.slice(0, -1)), from: length, to: height * width },
    { extent: length, from: 1, to: width + 1 },
  ];
  return onZeros(op, 0, result, axes, 0);
}
