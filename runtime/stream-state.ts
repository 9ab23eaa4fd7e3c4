/** The state of a stream of random numbers. Where streams are kept is the business of `resources.ts`. */

/** Philox4x32-10: 128 bits of counter in four words, the lowest first. */
export interface StreamState {
  readonly key: readonly [number, number];
  readonly counter: readonly [number, number, number, number];
}
