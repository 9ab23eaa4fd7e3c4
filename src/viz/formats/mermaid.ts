/** A flow chart of Mermaid, which Markdown pages show. Mermaid itself refuses more than 500 edges: see `maxNodes`. */
import { groupKey, groupOf, type Item, itemsIn, keyOf } from '../cut.ts';
import { groupLines, groupTitle, nodeLines } from '../draw.ts';
import { bytesText, timeText, toWellFormed } from '../escape.ts';
import { type Category, categoryOf } from '../model.ts';
import { FILLS, heatColor } from '../palette.ts';
import type { View } from '../view.ts';
import { heatShare } from './heat-share.ts';
import { walkGroups } from './walk.ts';

const SHAPES: Readonly<Record<Category, readonly [string, string]>> = {
  input: ['[/"', '"/]'],
  output: ['[\\"', '"\\]'],
  constant: ['(["', '"])'],
  variable: ['[("', '")]'],
  write: ['["', '"]'],
  control: ['{{"', '"}}'],
  compute: ['["', '"]'],
};

export function writeMermaid(view: View): string {
  const { cut } = view;
  const lines = [`flowchart ${view.direction}`];
  const heated: string[] = [];
  walkGroups(cut, {
    enter: (group, indent) => {
      if (group.parent) lines.push(`${indent}subgraph ${groupKey(group)}["${escape(groupTitle(group))}"]`);
    },
    leave: (group, indent) => {
      if (group.parent) lines.push(`${indent}end`);
    },
    inside: (group, indent) => {
      for (const item of itemsIn(cut, group)) {
        lines.push(`${indent}${keyOf(cut, item)}${boxOf(view, item)}`);
        const share = heatShare(view, item);
        if (share !== null) heated.push(`  style ${keyOf(cut, item)} fill:${heatColor(share)},color:#1a1206`);
      }
    },
  });
  for (const edge of cut.edges) {
    const arrow = edge.control ? '-.->' : `-->|"${escape(edge.text || `${edge.count} tensors`)}"|`;
    lines.push(`  ${keyOf(cut, edge.from)} ${arrow} ${keyOf(cut, edge.to)}`);
  }
  for (const [name, { light, line }] of Object.entries(FILLS)) {
    lines.push(`  classDef ${name} fill:${light},stroke:${line},color:#17202b`);
  }
  lines.push('  classDef closed fill:#eef2f7,stroke:#93a1b2,color:#17202b', ...heated);
  return `${lines.join('\n')}\n`;
}

function boxOf(view: View, item: Item): string {
  const group = groupOf(view.cut, item);
  const stats = view.heat.of(item);
  const spent = stats ? [`${timeText(stats.micros)}, ${bytesText(stats.bytes)}`] : [];
  if (group) return `[["${escape([...groupLines(group), ...spent].join('\n'))}"]]:::closed`;
  const node = view.model.nodes[item];
  const category = categoryOf(node.op);
  const [open, close] = SHAPES[category];
  const label = escape([...nodeLines(node).filter((line) => line !== ''), ...spent].join('\n'));
  return `${open}${label}${close}:::${category}`;
}

/** Whatever could mean something to Mermaid or to HTML becomes a number of its own notation; a line break is a tag. */
function escape(text: string): string {
  const safe = toWellFormed(text || ' ').replace(
    /[^\w \u00A0-\u{10FFFF}.,:/()+=?*\n\r-]/gu,
    (c) => `#${c.codePointAt(0)};`,
  );
  return safe.replace(/\r?\n|\r/g, '<br/>');
}
