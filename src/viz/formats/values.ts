/** Items and edges as plain values, for the formats in JSON. User's names are values in them, never keys. */
import { type CutEdge, groupOf, type Item } from '../cut.ts';
import { groupTitle } from '../draw.ts';
import { categoryOf } from '../model.ts';
import type { Group } from '../scopes.ts';
import type { View } from '../view.ts';

export function groupValue(group: Group, open: boolean) {
  return { label: groupTitle(group), kind: group.kind, scope: group.path, size: group.size, open };
}

export function itemValue({ cut, model, heat }: View, item: Item) {
  const stats = heat.of(item);
  const spent = stats ? { micros: stats.micros, bytes: stats.bytes } : {};
  const group = groupOf(cut, item);
  if (group) return { ...groupValue(group, false), ...spent };
  const { name, op, attrs, outputs, device, site, calls } = model.nodes[item];
  return {
    label: name,
    kind: 'node',
    op,
    category: categoryOf(op),
    attrs: attrs.map(([attr, value]) => ({ name: attr, value })),
    outputs,
    ...(device === '' ? {} : { device }),
    ...(site === '' ? {} : { site }),
    ...(calls.length === 0 ? {} : { functions: calls.map((call) => model.functions[call]) }),
    ...spent,
  };
}

export function edgeValue({ text, count, control, output, input }: CutEdge) {
  return count === 1 && !control ? { tensor: text, output, input } : { tensor: text, count, control };
}
