/** Which nodes of a function's body a call runs. Writing them is the business of `lower.ts` and `export-graph.ts`. */
import type { Endpoint, NodeId } from '../../graph/node.ts';
import type { GraphSnapshot } from '../../graph/snapshot.ts';

/** What results and targets of a body need, its arguments included where they are used. */
export function needed(
  body: GraphSnapshot,
  outputs: readonly Endpoint[],
  targets: readonly NodeId[],
): ReadonlySet<NodeId> {
  const found = new Set<NodeId>();
  const stack: NodeId[] = [...outputs.map(({ node }) => node), ...targets];
  while (stack.length > 0) {
    const id = stack.pop() as NodeId;
    if (found.has(id)) continue;
    found.add(id);
    const { inputs, controls } = body.node(id);
    for (const { node } of inputs) stack.push(node);
    for (const control of controls) stack.push(control);
  }
  return found;
}
