/** What tests take of `node:vm`, in a page: the collector of garbage, by its name. */
export function runInNewContext(name: string): unknown {
  return (globalThis as unknown as Record<string, unknown>)[name];
}
