/**
 * Stacks of tensors, in which dataflow loops of TensorFlow 1 keep what their gradients need. They come with imported
 * graphs.
 */
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext } from './opdef/define.ts';
import { none, unknown, withRank } from './opdef/shape-rules.ts';

/** A handle is a pair of names in TensorFlow. */
const PAIR: Shape = [2];

defineOp({
  name: 'StackV2',
  doc: 'The handle of a new stack of tensors that lasts as long as the run.',
  inputs: ['max_size: int32'],
  outputs: ['handle: resource'],
  attrs: ['elem_type: type', 'stack_name: string = ""'],
  effect: 'writes',
  infer: () => [PAIR],
  grad: null,
  samples: [],
});

defineOp({
  name: 'StackPushV2',
  doc: 'Puts a tensor onto a stack, and hands it on.',
  inputs: ['handle: resource', 'elem: T'],
  outputs: ['output: T'],
  attrs: ['T: type', 'swap_memory: bool = false'],
  effect: 'writes',
  infer: (op: InferContext) => {
    withRank(op.shape(0), 1);
    return [op.shape(1)];
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'StackPopV2',
  doc: 'Takes the last tensor from a stack.',
  inputs: ['handle: resource'],
  outputs: ['elem: elem_type'],
  attrs: ['elem_type: type'],
  effect: 'writes',
  infer: unknown,
  grad: null,
  samples: [],
});

defineOp({
  name: 'StackCloseV2',
  doc: 'Empties a stack for good.',
  inputs: ['handle: resource'],
  effect: 'writes',
  infer: none,
  grad: null,
  samples: [],
});
