/** How a program reads an array from a texture: elements by their numbers, or whole texels where these lie as needed. */
import type { FlatLayout, Layout, PackedLayout } from './layout.ts';
import type { Numbers } from './numbers.ts';

/** Reads one texel by its number. */
function texelAt(sampler: string, { width, height }: Layout, numbers: Numbers): (texel: string) => string {
  if (height === 1) return (texel) => `texelFetch(${sampler}, ivec2(${texel}, 0), 0)`;
  const w = numbers.integer(`${sampler} width`, width);
  return (texel) => `texelFetch(${sampler}, ivec2((${texel}) % ${w}, (${texel}) / ${w}), 0)`;
}

/** A function that gives the elements of four numbers, as floats. */
export function gatherFunction(name: string, sampler: string, layout: Layout, numbers: Numbers): string {
  const read = texelAt(sampler, layout, numbers);
  const lines = layout.kind === 'flat' ? flat(sampler, layout, numbers, read) : packed(sampler, layout, numbers, read);
  return [`vec4 ${name}(ivec4 i) {`, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

type Read = (texel: string) => string;

function flat(sampler: string, { offset }: FlatLayout, numbers: Numbers, read: Read): string[] {
  const shift = offset > 0 ? [`i += ${numbers.integer(`${sampler} offset`, offset)};`] : [];
  return [...shift, `return vec4(${['x', 'y', 'z', 'w'].map((k) => `${read(`i.${k}`)}.x`).join(', ')});`];
}

function packed(sampler: string, layout: PackedLayout, numbers: Numbers, read: Read): string[] {
  const { batch, rows, columns, width } = layout;
  const each = (texel: (k: string) => string) =>
    `return vec4(${['x', 'y', 'z', 'w'].map((k) => `${texel(k)}[h.${k}]`).join(', ')});`;
  if (rows === 1 && batch === 1) return ['ivec4 h = i & 1;', 'i >>= 1;', each((k) => read(`i.${k}`))];
  const across = Math.ceil(columns / 2);
  const c = numbers.integer(`${sampler} columns`, columns);
  const lines = [`ivec4 r = i / ${c};`, `ivec4 c = i - r * ${c};`];
  if (batch === 1) {
    lines.push('ivec4 h = ((r & 1) << 1) | (c & 1);');
    // A row of texels for each two rows.
    const isStraight = width === across;
    const at = (k: string) => `texelFetch(${sampler}, ivec2(c.${k} >> 1, r.${k} >> 1), 0)`;
    if (isStraight) return [...lines, each(at)];
  } else {
    const down = Math.ceil(rows / 2);
    const m = numbers.integer(`${sampler} rows`, rows);
    lines.push(`ivec4 b = r / ${m};`, `r -= b * ${m};`, 'ivec4 h = ((r & 1) << 1) | (c & 1);');
    lines.push(`r += 2 * b * ${numbers.integer(`${sampler} down`, down)} - (r & 1);`);
  }
  const t = numbers.integer(`${sampler} across`, across);
  lines.push(`i = (r >> 1) * ${t} + (c >> 1);`);
  return [...lines, each((k) => read(`i.${k}`))];
}
