/** Seeds of layers that draw random numbers. */
import { onUndo } from '../../engine/undo.ts';

/** The seed of a layer: each op that draws gets its own, counted up from the layer's; none without one. */
export class NoiseSeed {
  #next: number | null;

  constructor(seed: number | null | undefined) {
    this.#next = seed ?? null;
  }

  /** The seed for one more op. */
  next(): number | null {
    const seed = this.#next;
    if (seed === null) return null;
    onUndo(() => {
      this.#next = seed;
    });
    this.#next = seed + 1;
    return seed;
  }
}
