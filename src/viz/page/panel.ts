/** The panel beside the graph: all that is known of a node or a scope, with its neighbours as links. */
import { groupTitle, type Heat } from '../draw.ts';
import { bytesText, escapeXml, timeText } from '../escape.ts';
import { edgeText, type VizEdge, type VizModel } from '../model.ts';
import type { Group, Tree } from '../scopes.ts';

/** Longer lists are cut. */
const LONGEST_LIST = 60;

export class Panel {
  private readonly inputs: readonly VizEdge[][];
  private readonly outputs: readonly VizEdge[][];

  constructor(
    private readonly element: HTMLElement,
    private readonly model: VizModel,
  ) {
    const inputs: VizEdge[][] = model.nodes.map(() => []);
    const outputs: VizEdge[][] = model.nodes.map(() => []);
    for (const edge of model.edges) {
      inputs[edge.to].push(edge);
      outputs[edge.from].push(edge);
    }
    this.inputs = inputs;
    this.outputs = outputs;
  }

  showModel(tree: Tree): void {
    const { model } = this;
    const ops = new Map<string, number>();
    for (const { op } of model.nodes) ops.set(op, (ops.get(op) ?? 0) + 1);
    const common = [...ops].sort((a, b) => b[1] - a[1]).slice(0, 25);
    this.element.innerHTML =
      head(model.title, `${model.nodes.length} nodes, ${model.edges.length} edges, ${tree.groups.length - 1} groups`) +
      rows(
        'Ops',
        common.map(([op, count]) => [op, String(count)]),
      );
  }

  showNode(id: number, heat: Heat): void {
    const { model } = this;
    const node = model.nodes[id];
    const facts: (readonly [string, string])[] = [];
    if (node.owner > 0) facts.push(['function', model.functions[node.owner - 1]]);
    if (node.device !== '') facts.push(['device', node.device]);
    if (node.site !== '') facts.push(['source', node.site]);
    this.element.innerHTML =
      head(node.name, node.op) +
      rows('', facts) +
      rows('Run', spent(heat.of(id))) +
      rows(
        'Outputs',
        node.outputs.map((text, i) => [String(i), text || 'unknown'] as const),
      ) +
      rows('Attributes', node.attrs) +
      this.links('Inputs', this.inputs[id], 'from') +
      this.links('Consumers', this.outputs[id], 'to') +
      functionLinks(node.calls.map((call) => [call, model.functions[call]] as const));
  }

  showGroup(group: Group, item: number, heat: Heat): void {
    const name = group.kind === 'scope' ? group.path : groupTitle(group);
    const counts = new Map<string, number>();
    const stack = [group];
    while (stack.length > 0) {
      const { nodes, groups } = stack.pop() as Group;
      for (const id of nodes) counts.set(this.model.nodes[id].op, (counts.get(this.model.nodes[id].op) ?? 0) + 1);
      for (const child of groups) stack.push(child);
    }
    const ops = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 40);
    this.element.innerHTML =
      head(name, `${group.kind}, ${group.size} ${group.size === 1 ? 'node' : 'nodes'}`) +
      rows('Run', spent(heat.of(item))) +
      rows(
        'Ops',
        ops.map(([op, count]) => [op, String(count)] as const),
      );
  }

  private links(title: string, edges: readonly VizEdge[], end: 'from' | 'to'): string {
    if (edges.length === 0) return '';
    const items = edges.slice(0, LONGEST_LIST).map((edge) => {
      const text = edge.control ? 'control' : edgeText(this.model, edge);
      const name = this.model.nodes[edge[end]].name;
      return `<li><button type="button" data-node="${edge[end]}">${escapeXml(name)}</button><small>${escapeXml(text)}</small></li>`;
    });
    const more = edges.length > LONGEST_LIST ? `<li>… ${edges.length - LONGEST_LIST} more</li>` : '';
    return `<h3>${title} (${edges.length})</h3><ul>${items.join('')}${more}</ul>`;
  }
}

function head(name: string, op: string): string {
  return `<h2>${escapeXml(name)}</h2><p class="op">${escapeXml(op)}</p>`;
}

function rows(title: string, pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) return '';
  const lines = pairs.map(
    ([name, value]) => `<tr><td>${escapeXml(name)}</td><td><code>${escapeXml(value)}</code></td></tr>`,
  );
  return `${title === '' ? '' : `<h3>${title}</h3>`}<table>${lines.join('')}</table>`;
}

function functionLinks(calls: readonly (readonly [number, string])[]): string {
  if (calls.length === 0) return '';
  const items = calls.map(([call, name]) => {
    return `<li><button type="button" data-function="${call}">ƒ ${escapeXml(name)}</button></li>`;
  });
  return `<h3>Functions</h3><ul>${items.join('')}</ul>`;
}

function spent(stats: { readonly micros: number; readonly bytes: number } | null): (readonly [string, string])[] {
  return stats
    ? [
        ['time', timeText(stats.micros)],
        ['outputs', bytesText(stats.bytes)],
      ]
    : [];
}
