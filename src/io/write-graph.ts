/** `tf.io.writeGraph`: a graph into a file, as text or as bytes. The formats are `graph-def.ts`'s work. */
import { Graph } from '../graph/graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { fileSystem, joinPath, writeFileAtomically } from './file-system.ts';
import { GraphDef } from './graph-def.ts';

export interface WriteGraphOptions {
  /** False for the binary form; text without it. */
  readonly asText?: boolean;
  /** How a `Graph` has its loops, branches and calls written: as functions (without it), or in TF1's own form. */
  readonly controlFlow?: 'functional' | 'v1';
}

/**
 * Writes a graph into a file of a folder, which is made where it is not there. Returns the path. A file that was there is
 * replaced in one step.
 *
 *     await tf.train.writeGraph(sess.graph, '/tmp/model', 'graph.pbtxt');
 *     await tf.train.writeGraph(sess.graph, '/tmp/model', 'v1.pbtxt', {controlFlow: 'v1'});
 *     await tf.train.writeGraph(def, '/tmp/model', 'graph.pb', {asText: false});
 */
export async function writeGraph(
  graphOrGraphDef: Graph | GraphDef,
  logdir: string,
  name: string,
  ...rest: Rest<[asText: boolean], WriteGraphOptions>
): Promise<string> {
  const { asText = true, controlFlow } = bind<WriteGraphOptions>(['asText'], rest);
  const def = graphOrGraphDef instanceof Graph ? GraphDef.of(graphOrGraphDef, { controlFlow }) : graphOrGraphDef;
  const content = asText ? new TextEncoder().encode(def.toText()) : def.toBinary();
  const files = await fileSystem();
  const path = joinPath(logdir, name);
  await files.mkdirs(logdir);
  await writeFileAtomically(files, path, content);
  return path;
}
