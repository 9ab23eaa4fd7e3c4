/**
 * Accumulators of gradients: handles of accumulators that the session keeps, and the ops that add to them and take from
 * them. The classes for users are in `src/queues`; the accumulators themselves, and waiting, are the runtime's.
 */
import type { Shape } from '../util/shape.ts';
import { defineOp, type OpInit } from './opdef/define.ts';
import { none, scalar, unknown } from './opdef/shape-rules.ts';

const PLACE = ['container: string = ""', 'shared_name: string = ""'];
const REDUCTION = 'reduction_type: {"MEAN", "SUM"} = "MEAN"';
/** A handle is a pair of names in TensorFlow. */
const PAIR: Shape = [2];

/** Every one of them acts on what other runs see: none is folded, merged or moved past another. */
function define(init: Omit<OpInit, 'effect' | 'grad' | 'samples'>): void {
  defineOp({ ...init, effect: 'io', grad: null, samples: [] });
}

for (const [prefix, handle] of [
  ['Resource', 'resource'],
  ['', 'Ref(string)'],
] as const) {
  define({
    name: `${prefix}ConditionalAccumulator`,
    doc: 'The handle of an accumulator that sums gradients until enough of them have come.',
    outputs: [`handle: ${handle}`],
    attrs: ['dtype: numbertype', 'shape: shape', ...PLACE, REDUCTION],
    infer: () => [PAIR],
  });
  define({
    name: `${prefix}AccumulatorApplyGradient`,
    doc: 'Adds a gradient to an accumulator, unless it is of a step before that of the accumulator.',
    inputs: [`handle: ${handle}`, 'local_step: int64', 'gradient: dtype'],
    attrs: ['dtype: numbertype'],
    infer: none,
  });
  define({
    name: `${prefix}AccumulatorNumAccumulated`,
    doc: 'The number of gradients in an accumulator.',
    inputs: [`handle: ${handle}`],
    outputs: ['num_accumulated: int32'],
    infer: scalar,
  });
  define({
    name: `${prefix}AccumulatorSetGlobalStep`,
    doc: 'Sets the step of an accumulator.',
    inputs: [`handle: ${handle}`, 'new_global_step: int64'],
    infer: none,
  });
  define({
    name: `${prefix}AccumulatorTakeGradient`,
    doc: 'Takes the mean or the sum of the gradients from an accumulator; waits until there are as many as wanted.',
    inputs: [`handle: ${handle}`, 'num_required: int32'],
    outputs: ['average: dtype'],
    attrs: ['dtype: numbertype'],
    infer: unknown,
  });
}

define({
  name: 'SparseConditionalAccumulator',
  doc: 'The handle of an accumulator that sums rows of gradients until enough of them have come.',
  outputs: ['handle: Ref(string)'],
  attrs: ['dtype: numbertype', 'shape: shape', ...PLACE, REDUCTION],
  infer: () => [PAIR],
});
define({
  name: 'SparseAccumulatorApplyGradient',
  doc: 'Adds rows of a gradient to an accumulator, unless they are of a step before that of the accumulator.',
  inputs: [
    'handle: Ref(string)',
    'local_step: int64',
    'gradient_indices: int64',
    'gradient_values: dtype',
    'gradient_shape: int64',
  ],
  attrs: ['dtype: numbertype', 'has_known_shape: bool'],
  infer: none,
});
define({
  name: 'SparseAccumulatorTakeGradient',
  doc: 'Takes the mean or the sum of the rows from an accumulator; waits until there are as many gradients as wanted.',
  inputs: ['handle: Ref(string)', 'num_required: int32'],
  outputs: ['indices: int64', 'values: dtype', 'shape: int64'],
  attrs: ['dtype: numbertype'],
  infer: () => [null, null, null],
});
