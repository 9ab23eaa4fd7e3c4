/**
 * The text of a graph, or of the part of it that a request needs, a line per node. How types and attributes look is
 * `text.ts`'s job.
 *
 *     3: dense/MatMul = MatMul(x, dense/kernel/read) {transpose_b} : f32[?,10]    ^init
 */
import type { Endpoint, Node, NodeId } from '../../src/graph/node.ts';
import type { GraphSnapshot } from '../../src/graph/snapshot.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatElements, formatNodeAttrs, formatSpecs } from './text.ts';

/** The nodes of those ids; without them all. */
export function printGraph(snapshot: GraphSnapshot, ids?: Iterable<NodeId>): string {
  const lines: string[] = [];
  if (ids) for (const id of ids) lines.push(printGraphNode(snapshot, snapshot.node(id)));
  else for (const node of snapshot.nodes()) lines.push(printGraphNode(snapshot, node));
  return lines.join('\n');
}

function printGraphNode(snapshot: GraphSnapshot, node: Node): string {
  const name = ({ node: id, index }: Endpoint) => snapshot.node(id).name + (index === 0 ? '' : `:${index}`);
  const attrs =
    node.op === 'Const'
      ? ` {value=${formatElements(node.attrs.value as NdArray)}}`
      : formatNodeAttrs(node.op, node.attrs);
  const controls = node.controls.map((id) => ` ^${snapshot.node(id).name}`).join('');
  const device = node.device === '' ? '' : ` on ${node.device}`;
  const call = `${node.op}(${node.inputs.map(name).join(', ')})`;
  return `${node.id}: ${node.name} = ${call}${attrs} : ${formatSpecs(node.outputs)}${controls ? `   ${controls}` : ''}${device}`;
}
