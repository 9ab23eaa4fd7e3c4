/** The JSON of Cytoscape and Cytoscape.js: compound elements and a style sheet, for `cytoscape(JSON.parse(text))`. */
import { groupKey, groupOf, itemsIn, keyOf } from '../cut.ts';
import { categoryOf } from '../model.ts';
import { FILLS, heatColor } from '../palette.ts';
import type { View } from '../view.ts';
import { heatShare } from './heat-share.ts';
import { edgeValue, groupValue, itemValue } from './values.ts';
import { walkGroups } from './walk.ts';

export function writeCytoscape(view: View): string {
  const { cut, model } = view;
  const nodes: unknown[] = [];
  walkGroups(cut, {
    enter: (group) => {
      if (!group.parent) return;
      const parent = group.parent.parent ? { parent: groupKey(group.parent) } : {};
      nodes.push({ data: { id: groupKey(group), ...parent, ...groupValue(group, true) }, classes: 'open' });
    },
    inside: (group) => {
      const parent = group.parent ? { parent: groupKey(group) } : {};
      for (const item of itemsIn(cut, group)) {
        const share = heatShare(view, item);
        const heat = share === null ? {} : { heat: heatColor(share) };
        const classes = groupOf(cut, item) ? 'closed' : categoryOf(model.nodes[item].op);
        nodes.push({ data: { id: keyOf(cut, item), ...parent, ...itemValue(view, item), ...heat }, classes });
      }
    },
    leave: () => {},
  });
  const edges = cut.edges.map((edge, i) => ({
    data: { id: `e${i}`, source: keyOf(cut, edge.from), target: keyOf(cut, edge.to), ...edgeValue(edge) },
    classes: edge.control ? 'control' : 'data',
  }));
  const document = {
    data: { name: model.title },
    elements: { nodes, edges },
    style: STYLE,
    layout: { name: 'breadthfirst', directed: true },
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

const STYLE = [
  {
    selector: 'node',
    style: {
      label: 'data(label)',
      shape: 'round-rectangle',
      width: 110,
      height: 26,
      'text-valign': 'center',
      'text-wrap': 'ellipsis',
      'text-max-width': '104px',
      'font-size': 10,
    },
  },
  { selector: 'node.open', style: { 'text-valign': 'top', 'background-opacity': 0.06 } },
  { selector: 'node.closed', style: { 'background-color': '#eef2f7', 'border-width': 3, 'border-style': 'double' } },
  ...Object.entries(FILLS).map(([name, { light, line }]) => ({
    selector: `node.${name}`,
    style: { 'background-color': light, 'border-color': line, 'border-width': 1 },
  })),
  { selector: 'node[heat]', style: { 'background-color': 'data(heat)' } },
  {
    selector: 'edge',
    style: { 'curve-style': 'bezier', 'target-arrow-shape': 'triangle', 'line-color': '#8895a5', width: 1 },
  },
  { selector: 'edge.control', style: { 'line-style': 'dashed' } },
];
