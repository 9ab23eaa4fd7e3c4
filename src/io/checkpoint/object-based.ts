/**
 * Checkpoints of TensorFlow 2, whose keys are paths through objects: which key belongs to the name that a variable has in
 * the graph. Restoring them is `saver.ts`'s.
 */
import { NotFoundError } from '../../util/errors.ts';
import { decodeMessage } from '../proto/codec.ts';
import { TrackableObjectGraphSchema } from '../proto/trackable_object_graph_pb.ts';
import { NewCheckpointReader } from './reader.ts';
import type { Saveable } from './saveables.ts';

/** The key under which such a checkpoint tells of its objects. */
const OBJECT_GRAPH = '_CHECKPOINTABLE_OBJECT_GRAPH';

/** Keys by names of variables; null for a checkpoint of another kind. */
export async function objectNames(prefix: string): Promise<Map<string, string> | null> {
  const reader = await NewCheckpointReader(prefix);
  if (!reader.hasTensor(OBJECT_GRAPH)) return null;
  const [bytes] = (await reader.getTensor(OBJECT_GRAPH)).data as Uint8Array[];
  const names = new Map<string, string>();
  for (const node of decodeMessage(TrackableObjectGraphSchema, bytes).nodes) {
    for (const { fullName, checkpointKey } of node.attributes) names.set(fullName, checkpointKey);
  }
  return names;
}

/** The saveables under their keys. Throws `NotFoundError` where one has none. */
export function renamedSaveables(saveables: readonly Saveable[], names: ReadonlyMap<string, string>): Saveable[] {
  const wanted = new Set(saveables.map(({ name }) => name));
  const missing = [...wanted].filter((name) => !names.has(name)).sort();
  if (missing.length > 0) {
    const extra = [...names.keys()].filter((name) => !wanted.has(name)).sort();
    throw new NotFoundError(
      null,
      `\n\nExisting variables not in the checkpoint: ${missing.join(', ')}\n\nVariables names when this checkpoint was written which don't exist now: ${extra.join(', ')}\n\n(${names.size - extra.length} variable name(s) did match)\n\nCould not find some variables in the checkpoint (see names above). It was written by tf.train.Checkpoint or tf.keras.Model.save_weights, and is read by the names of variables. Give the saver only variables that existed then, by the names that they had then.`,
    );
  }
  return saveables.map((saveable) => ({ ...saveable, name: names.get(saveable.name) as string }));
}
