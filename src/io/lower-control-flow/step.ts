/** What the files of this folder share: the call that is to be written out, and what comes of it. */
import type { GraphFunction } from '../../graph/function.ts';
import type { Node } from '../../graph/node.ts';
import type { Place, Ref, Writer } from './writer.ts';

/** A part of the work, which yields further parts and goes on with their results. No part waits on the call stack. */
export type Step<T> = Generator<Step<unknown>, T, unknown>;

/** What a body gives. */
export interface Results {
  readonly outputs: readonly Ref[];
  /** The nodes of effects that are to take place beside. */
  readonly targets: readonly string[];
}

/** What stands for a call. */
export interface Lowered {
  readonly outputs: readonly Ref[];
  /** The call is over when these are. */
  readonly ends: readonly string[];
}

/** A loop, branching or call that is to be written out. */
export interface Site {
  readonly writer: Writer;
  /** Where the call stands. */
  readonly place: Place;
  readonly node: Node;
  /** The name of the call, which is the scope of what is written for it. */
  readonly name: string;
  readonly inputs: readonly Ref[];
  readonly controls: readonly string[];
  /**
   * Writes the body of a function. Arguments are asked for when the first node takes them.
   *
   * @param wanted which of the results are; all of them, without it
   */
  body(place: Place, fn: GraphFunction, args: readonly (() => Ref)[], wanted?: readonly number[]): Step<Results>;
}

/** Asks once. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The nodes to wait for so that the values are there. */
export function nodesOf(refs: readonly Ref[]): string[] {
  return refs.flatMap(({ node, isFree }) => (node === null || isFree ? [] : node));
}

/**
 * The results of a body that is over: where it has effects, each result waits for all of them, as a call of a function ends
 * for all its results at once.
 */
export function settled(
  writer: Writer,
  place: Place,
  fn: GraphFunction,
  { outputs, targets }: Results,
): readonly Ref[] {
  const others = fn.isStateful && outputs.length > 1 ? nodesOf(outputs) : [];
  const waits = [...new Set([...targets, ...others])];
  if (waits.length === 0) return outputs;
  const end = waits.length === 1 ? waits[0] : writer.join(place, 'effects', waits);
  return outputs.map((output) => writer.after(place, output, [end]));
}
