/**
 * Runs every `ts` block of MIGRATION.md, README.md and docs/resets.md as a program of its own, compares what it logs with
 * its `// → ` comments, and type-checks all of them together. Whether the tables of MIGRATION.md are complete is
 * `docs.test.ts`'s question.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../src/index.ts';

const test = suite('migration');

const root = new URL('../', import.meta.url);
const IMPORT = "import * as tf from 'tfjs-graph';\n";
const entries: Readonly<Record<string, URL>> = {
  'tfjs-graph': new URL('src/index.ts', root),
  'tfjs-graph/keras': new URL('src/keras.ts', root),
  'tfjs-graph/node': new URL('src/node.ts', root),
};

interface Block {
  /** Document and line of the first line of code. */
  readonly where: string;
  readonly code: string;
  /** The lines that it should log; null where it says nothing of them. */
  readonly expected: readonly string[] | null;
}

function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(new URL(document, root), 'utf8').split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```ts') continue;
    const start = i + 1;
    while (lines[i + 1] !== '```') i++;
    const body = lines.slice(start, i + 1);
    const expected = body.flatMap((line) => /\/\/ → (.*)$/.exec(line)?.[1].trimEnd() ?? []);
    const code = body.join('\n');
    blocks.push({
      where: `${document}:${start + 1}`,
      code: code.includes("from 'tfjs-graph") ? code : IMPORT + code,
      expected: expected.length > 0 ? expected : null,
    });
  }
  return blocks;
}

const blocks = ['MIGRATION.md', 'README.md', 'docs/resets.md'].flatMap(blocksOf);

/** The specifiers of imports as URLs, since the program lies in a folder from which no package is found. */
function resolveImports(code: string): string {
  return code.replace(/(\bfrom |\bimport )'([^']+)'/g, (whole, before: string, specifier: string) => {
    if (specifier.startsWith('node:')) return whole;
    return `${before}'${entries[specifier] ?? import.meta.resolve(specifier)}'`;
  });
}

async function logged(program: URL): Promise<string[]> {
  const lines: string[] = [];
  const { log, warn } = console;
  console.log = (...values: unknown[]) => void lines.push(...format(...values).split('\n'));
  console.warn = console.log;
  try {
    await import(program.href);
  } finally {
    Object.assign(console, { log, warn });
  }
  return lines.map((line) => line.trimEnd());
}

let folder = '';
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfjs-graph-blocks-'));
});
test.after(() => {
  rmSync(folder, { recursive: true });
});
test.before.each(() => void tf.resetAll());
test.after.each(() => void tf.resetAll());

blocks.forEach((block, index) => {
  test(`${block.where} runs`, async () => {
    const { outputText } = ts.transpileModule(resolveImports(block.code), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const path = join(folder, `block-${index}.mjs`);
    writeFileSync(path, outputText);
    const lines = await logged(pathToFileURL(path));
    if (block.expected) assert.equal(lines, block.expected, block.where);
    assert.is(tf.getDefaultSession(), null, 'a session is left open as the default one');
  });
});

test('the blocks type-check', () => {
  const config = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', root)), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, fileURLToPath(root));
  const sources = new Map(
    blocks.map(({ code }, i) => {
      const path = fileURLToPath(new URL(`test/block-${i}.ts`, root));
      return [path, code.replace(/from '(tfjs-graph[^']*)'/g, (_, name) => `from '${fileURLToPath(entries[name])}'`)];
    }),
  );
  // A block shows one thing; what it declares need not be used, nor be a module by an export.
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false });
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists.call(host, path);
  host.readFile = (path) => sources.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = sources.get(path);
    return text === undefined
      ? getSourceFile.call(host, path, language, ...rest)
      : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...sources.keys()], { ...options, noUnusedLocals: false }, host);
  const problems = [...sources.keys()].flatMap((path, i) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText, start = 0 }) => {
      const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${blocks[i].where} + ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
  assert.equal(problems, []);
});

test.run();
