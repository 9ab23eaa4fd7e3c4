/**
 * Collections of graphs as lists in files: variables, savers and queue runners by the names of their ops, other elements
 * by their own names, and plain values. They are read again by `import-collections.ts`.
 */
import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import type { Graph } from '../../graph/graph.ts';
import { GraphKeys } from '../../graph/graph-keys.ts';
import { TypeError } from '../../util/errors.ts';
import { encodeString } from '../../util/ndarray.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { stripNameScope } from '../../variables/variable-def.ts';
import { SaverDef } from '../checkpoint/saver-def.ts';
import { encodeMessage } from '../proto/codec.ts';
import {
  CollectionDef_AnyListSchema,
  CollectionDef_BytesListSchema,
  CollectionDef_FloatListSchema,
  CollectionDef_Int64ListSchema,
  CollectionDef_NodeListSchema,
} from '../proto/meta_graph_pb.ts';
import { QueueRunnerDefSchema } from '../proto/queue_runner_pb.ts';
import { SaverDefSchema } from '../proto/saver_pb.ts';
import { VariableDefSchema } from '../proto/variable_pb.ts';
import { CollectionDef } from './messages.ts';
import { isIncluded, type PartOptions } from './scope.ts';

/** What has names of ops for a definition. */
interface Definable {
  toProto(exportScope: string | null): object | null;
}

/** The collections that files hold definitions of variables in. */
export const VARIABLE_COLLECTIONS: ReadonlySet<string> = new Set([
  GraphKeys.GLOBAL_VARIABLES,
  GraphKeys.LOCAL_VARIABLES,
  GraphKeys.METRIC_VARIABLES,
  GraphKeys.MODEL_VARIABLES,
  GraphKeys.TRAINABLE_VARIABLES,
  GraphKeys.MOVING_AVERAGE_VARIABLES,
  GraphKeys.GLOBAL_STEP,
]);
/** What the items of a collection are defined by; null for one of plain items. */
export function schemaOf(key: string): DescMessage | null {
  if (VARIABLE_COLLECTIONS.has(key)) return VariableDefSchema;
  if (key === GraphKeys.QUEUE_RUNNERS) return QueueRunnerDefSchema;
  return key === GraphKeys.SAVERS ? SaverDefSchema : null;
}

/** The collection; null for one without items, and with a warning for one that no file can hold. */
export function exportCollection(
  graph: Graph,
  key: string,
  part: PartOptions,
  contents: readonly unknown[] | null = null,
): CollectionDef | null {
  const items = (contents ?? graph.getCollection(key)).filter((item) => isItemIncluded(item, part));
  if (items.length === 0) return null;
  try {
    return listOf(key, items, part.exportScope);
  } catch (error) {
    console.warn(
      `Issue encountered when serializing ${key}.\nType is unsupported, or the types of the items don't match field type in CollectionDef. Note this is a warning and probably safe to ignore.\n${(error as Error).message}`,
    );
    return null;
  }
}

function isItemIncluded(item: unknown, part: PartOptions): boolean {
  const name = typeof item === 'string' ? item : nameOf(item);
  return name === null || isIncluded(name, part);
}
function nameOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null) return null;
  const { name } = item as { name?: unknown };
  return typeof name === 'string' ? name : null;
}

function listOf(key: string, items: readonly unknown[], scope: string | null): CollectionDef {
  const collection = new CollectionDef();
  const schema = schemaOf(key);
  const [first] = items;
  if (schema) {
    const value = items.flatMap((item) => definition(schema, item, scope) ?? []);
    collection.bytesList = create(CollectionDef_BytesListSchema, { value });
  } else if (typeof first === 'string' || first instanceof Uint8Array) {
    const value = items.map(bytesOf);
    collection.bytesList = create(CollectionDef_BytesListSchema, { value });
  } else if (isNumber(first)) {
    // Python tells 1.0 from 1; here a list of whole numbers is one of integers.
    const numbers = items.map(numberOf);
    if (numbers.every((item) => typeof item === 'bigint' || Number.isInteger(item))) {
      collection.int64List = create(CollectionDef_Int64ListSchema, { value: numbers.map(BigInt) });
    } else {
      collection.floatList = create(CollectionDef_FloatListSchema, { value: numbers.map(Number) });
    }
  } else if (isAny(first)) {
    collection.anyList = create(CollectionDef_AnyListSchema, { value: items as never });
  } else {
    const value = items.map((item) => nodeName(item)).filter((name) => !scope || name.startsWith(scope));
    collection.nodeList = create(CollectionDef_NodeListSchema, {
      value: value.map((name) => stripNameScope(name, scope)),
    });
  }
  return collection;
}

function definition<Desc extends DescMessage>(schema: Desc, item: unknown, scope: string | null): Uint8Array | null {
  const { toProto } = (item ?? {}) as Partial<Definable>;
  if (typeof toProto !== 'function') throw new TypeError(`${pythonTypeName(item)} has no definition.`);
  const def = toProto.call(item, scope);
  if (!def) return null;
  if (def instanceof SaverDef) return def.serializeToString();
  // Optional parts are not set where they are null.
  const set = Object.fromEntries(Object.entries(def).filter(([, value]) => value !== null));
  for (const part of ['fullShape', 'varOffset', 'varShape']) {
    const slice = set.saveSliceInfoDef as Record<string, readonly number[]> | undefined;
    if (slice) set.saveSliceInfoDef = { ...slice, [part]: slice[part].map(BigInt) };
  }
  return encodeMessage(schema, create(schema, set as MessageInitShape<Desc>));
}

function bytesOf(item: unknown): Uint8Array {
  if (typeof item === 'string') return encodeString(item);
  if (item instanceof Uint8Array) return item;
  throw new TypeError(`Expected binary or unicode string, got ${String(item)}`);
}
function isNumber(item: unknown): item is number | bigint | boolean {
  return ['number', 'bigint', 'boolean'].includes(typeof item);
}
function numberOf(item: unknown): number | bigint {
  if (isNumber(item)) return typeof item === 'boolean' ? Number(item) : item;
  throw new TypeError(`'${pythonTypeName(item)}' object cannot be interpreted as a number`);
}
function isAny(item: unknown): item is Message {
  return (item as Message | null | undefined)?.$typeName === 'google.protobuf.Any';
}
function nodeName(item: unknown): string {
  const name = nameOf(item);
  if (name === null) throw new TypeError(`'${pythonTypeName(item)}' object has no attribute 'name'`);
  return name;
}
