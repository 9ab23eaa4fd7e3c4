/**
 * What the page does when it is open. It is bundled, with dagre and the modules that it shares with the other formats, into
 * `script.gen.ts` by `scripts/viz-page.ts`; nothing of the library imports it.
 */
import * as dagre from '@dagrejs/dagre';
import { type Cut, cutTree, groupKey, groupOf, type Item, keyOf, openLevels, openWithin } from '../cut.ts';
import { drawScene, groupTitle, heatOf, labelWidth, sizeOfItem, titleWidth } from '../draw.ts';
import { bytesText, timeText } from '../escape.ts';
import { type CachedLayout, type Direction, layoutCut, type Point, type Scene, type Size } from '../layout.ts';
import type { VizModel } from '../model.ts';
import { CATEGORY_LABELS, type ColorBy, FILLS, heatColor } from '../palette.ts';
import { buildTree, type Group, type Tree } from '../scopes.ts';
import { MOST_MEMBERS, openGroups, showsConstants } from '../view.ts';
import { Camera } from './camera.ts';
import { Finder } from './finder.ts';
import { Panel } from './panel.ts';

interface Settings {
  readonly collapse?: number | readonly string[];
  readonly direction: Direction;
  readonly maxNodes?: number;
  readonly showConstants: boolean;
  readonly colorBy: ColorBy;
}

/** How many boxes are shown at first, about, and at most. */
const AT_FIRST = { least: 6, most: 24 };
const AT_MOST = 600;

const byId = <T extends Element = HTMLElement>(id: string) => document.getElementById(id) as unknown as T;
const { model, settings } = JSON.parse(byId('model').textContent ?? '') as { model: VizModel; settings: Settings };

const stage = byId('stage');
const canvas = byId<SVGSVGElement>('canvas');
const world = byId<SVGGElement>('world');
const atMost = settings.maxNodes ?? AT_MOST;
const camera = new Camera(stage, world);
const panel = new Panel(byId('panel'), model);
const finder = new Finder(byId<HTMLInputElement>('search'), byId('hits'), model, reveal);

let constants = settings.showConstants;
let colorBy: ColorBy = settings.colorBy;
/** What stays in the panel when the pointer leaves. */
let picked: string | null = null;

function grow(): Tree {
  return buildTree(model, { most: Math.min(MOST_MEMBERS, atMost), shows: showsConstants(model, constants) });
}

function openAtFirst(): Set<Group> {
  if (settings.collapse !== undefined) return openGroups(tree, settings.collapse, atMost);
  return openLevels(tree, AT_FIRST.least, Math.min(AT_FIRST.most, atMost));
}

function arrange(): { readonly cut: Cut; readonly scene: Scene } {
  const cut = cutTree(model, tree, (group) => open.has(group), true);
  const sizeOf = (item: Item) => sizeOfItem(cut, item);
  const { direction } = settings;
  return { cut, scene: layoutCut(cut, dagre, { direction, sizeOf, titleWidth, labelWidth, cache }) };
}

let tree = grow();
let heat = heatOf(model, tree);
let cache = new Map<number, CachedLayout>();
let open = openAtFirst();
let { cut, scene } = arrange();

function plant(): void {
  tree = grow();
  heat = heatOf(model, tree);
  cache = new Map();
  open = openAtFirst();
}

// ---------------------------------------------------------------------------------------------------------------------
// Drawing

function draw(): void {
  ({ cut, scene } = arrange());
  paint();
}

function paint(): void {
  const focused = keyAt(document.activeElement);
  world.innerHTML = drawScene(cut, scene, { colorBy, heat, interactive: true });
  if (picked !== null) find(picked)?.classList.add('picked');
  const first = (focused !== null && find(focused)) || world.querySelector('[data-key]');
  first?.setAttribute('tabindex', '0');
  if (focused !== null) focusKey(focused);
}

function find(key: string): SVGGElement | null {
  return world.querySelector(`[data-key="${key}"]`);
}

function keyAt(element: Element | null): string | null {
  return element?.closest('[data-key]')?.getAttribute('data-key') ?? null;
}

/** The node or group behind a key of the picture. */
function itemAt(key: string): Item {
  const number = Number(key.slice(1));
  return key.startsWith('n') ? number : model.nodes.length + number + 1;
}

function groupAt(key: string): Group | null {
  return groupOf(cut, itemAt(key));
}

function boxAt(key: string): (Point & Size) | null {
  const item = itemAt(key);
  const group = groupOf(cut, item);
  return scene.items.find((box) => box.of === item) ?? scene.frames.find((frame) => frame.of === group) ?? null;
}

function topmost(): (Point & Size) | undefined {
  return [...scene.items, ...scene.frames].sort((a, b) => a.y - b.y || a.x - b.x)[0];
}

function everything(): Point & Size {
  return { x: 0, y: 0, width: scene.width, height: scene.height };
}

// ---------------------------------------------------------------------------------------------------------------------
// Opening and closing

function toggle(group: Group): void {
  const key = groupKey(group);
  const before = boxAt(key);
  const place = before && camera.toStage(before);
  if (open.has(group)) {
    open.delete(group);
  } else {
    if (countBoxes() + group.groups.length + group.nodes.length > atMost) {
      say(`That would be more than ${atMost} boxes. Close something first.`);
      return;
    }
    open.add(group);
    openSingles(group);
  }
  draw();
  const after = boxAt(key);
  if (after && place) {
    camera.pin(after, place);
    camera.reveal(after);
  }
  say(`${groupTitle(group)} ${open.has(group) ? 'open' : 'closed'}`);
}

/** A scope that holds nothing but one scope is opened with it. */
function openSingles(group: Group): void {
  for (let inner = group; inner.nodes.length === 0 && inner.groups.length === 1; ) {
    inner = inner.groups[0];
    open.add(inner);
  }
}

function countBoxes(): number {
  return scene.items.length;
}

function openAll(): void {
  open = openWithin(tree, atMost, () => true);
  draw();
  camera.fit(everything());
}

function closeAll(): void {
  open = new Set([tree.root]);
  draw();
  camera.fit(everything());
}

/** Shows a node, wherever it is: what is around it opens, and closes elsewhere where that would be too much. */
function reveal(id: number): void {
  if (!tree.home[id]) {
    constants = true;
    byId<HTMLInputElement>('constants').checked = true;
    plant();
  }
  const around: Group[] = [];
  for (let group = tree.home[id]; group; group = group.parent) around.push(group);
  const more = around
    .filter((group) => !open.has(group))
    .reduce((sum, { groups, nodes }) => sum + groups.length + nodes.length, 0);
  if (countBoxes() + more > atMost) open = new Set([tree.root]);
  for (const group of around) open.add(group);
  pick(`n${id}`);
  draw();
  const box = boxAt(`n${id}`);
  if (box) camera.center(box);
  focusKey(`n${id}`);
}

function revealFunction(position: number): void {
  const node = model.nodes.find(({ owner }) => owner === position + 1);
  if (node) reveal(node.id);
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking at one thing

function pick(key: string | null): void {
  if (picked !== null) find(picked)?.classList.remove('picked');
  picked = key;
  if (key !== null) find(key)?.classList.add('picked');
  show(key);
}

function show(key: string | null): void {
  light(key);
  if (key === null) {
    panel.showModel(tree);
    return;
  }
  const item = itemAt(key);
  const group = groupOf(cut, item);
  if (group) panel.showGroup(group, item, heat);
  else panel.showNode(item, heat);
}

/** Brings out the edges of an item. */
function light(key: string | null): void {
  const item = key === null ? -1 : itemAt(key);
  let any = false;
  scene.stretches.forEach(({ edges }, i) => {
    const on = item >= 0 && edges.some((edge) => cut.edges[edge].from === item || cut.edges[edge].to === item);
    any ||= on;
    world.querySelector(`[data-edge="${i}"]`)?.classList.toggle('on', on);
  });
  canvas.classList.toggle('lit', any);
}

function focusKey(key: string): void {
  const element = find(key);
  if (!element) return;
  for (const other of world.querySelectorAll('[tabindex="0"]')) other.setAttribute('tabindex', '-1');
  element.setAttribute('tabindex', '0');
  element.focus({ preventScroll: true });
}

function act(key: string): void {
  const group = groupAt(key);
  if (group) toggle(group);
  else pick(key === picked ? null : key);
}

/** The nearest box that way; what lies aside counts as further off. */
function neighbour(key: string, dx: number, dy: number): string | null {
  const from = boxAt(key);
  if (!from) return null;
  const middle = (box: Point & Size) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
  const start = middle(from);
  let best: string | null = null;
  let least = Infinity;
  const look = (other: string, at: Point) => {
    const [x, y] = [at.x - start.x, at.y - start.y];
    const along = x * dx + y * dy;
    const distance = along + 2.5 * Math.abs(x * dy - y * dx);
    if (other === key || along < 4 || distance >= least) return;
    least = distance;
    best = other;
  };
  for (const box of scene.items) look(keyOf(cut, box.of), middle(box));
  for (const frame of scene.frames) look(groupKey(frame.of), { x: frame.x + 40, y: frame.y + 13 });
  return best;
}

// ---------------------------------------------------------------------------------------------------------------------
// Around the graph

let toastTimer = 0;
function say(text: string): void {
  const toast = byId('toast');
  toast.textContent = text;
  toast.classList.add('on');
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => toast.classList.remove('on'), 1600);
}

function drawLegend(): void {
  const legend = byId('legend');
  legend.replaceChildren();
  const label = (text: string) => {
    const span = document.createElement('span');
    span.textContent = text;
    legend.append(span);
    return span;
  };
  if (colorBy === 'kind') {
    for (const [category, text] of CATEGORY_LABELS) {
      const swatch = document.createElement('i');
      swatch.style.background = `var(--${category})`;
      swatch.style.borderColor = FILLS[category].line;
      label(text).prepend(swatch);
    }
    return;
  }
  label(colorBy === 'time' ? 'time 0' : 'memory 0');
  const ramp = document.createElement('span');
  ramp.className = 'ramp';
  const stops = Array.from({ length: 9 }, (_, i) => heatColor(i / 8));
  ramp.style.background = `linear-gradient(90deg,${stops.join(',')})`;
  legend.append(ramp);
  label(colorBy === 'time' ? timeText(heat.max.micros) : bytesText(heat.max.bytes));
}

function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function setTheme(dark: boolean | null): void {
  if (dark !== null) document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  byId('theme').setAttribute('aria-pressed', String(isDark()));
}

const ARROWS = new Map([
  ['ArrowLeft', [-1, 0]],
  ['ArrowRight', [1, 0]],
  ['ArrowUp', [0, -1]],
  ['ArrowDown', [0, 1]],
]);

const COMMANDS = new Map<string, () => void>([
  ['/', () => finder.focus()],
  ['+', () => camera.zoom(1.25)],
  ['=', () => camera.zoom(1.25)],
  ['-', () => camera.zoom(0.8)],
  ['0', () => camera.fit(everything())],
  ['e', openAll],
  ['c', closeAll],
  ['d', () => setTheme(!isDark())],
  ['?', () => byId<HTMLDialogElement>('keys').showModal()],
]);

function onKey(event: KeyboardEvent): void {
  const target = event.target as Element;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, select, dialog[open]')) return;
  const key = world.contains(target) ? keyAt(target) : null;
  const arrow = ARROWS.get(event.key);
  if (arrow) {
    const [dx, dy] = arrow;
    const next = key !== null && !event.shiftKey ? neighbour(key, dx, dy) : null;
    if (key === null || event.shiftKey) camera.pan(-60 * dx, -60 * dy);
    else if (next !== null) {
      focusKey(next);
      const box = boxAt(next);
      if (box) camera.reveal({ ...box, height: Math.min(box.height, 60), width: Math.min(box.width, 240) });
    }
  } else if (key !== null && (event.key === 'Enter' || event.key === ' ')) {
    act(key);
  } else if (event.key === 'Escape') {
    pick(null);
  } else {
    const command = COMMANDS.get(event.key);
    if (!command) return;
    command();
  }
  event.preventDefault();
}

function listen(): void {
  const on = (id: string, action: () => void) => byId(id).addEventListener('click', action);
  on('open-all', openAll);
  on('close-all', closeAll);
  on('fit', () => camera.fit(everything()));
  on('zoom-in', () => camera.zoom(1.25));
  on('zoom-out', () => camera.zoom(0.8));
  on('theme', () => setTheme(!isDark()));
  on('help', () => byId<HTMLDialogElement>('keys').showModal());
  byId('color').addEventListener('change', (event) => {
    colorBy = (event.target as HTMLSelectElement).value as ColorBy;
    paint();
    drawLegend();
  });
  byId('constants').addEventListener('change', (event) => {
    constants = (event.target as HTMLInputElement).checked;
    const paths = new Set([...open].map(({ kind, path }) => `${kind} ${path}`));
    plant();
    for (const group of tree.groups)
      if (paths.has(`${group.kind} ${group.path}`) && group.kind === 'scope') open.add(group);
    pick(null);
    draw();
    camera.fit(everything());
  });
  byId('panel').addEventListener('click', (event) => {
    const { node, function: position } = (event.target as Element).closest('button')?.dataset ?? {};
    if (node) reveal(Number(node));
    else if (position) revealFunction(Number(position));
  });
  stage.addEventListener('click', (event) => {
    if (camera.moved) return;
    const key = keyAt(event.target as Element);
    if (key === null) {
      pick(null);
      return;
    }
    focusKey(key);
    act(key);
  });
  // A picture that changes under a pointer at rest is no hovering.
  let rest = '';
  const moved = ({ clientX, clientY }: PointerEvent): boolean => rest !== `${clientX} ${clientY}`;
  stage.addEventListener('pointermove', ({ clientX, clientY }) => {
    rest = `${clientX} ${clientY}`;
  });
  world.addEventListener('pointerover', (event) => {
    const key = keyAt(event.target as Element);
    if (key !== null && moved(event)) show(key);
  });
  world.addEventListener('pointerout', (event) => {
    if (moved(event) && keyAt(event.relatedTarget as Element | null) === null) show(picked);
  });
  world.addEventListener('focusin', (event) => show(keyAt(event.target as Element)));
  document.addEventListener('keydown', onKey);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTheme(null));
}

byId('title').textContent = model.title;
const colour = byId<HTMLSelectElement>('color');
const hasStats = model.nodes.some(({ stats }) => stats !== null);
if (!hasStats) {
  colorBy = 'kind';
  for (const option of colour.options) option.disabled = option.value !== 'kind';
}
colour.value = colorBy;
byId<HTMLInputElement>('constants').checked = constants;
setTheme(null);
paint();
camera.begin(everything(), topmost());
panel.showModel(tree);
drawLegend();
listen();
