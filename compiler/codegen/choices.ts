/**
 * Loops that choose along an axis: where the greatest number is, and the cross entropy with the class that a label says. What
 * is fused with other ops is built by `loop-builder.ts`.
 */
import { intsOf } from '../../src/ops/opdef/small-ints.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import { elementType } from './elements.ts';
import type { LoopKernel, Stage } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { placesGuard } from './rows.ts';
import { Values } from './values.ts';

/** The kernel for an op that chooses along an axis; null for other ops and types, and for shapes that are not known. */
export function choosingKernel(op: LowerContext, isUsed: (output: number) => boolean): OpKernel | null {
  switch (op.type) {
    case 'ArgMax':
    case 'ArgMin':
      return placeOfExtreme(op);
    case 'InTopK':
    case 'InTopKV2':
      return inTop(op);
    case 'SparseSoftmaxCrossEntropyWithLogits':
      return crossEntropy(op, isUsed);
  }
  return null;
}

/** Beyond it, the number of a place is no float. */
const PLACES = 2 ** 24;

function known(op: LowerContext, input: number): KnownShape | null {
  const shape = op.shape(input);
  return isFullyDefined(shape) && sizeOf(shape) > 0 ? shape : null;
}

/** The first place of the greatest or least number; of numbers that are all NaN, the first place. */
function placeOfExtreme(op: LowerContext): OpKernel | null {
  const shape = known(op, 0);
  const type = elementType(op.dtype(0));
  const given = intsOf(op.constant(1))?.[0];
  if (!shape || given === undefined || op.outputDType(0) !== int32 || (type !== 'f32' && type !== 'i32')) return null;
  const axis = given < 0 ? given + shape.length : given;
  if (!(axis >= 0 && axis < shape.length) || shape[axis] > PLACES) return null;
  const [outer, extent, inner] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
  const $ = new Values();
  const x = $.load(type, 0);
  const isLeast = op.type === 'ArgMin';
  // Floats leave out what is NaN.
  const value = type === 'f32' && isLeast ? $.op('neg', x) : x;
  const reduction = type === 'f32' ? 'greatest' : isLeast ? 'min' : 'max';
  const none = $.constant(extent);
  const place = $.op('select', $.op('eq', value, $.reduced(type, 0)), $.index(1), none);
  const found = $.reduced('f32', 1);
  const stages: Stage[] = [
    { kind: 'reduce', reduction, value },
    { kind: 'reduce', reduction: 'min', value: place },
    {
      kind: 'store',
      output: 0,
      value: $.op('toInt', $.op('select', $.op('eq', found, none), $.constant(0), found)),
    },
  ];
  const kernel: LoopKernel = {
    kind: 'loops',
    axes: [
      { extent: outer, isReduced: false },
      { extent, isReduced: true },
      { extent: inner, isReduced: false },
    ],
    inputs: [{ type, strides: [extent * inner, inner, 1], offset: 0 }],
    scalars: [],
    outputs: [{ type: 'i32', strides: [inner, 0, 1], offset: 0 }],
    values: $.list,
    stages,
  };
  return { kernel, inputs: [0] };
}

/** Of rows of logits and the numbers of their classes. */
function crossEntropy(op: LowerContext, isUsed: (output: number) => boolean): OpKernel | null {
  const [logits, labels] = [known(op, 0), known(op, 1)];
  if (!logits || !labels || op.dtype(0) !== float32 || op.dtype(1) !== int32) return null;
  const [rows, classes] = logits;
  if (logits.length !== 2 || labels.length !== 1 || labels[0] !== rows || classes > PLACES) return null;
  const outputs = [0, 1].filter(isUsed);
  if (outputs.length === 0) return null;
  const $ = new Values();
  const isOwn = $.op('eq', $.index(1), $.op('toFloat', $.load('i32', 1)));
  const shifted = $.op('sub', $.load('f32', 0), $.reduced('f32', 0));
  const exponential = $.op('exp', shifted);
  const total = $.reduced('f32', 1);
  const stages: Stage[] = [
    { kind: 'reduce', reduction: 'max', value: $.load('f32', 0) },
    { kind: 'reduce', reduction: 'sum', value: exponential },
  ];
  for (const [k, output] of outputs.entries()) {
    if (output === 0) {
      // Chosen, not multiplied: a logit of minus infinity counts for nothing where it is not the label's.
      stages.push({ kind: 'reduce', reduction: 'sum', value: $.op('select', isOwn, shifted, $.constant(0)) });
      stages.push({ kind: 'store', output: k, value: $.op('sub', $.op('log', total), $.reduced('f32', 2)) });
    } else {
      const own = $.op('select', isOwn, $.constant(1), $.constant(0));
      stages.push({ kind: 'store', output: k, value: $.op('sub', $.op('div', exponential, total), own) });
    }
  }
  const kernel: LoopKernel = {
    ...rowsWithLabels(rows, classes),
    outputs: outputs.map((output) => ({ type: 'f32', strides: output === 0 ? [1, 0] : [classes, 1], offset: 0 })),
    values: $.list,
    stages,
  };
  return { kernel, inputs: [0, 1], outputs, guard: placesGuard(op, 1, { extents: [classes], skipsNegative: false }) };
}

/** Loops over rows of numbers that have a label each, along the numbers of a row. */
function rowsWithLabels(rows: number, classes: number) {
  return {
    kind: 'loops',
    axes: [
      { extent: rows, isReduced: false },
      { extent: classes, isReduced: true },
    ],
    inputs: [
      { type: 'f32', strides: [classes, 1], offset: 0 },
      { type: 'i32', strides: [1, 0], offset: 0 },
    ],
    scalars: [],
  } as const;
}

/** Whether fewer than so many numbers of a row are greater than that which the label says, and all are finite. */
function inTop(op: LowerContext): OpKernel | null {
  const [scores, labels] = [known(op, 0), known(op, 1)];
  const k = op.type === 'InTopK' ? op.attr<number>('k') : intsOf(op.constant(2))?.[0];
  if (!scores || !labels || k === undefined || op.dtype(0) !== float32 || op.dtype(1) !== int32) return null;
  const [rows, classes] = scores;
  if (scores.length !== 2 || labels.length !== 1 || labels[0] !== rows || classes > PLACES) return null;
  const $ = new Values();
  const [score, label] = [$.load('f32', 0), $.load('i32', 1)];
  const isOwn = $.op('eq', $.index(1), $.op('toFloat', label));
  const isBetter = $.op('gt', score, $.reduced('f32', 0));
  const isThere = $.op('and', $.op('ge', label, $.constant(0, 'i32')), $.op('lt', label, $.constant(classes, 'i32')));
  const isFew = $.op('lt', $.reduced('f32', 2), $.constant(k));
  const stages: Stage[] = [
    { kind: 'reduce', reduction: 'sum', value: $.op('select', isOwn, score, $.constant(0)) },
    { kind: 'reduce', reduction: 'all', value: $.op('lt', $.op('abs', score), $.constant(Infinity)) },
    { kind: 'reduce', reduction: 'sum', value: $.op('select', isBetter, $.constant(1), $.constant(0)) },
    { kind: 'store', output: 0, value: $.op('and', isThere, $.op('and', $.reduced('bool', 1), isFew)) },
  ];
  const kernel: LoopKernel = {
    ...rowsWithLabels(rows, classes),
    outputs: [{ type: 'bool', strides: [1, 0], offset: 0 }],
    values: $.list,
    stages,
  };
  return { kernel, inputs: [0, 1] };
}
