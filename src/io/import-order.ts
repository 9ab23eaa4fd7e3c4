/**
 * The order in which the nodes of a file are built: inputs first, else as the file has them. What the nodes are is
 * `import-graph.ts`'s business.
 */
import { ValueError } from '../util/errors.ts';

/**
 * Positions of all nodes, each after those it takes something from; of those that could come next always the first.
 * Throws `ValueError` with the names where nodes wait for one another.
 *
 * @param sources by node the positions of the nodes it takes something from; repeats are welcome
 */
export function importOrder(sources: readonly (readonly number[])[], nameOf: (position: number) => string): number[] {
  if (sources.every((list, position) => list.every((source) => source < position))) return [...sources.keys()];
  const waiting = sources.map((list) => list.length);
  const users: number[][] = sources.map(() => []);
  sources.forEach((list, position) => {
    for (const source of list) users[source].push(position);
  });
  const ready = new Heap();
  waiting.forEach((count, position) => {
    if (count === 0) ready.push(position);
  });
  const order: number[] = [];
  for (let position = ready.pop(); position !== undefined; position = ready.pop()) {
    order.push(position);
    for (const user of users[position]) if (--waiting[user] === 0) ready.push(user);
  }
  if (order.length < sources.length) throw cycleError(waiting, nameOf);
  return order;
}

function cycleError(waiting: readonly number[], nameOf: (position: number) => string): ValueError {
  const left = [...waiting.keys()].filter((position) => waiting[position] > 0);
  const shown = left.slice(0, 10).map((position) => `'${nameOf(position)}'`);
  return new ValueError(
    `${left.length} nodes in a cycle: ${shown.join(', ')}${left.length > shown.length ? ', …' : ''}`,
  );
}

/** A binary heap of numbers, the least on top. */
class Heap {
  private readonly items: number[] = [];

  push(item: number): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] <= item) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1] < items[child]) child++;
      if (items[child] >= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
}
