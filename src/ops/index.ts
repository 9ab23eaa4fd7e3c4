/** Every op family: importing this registers all ops. */

export * from './arg-reduce.ts';
export * from './checks.ts';
export * from './constants.ts';
export {
  Assert,
  type AssertOptions,
  type Dependencies,
  type Dependency,
  group,
  noOp,
  Print,
  type PrintOptions,
  type TupleOptions,
  tuple,
  withDependencies,
} from './control.ts';
export * from './filling.ts';
export * from './identity.ts';
export * from './joining.ts';
export * from './matmul.ts';
export * from './padding.ts';
export * from './placeholders.ts';
export * from './reductions.ts';
export * from './shaping.ts';
export * from './slicing.ts';
export * from './spacing.ts';
export * from './tiling.ts';

import './training-ops.ts';

export * from './activations.ts';
export * from './arithmetic.ts';
export * from './cast.ts';
export * from './clip.ts';
export * from './comparison.ts';
export * from './indexed-slices.ts';
export * from './sums.ts';
export * from './unary-math.ts';

import './operators.ts';
import './unary-grads.ts';

export * from './embedding.ts';
export * from './gather.ts';
export * from './random.ts';
export * from './scatter.ts';
export * from './segment.ts';
export * from './selection.ts';
export * from './stitch.ts';

import './state.ts';

export * from './linalg.ts';

import './softmax.ts';
import './cross-entropy.ts';
import './bias.ts';
import './convolution.ts';
import './pooling.ts';
import './normalization.ts';
import './losses-basic.ts';
