/**
 * Bundles the script of `tf.viz`'s page into a module that holds it as text, so that it is at hand in every environment:
 * `npx tsx scripts/viz-page.ts`. A test holds the module to its sources.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';

const root = new URL('../', import.meta.url);
const target = new URL('src/viz/page/script.gen.ts', root);

/** The text of the module. */
export async function pageModule(): Promise<string> {
  const [bundle] = await build({
    config: false,
    cwd: fileURLToPath(root),
    entry: { page: 'src/viz/page/main.ts' },
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    dts: false,
    sourcemap: false,
    write: false,
    logLevel: 'silent',
    deps: { alwaysBundle: [/./], onlyBundle: false },
  });
  const chunk = bundle.chunks.find((part) => part.type === 'chunk');
  if (!chunk) throw new Error('The build gave no script.');
  const license = await readFile(new URL('node_modules/@dagrejs/dagre/LICENSE', root), 'utf8');
  // Nothing in it may end the script element that it is put in.
  const script = `/*! @dagrejs/dagre and @dagrejs/graphlib:\n${license.trim()}\n*/${chunk.code}`.replace(
    /<\/(script)|<!--/gi,
    (found) => found.replace('<', '\\x3c'),
  );
  const text = script.replace(/[\\`]|\$\{/g, '\\$&').replace(/\r?\n/g, '\\n');
  return `/** The script of the page, bundled from \`main.ts\` by \`scripts/viz-page.ts\`. Do not edit. */\nexport const pageScript = \`${text}\`;\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(target, await pageModule());
