/** `tf.viz.toDot`: the short way to Graphviz. The text is that of `formats/dot.ts`. */

import { type Drawable, exportGraph } from './export.ts';
import type { Direction } from './layout.ts';

export interface DotOptions {
  /** False leaves constants out; true, the default, shows every node. */
  readonly constants?: boolean;
  /** `TB` (top to bottom, the default) or `LR`. */
  readonly direction?: Direction;
}

/**
 * The graph as a DOT document, for `dot -Tsvg`: `tf.viz.export` with `format: 'dot'`.
 *
 *     await writeFile('graph.dot', tf.viz.toDot(tf.getDefaultGraph()));
 */
export function toDot(graph: Drawable, options: DotOptions = {}): string {
  const { constants, direction } = options;
  return exportGraph(graph, { format: 'dot', showConstants: constants, direction });
}
