/**
 * The way from a graph to its exchange form. Writing one is `src/io`'s work, which installs it here, so that this room
 * need not know it.
 */
import { InternalError } from '../util/errors.ts';
import type { GraphSnapshot } from './snapshot.ts';

export interface ExportOptions {
  /** Adds the static shapes of all outputs as attribute `_output_shapes`, which viewers read. */
  readonly addShapes?: boolean;
  /** Only the nodes that came after the graph had this `version`. */
  readonly fromVersion?: number | null;
  /**
   * How loops, branches and calls are written: `'functional'`, as ops with functions (without it), or `'v1'`, as `Switch`,
   * `Merge`, `Enter`, `Exit`, `NextIteration` and `LoopCond`, which older readers know, with bodies as further nodes.
   */
  readonly controlFlow?: 'functional' | 'v1';
}

/** A graph in TensorFlow's exchange form, as `Graph.asGraphDef` gives it: a `tf.GraphDef`. */
export interface ExportedGraph {
  /** In the order in which they were built. */
  readonly node: readonly { readonly name: string; readonly op: string; readonly input: readonly string[] }[];
  /** The text form (`.pbtxt`). */
  toText(): string;
}

export type Exporter = (snapshot: GraphSnapshot, options: ExportOptions) => ExportedGraph;

let exporter: Exporter | null = null;

/** Called once, by `src/io`. */
export function installExporter(install: Exporter): void {
  exporter = install;
}

export function exportGraph(snapshot: GraphSnapshot, options: ExportOptions): ExportedGraph {
  if (!exporter) {
    throw new InternalError(null, 'The export is not installed: import the library through its entry point.');
  }
  return exporter(snapshot, options);
}
