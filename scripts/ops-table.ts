/**
 * Writes docs/ops.md: every registered op with its types, its gradient, and what the compiler makes of it for each
 * backend; with `--print` it goes to the console. Families come from the order in which the files of src/ops register
 * their ops, which is why nothing that registers any is imported before them: what the compiler says is
 * `ops-lowerings.ts`'s job.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type OpDef, opDefs } from '../src/ops/opdef/define.ts';
import type { ArgDef } from '../src/ops/opdef/signature.ts';
import { dtypes } from '../src/util/dtype.ts';
import type { Lowering } from './ops-lowerings.ts';

const OPS = fileURLToPath(new URL('../src/ops/', import.meta.url));
const OUTPUT = new URL('../docs/ops.md', import.meta.url);

// ---------------------------------------------------------------------------------------------------------------------
// Families

/** The files of src/ops that the index needs, each after those that it imports. */
function filesInOrder(): string[] {
  const done = new Set<string>();
  const entered = new Set<string>();
  const stack = [`${OPS}index.ts`];
  while (stack.length > 0) {
    const file = stack[stack.length - 1];
    if (entered.has(file)) {
      stack.pop();
      done.add(file);
      continue;
    }
    entered.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(/(?:from|^import) '(\.[^']+)'/gm);
    for (const [, name] of imports) {
      const target = fileURLToPath(new URL(name, pathToFileURL(file)));
      if (target.startsWith(OPS) && !entered.has(target)) stack.push(target);
    }
  }
  return [...done];
}

/** The ops by the file that defines them. */
async function families(): Promise<Map<string, OpDef[]>> {
  const found = new Map<string, OpDef[]>();
  for (const file of filesInOrder()) {
    const before = opDefs().length;
    await import(pathToFileURL(file).href);
    const defs = opDefs().slice(before);
    if (defs.length > 0) found.set(relative(OPS, file).replaceAll('\\', '/').replace(/\.ts$/, ''), defs);
  }
  return found;
}

// ---------------------------------------------------------------------------------------------------------------------
// Cells

const group = (names: string) => new Set(names.split(' '));
const SHORT: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['floats', group('float16 bfloat16 float32 float64')],
  ['ints', group('int8 int16 int32 int64 uint8 uint16 uint32 uint64')],
  ['complex', group('complex64 complex128')],
  ['quantized', group('qint8 quint8 qint16 quint16 qint32')],
];

/** A set of types in few words: whole groups by their names. */
function shortTypes(names: ReadonlySet<string>): string {
  const words: string[] = [];
  const rest = new Set(names);
  for (const [word, members] of SHORT) {
    if (![...members].every((name) => names.has(name))) continue;
    words.push(word);
    for (const name of members) rest.delete(name);
  }
  return [...words, ...dtypes.map((t) => t.name).filter((name) => rest.has(name))].join(' ');
}

/** The types of the widest type attribute, which is rarely that of indices or shapes; else of all arguments. */
function typesOf(def: OpDef): string {
  const args: readonly ArgDef[] = [...def.inputs, ...def.outputs];
  const attrs = def.attrs.filter(({ name }) => args.some((arg) => arg.typeAttr === name || arg.typeListAttr === name));
  if (attrs.some(({ allowed }) => allowed === null)) return 'any';
  const sets = attrs.map(({ allowed }) => new Set(allowed!.map((t) => (typeof t === 'string' ? t : t.name))));
  // The first of those that are equally wide.
  const widest = sets.sort((x, y) => y.size - x.size)[0];
  return shortTypes(widest ?? new Set(args.flatMap((arg) => (arg.type ? [arg.type.name] : [])))) || '–';
}

/** `yes`; `none` where asking is an error; `–` where nothing flows, in silence: the rule looks at nothing, gives nulls. */
function gradientOf(def: OpDef): string {
  if (!def.grad) return 'none';
  const untouchable = new Proxy(
    {},
    {
      get: () => {
        throw new Error('looked at');
      },
    },
  );
  const some = (args: readonly ArgDef[]) => args.map(() => ({}));
  const view = {
    type: def.name,
    name: 'op',
    inputs: some(def.inputs),
    outputs: some(def.outputs),
    attr: () => untouchable,
  };
  try {
    const flows = def.grad(view as never, some(def.outputs), untouchable as never);
    return flows.some((flow) => flow !== null) ? 'yes' : '–';
  } catch {
    return 'yes';
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The page

const TARGETS = ['wasm', 'cpu', 'webgl'] as const;
const WORDS: readonly Lowering[] = ['generated', 'kernel', 'decomposed', 'host', 'plan', '–'];

const INTRO = `# Ops

Every op type that is registered, by the file of [src/ops](../src/ops) that defines it. \`npm run ops\` writes this page from
the registry and the compiler; a test holds it to them. Names that begin with an underscore are not TensorFlow's.

- **types**: of the op's type attribute, the widest if it has several, or of its arguments where all are fixed. \`floats\`, \`ints\`, \`complex\` and
  \`quantized\` stand for all types of the kind.
- **gradient**: \`yes\`; \`none\` where asking for one is an error; \`–\` where nothing flows back, in silence.
- **wasm**, **cpu**, **webgl**: what the compiler makes of the examples in the op's definition, most of them float32 with known
  shapes; of several answers the best. \`generated\`: a kernel that the compiler writes. \`kernel\`: one of the backend, or
  another view of a buffer. \`decomposed\`: simpler ops, which have rows of their own. \`host\`: a host kernel. \`plan\`: the
  plan does it without one, as for constants, feeds and variables. \`–\`: it can be built and exported, not run.

Backend buffers hold float32, int32 and bool: ops on other types run on the host, and so do instances that the backend's
kernel does not cover. An op that is \`host\` here may have a kernel for a case that no example shows.

Host kernels are plain loops in JavaScript over exact types. They give TensorFlow's results, int64 and float64 included, but are
slower than a backend's kernels, and on webgl their operands have to come back from the GPU and their results go there again.
\`session.explain\` shows what became of a program.
`;

async function page(): Promise<string> {
  const byFile = [...(await families())].sort(([a], [b]) => (a < b ? -1 : 1));
  const { loweringOf } = await import('./ops-lowerings.ts');
  const counts = new Map<string, number>();
  const gradients = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const sections = byFile.map(([file, defs]) => {
    const rows = [...defs]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((def) => {
        const gradient = gradientOf(def);
        count(gradients, gradient);
        const cells = TARGETS.map((target) => {
          const word = loweringOf(def, target);
          count(counts, `${target} ${word}`);
          return word;
        });
        return `| ${[def.name, typesOf(def), gradient, ...cells].join(' | ')} |`;
      });
    return `## ${file}\n\n| op | types | gradient | wasm | cpu | webgl |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const gradientTotals = ['yes', 'none', '–'].map((word) => `${gradients.get(word) ?? 0} ${word}`).join(', ');
  const totals = TARGETS.map(
    (target) => `| ${target} | ${WORDS.map((word) => counts.get(`${target} ${word}`) ?? 0).join(' | ')} |`,
  );
  return [
    INTRO,
    `${byFile.flatMap(([, defs]) => defs).length} op types; gradient: ${gradientTotals}.\n`,
    `| backend | ${WORDS.join(' | ')} |\n|---|---|---|---|---|---|\n${totals.join('\n')}\n`,
    ...sections,
  ].join('\n');
}

const text = await page();
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(OUTPUT, text);
