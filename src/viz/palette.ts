/** Colours and style sheets of pictures, for light and dark surroundings. Which node gets which is `draw.ts`'s work. */
import type { Category } from './model.ts';

/** What colour says: the kind of op, or what a run spent. */
export type ColorBy = 'kind' | 'time' | 'memory';

export const CATEGORY_LABELS: readonly (readonly [Category, string])[] = [
  ['input', 'input'],
  ['constant', 'constant'],
  ['variable', 'variable'],
  ['compute', 'computation'],
  ['write', 'write'],
  ['control', 'control, call'],
  ['output', 'output'],
];

/** Fill and line of each kind: for formats without style sheets the light ones count. */
export const FILLS: Readonly<
  Record<Category, { readonly light: string; readonly dark: string; readonly line: string }>
> = {
  input: { light: '#d9ecff', dark: '#12385c', line: '#2f81d6' },
  output: { light: '#dff5e3', dark: '#123f24', line: '#2e9e52' },
  constant: { light: '#eef0f3', dark: '#2b313a', line: '#8a94a3' },
  variable: { light: '#ffedc7', dark: '#4a3608', line: '#cf9514' },
  write: { light: '#ffe0d6', dark: '#52220f', line: '#d9653a' },
  control: { light: '#ece3fb', dark: '#382757', line: '#8a63d2' },
  compute: { light: '#ffffff', dark: '#1d242e', line: '#7b8794' },
};

const HEAT = [
  [255, 247, 205],
  [254, 217, 118],
  [253, 161, 75],
  [240, 84, 44],
  [189, 15, 38],
] as const;

/** The colour for a share from 0 to 1 of the largest value: small shares are told apart too. */
export function heatColor(share: number): string {
  const place = Math.sqrt(Math.max(0, Math.min(1, share))) * (HEAT.length - 1);
  const low = Math.min(HEAT.length - 2, Math.floor(place));
  const parts = HEAT[low].map((from, i) => Math.round(from + (HEAT[low + 1][i] - from) * (place - low)));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Whether text on that colour is to be light. */
export function isDeep(share: number): boolean {
  return share > 0.45;
}

function variables(mode: 'light' | 'dark'): string {
  const dark = mode === 'dark';
  const own = dark
    ? '--ink:#e6ebf1;--soft:#98a4b3;--paper:#10151c;--frame:#ffffff09;--frame-line:#3a4553;--group:#232c38;--group-line:#5f6f83;--edge:#6c7a8b;--edge-text:#8d9aa9;--accent:#5aa9ff'
    : '--ink:#17202b;--soft:#5b6776;--paper:#ffffff;--frame:#0f1f3308;--frame-line:#c3ccd7;--group:#eef2f7;--group-line:#93a1b2;--edge:#8895a5;--edge-text:#66727f;--accent:#0b6bcb';
  const fills = Object.entries(FILLS).map(([name, fill]) => `--${name}:${dark ? fill.dark : fill.light}`);
  return [own, ...fills].join(';');
}

/** Variables for both modes; `[data-theme]` on the root element outdoes what the surroundings prefer. */
export function themeCss(root: string): string {
  return `${root}{color-scheme:light;${variables('light')}}
@media (prefers-color-scheme:dark){${root}{color-scheme:dark;${variables('dark')}}}
${root}[data-theme=light]{color-scheme:light;${variables('light')}}
${root}[data-theme=dark]{color-scheme:dark;${variables('dark')}}`;
}

export const GRAPH_CSS = `.graph text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px;fill:var(--ink)}
.graph .frame rect{fill:var(--frame);stroke:var(--frame-line)}
.graph .scope{font-weight:600;font-size:12px;pointer-events:none;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.graph .item rect{stroke-width:1.2}
.graph .item text{text-anchor:middle}
.graph .item .sub{font-size:10px;fill:var(--soft)}
.graph .group rect{fill:var(--group);stroke:var(--group-line)}
.graph .group .name{font-weight:600}
${Object.entries(FILLS)
  .map(([name, { line }]) => `.graph .${name} rect{fill:var(--${name});stroke:${line}}`)
  .join('\n')}
.graph .cold rect{fill:var(--paper);stroke:var(--group-line)}
.graph .hot text,.graph .hot .sub{fill:#1a1206}
.graph .deep text,.graph .deep .sub{fill:#fff}
.graph .edge path{fill:none;stroke:var(--edge)}
.graph .edge.control path{stroke-dasharray:4 3;opacity:.75}
.graph .edge text{font-size:9.5px;fill:var(--edge-text);text-anchor:middle;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.graph .head{fill:var(--edge)}`;
