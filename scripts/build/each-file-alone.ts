/**
 * Has the build turn every source file into one file of dist that imports the others, so that a bundler leaves out what a
 * program does not use: a namespace that is made into an object by a build keeps all that is in it.
 */
import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Rolldown } from 'tsdown';
import { RegisteredOps } from './registered-ops.ts';

/** Where the sources of a folder go. */
const FOLDERS: readonly (readonly [from: string, to: string])[] = [
  ['src/', ''],
  ['compiler/', 'compiler/'],
  ['runtime/', 'runtime/'],
];

/** Files whose exports are those of others: what programs import from. */
const BARRELS = /^src\/(?:[\w-]+|(?:ops|queues|variables)\/index)\.ts$/;
/** Where the modules are that register ops and hand on a file's exports. */
const REGISTERING = 'registering';

/** The name in dist, without extension, of a source file given from the root. */
function placeOf(source: string): string {
  const [from, to] = FOLDERS.find(([folder]) => source.startsWith(folder)) as readonly [string, string];
  return to + source.slice(from.length).replace(/\.ts$/, '');
}

/** An entry for every source file, by its name in dist. */
export function everyFile(root: string, renamed: Readonly<Record<string, string>>): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const [folder] of FOLDERS) {
    for (const found of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!found.endsWith('.ts') || found.endsWith('.d.ts')) continue;
      const source = folder + found.replaceAll('\\', '/');
      entries[renamed[source] ?? placeOf(source)] = source;
    }
  }
  return entries;
}

/**
 * Leaves imports of other source files as imports of their places in dist; those of barrels lead there by modules that
 * register ops, where there are any to register.
 */
export function eachFileAlone(root: string): Rolldown.Plugin {
  const ops = new RegisteredOps(root);
  const registering = new Map<string, readonly string[]>();
  return {
    name: 'each-file-alone',
    resolveId: {
      filter: { id: /^\.{1,2}\// },
      handler(id, importer) {
        if (!importer?.endsWith('.ts')) return null;
        const from = posix.relative(root, importer.replaceAll('\\', '/'));
        const target = posix.normalize(posix.join(posix.dirname(from), id));
        let place = placeOf(target);
        // Declarations (`v1.d.ts`) are not run: they lead straight on.
        if (BARRELS.test(from) && !BARRELS.test(target) && !importer.endsWith('.d.ts')) {
          const families = ops.neededBy(target);
          if (families.length > 0) {
            registering.set(place, families);
            place = `${REGISTERING}/${place}`;
          }
        }
        return { id: pathTo(place, placeOf(from)), external: true };
      },
    },
    generateBundle(_, bundle) {
      for (const [place, families] of registering) {
        const file = bundle[`${place}.js`];
        if (file?.type !== 'chunk') continue;
        const from = `${REGISTERING}/${place}`;
        // Bindings of its own: a module that only hands on others' is left out by bundlers, and its imports with it.
        const source = [
          `import * as own from ${JSON.stringify(pathTo(place, from))};`,
          ...families.map((family) => `import ${JSON.stringify(pathTo(placeOf(family), from))};`),
          ...file.exports.map((name) => `const $${name} = own.${name};`),
          `export { ${file.exports.map((name) => `$${name} as ${name}`).join(', ')} };`,
          '',
        ].join('\n');
        this.emitFile({ type: 'asset', fileName: `${from}.js`, source });
      }
    },
  };
}

/** How a file of dist imports another. */
function pathTo(place: string, from: string): string {
  const path = posix.relative(posix.dirname(from), place);
  return `${path.startsWith('.') ? path : `./${path}`}.js`;
}
