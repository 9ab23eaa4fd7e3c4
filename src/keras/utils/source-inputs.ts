/** Which inputs a tensor of a model depends on. How tensors come to have a history is `../engine`'s. */
import type { Tensor } from '../../graph/graph.ts';
import { type CallRecord, historyOf } from '../engine/history.ts';
import { flat } from '../engine/nest.ts';
import { completeHistory } from '../engine/op-history.ts';

/**
 * The tensors of inputs that are needed to compute the tensor, each once; the tensor itself where it comes from no model.
 *
 *     const [x] = tf.keras.utils.getSourceInputs(model.output);
 */
export function getSourceInputs(tensor: Tensor): Tensor[] {
  completeHistory([tensor]);
  const found = new Set<Tensor>();
  const seen = new Set<CallRecord>();
  const stack: Tensor[] = [tensor];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const history = historyOf(next);
    const call = history?.layer.inboundNodes[history.nodeIndex];
    if (!call || call.inbound.length === 0) found.add(next);
    else if (!seen.has(call)) {
      seen.add(call);
      stack.push(...[...flat(call.inputs as Tensor | readonly Tensor[])].reverse());
    }
  }
  return [...found];
}
