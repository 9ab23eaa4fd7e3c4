/**
 * What a session holds beside variables, by kind, container and name: lookup tables, iterators. What such a thing is and
 * does is the business of the host kernels of its family; `resources.ts` holds the variables.
 */

/** A thing that the session owns from its making until it is closed. */
export type SessionResource = object & {
  /** Gives up what it holds beside memory. */
  dispose?(): void;
};

interface Held {
  readonly container: string;
  readonly resource: SessionResource;
}

export class SessionResources {
  private readonly held = new Map<string, Held>();

  /**
   * The resource of this kind and name, made where the session has none yet. Names count within a kind and a container;
   * whoever gives a kind its name knows the type of its resources.
   */
  lookupOrCreate<T extends SessionResource>(kind: string, container: string, name: string, make: () => T): T {
    const key = `${kind}\u0000${container}\u0000${name}`;
    const known = this.held.get(key);
    if (known) return known.resource as T;
    const resource = make();
    this.held.set(key, { container, resource });
    return resource;
  }

  get size(): number {
    return this.held.size;
  }

  clearContainer(container: string): void {
    for (const [key, held] of this.held) {
      if (held.container !== container) continue;
      this.held.delete(key);
      held.resource.dispose?.();
    }
  }

  dispose(): void {
    for (const { resource } of this.held.values()) resource.dispose?.();
    this.held.clear();
  }
}
