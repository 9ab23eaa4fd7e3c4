/**
 * Has a bundle register the ops that its functions build: `matmul` those of its gradient, `AdamOptimizer` those of its
 * updates. Families name ops of others by type only, so imports do not lead there. Between a barrel and a file stands
 * therefore a module that imports, for its effect, every family whose ops may come into being through the file.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What may be built with any op there is. */
const TAKES_ANY_OP = new Set(['src/io/import-graph.ts']);
const ALL = 'src/ops/all.ts';
/** Whatever has tensors has their methods (`x.add(y)`). */
const METHODS = 'src/ops/operators.ts';
/** Definitions only: an op named here is not built here. */
const VOCABULARY = 'src/ops/opdef/vocabulary.ts';

export class RegisteredOps {
  private readonly owners: Readonly<Record<string, string>>;
  private readonly texts = new Map<string, string>();
  private readonly methods: ReadonlyMap<string, readonly string[]>;
  private readonly byCompiler: readonly string[];

  constructor(private readonly root: string) {
    const script = join(root, 'scripts/build/op-owners.ts');
    const printed = execFileSync(process.execPath, ['--import', 'tsx', script], { cwd: root, encoding: 'utf8' });
    this.owners = JSON.parse(printed);
    this.methods = this.vocabulary();
    this.byCompiler = readdirSync(join(root, 'compiler'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => this.builtBy(`compiler/${name.replaceAll('\\', '/')}`, true));
  }

  /**
   * The files whose ops may come into being through a source file: those that it imports, and those of the ops that these
   * name. All where it may be any op, and none for what builds no ops.
   */
  registeredBy(file: string): ReadonlySet<string> {
    let reached = this.reach([file]);
    if ([...reached].some((each) => TAKES_ANY_OP.has(each))) return new Set([ALL]);
    const all = new Set(Object.values(this.owners)).add(METHODS);
    for (;;) {
      const families = new Set([...reached].flatMap((each) => this.builtBy(each, false)));
      if (families.size === 0 && ![...reached].some((each) => all.has(each))) return families;
      const next = this.reach([file, ...families, ...this.byCompiler, METHODS]);
      if (next.size === reached.size) break;
      reached = next;
    }
    return new Set([...reached].filter((each) => all.has(each)));
  }

  /** What of `registeredBy` the file does not import itself. */
  neededBy(file: string): readonly string[] {
    const own = this.reach([file]);
    return [...this.registeredBy(file)].filter((each) => !own.has(each)).sort();
  }

  /** The file that defines an op. */
  ownerOf(op: string): string | undefined {
    return Object.hasOwn(this.owners, op) ? this.owners[op] : undefined;
  }

  /** These files and all that they import, statically, of src. */
  private reach(files: readonly string[]): Set<string> {
    const seen = new Set<string>();
    const stack = [...files];
    for (let file = stack.pop(); file !== undefined; file = stack.pop()) {
      if (seen.has(file) || !file.startsWith('src/')) continue;
      seen.add(file);
      for (const [, clause, name] of this.text(file).matchAll(
        /^(?:import|export)\s(?:([^;'"]*?)\sfrom\s)?'(\.[^']+\.ts)'/gm,
      )) {
        if (!clause?.startsWith('type ')) stack.push(posix.join(posix.dirname(file), name));
      }
    }
    return seen;
  }

  /** The families of the ops that a file builds; with `onlyCalls`, those it names in calls of a builder. */
  private builtBy(file: string, onlyCalls: boolean): string[] {
    if (file === VOCABULARY) return [];
    const text = this.text(file);
    const literal = onlyCalls ? /\.ops?\('([A-Z]\w+)'/g : /(?<![!=]== |case )'([A-Z]\w+)'/g;
    const names = Array.from(text.matchAll(literal), ([, name]) => name);
    for (const [, method] of text.matchAll(/\$\.(\w+)\(/g)) names.push(...(this.methods.get(method) ?? []));
    return [...new Set(names.flatMap((name) => (Object.hasOwn(this.owners, name) ? [this.owners[name]] : [])))];
  }

  /** The ops that each method of the vocabulary of gradients builds, by itself or by other methods. */
  private vocabulary(): Map<string, readonly string[]> {
    const bodies = new Map<string, string>();
    for (const [, name, body] of this.text(VOCABULARY).matchAll(
      /^ {2}(?:private )?(\w+)(?:<\w+>)?\(([\s\S]*?)^ {2}\}/gm,
    )) {
      bodies.set(name, body);
    }
    const found = new Map<string, readonly string[]>();
    for (const name of bodies.keys()) {
      const called = new Set([name]);
      for (const each of called) {
        for (const [, next] of (bodies.get(each) ?? '').matchAll(/this\.(\w+)\(/g)) called.add(next);
      }
      const ops = [...called].flatMap((each) =>
        Array.from((bodies.get(each) ?? '').matchAll(/this\.ops?\('(\w+)'/g), ([, op]) => op),
      );
      found.set(name, ops);
    }
    return found;
  }

  private text(file: string): string {
    let text = this.texts.get(file);
    if (text === undefined) {
      text = readFileSync(join(this.root, file), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
      this.texts.set(file, text);
    }
    return text;
  }
}
