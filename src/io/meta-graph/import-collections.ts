/**
 * Collections of files as those of a graph: variables, savers and queue runners for ops that the graph has by then, and
 * plain items. They are written by `collections.ts`.
 */
import type { Graph } from '../../graph/graph.ts';
import { GraphKeys } from '../../graph/graph-keys.ts';
import { QueueRunner } from '../../queues/queue-runner.ts';
import { Variable } from '../../variables/variable.ts';
import { prependNameScope } from '../../variables/variable-def.ts';
import { Saver } from '../checkpoint/saver.ts';
import { SaverDef } from '../checkpoint/saver-def.ts';
import { decodeMessage } from '../proto/codec.ts';
import { QueueRunnerDefSchema } from '../proto/queue_runner_pb.ts';
import { type VariableDef, VariableDefSchema } from '../proto/variable_pb.ts';
import { schemaOf, VARIABLE_COLLECTIONS } from './collections.ts';
import type { CollectionDef, MetaGraphDef } from './messages.ts';

/** Loops and branches of TensorFlow 1, which become operations of their own here. */
const CONTEXTS: ReadonlySet<string> = new Set([GraphKeys.COND_CONTEXT, GraphKeys.WHILE_CONTEXT]);

export interface CollectionTarget {
  readonly graph: Graph;
  /** The scope that the nodes have come into. */
  readonly scope: string;
  /** The node that the file had by a name, and that the graph does not have. */
  readonly isLost: (name: string) => boolean;
  /** Whether a collection is wanted. */
  readonly isWanted: (key: string) => boolean;
}

/** Adds the collections of the file to those of the graph. */
export function importCollections(meta: MetaGraphDef, target: CollectionTarget): void {
  const { graph, scope } = target;
  const first = GraphKeys.TRAINABLE_VARIABLES;
  const keys = [...meta.collectionDef.keys()].sort();
  const ordered = keys.includes(first) ? [first, ...keys.filter((key) => key !== first)] : keys;
  const variables = new Map<string, Variable>();
  for (const key of ordered) {
    if (CONTEXTS.has(key) || !target.isWanted(key)) continue;
    const collection = meta.collectionDef.get(key) as CollectionDef;
    const isDefined = schemaOf(key) !== null && collection.bytesList !== null;
    const add = (item: unknown) => graph.addToCollection(key, item);
    if (isDefined && VARIABLE_COLLECTIONS.has(key)) {
      for (const bytes of collection.bytesList?.value ?? []) {
        const id = bytes.join();
        let variable = variables.get(id);
        if (!variable) {
          variable = importVariable(bytes, key, meta, scope);
          variables.set(id, variable);
        }
        add(variable);
      }
    } else if (isDefined) {
      for (const bytes of collection.bytesList?.value ?? []) add(importDefined(key, bytes, scope));
    } else for (const item of plainItems(key, collection, target)) add(item);
  }
}

function importVariable(bytes: Uint8Array, key: string, meta: MetaGraphDef, scope: string): Variable {
  const def = decodeMessage(VariableDefSchema, bytes);
  return Variable.fromProto({ ...def, trainable: isTrainable(def, key, meta) }, scope);
}

/** Before TensorFlow 1.9 nothing but the collection told which variables are trained. */
function isTrainable(def: VariableDef, key: string, meta: MetaGraphDef): boolean {
  const version = /^(\d+)\.(\d+)/.exec(meta.metaInfoDef?.tensorflowVersion ?? '');
  if (!version) return def.trainable;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > 1 || (major === 1 && minor >= 9) ? def.trainable : key === GraphKeys.TRAINABLE_VARIABLES;
}

function importDefined(key: string, bytes: Uint8Array, scope: string): unknown {
  if (key === GraphKeys.SAVERS) return Saver.fromProto(SaverDef.fromString(bytes), scope || null);
  return QueueRunner.fromProto(decodeMessage(QueueRunnerDefSchema, bytes), scope);
}

function plainItems(key: string, collection: CollectionDef, { graph, scope, isLost }: CollectionTarget): unknown[] {
  const { nodeList, int64List, floatList, bytesList, anyList } = collection;
  if (nodeList) {
    return nodeList.value.flatMap((name) => {
      const placed = prependNameScope(name, scope);
      if (!isLost(name)) return [graph.asGraphElement(placed)];
      console.warn(`Collection ${key} holds ${name}, which has become a part of another operation. Skipping.`);
      return [];
    });
  }
  if (int64List) return int64List.value.map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
  if (floatList) return [...floatList.value];
  if (anyList) return [...anyList.value];
  if (bytesList) return bytesList.value.map((bytes) => textItem(bytes, scope));
  console.warn(`Cannot identify data type for collection ${key}. Skipping.`);
  return [];
}

/** A text where the bytes are one. TensorFlow takes texts for names, and puts the scope before them. */
function textItem(bytes: Uint8Array, scope: string): string | Uint8Array {
  try {
    return prependNameScope(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), scope);
  } catch {
    return bytes;
  }
}
