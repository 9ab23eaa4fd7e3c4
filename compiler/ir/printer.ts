/**
 * The text of a module, a line per node. `parser.ts` reads it back; how types and attributes look is `text.ts`'s job.
 *
 *     feed %0 = @0:0
 *     %3 = MatMul(%1, %2) {transpose_b} : f32[?,10]            # dense/MatMul
 *     fetch %3, %5:1
 *     run %7
 */
import type { NdArray } from '../../src/util/ndarray.ts';
import type { IrModule, IrNode, IrValue } from './module.ts';
import { formatElements, formatNodeAttrs, formatSpecs, withComment } from './text.ts';

export interface PrintOptions {
  /** Whether comments end in the graph nodes that a line stands for: `# y/Relu @4,3`. */
  readonly origins?: boolean;
}

export function printModule(module: IrModule, options: PrintOptions = {}): string {
  const lines = module.feeds.map(({ node, endpoint }) => `feed %${node} = @${endpoint.node}:${endpoint.index}`);
  for (const node of module.nodes) lines.push(printNode(node, options));
  if (module.fetches.length > 0) lines.push(`fetch ${module.fetches.map(printValue).join(', ')}`);
  if (module.effects.length > 0) lines.push(`run ${module.effects.map((id) => `%${id}`).join(', ')}`);
  return lines.join('\n');
}

export function printNode(node: IrNode, { origins = false }: PrintOptions = {}): string {
  const attrs =
    node.op === 'Const'
      ? ` {value=${formatElements(node.attrs.value as NdArray)}}`
      : formatNodeAttrs(node.op, node.attrs);
  const line = `%${node.id} = ${node.op}(${node.inputs.map(printValue).join(', ')})${attrs} : ${formatSpecs(node.outputs)}`;
  return withComment(line, node.name + (origins ? ` @${node.origin.join(',')}` : ''));
}

/** `%3`, or `%3:1` for a later output. */
export function printValue({ node, index }: IrValue): string {
  return index === 0 ? `%${node}` : `%${node}:${index}`;
}
