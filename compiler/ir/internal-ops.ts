/**
 * The ops that only the compiler makes and that no fusion is about. The fused ones are in `fused-ops.ts`.
 */
import { defineOp } from '../../src/ops/opdef/define.ts';
import { ARG } from './module.ts';

defineOp({
  name: ARG,
  doc: 'A value that the run is fed; its shape is bound to the feed.',
  outputs: ['output: T'],
  attrs: ['T: type', 'index: int >= 0'],
  infer: () => [null],
  grad: null,
  samples: [],
});
