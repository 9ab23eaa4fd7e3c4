/** GraphML, which yEd, Gephi, NetworkX and others read: nested graphs for scopes, everything known of a node as data. */
import { groupKey, groupOf, type Item, itemsIn, keyOf } from '../cut.ts';
import { groupTitle } from '../draw.ts';
import { escapeXml } from '../escape.ts';
import type { View } from '../view.ts';
import { walkGroups } from './walk.ts';

/** Keys of the data: where it stands, its name, its type. */
const KEYS = [
  ['node', 'label', 'string'],
  ['node', 'op', 'string'],
  ['node', 'attrs', 'string'],
  ['node', 'outputs', 'string'],
  ['node', 'device', 'string'],
  ['node', 'site', 'string'],
  ['node', 'size', 'int'],
  ['node', 'micros', 'double'],
  ['node', 'bytes', 'double'],
  ['edge', 'tensor', 'string'],
  ['edge', 'output', 'int'],
  ['edge', 'input', 'int'],
  ['edge', 'count', 'int'],
  ['edge', 'control', 'boolean'],
] as const;

export function writeGraphml(view: View): string {
  const { cut } = view;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
      'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">',
    ...KEYS.map(
      ([where, name, type]) => `  <key id="${where}_${name}" for="${where}" attr.name="${name}" attr.type="${type}"/>`,
    ),
  ];
  walkGroups(cut, {
    enter: (group, indent) => {
      if (!group.parent) lines.push('  <graph id="G" edgedefault="directed">');
      else {
        const name = group.kind === 'scope' ? group.path : groupTitle(group);
        lines.push(
          `${indent}<node id="${groupKey(group)}">${data('node', 'label', name)}${data('node', 'size', group.size)}`,
          `${indent}<graph id="${groupKey(group)}:" edgedefault="directed">`,
        );
      }
    },
    inside: (group, indent) => {
      for (const item of itemsIn(cut, group)) {
        lines.push(`${indent}<node id="${keyOf(cut, item)}">${nodeData(view, item)}</node>`);
      }
    },
    leave: (group, indent) => {
      if (group.parent) lines.push(`${indent}</graph></node>`);
    },
  });
  cut.edges.forEach((edge, i) => {
    const single = edge.output >= 0 && edge.count === 1;
    const parts = [
      data('edge', 'control', edge.control),
      data('edge', 'count', edge.count),
      edge.text === '' ? '' : data('edge', 'tensor', edge.text),
      single ? data('edge', 'output', edge.output) + data('edge', 'input', edge.input) : '',
    ];
    const ends = `source="${keyOf(cut, edge.from)}" target="${keyOf(cut, edge.to)}"`;
    lines.push(`    <edge id="e${i}" ${ends}>${parts.join('')}</edge>`);
  });
  lines.push('  </graph>', '</graphml>');
  return `${lines.join('\n')}\n`;
}

function nodeData({ cut, model, heat }: View, item: Item): string {
  const stats = heat.of(item);
  const spent = stats ? data('node', 'micros', stats.micros) + data('node', 'bytes', stats.bytes) : '';
  const group = groupOf(cut, item);
  if (group) {
    const name = group.kind === 'scope' ? group.path : groupTitle(group);
    return data('node', 'label', name) + data('node', 'size', group.size) + spent;
  }
  const node = model.nodes[item];
  const texts = [
    ['attrs', node.attrs.map(([name, value]) => `${name}=${value}`).join('\n')],
    ['outputs', node.outputs.join('\n')],
    ['device', node.device],
    ['site', node.site],
  ] as const;
  return (
    data('node', 'label', node.name) +
    data('node', 'op', node.op) +
    texts.map(([name, text]) => (text === '' ? '' : data('node', name, text))).join('') +
    spent
  );
}

function data(where: string, name: string, value: string | number | boolean): string {
  return `<data key="${where}_${name}">${escapeXml(String(value))}</data>`;
}
