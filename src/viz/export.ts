/** `tf.viz.export`: any form of a graph, in any format. Models are made by the `from-` files, formats are in `formats/`. */
import { Graph } from '../graph/graph.ts';
import { GraphSnapshot } from '../graph/snapshot.ts';
import { GraphDef } from '../io/graph-def.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { pythonRepr, pythonTypeName } from '../util/python-names.ts';
import { LOADED_FORMATS, type LoadedFormat, TEXT_FORMATS, type TextFormat, type VizFormat } from './formats/index.ts';
import { fromIr, fromPlan, type IrLike, isIr, isPlan, type PlanLike } from './from-compiled.ts';
import { fromSnapshot } from './from-graph.ts';
import { fromGraphDef } from './from-graph-def.ts';
import type { VizModel } from './model.ts';
import { type ViewOptions, withStats } from './view.ts';

/** What can be drawn: a graph in any of its forms, a module of the compiler, an execution plan. */
export type Drawable = Graph | GraphSnapshot | GraphDef | IrLike | PlanLike;

export interface VizOptions<F extends VizFormat = VizFormat> extends ViewOptions {
  readonly format: F;
}

/**
 * A graph as a picture or for another program, by `format`:
 *
 * - `html`: one page that needs nothing but itself, to walk around in; `svg`: a picture, laid out by dagre. Both are
 *   promises.
 * - `dot` (Graphviz), `mermaid`, `graphml`, `graphlib` (JSON of that package), `cytoscape` (JSON): text at once.
 *
 * `graph` is a `tf.Graph`, a snapshot, a `tf.GraphDef`, or the modules and plan of `tf.compile`. Bodies of functions are
 * drawn beside the graph. Nodes are keyed by `n<id>`, scopes by `s<number>`.
 *
 * Without `maxNodes` everything is shown, except that `svg` shows at most 300 boxes and `mermaid` 150: of larger graphs the
 * inner scopes are closed, and of scopes of many nodes those of a row become one box. Edges that end at the same two closed
 * boxes become one.
 *
 * Throws `ValueError` for an unknown format, `TypeError` for what is no graph.
 *
 *     await writeFile('graph.html', await tf.viz.export(tf.getDefaultGraph(), {format: 'html', runMetadata}));
 *     tf.viz.export(tf.compile(loss).plan, {format: 'dot'})
 */
export function exportGraph(graph: Drawable, options: VizOptions<TextFormat>): string;
export function exportGraph(graph: Drawable, options: VizOptions<LoadedFormat>): Promise<string>;
export function exportGraph(graph: Drawable, options: VizOptions): string | Promise<string>;
export function exportGraph(graph: Drawable, options: VizOptions): string | Promise<string> {
  const { format, maxNodes = 1 } = options ?? {};
  if (!(maxNodes >= 1)) throw new ValueError(`maxNodes must be at least 1, got ${maxNodes}`);
  if (isKey(TEXT_FORMATS, format)) return TEXT_FORMATS[format](modelOf(graph, options), options);
  if (isKey(LOADED_FORMATS, format)) return LOADED_FORMATS[format](modelOf(graph, options), options);
  const known = [...Object.keys(TEXT_FORMATS), ...Object.keys(LOADED_FORMATS)].join(', ');
  throw new ValueError(`Unknown format ${pythonRepr(format)}; formats are ${known}`);
}

function isKey<T extends object>(list: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(list, key);
}

function modelOf(graph: Drawable, options: ViewOptions): VizModel {
  return withStats(convert(graph, options.title), options.runMetadata);
}

function convert(graph: Drawable, title: string | undefined): VizModel {
  if (graph instanceof Graph) return fromSnapshot(graph.snapshot(), title ?? 'Graph');
  if (graph instanceof GraphSnapshot) return fromSnapshot(graph, title ?? 'Graph');
  if (graph instanceof GraphDef) return fromGraphDef(graph, title ?? 'GraphDef');
  if (typeof graph === 'object' && graph !== null) {
    if (isPlan(graph)) return fromPlan(graph, title ?? `Plan for ${graph.target}`);
    if (isIr(graph)) return fromIr(graph, title ?? 'Module');
  }
  throw new TypeError(
    `tf.viz.export draws a Graph, GraphSnapshot, GraphDef, or a module or plan of tf.compile, not ${pythonTypeName(graph)}`,
  );
}
