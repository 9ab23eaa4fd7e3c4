/** The share of the most that one node spent, for formats that colour by it. */
import type { Item } from '../cut.ts';
import type { View } from '../view.ts';

/** From 0 to 1; null where colour says something else or nothing is known. */
export function heatShare({ colorBy, heat }: View, item: Item): number | null {
  const stats = colorBy === 'kind' ? null : heat.of(item);
  if (!stats) return null;
  const [value, most] = colorBy === 'time' ? [stats.micros, heat.max.micros] : [stats.bytes, heat.max.bytes];
  return most > 0 ? Math.min(1, value / most) : 0;
}
