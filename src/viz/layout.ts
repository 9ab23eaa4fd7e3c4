/**
 * Where boxes and edges stand. Every open group is laid out by itself by dagre, from the inside out, so that the work grows
 * with what is seen and a group that has not changed is not laid out again. Drawing is `draw.ts`'s business.
 */
import type { Graph as DagreGraph, GraphLabel } from '@dagrejs/dagre';
import { type Cut, type CutEdge, homeOf, type Item, itemOf, itemsIn } from './cut.ts';
import type { Group } from './scopes.ts';

/** The part of dagre that is used; whoever lays out brings it, as it is loaded only then. */
export interface Dagre {
  readonly Graph: typeof DagreGraph;
  layout(graph: DagreGraph): unknown;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box on the picture: by its upper left corner. */
export interface Placed<T> extends Size, Point {
  readonly of: T;
}

/** A stretch of edges within one group: from box to box, or to or from the group's own border. */
export interface Stretch {
  readonly points: readonly Point[];
  /** Positions in the cut's list of the edges that run here. */
  readonly edges: readonly number[];
  readonly control: boolean;
  /** How many edges of the model run here. */
  readonly count: number;
  readonly text: string;
  readonly labelAt: Point | null;
  /** Whether it ends at a box, where the arrow's head belongs. */
  readonly ends: boolean;
}

export interface Scene extends Size {
  readonly direction: Direction;
  /** Open groups but the root, outer before inner. */
  readonly frames: readonly Placed<Group>[];
  readonly items: readonly Placed<Item>[];
  readonly stretches: readonly Stretch[];
}

export type Direction = 'TB' | 'LR';

export interface LayoutOptions {
  readonly direction: Direction;
  readonly sizeOf: (item: Item) => Size;
  /** The least width of an open group, which its name needs. */
  readonly titleWidth: (group: Group) => number;
  readonly labelWidth: (text: string) => number;
  /** Layouts of groups, kept from picture to picture. */
  readonly cache?: Map<number, CachedLayout>;
}

export interface CachedLayout {
  readonly key: string;
  readonly local: Local;
}

/** A group's own layout, in its own coordinates. */
interface Local extends Size {
  readonly at: readonly Point[];
  readonly routes: readonly { readonly points: readonly Point[]; readonly label: Point | null }[];
}

const TITLE = 26;
const PADDING = 14;
const MARGIN = 24;

/** What stands in a group's layout: an item or an inner open group, or a place of its border where edges come in or go out. */
interface Part {
  readonly kind: 'box' | 'in' | 'out';
  readonly item: Item;
  readonly group: Group | null;
}

interface Link {
  readonly from: number;
  readonly to: number;
  readonly edges: number[];
  control: boolean;
  count: number;
  text: string;
}

class Plan {
  readonly parts: Part[] = [];
  readonly links: Link[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly byPair = new Map<number, Link>();

  /** The position of a part; ports are told apart by the part of the outer group that they stand for. */
  part(kind: Part['kind'], which: number, group: Group | null): number {
    const key = `${kind}${which}`;
    let position = this.byKey.get(key);
    if (position === undefined) {
      position = this.parts.length;
      this.parts.push({ kind, item: which, group });
      this.byKey.set(key, position);
    }
    return position;
  }
  find(kind: Part['kind'], which: number): number | undefined {
    return this.byKey.get(`${kind}${which}`);
  }
  link(from: number, to: number, edge: CutEdge, index: number, text: string): void {
    const key = from * 2 ** 26 + to;
    const known = this.byPair.get(key);
    if (known) {
      known.edges.push(index);
      if (known.control) known.text = text;
      else if (!edge.control && known.text !== text) known.text = '';
      known.control &&= edge.control;
      known.count += edge.count;
      return;
    }
    const link = { from, to, edges: [index], control: edge.control, count: edge.count, text };
    this.links.push(link);
    this.byPair.set(key, link);
  }
}

export function layoutCut(cut: Cut, dagre: Dagre, options: LayoutOptions): Scene {
  const plans = planGroups(cut);
  const locals = new Map<Group, Local>();
  // From the inside out: a group's size is known before that of the one around it.
  for (let i = cut.open.length - 1; i >= 0; i--) {
    const group = cut.open[i];
    locals.set(group, layoutGroup(group, plans.get(group) as Plan, locals, dagre, options));
  }
  return compose(cut, plans, locals, options);
}

/** Which parts each open group has, and the stretches of edges within it. */
function planGroups(cut: Cut): Map<Group, Plan> {
  const plans = new Map(cut.open.map((group) => [group, new Plan()] as const));
  const planOf = (group: Group) => plans.get(group) as Plan;
  for (const group of cut.open) {
    const plan = planOf(group);
    for (const item of itemsIn(cut, group)) plan.part('box', item, null);
    for (const child of group.groups) if (cut.isOpen(child)) plan.part('box', itemOf(cut, child), child);
  }
  const boxOf = (group: Group, item: Item) => planOf(group).find('box', item) as number;
  cut.edges.forEach((edge, index) => {
    const down: Group[] = [];
    const up: Group[] = [];
    let a = homeOf(cut, edge.from);
    let b = homeOf(cut, edge.to);
    while (a !== b) {
      if (a.depth >= b.depth) {
        up.push(a);
        a = a.parent as Group;
      } else {
        down.push(b);
        b = b.parent as Group;
      }
    }
    // The two boxes that the edge runs between in the innermost group around both of its ends.
    const outerFrom = up.length > 0 ? itemOf(cut, up[up.length - 1]) : edge.from;
    const outerTo = down.length > 0 ? itemOf(cut, down[down.length - 1]) : edge.to;
    const text = edge.control ? '' : edge.text;
    const from = boxOf(a, outerFrom);
    const to = boxOf(a, outerTo);
    planOf(a).link(from, to, edge, index, up.length > 0 ? '' : text);
    let port = to;
    for (let i = up.length - 1; i >= 0; i--) {
      const plan = planOf(up[i]);
      const out = plan.part('out', port, null);
      const start = boxOf(up[i], i > 0 ? itemOf(cut, up[i - 1]) : edge.from);
      plan.link(start, out, edge, index, i === 0 ? text : '');
      port = out;
    }
    port = from;
    for (let i = down.length - 1; i >= 0; i--) {
      const plan = planOf(down[i]);
      const enter = plan.part('in', port, null);
      const end = boxOf(down[i], i > 0 ? itemOf(cut, down[i - 1]) : edge.to);
      plan.link(enter, end, edge, index, '');
      port = enter;
    }
  });
  return plans;
}

/**
 * dagre's part, in its own top-to-bottom coordinates: for a picture from left to right boxes are handed over and read back
 * with their axes exchanged.
 */
function layoutGroup(
  group: Group,
  plan: Plan,
  locals: ReadonlyMap<Group, Local>,
  dagre: Dagre,
  options: LayoutOptions,
): Local {
  const turned = options.direction === 'LR';
  const isRoot = group.parent === null;
  const turn = ({ width, height }: Size): Size => (turned ? { width: height, height: width } : { width, height });
  const sizes = plan.parts.map(({ kind, item, group: inner }): Size => {
    if (kind !== 'box') return { width: 2, height: 2 };
    return turn(inner ? (locals.get(inner) as Local) : options.sizeOf(item));
  });
  const labels = plan.links.map(({ text }) =>
    text === '' ? { width: 0, height: 0 } : turn({ width: options.labelWidth(text) + 8, height: 14 }),
  );
  const key = JSON.stringify([
    options.direction,
    sizes.map(({ width, height }) => [width, height]),
    plan.links.map(({ from, to, text }) => [from, to, text]),
    plan.parts.map(({ kind }) => kind),
  ]);
  const cached = options.cache?.get(group.id);
  if (cached?.key === key) return cached.local;

  const graph = new dagre.Graph({ directed: true, multigraph: true });
  const label: GraphLabel = { nodesep: 18, edgesep: 10, ranksep: 34, marginx: 0, marginy: 0 };
  // Network simplex is the best of dagre's rankers, and the slowest where there are many edges.
  if (plan.parts.length + plan.links.length > 300) label.ranker = 'tight-tree';
  graph.setGraph(label);
  graph.setDefaultEdgeLabel(() => ({}));
  plan.parts.forEach((_, i) => {
    graph.setNode(`p${i}`, { ...sizes[i] });
  });
  plan.links.forEach(({ from, to, control }, i) => {
    const room = { ...labels[i], labelpos: 'c' as const };
    if (from !== to) graph.setEdge(`p${from}`, `p${to}`, { weight: control ? 1 : 3, minlen: 1, ...room }, `e${i}`);
  });
  holdPorts(graph, plan);
  dagre.layout(graph);

  const centered = plan.parts.map((_, i): Centered => {
    const { x = 0, y = 0, width, height } = graph.node(`p${i}`) as { x?: number; y?: number } & Size;
    return { x, y, width, height };
  });
  const rows = rowHeights(centered);
  const read = (p: Point): Point => (turned ? { x: p.y, y: p.x } : { x: p.x, y: p.y });
  const boxes = centered.map((box) => ({ ...read(box), ...turn(box) }));
  const routes = plan.links.map(({ from, to }, i) => {
    if (from === to) return { points: loopAround(boxes[from]), label: null };
    const edge = graph.edge(`p${from}`, `p${to}`, `e${i}`) as { points?: Point[] } & Partial<Point>;
    const at = labels[i].width > 0 && edge.x !== undefined && edge.y !== undefined ? read(edge as Point) : null;
    let middle = (edge.points ?? []).slice(1, -1);
    // Where the edge goes on at a border the picture has another end for it: a point half-way would only make it turn.
    if (at === null && middle.length === 1 && (plan.parts[from].group || plan.parts[to].group)) middle = [];
    const points = routeOf(centered[from], middle, centered[to], rows);
    if (plan.parts[from].kind === 'in') points.shift();
    if (plan.parts[to].kind === 'out') points.pop();
    return { points: points.map(read), label: at && { ...at, ...turn(labels[i]) } };
  });
  const local = shiftInto(plan, boxes, routes, isRoot, isRoot ? 0 : options.titleWidth(group), turned);
  options.cache?.set(group.id, { key, local });
  return local;
}

type Centered = Point & Size;
type Route = { readonly points: Point[]; readonly label: Centered | null };

/** Ports stay at the border: those where edges come in above everything, those where they go out below. */
function holdPorts(graph: DagreGraph, plan: Plan): void {
  const hasIn = new Uint8Array(plan.parts.length);
  const hasOut = new Uint8Array(plan.parts.length);
  for (const { from, to } of plan.links) {
    if (from === to) continue;
    hasOut[from] = 1;
    hasIn[to] = 1;
  }
  const ends = [
    { kind: 'in', name: 'top', has: hasIn },
    { kind: 'out', name: 'bottom', has: hasOut },
  ] as const;
  for (const { kind, name, has } of ends) {
    if (!plan.parts.some((part) => part.kind === kind)) continue;
    graph.setNode(name, { width: 1, height: 1 });
    plan.parts.forEach((part, i) => {
      const [v, w] = kind === 'in' ? [name, `p${i}`] : [`p${i}`, name];
      if (part.kind === kind) graph.setEdge(v, w, { weight: 20, minlen: 1, width: 0, height: 0 }, 'held');
      else if (has[i] === 0) graph.setEdge(v, w, { weight: 0, minlen: 2, width: 0, height: 0 }, 'held');
    });
  }
}

/** Half the height of each row of boxes, by the row's middle. */
function rowHeights(boxes: readonly Centered[]): Map<number, number> {
  const rows = new Map<number, number>();
  for (const { y, height } of boxes) rows.set(Math.round(y), Math.max(rows.get(Math.round(y)) ?? 0, height / 2));
  return rows;
}

/**
 * Ends meet the sides of their boxes upright, apart from each other; and where an edge passes a row of boxes it runs straight,
 * so that it turns between rows only.
 */
function routeOf(from: Centered, middle: readonly Point[], to: Centered, rows: ReadonlyMap<number, number>): Point[] {
  const way = from.y <= to.y ? 1 : -1;
  const first = sidePoint(from, middle[0] ?? to, way);
  const last = sidePoint(to, middle[middle.length - 1] ?? from, -way);
  const points = [first];
  const add = (x: number, y: number) => {
    const before = points[points.length - 1];
    if ((y - before.y) * way > 1) points.push({ x, y });
  };
  const past = ({ y }: Point) => (rows.get(Math.round(y)) ?? 0) * way;
  add(first.x, from.y + past(from));
  for (const point of middle) {
    add(point.x, point.y - past(point));
    add(point.x, point.y + past(point));
  }
  const before = to.y - past(to);
  if ((last.y - before) * way > 1) add(last.x, before);
  points.push(last);
  return points;
}

function sidePoint(box: Centered, toward: Point, side: number): Point {
  const reach = box.width * 0.36;
  return { x: box.x + Math.max(-reach, Math.min(reach, (toward.x - box.x) * 0.3)), y: box.y + (side * box.height) / 2 };
}

/** A node that feeds itself. */
function loopAround(box: Centered): Point[] {
  const right = box.x + box.width / 2;
  return [
    { x: box.x + box.width / 4, y: box.y + box.height / 2 },
    { x: right + 14, y: box.y + box.height / 2 + 10 },
    { x: right + 14, y: box.y - box.height / 2 - 10 },
    { x: box.x + box.width / 4, y: box.y - box.height / 2 },
  ];
}

/** Moves all to the upper left, with room for title and border, and brings the ports to the border. */
function shiftInto(
  plan: Plan,
  boxes: readonly Centered[],
  routes: readonly Route[],
  isRoot: boolean,
  titleWidth: number,
  turned: boolean,
): Local {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const include = (x: number, y: number, w = 0, h = 0) => {
    left = Math.min(left, x - w / 2);
    right = Math.max(right, x + w / 2);
    top = Math.min(top, y - h / 2);
    bottom = Math.max(bottom, y + h / 2);
  };
  boxes.forEach(({ x, y, width, height }, i) => {
    if (plan.parts[i].kind === 'box') include(x, y, width, height);
  });
  // A port is brought to the border, so that only its place along the border counts.
  boxes.forEach(({ x, y }, i) => {
    if (plan.parts[i].kind === 'box') return;
    include(turned ? Math.max(left, Math.min(right, x)) : x, turned ? y : Math.max(top, Math.min(bottom, y)));
  });
  routes.forEach(({ points, label }) => {
    for (const { x, y } of points) include(x, y);
    if (label) include(label.x, label.y, label.width, label.height);
  });
  if (left > right) [left, top, right, bottom] = [0, 0, 0, 0];
  const pad = isRoot ? MARGIN : PADDING;
  const head = isRoot ? MARGIN : TITLE + 8;
  const inner = Math.max(right - left, titleWidth - 2 * pad);
  const dx = pad - left + (inner - (right - left)) / 2;
  const dy = head - top;
  const width = inner + 2 * pad;
  const height = bottom - top + head + pad;
  const shift = ({ x, y }: Point): Point => ({ x: x + dx, y: y + dy });
  const at = boxes.map((box, i) => {
    const { x, y } = shift(box);
    const { kind } = plan.parts[i];
    if (kind === 'box') return { x: x - box.width / 2, y: y - box.height / 2 };
    const start = kind === 'in';
    return turned ? { x: start ? 0 : width, y } : { x, y: start ? 0 : height };
  });
  const moved = routes.map(({ points, label }, i) => {
    const path = points.map(shift);
    const { from, to } = plan.links[i];
    if (plan.parts[from].kind === 'in') path.unshift(at[from]);
    if (plan.parts[to].kind === 'out') path.push(at[to]);
    return { points: path, label: label && shift(label) };
  });
  return { width, height, at, routes: moved };
}

/** All layouts in the coordinates of the picture. */
function compose(
  cut: Cut,
  plans: ReadonlyMap<Group, Plan>,
  locals: ReadonlyMap<Group, Local>,
  { direction, sizeOf }: LayoutOptions,
): Scene {
  const corner = new Map<Group, Point>([[cut.tree.root, { x: 0, y: 0 }]]);
  const frames: Placed<Group>[] = [];
  const items: Placed<Item>[] = [];
  const stretches: Stretch[] = [];
  for (const group of cut.open) {
    const plan = plans.get(group) as Plan;
    const local = locals.get(group) as Local;
    const { x: left, y: top } = corner.get(group) as Point;
    if (group.parent) frames.push({ of: group, x: left, y: top, width: local.width, height: local.height });
    const shift = ({ x, y }: Point): Point => ({ x: x + left, y: y + top });
    plan.parts.forEach((part, i) => {
      if (part.kind !== 'box') return;
      const place = shift(local.at[i]);
      if (part.group) corner.set(part.group, place);
      else items.push({ of: part.item, ...place, ...sizeOf(part.item) });
    });
    plan.links.forEach((link, i) => {
      const { points, label } = local.routes[i];
      const path = points.map(shift);
      meetPorts(plan, link, path, local, plans, locals, shift);
      stretches.push({
        points: path,
        edges: link.edges,
        control: link.control,
        count: link.count,
        text: link.text,
        labelAt: label && shift(label),
        ends: plan.parts[link.to].kind === 'box' && plan.parts[link.to].group === null,
      });
    });
  }
  const root = locals.get(cut.tree.root) as Local;
  return { width: root.width, height: root.height, direction, frames, items, stretches };
}

/** Where a stretch begins or ends at an open group, it does so where the group's inside takes it up. */
function meetPorts(
  plan: Plan,
  { from, to }: Link,
  path: Point[],
  local: Local,
  plans: ReadonlyMap<Group, Plan>,
  locals: ReadonlyMap<Group, Local>,
  shift: (point: Point) => Point,
): void {
  if (path.length === 0 || from === to) return;
  const ends = [
    { position: to, kind: 'in', which: from, place: path.length - 1 },
    { position: from, kind: 'out', which: to, place: 0 },
  ] as const;
  for (const { position, kind, which, place } of ends) {
    const { group } = plan.parts[position];
    const inside = group && plans.get(group)?.find(kind, which);
    if (!group || inside === undefined || inside === null) continue;
    const at = (locals.get(group) as Local).at[inside];
    const corner = local.at[position];
    path[place] = shift({ x: corner.x + at.x, y: corner.y + at.y });
  }
}
