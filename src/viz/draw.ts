/**
 * A laid out picture as SVG text, for files and for the page alike. Text is measured by a table, as there is no screen to
 * ask when a file is written.
 */
import { type Cut, groupKey, groupOf, type Item, keyOf } from './cut.ts';
import { bytesText, clip, escapeXml, timeText } from './escape.ts';
import type { Point, Scene, Size, Stretch } from './layout.ts';
import { categoryOf, type NodeStats, shortName, type VizModel, type VizNode } from './model.ts';
import { type ColorBy, heatColor, isDeep } from './palette.ts';
import type { Group, Tree } from './scopes.ts';

/** Longer names are cut on the box; the whole one is in the title and the panel. */
const LONGEST_NAME = 30;

export interface DrawOptions {
  readonly colorBy: ColorBy;
  readonly heat: Heat;
  /** Whether boxes carry what a page needs: places in the tab order, roles, labels. Files carry titles instead. */
  readonly interactive: boolean;
}

/** What a run spent, by item. */
export interface Heat {
  readonly max: NodeStats;
  of(item: Item): NodeStats | null;
}

/** What nodes spent, and groups as the sum of what is in them. Colours are shares of the most that one node spent. */
export function heatOf(model: VizModel, tree: Tree): Heat {
  const sums = tree.groups.map(() => ({ micros: 0, bytes: 0, any: false }));
  const max = { micros: 0, bytes: 0 };
  for (const { id, stats } of model.nodes) {
    const home = tree.home[id];
    if (!stats || !home) continue;
    add(sums[home.id], stats);
    max.micros = Math.max(max.micros, stats.micros);
    max.bytes = Math.max(max.bytes, stats.bytes);
  }
  for (let i = tree.groups.length - 1; i > 0; i--) {
    if (sums[i].any) add(sums[(tree.groups[i].parent as Group).id], sums[i]);
  }
  const count = model.nodes.length;
  return {
    max,
    of: (item) => {
      if (item < count) return model.nodes[item].stats;
      return sums[item - count].any ? sums[item - count] : null;
    },
  };
}

function add(sum: { micros: number; bytes: number; any: boolean }, { micros, bytes }: NodeStats): void {
  sum.micros += micros;
  sum.bytes += bytes;
  sum.any = true;
}

export function nodeLines(node: VizNode): [name: string, op: string] {
  const name = shortName(node.name);
  return [clip(name, LONGEST_NAME), name === node.op ? '' : clip(node.op, LONGEST_NAME)];
}

export function groupLines(group: Group): [name: string, size: string] {
  return [clip(groupTitle(group), LONGEST_NAME), `${group.size} ${group.size === 1 ? 'node' : 'nodes'}`];
}

export function groupTitle({ kind, label }: Group): string {
  return kind === 'function' ? `ƒ ${label}` : label;
}

export function sizeOfItem(cut: Cut, item: Item): Size {
  const group = groupOf(cut, item);
  const [name, second] = group ? groupLines(group) : nodeLines(cut.model.nodes[item]);
  const width = Math.max(textWidth(name, group ? 12.8 : 12), textWidth(second, 10)) + 24;
  return { width: Math.max(56, Math.ceil(width)), height: second === '' ? 28 : 40 };
}

export function titleWidth(group: Group): number {
  return Math.ceil(textWidth(clip(groupTitle(group), LONGEST_NAME), 12.8)) + 40;
}

export function labelWidth(text: string): number {
  return Math.ceil(textWidth(labelText(text), 9.5));
}

/** What an edge says: of a handle only what it refers to. */
function labelText(text: string): string {
  return clip(text.replace(/^resource\[\] (?=→)/, ''), LONGEST_NAME);
}

/** Good to a few percent for the usual fonts; wide characters count as wide as they are high. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code >= 0x1100) width += code >= 0x2000 && code < 0x2e80 ? 0.7 : 1.05;
    else if (/[fijltIr.,:;|!'()[\] /]/.test(char)) width += 0.36;
    else if (/[mwMW@%…]/.test(char)) width += 0.9;
    else width += /[A-Z_]/.test(char) ? 0.66 : 0.57;
  }
  return width * size;
}

/** The inside of the SVG element. */
export function drawScene(cut: Cut, scene: Scene, options: DrawOptions): string {
  const parts: string[] = [
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" ' +
      'markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0.8 8 4 0 7.2z"/></marker></defs>',
  ];
  for (const frame of scene.frames) {
    const group = frame.of;
    const { width, height } = frame;
    parts.push(
      `<g class="frame" ${attributes(groupKey(group), options, `${groupTitle(group)}, ${group.kind}, open`, true)}` +
        ` transform="translate(${num(frame.x)} ${num(frame.y)})">${title(options, group.path || group.label)}` +
        `<rect width="${num(width)}" height="${num(height)}" rx="9"/>` +
        `${options.interactive ? `<rect class="grip" width="${num(width)}" height="26"/>` : ''}</g>`,
    );
  }
  scene.stretches.forEach((stretch, i) => {
    parts.push(drawStretch(stretch, i, scene.direction === 'LR'));
  });
  // Above the edges, which may come in through the place of a title.
  for (const { of: group, x, y } of scene.frames) {
    const name = clip(groupTitle(group), LONGEST_NAME);
    const shown = escapeXml(options.interactive ? `− ${name}` : name);
    parts.push(`<text class="scope" x="${num(x + 12)}" y="${num(y + 18)}">${shown}</text>`);
  }
  for (const { of: item, ...box } of scene.items) parts.push(drawItem(cut, item, box, options));
  return parts.join('\n');
}

function drawItem(cut: Cut, item: Item, box: Point & Size, options: DrawOptions): string {
  const group = groupOf(cut, item);
  const node = cut.model.nodes[item];
  const [name, second] = group ? groupLines(group) : nodeLines(node);
  const { style, classes } = heatStyle(item, options);
  const kind = group ? 'group' : categoryOf(node.op);
  const said = group ? `${groupTitle(group)}, ${group.kind} of ${second}, closed` : `${node.name}, ${node.op}`;
  const { width, height } = box;
  const rx = kind === 'constant' || kind === 'input' ? height / 2 : 6;
  const stack = group ? `<rect x="3" y="3" width="${num(width)}" height="${num(height)}" rx="6"${style}/>` : '';
  const twoLines = second !== '';
  return (
    `<g class="item ${kind}${classes}" ${attributes(keyOf(cut, item), options, said, group ? false : null)}` +
    ` transform="translate(${num(box.x)} ${num(box.y)})">${title(options, itemTitle(cut, item, options.heat))}${stack}` +
    `<rect width="${num(width)}" height="${num(height)}" rx="${rx}"${style}/>` +
    `<text class="name" x="${num(width / 2)}" y="${twoLines ? 17 : 18}">${escapeXml(name)}</text>` +
    (twoLines ? `<text class="sub" x="${num(width / 2)}" y="31">${escapeXml(second)}</text>` : '') +
    '</g>'
  );
}

function heatStyle(item: Item, { colorBy, heat }: DrawOptions): { readonly style: string; readonly classes: string } {
  if (colorBy === 'kind') return { style: '', classes: '' };
  const stats = heat.of(item);
  // The colour of its kind would be taken for a share.
  if (!stats) return { style: '', classes: ' cold' };
  const [value, most] = colorBy === 'time' ? [stats.micros, heat.max.micros] : [stats.bytes, heat.max.bytes];
  const share = most > 0 ? Math.min(1, value / most) : 0;
  return { style: ` style="fill:${heatColor(share)}"`, classes: isDeep(share) ? ' hot deep' : ' hot' };
}

function attributes(key: string, { interactive }: DrawOptions, said: string, expanded: boolean | null): string {
  const id = `data-key="${key}"`;
  if (!interactive) return id;
  const state = expanded === null ? '' : ` aria-expanded="${expanded}"`;
  return `${id} tabindex="-1" role="button" aria-label="${escapeXml(said)}"${state}`;
}

function title({ interactive }: DrawOptions, text: string): string {
  return interactive ? '' : `<title>${escapeXml(text)}</title>`;
}

/** All that is known of an item, in lines. */
function itemTitle(cut: Cut, item: Item, heat: Heat): string {
  const stats = heat.of(item);
  const spent = stats ? [`${timeText(stats.micros)}, ${bytesText(stats.bytes)}`] : [];
  const group = groupOf(cut, item);
  if (group) return [group.path || group.label, `${group.size} nodes`, ...spent].join('\n');
  const node = cut.model.nodes[item];
  return [
    `${node.name} = ${node.op}`,
    ...node.attrs.map(([name, value]) => `${name}: ${value}`),
    ...node.outputs.map((text, i) => `output ${i}: ${text}`),
    ...(node.device === '' ? [] : [`device: ${node.device}`]),
    ...(node.site === '' ? [] : [node.site]),
    ...spent,
  ].join('\n');
}

function drawStretch(stretch: Stretch, index: number, turned: boolean): string {
  const { points, control, count, text, labelAt, ends } = stretch;
  if (points.length < 2) return '';
  const width = num(1.1 + Math.min(2.6, Math.log2(count) * 0.35));
  const head = ends ? ' marker-end="url(#head)"' : '';
  const label =
    labelAt && text !== ''
      ? `<text x="${num(labelAt.x)}" y="${num(labelAt.y + (turned ? -4 : 3))}">${escapeXml(labelText(text))}</text>`
      : '';
  return (
    `<g class="edge${control ? ' control' : ''}" data-edge="${index}">` +
    `<path d="${pathOf(points, turned)}" stroke-width="${width}"${head}/>${label}</g>`
  );
}

/** Through all points, each passed in the direction of the flow. */
function pathOf(points: readonly Point[], turned: boolean): string {
  let path = `M${num(points[0].x)} ${num(points[0].y)}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    const bend = turned ? [(a.x + b.x) / 2, a.y, (a.x + b.x) / 2, b.y] : [a.x, (a.y + b.y) / 2, b.x, (a.y + b.y) / 2];
    path += `C${bend.map(num).join(' ')} ${num(b.x)} ${num(b.y)}`;
  }
  return path;
}

function num(value: number): number {
  return Math.round(value * 10) / 10;
}
