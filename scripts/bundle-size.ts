/**
 * Prints how large programs are in a browser, bundled by Vite from the built package and compressed, without TensorFlow.js;
 * fails where one has what it does not use, or is larger than it may be. `npm run size`, after `npm run build`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** What graphs, compiler and sessions may weigh together, in thousands of bytes, compressed. */
export const LIMIT = 80;

/** What a program that only builds and runs graphs has no use for. */
const FOREIGN = /\/dist\/(?:keras|layers|metrics|data|viz|cli|io)\/|@bufbuild|fflate|h5wasm|fast-png|jpeg-js|dagre/;

export interface Bundle {
  /** Bytes that are loaded before the program runs: as they are, and compressed, in one file. */
  readonly bytes: number;
  readonly compressed: number;
  /** Those compressed in the files that Vite makes, where parts that are loaded later share some of them. */
  readonly asSplit: number;
  /** Compressed bytes of what may be loaded later, and its files. */
  readonly onDemand: number;
  readonly files: number;
  /** The modules that are loaded before the program runs. */
  readonly modules: readonly string[];
  readonly code: string;
}

/** Bundles a program of test/browser/bundle for browsers; with `alone`, without what it may load later. */
async function chunksOf(program: string, alone: boolean): Promise<Rolldown.OutputChunk[]> {
  const root = fileURLToPath(new URL('../test/browser/bundle/', import.meta.url));
  const result = (await build({
    root,
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: [{ find: /^tfjs-graph\/(\w+)$/, replacement: `${join(ROOT, 'dist')}/$1.js` }] },
    plugins: alone ? [{ name: 'alone', resolveDynamicImport: (id) => ({ id: String(id), external: true }) }] : [],
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: { input: join(root, program), external: [/^@tensorflow\//] },
    },
  })) as Rolldown.RolldownOutput;
  return result.output.filter((file) => file.type === 'chunk');
}

const compressedSize = (chunks: Iterable<Rolldown.OutputChunk>): number =>
  Array.from(chunks, ({ code }) => gzipSync(code, { level: 9 }).length).reduce((sum, bytes) => sum + bytes, 0);

export async function bundle(program: string): Promise<Bundle> {
  const alone = await chunksOf(program, true);
  const chunks = await chunksOf(program, false);
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const first = new Set(chunks.filter((chunk) => chunk.isEntry));
  for (const { imports } of first) {
    for (const name of imports) {
      const chunk = byName.get(name);
      if (chunk) first.add(chunk);
    }
  }
  const later = chunks.filter((chunk) => !first.has(chunk));
  return {
    bytes: alone.reduce((sum, { code }) => sum + code.length, 0),
    compressed: compressedSize(alone),
    asSplit: compressedSize(first),
    onDemand: compressedSize(later),
    files: later.length,
    modules: alone.flatMap((chunk) => Object.keys(chunk.modules)),
    code: chunks.map(({ code }) => code).join('\n'),
  };
}

/** What is wrong with a bundle of graphs, compiler and session; empty where nothing is. */
export function faults({ compressed, modules, code }: Bundle, limit: number | null): string[] {
  const found: string[] = [];
  const foreign = modules.filter((name) => FOREIGN.test(name));
  if (foreign.length > 0) found.push(`has what it does not use: ${foreign.join(', ')}`);
  if (/(?:from|import\()\s*["'`]node:/.test(code) && /^import[^;]*["']node:/m.test(code))
    found.push('imports modules of Node');
  if (limit !== null && compressed > limit * 1000) found.push(`has ${compressed} bytes, more than ${limit} kB`);
  return found;
}

const PROGRAMS = [
  ['core.ts', 'graph, compiler and session', LIMIT],
  ['mlp.ts', 'a network with its ops, gradients and Adam', null],
  ['everything.ts', 'the library whole', null],
] as const;

async function main(): Promise<void> {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('There is no dist: npm run build.');
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  for (const [program, what, limit] of PROGRAMS) {
    const made = await bundle(program);
    const { bytes, compressed, asSplit, onDemand, files } = made;
    console.log(
      `${what}: ${kB(compressed)} gzipped${limit ? ` of ${limit} kB` : ''} (${kB(bytes)} minified; ` +
        `${kB(asSplit)} as Vite splits it); on demand ${kB(onDemand)} in ${files} files, of which a run takes some`,
    );
    if (program === 'everything.ts') continue;
    for (const fault of faults(made, limit)) {
      console.error(`${program} ${fault}`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
