/**
 * `CompareAndBitpack`, which TensorFlow has dropped since 1.15 and frozen graphs still hold: eight comparisons to a byte.
 */
import { float32, uint8 } from '../util/dtype.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRank, withRankAtLeast } from './opdef/shape-rules.ts';

function packed(op: InferContext): Inferred {
  withRank(op.shape(1), 0);
  const shape = withRankAtLeast(op.shape(0), 1);
  if (shape === null) return [null];
  const last = shape[shape.length - 1];
  if (last !== null && last % 8 !== 0) {
    throw new ShapeError(`Dimension size must be evenly divisible by 8 but is ${last}`);
  }
  return [[...shape.slice(0, -1), last === null ? null : last / 8]];
}

defineOp({
  name: 'CompareAndBitpack',
  doc: 'Which elements exceed the threshold (for bool: which are true), eight to a byte, the first one as its highest bit.',
  inputs: ['input: T', 'threshold: T'],
  outputs: ['output: uint8'],
  attrs: ['T: {bool, float16, float32, float64, int8, int16, int32, int64}'],
  infer: packed,
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [2, 8], [1, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3, 0.5]), sample(float32, [], [0.5])],
      outputs: [sample(uint8, [2, 1], [161, 2])],
    },
  ],
});
