/** `tf.io.readGraph`: a graph out of a file, text or bytes. The formats are `graph-def.ts`'s work. */
import { NotFoundError } from '../util/errors.ts';
import { type FileSource, pathOfFile } from './file-sources.ts';
import { GraphDef } from './graph-def.ts';
import { binaryOrText, fileBytes } from './meta-graph/read.ts';

/**
 * Reads the graph that a file holds, in binary or text form: a frozen model, or what `tf.io.writeGraph` has written. The file
 * is given by its path, by a `URL`, or as a `File` or `Blob`. Rejects with `NotFoundError` where it is not there, with
 * `DataLossError` where it holds no graph.
 *
 *     const def = await tf.io.readGraph(new URL('frozen.pb', location.href));
 *     const [logits] = tf.importGraphDef(def, {returnElements: ['logits:0']});
 *     input.onchange = async () => show(await tf.io.readGraph(input.files[0]));
 */
export async function readGraph(source: FileSource): Promise<GraphDef> {
  const path = pathOfFile(source);
  const bytes = await fileBytes(path);
  if (!bytes) throw new NotFoundError(null, `${path}; No such file or directory`);
  return binaryOrText(path, bytes, GraphDef);
}
