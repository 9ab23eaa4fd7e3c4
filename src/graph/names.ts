/**
 * Names of one graph: TensorFlow's uniqueness rules, the name-scope stack, valid spellings. It knows no nodes.
 */
import { ValueError } from '../util/errors.ts';

const VALID_OP_NAME = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/;
const VALID_SCOPE_NAME = /^[A-Za-z0-9_.\\/>-]*$/;

export function isValidOpName(name: string): boolean {
  return VALID_OP_NAME.test(name);
}

/** The error for a name that `isValidOpName` refuses; the pattern as Python prints it. */
export function invalidOpName(name: string): ValueError {
  const pattern = VALID_OP_NAME.source.replaceAll('\\', '\\\\');
  return new ValueError(
    `\`${name}\` is not a valid node name. Accepted names conform to Regex /re.compile('${pattern}')/`,
  );
}

/** `'a/b/'` → `'a/b'`. */
export function nameFromScopeName(scope: string): string {
  return scope.endsWith('/') ? scope.slice(0, -1) : scope;
}

/**
 * The names in use, compared without case, with a counter per base name: a search for the next free suffix would be
 * quadratic in the number of equal names. Ops and scopes share the counters, as in TensorFlow.
 */
export class NameRegistry {
  private readonly inUse = new Map<string, number>();
  private scopeName = '';
  /** What to undo, newest last, while someone may still ask for it. */
  private journal: [key: string, previous: number | undefined][] | null = null;

  /** The current scope without its final slash; empty at the root. */
  get scope(): string {
    return this.scopeName;
  }
  set scope(value: string) {
    this.scopeName = value;
  }

  /** A name not used before in the current scope. A preview (`markAsUsed` false) consumes nothing. */
  unique(name: string, markAsUsed = true): string {
    const full = this.scopeName ? `${this.scopeName}/${name}` : name;
    const base = full.toLowerCase();
    let count = this.inUse.get(base) ?? 0;
    if (markAsUsed) this.set(base, count + 1);
    if (count === 0) return full;
    let key = base;
    while (this.inUse.has(key)) key = `${base}_${count++}`;
    if (markAsUsed) this.set(key, 1);
    return `${full}_${count - 1}`;
  }

  /** Reserves a name that was chosen as is (an import, a name ending in `/`). */
  reserve(name: string): void {
    const key = name.toLowerCase();
    if (!this.inUse.has(key)) this.set(key, 1);
  }

  /** The scope name that `name` opens: unique, or re-entered where it ends in a slash. Throws `ValueError` if invalid. */
  scopeFor(name: string): string {
    const valid = this.scopeName ? VALID_SCOPE_NAME : VALID_OP_NAME;
    if (!valid.test(name)) {
      throw new ValueError(
        `'${name}' is not a valid root scope name. A root scope name has to match the following pattern: ${valid.source}`,
      );
    }
    return name.endsWith('/') ? nameFromScopeName(name) : this.unique(name);
  }

  /** From here on changes can be undone; returns the place to go back to. */
  mark(): number {
    this.journal ??= [];
    return this.journal.length;
  }
  rollback(mark: number): void {
    const { journal } = this;
    while (journal && journal.length > mark) {
      const [key, previous] = journal.pop() as [string, number | undefined];
      if (previous === undefined) this.inUse.delete(key);
      else this.inUse.set(key, previous);
    }
  }
  /** Nothing marked before can be undone any more. */
  commit(): void {
    this.journal = null;
  }

  private set(key: string, count: number): void {
    this.journal?.push([key, this.inUse.get(key)]);
    this.inUse.set(key, count);
  }
}
