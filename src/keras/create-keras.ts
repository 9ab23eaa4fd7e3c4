/** Further Keras contexts beside `tf.keras`: each with its own session, counters, learning phase, and if wished its own graph. */
import type { Graph } from '../graph/graph.ts';
import { bindNamespace } from './binding.ts';
import { KerasContext } from './context.ts';
import * as keras from './index.ts';

/** The whole of Keras, for one context. */
export type Keras = typeof keras;

/** A Keras of its own. */
export interface IsolatedKeras extends Keras {
  /** The graph that it builds in at the moment; `clearSession` replaces it. */
  readonly graph: Graph;
}

let count = 0;

/**
 * A Keras with a graph, a session and counters of its own, which touches the default graph never: what it clears, only
 * its models lose. Its classes are those of `tf.keras`, also to `instanceof`.
 *
 *     const [a, b] = [tf.createKeras(), tf.createKeras()];
 *     const first = new a.Sequential([new a.layers.Dense(1, {inputShape: [3]})]);
 *     const second = new b.Sequential([new b.layers.Dense(1, {inputShape: [3]})]);
 *     a.backend.clearSession();                                                        // `second` goes on
 *
 * @param options `name`: what reports call it
 */
export function createKeras(options: { readonly name?: string } = {}): IsolatedKeras {
  count++;
  const context = new KerasContext({ name: options.name ?? `keras ${count}`, zeroBased: true, ownGraph: true });
  const namespace = bindNamespace(keras, context);
  return Object.freeze(
    Object.create(Object.prototype, {
      ...Object.getOwnPropertyDescriptors(namespace),
      graph: { get: () => context.graph, enumerable: true },
    }),
  ) as IsolatedKeras;
}

/** Keras as the separate package `keras`: it builds in the default graph, but keeps a session and counters of its own. */
export function standaloneKeras(): Keras {
  return bindNamespace(keras, new KerasContext({ name: 'keras', zeroBased: false, ownGraph: false }));
}
