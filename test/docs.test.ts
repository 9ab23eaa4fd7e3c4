/**
 * The documents against the code: MIGRATION.md's tables name every export and nothing else, and each exported function
 * and class has a docstring. What the code blocks do is `migration.test.ts`'s business.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../src/index.ts';

const test = suite('docs');

const root = new URL('../', import.meta.url);

function isNamespace(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Reflect.get(value, Symbol.toStringTag) === 'Module';
}

/** Every runtime export, those of namespaces as `nn.relu`. */
function exportedNames(namespace: Readonly<Record<string, unknown>> = tf, prefix = ''): string[] {
  return Object.entries(namespace).flatMap(([name, value]) => {
    // All of it once more: rows for `tf.compat.v1` are in the tables' first cells.
    if (name === 'compat') return [];
    return isNamespace(value) ? exportedNames(value, `${prefix}${name}.`) : [`${prefix}${name}`];
  });
}

/** `tf.compat.v1`'s name by the rule, for a row to start from. */
function pythonName(name: string): string {
  const parts = name.split('.').map((part) => {
    return /^[A-Z]/.test(part) ? part : part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  });
  return `tf.${parts.join('.')}`;
}

/** The names in the second cells of the tables of a section of MIGRATION.md. */
function tableNames(heading: string): string[] {
  const text = readFileSync(new URL('MIGRATION.md', root), 'utf8');
  const [, section] = text.split(`\n## ${heading}\n`);
  return section
    .split('\n## ')[0]
    .split('\n')
    .flatMap((line) => {
      const cells = /^\| (.*) \| (.*) \|$/.exec(line);
      return cells ? Array.from(cells[2].matchAll(/`tf\.([\w.]+)`/g), (match) => match[1]) : [];
    });
}

/** Whether the name leads to something: an export, a member of one, or a member of a class's instances. */
function exists(name: string): boolean {
  let value: unknown = tf;
  for (const part of name.split('.')) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
    const holder = part in value ? value : Reflect.get(value, 'prototype');
    if (typeof holder !== 'object' && typeof holder !== 'function') return false;
    if (!(part in holder)) return false;
    // A getter of a prototype has no value without an instance.
    const getter = Object.getOwnPropertyDescriptor(holder, part)?.get;
    value = getter && holder !== value ? {} : Reflect.get(holder, part);
  }
  return true;
}

test('MIGRATION.md names every export', () => {
  const named = new Set(tableNames('Every symbol'));
  const missing = exportedNames().filter((name) => !named.has(name));
  assert.equal(
    missing.map((name) => `| \`${pythonName(name)}\` | \`tf.${name}\` |`),
    [],
  );
});

test('every symbol that MIGRATION.md names exists', () => {
  assert.equal(
    tableNames('Every symbol').filter((name) => !exists(name)),
    [],
  );
});

test('what MIGRATION.md calls missing is missing', () => {
  const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  assert.equal(
    tableNames('Not there yet').filter((name) => exists(camelCase(name))),
    [],
  );
});

test('no symbol has two rows', () => {
  const names = tableNames('Every symbol');
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

test('every exported function and class has a docstring', () => {
  const config = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', root)), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, fileURLToPath(root));
  const entry = fileURLToPath(new URL('src/index.ts', root));
  // Without the standard library: what has a signature is known all the same, in a third of the time.
  const program = ts.createProgram([entry], { ...options, types: [], noLib: true });
  const checker = program.getTypeChecker();
  const undocumented: string[] = [];
  const look = (module: ts.Symbol, prefix: string): void => {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (exported.name === 'compat') continue;
      if (symbol.flags & ts.SymbolFlags.ValueModule) {
        look(symbol, `${prefix}${exported.name}.`);
        continue;
      }
      const [declaration] = symbol.declarations ?? [];
      if (!declaration || !(symbol.flags & ts.SymbolFlags.Value)) continue;
      const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
      const callable = type.getCallSignatures().length + type.getConstructSignatures().length > 0;
      const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
      if (callable && text === '') undocumented.push(`${prefix}${exported.name}`);
    }
  };
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  assert.ok(module, 'src/index.ts is a module');
  look(module as ts.Symbol, '');
  assert.equal(undocumented, []);
});

test.run();
