/** The language of Graphviz: nested boxes for name scopes, arrows for tensors with their shapes, dashed ones for control. */
import { groupKey, groupOf, type Item, itemsIn, keyOf } from '../cut.ts';
import { groupLines, groupTitle, nodeLines } from '../draw.ts';
import { bytesText, clip, timeText, toWellFormed } from '../escape.ts';
import { type Category, categoryOf, shortName } from '../model.ts';
import { FILLS, heatColor } from '../palette.ts';
import type { View } from '../view.ts';
import { heatShare } from './heat-share.ts';
import { walkGroups } from './walk.ts';

const SHAPES: Readonly<Record<Category, string>> = {
  input: 'invhouse',
  output: 'house',
  constant: 'ellipse',
  variable: 'cylinder',
  write: 'box',
  control: 'box',
  compute: 'box',
};

export function writeDot(view: View): string {
  const { cut, model } = view;
  const lines = [
    'digraph graph_def {',
    `  label="${escape(model.title)}"; labelloc=t; rankdir=${view.direction};`,
    '  node [fontname="Helvetica", fontsize=10, style="filled,rounded"];',
    '  edge [fontname="Helvetica", fontsize=8, color="#7b8794"];',
  ];
  walkGroups(cut, {
    enter: (group, indent) => {
      if (!group.parent) return;
      lines.push(
        `${indent}subgraph cluster_${groupKey(group)} {`,
        `${indent}  label="${escape(groupTitle(group))}"; color="#bbbbbb"; style=rounded;`,
      );
    },
    leave: (group, indent) => {
      if (group.parent) lines.push(`${indent}}`);
    },
    inside: (group, indent) => {
      for (const item of itemsIn(cut, group)) lines.push(`${indent}${keyOf(cut, item)} [${nodeStyle(view, item)}];`);
    },
  });
  for (const edge of cut.edges) {
    const style = edge.control
      ? 'style=dashed, color=gray50'
      : `label="${escape(edge.text || `${edge.count} tensors`)}"${edge.count > 1 ? `, penwidth=${Math.min(5, 1 + Math.log2(edge.count) / 2).toFixed(1)}` : ''}`;
    lines.push(`  ${keyOf(cut, edge.from)} -> ${keyOf(cut, edge.to)} [${style}];`);
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

function nodeStyle(view: View, item: Item): string {
  const group = groupOf(view.cut, item);
  const stats = view.heat.of(item);
  const spent = stats ? `\n${timeText(stats.micros)}, ${bytesText(stats.bytes)}` : '';
  const share = heatShare(view, item);
  const colour = (own: string) => (share === null ? own : heatColor(share));
  if (group) {
    const label = escape(groupLines(group).join('\n') + spent);
    return `label="${label}", shape=box3d, style=filled, fillcolor="${colour('#eef2f7')}"`;
  }
  const node = view.model.nodes[item];
  const category = categoryOf(node.op);
  const label = escape(
    [
      shortName(node.name),
      ...nodeLines(node)
        .slice(1)
        .filter(Boolean)
        .map(() => node.op),
    ].join('\n') + spent,
  );
  const tip = escape(
    clip([`${node.name} = ${node.op}`, ...node.attrs.map((attr) => attr.join(': '))].join('\n'), 1000),
  );
  const { light, line } = FILLS[category];
  const style = SHAPES[category] === 'box' ? '' : ', style=filled';
  return `label="${label}", shape=${SHAPES[category]}${style}, fillcolor="${colour(light)}", color="${line}", tooltip="${tip}"`;
}

/** Graphviz reads both backslashes and the entities of HTML in its texts. */
function escape(text: string): string {
  return toWellFormed(text)
    .replace(/[\\"]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/\r?\n|\r/g, '\\n');
}
