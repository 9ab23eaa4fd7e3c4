/**
 * Writes `runtime/host/families.ts`: which family of host kernels has the kernel of an op. With `--check` nothing is
 * written, and the exit status tells whether the file is as it would be.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostKernelTypes } from '../runtime/host/registry.ts';

const HOST = new URL('../runtime/host/', import.meta.url);
const FILE = new URL('families.ts', HOST);
const WIDTH = 112;

/** Families whose kernels look for kernels of others while they run: those are loaded along with them. */
const PARTS: Readonly<Record<string, readonly string[] | undefined>> = {
  fused: ['activations', 'bias', 'convolution', 'matmul', 'unary-math'],
};

const read = (name: string) => readFileSync(new URL(`${name}.ts`, HOST), 'utf8');
const families = [...read('index').matchAll(/^import '\.\/([\w-]+)\.ts';$/gm)].map(([, name]) => name);

/** The families, each behind those that it imports, so that kernels are found where they are defined. */
function inOrder(): string[] {
  const seen = new Set<string>();
  const order: string[] = [];
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const [, imported] of read(name).matchAll(/from '\.\/([\w-]+)\.ts'/g)) visit(imported);
    if (families.includes(name)) order.push(name);
  };
  for (const name of families) visit(name);
  return order;
}

const ops = new Map<string, string[]>();
const known = new Set<string>();
for (const name of inOrder()) {
  await import(new URL(`${name}.ts`, HOST).href);
  const added = hostKernelTypes().filter((type) => !known.has(type));
  for (const type of added) known.add(type);
  ops.set(name, added.sort());
}

function row(name: string): string {
  const lines = [''];
  for (const word of ops.get(name) as string[]) {
    const last = lines[lines.length - 1];
    if (`${last} ${word}`.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  const loads = [name, ...(PARTS[name] ?? [])].map((part) => `import('./${part}.ts')`);
  const load = loads.length === 1 ? loads[0] : `Promise.all([${loads.join(', ')}])`;
  return `    [() => ${load}, \`${lines.join('\n      ')}\`],`;
}

const text = `/**
 * Which family of host kernels has the kernel of an op, for \`on-demand.ts\`. Written by \`npm run families\`; not to be edited.
 */
// biome-ignore-all format: lists of ops are filled lines

/** What loads the family of each op. */
export function hostFamilies(): ReadonlyMap<string, () => Promise<unknown>> {
  const rows: readonly (readonly [load: () => Promise<unknown>, ops: string])[] = [
${[...ops.keys()].sort().map(row).join('\n')}
  ];
  return new Map(rows.flatMap(([load, ops]) => ops.split(/\\s+/).map((op) => [op, load] as const)));
}
`;

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== text) {
    console.error('runtime/host/families.ts is out of date: npm run families');
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, text);
  console.log(`${known.size} host kernels in ${families.length} families`);
}
