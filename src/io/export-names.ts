/** Names for what a file holds. What gets one is the business of `export-graph.ts` and `lower-control-flow/`. */

/** Names in use. Asking for one of many alike takes no search. */
export class Names {
  private readonly next = new Map<string, number>();
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  /** Takes a name that its owner has already. */
  take(name: string): void {
    this.taken.add(name);
  }

  /** The name, or where it is taken, one like it; it is taken from now on. */
  unused(wished: string): string {
    let name = wished;
    let k = this.next.get(wished) ?? 1;
    while (this.taken.has(name)) name = `${wished}_${k++}`;
    this.next.set(wished, k);
    this.taken.add(name);
    return name;
  }
}

/** Names of arguments and results: lower case, digits and underscores, a letter first. */
export function argName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_]/g, '_');
  return /^[a-z]/.test(plain) ? plain : `arg_${plain}`;
}
