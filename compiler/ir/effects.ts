/**
 * What an IR node does beside computing: the effect of its op, and the mark of nodes that are bound to fail.
 */
import type { Attrs } from '../../src/graph/node.ts';
import { type Effect, findOpDef } from '../../src/ops/opdef/define.ts';

/**
 * An attribute on nodes whose shape rule refuses the fed shapes; its value is the rule's text. Such a node is left as
 * it is by every pass and runs on the host, where its kernel fails with the words of a run-time error.
 */
export const INVALID = '_invalid';

/** The effect of the op. A node that is bound to fail counts as `io`, so that it is neither moved nor dropped. */
export function effectOf(node: { readonly op: string; readonly attrs: Attrs }): Effect {
  return isInvalid(node) ? 'io' : (findOpDef(node.op)?.effect ?? 'io');
}

export function isInvalid(node: { readonly attrs: Attrs }): boolean {
  return node.attrs[INVALID] !== undefined;
}

const WAITING = new Set([
  'QueueEnqueueV2',
  'QueueEnqueueManyV2',
  'QueueDequeueV2',
  'QueueDequeueManyV2',
  'QueueDequeueUpToV2',
  'QueueCloseV2',
  'ReaderReadV2',
  'ReaderReadUpToV2',
  'AccumulatorTakeGradient',
  'ResourceAccumulatorTakeGradient',
  'SparseAccumulatorTakeGradient',
  'If',
  'Case',
  'While',
  'StatefulPartitionedCall',
]);

/**
 * Whether the run may have to wait for the node, and what the session holds may be another thing afterwards. What the
 * functions of a call do is not looked into.
 */
export function mayWait({ op }: { readonly op: string }): boolean {
  return WAITING.has(op);
}

/** Whether the node must run even if nobody takes its outputs. */
export function mustRun(effect: Effect): boolean {
  return effect === 'writes' || effect === 'io';
}
