/** The JSON form of the graphlib package: a compound multigraph, read back by its `json.read`. */
import { groupKey, itemsIn, keyOf } from '../cut.ts';
import type { View } from '../view.ts';
import { edgeValue, groupValue, itemValue } from './values.ts';
import { walkGroups } from './walk.ts';

export function writeGraphlib(view: View): string {
  const { cut, model } = view;
  const nodes: unknown[] = [];
  const parentOf = (key: string | null) => (key === null ? {} : { parent: key });
  walkGroups(cut, {
    enter: (group) => {
      if (!group.parent) return;
      const parent = group.parent.parent ? groupKey(group.parent) : null;
      nodes.push({ v: groupKey(group), value: groupValue(group, true), ...parentOf(parent) });
    },
    inside: (group) => {
      const parent = parentOf(group.parent ? groupKey(group) : null);
      for (const item of itemsIn(cut, group))
        nodes.push({ v: keyOf(cut, item), value: itemValue(view, item), ...parent });
    },
    leave: () => {},
  });
  const edges = cut.edges.map((edge, i) => ({
    v: keyOf(cut, edge.from),
    w: keyOf(cut, edge.to),
    name: `e${i}`,
    value: edgeValue(edge),
  }));
  const options = { directed: true, multigraph: true, compound: true };
  return `${JSON.stringify({ options, nodes, edges, value: { title: model.title } }, null, 1)}\n`;
}
